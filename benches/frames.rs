//! Frames of 40 bytes of payload, both ways, beside the crates `cobs` and `crc32fast`.
//!
//! Both do the same work: header and payload, a checksum of four bytes, stuffing, a delimiter. Ours is
//! CRC-32C, theirs is CRC-32, both by the fastest instructions the processor has.

use std::hint::black_box;

use divan::counter::BytesCount;
use divan::{Bencher, bench};
use levator_protocol::{
    Decoder, Direction, Encoder, Flags, MAX_WIRE, Message, SampleStatus, Samples,
};

const FRAMES: usize = 10_000;
/// Header and payload of one frame.
const LEN: usize = 4 + 40;

fn main() {
    divan::main();
}

/// 13 codes of 16 bits behind the 14 bytes that every frame of samples begins with.
fn data(index: u32) -> [u8; 26] {
    std::array::from_fn(|place| (index as usize * 7 + place * 31) as u8)
}

fn encode(into: &mut Vec<u8>) {
    let mut encoder = Encoder::new(Direction::DeviceToHost);
    let mut wire = [0; MAX_WIRE];
    for index in 0..FRAMES as u32 {
        let samples = Samples {
            stream: 0,
            epoch: 1,
            status: SampleStatus::NONE,
            index: 13 * index,
            time_us: 13_000_u32.wrapping_mul(index),
            scan_count: 13,
            fault_channels: 0,
            data: &data(index),
        };
        let len = encoder
            .encode(&Message::Samples(samples), Flags::default(), &mut wire)
            .expect("it fits");
        into.extend_from_slice(&wire[..len]);
    }
}

fn encode_peer(into: &mut Vec<u8>) {
    let (mut plain, mut wire) = ([0; LEN + 4], [0; 64]);
    for index in 0..FRAMES as u32 {
        plain[..4].copy_from_slice(&[0x10, 0x10, index as u8, (index >> 8) as u8]);
        plain[4..18].copy_from_slice(&[0, 1, 0, 0, index as u8, 1, 0, 0, 3, 4, 0, 0, 13, 0]);
        plain[18..LEN].copy_from_slice(&data(index));
        let sum = crc32fast::hash(&plain[..LEN]);
        plain[LEN..].copy_from_slice(&sum.to_le_bytes());
        let len = cobs::encode(&plain, &mut wire);
        into.extend_from_slice(&wire[..len]);
        into.push(0);
    }
}

fn bytes(encode: fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut wire = Vec::new();
    encode(&mut wire);
    wire
}

#[bench]
fn encode_own(bencher: Bencher) {
    let len = bytes(encode).len();
    bencher.counter(BytesCount::new(len)).with_inputs(|| Vec::with_capacity(len)).bench_values(
        |mut wire| {
            encode(&mut wire);
            wire
        },
    );
}

#[bench]
fn encode_cobs_crc32fast(bencher: Bencher) {
    let len = bytes(encode_peer).len();
    bencher.counter(BytesCount::new(len)).with_inputs(|| Vec::with_capacity(len)).bench_values(
        |mut wire| {
            encode_peer(&mut wire);
            wire
        },
    );
}

#[bench]
fn decode_own(bencher: Bencher) {
    let wire = bytes(encode);
    bencher.counter(BytesCount::new(wire.len())).bench(|| {
        let mut decoder = Decoder::new(Direction::DeviceToHost);
        let mut rest = black_box(wire.as_slice());
        let mut count = 0;
        while let Some(result) = decoder.next(&mut rest) {
            count += usize::from(result.is_ok());
        }
        assert_eq!(count, FRAMES);
    });
}

#[bench]
fn decode_cobs_crc32fast(bencher: Bencher) {
    let wire = bytes(encode_peer);
    bencher.counter(BytesCount::new(wire.len())).bench(|| {
        let mut count = 0;
        let mut plain = [0; 64];
        for run in black_box(wire.as_slice()).split(|byte| *byte == 0) {
            let Ok(len) = cobs::decode(run, &mut plain) else { continue };
            let len: usize = len;
            if len >= 4 {
                let (frame, sum) = plain[..len].split_at(len - 4);
                count += usize::from(crc32fast::hash(frame).to_le_bytes() == *sum);
            }
        }
        assert_eq!(count, FRAMES);
    });
}
