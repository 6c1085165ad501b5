//! One long stream of a device of others over a bad cable, every frame accounted for.

use levator_decode::Decoded;
use levator_decode::foreign::{Description, Driver, Framing, Script};
use levator_signal::HostTime;

use super::{Codes, ForeignDevice, faults_for};
use crate::Scenario;
use crate::cable::{BadCable, CableFaults};
use crate::line::Speaker;
use crate::person::VirtualPerson;

/// What became of the frames of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Frames that were sent; of text without the first, which may be half a line for all a host knows.
    pub sent: u64,
    /// Received at their own place with their own codes.
    pub right: u64,
    /// Received with other codes than those of their place.
    pub wrong: u64,
    /// Reported as missing.
    pub reported: u64,
    /// Faults of the cable.
    pub faults: u64,
    /// Whole good frames behind a fault before samples came again, at most; the one that brings them counts.
    pub slowest_lock: u64,
}

impl Trial {
    /// Frames that were neither received nor reported; below zero where more were reported than lost.
    #[must_use]
    pub fn unaccounted(&self) -> i64 {
        self.sent.cast_signed() - (self.right + self.wrong + self.reported).cast_signed()
    }
}

/// Frames at the beginning and at the end that the cable leaves alone, at least; half a second, so that a
/// stall is over.
const CLEAN: u64 = 200;
/// Fast enough for every device, so that the time of a frame is that of its samples.
const BAUD: u32 = 10_000_000;

/// Lets a device send `frames` frames over a cable with these faults and reads them with its driver. Each
/// frame arrives at its own time.
#[must_use]
pub fn trial(description: &Description, faults: CableFaults, frames: u64, seed: u64) -> Trial {
    let person = VirtualPerson::new(Scenario::Healthy, seed);
    let mut device = ForeignDevice::new(description, &person, BAUD);
    let mut cable = BadCable::new(faults_for(description, faults), seed);
    let mut driver = Driver::new(description);
    let mut script = Script::new(description);
    let base = u64::from(matches!(description.framing, Framing::Text(_)));
    let mut heard =
        Heard { twin: Codes::new(description, &person), base, ..Heard::new(description) };
    let step_ns = (1e9 / description.rate.hz()) as u64;
    let clean = CLEAN.max((description.rate.hz() / 2.0) as u64);
    let (mut sent, mut arrived) = (Vec::new(), Vec::new());
    let mut at = HostTime::ZERO;
    let (mut slowest_lock, mut waiting) = (0, 0);
    script.opened(at);
    loop {
        at = HostTime::from_nanos(at.as_nanos() + step_ns);
        sent.clear();
        arrived.clear();
        let (before, fault_count) = (device.frame_count(), cable.counts().fault_count());
        if before >= frames {
            device.running = None;
        }
        device.advance(at, &mut sent);
        if before >= frames && sent.is_empty() {
            break;
        }
        let is_clean = before < clean || before + clean >= frames;
        if is_clean && cable.stalled_until().is_none() {
            arrived.extend_from_slice(&sent);
        } else {
            cable.carry(at, &sent, &mut arrived);
        }
        let count = heard.scans;
        driver.handle(at, &arrived, &mut |decoded| {
            heard.take(&decoded);
            if matches!(decoded, Decoded::Scans(_)) {
                script.heard_samples();
            }
        });
        if arrived != sent || cable.counts().fault_count() > fault_count {
            waiting = 0;
        } else if heard.scans == 0 {
            // Before the first lock there was nothing to lose.
        } else {
            waiting += device.frame_count() - before;
            slowest_lock = slowest_lock.max(waiting);
            if heard.scans > count {
                waiting = 0;
            }
        }
        script.poll(at, |words| device.receive(words));
    }
    driver.finish(&mut |decoded| heard.take(&decoded));
    Trial {
        sent: device.frame_count() - base,
        right: heard.right,
        wrong: heard.scans - heard.right,
        reported: heard.reported,
        faults: cable.counts().fault_count(),
        slowest_lock,
    }
}

/// What a driver said of stream 0, held against what was sent.
#[derive(Debug)]
struct Heard {
    twin: Codes,
    /// Frames before the first that can be received.
    base: u64,
    /// The newest codes that were sent, and the number of the frame behind them.
    sent: Vec<Vec<f64>>,
    scans: u64,
    right: u64,
    reported: u64,
}

/// Frames that are remembered. A place further back than this is wrong anyway.
const REMEMBERED: usize = 1 << 14;

impl Heard {
    fn new(description: &Description) -> Self {
        let twin = Codes::new(description, &VirtualPerson::new(Scenario::Rest, 0));
        Self { twin, base: 0, sent: vec![Vec::new(); REMEMBERED], scans: 0, right: 0, reported: 0 }
    }

    fn take(&mut self, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::Scans(scans) if scans.stream == 0 => {
                let count = usize::from(scans.channel_count);
                for (at, codes) in scans.codes.chunks(count).enumerate() {
                    self.scans += 1;
                    self.right += u64::from(self.is_right(scans.first.0 + at as u64, codes));
                }
            }
            Decoded::Lost(lost) if lost.stream == 0 => {
                self.reported += lost.span.end.0 - lost.span.start.0;
            }
            _ => {}
        }
    }

    fn is_right(&mut self, index: u64, codes: &[f64]) -> bool {
        let frame = index + self.base;
        while self.twin.number() <= frame {
            let slot = self.twin.number() as usize % REMEMBERED;
            self.sent[slot] = self.twin.next_channels();
        }
        let sent = &self.sent[frame as usize % REMEMBERED];
        self.twin.number() - frame <= REMEMBERED as u64
            && sent.len() >= codes.len()
            && sent.iter().zip(codes).all(|(a, b)| a - b == 0.0)
    }
}
