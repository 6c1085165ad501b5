//! Writing EDF+ and BDF+, to whatever can be written to and sought in.
//!
//! ```
//! use std::io::Cursor;
//!
//! use levator_record::edf::write::{EdfWriter, Range, SignalSpec, WriteSettings};
//! use levator_record::edf::{EdfFile, Variant};
//! use levator_signal::SampleRate;
//!
//! let rate = SampleRate::new(1000, 1).expect("not zero");
//! let range = Range::Values { low: -80.0, high: 120.0 };
//! let signals = vec![SignalSpec::new("EMG", "uV", rate, range)];
//! let settings = WriteSettings::new(Variant::Bdf, signals);
//! let mut writer = EdfWriter::create(Cursor::new(Vec::new()), &settings)?;
//! writer.write(0, &[1.0; 1200])?;
//! writer.annotate(0.5, None, "lying down")?;
//! writer.go_on_at(4.2)?; // three seconds are missing
//! writer.write(0, &[2.0; 800])?;
//! let (file, written) = writer.finish()?;
//! assert_eq!((written.signals[0].sample_count, written.gap_count), (2000, 1));
//!
//! let file = EdfFile::from_read(&file.get_ref()[..])?;
//! assert_eq!(file.header().record_count, Some(written.record_count));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Order
//!
//! While a file is open its header counts -1 data records, the word of the specification for that, unless
//! [`EdfWriter::checkpoint`] wrote how many there are. A data record is appended before it is counted, so
//! that a count never promises what is not there. A file that was left open is read to its last whole
//! data record.
//!
//! # Gaps
//!
//! A gap that reaches beyond the data record makes the file discontinuous (EDF+D, BDF+D), which is
//! written into the header before the data record after it; that states its own time, and an annotation
//! with the text [`GAP`] tells of it. MNE and edfio join such data records all the same, pyEDFlib refuses
//! them: for those, [`Gaps::Filled`] keeps the file continuous. What is left of a
//! data record at a gap and at the end, and a gap inside one, is filled with the last value, and an
//! annotation with the text [`HELD`] says from when on and for how long. Our reader takes these samples
//! out again; other programs show them with the annotation, and MNE leaves out what is called bad.
//!
//! # Limits
//!
//! Signals may differ in rate, not in their gaps. What was given of a signal waits in memory, as codes,
//! until all others cover that data record.

mod duration;
mod encode;
mod error;
mod head;
mod range;

use std::collections::VecDeque;
use std::io::{Seek, SeekFrom, Write};

use levator_signal::{Processor, SampleRate};

use super::header::Header;
use super::{Continuity, Deviation, MAX_SIGNALS, StartTime, Variant};
use encode::Encoder;

pub use super::annotations::{GAP, HELD};
pub use duration::RecordDuration;
pub use error::EdfWriteError;
pub use range::Range;

/// Bytes that are gathered before they are written.
const BUFFER_LEN: usize = 256 << 10;

/// Most bytes by which a data record states its time.
const TIME_BYTES: usize = 24;

/// Bytes for that and for two gaps.
const LEAST_ANNOTATION_BYTES: usize = TIME_BYTES + 2 * 78;

/// Ticks of onsets in a second: the finest that EDFlib reads.
const TICKS: f64 = 1e7;

/// Seconds beyond which no time is written, about 30 years.
const LATEST_S: f64 = 1e9;

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteSettings {
    /// 16 or 24 bits.
    pub variant: Variant,
    /// The signals, at least one.
    pub signals: Vec<SignalSpec>,
    /// The person, as four words. Unknown (`X X X X`) unless someone wants it there.
    pub patient: String,
    /// What it was recorded with; may be empty.
    pub equipment: String,
    /// When the first sample was taken, in whole seconds.
    pub start: Option<StartTime>,
    /// Milliseconds of that, 0 to 999.
    pub start_ms: u16,
    /// Length of a data record; `None` chooses it by the rates.
    pub duration: Option<RecordDuration>,
    /// How gaps are written that reach beyond a data record.
    pub gaps: Gaps,
    /// Bytes of each data record for annotations. Those that find no place wait for the next one.
    pub annotation_bytes: usize,
}

