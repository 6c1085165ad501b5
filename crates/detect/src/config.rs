//! Settings of a detector, one set for each kind of signal.

use core::fmt;

/// What the detector looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Power of a signal without an offset (band-passed EMG), as a multiple of its power at rest.
    Power,
    /// Height of a signal above its resting level (pressure), as a multiple of its spread at rest.
    Height,
}

/// Settings of a [`Detector`](crate::Detector).
///
/// There is one set of numbers for each kind of signal; none depends on rate, gain or length of a
/// recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorConfig {
    /// What is looked at.
    pub statistic: Statistic,
    /// Window of the envelope from which peaks are taken, seconds, above 0.
    pub envelope_s: f64,
    /// Length of the blocks from which rest is learnt, seconds, above 0.
    pub rest_block_s: f64,
}

impl DetectorConfig {
    /// For surface EMG, band-passed (20 to 450 Hz or what the rate allows), 200 to 4000 Hz.
    #[must_use]
    pub const fn emg() -> Self {
        Self { statistic: Statistic::Power, envelope_s: 0.1, rest_block_s: 0.1 }
    }

    /// For pressure, or a force in its place, as sampled, 8 to 200 Hz.
    #[must_use]
    pub const fn pressure() -> Self {
        Self { statistic: Statistic::Height, envelope_s: 0.1, rest_block_s: 0.2 }
    }
}

/// A setting that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigError {
    /// Name of the setting.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// The bound it breaks.
    pub bound: f64,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, beyond its bound {}", self.field, self.value, self.bound)
    }
}

impl core::error::Error for ConfigError {}
