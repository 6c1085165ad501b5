//! What has become of a person over visits: a page for each series that can be compared.

use levator_measure::{How, Quantity, Task};
use levator_score::{Assessment, Change, Trend};

use crate::changes;
use crate::document::{Block, Document};
use crate::person::{programme_name, shown_gate};
use crate::picture::{Picture, trend};
use crate::referrer;
use levator_catalog::lang::Words;

/// Visits that can be compared, in their order: the same programme, and measured the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Id of the programme, where one is known.
    pub programme: Option<String>,
    /// The visits.
    pub visits: Vec<Visit>,
    /// What is followed.
    pub measures: Vec<Followed>,
    /// The answer of the last visit, which knows those before.
    pub latest: Assessment,
}

/// A visit of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its file, or the person and the visit where it is kept by these.
    pub name: String,
    /// When it began, where that is known.
    pub date: Option<String>,
}

/// A measure over the visits of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// What was measured.
    pub quantity: Quantity,
    /// Of which task.
    pub task: Task,
    /// By which definition.
    pub how: How,
    /// Its unit.
    pub unit: String,
    /// Of each visit, where it was measured.
    pub values: Vec<Option<f64>>,
    /// Of the last visit against the first; none for one visit.
    pub change: Option<Change>,
}

impl Followed {
    /// Its name in words.
    #[must_use]
    pub fn name(&self, words: &Words) -> String {
        changes::name(self.quantity, self.task, words)
    }

    /// Its unit as it is printed; a ratio has none.
    pub(crate) fn printed_unit(&self) -> String {
        match self.unit.as_str() {
            "ratio" => String::new(),
            unit => crate::picture::overview::unit_text(unit),
        }
    }

    /// Its values from visit to visit, with the unit.
    fn course(&self, words: &Words) -> String {
        let all: Vec<String> = self
            .values
            .iter()
            .map(|one| one.map_or_else(|| "\u{2013}".to_owned(), |value| words.number(value)))
            .collect();
        format!("{} {}", all.join(" > "), self.printed_unit()).trim_end().to_owned()
    }
}

/// All series on paper: one page for each of several visits, and one for visits that stand alone.
#[must_use]
pub fn document(series: &[Series], version: &str, words: &Words) -> Document {
    let count: usize = series.iter().map(|one| one.visits.len()).sum();
    let (alone, joined): (Vec<_>, Vec<_>) =
        series.iter().enumerate().partition(|(_, one)| one.visits.len() < 2);
    let mut pages: Vec<Vec<Block>> =
        joined.iter().map(|(at, one)| page(*at + 1, one, words)).collect();
    if !alone.is_empty() {
        let mut page = vec![Block::Heading(words.get("progress.alone").to_owned())];
        page.extend(alone.iter().map(|(at, one)| Block::Lines(lines(*at + 1, one, words))));
        if let (true, Some((_, last))) = (pages.is_empty(), alone.last()) {
            page.push(Block::Heading(words.get("referrer.next").to_owned()));
            page.push(Block::List(next(last, words)));
        }
        pages.push(page);
    }
    if series.len() > 1
        && let Some(page) = pages.first_mut()
    {
        let text = words.fill("progress.apart", &[("count", &series.len().to_string())]);
        page.insert(0, Block::Paragraph(text));
    }
    let screening = words.said(levator_score::SCREENING);
    Document {
        lang: words.lang,
        title: words.get("progress.title").to_owned(),
        subtitle: words.fill("progress.visits", &[("count", &count.to_string())]),
        pages,
        further: Vec::new(),
        screening,
        origin: words.fill(
            "progress.origin",
            &[("version", version), ("rule", &words.said(levator_score::rules::RULE))],
        ),
    }
}

/// Which series it is, by its programme.
fn heading(number: usize, one: &Series, words: &Words) -> String {
    let programme = one.programme.as_deref().map_or_else(
        || words.get("progress.no-programme").to_owned(),
        |id| programme_name(id, words).to_owned(),
    );
    words.fill("progress.series", &[("number", &number.to_string()), ("programme", &programme)])
}

fn page(number: usize, one: &Series, words: &Words) -> Vec<Block> {
    let mut page = vec![
        Block::Heading(heading(number, one, words)),
        Block::Verdict {
            text: verdict(one, words),
            training: referrer::training(&one.latest, words),
            more: vec![words.said(&one.latest.progression.text())],
            gate: shown_gate(&one.latest),
        },
    ];
    let mut pictures: Vec<Picture> = one
        .measures
        .iter()
        .enumerate()
        .filter_map(|(place, measure)| trend::picture(place, measure, words))
        .collect();
    while !pictures.is_empty() {
        page.push(Block::Row(pictures.drain(..pictures.len().min(2)).collect()));
    }
    page.push(table(one, words));
    page.push(Block::Heading(words.get("referrer.next").to_owned()));
    page.push(Block::List(next(one, words)));
    page.push(Block::Heading(words.get("progress.which").to_owned()));
    page.push(Block::Lines(visits(one)));
    page
}

/// What has changed beyond chance, that nothing has, or that it cannot be told.
fn verdict(one: &Series, words: &Words) -> String {
    let named: Vec<String> = one
        .measures
        .iter()
        .filter_map(|measure| {
            let trend = measure.change.as_ref()?.trend;
            let is_named = matches!(trend, Trend::Improved | Trend::Worse | Trend::Changed);
            is_named.then(|| words.named(&measure.name(words), &changes::trend(trend, words)))
        })
        .collect();
    let is_compared = |measure: &Followed| {
        let change = measure.change.as_ref();
        change.is_some_and(|change| !matches!(change.trend, Trend::NotComparable(_)))
    };
    match named.is_empty() {
        true if one.measures.iter().any(is_compared) => words.get("progress.no-change").to_owned(),
        true => words.get("progress.cannot-tell").to_owned(),
        false => words.list(&named),
    }
}

/// Every value, and what became of it between the first visit and the last.
fn table(one: &Series, words: &Words) -> Block {
    let head = ["changes.measure", "progress.values", "changes.limit", "progress.since-first"];
    let rows = one.measures.iter().map(|measure| {
        let (limit, trend) = match &measure.change {
            Some(change) => (changes::limit(change, words), changes::trend(change.trend, words)),
            None => ("\u{2013}".to_owned(), words.get("progress.one-visit").to_owned()),
        };
        vec![measure.name(words), measure.course(words), limit, trend]
    });
    Block::Table {
        head: head.iter().map(|key| words.get(key).to_owned()).collect(),
        rows: rows.collect(),
        notes: vec![words.get("changes.note").to_owned()],
    }
}

fn visits(one: &Series) -> Vec<(String, String)> {
    let named = one.visits.iter().enumerate().map(|(at, visit)| {
        let date = visit.date.as_ref().map_or_else(String::new, |date| format!(" ({date})"));
        ((at + 1).to_string(), format!("{}{date}", visit.name))
    });
    named.collect()
}

/// A visit that stands alone, with what was measured.
fn lines(number: usize, one: &Series, words: &Words) -> Vec<(String, String)> {
    let mut lines = vec![(
        heading(number, one, words),
        visits(one).into_iter().map(|(_, visit)| visit).collect(),
    )];
    lines.extend(one.measures.iter().map(|measure| (measure.name(words), measure.course(words))));
    lines
}

/// The dose or the position that comes next, by the rule of the programme, as far as the gate is open.
fn next(one: &Series, words: &Words) -> Vec<String> {
    referrer::offered(&one.latest, words)
}
