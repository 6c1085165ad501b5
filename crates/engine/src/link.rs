//! Supervision of the link: is anybody there, and do samples come?
//!
//! The states and their arrows stand at [`LinkState`]. Only host time and what was decoded drive it.

use core::time::Duration;

use levator_decode::Decoded;
use levator_signal::HostTime;

use crate::{LinkEvent, LinkState};

/// Without a valid frame for this long the device is gone. A device sends a status every second
/// (wire specification, "Heartbeat").
const SILENT_AFTER: Duration = Duration::from_millis(2500);
/// Bytes without a valid frame for this long are not ours: wrong speed or another device.
const SYNCHRONISING_AFTER: Duration = Duration::from_secs(1);
/// Samples that are late by less are not worth a word. Our choice: serial adapters hold data back
/// for up to 150 ms.
const LEAST_STALL: Duration = Duration::from_millis(500);
/// After a lost port was opened again, the device is expected back for this long. Wire specification:
/// boards restart when a port is opened and speak within 5 s.
const RECONNECTING_FOR: Duration = Duration::from_secs(5);
/// Samples have stalled when this many messages are late.
const STALL_INTERVALS: f64 = 5.0;

/// Watches the link. Told what arrives, asked what changed.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    state: LinkState,
    /// The state that was told last.
    told: LinkState,
    /// Samples were asked to stop: their end is no stall.
    is_stopped: bool,
    loss: Loss,
    /// When bytes came, a valid frame came, samples came.
    bytes: Option<HostTime>,
    frame: Option<HostTime>,
    samples: Option<HostTime>,
    stall_after: Duration,
}

/// Whether the port was lost.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Never,
    /// It was, and is not there again.
    Open,
    /// It was, and was opened again at this moment.
    Reopened(HostTime),
}

impl Supervisor {
    pub(crate) const fn new() -> Self {
        Self {
            state: LinkState::Closed,
            told: LinkState::Closed,
            is_stopped: false,
            loss: Loss::Never,
            bytes: None,
            frame: None,
            samples: None,
            stall_after: LEAST_STALL,
        }
    }

    pub(crate) fn opened(&mut self, at: HostTime) {
        let loss = match self.loss {
            Loss::Never => Loss::Never,
            Loss::Open | Loss::Reopened(_) => Loss::Reopened(at),
        };
        *self = Self { state: LinkState::Silent, told: self.told, loss, ..Self::new() };
    }

    /// The port went away.
    pub(crate) fn lost(&mut self) {
        self.state = LinkState::Lost;
        self.loss = Loss::Open;
    }

    /// The host closed the port.
    pub(crate) fn ended(&mut self) {
        self.state = LinkState::Ended;
    }

    pub(crate) fn heard_bytes(&mut self, at: HostTime) {
        // Bytes prove that a port is open, also in a recording that began without that word.
        if let LinkState::Closed | LinkState::Lost | LinkState::Ended = self.state {
            self.opened(at);
        }
        self.bytes = Some(at);
    }

    /// `interval_s` is the time that a message of samples covers.
    pub(crate) fn heard(&mut self, at: HostTime, decoded: &Decoded<'_>, interval_s: f64) {
        match decoded {
            Decoded::Refused(_) => {}
            Decoded::Scans(_) => {
                self.frame = Some(at);
                self.samples = (!self.is_stopped).then_some(at);
                let late = Duration::try_from_secs_f64(STALL_INTERVALS * interval_s);
                self.stall_after = late.unwrap_or(LEAST_STALL).max(LEAST_STALL);
            }
            _ => self.frame = Some(at),
        }
    }

    /// Samples are no longer expected.
    pub(crate) fn stopped(&mut self) {
        self.is_stopped = true;
        self.samples = None;
    }

    fn judge(&self, at: HostTime) -> LinkState {
        let since = |moment: Option<HostTime>| {
            moment.map(|moment| at.saturating_since(moment)).unwrap_or(Duration::MAX)
        };
        if let LinkState::Closed | LinkState::Lost | LinkState::Ended = self.state {
            return self.state;
        }
        if let (Loss::Reopened(opened), None) = (self.loss, self.frame)
            && at.saturating_since(opened) < RECONNECTING_FOR
        {
            return LinkState::Reconnecting;
        }
        if since(self.frame) >= SILENT_AFTER {
            let heard_of = since(self.bytes);
            return if heard_of < SYNCHRONISING_AFTER {
                LinkState::Synchronising
            } else {
                LinkState::Silent
            };
        }
        match self.samples {
            None => LinkState::Connected,
            Some(_) if since(self.samples) < self.stall_after => LinkState::Streaming,
            Some(_) => LinkState::Stalled,
        }
    }

    /// The change, if there is one.
    pub(crate) fn poll(&mut self, at: HostTime) -> Option<LinkEvent> {
        self.state = self.judge(at);
        let changed = self.state != self.told;
        self.told = self.state;
        changed.then_some(LinkEvent { at, state: self.state })
    }

    pub(crate) const fn state(&self) -> LinkState {
        self.state
    }
}
