//! Fewer values than samples: extremes of stretches for the display, and a lower rate for slow signals.

use core::fmt;

use crate::cascade::Cascade;
use crate::design::{DesignError, butterworth_low_pass};
use crate::sections::Sections;
use crate::time::SampleRate;

/// Order and edge of the low-pass before [`Decimator`] leaves samples out; the edge as part of the
/// lower rate.
///
/// Our choice: with these, what would be folded onto another frequency is below 1/250 (48 dB), and
/// up to an eighth of the lower rate nothing is changed by more than 1e-5.
const ANTI_ALIASING: (usize, f64) = (8, 0.25);

/// A run of samples as one column of a trace.
///
/// If [`Self::valid_count`] is 0, the four values are NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Position of the first sample, counted from 0 since the start or a reset.
    pub first: u64,
    /// Samples in the bucket.
    pub sample_count: u64,
    /// Those of them that were finite; the others are not in the values.
    pub valid_count: u64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Mean; at most [`Self::max`], at least [`Self::min`].
    pub mean: f64,
    /// The last finite value.
    pub last: f64,
}

/// Cuts a signal into buckets of equal duration, none of its samples lost: for the display.
///
/// A trace drawn from `min` to `max` of each bucket looks like the whole signal; one drawn from every
/// tenth sample does not. Values have the unit of the channel.
///
/// The ratio of the rates need not be whole: bucket `k` holds the samples from `k` to `k + 1` bucket
/// durations, in integers, so an hour does not drift. Buckets then differ by one sample. Each is given
/// with its last sample, and [`Self::finish`] gives one that is not yet complete. A sample that is not
/// finite is counted and otherwise ignored. At a gap call [`Self::finish`], then [`Self::reset`].
#[derive(Clone, Debug)]
pub struct Buckets {
    /// Buckets and samples in the same time, in lowest terms.
    bucket_ratio: u128,
    sample_ratio: u128,
    /// Position in time within the bucket, in parts of `sample_ratio`.
    phase: u128,
    sample_count: u64,
    /// What has come since the last bucket was given.
    open: Open,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    sample_count: u64,
    valid_count: u64,
    min: f64,
    max: f64,
    sum: f64,
    last: f64,
}

impl Open {
    const EMPTY: Self = Self {
        sample_count: 0,
        valid_count: 0,
        min: f64::NAN,
        max: f64::NAN,
        sum: 0.0,
        last: f64::NAN,
    };
}

/// More buckets were asked for than there are samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyBuckets {
    /// Rate of the buckets.
    pub bucket_rate: SampleRate,
    /// Rate of the samples, which must not be lower.
    pub sample_rate: SampleRate,
}

impl fmt::Display for TooManyBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "buckets at {} are more than samples at {}", self.bucket_rate, self.sample_rate)
    }
}

impl core::error::Error for TooManyBuckets {}

impl Buckets {
    /// Ready for its first sample. Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`TooManyBuckets`] if `bucket_rate` is above `sample_rate`.
    pub fn new(sample_rate: SampleRate, bucket_rate: SampleRate) -> Result<Self, TooManyBuckets> {
        // Four numbers of at most 2⁵³: the products fit.
        let wide = |a: u64, b: u64| u128::from(a) * u128::from(b);
        let sample_ratio = wide(sample_rate.scans(), bucket_rate.seconds());
        let bucket_ratio = wide(bucket_rate.scans(), sample_rate.seconds());
        if bucket_ratio > sample_ratio {
            return Err(TooManyBuckets { bucket_rate, sample_rate });
        }
        Ok(Self { bucket_ratio, sample_ratio, phase: 0, sample_count: 0, open: Open::EMPTY })
    }

    /// Forgets all samples: the same as new.
    pub const fn reset(&mut self) {
        self.phase = 0;
        self.sample_count = 0;
        self.open = Open::EMPTY;
    }

