//! Visits in which things go wrong: there is an answer to each.

use std::collections::BTreeMap;
use std::fmt::Write;

use levator_programme::Gate;
use levator_score::{Label, Reference, Visit, assess, explain};
use levator_simulate::SeededRng;
use levator_simulate::people::{Conduct, Disturbance, Participant, Tone, cohort};

use super::living::{Fate, Programmes, config, for_each, lived_with, quick};
use super::profile::{observed, told};

/// What is done to a visit.
const WAYS: [&str; 9] = [
    "stops early",
    "trials missing, late, other ones done",
    "samples without a number",
    "samples beyond all bounds",
    "gaps",
    "wrong roles",
    "empty",
    "nothing asked for, or asked at another rate",
    "wrong profile, everything disturbed",
];

/// Answers by what was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    counts: BTreeMap<(usize, &'static str), u32>,
    /// Tight people, whose tone could have been told, with a green gate.
    pub(super) tight_green: Vec<String>,
    pub(super) count: usize,
}

/// `count` visits, each mangled in one of the ways; panics where the code under test does.
pub(super) fn answers(seed: u64, count: usize, references: &[Reference]) -> Answers {
    let programmes = Programmes::new();
    let people: Vec<(usize, Participant)> =
        cohort(seed, count).into_iter().map(quick).enumerate().collect();
    let all = for_each(&people, |(index, person)| {
        let way = index % WAYS.len();
        let (label, gate) = answer(way, person, &programmes, references);
        let expected = person.expected_in(programmes.of(person));
        let tight = person.condition.is_tight() && expected.tone == Tone::High;
        let who = format!("{}: {}, {}", WAYS[way], person.condition.name(), person.setup.name());
        (way, label, (tight && gate == Gate::Green).then_some(who))
    });
    let mut answers = Answers { count, ..Answers::default() };
    for (way, label, tight_green) in all {
        *answers.counts.entry((way, label.name())).or_default() += 1;
        answers.tight_green.extend(tight_green);
        if WAYS[way] == "empty" {
            assert_eq!(label, Label::InsufficientData);
        }
    }
    answers
}

fn answer(
    way: usize,
    person: &Participant,
    programmes: &Programmes,
    references: &[Reference],
) -> (Label, Gate) {
    let mut rng = SeededRng::new(person.seed ^ way as u64);
    let programme = programmes.of(person);
    let mut settings = config(&person.setup, programme);
    let (mut conduct, mut disturbance) = (Conduct::AS_ASKED, Disturbance::NONE);
    let mut channels = observed(person);
    let stop = rng.uniform();
    match way {
        0 => conduct.until_ratio = stop,
        1 => {
            conduct = Conduct {
                late_ratio: 0.3,
                skipped_ratio: stop,
                instead_ratio: 0.2,
                unasked_per_minute: 3.0,
                until_ratio: 1.0,
            };
        }
        5 => {
            let mut turned: Vec<_> = settings.roles.iter().map(|(_, role)| *role).collect();
            turned.rotate_left(1);
            for ((_, role), other) in settings.roles.iter_mut().zip(turned) {
                *role = other;
            }
            if settings.roles.len() == 1 {
                settings.roles.clear();
            }
        }
        7 => settings.course = None,
        8 => {
            disturbance = Disturbance::BAD;
            for (place, one) in channels.iter_mut().enumerate() {
                one.profile.gain =
                    [f64::NAN, 0.0, -1.0, 1e300][(place + (10.0 * stop) as usize) % 4];
            }
        }
        _ => {}
    }
    let visit = person.visit_with(0, programme, &conduct, &disturbance);
    let count = visit.scan_count();
    let summary = lived_with(&visit, &settings, |first, chunk| match way {
        0 if first as f64 > stop * count as f64 => Fate::Stopped,
        2 | 3 => {
            for values in chunk.iter_mut() {
                for value in values.iter_mut() {
                    if rng.happens(0.002) {
                        let odd = if way == 2 {
                            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
                        } else {
                            [1e300, -1e300, f64::MIN_POSITIVE]
                        };
                        *value = odd[rng.between(0, 2)];
                    }
                }
            }
            Fate::Kept
        }
        4 if rng.happens(0.5 * stop) => Fate::Lost,
        6 => Fate::Stopped,
        _ => Fate::Kept,
    });
    let told = told(person);
    let assessment = assess(&Visit::new(&summary.measures, &channels, &told, references));
    assert!(!explain(&assessment).is_empty());
    (assessment.label, assessment.gate)
}

/// The table.
pub(super) fn table(answers: &Answers) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} mangled visits, an answer to each; tight people with a green gate {}",
        answers.count,
        answers.tight_green.len()
    );
    for who in &answers.tight_green {
        let _ = writeln!(text, "    {who}");
    }
    for (way, name) in WAYS.iter().enumerate() {
        let _ = write!(text, "{name:48}");
        for ((_, label), count) in answers.counts.iter().filter(|((of, _), _)| *of == way) {
            let _ = write!(text, " {label} {count}");
        }
        let _ = writeln!(text);
    }
    text
}
