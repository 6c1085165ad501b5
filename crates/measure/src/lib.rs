//! Numbers about rests and contractions, each with unit, window, count and validity.
//!
//! A [`Meter`] takes the blocks of one stream, what a detector finds in them and what a programme asks for, and
//! gives [`Measure`]s and [`Trial`]s: of each repetition some seconds after it, of each task when it is over, and at
//! the end what needs several tasks. What is asked for is a [`Schedule`]: of a programme, of marks in a recording,
//! or of nothing, where each contraction that is found is a trial and what lies between is rest.
//!
//! ```
//! use levator_measure::{Meter, MeterChannel, Place, Quantity, Reading, Schedule};
//! use levator_signal::{Block, ChannelId, Quality, SampleIndex, SampleRate, SignalKind, Unit};
//!
//! let rate = SampleRate::from_hz(50.0).expect("possible");
//! let id = ChannelId { stream: 0, channel: 0 };
//! let channel = MeterChannel {
//!     id,
//!     kind: SignalKind::Pressure,
//!     unit: Unit::CentimetreWater,
//!     place: Place::Pelvic,
//!     filter_delay_s: 0.0,
//!     window_s: MeterChannel::PRESSURE_WINDOW_S,
//!     noise_floor: None,
//!     rest_sem: None,
//! };
//! let mut meter = Meter::new(Schedule::free(), rate, &[channel])?;
//!
//! // A minute of rest at 31 cmH2O, and nobody contracts.
//! let values = [31.0; 3000];
//! let block = Block {
//!     channel: id,
//!     kind: SignalKind::Pressure,
//!     unit: Unit::CentimetreWater,
//!     rate,
//!     first: SampleIndex(0),
//!     values: &values,
//!     filtered: &values,
//!     envelope: &values,
//!     quality: Quality::GOOD,
//! };
//! let mut level = None;
//! let mut sink = |reading| match reading {
//!     Reading::Measure(one) if one.quantity == Quantity::RestLevel => level = one.value,
//!     Reading::Measure(_) | Reading::Trial(_) => {}
//! };
//! meter.process(&block, &mut sink);
//! meter.finish(SampleIndex(3000), &mut sink);
//! assert_eq!(level, Some(31.0));
//! # Ok::<(), levator_measure::MeterError>(())
//! ```
//!
//! # Definitions
//!
//! The *envelope* of EMG is the RMS of the block (100 ms), that of pressure the mean of the filtered values over
//! 250 ms; delays are taken off. Levels are read every 10 ms (rounded up to whole samples), the highest of
//! all samples. *Net* is less the level before: of the window that the schedule names, or else of the last rest
//! that was measured before the repetition. Sums are over usable samples: not missing, not blind, settled. SD has
//! `n - 1`. `R0` is the level at rest before all exertion, `SD_R` its instability.
//!
//! | quantity | symbol | formula |
//! |---|---|---|
//! | [`RestLevel`](Quantity::RestLevel) | `R0`, `Rb`, `R1` | median of the envelope: of the rest before, of the second half of each rest between, of the rest after; of several the median |
//! | [`RestVariability`](Quantity::RestVariability) | `CV_R` | 100 SD/mean of the means over bins of 1 s |
//! | [`RestInstability`](Quantity::RestInstability) | `SD_R` | SD of the envelope |
//! | [`RelaxationRatio`](Quantity::RelaxationRatio) | `RR` | `Rb/R0`, `R1/R0`, EMG only; also with both as `sqrt(max(0, x² - n²))`, `n` the noise floor |
//! | [`RelaxationResidual`](Quantity::RelaxationResidual) | `dR` | `Rb - R0` |
//! | [`RelaxationResidualRatio`](Quantity::RelaxationResidualRatio) | `RF` | `(Rb - R0)/MVC` |
//! | [`RaisedRestCount`](Quantity::RaisedRestCount) | | rests with `Rb - R0 > z sqrt 2 SEM`, `z` = 1.645 and 1, SEM of the reference |
//! | [`Peak`](Quantity::Peak) | `Pk` | net maximum of the envelope |
//! | [`MaximalContraction`](Quantity::MaximalContraction) | `MVC` | of the peaks of maximal contractions (where there are none, of holds, then of flicks): mean of the best three, best, mean of the first three |
//! | [`ContractionMean`](Quantity::ContractionMean) | `Mc` | net mean over the window; over the first 10 s (Perry) |
//! | [`NormalisedLevel`](Quantity::NormalisedLevel) | `%MVC` | 100 `Pk/MVC` of flicks and maximal contractions, 100 `Mc/MVC` of others |
//! | [`HoldVariability`](Quantity::HoldVariability) | `CV_H` | 100 SD/mean of the envelope in the plateau; pressure: of the net level |
//! | [`EnduranceArea`](Quantity::EnduranceArea) | `E10` | 10 s times the net mean over 10 s from the onset |
//! | [`EnduranceTime`](Quantity::EnduranceTime) | `T35`, `T50` | time with a net level, averaged over 1 s, of at least 65 % (50 %) of its own highest; also at most 10 s (30 s) |
//! | [`HoldTime`](Quantity::HoldTime) | | from onset to offset; and up to 20 s after the cue |
//! | [`EnduranceRatio`](Quantity::EnduranceRatio) | | net mean of the last tenth of the plateau over that of the first |
//! | [`AmplitudeSlope`](Quantity::AmplitudeSlope) | `kA` | 100 times the slope of the natural logarithm of the envelope in the plateau; pressure: of the net level |
//! | [`MedianFrequency`](Quantity::MedianFrequency) | `MDF` | mean of the median frequencies of windows of 1 s, every 0.5 s, in the plateau (Hann, with zeros to the next power of two) |
//! | [`MedianFrequencySlope`](Quantity::MedianFrequencySlope) | `kMDF` | slope of these |
//! | [`ReactionTime`](Quantity::ReactionTime) | | from the cue to the onset |
//! | [`TimeToPeak`](Quantity::TimeToPeak) | `t_pk` | from the onset to the maximum |
//! | [`RiseRate`](Quantity::RiseRate) | `sR` | slope from onset to peak, and over the first 200 ms; summed up in percent of the MVC |
//! | [`ReleaseRate`](Quantity::ReleaseRate) | `sF` | slope from letting go (flicks: from the peak) to the offset, and over the first 200 ms; likewise |
//! | [`RecoveryLatency`](Quantity::RecoveryLatency) | `t_rec` | from the end of the step to an envelope of at most `R0 + 2 SD_R` |
//! | [`Gradient`](Quantity::Gradient) | `G` | largest difference of two neighbouring levels over their distance; pressure |
//! | [`FlickCount`](Quantity::FlickCount) | `F10` | most valid flicks whose onsets lie within 10 s |
//! | [`CouplingCorrelation`](Quantity::CouplingCorrelation) | `SI` | correlation of the envelopes of pelvic floor and abdomen over the window |
//! | [`AccessoryRatio`](Quantity::AccessoryRatio) | `SI` | net mean of the abdomen over its largest net level in any trial |
//! | [`BearingDownCount`](Quantity::BearingDownCount), [`SqueezeCount`](Quantity::SqueezeCount) | `BD` | contractions of which several channels say so ([`levator_detect::manoeuvre`]) |
//! | [`PushIndex`](Quantity::PushIndex) | `AI` | 100 (mean of the push - `R0`)/(`Mc` of the reference contractions) |
//! | [`PushRise`](Quantity::PushRise) | | 100 (mean of the push - before)/before; EMG |
//! | [`PushRelaxation`](Quantity::PushRelaxation) | `%Rel` | 100 (before - lowest)/before; pressure |
//! | [`PushForce`](Quantity::PushForce) | `dRect` | net maximum of the abdomen |
//! | [`RectoanalGradient`](Quantity::RectoanalGradient) | | highest pressure of the abdomen less the lowest of the pelvic floor, in a push |
//! | [`SqueezeIncrement`](Quantity::SqueezeIncrement) | `Sq` | net maximum; highest net mean over 5, 10, 15, 20 s; pressure |
//! | [`SqueezeTotal`](Quantity::SqueezeTotal) | | maximum, rest included; pressure |
//! | [`SqueezeDuration`](Quantity::SqueezeDuration) | `T_50` | time with at least half the largest net level, if 15 s or more are asked for; pressure |
//! | [`CoughIncrement`](Quantity::CoughIncrement) | | net maximum in a cough, of every channel |
//! | [`NoiseFloor`](Quantity::NoiseFloor) | | as measured by the device; else, doubtful, the quietest second of rest |
//! | [`ValidTrialCount`](Quantity::ValidTrialCount), [`SuccessCount`](Quantity::SuccessCount) | | see [`Trial`] |
//!
//! Summaries of repetitions are means over the valid ones ([`How::Mean`]), and the best ([`How::Best`]) where that is
//! usual; their standard error is `SD / sqrt n` (of the best: SD). The standard error of one rest comes from bins of
//! 1 s and how alike neighbours are. Where no repetition is valid, the doubtful ones are summed up, and then those
//! that must not be used, so that there is a number to look at; its [`Validity`] says which. A programme that changes
//! position is summed up in the first one: rest while standing is not rest while lying. Of other positions there are
//! the measures of the repetitions, and all of them are in the counts.
//!
//! # Sources
//!
//! Rest, `CV_R`, `CV_H`, `Mc`, MDF: Oleksy 2020, 2021 (Glazer protocol). `RR`: Yani 2022, Kasper-Jędrzejewska 2025.
//! `MVC`, `E10`: Bø 1990, Grape 2009. Rise and release: Leitner 2019. `t_rec`: White, Jantos and Glazer 1997. `AI`:
//! Perry; `%Rel`, `dRect`: Rao 2008. `Sq`: Ang 2022, Oblizajek 2022. `T35`, `T50`, `T_50`, `F10` follow the PERFECT
//! scheme and the anorectal protocol as they are commonly told. Which of several readings of a definition was taken,
//! and numbers that are ours, are said where they are used.
//!
//! # Limits
//!
//! Nothing is judged against people here. Levels at rest over the maximum are not told: they make a weak muscle
//! look tight. Of windows longer than ten minutes the last ten are read. A free run sums up its first 256
//! contractions. The record of filter, probe and device is that of the stream, not of a measure.
#![forbid(unsafe_code)]

pub mod measure;
pub mod quantity;
pub mod validity;

pub mod trial;

pub mod schedule;

pub mod markers;

pub mod meter;

pub mod error;

mod channel;
mod conclusion;
mod contraction;
mod formulas;
mod found;
mod frequency;
mod ledger;
mod push;
mod rest;
mod track;
mod work;

pub use channel::{MeterChannel, Place};
pub use error::MeterError;
pub use markers::{Marker, MarkerRule, MarkerRules, Missing};
pub use measure::Measure;
pub use meter::Meter;
pub use quantity::{How, MeasureUnit, Quantity, Task};
pub use schedule::{Origin, Schedule, Step, StepWindow};
pub use trial::{Found, Reading, Trial};
pub use validity::{Reason, Reasons, Validity};
