use levator_signal::{Quality, SampleIndex};

use super::*;
use crate::decoded::{Answer, DeviceStatus};
use crate::{DeviceInfo, Label, Scans};

/// Names of the messages that are due at `at`.
fn said(session: &mut Session, at: HostTime) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut decoder = wire::Decoder::new(Direction::HostToDevice);
    session.poll(at, |bytes| {
        let mut rest = bytes;
        while let Some(frame) = decoder.next(&mut rest) {
            names.push(match frame.expect("we encode well").message() {
                Message::Identify(_) => "identify",
                Message::GetDesc { .. } => "describe",
                Message::Start(start) => {
                    assert_eq!(start.streams, 1, "the device has one stream");
                    "start"
                }
                Message::Stop => "stop",
                Message::KeepAlive => "alive",
                _ => "other",
            });
        }
    });
    names
}

fn ms(milliseconds: u64) -> HostTime {
    HostTime::from_nanos(milliseconds * 1_000_000)
}

fn device(boot_id: u32, capabilities: u32) -> Decoded<'static> {
    Decoded::Device(DeviceInfo {
        at: HostTime::ZERO,
        name: Label::EMPTY,
        model: 0,
        uid: [0; 8],
        boot_id,
        firmware: [0; 3],
        wire_minor: 0,
        stream_count: 1,
        capabilities,
    })
}

fn scans() -> Decoded<'static> {
    Decoded::Scans(Scans {
        stream: 0,
        first: SampleIndex::ZERO,
        channel_count: 1,
        codes: &[0.0],
        quality: Quality::GOOD,
        fault_channels: 0,
    })
}

fn status(boot_id: u32, streaming: bool) -> Decoded<'static> {
    Decoded::Status(DeviceStatus {
        at: HostTime::ZERO,
        uptime_us: 0,
        boot_id,
        streaming,
        battery_percent: None,
        dropped_frame_count: 0,
        damaged_frame_count: 0,
    })
}

fn answer(kind: u8, result: u8) -> Decoded<'static> {
    Decoded::Answer(Answer { at: HostTime::ZERO, kind, result })
}

fn stream_info() -> crate::StreamInfo {
    let rate = levator_signal::SampleRate::from_millihertz(1_000_000).expect("not zero");
    crate::StreamInfo::of_values(
        levator_signal::SignalKind::Emg,
        levator_signal::Unit::Microvolt,
        rate,
        1,
    )
}

/// A session that streams since `ms(30)`.
fn running(capabilities: u32) -> Session {
    let mut session = Session::new();
    session.opened(ms(0));
    assert_eq!(said(&mut session, ms(0)), ["identify"]);
    session.heard(ms(10), &device(1, capabilities));
    assert_eq!(said(&mut session, ms(10)), ["describe"]);
    session.heard(ms(20), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(20)), ["start"]);
    session.heard(ms(30), &answer(wire::kind::START, 0));
    session
}

#[test]
fn a_device_is_greeted_asked_and_started() {
    let mut session = running(0);
    assert_eq!(said(&mut session, ms(5000)), [""; 0]);
}

#[test]
fn a_silent_device_is_greeted_again_and_later_less_often() {
    let mut session = Session::new();
    session.opened(ms(0));
    let mut count = 0;
    for at in 0..10_000 {
        count += said(&mut session, ms(at)).len();
    }
    // Every 250 ms for 5 s, then every 2 s.
    assert_eq!(count, 20 + 3);
}

#[test]
fn commands_are_repeated_until_they_are_answered() {
    let mut session = Session::new();
    session.opened(ms(0));
    said(&mut session, ms(0));
    session.heard(ms(10), &device(1, 0));
    assert_eq!(said(&mut session, ms(10)), ["describe"]);
    assert_eq!(said(&mut session, ms(309)), [""; 0]);
    assert_eq!(said(&mut session, ms(310)), ["describe"]);
}

#[test]
fn samples_count_as_an_answer_to_start() {
    let mut session = Session::new();
    session.opened(ms(0));
    session.heard(ms(10), &device(1, 0));
    session.heard(ms(20), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(20)), ["start"]);
    session.heard(ms(25), &scans());
    assert_eq!(said(&mut session, ms(1000)), [""; 0]);
}

#[test]
fn a_refused_start_is_tried_again() {
    let mut session = Session::new();
    session.opened(ms(0));
    session.heard(ms(10), &device(1, 0));
    session.heard(ms(20), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(20)), ["start"]);
    session.heard(ms(25), &answer(wire::kind::START, 4));
    assert_eq!(said(&mut session, ms(400)), ["start"]);
}

#[test]
fn a_restarted_device_is_described_and_started_again() {
    let mut session = running(0);
    session.heard(ms(5000), &device(2, 0));
    assert_eq!(said(&mut session, ms(5000)), ["describe"]);
    session.heard(ms(5010), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(5010)), ["start"]);
}

