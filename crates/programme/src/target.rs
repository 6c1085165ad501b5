//! What a person aims at.

use core::fmt;

use crate::words;

/// The scale of a [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetUnit {
    /// Microvolt of the envelope, as measured: holds for one kind of electrode and band only.
    Microvolt,
    /// Centimetre of water, as measured: holds for one kind of probe only.
    CentimetreWater,
    /// Millimetre of mercury, as measured: holds for one kind of probe only.
    MillimetreMercury,
    /// Ratio of the person's maximal voluntary contraction, both above their rest: 0 is rest, 1 is
    /// the maximum. Files and people say it in percent.
    MvcRatio,
    /// Multiple of the person's resting level: 1 is rest. For EMG only; a pressure probe is zeroed
    /// at rest, and a ratio to zero says nothing. Files and people say it in percent.
    RestRatio,
}

words!(TargetUnit {
    Microvolt => "uV",
    CentimetreWater => "cmH2O",
    MillimetreMercury => "mmHg",
    MvcRatio => "%MVC",
    RestRatio => "%rest",
});

impl TargetUnit {
    /// Whether it depends on the person's own levels.
    #[must_use]
    pub const fn is_ratio(self) -> bool {
        match self {
            Self::MvcRatio | Self::RestRatio => true,
            Self::Microvolt | Self::CentimetreWater | Self::MillimetreMercury => false,
        }
    }

    /// Largest limit of a target that makes sense. Our choice: no more than a guard against slips of
    /// the pen, far above what a muscle gives.
    #[must_use]
    pub const fn largest(self) -> f64 {
        match self {
            Self::Microvolt => 10_000.0,
            Self::CentimetreWater | Self::MillimetreMercury => 1_000.0,
            Self::MvcRatio => 2.0,
            Self::RestRatio => 100.0,
        }
    }
}

/// A band of levels. One limit may be missing: "at least" and "at most".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Lower limit, in `unit`.
    pub lower: Option<f64>,
    /// Upper limit, in `unit`.
    pub upper: Option<f64>,
    /// What the limits mean.
    pub unit: TargetUnit,
}

impl Target {
    /// The level a template leads to at 1: the middle of the band, or the limit where there is but
    /// one. In `unit`; NaN if there is no limit, which no checked programme has.
    #[must_use]
    pub fn aim(&self) -> f64 {
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) => 0.5 * (lower + upper),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => f64::NAN,
        }
    }

    /// The same band in the unit of the channel, for a person with this rest and this maximum.
    ///
    /// `rest` and `mvc` are levels as measured (the maximum is not net of rest), in the unit of the
    /// channel. `None` if a level that is needed is missing or not finite, or if the maximum does
    /// not lie above the rest. Absolute targets are given back as they are: converting their unit is
    /// the caller's.
    #[must_use]
    pub fn resolve(&self, rest: Option<f64>, mvc: Option<f64>) -> Option<Self> {
        let known = |level: Option<f64>| level.filter(|level| level.is_finite());
        let scale = |zero: f64, one: f64| Self {
            lower: self.lower.map(|ratio| zero + ratio * (one - zero)),
            upper: self.upper.map(|ratio| zero + ratio * (one - zero)),
            unit: self.unit,
        };
        match self.unit {
            TargetUnit::Microvolt | TargetUnit::CentimetreWater | TargetUnit::MillimetreMercury => {
                Some(*self)
            }
            TargetUnit::MvcRatio => {
                let (rest, mvc) = (known(rest)?, known(mvc)?);
                (mvc > rest).then(|| scale(rest, mvc))
            }
            TargetUnit::RestRatio => {
                let rest = known(rest)?;
                (rest > 0.0).then(|| scale(0.0, rest))
            }
        }
    }

    /// Whether a level, in the unit of the limits, lies in the band; both limits belong to it.
    #[must_use]
    pub fn holds(&self, level: f64) -> bool {
        level.is_finite()
            && self.lower.is_none_or(|lower| level >= lower)
            && self.upper.is_none_or(|upper| level <= upper)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Percent for people; the rounding only takes off what the multiplication added.
        let people = |value: f64| match self.unit.is_ratio() {
            true => (value * 1e8).round() / 1e6,
            false => value,
        };
        let unit = self.unit.name();
        match (self.lower.map(people), self.upper.map(people)) {
            (Some(lower), Some(upper)) => write!(f, "{lower} to {upper} {unit}"),
            (Some(lower), None) => write!(f, "at least {lower} {unit}"),
            (None, Some(upper)) => write!(f, "at most {upper} {unit}"),
            (None, None) => write!(f, "no limit in {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Target = Target { lower: Some(0.5), upper: Some(0.75), unit: TargetUnit::MvcRatio };

    #[test]
    fn half_the_maximum_lies_midway_between_rest_and_maximum() {
        let band = HALF.resolve(Some(4.0), Some(20.0)).expect("levels are known");
        assert_eq!((band.lower, band.upper), (Some(12.0), Some(16.0)));
        assert!(band.holds(12.0) && band.holds(16.0) && !band.holds(16.1));
        assert!(!band.holds(f64::NAN));
    }

    #[test]
    fn without_the_persons_levels_a_ratio_means_nothing() {
        assert_eq!(HALF.resolve(None, Some(20.0)), None);
        assert_eq!(HALF.resolve(Some(4.0), None), None);
        assert_eq!(HALF.resolve(Some(20.0), Some(4.0)), None);
        let rest = Target { lower: None, upper: Some(1.15), unit: TargetUnit::RestRatio };
        assert_eq!(rest.resolve(Some(0.0), None), None);
        assert_eq!(rest.resolve(Some(f64::INFINITY), None), None);
        let band = rest.resolve(Some(2.0), None).expect("the rest is known");
        assert_eq!(band.upper, Some(2.3));
    }

    #[test]
    fn people_read_percent() {
        assert_eq!(HALF.to_string(), "50 to 75 %MVC");
        let rest = Target { lower: None, upper: Some(1.15), unit: TargetUnit::RestRatio };
        assert_eq!(rest.to_string(), "at most 115 %rest");
        let pressure = Target { lower: Some(12.5), upper: None, unit: TargetUnit::CentimetreWater };
        assert_eq!(pressure.to_string(), "at least 12.5 cmH2O");
    }
}
