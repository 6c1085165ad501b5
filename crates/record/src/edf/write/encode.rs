//! Doubles into little-endian codes.
//!
//! Plain loops over small arrays, which the compiler turns into vector instructions.

use levator_signal::{Calibration, Loop, Processor};

use crate::edf::Variant;

/// Adding it leaves a number below 2^31 rounded, ties to even, in the low bits of the mantissa.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Values that are worked on at a time.
const CHUNK: usize = 256;

/// Lanes of the largest error, so that it is no chain of single steps.
const LANES: usize = 8;

/// From the values of one signal to its codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoder {
    variant: Variant,
    /// Back from codes to values, as readers do it.
    calibration: Calibration,
    /// Value of the smallest code, and codes in one unit.
    physical_low: f64,
    gain: f64,
    low: f64,
    high: f64,
}

/// What came of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Encoded {
    /// Beyond the range by more than half a code: written as its end.
    pub(crate) clamped_count: u64,
    /// No numbers: written as the smallest code.
    pub(crate) nan_count: u64,
    /// Largest distance of a value within the range from what a reader makes of its code.
    pub(crate) worst_error: f64,
}

impl Encoder {
    pub(crate) fn new(
        variant: Variant,
        calibration: Calibration,
        physical: (f64, f64),
        digital: (i32, i32),
    ) -> Self {
        Self {
            variant,
            calibration,
            physical_low: physical.0,
            gain: 1.0 / calibration.scale,
            low: f64::from(digital.0),
            high: f64::from(digital.1),
        }
    }

    /// Puts the codes of `values` into `out`, which has just the room for them.
    pub(crate) fn encode(&self, processor: Processor, values: &[f64], out: &mut [u8]) -> Encoded {
        processor.run(Work { encoder: self, values, out })
    }

    /// The largest error, if all values lie within the range; otherwise [`chunk`](Self::chunk) must look at
    /// them once more, which is rare: what is counted there takes more than half of the time.
    #[inline(always)]
    fn inside(&self, values: &[f64; CHUNK], codes: &mut [i32; CHUNK]) -> Option<f64> {
        let (middle, half) = (0.5 * (self.low + self.high), 0.5 * (self.high - self.low));
        // Doubles without a sign are in the order of their bits, with what is no number behind them all; and
        // whole numbers have a largest one in any order, which lets the compiler take several at a time.
        let (mut far, mut worst) = (0, 0);
        for (value, out) in values.iter().zip(codes.iter_mut()) {
            let code = (value - self.physical_low) * self.gain + self.low;
            far = (code - middle).abs().to_bits().cast_signed().max(far);
            let rounded = code + ROUND;
            *out = rounded.to_bits() as i32;
            let error = (self.calibration.apply(rounded - ROUND) - value).abs();
            worst = error.to_bits().cast_signed().max(worst);
        }
        let number = |bits: i64| f64::from_bits(bits.cast_unsigned());
        (number(far) <= half).then(|| number(worst))
    }

    #[inline(always)]
    fn chunk(&self, values: &[f64; CHUNK], codes: &mut [i32; CHUNK]) -> (u64, f64) {
        let (low, high) = (self.low - 0.5, self.high + 0.5);
        let mut odd = [0_u64; LANES];
        let mut worst = [0.0_f64; LANES];
        for (values, codes) in
            values.as_chunks::<LANES>().0.iter().zip(codes.as_chunks_mut::<LANES>().0)
        {
            for lane in 0..LANES {
                let value = values[lane];
                let code = (value - self.physical_low) * self.gain + self.low;
                let is_odd = !((code >= low) & (code <= high));
                // Not-a-number falls to the smaller one.
                let code = if code > self.low { code } else { self.low };
                let code = if code < self.high { code } else { self.high };
                let rounded = code + ROUND;
                codes[lane] = rounded.to_bits() as i32;
                let error = (self.calibration.apply(rounded - ROUND) - value).abs();
                let error = if is_odd { 0.0 } else { error };
                odd[lane] += u64::from(is_odd);
                worst[lane] = if error > worst[lane] { error } else { worst[lane] };
            }
        }
        (odd.iter().sum(), worst.into_iter().fold(0.0, f64::max))
    }
}

struct Work<'a> {
    encoder: &'a Encoder,
    values: &'a [f64],
    out: &'a mut [u8],
}

impl Loop for Work<'_> {
    type Output = Encoded;

    #[inline(always)]
    fn run(self) -> Encoded {
        let Self { encoder, values, out } = self;
        let width = encoder.variant.sample_len();
        let mut all = Encoded::default();
        let mut codes = [0; CHUNK];
        let mut rest = [0.0; CHUNK];
        for (values, out) in values.chunks(CHUNK).zip(out.chunks_mut(CHUNK * width)) {
            let whole = match values.try_into() {
                Ok(whole) => whole,
                Err(_) => {
                    // What is behind the end must not be odd, nor far from its code.
                    rest.fill(encoder.calibration.apply(encoder.low));
                    rest[..values.len()].copy_from_slice(values);
                    &rest
                }
            };
            let (odd_count, worst_error) = match encoder.inside(whole, &mut codes) {
                Some(worst_error) => (0, worst_error),
                None => encoder.chunk(whole, &mut codes),
            };
            if odd_count > 0 {
                let nan_count = values.iter().filter(|value| value.is_nan()).count() as u64;
                all.nan_count += nan_count;
                all.clamped_count += odd_count - nan_count;
            }
            all.worst_error = all.worst_error.max(worst_error);
            pack(encoder.variant, &codes, out);
        }
        all
    }
}

