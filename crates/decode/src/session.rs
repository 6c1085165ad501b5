//! What the host says to the device, and when.
//!
//! ```text
//!             opened                HELLO              all streams described
//!  Closed ------------> Greeting ----------> Describing ----------> Starting
//!    ^                     ^  IDENTIFY          ^  GET_DESC            |  START
//!    |                     |                    |                      | done, or samples
//!    |                     |                    +--- new boot id -- Running -- idle --> Starting
//!    +-- closed, from everywhere                                       | stop
//!                                                                   Stopping  STOP
//! ```
//!
//! Every command may be repeated: the wire defines all of them as idempotent. But START begins a new
//! count of samples, so a device that went on sending while its cable was out is not started again: what
//! is missing is then known to the sample.
//!
//! # Source
//!
//! Wire specification, "Sequence of a session".

use core::time::Duration;

use levator_protocol::{self as wire, Direction, Encoder, Flags, MAX_WIRE, Message};
use levator_signal::HostTime;

use crate::Decoded;
use crate::native::MAX_STREAMS;

/// Between two greetings at first. Wire specification.
const GREETING_INTERVAL: Duration = Duration::from_millis(250);
/// Greetings at that pace last this long: boards that restart when a port is opened need 0.8 to 3 s.
const GREETING_PATIENCE: Duration = Duration::from_secs(5);
/// Between two greetings later on. Our choice: rare enough to disturb nothing else on the port.
const LATE_GREETING_INTERVAL: Duration = Duration::from_secs(2);
/// Between a command and its repetition. Wire specification.
const RETRY_INTERVAL: Duration = Duration::from_millis(300);
/// Repetitions at that pace. Wire specification.
const RETRY_COUNT: u8 = 3;
/// Between repetitions after those. Our choice: a device that answers late is still a device.
const LATE_RETRY_INTERVAL: Duration = Duration::from_secs(2);
/// A device that asks for it stops by itself when it hears nothing for this long.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// Capability bit of HELLO: the device wants to be kept alive.
const CAPABILITY_KEEP_ALIVE: u32 = 1 << 8;
/// A device may still say "idle" in a status that was under way when it was started.
const START_GRACE: Duration = Duration::from_secs(2);
/// A device that streamed before its cable was out is given this long to show that it still does. Our
/// choice: seven batches of samples, and less than a person notices.
const RESUMING: Duration = Duration::from_millis(150);
/// Samples to a frame: 20 ms, the longest batch that biofeedback does not notice.
const BATCH_HINT_MS: u8 = 20;

/// The host's side of the conversation. It is told what was heard and asked what to send.
#[derive(Clone, Debug)]
pub struct Session {
    encoder: Encoder,
    phase: Phase,
    device: Option<Known>,
    /// The device, and its start, that streamed when the port went away.
    streamed: Option<([u8; 8], u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    uid: [u8; 8],
    boot_id: u32,
    stream_count: u8,
    keep_alive: bool,
    /// One bit for each stream that was described since the device was asked.
    described: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Greeting { since: HostTime, due: HostTime },
    Describing(Retry),
    Starting(Retry),
    Running { since: HostTime, alive_due: HostTime },
    Stopping(Retry),
    Stopped,
}

/// When to say something again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Retry {
    due: HostTime,
    said_count: u8,
}

impl Retry {
    const fn now(at: HostTime) -> Self {
        Self { due: at, said_count: 0 }
    }

    const fn next(self, at: HostTime) -> Self {
        let wait = if self.said_count < RETRY_COUNT { RETRY_INTERVAL } else { LATE_RETRY_INTERVAL };
        Self { due: at.saturating_add(wait), said_count: self.said_count.saturating_add(1) }
    }
}

