//! What a channel measures and in which unit.

use core::fmt;

/// The physical quantity of a stream, which decides how it is filtered and judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignalKind {
    /// Surface EMG as sampled: bipolar, with its sign.
    Emg,
    /// EMG that was rectified or smoothed before it reached us.
    EmgEnvelope,
    /// Pressure, or a force that stands in for it.
    Pressure,
    /// Anything else (temperature, acceleration, battery): kept, not judged.
    Other,
}

impl SignalKind {
    /// The name used in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emg => "emg",
            Self::EmgEnvelope => "emg-envelope",
            Self::Pressure => "pressure",
            Self::Other => "other",
        }
    }

    /// The kind with this [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Emg, Self::EmgEnvelope, Self::Pressure, Self::Other]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Unit of a channel. It travels with the value, because channels choose theirs at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Codes of a converter without a known scale.
    Count,
    /// Microvolt.
    Microvolt,
    /// Millivolt.
    Millivolt,
    /// Volt.
    Volt,
    /// Centimetre of water.
    CentimetreWater,
    /// Millimetre of mercury.
    MillimetreMercury,
    /// Pascal.
    Pascal,
    /// Hectopascal.
    Hectopascal,
    /// Kilopascal.
    Kilopascal,
    /// Newton.
    Newton,
    /// Kilogram-force.
    KilogramForce,
    /// Degree Celsius.
    Celsius,
    /// Standard gravity.
    Gravity,
}

impl Unit {
    /// Every unit, for parsing and for help texts.
    pub const ALL: [Self; 13] = [
        Self::Count,
        Self::Microvolt,
        Self::Millivolt,
        Self::Volt,
        Self::CentimetreWater,
        Self::MillimetreMercury,
        Self::Pascal,
        Self::Hectopascal,
        Self::Kilopascal,
        Self::Newton,
        Self::KilogramForce,
        Self::Celsius,
        Self::Gravity,
    ];

    /// The symbol in plain ASCII, as it stands in files and on the command line.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Microvolt => "uV",
            Self::Millivolt => "mV",
            Self::Volt => "V",
            Self::CentimetreWater => "cmH2O",
            Self::MillimetreMercury => "mmHg",
            Self::Pascal => "Pa",
            Self::Hectopascal => "hPa",
            Self::Kilopascal => "kPa",
            Self::Newton => "N",
            Self::KilogramForce => "kgf",
            Self::Celsius => "C",
            Self::Gravity => "g",
        }
    }

    /// The unit with this [`Self::symbol`]; upper and lower case count as one, as do `µV` and `uV`.
    #[must_use]
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        let symbol = symbol.trim();
        if matches!(symbol, "µV" | "μV") {
            return Some(Self::Microvolt);
        }
        Self::ALL.into_iter().find(|unit| unit.symbol().eq_ignore_ascii_case(symbol))
    }
}

impl Unit {
    /// How many of `to` one of this unit is; `None` if they do not measure the same quantity.
    ///
    /// Rounded once: nearer to the defined ratio than any other `f64`. Zero points are the same in all
    /// of them, so a pressure above the atmosphere stays above the atmosphere. A count, a degree
    /// Celsius and a standard gravity convert to themselves only: for a count ask a
    /// [`Calibration`](crate::Calibration).
    ///
    /// ```
    /// use levator_signal::Unit;
    ///
    /// assert_eq!(Unit::Kilopascal.factor_to(Unit::Hectopascal), Some(10.0));
    /// assert_eq!(Unit::CentimetreWater.factor_to(Unit::Pascal), Some(98.0665));
    /// assert_eq!(Unit::Newton.factor_to(Unit::Pascal), None);
    /// ```
    ///
    /// # Source
    ///
    /// Thompson and Taylor, 2008, NIST Special Publication 811, appendix B.8: conventional centimetre
    /// of water (1000 kg/m³) 98.0665 Pa, kilogram-force 9.80665 N, both exact. The conventional
    /// millimetre of mercury is 13595.1 kg/m³ × 9.80665 m/s² × 1 mm = 133.322387415 Pa (BS 350, part
    /// 1; NIST rounds to 133.3224 Pa). It is not the torr (101325/760 Pa = 133.322368421 Pa), which is
    /// 0.14 millionths smaller.
    #[must_use]
    pub fn factor_to(self, to: Self) -> Option<f64> {
        if self == to {
            return Some(1.0);
        }
        let (from, to) = (self.definition()?, to.definition()?);
        // Products of whole numbers below 2^53 are exact, which leaves the rounding of the division.
        (from.quantity == to.quantity).then(|| {
            (from.numerator * to.denominator) as f64 / (from.denominator * to.numerator) as f64
        })
    }

    /// `value` of this unit in `to`; `None` if they do not measure the same quantity.
    ///
    /// NaN and infinities stay what they are.
    #[must_use]
    pub fn convert(self, value: f64, to: Self) -> Option<f64> {
        self.factor_to(to).map(|factor| value * factor)
    }

