//! What happens to a visit when its cable, its board, its port or its clock misbehaves.
//!
//! Where the port itself matters, a virtual device sits at a pseudo-terminal behind a name that stays, as
//! a udev rule gives it; its time passes faster than ours. Where only time matters, bytes go straight
//! into an engine, in the order and at the times a line would bring them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use levator_catalog::programmes::built_in;
use levator_decode::LossCause;
use levator_device::{OpenError, PortSettings, SerialConnector, SerialPort};
use levator_engine::{
    Begins, ClockEvent, Command, Conduct, Course, Digest, Engine, EngineConfig, Input, LinkChange,
    LinkState, Output, Pace, Sink, Summary, Tee,
};
use levator_live::{Handle, LiveConfig, ProgrammeState, RecordTo, Session, Snapshot};
use levator_programme::{Event, Millis, Suspension};
use levator_record::{Item, Reader};
use levator_signal::{HostTime, SampleIndex};
use levator_simulate::{
    BadCable, Burst, CableFaults, DeviceConfig, Line, LineSettings, PseudoTerminal, Scenario,
    ServeCounts, StreamConfig, VirtualDevice, VirtualPerson, serve,
};
use tempfile::TempDir;

use crate::support::{analysed, header};

const SPEED: f64 = 10.0;
/// Beyond this a test has failed; nothing waits for it otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// A name for a port that stays when the port behind it comes and goes.
struct Socket {
    folder: TempDir,
}

impl Socket {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for temporary files") }
    }

    fn name(&self) -> String {
        self.folder.path().join("probe").to_str().expect("UTF-8").to_owned()
    }

    fn plug(&self) -> PseudoTerminal {
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        std::os::unix::fs::symlink(terminal.port_name(), self.name()).expect("the name is free");
        terminal
    }

    fn pull(&self, terminal: PseudoTerminal) {
        std::fs::remove_file(self.name()).expect("it was plugged");
        terminal.hang_up();
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("raw.journal")
    }
}

/// Fails if any sample comes twice or out of order.
#[derive(Default)]
struct InOrder(std::collections::BTreeMap<(u8, u8), u64>);

impl Sink for InOrder {
    fn emit(&mut self, output: Output<'_>) {
        if let Output::Block(block) = output {
            let next = self.0.entry((block.channel.stream, block.channel.channel)).or_default();
            assert!(block.first.0 >= *next, "sample {} came twice", block.first.0);
            *next = block.first.0 + block.values.len() as u64;
        }
    }
}

type Seen = Tee<Summary, Tee<Digest, InOrder>>;

fn begin(socket: &Socket) -> Session<Seen> {
    begin_with(socket, EngineConfig::device())
}

fn begin_with(socket: &Socket, engine: EngineConfig) -> Session<Seen> {
    let config = LiveConfig {
        record: Some(RecordTo { path: socket.journal(), header: header(), beside: None }),
        ..LiveConfig::new(engine)
    };
    let connector = SerialConnector::new(PortSettings::new(socket.name()));
    let sink = Tee(Summary::new(), Tee(Digest::new(), InOrder::default()));
    Session::start(connector, config, sink).expect("the port is there")
}

fn device(scenario: Scenario, seed: u64) -> VirtualDevice {
    let person = VirtualPerson::new(scenario, seed);
    VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device")
}

fn wait_until(handle: &Handle, is_reached: impl Fn(&Snapshot) -> bool) {
    let start = handle.now();
    while !is_reached(&handle.latest()) {
        assert!(handle.now().saturating_since(start) < PATIENCE, "it never came");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Runs the device at its port until the session is so far.
fn serve_until(
    device: &mut VirtualDevice,
    terminal: &PseudoTerminal,
    handle: &Handle,
    is_reached: impl Fn(&Snapshot) -> bool,
) {
    let settings = LineSettings { speed: SPEED, burst: Burst::UsbCdc };
    let mut line = Line::new(settings, None).expect("a legal speed");
    let counts = serve_on(&mut line, device, terminal, handle, is_reached);
    assert_eq!(counts.dropped, 0, "the session reads everything");
}

/// The same on a line of one's own.
fn serve_on(
    line: &mut Line,
    device: &mut VirtualDevice,
    terminal: &PseudoTerminal,
    handle: &Handle,
    is_reached: impl Fn(&Snapshot) -> bool,
) -> ServeCounts {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(device, terminal, line, &over));
        wait_until(handle, is_reached);
        over.store(true, Ordering::Relaxed);
        server.join().expect("the device does not break").expect("nor its terminal")
    })
}

