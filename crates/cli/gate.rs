//! What may be started, by what is reported and what an earlier visit showed.

use std::io::{Write, stderr};

use anyhow::anyhow;
use levator_catalog::told::Told;
use levator_engine::RestGuard;
use levator_programme::{Gate, Load, Opening, Programme};
use levator_record::text::TextOptions;
use levator_score::explain::gate_text;
use levator_score::{Assessment, Label, Reference, Symptoms, Urgency, gate_of_symptoms};

use crate::analysis::{self, Analysis};
use crate::args::{Setup, Whom};
use crate::assess::{self, About};
use crate::failure::{Attempt, Code, Failure};

fn closed(why: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Closed, anyhow!("{why}"))
}

/// What may be started, with what.
pub(crate) struct Opened {
    /// The guard that the programme needs.
    pub(crate) guard: Option<RestGuard>,
    /// What is told of the visit that begins, with what still holds of the one before.
    pub(crate) told: Option<Told>,
}

/// Refuses what must not be started.
///
/// A strengthening programme opens only for a person of whom it is known that it does no harm. Any
/// other opens unless what is reported closes it.
pub(crate) fn open(setup: &Setup, person: &Whom) -> Result<Opened, Failure> {
    let told = match &person.symptoms {
        Some(path) => Some(levator_catalog::told::read(path).attempt(Code::File, path.display())?),
        None => None,
    };
    let before = match &person.after {
        Some(visit) => Some(analysis::analyse(visit, &TextOptions::default(), &Setup::default())?),
        None => None,
    };
    decide(setup.programme.as_ref(), told, before.as_ref(), person.reference.as_ref(), true)
}

/// The same, of what was read already. `explains` whether the visit before is explained on standard error
/// where it closes a programme.
pub(crate) fn decide(
    programme: Option<&Programme>,
    told: Option<Told>,
    before: Option<&Analysis>,
    reference: Option<&Reference>,
    explains: bool,
) -> Result<Opened, Failure> {
    let old = before.and_then(|analysis| analysis.told.clone());
    let now = Told::united(told.clone(), old.clone().map(Told::for_next_visit));
    // The visit before is judged by all that is told of it.
    let told = Told::united(told, old);
    let symptoms = told.as_ref().map_or(Symptoms::NONE, |told| told.symptoms);
    let Some(programme) = programme else {
        return probe(symptoms).map(|()| Opened { guard: None, told: now });
    };
    reported(programme, symptoms)?;
    if programme.load() != Load::Strengthening {
        return Ok(Opened { guard: None, told: now });
    }
    let id = &programme.definition().id;
    let Some(before) = before else {
        return Err(closed(format!(
            "{id} trains strength, which harms a pelvic floor that is too tight: measure first \
             (--programme first-visit --out VISIT), then name that visit (--after VISIT)"
        )));
    };
    let about = About::new(told, reference.cloned());
    let (assessment, notes) = assess::judge(before, &about, &[]);
    let opened = strengthening(&assessment, programme);
    if explains && opened.is_err() {
        let mut err = stderr().lock();
        for note in &notes {
            let _ = writeln!(err, "{note}");
        }
        let _ = assess::tell(&mut err, &assessment);
    }
    opened.map(|guard| Opened { guard, told: now })
}

/// Without a programme it is measured only, which a wound or an infection forbids, too.
fn probe(symptoms: Symptoms) -> Result<(), Failure> {
    let worst = symptoms.iter().max_by_key(|one| one.urgency());
    match worst.map(|one| (one, one.urgency())) {
        Some((symptom, Urgency::NoProbe)) => Err(closed(format!(
            "{} is reported: use no probe while this lasts, and see a pelvic-health clinician",
            symptom.text()
        ))),
        Some((symptom, Urgency::Urgent)) => Err(closed(format!(
            "{} is reported, which can be serious: see a doctor today",
            symptom.text()
        ))),
        _ => Ok(()),
    }
}

/// What is reported closes programmes by itself. For strengthening the visit is asked, too.
fn reported(programme: &Programme, symptoms: Symptoms) -> Result<(), Failure> {
    let gate = gate_of_symptoms(symptoms);
    if programme.load().opening(gate) != Opening::Closed {
        return Ok(());
    }
    // Says more of what must be done than the gate does.
    probe(symptoms)?;
    let names: Vec<&str> = symptoms
        .iter()
        .filter(|one| gate_of_symptoms(Symptoms::NONE.with(*one)) == gate)
        .map(levator_score::Symptom::text)
        .collect();
    Err(closed(format!(
        "{} is closed for now ({}): {} is reported",
        programme.definition().id,
        gate_text(gate),
        names.join(", ")
    )))
}

/// Whether a visit opens a strengthening programme: with a guard where it needs safeguards.
fn strengthening(
    assessment: &Assessment,
    programme: &Programme,
) -> Result<Option<RestGuard>, Failure> {
    let id = &programme.definition().id;
    match assessment.strengthening() {
        Opening::Open => Ok(None),
        Opening::WithSafeguards => {
            safeguarded(programme, assessment.gate)?;
            let _ = writeln!(
                stderr(),
                "{}. Relax first, and rest at least twice as long as you hold; the programme pauses \
                 when the level between contractions stays up.",
                gate_text(assessment.gate)
            );
            Ok(Some(RestGuard::amber()))
        }
        Opening::Closed if assessment.label == Label::InsufficientData => Err(closed(format!(
            "{id} is closed for now: the visit shows too little to know that it does no harm; \
             measure again (--programme first-visit)"
        ))),
        Opening::Closed => {
            let why: Vec<String> = assessment.gate_reasons.iter().map(|one| one.text()).collect();
            Err(closed(format!(
                "{id} is closed for now ({}): {}",
                gate_text(assessment.gate),
                why.join("; ")
            )))
        }
    }
}

/// At an amber gate only programmes with all safeguards are run; those that are built in have them.
fn safeguarded(programme: &Programme, gate: Gate) -> Result<(), Failure> {
    let safeguards = programme.safeguards();
    if safeguards.are_met() {
        return Ok(());
    }
    let mut missing = Vec::new();
    if !safeguards.relaxes_first {
        missing.push("relaxation or breathing before the first contraction");
    }
    if !safeguards.rests_twice_the_hold {
        missing.push("rests of at least twice the hold");
    }
    if !safeguards.measures_each_rest {
        missing.push("a window that measures the level of each rest");
    }
    Err(closed(format!(
        "{} is closed for now ({}): it lacks {}",
        programme.definition().id,
        gate_text(gate),
        missing.join(", ")
    )))
}
