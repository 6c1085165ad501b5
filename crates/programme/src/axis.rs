//! The two axes a programme can run on, as whole ticks.

use levator_signal::{HostTime, SampleIndex, SampleRate};

use crate::Millis;

mod sealed {
    pub trait Sealed {}
    impl Sealed for levator_signal::HostTime {}
    impl Sealed for levator_signal::SampleIndex {}
}

/// A moment on the axis of a runner: [`HostTime`] or [`SampleIndex`], nothing else. It keeps the two
/// from being mixed.
pub trait Moment: sealed::Sealed + Copy + Ord + core::fmt::Debug {
    /// Nanoseconds, or samples.
    fn ticks(self) -> u64;
    /// The moment with so many ticks.
    fn from_ticks(ticks: u64) -> Self;
}

impl Moment for HostTime {
    fn ticks(self) -> u64 {
        self.as_nanos()
    }

    fn from_ticks(ticks: u64) -> Self {
        Self::from_nanos(ticks)
    }
}

impl Moment for SampleIndex {
    fn ticks(self) -> u64 {
        self.0
    }

    fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }
}

/// Ticks in a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    ticks: u64,
    seconds: u64,
}

impl Axis {
    pub(crate) const HOST: Self = Self { ticks: 1_000_000_000, seconds: 1 };

    pub(crate) const fn samples(rate: SampleRate) -> Self {
        Self { ticks: rate.scans(), seconds: rate.seconds() }
    }

    /// `anchor` and `offset` more, to the nearest tick; half a tick counts up. Rounded once, so that
    /// nothing adds up over a programme.
    pub(crate) fn after(self, anchor: u64, offset: Millis) -> u64 {
        let thousandths = u128::from(self.seconds) * 1000;
        let ticks = u128::from(offset.0) * u128::from(self.ticks);
        let ticks = (2 * ticks + thousandths) / (2 * thousandths);
        anchor.saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX))
    }

    /// Seconds in `ticks`.
    pub(crate) fn seconds(self, ticks: u64) -> f64 {
        ticks as f64 * self.seconds as f64 / self.ticks as f64
    }

    /// Whole milliseconds in `ticks`, the rest dropped.
    pub(crate) fn whole_millis(self, ticks: u64) -> Millis {
        let thousandths = u128::from(self.seconds) * 1000 * u128::from(ticks);
        Millis(u64::try_from(thousandths / u128::from(self.ticks)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_rounded_to_the_nearest_sample_and_only_once() {
        let rate = SampleRate::from_hz(47.6).expect("a legal rate");
        let axis = Axis::samples(rate);
        for second in [1_u64, 2, 60, 3600, 36_000] {
            assert_eq!(
                axis.after(0, Millis::from_secs(second)),
                rate.index_at(second as f64).0,
                "after {second} s"
            );
        }
        // 10 s are 476 samples exactly.
        assert_eq!(axis.after(5, Millis::from_secs(10)), 481);
    }

    #[test]
    fn host_time_is_exact_and_ends_at_its_end() {
        assert_eq!(Axis::HOST.after(7, Millis(1)), 1_000_007);
        assert_eq!(Axis::HOST.after(0, Millis(u64::MAX)), u64::MAX);
        assert_eq!(Axis::HOST.whole_millis(1_999_999), Millis(1));
    }
}
