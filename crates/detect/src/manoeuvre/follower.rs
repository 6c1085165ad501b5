//! The levels of one channel over the last minutes, to be asked about an event that is over.

use levator_signal::{SampleIndex, SampleRate, Span};

use super::{Change, Role};
use crate::config::Statistic;
use crate::steps::Steps;

/// Length of a step, seconds. Our choice: the window of the EMG envelope.
const STEP_S: f64 = 0.1;

/// Steps that are remembered: a hold of a minute with what lies before and behind it.
const MEMORY_STEPS: usize = 1024;

/// Samples of the longest step: 20 kHz.
const MOST_SAMPLES: usize = 2000;

/// Steps before the event that are its rest: two seconds.
const REST_STEPS: u64 = 20;

/// The fewest of them that will do.
const LEAST_REST_STEPS: usize = 5;

/// Steps between rest and event, where the onset may have been dated late.
const GUARD_STEPS: u64 = 1;

/// Follows the level of one channel.
///
/// It takes the filtered signal (EMG) or the pressure, one sample at a time, like a detector, and
/// remembers 100 s. Its delay is the filter's: ask with spans on the samples as they arrive.
#[derive(Clone, Debug)]
pub struct Follower {
    role: Role,
    steps: Steps,
    largest: Option<f64>,
    passed_on: Option<f64>,
}

impl Follower {
    /// Takes the memory; [`Self::start`] comes before the first sample.
    #[must_use]
    pub fn new(role: Role) -> Self {
        let statistic = if role.is_emg() { Statistic::Power } else { Statistic::Height };
        let steps = Steps::new(statistic, MEMORY_STEPS, MOST_SAMPLES);
        Self { role, steps, largest: None, passed_on: None }
    }

    /// Begins anew at this rate, at sample `first`, and forgets what was learnt.
    pub fn start(&mut self, rate: SampleRate, first: SampleIndex) {
        self.steps.start(rate.hz(), STEP_S, MEMORY_STEPS as f64 * STEP_S, first);
        self.largest = None;
        self.passed_on = None;
    }

    /// Samples are missing before `next`. What lies before is no rest for what comes behind.
    pub fn gap(&mut self, next: SampleIndex) {
        self.steps.restart(next);
    }

    /// Where the channel lies.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Takes samples. Those that are not `usable` belong to no level.
    pub fn process(&mut self, mut values: &[f64], usable: bool) {
        while !values.is_empty() {
            let (count, _) = self.steps.take(values, usable, false);
            values = &values[count..];
        }
    }

    /// Notes that the person did their best in `span`, squeezing or pressing as the channel's place asks.
    pub fn learn_largest(&mut self, span: Span) {
        let Some(change) = self.change(span) else { return };
        if change.has_risen() && self.largest.is_none_or(|largest| change.net() > largest) {
            self.largest = Some(change.net());
        }
    }

    /// Notes how much of this channel's pressure arrives in the zone of the pelvic floor.
    pub fn learn_passed_on(&mut self, part: f64) {
        self.passed_on = Some(part);
    }

    /// What the channel did in `span`; none if there is too little usable signal before or in it.
    #[must_use]
    pub fn change(&self, span: Span) -> Option<Change> {
        let first = self.steps.step_at(span.start)?;
        let last = self.steps.step_at(span.end)?.max(first + 1);
        let end_of_rest = first.saturating_sub(GUARD_STEPS);
        let mut rest = [0.0; REST_STEPS as usize];
        let mut count = 0;
        for step in end_of_rest.saturating_sub(REST_STEPS)..end_of_rest {
            let level = self.level(self.steps.get_plain(step));
            if level.is_finite() {
                rest[count] = level;
                count += 1;
            }
        }
        if count < LEAST_REST_STEPS {
            return None;
        }
        let rest = &mut rest[..count];
        rest.sort_unstable_by(f64::total_cmp);
        let before = rest[count / 2];
        // Half the distance between the 16th and the 84th percentile: one standard deviation.
        let spread = 0.5 * (rest[count * 84 / 100] - rest[count * 16 / 100]);
        let quarter = (last - first) / 4;
        let during = self.level(self.steps.mean_plain(first + quarter, last - quarter));
        during.is_finite().then_some(Change {
            role: self.role,
            before,
            during,
            spread,
            largest: self.largest,
            passed_on: self.passed_on,
        })
    }

    /// Power to amplitude.
    fn level(&self, mean: f64) -> f64 {
        if self.role.is_emg() { libm::sqrt(mean) } else { mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> SampleRate {
        SampleRate::new(1000, 1).expect("not zero")
    }

    fn span(start: u64, end: u64) -> Span {
        Span { start: SampleIndex(start), end: SampleIndex(end) }
    }

    /// Amplitude 2 at rest, 10 from 4 s to 6 s, alternating.
    fn emg() -> Vec<f64> {
        (0..10_000)
            .map(|index| {
                let level = if (4000..6000).contains(&index) { 10.0 } else { 2.0 };
                if index % 2 == 0 { level } else { -level }
            })
            .collect()
    }

    #[test]
    fn levels_before_and_during_are_those_of_the_signal() {
        let mut follower = Follower::new(Role::PelvicEmg);
        follower.start(rate(), SampleIndex::ZERO);
        follower.process(&emg(), true);
        let change = follower.change(span(4000, 6000)).expect("enough");
        assert_eq!((change.before, change.during, change.spread), (2.0, 10.0, 0.0));
        assert!(change.has_risen());
        assert!((change.net() - 96.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_largest_is_learnt_and_forgotten_at_a_start() {
        let mut follower = Follower::new(Role::PelvicEmg);
        follower.start(rate(), SampleIndex::ZERO);
        follower.process(&emg(), true);
        follower.learn_largest(span(2500, 3500));
        assert_eq!(follower.change(span(4000, 6000)).expect("enough").largest, None);
        follower.learn_largest(span(4000, 6000));
        let largest = follower.change(span(2500, 3500)).expect("enough").largest;
        assert!(largest.is_some_and(|largest| (largest - 96.0_f64.sqrt()).abs() < 1e-12));
        follower.start(rate(), SampleIndex::ZERO);
        follower.process(&emg(), true);
        assert_eq!(follower.change(span(4000, 6000)).expect("enough").largest, None);
    }

    #[test]
    fn too_little_gives_nothing() {
        let mut follower = Follower::new(Role::PelvicPressure);
        follower.start(rate(), SampleIndex(1000));
        follower.process(&emg(), true);
        assert!(follower.change(span(0, 500)).is_none(), "before the beginning");
        assert!(follower.change(span(1200, 2000)).is_none(), "no rest before");
        assert!(follower.change(span(50_000, 60_000)).is_none(), "not there yet");
        follower.gap(SampleIndex(20_000));
        assert!(follower.change(span(5000, 7000)).is_none(), "before the gap");
        follower.process(&emg(), false);
        assert!(follower.change(span(24_000, 26_000)).is_none(), "unusable");
    }

    #[test]
    fn how_samples_are_cut_changes_nothing() {
        let mut whole = Follower::new(Role::PelvicEmg);
        whole.start(rate(), SampleIndex::ZERO);
        whole.process(&emg(), true);
        let mut parts = Follower::new(Role::PelvicEmg);
        parts.start(rate(), SampleIndex::ZERO);
        emg().chunks(37).for_each(|part| parts.process(part, true));
        assert_eq!(parts.change(span(4000, 6000)), whole.change(span(4000, 6000)));
    }
}
