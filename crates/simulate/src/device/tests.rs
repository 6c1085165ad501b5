use levator_protocol::{SampleFormat, Samples, WireUnit};
use levator_signal::{SampleRate, SignalKind, Unit};

use super::host::{START, hear, say, summary};
use super::*;
use crate::config::StreamConfig;
use crate::replay::AtEnd;
use crate::rng::SeededRng;
use crate::scenario::Scenario;

fn at(seconds: f64) -> HostTime {
    HostTime::from_secs_f64(seconds)
}

fn healthy() -> VirtualPerson {
    VirtualPerson::new(Scenario::Healthy, 1)
}

/// Bytes of a device that is started after 10 ms and runs until `until`.
fn run(device: &mut VirtualDevice, until: HostTime) -> Vec<u8> {
    let mut bytes = Vec::new();
    device.advance(at(0.01), &mut bytes);
    device.receive(&say(&[START]));
    device.advance(until, &mut bytes);
    bytes
}

fn each_samples(bytes: &[u8], mut each: impl FnMut(&Samples<'_>)) {
    hear(bytes, |frame| {
        if let Message::Samples(samples) = frame.message() {
            each(&samples);
        }
    });
}

fn codes(bytes: &[u8], format: SampleFormat, channels: u8) -> Vec<f64> {
    let mut codes = Vec::new();
    each_samples(bytes, |samples| {
        codes.extend(samples.codes(format, channels).expect("as described"));
    });
    codes
}

fn replay(channels: Vec<Vec<f64>>, unit: Unit) -> Replay {
    let rate = SampleRate::from_hz(1000.0).expect("not zero");
    Replay::new(channels, SignalKind::Emg, unit, rate, AtEnd::Hold).expect("even channels")
}

#[test]
fn the_bytes_do_not_depend_on_how_often_time_is_told() {
    let config = DeviceConfig { clock_ppm: 137.0, ..DeviceConfig::combined_probe() };
    let device = || VirtualDevice::new(config.clone(), healthy()).expect("possible");
    let end = at(4.321);
    let in_one_go = run(&mut device(), end);

    let mut stepped = device();
    let mut bytes = run(&mut stepped, at(0.01));
    let mut rng = SeededRng::new(8);
    let mut now = at(0.01);
    while now < end {
        let step_us = rng.between(1, 40_000) as u64;
        now = now.saturating_add(core::time::Duration::from_micros(step_us)).min(end);
        stepped.advance(now, &mut bytes);
    }
    assert!(in_one_go == bytes, "{} and {} bytes", in_one_go.len(), bytes.len());
}

#[test]
fn nothing_comes_before_it_is_due_and_something_when_it_is() {
    let mut device = VirtualDevice::new(DeviceConfig::combined_probe(), healthy()).expect("");
    let mut bytes = run(&mut device, at(0.01));
    for _ in 0..200 {
        let due = device.next_due();
        bytes.clear();
        device.advance(HostTime::from_nanos(due.as_nanos() - 1), &mut bytes);
        assert!(bytes.is_empty(), "bytes before {due:?}");
        device.advance(due, &mut bytes);
        assert!(!bytes.is_empty(), "nothing at {due:?}");
    }
}

#[test]
fn an_idle_device_says_hello_and_then_its_status_every_second() {
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), healthy()).expect("");
    let mut bytes = Vec::new();
    device.advance(at(5.5), &mut bytes);
    let mut uptimes = Vec::new();
    hear(&bytes, |frame| {
        if let Message::Status(status) = frame.message() {
            uptimes.push(status.uptime_us);
            assert_eq!(status.state, DeviceState::Idle);
        }
    });
    assert_eq!(uptimes, [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]);
    // Every frame follows a silence of a second, so every one is announced by a delimiter.
    assert_eq!(bytes.iter().filter(|byte| **byte == 0).count(), 2 * 6);
}

#[test]
fn a_fast_clock_sends_more_samples_but_times_them_evenly() {
    let config = DeviceConfig { clock_ppm: 200.0, ..DeviceConfig::emg_probe() };
    let mut device = VirtualDevice::new(config, healthy()).expect("possible");
    let bytes = run(&mut device, at(100.01));
    // 20 more than 100 000, plus the one at the start.
    assert_eq!(device.scan_counts(0).taken, 100_021);
    let mut first_us = None;
    each_samples(&bytes, |samples| {
        let first_us = *first_us.get_or_insert(samples.time_us);
        assert_eq!(samples.time_us - first_us, samples.index * 1000);
    });
}

