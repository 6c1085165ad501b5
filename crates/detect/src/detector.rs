//! The detector: steps in, transitions out.

use levator_signal::{Quality, SampleIndex, SampleRate, Span};

use crate::config::{ConfigError, DetectorConfig, Statistic};
use crate::course::Course;
use crate::dating::Levels;
use crate::edge;
use crate::phase::{Limits, Phase};
use crate::rest::{RestModel, Scale};
use crate::steps::Steps;
use crate::transition::{Reason, Rest, Transition};

mod dates;

mod judge;

/// How fast what filters ring with after a spike fades: a little more slowly than that of the notch
/// (45 dB of power a second).
const SHADOW_DB_PER_S: f64 = 40.0;

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
    /// Dating steps after which an onset is dated for good.
    dates_after: u64,
    date_step_s: f64,
    /// Evidence that a strong contraction of the shortest length gathers, seconds.
    artefact_evidence_s: f64,
    /// What rose so far, beside what `Phase` knows.
    excess: judge::Excess,
    /// The same as the evidence of `limits` and, for what is strong and as fast as muscle, less.
    evidence_s: f64,
    quick_evidence_s: f64,
    /// How strong that must be: power above rest.
    least_excess: f64,
    /// The resting level and its unit.
    scale: Scale,
    /// One over `calm_value`.
    calm_part: f64,
    /// Value up to which a step at rest leaves everything as it is.
    calm_value: f64,
    /// Level of what the filters in front may still ring with, and what a step leaves of it.
    shadow: f64,
    shadow_decay: f64,
    steps: Steps,
    /// Scratch for the fit of an edge.
    row: Vec<f64>,
    fit: edge::Scratch,
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
        let (_, samples_per_date) =
            Steps::lengths(config.statistic, max_rate.hz(), config.date_step_s);
        // A low rate may have steps a sample longer than a high one.
        let date_len = samples_per_date + samples_per_date.div_ceil(2) + 1;
        let dates = (1.5 * config.step_s / config.date_step_s).ceil() as usize + 1;
        let row_len = (1.5 * dates::ROW_S / config.date_step_s).ceil() as usize;
        let mut detector = Self {
            config: *config,
            max_rate,
            rate: max_rate,
            input_delay: 0,
            limits: Limits::new(config, config.date_step_s, config.step_s),
            doubtful_limits: Limits::new(config, config.date_step_s, config.step_s),
            dates_per_step: 1,
            dates_per_envelope: 1,
            dates_after: 1,
            date_step_s: config.date_step_s,
            artefact_evidence_s: 0.0,
            scale: Scale { rest: 0.0, unit: 1.0, is_silent: false },
            calm_part: 0.0,
            calm_value: f64::NEG_INFINITY,
            excess: judge::Excess::default(),
            evidence_s: 0.0,
            quick_evidence_s: 0.0,
            least_excess: 0.0,
            shadow: 0.0,
            shadow_decay: 0.0,
            steps: Steps::new(config.statistic, step_count, dates * date_len),
            row: Vec::with_capacity(row_len),
            fit: edge::Scratch::new(row_len),
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
        let ring_s = config.look_back_s.max(config.learning_s) + 1.0;
        self.steps.start(rate.hz(), config.date_step_s, ring_s, SampleIndex::ZERO);
        self.date_step_s = self.steps.samples_per_step() as f64 / rate.hz();
        let count = |seconds: f64| ((seconds / self.date_step_s).round() as u64).max(1);
        self.dates_per_step = count(config.step_s);
        self.steps.set_run(self.dates_per_step as u32);
        self.dates_per_envelope = count(config.envelope_s);
        self.dates_after = (dates::AFTER_S / self.date_step_s) as u64;
        let step_s = self.dates_per_step as f64 * self.date_step_s;
        self.limits = Limits::new(config, self.date_step_s, step_s);
        let doubtful = DetectorConfig {
            longest_s: DOUBTFUL_LONGEST_S.min(config.longest_s),
            linger_s: config.fall_window_s.min(config.linger_s),
            ..*config
        };
        self.doubtful_limits = Limits::new(&doubtful, self.date_step_s, step_s);
        self.artefact_evidence_s = self.limits.evidence_s;
        self.calm_value = f64::NEG_INFINITY;
        self.evidence_s = self.limits.evidence_s;
        self.quick_evidence_s = self.limits.evidence_s;
        self.shadow = 0.0;
        self.shadow_decay = libm::pow(10.0, -0.1 * SHADOW_DB_PER_S * step_s);
        self.memory_decay =
            (1.0 - core::f64::consts::LN_2 * step_s / config.memory_half_s).max(0.0);
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
            let wants_fast = self.wants_fast();
            let (count, run) = self.steps.take(values, usable, wants_fast);
            values = &values[count..];
            if let Some(means) = run {
                self.decide(means, out);
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
}

#[cfg(test)]
mod tests;
