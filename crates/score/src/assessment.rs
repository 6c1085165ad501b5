//! The whole answer.

use levator_measure::Quantity;
use levator_programme::{Gate, Load, Opening, Position};

use crate::anorectal::{London, london};
use crate::axes::{self, Found, Scene, View, against_earlier};
use crate::change::{self, Change, Progression};
use crate::checks::{Check, is_empty, of_channel};
use crate::confidence::{self, History};
use crate::flip::{Driver, Flip, Verdict, flips};
use crate::gate::{self, GateReason, Situation};
use crate::label::{Conflict, Facts, conflicts, judge, wording};
use crate::next::{Offer, offers};
use crate::quality::{Part, parts};
use crate::{
    Axis, Confidence, Distribution, Doubt, Finding, Findings, Input, Label, Matching, Modality,
    Observed, Status, Symptom, Urgency, Verified, Visit, number, rules,
};

/// What must stand beside every answer.
pub const SCREENING: &str = "Screening information from a training device. Not a diagnosis. A normal \
result does not rule out a tight or weak pelvic floor. Values depend on the probe, its position and \
settings and cannot be compared with other devices. Stop if it hurts; see a pelvic-health clinician \
for pain, numbness, bleeding, sudden change or no progress.";

/// Something the verdict hangs on, with the measures behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Driving {
    /// What it is.
    pub driver: Driver,
    /// Its measures; none for what was reported or felt.
    pub inputs: Vec<Input>,
}

/// The whole answer, with everything it rests on. Plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// Which rule.
    pub rule: &'static str,
    /// The label.
    pub label: Label,
    /// The label in the words it must have.
    pub wording: String,
    /// Why findings do not fit together, with [`Label::Inconclusive`].
    pub conflicts: Vec<Conflict>,
    /// What belongs to it.
    pub notes: Vec<String>,
    /// How far it goes.
    pub confidence: Confidence,
    /// What was found on each axis.
    pub findings: Findings,
    /// What the label hangs on.
    pub driving: Vec<Driving>,
    /// What would change the label or the gate.
    pub flips: Vec<Flip>,
    /// What is open.
    pub gate: Gate,
    /// Why it is not more.
    pub gate_reasons: Vec<GateReason>,
    /// Which checks of the data do not hold, by channel.
    pub failed_checks: Vec<(Observed, Vec<Check>)>,
    /// Every reference, and whether it fits, for each channel in turn.
    pub references: Vec<Matching>,
    /// Words for anal pressure.
    pub london: Option<London>,
    /// Parts of contraction and rest.
    pub parts: Vec<Part>,
    /// Against the last visit.
    pub changes: Vec<Change>,
    /// Whether to go on to the next position.
    pub progression: Progression,
    /// What to do next.
    pub offers: Vec<Offer>,
    /// Whether a pelvic-health clinician should look, by what was reported or found.
    pub see_clinician: bool,
    /// Whether a doctor today, a clinician first, or no probe.
    pub urgency: Option<Urgency>,
    /// [`SCREENING`].
    pub screening: &'static str,
}

