//! From codes of a converter to values in a unit.

use crate::steady::Level;
use crate::unit::Unit;

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

    /// The same scale with the zero at `open_probe`, the codes of a probe open to the air.
    ///
    /// For each session: the zero of cheap sensors moves between two of them. Values below zero keep
    /// their sign.
    #[must_use]
    pub fn zeroed(self, open_probe: &Level) -> Self {
        Self { offset_counts: open_probe.mean, ..self }
    }

    /// The calibration that gives `to` where this one gives `from`; `None` if these do not measure the
    /// same quantity, or if the scale leaves the range of numbers.
    #[must_use]
    pub fn converted(self, from: Unit, to: Unit) -> Option<Self> {
        Self::new(from.convert(self.scale, to)?, self.offset_counts)
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

    #[test]
    fn a_zero_of_the_session_keeps_scale_and_sign() {
        let open = Level { mean: 530.0, spread: 1.0, error: 0.1, movement: 0.2, sample_count: 100 };
        let calibration = Calibration::new(0.5, 512.0).expect("finite").zeroed(&open);
        assert_eq!(calibration.apply(530.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(calibration.apply(520.0).to_bits(), (-5.0_f64).to_bits());
    }

    #[test]
    fn another_unit_is_another_scale() {
        let calibration = Calibration::new(0.5, 512.0).expect("finite");
        let converted = calibration.converted(Unit::Kilopascal, Unit::Hectopascal);
        assert_eq!(converted, Calibration::new(5.0, 512.0));
        assert_eq!(calibration.converted(Unit::Kilopascal, Unit::Newton), None);
        let huge = Calibration::new(1e308, 0.0).expect("finite");
        assert_eq!(huge.converted(Unit::Kilopascal, Unit::Pascal), None);
    }
}
