//! Faults of a level, as pressure: spikes, steps, a sensor that jumps to and fro.
//!
//! Pieces last 25 ms or one sample. A level has no band of its own, so all is judged by how fast it
//! moves. Limits are our choice, between what faults do and what people do: the fastest is a cough,
//! which rises in 60 ms and falls in 120 ms.

use super::piece::{Piece, Ring};
use super::track::Seen;
use crate::SampleRate;

/// Below this rate in hertz one sample holds more than a flick, so spikes are not judged.
const SPIKE_MIN_HZ: f64 = 8.0;

/// Below this rate in hertz a person can rise within one sample, so steps are not judged.
const STEP_MIN_HZ: f64 = 40.0;

/// Size of a spike as a multiple of the range of what surrounds it.
const SPIKE_TIMES: f64 = 3.0;

/// Size of a step as a multiple of the range of what lies on either side.
const STEP_TIMES: f64 = 5.0;

/// Jumps to and fro within 5 s that are none of the body's: coughs in a row are fewer.
const ERRATIC_COUNT: usize = 5;

/// Throws to either side within 8 s that no muscle makes: contractions and coughs go up only, a push down
/// only.
const THROWN_COUNT: usize = 4;

/// Pieces that are flat on either side of a step: 0.25 s, longer than a sensor that is read at 10 Hz holds
/// its value.
const SIDE: usize = 10;

/// Smaller events are rounding, in steps of the converter.
const LEAST_STEPS: f64 = 6.0;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LevelSeen {
    pub(super) spike: Option<Seen>,
    pub(super) step: Option<Seen>,
    pub(super) erratic: Option<Seen>,
}

#[derive(Clone, Debug)]
pub(super) struct LevelWatch {
    piece_len: usize,
    rate_hz: f64,
    pieces: Ring<Piece, 32>,
    /// Sizes of the newest changes from piece to piece, also across gaps.
    changes: Ring<f64, 32>,
    /// The last two values of the piece before.
    ended: [f64; 2],
    /// Where the newest jumps to and fro were.
    jumps: Ring<u64, 8>,
    /// Lowest and highest in this stretch of 2.5 s and in the two before.
    ranges: [(f64, f64); 3],
    range_end: u64,
    /// The level every 0.2 s, also across gaps.
    levels: Ring<f64, 32>,
    level_at: u64,
    /// Where it was thrown to one side, newest last, and which.
    throws: Ring<(u64, bool), 8>,
}

