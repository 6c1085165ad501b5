//! How the power of a signal is spread over frequencies, over a sliding window or a span.
//!
//! [`Spectrum`] gives a [`Density`] at every hop, [`Welch`] the mean of them over a span; what is read from
//! a density (median frequency, power of a band, mains) are methods of it.

mod density;
mod fourier;
mod mains;
mod welch;

use core::f64::consts::TAU;
use core::fmt;

pub use density::{Density, Peak};
pub use mains::MainsShare;
pub use welch::Welch;

use crate::time::SampleRate;
use fourier::{RealTransform, Task};

/// The shortest window: below there is no frequency.
pub const MIN_WINDOW_LEN: usize = 2;

/// The longest window there is, in samples.
///
/// Our choice: half a minute at 2 kHz, in 2 MiB (6 MiB if it is no power of two).
pub const MAX_WINDOW_LEN: usize = 1 << 16;

/// Power spectral density of the last `window_len` samples, a new one every `hop_len` samples.
///
/// The first comes with sample `window_len`. The mean of the window is taken away (no slope is), the
/// samples are weighted with a periodic Hann window, and the density is one-sided: as
/// `scipy.signal.welch` does it unless told otherwise. Windows of a power of two are fastest; others take
/// about four times as long.
///
/// A window is refused, and counted in [`Self::refused_count`], if it holds a sample that is not finite or
/// one so large that its power is not; the windows after it know nothing of it. A gap is a
/// [`Self::reset`]: no window spans it.
///
/// Delay: [`Self::delay_samples`]. Results depend on the samples alone, not on how they are cut into
/// blocks, and have the same bits on every processor.
///
/// # Source
///
/// Welch 1967, "The use of fast Fourier transform for the estimation of power spectra", IEEE Trans. Audio
/// Electroacoust. 15; the weights: Harris 1978, "On the use of windows for harmonic analysis", Proc. IEEE
/// 66, equation 27a (Hanning, for the discrete Fourier transform).
#[derive(Clone, Debug)]
pub struct Spectrum {
    rate: SampleRate,
    window_len: usize,
    hop_len: usize,
    /// As long as the transform: zero beyond the window.
    weights: Box<[f64]>,
    /// Of the squared magnitudes, to a one-sided density.
    scale: f64,
    transform: RealTransform,
    /// The window that fills is from `start` to `end`; twice as long as it, so that it seldom moves.
    samples: Box<[f64]>,
    /// Whether the window may be shorter than the transform.
    is_padded: bool,
    start: usize,
    end: usize,
    /// Samples to let pass before the next window begins: there are some if the hop is the longer one.
    skip: usize,
    density: Box<[f64]>,
    refused_count: u64,
}

/// A window or a hop that there is no spectrum for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpectrumError {
    /// The window is too short or too long.
    Window {
        /// What was asked for, in samples.
        window_len: usize,
        /// [`MIN_WINDOW_LEN`].
        min_window_len: usize,
        /// [`MAX_WINDOW_LEN`].
        max_window_len: usize,
    },
    /// The hop is zero: the window would never move.
    Hop,
}

impl fmt::Display for SpectrumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { window_len, min_window_len, max_window_len } => write!(
                f,
                "window of {window_len} samples is not within {min_window_len} to {max_window_len}"
            ),
            Self::Hop => write!(f, "hop of 0 samples"),
        }
    }
}

impl core::error::Error for SpectrumError {}

impl Spectrum {
    /// Windows of `window_len` samples, `hop_len` samples from one to the next. It allocates; nothing after it
    /// does. A hop longer than the window leaves out what lies between.
    ///
    /// # Errors
    ///
    /// [`SpectrumError`] for a hop of 0 and for a window not within [`MIN_WINDOW_LEN`] to
    /// [`MAX_WINDOW_LEN`].
    pub fn new(window_len: usize, hop_len: usize, rate: SampleRate) -> Result<Self, SpectrumError> {
        check(window_len, MAX_WINDOW_LEN, hop_len)?;
        Self::padded(window_len, window_len, hop_len, rate)
    }

