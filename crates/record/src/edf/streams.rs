//! Which signals are read, and how they form streams.

use std::ops::Range;

use levator_decode::native::MAX_STREAMS;
use levator_decode::{Label, MAX_CHANNELS, Scans, StreamInfo};
use levator_signal::{Quality, SampleIndex, SignalKind, Unit};

use super::convert;
use super::error::EdfError;
use super::header::{Header, Signal};
use crate::text::columns::{self, Column};
use crate::text::{ChannelChoice, EMG_FROM_HZ, Origin, Role};

/// Values in a block: 64 KiB of doubles.
const BLOCK_VALUES: usize = 8192;

/// Blocks of one channel are multiples of this where they can be, so that whoever works on them in
/// parts of that size has no short one in between.
const BLOCK_STEP: usize = 512;

/// What the caller wants of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdfOptions {
    /// Signals to read, by label or by position among those that are no annotations. Empty: the first
    /// that is EMG or pressure, else the first.
    pub channels: Vec<ChannelChoice>,
    /// What they measure. `None`: by label or unit, else by rate.
    pub kind: Option<SignalKind>,
    /// Unit of their values. `None`: as the file states, or [`Unit::Count`] if we do not know it.
    pub unit: Option<Unit>,
}

/// Signals of one rate, kind and unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its description. Rails are left open: programs stretch the range of the codes over what was
    /// measured, so that the largest code says nothing about the converter.
    pub info: StreamInfo,
    /// Positions of its signals in [`Header::signals`], in the order of the channels.
    pub signals: Vec<usize>,
    /// Who said what it measures.
    pub kind_origin: Origin,
    /// Who said the unit.
    pub unit_origin: Origin,
}

/// The streams that are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// In the order they were asked for, numbered from zero.
    pub streams: Vec<Stream>,
    /// Whether the caller chose the signals.
    pub origin: Origin,
}

impl Header {
    /// The streams that `options` ask for. A signal without samples is left out.
    ///
    /// # Errors
    ///
    /// If there is no signal, or none like one that was asked for; the error lists them.
    pub fn select(&self, options: &EdfOptions) -> Result<Selection, EdfError> {
        let (chosen, origin) = self.choose(&options.channels)?;
        let mut streams: Vec<Stream> = Vec::new();
        for position in chosen {
            let signal = &self.signals[position];
            let Some(rate) = signal.rate else { return Err(EdfError::NoRate) };
            let (kind, kind_origin) = match (options.kind, signal.kind) {
                (Some(kind), _) => (kind, Origin::Given),
                (None, Some(kind)) => (kind, Origin::File),
                (None, None) if rate.hz() >= EMG_FROM_HZ => (SignalKind::Emg, Origin::Guessed),
                (None, None) => (SignalKind::Pressure, Origin::Guessed),
            };
            let (unit, unit_origin) = match (options.unit, signal.unit) {
                (Some(unit), _) => (unit, Origin::Given),
                (None, Some(unit)) => (unit, Origin::File),
                (None, None) => (Unit::Count, Origin::Guessed),
            };
            let belongs = |stream: &&mut Stream| {
                let info = &stream.info;
                let first = &self.signals[stream.signals[0]];
                (info.rate, info.kind, info.unit) == (rate, kind, unit)
                    && first.samples_per_record == signal.samples_per_record
                    && stream.signals.len() < MAX_CHANNELS
            };
            if let Some(stream) = streams.iter_mut().find(belongs) {
                stream.info.calibrations[stream.signals.len()] = signal.calibration;
                stream.signals.push(position);
                stream.info.channel_count = stream.signals.len() as u8;
                continue;
            }
            if streams.len() == MAX_STREAMS {
                return Err(EdfError::TooManyStreams { max: MAX_STREAMS });
            }
            let mut info = StreamInfo::of_values(kind, unit, rate, 1);
            info.stream = streams.len() as u8;
            info.calibrations[0] = signal.calibration;
            streams.push(Stream { info, signals: vec![position], kind_origin, unit_origin });
        }
        for stream in &mut streams {
            let titles: Vec<String> =
                stream.signals.iter().map(|&position| self.signal_title(position)).collect();
            stream.info.label = Label::new(&titles.join(", "));
        }
        Ok(Selection { streams, origin })
    }

