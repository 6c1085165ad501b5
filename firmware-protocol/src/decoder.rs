//! Bytes in any chunking to checked frames; names and counts what it refuses (SPEC 2.5).
//!
//! ```text
//!             byte                    byte 250 without a delimiter
//!  Empty ------------> Held (1..249) ------------------------------> Overlong
//!    ^  ^                 | delimiter: frame or refusal                 | delimiter:
//!    |  +-----------------+                                             | refusal
//!    +------------------------------------------------------------------+
//! ```

use crate::frame::{DELIMITER, Direction, Frame, Header, MAX_DECODED};
use crate::stuffing::{find_zero, unstuff_data};

/// Longest stuffed frame without its delimiter.
const MAX_ENCODED: usize = MAX_DECODED + 1;

/// Why the bytes between two delimiters are not a frame.
///
/// All but [`DecodeError::LoopBack`] mean that a frame was damaged, or that something else speaks on
/// the line. The decoder is in step again when it returns one: drop it, or show the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// More than 249 bytes without a delimiter: noise, another protocol, or a wrong baud rate.
    Overlong,
    /// The stuffing does not end at the delimiter.
    Structure,
    /// Too few bytes for a frame without payload.
    Short {
        /// Bytes after unstuffing; a frame has 8 or more.
        actual: usize,
    },
    /// The bytes do not have the checksum they carry.
    Checksum {
        /// Checksum at the end of the frame.
        expected: u32,
        /// Checksum of the bytes that arrived.
        actual: u32,
    },
    /// An intact frame of another major version. [`Decoder::last_decoded`] still has the bytes: HELLO,
    /// IDENTIFY and ACK keep their leading fields in every version (SPEC 7.1).
    Major {
        /// Major version of the frame.
        major: u8,
        /// Number of the message type.
        kind: u8,
    },
    /// An intact frame that travels the other way: our own, come back. Look at the cable.
    LoopBack {
        /// Header of the frame.
        header: Header,
    },
    /// An intact frame whose payload is too short for its message. A device answers a frame that
    /// wants it with ACK, result "length".
    PayloadLength {
        /// Header of the frame.
        header: Header,
        /// Bytes the message needs at least.
        least: usize,
        /// Bytes the payload has.
        actual: usize,
    },
    /// An intact frame with a field out of its range. A device answers a frame that wants it with
    /// ACK, result "value".
    Field {
        /// Header of the frame.
        header: Header,
        /// Where in the payload the field begins.
        offset: usize,
    },
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Overlong => write!(formatter, "more than {MAX_ENCODED} bytes without delimiter"),
            Self::Structure => formatter.write_str("stuffing does not end at the delimiter"),
            Self::Short { actual } => write!(formatter, "{actual} bytes are too few for a frame"),
            Self::Checksum { expected, actual } => {
                write!(formatter, "checksum is {actual:08X}, the frame says {expected:08X}")
            }
            Self::Major { major, kind } => {
                write!(formatter, "frame of major version {major}, type {kind:02X}")
            }
            Self::LoopBack { header } => {
                write!(formatter, "own frame came back, type {:02X}", header.kind)
            }
            Self::PayloadLength { header, least, actual } => {
                write!(
                    formatter,
                    "payload of type {:02X} has {actual} bytes, needs {least}",
                    header.kind
                )
            }
            Self::Field { header, offset } => {
                write!(
                    formatter,
                    "type {:02X} has a value out of range at offset {offset}",
                    header.kind
                )
            }
        }
    }
}

impl core::error::Error for DecodeError {}

/// What a decoder has seen since it was made or reset. Counts stay at their maximum, not wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Bytes taken from the caller, delimiters included.
    pub bytes: u64,
    /// Frames returned, those of unknown type included.
    pub frames: u32,
    /// Of the frames returned, those with a type number this version does not know.
    pub unknown: u32,
    /// Delimiters with nothing before them; not an error.
    pub empty: u32,
    /// Refused as [`DecodeError::Overlong`].
    pub overlong: u32,
    /// Refused as [`DecodeError::Structure`].
    pub structure: u32,
    /// Refused as [`DecodeError::Short`].
    pub short: u32,
    /// Refused as [`DecodeError::Checksum`].
    pub checksum: u32,
    /// Refused as [`DecodeError::Major`].
    pub major: u32,
    /// Refused as [`DecodeError::LoopBack`].
    pub loop_back: u32,
    /// Refused as [`DecodeError::PayloadLength`].
    pub payload_length: u32,
    /// Refused as [`DecodeError::Field`].
    pub field: u32,
}

