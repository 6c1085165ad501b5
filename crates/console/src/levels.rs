//! The person's own scale while a visit runs: rest, the highest contraction so far, and the bands of the
//! programme in the unit of the channel. PROTOCOL.md, `levels`.
//!
//! It is what the page draws. Whether a repetition met its target is said by the engine, from the same measures
//! (`levator_measure`): a band that was drawn is the one that is judged, unless a better contraction came between.

use std::collections::BTreeMap;

use levator_measure::{How, Measure, MeasureUnit, Quantity, Schedule, Task, Validity};
use levator_programme::{Programme, Target, TargetUnit};
use levator_signal::{ChannelId, Unit};
use serde_json::{Value, json};

/// How many contractions the maximum is the mean of, as in `MaximalContraction` of `levator_measure`.
const BEST_COUNT: usize = 3;

/// What is known of the person by now, channel by channel.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    programme: Option<Programme>,
    reference: Option<Task>,
    channels: BTreeMap<(u8, u8), Known>,
}

#[derive(Debug)]
struct Known {
    unit: Unit,
    /// Level at rest, and whether it stands.
    rest: Option<(f64, bool)>,
    /// Peaks of reference contractions, net of rest, with their validity.
    peaks: Vec<(f64, Validity)>,
}

impl Levels {
    pub(crate) fn new(programme: Option<&Programme>) -> Self {
        let schedule = programme.map_or_else(Schedule::free, Schedule::from_programme);
        Self {
            programme: programme.cloned(),
            reference: schedule.reference_task(),
            channels: BTreeMap::new(),
        }
    }

    /// Takes a measure of one trial: what is to be told, if it moves the scale.
    pub(crate) fn take(&mut self, measure: &Measure) -> Option<Value> {
        let (Some(value), MeasureUnit::Channel(unit)) = (measure.value, measure.unit) else {
            return None;
        };
        if measure.trial.is_none() || measure.how != How::Plain {
            return None;
        }
        let ChannelId { stream, channel } = measure.channel;
        let fresh = || Known { unit, rest: None, peaks: Vec::new() };
        let known = self.channels.entry((stream, channel)).or_insert_with(fresh);
        if known.unit != unit {
            *known = fresh();
        }
        let stands = measure.validity == Validity::Valid;
        match measure.quantity {
            // The first that stands, else the first.
            Quantity::RestLevel if measure.task == Task::RestBefore => {
                if known.rest.is_some_and(|(_, before)| before || !stands) {
                    return None;
                }
                known.rest = Some((value, stands));
            }
            // Nothing was asked for: the rest is what lies between contractions, the newest.
            Quantity::RestLevel if self.programme.is_none() => known.rest = Some((value, stands)),
            Quantity::Peak if Some(measure.task) == self.reference => {
                known.peaks.push((value, measure.validity));
            }
            _ => return None,
        }
        let known = &self.channels[&(stream, channel)];
        Some(self.told(measure.channel, known))
    }

    fn told(&self, id: ChannelId, known: &Known) -> Value {
        let rest = known.rest.map(|(level, _)| level);
        let most = rest.zip(known.most()).map(|(rest, net)| rest + net);
        let band = |target: Option<&Target>| {
            let target = known.in_its_unit(target?)?.resolve(rest, most)?;
            Some(json!({ "lower": target.lower, "upper": target.upper, "aim": target.aim() }))
        };
        let phases = self.programme.iter().flat_map(|one| &one.definition().phases);
        json!({
            "type": "levels",
            "stream": id.stream,
            "channel": id.channel,
            "rest": rest,
            "most": most,
            "bands": phases
                .map(|phase| [band(phase.target.as_ref()), band(phase.rest_target.as_ref())])
                .collect::<Vec<_>>(),
        })
    }
}

impl Known {
    /// The mean of the best three, net of rest: of those that stand, or else of the doubtful ones.
    fn most(&self) -> Option<f64> {
        let of = |worst| {
            let mut peaks: Vec<f64> =
                self.peaks.iter().filter(|one| one.1 <= worst).map(|one| one.0).collect();
            peaks.sort_by(|one, other| other.total_cmp(one));
            peaks.truncate(BEST_COUNT);
            peaks
        };
        let valid = of(Validity::Valid);
        // One that stands alone is taken with the doubtful ones, as the engine does.
        let best = if valid.len() > 1 { valid } else { of(Validity::Doubtful) };
        let mean = best.iter().sum::<f64>() / best.len() as f64;
        (mean > 0.0).then_some(mean)
    }

