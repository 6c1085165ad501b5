//! The measures of single trials, kept until they are summed up.

use levator_signal::{ChannelId, SampleIndex, Span};

use crate::validity::Judgement;
use crate::{
    How, Measure, MeasureUnit, Quantity, Reading, Reason, Reasons, Task, Validity, formulas,
};

/// Where readings go.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Reading);

/// A measure before it has a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) quantity: Quantity,
    pub(crate) task: Task,
    pub(crate) how: How,
    pub(crate) trial: Option<u32>,
    pub(crate) value: Option<f64>,
    pub(crate) unit: MeasureUnit,
    pub(crate) sem: Option<f64>,
    pub(crate) count: u32,
    pub(crate) span: Span,
    pub(crate) judged: Judgement,
}

/// The measures of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    channel: ChannelId,
    entries: Vec<Measure>,
    values: Vec<f64>,
    /// Steps whose trials are not summed up.
    elsewhere: Box<[bool]>,
}

/// The best there is of some trials: the valid ones; where there are none, the doubtful ones; else those that
/// must not be used, so that there is a number to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen {
    pub(crate) judged: Judgement,
    pub(crate) span: Span,
    pub(crate) unit: MeasureUnit,
}

impl Ledger {
    pub(crate) fn new(capacity: usize, elsewhere: Box<[bool]>) -> Self {
        Self {
            channel: ChannelId::default(),
            elsewhere,
            entries: Vec::with_capacity(capacity),
            values: Vec::with_capacity(capacity),
        }
    }

    /// Begins anew.
    pub(crate) fn start(&mut self, channel: ChannelId) {
        self.channel = channel;
        self.entries.clear();
    }

    /// Gives a measure away, and keeps it if it is of a trial and there is room.
    pub(crate) fn put(&mut self, cell: Cell, sink: Sink<'_>) {
        let value = cell.value.and_then(formulas::finite);
        let judged = match value {
            Some(_) => cell.judged,
            // Something must say why; what has no reason yet did not have enough to be computed from.
            None if cell.judged.reasons.is_empty() => cell.judged.reject(Reason::TooShort),
            None => Judgement { validity: Validity::Invalid, ..cell.judged },
        };
        let measure = Measure {
            channel: self.channel,
            quantity: cell.quantity,
            task: cell.task,
            how: cell.how,
            trial: cell.trial,
            value,
            unit: cell.unit,
            sem: value.and(cell.sem).and_then(formulas::finite),
            count: cell.count,
            span: cell.span,
            validity: judged.validity,
            reasons: judged.reasons,
        };
        if cell.trial.is_some() && self.entries.len() < self.entries.capacity() {
            self.entries.push(measure);
        }
        sink(Reading::Measure(measure));
    }

    /// Whether a step is in another position than what is summed up.
    pub(crate) fn is_elsewhere(&self, step: u32) -> bool {
        self.elsewhere.get(step as usize).copied().unwrap_or(false)
    }

    /// Measures of trials that are summed up.
    pub(crate) fn of(
        &self,
        quantity: Quantity,
        tasks: &[Task],
        how: How,
    ) -> impl Iterator<Item = &Measure> {
        self.entries.iter().filter(move |entry| {
            entry.quantity == quantity
                && entry.how == how
                && tasks.contains(&entry.task)
                && entry.trial.is_some_and(|step| !self.is_elsewhere(step))
        })
    }

