//! Samples into short means, with a look-back ring.

use levator_signal::SampleIndex;

use crate::config::Statistic;

/// Means of samples, or of their squares, over runs of a fixed number of samples, and the last of
/// them in a ring.
///
/// A step that holds an unusable sample is `NaN`. Sums run in the order of the samples, one step at
/// a time: they depend neither on how the samples are cut into calls nor on what came before.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    statistic: Statistic,
    /// Its length is a power of two, so that a place in it costs no division.
    ring: Vec<f64>,
    mask: u64,
    samples_per_step: usize,
    origin: SampleIndex,
    written: u64,
    sum: f64,
    filled: usize,
}

impl Steps {
    /// Room for at least `step_count` steps.
    pub(crate) fn new(statistic: Statistic, step_count: usize) -> Self {
        let capacity = step_count.next_power_of_two();
        Self {
            statistic,
            ring: vec![f64::NAN; capacity],
            mask: capacity as u64 - 1,
            samples_per_step: 1,
            origin: SampleIndex::ZERO,
            written: 0,
            sum: 0.0,
            filled: 0,
        }
    }

    /// Empties the ring; step 0 begins at `origin`, and at least `step_count` steps are kept, or as
    /// many as there is room for.
    pub(crate) fn start(
        &mut self,
        samples_per_step: usize,
        step_count: usize,
        origin: SampleIndex,
    ) {
        self.samples_per_step = samples_per_step;
        self.mask = step_count.next_power_of_two().min(self.ring.len()) as u64 - 1;
        self.restart(origin);
    }

    /// Empties the ring, with the steps as long as before.
    pub(crate) fn restart(&mut self, origin: SampleIndex) {
        self.origin = origin;
        self.written = 0;
        self.sum = 0.0;
        self.filled = 0;
    }

    /// Takes samples up to the end of the step in hand. Returns how many, and the step if it is full.
    pub(crate) fn take(&mut self, values: &[f64], usable: bool) -> (usize, Option<f64>) {
        let count = values.len().min(self.samples_per_step - self.filled);
        let values = &values[..count];
        if usable {
            let mut sum = self.sum;
            match self.statistic {
                Statistic::Power => values.iter().for_each(|x| sum += x * x),
                Statistic::Height => values.iter().for_each(|x| sum += x),
            }
            self.sum = sum;
        } else {
            self.sum = f64::NAN;
        }
        self.filled += count;
        if self.filled < self.samples_per_step {
            return (count, None);
        }
        let mean = self.sum / self.samples_per_step as f64;
        let mean = if mean.is_finite() { mean } else { f64::NAN };
        let slot = self.slot(self.written);
        self.ring[slot] = mean;
        self.written += 1;
        self.sum = 0.0;
        self.filled = 0;
        (count, Some(mean))
    }

    /// Number of steps since the origin.
    pub(crate) fn count(&self) -> u64 {
        self.written
    }

    /// The oldest step that is still in the ring.
    pub(crate) fn oldest(&self) -> u64 {
        self.written.saturating_sub(self.mask + 1)
    }

    /// The value of a step; `NaN` if it is not in the ring.
    pub(crate) fn get(&self, step: u64) -> f64 {
        if step < self.oldest() || step >= self.written {
            return f64::NAN;
        }
        self.ring[self.slot(step)]
    }

    fn slot(&self, step: u64) -> usize {
        (step & self.mask) as usize
    }

    /// Mean of the usable steps in `from..until`; `NaN` if there is none.
    pub(crate) fn mean(&self, from: u64, until: u64) -> f64 {
        let (mut sum, mut count) = (0.0, 0u32);
        for step in from..until {
            let value = self.get(step);
            if !value.is_nan() {
                sum += value;
                count += 1;
            }
        }
        sum / f64::from(count)
    }

    /// First sample of a step.
    pub(crate) fn index(&self, step: u64) -> SampleIndex {
        self.origin.saturating_add(step.saturating_mul(self.samples_per_step as u64))
    }

    /// The step that holds a sample, or will; none before the origin and beyond the samples taken.
    pub(crate) fn step_at(&self, index: SampleIndex) -> Option<u64> {
        let offset = index.0.checked_sub(self.origin.0)?;
        (index <= self.next_index()).then_some(offset / self.samples_per_step as u64)
    }

    /// The first sample that has not been taken.
    pub(crate) fn next_index(&self) -> SampleIndex {
        self.index(self.written).saturating_add(self.filled as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(statistic: Statistic) -> Steps {
        let mut steps = Steps::new(statistic, 4);
        steps.start(3, 4, SampleIndex(100));
        steps
    }

    fn feed(steps: &mut Steps, mut values: &[f64], usable: bool) -> Vec<f64> {
        let mut out = Vec::new();
        while !values.is_empty() {
            let (count, step) = steps.take(values, usable);
            out.extend(step);
            values = &values[count..];
        }
        out
    }

    #[test]
    fn a_step_is_the_mean_of_squares_or_of_values() {
        assert_eq!(feed(&mut steps(Statistic::Power), &[1.0, -2.0, 2.0], true), [3.0]);
        assert_eq!(feed(&mut steps(Statistic::Height), &[1.0, -2.0, 4.0], true), [1.0]);
    }

    #[test]
    fn chunking_changes_no_bit() {
        let values: Vec<f64> = (0..30).map(|i| f64::from(i * i % 17) * 0.1).collect();
        let whole = feed(&mut steps(Statistic::Power), &values, true);
        for chunk in 1..7 {
            let mut one = steps(Statistic::Power);
            let parts: Vec<f64> =
                values.chunks(chunk).flat_map(|part| feed(&mut one, part, true)).collect();
            assert_eq!(parts, whole, "chunks of {chunk}");
        }
    }

    #[test]
    fn an_unusable_sample_spoils_its_step_alone() {
        let mut one = steps(Statistic::Height);
        assert!(feed(&mut one, &[1.0, f64::INFINITY, 1.0], true)[0].is_nan());
        assert_eq!(feed(&mut one, &[1.0, 1.0, 1.0], true), [1.0]);
        feed(&mut one, &[1.0], false);
        assert!(feed(&mut one, &[1.0, 1.0], true)[0].is_nan());
    }

    #[test]
    fn the_ring_keeps_the_last_steps_and_knows_their_samples() {
        let mut one = steps(Statistic::Height);
        feed(&mut one, &(0..18).map(f64::from).collect::<Vec<_>>(), true);
        assert_eq!((one.count(), one.oldest()), (6, 2));
        assert!(one.get(1).is_nan() && one.get(6).is_nan());
        assert_eq!((one.get(2), one.get(5)), (7.0, 16.0));
        assert_eq!(one.index(2), SampleIndex(106));
        assert_eq!(one.next_index(), SampleIndex(118));
    }
}
