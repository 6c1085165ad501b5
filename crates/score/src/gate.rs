//! What the findings open and close.

use levator_programme::{Gate, Load, Opening};

use crate::axes::is_mechanical;
use crate::label::leans_high;
use crate::rules::{ASK_FIRST_WEEKS, CERTAIN, LIKELY, POSSIBLE};
use crate::{
    Axis, Check, Finding, Findings, Label, Person, Status, Symptom, Symptoms, Urgency, Verified,
};

/// Why the gate stands where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GateReason {
    /// This was reported.
    Reported(Symptom),
    /// Raised tone is at least as probable as not.
    ToneRaised,
    /// Raised tone cannot be excluded.
    TonePossible,
    /// Tone cannot be told.
    ToneUnknown,
    /// One measurement says raised, and something else says not.
    ToneDisputed,
    /// Relaxation is incomplete.
    RelaxationIncomplete,
    /// Relaxation is partial.
    RelaxationPartial,
    /// Relaxation is incomplete by the ratio of EMG, and nothing else speaks against strengthening.
    RelaxationByRatio,
    /// One measurement says incomplete, and something else says not.
    RelaxationDisputed,
    /// Relaxation cannot be told.
    RelaxationUnknown,
    /// Some pushes showed no letting go, too few for a pattern.
    CoordinationBorderline,
    /// The floor tightens in a push.
    Paradoxical,
    /// The label closes strengthening.
    Label(Label),
    /// Strength was not measured, or not verified.
    StrengthNotMeasured,
    /// The data are not good enough.
    Data(Check),
    /// Pregnant, or shortly after birth or surgery: ask first.
    AskFirst,
}

impl GateReason {
    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Reported(symptom) => return format!("{} is reported", symptom.text()),
            Self::ToneRaised => "the resting level is probably raised",
            Self::TonePossible => "a raised resting level cannot be excluded",
            Self::ToneUnknown => "the resting level cannot be graded",
            Self::ToneDisputed => "one measurement shows a raised resting level, another does not",
            Self::RelaxationIncomplete => "relaxation after contracting is incomplete",
            Self::RelaxationPartial => "relaxation after contracting is only partial",
            Self::RelaxationByRatio => {
                "relaxation after contracting is incomplete, by the ratio of EMG alone"
            }
            Self::RelaxationDisputed => {
                "one measurement shows incomplete relaxation, something else does not"
            }
            Self::RelaxationUnknown => "relaxation after contracting cannot be graded",
            Self::CoordinationBorderline => "the floor did not let go in every push",
            Self::Paradoxical => "the floor does not let go in a push",
            Self::Label(_) => "the answer of this visit asks for something else first",
            Self::StrengthNotMeasured => "strength was not measured, or not verified",
            Self::Data(check) => check.advice(),
            Self::AskFirst => {
                "ask your clinician first: pregnant, or shortly after birth or surgery"
            }
        }
        .to_owned()
    }

    /// How far it closes.
    const fn gate(self) -> Gate {
        match self {
            Self::Reported(Symptom::PainOnContraction) => Gate::RedWithPain,
            Self::Label(Label::Refer) => Gate::Refer,
            // A clinician comes before training. Breathing does no harm meanwhile, nor do a few
            // contractions that do not hurt: in women with pain with intercourse they lowered the
            // level at rest (Næss and Bø 2018, 10.1007/s00192-018-3599-1).
            Self::Reported(Symptom::Pain | Symptom::Dyspareunia)
            | Self::ToneRaised
            | Self::RelaxationIncomplete
            | Self::Paradoxical
            | Self::Label(_) => Gate::Red,
            Self::Reported(_)
            | Self::TonePossible
            | Self::ToneUnknown
            | Self::ToneDisputed
            | Self::RelaxationPartial
            | Self::RelaxationByRatio
            | Self::RelaxationDisputed
            | Self::RelaxationUnknown
            | Self::CoordinationBorderline
            | Self::StrengthNotMeasured
            | Self::Data(_)
            | Self::AskFirst => Gate::Amber,
        }
    }
}

/// What the gate is decided from.
pub(crate) struct Situation<'a> {
    pub(crate) findings: &'a Findings,
    pub(crate) label: Label,
    pub(crate) symptoms: Symptoms,
    pub(crate) failed: &'a [Check],
    pub(crate) person: &'a Person,
    /// What any channel showed, whatever overrides it and whether or not it was left out.
    pub(crate) measured: &'a Findings,
    pub(crate) legacy: bool,
}

/// What is reported closes by itself, whatever was measured or not.
#[must_use]
pub fn gate_of_symptoms(symptoms: Symptoms) -> Gate {
    let weighed = [
        Symptom::PainOnContraction,
        Symptom::Pain,
        Symptom::Dyspareunia,
        Symptom::ObstructedVoiding,
        Symptom::ObstructedDefecation,
    ];
    if symptoms.urgency() > Some(Urgency::Weighed) {
        return Gate::Refer;
    }
    let reported = weighed.into_iter().filter(|symptom| symptoms.has(*symptom));
    reported.map(|symptom| GateReason::Reported(symptom).gate()).max().unwrap_or(Gate::Green)
}

/// The gate, with every reason for it that closes something.
pub(crate) fn decide(situation: &Situation<'_>) -> (Gate, Vec<GateReason>) {
    let reasons = reasons(situation);
    let gate = reasons.iter().map(|one| one.gate()).max().unwrap_or(Gate::Green);
    (gate, reasons)
}

