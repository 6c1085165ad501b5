//! Signals from EDF and BDF files, with and without the plus, as amplifiers and archives hold them.
//!
//! [`EdfFile::open`] reads the header; [`EdfFile::read_record`] gives one data record after the other,
//! and [`EdfFile::read`] the samples of chosen signals as blocks of scans. Memory is that of the
//! header and of some data records, whatever the length of the file. Any [`Read`] will do for a
//! source, so that a hash can be taken of the bytes as they pass.
//!
//! ```
//! use levator_record::edf::{EdfFile, EdfOptions, Item};
//!
//! # fn field(text: &str, len: usize) -> String { format!("{text:len$}") }
//! # let mut bytes: Vec<u8> = [("0", 8), ("X X X X", 80), ("Startdate X X X X", 80),
//! #     ("01.01.26", 8), ("00.00.00", 8), ("512", 8), ("", 44), ("1", 8), ("1", 8), ("1", 4),
//! #     ("EMG", 16), ("", 80), ("uV", 8), ("-100", 8), ("100", 8), ("-1000", 8), ("1000", 8),
//! #     ("", 80), ("3", 8), ("", 32)]
//! #     .into_iter().flat_map(|(text, len)| field(text, len).into_bytes()).collect();
//! # bytes.extend([1_i16, -2, 1000].into_iter().flat_map(i16::to_le_bytes));
//! // Here from memory; `EdfFile::open` takes a path.
//! let mut file = EdfFile::from_read(&bytes[..])?;
//! let signal = &file.header().signals[0];
//! assert_eq!((signal.label.as_str(), signal.samples_per_record), ("EMG", 3));
//!
//! let selection = file.header().select(&EdfOptions::default())?;
//! let calibration = selection.streams[0].info.calibrations[0];
//! let mut values = Vec::new();
//! file.read(&selection, &mut |item| {
//!     if let Item::Scans(scans) = item {
//!         values.extend(scans.codes.iter().map(|&code| calibration.apply(code)));
//!     }
//! })?;
//! assert_eq!(values, [0.1, -0.2, 100.0]);
//! # Ok::<(), levator_record::edf::EdfError>(())
//! ```
//!
//! # What is understood
//!
//! EDF and BDF (16 and 24 bits), EDF+ and BDF+, continuous and discontinuous; signals at different
//! rates; data records of any duration, also of zero if there are only annotations. Whatever keeps
//! samples from being found is an error with the byte it stands at; whatever can be passed over is a
//! [`Deviation`].
//!
//! # Time
//!
//! Indices count from the first sample. In a discontinuous file, a data record that begins later than
//! the last one ends by more than a sample is a gap, a jump of [`Scans::first`]. So are samples of which a
//! file of ours says that they only fill up a data record ([`write::HELD`]); of [`Record`] they are part.
//! Onsets of annotations
//! are seconds from the first sample, as a start between two whole seconds is that of the samples too.
//!
//! # Limits
//!
//! No data record above [`MAX_RECORD_LEN`] bytes, no more than [`MAX_SIGNALS`] signals. Values are not
//! converted to other units. What the header says about the person is kept apart and never printed.

mod annotations;
mod error;
mod field;
mod header;
pub(crate) mod names;

mod convert;
mod held;
mod place;
mod streams;

pub mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use levator_decode::Scans;

use annotations::{GAP, HELD};
use held::Held;
use place::{Follows, Placer};
use streams::Block;

pub use annotations::{Annotation, Annotations};
pub use error::{Deviation, EdfError};
pub use header::{Continuity, Header, MAX_SIGNALS, Signal, StartTime, is_edf};
pub use streams::{EdfOptions, Selection, Stream};

/// Longest data record that is read, in bytes: what EDFlib reads at most, 250 times what the
/// specification recommends. It bounds the memory of the import.
pub const MAX_RECORD_LEN: usize = 15 << 20;

/// Bytes that are read at a time, where data records are shorter. Our choice: in the second cache,
/// and long enough that calls into the system cost nothing.
const BUFFER_LEN: usize = 256 << 10;

/// How many bits a sample has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// European data format: 16 bits.
    Edf,
    /// BioSemi data format: 24 bits.
    Bdf,
}

impl Variant {
    /// Bytes of a sample.
    #[must_use]
    pub const fn sample_len(self) -> usize {
        match self {
            Self::Edf => 2,
            Self::Bdf => 3,
        }
    }

    /// Smallest and largest code.
    #[must_use]
    pub const fn code_range(self) -> (i32, i32) {
        match self {
            Self::Edf => (-0x8000, 0x7fff),
            Self::Bdf => (-0x80_0000, 0x7f_ffff),
        }
    }
}

