//! Can the label be read from the signals at all? A plain reading of a visit, cue by cue, beside what is
//! expected: whoever cannot be told here cannot be told by a better rule either.

use std::fmt::Write;

use levator_programme::{Part, PhaseKind, Programme};
use levator_signal::SampleRate;
use levator_simulate::people::{
    Anatomy, Bounds, Condition, Coordination, Margin, Participant, Relaxation, Setup, Strength,
    Tone, Visit,
};

use super::ruler::{mean, programme, rms, samples, setup};

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Axes by the rules that are proposed for them, from levels in windows that the programme gives.
struct Reading {
    tone: Tone,
    strength: Strength,
    relaxation: Relaxation,
    coordination: Coordination,
}

fn read(visit: &Visit, programme: &Programme) -> Reading {
    let person = visit.person();
    let is_emg = person.emg.is_some();
    let values = samples(visit).remove(0);
    let level = |from_s: f64, to_s: f64| {
        let rate = person.setup.rate;
        let piece = &values[rate.index_at(from_s).0 as usize..rate.index_at(to_s).0 as usize];
        if is_emg { rms(piece) / person.setup.gain } else { mean(piece) }
    };
    let windows = |kinds: &[PhaseKind], part: Part, from: f64, to: f64| -> Vec<f64> {
        let steps = programme.steps().iter();
        let chosen = steps
            .filter(|step| step.part == part && kinds.contains(&programme.phase_of(step).kind));
        chosen
            .map(|step| {
                let (starts_s, length_s) = (step.starts.as_secs_f64(), step.duration.as_secs_f64());
                level(starts_s + from * length_s, starts_s + to * length_s)
            })
            .collect()
    };
    let contractions = [PhaseKind::Hold, PhaseKind::Maximal];
    let rest = windows(&[PhaseKind::Rest], Part::Work, 0.0, 1.0)[0];
    let between = median(windows(&contractions, Part::Rest, 0.5, 1.0));
    // The hold of 10 s is the last of the holds.
    let held = *windows(&[PhaseKind::Hold], Part::Work, 0.15, 0.95).last().expect("it has one");
    let peak = mean(&windows(&[PhaseKind::Maximal], Part::Work, 0.3, 0.45)) - rest;
    let push = median(windows(&[PhaseKind::Push], Part::Work, 0.3, 0.95));
    let bounds = person.bounds;

    let high = if is_emg { bounds.rest_uv } else { bounds.rest_pressure };
    let tone = match high {
        None => Tone::Unknown,
        Some(bound) if rest > bound => Tone::High,
        Some(_) => Tone::Normal,
    };
    let low = if is_emg { bounds.tonic_uv } else { bounds.squeeze_pressure };
    let measured = if is_emg { held } else { peak };
    let strength = match low {
        None => Strength::Unknown,
        Some(bound) if measured < bound => Strength::Low,
        Some(_) => Strength::Normal,
    };
    let (partial, incomplete) = match is_emg {
        true => (Bounds::COMPLETE_RATIO, Bounds::INCOMPLETE_RATIO),
        // Standard error of rest on the Camtech, 3.1 cmH2O.
        false => (1.414 * 3.1, 1.645 * 1.414 * 3.1),
    };
    let left = if is_emg { between / rest } else { between - rest };
    let relaxation = match left {
        left if left > incomplete => Relaxation::Incomplete,
        left if left > partial => Relaxation::Partial,
        _ => Relaxation::Complete,
    };
    let index = (push - rest) / (held - rest);
    let coordination = match (is_emg, index > Bounds::PARADOXICAL_RATIO) {
        (false, _) => Coordination::Unknown,
        (true, true) => Coordination::Paradoxical,
        (true, false) => Coordination::Normal,
    };
    Reading { tone, strength, relaxation, coordination }
}

/// How many of `count` people have each axis as expected.
fn as_expected(setup: Setup, margin: Margin, visit: u64, seeds: u64) -> ([u32; 4], u32) {
    let programme = programme("first-visit");
    let (mut right, mut count) = ([0; 4], 0);
    for condition in Condition::ALL {
        for seed in 100..100 + seeds {
            let anatomy = [Anatomy::Female, Anatomy::Male]
                .into_iter()
                .find(|anatomy| setup.check(condition, *anatomy).is_ok());
            // Who bears down has no contraction whose axes could be read.
            let Some(anatomy) = anatomy.filter(|_| condition != Condition::BearingDown) else {
                continue;
            };
            let person = Participant::draw(condition, anatomy, setup, margin, seed)
                .expect("can be measured");
            let expected = person.expected_in(&programme);
            let got = read(&person.visit(visit, &programme), &programme);
            count += 1;
            right[0] += u32::from(got.tone == expected.tone);
            right[1] += u32::from(got.strength == expected.strength);
            right[2] += u32::from(got.relaxation == expected.relaxation);
            right[3] += u32::from(got.coordination == expected.coordination);
        }
    }
    (right, count)
}

#[test]
fn labels_of_clear_people_can_be_read_from_their_signals() {
    let mut table = format!(
        "Axes read plainly, cue by cue, of people clear of their bounds (visit 0: as drawn; 1: off by the\n\
         error of repetition) and of borderline people: how many as expected\n\n\
         {:<18} {:<10} {:>5} {:>7} {:>6} {:>9} {:>11} {:>13}\n",
        "setup", "margin", "visit", "people", "tone", "strength", "relaxation", "coordination"
    );
    let mut complaints = String::new();
    let slow = SampleRate::new(250, 1).expect("not zero");
    for name in ["oleksy-emg", "kasper-emg", "perianal-patch", "camtech"] {
        for (margin, text, visit, least) in [
            // One or two of 72 for chance in the signals; repetition goes beyond two standard errors,
            // on one side, in 2.3 % of those who lie at the margin, and few do.
            (Margin::Clear, "clear", 0, 0.97),
            (Margin::Clear, "clear", 1, 0.95),
            (Margin::Borderline, "borderline", 1, 0.0),
        ] {
            let setup = setup(name);
            let gain = if name == "kasper-emg" { 0.25 } else { 1.0 };
            // Enough for the spectrum, and four times as fast.
            let rate = if name == "camtech" { setup.rate } else { slow };
            let setup = Setup { gain, rate, ..setup };
            let (right, count) = as_expected(setup, margin, visit, 6);
            let [tone, strength, relaxation, coordination] = right;
            writeln!(
                table,
                "{name:<18} {text:<10} {visit:>5} {count:>7} {tone:>6} {strength:>9} {relaxation:>11} {coordination:>13}"
            )
            .expect("a string takes everything");
            if right.iter().any(|right| f64::from(*right) < least * f64::from(count)) {
                complaints.push_str(table.lines().last().unwrap_or_default());
                complaints.push('\n');
            }
        }
    }
    let path = format!("{}/tests/snapshots/readable.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        panic!(
            "readings moved; were:\n{kept}\nare now:\n{table}\ntoo few:\n{complaints}\nif that is right, move {new} over it"
        );
    }
    assert!(complaints.is_empty(), "too few:\n{complaints}");
}
