//! Faults of raw EMG: electrodes, mains, motion, steps, spikes.
//!
//! Pieces last 20 ms. Their variance is the power above about 20 Hz, where muscles are; their means
//! follow what is slower. Every limit below is our choice, between what faults do and what the
//! recordings of `tests/data/recordings` show (in brackets, the largest value in any of them).

use super::mains::Mains;
use super::piece::{Piece, Ring};
use super::track::Seen;
use crate::SampleRate;

/// A piece, in seconds: one period at 50 Hz.
const PIECE_S: f64 = 0.02;

/// Share of the mains in the power above 20 Hz, in two half-seconds one after the other (0.20).
const MAINS_RATIO: f64 = 0.3;

/// Times that the mains exceed all else in RMS. No skin contact: hum of tens of times the rest.
const OFF_MAINS_TIMES: f64 = 20.0;

/// Times that nearly pure hum exceeds the quietest stretch so far, in RMS.
const OFF_LOUD_TIMES: f64 = 10.0;

/// Times that the signal falls below the quietest stretch so far, within 40 ms. A muscle that lets go
/// comes back to its rest, not below it.
const OFF_FALL_TIMES: f64 = 5.0;

/// How near to a known end of the range a baseline lies that no body keeps there.
const OFF_RAIL_RATIO: f64 = 0.01;

/// How long it does.
const OFF_RAIL_PIECES: u32 = 10;

/// A step, as a multiple of the RMS above 20 Hz on both sides (2.3).
const STEP_TIMES: f64 = 5.0;

/// Slow swings as a multiple of the RMS above 20 Hz, over a second (0.9).
const MOTION_TIMES: f64 = 2.0;

/// Range of one piece as a multiple of the range of any in the 120 ms before and after (4.4, but for six
/// twitches of 60 ms).
const SPIKE_TIMES: f64 = 6.0;

/// What is seen at a piece or, for what takes half a second, until the next half-second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EmgSeen {
    pub(super) electrode_off: Option<Seen>,
    pub(super) mains: [Option<Seen>; 2],
    pub(super) motion: Option<Seen>,
    pub(super) step: Option<Seen>,
    pub(super) spike: Option<Seen>,
}

#[derive(Clone, Debug)]
pub(super) struct EmgWatch {
    pub(super) mains: Mains,
    piece_len: usize,
    rate_hz: f64,
    pieces: Ring<Piece, 16>,
    /// Means of the pieces of this half-second and of the one before.
    means: [[f64; HALF_PIECES]; 2],
    half: Half,
    before: Half,
    has_before: bool,
    half_len: usize,
    count: usize,
    near_rail_count: u32,
    /// The floor below which the signal fell.
    fallen_from: Option<f64>,
    /// Held until the next half-second.
    held: EmgSeen,
    /// Whether there is anything in it.
    is_holding: bool,
    swing: [f64; 2 * HALF_PIECES],
    scratch: [f64; 2 * HALF_PIECES],
}

/// Sums of a half-second.
#[derive(Clone, Copy, Debug, Default)]
struct Half {
    power: f64,
    mains: [f64; 2],
    start: u64,
}

/// Pieces in a half-second, at most.
const HALF_PIECES: usize = 25;

impl EmgWatch {
    pub(super) fn new(max_rate: SampleRate) -> Self {
        Self {
            mains: Mains::new(max_rate),
            piece_len: 1,
            rate_hz: 1.0,
            pieces: Ring::new(),
            means: [[0.0; HALF_PIECES]; 2],
            half: Half::default(),
            before: Half::default(),
            has_before: false,
            half_len: 1,
            count: 0,
            near_rail_count: 0,
            fallen_from: None,
            held: EmgSeen::default(),
            is_holding: false,
            swing: [0.0; 2 * HALF_PIECES],
            scratch: [0.0; 2 * HALF_PIECES],
        }
    }

    /// Samples in a piece: 20 ms, but at least four.
    pub(super) fn piece_len(rate: SampleRate) -> usize {
        rate.sample_count(PIECE_S).max(4)
    }