    /// Label of signal `position`, or `signal 3` if it has none.
    #[must_use]
    pub fn signal_title(&self, position: usize) -> String {
        match self.signals.get(position) {
            Some(signal) if !signal.label.is_empty() => signal.label.clone(),
            _ => format!("signal {position}"),
        }
    }

    fn choose(&self, choices: &[ChannelChoice]) -> Result<(Vec<usize>, Origin), EdfError> {
        let has_samples = |signal: &&Signal| signal.samples_per_record > 0;
        if !self.signals.iter().any(|signal| has_samples(&signal)) {
            return Err(EdfError::NoSignal);
        }
        if choices.is_empty() {
            let judged = |signal: &Signal| signal.kind != Some(SignalKind::Other);
            let with = |wanted: &dyn Fn(&Signal) -> bool| {
                self.signals.iter().position(|signal| has_samples(&signal) && wanted(signal))
            };
            let first = with(&|signal| signal.kind.is_some() && judged(signal))
                .or_else(|| with(&judged))
                .or_else(|| with(&|_| true));
            return Ok((first.into_iter().collect(), Origin::Guessed));
        }
        let column = |(index, signal): (usize, &Signal)| Column {
            index,
            name: signal.label.clone(),
            role: Role::Signal,
        };
        let columns: Vec<Column> = self.signals.iter().enumerate().map(column).collect();
        let mut chosen = Vec::with_capacity(choices.len());
        for choice in choices {
            let position = columns::find(&columns, choice).map_err(EdfError::choice)?.index;
            if self.signals[position].samples_per_record == 0 {
                let available = columns::listing(columns.iter());
                return Err(EdfError::NoSuchSignal {
                    wanted: columns[position].title(),
                    available,
                });
            }
            if !chosen.contains(&position) {
                chosen.push(position);
            }
        }
        Ok((chosen, Origin::Given))
    }
}

/// Gathers the codes of one stream into blocks.
#[derive(Debug)]
pub(crate) struct Block {
    stream: u8,
    channel_count: usize,
    /// Values at which a block is handed on.
    capacity: usize,
    first: u64,
    codes: Vec<f64>,
}

impl Block {
    pub(crate) fn new(stream: &Stream) -> Self {
        let channel_count = stream.signals.len();
        let scans = BLOCK_VALUES / channel_count / BLOCK_STEP * BLOCK_STEP;
        let capacity = scans * channel_count;
        let codes = Vec::with_capacity(capacity);
        Self { stream: stream.info.stream, channel_count, capacity, first: 0, codes }
    }

    /// Takes the samples at `places` of those that `record` holds of `stream`; the first of them has index
    /// `first`.
    pub(crate) fn add(
        &mut self,
        header: &Header,
        stream: &Stream,
        record: &[u8],
        places: Range<usize>,
        first: u64,
        sink: &mut impl FnMut(Scans<'_>),
    ) {
        if first != self.first + (self.codes.len() / self.channel_count) as u64 {
            self.flush(sink);
            self.first = first;
        }
        let mut done = places.start;
        while done < places.end {
            let start = self.codes.len();
            let take = ((self.capacity - start) / self.channel_count).min(places.end - done);
            let bytes = |position: usize| {
                let width = header.variant.sample_len();
                let from = header.signals[position].bytes.start + done * width;
                &record[from..from + take * width]
            };
            if let [position] = stream.signals[..] {
                convert::codes(header.variant, bytes(position), &mut self.codes);
            } else {
                self.codes.resize(start + take * self.channel_count, 0.0);
                let scans = &mut self.codes[start..];
                for (channel, &position) in stream.signals.iter().enumerate() {
                    let bytes = bytes(position);
                    convert::interleave(header.variant, bytes, channel, self.channel_count, scans);
                }
            }
            done += take;
            if self.codes.len() == self.capacity {
                self.flush(sink);
            }
        }
    }

    /// Hands on what was gathered.
    pub(crate) fn flush(&mut self, sink: &mut impl FnMut(Scans<'_>)) {
        if self.codes.is_empty() {
            return;
        }
        sink(Scans {
            stream: self.stream,
            first: SampleIndex(self.first),
            channel_count: self.channel_count as u8,
            codes: &self.codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        });
        self.first += (self.codes.len() / self.channel_count) as u64;
        self.codes.clear();
    }
}
