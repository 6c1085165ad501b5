//! The ripple of breathing in a pressure at rest: whether it is there, how fast, how high.

use core::fmt;

use crate::cascade::Cascade;
use crate::design::butterworth_low_pass;
use crate::time::{SampleIndex, SampleRate};

/// Slowest and fastest breathing that is looked for, in breaths a minute.
///
/// Our choice: paced breathing for relaxation is at 6, and nobody at rest in an examination breathes
/// faster than 30.
pub const RATE_RANGE_PER_MIN: (f64, f64) = (6.0, 30.0);

/// Cut-off of the low-pass in front, in hertz. The fastest breathing is at 0.5 Hz.
const CUTOFF_HZ: f64 = 1.0;

/// Values are kept at this rate at least, and at less than twice it, in hertz.
const KEPT_HZ: f64 = 4.0;

/// Seconds that are looked at: four of the slowest breaths, of which squeezes may take half.
const WINDOW_S: f64 = 40.0;

/// Seconds between two looks.
const LOOK_S: f64 = 2.0;

/// Most values in the window.
const MAX_COUNT: usize = (WINDOW_S * 2.0 * KEPT_HZ) as usize;

/// Seconds of rest without which nothing is said.
const LEAST_REST_S: f64 = 15.0;

/// Seconds of overlap that a period needs to be judged.
const LEAST_OVERLAP_S: f64 = 8.0;

/// Seconds around known activity that are left out: rise and fall, and the ringing of the low-pass.
const GUARD_S: f64 = 1.5;

/// Regularity from which it counts as breathing.
///
/// Our choice: of 200 rests with noise and wandering but without breathing at most two in a hundred are
/// above it (test `noise_and_wandering_are_seldom_taken_for_breathing`). A ripple no larger than the
/// wandering is mostly missed.
const LEAST_REGULARITY: f64 = 0.55;

/// What is left of the regularity of a wave that could only be compared over one period.
const ONCE_ONLY: f64 = 0.8;

/// What the last 40 s say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Breathing {
    /// A regular wave at the rate of breathing.
    Present {
        /// Breaths a minute.
        rate_per_min: f64,
        /// Amplitude of a sine with the power of the wave, half of peak to peak, in the unit of the
        /// channel.
        amplitude: f64,
        /// 0 to 1: half of how much more alike the signal is to itself one period later than half a
        /// period later, and two periods later than one and a half. One is a sine without noise. An
        /// order, not a probability.
        regularity: f64,
    },
    /// Enough rest, and no such wave in it.
    Absent {
        /// That of the most regular wave there is.
        regularity: f64,
    },
    /// Not enough rest within the last 40 s.
    Unknown {
        /// Seconds of rest within them.
        rest_s: f64,
        /// Seconds that are needed.
        needed_s: f64,
    },
}

/// The rate is too low for breathing to be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreathingError {
    /// The rate that was asked for, in hertz.
    pub rate_hz: f64,
    /// The lowest there can be, in hertz.
    pub min_rate_hz: f64,
}

impl fmt::Display for BreathingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "breathing needs {} Hz and more, not {} Hz", self.min_rate_hz, self.rate_hz)
    }
}

impl core::error::Error for BreathingError {}

/// Looks for breathing in one pressure channel. Causal: every 2 s at the last 40 s.
///
/// In: pressure in the unit of the channel. A low-pass at 1 Hz comes first. What is rest is found as the
/// densest low level with all around it, so contractions that stand clear of the ripple are left out by
/// themselves; [`Self::begin_activity`] and [`Self::end_activity`] leave out those that are known.
/// A series of flicks at the rate of breathing that is *not* known as activity cannot be told from it.
/// Slow drift is taken off with a mean over 10 s of rest; then the rest is compared with itself at every
/// period from 2 s to 10 s.
///
/// Where the wave is not breathing, this does not know it. Slow waves of the anal sphincter lie in the
/// same band: in `anorectal_norair.txt` a sensor of the anal canal shows 17 a minute at rest, of which
/// the balloon in the rectum shows nothing. In an anal channel, call it a wave; a channel in the rectum
/// or the vagina is nearer to breathing.
///
/// Memory is fixed and nothing is allocated. Between looks the work is that of the low-pass; a look
/// compares 160 values with each other at 80 distances (320 at 160 at worst).
///
/// At rest the rate is within 4 %; between squeezes that leave 14 s of rest it is within 12 % at 6.5
/// breaths a minute, where a rest holds less than two.
#[derive(Clone, Debug)]
pub struct BreathingMonitor {
    filter: Cascade,
    rate: SampleRate,
    /// Samples for one kept value.
    step_len: u64,
    kept_hz: f64,
    window_count: usize,
    look_count: u64,
    next: u64,
    /// Ring of the last values; NaN where it was no rest.
    kept: [f64; MAX_COUNT],
    /// Values that were ever kept since the start.
    kept_count: u64,
    since: Option<u64>,
    until: u64,
    latest: Breathing,
}

