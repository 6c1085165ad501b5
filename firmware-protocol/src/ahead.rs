//! A whole frame at the front of a read, unstuffed and summed sixteen bytes at a time.
//!
//! ```text
//! stuffed    03 11 22 02 33 00   the first zero ends the frame
//! chain      ^--------^          says where the code bytes stand: one bit each
//! unstuffed     11 22 00 33      all of them taken out at once, and summed while they are at hand
//! ```
//!
//! What is written is read again in the same words: a byte put into the middle of one would have to reach the
//! memory before a load of the whole could go on. This finds nothing wrong with a frame. Where there is no whole
//! and good one, [`crate::Decoder`] looks at the bytes itself, as it does on processors without these
//! instructions.

use pulp::x86::V2;
use pulp::{NullaryFnOnce, cast};

use crate::frame::{MAX_DECODED, MIN_DECODED};

/// Bytes of a vector.
const WIDTH: usize = 16;
/// Vectors whose zeros are kept in one register.
const GROUP: usize = 4;
/// Room for the longest frame in whole groups.
pub(crate) const VECTORS: usize = MAX_DECODED.next_multiple_of(GROUP * WIDTH) / WIDTH;
/// What is left of any bytes and their own checksum behind them.
const GOOD: u32 = 0xB798_B438;

type Vector = [u8; WIDTH];

/// Decoded length of the frame that ends at the first zero of `wire`, with its bytes in `into`, if its
/// stuffing and its checksum are right. `None` for all else; `into` is then of no use.
#[inline]
pub(crate) fn unstuff(wire: &[u8], into: &mut [Vector; VECTORS]) -> Option<usize> {
    let v2 = V2::try_new()?;
    v2.vectorize(Unstuff { v2, wire, into })
}

/// The checksum by instructions of the processor, where it has them.
#[inline]
pub(crate) fn crc32c(bytes: &[u8]) -> Option<u32> {
    let v2 = V2::try_new()?;
    Some(v2.vectorize(Checksum { v2, bytes }))
}

struct Unstuff<'a> {
    v2: V2,
    wire: &'a [u8],
    into: &'a mut [Vector; VECTORS],
}

impl NullaryFnOnce for Unstuff<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn call(self) -> Option<usize> {
        let Self { v2, wire, into } = self;
        let (first, data) = wire.split_first()?;
        let len = copy(v2, data, into)?;
        if !(MIN_DECODED..=MAX_DECODED).contains(&len) {
            return None;
        }
        // From here on both are counted from the beginning of a group.
        let (mut at, mut left) = (usize::from(*first).checked_sub(1)?, len);
        let mut remainder = !0;
        let (groups, _) = into.as_chunks_mut::<GROUP>();
        for group in groups {
            let bytes = group.as_flattened();
            let mut zeros = 0_u64;
            while at < left.min(GROUP * WIDTH) {
                zeros |= 1 << at;
                // Never a zero: the first of them is at `len`.
                at += usize::from(bytes[at]);
            }
            let is_last = left < GROUP * WIDTH;
            if is_last && at != left {
                return None;
            }
            for vector in group {
                *vector = clear(v2, *vector, zeros as u16);
                if left < WIDTH {
                    remainder = sum_rest(v2, remainder, vector, left);
                    return (remainder == GOOD).then_some(len);
                }
                remainder = sum(v2, remainder, vector);
                zeros >>= WIDTH;
                left -= WIDTH;
            }
            at -= GROUP * WIDTH;
        }
        None
    }
}

/// Copies up to the first zero and some of what is behind it; returns where that zero is.
#[inline(always)]
fn copy(v2: V2, data: &[u8], into: &mut [Vector; VECTORS]) -> Option<usize> {
    let (vectors, rest) = data.as_chunks::<WIDTH>();
    for (place, (from, to)) in vectors.iter().zip(into.iter_mut()).enumerate() {
        *to = *from;
        if let Some(zero) = first_zero(v2, *from) {
            return Some(WIDTH * place + zero);
        }
    }
    let to = into.get_mut(vectors.len())?;
    *to = [0xFF; WIDTH];
    to[..rest.len()].copy_from_slice(rest);
    first_zero(v2, *to).map(|zero| WIDTH * vectors.len() + zero)
}

#[inline(always)]
fn first_zero(v2: V2, vector: Vector) -> Option<usize> {
    let sse2 = v2.sse2;
    let marks = sse2._mm_movemask_epi8(sse2._mm_cmpeq_epi8(cast(vector), sse2._mm_setzero_si128()));
    (marks != 0).then(|| marks.trailing_zeros() as usize)
}

/// Puts zeros where `zeros` has ones.
#[inline(always)]
fn clear(v2: V2, vector: Vector, zeros: u16) -> Vector {
    const BYTE_OF_BITS: Vector = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
    const BIT: Vector = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let sse2 = v2.sse2;
    let spread =
        v2.ssse3._mm_shuffle_epi8(sse2._mm_set1_epi16(zeros.cast_signed()), cast(BYTE_OF_BITS));
    let mask = sse2._mm_cmpeq_epi8(sse2._mm_and_si128(spread, cast(BIT)), cast(BIT));
    cast(sse2._mm_andnot_si128(mask, cast(vector)))
}

