//! What is on a port, by listening: every description is tried at once on the bytes that come.

use levator_signal::HostTime;

use super::{Column, Description, Driver, Framing};
use crate::{Decoded, Decoder};

/// How sure a guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It fits, and so would many others.
    Possible,
    /// It fits in a way that few others do.
    Likely,
    /// Chance is ruled out.
    Certain,
}

impl Certainty {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What may be on the port.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// Name of its description; [`NATIVE`] for our own wire.
    pub id: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// Frames a second, as measured, where it was heard for long enough.
    pub rate_hz: Option<f64>,
    /// By what it was recognised.
    pub why: String,
}

/// The name of our own wire among guesses.
pub const NATIVE: &str = "native";

/// Frames from which a counter that fits is no chance.
const CERTAIN_FRAMES: u64 = 8;
/// Listening shorter than this says nothing of the rate, seconds. Our choice: 30 lines of the slowest
/// pressure plug.
const RATE_AFTER_S: f64 = 0.5;
/// A rate this close to the nominal one is a sign. Our choice: it tells 47.6 from 62.5 Hz.
const SAME_RATE: f64 = 0.1;

/// Listens with all descriptions at once.
#[derive(Debug)]
pub struct Recogniser {
    candidates: Vec<Candidate>,
    native: Box<Decoder>,
    native_frames: u64,
    byte_count: u64,
}

#[derive(Debug)]
struct Candidate {
    id: String,
    description: Description,
    driver: Driver,
    scan_count: u64,
    damage_count: u64,
    first: Option<HostTime>,
    last: HostTime,
    /// Scans that came with the first bytes, which are older than these.
    first_scan_count: u64,
}

impl Recogniser {
    /// Knows these, by name, and our own wire.
    #[must_use]
    pub fn new(known: Vec<(String, Description)>) -> Self {
        let candidate = |(id, description): (String, Description)| Candidate {
            id,
            driver: Driver::new(&description),
            description,
            scan_count: 0,
            damage_count: 0,
            first: None,
            last: HostTime::ZERO,
            first_scan_count: 0,
        };
        Self {
            candidates: known.into_iter().map(candidate).collect(),
            native: Box::new(Decoder::new()),
            native_frames: 0,
            byte_count: 0,
        }
    }

    /// Bytes that were heard.
    #[must_use]
    pub const fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// Takes bytes that arrived at `at`.
    pub fn hear(&mut self, at: HostTime, bytes: &[u8]) {
        self.byte_count += bytes.len() as u64;
        let frames = &mut self.native_frames;
        self.native.handle(at, bytes, &mut |decoded| {
            *frames += u64::from(!matches!(decoded, Decoded::Refused(_) | Decoded::Lost(_)));
        });
        for candidate in &mut self.candidates {
            candidate.hear(at, bytes);
        }
    }

    /// Starts anew, as when the speed of the line was changed.
    pub fn reopen(&mut self) {
        self.native.reopen();
        for candidate in &mut self.candidates {
            candidate.driver = Driver::new(&candidate.description);
            (candidate.scan_count, candidate.damage_count, candidate.first) = (0, 0, None);
        }
    }

    /// What it may be, the best first; empty where nothing fits.
    #[must_use]
    pub fn guesses(&self) -> Vec<Guess> {
        let mut guesses = Vec::new();
        if self.native_frames > 0 {
            let why = format!("{} frames with a checksum of 32 bits", self.native_frames);
            let (id, certainty) = (NATIVE.to_owned(), Certainty::Certain);
            guesses.push((0.0, Guess { id, certainty, rate_hz: None, why }));
        }
        guesses.extend(self.candidates.iter().filter_map(Candidate::guess));
        guesses.sort_by(|(a_error, a), (b_error, b)| {
            b.certainty.cmp(&a.certainty).then(a_error.total_cmp(b_error))
        });
        guesses.into_iter().map(|(_, guess)| guess).collect()
    }
}

impl Candidate {
    fn hear(&mut self, at: HostTime, bytes: &[u8]) {
        let (mut scan_count, mut damage_count) = (0, 0);
        self.driver.handle(at, bytes, &mut |decoded| match decoded {
            Decoded::Scans(found) if found.stream == 0 => {
                scan_count += found.codes.len() as u64 / u64::from(found.channel_count.max(1));
            }
            Decoded::Refused(_) => damage_count += 1,
            Decoded::Lost(lost) if lost.stream == 0 => damage_count += 1,
            _ => {}
        });
        self.damage_count += damage_count;
        if scan_count > 0 {
            if self.first.is_none() {
                self.first = Some(at);
                self.first_scan_count = self.scan_count + scan_count;
            }
            self.last = at;
            self.scan_count += scan_count;
        }
    }

    /// Frames a second, if it was heard for long enough.
    fn rate_hz(&self) -> Option<f64> {
        let seconds = self.last.saturating_since(self.first?).as_secs_f64();
        (seconds >= RATE_AFTER_S)
            .then(|| (self.scan_count - self.first_scan_count) as f64 / seconds)
    }

    /// How far the rate is from the nominal one (the logarithm of their ratio), and the guess. Equal guesses
    /// keep the order of the list.
    fn guess(&self) -> Option<(f64, Guess)> {
        // What unlocks again and again is something else.
        if self.scan_count < 3 || self.damage_count * 4 > self.scan_count {
            return None;
        }
        let nominal = self.description.rate.hz();
        let rate_hz = self.rate_hz();
        let rate_error = rate_hz.map_or(1.0, |rate| (rate / nominal).ln().abs());
        let is_close = rate_error < SAME_RATE;
        let (certainty, sign) = match &self.description.framing {
            Framing::Text(shape) => {
                let is_named = shape.layouts.iter().all(|layout| {
                    layout.columns.iter().all(|column| matches!(column, Column::Label(_)))
                });
                let is_loose = shape.layouts.iter().any(|layout| layout.fields == 0);
                match (is_named, is_loose) {
                    (true, _) => (Certainty::Likely, "lines with its labels"),
                    (false, false) if is_close => {
                        (Certainty::Likely, "lines with its number of columns, at its rate")
                    }
                    (false, false) => (Certainty::Possible, "lines with its number of columns"),
                    (false, true) => (Certainty::Possible, "lines of numbers"),
                }
            }
            Framing::Bitalino { .. } if self.scan_count >= CERTAIN_FRAMES => {
                (Certainty::Certain, "checksums and counter")
            }
            Framing::Chords { .. } | Framing::Cyton if self.scan_count >= CERTAIN_FRAMES => {
                let certainty = if is_close { Certainty::Certain } else { Certainty::Likely };
                (certainty, "first bytes, last byte and counter")
            }
            Framing::Firmata { .. } | Framing::BackyardBrains { .. }
                if self.scan_count >= CERTAIN_FRAMES =>
            {
                (Certainty::Likely, "the pattern of high bits")
            }
            _ => (Certainty::Possible, "the length of its frames"),
        };
        let measured = rate_hz.map_or(String::new(), |rate| {
            format!("; {rate:.1} frames a second, nominal {nominal}")
        });
        let why = format!("{sign}, {} frames{measured}", self.scan_count);
        Some((rate_error, Guess { id: self.id.clone(), certainty, rate_hz, why }))
    }
}
