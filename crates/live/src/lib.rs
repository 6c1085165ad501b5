//! Runs a measurement: reads a port, records everything, analyses it at once, and shows the newest
//! state to views.
//!
//! [`Session::start`] starts it, a [`Handle`] is what other threads use meanwhile, [`Session::wait`]
//! tells how it went. A [`Playback`] shows a recorded visit to the same views, at any speed.
//!
//! ```no_run
//! use levator_device::{PortSettings, SerialConnector};
//! use levator_engine::{Digest, EngineConfig};
//! use levator_live::{LiveConfig, Session};
//!
//! let connector = SerialConnector::new(PortSettings::new("/dev/ttyACM0"));
//! let config = LiveConfig { seconds: Some(60.0), ..LiveConfig::new(EngineConfig::device()) };
//! let session = Session::start(connector, config, Digest::new())?;
//! session.mark("lying down")?;
//! let (summary, digest) = session.wait()?;
//! println!("{:?} after {:.1} s", summary.ended, summary.ended_at.as_secs_f64());
//! println!("median {:?} from bytes to outputs", summary.last.latency.p50);
//! println!("{} outputs", digest.output_count());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Two threads, neither of which ever spins: one reads the port and runs the engine (why, is told in
//! `driver`), the other writes the recording. What the engine is given is what is recorded, in the
//! same order, so a recording that is complete gives the same outputs again, bit for bit.
//!
//! | queue | room | in time | when it is full |
//! |---|---|---|---|
//! | port to recorder | 512 batches of 16 KiB | 728 s at 115 200 baud, 21 s at USB full speed | inputs are counted as missing, shown, and marked in the recording |
//! | marks | 64 | one is taken every 10 ms or faster | the caller is told |
//! | views | the newest state | none | old states are replaced |
//!
//! # Limits
//!
//! - On Linux an unplugged device takes along what had arrived and was not read yet: what came within
//!   one turn of the port thread.
//! - Latencies begin when the read returns: what device, cable and system add before is not seen.
//! - A sink that blocks delays reading; see [`Session::start`].
#![forbid(unsafe_code)]

mod batch;
mod beside;
mod driver;
mod feed;
mod histogram;
pub mod identify;
mod playback;
mod recorder;
mod redial;
mod session;
#[cfg(test)]
mod tests;
mod view;
mod watch;

pub use histogram::LatencyFigures;
pub use playback::{Playback, Played, Speed};
pub use recorder::RecordingState;
pub use session::{
    AbsentPort, Ended, Failure, Handle, LiveConfig, MAX_MARK_LEN, MarkError, Part, RecordTo,
    Recorded, Session, StartError, Summary,
};
pub use view::{
    ChannelView, Counts, LISTED_CONTRACTION_COUNT, LISTED_MARK_COUNT, MarkView, ProgrammeState,
    ProgrammeView, Snapshot, TRACE_POINT_S, TRACE_S, TracePoint,
};
