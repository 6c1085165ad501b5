//! What the person reports, and what a clinician felt.

use levator_programme::words;

/// Something a person reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symptom {
    /// Pain in the pelvis that none of the others names.
    Pain,
    /// Contracting hurts.
    PainOnContraction,
    /// Pain with intercourse.
    Dyspareunia,
    /// Leakage of urine, stool or wind.
    Leakage,
    /// Trouble starting or emptying when passing urine, for long.
    ObstructedVoiding,
    /// Trouble emptying the bowel, for long.
    ObstructedDefecation,
    /// Inserting the probe hurts.
    PainOnInsertion,
    /// Insertion is not possible, or only with distress.
    Vaginismus,
    /// Pelvic pain for months.
    ChronicPelvicPain,
    /// Pain of the bladder.
    BladderPain,
    /// No change after three months of training as advised.
    NoProgress,
    /// Infection of vagina or urinary tract.
    Infection,
    /// Broken skin or a wound that has not healed.
    Wound,
    /// New numbness of saddle, anus or genitals.
    SaddleNumbness,
    /// New difficulty in starting or feeling the flow of urine, or new retention.
    NewRetention,
    /// Fullness of the rectum is no longer felt, or control of the bowel newly lost.
    LossOfBowelControl,
    /// Severe weakness of both legs.
    LegWeakness,
    /// New loss of sexual function.
    NewSexualLoss,
    /// Blood in the urine.
    BloodInUrine,
    /// Pain of the bladder with infections that come back.
    RecurrentInfectionWithPain,
    /// Suspected fistula.
    Fistula,
    /// It began suddenly, in an older person.
    SuddenOnset,
    /// A prolapse that is severe or quickly becomes worse.
    WorseningProlapse,
    /// Bleeding from vagina or rectum that nobody has explained.
    UnexplainedBleeding,
    /// Weight loss without a reason.
    WeightLoss,
    /// Fever.
    Fever,
}

words!(Symptom {
    Pain => "pain",
    PainOnContraction => "pain-on-contraction",
    Dyspareunia => "dyspareunia",
    Leakage => "leakage",
    ObstructedVoiding => "obstructed-voiding",
    ObstructedDefecation => "obstructed-defecation",
    PainOnInsertion => "pain-on-insertion",
    Vaginismus => "vaginismus",
    ChronicPelvicPain => "chronic-pelvic-pain",
    BladderPain => "bladder-pain",
    NoProgress => "no-progress",
    Infection => "infection",
    Wound => "wound",
    SaddleNumbness => "saddle-numbness",
    NewRetention => "new-retention",
    LossOfBowelControl => "loss-of-bowel-control",
    LegWeakness => "leg-weakness",
    NewSexualLoss => "new-sexual-loss",
    BloodInUrine => "blood-in-urine",
    RecurrentInfectionWithPain => "recurrent-infection-with-pain",
    Fistula => "fistula",
    SuddenOnset => "sudden-onset",
    WorseningProlapse => "worsening-prolapse",
    UnexplainedBleeding => "unexplained-bleeding",
    WeightLoss => "weight-loss",
    Fever => "fever",
});

/// What a symptom asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It is weighed with the measures.
    Weighed,
    /// No probe while it lasts.
    NoProbe,
    /// A pelvic-health clinician comes before any training.
    Clinician,
    /// A doctor, today.
    Urgent,
}

words!(Urgency {
    Weighed => "weighed",
    NoProbe => "no-probe",
    Clinician => "clinician",
    Urgent => "urgent",
});

impl Symptom {
    /// What it asks for.
    ///
    /// # Source
    ///
    /// Warning signs of the cauda equina: GIRFT pathway and warning card. Bleeding, weight loss and
    /// fever are our choice. Pain on contraction and dyspareunia, too, call for a clinician before
    /// training; they are weighed, because they close strengthening by themselves and relaxation is
    /// what helps.
    #[must_use]
    pub const fn urgency(self) -> Urgency {
        match self {
            Self::Pain
            | Self::PainOnContraction
            | Self::Dyspareunia
            | Self::Leakage
            | Self::ObstructedVoiding
            | Self::ObstructedDefecation => Urgency::Weighed,
            Self::PainOnInsertion | Self::Infection | Self::Wound => Urgency::NoProbe,
            Self::Vaginismus | Self::ChronicPelvicPain | Self::BladderPain | Self::NoProgress => {
                Urgency::Clinician
            }
            Self::SaddleNumbness
            | Self::NewRetention
            | Self::LossOfBowelControl
            | Self::LegWeakness
            | Self::NewSexualLoss
            | Self::BloodInUrine
            | Self::RecurrentInfectionWithPain
            | Self::Fistula
            | Self::SuddenOnset
            | Self::WorseningProlapse
            | Self::UnexplainedBleeding
            | Self::WeightLoss
            | Self::Fever => Urgency::Urgent,
        }
    }

