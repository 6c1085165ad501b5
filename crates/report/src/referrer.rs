//! The version for who refers or treats: at most two pages, with every number it rests on.

use levator_measure::{How, Measure, Quantity, Task, Validity};
use levator_programme::Opening;
use levator_score::explain::training_text;
use levator_score::{Assessment, Driver, Label};

use crate::axes;
use crate::changes;
use crate::document::{Block, Document};
use crate::person::{origin, programme_name, shown_gate, subtitle};
use crate::picture::Picture;
use crate::picture::overview::{self, Detail, unit_text};
use crate::picture::{colour, overlay, plane, release, repetition, rests, spectrum};
use crate::report::Report;
use crate::tables;
use levator_catalog::lang::Words;

/// Pictures below the overview: two rows of two.
const MOST_PICTURES: usize = 4;

/// What the referrer gets.
#[must_use]
pub fn document(report: &Report<'_>, words: &Words) -> Document {
    let mut pictures: Vec<Picture> = [
        repetition::picture,
        overlay::picture,
        rests::picture,
        release::picture,
        plane::picture,
        spectrum::picture,
    ]
    .iter()
    .filter_map(|picture| picture(report, words))
    .collect();
    // The map of an array takes the place of the second row.
    let most = if report.grid.is_some() { MOST_PICTURES / 2 } else { MOST_PICTURES };
    let further = pictures.split_off(pictures.len().min(most));
    let pages = vec![first(report, words, pictures), second(report, words)];
    Document {
        lang: words.lang,
        title: words.get("referrer.title").to_owned(),
        subtitle: subtitle(report, words),
        pages,
        further,
        screening: words.said(report.assessment.screening),
        origin: origin(report, words),
    }
}

fn first(report: &Report<'_>, words: &Words, mut pictures: Vec<Picture>) -> Vec<Block> {
    let answer = report.assessment;
    let mut more: Vec<String> =
        answer.notes.iter().map(|note| unit_text(&words.said(note))).collect();
    if answer.label != Label::Refer {
        let level = words.get(&format!("confidence.{}", answer.confidence.name())).to_owned();
        let doubts = doubts(report, words);
        let text = words.list(&[vec![level], doubts].concat());
        more.push(words.fill("referrer.confidence", &[("text", &text)]));
    }
    if answer.see_clinician {
        more.push(words.get("referrer.see-clinician").to_owned());
    }
    let text = words.fill("referrer.answer", &[("wording", &words.said(&answer.wording))]);
    let mut page = vec![
        Block::Verdict { text, training: training(answer, words), more, gate: shown_gate(answer) },
        Block::Facts(facts(report, words)),
    ];
    if let Some(picture) = overview::picture(report, words, Detail::Full) {
        page.push(Block::Picture(picture));
    }
    if let Some(grid) = report.grid {
        page.extend(colour::picture(grid, &report.phases(), words).map(Block::Picture));
    }

    while !pictures.is_empty() {
        page.push(Block::Row(pictures.drain(..pictures.len().min(2)).collect()));
    }
    page
}

fn second(report: &Report<'_>, words: &Words) -> Vec<Block> {
    let mut page =
        vec![Block::Heading(words.get("referrer.axes").to_owned()), axes::table(report, words)];
    if let Some(table) = tables::phases(report, words) {
        page.push(Block::Heading(words.get("referrer.phases").to_owned()));
        page.push(table);
    }
    if let Some(table) = changes::table(&report.assessment.changes, words) {
        page.push(Block::Heading(words.get("referrer.changes").to_owned()));
        page.push(table);
    }
    page.push(Block::Heading(words.get("referrer.next").to_owned()));
    page.push(Block::List(next(report, words)));
    page.push(Block::Heading(words.get("referrer.origin").to_owned()));
    page.push(Block::Lines(audit(report, words)));
    page
}

/// What training is open, and every reason why not more; missing data open nothing.
pub(crate) fn training(answer: &Assessment, words: &Words) -> String {
    let gate = words.said(training_text(answer.label, answer.gate));
    let because: Vec<String> =
        answer.gate_reasons.iter().map(|reason| words.said(&reason.text())).collect();
    match because.is_empty() {
        true => words.fill("referrer.training", &[("gate", &gate)]),
        false => words.fill(
            "referrer.training-because",
            &[("gate", &gate), ("because", &words.list(&because))],
        ),
    }
}

