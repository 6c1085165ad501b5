//! From the clock of the computer that sent a stream to that of the one that recorded it.
//!
//! ```text
//!   offset  .  .   .                          a line through each stretch between two resets;
//!            . .  .  .                        what lies far off the line weighs little
//!                        reset   .  . .  .
//!   time    ------------>|------------------
//! ```
//!
//! # Source
//!
//! The rules are those of pyxdf 1.17 (`load_xdf`, default parameters), so that both programs put a sample
//! at the same time. The fit is Huber's M-estimate (Huber 1964, Ann Math Stat 35:73), here by iteratively
//! reweighted least squares.

/// A clock was set anew where the time between two measurements is off the median one by more than this
/// many median absolute deviations and seconds, and the offset as well.
const RESET_DEVIATIONS: (f64, f64) = (5.0, 10.0);
const RESET_SECONDS: (f64, f64) = (5.0, 1.0);

/// Distance from the line, in seconds, from which on a measurement weighs less.
const HUBER_S: f64 = 1e-4;

/// Rounds of the fit. It ends earlier when nothing moves any more.
const MOST_ROUNDS: usize = 500;

/// The last offset is no measurement if its interval is so many times the median one, or its value so
/// many standard deviations off.
const STRAY: f64 = 10.0;

/// What is added to the time stamps between two resets.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    /// Time of the first and of the last measurement.
    from_s: f64,
    to_s: f64,
    constant_s: f64,
    slope: f64,
}

/// Corrects the time stamps of a stream, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Correction {
    stretches: Vec<Stretch>,
    /// The one under way.
    at: usize,
}

impl Correction {
    pub(crate) fn of(offsets: &[(f64, f64)]) -> Self {
        let stretches = resets(offsets).map(|range| {
            let part = &offsets[range];
            let (constant_s, slope) = fit(part);
            Stretch { from_s: part[0].0, to_s: part[part.len() - 1].0, constant_s, slope }
        });
        Self { stretches: stretches.collect(), at: 0 }
    }

    /// Stretches between resets, those without samples among them.
    pub(crate) fn stretch_count(&self) -> usize {
        self.stretches.len()
    }

    /// The corrected time of the next time stamp.
    pub(crate) fn step(&mut self, raw_s: f64) -> f64 {
        let Some(mut stretch) = self.stretches.get(self.at) else { return raw_s };
        // The first stamp that lies no closer to the end of this stretch than to the next one begins that.
        while let Some(next) = self.stretches.get(self.at + 1)
            && (raw_s - stretch.to_s).abs() >= (raw_s - next.from_s).abs()
        {
            self.at += 1;
            stretch = next;
        }
        raw_s + (stretch.constant_s + stretch.slope * raw_s)
    }
}

/// Whether the last offset, which came with samples that the end of the stream does not count, is no
/// measurement.
pub(crate) fn is_last_stray(offsets: &[(f64, f64)]) -> bool {
    let [before @ .., (last_s, last)] = offsets else { return false };
    if before.len() < 2 {
        return false;
    }
    let intervals: Vec<f64> = before.windows(2).map(|two| two[1].0 - two[0].0).collect();
    let usual = median(intervals);
    let interval = (last_s - before[before.len() - 1].0).abs();
    let is_late = if usual > 0.0 { interval / usual > STRAY } else { interval > 0.0 };
    let values: Vec<f64> = before.iter().map(|(_, value)| *value).collect();
    let middle = median(values.clone());
    let spread = median(values.iter().map(|value| (value - middle).abs()).collect());
    // 1.4826: from the median absolute deviation to the standard deviation of a normal distribution.
    is_late || (spread > f64::EPSILON && (last - middle).abs() / (1.4826 * spread) > STRAY)
}

/// Ranges of measurements between resets.
fn resets(offsets: &[(f64, f64)]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let steps: Vec<(f64, f64)> =
        offsets.windows(2).map(|two| (two[1].0 - two[0].0, two[1].1 - two[0].1)).collect();
    let is_late = glitches(steps.iter().map(|step| step.0), RESET_DEVIATIONS.0, RESET_SECONDS.0);
    let is_off = glitches(steps.iter().map(|step| step.1), RESET_DEVIATIONS.1, RESET_SECONDS.1);
    let starts = steps.iter().enumerate().filter_map(move |(at, step)| {
        (step.0 < 0.0 || is_late[at] && is_off[at]).then_some(at + 1)
    });
    let mut edges = vec![0];
    edges.extend(starts);
    edges.push(offsets.len());
    let ranges: Vec<_> = edges.windows(2).map(|two| two[0]..two[1]).collect();
    ranges.into_iter().filter(|range| !range.is_empty())
}