const NO_RANGE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl LevelWatch {
    pub(super) fn new() -> Self {
        Self {
            piece_len: 1,
            rate_hz: 1.0,
            pieces: Ring::new(),
            changes: Ring::new(),
            ended: [f64::NAN; 2],
            jumps: Ring::new(),
            ranges: [NO_RANGE; 3],
            range_end: 0,
            levels: Ring::new(),
            level_at: 0,
            throws: Ring::new(),
        }
    }

    /// Samples in a piece: 25 ms, or one.
    pub(super) fn piece_len(rate: SampleRate) -> usize {
        ((rate.hz() / 40.0) as usize).max(1)
    }

    pub(super) fn start(&mut self, rate: SampleRate) {
        *self = Self { piece_len: Self::piece_len(rate), rate_hz: rate.hz(), ..Self::new() };
    }

    /// No event spans a gap, but the range is still the range.
    pub(super) const fn gap(&mut self) {
        self.pieces.clear();
        self.ended = [f64::NAN; 2];
    }

    /// Takes a piece that begins at `first`. `quiet`: RMS of the quietest stretch so far, if known.
    pub(super) fn push(
        &mut self,
        first: u64,
        values: &[f64],
        piece: Piece,
        quiet: Option<f64>,
        step: f64,
    ) -> LevelSeen {
        let end = first.saturating_add(self.piece_len as u64);
        if self.pieces.len() > 0 {
            self.changes.push((piece.mean - self.pieces.ago(0).mean).abs());
        }
        self.pieces.push(piece);
        let range = self.range(&piece, end);
        let mut seen = LevelSeen::default();
        if self.rate_hz < SPIKE_MIN_HZ {
            return seen;
        }
        if end >= self.level_at {
            self.level_at = end.saturating_add((0.2 * self.rate_hz) as u64);
            self.levels.push(piece.mean);
        }
        seen.erratic = self.erratic_at(end, values, range, quiet, step);
        let one_before = if values.len() > 1 { values[values.len() - 2] } else { self.ended[1] };
        self.ended = [one_before, values[values.len() - 1]];
        let is_fast = self.rate_hz >= STEP_MIN_HZ;
        if self.pieces.len() >= 11 {
            seen.spike = self.spike_at(end, is_fast, step);
        }
        if is_fast && self.pieces.len() > 2 * SIDE + 2 {
            seen.step = self.step_at(end, step);
        }
        seen
    }

    /// Lowest to highest of the last 5 to 7.5 s.
    fn range(&mut self, piece: &Piece, end: u64) -> f64 {
        if end >= self.range_end {
            self.ranges = [NO_RANGE, self.ranges[0], self.ranges[1]];
            self.range_end = end.saturating_add((2.5 * self.rate_hz) as u64);
        }
        let now = &mut self.ranges[0];
        *now = (now.0.min(piece.min), now.1.max(piece.max));
        let low = self.ranges.iter().fold(f64::INFINITY, |low, range| low.min(range.0));
        let high = self.ranges.iter().fold(f64::NEG_INFINITY, |high, range| high.max(range.1));
        high - low
    }

    /// Up and down again, or down and up, by much of the range within two pieces or within one; again and
    /// again.
    fn erratic_at(
        &mut self,
        end: u64,
        values: &[f64],
        range: f64,
        quiet: Option<f64>,
        step: f64,
    ) -> Option<Seen> {
        if self.pieces.len() < 3 {
            return None;
        }
        let level = |age: usize| self.pieces.ago(age).mean;
        let (now, then) = (level(0) - level(1), level(1) - level(2));
        let much = 0.4 * range;
        let is_jump = (now * then < 0.0 && now.abs().min(then.abs()) >= much)
            || (self.pieces.ago(0).range().max((values[0] - self.ended[1]).abs()) >= much
                && turns_by(self.ended.iter().chain(values), much));
        let is_large = range >= 20.0 * self.usual_change(quiet).max(step);
        // One spike may lie in three pieces.
        let dead = if self.piece_len > 1 { 3 * self.piece_len as u64 } else { 0 };
        let is_new = self.jumps.len() == 0 || end >= self.jumps.ago(0).saturating_add(dead);
        if is_jump && is_large && is_new {
            self.jumps.push(end);
        }
        if is_large && let Some(is_up) = self.thrown(range) {
            self.throws.push((end, is_up));
        }
        let since = |seconds: f64| end.saturating_sub((seconds * self.rate_hz) as u64);
        let recent =
            (0..self.jumps.len()).take_while(|&age| *self.jumps.ago(age) >= since(5.0)).count();
        let thrown =
            (0..self.throws.len()).take_while(|&age| self.throws.ago(age).0 >= since(8.0)).count();
        let up = (0..thrown).filter(|&age| self.throws.ago(age).1).count();
        let seen = |first: u64, count: usize, limit: usize| Seen {
            start: first.saturating_sub(2 * self.piece_len as u64),
            end,
            value: count as f64,
            limit: limit as f64,
        };
        if recent >= ERRATIC_COUNT {
            return Some(seen(*self.jumps.ago(recent - 1), recent, ERRATIC_COUNT));
        }
        let is_both = thrown >= THROWN_COUNT && up > 0 && up < thrown;
        is_both.then(|| seen(self.throws.ago(thrown - 1).0, thrown, THROWN_COUNT))
    }

    /// Whether the level 0.2 s ago was far above (`true`) or below (`false`) where it usually is, and was
    /// nearer both 0.2 s before and now.
    fn thrown(&self, range: f64) -> Option<bool> {
        let half = ((0.2 * self.rate_hz / self.piece_len as f64) as usize).clamp(1, 8);
        if self.pieces.len() <= 2 * half || self.levels.len() < 3 {
            return None;
        }
        let len = self.levels.len();
        let level = |age: usize| self.pieces.ago(age).mean;
        let [before, then, now] = [level(2 * half), level(half), level(0)];
        let back = (then - before).abs().min((then - now).abs());
        if (then - before) * (then - now) <= 0.0 || back < 0.25 * range {
            return None;
        }
        // The turning point, or one throw would be counted from several pieces.
        let is_turn = (0..=2 * half).all(|age| (then - level(age)) * (then - now) >= 0.0);
        let mut levels: [f64; 32] = core::array::from_fn(|age| *self.levels.ago(age % len));
        let usual = *levels[..len].select_nth_unstable_by(len / 2, f64::total_cmp).1;
        let is_far = (then - usual).abs() >= 0.25 * range && (then - usual) * (then - now) > 0.0;
        (is_turn && is_far).then_some(then > usual)
    }

    /// What the level does when nothing happens: its noise where that is known, else, where a piece is one
    /// sample, the lower quartile of its changes. Infinite where nothing can be said: a signal that has
    /// done nothing but jump since it began may as well be the noise of a probe that is not worn.
    fn usual_change(&self, quiet: Option<f64>) -> f64 {
        quiet.unwrap_or_else(|| {
            let len = self.changes.len();
            if self.piece_len > 1 || len < 8 {
                return f64::INFINITY;
            }
            let mut changes: [f64; 32] = core::array::from_fn(|age| *self.changes.ago(age % len));
            *changes[..len].select_nth_unstable_by(len / 4, f64::total_cmp).1
        })
    }

    /// Lowest and highest of some pieces.
    fn bounds(&self, ages: impl Iterator<Item = usize>) -> (f64, f64) {
        ages.fold(NO_RANGE, |(low, high), age| {
            let piece = self.pieces.ago(age);
            (low.min(piece.min), high.max(piece.max))
        })
    }

    /// One piece, `ago(5)`, out of line with what surrounds it.
    fn spike_at(&self, end: u64, is_fast: bool, step: f64) -> Option<Seen> {
        // At a high rate a spike may lie across the border of two pieces. At a low one the neighbours
        // are all that tells a spike from a flick.
        let (low, high) = if is_fast {
            self.bounds((0..=3).chain(7..=10))
        } else {
            self.bounds((1..=4).chain(6..=9))
        };
        let piece = self.pieces.ago(5);
        let size = (piece.max - high).max(low - piece.min);
        let noise = (high - low).max(step);
        let is_spike = size >= SPIKE_TIMES * noise && size >= LEAST_STEPS * step;
        is_spike.then(|| self.seen_at(5, end, size / noise, SPIKE_TIMES))
    }

    /// A step within `ago(SIDE + 1)` or on its border, between two flat sides.
    fn step_at(&self, end: u64, step: f64) -> Option<Seen> {
        let (before, after) = (self.bounds(SIDE + 3..2 * SIDE + 3), self.bounds(0..SIDE));
        let size = (after.0 - before.1).max(before.0 - after.1);
        let noise = (before.1 - before.0).max(after.1 - after.0).max(step);
        let near = (self.pieces.ago(SIDE).mean - self.pieces.ago(SIDE + 2).mean).abs();
        let is_step =
            size >= STEP_TIMES * noise && size >= LEAST_STEPS * step && near >= 0.9 * size;
        is_step.then(|| self.seen_at(SIDE as u64 + 1, end, size / noise, STEP_TIMES))
    }

    const fn seen_at(&self, age: u64, end: u64, value: f64, limit: f64) -> Seen {
        let len = self.piece_len as u64;
        let first = end.saturating_sub((age + 1) * len);
        Seen { start: first, end: end.saturating_sub(age * len), value, limit }
    }
}

/// Whether some values rise by `much` and fall by as much again, or the other way round.
fn turns_by<'a>(values: impl Iterator<Item = &'a f64>, much: f64) -> bool {
    let (mut low, mut high) = NO_RANGE;
    let (mut rose, mut fell) = (false, false);
    for &x in values.filter(|x| !x.is_nan()) {
        if x - low >= much {
            if fell {
                return true;
            }
            (rose, low, high) = (true, x, x);
        }
        if high - x >= much {
            if rose {
                return true;
            }
            (fell, low, high) = (true, x, x);
        }
        low = low.min(x);
        high = high.max(x);
    }
    false
}
