//! A virtual person, a virtual device and a bad cable, all seeded.
#![forbid(unsafe_code)]

pub mod config;
mod crystal;
pub mod device;
pub mod person;
pub mod replay;
pub mod rng;
pub mod scenario;
pub mod script;
mod stream;

pub use config::{DeviceConfig, DeviceError, StreamConfig};
pub use device::{Subject, VirtualDevice};
pub use person::{PersonSignal, VirtualPerson};
pub use replay::{AtEnd, Replay, ReplayError};
pub use rng::SeededRng;
pub use scenario::{Artefacts, Levels, Scenario};
pub use script::{PlannedContraction, Repeat, Script, ScriptError, TrueContraction, Truth};
pub use stream::ScanCounts;