    /// Takes one sample, gives the bucket it completes.
    pub fn step(&mut self, x: f64) -> Option<Bucket> {
        let open = &mut self.open;
        open.sample_count += 1;
        if x.is_finite() {
            open.valid_count += 1;
            // These take the number when the other one is NaN.
            open.min = open.min.min(x);
            open.max = open.max.max(x);
            open.sum += x;
            open.last = x;
        }
        self.sample_count += 1;
        self.phase += self.bucket_ratio;
        if self.phase < self.sample_ratio {
            return None;
        }
        self.phase -= self.sample_ratio;
        self.take()
    }

    /// Takes a block, gives `sink` each bucket it completes: the same as [`Self::step`].
    pub fn process(&mut self, block: &[f64], mut sink: impl FnMut(Bucket)) {
        for x in block {
            if let Some(bucket) = self.step(*x) {
                sink(bucket);
            }
        }
    }

    /// The samples since the last bucket, if there are any. Samples after it belong to the same
    /// stretch of time but are given as a bucket of their own.
    pub fn finish(&mut self) -> Option<Bucket> {
        if self.open.sample_count == 0 { None } else { self.take() }
    }

    fn take(&mut self) -> Option<Bucket> {
        let open = core::mem::replace(&mut self.open, Open::EMPTY);
        // The sum of huge values may overflow or round; their mean lies between them.
        let mean = (open.sum / open.valid_count as f64).max(open.min).min(open.max);
        Some(Bucket {
            first: self.sample_count - open.sample_count,
            sample_count: open.sample_count,
            valid_count: open.valid_count,
            min: open.min,
            max: open.max,
            mean,
            last: open.last,
        })
    }
}

/// Every `factor`-th sample behind a low-pass: the same signal at a lower rate.
///
/// For slow signals that must stay signals (pressure, an envelope). Not for looking at: it smooths
/// what [`Buckets`] shows. Butterworth order 8 at a quarter of the lower rate: what lies above half of
/// the lower rate, and would appear at a frequency where it is not, is damped 250 times or more.
///
/// Output `k` belongs to sample `k · factor` and is late by [`Self::delay_samples`]. Primed by the
/// first sample; a step is overshot by 16 %, as by every sharp low-pass. Samples must be finite, see
/// [`Cascade`].
#[derive(Clone, Debug)]
pub struct Decimator {
    cascade: Cascade,
    rate: SampleRate,
    factor: u64,
    /// Samples until the next one that is kept.
    wait: u64,
}

impl Decimator {
    /// Ready for its first sample. Allocates nothing. A factor of 1 changes nothing.
    ///
    /// # Errors
    ///
    /// [`DesignError`]: for a factor of 0 [`DesignError::NotPositive`], for one that asks for a cut-off
    /// too low to be had at this rate (far above 1,000) [`DesignError::IllPlacedPole`].
    pub fn new(rate: SampleRate, factor: u64) -> Result<Self, DesignError> {
        if factor == 0 {
            return Err(DesignError::NotPositive { value: 0.0 });
        }
        let lower_hz = rate.hz() / factor as f64;
        let (order, edge) = ANTI_ALIASING;
        let sections = match factor {
            1 => Sections::identity(rate),
            _ => butterworth_low_pass(order, edge * lower_hz, rate)?,
        };
        let lower = rate.seconds().checked_mul(factor);
        let lower = lower.and_then(|seconds| SampleRate::new(rate.scans(), seconds));
        let rate = lower.ok_or(DesignError::NotPositive { value: lower_hz })?;
        Ok(Self { cascade: Cascade::new(&sections), rate, factor, wait: 0 })
    }

    /// Forgets all samples: the same as new.
    pub fn reset(&mut self) {
        self.cascade.reset();
        self.wait = 0;
    }

    /// Takes one sample, gives one of the lower rate if it is time for it: the first at once.
    pub fn step(&mut self, x: f64) -> Option<f64> {
        let y = self.cascade.step(x);
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        self.wait = self.factor - 1;
        Some(y)
    }

