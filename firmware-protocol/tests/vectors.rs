//! The shared vectors, read in full. They were made by `vectors/make.py` from the specification,
//! not by this crate; `python3 vectors/make.py` makes them again, `--check` compares.

#[path = "support/meaning.rs"]
mod meaning;

use std::collections::BTreeSet;
use std::path::Path;

use levator_protocol::crc::{crc32c, crc32c_small};
use levator_protocol::kind::KINDS;
use levator_protocol::stuffing::{stuff_in_place, unstuff_in_place};
use levator_protocol::{
    DecodeError, Decoder, Direction, Encoder, Flags, MAX_WIRE, Message, OVERHEAD, SampleFormat,
    SampleStatus, Samples,
};
use meaning::{Meaning, direction, vectors};

const FILES: [&str; 7] = [
    "checksums.txt",
    "codes.txt",
    "messages.txt",
    "refused.txt",
    "streams.txt",
    "stuffing.txt",
    "tolerated.txt",
];

#[test]
fn every_file_of_vectors_is_read_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let entries = std::fs::read_dir(folder).expect("the folder is part of the repository");
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<_> = names.filter(|name| name.ends_with(".txt")).collect();
    let known: BTreeSet<_> = FILES.map(str::to_owned).into();
    assert_eq!(found, known);
}

/// Decodes bytes that are one frame, byte by byte or at once.
fn with_frame(bytes: &[u8], meaning: &Meaning, place: &str) {
    for chunk_len in [1, bytes.len()] {
        let mut decoder = Decoder::new(meaning.direction);
        let mut frames = 0;
        for mut chunk in bytes.chunks(chunk_len) {
            while let Some(result) = decoder.next(&mut chunk) {
                let frame = result.unwrap_or_else(|refusal| panic!("{place}: {refusal:?}"));
                assert_eq!(frame.message(), meaning.message(), "{place}");
                assert_eq!(frame.kind(), meaning.message().kind(), "{place}");
                assert_eq!(frame.sequence(), meaning.sequence, "{place}");
                assert_eq!(frame.flags(), meaning.flags, "{place}");
                assert_eq!(frame.wire_len(), bytes.len(), "{place}");
                assert_eq!(frame.payload().len() + OVERHEAD, bytes.len(), "{place}");
                frames += 1;
            }
        }
        assert_eq!(frames, 1, "{place}");
        let counters = decoder.counters();
        assert_eq!((counters.frames, counters.refused()), (1, 0), "{place}");
        assert_eq!(counters.bytes, bytes.len() as u64, "{place}");
        assert_eq!(counters.unknown, u32::from(meaning.message().is_unknown()), "{place}");
    }
}

#[test]
fn values_come_out_of_the_bytes() {
    for vector in vectors("messages.txt") {
        with_frame(&vector.bytes, &Meaning::read(&vector.right), &vector.place);
    }
}

#[test]
fn bytes_come_out_of_the_values() {
    for vector in vectors("messages.txt") {
        let meaning = Meaning::read(&vector.right);
        let mut encoder = Encoder::resume(meaning.direction, meaning.sequence);
        let mut wire = [0xEE; MAX_WIRE];
        let len = encoder
            .encode(&meaning.message(), meaning.flags, &mut wire)
            .unwrap_or_else(|refusal| panic!("{}: {refusal:?}", vector.place));
        assert_eq!(wire[..len], vector.bytes, "{}", vector.place);
        assert!(wire[len..].iter().all(|&byte| byte == 0xEE), "{} wrote beyond", vector.place);
        assert_eq!(encoder.sequence(), meaning.sequence.wrapping_add(1));
    }
}

#[test]
fn every_type_has_a_vector_each_way() {
    let all = vectors("messages.txt");
    for kind in KINDS {
        let count = all.iter().filter(|vector| {
            let meaning = Meaning::read(&vector.right);
            meaning.message().kind() == kind.code && meaning.direction == kind.direction
        });
        assert!(count.count() > 0, "{}", kind.name);
    }
}