fn glitches(steps: impl Iterator<Item = f64>, deviations: f64, seconds: f64) -> Vec<bool> {
    let steps: Vec<f64> = steps.collect();
    let middle = median(steps.clone());
    let off: Vec<f64> = steps.iter().map(|step| (step - middle).abs()).collect();
    let spread = median(off.clone()) + f64::EPSILON;
    off.iter().map(|off| off / spread > deviations && *off > seconds).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| value.is_finite());
    if values.is_empty() {
        return 0.0;
    }
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() % 2 {
        1 => values[half],
        _ => 0.5 * (values[half - 1] + values[half]),
    }
}

/// Constant and slope of the offsets by time; a constant alone where there is no slope to be had.
fn fit(offsets: &[(f64, f64)]) -> (f64, f64) {
    let count = offsets.len() as f64;
    let mut weights = vec![1.0; offsets.len()];
    let mut line = (0.0, 0.0);
    for _ in 0..MOST_ROUNDS {
        let total: f64 = weights.iter().sum();
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
            offsets.iter().zip(&weights).map(|(one, weight)| weight * of(one)).sum::<f64>() / total
        };
        let (time, value) = (mean(&|one| one.0), mean(&|one| one.1));
        let spread = mean(&|one| (one.0 - time) * (one.0 - time));
        let both = mean(&|one| (one.0 - time) * (one.1 - value));
        let slope = if count > 1.0 && spread > 0.0 { both / spread } else { 0.0 };
        let next = (value - slope * time, slope);
        if !(next.0.is_finite() && next.1.is_finite()) {
            return (0.0, 0.0);
        }
        let moved = offsets
            .iter()
            .map(|one| ((next.0 - line.0) + (next.1 - line.1) * one.0).abs())
            .fold(0.0, f64::max);
        line = next;
        // Far below a nanosecond: nothing that any clock tells.
        if moved < 1e-12 {
            break;
        }
        for (one, weight) in offsets.iter().zip(&mut weights) {
            let off = (one.1 - line.0 - line.1 * one.0).abs();
            *weight = if off > HUBER_S { HUBER_S / off } else { 1.0 };
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_5_s(count: usize, offset: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..count).map(|at| at as f64 * 5.0).map(|time| (time, offset(time))).collect()
    }

    #[test]
    fn one_bad_measurement_hardly_moves_the_line() {
        let mut offsets = every_5_s(100, |time| 2.0 - 3e-6 * time);
        offsets[40].1 += 0.5;
        let (constant, slope) = fit(&offsets);
        // A plain line would be off by 5 ms.
        assert!((constant - 2.0).abs() < 1e-5, "{constant}");
        assert!((slope + 3e-6).abs() < 1e-7, "{slope}");
    }

    #[test]
    fn a_reset_begins_a_new_line() {
        let mut offsets = every_5_s(50, |_| -900.0);
        offsets.iter_mut().for_each(|(time, _)| *time += 1000.0);
        offsets.extend(every_5_s(50, |_| 400.0));
        let mut correction = Correction::of(&offsets);
        assert_eq!(correction.stretch_count(), 2);
        for (raw, corrected) in [(1000.0, 100.0), (1245.0, 345.0), (1.0, 401.0), (245.0, 645.0)] {
            assert!((correction.step(raw) - corrected).abs() < 1e-9, "{raw}");
        }
    }

    #[test]
    fn odd_offsets_give_times_all_the_same() {
        for offsets in [
            vec![],
            vec![(1.0, 2.0)],
            vec![(1.0, 2.0), (1.0, 4.0)],
            vec![(f64::NAN, 1.0), (2.0, f64::INFINITY), (3.0, 1.0)],
        ] {
            let mut correction = Correction::of(&offsets);
            assert!(correction.step(10.0).is_finite(), "{offsets:?}");
        }
        assert!((Correction::of(&[(1.0, 2.0)]).step(10.0) - 12.0).abs() < 1e-12);
    }

    #[test]
    fn a_last_offset_far_from_all_others_is_stray() {
        let mut offsets = every_5_s(20, |time| 1.0 + 1e-5 * (time * 0.7).sin());
        assert!(!is_last_stray(&offsets));
        offsets.push((100.0, -3e5));
        assert!(is_last_stray(&offsets));
        offsets[20] = (-1e9, 1.0);
        assert!(is_last_stray(&offsets));
        assert!(!is_last_stray(&offsets[..2]));
    }
}
