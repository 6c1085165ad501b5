//! A linear filter as a chain of second-order sections, and what it does to a frequency.

use core::f64::consts::PI;

use biquad::Coefficients;

use crate::design::DesignError;
use crate::time::SampleRate;

/// Most sections that one filter can have: a band-pass of order 6 and ten notches.
pub const MAX_SECTIONS: usize = 16;

/// Part of a transient that counts as gone, as a ratio of its first value.
const SETTLED_RATIO: f64 = 0.01;

/// A filter of up to [`MAX_SECTIONS`] second-order sections, for one sampling rate.
///
/// Each section is `H(z) = (b0 + b1 z⁻¹ + b2 z⁻²) / (1 + a1 z⁻¹ + a2 z⁻²)`, and the filter is their
/// product. It holds coefficients only; [`Cascade`](crate::Cascade) runs them. It lives on the stack
/// and is copied freely.
#[derive(Clone, Copy, Debug)]
pub struct Sections {
    rate: SampleRate,
    low_hz: f64,
    high_hz: f64,
    coefficients: [Coefficients<f64>; MAX_SECTIONS],
    len: usize,
}

/// Gain and phase of a filter at one frequency, as a complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Sections {
    /// The filter that changes nothing: no section, the whole band up to half the rate.
    #[must_use]
    pub fn identity(rate: SampleRate) -> Self {
        Self::passing(rate, 0.0, rate.hz() / 2.0)
    }

    /// No section yet, but meant to pass `low_hz` to `high_hz`.
    pub(crate) fn passing(rate: SampleRate, low_hz: f64, high_hz: f64) -> Self {
        let unused = Coefficients { b0: 1.0, b1: 0.0, b2: 0.0, a1: 0.0, a2: 0.0 };
        Self { rate, low_hz, high_hz, coefficients: [unused; MAX_SECTIONS], len: 0 }
    }

    /// Adds one section at the end.
    pub(crate) fn push(&mut self, section: Coefficients<f64>) -> Result<(), DesignError> {
        let full = DesignError::TooManySections { count: self.len + 1, max: MAX_SECTIONS };
        *self.coefficients.get_mut(self.len).ok_or(full)? = section;
        self.len += 1;
        Ok(())
    }

    /// This filter followed by `next`. Its band is what both let through.
    ///
    /// # Errors
    ///
    /// [`DesignError::RatesDiffer`], or [`DesignError::TooManySections`] beyond [`MAX_SECTIONS`].
    pub fn then(mut self, next: &Self) -> Result<Self, DesignError> {
        if self.rate != next.rate {
            return Err(DesignError::RatesDiffer { first: self.rate, second: next.rate });
        }
        let count = self.len + next.len;
        if count > MAX_SECTIONS {
            return Err(DesignError::TooManySections { count, max: MAX_SECTIONS });
        }
        self.coefficients[self.len..count].copy_from_slice(next.coefficients());
        self.len = count;
        self.low_hz = self.low_hz.max(next.low_hz);
        self.high_hz = self.high_hz.min(next.high_hz);
        Ok(self)
    }

    /// The sections in the order they are run.
    #[must_use]
    pub fn coefficients(&self) -> &[Coefficients<f64>] {
        &self.coefficients[..self.len]
    }

    /// Number of sections.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no section, so that nothing is changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sampling rate the coefficients were made for.
    #[must_use]
    pub const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Lower edge of the band that is let through, in hertz; 0 if it begins at zero.
    #[must_use]
    pub const fn low_hz(&self) -> f64 {
        self.low_hz
    }

    /// Upper edge of the band that is let through, in hertz; half the rate if it has none.
    ///
    /// A notch takes nothing from the band.
    #[must_use]
    pub const fn high_hz(&self) -> f64 {
        self.high_hz
    }

    /// The frequency for which delays are stated, in hertz: the geometric mean of the band's edges,
    /// and 0 for a band that begins at zero.
    ///
    /// Our choice: muscle and pressure signals have more of their power in the lower part of the
    /// band, and a mean of logarithms lies there.
    #[must_use]
    pub fn centre_hz(&self) -> f64 {
        (self.low_hz * self.high_hz).sqrt()
    }

    /// What a constant input is multiplied by. Zero, exactly, for a high-pass or band-pass.
    #[must_use]
    pub fn dc_gain(&self) -> f64 {
        self.coefficients().iter().map(section_dc_gain).product()
    }

    /// Gain and phase at `frequency_hz` (0 to half the rate; beyond it the response repeats).
    #[must_use]
    pub fn response(&self, frequency_hz: f64) -> Response {
        let angle = Angle::new(frequency_hz, self.rate);
        let mut product = Response { re: 1.0, im: 0.0 };
        for section in self.coefficients() {
            let over = angle.polynomial(section.b0, section.b1, section.b2);
            let under = angle.polynomial(1.0, section.a1, section.a2);
            product = product.times(over.divided_by(under));
        }
        product
    }

    /// How much later the envelope of a narrow band around `frequency_hz` leaves the filter than it
    /// entered, in samples. Below zero where the phase rises, as just beside a notch.
    ///
    /// At a frequency that is rejected completely the zeros count as without delay: nothing comes
    /// out there that could be late.
    #[must_use]
    pub fn group_delay_samples(&self, frequency_hz: f64) -> f64 {
        let angle = Angle::new(frequency_hz, self.rate);
        let delay = |c: &Coefficients<f64>| {
            angle.phase_slope(1.0, c.a1, c.a2) - angle.phase_slope(c.b0, c.b1, c.b2)
        };
        // Not `sum`, which begins at minus zero.
        self.coefficients().iter().map(delay).fold(0.0, |total, one| total + one)
    }

    /// Group delay at [`Self::centre_hz`], in samples: what the filter adds between a muscle and a
    /// result.
    #[must_use]
    pub fn delay_samples(&self) -> f64 {
        self.group_delay_samples(self.centre_hz())
    }

    /// Samples until the slowest part of a transient is below 1 % of its first value.
    ///
    /// A real step can take somewhat longer, as several sections ring together.
    #[must_use]
    pub fn settling_samples(&self) -> usize {
        let slowest = self.coefficients().iter().map(pole_radius).fold(0.0, f64::max);
        if slowest <= 0.0 {
            return 2 * self.len;
        }
        libm::ceil(libm::log(SETTLED_RATIO) / libm::log(slowest)) as usize
    }
}

