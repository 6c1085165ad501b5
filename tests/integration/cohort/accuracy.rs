//! The table of answers against labels.

use std::collections::BTreeMap;
use std::fmt::Write;

use levator_programme::Gate;
use levator_score::{Label as Answer, Reference};
use levator_simulate::people::{Condition, Expected, Label, Participant, Tone, cohort};

use super::living::{Programmes, for_each, lived, quick};
use super::profile::assessed;

/// One person, and the answer.
pub(super) struct Judged {
    pub(super) person: Participant,
    pub(super) expected: Expected,
    pub(super) answer: Answer,
    pub(super) gate: Gate,
}

impl Judged {
    pub(super) fn is_right(&self) -> bool {
        let is = |label: Label| column(self.answer) == Some(label);
        is(self.expected.label) || self.expected.also.is_some_and(is)
    }

    fn family(&self) -> String {
        self.person.setup.name()
    }
}

/// The label of the virtual people that an answer says; none for what nobody reported.
fn column(answer: Answer) -> Option<Label> {
    Some(match answer {
        Answer::Refer => return None,
        Answer::InsufficientData => Label::InsufficientData,
        Answer::UnableToContract => Label::UnableToContract,
        Answer::Mixed => Label::Mixed,
        Answer::Hypertonic => Label::Hypertonic,
        Answer::NonRelaxing => Label::NonRelaxing,
        Answer::Weak => Label::Weak,
        Answer::WithinRange => Label::WithinExpected,
        Answer::Inconclusive => Label::Inconclusive,
    })
}

const LABELS: [Label; 8] = [
    Label::InsufficientData,
    Label::UnableToContract,
    Label::Mixed,
    Label::Hypertonic,
    Label::NonRelaxing,
    Label::Weak,
    Label::WithinExpected,
    Label::Inconclusive,
];

/// Everybody of a cohort goes through their programme and is judged.
pub(super) fn judged(seed: u64, count: usize, references: &[Reference]) -> Vec<Judged> {
    let programmes = Programmes::new();
    let people: Vec<Participant> = cohort(seed, count).into_iter().map(quick).collect();
    for_each(&people, |person| {
        let programme = programmes.of(person);
        let summary = lived(&person.visit(0, programme), programme);
        let assessment = assessed(person, programme, &summary, references, &[]);
        Judged {
            expected: person.expected_in(programme),
            answer: assessment.label,
            gate: assessment.gate,
            person: person.clone(),
        }
    })
}

/// Mean over the labels of the proportion that is answered right.
pub(super) fn balanced<'a>(all: impl Iterator<Item = &'a Judged>) -> f64 {
    let mut counts: BTreeMap<Label, (u32, u32)> = BTreeMap::new();
    for one in all {
        let (right, total) = counts.entry(one.expected.label).or_default();
        *right += u32::from(one.is_right());
        *total += 1;
    }
    let sum: f64 = counts.values().map(|(right, all)| f64::from(*right) / f64::from(*all)).sum();
    sum / counts.len().max(1) as f64
}

/// Tight people, with whether their tone can be told.
pub(super) fn tight(all: &[Judged]) -> impl Iterator<Item = (&Judged, bool)> {
    all.iter()
        .filter(|one| one.person.condition.is_tight())
        .map(|one| (one, one.expected.tone != Tone::Unknown))
}

/// Whether a gate opens strengthening without safeguards.
pub(super) fn is_green(one: &Judged) -> bool {
    one.gate == Gate::Green
}

/// Whether it closes strengthening.
pub(super) fn is_red(one: &Judged) -> bool {
    !matches!(one.gate, Gate::Green | Gate::Amber)
}

/// The whole table.
pub(super) fn table(all: &[Judged]) -> String {
    let mut text = String::new();
    let right = all.iter().filter(|one| one.is_right()).count();
    let _ = writeln!(
        text,
        "people {}, answered right {right}, balanced accuracy {:.3}",
        all.len(),
        balanced(all.iter())
    );
    let count = |holds: &dyn Fn(&Judged) -> bool| all.iter().filter(|one| holds(one)).count();
    let (mut told, mut told_green, mut untold, mut untold_green) = (0, 0, 0, 0);
    for (one, is_told) in tight(all) {
        let green = usize::from(is_green(one));
        match is_told {
            true => (told, told_green) = (told + 1, told_green + green),
            false => (untold, untold_green) = (untold + 1, untold_green + green),
        }
    }
    let _ = writeln!(
        text,
        "tight people whose tone can be told {told}, with a green gate {told_green}"
    );
    let _ = writeln!(
        text,
        "tight people whose tone cannot be told {untold}, with a green gate {untold_green}"
    );
    let partial = |one: &Judged| one.person.condition == Condition::PartialRelaxer;
    let _ = writeln!(
        text,
        "partial relaxers {}, with a red gate {}",
        count(&partial),
        count(&|one| partial(one) && is_red(one))
    );
    confusion(&mut text, all);
    by_condition(&mut text, all);
    by_setup(&mut text, all);
    wrong(&mut text, all);
    text
}