#[test]
fn what_a_later_version_may_send_is_taken() {
    for vector in vectors("tolerated.txt") {
        with_frame(&vector.bytes, &Meaning::read(&vector.right), &vector.place);
    }
}

fn describe(refusal: DecodeError) -> String {
    match refusal {
        DecodeError::Overlong => "overlong".to_owned(),
        DecodeError::Structure => "structure".to_owned(),
        DecodeError::Short { actual } => format!("short {actual}"),
        DecodeError::Checksum { .. } => "checksum".to_owned(),
        DecodeError::Major { major, kind } => format!("major {major} {kind}"),
        DecodeError::LoopBack { header } => format!("loop-back {}", header.kind),
        DecodeError::PayloadLength { header, least, actual } => {
            format!("length {} {least} {actual}", header.kind)
        }
        DecodeError::Field { header, offset } => format!("field {} {offset}", header.kind),
    }
}

/// What a decoder makes of `bytes`, in the words of the files.
fn outcome(bytes: &[u8], wanted: Direction, chunk_len: usize) -> String {
    let mut decoder = Decoder::new(wanted);
    let mut parts = Vec::new();
    for mut chunk in bytes.chunks(chunk_len) {
        while let Some(result) = decoder.next(&mut chunk) {
            parts.push(match result {
                Ok(frame) => {
                    let known = KINDS.iter().find(|kind| kind.code == frame.kind());
                    let name = known.expect("the files use known types").name;
                    format!("{name} {}", frame.sequence())
                }
                Err(refusal) => describe(refusal),
            });
        }
        assert!(chunk.is_empty());
    }
    let outcomes = parts.len() as u64;
    let counters = decoder.counters();
    assert_eq!(u64::from(counters.frames) + counters.refused(), outcomes);
    assert_eq!(counters.bytes, bytes.len() as u64);
    if counters.empty > 0 {
        parts.push(format!("empty={}", counters.empty));
    }
    if decoder.pending_len() > 0 {
        parts.push(format!("pending={}", decoder.pending_len()));
    }
    parts.join("; ")
}

#[test]
fn damage_is_refused_for_the_reason_given() {
    for name in ["refused.txt", "streams.txt"] {
        for vector in vectors(name) {
            let (side, expected) = vector.right.split_once(' ').unwrap_or((&vector.right, ""));
            for chunk_len in [1, 7, vector.bytes.len().max(1)] {
                let actual = outcome(&vector.bytes, direction(side), chunk_len);
                assert_eq!(actual, expected, "{} in pieces of {chunk_len}", vector.place);
            }
        }
    }
}

#[test]
fn every_kind_of_refusal_has_a_vector_and_its_own_counter() {
    let mut totals = [0; 8];
    for vector in vectors("refused.txt") {
        let side = vector.right.split(' ').next().unwrap();
        let mut decoder = Decoder::new(direction(side));
        let mut input = &vector.bytes[..];
        while decoder.next(&mut input).is_some() {}
        let counters = decoder.counters();
        let counts = [
            ("overlong", counters.overlong),
            ("structure", counters.structure),
            ("short", counters.short),
            ("checksum", counters.checksum),
            ("major", counters.major),
            ("loop-back", counters.loop_back),
            ("length", counters.payload_length),
            ("field", counters.field),
        ];
        let named = vector.right.split(' ').nth(1).unwrap();
        for ((name, count), total) in counts.into_iter().zip(&mut totals) {
            assert_eq!(count, u32::from(name == named), "{} {name}", vector.place);
            *total += count;
        }
    }
    assert!(totals.iter().all(|&total| total > 0), "{totals:?}");
}

