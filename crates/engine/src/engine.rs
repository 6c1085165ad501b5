//! The state machine itself.

use levator_decode::{Decoded, Refusal, Refused};
use levator_signal::{ChannelId, HostTime};

use crate::channel::Delay;
use crate::clock::Clocks;
use crate::course::{Guide, Guiding};
use crate::device::{Ears, Mouth};
use crate::link::Supervisor;
use crate::manoeuvres::{Joining, Manoeuvres};
use crate::metering::Metering;
use crate::pipeline::Pipeline;
use crate::{
    Command, ConfigError, Conversation, EngineConfig, Input, LinkChange, LinkState, Output, Sink,
    Source, Transmission,
};

/// Joins decoding, filtering and detection. See the crate documentation for what it never does.
#[derive(Debug)]
pub struct Engine {
    source: Source,
    decoder: Ears,
    session: Mouth,
    link: Supervisor,
    clocks: Clocks,
    pipeline: Pipeline,
    /// Boxed, so that it is cheap to take out while it watches.
    manoeuvres: Option<Box<Manoeuvres>>,
    /// Boxed likewise.
    guide: Option<Box<Guide>>,
    /// Boxed likewise.
    metering: Option<Box<Metering>>,
    /// The file was described to the pipeline.
    is_described: bool,
    /// When bytes came last.
    heard: HostTime,
}

impl Engine {
    /// Allocates all it will ever need.
    ///
    /// # Errors
    ///
    /// A setting out of its bounds, named with its value.
    pub fn new(config: &EngineConfig) -> Result<Self, ConfigError> {
        Self::build(config, true)
    }

