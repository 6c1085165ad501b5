use levator_protocol::{
    AckResult, Calib, CalibSource, Capabilities, DeviceState, Encoder, Flags, Hello, MAX_WIRE,
    SampleFormat, SampleStatus, Samples, Status, StreamDesc, StreamFlags, StreamKind, Text,
    WireUnit,
};

use super::*;

/// What a decoder said, in owned form.
#[derive(Debug, PartialEq)]
enum Heard {
    Device(u32),
    Stream(Box<StreamInfo>),
    Scans(u64, Vec<f64>, Quality),
    Lost(u64, u64, LossCause),
    Refused(&'static str),
    Other,
}

fn hear(decoder: &mut Decoder, at: HostTime, bytes: &[u8]) -> Vec<Heard> {
    hear_timed(decoder, at, bytes).0
}

/// With index, device time and newness of each run of samples.
fn hear_timed(
    decoder: &mut Decoder,
    at: HostTime,
    bytes: &[u8],
) -> (Vec<Heard>, Vec<(u64, u64, bool)>) {
    let (mut heard, mut timings) = (Vec::new(), Vec::new());
    decoder.handle(at, bytes, &mut |decoded| {
        heard.push(match decoded {
            Decoded::Device(device) => Heard::Device(device.boot_id),
            Decoded::Stream(info) => Heard::Stream(Box::new(*info)),
            Decoded::Scans(scans) => {
                Heard::Scans(scans.first.0, scans.codes.to_vec(), scans.quality)
            }
            Decoded::Lost(lost) => Heard::Lost(lost.span.start.0, lost.span.end.0, lost.cause),
            Decoded::Refused(refused) => Heard::Refused(refused.reason.name()),
            Decoded::Timing(timing) => {
                // Told of the samples that come next, and of nothing else.
                timings.push((timing.index.0, timing.device_us, timing.is_anew));
                return;
            }
            _ => Heard::Other,
        });
    });
    (heard, timings)
}

struct Device(Encoder);

impl Device {
    fn new() -> Self {
        Self(Encoder::new(Direction::DeviceToHost))
    }

    fn say(&mut self, message: &Message<'_>) -> Vec<u8> {
        let mut frame = [0; MAX_WIRE];
        let len = self.0.encode(message, Flags::default(), &mut frame).expect("it fits");
        frame[..len].to_vec()
    }

    fn hello(&mut self, boot_id: u32) -> Vec<u8> {
        self.say(&Message::Hello(Hello {
            minor: 0,
            max_payload: 240,
            model: 1,
            boot_id,
            uid: [1; 8],
            firmware: [0, 3, 1],
            stream_count: 1,
            capabilities: Capabilities::NONE,
            name: Text::from("probe"),
        }))
    }

    fn describe(&mut self, epoch: u8) -> Vec<u8> {
        self.say(&Message::StreamDesc(StreamDesc {
            stream: 0,
            epoch,
            kind: StreamKind::EmgRaw,
            format: SampleFormat::I16,
            channels: 1,
            unit: WireUnit::Microvolt,
            flags: StreamFlags::NONE,
            rate_mhz: 1_000_000,
            max_scans: 20,
            filter_delay_us: 0,
            adc_min: -2048,
            adc_max: 2047,
            label: Text::from("pelvic"),
        }))
    }

    fn samples(&mut self, index: u32, values: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.say(&Message::Samples(Samples {
            stream: 0,
            epoch: 1,
            status: SampleStatus::NONE,
            index,
            time_us: index.wrapping_mul(1000),
            scan_count: values.len() as u16,
            fault_channels: 0,
            data: &data,
        }))
    }

