//! Samples that came at uneven times, put on an even axis.

use core::fmt;

use crate::interpolate::between;
use crate::time::{SampleIndex, SampleRate, Span};

/// What becomes of a sample with a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resampled {
    /// A value on the even axis.
    Sample {
        /// Its place: index 0 is the time of the first sample.
        index: SampleIndex,
        /// On the straight line between the two samples around it, in the unit of the channel.
        value: f64,
    },
    /// For longer than the limit nothing came. No value is made up for these indices, and what comes
    /// after them has nothing to do with what came before: reset the stages behind.
    Gap {
        /// Indices without a value. It may be empty, if the gap lies between two of them.
        missing: Span,
        /// Seconds between the two samples.
        duration_s: f64,
    },
    /// A sample that was left out.
    Dropped(DropReason),
}

/// Why a sample was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Its time is not after that of the sample before.
    NotLater,
    /// Its value or its time is not finite.
    NotFinite,
    /// Its time is so far from the first one that its index cannot be exact.
    OutOfRange,
}

/// How many samples were left out, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DropCounts {
    /// See [`DropReason::NotLater`].
    pub not_later_count: u64,
    /// See [`DropReason::NotFinite`].
    pub not_finite_count: u64,
    /// See [`DropReason::OutOfRange`].
    pub out_of_range_count: u64,
}

/// The first index whose time as `f64` is no longer exact to a sample.
const INDEX_END: f64 = 9_007_199_254_740_992.0;

/// Most values between two samples.
///
/// Our choice: a minute at 20 kHz, more than anybody should bridge. It bounds the work of one step.
const MAX_BRIDGED_COUNT: f64 = 1_200_000.0;

/// The limit for gaps is not above 0, or so long that more than a million values would be made up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GapLimitError {
    /// The limit that was given, in seconds.
    pub max_gap_s: f64,
    /// The longest that can be had at this rate, in seconds.
    pub longest_s: f64,
}

impl fmt::Display for GapLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit for gaps {} s is not within 0 to {} s", self.max_gap_s, self.longest_s)
    }
}

impl core::error::Error for GapLimitError {}

/// Puts samples with times on an even axis, by straight lines between neighbours.
///
/// The axis begins with the first sample. A value is on time, and it is known as soon as the next
/// sample has come: the stage looks ahead by one sample that came, never by more than the limit for
/// gaps. The mean of a line is that of its ends, but noise between samples is smoothed and anything
/// above half the rate *of the samples that came* is folded: it does not add knowledge.
///
/// A time that is not after the one before is refused, as are a value or a time that is not finite;
/// each is given as [`Resampled::Dropped`] and counted. After a single time far in the future, all
/// that follow are "not later" until their times reach it: the caller sees that in the counts and
/// decides to [`Self::reset`].
#[derive(Clone, Debug)]
pub struct Resampler {
    rate: SampleRate,
    max_gap_s: f64,
    /// Time of the first sample, in seconds: subtracted, as Unix times leave few digits.
    origin_s: f64,
    last: Option<Point>,
    /// The first index that has not been given.
    next: u64,
    dropped: DropCounts,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    /// Seconds since the first sample.
    time_s: f64,
    value: f64,
}

impl Resampler {
    /// Ready for its first sample. Allocates nothing.
    ///
    /// Two samples that are more than `max_gap_s` apart have a gap between them. One sample that comes
    /// can give `max_gap_s · rate + 1` values at once.
    ///
    /// # Errors
    ///
    /// [`GapLimitError`] with the longest limit that can be had.
    pub fn new(rate: SampleRate, max_gap_s: f64) -> Result<Self, GapLimitError> {
        let longest_s = MAX_BRIDGED_COUNT / rate.hz();
        if !(max_gap_s > 0.0 && max_gap_s <= longest_s) {
            return Err(GapLimitError { max_gap_s, longest_s });
        }
        Ok(Self {
            rate,
            max_gap_s,
            origin_s: 0.0,
            last: None,
            next: 0,
            dropped: DropCounts::default(),
        })
    }

    /// Forgets all samples, also those that were counted: the same as new.
    pub fn reset(&mut self) {
        self.origin_s = 0.0;
        self.last = None;
        self.next = 0;
        self.dropped = DropCounts::default();
    }

