//! The end of the queue that stands on the port thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use levator_device::Clock;
use levator_engine::{
    ContractionEvent, FindingEvent, ManoeuvreEvent, Output, ProgrammeEvent, Sink,
};
use levator_measure::{Measure, Quantity, Trial};
use levator_signal::{Block, ChannelId, SampleIndex, SampleRate};
use tokio::sync::Notify;

use crate::frame::Point;

/// Items that wait for the console thread: more than a second of the busiest device (24 channels).
const QUEUE_LEN: usize = 4096;
/// Points in one item: 80 ms at the usual pace, four messages of a device.
const PIECE_LEN: usize = 16;
/// Points a second, at most. Our choice: two to a picture of the fastest common screens, and more than
/// a trace of 15 s has columns.
const POINTS_PER_S: f64 = 200.0;

/// A few points of one channel. Its size is fixed, so that the port thread allocates nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) channel: ChannelId,
    pub(crate) rate: SampleRate,
    pub(crate) first: u64,
    pub(crate) step: u32,
    points: [Point; PIECE_LEN],
    len: u8,
}

impl Piece {
    pub(crate) fn points(&self) -> &[Point] {
        &self.points[..usize::from(self.len)]
    }
}

/// What the console thread is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    Points(Piece),
    Contraction(ContractionEvent),
    Programme(ProgrammeEvent),
    Trial(Trial),
    Measure(Measure),
    Finding(FindingEvent),
    Manoeuvre(ManoeuvreEvent),
    /// A mark was bound to this sample of the first stream; its text stays in the recording.
    Mark(SampleIndex),
    /// Something that the next state tells.
    Changed,
}

/// A queue that drops its oldest item when it is full, and counts that.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Sender<(u64, Item)>,
    receiver: Receiver<(u64, Item)>,
    dropped: AtomicU64,
    pub(crate) news: Notify,
    pub(crate) clock: Clock,
}

impl Queue {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = bounded(QUEUE_LEN);
        let dropped = AtomicU64::new(0);
        Self { sender, receiver, dropped, news: Notify::new(), clock: Clock::start() }
    }

    /// Microseconds since the queue was made: the axis of every stamp.
    pub(crate) fn now_us(&self) -> u64 {
        (self.clock.now().as_secs_f64() * 1e6) as u64
    }

    fn push(&self, item: Item) {
        let mut waiting = (self.now_us(), item);
        while let Err(TrySendError::Full(back)) = self.sender.try_send(waiting) {
            if self.receiver.try_recv().is_ok() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
            waiting = back;
        }
        self.news.notify_one();
    }

    /// The oldest item and when it was put there, in microseconds.
    pub(crate) fn take(&self) -> Option<(u64, Item)> {
        self.receiver.try_recv().ok()
    }

    /// Items that were dropped since this was last asked.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}

/// What a session feeds: hands envelopes and events to the console, and never waits for it.
///
/// If the console thread does not keep up, the oldest items are dropped and counted; the page is told.
/// Nothing is allocated except when a channel is first seen.
#[derive(Debug)]
pub struct Tap {
    queue: Option<Arc<Queue>>,
    channels: Vec<Channel>,
}

impl Tap {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        Self { queue: Some(queue), channels: Vec::new() }
    }

    /// A tap that nobody listens to.
    #[must_use]
    pub const fn closed() -> Self {
        Self { queue: None, channels: Vec::new() }
    }
}

