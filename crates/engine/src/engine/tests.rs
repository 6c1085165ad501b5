use levator_decode::{LossCause, Scans, StreamInfo};
use levator_detect::manoeuvre::{Answer, Doubt, Manoeuvre, Role};
use levator_protocol::{
    AckResult, Capabilities, DeviceState, Direction, Encoder, Flags, Hello, MAX_WIRE, Message,
    SampleFormat, SampleStatus, Samples, Status, StreamDesc, StreamFlags, StreamKind, Text,
    WireUnit,
};
use levator_signal::{
    Breathing, Calibration, Drift, Quality, SampleIndex, SampleRate, SignalKind, Unit,
};

use super::*;
use crate::{Digest, Heart, PassedReason, Summary};

fn at(milliseconds: u64) -> HostTime {
    HostTime::from_nanos(milliseconds * 1_000_000)
}

fn say(encoder: &mut Encoder, message: &Message<'_>) -> Vec<u8> {
    let mut frame = [0; MAX_WIRE];
    let len = encoder.encode(message, Flags::default(), &mut frame).expect("it fits");
    frame[..len].to_vec()
}

fn device() -> Encoder {
    Encoder::new(Direction::DeviceToHost)
}

fn hello() -> Message<'static> {
    Message::Hello(Hello {
        minor: 0,
        max_payload: 240,
        model: 1,
        boot_id: 1,
        uid: [1; 8],
        firmware: [0, 3, 1],
        stream_count: 1,
        capabilities: Capabilities::NONE,
        name: Text::from("probe"),
    })
}

fn description(format: SampleFormat) -> Message<'static> {
    Message::StreamDesc(StreamDesc {
        stream: 0,
        epoch: 1,
        kind: StreamKind::EmgRaw,
        format,
        channels: 1,
        unit: WireUnit::Microvolt,
        flags: StreamFlags::NONE,
        rate_mhz: 1_000_000,
        max_scans: 20,
        filter_delay_us: 0,
        adc_min: -2048,
        adc_max: 2047,
        label: Text::from("pelvic"),
    })
}

fn samples(index: u32, data: &[u8], scan_count: u16) -> Message<'_> {
    Message::Samples(Samples {
        stream: 0,
        epoch: 1,
        status: SampleStatus::NONE,
        index,
        time_us: 0,
        scan_count,
        fault_channels: 0,
        data,
    })
}

fn status() -> Message<'static> {
    Message::Status(Status {
        uptime_us: 5,
        boot_id: 1,
        state: DeviceState::Streaming,
        battery_percent: None,
        battery_mv: 0,
        temperature_centi_c: None,
        rx_crc_errors: 0,
        rx_overruns: 0,
        tx_dropped: 0,
        faults: 0,
    })
}

/// States that the link went through, and the number of frames that were sent, for each input.
struct Watch {
    engine: Engine,
    states: Vec<LinkState>,
    sent_count: usize,
}

impl Watch {
    fn new() -> Self {
        let engine = Engine::new(&EngineConfig::device()).expect("defaults are legal");
        Self { engine, states: Vec::new(), sent_count: 0 }
    }

    fn feed(&mut self, input: Input<'_>) {
        let Self { engine, states, sent_count } = self;
        engine.handle(input, &mut |output: Output<'_>| match output {
            Output::Link(event) => states.push(event.state),
            Output::Transmit(_) => *sent_count += 1,
            _ => {}
        });
    }

    fn bytes(&mut self, at: HostTime, bytes: &[u8]) {
        self.feed(Input::Bytes { at, bytes });
    }

    fn take(&mut self) -> Vec<LinkState> {
        std::mem::take(&mut self.states)
    }
}