/// One past the newest EMG sample.
fn emg(snapshot: &Snapshot) -> u64 {
    snapshot.channels.first().map_or(0, |channel| channel.next.0)
}

/// Ends the session with the device still there, and checks what holds for all of them: live equals
/// offline, and every sample is there or named as missing.
fn end(
    session: Session<Seen>,
    socket: &Socket,
    device: &mut VirtualDevice,
    terminal: &PseudoTerminal,
    samples: u64,
) -> Summary {
    let handle = session.handle();
    serve_until(device, terminal, &handle, |snapshot| {
        if emg(snapshot) >= samples {
            handle.stop();
        }
        handle.is_over()
    });
    ended(session, socket)
}

fn ended(session: Session<Seen>, socket: &Socket) -> Summary {
    let (ended, Tee(live, Tee(digest, _))) = session.wait().expect("no part breaks down");
    let recording = ended.last.recording.expect("it was recorded");
    assert_eq!(recording.missing_input_count, 0);
    let (offline, again) = analysed(&socket.journal());
    assert_eq!(digest, again, "live and offline differ");
    for channel in &offline.channels {
        let missing = offline.lost_count(channel.id.stream);
        assert_eq!(channel.sample_count + missing, channel.end.0, "{:?}", channel.id);
    }
    assert_eq!(live.links.last().map(|event| event.state), Some(LinkState::Ended));
    live
}

fn states(summary: &Summary) -> Vec<LinkState> {
    summary.links.iter().map(|event| event.state).collect()
}

#[test]
fn a_cable_pulled_for_five_seconds_in_a_hold_costs_a_gap_of_exactly_that_and_nothing_else() {
    let (socket, mut device) = (Socket::new(), device(Scenario::LongHold, 3));
    let terminal = socket.plug();
    let session = begin(&socket);
    let handle = session.handle();
    // In the middle of a hold, and not before one was found.
    serve_until(&mut device, &terminal, &handle, |snapshot| {
        emg(snapshot) > 12_000
            && snapshot.channels.first().is_some_and(|one| one.contracted_since.is_some())
    });
    let pulled_at = emg(&handle.latest());
    device.unplug();
    socket.pull(terminal);
    wait_until(&handle, |snapshot| snapshot.link == LinkState::Lost);
    let later = device.now().saturating_add(Duration::from_secs(5));
    device.advance(later, &mut Vec::new());
    device.plug();
    let terminal = socket.plug();
    let live = end(session, &socket, &mut device, &terminal, pulled_at + 25_000);

    let path = states(&live);
    let lost = path.iter().position(|state| *state == LinkState::Lost).expect("it was lost");
    assert_eq!(
        path[lost - 1..lost + 4],
        [
            LinkState::Streaming,
            LinkState::Lost,
            LinkState::Reconnecting,
            LinkState::Connected,
            LinkState::Streaming
        ],
    );
    for stream in [0, 1] {
        let gaps: Vec<_> = live.gaps.iter().filter(|gap| gap.stream == stream).collect();
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!(gaps[0].cause, LossCause::Link);
        // Frames under way, and one of the device's own, beside those of the five seconds.
        let missing = gaps[0].span.sample_count();
        let unplugged = device.scan_counts(stream).unplugged;
        assert!(
            missing >= unplugged && missing < unplugged + unplugged / 5,
            "{missing} {unplugged}"
        );
        let taken = device.scan_counts(stream).taken;
        let end = live.channels.iter().find(|channel| channel.id.stream == stream).map(|c| c.end.0);
        // The truth goes on through the gap: the last sample we have is one of the last it took.
        assert!(end.is_some_and(|end| end <= taken && taken - end < 60), "{end:?} of {taken}");
    }
    // Of the hold with a hole nothing is claimed, and what comes later is where it was made.
    let channel = live.principal().expect("EMG was searched");
    let gap = live.gaps.iter().find(|gap| gap.stream == 0).expect("there is one").span;
    assert!(channel.contractions.iter().all(|one| {
        one.offset.is_none_or(|offset| offset <= gap.start) || one.onset >= gap.start
    }));
    let truth = device.truth(0).expect("a virtual person knows what it did");
    let seconds = |index| channel.rate.time_s(index);
    for one in channel.contractions.iter().filter(|one| one.onset > gap.end) {
        let onset = seconds(one.onset);
        let after_gap_s = onset - seconds(gap.end);
        let is_made = truth.contractions.iter().any(|made| (made.onset_s - onset).abs() < 0.3);
        assert!(is_made || after_gap_s < 2.0, "{onset} is no contraction of {truth:?}");
    }
}