impl Session {
    /// No port is open.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            encoder: Encoder::new(Direction::HostToDevice),
            phase: Phase::Closed,
            device: None,
            streamed: None,
        }
    }

    /// The port was opened at `at`: greet.
    pub fn opened(&mut self, at: HostTime) {
        self.phase = Phase::Greeting { since: at, due: at };
        self.device = None;
    }

    /// The port is gone.
    pub fn closed(&mut self) {
        if let (Phase::Running { .. }, Some(known)) = (self.phase, self.device) {
            self.streamed = Some((known.uid, known.boot_id));
        }
        self.phase = Phase::Closed;
        self.device = None;
    }

    /// Ask the device to stop, again and again until it answers.
    pub fn stop(&mut self, at: HostTime) {
        self.streamed = None;
        if !matches!(self.phase, Phase::Closed | Phase::Stopped) {
            self.phase = Phase::Stopping(Retry::now(at));
        }
    }

    /// Takes note of what was heard at `at`.
    pub fn heard(&mut self, at: HostTime, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::Device(info) => {
                let is_other =
                    |known: Known| (known.uid, known.boot_id) != (info.uid, info.boot_id);
                let restarted = self.device.is_some_and(is_other);
                let described = self.device.map_or(0, |known| known.described);
                self.device = Some(Known {
                    uid: info.uid,
                    boot_id: info.boot_id,
                    stream_count: info.stream_count,
                    keep_alive: info.capabilities & CAPABILITY_KEEP_ALIVE != 0,
                    described: if restarted { 0 } else { described },
                });
                if restarted || matches!(self.phase, Phase::Greeting { .. }) {
                    self.ask_for_description(at);
                }
            }
            // Samples that can be read were described, be it before the port was reopened.
            Decoded::Stream(info) => self.described(at, info.stream),
            Decoded::Scans(scans) => {
                self.described(at, scans.stream);
                if matches!(self.phase, Phase::Starting(_)) {
                    self.run(at);
                }
            }
            Decoded::Status(status) => {
                let restarted = self.device.is_some_and(|known| known.boot_id != status.boot_id);
                match self.phase {
                    // Its HELLO was lost. Greeting it again brings the rest.
                    Phase::Describing(_) | Phase::Starting(_) | Phase::Running { .. }
                        if restarted =>
                    {
                        self.opened(at);
                    }
                    Phase::Running { since, .. }
                        if !status.streaming && at.saturating_since(since) > START_GRACE =>
                    {
                        self.phase = Phase::Starting(Retry::now(at));
                    }
                    _ => {}
                }
            }
            Decoded::Answer(answer) if answer.result == 0 => match (self.phase, answer.kind) {
                (Phase::Starting(_), wire::kind::START) => self.run(at),
                (Phase::Stopping(_), wire::kind::STOP) => self.phase = Phase::Stopped,
                _ => {}
            },
            _ => {}
        }
    }

    /// Pushes every frame that is due at `at` to `send`.
    pub fn poll(&mut self, at: HostTime, mut send: impl FnMut(&[u8])) {
        let mut say = |message: &Message<'_>, said_count: u8, ack_wanted: bool| {
            let mut frame = [0; MAX_WIRE];
            let flags = Flags { ack_wanted, retransmission: said_count > 0 };
            // `MAX_WIRE` holds every frame, so this cannot fail; saying nothing is the safe side.
            if let Ok(len) = self.encoder.encode(message, flags, &mut frame) {
                send(&frame[..len]);
            }
        };
        match self.phase {
            Phase::Greeting { since, due } if at >= due => {
                let identify =
                    wire::Identify { minor: wire::MINOR, max_payload: wire::MAX_PAYLOAD as u8 };
                say(&Message::Identify(identify), 0, false);
                let interval = if at.saturating_since(since) < GREETING_PATIENCE {
                    GREETING_INTERVAL
                } else {
                    LATE_GREETING_INTERVAL
                };
                self.phase = Phase::Greeting { since, due: at.saturating_add(interval) };
            }
            Phase::Describing(retry) if at >= retry.due => {
                say(&Message::GetDesc { stream: u8::MAX }, retry.said_count, false);
                self.phase = Phase::Describing(retry.next(at));
            }
            Phase::Starting(retry) if at >= retry.due => {
                let keep_alive = self.device.is_some_and(|known| known.keep_alive);
                // A device refuses to start a stream that it has not got.
                let count =
                    self.device.map_or(0, |known| known.stream_count.min(wire::MAX_STREAMS));
                let start = wire::Start {
                    streams: ((1_u16 << count) - 1) as u8,
                    batch_ms: BATCH_HINT_MS,
                    keep_alive_ms: if keep_alive { KEEP_ALIVE.as_millis() as u32 } else { 0 },
                };
                say(&Message::Start(start), retry.said_count, true);
                self.streamed = None;
                self.phase = Phase::Starting(retry.next(at));
            }
            Phase::Running { since, alive_due } if at >= alive_due => {
                if self.device.is_some_and(|known| known.keep_alive) {
                    say(&Message::KeepAlive, 0, false);
                }
                let alive_due = at.saturating_add(KEEP_ALIVE / 2);
                self.phase = Phase::Running { since, alive_due };
            }
            Phase::Stopping(retry) if at >= retry.due => {
                say(&Message::Stop, retry.said_count, true);
                self.phase = Phase::Stopping(retry.next(at));
            }
            _ => {}
        }
    }

    fn ask_for_description(&mut self, at: HostTime) {
        self.phase = Phase::Describing(Retry::now(at));
        self.start_if_described(at);
    }

    fn described(&mut self, at: HostTime, stream: u8) {
        if let Some(known) = &mut self.device
            && usize::from(stream) < MAX_STREAMS
        {
            known.described |= 1 << stream;
            self.start_if_described(at);
        }
    }

    fn start_if_described(&mut self, at: HostTime) {
        let Some(known) = self.device else { return };
        let wanted = usize::from(known.stream_count).min(MAX_STREAMS);
        let all = (1_u16 << wanted) - 1;
        if matches!(self.phase, Phase::Describing(_)) && known.described & all == all {
            // It is forgotten only when START was said: the cable may go again before samples come.
            let may_stream = self.streamed == Some((known.uid, known.boot_id));
            let due = if may_stream { at.saturating_add(RESUMING) } else { at };
            self.phase = Phase::Starting(Retry::now(due));
        }
    }

    fn run(&mut self, at: HostTime) {
        self.phase = Phase::Running { since: at, alive_due: at.saturating_add(KEEP_ALIVE / 2) };
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