    fn status(&mut self, boot_id: u32) -> Vec<u8> {
        self.say(&Message::Status(Status {
            uptime_us: 5,
            boot_id,
            state: DeviceState::Streaming,
            battery_percent: None,
            battery_mv: 0,
            temperature_centi_c: None,
            rx_crc_errors: 0,
            rx_overruns: 0,
            tx_dropped: 0,
            faults: 0,
        }))
    }
}

const T0: HostTime = HostTime::ZERO;

/// A decoder that knows the stream and has heard samples 0 to 2.
fn streaming() -> (Decoder, Device) {
    let (mut decoder, mut device) = (Decoder::new(), Device::new());
    let bytes = [device.hello(7), device.describe(1), device.samples(0, &[1, 2, 3])].concat();
    assert_eq!(hear(&mut decoder, T0, &bytes).len(), 3);
    (decoder, device)
}

#[test]
fn samples_follow_each_other_without_a_word_of_loss() {
    let (mut decoder, mut device) = streaming();
    let heard = hear(&mut decoder, T0, &device.samples(3, &[4, 5]));
    assert_eq!(heard, [Heard::Scans(3, vec![4.0, 5.0], Quality::GOOD)]);
}

#[test]
fn samples_before_their_description_are_refused() {
    let (mut decoder, mut device) = (Decoder::new(), Device::new());
    let heard = hear(&mut decoder, T0, &device.samples(0, &[1]));
    assert_eq!(heard, [Heard::Refused("samples before their description")]);
}

#[test]
fn samples_of_another_epoch_are_refused() {
    let (mut decoder, mut device) = (Decoder::new(), Device::new());
    let bytes = [device.describe(2), device.samples(0, &[1])].concat();
    assert_eq!(
        hear(&mut decoder, T0, &bytes)[1],
        Heard::Refused("samples before their description")
    );
}

#[test]
fn a_lost_frame_is_a_loss_on_the_link() {
    let (mut decoder, mut device) = streaming();
    let _ = device.samples(3, &[4, 5]);
    let heard = hear(&mut decoder, T0, &device.samples(5, &[6]));
    assert_eq!(
        heard,
        [Heard::Lost(3, 5, LossCause::Link), Heard::Scans(5, vec![6.0], Quality::GOOD)]
    );
}

#[test]
fn a_lost_frame_is_remembered_by_every_stream() {
    let (mut decoder, mut device) = streaming();
    let _ = device.samples(3, &[4, 5]);
    // A frame of something else comes first; it must not use up what is known of the loss.
    hear(&mut decoder, T0, &device.status(7));
    let heard = hear(&mut decoder, T0, &device.samples(5, &[6]));
    assert_eq!(heard[0], Heard::Lost(3, 5, LossCause::Link));
}

#[test]
fn a_jump_without_a_lost_frame_is_a_loss_in_the_device() {
    let (mut decoder, mut device) = streaming();
    let heard = hear(&mut decoder, T0, &device.samples(9, &[6]));
    assert_eq!(heard[0], Heard::Lost(3, 9, LossCause::Device));
}

#[test]
fn a_lost_status_costs_no_sample() {
    let (mut decoder, mut device) = streaming();
    let _ = device.status(7);
    let heard = hear(&mut decoder, T0, &device.samples(3, &[4]));
    assert_eq!(heard, [Heard::Scans(3, vec![4.0], Quality::GOOD)]);
}

#[test]
fn a_repeated_frame_is_refused() {
    let (mut decoder, mut device) = streaming();
    let frame = device.samples(3, &[4]);
    hear(&mut decoder, T0, &frame);
    assert_eq!(hear(&mut decoder, T0, &frame), [Heard::Refused("samples came twice")]);
}

#[test]
fn the_index_of_the_device_may_wrap() {
    let (mut decoder, mut device) = (Decoder::new(), Device::new());
    let bytes = [
        device.describe(1),
        device.samples(u32::MAX - 1, &[1, 2]),
        device.samples(0, &[3]),
        device.samples(4, &[4]),
    ]
    .concat();
    let heard = hear(&mut decoder, T0, &bytes);
    assert_eq!(heard[1], Heard::Scans(0, vec![1.0, 2.0], Quality::GOOD));
    assert_eq!(heard[2], Heard::Scans(2, vec![3.0], Quality::GOOD));
    assert_eq!(heard[3], Heard::Lost(3, 6, LossCause::Device));
}

#[test]
fn a_restart_leaves_a_gap_as_long_as_the_silence() {
    let (mut decoder, _) = streaming();
    let mut device = Device::new();
    let later = HostTime::from_secs_f64(5.0);
    let bytes = [device.hello(8), device.describe(1), device.samples(0, &[1; 20])].concat();
    let heard = hear(&mut decoder, later, &bytes);
    assert_eq!(heard[2], Heard::Lost(3, 3 + 4980, LossCause::Restart));
    assert!(matches!(heard[3], Heard::Scans(4983, _, _)));
}

#[test]
fn a_restart_whose_greeting_was_lost_is_seen_in_the_status() {
    let (mut decoder, _) = streaming();
    let mut device = Device::new();
    let bytes = [device.status(8), device.samples(0, &[1])].concat();
    let heard = hear(&mut decoder, HostTime::from_secs_f64(1.0), &bytes);
    assert_eq!(heard[1], Heard::Lost(3, 1002, LossCause::Restart));
}

#[test]
fn a_reopened_port_finds_its_place_again() {
    let (mut decoder, mut device) = streaming();
    hear(&mut decoder, T0, &[9, 9, 9]);
    decoder.reopen();
    let heard = hear(&mut decoder, HostTime::from_secs_f64(5.0), &device.samples(5003, &[1]));
    assert_eq!(heard[0], Heard::Lost(3, 5003, LossCause::Link));
}

#[test]
fn another_device_at_the_same_port_is_no_part_of_the_one_before() {
    let (mut decoder, mut device) = streaming();
    let hello = |uid| {
        Message::Hello(Hello {
            minor: 0,
            max_payload: 240,
            model: 1,
            // Equal by chance, as on boards that count their starts.
            boot_id: 7,
            uid,
            firmware: [0, 3, 1],
            stream_count: 1,
            capabilities: Capabilities::NONE,
            name: Text::from("probe"),
        })
    };
    hear(&mut decoder, T0, &device.say(&hello([1; 8])));
    decoder.reopen();
    let later = HostTime::from_secs_f64(5.0);
    let mut other = Device::new();
    let bytes = [other.say(&hello([2; 8])), other.samples(100, &[1; 20])].concat();
    let heard = hear(&mut decoder, later, &bytes);
    assert_eq!(heard[1], Heard::Refused("samples before their description"));
    let bytes = [other.describe(1), other.samples(120, &[1; 20])].concat();
    let heard = hear(&mut decoder, later, &bytes);
    assert_eq!(heard[1], Heard::Lost(3, 3 + 4980, LossCause::Restart), "{heard:?}");
}

#[test]
fn the_clock_of_the_device_is_followed_over_its_wrap_and_begins_anew_with_the_device() {
    let (mut decoder, mut device) = streaming();
    let mut samples = |index: u32, time_us: u32, status| {
        device.say(&Message::Samples(Samples {
            stream: 0,
            epoch: 1,
            status,
            index,
            time_us,
            scan_count: 1,
            fault_channels: 0,
            data: &[0, 0],
        }))
    };
    let none = SampleStatus::NONE;
    let half = samples(3, u32::MAX / 2, none);
    let (_, timings) = hear_timed(&mut decoder, T0, &half);
    assert_eq!(timings, [(3, u64::from(u32::MAX / 2), false)]);
    let near = [samples(4, u32::MAX - 99, none), samples(5, 900, none)].concat();
    let (_, timings) = hear_timed(&mut decoder, T0, &near);
    assert_eq!(timings[1], (5, (1 << 32) + 900, false));
    let jump = samples(6, 50, SampleStatus::CLOCK_DISCONTINUITY);
    assert_eq!(hear_timed(&mut decoder, T0, &jump).1, [(6, 50, true)]);
    decoder.reopen();
    let back = samples(7, 1050, none);
    assert_eq!(hear_timed(&mut decoder, T0, &back).1, [(7, 1050, true)]);
}

#[test]
fn a_calibration_reaches_its_channel_and_outlives_a_repeated_description() {
    let (mut decoder, mut device) = streaming();
    let calib = |channel, epoch| {
        Message::Calib(Calib {
            stream: 0,
            channel,
            epoch,
            source: CalibSource::User,
            scale: 0.5,
            offset: 8.0,
            calibrated_at_s: 0,
            reference_span: 0.0,
        })
    };
    let heard = hear(&mut decoder, T0, &device.say(&calib(0, 1)));
    let Heard::Stream(info) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!(info.calibrations[0], Calibration { scale: 0.5, offset_counts: 8.0 });
    let heard = hear(&mut decoder, T0, &device.describe(1));
    assert_eq!(heard[0], Heard::Stream(info.clone()));
    let wrong = [device.say(&calib(1, 1)), device.say(&calib(0, 2))].concat();
    let refused = Heard::Refused("unusable description");
    assert_eq!(hear(&mut decoder, T0, &wrong), [refused, Heard::Refused("unusable description")]);
}

#[test]
fn samples_that_do_not_fit_their_description_are_refused() {
    let (mut decoder, mut device) = streaming();
    let frame = device.say(&Message::Samples(Samples {
        stream: 0,
        epoch: 1,
        status: SampleStatus::NONE,
        index: 3,
        time_us: 0,
        scan_count: 2,
        fault_channels: 0,
        data: &[1, 0, 0, 0, 2, 0, 0, 0],
    }));
    let heard = hear(&mut decoder, T0, &frame);
    assert_eq!(heard, [Heard::Refused("samples do not fit their description")]);
}

#[test]
fn noise_and_damage_are_named() {
    let (mut decoder, mut device) = streaming();
    let mut frame = device.samples(3, &[4]);
    frame[8] ^= 4;
    let heard = hear(&mut decoder, T0, &frame);
    assert!(matches!(heard[..], [Heard::Refused(_)]), "{heard:?}");
}

#[test]
fn answers_are_passed_on() {
    let (mut decoder, mut device) = streaming();
    let ack = levator_protocol::Ack { kind: 0x42, sequence: 3, result: AckResult::Ok, data: &[] };
    assert_eq!(hear(&mut decoder, T0, &device.say(&Message::Ack(ack))), [Heard::Other]);
}

#[test]
fn a_stream_may_not_change_its_rate_under_way() {
    let (mut decoder, mut device) = streaming();
    let mut fast = [0; MAX_WIRE];
    let description = StreamDesc {
        stream: 0,
        epoch: 2,
        kind: StreamKind::EmgRaw,
        format: SampleFormat::I16,
        channels: 1,
        unit: WireUnit::Microvolt,
        flags: StreamFlags::NONE,
        rate_mhz: 2_000_000,
        max_scans: 20,
        filter_delay_us: 0,
        adc_min: 0,
        adc_max: 0,
        label: Text::from(""),
    };
    let message = Message::StreamDesc(description);
    let len = device.0.encode(&message, Flags::default(), &mut fast).expect("it fits");
    assert_eq!(
        hear(&mut decoder, T0, &fast[..len]),
        [Heard::Refused("description changed while samples came")]
    );
    // The old epoch still holds.
    let heard = hear(&mut decoder, T0, &device.samples(3, &[4]));
    assert_eq!(heard, [Heard::Scans(3, vec![4.0], Quality::GOOD)]);
}

#[test]
fn a_device_that_is_started_again_begins_a_new_run() {
    let (mut decoder, mut device) = streaming();
    // Same boot, index zero again, clock 2 s on.
    let frame = device.say(&Message::Samples(Samples {
        stream: 0,
        epoch: 1,
        status: SampleStatus::NONE,
        index: 0,
        time_us: 2_000_000,
        scan_count: 1,
        fault_channels: 0,
        data: &[5, 0],
    }));
    let heard = hear(&mut decoder, HostTime::from_secs_f64(2.0), &frame);
    assert_eq!(heard[0], Heard::Lost(3, 2002, LossCause::Restart));
    assert_eq!(heard[1], Heard::Scans(2002, vec![5.0], Quality::GOOD));
}
