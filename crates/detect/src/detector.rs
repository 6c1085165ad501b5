//! The detector: steps in, transitions out.

use levator_signal::{Quality, SampleIndex, SampleRate, Span};

use crate::config::{ConfigError, DetectorConfig, Statistic};
use crate::course::Course;
use crate::dating::{Levels, last_lull, power_change_level, refine_offset, refine_onset};
use crate::page::Page;
use crate::phase::{Change, Hold, Limits, Phase};
use crate::rest::{Learning, RestModel, Scale};
use crate::steps::Steps;
use crate::transition::{Contraction, Reason, Rest, Transition};

/// Seconds before an onset in which a dip far below rest makes a rise implausible.
const DIP_WINDOW_S: f64 = 1.0;

/// A dip below rest deeper than this ratio of a contraction's height makes it implausible.
const DIP_RATIO: f64 = 0.5;

/// A contraction whose peak level has grown by this ratio since it was dated is dated anew.
const REDATE_RATIO: f64 = 1.25;

/// A contraction out of perfect silence that lasts longer than this is not believed. Our choice: twice
/// the longest hold that is usual in an examination.
const DOUBTFUL_LONGEST_S: f64 = 20.0;

/// Finds contractions in one channel while the signal comes in.
///
/// Feed it the filtered signal: for EMG band-passed, for pressure as sampled or low-passed. It looks
/// at nothing that comes later; that an onset lies before the sample at which it is announced is the
/// time the decision takes.
///
/// Gain, offset (pressure; the band-pass takes it from EMG) and the way the signal is cut into calls
/// change no decision. Memory is taken in [`Self::new`] only.
#[derive(Clone, Debug)]
pub struct Detector {
    config: DetectorConfig,
    max_rate: SampleRate,
    rate: SampleRate,
    input_delay: u64,
    limits: Limits,
    /// The same while it is doubtful whether the rest was one.
    doubtful_limits: Limits,
    /// Dating steps in a step of the decision.
    dates_per_step: u64,
    /// Dating steps in the window of the envelope.
    dates_per_envelope: u64,
    date_step_s: f64,
    steps: Steps,
    rest: RestModel,
    phase: Phase,
    /// First sample of the stream, once there is one.
    start: Option<SampleIndex>,
    /// Why the signal before step 0 is not known.
    before: Before,
    /// Dating steps that were taken into account.
    judged: u64,
    /// One past the last step of the last contraction.
    last_end: u64,
    /// Unusable steps in a row, seconds.
    missing_s: f64,
    /// Height of the strongest contraction of the last minutes, in the unit of the steps.
    memory: f64,
    memory_decay: f64,
    /// The contraction in progress, beside what `Phase` knows.
    course: Course,
    /// Whether anything was said about the stream.
    spoken: bool,
}

/// Why the signal before step 0 is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Start,
    Missing(Reason),
}

/// The ring, read as levels.
struct Ring<'a> {
    steps: &'a Steps,
    scale: Scale,
    statistic: Statistic,
    end: u64,
}

impl Levels for Ring<'_> {
    fn level(&self, step: u64) -> f64 {
        self.scale.level(self.statistic, self.steps.get(step))
    }

    fn oldest(&self) -> u64 {
        self.steps.oldest()
    }

    fn end(&self) -> u64 {
        self.end
    }
}

