//! How far the zero of a pressure channel has drifted, from the rests between contractions.
//!
//! # What cannot be told
//!
//! A sensor whose zero moves and a muscle whose resting tone changes give the same pressure. What is
//! estimated here is how the *level at rest* has changed, and the bound is that of this level: it does
//! not cover how much of the change was the muscle. Only an open probe tells them apart: with
//! [`DriftEstimator::zero_check`] before and after, [`DriftEstimate::separation`] says what the sensor
//! did and what is left for the tone. Without, subtract the change only if a resting tone that is
//! flat by definition is what is wanted (contractions measured from rest), and never to
//! report resting tone.

mod model;
mod rests;

use core::fmt;

use crate::steady::Level;
use crate::time::{SampleIndex, SampleRate};
use model::Model;
use rests::{LEAST_COUNT, Moment};

/// Standard deviations of the mixture to either side that hold 95 % of the truth.
///
/// Our choice: 1.96 would do if drift were one of the hypotheses and rests independent. Rests are picked
/// and their waves are slower than they are long, so that it held 90 to 98 %; with 2.6 it is 95 % or more
/// for all but the fastest wandering in `tests/snapshots/drift.txt`.
const BOUND: f64 = 2.6;

/// Length of the means that the signal is cut into, in seconds.
///
/// Our choice: shorter than the rest between two flicks, longer than a heart beat.
const MOMENT_S: f64 = 1.0;

/// Moments that give one rest.
///
/// Our choice: 20 s hold five breaths, and rest for at least 10 s of any usual exercise (10 s of
/// holding, 10 s of rest). A drift of 13 mmHg in ten minutes moves by 0.4 mmHg meanwhile.
const WINDOW_COUNT: u64 = 20;

/// Moments that are waited for after a window, so that a contraction announced late is still left out.
const HOLD_COUNT: u64 = 5;

/// Most moments that wait: one window and what comes before it is looked at.
const PENDING_COUNT: usize = (WINDOW_COUNT + HOLD_COUNT + 1) as usize;

/// Seconds after a contraction that are not yet rest.
///
/// Our choice: twice what a healthy release takes; a slower one is left to the search for the rest.
const GUARD_S: f64 = 2.0;

/// A rest further than this many standard deviations from what was foretold is none.
const GATE: f64 = 4.0;

/// After as many of them in a row the level has jumped. Two minutes: longer than any hold asked for.
const JUMP_COUNT: u32 = 6;

/// Rests before a slope can be told.
const LEAST_REST_COUNT: u32 = 3;

/// Minutes without a rest after which nothing is said any more.
const MAX_AGE_MIN: f64 = 2.0;

/// What the level at rest has done, or why that cannot be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drift {
    /// It can be told.
    Known(DriftEstimate),
    /// It cannot.
    Unknown(DriftUnknown),
}

/// Change of the level at rest since the first rest, in the unit of the channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftEstimate {
    /// The change, as of the newest sample: subtract it to have the first rest's level again.
    pub change: f64,
    /// 95 % bound of the change, to either side. It covers noise, breathing, slow waves and how the
    /// level may have moved since the last rest. It does not say whether the sensor moved or the
    /// muscle: see the module.
    pub bound: f64,
    /// Since when: the middle of the first rest.
    pub since: SampleIndex,
    /// Slope now, for a minute.
    pub slope_per_min: f64,
    /// 95 % bound of the slope, to either side.
    pub slope_bound_per_min: f64,
    /// Rests it stands on, each of at least four and at most twenty seconds.
    pub rest_count: u32,
    /// Seconds since the middle of the last rest.
    pub age_s: f64,
    /// Jumps of the level that stayed for two minutes and are part of the change: rather a probe that
    /// moved, or a contraction that was never released, than a drift.
    pub jump_count: u32,
    /// Sensor and muscle apart; `None` without two checks of the open probe.
    pub separation: Option<Separation>,
}

