//! Samples into short means, with a look-back ring.

use levator_signal::SampleIndex;

use crate::config::Statistic;

/// Longest run of samples that is added up before it is squared, seconds.
///
/// It is a low-pass with its first zero at 333 Hz. Most of the power of a surface EMG lies below
/// 150 Hz and most of the noise of an amplifier above; without it a contraction must be 1 to 3 dB
/// stronger to be found as early. Our choice: at 2 ms half of that is gained, with 4 ms no more.
const GROUP_S: f64 = 0.003;

/// Means of samples, or of squares, over runs of a fixed number of samples, and the last of them in
/// a ring.
///
/// For [`Statistic::Power`] a step has two values: the one that is judged, from sums of neighbouring
/// samples (see [`GROUP_S`]), and the plain mean square, from which amplitudes are reported. A step
/// that holds an unusable sample is `NaN`. Sums run in the order of the samples within one step:
/// they depend neither on how the samples are cut into calls nor on what came before.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    statistic: Statistic,
    /// Its length is a power of two, so that a place in it costs no division.
    ring: Vec<f64>,
    plain: Vec<f64>,
    mask: u64,
    samples_per_step: usize,
    samples_per_group: usize,
    judged_scale: f64,
    plain_scale: f64,
    origin: SampleIndex,
    written: u64,
    /// The step in hand.
    pending: Vec<f64>,
    filled: usize,
    spoiled: bool,
}

impl Steps {
    /// Room for at least `step_count` steps of up to `samples_per_step` samples.
    pub(crate) fn new(statistic: Statistic, step_count: usize, samples_per_step: usize) -> Self {
        let capacity = step_count.next_power_of_two();
        Self {
            statistic,
            ring: vec![f64::NAN; capacity],
            plain: vec![f64::NAN; capacity],
            mask: capacity as u64 - 1,
            samples_per_step: 1,
            samples_per_group: 1,
            judged_scale: 1.0,
            plain_scale: 1.0,
            origin: SampleIndex::ZERO,
            written: 0,
            pending: vec![0.0; samples_per_step.max(1)],
            filled: 0,
            spoiled: false,
        }
    }

    /// Samples in a group and in a step of about `step_s`, a whole number of groups.
    pub(crate) fn lengths(statistic: Statistic, rate_hz: f64, step_s: f64) -> (usize, usize) {
        let group = match statistic {
            // 1e-6: 3 ms at 1 kHz are three samples, whatever the round-off.
            Statistic::Power => (GROUP_S * rate_hz + 1e-6) as usize,
            Statistic::Height => 1,
        }
        .max(1);
        let groups = (step_s * rate_hz / group as f64).round().max(1.0) as usize;
        (group, group * groups)
    }

    /// Empties the ring; step 0 begins at `origin`. At least `step_count` steps are kept, or as many
    /// as there is room for.
    pub(crate) fn start(&mut self, rate_hz: f64, step_s: f64, keep_s: f64, origin: SampleIndex) {
        let (group, count) = Self::lengths(self.statistic, rate_hz, step_s);
        self.samples_per_group = group;
        self.samples_per_step = count.min(self.pending.len() / group * group).max(1);
        self.plain_scale = 1.0 / self.samples_per_step as f64;
        self.judged_scale = self.plain_scale / group as f64;
        let step_count = (keep_s * rate_hz / self.samples_per_step as f64).ceil() as usize;
        self.mask = step_count.next_power_of_two().min(self.ring.len()) as u64 - 1;
        self.restart(origin);
    }

    /// Empties the ring, with the steps as long as before.
    pub(crate) fn restart(&mut self, origin: SampleIndex) {
        self.origin = origin;
        self.written = 0;
        self.filled = 0;
        self.spoiled = false;
    }

    pub(crate) fn samples_per_step(&self) -> usize {
        self.samples_per_step
    }

