//! What is done to every sample of a channel, for [`levator_signal::Processor`].

use levator_signal::{Calibration, Loop};

/// Values that are looked at side by side.
const LANES: usize = 4;

/// Codes into values, twice: as they are kept and to be filtered. All are as long.
///
/// One pass without a branch, so that several samples go through at once.
pub(crate) struct Calibrate<'a> {
    pub(crate) codes: &'a [f64],
    pub(crate) values: &'a mut [f64],
    pub(crate) filtered: &'a mut [f64],
    pub(crate) calibration: Calibration,
    /// Codes at and beyond which the converter is at its end.
    pub(crate) rails: (f64, f64),
}

/// Whether any code was at an end, or any value is not finite.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) is_low: bool,
    pub(crate) is_high: bool,
    pub(crate) is_odd: bool,
}

impl Loop for Calibrate<'_> {
    type Output = Found;

    #[inline(always)]
    fn run(self) -> Found {
        let Self { codes, values, filtered, calibration, rails: (low, high) } = self;
        let Calibration { scale, offset_counts } = calibration;
        let (fours, rest) = codes.as_chunks::<LANES>();
        {
            let (values, values_rest) = values.as_chunks_mut::<LANES>();
            let (filtered, filtered_rest) = filtered.as_chunks_mut::<LANES>();
            // As `Calibration::apply`, which need not be inlined.
            for ((four, values), filtered) in fours.iter().zip(values).zip(filtered) {
                let found = four.map(|code| (code - offset_counts) * scale);
                *values = found;
                *filtered = found;
            }
            for ((code, value), filtered) in rest.iter().zip(values_rest).zip(filtered_rest) {
                *value = (*code - offset_counts) * scale;
                *filtered = *value;
            }
        }
        let is_odd = HasOdd(values).run();
        // No finite code lies at an end that is not known.
        let has_low = is_odd || low > f64::NEG_INFINITY;
        let has_high = is_odd || high < f64::INFINITY;
        Found {
            is_low: has_low && codes.iter().fold(false, |any, code| any | (*code <= low)),
            is_high: has_high && codes.iter().fold(false, |any, code| any | (*code >= high)),
            is_odd,
        }
    }
}

/// Whether any value is not finite.
pub(crate) struct HasOdd<'a>(pub(crate) &'a [f64]);

impl Loop for HasOdd<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // Zero times a number is zero.
        let mut zeros = [0.0; LANES];
        let (fours, rest) = self.0.as_chunks::<LANES>();
        for four in fours {
            for lane in 0..LANES {
                zeros[lane] += 0.0 * four[lane];
            }
        }
        let zero = rest.iter().fold(0.0, |zero, value| zero + 0.0 * value);
        (zero + (zeros[0] + zeros[1]) + (zeros[2] + zeros[3])).is_nan()
    }
}

#[cfg(test)]
mod tests {
    use levator_signal::Processor;

    use super::*;

    #[test]
    fn calibrating_is_that_of_one_value() {
        let calibration = Calibration { scale: 0.3, offset_counts: 7.7 };
        let codes: Vec<f64> = (0..100).map(|index| f64::from(index) * 1.1 - 30.0).collect();
        let (mut values, mut filtered) = (vec![0.0; 100], vec![0.0; 100]);
        let rails = (f64::NEG_INFINITY, 80.0);
        let work = Calibrate {
            codes: &codes,
            values: &mut values,
            filtered: &mut filtered,
            calibration,
            rails,
        };
        let Found { is_low, is_high, is_odd } = Processor::best().run(work);
        assert_eq!((is_low, is_high, is_odd), (false, false, false));
        for (code, value) in codes.iter().zip(&values) {
            assert_eq!(value.to_bits(), calibration.apply(*code).to_bits());
        }
        assert_eq!(values, filtered);
    }

    #[test]
    fn a_code_at_an_end_is_found_wherever_it_stands() {
        let calibration = Calibration { scale: 2.0, offset_counts: 1.0 };
        let find = |codes: &[f64], rails: (f64, f64)| {
            let (mut values, mut filtered) = (vec![0.0; codes.len()], vec![0.0; codes.len()]);
            let (values, filtered) = (&mut values[..], &mut filtered[..]);
            let found =
                Processor::best().run(Calibrate { codes, values, filtered, calibration, rails });
            (found.is_low, found.is_high, found.is_odd)
        };
        for place in 0..11 {
            let mut codes = [5.0; 11];
            assert_eq!(find(&codes, (1.0, 9.0)), (false, false, false));
            codes[place] = 1.0;
            assert_eq!(find(&codes, (1.0, 9.0)), (true, false, false), "{place}");
            codes[place] = 9.0;
            assert_eq!(find(&codes, (1.0, 9.0)), (false, true, false), "{place}");
            codes[place] = f64::NAN;
            assert_eq!(find(&codes, (1.0, 9.0)), (false, false, true), "{place}");
            codes[place] = f64::NEG_INFINITY;
            assert_eq!(find(&codes, (1.0, 9.0)), (true, false, true), "{place}");
            assert_eq!(find(&codes, (f64::INFINITY, 9.0)), (true, false, true), "{place}");
        }
        let unknown = (f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(find(&[f64::NAN; 5], unknown), (false, false, true));
        assert_eq!(find(&[f64::INFINITY, 0.0], unknown), (false, true, true));
        assert_eq!(find(&[f64::NEG_INFINITY, 0.0], unknown), (true, false, true));
    }

    #[test]
    fn one_odd_value_is_found_wherever_it_stands() {
        for (place, odd) in (0..67).flat_map(|place| [(place, f64::NAN), (place, f64::INFINITY)]) {
            let mut values = [1.0; 67];
            assert!(!Processor::best().run(HasOdd(&values)));
            values[place] = odd;
            assert!(Processor::best().run(HasOdd(&values)), "{odd} at {place}");
        }
    }
}
