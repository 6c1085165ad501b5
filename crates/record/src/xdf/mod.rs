//! Signals and marks from XDF files, which LabRecorder writes from streams of the Lab Streaming Layer.
//!
//! [`XdfFile::open`] reads the file twice: for its streams and clock offsets, then for its time stamps.
//! [`XdfFile::read`] hands on samples and marks. Memory grows with the number of clock offsets (one in
//! five seconds) and of segments, not with the samples.
//!
//! ```
//! use std::io::Cursor;
//!
//! use levator_record::xdf::write::{XdfWriter, StreamSpec};
//! use levator_record::xdf::{Item, XdfFile, XdfOptions};
//!
//! let mut writer = XdfWriter::create(Vec::new())?;
//! let stream = writer.stream(&StreamSpec::signal("probe", "EMG", 100.0, &[("EMG", "uV")]))?;
//! writer.samples(stream, Some(7.0), &[1.0, 2.0, 3.0])?;
//! let marks = writer.stream(&StreamSpec::marks("marks"))?;
//! writer.mark(marks, 7.01, "squeeze")?;
//! let bytes = writer.finish()?;
//!
//! let mut file = XdfFile::from_seek(Cursor::new(bytes))?;
//! let selection = file.select(&XdfOptions::default())?;
//! let mut values = Vec::new();
//! file.read(&selection, &mut |item| match item {
//!     Item::Scans(scans) => values.extend_from_slice(scans.codes),
//!     Item::Annotation(mark) => assert!((mark.onset_s - 0.01).abs() < 1e-9),
//! })?;
//! assert_eq!(values, [1.0, 2.0, 3.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Time
//!
//! Stamps are moved to the clock of the recorder by the measured offsets, of which a robust line is drawn
//! between resets of a clock. Then a line through each stretch without a break takes their jitter away. A
//! step of more than a second and five samples is a break; between two stretches lies a gap of the length
//! the lines say, a jump of the index. Index zero is the first sample of the streams that were chosen.
//! The nominal rate counts unless the stamps say another by more than 0.5 %. Marks keep their place
//! between samples of the first stream that was chosen.
//!
//! # Damage
//!
//! XDF has no checksums: a flipped byte in a value is not seen. Where lengths do not fit, what lies up to
//! the next boundary chunk is left out, and [`Deviation`] names the byte.
//!
//! # Limits
//!
//! `.xdfz` has to be unpacked first. Numbers that come at no fixed rate are read if they are marks.

mod chunk;
mod clock;
mod error;
mod samples;
mod segments;
mod streams;
mod xml;

pub mod write;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use levator_decode::Scans;
use levator_signal::{Quality, SampleIndex};

use chunk::{Chunk, Chunks, Tag};
use clock::Correction;
use samples::Samples;
use segments::Segments;

pub use crate::edf::Annotation;
pub use error::{Deviation, XdfError};
pub use samples::Format;
pub use segments::Segment;
pub use streams::{Selection, Stream, XdfChannel, XdfOptions, XdfStream};

/// Most streams of a file. Our choice: a laboratory has a dozen.
pub const MAX_STREAMS_IN_FILE: usize = 1024;

/// Most clock offsets that are kept of a stream: at one in five seconds, two months.
const MAX_OFFSETS: usize = 1 << 20;

/// Values in a block: 64 KiB of doubles.
const BLOCK_VALUES: usize = 8192;

/// Whether `start`, the first bytes of a file, are those of XDF.
#[must_use]
pub fn is_xdf(start: &[u8]) -> bool {
    start.starts_with(&chunk::MAGIC)
}

