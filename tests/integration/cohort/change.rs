//! Whether change is told from chance between two visits.

use std::fmt::Write;

use levator_measure::{How, Quantity, Task};
use levator_score::{Assessment, Change, Earlier, Limit, Reference, Trend};
use levator_simulate::people::{Condition, Modality, Participant, PressureFamily, cohort};

use super::living::{Programmes, for_each, lived, quick};
use super::profile::{assessed, observed};

/// Minimal detectable change of EMG, as a ratio (Koenig 2017, the upper end): what the rule uses.
const EMG_MDC_RATIO: f64 = 0.438;

/// How often change was said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    pub(super) said: u32,
    pub(super) asked: u32,
}

impl Rate {
    fn take(&mut self, said: bool) {
        self.said += u32::from(said);
        self.asked += 1;
    }

    pub(super) fn ratio(self) -> f64 {
        f64::from(self.said) / f64::from(self.asked.max(1))
    }
}

/// What came of all pairs of visits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    /// "Improved" of strength, where nothing had changed.
    pub(super) false_strength: Rate,
    /// "Improved" of anything whose detectable change is published, where nothing had changed.
    pub(super) false_published: Rate,
    /// "Improved" of anything else, where nothing had changed.
    pub(super) false_other: Rate,
    /// "Improved" of strength, where it had grown by twice the detectable change.
    pub(super) true_strength: Rate,
    /// "Improved" of strength, where nothing had changed but by once the detectable change.
    pub(super) once_strength: Rate,
}

/// Two visits of each of `count` people with a contraction to be followed and a published detectable change,
/// as they are and after a change.
pub(super) fn changes(seed: u64, count: usize, references: &[Reference]) -> Changes {
    let programmes = Programmes::new();
    let mut people: Vec<Participant> = Vec::new();
    let is_followed = |person: &Participant| {
        let of_pressure = person.repetition.pressure.is_some();
        person.condition != Condition::BearingDown
            && person.setup.pressure != Some(PressureFamily::Anorectal)
            && person.bounds.squeeze_pressure.is_some() == of_pressure
            && (person.bounds.tonic_uv.is_some() || of_pressure)
    };
    for person in cohort(seed, 20 * count) {
        if is_followed(&person) && people.len() < count {
            people.push(quick(person));
        }
    }
    let all = for_each(&people, |person| {
        let programme = programmes.of(person);
        let measured =
            |person: &Participant, number: u64| lived(&person.visit(number, programme), programme);
        let earlier = Earlier {
            stamp: Some(programme.stamp()),
            position: None,
            channels: observed(person),
            measures: measured(person, 1).measures,
        };
        let against = |changed: &Participant| {
            let summary = measured(changed, 2);
            assessed(changed, programme, &summary, references, core::slice::from_ref(&earlier))
        };
        let by = |times: f64| match person.setup.modality() {
            Modality::Emg => (times * EMG_MDC_RATIO).exp(),
            Modality::Pressure | Modality::Both => of_pressure(person).detectable_factor(times),
        };
        [1.0, by(1.0), by(2.0)].map(|factor| against(&person.changed_by(factor)))
    });
    let mut changes = Changes::default();
    for [same, once, twice] in &all {
        for change in &same.changes {
            let improved = match change.trend {
                Trend::NotComparable(_) => continue,
                trend => trend == Trend::Improved,
            };
            match change.limit {
                Some(Limit::Reference(_)) => changes.false_published.take(improved),
                Some(Limit::Visits) | None => changes.false_other.take(improved),
            }
        }
        for (rate, assessment) in [
            (&mut changes.false_strength, same),
            (&mut changes.once_strength, once),
            (&mut changes.true_strength, twice),
        ] {
            if let Some(change) = strength(assessment) {
                rate.take(change.trend == Trend::Improved);
            }
        }
    }
    changes
}

/// The same person without EMG: what a change of pressure is measured by.
fn of_pressure(person: &Participant) -> Participant {
    Participant { emg: None, ..person.clone() }
}

/// Strength: the maximal contraction, or the mean of the holds of EMG alone.
fn strength(assessment: &Assessment) -> Option<&Change> {
    let of = |quantity, task, how| {
        assessment.changes.iter().rfind(|one| {
            (one.quantity, one.task, one.how) == (quantity, task, how)
                && !matches!(one.trend, Trend::NotComparable(_))
        })
    };
    of(Quantity::MaximalContraction, Task::Maximal, How::BestThree)
        .or_else(|| of(Quantity::ContractionMean, Task::Hold, How::Mean))
}

/// The table.
pub(super) fn table(changes: &Changes) -> String {
    let mut text = String::new();
    let mut row = |name: &str, rate: Rate| {
        let _ = writeln!(text, "{name:62}{:6}/{:<6}{:.3}", rate.said, rate.asked, rate.ratio());
    };
    row("nothing changed: strength improved", changes.false_strength);
    row("nothing changed: improved, published detectable change", changes.false_published);
    row("nothing changed: improved, detectable change of two visits", changes.false_other);
    row("changed by once the detectable change: strength improved", changes.once_strength);
    row("changed by twice the detectable change: strength improved", changes.true_strength);
    text
}
