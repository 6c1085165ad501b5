//! Writing a recording while it happens.
//!
//! ```text
//!            record           32 KiB, or 250 ms old            750 ms old
//! Input ------------> open block -------------------> file ------------------> disk
//!                     (memory)    write                     sync
//! ```
//!
//! The open block is kept when the disk refuses it, and tried again; it grows to 1 MiB. Only then are
//! inputs dropped, and the number of the next block is left out, so that a reader finds the place.

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use levator_engine::Input;
use levator_signal::HostTime;
use thiserror::Error;

use crate::block::{self, BlockHeader, FORMAT_VERSION, HEADER_LEN, MAX_PAYLOAD_LEN, TRAILER_LEN};
use crate::damage::Totals;
use crate::entry;
use crate::header::Header;
use crate::storage::Storage;
use crate::visit::keep_name;

/// Size of payload at which a block is written.
///
/// Our choice: large enough that block heads cost 0.1 %, small enough that a bad sector costs little.
pub const BLOCK_LEN: usize = 32 << 10;

/// Age of its first input at which a block is written. After a crash of the program alone, no more
/// than this and one call is missing.
pub const WRITE_AFTER: Duration = Duration::from_millis(250);

/// Age of the oldest input not known to be on the disk, at which the disk is told to keep it.
///
/// Our choice: with [`Writer::tick`] called every 250 ms or more often, a loss of power costs at most
/// a second.
pub const SYNC_AFTER: Duration = Duration::from_millis(750);

/// A recording being written. Nothing is printed and no clock is read: time is what inputs and ticks
/// say.
///
/// Dropping it writes the open block if the disk takes it, but no end block: the recording then says
/// that it was not closed.
#[derive(Debug)]
pub struct Writer<S: Storage = File> {
    storage: S,
    /// Room for the block header, then the payload of the open block. Never grows beyond what was
    /// allocated at the start.
    buffer: Vec<u8>,
    /// Bytes up to the end of the last whole block.
    whole_len: u64,
    tail: Tail,
    sequence: u32,
    recording: u32,
    /// Host time of the first input in the open block.
    block_at: HostTime,
    /// Host time of the oldest input not known to be on the disk.
    unsynced: Option<HostTime>,
    /// When the disk last refused, until it accepts again.
    refused_at: Option<HostTime>,
    /// Whether inputs were dropped after those in the open block.
    dropping: bool,
    totals: Totals,
}

impl Writer {
    /// Begins a recording in a new file that only the owner may read. When this returns, file and
    /// header are on the disk.
    ///
    /// # Errors
    ///
    /// [`WriteError::Exists`] if there is a file of that name: nothing is ever overwritten.
    /// [`WriteError::Create`] if the system refuses; no file is left behind then.
    pub fn create(path: &Path, header: &Header) -> Result<Self, WriteError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => WriteError::Exists { path: path.to_owned() },
            _ => WriteError::Create { path: path.to_owned(), source },
        })?;
        Self::start(file, header)
            .inspect(|_| {
                keep_name(path);
                // The folder may be as new as the file.
                path.parent().into_iter().for_each(keep_name);
            })
            .map_err(|error| {
                // The stub would stand in the way of the next attempt. If it cannot be removed either,
                // the error below is the one to tell.
                let _ = fs::remove_file(path);
                match error {
                    WriteError::Refused { source, .. } | WriteError::Sync { source } => {
                        WriteError::Create { path: path.to_owned(), source }
                    }
                    other => other,
                }
            })
    }
}

impl<S: Storage> Writer<S> {
    /// Begins a recording on empty storage: writes file start and header, and syncs.
    ///
    /// # Errors
    ///
    /// [`WriteError::TooLong`] if the texts of the header exceed a mebibyte; otherwise what the
    /// storage says.
    pub fn start(storage: S, header: &Header) -> Result<Self, WriteError> {
        let json = header.to_json();
        if json.len() > MAX_PAYLOAD_LEN {
            return Err(WriteError::TooLong { len: json.len(), max: MAX_PAYLOAD_LEN });
        }
        let mut writer = Self {
            storage,
            buffer: Vec::with_capacity(HEADER_LEN + MAX_PAYLOAD_LEN + TRAILER_LEN),
            whole_len: 0,
            tail: Tail::Clean,
            sequence: 0,
            recording: crc32fast::hash(json.as_bytes()),
            block_at: HostTime::ZERO,
            unsynced: None,
            refused_at: None,
            dropping: false,
            totals: Totals::default(),
        };
        writer.put(&block::preamble())?;
        writer.clear();
        writer.buffer.extend_from_slice(json.as_bytes());
        writer.write_block(block::kind::HEADER, HostTime::ZERO)?;
        writer.storage.sync().map_err(|source| WriteError::Sync { source })?;
        Ok(writer)
    }

