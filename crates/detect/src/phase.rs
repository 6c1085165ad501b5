//! Where a channel is between rest and contraction.
//!
//! ```text
//!             learnt            evidence              evidence complete
//!  Learning ---------> Rest <-------------> Rising -------------------> Contracted
//!                       ^    evidence gone                               |    ^
//!                       |                                  let go        |    |
//!                       +---- at rest, or lingering ---- Falling <-------+    |
//!                                                          |                  |
//!                                                          +------------------+
//!                                                           stands out from the tail
//!
//!  any --- samples missing or unusable ---> Blind --- usable again ---> Rest or Learning
//! ```
//!
//! Evidence is a Page sum (see [`Page`]). Levels are those of
//! [`Statistic`](crate::config::Statistic): free of gain and unit.

use crate::config::DetectorConfig;
use crate::page::{Page, fall_gain, rise_gain};

/// How far one step may exceed a contraction's own level and still move it in full. A single
/// artefact of one or two steps then cannot raise the level at which a weak contraction ends, while
/// a flick of 0.15 s still reaches its own.
const MAX_JUMP: f64 = 30.0;

/// Where the channel is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    /// There is no resting level yet.
    Learning,
    /// At rest.
    Rest,
    /// Above rest, for too short to say.
    Rising(Page),
    /// In a contraction.
    Contracted(Hold),
    /// After a contraction, before rest.
    Falling(Tail),
    /// The signal cannot be used.
    Blind,
}

/// A contraction in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hold {
    /// First step, as far as is known.
    pub(crate) onset: u64,
    /// Smoothed level.
    pub(crate) level: f64,
    /// Highest smoothed level.
    pub(crate) peak_level: f64,
    /// Level it had to pass to be one.
    pub(crate) threshold: f64,
    /// Evidence that it is over.
    pub(crate) release: Page,
}

/// What follows a contraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tail {
    /// Step at which it was known that the contraction is over.
    pub(crate) from: u64,
    /// Smoothed level of the tail, in resting thresholds; at least 1.
    pub(crate) height: f64,
    /// Evidence for rest.
    pub(crate) calm: Page,
    /// Evidence for the next contraction.
    pub(crate) rise: Page,
}

/// What a step changed of a tail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TailChange {
    /// The next contraction began.
    Begun { since: u64, threshold: f64 },
    /// The signal is at rest again.
    Settled,
    /// It did not come down.
    Lingered,
}

impl Tail {
    /// Takes the level of a step; a contraction at rest must pass `threshold`.
    #[inline]
    pub(crate) fn step(
        &mut self,
        level: f64,
        threshold: f64,
        step: u64,
        next: u64,
        evidence_s: f64,
        limits: &Limits,
    ) -> Option<TailChange> {
        let above_tail = threshold.max(limits.onset_level * self.height);
        let gain = rise_gain(level, above_tail, limits.strong_ratio);
        self.rise.add(gain, step, limits.step_s);
        let followed = level.clamp(0.0, 2.0 * self.height);
        self.height += (followed - self.height) * limits.tail_gain;
        self.calm.add(fall_gain(level, limits.offset_level), step, limits.step_s);
        if self.rise.sum_s > evidence_s {
            let since = self.rise.since;
            return Some(TailChange::Begun { since, threshold: above_tail });
        }
        if self.calm.sum_s > limits.settle_s {
            return Some(TailChange::Settled);
        }
        (next.saturating_sub(self.from) > limits.linger_step_count).then_some(TailChange::Lingered)
    }
}

/// What a step changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// A contraction began at about this step.
    Begun { since: u64, threshold: f64 },
    /// The contraction ended at about this step.
    Ended { hold: Hold },
    /// The contraction lasts longer than one can be held.
    Outlasted { hold: Hold },
    /// The tail did not come down: this is rest now.
    Lingered,
}

/// Lengths and levels, with steps in place of seconds where they are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    pub(crate) step_s: f64,
    pub(crate) onset_level: f64,
    pub(crate) strong_ratio: f64,
    pub(crate) evidence_s: f64,
    pub(crate) offset_level: f64,
    pub(crate) relative_ratio: f64,
    pub(crate) release_s: f64,
    pub(crate) settle_s: f64,
    pub(crate) level_gain: f64,
    pub(crate) tail_gain: f64,
    pub(crate) longest_step_count: u64,
    pub(crate) linger_step_count: u64,
}