    pub(super) fn start(&mut self, rate: SampleRate) {
        self.piece_len = Self::piece_len(rate);
        self.rate_hz = rate.hz();
        let pieces = (0.5 * self.rate_hz / self.piece_len as f64).round() as usize;
        self.half_len = pieces.clamp(2, HALF_PIECES);
        self.mains.start(rate, self.half_len * self.piece_len);
        self.gap();
    }

    /// Nothing is carried across.
    pub(super) fn gap(&mut self) {
        self.pieces.clear();
        self.mains.clear();
        self.half = Half::default();
        self.has_before = false;
        self.count = 0;
        self.near_rail_count = 0;
        self.fallen_from = None;
        self.held = EmgSeen::default();
        self.is_holding = false;
    }

    /// Whether what comes now says nothing about the quiet.
    pub(super) const fn is_blind(&self) -> bool {
        self.fallen_from.is_some() || self.held.electrode_off.is_some()
    }

    /// Takes a piece that begins at `first` and was put on the sums of [`Self::mains`]. `None` if nothing is
    /// seen. `quiet`: RMS above 20 Hz of the quietest stretch so far, if
    /// that is known, and whether louder ones have shown that it was rest; `step`: of the converter; `span`: the known range.
    pub(super) fn push(
        &mut self,
        first: u64,
        piece: Piece,
        quiet: Option<(f64, bool)>,
        step: f64,
        span: Option<(f64, f64)>,
    ) -> Option<EmgSeen> {
        self.pieces.push(piece);
        if self.count == 0 {
            self.half = Half { start: first, ..Half::default() };
        }
        self.means[1][self.count] = piece.mean;
        self.half.power += piece.variance;
        self.count += 1;
        let end = first.saturating_add(self.piece_len as u64);
        if self.count == self.half_len {
            self.finish_half(end, quiet.map(|(rms, _)| rms), step);
        }
        let off = self.at_rail(end, &piece, span).or_else(|| self.fall(end, quiet, step));
        let step_seen = if self.pieces.len() >= 9 { self.step_at(end, step) } else { None };
        let spike = if self.pieces.len() >= 13 { self.spike_at(end, step) } else { None };
        let is_seen = off.is_some() || step_seen.is_some() || spike.is_some();
        (is_seen || self.is_holding).then(|| self.seen(end, off, step_seen, spike))
    }

    /// What is held, and what was seen at this piece.
    #[cold]
    fn seen(
        &self,
        end: u64,
        off: Option<Seen>,
        step: Option<Seen>,
        spike: Option<Seen>,
    ) -> EmgSeen {
        let mut seen = EmgSeen { step, spike, ..self.held };
        let held = [&mut seen.electrode_off, &mut seen.motion];
        for held in seen.mains.iter_mut().chain(held).flatten() {
            held.end = end;
        }
        seen.electrode_off = seen.electrode_off.or(off);
        seen
    }

    fn at_rail(&mut self, end: u64, piece: &Piece, span: Option<(f64, f64)>) -> Option<Seen> {
        let (low, high) = span?;
        let margin = OFF_RAIL_RATIO * (high - low);
        if piece.mean > low + margin && piece.mean < high - margin {
            self.near_rail_count = 0;
            return None;
        }
        self.near_rail_count = self.near_rail_count.saturating_add(1);
        let len = u64::from(self.near_rail_count) * self.piece_len as u64;
        (self.near_rail_count >= OFF_RAIL_PIECES).then(|| Seen {
            start: end.saturating_sub(len),
            end,
            value: 1.0,
            limit: 1.0,
        })
    }

