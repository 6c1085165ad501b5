//! What a step means: the transitions of the [`Phase`], and what is said about them.

use levator_signal::{SampleIndex, Span};

use super::{Before, Detector, Ring};
use crate::config::Statistic;
use crate::course::Course;
use crate::dating::Levels;
use crate::page::{Page, ratio_gain, rise_gain};
use crate::phase::{Change, Hold, Phase, TailChange};
use crate::rest::{Followed, Learning, Scale};
use crate::steps::Means;
use crate::transition::{Contraction, Reason, Transition, Uncertainty, UnknownEdge};

/// Seconds before an onset in which a dip far below rest makes a rise implausible.
const DIP_WINDOW_S: f64 = 1.0;

/// A dip below rest deeper than this ratio of a contraction's height makes it implausible.
const DIP_RATIO: f64 = 0.5;

/// Evidence times degrees of freedom a second that noise does not gather.
///
/// With `n` degrees of freedom a second the sum of `level / 1.9 - 1` passes `e` seconds by chance
/// with an exponential rate of `0.6 n e` (the root of `E exp(x gain) = 1` for a level that is 8 %
/// above its low quantile; Page 1954). 30 makes that `exp(-18)` a step: less than once in a hundred
/// hours. At 1 kHz an EMG has 500 and more a second and this asks for nothing; at 200 Hz 140.
const NOISE_EVIDENCE: f64 = 30.0;

/// Two steps (40 ms) that hold this ratio of the power of all since the onset are a spike, and what
/// follows is the ringing of the filters. Our choice: one sample has 94 % and more at 500 Hz and
/// above, and 92 % at 200 Hz, where the band is narrow and rings longer; the shortest flick that was
/// recorded (1 kHz) has up to 92 %, a QRS complex less.
const SPIKE_RATIO: f64 = 0.93;
const SPIKE_RINGING_HZ: f64 = 20.0;

/// A spike has at least this level, 17 dB: below, chance makes two steps stand out.
const SPIKE_LEVEL: f64 = 50.0;

/// What a rise has of power that changes from one group of samples (3 ms) to the next, as a ratio of all
/// of it: muscle and white noise have about 1, a QRS complex or a motion artefact 0.1 to 0.3 (the gain of
/// the difference is `2 sin(pi f 3 ms)^2`: 1.1 at 90 Hz, 0.1 at 25 Hz). Our choice, between the two.
const MUSCLE_RATIO: f64 = 0.5;

/// What was announced on little evidence must in the mean have kept this ratio of the level it had to
/// begin with. Our choice.
const QUICK_LASTING_RATIO: f64 = 0.875;

/// What rings is no stronger than this many times what it is now.
const RINGING_MARGIN: f64 = 3.0;

impl Detector {
    /// Takes the step that has just become complete.
    #[inline]
    pub(super) fn decide(&mut self, means: Means, out: &mut impl FnMut(Transition)) {
        let step = self.judged;
        let next = self.steps.count();
        self.judged = next;
        if !self.stays_quiet(means, step, next, out) {
            self.judge(step, next, means.judged, out);
        }
    }

    /// Whether the fast part of the next steps is looked at.
    #[inline]
    pub(super) fn wants_fast(&self) -> bool {
        match self.phase {
            Phase::Rising(_) | Phase::Learning => true,
            Phase::Rest => self.rest.wants_fast(),
            Phase::Contracted(_) | Phase::Falling(_) | Phase::Blind => false,
        }
    }

