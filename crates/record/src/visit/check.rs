//! Whether a visit is as it was written: each file, each block, each sample.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use levator_decode::{MAX_CHANNELS, StreamInfo};
use levator_engine::{ConfigError, Engine, Output};
use levator_signal::{HostTime, SampleIndex, SampleRate};
use thiserror::Error;

use super::about::{About, AboutError};
use super::manifest::{self, Fate};
use super::signals::{name_of, range};
use super::{ABOUT, JOURNAL};
use crate::damage::{Damage, Totals};
use crate::edf::write::Range;
use crate::edf::{EdfError, EdfFile, EdfOptions, Item as EdfItem};
use crate::text::ChannelChoice;
use crate::{Item, OpenError, Reader};

/// Places that are listed one by one; the rest is counted.
pub(super) const MOST_LISTED: usize = 1000;

/// What was found in the folder of a visit.
#[derive(Debug)]
pub struct Report {
    /// `visit.json`; `None` if there is none.
    pub about: Option<Result<About, AboutError>>,
    /// Every file against the manifest; `None` if there is none: the visit was not closed.
    pub manifest: Option<io::Result<Vec<(String, Fate)>>>,
    /// Every block of the journal.
    pub journal: Result<Journal, OpenError>,
    /// Every sample for other programs against the journal.
    pub signals: Vec<Signals>,
}

/// What the journal holds.
#[derive(Debug, Default)]
pub struct Journal {
    /// Inputs that came back.
    pub input_count: u64,
    /// Host time of the last one.
    pub last_at: HostTime,
    /// What did not, in the order of the file.
    pub damage: Vec<Damage>,
    /// Damage beyond what is listed.
    pub further_damage: u64,
    /// What its end block says; `None` if it was not closed.
    pub totals: Option<Totals>,
    /// Streams that gave samples, in that order, and how many.
    pub streams: Vec<(StreamInfo, u64)>,
}

/// A file of samples against the journal.
#[derive(Debug)]
pub struct Signals {
    /// Its name.
    pub name: String,
    /// What came of it.
    pub outcome: Result<Compared, CompareError>,
}

/// Sample by sample.
#[derive(Debug, Default, PartialEq)]
pub struct Compared {
    /// Samples of each channel that are those of the journal.
    pub same_count: u64,
    /// Samples that are others, or are in one of the two only.
    pub wrong_count: u64,
    /// Where those are, in seconds from the first sample, and in which data records.
    pub wrong: Vec<Wrong>,
    /// Samples of the journal after the last one of the file: what was not written yet when the program
    /// was stopped.
    pub not_yet_count: u64,
    /// The same in seconds.
    pub not_yet_s: f64,
    /// What is odd about the file otherwise.
    pub notes: Vec<String>,
}

/// A stretch of samples that are not those of the journal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wrong {
    /// First of them, in seconds from the first sample of the file.
    pub from_s: f64,
    /// End of the last.
    pub to_s: f64,
}

