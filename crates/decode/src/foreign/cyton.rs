//! OpenBCI Cyton: 33 bytes, `A0`, counter, eight times 24 bits, six bytes aside, `C0` to `C6`.
//!
//! # Source
//!
//! OpenBCI, Cyton data format, and the public firmware, which differs from it in what the bytes aside
//! hold; the firmware is followed.

use super::frames::{Look, Protocol};

/// Bytes of a packet.
pub const PACKET_LEN: usize = 33;

/// The packets of a Cyton. Columns 0 to 7 are the inputs, 8 to 10 acceleration, which comes with every
/// tenth packet or so and is no number in between.
#[derive(Clone, Copy, Debug)]
pub struct Cyton;

/// What a packet carries aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Acceleration in counts of 1/8000 g.
    Acceleration([i16; 3]),
    /// Raw words of the other board modes.
    Raw([i16; 3]),
    /// Milliseconds of the board's clock, and whether it was set just before.
    Time {
        /// Milliseconds.
        ms: u32,
        /// The first packet after the clock was set.
        was_set: bool,
    },
}

/// What a whole packet carries aside; `None` for a form the maker leaves to users.
#[must_use]
pub fn aside(packet: &[u8; PACKET_LEN]) -> Option<Aside> {
    let word = |at: usize| i16::from_be_bytes([packet[at], packet[at + 1]]);
    let words = [word(26), word(28), word(30)];
    match packet[32] {
        0xC0 => Some(Aside::Acceleration(words)),
        0xC1 => Some(Aside::Raw(words)),
        stop @ 0xC3..=0xC6 => {
            let ms = u32::from_be_bytes([packet[28], packet[29], packet[30], packet[31]]);
            Some(Aside::Time { ms, was_set: stop & 1 == 1 })
        }
        _ => None,
    }
}

impl Protocol for Cyton {
    const LOCK: usize = 3;
    const WRAP: Option<u32> = Some(256);

    #[inline]
    fn look(&self, bytes: &[u8]) -> Look {
        if bytes[0] != 0xA0 {
            return Look::Miss;
        }
        let Some(packet) = bytes.first_chunk::<PACKET_LEN>() else { return Look::More };
        if !(0xC0..=0xC6).contains(&packet[32]) {
            return Look::Miss;
        }
        Look::Frame { len: PACKET_LEN, counter: Some(u32::from(packet[1])), shape: 0 }
    }

    #[inline]
    fn code(&self, frame: &[u8], column: usize) -> f64 {
        let Some(packet) = frame.first_chunk::<PACKET_LEN>() else { return f64::NAN };
        if column < 8 {
            let at = 2 + 3 * column;
            let [a, b, c] = [packet[at], packet[at + 1], packet[at + 2]];
            return f64::from(i32::from_be_bytes([a, b, c, 0]) >> 8);
        }
        match aside(packet) {
            Some(Aside::Acceleration(axes)) if axes != [0; 3] => f64::from(axes[(column - 8) % 3]),
            _ => f64::NAN,
        }
    }
}
