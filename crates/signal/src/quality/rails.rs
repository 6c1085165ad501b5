//! The ends of the range: known from the device, or learned from a signal that is cut off.

use super::monitor::Rails;
use super::piece::{Piece, same};
use super::track::Seen;

/// Both ends of one channel.
#[derive(Clone, Debug)]
pub(super) struct RailWatch {
    known: Option<Rails>,
    is_emg: bool,
    low: Learned,
    high: Learned,
    /// Pieces that lie between these have nothing at or near an end.
    inside: (f64, f64),
}

/// One end that nobody told us. `extreme` and all that is compared with it have the sign that makes it
/// the largest value.
#[derive(Clone, Copy, Debug)]
struct Learned {
    extreme: f64,
    /// Samples that are the extreme.
    at_count: u64,
    /// Samples just inside it.
    near_count: u64,
    /// How often the signal came back to it.
    visit_count: u64,
    /// Whether it has been far away since the last visit.
    is_away: bool,
    first_at: u64,
    is_rail: bool,
    /// All samples so far.
    count: u64,
}

/// How far inside counts as near, in the range that was seen. Our choice: wide enough to hold samples
/// of any signal that is not cut off.
const NEAR_RATIO: f64 = 0.02;

/// The ends of converters with 7 to 24 bits, as integer codes. Where a signal is whole numbers and turns
/// round at one of these again and again, the converter is what turns it.
fn is_end_of_codes(value: f64, step: f64) -> bool {
    let ends = 6..=24;
    same(step, 1.0)
        && ends.into_iter().any(|bits| {
            let codes = f64::from(1_u32 << bits);
            same(value, codes - 1.0) || same(value, -codes) || same(value, 0.0)
        })
}

/// A range of fewer steps of the converter tells nothing: few codes repeat by chance. Our choice.
const LEAST_STEPS: f64 = 64.0;

impl RailWatch {
    pub(super) const fn new(known: Option<Rails>, is_emg: bool) -> Self {
        let none = Learned {
            extreme: f64::NEG_INFINITY,
            at_count: 0,
            near_count: 0,
            visit_count: 0,
            is_away: true,
            first_at: 0,
            is_rail: false,
            count: 0,
        };
        // Nothing lies between these.
        let inside = (f64::INFINITY, f64::NEG_INFINITY);
        Self { known, is_emg, low: none, high: none, inside }
    }

    pub(super) const fn known(&self) -> Option<Rails> {
        self.known
    }

    /// What a piece that begins at `first` has of the lower and the upper end.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        first: u64,
        values: &[f64],
        piece: &Piece,
        step: f64,
    ) -> [Option<Seen>; 2] {
        if piece.min > self.inside.0 && piece.max < self.inside.1 {
            return [None; 2];
        }
        self.push_near(first, values, piece, step)
    }

    /// A piece that may be near an end.
    #[inline(never)]
    fn push_near(
        &mut self,
        first: u64,
        values: &[f64],
        piece: &Piece,
        step: f64,
    ) -> [Option<Seen>; 2] {
        let end = first.saturating_add(values.len() as u64);
        if let Some(Rails { low, high }) = self.known {
            self.inside = (low, high);
            let seen = |value: f64, limit: f64| Seen { start: first, end, value, limit };
            return [
                (piece.min <= low).then(|| seen(piece.min, low)),
                (piece.max >= high).then(|| seen(piece.max, high)),
            ];
        }
        let range = piece.max.max(self.high.extreme) - piece.min.min(-self.low.extreme);
        let band = (NEAR_RATIO * range).max(4.0 * step);
        let is_wide = range >= LEAST_STEPS * step;
        // At the lower end a pressure sensor may rest for good: nothing can be learned from that.
        let low = if self.is_emg && -piece.min >= self.low.extreme - band {
            let constant = piece.is_constant();
            let is_end = is_end_of_codes(piece.min.min(-self.low.extreme), step);
            self.low.push(first, values, -1.0, band, (is_wide, is_end), constant)
        } else {
            None
        };
        let high = if self.is_emg {
            if piece.max >= self.high.extreme - band {
                let constant = piece.is_constant();
                let end = piece.max.max(self.high.extreme);
                let is_end = !same(end, 0.0) && is_end_of_codes(end, step);
                self.high.push(first, values, 1.0, band, (is_wide, is_end), constant)
            } else {
                None
            }
        } else {
            self.low.extreme = self.low.extreme.max(-piece.min);
            self.high.push_level(first, values, piece, range, band, is_wide)
        };
        if self.is_emg {
            // The range stays as it is until a piece leaves it, and the band never grows within it: the step
            // only becomes smaller.
            self.inside = (-(self.low.extreme - band), self.high.extreme - band);
        }
        [low.map(|seen| Seen { value: -seen.value, limit: -seen.limit, ..seen }), high]
    }
}