/// How gaps are written that reach beyond a data record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gaps {
    /// The next data record states its time: nothing is made up, and the file is discontinuous.
    Discontinuous,
    /// Filled with the last value, with annotations that say so: the time axis is right in every program.
    Filled,
}

/// One signal.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalSpec {
    /// Its name; 16 characters of it are written.
    pub label: String,
    /// Its unit; 8 characters of it are written.
    pub dimension: String,
    /// Its sensor, in words.
    pub transducer: String,
    /// Filters it went through, in words.
    pub prefilter: String,
    /// Its rate.
    pub rate: SampleRate,
    /// Its range.
    pub range: Range,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Data records.
    pub record_count: u64,
    /// Gaps, those inside of data records among them.
    pub gap_count: u64,
    /// Annotations, without those that tell of filled places.
    pub annotation_count: u64,
    /// Seconds that were filled with the last value, with an annotation that says so.
    pub held_s: f64,
    /// Whether it is discontinuous.
    pub is_discontinuous: bool,
    /// By signal.
    pub signals: Vec<WrittenSignal>,
}

/// What was written of one signal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WrittenSignal {
    /// Samples, without those that fill places.
    pub sample_count: u64,
    /// Samples beyond the range, written as its end.
    pub clamped_count: u64,
    /// Samples that are no numbers, written as the smallest code.
    pub nan_count: u64,
    /// Largest distance of a sample within the range from what readers make of it, in its unit. At
    /// most half of `step`, but for the rounding of doubles.
    pub worst_error: f64,
    /// One code, in its unit.
    pub step: f64,
}

/// Writes one file.
#[derive(Debug)]
pub struct EdfWriter<W> {
    sink: W,
    header: Header,
    processor: Processor,
    rates: Vec<SampleRate>,
    encoders: Vec<Encoder>,
    /// Codes that wait for the rest of their data record.
    waiting: Vec<Waiting>,
    /// Samples of each signal since the last gap between data records, filled ones among them.
    run_lens: Vec<u64>,
    /// Whole data records that wait to be written, and where they go.
    buffer: Vec<u8>,
    end: u64,
    /// Whether a write or a patch left the place in the file elsewhere.
    is_astray: bool,
    /// Ticks of a data record, of the first sample in the file, and of the run under way after it.
    record_ticks: i64,
    start_ticks: i64,
    run_ticks: i64,
    /// Data records of this run.
    run_records: i64,
    gaps: Gaps,
    annotation_bytes: usize,
    /// Lists that tell of filled places in the data record under way, and all others.
    held: Vec<u8>,
    annotations: VecDeque<Vec<u8>>,
    held_ticks: i64,
    written: Written,
}

impl WriteSettings {
    /// A person and a start that are unknown, and as much place for annotations as a mark now and then
    /// needs.
    #[must_use]
    pub fn new(variant: Variant, signals: Vec<SignalSpec>) -> Self {
        Self {
            variant,
            signals,
            patient: "X X X X".to_owned(),
            equipment: String::new(),
            start: None,
            start_ms: 0,
            duration: None,
            gaps: Gaps::Discontinuous,
            annotation_bytes: 300,
        }
    }
}

impl SignalSpec {
    /// Nothing is known of its sensor and its filters.
    #[must_use]
    pub fn new(label: &str, dimension: &str, rate: SampleRate, range: Range) -> Self {
        Self {
            label: label.to_owned(),
            dimension: dimension.to_owned(),
            transducer: String::new(),
            prefilter: String::new(),
            rate,
            range,
        }
    }
}

