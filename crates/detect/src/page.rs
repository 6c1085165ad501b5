//! Evidence that grows and shrinks, and remembers since when it has been growing.

/// The cumulative sum of a gain, never below zero, and the step at which it last left zero.
///
/// With the gain positive on one side of a level and negative on the other, the sum passes a limit
/// when the signal has been on the one side for long enough *on the whole*: single steps on the
/// other side delay it and do not start it anew. The step at which it left zero is the best estimate
/// of when the change happened.
///
/// # Source
///
/// E. S. Page, Continuous inspection schemes, Biometrika 41 (1954) 100-115.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Page {
    /// First step of the present growth.
    pub(crate) since: u64,
    /// The sum, in seconds of full gain.
    pub(crate) sum_s: f64,
}

impl Page {
    pub(crate) const fn new(step: u64) -> Self {
        Self { since: step, sum_s: 0.0 }
    }

    /// Adds `gain` (at most 1 in size, if it is to read as seconds) over `step_s`.
    #[inline]
    pub(crate) fn add(&mut self, gain: f64, step: u64, step_s: f64) {
        if self.sum_s <= 0.0 {
            self.since = step;
        }
        self.sum_s = (self.sum_s + gain * step_s).max(0.0);
    }
}

/// Level, in thresholds, above which strength counts again: 26 dB of power. Cardiac and motion
/// artefacts in EMG lie below, the flick of a healthy muscle far above.
const VERY_STRONG_RATIO: f64 = 200.0;

/// What a decade beyond that adds to the gain. Our choice: a flick 47 dB above rest, at which the
/// shortest were recorded, then needs two thirds of the time.
const VERY_STRONG_GAIN: f64 = 0.3;

/// Gain of a rise: 0 at the threshold, -1 at zero and below, `strong_ratio - 1` from `strong_ratio`
/// thresholds on, and slowly more beyond [`VERY_STRONG_RATIO`].
#[inline]
pub(crate) fn rise_gain(level: f64, threshold: f64, strong_ratio: f64) -> f64 {
    ratio_gain(level / threshold, strong_ratio)
}

/// The same of the ratio of level and threshold.
#[inline]
pub(crate) fn ratio_gain(ratio: f64, strong_ratio: f64) -> f64 {
    let gain = ratio.clamp(0.0, strong_ratio) - 1.0;
    if ratio > VERY_STRONG_RATIO {
        gain + VERY_STRONG_GAIN * libm::log10(ratio / VERY_STRONG_RATIO).min(3.0)
    } else {
        gain
    }
}

/// Gain of a fall: 0 at the threshold, 1 at zero and below, -1 at least.
pub(crate) fn fall_gain(level: f64, threshold: f64) -> f64 {
    1.0 - (level / threshold).clamp(0.0, 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_remembers_where_it_left_zero() {
        let mut page = Page::new(0);
        for (step, gain) in [-1.0, -1.0, 1.0, 1.0, -0.5, 1.0].into_iter().enumerate() {
            page.add(gain, step as u64, 0.1);
        }
        assert_eq!(page.since, 2);
        // 1e-12: round-off over six additions.
        assert!((page.sum_s - 0.25).abs() < 1e-12);
    }

    #[test]
    fn gains_are_bounded_on_both_sides() {
        // Powers of two, so that the bounds are exact.
        for (level, rise, fall) in
            [(-9.0, -1.0, 1.0), (0.0, -1.0, 1.0), (2.0, 0.0, 0.0), (400.0, 0.5, -1.0)]
        {
            let (rise, fall): (f64, f64) = (rise, fall);
            assert_eq!(rise_gain(level, 2.0, 1.5).to_bits(), rise.to_bits(), "{level}");
            assert_eq!(fall_gain(level, 2.0).to_bits(), fall.to_bits(), "{level}");
        }
    }
}
