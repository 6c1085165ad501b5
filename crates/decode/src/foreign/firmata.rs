//! Firmata 2.8: analog messages of three bytes, one for each input.
//!
//! # Source
//!
//! The protocol's public specification.

use super::frames::{Look, Protocol};

/// Analog messages of the inputs that were asked for, in a fixed order, are a frame.
#[derive(Clone, Copy, Debug)]
pub struct Firmata {
    inputs: [u8; 16],
    count: usize,
    bits: u8,
}

impl Firmata {
    /// For these inputs and this resolution.
    #[must_use]
    pub fn new(inputs: &[u8], bits: u8) -> Self {
        let mut all = [0; 16];
        let count = inputs.len().min(16);
        all[..count].copy_from_slice(&inputs[..count]);
        Self { inputs: all, count, bits }
    }
}

/// Longest text of a system message that is skipped.
const MAX_SYSEX: usize = 128;

impl Protocol for Firmata {
    const LOCK: usize = 3;
    const WRAP: Option<u32> = None;

    fn look(&self, bytes: &[u8]) -> Look {
        match bytes[0] {
            0xE0..=0xEF => {}
            // Digital port, version.
            0x90..=0x9F | 0xF9 => {
                return match bytes {
                    [_, low, high, ..] if *low < 0x80 && *high < 0x80 => Look::Aside { len: 3 },
                    [_] => Look::More,
                    [_, low] if *low < 0x80 => Look::More,
                    _ => Look::Miss,
                };
            }
            0xF0 => {
                let end = bytes.iter().skip(1).take(MAX_SYSEX).position(|byte| *byte >= 0x80);
                return match end {
                    Some(end) if bytes[end + 1] == 0xF7 => Look::Aside { len: end + 2 },
                    None if bytes.len() <= MAX_SYSEX => Look::More,
                    _ => Look::Miss,
                };
            }
            _ => return Look::Miss,
        }
        for (message, input) in self.inputs[..self.count].iter().enumerate() {
            let Some(bytes) = bytes.get(3 * message..).filter(|bytes| !bytes.is_empty()) else {
                return Look::More;
            };
            let is_ours = bytes[0] == 0xE0 | input
                && bytes.iter().skip(1).take(2).all(|byte| *byte < 0x80)
                && bytes.get(2).is_none_or(|high| {
                    (u16::from(*high) << 7 | u16::from(bytes[1])) >> self.bits == 0
                });
            match (is_ours, bytes.len() < 3) {
                (false, _) => return Look::Miss,
                (true, true) => return Look::More,
                (true, false) => {}
            }
        }
        Look::Frame { len: 3 * self.count, counter: None, shape: 0 }
    }

    fn code(&self, frame: &[u8], column: usize) -> f64 {
        match frame.get(3 * column..3 * column + 3) {
            Some([_, low, high]) => f64::from(u16::from(*high) << 7 | u16::from(*low)),
            _ => f64::NAN,
        }
    }
}