#[test]
fn the_link_is_followed_from_silence_to_samples_and_back() {
    let mut probe = device();
    let mut watch = Watch::new();
    watch.feed(Input::Link { at: at(0), change: LinkChange::Opened });
    assert_eq!(watch.take(), [LinkState::Silent]);
    assert_eq!(watch.sent_count, 1, "the device is greeted");
    watch.bytes(at(10), b"boot");
    assert_eq!(watch.take(), [LinkState::Synchronising]);
    let greeting = [vec![0], say(&mut probe, &hello())].concat();
    watch.bytes(at(20), &greeting);
    assert_eq!(watch.take(), [LinkState::Connected]);
    let described = say(&mut probe, &description(SampleFormat::I16));
    watch.bytes(at(30), &described);
    let first = say(&mut probe, &samples(0, &[0; 40], 20));
    watch.bytes(at(40), &first);
    assert_eq!(watch.take(), [LinkState::Streaming]);
    watch.feed(Input::Tick { at: at(539) });
    assert_eq!(watch.take(), []);
    watch.feed(Input::Tick { at: at(540) });
    assert_eq!(watch.take(), [LinkState::Stalled]);
    let alive = say(&mut probe, &status());
    watch.bytes(at(1000), &alive);
    assert_eq!(watch.take(), []);
    watch.feed(Input::Tick { at: at(3500) });
    assert_eq!(watch.take(), [LinkState::Silent]);
    watch.feed(Input::Link { at: at(3600), change: LinkChange::Lost });
    assert_eq!(watch.take(), [LinkState::Lost]);
    watch.feed(Input::Link { at: at(4000), change: LinkChange::Opened });
    assert_eq!(watch.take(), [LinkState::Reconnecting]);
    watch.feed(Input::Link { at: at(4100), change: LinkChange::Lost });
    assert_eq!(watch.take(), [LinkState::Lost]);
    watch.feed(Input::Link { at: at(4600), change: LinkChange::Opened });
    assert_eq!(watch.take(), [LinkState::Reconnecting]);
    let greeting = [vec![0], say(&mut probe, &hello())].concat();
    watch.bytes(at(4700), &greeting);
    assert_eq!(watch.take(), [LinkState::Connected]);
    let next = say(&mut probe, &samples(20, &[0; 40], 20));
    watch.bytes(at(4720), &next);
    assert_eq!(watch.take(), [LinkState::Streaming]);
    watch.feed(Input::Link { at: at(4800), change: LinkChange::Lost });
    watch.feed(Input::Link { at: at(5300), change: LinkChange::Opened });
    assert_eq!(watch.take(), [LinkState::Lost, LinkState::Reconnecting]);
    watch.feed(Input::Tick { at: at(10_299) });
    assert_eq!(watch.take(), []);
    watch.feed(Input::Tick { at: at(10_300) });
    assert_eq!(watch.take(), [LinkState::Silent]);
    watch.feed(Input::Link { at: at(10_400), change: LinkChange::Closed });
    assert_eq!(watch.take(), [LinkState::Ended]);
}

#[test]
fn samples_that_were_asked_to_stop_are_not_missed() {
    let mut probe = device();
    let mut watch = Watch::new();
    let stream = [
        say(&mut probe, &hello()),
        say(&mut probe, &description(SampleFormat::I16)),
        say(&mut probe, &samples(0, &[0; 40], 20)),
    ]
    .concat();
    watch.bytes(at(0), &stream);
    watch.take();
    watch.feed(Input::Command { at: at(100), command: Command::Stop });
    assert_eq!(watch.take(), [LinkState::Connected]);
    watch.feed(Input::Tick { at: at(1000) });
    assert_eq!(watch.take(), []);
}

#[test]
fn a_listening_engine_never_speaks() {
    let config = EngineConfig {
        source: Source::Device { conversation: Conversation::Listen },
        ..EngineConfig::device()
    };
    let mut watch = Watch { engine: Engine::new(&config).expect("legal"), ..Watch::new() };
    watch.feed(Input::Link { at: at(0), change: LinkChange::Opened });
    let mut probe = device();
    let bytes = say(&mut probe, &hello());
    watch.bytes(at(10), &bytes);
    watch.feed(Input::Tick { at: at(60_000) });
    watch.feed(Input::Command { at: at(60_000), command: Command::Stop });
    assert_eq!(watch.sent_count, 0);
}

