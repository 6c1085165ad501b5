//! Every result, in the order it became known.

use levator_decode::decoded::{Answer, DeviceEvent, DeviceStatus};
use levator_decode::{DeviceInfo, Lost, Refused, StreamInfo};
use levator_detect::Transition;
use levator_measure::{Measure, Trial};
use levator_signal::{
    Block, Breathing, ChannelId, Cough, Drift, HeartSummary, HostTime, SampleIndex, SampleRate,
    SignalKind, Unit,
};

use crate::Delay;

/// One result. It borrows from the engine until [`Sink::emit`] returns.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// The state of the link changed.
    Link(LinkEvent),
    /// A device named itself.
    Device(DeviceInfo),
    /// A stream was described, or its description changed.
    Stream(&'a StreamInfo),
    /// A channel is filtered and searched; told again when its description changes.
    Searched(Searched),
    /// A channel is passed on without filter and search.
    Passed(Passed),
    /// Samples of one channel: values, filtered, envelope.
    Block(Block<'a>),
    /// A contraction began, ended, or cannot be told.
    Contraction(ContractionEvent),
    /// The resting level of a channel, given once at the end.
    Rest(RestEvent),
    /// A fault of a channel began or ended.
    Finding(FindingEvent),
    /// What is known of a pressure's drift and of the breathing in it, every 10 s and at the end.
    Pressure(PressureEvent),
    /// A pressure rose and fell as in a cough.
    Cough(CoughEvent),
    /// What was taken out of an EMG as heart beats, at the end, where that was asked for.
    Heart(HeartEvent),
    /// What was done in an event, from all channels that have a role.
    Manoeuvre(ManoeuvreEvent),
    /// Something begins or ends in the programme.
    Programme(ProgrammeEvent),
    /// A number about rests or contractions. Its spans are samples of the stream of its channel.
    Measure(Measure),
    /// What came of a repetition.
    Trial(Trial),
    /// Samples are missing.
    Lost(Lost),
    /// Bytes were thrown away.
    Refused(Refused),
    /// The device's own figures.
    Status(DeviceStatus),
    /// How fast a stream really is, every 10 s of it and at the end.
    Clock(ClockEvent),
    /// An event on the device.
    Event(DeviceEvent),
    /// Text from the device.
    Log {
        /// When it was heard.
        at: HostTime,
        /// What it said.
        text: &'a str,
    },
    /// The device's answer to a command.
    Answer(Answer),
    /// A note, bound to the newest sample.
    Mark(Mark<'a>),
    /// Bytes to be written to the device. A replay has nobody to write to and drops them.
    Transmit(Transmission<'a>),
}

/// Where results go. Any `FnMut(Output)` is one.
pub trait Sink {
    /// Takes one result.
    fn emit(&mut self, output: Output<'_>);
}

impl<F: FnMut(Output<'_>)> Sink for F {
    fn emit(&mut self, output: Output<'_>) {
        self(output);
    }
}

/// Feeds two sinks, the first one first.
#[derive(Debug)]
pub struct Tee<A, B>(pub A, pub B);

impl<A: Sink, B: Sink> Sink for Tee<A, B> {
    fn emit(&mut self, output: Output<'_>) {
        self.0.emit(output);
        self.1.emit(output);
    }
}

/// State of the link to the device.
///
/// ```text
/// Closed -- opened --> Silent -- bytes --> Synchronising -- valid frame --> Connected -- samples --> Streaming
///                        ^                      ^                                                      |   ^
///                        +---- nothing for 2.5 s ----+-------------------------------------------------+   |
///  port gone, from everywhere                                                     samples stop --> Stalled -+
///    |
///    v
///  Lost -- opened again --> Reconnecting -- valid frame --> Connected
///    ^                        |    +-- none for 5 s --> Silent, Synchronising
///    +------------------------+
///
///  Ended: the host closed the port, from everywhere
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// No port is open.
    Closed,
    /// The port is open and nothing arrives.
    Silent,
    /// Bytes arrive, but no valid frame yet.
    Synchronising,
    /// The device was understood; samples may not have been started yet.
    Connected,
    /// Samples arrive.
    Streaming,
    /// The device speaks, but its samples stopped.
    Stalled,
    /// The port went away: a pulled cable, a device without power. It is looked for.
    Lost,
    /// The port is open again; the device has not been understood yet.
    Reconnecting,
    /// The host closed the port.
    Ended,
}

impl LinkState {
    /// One word for views and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Synchronising => "synchronising",
            Self::Connected => "connected",
            Self::Streaming => "streaming",
            Self::Stalled => "stalled",
            Self::Lost => "lost",
            Self::Reconnecting => "reconnecting",
            Self::Ended => "ended",
        }
    }
}

/// A change of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkEvent {
    /// When it was noticed.
    pub at: HostTime,
    /// State from now on.
    pub state: LinkState,
}

