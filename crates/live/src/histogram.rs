//! Latencies, counted in fixed memory.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bits of a value that are kept: buckets are 1/32 of their value wide.
const KEPT_BITS: u32 = 5;
const BUCKETS_PER_OCTAVE: usize = 1 << KEPT_BITS;
/// Values are told apart up to this power of two in nanoseconds, 18 minutes.
const OCTAVES: u32 = 40;
const BUCKET_COUNT: usize = (OCTAVES - KEPT_BITS + 1) as usize * BUCKETS_PER_OCTAVE;

/// A histogram of durations. One thread counts, any other reads at the same time, nobody waits.
///
/// Buckets have a width of 1/32 of their value (exact below 32 ns), so a quantile is at most 3.2 %
/// too high and never too low. 9 KiB, whatever it counts.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKET_COUNT],
    max_ns: AtomicU64,
}

/// How long it took from bytes to outputs.
///
/// From the return of the read that brought the bytes until all outputs that follow from them had
/// been emitted, sink included. What filters and windows add by design is not in it (see
/// [`Engine::delay`](levator_engine::Engine::delay)), nor what the device, its cable and the system
/// add before the read returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencyFigures {
    /// Reads that were measured.
    pub read_count: u64,
    /// Median, at most 3.2 % too high, as are the next two.
    pub p50: Duration,
    /// 99 of 100 were not longer.
    pub p99: Duration,
    /// 999 of 1000 were not longer.
    pub p999: Duration,
    /// The longest, exact.
    pub max: Duration,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { buckets: array::from_fn(|_| AtomicU64::new(0)), max_ns: AtomicU64::new(0) }
    }

    pub(crate) fn count(&self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)].fetch_add(1, Ordering::Relaxed);
        self.max_ns.fetch_max(nanos, Ordering::Relaxed);
    }

    pub(crate) fn figures(&self) -> LatencyFigures {
        let counts: Vec<u64> =
            self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let read_count: u64 = counts.iter().sum();
        let max_ns = self.max_ns.load(Ordering::Relaxed);
        // The bucket that holds the value with this many values up to and including it.
        let quantile = |per_mille: u64| {
            let wanted = (read_count * per_mille).div_ceil(1000);
            let mut seen = 0;
            let holds = counts.iter().position(|count| {
                seen += count;
                seen >= wanted
            });
            Duration::from_nanos(holds.map_or(0, upper_ns).min(max_ns))
        };
        LatencyFigures {
            read_count,
            p50: quantile(500),
            p99: quantile(990),
            p999: quantile(999),
            max: Duration::from_nanos(max_ns),
        }
    }
}

fn bucket(nanos: u64) -> usize {
    let nanos = nanos.min((1 << OCTAVES) - 1);
    if nanos < BUCKETS_PER_OCTAVE as u64 {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - KEPT_BITS;
    shift as usize * BUCKETS_PER_OCTAVE + (nanos >> shift) as usize
}

/// Largest value of a bucket.
fn upper_ns(bucket: usize) -> u64 {
    if bucket < 2 * BUCKETS_PER_OCTAVE {
        return bucket as u64;
    }
    let shift = bucket / BUCKETS_PER_OCTAVE - 1;
    let kept = (bucket % BUCKETS_PER_OCTAVE + BUCKETS_PER_OCTAVE) as u64;
    ((kept + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_bucket_no_wider_than_a_thirty_second_of_it() {
        let values = (0..200_000_u64).chain((0..40).map(|bits| (1 << bits) - 1));
        for nanos in values {
            let (bucket, upper) = (bucket(nanos), upper_ns(bucket(nanos)));
            assert!(upper >= nanos && upper - nanos <= nanos / 32, "{nanos} in {bucket}");
            assert!(bucket == 0 || upper_ns(bucket - 1) < nanos, "{nanos} in {bucket}");
        }
        assert_eq!(bucket(u64::MAX), BUCKET_COUNT - 1);
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let histogram = Histogram::new();
        for micros in 1..=1000 {
            histogram.count(Duration::from_micros(micros));
        }
        let figures = histogram.figures();
        assert_eq!(figures.read_count, 1000);
        assert_eq!(figures.max, Duration::from_millis(1));
        for (found, micros) in [(figures.p50, 500.0), (figures.p99, 990.0), (figures.p999, 999.0)] {
            let ratio = found.as_secs_f64() * 1e6 / micros;
            // Buckets are 1/32 wide and tell their upper end.
            assert!((1.0..=1.0 + 1.0 / 32.0).contains(&ratio), "{found:?} for {micros}");
        }
    }

    #[test]
    fn nothing_counted_gives_zeros() {
        assert_eq!(Histogram::new().figures(), LatencyFigures::default());
    }

    #[test]
    fn one_value_is_every_quantile() {
        let histogram = Histogram::new();
        histogram.count(Duration::from_nanos(1_234_567));
        let figures = histogram.figures();
        assert_eq!([figures.p50, figures.p99, figures.p999], [figures.max; 3]);
    }
}
