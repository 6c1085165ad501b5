//! What would change the verdict.

use levator_programme::Gate;

use crate::gate::{self, Situation};
use crate::label::{Facts, judge};
use crate::rules::{CERTAIN, COMPLETE_RATIO, LIKELY, PARTIAL_RATIO, POSSIBLE};
use crate::{Axis, Check, Finding, Findings, Label, Modality, Person, Status, Symptom, Verified};

/// What a verdict hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Driver {
    /// The finding on an axis.
    Axis(Axis),
    /// Something reported.
    Symptom(Symptom),
    /// Whether contractions were squeezes.
    Verification,
    /// Data that are not good enough.
    Data(Check),
}

/// Something that would change the verdict or the gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flip {
    /// What would have to be otherwise.
    pub driver: Driver,
    /// Where the axis would have to stand.
    pub to: Option<Status>,
    /// The value from which it stands there, in the unit of the finding; `None` where there is no
    /// such value, because the axis was not measured or is counted.
    pub at: Option<f64>,
    /// The label then.
    pub label: Label,
    /// The gate then.
    pub gate: Gate,
}

pub(crate) struct Verdict<'a> {
    pub(crate) findings: &'a Findings,
    pub(crate) facts: &'a Facts,
    pub(crate) person: &'a Person,
    pub(crate) measured: &'a Findings,
    pub(crate) label: Label,
    pub(crate) gate: Gate,
}

/// Every single change of an axis, a symptom or a check that changes the label or the gate.
pub(crate) fn flips(verdict: &Verdict<'_>) -> Vec<Flip> {
    let mut flips = Vec::new();
    for axis in Axis::ALL.iter().copied() {
        let finding = verdict.findings.get(axis);
        for to in alternatives(axis) {
            // Within the bounds, and yet not far enough to exclude a raised level.
            let nearly = axis == Axis::Tone && finding.p_high.is_some_and(|p| p >= POSSIBLE);
            if *to == finding.status && !finding.conflict && !(nearly && *to == Status::Normal) {
                continue;
            }
            let mut findings = verdict.findings.clone();
            put(findings.get_mut(axis), *to);
            let flip = judged(verdict, &findings, verdict.facts);
            keep(&mut flips, verdict, Driver::Axis(axis), Some(*to), value_at(finding, *to), flip);
        }
    }
    for symptom in verdict.facts.symptoms.iter() {
        let symptoms = verdict.facts.symptoms.without(symptom);
        let facts = Facts { symptoms, ..verdict.facts.clone() };
        let flip = judged(verdict, verdict.findings, &facts);
        keep(&mut flips, verdict, Driver::Symptom(symptom), None, None, flip);
    }
    for check in &verdict.facts.failed {
        let failed = verdict.facts.failed.iter().filter(|one| *one != check).copied().collect();
        let facts = Facts { failed, ..verdict.facts.clone() };
        let flip = judged(verdict, verdict.findings, &facts);
        keep(&mut flips, verdict, Driver::Data(*check), None, None, flip);
    }
    if verdict.facts.verified != Verified::Squeeze {
        let facts = Facts { verified: Verified::Squeeze, ..verdict.facts.clone() };
        let mut findings = verdict.findings.clone();
        findings.get_mut(Axis::Strength).verified = Some(Verified::Squeeze);
        let flip = judged(verdict, &findings, &facts);
        keep(&mut flips, verdict, Driver::Verification, None, None, flip);
    }
    flips
}

fn keep(
    flips: &mut Vec<Flip>,
    verdict: &Verdict<'_>,
    driver: Driver,
    to: Option<Status>,
    at: Option<f64>,
    (label, gate): (Label, Gate),
) {
    if label != verdict.label || gate != verdict.gate {
        flips.push(Flip { driver, to, at, label, gate });
    }
}

fn judged(verdict: &Verdict<'_>, findings: &Findings, facts: &Facts) -> (Label, Gate) {
    let label = judge(findings, facts);
    // What was measured is what is imagined to be otherwise.
    let mut measured = verdict.measured.clone();
    for axis in [Axis::Tone, Axis::Relaxation] {
        let imagined = findings.get(axis);
        if imagined != verdict.findings.get(axis) {
            *measured.get_mut(axis) = imagined.clone();
        }
    }
    let (gate, _) = gate::decide(&Situation {
        findings,
        label,
        symptoms: facts.symptoms,
        failed: &facts.failed,
        person: verdict.person,
        measured: &measured,
        legacy: facts.legacy,
    });
    (label, gate)
}