/// Reasons for doubt in what the answer hangs on, each once.
fn doubts(report: &Report<'_>, words: &Words) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in &report.assessment.driving {
        let Driver::Axis(axis) = one.driver else { continue };
        for doubt in &report.assessment.finding(axis).doubts {
            let text = words.said(&doubt.text());
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

/// How it was measured, of what quality, and what was lost.
fn facts(report: &Report<'_>, words: &Words) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = report
        .about
        .iter()
        .map(|(key, value)| (words.get(key).to_owned(), words.said(value)))
        .collect();
    let mut fact = |key: &str, value: String| facts.push((words.get(key).to_owned(), value));
    if let Some(found) = report.found() {
        let hz = words.number(found.rate.hz());
        fact("fact.channel", format!("{}, {} Hz", report.channel_name, hz));
    }
    if let Some(percent) = report.usable_percent() {
        fact("fact.usable", words.localised(&format!("{percent:.1} %")));
    }
    let gaps = report.summary.gaps.iter().filter(|gap| gap.stream == report.channel.stream).count();
    let lost = report.summary.lost_count(report.channel.stream);
    fact(
        "fact.lost",
        match lost {
            0 => words.get("fact.none").to_owned(),
            lost => words.fill(
                "fact.lost-value",
                &[("samples", &lost.to_string()), ("gaps", &gaps.to_string())],
            ),
        },
    );
    if let Some(found) = report.found() {
        let mut names: Vec<&str> = Vec::new();
        for finding in &found.findings {
            let name = finding.fault.name();
            // Every filter settles once.
            if name != "settling" && !names.contains(&name) {
                names.push(name);
            }
        }
        let names: Vec<String> = names.iter().map(|name| words.said(name)).collect();
        fact(
            "fact.faults",
            match names.is_empty() {
                true => words.get("fact.none").to_owned(),
                false => names.join(", "),
            },
        );
    }
    facts
}

fn next(report: &Report<'_>, words: &Words) -> Vec<String> {
    let mut lines = offered(report.assessment, words);
    lines.push(words.said(&report.assessment.progression.text()));
    for (_, checks) in &report.assessment.failed_checks {
        lines.extend(checks.iter().map(|check| words.said(check.advice())));
    }
    lines
}

/// Programmes that are suggested, with why, and those that are closed.
pub(crate) fn offered(answer: &Assessment, words: &Words) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for offer in answer.offers.iter().filter(|one| one.rank.is_some()).take(3) {
        let name = format!("{} ({})", programme_name(offer.programme, words), offer.programme);
        lines.push(words.named(&name, &words.said(&offer.why)));
    }
    let closed = answer.offers.iter().filter(|one| one.opening == Opening::Closed);
    let closed: Vec<&str> = closed.map(|one| one.programme).collect();
    if !closed.is_empty() {
        lines.push(words.fill("referrer.closed", &[("list", &closed.join(", "))]));
    }
    lines
}

fn audit(report: &Report<'_>, words: &Words) -> Vec<(String, String)> {
    let audit = report.audit;
    let mut facts = vec![
        (words.get("audit.input").to_owned(), format!("{} {}", audit.file, audit.blake3)),
        (words.get("audit.version").to_owned(), format!("levator {}", audit.version)),
        (words.get("audit.rule").to_owned(), words.said(&audit.rule)),
        (words.get("audit.digest").to_owned(), audit.digest.clone()),
    ];
    for (name, hash) in &audit.others {
        facts.push((words.get("audit.other").to_owned(), format!("{name} {hash}")));
    }
    let settings: Vec<String> =
        audit.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    facts.push((words.get("audit.settings").to_owned(), settings.join("; ")));
    facts.push((
        words.get("audit.command").to_owned(),
        format!("levator {}", audit.arguments.join(" ")),
    ));
    facts
}

/// A number with its error, and a sign where it is doubtful or must not be used.
pub(crate) fn cell(measure: Option<&Measure>, words: &Words) -> String {
    let Some(measure) = measure else { return "\u{2013}".to_owned() };
    let Some(value) = measure.value else { return "\u{2013}".to_owned() };
    let sem = measure.sem.map_or_else(String::new, |sem| format!(" \u{b1} {}", words.number(sem)));
    let sign = match measure.validity {
        Validity::Valid => "",
        Validity::Doubtful => " ?",
        Validity::Invalid => " \u{d7}",
    };
    format!("{}{sem}{sign}", words.number(value))
}

/// The first of these that was measured.
pub(crate) fn any<'a>(
    report: &Report<'a>,
    task: Task,
    quantities: &[Quantity],
    hows: &[How],
) -> Option<&'a Measure> {
    quantities.iter().find_map(|quantity| report.measure(*quantity, task, hows))
}
