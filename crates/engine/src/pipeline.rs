//! From scans to blocks and contractions, for every channel.

use levator_decode::native::MAX_STREAMS;
use levator_decode::{LossCause, Lost, MAX_CHANNELS, Scans, StreamInfo};
use levator_signal::{
    Block, ChannelId, HostTime, Quality, SampleIndex, SampleRate, SignalKind, Span, Unit,
};

use crate::channel::{BLOCK_LEN, Channel, Column};
use crate::filters::{Banks, Filters, SHORT_BLOCK_LEN};
use crate::output::{Passed, PassedReason};
use crate::{ConfigError, EngineConfig, KnownCalibration, Mark, Output, Sink};

/// All streams of a device or file, and a pool of channels to serve them.
#[derive(Debug)]
pub(crate) struct Pipeline {
    streams: [Option<Stream>; MAX_STREAMS],
    /// Channels that are searched. A stream takes what it needs when it is described.
    pool: Vec<Channel>,
    filters: Filters,
    max_rate: SampleRate,
    pressure_unit: Option<Unit>,
    /// What the host knows, and the device it knows it of.
    calibrations: Vec<KnownCalibration>,
    uid: Option<[u8; 8]>,
    /// Values of a channel that is passed on as it came.
    plain: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    /// As the device described it.
    told: StreamInfo,
    /// With what the host knows better, and in our unit.
    info: StreamInfo,
    next: SampleIndex,
    /// Place of each channel in the pool; none for a channel that is passed on as it came.
    places: [Option<u16>; MAX_CHANNELS],
    banks: Banks,
}