/// Judges a visit. Pure: the same visit gives the same answer, and nothing is looked up elsewhere.
///
/// Measures that are missing, invalid or not finite are left aside, and what hangs on them is unknown.
#[must_use]
pub fn assess(visit: &Visit<'_>) -> Assessment {
    let everything = scene(visit, visit.channels);
    let all = axes::find(&everything);
    let (good, failed_checks) = check(visit, all.verified);
    let failed = failed(&good, &failed_checks);
    // A channel that cannot be relied upon is left out, as long as another can.
    let kept = if good.is_empty() { visit.channels } else { good.as_slice() };
    let part = scene(visit, kept);
    let found = if kept.len() == visit.channels.len() {
        axes::find(&everything)
    } else {
        axes::find(&part)
    };
    let Found { mut findings, verified, pushes, legacy, .. } = found;
    if !findings.get(Axis::Instability).is_known()
        && let Some(finding) = against_earlier(&part, visit.earlier)
    {
        *findings.get_mut(Axis::Instability) = finding;
    }
    let tone = findings.get_mut(Axis::Tone);
    if legacy {
        tone.doubt(Doubt::LegacyTiming);
    }
    if visit.insertion_to_rest_s.is_none() && tone.is_known() && !tone.felt {
        tone.doubt(Doubt::InsertionUnknown);
    }
    let histories = histories(visit, &findings);
    confidence::set(&mut findings, histories);

    let facts =
        Facts { symptoms: visit.symptoms, failed, verified, legacy, expulsion: visit.expulsion };
    let label = judge(&findings, &facts);
    let (gate, gate_reasons) = gate::decide(&Situation {
        findings: &findings,
        label,
        symptoms: visit.symptoms,
        failed: &facts.failed,
        person: visit.person,
        measured: &all.measured,
        legacy,
    });
    let conflicts = match label {
        Label::Inconclusive => conflicts(&findings, &facts),
        _ => Vec::new(),
    };
    let driving = driving(visit, label, &findings, &facts, &conflicts);
    let flips = flips(&Verdict {
        findings: &findings,
        facts: &facts,
        person: visit.person,
        measured: &all.measured,
        label,
        gate,
    });
    let tone_bound = findings.get(Axis::Tone).upper;
    let changes = change::changes(&part, visit, tone_bound);
    let progression = change::progression(&part, visit, label, gate);
    let (views, _) = axes::views(&part);
    Assessment {
        rule: rules::RULE,
        label,
        wording: wording(label, &findings, &facts),
        notes: notes(&views, label, &findings, &conflicts, !facts.failed.is_empty()),
        confidence: overall(label, &findings, &driving),
        london: london(&findings, &pushes, visit.expulsion, facts.failed.is_empty()),
        parts: parts(&views, &findings, verified, &changes),
        offers: offers(label, gate, progression, position(visit)),
        see_clinician: see_clinician(visit, label, &findings),
        conflicts,
        findings,
        driving,
        flips,
        gate,
        gate_reasons,
        failed_checks,
        references: all.matchings,
        changes,
        progression,
        urgency: visit.symptoms.urgency().filter(|urgency| *urgency > Urgency::Weighed),
        screening: SCREENING,
    }
}

const fn position(visit: &Visit<'_>) -> Option<Position> {
    visit.position
}

const fn scene<'a>(visit: &Visit<'a>, channels: &'a [Observed]) -> Scene<'a> {
    Scene {
        measures: visit.measures,
        channels,
        person: visit.person,
        position: visit.position,
        palpation: visit.palpation,
        lift: visit.lift,
        references: visit.references,
    }
}

/// Channels that can be relied upon, and what does not hold of the others.
fn check(visit: &Visit<'_>, verified: Verified) -> (Vec<Observed>, Vec<(Observed, Vec<Check>)>) {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for observed in visit.channels {
        let failed = of_channel(observed, visit.measures, visit, verified);
        if !failed.is_empty() {
            bad.push((observed.clone(), failed));
        } else if !is_empty(observed, visit.measures) || visit.palpation.tone.is_some() {
            good.push(observed.clone());
        }
    }
    (good, bad)
}

fn failed(good: &[Observed], bad: &[(Observed, Vec<Check>)]) -> Vec<Check> {
    let mut failed: Vec<Check> = Vec::new();
    if good.is_empty() {
        for check in bad.iter().flat_map(|(_, checks)| checks) {
            if !failed.contains(check) {
                failed.push(*check);
            }
        }
        if failed.is_empty() {
            failed.push(Check::Rest);
        }
    }
    failed
}

/// Whether the last earlier visit with one of the same profiles says the same of each axis.
fn histories(visit: &Visit<'_>, findings: &Findings) -> [History; 6] {
    let same = |one: &Observed| visit.channels.iter().any(|now| now.profile == one.profile);
    let last = visit.earlier.iter().rev().find(|one| one.channels.iter().any(same));
    let Some(last) = last else { return [History::None; 6] };
    let then = axes::find(&Scene {
        measures: &last.measures,
        channels: &last.channels,
        person: visit.person,
        position: last.position,
        palpation: crate::Palpation::default(),
        lift: visit.lift,
        references: visit.references,
    });
    core::array::from_fn(|index| {
        let (now, then) = (&findings.0[index], &then.findings.0[index]);
        match (then.is_known(), now.status == then.status) {
            (false, _) => History::None,
            (true, true) => History::Agrees,
            (true, false) => History::Disagrees,
        }
    })
}

