//! Artefacts in visits: the measures that they lie in say so, and nothing else does.

use std::fmt::Write;

use levator_engine::{EngineConfig, Source, Summary};
use levator_measure::{Measure, Quantity, Reason, Task, Validity};
use levator_score::{Axis, Doubt, Label, Reference};
use levator_simulate::people::{Modality, Participant, cohort};

use super::living::{Fate, Programmes, config, for_each, lived_with, quick};
use super::profile::assessed;

/// What is put into a visit, over a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Artefact {
    /// Nothing.
    None,
    /// Hum ten times as large as the level at rest.
    Mains,
    /// The sensor is off: large hum in EMG, zero in pressure.
    Off,
    /// The converter is at its end.
    Saturated,
    /// Large slow waves.
    Motion,
}

const ALL: [Artefact; 5] =
    [Artefact::None, Artefact::Mains, Artefact::Off, Artefact::Saturated, Artefact::Motion];

impl Artefact {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mains => "mains",
            Self::Off => "sensor off",
            Self::Saturated => "saturated",
            Self::Motion => "motion",
        }
    }
}

/// What may be said of samples.
const REASONS: [Reason; 5] =
    [Reason::Saturated, Reason::Blind, Reason::Mains, Reason::Motion, Reason::Settling];

/// What was said in all visits with one artefact in one modality.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub(super) visits: u32,
    /// Visits in which rest before was said to be good though the artefact lay in it.
    pub(super) rest_missed: u32,
    /// Visits in which no maximal contraction or hold was said to be doubtful though it lay in one.
    pub(super) trial_missed: u32,
    /// Visits in which tone was judged as if nothing had been.
    pub(super) tone_judged: u32,
    /// Summaries with a reason against their samples, and all.
    pub(super) flagged: u32,
    pub(super) measures: u32,
}

/// Artefacts in rest and in one contraction of `count` people each, of EMG and of pressure.
pub(super) fn said(
    seed: u64,
    count: usize,
    references: &[Reference],
) -> Vec<(Artefact, Modality, Said)> {
    let programmes = Programmes::new();
    let mut rows = Vec::new();
    for modality in [Modality::Emg, Modality::Pressure] {
        let of_modality = |person: &Participant| person.setup.modality() == modality;
        let people: Vec<Participant> = cohort(seed, 6 * count)
            .into_iter()
            .filter(of_modality)
            .take(count)
            .map(quick)
            .collect();
        for artefact in ALL {
            if artefact == Artefact::Mains && modality == Modality::Pressure {
                continue;
            }
            let all = for_each(&people, |person| one(artefact, person, &programmes, references));
            let mut said = Said::default();
            for one in all {
                said.visits += one.visits;
                said.rest_missed += one.rest_missed;
                said.trial_missed += one.trial_missed;
                said.tone_judged += one.tone_judged;
                said.flagged += one.flagged;
                said.measures += one.measures;
            }
            rows.push((artefact, modality, said));
        }
    }
    rows
}