    /// Takes one step up to the point at which a judgement is due. True if none is: most of the time
    /// nothing is in progress, and the step is below the threshold or one of too few above it.
    #[inline]
    fn stays_quiet(
        &mut self,
        means: Means,
        step: u64,
        next: u64,
        out: &mut impl FnMut(Transition),
    ) -> bool {
        let Means { judged: mean, plain, fast } = means;
        let mut rise = match self.phase {
            Phase::Rest => Page::new(step),
            Phase::Rising(rise) => rise,
            Phase::Falling(_) => return self.falls_quietly(means, step, next, out),
            _ => return self.stays_unjudged(means, next, out),
        };
        if mean.is_nan() || self.shadow >= 1.0 {
            return self.stays_unjudged(means, next, out);
        }
        self.missing_s = 0.0;
        let at_rest = rise.sum_s <= 0.5 * self.artefact_evidence_s;
        if let Some(followed) = self.rest.follow(mean, plain, fast, at_rest) {
            self.end_block(followed, next, out);
        }
        if mean > self.calm_value || rise.sum_s > 0.0 {
            let limits = &self.limits;
            let ratio = match self.config.statistic {
                Statistic::Power => mean * self.calm_part,
                Statistic::Height => {
                    let scale = self.coarsen(self.scale);
                    scale.level(Statistic::Height, mean) / limits.onset_level
                }
            };
            if rise.sum_s <= 0.0 {
                self.excess = Excess::default();
            }
            rise.add(ratio_gain(ratio, limits.strong_ratio), step, limits.step_s);
            if !fast.is_nan() {
                let rest = self.scale.rest;
                self.excess.judged += mean - rest;
                self.excess.fast += fast - self.rest.fast_ratio() * rest;
                self.excess.count += 1.0;
            }
            self.evidence_s = limits.evidence_s;
            if rise.sum_s > self.quick_evidence_s && self.excess.is_muscle(self.least_excess) {
                self.evidence_s = self.quick_evidence_s;
            }
            if rise.sum_s > self.evidence_s {
                return false;
            }
            self.phase = if rise.sum_s > 0.0 { Phase::Rising(rise) } else { Phase::Rest };
        }
        self.memory *= self.memory_decay;
        self.shadow *= self.shadow_decay;
        true
    }

    /// The same in the tail of a contraction.
    fn falls_quietly(
        &mut self,
        means: Means,
        step: u64,
        next: u64,
        out: &mut impl FnMut(Transition),
    ) -> bool {
        let Means { judged: mean, plain, fast } = means;
        if mean.is_nan() || self.shadow >= 1.0 {
            return self.stays_unjudged(means, next, out);
        }
        self.missing_s = 0.0;
        self.evidence_s = self.limits.evidence_s;
        if let Some(followed) = self.rest.follow(mean, plain, fast, false) {
            self.end_block(followed, next, out);
        }
        let scale = self.coarsen(self.scale);
        let level = scale.level(self.config.statistic, mean);
        let limits = if self.is_doubtful(scale) { &self.doubtful_limits } else { &self.limits };
        let Phase::Falling(tail) = &mut self.phase else { return false };
        let before = *tail;
        match tail.step(level, limits.onset_level, step, next, limits.evidence_s, limits) {
            None => {}
            Some(TailChange::Settled) => self.phase = Phase::Rest,
            Some(TailChange::Begun { .. } | TailChange::Lingered) => {
                // As if this step had not been looked at.
                *tail = before;
                return false;
            }
        }
        self.memory *= self.memory_decay;
        self.shadow *= self.shadow_decay;
        true
    }

    /// The same in all other phases: true if the step is not to be judged.
    fn stays_unjudged(
        &mut self,
        Means { judged: mean, plain, fast }: Means,
        next: u64,
        out: &mut impl FnMut(Transition),
    ) -> bool {
        if mean.is_nan() {
            self.miss(out);
            return true;
        }
        self.missing_s = 0.0;
        match self.phase {
            Phase::Blind => {
                self.come_back();
                return true;
            }
            Phase::Learning => {
                if self.rest.learn_step(mean, plain, fast) {
                    self.learn(0, false, out);
                }
                return true;
            }
            Phase::Rest | Phase::Rising(_) | Phase::Contracted(_) | Phase::Falling(_) => {}
        }
        self.evidence_s = self.limits.evidence_s;
        // What rings is no rest, nor is a contraction or its tail.
        let followed = self.rest.follow(mean, plain, fast, false);
        if self.shadow >= 1.0 {
            self.rest.forget_largest();
        }
        if let Some(followed) = followed {
            self.end_block(followed, next, out);
        }
        false
    }

