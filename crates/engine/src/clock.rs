//! How fast a device really samples, and how its clock runs beside ours.
//!
//! Gaps come from counters, never from here: a pause in which no sample was lost is no gap, and a jump
//! of a counter is one even if samples seem to come evenly. What this finds is told and changes nothing
//! else in the engine; see [`ClockEvent`].
//!
//! A device that stamps its samples says its own rate; against the clock of the host only its crystal
//! is fitted, which is off by [`MOST_DRIFT`] at most. For a device without a clock, the indices of its
//! samples take the place of stamps: then the rate itself is fitted.

mod hull;

use levator_decode::decoded::Timing;
use levator_decode::native::MAX_STREAMS;
use levator_decode::{LossCause, Lost, Scans, StreamInfo};
use levator_signal::{HostTime, SampleIndex, SampleRate};

use self::hull::HullFit;
use crate::output::{ClockEvent, Pace};
use crate::{Output, Sink};

/// What a crystal may be off by.
///
/// # Source
///
/// Fits of simulated links: over a few seconds of stalled arrivals a slope beyond this is an artefact.
const MOST_DRIFT: f64 = 200e-6;
/// What a rate that a device without a clock declares may be off by, for it to be still found.
const MOST_WRONG: f64 = 0.4;
/// Between two events.
const EVERY_S: f64 = 10.0;
/// A rate that is off by more is worth a word. Our choice: a hold of 10 s is then wrong by 50 ms.
const OFF: f64 = 0.005;
/// A rate that is off by more is another rate. Our choice: no crystal and no oscillator is so bad.
const WRONG: f64 = 0.1;

/// The clocks of all streams.
#[derive(Debug)]
pub(crate) struct Clocks {
    streams: Vec<Option<StreamClock>>,
    /// What was said of the samples that come next.
    timing: Option<Timing>,
}

#[derive(Clone, Debug)]
struct StreamClock {
    declared: SampleRate,
    fit: HullFit,
    origin: Option<Origin>,
    /// One past the newest sample, and the device's clock there where it has one.
    newest: (SampleIndex, Option<u64>),
    /// Device seconds at the last event.
    told_s: f64,
    host_s: f64,
    /// When samples last arrived.
    at: HostTime,
}

/// Where a stretch without a break began.
#[derive(Clone, Copy, Debug)]
struct Origin {
    index: SampleIndex,
    device_us: Option<u64>,
    host: HostTime,
}

impl Clocks {
    pub(crate) fn new() -> Self {
        Self { streams: vec![None; MAX_STREAMS], timing: None }
    }

    /// A stream was described.
    pub(crate) fn describe(&mut self, info: &StreamInfo) {
        let Some(slot) = self.streams.get_mut(usize::from(info.stream)) else { return };
        match slot {
            Some(known) if known.declared == info.rate => {}
            _ => *slot = Some(StreamClock::new(info.rate)),
        }
    }

    /// The port was opened anew.
    pub(crate) fn reopen(&mut self) {
        self.streams.iter_mut().flatten().for_each(StreamClock::begin_anew);
    }

    pub(crate) fn timing(&mut self, timing: Timing) {
        self.timing = Some(timing);
    }

    /// A gap of which host time said how long it is teaches nothing of host time.
    pub(crate) fn lost(&mut self, lost: &Lost) {
        if let LossCause::Restart | LossCause::Estimated = lost.cause
            && let Some(Some(stream)) = self.streams.get_mut(usize::from(lost.stream))
        {
            stream.begin_anew();
        }
    }

