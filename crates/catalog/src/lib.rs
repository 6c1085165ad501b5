//! Reads and checks the data files: programmes and references.
//!
//! [`programmes`] reads programmes from TOML and holds those that are built in; [`cues`] holds the
//! words for their cues. [`references`] does the same for what measures are held against, and
//! [`clinical_basis`] writes the page that lists every number of them; [`told`] reads what signals
//! cannot show, and [`devices`] what devices of others send; [`lang`] has the words of reports and of the
//! page in several languages. A file that is wrong is refused with its line and the reason; a key that
//! nobody knows is wrong.
//!
//! ```
//! let glazer = levator_catalog::programmes::built_in("glazer").expect("it is built in");
//! assert_eq!(glazer.definition().phases.len(), 5);
//! ```
#![forbid(unsafe_code)]

pub mod clinical_basis;
pub mod cues;
pub mod devices;
pub mod lang;
pub mod programmes;
pub mod references;
pub mod told;

mod raw;
mod raw_reference;
mod refusal;
mod word;

pub use refusal::{ReadError, Refusal};
