//! The samples of a visit for other programs, written while they come.
//!
//! # One file for each stream
//!
//! The signals of one file share one time axis: its gaps are gaps of all of them, and programs show all
//! at one rate. Streams of a device have rates, gaps and beginnings of their own, so each has its file:
//! `signals.bdf`, `signals-1.bdf` and so on, in the order in which they gave samples.
//!
//! # Gaps
//!
//! What is missing is filled with the last value and annotated as such, up to [`LONGEST_FILLED_S`]: so
//! the file stays continuous, every program opens it, and its time axis is right in every program,
//! which for discontinuous files is true of none (MNE and edfio join them, pyEDFlib refuses them). Our
//! own reader takes the filled samples out again. A longer gap makes the file discontinuous: an hour
//! of a pulled cable is not worth an hour of bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use levator_decode::{MAX_CHANNELS, StreamInfo};
use levator_engine::Output;
use levator_signal::{Block, Calibration, HostTime, SampleIndex, SignalKind};

use super::date::utc;
use super::events::Event;
use super::file::LateFile;
use crate::edf::Variant;
use crate::edf::write::{
    EdfWriteError, EdfWriter, Gaps, Range, RecordDuration, SignalSpec, WriteSettings, Written,
};

/// The longest gap that is filled, in seconds. Our choice.
pub const LONGEST_FILLED_S: f64 = 60.0;

/// Bytes of a data record for annotations: one of the longest text that EDFlib reads, and three gaps.
const ANNOTATION_BYTES: usize = 840;

/// The same where there are more gaps in a second than that.
const MORE_ANNOTATION_BYTES: usize = 1 << 15;

/// Longest text of an annotation, in bytes: EDFlib reads no longer one.
const LONGEST_TEXT: usize = 512;

/// Events that wait for the first sample. Our choice.
const MOST_WAITING: usize = 1000;

/// What only a first reading can know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hints {
    /// Smallest and largest value of each channel of a stream.
    ranges: BTreeMap<u8, Vec<(f64, f64)>>,
    has_many_gaps: bool,
}

/// A file of samples, and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalsFile {
    /// Its name in the folder.
    pub name: String,
    /// The stream.
    pub info: StreamInfo,
    /// Index of its first sample.
    pub base: u64,
    /// Names of its channels.
    pub labels: Vec<String>,
    /// For each channel, whether its codes are those of the device.
    pub is_raw: Vec<bool>,
    /// What the writer counted.
    pub written: Written,
}

/// Writes the streams of one visit.
#[derive(Debug)]
pub(crate) struct Signals {
    folder: PathBuf,
    /// Whether they are written over those that are there.
    again: bool,
    opened_unix_ms: u64,
    hints: Hints,
    infos: BTreeMap<u8, StreamInfo>,
    streams: Vec<Stream>,
    waiting: Vec<Event>,
    converted: Vec<f64>,
    failure: Option<Failed>,
}

#[derive(Debug)]
enum Failed {
    /// More short gaps than there is room for.
    Gaps,
    Other(String),
}

#[derive(Debug)]
struct Stream {
    /// As it was when the file was begun.
    info: StreamInfo,
    writer: EdfWriter<LateFile>,
    channels: Vec<Channel>,
    base: u64,
    /// One past the newest sample of the first channel.
    next: u64,
    /// First sample since a gap that was not filled.
    run: u64,
    /// Data records since then that are on the disk.
    counted: u64,
    per_record: u64,
    /// Whether the calibration is still that of the beginning.
    labels: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    /// From codes to values, as the header has it.
    header: Calibration,
    /// Whether whole codes of the device are written as they are.
    is_raw: bool,
    low: f64,
    high: f64,
}

impl Signals {
    pub(crate) fn new(folder: &Path, again: bool, opened_unix_ms: u64, hints: Hints) -> Self {
        Self {
            folder: folder.to_owned(),
            again,
            opened_unix_ms,
            hints,
            infos: BTreeMap::new(),
            streams: Vec::new(),
            waiting: Vec::new(),
            converted: Vec::new(),
            failure: None,
        }
    }

