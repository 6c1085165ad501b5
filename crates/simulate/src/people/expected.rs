//! What should be found about a person, as far as a setup and a programme let it be told.

use levator_programme::{Gate, PhaseKind, Programme};

use super::bounds::PressureSem;
use super::{Abdomen, Bounds, Condition, Lift, Participant, PressureFamily};

/// Resting tone, as the reference of the device calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Not above the range.
    Normal,
    /// Above the range.
    High,
    /// There is no reference, or no rest in the programme.
    Unknown,
}

/// Strength, as the reference of the device calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Not below the range.
    Normal,
    /// Below the range.
    Low,
    /// There is no reference, no contraction in the programme, or nothing that shows whether a rise of
    /// pressure was a contraction.
    Unknown,
}

/// Relaxation after contractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relaxation {
    /// Back to rest.
    Complete,
    /// Nearly.
    Partial,
    /// No.
    Incomplete,
    /// There was nothing to let go of.
    Unknown,
}

/// What the pelvic floor does in a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coordination {
    /// It does not contract.
    Normal,
    /// It contracts, or, in the anal canal, does not let go.
    Paradoxical,
    /// The setup cannot tell, or nobody asked for a push.
    Unknown,
}

/// The labels of a rule for tight and weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Fewer than two of tone, strength and relaxation can be told.
    InsufficientData,
    /// Something else than a contraction was done.
    UnableToContract,
    /// Tight and weak.
    Mixed,
    /// Tight.
    Hypertonic,
    /// Does not let go after contractions, or contracts in a push.
    NonRelaxing,
    /// Weak, tone normal or not assessable.
    Weak,
    /// Nothing out of range, and everything known.
    WithinExpected,
    /// Anything else.
    Inconclusive,
}

impl Label {
    /// A word for tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InsufficientData => "insufficient-data",
            Self::UnableToContract => "unable-to-contract",
            Self::Mixed => "mixed",
            Self::Hypertonic => "hypertonic",
            Self::NonRelaxing => "non-relaxing",
            Self::Weak => "weak",
            Self::WithinExpected => "within-expected",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The answer that is right for a [`Margin::Clear`](super::Margin::Clear) person, symptoms apart: no
/// pain, no leakage, nothing to refer for.
///
/// The label follows from the axes by one reading of the order in which labels are evaluated (our own,
/// written without looking at any other code): unable to contract, mixed, hypertonic, non-relaxing,
/// weak, within expected, inconclusive; insufficient data before all but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Resting tone.
    pub tone: Tone,
    /// Strength.
    pub strength: Strength,
    /// Relaxation between contractions.
    pub relaxation: Relaxation,
    /// Push.
    pub coordination: Coordination,
    /// Whether contractions are contractions.
    pub contracts: bool,
    /// The answer.
    pub label: Label,
    /// Another answer that is as good.
    pub also: Option<Label>,
    /// What may be offered.
    pub gate: Gate,
    /// Whether the finding is one that is seen in health too: anal hypertension, dyssynergia.
    pub is_minor: bool,
}

/// What a programme lets be seen.
#[derive(Clone, Copy)]
struct Seen {
    rest: bool,
    contraction: bool,
    gaps: bool,
    push: bool,
}

impl Expected {
    /// With a programme that has rest, contractions with rests between, and pushes.
    pub(super) fn of(person: &Participant) -> Self {
        Self::seen(person, Seen { rest: true, contraction: true, gaps: true, push: true })
    }

    /// With this programme: what nobody asks for cannot be told.
    pub(super) fn within(person: &Participant, programme: &Programme) -> Self {
        let phases = &programme.definition().phases;
        let contracts = |kind: PhaseKind| kind.is_contraction();
        let before = phases.iter().take_while(|phase| !phase.kind.is_exertion());
        let seen = Seen {
            rest: before.into_iter().any(|phase| phase.kind == PhaseKind::Rest),
            contraction: phases.iter().any(|phase| contracts(phase.kind)),
            gaps: phases.iter().any(|phase| contracts(phase.kind) && phase.rest.0 > 0),
            push: phases.iter().any(|phase| phase.kind == PhaseKind::Push),
        };
        Self::seen(person, seen)
    }