#[inline(always)]
fn pack(variant: Variant, codes: &[i32; CHUNK], out: &mut [u8]) {
    match variant {
        Variant::Edf => {
            for (code, out) in codes.iter().zip(out.as_chunks_mut::<2>().0) {
                *out = (*code as i16).to_le_bytes();
            }
        }
        Variant::Bdf => {
            let (fours, rest) = out.as_chunks_mut::<12>();
            let done = fours.len() * 4;
            for ([a, b, c, d], out) in codes.as_chunks::<4>().0.iter().zip(fours) {
                // Four codes of 24 bits in three words of 32.
                let [a, b, c, d] = [*a, *b, *c, *d].map(|code| code as u32 & 0x00ff_ffff);
                out[..4].copy_from_slice(&(a | b << 24).to_le_bytes());
                out[4..8].copy_from_slice(&(b >> 8 | c << 16).to_le_bytes());
                out[8..].copy_from_slice(&(c >> 16 | d << 8).to_le_bytes());
            }
            for (code, out) in codes[done..].iter().zip(rest.as_chunks_mut::<3>().0) {
                let [low, middle, high, _] = code.to_le_bytes();
                *out = [low, middle, high];
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "codes are whole numbers")]
mod tests {
    use super::*;
    use crate::edf::convert;

    fn encoder(variant: Variant, scale: f64) -> Encoder {
        let (low, high) = variant.code_range();
        let calibration = Calibration { scale, offset_counts: 0.0 };
        let physical = (f64::from(low) * scale, f64::from(high) * scale);
        Encoder::new(variant, calibration, physical, (low, high))
    }

    #[test]
    fn every_code_comes_back() {
        for variant in [Variant::Edf, Variant::Bdf] {
            let (low, high) = variant.code_range();
            for len in [0, 1, 3, 255, 256, 257, 1003] {
                let values: Vec<f64> = (0..len)
                    .map(|at| f64::from(low) + f64::from(high - low) * f64::from(at) / 1002.0)
                    .map(f64::round)
                    .collect();
                let mut out = vec![7; values.len() * variant.sample_len()];
                let encoded = encoder(variant, 1.0).encode(Processor::best(), &values, &mut out);
                let mut back = Vec::new();
                convert::codes(variant, &out, &mut back);
                assert_eq!((encoded, back), (Encoded::default(), values), "{variant} {len}");
            }
        }
    }

    #[test]
    fn odd_values_are_clamped_and_counted() {
        let values =
            [f64::NAN, f64::INFINITY, -1e300, 32_767.4, 32_767.6, f64::NEG_INFINITY, 0.5, 1.5];
        let mut out = vec![7; 2 * values.len()];
        let encoded = encoder(Variant::Edf, 1.0).encode(Processor::best(), &values, &mut out);
        let mut back = Vec::new();
        convert::codes(Variant::Edf, &out, &mut back);
        assert_eq!(back, [-32_768.0, 32_767.0, -32_768.0, 32_767.0, 32_767.0, -32_768.0, 0.0, 2.0]);
        assert_eq!((encoded.clamped_count, encoded.nan_count), (4, 1));
        assert_eq!(encoded.worst_error, 0.5);
    }

    #[test]
    fn the_short_way_finds_what_the_long_way_finds() {
        let processor = Processor::best();
        let encoder = encoder(Variant::Edf, 0.3);
        // Whole pieces inside, at both ends, just beyond them, and far off.
        let beyond = [32_767.0, -32_768.0, 32_767.4, 32_767.5, -32_768.5, 1e9, f64::NAN];
        for odd in beyond.into_iter().map(Some).chain([None]) {
            let mut values: Vec<f64> =
                (0..CHUNK).map(|at| (at as f64 * 0.7).sin() * 9000.0).collect();
            if let Some(odd) = odd {
                values[77] = odd * 0.3;
            }
            let mut out = vec![0; 2 * CHUNK];
            let found = encoder.encode(processor, &values, &mut out);
            let (mut codes, whole) = ([0; CHUNK], values.as_chunks::<CHUNK>().0[0]);
            let (odd_count, worst) = encoder.chunk(&whole, &mut codes);
            assert_eq!(found.clamped_count + found.nan_count, odd_count, "{odd:?}");
            assert_eq!(found.worst_error, worst, "{odd:?}");
            let mut packed = vec![0; 2 * CHUNK];
            pack(Variant::Edf, &codes, &mut packed);
            assert!(out == packed, "{odd:?}");
        }
    }
}
