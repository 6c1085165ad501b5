//! Numbers about rests and contractions, each with unit, window, count and validity.
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
