//! One channel: values, filter, envelope, detector.

use core::ops::Range;

use levator_decode::StreamInfo;
use levator_detect::{Detector, DetectorConfig};
use levator_signal::heart::LOOKAHEAD_S;
use levator_signal::preset::{self, Harmonics};
use levator_signal::quality::{Monitor, MonitorConfig, Notice, Rails};
use levator_signal::{
    Block, Calibration, Cascade, ChannelId, HeartCleaner, HeartState, Processor, Quality, Rms,
    SampleIndex, SampleRate, Sections, SignalKind, Span, Unit,
};

use crate::changes::Changes;
use crate::loops::{Calibrate, Found, HasOdd};
use crate::output::PassedReason;
use crate::pressure::PressureWatch;
use crate::{
    ConfigError, ContractionEvent, EmgBand, EngineConfig, FindingEvent, Heart, HeartEvent, Output,
    RestEvent, Searched, Sink,
};

/// Samples that are filtered at a time: small enough that all three forms stay in the first cache.
pub(crate) const BLOCK_LEN: usize = 512;

/// Window of the EMG envelope. Our choice, after the 50 to 100 ms that are common for pelvic-floor
/// EMG: shorter windows flicker, longer ones hide how fast a muscle lets go.
pub(crate) const RMS_WINDOW_S: f64 = 0.1;

/// No finite code lies at one of them.
const UNKNOWN_RAILS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// What a channel adds between a muscle and its outputs, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Filters inside the device, as it says.
    pub device_s: f64,
    /// Our filter, at the centre of its band, and the look ahead for heart beats.
    pub filter_s: f64,
    /// The window of the envelope, beyond the filter.
    pub envelope_s: f64,
}

/// A place in the pool. All memory is taken in [`Channel::new`]; a stream claims it later.
#[derive(Debug)]
pub(crate) struct Channel {
    signal: Option<Signal>,
    emg_band: EmgBand,
    mains: Option<preset::Mains>,
    sections: Sections,
    cascade: Cascade,
    /// The filter must forget what it knows: asked of whoever runs it for this channel.
    must_restart: bool,
    rms: Rms,
    /// In every channel, if beats are to be taken out.
    heart: Option<HeartCleaner>,
    /// Whether the rate allows for it.
    is_heart_watched: bool,
    emg: Detector,
    pressure: Detector,
    watch: Option<PressureWatch>,
    monitor: Monitor,
    values: Vec<f64>,
    filtered: Vec<f64>,
    envelope: Vec<f64>,
    /// What is wrong with the codes of the block in hand.
    quality: Quality,
    /// Stands in for values that are not numbers.
    last_value: f64,
    /// Samples since the filter was primed, counted until it has settled.
    settled_count: usize,
    processor: Processor,
}

/// The codes of one channel among those of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    /// Scan after scan.
    pub(crate) scans: &'a [f64],
    pub(crate) channel: usize,
    pub(crate) channel_count: usize,
}

impl Column<'_> {
    /// Puts the codes in place of what is in `values`.
    pub(crate) fn copy_to(&self, values: &mut Vec<f64>) {
        match self.channel_count {
            1 => {
                values.clear();
                values.extend_from_slice(self.scans);
            }
            // Fixed distances, for the counts that are common.
            2 => self.gather::<2>(values),
            4 => self.gather::<4>(values),
            8 => self.gather::<8>(values),
            16 => self.gather::<16>(values),
            count => {
                values.clear();
                let codes = self.scans.chunks_exact(count);
                values.extend(codes.map(|scan| scan[self.channel]));
            }
        }
    }

    fn gather<const COUNT: usize>(&self, values: &mut Vec<f64>) {
        let channel = self.channel.min(COUNT - 1);
        let (scans, _) = self.scans.as_chunks::<COUNT>();
        values.resize(scans.len(), 0.0);
        for (value, scan) in values.iter_mut().zip(scans) {
            *value = scan[channel];
        }
    }
}

/// What is on the channel.
#[derive(Clone, Copy, Debug)]
struct Signal {
    id: ChannelId,
    search: Search,
    kind: SignalKind,
    unit: Unit,
    rate: SampleRate,
    calibration: Calibration,
    /// Codes at and beyond which the converter is at its end; infinite where they are not known.
    rails: (f64, f64),
    device_delay_s: f64,
}

/// How a channel is searched for contractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    Emg,
    Level,
}

