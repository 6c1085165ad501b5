//! Streams as a file describes them, and which of them are read.

use levator_decode::native::MAX_STREAMS;
use levator_decode::{Label, MAX_CHANNELS, StreamInfo};
use levator_signal::{SampleRate, SignalKind, Unit};

use super::error::XdfError;
use super::samples::Format;
use super::segments::Segment;
use super::xml;
use crate::edf::names;
use crate::text::columns::{self, Column};
use crate::text::{ChannelChoice, EMG_FROM_HZ, Origin, Role};

/// Most channels of a stream, and most hertz that are believed.
const MAX_CHANNELS_IN_FILE: usize = 4096;
const MAX_HZ: f64 = 1e6;

/// Up to this proportion off, the nominal rate counts; a crystal is a hundred times better. Our choice.
const RATE_TOLERANCE: f64 = 0.005;

/// One stream of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct XdfStream {
    /// Its number in the file.
    pub id: u32,
    /// Its name; may be empty.
    pub name: String,
    /// What it calls itself, such as `EMG` or `Markers`.
    pub content: String,
    /// How its values are written.
    pub format: Format,
    /// Samples a second by its description; zero if they come at no fixed rate.
    pub nominal_hz: f64,
    /// Samples a second by its time stamps, where it has a rate and more than one sample.
    pub effective_hz: Option<f64>,
    /// Its channels.
    pub channels: Vec<XdfChannel>,
    /// Samples.
    pub sample_count: u64,
    /// First and last time stamp as written, before any correction; `None` without samples.
    pub raw_s: Option<(f64, f64)>,
    /// Measurements of the offset between the clock of its sender and that of the recorder.
    pub clock_offsets: Vec<(f64, f64)>,
    /// Stretches without a break, of a stream with a rate.
    pub segments: Vec<Segment>,
    /// Samples that its end announces, where it has one.
    pub footer_count: Option<u64>,
    /// Whether it says that samples may be left out on the way.
    pub(crate) can_drop_samples: bool,
}

/// One channel.
#[derive(Clone, Debug, PartialEq)]
pub struct XdfChannel {
    /// Its name; may be empty.
    pub label: String,
    /// Its unit as written; may be empty.
    pub unit: String,
    /// What it calls itself; may be empty.
    pub content: String,
}

/// What the caller wants of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct XdfOptions {
    /// Channels to read, by label or by position among all channels of streams with numbers, a rate and
    /// samples. Empty: the first that is EMG or pressure, else the first.
    pub channels: Vec<ChannelChoice>,
    /// What they measure. `None`: by type, label or unit, else by rate.
    pub kind: Option<SignalKind>,
    /// Unit of their values. `None`: as the file states, or [`Unit::Count`] if we do not know it.
    pub unit: Option<Unit>,
}

/// Channels of one stream of the file that have one kind and unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its description.
    pub info: StreamInfo,
    /// Position of the stream in [`super::XdfFile::streams`].
    pub source: usize,
    /// Positions of its channels there.
    pub channels: Vec<usize>,
    /// Name of each channel.
    pub titles: Vec<String>,
    /// Who said what it measures.
    pub kind_origin: Origin,
    /// Who said the unit.
    pub unit_origin: Origin,
    /// Index of the first sample of each segment.
    pub(crate) starts: Vec<u64>,
}

/// The streams that are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// In the order they were asked for, numbered from zero.
    pub streams: Vec<Stream>,
    /// Whether the caller chose the channels.
    pub origin: Origin,
    /// Time of sample zero, in seconds of the recorder's clock.
    pub start_s: f64,
}

