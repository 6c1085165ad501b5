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
}

impl Reason {
    /// Every reason, in the order of the bits of [`Reasons`].
    pub const ALL: [Self; 23] = [
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
    ];
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
        Reason::ALL.into_iter().filter(move |reason| self.has(*reason))
    }
}

impl Reasons {
    /// The reasons that the faults of a stretch give.
    #[must_use]
    pub const fn of(quality: Quality) -> Self {
        let mut reasons = Self::NONE;
        if quality.intersects(Quality::BLINDING) {
            reasons = reasons.with(Reason::Blind);
        }
        reasons
    }
}
