//! Any message with every field in its range, put together from numbers and bytes by `proptest`.

use levator_protocol::{
    ALL, Ack, AckResult, Calib, CalibSource, Capabilities, DeviceState, Direction, Encoder, Event,
    Flags, Hello, Identify, Log, LogLevel, MAX_PAYLOAD, MAX_WIRE, Message, SampleFormat,
    SampleStatus, Samples, Start, Status, StreamDesc, StreamFlags, StreamKind, Text, TimeRep,
    WireUnit,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// The numbers and bytes a message is put together from.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) which: usize,
    pub(crate) numbers: [u64; 10],
    pub(crate) bytes: Vec<u8>,
    pub(crate) flags: Flags,
    pub(crate) sequence: u16,
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    let numbers: [_; 10] = std::array::from_fn(|_| prop_oneof![any::<u64>(), 0..300_u64]);
    // Long runs of zeros and none at all are where stuffing could go wrong.
    let byte = prop_oneof![3 => Just(0), 2 => Just(0xFF), 5 => any::<u8>()];
    let flags = (any::<bool>(), any::<bool>())
        .prop_map(|(ack_wanted, retransmission)| Flags { ack_wanted, retransmission });
    (0..22_usize, numbers, vec(byte, 0..=MAX_PAYLOAD), flags, any::<u16>()).prop_map(
        |(which, numbers, bytes, flags, sequence)| Parts { which, numbers, bytes, flags, sequence },
    )
}

impl Parts {
    pub(crate) fn direction(&self) -> Direction {
        match self.which {
            0..=9 => Direction::DeviceToHost,
            _ => Direction::HostToDevice,
        }
    }

    fn text(&self, most: usize) -> Text<'_> {
        Text::from_bytes(&self.bytes[..self.bytes.len().min(most)])
    }

    fn calib(&self) -> Calib {
        let [a, b, c, d, e, f, ..] = self.numbers;
        Calib {
            stream: (a % 8) as u8,
            channel: (b % 16) as u8,
            epoch: c as u8,
            source: CalibSource::from_code(c as u8),
            scale: f32::from_bits(d as u32 & 0x807F_FFFF | 0x3F00_0000),
            offset: f32::from_bits(e as u32 & 0x807F_FFFF | 0x4B00_0000),
            calibrated_at_s: f as u32,
            reference_span: f32::from_bits(f as u32 & 0x007F_FFFF),
        }
    }

    /// A message with every field in its range.
    pub(crate) fn message(&self) -> Message<'_> {
        let [a, b, c, d, e, f, g, h, i, j] = self.numbers;
        let stream = (a % 8) as u8;
        let stream_or_all = if a % 9 == 8 { ALL } else { stream };
        let format = SampleFormat::from_code((c % 7) as u8);
        let channels = (d % 16) as u8 + 1;
        match self.which {
            0 => Message::Hello(Hello {
                minor: a as u8,
                max_payload: b as u8,
                model: c as u16,
                boot_id: d as u32,
                uid: e.to_le_bytes(),
                firmware: [f as u8, g as u8, h as u8],
                stream_count: (i % 9) as u8,
                capabilities: Capabilities::from_bits(j as u32),
                name: self.text(32),
            }),
            1 => Message::StreamDesc(StreamDesc {
                stream,
                epoch: b as u8,
                kind: StreamKind::from_code(b as u8),
                format,
                channels,
                unit: WireUnit::from_code(e as u8),
                flags: StreamFlags::from_bits(e as u16),
                rate_mhz: f as u32 | 1,
                max_scans: (g % 3) as u16 + 1,
                filter_delay_us: h as u32,
                adc_min: (i as i32).min(j as i32),
                adc_max: (i as i32).max(j as i32),
                label: self.text(211),
            }),
            2 => Message::Calib(self.calib()),
            3 | 4 => {
                let width = format.width().unwrap_or(1) * usize::from(channels);
                let data = &self.bytes[..self.bytes.len().min(226)];
                // One scan of everything if it does not come out even.
                let (scan_count, len) = match data.len() / width {
                    0 => (1, data.len().max(1)),
                    scan_count => (scan_count, scan_count * width),
                };
                Message::Samples(Samples {
                    stream,
                    epoch: b as u8,
                    status: SampleStatus::from_bits(e as u16),
                    index: f as u32,
                    time_us: g as u32,
                    scan_count: scan_count as u16,
                    fault_channels: h as u8,
                    data: data.get(..len).unwrap_or(&[0]),
                })
            }
            5 => Message::Event(Event {
                index: b as u32,
                time_us: c as u32,
                code: d as u8,
                stream: stream_or_all,
                value: e as i16,
            }),
            6 => Message::Status(Status {
                uptime_us: a,
                boot_id: b as u32,
                state: DeviceState::from_code(c as u8),
                battery_percent: (d % 2 == 0).then_some((d % 101) as u8),
                battery_mv: e as u16,
                temperature_centi_c: Some(f as i16).filter(|&value| value != i16::MIN),
                rx_crc_errors: g as u16,
                rx_overruns: h as u16,
                tx_dropped: i as u16,
                faults: j as u32,
            }),
            7 => Message::Log(Log { level: LogLevel::from_code(a as u8), text: self.text(239) }),
            8 => Message::TimeRep(TimeRep { t1: a, t2_us: b.min(c), t3_us: b.max(c) }),
            9 => Message::Ack(Ack {
                kind: a as u8,
                sequence: b as u16,
                result: AckResult::from_code(c as u8),
                data: self.text(236).as_bytes(),
            }),
            10 => Message::Identify(Identify { minor: a as u8, max_payload: b as u8 }),
            11 => Message::GetDesc { stream: stream_or_all },
            12 => Message::Start(Start {
                streams: a as u8,
                batch_ms: b as u8,
                keep_alive_ms: c as u32,
            }),
            13 => Message::Stop,
            14 => Message::SetRate { stream, rate_mhz: b as u32 | 1 },
            15 => Message::Zero {
                stream,
                channel: if b % 17 == 16 { ALL } else { (b % 16) as u8 },
                duration_ms: c as u16,
            },
            16 => Message::SetCal { calib: self.calib(), persist: a % 2 == 1 },
            17 => Message::TimeReq { t1: a },
            18 => Message::KeepAlive,
            19 => Message::SelfTest { stream: stream_or_all, on: b % 2 == 1 },
            20 => Message::Reset,
            _ => Message::Unknown { kind: (a as u8) | 0x80, payload: &self.bytes },
        }
    }

    pub(crate) fn wire(&self) -> Vec<u8> {
        let mut wire = [0; MAX_WIRE];
        let mut encoder = Encoder::resume(self.direction(), self.sequence);
        let len = encoder.encode(&self.message(), self.flags, &mut wire).expect("in range");
        wire[..len].to_vec()
    }
}
