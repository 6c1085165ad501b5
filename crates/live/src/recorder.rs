//! The recorder thread: takes batches, writes them, and says how it goes.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::Sender;
use levator_record::{Storage, Totals, WriteError, Writer};
use levator_signal::HostTime;

use crate::batch::Batch;
use crate::beside::{self, Beside, Place};
use crate::feed::{Message, Outlet};

/// A refusal of the disk is over when it has not been repeated for this long.
///
/// Our choice: four times the interval at which the writer asks again.
const OVER_AFTER: Duration = Duration::from_secs(1);

/// How often it is looked whether the journal is still where it was made; less than `OVER_AFTER`.
const LOOK_AFTER: Duration = Duration::from_millis(750);

/// How the recording is getting on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingState {
    /// Inputs taken into the recording.
    pub input_count: u64,
    /// Bytes on the disk, as far as it has accepted them.
    pub written_byte_count: u64,
    /// Bytes of inputs that are only in memory.
    pub held_byte_count: u64,
    /// Inputs that are not in the recording and never will be: the disk refused or stood still for too
    /// long, or the recorder broke down. Anything but zero is to be shown loudly.
    pub missing_input_count: u64,
    /// The recorder broke down, a fault of the program: nothing more is recorded.
    pub is_broken: bool,
    /// Whether the disk refuses right now. What comes meanwhile is kept in memory for a while.
    pub is_refused: bool,
    /// What the disk said when it last refused, and when.
    pub last_refusal: Option<(HostTime, String)>,
    /// What is wrong with the samples beside the journal, if anything. Nothing is lost by it.
    pub beside_trouble: Option<String>,
}

/// Between the recorder, the port thread and views.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    state: Mutex<RecordingState>,
    /// Inputs that were to be recorded, counted by the port thread.
    pub(crate) offered: AtomicU64,
    /// Those among them that found no room in the queue.
    pub(crate) lost: AtomicU64,
}

impl Progress {
    pub(crate) fn state(&self) -> RecordingState {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if state.is_broken {
            // What it had been handed is gone with it.
            let offered = self.offered.load(Ordering::Relaxed);
            state.missing_input_count = offered.saturating_sub(state.input_count);
        } else {
            state.missing_input_count += self.lost.load(Ordering::Relaxed);
        }
        state
    }

    /// Says what is wrong with what lies beside the journal.
    pub(crate) fn lament(&self, trouble: String) {
        self.update(|state| state.beside_trouble = Some(trouble));
    }