#[test]
fn one_flipped_bit_never_leaves_a_frame() {
    for vector in vectors("messages.txt") {
        let wanted = Meaning::read(&vector.right).direction;
        let mut bytes = vector.bytes.clone();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = Decoder::new(wanted);
            let mut input = &bytes[..];
            while decoder.next(&mut input).is_some() {}
            assert_eq!(decoder.counters().frames, 0, "{} bit {bit}", vector.place);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_frame_cut_short_at_either_end_is_never_one() {
    for vector in vectors("messages.txt") {
        let wanted = Meaning::read(&vector.right).direction;
        let end = vector.bytes.len() - 1;
        for cut in 1..end {
            let shortened = [&vector.bytes[..cut], &[0]].concat();
            for bytes in [&shortened[..], &vector.bytes[cut..]] {
                let mut decoder = Decoder::new(wanted);
                let mut input = bytes;
                while decoder.next(&mut input).is_some() {}
                assert_eq!(decoder.counters().frames, 0, "{} cut {cut}", vector.place);
            }
        }
    }
}

#[test]
fn checksums_agree_in_both_forms() {
    for vector in vectors("checksums.txt") {
        let expected = u32::from_str_radix(&vector.right, 16).unwrap();
        assert_eq!(crc32c(&vector.bytes), expected, "{}", vector.place);
        assert_eq!(crc32c_small(&vector.bytes), expected, "{}", vector.place);
    }
}

#[test]
fn stuffing_agrees_both_ways() {
    for vector in vectors("stuffing.txt") {
        let data = vector.bytes;
        let hex = vector.right.split(' ');
        let stuffed: Vec<_> = hex.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        let mut buffer = [&[0], &data[..]].concat();
        stuff_in_place(&mut buffer).unwrap();
        assert_eq!(buffer, stuffed, "{}", vector.place);
        unstuff_in_place(&mut buffer).unwrap();
        assert_eq!(buffer[1..], data, "{}", vector.place);
    }
}

#[test]
fn codes_agree_both_ways() {
    for vector in vectors("codes.txt") {
        let mut words = vector.right.split(' ');
        let format = match words.next().unwrap() {
            "i16" => SampleFormat::I16,
            "i24" => SampleFormat::I24,
            "i32" => SampleFormat::I32,
            "f32" => SampleFormat::F32,
            "u16" => SampleFormat::U16,
            other => panic!("{}: {other}", vector.place),
        };
        let codes: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
        let samples = Samples {
            stream: 0,
            epoch: 0,
            status: SampleStatus::NONE,
            index: 0,
            time_us: 0,
            scan_count: codes.len().try_into().unwrap(),
            fault_channels: 0,
            data: &vector.bytes,
        };
        let read: Vec<_> = samples.codes(format, 1).unwrap().collect();
        assert_eq!(read, codes, "{}", vector.place);
        // Only whole numbers are packed; the others were there to be read.
        if codes.iter().all(|code| code.fract().abs() < f64::EPSILON) {
            let whole: Vec<_> = codes.iter().map(|&code| code as i32).collect();
            let mut packed = [0; 64];
            let len = format.pack(&whole, &mut packed).unwrap();
            assert_eq!(packed[..len], vector.bytes, "{}", vector.place);
        }
    }
}

#[test]
fn a_message_is_refused_by_the_encoder_of_the_other_side() {
    let mut wire = [0; MAX_WIRE];
    for vector in vectors("messages.txt") {
        let meaning = Meaning::read(&vector.right);
        let other = match meaning.direction {
            Direction::DeviceToHost => Direction::HostToDevice,
            Direction::HostToDevice => Direction::DeviceToHost,
        };
        let result = Encoder::new(other).encode(&meaning.message(), Flags::default(), &mut wire);
        assert!(result.is_err(), "{}", vector.place);
        // Nor may it be passed off as unknown.
        let kind = meaning.message().kind();
        let disguised = Message::Unknown { kind, payload: &[] };
        let result =
            Encoder::new(meaning.direction).encode(&disguised, Flags::default(), &mut wire);
        assert!(result.is_err(), "{}", vector.place);
    }
}
