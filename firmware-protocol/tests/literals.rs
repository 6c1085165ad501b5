//! Four tests for each message over one literal: fields from bytes, bytes from fields, value from
//! bytes, bytes from value.
#![expect(clippy::float_cmp, reason = "the bits are copied, nothing is computed")]

use levator_protocol::crc::crc32c;
use levator_protocol::kind;
use levator_protocol::message::view::{
    AckView, CalibView, EventView, GetDescView, HelloView, IdentifyView, KeepAliveView, LogView,
    ResetView, SamplesView, SelfTestView, SetCalView, SetRateView, StartView, StatusView, StopView,
    StreamDescView, TimeRepView, TimeReqView, ZeroView,
};
use levator_protocol::stuffing::unstuff_in_place;
use levator_protocol::{
    Ack, AckResult, Calib, CalibSource, Capabilities, DeviceState, Direction, Encoder, Event,
    Flags, Frame, Hello, Identify, Log, LogLevel, MAX_WIRE, Message, SampleFormat, SampleStatus,
    Samples, Start, Status, StreamDesc, StreamFlags, StreamKind, Text, TimeRep, WireUnit,
};

macro_rules! literal {
    (
        $name:ident, $view:ident, $kind:ident,
        $bytes:expr,
        { $($field:ident, $set:ident: $value:expr;)* },
        $message:expr
    ) => {
        mod $name {
            use super::*;

            const BYTES: &[u8] = &$bytes;

            #[test]
            fn fields_from_bytes() {
                let _view = $view::new(BYTES).expect("long enough");
                $( assert_eq!(_view.$field(), $value, stringify!($field)); )*
            }

            #[test]
            fn bytes_from_fields() {
                let mut bytes = BYTES.to_vec();
                // Every byte of the fixed fields must be written by one of them.
                bytes[..$view::LEAST].fill(0xEE);
                let mut _view = $view::new(&mut bytes[..]).expect("long enough");
                $( _view.$set($value); )*
                assert_eq!(bytes, BYTES);
                let fields = [$( stringify!($field), )*] as [&str; _];
                let known = $view::FIELDS.iter().map(|field| field.name);
                assert!(known.eq(fields), "{:?}", $view::FIELDS);
            }

            #[test]
            fn value_from_bytes() {
                let direction = kind::direction(kind::$kind).expect("known");
                let first = if direction == Direction::HostToDevice { 0x14 } else { 0x10 };
                let mut frame = vec![first, kind::$kind, 0x34, 0x12];
                frame.extend_from_slice(BYTES);
                let checksum = crc32c(&frame);
                frame.extend_from_slice(&checksum.to_le_bytes());
                let frame = Frame::check(&frame, direction).expect("every field is in its range");
                assert_eq!(frame.message(), $message);
                assert_eq!(frame.payload(), BYTES);
                assert_eq!(frame.sequence(), 0x1234);
            }

            #[test]
            fn bytes_from_value() {
                let direction = kind::direction(kind::$kind).expect("known");
                let mut wire = [0; MAX_WIRE];
                let len = Encoder::new(direction)
                    .encode(&$message, Flags::default(), &mut wire)
                    .expect("every field is in its range");
                let (stuffed, delimiter) = wire[..len].split_at_mut(len - 1);
                assert_eq!(*delimiter, [0]);
                unstuff_in_place(stuffed).expect("the stuffing is whole");
                assert_eq!(stuffed[2], kind::$kind);
                assert_eq!(stuffed[5..len - 5], *BYTES);
                assert_eq!($message.payload_len(), BYTES.len());
            }
        }
    };
}

literal! {
    hello, HelloView, HELLO,
    *b"PFW1\x00\xF0\x01\x00\xEF\xBE\xAD\xDE\x01\x02\x03\x04\x05\x06\x07\x08\x00\x03\x01\x01\
       \x13\x00\x00\x00\x08probe-01",
    {
        magic, set_magic: *b"PFW1";
        minor, set_minor: 0;
        max_payload, set_max_payload: 240;
        model, set_model: 1;
        boot_id, set_boot_id: 0xDEAD_BEEF;
        uid, set_uid: [1, 2, 3, 4, 5, 6, 7, 8];
        firmware, set_firmware: [0, 3, 1];
        stream_count, set_stream_count: 1;
        capabilities, set_capabilities: 0x13;
        name_len, set_name_len: 8;
    },
    Message::Hello(Hello {
        minor: 0,
        max_payload: 240,
        model: 1,
        boot_id: 0xDEAD_BEEF,
        uid: [1, 2, 3, 4, 5, 6, 7, 8],
        firmware: [0, 3, 1],
        stream_count: 1,
        capabilities: Capabilities::TIME_SYNC | Capabilities::ZERO | Capabilities::BATTERY,
        name: Text::from("probe-01"),
    })
}