#[test]
fn samples_are_the_person_in_counts() {
    let person = healthy();
    let rate = SampleRate::from_hz(1000.0).expect("not zero");
    let mut signal = person.signal(0, SignalKind::Emg, rate, 2);
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("possible");
    let bytes = run(&mut device, at(8.0));
    let mut scan = [0.0; 2];
    for pair in codes(&bytes, SampleFormat::I16, 2).chunks_exact(2) {
        signal.next_scan(&mut scan);
        for (code, value_uv) in pair.iter().zip(scan) {
            // Half a count, and the round-off of the scale as f32.
            assert!((code * 0.1 - value_uv).abs() < 0.05 + 1e-4, "{code} {value_uv}");
        }
    }
    assert_eq!(device.truth(0).expect("a person").contractions.len(), 1);
    assert_eq!(device.truth_base(0), Some(SampleIndex::ZERO));
}

#[test]
fn codes_of_a_recording_are_sent_unchanged() {
    let recorded: Vec<f64> = (0..500).map(|i| f64::from((i * 131) % 65_534 + 1)).collect();
    let stream = StreamConfig {
        format: SampleFormat::U16,
        scale: 3000.0 / 65_536.0,
        offset: 32_768.0,
        rails: SampleFormat::U16.range(),
        ..StreamConfig::emg(1, 1_000_000)
    };
    let config = DeviceConfig::with_streams("recording", vec![stream]);
    let subject = replay(vec![recorded.clone()], Unit::Count);
    let mut device = VirtualDevice::new(config, subject).expect("one stream");
    let bytes = run(&mut device, at(0.01 + 0.499));
    assert_eq!(codes(&bytes, SampleFormat::U16, 1), recorded);
    assert_eq!(device.truth(0), None);
}

#[test]
fn values_beyond_the_converter_are_clamped_and_flagged() {
    let stream = StreamConfig {
        scans_per_frame: 1,
        rails: Some((-2000, 2000)),
        ..StreamConfig::emg(2, 1_000_000)
    };
    let config = DeviceConfig::with_streams("narrow", vec![stream]);
    let left = vec![0.0, 500.0, 0.0, -0.04, 7.0];
    let right = vec![0.0, 0.0, -200.0, f64::NAN, 7.0];
    let subject = replay(vec![left, right], Unit::Microvolt);
    let mut device = VirtualDevice::new(config, subject).expect("one stream");
    let bytes = run(&mut device, at(0.014));
    let mut faults = Vec::new();
    each_samples(&bytes, |samples| faults.push((samples.status, samples.fault_channels)));
    let expected = [
        (SampleStatus::NONE, 0),
        (SampleStatus::SATURATED_HIGH, 1),
        (SampleStatus::SATURATED_LOW, 2),
        (SampleStatus::SENSOR_FAULT | SampleStatus::STALE, 2),
        (SampleStatus::NONE, 0),
    ];
    assert_eq!(faults, expected);
    let expected = [0.0, 0.0, 2000.0, 0.0, 0.0, -2000.0, 0.0, -2000.0, 70.0, 70.0];
    assert_eq!(codes(&bytes, SampleFormat::I16, 2), expected);
}

#[test]
fn counters_wrap_like_the_wire_says() {
    let config = DeviceConfig {
        first_index: u32::MAX - 29,
        first_sequence: u16::MAX - 2,
        boot_time_us: (1 << 32) - 50_000,
        ..DeviceConfig::emg_probe()
    };
    let mut device = VirtualDevice::new(config, healthy()).expect("possible");
    let bytes = run(&mut device, at(0.07));
    let (mut sequences, mut places) = (Vec::new(), Vec::new());
    hear(&bytes, |frame| sequences.push(frame.sequence()));
    each_samples(&bytes, |samples| places.push((samples.index, samples.time_us)));
    assert_eq!(sequences, [65_533, 65_534, 65_535, 0, 1]);
    let expected = [(u32::MAX - 29, u32::MAX - 39_999), (u32::MAX - 9, u32::MAX - 19_999), (10, 0)];
    assert_eq!(places, expected);
}