    /// Why nothing more is written, if so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.as_ref().map(|failed| match failed {
            Failed::Gaps => "more short gaps in a second than signals.bdf has room for".to_owned(),
            Failed::Other(text) => text.clone(),
        })
    }

    pub(crate) fn take(&mut self, output: &Output<'_>, at: HostTime) {
        match output {
            Output::Stream(info) => {
                self.infos.insert(info.stream, **info);
            }
            Output::Block(block) if self.failure.is_none() => {
                if let Err(error) = self.block(block, at) {
                    self.fail(error);
                }
            }
            _ => {}
        }
    }

    /// Annotates what happened.
    pub(crate) fn note(&mut self, event: &Event) {
        if self.failure.is_some() {
            return;
        }
        if self.streams.is_empty() {
            if self.waiting.len() < MOST_WAITING {
                self.waiting.push(event.clone());
            }
            return;
        }
        let result = self.streams.iter_mut().try_for_each(|stream| stream.note(event));
        if let Err(error) = result {
            self.fail(error);
        }
    }

    /// Hands whole data records to the disk: record first, then how many there are.
    pub(crate) fn keep_up(&mut self) {
        if self.failure.is_some() {
            return;
        }
        let result = self.streams.iter_mut().try_for_each(Stream::keep_up);
        if let Err(error) = result {
            self.fail(error);
        }
    }

    /// Files in the order of their streams, the files themselves, and what a second reading should know.
    pub(crate) fn finish(mut self) -> Finished {
        let mut hints = self.hints.clone();
        let mut is_better = false;
        for stream in &self.streams {
            let values = stream.channels.iter().map(|channel| (channel.low, channel.high));
            hints.ranges.insert(stream.info.stream, values.collect());
        }
        if matches!(self.failure, Some(Failed::Gaps)) {
            is_better = !core::mem::replace(&mut hints.has_many_gaps, true);
        }
        let mut files = Vec::new();
        for stream in core::mem::take(&mut self.streams) {
            let name = name_of(files.len());
            match stream.finish(name) {
                Ok(file) => {
                    let clamped = file.0.written.signals.iter().any(|one| one.clamped_count > 0);
                    let is_known = self.hints.ranges.contains_key(&file.0.info.stream);
                    is_better |= clamped && !is_known;
                    files.push(file);
                }
                Err(error) if self.failure.is_none() => self.fail(error),
                Err(_) => {}
            }
        }
        Finished { files, failure: self.failure(), better: is_better.then_some(hints) }
    }

    fn fail(&mut self, error: EdfWriteError) {
        self.failure = Some(match error {
            EdfWriteError::TooManyGaps { .. } => Failed::Gaps,
            other => Failed::Other(format!("signals.bdf {other}")),
        });
    }

    fn block(&mut self, block: &Block<'_>, at: HostTime) -> Result<(), EdfWriteError> {
        let number = block.channel.stream;
        let known = self.streams.iter().position(|stream| stream.info.stream == number);
        let Some(info) = self.infos.get(&number).copied() else { return Ok(()) };
        let place = match known {
            Some(place) => place,
            None => {
                let begun = self.begin(&info, block, at)?;
                self.streams.push(begun);
                let stream = self.streams.len() - 1;
                for event in core::mem::take(&mut self.waiting) {
                    self.streams[stream].note(&event)?;
                }
                stream
            }
        };
        self.streams[place].values(block, &info, &mut self.converted)
    }

    fn begin(
        &self,
        info: &StreamInfo,
        block: &Block<'_>,
        at: HostTime,
    ) -> Result<Stream, EdfWriteError> {
        let count = usize::from(info.channel_count).min(MAX_CHANNELS);
        let labels = labels(info);
        let known = self.hints.ranges.get(&info.stream);
        let ranges: Vec<(Range, bool)> = (0..count)
            .map(|channel| range(info, channel, known.and_then(|known| known.get(channel))))
            .collect();
        let signals = ranges.iter().zip(&labels).map(|((range, _), label)| SignalSpec {
            prefilter: "none: as the device sent it".to_owned(),
            ..SignalSpec::new(label, info.unit.symbol(), info.rate, *range)
        });
        let rates = vec![info.rate; count];
        let duration = RecordDuration::choose(&rates, &[]).ok_or(EdfWriteError::Rates)?;
        let per_record = duration.samples().first().copied().unwrap_or(1).max(1) as u64;
        // They were taken before they came.
        let lasted_ms = (block.values.len() as f64 / block.rate.hz() * 1e3) as u64;
        let at_ms = (at.as_nanos() / 1_000_000).saturating_sub(lasted_ms);
        let start_ms = self.opened_unix_ms + at_ms;
        let is_dated = self.opened_unix_ms > 0;
        let settings = WriteSettings {
            equipment: format!("levator_{}", env!("CARGO_PKG_VERSION")),
            start: is_dated.then(|| utc(start_ms / 1000)),
            start_ms: if is_dated { (start_ms % 1000) as u16 } else { 0 },
            annotation_bytes: match self.hints.has_many_gaps {
                true => MORE_ANNOTATION_BYTES,
                false => ANNOTATION_BYTES,
            },
            duration: Some(duration),
            gaps: Gaps::Filled,
            ..WriteSettings::new(Variant::Bdf, signals.collect())
        };
        let path = self.folder.join(name_of(self.streams.len()));
        let io = |source| EdfWriteError::Io { offset: 0, source };
        let file = match self.again {
            true => LateFile::again(&path).map_err(io)?,
            false => LateFile::live(&path),
        };
        let writer = EdfWriter::create(file, &settings)?;
        let channels =
            writer.header().signals.iter().zip(&ranges).map(|(signal, (_, is_raw))| Channel {
                header: signal.calibration,
                is_raw: *is_raw,
                low: f64::INFINITY,
                high: f64::NEG_INFINITY,
            });
        Ok(Stream {
            info: *info,
            channels: channels.collect(),
            writer,
            base: block.first.0,
            next: block.first.0,
            run: block.first.0,
            counted: 0,
            per_record,
            labels,
        })
    }
}

