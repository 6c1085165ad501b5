//! The mean of the densities of a span.

use super::density::Density;
use super::{Spectrum, SpectrumError};
use crate::time::SampleRate;

/// Welch's estimate: the mean density of windows that overlap by half.
///
/// For a span that has ended (a phase of a visit, a recording); for what goes on, [`Spectrum`]. As
/// `scipy.signal.welch` with this window and otherwise its own settings. What is left over at the end of
/// the span and fills no window does not count.
#[derive(Clone, Debug)]
pub struct Welch {
    spectrum: Spectrum,
    mean: Box<[f64]>,
    window_count: u64,
}

impl Welch {
    /// Windows of `window_len` samples. The only call that allocates.
    ///
    /// # Errors
    ///
    /// As [`Spectrum::new`].
    pub fn new(window_len: usize, rate: SampleRate) -> Result<Self, SpectrumError> {
        let hop_len = window_len - window_len / 2;
        let spectrum = Spectrum::new(window_len, hop_len.max(1), rate)?;
        Ok(Self { spectrum, mean: vec![0.0; window_len / 2 + 1].into(), window_count: 0 })
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.spectrum.reset();
        self.mean.fill(0.0);
        self.window_count = 0;
    }

    /// Samples are missing here: no window spans it, and those before it stay in the mean.
    pub fn gap(&mut self) {
        self.spectrum.restart();
    }

    /// Takes one sample.
    pub fn step(&mut self, x: f64) {
        self.process(&[x]);
    }

    /// Takes a block: the same bits as [`Self::step`].
    pub fn process(&mut self, block: &[f64]) {
        let Self { spectrum, mean, window_count } = self;
        spectrum.process(block, |_, density| {
            *window_count += 1;
            let weight = 1.0 / *window_count as f64;
            // Towards the new one, rather than a sum: it stays within what the windows are.
            for (mean, new) in mean.iter_mut().zip(density.density()) {
                *mean += (new - *mean) * weight;
            }
        });
    }

    /// The mean so far; `None` before the first window.
    #[must_use]
    pub fn density(&self) -> Option<Density<'_>> {
        let Spectrum { rate, .. } = self.spectrum;
        let window_len = self.spectrum.window_len();
        (self.window_count > 0)
            .then(|| Density::new(&self.mean, window_len, rate, self.window_count))
    }

    /// Windows in the mean.
    #[must_use]
    pub const fn window_count(&self) -> u64 {
        self.window_count
    }

    /// As [`Spectrum::refused_count`]; [`Self::gap`] does not change it.
    #[must_use]
    pub const fn refused_count(&self) -> u64 {
        self.spectrum.refused_count()
    }
}
