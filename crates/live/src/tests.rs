//! Whole sessions over ports, devices and disks in memory.

pub(crate) mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use levator_device::OpenError;
use levator_engine::{Command, Digest, Engine, Input, LinkState};
use levator_record::{Item, Reader, Totals, Writer};
use levator_signal::HostTime;

use support::{
    FakeDisk, Folder, Fragile, Probe, Read, Seen, Socket, Watcher, Write, config, recording,
};

use crate::{
    AbsentPort, Ended, Handle, LiveConfig, MAX_MARK_LEN, MarkError, Part, Playback, Session, Speed,
    StartError,
};

/// Fingerprint of a recording that was played again, what it holds, and how it ended.
fn replay<R: std::io::Read>(mut reader: Reader<R>) -> (Digest, Vec<String>, Option<Totals>) {
    let config = reader.header().expect("it has a header").config.clone();
    let mut engine = Engine::new(&config).expect("it ran with these settings");
    let (mut digest, mut inputs, mut end) = (Digest::new(), Vec::new(), None);
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => {
                inputs.push(name(&input));
                engine.handle(input, &mut digest);
            }
            Item::End(totals) => end = Some(totals),
            Item::Damage(damage) => inputs.push(damage.to_string()),
        }
    }
    engine.finish(end.map_or(HostTime::ZERO, |totals| totals.closed_at), &mut digest);
    (digest, inputs, end)
}

fn name(input: &Input<'_>) -> String {
    match input {
        Input::Bytes { bytes, .. } => format!("bytes {}", bytes.len()),
        Input::Tick { .. } => "tick".to_owned(),
        Input::Link { change, .. } => format!("{change:?}"),
        Input::Command { command: Command::Stop, .. } => "stop".to_owned(),
        Input::Command { command: Command::Mark { text }, .. } => format!("mark {text}"),
        Input::Command { command: Command::Conduct(conduct), .. } => format!("{conduct:?}"),
        Input::Scans { .. } => "scans".to_owned(),
    }
}

fn without_ticks(inputs: &[String]) -> Vec<&str> {
    inputs.iter().map(String::as_str).filter(|input| *input != "tick").collect()
}

#[test]
fn a_recording_gives_the_outputs_of_the_session_again_also_across_a_lost_port() {
    let folder = Folder::new("replay");
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session = Session::start(connector, recording(folder.file()), sink).expect("all is there");

    cable.send(b"boot: ok\r\n".to_vec());
    cable.send(probe.greeting());
    for _ in 0..50 {
        cable.send(probe.samples());
    }
    seen.until(&Seen::Samples(1000));
    assert_eq!(session.latest().port_name.as_deref(), Some("fake"));
    session.mark("before").expect("it runs");
    seen.until(&Seen::Mark("before".to_owned()));
    cable.reads.send(Read::Gone).expect("the port is open");
    seen.until(&Seen::Link(LinkState::Lost));

    probe.samples();
    let cable = socket.plug();
    for _ in 0..50 {
        cable.send(probe.samples());
    }
    seen.until(&Seen::Samples(2020));
    session.stop();
    let (summary, sink) = session.wait().expect("nothing breaks");

    let (digest, inputs, end) = replay(Reader::open(&folder.file()).expect("it was written"));
    assert_eq!(digest, sink.digest);
    assert_eq!(end.map(|totals| totals.closed_at), Some(summary.ended_at));
    assert_eq!(summary.ended, Ended::Stopped);
    let inputs = without_ticks(&inputs);
    assert_eq!(inputs[..2], ["Opened", "bytes 10"]);
    assert_eq!(inputs[53..56], ["mark before", "Lost", "Opened"]);
    assert_eq!(inputs[inputs.len() - 2..], ["stop", "Closed"]);

    let last = &summary.last;
    assert_eq!((last.counts.lost_port_count, last.counts.lost_scan_count), (1, 20));
    assert_eq!(last.counts.mark_count, 1);
    assert_eq!(last.latency.read_count, 102);
    assert_eq!(last.recording.as_ref().map(|state| state.missing_input_count), Some(0));
    let totals = summary.recording.expect("recorded").totals.expect("closed");
    assert_eq!(totals.input_count, last.counts.input_count);
    assert_eq!(last.channels[0].next.0, 2020);

    // Played again, also what carries host time is the same.
    let reader = Reader::open(&folder.file()).expect("it was written");
    let config = reader.header().expect("it is whole").config.clone();
    let playback = Playback::start(reader, &config, Speed::MAX, Digest::new()).expect("legal");
    let (played, again) = playback.wait().expect("nothing breaks");
    assert_eq!((again, played.ended_at), (sink.digest, summary.ended_at));
}