    /// The resting level may have moved.
    fn end_block(&mut self, followed: Followed, next: u64, out: &mut impl FnMut(Transition)) {
        self.suit_rest();
        if followed == Followed::Fallen {
            self.fall(next, out);
        }
    }

    /// The rest fell to that of the last blocks.
    fn fall(&mut self, next: u64, out: &mut impl FnMut(Transition)) {
        if !self.spoken && matches!(self.phase, Phase::Rest | Phase::Rising(_)) {
            // The level that was taken for rest was not.
            let origin = self.steps.index(0);
            let window = self.rate.sample_count(self.config.fall_window_s) as u64;
            let end = self.steps.index(next).saturating_sub(window);
            let span = Span { start: origin, end };
            self.undetermined(span, self.now(), Reason::NoRestBefore, out);
        }
    }

    /// Judges one step against the resting level.
    fn judge(&mut self, step: u64, next: u64, mean: f64, out: &mut impl FnMut(Transition)) {
        self.memory *= self.memory_decay;
        let statistic = self.config.statistic;
        // A contraction is judged to its end by the rest before it.
        let scale = match self.phase {
            Phase::Contracted(_) => self.course.scale,
            Phase::Learning | Phase::Rest | Phase::Rising(_) | Phase::Falling(_) | Phase::Blind => {
                self.coarsen(self.scale)
            }
        };
        let is_doubtful = self.is_doubtful(scale);
        let level = scale.level(statistic, mean);
        self.shadow *= self.shadow_decay;
        let shadow = self.shadow;
        if let Phase::Contracted(hold) = &self.phase {
            let is_whole = hold.release.sum_s <= 0.0;
            self.course.follow(&self.steps, hold.onset, step, next, is_whole);
            self.course.lowest_level = self.course.lowest_level.min(level);
            if self.course.is_quick {
                let limits = &self.limits;
                let gain = rise_gain(level, limits.onset_level, limits.strong_ratio);
                self.course.evidence.add(gain, step, limits.step_s);
                self.course.is_quick = self.course.evidence.sum_s <= limits.evidence_s;
            }
        }
        let limits = if is_doubtful { &self.doubtful_limits } else { &self.limits };
        match self.phase.step(level, step, next, shadow, self.evidence_s, limits) {
            None => {}
            Some(Change::Begun { since, threshold }) => {
                self.begin(since, next, threshold, scale, out);
            }
            Some(Change::Ended { hold }) => {
                let hold = self.date_for_good(hold, next);
                let (offset, spread) = self.date_offset(hold, next);
                self.last_end = offset;
                self.report(hold, Some((offset, spread)), self.now(), out);
            }
            Some(Change::Outlasted { hold }) if is_doubtful => {
                self.learn_again(hold, out);
                return;
            }
            Some(Change::Outlasted { hold }) => {
                let now = self.now();
                let span = Span { start: self.date(hold.onset), end: now };
                self.undetermined(span, now, Reason::RestChanged, out);
                self.rest.move_to_recent();
                self.suit_rest();
            }
            Some(Change::Lingered) => {
                self.rest.move_to_recent();
                self.suit_rest();
            }
        }
        if let Phase::Contracted(hold) = self.phase {
            self.redate(hold, next);
        }
    }

