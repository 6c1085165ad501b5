//! How good a contraction, and a rest, is: each part for itself, and no number for the whole.

use levator_measure::{Quantity, Task};

use crate::axes::View;
use crate::change::{Change, Trend};
use crate::normal::p_above;
use crate::reading::Reading;
use crate::rules::CERTAIN;
use crate::{Axis, Better, Finding, Findings, Input, Status, Verified, better, number};
use levator_programme::words;

/// A part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// How fast a contraction rises.
    Rise,
    /// How long it is held.
    Hold,
    /// How steady it is.
    Stability,
    /// How fast it is let go.
    Release,
    /// Whether it is a squeeze, and of the right muscle.
    Coordination,
    /// The level at rest.
    Rest,
    /// Whether rest comes back.
    Relaxation,
}

words!(Aspect {
    Rise => "rise",
    Hold => "hold",
    Stability => "stability",
    Release => "release",
    Coordination => "coordination",
    Rest => "rest",
    Relaxation => "relaxation",
});

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// As in the reference, or as at the last visit.
    AsExpected,
    /// Better than that.
    Better,
    /// Not as good as that.
    Less,
    /// Measured, and nothing to hold it against.
    Shown,
    /// Cannot be told.
    Unknown,
}

words!(Grade {
    AsExpected => "as-expected",
    Better => "better",
    Less => "less",
    Shown => "shown",
    Unknown => "unknown",
});

/// One part, graded, with a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which.
    pub aspect: Aspect,
    /// Where it stands.
    pub grade: Grade,
    /// The number, as measured.
    pub value: Option<f64>,
    /// The measure it comes from.
    pub input: Option<Input>,
    /// In plain words.
    pub sentence: String,
}

/// Every part, in the order of [`Aspect::ALL`].
pub(crate) fn parts(
    views: &[View<'_>],
    findings: &Findings,
    verified: Verified,
    changes: &[Change],
) -> Vec<Part> {
    let any = [Task::Flick, Task::Maximal, Task::Hold, Task::Contraction];
    let held = [Task::Hold, Task::Maximal, Task::Endurance, Task::Contraction];
    vec![
        measured(views, changes, Aspect::Rise, &[Quantity::RiseRate, Quantity::Gradient], &any),
        measured(
            views,
            changes,
            Aspect::Hold,
            &[
                Quantity::EnduranceTime,
                Quantity::SqueezeDuration,
                Quantity::HoldTime,
                Quantity::EnduranceArea,
            ],
            &held,
        ),
        measured(views, changes, Aspect::Stability, &[Quantity::HoldVariability], &held),
        measured(views, changes, Aspect::Release, &[Quantity::ReleaseRate], &any),
        coordination(verified),
        of_finding(Aspect::Rest, findings.get(Axis::Tone)),
        of_finding(Aspect::Relaxation, findings.get(Axis::Relaxation)),
    ]
}

const fn word(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Rise => "the rise",
        Aspect::Hold => "the hold",
        Aspect::Stability => "unsteadiness of the hold",
        Aspect::Release => "letting go",
        Aspect::Coordination => "coordination",
        Aspect::Rest => "the resting level",
        Aspect::Relaxation => "relaxation after contracting",
    }
}

