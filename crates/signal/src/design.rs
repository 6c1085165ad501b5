//! From cut-off frequencies to second-order sections: Butterworth filters, and why there may be none.
//!
//! All designs follow one way: poles of the analogue filter of radius one, moved to the band wanted,
//! carried over by the bilinear transform with the edges pre-warped, so that the gain at each edge is
//! `1/√2` exactly where it was asked for. Sines and tangents come from `libm`, not from the platform,
//! so that a filter has the same bits on every build.
//!
//! # Source
//!
//! Oppenheim and Schafer, Discrete-Time Signal Processing, chapter on filter design techniques
//! (Butterworth, bilinear transform). Results equal those of SciPy's `butter` and `iirnotch`; only
//! the pairing of poles and zeros differs.

use core::fmt;

use biquad::Coefficients;

use crate::analogue::{BandPoles, Poles, WarpedBand, prewarp, prototype_poles};
use crate::sections::Sections;
use crate::time::SampleRate;

pub use crate::notch::{notch, notch_with_width, notches, notches_with_width};

/// Highest order of a Butterworth filter. A band-pass or band-stop of this order has 16 poles.
pub const MAX_ORDER: usize = 8;

/// Why there is no such filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DesignError {
    /// The order is 0 or above [`MAX_ORDER`].
    Order {
        /// The order that was asked for.
        order: usize,
        /// The highest that can be had.
        max: usize,
    },
    /// A frequency, width or Q is not finite, or not above zero.
    NotPositive {
        /// The number that was given.
        value: f64,
    },
    /// An edge lies at or above half the sampling rate. Lower it, or sample faster.
    ReachesNyquist {
        /// The edge that was asked for, in hertz.
        cutoff_hz: f64,
        /// Half the sampling rate, in hertz.
        nyquist_hz: f64,
    },
    /// The lower edge is not below the upper one.
    EdgesReversed {
        /// Lower edge in hertz.
        low_hz: f64,
        /// Upper edge in hertz.
        high_hz: f64,
    },
    /// What the sampling rate leaves of a preset's band is less than an octave. Use another preset
    /// or sample faster.
    BandTooNarrow {
        /// Lower edge in hertz.
        low_hz: f64,
        /// Upper edge in hertz.
        high_hz: f64,
    },
    /// A pole comes so close to the unit circle that rounding would change the filter: the cut-off or
    /// the band is too small for this sampling rate.
    IllPlacedPole {
        /// How far the worst pole is from instability, as distance in the plane of coefficients.
        margin: f64,
        /// The least margin accepted.
        min: f64,
    },
    /// More sections than a filter can hold.
    TooManySections {
        /// Sections that were asked for.
        count: usize,
        /// The most that can be had.
        max: usize,
    },
    /// Two filters for different sampling rates cannot be joined.
    RatesDiffer {
        /// Rate of the first filter.
        first: SampleRate,
        /// Rate of the second filter.
        second: SampleRate,
    },
}

impl fmt::Display for DesignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Order { order, max } => {
                write!(f, "filter order {order} is not within 1 to {max}")
            }
            Self::NotPositive { value } => {
                write!(f, "filter parameter {value} is not a positive number")
            }
            Self::ReachesNyquist { cutoff_hz, nyquist_hz } => {
                write!(
                    f,
                    "cut-off {cutoff_hz} Hz is not below half the sampling rate, {nyquist_hz} Hz"
                )
            }
            Self::EdgesReversed { low_hz, high_hz } => {
                write!(f, "lower edge {low_hz} Hz is not below upper edge {high_hz} Hz")
            }
            Self::BandTooNarrow { low_hz, high_hz } => {
                write!(f, "band {low_hz} to {high_hz} Hz is less than an octave")
            }
            Self::IllPlacedPole { margin, min } => {
                write!(f, "pole too close to the unit circle: margin {margin:e} is below {min:e}")
            }
            Self::TooManySections { count, max } => {
                write!(f, "filter of {count} sections is longer than {max}")
            }
            Self::RatesDiffer { first, second } => {
                write!(f, "filters for {first} and for {second} cannot be joined")
            }
        }
    }
}

