//! What comes out of the bytes.

use levator_signal::{HostTime, Quality, SampleIndex, Span};

use crate::{Label, StreamInfo};

/// One thing learnt from the bytes of a device, in the order it was learnt.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// The device named itself: at its start, or when asked.
    Device(DeviceInfo),
    /// A stream was described or calibrated, for the first time or again.
    Stream(&'a StreamInfo),
    /// When the samples that come next were taken, by the clock of the device.
    Timing(Timing),
    /// Samples.
    Scans(Scans<'a>),
    /// Samples that existed and never came.
    Lost(Lost),
    /// Bytes that were thrown away.
    Refused(Refused),
    /// The device's own figures, once a second.
    Status(DeviceStatus),
    /// A button or another event on the device.
    Event(DeviceEvent),
    /// Text from the device, for the log of the visit.
    Log(&'a str),
    /// The device answered a command.
    Answer(Answer),
}

/// When a sample was taken. Only devices with a clock say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// When it was heard.
    pub at: HostTime,
    /// Stream of the sample.
    pub stream: u8,
    /// The sample.
    pub index: SampleIndex,
    /// The clock of the device at that sample, in microseconds since some moment of its own. It does not
    /// wrap.
    pub device_us: u64,
    /// The clock of the device, or the rate of the stream, has nothing to do with what it was before.
    pub is_anew: bool,
}

/// The device's answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it was heard.
    pub at: HostTime,
    /// Number of the message that was answered.
    pub kind: u8,
    /// Zero is "done"; the rest is listed in the wire specification, message ACK.
    pub result: u8,
}

/// Who is speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// When it was heard.
    pub at: HostTime,
    /// Name the maker gave.
    pub name: Label,
    /// Model number of the maker.
    pub model: u16,
    /// Identity of the hardware; it survives a new cable and chooses the calibration.
    pub uid: [u8; 8],
    /// Differs at every start of the device, which tells a restart from a wrapped counter.
    pub boot_id: u32,
    /// Major, minor, patch.
    pub firmware: [u8; 3],
    /// Minor version of the wire it speaks.
    pub wire_minor: u8,
    /// Number of streams it has.
    pub stream_count: u8,
    /// Capability bits of the wire specification, message HELLO.
    pub capabilities: u32,
}

/// The device's own figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceStatus {
    /// When it was heard.
    pub at: HostTime,
    /// Time since the device started, in microseconds.
    pub uptime_us: u64,
    /// Differs at every start of the device.
    pub boot_id: u32,
    /// Whether it says that it is sending samples.
    pub streaming: bool,
    /// Battery in percent, where known.
    pub battery_percent: Option<u8>,
    /// Frames the device could not send since its start.
    pub dropped_frame_count: u16,
    /// Frames from the host that arrived damaged.
    pub damaged_frame_count: u16,
}

/// Something that happened on the device at a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceEvent {
    /// When it was heard.
    pub at: HostTime,
    /// Stream whose sample index `index` counts.
    pub stream: u8,
    /// Sample at which it happened.
    pub index: SampleIndex,
    /// Meaning, as defined by the maker.
    pub code: u8,
    /// Value, as defined by the maker.
    pub value: i16,
}

/// Consecutive scans of one stream, as codes of its converter.
#[derive(Clone, Copy, Debug)]
pub struct Scans<'a> {
    /// Stream they belong to.
    pub stream: u8,
    /// Index of the first scan.
    pub first: SampleIndex,
    /// Number of channels.
    pub channel_count: u8,
    /// Codes, scan after scan; the length is a multiple of `channel_count`.
    pub codes: &'a [f64],
    /// What the device says against them.
    pub quality: Quality,
    /// Channels the quality speaks of, one bit each.
    pub fault_channels: u16,
}

impl Scans<'_> {
    /// Number of scans.
    #[must_use]
    pub fn scan_count(&self) -> usize {
        self.codes.len() / usize::from(self.channel_count).max(1)
    }
}

/// Where samples went missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossCause {
    /// Between device and host: frames are missing too.
    Link,
    /// In the device: no frame is missing.
    Device,
    /// The device started anew; how many are missing is judged from host time.
    Restart,
    /// In the file that was read: its time column jumps.
    Source,
    /// On the way, and longer than the counter of the device may tell, or the device has none: host time
    /// says how many, so that they are about as many.
    Estimated,
}

impl LossCause {
    /// One word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Device => "device",
            Self::Restart => "restart",
            Self::Estimated => "estimated",
            Self::Source => "source",
        }
    }
}

/// Samples that existed and never came. They keep their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Stream they belong to.
    pub stream: u8,
    /// Indices that are missing; empty where a restart left no measurable gap.
    pub span: Span,
    /// Where they went missing.
    pub cause: LossCause,
}

/// Bytes that were thrown away, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When the refusal was decided.
    pub at: HostTime,
    /// Why.
    pub reason: Refusal,
}

/// Reasons to throw bytes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The frame was damaged or is none of ours.
    Frame(levator_protocol::DecodeError),
    /// Samples of a stream or epoch that was not described yet.
    NotDescribed,
    /// Samples that do not fit the description of their stream.
    Mismatch,
    /// Samples that came a second time.
    Repeated,
    /// A description that cannot be used: no channel, no rate, or an unknown number format.
    Description,
    /// A description with another kind, rate or number of channels than the samples that came before
    /// it: one time axis cannot carry both. Start a new recording.
    Changed,
    /// More streams than a device may have.
    TooManyStreams,
    /// Bytes of a device of others that fit no frame of it.
    Foreign,
}

impl Refusal {
    /// A few words for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        use levator_protocol::DecodeError as E;
        match self {
            Self::Frame(E::Overlong) => "no delimiter",
            Self::Frame(E::Structure) => "broken framing",
            Self::Frame(E::Short { .. }) => "too short for a frame",
            Self::Frame(E::Checksum { .. }) => "wrong checksum",
            Self::Frame(E::Major { .. }) => "another version of the wire",
            Self::Frame(E::LoopBack { .. }) => "our own frame came back",
            Self::Frame(E::PayloadLength { .. }) => "payload too short",
            Self::Frame(E::Field { .. }) => "value out of range",
            Self::NotDescribed => "samples before their description",
            Self::Mismatch => "samples do not fit their description",
            Self::Repeated => "samples came twice",
            Self::Description => "unusable description",
            Self::Changed => "description changed while samples came",
            Self::TooManyStreams => "too many streams",
            Self::Foreign => "bytes that are no frame of the device",
        }
    }
}
