//! How far a finding goes, and why not further.

use levator_programme::Evidence;

use crate::axes::is_mechanical;
use crate::{Axis, Confidence, Doubt, Finding, Findings, Status, Verified};

/// What earlier visits with the same profile say of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// There are none.
    None,
    /// The last one says the same.
    Agrees,
    /// The last one says something else.
    Disagrees,
}

pub(crate) fn set(findings: &mut Findings, histories: [History; 6]) {
    for (finding, history) in findings.0.iter_mut().zip(histories) {
        if finding.is_known() && !finding.felt {
            match history {
                History::None => finding.doubt(Doubt::OneVisit),
                History::Disagrees => finding.doubt(Doubt::VisitsDisagree),
                History::Agrees => {}
            }
        }
        if finding.axis == Axis::Tone
            && finding.status == Status::High
            && is_mechanical(finding)
            && finding.site == Some(crate::Site::Anal)
        {
            finding.doubt(Doubt::SeenInHealth);
        }
        finding.confidence = of(finding);
    }
}

/// The lowest cap of all that apply.
fn of(finding: &Finding) -> Confidence {
    if !finding.is_known() {
        return Confidence::Low;
    }
    if finding.felt {
        return Confidence::Moderate;
    }
    let cap = finding.doubts.iter().map(|doubt| cap(*doubt)).min().unwrap_or(Confidence::High);
    let strong = finding.axis == Axis::Strength
        && is_mechanical(finding)
        && finding.verified == Some(Verified::Squeeze)
        && matches!(finding.evidence, Some(Evidence::Read | Evidence::Secondary));
    let best = if strong { Confidence::High } else { Confidence::Moderate };
    cap.min(best)
}

/// How far a finding can go with this doubt.
const fn cap(doubt: Doubt) -> Confidence {
    match doubt {
        Doubt::Provisional(_)
        | Doubt::OneVisit
        | Doubt::VisitsDisagree
        | Doubt::ToneFromEmg
        | Doubt::StrengthFromEmg
        | Doubt::SeenInHealth
        | Doubt::NoBalloon
        | Doubt::Measure(_)
        | Doubt::NoError
        | Doubt::Borderline
        | Doubt::Unverified
        | Doubt::LegacyTiming
        | Doubt::Conflict
        | Doubt::PalpationDisagrees => Confidence::Low,
        Doubt::ToneNotSettled
        | Doubt::BandwidthUnknown
        | Doubt::AgeOutside { .. }
        | Doubt::BirthsOutside { .. }
        | Doubt::StateNotGiven
        | Doubt::OtherDefinition(_)
        | Doubt::OtherTask(_)
        | Doubt::RepeatabilityUnknown
        | Doubt::InsertionUnknown
        | Doubt::PositionDiffers => Confidence::Moderate,
    }
}