impl core::error::Error for DesignError {}

/// Butterworth low-pass: gain 1 at zero, `1/√2` at `cutoff_hz`, falling by 6·`order` dB an octave.
///
/// `order` is 1 to [`MAX_ORDER`]; it takes `(order + 1) / 2` sections.
///
/// # Errors
///
/// [`DesignError`], with the numbers that do not fit.
pub fn butterworth_low_pass(
    order: usize,
    cutoff_hz: f64,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    let edge = prewarp(cutoff_hz, rate)?;
    let mut sections = Sections::passing(rate, 0.0, cutoff_hz);
    for pole in prototype_poles(order)? {
        let poles = pole.scaled(edge);
        let (a1, a2) = poles.denominator()?;
        // From the rounded `a1` and `a2`, not from the formula: so the gain at zero is one whatever
        // the rounding of a pole close to the unit circle did.
        sections.push(match poles {
            Poles::Pair { .. } => {
                let gain = (1.0 + a1 + a2) / 4.0;
                Coefficients { b0: gain, b1: 2.0 * gain, b2: gain, a1, a2 }
            }
            Poles::Single { .. } => {
                let gain = (1.0 + a1) / 2.0;
                Coefficients { b0: gain, b1: gain, b2: 0.0, a1, a2 }
            }
        })?;
    }
    Ok(sections)
}

/// Butterworth high-pass: gain 0 at zero, `1/√2` at `cutoff_hz`, 1 at half the rate.
///
/// `order` is 1 to [`MAX_ORDER`]; it takes `(order + 1) / 2` sections.
///
/// # Errors
///
/// [`DesignError`], with the numbers that do not fit.
pub fn butterworth_high_pass(
    order: usize,
    cutoff_hz: f64,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    let edge = prewarp(cutoff_hz, rate)?;
    let mut sections = Sections::passing(rate, cutoff_hz, rate.hz() / 2.0);
    for pole in prototype_poles(order)? {
        // `edge / pole`, and on the unit circle the inverse is the conjugate: the poles of the
        // low-pass once more.
        let poles = pole.scaled(edge);
        let (a1, a2) = poles.denominator()?;
        sections.push(match poles {
            Poles::Pair { .. } => {
                let gain = (1.0 - a1 + a2) / 4.0;
                Coefficients { b0: gain, b1: -2.0 * gain, b2: gain, a1, a2 }
            }
            Poles::Single { .. } => {
                let gain = (1.0 - a1) / 2.0;
                Coefficients { b0: gain, b1: -gain, b2: 0.0, a1, a2 }
            }
        })?;
    }
    Ok(sections)
}

/// Butterworth band-pass: gain `1/√2` at both edges, 1 between them, 0 at zero and at half the rate.
///
/// `order` counts as in SciPy: 1 to [`MAX_ORDER`] sections, each slope falling by 6·`order` dB an
/// octave, `2·order` poles.
///
/// # Errors
///
/// [`DesignError`], with the numbers that do not fit.
pub fn butterworth_band_pass(
    order: usize,
    low_hz: f64,
    high_hz: f64,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    let band = WarpedBand::new(low_hz, high_hz, rate)?;
    let mut sections = Sections::passing(rate, low_hz, high_hz);
    // Poles near the lower edge get both zeros at zero frequency, poles near the upper edge both at
    // half the rate, and each section has gain one at the centre: so none amplifies much by itself.
    // Lower edge first: an offset, often a thousand times the signal, is gone after one section.
    for pole in prototype_poles(order)? {
        match band.poles(pole) {
            BandPoles::Split { lower, .. } => {
                let (a1, a2) = lower.denominator()?;
                let gain = band.magnitude(1.0, a1, a2) / band.magnitude(1.0, -2.0, 1.0);
                sections.push(Coefficients { b0: gain, b1: -2.0 * gain, b2: gain, a1, a2 })?;
            }
            BandPoles::Central(poles) => {
                let (a1, a2) = poles.denominator()?;
                let gain = band.magnitude(1.0, a1, a2) / band.magnitude(1.0, 0.0, -1.0);
                sections.push(Coefficients { b0: gain, b1: 0.0, b2: -gain, a1, a2 })?;
            }
        }
    }
    for pole in prototype_poles(order)? {
        if let BandPoles::Split { upper, .. } = band.poles(pole) {
            let (a1, a2) = upper.denominator()?;
            let gain = band.magnitude(1.0, a1, a2) / band.magnitude(1.0, 2.0, 1.0);
            sections.push(Coefficients { b0: gain, b1: 2.0 * gain, b2: gain, a1, a2 })?;
        }
    }
    Ok(sections)
}

