//! One channel: its level, its contractions, its measures.

use std::collections::VecDeque;

use levator_detect::flicks::{FlickRules, Flicks};
use levator_signal::{
    Block, ChannelId, MovingMean, SampleIndex, SampleRate, SignalKind, Span, Unit,
};

use crate::found::Log;
use crate::frequency::Frequencies;
use crate::ledger::{Cell, Ledger, Sink};
use crate::track::Track;
use crate::validity::Judgement;
use crate::{How, MeasureUnit, Quantity, Reason, Reasons, Task, Validity};

/// Levels that are smoothed at a time.
const CHUNK_LEN: usize = 512;

/// Longest smoothing. Our choice: what is slower is no smoothing but another measure.
const LONGEST_SMOOTHING_S: f64 = 1.0;

/// Settings of a channel that is not in use.
const NOTHING: MeterChannel = MeterChannel {
    id: ChannelId { stream: 0, channel: 0 },
    kind: SignalKind::Other,
    unit: Unit::Count,
    place: Place::Accessory,
    filter_delay_s: 0.0,
    window_s: 0.0,
    noise_floor: None,
    rest_sem: None,
};

/// What a channel must have room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) max_rate: SampleRate,
    pub(crate) memory_s: f64,
    pub(crate) trial_count: usize,
    pub(crate) ledger_len: usize,
}

/// Rests before now among which the level before a trial is looked for.
const RESTS: usize = 8;

/// What a channel is measured as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeterChannel {
    /// Which one.
    pub id: ChannelId,
    /// What it measures. Blocks of another kind or unit count as missing.
    pub kind: SignalKind,
    /// Its unit.
    pub unit: Unit,
    /// Where it lies.
    pub place: Place,
    /// Seconds that the filtered signal is late, with what the device adds.
    pub filter_delay_s: f64,
    /// Window of the smoothing, in seconds; half of it is taken off dates. EMG: what the envelopes of the
    /// blocks were made with ([`Self::EMG_WINDOW_S`]). Pressure: the filtered values are averaged over it here
    /// ([`Self::PRESSURE_WINDOW_S`]; zero leaves them as they are). An envelope that came as such is taken as
    /// it is; for it this is not looked at.
    pub window_s: f64,
    /// Noise of the device as RMS, in the unit of the channel, where it was measured (probe out, inputs
    /// shorted). One that is negative or not finite counts as not known, here and below.
    pub noise_floor: Option<f64>,
    /// Standard error of measurement of a resting level, in the unit of the channel, as the reference gives
    /// it. Without it no raised rests are counted.
    pub rest_sem: Option<f64>,
}

impl MeterChannel {
    /// RMS of EMG is over this. Our choice, after the 50 to 100 ms that are common for pelvic-floor EMG.
    pub const EMG_WINDOW_S: f64 = 0.1;
    /// Pressure is averaged over this. Our choice: slower than the noise of a probe, faster than a squeeze.
    pub const PRESSURE_WINDOW_S: f64 = 0.25;
}

/// Where a channel lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// On the pelvic floor: all is measured.
    Pelvic,
    /// On or in the abdomen (rectum): what coupling, pushes and coughs need.
    Abdominal,
    /// On another muscle that should be quiet: the same without pushes.
    Accessory,
}

/// A rest that was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rested {
    pub(crate) span: Span,
    pub(crate) level: Option<f64>,
    pub(crate) sd: Option<f64>,
    pub(crate) sem: Option<f64>,
    pub(crate) judged: Judgement,
}

/// Level of a push, until the squeeze it is held against is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pushed {
    pub(crate) step: u32,
    pub(crate) level: Option<f64>,
    pub(crate) span: Span,
    pub(crate) judged: Judgement,
}

/// What the abdomen did in a contraction, until its largest is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaned {
    pub(crate) step: u32,
    pub(crate) task: Task,
    /// Net level of the abdomen over the window.
    pub(crate) net: Option<f64>,
    pub(crate) span: Span,
    pub(crate) judged: Judgement,
}