    /// Measures of trials, by place; for what is computed from them and put beside them.
    pub(crate) fn entry(&self, place: usize) -> Option<Measure> {
        self.entries.get(place).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Chooses among the trials, and leaves their values in [`Self::values`]. `None` if there is no trial.
    ///
    /// The valid ones, or else the doubtful ones, or else those that must not be used. Of levels that are
    /// read in the window that was asked for, the doubtful ones are taken with a valid one that stands
    /// alone: what speaks against them is how they began and ended.
    pub(crate) fn choose(
        &mut self,
        quantity: Quantity,
        tasks: &[Task],
        how: How,
    ) -> Option<Chosen> {
        let (mut valid, mut doubtful) = (0, 0);
        let mut any = None;
        let mut refused = Reasons::NONE;
        for entry in self.of(quantity, tasks, how) {
            any = Some(entry.unit);
            refused = refused.and(entry.reasons);
            if entry.value.is_some() {
                valid += u32::from(entry.validity == Validity::Valid);
                doubtful += u32::from(entry.validity == Validity::Doubtful);
            }
        }
        let unit = any?;
        let validity = match (valid, doubtful) {
            (0, 0) => Validity::Invalid,
            (0, _) => Validity::Doubtful,
            (1, 1..) if LEVELS.contains(&quantity) => Validity::Doubtful,
            _ => Validity::Valid,
        };
        let chosen = move |entry: &&Measure| match validity {
            Validity::Invalid => true,
            worst => entry.validity <= worst,
        };
        let mut values = core::mem::take(&mut self.values);
        values.clear();
        let mut reasons = Reasons::NONE;
        let mut span = Span { start: SampleIndex(u64::MAX), end: SampleIndex::ZERO };
        for entry in self.of(quantity, tasks, how).filter(chosen) {
            let Some(value) = entry.value else { continue };
            values.push(value);
            reasons = reasons.and(entry.reasons);
            span.start = span.start.min(entry.span.start);
            span.end = span.end.max(entry.span.end);
        }
        if values.is_empty() {
            (reasons, span) = (refused, Span::default());
        }
        self.values = values;
        Some(Chosen { judged: Judgement { validity, reasons }, span, unit })
    }

    /// What [`Self::choose`] chose, in the order of the trials.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }
}

/// Levels that are read in the window that was asked for.
const LEVELS: [Quantity; 4] =
    [Quantity::Peak, Quantity::ContractionMean, Quantity::SqueezeIncrement, Quantity::SqueezeTotal];

/// How trials are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Mean,
    Largest,
    Median,
}

impl Rule {
    /// The sum of it, and its standard error within the visit: `SD / sqrt n` of mean and median, SD of the
    /// largest, from two trials on.
    pub(crate) fn apply(self, values: &mut [f64]) -> (Option<f64>, Option<f64>) {
        let sd = formulas::sd(values);
        let of_mean = sd.map(|sd| sd / (values.len() as f64).sqrt());
        match self {
            Self::Mean => (formulas::mean(values), of_mean),
            Self::Largest => (values.iter().copied().max_by(f64::total_cmp), sd),
            Self::Median => (formulas::median(values), of_mean),
        }
    }
}

