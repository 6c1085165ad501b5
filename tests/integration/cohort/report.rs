//! Reports of virtual people: what they are told never says more than the gate leaves open.

use levator_programme::{Gate, Opening};
use levator_report::report::Audit;
use levator_report::{Lang, Report, Trace, Words, person, referrer, text};
use levator_score::{Assessment, Label, Reference};
use levator_simulate::people::{Participant, cohort};

use super::living::{Programmes, config, for_each, lived, quick};
use super::profile::assessed;
use crate::support::foreign_words;

/// What is wrong with the reports of one person; nothing, if all is well.
fn faults(person: &Participant, programmes: &Programmes, references: &[Reference]) -> Vec<String> {
    let programme = programmes.of(person);
    let summary = lived(&person.visit(0, programme), programme);
    let assessment = assessed(person, programme, &summary, references, &[]);
    let Some(channel) = summary.principal().map(|one| one.id) else { return Vec::new() };
    let (trace, audit) = (Trace::new(), Audit::default());
    let report = Report {
        summary: &summary,
        config: &config(&person.setup, programme),
        assessment: &assessment,
        trace: &trace,
        channel,
        channel_name: "",
        grid: None,
        about: &[],
        notes: &[],
        audit: &audit,
    };
    let mut faults = unmarked(&report);
    for lang in Lang::ALL {
        let words = Words::of(lang);
        let plain = text::render(&person::document(&report, &words));
        contradictions(&flat(&plain), &assessment, &words, &mut faults);
        let full = flat(&text::render(&referrer::document(&report, &words)));
        let gate = words.said(levator_score::explain::gate_text(assessment.gate));
        let open = words.said(levator_score::explain::gate_text(Gate::Green));
        if is_too_little(&assessment) && full.contains(open.split(": ").nth(1).unwrap_or(&open)) {
            faults.push(format!("{}: strengthening is called open on too little", lang.code()));
        }
        if !is_too_little(&assessment) && !full.contains(&flat(&gate)) {
            faults.push(format!("{}: the referrer is not told: {gate}", lang.code()));
        }
    }
    faults.into_iter().map(|fault| format!("{:?}: {fault}", person.condition)).collect()
}

/// What both reports say that comes from no catalogue.
fn unmarked(report: &Report<'_>) -> Vec<String> {
    let words = Words::of(Lang::Marked);
    let documents = [person::document(report, &words), referrer::document(report, &words)];
    let foreign = documents.iter().flat_map(|one| foreign_words(&text::render(one)));
    foreign.map(|word| format!("says without a catalogue: {word}")).collect()
}

/// The gate would open strengthening, and the visit shows too little to start it.
fn is_too_little(answer: &Assessment) -> bool {
    let is_open = matches!(answer.gate, Gate::Green | Gate::Amber);
    answer.label == Label::InsufficientData && is_open
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
    let too_little = is_too_little(answer);
    let said = if too_little { again.clone() } else { sentence(&answer.gate) };
    fault(!page.contains(&said), format!("does not say: {said}"));
    for other in Gate::ALL.iter().map(sentence).chain([again]).filter(|one| *one != said) {
        fault(page.contains(&other), format!("says, too: {other}"));
    }
    for offer in &answer.offers {
        let key = format!("programme.{}", offer.programme);
        let step = format!("- {}", words.get(&key));
        let is_strong = offer.programme.starts_with("strengthening");
        let is_shut = offer.opening == Opening::Closed || too_little && is_strong;
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
