//! When a contraction began and ended, looked up in the ring after it was decided.

use super::Detector;
use crate::config::Statistic;
use crate::dating::{last_lull, power_change_level, refine_offset, refine_onset, skip_artefact};
use crate::edge::{self, Sides};
use crate::phase::{Hold, Phase};
use crate::rest::Scale;
use crate::steps::{JUDGED, Pair};
use crate::transition::{Uncertainty, UnknownEdge};

/// A contraction whose peak level has grown by this ratio since it was dated is dated anew.
const REDATE_RATIO: f64 = 1.25;

/// Signal before the first look at an onset in which its foot is looked for, and signal after it in
/// which the contraction is taken to reach its first level, seconds. Our choice: the rise of a quick
/// contraction takes 0.1 to 0.5 s, that of a slow one a second.
const BEFORE_S: f64 = 1.2;
pub(super) const AFTER_S: f64 = 1.2;

/// The foot may lie this much later than the first look, seconds.
const LATER_S: f64 = 0.1;

/// The end may lie this much earlier than the first look, seconds: what rings after a flick is looked at
/// first.
const OFFSET_LATER_S: f64 = 0.3;

/// Longest row of levels that an edge is fitted to, seconds.
pub(super) const ROW_S: f64 = BEFORE_S + AFTER_S + 0.2;

/// Half an interval is this many standard deviations of the fit, and so many seconds more for what
/// the fit does not know: artefacts, and courses that are no straight rise. Our choice, so that 90 to
/// 95 % of the simulated edges lie within; the end of a squeeze is the least known of them.
const INTERVAL_SPREADS: f64 = 4.0;
const EMG_BLUR_S: f64 = 0.01;
const PRESSURE_ONSET_BLUR_S: f64 = 0.03;
const PRESSURE_OFFSET_BLUR_S: f64 = 0.21;

/// Half an interval longer than this says no more than that there was a contraction, seconds. Our
/// choice: as long as a quick contraction.
const GRADUAL_S: f64 = 0.5;

impl Detector {
    /// First look at an onset that was seen at about the step `since`.
    pub(super) fn coarse_onset(
        &self,
        since: u64,
        next: u64,
        threshold: f64,
        peak_level: f64,
        scale: Scale,
    ) -> u64 {
        let ring = self.ring(scale, next);
        let from = since.saturating_sub(self.dates_per_step).max(self.last_end);
        let change_level = match self.config.statistic {
            Statistic::Power => threshold.max(power_change_level(peak_level)),
            Statistic::Height => threshold,
        };
        let onset = refine_onset(&ring, from, next, change_level, since);
        match self.config.statistic {
            Statistic::Power => skip_artefact(&ring, onset, next, change_level, self.date_step_s),
            Statistic::Height => onset,
        }
    }

    /// The foot of the rise that was first seen at the step `coarse`, and its spread in steps.
    pub(super) fn fit_onset(&mut self, coarse: u64, next: u64, scale: Scale) -> Option<(u64, f64)> {
        let step_s = self.date_step_s;
        let steps = |seconds: f64| (seconds / step_s).round() as u64;
        let from =
            coarse.saturating_sub(steps(BEFORE_S)).max(self.last_end).max(self.steps.oldest());
        let until = next.min(coarse + steps(AFTER_S));
        let (before, after) = (coarse.checked_sub(from)?, until.checked_sub(coarse)?);
        if after == 0 {
            return None;
        }
        self.fill_row(from, until, false, scale);
        let later = steps(LATER_S).min(after - 1);
        let edge = self.fit_row(before as usize, (before + later) as usize, 0.0)?;
        let at = (edge.at.round().max(0.0)) as u64;
        Some((from + at, edge.spread))
    }

