//! Transforms of any length.

use core::mem::swap;

use pulp::Simd;

use super::power_of_two::PowerOfTwo;
use super::{Complex, unit};

/// The transform as a convolution with a chirp, done by longer transforms.
#[derive(Clone, Debug)]
pub(super) struct Bluestein {
    len: usize,
    convolution: PowerOfTwo,
    /// exp(-πik²/len).
    chirp: Complex,
    /// Transform of the conjugate chirp, both ways from zero, over the length of the convolution.
    kernel: Complex,
}

impl Bluestein {
    pub(super) fn new(len: usize) -> Self {
        let convolution = PowerOfTwo::new((2 * len - 1).next_power_of_two());
        let chirp = Complex::from_fn(len, |k| {
            let circle = 2 * len as u64;
            unit((k as u64 * k as u64) % circle, circle)
        });
        let scale = 1.0 / convolution.len() as f64;
        let mut kernel = Complex::from_fn(convolution.len(), |index| {
            match index.min(convolution.len() - index) {
                k if k < len => (chirp.re[k] * scale, -chirp.im[k] * scale),
                _ => (0.0, 0.0),
            }
        });
        let mut scratch = Complex::zeros(convolution.len());
        convolution.run(pulp::Scalar, &mut kernel, &mut scratch);
        Self { len, convolution, chirp, kernel }
    }

    /// How long the lists are that it works on.
    pub(super) const fn work_len(&self) -> usize {
        self.convolution.len()
    }

    /// Replaces the first `len` values by their transform. What the others and `scratch` hold does not
    /// matter.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&self, simd: S, values: &mut Complex, scratch: &mut Complex) {
        multiply(values, &self.chirp, self.len);
        values.re[self.len..].fill(0.0);
        values.im[self.len..].fill(0.0);
        self.convolution.run(simd, values, scratch);
        multiply(values, &self.kernel, self.convolution.len());
        // With real and imaginary parts exchanged, it is the inverse.
        swap(&mut values.re, &mut values.im);
        self.convolution.run(simd, values, scratch);
        swap(&mut values.re, &mut values.im);
        multiply(values, &self.chirp, self.len);
    }
}

/// The first `len` values times those of `factors`.
#[inline(always)]
fn multiply(values: &mut Complex, factors: &Complex, len: usize) {
    let values = values.re[..len].iter_mut().zip(&mut values.im[..len]);
    let factors = factors.re[..len].iter().zip(&factors.im[..len]);
    for ((re, im), (factor_re, factor_im)) in values.zip(factors) {
        (*re, *im) = (*re * factor_re - *im * factor_im, *re * factor_im + *im * factor_re);
    }
}
