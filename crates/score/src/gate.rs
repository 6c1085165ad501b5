//! What the findings open and close.

use levator_programme::Gate;

use crate::axes::is_mechanical;
use crate::label::leans_high;
use crate::rules::{ASK_FIRST_WEEKS, LIKELY, POSSIBLE};
use crate::{Axis, Check, Finding, Findings, Label, Person, Status, Symptom, Symptoms, Verified};

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
    /// Relaxation cannot be told.
    RelaxationUnknown,
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
            Self::RelaxationUnknown => "relaxation after contracting cannot be graded",
            Self::Paradoxical => "the floor tightens in a push",
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
            // A clinician comes before training, and breathing does no harm meanwhile.
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
            | Self::RelaxationUnknown
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
    /// The highest tone that any channel showed, whatever overrides it.
    pub(crate) measured_tone: Option<&'a Finding>,
    pub(crate) legacy: bool,
}

/// The gate, with every reason for it that closes something.
pub(crate) fn decide(situation: &Situation<'_>) -> (Gate, Vec<GateReason>) {
    let reasons = reasons(situation);
    let gate = reasons.iter().map(|one| one.gate()).max().unwrap_or(Gate::Green);
    (gate, reasons)
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
    let paradoxical = findings.get(Axis::Coordination).status == Status::High;

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
    let measured = situation.measured_tone.and_then(raised).is_some_and(|p| p >= LIKELY);
    add(measured && p.is_some_and(|p| p < LIKELY), GateReason::ToneDisputed);
    let incomplete = relaxation.status == Status::Incomplete;
    add(incomplete && !by_ratio_alone, GateReason::RelaxationIncomplete);
    add(
        relaxation.status == Status::Partial || incomplete && by_ratio_alone,
        GateReason::RelaxationPartial,
    );
    add(relaxation.status == Status::Unknown, GateReason::RelaxationUnknown);
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
/// training is not withheld from them for that alone.
fn by_ratio_alone(situation: &Situation<'_>, paradoxical: bool) -> bool {
    let relaxation = situation.findings.get(Axis::Relaxation);
    situation.symptoms.has(Symptom::Leakage)
        && situation.label == Label::NonRelaxing
        && relaxation.status == Status::Incomplete
        && !relaxation.felt
        && !is_mechanical(relaxation)
        && !paradoxical
        && !situation.legacy
}
