//! Arbitrary bytes in arbitrary pieces: no panic, and the pieces change nothing.
//!
//! The first byte says how long the pieces are. `cargo fuzz run decode`
#![no_main]

use levator_protocol::{Counters, DecodeError, Decoder, Direction};
use libfuzzer_sys::fuzz_target;

type Taken = Result<(u8, u16, Vec<u8>), DecodeError>;

fn outcomes(bytes: &[u8], wanted: Direction, piece: usize) -> (Vec<Taken>, Counters, usize) {
    let mut decoder = Decoder::new(wanted);
    let mut taken = Vec::new();
    for mut chunk in bytes.chunks(piece) {
        while let Some(result) = decoder.next(&mut chunk) {
            taken.push(
                result.map(|frame| (frame.kind(), frame.sequence(), frame.payload().to_vec())),
            );
        }
    }
    (taken, *decoder.counters(), decoder.pending_len())
}

fuzz_target!(|input: &[u8]| {
    let Some((&piece, bytes)) = input.split_first() else { return };
    for wanted in [Direction::DeviceToHost, Direction::HostToDevice] {
        let whole = outcomes(bytes, wanted, bytes.len().max(1));
        assert_eq!(outcomes(bytes, wanted, usize::from(piece).max(1)), whole);
        assert_eq!(whole.1.bytes, bytes.len() as u64);
    }
});
