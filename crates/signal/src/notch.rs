//! Filters that take out one frequency, or one and its multiples.

use core::f64::consts::PI;

use biquad::Coefficients;

use crate::analogue::{below_nyquist, positive, prewarp, require_margin};
use crate::design::DesignError;
use crate::sections::Sections;
use crate::time::SampleRate;

/// Notch: gain 0 at `centre_hz`, `1/√2` at two frequencies `centre_hz / q` apart, 1 far away.
///
/// One section. Q 30 at 50 Hz is 1.7 Hz wide.
///
/// # Errors
///
/// [`DesignError`], with the numbers that do not fit.
///
/// # Source
///
/// Orfanidis, Introduction to Signal Processing, 1996, section 11.3; SciPy `iirnotch` is the same.
pub fn notch(centre_hz: f64, q: f64, rate: SampleRate) -> Result<Sections, DesignError> {
    positive(q)?;
    notch_with_width(centre_hz, centre_hz / q, rate)
}

/// [`notch`] by the distance of the two frequencies with gain `1/√2`, in hertz.
///
/// # Errors
///
/// [`DesignError`], with the numbers that do not fit.
pub fn notch_with_width(
    centre_hz: f64,
    width_hz: f64,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    below_nyquist(centre_hz, rate)?;
    let gain = 1.0 / (1.0 + prewarp(width_hz, rate)?);
    let cosine = libm::cos(2.0 * PI * centre_hz / rate.hz());
    let (a1, a2) = (-2.0 * gain * cosine, 2.0 * gain - 1.0);
    require_margin(a1, a2)?;
    let mut sections = Sections::passing(rate, 0.0, rate.hz() / 2.0);
    sections.push(Coefficients { b0: gain, b1: a1, b2: gain, a1, a2 })?;
    Ok(sections)
}

/// Notches at `first_hz` and its next `count - 1` multiples, all as wide as the first,
/// `first_hz / q`.
///
/// `count` sections. One width and not one Q: a hum that strays by `d` strays by `n·d` at its `n`-th
/// multiple, and still little against the width; notches that grow with their multiple would take much
/// more of the signal.
///
/// # Errors
///
/// [`DesignError`]: [`DesignError::NotPositive`] for no notch at all, [`DesignError::ReachesNyquist`]
/// with the first multiple that does.
pub fn notches(
    first_hz: f64,
    q: f64,
    count: usize,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    positive(q)?;
    notches_with_width(first_hz, first_hz / q, count, rate)
}

/// [`notches`] by their width (distance of the two frequencies with gain `1/√2`), in hertz.
///
/// # Errors
///
/// As [`notches`].
pub fn notches_with_width(
    first_hz: f64,
    width_hz: f64,
    count: usize,
    rate: SampleRate,
) -> Result<Sections, DesignError> {
    if count == 0 {
        return Err(DesignError::NotPositive { value: 0.0 });
    }
    let mut sections = Sections::identity(rate);
    for multiple in 1..=count {
        let centre_hz = first_hz * multiple as f64;
        sections = sections.then(&notch_with_width(centre_hz, width_hz, rate)?)?;
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(hz: f64) -> SampleRate {
        SampleRate::from_hz(hz).expect("a positive rate")
    }

    #[test]
    fn a_notch_is_as_deep_and_as_wide_as_it_was_asked_to_be() {
        for (centre_hz, q, rate_hz) in
            [(50.0, 30.0, 1000.0), (60.0, 5.0, 250.0), (9000.0, 30.0, 20_000.0)]
        {
            let sections = notch(centre_hz, q, rate(rate_hz)).expect("valid");
            // Rounding of `cos` leaves the zero about 1e-16 off the circle, over a width of 1e-2.
            assert!(sections.response(centre_hz).magnitude() < 1e-12);
            assert!((sections.dc_gain() - 1.0).abs() < 1e-12);
            let gain_before = sections.response(centre_hz - 0.5 * centre_hz / q).magnitude();
            let gain_after = sections.response(centre_hz + 0.5 * centre_hz / q).magnitude();
            // The two edges lie symmetrically on a warped axis, so only nearly so on the true one.
            assert!((gain_before + gain_after - core::f64::consts::SQRT_2).abs() < 0.01);
        }
    }

    #[test]
    fn a_notch_has_the_width_it_was_asked_for_at_every_multiple() {
        let by_q = notches(50.0, 25.0, 4, rate(500.0)).expect("valid");
        let by_width = notches_with_width(50.0, 2.0, 4, rate(500.0)).expect("valid");
        assert_eq!(by_q.len(), 4);
        for (one, other) in by_q.coefficients().iter().zip(by_width.coefficients()) {
            assert_eq!(one.b1.to_bits(), other.b1.to_bits());
            assert_eq!(one.a2.to_bits(), other.a2.to_bits());
        }
        for (index, section) in by_q.coefficients().iter().enumerate() {
            let mut alone = Sections::identity(rate(500.0));
            alone.push(*section).expect("one section");
            let centre_hz = 50.0 * (index + 1) as f64;
            assert!(by_q.response(centre_hz).magnitude() < 1e-12, "{centre_hz} Hz");
            // Gain `1/√2`, searched for on either side.
            let edge_hz = |mut inner: f64, mut outer: f64| {
                for _ in 0..60 {
                    let middle = 0.5 * (inner + outer);
                    let gain = alone.response(middle).magnitude();
                    if gain < core::f64::consts::FRAC_1_SQRT_2 {
                        inner = middle;
                    } else {
                        outer = middle;
                    }
                }
                outer
            };
            let width_hz =
                edge_hz(centre_hz, centre_hz + 10.0) - edge_hz(centre_hz, centre_hz - 10.0);
            assert!((width_hz - 2.0).abs() < 1e-9, "{centre_hz} Hz: {width_hz} Hz");
        }
    }

    #[test]
    fn impossible_notches_are_refused_with_their_numbers() {
        let refused = |first_hz, q, count| notches(first_hz, q, count, rate(500.0)).err();
        let nyquist_hz = 250.0;
        let fifth = DesignError::ReachesNyquist { cutoff_hz: 250.0, nyquist_hz };
        assert_eq!(refused(50.0, 30.0, 5), Some(fifth));
        assert_eq!(refused(50.0, 30.0, 0), Some(DesignError::NotPositive { value: 0.0 }));
        assert_eq!(refused(50.0, -1.0, 1), Some(DesignError::NotPositive { value: -1.0 }));
        let many = DesignError::TooManySections { count: 17, max: 16 };
        assert_eq!(refused(1.0, 30.0, usize::MAX), Some(many));
        let narrow = notches_with_width(50.0, 1e-9, 1, rate(500.0)).err();
        assert!(matches!(narrow, Some(DesignError::IllPlacedPole { .. })), "{narrow:?}");
        let wide = notches_with_width(50.0, 250.0, 1, rate(500.0)).err();
        assert_eq!(wide, Some(DesignError::ReachesNyquist { cutoff_hz: 250.0, nyquist_hz }));
    }
}
