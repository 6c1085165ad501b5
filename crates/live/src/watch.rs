//! Keeps what views show, beside the engine, without ever waiting for a view.
//!
//! The [`Watch`] belongs to the port thread and gathers. The [`Board`] is shared and holds what a
//! snapshot is made of. After each input the watch brings the board up to date if no view holds it
//! at that moment; if one does, what changed is kept for the next time.

use std::collections::VecDeque;
use std::sync::{Mutex, TryLockError};

use levator_decode::{DeviceInfo, Label, StreamInfo};
use levator_detect::{Contraction, Transition};
use levator_engine::{
    ClockEvent, Delay, LinkState, Mark, Output, PassedReason, ProgrammeEvent, Sink,
};
use levator_programme::Event;
use levator_signal::{
    Block, ChannelId, Checklist, HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit,
};

use crate::view::{
    ChannelView, Counts, LISTED_CONTRACTION_COUNT, LISTED_MARK_COUNT, MarkView, ProgrammeState,
    ProgrammeView, TRACE_POINT_S, TRACE_S, TracePoint,
};

/// Points of a trace, at most, plus one of rounding.
const TRACE_LEN: usize = (TRACE_S / TRACE_POINT_S) as usize + 1;
/// Points that wait while a view holds the board: five seconds. Views hold it for less than a
/// millisecond; beyond this the oldest points are left out.
const PENDING_LEN: usize = 256;

/// What a snapshot is made of.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) figures: Figures,
    pub(crate) port_name: Option<String>,
    pub(crate) port_trouble: Option<String>,
    pub(crate) engine_failure: Option<String>,
    channels: Vec<BoardChannel>,
    marks: VecDeque<MarkView>,
}

/// What is copied at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) link: LinkState,
    pub(crate) link_since: HostTime,
    pub(crate) device: Option<DeviceInfo>,
    pub(crate) battery_percent: Option<u8>,
    pub(crate) counts: Counts,
    pub(crate) programme: Option<ProgrammeView>,
    pub(crate) programme_stream: u8,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            link: LinkState::Closed,
            link_since: HostTime::ZERO,
            device: None,
            battery_percent: None,
            counts: Counts::default(),
            programme: None,
            programme_stream: 0,
        }
    }
}

impl Figures {
    fn programme(&mut self, event: &ProgrammeEvent) {
        let next = self.programme.map_or(SampleIndex::ZERO, |programme| programme.next);
        let view = |cue, state| ProgrammeView { cue, state, rate: event.rate, next };
        self.programme_stream = event.stream;
        match event.event {
            Event::Cue(cue) => self.programme = Some(view(cue, ProgrammeState::Running)),
            // The next event says what comes after it.
            Event::Ended { .. } | Event::Resumed { .. } => {}
            Event::Suspended { why, .. } => self.state(ProgrammeState::Suspended(why)),
            Event::Done { completed, .. } => self.state(ProgrammeState::Done(completed)),
        }
    }

    fn state(&mut self, state: ProgrammeState) {
        if let Some(programme) = &mut self.programme {
            programme.state = state;
        }
    }
}

#[derive(Debug)]
struct BoardChannel {
    figures: ChannelFigures,
    contractions: VecDeque<Contraction>,
    trace: VecDeque<TracePoint>,
}

#[derive(Clone, Copy, Debug)]
struct ChannelFigures {
    channel: ChannelId,
    label: Label,
    kind: SignalKind,
    unit: Unit,
    rate: SampleRate,
    passed: Option<PassedReason>,
    delay: Option<Delay>,
    /// Channels of the stream: with another number, all of them are taken on anew.
    stream_channel_count: u8,
    next: SampleIndex,
    newest_sample_at: Option<HostTime>,
    level: Option<f64>,
    quality: Quality,
    check: Checklist,
    contracted_since: Option<SampleIndex>,
    contraction_count: u64,
    clock: Option<ClockEvent>,
}

impl Board {
    /// The channels as they are seen at `now`.
    pub(crate) fn channels(&self, now: HostTime) -> Vec<ChannelView> {
        let view = |BoardChannel { figures, contractions, trace }: &BoardChannel| ChannelView {
            channel: figures.channel,
            label: figures.label,
            kind: figures.kind,
            unit: figures.unit,
            rate: figures.rate,
            passed: figures.passed,
            delay: figures.delay,
            next: figures.next,
            newest_sample_age: figures.newest_sample_at.map(|at| now.saturating_since(at)),
            level: figures.level,
            quality: figures.quality,
            check: figures.check,
            contracted_since: figures.contracted_since,
            contraction_count: figures.contraction_count,
            clock: figures.clock,
            contractions: contractions.iter().copied().collect(),
            trace: trace.iter().copied().collect(),
        };
        self.channels.iter().map(view).collect()
    }

