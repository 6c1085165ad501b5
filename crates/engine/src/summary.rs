//! A sink that keeps what is asked for afterwards: per channel what was found, and what was lost.
//!
//! It allocates as findings come in, so it is no part of the engine; its memory grows with what was
//! found, not with the length of the signal.

use std::collections::BTreeMap;

use levator_decode::{DeviceInfo, Lost};
use levator_detect::{Contraction, Reason, Rest, Transition};
use levator_measure::{Measure, MeasureUnit, Trial};
use levator_signal::quality::{Change, Finding};
use levator_signal::{
    Block, Breathing, ChannelId, Cough, Drift, HeartSummary, HostTime, Quality, SampleIndex,
    SampleRate, SignalKind, Span, Unit,
};

use crate::output::PassedReason;
use crate::{
    ClockEvent, LinkEvent, ManoeuvreEvent, Output, Pace, PressureEvent, ProgrammeEvent, Sink,
};

/// Gaps and notes that are kept one by one; beyond, they are counted. Our choice: a visit with more is
/// no visit, and memory stays bounded.
const MOST_KEPT: usize = 10_000;
/// A programme of 4096 steps gives about this many on each of a few channels.
const MOST_MEASURES: usize = 400_000;

/// Everything about a visit that a report needs, apart from the samples.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The device, as it named itself last.
    pub device: Option<DeviceInfo>,
    /// One entry for each channel that was described, in that order.
    pub channels: Vec<ChannelSummary>,
    /// What was done in each event, in order, where channels have roles.
    pub manoeuvres: Vec<ManoeuvreEvent>,
    /// Missing samples, in order.
    pub gaps: Vec<Lost>,
    /// Missing samples beyond those that are kept.
    pub further_gap_count: u64,
    /// What was refused, by reason.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Changes of the link, in order.
    pub links: Vec<LinkEvent>,
    /// What was found last of the pace of each stream.
    pub clocks: BTreeMap<u8, ClockEvent>,
    /// Numbers about rests and contractions, in the order they were known; of single repetitions only as
    /// long as [`Self::forgets_trials`] is not set.
    pub measures: Vec<Measure>,
    /// Hours of a free run have thousands of contractions that nobody asked for: set this, and what was
    /// measured of each is not kept.
    pub forgets_trials: bool,
    /// What came of each repetition, in the order it was known.
    pub trials: Vec<Trial>,
    /// What began and ended in the programme, in order.
    pub programme: Vec<ProgrammeEvent>,
    /// Notes, in order.
    pub marks: Vec<Note>,
    /// Words of the device, in order.
    pub log: Vec<(HostTime, String)>,
}

/// A note bound to a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it was made.
    pub at: HostTime,
    /// Newest sample at that moment.
    pub index: SampleIndex,
    /// The note.
    pub text: String,
}

/// What was found on one channel.
#[derive(Clone, Debug)]
pub struct ChannelSummary {
    /// The channel.
    pub id: ChannelId,
    /// Name of its stream.
    pub label: String,
    /// What it measures.
    pub kind: SignalKind,
    /// Unit of all its values.
    pub unit: Unit,
    /// Its rate: the declared one, or, where that is off by more than 0.5 %, the one it really had.
    pub rate: SampleRate,
    /// Why it was not searched, if it was not.
    pub passed: Option<PassedReason>,
    /// Samples that arrived.
    pub sample_count: u64,
    /// One past its last sample.
    pub end: SampleIndex,
    /// Contractions, in the order they ended.
    pub contractions: Vec<Contraction>,
    /// Stretches of which nothing can be said.
    pub undetermined: Vec<Undetermined>,
    /// Onsets that were announced and taken back.
    pub withdrawn_count: u64,
    /// Whether an announced onset still waits for its end.
    pub is_contracted: bool,
    /// Faults, in the order they ended, each with its span and worst value; none that began and did not
    /// end before the end of the signal.
    pub findings: Vec<Finding>,
    /// Coughs, in order.
    pub coughs: Vec<Cough>,
    /// What was said last of drift and breathing.
    pub pressure: Option<PressureEvent>,
    /// What was taken out as heart beats; the inner `None` says that the rate was too low for it.
    pub heart: Option<Option<HeartSummary>>,
    /// Resting level; none before the end, or where it could not be learnt.
    pub rest: Option<Rest>,
    /// Samples in blocks with each fault.
    pub faults: BTreeMap<&'static str, u64>,
    /// Everything that was ever said against the channel.
    pub quality: Quality,
}

