//! The first reading: what a header must say before the first sample.

use std::collections::BTreeMap;

use levator_decode::StreamInfo;
use levator_engine::EmgBand;
use levator_record::edf::StartTime;
use levator_record::visit::{manifest, utc};
use levator_signal::{ChannelId, SampleIndex, SampleRate, SignalKind, Unit};
use serde_json::{Value, json};

use super::source::{Event, Kind, Source, is_built_in};

/// Longest text of an annotation, in bytes: EDFlib reads no longer one.
const LONGEST_TEXT: usize = 512;

/// What one file holds.
pub(super) struct Survey {
    pub(super) streams: Vec<Stream>,
    /// In the order of their onsets.
    pub(super) annotations: Vec<Annotation>,
    /// How many of them were longer.
    pub(super) shortened_count: u64,
    pub(super) notes: Vec<String>,
    /// BLAKE3 of the file.
    pub(super) blake3: String,
    /// How the recording was made, or the file read.
    pub(super) settings: Value,
    /// When the first sample came, where that is known.
    pub(super) start_unix_ms: Option<u64>,
}

/// One stream.
pub(super) struct Stream {
    pub(super) number: u8,
    pub(super) rate: SampleRate,
    pub(super) info: StreamInfo,
    pub(super) channels: Vec<Channel>,
    /// First index and length of each stretch without a gap.
    pub(super) runs: Vec<(u64, u64)>,
}

/// One channel.
pub(super) struct Channel {
    pub(super) label: String,
    pub(super) unit: Unit,
    /// Smallest and largest number.
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A text and its time.
pub(super) struct Annotation {
    pub(super) onset_s: f64,
    pub(super) duration_s: Option<f64>,
    pub(super) text: String,
}

impl Survey {
    pub(super) fn of(source: &Source) -> anyhow::Result<Self> {
        let blake3 = manifest::hash(&source.file, &mut |_| {})?;
        let mut infos: BTreeMap<u8, StreamInfo> = BTreeMap::new();
        let mut streams: BTreeMap<u8, Stream> = BTreeMap::new();
        let (mut annotations, mut notes) = (Vec::new(), Vec::new());
        let mut shortened_count = 0;
        let mut first_at = None;
        let mut changed = None;
        let titles = source.read(&mut |event| match event {
            Event::Stream(info) => {
                infos.insert(info.stream, *info);
            }
            Event::Values { channel, unit, rate, first, values, at } => {
                let Some(info) = infos.get(&channel.stream) else { return };
                if first_at.is_none() {
                    // They were taken before they came.
                    let lasted_ms = (values.len() as f64 / rate.hz() * 1e3) as u64;
                    first_at =
                        Some(at.map(|at| (at.as_nanos() / 1_000_000).saturating_sub(lasted_ms)));
                }
                let stream = streams.entry(channel.stream).or_insert_with(|| Stream::new(info));
                let Some(known) = stream.channels.get_mut(usize::from(channel.channel)) else {
                    return;
                };
                if known.unit != unit && known.unit.factor_to(unit).is_none() {
                    changed = Some((known.unit, unit));
                }
                let factor = unit.factor_to(known.unit).unwrap_or(1.0);
                for value in values.iter().filter(|value| value.is_finite()) {
                    known.low = known.low.min(value * factor);
                    known.high = known.high.max(value * factor);
                }
                if channel.channel == 0 {
                    stream.take(first.0, values.len() as u64);
                }
            }
            Event::Annotation { onset_s, duration_s, text, .. } => {
                let mut end = text.len().min(LONGEST_TEXT);
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                shortened_count += u64::from(end < text.len());
                annotations.push(Annotation { onset_s, duration_s, text: text[..end].to_owned() });
            }
            Event::Note(note) => notes.push(note),
        })?;
        if let Some((before, after)) = changed {
            anyhow::bail!(
                "its unit changes from {before} to {after} under way: there is no file for both"
            );
        }
        annotations.sort_by(|one, other| one.onset_s.total_cmp(&other.onset_s));
        let mut streams: Vec<Stream> = streams.into_values().collect();
        for stream in &mut streams {
            stream.name(titles.get(&stream.number).map_or(&[], Vec::as_slice));
        }
        let start_unix_ms = match source.kind() {
            Kind::Recording { opened_unix_ms: Some(opened), .. } => {
                first_at.flatten().map(|at| opened.saturating_add(at))
            }
            Kind::Recording { .. } | Kind::Edf { .. } | Kind::Xdf { .. } | Kind::Text(_) => None,
        };
        Ok(Self {
            streams,
            annotations,
            shortened_count,
            notes,
            blake3,
            settings: settings(source),
            start_unix_ms,
        })
    }

    /// When the first sample came, in milliseconds since 1970, on the day that is to be written.
    pub(super) fn start_ms(&self, source: &Source) -> Option<u64> {
        let hiding = source.hiding.as_ref();
        self.start_unix_ms.map(|unix_ms| hiding.map_or(unix_ms, |hiding| hiding.moved(unix_ms)))
    }

    /// When a file of another program began, as it stands there.
    pub(super) fn stated_start_ms(&self, source: &Source) -> Option<u64> {
        match source.kind() {
            Kind::Edf { header, .. } => header.start.map(|start| unix_s(start) * 1000),
            Kind::Recording { .. } | Kind::Xdf { .. } | Kind::Text(_) => self.start_unix_ms,
        }
    }

