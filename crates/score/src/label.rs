//! The nine labels, asked in order; the first that fits is the answer.

use crate::axes::is_mechanical;
use crate::{
    Axis, Check, Expulsion, Finding, Findings, Modality, Site, Status, Symptom, Symptoms, Urgency,
    Verified,
};
use levator_programme::words;

/// What the visit comes to. Asked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// A sign was reported for which a clinician comes first.
    Refer,
    /// Not enough to say anything.
    InsufficientData,
    /// Bearing down in place of a squeeze, or no contraction.
    UnableToContract,
    /// Tight and weak.
    Mixed,
    /// Tight, or more active at rest than expected.
    Hypertonic,
    /// Does not let go after contracting, or in a push.
    NonRelaxing,
    /// Weak.
    Weak,
    /// Nothing unusual.
    WithinRange,
    /// Findings do not fit together.
    Inconclusive,
}

words!(Label {
    Refer => "refer",
    InsufficientData => "insufficient-data",
    UnableToContract => "unable-to-contract",
    Mixed => "mixed",
    Hypertonic => "hypertonic",
    NonRelaxing => "non-relaxing",
    Weak => "weak",
    WithinRange => "within-range",
    Inconclusive => "inconclusive",
});

/// Why findings do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conflict {
    /// Modalities disagree about tone.
    Modalities,
    /// The level at rest is near a bound.
    ToneBorderline,
    /// The level at rest is low.
    ToneLow,
    /// The level at rest cannot be told.
    ToneUnknown,
    /// Strength is near the bound.
    StrengthBorderline,
    /// Strength cannot be told.
    StrengthUnknown,
    /// Relaxation cannot be told.
    RelaxationUnknown,
    /// A low reading, and whether it was a squeeze is not verified.
    WeakUnverified,
    /// This is reported, and the axes are as expected.
    Reported(Symptom),
}

impl Conflict {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Modalities => "pressure and EMG disagree about the resting level",
            Self::ToneBorderline => "the resting level is near a bound",
            Self::ToneLow => "the resting level is low",
            Self::ToneUnknown => "the resting level cannot be graded",
            Self::StrengthBorderline => "strength is near the bound",
            Self::StrengthUnknown => "strength cannot be graded",
            Self::RelaxationUnknown => "relaxation after contracting cannot be graded",
            Self::WeakUnverified => {
                "the reading is low, and whether it was a squeeze was not verified"
            }
            Self::Reported(Symptom::Leakage) => {
                "leakage is reported, and a normal reading does not exclude weakness"
            }
            Self::Reported(Symptom::ObstructedVoiding | Symptom::ObstructedDefecation) => {
                "trouble emptying is reported, and a normal reading does not exclude tightness"
            }
            Self::Reported(_) => {
                "pain is reported, and a normal reading does not exclude tightness"
            }
        }
    }
}

/// What is known beside the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Facts {
    pub(crate) symptoms: Symptoms,
    pub(crate) failed: Vec<Check>,
    pub(crate) verified: Verified,
    pub(crate) legacy: bool,
    pub(crate) expulsion: Option<Expulsion>,
}

/// Symptoms with which nothing is "within range".
const SPEAKING: [Symptom; 6] = [
    Symptom::Pain,
    Symptom::PainOnContraction,
    Symptom::Dyspareunia,
    Symptom::ObstructedVoiding,
    Symptom::ObstructedDefecation,
    Symptom::Leakage,
];