impl BreathingMonitor {
    /// Ready for the sample with index 0. Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`BreathingError`] below 4 Hz.
    pub fn new(rate: SampleRate) -> Result<Self, BreathingError> {
        let too_low = BreathingError { rate_hz: rate.hz(), min_rate_hz: KEPT_HZ };
        if rate.hz() < KEPT_HZ {
            return Err(too_low);
        }
        let sections = butterworth_low_pass(2, CUTOFF_HZ, rate).map_err(|_| too_low)?;
        let step_len = ((rate.hz() / KEPT_HZ) as u64).max(1);
        let kept_hz = rate.hz() / step_len as f64;
        Ok(Self {
            filter: Cascade::new(&sections),
            rate,
            step_len,
            kept_hz,
            window_count: ((WINDOW_S * kept_hz) as usize).min(MAX_COUNT),
            look_count: (LOOK_S * kept_hz) as u64,
            next: 0,
            kept: [f64::NAN; MAX_COUNT],
            kept_count: 0,
            since: None,
            until: 0,
            latest: Breathing::Unknown { rest_s: 0.0, needed_s: LEAST_REST_S },
        })
    }

    /// Forgets everything: the same as new. Also after a gap.
    pub fn reset(&mut self) {
        self.filter.reset();
        self.next = 0;
        self.kept = [f64::NAN; MAX_COUNT];
        self.kept_count = 0;
        self.since = None;
        self.until = 0;
        self.latest = Breathing::Unknown { rest_s: 0.0, needed_s: LEAST_REST_S };
    }

    /// Takes one sample. `Some` every 2 s. One that is not finite is left out, and restarts the
    /// low-pass.
    pub fn step(&mut self, value: f64) -> Option<Breathing> {
        let filtered = if value.is_finite() {
            self.filter.step(value)
        } else {
            self.filter.reset();
            f64::NAN
        };
        let index = self.next;
        self.next = self.next.saturating_add(1);
        if !self.next.is_multiple_of(self.step_len) {
            return None;
        }
        let place = (self.kept_count % self.window_count as u64) as usize;
        self.kept[place] = if self.is_active(index) { f64::NAN } else { filtered };
        self.kept_count += 1;
        if !self.kept_count.is_multiple_of(self.look_count) {
            return None;
        }
        self.latest = self.look();
        Some(self.latest)
    }

    /// Takes a block; what is known after it: the same as [`Self::step`] for each sample.
    pub fn process(&mut self, block: &[f64]) -> Breathing {
        for &value in block {
            self.step(value);
        }
        self.latest
    }

    /// What the last look said.
    #[must_use]
    pub const fn latest(&self) -> Breathing {
        self.latest
    }

    /// From `at` on, which may be up to 40 s past, it is not rest, until [`Self::end_activity`]. What
    /// was left out stays so: unlike in a [`DriftEstimator`](crate::DriftEstimator), an activity taken
    /// back is not restored, as new rest comes soon.
    pub fn begin_activity(&mut self, at: SampleIndex) {
        let since = at.0.saturating_sub(self.guard_len());
        self.since = Some(self.since.map_or(since, |before| before.min(since)));
        let window = (self.window_count as u64).min(self.kept_count);
        for back in 1..=window {
            let number = self.kept_count - back;
            // The value with this number was kept with this sample.
            if (number + 1) * self.step_len - 1 < since {
                break;
            }
            self.kept[(number % self.window_count as u64) as usize] = f64::NAN;
        }
    }

    /// From a guard of 1.5 s after `at` on it may be rest again; what was left out until now stays so.
    pub fn end_activity(&mut self, at: SampleIndex) {
        if self.since.take().is_some() {
            self.until = self.until.max(at.0.saturating_add(self.guard_len()));
        }
    }

    /// Half the window: how much older than the newest sample the middle of what is judged is.
    #[must_use]
    pub fn delay_samples(&self) -> f64 {
        WINDOW_S / 2.0 * self.rate.hz()
    }

    fn guard_len(&self) -> u64 {
        self.rate.sample_count(GUARD_S) as u64
    }

