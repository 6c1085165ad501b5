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
/// that holds an unusable sample is `NaN`. Steps are taken in runs of a fixed number. Sums run in the
/// same order within each step: they depend neither on how the samples are cut into calls nor on what
/// came before.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    statistic: Statistic,
    /// Its length is a power of two, so that a place in it costs no division.
    ring: Vec<Pair>,
    mask: u64,
    samples_per_step: usize,
    samples_per_group: usize,
    samples_per_run: usize,
    steps_per_run: u32,
    /// One over that.
    run_part: f64,
    scale: Pair,
    writer: Option<Writer>,
    origin: SampleIndex,
    written: u64,
    /// The run in hand; unusable samples are `NaN`.
    pending: Vec<f64>,
    filled: usize,
}

/// Both values of a run of steps: means of those that are usable, `NaN` if none is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Means {
    pub(crate) judged: f64,
    pub(crate) plain: f64,
    /// Power of what differs between neighbouring groups, as much as `judged` if they are independent;
    /// zero if there is one group in a step, `NaN` if it was not asked for.
    pub(crate) fast: f64,
}

impl Steps {
    /// Room for at least `step_count` steps, and for a run of up to `samples_per_run` samples.
    pub(crate) fn new(statistic: Statistic, step_count: usize, samples_per_run: usize) -> Self {
        let capacity = step_count.next_power_of_two();
        Self {
            statistic,
            ring: vec![[f64::NAN; 2]; capacity],
            mask: capacity as u64 - 1,
            samples_per_step: 1,
            samples_per_group: 1,
            samples_per_run: 1,
            steps_per_run: 1,
            run_part: 1.0,
            scale: [1.0; 2],
            writer: None,
            origin: SampleIndex::ZERO,
            written: 0,
            pending: vec![0.0; samples_per_run.max(1)],
            filled: 0,
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

    /// Empties the ring; step 0 begins at `origin`. Steps are as long as [`Self::lengths`] says, or as
    /// there is room for, and the last `keep_s` of them are kept.
    pub(crate) fn start(&mut self, rate_hz: f64, step_s: f64, keep_s: f64, origin: SampleIndex) {
        let (group, count) = Self::lengths(self.statistic, rate_hz, step_s);
        self.samples_per_group = group;
        self.samples_per_step = count.min(self.pending.len() / group * group).max(1);
        self.set_run(1);
        let scale = 1.0 / self.samples_per_step as f64;
        self.scale = [scale / group as f64, scale];
        self.writer = writer(self.statistic, group, self.samples_per_step);
        let step_count = (keep_s * rate_hz / self.samples_per_step as f64).ceil() as usize;
        self.mask = step_count.next_power_of_two().min(self.ring.len()) as u64 - 1;
        self.restart(origin);
    }

    /// From now on runs have this many steps, or as many as there is room for.
    pub(crate) fn set_run(&mut self, step_count: u32) {
        let most = (self.pending.len() / self.samples_per_step) as u32;
        self.steps_per_run = step_count.clamp(1, most.max(1));
        self.run_part = 1.0 / f64::from(self.steps_per_run);
        self.samples_per_run = self.steps_per_run as usize * self.samples_per_step;
    }

    /// Empties the ring, with the steps as long as before.
    pub(crate) fn restart(&mut self, origin: SampleIndex) {
        self.origin = origin;
        self.written = 0;
        self.filled = 0;
    }

    pub(crate) fn samples_per_step(&self) -> usize {
        self.samples_per_step
    }

    /// Takes samples up to the end of the run in hand. Returns how many, and what the run was if it is
    /// full, with its fast part if that is wanted.
    #[inline]
    pub(crate) fn take(
        &mut self,
        values: &[f64],
        usable: bool,
        wants_fast: bool,
    ) -> (usize, Option<Means>) {
        let count = self.samples_per_run;
        if self.filled == 0 && usable && values.len() >= count {
            return (count, Some(self.measure(&values[..count], wants_fast)));
        }
        let taken = values.len().min(count - self.filled);
        let place = &mut self.pending[self.filled..self.filled + taken];
        if usable {
            place.copy_from_slice(&values[..taken]);
        } else {
            place.fill(f64::NAN);
        }
        self.filled += taken;
        if self.filled < count {
            return (taken, None);
        }
        self.filled = 0;
        // Its memory is lent, not given.
        let pending = core::mem::take(&mut self.pending);
        let means = self.measure(&pending[..count], wants_fast);
        self.pending = pending;
        (taken, Some(means))
    }

    /// Writes the steps of one run.
    #[inline]
    fn measure(&mut self, values: &[f64], wants_fast: bool) -> Means {
        let from = self.written;
        let total = match self.writer {
            Some(write) => {
                let [judged_scale, plain_scale] = self.scale;
                let ring = &mut self.ring[..=self.mask as usize];
                write(values, ring, from, judged_scale, plain_scale)
            }
            None => self.write_any(values),
        };
        self.written = from + u64::from(self.steps_per_run);
        // A finite sum has finite parts.
        if (total[JUDGED] + total[PLAIN]).is_finite() {
            let part = self.run_part;
            let fast = if wants_fast { self.fast(values) } else { f64::NAN };
            Means { judged: total[JUDGED] * part, plain: total[PLAIN] * part, fast }
        } else {
            self.spoil(from)
        }
    }

    #[inline(never)]
    fn write_any(&mut self, values: &[f64]) -> Pair {
        let (group, step) = (self.samples_per_group, self.samples_per_step);
        let is_power = self.statistic == Statistic::Power;
        let steps = values.chunks_exact(step);
        let sums = steps.map(|step| if is_power { squares(step, group) } else { sum(step) });
        let ring = &mut self.ring[..=self.mask as usize];
        write(sums, ring, self.written, self.scale[JUDGED], self.scale[PLAIN])
    }

    /// Power of what differs between neighbouring groups of samples.
    #[inline(never)]
    fn fast(&self, values: &[f64]) -> f64 {
        let (group, step) = (self.samples_per_group, self.samples_per_step);
        let sum = match (self.statistic, group, step) {
            (Statistic::Height, ..) => 0.0,
            (Statistic::Power, 3, 6) => changes::<3>(values),
            (Statistic::Power, 6, 12) => changes::<6>(values),
            (Statistic::Power, 12, 24) => changes::<12>(values),
            (Statistic::Power, ..) => {
                values.chunks_exact(step).map(|step| fast_of_step(step, group)).sum()
            }
        };
        sum * self.scale[JUDGED] * self.run_part
    }

    /// Makes what is unusable in the steps from `from` on `NaN`.
    #[cold]
    fn spoil(&mut self, from: u64) -> Means {
        for step in from..self.written {
            let slot = self.slot(step);
            if !self.ring[slot].iter().all(|value| value.is_finite()) {
                self.ring[slot] = [f64::NAN; 2];
            }
        }
        let judged = self.mean(from, self.written);
        Means { judged, plain: self.mean_plain(from, self.written), fast: f64::NAN }
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
        self.ring[self.slot(step)][JUDGED]
    }

    /// The value from which amplitudes are reported; `NaN` if the step is not in the ring.
    #[inline]
    pub(crate) fn get_plain(&self, step: u64) -> f64 {
        if step < self.oldest() || step >= self.written {
            return f64::NAN;
        }
        self.ring[self.slot(step)][PLAIN]
    }

    #[inline]
    fn slot(&self, step: u64) -> usize {
        (step & self.mask) as usize
    }

    /// Mean of the usable steps in `from..until`; `NaN` if there is none.
    pub(crate) fn mean(&self, from: u64, until: u64) -> f64 {
        mean::<JUDGED>(self.range(from, until))
    }

    /// The same of the plain values.
    pub(crate) fn mean_plain(&self, from: u64, until: u64) -> f64 {
        mean::<PLAIN>(self.range(from, until))
    }

    /// Both values of the steps in `from..until` that are in the ring, in two parts.
    #[inline]
    pub(crate) fn range(&self, from: u64, until: u64) -> (&[Pair], &[Pair]) {
        let (from, until) = (from.max(self.oldest()), until.min(self.written));
        if from >= until {
            return (&[], &[]);
        }
        let (first, end) = (self.slot(from), self.slot(until - 1) + 1);
        if first < end {
            (&self.ring[first..end], &[])
        } else {
            (&self.ring[first..=self.mask as usize], &self.ring[..end])
        }
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

/// The two values of a step side by side, as the processor adds and multiplies them.
pub(crate) type Pair = [f64; 2];

/// Place of the value that is judged.
pub(crate) const JUDGED: usize = 0;

/// Place of the value from which amplitudes are reported.
pub(crate) const PLAIN: usize = 1;

#[inline(always)]
fn add(a: Pair, b: Pair) -> Pair {
    [a[0] + b[0], a[1] + b[1]]
}

#[inline(always)]
fn mul(a: Pair, b: Pair) -> Pair {
    [a[0] * b[0], a[1] * b[1]]
}

/// Mean of the values that are numbers, in their order.
fn mean<const WHICH: usize>((older, newer): (&[Pair], &[Pair])) -> f64 {
    let add = |sum, steps: &[Pair]| steps.iter().fold(sum, |sum, step| sum + step[WHICH]);
    let sum: f64 = add(add(0.0, older), newer);
    if sum.is_nan() {
        let usable = older.iter().chain(newer).filter(|step| !step[WHICH].is_nan());
        let (sum, count) = usable.fold((0.0, 0u32), |(sum, n), step| (sum + step[WHICH], n + 1));
        return sum / f64::from(count);
    }
    sum / (older.len() + newer.len()) as f64
}

/// Writes the steps of a run from the step `from` on into a ring whose length is a power of two;
/// returns their sum. The two factors make means of sums.
type Writer = fn(&[f64], &mut [Pair], from: u64, judged_scale: f64, plain_scale: f64) -> Pair;

/// The writer for steps of EMG as long as they are at 1, 2 and 4 kHz.
fn writer(statistic: Statistic, group: usize, step: usize) -> Option<Writer> {
    match (statistic, group, step) {
        (Statistic::Power, 3, 6) => Some(|values, ring, from, judged_scale, plain_scale| {
            let steps = values.as_chunks::<6>().0.iter();
            write(steps.map(squares_3_3), ring, from, judged_scale, plain_scale)
        }),
        (Statistic::Power, 6, 12) => Some(|values, ring, from, judged_scale, plain_scale| {
            let steps = values.as_chunks::<12>().0.iter();
            write(steps.map(squares_halves), ring, from, judged_scale, plain_scale)
        }),
        (Statistic::Power, 12, 24) => Some(|values, ring, from, judged_scale, plain_scale| {
            let steps = values.as_chunks::<24>().0.iter();
            write(steps.map(squares_halves), ring, from, judged_scale, plain_scale)
        }),
        _ => None,
    }
}

#[inline(always)]
fn write(
    sums: impl Iterator<Item = (f64, f64)>,
    ring: &mut [Pair],
    from: u64,
    judged_scale: f64,
    plain_scale: f64,
) -> Pair {
    let mask = (ring.len() as u64).wrapping_sub(1);
    let mut total = [0.0; 2];
    for (step, (judged, plain)) in (from..).zip(sums) {
        let values = [judged * judged_scale, plain * plain_scale];
        ring[(step & mask) as usize] = values;
        total = add(total, values);
    }
    total
}

fn sum(step: &[f64]) -> (f64, f64) {
    let sum = step.iter().sum();
    (sum, sum)
}

/// Squares of the sums of groups, and squares, added up.
fn squares(step: &[f64], group: usize) -> (f64, f64) {
    step.chunks_exact(group).fold((0.0, 0.0), |(judged, plain), group| {
        let (sum, power) = group.iter().fold((0.0, 0.0), |(s, p), x| (s + x, p + x * x));
        (judged + sum * sum, plain + power)
    })
}

/// Squares of what neighbouring groups of one step differ by, as if there were as many as groups, halved:
/// of independent groups, as much as the squares of their sums.
fn fast_of_step(step: &[f64], group: usize) -> f64 {
    let mut sums = step.chunks_exact(group).map(|group| group.iter().sum::<f64>());
    let Some(mut last) = sums.next() else { return 0.0 };
    let (mut fast, mut count) = (0.0, 0u32);
    for sum in sums {
        fast += (sum - last) * (sum - last);
        last = sum;
        count += 1;
    }
    if count > 0 { 0.5 * fast * f64::from(count + 1) / f64::from(count) } else { 0.0 }
}

/// The same of steps of two groups, added up.
fn changes<const GROUP: usize>(values: &[f64]) -> f64 {
    let (groups, _) = values.as_chunks::<GROUP>();
    groups.as_chunks::<2>().0.iter().fold(0.0, |sum, [first, second]| {
        let change = first.iter().sum::<f64>() - second.iter().sum::<f64>();
        sum + change * change
    })
}

/// The same of two groups of three.
#[inline(always)]
fn squares_3_3([a, b, c, d, e, f]: &[f64; 6]) -> (f64, f64) {
    let squares = |pair: Pair| mul(pair, pair);
    let plain = add(add(squares([*a, *b]), squares([*c, *d])), squares([*e, *f]));
    let judged = squares(add(add([*a, *d], [*b, *e]), [*c, *f]));
    (judged[0] + judged[1], plain[0] + plain[1])
}

/// The same of two groups, of an even length.
#[inline(always)]
fn squares_halves<const STEP: usize>(step: &[f64; STEP]) -> (f64, f64) {
    let (pairs, _) = step.as_chunks::<2>();
    let mut plain = mul(pairs[0], pairs[0]);
    for pair in &pairs[1..] {
        plain = add(plain, mul(*pair, *pair));
    }
    let sum = |half: &[Pair]| half[1..].iter().fold(half[0], |sum, pair| add(sum, *pair));
    let (first, second) = pairs.split_at(STEP / 4);
    let (first, second) = (sum(first), sum(second));
    let groups = add([first[0], second[0]], [first[1], second[1]]);
    let judged = mul(groups, groups);
    (judged[0] + judged[1], plain[0] + plain[1])
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
            let (count, run) = steps.take(values, usable, false);
            if run.is_some() {
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
