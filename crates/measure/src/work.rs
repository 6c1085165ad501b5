//! A repetition that was asked for: what it is judged by before anything is computed.

use levator_detect::Contraction;
use levator_detect::flicks::FlickVerdict;
use levator_detect::manoeuvre::Manoeuvre;
use levator_programme::{Outcome, Target, TargetUnit};
use levator_signal::{SampleIndex, Span, Unit};

use crate::channel::Channel;
use crate::ledger::Sink;
use crate::track::{Scratch, Survey};
use crate::trial::{Found, Reading, Trial};
use crate::validity::Judgement;
use crate::{How, Quantity, Reason, Task, formulas};

/// Part of a contraction that may be unusable, and that may have motion, mains or heart beats. Our choice.
const UNUSABLE_SHARE: f64 = 0.05;
const NOISY_SHARE: f64 = 0.1;
/// A contraction that began this long before it was asked for was not let go before. Our choice: people are
/// early by less.
const EARLY_S: f64 = 1.0;
/// A mean level this many standard errors above rest has risen, if the highest level is this many SD of rest
/// above it, too. Our choice: by chance, once in a hundred windows of rest, as the level that it is held
/// against has an error of its own.
const RISE_ERRORS: f64 = 3.0;
const RISE_SD: f64 = 3.0;

/// A repetition that is to be measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) task: Task,
    pub(crate) step: u32,
    pub(crate) group: (u32, u32),
    pub(crate) trial: u32,
    pub(crate) attempt: u32,
    pub(crate) duration_s: f64,
    pub(crate) asked: Span,
    /// The window of the whole contraction, push or cough.
    pub(crate) window: Span,
    pub(crate) plateau: Option<Span>,
    /// Where the level before it is read, if that is said.
    pub(crate) base: Option<Span>,
    pub(crate) target: Option<Target>,
    pub(crate) outcome: Outcome,
    pub(crate) scored: bool,
    /// Nobody asked: the span is that of a contraction that was found.
    pub(crate) is_free: bool,
    pub(crate) due: SampleIndex,
}

/// A repetition on one channel, looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) found: Option<Contraction>,
    pub(crate) manoeuvre: Option<Manoeuvre>,
    pub(crate) judged: Judgement,
    /// The level before it, and where that was read.
    pub(crate) base: Option<f64>,
    pub(crate) base_span: Option<Span>,
}

/// What samples that are not as they should be mean for a contraction.
pub(crate) fn judge(survey: &Survey) -> Judgement {
    let more = |reason, limit| survey.share(reason) > limit;
    Judgement::GOOD
        .reject_if(survey.any(Reason::Gap), Reason::Gap)
        .reject_if(more(Reason::Settling, UNUSABLE_SHARE), Reason::Settling)
        .doubt_if(survey.any(Reason::Blind), Reason::Blind)
        .reject_if(more(Reason::Blind, UNUSABLE_SHARE), Reason::Blind)
        .doubt_if(survey.any(Reason::Saturated), Reason::Saturated)
        .doubt_if(more(Reason::Motion, NOISY_SHARE), Reason::Motion)
        .doubt_if(more(Reason::Mains, NOISY_SHARE), Reason::Mains)
        .doubt_if(more(Reason::Heart, NOISY_SHARE), Reason::Heart)
        .doubt_if(more(Reason::Drift, NOISY_SHARE), Reason::Drift)
        .reject_if(survey.usable == 0, Reason::TooShort)
}

