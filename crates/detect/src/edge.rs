//! When it happened: the foot of a rise or the end of a fall, by likelihood.
//!
//! The level of a contraction does not jump: its amplitude rises in 0 to 1 s. Where the level
//! *crosses* something depends on how strong the contraction is; where it *leaves rest* does not.
//! So a rise `low + (high - low) u^2`, with `u` growing from 0 to 1 in a straight line over the rise
//! time, is laid under the dating steps, for every foot and a row of rise times, and weighed by its
//! likelihood. The date is the mean over all of them, and its uncertainty their spread.
//!
//! ```text
//!  level                    _________ high
//!                          /
//!                         /
//!   low ________________./
//!                       foot   rise
//! ```
//!
//! A sum of squares of a Gaussian signal with `dof` degrees of freedom and the mean `m` has the log
//! likelihood `-dof/2 (level/m + ln m)`. A pressure has white noise about its mean, and its
//! amplitude, not its power, rises: there it is `-(level - m)^2 / 2`.

use crate::config::Statistic;

/// Rise times that are tried, seconds. Our choice: each twice the one before, up to the gradual rise
/// of a weak muscle; 0 is a step.
const RISES_S: [f64; 7] = [0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

/// Where the pieces of equal model end that a rise is cut into, in sixteenths of it. Of a power the foot
/// is finer: there the model grows as a square. A pressure is better known.
const POWER_PIECES: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];
const HEIGHT_PIECES: [usize; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// Feet are looked at where the likelihood of a plain step comes this near to its greatest, and as much
/// earlier as a rise is long; log likelihood.
const NEAR: f64 = 20.0;

/// Neighbouring steps of a real signal are not independent and its power wanders: the likelihood
/// counts for this ratio of what it would if it were Gaussian noise. Our choice.
const EMG_TRUST: f64 = 0.6;
const PRESSURE_TRUST: f64 = 0.8;

/// How much less likely any rise is than a step, and how much less a slow one than a quick one (a
/// second, up to 0.4 s), as log likelihood. A slow rise fits everything a quick one fits, at many more
/// feet; without this, weak sharp onsets are dated 40 ms early. Our choice.
const EMG_SURPRISE: (f64, f64) = (2.0, 11.0);
const PRESSURE_SURPRISE: (f64, f64) = (3.0, 6.0);

/// Where an edge lies in a row of levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    /// Steps from the beginning of the row to the foot.
    pub(crate) at: f64,
    /// Standard deviation of that, steps.
    pub(crate) spread: f64,
}

/// What is known about the two sides of an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sides {
    pub(crate) statistic: Statistic,
    /// Level before the rise.
    pub(crate) low: f64,
    /// Level after it, above `low`.
    pub(crate) high: f64,
    /// Power: degrees of freedom of one step. Height: one over the square of the noise of a step,
    /// in levels.
    pub(crate) weight: f64,
    pub(crate) step_s: f64,
}

impl Sides {
    fn model(&self, u: f64) -> f64 {
        match self.statistic {
            Statistic::Power => self.low + (self.high - self.low) * u * u,
            // A pressure rises and settles smoothly: a half cosine.
            Statistic::Height => {
                self.low
                    + (self.high - self.low) * 0.5 * (1.0 - libm::cos(core::f64::consts::PI * u))
            }
        }
    }

    /// How much likelier `level` is with the mean `model` than with `low`: `level * slope - cost`.
    fn gain(&self, model: f64) -> (f64, f64) {
        match self.statistic {
            Statistic::Power => {
                let half = 0.5 * EMG_TRUST * self.weight;
                (half * (1.0 / self.low - 1.0 / model), half * libm::log(model / self.low))
            }
            Statistic::Height => {
                let half = 0.5 * PRESSURE_TRUST * self.weight;
                (half * 2.0 * (model - self.low), half * (model * model - self.low * self.low))
            }
        }
    }
}

/// Memory of [`foot`], so that it takes none.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    /// Sum of all levels before each.
    sums: Vec<f64>,
    /// What is lost with a plain step at each foot, as log likelihood, beside one at the first.
    losses: Vec<f64>,
    cells: Vec<Cell>,
}

/// Feet that are tried as one.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Their middle and their number.
    at: f64,
    width: f64,
    /// Log likelihood of the middle.
    score: f64,
}

impl Scratch {
    /// For rows of up to `len` levels.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            sums: Vec::with_capacity(len + 1),
            losses: Vec::with_capacity(len + 1),
            cells: Vec::with_capacity(len * RISES_S.len()),
        }
    }
}

