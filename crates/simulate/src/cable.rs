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
    /// One to eight bytes are replaced by random ones.
    pub burst: f64,
    /// One to 60 bytes are replaced by 00 or FF.
    pub stuck: f64,
    /// One to 64 bytes come after the as many that were sent behind them.
    pub reorder: f64,
    /// The next delimiter is lost, so that two frames become one.
    pub merge: f64,
    /// 600 to 3000 bytes are lost.
    pub silence: f64,
    /// 100 to 1000 bytes are replaced by random ones, as at a wrong baud rate.
    pub garble: f64,
    /// What ends a frame: `00` on our own wire, the end of a line in text.
    pub delimiter: u8,
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
        burst: 0.0,
        stuck: 0.0,
        reorder: 0.0,
        merge: 0.0,
        silence: 0.0,
        garble: 0.0,
        delimiter: DELIMITER,
    };

    /// Names of what [`Self::named`] knows.
    pub const NAMES: [&'static str; 14] = [
        "flip",
        "burst",
        "drop",
        "insert",
        "stuck",
        "duplicate",
        "reorder",
        "splice",
        "merge",
        "text",
        "stall",
        "silence",
        "wrong-baud",
        "rough",
    ];

    /// One fault alone, about once in so many bytes; `wrong-baud` leaves no byte as it was, and `rough`
    /// is [`Self::ROUGH`]. `None` for a name that is not in [`Self::NAMES`].
    #[must_use]
    pub fn named(name: &str, every: f64) -> Option<Self> {
        let often = 1.0 / every.max(1.0);
        let stall_duration = Duration::from_millis(150);
        let none = Self { stall_duration, ..Self::NONE };
        Some(match name {
            "flip" => Self { flip: often, ..none },
            "burst" => Self { burst: often, ..none },
            "drop" => Self { drop: often, ..none },
            "insert" => Self { insert: often, ..none },
            "stuck" => Self { stuck: often, ..none },
            "duplicate" => Self { duplicate: often, ..none },
            "reorder" => Self { reorder: often, ..none },
            "splice" => Self { splice: often, ..none },
            "merge" => Self { merge: often, ..none },
            "text" => Self { text: often, ..none },
            "stall" => Self { stall: often, ..none },
            "silence" => Self { silence: often, ..none },
            "wrong-baud" => Self { garble: 1.0, ..none },
            "rough" => Self::ROUGH,
            _ => return None,
        })
    }

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
        ..Self::NONE
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
    /// Bytes replaced by random ones, in bursts and at a wrong baud rate.
    pub garbled: FaultCount,
    /// Bytes replaced by 00 or FF.
    pub stuck: FaultCount,
    /// Bytes that came too late by their order.
    pub reorders: FaultCount,
    /// Delimiters lost.
    pub merges: FaultCount,
    /// Bytes lost in silence.
    pub silences: FaultCount,
}

impl CableCounts {
    /// Faults of all kinds.
    #[must_use]
    pub fn fault_count(&self) -> u64 {
        let all = [
            self.flips,
            self.drops,
            self.inserts,
            self.duplicates,
            self.splices,
            self.texts,
            self.stalls,
            self.garbled,
            self.stuck,
            self.reorders,
            self.merges,
            self.silences,
        ];
        all.iter().map(|fault| fault.count).sum()
    }
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
    /// Bytes that were kept back.
    kept: Vec<u8>,
    stall: Option<Stall>,
    counts: CableCounts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Through,
    /// Loses this many more bytes.
    Dropping(usize),
    /// Loses everything up to the end of the frame, but no more than the second number, then the first
    /// number of bytes more.
    SplicingTo(usize, usize),
    /// Has reached the next frame, and loses this many more bytes.
    SplicingFrom(usize),
    /// Says nothing for this many more bytes.
    Silent(usize),
    /// Replaces this many more bytes by random ones.
    Garbling(usize),
    /// Replaces this many more bytes by this one.
    Stuck(u8, usize),
    /// Keeps this many more bytes back.
    Keeping(usize),
    /// Passes this many more bytes before those that were kept back.
    Passing(usize),
    /// Loses the next delimiter.
    Merging,
}

enum Fault {
    Flip,
    Drop,
    Insert,
    Duplicate,
    Splice,
    Text,
    Stall,
    Burst,
    Stuck,
    Reorder,
    Merge,
    Silence,
    Garble,
}

#[derive(Clone, Debug)]
struct Stall {
    until: HostTime,
    held: Vec<u8>,
}

/// Most bytes that one insert, duplicate or splice adds or takes.
const MOST_BYTES: usize = 64;
/// No frame of ours is longer, and no line of text that anybody reads.
const LONGEST_FRAME: usize = 256;

