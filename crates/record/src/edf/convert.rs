//! Little-endian codes into doubles.
//!
//! Plain loops over arrays of fixed size, which the compiler turns into vector instructions; each value
//! is exact, so their order does not matter.

use super::Variant;

/// Appends `map` of every code of `bytes` to `out`; a part of a code at the end is left out.
#[inline(always)]
fn extend(variant: Variant, bytes: &[u8], out: &mut Vec<f64>, map: impl Fn(f64) -> f64) {
    match variant {
        Variant::Edf => {
            out.extend(bytes.as_chunks().0.iter().map(|&code| map(f64::from(code_16(code)))));
        }
        Variant::Bdf => {
            let start = out.len();
            out.resize(start + bytes.len() / 3, 0.0);
            let (places, last) = out[start..].as_chunks_mut::<4>();
            let (twelves, rest) = bytes.as_chunks::<12>();
            for (places, twelve) in places.iter_mut().zip(twelves) {
                *places = four_codes_24(twelve).map(|code| map(f64::from(code)));
            }
            for (place, &code) in last.iter_mut().zip(rest.as_chunks().0) {
                *place = map(f64::from(code_24(code)));
            }
        }
    }
}

#[inline(always)]
fn code_16(bytes: [u8; 2]) -> i16 {
    i16::from_le_bytes(bytes)
}

#[inline(always)]
fn code_24([low, middle, high]: [u8; 3]) -> i32 {
    // The shift back copies the sign.
    i32::from_le_bytes([0, low, middle, high]) >> 8
}

/// Four codes with a load each. A code is read with the byte before it (the first with the one behind it),
/// which the shift takes away.
#[inline(always)]
fn four_codes_24(bytes: &[u8; 12]) -> [i32; 4] {
    // Neighbours in one array: the compiler would load one by one what stands in twelve.
    let four = |at: usize| {
        i32::from_le_bytes(
            bytes.get(at..).and_then(|behind| behind.first_chunk()).map_or([0; 4], |four| *four),
        )
    };
    [four(0) << 8 >> 8, four(2) >> 8, four(5) >> 8, four(8) >> 8]
}

/// Appends the codes.
pub(crate) fn codes(variant: Variant, bytes: &[u8], out: &mut Vec<f64>) {
    extend(variant, bytes, out, |code| code);
}

/// Appends the values.
pub(crate) fn values(
    variant: Variant,
    bytes: &[u8],
    calibration: levator_signal::Calibration,
    out: &mut Vec<f64>,
) {
    extend(variant, bytes, out, |code| calibration.apply(code));
}

/// Writes the codes to every `channel_count`-th place of `scans`, from `channel` on.
pub(crate) fn interleave(
    variant: Variant,
    bytes: &[u8],
    channel: usize,
    channel_count: usize,
    scans: &mut [f64],
) {
    match channel_count {
        // Fixed distances, for the counts that are common.
        2 => interleave_among::<2>(variant, bytes, channel, scans),
        4 => interleave_among::<4>(variant, bytes, channel, scans),
        8 => interleave_among::<8>(variant, bytes, channel, scans),
        count => {
            let places =
                scans.chunks_exact_mut(count.max(1)).filter_map(|scan| scan.get_mut(channel));
            match variant {
                Variant::Edf => put(places, bytes.as_chunks().0.iter().map(|&one| code_16(one))),
                Variant::Bdf => put(places, bytes.as_chunks().0.iter().map(|&one| code_24(one))),
            }
        }
    }
}

fn put<'a, C: Into<f64>>(
    places: impl Iterator<Item = &'a mut f64>,
    codes: impl Iterator<Item = C>,
) {
    for (place, code) in places.zip(codes) {
        *place = code.into();
    }
}

fn interleave_among<const COUNT: usize>(
    variant: Variant,
    bytes: &[u8],
    channel: usize,
    scans: &mut [f64],
) {
    let channel = channel.min(COUNT - 1);
    let (scans, _) = scans.as_chunks_mut::<COUNT>();
    let place = |scan| -> &mut f64 {
        let scan: &mut [f64; COUNT] = scan;
        &mut scan[channel]
    };
    match variant {
        Variant::Edf => {
            put(scans.iter_mut().map(place), bytes.as_chunks().0.iter().map(|&one| code_16(one)));
        }
        Variant::Bdf => {
            let codes = bytes.as_chunks::<3>().0;
            let count = scans.len().min(codes.len());
            let (fours, last) = scans[..count].as_chunks_mut::<4>();
            let (twelves, rest) = codes[..count].as_flattened().as_chunks::<12>();
            for (four, twelve) in fours.iter_mut().zip(twelves) {
                put(four.iter_mut().map(place), four_codes_24(twelve).into_iter());
            }
            put(last.iter_mut().map(place), rest.as_chunks().0.iter().map(|&one| code_24(one)));
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "codes are whole numbers")]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_exact() {
        let mut bytes = Vec::new();
        let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        bytes.extend(all.iter().flat_map(|code| code.to_le_bytes()));
        let mut out = Vec::new();
        codes(Variant::Edf, &bytes, &mut out);
        assert!(out.iter().zip(&all).all(|(found, code)| *found == f64::from(*code)));
        assert_eq!(out.len(), all.len());

        let all = [-8_388_608, -8_388_607, -1, 0, 1, 255, 256, 65_535, 65_536, 8_388_607];
        bytes.clear();
        bytes.extend(all.iter().flat_map(|code: &i32| code.to_le_bytes().into_iter().take(3)));
        out.clear();
        codes(Variant::Bdf, &bytes, &mut out);
        assert!(out.iter().zip(&all).all(|(found, code)| *found == f64::from(*code)));
        assert_eq!(out.len(), all.len());
    }

    #[test]
    fn channels_lie_where_they_belong_in_any_number_and_at_any_length() {
        let mut state = 5_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u8
        };
        for (count, len) in
            [2, 3, 4, 5, 8].into_iter().flat_map(|count| (0..19).map(move |len| (count, len)))
        {
            for variant in [Variant::Edf, Variant::Bdf] {
                let bytes: Vec<u8> = (0..len * variant.sample_len()).map(|_| next()).collect();
                let mut plain = Vec::new();
                codes(variant, &bytes, &mut plain);
                for channel in 0..count {
                    let mut scans = vec![0.5; len * count];
                    interleave(variant, &bytes, channel, count, &mut scans);
                    for (at, value) in scans.iter().enumerate() {
                        let is_own = at % count == channel;
                        let expected = if is_own { plain[at / count] } else { 0.5 };
                        assert_eq!(*value, expected, "{count}, {len}, {channel}, {at}");
                    }
                }
                let single: Vec<f64> = match variant {
                    Variant::Edf => {
                        bytes.as_chunks().0.iter().map(|&one| code_16(one).into()).collect()
                    }
                    Variant::Bdf => {
                        bytes.as_chunks().0.iter().map(|&one| code_24(one).into()).collect()
                    }
                };
                assert_eq!(plain, single);
            }
        }
    }

    #[test]
    fn channels_lie_scan_after_scan() {
        let mut scans = [0.0; 6];
        interleave(Variant::Edf, &[1, 0, 2, 0, 3, 0], 0, 2, &mut scans);
        interleave(Variant::Edf, &[255, 255, 254, 255, 0, 0], 1, 2, &mut scans);
        assert_eq!(scans, [1.0, -1.0, 2.0, -2.0, 3.0, 0.0]);
    }
}