/// What an open probe shows: the part of the sensor, and what is left for the muscle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Separation {
    /// How far the zero of the sensor moved between the first check and the last, in the unit of the
    /// channel.
    pub sensor_change: f64,
    /// 95 % bound, to either side.
    pub sensor_bound: f64,
    /// How far the level at rest moved between the two beyond that: resting tone, and how the probe
    /// lay.
    pub tone_change: f64,
    /// 95 % bound, to either side.
    pub tone_bound: f64,
}

/// Why the change of the level at rest cannot be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DriftUnknown {
    /// Not enough rests yet.
    TooFewRests {
        /// Rests so far.
        rest_count: u32,
        /// Rests that are needed.
        needed_count: u32,
    },
    /// The last rest was too long ago: let go.
    NoRest {
        /// Seconds since the middle of the last rest.
        age_s: f64,
    },
}

impl fmt::Display for DriftUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewRests { rest_count, needed_count } => {
                write!(f, "{rest_count} rests of {needed_count} so far")
            }
            Self::NoRest { age_s } => write!(f, "no rest for {age_s:.0} s"),
        }
    }
}

/// Follows the level at rest of one pressure channel. Causal; never looks at what comes later.
///
/// In: pressure in the unit of the channel, as calibrated or low-passed. Every 20 s the densest low
/// level within them counts as one rest; rests more than four standard deviations from what the ones
/// before foretold (a long hold) are left out, unless they stay for two minutes. A bank of 108 local
/// linear trends, weighed by how well each foretold the rests, gives the change and its bound, for a
/// drift that is straight, bends, or wanders.
///
/// It works unaided, but knowing when contractions were makes it better: [`Self::begin_activity`] and
/// [`Self::end_activity`] take instants up to five seconds past, as a detector dates them. Also for
/// coughs, pushing, and while the probe is open.
///
/// The first rest is the reference. If there is no rest at the beginning, the reference is wrong.
/// Samples that are not finite are left out. A gap is [`Self::skip`]: the drift goes on meanwhile.
#[derive(Clone, Debug)]
pub struct DriftEstimator {
    rate: SampleRate,
    moment_len: u64,
    guard_len: u64,
    /// Index of the next sample, from the first.
    next: u64,
    sum: Sum,
    pending: [Moment; PENDING_COUNT],
    pending_count: usize,
    activity: Activity,
    model: Model,
    /// Middle of the first rest.
    since: SampleIndex,
    resolution: Resolution,
    outlier_count: u32,
    jump_count: u32,
    first_check: Option<Check>,
    /// `None` until there is a second.
    last_check: Option<Check>,
}

/// Mean of the moment that is under way, about its first sample so that a large offset keeps digits.
#[derive(Clone, Copy, Debug)]
struct Sum {
    origin: f64,
    total: f64,
    count: u64,
}

impl Sum {
    const EMPTY: Self = Self { origin: 0.0, total: 0.0, count: 0 };
}

/// The smallest step that samples make: the spread of equal codes is not zero, but unknown below it.
#[derive(Clone, Copy, Debug)]
struct Resolution {
    last: f64,
    step: f64,
}

impl Resolution {
    fn take(&mut self, value: f64) {
        let step = (value - self.last).abs();
        if step > 0.0 && step < self.step {
            self.step = step;
        }
        self.last = value;
    }

    /// Standard deviation of rounding to steps.
    fn error(&self) -> f64 {
        if self.step.is_finite() { self.step / 12.0_f64.sqrt() } else { 0.0 }
    }
}

/// What is known not to be rest.
#[derive(Clone, Copy, Debug)]
struct Activity {
    /// First sample of the activity under way.
    since: Option<u64>,
    /// End of the last one, with its guard.
    until: u64,
}

#[derive(Clone, Copy, Debug)]
struct Check {
    open_probe: f64,
    open_error: f64,
    rest_change: f64,
    rest_error: f64,
}