    /// When the first sample came, in UTC, and milliseconds of it. The start of another file is taken as
    /// it stands.
    pub(super) fn start(&self, source: &Source) -> (Option<StartTime>, u16) {
        let unix_ms = self.start_ms(source);
        match (source.kind(), unix_ms, &source.hiding) {
            (_, Some(unix_ms), _) => (Some(utc(unix_ms / 1000)), (unix_ms % 1000) as u16),
            (Kind::Edf { header, .. }, None, None) => (header.start, 0),
            (Kind::Edf { header, .. }, None, Some(hiding)) => {
                let start =
                    header.start.map(|start| utc(hiding.moved(unix_s(start) * 1000) / 1000));
                // Headers of EDF know no year before 1985.
                (start.filter(|start| start.year >= 1985), 0)
            }
            (Kind::Recording { .. } | Kind::Xdf { .. } | Kind::Text(_), None, _) => (None, 0),
        }
    }
}

impl Stream {
    fn new(info: &StreamInfo) -> Self {
        let channel = |_| Channel {
            label: String::new(),
            unit: info.unit,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        };
        Self {
            number: info.stream,
            rate: info.rate,
            info: *info,
            channels: (0..info.channel_count).map(channel).collect(),
            runs: Vec::new(),
        }
    }

    fn take(&mut self, first: u64, len: u64) {
        match self.runs.last_mut() {
            Some((start, known)) if *start + *known == first => *known += len,
            _ => self.runs.push((first, len)),
        }
    }

    /// Names the channels, each otherwise than the others in the 16 characters of a header.
    fn name(&mut self, titles: &[String]) {
        let base = match (self.info.label.as_str(), self.info.kind) {
            ("", SignalKind::Emg) => "EMG",
            ("", SignalKind::EmgEnvelope) => "EMG RMS",
            ("", SignalKind::Pressure) => "Pressure",
            ("", SignalKind::Other) => "Signal",
            (label, _) => label,
        };
        let count = self.channels.len();
        let mut taken: Vec<String> = Vec::with_capacity(count);
        for (at, channel) in self.channels.iter_mut().enumerate() {
            let wanted = match titles.get(at) {
                Some(title) if !title.is_empty() => title.clone(),
                _ if count == 1 => base.to_owned(),
                _ => format!("{base} {at}"),
            };
            let short = |text: &str, len: usize| text.chars().take(len).collect::<String>();
            let mut label = short(wanted.trim(), 16);
            if taken.contains(&label)
                || wanted.chars().count() > 16 && count > 1 && titles.is_empty()
            {
                label = format!("{} {at}", short(wanted.trim(), 13));
            }
            taken.push(label.clone());
            channel.label = label;
        }
    }

    /// Time of the first sample, with which files begin, in seconds from index zero.
    pub(super) fn start_s(&self) -> f64 {
        self.rate.time_s(SampleIndex(self.runs.first().map_or(0, |(first, _)| *first)))
    }

    pub(super) fn sample_count(&self) -> u64 {
        self.runs.iter().map(|(_, len)| len).sum()
    }

    /// One past the last sample.
    pub(super) fn end(&self) -> SampleIndex {
        SampleIndex(self.runs.last().map_or(0, |(first, len)| first + len))
    }

    /// First missing sample and the one after the last, of each gap between samples.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (SampleIndex, SampleIndex)> {
        self.runs.windows(2).map(|two| (SampleIndex(two[0].0 + two[0].1), SampleIndex(two[1].0)))
    }

    /// The channel with this number, and what turns values of `unit` into those of it.
    pub(super) fn place(&self, channel: ChannelId, unit: Unit) -> Option<(usize, f64)> {
        if channel.stream != self.number {
            return None;
        }
        let at = usize::from(channel.channel);
        Some((at, unit.factor_to(self.channels.get(at)?.unit).unwrap_or(1.0)))
    }
}

fn settings(source: &Source) -> Value {
    match source.kind() {
        Kind::Recording { config, .. } => {
            let band = EmgBand::NAMES.into_iter().find(|(band, _)| *band == config.emg_band);
            let is_told = source.hiding.is_none() || is_built_in(config);
            let course = config.course.as_ref().filter(|_| is_told);
            json!({
                "read_as": "recording",
                "values": "calibrated, not filtered",
                "pressure_unit": config.pressure_unit.map(Unit::symbol),
                "emg_band": band.map(|(_, name)| name),
                "mains_hz": config.mains.map(levator_signal::preset::Mains::hz),
                "programme": course.map(|course| course.programme.definition().id.clone()),
            })
        }
        Kind::Edf { header, .. } => json!({ "read_as": header.variant.to_string() }),
        Kind::Xdf { .. } => json!({ "read_as": "XDF" }),
        Kind::Text(options) => json!({
            "read_as": "text",
            "scale": options.scale,
            "offset": options.offset,
            "rate_hz": options.rate_hz,
        }),
    }
}

/// Seconds since 1970 of a date from then on: the inverse of [`utc`], by halving.
fn unix_s(start: StartTime) -> u64 {
    let key = |t: StartTime| (t.year, t.month, t.day, t.hour, t.minute, t.second);
    // Up to the year 2500 or so.
    let (mut low, mut high) = (0_u64, 1 << 34);
    while low < high {
        let middle = low + (high - low) / 2;
        match key(utc(middle)) < key(start) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_seconds() {
        for seconds in [0, 951_782_399, 951_827_696, 1_795_356_191, 4_107_542_400] {
            assert_eq!(unix_s(utc(seconds)), seconds);
        }
    }
}