/// Seconds from the newest bytes to each time that the programme was told of silence, from the recording.
fn silences_s(socket: &Socket) -> Vec<f64> {
    let mut reader = Reader::open(&socket.journal()).expect("it was recorded");
    let (mut heard_at, mut silences) = (HostTime::ZERO, Vec::new());
    while let Some(item) = reader.next() {
        match item {
            Item::Input(Input::Bytes { at, .. }) => heard_at = at,
            Item::Input(Input::Command { at, command: Command::Conduct(Conduct::Silence) }) => {
                silences.push(at.saturating_since(heard_at).as_secs_f64());
            }
            _ => {}
        }
    }
    silences
}

#[test]
fn a_programme_stands_still_a_second_after_the_last_sample_and_the_recording_says_so() {
    let (socket, mut device) = (Socket::new(), device(Scenario::LongHold, 3));
    let terminal = socket.plug();
    let programme = built_in("ten-ten-ten").expect("it is built in");
    let begins = Begins::WithSignal(Millis::ZERO);
    let course = Some(Course { programme, begins, rest_guard: None });
    let session = begin_with(&socket, EngineConfig { course, ..EngineConfig::device() });
    let handle = session.handle();
    let is = |state| move |now: &Snapshot| now.programme.is_some_and(|one| one.state == state);
    let is_gone = is(ProgrammeState::Suspended(Suspension::Gap));
    let is_running = is(ProgrammeState::Running);

    // The device says nothing more, with its port open; what it held back comes all the same.
    serve_until(&mut device, &terminal, &handle, |now| emg(now) > 12_000 && is_running(now));
    wait_until(&handle, is_gone);
    let frozen_at = emg(&handle.latest());
    serve_until(&mut device, &terminal, &handle, |now| emg(now) > 20_000 && is_running(now));

    // The cable is pulled.
    let pulled_at = emg(&handle.latest());
    device.unplug();
    socket.pull(terminal);
    wait_until(&handle, is_gone);
    assert_eq!(handle.latest().link, LinkState::Lost);
    let later = device.now().saturating_add(Duration::from_secs(5));
    device.advance(later, &mut Vec::new());
    device.plug();
    let terminal = socket.plug();
    // By now it is tried less often; what nobody reads meanwhile would be lost.
    wait_until(&handle, |now| now.port_name.is_some());
    serve_until(&mut device, &terminal, &handle, is_running);
    let live = end(session, &socket, &mut device, &terminal, pulled_at + 25_000);

    let stood: Vec<_> = live
        .programme
        .iter()
        .filter_map(|step| match step.event {
            Event::Suspended { at, why } => Some((at, Some(why))),
            Event::Resumed { at } => Some((at, None)),
            _ => None,
        })
        .collect();
    let gap = live.gaps.iter().find(|gap| gap.stream == 0).expect("the cable was out").span;
    let why = Some(Suspension::Gap);
    let frozen_at = SampleIndex(frozen_at);
    assert_eq!(
        stood,
        [(frozen_at, why), (frozen_at, None), (gap.start, why), (gap.end, None)],
        "dates are samples: the first silence cost none"
    );
    let silences = silences_s(&socket);
    assert_eq!(silences.len(), 2, "{silences:?}");
    for silence_s in silences {
        // Looked at every 50 ms at least; the rest is for a machine that others use.
        assert!((1.0..1.3).contains(&silence_s), "told after {silence_s} s");
    }
}