    /// The same with zeros behind each window, up to `transform_len` samples: more bins, no more to see in
    /// them. As `scipy.signal.welch` with `nfft`. [`Self::start`] may then choose another window.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; also for a transform longer than [`MAX_WINDOW_LEN`] or shorter than the window, which
    /// is a window that is too long.
    pub fn padded(
        window_len: usize,
        transform_len: usize,
        hop_len: usize,
        rate: SampleRate,
    ) -> Result<Self, SpectrumError> {
        check(window_len, transform_len, hop_len)?;
        check(transform_len, MAX_WINDOW_LEN, hop_len)?;
        let mut spectrum = Self {
            rate,
            window_len,
            hop_len,
            weights: vec![0.0; transform_len].into(),
            scale: 0.0,
            transform: RealTransform::new(transform_len),
            samples: vec![0.0; 2 * transform_len].into(),
            is_padded: transform_len != window_len,
            start: 0,
            end: 0,
            skip: 0,
            density: vec![0.0; transform_len / 2 + 1].into(),
            refused_count: 0,
        };
        spectrum.design();
        Ok(spectrum)
    }

    /// Begins anew with another window, hop and rate, and the same transform. Allocates nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::padded`], nothing is changed then. One that was made without zeros takes no shorter window.
    pub fn start(
        &mut self,
        window_len: usize,
        hop_len: usize,
        rate: SampleRate,
    ) -> Result<(), SpectrumError> {
        let transform_len = self.weights.len();
        check(window_len, transform_len, hop_len)?;
        if window_len < transform_len && !self.is_padded {
            return Err(SpectrumError::Window {
                window_len,
                min_window_len: transform_len,
                max_window_len: transform_len,
            });
        }
        (self.window_len, self.hop_len, self.rate) = (window_len, hop_len, rate);
        self.design();
        self.reset();
        Ok(())
    }

    /// Weights and scale of the window.
    fn design(&mut self) {
        let (window, behind) = self.weights.split_at_mut(self.window_len);
        hann(window);
        behind.fill(0.0);
        let energy: f64 = window.iter().map(|weight| weight * weight).sum();
        self.scale = 2.0 / (self.rate.hz() * energy);
    }

    /// Forgets all samples and what was counted.
    pub fn reset(&mut self) {
        self.restart();
        self.refused_count = 0;
    }

    /// Forgets all samples, but not what was counted.
    fn restart(&mut self) {
        (self.start, self.end, self.skip) = (0, 0, 0);
    }

