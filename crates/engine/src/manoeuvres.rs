//! Joins what several channels say about one event: squeeze, push, both, or not to be told.

use levator_detect::Transition;
use levator_detect::manoeuvre::{Ensemble, Follower, MAX_ROLES, Role};
use levator_signal::{ChannelId, Quality, SampleIndex, SampleRate, Span};

use crate::{ManoeuvreEvent, Output, Sink};

/// An event is told this long after its end, so that a channel on which it is seen later still belongs
/// to it. Our choice: pressure is spoken of 0.4 s after EMG.
const WAIT_S: f64 = 1.0;

/// Watches the outputs of all channels that have a role.
///
/// Streams count their samples from the same moment, so that seconds compare.
#[derive(Debug)]
pub(crate) struct Manoeuvres {
    ensemble: Ensemble,
    channels: Vec<Watched>,
    /// Where something happened that was not told yet, in seconds.
    pending: Option<(f64, f64)>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    id: ChannelId,
    rate: Option<SampleRate>,
    next: SampleIndex,
    /// An onset was announced and waits for its end.
    is_active: bool,
    /// It is not filtered, so it has no levels.
    is_passed: bool,
}

impl Manoeuvres {
    /// None if no channel has a role. The only call that allocates.
    pub(crate) fn new(roles: &[(ChannelId, Role)]) -> Option<Self> {
        let roles = &roles[..roles.len().min(MAX_ROLES)];
        let watched = |(id, _): &(ChannelId, Role)| Watched {
            id: *id,
            rate: None,
            next: SampleIndex::ZERO,
            is_active: false,
            is_passed: false,
        };
        (!roles.is_empty()).then(|| Self {
            ensemble: Ensemble::new(roles.iter().map(|(_, role)| Follower::new(*role))),
            channels: roles.iter().map(watched).collect(),
            pending: None,
        })
    }

    fn see(&mut self, output: &Output<'_>, sink: &mut impl Sink) {
        match output {
            Output::Stream(info) => {
                for (at, channel) in self.channels.iter_mut().enumerate() {
                    if channel.id.stream == info.stream && channel.rate != Some(info.rate) {
                        channel.rate = Some(info.rate);
                        channel.is_active = false;
                        channel.is_passed = false;
                        self.ensemble.followers_mut()[at].start(info.rate, channel.next);
                    }
                }
            }
            Output::Passed(passed) => {
                if let Some(at) = self.place(passed.channel) {
                    self.channels[at].is_passed = true;
                }
            }
            Output::Block(block) => {
                let Some(at) = self.place(block.channel) else { return };
                let channel = &mut self.channels[at];
                if channel.is_passed {
                    return;
                }
                let follower = &mut self.ensemble.followers_mut()[at];
                if channel.next != block.first {
                    follower.gap(block.first);
                }
                channel.next = block.first.saturating_add(block.filtered.len() as u64);
                follower.process(
                    block.filtered,
                    !block.quality.intersects(Quality::BLINDING | Quality::SETTLING),
                );
                let now_s = block.rate.time_s(channel.next);
                if self.pending.is_some_and(|(_, end_s)| now_s >= end_s + WAIT_S) {
                    self.tell(sink);
                }
            }
            Output::Contraction(event) => {
                let Some(at) = self.place(event.channel) else { return };
                match event.transition {
                    Transition::Onset { .. } => self.channels[at].is_active = true,
                    Transition::Contraction(found) => {
                        self.channels[at].is_active = false;
                        let end = found.offset.unwrap_or(self.channels[at].next);
                        self.join(event.rate.time_s(found.onset), event.rate.time_s(end), sink);
                    }
                    Transition::Withdrawn { .. } | Transition::Undetermined { .. } => {
                        self.channels[at].is_active = false;
                    }
                }
            }
            _ => {}
        }
    }

    fn place(&self, id: ChannelId) -> Option<usize> {
        self.channels.iter().position(|channel| channel.id == id)
    }

    /// Something happened on one channel. What overlaps is one event.
    fn join(&mut self, start_s: f64, end_s: f64, sink: &mut impl Sink) {
        if let Some((first_s, last_s)) = self.pending {
            if start_s < last_s && end_s > first_s {
                self.pending = Some((first_s.min(start_s), last_s.max(end_s)));
                return;
            }
            self.emit(first_s, last_s, sink);
        }
        self.pending = Some((start_s, end_s));
    }

    /// Tells the event that is over on all channels.
    fn tell(&mut self, sink: &mut impl Sink) {
        if self.channels.iter().any(|channel| channel.is_active) {
            return;
        }
        if let Some((start_s, end_s)) = self.pending.take() {
            self.emit(start_s, end_s, sink);
        }
    }

    fn emit(&mut self, start_s: f64, end_s: f64, sink: &mut impl Sink) {
        let channels = &self.channels;
        let answer = self.ensemble.tell(|at| match channels[at].rate {
            Some(rate) => Span { start: rate.index_at(start_s), end: rate.index_at(end_s) },
            None => Span { start: SampleIndex::ZERO, end: SampleIndex::ZERO },
        });
        sink.emit(Output::Manoeuvre(ManoeuvreEvent { start_s, end_s, answer }));
    }

    /// Nothing more comes.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        if let Some((start_s, end_s)) = self.pending.take() {
            self.emit(start_s, end_s, sink);
        }
    }
}

/// Passes outputs on, and what they say together behind them.
pub(crate) struct Joining<'a, S> {
    pub(crate) manoeuvres: Option<&'a mut Manoeuvres>,
    pub(crate) sink: &'a mut S,
}

impl<S: Sink> Sink for Joining<'_, S> {
    #[inline]
    fn emit(&mut self, output: Output<'_>) {
        self.sink.emit(output);
        if let Some(manoeuvres) = &mut self.manoeuvres {
            manoeuvres.see(&output, self.sink);
        }
    }
}
