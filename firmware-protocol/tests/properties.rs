//! What holds for every message and every cut: generated with `proptest`.

use levator_protocol::crc::crc32c;
use levator_protocol::stuffing::unstuff_in_place;
use levator_protocol::{
    ALL, Ack, AckResult, Calib, CalibSource, Capabilities, Counters, DecodeError, Decoder,
    DeviceState, Direction, EncodeError, Encoder, Event, Flags, Frame, Hello, Identify, Log,
    LogLevel, MAX_PAYLOAD, MAX_WIRE, Message, OVERHEAD, SampleFormat, SampleStatus, Samples, Start,
    Status, StreamDesc, StreamFlags, StreamKind, Text, TimeRep, WireUnit, kind,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// The numbers and bytes a message is put together from.
#[derive(Debug, Clone)]
struct Parts {
    which: usize,
    numbers: [u64; 10],
    bytes: Vec<u8>,
    flags: Flags,
    sequence: u16,
}

fn parts() -> impl Strategy<Value = Parts> {
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
    fn direction(&self) -> Direction {
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
    fn message(&self) -> Message<'_> {
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

    fn wire(&self) -> Vec<u8> {
        let mut wire = [0; MAX_WIRE];
        let mut encoder = Encoder::resume(self.direction(), self.sequence);
        let len = encoder.encode(&self.message(), self.flags, &mut wire).expect("in range");
        wire[..len].to_vec()
    }
}

/// Type, sequence and payload of a frame, or why there is none.
type Taken = Result<(u8, u16, Vec<u8>), DecodeError>;

/// All a decoder says about `bytes`, what it counts, and how much it still holds.
fn outcomes(bytes: &[u8], wanted: Direction, cuts: &[usize]) -> (Vec<Taken>, Counters, usize) {
    let mut decoder = Decoder::new(wanted);
    let mut outcomes = Vec::new();
    let mut from = 0;
    let ends: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    for end in ends.into_iter().chain([bytes.len()]) {
        let mut chunk = bytes.get(from..end).unwrap_or(&[]);
        from = from.max(end);
        while let Some(result) = decoder.next(&mut chunk) {
            let owned =
                |frame: Frame<'_>| (frame.kind(), frame.sequence(), frame.payload().to_vec());
            outcomes.push(result.map(owned));
        }
    }
    (outcomes, *decoder.counters(), decoder.pending_len())
}

proptest! {
    #[test]
    fn decoding_an_encoded_message_is_identity(parts in parts()) {
        let wire = parts.wire();
        let mut decoder = Decoder::new(parts.direction());
        let mut input = &wire[..];
        let frame = decoder.next(&mut input).expect("the delimiter has come").expect("undamaged");
        prop_assert_eq!(frame.message(), parts.message());
        prop_assert_eq!(frame.flags(), parts.flags);
        prop_assert_eq!(frame.sequence(), parts.sequence);
        prop_assert!(input.is_empty());
    }

    #[test]
    fn a_frame_has_ten_bytes_more_than_its_payload_and_no_zero_but_the_last(parts in parts()) {
        let wire = parts.wire();
        prop_assert_eq!(wire.len(), parts.message().payload_len() + OVERHEAD);
        prop_assert!(wire.len() <= MAX_WIRE);
        prop_assert_eq!(wire.iter().position(|&byte| byte == 0), Some(wire.len() - 1));
    }

    #[test]
    fn encoding_a_decoded_message_gives_the_same_bytes(parts in parts()) {
        let wire = parts.wire();
        let mut decoder = Decoder::new(parts.direction());
        let frame = decoder.next(&mut &wire[..]).expect("whole").expect("undamaged");
        let mut again = [0; MAX_WIRE];
        let len = Encoder::resume(parts.direction(), frame.sequence())
            .encode(&frame.message(), frame.flags(), &mut again)
            .expect("what was decoded is in range");
        prop_assert_eq!(&again[..len], &wire[..]);
    }

    #[test]
    fn every_truncation_is_rejected(parts in parts(), cut in any::<prop::sample::Index>()) {
        let mut wire = parts.wire();
        let stuffed = wire.len() - 1;
        unstuff_in_place(&mut wire[..stuffed]).expect("well stuffed");
        let decoded = &wire[1..stuffed];
        let cut = 1 + cut.index(decoded.len() - 1);
        prop_assert!(Frame::check(&decoded[..cut], parts.direction()).is_err());
        prop_assert!(Frame::check(&decoded[cut..], parts.direction()).is_err());
        prop_assert!(Frame::check(decoded, parts.direction()).is_ok());
    }

    #[test]
    fn a_buffer_too_small_is_refused_and_nothing_happens(
        parts in parts(),
        short in any::<prop::sample::Index>(),
    ) {
        let needed = parts.message().payload_len() + OVERHEAD;
        let mut out = vec![0xEE; short.index(needed)];
        let mut encoder = Encoder::resume(parts.direction(), parts.sequence);
        let result = encoder.encode(&parts.message(), parts.flags, &mut out);
        prop_assert_eq!(result, Err(EncodeError::Room { needed, actual: out.len() }));
        prop_assert_eq!(encoder.sequence(), parts.sequence);
        prop_assert!(out.iter().all(|&byte| byte == 0xEE));
    }

    #[test]
    fn how_bytes_are_cut_changes_nothing(
        messages in vec(parts(), 1..6),
        noise in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        mut cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut bytes: Vec<u8> = messages.iter().flat_map(Parts::wire).collect();
        for (place, byte) in noise {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        cuts.sort_by_key(|cut| cut.index(bytes.len() + 1));
        let cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        let each_byte: Vec<_> = (1..bytes.len()).collect();
        for wanted in [Direction::DeviceToHost, Direction::HostToDevice] {
            let whole = outcomes(&bytes, wanted, &[]);
            prop_assert_eq!(&outcomes(&bytes, wanted, &cuts), &whole);
            prop_assert_eq!(&outcomes(&bytes, wanted, &each_byte), &whole);
            prop_assert_eq!(whole.1.bytes, bytes.len() as u64);
        }
    }

    #[test]
    fn any_bytes_are_taken_apart_at_their_zeros(bytes in vec(any::<u8>(), 0..2000)) {
        let (outcomes, counters, pending) = outcomes(&bytes, Direction::DeviceToHost, &[]);
        let runs: Vec<_> = bytes.split(|&byte| byte == 0).collect();
        let (last, ended) = runs.split_last().expect("never empty");
        let full = ended.iter().filter(|run| !run.is_empty()).count();
        prop_assert_eq!(outcomes.len(), full);
        prop_assert_eq!(counters.empty as usize, ended.len() - full);
        prop_assert_eq!(counters.refused() + u64::from(counters.frames), full as u64);
        prop_assert_eq!(pending, if last.len() > 249 { 0 } else { last.len() });
    }

    #[test]
    fn any_payload_under_a_good_checksum_is_read_or_refused(
        code in prop_oneof![0_u8..0x20, 0x40_u8..0x50, any::<u8>()],
        payload in vec(any::<u8>(), 0..=MAX_PAYLOAD),
        host in any::<bool>(),
    ) {
        // Behind the checksum there are no guards: the payload parsers stand alone.
        let mut decoded = vec![if host { 0x14 } else { 0x10 }, code, 0, 0];
        decoded.extend_from_slice(&payload);
        decoded.extend_from_slice(&crc32c(&decoded).to_le_bytes());
        let direction = if host { Direction::HostToDevice } else { Direction::DeviceToHost };
        match Frame::check(&decoded, direction) {
            Ok(frame) => {
                prop_assert_eq!(
                    frame.message().is_unknown(),
                    kind::direction(code) != Some(direction)
                );
                let mut wire = [0; MAX_WIRE];
                let encoded =
                    Encoder::new(direction).encode(&frame.message(), frame.flags(), &mut wire);
                prop_assert!(encoded.is_ok_and(|len| len <= payload.len() + OVERHEAD));
            }
            Err(DecodeError::PayloadLength { least, actual, .. }) => {
                prop_assert!(actual == payload.len() && actual < least);
            }
            Err(DecodeError::Field { offset, .. }) => prop_assert!(offset < payload.len()),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn reset_is_the_same_as_new(bytes in vec(any::<u8>(), 0..600), parts in parts()) {
        let mut decoder = Decoder::new(parts.direction());
        let mut input = &bytes[..];
        while decoder.next(&mut input).is_some() {}
        decoder.reset();
        prop_assert_eq!(decoder.counters(), &Counters::default());
        prop_assert_eq!(decoder.pending_len(), 0);
        prop_assert!(decoder.last_decoded().is_empty());
        let wire = parts.wire();
        prop_assert!(matches!(decoder.next(&mut &wire[..]), Some(Ok(_))));
    }

    #[test]
    fn packed_codes_are_read_back(
        codes in vec(any::<i32>(), 1..57),
        number in 1_u8..=5,
    ) {
        let format = SampleFormat::from_code(number);
        let (least, most) = format.range().expect("known");
        let codes: Vec<_> = codes.into_iter().map(|code| code.clamp(least, most)).collect();
        let mut data = [0; 226];
        let len = format.pack(&codes, &mut data).expect("clamped");
        let samples = Samples {
            stream: 0,
            epoch: 0,
            status: SampleStatus::NONE,
            index: 0,
            time_us: 0,
            scan_count: codes.len() as u16,
            fault_channels: 0,
            data: &data[..len],
        };
        let read = samples.codes(format, 1).expect("the length fits");
        prop_assert!(read.eq(codes.into_iter().map(f64::from)));
    }
}
