//! Why a verdict is less sure than it looks.

use levator_measure::{How, Reason, Task};
use levator_programme::Evidence;

/// A reason for doubt; each can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// The bound is derived or proposed.
    Provisional(Evidence),
    /// One visit only.
    OneVisit,
    /// Earlier visits say something else.
    VisitsDisagree,
    /// Tone from EMG alone.
    ToneFromEmg,
    /// Strength from EMG alone.
    StrengthFromEmg,
    /// No published rule tells tone reliably.
    ToneNotSettled,
    /// Seen in health, too: anal hypertension, dyssynergia.
    SeenInHealth,
    /// No test with a balloon.
    NoBalloon,
    /// The band of the reference or of the recording is not known.
    BandwidthUnknown,
    /// The person is older or younger than those of the reference, or the age was not told.
    AgeOutside {
        /// Whether the age was told.
        given: bool,
    },
    /// Gave birth more or less often, or it was not told.
    BirthsOutside {
        /// Whether it was told.
        given: bool,
    },
    /// Whether pregnant or shortly after a birth was not told.
    StateNotGiven,
    /// Compared with a number of another definition.
    OtherDefinition(How),
    /// Compared with a number of another task.
    OtherTask(Task),
    /// The measure has a reason for doubt of its own.
    Measure(Reason),
    /// How well the measure repeats from day to day is not known.
    RepeatabilityUnknown,
    /// There is no error of measurement at all, so probabilities cannot be told.
    NoError,
    /// The value lies near the bound.
    Borderline,
    /// Whether the rise was a squeeze was not verified.
    Unverified,
    /// The published rule uses recovery and median frequency, which repeat poorly.
    LegacyTiming,
    /// How long after insertion rest was measured is not known.
    InsertionUnknown,
    /// Modalities disagree.
    Conflict,
    /// What was felt and what was measured disagree.
    PalpationDisagrees,
    /// Measured in another position than the reference.
    PositionDiffers,
}

impl Doubt {
    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Provisional(evidence) => {
                return evidence.remark().unwrap_or("reference: as published").to_owned();
            }
            Self::OneVisit => "one visit only",
            Self::VisitsDisagree => "earlier visits say something else",
            Self::ToneFromEmg => "EMG sees electrical activity, not passive stiffness",
            Self::StrengthFromEmg => "EMG does not measure force",
            Self::ToneNotSettled => "no accepted way to grade resting tone exists",
            Self::SeenInHealth => "seen in healthy people, too: a minor, inconclusive finding",
            Self::NoBalloon => "inconclusive without balloon expulsion",
            Self::BandwidthUnknown => "bandwidth of the reference or of the recording not known",
            Self::AgeOutside { given: true } => "age outside that of the reference",
            Self::AgeOutside { given: false } => "age not told",
            Self::BirthsOutside { given: true } => "number of births outside that of the reference",
            Self::BirthsOutside { given: false } => "number of births not told",
            Self::StateNotGiven => "pregnancy and recent births not told",
            Self::OtherDefinition(how) => {
                return format!("compared with a number of another definition ({})", how.name());
            }
            Self::OtherTask(task) => {
                return format!("compared with a number of another task ({})", task.name());
            }
            Self::Measure(reason) => return reason_text(reason).to_owned(),
            Self::RepeatabilityUnknown => "repeatability between days not known for this set-up",
            Self::NoError => "error of measurement not known",
            Self::Borderline => "near the bound",
            Self::Unverified => "whether it was a squeeze was not verified",
            Self::LegacyTiming => {
                "the rule of 1997 uses recovery and median frequency, which repeat poorly"
            }
            Self::InsertionUnknown => "time since insertion not known",
            Self::Conflict => "modalities disagree",
            Self::PalpationDisagrees => "what was felt and what was measured disagree",
            Self::PositionDiffers => "measured in another position than the reference",
        }
        .to_owned()
    }
}

/// The reason of a measure, in words.
#[must_use]
pub const fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::Gap => "samples are missing",
        Reason::TooShort => "too little of the window was usable",
        Reason::TooFewTrials => "too few trials",
        Reason::TrialsDisagree => "trials differ by more than a fifth",
        Reason::NoContraction => "contraction not found",
        Reason::EdgeUnknown => "an edge of the contraction cannot be told",
        Reason::Saturated => "the channel reached the end of its range",
        Reason::Blind => "the sensor was off, flat or erratic",
        Reason::Mains => "mains hum",
        Reason::Motion => "motion",
        Reason::Heart => "heart beats",
        Reason::NoiseFloor => "noise is more than a quarter of the level at rest",
        Reason::NoiseFloorUnknown => "noise floor not known",
        Reason::Settling => "the filter had not settled",
        Reason::BearingDown => "bearing down, not a squeeze",
        Reason::Unverified => "whether it was a squeeze cannot be told",
        Reason::NoReference => "nothing to compare with",
        Reason::NotDefined => "not defined for this kind of signal",
        Reason::Interrupted => "interrupted",
        Reason::ContractionInRest => "a contraction lies in the rest",
        Reason::Drift => "the baseline drifted",
        Reason::PoorRepeatability => "known to repeat poorly",
        Reason::Smoothing => "smoothing is as long as what is measured",
        Reason::NotReleased => "the muscle was not let go before",
        Reason::TooLong => "longer than what was asked for can be",
        Reason::TooBrief => "shorter than what was asked for can be",
        Reason::FarWeaker => "far weaker than the others of its set",
        Reason::Unsure => "not surely a contraction",
    }
}