    /// Puts the levels of `from..until` in a row, backwards if asked for, so that it leads from rest to
    /// contraction.
    fn fill_row(&mut self, from: u64, until: u64, backwards: bool, scale: Scale) {
        let until = until.min(from.saturating_add(self.row.capacity() as u64));
        let (older, newer) = self.steps.range(from, until);
        let statistic = self.config.statistic;
        let level = |step: &Pair| scale.level(statistic, step[JUDGED]);
        self.row.clear();
        if backwards {
            self.row.extend(newer.iter().rev().map(level));
            self.row.extend(older.iter().rev().map(level));
        } else {
            self.row.extend(older.iter().map(level));
            self.row.extend(newer.iter().map(level));
        }
        if !self.row.iter().sum::<f64>().is_nan() {
            return;
        }
        // An unknown level is as the one before it, or as the first known one.
        let mut last = self.row.iter().copied().find(|level| !level.is_nan()).unwrap_or(f64::NAN);
        for level in &mut self.row {
            if level.is_nan() {
                *level = last;
            }
            last = *level;
        }
    }

    /// Fits an edge to the row, whose first `before` levels are those before the first look.
    fn fit_row(&mut self, before: usize, last: usize, ringing: f64) -> Option<edge::Edge> {
        let statistic = self.config.statistic;
        let (front, back) = self.row.split_at_checked(before)?;
        // The level that is reached: the highest mean over the window of the envelope.
        let window = (self.dates_per_envelope as usize).min(back.len());
        let mut sum: f64 = back[..window].iter().sum();
        let (mut high, mut end) = (sum, before + window);
        for (i, (last, first)) in back[window..].iter().zip(back).enumerate() {
            sum += last - first;
            if sum > high {
                (high, end) = (sum, before + window + i + 1);
            }
        }
        let high = 0.95 * high / window as f64;
        // Rest nearby, where there is enough of it.
        let quiet = before.saturating_sub((0.2 / self.date_step_s) as usize);
        let (low, weight) = match statistic {
            Statistic::Power => {
                let rest = front[..quiet].iter().map(|level| level.min(2.5)).sum::<f64>();
                let low = if quiet >= 20 { rest / quiet as f64 } else { 1.08 };
                let low = low.clamp(0.8, 1.6) + ringing * high + foreword(high);
                let dof = self.rest.degrees_of_freedom() / self.dates_per_step as f64;
                (low, dof)
            }
            Statistic::Height => {
                let low = if quiet >= 5 {
                    front[..quiet].iter().sum::<f64>() / quiet as f64
                } else {
                    0.0
                };
                let noise = PRESSURE_NOISE.max(PRESSURE_MISFIT_RATIO * high);
                (low.min(0.3 * high), self.date_step_s / PRESSURE_MEMORY_S / (noise * noise))
            }
        };
        if high.is_nan() || high <= 1.3 * low {
            return None;
        }
        self.row.truncate(end);
        // An artefact before the rise must not pass for its beginning, nor one spike for all of it.
        let cap_before = match statistic {
            Statistic::Power => 2.0f64.max(power_change_level(high)),
            Statistic::Height => f64::INFINITY,
        };
        let (front, back) = self.row.split_at_mut(before);
        front.iter_mut().for_each(|level| *level = level.min(cap_before));
        back.iter_mut().for_each(|level| *level = level.min(4.0 * high));
        let sides = Sides { statistic, low, high, weight, step_s: self.date_step_s };
        edge::foot(&self.row, last, &sides, &mut self.fit)
    }

    /// Sets the onset later if the contraction has grown so strong that what came first was not yet
    /// a part of it, and dates it for good when enough has been heard.
    pub(super) fn redate(&mut self, hold: Hold, next: u64) {
        let end_level = self.limits.relative_ratio * hold.peak_level;
        if end_level > self.limits.offset_level
            && hold.peak_level >= REDATE_RATIO * self.course.dated_level
        {
            self.course.dated_level = hold.peak_level;
            let ring = self.ring(self.course.scale, next);
            let coarse = self.course.coarse;
            let lull = last_lull(&ring, coarse, end_level, self.limits.release_s, self.date_step_s);
            if let Some(onset) = lull.filter(|onset| *onset > coarse) {
                self.course.coarse = onset;
                self.course.is_dated = false;
                self.date_anew(hold, next);
                return;
            }
        }
        if !self.course.is_dated && next >= self.course.coarse + self.dates_after {
            self.course.is_dated = true;
            self.date_anew(hold, next);
        }
    }

    /// The onset of a contraction that has ended, dated with all of it.
    pub(super) fn date_for_good(&mut self, hold: Hold, next: u64) -> Hold {
        if self.course.is_dated {
            return hold;
        }
        self.date_anew(hold, next.min(hold.release.since + self.dates_per_step))
    }