    /// The signal falls far below its quietest, and at once.
    fn fall(&mut self, end: u64, quiet: Option<(f64, bool)>, step: f64) -> Option<Seen> {
        const NOW: usize = 5;
        let lowest = |(floor, _): (f64, bool)| floor * floor;
        let newest = self.pieces.ago(0).variance;
        if self.fallen_from.is_none()
            && quiet.is_none_or(|quiet| newest * OFF_FALL_TIMES * OFF_FALL_TIMES >= lowest(quiet))
        {
            // As below, of the newest piece alone.
            return None;
        }
        let mut most = 0.0;
        for age in 0..NOW.min(self.pieces.len()) {
            most = f64::max(most, self.pieces.ago(age).variance);
        }
        let seen = |start: u64, floor: f64, most: f64| Seen {
            start,
            end,
            value: floor / most.sqrt().max(1e-3 * floor),
            limit: OFF_FALL_TIMES,
        };
        if let Some(floor) = self.fallen_from {
            if most > 0.25 * floor * floor {
                self.fallen_from = None;
                return None;
            }
            return Some(seen(end.saturating_sub(self.piece_len as u64), floor, most));
        }
        // Without a contrast the quietest may have been a hold, and this is letting go. A value that
        // stands still is a flat line.
        let (floor, has_contrast) = quiet?;
        if !has_contrast || most <= 0.0 {
            return None;
        }
        // A quiet that is the converter's rounding has nothing to fall from; where hum is gone, it is
        // the hum that fell.
        let is_judged =
            self.pieces.len() >= 11 && floor > step && !self.held.mains.iter().any(Option::is_some);
        if !is_judged || most * OFF_FALL_TIMES * OFF_FALL_TIMES >= floor * floor {
            return None;
        }
        let before = (7..11).map(|age| self.pieces.ago(age).variance).sum::<f64>() / 4.0;
        if before < 0.5 * floor * floor {
            return None;
        }
        self.fallen_from = Some(floor);
        Some(seen(end.saturating_sub((NOW * self.piece_len) as u64), floor, most))
    }

    /// A step between the pieces before and after `ago(4)`.
    fn step_at(&self, end: u64, step: f64) -> Option<Seen> {
        let piece = |age: usize| self.pieces.ago(age);
        // The rise itself lies within 60 ms, most of it: a swing goes on before and after.
        let near = piece(3).mean - piece(5).mean;
        // The mean power of three pieces is at least a third of that of one: seldom is more needed.
        if near * near < 0.3 * (0.7 * STEP_TIMES) * (0.7 * STEP_TIMES) * piece(0).variance {
            return None;
        }
        let mean = |ages: [usize; 3]| ages.map(|age| piece(age).mean).iter().sum::<f64>() / 3.0;
        let power =
            |ages: [usize; 3]| ages.map(|age| piece(age).variance).iter().sum::<f64>() / 3.0;
        let rms = power([0, 1, 2]).max(power([6, 7, 8])).max(step * step).sqrt();
        if near.abs() < 0.7 * STEP_TIMES * rms {
            return None;
        }
        let far = mean([0, 1, 2]) - mean([6, 7, 8]);
        let is_step = far.abs() >= STEP_TIMES * rms && near.abs() >= 0.7 * far.abs();
        is_step.then(|| self.seen_at(4, end, far.abs() / rms, STEP_TIMES))
    }

    /// A spike in `ago(6)` that is gone in what surrounds it.
    fn spike_at(&self, end: u64, step: f64) -> Option<Seen> {
        let range = |age: usize| self.pieces.ago(age).range();
        let size = range(6);
        if size < SPIKE_TIMES * range(8).max(range(4)) {
            return None;
        }
        // A spike may lie across the border of two pieces, so the next ones are not asked.
        let around = (0..=4).chain(8..=12).map(range).fold(2.0 * step, f64::max);
        let left = (self.pieces.ago(4).mean - self.pieces.ago(8).mean).abs();
        // At few samples a piece, 120 ms of contraction are too few pieces to tell from a spike.
        let is_spike = self.piece_len as f64 <= 1.3 * PIECE_S * self.rate_hz
            && size >= SPIKE_TIMES * around
            && left < 0.3 * size;
        is_spike.then(|| self.seen_at(6, end, size / around, SPIKE_TIMES))
    }

    /// Something in the piece `age` ago and its neighbours.
    const fn seen_at(&self, age: u64, end: u64, value: f64, limit: f64) -> Seen {
        let len = self.piece_len as u64;
        let first = end.saturating_sub((age + 2) * len);
        Seen { start: first, end: end.saturating_sub((age - 1) * len), value, limit }
    }

