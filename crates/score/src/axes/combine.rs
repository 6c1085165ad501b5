//! One finding out of those of several channels.

use crate::axes::is_mechanical;
use crate::{Axis, Doubt, Finding, Status, Unknown};

/// Tone: the higher counts, and if another channel says it is not high, that is a conflict.
/// Strength and endurance: what feels force counts before EMG. Everything else: the worst.
pub(super) fn combine<'a>(axis: Axis, all: impl Iterator<Item = &'a Finding>) -> Finding {
    let mut known: Vec<&Finding> = Vec::new();
    let mut unknown: Vec<&Finding> = Vec::new();
    for one in all {
        if one.is_known() { known.push(one) } else { unknown.push(one) }
    }
    if known.is_empty() {
        // That of a channel that feels tension, and has a value to show, says most.
        unknown.sort_by_key(|one| (one.value.is_none(), !is_mechanical(one)));
        let first = unknown.first().copied().cloned();
        return first.unwrap_or_else(|| Finding::unknown(axis, Unknown::NoMeasure));
    }
    let rank = |one: &Finding| match one.status {
        Status::High | Status::Incomplete => 4,
        Status::Partial | Status::Borderline => 3,
        Status::Low => 2,
        Status::Normal => 1,
        Status::Unknown => 0,
    };
    match axis {
        Axis::Strength | Axis::Endurance => known.sort_by_key(|one| !is_mechanical(one)),
        Axis::Tone | Axis::Instability | Axis::Relaxation | Axis::Coordination => {
            known.sort_by_key(|one| (core::cmp::Reverse(rank(one)), !is_mechanical(one)));
        }
    }
    let mut finding = known[0].clone();
    let agree = known.iter().all(|one| one.status == finding.status);
    match axis {
        Axis::Tone if finding.status == Status::High && !agree => finding.conflict = true,
        Axis::Strength | Axis::Relaxation if !agree => finding.doubt(Doubt::Conflict),
        _ => {}
    }
    if finding.conflict {
        finding.doubt(Doubt::Conflict);
    }
    if axis == Axis::Tone && agree && known.iter().any(|one| is_mechanical(one)) {
        // Something that feels tension agrees: EMG does not stand alone.
        finding.doubts.retain(|doubt| *doubt != Doubt::ToneFromEmg);
        if let Some(mechanical) = known.iter().find(|one| is_mechanical(one)) {
            finding.modality = mechanical.modality;
        }
    }
    finding
}