/// Which summary there is of which measure of trials. What needs levels of other tasks as well is not here
/// (`conclusion.rs`).
pub(crate) const SUMMARIES: &[(Quantity, How, How, Rule)] = &[
    (Quantity::Peak, How::Plain, How::Mean, Rule::Mean),
    (Quantity::Peak, How::Plain, How::Best, Rule::Largest),
    (Quantity::ContractionMean, How::Plain, How::Mean, Rule::Mean),
    (Quantity::ContractionMean, How::Over10S, How::Over10S, Rule::Mean),
    (Quantity::HoldVariability, How::Plain, How::Mean, Rule::Mean),
    (Quantity::EnduranceArea, How::Plain, How::Mean, Rule::Mean),
    (Quantity::EnduranceArea, How::Plain, How::Best, Rule::Largest),
    (Quantity::EnduranceTime, How::To65Capped10S, How::To65Capped10S, Rule::Mean),
    (Quantity::EnduranceTime, How::To65, How::To65, Rule::Mean),
    (Quantity::EnduranceTime, How::To50Capped30S, How::To50Capped30S, Rule::Mean),
    (Quantity::EnduranceTime, How::To50, How::To50, Rule::Mean),
    (Quantity::HoldTime, How::Plain, How::Mean, Rule::Mean),
    (Quantity::HoldTime, How::Plain, How::Best, Rule::Largest),
    (Quantity::HoldTime, How::Within20S, How::Within20S, Rule::Mean),
    (Quantity::EnduranceRatio, How::Plain, How::Mean, Rule::Mean),
    (Quantity::AmplitudeSlope, How::Plain, How::Mean, Rule::Mean),
    (Quantity::MedianFrequency, How::Plain, How::Mean, Rule::Mean),
    (Quantity::MedianFrequencySlope, How::Plain, How::Mean, Rule::Mean),
    (Quantity::ReactionTime, How::Plain, How::Mean, Rule::Mean),
    (Quantity::TimeToPeak, How::Plain, How::Mean, Rule::Mean),
    (Quantity::RecoveryLatency, How::Plain, How::Mean, Rule::Mean),
    (Quantity::Gradient, How::Plain, How::Mean, Rule::Mean),
    (Quantity::Gradient, How::Plain, How::Best, Rule::Largest),
    (Quantity::CouplingCorrelation, How::Plain, How::Mean, Rule::Mean),
    (Quantity::SqueezeIncrement, How::Plain, How::Best, Rule::Largest),
    (Quantity::SqueezeIncrement, How::Over5S, How::Over5S, Rule::Largest),
    (Quantity::SqueezeIncrement, How::Over10S, How::Over10S, Rule::Largest),
    (Quantity::SqueezeIncrement, How::Over15S, How::Over15S, Rule::Largest),
    (Quantity::SqueezeIncrement, How::Over20S, How::Over20S, Rule::Largest),
    (Quantity::SqueezeTotal, How::Plain, How::Best, Rule::Largest),
    (Quantity::SqueezeDuration, How::Plain, How::Best, Rule::Largest),
    (Quantity::PushRelaxation, How::Plain, How::Mean, Rule::Mean),
    (Quantity::PushRise, How::Plain, How::Mean, Rule::Mean),
    (Quantity::PushForce, How::Plain, How::Mean, Rule::Mean),
    (Quantity::PushForce, How::Plain, How::Best, Rule::Largest),
    (Quantity::RectoanalGradient, How::Plain, How::Mean, Rule::Mean),
    (Quantity::CoughIncrement, How::Plain, How::Mean, Rule::Mean),
    (Quantity::CoughIncrement, How::Plain, How::Best, Rule::Largest),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(trial: u32, value: f64, judged: Judgement) -> Cell {
        Cell {
            quantity: Quantity::Peak,
            task: Task::Hold,
            how: How::Plain,
            trial: Some(trial),
            value: Some(value),
            unit: MeasureUnit::Ratio,
            sem: None,
            count: 1,
            span: Span::default(),
            judged,
        }
    }

    #[test]
    fn valid_trials_are_chosen_before_doubtful_ones_and_those_before_invalid_ones() {
        let mut ledger = Ledger::new(9, Box::default());
        let mut drop = |_| {};
        let choose = |ledger: &mut Ledger| {
            let chosen = ledger.choose(Quantity::Peak, &[Task::Hold], How::Plain);
            (chosen.map(|chosen| chosen.judged.validity), ledger.values().to_vec())
        };
        ledger.put(cell(0, 1.0, Judgement::GOOD.reject(Reason::Gap)), &mut drop);
        ledger.put(cell(1, f64::NAN, Judgement::GOOD), &mut drop);
        assert_eq!(choose(&mut ledger), (Some(Validity::Invalid), vec![1.0]));
        ledger.put(cell(2, 2.0, Judgement::GOOD.doubt(Reason::Mains)), &mut drop);
        assert_eq!(choose(&mut ledger), (Some(Validity::Doubtful), vec![2.0]));
        ledger.put(cell(3, 3.0, Judgement::GOOD), &mut drop);
        ledger.put(cell(4, 5.0, Judgement::GOOD), &mut drop);
        assert_eq!(choose(&mut ledger), (Some(Validity::Valid), vec![3.0, 5.0]));
    }

    #[test]
    fn what_is_not_finite_is_no_value() {
        let mut ledger = Ledger::new(9, Box::default());
        let mut seen = Vec::new();
        ledger.put(cell(1, f64::INFINITY, Judgement::GOOD), &mut |reading| seen.push(reading));
        let [Reading::Measure(measure)] = seen[..] else { panic!("{seen:?}") };
        assert_eq!((measure.value, measure.validity), (None, Validity::Invalid));
        assert!(measure.reasons.has(Reason::TooShort));
    }
}
