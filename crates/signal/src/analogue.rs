//! Poles of analogue Butterworth filters and their way into the coefficients of a section.
//!
//! Frequencies are in units of `2 · rate` here, so that the bilinear transform is
//! `s = (1 - z⁻¹) / (1 + z⁻¹)`.

use core::f64::consts::PI;

use crate::design::{DesignError, MAX_ORDER};
use crate::time::SampleRate;

/// Least distance of a pole from where the recursion stops to be one.
///
/// Our choice: coefficients are rounded to 2⁻⁵³, so at a million times that the filter that runs is
/// the filter that was asked for to about six digits. 0.05 Hz at 20 kHz is still accepted.
const POLE_MARGIN: f64 = 1e6 * f64::EPSILON;

/// Poles of one section in the analogue plane, in units of `2 · rate`.
#[derive(Clone, Copy)]
pub(crate) enum Poles {
    /// The roots of `s² + linear·s + constant`.
    Pair { linear: f64, constant: f64 },
    /// One real pole at `-distance`.
    Single { distance: f64 },
}

/// A pole of the analogue prototype on the unit circle, upper half: `-sin θ + i cos θ`.
#[derive(Clone, Copy)]
pub(crate) enum PrototypePole {
    Complex { sin: f64, cos: f64 },
    MinusOne,
}

/// Poles that one prototype pole becomes in a band.
pub(crate) enum BandPoles {
    /// A pair near each edge.
    Split { lower: Poles, upper: Poles },
    /// One pair for both edges.
    Central(Poles),
}

/// The poles of the Butterworth filter with cut-off one, upper half of the plane, the most damped
/// first: sections that ring come last, where the signal is cleanest.
pub(crate) fn prototype_poles(
    order: usize,
) -> Result<impl Iterator<Item = PrototypePole> + use<>, DesignError> {
    if order == 0 || order > MAX_ORDER {
        return Err(DesignError::Order { order, max: MAX_ORDER });
    }
    let real = (order % 2 == 1).then_some(PrototypePole::MinusOne);
    let complex = (0..order / 2).rev().map(move |index| {
        let angle = PI * (2 * index + 1) as f64 / (2 * order) as f64;
        PrototypePole::Complex { sin: libm::sin(angle), cos: libm::cos(angle) }
    });
    Ok(real.into_iter().chain(complex))
}

impl PrototypePole {
    /// The pole (and its conjugate) at `radius` instead of one.
    pub(crate) fn scaled(self, radius: f64) -> Poles {
        match self {
            Self::Complex { sin, .. } => {
                Poles::Pair { linear: 2.0 * radius * sin, constant: radius * radius }
            }
            Self::MinusOne => Poles::Single { distance: radius },
        }
    }
}

impl Poles {
    /// `a1` and `a2` after the bilinear transform `s = (1 - z⁻¹) / (1 + z⁻¹)`.
    pub(crate) fn denominator(self) -> Result<(f64, f64), DesignError> {
        let (a1, a2) = match self {
            Self::Pair { linear, constant } => {
                let scale = 1.0 + linear + constant;
                let a1 = 2.0 * (constant - 1.0) / scale;
                // `a2` is `(1 - linear + constant) / scale`. Near zero frequency all depends on the
                // tiny sum `1 + a1 + a2` (near half the rate on `1 - a1 + a2`), which is known to all
                // digits: so `a2` is what completes the rounded `a1` to that sum.
                let a2 = if a1 < 0.0 {
                    4.0 * constant / scale - (1.0 + a1)
                } else {
                    4.0 / scale - (1.0 - a1)
                };
                (a1, a2)
            }
            Self::Single { distance } => ((distance - 1.0) / (distance + 1.0), 0.0),
        };
        require_margin(a1, a2)?;
        Ok((a1, a2))
    }
}

/// Two edges as analogue frequencies.
pub(crate) struct WarpedBand {
    pub(crate) width: f64,
    /// Product of the edges.
    pub(crate) centre_squared: f64,
}