    /// The newest marks, oldest first.
    pub(crate) fn marks(&self) -> Vec<MarkView> {
        self.marks.iter().cloned().collect()
    }
}

impl BoardChannel {
    fn new(figures: ChannelFigures) -> Self {
        Self {
            figures,
            contractions: VecDeque::with_capacity(LISTED_CONTRACTION_COUNT),
            trace: VecDeque::with_capacity(TRACE_LEN),
        }
    }

    fn draw(&mut self, point: TracePoint) {
        let span = self.figures.rate.sample_count(TRACE_S) as u64;
        let is_old = |old: &TracePoint| point.first.saturating_since(old.first) >= span;
        while self.trace.front().is_some_and(is_old) || self.trace.len() == TRACE_LEN {
            self.trace.pop_front();
        }
        self.trace.push_back(point);
    }
}

/// Gathers from outputs. Allocates only when a stream is described or a mark is made.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) figures: Figures,
    channels: Vec<WatchedChannel>,
    /// Not on the board yet.
    marks: Vec<MarkView>,
    /// Host time of the input that is being handled.
    at: HostTime,
}

#[derive(Debug)]
struct WatchedChannel {
    figures: ChannelFigures,
    /// Samples to a point of the trace.
    point_len: u64,
    /// The point that is being drawn.
    point: Option<TracePoint>,
    points: VecDeque<TracePoint>,
    contractions: VecDeque<Contraction>,
    is_changed: bool,
    /// Described anew: what the board has drawn is of another signal.
    is_new: bool,
}

impl Watch {
    /// The next outputs follow from an input at `at`.
    pub(crate) fn begin(&mut self, at: HostTime) {
        self.at = at;
    }