/// Why a file of samples cannot be held against the journal.
#[derive(Debug, Error)]
pub enum CompareError {
    /// There is none.
    #[error("is not there; `levator recover` makes it from the journal")]
    Missing,
    /// It is not understood.
    #[error(transparent)]
    Edf(#[from] EdfError),
    /// Channels, rate or range are not those of the journal.
    #[error("its header does not fit the journal: {what}")]
    Header {
        /// What does not.
        what: String,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The settings of the journal are none.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Report {
    /// Looks at everything in `folder`. `progress` is told bytes that were read, those of each file once for
    /// the manifest, and those of the journal once for itself and once for each file of samples.
    #[must_use]
    pub fn of(folder: &Path, progress: &mut dyn FnMut(u64)) -> Self {
        let about = folder.join(ABOUT).exists().then(|| About::read(folder));
        let manifest = manifest::check(folder, progress).transpose();
        let journal = read_journal(folder, progress);
        let streams = journal.as_ref().map_or(&[][..], |journal| &journal.streams);
        let signals = streams.iter().enumerate().map(|(at, (info, _))| {
            let name = name_of(at);
            let outcome = compare(folder, &name, info.stream, progress);
            Signals { name, outcome }
        });
        let signals = signals.collect();
        Self { about, manifest, journal, signals }
    }

    /// Whether the visit was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.manifest.is_some()
            && self.journal.as_ref().is_ok_and(|journal| journal.totals.is_some())
    }

    /// Whether all that can be held against something is as it should be.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let is_about = matches!(self.about, Some(Ok(_)));
        let fates = self.manifest.as_ref().and_then(|fates| fates.as_ref().ok());
        let is_same = |fates: &Vec<(String, Fate)>| {
            fates.iter().all(|(_, fate)| matches!(fate, Fate::Same | Fate::Added))
        };
        let journal = self.journal.as_ref();
        is_about
            && fates.is_some_and(is_same)
            && journal.is_ok_and(|journal| {
                journal.damage.iter().all(|damage| self.is_known(damage))
                    && journal.further_damage == 0
                    && journal.totals.is_some()
            })
            && self.signals.iter().all(|file| file.outcome.as_ref().is_ok_and(Compared::is_whole))
    }

    /// Whether a hole is one that a recovery left and told of.
    fn is_known(&self, damage: &Damage) -> bool {
        let recovered = matches!(&self.about, Some(Ok(about)) if about.recovered.is_some());
        recovered && damage.reason == crate::Reason::Missing
    }
}

impl Compared {
    /// Whether every sample of the journal is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong_count == 0 && self.not_yet_count == 0
    }

    fn wrong(&mut self, rate: SampleRate, index: u64, count: u64) {
        self.wrong_count += count;
        let from_s = rate.time_s(SampleIndex(index));
        let to_s = rate.time_s(SampleIndex(index + count));
        match self.wrong.last_mut() {
            Some(last) if from_s <= last.to_s => last.to_s = last.to_s.max(to_s),
            _ => {
                if self.wrong.len() < MOST_LISTED {
                    self.wrong.push(Wrong { from_s, to_s });
                }
            }
        }
    }
}