impl Channel {
    pub(crate) fn new(config: &EngineConfig, max_rate: SampleRate) -> Result<Self, ConfigError> {
        let detector = |settings: &DetectorConfig| {
            Detector::new(settings, max_rate).map_err(|error| ConfigError {
                field: error.field,
                value: Some(error.value),
                bound: "as DetectorConfig says".into(),
            })
        };
        Ok(Self {
            signal: None,
            emg_band: config.emg_band,
            mains: config.mains,
            sections: Sections::identity(max_rate),
            cascade: Cascade::new(&Sections::identity(max_rate)),
            must_restart: false,
            rms: Rms::new(max_rate.sample_count(RMS_WINDOW_S)),
            heart: (config.heart == Heart::Remove).then(|| HeartCleaner::new(max_rate)),
            is_heart_watched: false,
            emg: detector(&DetectorConfig::emg())?,
            pressure: detector(&DetectorConfig::pressure())?,
            watch: None,
            monitor: Monitor::new(max_rate),
            values: Vec::with_capacity(BLOCK_LEN),
            filtered: Vec::with_capacity(BLOCK_LEN),
            envelope: Vec::with_capacity(BLOCK_LEN),
            quality: Quality::GOOD,
            last_value: 0.0,
            settled_count: 0,
            processor: Processor::best(),
        })
    }

    pub(crate) fn is_free(&self) -> bool {
        self.signal.is_none()
    }

    pub(crate) fn release(&mut self) {
        self.signal = None;
    }

    /// Takes the channel for `id`. Designs the filter, allocates nothing.
    pub(crate) fn claim(&mut self, id: ChannelId, info: &StreamInfo) -> Result<(), PassedReason> {
        let rate = info.rate;
        let search = match info.kind {
            SignalKind::Emg => Search::Emg,
            SignalKind::EmgEnvelope | SignalKind::Pressure => Search::Level,
            SignalKind::Other => return Err(PassedReason::NotJudged),
        };
        let low = |_| PassedReason::RateTooLow;
        let sections = match search {
            Search::Emg => {
                let band = match self.emg_band {
                    EmgBand::Wide => preset::emg_wide(rate),
                    EmgBand::Pelvic => preset::emg_pelvic(rate),
                    EmgBand::HeartSafe => preset::emg_heart_safe(rate),
                };
                let band = band.map_err(low)?.sections;
                match self
                    .mains
                    .map(|mains| preset::mains_notch(mains, Harmonics::FundamentalOnly, rate))
                {
                    // A rate that is too low for the notch has no mains hum to take out either.
                    Some(Ok(notch)) => band.then(&notch.sections).map_err(low)?,
                    Some(Err(_)) | None => band,
                }
            }
            Search::Level => preset::pressure_low_pass(rate).map_err(low)?.sections,
        };
        self.cascade = Cascade::new(&sections);
        self.sections = sections;
        self.must_restart = false;
        self.settled_count = 0;
        self.rms.start(rate.sample_count(RMS_WINDOW_S)).map_err(|_| PassedReason::RateTooHigh)?;
        self.is_heart_watched = search == Search::Emg
            && self.heart.as_mut().is_some_and(|heart| heart.start(rate, LOOKAHEAD_S).is_ok());
        self.watch =
            (info.kind == SignalKind::Pressure).then(|| PressureWatch::new(id, info.unit, rate));
        let delay = self.filter_delay_samples();
        let detector = match search {
            Search::Emg => &mut self.emg,
            Search::Level => &mut self.pressure,
        };
        detector.start(rate, delay).map_err(|_| PassedReason::RateTooLow)?;
        self.signal = Some(Signal {
            id,
            search,
            kind: info.kind,
            unit: info.unit,
            rate,
            calibration: Calibration::IDENTITY,
            rails: UNKNOWN_RAILS,
            device_delay_s: 0.0,
        });
        self.describe(info);
        Ok(())
    }

    /// How late the filtered signal is.
    fn filter_delay_samples(&self) -> f64 {
        let heart = self.heart.as_ref().filter(|_| self.is_heart_watched);
        self.cascade.delay_samples() + heart.map_or(0.0, HeartCleaner::delay_samples)
    }

    /// Takes over unit and calibration of a stream whose kind and rate are as before.
    pub(crate) fn describe(&mut self, info: &StreamInfo) {
        let Some(signal) = &mut self.signal else { return };
        signal.unit = info.unit;
        signal.calibration = info.calibrations[usize::from(signal.id.channel)];
        signal.rails = info.rails.unwrap_or(UNKNOWN_RAILS);
        signal.device_delay_s = info.device_delay_s;
        if let Some(watch) = &mut self.watch {
            watch.describe(info.unit);
        }
        let (one, other) = (signal.rails.0, signal.rails.1);
        let (one, other) = (signal.calibration.apply(one), signal.calibration.apply(other));
        let config = MonitorConfig {
            kind: signal.kind,
            rate: signal.rate,
            rails: info.rails.map(|_| Rails { low: one.min(other), high: one.max(other) }),
            noise_limit: None,
        };
        // A channel that cannot be watched is searched all the same.
        let _ = self.monitor.start(&config);
    }