/// A stretch of which nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undetermined {
    /// The stretch.
    pub span: Span,
    /// Sample after which that was decided.
    pub decided: SampleIndex,
    /// Why.
    pub reason: Reason,
}

impl ChannelSummary {
    /// Seconds from the first sample to the end, gaps included.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.rate.time_s(self.end)
    }

    /// Whether a contraction is no longer than a cough that was seen in it: a hold with a cough on top is
    /// one contraction, and no cough.
    #[must_use]
    pub fn is_like_cough(&self, found: &Contraction) -> bool {
        /// Our choice: a cough of 0.5 s at half its height, with its foot and the windows of the detector.
        const LONGEST_S: f64 = 1.5;
        let Some(offset) = found.offset else { return false };
        let span = Span { start: found.onset, end: offset };
        self.rate.time_s(SampleIndex(span.sample_count())) <= LONGEST_S
            && self.coughs.iter().any(|cough| (span.start..span.end).contains(&cough.peak_at))
    }

    fn take(&mut self, block: &Block<'_>) {
        let count = block.values.len() as u64;
        self.sample_count += count;
        self.end = block.first.saturating_add(count);
        self.quality |= block.quality;
        for name in block.quality.names() {
            *self.faults.entry(name).or_default() += count;
        }
    }

    fn hear(&mut self, transition: &Transition) {
        match *transition {
            Transition::Onset { .. } => self.is_contracted = true,
            Transition::Withdrawn { .. } => {
                self.is_contracted = false;
                self.withdrawn_count += 1;
            }
            Transition::Contraction(contraction) => {
                self.is_contracted = false;
                self.contractions.push(contraction);
            }
            Transition::Undetermined { span, decided, reason } => {
                self.is_contracted = false;
                self.undetermined.push(Undetermined { span, decided, reason });
            }
        }
    }
}

impl Summary {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was found on `id`.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&ChannelSummary> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// The first channel that was searched for contractions.
    #[must_use]
    pub fn principal(&self) -> Option<&ChannelSummary> {
        self.channels.iter().find(|channel| channel.passed.is_none())
    }

    /// Samples of `stream` that are missing, over all gaps that were kept.
    #[must_use]
    pub fn lost_count(&self, stream: u8) -> u64 {
        self.gaps.iter().filter(|gap| gap.stream == stream).map(|gap| gap.span.sample_count()).sum()
    }

    /// How much longer times of `stream` are than its declared rate makes them, where that is off.
    fn stretch(&self, stream: u8) -> Option<f64> {
        let event = self.clocks.get(&stream).filter(|event| event.pace != Pace::AsDeclared);
        event.map(|event| event.declared.hz() / event.real_hz)
    }

    /// Where a declared rate does not hold, times are by the real one from the beginning.
    fn pace(&mut self, event: ClockEvent) {
        let before = self.stretch(event.stream);
        self.clocks.insert(event.stream, event);
        let now = self.stretch(event.stream);
        if (before, now) == (None, None) {
            return;
        }
        let real = SampleRate::from_millihertz((event.real_hz * 1e3).round() as u32);
        let rate = now.and(real).unwrap_or(event.declared);
        let factor = now.unwrap_or(1.0) / before.unwrap_or(1.0);
        let of_stream = |channel: &&mut ChannelSummary| channel.id.stream == event.stream;
        for channel in self.channels.iter_mut().filter(of_stream) {
            channel.rate = rate;
            channel.coughs.iter_mut().for_each(|cough| stretch_cough(cough, factor));
            if let Some(pressure) = &mut channel.pressure {
                pressure.rate = rate;
                stretch_pressure(pressure, factor);
            }
            if let Some(Some(heart)) = &mut channel.heart {
                stretch_heart(heart, factor);
            }
        }
        for step in self.programme.iter_mut().filter(|step| step.stream == event.stream) {
            step.rate = rate;
        }
        for measure in &mut self.measures {
            if measure.channel.stream == event.stream {
                *measure = stretched(*measure, factor);
            }
        }
    }

    fn with(&mut self, id: ChannelId, take: impl FnOnce(&mut ChannelSummary)) {
        if let Some(channel) = self.channels.iter_mut().find(|channel| channel.id == id) {
            take(channel);
        }
    }
}

fn stretch_cough(cough: &mut Cough, factor: f64) {
    cough.rise_s *= factor;
    cough.width_s *= factor;
}