    /// Decimates a block in place and gives the part of it that holds the result: the same bits as
    /// [`Self::step`]. What lies behind that part is no longer of use.
    pub fn process<'a>(&mut self, block: &'a mut [f64]) -> &'a mut [f64] {
        self.cascade.process(block);
        let len = block.len() as u64;
        let mut kept_count = 0;
        while self.wait < len {
            block[kept_count] = block[self.wait as usize];
            kept_count += 1;
            self.wait += self.factor;
        }
        self.wait -= len;
        &mut block[..kept_count]
    }

    /// The rate of what comes out.
    #[must_use]
    pub const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Group delay at zero frequency, in samples that go in.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.cascade.delay_samples()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SampleIndex;

    fn rate(hz: f64) -> SampleRate {
        SampleRate::from_hz(hz).expect("a positive rate")
    }

    fn signal(len: usize) -> Vec<f64> {
        let mut state = 5_u64;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) as f64 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    fn all(sample_hz: f64, bucket_hz: f64, input: &[f64]) -> Vec<Bucket> {
        let mut stage = Buckets::new(rate(sample_hz), rate(bucket_hz)).expect("not too many");
        let mut buckets = Vec::new();
        stage.process(input, |bucket| buckets.push(bucket));
        buckets.extend(stage.finish());
        buckets
    }

    #[test]
    fn every_sample_is_in_exactly_one_bucket() {
        let input = signal(5000);
        for (sample_hz, bucket_hz) in
            [(1000.0, 60.0), (1000.0, 100.0), (47.6, 30.0), (2048.0, 2048.0), (896.0, 0.1)]
        {
            let mut next = 0;
            for (index, bucket) in all(sample_hz, bucket_hz, &input).iter().enumerate() {
                assert_eq!(bucket.first, next, "{sample_hz} to {bucket_hz}");
                next += bucket.sample_count;
                let values = &input[bucket.first as usize..next as usize];
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                assert_eq!(bucket.min.to_bits(), low.to_bits());
                assert_eq!(bucket.max.to_bits(), high.to_bits());
                assert_eq!(bucket.last.to_bits(), values[values.len() - 1].to_bits());
                // 1e-15: another order of division.
                assert!((bucket.mean - mean).abs() < 1e-15);
                assert_eq!(bucket.valid_count, bucket.sample_count);
                // Where it begins in time, to a sample.
                let begin_s = rate(sample_hz).time_s(SampleIndex(bucket.first));
                let late = (begin_s - index as f64 / bucket_hz) * sample_hz;
                assert!((-1e-6..1.0).contains(&late), "bucket {index} is {late} samples late");
            }
            assert_eq!(next, 5000);
        }
    }

    #[test]
    fn an_hour_has_as_many_buckets_as_it_should() {
        let mut stage = Buckets::new(rate(47.6), rate(7.0)).expect("not too many");
        let mut count = 0;
        for _ in 0..47_600 * 36 / 10 {
            count += u64::from(stage.step(0.0).is_some());
        }
        assert_eq!(count, 7 * 3600);
        assert_eq!(stage.finish(), None);
    }

    #[test]
    fn the_last_partial_bucket_is_given_once() {
        let mut stage = Buckets::new(rate(1000.0), rate(100.0)).expect("not too many");
        stage.process(&[1.0, 2.0, 6.0], |_| panic!("not yet complete"));
        let bucket = stage.finish().expect("three samples wait");
        assert_eq!((bucket.first, bucket.sample_count), (0, 3));
        assert!((bucket.mean - 3.0).abs() <= 0.0);
        assert_eq!(stage.finish(), None);
    }

    #[test]
    fn what_is_not_finite_is_counted_and_not_drawn() {
        let bad = [f64::NAN, 2.0, f64::INFINITY, 4.0, f64::NEG_INFINITY];
        let buckets = all(10.0, 2.0, &[bad, [f64::NAN; 5]].concat());
        assert_eq!((buckets[0].sample_count, buckets[0].valid_count), (5, 2));
        let values = [buckets[0].min, buckets[0].max, buckets[0].mean, buckets[0].last];
        assert_eq!(values.to_vec(), vec![2.0, 4.0, 3.0, 4.0]);
        assert_eq!((buckets[1].sample_count, buckets[1].valid_count), (5, 0));
        let values = [buckets[1].min, buckets[1].max, buckets[1].mean, buckets[1].last];
        assert!(values.iter().all(|value| value.is_nan()), "{values:?}");
    }

    #[test]
    fn the_mean_of_huge_values_stays_between_them() {
        let bucket = all(10.0, 2.0, &[f64::MAX; 5])[0];
        assert_eq!(bucket.mean.to_bits(), f64::MAX.to_bits());
    }

    #[test]
    fn buckets_do_not_depend_on_blocks_and_reset_equals_new() {
        let input = signal(1000);
        let expected = all(1000.0, 30.0, &input);
        let mut stage = Buckets::new(rate(1000.0), rate(30.0)).expect("not too many");
        for len in [1, 7, 33, 34, 1000] {
            stage.process(&input[..400], |_| {});
            stage.reset();
            let mut buckets = Vec::new();
            for block in input.chunks(len) {
                stage.process(block, |bucket| buckets.push(bucket));
            }
            buckets.extend(stage.finish());
            assert_eq!(buckets, expected, "blocks of {len}");
        }
    }

    #[test]
    fn more_buckets_than_samples_are_refused() {
        let (sample_rate, bucket_rate) = (rate(10.0), rate(10.5));
        let error = Buckets::new(sample_rate, bucket_rate).err();
        assert_eq!(error, Some(TooManyBuckets { bucket_rate, sample_rate }));
    }

    #[test]
    fn what_would_be_folded_is_damped_and_what_is_slow_is_kept() {
        for factor in [2, 10, 100] {
            let stage = Decimator::new(rate(1000.0), factor).expect("valid");
            let lower_hz = stage.rate().hz();
            assert!((lower_hz - 1000.0 / factor as f64).abs() < 1e-9);
            let (order, edge) = ANTI_ALIASING;
            let sections =
                butterworth_low_pass(order, edge * lower_hz, rate(1000.0)).expect("valid");
            assert!(sections.response(lower_hz / 2.0).magnitude() < 1.0 / 250.0);
            assert!(sections.response(lower_hz / 8.0).magnitude() > 1.0 - 1e-5);
            assert!((stage.delay_samples() - sections.delay_samples()).abs() <= 0.0);
        }
    }

    #[test]
    fn every_factor_th_filtered_sample_is_kept_from_the_first_on() {
        let sections = butterworth_low_pass(8, 25.0, rate(1000.0)).expect("valid");
        let input = signal(1003);
        let mut filtered = input.clone();
        Cascade::new(&sections).process(&mut filtered);
        let expected: Vec<u64> = filtered.iter().step_by(10).map(|y| y.to_bits()).collect();
        assert_eq!(expected.len(), 101);
        let mut single = Decimator::new(rate(1000.0), 10).expect("valid");
        let steps: Vec<u64> =
            input.iter().filter_map(|x| single.step(*x)).map(f64::to_bits).collect();
        assert_eq!(steps, expected);
        let mut stage = Decimator::new(rate(1000.0), 10).expect("valid");
        for len in [1, 3, 10, 11, 500, 1003] {
            stage.process(&mut signal(57));
            stage.reset();
            let mut got: Vec<u64> = Vec::new();
            for block in input.clone().chunks_mut(len) {
                got.extend(stage.process(block).iter().map(|y| y.to_bits()));
            }
            assert_eq!(got, expected, "blocks of {len}");
        }
    }

    #[test]
    fn a_factor_of_one_changes_nothing_and_impossible_ones_are_refused() {
        let mut one = Decimator::new(rate(1000.0), 1).expect("valid");
        let mut values = signal(100);
        assert_eq!(one.process(&mut values).to_vec(), signal(100));
        let refused = |factor| Decimator::new(rate(1000.0), factor).err();
        assert_eq!(refused(0), Some(DesignError::NotPositive { value: 0.0 }));
        assert_eq!(refused(1000), None);
        for factor in [1 << 20, u64::MAX] {
            let error = refused(factor);
            assert!(matches!(error, Some(DesignError::IllPlacedPole { .. })), "{error:?}");
        }
    }
}