    const fn definition(self) -> Option<Definition> {
        let (quantity, numerator, denominator) = match self {
            Self::Microvolt => (Quantity::Voltage, 1, 1_000_000),
            Self::Millivolt => (Quantity::Voltage, 1, 1_000),
            Self::Volt => (Quantity::Voltage, 1, 1),
            Self::CentimetreWater => (Quantity::Pressure, 980_665, 10_000),
            Self::MillimetreMercury => (Quantity::Pressure, 133_322_387_415, 1_000_000_000),
            Self::Pascal => (Quantity::Pressure, 1, 1),
            Self::Hectopascal => (Quantity::Pressure, 100, 1),
            Self::Kilopascal => (Quantity::Pressure, 1_000, 1),
            Self::Newton => (Quantity::Force, 1, 1),
            Self::KilogramForce => (Quantity::Force, 980_665, 100_000),
            Self::Count | Self::Celsius | Self::Gravity => return None,
        };
        Some(Definition { quantity, numerator, denominator })
    }
}

/// A unit as a whole-numbered fraction of the coherent SI unit of its quantity.
struct Definition {
    quantity: Quantity,
    numerator: u64,
    denominator: u64,
}

/// What can be converted.
#[derive(PartialEq, Eq)]
enum Quantity {
    Voltage,
    Pressure,
    Force,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_leads_back_to_its_unit() {
        for unit in Unit::ALL {
            assert_eq!(Unit::from_symbol(unit.symbol()), Some(unit));
        }
        assert_eq!(Unit::from_symbol("CMH2O"), Some(Unit::CentimetreWater));
        assert_eq!(Unit::from_symbol("µV"), Some(Unit::Microvolt));
        assert_eq!(Unit::from_symbol("furlong"), None);
    }

    #[test]
    fn factors_are_those_of_the_tables() {
        // NIST SP 811, appendix B.8, to the digits printed there; derived ones multiplied out by hand.
        for (from, to, factor, relative) in [
            (Unit::CentimetreWater, Unit::Pascal, 98.0665, 0.0),
            (Unit::CentimetreWater, Unit::Hectopascal, 0.980_665, 0.0),
            (Unit::MillimetreMercury, Unit::Pascal, 133.322_387_415, 0.0),
            (Unit::MillimetreMercury, Unit::CentimetreWater, 1.359_51, 1e-15),
            (Unit::KilogramForce, Unit::Newton, 9.806_65, 0.0),
            (Unit::Kilopascal, Unit::CentimetreWater, 10.197_16, 1e-6),
            (Unit::Volt, Unit::Microvolt, 1e6, 0.0),
            (Unit::Microvolt, Unit::Millivolt, 1e-3, 0.0),
            (Unit::Hectopascal, Unit::Kilopascal, 0.1, 0.0),
        ] {
            let got = from.factor_to(to).expect("the same quantity");
            assert!((got / factor - 1.0).abs() <= relative, "{from} to {to}: {got}");
        }
        let torr_pa = 101_325.0 / 760.0;
        let larger =
            Unit::MillimetreMercury.convert(1.0, Unit::Pascal).expect("pressure") / torr_pa;
        assert!((larger - 1.0 - 1.424_663e-7).abs() < 1e-13, "{larger}");
    }

    #[test]
    fn conversions_go_there_and_back_and_round_by_way_of_a_third() {
        // Each factor and each product rounds once: three roundings there and back.
        let tolerance = 3.0 * f64::EPSILON;
        for from in Unit::ALL {
            for to in Unit::ALL {
                let Some(factor) = from.factor_to(to) else { continue };
                let back = to.factor_to(from).expect("commensurable is mutual");
                assert!((factor * back - 1.0).abs() <= tolerance, "{from} and {to}");
                for over in Unit::ALL {
                    let Some(first) = from.factor_to(over) else { continue };
                    let second = over.factor_to(to).expect("the same quantity as both");
                    assert!(
                        (first * second / factor - 1.0).abs() <= tolerance,
                        "{from}, {over}, {to}"
                    );
                }
                for value in [-17.25, 0.0, 1e-300, 1e300] {
                    let there = from.convert(value, to).expect("has a factor");
                    let again = to.convert(there, from).expect("has a factor");
                    assert!(
                        (again - value).abs() <= 2.0 * tolerance * value.abs(),
                        "{from} to {to}"
                    );
                    assert_eq!(there.is_sign_negative(), value.is_sign_negative());
                }
            }
        }
        assert!(Unit::Volt.convert(f64::NAN, Unit::Millivolt).is_some_and(f64::is_nan));
    }

    #[test]
    fn units_of_different_quantities_refuse_each_other() {
        let pairs = Unit::ALL
            .into_iter()
            .flat_map(|from| Unit::ALL.into_iter().map(move |to| (from, to)))
            .filter(|(from, to)| from.factor_to(*to).is_some())
            .count();
        // Five of pressure, three of voltage, two of force, three that only convert to themselves.
        assert_eq!(pairs, 25 + 9 + 4 + 3);
        assert_eq!(Unit::Count.factor_to(Unit::Pascal), None);
        assert_eq!(Unit::Volt.convert(1.0, Unit::Newton), None);
    }
}
