//! The messages, as values: what a payload says once it is checked (SPEC 3).
//!
//! Each message has a *view* in [`view`], the fixed fields at their offsets, which judges nothing,
//! and a *value* here. A value that came out of a frame has every field in its range; one that was
//! put together by hand is checked when it is encoded.

mod codes;
mod device;
mod host;
mod samples;
mod text;
pub mod view;

pub use codes::{
    AckResult, CalibSource, Capabilities, DeviceState, LogLevel, SampleFormat, SampleStatus,
    StreamFlags, StreamKind, WireUnit,
};
pub use device::{Ack, Calib, Event, Hello, Log, MAX_NAME_LEN, Status, StreamDesc, TimeRep};
pub use host::{Identify, Start};
pub use samples::{Codes, MAX_SAMPLE_BYTES, PackError, Samples};
pub use text::Text;

use crate::frame::{Direction, MAGIC};
use crate::kind;
use view::{
    CalibView, EventView, GetDescView, IdentifyView, ResetView, SamplesView, SelfTestView,
    SetCalView, SetRateView, StartView, StatusView, TimeRepView, TimeReqView, ZeroView,
};

/// Most streams of a device: START names them in eight bits.
pub const MAX_STREAMS: u8 = 8;
/// Most channels of a stream.
pub const MAX_CHANNELS: u8 = 16;
/// In place of a stream or channel number: all of them, or in EVENT none.
pub const ALL: u8 = 0xFF;

const MAX_STREAM: u8 = MAX_STREAMS - 1;
const NO_STREAM: u8 = ALL;

/// Why a payload is not its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Shorter than it must be.
    Length { least: usize },
    /// A field is out of its range.
    Field { offset: usize },
}

