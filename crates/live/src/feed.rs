//! From the port thread to the recorder: a queue that never blocks and never drops in silence.
//!
//! ```text
//! port thread            queue, 512 batches                  recorder thread
//! push -> open batch --> [ 20 ms ][ 20 ms ][ 20 ms ] ------> write, sync
//!             ^                                                  |
//!             +------------- emptied batches, 32 kept <----------+
//! ```
//!
//! Inputs are handed over in batches of 20 ms, not one by one: waking another thread costs as much as
//! everything else that happens to an input. A recorder that falls behind is sent full batches only,
//! so what the queue holds is counted in bytes: 512 batches of 16 KiB are 8 MiB, which a disk that
//! stands still fills in
//!
//! | device | bytes a second | time until inputs are lost |
//! |---|---|---|
//! | 115 200 baud | 11 520 | 728 000 ms |
//! | 921 600 baud | 92 160 | 91 000 ms |
//! | USB at full speed | 400 000 | 20 900 ms |
//!
//! (from reads of 32 bytes and more; a batch also ends after 512 inputs). Memory is taken when it is
//! needed and given back when the recorder has caught up.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use levator_engine::Input;
use levator_signal::HostTime;

use crate::batch::Batch;
use crate::recorder::Progress;

/// Age of its first input at which a batch is handed over.
///
/// Our choice: 50 wakes a second; a crash of the program costs this much beyond what the recorder
/// itself holds back.
pub(crate) const HAND_OVER_AFTER: Duration = Duration::from_millis(20);
/// Batches that wait for the recorder, at most. Times stand above.
pub(crate) const QUEUE_LEN: usize = 512;
/// Waiting batches from which on only full ones are added. 80 ms at the usual pace.
const BACKLOG_LEN: usize = 4;
/// Emptied batches kept for use: 800 KiB, and 640 ms at the usual pace. What the writer holds back until its
/// next block, 250 ms, waits in 13 of them, which come back all at once.
const SPARE_COUNT: usize = 32;

/// What the recorder is sent.
#[derive(Debug)]
pub(crate) enum Message {
    Batch(Batch),
    /// The last message: the session ended at this time.
    Close(HostTime),
}

/// The recorder's end of the queue.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) messages: Receiver<Message>,
    /// Where emptied batches go; when it is full, they are given back to the system.
    pub(crate) spare: Sender<Batch>,
}

/// The port thread's end of the queue.
#[derive(Debug)]
pub(crate) struct Feed {
    open: Batch,
    messages: Sender<Message>,
    spare: Receiver<Batch>,
    /// Inputs that found no room since the last hole was told.
    hole: u64,
    /// The recorder takes nothing any more.
    is_gone: bool,
    progress: Arc<Progress>,
}

impl Feed {
    /// Both ends of a queue, and where both count.
    pub(crate) fn new() -> (Self, Outlet, Arc<Progress>) {
        let (messages, outlet) = bounded(QUEUE_LEN);
        let (spare_in, spare) = bounded(SPARE_COUNT);
        let progress = Arc::new(Progress::default());
        let shown = Arc::clone(&progress);
        let feed = Self { open: Batch::new(), messages, spare, hole: 0, is_gone: false, progress };
        (feed, Outlet { messages: outlet, spare: spare_in }, shown)
    }

