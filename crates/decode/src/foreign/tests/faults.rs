//! Streams with one kind of fault at a time, each replayable by its seed.

use super::*;

/// A small generator, so that every machine damages the same bytes.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Flip,
    Burst,
    DropOne,
    DropFew,
    DropMany,
    InsertOne,
    InsertMany,
    Stuck(u8),
    Duplicate,
    Reorder,
    Splice,
    Noise,
}

const FAULTS: [Fault; 13] = [
    Fault::Flip,
    Fault::Burst,
    Fault::DropOne,
    Fault::DropFew,
    Fault::DropMany,
    Fault::InsertOne,
    Fault::InsertMany,
    Fault::Stuck(0),
    Fault::Stuck(0xFF),
    Fault::Duplicate,
    Fault::Reorder,
    Fault::Splice,
    Fault::Noise,
];

/// Frames of each run: with 13 faults, 10⁶ frames for a device.
const FRAMES: u64 = 77_000;
/// Frames between two faults.
const APART: usize = 150;

/// Bytes with the frame each of them was sent with.
type Sent = Vec<(u8, u64)>;

fn damage(sent: &mut Sent, at: usize, fault: Fault, chance: &mut Chance) {
    let len = sent.len();
    let end = |count: usize| (at + count).min(len);
    let insert = |sent: &mut Sent, bytes: &[u8]| {
        let frame = sent[at].1;
        sent.splice(at..at, bytes.iter().map(|byte| (*byte, frame)));
    };
    match fault {
        Fault::Flip => {
            for _ in 0..=chance.below(4) {
                sent[at].0 ^= 1 << chance.below(8);
            }
        }
        Fault::Burst => {
            for one in &mut sent[at..end(1 + chance.below(8))] {
                one.0 = chance.below(256) as u8;
            }
        }
        Fault::DropOne => drop(sent.drain(at..end(1))),
        Fault::DropFew => drop(sent.drain(at..end(2 + chance.below(7)))),
        Fault::DropMany => drop(sent.drain(at..end(9 + chance.below(492)))),
        Fault::InsertOne => insert(sent, &[chance.below(256) as u8]),
        Fault::InsertMany => {
            let bytes: Vec<u8> =
                (0..1 + chance.below(64)).map(|_| chance.below(256) as u8).collect();
            insert(sent, &bytes);
        }
        Fault::Stuck(byte) => {
            for one in &mut sent[at..end(1 + chance.below(60))] {
                one.0 = byte;
            }
        }
        Fault::Duplicate => {
            let chunk: Vec<u8> = sent[at..end(64)].iter().map(|one| one.0).collect();
            insert(sent, &chunk);
        }
        Fault::Reorder => {
            let (a, b) = (at, end(128));
            sent[a..b].rotate_left((b - a) / 2);
        }
        Fault::Splice => {
            let cut = 1 + chance.below(40);
            drop(sent.drain(at..end(cut)));
        }
        Fault::Noise => insert(sent, b"\r\nGuru Meditation Error: Core 0\r\nAT+GMI\r"),
    }
}

struct Outcome {
    right: u64,
    wrong: u64,
    /// Right but for whole turns of the counter, which the clock repairs later.
    turned: u64,
    faults: u64,
    /// Frames between the last byte that was damaged and the first that was handed on again, at most.
    behind: u64,
    reported: u64,
}