/// What one frame says. The numbers are those of [`crate::kind`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Message<'a> {
    /// 01: who the device is.
    Hello(Hello<'a>),
    /// 02: what a stream carries.
    StreamDesc(StreamDesc<'a>),
    /// 03: how codes become values.
    Calib(Calib),
    /// 10: measured values.
    Samples(Samples<'a>),
    /// 11: something happened at one instant.
    Event(Event),
    /// 12: sign of life, once a second.
    Status(Status),
    /// 13: a line for the log.
    Log(Log<'a>),
    /// 14: answer to TIME_REQ.
    TimeRep(TimeRep),
    /// 1F: how a command ended.
    Ack(Ack<'a>),
    /// 40: asks for HELLO.
    Identify(Identify),
    /// 41: asks for STREAM_DESC and CALIB.
    GetDesc {
        /// Number of the stream, 0 to 7, or [`ALL`].
        stream: u8,
    },
    /// 42: starts streams.
    Start(Start),
    /// 43: stops all streams.
    Stop,
    /// 44: sets the sample rate of a stream.
    SetRate {
        /// Number of the stream, 0 to 7.
        stream: u8,
        /// Samples of each channel per 1000 seconds (millihertz), not zero.
        rate_mhz: u32,
    },
    /// 45: takes the mean of what is measured now as the value zero.
    Zero {
        /// Number of the stream, 0 to 7.
        stream: u8,
        /// Number of the channel, 0 to 15, or [`ALL`].
        channel: u8,
        /// How long to average, in milliseconds; zero for the device's choice.
        duration_ms: u16,
    },
    /// 46: replaces a calibration.
    SetCal {
        /// The new calibration.
        calib: Calib,
        /// Keep it over a reset.
        persist: bool,
    },
    /// 47: asks for the device clock.
    TimeReq {
        /// Comes back unchanged in TIME_REP; the device gives it no meaning.
        t1: u64,
    },
    /// 48: the host is still there.
    KeepAlive,
    /// 49: replaces the values of a stream by a test signal, or ends that.
    SelfTest {
        /// Number of the stream, 0 to 7, or [`ALL`].
        stream: u8,
        /// Begin, or end.
        on: bool,
    },
    /// 4F: restarts the device.
    Reset,
    /// A type number this version does not know in this direction. To be ignored; a device answers
    /// a frame that wants it with ACK, result "unknown type".
    Unknown {
        /// Number of the message type.
        kind: u8,
        /// The payload as it came.
        payload: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// The payload of a frame of this direction and type as a value.
    #[inline]
    pub(crate) fn parse(direction: Direction, kind: u8, payload: &'a [u8]) -> Result<Self, Fault> {
        // By far the most frequent.
        if kind == kind::SAMPLES && direction == Direction::DeviceToHost {
            return Samples::parse(payload).map(Self::Samples);
        }
        match direction {
            Direction::DeviceToHost => Self::parse_from_device(kind, payload),
            Direction::HostToDevice => Self::parse_from_host(kind, payload),
        }
    }

    fn parse_from_device(kind: u8, payload: &'a [u8]) -> Result<Self, Fault> {
        Ok(match kind {
            kind::HELLO => Self::Hello(Hello::parse(payload)?),
            kind::STREAM_DESC => Self::StreamDesc(StreamDesc::parse(payload)?),
            kind::CALIB => Self::Calib(Calib::parse(payload)?),
            kind::SAMPLES => Self::Samples(Samples::parse(payload)?),
            kind::EVENT => Self::Event(Event::parse(payload)?),
            kind::STATUS => Self::Status(Status::parse(payload)?),
            kind::LOG => Self::Log(Log::parse(payload)?),
            kind::TIME_REP => Self::TimeRep(TimeRep::parse(payload)?),
            kind::ACK => Self::Ack(Ack::parse(payload)?),
            kind => Self::Unknown { kind, payload },
        })
    }

    fn parse_from_host(kind: u8, payload: &'a [u8]) -> Result<Self, Fault> {
        let short = |least| Fault::Length { least };
        let message = match kind {
            kind::IDENTIFY => Self::Identify(Identify::parse(payload)?),
            kind::GET_DESC => {
                let view = GetDescView::new(payload).ok_or(short(GetDescView::LEAST))?;
                Self::GetDesc { stream: view.stream() }
            }
            kind::START => Self::Start(Start::parse(payload)?),
            kind::STOP => Self::Stop,
            kind::SET_RATE => {
                let view = SetRateView::new(payload).ok_or(short(SetRateView::LEAST))?;
                Self::SetRate { stream: view.stream(), rate_mhz: view.rate_mhz() }
            }
            kind::ZERO => {
                let view = ZeroView::new(payload).ok_or(short(ZeroView::LEAST))?;
                Self::Zero {
                    stream: view.stream(),
                    channel: view.channel(),
                    duration_ms: view.duration_ms(),
                }
            }
            kind::SET_CAL => {
                let (calib, persist) = host::parse_set_cal(payload)?;
                Self::SetCal { calib, persist }
            }
            kind::TIME_REQ => {
                let view = TimeReqView::new(payload).ok_or(short(TimeReqView::LEAST))?;
                Self::TimeReq { t1: view.t1() }
            }
            kind::KEEPALIVE => Self::KeepAlive,
            kind::SELF_TEST => {
                let view = SelfTestView::new(payload).ok_or(short(SelfTestView::LEAST))?;
                if view.on() > 1 {
                    return Err(Fault::Field { offset: 1 });
                }
                Self::SelfTest { stream: view.stream(), on: view.on() == 1 }
            }
            kind::RESET => {
                let view = ResetView::new(payload).ok_or(short(ResetView::LEAST))?;
                expect_magic(view.magic())?;
                Self::Reset
            }
            kind => Self::Unknown { kind, payload },
        };
        message.check().map(|()| message).map_err(|offset| Fault::Field { offset })
    }

    /// Number of the message type.
    #[must_use]
    pub fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => kind::HELLO,
            Self::StreamDesc(_) => kind::STREAM_DESC,
            Self::Calib(_) => kind::CALIB,
            Self::Samples(_) => kind::SAMPLES,
            Self::Event(_) => kind::EVENT,
            Self::Status(_) => kind::STATUS,
            Self::Log(_) => kind::LOG,
            Self::TimeRep(_) => kind::TIME_REP,
            Self::Ack(_) => kind::ACK,
            Self::Identify(_) => kind::IDENTIFY,
            Self::GetDesc { .. } => kind::GET_DESC,
            Self::Start(_) => kind::START,
            Self::Stop => kind::STOP,
            Self::SetRate { .. } => kind::SET_RATE,
            Self::Zero { .. } => kind::ZERO,
            Self::SetCal { .. } => kind::SET_CAL,
            Self::TimeReq { .. } => kind::TIME_REQ,
            Self::KeepAlive => kind::KEEPALIVE,
            Self::SelfTest { .. } => kind::SELF_TEST,
            Self::Reset => kind::RESET,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// Whether this is a type number without meaning in this version.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// Whether a sender of `direction` sends this message, and a receiver would take it for the same.
    pub(crate) fn is_sent(&self, direction: Direction) -> bool {
        let known_as = kind::direction(self.kind());
        if self.is_unknown() { known_as != Some(direction) } else { known_as == Some(direction) }
    }

    /// Length of the payload in bytes. An encoded frame has 10 more.
    #[must_use]
    pub fn payload_len(&self) -> usize {
        match self {
            Self::Hello(hello) => hello.payload_len(),
            Self::StreamDesc(description) => description.payload_len(),
            Self::Calib(_) => CalibView::LEAST,
            Self::Samples(samples) => SamplesView::LEAST + samples.data.len(),
            Self::Event(_) => EventView::LEAST,
            Self::Status(_) => StatusView::LEAST,
            Self::Log(log) => log.payload_len(),
            Self::TimeRep(_) => TimeRepView::LEAST,
            Self::Ack(ack) => ack.payload_len(),
            Self::Identify(_) => IdentifyView::LEAST,
            Self::GetDesc { .. } => GetDescView::LEAST,
            Self::Start(_) => StartView::LEAST,
            Self::Stop | Self::KeepAlive => 0,
            Self::SetRate { .. } => SetRateView::LEAST,
            Self::Zero { .. } => ZeroView::LEAST,
            Self::SetCal { .. } => SetCalView::LEAST,
            Self::TimeReq { .. } => TimeReqView::LEAST,
            Self::SelfTest { .. } => SelfTestView::LEAST,
            Self::Reset => ResetView::LEAST,
            Self::Unknown { payload, .. } => payload.len(),
        }
    }

    /// Offset of the first field out of its range.
    pub(crate) fn check(&self) -> Result<(), usize> {
        match *self {
            Self::Hello(hello) => hello.check(),
            Self::StreamDesc(description) => description.check(),
            Self::Calib(calib) | Self::SetCal { calib, .. } => calib.check(),
            Self::Samples(samples) => samples.check(),
            Self::Event(event) => event.check(),
            Self::Status(status) => status.check(),
            Self::Log(log) => log.check(),
            Self::TimeRep(reply) => reply.check(),
            Self::Ack(ack) => ack.check(),
            Self::GetDesc { stream } | Self::SelfTest { stream, .. } => stream_or_all(stream),
            Self::SetRate { stream, .. } if stream > MAX_STREAM => Err(0),
            Self::SetRate { rate_mhz: 0, .. } => Err(1),
            Self::Zero { stream, .. } if stream > MAX_STREAM => Err(0),
            Self::Zero { channel, .. } if channel >= MAX_CHANNELS && channel != ALL => Err(1),
            Self::Identify(_)
            | Self::Start(_)
            | Self::Stop
            | Self::SetRate { .. }
            | Self::Zero { .. }
            | Self::TimeReq { .. }
            | Self::KeepAlive
            | Self::Reset
            | Self::Unknown { .. } => Ok(()),
        }
    }

    /// Writes the payload; `payload` has exactly [`Self::payload_len`] bytes.
    pub(crate) fn emit(&self, payload: &mut [u8]) {
        match *self {
            Self::Hello(hello) => hello.emit(payload),
            Self::StreamDesc(description) => description.emit(payload),
            Self::Calib(calib) => calib.emit(payload),
            Self::Samples(samples) => samples.emit(payload),
            Self::Event(event) => event.emit(payload),
            Self::Status(status) => status.emit(payload),
            Self::Log(log) => log.emit(payload),
            Self::TimeRep(reply) => reply.emit(payload),
            Self::Ack(ack) => ack.emit(payload),
            Self::Identify(identify) => identify.emit(payload),
            Self::GetDesc { stream } => {
                if let Some(mut view) = GetDescView::new(payload) {
                    view.set_stream(stream);
                }
            }
            Self::Start(start) => start.emit(payload),
            Self::Stop | Self::KeepAlive => {}
            Self::SetRate { stream, rate_mhz } => {
                if let Some(mut view) = SetRateView::new(payload) {
                    view.set_stream(stream);
                    view.set_rate_mhz(rate_mhz);
                }
            }
            Self::Zero { stream, channel, duration_ms } => {
                if let Some(mut view) = ZeroView::new(payload) {
                    view.set_stream(stream);
                    view.set_channel(channel);
                    view.set_duration_ms(duration_ms);
                }
            }
            Self::SetCal { calib, persist } => host::emit_set_cal(&calib, persist, payload),
            Self::TimeReq { t1 } => {
                if let Some(mut view) = TimeReqView::new(payload) {
                    view.set_t1(t1);
                }
            }
            Self::SelfTest { stream, on } => {
                if let Some(mut view) = SelfTestView::new(payload) {
                    view.set_stream(stream);
                    view.set_on(u8::from(on));
                }
            }
            Self::Reset => {
                if let Some(mut view) = ResetView::new(payload) {
                    view.set_magic(MAGIC);
                }
            }
            Self::Unknown { payload: bytes, .. } => payload.copy_from_slice(bytes),
        }
    }
}

fn stream_or_all(stream: u8) -> Result<(), usize> {
    if stream <= MAX_STREAM || stream == ALL { Ok(()) } else { Err(0) }
}

fn expect_magic(magic: [u8; 4]) -> Result<(), Fault> {
    if magic == MAGIC { Ok(()) } else { Err(Fault::Field { offset: 0 }) }
}