    /// Takes at most [`BLOCK_LEN`] codes and calibrates them. What follows for them is
    /// [`Self::filter`] and [`Self::tell`].
    pub(crate) fn load(&mut self, codes: Column<'_>) {
        let Some(signal) = self.signal else { return };
        self.quality = self.calibrate(signal, codes);
    }

    /// Filters what was loaded, alone.
    pub(crate) fn filter(&mut self) {
        if self.take_restart() {
            self.cascade.reset();
        }
        self.cascade.process(&mut self.filtered);
    }

    /// What was loaded, for a filter that runs for several channels.
    pub(crate) fn filtered(&mut self) -> &mut [f64] {
        &mut self.filtered
    }

    /// Whether the filter must forget what it knows before it goes on. Asked once.
    pub(crate) fn take_restart(&mut self) -> bool {
        core::mem::take(&mut self.must_restart)
    }

    /// The filter.
    pub(crate) fn sections(&self) -> &Sections {
        &self.sections
    }

    /// Shows and searches what was filtered.
    pub(crate) fn tell(&mut self, first: SampleIndex, quality: Quality, sink: &mut impl Sink) {
        let Some(signal) = self.signal else { return };
        let mut quality = quality | self.quality;
        if self.processor.run(HasOdd(&self.filtered)) {
            // Finite, but too large to be squared and summed: it would stay in the filter for ever.
            quality |= Quality::NOT_FINITE;
            self.filtered.fill(0.0);
            self.must_restart = true;
            self.rms.reset();
            if let Some(heart) = &mut self.heart {
                heart.reset();
            }
            self.settled_count = 0;
        }
        if self.is_heart_watched
            && let Some(heart) = &mut self.heart
        {
            heart.process(&mut self.filtered);
        }
        self.envelope.clear();
        self.envelope.extend_from_slice(&self.filtered);
        if signal.search == Search::Emg {
            self.rms.process(&mut self.envelope);
        }
        // What the filter says while it settles is a block of its own, so that no more is marked.
        let unsettled = self.cascade.settling_samples().saturating_sub(self.settled_count);
        let split = unsettled.min(self.values.len());
        self.settled_count += split;
        self.show(signal, first, 0..split, quality | Quality::SETTLING, sink);
        let len = self.values.len();
        self.show(signal, first.saturating_add(split as u64), split..len, quality, sink);
    }

    fn show(
        &mut self,
        signal: Signal,
        first: SampleIndex,
        range: Range<usize>,
        quality: Quality,
        sink: &mut impl Sink,
    ) {
        if range.is_empty() {
            return;
        }
        let filtered = &self.filtered[range.clone()];
        let values = &self.values[range.clone()];
        let mut changes = Changes::new(self.monitor.quality());
        let mut found = |notice: Notice| {
            changes.add(&notice);
            sink.emit(signal.finding(&notice));
        };
        if let Some(heart) = self.heart.as_ref().filter(|_| self.is_heart_watched) {
            let heart = heart.summary();
            if heart.state == HeartState::Locked {
                self.monitor.heart(heart.touched_ratio(), &mut found);
            }
        }
        let all = self.monitor.process(first, values, filtered, quality, &mut found);
        if changes.is_empty() {
            self.pass_on(signal, first, range, all, sink);
            return;
        }
        let blocks = changes.blocks(first, range, quality, all);
        for (first, range, quality) in blocks {
            self.pass_on(signal, first, range, quality, sink);
        }
    }

    /// Shows and searches samples against all of which the same is known.
    fn pass_on(
        &mut self,
        signal: Signal,
        first: SampleIndex,
        range: Range<usize>,
        quality: Quality,
        sink: &mut impl Sink,
    ) {
        let filtered = &self.filtered[range.clone()];
        let values = &self.values[range.clone()];
        sink.emit(Output::Block(Block {
            channel: signal.id,
            kind: signal.kind,
            unit: signal.unit,
            rate: signal.rate,
            first,
            values,
            filtered,
            envelope: &self.envelope[range],
            quality,
        }));
        match (signal.search, &mut self.watch) {
            (Search::Emg, _) => {
                let mut out = |transition| sink.emit(signal.event(transition));
                self.emg.process(first, filtered, quality, &mut out);
            }
            (Search::Level, None) => {
                let mut out = |transition| sink.emit(signal.event(transition));
                self.pressure.process(first, filtered, quality, &mut out);
            }
            (Search::Level, Some(watch)) => {
                let is_usable = !quality.intersects(Quality::BLINDING);
                watch.process(first, values, is_usable, sink);
                self.pressure.process(first, filtered, quality, &mut |transition| {
                    watch.hear(&transition);
                    sink.emit(signal.event(transition));
                });
            }
        }
    }

