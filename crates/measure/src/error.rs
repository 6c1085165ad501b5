//! Why there is no meter.

use core::fmt;

use levator_signal::ChannelId;

/// Settings that a [`Meter`](crate::Meter) cannot work with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MeterError {
    /// No channel, or too many.
    ChannelCount {
        /// How many were given.
        count: usize,
        /// The most there may be.
        most: usize,
    },
    /// A channel occurs twice.
    Twice {
        /// Which one.
        channel: ChannelId,
    },
    /// A channel measures something that is not measured here: leave it out.
    Kind {
        /// Which one.
        channel: ChannelId,
    },
    /// The rate is below 0.1 Hz, above 1 MHz, or above what there is room for.
    Rate {
        /// The rate that was given.
        hz: f64,
        /// The highest there may be.
        most_hz: f64,
    },
}

impl fmt::Display for MeterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChannelCount { count, most } => {
                write!(f, "{count} channels are not within 1 to {most}")
            }
            Self::Twice { channel } => {
                write!(f, "channel {} of stream {} occurs twice", channel.channel, channel.stream)
            }
            Self::Kind { channel } => write!(
                f,
                "channel {} of stream {} is neither EMG nor pressure",
                channel.channel, channel.stream
            ),
            Self::Rate { hz, most_hz } => {
                write!(f, "rate of {hz} Hz is not within 0.1 to {most_hz} Hz")
            }
        }
    }
}

impl core::error::Error for MeterError {}