impl Limits {
    /// Steps are counted in units of the dating step, `date_step_s`, and taken every `step_s`.
    pub(crate) fn new(config: &DetectorConfig, date_step_s: f64, step_s: f64) -> Self {
        let count = |seconds: f64| (seconds / date_step_s).round() as u64;
        Self {
            step_s,
            onset_level: config.onset_level,
            strong_ratio: config.strong_ratio,
            // A strong contraction gathers `strong_ratio - 1` a second. Where samples are rarer than
            // the steps, what is above the level at n of them may have been there for n + 1 intervals.
            evidence_s: (config.strong_ratio - 1.0)
                * (config.shortest_s - (date_step_s - config.date_step_s).max(0.0))
                    .max(0.5 * config.shortest_s),
            offset_level: config.offset_level,
            relative_ratio: config.relative_ratio,
            release_s: config.release_s,
            settle_s: config.settle_s,
            level_gain: (step_s / config.level_time_s).min(1.0),
            tail_gain: (step_s / config.tail_time_s).min(1.0),
            longest_step_count: count(config.longest_s),
            linger_step_count: count(config.linger_s),
        }
    }

    /// Level below which a contraction that has reached `peak_level` is over.
    pub(crate) fn end_level(&self, peak_level: f64) -> f64 {
        self.offset_level.max(self.relative_ratio * peak_level)
    }

    /// Smoothed level after one more step.
    pub(crate) fn smooth(&self, smoothed: f64, level: f64) -> f64 {
        let bounded = level.min(MAX_JUMP * smoothed.max(self.onset_level));
        smoothed + (bounded - smoothed) * self.level_gain
    }
}

impl Phase {
    /// Takes the level of the step that begins at `step` and ends before `next`. What the filters in
    /// front still ring with has the level `shadow`.
    #[inline]
    pub(crate) fn step(
        &mut self,
        level: f64,
        step: u64,
        next: u64,
        shadow: f64,
        evidence_s: f64,
        limits: &Limits,
    ) -> Option<Change> {
        let threshold = limits.onset_level * shadow.max(1.0);
        match self {
            Self::Learning | Self::Blind => None,
            Self::Rest => {
                let mut rise = Page::new(step);
                rise.add(rise_gain(level, threshold, limits.strong_ratio), step, limits.step_s);
                self.judge_rise(rise, threshold, evidence_s)
            }
            Self::Rising(rise) => {
                let mut rise = *rise;
                rise.add(rise_gain(level, threshold, limits.strong_ratio), step, limits.step_s);
                self.judge_rise(rise, threshold, evidence_s)
            }
            Self::Contracted(hold) => {
                hold.level = limits.smooth(hold.level, level);
                hold.peak_level = hold.peak_level.max(hold.level);
                let gain = fall_gain(level, limits.end_level(hold.peak_level));
                hold.release.add(gain, step, limits.step_s);
                if hold.release.sum_s > limits.release_s {
                    let hold = *hold;
                    let end_level = limits.end_level(hold.peak_level);
                    *self = Self::Falling(Tail {
                        from: next,
                        height: (end_level / limits.offset_level).max(1.0),
                        calm: Page::new(next),
                        rise: Page::new(next),
                    });
                    return Some(Change::Ended { hold });
                }
                if next.saturating_sub(hold.onset) > limits.longest_step_count {
                    let hold = *hold;
                    *self = Self::Rest;
                    return Some(Change::Outlasted { hold });
                }
                None
            }
            Self::Falling(tail) => {
                let change = tail.step(level, threshold, step, next, evidence_s, limits);
                if matches!(change, Some(TailChange::Settled | TailChange::Lingered)) {
                    *self = Self::Rest;
                }
                match change? {
                    TailChange::Begun { since, threshold } => {
                        Some(Change::Begun { since, threshold })
                    }
                    TailChange::Settled => None,
                    TailChange::Lingered => Some(Change::Lingered),
                }
            }
        }
    }

