//! From an oscillating signal to its amplitude: moving RMS and moving mean of the rectified signal; and the
//! moving mean of one that does not oscillate.

use core::fmt;

use crate::lanes::{Kernel, RunningSum, Tier};

/// Values that are summed before what came before them is added.
const FOUR: usize = 4;

/// Root mean square of the last `window` samples, one value per sample.
///
/// In and out have the unit of the channel. The first `window - 1` values are computed over what has
/// arrived. The mean is not subtracted: an offset counts as amplitude, so a high-pass belongs before.
///
/// Sums are made anew for every window: an artefact leaves no residue once it has left the window, and
/// nothing drifts. Samples must be finite; one that is not spoils its window only.
#[derive(Clone, Debug)]
pub struct Rms {
    sum: SlidingSum,
}

/// Mean of the absolute values of the last `window` samples, one value per sample.
///
/// Also called average rectified value. For Gaussian noise it is `√(2/π)`, about 0.8, of the
/// [RMS](Rms): the two are never compared with each other. Everything else is as for [`Rms`].
#[derive(Clone, Debug)]
pub struct RectifiedMean {
    sum: SlidingSum,
}

/// Mean of the last `window` samples, one value per sample, with its sign: for pressure, which does not
/// oscillate.
///
/// Everything else is as for [`Rms`].
#[derive(Clone, Debug)]
pub struct MovingMean {
    sum: SlidingSum,
}

/// A window is empty or longer than the memory that was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowError {
    /// The window that was asked for, in samples.
    pub window: usize,
    /// The longest there is memory for, in samples.
    pub max_window: usize,
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "window of {} samples is not within 1 to {}", self.window, self.max_window)
    }
}

impl core::error::Error for WindowError {}

impl Rms {
    /// Memory for windows up to `max_window` samples (at least one), and a window of that length. The
    /// only call that allocates.
    #[must_use]
    pub fn new(max_window: usize) -> Self {
        Self { sum: SlidingSum::new(max_window) }
    }

    /// Begins anew with this window, in samples.
    ///
    /// # Errors
    ///
    /// [`WindowError`] for 0 and for more than there is memory for; nothing is changed then.
    pub fn start(&mut self, window: usize) -> Result<(), WindowError> {
        self.sum.start(window)
    }

    /// Forgets all samples; the window stays.
    pub fn reset(&mut self) {
        self.sum.reset();
    }

    /// Takes one sample, gives the amplitude up to and including it.
    pub fn step(&mut self, x: f64) -> f64 {
        let (sum, weight) = self.sum.step(x * x);
        (sum * weight).sqrt()
    }

    /// Replaces each sample of a block by the amplitude: the same bits as [`Self::step`].
    pub fn process(&mut self, block: &mut [f64]) {
        self.sum.process(block, |x| x * x, f64::sqrt);
    }

    /// Samples in the window.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.sum.window
    }

    /// Half the window: how much later the amplitude follows than a centred window would.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.sum.delay_samples()
    }
}

impl RectifiedMean {
    /// As [`Rms::new`].
    #[must_use]
    pub fn new(max_window: usize) -> Self {
        Self { sum: SlidingSum::new(max_window) }
    }

    /// As [`Rms::start`].
    ///
    /// # Errors
    ///
    /// [`WindowError`] for 0 and for more than there is memory for; nothing is changed then.
    pub fn start(&mut self, window: usize) -> Result<(), WindowError> {
        self.sum.start(window)
    }

    /// Forgets all samples; the window stays.
    pub fn reset(&mut self) {
        self.sum.reset();
    }

    /// Takes one sample, gives the amplitude up to and including it.
    pub fn step(&mut self, x: f64) -> f64 {
        let (sum, weight) = self.sum.step(x.abs());
        sum * weight
    }

    /// Replaces each sample of a block by the amplitude: the same bits as [`Self::step`].
    pub fn process(&mut self, block: &mut [f64]) {
        self.sum.process(block, f64::abs, |mean| mean);
    }

    /// Samples in the window.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.sum.window
    }

    /// Half the window: how much later the amplitude follows than a centred window would.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.sum.delay_samples()
    }
}

impl MovingMean {
    /// As [`Rms::new`].
    #[must_use]
    pub fn new(max_window: usize) -> Self {
        Self { sum: SlidingSum::new(max_window) }
    }