    /// Takes over what follows from the resting level.
    ///
    /// The evidence that is asked for a contraction, in seconds of full gain, is what an artefact does
    /// not gather, or, where a step holds few independent values, what noise does not.
    fn suit_rest(&mut self) {
        let Some(scale) = self.rest.scale() else { return };
        self.scale = scale;
        self.calm_part = 1.0 / (self.config.onset_level * scale.unit);
        self.calm_value = scale.value(self.config.statistic, self.config.onset_level);
        if self.config.statistic == Statistic::Power {
            let dof_per_s = self.rest.degrees_of_freedom() / self.limits.step_s;
            let evidence_s = self.artefact_evidence_s.max(NOISE_EVIDENCE / dof_per_s);
            self.limits.evidence_s = evidence_s;
            self.evidence_s = evidence_s;
            let quick_ratio = self.config.quick_s / self.config.shortest_s;
            self.quick_evidence_s = evidence_s
                .min((quick_ratio * self.artefact_evidence_s).max(NOISE_EVIDENCE / dof_per_s));
            self.least_excess = (self.config.quick_level - 1.0) * scale.rest;
            self.doubtful_limits.evidence_s = evidence_s;
        }
    }

    /// The scale with a unit that suits the strongest contraction of the last minutes: a twentieth of
    /// it need not be looked at, however quiet the rest.
    fn coarsen(&self, scale: Scale) -> Scale {
        if self.config.smallest_ratio <= 0.0 {
            return scale;
        }
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
            let plain = self.steps.mean_plain(step, step + k);
            self.rest.learn_step(self.steps.mean(step, step + k), plain, f64::NAN);
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
        let mut last_level = 0.0;
        while step < next {
            let until = (step + k).min(next);
            let mean = self.steps.mean(step, until);
            if !mean.is_nan() {
                let level = scale.level(self.config.statistic, mean);
                last_level = level;
                hold.level = self.limits.smooth(hold.level, level);
                hold.peak_level = hold.peak_level.max(hold.level);
            }
            step = until;
        }
        if self.config.statistic == Statistic::Power {
            let ratio = (1.0 - SPIKE_RINGING_HZ / self.rate.hz()).min(SPIKE_RATIO);
            match spike(&ring, since, next, 2 * k, ratio) {
                Spike::None => {}
                // The next step decides.
                Spike::Perhaps => return,
                Spike::Over => {
                    self.shadow = RINGING_MARGIN * last_level;
                    self.rest.forget_largest();
                    self.phase = Phase::Rest;
                    return;
                }
            }
        }
        let coarse = self.coarse_onset(since, next, threshold, hold.peak_level, scale);
        let fitted = self.fit_onset(coarse, next, scale);
        let onset = fitted.map_or(coarse, |(onset, _)| onset);
        hold.onset = onset;
        let ring = self.ring(scale, next);
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
        course.rest_amplitude = self.rest.rest().map_or(0.0, |rest| rest.level);
        course.coarse = coarse;
        course.evidence = Page { since, sum_s: self.evidence_s };
        course.is_quick = self.evidence_s < self.limits.evidence_s;
        course.onset_spread = fitted.map_or(f64::NAN, |(_, spread)| spread);
        course.gather(&self.steps, onset, next);
        self.course = course;
        self.phase = Phase::Contracted(hold);
        if self.course.has_rest_before {
            self.spoken = true;
            out(Transition::Onset { at: self.date(onset), decided: self.course.decided });
        }
    }

