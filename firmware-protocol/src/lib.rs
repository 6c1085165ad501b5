//! The bytes our devices speak: specification, encoder, resynchronising decoder; no_std, no heap.
//!
//! `SPEC.md` beside this crate is normative; the modules cite its clauses. A frame on the wire is a
//! header of four bytes, a payload of up to 240 and a CRC-32C, stuffed so that a zero can end it:
//! 10 bytes of overhead, and a receiver is in step again at the next zero after any damage.
//!
//! [`Decoder`] takes bytes in any chunking and gives back checked [`Frame`]s, each with a
//! [`Message`]; [`Encoder`] goes the other way. Both run on a microcontroller: fixed memory, no
//! dependencies, no panic on data. Without the default feature `fast-crc` the tables take 64 bytes.
//!
//! ```
//! use levator_protocol::{
//!     Decoder, Direction, Encoder, Flags, MAX_WIRE, Message, SampleFormat, SampleStatus, Samples,
//! };
//!
//! // In the probe: three codes of 24 bits become one frame of 33 bytes.
//! let mut data = [0; 9];
//! SampleFormat::I24.pack(&[0, -1, 8_388_607], &mut data)?;
//! let samples = Samples {
//!     stream: 0,
//!     epoch: 1,
//!     status: SampleStatus::NONE,
//!     index: 5,
//!     time_us: 20_000,
//!     scan_count: 3,
//!     fault_channels: 0,
//!     data: &data,
//! };
//! let mut wire = [0; MAX_WIRE];
//! let mut encoder = Encoder::new(Direction::DeviceToHost);
//! let len = encoder.encode(&Message::Samples(samples), Flags::default(), &mut wire)?;
//! assert_eq!(len, 33);
//!
//! // In the host: the bytes arrive in two pieces.
//! let mut decoder = Decoder::new(Direction::DeviceToHost);
//! assert!(decoder.next(&mut &wire[..20]).is_none());
//! let mut rest = &wire[20..len];
//! let frame = decoder.next(&mut rest).expect("the delimiter has come")?;
//! let Message::Samples(samples) = frame.message() else { panic!("it was SAMPLES") };
//! let codes = samples.codes(SampleFormat::I24, 1).expect("format and length agree");
//! assert!(codes.eq([0.0, -1.0, 8_388_607.0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! It does not account for missing frames or samples (SPEC 4 says how), keep a session (SPEC 5),
//! apply calibrations, or read any other device's protocol.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(all(feature = "hardware-crc", target_arch = "x86_64"))]
mod ahead;
mod capacity;
pub mod crc;
mod decoder;
mod encoder;
mod frame;
pub mod kind;
pub mod message;
pub mod stuffing;

pub use capacity::{SAMPLES_OVERHEAD, fits_link};
pub use decoder::{Counters, DecodeError, Decoder};
pub use encoder::{EncodeError, Encoder};
pub use frame::{
    CHECKSUM_LEN, DELIMITER, Direction, Flags, Frame, HEADER_LEN, Header, MAGIC, MAJOR,
    MAX_DECODED, MAX_PAYLOAD, MAX_WIRE, MIN_DECODED, MINOR, OVERHEAD,
};
pub use message::{
    ALL, Ack, AckResult, Calib, CalibSource, Capabilities, Codes, DeviceState, Event, Hello,
    Identify, Log, LogLevel, MAX_CHANNELS, MAX_NAME_LEN, MAX_SAMPLE_BYTES, MAX_STREAMS, Message,
    PackError, SampleFormat, SampleStatus, Samples, Start, Status, StreamDesc, StreamFlags,
    StreamKind, Text, TimeRep, WireUnit,
};
