//! The folder of a visit: the journal and what lies beside it for people and for other programs.
//!
//! ```text
//! raw.journal    the truth: every input             written first, all else is made from it
//! visit.json     who, what, when, with what         at the start, again at the end    About
//! signals.bdf    the samples, for other programs    second by second                  Projection
//! events.tsv     what happened, a line each         at the end                        Events
//! result.json    what was found                     at the end                        (the command line)
//! told.toml      what is told beside the signals    at the start                      (the command line)
//! overview       extremes, for drawing             second by second, named at the end  Overview
//! manifest       a hash of each of these            last                              manifest
//! ```
//!
//! Whatever is not the journal is a function of it: [`Projection`] makes it from the same inputs, live
//! or read back. What the disk refused, or a crash cut off, is made again by [`rebuild`].
//! `docs/recording-format.md` describes the files.

pub mod about;
pub mod check;
pub mod events;
pub mod manifest;
pub mod overview;
pub mod projection;
pub mod recover;
pub mod signals;

mod date;
mod file;
#[cfg(test)]
mod tests;

use std::path::Path;

use levator_signal::HostTime;

use crate::{Item, OpenError, Reader};

pub use about::{About, AboutError, Patient, State};
pub use check::Report;
pub use date::{utc, utc_text};
pub use events::{Event, Events};
pub(crate) use file::keep_name;
pub use file::{create_private, keep_names, put_new, replace};
pub use overview::Overview;
pub use projection::{Laid, Made, Projection, ProjectionError};
pub use recover::{Recovered, recover};
pub use signals::SignalsFile;

/// Name of the journal in the folder of a visit.
pub const JOURNAL: &str = "raw.journal";
/// Name of the description.
pub const ABOUT: &str = "visit.json";
/// Name of the samples for other programs; those of a second stream are in `signals-1.bdf`.
pub const SIGNALS: &str = "signals.bdf";
/// Name of the list of events.
pub const EVENTS: &str = "events.tsv";
/// Name of the results.
pub const RESULT: &str = "result.json";
/// Name of what is told beside the signals.
pub const TOLD: &str = "told.toml";
/// Name of the smallest and largest values: not in the list of hashes, as it may be deleted.
pub const OVERVIEW: &str = "overview";
/// Name of the list of hashes.
pub const MANIFEST: &str = "manifest";

/// Makes the samples and the list of events again from the journal in `folder`, in place of those that
/// are there. `progress` is told the bytes of the journal that were read.
///
/// # Errors
///
/// If the journal cannot be opened, or the disk refuses. What was there before stays then.
pub fn rebuild(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Laid, RebuildError> {
    let mut hints = signals::Hints::default();
    for attempt in 0.. {
        let mut reader = Reader::open(&folder.join(JOURNAL))?;
        let opened = reader.header().map_or(0, |header| header.opened_unix_ms);
        let mut projection = Projection::again(folder, &reader.config(), opened, hints.clone())
            .map_err(ProjectionError::Config)?;
        let mut last = HostTime::ZERO;
        loop {
            progress(reader.position());
            match reader.next() {
                Some(Item::Input(input)) => {
                    last = input.at();
                    projection.take(input);
                }
                Some(Item::Damage(_) | Item::End(_)) => {}
                None => break,
            }
        }
        // Once more with what is known now: the range of values without rails, many short gaps.
        let (made, better) = projection.finish(last);
        match better.filter(|_| attempt < 3) {
            Some(better) => hints = better,
            None => return Ok(made.put_in_place()?),
        }
    }
    unreachable!("the last attempt is taken as it is")
}

/// Why what lies beside a journal could not be made again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The rest.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
}