fn measured(
    views: &[View<'_>],
    changes: &[Change],
    aspect: Aspect,
    quantities: &[Quantity],
    tasks: &[Task],
) -> Part {
    let found = views.iter().find_map(|view| {
        quantities.iter().find_map(|quantity| {
            tasks.iter().find_map(|task| Some((view, view.channel.any(*quantity, *task)?)))
        })
    });
    let Some((view, reading)) = found else {
        return Part {
            aspect,
            grade: Grade::Unknown,
            value: None,
            input: None,
            sentence: format!("{} was not measured", word(aspect)),
        };
    };
    let against = against_reference(view, reading);
    let (grade, rest) =
        against.or_else(|| against_earlier(changes, reading)).unwrap_or_else(|| {
            let rest = typical(view, reading)
                .unwrap_or_else(|| "nothing to hold it against yet".to_owned());
            (Grade::Shown, rest)
        });
    let unit = symbol(reading);
    let sentence = format!("{}: {}{unit}, {rest}", word(aspect), number(reading.value));
    Part { aspect, grade, value: Some(reading.value), input: Some(reading.input()), sentence }
}

fn symbol(reading: Reading<'_>) -> String {
    use levator_measure::MeasureUnit;
    match reading.measure.unit {
        MeasureUnit::Channel(unit) => format!(" {unit}"),
        MeasureUnit::ChannelSeconds(unit) => format!(" {unit} s"),
        MeasureUnit::ChannelPerSecond(unit) => format!(" {unit}/s"),
        MeasureUnit::Percent => " %".to_owned(),
        MeasureUnit::PercentMvcPerSecond => " %MVC/s".to_owned(),
        MeasureUnit::PercentPerSecond => " %/s".to_owned(),
        MeasureUnit::Second => " s".to_owned(),
        MeasureUnit::Hertz => " Hz".to_owned(),
        MeasureUnit::HertzPerSecond => " Hz/s".to_owned(),
        MeasureUnit::Ratio | MeasureUnit::Count => String::new(),
    }
}

fn against_reference(view: &View<'_>, reading: Reading<'_>) -> Option<(Grade, String)> {
    let one = reading.measure;
    view.fits.iter().find_map(|fit| {
        let pack = fit.reference.pack();
        let norm = pack.norms.iter().find(|norm| {
            (norm.quantity, norm.task) == (one.quantity, one.task)
                && (norm.distribution.lower().is_some() || norm.distribution.upper().is_some())
        })?;
        let scaled = view.channel.scaled(one, pack.unit)?;
        let beyond = |value: f64, bound: f64| match scaled.sem {
            Some(sem) => p_above(value, bound, sem).is_some_and(|p| p >= CERTAIN),
            None => value > bound,
        };
        let low = norm.distribution.lower().is_some_and(|lower| beyond(lower, scaled.value));
        let high = norm.distribution.upper().is_some_and(|upper| beyond(scaled.value, upper));
        let up = better(one.quantity) != Some(Better::Down);
        let (grade, word) = match (low, high) {
            (false, false) => (Grade::AsExpected, "as expected by"),
            (true, _) => (if up { Grade::Less } else { Grade::Better }, "less than expected by"),
            (_, true) => (if up { Grade::Better } else { Grade::Less }, "more than expected by"),
        };
        Some((grade, format!("{word} {}", pack.name)))
    })
}

fn against_earlier(changes: &[Change], reading: Reading<'_>) -> Option<(Grade, String)> {
    let one = reading.measure;
    let key = (one.channel, one.quantity, one.task, one.how);
    let change = changes
        .iter()
        .find(|change| (change.channel, change.quantity, change.task, change.how) == key)?;
    Some(match change.trend {
        Trend::Improved => (Grade::Better, "better than at the last visit".to_owned()),
        Trend::Worse => (Grade::Less, "not as good as at the last visit".to_owned()),
        Trend::Changed => (Grade::Shown, "other than at the last visit".to_owned()),
        Trend::NotDetectable => (Grade::AsExpected, "about as at the last visit".to_owned()),
        Trend::NotComparable(_) => return None,
    })
}

/// The middle of a group, to look at; it grades nothing.
fn typical(view: &View<'_>, reading: Reading<'_>) -> Option<String> {
    let one = reading.measure;
    view.fits.iter().find_map(|fit| {
        let pack = fit.reference.pack();
        let norm = pack
            .norms
            .iter()
            .find(|norm| (norm.quantity, norm.task) == (one.quantity, one.task))?;
        let middle = norm.distribution.middle()?;
        Some(format!("{} in the middle of {}", number(middle), pack.population.text))
    })
}

fn coordination(verified: Verified) -> Part {
    let (grade, sentence) = match verified {
        Verified::Squeeze => (Grade::AsExpected, "contractions were squeezes"),
        Verified::Unverified => {
            (Grade::Unknown, "whether contractions were squeezes or pushes cannot be told here")
        }
        Verified::BearingDown => (Grade::Less, "bearing down was seen in place of a squeeze"),
        Verified::Absent => (Grade::Unknown, "contraction not found"),
    };
    let sentence = sentence.to_owned();
    Part { aspect: Aspect::Coordination, grade, value: None, input: None, sentence }
}

fn of_finding(aspect: Aspect, finding: &Finding) -> Part {
    let grade = match finding.status {
        Status::Normal => Grade::AsExpected,
        Status::Low | Status::Borderline => Grade::Shown,
        Status::High | Status::Partial | Status::Incomplete => Grade::Less,
        Status::Unknown => Grade::Unknown,
    };
    let value = finding
        .value
        .map_or_else(String::new, |value| format!(" {}{},", number(value), finding.unit.symbol()));
    let state = match (finding.axis, finding.status) {
        (_, Status::Unknown) => finding.unknown.map_or("cannot be told", |why| why.text()),
        (Axis::Relaxation, Status::Normal) => "complete",
        (Axis::Relaxation, Status::Partial) => "partial",
        (Axis::Relaxation, _) => "incomplete",
        (_, Status::Normal) => "not raised",
        (_, Status::Low) => "low",
        (_, Status::Borderline) => "near the bound",
        (_, Status::High | Status::Partial | Status::Incomplete) => "raised",
    };
    Part {
        aspect,
        grade,
        value: finding.value,
        input: finding.inputs.first().copied(),
        sentence: format!("{}:{value} {state}", word(aspect)),
    }
}