fn read_journal(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Journal, OpenError> {
    let mut source = Samples::open(folder, None).map_err(|error| match error {
        CompareError::Journal(error) => error,
        other => OpenError::Io(io::Error::other(other.to_string())),
    })?;
    let mut position = 0;
    while source.step() {
        source.rows.clear();
        progress(source.reader.position() - position);
        position = source.reader.position();
    }
    Ok(source.journal)
}

/// The samples of a journal, as far as they were asked for.
struct Samples<R: Read = File> {
    reader: Reader<R>,
    engine: Option<Engine>,
    infos: Vec<StreamInfo>,
    journal: Journal,
    /// The stream that is wanted; `None` wants no sample.
    wanted: Option<u8>,
    rows: VecDeque<Row>,
}

/// One scan: its index, and what each channel is in the header's own unit.
#[derive(Clone, Copy)]
struct Row {
    index: u64,
    values: [f64; MAX_CHANNELS],
    calibrations_as_begun: bool,
}

impl Samples {
    fn open(folder: &Path, wanted: Option<u8>) -> Result<Self, CompareError> {
        Ok(Self::of(Reader::open(&folder.join(JOURNAL))?, wanted)?)
    }
}

impl<R: Read> Samples<R> {
    fn of(reader: Reader<R>, wanted: Option<u8>) -> Result<Self, ConfigError> {
        Ok(Self {
            engine: Some(Engine::without_measures(&reader.config())?),
            reader,
            infos: Vec::new(),
            journal: Journal::default(),
            wanted,
            rows: VecDeque::new(),
        })
    }

    /// Takes one more item of the journal; false after the last one.
    fn step(&mut self) -> bool {
        let Some(mut engine) = self.engine.take() else { return false };
        let mut taken = Taken {
            infos: &mut self.infos,
            streams: &mut self.journal.streams,
            wanted: self.wanted,
            rows: &mut self.rows,
        };
        match self.reader.next() {
            Some(Item::Input(input)) => {
                self.journal.input_count += 1;
                self.journal.last_at = input.at();
                engine.handle(input, &mut |output: Output<'_>| taken.output(&output));
            }
            Some(Item::Damage(damage)) if self.journal.damage.len() < MOST_LISTED => {
                self.journal.damage.push(damage);
            }
            Some(Item::Damage(_)) => self.journal.further_damage += 1,
            Some(Item::End(totals)) => self.journal.totals = Some(totals),
            None => {
                let at = self.journal.last_at;
                engine.finish(at, &mut |output: Output<'_>| taken.output(&output));
                return true;
            }
        }
        self.engine = Some(engine);
        true
    }

    /// The next scan, which stays there.
    fn front(&mut self) -> Option<Row> {
        // Only when the input was taken to its end, all channels of a scan are there.
        while self.rows.is_empty() {
            if !self.step() {
                return None;
            }
        }
        self.rows.front().copied()
    }
}

struct Taken<'a> {
    infos: &'a mut Vec<StreamInfo>,
    streams: &'a mut Vec<(StreamInfo, u64)>,
    wanted: Option<u8>,
    rows: &'a mut VecDeque<Row>,
}

impl Taken<'_> {
    fn output(&mut self, output: &Output<'_>) {
        match output {
            Output::Stream(info) => {
                match self.infos.iter_mut().find(|known| known.stream == info.stream) {
                    Some(known) => *known = **info,
                    None => self.infos.push(**info),
                }
            }
            Output::Block(block) => {
                let number = block.channel.stream;
                let Some(now) = self.infos.iter().find(|info| info.stream == number) else {
                    return;
                };
                let place = self.streams.iter().position(|(info, _)| info.stream == number);
                let place = place.unwrap_or_else(|| {
                    self.streams.push((*now, 0));
                    self.streams.len() - 1
                });
                let (begun, count) = &mut self.streams[place];
                let channel = usize::from(block.channel.channel);
                if channel == 0 {
                    *count += block.values.len() as u64;
                }
                if self.wanted != Some(number) || channel >= MAX_CHANNELS {
                    return;
                }
                if channel == 0 {
                    let calibrations_as_begun =
                        begun.calibrations == now.calibrations && begun.unit == now.unit;
                    for index in (block.first.0..).take(block.values.len()) {
                        let values = [f64::NAN; MAX_CHANNELS];
                        self.rows.push_back(Row { index, values, calibrations_as_begun });
                    }
                }
                let factor = block.unit.factor_to(begun.unit).unwrap_or(1.0);
                // The blocks of another channel may be cut otherwise.
                let start = self.rows.partition_point(|row| row.index < block.first.0);
                let rows = self.rows.range_mut(start..);
                for (row, value) in rows.zip(block.values) {
                    row.values[channel] = value * factor;
                }
            }
            _ => {}
        }
    }
}

/// Holds the file `name` against the samples of `stream` in the journal.
fn compare(
    folder: &Path,
    name: &str,
    stream: u8,
    progress: &mut dyn FnMut(u64),
) -> Result<Compared, CompareError> {
    let path = folder.join(name);
    if !path.exists() {
        return Err(CompareError::Missing);
    }
    hold(EdfFile::open(&path)?, Reader::open(&folder.join(JOURNAL))?, stream, progress)
}

/// Holds `file` against the samples of `stream` in `journal`.
pub(crate) fn hold<F: Read, R: Read>(
    mut file: EdfFile<F>,
    journal: Reader<R>,
    stream: u8,
    progress: &mut dyn FnMut(u64),
) -> Result<Compared, CompareError> {
    let mut samples = Samples::of(journal, Some(stream))?;
    let Some(first) = samples.front() else { return Ok(Compared::default()) };
    let found = samples.journal.streams.iter().find(|(info, _)| info.stream == stream);
    let Some((info, _)) = found.copied() else { return Ok(Compared::default()) };
    let is_raw = fits(&file, &info)?;
    let count = is_raw.len();
    let channels = (0..count).map(ChannelChoice::Index).collect();
    let selection = file.header().select(&EdfOptions { channels, ..EdfOptions::default() })?;
    let calibrations: Vec<_> =
        file.header().signals[..count].iter().map(|signal| signal.calibration).collect();
    let ranges: Vec<_> =
        file.header().signals[..count].iter().map(|signal| signal.digital).collect();
    if selection.streams.len() != 1 || usize::from(selection.streams[0].info.channel_count) != count
    {
        return Err(CompareError::Header {
            what: "its channels differ in rate or unit".to_owned(),
        });
    }
    let mut compared = Compared::default();
    let mut position = 0;
    let expected = |row: &Row, channel: usize| {
        let value = row.values[channel];
        let calibration = info.calibrations[channel];
        let code = if is_raw[channel] && row.calibrations_as_begun {
            value / calibration.scale + calibration.offset_counts
        } else {
            value / calibrations[channel].scale + calibrations[channel].offset_counts
        };
        let (low, high) = ranges[channel];
        if code.is_nan() { f64::from(low) } else { code.clamp(f64::from(low), f64::from(high)) }
    };
    file.read(&selection, &mut |item| {
        let EdfItem::Scans(scans) = item else { return };
        for (at, codes) in scans.codes.chunks(count).enumerate() {
            let index = scans.first.0 + at as u64;
            let row = loop {
                match samples.front() {
                    Some(row) if row.index < first.index + index => {
                        compared.wrong(info.rate, row.index - first.index, 1);
                        samples.rows.pop_front();
                    }
                    other => break other.filter(|row| row.index == first.index + index),
                }
            };
            let is_same = row.is_some_and(|row| {
                // Half a code, and what rounding makes of the very half.
                (0..count).all(|at| (codes[at] - expected(&row, at)).abs() <= 0.5 + 1e-6)
            });
            if row.is_some() {
                samples.rows.pop_front();
            }
            match is_same {
                true => compared.same_count += 1,
                false => compared.wrong(info.rate, index, 1),
            }
        }
        progress(samples.reader.position() - position);
        position = samples.reader.position();
    })?;
    while samples.front().is_some() {
        compared.not_yet_count += 1;
        samples.rows.pop_front();
    }
    compared.not_yet_s = info.rate.time_s(SampleIndex(compared.not_yet_count));
    compared.notes = file.deviations().iter().map(ToString::to_string).collect();
    Ok(compared)
}

/// Whether the header is that of a file for `info`, and which channels have the codes of the device.
fn fits<F: Read>(file: &EdfFile<F>, info: &StreamInfo) -> Result<Vec<bool>, CompareError> {
    let wrong = |what: String| Err(CompareError::Header { what });
    let header = file.header();
    let count = usize::from(info.channel_count).min(MAX_CHANNELS);
    if header.signals.len() != count {
        return wrong(format!("{} channels in place of {count}", header.signals.len()));
    }
    let mut is_raw = Vec::with_capacity(count);
    for (at, signal) in header.signals.iter().enumerate() {
        let is_near =
            signal.rate.is_some_and(|rate| (rate.hz() / info.rate.hz() - 1.0).abs() < 1e-6);
        if !is_near {
            return wrong(format!("channel {at} is not at {}", info.rate));
        }
        let (expected, raw) = range(info, at, None);
        if let Range::Codes { physical, digital } = expected
            && (signal.digital != digital
                || signal.physical.0.to_bits() != physical.0.to_bits()
                || signal.physical.1.to_bits() != physical.1.to_bits())
        {
            return wrong(format!("channel {at} has another range"));
        }
        is_raw.push(raw);
    }
    Ok(is_raw)
}
