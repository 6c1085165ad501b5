//! What has changed since an earlier visit, beyond what chance does.

use levator_measure::{How, Measure, Quantity, Reason, Task, Validity};
use levator_programme::{Gate, Load, Opening, Position};
use levator_signal::{ChannelId, Unit};

use crate::axes::{Scene, View, views};
use crate::check::has_unit_of_channel;
use crate::gate::opening;
use crate::normal::Z975;
use crate::reading::{Channel, Reading, together};
use crate::{Earlier, Label, Observed, Size, Visit};

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More.
    Up,
    /// Less.
    Down,
}

/// Why two visits cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotComparable {
    /// Another programme, or an unknown one.
    OtherProgramme,
    /// Another device, probe, placement or setting.
    OtherProfile,
    /// It was not measured then.
    NotMeasuredThen,
    /// One of the two is doubtful or invalid.
    NotValid,
    /// How much it must change is not known.
    NoDetectableChange,
}

impl NotComparable {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::OtherProgramme => "another programme",
            Self::OtherProfile => "another device, probe or setting: a new baseline starts",
            Self::NotMeasuredThen => "not measured at the earlier visit",
            Self::NotValid => "one of the two measures is doubtful",
            Self::NoDetectableChange => "how much it must change to count is not known",
        }
    }
}

/// What became of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Better, beyond the detectable change.
    Improved,
    /// Worse, beyond the detectable change.
    Worse,
    /// Other, beyond the detectable change; neither way is better in itself.
    Changed,
    /// Within the detectable change.
    NotDetectable,
    /// Cannot be compared.
    NotComparable(NotComparable),
}

/// Where a detectable change comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// A reference, by its id.
    Reference(String),
    /// The errors within the two visits; errors between days are larger, so what lies beyond these is no
    /// change that can be claimed yet.
    Visits,
}

/// A measure at two visits.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Channel of this visit.
    pub channel: ChannelId,
    /// What was measured.
    pub quantity: Quantity,
    /// Of which task.
    pub task: Task,
    /// By which definition.
    pub how: How,
    /// The number then, in the unit of the channel of this visit.
    pub then: Option<f64>,
    /// The number now.
    pub now: f64,
    /// Smallest change that counts.
    pub mdc: Option<Size>,
    /// Where that comes from.
    pub limit: Option<Limit>,
    /// What became of it.
    pub trend: Trend,
}

/// Which way of a quantity is better in itself; `None` where that depends.
///
/// A lower level at rest is better only for somebody in whom it is raised.
#[must_use]
pub const fn better(quantity: Quantity) -> Option<Better> {
    match quantity {
        Quantity::MaximalContraction
        | Quantity::Peak
        | Quantity::ContractionMean
        | Quantity::EnduranceArea
        | Quantity::EnduranceTime
        | Quantity::EnduranceRatio
        | Quantity::SqueezeIncrement
        | Quantity::SqueezeTotal
        | Quantity::SqueezeDuration
        | Quantity::FlickCount
        | Quantity::PushRelaxation => Some(Better::Up),
        Quantity::RestInstability
        | Quantity::RestVariability
        | Quantity::RelaxationRatio
        | Quantity::RelaxationResidual
        | Quantity::RelaxationResidualRatio
        | Quantity::HoldVariability
        | Quantity::PushIndex
        | Quantity::PushRise => Some(Better::Down),
        _ => None,
    }
}

/// Every summary of this visit against the last earlier one.
pub(crate) fn changes(
    scene: &Scene<'_>,
    visit: &Visit<'_>,
    tone_bound: Option<f64>,
) -> Vec<Change> {
    let Some(earlier) = visit.earlier.last() else { return Vec::new() };
    let (views, _) = views(scene);
    let mut all = Vec::new();
    for view in &views {
        for measure in visit.measures {
            let own = measure.channel == view.channel.id && measure.trial.is_none();
            if own && is_followed(measure.quantity) {
                all.extend(change(view, measure, visit, earlier, tone_bound));
            }
        }
    }
    all
}

/// Counts and noise are no properties of a person.
const fn is_followed(quantity: Quantity) -> bool {
    !matches!(
        quantity,
        Quantity::NoiseFloor
            | Quantity::ValidTrialCount
            | Quantity::BearingDownCount
            | Quantity::SqueezeCount
            | Quantity::RaisedRestCount
            | Quantity::CouplingCorrelation
            | Quantity::AccessoryRatio
    )
}

