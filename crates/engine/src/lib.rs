//! The one state machine: [`Input`] in, [`Output`] out.
//!
//! Live, recording and offline use are the same [`Engine`] fed from a port, from both, or from a
//! file. It has no clock, no IO and no threads, cannot fail after [`Engine::new`], and does not
//! allocate between `new` and the end of [`Engine::finish`].
//!
//! ```
//! use levator_engine::{Engine, EngineConfig, Input, Output};
//! use levator_signal::HostTime;
//!
//! let mut engine = Engine::new(&EngineConfig::device())?;
//! let mut refusals = 0;
//! engine.handle(
//!     Input::Bytes { at: HostTime::ZERO, bytes: b"boot log\n\0" },
//!     &mut |output: Output<'_>| refusals += usize::from(matches!(output, Output::Refused(_))),
//! );
//! assert_eq!(refusals, 1);
//! # Ok::<(), levator_engine::ConfigError>(())
//! ```
#![forbid(unsafe_code)]

mod changes;
mod channel;
mod clock;
pub mod config;
pub mod course;
mod device;
pub mod digest;
mod engine;
mod filters;
pub mod input;
mod link;
mod loops;
mod manoeuvres;
mod metering;
pub mod output;
mod pipeline;
mod pressure;
pub mod summary;

pub use channel::Delay;
pub use config::{
    ConfigError, Conversation, EmgBand, EngineConfig, Heart, KnownCalibration, Source,
};
pub use course::{Begins, Conduct, Course, RestGuard, SILENT_S};
pub use digest::Digest;
pub use engine::Engine;
pub use input::{Command, Input, LinkChange};
pub use output::{
    ClockEvent, ContractionEvent, CoughEvent, FindingEvent, HeartEvent, LinkEvent, LinkState,
    ManoeuvreEvent, Mark, Output, Pace, Passed, PassedReason, PressureEvent, ProgrammeEvent,
    RestEvent, Searched, Sink, Tee, Transmission,
};
pub use summary::{ChannelSummary, Summary};
