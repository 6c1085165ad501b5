//! Arbitrary headers and payloads under a good checksum, so that the payload parsers are reached:
//! what is taken is encoded again, and the frame made from it is taken as the same.
//!
//! `cargo fuzz run round_trip`
#![no_main]

use levator_protocol::crc::crc32c;
use levator_protocol::{Decoder, Direction, Encoder, Frame, MAX_DECODED, MAX_WIRE};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut decoded = input[..input.len().min(MAX_DECODED - 4)].to_vec();
    decoded.extend_from_slice(&crc32c(&decoded).to_le_bytes());
    for wanted in [Direction::DeviceToHost, Direction::HostToDevice] {
        let Ok(frame) = Frame::check(&decoded, wanted) else { continue };
        let mut wire = [0; MAX_WIRE];
        let len = Encoder::resume(wanted, frame.sequence())
            .encode(&frame.message(), frame.flags(), &mut wire)
            .expect("what is taken can be sent");
        let mut decoder = Decoder::new(wanted);
        let again = decoder.next(&mut &wire[..len]).expect("whole").expect("undamaged");
        // Numbers that are not numbers are never taken, so equality is equality of bits.
        assert_eq!(again.message(), frame.message());
        assert_eq!(again.header(), frame.header());
    }
});