literal! {
    stream_desc, StreamDescView, STREAM_DESC,
    *b"\x00\x01\x01\x02\x01\x01\x01\x00\xA0\x86\x01\x00\x4B\x00\x00\x00\xD4\x30\x00\x00\
       \x00\x00\x80\xFF\xFF\xFF\x7F\x00\x08pressure",
    {
        stream, set_stream: 0;
        epoch, set_epoch: 1;
        kind, set_kind: 1;
        format, set_format: 2;
        channels, set_channels: 1;
        unit, set_unit: 1;
        flags, set_flags: 1;
        rate_mhz, set_rate_mhz: 100_000;
        max_scans, set_max_scans: 75;
        reserved, set_reserved: 0;
        filter_delay_us, set_filter_delay_us: 12_500;
        adc_min, set_adc_min: -8_388_608;
        adc_max, set_adc_max: 8_388_607;
        label_len, set_label_len: 8;
    },
    Message::StreamDesc(StreamDesc {
        stream: 0,
        epoch: 1,
        kind: StreamKind::Pressure,
        format: SampleFormat::I24,
        channels: 1,
        unit: WireUnit::Pascal,
        flags: StreamFlags::GAUGE,
        rate_mhz: 100_000,
        max_scans: 75,
        filter_delay_us: 12_500,
        adc_min: -8_388_608,
        adc_max: 8_388_607,
        label: Text::from("pressure"),
    })
}

const CALIB: Calib = Calib {
    stream: 0,
    channel: 2,
    epoch: 1,
    source: CalibSource::Factory,
    scale: 0.007_812_5,
    offset: -1024.5,
    calibrated_at_s: 1_700_000_000,
    reference_span: 4903.5,
};

literal! {
    calib, CalibView, CALIB,
    *b"\x00\x02\x01\x01\x00\x00\x00\x3C\x00\x10\x80\xC4\x00\xF1\x53\x65\x00\x3C\x99\x45",
    {
        stream, set_stream: 0;
        channel, set_channel: 2;
        epoch, set_epoch: 1;
        source, set_source: 1;
        scale, set_scale: 0.007_812_5;
        offset, set_offset: -1024.5;
        calibrated_at_s, set_calibrated_at_s: 1_700_000_000;
        reference_span, set_reference_span: 4903.5;
    },
    Message::Calib(CALIB)
}

literal! {
    samples, SamplesView, SAMPLES,
    *b"\x00\x01\x06\x00\xFF\xFF\xFF\xFF\xF0\xFF\xFF\xFF\x03\x01\
       \x00\x00\x00\xFF\xFF\xFF\xFF\xFF\x7F",
    {
        stream, set_stream: 0;
        epoch, set_epoch: 1;
        status, set_status: 6;
        index, set_index: 0xFFFF_FFFF;
        time_us, set_time_us: 0xFFFF_FFF0;
        scan_count, set_scan_count: 3;
        fault_channels, set_fault_channels: 1;
    },
    Message::Samples(Samples {
        stream: 0,
        epoch: 1,
        status: SampleStatus::SATURATED_HIGH | SampleStatus::LEAD_OFF,
        index: 0xFFFF_FFFF,
        time_us: 0xFFFF_FFF0,
        scan_count: 3,
        fault_channels: 1,
        data: b"\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\x7F",
    })
}

literal! {
    event, EventView, EVENT,
    *b"\xD2\x04\x00\x00\x35\xA7\x56\x00\x01\x00\xFE\xFF",
    {
        index, set_index: 1234;
        time_us, set_time_us: 5_678_901;
        code, set_code: 1;
        stream, set_stream: 0;
        value, set_value: -2;
    },
    Message::Event(Event {
        index: 1234,
        time_us: 5_678_901,
        code: Event::BUTTON,
        stream: 0,
        value: -2,
    })
}

literal! {
    status, StatusView, STATUS,
    *b"\x00\x00\x00\x00\x01\x00\x00\x00\xEF\xBE\xAD\xDE\x01\x57\x48\x0F\x2E\x09\
       \x01\x00\x02\x00\x03\x00\x04\x00\x00\x80",
    {
        uptime_us, set_uptime_us: 1 << 32;
        boot_id, set_boot_id: 0xDEAD_BEEF;
        state, set_state: 1;
        battery_percent, set_battery_percent: 87;
        battery_mv, set_battery_mv: 3912;
        temperature_centi_c, set_temperature_centi_c: 2350;
        rx_crc_errors, set_rx_crc_errors: 1;
        rx_overruns, set_rx_overruns: 2;
        tx_dropped, set_tx_dropped: 3;
        faults, set_faults: 0x8000_0004;
    },
    Message::Status(Status {
        uptime_us: 1 << 32,
        boot_id: 0xDEAD_BEEF,
        state: DeviceState::Streaming,
        battery_percent: Some(87),
        battery_mv: 3912,
        temperature_centi_c: Some(2350),
        rx_crc_errors: 1,
        rx_overruns: 2,
        tx_dropped: 3,
        faults: 0x8000_0004,
    })
}