    fn date_anew(&mut self, hold: Hold, next: u64) -> Hold {
        let coarse = self.course.coarse;
        let fitted = self.fit_onset(coarse, next.max(coarse + 1), self.course.scale);
        let onset = fitted.map_or(coarse, |(onset, _)| onset);
        self.course.onset_spread = fitted.map_or(f64::NAN, |(_, spread)| spread);
        let moved = Hold { onset, ..hold };
        if onset != hold.onset {
            self.course.decided = self.now();
            self.course.gather(&self.steps, onset, next);
        }
        if let Phase::Contracted(hold) = &mut self.phase {
            hold.onset = onset;
        }
        moved
    }

    /// The step at which a contraction was over, and its spread in steps.
    pub(super) fn date_offset(&mut self, hold: Hold, next: u64) -> (u64, f64) {
        let k = self.dates_per_step;
        let at = hold.release.since;
        let scale = self.course.scale;
        let end_level = self.limits.end_level(hold.peak_level);
        let from = at.saturating_sub(k).max(hold.onset);
        let coarse = refine_offset(&self.ring(scale, next), from, at + 2 * k, end_level, at);
        let step_s = self.date_step_s;
        let steps = |seconds: f64| (seconds / step_s).round() as u64;
        let first = coarse.saturating_sub(steps(AFTER_S)).max(hold.onset);
        let (before, after) = (next.saturating_sub(coarse), coarse.saturating_sub(first));
        if after == 0 {
            return (coarse, f64::NAN);
        }
        self.fill_row(first, next, true, scale);
        let later = steps(OFFSET_LATER_S).min(after - 1);
        match self.fit_row(before as usize, (before + later) as usize, RINGING_RATIO) {
            Some(edge) => {
                let back = edge.at.round().max(0.0) as u64;
                (next.saturating_sub(back).max(hold.onset + 1), edge.spread)
            }
            None => (coarse, f64::NAN),
        }
    }

    /// The uncertainty of an onset with this spread in dating steps.
    pub(super) fn onset_uncertainty(&self, spread: f64) -> Uncertainty {
        self.uncertainty(
            spread,
            match self.config.statistic {
                Statistic::Power => EMG_BLUR_S,
                Statistic::Height => PRESSURE_ONSET_BLUR_S,
            },
        )
    }

    /// The same of an offset.
    pub(super) fn offset_uncertainty(&self, spread: f64) -> Uncertainty {
        self.uncertainty(
            spread,
            match self.config.statistic {
                Statistic::Power => EMG_BLUR_S,
                Statistic::Height => PRESSURE_OFFSET_BLUR_S,
            },
        )
    }

    fn uncertainty(&self, spread: f64, blur_s: f64) -> Uncertainty {
        if spread.is_nan() {
            return Uncertainty::Unknown(UnknownEdge::OutOfSight);
        }
        let seconds = INTERVAL_SPREADS * spread * self.date_step_s + blur_s;
        if seconds > GRADUAL_S {
            return Uncertainty::Unknown(UnknownEdge::Gradual);
        }
        Uncertainty::Within { seconds }
    }
}

/// What the notch in front rings with after a contraction, as a ratio of its level: it holds 2 % of
/// the band, and half of what is in it comes out within the first 0.1 s.
const RINGING_RATIO: f64 = 0.01;

/// Activity before a strong contraction, as a level, that is not yet its beginning.
///
/// A muscle that reaches 40 dB has stirred for 0.1 s before, at a level that would be a contraction
/// of its own beside a weak one; what an eye calls the onset lies where the amplitude leaves a
/// seventh. Our choice, from the flicks: 2 % of the level from 25 dB on, next to nothing at 12 dB.
fn foreword(high: f64) -> f64 {
    0.02 * high / (1.0 + 300.0 / high)
}

/// Noise of a pressure about its course, in spreads of the rest, and as a ratio of the height: no
/// squeeze is a half cosine.
const PRESSURE_NOISE: f64 = 0.8;
const PRESSURE_MISFIT_RATIO: f64 = 0.04;

/// Time over which the noise of a low-passed pressure is the same, seconds: 1 / (2 * 4 Hz).
const PRESSURE_MEMORY_S: f64 = 0.125;