impl WarpedBand {
    pub(crate) fn new(low_hz: f64, high_hz: f64, rate: SampleRate) -> Result<Self, DesignError> {
        let (low, high) = (prewarp(low_hz, rate)?, prewarp(high_hz, rate)?);
        if low_hz >= high_hz {
            return Err(DesignError::EdgesReversed { low_hz, high_hz });
        }
        Ok(Self { width: high - low, centre_squared: low * high })
    }

    /// Roots of `s² - pole·width·s + centre²`, with their conjugates.
    pub(crate) fn poles(&self, pole: PrototypePole) -> BandPoles {
        let (sin, cos) = match pole {
            PrototypePole::Complex { sin, cos } => (sin, cos),
            PrototypePole::MinusOne => {
                return BandPoles::Central(Poles::Pair {
                    linear: self.width,
                    constant: self.centre_squared,
                });
            }
        };
        let (re, im) = (-sin * self.width / 2.0, cos * self.width / 2.0);
        let (root_re, root_im) =
            square_root(re * re - im * im - self.centre_squared, 2.0 * re * im);
        // Of the two roots, take the outer one by the addition that does not cancel, and the inner
        // one from their product, `centre²`.
        let sign = if re * root_re + im * root_im < 0.0 { -1.0 } else { 1.0 };
        let (outer_re, outer_im) = (re + sign * root_re, im + sign * root_im);
        let outer = outer_re * outer_re + outer_im * outer_im;
        let inner_re = outer_re * self.centre_squared / outer;
        let inner = self.centre_squared * self.centre_squared / outer;
        BandPoles::Split {
            lower: Poles::Pair { linear: -2.0 * inner_re, constant: inner },
            upper: Poles::Pair { linear: -2.0 * outer_re, constant: outer },
        }
    }

    /// `|c0 + c1 z⁻¹ + c2 z⁻²|` at the centre of the band.
    pub(crate) fn magnitude(&self, c0: f64, c1: f64, c2: f64) -> f64 {
        let versine = 2.0 * self.centre_squared / (1.0 + self.centre_squared);
        let sin = 2.0 * self.centre_squared.sqrt() / (1.0 + self.centre_squared);
        libm::hypot((c0 + c1 + c2) - (c0 + c2) * versine, (c0 - c2) * sin)
    }
}

/// One square root of a complex number; the other is its negative.
fn square_root(re: f64, im: f64) -> (f64, f64) {
    let modulus = libm::hypot(re, im);
    // The half that does not cancel first, the other from their product `im / 2`.
    let larger = ((modulus + re.abs()) / 2.0).sqrt();
    if larger <= 0.0 {
        return (0.0, 0.0);
    }
    let smaller = im / (2.0 * larger);
    if re >= 0.0 { (larger, smaller) } else { (smaller, larger) }
}

/// The analogue frequency, in units of `2 · rate`, that the bilinear transform carries to
/// `frequency_hz`.
pub(crate) fn prewarp(frequency_hz: f64, rate: SampleRate) -> Result<f64, DesignError> {
    below_nyquist(frequency_hz, rate)?;
    Ok(libm::tan(PI * frequency_hz / rate.hz()))
}

pub(crate) fn positive(value: f64) -> Result<(), DesignError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(DesignError::NotPositive { value }) }
}

pub(crate) fn below_nyquist(cutoff_hz: f64, rate: SampleRate) -> Result<(), DesignError> {
    positive(cutoff_hz)?;
    let nyquist_hz = rate.hz() / 2.0;
    if cutoff_hz < nyquist_hz {
        Ok(())
    } else {
        Err(DesignError::ReachesNyquist { cutoff_hz, nyquist_hz })
    }
}

/// The three sides of the triangle of stable coefficients, each with its margin.
pub(crate) fn require_margin(a1: f64, a2: f64) -> Result<(), DesignError> {
    let margin = (1.0 + a1 + a2).min(1.0 - a1 + a2).min(1.0 - a2);
    if margin >= POLE_MARGIN {
        Ok(())
    } else {
        Err(DesignError::IllPlacedPole { margin, min: POLE_MARGIN })
    }
}