    /// Takes one sample and its time in seconds, from any beginning; gives `sink` what follows from it,
    /// in order.
    pub fn step(&mut self, time_s: f64, value: f64, mut sink: impl FnMut(Resampled)) {
        match self.accept(time_s, value) {
            Ok(point) => {
                if self.last.is_none() {
                    self.origin_s = time_s;
                }
                self.advance(point, &mut sink);
            }
            Err(reason) => {
                let count = match reason {
                    DropReason::NotLater => &mut self.dropped.not_later_count,
                    DropReason::NotFinite => &mut self.dropped.not_finite_count,
                    DropReason::OutOfRange => &mut self.dropped.out_of_range_count,
                };
                *count += 1;
                sink(Resampled::Dropped(reason));
            }
        }
    }

    /// Takes the samples of a block, each with its time: the same as [`Self::step`].
    pub fn process(
        &mut self,
        block: impl IntoIterator<Item = (f64, f64)>,
        mut sink: impl FnMut(Resampled),
    ) {
        for (time_s, value) in block {
            self.step(time_s, value, &mut sink);
        }
    }

    /// How many samples were left out since the start or a reset.
    #[must_use]
    pub const fn dropped(&self) -> DropCounts {
        self.dropped
    }

    /// The rate of what comes out.
    #[must_use]
    pub const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Zero: a value has the time it is given for. It is *known* with the next sample, at most
    /// `max_gap_s` later.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        0.0
    }

    fn accept(&self, time_s: f64, value: f64) -> Result<Point, DropReason> {
        if !(time_s.is_finite() && value.is_finite()) {
            return Err(DropReason::NotFinite);
        }
        let Some(last) = self.last else { return Ok(Point { time_s: 0.0, value }) };
        let time_s = time_s - self.origin_s;
        if time_s <= last.time_s {
            return Err(DropReason::NotLater);
        }
        if time_s * self.rate.hz() >= INDEX_END {
            return Err(DropReason::OutOfRange);
        }
        Ok(Point { time_s, value })
    }

    fn advance(&mut self, point: Point, sink: &mut impl FnMut(Resampled)) {
        let time_s = |index| self.rate.time_s(SampleIndex(index));
        if let Some(last) = self.last {
            let duration_s = point.time_s - last.time_s;
            if duration_s > self.max_gap_s {
                let start = self.next;
                self.next = self.first_at_or_after(point.time_s);
                let missing = Span { start: SampleIndex(start), end: SampleIndex(self.next) };
                sink(Resampled::Gap { missing, duration_s });
            }
            while time_s(self.next) < point.time_s {
                let part = (time_s(self.next) - last.time_s) / duration_s;
                let value = between(last.value, point.value, part);
                sink(Resampled::Sample { index: SampleIndex(self.next), value });
                self.next += 1;
            }
        }
        // A sample on the axis is itself, with all its digits.
        if time_s(self.next) <= point.time_s {
            sink(Resampled::Sample { index: SampleIndex(self.next), value: point.value });
            self.next += 1;
        }
        self.last = Some(point);
    }

    fn first_at_or_after(&self, time_s: f64) -> u64 {
        // Rounding may leave it one off on either side.
        let mut index = ((time_s * self.rate.hz()) as u64).saturating_sub(1).max(self.next);
        while self.rate.time_s(SampleIndex(index)) < time_s {
            index += 1;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampler(rate_hz: f64, max_gap_s: f64) -> Resampler {
        let rate = SampleRate::from_hz(rate_hz).expect("a positive rate");
        Resampler::new(rate, max_gap_s).expect("valid")
    }

    fn all(stage: &mut Resampler, samples: &[(f64, f64)]) -> Vec<Resampled> {
        let mut out = Vec::new();
        stage.process(samples.iter().copied(), |resampled| out.push(resampled));
        out
    }

    fn at(index: u64, value: f64) -> Resampled {
        Resampled::Sample { index: SampleIndex(index), value }
    }

    /// Uneven times that begin at a Unix time.
    fn uneven(count: u32) -> Vec<(f64, f64)> {
        let time_s = |n: f64| 1.75e9 + n * 0.08 + 0.03 * libm::sin(n);
        (0..count).map(|n| (time_s(f64::from(n)), libm::cos(f64::from(n)))).collect()
    }

    #[test]
    fn values_lie_on_the_line_between_their_neighbours() {
        let mut stage = resampler(4.0, 2.0);
        let out = all(&mut stage, &[(10.0, 0.0), (10.5, 1.0), (11.25, 4.0), (11.3, 9.0)]);
        let expected = [at(0, 0.0), at(1, 0.5), at(2, 1.0), at(3, 2.0), at(4, 3.0), at(5, 4.0)];
        assert_eq!(out, expected);
    }

    #[test]
    fn samples_on_the_axis_come_through_bit_by_bit() {
        let samples: Vec<(f64, f64)> =
            (0..1000).map(|n| (f64::from(n) / 128.0, libm::sin(f64::from(n)))).collect();
        let mut stage = resampler(128.0, 1.0);
        let expected: Vec<Resampled> =
            samples.iter().enumerate().map(|(n, (_, value))| at(n as u64, *value)).collect();
        assert_eq!(all(&mut stage, &samples), expected);
    }

    #[test]
    fn a_straight_line_stays_one_and_no_index_is_left_out() {
        let mut stage = resampler(50.0, 1.0);
        let samples: Vec<(f64, f64)> =
            uneven(500).iter().map(|(time_s, _)| (*time_s, 3.0 * (time_s - 1.75e9))).collect();
        for (n, resampled) in all(&mut stage, &samples).iter().enumerate() {
            let Resampled::Sample { index, value } = *resampled else {
                panic!("no gap here: {resampled:?}")
            };
            assert_eq!(index.0, n as u64);
            // A Unix time as `f64` is good to 2.4e-7 s.
            assert!((value - 3.0 * (n as f64 / 50.0)).abs() < 1e-6, "{n}: {value}");
        }
    }

    #[test]
    fn a_gap_is_told_and_not_bridged() {
        let mut stage = resampler(10.0, 0.5);
        let out = all(&mut stage, &[(0.0, 1.0), (0.5, 1.0), (1.04, 7.0), (1.14, 8.0)]);
        assert_eq!(out[..6].to_vec(), (0..6).map(|n| at(n, 1.0)).collect::<Vec<_>>());
        let missing = Span { start: SampleIndex(6), end: SampleIndex(11) };
        assert!(matches!(out[6], Resampled::Gap { missing: got, duration_s }
            if got == missing && (duration_s - 0.54).abs() < 1e-12));
        // The time of index 11, 1.1 s, is 0.6 of the way.
        assert!(matches!(out[7], Resampled::Sample { index: SampleIndex(11), value }
            if (value - 7.6).abs() < 1e-12));
        assert_eq!(out.len(), 8);
    }

    #[test]
    fn a_gap_between_two_places_of_the_axis_is_told_too() {
        let mut stage = resampler(1.0, 0.1);
        let out = all(&mut stage, &[(0.0, 1.0), (0.5, 2.0), (1.0, 3.0)]);
        assert_eq!(out.len(), 4);
        let empty = Span { start: SampleIndex(1), end: SampleIndex(1) };
        assert!(matches!(out[1], Resampled::Gap { missing, .. } if missing == empty));
        assert_eq!(out[3], at(1, 3.0));
    }

    #[test]
    fn what_cannot_be_placed_is_counted_and_changes_nothing() {
        let samples = uneven(300);
        let expected = all(&mut resampler(20.0, 1.0), &samples);
        let mut stage = resampler(20.0, 1.0);
        let mut out = Vec::new();
        let mut sink = |resampled| match resampled {
            Resampled::Dropped(_) => {}
            kept => out.push(kept),
        };
        stage.step(f64::NAN, 1.0, &mut sink);
        for (time_s, value) in &samples {
            stage.step(*time_s, *value, &mut sink);
            stage.step(*time_s, 1e9, &mut sink);
            stage.step(time_s - 5.0, 1e9, &mut sink);
            stage.step(time_s + 0.001, f64::INFINITY, &mut sink);
            stage.step(1e300, 1e9, &mut sink);
        }
        assert_eq!(out, expected);
        let counts =
            DropCounts { not_later_count: 600, not_finite_count: 301, out_of_range_count: 300 };
        assert_eq!(stage.dropped(), counts);
    }

    #[test]
    fn results_do_not_depend_on_blocks_and_reset_equals_new() {
        let samples = uneven(200);
        let expected = all(&mut resampler(33.0, 0.1), &samples);
        let mut stage = resampler(33.0, 0.1);
        for len in [1, 2, 7, 199, 200] {
            all(&mut stage, &[(3e9, 1.0), (2e9, 1.0), (3e9, f64::NAN)]);
            stage.reset();
            let out: Vec<Resampled> =
                samples.chunks(len).flat_map(|block| all(&mut stage, block)).collect();
            assert_eq!(out, expected, "blocks of {len}");
            assert_eq!(stage.dropped(), DropCounts::default());
        }
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        let rate = SampleRate::from_hz(100.0).expect("a positive rate");
        for max_gap_s in [0.0, -1.0, f64::INFINITY, 12_000.1] {
            let error = GapLimitError { max_gap_s, longest_s: 12_000.0 };
            assert_eq!(Resampler::new(rate, max_gap_s).err(), Some(error));
        }
        assert!(Resampler::new(rate, f64::NAN).is_err());
        assert!(Resampler::new(rate, 12_000.0).is_ok());
    }
}