    fn is_active(&self, index: u64) -> bool {
        index < self.until || self.since.is_some_and(|since| index >= since)
    }

    fn look(&self) -> Breathing {
        let count = self.window_count.min(self.kept_count.min(MAX_COUNT as u64) as usize);
        let mut values = [f64::NAN; MAX_COUNT];
        let oldest = self.kept_count - count as u64;
        for (number, value) in (oldest..).zip(&mut values[..count]) {
            *value = self.kept[(number % self.window_count as u64) as usize];
        }
        let values = &mut values[..count];
        keep_rest(values);
        let rest_count = values.iter().filter(|value| value.is_finite()).count();
        let rest_s = rest_count as f64 / self.kept_hz;
        if rest_s < LEAST_REST_S {
            return Breathing::Unknown { rest_s, needed_s: LEAST_REST_S };
        }
        take_off_drift(values, (5.0 * self.kept_hz) as usize);
        self.judge(values, rest_count)
    }

    fn judge(&self, values: &[f64], rest_count: usize) -> Breathing {
        let (slowest, fastest) = RATE_RANGE_PER_MIN;
        let first = libm::ceil(60.0 / fastest * self.kept_hz) as usize;
        let last = (60.0 / slowest * self.kept_hz) as usize;
        let least_overlap = (LEAST_OVERLAP_S * self.kept_hz) as usize;
        // One more at either end, so that a peak at the end of the range has two sides.
        let mut alike = [f64::NAN; 4 + 2 * 10 * 2 * KEPT_HZ as usize];
        let last = last.min(alike.len() / 2 - 2);
        for (lag, alike) in alike.iter_mut().enumerate().take(2 * last + 2).skip(first / 2) {
            *alike = self_similarity(values, lag, least_overlap);
        }
        // Where half a period falls between two lags, the mean of both.
        let at_halves = |halves: usize| 0.5 * (alike[halves / 2] + alike[halves.div_ceil(2)]);
        let regular = |lag: usize| {
            let once = 0.5 * (alike[lag] - at_halves(lag));
            let twice = 0.5 * (alike[2 * lag] - at_halves(3 * lag));
            // Two periods are too long to be compared where rest is short.
            if twice.is_nan() { once * ONCE_ONLY } else { 0.5 * (once + twice) }
        };
        let is_peak = |lag: usize| alike[lag] >= alike[lag - 1] && alike[lag] >= alike[lag + 1];
        let most = (first..=last).filter(|lag| is_peak(*lag)).map(regular).fold(0.0, f64::max);
        // Two breaths are as alike as one: the shortest period that is nearly as regular.
        let period = (first..=last).find(|lag| is_peak(*lag) && regular(*lag) >= 0.85 * most);
        let Some(lag) = period.filter(|_| most >= LEAST_REGULARITY) else {
            return Breathing::Absent { regularity: most.min(1.0) };
        };
        // Vertex of the parabola through the peak and its neighbours.
        let (before, at, after) = (alike[lag - 1], alike[lag], alike[lag + 1]);
        let bend = before - 2.0 * at + after;
        let shift = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
        let power =
            values.iter().filter(|x| x.is_finite()).map(|x| x * x).sum::<f64>() / rest_count as f64;
        let rate_per_min = 60.0 * self.kept_hz / (lag as f64 + shift);
        Breathing::Present {
            rate_per_min: rate_per_min.clamp(slowest, fastest),
            amplitude: (2.0 * power * at.clamp(0.0, 1.0)).sqrt(),
            regularity: regular(lag).min(1.0),
        }
    }
}