    /// Takes one sample; gives the density of a window if it is the last of one that is not refused.
    pub fn step(&mut self, x: f64) -> Option<Density<'_>> {
        self.take(&[x]).1
    }

    /// Takes a block, and hands each density to `each` as [`Self::step`] would give it, with the number of
    /// samples of the block up to the end of its window.
    pub fn process(&mut self, block: &[f64], mut each: impl FnMut(usize, Density<'_>)) {
        let mut taken = 0;
        while taken < block.len() {
            let (count, density) = self.take(&block[taken..]);
            taken += count;
            if let Some(density) = density {
                each(taken, density);
            }
        }
    }

    /// Windows that were refused since the beginning or [`Self::reset`].
    #[must_use]
    pub const fn refused_count(&self) -> u64 {
        self.refused_count
    }

    /// Samples in a window.
    #[must_use]
    pub const fn window_len(&self) -> usize {
        self.window_len
    }

    /// Samples in a transform: the window and the zeros behind it.
    #[must_use]
    pub const fn transform_len(&self) -> usize {
        self.weights.len()
    }

    /// Samples from one window to the next.
    #[must_use]
    pub const fn hop_len(&self) -> usize {
        self.hop_len
    }

    /// How far the middle of the weights lies before the newest sample: half the window less one, as the
    /// first weight is zero.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.window_len as f64 / 2.0 - 1.0
    }

    /// Takes samples up to the end of a window at most: how many, and the density if there is one now.
    fn take(&mut self, block: &[f64]) -> (usize, Option<Density<'_>>) {
        let window_len = self.window_len();
        let skipped = self.skip.min(block.len());
        self.skip -= skipped;
        let block = &block[skipped..];
        let count = block.len().min(window_len - (self.end - self.start));
        self.samples[self.end..self.end + count].copy_from_slice(&block[..count]);
        self.end += count;
        let full = self.end - self.start == window_len;
        if full {
            self.transform.power(task(
                &self.samples[self.start..self.end],
                &self.weights,
                self.scale,
                &mut self.density,
            ));
            let forward = self.hop_len.min(window_len);
            self.skip = self.hop_len - forward;
            self.start += forward;
            if self.start + window_len > self.samples.len() {
                self.samples.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
        }
        (skipped + count, if full { self.accepted() } else { None })
    }

    /// The density of one window that is at hand, whatever was taken before: as [`Self::process`] has it, without
    /// a copy. `None` if the window is refused, which is counted, or has another length than
    /// [`Self::window_len`].
    pub fn of(&mut self, window: &[f64]) -> Option<Density<'_>> {
        if window.len() != self.window_len {
            return None;
        }
        self.transform.power(task(window, &self.weights, self.scale, &mut self.density));
        self.accepted()
    }

    /// The density, unless it is refused.
    fn accepted(&mut self) -> Option<Density<'_>> {
        // Zero frequency, and half the rate, have no mirror image whose power would be added.
        self.density[0] *= 0.5;
        if self.weights.len().is_multiple_of(2) {
            self.density[self.weights.len() / 2] *= 0.5;
        }
        let density = Density::new(&self.density, self.weights.len(), self.rate, 1);
        // A sample that is not finite is in the mean, and so in all of them.
        let accepted = density.total_power().is_finite();
        self.refused_count += u64::from(!accepted);
        accepted.then_some(density)
    }
}

/// What a window asks of the transform.
fn task<'a>(samples: &'a [f64], weights: &'a [f64], scale: f64, power: &'a mut [f64]) -> Task<'a> {
    let mean = density::sum(samples, |_, x| x) / samples.len() as f64;
    Task { samples, offset: mean, weights, scale, power }
}

/// Whether there is such a spectrum.
fn check(window_len: usize, longest: usize, hop_len: usize) -> Result<(), SpectrumError> {
    if !(MIN_WINDOW_LEN..=longest).contains(&window_len) {
        return Err(SpectrumError::Window {
            window_len,
            min_window_len: MIN_WINDOW_LEN,
            max_window_len: longest,
        });
    }
    if hop_len == 0 { Err(SpectrumError::Hop) } else { Ok(()) }
}

