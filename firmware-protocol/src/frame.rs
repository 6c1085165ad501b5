//! One unit on the wire after unstuffing: header, payload, checksum (SPEC 2.2).
//!
//! ```text
//! 0           1     2        4              4+N        8+N
//! | major,flags | type | sequence | payload, N bytes | CRC-32C |
//! ```

use crate::crc::crc32c;
use crate::decoder::DecodeError;
use crate::message::{Fault, Message};

/// Version of the frame itself. A receiver refuses every other (SPEC 7.1).
pub const MAJOR: u8 = 1;
/// Version of the messages within the major version. Receivers accept every minor (SPEC 7.2).
pub const MINOR: u8 = 0;
/// Four bytes that open HELLO and IDENTIFY and guard RESET.
pub const MAGIC: [u8; 4] = *b"PFW1";
/// Ends every frame on the wire and never occurs in one.
pub const DELIMITER: u8 = 0;
/// Bytes before the payload.
pub const HEADER_LEN: usize = 4;
/// Bytes of the checksum after the payload.
pub const CHECKSUM_LEN: usize = 4;
/// Longest payload in bytes.
pub const MAX_PAYLOAD: usize = 240;
/// Shortest frame before stuffing: no payload.
pub const MIN_DECODED: usize = HEADER_LEN + CHECKSUM_LEN;
/// Longest frame before stuffing.
pub const MAX_DECODED: usize = MIN_DECODED + MAX_PAYLOAD;
/// Longest frame on the wire: one code byte and the delimiter more.
pub const MAX_WIRE: usize = MAX_DECODED + 2;
/// What the wire costs beside the payload, in bytes.
pub const OVERHEAD: usize = MIN_DECODED + 2;

const ACK_WANTED: u8 = 1 << 0;
const RETRANSMISSION: u8 = 1 << 1;
const HOST_TO_DEVICE: u8 = 1 << 2;

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Sent by the probe.
    DeviceToHost,
    /// Sent by the computer.
    HostToDevice,
}

/// What a sender asks of, or tells, the receiver about one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// The receiver shall answer with an ACK.
    pub ack_wanted: bool,
    /// The same command was sent before and not acknowledged.
    pub retransmission: bool,
}

/// The part of a frame that is the same for every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// Number of the message type, as in [`crate::kind`].
    pub kind: u8,
    /// Counts every frame of this direction since boot; wraps at 65,536.
    pub sequence: u16,
    /// Requests that concern the frame as a whole.
    pub flags: Flags,
}

impl Header {
    /// The four bytes of the header.
    pub(crate) fn to_bytes(self, direction: Direction) -> [u8; HEADER_LEN] {
        let mut first = MAJOR << 4;
        if self.flags.ack_wanted {
            first |= ACK_WANTED;
        }
        if self.flags.retransmission {
            first |= RETRANSMISSION;
        }
        if direction == Direction::HostToDevice {
            first |= HOST_TO_DEVICE;
        }
        let [low, high] = self.sequence.to_le_bytes();
        [first, self.kind, low, high]
    }
}

/// A frame that passed every check. Borrows the bytes it was decoded from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame<'a> {
    header: Header,
    payload: &'a [u8],
    message: Message<'a>,
}

impl<'a> Frame<'a> {
    /// Checks the bytes of one frame after unstuffing, checksum included, in the order of SPEC 2.5.
    ///
    /// # Errors
    ///
    /// The first check that fails. Never [`DecodeError::Overlong`] or [`DecodeError::Structure`],
    /// which are found before there are such bytes; more than 248 bytes fail as
    /// [`DecodeError::Overlong`] all the same.
    #[inline]
    pub fn check(decoded: &'a [u8], wanted: Direction) -> Result<Self, DecodeError> {
        if decoded.len() > MAX_DECODED {
            return Err(DecodeError::Overlong);
        }
        if decoded.len() < MIN_DECODED {
            return Err(DecodeError::Short { actual: decoded.len() });
        }
        if let Some((summed, checksum)) = decoded.split_last_chunk::<CHECKSUM_LEN>() {
            let expected = u32::from_le_bytes(*checksum);
            let actual = crc32c(summed);
            if actual != expected {
                return Err(DecodeError::Checksum { expected, actual });
            }
        }
        Self::read(decoded, wanted)
    }

    /// The same for bytes whose checksum is known to be right: all other checks.
    #[inline]
    pub(crate) fn read(decoded: &'a [u8], wanted: Direction) -> Result<Self, DecodeError> {
        let short = DecodeError::Short { actual: decoded.len() };
        let (summed, _) = decoded.split_last_chunk::<CHECKSUM_LEN>().ok_or(short)?;
        let (header, payload) = summed.split_first_chunk::<HEADER_LEN>().ok_or(short)?;
        let [first, kind, low, high] = *header;
        let header = Header {
            kind,
            sequence: u16::from_le_bytes([low, high]),
            flags: Flags {
                ack_wanted: first & ACK_WANTED != 0,
                retransmission: first & RETRANSMISSION != 0,
            },
        };
        if first >> 4 != MAJOR {
            return Err(DecodeError::Major { major: first >> 4, kind });
        }
        let direction = if first & HOST_TO_DEVICE == 0 {
            Direction::DeviceToHost
        } else {
            Direction::HostToDevice
        };
        if direction != wanted {
            return Err(DecodeError::LoopBack { header });
        }
        match Message::parse(direction, kind, payload) {
            Ok(message) => Ok(Self { header, payload, message }),
            Err(Fault::Length { least }) => {
                Err(DecodeError::PayloadLength { header, least, actual: payload.len() })
            }
            Err(Fault::Field { offset }) => Err(DecodeError::Field { header, offset }),
        }
    }

    /// Type, sequence and flags together.
    #[must_use]
    pub fn header(&self) -> Header {
        self.header
    }

    /// Number of the message type, as in [`crate::kind`].
    #[must_use]
    pub fn kind(&self) -> u8 {
        self.header.kind
    }

    /// Counts every frame of this direction since boot; wraps at 65,536.
    #[must_use]
    pub fn sequence(&self) -> u16 {
        self.header.sequence
    }

    /// Requests that concern the frame as a whole.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.header.flags
    }

    /// The bytes between header and checksum, at most [`MAX_PAYLOAD`].
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload says.
    #[must_use]
    pub fn message(&self) -> Message<'a> {
        self.message
    }

    /// Bytes this frame took on the wire, code byte and delimiter included.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        self.payload.len() + OVERHEAD
    }
}