impl Channel {
    /// Looks at a repetition: what was found, whether it counts, the level before it.
    pub(crate) fn look(
        &mut self,
        work: &Work,
        manoeuvre: Option<Manoeuvre>,
        found: Option<Contraction>,
        scratch: &mut Scratch,
    ) -> Seen {
        let mut judged = match work.outcome {
            Outcome::Complete if work.scored => Judgement::GOOD,
            Outcome::Gap => Judgement::GOOD.reject(Reason::Gap),
            Outcome::Complete | Outcome::Interrupted | Outcome::Skipped | Outcome::Stopped => {
                Judgement::GOOD.reject(Reason::Interrupted)
            }
        };
        judged = judged.and(judge(&self.track.survey(&self.track.slots(work.window))));
        let (base, base_span) = match work.base {
            Some(span) => (self.level_over(span, scratch), Some(span)),
            None => {
                // The end of a rest may be rounded into the step after it.
                let until = work.asked.start.saturating_add(self.track.slot_len());
                let rest = self.rest_until(until);
                (rest.and_then(|rest| rest.level), rest.map(|rest| rest.span))
            }
        };
        if self.is_pelvic() && !matches!(work.task, Task::Push | Task::Cough) {
            let rises = found.is_none() && self.rises(work.window, base, scratch);
            judged = self.judge_contraction(work, manoeuvre, found.as_ref(), rises, judged);
        }
        Seen { found, manoeuvre, judged, base, base_span }
    }

    /// Whether the level over a window lies above the level before by more than the unrest at rest explains,
    /// in its mean and in its highest: a contraction that the detector did not find, because it is not far
    /// above a restless level or because the one before was not let go.
    fn rises(&self, window: Span, base: Option<f64>, scratch: &mut Scratch) -> bool {
        let slots = self.track.slots(window);
        self.track.fill(&slots, scratch);
        let sd = self.rest_here.or(self.rest_before).and_then(|rest| rest.sd);
        let (Some(base), Some(chance), Some(sd)) = (base, self.chance(window), sd) else {
            return false;
        };
        let mean = formulas::mean(&scratch.x);
        let highest = self.track.highest(&slots).map(|(level, _)| level);
        mean.is_some_and(|mean| mean - base > RISE_ERRORS * chance)
            && highest.is_some_and(|highest| highest - base > RISE_SD * sd)
    }

    /// Standard error of a mean level over as long a stretch of rest: that of the rest before all exertion,
    /// carried over by the square root of the lengths.
    pub(crate) fn chance(&self, window: Span) -> Option<f64> {
        let rest = self.rest_here.or(self.rest_before)?;
        let length = window.sample_count().max(1) as f64;
        rest.sem.map(|sem| sem * (rest.span.sample_count() as f64 / length).sqrt())
    }

    /// Median of the level over a stretch.
    pub(crate) fn level_over(&self, span: Span, scratch: &mut Scratch) -> Option<f64> {
        self.track.fill(&self.track.slots(span), scratch);
        formulas::median(&mut scratch.x)
    }

    fn judge_contraction(
        &mut self,
        work: &Work,
        manoeuvre: Option<Manoeuvre>,
        found: Option<&Contraction>,
        rises: bool,
        judged: Judgement,
    ) -> Judgement {
        let mut judged = match manoeuvre {
            Some(Manoeuvre::Push) => judged.reject(Reason::BearingDown),
            Some(Manoeuvre::Both) => judged.doubt(Reason::Unverified),
            Some(Manoeuvre::Squeeze) => judged,
            None => judged.note(Reason::Unverified),
        };
        let Some(found) = found else {
            return match rises {
                true => judged.doubt(Reason::NoContraction),
                false => judged.reject(Reason::NoContraction),
            };
        };
        let early = self.samples(EARLY_S);
        let carried = found.onset.saturating_add(early) < work.asked.start;
        judged = judged.doubt_if(carried && !work.is_free, Reason::NotReleased);
        if work.task == Task::Flick {
            judged = match self.count_flicks(work, found) {
                FlickVerdict::Valid => judged,
                FlickVerdict::TooShort => judged.reject(Reason::TooBrief),
                FlickVerdict::TooLong => judged.reject(Reason::TooLong),
                FlickVerdict::NotReleased => judged.reject(Reason::NotReleased),
                FlickVerdict::TooWeak => judged.reject(Reason::FarWeaker),
                FlickVerdict::Doubtful => judged.doubt(Reason::Unsure),
            };
        }
        judged
    }