fn driving(
    visit: &Visit<'_>,
    label: Label,
    findings: &Findings,
    facts: &Facts,
    conflicts: &[Conflict],
) -> Vec<Driving> {
    let axis = |axis: Axis| Driving {
        driver: Driver::Axis(axis),
        inputs: findings.get(axis).inputs.clone(),
    };
    let plain = |driver: Driver| Driving { driver, inputs: Vec::new() };
    let main = [Axis::Tone, Axis::Relaxation, Axis::Strength];
    match label {
        Label::Refer => {
            let speaking = facts.symptoms.iter().filter(|one| one.urgency() > Urgency::Weighed);
            speaking.map(|symptom| plain(Driver::Symptom(symptom))).collect()
        }
        Label::InsufficientData => {
            let failed = facts.failed.iter().map(|check| plain(Driver::Data(*check)));
            let missing = main.into_iter().filter(|one| !findings.get(*one).is_known()).map(axis);
            failed.chain(missing).collect()
        }
        Label::UnableToContract => {
            let quantities = match facts.verified {
                Verified::BearingDown => [Quantity::BearingDownCount, Quantity::SqueezeCount],
                _ => [Quantity::MaximalContraction, Quantity::Peak],
            };
            let inputs = visit
                .measures
                .iter()
                .filter(|one| quantities.contains(&one.quantity) && one.trial.is_none())
                .map(|one| Input {
                    channel: one.channel,
                    quantity: one.quantity,
                    task: one.task,
                    how: one.how,
                })
                .collect();
            vec![Driving { driver: Driver::Verification, inputs }]
        }
        Label::Mixed => vec![axis(Axis::Tone), axis(Axis::Strength)],
        Label::Hypertonic => match findings.get(Axis::Tone).status {
            Status::High => vec![axis(Axis::Tone)],
            _ => vec![axis(Axis::Tone), axis(Axis::Relaxation), axis(Axis::Instability)],
        },
        Label::NonRelaxing => {
            let mut all = Vec::new();
            if findings.get(Axis::Relaxation).status == Status::Incomplete {
                all.push(axis(Axis::Relaxation));
            }
            if findings.get(Axis::Coordination).status == Status::High {
                all.push(axis(Axis::Coordination));
            }
            all
        }
        Label::Weak => vec![axis(Axis::Strength)],
        Label::WithinRange => main.map(axis).to_vec(),
        Label::Inconclusive => conflicts
            .iter()
            .map(|conflict| match conflict {
                Conflict::Modalities
                | Conflict::ToneBorderline
                | Conflict::ToneLow
                | Conflict::ToneUnknown => axis(Axis::Tone),
                Conflict::StrengthBorderline | Conflict::StrengthUnknown => axis(Axis::Strength),
                Conflict::RelaxationUnknown => axis(Axis::Relaxation),
                Conflict::WeakUnverified => plain(Driver::Verification),
                Conflict::Reported(symptom) => plain(Driver::Symptom(*symptom)),
            })
            .collect(),
    }
}

/// The lowest of the axes it hangs on; what hangs on no axis is a hint.
fn overall(label: Label, findings: &Findings, driving: &[Driving]) -> Confidence {
    if matches!(label, Label::InsufficientData | Label::Inconclusive) {
        return Confidence::Low;
    }
    let axes = driving.iter().filter_map(|one| match one.driver {
        Driver::Axis(axis) => Some(findings.get(axis).confidence),
        Driver::Symptom(_) | Driver::Verification | Driver::Data(_) => None,
    });
    axes.min().unwrap_or(Confidence::Low)
}