    /// An absolute target in the unit of the channel; ratios as they are.
    fn in_its_unit(&self, target: &Target) -> Option<Target> {
        let from = match target.unit {
            TargetUnit::Microvolt => Unit::Microvolt,
            TargetUnit::CentimetreWater => Unit::CentimetreWater,
            TargetUnit::MillimetreMercury => Unit::MillimetreMercury,
            // A pressure probe is zeroed at rest; a ratio to that says nothing.
            TargetUnit::RestRatio if self.unit.factor_to(Unit::CentimetreWater).is_some() => {
                return None;
            }
            TargetUnit::MvcRatio | TargetUnit::RestRatio => return Some(*target),
        };
        let factor = from.factor_to(self.unit)?;
        let scale = |limit: Option<f64>| limit.map(|limit| limit * factor);
        Some(Target { lower: scale(target.lower), upper: scale(target.upper), unit: target.unit })
    }
}

#[cfg(test)]
mod tests {
    use levator_measure::Reasons;
    use levator_signal::Span;

    use super::*;

    fn measure(quantity: Quantity, task: Task, value: f64, validity: Validity) -> Measure {
        Measure {
            channel: ChannelId { stream: 0, channel: 0 },
            quantity,
            task,
            how: How::Plain,
            trial: Some(1),
            value: Some(value),
            unit: MeasureUnit::Channel(Unit::Microvolt),
            sem: None,
            count: 1,
            span: Span::default(),
            validity,
            reasons: Reasons::NONE,
        }
    }

    /// A phase of its own with 20 to 50 % of the maximum.
    fn levels() -> Levels {
        let programme = levator_catalog::programmes::built_in("release-practice");
        Levels::new(Some(&programme.expect("it is built in")))
    }

    #[test]
    fn a_band_is_drawn_once_rest_and_a_contraction_are_known() {
        let mut levels = levels();
        let told =
            levels.take(&measure(Quantity::RestLevel, Task::RestBefore, 2.0, Validity::Valid));
        let told = told.expect("a rest");
        assert_eq!((&told["rest"], &told["most"]), (&json!(2.0), &Value::Null));
        assert_eq!(told["bands"][1], json!([null, null]));
        let told = levels.take(&measure(Quantity::Peak, Task::Hold, 10.0, Validity::Valid));
        let told = told.expect("a contraction");
        assert_eq!(told["most"], 12.0);
        assert_eq!(told["bands"][1][0], json!({ "lower": 4.0, "upper": 7.0, "aim": 5.5 }));
        assert_eq!(told["bands"][0], json!([null, null]), "a rest has no target");
    }

    #[test]
    fn the_maximum_is_the_mean_of_the_best_three_that_stand() {
        let mut levels = levels();
        levels.take(&measure(Quantity::RestLevel, Task::RestBefore, 0.0, Validity::Valid));
        let mut most = Value::Null;
        for (value, validity) in [
            (1.0, Validity::Valid),
            (8.0, Validity::Valid),
            (7.0, Validity::Valid),
            (6.0, Validity::Valid),
            (90.0, Validity::Doubtful),
            (99.0, Validity::Invalid),
        ] {
            let told = levels.take(&measure(Quantity::Peak, Task::Hold, value, validity));
            most = told.expect("a contraction")["most"].clone();
        }
        assert_eq!(most, 7.0);
    }

    #[test]
    fn what_is_no_part_of_the_scale_does_not_move_it() {
        let mut levels = levels();
        for (quantity, task) in [
            (Quantity::Peak, Task::Flick),
            (Quantity::RestLevel, Task::AfterHold),
            (Quantity::HoldTime, Task::Hold),
        ] {
            assert_eq!(levels.take(&measure(quantity, task, 5.0, Validity::Valid)), None);
        }
        let doubtful = measure(Quantity::RestLevel, Task::RestBefore, 3.0, Validity::Doubtful);
        assert_eq!(levels.take(&doubtful).expect("better than nothing")["rest"], 3.0);
        let valid = measure(Quantity::RestLevel, Task::RestBefore, 2.0, Validity::Valid);
        assert_eq!(levels.take(&valid).expect("the first that stands")["rest"], 2.0);
        assert_eq!(levels.take(&valid), None, "the rest before is the first one");
    }
}
