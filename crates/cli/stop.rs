//! Ctrl-C and its relatives: ask to stop, then stop in good order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

/// Whether somebody asked to stop. A second time ends the program at once.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for Ctrl-C, termination and hang-up. Once in a program.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if heard.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .map_err(|error| anyhow::anyhow!("cannot listen for Ctrl-C: {error}"))?;
        Ok(Self(asked))
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks, as Ctrl-C does.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only `simulate` needs it"))]
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for a loop that is not ours.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only `simulate` needs it"))]
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
