//! Our own wire or that of others: who is listened to, and who is spoken to.

use levator_decode::foreign::{Driver, Script};
use levator_decode::{Decoded, Decoder, Session};
use levator_signal::HostTime;

use crate::Source;

/// Bytes into what they say.
#[derive(Debug)]
pub(crate) enum Ears {
    Native(Box<Decoder>),
    Foreign(Box<Driver>),
}

impl Ears {
    pub(crate) fn new(source: &Source) -> Self {
        match source {
            Source::Foreign { description, .. } => {
                Self::Foreign(Box::new(Driver::new(description)))
            }
            Source::Device { .. } | Source::Scans(_) => Self::Native(Box::new(Decoder::new())),
        }
    }

    pub(crate) fn handle(&mut self, at: HostTime, bytes: &[u8], out: &mut impl FnMut(Decoded<'_>)) {
        match self {
            Self::Native(decoder) => decoder.handle(at, bytes, out),
            Self::Foreign(driver) => driver.handle(at, bytes, out),
        }
    }

    /// No more bytes come.
    pub(crate) fn finish(&mut self, out: &mut impl FnMut(Decoded<'_>)) {
        match self {
            Self::Native(_) => {}
            Self::Foreign(driver) => driver.finish(out),
        }
    }

    pub(crate) fn reopen(&mut self) {
        match self {
            Self::Native(decoder) => decoder.reopen(),
            Self::Foreign(driver) => driver.reopen(),
        }
    }
}

/// The host's side of the conversation.
#[derive(Debug)]
pub(crate) enum Mouth {
    Native(Box<Session>),
    Foreign(Box<Script>),
}

impl Mouth {
    pub(crate) fn new(source: &Source) -> Self {
        match source {
            Source::Foreign { description, .. } => {
                Self::Foreign(Box::new(Script::new(description)))
            }
            Source::Device { .. } | Source::Scans(_) => Self::Native(Box::new(Session::new())),
        }
    }

    pub(crate) fn opened(&mut self, at: HostTime) {
        match self {
            Self::Native(session) => session.opened(at),
            Self::Foreign(script) => script.opened(at),
        }
    }

    pub(crate) fn closed(&mut self) {
        match self {
            Self::Native(session) => session.closed(),
            Self::Foreign(script) => script.closed(),
        }
    }

    pub(crate) fn stop(&mut self, at: HostTime) {
        match self {
            Self::Native(session) => session.stop(at),
            Self::Foreign(script) => script.stop(at),
        }
    }

    pub(crate) fn heard(&mut self, at: HostTime, decoded: &Decoded<'_>) {
        match self {
            Self::Native(session) => session.heard(at, decoded),
            Self::Foreign(script) => {
                if matches!(decoded, Decoded::Scans(_)) {
                    script.heard_samples();
                }
            }
        }
    }

    pub(crate) fn poll(&mut self, at: HostTime, send: impl FnMut(&[u8])) {
        match self {
            Self::Native(session) => session.poll(at, send),
            Self::Foreign(script) => script.poll(at, send),
        }
    }
}