    /// Takes one input, and writes or syncs what is due at its host time.
    ///
    /// # Errors
    ///
    /// [`WriteError::Refused`] and [`WriteError::Sync`]: the input is kept in memory; the disk is
    /// asked again every 250 ms by this and by [`tick`](Self::tick), with `Ok` in between.
    /// [`WriteError::Dropped`] and [`WriteError::TooLong`]: this input is not in the recording.
    pub fn record(&mut self, input: &Input<'_>) -> Result<(), WriteError> {
        let (at, len) = (input.at(), entry::body_len(input));
        if len > entry::MAX_BODY_LEN {
            return Err(WriteError::TooLong { len, max: entry::MAX_BODY_LEN });
        }
        let entry_len = entry::entry_len(input);
        if self.dropping || self.payload_len() + entry_len > MAX_PAYLOAD_LEN {
            self.make_room(at)?;
        }
        if self.payload_len() == 0 {
            self.block_at = at;
        }
        self.unsynced = Some(self.unsynced.map_or(at, |oldest| oldest.min(at)));
        entry::encode(input, &mut self.buffer);
        self.totals.input_count += 1;
        if let Input::Bytes { bytes, .. } = input {
            self.totals.device_byte_count += bytes.len() as u64;
        }
        self.keep_up(at)
    }

    /// Writes and syncs what is due. Call it at least every 250 ms, also when nothing arrives.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record); nothing is lost.
    pub fn tick(&mut self, now: HostTime) -> Result<(), WriteError> {
        self.keep_up(now)
    }

    /// Writes and syncs everything at once, also right after a refusal: for "try again".
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record); nothing is lost.
    pub fn flush(&mut self, now: HostTime) -> Result<(), WriteError> {
        self.write_open(now)?;
        self.sync(now)
    }

    /// Leaves out `count` block numbers, so that a reader finds a hole here: for a journal that is written
    /// from one that has it.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record); nothing is lost, and no number is left out.
    pub fn leave_out(&mut self, count: u32, now: HostTime) -> Result<(), WriteError> {
        if count > 0 {
            self.write_open(now)?;
            self.sequence = self.sequence.saturating_add(count);
        }
        Ok(())
    }

    /// Writes what is open and the end block, and syncs.
    ///
    /// # Errors
    ///
    /// What the disk says. All whole blocks stay; a reader will say that the recording was not
    /// closed. To try again before giving up, call [`flush`](Self::flush) first.
    pub fn close(mut self, at: HostTime) -> Result<Totals, WriteError> {
        self.write_open(at)?;
        self.totals.closed_at = at;
        self.totals.encode(&mut self.buffer);
        let written = self.write_block(block::kind::END, at);
        // Also when it was refused: nothing is left for `drop` to write.
        self.clear();
        written?;
        self.storage.sync().map_err(|source| WriteError::Sync { source })?;
        Ok(self.totals)
    }

    /// What was taken so far. `closed_at` is zero.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Bytes handed to the storage: file start and whole blocks.
    #[must_use]
    pub fn written_len(&self) -> u64 {
        self.whole_len
    }

    /// Bytes of inputs that are only in memory; beyond a mebibyte, inputs are dropped.
    #[must_use]
    pub fn held_len(&self) -> usize {
        self.payload_len()
    }

    fn payload_len(&self) -> usize {
        self.buffer.len().saturating_sub(HEADER_LEN)
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.buffer.resize(HEADER_LEN, 0);
    }

    fn make_room(&mut self, at: HostTime) -> Result<(), WriteError> {
        if !self.is_waiting(at) && self.write_open(at).is_ok() {
            return Ok(());
        }
        // From now on nothing is taken until the block is out, not even what would fit: the hole is
        // then in one place.
        self.dropping = true;
        self.totals.dropped_input_count += 1;
        Err(WriteError::Dropped { count: self.totals.dropped_input_count })
    }

    /// Whether the disk refused a moment ago. Asking at every input would stall the caller.
    fn is_waiting(&self, now: HostTime) -> bool {
        self.refused_at.is_some_and(|then| then <= now && now.saturating_since(then) < WRITE_AFTER)
    }

    fn keep_up(&mut self, now: HostTime) -> Result<(), WriteError> {
        if self.is_waiting(now) {
            return Ok(());
        }
        // Host time that runs backwards would otherwise postpone the next write for ever.
        self.block_at = self.block_at.min(now);
        self.unsynced = self.unsynced.map(|oldest| oldest.min(now));
        let sync_due =
            self.unsynced.is_some_and(|oldest| now.saturating_since(oldest) >= SYNC_AFTER);
        let write_due = self.payload_len() >= BLOCK_LEN
            || (self.payload_len() > 0 && now.saturating_since(self.block_at) >= WRITE_AFTER);
        if write_due || sync_due {
            self.write_open(now)?;
        }
        if sync_due {
            self.sync(now)?;
        }
        Ok(())
    }

    fn write_open(&mut self, now: HostTime) -> Result<(), WriteError> {
        if self.payload_len() > 0 {
            let written = self.write_block(block::kind::DATA, self.block_at);
            self.refused_at = written.is_err().then_some(now);
            written?;
            self.totals.block_count += 1;
        }
        if self.dropping {
            self.sequence += 1;
            self.dropping = false;
        }
        Ok(())
    }

    fn sync(&mut self, now: HostTime) -> Result<(), WriteError> {
        if self.unsynced.is_some() {
            let synced = self.storage.sync();
            self.refused_at = synced.is_err().then_some(now);
            synced.map_err(|source| WriteError::Sync { source })?;
            self.unsynced = None;
        }
        Ok(())
    }

    /// Writes the buffer as one block and empties it; keeps it if the disk refuses.
    fn write_block(&mut self, kind: u8, at: HostTime) -> Result<(), WriteError> {
        let payload_len = self.payload_len();
        self.cut_torn();
        let header = BlockHeader {
            format: FORMAT_VERSION,
            kind,
            sequence: self.sequence,
            recording: self.recording,
            at,
            payload_len: 0,
        };
        let mut buffer = core::mem::take(&mut self.buffer);
        block::seal(&mut buffer, header);
        let written = self.put(&buffer);
        buffer.truncate(HEADER_LEN + payload_len);
        self.buffer = buffer;
        written?;
        self.sequence += 1;
        self.clear();
        Ok(())
    }

    /// Writes all of `bytes`, or cuts the storage back to its last whole block.
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        match self.storage.write_all(bytes) {
            Ok(()) => {
                if matches!(self.tail, Tail::Torn) {
                    self.tail = Tail::Unknown;
                }
                self.whole_len += bytes.len() as u64;
                Ok(())
            }
            Err(source) => {
                if matches!(self.tail, Tail::Clean) {
                    self.tail = Tail::Torn;
                }
                self.cut_torn();
                Err(WriteError::Refused { held_len: self.payload_len(), source })
            }
        }
    }

    /// Tries to cut off part of a block. If that fails too, a reader will pass over the part.
    fn cut_torn(&mut self) {
        if matches!(self.tail, Tail::Torn) && self.storage.truncate(self.whole_len).is_ok() {
            self.tail = Tail::Clean;
        }
    }
}