const fn alternatives(axis: Axis) -> &'static [Status] {
    match axis {
        Axis::Tone => &[Status::Normal, Status::Borderline, Status::High],
        Axis::Relaxation => &[Status::Normal, Status::Partial, Status::Incomplete],
        Axis::Strength => &[Status::Low, Status::Borderline, Status::Normal],
        Axis::Coordination | Axis::Instability => &[Status::Normal, Status::High],
        // No label asks for it.
        Axis::Endurance => &[],
    }
}

/// Makes a finding stand somewhere else, as surely as can be.
fn put(finding: &mut Finding, to: Status) {
    finding.status = to;
    finding.unknown = None;
    finding.conflict = false;
    finding.felt = false;
    let (low, high) = match to {
        Status::Low => (1.0, 0.0),
        Status::High | Status::Incomplete => (0.0, 1.0),
        Status::Borderline if finding.axis == Axis::Strength => (LIKELY, 0.0),
        Status::Borderline => (0.0, LIKELY),
        Status::Normal | Status::Partial | Status::Unknown => (0.0, 0.0),
    };
    finding.p_low = Some(low);
    finding.p_high = Some(high);
    if to == Status::Borderline {
        finding.value = None;
    }
}

/// The value from which an axis would stand there.
fn value_at(finding: &Finding, to: Status) -> Option<f64> {
    let value = finding.value?;
    match (finding.axis, to) {
        (Axis::Relaxation, _) if finding.felt => None,
        (Axis::Relaxation, Status::Normal) if finding.modality == Some(Modality::Emg) => {
            Some(COMPLETE_RATIO)
        }
        (Axis::Relaxation, Status::Partial) if finding.modality == Some(Modality::Emg) => {
            Some(if value > PARTIAL_RATIO { PARTIAL_RATIO } else { COMPLETE_RATIO })
        }
        (Axis::Relaxation, Status::Normal | Status::Partial) => finding.sigma,
        (Axis::Relaxation, Status::Incomplete) => finding.upper,
        (Axis::Tone | Axis::Instability, Status::High) => at_p(finding, true, CERTAIN),
        (Axis::Tone, Status::Borderline) => at_p(finding, true, LIKELY),
        // Where nothing is left to say of tone; what is only not borderline still needs safeguards.
        (Axis::Tone, Status::Normal) => at_p(finding, true, POSSIBLE),
        (Axis::Instability, Status::Normal) => match finding.status {
            Status::High | Status::Borderline => at_p(finding, true, LIKELY),
            _ => None,
        },
        (Axis::Strength, Status::Low) => at_p(finding, false, CERTAIN),
        (Axis::Strength, Status::Borderline | Status::Normal) => at_p(finding, false, LIKELY),
        _ => None,
    }
}

/// Where the probability of being beyond the bound becomes `p`: by halving, since the error may grow
/// with the value.
fn at_p(finding: &Finding, upper: bool, p: f64) -> Option<f64> {
    let bound = if upper { finding.upper? } else { finding.lower? };
    let (value, sigma) = (finding.value?, finding.sigma?);
    let relative = finding.sigma_ratio;
    let fixed = (sigma * sigma - relative * relative * value * value).max(0.0);
    let beyond = |x: f64| {
        let sigma = libm::sqrt(fixed + relative * relative * x * x);
        let p_above = crate::normal::p_above(x, bound, sigma).unwrap_or(f64::NAN);
        if upper { p_above >= p } else { 1.0 - p_above >= p }
    };
    let span = 50.0 * sigma + 10.0 * bound.abs();
    let (mut low, mut high) = (bound - span, bound + span);
    if relative > 0.0 {
        low = low.max(0.0);
    }
    // Above the root `upper` holds, below it the other.
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if beyond(middle) == upper {
            high = middle;
        } else {
            low = middle;
        }
    }
    let found = 0.5 * (low + high);
    found.is_finite().then_some(found)
}
