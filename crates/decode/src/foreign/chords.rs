//! Upside Down Labs Chords: `C7 7C`, counter, big-endian words, `01`.
//!
//! # Source
//!
//! The maker's public firmware and both of its hosts, which agree.

use super::frames::{Look, Protocol};

/// The packets of a Chords board.
#[derive(Clone, Copy, Debug)]
pub struct Chords {
    len: usize,
    /// Bits that no code has.
    above: u8,
}

impl Chords {
    /// For a board with so many channels of so many bits (8 to 16).
    #[must_use]
    pub fn new(channels: u8, bits: u8) -> Self {
        let above = if bits >= 16 { 0 } else { 0xFF_u8 << bits.saturating_sub(8) };
        Self { len: 4 + 2 * usize::from(channels), above }
    }
}

impl Protocol for Chords {
    const LOCK: usize = 3;
    const WRAP: Option<u32> = Some(256);

    #[inline]
    fn look(&self, bytes: &[u8]) -> Look {
        match bytes {
            [0xC7] => return Look::More,
            [0xC7, 0x7C, ..] => {}
            _ => return Look::Miss,
        }
        let Some(packet) = bytes.get(..self.len) else { return Look::More };
        let (words, end) = packet[3..].split_at(self.len - 4);
        if end != [1] || words.chunks_exact(2).any(|word| word[0] & self.above != 0) {
            return Look::Miss;
        }
        Look::Frame { len: self.len, counter: Some(u32::from(packet[2])), shape: 0 }
    }

    #[inline]
    fn code(&self, frame: &[u8], column: usize) -> f64 {
        let at = 3 + 2 * column;
        match frame.get(at..at + 2) {
            Some(word) => f64::from(u16::from_be_bytes([word[0], word[1]])),
            None => f64::NAN,
        }
    }
}