    /// As [`Rms::start`].
    ///
    /// # Errors
    ///
    /// [`WindowError`] for 0 and for more than there is memory for; nothing is changed then.
    pub fn start(&mut self, window: usize) -> Result<(), WindowError> {
        self.sum.start(window)
    }

    /// Forgets all samples; the window stays.
    pub fn reset(&mut self) {
        self.sum.reset();
    }

    /// Takes one sample, gives the mean up to and including it.
    pub fn step(&mut self, x: f64) -> f64 {
        let (sum, weight) = self.sum.step(x);
        sum * weight
    }

    /// Replaces each sample of a block by the mean: the same bits as [`Self::step`].
    pub fn process(&mut self, block: &mut [f64]) {
        self.sum.process(block, |x| x, |mean| mean);
    }

    /// Samples in the window.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.sum.window
    }

    /// Half the window: how much later the mean follows than a centred window would.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.sum.delay_samples()
    }
}

/// Sum over the last `window` values, from sums over parts that are never subtracted from.
///
/// Time is cut into runs of `window` values. Any window then is the end of one run and the beginning of
/// the next:
///
/// ```text
///     run before        |  run now
///     . . . [ tails[i+1]|  head   ] . . .
///             i+1 ..    |  0 ..= i
/// ```
///
/// `head` grows with each value; all the tails of a run are summed from its back when it ends. So it is
/// two sums a value on average, and `window` at once in the worst case.
///
/// Both are summed in fours: first within each four, then what came before it is added. A sum has to
/// wait for another once in four values only, and it takes the waiting, not the adding, long.
#[derive(Clone, Debug)]
struct SlidingSum {
    /// Before `position`: values of this run. From there on: tails of the run before.
    values: Box<[f64]>,
    window: usize,
    position: usize,
    /// Sum of the run up to `position`, and up to the four that `position` is in.
    head: f64,
    head_before: f64,
    /// Sum of the values of that four.
    four: f64,
    /// Whether a run has ended, so that the window is full.
    full: bool,
    /// One over the window.
    weight: f64,
    tier: Tier,
}

impl SlidingSum {
    fn new(max_window: usize) -> Self {
        let window = max_window.max(1);
        Self {
            values: vec![0.0; window].into_boxed_slice(),
            window,
            position: 0,
            head: 0.0,
            head_before: 0.0,
            four: 0.0,
            full: false,
            weight: 1.0 / window as f64,
            tier: Tier::best(),
        }
    }

    fn start(&mut self, window: usize) -> Result<(), WindowError> {
        if window == 0 || window > self.values.len() {
            return Err(WindowError { window, max_window: self.values.len() });
        }
        self.window = window;
        self.weight = 1.0 / window as f64;
        self.reset();
        Ok(())
    }

    fn reset(&mut self) {
        self.values.fill(0.0);
        self.position = 0;
        self.head = 0.0;
        self.head_before = 0.0;
        self.four = 0.0;
        self.full = false;
    }

    const fn delay_samples(&self) -> f64 {
        (self.window - 1) as f64 / 2.0
    }

    /// The sum with `value` in the window, and one over the number of values in it.
    fn step(&mut self, value: f64) -> (f64, f64) {
        let next = self.position + 1;
        let tail = if next < self.window { self.values[next] } else { 0.0 };
        self.values[self.position] = value;
        let sum = tail + self.grow(value);
        let weight = if self.full { self.weight } else { 1.0 / next as f64 };
        self.position = next;
        if next == self.window {
            self.end_run();
        }
        (sum, weight)
    }

    /// `head` with the value at `position` in it.
    fn grow(&mut self, value: f64) -> f64 {
        if self.position.is_multiple_of(FOUR) {
            self.head_before = self.head;
            self.four = value;
        } else {
            self.four += value;
        }
        self.head = self.head_before + self.four;
        self.head
    }

    /// `after(mean of before(x))` for each `x` of a block: the same bits as [`Self::step`].
    ///
    fn process(
        &mut self,
        mut block: &mut [f64],
        before: impl Fn(f64) -> f64,
        after: impl Fn(f64) -> f64,
    ) {
        while !block.is_empty() {
            let len = block.len().min(self.window - self.position);
            let (stretch, rest) = block.split_at_mut(len);
            block = rest;
            if !self.full {
                for x in stretch {
                    let (sum, weight) = self.step(before(*x));
                    *x = after(sum * weight);
                }
                continue;
            }
            self.sum_stretch(stretch, &before, &after);
        }
    }

