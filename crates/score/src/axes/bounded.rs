//! Axes that hold a value against a bound: tone, instability, strength, endurance.

use levator_measure::{How, Quantity, Task, Validity};
use levator_programme::Evidence;

use crate::axes::{View, axis_of};
use crate::check::has_unit_of_channel;
use crate::normal::p_above;
use crate::reading::{Channel, Reading, together};
use crate::rules::{CERTAIN, ENDURANCE_RATIO, LIKELY};
use crate::{
    Axis, Doubt, Finding, Modality, Norm, Reference, Site, Size, Status, Unknown, ValueUnit,
    Verified,
};

/// Tone: the level before the first exertion. A low level counts for anal pressure only: elsewhere
/// nobody knows what low is, and a quiet EMG says nothing about tension.
pub(super) fn tone(view: &View<'_>) -> Finding {
    let anal = view.channel.profile.modality.is_mechanical()
        && view.channel.profile.site == Some(Site::Anal);
    let mut finding = first(view, Axis::Tone, Sides { lower: anal, upper: true });
    if !finding.is_known() && finding.value.is_none() {
        show(&mut finding, view, Quantity::RestLevel, &[Task::RestBefore]);
    }
    if view.channel.profile.modality == Modality::Emg {
        finding.doubt(Doubt::ToneFromEmg);
    }
    finding.doubt(Doubt::ToneNotSettled);
    finding
}

/// Instability: unrest before the first exertion.
pub(super) fn instability(view: &View<'_>) -> Finding {
    first(view, Axis::Instability, Sides { lower: false, upper: true })
}

/// Strength. Of pressure every norm of a reference is looked at, and the lowest counts; of EMG the
/// first, because that is the tonic contraction.
pub(super) fn strength(view: &View<'_>, verified: Verified) -> Finding {
    let sides = Sides { lower: true, upper: false };
    let mut all = norms(view, Axis::Strength, sides);
    let reference = all.first().and_then(|one| one.reference.clone());
    all.retain(|one| one.reference == reference);
    let mut finding = match view.channel.profile.modality.is_mechanical() {
        true => worst_low(all),
        false => all.into_iter().next(),
    }
    .unwrap_or_else(|| missing(view, Axis::Strength, sides));
    if !finding.is_known() && finding.value.is_none() {
        let tasks = [Task::Maximal, Task::Hold, Task::Contraction, Task::Flick];
        show(&mut finding, view, Quantity::MaximalContraction, &tasks);
        if finding.value.is_none() {
            show(&mut finding, view, Quantity::ContractionMean, &tasks);
        }
    }
    if view.channel.profile.modality == Modality::Emg {
        finding.doubt(Doubt::StrengthFromEmg);
    } else if verified == Verified::Unverified {
        finding.doubt(Doubt::Unverified);
    }
    finding.verified = Some(verified);
    if matches!(verified, Verified::BearingDown | Verified::Absent) {
        // Whatever rose, it was no squeeze: its height says nothing about strength.
        finding.status = Status::Unknown;
        finding.unknown = Some(Unknown::NotAssessable);
        finding.p_low = None;
    }
    finding
}

/// Endurance: against a reference, and of EMG by how much of a long contraction is left at its end.
pub(super) fn endurance(view: &View<'_>) -> Finding {
    let finding = first(view, Axis::Endurance, Sides { lower: true, upper: false });
    if finding.is_known() || view.channel.profile.modality != Modality::Emg {
        return finding;
    }
    let Some(reading) = view.channel.raw(Quantity::EnduranceRatio, Task::Endurance) else {
        return finding;
    };
    let mut finding = Finding::unknown(Axis::Endurance, Unknown::NoMeasure);
    fill(&mut finding, &view.channel, reading);
    finding.unit = ValueUnit::Ratio;
    finding.sigma = reading.sem;
    finding.lower = Some(ENDURANCE_RATIO);
    finding.evidence = Some(Evidence::Proposed);
    finding.doubt(Doubt::Provisional(Evidence::Proposed));
    grade(&mut finding);
    finding
}

/// The rule of White, Jantos and Glazer (1997), on its own device: unrest, slow recovery and a raised
/// level, and with these a low median frequency or a low contraction. Plain comparisons, as published.
pub(super) fn legacy_rule(view: &View<'_>) -> bool {
    let Some(fit) = view.fits.iter().find(|fit| fit.reference.pack().legacy_rule) else {
        return false;
    };
    let pack = fit.reference.pack();
    let beyond = |quantity: Quantity| {
        pack.norms.iter().filter(|norm| norm.quantity == quantity).any(|norm| {
            let channel = &view.channel;
            let Some(reading) = reading(channel, fit.reference, norm) else { return false };
            norm.distribution.upper().is_some_and(|upper| reading.0 > upper)
                || norm.distribution.lower().is_some_and(|lower| reading.0 < lower)
        })
    };
    beyond(Quantity::RestInstability)
        && beyond(Quantity::RecoveryLatency)
        && beyond(Quantity::RestLevel)
        && (beyond(Quantity::MedianFrequency) || beyond(Quantity::ContractionMean))
}

