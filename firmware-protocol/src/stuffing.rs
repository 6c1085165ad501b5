//! Byte stuffing: takes every zero out of a frame, so that `00` can end it (SPEC 2.4).
//!
//! Consistent overhead byte stuffing, limited to 253 bytes of data. Within that limit a code byte
//! is never FFh, the stuffed form is always one byte longer than the data, and both directions work
//! in place: the zeros of the data are exactly the places where the code bytes stand.
//!
//! ```text
//! data          11 22 00 33
//! stuffed   03  11 22 02 33      03: the next zero is 3 further; 02: the end is 2 further
//! ```
//!
//! # Source
//!
//! S. Cheshire, M. Baker, 1999, Consistent overhead byte stuffing, IEEE/ACM Transactions on
//! Networking 7(2).

/// Why bytes could not be stuffed or unstuffed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StuffingError {
    /// No place for the first code byte, or more than 253 bytes of data. Send less.
    Size,
    /// The chain of code bytes does not end where the bytes end. They were damaged: drop them.
    Structure,
}

impl core::fmt::Display for StuffingError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Size => "stuffing takes 1 to 254 bytes",
            Self::Structure => "code bytes do not end at the delimiter",
        })
    }
}

impl core::error::Error for StuffingError {}

/// Most bytes, first code byte included, that keep every code byte below FFh.
const MAX_STUFFED: usize = 254;

/// Stuffs `buffer[1..]` in place; `buffer[0]` becomes the first code byte.
///
/// Afterwards `buffer` has no zero. The delimiter is not written.
///
/// # Errors
///
/// [`StuffingError::Size`] if `buffer` is empty or longer than 254 bytes; it is then unchanged.
pub fn stuff_in_place(buffer: &mut [u8]) -> Result<(), StuffingError> {
    if buffer.len() > MAX_STUFFED {
        return Err(StuffingError::Size);
    }
    let (first, data) = buffer.split_first_mut().ok_or(StuffingError::Size)?;
    let mut distance = 1;
    for byte in data.iter_mut().rev() {
        if *byte == 0 {
            *byte = distance;
            distance = 1;
        } else {
            distance += 1;
        }
    }
    *first = distance;
    Ok(())
}

/// Undoes [`stuff_in_place`]: afterwards the data stand in `buffer[1..]`, and `buffer[0]` is zero.
///
/// Costs one step for each zero of the data, not one for each byte.
///
/// # Errors
///
/// [`StuffingError::Structure`] if a code byte is zero or points beyond the end. The bytes are then
/// partly unstuffed and of no use.
#[inline]
pub fn unstuff_in_place(buffer: &mut [u8]) -> Result<(), StuffingError> {
    // An empty buffer has no first code byte.
    let (first, data) = buffer.split_first_mut().ok_or(StuffingError::Structure)?;
    unstuff_data(core::mem::take(first), data)
}

/// The same for `data` whose first code byte, `first`, stands elsewhere.
#[inline]
pub(crate) fn unstuff_data(first: u8, data: &mut [u8]) -> Result<(), StuffingError> {
    // A zero code would never advance.
    let step =
        |code: u8| if code == 0 { Err(StuffingError::Structure) } else { Ok(usize::from(code)) };
    let mut at = step(first)? - 1;
    while let Some(code) = data.get_mut(at) {
        at += step(core::mem::take(code))?;
    }
    if at == data.len() { Ok(()) } else { Err(StuffingError::Structure) }
}

/// Index of the first zero byte: eight bytes at a time.
#[inline]
pub(crate) fn find_zero(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, chunk) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        // A borrow can mark bytes above a zero, never below: the lowest mark is right.
        let marks = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if marks != 0 {
            return Some(index * 8 + (marks.trailing_zeros() / 8) as usize);
        }
    }
    rest.iter().position(|&byte| byte == 0).map(|index| eights.len() * 8 + index)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slow twin: block by block, as the paper describes it.
    fn stuff_slow(data: &[u8]) -> impl Iterator<Item = u8> {
        let blocks = data.split(|&byte| byte == 0);
        blocks.flat_map(|block| {
            let code = u8::try_from(block.len() + 1).expect("blocks here are short");
            core::iter::once(code).chain(block.iter().copied())
        })
    }

    #[test]
    fn the_drawing_in_the_docs_is_right() {
        let mut buffer = [0xAA, 0x11, 0x22, 0x00, 0x33];
        assert_eq!(stuff_in_place(&mut buffer), Ok(()));
        assert_eq!(buffer, [0x03, 0x11, 0x22, 0x02, 0x33]);
        assert_eq!(unstuff_in_place(&mut buffer), Ok(()));
        assert_eq!(buffer, [0x00, 0x11, 0x22, 0x00, 0x33]);
    }

    #[test]
    fn every_pattern_of_zeros_in_eight_bytes_comes_back() {
        for pattern in 0..=255_u8 {
            let mut buffer = [0; 9];
            for (bit, byte) in buffer[1..].iter_mut().enumerate() {
                *byte = (pattern >> bit) & 1;
            }
            let data = buffer;
            assert_eq!(stuff_in_place(&mut buffer), Ok(()));
            assert!(buffer.iter().copied().eq(stuff_slow(&data[1..])), "{pattern:08b}");
            assert_eq!(unstuff_in_place(&mut buffer), Ok(()));
            assert_eq!(buffer, data);
        }
    }

    #[test]
    fn the_longest_frame_without_a_zero_keeps_its_code_byte_below_ff() {
        let mut buffer = [1; crate::MAX_DECODED + 1];
        assert_eq!(stuff_in_place(&mut buffer), Ok(()));
        assert_eq!(usize::from(buffer[0]), crate::MAX_DECODED + 1);
        assert_eq!(unstuff_in_place(&mut buffer), Ok(()));
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        assert_eq!(stuff_in_place(&mut []), Err(StuffingError::Size));
        assert_eq!(stuff_in_place(&mut [0; 254]), Ok(()));
        assert_eq!(stuff_in_place(&mut [0; 255]), Err(StuffingError::Size));
    }

    #[test]
    fn a_broken_chain_is_refused() {
        for bytes in [&mut [][..], &mut [0], &mut [2], &mut [1, 0], &mut [3, 9], &mut [2, 9, 2]] {
            assert_eq!(unstuff_in_place(bytes), Err(StuffingError::Structure));
        }
    }

    #[test]
    fn the_first_zero_is_found_whatever_stands_around_it() {
        for len in 0..40 {
            for first in 0..=len {
                for filler in [0x01, 0x80, 0xFF] {
                    let mut bytes = [filler; 40];
                    bytes[first..].fill(0);
                    let found = find_zero(&bytes[..len]);
                    assert_eq!(found, (first < len).then_some(first), "{len} {filler:02X}");
                    // A one above a zero is where a borrow would show.
                    if first + 1 < len {
                        bytes[first + 1] = 1;
                        assert_eq!(find_zero(&bytes[..len]), Some(first));
                    }
                }
            }
        }
    }
}