impl BadCable {
    /// A cable with these faults; `seed` chooses where they strike.
    #[must_use]
    pub fn new(faults: CableFaults, seed: u64) -> Self {
        Self {
            faults,
            rng: SeededRng::new(seed),
            state: State::Through,
            recent: Vec::with_capacity(2 * MOST_BYTES),
            kept: Vec::with_capacity(MOST_BYTES),
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
                State::SplicingTo(after, left) => {
                    self.counts.splices.byte_count += 1;
                    self.state = State::SplicingTo(after, left.saturating_sub(1));
                    if byte == self.faults.delimiter || left == 0 {
                        self.state = State::SplicingFrom(after);
                    }
                }
                State::SplicingFrom(left) => {
                    self.counts.splices.byte_count += 1;
                    self.state =
                        if left > 1 { State::SplicingFrom(left - 1) } else { State::Through };
                }
                State::Silent(left) => {
                    self.counts.silences.byte_count += 1;
                    self.state = if left > 1 { State::Silent(left - 1) } else { State::Through };
                }
                State::Garbling(_) | State::Stuck(..) => self.replace(byte, out),
                State::Keeping(_) | State::Passing(_) | State::Merging => self.shift(byte, out),
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
        let CableFaults { burst, stuck, reorder, merge, silence, garble, .. } = self.faults;
        for (fault, probability) in [
            (Fault::Flip, flip),
            (Fault::Drop, drop),
            (Fault::Insert, insert),
            (Fault::Duplicate, duplicate),
            (Fault::Splice, splice),
            (Fault::Text, text),
            (Fault::Stall, stall),
            (Fault::Burst, burst),
            (Fault::Stuck, stuck),
            (Fault::Reorder, reorder),
            (Fault::Merge, merge),
            (Fault::Silence, silence),
            (Fault::Garble, garble),
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
                self.state = if byte == self.faults.delimiter {
                    State::SplicingFrom(after)
                } else {
                    State::SplicingTo(after, LONGEST_FRAME)
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
            Some(Fault::Burst) => {
                self.counts.garbled.count += 1;
                self.state = State::Garbling(self.rng.between(1, 8));
                self.replace(byte, out);
            }
            Some(Fault::Garble) => {
                self.counts.garbled.count += 1;
                self.state = State::Garbling(self.rng.between(100, 1000));
                self.replace(byte, out);
            }
            Some(Fault::Stuck) => {
                self.counts.stuck.count += 1;
                let value = [0x00, 0xFF][self.rng.between(0, 1)];
                self.state = State::Stuck(value, self.rng.between(1, 60));
                self.replace(byte, out);
            }
            Some(Fault::Reorder) => {
                self.counts.reorders.count += 1;
                self.state = State::Keeping(self.rng.between(1, MOST_BYTES));
                self.shift(byte, out);
            }
            Some(Fault::Merge) => {
                self.counts.merges.count += 1;
                self.state = State::Merging;
                self.shift(byte, out);
            }
            Some(Fault::Silence) => {
                let len = self.rng.between(600, 3000);
                self.counts.silences.add(1);
                self.state = State::Silent(len - 1);
            }
        }
    }

    /// Another byte in place of this one.
    fn replace(&mut self, byte: u8, out: &mut Vec<u8>) {
        let (other, state) = match self.state {
            State::Stuck(value, left) => {
                self.counts.stuck.byte_count += 1;
                (value, if left > 1 { State::Stuck(value, left - 1) } else { State::Through })
            }
            State::Garbling(left) => {
                self.counts.garbled.byte_count += 1;
                let value = self.rng.bits() as u8;
                (value, if left > 1 { State::Garbling(left - 1) } else { State::Through })
            }
            other => (byte, other),
        };
        self.state = state;
        self.pass(&[other], out);
    }

    /// This byte, but not here.
    fn shift(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.state {
            State::Keeping(left) => {
                self.counts.reorders.byte_count += 1;
                self.kept.push(byte);
                let len = self.kept.len();
                self.state = if left > 1 { State::Keeping(left - 1) } else { State::Passing(len) };
            }
            State::Passing(left) => {
                self.pass(&[byte], out);
                self.state = State::Passing(left - 1);
                if left == 1 {
                    let kept = core::mem::take(&mut self.kept);
                    self.pass(&kept, out);
                    self.state = State::Through;
                }
            }
            State::Merging if byte == self.faults.delimiter => {
                self.counts.merges.byte_count += 1;
                self.state = State::Through;
            }
            _ => self.pass(&[byte], out),
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
    fn every_named_fault_strikes_and_is_counted() {
        let bytes = sent();
        for name in CableFaults::NAMES {
            let faults = CableFaults::named(name, 1000.0).expect("it is named");
            let mut cable = BadCable::new(faults, 6);
            let out = carried(&mut cable, &bytes, 64);
            let counts = cable.counts();
            // A stall delays, and changes nothing.
            assert_eq!(out == bytes, name == "stall", "{name}");
            assert!(counts.fault_count() > 20, "{name}: {counts:?}");
            let added = [counts.inserts, counts.duplicates, counts.texts];
            let taken = [counts.drops, counts.splices, counts.merges, counts.silences];
            let sum = |faults: &[FaultCount]| faults.iter().map(|f| f.byte_count).sum::<u64>();
            assert_eq!(counts.bytes_in, bytes.len() as u64);
            // What is kept back at the end never comes.
            let late = counts.bytes_in + sum(&added) - sum(&taken) - counts.bytes_out;
            assert!(late <= MOST_BYTES as u64, "{name}: {late}");
        }
        assert_eq!(CableFaults::named("gremlins", 1000.0), None);
    }

    #[test]
    fn reordered_chunks_come_whole_and_late() {
        let faults = CableFaults { reorder: 0.002, ..CableFaults::NONE };
        let bytes: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
        let mut cable = BadCable::new(faults, 2);
        let out = carried(&mut cable, &bytes, 64);
        let breaks = out.windows(2).filter(|pair| pair[0].wrapping_add(1) != pair[1]).count();
        // Each swap has three seams.
        let swaps = cable.counts().reorders.count as usize;
        assert!(swaps > 50 && breaks <= 3 * swaps && breaks >= 3 * swaps - 6, "{breaks} {swaps}");
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
