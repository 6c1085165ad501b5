//! What is missing from a recording, and why.

use core::fmt;
use core::ops::Range;
use std::io;

use levator_signal::HostTime;

use crate::header::HeaderError;

/// A part of the file that gave no inputs. It lies between two blocks that did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Bytes of the file that were passed over. Empty where blocks are gone without a trace.
    pub bytes: Range<u64>,
    /// Number of the block that was expected there; 0 is the header.
    pub block: u32,
    /// How many blocks are gone, as the numbers of the blocks around it tell. `None` if no block
    /// follows.
    pub missing_blocks: Option<u32>,
    /// Host time of the last input before it, or zero.
    pub from: HostTime,
    /// Host time of the first input of the block after it, if one follows.
    pub to: Option<HostTime>,
    /// Why.
    pub reason: Reason,
}

/// Why a part of a recording gave no inputs, and what can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The file ends inside a block, as after a crash or a pulled plug. Everything before it is
    /// whole.
    CutShort,
    /// No end block: the recording was not closed, or its end is gone. What was read is whole.
    NotClosed,
    /// The bytes are not what was written: a bad disk or a foreign hand. Restore a copy if there is
    /// one.
    Damaged,
    /// Blocks are gone without a trace, or the writer had to drop inputs while the disk was full.
    Missing,
    /// The file start is damaged; nothing is lost by it.
    FileStart,
    /// The header block is gone: settings and device are unknown. Analyse with settings of your own.
    HeaderLost,
    /// The header block is whole and cannot be understood: settings and device are unknown.
    Header(HeaderError),
    /// Blocks came again or too late. They were passed over: inputs stay in their order.
    OutOfOrder,
    /// Bytes follow the end of the recording. They are not part of it.
    AfterEnd,
    /// Another recording begins. Cut the file and read that part as a file of its own.
    AnotherRecording {
        /// First byte of its first block.
        at: u64,
    },
    /// A whole block of this version, with content this program does not know.
    Unknown,
    /// The system refused to read on. Copy the file to another disk and read the copy.
    Io(io::ErrorKind),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes: Range { start, end }, block, missing_blocks, from, to, reason } = self;
        match reason {
            Reason::CutShort => {
                write!(f, "recording ends inside block {block} (byte {start})")?;
            }
            Reason::NotClosed => write!(f, "recording was not closed (byte {end})")?,
            Reason::Damaged => write!(f, "block {block} is damaged (bytes {start} to {end})")?,
            Reason::Missing => write!(f, "block {block} is missing (byte {start})")?,
            Reason::FileStart => write!(f, "file start is damaged (bytes {start} to {end})")?,
            Reason::HeaderLost => write!(f, "header is damaged (bytes {start} to {end})")?,
            Reason::Header(error) => write!(f, "header cannot be understood: {error}")?,
            Reason::OutOfOrder => {
                write!(f, "blocks again or out of order (bytes {start} to {end})")?;
            }
            Reason::AfterEnd => {
                write!(f, "foreign bytes follow the end (bytes {start} to {end})")?;
            }
            Reason::AnotherRecording { at } => {
                write!(f, "another recording begins at byte {at}")?;
            }
            Reason::Unknown => write!(f, "block {block} holds what is unknown (byte {start})")?,
            Reason::Io(kind) => write!(f, "cannot read on from byte {start}: {kind}")?,
        }
        if let (Some(1..), Some(to)) = (missing_blocks, to) {
            let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
            write!(f, ", inputs may be missing from {from:.3} s to {to:.3} s")?;
        }
        Ok(())
    }
}

/// What the end block of a properly closed recording says about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// When it was closed.
    pub closed_at: HostTime,
    /// Inputs that were written.
    pub input_count: u64,
    /// Bytes of the device among them.
    pub device_byte_count: u64,
    /// Data blocks that were written.
    pub block_count: u32,
    /// Inputs that were dropped because the disk refused them for too long.
    pub dropped_input_count: u64,
}

/// Size of [`Totals`] in an end block.
pub(crate) const TOTALS_LEN: usize = 28;

impl Totals {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.input_count.to_le_bytes());
        out.extend_from_slice(&self.device_byte_count.to_le_bytes());
        out.extend_from_slice(&self.dropped_input_count.to_le_bytes());
        out.extend_from_slice(&self.block_count.to_le_bytes());
    }

    pub(crate) fn decode(payload: &[u8], closed_at: HostTime) -> Option<Self> {
        let payload: &[u8; TOTALS_LEN] = payload.try_into().ok()?;
        let mut rest = payload.as_slice();
        let mut next = || crate::block::take(&mut rest).map(u64::from_le_bytes);
        let (input_count, device_byte_count, dropped_input_count) = (next()?, next()?, next()?);
        let block_count = u32::from_le_bytes(crate::block::take(&mut rest)?);
        Some(Self { closed_at, input_count, device_byte_count, block_count, dropped_input_count })
    }
}
