//! The version for the person: one page, plain words, no microvolt.

use levator_engine::ChannelSummary;
use levator_measure::Validity;
use levator_programme::{Gate, Opening};
use levator_score::{Assessment, Axis, Finding, Label, Status, Urgency, ValueUnit};

use crate::bar;
use crate::document::{Block, Card, Document};
use crate::picture::overview::{self, Detail};
use crate::report::Report;
use levator_catalog::lang::Words;

/// Numbers with what they mean.
const MOST_CARDS: usize = 3;

/// Programmes that are named as the next step. More is no step.
const MOST_STEPS: usize = 3;

/// What the person gets.
#[must_use]
pub fn document(report: &Report<'_>, words: &Words) -> Document {
    let answer = report.assessment;
    let mut page = vec![Block::Verdict {
        text: headline(report, words),
        training: training(report, words),
        more: referral(report, words),
        gate: shown_gate(answer),
    }];
    let cards = cards(report, words);
    if !cards.is_empty() {
        let key = if cards.len() == MOST_CARDS { "person.numbers" } else { "person.counted" };
        page.push(Block::Heading(words.get(key).to_owned()));
        page.push(Block::Cards(cards));
    }
    if let Some(picture) = overview::picture(report, words, Detail::Shape) {
        page.push(Block::Heading(words.get("person.visit").to_owned()));
        page.push(Block::Picture(picture));
    }
    page.push(Block::Heading(words.get("person.next").to_owned()));
    page.push(Block::List(next(report, words)));
    page.push(Block::Heading(words.get("person.sure").to_owned()));
    let confidence = if answer.is_too_little() { "none" } else { answer.confidence.name() };
    let key = format!("person.confidence-{confidence}");
    page.push(Block::Paragraph(words.get(&key).to_owned()));
    page.push(Block::Paragraph(words.get("person.not-validated").to_owned()));
    Document {
        lang: words.lang,
        title: words.get("person.title").to_owned(),
        subtitle: subtitle(report, words),
        pages: vec![page],
        further: Vec::new(),
        screening: words.said(answer.screening),
        origin: origin(report, words),
    }
}

/// Which visit: the file, how long, what was asked for.
pub(crate) fn subtitle(report: &Report<'_>, words: &Words) -> String {
    let minutes = report.duration_s() / 60.0;
    let mut parts = vec![report.audit.file.clone()];
    if let Some(opened) = report.about.iter().find(|(key, _)| key == "about.date") {
        parts.push(opened.1.clone());
    }
    parts.push(
        words.fill("visit.minutes", &[("minutes", &words.localised(&format!("{minutes:.1}")))]),
    );
    if let Some(course) = &report.config.course {
        parts.push(programme_name(&course.programme.definition().id, words).to_owned());
    }
    parts.join(" \u{b7} ")
}

/// Where it comes from, in a line.
pub(crate) fn origin(report: &Report<'_>, words: &Words) -> String {
    let audit = report.audit;
    words.fill(
        "visit.origin",
        &[
            ("version", &audit.version),
            ("rule", &words.said(&audit.rule)),
            ("hash", audit.blake3.get(..16).unwrap_or(&audit.blake3)),
            ("digest", &audit.digest),
        ],
    )
}

/// A programme in plain words; one of one's own by its id.
pub(crate) fn programme_name<'a>(id: &'a str, words: &'a Words) -> &'a str {
    words.find(&format!("programme.{id}")).unwrap_or(id)
}

/// How what is said of training looks: never as open where the visit shows too little.
pub(crate) const fn shown_gate(answer: &Assessment) -> Gate {
    if answer.is_too_little() { Gate::Amber } else { answer.gate }
}

fn headline(report: &Report<'_>, words: &Words) -> String {
    let answer = report.assessment;
    let key = match (answer.label, answer.urgency) {
        (Label::Refer, Some(Urgency::Urgent)) => "person.headline-urgent".to_owned(),
        (Label::Refer, Some(Urgency::NoProbe)) => "person.headline-no-probe".to_owned(),
        (label, _) => format!("person.headline-{}", label.name()),
    };
    words.get(&key).to_owned()
}

fn training(report: &Report<'_>, words: &Words) -> String {
    if report.assessment.is_too_little() {
        return words.get("person.training-measure-again").to_owned();
    }
    words.get(&format!("person.training-{}", report.assessment.gate.name())).to_owned()
}

fn referral(report: &Report<'_>, words: &Words) -> Vec<String> {
    let answer = report.assessment;
    let is_said = answer.label == Label::Refer;
    match answer.see_clinician && !is_said {
        true => vec![words.get("person.see-clinician").to_owned()],
        false => Vec::new(),
    }
}