#[test]
fn a_board_that_is_reset_is_described_and_started_again() {
    let (socket, mut device) = (Socket::new(), device(Scenario::Healthy, 4));
    let terminal = socket.plug();
    let session = begin(&socket);
    let handle = session.handle();
    serve_until(&mut device, &terminal, &handle, |snapshot| emg(snapshot) > 5_000);
    device.reset(0x0BAD_B007);
    let live = end(session, &socket, &mut device, &terminal, 12_000);
    let restarts: Vec<_> = live.gaps.iter().filter(|gap| gap.cause == LossCause::Restart).collect();
    assert_eq!(restarts.len(), 2, "one for each stream: {:?}", live.gaps);
    assert_eq!(live.device.map(|device| device.boot_id), Some(0x0BAD_B007));
    assert!(!states(&live).contains(&LinkState::Lost));
}

#[test]
fn a_second_host_is_turned_away_and_the_first_one_misses_nothing() {
    let (socket, mut device) = (Socket::new(), device(Scenario::Rest, 5));
    let terminal = socket.plug();
    let session = begin(&socket);
    let handle = session.handle();
    serve_until(&mut device, &terminal, &handle, |snapshot| emg(snapshot) > 1_000);
    let second = SerialPort::open(&PortSettings::new(socket.name())).map(|_| ());
    assert!(matches!(second, Err(OpenError::Busy { .. })), "{second:?}");
    let live = end(session, &socket, &mut device, &terminal, 3_000);
    assert!(live.gaps.is_empty(), "{:?}", live.gaps);
}

#[test]
fn a_host_that_comes_while_the_device_streams_takes_over() {
    let (socket, mut device) = (Socket::new(), device(Scenario::Rest, 6));
    let terminal = socket.plug();
    let session = begin(&socket);
    let handle = session.handle();
    serve_until(&mut device, &terminal, &handle, |snapshot| emg(snapshot) > 1_000);
    // As if the host was killed: nobody says STOP that the device could hear.
    socket.pull(terminal);
    wait_until(&handle, |snapshot| snapshot.link == LinkState::Lost);
    drop(session);
    std::fs::remove_file(socket.journal()).expect("it was recorded");
    assert!(device.is_streaming());
    let terminal = socket.plug();
    let session = begin(&socket);
    let live = end(session, &socket, &mut device, &terminal, 2_000);
    assert!(live.gaps.iter().all(|gap| gap.cause == LossCause::Restart), "{:?}", live.gaps);
}

#[test]
fn a_port_that_vanishes_while_the_host_writes_to_a_silent_device_is_found_again() {
    let (socket, mut device) = (Socket::new(), device(Scenario::Rest, 7));
    let terminal = socket.plug();
    let session = begin(&socket);
    let handle = session.handle();
    // It never answers, and is greeted again and again; then it is gone in the middle of that.
    assert!(terminal.wait(PATIENCE).expect("no failure"), "it is greeted");
    socket.pull(terminal);
    wait_until(&handle, |snapshot| snapshot.link == LinkState::Lost);
    let terminal = socket.plug();
    let live = end(session, &socket, &mut device, &terminal, 1_000);
    assert!(live.gaps.is_empty(), "{:?}", live.gaps);
    let path = states(&live);
    assert_eq!(path[..3], [LinkState::Silent, LinkState::Lost, LinkState::Reconnecting]);
    assert_eq!(handle.latest().counts.lost_port_count, 1);
}

#[test]
fn a_slow_view_costs_the_recording_nothing_and_sees_the_newest() {
    let (socket, mut device) = (Socket::new(), device(Scenario::Healthy, 8));
    let terminal = socket.plug();
    let session = begin(&socket);
    let handle = session.handle();
    let oldest = std::thread::scope(|scope| {
        let view = scope.spawn(|| {
            let mut oldest = Duration::ZERO;
            while !handle.is_over() && emg(&handle.latest()) < 38_000 {
                std::thread::park_timeout(Duration::from_millis(400));
                let age = handle.latest().newest_sample_age().unwrap_or_default();
                oldest = oldest.max(age);
            }
            oldest
        });
        serve_until(&mut device, &terminal, &handle, |snapshot| emg(snapshot) > 40_000);
        view.join().expect("it only looks")
    });
    // The machine may be busy; what grew over the visit would be seconds.
    assert!(oldest < Duration::from_millis(500), "{oldest:?}");
    let live = end(session, &socket, &mut device, &terminal, 41_000);
    assert!(live.gaps.is_empty(), "{:?}", live.gaps);
}