    fn judge_rise(&mut self, rise: Page, threshold: f64, evidence_s: f64) -> Option<Change> {
        *self = if rise.sum_s > 0.0 { Self::Rising(rise) } else { Self::Rest };
        (rise.sum_s > evidence_s).then_some(Change::Begun { since: rise.since, threshold })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of 0.02 s, four dating steps each, with the numbers for EMG.
    fn limits() -> Limits {
        Limits::new(&DetectorConfig::emg(), 0.005, 0.02)
    }

    fn page(sum_s: f64) -> Page {
        Page { since: 100, sum_s }
    }

    fn hold(peak_level: f64, release_s: f64) -> Hold {
        Hold { onset: 100, level: peak_level, peak_level, threshold: 1.9, release: page(release_s) }
    }

    fn tail(height: f64, calm_s: f64, rise_s: f64) -> Tail {
        Tail { from: 100, height, calm: page(calm_s), rise: page(rise_s) }
    }

    fn name(phase: &Phase) -> &'static str {
        match phase {
            Phase::Learning => "learning",
            Phase::Rest => "rest",
            Phase::Rising(_) => "rising",
            Phase::Contracted(_) => "contracted",
            Phase::Falling(_) => "falling",
            Phase::Blind => "blind",
        }
    }

    fn word(change: Option<Change>) -> &'static str {
        match change {
            None => "-",
            Some(Change::Begun { .. }) => "begun",
            Some(Change::Ended { .. }) => "ended",
            Some(Change::Outlasted { .. }) => "outlasted",
            Some(Change::Lingered) => "lingered",
        }
    }

    #[test]
    fn every_transition_is_as_in_the_diagram() {
        let almost = limits().evidence_s - 0.001;
        let table = [
            // from, level, step, to, change
            (Phase::Learning, 9.0, 200, "learning", "-"),
            (Phase::Blind, 9.0, 200, "blind", "-"),
            (Phase::Rest, 1.0, 200, "rest", "-"),
            (Phase::Rest, 1.9, 200, "rest", "-"),
            (Phase::Rest, 2.0, 200, "rising", "-"),
            (Phase::Rest, 1e9, 200, "rising", "-"),
            (Phase::Rising(page(0.1)), 1.0, 200, "rising", "-"),
            (Phase::Rising(page(0.001)), 0.0, 200, "rest", "-"),
            (Phase::Rising(page(almost)), 1.0, 200, "rising", "-"),
            (Phase::Rising(page(almost)), 9.0, 200, "rising", "begun"),
            (Phase::Contracted(hold(9.0, 0.0)), 9.0, 200, "contracted", "-"),
            (Phase::Contracted(hold(9.0, 0.0)), 0.0, 200, "contracted", "-"),
            (Phase::Contracted(hold(9.0, 0.079)), 0.0, 200, "falling", "ended"),
            (Phase::Contracted(hold(9.0, 0.079)), 9.0, 200, "contracted", "-"),
            // A level that would hold a weak contraction ends a strong one.
            (Phase::Contracted(hold(900.0, 0.079)), 9.0, 200, "falling", "ended"),
            (Phase::Contracted(hold(9.0, 0.0)), 9.0, 24_100, "rest", "outlasted"),
            (Phase::Falling(tail(1.0, 0.0, 0.0)), 3.0, 200, "falling", "-"),
            (Phase::Falling(tail(1.0, 0.099, 0.0)), 0.0, 200, "rest", "-"),
            (Phase::Falling(tail(1.0, 0.0, almost)), 9.0, 200, "falling", "begun"),
            // What stands out from rest does not stand out from a high tail.
            (Phase::Falling(tail(9.0, 0.0, almost)), 9.0, 200, "falling", "-"),
            (Phase::Falling(tail(1.0, 0.0, 0.0)), 3.0, 4100, "rest", "lingered"),
        ];
        for (from, level, step, to, change) in table {
            let mut phase = from;
            let found = phase.step(level, step, step + 4, 0.0, limits().evidence_s, &limits());
            assert_eq!((name(&phase), word(found)), (to, change), "{from:?} at level {level}");
        }
    }

    #[test]
    fn a_single_artefact_moves_the_level_of_a_contraction_by_a_bounded_ratio() {
        let limits = limits();
        // 0.02 s of 0.3 s, 30 times as high: threefold.
        assert!(limits.smooth(3.0, 1e9) < 3.0 * 3.0);
        assert!((limits.smooth(3.0, 6.0) - 3.2).abs() < 1e-12, "below the bound it is smoothing");
    }
}