fn one(
    artefact: Artefact,
    person: &Participant,
    programmes: &Programmes,
    references: &[Reference],
) -> Said {
    let programme = programmes.of(person);
    let visit = person.visit(0, programme);
    let rate = person.setup.rate;
    let level = person.setup.gain * person.emg.map_or(1.0, |levels| levels.rest_uv);
    let is_emg = person.emg.is_some();
    let rail = if is_emg { 1000.0 * level } else { 400.0 };
    let mut settings = config(&person.setup, programme);
    with_rails(&mut settings, rail);
    // Twenty seconds of the rest before, and the second contraction that is asked for.
    let steps = programme.steps();
    let kind = |step: usize| programme.phase_of(&steps[step]).kind;
    let is_work = |step: &usize| {
        steps[*step].part == levator_programme::Part::Work && kind(*step).is_contraction()
    };
    let first = (0..steps.len()).find(is_work).expect("a contraction");
    let held = (first..steps.len()).filter(is_work);
    let held = held.filter(|step| steps[*step].duration.as_secs_f64() >= 5.0).nth(1);
    let spans: Vec<(f64, f64)> = [
        Some(steps[first].starts.as_secs_f64() - 35.0),
        held.map(|step| steps[step].starts.as_secs_f64()),
    ]
    .into_iter()
    .flatten()
    .zip([20.0, 5.0])
    .map(|(from_s, length_s)| (from_s, from_s + length_s))
    .collect();
    let summary = lived_with(&visit, &settings, |first, chunk| {
        for at in 0..chunk[0].len() {
            let time_s = rate.time_s(levator_signal::SampleIndex(first + at as u64));
            if !spans.iter().any(|(from_s, to_s)| (*from_s..*to_s).contains(&time_s)) {
                continue;
            }
            let turn = core::f64::consts::TAU * time_s;
            for values in chunk.iter_mut() {
                let value = &mut values[at];
                match artefact {
                    Artefact::None => {}
                    Artefact::Mains => *value += 10.0 * level * (50.0 * turn).sin(),
                    Artefact::Off if is_emg => *value = 100.0 * level * (50.0 * turn).sin(),
                    Artefact::Off => *value = 0.0,
                    Artefact::Saturated => *value = rail,
                    Artefact::Motion if is_emg => {
                        *value += 60.0 * level * (3.0 * turn).sin() * (1.0 + (0.7 * turn).sin());
                    }
                    Artefact::Motion => *value += 25.0 * (1.7 * turn).sin(),
                }
            }
        }
        Fate::Kept
    });
    judge(artefact, person, programme, &summary, references, held)
}

fn with_rails(settings: &mut EngineConfig, rail: f64) {
    if let Source::Scans(info) = &mut settings.source {
        info.rails = Some((-rail, rail));
    }
}

fn judge(
    artefact: Artefact,
    person: &Participant,
    programme: &levator_programme::Programme,
    summary: &Summary,
    references: &[Reference],
    held: Option<usize>,
) -> Said {
    let against = |one: &Measure| REASONS.into_iter().any(|reason| one.reasons.has(reason));
    let is_good = |one: &Measure| one.validity == Validity::Valid;
    let of_channel = || summary.measures.iter().filter(|one| one.channel.channel == 0);
    let rest = of_channel().find(|one| {
        (one.quantity, one.task) == (Quantity::RestLevel, Task::RestBefore) && one.trial.is_none()
    });
    let trial = of_channel().find(|one| {
        one.quantity == Quantity::ContractionMean && one.trial == held.map(|step| step as u32)
    });
    let assessment = assessed(person, programme, summary, references, &[]);
    let tone = assessment.findings.get(Axis::Tone);
    let doubted = tone
        .doubts
        .iter()
        .any(|doubt| matches!(doubt, Doubt::Measure(reason) if REASONS.contains(reason)));
    let summaries = || of_channel().filter(|one| one.trial.is_none());
    let is_there = artefact != Artefact::None;
    Said {
        visits: 1,
        rest_missed: u32::from(is_there && rest.is_some_and(is_good)),
        trial_missed: u32::from(is_there && trial.is_some_and(is_good)),
        tone_judged: u32::from(
            is_there && tone.is_known() && !doubted && assessment.label != Label::InsufficientData,
        ),
        flagged: summaries().filter(|one| against(one)).count() as u32,
        measures: summaries().count() as u32,
    }
}

/// The table.
pub(super) fn table(rows: &[(Artefact, Modality, Said)]) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:12}{:10}{:>7}{:>13}{:>14}{:>13}{:>10}",
        "artefact", "modality", "visits", "rest missed", "trial missed", "tone judged", "flagged"
    );
    for (artefact, modality, said) in rows {
        let modality = format!("{modality:?}").to_lowercase();
        let _ = writeln!(
            text,
            "{:12}{modality:10}{:7}{:13}{:14}{:13}{:10.3}",
            artefact.name(),
            said.visits,
            said.rest_missed,
            said.trial_missed,
            said.tone_judged,
            f64::from(said.flagged) / f64::from(said.measures.max(1)),
        );
    }
    text
}