#[test]
fn a_value_that_is_no_number_is_replaced_and_named() {
    let mut probe = device();
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let data: Vec<u8> = [1.0, f32::NAN, f32::INFINITY, 4.0_f32]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let bytes =
        [say(&mut probe, &description(SampleFormat::F32)), say(&mut probe, &samples(0, &data, 4))]
            .concat();
    let mut seen = Vec::new();
    engine.handle(Input::Bytes { at: at(0), bytes: &bytes }, &mut |output: Output<'_>| {
        if let Output::Block(block) = output {
            assert!(block.quality.intersects(Quality::NOT_FINITE));
            assert!(block.filtered.iter().all(|value| value.is_finite()));
            seen.extend_from_slice(block.values);
        }
    });
    assert_eq!(seen, [1.0, 1.0, 1.0, 4.0]);
}

#[test]
fn a_value_of_absurd_size_does_not_stay_in_the_filter() {
    let mut engine = Engine::new(&file(1000.0, SignalKind::Emg)).expect("legal");
    let mut last = Vec::new();
    let mut sink = |output: Output<'_>| {
        if let Output::Block(block) = output {
            assert!(block.filtered.iter().all(|value| value.is_finite()));
            last = block.filtered.to_vec();
        }
    };
    engine.handle(scans(0, &[1.0, f64::MAX, -f64::MAX, f64::MAX]), &mut sink);
    let wave: Vec<f64> = (0..2000).map(|n| f64::from(n % 10)).collect();
    engine.handle(scans(4, &wave), &mut sink);
    assert!(last.iter().any(|value| value.abs() > 0.1), "the channel is dead");
}

#[test]
fn the_rails_of_the_converter_are_recognised() {
    let mut probe = device();
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let data: Vec<u8> = [0_i16, 2047].iter().flat_map(|value| value.to_le_bytes()).collect();
    let bytes =
        [say(&mut probe, &description(SampleFormat::I16)), say(&mut probe, &samples(0, &data, 2))]
            .concat();
    let mut quality = Quality::GOOD;
    engine.handle(Input::Bytes { at: at(0), bytes: &bytes }, &mut |output: Output<'_>| {
        if let Output::Block(block) = output {
            quality |= block.quality;
        }
    });
    assert!(quality.intersects(Quality::SATURATED_HIGH));
    assert!(!quality.intersects(Quality::SATURATED_LOW));
}

fn file(rate_hz: f64, kind: SignalKind) -> EngineConfig {
    let rate = SampleRate::from_hz(rate_hz).expect("legal");
    EngineConfig::scans(StreamInfo::of_values(kind, Unit::Count, rate, 1))
}

fn scans(first: u64, codes: &[f64]) -> Input<'_> {
    let first = SampleIndex(first);
    let scans = Scans {
        stream: 0,
        first,
        channel_count: 1,
        codes,
        quality: Quality::GOOD,
        fault_channels: 0,
    };
    Input::Scans { at: at(0), scans }
}

#[test]
fn a_jump_in_a_file_is_a_gap_and_an_overlap_is_left_out() {
    let mut engine = Engine::new(&file(1000.0, SignalKind::Emg)).expect("legal");
    let mut summary = Summary::new();
    engine.handle(scans(0, &[0.0; 100]), &mut summary);
    engine.handle(scans(150, &[0.0; 100]), &mut summary);
    engine.handle(scans(200, &[0.0; 100]), &mut summary);
    engine.finish(at(0), &mut summary);
    assert_eq!(summary.gaps.len(), 1);
    assert_eq!(summary.gaps[0].span.sample_count(), 50);
    assert_eq!(summary.gaps[0].cause, LossCause::Source);
    assert_eq!(summary.channels[0].sample_count, 200);
    assert_eq!(summary.channels[0].end, SampleIndex(250));
}