    /// The same for whoever needs samples and events and no measures: half of the memory. All else that it
    /// gives is what the whole one gives; where a programme is conducted, it measures, as a programme waits
    /// for rest.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn without_measures(config: &EngineConfig) -> Result<Self, ConfigError> {
        Self::build(config, config.course.is_some())
    }

    fn build(config: &EngineConfig, is_measuring: bool) -> Result<Self, ConfigError> {
        let max_rate = config.check()?;
        let metering = if is_measuring { Metering::new(config, max_rate) } else { None };
        Ok(Self {
            source: config.source.clone(),
            decoder: Ears::new(&config.source),
            session: Mouth::new(&config.source),
            link: Supervisor::new(),
            clocks: Clocks::new(),
            pipeline: Pipeline::new(config, max_rate)?,
            manoeuvres: Manoeuvres::new(&config.roles).map(Box::new),
            guide: config.course.as_ref().map(Guide::new).map(Box::new),
            metering: metering.map(Box::new),
            is_described: false,
            heard: HostTime::ZERO,
        })
    }

    /// Feeds one input; all results reach `sink` before this returns. Never fails, never allocates.
    pub fn handle(&mut self, input: Input<'_>, sink: &mut impl Sink) {
        let (mut manoeuvres, mut guide) = (self.manoeuvres.take(), self.guide.take());
        let mut metering = self.metering.take();
        let mut guiding =
            Guiding { guide: guide.as_deref_mut(), metering: metering.as_deref_mut(), sink };
        let mut joining = Joining { manoeuvres: manoeuvres.as_deref_mut(), sink: &mut guiding };
        self.take(input, &mut joining);
        if let Input::Command { command: Command::Conduct(conduct), .. } = input {
            guiding.conduct(conduct);
        }
        (self.manoeuvres, self.guide, self.metering) = (manoeuvres, guide, metering);
    }

    fn take(&mut self, input: Input<'_>, sink: &mut impl Sink) {
        match input {
            Input::Bytes { at, bytes } => {
                self.heard = at;
                self.link.heard_bytes(at);
                supervise(&mut self.link, at, sink);
                transmit(&mut self.session, at, sink);
                self.hear(Some(bytes), sink);
            }
            Input::Scans { at, scans } => {
                self.describe(sink);
                match self.source {
                    Source::Scans(_) => self.pipeline.imported(&scans, sink),
                    Source::Device { .. } | Source::Foreign { .. } => {
                        sink.emit(Output::Refused(Refused { at, reason: Refusal::NotDescribed }));
                    }
                }
            }
            Input::Tick { .. } => {}
            Input::Link { at, change } => match change {
                LinkChange::Opened => {
                    self.decoder.reopen();
                    self.clocks.reopen();
                    self.link.opened(at);
                    if self.leads() {
                        self.session.opened(at);
                    }
                }
                LinkChange::Lost => {
                    self.session.closed();
                    self.link.lost();
                }
                LinkChange::Closed => {
                    self.session.closed();
                    self.link.ended();
                }
            },
            Input::Command { at, command } => match command {
                // It is the guide's, see `handle`.
                Command::Conduct(_) => {}
                Command::Mark { text } => self.pipeline.mark(at, text, sink),
                Command::Stop => {
                    self.link.stopped();
                    self.session.stop(at);
                }
            },
        }
        self.poll(input.at(), sink);
    }

    /// Ends open contractions, and tells what was learnt of the resting levels.
    pub fn finish(&mut self, _at: HostTime, sink: &mut impl Sink) {
        let (mut manoeuvres, mut guide) = (self.manoeuvres.take(), self.guide.take());
        let mut metering = self.metering.take();
        let mut guiding =
            Guiding { guide: guide.as_deref_mut(), metering: metering.as_deref_mut(), sink };
        let mut joining = Joining { manoeuvres: manoeuvres.as_deref_mut(), sink: &mut guiding };
        self.describe(&mut joining);
        self.hear(None, &mut joining);
        self.clocks.finish(&mut joining);
        self.pipeline.finish(&mut joining);
        if let Some(manoeuvres) = &mut manoeuvres {
            manoeuvres.finish(&mut guiding);
        }
        guiding.finish();
        (self.manoeuvres, self.guide, self.metering) = (manoeuvres, guide, metering);
    }

    /// The stream whose samples the programme counts; `None` without a programme, and before such a stream
    /// was described.
    #[must_use]
    pub fn conducted_stream(&self) -> Option<u8> {
        self.guide.as_deref().and_then(Guide::stream)
    }

    /// State of the link.
    #[must_use]
    pub fn link(&self) -> LinkState {
        self.link.state()
    }

    /// What `channel` adds between a muscle and its outputs, or `None` if it is not searched.
    #[must_use]
    pub fn delay(&self, channel: ChannelId) -> Option<Delay> {
        self.pipeline.channel(channel)?.delay()
    }

    fn leads(&self) -> bool {
        matches!(
            self.source,
            Source::Device { conversation: Conversation::Lead }
                | Source::Foreign { conversation: Conversation::Lead, .. }
        )
    }

    fn describe(&mut self, sink: &mut impl Sink) {
        if let Source::Scans(info) = &self.source
            && !self.is_described
        {
            self.is_described = true;
            self.pipeline.describe(info, sink);
        }
    }

    fn poll(&mut self, at: HostTime, sink: &mut impl Sink) {
        transmit(&mut self.session, at, sink);
        supervise(&mut self.link, at, sink);
    }

    /// Takes bytes, or the end of them.
    ///
    /// Link and conversation are looked at before and after each item, not after each input, so that
    /// how bytes that arrived at one moment are cut changes nothing at all.
    fn hear(&mut self, bytes: Option<&[u8]>, sink: &mut impl Sink) {
        let Self { decoder, session, link, clocks, pipeline, heard: at, .. } = self;
        let at = *at;
        let mut take = |decoded: Decoded<'_>| {
            session.heard(at, &decoded);
            let interval_s = match &decoded {
                Decoded::Scans(scans) => pipeline.interval_s(scans.stream, scans.scan_count()),
                _ => 0.0,
            };
            link.heard(at, &decoded, interval_s);
            supervise(link, at, sink);
            match decoded {
                Decoded::Device(device) => {
                    sink.emit(Output::Device(device));
                    pipeline.device(device.uid, sink);
                }
                Decoded::Stream(info) => {
                    clocks.describe(info);
                    pipeline.describe(info, sink);
                }
                Decoded::Timing(timing) => clocks.timing(timing),
                Decoded::Scans(scans) => {
                    pipeline.scans(&scans, sink);
                    clocks.scans(at, &scans, sink);
                }
                Decoded::Lost(lost) => {
                    clocks.lost(&lost);
                    pipeline.lost(&lost, sink);
                }
                Decoded::Refused(refused) => sink.emit(Output::Refused(refused)),
                Decoded::Status(status) => sink.emit(Output::Status(status)),
                Decoded::Event(event) => sink.emit(Output::Event(event)),
                Decoded::Log(text) => sink.emit(Output::Log { at, text }),
                Decoded::Answer(answer) => sink.emit(Output::Answer(answer)),
            }
            transmit(session, at, sink);
        };
        match bytes {
            Some(bytes) => decoder.handle(at, bytes, &mut take),
            None => decoder.finish(&mut take),
        }
    }
}

fn supervise(link: &mut Supervisor, at: HostTime, sink: &mut impl Sink) {
    if let Some(event) = link.poll(at) {
        sink.emit(Output::Link(event));
    }
}

fn transmit(session: &mut Mouth, at: HostTime, sink: &mut impl Sink) {
    session.poll(at, |bytes| sink.emit(Output::Transmit(Transmission { at, bytes })));
}

#[cfg(test)]
mod tests;
