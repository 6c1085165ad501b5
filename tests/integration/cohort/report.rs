//! Reports of virtual people: what they are told never says more than the gate leaves open.

use levator_engine::Summary;
use levator_programme::{Gate, Opening, Programme};
use levator_report::progress::{self, Series};
use levator_report::report::Audit;
use levator_report::{Lang, Report, Trace, Words, person, referrer, text};
use levator_score::explain::{gate_text, training_text};
use levator_score::{Assessment, Earlier, Label, Reference, explain};
use levator_simulate::people::{Participant, cohort};

use super::living::{Fate, Programmes, config, for_each, lived, lived_with, quick};
use super::profile::{assessed, observed};
use crate::support::foreign_words;

/// What is wrong with the reports of one person; nothing, if all is well.
fn faults(person: &Participant, programmes: &Programmes, references: &[Reference]) -> Vec<String> {
    let programme = programmes.of(person);
    let whole = lived(&person.visit(0, programme), programme);
    // The same person, who leaves before anything was measured, and in the middle.
    let cut = |share: f64| {
        let visit = person.visit(1, programme);
        let end = share * visit.scan_count() as f64;
        lived_with(&visit, &config(&person.setup, programme), |first, _| {
            if first as f64 > end { Fate::Stopped } else { Fate::Kept }
        })
    };
    let earlier = Earlier {
        stamp: Some(programme.stamp()),
        position: None,
        channels: observed(person),
        measures: whole.measures.clone(),
    };
    let visits = [
        (&whole, &[][..]),
        (&cut(0.05), std::slice::from_ref(&earlier)),
        (&cut(0.5), std::slice::from_ref(&earlier)),
    ];
    let mut faults = Vec::new();
    for (summary, earlier) in visits {
        let assessment = assessed(person, programme, summary, references, earlier);
        faults.extend(of_visit(person, programme, summary, &assessment));
    }
    faults.into_iter().map(|fault| format!("{:?}: {fault}", person.condition)).collect()
}

/// What is wrong with what is said of one visit.
fn of_visit(
    person: &Participant,
    programme: &Programme,
    summary: &Summary,
    assessment: &Assessment,
) -> Vec<String> {
    let mut faults = Vec::new();
    // Answer and progress need no channel.
    let said = explain(assessment).join(" ");
    let (now, _) = said.split_once("What would change").unwrap_or((&said, ""));
    if now.contains("strengthening is open") != (assessment.strengthening() != Opening::Closed) {
        faults.push(format!("the answer contradicts the gate: {now}"));
    }
    let series = [Series {
        programme: Some(programme.definition().id.clone()),
        visits: vec![progress::Visit { name: "1".to_owned(), date: None }; 2],
        measures: Vec::new(),
        latest: assessment.clone(),
    }];
    let channel = summary.principal().map(|one| one.id);
    let (trace, audit) = (Trace::new(), Audit::default());
    let config = config(&person.setup, programme);
    let report = channel.map(|channel| Report {
        summary,
        config: &config,
        assessment,
        trace: &trace,
        channel,
        channel_name: "",
        grid: None,
        about: &[],
        notes: &[],
        audit: &audit,
    });
    faults.extend(report.iter().flat_map(unmarked));
    for lang in Lang::ALL {
        let words = Words::of(lang);
        let mut pages = vec![("progress", progress::document(&series, "", &words))];
        if let Some(report) = &report {
            let plain = flat(&text::render(&person::document(report, &words)));
            contradictions(&plain, assessment, &words, &mut faults);
            pages.push(("referrer", referrer::document(report, &words)));
        }
        let gate = flat(&words.said(training_text(assessment.label, assessment.gate)));
        let open = [Gate::Green, Gate::Amber].map(|gate| flat(&words.said(gate_text(gate))));
        for (page, document) in pages {
            let said = flat(&text::render(&document));
            let mut fault = |holds: bool, text: String| {
                if holds {
                    faults.push(format!("{}, {page}: {text}", lang.code()));
                }
            };
            fault(!said.contains(&gate), format!("does not say: {gate}"));
            for other in open.iter().filter(|one| !gate.contains(one.as_str())) {
                fault(said.contains(other), format!("says, too: {other}"));
            }
            let screening = flat(&words.said(assessment.screening));
            fault(!said.contains(&screening), "does not say that it is no diagnosis".to_owned());
        }
    }
    faults
}

/// What both reports say that comes from no catalogue.
fn unmarked(report: &Report<'_>) -> Vec<String> {
    let words = Words::of(Lang::Marked);
    let documents = [person::document(report, &words), referrer::document(report, &words)];
    let foreign = documents.iter().flat_map(|one| foreign_words(&text::render(one)));
    foreign.map(|word| format!("says without a catalogue: {word}")).collect()
}

/// Without breaks of lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn contradictions(page: &str, answer: &Assessment, words: &Words, faults: &mut Vec<String>) {
    let lang = words.lang.code();
    let mut fault = |holds: bool, text: String| {
        if holds {
            faults.push(format!("{lang}: {text}"));
        }
    };
    let sentence = |gate: &Gate| flat(words.get(&format!("person.training-{}", gate.name())));
    let again = flat(words.get("person.training-measure-again"));
    let said = if answer.is_too_little() { again.clone() } else { sentence(&answer.gate) };
    fault(!page.contains(&said), format!("does not say: {said}"));
    for other in Gate::ALL.iter().map(sentence).chain([again]).filter(|one| *one != said) {
        fault(page.contains(&other), format!("says, too: {other}"));
    }
    for offer in &answer.offers {
        let key = format!("programme.{}", offer.programme);
        let step = format!("- {}", words.get(&key));
        let is_strong = offer.programme.starts_with("strengthening");
        let is_left_open = answer.label == Label::InsufficientData && is_strong;
        fault(
            is_left_open && offer.opening != Opening::Closed,
            format!("{} is open on too little", offer.programme),
        );
        let is_shut = offer.opening == Opening::Closed;
        let is_step = [" -", ":", " :"].iter().any(|end| page.contains(&format!("{step}{end}")));
        fault(is_shut && is_step, format!("suggests {}, which is closed", offer.programme));
    }
    let screening = flat(&words.said(answer.screening));
    fault(page.matches(&screening).count() != 1, "the screening sentence is not there".to_owned());
    let rest = page.replace(&screening, "").to_lowercase();
    for word in ["weak", "fail", "\u{b5}v", "mikrovolt", "schwach", "faible", "d\u{e9}bil"] {
        fault(rest.contains(word), format!("says {word}"));
    }
}

/// Over a cohort; every fault with the person it was found in.
pub(super) fn all(seed: u64, count: usize, references: &[Reference]) -> Vec<String> {
    let programmes = Programmes::new();
    let people: Vec<Participant> = cohort(seed, count).into_iter().map(quick).collect();
    for_each(&people, |person| faults(person, &programmes, references)).concat()
}