impl Sink for Tap {
    fn emit(&mut self, output: Output<'_>) {
        let Some(queue) = &self.queue else { return };
        match output {
            Output::Block(block) => {
                let at = self.channels.iter().position(|known| known.is(&block));
                let at = at.unwrap_or_else(|| {
                    self.channels.retain(|known| known.id != block.channel);
                    self.channels.push(Channel::new(&block));
                    self.channels.len() - 1
                });
                self.channels[at].block(&block, queue);
            }
            Output::Contraction(event) => queue.push(Item::Contraction(event)),
            Output::Programme(event) => queue.push(Item::Programme(event)),
            Output::Trial(trial) => queue.push(Item::Trial(trial)),
            Output::Measure(measure)
                if matches!(
                    measure.quantity,
                    Quantity::RestLevel
                        | Quantity::MaximalContraction
                        | Quantity::Peak
                        | Quantity::RecoveryLatency
                ) =>
            {
                queue.push(Item::Measure(measure));
            }
            Output::Finding(event) => queue.push(Item::Finding(event)),
            Output::Manoeuvre(event) => queue.push(Item::Manoeuvre(event)),
            Output::Mark(mark) => queue.push(Item::Mark(mark.index)),
            Output::Link(_) | Output::Device(_) | Output::Stream(_) | Output::Passed(_) => {
                queue.push(Item::Changed);
            }
            Output::Measure(_)
            | Output::Searched(_)
            | Output::Rest(_)
            | Output::Pressure(_)
            | Output::Cough(_)
            | Output::Heart(_)
            | Output::Clock(_)
            | Output::Lost(_)
            | Output::Refused(_)
            | Output::Status(_)
            | Output::Event(_)
            | Output::Log { .. }
            | Output::Answer(_)
            | Output::Transmit(_) => {}
        }
    }
}

/// Makes points of the samples of one channel.
#[derive(Debug)]
struct Channel {
    id: ChannelId,
    rate: SampleRate,
    step: u32,
    /// One past the newest sample.
    next: u64,
    /// The point that is being made, and its first sample.
    open: Option<(u64, Point)>,
    piece: Piece,
}

impl Channel {
    fn new(block: &Block<'_>) -> Self {
        let step = (block.rate.hz() / POINTS_PER_S).ceil().clamp(1.0, 1e6) as u32;
        let piece = Piece {
            channel: block.channel,
            rate: block.rate,
            first: 0,
            step,
            points: [Point::NONE; PIECE_LEN],
            len: 0,
        };
        Self { id: block.channel, rate: block.rate, step, next: block.first.0, open: None, piece }
    }

    fn is(&self, block: &Block<'_>) -> bool {
        self.id == block.channel && self.rate == block.rate
    }

    fn block(&mut self, block: &Block<'_>, queue: &Queue) {
        if block.first.0 != self.next {
            self.close(queue);
            self.send(queue);
        }
        let samples = block.envelope.iter().zip(block.values);
        for (index, (&level, &signal)) in (block.first.0..).zip(samples) {
            let first = index - index % u64::from(self.step);
            if self.open.is_some_and(|(open, _)| open != first) {
                self.close(queue);
            }
            if !level.is_finite() {
                continue;
            }
            let signal = if signal.is_finite() { signal as f32 } else { f32::NAN };
            let (_, point) = self.open.get_or_insert((first, Point::NONE));
            *point = point.with(level as f32, signal);
            if index + 1 == first + u64::from(self.step) {
                self.close(queue);
            }
        }
        self.next = block.first.0.saturating_add(block.envelope.len() as u64);
        self.send(queue);
    }

    /// Puts the open point into the piece, which has no holes.
    fn close(&mut self, queue: &Queue) {
        let Some((first, point)) = self.open.take() else { return };
        let end = self.piece.first + u64::from(self.step) * u64::from(self.piece.len);
        if self.piece.len > 0 && (end != first || usize::from(self.piece.len) == PIECE_LEN) {
            self.send(queue);
        }
        if self.piece.len == 0 {
            self.piece.first = first;
        }
        self.piece.points[usize::from(self.piece.len)] = point;
        self.piece.len += 1;
    }

    fn send(&mut self, queue: &Queue) {
        if self.piece.len > 0 {
            queue.push(Item::Points(self.piece));
            self.piece.len = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use levator_signal::{Quality, SignalKind, Unit};

    use super::*;

    fn block<'a>(first: u64, values: &'a [f64], hz: f64) -> Output<'a> {
        of(first, values, values, hz)
    }

