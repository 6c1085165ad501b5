//! A virtual person, a virtual device and a bad cable, all seeded.
#![forbid(unsafe_code)]

pub mod person;
pub mod replay;
pub mod rng;
pub mod scenario;
pub mod script;

pub use person::{PersonSignal, VirtualPerson};
pub use replay::{AtEnd, Replay, ReplayError};
pub use rng::SeededRng;
pub use scenario::{Artefacts, Levels, Scenario};
pub use script::{PlannedContraction, Repeat, Script, ScriptError, TrueContraction, Truth};