/// Leaves the values around the densest low level; the others become NaN.
///
/// As in the search for rests of the drift: the shortest run of sorted values that holds two fifths of
/// them and begins in the lowest quarter, and then all within three standard deviations, until
/// nothing changes.
fn keep_rest(values: &mut [f64]) {
    let mut sorted = [0.0; MAX_COUNT];
    let mut count = 0;
    for value in values.iter().filter(|value| value.is_finite()) {
        sorted[count] = *value;
        count += 1;
    }
    let sorted = &mut sorted[..count];
    let core = (count * 2).div_ceil(5).max(2);
    if count < core {
        return;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let width = |start: usize| sorted[start + core - 1] - sorted[start];
    let start = (0..=(count / 4).min(count - core))
        .min_by(|a, b| width(*a).total_cmp(&width(*b)))
        .unwrap_or(0);
    let (mut start, mut end) = (start, start + core);
    for _ in 0..24 {
        let len = (end - start) as f64;
        let mean = sorted[start..end].iter().map(|x| x / len).sum::<f64>();
        let square = sorted[start..end].iter().map(|x| (x - mean).powi(2)).sum::<f64>() / len;
        let reach = 3.0 * square.sqrt();
        let below = sorted[..start].partition_point(|x| *x < mean - reach);
        let above = end + sorted[end..].partition_point(|x| *x <= mean + reach);
        if (below, above) == (start, end) {
            break;
        }
        (start, end) = (below, above);
    }
    let (low, high) = (sorted[start], sorted[end - 1]);
    for value in values {
        if !(low..=high).contains(value) {
            *value = f64::NAN;
        }
    }
}

/// Subtracts the mean of the rest within `reach` values to either side.
fn take_off_drift(values: &mut [f64], reach: usize) {
    let origin = values.iter().copied().find(|value| value.is_finite()).unwrap_or(0.0);
    let (mut sums, mut counts) = ([0.0; MAX_COUNT + 1], [0_u16; MAX_COUNT + 1]);
    for (place, value) in values.iter().enumerate() {
        let is_rest = value.is_finite();
        sums[place + 1] = sums[place] + if is_rest { value - origin } else { 0.0 };
        counts[place + 1] = counts[place] + u16::from(is_rest);
    }
    for place in 0..values.len() {
        let (from, to) = (place.saturating_sub(reach), (place + reach + 1).min(values.len()));
        let count = counts[to] - counts[from];
        if count > 0 {
            values[place] -= origin + (sums[to] - sums[from]) / f64::from(count);
        }
    }
}

/// Correlation of the values with those `lag` later, where both are rest: -1 to 1.
fn self_similarity(values: &[f64], lag: usize, least_count: usize) -> f64 {
    let (mut product, mut one, mut other, mut count) = (0.0, 0.0, 0.0, 0);
    for (a, b) in values.iter().zip(values.get(lag..).unwrap_or_default()) {
        let both = a * b;
        if both.is_finite() {
            product += both;
            one += a * a;
            other += b * b;
            count += 1;
        }
    }
    let scale = (one * other).sqrt();
    if count < least_count || scale.is_nan() || scale <= 0.0 { f64::NAN } else { product / scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;
    use core::f64::consts::TAU;

    fn monitor(rate_hz: f64) -> BreathingMonitor {
        BreathingMonitor::new(SampleRate::from_hz(rate_hz).expect("positive")).expect("fast enough")
    }

    /// Rest of 25 with drift and noise; squeezes of 30 for `squeeze_s` in every 20 s.
    fn pressure(
        rate_hz: f64,
        seconds: f64,
        breath: (f64, f64),
        squeeze_s: f64,
        noise: &mut Noise,
    ) -> Vec<f64> {
        let (per_min, amplitude) = breath;
        let phase = TAU * noise.uniform();
        (0..(seconds * rate_hz) as usize)
            .map(|n| {
                let time_s = n as f64 / rate_hz;
                let in_cycle_s = time_s % 20.0;
                let edge = |since_s: f64| (since_s / 0.6).clamp(0.0, 1.0);
                let squeeze = edge(in_cycle_s) - edge(in_cycle_s - squeeze_s);
                25.0 + 0.02 * time_s
                    + 30.0 * squeeze
                    + amplitude * libm::sin(TAU * per_min / 60.0 * time_s + phase)
                    + 0.3 * noise.gaussian()
            })
            .collect()
    }

    #[test]
    fn rate_and_amplitude_are_found_at_rest_and_between_squeezes() {
        let mut noise = Noise::new(1);
        for rate_hz in [8.0, 10.0, 20.0, 50.0, 200.0] {
            for per_min in [6.5, 8.0, 12.0, 15.0, 20.0, 25.0, 29.0] {
                for squeeze_s in [0.0, 6.0] {
                    let samples = pressure(rate_hz, 60.0, (per_min, 1.5), squeeze_s, &mut noise);
                    let found = monitor(rate_hz).process(&samples);
                    let Breathing::Present { rate_per_min, amplitude, .. } = found else {
                        panic!("{per_min} a minute at {rate_hz} Hz, squeeze {squeeze_s}: {found:?}")
                    };
                    let case = format!("{per_min} at {rate_hz} Hz, squeeze {squeeze_s}: {found:?}");
                    let tolerance = if squeeze_s > 0.0 { 0.12 } else { 0.04 };
                    assert!((rate_per_min / per_min - 1.0).abs() < tolerance, "{case}");
                    assert!((amplitude / 1.5 - 1.0).abs() < 0.25, "{case}");
                }
            }
        }
    }

    /// How many of 200 rests with noise, wandering of a few seconds' memory and a wave of this
    /// amplitude, whose rate itself breathes, are taken for breathing.
    fn present_count(amplitude: f64) -> usize {
        let is_present = |seed: &u64| {
            let mut noise = Noise::new(*seed);
            let squeeze_s = if seed.is_multiple_of(2) { 0.0 } else { 6.0 };
            let mut samples = pressure(20.0, 60.0, (12.0, 0.0), squeeze_s, &mut noise);
            let mut wander = 0.0;
            for (n, x) in samples.iter_mut().enumerate() {
                let time_s = n as f64 / 20.0;
                // A time constant of 2.5 s and a standard deviation of 0.5.
                wander += -0.02 * wander + 0.1 * noise.gaussian();
                let phase = TAU * 0.25 * time_s + 0.4 * libm::sin(TAU * time_s / 13.0);
                *x += wander + amplitude * libm::sin(phase);
            }
            matches!(monitor(20.0).process(&samples), Breathing::Present { .. })
        };
        (0..200).filter(is_present).count()
    }

    #[test]
    fn noise_and_wandering_are_seldom_taken_for_breathing() {
        let false_count = present_count(0.0);
        assert!(false_count <= 4, "{false_count} of 200");
    }

    #[test]
    fn a_wave_three_times_the_wandering_is_found() {
        let found_count = present_count(1.5);
        assert!(found_count >= 180, "{found_count} of 200");
    }

    #[test]
    fn without_rest_nothing_is_said() {
        let mut noise = Noise::new(2);
        let samples = pressure(20.0, 14.0, (12.0, 1.5), 0.0, &mut noise);
        assert!(matches!(monitor(20.0).process(&samples), Breathing::Unknown { .. }));
        let mut told = monitor(20.0);
        told.process(&pressure(20.0, 60.0, (12.0, 1.5), 0.0, &mut noise));
        assert!(matches!(told.latest(), Breathing::Present { .. }));
        told.begin_activity(SampleIndex(30 * 20));
        let found = told.process(&[25.0; 40]);
        assert!(matches!(found, Breathing::Unknown { rest_s, .. } if rest_s < 15.0), "{found:?}");
    }

    #[test]
    fn flicks_known_as_activity_are_not_breathing() {
        let mut noise = Noise::new(3);
        let mut monitor = monitor(20.0);
        for second in 0..60_u64 {
            if second % 4 == 0 {
                monitor.begin_activity(SampleIndex(second * 20));
            }
            if second % 4 == 1 {
                monitor.end_activity(SampleIndex(second * 20));
            }
            let height = if second % 4 == 0 { 30.0 } else { 0.0 };
            let samples: Vec<f64> =
                (0..20).map(|_| 25.0 + height + 0.3 * noise.gaussian()).collect();
            monitor.process(&samples);
        }
        assert!(!matches!(monitor.latest(), Breathing::Present { .. }), "{:?}", monitor.latest());
    }

    #[test]
    fn blocks_steps_and_a_reset_give_the_same_bits() {
        let samples = pressure(20.0, 60.0, (14.0, 1.0), 5.0, &mut Noise::new(4));
        let (mut steps, mut blocks) = (monitor(20.0), monitor(20.0));
        for part in samples.chunks(33) {
            for &x in part {
                steps.step(x);
            }
            assert_eq!(blocks.process(part), steps.latest());
        }
        let before = blocks.latest();
        blocks.begin_activity(SampleIndex(3));
        blocks.reset();
        assert_eq!(blocks.process(&samples), before);
    }

    #[test]
    fn no_input_panics_and_slow_rates_are_refused() {
        let slow = SampleRate::from_hz(3.9).expect("positive");
        assert!(matches!(BreathingMonitor::new(slow), Err(BreathingError { .. })));
        for rate_hz in [4.0, 7.99, 8.01, 20_000.0] {
            for wild in [f64::NAN, f64::INFINITY, 1e300, f64::MAX, 5e-324, 0.0] {
                let mut monitor = monitor(rate_hz);
                for n in 0..(60.0 * rate_hz.min(50.0)) as u32 {
                    monitor.step(if n % 5 < 2 { wild } else { f64::from(n % 3) - wild });
                }
                monitor.begin_activity(SampleIndex(u64::MAX));
                monitor.end_activity(SampleIndex(u64::MAX));
                monitor.begin_activity(SampleIndex(0));
                monitor.process(&[]);
            }
        }
    }
}
