//! The two time axes: samples of a device, and the clock of the host.

use core::fmt;
use core::time::Duration;

/// A moment on the host's monotonic clock, in nanoseconds since the recording was opened.
///
/// It is a number that was recorded, never a reading of the clock: replaying a recording gives the
/// same `HostTime`s again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostTime(u64);

impl HostTime {
    /// The moment the recording was opened.
    pub const ZERO: Self = Self(0);

    /// `nanos` nanoseconds after the recording was opened.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// `seconds` after the recording was opened; negative and non-finite values give [`Self::ZERO`].
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * 1e9).round() as u64)
    }

    /// Nanoseconds since the recording was opened.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the recording was opened.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// Time since `earlier`, zero if `earlier` is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment and `duration` more; stays at the end of the axis (584 years).
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        let nanos = duration.as_nanos();
        Self(self.0.saturating_add(if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }))
    }
}

/// Position of a sample in its stream, counted from the first sample of the recording.
///
/// Missing samples keep their indices, so a gap is a jump and time never shifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleIndex(pub u64);

impl SampleIndex {
    /// The first sample.
    pub const ZERO: Self = Self(0);

    /// The index `count` samples later.
    #[must_use]
    pub const fn saturating_add(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The index `count` samples earlier, but not before the first.
    #[must_use]
    pub const fn saturating_sub(self, count: u64) -> Self {
        Self(self.0.saturating_sub(count))
    }

    /// Samples from `earlier` to this one, zero if `earlier` is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Half-open run of samples: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First sample.
    pub start: SampleIndex,
    /// One past the last sample.
    pub end: SampleIndex,
}

impl Span {
    /// Number of samples; zero if `end` lies before `start`.
    #[must_use]
    pub const fn sample_count(self) -> u64 {
        self.end.saturating_since(self.start)
    }
}

/// Scans in a number of seconds, as a ratio in lowest terms: an hour at 47.6 Hz has no rounding drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleRate {
    scans: u64,
    seconds: u64,
}

impl SampleRate {
    /// `scans` in `seconds`. `None` if either is zero or beyond 2⁵³ (no longer exact as `f64`).
    #[must_use]
    pub const fn new(scans: u64, seconds: u64) -> Option<Self> {
        const EXACT: u64 = 1 << 53;
        if scans == 0 || seconds == 0 || scans > EXACT || seconds > EXACT {
            return None;
        }
        let divisor = greatest_common_divisor(scans, seconds);
        Some(Self { scans: scans / divisor, seconds: seconds / divisor })
    }

    /// From millihertz, the unit of the wire. `None` for zero.
    #[must_use]
    pub const fn from_millihertz(millihertz: u32) -> Option<Self> {
        Self::new(millihertz as u64, 1000)
    }

    /// From hertz, rounded to the nearest microhertz. `None` unless it is finite and at least a microhertz.
    #[must_use]
    pub fn from_hz(hz: f64) -> Option<Self> {
        if !(hz.is_finite() && hz < 1e9) {
            return None;
        }
        Self::new((hz * 1e6).round() as u64, 1_000_000)
    }

    /// Scans in [`Self::seconds`] seconds.
    #[must_use]
    pub const fn scans(self) -> u64 {
        self.scans
    }

    /// Seconds that hold [`Self::scans`] scans.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// Scans in a second.
    #[must_use]
    pub fn hz(self) -> f64 {
        self.scans as f64 / self.seconds as f64
    }

    /// Seconds from the first sample to `index`.
    #[must_use]
    pub fn time_s(self, index: SampleIndex) -> f64 {
        index.0 as f64 * self.seconds as f64 / self.scans as f64
    }

    /// Samples that fit best into `seconds`, at least one. Negative and non-finite values give one.
    #[must_use]
    pub fn sample_count(self, seconds: f64) -> usize {
        ((seconds * self.hz()).round() as usize).max(1)
    }

    /// Nearest index to `seconds` after the first sample; negative values give the first.
    #[must_use]
    pub fn index_at(self, seconds: f64) -> SampleIndex {
        SampleIndex((seconds * self.scans as f64 / self.seconds as f64).round() as u64)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.hz())
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_in_lowest_terms() {
        let rate = SampleRate::from_millihertz(47_600).expect("not zero");
        assert_eq!((rate.scans(), rate.seconds()), (238, 5));
        assert_eq!(SampleRate::from_hz(47.6), Some(rate));
    }

    #[test]
    fn an_hour_at_an_odd_rate_ends_where_it_should() {
        let rate = SampleRate::new(2048, 3).expect("not zero");
        assert_eq!(rate.time_s(SampleIndex(2048 * 1200)).to_bits(), 3600.0_f64.to_bits());
        assert_eq!(rate.index_at(3600.0), SampleIndex(2048 * 1200));
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert_eq!(SampleRate::from_hz(0.0), None);
        assert_eq!(SampleRate::from_hz(f64::NAN), None);
        assert_eq!(SampleRate::from_hz(f64::INFINITY), None);
        assert_eq!(SampleRate::from_hz(-3.0), None);
        assert_eq!(SampleRate::new(5, 0), None);
    }

    #[test]
    fn a_window_has_at_least_one_sample() {
        let rate = SampleRate::from_hz(10.0).expect("not zero");
        assert_eq!(rate.sample_count(0.001), 1);
        assert_eq!(rate.sample_count(f64::NAN), 1);
        assert_eq!(rate.sample_count(0.25), 3);
    }

    #[test]
    fn host_time_saturates_at_both_ends() {
        assert_eq!(HostTime::from_secs_f64(-1.0), HostTime::ZERO);
        let late = HostTime::from_nanos(u64::MAX);
        assert_eq!(late.saturating_add(Duration::from_secs(9)), late);
        assert_eq!(HostTime::ZERO.saturating_since(late), Duration::ZERO);
    }
}
