//! Numbers about rests and contractions, each with unit, window, count and validity.
#![forbid(unsafe_code)]

pub mod measure;
pub mod quantity;
pub mod validity;

pub use measure::Measure;
pub use quantity::{How, MeasureUnit, Quantity, Task};
pub use validity::{Reason, Reasons, Validity};