    /// As [`Self::process`], for values that end with their run or before, once a run has ended.
    fn sum_stretch(
        &mut self,
        stretch: &mut [f64],
        before: impl Fn(f64) -> f64,
        after: impl Fn(f64) -> f64,
    ) {
        let weight = self.weight;
        // The last value of a run has no tail behind it, so it is left to a step.
        let tailed = stretch.len().min(self.window - 1 - self.position);
        let begun = (self.position.next_multiple_of(FOUR) - self.position).min(tailed);
        let whole = (tailed - begun) / FOUR * FOUR;
        let (first, others) = stretch.split_at_mut(begun);
        let (fours, last) = others.split_at_mut(whole);
        for x in first {
            *x = after(self.step(before(*x)).0 * weight);
        }
        // A value is stored where the tail was that is one to the left of what it needs.
        let values = &mut self.values[self.position..=self.position + whole];
        let sums = [self.head, self.head_before, self.four];
        let fours = Fours { fours, values, sums, weight, before: &before, after: &after };
        [self.head, self.head_before, self.four] = self.tier.run(fours);
        self.position += whole;
        for x in last {
            *x = after(self.step(before(*x)).0 * weight);
        }
    }

    fn end_run(&mut self) {
        self.tier.run(Tails(&mut self.values[..self.window]));
        self.head = 0.0;
        self.position = 0;
        self.full = true;
    }
}

/// The middle of a stretch, to be compiled for a processor.
struct Fours<'a, B, A> {
    fours: &'a mut [f64],
    /// One longer.
    values: &'a mut [f64],
    /// `head`, `head_before` and `four` before the stretch; returned as they are behind it.
    sums: [f64; 3],
    weight: f64,
    before: B,
    after: A,
}

impl<B: Fn(f64) -> f64, A: Fn(f64) -> f64> Kernel for Fours<'_, B, A> {
    type Output = [f64; 3];

    #[inline(always)]
    fn run(self, by: impl RunningSum) -> [f64; 3] {
        let Self {
            fours,
            values,
            sums: [mut head, mut head_before, mut last],
            weight,
            before,
            after,
        } = self;
        for (index, x) in fours.as_chunks_mut::<FOUR>().0.iter_mut().enumerate() {
            let at = index * FOUR;
            let Some(&tails) = values.get(at + 1..).and_then(|tails| tails.first_chunk::<FOUR>())
            else {
                break;
            };
            let new = [before(x[0]), before(x[1]), before(x[2]), before(x[3])];
            values[at..at + FOUR].copy_from_slice(&new);
            let sums = by.running_sum(new);
            for k in 0..FOUR {
                x[k] = after((tails[k] + (head + sums[k])) * weight);
            }
            head_before = head;
            head += sums[3];
            last = sums[3];
        }
        [head, head_before, last]
    }
}

/// Values of a run into its tails, to be compiled for a processor.
struct Tails<'a>(&'a mut [f64]);

impl Kernel for Tails<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, by: impl RunningSum) {
        let mut tail = 0.0;
        let (rest, fours) = self.0.as_rchunks_mut::<FOUR>();
        for values in fours.iter_mut().rev() {
            let [zero, one, two, three] = *values;
            let [one, two, three, four] = by.running_sum([three, two, one, zero]);
            *values = [tail + four, tail + three, tail + two, tail + one];
            tail += four;
        }
        let mut four = 0.0;
        for value in rest.iter_mut().rev() {
            four += *value;
            *value = tail + four;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signal with signs, zeros and sizes that differ.
    fn signal(len: usize) -> Vec<f64> {
        let mut state = 7_u64;
        (0..len)
            .map(|index| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = (state >> 40) as f64 / 8_388_608.0 - 1.0;
                noise * if index % 50 < 20 { 40.0 } else { 0.1 }
            })
            .collect()
    }