impl<W: Write + Seek> EdfWriter<W> {
    /// Writes the header to `sink`, which is empty.
    ///
    /// # Errors
    ///
    /// If the settings make no file, or it cannot be written; [`EdfWriteError`] says what to do.
    pub fn create(sink: W, settings: &WriteSettings) -> Result<Self, EdfWriteError> {
        let count = settings.signals.len();
        if !(1..MAX_SIGNALS).contains(&count) {
            return Err(EdfWriteError::SignalCount { actual: count });
        }
        let rates: Vec<SampleRate> = settings.signals.iter().map(|signal| signal.rate).collect();
        let duration = match &settings.duration {
            Some(given) if given.samples().len() == count => given.clone(),
            _ => RecordDuration::choose(&rates, &[]).ok_or(EdfWriteError::Rates)?,
        };
        let width = settings.variant.sample_len();
        let wanted = settings.annotation_bytes.clamp(LEAST_ANNOTATION_BYTES, 1 << 20);
        let annotation_samples = wanted.div_ceil(width);
        let (bytes, header) = head::build(settings, &duration, annotation_samples)?;
        let mut encoders = Vec::with_capacity(count);
        let mut written = vec![WrittenSignal::default(); count];
        for (at, signal) in header.signals.iter().enumerate() {
            let is_uncalibrated =
                |deviation: &Deviation| *deviation == Deviation::Uncalibrated { signal: at };
            if header.deviations.iter().any(is_uncalibrated) || signal.digital.0 >= signal.digital.1
            {
                return Err(EdfWriteError::Scale { signal: at });
            }
            let (calibration, physical) = (signal.calibration, signal.physical);
            encoders.push(Encoder::new(header.variant, calibration, physical, signal.digital));
            written[at].step = calibration.scale.abs();
        }
        let mut writer = Self {
            sink,
            processor: Processor::best(),
            rates,
            encoders,
            waiting: (0..count).map(|_| Waiting::default()).collect(),
            run_lens: vec![0; count],
            buffer: bytes,
            end: 0,
            is_astray: false,
            record_ticks: i64::try_from(duration.micros()).unwrap_or(i64::MAX / 20) * 10,
            start_ticks: i64::from(settings.start_ms.min(999)) * 10_000,
            run_ticks: 0,
            run_records: 0,
            gaps: settings.gaps,
            annotation_bytes: annotation_samples * width,
            held: Vec::new(),
            annotations: VecDeque::new(),
            held_ticks: 0,
            written: Written {
                record_count: 0,
                gap_count: 0,
                annotation_count: 0,
                held_s: 0.0,
                is_discontinuous: false,
                signals: written,
            },
            header,
        };
        writer.flush()?;
        Ok(writer)
    }

    /// The header as readers will understand it.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Appends samples of one signal, in its unit. What is beyond its range, or no number, is clamped
    /// and counted.
    ///
    /// # Errors
    ///
    /// If there is no such signal, or the file cannot be written; it then holds whole data records.
    pub fn write(&mut self, signal: usize, values: &[f64]) -> Result<(), EdfWriteError> {
        let count = self.encoders.len();
        let Some(encoder) = self.encoders.get(signal).copied() else {
            return Err(EdfWriteError::NoSuchSignal { signal, count });
        };
        // A data record at a time, so that codes are still in the cache when they are gathered.
        for values in values.chunks(self.header.signals[signal].samples_per_record.max(1)) {
            let room = self.waiting[signal].room(values.len() * self.header.variant.sample_len());
            let encoded = encoder.encode(self.processor, values, room);
            let written = &mut self.written.signals[signal];
            written.sample_count += values.len() as u64;
            written.clamped_count += encoded.clamped_count;
            written.nan_count += encoded.nan_count;
            written.worst_error = written.worst_error.max(encoded.worst_error);
            self.run_lens[signal] += values.len() as u64;
            self.gather()?;
        }
        Ok(())
    }