fn stretch_pressure(event: &mut PressureEvent, factor: f64) {
    if let Drift::Known(drift) = &mut event.drift {
        drift.slope_per_min /= factor;
        drift.slope_bound_per_min /= factor;
    }
    if let Some(Breathing::Present { rate_per_min, .. }) = &mut event.breathing {
        *rate_per_min /= factor;
    }
}

fn stretch_heart(heart: &mut HeartSummary, factor: f64) {
    heart.rate_per_minute = heart.rate_per_minute.map(|beats| beats / factor);
}

/// A measure whose times are `factor` times as long.
fn stretched(measure: Measure, factor: f64) -> Measure {
    let by = match measure.unit {
        MeasureUnit::Second | MeasureUnit::ChannelSeconds(_) => factor,
        MeasureUnit::ChannelPerSecond(_)
        | MeasureUnit::PercentMvcPerSecond
        | MeasureUnit::PercentPerSecond
        | MeasureUnit::Hertz => 1.0 / factor,
        MeasureUnit::HertzPerSecond => 1.0 / (factor * factor),
        MeasureUnit::Channel(_)
        | MeasureUnit::Ratio
        | MeasureUnit::Percent
        | MeasureUnit::Count => 1.0,
    };
    let times = |value: f64| value * by;
    Measure { value: measure.value.map(times), sem: measure.sem.map(times), ..measure }
}