/// What stands after the last whole block.
#[derive(Clone, Copy, Debug)]
enum Tail {
    /// Nothing.
    Clean,
    /// Part of a block.
    Torn,
    /// Part of a block could not be cut off and whole ones follow it: how far the file reaches is no
    /// longer certain, so nothing is ever cut again.
    Unknown,
}

impl<S: Storage> Drop for Writer<S> {
    fn drop(&mut self) {
        // Without a header the open block holds its text, not inputs.
        if self.sequence > 0 {
            let _ = self.write_open(self.block_at);
        }
    }
}

/// Why a recording could not be begun or continued.
#[derive(Debug, Error)]
pub enum WriteError {
    /// There is a file of that name. Choose another.
    #[error("{} exists, and a recording is never overwritten: choose another name", path.display())]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// The file could not be made. Choose another folder or disk.
    #[error("cannot begin a recording in {}", path.display())]
    Create {
        /// The name.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk refused a block: full, or gone. Nothing is lost yet; free some space and go on.
    #[error("disk refused a block, {held_len} bytes are kept in memory")]
    Refused {
        /// Bytes of inputs that are only in memory.
        held_len: usize,
        /// What the system says.
        source: io::Error,
    },
    /// The disk would not say that the data is safe. What was written since it last did may be gone
    /// after a loss of power, even if the next attempt succeeds. Copy the recording elsewhere.
    #[error("disk does not confirm that the recording is safe")]
    Sync {
        /// What the system says.
        source: io::Error,
    },
    /// Memory for what the disk refuses is full: this input is lost, and the recording will show
    /// where.
    #[error("disk refuses and memory is full: {count} inputs were dropped")]
    Dropped {
        /// Inputs dropped since the start of the recording.
        count: u64,
    },
    /// One input, or the header, is longer than a block holds. Nothing was written of it; hand it
    /// over in parts.
    #[error("{len} bytes at once, but a block holds {max}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// Longest possible length.
        max: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::{Disk, header};

    #[test]
    fn the_buffer_is_allocated_once() {
        let disk = Disk::default();
        let mut writer = Writer::start(disk.clone(), &header()).expect("room");
        let buffer = (writer.buffer.as_ptr(), writer.buffer.capacity());
        let bytes = [7; 100];
        for index in 0..20_000 {
            // For a while the disk is full, and the block grows to its limit.
            let capacity = if (5_000..18_000).contains(&index) { 0 } else { usize::MAX };
            disk.change(|disk| disk.capacity = capacity);
            let at = HostTime::from_nanos(index * 1_000_000);
            let _ = writer.record(&Input::Bytes { at, bytes: &bytes });
            assert_eq!((writer.buffer.as_ptr(), writer.buffer.capacity()), buffer);
        }
        assert!(writer.totals().dropped_input_count > 1000, "the limit was reached");
        assert!(writer.held_len() < BLOCK_LEN, "and left again");
    }
}