#[test]
fn scans_lost_in_the_device_leave_an_index_jump_and_a_flag() {
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), healthy()).expect("");
    let mut bytes = run(&mut device, at(0.05));
    device.overrun(0, 7);
    device.advance(at(0.08), &mut bytes);
    let mut places = Vec::new();
    each_samples(&bytes, |s| places.push((s.index, s.scan_count, s.status.is_overrun())));
    assert_eq!(places, [(0, 20, false), (20, 20, false), (40, 1, false), (48, 20, true)]);
    let counts = device.scan_counts(0);
    assert_eq!((counts.taken, counts.sent, counts.overrun), (71, 61, 7));
}

#[test]
fn a_pulled_cable_loses_frames_and_a_reset_shows() {
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), healthy()).expect("");
    let mut bytes = run(&mut device, at(0.05));
    device.unplug();
    device.advance(at(0.5), &mut bytes);
    device.receive(&say(&[Message::Stop]));
    device.plug();
    device.advance(at(0.53), &mut bytes);
    let mut frames = Vec::new();
    hear(&bytes, |frame| {
        if let Message::Samples(samples) = frame.message() {
            frames.push((frame.sequence(), samples.index));
        }
    });
    assert_eq!(frames, [(2, 0), (3, 20), (26, 480), (27, 500)]);
    let counts = device.scan_counts(0);
    assert_eq!((counts.taken, counts.sent, counts.unplugged), (521, 80, 440));

    device.reset(77);
    bytes.clear();
    device.advance(at(0.7), &mut bytes);
    assert_eq!(summary(&bytes), ["hello 4d"]);
    device.receive(&say(&[START]));
    bytes.clear();
    device.advance(at(0.72), &mut bytes);
    assert_eq!(summary(&bytes), ["ack 42 Ok", "samples 20 from 0"]);
    // The person lived on: 690 ms after the first START.
    assert_eq!(device.truth_base(0), Some(SampleIndex(690)));
}

#[test]
fn a_forced_status_stands_in_every_frame_until_it_ends() {
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), healthy()).expect("");
    let mut bytes = run(&mut device, at(0.029));
    device.set_status(0, SampleStatus::LEAD_OFF);
    device.advance(at(0.069), &mut bytes);
    device.set_status(0, SampleStatus::NONE);
    device.set_status(9, SampleStatus::LEAD_OFF);
    device.advance(at(0.1), &mut bytes);
    let mut status = Vec::new();
    each_samples(&bytes, |samples| status.push(samples.status.is_lead_off()));
    assert_eq!(status, [false, true, true, false]);
}

#[test]
fn an_impossible_device_is_refused() {
    let refused = |config| VirtualDevice::new(config, healthy()).expect_err("impossible");
    let emg = StreamConfig::emg(1, 1_000_000);
    let with = |stream| DeviceConfig::with_streams("x", vec![stream]);
    let many = DeviceConfig::with_streams("x", vec![emg.clone(); 9]);
    assert_eq!(refused(many), DeviceError::TooManyStreams { count: 9 });
    let long = DeviceConfig { name: "x".repeat(33), ..DeviceConfig::emg_probe() };
    assert!(matches!(refused(long), DeviceError::Wire(_)));
    let full = StreamConfig { scans_per_frame: 114, ..emg.clone() };
    assert!(matches!(refused(with(full)), DeviceError::Wire(_)));
    let flat = StreamConfig { scale: 0.0, ..emg.clone() };
    assert!(matches!(refused(with(flat)), DeviceError::Wire(_)));
    let rails = StreamConfig { rails: Some((0, 70_000)), ..emg.clone() };
    assert_eq!(refused(with(rails)), DeviceError::Rails { stream: 0 });
    let unit = StreamConfig { unit: WireUnit::Pascal, ..emg.clone() };
    let expected = DeviceError::Unit { stream: 0, unit: Unit::Microvolt };
    assert_eq!(refused(with(unit)), expected);
    let wild = DeviceConfig { clock_ppm: f64::NAN, ..DeviceConfig::emg_probe() };
    assert!(matches!(refused(wild), DeviceError::Clock { .. }));
    let still = StreamConfig { rate_mhz: 0, ..emg };
    assert!(VirtualDevice::new(with(still), healthy()).is_err());
    let two_channels = replay(vec![vec![0.0]; 2], Unit::Microvolt);
    let config = DeviceConfig::with_streams("x", vec![StreamConfig::emg(1, 1_000_000)]);
    assert_eq!(VirtualDevice::new(config, two_channels).expect_err(""), DeviceError::Replay);
}
