//! Against the person's own earlier visits, where no table exists.

use levator_measure::{Quantity, Task};

use crate::axes::{Scene, View, views};
use crate::normal::Z975;
use crate::reading::{Channel, together};
use crate::{Axis, Earlier, Finding, Observed, Status, Unknown, ValueUnit};

/// Unrest of pressure at rest: high if it has grown by more than can be chance since the last visit
/// with the same profile.
pub(crate) fn against_earlier(scene: &Scene<'_>, earlier: &[Earlier]) -> Option<Finding> {
    let (views, _) = views(scene);
    let mut mechanical = views.iter().filter(|view| view.channel.profile.modality.is_mechanical());
    mechanical.find_map(|view| of_view(view, earlier))
}

fn of_view(view: &View<'_>, earlier: &[Earlier]) -> Option<Finding> {
    let now = view.channel.raw(Quantity::RestVariability, Task::RestBefore)?;
    let then = earlier.iter().rev().find_map(|visit| {
        let same = |one: &&Observed| one.profile == *view.channel.profile;
        let observed = visit.channels.iter().find(same)?;
        let channel =
            Channel { id: observed.channel, profile: &observed.profile, measures: &visit.measures };
        channel.raw(Quantity::RestVariability, Task::RestBefore)
    })?;
    let limit = Z975 * together(&[now.sem, then.sem])?;
    let mut finding = Finding::unknown(Axis::Instability, Unknown::NoMeasure);
    finding.unknown = None;
    finding.modality = Some(view.channel.profile.modality);
    finding.site = view.channel.profile.site;
    finding.value = Some(now.value);
    finding.sigma = now.sem;
    finding.unit = ValueUnit::Percent;
    finding.inputs.push(now.input());
    finding.upper = Some(then.value + limit);
    finding.status = if now.value - then.value > limit { Status::High } else { Status::Normal };
    Some(finding)
}