fn confusion(text: &mut String, all: &[Judged]) {
    let _ = writeln!(
        text,
        "\nexpected (rows) against answered; right counts the other answer that is as good"
    );
    let _ = write!(text, "{:20}", "");
    for label in LABELS {
        let _ = write!(text, "{:>8}", short(label));
    }
    let _ = writeln!(text, "{:>8}", "right");
    for row in LABELS {
        let of_row: Vec<&Judged> = all.iter().filter(|one| one.expected.label == row).collect();
        if of_row.is_empty() {
            continue;
        }
        let _ = write!(text, "{:20}", row.name());
        for label in LABELS {
            let count = of_row.iter().filter(|one| column(one.answer) == Some(label)).count();
            let _ = write!(text, "{count:8}");
        }
        let right = of_row.iter().filter(|one| one.is_right()).count();
        let _ = writeln!(text, "{:8.3}", right as f64 / of_row.len() as f64);
    }
}

const fn short(label: Label) -> &'static str {
    match label {
        Label::InsufficientData => "too-few",
        Label::UnableToContract => "unable",
        Label::Mixed => "mixed",
        Label::Hypertonic => "tight",
        Label::NonRelaxing => "non-rel",
        Label::Weak => "weak",
        Label::WithinExpected => "within",
        Label::Inconclusive => "inconcl",
    }
}

fn rows<'a>(text: &mut String, title: &str, all: &'a [Judged], key: impl Fn(&'a Judged) -> String) {
    let _ = writeln!(
        text,
        "\n{title:34}{:>6}{:>7}{:>7}{:>7}{:>6}{:>6}",
        "count", "right", "green", "amber", "red", "tight+green"
    );
    let mut groups: Vec<(String, Vec<&Judged>)> = Vec::new();
    for one in all {
        let name = key(one);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(one),
            None => groups.push((name, vec![one])),
        }
    }
    groups.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, members) in groups {
        let count =
            |holds: &dyn Fn(&Judged) -> bool| members.iter().filter(|one| holds(one)).count();
        let tight_green = count(&|one| {
            is_green(one) && one.person.condition.is_tight() && one.expected.tone != Tone::Unknown
        });
        let _ = writeln!(
            text,
            "{name:34}{:6}{:7.3}{:7}{:7}{:6}{tight_green:6}",
            members.len(),
            count(&Judged::is_right) as f64 / members.len() as f64,
            count(&is_green),
            count(&|one| one.gate == Gate::Amber),
            count(&is_red),
        );
    }
}

fn by_condition(text: &mut String, all: &[Judged]) {
    rows(text, "condition", all, |one| one.person.condition.name().to_owned());
    rows(text, "expected label", all, |one| one.expected.label.name().to_owned());
}

fn by_setup(text: &mut String, all: &[Judged]) {
    rows(text, "setup, gain", all, |one| format!("{}, {}", one.family(), one.person.setup.gain));
    rows(text, "gain", all, |one| format!("{}", one.person.setup.gain));
}

/// Everybody who was answered wrong, by what they are and what was said.
fn wrong(text: &mut String, all: &[Judged]) {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for one in all.iter().filter(|one| !one.is_right()) {
        let kind = format!(
            "{:20} {:28} {} -> {} ({})",
            one.person.condition.name(),
            one.family(),
            one.expected.label.name(),
            one.answer.name(),
            one.gate.name(),
        );
        *kinds.entry(kind).or_default() += 1;
    }
    let _ = writeln!(text, "\nanswered otherwise: condition, setup, expected -> answer (gate)");
    for (kind, count) in kinds {
        let _ = writeln!(text, "{count:4}  {kind}");
    }
}