pub(crate) fn judge(findings: &Findings, facts: &Facts) -> Label {
    let status = |axis: Axis| findings.get(axis).status;
    let (tone, relaxation, strength) =
        (status(Axis::Tone), status(Axis::Relaxation), status(Axis::Strength));
    let conflict = findings.get(Axis::Tone).conflict;
    let cannot_contract = matches!(facts.verified, Verified::BearingDown | Verified::Absent);

    if facts.symptoms.urgency() > Some(Urgency::Weighed) {
        return Label::Refer;
    }
    let known = [Axis::Tone, Axis::Relaxation, Axis::Strength]
        .into_iter()
        .filter(|axis| status(*axis) != Status::Unknown)
        .count();
    // That somebody bears down is enough to say so.
    if !facts.failed.is_empty() || known < 2 && !cannot_contract {
        return Label::InsufficientData;
    }
    if cannot_contract {
        return Label::UnableToContract;
    }
    let tight = tone == Status::High && !conflict;
    if tight && strength == Status::Low {
        return Label::Mixed;
    }
    if tight || facts.legacy || nearly_tight(findings) {
        return Label::Hypertonic;
    }
    let paradoxical = status(Axis::Coordination) == Status::High;
    if !conflict && (relaxation == Status::Incomplete || paradoxical) {
        return Label::NonRelaxing;
    }
    let calm = matches!(tone, Status::Normal | Status::Low | Status::Unknown) && !conflict;
    if strength == Status::Low && calm && is_verified(findings.get(Axis::Strength)) {
        return Label::Weak;
    }
    let speaks = SPEAKING.into_iter().any(|symptom| facts.symptoms.has(symptom));
    let relaxes = matches!(relaxation, Status::Normal | Status::Partial);
    if tone == Status::Normal && strength == Status::Normal && relaxes && !speaks {
        return Label::WithinRange;
    }
    Label::Inconclusive
}

/// Near the bound, does not let go, and restless.
fn nearly_tight(findings: &Findings) -> bool {
    let tone = findings.get(Axis::Tone);
    tone.status == Status::Borderline
        && leans_high(tone)
        && findings.get(Axis::Relaxation).status == Status::Incomplete
        && findings.get(Axis::Instability).status == Status::High
}

/// Whether a borderline value lies at the upper bound.
pub(crate) fn leans_high(finding: &Finding) -> bool {
    finding.p_high.unwrap_or(0.0) >= finding.p_low.unwrap_or(0.0)
        && finding.value.zip(finding.upper).is_none_or(|(value, upper)| value >= upper)
}

/// Of EMG the rise itself shows that muscle was at work; pressure rises in a push, too.
pub(crate) fn is_verified(strength: &Finding) -> bool {
    match strength.verified {
        Some(Verified::Squeeze) => true,
        Some(Verified::Unverified) | None => strength.modality == Some(Modality::Emg),
        Some(Verified::BearingDown | Verified::Absent) => false,
    }
}

/// Why [`Label::Inconclusive`], in the order they are named.
pub(crate) fn conflicts(findings: &Findings, facts: &Facts) -> Vec<Conflict> {
    let tone = findings.get(Axis::Tone);
    let strength = findings.get(Axis::Strength);
    let mut all = Vec::new();
    let mut add = |holds: bool, conflict: Conflict| {
        if holds {
            all.push(conflict);
        }
    };
    add(tone.conflict, Conflict::Modalities);
    add(tone.status == Status::Borderline, Conflict::ToneBorderline);
    add(tone.status == Status::Low, Conflict::ToneLow);
    add(strength.status == Status::Borderline, Conflict::StrengthBorderline);
    let weak = strength.status == Status::Low && !is_verified(strength);
    add(weak, Conflict::WeakUnverified);
    for symptom in SPEAKING {
        add(facts.symptoms.has(symptom), Conflict::Reported(symptom));
    }
    add(tone.status == Status::Unknown, Conflict::ToneUnknown);
    add(strength.status == Status::Unknown, Conflict::StrengthUnknown);
    let relaxation = findings.get(Axis::Relaxation).status;
    add(relaxation == Status::Unknown, Conflict::RelaxationUnknown);
    all
}

/// What EMG says about strength, in the words it must have.
const EMG_WEAK: &str = "low recruitment on EMG; force not measured";