    /// Adds a text at `onset_s` seconds from the first sample, which lasts `duration_s`. It goes into the
    /// next data record with a place for it. Characters that would end it become spaces.
    ///
    /// # Errors
    ///
    /// If the time is no number, or there is no place for it in any data record.
    pub fn annotate(
        &mut self,
        onset_s: f64,
        duration_s: Option<f64>,
        text: &str,
    ) -> Result<(), EdfWriteError> {
        let most = self.annotation_bytes - TIME_BYTES;
        let is_time = |seconds: f64| seconds.abs() <= LATEST_S;
        let list = list(
            self.start_ticks + ticks(onset_s),
            duration_s.filter(|seconds| is_time(*seconds) && *seconds >= 0.0).map(ticks),
            text,
        );
        if !is_time(onset_s) || list.len() > most {
            return Err(EdfWriteError::Annotation { onset_s, actual: list.len(), most });
        }
        self.annotations.push_back(list);
        self.written.annotation_count += 1;
        Ok(())
    }

    /// Says that the next sample is the one `onset_s` seconds after the first one of the file: what lies
    /// between is missing. A time at which the next sample would come anyway is no gap.
    ///
    /// # Errors
    ///
    /// If it lies before the last sample, if the signals do not cover the same time so far, or if the
    /// file cannot be written.
    pub fn go_on_at(&mut self, onset_s: f64) -> Result<(), EdfWriteError> {
        if onset_s.is_nan() || onset_s.abs() > LATEST_S {
            return Err(EdfWriteError::Backwards { onset_s });
        }
        let end_ticks = self.even_end()?;
        let after = ticks(onset_s) - self.run_ticks;
        let mut missing = Vec::with_capacity(self.rates.len());
        for (rate, len) in self.rates.iter().zip(&self.run_lens) {
            let place = (after as f64 / TICKS * rate.hz()).round();
            if place < *len as f64 {
                return Err(EdfWriteError::Backwards { onset_s });
            }
            missing.push(place as u64 - len);
        }
        if missing.iter().all(|count| *count == 0) {
            return Ok(());
        }
        self.written.gap_count += 1;
        let mut from = end_ticks;
        loop {
            let left: Vec<u64> = (0..self.rates.len()).map(|signal| self.left(signal)).collect();
            let is_inside = missing.iter().zip(&left).all(|(missing, left)| missing <= left);
            let is_between = left
                .iter()
                .zip(&self.header.signals)
                .all(|(left, signal)| *left == signal.samples_per_record as u64);
            match self.gaps {
                Gaps::Discontinuous if is_between => break,
                Gaps::Discontinuous | Gaps::Filled if is_inside => {
                    let until = after.min(self.record_end());
                    return self.hold(from, until, &missing);
                }
                Gaps::Discontinuous | Gaps::Filled => {
                    let end = self.record_end();
                    self.hold(from, end, &left)?;
                    for (missing, left) in missing.iter_mut().zip(&left) {
                        *missing = missing.saturating_sub(*left);
                    }
                    from = end;
                }
            }
        }
        self.become_discontinuous()?;
        let onset = self.start_ticks + self.run_ticks;
        self.annotations.push_front(list(onset + end_ticks, Some(after - end_ticks), GAP));
        self.run_ticks = ticks(onset_s);
        self.run_records = 0;
        self.run_lens.fill(0);
        Ok(())
    }

    /// How gaps are written from now on.
    pub fn set_gaps(&mut self, gaps: Gaps) {
        self.gaps = gaps;
    }