/// How fast a stream really is.
///
/// The host time of any sample near `end` is `end_at` less the samples between them at `real_hz`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockEvent {
    /// When it was found.
    pub at: HostTime,
    /// The stream.
    pub stream: u8,
    /// Rate that the device declares.
    pub declared: SampleRate,
    /// Samples in a second of the host.
    pub real_hz: f64,
    /// How much too fast the clock of the device runs beside that of the host, parts in a million, within
    /// 200; `None` for a device that does not stamp its samples.
    pub drift_ppm: Option<f64>,
    /// Whether the declared rate holds.
    pub pace: Pace,
    /// One past the newest sample.
    pub end: SampleIndex,
    /// When the earliest arrivals would have brought it: its time by the host, but for a constant delay of
    /// the line.
    pub end_at: HostTime,
    /// How much later than that the latest arrival of the last minute came, seconds.
    pub late_s: f64,
}

/// Whether a stream is as fast as it declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Within 0.5 %.
    AsDeclared,
    /// Off by more: times are wrong by as much.
    Off,
    /// Off by more than 10 %: another rate.
    Wrong,
}

impl Pace {
    /// One word for views and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsDeclared => "as-declared",
            Self::Off => "off",
            Self::Wrong => "wrong",
        }
    }
}

/// What the detector said about one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContractionEvent {
    /// Channel it speaks of.
    pub channel: ChannelId,
    /// Rate of the channel: indices to seconds.
    pub rate: SampleRate,
    /// Unit of peak and mean.
    pub unit: Unit,
    /// What was found.
    pub transition: Transition,
}

/// A channel that is passed on as it came: its blocks carry the values three times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Passed {
    /// The channel.
    pub channel: ChannelId,
    /// Why it is not searched.
    pub reason: PassedReason,
}

/// Why a channel is not searched for contractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PassedReason {
    /// It is neither EMG nor pressure.
    NotJudged,
    /// Its rate is too low for the filter: see `levator_signal::preset`.
    RateTooLow,
    /// Its rate is above [`EngineConfig::max_rate_hz`](crate::EngineConfig::max_rate_hz).
    RateTooHigh,
    /// More channels than [`EngineConfig::max_channel_count`](crate::EngineConfig::max_channel_count).
    TooMany,
}

impl PassedReason {
    /// A few words for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotJudged => "neither EMG nor pressure",
            Self::RateTooLow => "rate too low for the filter",
            Self::RateTooHigh => "rate above the limit",
            Self::TooMany => "more channels than the limit",
        }
    }
}

/// Resting level of a channel, as the detector learnt it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestEvent {
    /// Channel it speaks of.
    pub channel: ChannelId,
    /// Unit of the level.
    pub unit: Unit,
    /// The level, or `None` where there was too little rest to learn it.
    pub rest: Option<levator_detect::Rest>,
}

/// A channel that is filtered and searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Searched {
    /// Which.
    pub channel: ChannelId,
    /// What it measures.
    pub kind: SignalKind,
    /// Its unit.
    pub unit: Unit,
    /// Its rate.
    pub rate: SampleRate,
    /// What it adds between a muscle and its outputs.
    pub delay: Delay,
}

/// Something begins or ends in the programme. Its dates are samples of `stream`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProgrammeEvent {
    /// The stream whose samples it counts.
    pub stream: u8,
    /// Its rate.
    pub rate: SampleRate,
    /// What.
    pub event: levator_programme::Event<SampleIndex>,
}

/// A fault of one channel: what it is, how bad, since when, and what to do stand in the finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FindingEvent {
    /// Channel it speaks of.
    pub channel: ChannelId,
    /// Unit of values that are measured in that of the channel.
    pub unit: Unit,
    /// Rate of the channel.
    pub rate: SampleRate,
    /// The first sample for which it holds.
    pub at: SampleIndex,
    /// What began or ended.
    pub change: levator_signal::quality::Change,
}

/// Drift of a pressure, and the breathing in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PressureEvent {
    /// Channel it speaks of.
    pub channel: ChannelId,
    /// Unit of its levels.
    pub unit: Unit,
    /// One past the newest sample it knows.
    pub at: SampleIndex,
    /// Rate of the channel.
    pub rate: SampleRate,
    /// How far the level at rest has moved. `since` counts from the first sample that was seen.
    pub drift: Drift,
    /// The ripple of breathing; `None` where the rate is too low for it.
    pub breathing: Option<Breathing>,
}

/// A cough on one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoughEvent {
    /// Channel it speaks of.
    pub channel: ChannelId,
    /// Unit of peak and height.
    pub unit: Unit,
    /// Rate of the channel.
    pub rate: SampleRate,
    /// What was found.
    pub cough: Cough,
}

/// Heart beats in one EMG channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeartEvent {
    /// Channel it speaks of.
    pub channel: ChannelId,
    /// What was found and taken out since the last gap; `None` where the rate is too low for it.
    pub summary: Option<HeartSummary>,
}

/// What was done in an event: squeeze, push, both, or not to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ManoeuvreEvent {
    /// Earliest onset on any channel, in seconds from the first sample.
    pub start_s: f64,
    /// Latest offset on any channel, likewise.
    pub end_s: f64,
    /// What was done, and what tells it.
    pub answer: levator_detect::manoeuvre::Answer,
}

/// A note bound to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'a> {
    /// When it was made.
    pub at: HostTime,
    /// Newest sample of the first stream at that moment.
    pub index: SampleIndex,
    /// The note; may be empty.
    pub text: &'a str,
}

/// Bytes for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmission<'a> {
    /// When they became due.
    pub at: HostTime,
    /// One frame, delimiter included.
    pub bytes: &'a [u8],
}