impl Detector {
    /// Makes room for streams of up to `max_rate`. Nothing is allocated afterwards.
    ///
    /// # Errors
    ///
    /// If a setting is out of its range.
    pub fn new(config: &DetectorConfig, max_rate: SampleRate) -> Result<Self, ConfigError> {
        config.check()?;
        // A step is a whole number of samples and may be shorter than asked for by up to a third (1
        // sample for 1.49), so the rings get half as much again.
        let ring_s = config.look_back_s.max(config.learning_s) + 1.0;
        let step_count = (1.5 * ring_s / config.date_step_s).ceil() as usize;
        let mut detector = Self {
            config: *config,
            max_rate,
            rate: max_rate,
            input_delay: 0,
            limits: Limits::new(config, config.date_step_s, config.step_s),
            doubtful_limits: Limits::new(config, config.date_step_s, config.step_s),
            dates_per_step: 1,
            dates_per_envelope: 1,
            date_step_s: config.date_step_s,
            steps: Steps::new(config.statistic, step_count),
            rest: RestModel::new(config, 1.5 / config.step_s),
            phase: Phase::Learning,
            start: None,
            before: Before::Start,
            judged: 0,
            last_end: 0,
            missing_s: 0.0,
            memory: 0.0,
            memory_decay: 1.0,
            course: Course::new(Scale { rest: 0.0, unit: 1.0, is_silent: false }, 1, 1),
            spoken: false,
        };
        detector.start(max_rate, 0.0)?;
        Ok(detector)
    }

    /// Begins a stream: forgets everything, takes the rate and the delay of the filters in front.
    ///
    /// # Errors
    ///
    /// If `rate` is above the rate given to [`Self::new`], or if the delay is negative, not finite or
    /// longer than a minute.
    pub fn start(&mut self, rate: SampleRate, input_delay_samples: f64) -> Result<(), ConfigError> {
        if rate.hz() > self.max_rate.hz() {
            let bound = self.max_rate.hz();
            return Err(ConfigError { field: "rate_hz", value: rate.hz(), bound });
        }
        let most = 60.0 * rate.hz();
        if input_delay_samples.is_nan() || !(0.0..=most).contains(&input_delay_samples) {
            let bound = if input_delay_samples < 0.0 { 0.0 } else { most };
            let field = "input_delay_samples";
            return Err(ConfigError { field, value: input_delay_samples, bound });
        }
        let config = &self.config;
        self.rate = rate;
        self.input_delay = input_delay_samples.round() as u64;
        let samples_per_date = rate.sample_count(config.date_step_s);
        self.date_step_s = samples_per_date as f64 / rate.hz();
        let dates = |seconds: f64| ((seconds / self.date_step_s).round() as u64).max(1);
        self.dates_per_step = dates(config.step_s);
        self.dates_per_envelope = dates(config.envelope_s);
        let step_s = self.dates_per_step as f64 * self.date_step_s;
        self.limits = Limits::new(config, self.date_step_s, step_s);
        let doubtful = DetectorConfig {
            longest_s: DOUBTFUL_LONGEST_S.min(config.longest_s),
            linger_s: config.fall_window_s.min(config.linger_s),
            ..*config
        };
        self.doubtful_limits = Limits::new(&doubtful, self.date_step_s, step_s);
        self.memory_decay =
            (1.0 - core::f64::consts::LN_2 * step_s / config.memory_half_s).max(0.0);
        let ring_s = config.look_back_s.max(config.learning_s) + 1.0;
        let ring_len = (ring_s / self.date_step_s).ceil() as usize;
        self.steps.start(samples_per_date, ring_len, SampleIndex::ZERO);
        self.rest.start(config, step_s);
        self.phase = Phase::Learning;
        self.start = None;
        self.before = Before::Start;
        self.judged = 0;
        self.last_end = 0;
        self.missing_s = 0.0;
        self.memory = 0.0;
        self.course = Course::new(Scale { rest: 0.0, unit: 1.0, is_silent: false }, 1, 1);
        self.spoken = false;
        Ok(())
    }

