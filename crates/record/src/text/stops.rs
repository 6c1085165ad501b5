//! Where numbers end.
//!
//! A number ends at the first byte that is no digit, and so does each part of it. Whoever looks for
//! these bytes one after the other waits for each. Here they are looked for many at a time, before any
//! number is read: one bit a byte.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::__m256i;

#[cfg(target_arch = "x86_64")]
use pulp::{bytemuck::cast, x86::V3};

/// Bytes that are looked at together, one to a bit.
pub(crate) const GROUP: usize = 64;

/// Groups that are looked at in one go. Our choice: what is not used at the end of a run of rows is
/// lost, and this is some thirty rows.
const GROUPS: usize = 8;

/// Which bytes end a number or a part of one: all but digits, and but a minus at the start of a field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stops {
    groups: Vec<u64>,
    /// One if the last byte ends a field.
    carry: u64,
}

impl Stops {
    /// For bytes of another place, at the start of a field.
    pub(crate) fn restart(&mut self) {
        self.groups.clear();
        self.carry = 1;
    }

    /// The stops among [`GROUP`] bytes from `start` on, the first lowest. Looks on in `bytes` if they are
    /// not known; `None` if there are not enough.
    #[inline(always)]
    pub(crate) fn from(
        &mut self,
        by: impl Look,
        bytes: &[u8],
        start: usize,
        separator: u8,
    ) -> Option<u64> {
        let index = start / GROUP;
        if index + 1 >= self.groups.len() {
            self.look(by, bytes, separator);
        }
        let &[low, high] = self.groups.get(index..)?.first_chunk()?;
        let offset = start % GROUP;
        Some(low >> offset | high << 1 << (GROUP - 1 - offset))
    }

    #[inline(always)]
    fn look(&mut self, by: impl Look, bytes: &[u8], separator: u8) {
        let rest = bytes.get(self.groups.len() * GROUP..).unwrap_or_default();
        for group in rest.as_chunks::<GROUP>().0.iter().take(GROUPS) {
            let Found { no_digits, minuses, ends } = by.look(group, separator);
            self.groups.push(no_digits & !(minuses & (ends << 1 | self.carry)));
            self.carry = ends >> (GROUP - 1);
        }
    }
}

/// Bits for some bytes, that of the first lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    no_digits: u64,
    minuses: u64,
    /// Separators and LF.
    ends: u64,
}

/// How bytes are looked at: with what a processor has, or without. All ways find the same.
pub(crate) trait Look: Copy {
    fn look(self, group: &[u8; GROUP], separator: u8) -> Found;
}

/// Eight bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl Look for Plain {
    #[inline(always)]
    fn look(self, group: &[u8; GROUP], separator: u8) -> Found {
        const ONES: u64 = 0x0101_0101_0101_0101;
        /// The highest bit of each byte that is above `most`, put side by side.
        fn above(bytes: u64, most: u8) -> u64 {
            let sums = (bytes & (ONES * 0x7f)) + ONES * u64::from(0x7f - most);
            let highest = (sums | bytes) & (ONES * 0x80);
            (highest >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
        }
        let mut found = Found { no_digits: 0, minuses: 0, ends: 0 };
        let (words, _) = group.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let bytes = u64::from_le_bytes(*word);
            let without = |byte: u8| bytes ^ (ONES * u64::from(byte));
            let equal = |byte| above(without(byte), 0) ^ 0xff;
            found.no_digits |= above(without(b'0'), 9) << (8 * index);
            found.minuses |= equal(b'-') << (8 * index);
            found.ends |= (equal(separator) | equal(b'\n')) << (8 * index);
        }
        found
    }
}

/// 32 bytes at a time, with AVX2.
#[cfg(target_arch = "x86_64")]
impl Look for V3 {
    #[inline(always)]
    fn look(self, group: &[u8; GROUP], separator: u8) -> Found {
        let (halves, _) = group.as_chunks();
        let low = half(self, &halves[0], separator);
        let high = half(self, &halves[1], separator);
        Found {
            no_digits: low.no_digits | high.no_digits << 32,
            minuses: low.minuses | high.minuses << 32,
            ends: low.ends | high.ends << 32,
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn half(v3: V3, bytes: &[u8; 32], separator: u8) -> Found {
    let bytes = cast(*bytes);
    // Digits become the ten lowest of all signed bytes.
    let moved = v3.avx2._mm256_add_epi8(bytes, splat(v3, 0x80_u8.wrapping_sub(b'0')));
    let no_digits = v3.avx2._mm256_cmpgt_epi8(moved, splat(v3, 0x80 + 9));
    let minuses = v3.avx2._mm256_cmpeq_epi8(bytes, splat(v3, b'-'));
    let lines = v3.avx2._mm256_cmpeq_epi8(bytes, splat(v3, b'\n'));
    let fields = v3.avx2._mm256_cmpeq_epi8(bytes, splat(v3, separator));
    let ends = v3.avx2._mm256_or_si256(lines, fields);
    Found { no_digits: bits(v3, no_digits), minuses: bits(v3, minuses), ends: bits(v3, ends) }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn splat(v3: V3, byte: u8) -> __m256i {
    v3.avx._mm256_set1_epi8(byte.cast_signed())
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bits(v3: V3, bytes: __m256i) -> u64 {
    u64::from(v3.avx2._mm256_movemask_epi8(bytes).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_all_find(group: &[u8; GROUP], separator: u8) {
        let bits = |is: &dyn Fn(u8) -> bool| {
            group
                .iter()
                .enumerate()
                .fold(0, |bits, (index, &byte)| bits | u64::from(is(byte)) << index)
        };
        let expected = Found {
            no_digits: bits(&|byte| !byte.is_ascii_digit()),
            minuses: bits(&|byte| byte == b'-'),
            ends: bits(&|byte| byte == separator || byte == b'\n'),
        };
        assert_eq!(Plain.look(group, separator), expected, "{group:?}");
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = V3::try_new() {
            assert_eq!(v3.look(group, separator), expected, "{group:?}");
        }
    }

    #[test]
    fn every_byte_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            assert_all_find(&[byte; GROUP], b';');
            for (place, other) in (0..GROUP).flat_map(|place| [(place, b'7'), (place, b',')]) {
                let mut group = [other; GROUP];
                group[place] = byte;
                assert_all_find(&group, b',');
            }
        }
    }

    #[test]
    fn all_but_digits_and_signs_are_stops_from_wherever_one_looks() {
        let text = b"-12.5,-3,7-8,.-9\n-1,--2\n-".repeat(200);
        let is_end = |at: usize| matches!(text[at], b',' | b'\n');
        let is_stop = |at: usize| match text[at] {
            b'-' => at > 0 && !is_end(at - 1),
            byte => !byte.is_ascii_digit(),
        };
        let mut stops = Stops::default();
        stops.restart();
        for start in 0..text.len() - 2 * GROUP {
            let expected = (0..GROUP).fold(0, |all, at| all | u64::from(is_stop(start + at)) << at);
            assert_eq!(stops.from(Plain, &text, start, b','), Some(expected), "from {start}");
        }
        assert_eq!(stops.from(Plain, &text, text.len() - GROUP, b','), None);
    }
}
