//! What is gathered about a contraction while it lasts.

use levator_signal::SampleIndex;

use crate::page::Page;
use crate::rest::Scale;
use crate::steps::Steps;

/// Sums, peak and dip of the contraction in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Course {
    /// Scale it is judged by, to its end: that of the rest before it.
    pub(crate) scale: Scale,
    /// Whether rest was seen before it.
    pub(crate) has_rest_before: bool,
    /// Rest as an amplitude, when it began.
    pub(crate) rest_amplitude: f64,
    /// First look at where it began, before the edge was fitted.
    pub(crate) coarse: u64,
    /// Whether it was announced on little evidence.
    pub(crate) is_quick: bool,
    /// Evidence for it, as long as it is little.
    pub(crate) evidence: Page,
    /// Whether enough was heard for a last fit of the onset.
    pub(crate) is_dated: bool,
    /// Standard deviation of the onset in dating steps; `NaN` if there was no fit.
    pub(crate) onset_spread: f64,
    /// Sample after which it was certain.
    pub(crate) decided: SampleIndex,
    /// Peak level when the onset was dated last.
    pub(crate) dated_level: f64,
    /// Lowest level, from shortly before the onset.
    pub(crate) lowest_level: f64,
    /// Highest envelope, as a mean of steps.
    pub(crate) peak: f64,
    /// Step in the middle of that envelope's window.
    pub(crate) peak_at: u64,
    total: Total,
    /// The same before the evidence for its end began.
    total_at_release: Total,
    dates_per_step: u64,
    dates_per_envelope: u64,
}

/// Sum of usable steps, and how many they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Total {
    sum: f64,
    count: u64,
}

impl Total {
    fn add(&mut self, value: f64) {
        if !value.is_nan() {
            self.sum += value;
            self.count += 1;
        }
    }
}

impl Course {
    /// Nothing so far. Windows are in dating steps.
    pub(crate) fn new(scale: Scale, dates_per_step: u64, dates_per_envelope: u64) -> Self {
        Self {
            scale,
            has_rest_before: false,
            rest_amplitude: 0.0,
            coarse: 0,
            is_quick: false,
            evidence: Page::new(0),
            is_dated: false,
            onset_spread: f64::NAN,
            decided: SampleIndex::ZERO,
            dated_level: 0.0,
            lowest_level: f64::INFINITY,
            peak: f64::NEG_INFINITY,
            peak_at: 0,
            total: Total::default(),
            total_at_release: Total::default(),
            dates_per_step,
            dates_per_envelope,
        }
    }

    /// Begins the sums and the peak anew with the steps `onset..until` of the ring.
    pub(crate) fn gather(&mut self, steps: &Steps, onset: u64, until: u64) {
        let from = onset.max(steps.oldest());
        self.total = Total::default();
        for step in from..until {
            self.total.add(steps.get_plain(step));
        }
        self.total_at_release = self.total;
        self.peak = f64::NEG_INFINITY;
        let mut step = from;
        while step < until {
            step = (step + self.dates_per_step).min(until);
            self.take_peak(steps, from, step);
        }
    }

    /// Takes in the steps `from..until`. `is_whole` says that there is no evidence for an end before
    /// them.
    pub(crate) fn follow(
        &mut self,
        steps: &Steps,
        onset: u64,
        from: u64,
        until: u64,
        is_whole: bool,
    ) {
        if is_whole {
            self.total_at_release = self.total;
        }
        for step in from..until {
            self.total.add(steps.get_plain(step));
        }
        self.take_peak(steps, onset, until);
    }

    /// Mean of the steps from the onset to the offset, or to now if there is no offset yet.
    pub(crate) fn mean(&self, has_ended: bool) -> f64 {
        let total = if has_ended && self.total_at_release.count > 0 {
            self.total_at_release
        } else {
            self.total
        };
        total.sum / total.count.max(1) as f64
    }

    /// Takes the envelope that ends with `until` for the peak, if it is higher.
    fn take_peak(&mut self, steps: &Steps, onset: u64, until: u64) {
        let from = until.saturating_sub(self.dates_per_envelope).max(onset);
        let envelope = steps.mean_plain(from, until);
        if envelope > self.peak {
            self.peak = envelope;
            self.peak_at = from + (until - from) / 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Statistic;

    const SCALE: Scale = Scale { rest: 0.0, unit: 1.0, is_silent: false };

    fn ring(values: &[f64]) -> Steps {
        let mut steps = Steps::new(Statistic::Height, 32, 1);
        steps.start(1.0, 1.0, 32.0, SampleIndex::ZERO);
        for value in values {
            steps.take(&[*value], true, false);
        }
        steps
    }

    #[test]
    fn the_mean_stops_where_the_evidence_for_the_end_began() {
        let steps = ring(&[0.0, 4.0, 6.0, 8.0, 1.0, 1.0]);
        let mut course = Course::new(SCALE, 1, 2);
        course.gather(&steps, 1, 2);
        for (from, is_whole) in [(2, true), (3, true), (4, true), (5, false)] {
            course.follow(&steps, 1, from, from + 1, is_whole);
        }
        assert_eq!(course.mean(true).to_bits(), 6.0f64.to_bits());
        assert_eq!(course.mean(false).to_bits(), 4.0f64.to_bits());
        assert_eq!((course.peak, course.peak_at), (7.0, 3));
    }

    #[test]
    fn a_later_onset_leaves_nothing_of_what_came_before() {
        let steps = ring(&[9.0, 9.0, 2.0, 4.0]);
        let mut course = Course::new(SCALE, 1, 2);
        course.gather(&steps, 0, 4);
        course.gather(&steps, 2, 4);
        assert_eq!((course.mean(false), course.peak), (3.0, 3.0));
    }
}