    /// Takes the next run of samples, the first of which has index `first`.
    ///
    /// An index beyond the one that is due is taken as a [gap](Self::gap); samples before it are
    /// passed over. Samples under a [blinding](Quality::BLINDING) fault, and values that are not
    /// finite, are taken as missing: for up to `bridge_s` they are bridged, beyond that the detector
    /// is blind. How the signal is cut into calls changes nothing.
    pub fn process(
        &mut self,
        first: SampleIndex,
        values: &[f64],
        quality: Quality,
        out: &mut impl FnMut(Transition),
    ) {
        if values.is_empty() {
            return;
        }
        let mut values = values;
        match self.start {
            None => {
                self.start = Some(first);
                self.steps.restart(first);
            }
            Some(_) => {
                let due = self.steps.next_index();
                if first > due {
                    self.gap(due, first, out);
                }
                let known = due.saturating_since(first).min(values.len() as u64) as usize;
                values = &values[known..];
            }
        }
        let usable = !quality.intersects(Quality::BLINDING);
        while !values.is_empty() {
            let (count, date_step) = self.steps.take(values, usable);
            values = &values[count..];
            if date_step.is_some() && self.steps.count() - self.judged == self.dates_per_step {
                self.decide(out);
            }
        }
    }

    /// Samples are missing in `at..next`.
    ///
    /// A contraction in progress ends as undetermined. No window reaches across; the resting level
    /// is kept, since a probe that comes back is the same probe.
    pub fn gap(&mut self, at: SampleIndex, next: SampleIndex, out: &mut impl FnMut(Transition)) {
        let mut origin = next.max(at);
        if self.start.is_none() {
            self.start = Some(origin);
        } else {
            origin = origin.max(self.steps.next_index());
            self.interrupt(Reason::Gap, origin, out);
        }
        self.restart(origin, Reason::Gap);
    }

    /// The signal ended; `at` is one past its last sample.
    ///
    /// A contraction in progress is reported without an offset. If nothing was said about the whole
    /// signal, why nothing could be said is.
    pub fn finish(&mut self, at: SampleIndex, out: &mut impl FnMut(Transition)) {
        let Some(start) = self.start else { return };
        let least = self.config.least_learning_s;
        if self.phase == Phase::Learning && self.rest.span_s() >= 0.999 * least {
            self.learn(0, true, out);
        }
        match self.phase {
            Phase::Contracted(hold) => self.report(hold, None, at, out),
            Phase::Learning => {
                let reason = if self.rest.span_s() >= 0.999 * least {
                    Reason::NoContrast
                } else {
                    Reason::TooShort
                };
                self.undetermined(Span { start, end: at }, at, reason, out);
            }
            Phase::Rest | Phase::Rising(_) | Phase::Falling(_) | Phase::Blind => {}
        }
        if !self.spoken {
            self.undetermined(Span { start, end: at }, at, Reason::NoContrast, out);
        }
        self.phase = Phase::Blind;
    }

    /// Delay of the detector's own step, in samples: a decision made now rests on a mean whose middle
    /// lies this far back. Dates are not affected; they are looked up step by step.
    #[must_use]
    pub fn delay_samples(&self) -> f64 {
        0.5 * self.limits.step_s * self.rate.hz()
    }

    /// The resting level, once it is learnt.
    #[must_use]
    pub fn rest(&self) -> Option<Rest> {
        self.rest.rest()
    }

    /// Takes the step that has just become complete.
    fn decide(&mut self, out: &mut impl FnMut(Transition)) {
        let step = self.judged;
        let next = self.steps.count();
        self.judged = next;
        let mean = self.steps.mean(step, next);
        if mean.is_nan() {
            self.miss(out);
            return;
        }
        self.missing_s = 0.0;
        if self.phase == Phase::Blind {
            self.come_back();
            return;
        }
        if self.phase == Phase::Learning {
            if self.rest.learn_step(mean) {
                self.learn(0, false, out);
            }
            return;
        }
        let fell = self.rest.follow(mean, self.phase.is_rest(&self.limits));
        if fell && !self.spoken && matches!(self.phase, Phase::Rest | Phase::Rising(_)) {
            // The level that was taken for rest was not.
            let origin = self.steps.index(0);
            let window = self.rate.sample_count(self.config.fall_window_s) as u64;
            let end = self.steps.index(next).saturating_sub(window);
            let span = Span { start: origin, end };
            self.undetermined(span, self.now(), Reason::NoRestBefore, out);
        }
        self.judge(step, next, mean, out);
    }