/// Contractions of a made EMG, with mains hum over one, a step in front of another, and a loose electrode.
fn faulty_emg() -> Vec<f64> {
    let mut state = 1_u64;
    let mut noise = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    (0..60_000_u32)
        .map(|index| {
            let t = f64::from(index) / 1000.0;
            let level = if t % 10.0 > 5.0 && t % 10.0 < 8.0 { 80.0 } else { 6.0 };
            let hum = if (11.3..17.1).contains(&t) { 150.0 } else { 0.0 };
            let step = if t > 24.137 { 900.0 } else { 0.0 };
            let loose = if (42.05..42.31).contains(&t) { 2000.0 } else { 0.0 };
            level * noise() + hum * (core::f64::consts::TAU * 50.0 * t).sin() + step + loose
        })
        .collect()
}

/// What is known against a sample is known against it however the signal was cut.
#[test]
fn measures_do_not_depend_on_how_the_signal_is_cut() {
    let codes = faulty_emg();
    let run = |len: usize| {
        let mut engine = Engine::new(&file(1000.0, SignalKind::Emg)).expect("legal");
        let mut summary = Summary::new();
        let mut marked = vec![Quality::GOOD; codes.len()];
        for (at, part) in codes.chunks(len).enumerate() {
            engine.handle(scans((at * len) as u64, part), &mut |output: Output<'_>| {
                if let Output::Block(block) = &output {
                    let from = block.first.0 as usize;
                    marked[from..from + block.values.len()].fill(block.quality);
                }
                summary.emit(output);
            });
        }
        engine.finish(at(0), &mut summary);
        (summary.measures, summary.channels[0].contractions.clone(), marked)
    };
    let (measures, contractions, marked) = run(5000);
    assert!(!measures.is_empty() && contractions.len() >= 4, "{}", contractions.len());
    let flags = marked.iter().fold(Quality::GOOD, |all, one| all | *one);
    let names: Vec<_> = flags.names().collect();
    assert!(names.len() >= 3, "{names:?}");
    for len in [1, 10, 64, 512] {
        let (others, found, also_marked) = run(len);
        let differs = marked.iter().zip(&also_marked).position(|(one, other)| one != other);
        assert_eq!(differs, None, "{len}");
        assert_eq!(found, contractions, "{len}");
        assert_eq!(others, measures, "{len}");
    }
}

#[test]
fn a_file_without_samples_ends_well() {
    let mut engine = Engine::new(&file(1000.0, SignalKind::Emg)).expect("legal");
    let mut summary = Summary::new();
    engine.finish(at(0), &mut summary);
    assert_eq!(summary.channels.len(), 1);
    assert_eq!(summary.channels[0].rest, None);
}

#[test]
fn a_channel_that_cannot_be_searched_is_passed_on_and_said_so() {
    for (rate_hz, kind, reason) in [
        (1000.0, SignalKind::Other, PassedReason::NotJudged),
        (50.0, SignalKind::Emg, PassedReason::RateTooLow),
    ] {
        let mut engine = Engine::new(&file(rate_hz, kind)).expect("legal");
        let mut summary = Summary::new();
        engine.handle(scans(0, &[1.0, 2.0]), &mut summary);
        assert_eq!(summary.channels[0].passed, Some(reason));
        assert_eq!(summary.channels[0].sample_count, 2);
    }
}

#[test]
fn pressures_come_in_the_unit_that_was_asked_for() {
    let shown = |unit, asked| {
        let rate = SampleRate::new(100, 1).expect("not zero");
        let mut info = StreamInfo::of_values(SignalKind::Pressure, unit, rate, 1);
        info.calibrations[0] = Calibration { scale: 0.5, offset_counts: 100.0 };
        let config = EngineConfig { pressure_unit: asked, ..EngineConfig::scans(info) };
        let mut engine = Engine::new(&config).expect("legal");
        let mut seen = Vec::new();
        let scans = Scans {
            stream: 0,
            first: SampleIndex::ZERO,
            channel_count: 1,
            codes: &[100.0, 2100.0],
            quality: Quality::GOOD,
            fault_channels: 0,
        };
        engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut |output: Output<'_>| {
            if let Output::Block(block) = output {
                seen.extend(block.values.iter().map(|value| (*value, block.unit)));
            }
        });
        seen
    };
    let pascal = shown(Unit::Pascal, Some(Unit::CentimetreWater));
    assert_eq!(pascal[0], (0.0, Unit::CentimetreWater));
    assert!((pascal[1].0 - 1000.0 / 98.0665).abs() < 1e-12, "{pascal:?}");
    assert_eq!(shown(Unit::Pascal, None)[1], (1000.0, Unit::Pascal));
    let kept = shown(Unit::MillimetreMercury, Some(Unit::MillimetreMercury));
    assert_eq!(kept[1], (1000.0, Unit::MillimetreMercury));
    // A force that stands in for a pressure has no such unit.
    assert_eq!(shown(Unit::Newton, Some(Unit::CentimetreWater))[1], (1000.0, Unit::Newton));
}

