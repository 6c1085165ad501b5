//! Measures the channels of up to two streams: levels, contractions, relaxation, what came of trials.

use levator_detect::manoeuvre::Role;
use levator_measure::{
    Measure, Meter, MeterChannel, Place, Quantity, Reading, Schedule, Task, Validity,
};
use levator_programme::Event;
use levator_signal::{ChannelId, SampleIndex, SampleRate, SignalKind, Span};

use crate::{EngineConfig, Output, RestGuard, Searched, Sink, Source};

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

/// Passes on what a meter says, and looks at the rests in it.
#[derive(Debug)]
struct Watch {
    guard: Option<RestGuard>,
    /// Of the EMG channels of the pelvic floor.
    rests: Vec<Rests>,
    /// The guard has been exceeded, and nobody was told yet.
    is_raised: bool,
}

impl Watch {
    fn tell(&mut self, reading: Reading, sink: &mut impl Sink) {
        match reading {
            Reading::Trial(trial) => sink.emit(Output::Trial(trial)),
            Reading::Measure(measure) => {
                if let Some(guard) = self.guard
                    && let Some(rests) =
                        self.rests.iter_mut().find(|one| one.channel == measure.channel)
                {
                    self.is_raised |= rests.exceeds(guard, &measure);
                }
                sink.emit(Output::Measure(measure));
            }
        }
    }
}

/// What the guard knows of one channel.
#[derive(Clone, Copy, Debug)]
struct Rests {
    channel: ChannelId,
    before: Option<f64>,
    raised_in_a_row: u32,
}

impl Rests {
    /// Takes a measure of the channel: whether the guard is exceeded with it.
    fn exceeds(&mut self, guard: RestGuard, one: &Measure) -> bool {
        if one.quantity != Quantity::RestLevel || one.validity == Validity::Invalid {
            return false;
        }
        let Some(level) = one.value else { return false };
        match one.task {
            Task::RestBefore => {
                self.before = Some(level);
                false
            }
            Task::AfterFlick | Task::AfterHold if one.trial.is_some() => {
                let is_raised = self.before.is_some_and(|before| level > guard.ratio * before);
                self.raised_in_a_row = if is_raised { self.raised_in_a_row + 1 } else { 0 };
                let is_enough = is_raised && self.raised_in_a_row >= guard.in_a_row;
                if is_enough {
                    self.raised_in_a_row = 0;
                }
                is_enough
            }
            _ => false,
        }
    }
}

/// One stream and its meter.
#[derive(Debug)]
struct Measured {
    meter: Meter,
    stream: Option<u8>,
    rate: Option<SampleRate>,
    channels: Vec<MeterChannel>,
    watch: Watch,
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
        let guard = config.course.as_ref().and_then(|course| course.rest_guard);
        let most = config.max_channel_count.min(CHANNELS.max(config.roles.len()));
        let is_file = matches!(config.source, Source::Scans(_));
        let streams = if config.max_channel_count > 1 && !is_file { STREAMS } else { 1 };
        let meters = (0..streams)
            .map(|_| {
                let meter = Meter::with_room(schedule.clone(), max_rate, most).ok()?;
                Some(Measured {
                    meter,
                    stream: None,
                    rate: None,
                    channels: Vec::with_capacity(most),
                    watch: Watch { guard, rests: Vec::with_capacity(most), is_raised: false },
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
        one.watch.rests.clear();
        let is_watched =
            |one: &&MeterChannel| one.place == Place::Pelvic && one.kind != SignalKind::Pressure;
        one.watch.rests.extend(one.channels.iter().filter(is_watched).map(|channel| Rests {
            channel: channel.id,
            before: None,
            raised_in_a_row: 0,
        }));
    }

    /// Whether the guard was exceeded since this was asked last.
    pub(crate) fn take_raised(&mut self) -> bool {
        let take = |one: &mut Measured| core::mem::take(&mut one.watch.is_raised);
        self.meters.iter_mut().fold(false, |is_raised, one| take(one) | is_raised)
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
                let Measured { meter, watch, .. } = one;
                meter.process(block, |reading| watch.tell(reading, sink));
            }
            Output::Contraction(event) => {
                if let Some(Measured { meter, watch, .. }) = self.of(event.channel.stream) {
                    meter.contraction(event.channel, &event.transition, |reading| {
                        watch.tell(reading, sink);
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
                if let Some(Measured { meter, watch, .. }) = self.of(lost.stream) {
                    meter.gap(lost.span, |reading| watch.tell(reading, sink));
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
            let Measured { meter, watch, .. } = one;
            meter.event(&event, |reading| watch.tell(reading, sink));
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
        if core::mem::take(&mut self.is_started) {
            let Self { meter, watch, next, .. } = self;
            meter.finish(*next, |reading| watch.tell(reading, sink));
        }
    }
}