/// What [`Signals::finish`] leaves.
pub(crate) struct Finished {
    pub(crate) files: Vec<(SignalsFile, LateFile)>,
    pub(crate) failure: Option<String>,
    pub(crate) better: Option<Hints>,
}

impl Stream {
    fn values(
        &mut self,
        block: &Block<'_>,
        now: &StreamInfo,
        converted: &mut Vec<f64>,
    ) -> Result<(), EdfWriteError> {
        let at = usize::from(block.channel.channel);
        if at == 0 {
            if block.first.0 != self.next {
                self.go_on_at(block.first)?;
            }
            self.next = block.first.0 + block.values.len() as u64;
        }
        let Some(channel) = self.channels.get_mut(at) else { return Ok(()) };
        let factor = block.unit.factor_to(self.info.unit).unwrap_or(1.0);
        let current = now.calibrations[at];
        let is_as_begun = now.unit == self.info.unit && current == self.info.calibrations[at];
        converted.clear();
        if channel.is_raw && is_as_begun {
            // Back to the very code of the device; the header says what it is worth.
            let code = |value: f64| (value / current.scale + current.offset_counts).round();
            converted.extend(block.values.iter().map(|value| channel.header.apply(code(*value))));
        } else {
            converted.extend(block.values.iter().map(|value| value * factor));
        }
        for value in block.values.iter().filter(|value| value.is_finite()) {
            channel.low = channel.low.min(value * factor);
            channel.high = channel.high.max(value * factor);
        }
        self.writer.write(at, converted)
    }

    fn go_on_at(&mut self, first: SampleIndex) -> Result<(), EdfWriteError> {
        let rate = self.info.rate;
        let missing_s = rate.time_s(SampleIndex(first.0.saturating_sub(self.next)));
        let is_long = missing_s > LONGEST_FILLED_S;
        self.writer.set_gaps(if is_long { Gaps::Discontinuous } else { Gaps::Filled });
        self.writer.go_on_at(rate.time_s(first.saturating_sub(self.base)))?;
        if is_long {
            (self.run, self.counted) = (first.0, 0);
        }
        Ok(())
    }

    fn note(&mut self, event: &Event) -> Result<(), EdfWriteError> {
        let Some(mut text) = event.text() else { return Ok(()) };
        if let Some((stream, channel)) = event.channel {
            if stream != self.info.stream {
                return Ok(());
            }
            if self.labels.len() > 1
                && let Some(label) = self.labels.get(usize::from(channel))
            {
                text = format!("{text}: {label}");
            }
        }
        let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
        let onset_s = event.onset_s - self.info.rate.time_s(SampleIndex(self.base));
        self.writer.annotate(onset_s, event.duration_s, text)
    }

    fn keep_up(&mut self) -> Result<(), EdfWriteError> {
        let whole = (self.next - self.run) / self.per_record;
        if whole > self.counted {
            self.counted = whole;
            self.writer.checkpoint()?;
        }
        Ok(())
    }

    fn finish(self, name: String) -> Result<(SignalsFile, LateFile), EdfWriteError> {
        let (file, written) = self.writer.finish()?;
        let is_raw = self.channels.iter().map(|channel| channel.is_raw).collect();
        let (info, base, labels) = (self.info, self.base, self.labels);
        Ok((SignalsFile { name, info, base, labels, is_raw, written }, file))
    }
}

pub(crate) fn name_of(stream: usize) -> String {
    match stream {
        0 => super::SIGNALS.to_owned(),
        more => format!("signals-{more}.bdf"),
    }
}

/// The range of one channel, and whether its codes are those of the device.
pub(crate) fn range(
    info: &StreamInfo,
    channel: usize,
    known: Option<&(f64, f64)>,
) -> (Range, bool) {
    let calibration = info.calibrations[channel];
    if let Some(rails) = info.rails
        && let Some(range) = Range::keeping_codes(Variant::Bdf, calibration, rails)
    {
        return (range, true);
    }
    if let Some((low, high)) = known.filter(|(low, high)| low <= high) {
        return (Range::Values { low: *low, high: *high }, false);
    }
    // A device that does not say what its smallest code is: those of 16 bits, with eight more behind the
    // point, as some send fractions. What is beyond is clamped, counted, and written anew at the end.
    let (one, other) = (calibration.apply(-32_768.0), calibration.apply(32_767.0));
    (Range::Values { low: one.min(other), high: one.max(other) }, false)
}

/// Names of the channels, each otherwise than the others in the 16 characters of a header.
pub(crate) fn labels(info: &StreamInfo) -> Vec<String> {
    let base = match (info.label.as_str().trim(), info.kind) {
        ("", SignalKind::Emg) => "EMG",
        ("", SignalKind::EmgEnvelope) => "EMG RMS",
        ("", SignalKind::Pressure) => "Pressure",
        ("", SignalKind::Other) => "Signal",
        (label, _) => label,
    };
    let short = |len: usize| base.chars().take(len).collect::<String>();
    match info.channel_count {
        1 => vec![short(16)],
        count => (0..count).map(|at| format!("{} {at}", short(13))).collect(),
    }
}
