//! From measures to a finding on each axis.

mod bounded;
mod combine;
mod coordination;
mod history;
mod relaxation;
mod verified;

use levator_measure::{Measure, Quantity, Task};
use levator_programme::Position;

pub(crate) use bounded::is_invalid;
pub(crate) use coordination::Push;
pub(crate) use history::against_earlier;

use crate::reading::Channel;
use crate::{
    Axis, Doubt, FeltContraction, FeltRelaxation, FeltTone, Finding, Findings, Matching, Modality,
    Observed, Palpation, Person, Reference, Status, Unknown, Verified, matching,
};

/// What the axes of one visit are found from.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) measures: &'a [Measure],
    pub(crate) channels: &'a [Observed],
    pub(crate) person: &'a Person,
    pub(crate) position: Option<Position>,
    pub(crate) palpation: Palpation,
    pub(crate) lift: Option<bool>,
    pub(crate) references: &'a [Reference],
}

/// What was found.
pub(crate) struct Found {
    pub(crate) findings: Findings,
    pub(crate) verified: Verified,
    pub(crate) matchings: Vec<Matching>,
    pub(crate) pushes: Vec<Push>,
    /// Whether the published rule of 1997 is met on its own device.
    pub(crate) legacy: bool,
    /// What was measured on any channel, before what was felt overrides it.
    pub(crate) measured: Findings,
}

/// A reference that fits, with what speaks against it.
pub(crate) struct Fit<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) doubts: Vec<Doubt>,
}

/// A channel with the references that fit, the nearest to the person first.
pub(crate) struct View<'a> {
    pub(crate) channel: Channel<'a>,
    pub(crate) fits: Vec<Fit<'a>>,
}

/// The axis a quantity belongs to, if one is judged by it.
#[must_use]
pub const fn axis_of(quantity: Quantity, task: Task) -> Option<Axis> {
    match (quantity, task) {
        (Quantity::RestLevel, Task::RestBefore) => Some(Axis::Tone),
        (Quantity::RestInstability | Quantity::RestVariability, Task::RestBefore) => {
            Some(Axis::Instability)
        }
        (
            Quantity::MaximalContraction
            | Quantity::Peak
            | Quantity::ContractionMean
            | Quantity::SqueezeIncrement
            | Quantity::SqueezeTotal,
            Task::Maximal | Task::Hold | Task::Flick | Task::Contraction,
        ) => Some(Axis::Strength),
        (
            Quantity::EnduranceArea
            | Quantity::EnduranceTime
            | Quantity::EnduranceRatio
            | Quantity::SqueezeDuration,
            _,
        ) => Some(Axis::Endurance),
        (Quantity::PushIndex | Quantity::PushRelaxation | Quantity::PushForce, Task::Push) => {
            Some(Axis::Coordination)
        }
        _ => None,
    }
}

pub(crate) fn views<'a>(scene: &Scene<'a>) -> (Vec<View<'a>>, Vec<Matching>) {
    let mut views = Vec::new();
    let mut matchings = Vec::new();
    for observed in scene.channels {
        let channel =
            Channel { id: observed.channel, profile: &observed.profile, measures: scene.measures };
        let mut fits = Vec::new();
        for reference in scene.references {
            let outcome =
                matching::matches(reference, &observed.profile, scene.person, scene.position);
            if let Ok(doubts) = &outcome {
                fits.push(Fit { reference, doubts: doubts.clone() });
            }
            let pack = reference.pack();
            matchings.push(Matching {
                channel: observed.channel,
                reference: pack.id.clone(),
                name: pack.name.clone(),
                outcome,
            });
        }
        // Stable: what asks for the same comes in the order it was handed over.
        fits.sort_by_key(|fit| core::cmp::Reverse(fit.reference.pack().requires.count()));
        views.push(View { channel, fits });
    }
    (views, matchings)
}

pub(crate) fn find(scene: &Scene<'_>) -> Found {
    let (views, matchings) = views(scene);
    let verified = verified::verified(scene, &views);
    let mut pushes = Vec::new();
    let mut of_channels: Vec<Findings> = Vec::new();
    for view in &views {
        let (coordination, of_view) = coordination::find(view, scene.measures);
        pushes.extend(of_view);
        of_channels.push(Findings([
            bounded::tone(view),
            bounded::instability(view),
            relaxation::find(view),
            bounded::strength(view, verified),
            bounded::endurance(view),
            coordination,
        ]));
    }
    let mut findings = Findings(core::array::from_fn(|index| {
        let all = of_channels.iter().map(|findings| &findings.0[index]);
        combine::combine(Axis::ALL[index], all)
    }));
    let measured = findings.clone();
    let legacy = views.iter().any(bounded::legacy_rule);
    feel(&mut findings, scene.palpation);
    Found { findings, verified, matchings, pushes, legacy, measured }
}

/// What was felt overrides what was measured.
fn feel(findings: &mut Findings, palpation: Palpation) {
    let tone = palpation.tone.map(|felt| match felt {
        FeltTone::Decreased => Status::Low,
        FeltTone::Normal => Status::Normal,
        FeltTone::Increased => Status::High,
    });
    let relaxation = palpation.relaxation.map(|felt| match felt {
        FeltRelaxation::Absent => Status::Incomplete,
        FeltRelaxation::Partial => Status::Partial,
        FeltRelaxation::Complete => Status::Normal,
    });
    let strength = palpation.contraction.map(|felt| match felt {
        FeltContraction::Absent => (Status::Unknown, Verified::Absent),
        FeltContraction::Weak => (Status::Low, Verified::Squeeze),
        FeltContraction::Normal | FeltContraction::Strong => (Status::Normal, Verified::Squeeze),
    });
    let felt = [
        (Axis::Tone, tone),
        (Axis::Relaxation, relaxation),
        (Axis::Strength, strength.map(|(status, _)| status)),
    ];
    for (axis, status) in felt {
        let Some(status) = status else { continue };
        let measured = findings.get(axis);
        let mut finding = Finding::unknown(axis, Unknown::NotAssessable);
        finding.status = status;
        finding.felt = true;
        finding.site = measured.site;
        finding.modality = measured.modality;
        if measured.is_known() && measured.status != status {
            finding.doubt(Doubt::PalpationDisagrees);
        }
        if status != Status::Unknown {
            finding.unknown = None;
        }
        *findings.get_mut(axis) = finding;
    }
    if let Some((_, verified)) = strength {
        findings.get_mut(Axis::Strength).verified = Some(verified);
    }
}

pub(crate) fn is_mechanical(finding: &Finding) -> bool {
    finding.modality.is_some_and(Modality::is_mechanical)
}