literal! {
    log, LogView, LOG,
    *b"\x01sensor restarted",
    { level, set_level: 1; },
    Message::Log(Log { level: LogLevel::Warning, text: Text::from("sensor restarted") })
}

literal! {
    time_rep, TimeRepView, TIME_REP,
    *b"\x08\x07\x06\x05\x04\x03\x02\x01\x40\x42\x0F\x00\x00\x00\x00\x00\
       \x3A\x43\x0F\x00\x00\x00\x00\x00",
    {
        t1, set_t1: 0x0102_0304_0506_0708;
        t2_us, set_t2_us: 1_000_000;
        t3_us, set_t3_us: 1_000_250;
    },
    Message::TimeRep(TimeRep {
        t1: 0x0102_0304_0506_0708,
        t2_us: 1_000_000,
        t3_us: 1_000_250,
    })
}

literal! {
    ack, AckView, ACK,
    *b"\x42\x07\x01\x03\x00\xFF",
    {
        kind, set_kind: kind::START;
        sequence, set_sequence: 263;
        result, set_result: 3;
    },
    Message::Ack(Ack {
        kind: kind::START,
        sequence: 263,
        result: AckResult::Value,
        data: &[0, 0xFF],
    })
}

literal! {
    identify, IdentifyView, IDENTIFY,
    *b"PFW1\x00\xF0",
    {
        magic, set_magic: *b"PFW1";
        minor, set_minor: 0;
        max_payload, set_max_payload: 240;
    },
    Message::Identify(Identify { minor: 0, max_payload: 240 })
}

literal! {
    get_desc, GetDescView, GET_DESC,
    [0xFF],
    { stream, set_stream: 0xFF; },
    Message::GetDesc { stream: 0xFF }
}

literal! {
    start, StartView, START,
    *b"\x03\x14\xD0\x07\x00\x00",
    {
        streams, set_streams: 3;
        batch_ms, set_batch_ms: 20;
        keep_alive_ms, set_keep_alive_ms: 2000;
    },
    Message::Start(Start { streams: 3, batch_ms: 20, keep_alive_ms: 2000 })
}

literal! { stop, StopView, STOP, [], {}, Message::Stop }

literal! {
    set_rate, SetRateView, SET_RATE,
    *b"\x00\x40\x42\x0F\x00",
    {
        stream, set_stream: 0;
        rate_mhz, set_rate_mhz: 1_000_000;
    },
    Message::SetRate { stream: 0, rate_mhz: 1_000_000 }
}

literal! {
    zero, ZeroView, ZERO,
    *b"\x00\xFF\xF4\x01",
    {
        stream, set_stream: 0;
        channel, set_channel: 0xFF;
        duration_ms, set_duration_ms: 500;
    },
    Message::Zero { stream: 0, channel: 0xFF, duration_ms: 500 }
}

literal! {
    set_cal, SetCalView, SET_CAL,
    *b"\x00\x02\x01\x01\x00\x00\x00\x3C\x00\x10\x80\xC4\x00\xF1\x53\x65\x00\x3C\x99\x45\x01",
    {
        stream, set_stream: 0;
        channel, set_channel: 2;
        epoch, set_epoch: 1;
        source, set_source: 1;
        scale, set_scale: 0.007_812_5;
        offset, set_offset: -1024.5;
        calibrated_at_s, set_calibrated_at_s: 1_700_000_000;
        reference_span, set_reference_span: 4903.5;
        persist, set_persist: 1;
    },
    Message::SetCal { calib: CALIB, persist: true }
}

literal! {
    time_req, TimeReqView, TIME_REQ,
    *b"\x08\x07\x06\x05\x04\x03\x02\x01",
    { t1, set_t1: 0x0102_0304_0506_0708; },
    Message::TimeReq { t1: 0x0102_0304_0506_0708 }
}

literal! { keep_alive, KeepAliveView, KEEPALIVE, [], {}, Message::KeepAlive }

literal! {
    self_test, SelfTestView, SELF_TEST,
    [0xFF, 0x01],
    {
        stream, set_stream: 0xFF;
        on, set_on: 1;
    },
    Message::SelfTest { stream: 0xFF, on: true }
}

literal! {
    reset, ResetView, RESET,
    *b"PFW1",
    { magic, set_magic: *b"PFW1"; },
    Message::Reset
}

#[test]
fn a_view_is_not_made_over_too_few_bytes() {
    assert!(HelloView::new(&[0; 28][..]).is_none());
    assert!(HelloView::new(&[0; 29][..]).is_some());
    assert!(SamplesView::new(&[0; 13][..]).is_none());
    assert!(GetDescView::new(&[][..]).is_none());
    assert!(StopView::new(&[][..]).is_some());
}
