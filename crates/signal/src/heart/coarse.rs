//! The signal on a coarse grid, where beats are looked for.

use crate::cascade::Cascade;
use crate::design::{DesignError, butterworth_low_pass};
use crate::sections::Sections;
use crate::time::SampleRate;

/// Least rate of the coarse grid, in hertz, where the signal has as much. Our choice: four times
/// what the low-pass leaves.
const COARSE_HZ: f64 = 250.0;

/// Low-pass of the coarse grid, in hertz. Our choice: behind a band-pass from 20 or 30 Hz a QRS
/// complex has most of its power below, EMG most of it above.
const LOW_PASS_HZ: f64 = 50.0;

/// Where the delay of the low-pass is read, in hertz: the middle of what is left of a QRS complex.
const CENTRE_HZ: f64 = 30.0;

/// Coarse samples that are remembered: one second and more at the highest coarse rate of 500 Hz.
const MEMORY: usize = 512;

/// Larger values are taken for artefacts; their squares could not be summed.
const LARGEST: f64 = 1e60;

/// Every `factor` samples become one: a triangular mean over `2 * factor` of them, then a low-pass.
#[derive(Clone, Debug)]
pub(super) struct Coarse {
    factor: usize,
    /// Weights of the samples of a block in the value that the next block completes.
    weights: Box<[f64]>,
    low_pass: Cascade,
    hz: f64,
    /// Delay of the low-pass, in coarse samples.
    delay: f64,
    fill: usize,
    falling: f64,
    rising: f64,
    squares: f64,
    rising_before: f64,
    values: Box<[f64]>,
    count: u64,
}

/// What a full block of samples gave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completed {
    /// The coarse value, the newest in memory.
    pub(super) value: f64,
    /// Sum of the squares of the samples.
    pub(super) squares: f64,
}

impl Coarse {
    pub(super) fn new(max_rate: SampleRate) -> Self {
        Self {
            factor: 1,
            weights: vec![0.0; factor(max_rate)].into_boxed_slice(),
            low_pass: Cascade::new(&Sections::identity(max_rate)),
            hz: max_rate.hz(),
            delay: 0.0,
            fill: 0,
            falling: 0.0,
            rising: 0.0,
            squares: 0.0,
            rising_before: 0.0,
            values: vec![0.0; MEMORY].into_boxed_slice(),
            count: 0,
        }
    }

    pub(super) fn start(&mut self, rate: SampleRate) -> Result<(), DesignError> {
        self.factor = factor(rate).min(self.weights.len());
        self.hz = rate.hz() / self.factor as f64;
        let coarse_rate = SampleRate::from_hz(self.hz).unwrap_or(rate);
        let low_pass = butterworth_low_pass(2, LOW_PASS_HZ, coarse_rate)?;
        self.delay = low_pass.group_delay_samples(CENTRE_HZ);
        self.low_pass = Cascade::new(&low_pass);
        let square = (self.factor * self.factor) as f64;
        for (index, weight) in self.weights[..self.factor].iter_mut().enumerate() {
            *weight = (index as f64 + 0.5) / square;
        }
        self.reset();
        Ok(())
    }

    pub(super) fn reset(&mut self) {
        self.low_pass.reset();
        self.fill = 0;
        self.falling = 0.0;
        self.rising = 0.0;
        self.squares = 0.0;
        self.rising_before = 0.0;
        self.values.fill(0.0);
        self.count = 0;
    }

    /// Samples until the next value is complete, at least one.
    pub(super) const fn room(&self) -> usize {
        self.factor - self.fill
    }

    /// Takes at most [`Self::room`] samples.
    pub(super) fn take(&mut self, part: &[f64]) -> Option<Completed> {
        let whole = 1.0 / self.factor as f64;
        let weights = &self.weights[self.fill..self.fill + part.len()];
        let (mut falling, mut rising, mut squares) = (self.falling, self.rising, self.squares);
        for (x, weight) in part.iter().zip(weights) {
            let x = if x.abs() <= LARGEST { *x } else { 0.0 };
            rising += weight * x;
            falling += (whole - weight) * x;
            squares += x * x;
        }
        self.fill += part.len();
        if self.fill < self.factor {
            (self.falling, self.rising, self.squares) = (falling, rising, squares);
            return None;
        }
        let value = self.low_pass.step(self.rising_before + falling);
        self.rising_before = rising;
        (self.fill, self.falling, self.rising, self.squares) = (0, 0.0, 0.0, 0.0);
        self.values[(self.count % MEMORY as u64) as usize] = value;
        self.count += 1;
        Some(Completed { value, squares })
    }

    /// Coarse samples so far.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Rate of the coarse grid.
    pub(super) const fn hz(&self) -> f64 {
        self.hz
    }

    /// Whole coarse samples in `seconds`, rounded.
    pub(super) fn len_of(&self, seconds: f64) -> usize {
        (seconds * self.hz).round() as usize
    }

    pub(super) const fn factor(&self) -> usize {
        self.factor
    }

    /// The value at `index`; zero where it is forgotten or not yet there.
    pub(super) fn at(&self, index: i64) -> f64 {
        let Ok(index) = u64::try_from(index) else { return 0.0 };
        if index >= self.count || index + (MEMORY as u64) < self.count {
            return 0.0;
        }
        self.values[(index % MEMORY as u64) as usize]
    }

    /// `len` values from `first` on, in two runs; none if not all of them are remembered.
    fn runs(&self, first: i64, len: usize) -> Option<(&[f64], &[f64])> {
        let first = u64::try_from(first).ok()?;
        if first + len as u64 > self.count || first + (MEMORY as u64) < self.count {
            return None;
        }
        let start = (first % MEMORY as u64) as usize;
        let front_len = len.min(MEMORY - start);
        Some((&self.values[start..start + front_len], &self.values[..len - front_len]))
    }

    /// Sum of squares of `len` values from `first` on; zero if not all of them are remembered.
    pub(super) fn energy(&self, first: i64, len: usize) -> f64 {
        let Some((front, back)) = self.runs(first, len) else { return 0.0 };
        front.iter().chain(back).map(|value| value * value).sum()
    }

    /// Scalar product of `template` with as many values from `first` on, and their energy; zeros if
    /// not all of them are remembered.
    pub(super) fn product(&self, first: i64, template: &[f64]) -> (f64, f64) {
        let Some((front, back)) = self.runs(first, template.len()) else { return (0.0, 0.0) };
        let (template_front, template_back) = template.split_at(front.len());
        let (mut product, mut energy) = (0.0, 0.0);
        for (weights, values) in [(template_front, front), (template_back, back)] {
            for (weight, value) in weights.iter().zip(values) {
                product += weight * value;
                energy += value * value;
            }
        }
        (product, energy)
    }

    /// Place among the samples, with fraction, of what the coarse grid shows at `index`.
    pub(super) fn sample_at(&self, index: f64) -> f64 {
        (index - self.delay) * self.factor as f64 - 0.5
    }
}

/// Samples that become one.
fn factor(rate: SampleRate) -> usize {
    ((rate.hz() / COARSE_HZ) as usize).max(1)
}
