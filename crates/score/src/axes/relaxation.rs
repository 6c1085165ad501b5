//! Whether rest returns after contracting.
//!
//! EMG by a ratio, pressure by a difference only: a probe that is set to zero at rest has no level to
//! divide by.

use levator_measure::{How, Quantity, Reason, Task, Validity};
use levator_programme::Evidence;

use crate::axes::View;
use crate::axes::bounded::{between_days, fill};
use crate::normal::p_above;
use crate::reading::{Reading, together, usable};
use crate::rules::{COMPLETE_RATIO, PARTIAL_RATIO, RAISED_SHARE, RAISED_Z};
use crate::{Axis, Doubt, Finding, Modality, Size, Status, Unknown, ValueUnit};

/// Rests that are looked at, the first that there is.
const RESTS: [Task; 5] =
    [Task::AfterHold, Task::Between, Task::AfterEndurance, Task::RestAfter, Task::AfterFlick];

pub(super) fn find(view: &View<'_>) -> Finding {
    let found = match view.channel.profile.modality {
        Modality::Emg => RESTS.iter().find_map(|task| by_ratio(view, *task)),
        Modality::Pressure | Modality::Force => by_difference(view),
    };
    found.unwrap_or_else(|| {
        let mut finding = Finding::unknown(Axis::Relaxation, Unknown::NoMeasure);
        finding.modality = Some(view.channel.profile.modality);
        finding.site = view.channel.profile.site;
        finding
    })
}

fn by_ratio(view: &View<'_>, task: Task) -> Option<Finding> {
    let channel = &view.channel;
    let before = channel.raw(Quantity::RestLevel, Task::RestBefore).filter(|one| one.value > 0.0);
    let after = channel.raw(Quantity::RestLevel, task).filter(|one| one.value >= 0.0);
    let mut finding = Finding::unknown(Axis::Relaxation, Unknown::NoMeasure);
    let given = channel
        .exact(Quantity::RelaxationRatio, task, How::NoiseCorrected)
        .and_then(|one| usable(one).map(|value| (one, value)))
        .map(|(measure, value)| Reading { value, sem: measure.sem, measure })
        .or_else(|| channel.raw(Quantity::RelaxationRatio, task));
    match (given, before, after) {
        (Some(ratio), ..) if ratio.value >= 0.0 => {
            fill(&mut finding, channel, ratio);
            finding.sigma = ratio.sem.filter(|sem| sem.is_finite() && *sem > 0.0);
            // A ratio has no level of its own: without these it is cited alone.
            for one in [before, after].into_iter().flatten() {
                finding.inputs.push(one.input());
            }
        }
        (_, Some(before), Some(after)) => {
            fill(&mut finding, channel, after);
            fill(&mut finding, channel, before);
            let ratio = after.value / before.value;
            finding.value = Some(ratio).filter(|ratio| ratio.is_finite());
            let relative = together(&[
                after.sem.map(|sem| sem / after.value),
                before.sem.map(|sem| sem / before.value),
            ]);
            finding.sigma = relative.map(|one| one * ratio);
        }
        _ => return None,
    }
    let ratio = finding.value?;
    finding.unit = ValueUnit::Ratio;
    finding.upper = Some(PARTIAL_RATIO);
    finding.evidence = Some(Evidence::Proposed);
    finding.citation =
        Some("levator rule, after group medians of Kasper-Jędrzejewska et al. 2025".to_owned());
    finding.doubt(Doubt::Provisional(Evidence::Proposed));
    finding.p_high = finding.sigma.and_then(|sigma| p_above(ratio, PARTIAL_RATIO, sigma));
    finding.unknown = None;
    finding.status = if ratio <= COMPLETE_RATIO {
        Status::Normal
    } else if ratio <= PARTIAL_RATIO || is_within_noise(before, after) {
        Status::Partial
    } else {
        Status::Incomplete
    };
    if finding.sigma.is_none() {
        finding.doubt(Doubt::NoError);
    }
    Some(finding)
}

/// Whether the rise is not more than one error of a reading within this visit.
fn is_within_noise(before: Option<Reading<'_>>, after: Option<Reading<'_>>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    together(&[before.sem, after.sem]).is_some_and(|sem| after.value - before.value <= sem)
}

