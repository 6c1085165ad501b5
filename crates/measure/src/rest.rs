//! Measures of a rest.

use levator_programme::Outcome;
use levator_signal::{SampleIndex, SignalKind, Span};

use crate::channel::{Channel, One, Rested};
use crate::ledger::Sink;
use crate::track::{Scratch, Survey};
use crate::validity::Judgement;
use crate::{How, MeasureUnit, Quantity, Reason, Task, formulas};

/// Least clean rest before or after exertion, in seconds (clinical practice: 60 s, of which 30 s must be
/// usable; 30 s agree with 60 s at a kappa of 1.0, Ang 2022).
const LEAST_REST_S: f64 = 30.0;
/// Part of the rest that may be at the end of the range, and that may have motion, mains or heart beats. Our
/// choice: a median moves little by a tenth.
const SATURATED_SHARE: f64 = 0.02;
const NOISY_SHARE: f64 = 0.1;
/// Noise floor up to which a level at rest can be graded, as a ratio of it: in power it then makes a
/// sixteenth.
const NOISE_RATIO: f64 = 0.25;
/// A contraction that reaches this far into a rest is in it, in seconds.
const REACH_S: f64 = 0.1;

/// A rest that is to be measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    pub(crate) task: Task,
    pub(crate) step: u32,
    pub(crate) span: Span,
    pub(crate) outcome: Outcome,
    /// Beginning of the step, of a rest that follows an exertion: what began before was not let go.
    pub(crate) since: SampleIndex,
    /// Sample up to which the detector may have spoken.
    pub(crate) due: SampleIndex,
}

/// What samples that are not as they should be mean for a rest.
fn judge(survey: &Survey) -> Judgement {
    let more = |reason, limit| survey.share(reason) > limit;
    Judgement::GOOD
        .doubt_if(survey.any(Reason::Gap), Reason::Gap)
        .doubt_if(more(Reason::Blind, NOISY_SHARE), Reason::Blind)
        .doubt_if(more(Reason::Settling, NOISY_SHARE), Reason::Settling)
        .doubt_if(more(Reason::Saturated, SATURATED_SHARE), Reason::Saturated)
        .doubt_if(more(Reason::Motion, NOISY_SHARE), Reason::Motion)
        .doubt_if(more(Reason::Mains, NOISY_SHARE), Reason::Mains)
        .doubt_if(more(Reason::Heart, NOISY_SHARE), Reason::Heart)
        .doubt_if(more(Reason::NoiseFloor, NOISY_SHARE), Reason::NoiseFloor)
        .doubt_if(more(Reason::Drift, NOISY_SHARE), Reason::Drift)
}

impl Channel {
    /// Measures a rest, gives its numbers away and keeps its level.
    ///
    /// - level: median of the envelope over the usable slots; standard error from bins of 1 s
    ///   ([`formulas::standard_error`])
    /// - `SD_R`: SD of the envelope
    /// - `CV_R`: 100 SD/mean of the means over bins of 1 s, of rests that are not between; a pressure has no zero
    ///   of its own, so for it this is doubtful
    pub(crate) fn measure_rest(
        &mut self,
        rest: &Rest,
        scratch: &mut Scratch,
        sink: Sink<'_>,
    ) -> Rested {
        let slots = self.track.slots(rest.span);
        let survey = self.track.survey(&slots);
        self.track.fill(&slots, scratch);
        let sd = formulas::sd(&scratch.x);
        let level = formulas::median(&mut scratch.x);
        self.track.bins(rest.span, &mut scratch.y);
        let sem = formulas::standard_error(&scratch.y);
        let usable_s = survey.usable as f64 * self.track.slot_s();

        let least = self.samples(REACH_S).max(1);
        let (touched, kept_on) = self.log.touches(rest.span, least, rest.since, rest.due);
        let whole = matches!(rest.task, Task::RestBefore | Task::RestAfter);
        let is_short = whole && usable_s < LEAST_REST_S - self.track.slot_s();
        let base = judge(&survey)
            .doubt_if(
                rest.outcome != Outcome::Complete,
                match rest.outcome {
                    Outcome::Gap => Reason::Gap,
                    _ => Reason::Interrupted,
                },
            )
            .doubt_if(is_short, Reason::TooShort)
            .reject_if(
                2 * survey.usable < survey.asked && usable_s < LEAST_REST_S,
                Reason::TooShort,
            )
            .doubt_if(touched && rest.task != Task::Relax, Reason::ContractionInRest);
        // Somebody who does not let go is what a rest after a contraction is there to show.
        let base = if kept_on { base.note(Reason::NotReleased) } else { base };
        let judged = self.judge_noise(base, level);
        let one = One {
            quantity: Quantity::RestLevel,
            how: How::Plain,
            task: rest.task,
            step: rest.step,
            value: level,
            unit: self.unit(),
            sem,
            span: rest.span,
            judged,
        };
        self.put(one, sink);
        if self.is_pelvic() {
            let instability =
                One { quantity: Quantity::RestInstability, value: sd, sem: None, ..one };
            self.put(instability, sink);
            if whole || rest.task == Task::Relax {
                let mean = formulas::mean(&scratch.y);
                let sd = mean.and_then(|mean| formulas::sd_about(&scratch.y, mean));
                let ratio = mean.filter(|mean| *mean > 0.0).zip(sd);
                let defined = match self.settings.kind {
                    SignalKind::Pressure => judged.doubt(Reason::NotDefined),
                    _ => judged,
                };
                let variability = One {
                    quantity: Quantity::RestVariability,
                    value: ratio.map(|(mean, sd)| 100.0 * sd / mean),
                    unit: MeasureUnit::Percent,
                    sem: None,
                    judged: defined,
                    ..one
                };
                self.put(variability, sink);
            }
        }
        if rest.task != Task::Relax && judged.is_valid() {
            for bin in &scratch.y {
                if self.quietest.is_none_or(|(quietest, _)| *bin < quietest) {
                    self.quietest = Some((*bin, rest.span));
                }
            }
        }
        let rested = Rested { span: rest.span, level, sd, sem, judged };
        if rest.task != Task::Relax {
            self.keep_rest(rested);
        }
        if rest.task == Task::RestBefore && level.is_some() {
            let is_elsewhere = self.ledger.is_elsewhere(rest.step);
            // The first that is valid, else the first that has a level.
            let is_first = match &self.rest_before {
                None => true,
                Some(known) => !known.judged.is_valid() && judged.is_valid(),
            };
            if is_first && !is_elsewhere {
                self.rest_before = Some(rested);
            }
            // Elsewhere the newest; there are no two in one position as a rule.
            if is_elsewhere || is_first {
                self.rest_here = Some(rested);
            }
        }
        rested
    }

    /// Whether the noise of the device leaves anything to grade.
    fn judge_noise(&self, judged: Judgement, level: Option<f64>) -> Judgement {
        if self.settings.kind != SignalKind::Emg {
            return judged;
        }
        match (self.settings.noise_floor, level) {
            (Some(noise), Some(level)) => {
                judged.doubt_if(noise > NOISE_RATIO * level, Reason::NoiseFloor)
            }
            (Some(_), None) => judged,
            (None, _) => judged.note(Reason::NoiseFloorUnknown),
        }
    }
}
