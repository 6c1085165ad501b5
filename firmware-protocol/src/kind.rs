//! Type numbers of the messages (SPEC 3).

use crate::frame::Direction;
use crate::message::view::{
    AckView, CalibView, EventView, Field, GetDescView, HelloView, IdentifyView, KeepAliveView,
    LogView, ResetView, SamplesView, SelfTestView, SetCalView, SetRateView, StartView, StatusView,
    StopView, StreamDescView, TimeRepView, TimeReqView, ZeroView,
};

/// One message type: a row in the overview of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Number of the type.
    pub code: u8,
    /// Name as in the specification.
    pub name: &'static str,
    /// Who sends it.
    pub direction: Direction,
    /// Shortest payload of minor version 0, in bytes.
    pub least: usize,
    /// Fixed fields of the payload.
    pub fields: &'static [Field],
}

macro_rules! kinds {
    ($( $(#[$about:meta])* $name:ident = $code:literal, $direction:ident, $view:ident; )*) => {
        $( $(#[$about])* pub const $name: u8 = $code; )*

        /// Every type this version knows.
        pub const KINDS: &[Kind] = &[$(
            Kind {
                code: $code,
                name: stringify!($name),
                direction: Direction::$direction,
                least: $view::LEAST,
                fields: $view::FIELDS,
            },
        )*];

        /// Who sends messages of this type; `None` if this version does not know it.
        #[must_use]
        pub const fn direction(code: u8) -> Option<Direction> {
            match code {
                $( $code => Some(Direction::$direction), )*
                _ => None,
            }
        }
    };
}

kinds! {
    /// Who the device is.
    HELLO = 0x01, DeviceToHost, HelloView;
    /// What a stream carries.
    STREAM_DESC = 0x02, DeviceToHost, StreamDescView;
    /// How codes become values.
    CALIB = 0x03, DeviceToHost, CalibView;
    /// Measured values.
    SAMPLES = 0x10, DeviceToHost, SamplesView;
    /// Something happened at one instant.
    EVENT = 0x11, DeviceToHost, EventView;
    /// Sign of life.
    STATUS = 0x12, DeviceToHost, StatusView;
    /// A line for the log.
    LOG = 0x13, DeviceToHost, LogView;
    /// Answer to TIME_REQ.
    TIME_REP = 0x14, DeviceToHost, TimeRepView;
    /// How a command ended.
    ACK = 0x1F, DeviceToHost, AckView;
    /// Asks for HELLO.
    IDENTIFY = 0x40, HostToDevice, IdentifyView;
    /// Asks for STREAM_DESC and CALIB.
    GET_DESC = 0x41, HostToDevice, GetDescView;
    /// Starts streams.
    START = 0x42, HostToDevice, StartView;
    /// Stops all streams.
    STOP = 0x43, HostToDevice, StopView;
    /// Sets the sample rate of a stream.
    SET_RATE = 0x44, HostToDevice, SetRateView;
    /// Takes what is measured now as the value zero.
    ZERO = 0x45, HostToDevice, ZeroView;
    /// Replaces a calibration.
    SET_CAL = 0x46, HostToDevice, SetCalView;
    /// Asks for the device clock.
    TIME_REQ = 0x47, HostToDevice, TimeReqView;
    /// The host is still there.
    KEEPALIVE = 0x48, HostToDevice, KeepAliveView;
    /// Replaces the values of a stream by a test signal.
    SELF_TEST = 0x49, HostToDevice, SelfTestView;
    /// Restarts the device.
    RESET = 0x4F, HostToDevice, ResetView;
}