fn by_difference<'a>(view: &View<'a>) -> Option<Finding> {
    let channel = &view.channel;
    let task = RESTS.into_iter().find(|task| {
        channel.raw(Quantity::RelaxationResidual, *task).is_some()
            || channel.trials(Quantity::RelaxationResidual, *task).next().is_some()
            || channel.raw(Quantity::RestLevel, *task).is_some()
    })?;
    let mut finding = Finding::unknown(Axis::Relaxation, Unknown::NoError);
    finding.modality = Some(channel.profile.modality);
    finding.site = channel.profile.site;
    let unit = channel.profile.unit;
    // All in the unit of the channel, as the device of the reference would have it.
    let scaled = |reading: Reading<'a>| channel.scaled(reading.measure, unit);
    let before = channel.raw(Quantity::RestLevel, Task::RestBefore).and_then(scaled);
    let mut residuals: Vec<f64> = channel
        .trials(Quantity::RelaxationResidual, task)
        .filter_map(scaled)
        .map(|one| one.value)
        .collect();
    residuals.sort_by(f64::total_cmp);
    let summary = channel.raw(Quantity::RelaxationResidual, task).and_then(scaled);
    let after = channel.raw(Quantity::RestLevel, task).and_then(scaled);
    let (value, count, visit_sem) = match (summary, before, after) {
        (Some(summary), ..) => {
            fill(&mut finding, channel, summary);
            (summary.value, summary.measure.count, summary.sem)
        }
        (None, Some(before), Some(after)) => {
            fill(&mut finding, channel, after);
            fill(&mut finding, channel, before);
            (after.value - before.value, after.measure.count, together(&[after.sem, before.sem]))
        }
        (None, ..) => {
            let middle = *residuals.get(residuals.len() / 2)?;
            if let Some(one) = channel.trials(Quantity::RelaxationResidual, task).next() {
                finding.inputs.push(one.input());
            }
            (middle, residuals.len() as u32, None)
        }
    };
    finding.value = Some(value).filter(|value| value.is_finite());
    let value = finding.value?;
    finding.unit = ValueUnit::Reference(unit);
    finding.evidence = Some(Evidence::Proposed);
    finding.doubt(Doubt::Provisional(Evidence::Proposed));
    let published = published_sem(view, &mut finding);
    let sem = published.or(visit_sem).or_else(|| before.and_then(|one| one.sem));
    let Some(sem) = sem else {
        finding.doubt(Doubt::NoError);
        if value <= 0.0 && residuals.iter().all(|one| *one <= 0.0) {
            finding.status = Status::Normal;
            finding.unknown = None;
        }
        return Some(finding);
    };
    let one_error = core::f64::consts::SQRT_2 * sem;
    finding.unknown = None;
    finding.sigma = Some(one_error);
    finding.upper = Some(RAISED_Z * one_error);
    finding.p_high = p_above(value, RAISED_Z * one_error, one_error);
    let raised = |limit: f64| match residuals.len() {
        0..3 => value > limit && count >= 3,
        all => {
            let raised = residuals.iter().filter(|one| **one > limit).count();
            raised as f64 >= RAISED_SHARE * all as f64
        }
    };
    let few = residuals.len() < 3 && count < 3;
    // Three rests are needed for a share of them; two that both stay up beyond chance say it, too, and
    // to call that partial would open strengthening.
    let both = residuals.len() == 2 && residuals.iter().all(|one| *one > RAISED_Z * one_error);
    finding.status = if (raised(RAISED_Z * one_error) || both) && published.is_some() {
        Status::Incomplete
    } else if raised(one_error) || few && value > one_error {
        Status::Partial
    } else {
        Status::Normal
    };
    if published.is_none() {
        // The error within one visit is so small that anybody would exceed it: never incomplete.
        finding.doubt(Doubt::RepeatabilityUnknown);
    }
    if both || summary.is_some_and(|one| one.measure.validity == Validity::Doubtful) && few {
        finding.doubt(Doubt::Measure(Reason::TooFewTrials));
    }
    Some(finding)
}

/// Error of the level at rest between days, in the unit of the channel.
fn published_sem(view: &View<'_>, finding: &mut Finding) -> Option<f64> {
    for fit in &view.fits {
        let Some(size) = between_days(view, fit.reference, Quantity::RestLevel, Task::RestBefore)
        else {
            continue;
        };
        let Size::Absolute(size) = size else { continue };
        let factor = fit.reference.pack().unit.factor_to(view.channel.profile.unit)?;
        finding.reference = Some(fit.reference.id().to_owned());
        finding.citation = fit
            .reference
            .repeatability(Quantity::RestLevel, Task::RestBefore)
            .map(|line| line.source.citation.clone());
        return Some(size * factor);
    }
    None
}