/// Three numbers with what they mean: of the axes that were measured, then how many repetitions count.
fn cards(report: &Report<'_>, words: &Words) -> Vec<Card> {
    let answer = report.assessment;
    let axes = [Axis::Tone, Axis::Relaxation, Axis::Strength, Axis::Endurance];
    let mut cards: Vec<Card> =
        axes.iter().filter_map(|axis| of_finding(answer.finding(*axis), words)).collect();
    match repetitions(report, words) {
        Some(card) => cards.push(card),
        // Where something was asked for, what was found may be a push or a cough.
        None => cards.extend(contractions(report.found(), words)),
    }
    cards.truncate(MOST_CARDS);
    cards
}

fn of_finding(finding: &Finding, words: &Words) -> Option<Card> {
    let value = finding.value.filter(|_| finding.is_known())?;
    let axis = finding.axis.name();
    let bound = match finding.axis {
        Axis::Strength | Axis::Endurance => finding.lower,
        _ => finding.upper,
    };
    let (key, factor) = match (finding.unit, bound) {
        (ValueUnit::Ratio, _) if finding.axis == Axis::Relaxation => ("times", 1.0),
        (ValueUnit::Second, _) => ("seconds", 1.0),
        (_, Some(bound)) if bound > 0.0 => ("percent", 100.0 / bound),
        _ => return None,
    };
    let shown = |value: f64| match key {
        "percent" => words.localised(&format!("{:.0}", value * factor)),
        _ => words.number(value * factor),
    };
    let value_text = words.fill(&format!("card.{key}"), &[("value", &shown(value))]);
    let sure = finding.interval().map_or_else(String::new, |(from, to)| {
        let from = shown(from.max(0.0));
        words.fill("card.interval", &[("from", &from), ("to", &shown(to))])
    });
    let what = words.get(&format!("card.{axis}-{key}")).to_owned();
    let meaning = words.get(&format!("card.{axis}-{}", meaning(finding.status))).to_owned();
    Some(Card {
        name: words.get(&format!("card.{axis}")).to_owned(),
        value: value_text,
        meaning: format!("{what} {meaning}"),
        sure,
        bar: bar::of(finding, words),
    })
}

/// Statuses between which plain words make no difference.
const fn meaning(status: Status) -> &'static str {
    match status {
        Status::Low => "low",
        Status::Normal => "normal",
        Status::Borderline => "borderline",
        Status::High | Status::Incomplete => "high",
        Status::Partial => "partial",
        Status::Unknown => "unknown",
    }
}

fn repetitions(report: &Report<'_>, words: &Words) -> Option<Card> {
    let all = report.trials().count();
    let valid = report.trials().filter(|one| one.validity != Validity::Invalid).count();
    let values = [("valid", valid.to_string()), ("all", all.to_string())];
    let values: Vec<(&str, &str)> =
        values.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let meaning = if valid == all { "card.repetitions-all" } else { "card.repetitions-meaning" };
    (all > 0).then(|| Card {
        name: words.get("card.repetitions").to_owned(),
        value: words.fill("card.repetitions-value", &values),
        meaning: words.get(meaning).to_owned(),
        sure: String::new(),
        bar: None,
    })
}

fn contractions(found: Option<&ChannelSummary>, words: &Words) -> Option<Card> {
    let count = found?.contractions.len();
    (count > 0).then(|| Card {
        name: words.get("card.contractions").to_owned(),
        value: count.to_string(),
        meaning: words.get("card.contractions-meaning").to_owned(),
        sure: String::new(),
        bar: None,
    })
}

/// What to do next: what is suggested and open, what is closed, and when to stop.
fn next(report: &Report<'_>, words: &Words) -> Vec<String> {
    let answer = report.assessment;
    let suggested = answer
        .offers
        .iter()
        .filter(|one| one.rank.is_some() && one.opening != Opening::Closed)
        .take(MOST_STEPS);
    let mut steps: Vec<String> = suggested
        .map(|offer| {
            let name = programme_name(offer.programme, words);
            match offer.opening {
                Opening::WithSafeguards => words.fill("person.step-with-care", &[("name", name)]),
                Opening::Open | Opening::Closed => words.fill("person.step", &[("name", name)]),
            }
        })
        .collect();
    if steps.is_empty() {
        steps.push(words.get("person.no-step").to_owned());
    }
    steps.push(words.get("person.stop").to_owned());
    steps
}