/// The verdict in words.
pub(crate) fn wording(label: Label, findings: &Findings, facts: &Facts) -> String {
    let tone = findings.get(Axis::Tone);
    let strength = findings.get(Axis::Strength);
    let anal_pressure = is_mechanical(tone) && tone.site == Some(Site::Anal) && !tone.felt;
    let felt = tone.felt && tone.status == Status::High;
    let tight = if felt || is_mechanical(tone) && tone.site != Some(Site::Anal) {
        "hypertonic pattern"
    } else if anal_pressure {
        "anal hypertension, minor / inconclusive"
    } else {
        "raised resting activity, overactive pattern"
    };
    let emg_weak = strength.modality == Some(Modality::Emg) && !strength.felt;
    match label {
        Label::Refer => match facts.symptoms.urgency() {
            Some(Urgency::Urgent) => "stop, and see a doctor today",
            Some(Urgency::NoProbe) => "no probe while this lasts; see a pelvic-health clinician",
            _ => "see a pelvic-health clinician before any training",
        }
        .to_owned(),
        Label::InsufficientData => "inconclusive: not enough data".to_owned(),
        Label::UnableToContract => match facts.verified {
            Verified::Absent => "unable to contract correctly: contraction not found",
            _ => "unable to contract correctly: bearing down in place of a squeeze",
        }
        .to_owned(),
        Label::Mixed if emg_weak => format!("mixed: {tight}; {EMG_WEAK}"),
        Label::Mixed => format!("mixed, tight and weak: {tight}, and a weak contraction"),
        Label::Hypertonic => tight.to_owned(),
        Label::NonRelaxing => {
            let mut text = "non-relaxing / dyssynergic pattern".to_owned();
            if strength.status == Status::Low {
                text.push_str(if emg_weak { ", with " } else { ", with weakness" });
                text.push_str(if emg_weak { EMG_WEAK } else { "" });
            }
            let pushes = findings.get(Axis::Coordination).status == Status::High;
            let anorectal = tone.site == Some(Site::Anal);
            if (pushes || anorectal) && facts.expulsion.is_none() {
                text.push_str("; inconclusive without balloon expulsion");
            }
            text
        }
        Label::Weak if emg_weak => match tone.is_known() {
            true => EMG_WEAK.to_owned(),
            false => format!("{EMG_WEAK}; resting tone not assessable on this device"),
        },
        Label::Weak if !tone.is_known() => {
            "weak contraction; resting tone not assessable on this device".to_owned()
        }
        Label::Weak => "weak contraction, underactive".to_owned(),
        Label::WithinRange => "within the expected range".to_owned(),
        Label::Inconclusive => {
            let all = conflicts(findings, facts);
            let texts: Vec<&str> = all.iter().map(|one| one.text()).collect();
            format!("inconclusive: {}", texts.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unknown;

    fn facts() -> Facts {
        Facts {
            symptoms: Symptoms::NONE,
            failed: Vec::new(),
            verified: Verified::Squeeze,
            legacy: false,
            expulsion: None,
        }
    }

    /// Statuses of tone, instability, relaxation, strength, coordination.
    fn findings(statuses: [Status; 5]) -> Findings {
        let [tone, instability, relaxation, strength, coordination] = statuses;
        let status = |axis: Axis| match axis {
            Axis::Tone => tone,
            Axis::Instability => instability,
            Axis::Relaxation => relaxation,
            Axis::Strength => strength,
            Axis::Endurance => Status::Unknown,
            Axis::Coordination => coordination,
        };
        Findings(core::array::from_fn(|index| {
            let axis = Axis::ALL[index];
            let mut finding = Finding::unknown(axis, Unknown::NoMeasure);
            finding.status = status(axis);
            finding.modality = Some(Modality::Pressure);
            if axis == Axis::Strength {
                finding.verified = Some(Verified::Squeeze);
            }
            finding
        }))
    }

    #[test]
    fn the_labels_are_asked_in_this_order() {
        use Status::{
            Borderline as B, High, Incomplete as I, Low, Normal as N, Partial as P, Unknown as U,
        };
        // Tone, instability, relaxation, strength, coordination.
        let rows = [
            ([U, U, U, U, U], Label::InsufficientData),
            ([High, U, U, U, U], Label::InsufficientData),
            ([U, U, I, U, High], Label::InsufficientData),
            ([High, N, I, Low, High], Label::Mixed),
            ([High, U, U, Low, U], Label::Mixed),
            ([High, N, N, N, N], Label::Hypertonic),
            ([High, N, I, N, High], Label::Hypertonic),
            ([High, N, N, B, N], Label::Hypertonic),
            ([High, U, N, U, U], Label::Hypertonic),
            ([B, High, I, N, N], Label::Hypertonic),
            ([B, High, I, Low, N], Label::Hypertonic),
            ([B, N, I, N, N], Label::NonRelaxing),
            ([B, High, P, N, N], Label::Inconclusive),
            ([N, N, I, N, N], Label::NonRelaxing),
            ([N, N, I, Low, N], Label::NonRelaxing),
            ([U, U, I, Low, U], Label::NonRelaxing),
            ([Low, U, I, N, U], Label::NonRelaxing),
            ([N, N, N, N, High], Label::NonRelaxing),
            ([U, U, N, Low, U], Label::Weak),
            ([N, U, N, Low, U], Label::Weak),
            ([N, U, P, Low, N], Label::Weak),
            ([N, U, U, Low, N], Label::Weak),
            ([Low, U, N, Low, N], Label::Weak),
            ([B, N, N, Low, N], Label::Inconclusive),
            ([N, N, N, N, N], Label::WithinRange),
            ([N, High, P, N, U], Label::WithinRange),
            ([Low, N, N, N, N], Label::Inconclusive),
            ([U, N, N, N, N], Label::Inconclusive),
            ([N, N, U, N, N], Label::Inconclusive),
            ([N, N, N, U, N], Label::Inconclusive),
            ([N, N, N, B, N], Label::Inconclusive),
            ([B, N, N, N, N], Label::Inconclusive),
        ];
        for (statuses, label) in rows {
            assert_eq!(judge(&findings(statuses), &facts()), label, "{statuses:?}");
        }
    }

    /// What stands above in the list wins over everything below it.
    #[test]
    fn what_comes_first_wins() {
        let all = Status::ALL;
        let urgent = Facts { symptoms: Symptoms::NONE.with(Symptom::Fever), ..facts() };
        let failed = Facts { failed: vec![Check::Rest], ..facts() };
        let down = Facts { verified: Verified::BearingDown, ..facts() };
        for tone in all {
            for relaxation in all {
                for strength in all {
                    let one =
                        findings([*tone, Status::Normal, *relaxation, *strength, Status::Normal]);
                    assert_eq!(judge(&one, &urgent), Label::Refer);
                    assert_eq!(judge(&one, &failed), Label::InsufficientData);
                    assert_eq!(judge(&one, &down), Label::UnableToContract);
                    let label = judge(&one, &facts());
                    let known = [tone, relaxation, strength]
                        .iter()
                        .filter(|status| ***status != Status::Unknown)
                        .count();
                    if *tone == Status::High && known >= 2 {
                        assert!(matches!(label, Label::Mixed | Label::Hypertonic), "{label:?}");
                    }
                    if *strength == Status::Unknown {
                        assert_ne!(label, Label::Weak);
                    }
                }
            }
        }
    }

    #[test]
    fn symptoms_forbid_within_range() {
        let normal = findings([Status::Normal; 5]);
        for symptom in SPEAKING {
            let facts = Facts { symptoms: Symptoms::NONE.with(symptom), ..facts() };
            assert_eq!(judge(&normal, &facts), Label::Inconclusive, "{symptom:?}");
            let conflicts = conflicts(&normal, &facts);
            assert_eq!(conflicts, [Conflict::Reported(symptom)]);
        }
    }

    #[test]
    fn weak_pressure_must_be_a_squeeze_and_weak_emg_need_not_be_told_apart() {
        let mut one = findings([
            Status::Normal,
            Status::Unknown,
            Status::Normal,
            Status::Low,
            Status::Unknown,
        ]);
        let facts = Facts { verified: Verified::Unverified, ..facts() };
        one.get_mut(Axis::Strength).verified = Some(Verified::Unverified);
        assert_eq!(judge(&one, &facts), Label::Inconclusive);
        assert_eq!(conflicts(&one, &facts), [Conflict::WeakUnverified]);
        one.get_mut(Axis::Strength).modality = Some(Modality::Emg);
        assert_eq!(judge(&one, &facts), Label::Weak);
        assert_eq!(
            wording(Label::Weak, &one, &facts),
            "low recruitment on EMG; force not measured"
        );
    }

    #[test]
    fn modalities_that_disagree_are_named() {
        let mut one =
            findings([Status::High, Status::Normal, Status::Incomplete, Status::Low, Status::High]);
        one.get_mut(Axis::Tone).conflict = true;
        assert_eq!(judge(&one, &facts()), Label::Inconclusive);
        assert_eq!(conflicts(&one, &facts())[0], Conflict::Modalities);
    }
}