    /// Samples arrived at `at`.
    pub(crate) fn scans(&mut self, at: HostTime, scans: &Scans<'_>, sink: &mut impl Sink) {
        let timing = self.timing.take().filter(|timing| timing.stream == scans.stream);
        let Some(Some(stream)) = self.streams.get_mut(usize::from(scans.stream)) else { return };
        if timing.is_some_and(|timing| timing.is_anew) {
            stream.begin_anew();
        }
        let count = scans.scan_count() as u64;
        let end = scans.first.saturating_add(count);
        // The frame came when its last sample had been taken.
        let batch_us = (stream.declared.time_s(SampleIndex(count)) * 1e6).round() as u64;
        let device_us = timing.map(|timing| timing.device_us.saturating_add(batch_us));
        if stream.arrived(at, end, device_us) {
            stream.tell(at, scans.stream, sink);
        }
    }

    /// What is known at the end: as of the last arrival, because when somebody ended the visit is in no
    /// recording.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        for (number, stream) in self.streams.iter_mut().enumerate() {
            if let Some(stream) = stream
                && stream.fit.span_s() >= EVERY_S
                && stream.host_s >= EVERY_S
            {
                stream.tell(stream.at, number as u8, sink);
            }
        }
    }
}

impl StreamClock {
    fn new(declared: SampleRate) -> Self {
        let newest = (SampleIndex::ZERO, None);
        let at = HostTime::ZERO;
        Self { declared, fit: HullFit::new(), origin: None, newest, told_s: 0.0, host_s: 0.0, at }
    }

    fn begin_anew(&mut self) {
        self.origin = None;
        self.fit = HullFit::new();
        (self.told_s, self.host_s) = (0.0, 0.0);
    }

    /// Whether there is something to tell.
    fn arrived(&mut self, at: HostTime, end: SampleIndex, device_us: Option<u64>) -> bool {
        let here = Origin { index: end, device_us, host: at };
        if self.origin.is_some_and(|origin| origin.device_us.is_some() != device_us.is_some()) {
            self.begin_anew();
        }
        let origin = *self.origin.get_or_insert(here);
        self.newest = (end, device_us);
        let device_s = self.device_s(&origin);
        let host_s = at.saturating_since(origin.host).as_secs_f64();
        self.host_s = host_s;
        self.at = at;
        self.fit.add(device_s, host_s - device_s);
        // A simulation may be faster than the world; only the world has rates to be wrong.
        device_s - self.told_s >= EVERY_S && host_s >= EVERY_S
    }

    /// Seconds since `origin` by the device: by its clock, or by its samples.
    fn device_s(&self, origin: &Origin) -> f64 {
        match (origin.device_us, self.newest.1) {
            (Some(then), Some(now)) => now.saturating_sub(then) as f64 * 1e-6,
            _ => self.declared.time_s(SampleIndex(self.newest.0.saturating_since(origin.index))),
        }
    }

    fn tell(&mut self, at: HostTime, number: u8, sink: &mut impl Sink) {
        let Some(origin) = self.origin else { return };
        let device_s = self.device_s(&origin);
        self.told_s = device_s;
        let has_clock = origin.device_us.is_some();
        let line = self.fit.line(if has_clock { MOST_DRIFT } else { MOST_WRONG });
        let sampled = self.newest.0.saturating_since(origin.index) as f64;
        let by_device = if has_clock { sampled / device_s } else { self.declared.hz() };
        let real_hz = by_device / (1.0 + line.slope);
        if !real_hz.is_finite() || real_hz <= 0.0 {
            return;
        }
        let off = (real_hz / self.declared.hz() - 1.0).abs();
        let pace = match off {
            off if off > WRONG => Pace::Wrong,
            off if off > OFF => Pace::Off,
            _ => Pace::AsDeclared,
        };
        let taken_s = origin.host.as_secs_f64() + device_s + line.late_at(device_s);
        sink.emit(Output::Clock(ClockEvent {
            at,
            stream: number,
            declared: self.declared,
            real_hz,
            drift_ppm: has_clock.then_some(-line.slope * 1e6),
            pace,
            end: self.newest.0,
            end_at: HostTime::from_secs_f64(taken_s),
            late_s: self.fit.latest_s(&line),
        }));
    }
}

#[cfg(test)]
mod tests;