#[derive(Clone, Copy)]
struct Sides {
    lower: bool,
    upper: bool,
}

fn first(view: &View<'_>, axis: Axis, sides: Sides) -> Finding {
    norms(view, axis, sides).into_iter().next().unwrap_or_else(|| missing(view, axis, sides))
}

fn has_bound(norm: &Norm, axis: Axis, sides: Sides) -> bool {
    let lower = sides.lower && norm.distribution.lower().is_some();
    let upper = sides.upper && norm.distribution.upper().is_some();
    axis_of(norm.quantity, norm.task) == Some(axis) && (lower || upper)
}

fn missing(view: &View<'_>, axis: Axis, sides: Sides) -> Finding {
    let known = view
        .fits
        .iter()
        .any(|fit| fit.reference.pack().norms.iter().any(|norm| has_bound(norm, axis, sides)));
    let why = if known { Unknown::NoMeasure } else { Unknown::NoReference };
    let mut finding = Finding::unknown(axis, why);
    finding.modality = Some(view.channel.profile.modality);
    finding.site = view.channel.profile.site;
    finding
}

/// A finding for every norm of the axis that there is a measure for.
fn norms(view: &View<'_>, axis: Axis, sides: Sides) -> Vec<Finding> {
    let mut all = Vec::new();
    for fit in &view.fits {
        for norm in &fit.reference.pack().norms {
            if !has_bound(norm, axis, sides) {
                continue;
            }
            if let Some(mut finding) = against(view, axis, fit.reference, norm, sides) {
                for doubt in &fit.doubts {
                    finding.doubt(*doubt);
                }
                all.push(finding);
            }
        }
    }
    all
}

fn reading<'a>(
    channel: &Channel<'a>,
    reference: &Reference,
    norm: &Norm,
) -> Option<(f64, Option<f64>, Reading<'a>, Option<Reading<'a>>)> {
    let unit = reference.pack().unit;
    // Held contractions of a reference are as strong as can be; where maximal ones were asked for by
    // that name, those that were only held may have been gentle.
    let maximal = (norm.task == Task::Hold && norm.quantity == Quantity::ContractionMean)
        .then(|| channel.summary(norm.quantity, Task::Maximal, norm.how))
        .flatten()
        .and_then(|measure| channel.scaled(measure, unit));
    let one = match maximal {
        Some(one) => one,
        None => channel.scaled(channel.summary(norm.quantity, norm.task, norm.how)?, unit)?,
    };
    if !norm.includes_rest {
        return Some((one.value, one.sem, one, None));
    }
    // What was published has the level at rest in it; what was measured is a height above it.
    let rest = channel.summary(Quantity::RestLevel, Task::RestBefore, How::Plain)?;
    let rest = channel.scaled(rest, unit)?;
    let value = one.value + rest.value;
    value.is_finite().then(|| (value, together(&[one.sem, rest.sem]), one, Some(rest)))
}

fn against(
    view: &View<'_>,
    axis: Axis,
    reference: &Reference,
    norm: &Norm,
    sides: Sides,
) -> Option<Finding> {
    let (value, visit_sem, one, rest) = reading(&view.channel, reference, norm)?;
    let mut finding = Finding::unknown(axis, Unknown::NoMeasure);
    fill(&mut finding, &view.channel, one);
    if let Some(rest) = rest {
        finding.inputs.push(rest.input());
        rest.doubts_into(&mut finding);
    }
    let between = between_days(view, reference, norm.quantity, norm.task);
    if between.is_none() {
        finding.doubt(Doubt::RepeatabilityUnknown);
    }
    let rule = |one: Size| one.at(value);
    finding.sigma_ratio = match between {
        Some(Size::Relative(ratio)) => ratio,
        Some(Size::Absolute(_)) | None => 0.0,
    };
    finding.value = Some(value);
    finding.sigma = together(&[visit_sem, between.map(rule)]);
    finding.unit = unit(norm.quantity, reference);
    finding.lower = norm.distribution.lower().filter(|_| sides.lower);
    finding.upper = norm.distribution.upper().filter(|_| sides.upper);
    finding.reference = Some(reference.id().to_owned());
    finding.citation = Some(norm.source.citation.clone());
    finding.evidence = Some(norm.evidence());
    if norm.evidence().is_provisional() {
        finding.doubt(Doubt::Provisional(norm.evidence()));
    }
    let single = norm.quantity == Quantity::RestLevel;
    if one.measure.how != norm.how && !single {
        finding.doubt(Doubt::OtherDefinition(norm.how));
    }
    if one.measure.task != norm.task {
        finding.doubt(Doubt::OtherTask(norm.task));
    }
    grade(&mut finding);
    Some(finding)
}