/// The foot of the rise in `levels`, which must come to `high` at their end and hold no `NaN`; it is
/// looked for in `0..=last`.
///
/// With the sums of the levels from the beginning, a rise in pieces costs one product for each of
/// them, however long it is.
pub(crate) fn foot(
    levels: &[f64],
    last: usize,
    sides: &Sides,
    scratch: &mut Scratch,
) -> Option<Edge> {
    let len = levels.len();
    let count = last.min(len.checked_sub(1)?) + 1;
    if sides.high.is_nan() || sides.high <= 1.02 * sides.low || scratch.sums.capacity() <= len {
        return None;
    }
    let Scratch { sums, losses, cells } = scratch;
    let plateau = sides.gain(sides.high);
    let (mut sum, mut loss) = (0.0, 0.0);
    sums.clear();
    sums.push(sum);
    sums.extend(levels.iter().map(|level| {
        sum += level;
        sum
    }));
    losses.clear();
    losses.push(loss);
    losses.extend(levels[..count - 1].iter().map(|level| {
        loss += level * plateau.0 - plateau.1;
        loss
    }));
    // A step at the foot `f` gains all that comes after it.
    let all = sum * plateau.0 - len as f64 * plateau.1;
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let first = losses.iter().position(|loss| *loss < least + NEAR)?;
    let end = count - losses.iter().rev().position(|loss| *loss < least + NEAR)?;
    cells.clear();
    let mut at = first as f64;
    cells.extend(losses[first..end].iter().map(|loss| {
        let cell = Cell { at, width: 1.0, score: all - loss };
        at += 1.0;
        cell
    }));
    let search = Search { sums, first, end, all, best: all - least, plateau, sides };
    let best = match sides.statistic {
        Statistic::Power => search.rises::<{ POWER_PIECES.len() + 1 }>(&POWER_PIECES, cells),
        Statistic::Height => search.rises::<{ HEIGHT_PIECES.len() + 1 }>(&HEIGHT_PIECES, cells),
    };
    mean(cells, best)
}

/// What all rises are tried with.
struct Search<'a> {
    sums: &'a [f64],
    /// The first foot that is near the best of a plain step, and one past the last.
    first: usize,
    end: usize,
    /// Log likelihood of a plateau from the first level on, and the best of a plain step.
    all: f64,
    best: f64,
    plateau: (f64, f64),
    sides: &'a Sides,
}

impl Search<'_> {
    /// Makes cells of all rises that have any weight; returns the best score.
    fn rises<const TAPS: usize>(&self, pieces: &[usize], cells: &mut Vec<Cell>) -> f64 {
        let Self { sums, first, end, all, mut best, plateau, sides } = *self;
        let mut best_before = best;
        for rise_s in &RISES_S[1..] {
            let rise = (rise_s / sides.step_s + 0.5) as usize;
            // A rise that the row does not see the end of is no better known than one it does.
            let end = end.min(sums.len().saturating_sub(rise));
            let begin = first.saturating_sub(rise);
            if rise == 0 || end <= begin {
                continue;
            }
            let ramp = Ramp::<TAPS>::new(rise, *rise_s, sides, plateau, pieces);
            // A slow rise is much the same a piece of it later.
            let stride = (rise / pieces.len()).max(1);
            let count = (end - begin).div_ceil(stride);
            let mut best_of_rise = f64::NEG_INFINITY;
            let (mut foot, width) = (begin + (stride - 1) / 2, stride as f64);
            let (mut at, middle) = (begin as f64, ((stride - 1) / 2) as f64);
            for _ in 0..count {
                let Some(sums) = sums.get(foot..=foot + rise) else { break };
                let score = all + ramp.score(sums, at + middle);
                best_of_rise = best_of_rise.max(score);
                cells.push(Cell { at: at + 0.5 * (width - 1.0), width, score });
                at += width;
                foot += stride;
            }
            best = best.max(best_of_rise);
            // The likelihood of a power has one hill over the rises, too.
            if sides.statistic == Statistic::Power && best_of_rise < best_before.min(best - NEAR) {
                break;
            }
            best_before = best_of_rise;
        }
        best
    }
}

/// A rise, as what each sum of levels counts in its likelihood.
struct Ramp<const TAPS: usize> {
    /// Steps after the foot, and factor; zeros at the end if there are fewer steps than pieces.
    taps: [(usize, f64); TAPS],
    constant: f64,
    per_step: f64,
}

