//! What may be said to devices of others: a closed list.
//!
//! There is no value here that moves an actuator, and no way to write other bytes, so nothing of the
//! kind can be sent, whatever a description says.

use core::time::Duration;

use levator_signal::HostTime;

use super::description::{Description, Framing};

/// Between two of them. Hosts of BITalino wait this long between bytes; others need less.
const PAUSE: Duration = Duration::from_millis(100);
/// A device that was started and from which nothing can be read is started again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(4);
/// Times it is started at most.
const ATTEMPTS: u8 = 3;

/// Something that may be said. What it takes from the description stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Chords: begin to stream.
    ChordsStart,
    /// Chords: stop.
    ChordsStop,
    /// BITalino: the rate of the description.
    BitalinoRate,
    /// BITalino: stream the first channels of the description.
    BitalinoLive,
    /// BITalino: stream from its built-in tables.
    BitalinoSimulated,
    /// BITalino: back to idle.
    BitalinoStop,
    /// Cyton: begin to stream.
    CytonStart,
    /// Cyton: stop.
    CytonStop,
    /// Cyton: all channels as they are at the start.
    CytonDefaults,
    /// Firmata: the inputs of the description as analog ones.
    FirmataAnalog,
    /// Firmata: the interval of the description.
    FirmataInterval,
    /// Firmata: report the inputs of the description.
    FirmataReport,
    /// Firmata: report them no longer.
    FirmataQuiet,
    /// FlexVolt: greet (three letters).
    FlexVoltGreet,
    /// FlexVolt: begin to stream.
    FlexVoltStart,
    /// FlexVolt: stop.
    FlexVoltStop,
}

impl Say {
    /// Everything that may be said, with its name in files.
    pub const NAMES: [(Self, &'static str); 16] = [
        (Self::ChordsStart, "chords-start"),
        (Self::ChordsStop, "chords-stop"),
        (Self::BitalinoRate, "bitalino-rate"),
        (Self::BitalinoLive, "bitalino-live"),
        (Self::BitalinoSimulated, "bitalino-simulated"),
        (Self::BitalinoStop, "bitalino-stop"),
        (Self::CytonStart, "cyton-start"),
        (Self::CytonStop, "cyton-stop"),
        (Self::CytonDefaults, "cyton-defaults"),
        (Self::FirmataAnalog, "firmata-analog"),
        (Self::FirmataInterval, "firmata-interval"),
        (Self::FirmataReport, "firmata-report"),
        (Self::FirmataQuiet, "firmata-quiet"),
        (Self::FlexVoltGreet, "flexvolt-greet"),
        (Self::FlexVoltStart, "flexvolt-start"),
        (Self::FlexVoltStop, "flexvolt-stop"),
    ];

    /// The bytes, for the device of this description; nothing where they do not belong together.
    #[must_use]
    pub fn words(self, description: &Description) -> Words {
        let mut words = Words { bytes: [0; 48], len: 0 };
        match (self, &description.framing) {
            (Self::ChordsStart, Framing::Chords { .. }) => words.add(b"START\n"),
            (Self::ChordsStop, Framing::Chords { .. }) => words.add(b"STOP\n"),
            (Self::BitalinoRate, Framing::Bitalino { .. }) => {
                let code = match description.rate.hz() {
                    hz if hz >= 500.0 => 3,
                    hz if hz >= 50.0 => 2,
                    hz if hz >= 5.0 => 1,
                    _ => 0,
                };
                words.add(&[code << 6 | 3]);
            }
            (Self::BitalinoLive, Framing::Bitalino { channels }) => {
                words.add(&[mask(*channels) | 1]);
            }
            (Self::BitalinoSimulated, Framing::Bitalino { channels }) => {
                words.add(&[mask(*channels) | 2]);
            }
            // Stops in any mode; a nought would set the battery threshold of an idle one.
            (Self::BitalinoStop, Framing::Bitalino { .. }) => words.add(&[0xFF]),
            (Self::CytonStart, Framing::Cyton) => words.add(b"b"),
            (Self::CytonStop, Framing::Cyton) => words.add(b"s"),
            (Self::CytonDefaults, Framing::Cyton) => words.add(b"d"),
            (Self::FirmataAnalog, Framing::Firmata { inputs, .. }) => {
                for input in inputs {
                    // Analog inputs follow the fourteen digital pins of a board of this class.
                    words.add(&[0xF4, 14 + (input & 0xF), 2]);
                }
            }
            (Self::FirmataInterval, Framing::Firmata { .. }) => {
                let ms = (1000.0 / description.rate.hz()).round().clamp(1.0, 16_383.0) as u16;
                words.add(&[0xF0, 0x7A, (ms & 0x7F) as u8, (ms >> 7) as u8, 0xF7]);
            }
            (Self::FirmataReport, Framing::Firmata { inputs, .. }) => {
                for input in inputs {
                    words.add(&[0xC0 | input & 0xF, 1]);
                }
            }
            (Self::FirmataQuiet, Framing::Firmata { inputs, .. }) => {
                for input in inputs {
                    words.add(&[0xC0 | input & 0xF, 0]);
                }
            }
            (Self::FlexVoltGreet, Framing::FlexVolt) => words.add(b"XA1"),
            (Self::FlexVoltStart, Framing::FlexVolt) => words.add(b"G"),
            (Self::FlexVoltStop, Framing::FlexVolt) => words.add(b"Q"),
            _ => {}
        }
        words
    }
}

const fn mask(channels: u8) -> u8 {
    (((1_u16 << channels) - 1) << 2) as u8
}

/// A few bytes without heap.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    bytes: [u8; 48],
    len: usize,
}