#[test]
fn what_is_known_of_a_device_counts_in_whatever_order_it_speaks() {
    let known = crate::KnownCalibration {
        uid: [1; 8],
        channel: ChannelId::default(),
        calibration: Calibration::new(0.5, 10.0).expect("a scale"),
        unit: Unit::Microvolt,
        reference: 100.0,
        made_unix_s: 0,
    };
    let config = EngineConfig { calibrations: vec![known], ..EngineConfig::device() };
    let hear = |order: [Message<'static>; 2]| {
        let mut engine = Engine::new(&config).expect("defaults are legal");
        let mut summary = Summary::new();
        let (mut encoder, mut last) = (device(), Vec::new());
        let mut hear = |engine: &mut Engine, message: &Message<'_>| {
            let bytes = say(&mut encoder, message);
            let mut sink = |output: Output<'_>| {
                if let Output::Block(block) = output {
                    last = block.values.to_vec();
                }
                summary.emit(output);
            };
            engine.handle(Input::Bytes { at: at(0), bytes: &bytes }, &mut sink);
        };
        order.iter().for_each(|message| hear(&mut engine, message));
        hear(&mut engine, &samples(0, &[110, 0, 210, 0], 2));
        last
    };
    let order = || [hello(), description(SampleFormat::I16)];
    assert_eq!(hear(order()), [50.0, 100.0]);
    let [first, second] = order();
    assert_eq!(hear([second, first]), [50.0, 100.0]);
}

#[test]
fn settings_out_of_bounds_are_named() {
    let config = EngineConfig { max_channel_count: 0, ..EngineConfig::device() };
    let error = Engine::new(&config).expect_err("no channel at all");
    assert_eq!(error.to_string(), "max_channel_count is 0, but must be 1 to 256");
    let config = EngineConfig { max_rate_hz: f64::NAN, ..EngineConfig::device() };
    assert_eq!(Engine::new(&config).expect_err("no number").field, "max_rate_hz");
    let mut description = Box::new(levator_decode::foreign::Description {
        name: "test".to_owned(),
        framing: levator_decode::foreign::Framing::Cyton,
        rate: SampleRate::from_hz(250.0).expect("a rate"),
        channels: Vec::new(),
        start: Vec::new(),
        stop: Vec::new(),
        boot_wait_s: 0.0,
        text: String::new(),
    });
    let reason = description.check().expect_err("it has no channels");
    description.text = "of a file".to_owned();
    let source = Source::Foreign { conversation: Conversation::Listen, description };
    let error = Engine::new(&EngineConfig { source, ..EngineConfig::device() });
    let text = error.expect_err("it cannot be used").to_string();
    assert_eq!(text, format!("source.description: {reason}"));
}

