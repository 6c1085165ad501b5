//! Backyard Brains: two bytes a channel, bit 7 on the first byte of a frame only.
//!
//! # Source
//!
//! The maker's public sketches and host.

use super::frames::{Look, Protocol};

/// The frames of a `SpikerShield` or `SpikerBox`.
#[derive(Clone, Copy, Debug)]
pub struct BackyardBrains {
    channels: usize,
    bits: u8,
}

impl BackyardBrains {
    /// For so many channels of so many bits.
    #[must_use]
    pub fn new(channels: u8, bits: u8) -> Self {
        Self { channels: usize::from(channels), bits }
    }
}

const MESSAGE_BEGINS: [u8; 6] = [0xFF, 0xFF, 0x01, 0x01, 0x80, 0xFF];
const MESSAGE_ENDS: [u8; 6] = [0xFF, 0xFF, 0x01, 0x01, 0x81, 0xFF];
/// Longest message that is skipped. Our choice: ten times the longest that is documented.
const MAX_MESSAGE: usize = 256;

/// The text of a message that begins here, such as `HWT:MUSCLESS;`, and where it ends.
#[must_use]
pub fn message(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let rest = bytes.strip_prefix(&MESSAGE_BEGINS)?;
    let window = &rest[..rest.len().min(MAX_MESSAGE)];
    let end = window.windows(MESSAGE_ENDS.len()).position(|part| part == MESSAGE_ENDS)?;
    Some((&rest[..end], MESSAGE_BEGINS.len() + end + MESSAGE_ENDS.len()))
}

impl Protocol for BackyardBrains {
    const LOCK: usize = 3;
    const WRAP: Option<u32> = None;

    fn look(&self, bytes: &[u8]) -> Look {
        if bytes[0] < 0x80 {
            return Look::Miss;
        }
        if bytes[0] == 0xFF && bytes.get(1).is_none_or(|byte| *byte == 0xFF) {
            let len = bytes.len().min(MESSAGE_BEGINS.len());
            if bytes[..len] != MESSAGE_BEGINS[..len] {
                return Look::Miss;
            }
            return match message(bytes) {
                Some((_, len)) => Look::Aside { len },
                None if bytes.len() < MAX_MESSAGE => Look::More,
                None => Look::Miss,
            };
        }
        let len = 2 * self.channels;
        let there = bytes.len().min(len);
        if bytes[1..there].iter().any(|byte| *byte >= 0x80) {
            return Look::Miss;
        }
        if there < len {
            return Look::More;
        }
        let is_in_range = (0..self.channels).all(|channel| {
            let [high, low] = [bytes[2 * channel], bytes[2 * channel + 1]];
            (u16::from(high & 0x7F) << 7 | u16::from(low)) >> self.bits == 0
        });
        if !is_in_range {
            return Look::Miss;
        }
        Look::Frame { len, counter: None, shape: 0 }
    }

    fn code(&self, frame: &[u8], column: usize) -> f64 {
        match frame.get(2 * column..2 * column + 2) {
            Some([high, low]) => f64::from(u16::from(high & 0x7F) << 7 | u16::from(*low)),
            _ => f64::NAN,
        }
    }
}
