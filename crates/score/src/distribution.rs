//! How values are spread over the people of a reference.

use crate::normal::Z95;

/// On which side of a cut-off the unusual lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Unusual below.
    Below,
    /// Unusual above.
    Above,
}

/// A percentile of the people measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentile {
    /// Which, above 0 and below 100.
    pub percent: f64,
    /// Its value.
    pub value: f64,
}

/// A band with a name, half-open: `from` belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What it is called.
    pub name: String,
    /// Where it begins; `None` for as low as can be.
    pub from: Option<f64>,
    /// Where it ends; `None` for as high as can be.
    pub to: Option<f64>,
}

/// How values are spread over the people of a reference.
///
/// There is no kind for the confidence interval of a mean: it tells how well the mean is known, and
/// shrinks with the number of people, while the range of people does not.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Mean and standard deviation, taken as normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation between people.
        sd: f64,
    },
    /// Arithmetic mean and standard deviation, taken as log-normal.
    LogNormal {
        /// Mean, not of the logarithms.
        mean: f64,
        /// Standard deviation between people, not of the logarithms.
        sd: f64,
    },
    /// Percentiles as published; a 95 % range is 2.5 to 97.5.
    Percentiles {
        /// The lower one.
        lower: Option<Percentile>,
        /// The median.
        median: Option<f64>,
        /// The upper one.
        upper: Option<Percentile>,
    },
    /// A cut-off, with how well it told two groups apart where that is known.
    CutOff {
        /// Where the unusual lies.
        side: Side,
        /// The cut-off.
        value: f64,
        /// Sensitivity, 0 to 1.
        sensitivity: Option<f64>,
        /// Specificity, 0 to 1.
        specificity: Option<f64>,
        /// Area under the ROC curve, 0 to 1.
        auc: Option<f64>,
    },
    /// Bands with names: for words, never for a status.
    Bands(Vec<Band>),
    /// The middle of a group whose spread is not published: for words, never for a status.
    Typical {
        /// Mean or median.
        value: f64,
    },
}

impl Distribution {
    /// Below what a value is low: the 5th percentile, the lower one published, or the cut-off.
    ///
    /// Log-normal: with `v = ln(1 + (sd/mean)²)` the percentile at `z` is
    /// `mean exp(z sqrt(v) - v/2)`.
    #[must_use]
    pub fn lower(&self) -> Option<f64> {
        match self {
            Self::Normal { mean, sd } => Some(mean - Z95 * sd),
            Self::LogNormal { mean, sd } => Some(log_normal(*mean, *sd, -Z95)),
            Self::Percentiles { lower, .. } => lower.map(|one| one.value),
            Self::CutOff { side: Side::Below, value, .. } => Some(*value),
            Self::CutOff { side: Side::Above, .. } | Self::Bands(_) | Self::Typical { .. } => None,
        }
    }

    /// Above what a value is high: the 95th percentile, the upper one published, or the cut-off.
    #[must_use]
    pub fn upper(&self) -> Option<f64> {
        match self {
            Self::Normal { mean, sd } => Some(mean + Z95 * sd),
            Self::LogNormal { mean, sd } => Some(log_normal(*mean, *sd, Z95)),
            Self::Percentiles { upper, .. } => upper.map(|one| one.value),
            Self::CutOff { side: Side::Above, value, .. } => Some(*value),
            Self::CutOff { side: Side::Below, .. } | Self::Bands(_) | Self::Typical { .. } => None,
        }
    }

    /// The middle, where there is one.
    #[must_use]
    pub fn middle(&self) -> Option<f64> {
        match self {
            Self::Normal { mean, .. } => Some(*mean),
            Self::LogNormal { mean, sd } => Some(log_normal(*mean, *sd, 0.0)),
            Self::Percentiles { median, .. } => *median,
            Self::Typical { value } => Some(*value),
            Self::CutOff { .. } | Self::Bands(_) => None,
        }
    }

    /// Whether its bounds come from arithmetic on what was published.
    #[must_use]
    pub const fn is_derived(&self) -> bool {
        matches!(self, Self::Normal { .. } | Self::LogNormal { .. })
    }

    /// The band a value lies in.
    #[must_use]
    pub fn band(&self, value: f64) -> Option<&Band> {
        let Self::Bands(bands) = self else { return None };
        bands.iter().find(|band| {
            band.from.is_none_or(|from| value >= from) && band.to.is_none_or(|to| value < to)
        })
    }
}

fn log_normal(mean: f64, sd: f64, z: f64) -> f64 {
    let ratio = sd / mean;
    let variance = libm::log1p(ratio * ratio);
    mean * libm::exp(z * libm::sqrt(variance) - variance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_log_normal_are_those_of_its_logarithms() {
        // Logarithms with mean 1 and standard deviation 0.5: mean exp(1.125), variance by the
        // textbook formula (exp(0.25) - 1) exp(2.25).
        let mean = 1.125_f64.exp();
        let sd = ((0.25_f64.exp() - 1.0) * 2.25_f64.exp()).sqrt();
        let one = Distribution::LogNormal { mean, sd };
        let near = |got: Option<f64>, expected: f64| {
            assert!((got.expect("there is one") / expected - 1.0).abs() < 1e-12, "{got:?}");
        };
        near(one.lower(), (1.0 - Z95 * 0.5).exp());
        near(one.middle(), 1.0_f64.exp());
        near(one.upper(), (1.0 + Z95 * 0.5).exp());
    }

    #[test]
    fn a_cut_off_bounds_one_side_only() {
        let cut = |side| Distribution::CutOff {
            side,
            value: 7.0,
            sensitivity: None,
            specificity: None,
            auc: None,
        };
        assert_eq!((cut(Side::Below).lower(), cut(Side::Below).upper()), (Some(7.0), None));
        assert_eq!((cut(Side::Above).lower(), cut(Side::Above).upper()), (None, Some(7.0)));
    }

    #[test]
    fn bands_hold_their_beginning() {
        let band = |name: &str, from, to| Band { name: name.to_owned(), from, to };
        let bands = Distribution::Bands(vec![
            band("low", Some(1.0), Some(2.0)),
            band("high", Some(2.0), None),
        ]);
        let name = |value| bands.band(value).map(|band| band.name.as_str());
        assert_eq!([0.5, 1.0, 2.0, 9.0].map(name), [None, Some("low"), Some("high"), Some("high")]);
        assert_eq!((bands.lower(), bands.upper(), bands.middle()), (None, None, None));
    }
}