#[test]
fn how_bytes_are_cut_changes_no_result() {
    let mut probe = device();
    let mut bytes = say(&mut probe, &description(SampleFormat::I16));
    for index in 0..100_u32 {
        let data: Vec<u8> =
            (0..40).map(|byte: u32| (index * 7 + byte * byte) as u8 & 0x7).collect();
        let frame = say(&mut probe, &samples(index * 20, &data, 20));
        // Every tenth frame is lost, every fifteenth damaged.
        if index % 10 != 3 {
            let damaged = bytes.len() + 9;
            bytes.extend(frame);
            if index % 15 == 0 {
                bytes[damaged] ^= 0x10;
            }
        }
    }
    let run = |len: usize| {
        let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
        let mut digest = Digest::new();
        for chunk in bytes.chunks(len) {
            engine.handle(Input::Bytes { at: at(0), bytes: chunk }, &mut digest);
        }
        engine.finish(at(0), &mut digest);
        digest
    };
    let whole = run(bytes.len());
    assert!(whole.output_count() > 100);
    for len in [1, 2, 3, 7, 16, 63, 64, 250, 4096] {
        assert_eq!(run(len).signal(), whole.signal(), "chunks of {len} bytes");
        assert_eq!(run(len).all(), whole.all(), "chunks of {len} bytes");
    }
}

#[test]
fn answers_and_notes_are_passed_on() {
    let mut probe = device();
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let ack = levator_protocol::Ack { kind: 0x42, sequence: 0, result: AckResult::Busy, data: &[] };
    let bytes = [
        say(&mut probe, &description(SampleFormat::I16)),
        say(&mut probe, &samples(0, &[0; 40], 20)),
        say(&mut probe, &Message::Ack(ack)),
    ]
    .concat();
    let mut seen = Vec::new();
    let mut sink = |output: Output<'_>| match output {
        Output::Answer(answer) => seen.push(format!("answer {}", answer.result)),
        Output::Mark(mark) => seen.push(format!("{} at {}", mark.text, mark.index.0)),
        _ => {}
    };
    engine.handle(Input::Bytes { at: at(0), bytes: &bytes }, &mut sink);
    let command = Command::Mark { text: "cough" };
    engine.handle(Input::Command { at: at(5), command }, &mut sink);
    assert_eq!(seen, ["answer 4", "cough at 19"]);
}

#[test]
fn channels_with_roles_are_told_together() {
    let rate = SampleRate::new(1000, 1).expect("not zero");
    let info = StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, 2);
    let id = |channel| ChannelId { stream: 0, channel };
    let roles = vec![(id(0), Role::PelvicEmg), (id(1), Role::AbdominalEmg)];
    let config = EngineConfig { roles, ..EngineConfig::scans(info) };
    // A squeeze at 5 s, a push at 15 s.
    let mut codes = Vec::new();
    let mut state = 1_u64;
    for index in 0..25_000 {
        let level = |from, to, high| if (from..to).contains(&index) { high } else { 3.0 };
        for level in [level(5000, 8000, 40.0), level(15_000, 18_000, 50.0)] {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            codes.push(level * ((state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0));
        }
    }
    let told = |config: &EngineConfig, cut: usize| {
        let mut engine = Engine::new(config).expect("legal");
        let mut told = Vec::new();
        let mut sink = |output: Output<'_>| {
            if let Output::Manoeuvre(event) = output {
                told.push(event);
            }
        };
        let mut first = 0;
        for codes in codes.chunks(2 * cut) {
            let scans = Scans {
                stream: 0,
                first: SampleIndex(first),
                channel_count: 2,
                codes,
                quality: Quality::GOOD,
                fault_channels: 0,
            };
            engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut sink);
            first += codes.len() as u64 / 2;
        }
        engine.finish(HostTime::ZERO, &mut sink);
        told
    };
    let events = told(&config, 20);
    let done: Vec<_> = events
        .iter()
        .map(|event| match event.answer {
            Answer::Told { manoeuvre, .. } => Some(manoeuvre),
            Answer::CannotTell(_) => None,
        })
        .collect();
    assert_eq!(done, [Some(Manoeuvre::Squeeze), Some(Manoeuvre::Push)], "{events:?}");
    assert!((events[0].start_s - 5.0).abs() < 0.05 && (events[1].end_s - 18.0).abs() < 0.3);
    assert_eq!(told(&config, 333), events);
    // Without roles nothing is told; with one, that it cannot be told.
    assert!(told(&EngineConfig { roles: Vec::new(), ..config.clone() }, 20).is_empty());
    let alone = EngineConfig { roles: vec![(id(0), Role::PelvicEmg)], ..config.clone() };
    let alone = told(&alone, 20);
    assert!(alone.iter().all(|event| event.answer == Answer::CannotTell(Doubt::OneChannel)));
    assert_eq!(alone.len(), 1);
    let many = vec![(id(0), Role::PelvicEmg); 9];
    let error = Engine::new(&EngineConfig { roles: many, ..config }).expect_err("too many");
    assert_eq!(error.to_string(), "roles is 9, but must be at most 8");
}

