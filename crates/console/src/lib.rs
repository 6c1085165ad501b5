//! Serves the page of a measurement to a browser on the same computer.
//!
//! [`Console::start`] opens a port on loopback; [`Console::tap`] is the sink that a session feeds,
//! [`Console::attach`] names the session, [`Console::address`] is what a person opens.
//!
//! ```no_run
//! use levator_console::{Console, Exposure, Scene};
//!
//! let console = Console::start(Exposure::Loopback, &Scene::default())?;
//! println!("{}", console.address());
//! # Ok::<(), levator_console::StartError>(())
//! ```
//!
//! What goes over the wire is told in `PROTOCOL.md` beside this crate.
//!
//! ```text
//! port thread            queue, 4096 items            console thread
//! Tap::emit ----------> [oldest is dropped, counted] -> hub -> broadcast, 512 messages -> one task a page
//! ```
//!
//! Nothing on the way back can make the port thread wait: [`Tap`] never blocks, and a page that reads
//! too slowly is told how much it missed and given the last window anew.
//!
//! # Limits
//!
//! - Who can read the memory or the terminal of this user can read the address and so the page.
//! - State, timing, scoring and cues are the engine's; a page that is closed changes none of them.
#![forbid(unsafe_code)]

mod assets;
mod client;
mod desk;
mod frame;
mod guard;
mod hub;
mod levels;
mod papers;
mod scene;
mod server;
mod state;
mod tap;
mod token;
mod words;

pub use desk::{Desk, Reply};
pub use hub::{Latency, PageFigures};
pub use scene::{Mode, Scene};
pub use server::{Console, Exposure, Patience, StartError};
pub use tap::Tap;
