//! Measures of one channel, looked up and brought to the device and unit of a reference.

use levator_measure::{How, Measure, MeasureUnit, Quantity, Reason, Task, Validity};
use levator_signal::{ChannelId, Unit};

use crate::{Axis, Doubt, Finding, Input, Profile};

/// Definitions that may stand in for each other, in this order.
const SUMMARIES: [How; 6] =
    [How::Plain, How::Median, How::Mean, How::BestThree, How::Best, How::FirstThree];

/// A number, with its error and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading<'a> {
    pub(crate) value: f64,
    pub(crate) sem: Option<f64>,
    pub(crate) measure: &'a Measure,
}

impl Reading<'_> {
    pub(crate) const fn input(&self) -> Input {
        let one = self.measure;
        Input { channel: one.channel, quantity: one.quantity, task: one.task, how: one.how }
    }

    /// Passes on what speaks against the measure.
    pub(crate) fn doubts_into(&self, finding: &mut Finding) {
        if self.measure.validity == Validity::Doubtful {
            for reason in self.measure.reasons.iter() {
                finding.doubt(Doubt::Measure(reason));
            }
        }
        if self.measure.reasons.has(Reason::NoiseFloorUnknown) && finding.axis == Axis::Tone {
            finding.doubt(Doubt::Measure(Reason::NoiseFloorUnknown));
        }
    }
}

/// Measures of one channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel<'a> {
    pub(crate) id: ChannelId,
    pub(crate) profile: &'a Profile,
    pub(crate) measures: &'a [Measure],
}

/// A number that can be computed with.
pub(crate) fn usable(measure: &Measure) -> Option<f64> {
    let value = measure.value.filter(|value| value.is_finite())?;
    (measure.validity != Validity::Invalid).then_some(value)
}

fn error(measure: &Measure) -> Option<f64> {
    measure.sem.filter(|sem| sem.is_finite() && *sem > 0.0)
}

impl<'a> Channel<'a> {
    fn of(&self) -> impl Iterator<Item = &'a Measure> + use<'a> {
        let id = self.id;
        self.measures.iter().filter(move |one| one.channel == id)
    }

    /// The summary of this definition.
    pub(crate) fn exact(&self, quantity: Quantity, task: Task, how: How) -> Option<&'a Measure> {
        self.of().find(|one| {
            (one.quantity, one.task, one.how) == (quantity, task, how) && one.trial.is_none()
        })
    }

    /// The summary of this definition, else of another that may stand in for it; a usable one first.
    pub(crate) fn summary(&self, quantity: Quantity, task: Task, how: How) -> Option<&'a Measure> {
        let exact = self.exact(quantity, task, how);
        if exact.is_some_and(|one| usable(one).is_some()) || !SUMMARIES.contains(&how) {
            return exact;
        }
        let others = || SUMMARIES.iter().filter_map(|how| self.exact(quantity, task, *how));
        others().find(|one| usable(one).is_some()).or(exact).or_else(|| others().next())
    }

    /// As it was measured, in the unit it was measured in.
    pub(crate) fn raw(&self, quantity: Quantity, task: Task) -> Option<Reading<'a>> {
        let measure = self.summary(quantity, task, How::Plain)?;
        Some(Reading { value: usable(measure)?, sem: error(measure), measure })
    }

    /// The same, by whatever definition there is.
    pub(crate) fn any(&self, quantity: Quantity, task: Task) -> Option<Reading<'a>> {
        self.raw(quantity, task).or_else(|| {
            let mut all = self
                .of()
                .filter(|one| (one.quantity, one.task) == (quantity, task) && one.trial.is_none());
            all.find_map(|measure| {
                usable(measure).map(|value| Reading { value, sem: error(measure), measure })
            })
        })
    }

    /// Those of single trials.
    pub(crate) fn trials(
        &self,
        quantity: Quantity,
        task: Task,
    ) -> impl Iterator<Item = Reading<'a>> + use<'a> {
        self.of().filter_map(move |measure| {
            let same = (measure.quantity, measure.task) == (quantity, task);
            let value = usable(measure).filter(|_| same && measure.trial.is_some())?;
            Some(Reading { value, sem: error(measure), measure })
        })
    }

    /// A measure as the device of a reference would have it, in its unit.
    pub(crate) fn scaled(&self, measure: &'a Measure, unit: Unit) -> Option<Reading<'a>> {
        let factor = self.factor(measure.unit, unit)?;
        let value = usable(measure)? * factor;
        let sem = error(measure).map(|sem| sem * factor);
        value.is_finite().then_some(Reading { value, sem, measure })
    }

    fn factor(&self, from: MeasureUnit, to: Unit) -> Option<f64> {
        match from {
            MeasureUnit::Channel(from)
            | MeasureUnit::ChannelSeconds(from)
            | MeasureUnit::ChannelPerSecond(from) => {
                Some(from.factor_to(to)? / self.profile.gain).filter(|factor| factor.is_finite())
            }
            MeasureUnit::Ratio
            | MeasureUnit::Percent
            | MeasureUnit::PercentMvcPerSecond
            | MeasureUnit::PercentPerSecond
            | MeasureUnit::Second
            | MeasureUnit::Hertz
            | MeasureUnit::HertzPerSecond
            | MeasureUnit::Count => Some(1.0),
        }
    }
}

/// The root of the sum of squares of those that are known; `None` if none is.
pub(crate) fn together(errors: &[Option<f64>]) -> Option<f64> {
    let mut sum = 0.0;
    let mut known = false;
    for error in errors.iter().flatten() {
        sum += error * error;
        known = true;
    }
    Some(libm::sqrt(sum)).filter(|sigma| known && sigma.is_finite() && *sigma > 0.0)
}