    fn of<'a>(first: u64, values: &'a [f64], envelope: &'a [f64], hz: f64) -> Output<'a> {
        Output::Block(Block {
            channel: ChannelId { stream: 0, channel: 1 },
            kind: SignalKind::Emg,
            unit: Unit::Microvolt,
            rate: SampleRate::from_hz(hz).expect("possible"),
            first: SampleIndex(first),
            values,
            filtered: values,
            envelope,
            quality: Quality::GOOD,
        })
    }

    /// Levels of the points, and that of each signal, where both are the same.
    fn taken(queue: &Queue) -> Vec<(u64, Vec<[f32; 2]>)> {
        let mut pieces = Vec::new();
        while let Some((_, item)) = queue.take() {
            let Item::Points(piece) = item else { panic!("only points were put in") };
            let bits = |values: [f32; 2]| values.map(f32::to_bits);
            assert!(piece.points().iter().all(|point| bits(point.level) == bits(point.signal)));
            pieces.push((piece.first, piece.points().iter().map(|point| point.level).collect()));
        }
        pieces
    }

    #[test]
    fn the_signal_goes_with_its_envelope_and_what_is_no_number_in_it_is_left_out() {
        let queue = Arc::new(Queue::new());
        let mut tap = Tap::new(Arc::clone(&queue));
        let values = [-8.0, 7.0, f64::NAN, 1.0, 2.0, f64::INFINITY, f64::NAN, 5.0];
        let envelope = [3.0, 4.0, 5.0, f64::NAN, 6.0, 6.5, 7.0, 7.5];
        tap.emit(of(0, &values, &envelope, 400.0));
        let Some((_, Item::Points(piece))) = queue.take() else { panic!("points") };
        let shown = format!("{:?}", piece.points());
        let expected = [
            Point { level: [3.0, 4.0], signal: [-8.0, 7.0] },
            Point { level: [5.0, 5.0], signal: [f32::NAN; 2] },
            Point { level: [6.0, 6.5], signal: [2.0, 2.0] },
            Point { level: [7.0, 7.5], signal: [5.0, 5.0] },
        ];
        assert_eq!(shown, format!("{expected:?}"));
    }

    #[test]
    fn a_point_keeps_both_extremes_of_its_samples_however_they_are_cut() {
        let values: Vec<f64> = (0..40).map(|n| f64::from((n * 7) % 11)).collect();
        let all = |cuts: &[usize]| {
            let queue = Arc::new(Queue::new());
            let mut tap = Tap::new(Arc::clone(&queue));
            let mut from = 0;
            for &to in cuts {
                tap.emit(block(from as u64, &values[from..to], 1000.0));
                from = to;
            }
            taken(&queue).into_iter().flat_map(|(_, points)| points).collect::<Vec<_>>()
        };
        let whole = all(&[40]);
        assert_eq!(whole.len(), 8, "200 points a second of 1000 samples");
        assert_eq!(whole[0].map(f32::to_bits), [0.0_f32, 10.0].map(f32::to_bits));
        assert_eq!(all(&[3, 4, 17, 40]), whole);
    }

    #[test]
    fn a_gap_and_what_is_no_number_leave_a_hole() {
        let queue = Arc::new(Queue::new());
        let mut tap = Tap::new(Arc::clone(&queue));
        tap.emit(block(0, &[1.0, f64::NAN, 2.0], 100.0));
        tap.emit(block(10, &[3.0], 100.0));
        assert_eq!(taken(&queue), [(0, vec![[1.0; 2]]), (2, vec![[2.0; 2]]), (10, vec![[3.0; 2]])]);
    }

    #[test]
    fn a_console_that_stands_still_costs_the_oldest_and_it_is_counted() {
        let queue = Arc::new(Queue::new());
        let mut tap = Tap::new(Arc::clone(&queue));
        let more = 10;
        for first in 0..QUEUE_LEN as u64 + more {
            tap.emit(block(first, &[first as f64], 100.0));
        }
        assert_eq!(queue.take_dropped(), more);
        assert_eq!(queue.take_dropped(), 0, "told once");
        let kept = taken(&queue);
        assert_eq!((kept.len(), kept[0].0), (QUEUE_LEN, more));
    }
}