impl Learned {
    /// Counts what is at the extreme and what is near it.
    fn count(&mut self, first: u64, values: &[f64], sign: f64, band: f64) -> u64 {
        let top =
            values.iter().fold(self.extreme, |top, &x| if sign * x > top { sign * x } else { top });
        if top > self.extreme {
            let was_near = self.extreme >= top - band;
            self.near_count = if was_near { self.near_count + self.at_count } else { 0 };
            self.at_count = 0;
            self.visit_count = 0;
            self.is_rail = false;
            self.extreme = top;
            self.first_at = first;
        }
        let (mut at, mut near) = (0, 0);
        for &x in values {
            at += u64::from(same(sign * x, self.extreme));
            near += u64::from(sign * x >= self.extreme - band);
        }
        self.at_count += at;
        self.near_count += near - at;
        at
    }

    /// EMG: noise, so that an extreme that is hit again and again, and more often than all that lies
    /// just inside it, is none of the body's.
    fn push(
        &mut self,
        first: u64,
        values: &[f64],
        sign: f64,
        band: f64,
        (is_wide, is_end): (bool, bool),
        is_constant: bool,
    ) -> Option<Seen> {
        // A flat line says nothing of a range.
        if is_constant && !self.is_rail {
            return None;
        }
        let at = self.count(first, values, sign, band);
        self.visit_count += u64::from(at > 0);
        let was_rail = self.is_rail;
        self.is_rail = is_wide
            && self.visit_count >= if is_end { 2 } else { 3 }
            && self.at_count >= if is_end { 2 } else { 8 }
            && (is_end || self.at_count >= self.near_count);
        self.seen(at, was_rail, first, values.len())
    }

    /// A level: a top that several contractions end at, flat to the last digit. What it shows most of the
    /// time is rest, not the top.
    fn push_level(
        &mut self,
        first: u64,
        values: &[f64],
        piece: &Piece,
        range: f64,
        band: f64,
        is_wide: bool,
    ) -> Option<Seen> {
        self.count = self.count.saturating_add(values.len() as u64);
        if piece.max < self.extreme - 0.2 * range {
            self.is_away = true;
        }
        if piece.max < self.extreme - band {
            return None;
        }
        let at = self.count(first, values, 1.0, band);
        if at > 0 && self.is_away {
            self.visit_count += 1;
            self.is_away = false;
        }
        let was_rail = self.is_rail;
        self.is_rail = is_wide
            && self.visit_count >= 2
            && self.at_count >= 3 * self.visit_count
            && self.at_count >= 2 * self.near_count
            && self.at_count <= self.count / 2;
        self.seen(at, was_rail, first, values.len())
    }

    fn seen(&self, at: u64, was_rail: bool, first: u64, len: usize) -> Option<Seen> {
        (self.is_rail && at > 0).then(|| Seen {
            start: if was_rail { first } else { self.first_at },
            end: first.saturating_add(len as u64),
            value: self.extreme,
            limit: self.extreme,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;

    fn seen(values: &[f64], step: f64, is_emg: bool) -> [u64; 2] {
        let mut watch = RailWatch::new(None, is_emg);
        let mut count = [0; 2];
        for (index, part) in values.chunks_exact(20).enumerate() {
            let piece = Piece::of(part).expect("finite");
            let found = watch.push(20 * index as u64, part, &piece, step);
            for (count, found) in count.iter_mut().zip(found) {
                *count += u64::from(found.is_some());
            }
        }
        count
    }

    #[test]
    fn clipped_noise_shows_its_rails_and_whole_noise_has_none() {
        let mut noise = Noise::new(1);
        let whole: Vec<f64> = (0..100_000).map(|_| (40.0 * noise.gaussian()).round()).collect();
        assert_eq!(seen(&whole, 1.0, true), [0, 0]);
        let above: Vec<f64> = whole.iter().map(|x| x.min(100.0)).collect();
        let [low, high] = seen(&above, 1.0, true);
        assert_eq!(low, 0);
        assert!(high > 100, "{high}");
    }

    #[test]
    fn few_codes_are_no_rails() {
        let mut noise = Noise::new(2);
        let coarse: Vec<f64> = (0..100_000).map(|_| (2.0 * noise.gaussian()).round()).collect();
        assert_eq!(seen(&coarse, 1.0, true), [0, 0]);
    }

    #[test]
    fn a_gauge_that_rests_at_its_floor_is_not_cut_off() {
        let squeeze = |t: f64| (60.0 * (t * 0.01).sin()).max(0.0) + 0.01 * t.sqrt();
        let values: Vec<f64> = (0..4000).map(|t| squeeze(f64::from(t)).floor().max(0.0)).collect();
        assert_eq!(seen(&values, 0.1, false), [0, 0]);
    }

    #[test]
    fn squeezes_that_all_end_at_one_flat_top_are_cut_off() {
        let values: Vec<f64> =
            (0..4000).map(|t| (60.0 * (f64::from(t) * 0.01).sin()).min(50.0)).collect();
        let [low, high] = seen(&values, 0.1, false);
        assert_eq!(low, 0);
        assert!(high > 20, "{high}");
    }
}