/// What [`XdfFile::read`] hands on.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// Values of one stream.
    Scans(Scans<'a>),
    /// A mark, in seconds from index zero.
    Annotation(Annotation<'a>),
}

/// A file whose streams and times are known.
#[derive(Debug)]
pub struct XdfFile<R = File> {
    chunks: Chunks<R>,
    streams: Vec<XdfStream>,
    samples: Vec<Samples>,
    corrections: Vec<Correction>,
    deviations: Vec<Deviation>,
    rounded_count: u64,
}

impl XdfFile {
    /// Learns the streams of the file at `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no XDF file; [`XdfError`] says what to do.
    pub fn open(path: &Path) -> Result<Self, XdfError> {
        if path.is_dir() {
            return Err(XdfError::IsDirectory);
        }
        Self::from_seek(File::open(path).map_err(|error| XdfError::io(error, 0))?)
    }
}

impl<R: Read + Seek> XdfFile<R> {
    /// Learns the streams of `source`, which is read from its beginning.
    ///
    /// # Errors
    ///
    /// As [`XdfFile::open`].
    pub fn from_seek(source: R) -> Result<Self, XdfError> {
        let mut file = Self {
            chunks: Chunks::new(source)?,
            streams: Vec::new(),
            samples: Vec::new(),
            corrections: Vec::new(),
            deviations: Vec::new(),
            rounded_count: 0,
        };
        file.learn_streams()?;
        file.learn_times()?;
        Ok(file)
    }

    /// The streams of the file, in their order.
    #[must_use]
    pub fn streams(&self) -> &[XdfStream] {
        &self.streams
    }

    /// What could not be read, or was read otherwise than it is written.
    #[must_use]
    pub fn deviations(&self) -> Vec<Deviation> {
        let mut all = self.deviations.clone();
        if self.rounded_count > 0 {
            all.push(Deviation::Rounded { count: self.rounded_count });
        }
        all
    }

    /// The streams that `options` ask for.
    ///
    /// # Errors
    ///
    /// If there is no such channel, or none at all; [`XdfError`] says what to do.
    pub fn select(&self, options: &XdfOptions) -> Result<Selection, XdfError> {
        streams::select(&self.streams, options)
    }

    /// Gives the source back.
    pub fn into_inner(self) -> R {
        self.chunks.into_inner()
    }

    /// Descriptions, clock offsets and ends of streams.
    fn learn_streams(&mut self) -> Result<(), XdfError> {
        let mut undescribed: Option<(u64, u64)> = None;
        while let Some(chunk) = self.chunks.next()? {
            let known = self.streams.iter().position(|stream| stream.id == chunk.stream);
            match (chunk.tag, known) {
                (Tag::FileHeader | Tag::Boundary, _) => {}
                // A stream that is described again goes on.
                (Tag::StreamHeader, Some(_)) | (Tag::Samples, Some(_)) => {}
                (Tag::StreamHeader, None) => self.describe(&chunk)?,
                (Tag::Samples | Tag::ClockOffset | Tag::StreamFooter, None) => {
                    let (count, _) = undescribed.get_or_insert((0, chunk.start));
                    *count += 1;
                }
                (Tag::ClockOffset, Some(at)) => {
                    let time_s = f64::from_le_bytes(self.chunks.array()?);
                    let value_s = f64::from_le_bytes(self.chunks.array()?);
                    let offsets = &mut self.streams[at].clock_offsets;
                    if time_s.is_finite() && value_s.is_finite() && offsets.len() < MAX_OFFSETS {
                        offsets.push((time_s, value_s));
                    }
                }
                (Tag::StreamFooter, Some(at)) => {
                    let text = self.chunks.text(&chunk)?;
                    self.streams[at].footer_count = xml::text(&text, "sample_count").parse().ok();
                }
            }
        }
        self.deviations.append(&mut self.chunks.damage);
        if let Some((chunk_count, offset)) = undescribed {
            self.deviations.push(Deviation::Undescribed { chunk_count, offset });
        }
        Ok(())
    }

    fn describe(&mut self, chunk: &Chunk) -> Result<(), XdfError> {
        if self.streams.len() == MAX_STREAMS_IN_FILE {
            return Err(XdfError::TooManyStreams { offset: chunk.start });
        }
        let text = self.chunks.text(chunk)?;
        let stream = XdfStream::parse(chunk.stream, &text, chunk.start)?;
        let channel_count = stream.channels.len();
        self.samples.push(Samples::new(stream.format, channel_count, stream.nominal_hz));
        self.streams.push(stream);
        Ok(())
    }

    /// Time stamps: segments and rates.
    fn learn_times(&mut self) -> Result<(), XdfError> {
        let mut damage = self.count_samples()?;
        self.deviations.append(&mut damage);
        let mut tracks: Vec<Option<Segments>> = self
            .streams
            .iter()
            .map(|stream| {
                stream
                    .is_signal()
                    .then(|| Segments::new(stream.nominal_hz, stream.can_drop_samples))
            })
            .collect();
        for stream in &mut self.streams {
            let footer = stream.footer_count.unwrap_or(u64::MAX);
            if stream.sample_count > footer && clock::is_last_stray(&stream.clock_offsets) {
                let sample_count = stream.sample_count - footer;
                stream.clock_offsets.pop();
                stream.sample_count = footer;
                let stream = stream.name.clone();
                self.deviations.push(Deviation::Stray { stream, sample_count });
            }
        }
        self.corrections =
            self.streams.iter().map(|stream| Correction::of(&stream.clock_offsets)).collect();
        let mut corrections = self.corrections.clone();
        self.each_sample(&mut |at, _, sample| {
            if let Some(track) = &mut tracks[at] {
                track.take(corrections[at].step(sample.raw_s));
            }
        })?;
        for (at, track) in tracks.into_iter().enumerate() {
            let stream = &mut self.streams[at];
            if let Some(track) = track {
                stream.segments = track.finish();
                stream.effective_hz = segments::effective_hz(&stream.segments);
            }
            self.deviations.extend(remarks(stream, &self.corrections[at]));
        }
        Ok(())
    }

    /// How many samples there are, and their first and last stamps; gives what is damaged in chunks.
    fn count_samples(&mut self) -> Result<Vec<Deviation>, XdfError> {
        let mut counts: Vec<(u64, Option<(f64, f64)>)> = vec![(0, None); self.streams.len()];
        for stream in &mut self.streams {
            stream.sample_count = u64::MAX;
        }
        let damage = self.each_sample(&mut |at, _, sample| {
            let (count, raw_s) = &mut counts[at];
            *count += 1;
            *raw_s = Some((raw_s.map_or(sample.raw_s, |(first, _)| first), sample.raw_s));
        })?;
        self.rounded_count = self.samples.iter().map(|samples| samples.rounded_count).sum();
        for (stream, (count, raw_s)) in self.streams.iter_mut().zip(counts) {
            (stream.sample_count, stream.raw_s) = (count, raw_s);
        }
        Ok(damage)
    }

    /// Every sample of every stream, with the position of the stream and its own number there; gives what
    /// is damaged inside of chunks.
    fn each_sample(
        &mut self,
        sink: &mut impl FnMut(usize, u64, samples::Sample<'_>),
    ) -> Result<Vec<Deviation>, XdfError> {
        let mut damage = Vec::new();
        let mut numbers = vec![0_u64; self.streams.len()];
        self.samples.iter_mut().for_each(Samples::rewind);
        self.chunks.rewind();
        while let Some(chunk) = self.chunks.next()? {
            if chunk.tag != Tag::Samples {
                continue;
            }
            let known = self.streams.iter().position(|stream| stream.id == chunk.stream);
            let Some(at) = known else { continue };
            let (number, most) = (&mut numbers[at], self.streams[at].sample_count);
            let broken = self.samples[at].read(&mut self.chunks, &chunk, &mut |sample| {
                if *number < most {
                    sink(at, *number, sample);
                }
                *number += 1;
            })?;
            if let Some(offset) = broken.filter(|_| !chunk.is_cut) {
                damage.push(Deviation::Damaged { offset, byte_count: chunk.end - offset });
            }
        }
        Ok(damage)
    }

    /// Hands on all samples of `selection`, in blocks of at most 64 KiB, and all marks of the file, in the
    /// order of the file. Can be called again.
    ///
    /// # Errors
    ///
    /// If the file cannot be read on. What was handed on stands.
    pub fn read(
        &mut self,
        selection: &Selection,
        sink: &mut impl FnMut(Item<'_>),
    ) -> Result<(), XdfError> {
        let mut blocks: Vec<Block> = selection.streams.iter().map(Block::new).collect();
        let mut corrections = self.corrections.clone();
        let streams = self.streams.clone();
        self.each_sample(&mut |at, number, sample| {
            let source = &streams[at];
            if source.is_marks() {
                let time_s = corrections[at].step(sample.raw_s);
                let onset_s = onset_s(selection, &streams, time_s);
                let text = mark(&sample);
                let text = Cow::Borrowed(text.as_str());
                if onset_s.is_finite() && !text.is_empty() {
                    sink(Item::Annotation(Annotation { onset_s, duration_s: None, text }));
                }
            }
            for (stream, block) in selection.streams.iter().zip(&mut blocks) {
                if stream.source == at {
                    block.add(stream, source, number, sample.numbers, &mut |scans| {
                        sink(Item::Scans(scans));
                    });
                }
            }
        })?;
        for block in &mut blocks {
            block.flush(&mut |scans| sink(Item::Scans(scans)));
        }
        Ok(())
    }
}

/// What a person should know of one stream.
fn remarks(stream: &XdfStream, correction: &Correction) -> Vec<Deviation> {
    let mut all = Vec::new();
    let name = || stream.name.clone();
    let is_plain = stream.format != Format::Text && !stream.is_marks();
    if is_plain && stream.nominal_hz <= 0.0 && stream.sample_count > 0 {
        all.push(Deviation::NoRate { stream: name(), sample_count: stream.sample_count });
    }
    let resets = correction.stretch_count().saturating_sub(1) as u64;
    if resets > 0 && stream.sample_count > 0 {
        all.push(Deviation::ClockReset { stream: name(), count: resets });
    }
    if let (true, Some(rate), Some(hz)) = (stream.is_signal(), stream.rate(), stream.effective_hz) {
        if (rate.hz() - stream.nominal_hz).abs() > 1e-9 * stream.nominal_hz {
            let (nominal_hz, effective_hz) = (stream.nominal_hz, hz);
            all.push(Deviation::Rate { stream: name(), nominal_hz, effective_hz });
        }
        let start_s = stream.segments.first().map_or(0.0, |segment| segment.start_s);
        let (_, count) = stream.starts(rate, start_s);
        if count > 0 {
            all.push(Deviation::Seam { stream: name(), count });
        }
    }
    all
}

/// Seconds from index zero on the axis of the first stream that was chosen.
fn onset_s(selection: &Selection, streams: &[XdfStream], time_s: f64) -> f64 {
    match selection.streams.first() {
        Some(first) => {
            let rate = first.info.rate;
            first.index_at(&streams[first.source], rate, time_s) / rate.hz()
        }
        None => time_s - selection.start_s,
    }
}

/// The values of a sample as one text.
fn mark(sample: &samples::Sample<'_>) -> String {
    let parts: Vec<Cow<'_, str>> = match sample.texts {
        [] => sample.numbers.iter().map(|number| Cow::Owned(number.to_string())).collect(),
        texts => texts.iter().map(|text| Cow::Borrowed(text.trim())).collect(),
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Gathers the values of one stream into blocks.
#[derive(Debug)]
struct Block {
    stream: u8,
    channel_count: usize,
    capacity: usize,
    first: u64,
    values: Vec<f64>,
    /// The segment under way.
    segment: usize,
}

impl Block {
    fn new(stream: &Stream) -> Self {
        let channel_count = stream.channels.len();
        let capacity = BLOCK_VALUES / channel_count * channel_count;
        let values = Vec::with_capacity(capacity);
        Self { stream: stream.info.stream, channel_count, capacity, first: 0, values, segment: 0 }
    }

    fn add(
        &mut self,
        stream: &Stream,
        source: &XdfStream,
        number: u64,
        values: &[f64],
        sink: &mut impl FnMut(Scans<'_>),
    ) {
        while let Some(next) = source.segments.get(self.segment + 1)
            && next.first <= number
        {
            self.segment += 1;
        }
        let (Some(segment), Some(start)) =
            (source.segments.get(self.segment), stream.starts.get(self.segment))
        else {
            return;
        };
        let index = start + (number - segment.first);
        if index != self.first + (self.values.len() / self.channel_count) as u64 {
            self.flush(sink);
            self.first = index;
        }
        self.values.extend(stream.channels.iter().map(|&channel| values[channel]));
        if self.values.len() == self.capacity {
            self.flush(sink);
        }
    }

    fn flush(&mut self, sink: &mut impl FnMut(Scans<'_>)) {
        if self.values.is_empty() {
            return;
        }
        sink(Scans {
            stream: self.stream,
            first: SampleIndex(self.first),
            channel_count: self.channel_count as u8,
            codes: &self.values,
            quality: Quality::GOOD,
            fault_channels: 0,
        });
        self.first += (self.values.len() / self.channel_count) as u64;
        self.values.clear();
    }
}
