//! When a contraction begins and ends, how sure that is, or that it cannot be told.
//!
//! [`Detector`] takes one filtered channel sample by sample and says what it finds as soon as it is
//! certain, without looking ahead.
#![forbid(unsafe_code)]

pub mod config;
pub mod transition;

pub mod detector;

mod phase;

mod page;

mod rest;

mod steps;

mod dating;

mod course;

pub use config::{ConfigError, DetectorConfig, Statistic};
pub use detector::Detector;
pub use transition::{Contraction, Reason, Rest, Transition};
