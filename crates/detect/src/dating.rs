//! When it happened: dates that are looked up in the ring after the decision.

use crate::page::{Page, fall_gain, rise_gain};

/// Levels of the last dating steps, whatever holds them.
pub(crate) trait Levels {
    /// Level of a step; `NaN` if it is unknown.
    fn level(&self, step: u64) -> f64;
    /// Oldest known step.
    fn oldest(&self) -> u64;
    /// One past the newest known step.
    fn end(&self) -> u64;
}

/// How far a dating step may exceed a threshold and still count in full. Our choice: with more, one
/// strong step in front pulls an onset over weak ones; with less, a sharp onset is not sharp.
const STEP_CAP: f64 = 4.0;

/// The power at which a Gaussian signal is as likely at rest as in a contraction of the power
/// `level` (rest is 1): the sum of `power / this - 1` is greatest where the likelihood of a change
/// is.
///
/// It is `level ln(level) / (level - 1)`: 1.6 for a level of 3, 2.6 for 10, 4.7 for 100. Each sample
/// gives `ln N(x; 0, level) - ln N(x; 0, 1)`, that is `(x^2 (1 - 1 / level) - ln level) / 2`.
pub(crate) fn power_change_level(level: f64) -> f64 {
    if level > 1.0 + 1e-6 { level * libm::log(level) / (level - 1.0) } else { 1.0 }
}

/// The step in `from..until` at which a rise above `threshold` most likely began: the one from which
/// on the gain, summed up to `until`, is greatest.
pub(crate) fn refine_onset(
    levels: &impl Levels,
    from: u64,
    until: u64,
    threshold: f64,
    otherwise: u64,
) -> u64 {
    let (mut best, mut best_sum, mut sum) = (otherwise, 0.0, 0.0);
    let from = from.max(levels.oldest());
    for step in (from..until.min(levels.end())).rev() {
        let level = levels.level(step);
        if level.is_nan() {
            continue;
        }
        sum += rise_gain(level, threshold, STEP_CAP);
        if sum > best_sum {
            (best, best_sum) = (step, sum);
        }
    }
    best
}

/// Longest artefact before an onset that is cut off, and least quiet between the two, seconds: a QRS
/// complex with the ringing of the filters, and less than half the time to the next.
const ARTEFACT_S: f64 = 0.15;
const QUIET_S: f64 = 0.05;

/// The onset after an artefact: if what begins at `onset` is over within [`ARTEFACT_S`] and quiet
/// for [`QUIET_S`], the first step after the quiet, otherwise `onset`.
pub(crate) fn skip_artefact(
    levels: &impl Levels,
    onset: u64,
    until: u64,
    threshold: f64,
    step_s: f64,
) -> u64 {
    let steps = |seconds: f64| (seconds / step_s).round() as u64;
    let mut last = onset;
    for step in onset + 1..until.min(levels.end()) {
        if levels.level(step) >= threshold {
            if step - last > steps(QUIET_S) {
                return step;
            }
            last = step;
        }
        if last + 1 - onset > steps(ARTEFACT_S) {
            break;
        }
    }
    onset
}

/// The step in `from..until` at which a fall below `threshold` most likely began: the one up to
/// which the gain, summed from `from`, is greatest.
pub(crate) fn refine_offset(
    levels: &impl Levels,
    from: u64,
    until: u64,
    threshold: f64,
    otherwise: u64,
) -> u64 {
    let (mut best, mut best_sum, mut sum) = (otherwise, 0.0, 0.0);
    for step in from.max(levels.oldest())..until.min(levels.end()) {
        let level = levels.level(step);
        if level.is_nan() {
            continue;
        }
        sum -= fall_gain(level, threshold);
        if sum > best_sum {
            (best, best_sum) = (step + 1, sum);
        }
    }
    best
}

/// The end of the last stretch in `onset..` that lay below `threshold` for `release_s`, seen from
/// the newest step backwards; `None` if there is none. What lies before such a stretch belongs to no
/// contraction of this strength.
pub(crate) fn last_lull(
    levels: &impl Levels,
    onset: u64,
    threshold: f64,
    release_s: f64,
    step_s: f64,
) -> Option<u64> {
    let newest = levels.end().checked_sub(1)?;
    let mut lull = Page::new(newest);
    for step in (onset.max(levels.oldest())..=newest).rev() {
        let level = levels.level(step);
        if level.is_nan() {
            continue;
        }
        lull.add(fall_gain(level, threshold), step, step_s);
        if lull.sum_s > release_s {
            return Some(lull.since + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Levels for &[f64] {
        fn level(&self, step: u64) -> f64 {
            self.get(step as usize).copied().unwrap_or(f64::NAN)
        }
        fn oldest(&self) -> u64 {
            0
        }
        fn end(&self) -> u64 {
            self.len() as u64
        }
    }

    #[test]
    fn an_onset_is_the_first_step_of_the_rise_and_not_a_lone_step_before_it() {
        let levels: &[f64] = &[1.0, 1.0, 3.0, 0.1, 0.5, 0.4, 1.0, 9.0, 9.0, 1.0, 9.0];
        assert_eq!(refine_onset(&levels, 0, 11, 2.0, 0), 7);
    }

    #[test]
    fn an_offset_is_one_past_the_last_step_of_the_hold() {
        let levels: &[f64] = &[9.0, 9.0, 1.0, 9.0, 9.0, 1.0, 1.0, 1.0];
        assert_eq!(refine_offset(&levels, 0, 8, 2.0, 0), 5);
    }

    #[test]
    fn without_any_rise_the_date_stays() {
        let levels: &[f64] = &[1.0; 5];
        assert_eq!(refine_onset(&levels, 0, 5, 2.0, 3), 3);
        assert_eq!(refine_offset(&levels, 0, 5, 2.0, 2), 2);
    }

    #[test]
    fn a_lull_before_the_strong_part_is_found_and_a_short_one_bridged() {
        let levels: &[f64] = &[5.0, 5.0, 5.0, 5.0, 90.0, 90.0, 5.0, 90.0, 90.0];
        assert_eq!(last_lull(&levels, 0, 40.0, 0.02, 0.01), Some(4));
        assert_eq!(last_lull(&levels, 4, 40.0, 0.02, 0.01), None);
    }

    #[test]
    fn an_artefact_with_quiet_after_it_is_skipped_and_a_lapse_is_not() {
        let mut levels = [9.0; 60];
        levels[10..20].fill(1.0);
        let artefact: &[f64] = &levels;
        assert_eq!(skip_artefact(&artefact, 0, 60, 2.0, 0.006), 20);
        // Shorter than the quiet, or after more than an artefact.
        levels[10..16].fill(9.0);
        let lapse: &[f64] = &levels;
        assert_eq!(skip_artefact(&lapse, 0, 60, 2.0, 0.006), 0);
        let mut levels = [9.0; 60];
        levels[30..45].fill(1.0);
        let hold: &[f64] = &levels;
        assert_eq!(skip_artefact(&hold, 0, 60, 2.0, 0.006), 0);
    }
}
