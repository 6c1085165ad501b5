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
            out.extend(bytes.as_chunks().0.iter().map(|&code| map(f64::from(code_24(code)))));
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
    let places = scans.iter_mut().skip(channel).step_by(channel_count);
    match variant {
        Variant::Edf => {
            for (place, &code) in places.zip(bytes.as_chunks().0) {
                *place = f64::from(code_16(code));
            }
        }
        Variant::Bdf => {
            for (place, &code) in places.zip(bytes.as_chunks().0) {
                *place = f64::from(code_24(code));
            }
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
    fn channels_lie_scan_after_scan() {
        let mut scans = [0.0; 6];
        interleave(Variant::Edf, &[1, 0, 2, 0, 3, 0], 0, 2, &mut scans);
        interleave(Variant::Edf, &[255, 255, 254, 255, 0, 0], 1, 2, &mut scans);
        assert_eq!(scans, [1.0, -1.0, 2.0, -2.0, 3.0, 0.0]);
    }
}