/// One stream, damaged again and again, every frame at its own time.
fn run(device: &Device, fault: Fault, seed: u64) -> Outcome {
    let mut chance = Chance(seed);
    let mut driver = Driver::new(&device.description);
    let rate = device.description.rate.hz();
    let mut heard = Heard::default();
    let mut outcome = Outcome { right: 0, wrong: 0, turned: 0, faults: 0, behind: 0, reported: 0 };
    let mut clock = 0.0_f64;
    let base = u64::from(device.name == "text");
    let mut frame = 0;
    while frame < FRAMES {
        let mut sent: Sent = (frame..frame + APART as u64)
            .flat_map(|frame| (device.encode)(frame).into_iter().map(move |byte| (byte, frame)))
            .collect();
        frame += APART as u64;
        // In the middle, with time to lock before and after.
        let at = sent.len() / 3 + chance.below(sent.len() / 6);
        damage(&mut sent, at, fault, &mut chance);
        outcome.faults += 1;
        for frame in sent.chunk_by(|a, b| a.1 == b.1) {
            clock = clock.max(1.0 + frame[0].1 as f64 / rate);
            let bytes: Vec<u8> = frame.iter().map(|one| one.0).collect();
            driver.handle(HostTime::from_secs_f64(clock), &bytes, &mut |d| heard.take(&d));
        }
    }
    for (_, index, codes) in &heard.scans {
        if *codes == (device.codes)(index + base) {
            outcome.right += 1;
        } else if (1..=32).any(|turn| *codes == (device.codes)(index + base + 16 * turn)) {
            outcome.turned += 1;
        } else {
            outcome.wrong += 1;
        }
    }
    outcome.reported = heard.lost.iter().map(|(start, end, _)| end - start).sum();
    let last = heard.scans.last().map_or(0, |(_, index, _)| index + 1 + base);
    outcome.behind = frame.abs_diff(last);
    outcome
}

#[test]
fn with_a_counter_received_and_reported_missing_are_all_that_was_sent() {
    for device in devices().iter().filter(|device| device.description.has_counter()) {
        for (seed, fault) in FAULTS.into_iter().enumerate() {
            let outcome = run(device, fault, seed as u64 * 7919 + 11);
            let Outcome { right, wrong, turned, faults, behind, reported } = outcome;
            let what =
                format!("{} {fault:?}: {right} right, {wrong} wrong, {turned} turned", device.name);
            // The end is whole, so the last frame stands at its own place.
            assert_eq!(behind, 0, "{what}");
            let sent = right + wrong + turned + reported;
            assert_eq!(sent, FRAMES.next_multiple_of(APART as u64), "{what}");
            // Without a checksum, flipped bits of a value pass: at most one frame a fault, and two at a
            // seam of two streams.
            // A counter of 4 bits takes chunks in the wrong order for the next turn.
            let most = if device.name == "bitalino" { 8 } else { 2 };
            assert!(wrong <= most * faults, "{what}, {faults} faults");
            assert!(turned == 0 || device.name == "bitalino" && turned < FRAMES / 5, "{what}");
            assert!(right + turned + 100 * faults >= FRAMES, "{what}, {faults} faults");
        }
    }
}

#[test]
fn without_a_counter_it_locks_again_and_counts_what_it_saw() {
    for device in devices().iter().filter(|device| !device.description.has_counter()) {
        for (seed, fault) in FAULTS.into_iter().enumerate() {
            let mut one = run(device, fault, seed as u64 * 7919 + 11);
            let received = one.right + one.wrong + one.turned;
            let what = format!("{} {fault:?}: {received} received", device.name);
            // The longest fault takes 500 bytes.
            let longest = 520 / (device.encode)(1000).len() as u64 + 6;
            let sent = FRAMES.next_multiple_of(APART as u64);
            assert!(received + one.faults * longest >= sent, "{what}");
            assert!(received <= sent + one.faults * longest, "{what}");
            one.reported = one.reported.saturating_sub(one.faults * longest);
            assert!(received + one.reported <= sent + one.faults * longest, "{what}");
        }
    }
}

#[test]
fn a_lock_is_found_again_within_four_frames() {
    for device in devices() {
        let good = |from: u64| (from..from + 50).flat_map(device.encode).collect::<Vec<u8>>();
        for damage in [&[0xFF; 37][..], &[0; 41], b"Guru Meditation\r\n", &[0xA0, 0xC7, 0x7C, 0xE0]]
        {
            let mut driver = Driver::new(&device.description);
            let mut heard = Heard::default();
            let at = HostTime::from_secs_f64(1.0);
            driver.handle(at, &good(0), &mut |d| heard.take(&d));
            let before = heard.scans.len();
            driver.handle(at, damage, &mut |d| heard.take(&d));
            assert!(heard.scans.len() <= before + 1, "{} in damage", device.name);
            let before = heard.scans.len();
            let mut frames = 0;
            while heard.scans.len() == before {
                driver.handle(at, &(device.encode)(50 + frames), &mut |d| heard.take(&d));
                frames += 1;
                // One more where the damage swallowed the first.
                assert!(frames <= 5, "{} after {damage:02x?}", device.name);
            }
        }
    }
}