    /// Takes samples up to the end of the step in hand. Returns how many, and whether it is full.
    #[inline]
    pub(crate) fn take(&mut self, values: &[f64], usable: bool) -> (usize, bool) {
        let count = self.samples_per_step;
        if self.filled == 0 && values.len() >= count {
            self.spoiled = !usable;
            let (judged, plain) = self.measure(&values[..count]);
            self.write(judged, plain);
            return (count, true);
        }
        let taken = values.len().min(count - self.filled);
        self.pending[self.filled..self.filled + taken].copy_from_slice(&values[..taken]);
        self.filled += taken;
        self.spoiled |= !usable;
        if self.filled < count {
            return (taken, false);
        }
        let (judged, plain) = self.measure(&self.pending[..count]);
        self.write(judged, plain);
        (taken, true)
    }

    #[inline]
    fn write(&mut self, judged: f64, plain: f64) {
        let is_usable = !self.spoiled && judged.is_finite() && plain.is_finite();
        let slot = self.slot(self.written);
        self.ring[slot] = if is_usable { judged } else { f64::NAN };
        self.plain[slot] = if is_usable { plain } else { f64::NAN };
        self.written += 1;
        self.filled = 0;
        self.spoiled = false;
    }

    /// Both values of one step. The lengths of a group at 1, 1.5, 2 and 4 kHz are compiled in.
    #[inline]
    fn measure(&self, values: &[f64]) -> (f64, f64) {
        let (judged, plain) = match (self.statistic, self.samples_per_group) {
            (Statistic::Height, _) => {
                let sum: f64 = values.iter().sum();
                (sum, sum)
            }
            (Statistic::Power, 1) => squares::<1>(values),
            (Statistic::Power, 2) => squares::<2>(values),
            (Statistic::Power, 3) => squares::<3>(values),
            (Statistic::Power, 4) => squares::<4>(values),
            (Statistic::Power, 6) => squares::<6>(values),
            (Statistic::Power, 12) => squares::<12>(values),
            (Statistic::Power, group) => {
                values.chunks_exact(group).fold((0.0, 0.0), |(judged, plain), group| {
                    let (sum, power) =
                        group.iter().fold((0.0, 0.0), |(s, p), x| (s + x, p + x * x));
                    (judged + sum * sum, plain + power)
                })
            }
        };
        (judged * self.judged_scale, plain * self.plain_scale)
    }

    /// Number of steps since the origin.
    #[inline]
    pub(crate) fn count(&self) -> u64 {
        self.written
    }

    /// The oldest step that is still in the ring.
    pub(crate) fn oldest(&self) -> u64 {
        self.written.saturating_sub(self.mask + 1)
    }

    /// The judged value of a step; `NaN` if it is not in the ring.
    #[inline]
    pub(crate) fn get(&self, step: u64) -> f64 {
        if step < self.oldest() || step >= self.written {
            return f64::NAN;
        }
        self.ring[self.slot(step)]
    }

    /// The value from which amplitudes are reported; `NaN` if the step is not in the ring.
    #[inline]
    pub(crate) fn get_plain(&self, step: u64) -> f64 {
        if step < self.oldest() || step >= self.written {
            return f64::NAN;
        }
        self.plain[self.slot(step)]
    }

    #[inline]
    fn slot(&self, step: u64) -> usize {
        (step & self.mask) as usize
    }

    /// Mean of the usable steps in `from..until`; `NaN` if there is none.
    #[inline]
    pub(crate) fn mean(&self, from: u64, until: u64) -> f64 {
        mean((from..until).map(|step| self.get(step)))
    }