/// Periodic Hann window: `(1 - cos(2πk/len)) / 2`, as `scipy.signal.get_window("hann", len)`.
fn hann(window: &mut [f64]) {
    let len = window.len();
    for (k, weight) in window.iter_mut().enumerate() {
        // The same angle from both ends: symmetric to the last bit.
        *weight = 0.5 - 0.5 * libm::cos(TAU * (k.min(len - k) as f64 / len as f64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> SampleRate {
        SampleRate::from_hz(1000.0).expect("a positive rate")
    }

    fn noise(len: usize) -> Vec<f64> {
        let mut state = 5_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5
        };
        (0..len).map(|_| next()).collect()
    }

    /// Where each window ended, and the bits of its density.
    fn windows(spectrum: &mut Spectrum, input: &[f64], block_len: usize) -> Vec<(usize, Vec<u64>)> {
        let mut found = Vec::new();
        for (block_index, block) in input.chunks(block_len).enumerate() {
            spectrum.process(block, |end, density| {
                let bits = density.density().iter().map(|x| x.to_bits()).collect();
                found.push((block_index * block_len + end, bits));
            });
        }
        found
    }

    #[test]
    fn zeros_behind_a_window_add_bins_and_change_none() {
        let input = noise(700);
        for window_len in [50, 64, 100] {
            let mut plain = Spectrum::new(window_len, 32, rate()).expect("valid");
            let mut padded =
                Spectrum::padded(window_len, 2 * window_len, 32, rate()).expect("valid");
            let mut expected = Vec::new();
            plain.process(&input, |count, density| {
                expected.push((count, density.density().to_vec()));
            });
            let mut got = Vec::new();
            padded.process(&input, |count, density| {
                let every_second = density.density().iter().step_by(2).copied().collect::<Vec<_>>();
                got.push((count, every_second));
            });
            assert_eq!(expected.len(), got.len());
            for ((count, expected), (other, got)) in expected.iter().zip(&got) {
                assert_eq!(count, other);
                let largest = expected.iter().copied().fold(0.0, f64::max);
                for (bin, (expected, got)) in expected.iter().zip(got).enumerate() {
                    // Round-off of a transform of 200.
                    assert!((expected - got).abs() <= 1e-12 * largest, "bin {bin}");
                }
            }
        }
    }

    #[test]
    fn a_window_at_hand_has_the_bits_of_one_that_was_taken() {
        let input = noise(300);
        let lens = [(64, 64), (50, 64), (51, 64), (63, 64), (33, 33), (20, 33), (2, 8), (3, 8)];
        for (window_len, transform_len) in lens {
            let new = || Spectrum::padded(window_len, transform_len, 1, rate()).expect("valid");
            let window = &input[7..7 + window_len];
            let (mut one, mut other) = (new(), new());
            let expected = windows(&mut one, window, 1000);
            other.process(&input, |_, _| {});
            let bits =
                |density: Density<'_>| density.density().iter().map(|x| x.to_bits()).collect();
            assert_eq!(other.of(window).map(bits), Some(expected[0].1.clone()), "{window_len}");
            assert!(other.of(&input[..window_len + 1]).is_none());
            assert!(other.of(&[f64::NAN; 64][..window_len]).is_none());
        }
    }

    #[test]
    fn a_start_equals_new() {
        let input = noise(900);
        let mut used = Spectrum::padded(200, 256, 100, rate()).expect("valid");
        used.process(&input, |_, _| {});
        let slow = SampleRate::from_hz(77.0).expect("a positive rate");
        used.start(77, 38, slow).expect("it fits");
        let mut fresh = Spectrum::padded(77, 256, 38, slow).expect("valid");
        let (mut one, mut other) = (Vec::new(), Vec::new());
        used.process(&input, |count, density| one.push((count, density.density().to_vec())));
        fresh.process(&input, |count, density| other.push((count, density.density().to_vec())));
        assert_eq!(one, other);
        assert!(used.start(257, 38, slow).is_err());
        assert!(used.start(77, 0, slow).is_err());
        assert_eq!((used.window_len(), used.hop_len(), used.transform_len()), (77, 38, 256));
        let mut plain = Spectrum::new(64, 64, slow).expect("valid");
        assert!(plain.start(32, 32, slow).is_err());
        assert!(Spectrum::padded(64, 63, 64, slow).is_err());
    }

    #[test]
    fn blocks_of_any_length_give_the_bits_of_single_steps() {
        let input = noise(1500);
        for (window_len, hop_len) in [(64, 16), (64, 64), (64, 100), (63, 7), (2, 1), (10, 3)] {
            let mut single = Spectrum::new(window_len, hop_len, rate()).expect("valid");
            let mut expected = Vec::new();
            for (index, x) in input.iter().enumerate() {
                if let Some(density) = single.step(*x) {
                    let bits = density.density().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    expected.push((index + 1, bits));
                }
            }
            assert_eq!(expected.len(), (1500 - window_len) / hop_len + 1);
            for block_len in [1, 2, 15, 16, 17, 63, 64, 65, 128, 1500] {
                let mut spectrum = Spectrum::new(window_len, hop_len, rate()).expect("valid");
                assert_eq!(windows(&mut spectrum, &input, block_len), expected);
            }
        }
    }

    #[test]
    fn every_window_is_that_of_its_samples() {
        let input = noise(2000);
        for (window_len, hop_len) in [(128, 32), (100, 101), (33, 5)] {
            let mut sliding = Spectrum::new(window_len, hop_len, rate()).expect("valid");
            for (end, bits) in windows(&mut sliding, &input, 77) {
                assert_eq!((end - window_len) % hop_len, 0);
                let mut alone = Spectrum::new(window_len, 1, rate()).expect("valid");
                let window = &input[end - window_len..end];
                assert_eq!(windows(&mut alone, window, 1000), [(window_len, bits)]);
            }
        }
    }

    #[test]
    fn reset_equals_new() {
        let input = noise(500);
        for (window_len, hop_len) in [(64, 16), (64, 300), (50, 11)] {
            let mut fresh = Spectrum::new(window_len, hop_len, rate()).expect("valid");
            let expected = windows(&mut fresh, &input, 500);
            let mut used = Spectrum::new(window_len, hop_len, rate()).expect("valid");
            windows(&mut used, &noise(777), 50);
            windows(&mut used, &[f64::NAN; 333], 50);
            used.reset();
            assert_eq!(used.refused_count(), 0);
            assert_eq!(windows(&mut used, &input, 500), expected);
        }
    }

    #[test]
    fn only_the_windows_that_hold_a_value_that_is_not_finite_are_refused() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            for window_len in [64, 50, 33] {
                let mut input = noise(1000);
                let expected = {
                    let mut spectrum = Spectrum::new(window_len, 8, rate()).expect("valid");
                    windows(&mut spectrum, &input, 1000)
                };
                input[500] = bad;
                let mut spectrum = Spectrum::new(window_len, 8, rate()).expect("valid");
                let found = windows(&mut spectrum, &input, 1000);
                let clean = |end: usize| !(end - window_len..end).contains(&500);
                let kept: Vec<_> =
                    expected.iter().filter(|(end, _)| clean(*end)).cloned().collect();
                assert_eq!(found, kept, "{bad}, {window_len}");
                let refused = (expected.len() - kept.len()) as u64;
                assert_eq!(spectrum.refused_count(), refused, "{bad}, {window_len}");
            }
        }
    }

    #[test]
    fn an_offset_is_taken_away() {
        let mut spectrum = Spectrum::new(64, 64, rate()).expect("valid");
        spectrum.process(&[2048.0; 64], |_, density| {
            assert!(density.density().iter().all(|x| x.abs() <= 0.0));
            assert!(density.total_power() <= 0.0);
        });
    }

    #[test]
    fn delay_is_the_middle_of_the_weights() {
        for window_len in [2, 3, 64, 99] {
            let mut weights = vec![0.0; window_len];
            hann(&mut weights);
            let moment: f64 =
                weights.iter().rev().enumerate().map(|(delay, weight)| delay as f64 * weight).sum();
            let spectrum = Spectrum::new(window_len, 1, rate()).expect("valid");
            let middle = moment / weights.iter().sum::<f64>();
            assert!((spectrum.delay_samples() - middle).abs() < 1e-12, "{window_len}");
        }
    }

    #[test]
    fn windows_and_hops_without_a_spectrum_are_refused() {
        for window_len in [0, 1, MAX_WINDOW_LEN + 1, usize::MAX] {
            let error = Spectrum::new(window_len, 1, rate()).expect_err("not valid");
            let SpectrumError::Window { window_len: named, .. } = error else { panic!("{error}") };
            assert_eq!(named, window_len);
        }
        assert_eq!(Spectrum::new(64, 0, rate()).expect_err("not valid"), SpectrumError::Hop);
        assert!(Spectrum::new(MAX_WINDOW_LEN, usize::MAX, rate()).is_ok());
    }
}
