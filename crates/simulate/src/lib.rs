//! Virtual people, a virtual device and a bad cable, all seeded.
//!
//! ```text
//! Scenario --> VirtualPerson --+
//!                              +--> VirtualDevice --> BadCable --> Line --> PseudoTerminal, MemoryPort
//! recording --> Replay --------+                      \__ real time begins here __/
//! ```
//!
//! [`VirtualDevice`] is the principal type: it speaks the wire protocol, keeps the truth of what the
//! person did, and takes time as an argument. One seed gives one run, to the bit, on every machine.
//!
//! ```
//! use levator_protocol::{Decoder, Direction, Encoder, Flags, MAX_WIRE, Message, Start};
//! use levator_signal::HostTime;
//! use levator_simulate::{DeviceConfig, Scenario, VirtualDevice, VirtualPerson};
//!
//! let person = VirtualPerson::new(Scenario::Healthy, 7);
//! let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person)?;
//!
//! let mut frame = [0; MAX_WIRE];
//! let start = Message::Start(Start { streams: 1, batch_ms: 0, keep_alive_ms: 0 });
//! let len = Encoder::new(Direction::HostToDevice).encode(&start, Flags::default(), &mut frame)?;
//! device.receive(&frame[..len]);
//!
//! let mut bytes = Vec::new();
//! device.advance(HostTime::from_secs_f64(30.0), &mut bytes);
//!
//! let mut input = &bytes[..];
//! let mut decoder = Decoder::new(Direction::DeviceToHost);
//! let mut scan_count = 0;
//! while let Some(frame) = decoder.next(&mut input) {
//!     if let Message::Samples(samples) = frame?.message() {
//!         scan_count += u64::from(samples.scan_count);
//!     }
//! }
//! assert_eq!(scan_count, device.scan_counts(0).sent);
//! assert_eq!(device.truth(0).map(|truth| truth.contractions.len()), Some(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`foreign`] holds devices of others, which speak what their makers' firmware speaks.
//!
//! [`people`] holds people with a label, who live through a whole programme: what a rule for tight and
//! weak is tested with.
//!
//! Only [`Line`] reads the clock, for `serve` and [`MemoryPort`]. Everything else is deterministic.
//!
//! What it is not: a model of muscle or of disease. A detector that does well here has been shown to
//! be right about these signals, not about people.
#![forbid(unsafe_code)]

pub mod rng;

mod noise;

pub mod script;

pub mod scenario;

pub mod person;

pub mod people;

pub mod replay;

pub mod config;
mod crystal;

mod stream;

pub mod device;

pub mod cable;
pub mod foreign;
pub mod line;
pub mod memory;
#[cfg(unix)]
pub mod pty;

pub use cable::{BadCable, CableCounts, CableFaults, FaultCount};
pub use config::{DeviceConfig, DeviceError, StreamConfig};
pub use device::{Subject, VirtualDevice};
pub use foreign::ForeignDevice;
pub use line::{Burst, Line, LineSettings, Speaker, SpeedError};
pub use memory::{MemoryPort, Unplugged};
pub use person::{PersonSignal, VirtualPerson};
#[cfg(unix)]
pub use pty::{PseudoTerminal, ServeCounts, serve};
pub use replay::{AtEnd, Replay, ReplayError};
pub use rng::SeededRng;
pub use scenario::{Artefacts, Levels, Scenario};
pub use script::{PlannedContraction, Repeat, Script, ScriptError, TrueContraction, Truth};
pub use stream::ScanCounts;