    fn update(&self, change: impl FnOnce(&mut RecordingState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What a recorder works with, beside its journal.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) outlet: Outlet,
    pub(crate) progress: Arc<Progress>,
    /// Where the journal is, if it is a file.
    pub(crate) place: Option<Place>,
    /// Who writes samples beside it.
    pub(crate) beside: Option<Beside>,
}

/// Writes what comes until the session ends. The message of an error includes its causes.
///
/// If the port thread ends without a word, what was taken is written and the recording stays without
/// its end block: a reader will say that it was not closed.
pub(crate) fn run<S: Storage>(mut writer: Writer<S>, desk: Desk) -> Result<Totals, String> {
    let Desk { outlet, progress, place, mut beside } = desk;
    let progress = &*progress;
    let _watch = WatchForPanic(progress);
    let mut refused_at = None;
    let mut looked_at = HostTime::ZERO;
    // What is not in the journal yet must not be in the samples beside it.
    let mut waiting = Vec::new();
    let mut written_len = writer.written_len();
    for message in &outlet.messages {
        let batch = match message {
            Message::Batch(batch) => batch,
            Message::Close(at) => {
                let closed = close(writer, at, progress);
                if closed.is_ok() {
                    hand_on(&mut beside, &mut waiting, &outlet.spare, progress);
                    beside.into_iter().for_each(|beside| beside.close(at));
                }
                return match place.and_then(|place| place.loss()) {
                    Some(loss) => Err(loss),
                    None => closed,
                };
            }
        };
        let mut is_whole = true;
        for input in batch.inputs() {
            if let Err(error) = writer.record(&input) {
                is_whole &=
                    !matches!(error, WriteError::Dropped { .. } | WriteError::TooLong { .. });
                refused_at = Some(input.at());
                note(progress, input.at(), &error);
            }
        }
        if let Some(now) = batch.last_at() {
            if let Err(error) = writer.tick(now) {
                refused_at = Some(now);
                note(progress, now, &error);
            }
            if now.saturating_since(looked_at) >= LOOK_AFTER {
                looked_at = now;
                if let Some(loss) = place.as_ref().and_then(Place::loss) {
                    refused_at = Some(now);
                    refuse(progress, now, loss);
                }
            }
            let is_refused = refused_at.is_some_and(|then| now.saturating_since(then) < OVER_AFTER);
            tell(progress, &writer, is_refused);
        }
        let is_written = writer.written_len() > written_len;
        written_len = writer.written_len();
        if is_written {
            // All that came before this batch is in the journal, and this one if nothing is held.
            hand_on(&mut beside, &mut waiting, &outlet.spare, progress);
        }
        if !is_whole {
            give_up(&mut beside, "signals.bdf is made again from the journal at the end", progress);
        }
        if beside.is_some() && waiting.len() < beside::QUEUE_LEN {
            waiting.push(batch);
            if writer.held_len() == 0 {
                hand_on(&mut beside, &mut waiting, &outlet.spare, progress);
            }
            continue;
        }
        give_up(&mut beside, "signals.bdf is made again at the end: the disk refuses", progress);
        waiting.drain(..).for_each(|batch| give_back(&outlet.spare, batch));
        give_back(&outlet.spare, batch);
    }
    Err("the port thread ended without closing the recording".to_owned())
}

/// Hands on batches that are in the journal; gives up if nobody takes them.
fn hand_on(
    beside: &mut Option<Beside>,
    waiting: &mut Vec<Batch>,
    spare: &Sender<Batch>,
    progress: &Progress,
) {
    for batch in waiting.drain(..) {
        let Some(next) = &*beside else {
            give_back(spare, batch);
            continue;
        };
        if let Err((batch, why)) = next.send(batch) {
            give_back(spare, batch);
            give_up(beside, why, progress);
        }
    }
}

/// Empties a batch to be used again. Surplus ones, from a time when the disk was slow, go back to the system
/// here.
fn give_back(spare: &Sender<Batch>, mut batch: Batch) {
    batch.clear();
    drop(spare.try_send(batch));
}

fn give_up(beside: &mut Option<Beside>, why: &str, progress: &Progress) {
    if beside.take().is_some() {
        progress.lament(why.to_owned());
    }
}

/// Says that the recorder broke down, if it does.
struct WatchForPanic<'a>(&'a Progress);

impl Drop for WatchForPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.update(|state| state.is_broken = true);
        }
    }
}

/// A disk that refused a moment ago is asked once more before the recording is given up.
fn close<S: Storage>(
    mut writer: Writer<S>,
    at: HostTime,
    progress: &Progress,
) -> Result<Totals, String> {
    if let Err(error) = writer.flush(at) {
        note(progress, at, &error);
    }
    tell(progress, &writer, false);
    writer.close(at).map_err(|error| {
        note(progress, at, &error);
        chain(&error)
    })
}

fn tell<S: Storage>(progress: &Progress, writer: &Writer<S>, is_refused: bool) {
    let totals = writer.totals();
    progress.update(|state| {
        state.input_count = totals.input_count;
        state.written_byte_count = writer.written_len();
        state.held_byte_count = writer.held_len() as u64;
        state.missing_input_count = totals.dropped_input_count;
        state.is_refused = is_refused;
    });
}

fn note(progress: &Progress, at: HostTime, error: &WriteError) {
    refuse(progress, at, chain(error));
}

fn refuse(progress: &Progress, at: HostTime, reason: String) {
    progress.update(|state| {
        state.is_refused = true;
        state.last_refusal = Some((at, reason));
    });
}

/// The message of an error and of all its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
