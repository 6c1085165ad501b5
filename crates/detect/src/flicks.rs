//! Rhythm of quick contractions: how many, how fast, how even, and which of them count.
//!
//! A guided set asks for quick contractions with a full release between them ("ten flicks in ten
//! seconds"). [`Flicks`] takes the contractions of a detector one by one and says of each whether it
//! counts, and why not.

use levator_signal::{SampleIndex, SampleRate};

use crate::transition::Contraction;

/// What a quick contraction must be to count. Named constructors only; every number is our choice
/// where no source is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlickRules {
    /// Shortest, seconds.
    pub shortest_s: f64,
    /// Longest, seconds: what lasts longer is a hold.
    pub longest_s: f64,
    /// Least rest before it, seconds: with less the muscle was not let go.
    pub least_rest_s: f64,
    /// Least peak as a ratio of the largest peak of the set so far.
    pub least_peak_ratio: f64,
    /// Least confidence of the contraction.
    pub least_confidence: f64,
    /// Most that the interval to the one before may differ from the median interval so far, as a
    /// ratio of it, for the rhythm to be even.
    pub even_ratio: f64,
}

impl FlickRules {
    /// For surface EMG: contraction of 0.1 to 2 s.
    ///
    /// # Source
    ///
    /// Quick contractions of the pelvic floor reach their peak after about 0.5 s and are asked for at
    /// one a second (Laycock and Jerwood 2001, PERFECT: "fast, 1 s contractions", up to ten). The
    /// bounds are our choice: twice that, and the shortest flick that the detector finds.
    #[must_use]
    pub const fn emg() -> Self {
        Self {
            shortest_s: 0.1,
            longest_s: 2.0,
            least_rest_s: 0.15,
            // A third of the strongest: weaker ones are not "as strong as possible".
            least_peak_ratio: 0.33,
            least_confidence: 0.3,
            even_ratio: 0.5,
        }
    }

    /// For pressure, which rises and falls more slowly: contraction of 0.3 to 3 s.
    #[must_use]
    pub const fn pressure() -> Self {
        Self { shortest_s: 0.3, longest_s: 3.0, least_rest_s: 0.1, ..Self::emg() }
    }
}

/// Whether a contraction counts as a flick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlickVerdict {
    /// It counts.
    Valid,
    /// Shorter than [`FlickRules::shortest_s`].
    TooShort,
    /// Longer than [`FlickRules::longest_s`], or not over when the signal ended.
    TooLong,
    /// The muscle was not let go long enough before it.
    NotReleased,
    /// Far weaker than the strongest of the set.
    TooWeak,
    /// The detector itself is not sure enough of it.
    Doubtful,
}

/// Most intervals that are remembered: the median and the spread of the rhythm come from these.
const MOST_INTERVALS: usize = 64;

/// Counts the quick contractions of one set.
///
/// Nothing is allocated after [`Self::new`]. Contractions come in the order of their onsets.
#[derive(Clone, Debug)]
pub struct Flicks {
    rules: FlickRules,
    rate: SampleRate,
    start: SampleIndex,
    count: u32,
    refused: u32,
    largest: f64,
    last_onset: Option<SampleIndex>,
    last_end: Option<SampleIndex>,
    intervals: Vec<f64>,
    sorted: Vec<f64>,
    next: usize,
}

/// What is known about a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// Flicks that count.
    pub count: u32,
    /// Contractions that do not.
    pub refused_count: u32,
    /// Flicks a second: one over the median interval between onsets. None with fewer than two
    /// intervals.
    pub rate_hz: Option<f64>,
    /// Coefficient of variation of the intervals: 0 is a metronome. None with fewer than two.
    pub variation_ratio: Option<f64>,
    /// Intervals within [`FlickRules::even_ratio`] of the median, as a ratio of all. None with fewer
    /// than two.
    pub even_ratio: Option<f64>,
}

