//! What a virtual person is like: the label.

/// What kind of pelvic floor a virtual person has.
///
/// A word for how the signals were made, and no diagnosis: a real person has signs, history and
/// complaints, and these have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Rest, strength, release and push as in the published healthy people.
    Healthy,
    /// Low strength, quiet at rest, full release.
    Weak,
    /// Rest above the range of the device, strength not low.
    Hypertonic,
    /// Rest above the range of the device, and little on top of it.
    TightAndWeak,
    /// Quiet before the first contraction, but the level stays up between contractions.
    NonRelaxing,
    /// Quiet at rest and between contractions, but contracts when asked to push.
    Dyssynergic,
    /// Presses with the abdomen when asked to squeeze, and the pelvic floor does nothing.
    BearingDown,
    /// Strong at first, but less than half is left after a minute.
    Fatiguing,
    /// Lets go only partly between contractions, as women with urinary incontinence do.
    PartialRelaxer,
    /// Pregnant, and otherwise as [`Condition::Healthy`].
    PregnantHealthy,
    /// Pregnant, and otherwise as [`Condition::Weak`].
    PregnantWeak,
    /// Six to twelve weeks after birth, and otherwise as [`Condition::Healthy`].
    PostPartumHealthy,
    /// Six to twelve weeks after birth, and otherwise as [`Condition::Weak`].
    PostPartumWeak,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Healthy,
        Self::Weak,
        Self::Hypertonic,
        Self::TightAndWeak,
        Self::NonRelaxing,
        Self::Dyssynergic,
        Self::BearingDown,
        Self::Fatiguing,
        Self::PartialRelaxer,
        Self::PregnantHealthy,
        Self::PregnantWeak,
        Self::PostPartumHealthy,
        Self::PostPartumWeak,
    ];

    /// A word for files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Weak => "weak",
            Self::Hypertonic => "hypertonic",
            Self::TightAndWeak => "tight-and-weak",
            Self::NonRelaxing => "non-relaxing",
            Self::Dyssynergic => "dyssynergic",
            Self::BearingDown => "bearing-down",
            Self::Fatiguing => "fatiguing",
            Self::PartialRelaxer => "partial-relaxer",
            Self::PregnantHealthy => "pregnant-healthy",
            Self::PregnantWeak => "pregnant-weak",
            Self::PostPartumHealthy => "post-partum-healthy",
            Self::PostPartumWeak => "post-partum-weak",
        }
    }

    /// Where in life it is.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::PregnantHealthy | Self::PregnantWeak => Stage::Pregnant,
            Self::PostPartumHealthy | Self::PostPartumWeak => Stage::PostPartum,
            Self::Healthy
            | Self::Weak
            | Self::Hypertonic
            | Self::TightAndWeak
            | Self::NonRelaxing
            | Self::Dyssynergic
            | Self::BearingDown
            | Self::Fatiguing
            | Self::PartialRelaxer => Stage::Usual,
        }
    }

    /// Whether the level at rest lies above the range of the device.
    #[must_use]
    pub const fn is_tight(self) -> bool {
        matches!(self, Self::Hypertonic | Self::TightAndWeak)
    }

    /// Whether contractions are weak.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Weak | Self::TightAndWeak | Self::PregnantWeak | Self::PostPartumWeak)
    }
}

/// Where in life a person is, as far as reference ranges differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Neither of the others. Women are then nulliparae, for whom the ranges were made.
    Usual,
    /// In the second half of a first pregnancy.
    Pregnant,
    /// Six to twelve weeks after the first birth.
    PostPartum,
}

/// Which anatomy is measured: chooses site and ranges, nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anatomy {
    /// With a vagina.
    Female,
    /// With a prostate.
    Male,
}

/// How far from the bounds that define the label a person is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Margin {
    /// Beyond each bound by at least [two standard errors of repetition](super::Bounds::CLEAR_SEMS):
    /// the label is true by construction and can be seen in one visit.
    Clear,
    /// On the right side of the bound, but within [one standard error](super::Bounds::NEAR_SEMS) of
    /// it: "cannot tell" is as good an answer as the label.
    Borderline,
    /// From the published distribution, uncut. One healthy person in twenty then lies beyond a 95th
    /// percentile. For comparing with the tables of papers, not for judging a rule.
    AsPublished,
}