/// How many trials of a task there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) begun: u32,
    pub(crate) valid: u32,
    pub(crate) aimed: u32,
    pub(crate) met: u32,
    pub(crate) span: Option<Span>,
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) settings: MeterChannel,
    pub(crate) rate: SampleRate,
    pub(crate) track: Track,
    pub(crate) log: Log,
    pub(crate) flicks: Flicks,
    /// The set that is counted, and the contractions up to which it was.
    pub(crate) set: Option<(u32, u32)>,
    pub(crate) counted: Option<SampleIndex>,
    /// Onsets of the quick contractions that count, of all sets.
    pub(crate) flick_onsets: Vec<SampleIndex>,
    /// Of each contraction that may be used: what it was, how high it went above the rest before all exertion
    /// (pressure: its peak, EMG: its mean), and how long it was.
    pub(crate) efforts: Vec<(Task, f64, Span)>,
    pub(crate) frequencies: Frequencies,
    pub(crate) ledger: Ledger,
    pub(crate) rests: VecDeque<Rested>,
    /// The rest before all exertion, and the one before exertion in the position of the person now.
    pub(crate) rest_before: Option<Rested>,
    pub(crate) rest_here: Option<Rested>,
    pub(crate) pushes: Vec<Pushed>,
    pub(crate) leans: Vec<Leaned>,
    /// Largest net level in any trial: what the abdomen is held against.
    pub(crate) largest: Option<f64>,
    pub(crate) tallies: [Tally; Task::ALL.len()],
    pub(crate) squeezes: u32,
    pub(crate) bearing_downs: u32,
    pub(crate) told: u32,
    /// Quietest second of rest: level and where.
    pub(crate) quietest: Option<(f64, Span)>,
    /// A free run: contractions so far, and the end of the last one.
    pub(crate) free_count: u32,
    pub(crate) free_end: Option<SampleIndex>,
    smooths: bool,
    smoothing: MovingMean,
    smoothed: Vec<f64>,
    /// Next sample, as they come in.
    pub(crate) next: SampleIndex,
}

impl Channel {
    /// Room for one channel. The only call that allocates.
    pub(crate) fn new(room: &Room, elsewhere: Box<[bool]>) -> Self {
        let Room { max_rate, memory_s, trial_count, ledger_len } = *room;
        Self {
            settings: NOTHING,
            rate: max_rate,
            track: Track::new(max_rate, memory_s),
            log: Log::new(),
            flicks: Flicks::new(FlickRules::emg(), max_rate, SampleIndex::ZERO),
            set: None,
            counted: None,
            flick_onsets: Vec::with_capacity(trial_count.saturating_mul(4).clamp(256, 4096)),
            efforts: Vec::with_capacity(trial_count),
            frequencies: Frequencies::new(max_rate),
            ledger: Ledger::new(ledger_len, elsewhere),
            rests: VecDeque::with_capacity(RESTS),
            rest_before: None,
            rest_here: None,
            pushes: Vec::with_capacity(trial_count.max(1)),
            leans: Vec::with_capacity(trial_count.max(1)),
            largest: None,
            tallies: [Tally::default(); Task::ALL.len()],
            squeezes: 0,
            bearing_downs: 0,
            told: 0,
            quietest: None,
            free_count: 0,
            free_end: None,
            smooths: false,
            smoothing: MovingMean::new(max_rate.sample_count(LONGEST_SMOOTHING_S)),
            smoothed: Vec::with_capacity(CHUNK_LEN),
            next: SampleIndex::ZERO,
        }
    }

    /// Begins anew with these settings, at a rate for which there is room. Allocates nothing.
    pub(crate) fn start(&mut self, settings: MeterChannel, rate: SampleRate) {
        let level = |level: Option<f64>| level.filter(|level| level.is_finite() && *level >= 0.0);
        let seconds = |seconds: f64, most: f64| {
            if seconds.is_finite() { seconds.clamp(0.0, most) } else { 0.0 }
        };
        let filter_delay_s = seconds(settings.filter_delay_s, 60.0);
        let window_s = match settings.kind {
            SignalKind::Emg | SignalKind::Pressure => {
                seconds(settings.window_s, LONGEST_SMOOTHING_S)
            }
            SignalKind::EmgEnvelope | SignalKind::Other => 0.0,
        };
        self.settings = MeterChannel {
            noise_floor: level(settings.noise_floor),
            rest_sem: level(settings.rest_sem),
            filter_delay_s,
            window_s,
            ..settings
        };
        self.rate = rate;
        let window_len = rate.sample_count(window_s);
        self.smooths =
            settings.kind == SignalKind::Pressure && self.smoothing.start(window_len).is_ok();
        let filter_delay = filter_delay_s * rate.hz();
        let delay = filter_delay + (window_len - 1) as f64 / 2.0;
        self.track.start(rate, delay.round() as u64);
        let has_frequencies = settings.kind == SignalKind::Emg && settings.place == Place::Pelvic;
        self.frequencies.start(has_frequencies.then_some(rate), filter_delay.round() as u64);
        let rules = match settings.kind {
            SignalKind::Pressure => FlickRules::pressure(),
            SignalKind::Emg | SignalKind::EmgEnvelope | SignalKind::Other => FlickRules::emg(),
        };
        self.flicks.start(rules, rate, SampleIndex::ZERO);
        self.ledger.start(settings.id);
        self.log.reset();
        self.flick_onsets.clear();
        self.efforts.clear();
        self.rests.clear();
        self.pushes.clear();
        self.leans.clear();
        (self.set, self.counted, self.free_end) = (None, None, None);
        (self.rest_before, self.rest_here) = (None, None);
        (self.largest, self.quietest) = (None, None);
        self.tallies = [Tally::default(); Task::ALL.len()];
        (self.squeezes, self.bearing_downs, self.told, self.free_count) = (0, 0, 0, 0);
        self.next = SampleIndex::ZERO;
    }