impl<const TAPS: usize> Ramp<TAPS> {
    fn new(
        rise: usize,
        rise_s: f64,
        sides: &Sides,
        (slope, cost): (f64, f64),
        pieces: &[usize],
    ) -> Self {
        let (any, slow) = match sides.statistic {
            Statistic::Power => EMG_SURPRISE,
            Statistic::Height => PRESSURE_SURPRISE,
        };
        let mut taps = [(0, 0.0); TAPS];
        let mut constant = rise as f64 * cost - any - slow * rise_s.min(0.4);
        let per_step = 1.0 / rise as f64;
        let (mut from, mut last_slope) = (0, 0.0);
        for (end, tap) in pieces.iter().zip(&mut taps) {
            let until = (end * rise + 8) / 16;
            if from < until {
                let model = sides.model(0.5 * per_step * (from + until) as f64);
                let (slope, cost) = sides.gain(model);
                constant -= cost * (until - from) as f64;
                *tap = (from, last_slope - slope);
                last_slope = slope;
                from = until;
            }
        }
        taps[TAPS - 1] = (rise, last_slope - slope);
        Self { taps, constant, per_step: cost }
    }

    /// Log likelihood with this foot, from which `sums` begin, less that of a plateau from the first
    /// step on.
    fn score(&self, sums: &[f64], foot: f64) -> f64 {
        let start = self.constant + self.per_step * foot;
        self.taps.iter().fold(start, |sum, (after, factor)| sum + factor * sums[*after])
    }
}

/// Cells that are less likely than the best by this are left out; all of them together weigh less than
/// a hundredth.
const NOTHING: f64 = 12.0;

/// The mean of all feet by their weight, and their spread about it.
fn mean(cells: &[Cell], best: f64) -> Option<Edge> {
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for Cell { at, width, score } in cells {
        let below = score - best;
        if below > -NOTHING {
            let weight = width * libm::exp(below);
            total += weight;
            first += weight * at;
            second += weight * (at * at + (width * width - 1.0) * (1.0 / 12.0));
        }
    }
    if !(total > 0.0 && total.is_finite()) {
        return None;
    }
    let at = first / total;
    // A date within a step is not known: a twelfth of a step squared.
    let spread = ((second / total - at * at).max(0.0) + 1.0 / 12.0).sqrt();
    Some(Edge { at, spread })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDES: Sides =
        Sides { statistic: Statistic::Power, low: 1.0, high: 20.0, weight: 4.0, step_s: 0.005 };

    fn fit(levels: &[f64], sides: &Sides) -> Option<Edge> {
        foot(levels, levels.len() - 20, sides, &mut Scratch::new(levels.len()))
    }

    /// The course that the model takes exactly.
    fn course(sides: &Sides, rise: usize) -> Vec<f64> {
        (0..300)
            .map(|i: usize| match i.checked_sub(150) {
                None => sides.low,
                Some(k) if k < rise => sides.model((k as f64 + 0.5) / rise as f64),
                Some(_) => sides.high,
            })
            .collect()
    }

    #[test]
    fn the_foot_of_any_rise_is_found() {
        for rise in [0, 10, 20, 40, 80] {
            let edge = fit(&course(&SIDES, rise), &SIDES).expect("there is an edge");
            // A step or, where the foot is flat, a tenth of the rise.
            let tolerance = 1.0 + 0.1 * rise as f64;
            assert!((edge.at - 150.0).abs() <= tolerance, "{rise} steps: {edge:?}");
        }
        let height = Sides { statistic: Statistic::Height, low: 0.0, ..SIDES };
        for rise in [40, 80] {
            let edge = fit(&course(&height, rise), &height).expect("there is an edge");
            assert!((edge.at - 150.0).abs() <= 0.1 * rise as f64, "{rise} steps: {edge:?}");
        }
    }

    #[test]
    fn a_slow_rise_is_less_certain_than_a_step() {
        let spread = |rise| fit(&course(&SIDES, rise), &SIDES).expect("an edge").spread;
        assert!(spread(0) < spread(20) && spread(20) < spread(80));
    }

    #[test]
    fn without_contrast_or_room_there_is_no_edge() {
        assert_eq!(fit(&[1.0; 100], &Sides { high: 1.0, ..SIDES }), None);
        assert_eq!(fit(&[1.0; 100], &Sides { high: f64::NAN, ..SIDES }), None);
        assert_eq!(foot(&[], 0, &SIDES, &mut Scratch::new(0)), None);
        assert_eq!(foot(&[1.0; 9], 8, &SIDES, &mut Scratch::new(8)), None);
    }
}