#[test]
fn a_mark_is_an_event_within_ten_milliseconds_and_bound_to_its_sample() {
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session = Session::start(connector, config(), sink).expect("all is there");
    cable.send(probe.greeting());
    let mut delays = Vec::new();
    for round in 1..=20 {
        cable.send(probe.samples());
        seen.until(&Seen::Samples(round * 20));
        let pressed = session.handle().now();
        let text = round.to_string();
        session.mark(&text).expect("it runs");
        seen.until(&Seen::Mark(text.clone()));
        let mark = loop {
            if let Some(mark) = session.latest().marks.pop().filter(|mark| mark.text == text) {
                break mark;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        assert_eq!(mark.index.0, round * 20 - 1, "the newest sample");
        delays.push(mark.at.saturating_since(pressed));
    }
    drop(session);
    // The port waits 10 ms for bytes at the most, and waking takes a little. Half of the marks, because the
    // machine may be busy.
    delays.sort_unstable();
    assert!(delays[9] <= Duration::from_millis(12), "{delays:?}");
}

#[test]
fn the_engine_greets_the_device_and_its_last_words_are_heard() {
    let (socket, connector) = Socket::new();
    let (sink, _seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session = Session::start(connector, config(), sink).expect("all is there");
    // Wire specification, worked example: IDENTIFY as the first message of a host.
    let identify = [
        0x03, 0x14, 0x40, 0x01, 0x05, 0x50, 0x46, 0x57, 0x31, 0x06, 0xF0, 0x6B, 0x27, 0xF2, 0x69, 0,
    ];
    assert_eq!(cable.receive(), identify);
    cable.send(probe.greeting());
    cable.receive();
    session.stop();
    // Whatever else was under way, the last word is STOP; what follows is the device's answer.
    cable.receive();
    cable.send(probe.samples());
    let (summary, _) = session.wait().expect("nothing breaks");
    assert_eq!(summary.last.channels[0].next.0, 20);
    assert_eq!(summary.last.link, LinkState::Ended);
}

#[test]
fn silence_is_told_in_ticks_at_most_twenty_times_a_second() {
    let disk = FakeDisk::default();
    let (socket, connector) = Socket::new();
    let _cable = socket.plug();
    let (sink, _seen) = Watcher::new();
    let config = LiveConfig { seconds: Some(0.3), ..recording("unused".into()) };
    let session = start_on(connector, config, sink, &disk);
    let (summary, _) = session.wait().expect("nothing breaks");
    assert_eq!(summary.ended, Ended::TimeLimit);

    let bytes = disk.bytes.lock().expect("no panic holds it").clone();
    let mut reader = Reader::from_read(bytes.as_slice()).expect("a recording");
    let (mut last, mut tick_count) = (HostTime::ZERO, 0);
    while let Some(item) = reader.next() {
        if let Item::Input(input) = item {
            if matches!(input, Input::Tick { .. }) {
                let pause = input.at().saturating_since(last);
                assert!(pause >= Duration::from_millis(50), "{pause:?}");
                tick_count += 1;
            }
            last = input.at();
        }
    }
    assert!(tick_count >= 1, "{tick_count} ticks");
}

fn start_on(
    connector: support::FakeConnector,
    config: LiveConfig,
    sink: Watcher,
    disk: &FakeDisk,
) -> Session<Watcher> {
    let disk = disk.clone();
    Session::start_on(Box::new(connector), config, sink, |record| {
        Writer::start(disk, &record.header)
    })
    .expect("all is there")
}

#[test]
fn a_port_that_is_missing_at_the_start_is_told_and_leaves_no_file() {
    let folder = Folder::new("missing");
    let (_socket, connector) = Socket::new();
    let error = Session::start(connector, recording(folder.file()), Watcher::new().0);
    assert!(matches!(error, Err(StartError::Port(OpenError::NotFound { .. }))));
    assert!(!folder.file().exists());
}

#[test]
fn a_port_that_refuses_at_the_start_is_told_even_if_a_missing_one_is_waited_for() {
    let (socket, connector) = Socket::new();
    socket.refuse(OpenError::Busy { name: "fake".to_owned() });
    let config = LiveConfig { absent: AbsentPort::Wait, ..config() };
    let error = Session::start(connector, config, Watcher::new().0);
    assert!(matches!(error, Err(StartError::Port(OpenError::Busy { .. }))));
}

#[test]
fn a_recording_that_exists_is_not_overwritten() {
    let folder = Folder::new("exists");
    std::fs::write(folder.file(), b"precious").expect("there is room");
    let (socket, connector) = Socket::new();
    let _cable = socket.plug();
    let error = Session::start(connector, recording(folder.file()), Watcher::new().0);
    assert!(matches!(error, Err(StartError::Record(_))));
    assert_eq!(std::fs::read(folder.file()).expect("it is there"), b"precious");
}

#[test]
fn an_absent_port_is_waited_for_as_long_as_was_asked() {
    let (_socket, connector) = Socket::new();
    let config = LiveConfig { absent: AbsentPort::Wait, patience_s: Some(0.0), ..config() };
    let session = Session::start(connector, config, Watcher::new().0).expect("it may wait");
    let (summary, _) = session.wait().expect("nothing breaks");
    assert_eq!(summary.ended, Ended::GaveUp);
}

#[test]
fn a_port_that_is_plugged_later_is_found() {
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let config = LiveConfig { absent: AbsentPort::Wait, ..config() };
    let session = Session::start(connector, config, sink).expect("it may wait");
    session.mark("waiting").expect("it runs");
    seen.until(&Seen::Mark("waiting".to_owned()));
    let _cable = socket.plug();
    seen.until(&Seen::Link(LinkState::Silent));
}

#[test]
fn the_recording_goes_on_when_the_engine_or_its_sink_breaks_down() {
    let folder = Folder::new("engine");
    let (socket, connector) = Socket::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session =
        Session::start(connector, recording(folder.file()), Fragile).expect("all is there");
    session.mark("the last thing it sees").expect("it runs");
    wait_until(&session.handle(), |handle| handle.latest().engine_failure.is_some());
    cable.send(probe.greeting());
    cable.send(vec![1; 100]);
    wait_until(&session.handle(), |handle| handle.latest().counts.byte_count > 100);
    session.stop();

    let failure = session.wait().expect_err("the sink broke down");
    assert_eq!((failure.part, failure.message.as_str()), (Part::Engine, "a fault of ours"));
    let summary = failure.summary.expect("the rest went on");
    assert_eq!(summary.ended, Ended::Stopped);
    let (_, inputs, end) = replay(Reader::open(&folder.file()).expect("it was written"));
    assert!(inputs.contains(&"bytes 100".to_owned()), "{inputs:?}");
    assert!(end.is_some());
}

/// Lets other threads run until a view shows what is waited for.
fn wait_until(handle: &Handle, mut is_seen: impl FnMut(&Handle) -> bool) {
    let start = handle.now();
    while !is_seen(handle) {
        assert!(handle.now().saturating_since(start) < Duration::from_secs(20), "it never came");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn without_a_recording_nothing_is_left_to_do_when_the_engine_breaks_down() {
    let (socket, connector) = Socket::new();
    let _cable = socket.plug();
    let session = Session::start(connector, config(), Fragile).expect("all is there");
    session.mark("").expect("it runs");
    let summary = session.wait().expect_err("the sink broke down").summary.expect("the rest ended");
    assert_eq!(summary.ended, Ended::EngineFailed);
}

#[test]
fn a_port_that_breaks_down_is_an_error_and_what_was_recorded_can_be_read() {
    let folder = Folder::new("port");
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let cable = socket.plug();
    let session = Session::start(connector, recording(folder.file()), sink).expect("all is there");
    let handle = session.handle();
    session.mark("kept").expect("it runs");
    seen.until(&Seen::Mark("kept".to_owned()));
    // Old enough to have been handed over.
    wait_until(&handle, |handle| {
        handle.latest().recording.is_some_and(|state| state.input_count >= 2)
    });
    cable.reads.send(Read::Panic).expect("the port is open");
    let failure = session.wait().expect_err("the port broke down");
    assert_eq!(failure.part, Part::Port);
    assert!(handle.is_over());
    assert_eq!(handle.mark("late"), Err(MarkError::Over));
    let (_, inputs, end) = replay(Reader::open(&folder.file()).expect("it was written"));
    assert!(inputs.contains(&"mark kept".to_owned()), "{inputs:?}");
    assert_eq!(end, None, "it was not closed");
}

#[test]
fn a_full_disk_is_shown_and_the_session_goes_on() {
    let disk = FakeDisk::default();
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session = start_on(connector, recording("unused".into()), sink, &disk);
    disk.is_full.store(true, Ordering::SeqCst);
    cable.send(probe.greeting());
    wait_until(&session.handle(), |handle| {
        handle.latest().recording.is_some_and(|state| state.is_refused)
    });
    cable.send(probe.samples());
    seen.until(&Seen::Samples(20));
    session.stop();
    let (summary, _) = session.wait().expect("a full disk is no fault of the program");
    let reason = summary.recording.expect("it was asked for").totals.expect_err("it is full");
    assert!(reason.contains("disk refused"), "{reason}");
    let state = summary.last.recording.expect("it was asked for");
    assert!(state.held_byte_count > 0 && state.last_refusal.is_some(), "{state:?}");
}

#[test]
fn a_disk_that_has_room_again_has_everything() {
    let disk = FakeDisk::default();
    let (socket, connector) = Socket::new();
    let (sink, _seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session = start_on(connector, recording("unused".into()), sink, &disk);
    disk.is_full.store(true, Ordering::SeqCst);
    cable.send(probe.greeting());
    cable.send(probe.samples());
    wait_until(&session.handle(), |handle| {
        handle.latest().recording.is_some_and(|state| state.is_refused)
    });
    disk.is_full.store(false, Ordering::SeqCst);
    session.stop();
    let (summary, sink) = session.wait().expect("nothing breaks");
    let bytes = disk.bytes.lock().expect("no panic holds it").clone();
    let (digest, ..) = replay(Reader::from_read(bytes.as_slice()).expect("a recording"));
    assert_eq!(digest, sink.digest);
    let totals = summary.recording.expect("it was asked for").totals.expect("it was closed");
    assert_eq!(totals.dropped_input_count, 0);
}

#[test]
fn a_recorder_that_breaks_down_does_not_end_the_session() {
    let disk = FakeDisk::default();
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug();
    let session = start_on(connector, recording("unused".into()), sink, &disk);
    disk.panics.store(true, Ordering::SeqCst);
    cable.send(probe.greeting());
    cable.send(probe.samples());
    wait_until(&session.handle(), |handle| {
        handle.latest().recording.is_some_and(|state| state.is_broken)
    });
    seen.until(&Seen::Samples(20));
    session.stop();
    let failure = session.wait().expect_err("the recorder broke down");
    assert_eq!(failure.part, Part::Recorder);
    let summary = failure.summary.expect("the rest went on");
    assert_eq!(summary.ended, Ended::Stopped);
    let state = summary.last.recording.expect("it was asked for");
    assert!(state.missing_input_count > 0, "{state:?}");
}

#[test]
fn what_the_device_does_not_take_is_counted_and_a_write_can_find_the_port_gone() {
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let cable = socket.plug_with(Write::NotTaken);
    let session = Session::start(connector, config(), sink).expect("all is there");
    cable.receive();
    cable.reads.send(Read::Gone).expect("the port is open");
    seen.until(&Seen::Link(LinkState::Lost));
    let cable = socket.plug_with(Write::Gone);
    // Found gone at its first greeting.
    cable.receive();
    wait_until(&session.handle(), |handle| handle.latest().counts.lost_port_count == 2);
    session.stop();
    let (summary, _) = session.wait().expect("nothing breaks");
    assert!(summary.last.counts.unsent_count >= 2);
}

#[test]
fn what_came_before_a_write_found_the_port_gone_is_taken_before_the_loss_is_told() {
    let folder = Folder::new("drained");
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let mut probe = Probe::new();
    let cable = socket.plug_with(Write::Gone);
    cable.send(probe.greeting());
    for _ in 0..50 {
        cable.send(probe.samples());
    }
    let session = Session::start(connector, recording(folder.file()), sink).expect("all is there");
    seen.until(&Seen::Samples(1000));
    seen.until(&Seen::Link(LinkState::Lost));
    session.stop();
    let (summary, sink) = session.wait().expect("nothing breaks");
    assert_eq!(summary.last.channels[0].next.0, 1000);
    assert_eq!(summary.last.counts.lost_port_count, 1);
    let (digest, inputs, _) = replay(Reader::open(&folder.file()).expect("it was written"));
    assert_eq!(digest, sink.digest);
    let inputs = without_ticks(&inputs);
    assert_eq!(inputs.iter().position(|input| *input == "Lost"), Some(52), "{inputs:?}");
}

#[test]
fn a_port_that_refuses_after_a_loss_is_not_worth_a_word_at_once() {
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let cable = socket.plug();
    let session = Session::start(connector, config(), sink).expect("all is there");
    cable.reads.send(Read::Gone).expect("the port is open");
    seen.until(&Seen::Link(LinkState::Lost));
    socket.refuse(OpenError::Busy { name: "fake".to_owned() });
    let _cable = socket.plug();
    seen.until(&Seen::Link(LinkState::Reconnecting));
    assert_eq!(session.latest().port_trouble, None);
}

#[test]
fn a_long_mark_is_cut_between_letters() {
    let (socket, connector) = Socket::new();
    let (sink, seen) = Watcher::new();
    let _cable = socket.plug();
    let session = Session::start(connector, config(), sink).expect("all is there");
    session.mark(&format!("x{}", "ü".repeat(MAX_MARK_LEN))).expect("it runs");
    seen.until(&Seen::Mark(format!("x{}", "ü".repeat(MAX_MARK_LEN / 2 - 1))));
}

#[test]
fn dropping_a_session_closes_its_recording() {
    let folder = Folder::new("dropped");
    let (socket, connector) = Socket::new();
    let cable = socket.plug();
    let (sink, _seen) = Watcher::new();
    let session = Session::start(connector, recording(folder.file()), sink).expect("all is there");
    cable.receive();
    drop(session);
    let (_, inputs, end) = replay(Reader::open(&folder.file()).expect("it was written"));
    assert_eq!(without_ticks(&inputs), ["Opened", "stop", "Closed"]);
    assert!(end.is_some());
}