/// A visit at a port in the time of the world, of so many samples of the first channel.
///
/// A machine that stands still as a whole for seconds, as virtual ones do, loses what a terminal of 20 kB cannot
/// hold, and says nothing about the session: then once more. A session that does not read loses it each time.
fn visit_in_real_time(begins: impl Fn() -> (VirtualDevice, Line), samples: u64) -> (Summary, Line) {
    for _ in 0..3 {
        let (mut device, mut line) = begins();
        let socket = Socket::new();
        let terminal = socket.plug();
        let session = begin(&socket);
        let handle = session.handle();
        let counts = serve_on(&mut line, &mut device, &terminal, &handle, |snapshot| {
            if emg(snapshot) >= samples {
                handle.stop();
            }
            handle.is_over()
        });
        let live = ended(session, &socket);
        if counts.dropped == 0 {
            return (live, line);
        }
    }
    panic!("the session does not read everything");
}

/// At ports, side by side, as long as a clock takes to be told; the exact marks are those of the tests below, in
/// which time only counts. Whether the sensor stalls is not asked here: a busy machine may stall itself.
#[test]
fn at_a_port_stalls_and_bursts_lose_nothing_and_rates_that_are_off_are_told() {
    const SECONDS: f64 = 11.5;
    let in_bursts = |cable: Option<BadCable>| {
        let settings = LineSettings { speed: 1.0, burst: Burst::Ftdi };
        Line::new(settings, cable).expect("a legal speed")
    };
    let of = |config: DeviceConfig| {
        VirtualDevice::new(config, VirtualPerson::new(Scenario::Healthy, 9)).expect("legal")
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let stalls = CableFaults {
                stall: 2e-4,
                stall_duration: Duration::from_millis(150),
                ..CableFaults::NONE
            };
            let begins =
                || (of(DeviceConfig::combined_probe()), in_bursts(Some(BadCable::new(stalls, 2))));
            let (live, line) = visit_in_real_time(begins, (1000.0 * SECONDS) as u64);
            let counts = line.cable_counts().expect("there is a cable");
            assert!(counts.stalls.count > 3, "{counts:?}");
            assert!(live.gaps.is_empty() && live.refusals.is_empty(), "{:?}", live.gaps);
            let clock = live.clocks[&0];
            assert!(clock.late_s > 0.1 && clock.pace == Pace::AsDeclared, "{clock:?}");
        });
        for ppm in [-200.0, 200.0] {
            scope.spawn(move || {
                let config = DeviceConfig { clock_ppm: ppm, ..DeviceConfig::combined_probe() };
                let begins = || (of(config.clone()), in_bursts(None));
                let (live, _) = visit_in_real_time(begins, (1000.0 * SECONDS) as u64);
                assert!(live.gaps.is_empty(), "{ppm} ppm: {:?}", live.gaps);
                let clock = live.clocks[&0];
                assert_eq!(clock.pace, Pace::AsDeclared, "{ppm} ppm: {clock:?}");
                assert!((clock.real_hz / 1000.0 - 1.0).abs() < 5e-4, "{ppm} ppm: {clock:?}");
            });
        }
        scope.spawn(|| {
            let stream = StreamConfig {
                declared_rate_mhz: Some(50_000),
                scans_per_frame: 1,
                ..StreamConfig::pressure(1, 47_600)
            };
            let begins =
                || (of(DeviceConfig::with_streams("slow", vec![stream.clone()])), in_bursts(None));
            let (live, _) = visit_in_real_time(begins, (47.6 * SECONDS) as u64);
            assert!(live.gaps.is_empty(), "{:?}", live.gaps);
            let clock = live.clocks.values().next().expect("11 s are enough");
            assert_eq!(clock.pace, Pace::Off, "{clock:?}");
            assert!((clock.real_hz / 47.6 - 1.0).abs() < 0.005, "{clock:?}");
        });
    });
}

