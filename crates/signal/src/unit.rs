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
}
