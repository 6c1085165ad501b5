//! The axes on which a floor is judged, and what was found on each.

use levator_measure::{How, Quantity, Task};
use levator_programme::Evidence;
use levator_signal::{ChannelId, Unit};

use crate::{Doubt, Modality, Site};
use levator_programme::words;

/// An axis. None is ever added to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// T: level at rest.
    Tone,
    /// I: unrest at rest.
    Instability,
    /// R: whether rest returns after contracting.
    Relaxation,
    /// S: how strong a contraction is.
    Strength,
    /// E: how long it lasts.
    Endurance,
    /// C: whether the floor lets go in a push.
    Coordination,
}

words!(Axis {
    Tone => "tone",
    Instability => "instability",
    Relaxation => "relaxation",
    Strength => "strength",
    Endurance => "endurance",
    Coordination => "coordination",
});

impl Axis {
    /// Its place in [`Findings`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What the measure is called, for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Tone => "resting level",
            Self::Instability => "steadiness at rest",
            Self::Relaxation => "relaxation after contracting",
            Self::Strength => "strength of contraction",
            Self::Endurance => "endurance",
            Self::Coordination => "letting go in a push",
        }
    }
}

/// Where the person stands on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Below the reference.
    Low,
    /// Within it; for relaxation: complete; for coordination: it lets go.
    Normal,
    /// Near a bound.
    Borderline,
    /// Above the reference; for coordination: paradoxical.
    High,
    /// Of relaxation: partial.
    Partial,
    /// Of relaxation: incomplete.
    Incomplete,
    /// Cannot be told.
    Unknown,
}

words!(Status {
    Low => "low",
    Normal => "normal",
    Borderline => "borderline",
    High => "high",
    Partial => "partial",
    Incomplete => "incomplete",
    Unknown => "unknown",
});

/// How far a finding or a verdict goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Take it as a hint.
    Low,
    /// Measured twice against a matching reference.
    Moderate,
    /// Strength only: matching reference, pressure, verified contraction.
    High,
}

words!(Confidence { Low => "low", Moderate => "moderate", High => "high" });

/// Whether contractions were squeezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verified {
    /// Seen, felt, or told apart from a push.
    Squeeze,
    /// Nothing speaks for or against it.
    Unverified,
    /// The floor did not lift: bearing down.
    BearingDown,
    /// There was none, or none above rest.
    Absent,
}

/// Why a status cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unknown {
    /// The measure is missing or invalid.
    NoMeasure,
    /// No reference fits the device and the person, or it has nothing on this.
    NoReference,
    /// The error of measurement is not known, and the value is not clear without it.
    NoError,
    /// What was measured cannot be graded on this device.
    NotAssessable,
}

impl Unknown {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoMeasure => "not measured",
            Self::NoReference => "no reference fits the device and the person",
            Self::NoError => "error of measurement not known",
            Self::NotAssessable => "not assessable on this device",
        }
    }
}

/// A measure that went into a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// Its channel.
    pub channel: ChannelId,
    /// What was measured.
    pub quantity: Quantity,
    /// Of which task.
    pub task: Task,
    /// By which definition.
    pub how: How,
}

/// Unit of the value of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueUnit {
    /// That of the reference.
    Reference(Unit),
    /// That, times seconds.
    ReferenceSeconds(Unit),
    /// A proportion.
    Ratio,
    /// Percent.
    Percent,
    /// Seconds.
    Second,
    /// Times out of some.
    Count,
    /// Anything else.
    Other,
}

impl ValueUnit {
    /// Its symbol, with a space before it where it has one.
    #[must_use]
    pub fn symbol(self) -> String {
        match self {
            Self::Reference(unit) => format!(" {unit}"),
            Self::ReferenceSeconds(unit) => format!(" {unit} s"),
            Self::Percent => " %".to_owned(),
            Self::Second => " s".to_owned(),
            Self::Ratio | Self::Count | Self::Other => String::new(),
        }
    }
}

/// What was found on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The axis.
    pub axis: Axis,
    /// Where the person stands.
    pub status: Status,
    /// Why that cannot be told.
    pub unknown: Option<Unknown>,
    /// What felt or measured it; `None` if nothing did.
    pub modality: Option<Modality>,
    /// Where the probe lay.
    pub site: Option<Site>,
    /// Whether a clinician felt it.
    pub felt: bool,
    /// The value, in the unit of the reference and for its device.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: ValueUnit,
    /// Standard error of measurement: within the visit and between days.
    pub sigma: Option<f64>,
    /// Below this it is low.
    pub lower: Option<f64>,
    /// Above this it is high, or incomplete.
    pub upper: Option<f64>,
    /// Probability that the true value lies below `lower`: of measurement, not of disease.
    pub p_low: Option<f64>,
    /// Probability that the true value lies above `upper`.
    pub p_high: Option<f64>,
    /// Share of the value in `sigma` that grows with it, for telling where the status would change.
    pub sigma_ratio: f64,
    /// Measures it comes from.
    pub inputs: Vec<Input>,
    /// The reference, by its id.
    pub reference: Option<String>,
    /// What the bound cites.
    pub citation: Option<String>,
    /// How the bound came here.
    pub evidence: Option<Evidence>,
    /// Of strength: whether the contractions were squeezes.
    pub verified: Option<Verified>,
    /// Whether modalities contradict each other.
    pub conflict: bool,
    /// Reasons for doubt.
    pub doubts: Vec<Doubt>,
    /// How far it goes.
    pub confidence: Confidence,
}

impl Finding {
    /// Nothing is known.
    #[must_use]
    pub const fn unknown(axis: Axis, why: Unknown) -> Self {
        Self {
            axis,
            status: Status::Unknown,
            unknown: Some(why),
            modality: None,
            site: None,
            felt: false,
            value: None,
            unit: ValueUnit::Other,
            sigma: None,
            lower: None,
            upper: None,
            p_low: None,
            p_high: None,
            sigma_ratio: 0.0,
            inputs: Vec::new(),
            reference: None,
            citation: None,
            evidence: None,
            verified: None,
            conflict: false,
            doubts: Vec::new(),
            confidence: Confidence::Low,
        }
    }

    /// Whether the status can be told.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !matches!(self.status, Status::Unknown)
    }

    /// Where the true value lies with 95 %.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half = crate::normal::Z975 * self.sigma?;
        self.value.map(|value| (value - half, value + half))
    }

    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }
}

/// One finding for each axis, in the order of [`Axis::ALL`].
#[derive(Clone, Debug, PartialEq)]
pub struct Findings(pub [Finding; 6]);

impl Findings {
    /// That of an axis.
    #[must_use]
    pub const fn get(&self, axis: Axis) -> &Finding {
        &self.0[axis.index()]
    }

    /// That of an axis, to change it.
    pub const fn get_mut(&mut self, axis: Axis) -> &mut Finding {
        &mut self.0[axis.index()]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
}