    /// The same of the plain values.
    #[inline]
    pub(crate) fn mean_plain(&self, from: u64, until: u64) -> f64 {
        mean((from..until).map(|step| self.get_plain(step)))
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

/// Squares of the sums of groups, and squares, added up.
#[inline]
fn squares<const GROUP: usize>(values: &[f64]) -> (f64, f64) {
    let (mut judged, mut plain) = (0.0, 0.0);
    for group in values.chunks_exact(GROUP) {
        let (mut sum, mut power) = (0.0, 0.0);
        for x in group {
            sum += x;
            power += x * x;
        }
        judged += sum * sum;
        plain += power;
    }
    (judged, plain)
}

#[inline]
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0u32);
    for value in values {
        if !value.is_nan() {
            sum += value;
            count += 1;
        }
    }
    sum / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(statistic: Statistic) -> Steps {
        let mut steps = Steps::new(statistic, 4, 3);
        steps.start(100.0, 0.03, 0.12, SampleIndex(100));
        steps
    }

    fn feed(steps: &mut Steps, mut values: &[f64], usable: bool) -> Vec<f64> {
        let mut out = Vec::new();
        while !values.is_empty() {
            let (count, is_full) = steps.take(values, usable);
            if is_full {
                out.push(steps.get(steps.count() - 1));
            }
            values = &values[count..];
        }
        out
    }

    #[test]
    fn a_step_is_the_mean_of_squares_or_of_values() {
        // 1e-12: round-off of one product with a third.
        let power = feed(&mut steps(Statistic::Power), &[1.0, -2.0, 2.0], true);
        assert!((power[0] - 3.0).abs() < 1e-12, "{power:?}");
        let height = feed(&mut steps(Statistic::Height), &[1.0, -2.0, 4.0], true);
        assert!((height[0] - 1.0).abs() < 1e-12, "{height:?}");
    }

    #[test]
    fn neighbours_are_added_before_they_are_squared_and_the_plain_power_is_kept() {
        let mut steps = Steps::new(Statistic::Power, 4, 6);
        steps.start(1000.0, 0.005, 0.1, SampleIndex::ZERO);
        assert_eq!(steps.samples_per_step(), 6);
        // Slow: all of it is judged. Fast: a ninth of it.
        feed(&mut steps, &[2.0, 2.0, 2.0, -2.0, -2.0, -2.0, 2.0, -2.0, 2.0, -2.0, 2.0, -2.0], true);
        for (step, judged) in [(0, 4.0), (1, 4.0 / 9.0)] {
            // 1e-12: round-off over six terms.
            assert!((steps.get(step) - judged).abs() < 1e-12);
            assert!((steps.get_plain(step) - 4.0).abs() < 1e-12);
        }
    }

    #[test]
    fn steps_are_whole_groups_of_about_the_length_asked_for() {
        for (rate_hz, lengths) in [
            (200.0, (1, 1)),
            (500.0, (1, 3)),
            (1000.0, (3, 6)),
            (2000.0, (6, 12)),
            (2048.0, (6, 12)),
            (4000.0, (12, 24)),
        ] {
            assert_eq!(Steps::lengths(Statistic::Power, rate_hz, 0.005), lengths, "{rate_hz} Hz");
        }
        assert_eq!(Steps::lengths(Statistic::Height, 100.0, 0.02), (1, 2));
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
        assert!(feed(&mut one, &[1.0, 1.0, 1.0], true)[0].is_finite());
        feed(&mut one, &[1.0], false);
        assert!(feed(&mut one, &[1.0, 1.0], true)[0].is_nan());
        assert!(feed(&mut one, &[1.0, 1.0, 1.0], true)[0].is_finite());
    }

    #[test]
    fn the_ring_keeps_the_last_steps_and_knows_their_samples() {
        let mut one = steps(Statistic::Height);
        feed(&mut one, &(0..18).map(f64::from).collect::<Vec<_>>(), true);
        assert_eq!((one.count(), one.oldest()), (6, 2));
        assert!(one.get(1).is_nan() && one.get(6).is_nan());
        assert!((one.get(2) - 7.0).abs() < 1e-12 && (one.get(5) - 16.0).abs() < 1e-12);
        assert_eq!(one.index(2), SampleIndex(106));
        assert_eq!(one.next_index(), SampleIndex(118));
    }
}