/// Everything an engine says about `codes` of one channel, in blocks of `cut`.
fn outputs_of(config: &EngineConfig, codes: &[f64], cut: usize, mut see: impl FnMut(Output<'_>)) {
    let mut engine = Engine::new(config).expect("legal");
    let mut first = 0;
    for codes in codes.chunks(cut) {
        let scans = Scans {
            stream: 0,
            first: SampleIndex(first),
            channel_count: 1,
            codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        };
        engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut see);
        first += codes.len() as u64;
    }
    engine.finish(HostTime::ZERO, &mut see);
}

#[test]
fn a_pressure_tells_its_drift_its_breathing_and_its_coughs() {
    let rate = SampleRate::new(50, 1).expect("not zero");
    let info = StreamInfo::of_values(SignalKind::Pressure, Unit::CentimetreWater, rate, 1);
    let config = EngineConfig::scans(info);
    // Five minutes: 1 cmH2O a minute of drift, 15 breaths a minute, a squeeze each half minute, a cough.
    let pressure = |index: u32| {
        let time_s = f64::from(index) / 50.0;
        let within = time_s % 30.0;
        let squeeze = ((within - 10.0).min(15.0 - within) / 0.5).clamp(0.0, 1.0) * 25.0;
        let cough = 30.0 * (-0.5 * ((time_s - 202.0) / 0.1).powi(2)).exp();
        let breath = (time_s * core::f64::consts::TAU * 0.25).sin();
        30.0 + time_s / 60.0 + squeeze + cough + breath
    };
    let codes: Vec<f64> = (0..300 * 50).map(pressure).collect();
    let seen = |cut| {
        let (mut coughs, mut last, mut count) = (Vec::new(), None, 0);
        outputs_of(&config, &codes, cut, |output| match output {
            Output::Cough(event) => coughs.push(event.cough),
            Output::Pressure(event) => {
                last = Some(event);
                count += 1;
            }
            _ => {}
        });
        (coughs, last.expect("told at the end"), count)
    };
    let (coughs, last, count) = seen(7);
    assert_eq!(count, 31, "every 10 s and at the end");
    assert_eq!(coughs.len(), 1, "{coughs:?}");
    assert!((rate.time_s(coughs[0].peak_at) - 202.0).abs() < 0.1);
    let Drift::Known(drift) = last.drift else { panic!("{last:?}") };
    let slope = drift.slope_per_min;
    assert!(
        (slope - 1.0).abs() < 0.2 && (drift.change - 4.5).abs() < drift.bound.max(1.0),
        "{drift:?}"
    );
    let Some(Breathing::Present { rate_per_min, .. }) = last.breathing else { panic!("{last:?}") };
    assert!((rate_per_min - 15.0).abs() < 1.5, "{rate_per_min}");
    let (same_coughs, same_last, _) = seen(512);
    assert_eq!((same_coughs, same_last.drift), (coughs, last.drift));
}