impl Response {
    /// Gain: amplitude out for amplitude in.
    #[must_use]
    pub fn magnitude(self) -> f64 {
        libm::hypot(self.re, self.im)
    }

    /// Phase in radians, −π to π; below zero is late.
    #[must_use]
    pub fn phase_rad(self) -> f64 {
        libm::atan2(self.im, self.re)
    }

    fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }

    fn divided_by(self, other: Self) -> Self {
        let square = other.re * other.re + other.im * other.im;
        Self {
            re: (self.re * other.re + self.im * other.im) / square,
            im: (self.im * other.re - self.re * other.im) / square,
        }
    }
}

/// What a constant input is multiplied by in one section.
pub(crate) fn section_dc_gain(section: &Coefficients<f64>) -> f64 {
    (section.b0 + section.b1 + section.b2) / (1.0 + section.a1 + section.a2)
}

/// Distance of the outermost pole from zero; 1 and more is unstable.
fn pole_radius(section: &Coefficients<f64>) -> f64 {
    let discriminant = section.a1 * section.a1 - 4.0 * section.a2;
    if discriminant < 0.0 {
        section.a2.sqrt()
    } else {
        (section.a1.abs() + discriminant.sqrt()) / 2.0
    }
}

/// A point on the unit circle, in the terms in which a polynomial does not cancel near zero.
struct Angle {
    /// sin(ω)
    sin: f64,
    /// cos(ω)
    cos: f64,
    /// 1 − cos(ω), without the loss of digits of that subtraction
    versine: f64,
}

impl Angle {
    fn new(frequency_hz: f64, rate: SampleRate) -> Self {
        let half = PI * frequency_hz / rate.hz();
        let (sin, cos) = (libm::sin(half), libm::cos(half));
        Self { sin: 2.0 * sin * cos, cos: cos * cos - sin * sin, versine: 2.0 * sin * sin }
    }

