//! Smallest and largest value of every piece of a visit and of its envelope, so that hours are drawn at once.
//!
//! ```text
//! level 0    | 40 ms | 40 ms | 40 ms | 40 ms | ...      a bucket: samples, least, most, of the envelope, too
//! level 1    |            160 ms             | ...      four of them
//! level 2    |            640 ms ...                    four of those, and so on
//! ```
//!
//! A question about any stretch is answered from the finest level that needs no more buckets than are
//! wanted: some pieces of 256 buckets, whatever the length of the visit. The file lies beside the journal
//! and says of which one it is. It may be deleted: [`Overview::open_or_make`] makes it again.
//! `docs/recording-format.md`, clause 10, describes it.

mod build;
mod format;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use levator_engine::{ConfigError, Engine, Output};
use levator_signal::{HostTime, SampleRate, SignalKind, Unit};
use thiserror::Error;

use super::{JOURNAL, OVERVIEW};
use crate::{Item, OpenError, Reader};

pub(crate) use build::{Builder, Built};
use format::{CHUNK_LEN, Entry, Identity, LEVEL_COUNT};

/// Most buckets of the coarsest level that a question is answered with, where fewer were wanted: a thousand
/// years of them.
const MOST_BUCKETS: u64 = 1 << 18;

/// The overview of one visit.
#[derive(Debug)]
pub struct Overview<F = File> {
    file: F,
    streams: Vec<OverviewStream>,
    /// In the order of stream, level, and place.
    entries: Vec<Entry>,
}

/// A stream of the visit.
#[derive(Clone, Debug, PartialEq)]
pub struct OverviewStream {
    /// Its number on the device.
    pub stream: u8,
    /// What is measured.
    pub kind: SignalKind,
    /// Unit of all values.
    pub unit: Unit,
    /// Rate of each channel.
    pub rate: SampleRate,
    /// Name of each channel.
    pub labels: Vec<String>,
    /// From the first sample to one past the last.
    pub samples: Range<u64>,
    /// Samples of a bucket of the finest level.
    pub bucket_len: u64,
}

/// Part of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Index of the first sample of the first bucket.
    pub first: u64,
    /// Samples of a bucket, if none is missing.
    pub bucket_len: u64,
    /// One after the other, without a hole.
    pub buckets: Vec<Bucket>,
}

/// A piece of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Samples that are there; the others of [`View::bucket_len`] are missing, or lie beyond the visit.
    pub count: u64,
    /// Smallest and largest value, to the digits of an `f32`; `None` if no sample is a number.
    pub extremes: Option<(f32, f32)>,
    /// Smallest and largest value of the envelope there, as the engine had it when the overview was made. It
    /// follows the signal by the delay of filter and window. `None` where the channel has none.
    pub envelope: Option<(f32, f32)>,
}