#[inline(always)]
fn sum(v2: V2, remainder: u32, vector: &Vector) -> u32 {
    let (words, _) = vector.as_chunks::<4>();
    words.iter().fold(remainder, |remainder, word| {
        v2.sse4_2._mm_crc32_u32(remainder, u32::from_le_bytes(*word))
    })
}

/// The same for the first bytes of a vector.
#[inline(always)]
fn sum_rest(v2: V2, mut remainder: u32, vector: &Vector, len: usize) -> u32 {
    let (words, rest) = vector[..len].as_chunks::<4>();
    for word in words {
        remainder = v2.sse4_2._mm_crc32_u32(remainder, u32::from_le_bytes(*word));
    }
    rest.iter().fold(remainder, |remainder, byte| v2.sse4_2._mm_crc32_u8(remainder, *byte))
}

struct Checksum<'a> {
    v2: V2,
    bytes: &'a [u8],
}

impl NullaryFnOnce for Checksum<'_> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        let Self { v2, bytes } = self;
        let (words, rest) = bytes.as_chunks::<4>();
        let remainder = words.iter().fold(!0, |remainder, word| {
            v2.sse4_2._mm_crc32_u32(remainder, u32::from_le_bytes(*word))
        });
        !rest.iter().fold(remainder, |remainder, byte| v2.sse4_2._mm_crc32_u8(remainder, *byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stuffing::stuff_in_place;
    use crate::{CHECKSUM_LEN, MAX_WIRE};

    /// A frame of `len` decoded bytes on the wire, one in `zero_every` a zero, and `behind` bytes of the next one.
    fn wire(len: usize, zero_every: usize, behind: usize, out: &mut [u8; 2 * MAX_WIRE]) -> usize {
        let summed_len = len - CHECKSUM_LEN;
        let mut frame = [0x5A; MAX_WIRE];
        for (place, byte) in frame[1..=summed_len].iter_mut().enumerate() {
            *byte = if place % zero_every == 0 { 0 } else { (place * 37) as u8 | 1 };
        }
        let checksum = crate::crc::crc32c_small(&frame[1..=summed_len]).to_le_bytes();
        frame[1 + summed_len..=len].copy_from_slice(&checksum);
        stuff_in_place(&mut frame[..=len]).expect("short enough");
        out[..=len].copy_from_slice(&frame[..=len]);
        out[len + 1] = 0;
        out[len + 2..len + 2 + behind].fill(3);
        len + 2 + behind
    }

    #[test]
    fn good_frames_of_every_length_are_taken_whatever_stands_behind_them() {
        if V2::try_new().is_none() {
            return;
        }
        for len in MIN_DECODED..=MAX_DECODED {
            for zero_every in [1, 2, 7, 61, 300] {
                for behind in [0, 1, 15, 16, 40] {
                    let mut bytes = [0; 2 * MAX_WIRE];
                    let end = wire(len, zero_every, behind, &mut bytes);
                    let mut into = [[0xEE; WIDTH]; VECTORS];
                    let found = unstuff(&bytes[..end], &mut into);
                    assert_eq!(found, Some(len), "zero every {zero_every}, {behind} behind");
                    crate::stuffing::unstuff_in_place(&mut bytes[..=len]).expect("well stuffed");
                    assert_eq!(&into.as_flattened()[..len], &bytes[1..=len], "length {len}");
                }
            }
        }
    }

    #[test]
    fn no_other_bytes_are() {
        let mut good = [0; 2 * MAX_WIRE];
        for len in [MIN_DECODED, 20, 63, 64, 65, 127, 128, MAX_DECODED] {
            let end = wire(len, 5, 0, &mut good);
            let is_taken = |bytes: &[u8]| unstuff(bytes, &mut [[0; WIDTH]; VECTORS]).is_some();
            for cut in 0..end {
                assert!(!is_taken(&good[..cut]), "{cut} of {end}");
                assert!(cut == 0 || !is_taken(&good[cut..end]), "from {cut} of {end}");
                for bit in 0..8 {
                    let mut bad = good;
                    bad[cut] ^= 1 << bit;
                    assert!(!is_taken(&bad[..end]), "byte {cut} of {end}");
                }
            }
        }
        for len in [0, 1, 2, 7, 8, 9, 249, 250, 251, 300] {
            let mut bytes = [1; 301];
            bytes[len] = 0;
            assert_eq!(unstuff(&bytes, &mut [[0; WIDTH]; VECTORS]), None, "{len}");
        }
    }

    /// A zero that the chain of code bytes steps over ends the frame all the same.
    #[test]
    fn a_zero_within_a_block_ends_the_frame() {
        let mut bytes = [0x5A; 42];
        (bytes[0], bytes[20], bytes[41]) = (41, 0, 0);
        // The checksum is right for the bytes with that zero: only the rule is in the way.
        let checksum = crate::crc::crc32c_small(&bytes[1..37]).to_le_bytes();
        assert!(!checksum.contains(&0), "one block");
        bytes[37..41].copy_from_slice(&checksum);
        assert_eq!(unstuff(&bytes, &mut [[0; WIDTH]; VECTORS]), None);
    }
}
