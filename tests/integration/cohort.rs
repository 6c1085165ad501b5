//! Virtual people through programmes, engine and rule: who is answered how, and is anybody tight told
//! to strengthen?
//!
//! A part of the people, in `tests/snapshots/cohort_*.txt`. The whole table is
//! `tests/snapshots/cohort_full.txt`, with the command that makes it.

use std::fmt::Write;

use levator_catalog::references;
use levator_simulate::people::Condition;

mod accuracy;
mod artefacts;
mod change;
mod gain;
mod living;
mod mangled;
mod profile;
mod report;
mod wire;

/// None that the rule was tried with.
const SEED: u64 = 102;

/// Compares with the snapshot and says how to move it.
fn keep(part: &str, table: &str) {
    let path = format!("{}/tests/snapshots/cohort_{part}.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, table).expect("the checkout can be written");
        panic!("moved; was:\n{kept}\nis now:\n{table}\nif that is right, move {new} over it");
    }
}

#[test]
fn people_are_answered_by_their_label_and_nobody_tight_gets_a_green_gate() {
    let all = accuracy::judged(SEED, 156, &references::all());
    let mut text = format!("seed {SEED}\n");
    let _ = write!(text, "{}", accuracy::table(&all));
    for (one, _) in accuracy::tight(&all) {
        assert!(!accuracy::is_green(one), "{:?}", one.person);
    }
    for one in all.iter().filter(|one| one.person.condition == Condition::PartialRelaxer) {
        assert!(!accuracy::is_red(one), "{:?}", one.person);
    }
    let balanced = accuracy::balanced(all.iter());
    assert!(balanced >= 0.9, "{balanced}\n{text}");
    keep("answers", &text);
}

#[test]
fn the_words_of_a_report_never_say_more_than_the_gate_leaves_open() {
    let faults = report::all(SEED, 52, &references::all());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn chance_between_visits_is_no_improvement_and_twice_the_detectable_change_is() {
    let changes = change::changes(SEED, 40, &references::all());
    let text = change::table(&changes);
    // Of 37 pairs, one more or less is three of a hundred: below 0.05 is for the full table to show.
    assert!(changes.false_strength.ratio() < 0.1, "{text}");
    assert!(changes.false_published.ratio() < 0.05, "{text}");
    assert!(changes.false_other.ratio() < 0.05, "{text}");
    assert!(changes.true_strength.ratio() >= 0.8, "{text}");
    keep("changes", &text);
}

#[test]
fn whatever_goes_wrong_in_a_visit_there_is_an_answer() {
    let answers = mangled::answers(SEED, 99, &references::all());
    assert!(answers.tight_green.is_empty(), "{:?}", answers.tight_green);
    keep("mangled", &mangled::table(&answers));
}

#[test]
fn twice_the_gain_with_a_profile_that_follows_changes_no_verdict() {
    let differences = gain::differences(SEED, 12, &references::all());
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn measures_with_artefacts_say_so_and_tone_is_not_judged_from_them() {
    let rows = artefacts::said(SEED, 6, &references::all());
    let text = artefacts::table(&rows);
    for (artefact, _, said) in &rows {
        assert_eq!((said.rest_missed, said.tone_judged), (0, 0), "{text}");
        let flagged = f64::from(said.flagged) / f64::from(said.measures);
        assert!(*artefact != artefacts::Artefact::None || flagged < 0.01, "{text}");
    }
    keep("artefacts", &text);
}
