//! A pace to breathe to.

use crate::Millis;

/// One breath: in, hold, out, hold, over and over.
///
/// The pace begins with a breath in when its phase begins and runs on through the repetitions and
/// rests of that phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breathing {
    /// Breathing in.
    pub inhale: Millis,
    /// Holding, full.
    pub hold_full: Millis,
    /// Breathing out.
    pub exhale: Millis,
    /// Holding, empty.
    pub hold_empty: Millis,
}

/// Where in a breath one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breath {
    /// Breathing in.
    Inhale,
    /// Holding, full.
    HoldFull,
    /// Breathing out.
    Exhale,
    /// Holding, empty.
    HoldEmpty,
}

/// What a pacer shows at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Part of the breath.
    pub breath: Breath,
    /// How far this part has come, 0 to 1.
    pub done_ratio: f64,
    /// How full the lungs are, 0 to 1: straight up and straight down. Easing is the view's.
    pub fullness_ratio: f64,
}

impl Breathing {
    /// Six breaths a minute, 4 s in and 6 s out.
    ///
    /// # Source
    ///
    /// Six a minute is used in practice; no trial on the pelvic floor was found (from memory,
    /// provisional). The longer way out is our choice. It paces relaxation and claims no effect on
    /// tone.
    pub const SIX_PER_MINUTE: Self = Self {
        inhale: Millis::from_secs(4),
        hold_full: Millis::ZERO,
        exhale: Millis::from_secs(6),
        hold_empty: Millis::ZERO,
    };

    /// So many breaths a minute without holding, two fifths of each in; rounded to milliseconds.
    /// `None` unless it is 2 to 30.
    #[must_use]
    pub fn per_minute(breaths: f64) -> Option<Self> {
        if !(Self::SLOWEST_PER_MINUTE..=Self::FASTEST_PER_MINUTE).contains(&breaths) {
            return None;
        }
        let period = (60_000.0 / breaths).round();
        let inhale = (0.4 * period).round();
        Some(Self {
            inhale: Millis(inhale as u64),
            hold_full: Millis::ZERO,
            exhale: Millis((period - inhale) as u64),
            hold_empty: Millis::ZERO,
        })
    }

    /// Fewest breaths a minute. Our choice: a breath of half a minute is nobody's training.
    pub const SLOWEST_PER_MINUTE: f64 = 2.0;
    /// Most breaths a minute. Our choice: above the pace of rest.
    pub const FASTEST_PER_MINUTE: f64 = 30.0;

    /// Length of one breath.
    #[must_use]
    pub const fn period(self) -> Millis {
        self.inhale
            .saturating_add(self.hold_full)
            .saturating_add(self.exhale)
            .saturating_add(self.hold_empty)
    }

    /// Breaths a minute; infinite if the period is zero, which no checked programme has.
    #[must_use]
    pub fn rate_per_minute(self) -> f64 {
        60_000.0 / self.period().0 as f64
    }

    /// The pace `elapsed_s` after the first breath in began; times before that count as that moment.
    #[must_use]
    pub fn at(self, elapsed_s: f64) -> Pace {
        let period = self.period().0 as f64;
        let elapsed = (elapsed_s * 1000.0).max(0.0);
        let mut left = if period > 0.0 && elapsed.is_finite() { elapsed % period } else { 0.0 };
        for (breath, length) in [
            (Breath::Inhale, self.inhale),
            (Breath::HoldFull, self.hold_full),
            (Breath::Exhale, self.exhale),
        ] {
            let length = length.0 as f64;
            if left < length {
                return Pace::new(breath, left / length);
            }
            left -= length;
        }
        match self.hold_empty.0 {
            0 => Pace::new(Breath::Exhale, 1.0),
            length => Pace::new(Breath::HoldEmpty, (left / length as f64).min(1.0)),
        }
    }
}

impl Pace {
    fn new(breath: Breath, done_ratio: f64) -> Self {
        let fullness_ratio = match breath {
            Breath::Inhale => done_ratio,
            Breath::HoldFull => 1.0,
            Breath::Exhale => 1.0 - done_ratio,
            Breath::HoldEmpty => 0.0,
        };
        Self { breath, done_ratio, fullness_ratio }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_a_minute_is_the_default_pace() {
        assert_eq!(Breathing::per_minute(6.0), Some(Breathing::SIX_PER_MINUTE));
        assert_eq!(Breathing::SIX_PER_MINUTE.rate_per_minute().to_bits(), 6.0_f64.to_bits());
        for odd in [f64::NAN, 0.0, -6.0, 1.9, 30.1, f64::INFINITY] {
            assert_eq!(Breathing::per_minute(odd), None);
        }
    }

    #[test]
    fn a_breath_goes_in_holds_goes_out_and_holds() {
        let box_breathing = Breathing {
            inhale: Millis(4000),
            hold_full: Millis(2000),
            exhale: Millis(4000),
            hold_empty: Millis(2000),
        };
        let pace = |s: f64| {
            let pace = box_breathing.at(s);
            (pace.breath, pace.done_ratio, pace.fullness_ratio)
        };
        assert_eq!(pace(-1.0), (Breath::Inhale, 0.0, 0.0));
        assert_eq!(pace(1.0), (Breath::Inhale, 0.25, 0.25));
        assert_eq!(pace(5.0), (Breath::HoldFull, 0.5, 1.0));
        assert_eq!(pace(9.0), (Breath::Exhale, 0.75, 0.25));
        assert_eq!(pace(11.0), (Breath::HoldEmpty, 0.5, 0.0));
        assert_eq!(pace(13.0), pace(1.0));
        assert_eq!(pace(f64::NAN).0, Breath::Inhale);
    }

    #[test]
    fn the_way_out_ends_empty() {
        let pace = Breathing::SIX_PER_MINUTE.at(9.999_999);
        assert_eq!(pace.breath, Breath::Exhale);
        assert!(pace.fullness_ratio < 1e-6);
    }
}
