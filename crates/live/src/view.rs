//! What a view shows: the newest state, whenever it asks for it.

use std::time::Duration;

use levator_decode::{DeviceInfo, Label};
use levator_detect::Contraction;
use levator_engine::{ClockEvent, Delay, LinkState, PassedReason};
use levator_programme::{Cue, Suspension};
use levator_signal::{
    ChannelId, Checklist, HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit,
};

use crate::histogram::LatencyFigures;
use crate::recorder::RecordingState;

/// Seconds of envelope that a trace holds. Our choice: a slow contraction and the rest around it.
pub const TRACE_S: f64 = 15.0;

/// Width of a point of a trace, in seconds, where the rate allows it: a picture of the screen.
pub const TRACE_POINT_S: f64 = 0.02;

/// Contractions that a channel lists, newest last. Our choice: more than any trace or list shows.
pub const LISTED_CONTRACTION_COUNT: usize = 32;

/// Marks that are listed, newest last. Our choice, likewise.
pub const LISTED_MARK_COUNT: usize = 32;

/// The state of a session at one moment. Old values were replaced, never queued: a view that is slow
/// sees less often, not later.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken.
    pub at: HostTime,
    /// State of the link.
    pub link: LinkState,
    /// Since when.
    pub link_since: HostTime,
    /// The port that is open. After a pulled cable the system may have named it anew.
    pub port_name: Option<String>,
    /// Why the port cannot be opened, once it is clear that a person has to do something.
    pub port_trouble: Option<String>,
    /// The device, once it named itself.
    pub device: Option<DeviceInfo>,
    /// Its battery in percent, where it says so.
    pub battery_percent: Option<u8>,
    /// Channels in the order in which they were described.
    pub channels: Vec<ChannelView>,
    /// The last marks, at most [`LISTED_MARK_COUNT`], oldest first.
    pub marks: Vec<MarkView>,
    /// Counts since the start.
    pub counts: Counts,
    /// From bytes to outputs.
    pub latency: LatencyFigures,
    /// The recording; `None` if nothing is recorded.
    pub recording: Option<RecordingState>,
    /// What the engine said when it broke down. The recording goes on without it.
    pub engine_failure: Option<String>,
    /// Where the programme is, once it has begun.
    pub programme: Option<ProgrammeView>,
}

impl Snapshot {
    /// Time since the bytes of the newest sample of any channel arrived. `None` before the first.
    #[must_use]
    pub fn newest_sample_age(&self) -> Option<Duration> {
        self.channels.iter().filter_map(|channel| channel.newest_sample_age).min()
    }
}

/// A mark or a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkView {
    /// When it was made.
    pub at: HostTime,
    /// Newest sample of the first stream at that moment.
    pub index: SampleIndex,
    /// Rate of that stream; `None` before one was described.
    pub rate: Option<SampleRate>,
    /// The note; empty for a bare mark.
    pub text: String,
}

/// Where a programme is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProgrammeView {
    /// What is to be done, or, unless it is running, what was last.
    pub cue: Cue<SampleIndex>,
    /// Whether it is running, and why not.
    pub state: ProgrammeState,
    /// Rate of the stream whose samples the cue counts.
    pub rate: SampleRate,
    /// One past the newest sample of that stream.
    pub next: SampleIndex,
}

impl ProgrammeView {
    /// Seconds of the step that are left.
    #[must_use]
    pub fn remaining_s(&self) -> f64 {
        self.rate.time_s(SampleIndex(self.cue.ends.saturating_since(self.next)))
    }
}

/// Whether a programme is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgrammeState {
    /// It is.
    Running,
    /// It stands still.
    Suspended(Suspension),
    /// It is over; whether it came to its end.
    Done(bool),
}

/// One channel as a view shows it.
#[derive(Clone, Debug)]
pub struct ChannelView {
    /// Which.
    pub channel: ChannelId,
    /// Name of its stream.
    pub label: Label,
    /// What it measures.
    pub kind: SignalKind,
    /// Unit of levels, trace and contractions.
    pub unit: Unit,
    /// Its rate.
    pub rate: SampleRate,
    /// Why it is not searched for contractions, if so.
    pub passed: Option<PassedReason>,
    /// What lies between a muscle and its level by design, once it is searched.
    pub delay: Option<Delay>,
    /// One past its newest sample.
    pub next: SampleIndex,
    /// Time since the bytes of that sample arrived. `None` before the first. A view must not show an
    /// old number as if it were current.
    pub newest_sample_age: Option<Duration>,
    /// Newest value of its envelope; `None` before the first and where it is no number.
    pub level: Option<f64>,
    /// What is known against its newest block.
    pub quality: Quality,
    /// What is wrong with it, and since when it has been clean.
    pub check: Checklist,
    /// Onset of the contraction that is under way.
    pub contracted_since: Option<SampleIndex>,
    /// Contractions that ended.
    pub contraction_count: u64,
    /// How fast it really is, once that is known.
    pub clock: Option<ClockEvent>,
    /// The last of them, at most [`LISTED_CONTRACTION_COUNT`], oldest first.
    pub contractions: Vec<Contraction>,
    /// Envelope of the last [`TRACE_S`] seconds, oldest first. Points are missing where samples are.
    pub trace: Vec<TracePoint>,
}

/// Some samples of an envelope, drawn as one upright line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TracePoint {
    /// First sample it stands for.
    pub first: SampleIndex,
    /// Lowest value, in the unit of the channel.
    pub lowest: f64,
    /// Highest value, in the unit of the channel.
    pub highest: f64,
}

/// What was counted since the start of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inputs of all kinds.
    pub input_count: u64,
    /// Bytes from the device.
    pub byte_count: u64,
    /// Times that samples were missing.
    pub loss_count: u64,
    /// Samples of one channel that were missing, over all streams, as far as it is known.
    pub lost_scan_count: u64,
    /// Times that bytes were thrown away.
    pub refusal_count: u64,
    /// Marks.
    pub mark_count: u64,
    /// Times that the port was lost.
    pub lost_port_count: u64,
    /// Messages that the device or the port did not take.
    pub unsent_count: u64,
}