    /// Turns codes into `values`, and into what is to be filtered, and says what is wrong with them.
    ///
    /// One pass without a branch, so that several samples go through at once; what is rare is mended
    /// in another.
    fn calibrate(&mut self, signal: Signal, column: Column<'_>) -> Quality {
        let Signal { calibration, rails, .. } = signal;
        let codes = if column.channel_count == 1 {
            column.scans
        } else {
            // Free until there is an envelope.
            column.copy_to(&mut self.envelope);
            &self.envelope
        };
        self.values.resize(codes.len(), 0.0);
        self.filtered.resize(codes.len(), 0.0);
        let Found { is_low, is_high, is_odd } = self.processor.run(Calibrate {
            codes,
            values: &mut self.values,
            filtered: &mut self.filtered,
            calibration,
            rails,
        });
        let mut quality = Quality::GOOD;
        if is_low {
            quality |= Quality::SATURATED_LOW;
        }
        if is_high {
            quality |= Quality::SATURATED_HIGH;
        }
        if is_odd {
            quality |= Quality::NOT_FINITE;
            for value in &mut self.values {
                if value.is_finite() {
                    self.last_value = *value;
                } else {
                    *value = self.last_value;
                }
            }
            self.filtered.copy_from_slice(&self.values);
        }
        self.last_value = self.values.last().copied().unwrap_or(self.last_value);
        quality
    }

    /// Samples are missing in `span`, or the scale changed at it: nothing is carried across.
    pub(crate) fn interrupt(&mut self, span: Span, sink: &mut impl Sink) {
        let Some(signal) = self.signal else { return };
        self.must_restart = true;
        self.settled_count = 0;
        self.rms.reset();
        if let Some(heart) = &mut self.heart {
            heart.reset();
        }
        if span.start < span.end {
            self.monitor.gap(span, &mut |notice| sink.emit(signal.finding(&notice)));
        }
        let mut watch = self.watch.take();
        self.detector(signal).gap(span.start, span.end, &mut |transition| {
            if let Some(watch) = &mut watch {
                watch.hear(&transition);
            }
            sink.emit(signal.event(transition));
        });
        self.watch = watch;
    }

    /// The signal ends before `at`.
    pub(crate) fn finish(&mut self, at: SampleIndex, sink: &mut impl Sink) {
        let Some(signal) = self.signal else { return };
        self.monitor.finish(&mut |notice| sink.emit(signal.finding(&notice)));
        let detector = self.detector(signal);
        detector.finish(at, &mut |t| sink.emit(signal.event(t)));
        let rest = detector.rest();
        sink.emit(Output::Rest(RestEvent { channel: signal.id, unit: signal.unit, rest }));
        if let Some(watch) = &mut self.watch {
            watch.tell(sink);
        }
        if let Some(heart) = self.heart.as_ref().filter(|_| signal.search == Search::Emg) {
            let summary = self.is_heart_watched.then(|| heart.summary());
            sink.emit(Output::Heart(HeartEvent { channel: signal.id, summary }));
        }
    }

    fn detector(&mut self, signal: Signal) -> &mut Detector {
        match signal.search {
            Search::Emg => &mut self.emg,
            Search::Level => &mut self.pressure,
        }
    }

    /// What is to be known of it before its first sample.
    pub(crate) fn searched(&self) -> Option<Searched> {
        let Signal { id: channel, kind, unit, rate, .. } = self.signal?;
        Some(Searched { channel, kind, unit, rate, delay: self.delay()? })
    }

    /// What lies between the muscle and the outputs.
    pub(crate) fn delay(&self) -> Option<Delay> {
        let signal = self.signal?;
        let seconds = |samples: f64| samples / signal.rate.hz();
        Some(Delay {
            device_s: signal.device_delay_s,
            filter_s: seconds(self.filter_delay_samples()),
            envelope_s: match signal.search {
                Search::Emg => seconds(self.rms.delay_samples()),
                Search::Level => 0.0,
            },
        })
    }
}

impl Signal {
    fn finding(&self, notice: &Notice) -> Output<'static> {
        let Self { id: channel, unit, rate, .. } = *self;
        Output::Finding(FindingEvent { channel, unit, rate, at: notice.at, change: notice.change })
    }

    fn event(&self, transition: levator_detect::Transition) -> Output<'static> {
        Output::Contraction(ContractionEvent {
            channel: self.id,
            rate: self.rate,
            unit: self.unit,
            transition,
        })
    }
}