impl XdfStream {
    /// Reads a description that begins at byte `offset`.
    pub(crate) fn parse(id: u32, xml: &str, offset: u64) -> Result<Self, XdfError> {
        let wrong = |field, bound| XdfError::Field {
            stream: id,
            offset,
            field,
            found: xml::text(xml, field),
            bound,
        };
        // What a device adds is in `desc`, and may use the same names.
        let desc = xml::element(xml, "desc").unwrap_or_default();
        let count = xml::text(xml, "channel_count").parse::<usize>().ok();
        let bound = "a whole number from 1 to 4096";
        let count = count.filter(|count| (1..=MAX_CHANNELS_IN_FILE).contains(count));
        let count = count.ok_or_else(|| wrong("channel_count", bound))?;
        let format = Format::from_name(&xml::text(xml, "channel_format"));
        let bound = "int8, int16, int32, int64, float32, double64 or string";
        let format = format.ok_or_else(|| wrong("channel_format", bound))?;
        let rate = xml::text(xml, "nominal_srate").parse::<f64>().ok();
        let rate = rate.filter(|hz| (0.0..=MAX_HZ).contains(hz));
        let nominal_hz = rate.ok_or_else(|| wrong("nominal_srate", "0 to 1000000 Hz"))?;
        let listed = xml::element(desc, "channels").unwrap_or_default();
        let mut channels: Vec<XdfChannel> = xml::elements(listed, "channel")
            .take(count)
            .map(|channel| XdfChannel {
                label: xml::text(channel, "label"),
                unit: xml::text(channel, "unit"),
                content: xml::text(channel, "type"),
            })
            .collect();
        let unnamed =
            XdfChannel { label: String::new(), unit: String::new(), content: String::new() };
        channels.resize(count, unnamed);
        let synchronization = xml::element(desc, "synchronization").unwrap_or_default();
        Ok(Self {
            id,
            name: xml::text(xml, "name"),
            content: xml::text(xml, "type"),
            format,
            nominal_hz,
            effective_hz: None,
            channels,
            sample_count: 0,
            raw_s: None,
            clock_offsets: Vec::new(),
            segments: Vec::new(),
            footer_count: None,
            can_drop_samples: xml::text(synchronization, "can_drop_samples") == "true",
        })
    }

    /// Whether it is read as a signal: numbers with a rate.
    #[must_use]
    pub fn is_signal(&self) -> bool {
        self.format != Format::Text && self.nominal_hz > 0.0 && self.sample_count > 0
    }

    /// Whether its values are marks: texts, or numbers that call themselves markers, events or triggers.
    #[must_use]
    pub fn is_marks(&self) -> bool {
        let told = format!("{} {}", self.content, self.name).to_lowercase();
        let tells = ["marker", "event", "stim", "trigger"].iter().any(|word| told.contains(word));
        self.format == Format::Text || (self.nominal_hz <= 0.0 && tells)
    }

    /// The rate of its samples: the nominal one, unless the stamps say otherwise.
    #[must_use]
    pub fn rate(&self) -> Option<SampleRate> {
        let is_right = |hz: f64| (hz / self.nominal_hz - 1.0).abs() <= RATE_TOLERANCE;
        match self.effective_hz {
            // Two samples are no measurement of a rate.
            Some(hz) if self.sample_count > 10 && !is_right(hz) => {
                SampleRate::from_hz((hz * 1e3).round() / 1e3)
            }
            _ => SampleRate::from_hz(self.nominal_hz),
        }
    }

    /// Name of a channel: its own, or that of the stream with its number.
    #[must_use]
    pub fn channel_title(&self, channel: usize) -> String {
        let name = if self.name.is_empty() { "stream" } else { &self.name };
        match self.channels.get(channel) {
            Some(known) if !known.label.is_empty() => known.label.clone(),
            _ if self.channels.len() == 1 => name.to_owned(),
            _ => format!("{name} {channel}"),
        }
    }

    fn kind(&self, channel: usize) -> Option<SignalKind> {
        let XdfChannel { label, unit, content } = self.channels.get(channel)?;
        let by = |text: &str| names::kind(text, None);
        by(content)
            .or_else(|| by(label))
            .or_else(|| by(&self.content))
            .or_else(|| by(&self.name))
            .or_else(|| names::kind(label, names::unit(unit)))
    }

    /// Index of the first sample of each segment, from `start_s` on: a gap keeps its length, and where
    /// stamps go back one missing sample stands for it.
    pub(crate) fn starts(&self, rate: SampleRate, start_s: f64) -> (Vec<u64>, u64) {
        let mut starts = Vec::with_capacity(self.segments.len());
        let (mut next, mut end_s) = (0_u64, start_s);
        let mut seams = 0;
        for (at, segment) in self.segments.iter().enumerate() {
            let gap = ((segment.start_s - end_s) * rate.hz()).round();
            seams += u64::from(at > 0 && gap < 1.0);
            let least = if at == 0 { 0.0 } else { 1.0 };
            next = next.saturating_add(gap.clamp(least, 1e15) as u64);
            starts.push(next);
            next = next.saturating_add(segment.sample_count);
            end_s = segment.end_s();
        }
        (starts, seams)
    }
}

impl Stream {
    /// The place of `time_s` on the axis of this stream, in samples.
    pub(crate) fn index_at(&self, source: &XdfStream, rate: SampleRate, time_s: f64) -> f64 {
        let after = source.segments.partition_point(|segment| segment.start_s <= time_s);
        match after.checked_sub(1).and_then(|at| Some((source.segments.get(at)?, self.starts[at])))
        {
            Some((segment, first)) => {
                let inside = (time_s - segment.start_s) / segment.step_s;
                let count = segment.sample_count as f64;
                let place = match inside > count {
                    true => count + (time_s - segment.end_s()) * rate.hz(),
                    false => inside,
                };
                let next = self.starts.get(after).map_or(f64::INFINITY, |next| *next as f64);
                (first as f64 + place).min(next)
            }
            None => {
                let first = self.starts.first().map_or(0.0, |first| *first as f64);
                let start_s = source.segments.first().map_or(time_s, |segment| segment.start_s);
                first + (time_s - start_s) * rate.hz()
            }
        }
    }
}