    /// Takes one input, and hands over what is due.
    pub(crate) fn push(&mut self, input: &Input<'_>) {
        self.progress.offered.fetch_add(1, Ordering::Relaxed);
        if !self.open.has_room_for(input) && !self.hand_over() {
            self.hole += 1;
            self.progress.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.open.push(input);
        self.poll(input.at());
    }

    /// Hands over the open batch if it is due.
    pub(crate) fn poll(&mut self, now: HostTime) {
        let is_old = self
            .open
            .first_at()
            .is_some_and(|first| now.saturating_since(first) >= HAND_OVER_AFTER);
        if is_old && self.messages.len() < BACKLOG_LEN {
            self.hand_over();
        }
    }

    /// Inputs that are missing before the next one, once there is room to tell.
    pub(crate) fn take_hole(&mut self) -> Option<u64> {
        if self.hole == 0 || !(self.open.is_empty() || self.hand_over()) {
            return None;
        }
        Some(mem::take(&mut self.hole))
    }

    /// Hands over everything and ends the recording. Waits for room in the queue: nothing else is left
    /// to do.
    pub(crate) fn close(self, at: HostTime) {
        let Self { open, messages, .. } = self;
        let sent =
            messages.send(Message::Batch(open)).and_then(|()| messages.send(Message::Close(at)));
        // A recorder that is gone has told why by its own end.
        drop(sent);
    }

    /// Whether the queue took the open batch. Nothing is allocated while spare batches are there.
    fn hand_over(&mut self) -> bool {
        if self.is_gone || self.messages.is_full() {
            return false;
        }
        let next = self.spare.try_recv().unwrap_or_else(|_| Batch::new());
        match self.messages.try_send(Message::Batch(mem::replace(&mut self.open, next))) {
            Ok(()) => true,
            Err(error) => {
                self.is_gone = matches!(error, TrySendError::Disconnected(_));
                if let Message::Batch(batch) = error.into_inner() {
                    self.open = batch;
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> HostTime {
        HostTime::from_nanos(millis * 1_000_000)
    }

    fn times(outlet: &Outlet) -> Vec<u64> {
        let batches = outlet.messages.try_iter();
        batches
            .flat_map(|message| match message {
                Message::Batch(batch) => {
                    batch.inputs().map(|input| input.at().as_nanos() / 1_000_000).collect()
                }
                Message::Close(_) => Vec::new(),
            })
            .collect()
    }

    #[test]
    fn a_batch_is_handed_over_when_it_is_old_enough() {
        let (mut feed, outlet, _) = Feed::new();
        feed.push(&Input::Tick { at: at(0) });
        feed.push(&Input::Tick { at: at(19) });
        assert!(outlet.messages.is_empty());
        feed.push(&Input::Tick { at: at(20) });
        assert_eq!(times(&outlet), [0, 19, 20]);
        feed.push(&Input::Tick { at: at(30) });
        feed.poll(at(49));
        assert!(outlet.messages.is_empty());
        feed.poll(at(50));
        assert_eq!(times(&outlet), [30]);
    }

    #[test]
    fn emptied_batches_are_used_again() {
        let (mut feed, outlet, _) = Feed::new();
        for round in 0..3 {
            for millis in 0..100 {
                feed.push(&Input::Tick { at: at(round * 1000 + millis * 20) });
                for message in outlet.messages.try_iter() {
                    let Message::Batch(mut batch) = message else { panic!("not closed yet") };
                    batch.clear();
                    outlet.spare.try_send(batch).expect("there is room for the few in use");
                }
            }
            // One is open, one is spare: two did all the work.
            assert_eq!(outlet.spare.len(), 1, "round {round}");
        }
    }

    #[test]
    fn a_recorder_that_stands_still_is_given_full_batches_and_then_told_of_the_hole() {
        let (mut feed, outlet, progress) = Feed::new();
        let bytes = [1; 4096];
        let mut millis = 0;
        while progress.lost.load(Ordering::Relaxed) == 0 {
            feed.push(&Input::Bytes { at: at(millis), bytes: &bytes });
            millis += 30;
        }
        feed.push(&Input::Bytes { at: at(millis), bytes: &bytes });
        assert_eq!(progress.lost.load(Ordering::Relaxed), 2);
        assert_eq!(outlet.messages.len(), QUEUE_LEN);
        assert_eq!(feed.take_hole(), None, "there is no room to tell it");

        let kept = times(&outlet);
        // Four young batches of two reads each, then full ones of four, and one still open.
        assert_eq!(kept.len(), 4 * 2 + (QUEUE_LEN - 4) * 4);
        assert_eq!(feed.take_hole(), Some(2));
        assert_eq!(feed.take_hole(), None);
        assert_eq!(times(&outlet).len(), 4, "the batch that was open came before the hole");
    }

    #[test]
    fn closing_hands_over_what_is_open() {
        let (mut feed, outlet, _) = Feed::new();
        feed.push(&Input::Tick { at: at(7) });
        feed.close(at(9));
        let messages: Vec<_> = outlet.messages.iter().collect();
        assert!(matches!(&messages[0], Message::Batch(batch) if batch.inputs().count() == 1));
        assert!(matches!(messages[1], Message::Close(end) if end == at(9)));
        assert_eq!(messages.len(), 2);
    }

    #[test]
    fn inputs_for_a_recorder_that_is_gone_are_counted() {
        let (mut feed, outlet, progress) = Feed::new();
        drop(outlet);
        for millis in 0..1000 {
            feed.push(&Input::Tick { at: at(millis) });
        }
        // One batch of 512 fits into memory; nobody will ever take it.
        assert_eq!(progress.lost.load(Ordering::Relaxed), 1000 - 512);
        assert_eq!(feed.take_hole(), None);
        feed.close(at(1000));
    }
}