    /// `(c0 + c1 z⁻¹ + c2 z⁻²) z` at `z = exp(iω)`. The factor `z` cancels in every quotient, and with
    /// it the three terms that are nearly equal near zero frequency can be summed first.
    fn polynomial(&self, c0: f64, c1: f64, c2: f64) -> Response {
        Response { re: (c0 + c1 + c2) - (c0 + c2) * self.versine, im: (c0 - c2) * self.sin }
    }

    /// Slope of the phase of [`Self::polynomial`], in radians a radian.
    fn phase_slope(&self, c0: f64, c1: f64, c2: f64) -> f64 {
        let value = self.polynomial(c0, c1, c2);
        let square = value.re * value.re + value.im * value.im;
        if square <= 0.0 {
            return 0.0;
        }
        let (re_slope, im_slope) = (-(c0 + c2) * self.sin, (c0 - c2) * self.cos);
        (value.re * im_slope - value.im * re_slope) / square
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{butterworth_band_pass, butterworth_low_pass, notch};

    fn rate(hz: f64) -> SampleRate {
        SampleRate::from_hz(hz).expect("a positive rate")
    }

    #[test]
    fn the_identity_changes_nothing() {
        let identity = Sections::identity(rate(1000.0));
        assert_eq!(identity.response(123.0), Response { re: 1.0, im: 0.0 });
        assert_eq!(identity.settling_samples(), 0);
        assert_eq!(identity.delay_samples().to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_joined_filter_has_the_product_of_both_responses() {
        let band = butterworth_band_pass(4, 20.0, 450.0, rate(1000.0)).expect("valid");
        let mains = notch(50.0, 30.0, rate(1000.0)).expect("valid");
        let joined = band.then(&mains).expect("five sections");
        assert_eq!(joined.len(), 5);
        for frequency_hz in [1.0, 20.0, 49.0, 120.0, 499.0] {
            let product = band.response(frequency_hz).times(mains.response(frequency_hz));
            let response = joined.response(frequency_hz);
            let error = libm::hypot(response.re - product.re, response.im - product.im);
            // Ten products, each rounded to 1.1e-16 of a value that is at most one.
            assert!(error < 1e-14, "{frequency_hz} Hz: {response:?} is not {product:?}");
        }
    }

    #[test]
    fn joining_refuses_another_rate_and_too_many_sections() {
        let eight = butterworth_band_pass(8, 20.0, 200.0, rate(1000.0)).expect("valid");
        let other = notch(50.0, 30.0, rate(500.0)).expect("valid");
        assert!(matches!(eight.then(&other), Err(DesignError::RatesDiffer { .. })));
        let sixteen = eight.then(&eight).expect("exactly full");
        let one = notch(50.0, 30.0, rate(1000.0)).expect("valid");
        assert_eq!(
            sixteen.then(&one).err(),
            Some(DesignError::TooManySections { count: 17, max: MAX_SECTIONS })
        );
    }

    #[test]
    fn group_delay_is_the_slope_of_the_phase() {
        let sections = butterworth_low_pass(5, 40.0, rate(500.0)).expect("valid");
        let step_hz = 1e-4;
        for frequency_hz in [0.5, 10.0, 39.0, 41.0, 90.0] {
            let slope = (sections.response(frequency_hz + step_hz).phase_rad()
                - sections.response(frequency_hz - step_hz).phase_rad())
                / (2.0 * step_hz);
            let expected = -slope * 500.0 / (2.0 * PI);
            let got = sections.group_delay_samples(frequency_hz);
            // The difference quotient loses half the digits.
            assert!((got - expected).abs() < 1e-6, "{frequency_hz} Hz: {got} is not {expected}");
        }
    }

    #[test]
    fn a_transient_is_below_a_hundredth_when_settling_ends() {
        let sections = notch(50.0, 30.0, rate(1000.0)).expect("valid");
        let radius = pole_radius(&sections.coefficients()[0]);
        let count = sections.settling_samples();
        assert!(libm::pow(radius, count as f64) <= SETTLED_RATIO);
        assert!(libm::pow(radius, count as f64 - 1.0) > SETTLED_RATIO);
    }
}
