//! What a device says about one of its streams.

use core::fmt;

use levator_signal::{Calibration, SampleRate, SignalKind, Unit};

/// Most channels a stream may have.
///
/// # Source
///
/// Wire specification, message STREAM_DESC.
pub const MAX_CHANNELS: usize = 16;

/// A short name without heap: at most 32 bytes of UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    bytes: [u8; Self::CAPACITY],
    len: u8,
}

impl Label {
    /// Most bytes a label holds.
    pub const CAPACITY: usize = 32;

    /// No name.
    pub const EMPTY: Self = Self { bytes: [0; Self::CAPACITY], len: 0 };

    /// The longest start of `text` that fits.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(Self::CAPACITY);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut label = Self::EMPTY;
        label.bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
        label.len = end as u8;
        label
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("")
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Description of a stream: what is measured, how fast, and how codes become values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamInfo {
    /// Number of the stream on the device.
    pub stream: u8,
    /// Version of the description; samples carry it too, so a wrong scale is impossible.
    pub epoch: u8,
    /// What is measured.
    pub kind: SignalKind,
    /// Unit after calibration.
    pub unit: Unit,
    /// Rate of each channel.
    pub rate: SampleRate,
    /// Number of channels, 1 to [`MAX_CHANNELS`].
    pub channel_count: u8,
    /// Smallest and largest code of the converter, where known: the rails.
    pub rails: Option<(f64, f64)>,
    /// Delay of the filters inside the device, in seconds.
    pub device_delay_s: f64,
    /// From codes to values, per channel.
    pub calibrations: [Calibration; MAX_CHANNELS],
    /// Name of the stream, or of its only channel.
    pub label: Label,
}

impl StreamInfo {
    /// A stream of finished values in `unit`, as an imported file has it.
    #[must_use]
    pub fn of_values(kind: SignalKind, unit: Unit, rate: SampleRate, channel_count: u8) -> Self {
        Self {
            stream: 0,
            epoch: 0,
            kind,
            unit,
            rate,
            channel_count,
            rails: None,
            device_delay_s: 0.0,
            calibrations: [Calibration::IDENTITY; MAX_CHANNELS],
            label: Label::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_between_letters() {
        let label = Label::new("Druckmessung im Becken ähhhhh üü");
        assert!(label.as_str().len() <= Label::CAPACITY);
        assert!("Druckmessung im Becken ähhhhh üü".starts_with(label.as_str()));
        assert_eq!(Label::new("emg").as_str(), "emg");
    }
}
