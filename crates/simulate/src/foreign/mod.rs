//! Devices of others, as a host meets them: what they send, when, and what they do when spoken to.
//!
//! Each is made from the description by which it is also read, but writes its frames and hears commands by
//! its maker's firmware, in code of its own. So a mistake of a driver is not made twice.
//!
//! Simplified: one layout of lines at a time, inputs that float are still, and nothing of battery and
//! accelerometer but their frames.

mod codes;
mod talk;
mod trial;
mod wire;

use std::collections::VecDeque;

use levator_decode::foreign::{Description, Framing};
use levator_signal::HostTime;

pub use self::codes::Codes;
use self::talk::{Act, Talk};
pub use self::trial::{Trial, trial};
use self::wire::Wire;
use crate::cable::CableFaults;
use crate::line::Speaker;
use crate::person::VirtualPerson;

/// These faults on the line of this device: a cable has to know where its frames end.
#[must_use]
pub fn faults_for(description: &Description, faults: CableFaults) -> CableFaults {
    CableFaults { delimiter: wire::seam(&description.framing), ..faults }
}

/// Bits of a byte on the line: start, eight, stop.
const BITS_OF_A_BYTE: u64 = 10;
/// Bytes that wait to be sent before the firmware waits too. Our choice: the buffer of an Arduino.
const BUFFER: u64 = 64;

/// A device of others on a virtual person.
#[derive(Clone, Debug)]
pub struct ForeignDevice {
    wire: Wire,
    talk: Talk,
    codes: Codes,
    rate_hz: f64,
    byte_ns: u64,
    now_ns: u64,
    /// Since when it streams, and frames since then.
    running: Option<(u64, u64)>,
    /// What the frames are counted with; some devices count on over a stop.
    counter: u64,
    frame_count: u64,
    /// When the line is free again.
    free_ns: u64,
    leaving: VecDeque<(u64, u8)>,
    fresh: Vec<u8>,
}

impl ForeignDevice {
    /// A device that has just started, at the far end of a line with this rate. One that streams by itself
    /// does.
    #[must_use]
    pub fn new(description: &Description, person: &VirtualPerson, baud: u32) -> Self {
        Self::with_layout(description, person, baud, 0)
    }

    /// The same, sending the layout of lines at this place of its description.
    #[must_use]
    pub fn with_layout(
        description: &Description,
        person: &VirtualPerson,
        baud: u32,
        layout: usize,
    ) -> Self {
        let streams_alone =
            matches!(description.framing, Framing::Text(_) | Framing::BackyardBrains { .. });
        Self {
            wire: Wire::new(description, layout),
            talk: Talk::new(description),
            codes: Codes::new(description, person),
            rate_hz: description.rate.hz(),
            byte_ns: BITS_OF_A_BYTE * 1_000_000_000 / u64::from(baud.max(1)),
            now_ns: 0,
            running: streams_alone.then_some((0, 0)),
            counter: 0,
            frame_count: 0,
            free_ns: 0,
            leaving: VecDeque::new(),
            fresh: Vec::new(),
        }
    }

    /// Whether it sends samples.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.running.is_some()
    }

    /// Frames that were put on the line.
    #[must_use]
    pub fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// What was changed in it, beyond starting and stopping, by what it was told: words for each time.
    /// A host that only measures leaves this empty.
    #[must_use]
    pub fn disturbances(&self) -> &[&'static str] {
        &self.talk.disturbances
    }

    /// Time of the next frame, of those that are not on the line.
    fn next_frame_ns(&self) -> Option<u64> {
        let (since, count) = self.running?;
        let due = since.saturating_add((count as f64 / self.rate_hz * 1e9) as u64);
        // While the buffer is full, the firmware waits.
        Some(due.max(self.free_ns.saturating_sub(BUFFER * self.byte_ns)).max(self.now_ns))
    }

    fn put(&mut self, at_ns: u64, bytes: &[u8]) {
        for byte in bytes {
            self.free_ns = self.free_ns.max(at_ns) + self.byte_ns;
            self.leaving.push_back((self.free_ns, *byte));
        }
    }

    fn frame(&mut self, at_ns: u64) {
        let mut fresh = core::mem::take(&mut self.fresh);
        fresh.clear();
        self.wire.encode(self.counter, self.codes.next_frame(), &mut fresh);
        self.put(at_ns, &fresh);
        self.fresh = fresh;
        self.counter += 1;
        self.frame_count += 1;
        if let Some((_, count)) = &mut self.running {
            *count += 1;
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Start => {
                self.running.get_or_insert((self.now_ns, 0));
            }
            Act::Stop => self.running = None,
            Act::Rate(hz) => {
                self.rate_hz = hz;
                if let Some(running) = &mut self.running {
                    *running = (self.now_ns, 0);
                }
            }
            Act::Channels { count, is_simulated } => {
                self.wire.channels = count;
                self.wire.is_simulated = is_simulated;
                // This one counts from the start.
                self.counter = 0;
                self.running = Some((self.now_ns, 0));
            }
            Act::Report { input, is_on } => {
                let bit = 1_u16 << (input & 0xF);
                if is_on {
                    self.wire.reported |= bit;
                } else {
                    self.wire.reported &= !bit;
                }
                match (self.wire.reported, self.running) {
                    (0, _) => self.running = None,
                    (_, None) => self.running = Some((self.now_ns, 0)),
                    (_, Some(_)) => {}
                }
            }
        }
    }
}

impl Speaker for ForeignDevice {
    fn now(&self) -> HostTime {
        HostTime::from_nanos(self.now_ns)
    }

    fn next_due(&self) -> HostTime {
        /// Nothing is due; whoever waits looks again then.
        const IDLE_NS: u64 = 1_000_000_000;
        let leaving = self.leaving.front().map(|(at, _)| *at);
        let frame = self.next_frame_ns();
        let due = leaving.into_iter().chain(frame).min();
        HostTime::from_nanos(due.unwrap_or(self.now_ns + IDLE_NS))
    }

    fn advance(&mut self, until: HostTime, out: &mut Vec<u8>) {
        let until_ns = until.as_nanos();
        while let Some(at_ns) = self.next_frame_ns().filter(|at| *at <= until_ns) {
            self.now_ns = self.now_ns.max(at_ns);
            self.frame(at_ns);
        }
        self.now_ns = self.now_ns.max(until_ns);
        while let Some((_, byte)) = self.leaving.pop_front_if(|(at, _)| *at <= until_ns) {
            out.push(byte);
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let heard = self.talk.hear(*byte, self.is_streaming());
            for act in heard.acts {
                self.act(act);
            }
            self.put(self.now_ns, &heard.reply);
        }
    }
}

#[cfg(test)]
mod tests;