    pub(crate) fn is_pressure(&self) -> bool {
        self.settings.kind == SignalKind::Pressure
    }

    pub(crate) fn is_pelvic(&self) -> bool {
        self.settings.place == Place::Pelvic
    }

    /// Window of the smoothing, in seconds.
    pub(crate) fn window_s(&self) -> f64 {
        self.settings.window_s
    }

    pub(crate) fn seconds(&self, samples: u64) -> f64 {
        samples as f64 * self.rate.seconds() as f64 / self.rate.scans() as f64
    }

    /// Samples in a time, zero for none.
    pub(crate) fn samples(&self, seconds: f64) -> u64 {
        (seconds * self.rate.hz()).round() as u64
    }

    pub(crate) fn unit(&self) -> MeasureUnit {
        MeasureUnit::Channel(self.settings.unit)
    }

    /// Takes a block. `is_wanted` says of a window some seconds old whether its spectrum may be asked for.
    pub(crate) fn process(&mut self, block: &Block<'_>, is_wanted: impl Fn(&Log, Span) -> bool) {
        let same = block.kind == self.settings.kind
            && block.unit == self.settings.unit
            && block.rate == self.rate
            && block.filtered.len() == block.envelope.len();
        let end = block.first.saturating_add(block.envelope.len() as u64);
        if !same {
            self.gap(end);
            return;
        }
        if block.first > self.next {
            self.gap(block.first);
        }
        // What was had already is not taken twice.
        let known = usize::try_from(self.next.saturating_since(block.first)).unwrap_or(usize::MAX);
        let (Some(filtered), Some(envelope)) =
            (block.filtered.get(known..), block.envelope.get(known..))
        else {
            return;
        };
        let first = self.next;
        let reasons = Reasons::of(block.quality);
        if self.smooths {
            let mut first = first;
            for chunk in filtered.chunks(CHUNK_LEN) {
                self.smoothed.clear();
                self.smoothed.extend_from_slice(chunk);
                self.smoothing.process(&mut self.smoothed);
                self.track.take(first, &self.smoothed, reasons);
                first = first.saturating_add(chunk.len() as u64);
            }
        } else {
            self.track.take(first, envelope, reasons);
        }
        let log = &self.log;
        self.frequencies.take(first, filtered, |window| is_wanted(log, window));
        self.next = end.max(self.next);
    }

    /// Samples up to `to` are missing: nothing is smoothed across.
    pub(crate) fn gap(&mut self, to: SampleIndex) {
        if to <= self.next {
            return;
        }
        self.track.gap(to);
        self.smoothing.reset();
        self.next = to;
    }

    /// The last rest that was over before `at`, without a contraction in it if there is one such; or the one
    /// before all exertion.
    pub(crate) fn rest_until(&self, at: SampleIndex) -> Option<Rested> {
        let usable = |rest: &&Rested| {
            let judged = rest.judged.validity < Validity::Invalid;
            rest.span.end <= at && rest.level.is_some() && judged
        };
        let contracted = Reasons::NONE.with(Reason::ContractionInRest).with(Reason::NotReleased);
        let clean = |rest: &&Rested| !rest.judged.reasons.intersects(contracted);
        let mut latest = self.rests.iter().rev().filter(usable);
        let first = latest.clone().next();
        latest.find(clean).or(self.rest_here.as_ref()).or(first).copied()
    }

    pub(crate) fn keep_rest(&mut self, rest: Rested) {
        if self.rests.len() == RESTS {
            self.rests.pop_front();
        }
        self.rests.push_back(rest);
    }

    pub(crate) fn tally(&mut self, task: Task) -> &mut Tally {
        &mut self.tallies[task as usize]
    }

    /// Gives away a measure of one trial.
    pub(crate) fn put(&mut self, one: One, sink: Sink<'_>) {
        self.ledger.put(
            Cell {
                quantity: one.quantity,
                task: one.task,
                how: one.how,
                trial: Some(one.step),
                value: one.value,
                unit: one.unit,
                sem: one.sem,
                count: 1,
                span: one.span,
                judged: one.judged,
            },
            sink,
        );
    }
}

/// A measure of one trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One {
    pub(crate) quantity: Quantity,
    pub(crate) how: How,
    pub(crate) task: Task,
    pub(crate) step: u32,
    pub(crate) value: Option<f64>,
    pub(crate) unit: MeasureUnit,
    pub(crate) sem: Option<f64>,
    pub(crate) span: Span,
    pub(crate) judged: Judgement,
}