    /// Reports a contraction that is over, or, without offset, one that the end of the signal cuts.
    pub(super) fn report(
        &mut self,
        hold: Hold,
        offset: Option<(u64, f64)>,
        closed: SampleIndex,
        out: &mut impl FnMut(Transition),
    ) {
        let course = self.course;
        let onset = self.date(hold.onset);
        let end = offset.map(|(step, _)| self.date(step).max(onset));
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
        if offset.is_some() && lasted_s < 0.5 * self.config.quick_s {
            self.spoken = true;
            out(Transition::Withdrawn { span, decided: closed });
            return;
        }
        let least = QUICK_LASTING_RATIO * self.config.quick_level;
        let rest_power = course.rest_amplitude * course.rest_amplitude;
        if offset.is_some() && course.is_quick && course.mean(true) < least * rest_power {
            self.spoken = true;
            out(Transition::Withdrawn { span, decided: closed });
            return;
        }
        let height = hold.peak_level * course.scale.unit;
        if offset.is_some() && height < self.config.doubtful_ratio * self.memory {
            self.undetermined(span, closed, Reason::FarWeaker, out);
            return;
        }
        let amplitude = |value: f64| match statistic {
            Statistic::Power => value.max(0.0).sqrt(),
            Statistic::Height => value - course.scale.rest,
        };
        let rest = match statistic {
            Statistic::Power => course.rest_amplitude,
            Statistic::Height => course.scale.rest,
        };
        self.memory = self.memory.max(height);
        self.spoken = true;
        out(Transition::Contraction(Contraction {
            onset,
            onset_uncertainty: self.onset_uncertainty(course.onset_spread),
            offset: end,
            offset_uncertainty: match offset {
                Some((_, spread)) => self.offset_uncertainty(spread),
                None => Uncertainty::Unknown(UnknownEdge::SignalEnded),
            },
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
    pub(super) fn learn(&mut self, from: u64, at_end: bool, out: &mut impl FnMut(Transition)) {
        match self.rest.learn(at_end) {
            Learning::TooFew | Learning::Silent => return,
            Learning::Learnt => {}
        }
        self.suit_rest();
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
    pub(super) fn miss(&mut self, out: &mut impl FnMut(Transition)) {
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
    pub(super) fn come_back(&mut self) {
        self.restart(self.steps.next_index(), Reason::Quality);
    }

    /// Makes `origin` the first sample of step 0.
    pub(super) fn restart(&mut self, origin: SampleIndex, reason: Reason) {
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
    pub(super) fn interrupt(
        &mut self,
        reason: Reason,
        end: SampleIndex,
        out: &mut impl FnMut(Transition),
    ) {
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

    pub(super) fn undetermined(
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
    pub(super) fn now(&self) -> SampleIndex {
        self.steps.index(self.judged)
    }

    pub(super) fn ring(&self, scale: Scale, end: u64) -> Ring<'_> {
        Ring { steps: &self.steps, scale, statistic: self.config.statistic, end }
    }

    /// The sample at the input of the chain at which a step began.
    pub(super) fn date(&self, step: u64) -> SampleIndex {
        let start = self.start.unwrap_or(SampleIndex::ZERO);
        self.steps.index(step).saturating_sub(self.input_delay).max(start)
    }
}

/// Power above rest since a rise began, summed over its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Excess {
    judged: f64,
    /// The part that changes from one group of samples to the next.
    fast: f64,
    count: f64,
}

impl Excess {
    /// Whether it is as strong as `least` a step, and as fast as muscle.
    fn is_muscle(&self, least: f64) -> bool {
        self.judged > least * self.count && self.fast > MUSCLE_RATIO * self.judged
    }
}

/// Whether what rose is a spike.
enum Spike {
    None,
    /// So far; it may go on.
    Perhaps,
    /// And it is over.
    Over,
}

/// Looks for a spike of `window` dating steps in `since..until`.
fn spike(ring: &impl Levels, since: u64, until: u64, window: u64, ratio: f64) -> Spike {
    let level = |step: u64| {
        let level = ring.level(step);
        if level.is_nan() { 0.0 } else { level }
    };
    let from = since.max(ring.oldest());
    let (mut sum, mut total, mut most) = (0.0, 0.0, 0.0f64);
    for step in from..until {
        let level_now = level(step);
        total += level_now;
        sum += level_now;
        if step >= from + window {
            sum -= level(step - window);
        }
        most = most.max(sum);
    }
    // `SPIKE_LEVEL` is the level of one step of a decision; there are two in the window.
    if most <= (0.5 * SPIKE_LEVEL * window as f64).max(ratio * total) {
        Spike::None
    } else if sum < 0.1 * most {
        Spike::Over
    } else {
        Spike::Perhaps
    }
}
