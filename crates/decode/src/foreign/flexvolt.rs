//! FlexVolt: a letter that says how many channels of how many bits follow.
//!
//! Codes of 8 bits are shown as the codes of 10 bits with the same voltage, so that one scale fits both.
//!
//! # Source
//!
//! The maker's public description and host.

use super::frames::{Look, Protocol};

/// The frames of a `FlexVolt` sensor. Channels that it does not send are no numbers.
#[derive(Clone, Copy, Debug)]
pub struct FlexVolt;

/// Channels, and whether there are 10 bits, for a letter.
const fn shape(letter: u8) -> Option<(usize, bool)> {
    Some(match letter {
        b'C' => (1, false),
        b'D' => (2, false),
        b'E' => (4, false),
        b'F' => (8, false),
        b'H' => (1, true),
        b'I' => (2, true),
        b'J' => (4, true),
        b'K' => (8, true),
        _ => return None,
    })
}

impl Protocol for FlexVolt {
    const LOCK: usize = 3;
    const WRAP: Option<u32> = None;

    fn look(&self, bytes: &[u8]) -> Look {
        // The battery may come in between.
        if bytes[0] == b't' {
            return if bytes.len() < 2 { Look::More } else { Look::Aside { len: 2 } };
        }
        let Some((channels, is_wide)) = shape(bytes[0]) else { return Look::Miss };
        let rests = if is_wide { channels.div_ceil(4) } else { 0 };
        let len = 1 + channels + rests;
        let Some(frame) = bytes.get(..len) else { return Look::More };
        // Two bits a channel, from the top; what is left over is zero.
        let used = 2 * (channels % 4);
        if is_wide && used > 0 && frame[len - 1] << used != 0 {
            return Look::Miss;
        }
        Look::Frame { len, counter: None, shape: bytes[0] }
    }

    fn code(&self, frame: &[u8], column: usize) -> f64 {
        let Some((channels, is_wide)) = frame.first().and_then(|letter| shape(*letter)) else {
            return f64::NAN;
        };
        let Some(high) = frame.get(1 + column).filter(|_| column < channels) else {
            return f64::NAN;
        };
        let high = u16::from(*high) << 2;
        if !is_wide {
            return f64::from(high);
        }
        let rest = frame.get(1 + channels + column / 4).copied().unwrap_or(0);
        f64::from(high | u16::from(rest >> (6 - 2 * (column % 4)) & 3))
    }
}