fn notes(
    views: &[View<'_>],
    label: Label,
    findings: &Findings,
    conflicts: &[Conflict],
    has_failed: bool,
) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut note = |holds: bool, text: &str| {
        if holds {
            notes.push(text.to_owned());
        }
    };
    let status = |axis: Axis| findings.get(axis).status;
    let tone = findings.get(Axis::Tone);
    note(
        status(Axis::Relaxation) == Status::Partial && label != Label::Refer,
        "relaxation between contractions only partial",
    );
    let quiet = tone.status == Status::Normal && tone.modality == Some(Modality::Emg) && !tone.felt;
    note(quiet, "no raised electrical activity at rest; EMG does not see passive stiffness");
    note(tone.conflict, "what feels tension and EMG disagree: palpation by a clinician would help");
    note(status(Axis::Instability) == Status::High, "restless at rest");
    note(status(Axis::Endurance) == Status::Low, "endurance low");
    let paradoxical = status(Axis::Coordination) == Status::High;
    note(
        paradoxical && label != Label::NonRelaxing,
        match findings.get(Axis::Coordination).modality {
            Some(Modality::Emg) => "tightens in a push; inconclusive without balloon expulsion",
            _ => "does not let go enough in a push; inconclusive without balloon expulsion",
        },
    );
    let felt = label == Label::Inconclusive && !conflicts.is_empty();
    note(felt, "palpation by a clinician would help");
    let lacks_reference = Axis::ALL.iter().any(|axis| {
        let one = findings.get(*axis);
        one.unknown == Some(crate::Unknown::NoReference)
    });
    let insufficient = label == Label::InsufficientData;
    note(
        insufficient && has_failed,
        "measure again: a quiet minute of rest, then at least two maximal contractions",
    );
    note(
        insufficient && !has_failed && lacks_reference,
        "it was measured, and nothing that fits device, probe and person says what to expect: a \
         reference for the device, or visits of one's own to compare with, would help",
    );
    note(
        insufficient && !has_failed && !lacks_reference,
        "too little was asked for: a quiet minute of rest, then at least two maximal contractions",
    );
    notes.extend(views.iter().flat_map(bands));
    notes
}

/// Pain, no contraction after instruction, a tight and weak floor, a push that tightens, or anything
/// that closes training: a clinician before training.
fn see_clinician(visit: &Visit<'_>, label: Label, findings: &Findings) -> bool {
    let reported = [Symptom::Pain, Symptom::PainOnContraction, Symptom::Dyspareunia];
    matches!(label, Label::Refer | Label::UnableToContract | Label::Mixed)
        || reported.into_iter().any(|symptom| visit.symptoms.has(symptom))
        || findings.get(Axis::Coordination).status == Status::High
}

/// Names of bands that a value lies in: words, and no status.
fn bands(view: &View<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for fit in &view.fits {
        let pack = fit.reference.pack();
        for norm in &pack.norms {
            if !matches!(norm.distribution, Distribution::Bands(_)) {
                continue;
            }
            let measure = view.channel.summary(norm.quantity, norm.task, norm.how);
            let reading = measure.and_then(|one| view.channel.scaled(one, pack.unit));
            if let Some(reading) = reading
                && let Some(band) = norm.distribution.band(reading.value)
            {
                let value = number(reading.value);
                all.push(format!("{value} {} is called {} by {}", pack.unit, band.name, pack.name));
            }
        }
    }
    all
}

/// For tests and other crates: a finding of an axis.
impl Assessment {
    /// What was found on an axis.
    #[must_use]
    pub const fn finding(&self, axis: Axis) -> &Finding {
        self.findings.get(axis)
    }

    /// Whether it shows too little to open strengthening, whatever [`Self::gate`] says.
    #[must_use]
    pub const fn is_too_little(&self) -> bool {
        gate::is_too_little(self.label, self.gate)
    }

    /// Whether strengthening may begin after this visit.
    #[must_use]
    pub const fn strengthening(&self) -> Opening {
        gate::opening(Load::Strengthening, self.label, self.gate)
    }
}