/// The streams that `options` ask for, of those in a file.
pub(crate) fn select(sources: &[XdfStream], options: &XdfOptions) -> Result<Selection, XdfError> {
    let all: Vec<(usize, usize)> = sources
        .iter()
        .enumerate()
        .filter(|(_, stream)| stream.is_signal())
        .flat_map(|(at, stream)| (0..stream.channels.len()).map(move |channel| (at, channel)))
        .collect();
    let (chosen, origin) = choose(sources, &all, &options.channels)?;
    let used = || chosen.iter().filter_map(|(at, _)| sources[*at].segments.first());
    let start_s = used().map(|segment| segment.start_s).fold(f64::INFINITY, f64::min);
    let mut streams: Vec<Stream> = Vec::new();
    for (at, channel) in chosen {
        let source = &sources[at];
        let Some(rate) = source.rate() else { continue };
        let (kind, kind_origin) = match (options.kind, source.kind(channel)) {
            (Some(kind), _) => (kind, Origin::Given),
            (None, Some(kind)) => (kind, Origin::File),
            (None, None) if rate.hz() >= EMG_FROM_HZ => (SignalKind::Emg, Origin::Guessed),
            (None, None) => (SignalKind::Pressure, Origin::Guessed),
        };
        let (unit, unit_origin) = match (options.unit, names::unit(&source.channels[channel].unit))
        {
            (Some(unit), _) => (unit, Origin::Given),
            (None, Some(unit)) => (unit, Origin::File),
            (None, None) => (Unit::Count, Origin::Guessed),
        };
        let title = source.channel_title(channel);
        let belongs = |stream: &&mut Stream| {
            let info = &stream.info;
            stream.source == at
                && (info.kind, info.unit) == (kind, unit)
                && stream.channels.len() < MAX_CHANNELS
        };
        if let Some(stream) = streams.iter_mut().find(belongs) {
            stream.channels.push(channel);
            stream.titles.push(title);
            stream.info.channel_count = stream.channels.len() as u8;
            continue;
        }
        if streams.len() == MAX_STREAMS {
            return Err(XdfError::TooManyChosen { max: MAX_STREAMS });
        }
        let mut info = StreamInfo::of_values(kind, unit, rate, 1);
        info.stream = streams.len() as u8;
        let (starts, _) = source.starts(rate, start_s);
        streams.push(Stream {
            info,
            source: at,
            channels: vec![channel],
            titles: vec![title],
            kind_origin,
            unit_origin,
            starts,
        });
    }
    for stream in &mut streams {
        stream.info.label = Label::new(&stream.titles.join(", "));
    }
    Ok(Selection { streams, origin, start_s })
}

/// Pairs of stream and channel.
type Places = Vec<(usize, usize)>;

fn choose(
    sources: &[XdfStream],
    all: &[(usize, usize)],
    choices: &[ChannelChoice],
) -> Result<(Places, Origin), XdfError> {
    if all.is_empty() {
        let titles: Vec<String> = sources
            .iter()
            .map(|stream| {
                let format = stream.format.name();
                format!("{} ({format}, {} samples)", stream.name, stream.sample_count)
            })
            .collect();
        let available = if titles.is_empty() { "none".to_owned() } else { titles.join(", ") };
        return Err(XdfError::NoSignal { available });
    }
    if choices.is_empty() {
        let kind = |place: &&(usize, usize)| sources[place.0].kind(place.1);
        let judged = |place: &&(usize, usize)| kind(place) != Some(SignalKind::Other);
        let first = all
            .iter()
            .find(|place| kind(place).is_some() && judged(place))
            .or_else(|| all.iter().find(judged))
            .or(all.first());
        return Ok((first.copied().into_iter().collect(), Origin::Guessed));
    }
    let columns: Vec<Column> = all
        .iter()
        .enumerate()
        .map(|(index, (at, channel))| Column {
            index,
            name: sources[*at].channel_title(*channel),
            role: Role::Signal,
        })
        .collect();
    let mut chosen = Vec::with_capacity(choices.len());
    for choice in choices {
        let place = all[columns::find(&columns, choice).map_err(XdfError::choice)?.index];
        if !chosen.contains(&place) {
            chosen.push(place);
        }
    }
    Ok((chosen, Origin::Given))
}