/// Whether a visit shows too little to open strengthening, which its gate alone would leave open: what is
/// missing closes nothing by itself, and nothing is known to do no harm either.
#[must_use]
pub const fn is_too_little(label: Label, gate: Gate) -> bool {
    matches!(label, Label::InsufficientData) && matches!(gate, Gate::Green | Gate::Amber)
}

/// Whether a programme may be offered after a visit: by its gate, and closed where the visit shows too
/// little.
#[must_use]
pub const fn opening(load: Load, label: Label, gate: Gate) -> Opening {
    match load {
        Load::Strengthening if is_too_little(label, gate) => Opening::Closed,
        load => load.opening(gate),
    }
}

/// How probable raised tone is; a value beyond a bound without an error of measurement counts as
/// likely, one within it as possible.
fn raised(tone: &Finding) -> Option<f64> {
    match (tone.status, tone.p_high) {
        (Status::Unknown, _) => None,
        (Status::High, _) => Some(1.0),
        (_, Some(p)) => Some(p),
        (Status::Borderline, None) => Some(if leans_high(tone) { LIKELY } else { 0.0 }),
        (_, None) if tone.felt => Some(0.0),
        (_, None) => Some(if tone.upper.is_some() { POSSIBLE } else { 0.0 }),
    }
}

fn reasons(situation: &Situation<'_>) -> Vec<GateReason> {
    let mut reasons = Vec::new();
    let mut add = |holds: bool, reason: GateReason| {
        if holds {
            reasons.push(reason);
        }
    };
    let findings = situation.findings;
    let (tone, relaxation, strength) =
        (findings.get(Axis::Tone), findings.get(Axis::Relaxation), findings.get(Axis::Strength));
    let coordination = findings.get(Axis::Coordination).status;
    let paradoxical = coordination == Status::High;

    let closing = matches!(
        situation.label,
        Label::Refer
            | Label::UnableToContract
            | Label::Mixed
            | Label::Hypertonic
            | Label::NonRelaxing
    );
    let by_ratio_alone = by_ratio_alone(situation, paradoxical);
    add(closing && !by_ratio_alone, GateReason::Label(situation.label));
    for symptom in [Symptom::PainOnContraction, Symptom::Pain, Symptom::Dyspareunia] {
        add(situation.symptoms.has(symptom), GateReason::Reported(symptom));
    }
    let p = raised(tone);
    add(p.is_some_and(|p| p >= LIKELY), GateReason::ToneRaised);
    add(p.is_some_and(|p| (POSSIBLE..LIKELY).contains(&p)), GateReason::TonePossible);
    add(p.is_none(), GateReason::ToneUnknown);
    let measured = raised(situation.measured.get(Axis::Tone)).is_some_and(|p| p >= LIKELY);
    add(measured && p.is_some_and(|p| p < LIKELY), GateReason::ToneDisputed);
    let incomplete = relaxation.status == Status::Incomplete;
    add(incomplete && !by_ratio_alone, GateReason::RelaxationIncomplete);
    add(incomplete && by_ratio_alone, GateReason::RelaxationByRatio);
    add(relaxation.status == Status::Partial, GateReason::RelaxationPartial);
    let measured = situation.measured.get(Axis::Relaxation).status == Status::Incomplete;
    add(measured && !incomplete, GateReason::RelaxationDisputed);
    add(relaxation.status == Status::Unknown, GateReason::RelaxationUnknown);
    add(coordination == Status::Borderline, GateReason::CoordinationBorderline);
    add(paradoxical, GateReason::Paradoxical);
    let unverified =
        is_mechanical(strength) && !strength.felt && strength.verified != Some(Verified::Squeeze);
    add(!strength.is_known() || unverified, GateReason::StrengthNotMeasured);
    for check in situation.failed {
        add(true, GateReason::Data(*check));
    }
    for symptom in [Symptom::ObstructedVoiding, Symptom::ObstructedDefecation] {
        add(situation.symptoms.has(symptom), GateReason::Reported(symptom));
    }
    let person = situation.person;
    let recent = |weeks: Option<f64>| weeks.is_some_and(|weeks| weeks < ASK_FIRST_WEEKS);
    let ask = person.pregnant == Some(true)
        || recent(person.weeks_post_partum)
        || recent(person.weeks_after_surgery);
    add(ask, GateReason::AskFirst);
    reasons
}

/// Whether nothing but the ratio of EMG speaks against strengthening, in somebody who leaks.
///
/// The ratio's bounds are medians of three groups, between which the incontinent lie; first-line
/// training is not withheld from them for that alone. A level at rest that is not known to be normal,
/// trouble emptying, or a ratio that is surely beyond the bound is more than the ratio alone.
fn by_ratio_alone(situation: &Situation<'_>, paradoxical: bool) -> bool {
    let relaxation = situation.findings.get(Axis::Relaxation);
    let empties = [Symptom::ObstructedVoiding, Symptom::ObstructedDefecation]
        .into_iter()
        .all(|symptom| !situation.symptoms.has(symptom));
    situation.symptoms.has(Symptom::Leakage)
        && empties
        && situation.findings.get(Axis::Tone).status == Status::Normal
        && relaxation.p_high.is_none_or(|p| p < CERTAIN)
        && situation.label == Label::NonRelaxing
        && relaxation.status == Status::Incomplete
        && !relaxation.felt
        && !is_mechanical(relaxation)
        && !paradoxical
        && !situation.legacy
}