    /// Judges one step against the resting level.
    fn judge(&mut self, step: u64, next: u64, mean: f64, out: &mut impl FnMut(Transition)) {
        let Some(scale) = self.rest.scale() else { return };
        self.memory *= self.memory_decay;
        let statistic = self.config.statistic;
        // A contraction is judged to its end by the rest before it.
        let scale = match self.phase {
            Phase::Contracted(_) => self.course.scale,
            Phase::Learning | Phase::Rest | Phase::Rising(_) | Phase::Falling(_) | Phase::Blind => {
                self.coarsen(scale)
            }
        };
        let limits = if self.is_doubtful(scale) { self.doubtful_limits } else { self.limits };
        let level = scale.level(statistic, mean);
        if let Phase::Contracted(hold) = self.phase {
            let is_whole = hold.release.sum_s <= 0.0;
            self.course.follow(&self.steps, hold.onset, step, next, is_whole);
            self.course.lowest_level = self.course.lowest_level.min(level);
        }
        match self.phase.step(level, step, next, &limits) {
            None => {}
            Some(Change::Begun { since, threshold }) => {
                self.begin(since, next, threshold, scale, out);
            }
            Some(Change::Ended { hold }) => {
                let k = self.dates_per_step;
                let at = hold.release.since;
                let end_level = self.limits.end_level(hold.peak_level);
                let from = at.saturating_sub(k).max(hold.onset);
                let offset =
                    refine_offset(&self.ring(scale, next), from, at + 2 * k, end_level, at);
                self.last_end = offset;
                self.report(hold, Some(offset), self.now(), out);
            }
            Some(Change::Outlasted { hold }) if self.is_doubtful(scale) => {
                self.learn_again(hold, out);
                return;
            }
            Some(Change::Outlasted { hold }) => {
                let now = self.now();
                let span = Span { start: self.date(hold.onset), end: now };
                self.undetermined(span, now, Reason::RestChanged, out);
                self.rest.move_to_recent();
            }
            Some(Change::Lingered) => self.rest.move_to_recent(),
        }
        if let Phase::Contracted(hold) = self.phase {
            self.redate(hold, next);
        }
    }

    /// The scale with a unit that suits the strongest contraction of the last minutes: a twentieth of
    /// it need not be looked at, however quiet the rest.
    fn coarsen(&self, scale: Scale) -> Scale {
        let least = self.config.smallest_ratio * self.memory / self.config.onset_level;
        Scale { unit: scale.unit.max(least), ..scale }
    }

    /// Whether a rise above this rest may be no more than the beginning of the signal: a line that was
    /// dead until the electrodes were put on is no rest. A pressure may well be dead at rest.
    fn is_doubtful(&self, scale: Scale) -> bool {
        scale.is_silent && self.config.statistic == Statistic::Power
    }

    /// A signal came out of silence and did not go back: it is learnt as if it began now.
    fn learn_again(&mut self, hold: Hold, out: &mut impl FnMut(Transition)) {
        if self.course.has_rest_before {
            let span = Span { start: self.date(hold.onset), end: self.now() };
            out(Transition::Withdrawn { span, decided: self.now() });
        }
        self.rest.forget();
        self.memory = 0.0;
        self.phase = Phase::Learning;
        let k = self.dates_per_step;
        let from = hold.onset.max(self.steps.oldest()).div_ceil(k) * k;
        let mut step = from;
        while step < self.judged {
            self.rest.learn_step(self.steps.mean(step, step + k));
            step += k;
        }
        self.learn(from, true, out);
    }

