//! Bytes of a described device into timed scans, with every loss and refusal counted.
//!
//! [`Decoder`] takes bytes in any chunking and pushes [`Decoded`] items; [`Session`] decides what the
//! host has to say to the device and when. Neither reads a clock or touches a port. [`foreign`] does both
//! for devices of others.
#![forbid(unsafe_code)]

pub mod decoded;
pub mod foreign;
pub mod native;
pub mod session;
pub mod stream;

pub use decoded::{Decoded, DeviceInfo, LossCause, Lost, Refusal, Refused, Scans};
pub use native::Decoder;
pub use session::Session;
pub use stream::{Label, MAX_CHANNELS, StreamInfo};