    fn seen(person: &Participant, seen: Seen) -> Self {
        let setup = &person.setup;
        let contracts = person.condition != Condition::BearingDown;
        let verified =
            setup.emg.is_some() || setup.abdomen != Abdomen::None || setup.lift == Lift::Watched;
        let tone = if seen.rest { tone(person) } else { Tone::Unknown };
        let strength = match seen.contraction && verified && contracts {
            true => strength(person),
            false => Strength::Unknown,
        };
        let relaxation = match seen.rest && seen.gaps && contracts {
            true => relaxation(person),
            false => Relaxation::Unknown,
        };
        let coordination = if seen.push { coordination(person) } else { Coordination::Unknown };

        let unable = !contracts && verified && seen.contraction;
        let (high, low) = (tone == Tone::High, strength == Strength::Low);
        let known = usize::from(tone != Tone::Unknown)
            + usize::from(strength != Strength::Unknown)
            + usize::from(relaxation != Relaxation::Unknown);
        let paradoxical = coordination == Coordination::Paradoxical;
        let label = if unable {
            Label::UnableToContract
        } else if known < 2 {
            Label::InsufficientData
        } else if high && low {
            Label::Mixed
        } else if high {
            Label::Hypertonic
        } else if relaxation == Relaxation::Incomplete || paradoxical {
            Label::NonRelaxing
        } else if low {
            Label::Weak
        } else if known == 3 {
            Label::WithinExpected
        } else {
            Label::Inconclusive
        };
        // Where a reference counts rest in, nobody whose rest is high can be low: what is added is
        // little all the same.
        let also = (label == Label::Hypertonic && person.condition == Condition::TightAndWeak)
            .then_some(Label::Mixed);
        let red = unable || high || relaxation == Relaxation::Incomplete || paradoxical;
        let green = tone == Tone::Normal
            && relaxation == Relaxation::Complete
            && strength != Strength::Unknown;
        let gate = match (red, green) {
            (true, _) => Gate::Red,
            (false, true) => Gate::Green,
            (false, false) => Gate::Amber,
        };
        let is_minor = (setup.pressure == Some(PressureFamily::Anorectal) && high) || paradoxical;
        Self { tone, strength, relaxation, coordination, contracts, label, also, gate, is_minor }
    }
}

fn tone(person: &Participant) -> Tone {
    let bounds = &person.bounds;
    let by_emg = person.emg.zip(bounds.rest_uv).map(|(levels, bound)| levels.rest_uv > bound);
    let by_pressure =
        person.pressure.zip(bounds.rest_pressure).map(|(levels, bound)| levels.rest > bound);
    match (by_emg, by_pressure) {
        (None, None) => Tone::Unknown,
        (Some(true), _) | (_, Some(true)) => Tone::High,
        (Some(false) | None, Some(false) | None) => Tone::Normal,
    }
}

/// By pressure if it can be told from it, else by EMG.
fn strength(person: &Participant) -> Strength {
    let bounds = &person.bounds;
    let anal = person.setup.pressure == Some(PressureFamily::Anorectal);
    let by_pressure = person.pressure.zip(bounds.squeeze_pressure).map(|(levels, bound)| {
        let level = if anal { levels.rest + levels.squeeze } else { levels.squeeze };
        level < bound
    });
    let by_emg = person.emg.zip(bounds.tonic_uv).map(|(levels, bound)| levels.tonic_uv < bound);
    match by_pressure.or(by_emg) {
        None => Strength::Unknown,
        Some(true) => Strength::Low,
        Some(false) => Strength::Normal,
    }
}

fn relaxation(person: &Participant) -> Relaxation {
    if let Some(levels) = &person.emg {
        return match levels.between_ratio {
            ratio if ratio > Bounds::INCOMPLETE_RATIO => Relaxation::Incomplete,
            ratio if ratio > Bounds::COMPLETE_RATIO => Relaxation::Partial,
            _ => Relaxation::Complete,
        };
    }
    let Some(levels) = &person.pressure else { return Relaxation::Unknown };
    let partial = Bounds::PARTIAL_SEMS * PressureSem::RELAXATION;
    // No error of repetition is published for the anal canal, and beyond how many of them a rise lies
    // cannot be said: what is not let go is partial at most.
    let anal = person.setup.pressure == Some(PressureFamily::Anorectal);
    match levels.between_rise {
        rise if rise > 1.645 * partial && !anal => Relaxation::Incomplete,
        rise if rise > partial => Relaxation::Partial,
        _ => Relaxation::Complete,
    }
}

/// EMG tells by its index; pressure in the anal canal does with the rectum's beside it.
fn coordination(person: &Participant) -> Coordination {
    let setup = &person.setup;
    let anal = setup.pressure == Some(PressureFamily::Anorectal) && setup.abdomen.has_pressure();
    match (setup.emg.is_some() || anal, person.condition) {
        (false, _) => Coordination::Unknown,
        (true, Condition::Dyssynergic) => Coordination::Paradoxical,
        (true, _) => Coordination::Normal,
    }
}
