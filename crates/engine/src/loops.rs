//! What is done to every sample of a channel, for [`levator_signal::Processor`].

use levator_signal::{Calibration, Loop};

/// Codes into values, in place.
///
/// One pass without a branch, so that several samples go through at once.
pub(crate) struct Calibrate<'a> {
    pub(crate) values: &'a mut [f64],
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
        let Calibration { scale, offset_counts } = self.calibration;
        let (low, high) = self.rails;
        let mut found = Found::default();
        for value in self.values {
            found.is_low |= *value <= low;
            found.is_high |= *value >= high;
            // As `Calibration::apply`, which need not be inlined.
            *value = (*value - offset_counts) * scale;
            found.is_odd |= !value.is_finite();
        }
        found
    }
}

/// Whether any value is not finite.
pub(crate) struct HasOdd<'a>(pub(crate) &'a [f64]);

impl Loop for HasOdd<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.0.iter().fold(false, |any, value| any | !value.is_finite())
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
        let mut values = codes.clone();
        let rails = (f64::NEG_INFINITY, 80.0);
        let work = Calibrate { values: &mut values, calibration, rails };
        let Found { is_low, is_high, is_odd } = Processor::best().run(work);
        assert_eq!((is_low, is_high, is_odd), (false, false, false));
        for (code, value) in codes.iter().zip(&values) {
            assert_eq!(value.to_bits(), calibration.apply(*code).to_bits());
        }
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