impl Overview {
    /// Opens the overview in `folder`.
    ///
    /// # Errors
    ///
    /// [`OverviewError::Missing`], [`OverviewError::Stale`] and [`OverviewError::Damaged`]: make it again.
    /// Otherwise what the system says.
    pub fn open(folder: &Path) -> Result<Self, OverviewError> {
        let mut file = File::open(folder.join(OVERVIEW)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OverviewError::Missing,
            _ => OverviewError::Io(error),
        })?;
        let (identity, streams, entries) = format::read_index(&mut file)?;
        if identity != Identity::of(&folder.join(JOURNAL))? {
            return Err(OverviewError::Stale);
        }
        Ok(Self { file, streams, entries })
    }

    /// Opens the overview in `folder`, or makes it from the journal. `progress` is told the bytes of the
    /// journal that were read.
    ///
    /// # Errors
    ///
    /// If the journal cannot be read, or the disk refuses.
    pub fn open_or_make(
        folder: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, OverviewError> {
        match Self::open(folder) {
            Err(OverviewError::Missing | OverviewError::Stale | OverviewError::Damaged { .. }) => {
                Self::make(folder, progress)?;
                Self::open(folder)
            }
            other => other,
        }
    }

    /// Makes it from the journal in `folder`, in place of one that is there.
    ///
    /// # Errors
    ///
    /// As [`Overview::open_or_make`].
    pub fn make(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), OverviewError> {
        let mut reader = Reader::open(&folder.join(JOURNAL))?;
        let mut engine = Engine::without_measures(&reader.config())?;
        let mut builder = Builder::new(folder)?;
        let mut last = HostTime::ZERO;
        loop {
            progress(reader.position());
            match reader.next() {
                Some(Item::Input(input)) => {
                    last = input.at();
                    engine.handle(input, &mut |output: Output<'_>| builder.take(&output));
                    builder.keep_up();
                }
                Some(Item::Damage(_) | Item::End(_)) => {}
                None => break,
            }
        }
        engine.finish(last, &mut |output: Output<'_>| builder.take(&output));
        Ok(builder.finish()?.put_in_place()?)
    }
}

impl<F: Read + Seek> Overview<F> {
    /// Whatever journal it belongs to, if any.
    ///
    /// # Errors
    ///
    /// [`OverviewError::Damaged`]; what the system says.
    pub fn from_seek(mut file: F) -> Result<Self, OverviewError> {
        let (_, streams, entries) = format::read_index(&mut file)?;
        Ok(Self { file, streams, entries })
    }

    /// Streams that gave samples, in that order.
    #[must_use]
    pub fn streams(&self) -> &[OverviewStream] {
        &self.streams
    }

    /// The samples `span` of a channel in at most `most` buckets, but at least in one; `stream` counts in
    /// [`Overview::streams`]. What lies beyond the stream is left out.
    ///
    /// # Errors
    ///
    /// [`OverviewError::NoSuchChannel`]; [`OverviewError::Damaged`]: make it again.
    pub fn view(
        &mut self,
        stream: usize,
        channel: usize,
        span: Range<u64>,
        most: usize,
    ) -> Result<View, OverviewError> {
        let about = self.streams.get(stream).filter(|about| channel < about.labels.len());
        let about = about.ok_or(OverviewError::NoSuchChannel)?;
        let channel_count = about.labels.len();
        let start = span.start.max(about.samples.start);
        let end = span.end.min(about.samples.end);
        if start >= end {
            return Ok(View { first: start, bucket_len: about.bucket_len, buckets: Vec::new() });
        }
        let places = |level: u8| {
            let len = about.bucket_len << (2 * level);
            start / len..end.div_ceil(len)
        };
        let fits = |level: &u8| {
            let places = places(*level);
            places.end - places.start <= most as u64
        };
        let level = (0..LEVEL_COUNT).find(fits).unwrap_or(LEVEL_COUNT - 1);
        let (places, bucket_len) = (places(level), about.bucket_len << (2 * level));
        if places.end - places.start > MOST_BUCKETS.max(most as u64) {
            // No visit lasts that long: what the file says of its samples is wrong.
            return Err(OverviewError::Damaged { offset: 0 });
        }
        let none = Bucket { count: 0, extremes: None, envelope: None };
        let mut buckets = vec![none; (places.end - places.start) as usize];
        let key = |entry: &Entry| (usize::from(entry.stream), entry.level, entry.first);
        // The chunk that holds the first bucket may begin before it.
        let from = places.start / CHUNK_LEN as u64 * CHUNK_LEN as u64;
        let begin = self.entries.partition_point(|entry| key(entry) < (stream, level, from));
        let chunks = self.entries[begin..]
            .iter()
            .take_while(|entry| key(entry) < (stream, level, places.end));
        for entry in chunks {
            let chunk = format::read_channel(&mut self.file, entry, channel, channel_count)?;
            for (at, bucket) in (0..).zip(chunk) {
                let place = entry.first.checked_add(at).filter(|place| places.contains(place));
                if let Some(place) = place {
                    buckets[(place - places.start) as usize] = bucket;
                }
            }
        }
        Ok(View { first: places.start * bucket_len, bucket_len, buckets })
    }
}

/// Why there is no overview.
#[derive(Debug, Error)]
pub enum OverviewError {
    /// There is no file.
    #[error("there is no overview")]
    Missing,
    /// It is that of another journal, or the journal has grown.
    #[error("the overview is that of another journal")]
    Stale,
    /// It is not as it was written, or was not written to its end.
    #[error("the overview is damaged at byte {offset}")]
    Damaged {
        /// Where.
        offset: u64,
    },
    /// A stream or channel that the visit does not have.
    #[error("the visit has no such stream or channel")]
    NoSuchChannel,
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The settings of the journal are none.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The disk.
    #[error("the overview cannot be read or written")]
    Io(#[from] io::Error),
}

impl Identity {
    /// Of the journal at `path`: what its first block says of it, how long it is, and its last bytes. A
    /// byte that was flipped in between is found by `verify`, not here.
    fn of(path: &Path) -> Result<Self, OverviewError> {
        let recording = Reader::open(path)?.recording().unwrap_or(0);
        let mut file = File::open(path)?;
        let len = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(len.saturating_sub(64)))?;
        let mut tail = Vec::new();
        file.take(64).read_to_end(&mut tail)?;
        Ok(Self { recording, len, tail: crc32fast::hash(&tail) })
    }
}