impl Pipeline {
    pub(crate) fn new(config: &EngineConfig, max_rate: SampleRate) -> Result<Self, ConfigError> {
        let pool = (0..config.max_channel_count)
            .map(|_| Channel::new(config, max_rate))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            streams: [None; MAX_STREAMS],
            pool,
            filters: Filters::new(config.max_channel_count, max_rate),
            max_rate,
            pressure_unit: config.pressure_unit,
            calibrations: config.calibrations.clone(),
            uid: None,
            plain: Vec::with_capacity(BLOCK_LEN),
        })
    }

    /// Seconds that `scan_count` scans of `stream` cover.
    pub(crate) fn interval_s(&self, stream: u8, scan_count: usize) -> f64 {
        self.stream(stream).map_or(0.0, |stream| scan_count as f64 / stream.info.rate.hz())
    }

    fn stream(&self, number: u8) -> Option<&Stream> {
        self.streams.get(usize::from(number))?.as_ref()
    }

    /// Takes note of a description. What is under way ends where the description changed.
    pub(crate) fn describe(&mut self, told: &StreamInfo, sink: &mut impl Sink) {
        let info = &self.in_our_unit(&self.calibrated(told));
        let number = usize::from(info.stream);
        let Some(slot) = self.streams.get(number) else { return };
        if let Some(known) = slot
            && known.info == *info
        {
            self.streams[number] = Some(Stream { told: *told, ..*known });
            return;
        }
        let same_signal = slot.is_some_and(|known| {
            known.info.kind == info.kind
                && known.info.rate == info.rate
                && known.info.channel_count == info.channel_count
        });
        let next = slot.map_or(SampleIndex::ZERO, |known| known.next);
        let mut places = slot.map_or([None; MAX_CHANNELS], |known| known.places);
        let mut banks = slot.map_or(Banks::default(), |known| known.banks);
        if slot.is_some() {
            // Another scale is a step in the signal that no muscle made.
            self.interrupt(info.stream, Span { start: next, end: next }, sink);
        }
        sink.emit(Output::Stream(info));
        if same_signal {
            for place in places.iter().flatten() {
                self.pool[usize::from(*place)].describe(info);
            }
        } else {
            for place in places.iter_mut().filter_map(Option::take) {
                self.pool[usize::from(place)].release();
            }
            for channel in 0..info.channel_count.min(MAX_CHANNELS as u8) {
                let id = ChannelId { stream: info.stream, channel };
                match self.claim(id, info) {
                    Ok(place) => places[usize::from(channel)] = Some(place),
                    Err(reason) => sink.emit(Output::Passed(Passed { channel: id, reason })),
                }
            }
            self.filters.release(banks);
            banks = Banks::default();
            if let Some(place) = places.iter().flatten().next() {
                // One kind and rate, so one filter for all.
                let sections = self.pool[usize::from(*place)].sections();
                banks = self.filters.claim(sections, places.iter().flatten().count());
            }
        }
        self.streams[number] = Some(Stream { told: *told, info: *info, next, places, banks });
        for place in places.iter().flatten() {
            if let Some(searched) = self.pool[usize::from(*place)].searched() {
                sink.emit(Output::Searched(searched));
            }
        }
    }

    /// The device named itself. Streams that it described before are calibrated by what is known of it.
    pub(crate) fn device(&mut self, uid: [u8; 8], sink: &mut impl Sink) {
        if self.uid.replace(uid) == Some(uid) {
            return;
        }
        for number in 0..MAX_STREAMS {
            if let Some(stream) = self.streams[number] {
                self.describe(&stream.told, sink);
            }
        }
    }

    /// The description with what the host knows better of its channels.
    fn calibrated(&self, info: &StreamInfo) -> StreamInfo {
        let mut new = *info;
        let Some(uid) = self.uid else { return new };
        let channels = usize::from(info.channel_count).min(MAX_CHANNELS);
        let of = |channel: usize| {
            let id = ChannelId { stream: info.stream, channel: channel as u8 };
            self.calibrations.iter().rev().find(|known| known.uid == uid && known.channel == id)
        };
        // A stream in codes gets a unit by its calibrations; all its channels have to have one.
        let first = of(0).filter(|_| info.unit == Unit::Count);
        if let Some(first) = first
            && (0..channels).all(|channel| {
                of(channel).is_some_and(|known| known.unit.convert(1.0, first.unit).is_some())
            })
        {
            new.unit = first.unit;
        }
        for (channel, calibration) in new.calibrations[..channels].iter_mut().enumerate() {
            let known =
                of(channel).and_then(|known| known.calibration.converted(known.unit, new.unit));
            if let Some(known) = known {
                *calibration = known;
            }
        }
        new
    }

    /// The description with pressures in the unit that was asked for.
    fn in_our_unit(&self, info: &StreamInfo) -> StreamInfo {
        let mut info = *info;
        let Some(unit) = self.pressure_unit.filter(|_| info.kind == SignalKind::Pressure) else {
            return info;
        };
        let channels = usize::from(info.channel_count).min(MAX_CHANNELS);
        let mut calibrations = info.calibrations;
        for calibration in &mut calibrations[..channels] {
            // A force in place of a pressure keeps its unit.
            let Some(converted) = calibration.converted(info.unit, unit) else { return info };
            *calibration = converted;
        }
        info.calibrations = calibrations;
        info.unit = unit;
        info
    }

    fn claim(&mut self, id: ChannelId, info: &StreamInfo) -> Result<u16, PassedReason> {
        if info.rate.hz() > self.max_rate.hz() {
            return Err(PassedReason::RateTooHigh);
        }
        let free = self.pool.iter().position(Channel::is_free).ok_or(PassedReason::TooMany)?;
        self.pool[free].claim(id, info)?;
        Ok(free as u16)
    }

    /// Filters and searches scans, a block at a time.
    pub(crate) fn scans(&mut self, scans: &Scans<'_>, sink: &mut impl Sink) {
        let Self { streams, pool, filters, plain, .. } = self;
        let Some(Some(stream)) = streams.get_mut(usize::from(scans.stream)) else { return };
        let channel_count = usize::from(stream.info.channel_count);
        if usize::from(scans.channel_count) != channel_count {
            return;
        }
        let mut first = scans.first;
        let places = &stream.places[..channel_count.min(MAX_CHANNELS)];
        let block_len = if stream.banks[0].is_some() { SHORT_BLOCK_LEN } else { BLOCK_LEN };
        // At most a second at once: the drift of a pressure hears of a contraction after the block, and
        // no more than five seconds late.
        let block_len = block_len.min(stream.info.rate.sample_count(1.0).max(1));
        for codes in scans.codes.chunks(block_len * channel_count) {
            for (channel, place) in places.iter().enumerate() {
                if let Some(place) = place {
                    let column = Column { scans: codes, channel, channel_count };
                    pool[usize::from(*place)].load(column);
                }
            }
            let searched = places.iter().flatten().map(|place| usize::from(*place));
            filters.process(&stream.banks, pool, searched);
            for (channel, place) in places.iter().enumerate() {
                let faulty = scans.fault_channels >> channel & 1 == 1;
                let quality = if faulty { scans.quality } else { Default::default() };
                match place {
                    Some(place) => pool[usize::from(*place)].tell(first, quality, sink),
                    None => {
                        let column = Column { scans: codes, channel, channel_count };
                        let id = ChannelId { stream: scans.stream, channel: channel as u8 };
                        pass_on(plain, &stream.info, id, first, column, quality, sink);
                    }
                }
            }
            first = first.saturating_add((codes.len() / channel_count) as u64);
        }
        stream.next = first;
    }

    /// Scans of a file, which knows its gaps only by its indices.
    pub(crate) fn imported(&mut self, scans: &Scans<'_>, sink: &mut impl Sink) {
        let Some(expected) = self.stream(scans.stream).map(|stream| stream.next) else { return };
        if scans.first > expected {
            let span = Span { start: expected, end: scans.first };
            self.lost(&Lost { stream: scans.stream, span, cause: LossCause::Source }, sink);
        }
        if scans.first >= expected {
            self.scans(scans, sink);
        }
    }

    /// Samples are missing: nothing learnt before the gap is carried across it.
    pub(crate) fn lost(&mut self, lost: &Lost, sink: &mut impl Sink) {
        sink.emit(Output::Lost(*lost));
        self.interrupt(lost.stream, lost.span, sink);
    }

    fn interrupt(&mut self, stream: u8, span: Span, sink: &mut impl Sink) {
        let Some(places) = self.stream(stream).map(|stream| stream.places) else { return };
        for place in places.iter().flatten() {
            self.pool[usize::from(*place)].interrupt(span, sink);
        }
    }

    /// A note, bound to the newest sample of the first stream that has any.
    pub(crate) fn mark(&self, at: HostTime, text: &str, sink: &mut impl Sink) {
        let newest =
            self.streams.iter().flatten().map(|stream| stream.next).find(|next| next.0 > 0);
        let index = newest.unwrap_or_default().saturating_sub(1);
        sink.emit(Output::Mark(Mark { at, index, text }));
    }

    /// Ends open contractions and tells the resting levels.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        for number in 0..MAX_STREAMS {
            let Some(stream) = self.streams[number] else { continue };
            for place in stream.places.iter().flatten() {
                self.pool[usize::from(*place)].finish(stream.next, sink);
            }
        }
    }

    /// What a channel adds between a muscle and its outputs.
    pub(crate) fn channel(&self, id: ChannelId) -> Option<&Channel> {
        let stream = self.stream(id.stream)?;
        let place = (*stream.places.get(usize::from(id.channel))?)?;
        self.pool.get(usize::from(place))
    }
}

/// Shows a channel that is not searched as it came.
fn pass_on(
    plain: &mut Vec<f64>,
    info: &StreamInfo,
    id: ChannelId,
    first: SampleIndex,
    column: Column<'_>,
    quality: Quality,
    sink: &mut impl Sink,
) {
    let calibration = info.calibrations[usize::from(id.channel)];
    column.copy_to(plain);
    for code in plain.iter_mut() {
        *code = calibration.apply(*code);
    }
    sink.emit(Output::Block(Block {
        channel: id,
        kind: info.kind,
        unit: info.unit,
        rate: info.rate,
        first,
        values: plain,
        filtered: plain,
        envelope: plain,
        quality,
    }));
}