/// A device on a line, without a port: its time is the time of the host.
struct Bench {
    device: VirtualDevice,
    line: Line,
    engine: Engine,
    summary: Summary,
    clocks: Vec<ClockEvent>,
    now: HostTime,
}

impl Bench {
    fn new(config: DeviceConfig, burst: Burst, faults: CableFaults) -> Self {
        let person = VirtualPerson::new(Scenario::Healthy, 9);
        let settings = LineSettings { speed: 1.0, burst };
        let mut bench = Self {
            device: VirtualDevice::new(config, person).expect("a legal device"),
            line: Line::new(settings, Some(BadCable::new(faults, 2))).expect("a legal speed"),
            engine: Engine::new(&EngineConfig::device()).expect("legal"),
            summary: Summary::new(),
            clocks: Vec::new(),
            now: HostTime::ZERO,
        };
        bench.feed(Input::Link { at: HostTime::ZERO, change: LinkChange::Opened });
        bench
    }

    fn feed(&mut self, input: Input<'_>) {
        let Self { device, engine, summary, clocks, .. } = self;
        engine.handle(input, &mut |output: Output<'_>| {
            match output {
                Output::Transmit(transmission) => device.receive(transmission.bytes),
                Output::Clock(event) => clocks.push(event),
                _ => {}
            }
            summary.emit(output);
        });
    }

    fn run(&mut self, seconds: f64) {
        let end = self.now.saturating_add(Duration::from_secs_f64(seconds));
        let mut out = Vec::new();
        while self.now < end {
            self.now = self.now.saturating_add(Duration::from_millis(1));
            out.clear();
            self.line.advance(&mut self.device, self.now, &mut out);
            if out.is_empty() {
                self.feed(Input::Tick { at: self.now });
            } else {
                self.feed(Input::Bytes { at: self.now, bytes: &out });
            }
        }
    }
}

#[test]
fn stalls_of_150_ms_and_bursts_of_16_ms_lose_nothing_and_are_no_stall_of_the_sensor() {
    let stalls = CableFaults { stall: 2e-4, ..CableFaults::ROUGH };
    let stalls = CableFaults {
        flip: 0.0,
        drop: 0.0,
        insert: 0.0,
        duplicate: 0.0,
        splice: 0.0,
        text: 0.0,
        ..stalls
    };
    let mut bench = Bench::new(DeviceConfig::combined_probe(), Burst::Ftdi, stalls);
    bench.run(30.0);
    let counts = bench.line.cable_counts().expect("there is a cable");
    assert!(counts.stalls.count > 10, "{counts:?}");
    assert!(bench.summary.gaps.is_empty(), "{:?}", bench.summary.gaps);
    assert!(bench.summary.refusals.is_empty(), "{:?}", bench.summary.refusals);
    assert!(!states(&bench.summary).contains(&LinkState::Stalled));
    let last = bench.clocks.last().expect("30 s are enough");
    assert!(last.late_s > 0.1 && last.pace == Pace::AsDeclared, "{last:?}");
}

#[test]
fn a_pause_is_no_gap_and_a_jump_of_the_counter_is_one_even_if_time_looks_smooth() {
    let pause = CableFaults {
        stall: 3e-5,
        stall_duration: Duration::from_millis(600),
        ..CableFaults::NONE
    };
    let mut bench = Bench::new(DeviceConfig::combined_probe(), Burst::UsbCdc, pause);
    bench.run(30.0);
    assert!(bench.line.cable_counts().is_some_and(|counts| counts.stalls.count > 1));
    assert!(bench.summary.gaps.is_empty(), "{:?}", bench.summary.gaps);
    bench.device.overrun(0, 50);
    bench.run(2.0);
    let gaps: Vec<_> = bench.summary.gaps.iter().collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((gaps[0].span.sample_count(), gaps[0].cause), (50, LossCause::Device));
}