fn change(
    view: &View<'_>,
    measure: &Measure,
    visit: &Visit<'_>,
    earlier: &Earlier,
    tone_bound: Option<f64>,
) -> Option<Change> {
    let unit = view.channel.profile.unit;
    let now = view.channel.scaled(measure, unit)?;
    let mut change = Change {
        channel: measure.channel,
        quantity: measure.quantity,
        task: measure.task,
        how: measure.how,
        then: None,
        now: now.value,
        mdc: None,
        limit: None,
        trend: Trend::NotComparable(NotComparable::OtherProgramme),
    };
    let not = |why: NotComparable| Trend::NotComparable(why);
    if visit.stamp.is_none() || visit.stamp != earlier.stamp {
        return Some(change);
    }
    let same = |one: &&Observed| one.profile == *view.channel.profile;
    let Some(observed) = earlier.channels.iter().find(same) else {
        change.trend = not(NotComparable::OtherProfile);
        return Some(change);
    };
    let channel =
        Channel { id: observed.channel, profile: &observed.profile, measures: &earlier.measures };
    let then = channel
        .exact(measure.quantity, measure.task, measure.how)
        .and_then(|one| channel.scaled(one, unit));
    let Some(then) = then else {
        change.trend = not(NotComparable::NotMeasuredThen);
        return Some(change);
    };
    change.then = Some(then.value);
    if !is_comparable(now.measure) || !is_comparable(then.measure) {
        change.trend = not(NotComparable::NotValid);
        return Some(change);
    }
    let Some((mdc, limit)) = detectable(view, measure, unit, &now, &then) else {
        change.trend = not(NotComparable::NoDetectableChange);
        return Some(change);
    };
    change.mdc = Some(mdc);
    let is_known = matches!(limit, Limit::Reference(_));
    change.limit = Some(limit);
    let was_raised = measure.quantity == Quantity::RestLevel
        && measure.task == Task::RestBefore
        && tone_bound.is_some_and(|bound| then.value > bound);
    let side = if was_raised { Some(Better::Down) } else { better(measure.quantity) };
    change.trend = match trend(then.value, now.value, mdc, side) {
        Trend::NotDetectable => Trend::NotDetectable,
        // Beyond the errors within two visits, but not known to be beyond those between days.
        _ if !is_known => not(NotComparable::NoDetectableChange),
        trend => trend,
    };
    Some(change)
}

/// Whether nothing went wrong with a measure. What holds of every visit on a set-up alike is no hindrance.
fn is_comparable(measure: &Measure) -> bool {
    const ALIKE: [Reason; 4] = [
        Reason::NoiseFloorUnknown,
        Reason::Unverified,
        Reason::PoorRepeatability,
        Reason::Smoothing,
    ];
    measure.validity == Validity::Valid
        || measure.validity == Validity::Doubtful
            && measure.reasons.iter().all(|reason| ALIKE.contains(&reason))
}

/// The detectable change: of the first reference that has one, else of the errors of the two visits.
fn detectable(
    view: &View<'_>,
    measure: &Measure,
    unit: Unit,
    now: &Reading<'_>,
    then: &Reading<'_>,
) -> Option<(Size, Limit)> {
    for fit in &view.fits {
        let Some(line) = fit.reference.repeatability(measure.quantity, measure.task) else {
            continue;
        };
        let mdc = match line.mdc()? {
            Size::Absolute(size) if has_unit_of_channel(measure.quantity) => {
                Size::Absolute(size * fit.reference.pack().unit.factor_to(unit)?)
            }
            other => other,
        };
        return Some((mdc, Limit::Reference(fit.reference.id().to_owned())));
    }
    let (now, then) = (now.sem?, then.sem?);
    let both = together(&[Some(now), Some(then)])?;
    Some((Size::Absolute(Z975 * both), Limit::Visits))
}

/// Whether a difference is beyond the detectable change, and which way.
///
/// A relative change is compared by the logarithm of the ratio, so that doubling and halving are
/// equally far.
#[must_use]
pub fn trend(then: f64, now: f64, mdc: Size, better: Option<Better>) -> Trend {
    let (difference, limit) = match mdc {
        Size::Absolute(size) => (now - then, size),
        Size::Relative(ratio) if now > 0.0 && then > 0.0 => (libm::log(now / then), ratio),
        Size::Relative(_) => {
            return Trend::NotComparable(NotComparable::NoDetectableChange);
        }
    };
    if !(difference.is_finite() && limit.is_finite()) {
        return Trend::NotComparable(NotComparable::NoDetectableChange);
    }
    match (difference.abs() > limit, better, difference > 0.0) {
        (false, ..) => Trend::NotDetectable,
        (true, Some(Better::Up), true) | (true, Some(Better::Down), false) => Trend::Improved,
        (true, Some(_), _) => Trend::Worse,
        (true, None, _) => Trend::Changed,
    }
}

/// Whether to go on to the next position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progression {
    /// Go on to this one.
    GoOn(Position),
    /// The last two visits are not both above the first by the detectable change.
    NotYet,
    /// Strengthening is closed.
    Closed,
    /// There is none after this.
    Last,
    /// The position, or two comparable earlier visits, are missing.
    CannotTell,
}

