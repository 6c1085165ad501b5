//! When a contraction begins and ends, how sure that is, or that it cannot be told.
//!
//! [`Detector`] takes one filtered channel sample by sample and says what it finds as soon as it is
//! certain, without looking ahead. [`DetectorConfig::emg`] and [`DetectorConfig::pressure`] are the
//! only two sets of numbers; `DESIGN.md` beside this crate tells the method, what was tried, and how
//! well it does.
//!
//! ```
//! use levator_detect::{Detector, DetectorConfig, Transition};
//! use levator_signal::{Quality, SampleIndex, SampleRate};
//!
//! // A band-passed EMG at 1 kHz: rest, two seconds of contraction, rest.
//! let emg: Vec<f64> = (0..8000u32)
//!     .map(|i| {
//!         let noise = f64::from(i.wrapping_mul(2_654_435_761) >> 16) / 32_768.0 - 1.0;
//!         if (3000..5000).contains(&i) { 9.0 * noise } else { noise }
//!     })
//!     .collect();
//! let rate = SampleRate::from_hz(1000.0).expect("possible");
//! let mut detector = Detector::new(&DetectorConfig::emg(), rate)?;
//! let mut found = Vec::new();
//! detector.process(SampleIndex::ZERO, &emg, Quality::GOOD, &mut |t| found.push(t));
//! detector.finish(SampleIndex(8000), &mut |t| found.push(t));
//! let [Transition::Onset { .. }, Transition::Contraction(contraction)] = found[..] else {
//!     panic!("{found:?}");
//! };
//! assert!(contraction.onset.0.abs_diff(3000) <= 15);
//! # Ok::<(), levator_detect::ConfigError>(())
//! ```
//!
//! It does not filter, calibrate or judge: a contraction here is a rise above rest of some strength
//! and length, whoever or whatever made it. It knows one channel at a time, so crosstalk is a
//! contraction, too.
#![forbid(unsafe_code)]

pub mod config;
pub mod transition;

pub mod detector;

pub mod manoeuvre;

pub mod flicks;

pub mod threshold;

mod phase;

mod page;

mod rest;

mod steps;

mod dating;

mod edge;

mod course;

pub use config::{ConfigError, DetectorConfig, LOOK_BACK_S, Statistic};
pub use detector::Detector;
pub use transition::{Contraction, Reason, Rest, Transition, Uncertainty, UnknownEdge};
