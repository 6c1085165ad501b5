//! Messages to bytes on the wire, for firmware, simulator and host commands (SPEC 2.2 to 2.4).

use crate::crc::crc32c;
use crate::frame::{
    CHECKSUM_LEN, DELIMITER, Direction, Flags, HEADER_LEN, Header, MAX_PAYLOAD, OVERHEAD,
};
use crate::message::Message;
use crate::stuffing::stuff_in_place;

/// Why a message was not encoded. Nothing was sent and no sequence number was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The message travels the other way, or [`Message::Unknown`] carries a type number that this
    /// version knows. Use the encoder, or the variant, it belongs to.
    Kind {
        /// Number of the message type.
        kind: u8,
    },
    /// A field is out of its range, and a receiver would refuse the frame.
    Field {
        /// Number of the message type.
        kind: u8,
        /// Where in the payload the field begins.
        offset: usize,
    },
    /// Text or data make the payload longer than 240 bytes. Send less, or in parts.
    PayloadLength {
        /// Number of the message type.
        kind: u8,
        /// Bytes the payload would have.
        actual: usize,
    },
    /// The buffer is too small. [`crate::MAX_WIRE`] bytes are always enough.
    Room {
        /// Bytes the frame has on the wire.
        needed: usize,
        /// Bytes of the buffer.
        actual: usize,
    },
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Kind { kind } => write!(formatter, "type {kind:02X} is not sent by this side"),
            Self::Field { kind, offset } => {
                write!(formatter, "type {kind:02X} has a value out of range at offset {offset}")
            }
            Self::PayloadLength { kind, actual } => {
                write!(formatter, "payload of type {kind:02X} would have {actual} bytes")
            }
            Self::Room { needed, actual } => {
                write!(formatter, "frame needs {needed} bytes, the buffer has {actual}")
            }
        }
    }
}

impl core::error::Error for EncodeError {}

/// Numbers and encodes the frames of one direction.
///
/// Holds nothing but the next sequence number; frames are built in the caller's buffer.
#[derive(Debug, Clone)]
pub struct Encoder {
    direction: Direction,
    sequence: u16,
}

impl Encoder {
    /// An encoder after boot: the first frame has sequence 0.
    #[must_use]
    pub const fn new(direction: Direction) -> Self {
        Self::resume(direction, 0)
    }

    /// An encoder that goes on where another ended, for one that was not saved over a pause, and for
    /// tests of the wrap.
    #[must_use]
    pub const fn resume(direction: Direction, sequence: u16) -> Self {
        Self { direction, sequence }
    }

    /// Sequence number of the next frame.
    #[must_use]
    pub fn sequence(&self) -> u16 {
        self.sequence
    }

    /// Writes `message` as a frame, delimiter included, to the front of `out`; returns its length.
    ///
    /// The length is that of the payload plus 10. A buffer of [`crate::MAX_WIRE`] bytes is always
    /// enough. Each success uses one sequence number.
    ///
    /// # Errors
    ///
    /// If a receiver would not take the message, or `out` is too small; `out` is then unchanged.
    pub fn encode(
        &mut self,
        message: &Message<'_>,
        flags: Flags,
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let kind = message.kind();
        if !message.is_sent(self.direction) {
            return Err(EncodeError::Kind { kind });
        }
        let payload_len = message.payload_len();
        if payload_len > MAX_PAYLOAD {
            return Err(EncodeError::PayloadLength { kind, actual: payload_len });
        }
        message.check().map_err(|offset| EncodeError::Field { kind, offset })?;
        let needed = payload_len + OVERHEAD;
        let actual = out.len();
        let out = out.get_mut(..needed).ok_or(EncodeError::Room { needed, actual })?;

        // code byte | header | payload | checksum | delimiter, stuffed where it stands: no copy.
        let stuffed = &mut out[..needed - 1];
        let decoded = &mut stuffed[1..];
        let summed_len = HEADER_LEN + payload_len;
        let header = Header { kind, sequence: self.sequence, flags };
        decoded[..HEADER_LEN].copy_from_slice(&header.to_bytes(self.direction));
        message.emit(&mut decoded[HEADER_LEN..summed_len]);
        let checksum = crc32c(&decoded[..summed_len]);
        decoded[summed_len..][..CHECKSUM_LEN].copy_from_slice(&checksum.to_le_bytes());
        stuff_in_place(stuffed).expect("a frame has at most 249 stuffed bytes");
        out[needed - 1] = DELIMITER;
        self.sequence = self.sequence.wrapping_add(1);
        Ok(needed)
    }
}
