//! What holds for every message and every cut: generated with `proptest`.

#[path = "support/parts.rs"]
mod parts;

use levator_protocol::crc::crc32c;
use levator_protocol::stuffing::unstuff_in_place;
use levator_protocol::{
    Counters, DecodeError, Decoder, Direction, EncodeError, Encoder, Frame, MAX_PAYLOAD, MAX_WIRE,
    OVERHEAD, SampleFormat, SampleStatus, Samples, kind,
};
use parts::{Parts, parts};
use proptest::collection::vec;
use proptest::prelude::*;

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