impl Words {
    fn add(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The host's side of the conversation with a device of others.
#[derive(Clone, Debug)]
pub struct Script {
    description: Description,
    phase: Phase,
    attempts: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Starting { at: usize, due: HostTime },
    Started { again: HostTime },
    Streaming,
    Stopping { at: usize, due: HostTime },
    Done,
}

impl Script {
    /// No port is open.
    #[must_use]
    pub fn new(description: &Description) -> Self {
        Self { description: description.clone(), phase: Phase::Closed, attempts: 0 }
    }

    /// The port was opened at `at`. A device that streams by itself is left alone.
    pub fn opened(&mut self, at: HostTime) {
        let wait = Duration::try_from_secs_f64(self.description.boot_wait_s).unwrap_or_default();
        // A moment to hear whether it streams already.
        let due = at.saturating_add(wait.max(Duration::from_millis(300)));
        self.attempts = 0;
        self.phase = Phase::Starting { at: 0, due };
    }

    /// The port is gone.
    pub fn closed(&mut self) {
        self.phase = Phase::Closed;
    }

    /// Samples came: nothing more is said, because some devices stop at any byte.
    pub fn heard_samples(&mut self) {
        if matches!(self.phase, Phase::Starting { .. } | Phase::Started { .. }) {
            self.phase = Phase::Streaming;
        }
    }

    /// Stop it.
    pub fn stop(&mut self, at: HostTime) {
        if !matches!(self.phase, Phase::Closed | Phase::Done) {
            self.phase = Phase::Stopping { at: 0, due: at };
        }
    }

    /// Pushes what is due at `at`.
    pub fn poll(&mut self, now: HostTime, mut send: impl FnMut(&[u8])) {
        let description = &self.description;
        let mut say = |say: Say| {
            let words = say.words(description);
            if !words.as_slice().is_empty() {
                send(words.as_slice());
            }
        };
        self.phase = match self.phase {
            Phase::Starting { at, due } if now >= due => match description.start.get(at) {
                Some(one) => {
                    say(*one);
                    Phase::Starting { at: at + 1, due: now.saturating_add(PAUSE) }
                }
                None => Phase::Started { again: now.saturating_add(AGAIN_AFTER) },
            },
            Phase::Started { again } if now >= again && !description.start.is_empty() => {
                self.attempts += 1;
                if self.attempts < ATTEMPTS {
                    Phase::Starting { at: 0, due: now }
                } else {
                    Phase::Done
                }
            }
            Phase::Stopping { at, due } if now >= due => match description.stop.get(at) {
                Some(one) => {
                    say(*one);
                    Phase::Stopping { at: at + 1, due: now.saturating_add(PAUSE) }
                }
                None => Phase::Done,
            },
            other => other,
        };
    }
}
