//! BITalino (r)evolution: no sync byte, a counter of 4 bits and a CRC of 4 bits at the end.
//!
//! # Source
//!
//! The maker's public firmware (version 5.2) and Python host.

use super::frames::{Look, Protocol};

/// The frames of a BITalino. Columns 0 to 5 are A1 to A6, then the digital I1, I2, O1, O2 behind the last
/// analog one.
#[derive(Clone, Copy, Debug)]
pub struct Bitalino {
    channels: usize,
    len: usize,
}

impl Bitalino {
    /// For 1 to 6 analog channels.
    #[must_use]
    pub fn new(channels: u8) -> Self {
        let channels = usize::from(channels.clamp(1, 6));
        Self { channels, len: [3, 4, 6, 7, 8, 8][channels - 1] }
    }

    /// Bytes of a frame.
    #[must_use]
    pub const fn frame_len(self) -> usize {
        self.len
    }
}

/// CRC-4 with the polynomial x⁴ + x + 1 over a frame whose own CRC is taken as zero.
#[must_use]
pub fn crc4(frame: &[u8]) -> u8 {
    let mut crc = 0_u8;
    for (at, byte) in frame.iter().enumerate() {
        let byte = if at + 1 == frame.len() { byte & 0xF0 } else { *byte };
        for nibble in [byte >> 4, byte & 0xF] {
            crc = CRC4[usize::from(crc)] ^ nibble;
        }
    }
    crc
}

/// The remainder of each nibble, shifted by four bits.
const CRC4: [u8; 16] = {
    let mut table = [0; 16];
    let mut value = 0;
    while value < 16 {
        let mut crc = value as u8;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 8 != 0 { (crc << 1) ^ 0b1_0011 } else { crc << 1 };
            bit += 1;
        }
        table[value] = crc & 0xF;
        value += 1;
    }
    table
};

impl Protocol for Bitalino {
    const LOCK: usize = 4;
    const WRAP: Option<u32> = Some(16);

    #[inline]
    fn look(&self, bytes: &[u8]) -> Look {
        let Some(frame) = bytes.get(..self.len) else { return Look::More };
        let last = frame[self.len - 1];
        if crc4(frame) != last & 0xF {
            return Look::Miss;
        }
        Look::Frame { len: self.len, counter: Some(u32::from(last >> 4)), shape: 0 }
    }

    #[inline]
    fn code(&self, frame: &[u8], column: usize) -> f64 {
        let back = |at: usize| match frame.len().checked_sub(at + 1) {
            Some(place) => u16::from(frame[place]),
            None => 0,
        };
        if column >= self.channels {
            // I1, I2, O1, O2.
            let bit = 7 - (column - self.channels).min(3);
            return f64::from(back(1) >> bit & 1);
        }
        f64::from(match column {
            0 => (back(1) & 0xF) << 6 | back(2) >> 2,
            1 => (back(2) & 3) << 8 | back(3),
            2 => back(4) << 2 | back(5) >> 6,
            3 => (back(5) & 0x3F) << 4 | back(6) >> 4,
            4 => (back(6) & 0xF) << 2 | back(7) >> 6,
            _ => back(7) & 0x3F,
        })
    }
}
