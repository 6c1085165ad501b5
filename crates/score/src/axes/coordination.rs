//! Whether the floor lets go in a push.

use levator_measure::{Measure, Quantity, Task};
use levator_programme::Evidence;

use crate::axes::View;
use crate::axes::bounded::fill;
use crate::reading::{Channel, usable};
use crate::rules::{PATTERN_SHARE, PUSH_INDEX, PUSH_RISE};
use crate::{Axis, Doubt, Finding, Modality, Rao, Reference, Site, Status, Unknown, ValueUnit};

/// One push, as anal pressure saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Push {
    /// Whether the rectum rose enough.
    pub(crate) adequate: bool,
    /// Its type; `None` if the canal relaxed.
    pub(crate) rao: Option<Rao>,
}

pub(super) fn find(view: &View<'_>, all: &[Measure]) -> (Finding, Vec<Push>) {
    let profile = view.channel.profile;
    let site = profile.site;
    let mut finding = Finding::unknown(Axis::Coordination, Unknown::NoMeasure);
    finding.modality = Some(profile.modality);
    finding.site = site;
    match (profile.modality, site) {
        (Modality::Emg, _) => {
            if !pattern(view, Quantity::PushIndex, PUSH_INDEX, &mut finding) {
                let _ = site == Some(Site::Anal)
                    && pattern(view, Quantity::PushRise, PUSH_RISE, &mut finding);
            }
            (finding, Vec::new())
        }
        (Modality::Pressure | Modality::Force, Some(Site::Anal)) => anal(view, all, finding),
        (Modality::Pressure | Modality::Force, _) => {
            finding.unknown = Some(Unknown::NotAssessable);
            (finding, Vec::new())
        }
    }
}

/// Counts pushes beyond a limit; whether there was anything to count and it was paradoxical.
fn pattern(view: &View<'_>, quantity: Quantity, limit: f64, finding: &mut Finding) -> bool {
    let trials: Vec<f64> = view.channel.trials(quantity, Task::Push).map(|one| one.value).collect();
    let summary = view.channel.raw(quantity, Task::Push);
    let (looked, beyond) = match (trials.len(), summary) {
        (0, Some(one)) => {
            let looked = one.measure.count.max(1) as usize;
            (looked, if one.value > limit { looked } else { 0 })
        }
        (0, None) => return false,
        (looked, _) => (looked, trials.iter().filter(|one| **one > limit).count()),
    };
    finding.inputs.clear();
    finding.doubts.clear();
    match (summary, view.channel.trials(quantity, Task::Push).next()) {
        (Some(summary), _) => fill(finding, &view.channel, summary),
        (None, Some(first)) => {
            fill(finding, &view.channel, first);
            let mut sorted = trials;
            sorted.sort_by(f64::total_cmp);
            finding.value = sorted.get(sorted.len() / 2).copied();
        }
        (None, None) => return false,
    }
    finding.unit = ValueUnit::Percent;
    finding.upper = Some(limit);
    finding.evidence = Some(Evidence::Read);
    decide(finding, looked, beyond);
    finding.status == Status::High
}

fn decide(finding: &mut Finding, looked: usize, beyond: usize) {
    finding.unknown = None;
    finding.status = if beyond >= 2 && beyond as f64 >= PATTERN_SHARE * looked as f64 {
        Status::High
    } else if beyond >= 1 && looked <= 2 {
        Status::Borderline
    } else {
        Status::Normal
    };
    finding.doubt(Doubt::SeenInHealth);
    finding.doubt(Doubt::NoBalloon);
}

/// Anal pressure: relaxation and push against the cut-offs of a reference.
///
/// Rao's types: I enough push and a rise, II not enough and a rise, III enough and no or too little
/// relaxation, IV not enough and no or too little relaxation.
fn anal(view: &View<'_>, all: &[Measure], mut finding: Finding) -> (Finding, Vec<Push>) {
    let found = view.fits.iter().find_map(|fit| {
        let cut = |quantity: Quantity| {
            let of = |norm: &&crate::Norm| norm.quantity == quantity;
            fit.reference.pack().norms.iter().find(of)
        };
        Some((fit, cut(Quantity::PushRelaxation)?, cut(Quantity::PushForce)?))
    });
    let Some((fit, relaxation, force)) = found else {
        finding.unknown = Some(Unknown::NoReference);
        return (finding, Vec::new());
    };
    let (Some(least_relaxation), Some(least_force)) =
        (relaxation.distribution.lower(), force.distribution.lower())
    else {
        finding.unknown = Some(Unknown::NoReference);
        return (finding, Vec::new());
    };
    let mut pushes = Vec::new();
    let summary =
        view.channel.summary(Quantity::PushRelaxation, Task::Push, levator_measure::How::Plain);
    let trials: Vec<&Measure> =
        view.channel.trials(Quantity::PushRelaxation, Task::Push).map(|one| one.measure).collect();
    let alone: Vec<&Measure> =
        if trials.is_empty() { summary.into_iter().collect() } else { trials };
    for one in alone {
        let Some(relaxed) = usable(one) else { continue };
        let rise = same_trial(all, one, Quantity::PushRise);
        let rose = rise.is_some_and(|(rise, sem)| rise > sem.unwrap_or(0.0));
        let Some(force) = push_force(view, all, one, fit.reference) else { continue };
        let adequate = force >= least_force;
        let paradoxical = relaxed < least_relaxation && (rose || relaxed < 0.0);
        let rao = match (relaxed < least_relaxation, paradoxical, adequate) {
            (false, ..) => None,
            (true, true, true) => Some(Rao::I),
            (true, true, false) => Some(Rao::II),
            (true, false, true) => Some(Rao::III),
            (true, false, false) => Some(Rao::IV),
        };
        let times = if one.trial.is_none() { one.count.clamp(1, 16) } else { 1 };
        pushes.extend((0..times).map(|_| Push { adequate, rao }));
        if finding.inputs.is_empty()
            && let Some(reading) = view.channel.scaled(one, fit.reference.pack().unit)
        {
            fill(&mut finding, &view.channel, reading);
        }
    }
    if pushes.is_empty() {
        return (finding, pushes);
    }
    finding.unit = ValueUnit::Percent;
    finding.lower = Some(least_relaxation);
    finding.reference = Some(fit.reference.id().to_owned());
    finding.citation = Some(relaxation.source.citation.clone());
    finding.evidence = Some(relaxation.evidence().max(force.evidence()));
    let beyond = pushes.iter().filter(|one| one.rao.is_some()).count();
    decide(&mut finding, pushes.len(), beyond);
    (finding, pushes)
}

fn same_trial(all: &[Measure], one: &Measure, quantity: Quantity) -> Option<(f64, Option<f64>)> {
    let found = all.iter().find(|other| {
        other.quantity == quantity
            && other.task == Task::Push
            && other.trial == one.trial
            && other.channel == one.channel
    })?;
    Some((usable(found)?, found.sem.filter(|sem| sem.is_finite() && *sem >= 0.0)))
}

/// The rise of the rectum, which another channel may have measured.
fn push_force(
    view: &View<'_>,
    all: &[Measure],
    one: &Measure,
    reference: &Reference,
) -> Option<f64> {
    let found = all.iter().find(|other| {
        other.quantity == Quantity::PushForce
            && other.task == Task::Push
            && other.trial == one.trial
            && usable(other).is_some()
    })?;
    let channel = Channel { id: found.channel, ..view.channel };
    channel.scaled(found, reference.pack().unit).map(|reading| reading.value)
}