impl DriftEstimator {
    /// Ready for the sample with index 0. Allocates nothing.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            moment_len: rate.sample_count(MOMENT_S) as u64,
            guard_len: rate.sample_count(GUARD_S) as u64,
            next: 0,
            sum: Sum::EMPTY,
            pending: [Moment::EMPTY; PENDING_COUNT],
            pending_count: 0,
            activity: Activity { since: None, until: 0 },
            model: Model::new(),
            since: SampleIndex(0),
            resolution: Resolution { last: f64::NAN, step: f64::INFINITY },
            outlier_count: 0,
            jump_count: 0,
            first_check: None,
            last_check: None,
        }
    }

    /// Forgets everything: the same as new.
    pub fn reset(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Takes one sample. `Some` once in a second.
    pub fn step(&mut self, value: f64) -> Option<Drift> {
        if value.is_finite() {
            self.resolution.take(value);
            if self.sum.count == 0 {
                self.sum.origin = value;
            }
            self.sum.total += value - self.sum.origin;
            self.sum.count += 1;
        }
        self.next = self.next.saturating_add(1);
        if !self.next.is_multiple_of(self.moment_len) {
            return None;
        }
        self.end_moment(self.next / self.moment_len - 1);
        Some(self.latest())
    }

    /// Takes a block; what is known after it: the same as [`Self::step`] for each sample and then
    /// [`Self::latest`].
    pub fn process(&mut self, block: &[f64]) -> Drift {
        for &value in block {
            self.step(value);
        }
        self.latest()
    }

    /// Samples are missing. The moment they interrupt is lost, time goes on.
    pub fn skip(&mut self, missing_count: u64) {
        if missing_count == 0 {
            return;
        }
        self.sum = Sum::EMPTY;
        self.next = self.next.saturating_add(missing_count);
        // A moment that begins in the middle has a few samples fewer, which does no harm.
        self.commit_until(self.next / self.moment_len);
    }

    /// From `at` on it is not rest, until [`Self::end_activity`] says otherwise. Beginning again while
    /// one is under way moves its beginning only if that is earlier.
    pub fn begin_activity(&mut self, at: SampleIndex) {
        let since = self.activity.since.map_or(at.0, |since| since.min(at.0));
        self.activity.since = Some(since);
        self.mark_pending();
    }

    /// From two seconds after `at` on it may be rest again.
    pub fn end_activity(&mut self, at: SampleIndex) {
        let Some(since) = self.activity.since.take() else { return };
        let until = at.0.max(since).saturating_add(self.guard_len);
        self.release_pending(since, until.max(self.activity.until));
        self.activity.until = self.activity.until.max(until);
    }

    /// There was no activity: what [`Self::begin_activity`] said is taken back.
    pub fn withdraw_activity(&mut self) {
        if let Some(since) = self.activity.since.take() {
            self.release_pending(since, self.activity.until);
        }
    }

    /// The probe was open to the air and held still: `open_probe` is what it read, in the unit of the
    /// channel. To be said while the samples of it are known as activity, lest they count as rest.
    ///
    /// The first check before the first rest is taken to have been at the first rest.
    pub fn zero_check(&mut self, open_probe: &Level) {
        let mut check = Check {
            open_probe: open_probe.mean,
            open_error: open_probe.error,
            rest_change: 0.0,
            rest_error: 0.0,
        };
        if self.model.rest_count() > 0 {
            // The level as of the last rest: what it did while the probe was out is not known.
            let then = self.model.forecast(self.model.at_min());
            check.rest_change = then.change.mean;
            check.rest_error = then.change.deviation;
        }
        match self.first_check {
            None => self.first_check = Some(check),
            Some(_) => self.last_check = Some(check),
        }
    }

    /// What is known as of the newest sample.
    #[must_use]
    pub fn latest(&self) -> Drift {
        let rest_count = self.model.rest_count();
        if rest_count < LEAST_REST_COUNT {
            return Drift::Unknown(DriftUnknown::TooFewRests {
                rest_count,
                needed_count: LEAST_REST_COUNT,
            });
        }
        let now_min = self.minutes(self.next as f64);
        let age_min = now_min - self.model.at_min();
        let age_s = 60.0 * age_min;
        if age_min > MAX_AGE_MIN {
            return Drift::Unknown(DriftUnknown::NoRest { age_s });
        }
        let forecast = self.model.forecast(now_min);
        Drift::Known(DriftEstimate {
            change: forecast.change.mean,
            bound: BOUND * forecast.change.deviation,
            since: self.since,
            slope_per_min: forecast.slope.mean,
            slope_bound_per_min: BOUND * forecast.slope.deviation,
            rest_count,
            age_s,
            jump_count: self.jump_count,
            separation: self.separation(),
        })
    }

    /// Zero: the estimate is for the newest sample, foretold from the last rest.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        0.0
    }

    fn separation(&self) -> Option<Separation> {
        let (first, last) = (self.first_check?, self.last_check?);
        let sensor_change = last.open_probe - first.open_probe;
        let sensor_error = libm::hypot(first.open_error, last.open_error);
        let tone_error = libm::hypot(sensor_error, libm::hypot(first.rest_error, last.rest_error));
        Some(Separation {
            sensor_change,
            sensor_bound: BOUND * sensor_error,
            tone_change: last.rest_change - first.rest_change - sensor_change,
            tone_bound: BOUND * tone_error,
        })
    }

    fn minutes(&self, sample: f64) -> f64 {
        sample / self.rate.hz() / 60.0
    }

    fn end_moment(&mut self, number: u64) {
        let Sum { origin, total, count } = self.sum;
        self.sum = Sum::EMPTY;
        if 2 * count >= self.moment_len {
            let mean = origin + total / count as f64;
            let active = self.is_active(number);
            // There is room: windows were committed before this moment began.
            if let Some(place) = self.pending.get_mut(self.pending_count) {
                *place = Moment { number, mean, active };
                self.pending_count += 1;
            }
        }
        self.commit_until(number + 1);
    }

    fn is_active(&self, number: u64) -> bool {
        let start = number * self.moment_len;
        let end = start + self.moment_len;
        start < self.activity.until || self.activity.since.is_some_and(|since| end > since)
    }

    fn mark_pending(&mut self) {
        for place in 0..self.pending_count {
            self.pending[place].active |= self.is_active(self.pending[place].number);
        }
    }

    fn release_pending(&mut self, since: u64, until: u64) {
        let len = self.moment_len;
        for moment in &mut self.pending[..self.pending_count] {
            let start = moment.number * len;
            if start + len > since && start >= until {
                moment.active = false;
            }
        }
    }

    /// Looks for rests in the windows that ended long enough before the moment with number `next`.
    fn commit_until(&mut self, next: u64) {
        let windows = next.saturating_sub(HOLD_COUNT) / WINDOW_COUNT;
        while self.pending_count > 0 && self.pending[0].number / WINDOW_COUNT < windows {
            let window = self.pending[0].number / WINDOW_COUNT;
            let pending = &self.pending[..self.pending_count];
            let count = pending.partition_point(|m| m.number / WINDOW_COUNT == window);
            let mut moments = [Moment::EMPTY; WINDOW_COUNT as usize];
            let mut rest_count = 0;
            for moment in pending[..count].iter().filter(|moment| !moment.active) {
                moments[rest_count] = *moment;
                rest_count += 1;
            }
            self.pending.copy_within(count..self.pending_count, 0);
            self.pending_count -= count;
            if rest_count >= LEAST_COUNT {
                self.take(&mut moments[..rest_count]);
            }
        }
    }

    fn take(&mut self, moments: &mut [Moment]) {
        let Some(rest) = rests::find(moments) else { return };
        let at_min = self.minutes((rest.number + 0.5) * self.moment_len as f64);
        let error = libm::hypot(rest.error, self.resolution.error());
        if self.model.rest_count() == 0 {
            self.since = SampleIndex(((rest.number + 0.5) * self.moment_len as f64) as u64);
        } else {
            let expected = self.model.forecast(at_min).rest;
            let surprise = rest.level - expected.mean;
            if surprise.abs() > GATE * libm::hypot(expected.deviation, error) {
                self.outlier_count += 1;
                if self.outlier_count < JUMP_COUNT {
                    return;
                }
                self.model.jump(surprise);
                self.jump_count = self.jump_count.saturating_add(1);
            }
        }
        self.outlier_count = 0;
        self.model.take(at_min, rest.level, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;

    const RATE_HZ: f64 = 20.0;

    fn estimator() -> DriftEstimator {
        DriftEstimator::new(SampleRate::from_hz(RATE_HZ).expect("positive"))
    }

    /// Rest at 30 with a slope, and a squeeze for the second half of each minute.
    fn pressure(seconds: usize, slope_per_min: f64, seed: u64) -> Vec<f64> {
        let mut noise = Noise::new(seed);
        (0..seconds * 20)
            .map(|n| {
                let time_s = n as f64 / RATE_HZ;
                let squeeze = if time_s % 60.0 >= 30.0 { 25.0 } else { 0.0 };
                30.0 + slope_per_min * time_s / 60.0 + squeeze + 0.3 * noise.gaussian()
            })
            .collect()
    }

    fn known(drift: Drift) -> DriftEstimate {
        match drift {
            Drift::Known(estimate) => estimate,
            Drift::Unknown(why) => panic!("{why}"),
        }
    }

    #[test]
    fn blocks_steps_and_a_reset_give_the_same_bits() {
        let samples = pressure(300, 1.0, 1);
        let (mut steps, mut blocks) = (estimator(), estimator());
        for part in samples.chunks(37) {
            for &x in part {
                steps.step(x);
            }
            assert_eq!(blocks.process(part), steps.latest());
        }
        let before = blocks.latest();
        blocks.zero_check(&open(0.0));
        blocks.begin_activity(SampleIndex(0));
        blocks.reset();
        assert_eq!(blocks.process(&samples), before);
    }

    #[test]
    fn nothing_is_said_before_three_rests_and_long_after_the_last() {
        let mut estimator = estimator();
        let samples = pressure(600, 1.0, 2);
        let early = estimator.process(&samples[..20 * 20]);
        assert_eq!(
            early,
            Drift::Unknown(DriftUnknown::TooFewRests { rest_count: 0, needed_count: 3 })
        );
        known(estimator.process(&samples[20 * 20..]));
        estimator.begin_activity(SampleIndex(600 * 20));
        let late = estimator.process(&vec![80.0; 130 * 20]);
        assert!(matches!(late, Drift::Unknown(DriftUnknown::NoRest { age_s }) if age_s > 120.0));
        assert_eq!(late, estimator.latest());
    }

    #[test]
    fn the_bound_grows_while_there_is_no_rest() {
        let mut estimator = estimator();
        let before = known(estimator.process(&pressure(600, 1.0, 3)));
        estimator.begin_activity(SampleIndex(600 * 20));
        let after = known(estimator.process(&vec![80.0; 60 * 20]));
        assert!(after.bound > before.bound && after.age_s > before.age_s + 50.0);
        assert_eq!(after.rest_count, before.rest_count);
    }

    #[test]
    fn what_is_known_as_activity_is_no_rest_even_if_low() {
        // A probe taken out: 30 falls to 0 for a minute.
        let mut estimator = estimator();
        estimator.process(&pressure(300, 0.0, 4));
        estimator.process(&[0.0; 20]);
        // Told a second late.
        estimator.begin_activity(SampleIndex(300 * 20));
        estimator.process(&vec![0.0; 58 * 20]);
        estimator.end_activity(SampleIndex(359 * 20));
        let found = known(estimator.process(&pressure(240, 0.0, 5)));
        assert!(found.change.abs() < found.bound, "{found:?}");
        assert_eq!(found.jump_count, 0);
    }

    #[test]
    fn an_activity_taken_back_changes_nothing() {
        let samples = pressure(300, 1.0, 6);
        let mut plain = estimator();
        let mut withdrawn = estimator();
        for (n, part) in samples.chunks(20).enumerate() {
            plain.process(part);
            if n % 10 == 4 {
                withdrawn.begin_activity(SampleIndex(n as u64 * 20 - 7));
            }
            withdrawn.process(part);
            if n % 10 == 6 {
                withdrawn.withdraw_activity();
            }
        }
        assert_eq!(plain.latest(), withdrawn.latest());
    }

    #[test]
    fn a_level_that_jumps_and_stays_is_followed_and_counted() {
        let mut estimator = estimator();
        estimator.process(&pressure(300, 0.0, 7));
        let mut shifted = pressure(300, 0.0, 8);
        shifted.iter_mut().for_each(|x| *x += 12.0);
        let found = known(estimator.process(&shifted));
        assert_eq!(found.jump_count, 1);
        assert!((found.change - 12.0).abs() < found.bound, "{found:?}");
    }

    fn open(mean: f64) -> Level {
        Level { mean, spread: 0.2, error: 0.05, movement: 0.1, sample_count: 100 }
    }

    #[test]
    fn checks_of_the_open_probe_tell_the_sensor_from_the_muscle() {
        // The level at rest rises by 10 in ten minutes, the sensor by 6 of these.
        let mut estimator = estimator();
        estimator.zero_check(&open(0.5));
        let before = known(estimator.process(&pressure(600, 1.0, 9)));
        assert_eq!(before.separation, None);
        estimator.zero_check(&open(6.5));
        let apart = known(estimator.latest()).separation.expect("two checks");
        assert!((apart.sensor_change - 6.0).abs() < 1e-12);
        assert!((0.1..0.3).contains(&apart.sensor_bound), "{apart:?}");
        // From the first rest, 10 s into the signal, to the last one, at 565 s.
        let rest_change = (565.0 - 10.0) / 60.0;
        assert!((apart.tone_change - (rest_change - 6.0)).abs() < apart.tone_bound, "{apart:?}");
        assert!(apart.tone_bound > apart.sensor_bound);
    }

    #[test]
    fn a_gap_stops_the_pressure_but_not_the_time() {
        let samples = pressure(900, 1.0, 10);
        let mut whole = estimator();
        let whole = known(whole.process(&samples));
        let mut cut = estimator();
        cut.process(&samples[..5_013]);
        cut.skip(4_000);
        let cut = known(cut.process(&samples[9_013..]));
        assert!((cut.change - whole.change).abs() < whole.bound + cut.bound);
        assert!(cut.rest_count < whole.rest_count);
    }

    #[test]
    fn coarse_codes_are_followed() {
        let mut estimator = estimator();
        let coarse: Vec<f64> = (0..600 * 20).map(|n| (f64::from(n) / 2_000.0).floor()).collect();
        let found = known(estimator.process(&coarse));
        assert!((found.change - 5.5).abs() < 1.0, "{found:?}");
        assert_eq!(found.jump_count, 0);
    }

    #[test]
    fn no_input_panics() {
        for rate_hz in [0.1, 1.0, 20_000.0] {
            let rate = SampleRate::from_hz(rate_hz).expect("positive");
            for wild in [f64::NAN, f64::INFINITY, 1e300, -1e300, f64::MAX, 5e-324, 0.0] {
                let mut estimator = DriftEstimator::new(rate);
                for n in 0..3_000 {
                    let x = if n % 7 < 3 { wild } else { -wild };
                    estimator.step(x);
                    if n % 500 == 0 {
                        estimator.begin_activity(SampleIndex(u64::MAX - n));
                        estimator.end_activity(SampleIndex(u64::MAX));
                        estimator.withdraw_activity();
                    }
                }
                estimator.skip(u64::MAX);
                estimator.step(1.0);
                estimator.process(&[]);
            }
        }
    }
}