    #[test]
    fn blocks_of_any_length_give_the_bits_of_single_steps() {
        let input = signal(700);
        for window in [1, 2, 3, 4, 5, 7, 8, 50, 99, 100] {
            let mut single = Rms::new(100);
            single.start(window).expect("it fits");
            let expected: Vec<u64> = input.iter().map(|x| single.step(*x).to_bits()).collect();
            for len in [1, 2, 3, 7, 49, 50, 51, 100, 101, 700] {
                let mut blocks = Rms::new(100);
                blocks.start(window).expect("it fits");
                let mut values = input.clone();
                values.chunks_mut(len).for_each(|block| blocks.process(block));
                let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
                assert_eq!(bits, expected, "window {window}, blocks of {len}");
            }
        }
    }

    #[test]
    fn every_processor_gives_the_same_bits() {
        let input = signal(900);
        for window in [1, 3, 4, 5, 50, 99, 200] {
            let outputs = Tier::all().into_iter().map(|tier| {
                let mut rms = Rms::new(window);
                rms.sum.tier = tier;
                let mut values = input.clone();
                values.chunks_mut(128).for_each(|block| rms.process(block));
                values.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
            });
            let outputs: Vec<_> = outputs.collect();
            assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]), "window {window}");
        }
    }

    #[test]
    fn every_value_is_that_of_its_window() {
        let input = signal(300);
        let (mut rms, mut mean) = (Rms::new(40), RectifiedMean::new(40));
        let (mut squares, mut magnitudes) = (input.clone(), input.clone());
        rms.process(&mut squares);
        mean.process(&mut magnitudes);
        for (index, (rms, mean)) in squares.iter().zip(&magnitudes).enumerate() {
            let window = &input[(index + 1).saturating_sub(40)..=index];
            let len = window.len() as f64;
            let expected = (window.iter().map(|x| x * x).sum::<f64>() / len).sqrt();
            // 1e-13: rounding of 40 additions.
            assert!((rms - expected).abs() <= 1e-13 * expected, "sample {index}");
            let expected = window.iter().map(|x| x.abs()).sum::<f64>() / len;
            assert!((mean - expected).abs() <= 1e-13 * expected, "sample {index}");
        }
    }

    #[test]
    fn the_mean_keeps_its_sign() {
        let input = signal(300);
        let mut mean = MovingMean::new(40);
        let mut values = input.clone();
        mean.process(&mut values);
        for (index, mean) in values.iter().enumerate() {
            let window = &input[(index + 1).saturating_sub(40)..=index];
            let expected = window.iter().sum::<f64>() / window.len() as f64;
            // Rounding of 40 additions: 40 times half a unit in the last place of 1600, over 40.
            assert!((mean - expected).abs() <= 2e-13, "sample {index}");
        }
    }

    #[test]
    fn an_artefact_leaves_no_residue() {
        let mut rms = Rms::new(10);
        let mut values = vec![1.0; 100];
        values[40] = 1e12;
        rms.process(&mut values);
        assert!(values[50..].iter().all(|value| value.to_bits() == 1.0_f64.to_bits()));
    }

    #[test]
    fn a_value_that_is_not_finite_spoils_its_window_only() {
        let mut mean = RectifiedMean::new(10);
        let mut values = vec![1.0; 100];
        values[47] = f64::NAN;
        mean.process(&mut values);
        for (index, value) in values.iter().enumerate() {
            assert_eq!(value.is_nan(), (47..57).contains(&index), "sample {index}");
        }
    }

    #[test]
    fn delay_is_that_of_the_middle_of_the_window() {
        let mut rms = Rms::new(101);
        assert!((rms.delay_samples() - 50.0).abs() <= 0.0);
        rms.start(100).expect("it fits");
        assert!((rms.delay_samples() - 49.5).abs() <= 0.0);
    }

    #[test]
    fn reset_equals_new() {
        let mut used = Rms::new(20);
        used.process(&mut signal(33));
        used.reset();
        let (mut again, mut fresh) = (signal(90), signal(90));
        used.process(&mut again);
        Rms::new(20).process(&mut fresh);
        assert_eq!(again, fresh);
    }

    #[test]
    fn a_window_that_does_not_fit_is_refused_and_changes_nothing() {
        let mut rms = Rms::new(5);
        assert_eq!(rms.start(6), Err(WindowError { window: 6, max_window: 5 }));
        assert_eq!(rms.start(0), Err(WindowError { window: 0, max_window: 5 }));
        assert_eq!(rms.window(), 5);
    }
}