#[test]
fn heart_beats_are_taken_out_where_that_is_asked_for() {
    let rate = SampleRate::new(1000, 1).expect("not zero");
    let info = StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, 1);
    let mut state = 1_u64;
    let codes: Vec<f64> = (0..60_000_u32)
        .map(|index| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = 6.0 * ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5);
            let beat_s = f64::from(index % 830) / 1000.0 - 0.4;
            noise + 60.0 * (-0.5 * (beat_s / 0.012).powi(2)).exp()
        })
        .collect();
    let seen = |heart| {
        let config = EngineConfig { heart, ..EngineConfig::scans(info) };
        let (mut told, mut late) = (None, Vec::new());
        outputs_of(&config, &codes, 20, |output| match output {
            Output::Heart(event) => told = Some(event),
            Output::Block(block) if block.first.0 >= 20_000 => {
                late.extend_from_slice(block.filtered);
            }
            _ => {}
        });
        let power: f64 = late.iter().map(|x| x * x).sum::<f64>() / late.len() as f64;
        (told, power.sqrt())
    };
    let (none, with_beats) = seen(Heart::Keep);
    let (told, without) = seen(Heart::Remove);
    assert!(none.is_none());
    let summary = told.and_then(|event| event.summary).expect("a rate for it");
    assert!(summary.beat_count > 50, "{summary:?}");
    assert!((summary.rate_per_minute.expect("locked") - 60.0 / 0.83).abs() < 1.0);
    // What is left is the noise, 1.6 behind the band-pass.
    assert!((1.55..1.7).contains(&without) && with_beats > 2.5, "{without} of {with_beats}");
}

#[test]
fn channels_side_by_side_give_the_bits_of_channels_alone() {
    let rate = SampleRate::new(1000, 1).expect("not zero");
    let len = 5000;
    for count in [2, 3, 8, 11, 16] {
        let mut state = 1_u64;
        let mut signals = vec![Vec::new(); count];
        for index in 0..len {
            for (channel, signal) in signals.iter_mut().enumerate() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5;
                // One channel has a value that fills its filter, one a value that is no number.
                signal.push(match (channel, index) {
                    (1, 2000) => 1e300,
                    (0, 3000) => f64::NAN,
                    _ => noise * (channel + 1) as f64,
                });
            }
        }
        // A gap of 100 samples at 4000.
        let filtered = |signals: &[Vec<f64>], cut: usize| {
            let channel_count = signals.len();
            let info =
                StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, channel_count as u8);
            let mut engine = Engine::new(&EngineConfig::scans(info)).expect("legal");
            let mut seen = vec![Vec::new(); channel_count];
            for from in (0..len).step_by(cut) {
                let codes: Vec<f64> = (from..len.min(from + cut))
                    .flat_map(|index| signals.iter().map(move |signal| signal[index]))
                    .collect();
                let first = SampleIndex(from as u64 + if from >= 4000 { 100 } else { 0 });
                let scans = Scans {
                    stream: 0,
                    first,
                    channel_count: channel_count as u8,
                    codes: &codes,
                    quality: Quality::GOOD,
                    fault_channels: 0,
                };
                engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut |output: Output<
                    '_,
                >| {
                    if let Output::Block(block) = output {
                        let bits = block.filtered.iter().map(|value| value.to_bits());
                        seen[usize::from(block.channel.channel)].extend(bits);
                    }
                });
            }
            seen
        };
        // A block that is no number throughout is cleared as a whole, so the cuts must agree.
        let together = filtered(&signals, 40);
        for (channel, signal) in signals.iter().enumerate() {
            let alone = filtered(std::slice::from_ref(signal), 40);
            assert_eq!(together[channel], alone[0], "channel {channel} of {count}");
        }
    }
}

#[test]
fn without_measures_all_else_is_the_same() {
    let told = |engine: &mut Engine| {
        let (mut rest, mut measure_count) = (Vec::new(), 0);
        let mut sink = |output: Output<'_>| match output {
            Output::Measure(_) | Output::Trial(_) => measure_count += 1,
            other => rest.push(format!("{other:?}")),
        };
        for (first, codes) in (0..).step_by(100).zip(faulty_emg().chunks(100)) {
            engine.handle(scans(first, codes), &mut sink);
        }
        engine.finish(at(0), &mut sink);
        (rest, measure_count)
    };
    let config = file(1000.0, SignalKind::Emg);
    let (whole, measure_count) = told(&mut Engine::new(&config).expect("legal"));
    let (lean, none) = told(&mut Engine::without_measures(&config).expect("legal"));
    assert!(measure_count > 0 && none == 0, "{measure_count} and {none}");
    assert!(whole.len() > 100 && lean == whole);
}