    /// A contraction has begun: dates it, and gathers what is known of it so far.
    fn begin(
        &mut self,
        since: u64,
        next: u64,
        threshold: f64,
        scale: Scale,
        out: &mut impl FnMut(Transition),
    ) {
        let k = self.dates_per_step;
        let ring = self.ring(scale, next);
        let since = since.max(self.last_end);
        let mut hold =
            Hold { onset: since, level: 0.0, peak_level: 0.0, threshold, release: Page::new(next) };
        // The level so far, in steps of the decision.
        let mut step = since.max(ring.oldest());
        while step < next {
            let until = (step + k).min(next);
            let mean = self.steps.mean(step, until);
            if !mean.is_nan() {
                let level = scale.level(self.config.statistic, mean);
                hold.level = self.limits.smooth(hold.level, level);
                hold.peak_level = hold.peak_level.max(hold.level);
            }
            step = until;
        }
        let from = since.saturating_sub(k).max(self.last_end);
        let change_level = match self.config.statistic {
            Statistic::Power => threshold.max(power_change_level(hold.peak_level)),
            Statistic::Height => threshold,
        };
        let onset = refine_onset(&ring, from, next, change_level, since);
        hold.onset = onset;
        let dip_steps = (DIP_WINDOW_S / self.date_step_s) as u64;
        let mut lowest_level = f64::INFINITY;
        for step in onset.saturating_sub(dip_steps).max(ring.oldest())..next {
            // `min` passes over a level that is not a number.
            lowest_level = lowest_level.min(ring.level(step));
        }
        let mut course = Course::new(scale, k, self.dates_per_envelope);
        course.has_rest_before = onset as f64 * self.date_step_s >= self.config.rest_before_s;
        course.decided = self.now();
        course.lowest_level = lowest_level;
        course.gather(&self.steps, onset, next);
        self.course = course;
        self.phase = Phase::Contracted(hold);
        if self.course.has_rest_before {
            self.spoken = true;
            out(Transition::Onset { at: self.date(onset), decided: self.course.decided });
        }
    }

    /// Sets the onset later if the contraction has grown so strong that what came first was not yet
    /// a part of it.
    fn redate(&mut self, hold: Hold, next: u64) {
        let end_level = self.limits.relative_ratio * hold.peak_level;
        if end_level <= self.limits.offset_level
            || hold.peak_level < REDATE_RATIO * self.course.dated_level
        {
            return;
        }
        self.course.dated_level = hold.peak_level;
        let ring = self.ring(self.course.scale, next);
        let lull = last_lull(&ring, hold.onset, end_level, self.limits.release_s, self.date_step_s);
        let Some(onset) = lull.filter(|onset| *onset > hold.onset) else { return };
        if let Phase::Contracted(hold) = &mut self.phase {
            hold.onset = onset;
        }
        self.course.decided = self.now();
        self.course.gather(&self.steps, onset, next);
    }

    /// Reports a contraction that is over, or, without offset, one that the end of the signal cuts.
    fn report(
        &mut self,
        hold: Hold,
        offset: Option<u64>,
        closed: SampleIndex,
        out: &mut impl FnMut(Transition),
    ) {
        let course = self.course;
        let onset = self.date(hold.onset);
        let end = offset.map(|step| self.date(step).max(onset));
        let span = Span { start: onset, end: end.unwrap_or(closed) };
        if !course.has_rest_before {
            let reason = match self.before {
                Before::Start => Reason::NoRestBefore,
                Before::Missing(reason) => reason,
            };
            self.undetermined(span, closed, reason, out);
            return;
        }
        let statistic = self.config.statistic;
        if statistic == Statistic::Height && -course.lowest_level > DIP_RATIO * hold.peak_level {
            self.undetermined(span, closed, Reason::Implausible, out);
            return;
        }
        let lasted_s = span.sample_count() as f64 / self.rate.hz();
        if offset.is_some() && lasted_s < 0.5 * self.config.shortest_s {
            self.spoken = true;
            out(Transition::Withdrawn { span, decided: closed });
            return;
        }
        let amplitude = |value: f64| match statistic {
            Statistic::Power => value.max(0.0).sqrt(),
            Statistic::Height => value - course.scale.rest,
        };
        let rest = match statistic {
            Statistic::Power => course.scale.rest.sqrt(),
            Statistic::Height => course.scale.rest,
        };
        let height = hold.peak_level * course.scale.unit;
        self.memory = self.memory.max(height);
        self.spoken = true;
        out(Transition::Contraction(Contraction {
            onset,
            offset: end,
            decided: course.decided,
            closed,
            peak_at: self.date(course.peak_at).max(onset),
            peak: amplitude(course.peak),
            mean: amplitude(course.mean(offset.is_some())),
            rest,
            confidence: (1.0 - hold.threshold / hold.peak_level).clamp(0.0, 1.0),
        }));
    }

