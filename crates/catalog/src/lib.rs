//! Reads and checks the data files: programmes.
//!
//! [`programmes`] reads programmes from TOML and holds those that are built in; [`cues`] holds the
//! words for their cues. A file that is wrong is refused with its line and the reason; a key that
//! nobody knows is wrong.
//!
//! ```
//! let glazer = levator_catalog::programmes::built_in("glazer").expect("it is built in");
//! assert_eq!(glazer.definition().phases.len(), 5);
//! ```
#![forbid(unsafe_code)]

pub mod cues;
pub mod programmes;

mod raw;
mod refusal;
mod word;

pub use refusal::{ReadError, Refusal};