/// Butterworth band-stop: gain `1/√2` at both edges, 0 at their (warped) centre, 1 far away.
///
/// `order` counts as in SciPy: 1 to [`MAX_ORDER`] sections.
///
/// # Errors
///
/// [`DesignError`], with the numbers that do not fit.
pub fn butterworth_band_stop(
    order: usize,
    low_hz: f64,
    high_hz: f64,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    let band = WarpedBand::new(low_hz, high_hz, rate)?;
    let mut sections = Sections::passing(rate, 0.0, rate.hz() / 2.0);
    // Twice the cosine of the centre, with changed sign: the zeros of every section.
    let zeros = 2.0 * (band.centre_squared - 1.0) / (band.centre_squared + 1.0);
    let section = |poles: Poles| {
        let (a1, a2) = poles.denominator()?;
        let gain = (1.0 + a1 + a2) / (2.0 + zeros);
        Ok(Coefficients { b0: gain, b1: zeros * gain, b2: gain, a1, a2 })
    };
    for pole in prototype_poles(order)? {
        // As for the band-pass: on the unit circle the inverse is the conjugate.
        match band.poles(pole) {
            BandPoles::Split { lower, upper } => {
                sections.push(section(lower)?)?;
                sections.push(section(upper)?)?;
            }
            BandPoles::Central(poles) => sections.push(section(poles)?)?,
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use core::f64::consts::PI;

    use super::*;

    fn rate(hz: f64) -> SampleRate {
        SampleRate::from_hz(hz).expect("a positive rate")
    }

    /// The formula the Butterworth filter is defined by: `ratio` is warped frequency over edge.
    fn butterworth_magnitude(order: usize, ratio: f64) -> f64 {
        1.0 / (1.0 + libm::pow(ratio, 2.0 * order as f64)).sqrt()
    }

    fn warped(frequency_hz: f64, rate_hz: f64) -> f64 {
        libm::tan(PI * frequency_hz / rate_hz)
    }

    /// Frequencies from far below any edge to just under half the rate.
    fn frequencies(rate_hz: f64) -> impl Iterator<Item = f64> {
        (1..200).map(move |step| rate_hz / 2.0 * libm::pow(0.93, f64::from(step)))
    }

    /// Largest difference between the gain of `sections` and a formula.
    fn magnitude_error(sections: &Sections, expected: impl Fn(f64) -> f64) -> f64 {
        frequencies(sections.rate().hz())
            .map(|f| (sections.response(f).magnitude() - expected(f)).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn low_and_high_pass_have_the_magnitude_of_the_definition() {
        for rate_hz in [10.0, 47.6, 200.0, 1000.0, 20_000.0] {
            for order in 1..=MAX_ORDER {
                for part in [0.01, 0.1, 0.25, 0.4, 0.49] {
                    let cutoff_hz = part * rate_hz;
                    let ratio = |f| warped(f, rate_hz) / warped(cutoff_hz, rate_hz);
                    let low = butterworth_low_pass(order, cutoff_hz, rate(rate_hz)).expect("valid");
                    let error = magnitude_error(&low, |f| butterworth_magnitude(order, ratio(f)));
                    // Rounding of a pole at 0.01 of the rate moves the gain by 1e-16 / 0.03².
                    assert!(error < 1e-12, "low {order} {cutoff_hz} at {rate_hz}: {error:e}");
                    let high =
                        butterworth_high_pass(order, cutoff_hz, rate(rate_hz)).expect("valid");
                    let error =
                        magnitude_error(&high, |f| butterworth_magnitude(order, 1.0 / ratio(f)));
                    assert!(error < 1e-12, "high {order} {cutoff_hz} at {rate_hz}: {error:e}");
                }
            }
        }
    }

    #[test]
    fn band_filters_have_the_magnitude_of_the_definition() {
        for rate_hz in [10.0, 200.0, 1000.0, 2048.0, 20_000.0] {
            for order in 1..=MAX_ORDER {
                for (low, high) in [(0.02, 0.45), (0.02, 0.03), (0.1, 0.2), (0.3, 0.49)] {
                    let (low_hz, high_hz) = (low * rate_hz, high * rate_hz);
                    let (lower, upper) = (warped(low_hz, rate_hz), warped(high_hz, rate_hz));
                    let ratio = |f| {
                        let s = warped(f, rate_hz);
                        (s * s - lower * upper) / (s * (upper - lower))
                    };
                    let pass = butterworth_band_pass(order, low_hz, high_hz, rate(rate_hz))
                        .expect("valid");
                    let error = magnitude_error(&pass, |f| butterworth_magnitude(order, ratio(f)));
                    assert!(error < 1e-11, "pass {order} {low_hz}-{high_hz}: {error:e}");
                    let stop = butterworth_band_stop(order, low_hz, high_hz, rate(rate_hz))
                        .expect("valid");
                    let error =
                        magnitude_error(&stop, |f| butterworth_magnitude(order, 1.0 / ratio(f)));
                    assert!(error < 1e-11, "stop {order} {low_hz}-{high_hz}: {error:e}");
                }
            }
        }
    }

    #[test]
    fn a_constant_is_kept_or_removed_exactly() {
        for order in 1..=MAX_ORDER {
            let at = rate(1000.0);
            let high = butterworth_high_pass(order, 20.0, at).expect("valid");
            assert_eq!(high.dc_gain().to_bits() << 1, 0, "order {order}");
            let band = butterworth_band_pass(order, 20.0, 450.0, at).expect("valid");
            assert_eq!(band.dc_gain().to_bits() << 1, 0, "order {order}");
            // The gain is made from the rounded poles, so eight sections leave eight roundings.
            let low = butterworth_low_pass(order, 0.05, at).expect("valid");
            assert!((low.dc_gain() - 1.0).abs() < 1e-15, "order {order}: {}", low.dc_gain());
            let stop = butterworth_band_stop(order, 48.0, 52.0, at).expect("valid");
            assert!((stop.dc_gain() - 1.0).abs() < 1e-14, "order {order}: {}", stop.dc_gain());
        }
    }

    #[test]
    fn every_design_that_is_accepted_is_stable_and_every_message_has_its_number() {
        for rate_hz in [10.0, 31.25, 47.6, 100.0, 200.0, 250.0, 896.0, 1024.0, 4096.0, 20_000.0] {
            let at = rate(rate_hz);
            for cutoff_hz in [0.01, 0.05, 1.0, 4.0, 5.0, 50.0, 450.0, 9999.0, 10_000.0] {
                for order in [1, 2, 5, MAX_ORDER] {
                    for design in [
                        butterworth_low_pass(order, cutoff_hz, at),
                        butterworth_high_pass(order, cutoff_hz, at),
                        butterworth_band_pass(order, cutoff_hz, 1.2 * cutoff_hz, at),
                        butterworth_band_stop(order, cutoff_hz, 1.2 * cutoff_hz, at),
                        notch(cutoff_hz, 30.0, at),
                    ] {
                        match design {
                            Ok(sections) => {
                                let settling = sections.settling_samples();
                                // The least margin there may be leaves no pole slower than this.
                                assert!(settling < 1_000_000_000, "{cutoff_hz} at {rate_hz}");
                                assert!(sections.delay_samples().is_finite());
                            }
                            Err(DesignError::ReachesNyquist { cutoff_hz: edge_hz, nyquist_hz }) => {
                                assert!(edge_hz >= nyquist_hz && nyquist_hz <= rate_hz / 2.0);
                            }
                            Err(DesignError::IllPlacedPole { margin, min }) => {
                                assert!(margin < min);
                            }
                            Err(other) => panic!("{cutoff_hz} at {rate_hz}: {other}"),
                        }
                    }
                }
            }
        }
        let text = butterworth_low_pass(2, 450.0, rate(500.0)).expect_err("too high").to_string();
        assert_eq!(text, "cut-off 450 Hz is not below half the sampling rate, 250 Hz");
    }

    #[test]
    fn no_section_amplifies_much_by_itself() {
        // Eight orders need a Q of 2.6 in their last section; anything far above is a bad pairing.
        for order in 1..=MAX_ORDER {
            let band = butterworth_band_pass(order, 20.0, 450.0, rate(1000.0)).expect("valid");
            for section in band.coefficients() {
                let mut alone = Sections::identity(rate(1000.0));
                alone.push(*section).expect("one section");
                let peak =
                    frequencies(1000.0).map(|f| alone.response(f).magnitude()).fold(0.0, f64::max);
                assert!(peak < 3.0, "order {order}: gain {peak}");
            }
        }
    }

    #[test]
    fn edges_that_cannot_be_had_are_refused_with_their_numbers() {
        let at = rate(200.0);
        assert_eq!(
            butterworth_low_pass(2, 100.0, at).err(),
            Some(DesignError::ReachesNyquist { cutoff_hz: 100.0, nyquist_hz: 100.0 })
        );
        assert_eq!(
            butterworth_band_pass(2, 60.0, 30.0, at).err(),
            Some(DesignError::EdgesReversed { low_hz: 60.0, high_hz: 30.0 })
        );
        assert_eq!(
            butterworth_band_stop(2, 30.0, 30.0, at).err(),
            Some(DesignError::EdgesReversed { low_hz: 30.0, high_hz: 30.0 })
        );
        assert_eq!(
            butterworth_high_pass(0, 30.0, at).err(),
            Some(DesignError::Order { order: 0, max: MAX_ORDER })
        );
        assert_eq!(
            butterworth_high_pass(9, 30.0, at).err(),
            Some(DesignError::Order { order: 9, max: MAX_ORDER })
        );
        for value in [0.0, -3.0, f64::INFINITY] {
            let refusal = Some(DesignError::NotPositive { value });
            assert_eq!(butterworth_low_pass(2, value, at).err(), refusal);
            assert_eq!(notch(50.0, value, at).err(), refusal);
        }
        assert!(matches!(
            butterworth_low_pass(2, f64::NAN, at),
            Err(DesignError::NotPositive { value }) if value.is_nan()
        ));
    }

    #[test]
    fn poles_that_rounding_would_move_are_refused() {
        assert!(butterworth_low_pass(4, 0.05, rate(20_000.0)).is_ok());
        assert!(matches!(
            butterworth_low_pass(4, 0.005, rate(20_000.0)),
            Err(DesignError::IllPlacedPole { .. })
        ));
        assert!(matches!(
            butterworth_band_pass(4, 50.0, 50.000_000_01, rate(1000.0)),
            Err(DesignError::IllPlacedPole { .. })
        ));
    }
}