impl Flicks {
    /// A set that begins at `start`.
    #[must_use]
    pub fn new(rules: FlickRules, rate: SampleRate, start: SampleIndex) -> Self {
        Self {
            rules,
            rate,
            start,
            count: 0,
            refused: 0,
            largest: 0.0,
            last_onset: None,
            last_end: None,
            intervals: Vec::with_capacity(MOST_INTERVALS),
            sorted: Vec::with_capacity(MOST_INTERVALS),
            next: 0,
        }
    }

    /// Begins a new set with other rules and another rate, as [`Self::new`], without allocating.
    pub fn start(&mut self, rules: FlickRules, rate: SampleRate, start: SampleIndex) {
        (self.rules, self.rate) = (rules, rate);
        self.reset(start);
    }

    /// Begins a new set, as [`Self::new`].
    pub fn reset(&mut self, start: SampleIndex) {
        self.start = start;
        self.count = 0;
        self.refused = 0;
        self.largest = 0.0;
        self.last_onset = None;
        self.last_end = None;
        self.intervals.clear();
        self.next = 0;
    }

    /// Judges the next contraction; `None` if it began before the set.
    pub fn take(&mut self, contraction: &Contraction) -> Option<FlickVerdict> {
        if contraction.onset < self.start {
            return None;
        }
        let verdict = self.judge(contraction);
        self.largest = self.largest.max(contraction.peak);
        self.last_end = Some(contraction.offset.unwrap_or(contraction.closed));
        if verdict != FlickVerdict::Valid {
            self.refused += 1;
            return Some(verdict);
        }
        self.count += 1;
        if let Some(last) = self.last_onset {
            let interval_s = self.seconds(last, contraction.onset);
            if self.intervals.len() < MOST_INTERVALS {
                self.intervals.push(interval_s);
            } else {
                self.intervals[self.next] = interval_s;
                self.next = (self.next + 1) % MOST_INTERVALS;
            }
        }
        self.last_onset = Some(contraction.onset);
        Some(verdict)
    }

    fn judge(&self, contraction: &Contraction) -> FlickVerdict {
        let Some(offset) = contraction.offset else { return FlickVerdict::TooLong };
        let lasted_s = self.seconds(contraction.onset, offset);
        if lasted_s > self.rules.longest_s {
            return FlickVerdict::TooLong;
        }
        if lasted_s < self.rules.shortest_s {
            return FlickVerdict::TooShort;
        }
        if let Some(end) = self.last_end
            && self.seconds(end, contraction.onset) < self.rules.least_rest_s
        {
            return FlickVerdict::NotReleased;
        }
        if contraction.peak < self.rules.least_peak_ratio * self.largest {
            return FlickVerdict::TooWeak;
        }
        if contraction.confidence < self.rules.least_confidence {
            return FlickVerdict::Doubtful;
        }
        FlickVerdict::Valid
    }

    /// Count, rate and regularity so far.
    pub fn rhythm(&mut self) -> Rhythm {
        self.sorted.clear();
        self.sorted.extend_from_slice(&self.intervals);
        self.sorted.sort_unstable_by(f64::total_cmp);
        let count = self.sorted.len();
        let known = count >= 2;
        let middle = count / 2;
        let median = match (known, count % 2) {
            (false, _) => f64::NAN,
            (true, 0) => 0.5 * (self.sorted[middle - 1] + self.sorted[middle]),
            (true, _) => self.sorted[middle],
        };
        let mean = self.sorted.iter().sum::<f64>() / count as f64;
        let squared = self.sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let is_even = |x: &&f64| (*x - median).abs() <= self.rules.even_ratio * median;
        let even = self.sorted.iter().filter(is_even).count();
        Rhythm {
            count: self.count,
            refused_count: self.refused,
            rate_hz: known.then(|| 1.0 / median),
            variation_ratio: known.then(|| (squared / (count as f64 - 1.0)).sqrt() / mean),
            even_ratio: known.then(|| even as f64 / count as f64),
        }
    }

