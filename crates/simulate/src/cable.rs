//! A cable that damages what it carries, the same way every time.

use core::time::Duration;

use levator_protocol::DELIMITER;
use levator_signal::HostTime;

use crate::rng::SeededRng;

/// How often each fault strikes, as a probability for each byte that arrives.
///
/// At most one fault begins at a byte; the probabilities should add up to at most 1, and what goes
/// beyond never happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CableFaults {
    /// One to four bits of the byte are flipped.
    pub flip: f64,
    /// Bytes are lost: one, two to eight, or nine to 500, one third each.
    pub drop: f64,
    /// One to 64 random bytes are put in.
    pub insert: f64,
    /// The last one to 64 bytes come again.
    pub duplicate: f64,
    /// The rest of this frame and the first one to 64 bytes of the next are cut out.
    pub splice: f64,
    /// A line of text is put in, as boot loaders and modem searchers do.
    pub text: f64,
    /// Everything waits for [`Self::stall_duration`]; nothing is lost.
    pub stall: f64,
    /// How long a stall lasts.
    pub stall_duration: Duration,
}

impl CableFaults {
    /// A cable as it should be.
    pub const NONE: Self = Self {
        flip: 0.0,
        drop: 0.0,
        insert: 0.0,
        duplicate: 0.0,
        splice: 0.0,
        text: 0.0,
        stall: 0.0,
        stall_duration: Duration::ZERO,
    };

    /// Every fault, about once in 2000 bytes altogether, and now and then a stall of 150 ms.
    ///
    /// Our choice: at 5 kB/s several faults a second, far worse than any cable one would keep.
    pub const ROUGH: Self = Self {
        flip: 2e-4,
        drop: 1e-4,
        insert: 5e-5,
        duplicate: 5e-5,
        splice: 5e-5,
        text: 3e-5,
        stall: 2e-5,
        stall_duration: Duration::from_millis(150),
    };
}

/// How often a fault struck, and how many bytes it took or added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCount {
    /// Faults.
    pub count: u64,
    /// Bytes that were changed, lost or added; for a stall, that waited.
    pub byte_count: u64,
}

impl FaultCount {
    fn add(&mut self, byte_count: usize) {
        self.count += 1;
        self.byte_count += byte_count as u64;
    }
}

/// What a cable did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CableCounts {
    /// Bytes put in at the device's end.
    pub bytes_in: u64,
    /// Bytes that came out, or wait for the end of a stall.
    pub bytes_out: u64,
    /// Bytes with flipped bits.
    pub flips: FaultCount,
    /// Bytes lost.
    pub drops: FaultCount,
    /// Random bytes added.
    pub inserts: FaultCount,
    /// Bytes added by coming again.
    pub duplicates: FaultCount,
    /// Bytes cut out between two frames.
    pub splices: FaultCount,
    /// Bytes of text added.
    pub texts: FaultCount,
    /// Bytes that waited.
    pub stalls: FaultCount,
}

/// Carries bytes and damages some of them.
///
/// What it does to a byte depends on the seed and on the bytes before, not on how they were cut into
/// chunks. Time only decides when a stall ends.
#[derive(Clone, Debug)]
pub struct BadCable {
    faults: CableFaults,
    rng: SeededRng,
    state: State,
    /// The last bytes that came out, for duplicates.
    recent: Vec<u8>,
    stall: Option<Stall>,
    counts: CableCounts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Through,
    /// Loses this many more bytes.
    Dropping(usize),
    /// Loses everything up to the end of the frame, then this many more bytes.
    SplicingTo(usize),
    /// Has reached the next frame, and loses this many more bytes.
    SplicingFrom(usize),
}

enum Fault {
    Flip,
    Drop,
    Insert,
    Duplicate,
    Splice,
    Text,
    Stall,
}

#[derive(Clone, Debug)]
struct Stall {
    until: HostTime,
    held: Vec<u8>,
}

/// Most bytes that one insert, duplicate or splice adds or takes.
const MOST_BYTES: usize = 64;

impl BadCable {
    /// A cable with these faults; `seed` chooses where they strike.
    #[must_use]
    pub fn new(faults: CableFaults, seed: u64) -> Self {
        Self {
            faults,
            rng: SeededRng::new(seed),
            state: State::Through,
            recent: Vec::with_capacity(2 * MOST_BYTES),
            stall: None,
            counts: CableCounts::default(),
        }
    }

