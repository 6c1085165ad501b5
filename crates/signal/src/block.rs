//! A run of samples of one channel, in all the forms that a view or a measure needs.

use crate::{Quality, SampleIndex, SampleRate, SignalKind, Unit};

/// Which channel of which stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    /// Stream of the device, counted from zero.
    pub stream: u8,
    /// Channel of the stream, counted from zero.
    pub channel: u8,
}

/// Consecutive samples of one channel. The three slices have one length and one time axis.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Whose samples these are.
    pub channel: ChannelId,
    /// What they measure.
    pub kind: SignalKind,
    /// Unit of all three slices.
    pub unit: Unit,
    /// Rate of the channel.
    pub rate: SampleRate,
    /// Index of the first sample.
    pub first: SampleIndex,
    /// Calibrated values as they came.
    pub values: &'a [f64],
    /// Values after the filter of the channel's kind, late by its delay.
    pub filtered: &'a [f64],
    /// Smoothed amplitude, late by the filter and half the window.
    pub envelope: &'a [f64],
    /// What is known to be wrong with the block.
    pub quality: Quality,
}
