//! Whether a number can be relied upon, and why not.

use levator_signal::Quality;

/// Whether a measure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Validity {
    /// Nothing speaks against it.
    Valid,
    /// It was computed, and something speaks against it.
    Doubtful,
    /// It could not be computed, or must not be used.
    Invalid,
}

/// Why a measure is doubtful or invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Samples are missing in the window.
    Gap,
    /// Too little of the window was usable.
    TooShort,
    /// Fewer trials than the definition asks for.
    TooFewTrials,
    /// Trials differ by more than a fifth.
    TrialsDisagree,
    /// The contraction was not found.
    NoContraction,
    /// An edge of the contraction cannot be determined.
    EdgeUnknown,
    /// The channel reached the end of its range.
    Saturated,
    /// Blinding fault: flat, off, erratic, reported by the device.
    Blind,
    /// Mains hum.
    Mains,
    /// Motion, steps or spikes.
    Motion,
    /// Heart beats.
    Heart,
    /// The noise floor is more than a quarter of the level at rest.
    NoiseFloor,
    /// The noise floor is not known.
    NoiseFloorUnknown,
    /// The filter had not settled.
    Settling,
    /// It was bearing down, not a squeeze.
    BearingDown,
    /// Whether it was a squeeze cannot be told.
    Unverified,
    /// What it is compared with is missing or not above zero.
    NoReference,
    /// The quantity is not defined for this kind of signal.
    NotDefined,
    /// The trial was interrupted, skipped or stopped.
    Interrupted,
    /// A contraction lies in a window of rest.
    ContractionInRest,
    /// The baseline drifted by more than is allowed.
    Drift,
    /// Known to repeat poorly (Oleksy 2021): for information, never decisive.
    PoorRepeatability,
    /// A smoothing window as long as the time that is measured.
    Smoothing,
    /// The muscle was not let go before.
    NotReleased,
    /// Longer than what was asked for can be.
    TooLong,
    /// Shorter than what was asked for can be.
    TooBrief,
    /// Far weaker than the others of its set.
    FarWeaker,
    /// The detector is not sure enough of the contraction.
    Unsure,
}

impl Reason {
    /// Every reason, in the order of the bits of [`Reasons`].
    pub const ALL: [Self; 28] = [
        Self::Gap,
        Self::TooShort,
        Self::TooFewTrials,
        Self::TrialsDisagree,
        Self::NoContraction,
        Self::EdgeUnknown,
        Self::Saturated,
        Self::Blind,
        Self::Mains,
        Self::Motion,
        Self::Heart,
        Self::NoiseFloor,
        Self::NoiseFloorUnknown,
        Self::Settling,
        Self::BearingDown,
        Self::Unverified,
        Self::NoReference,
        Self::NotDefined,
        Self::Interrupted,
        Self::ContractionInRest,
        Self::Drift,
        Self::PoorRepeatability,
        Self::Smoothing,
        Self::NotReleased,
        Self::TooLong,
        Self::TooBrief,
        Self::FarWeaker,
        Self::Unsure,
    ];

    /// Of samples with one of these nothing can be measured.
    pub(crate) const UNUSABLE: Reasons =
        Reasons::NONE.with(Self::Gap).with(Self::Blind).with(Self::Settling);

    /// The name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::TooShort => "too-short",
            Self::TooFewTrials => "too-few-trials",
            Self::TrialsDisagree => "trials-disagree",
            Self::NoContraction => "no-contraction",
            Self::EdgeUnknown => "edge-unknown",
            Self::Saturated => "saturated",
            Self::Blind => "blind",
            Self::Mains => "mains",
            Self::Motion => "motion",
            Self::Heart => "heart",
            Self::NoiseFloor => "noise-floor",
            Self::NoiseFloorUnknown => "noise-floor-unknown",
            Self::Settling => "settling",
            Self::BearingDown => "bearing-down",
            Self::Unverified => "unverified",
            Self::NoReference => "no-reference",
            Self::NotDefined => "not-defined",
            Self::Interrupted => "interrupted",
            Self::ContractionInRest => "contraction-in-rest",
            Self::Drift => "drift",
            Self::PoorRepeatability => "poor-repeatability",
            Self::Smoothing => "smoothing",
            Self::NotReleased => "not-released",
            Self::TooLong => "too-long",
            Self::TooBrief => "too-brief",
            Self::FarWeaker => "far-weaker",
            Self::Unsure => "unsure",
        }
    }
}

/// A set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reasons(u32);

