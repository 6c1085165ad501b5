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

/// Longest rise in dating steps: 1.6 s at 200 Hz and up are 400 steps of 4 ms.
const MAX_RISE: usize = 512;

/// Neighbouring steps of a real signal are not independent and its power wanders: the likelihood
/// counts for this ratio of what it would if it were Gaussian noise. Our choice.
const TRUST: f64 = 0.8;

/// How much less likely any rise is than a step, and how much less a slow one than a quick one (up to
/// 0.4 s), as log likelihood and log likelihood per second. A slow rise fits everything a quick one
/// fits, at many more feet; without this, weak sharp onsets are dated 40 ms early. Our choice.
const SURPRISE: f64 = 3.0;
const SLOW_SURPRISE: f64 = 6.0;

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
        let half = 0.5 * TRUST * self.weight;
        match self.statistic {
            Statistic::Power => {
                (half * (1.0 / self.low - 1.0 / model), half * libm::log(model / self.low))
            }
            Statistic::Height => {
                (half * 2.0 * (model - self.low), half * (model * model - self.low * self.low))
            }
        }
    }
}

/// The foot of the rise in `levels`, which must come to `high` at their end and hold no `NaN`; it is
/// looked for in `0..=last`. `scores` is scratch, as long as
/// [`scratch_len`] says.
pub(crate) fn foot(levels: &[f64], last: usize, sides: &Sides, scores: &mut [f64]) -> Option<Edge> {
    let count = last.min(levels.len().checked_sub(1)?) + 1;
    if sides.high.is_nan() || sides.high <= 1.02 * sides.low || scores.len() < count * RISES_S.len()
    {
        return None;
    }
    let (plateau_slope, plateau_cost) = sides.gain(sides.high);
    let mut slopes = [0.0; MAX_RISE];
    let mut costs = [0.0; MAX_RISE];
    let mut best = f64::NEG_INFINITY;
    for (rise_s, scores) in RISES_S.iter().zip(scores.chunks_exact_mut(count)) {
        let rise = ((rise_s / sides.step_s).round() as usize).min(MAX_RISE);
        for (k, (slope, cost)) in slopes.iter_mut().zip(&mut costs).take(rise).enumerate() {
            (*slope, *cost) = sides.gain(sides.model((k as f64 + 0.5) / rise as f64));
        }
        let surprise = if rise == 0 { 0.0 } else { SURPRISE + SLOW_SURPRISE * rise_s.min(0.4) };
        let ramp_cost: f64 = costs[..rise].iter().sum();
        // The plateau from `top` on, kept up as the foot moves backwards.
        let mut plateau = 0.0;
        let mut top = levels.len();
        // A slow rise is much the same a sixteenth of it later.
        let stride = (rise / 16).max(1);
        let mut until = count;
        while until > 0 {
            let from = until.saturating_sub(stride);
            let foot = (from + until - 1) / 2;
            let end_of_rise = (foot + rise).min(levels.len());
            while top > end_of_rise {
                top -= 1;
                plateau += levels[top] * plateau_slope - plateau_cost;
            }
            // A rise that the row does not see the end of is no better known than one it does.
            let is_whole = foot + rise <= levels.len();
            let score = if is_whole {
                plateau + dot(&levels[foot..end_of_rise], &slopes[..rise]) - ramp_cost - surprise
            } else {
                f64::NEG_INFINITY
            };
            scores[from..until].fill(score);
            best = best.max(score);
            until = from;
        }
    }
    if !best.is_finite() {
        return None;
    }
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for scores in scores.chunks_exact(count).take(RISES_S.len()) {
        for (foot, score) in scores.iter().enumerate() {
            let below = score - best;
            if below > -30.0 {
                let weight = libm::exp(below);
                total += weight;
                first += weight * foot as f64;
                second += weight * (foot * foot) as f64;
            }
        }
    }
    let at = first / total;
    // A date within a step is not known: a twelfth of a step squared.
    let spread = ((second / total - at * at).max(0.0) + 1.0 / 12.0).sqrt();
    Some(Edge { at, spread })
}

/// Sum of products, in eight sums side by side: one sum would wait for itself.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_groups, a_rest) = a.as_chunks::<8>();
    let (b_groups, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_groups.iter().zip(b_groups) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let pairs = [sums[0] + sums[4], sums[1] + sums[5], sums[2] + sums[6], sums[3] + sums[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3]) + rest
}

/// Scratch that [`foot`] needs for rows of up to `len` levels.
pub(crate) const fn scratch_len(len: usize) -> usize {
    len * RISES_S.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDES: Sides =
        Sides { statistic: Statistic::Power, low: 1.0, high: 20.0, weight: 4.0, step_s: 0.005 };

    fn fit(levels: &[f64], sides: &Sides) -> Option<Edge> {
        let mut scores = vec![0.0; scratch_len(levels.len())];
        foot(levels, levels.len() - 20, sides, &mut scores)
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
        assert_eq!(foot(&[], 0, &SIDES, &mut []), None);
        assert_eq!(foot(&[1.0; 9], 8, &SIDES, &mut [0.0; 9]), None);
    }
}