    /// Writes all whole data records and how many there are into the header: from now on any program
    /// opens the file, whatever happens to this one.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn checkpoint(&mut self) -> Result<(), EdfWriteError> {
        self.flush()?;
        self.patch(head::COUNT_AT, &format!("{:<8}", self.written.record_count))?;
        self.sink.flush().map_err(|source| EdfWriteError::Io { offset: self.end, source })
    }

    /// Fills up the last data record, writes the annotations that are left, and closes the file.
    ///
    /// # Errors
    ///
    /// If the signals do not cover the same time, or the file cannot be written.
    pub fn finish(mut self) -> Result<(W, Written), EdfWriteError> {
        let end_ticks = self.even_end()?;
        if self.waiting.iter().any(|waiting| waiting.len() > 0) {
            let left: Vec<u64> = (0..self.rates.len()).map(|signal| self.left(signal)).collect();
            self.hold(end_ticks, self.record_end(), &left)?;
        }
        while !self.annotations.is_empty() {
            // No sample belongs to them any more, and a data record has to have some.
            let start = self.record_end() - self.record_ticks;
            let all: Vec<u64> = (0..self.rates.len()).map(|signal| self.left(signal)).collect();
            self.hold(start, start + self.record_ticks, &all)?;
        }
        self.checkpoint()?;
        self.written.held_s = self.held_ticks as f64 / TICKS;
        Ok((self.sink, self.written))
    }

    fn record_bytes(&self, signal: usize) -> usize {
        self.header.signals[signal].samples_per_record * self.header.variant.sample_len()
    }

    /// Samples of a signal that the data record under way still needs.
    fn left(&self, signal: usize) -> u64 {
        let bytes = self.record_bytes(signal).saturating_sub(self.waiting[signal].len());
        (bytes / self.header.variant.sample_len()) as u64
    }

    /// Ticks from the beginning of the run to the end of the data record under way.
    fn record_end(&self) -> i64 {
        self.record_ticks.saturating_mul(self.run_records + 1)
    }

    /// Ticks from the beginning of the run to the end of its samples, which is that of all signals.
    fn even_end(&self) -> Result<i64, EdfWriteError> {
        // The finest signal tells the time, the first of them if there are several.
        let finest = (0..self.rates.len())
            .rev()
            .max_by(|one, other| self.rates[*one].hz().total_cmp(&self.rates[*other].hz()))
            .unwrap_or(0);
        let per_record = |signal: usize| self.header.signals[signal].samples_per_record as u64;
        let len = self.run_lens[finest];
        for (signal, actual) in self.run_lens.iter().enumerate() {
            // In whole numbers, so that it is right for any length.
            let times = u128::from(len) * u128::from(per_record(signal));
            let per = u128::from(per_record(finest).max(1));
            let expected = ((times + per / 2) / per) as u64;
            if *actual != expected {
                return Err(EdfWriteError::Uneven { signal, expected, actual: *actual });
            }
        }
        let ratio = len as f64 / per_record(finest).max(1) as f64;
        Ok((ratio * self.record_ticks as f64).round() as i64)
    }

    /// Fills `counts` samples of the data record under way, which lie from `from` to `until` ticks of the
    /// run, with the last value, and says so in it.
    fn hold(&mut self, from: i64, until: i64, counts: &[u64]) -> Result<(), EdfWriteError> {
        let start = self.start_ticks + self.run_ticks;
        let list = list(start + from, Some((until - from).max(0)), HELD);
        if self.held.len() + list.len() > self.annotation_bytes - TIME_BYTES {
            return Err(EdfWriteError::TooManyGaps { onset_s: (start + from) as f64 / TICKS });
        }
        self.held.extend(list);
        self.held_ticks += (until - from).max(0);
        let width = self.header.variant.sample_len();
        for (signal, count) in counts.iter().enumerate() {
            self.waiting[signal].repeat_last(width, *count as usize);
            self.run_lens[signal] += count;
        }
        self.gather()
    }

    /// Moves whole data records into the buffer, and writes it when it is full.
    fn gather(&mut self) -> Result<(), EdfWriteError> {
        while (0..self.waiting.len())
            .all(|signal| self.waiting[signal].len() >= self.record_bytes(signal))
        {
            for signal in 0..self.waiting.len() {
                let len = self.record_bytes(signal);
                self.waiting[signal].move_to(len, &mut self.buffer);
            }
            let start = self.buffer.len();
            let onset = self.record_end() - self.record_ticks;
            self.buffer.extend(list(self.start_ticks + self.run_ticks + onset, None, ""));
            self.buffer.append(&mut self.held);
            while let Some(next) = self.annotations.front()
                && self.buffer.len() - start + next.len() <= self.annotation_bytes
            {
                self.buffer.extend(next);
                self.annotations.pop_front();
            }
            self.buffer.resize(start + self.annotation_bytes, 0);
            self.run_records += 1;
            self.written.record_count += 1;
            if self.buffer.len() >= BUFFER_LEN {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Says so in the header, before the first data record behind a gap is written.
    fn become_discontinuous(&mut self) -> Result<(), EdfWriteError> {
        if self.written.is_discontinuous {
            return Ok(());
        }
        self.flush()?;
        self.patch(head::RESERVED_AT, &head::kind(self.header.variant, true))?;
        self.written.is_discontinuous = true;
        self.header.continuity = Continuity::Discontinuous;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), EdfWriteError> {
        let offset = self.end;
        let io = |source| EdfWriteError::Io { offset, source };
        if self.is_astray {
            self.sink.seek(SeekFrom::Start(self.end)).map_err(io)?;
        }
        self.is_astray = true;
        self.sink.write_all(&self.buffer).map_err(io)?;
        self.is_astray = false;
        self.end += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn patch(&mut self, offset: u64, text: &str) -> Result<(), EdfWriteError> {
        let io = |source| EdfWriteError::Io { offset, source };
        self.is_astray = true;
        self.sink.seek(SeekFrom::Start(offset)).map_err(io)?;
        self.sink.write_all(text.as_bytes()).map_err(io)?;
        self.flush()
    }
}

/// Codes of one signal that were not gathered yet.
#[derive(Debug, Default)]
struct Waiting {
    /// As long as it ever had to be; what lies behind `until` is to be written over.
    bytes: Vec<u8>,
    /// Those before it were gathered, and those from there on wait.
    from: usize,
    until: usize,
    /// The last sample that was, in little endian.
    last: [u8; 3],
}

impl Waiting {
    fn len(&self) -> usize {
        self.until - self.from
    }

    /// Where the next `len` bytes go.
    fn room(&mut self, len: usize) -> &mut [u8] {
        let start = self.until;
        self.until += len;
        if self.bytes.len() < self.until {
            self.bytes.resize(self.until, 0);
        }
        &mut self.bytes[start..self.until]
    }

    fn move_to(&mut self, len: usize, out: &mut Vec<u8>) {
        let until = self.from + len;
        out.extend_from_slice(&self.bytes[self.from..until]);
        for (kept, byte) in self.last.iter_mut().rev().zip(self.bytes[..until].iter().rev()) {
            *kept = *byte;
        }
        self.from = until;
        // Half of it at once, so that long waiting costs no more than short.
        if self.from * 2 >= self.until {
            self.bytes.copy_within(self.from..self.until, 0);
            (self.from, self.until) = (0, self.until - self.from);
        }
    }

    fn repeat_last(&mut self, width: usize, count: usize) {
        let mut last = self.last;
        if self.len() >= width {
            last[3 - width..].copy_from_slice(&self.bytes[self.until - width..self.until]);
        }
        for sample in self.room(width * count).chunks_exact_mut(width) {
            sample.copy_from_slice(&last[3 - width..]);
        }
    }
}

fn ticks(seconds: f64) -> i64 {
    (seconds.clamp(-LATEST_S, LATEST_S) * TICKS).round() as i64
}

/// A list with one text, or none: the time of a data record.
fn list(onset: i64, duration: Option<i64>, text: &str) -> Vec<u8> {
    let sign = if onset < 0 { '-' } else { '+' };
    let mut list = format!("{sign}{}", seconds(onset)).into_bytes();
    if let Some(duration) = duration {
        list.push(0x15);
        list.extend(seconds(duration).into_bytes());
    }
    list.push(0x14);
    let ends = |byte: u8| matches!(byte, 0 | 0x14 | 0x15);
    list.extend(text.bytes().map(|byte| if ends(byte) { b' ' } else { byte }));
    list.extend([0x14, 0]);
    list
}

/// Digits without a sign.
fn seconds(ticks: i64) -> String {
    let ticks = ticks.unsigned_abs();
    let text = format!("{}.{:07}", ticks / 10_000_000, ticks % 10_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