impl Progression {
    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::GoOn(position) => {
                return format!(
                    "strength has grown beyond chance twice: go on {}",
                    position.name()
                );
            }
            Self::NotYet => {
                "stay with this position: strength has not yet grown beyond chance twice"
            }
            Self::Closed => "no strengthening for now",
            Self::Last => "this is the last position",
            Self::CannotTell => {
                "whether to go on cannot be told yet: it needs three comparable visits of which the position was told"
            }
        }
        .to_owned()
    }
}

/// Goes on when strength at the last two visits, this one among them, is above that of the first
/// comparable one by more than the detectable change.
pub(crate) fn progression(
    scene: &Scene<'_>,
    visit: &Visit<'_>,
    label: Label,
    gate: Gate,
) -> Progression {
    if opening(Load::Strengthening, label, gate) == Opening::Closed {
        return Progression::Closed;
    }
    let Some(position) = visit.position else { return Progression::CannotTell };
    let next = match position {
        Position::Lying | Position::LeftLateral => Position::Sitting,
        Position::Sitting | Position::Kneeling => Position::Standing,
        Position::Standing => return Progression::Last,
    };
    let comparable: Vec<&Earlier> = visit
        .earlier
        .iter()
        .filter(|one| {
            one.stamp.is_some() && one.stamp == visit.stamp && one.position == visit.position
        })
        .collect();
    let [first, .., before] = comparable.as_slice() else { return Progression::CannotTell };
    let now = Earlier {
        stamp: visit.stamp,
        position: visit.position,
        channels: visit.channels.to_vec(),
        measures: visit.measures.to_vec(),
    };
    let (views, _) = views(scene);
    let risen = |later: &Earlier| views.iter().filter_map(|view| rise(view, first, later)).next();
    match (risen(before), risen(&now)) {
        (Some(true), Some(true)) => Progression::GoOn(next),
        (Some(_), Some(_)) => Progression::NotYet,
        _ => Progression::CannotTell,
    }
}

/// Whether strength of one visit is above that of another by more than the detectable change.
fn rise(view: &View<'_>, first: &Earlier, later: &Earlier) -> Option<bool> {
    let unit = view.channel.profile.unit;
    let of = |visit: &'_ Earlier| -> Option<(f64, Option<f64>, Measure)> {
        let observed = visit.channels.iter().find(|one| one.profile == *view.channel.profile)?;
        let channel =
            Channel { id: observed.channel, profile: &observed.profile, measures: &visit.measures };
        let measure = [
            (Quantity::MaximalContraction, Task::Maximal),
            (Quantity::SqueezeIncrement, Task::Maximal),
            (Quantity::ContractionMean, Task::Hold),
        ]
        .into_iter()
        .find_map(|(quantity, task)| channel.summary(quantity, task, How::BestThree))?;
        let one = channel.scaled(measure, unit)?;
        Some((one.value, one.sem, *measure))
    };
    let (then, then_sem, old) = of(first)?;
    let (now, now_sem, new) = of(later)?;
    if (old.quantity, old.task, old.how) != (new.quantity, new.task, new.how) {
        return None;
    }
    let then_reading = Reading { value: then, sem: then_sem, measure: &old };
    let now_reading = Reading { value: now, sem: now_sem, measure: &new };
    let (mdc, _) = detectable(view, &new, unit, &now_reading, &then_reading)?;
    Some(trend(then, now, mdc, Some(Better::Up)) == Trend::Improved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_counts_only_beyond_what_chance_does() {
        let mdc = Size::Absolute(7.6);
        assert_eq!(trend(20.0, 27.5, mdc, Some(Better::Up)), Trend::NotDetectable);
        assert_eq!(trend(20.0, 27.7, mdc, Some(Better::Up)), Trend::Improved);
        assert_eq!(trend(20.0, 12.3, mdc, Some(Better::Up)), Trend::Worse);
        assert_eq!(trend(20.0, 12.3, mdc, Some(Better::Down)), Trend::Improved);
        assert_eq!(trend(20.0, 12.3, mdc, None), Trend::Changed);
    }

    #[test]
    fn doubling_and_halving_are_equally_far() {
        let far = |now: f64, ratio: f64| trend(10.0, now, Size::Relative(ratio), None);
        for ratio in [0.69, 0.70] {
            assert_eq!(far(20.0, ratio), far(5.0, ratio));
        }
        assert_eq!(far(20.0, 0.69), Trend::Changed);
        assert_eq!(far(20.0, 0.70), Trend::NotDetectable);
        let none = Trend::NotComparable(NotComparable::NoDetectableChange);
        assert_eq!(far(0.0, 0.5), none);
        assert_eq!(far(f64::NAN, 0.5), none);
    }
}
