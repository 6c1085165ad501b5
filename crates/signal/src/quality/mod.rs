//! What is known to be wrong with a run of samples.
//!
//! [`Quality`] is a set of faults, one bit each. [`Monitor`] finds faults in the signal itself, with a
//! value, a limit and a span for each: a [`Finding`]. [`FaultShares`] says over any span how much of it
//! lies under which fault.

mod emg;
mod fault;
mod level;
mod mains;
mod monitor;
mod piece;
mod rails;
mod repeats;
mod shares;
mod track;

use core::fmt;
use core::ops::{BitOr, BitOrAssign};

pub use fault::{Fault, Finding, Measure, Severity};
pub use monitor::{Change, Monitor, MonitorConfig, MonitorError, Notice, Rails};
pub use shares::FaultShares;

/// A set of faults that hold for a block. The empty set means: nothing known against it.
///
/// The lower 16 bits are what a device or a decoder reports, and are kept in recordings; the upper 16
/// are what a [`Monitor`] finds, and can be found again.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Quality(u32);

impl Quality {
    /// Nothing known against the samples.
    pub const GOOD: Self = Self(0);
    /// At least one sample at the lower rail.
    pub const SATURATED_LOW: Self = Self(1);
    /// At least one sample at the upper rail.
    pub const SATURATED_HIGH: Self = Self(1 << 1);
    /// An electrode is off or the probe is disconnected.
    pub const LEAD_OFF: Self = Self(1 << 2);
    /// The sensor reports a fault of its own.
    pub const SENSOR_FAULT: Self = Self(1 << 3);
    /// The device repeated an old value.
    pub const STALE: Self = Self(1 << 4);
    /// The device dropped samples before this block.
    pub const OVERRUN: Self = Self(1 << 5);
    /// The device's clock jumped.
    pub const CLOCK_JUMP: Self = Self(1 << 6);
    /// A test signal, not a person.
    pub const TEST_SIGNAL: Self = Self(1 << 7);
    /// The sensor is warming up or being zeroed.
    pub const WARMING: Self = Self(1 << 8);
    /// The battery is low; values may still be right.
    pub const LOW_BATTERY: Self = Self(1 << 9);
    /// A value was not a finite number; the sample before it was used in its place.
    pub const NOT_FINITE: Self = Self(1 << 10);
    /// Filters have not settled since the start or a gap.
    pub const SETTLING: Self = Self(1 << 11);
    /// The value has not changed for longer than a living signal of this channel would allow.
    pub const FLAT: Self = Self(1 << 16);
    /// Mains hum is a large part of the signal.
    pub const MAINS: Self = Self(1 << 17);
    /// The quietest stretch is too loud for small activity to be seen.
    pub const NOISE_FLOOR: Self = Self(1 << 18);
    /// The baseline jumped and stayed.
    pub const BASELINE_STEP: Self = Self(1 << 19);
    /// Slow swings that no muscle's electricity makes.
    pub const MOTION: Self = Self(1 << 20);
    /// A spike too short for a contraction.
    pub const SPIKE: Self = Self(1 << 21);
    /// The heart beat was taken out of, or covers, much of the signal.
    pub const HEART: Self = Self(1 << 22);
    /// The signal jumps to and fro over its range, as a broken sensor or contact does.
    pub const ERRATIC: Self = Self(1 << 23);
    /// Samples are missing before this block.
    pub const GAP: Self = Self(1 << 24);

    /// Faults under which a contraction can neither be seen nor ruled out.
    pub const BLINDING: Self = Self(
        Self::LEAD_OFF.0
            | Self::SENSOR_FAULT.0
            | Self::STALE.0
            | Self::WARMING.0
            | Self::NOT_FINITE.0
            | Self::FLAT.0
            | Self::ERRATIC.0,
    );

    const NAMES: [(Self, &'static str); 21] = [
        (Self::SATURATED_LOW, "saturated low"),
        (Self::SATURATED_HIGH, "saturated high"),
        (Self::LEAD_OFF, "electrode off"),
        (Self::SENSOR_FAULT, "sensor fault"),
        (Self::STALE, "stale value"),
        (Self::OVERRUN, "device overrun"),
        (Self::CLOCK_JUMP, "clock jump"),
        (Self::TEST_SIGNAL, "test signal"),
        (Self::WARMING, "warming up"),
        (Self::LOW_BATTERY, "low battery"),
        (Self::NOT_FINITE, "not a number"),
        (Self::SETTLING, "settling"),
        (Self::FLAT, "flat line"),
        (Self::MAINS, "mains hum"),
        (Self::NOISE_FLOOR, "noise floor"),
        (Self::BASELINE_STEP, "baseline step"),
        (Self::MOTION, "motion"),
        (Self::SPIKE, "spike"),
        (Self::HEART, "heart beat"),
        (Self::ERRATIC, "erratic sensor"),
        (Self::GAP, "gap"),
    ];

    /// Whether any fault of `other` is in this set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.0 == 0
    }

    /// The set as bits, for hashing.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set with these [`Self::bits`]. Bits that have no name here are kept.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// What a device or decoder reported, for files; what a [`Monitor`] found is left out.
    #[must_use]
    pub const fn reported_bits(self) -> u16 {
        self.0 as u16
    }

    /// The set with these [`Self::reported_bits`]. Bits that have no name here are kept.
    #[must_use]
    pub const fn from_reported_bits(bits: u16) -> Self {
        Self(bits as u32)
    }

    /// This set without the faults of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Names of the faults in this set, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(fault, _)| self.intersects(*fault)).map(|(_, n)| n)
    }
}

impl BitOr for Quality {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Quality {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_add_up_and_keep_their_names() {
        let mut quality = Quality::LEAD_OFF;
        quality |= Quality::SATURATED_HIGH;
        assert_eq!(quality.names().collect::<Vec<_>>(), ["saturated high", "electrode off"]);
        assert!(quality.intersects(Quality::BLINDING));
        assert!(!Quality::SATURATED_HIGH.intersects(Quality::BLINDING));
        assert!(Quality::GOOD.is_good());
    }

    #[test]
    fn bits_come_back_even_those_without_a_name() {
        for bits in [0, 1, 0x0804, u32::MAX] {
            assert_eq!(Quality::from_bits(bits).bits(), bits);
            let reported = bits as u16;
            assert_eq!(Quality::from_reported_bits(reported).reported_bits(), reported);
        }
        assert_eq!(Quality::FLAT.reported_bits(), 0);
    }
}
