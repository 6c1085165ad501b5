//! Time, units, blocks of scans, and the filters, envelopes and spectra that act on them.
//!
//! Vocabulary: a *sample* is one value of one channel, a *scan* all channels at one instant, a
//! *block* a run of scans, a *span* a half-open pair of sample indices.
//!
//! Nothing here reads a clock, a file or the environment, and no stage allocates after it was made.
#![forbid(unsafe_code)]

pub mod block;
pub mod calibration;
pub mod check;
pub mod fit;
pub mod quality;
pub mod steady;
pub mod time;
pub mod unit;

mod analogue;
pub mod design;
mod notch;
pub mod preset;
pub mod sections;

pub mod bank;
pub mod breathing;
pub mod cascade;
pub mod cough;
pub mod decimate;
pub mod drift;
pub mod envelope;
pub mod heart;
mod interpolate;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "no vectors of our own there"))]
mod lanes;
pub mod percentile;
pub mod processor;
pub mod resample;
pub mod spectrum;
pub mod teager_kaiser;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "no vectors of our own there"))]
mod wavefront;
pub mod zero_phase;

#[cfg(test)]
mod testing;

pub use bank::Bank;
pub use block::{Block, ChannelId};
pub use breathing::{Breathing, BreathingError, BreathingMonitor};
pub use calibration::Calibration;
pub use cascade::Cascade;
pub use check::{Checklist, SignalCheck, Verdict};
pub use cough::{Cough, CoughDetector, CoughError};
pub use decimate::{Bucket, Buckets, Decimator, TooManyBuckets};
pub use design::{
    DesignError, butterworth_band_pass, butterworth_band_stop, butterworth_high_pass,
    butterworth_low_pass, notch, notch_with_width, notches, notches_with_width,
};
pub use drift::{Drift, DriftEstimate, DriftEstimator, DriftUnknown, Separation};
pub use envelope::{MovingMean, RectifiedMean, Rms, WindowError};
pub use fit::{CalibrationError, CalibrationFit, Point, Polarity};
pub use heart::{HeartCleaner, HeartError, HeartState, HeartSummary};
pub use percentile::{MovingPercentile, PercentileError};
pub use preset::Filter;
pub use processor::{Loop, Processor};
pub use quality::{Fault, FaultShares, Finding, Monitor, MonitorConfig, Quality};
pub use resample::{DropCounts, DropReason, GapLimitError, Resampled, Resampler};
pub use sections::{Response, Sections};
pub use spectrum::{Density, MainsShare, Spectrum, SpectrumError, Welch};
pub use steady::{Level, Steadiness, SteadyConfig, SteadyError, SteadyLevel};
pub use teager_kaiser::{TeagerKaiser, teager_kaiser_whole};
pub use time::{HostTime, SampleIndex, SampleRate, Span};
pub use unit::{SignalKind, Unit};
pub use zero_phase::{TooShort, ZeroPhase};