    /// Counts the quick contractions that began in this step, and gives what is said of the one that was
    /// found. One that had been counted in an earlier step was not let go.
    fn count_flicks(&mut self, work: &Work, found: &Contraction) -> FlickVerdict {
        if self.set != Some(work.group) {
            self.set = Some(work.group);
            self.flicks.reset(SampleIndex::ZERO);
        }
        let mut verdict = FlickVerdict::NotReleased;
        for contraction in self.log.known(work.due) {
            let is_new = self.counted.is_none_or(|counted| contraction.onset > counted);
            let begins = contraction.onset < work.asked.end
                && contraction.onset.saturating_add((self.rate.hz() * EARLY_S) as u64)
                    >= work.asked.start;
            if !(is_new && begins) {
                continue;
            }
            self.counted = Some(contraction.onset);
            let Some(said) = self.flicks.take(contraction) else { continue };
            if said == FlickVerdict::Valid && self.flick_onsets.len() < self.flick_onsets.capacity()
            {
                self.flick_onsets.push(contraction.onset);
            }
            if contraction.onset == found.onset {
                verdict = said;
            }
        }
        verdict
    }

    /// Says what came of a repetition.
    pub(crate) fn conclude_trial(
        &mut self,
        work: &Work,
        seen: &Seen,
        level: Option<f64>,
        reference_task: Option<Task>,
        sink: Sink<'_>,
    ) {
        let target = work.target.and_then(|target| self.resolve(target, reference_task));
        let level = level.and_then(formulas::finite);
        let counts = seen.judged.is_valid();
        let success =
            target.zip(level).filter(|_| counts).map(|(target, level)| target.holds(level));
        let tally = self.tally(work.task);
        tally.begun += u32::from(work.attempt == 1);
        tally.valid += u32::from(counts);
        tally.aimed += u32::from(success.is_some());
        tally.met += u32::from(success == Some(true));
        let start = tally.span.map_or(work.asked.start, |span| span.start.min(work.asked.start));
        let end = tally.span.map_or(work.asked.end, |span| span.end.max(work.asked.end));
        tally.span = Some(Span { start, end });
        sink(Reading::Trial(Trial {
            channel: self.settings.id,
            step: work.step,
            task: work.task,
            trial: work.trial,
            attempt: work.attempt,
            asked: work.asked,
            found: seen.found.map(|found| Found {
                onset: found.onset,
                offset: found.offset,
                onset_known: found.onset_uncertainty.seconds().is_some(),
                offset_known: found.offset_uncertainty.seconds().is_some(),
                confidence: found.confidence,
            }),
            manoeuvre: seen.manoeuvre,
            validity: seen.judged.validity,
            reasons: seen.judged.reasons,
            level,
            target,
            success,
        }));
    }

    /// The target in the unit of the channel, with what is known of the person by now.
    fn resolve(&mut self, target: Target, reference_task: Option<Task>) -> Option<Target> {
        let factor = |unit: Unit| unit.factor_to(self.settings.unit);
        let scale = |factor: f64| Target {
            lower: target.lower.map(|level| level * factor),
            upper: target.upper.map(|level| level * factor),
            unit: target.unit,
        };
        match target.unit {
            TargetUnit::Microvolt => factor(Unit::Microvolt).map(scale),
            TargetUnit::CentimetreWater => factor(Unit::CentimetreWater).map(scale),
            TargetUnit::MillimetreMercury => factor(Unit::MillimetreMercury).map(scale),
            TargetUnit::RestRatio if self.is_pressure() => None,
            TargetUnit::MvcRatio | TargetUnit::RestRatio => {
                let rest = self.rest_here.and_then(|rest| rest.level);
                let net = self.maximum(reference_task).map(|(net, _)| net);
                target.resolve(rest, rest.zip(net).map(|(rest, net)| rest + net))
            }
        }
    }

    /// The maximal voluntary contraction by its main definition, net of rest, as far as it is known: mean of
    /// the best three peaks.
    pub(crate) fn maximum(&mut self, reference_task: Option<Task>) -> Option<(f64, Judgement)> {
        let chosen = self.ledger.choose(Quantity::Peak, &[reference_task?], How::Plain)?;
        let values = self.ledger.values_mut();
        values.sort_unstable_by(|one, other| other.total_cmp(one));
        let best = &values[..values.len().min(3)];
        formulas::mean(best).filter(|mean| *mean > 0.0).map(|mean| (mean, chosen.judged))
    }
}