/// Error between days: of this reference, else of another that fits.
pub(super) fn between_days(
    view: &View<'_>,
    reference: &Reference,
    quantity: Quantity,
    task: Task,
) -> Option<Size> {
    let of = |one: &Reference| one.repeatability(quantity, task).and_then(|line| line.sem());
    of(reference).or_else(|| {
        // Absolute errors of another device-bound reference are in its unit.
        view.fits.iter().find_map(|fit| match of(fit.reference) {
            Some(Size::Absolute(size)) => {
                let channel_bound = has_unit_of_channel(quantity);
                let factor = fit.reference.pack().unit.factor_to(reference.pack().unit);
                Some(Size::Absolute(if channel_bound { size * factor? } else { size }))
            }
            relative => relative,
        })
    })
}

fn unit(quantity: Quantity, reference: &Reference) -> ValueUnit {
    let unit = reference.pack().unit;
    match quantity {
        Quantity::EnduranceArea => ValueUnit::ReferenceSeconds(unit),
        Quantity::EnduranceTime | Quantity::SqueezeDuration | Quantity::HoldTime => {
            ValueUnit::Second
        }
        Quantity::RestVariability | Quantity::PushIndex | Quantity::PushRelaxation => {
            ValueUnit::Percent
        }
        Quantity::EnduranceRatio => ValueUnit::Ratio,
        other if has_unit_of_channel(other) => ValueUnit::Reference(unit),
        _ => ValueUnit::Other,
    }
}

pub(super) fn fill(finding: &mut Finding, channel: &Channel<'_>, reading: Reading<'_>) {
    finding.modality = Some(channel.profile.modality);
    finding.site = channel.profile.site;
    finding.value = Some(reading.value);
    finding.inputs.push(reading.input());
    reading.doubts_into(finding);
}

/// A value for people, where it cannot be graded: as measured, in the unit of the channel.
fn show(finding: &mut Finding, view: &View<'_>, quantity: Quantity, tasks: &[Task]) {
    for task in tasks {
        if let Some(reading) = view.channel.raw(quantity, *task) {
            fill(finding, &view.channel, reading);
            finding.unit = ValueUnit::Reference(view.channel.profile.unit);
            finding.sigma = reading.sem;
            return;
        }
    }
}

/// From value, error and bounds to probabilities and a status.
pub(super) fn grade(finding: &mut Finding) {
    let Some(value) = finding.value else { return };
    finding.unknown = None;
    let Some(sigma) = finding.sigma else {
        // Beyond a bound by an unknown number of errors: near it is all that can be said.
        let beyond = finding.lower.is_some_and(|lower| value < lower)
            || finding.upper.is_some_and(|upper| value > upper);
        finding.status = if beyond { Status::Borderline } else { Status::Normal };
        finding.doubt(Doubt::NoError);
        return;
    };
    finding.p_high = finding.upper.and_then(|upper| p_above(value, upper, sigma));
    finding.p_low = finding.lower.and_then(|lower| p_above(lower, value, sigma));
    let (low, high) = (finding.p_low.unwrap_or(0.0), finding.p_high.unwrap_or(0.0));
    finding.status = if high >= CERTAIN {
        Status::High
    } else if low >= CERTAIN {
        Status::Low
    } else if high.max(low) >= LIKELY {
        Status::Borderline
    } else {
        Status::Normal
    };
    if finding.status == Status::Borderline {
        finding.doubt(Doubt::Borderline);
    }
}

fn worst_low(all: Vec<Finding>) -> Option<Finding> {
    let rank = |one: &Finding| match one.status {
        Status::Low => 3,
        Status::Borderline => 2,
        Status::Normal | Status::High | Status::Partial | Status::Incomplete => 1,
        Status::Unknown => 0,
    };
    let mut inputs = Vec::new();
    for one in &all {
        inputs.extend(one.inputs.iter().copied());
    }
    let mut best: Option<Finding> = None;
    for one in all {
        let better = best.as_ref().is_none_or(|best| {
            let now = (rank(&one), one.p_low.unwrap_or(0.0));
            let then = (rank(best), best.p_low.unwrap_or(0.0));
            now.0 > then.0 || now.0 == then.0 && now.1 > then.1
        });
        if better {
            best = Some(one);
        }
    }
    let mut best = best?;
    for input in inputs {
        if !best.inputs.contains(&input) {
            best.inputs.push(input);
        }
    }
    Some(best)
}

/// Whether a measure was handed over at all, in whatever state.
pub(crate) fn is_invalid(measure: &levator_measure::Measure) -> bool {
    measure.validity == Validity::Invalid || !measure.value.is_some_and(f64::is_finite)
}
