//! The thread that writes samples and events beside the journal.
//!
//! It is handed what is in the journal already, by the recorder and never waited for: a disk that is slow or
//! refuses here costs nothing there. If it falls behind or gives up, it says so, and all of it is made again
//! from the journal at the end.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use levator_engine::ConfigError;
use levator_record::Header;
use levator_record::visit::{Laid, Projection};

use crate::batch::Batch;
use crate::feed::Message;
use crate::recorder::Progress;

/// Batches that wait, at most: ten seconds at the usual pace, 14 MiB at most.
pub(crate) const QUEUE_LEN: usize = 512;

/// The recorder's end.
#[derive(Debug)]
pub(crate) struct Beside {
    messages: Sender<Message>,
}

/// The other end, to be run on a thread of its own.
#[derive(Debug)]
pub(crate) struct Work {
    projection: Projection,
    messages: Receiver<Message>,
}

/// Both ends.
pub(crate) fn new(folder: &Path, header: &Header) -> Result<(Beside, Work), ConfigError> {
    let (sender, messages) = bounded(QUEUE_LEN);
    let projection = Projection::live(folder, &header.config, header.opened_unix_ms)?;
    Ok((Beside { messages: sender }, Work { projection, messages }))
}

impl Beside {
    /// Hands on what is in the journal, or says why nobody takes it any more, and gives it back.
    pub(crate) fn send(&self, batch: Batch) -> Result<(), (Batch, &'static str)> {
        let (message, why) = match self.messages.try_send(Message::Batch(batch)) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(message)) => {
                (message, "signals.bdf fell behind; it is made again at the end")
            }
            Err(TrySendError::Disconnected(message)) => {
                (message, "signals.bdf broke down; it is made again at the end")
            }
        };
        match message {
            Message::Batch(batch) => Err((batch, why)),
            Message::Close(_) => Ok(()),
        }
    }

    /// Says that no more comes, because the recording was closed.
    pub(crate) fn close(self, at: levator_signal::HostTime) {
        // Nobody there: its own end tells why.
        drop(self.messages.send(Message::Close(at)));
    }
}

impl Work {
    /// Writes what comes until the recording is closed.
    pub(crate) fn run(self, spare: &Sender<Batch>, progress: &Progress) -> Result<Laid, String> {
        let Self { mut projection, messages } = self;
        let mut is_told = false;
        for message in &messages {
            let mut batch = match message {
                Message::Batch(batch) => batch,
                Message::Close(at) => {
                    return projection.close(at).put_in_place().map_err(|error| error.to_string());
                }
            };
            for input in batch.inputs() {
                projection.take(input);
            }
            if let Some(failure) = projection.failure().filter(|_| !is_told) {
                is_told = true;
                progress.lament(format!("{failure}; it is made again at the end"));
            }
            batch.clear();
            drop(spare.try_send(batch));
        }
        // What was written can be read; it lacks what came later.
        Err("signals.bdf was not closed".to_owned())
    }
}

/// Whether the journal is still where it was made: a system lets one go on writing to a file that
/// somebody deleted or whose folder is gone.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What tells a file from another one of the same name.
type Identity = (u64, u64);

impl Place {
    /// Of a journal that was just made.
    pub(crate) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), identity: identity(path) }
    }

    /// Why it is gone, if it is.
    pub(crate) fn loss(&self) -> Option<String> {
        let is_there = match self.identity {
            Some(known) => identity(&self.path) == Some(known),
            None => self.path.exists(),
        };
        (!is_there).then(|| {
            format!(
                "{} is gone: was it or its folder deleted, moved, or its disk pulled?",
                self.path.display()
            )
        })
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}
