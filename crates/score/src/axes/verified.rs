//! Whether what rose was a squeeze.

use levator_measure::{How, Measure, Quantity, Reason, Task};

use crate::axes::bounded::is_invalid;
use crate::axes::{Scene, View};
use crate::reading::usable;
use crate::rules::{FOUND_SD, PATTERN_SHARE};
use crate::{FeltContraction, Verified};

const CONTRACTIONS: [Task; 4] = [Task::Maximal, Task::Hold, Task::Contraction, Task::Flick];
const HEIGHTS: [Quantity; 5] = [
    Quantity::MaximalContraction,
    Quantity::Peak,
    Quantity::ContractionMean,
    Quantity::SqueezeIncrement,
    Quantity::SqueezeTotal,
];

/// What was felt comes first, then what was seen, then what the channels tell.
pub(super) fn verified(scene: &Scene<'_>, views: &[View<'_>]) -> Verified {
    match (scene.palpation.contraction, scene.lift) {
        (Some(FeltContraction::Absent), _) => return Verified::Absent,
        (Some(_), _) | (None, Some(true)) => return Verified::Squeeze,
        (None, Some(false)) => return Verified::BearingDown,
        (None, None) => {}
    }
    let counts = |quantity: Quantity, at_least: f64| {
        scene.measures.iter().any(|one| {
            let share = |value: f64| value / f64::from(one.count.max(1));
            one.quantity == quantity
                && one.trial.is_none()
                && usable(one)
                    .is_some_and(|value| value >= at_least && share(value) >= PATTERN_SHARE)
        })
    };
    if counts(Quantity::BearingDownCount, 2.0) {
        return Verified::BearingDown;
    }
    if is_absent(views) {
        return Verified::Absent;
    }
    match counts(Quantity::SqueezeCount, 1.0) {
        true => Verified::Squeeze,
        false => Verified::Unverified,
    }
}

/// No channel has a contraction above rest, and at least one was looked at for it.
fn is_absent(views: &[View<'_>]) -> bool {
    let mut looked = false;
    for view in views {
        if let Some(absent) = by_trials(view) {
            match absent {
                true => looked = true,
                false => return false,
            }
            continue;
        }
        let mut highest: Option<f64> = None;
        let mut not_found = false;
        let heights = view.channel.measures.iter().filter(|one: &&Measure| {
            one.channel == view.channel.id
                && HEIGHTS.contains(&one.quantity)
                && CONTRACTIONS.contains(&one.task)
        });
        for one in heights {
            if let Some(value) = usable(one) {
                highest = Some(highest.map_or(value, |before: f64| before.max(value)));
            } else if is_invalid(one) && one.reasons.has(Reason::NoContraction) {
                not_found = true;
            }
        }
        let rest = view.channel.raw(Quantity::RestInstability, Task::RestBefore);
        match (highest, rest) {
            (Some(height), Some(rest)) if height <= FOUND_SD * rest.value => looked = true,
            (Some(_), _) => return false,
            (None, _) => looked |= not_found,
        }
    }
    looked
}

/// Whether most trials that could be looked at had no contraction; `None` if there are fewer than two. One
/// that was found in another's stead, as chance has it at rest, makes no squeeze of them.
fn by_trials(view: &View<'_>) -> Option<bool> {
    let of_channel = view.channel.measures.iter().filter(|one| {
        one.channel == view.channel.id
            && one.trial.is_some()
            && (one.quantity, one.how) == (Quantity::ContractionMean, How::Plain)
            && CONTRACTIONS.contains(&one.task)
    });
    let (mut looked, mut none) = (0_u32, 0_u32);
    for one in of_channel {
        let absent = is_invalid(one) && one.reasons.has(Reason::NoContraction);
        if absent || usable(one).is_some() {
            looked += 1;
            none += u32::from(absent);
        }
    }
    (looked >= 2).then(|| f64::from(none) >= PATTERN_SHARE * f64::from(looked))
}