#[test]
fn a_restart_whose_greeting_was_lost_is_noticed() {
    let mut session = running(0);
    session.heard(ms(5000), &status(2, false));
    assert_eq!(said(&mut session, ms(5000)), ["identify"]);
}

#[test]
fn a_device_that_fell_idle_is_started_again_but_not_at_once() {
    let mut session = running(0);
    session.heard(ms(900), &status(1, false));
    assert_eq!(said(&mut session, ms(900)), [""; 0]);
    session.heard(ms(2900), &status(1, false));
    assert_eq!(said(&mut session, ms(2900)), ["start"]);
}

#[test]
fn a_device_that_asks_for_it_is_kept_alive() {
    let mut session = running(CAPABILITY_KEEP_ALIVE);
    assert_eq!(said(&mut session, ms(1029)), [""; 0]);
    assert_eq!(said(&mut session, ms(1030)), ["alive"]);
    assert_eq!(said(&mut session, ms(2030)), ["alive"]);
}

#[test]
fn stop_is_repeated_until_it_is_answered() {
    let mut session = running(0);
    session.stop(ms(6000));
    assert_eq!(said(&mut session, ms(6000)), ["stop"]);
    assert_eq!(said(&mut session, ms(6300)), ["stop"]);
    session.heard(ms(6310), &answer(wire::kind::STOP, 0));
    assert_eq!(said(&mut session, ms(9000)), [""; 0]);
    // A status that says "idle" is what we wanted.
    session.heard(ms(9000), &status(1, false));
    assert_eq!(said(&mut session, ms(9000)), [""; 0]);
}

#[test]
fn a_device_that_went_on_sending_without_its_cable_is_not_started_again() {
    let mut session = running(0);
    session.closed();
    session.opened(ms(7000));
    assert_eq!(said(&mut session, ms(7000)), ["identify"]);
    session.heard(ms(7005), &device(1, 0));
    assert_eq!(said(&mut session, ms(7005)), ["describe"]);
    session.heard(ms(7010), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(7159)), [""; 0]);
    session.heard(ms(7159), &scans());
    assert_eq!(said(&mut session, ms(9000)), [""; 0]);
}

#[test]
fn a_cable_that_goes_twice_before_samples_come_loses_no_count() {
    let mut session = running(0);
    for at in [7000, 7200, 7400] {
        session.closed();
        session.opened(ms(at));
        assert_eq!(said(&mut session, ms(at)), ["identify"]);
        session.heard(ms(at + 5), &device(1, 0));
        assert_eq!(said(&mut session, ms(at + 5)), ["describe"]);
        session.heard(ms(at + 10), &Decoded::Stream(&stream_info()));
        // It has 150 ms to show that it still streams; the cable goes again before that.
        assert_eq!(said(&mut session, ms(at + 100)), [""; 0], "{at}");
    }
    session.heard(ms(7500), &scans());
    assert_eq!(said(&mut session, ms(9000)), [""; 0]);
    // Once it was started anew, the count before is gone.
    session.closed();
    session.opened(ms(9000));
    said(&mut session, ms(9000));
    session.heard(ms(9005), &device(1, 0));
    said(&mut session, ms(9005));
    session.heard(ms(9010), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(9160)), ["start"]);
    session.closed();
    session.opened(ms(9200));
    said(&mut session, ms(9200));
    session.heard(ms(9205), &device(1, 0));
    said(&mut session, ms(9205));
    session.heard(ms(9210), &Decoded::Stream(&stream_info()));
    assert_eq!(said(&mut session, ms(9210)), ["start"]);
}

#[test]
fn a_device_that_fell_silent_restarted_or_is_another_one_is_started() {
    let other = |uid, boot_id| match device(boot_id, 0) {
        Decoded::Device(info) => Decoded::Device(DeviceInfo { uid, ..info }),
        other => other,
    };
    for (heard, due) in [(device(1, 0), 7160), (device(2, 0), 7010), (other([1; 8], 1), 7010)] {
        let mut session = running(0);
        session.closed();
        session.opened(ms(7000));
        said(&mut session, ms(7000));
        session.heard(ms(7005), &heard);
        said(&mut session, ms(7005));
        session.heard(ms(7010), &Decoded::Stream(&stream_info()));
        assert_eq!(said(&mut session, ms(due - 1)), [""; 0]);
        assert_eq!(said(&mut session, ms(due)), ["start"]);
    }
}

#[test]
fn another_device_with_the_same_start_number_is_described_and_started() {
    let mut session = running(0);
    let Decoded::Device(info) = device(1, 0) else { panic!("it is one") };
    session.heard(ms(5000), &Decoded::Device(DeviceInfo { uid: [9; 8], ..info }));
    assert_eq!(said(&mut session, ms(5000)), ["describe"]);
}

#[test]
fn nothing_is_said_while_no_port_is_open() {
    let mut session = running(CAPABILITY_KEEP_ALIVE);
    session.closed();
    assert_eq!(said(&mut session, ms(60_000)), [""; 0]);
    session.stop(ms(60_000));
    assert_eq!(said(&mut session, ms(61_000)), [""; 0]);
}