/// What [`EdfFile::read`] hands on.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// Codes of one stream.
    Scans(Scans<'a>),
    /// A text and its time. It may come long before or after the samples it belongs to.
    Annotation(Annotation<'a>),
}

/// A file whose header was read.
#[derive(Debug)]
pub struct EdfFile<R = File> {
    source: R,
    header: Header,
    /// Whole data records.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Data records that were handed out.
    record_count: u64,
    tally: Tally,
}

/// One data record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its number, counted from zero.
    pub index: u64,
    header: &'a Header,
    bytes: &'a [u8],
}

impl EdfFile {
    /// Reads the header of the file at `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no EDF or BDF file; [`EdfError`] says what to do.
    pub fn open(path: &Path) -> Result<Self, EdfError> {
        Self::from_read(File::open(path).map_err(|error| EdfError::io(error, 0))?)
    }
}

impl<R: Read> EdfFile<R> {
    /// Reads the header from `source`. It is read in large pieces and needs no buffer of its own.
    ///
    /// # Errors
    ///
    /// As [`EdfFile::open`].
    pub fn from_read(mut source: R) -> Result<Self, EdfError> {
        let mut bytes = vec![0; header::FIXED_LEN];
        let len = read_full(&mut source, &mut bytes).map_err(|error| EdfError::io(error, 0))?;
        let fixed = header::fixed(&bytes[..len])?;
        bytes.resize(header::FIXED_LEN * (1 + fixed.signal_count), 0);
        let rest = read_full(&mut source, &mut bytes[len..])
            .map_err(|error| EdfError::io(error, len as u64))?;
        if len + rest < bytes.len() {
            return Err(EdfError::HeaderCut { expected: bytes.len(), actual: len + rest });
        }
        let header = header::parse(&bytes, &fixed)?;
        let records = (BUFFER_LEN / header.record_len.max(1)).max(1);
        Ok(Self {
            source,
            buffer: vec![0; records * header.record_len].into_boxed_slice(),
            start: 0,
            end: 0,
            // Without a sample and an annotation, no byte means anything.
            at_end: header.record_len == 0,
            header,
            record_count: 0,
            tally: Tally::default(),
        })
    }

    /// What the header says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whole data records that were read so far.
    #[must_use]
    pub fn record_count(&self) -> u64 {
        self.record_count
    }