impl Counters {
    const ZERO: Self = Self {
        bytes: 0,
        frames: 0,
        unknown: 0,
        empty: 0,
        overlong: 0,
        structure: 0,
        short: 0,
        checksum: 0,
        major: 0,
        loop_back: 0,
        payload_length: 0,
        field: 0,
    };

    /// All refusals together. `frames + empty + refused()` is the number of delimiters seen.
    #[must_use]
    pub fn refused(&self) -> u64 {
        [
            self.overlong,
            self.structure,
            self.short,
            self.checksum,
            self.major,
            self.loop_back,
            self.payload_length,
            self.field,
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }

    #[inline]
    fn count(&mut self, result: &Result<Frame<'_>, DecodeError>) {
        let counter = match result {
            Ok(frame) => {
                if frame.message().is_unknown() {
                    self.unknown = self.unknown.saturating_add(1);
                }
                &mut self.frames
            }
            Err(DecodeError::Overlong) => &mut self.overlong,
            Err(DecodeError::Structure) => &mut self.structure,
            Err(DecodeError::Short { .. }) => &mut self.short,
            Err(DecodeError::Checksum { .. }) => &mut self.checksum,
            Err(DecodeError::Major { .. }) => &mut self.major,
            Err(DecodeError::LoopBack { .. }) => &mut self.loop_back,
            Err(DecodeError::PayloadLength { .. }) => &mut self.payload_length,
            Err(DecodeError::Field { .. }) => &mut self.field,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Takes bytes as they arrive and gives back the frames in them.
///
/// Fixed memory (at most 320 bytes, no heap) and a bounded number of steps for each byte. How the
/// bytes are cut into chunks changes nothing that comes out. After damage it is in step again at the
/// next intact delimiter, so at most 250 bytes later.
///
/// Does not find missing frames: compare [`Frame::sequence`] and the sample index (SPEC 4).
#[derive(Debug, Clone)]
pub struct Decoder {
    counters: Counters,
    wanted: Direction,
    /// More came than a frame can have; the buffer is of no use until the next delimiter.
    overlong: bool,
    /// Bytes of the unfinished frame, its first code byte included.
    held_len: u8,
    /// Decoded bytes of the last finished run.
    decoded_len: u8,
    /// First code byte of the unfinished frame.
    code: u8,
    /// What is behind that byte of the unfinished frame; the decoded bytes of a finished one.
    data: Data,
}

/// Room for a frame without its first code byte, in vectors of the processor.
#[derive(Debug, Clone)]
#[repr(align(16))]
struct Data([[u8; 16]; 16]);

impl Data {
    #[inline]
    fn bytes(&self, len: u8) -> &[u8] {
        &self.0.as_flattened()[..usize::from(len)]
    }
}

// Budget: what a microcontroller with 2 KiB of memory can spare.
const _: () = assert!(size_of::<Decoder>() <= 320);

impl Decoder {
    /// A decoder for frames that travel in the direction `wanted`. Frames of the other direction
    /// are refused as [`DecodeError::LoopBack`].
    #[must_use]
    pub const fn new(wanted: Direction) -> Self {
        Self {
            counters: Counters::ZERO,
            wanted,
            overlong: false,
            held_len: 0,
            decoded_len: 0,
            code: 0,
            data: Data([[0; 16]; 16]),
        }
    }

    /// Takes bytes off the front of `input` up to the end of the next frame or refusal.
    ///
    /// `None` means that `input` is used up; call again when more has arrived. Empty frames are
    /// passed over. Call in a loop:
    ///
    /// ```
    /// # use levator_protocol::{Decoder, Direction};
    /// # let (mut decoder, bytes) = (Decoder::new(Direction::HostToDevice), [0, 0]);
    /// let mut input = &bytes[..];
    /// while let Some(result) = decoder.next(&mut input) {
    ///     // a frame or the reason for refusing one
    /// #   result.unwrap();
    /// }
    /// ```
    #[inline]
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Result<Frame<'_>, DecodeError>> {
        if input.is_empty() {
            self.decoded_len = 0;
            return None;
        }
        let result = if self.take_whole(input) {
            Frame::read(self.data.bytes(self.decoded_len), self.wanted)
        } else {
            match self.gather(input)? {
                Ok(()) => Frame::check(self.data.bytes(self.decoded_len), self.wanted),
                Err(error) => Err(error),
            }
        };
        self.counters.count(&result);
        Some(result)
    }

    /// Takes the next frame if it has just begun, is whole, and its checksum is right.
    #[cfg(all(feature = "hardware-crc", target_arch = "x86_64"))]
    #[inline]
    fn take_whole(&mut self, input: &mut &[u8]) -> bool {
        if self.held_len > 0 || self.overlong {
            return false;
        }
        let Some(len) = crate::ahead::unstuff(input, &mut self.data.0) else { return false };
        self.decoded_len = len as u8;
        // The first code byte, and the delimiter.
        self.counters.bytes += len as u64 + 2;
        *input = &input[len + 2..];
        true
    }

    #[cfg(not(all(feature = "hardware-crc", target_arch = "x86_64")))]
    const fn take_whole(&mut self, _: &mut &[u8]) -> bool {
        false
    }

    /// Takes bytes up to the end of the next run that is not empty, and undoes its stuffing.
    ///
    /// `None` if there is no end in `input`.
    fn gather(&mut self, input: &mut &[u8]) -> Option<Result<(), DecodeError>> {
        self.decoded_len = 0;
        loop {
            let Some(end) = find_zero(input) else {
                self.hold(input);
                self.counters.bytes += input.len() as u64;
                *input = &[];
                return None;
            };
            self.hold(&input[..end]);
            self.counters.bytes += end as u64 + 1;
            *input = &input[end + 1..];
            if self.held_len > 0 || self.overlong {
                break;
            }
            self.counters.empty = self.counters.empty.saturating_add(1);
        }
        let data_len = core::mem::take(&mut self.held_len).saturating_sub(1);
        if core::mem::take(&mut self.overlong) {
            return Some(Err(DecodeError::Overlong));
        }
        let data = &mut self.data.0.as_flattened_mut()[..usize::from(data_len)];
        if unstuff_data(self.code, data).is_err() {
            return Some(Err(DecodeError::Structure));
        }
        self.decoded_len = data_len;
        Some(Ok(()))
    }

    /// Adds bytes without delimiter to the unfinished frame.
    #[inline]
    fn hold(&mut self, bytes: &[u8]) {
        debug_assert!(!bytes.contains(&DELIMITER), "only called with bytes before a delimiter");
        let held_len = usize::from(self.held_len);
        if self.overlong || held_len + bytes.len() > MAX_ENCODED {
            self.overlong |= !bytes.is_empty();
            self.held_len = 0;
            return;
        }
        let data = match bytes.split_first() {
            Some((first, data)) if held_len == 0 => {
                self.code = *first;
                data
            }
            _ => bytes,
        };
        let data_len = held_len.saturating_sub(1);
        self.data.0.as_flattened_mut()[data_len..data_len + data.len()].copy_from_slice(data);
        self.held_len += bytes.len() as u8;
    }

    /// What was seen since the decoder was made or reset.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Bytes held of a frame whose delimiter has not come, at most 249. A stream that ends while this
    /// is not zero ends inside a frame. Bytes of an overlong run are not held.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        usize::from(self.held_len)
    }

    /// Decoded bytes, header to checksum, of what [`Decoder::next`] returned last; empty if that was
    /// `None` or had no stuffing that could be undone.
    ///
    /// For what is refused but intact: to name a device of another major version, or to keep a
    /// damaged frame for a look.
    #[must_use]
    pub fn last_decoded(&self) -> &[u8] {
        self.data.bytes(self.decoded_len)
    }

    /// Forgets the unfinished frame and the counters; the same as a new decoder.
    pub fn reset(&mut self) {
        *self = Self::new(self.wanted);
    }
}