    /// Brings `board` up to date, unless a view holds it right now.
    pub(crate) fn publish(&mut self, board: &Mutex<Board>) {
        match board.try_lock() {
            Ok(mut board) => self.update(&mut board),
            Err(TryLockError::Poisoned(poisoned)) => self.update(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Brings `board` up to date.
    pub(crate) fn update(&mut self, board: &mut Board) {
        board.figures = self.figures;
        for mark in self.marks.drain(..) {
            if board.marks.len() == LISTED_MARK_COUNT {
                board.marks.pop_front();
            }
            board.marks.push_back(mark);
        }
        for (place, channel) in self.channels.iter_mut().enumerate() {
            if !std::mem::take(&mut channel.is_changed) {
                continue;
            }
            if board.channels.len() == place {
                board.channels.push(BoardChannel::new(channel.figures));
            }
            let shown = &mut board.channels[place];
            shown.figures = channel.figures;
            if std::mem::take(&mut channel.is_new) {
                shown.trace.clear();
                shown.contractions.clear();
            }
            for contraction in channel.contractions.drain(..) {
                if shown.contractions.len() == LISTED_CONTRACTION_COUNT {
                    shown.contractions.pop_front();
                }
                shown.contractions.push_back(contraction);
            }
            for point in channel.points.drain(..) {
                shown.draw(point);
            }
        }
    }

    /// When the bytes of the newest sample of a stream arrived; `None` before the first.
    pub(crate) fn newest_sample_at(&self, stream: u8) -> Option<HostTime> {
        let of_stream = |channel: &&WatchedChannel| channel.figures.channel.stream == stream;
        let channels = self.channels.iter().filter(of_stream);
        channels.filter_map(|channel| channel.figures.newest_sample_at).max()
    }

    fn describe(&mut self, info: &StreamInfo) {
        for channel in 0..info.channel_count {
            let id = ChannelId { stream: info.stream, channel };
            let figures = ChannelFigures {
                channel: id,
                label: info.label,
                kind: info.kind,
                unit: info.unit,
                rate: info.rate,
                passed: None,
                delay: None,
                stream_channel_count: info.channel_count,
                next: SampleIndex::ZERO,
                newest_sample_at: None,
                level: None,
                quality: Quality::GOOD,
                check: Checklist::new(info.rate),
                contracted_since: None,
                contraction_count: 0,
                clock: None,
            };
            match self.channel(id) {
                Some(known) => known.describe(figures),
                None => self.channels.push(WatchedChannel::new(figures)),
            }
        }
    }

    fn mark(&mut self, mark: &Mark<'_>) {
        self.figures.counts.mark_count += 1;
        if self.marks.len() == LISTED_MARK_COUNT {
            self.marks.remove(0);
        }
        let Mark { at, index, text } = *mark;
        let rate = self.channels.first().map(|channel| channel.figures.rate);
        self.marks.push(MarkView { at, index, rate, text: text.to_owned() });
    }

    fn channel(&mut self, id: ChannelId) -> Option<&mut WatchedChannel> {
        self.channels.iter_mut().find(|channel| channel.figures.channel == id)
    }
}

impl WatchedChannel {
    fn new(figures: ChannelFigures) -> Self {
        Self {
            figures,
            point_len: figures.rate.sample_count(TRACE_POINT_S) as u64,
            point: None,
            points: VecDeque::with_capacity(PENDING_LEN),
            contractions: VecDeque::with_capacity(LISTED_CONTRACTION_COUNT),
            is_changed: true,
            is_new: true,
        }
    }

    /// Counts and indices go on; another unit or rate begins another picture.
    fn describe(&mut self, new: ChannelFigures) {
        let old = self.figures;
        if (old.kind, old.unit, old.rate) != (new.kind, new.unit, new.rate) {
            self.point = None;
            self.points.clear();
            self.contractions.clear();
            self.is_new = true;
        }
        let is_same_signal = (old.kind, old.rate, old.stream_channel_count)
            == (new.kind, new.rate, new.stream_channel_count);
        self.point_len = new.rate.sample_count(TRACE_POINT_S) as u64;
        self.figures = ChannelFigures {
            passed: old.passed.filter(|_| is_same_signal),
            delay: old.delay.filter(|_| is_same_signal),
            next: old.next,
            newest_sample_at: old.newest_sample_at,
            contraction_count: old.contraction_count,
            check: if is_same_signal { old.check } else { new.check },
            ..new
        };
        self.is_changed = true;
    }

    fn block(&mut self, at: HostTime, block: &Block<'_>) {
        self.is_changed = true;
        self.figures.newest_sample_at = Some(at);
        self.figures.next = block.first.saturating_add(block.values.len() as u64);
        self.figures.quality = block.quality;
        self.figures.check.advance(block.first, self.figures.next);
        if let Some(&level) = block.envelope.last() {
            self.figures.level = level.is_finite().then_some(level);
        }
        for (offset, &value) in (0..).zip(block.envelope) {
            let index = block.first.saturating_add(offset);
            let first = SampleIndex(index.0 - index.0 % self.point_len);
            if self.point.is_some_and(|point| point.first != first) {
                self.close_point();
            }
            if !value.is_finite() {
                continue;
            }
            let point =
                self.point.get_or_insert(TracePoint { first, lowest: value, highest: value });
            point.lowest = point.lowest.min(value);
            point.highest = point.highest.max(value);
        }
    }

    fn close_point(&mut self) {
        if let Some(point) = self.point.take() {
            if self.points.len() == PENDING_LEN {
                self.points.pop_front();
            }
            self.points.push_back(point);
        }
    }

    fn transition(&mut self, transition: &Transition) {
        self.is_changed = true;
        match *transition {
            Transition::Onset { at, .. } => self.figures.contracted_since = Some(at),
            Transition::Withdrawn { .. } | Transition::Undetermined { .. } => {
                self.figures.contracted_since = None;
            }
            Transition::Contraction(contraction) => {
                self.figures.contracted_since = None;
                self.figures.contraction_count += 1;
                if self.contractions.len() == LISTED_CONTRACTION_COUNT {
                    self.contractions.pop_front();
                }
                self.contractions.push_back(contraction);
            }
        }
    }
}

impl Sink for Watch {
    fn emit(&mut self, output: Output<'_>) {
        let figures = &mut self.figures;
        match output {
            Output::Link(event) => {
                figures.link = event.state;
                figures.link_since = event.at;
            }
            Output::Device(device) => figures.device = Some(device),
            Output::Status(status) => figures.battery_percent = status.battery_percent,
            Output::Lost(lost) => {
                figures.counts.loss_count += 1;
                figures.counts.lost_scan_count += lost.span.sample_count();
            }
            Output::Refused(_) => figures.counts.refusal_count += 1,
            Output::Mark(mark) => self.mark(&mark),
            Output::Stream(info) => self.describe(info),
            Output::Passed(passed) => {
                if let Some(channel) = self.channel(passed.channel) {
                    channel.figures.passed = Some(passed.reason);
                }
            }
            Output::Searched(searched) => {
                if let Some(channel) = self.channel(searched.channel) {
                    channel.figures.delay = Some(searched.delay);
                    channel.is_changed = true;
                }
            }
            Output::Block(block) => {
                let at = self.at;
                if let Some(programme) = figures
                    .programme
                    .as_mut()
                    .filter(|_| block.channel.stream == figures.programme_stream)
                {
                    programme.next = block.first.saturating_add(block.values.len() as u64);
                }
                if let Some(channel) = self.channel(block.channel) {
                    channel.block(at, &block);
                }
            }
            Output::Contraction(event) => {
                if let Some(channel) = self.channel(event.channel) {
                    channel.transition(&event.transition);
                }
            }
            Output::Finding(event) => {
                if let Some(channel) = self.channel(event.channel) {
                    channel.figures.check.hear(event.at, event.change);
                    channel.is_changed = true;
                }
            }
            Output::Programme(event) => figures.programme(&event),
            Output::Clock(event) => {
                for channel in &mut self.channels {
                    if channel.figures.channel.stream == event.stream {
                        channel.figures.clock = Some(event);
                        channel.is_changed = true;
                    }
                }
            }
            Output::Rest(_)
            | Output::Measure(_)
            | Output::Trial(_)
            | Output::Manoeuvre(_)
            | Output::Pressure(_)
            | Output::Cough(_)
            | Output::Heart(_)
            | Output::Event(_)
            | Output::Log { .. }
            | Output::Answer(_)
            | Output::Transmit(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use levator_detect::Reason;
    use levator_engine::{ContractionEvent, Passed};
    use levator_signal::Span;

    use super::*;

    const ID: ChannelId = ChannelId { stream: 0, channel: 0 };

    fn rate(hz: f64) -> SampleRate {
        SampleRate::from_hz(hz).expect("positive")
    }

    fn stream(hz: f64) -> StreamInfo {
        StreamInfo::of_values(SignalKind::Pressure, Unit::CentimetreWater, rate(hz), 1)
    }

    fn block(hz: f64, first: u64, values: &[f64]) -> Output<'_> {
        Output::Block(Block {
            channel: ID,
            kind: SignalKind::Pressure,
            unit: Unit::CentimetreWater,
            rate: rate(hz),
            first: SampleIndex(first),
            values,
            filtered: values,
            envelope: values,
            quality: Quality::GOOD,
        })
    }

    fn found(transition: Transition) -> Output<'static> {
        Output::Contraction(ContractionEvent {
            channel: ID,
            rate: rate(100.0),
            unit: Unit::CentimetreWater,
            transition,
        })
    }

    fn contraction(onset: u64) -> Transition {
        Transition::Contraction(Contraction {
            onset: SampleIndex(onset),
            onset_uncertainty: levator_detect::Uncertainty::Within { seconds: 0.05 },
            offset: Some(SampleIndex(onset + 50)),
            offset_uncertainty: levator_detect::Uncertainty::Within { seconds: 0.1 },
            decided: SampleIndex(onset + 10),
            closed: SampleIndex(onset + 60),
            peak_at: SampleIndex(onset + 20),
            peak: 30.0,
            mean: 20.0,
            rest: 5.0,
            confidence: 0.9,
        })
    }

    fn watch(hz: f64) -> (Watch, Mutex<Board>) {
        let mut watch = Watch::default();
        watch.emit(Output::Stream(&stream(hz)));
        (watch, Mutex::new(Board::default()))
    }

    fn shown(watch: &mut Watch, board: &Mutex<Board>) -> ChannelView {
        watch.publish(board);
        board
            .lock()
            .expect("not poisoned")
            .channels(HostTime::from_nanos(20))
            .pop()
            .expect("one channel")
    }

    #[test]
    fn a_point_spans_twenty_milliseconds_and_keeps_both_extremes() {
        let (mut watch, board) = watch(100.0);
        watch.emit(block(100.0, 0, &[1.0, 3.0, 2.0]));
        watch.emit(block(100.0, 3, &[-4.0, 5.0]));
        let point =
            |first, lowest, highest| TracePoint { first: SampleIndex(first), lowest, highest };
        let view = shown(&mut watch, &board);
        assert_eq!(view.trace, [point(0, 1.0, 3.0), point(2, -4.0, 2.0)]);
        assert_eq!(view.level, Some(5.0));
        assert_eq!(view.next, SampleIndex(5));
    }

    #[test]
    fn a_trace_holds_fifteen_seconds_also_across_a_gap() {
        let (mut watch, board) = watch(100.0);
        let second = [1.0; 100];
        for start in 0..20 {
            watch.emit(block(100.0, start * 100, &second));
            watch.publish(&board);
        }
        let full = shown(&mut watch, &board).trace;
        assert_eq!(full.len(), 750);
        assert_eq!(full[0].first, SampleIndex(498), "1998 is being drawn, 1996 is the newest");

        watch.emit(block(100.0, 3000, &second));
        let gapped = shown(&mut watch, &board).trace;
        let (first, last) = (gapped[0].first.0, gapped[gapped.len() - 1].first.0);
        assert_eq!((first, last), (1598, 3096));
        assert!(!gapped.iter().any(|point| (2000..3000).contains(&point.first.0)));
    }

    #[test]
    fn what_is_no_number_is_not_drawn() {
        let (mut watch, board) = watch(100.0);
        watch.emit(block(100.0, 0, &[1.0, f64::NAN, f64::NAN, f64::NAN, 2.0, 2.0, f64::NAN]));
        let view = shown(&mut watch, &board);
        let firsts: Vec<u64> = view.trace.iter().map(|point| point.first.0).collect();
        assert_eq!(firsts, [0, 4]);
        assert_eq!(view.level, None);
    }

    #[test]
    fn a_view_that_holds_the_board_delays_nothing_and_loses_nothing() {
        let (mut watch, board) = watch(100.0);
        let held = board.lock().expect("free");
        for start in 0..50 {
            watch.emit(block(100.0, start * 2, &[1.0, 2.0]));
            watch.publish(&board);
        }
        assert!(held.channels.is_empty());
        drop(held);
        assert_eq!(shown(&mut watch, &board).trace.len(), 49, "the fiftieth is being drawn");
    }

    #[test]
    fn a_contraction_is_under_way_until_it_ends_or_is_taken_back() {
        let (mut watch, board) = watch(100.0);
        let onset = Transition::Onset { at: SampleIndex(7), decided: SampleIndex(9) };
        let span = Span { start: SampleIndex(7), end: SampleIndex(12) };
        let decided = SampleIndex(15);
        let ends = [
            (Transition::Withdrawn { span, decided }, 0),
            (Transition::Undetermined { span, decided, reason: Reason::Gap }, 0),
            (contraction(7), 1),
        ];
        for (end, count) in ends {
            watch.emit(found(onset));
            assert_eq!(shown(&mut watch, &board).contracted_since, Some(SampleIndex(7)));
            watch.emit(found(end));
            let view = shown(&mut watch, &board);
            assert_eq!(view.contracted_since, None);
            assert_eq!((view.contraction_count, view.contractions.len()), (count, count as usize));
        }
    }

    #[test]
    fn only_the_newest_contractions_are_listed_and_all_are_counted() {
        let (mut watch, board) = watch(100.0);
        for onset in 0..100 {
            watch.emit(found(contraction(onset * 100)));
            if onset % 7 == 0 {
                watch.publish(&board);
            }
        }
        let view = shown(&mut watch, &board);
        assert_eq!(view.contraction_count, 100);
        assert_eq!(view.contractions.len(), LISTED_CONTRACTION_COUNT);
        assert_eq!(view.contractions[LISTED_CONTRACTION_COUNT - 1].onset, SampleIndex(9900));
    }

    #[test]
    fn another_rate_begins_another_picture_and_a_new_calibration_does_not() {
        let (mut watch, board) = watch(100.0);
        watch.emit(block(100.0, 0, &[1.0; 10]));
        assert_eq!(shown(&mut watch, &board).trace.len(), 4);
        watch.emit(Output::Stream(&stream(100.0)));
        assert_eq!(shown(&mut watch, &board).trace.len(), 4);
        watch.emit(Output::Stream(&stream(1000.0)));
        let reason = PassedReason::RateTooHigh;
        watch.emit(Output::Passed(Passed { channel: ID, reason }));
        let view = shown(&mut watch, &board);
        assert_eq!((view.trace.len(), view.passed), (0, Some(reason)));
        assert_eq!(view.next, SampleIndex(10), "indices go on");
    }

    #[test]
    fn the_newest_sample_is_as_old_as_the_input_that_brought_it() {
        let (mut watch, board) = watch(100.0);
        assert_eq!(shown(&mut watch, &board).newest_sample_age, None);
        watch.begin(HostTime::from_nanos(5));
        watch.emit(block(100.0, 0, &[1.0]));
        watch.begin(HostTime::from_nanos(9));
        watch.emit(Output::Log { at: HostTime::from_nanos(9), text: "hello" });
        // Seen at 20 ns.
        assert_eq!(shown(&mut watch, &board).newest_sample_age, Some(Duration::from_nanos(15)));
    }
}
