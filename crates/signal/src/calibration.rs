//! From codes of a converter to values in a unit.

/// `value = (code - offset_counts) * scale`.
///
/// # Source
///
/// Wire specification, message CALIB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Unit of the channel for one count.
    pub scale: f64,
    /// The code that means zero, in counts.
    pub offset_counts: f64,
}

impl Calibration {
    /// Codes are the values.
    pub const IDENTITY: Self = Self { scale: 1.0, offset_counts: 0.0 };

    /// The calibration, if both numbers are finite and the scale is not zero.
    #[must_use]
    pub fn new(scale: f64, offset_counts: f64) -> Option<Self> {
        (scale.is_finite() && scale != 0.0 && offset_counts.is_finite())
            .then_some(Self { scale, offset_counts })
    }

    /// The value of `code`, in the unit of the channel.
    #[must_use]
    pub fn apply(&self, code: f64) -> f64 {
        (code - self.offset_counts) * self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_becomes_a_value() {
        let calibration = Calibration::new(0.5, 512.0).expect("finite");
        assert_eq!(calibration.apply(514.0).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn a_calibration_that_loses_the_signal_is_refused() {
        assert_eq!(Calibration::new(0.0, 0.0), None);
        assert_eq!(Calibration::new(f64::NAN, 0.0), None);
        assert_eq!(Calibration::new(1.0, f64::INFINITY), None);
    }
}