    /// Its name, for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Pain => "pain",
            Self::PainOnContraction => "pain on contracting",
            Self::Dyspareunia => "pain with intercourse",
            Self::Leakage => "leakage",
            Self::ObstructedVoiding => "trouble emptying the bladder",
            Self::ObstructedDefecation => "trouble emptying the bowel",
            Self::PainOnInsertion => "pain on insertion",
            Self::Vaginismus => "insertion not possible or only with distress",
            Self::ChronicPelvicPain => "pelvic pain for months",
            Self::BladderPain => "pain of the bladder",
            Self::NoProgress => "no change after three months of training",
            Self::Infection => "infection",
            Self::Wound => "broken skin or a wound",
            Self::SaddleNumbness => "new numbness of saddle, anus or genitals",
            Self::NewRetention => "new difficulty in passing urine",
            Self::LossOfBowelControl => "newly lost feeling or control of the bowel",
            Self::LegWeakness => "weakness of both legs",
            Self::NewSexualLoss => "new loss of sexual function",
            Self::BloodInUrine => "blood in the urine",
            Self::RecurrentInfectionWithPain => {
                "pain of the bladder with infections that come back"
            }
            Self::Fistula => "suspected fistula",
            Self::SuddenOnset => "sudden onset in an older person",
            Self::WorseningProlapse => "prolapse that is severe or quickly becomes worse",
            Self::UnexplainedBleeding => "bleeding that nobody has explained",
            Self::WeightLoss => "weight loss without a reason",
            Self::Fever => "fever",
        }
    }
}

/// A set of symptoms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Symptoms(u64);

impl Symptoms {
    /// None reported.
    pub const NONE: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, symptom: Symptom) -> Self {
        Self(self.0 | 1 << symptom as u32)
    }

    /// This set and one less.
    #[must_use]
    pub const fn without(self, symptom: Symptom) -> Self {
        Self(self.0 & !(1 << symptom as u32))
    }

    /// Whether it holds this one.
    #[must_use]
    pub const fn has(self, symptom: Symptom) -> bool {
        self.0 & 1 << symptom as u32 != 0
    }

    /// Those it holds, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Symptom> {
        Symptom::ALL.iter().copied().filter(move |one| self.has(*one))
    }

    /// The most that any of them asks for.
    #[must_use]
    pub fn urgency(self) -> Option<Urgency> {
        self.iter().map(Symptom::urgency).max()
    }
}

/// Tone, as felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeltTone {
    /// Less than usual.
    Decreased,
    /// Usual.
    Normal,
    /// More than usual.
    Increased,
}

words!(FeltTone { Decreased => "decreased", Normal => "normal", Increased => "increased" });

/// A voluntary contraction, as felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeltContraction {
    /// None.
    Absent,
    /// Weak.
    Weak,
    /// Normal.
    Normal,
    /// Strong.
    Strong,
}

words!(FeltContraction {
    Absent => "absent",
    Weak => "weak",
    Normal => "normal",
    Strong => "strong",
});

/// A voluntary relaxation, as felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeltRelaxation {
    /// None.
    Absent,
    /// Partial.
    Partial,
    /// Complete.
    Complete,
}

words!(FeltRelaxation { Absent => "absent", Partial => "partial", Complete => "complete" });

/// What a clinician felt; what is `None` was not entered. It overrides what was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Palpation {
    /// Tone.
    pub tone: Option<FeltTone>,
    /// Contraction.
    pub contraction: Option<FeltContraction>,
    /// Relaxation.
    pub relaxation: Option<FeltRelaxation>,
}

/// Outcome of a test with a balloon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expulsion {
    /// It came out in time.
    Normal,
    /// It did not.
    Abnormal,
}

words!(Expulsion { Normal => "normal", Abnormal => "abnormal" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let all = Symptom::ALL.iter().fold(Symptoms::NONE, |set, one| set.with(*one));
        assert_eq!(all.iter().collect::<Vec<_>>(), Symptom::ALL);
        assert_eq!(all.urgency(), Some(Urgency::Urgent));
        let less = all.without(Symptom::Pain);
        assert!(!less.has(Symptom::Pain) && less.has(Symptom::Fever));
        assert_eq!(Symptoms::NONE.urgency(), None);
    }
}
