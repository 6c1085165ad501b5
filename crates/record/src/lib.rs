//! The recording: the list of inputs as they came, in a file that survives what happens to files.
//!
//! A [`Writer`] appends [`Input`](levator_engine::Input)s to `raw.journal` in blocks that carry number
//! and checksum; a crash or a loss of power costs at most the last second. A [`Reader`] gives the same
//! inputs back, so that an analysis is the engine fed from a file. From a file that was cut or damaged
//! it gives those of every whole block and says what is missing where. The format is described in
//! `docs/recording-format.md`.
//!
//! ```
//! use levator_engine::{Command, EngineConfig, Input};
//! use levator_record::{Header, Item, Reader, Writer};
//! use levator_signal::HostTime;
//!
//! # let folder = std::env::temp_dir().join(format!("levator-record-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("raw.journal");
//! let header = Header {
//!     tool: "levator 0.1.0".to_owned(),
//!     wire: [1, 0],
//!     opened_unix_ms: 1_795_356_191_000,
//!     device: "probe".to_owned(),
//!     port: "/dev/ttyACM0".to_owned(),
//!     config: EngineConfig::device(),
//! };
//!
//! let mut writer = Writer::create(&path, &header)?;
//! let at = HostTime::from_secs_f64(0.5);
//! writer.record(&Input::Command { at, command: Command::Mark { text: "lying down" } })?;
//! writer.close(HostTime::from_secs_f64(1.0))?;
//!
//! let mut reader = Reader::open(&path)?;
//! assert_eq!(reader.header(), Some(&header));
//! let mut inputs = 0;
//! while let Some(item) = reader.next() {
//!     match item {
//!         Item::Input(input) => inputs += usize::from(input.at() == at),
//!         Item::Damage(damage) => panic!("{damage}"),
//!         Item::End(totals) => assert_eq!(totals.input_count, 1),
//!     }
//! }
//! assert_eq!(inputs, 1);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: encryption, names of people, decoded samples. Whatever can be computed from the inputs is
//! computed again.
#![forbid(unsafe_code)]

pub mod damage;
pub mod edf;
pub mod header;
pub mod reader;
pub mod storage;
pub mod text;
pub mod visit;
pub mod writer;
pub mod xdf;

mod block;
mod entry;
mod settings;
mod window;

#[cfg(test)]
mod tests;

pub use block::{FORMAT_VERSION, MAGIC, MAX_PAYLOAD_LEN};
pub use damage::{Damage, Reason, Totals};
pub use header::{Header, HeaderError};
pub use reader::{Item, OpenError, Reader};
pub use storage::Storage;
pub use writer::{WriteError, Writer};