#[test]
fn crystals_that_are_200_ppm_off_are_found_in_bursts_of_16_ms() {
    for ppm in [-200.0, 200.0] {
        let config = DeviceConfig { clock_ppm: ppm, ..DeviceConfig::combined_probe() };
        let mut bench = Bench::new(config, Burst::Ftdi, CableFaults::NONE);
        bench.run(65.0);
        let last = bench.clocks.last().expect("65 s are enough");
        let drift = last.drift_ppm.expect("our devices stamp their samples");
        assert!((drift - ppm).abs() < 20.0, "{ppm} ppm, found {drift}");
        assert_eq!(last.pace, Pace::AsDeclared);
        // An event is a line from samples to host time; within a stream it never runs backwards.
        let emg: Vec<_> = bench.clocks.iter().filter(|event| event.stream == 0).collect();
        assert!(emg.len() >= 6);
        assert!(emg.windows(2).all(|pair| pair[0].end_at < pair[1].end_at));
    }
}

#[test]
fn a_probe_of_47_6_hz_that_declares_50_is_told_and_its_times_are_right() {
    let stream = StreamConfig {
        declared_rate_mhz: Some(50_000),
        scans_per_frame: 1,
        ..StreamConfig::pressure(1, 47_600)
    };
    let config = DeviceConfig::with_streams("slow", vec![stream]);
    let mut bench = Bench::new(config, Burst::Ftdi, CableFaults::NONE);
    bench.run(120.0);
    assert!(bench.clocks.iter().all(|event| event.pace == Pace::Off), "{:?}", bench.clocks);
    let Bench { device, mut engine, mut summary, now, .. } = bench;
    engine.finish(now, &mut summary);
    let channel = summary.principal().expect("pressure was searched");
    assert!((channel.rate.hz() / 47.6 - 1.0).abs() < 0.001, "{}", channel.rate.hz());
    // From onset to onset, as the person did it.
    let made: Vec<f64> =
        device.truth(0).expect("a person").contractions.iter().map(|one| one.onset_s).collect();
    let found: Vec<f64> =
        channel.contractions.iter().map(|one| channel.rate.time_s(one.onset)).collect();
    assert!(found.len() >= 4, "{found:?}");
    let near = |found: f64| {
        made.iter().copied().min_by(|a, b| (a - found).abs().total_cmp(&(b - found).abs()))
    };
    let (first, last) = (found[0], found[found.len() - 1]);
    let (made_first, made_last) = (near(first).expect("one"), near(last).expect("one"));
    let ratio = (last - first) / (made_last - made_first);
    assert!((ratio - 1.0).abs() < 0.005, "{ratio}: {found:?} and {made:?}");
}

#[test]
fn one_frame_in_a_hundred_damaged_ends_nothing_and_every_sample_is_accounted_for() {
    let damage = CableFaults { flip: 2e-4, ..CableFaults::NONE };
    let mut bench = Bench::new(DeviceConfig::combined_probe(), Burst::UsbCdc, damage);
    bench.run(60.0);
    assert!(bench.summary.refusals.values().sum::<u64>() > 20, "{:?}", bench.summary.refusals);
    for channel in &bench.summary.channels {
        let missing = bench.summary.lost_count(channel.id.stream);
        assert_eq!(channel.sample_count + missing, channel.end.0);
        assert!(missing > 0 && missing < channel.end.0 / 20);
        let taken = bench.device.scan_counts(channel.id.stream).taken;
        assert!(taken - channel.end.0 <= 60, "{} of {taken}", channel.end.0);
    }
}

#[test]
fn counters_that_wrap_lose_nothing() {
    let config = DeviceConfig {
        first_index: u32::MAX - 5_000,
        boot_time_us: u64::from(u32::MAX) - 7_000_000,
        first_sequence: u16::MAX - 300,
        ..DeviceConfig::combined_probe()
    };
    let mut bench = Bench::new(config, Burst::UsbCdc, CableFaults::NONE);
    bench.run(30.0);
    assert!(bench.summary.gaps.is_empty(), "{:?}", bench.summary.gaps);
    assert!(bench.summary.channels[0].end > SampleIndex(28_000));
    assert!(bench.clocks.iter().all(|event| event.pace == Pace::AsDeclared), "{:?}", bench.clocks);
}