    fn seconds(&self, from: SampleIndex, to: SampleIndex) -> f64 {
        to.saturating_since(from) as f64 / self.rate.hz()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition::Uncertainty;

    fn contraction(onset_ms: u64, offset_ms: u64, peak: f64) -> Contraction {
        Contraction {
            onset: SampleIndex(onset_ms),
            onset_uncertainty: Uncertainty::Within { seconds: 0.02 },
            offset: Some(SampleIndex(offset_ms)),
            offset_uncertainty: Uncertainty::Within { seconds: 0.05 },
            decided: SampleIndex(onset_ms + 100),
            closed: SampleIndex(offset_ms + 100),
            peak_at: SampleIndex(onset_ms + 50),
            peak,
            mean: 0.7 * peak,
            rest: 1.0,
            confidence: 0.9,
        }
    }

    fn flicks() -> Flicks {
        let rate = SampleRate::from_hz(1000.0).expect("possible");
        Flicks::new(FlickRules::emg(), rate, SampleIndex(500))
    }

    #[test]
    fn an_even_set_is_counted_with_its_rate() {
        let mut set = flicks();
        for i in 0..10 {
            let verdict = set.take(&contraction(1000 + 1250 * i, 1300 + 1250 * i, 20.0));
            assert_eq!(verdict, Some(FlickVerdict::Valid));
        }
        let rhythm = set.rhythm();
        assert_eq!((rhythm.count, rhythm.refused_count), (10, 0));
        // 1e-12: round-off of one division.
        assert!((rhythm.rate_hz.expect("known") - 0.8).abs() < 1e-12);
        assert!(rhythm.variation_ratio.expect("known") < 1e-12);
        assert_eq!(rhythm.even_ratio, Some(1.0));
    }

    #[test]
    fn what_does_not_count_says_why() {
        let mut set = flicks();
        for (one, expected) in [
            (contraction(400, 700, 20.0), None),
            (contraction(1000, 1300, 20.0), Some(FlickVerdict::Valid)),
            (contraction(1400, 1700, 20.0), Some(FlickVerdict::NotReleased)),
            (contraction(2500, 2800, 5.0), Some(FlickVerdict::TooWeak)),
            (contraction(3500, 3550, 20.0), Some(FlickVerdict::TooShort)),
            (contraction(4500, 8000, 20.0), Some(FlickVerdict::TooLong)),
            (
                Contraction { confidence: 0.1, ..contraction(9000, 9300, 20.0) },
                Some(FlickVerdict::Doubtful),
            ),
            (
                Contraction { offset: None, ..contraction(10_000, 10_300, 20.0) },
                Some(FlickVerdict::TooLong),
            ),
        ] {
            assert_eq!(set.take(&one), expected, "{one:?}");
        }
        assert_eq!((set.rhythm().count, set.rhythm().refused_count), (1, 6));
        assert_eq!(set.rhythm().rate_hz, None);
    }

    #[test]
    fn an_uneven_set_is_seen_to_be_uneven() {
        let mut set = flicks();
        for onset in [1000, 2000, 3000, 4000, 7000, 8000] {
            set.take(&contraction(onset, onset + 300, 20.0));
        }
        let rhythm = set.rhythm();
        assert_eq!(rhythm.even_ratio, Some(0.8));
        assert!(rhythm.variation_ratio.expect("known") > 0.5, "{rhythm:?}");
    }

    #[test]
    fn a_reset_set_equals_a_new_one() {
        let mut set = flicks();
        for i in 0..80 {
            set.take(&contraction(1000 + 1000 * i, 1300 + 1000 * i, 20.0));
        }
        set.reset(SampleIndex(500));
        assert_eq!(set.rhythm(), flicks().rhythm());
        assert_eq!(set.take(&contraction(1000, 1300, 2.0)), Some(FlickVerdict::Valid));
    }
}
