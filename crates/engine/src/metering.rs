//! Measures the channels of up to two streams: levels, contractions, relaxation, what came of trials.

use levator_detect::manoeuvre::Role;
use levator_measure::{Meter, MeterChannel, Place, Reading, Schedule};
use levator_programme::Event;
use levator_signal::{ChannelId, SampleIndex, SampleRate, SignalKind, Span};

use crate::{EngineConfig, Output, Searched, Sink};

/// Streams that are measured. A device has one of EMG and one of pressure; a file has an engine for each.
const STREAMS: usize = 2;

/// Channels of a stream that are measured where no roles say which. Our choice: the sensors of a profile, and
/// memory that is not a stream's worth of every device.
const CHANNELS: usize = 8;

/// Meters, as far as there is something to measure.
#[derive(Debug)]
pub(crate) struct Metering {
    roles: Vec<(ChannelId, Role)>,
    meters: Vec<Measured>,
}

/// One stream and its meter.
#[derive(Debug)]
struct Measured {
    meter: Meter,
    stream: Option<u8>,
    rate: Option<SampleRate>,
    channels: Vec<MeterChannel>,
    /// Whether it runs with these channels.
    is_started: bool,
    /// One past the newest sample.
    next: SampleIndex,
}

impl Metering {
    /// The only call that allocates. `None` for settings under which nothing can be measured, as a rate
    /// beyond all bounds, which [`EngineConfig`] refuses elsewhere.
    pub(crate) fn new(config: &EngineConfig, max_rate: SampleRate) -> Option<Self> {
        let schedule = match (&config.schedule, &config.course) {
            (Some(schedule), _) => schedule.clone(),
            (None, Some(course)) => Schedule::from_programme(&course.programme),
            (None, None) => Schedule::free(),
        };
        let most = config.max_channel_count.min(CHANNELS.max(config.roles.len()));
        let streams = if config.max_channel_count > 1 { STREAMS } else { 1 };
        let meters = (0..streams)
            .map(|_| {
                let meter = Meter::with_room(schedule.clone(), max_rate, most).ok()?;
                Some(Measured {
                    meter,
                    stream: None,
                    rate: None,
                    channels: Vec::with_capacity(most),
                    is_started: false,
                    next: SampleIndex::ZERO,
                })
            })
            .collect::<Option<Vec<Measured>>>()?;
        Some(Self { roles: config.roles.clone(), meters })
    }

    /// A channel is searched: it is measured if its role or its place among the first says so.
    fn searched(&mut self, searched: &Searched, sink: &mut impl Sink) {
        let id = searched.channel;
        let role = self.roles.iter().find(|(one, _)| *one == id).map(|(_, role)| *role);
        let place = match role {
            Some(Role::PelvicEmg | Role::PelvicPressure) => Place::Pelvic,
            Some(Role::AbdominalEmg | Role::AbdominalPressure) => Place::Abdominal,
            None if self.roles.is_empty() => Place::Pelvic,
            None => return,
        };
        let known = self.meters.iter().position(|one| one.stream == Some(id.stream));
        let free = || self.meters.iter().position(|one| one.stream.is_none());
        let Some(index) = known.or_else(free) else { return };
        let one = &mut self.meters[index];
        let channel = MeterChannel {
            id,
            kind: searched.kind,
            unit: searched.unit,
            place,
            filter_delay_s: searched.delay.device_s + searched.delay.filter_s,
            window_s: match searched.kind {
                SignalKind::Emg => MeterChannel::EMG_WINDOW_S,
                _ => MeterChannel::PRESSURE_WINDOW_S,
            },
            noise_floor: None,
            rest_sem: None,
        };
        if one.rate == Some(searched.rate) && one.channels.contains(&channel) {
            return;
        }
        // Another unit or rate: what was measured so far is concluded, and it begins anew.
        one.conclude(sink);
        one.stream = Some(id.stream);
        if one.rate != Some(searched.rate) {
            one.channels.clear();
        }
        one.rate = Some(searched.rate);
        one.channels.retain(|other| other.id != id);
        if one.channels.len() < one.channels.capacity() {
            one.channels.push(channel);
        }
    }

    fn of(&mut self, stream: u8) -> Option<&mut Measured> {
        self.meters.iter_mut().find(|one| one.stream == Some(stream))
    }

    /// Takes an output that has been passed on.
    pub(crate) fn see(&mut self, output: &Output<'_>, sink: &mut impl Sink) {
        match output {
            Output::Searched(searched) => self.searched(searched, sink),
            Output::Block(block) => {
                let Some(one) = self.of(block.channel.stream) else { return };
                if !one.is_started {
                    let Some(rate) = one.rate else { return };
                    if one.meter.start(rate, &one.channels).is_err() {
                        // Not to be measured; it is searched all the same.
                        one.stream = None;
                        one.channels.clear();
                        return;
                    }
                    one.is_started = true;
                }
                one.next = block.first.saturating_add(block.values.len() as u64);
                one.meter.process(block, |reading| tell(reading, sink));
            }
            Output::Contraction(event) => {
                if let Some(one) = self.of(event.channel.stream) {
                    one.meter.contraction(event.channel, &event.transition, |reading| {
                        tell(reading, sink);
                    });
                }
            }
            Output::Manoeuvre(event) => {
                for one in &mut self.meters {
                    let Some(rate) = one.rate else { continue };
                    let span = Span {
                        start: rate.index_at(event.start_s),
                        end: rate.index_at(event.end_s),
                    };
                    one.meter.manoeuvre(span, &event.answer);
                }
            }
            Output::Lost(lost) => {
                if let Some(one) = self.of(lost.stream) {
                    one.meter.gap(lost.span, |reading| tell(reading, sink));
                }
            }
            _ => {}
        }
    }

    /// Takes what the runner of the programme says, on the samples of a stream with `rate`.
    pub(crate) fn event(
        &mut self,
        stream: u8,
        rate: SampleRate,
        event: &Event<SampleIndex>,
        sink: &mut impl Sink,
    ) {
        for one in &mut self.meters {
            let Some(own) = one.rate else { continue };
            let event = if one.stream == Some(stream) { *event } else { event.on(rate, own) };
            one.meter.event(&event, |reading| tell(reading, sink));
        }
    }

    /// Nothing more comes.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        for one in &mut self.meters {
            one.conclude(sink);
        }
    }
}

impl Measured {
    fn conclude(&mut self, sink: &mut impl Sink) {
        if std::mem::take(&mut self.is_started) {
            self.meter.finish(self.next, |reading| tell(reading, sink));
        }
    }
}

fn tell(reading: Reading, sink: &mut impl Sink) {
    sink.emit(match reading {
        Reading::Measure(measure) => Output::Measure(measure),
        Reading::Trial(trial) => Output::Trial(trial),
    });
}