impl Reasons {
    /// None.
    pub const NONE: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, reason: Reason) -> Self {
        Self(self.0 | 1 << reason as u32)
    }

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it holds this one.
    #[must_use]
    pub const fn has(self, reason: Reason) -> bool {
        self.0 & 1 << reason as u32 != 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those it holds, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let reason = *Reason::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(reason)
        })
    }
}

/// What each fault of a block means for a measure. Faults that are not here (a low battery) mean nothing.
const OF_FAULTS: [(Quality, Reason); 19] = [
    (Quality::SATURATED_LOW, Reason::Saturated),
    (Quality::SATURATED_HIGH, Reason::Saturated),
    (Quality::LEAD_OFF, Reason::Blind),
    (Quality::SENSOR_FAULT, Reason::Blind),
    (Quality::STALE, Reason::Blind),
    (Quality::WARMING, Reason::Blind),
    (Quality::NOT_FINITE, Reason::Blind),
    // No person is measured.
    (Quality::TEST_SIGNAL, Reason::Blind),
    // When the samples of the block were taken is not known well enough to measure over them.
    (Quality::OVERRUN, Reason::Gap),
    (Quality::CLOCK_JUMP, Reason::Gap),
    (Quality::SETTLING, Reason::Settling),
    // What a monitor finds. Not Quality::GAP: a meter sees gaps by the indices, to the sample.
    (Quality::FLAT, Reason::Blind),
    (Quality::ERRATIC, Reason::Blind),
    (Quality::MAINS, Reason::Mains),
    (Quality::MOTION, Reason::Motion),
    (Quality::SPIKE, Reason::Motion),
    (Quality::BASELINE_STEP, Reason::Motion),
    (Quality::HEART, Reason::Heart),
    (Quality::NOISE_FLOOR, Reason::NoiseFloor),
];

impl Reasons {
    /// The reasons that the faults of a stretch give.
    #[must_use]
    pub const fn of(quality: Quality) -> Self {
        let mut reasons = Self::NONE;
        if quality.is_good() {
            return reasons;
        }
        let mut at = 0;
        while at < OF_FAULTS.len() {
            let (fault, reason) = OF_FAULTS[at];
            if quality.intersects(fault) {
                reasons = reasons.with(reason);
            }
            at += 1;
        }
        reasons
    }

    /// Whether it shares one with the other set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A validity that is being worked out. It only ever gets worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) validity: Validity,
    pub(crate) reasons: Reasons,
}

impl Judgement {
    pub(crate) const GOOD: Self = Self { validity: Validity::Valid, reasons: Reasons::NONE };

    /// To be known, but nothing speaks against the number.
    pub(crate) fn note(self, reason: Reason) -> Self {
        Self { reasons: self.reasons.with(reason), ..self }
    }

    pub(crate) fn doubt(self, reason: Reason) -> Self {
        let validity = self.validity.max(Validity::Doubtful);
        Self { validity, reasons: self.reasons.with(reason) }
    }

    pub(crate) fn doubt_if(self, holds: bool, reason: Reason) -> Self {
        if holds { self.doubt(reason) } else { self }
    }

    pub(crate) fn reject(self, reason: Reason) -> Self {
        Self { validity: Validity::Invalid, reasons: self.reasons.with(reason) }
    }

    pub(crate) fn reject_if(self, holds: bool, reason: Reason) -> Self {
        if holds { self.reject(reason) } else { self }
    }

    /// The worse of both, with the reasons of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            validity: self.validity.max(other.validity),
            reasons: self.reasons.and(other.reasons),
        }
    }

    pub(crate) fn is_valid(self) -> bool {
        self.validity == Validity::Valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_bit_and_its_name() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{}", reason.name());
            let only = Reasons::NONE.with(reason);
            assert_eq!(only.iter().collect::<Vec<_>>(), [reason]);
        }
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
    }

    #[test]
    fn faults_give_reasons_and_a_low_battery_gives_none() {
        let both = Reasons::of(Quality::LEAD_OFF | Quality::SATURATED_LOW);
        assert_eq!(both, Reasons::NONE.with(Reason::Saturated).with(Reason::Blind));
        assert!(Reasons::of(Quality::LOW_BATTERY).is_empty());
        assert!(Reasons::of(Quality::GOOD).is_empty());
    }

    #[test]
    fn a_judgement_only_gets_worse() {
        let rejected = Judgement::GOOD.reject(Reason::Gap).doubt(Reason::Mains).note(Reason::Heart);
        assert_eq!(rejected.validity, Validity::Invalid);
        assert!(rejected.reasons.has(Reason::Mains) && rejected.reasons.has(Reason::Heart));
        assert!(Judgement::GOOD.note(Reason::Heart).is_valid());
    }
}