impl Sink for Summary {
    fn emit(&mut self, output: Output<'_>) {
        match output {
            Output::Device(device) => self.device = Some(device),
            Output::Stream(info) => {
                for channel in 0..info.channel_count {
                    let id = ChannelId { stream: info.stream, channel };
                    let described = ChannelSummary {
                        id,
                        label: info.label.as_str().to_owned(),
                        kind: info.kind,
                        unit: info.unit,
                        rate: info.rate,
                        passed: None,
                        sample_count: 0,
                        end: SampleIndex::ZERO,
                        contractions: Vec::new(),
                        undetermined: Vec::new(),
                        withdrawn_count: 0,
                        is_contracted: false,
                        findings: Vec::new(),
                        coughs: Vec::new(),
                        pressure: None,
                        heart: None,
                        rest: None,
                        faults: BTreeMap::new(),
                        quality: Quality::GOOD,
                    };
                    match self.channels.iter_mut().find(|known| known.id == id) {
                        Some(known) if known.sample_count > 0 => known.unit = info.unit,
                        Some(known) => *known = described,
                        None => self.channels.push(described),
                    }
                }
            }
            Output::Passed(passed) => {
                self.with(passed.channel, |channel| channel.passed = Some(passed.reason));
            }
            Output::Block(block) => self.with(block.channel, |channel| channel.take(&block)),
            Output::Contraction(event) => {
                self.with(event.channel, |channel| channel.hear(&event.transition));
            }
            Output::Rest(event) => self.with(event.channel, |channel| channel.rest = event.rest),
            Output::Pressure(mut event) => {
                let factor = self.stretch(event.channel.stream);
                self.with(event.channel, |channel| {
                    event.rate = channel.rate;
                    factor.into_iter().for_each(|factor| stretch_pressure(&mut event, factor));
                    channel.pressure = Some(event);
                });
            }
            Output::Finding(event) => {
                if let Change::Ended(finding) = event.change {
                    self.with(event.channel, |channel| {
                        if channel.findings.len() < MOST_KEPT {
                            channel.findings.push(finding);
                        }
                    });
                }
            }
            Output::Cough(mut event) => {
                let factor = self.stretch(event.channel.stream);
                factor.into_iter().for_each(|factor| stretch_cough(&mut event.cough, factor));
                self.with(event.channel, |channel| {
                    if channel.coughs.len() < MOST_KEPT {
                        channel.coughs.push(event.cough);
                    }
                });
            }
            Output::Heart(mut event) => {
                let factor = self.stretch(event.channel.stream);
                if let (Some(heart), Some(factor)) = (&mut event.summary, factor) {
                    stretch_heart(heart, factor);
                }
                self.with(event.channel, |channel| channel.heart = Some(event.summary));
            }
            Output::Manoeuvre(event) => {
                if self.manoeuvres.len() < MOST_KEPT {
                    self.manoeuvres.push(event);
                }
            }
            Output::Lost(lost) => {
                if self.gaps.len() < MOST_KEPT {
                    self.gaps.push(lost);
                } else {
                    self.further_gap_count += 1;
                }
            }
            Output::Refused(refused) => {
                *self.refusals.entry(refused.reason.name()).or_default() += 1;
            }
            Output::Clock(event) => self.pace(event),
            Output::Link(event) => {
                if self.links.len() < MOST_KEPT {
                    self.links.push(event);
                }
            }
            Output::Mark(mark) => {
                if self.marks.len() < MOST_KEPT {
                    let text = mark.text.to_owned();
                    self.marks.push(Note { at: mark.at, index: mark.index, text });
                }
            }
            Output::Log { at, text } => {
                if self.log.len() < MOST_KEPT {
                    self.log.push((at, text.to_owned()));
                }
            }
            Output::Measure(measure) => {
                let is_kept = measure.trial.is_none() || !self.forgets_trials;
                if is_kept && self.measures.len() < MOST_MEASURES {
                    let factor = self.stretch(measure.channel.stream);
                    self.measures.push(factor.map_or(measure, |by| stretched(measure, by)));
                }
            }
            Output::Trial(trial) => {
                if !self.forgets_trials && self.trials.len() < MOST_KEPT {
                    self.trials.push(trial);
                }
            }
            Output::Programme(event) => {
                // Streams of a file have an engine each; one programme is enough.
                let is_first =
                    self.programme.first().is_none_or(|first| first.stream == event.stream);
                if is_first && self.programme.len() < MOST_KEPT {
                    let of_stream = |channel: &&ChannelSummary| channel.id.stream == event.stream;
                    let rate = self.channels.iter().find(of_stream).map(|channel| channel.rate);
                    self.programme
                        .push(ProgrammeEvent { rate: rate.unwrap_or(event.rate), ..event });
                }
            }
            Output::Searched(_)
            | Output::Status(_)
            | Output::Event(_)
            | Output::Answer(_)
            | Output::Transmit(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use levator_decode::StreamInfo;
    use levator_programme::Event;
    use levator_signal::HeartState;

    use super::*;
    use crate::output::{ClockEvent, HeartEvent};

    fn clock(real_hz: f64, pace: Pace) -> Output<'static> {
        Output::Clock(ClockEvent {
            at: HostTime::ZERO,
            stream: 0,
            declared: SampleRate::from_hz(50.0).expect("a rate"),
            real_hz,
            drift_ppm: None,
            pace,
            end: SampleIndex(500),
            end_at: HostTime::ZERO,
            late_s: 0.0,
        })
    }

    #[test]
    fn where_a_rate_does_not_hold_every_time_is_by_the_real_one() {
        let rate = SampleRate::from_hz(50.0).expect("a rate");
        let id = ChannelId { stream: 0, channel: 0 };
        let heart = HeartSummary {
            state: HeartState::Locked,
            rate_per_minute: Some(70.0),
            power_ratio: 0.0,
            beat_count: 0,
            touched_count: 0,
            sample_count: 0,
        };
        let step = ProgrammeEvent { stream: 0, rate, event: Event::Resumed { at: SampleIndex(0) } };
        let feed = |summary: &mut Summary| {
            summary.emit(Output::Heart(HeartEvent { channel: id, summary: Some(heart) }));
            summary.emit(Output::Programme(step));
        };
        let found = |summary: &Summary| {
            let heart = summary.channels[0].heart.flatten().and_then(|one| one.rate_per_minute);
            let rates: Vec<f64> = summary.programme.iter().map(|step| step.rate.hz()).collect();
            (heart.expect("it beats"), rates)
        };
        let mut summary = Summary::new();
        let info = StreamInfo::of_values(SignalKind::Pressure, Unit::Pascal, rate, 1);
        summary.emit(Output::Stream(&info));
        feed(&mut summary);
        assert_eq!(found(&summary), (70.0, vec![50.0]));
        // What came before it was found, and what comes after.
        summary.emit(clock(40.0, Pace::Off));
        assert_eq!(found(&summary), (56.0, vec![40.0]));
        feed(&mut summary);
        assert_eq!(found(&summary), (56.0, vec![40.0, 40.0]));
        assert_eq!(summary.channels[0].rate.hz().to_bits(), 40.0_f64.to_bits());
        summary.emit(clock(50.0, Pace::AsDeclared));
        assert_eq!(found(&summary), (70.0, vec![50.0, 50.0]));
    }
}