    /// Takes the bytes that were sent until `now` and appends those that arrive to `out`. Call it
    /// with no bytes to let a stall end.
    pub fn carry(&mut self, now: HostTime, bytes: &[u8], out: &mut Vec<u8>) {
        if let Some(stall) = self.stall.take_if(|stall| stall.until <= now) {
            out.extend_from_slice(&stall.held);
        }
        for &byte in bytes {
            self.counts.bytes_in += 1;
            match self.state {
                State::Through => self.strike(now, byte, out),
                State::Dropping(left) => {
                    self.counts.drops.byte_count += 1;
                    self.state = if left > 1 { State::Dropping(left - 1) } else { State::Through };
                }
                State::SplicingTo(after) => {
                    self.counts.splices.byte_count += 1;
                    if byte == DELIMITER {
                        self.state = State::SplicingFrom(after);
                    }
                }
                State::SplicingFrom(left) => {
                    self.counts.splices.byte_count += 1;
                    self.state =
                        if left > 1 { State::SplicingFrom(left - 1) } else { State::Through };
                }
            }
        }
    }

    /// When the bytes that wait will arrive, if any wait.
    #[must_use]
    pub fn stalled_until(&self) -> Option<HostTime> {
        self.stall.as_ref().map(|stall| stall.until)
    }

    /// What the cable did so far.
    #[must_use]
    pub fn counts(&self) -> CableCounts {
        self.counts
    }

    /// The fault that begins at a byte, if any.
    fn choose(&mut self) -> Option<Fault> {
        let mut chance = self.rng.uniform();
        let CableFaults { flip, drop, insert, duplicate, splice, text, stall, .. } = self.faults;
        for (fault, probability) in [
            (Fault::Flip, flip),
            (Fault::Drop, drop),
            (Fault::Insert, insert),
            (Fault::Duplicate, duplicate),
            (Fault::Splice, splice),
            (Fault::Text, text),
            (Fault::Stall, stall),
        ] {
            if chance < probability {
                return Some(fault);
            }
            chance -= probability;
        }
        None
    }

    /// Lets a byte through, perhaps not unharmed.
    fn strike(&mut self, now: HostTime, byte: u8, out: &mut Vec<u8>) {
        const TEXTS: [&str; 3] = ["AT\r\n", "rst:0x1,boot:0x13\r\n", "Guru Meditation Error\r\n"];
        match self.choose() {
            None => self.pass(&[byte], out),
            Some(Fault::Flip) => {
                let mut mask = 0;
                for _ in 0..self.rng.between(1, 4) {
                    mask |= 1_u8 << self.rng.between(0, 7);
                }
                self.counts.flips.add(1);
                self.pass(&[byte ^ mask], out);
            }
            Some(Fault::Drop) => {
                let (low, high) = [(1, 1), (2, 8), (9, 500)][self.rng.between(0, 2)];
                let len = self.rng.between(low, high);
                self.counts.drops.add(1);
                self.state = if len > 1 { State::Dropping(len - 1) } else { State::Through };
            }
            Some(Fault::Insert) => {
                let len = self.rng.between(1, MOST_BYTES);
                let noise: Vec<u8> = (0..len).map(|_| self.rng.bits() as u8).collect();
                self.counts.inserts.add(len);
                self.pass(&noise, out);
                self.pass(&[byte], out);
            }
            Some(Fault::Duplicate) => {
                let len = self.rng.between(1, MOST_BYTES).min(self.recent.len());
                let again = self.recent[self.recent.len() - len..].to_vec();
                self.counts.duplicates.add(len);
                self.pass(&again, out);
                self.pass(&[byte], out);
            }
            Some(Fault::Splice) => {
                let after = self.rng.between(1, MOST_BYTES);
                self.counts.splices.add(1);
                self.state = if byte == DELIMITER {
                    State::SplicingFrom(after)
                } else {
                    State::SplicingTo(after)
                };
            }
            Some(Fault::Text) => {
                let text = TEXTS[self.rng.between(0, TEXTS.len() - 1)];
                self.counts.texts.add(text.len());
                self.pass(text.as_bytes(), out);
                self.pass(&[byte], out);
            }
            Some(Fault::Stall) => {
                self.counts.stalls.add(0);
                let until = now.saturating_add(self.faults.stall_duration);
                let held = self.stall.take().map_or(Vec::new(), |stall| stall.held);
                self.stall = Some(Stall { until, held });
                self.pass(&[byte], out);
            }
        }
    }

    fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.counts.bytes_out += bytes.len() as u64;
        match &mut self.stall {
            Some(stall) => {
                self.counts.stalls.byte_count += bytes.len() as u64;
                stall.held.extend_from_slice(bytes);
            }
            None => out.extend_from_slice(bytes),
        }
        self.recent.extend_from_slice(bytes);
        if self.recent.len() >= 2 * MOST_BYTES {
            self.recent.drain(..self.recent.len() - MOST_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Vec<u8> {
        let mut rng = SeededRng::new(99);
        (0..200_000).map(|_| rng.bits() as u8).collect()
    }

    fn carried(cable: &mut BadCable, bytes: &[u8], chunk_len: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for chunk in bytes.chunks(chunk_len) {
            cable.carry(HostTime::ZERO, chunk, &mut out);
        }
        let end = HostTime::from_secs_f64(1e6);
        cable.carry(end, &[], &mut out);
        out
    }

    #[test]
    fn a_good_cable_changes_nothing() {
        let mut cable = BadCable::new(CableFaults::NONE, 1);
        let bytes = sent();
        assert!(carried(&mut cable, &bytes, 77) == bytes);
        assert_eq!(cable.counts().bytes_out, bytes.len() as u64);
    }

    #[test]
    fn damage_depends_on_the_seed_and_not_on_the_chunks() {
        let rough = |seed| BadCable::new(CableFaults::ROUGH, seed);
        let bytes = sent();
        let expected = carried(&mut rough(1), &bytes, 1);
        assert!(expected != bytes);
        for chunk_len in [7, 64, 100_000] {
            assert!(carried(&mut rough(1), &bytes, chunk_len) == expected, "{chunk_len}");
        }
        assert!(carried(&mut rough(2), &bytes, 64) != expected);
    }

    #[test]
    fn every_byte_is_accounted_for() {
        let mut cable = BadCable::new(CableFaults::ROUGH, 3);
        let bytes = sent();
        let out = carried(&mut cable, &bytes, 64);
        let counts = cable.counts();
        let added = [counts.inserts, counts.duplicates, counts.texts];
        let taken = [counts.drops, counts.splices];
        let sum = |faults: &[FaultCount]| faults.iter().map(|f| f.byte_count).sum::<u64>();
        assert_eq!(counts.bytes_in, bytes.len() as u64);
        assert_eq!(counts.bytes_out, out.len() as u64);
        assert_eq!(counts.bytes_out, counts.bytes_in + sum(&added) - sum(&taken));
        for fault in added.iter().chain(&taken).chain([&counts.flips, &counts.stalls]) {
            assert!(fault.count > 0, "{counts:?}");
        }
    }

    #[test]
    fn a_stall_delays_everything_after_it_and_loses_nothing() {
        let stall_duration = Duration::from_millis(100);
        let faults = CableFaults { stall: 1.0, stall_duration, ..CableFaults::NONE };
        let mut cable = BadCable::new(faults, 1);
        let mut out = Vec::new();
        let at = |ms: u64| HostTime::from_nanos(ms * 1_000_000);
        cable.carry(at(0), &[1], &mut out);
        cable.carry(at(50), &[2], &mut out);
        assert_eq!(cable.stalled_until(), Some(at(150)));
        cable.carry(at(149), &[], &mut out);
        assert!(out.is_empty());
        cable.carry(at(150), &[], &mut out);
        assert_eq!(out, [1, 2]);
        assert_eq!(cable.stalled_until(), None);
        assert_eq!(cable.counts().stalls, FaultCount { count: 2, byte_count: 2 });
    }

    #[test]
    fn a_splice_joins_two_frames() {
        let faults = CableFaults { splice: 0.004, ..CableFaults::NONE };
        let frames: Vec<u8> =
            (1..=255_u8).flat_map(|frame| [frame; 100].into_iter().chain([0])).collect();
        let mut cable = BadCable::new(faults, 4);
        let out = carried(&mut cable, &frames, 64);
        let joined = out.split(|byte| *byte == 0).filter(|run| run.first() != run.last()).count();
        let splices = cable.counts().splices.count;
        // Some cut at a delimiter and join nothing, a few reach over a whole frame.
        assert!(splices > 30 && joined as u64 > splices / 2, "{joined} of {splices}");
    }
}