    /// Tries to learn what rest is, and goes through what was heard from the step `from` on.
    fn learn(&mut self, from: u64, at_end: bool, out: &mut impl FnMut(Transition)) {
        match self.rest.learn(at_end) {
            Learning::TooFew | Learning::Silent => return,
            Learning::Learnt => {}
        }
        self.memory = self.rest.range();
        self.phase = Phase::Rest;
        let end = self.judged;
        let k = self.dates_per_step;
        let mut step = from.max(self.steps.oldest()).div_ceil(k) * k;
        while step < end {
            let mean = self.steps.mean(step, step + k);
            if !mean.is_nan() {
                self.judge(step, step + k, mean, out);
            }
            step += k;
        }
    }

    /// An unusable step.
    fn miss(&mut self, out: &mut impl FnMut(Transition)) {
        if self.phase == Phase::Blind {
            return;
        }
        self.missing_s += self.limits.step_s;
        if self.missing_s > self.config.bridge_s {
            let end = self.steps.index(self.judged);
            self.interrupt(Reason::Quality, end, out);
            self.phase = Phase::Blind;
        }
    }

    /// Begins anew after the first usable step that follows blindness.
    fn come_back(&mut self) {
        self.restart(self.steps.next_index(), Reason::Quality);
    }

    /// Makes `origin` the first sample of step 0.
    fn restart(&mut self, origin: SampleIndex, reason: Reason) {
        self.steps.restart(origin);
        self.judged = 0;
        self.last_end = 0;
        self.missing_s = 0.0;
        self.before = Before::Missing(reason);
        self.phase = self.phase_after_pause();
    }

    fn phase_after_pause(&self) -> Phase {
        if self.rest.scale().is_some() { Phase::Rest } else { Phase::Learning }
    }

    /// Ends whatever is in progress because nothing is known up to `end`.
    fn interrupt(&mut self, reason: Reason, end: SampleIndex, out: &mut impl FnMut(Transition)) {
        let start = match self.phase {
            Phase::Contracted(hold) => Some(self.date(hold.onset)),
            // What was heard while learning is not gone through any more.
            Phase::Learning if self.steps.count() > 0 => Some(self.steps.index(0)),
            Phase::Learning | Phase::Rest | Phase::Rising(_) | Phase::Falling(_) | Phase::Blind => {
                None
            }
        };
        if let Some(start) = start {
            self.undetermined(Span { start, end }, end, reason, out);
        }
        self.rest.interrupt();
    }

    fn undetermined(
        &mut self,
        span: Span,
        decided: SampleIndex,
        reason: Reason,
        out: &mut impl FnMut(Transition),
    ) {
        self.spoken = true;
        out(Transition::Undetermined { span, decided, reason });
    }

    /// The sample after which whatever is said now is said.
    fn now(&self) -> SampleIndex {
        self.steps.index(self.judged)
    }

    fn ring(&self, scale: Scale, end: u64) -> Ring<'_> {
        Ring { steps: &self.steps, scale, statistic: self.config.statistic, end }
    }

    /// The sample at the input of the chain at which a step began.
    fn date(&self, step: u64) -> SampleIndex {
        let start = self.start.unwrap_or(SampleIndex::ZERO);
        self.steps.index(step).saturating_sub(self.input_delay).max(start)
    }
}

#[cfg(test)]
mod tests;