    /// Gives the source back, with all that was not read yet.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// The next data record, or `None` after the last whole one. How many there are is decided by the
    /// file, not by its header.
    ///
    /// # Errors
    ///
    /// If the file cannot be read on.
    pub fn read_record(&mut self) -> Result<Option<Record<'_>>, EdfError> {
        if !self.advance()? {
            return Ok(None);
        }
        let bytes = &self.buffer[self.start - self.header.record_len..self.start];
        Ok(Some(Record { index: self.record_count - 1, header: &self.header, bytes }))
    }

    /// Steps to the next data record, which then ends at `start`.
    fn advance(&mut self) -> Result<bool, EdfError> {
        let len = self.header.record_len;
        // Records without a byte would never end.
        if len == 0 || self.end - self.start < len {
            if self.at_end {
                return Ok(false);
            }
            // The buffer holds whole data records, so that nothing is left in it before the end.
            let offset = self.header.header_len as u64 + self.record_count * len as u64;
            let count = read_full(&mut self.source, &mut self.buffer)
                .map_err(|error| EdfError::io(error, offset))?;
            (self.start, self.end) = (0, count);
            self.at_end = count < self.buffer.len();
            if count < len {
                return Ok(false);
            }
        }
        self.start += len;
        self.record_count += 1;
        Ok(true)
    }

    /// Hands on all samples of `selection` as codes, in blocks of at most 64 KiB, and all annotations.
    /// Indices count from the first sample; a gap is a jump of [`Scans::first`].
    ///
    /// # Errors
    ///
    /// If the file cannot be read on. What was handed on stands.
    pub fn read(
        &mut self,
        selection: &Selection,
        sink: &mut impl FnMut(Item<'_>),
    ) -> Result<(), EdfError> {
        let mut places: Vec<(Placer, Block)> = selection
            .streams
            .iter()
            .map(|stream| {
                let len = self.header.signals[stream.signals[0]].samples_per_record;
                (Placer::new(stream.info.rate.hz(), len), Block::new(stream))
            })
            .collect();
        let mut tally = Tally::default();
        let mut held = Held::default();
        let mut first_onset = None;
        let result = loop {
            let record = match self.read_record() {
                Ok(Some(record)) => record,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let onset_s = record.onset_s();
            let start_s = *first_onset.get_or_insert(onset_s.unwrap_or(0.0));
            let placing = tally.placing(&record, onset_s, start_s);
            let mut worst = Follows::Adjacent;
            held.look(&record, onset_s);
            for (stream, (placer, block)) in selection.streams.iter().zip(&mut places) {
                let (first, follows) = placer.place(placing);
                let len = record.header.signals[stream.signals[0]].samples_per_record;
                held.kept(len, record.header.record_duration_s, |kept| {
                    let first = first.saturating_add(kept.start as u64);
                    block.add(record.header, stream, record.bytes, kept, first, &mut |scans| {
                        sink(Item::Scans(scans));
                    });
                });
                if matches!(follows, Follows::Overlap | Follows::Restart) {
                    worst = follows;
                }
            }
            tally.overlapping_count += u64::from(worst == Follows::Overlap);
            tally.restart_count += u64::from(worst == Follows::Restart);
            for entry in record.annotations() {
                match entry {
                    Some(annotation) if annotation.text.is_empty() => {}
                    // Told by the indices.
                    Some(annotation) if [HELD, GAP].contains(&annotation.text.as_ref()) => {}
                    Some(annotation) => {
                        let onset_s = annotation.onset_s - start_s;
                        sink(Item::Annotation(Annotation { onset_s, ..annotation }));
                    }
                    None => tally.unread_count += 1,
                }
            }
        };
        for (_, block) in &mut places {
            block.flush(&mut |scans| sink(Item::Scans(scans)));
        }
        self.tally = tally;
        result
    }

    /// Where the file is not as the specification wants it: what the header shows and, after the last
    /// data record, what the rest showed. What concerns times and annotations is noticed by
    /// [`Self::read`] only.
    #[must_use]
    pub fn deviations(&self) -> Vec<Deviation> {
        let mut all = self.header.deviations.clone();
        if self.at_end && self.end - self.start < self.header.record_len.max(1) {
            let found = self.record_count;
            match self.header.record_count {
                Some(stated) if stated != found && self.header.record_len > 0 => {
                    all.push(Deviation::RecordCount { stated, found });
                }
                Some(_) => {}
                None => all.push(Deviation::RecordCountOpen),
            }
            if self.end > self.start {
                all.push(Deviation::RecordCut { byte_count: (self.end - self.start) as u64 });
            }
        }
        let tally = &self.tally;
        for (count, deviation) in [
            (tally.unread_count, Deviation::Annotations { count: tally.unread_count }),
            (tally.untimed_count, Deviation::Untimed { count: tally.untimed_count }),
            (tally.overlapping_count, Deviation::Overlapping { count: tally.overlapping_count }),
            (tally.restart_count, Deviation::Restarted { count: tally.restart_count }),
            (tally.apart_count, Deviation::Apart { count: tally.apart_count }),
        ] {
            if count > 0 {
                all.push(deviation);
            }
        }
        all
    }
}

impl<'a> Record<'a> {
    /// Seconds from the start time of the file to this record, as it states itself. `None` in plain
    /// files, and where it cannot be read.
    #[must_use]
    pub fn onset_s(&self) -> Option<f64> {
        let first = self.header.annotations.first()?;
        let entry = Annotations::new(&self.bytes[first.clone()]).next()??;
        Some(entry.onset_s)
    }

    /// All annotations of the record, the one by which it states its time among them. Onsets are as the
    /// file prints them: seconds from its start time.
    pub fn annotations(&self) -> impl Iterator<Item = Option<Annotation<'a>>> + use<'a> {
        let bytes = self.bytes;
        self.header
            .annotations
            .iter()
            .flat_map(move |range| Annotations::new(&bytes[range.clone()]))
    }

    /// Appends the codes of signal `position` to `out`; nothing if there is no such signal.
    pub fn codes_into(&self, position: usize, out: &mut Vec<f64>) {
        if let Some(signal) = self.header.signals.get(position) {
            convert::codes(self.header.variant, &self.bytes[signal.bytes.clone()], out);
        }
    }

    /// Appends the values of signal `position`, in its unit, to `out`; nothing if there is no such
    /// signal. The bits are those that EDFlib and edfio compute.
    pub fn values_into(&self, position: usize, out: &mut Vec<f64>) {
        if let Some(signal) = self.header.signals.get(position) {
            let bytes = &self.bytes[signal.bytes.clone()];
            convert::values(self.header.variant, bytes, signal.calibration, out);
        }
    }
}

/// What was odd about data records.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    unread_count: u64,
    untimed_count: u64,
    overlapping_count: u64,
    restart_count: u64,
    apart_count: u64,
}

impl Tally {
    /// The time that places `record`, if times count in this file.
    fn placing(&mut self, record: &Record<'_>, onset_s: Option<f64>, start_s: f64) -> Option<f64> {
        match record.header.continuity {
            Continuity::Plain => None,
            Continuity::Continuous => {
                let duration_s = record.header.record_duration_s;
                let expected_s = start_s + record.index as f64 * duration_s;
                // Half a record is far beyond any rounding of times.
                let is_apart = |onset_s: f64| (onset_s - expected_s).abs() > 0.5 * duration_s;
                self.apart_count += u64::from(duration_s > 0.0 && onset_s.is_some_and(is_apart));
                None
            }
            Continuity::Discontinuous => {
                self.untimed_count += u64::from(onset_s.is_none());
                onset_s
            }
        }
    }
}

/// Fills `buffer` as far as the source has bytes.
fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match source.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}