    fn finish_half(&mut self, end: u64, quiet: Option<f64>, step: f64) {
        let weight = 1.0 / self.half_len as f64;
        self.half.power *= weight;
        // The rounding of the converter is in no hum, but without it a silence of one code or two has any
        // share. Where neighbours always differ by much, as in strong hum, the step is no rounding.
        if step.is_finite() && step * step > 3.0 * self.half.power {
            self.half.power += step * step / 12.0;
        }
        self.half.mains = self.mains.finish(self.half.power);
        self.count = 0;
        self.held.electrode_off = self.hum_alone(end, quiet);
        for index in 0..2 {
            self.held.mains[index] = self.hum(index, end);
        }
        self.held.motion = if self.has_before { self.swings(end) } else { None };
        let held = [&self.held.electrode_off, &self.held.motion];
        self.is_holding = self.held.mains.iter().chain(held).any(Option::is_some);
        self.before = self.half;
        self.has_before = true;
        self.means[0] = self.means[1];
    }

    /// Hum so large that no electrode can be on.
    fn hum_alone(&self, end: u64, quiet: Option<f64>) -> Option<Seen> {
        let Half { power, mains, start } = self.half;
        let hum = mains[0].max(mains[1]);
        let other = (power - hum).max(1e-6 * power);
        let over_other = (hum / other).sqrt();
        if over_other >= OFF_MAINS_TIMES {
            return Some(Seen { start, end, value: over_other, limit: OFF_MAINS_TIMES });
        }
        let over_quiet = hum.sqrt() / quiet?;
        (over_quiet >= OFF_LOUD_TIMES && hum >= 0.9 * power).then_some(Seen {
            start,
            end,
            value: over_quiet,
            limit: OFF_LOUD_TIMES,
        })
    }

    /// Hum in this half-second and in the one before: a flick is in one of them.
    fn hum(&self, index: usize, end: u64) -> Option<Seen> {
        if !self.has_before || self.held.electrode_off.is_some() {
            return None;
        }
        let hum = self.half.mains[index];
        if hum <= self.half.mains[1 - index] {
            return None;
        }
        let share =
            |half: &Half| if half.power > 0.0 { half.mains[index] / half.power } else { 0.0 };
        let value = share(&self.half).min(share(&self.before)).min(1.0);
        (value >= MAINS_RATIO).then_some(Seen {
            start: self.before.start,
            end,
            value,
            limit: MAINS_RATIO,
        })
    }

    /// Slow swings over this half-second and the one before, about a straight line.
    fn swings(&mut self, end: u64) -> Option<Seen> {
        let n = self.half_len;
        let count = 2 * n;
        let means = &mut self.swing[..count];
        means[..n].copy_from_slice(&self.means[0][..n]);
        means[n..].copy_from_slice(&self.means[1][..n]);
        let centre = (count - 1) as f64 / 2.0;
        let (mut sum, mut slope, mut time) = (0.0, 0.0, 0.0);
        let origin = means[0];
        for (index, mean) in means.iter().enumerate() {
            let t = index as f64 - centre;
            sum += mean - origin;
            slope += t * (mean - origin);
            time += t * t;
        }
        let (mean, slope) = (sum / count as f64, slope / time);
        let residues = means.iter().enumerate().map(|(index, value)| {
            let residue = value - origin - mean - slope * (index as f64 - centre);
            residue * residue
        });
        let slow = residues.sum::<f64>();
        let power = f64::midpoint(self.half.power, self.before.power);
        let times = (slow / count as f64 / power.max(f64::MIN_POSITIVE)).sqrt();
        if times < MOTION_TIMES || power == 0.0 {
            return None;
        }
        // One step makes one large difference; swings make most of them large.
        let differences = &mut self.scratch[..count - 1];
        for (difference, pair) in differences.iter_mut().zip(means.windows(2)) {
            *difference = (pair[1] - pair[0]).abs();
        }
        let (_, median, _) = differences.select_nth_unstable_by((count - 1) / 2, f64::total_cmp);
        (*median >= 0.25 * MOTION_TIMES * power.sqrt()).then_some(Seen {
            start: self.before.start,
            end,
            value: times,
            limit: MOTION_TIMES,
        })
    }
}
