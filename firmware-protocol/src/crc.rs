//! CRC-32C, the checksum at the end of every frame (SPEC 2.3).
//!
//! Polynomial 1EDC6F41h (Castagnoli), reflected, initial value and final exclusive-or FFFFFFFFh.
//! At our frame sizes it keeps a Hamming distance of 6 up to 248 bytes, where the polynomial of
//! Ethernet has 5.
//!
//! There are three forms with the same results: [`crc32c_small`] with a table of 64 bytes, a nibble
//! at a time, for microcontrollers; with the feature `fast-crc` (on by default), one with 16 KiB of
//! tables that takes 16 bytes a step; and with `hardware-crc` the instructions of an x86-64 processor that
//! has them. [`crc32c()`] is the fastest that the build and the processor allow.
//!
//! # Source
//!
//! G. Castagnoli, S. Bräuer, M. Herrmann, 1993, Optimization of cyclic redundancy-check codes
//! with 24 and 32 parity bits (polynomial); RFC 3720 appendix B.4 (test values).

/// The polynomial 1EDC6F41h with its bits in reverse order.
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// Remainders of the sixteen nibbles: 64 bytes.
static NIBBLES: [u32; 16] = nibble_table();

/// Checksum of `bytes`. For `123456789` in ASCII it is E3069283h.
#[inline]
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    #[cfg(all(feature = "hardware-crc", target_arch = "x86_64"))]
    if let Some(checksum) = crate::ahead::crc32c(bytes) {
        return checksum;
    }
    #[cfg(feature = "fast-crc")]
    return fast::crc32c(bytes);
    #[cfg(not(feature = "fast-crc"))]
    return crc32c_small(bytes);
}

/// The same checksum as [`crc32c()`] with a table of 64 bytes; about ten times slower.
#[must_use]
pub fn crc32c_small(bytes: &[u8]) -> u32 {
    let mut remainder = !0_u32;
    for &byte in bytes {
        remainder ^= u32::from(byte);
        remainder = (remainder >> 4) ^ NIBBLES[(remainder & 15) as usize];
        remainder = (remainder >> 4) ^ NIBBLES[(remainder & 15) as usize];
    }
    !remainder
}

const fn nibble_table() -> [u32; 16] {
    let mut table = [0; 16];
    let mut index = 0;
    while index < 16 {
        table[index] = shift(index as u32, 4);
        index += 1;
    }
    table
}

/// Divides `remainder` by the polynomial, one bit at a time.
const fn shift(mut remainder: u32, bits: u32) -> u32 {
    let mut bit = 0;
    while bit < bits {
        remainder = (remainder >> 1) ^ if remainder & 1 == 1 { POLYNOMIAL } else { 0 };
        bit += 1;
    }
    remainder
}

#[cfg(feature = "fast-crc")]
mod fast {
    use super::shift;

    /// `TABLES[k][b]` is the remainder of byte `b` followed by `k` zero bytes.
    static TABLES: [[u32; 256]; 16] = tables();

    const fn tables() -> [[u32; 256]; 16] {
        let mut tables = [[0; 256]; 16];
        let mut byte = 0;
        while byte < 256 {
            tables[0][byte] = shift(byte as u32, 8);
            byte += 1;
        }
        let mut step = 1;
        while step < 16 {
            let mut byte = 0;
            while byte < 256 {
                let before = tables[step - 1][byte];
                tables[step][byte] = (before >> 8) ^ tables[0][(before & 255) as usize];
                byte += 1;
            }
            step += 1;
        }
        tables
    }

    /// Remainder of the four bytes of `word`, first byte lowest, followed by `after` zero bytes.
    #[inline(always)]
    fn word(word: u32, after: usize) -> u32 {
        let [a, b, c, d] = word.to_le_bytes();
        (TABLES[after + 3][usize::from(a)] ^ TABLES[after + 2][usize::from(b)])
            ^ (TABLES[after + 1][usize::from(c)] ^ TABLES[after][usize::from(d)])
    }

    #[inline]
    pub(super) fn crc32c(bytes: &[u8]) -> u32 {
        let mut remainder = !0_u32;
        let (sixteens, rest) = bytes.as_chunks::<16>();
        for chunk in sixteens {
            let [a, b, c, d] = words(chunk);
            // Only the first word waits for the remainder before it.
            let ahead = word(b, 8) ^ word(c, 4) ^ word(d, 0);
            remainder = word(a ^ remainder, 12) ^ ahead;
        }
        // Frames are short: a bytewise tail would cost more than the chunks before it.
        let (fours, rest) = rest.as_chunks::<4>();
        for chunk in fours {
            remainder = word(u32::from_le_bytes(*chunk) ^ remainder, 0);
        }
        for &byte in rest {
            let index = (remainder ^ u32::from(byte)) & 255;
            remainder = (remainder >> 8) ^ TABLES[0][index as usize];
        }
        !remainder
    }

    #[inline(always)]
    fn words(chunk: &[u8; 16]) -> [u32; 4] {
        let (words, _) = chunk.as_chunks::<4>();
        [0, 1, 2, 3].map(|index| u32::from_le_bytes(words[index]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One bit at a time, straight from the definition.
    fn crc32c_slow(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |remainder, &byte| shift(remainder ^ u32::from(byte), 8))
    }

    #[test]
    fn the_published_check_value_comes_out() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c_small(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn the_values_of_rfc_3720_come_out() {
        let mut rising = [0; 32];
        for (index, byte) in (0..).zip(&mut rising) {
            *byte = index;
        }
        let mut falling = rising;
        falling.reverse();
        for (bytes, expected) in [
            ([0; 32], 0x8A91_36AA),
            ([0xFF; 32], 0x62A8_AB43),
            (rising, 0x46DD_794E),
            (falling, 0x113F_DB5C),
        ] {
            assert_eq!(crc32c(&bytes), expected, "{bytes:02X?}");
        }
    }

    #[test]
    fn all_forms_agree_at_every_length_of_a_frame() {
        let mut bytes = [0; crate::MAX_DECODED];
        let mut state = 1_u32;
        for byte in &mut bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_le_bytes()[3];
        }
        for len in 0..=bytes.len() {
            let part = &bytes[..len];
            assert_eq!(crc32c(part), crc32c_slow(part), "length {len}");
            assert_eq!(crc32c_small(part), crc32c_slow(part), "length {len}");
            #[cfg(feature = "fast-crc")]
            assert_eq!(fast::crc32c(part), crc32c_slow(part), "length {len}");
            // Instructions take words: a beginning that is no multiple of theirs goes another way.
            for from in 0..len.min(9) {
                assert_eq!(crc32c(&part[from..]), crc32c_slow(&part[from..]), "{from} to {len}");
            }
        }
    }

    #[test]
    fn the_small_table_has_64_bytes() {
        assert_eq!(size_of_val(&NIBBLES), 64);
    }
}
