//! What a pressure shows besides contractions: drift, breathing, coughs.

use levator_detect::Transition;
use levator_signal::{
    BreathingMonitor, ChannelId, CoughDetector, DriftEstimator, SampleIndex, SampleRate, Unit,
};

use crate::{CoughEvent, Output, PressureEvent, Sink};

/// Seconds between two statements about drift and breathing. Our choice: both change within minutes.
const TELL_S: f64 = 10.0;

/// Watches one pressure channel. Made without allocation, when a stream claims the channel.
#[derive(Clone, Debug)]
pub(crate) struct PressureWatch {
    channel: ChannelId,
    unit: Unit,
    rate: SampleRate,
    drift: DriftEstimator,
    /// None where the rate is too low.
    breathing: Option<BreathingMonitor>,
    cough: Option<CoughDetector>,
    /// Sample that the estimators know as their first; and that of the breathing since its last restart.
    origin: Option<SampleIndex>,
    breathing_origin: SampleIndex,
    next: SampleIndex,
    /// Statements that were due by now.
    told_count: u64,
}

impl PressureWatch {
    pub(crate) fn new(channel: ChannelId, unit: Unit, rate: SampleRate) -> Self {
        Self {
            channel,
            unit,
            rate,
            drift: DriftEstimator::new(rate),
            breathing: BreathingMonitor::new(rate).ok(),
            cough: CoughDetector::new(rate, 0.0).ok(),
            origin: None,
            breathing_origin: SampleIndex::ZERO,
            next: SampleIndex::ZERO,
            told_count: 0,
        }
    }

    /// Another scale: what was learnt in the old one is void.
    pub(crate) fn describe(&mut self, unit: Unit) {
        *self = Self::new(self.channel, unit, self.rate);
    }

    /// Takes calibrated values that were not low-passed.
    pub(crate) fn process(
        &mut self,
        first: SampleIndex,
        values: &[f64],
        is_usable: bool,
        sink: &mut impl Sink,
    ) {
        if self.origin.is_none() {
            self.origin = Some(first);
            self.next = first;
            self.breathing_origin = first;
        }
        let missing = first.0.saturating_sub(self.next.0);
        let end = first.saturating_add(values.len() as u64);
        self.next = end;
        if missing > 0 || !is_usable {
            let missing = missing + if is_usable { 0 } else { values.len() as u64 };
            self.drift.skip(missing);
            if let Some(cough) = &mut self.cough {
                cough.skip(missing);
            }
            if let Some(breathing) = &mut self.breathing {
                breathing.reset();
                self.breathing_origin = if is_usable { first } else { end };
            }
        }
        if is_usable {
            self.drift.process(values);
            if let Some(breathing) = &mut self.breathing {
                breathing.process(values);
            }
            let (channel, unit, rate) = (self.channel, self.unit, self.rate);
            let origin = self.origin.unwrap_or_default();
            if let Some(cough) = &mut self.cough {
                cough.process(values, &mut |mut cough| {
                    let moved = |at: SampleIndex| at.saturating_add(origin.0);
                    cough.span.start = moved(cough.span.start);
                    cough.span.end = moved(cough.span.end);
                    cough.peak_at = moved(cough.peak_at);
                    cough.decided = moved(cough.decided);
                    sink.emit(Output::Cough(CoughEvent { channel, unit, rate, cough }));
                });
            }
        }
        let due_count = end.0 / self.rate.sample_count(TELL_S).max(1) as u64;
        if due_count != self.told_count {
            self.told_count = due_count;
            self.tell(sink);
        }
    }

    /// A contraction is not rest.
    pub(crate) fn hear(&mut self, transition: &Transition) {
        let origin = self.origin.unwrap_or_default();
        let drift = |at: SampleIndex| SampleIndex(at.0.saturating_sub(origin.0));
        let breath = |at: SampleIndex| SampleIndex(at.0.saturating_sub(self.breathing_origin.0));
        match *transition {
            Transition::Onset { at, .. } => {
                self.drift.begin_activity(drift(at));
                if let Some(breathing) = &mut self.breathing {
                    breathing.begin_activity(breath(at));
                }
            }
            Transition::Withdrawn { span, .. } => {
                self.drift.withdraw_activity();
                if let Some(breathing) = &mut self.breathing {
                    breathing.end_activity(breath(span.end));
                }
            }
            Transition::Contraction(found) => self.end(found.offset.unwrap_or(found.closed)),
            Transition::Undetermined { span, .. } => self.end(span.end),
        }
    }

    fn end(&mut self, at: SampleIndex) {
        let origin = self.origin.unwrap_or_default();
        self.drift.end_activity(SampleIndex(at.0.saturating_sub(origin.0)));
        if let Some(breathing) = &mut self.breathing {
            breathing.end_activity(SampleIndex(at.0.saturating_sub(self.breathing_origin.0)));
        }
    }

    /// Says what is known now.
    pub(crate) fn tell(&self, sink: &mut impl Sink) {
        sink.emit(Output::Pressure(PressureEvent {
            channel: self.channel,
            unit: self.unit,
            at: self.next,
            rate: self.rate,
            drift: self.drift.latest(),
            breathing: self.breathing.as_ref().map(BreathingMonitor::latest),
        }));
    }
}
