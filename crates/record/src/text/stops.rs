//! Where numbers end.
//!
//! A number ends at the first byte that is neither a digit nor a minus, and so do its digits before the
//! point. Whoever looks for these bytes number by number waits for the end of one before he can look
//! for the end of the next. Here they are looked for many at a time, before anything is read, and what
//! follows goes from place to place.

#[cfg(target_arch = "x86_64")]
use pulp::{bytemuck::cast, x86::V3};

/// Bytes that are looked at together, one to a bit.
const GROUP: usize = 64;

/// Groups that are looked at in one go. Our choice: what is found but not used is lost at the end of
/// a run of rows, and these are two dozen rows of two columns.
const GROUPS: usize = 8;

/// Bytes behind every place that is found. Whoever reads words from it needs no look at the end.
pub(crate) const MARGIN: usize = 16;

/// The places of bytes that are neither digits nor a minus, in order, up to what was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Stops {
    places: Vec<u32>,
    len: usize,
    looked: usize,
}

impl Stops {
    /// With room for the stops of one row, of which there are at most `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { places: vec![0; most + (GROUPS + 1) * GROUP], len: 0, looked: 0 }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        (self.len, self.looked) = (0, 0);
    }

    /// What is known.
    #[inline(always)]
    pub(crate) fn places(&self) -> &[u32] {
        self.places.get(..self.len).unwrap_or_default()
    }

    /// Looks on in `bytes`; the first `used` stops are no longer needed. Whether there are more now.
    #[inline(always)]
    pub(crate) fn look(&mut self, by: impl Marks, bytes: &[u8], used: usize) -> bool {
        let used = used.min(self.len);
        self.places.copy_within(used..self.len, 0);
        self.len -= used;
        let before = self.len;
        let end = bytes.len().min(u32::MAX as usize).saturating_sub(MARGIN);
        let rest = bytes.get(self.looked..end).unwrap_or_default();
        for group in rest.as_chunks::<GROUP>().0.iter().take(GROUPS) {
            let room = self.places.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut());
            let Some(room) = room else { break };
            let marks = by.marks(group);
            spread(marks, self.looked as u32, room);
            self.len += marks.count_ones() as usize;
            self.looked += GROUP;
        }
        self.len > before
    }
}

/// The places of the bits that are set, from `base` on; behind them stands anything.
#[inline(always)]
fn spread(mut marks: u64, base: u32, places: &mut [u32; GROUP]) {
    for places in places.as_chunks_mut::<8>().0 {
        for place in places {
            *place = base + marks.trailing_zeros();
            marks &= marks.wrapping_sub(1);
        }
        if marks == 0 {
            break;
        }
    }
}

/// How bytes are looked at: with what a processor has, or without. All ways find the same.
pub(crate) trait Marks: Copy {
    /// A bit for each byte that is neither a digit nor a minus, the first lowest.
    fn marks(self, group: &[u8; GROUP]) -> u64;
}

/// Eight bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl Marks for Plain {
    #[inline(always)]
    fn marks(self, group: &[u8; GROUP]) -> u64 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let (words, _) = group.as_chunks::<8>();
        words.iter().enumerate().fold(0, |marks, (index, word)| {
            // Without the zero a digit is below ten, and a minus is 29.
            let bytes = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'0'));
            let above_nine = ((bytes & (ONES * 0x7f)) + ONES * 0x76) | bytes;
            let off_minus = bytes ^ (ONES * 29);
            let no_minus = ((off_minus & (ONES * 0x7f)) + ONES * 0x7f) | off_minus;
            let highest = above_nine & no_minus & (ONES * 0x80);
            // Puts the highest bit of each byte side by side.
            marks | ((highest >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index)
        })
    }
}

/// 32 bytes at a time, with AVX2.
#[cfg(target_arch = "x86_64")]
impl Marks for V3 {
    #[inline(always)]
    fn marks(self, group: &[u8; GROUP]) -> u64 {
        let (halves, _) = group.as_chunks::<32>();
        // Digits become the ten lowest of all signed bytes.
        let shift = self.avx._mm256_set1_epi8(0x80_u8.wrapping_sub(b'0').cast_signed());
        let nine = self.avx._mm256_set1_epi8(i8::MIN + 9);
        let minus = self.avx._mm256_set1_epi8(b'-'.cast_signed());
        let half = |bytes: &[u8; 32]| {
            let bytes = cast(*bytes);
            let moved = self.avx2._mm256_add_epi8(bytes, shift);
            let no_digits = self.avx2._mm256_cmpgt_epi8(moved, nine);
            let is_minus = self.avx2._mm256_cmpeq_epi8(bytes, minus);
            let stops = self.avx2._mm256_andnot_si256(is_minus, no_digits);
            u64::from(self.avx2._mm256_movemask_epi8(stops).cast_unsigned())
        };
        half(&halves[0]) | half(&halves[1]) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every form must find.
    fn expected(group: &[u8; GROUP]) -> u64 {
        group.iter().enumerate().fold(0, |marks, (index, byte)| {
            marks | u64::from(!byte.is_ascii_digit() && *byte != b'-') << index
        })
    }

    fn assert_all_find(group: &[u8; GROUP]) {
        assert_eq!(Plain.marks(group), expected(group), "{group:?}");
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = V3::try_new() {
            assert_eq!(v3.marks(group), expected(group), "{group:?}");
        }
    }

    #[test]
    fn every_byte_is_a_stop_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            assert_all_find(&[byte; GROUP]);
            for (place, other) in (0..GROUP).flat_map(|place| [(place, b'7'), (place, b',')]) {
                let mut group = [other; GROUP];
                group[place] = byte;
                assert_all_find(&group);
            }
        }
    }

    #[test]
    fn all_stops_are_found_in_order_but_for_the_end() {
        let mut state = 1_u64;
        let bytes: Vec<u8> = (0..5000)
            .map(|index| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // From a stop at every byte to none at all.
                if state >> 33 & 0xff < index / 20 {
                    b'5'
                } else {
                    b",.-\n"[(state >> 62) as usize]
                }
            })
            .collect();
        let mut stops = Stops::new(100);
        let mut found = Vec::new();
        let mut used = 0;
        while stops.look(Plain, &bytes, used) {
            // Some are left each time.
            used = stops.places().len() - stops.places().len().min(7);
            found.extend_from_slice(&stops.places()[..used]);
        }
        found.extend_from_slice(stops.places());
        let end = (bytes.len() - MARGIN) / GROUP * GROUP;
        let is_stop = |at: &usize| !bytes[*at].is_ascii_digit() && bytes[*at] != b'-';
        let expected: Vec<u32> = (0..end).filter(is_stop).map(|at| at as u32).collect();
        assert_eq!(found, expected);
    }
}
