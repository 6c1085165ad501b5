use std::collections::BTreeMap;

use levator_programme::Gate;
use levator_simulate::people::{
    Anatomy, Bounds, Condition, Coordination, Impossible, Label, Margin, Modality, Participant,
    PressureFamily, PressureSem, Relaxation, Setup, Site, Strength, Tone, cohort,
};

use super::ruler::{programme, setup};

/// Everybody who can be measured, `count` times.
fn everybody(margin: Margin, count: u64) -> Vec<Participant> {
    let mut people = Vec::new();
    for condition in Condition::ALL {
        for anatomy in [Anatomy::Female, Anatomy::Male] {
            for setup in Setup::usual() {
                for seed in 0..count {
                    people.extend(Participant::draw(condition, anatomy, setup, margin, seed));
                }
            }
        }
    }
    people
}

fn about(person: &Participant) -> String {
    format!("{} {} {}", person.condition.name(), person.setup.name(), person.seed)
}

#[test]
fn clear_people_lie_two_standard_errors_from_their_bounds() {
    let k = (2.0 * Bounds::EMG_SEM_RATIO).exp();
    for person in everybody(Margin::Clear, 60) {
        let about = about(&person);
        let (tight, weak) = (person.condition.is_tight(), person.condition.is_weak());
        // What floating point may take away at a bound.
        let slack = 1e-9;
        if let (Some(emg), bounds) = (person.emg, person.bounds) {
            if let Some(bound) = bounds.rest_uv {
                match tight {
                    true => assert!(emg.rest_uv > bound * k - slack, "{about}: {emg:?}"),
                    false => assert!(emg.rest_uv < bound / k + slack, "{about}: {emg:?}"),
                }
            }
            for (bound, level) in [(bounds.tonic_uv, emg.tonic_uv), (bounds.flick_uv, emg.flick_uv)]
            {
                let Some(bound) = bound else { continue };
                match (weak, tight) {
                    (true, false) => assert!(level < bound / k + slack, "{about}: {emg:?}"),
                    (true, true) => {
                        assert!(
                            level - emg.rest_uv < 1.051 * bound.max(0.35 * emg.rest_uv),
                            "{about}"
                        );
                    }
                    // Whether rest is counted in or not.
                    (false, _) => {
                        assert!(level - emg.rest_uv > bound * k - slack, "{about}: {emg:?}");
                    }
                }
            }
            assert!(emg.noise_uv <= 0.25 * emg.rest_uv + slack, "{about}: {emg:?}");
            assert!(emg.tonic_uv >= 1.3 * emg.rest_uv, "no contraction to see: {about} {emg:?}");
        }
        let Some(pressure) = person.pressure else { continue };
        let family = person.setup.pressure.expect("it has pressure");
        let sem = PressureSem::of(family);
        if let Some(bound) = person.bounds.rest_pressure {
            match tight {
                true => assert!(pressure.rest >= bound + 2.0 * sem.rest, "{about}: {pressure:?}"),
                false => assert!(pressure.rest <= bound - 2.0 * sem.rest, "{about}: {pressure:?}"),
            }
        }
        if let Some(bound) = person.bounds.squeeze_pressure {
            let anal = family == PressureFamily::Anorectal;
            let level = pressure.squeeze + if anal { pressure.rest } else { 0.0 };
            match (weak, tight && anal) {
                (_, true) => {}
                (true, false) => {
                    assert!(level <= bound - 2.0 * sem.squeeze + slack, "{about}: {pressure:?}");
                }
                (false, false) => {
                    assert!(level >= bound + 2.0 * sem.squeeze - slack, "{about}: {pressure:?}");
                }
            }
        }
        assert!(pressure.squeeze >= 5.0, "no contraction to see: {about} {pressure:?}");
    }
}

#[test]
fn borderline_people_lie_within_one_standard_error_on_the_right_side() {
    let near = Bounds::EMG_SEM_RATIO.exp() * (1.0 + 1e-9);
    for person in everybody(Margin::Borderline, 30) {
        let (Some(emg), about) = (person.emg, about(&person)) else { continue };
        let ratio = person.bounds.rest_uv.map(|bound| emg.rest_uv / bound);
        match (person.condition, ratio) {
            (Condition::Healthy, Some(ratio)) => {
                assert!(ratio <= 1.0 && ratio >= 1.0 / near, "{about}: {ratio}");
            }
            (Condition::Hypertonic | Condition::TightAndWeak, Some(ratio)) => {
                assert!(ratio >= 1.0 && ratio <= near, "{about}: {ratio}");
            }
            (Condition::NonRelaxing, _) => {
                assert!((1.35..1.45).contains(&emg.between_ratio), "{about}: {emg:?}");
            }
            (Condition::Dyssynergic, _) => {
                assert!((0.5..0.6).contains(&emg.push_ratio()), "{about}: {emg:?}");
            }
            _ => {}
        }
        if let (Condition::Weak, Some(bound)) = (person.condition, person.bounds.tonic_uv) {
            assert!(emg.tonic_uv <= bound && emg.tonic_uv >= bound / near, "{about}: {emg:?}");
        }
    }
}

#[test]
fn what_is_expected_is_what_the_label_says_where_the_setup_can_see_it() {
    let label = |condition, name: &str| {
        let setup = setup(name);
        let male = setup.site() == Some(Site::Perianal);
        let anatomy = if male { Anatomy::Male } else { Anatomy::Female };
        let person = Participant::draw(condition, anatomy, setup, Margin::Clear, 3)
            .expect("can be measured");
        let expected = person.expected();
        (expected.label, expected.gate)
    };
    use Condition as C;
    for (condition, name, expected) in [
        (C::Healthy, "oleksy-emg", (Label::WithinExpected, Gate::Green)),
        (C::Healthy, "peritron+abdomen", (Label::Inconclusive, Gate::Amber)),
        (C::Healthy, "perianal-patch", (Label::Inconclusive, Gate::Amber)),
        (C::Weak, "kasper-emg", (Label::Weak, Gate::Green)),
        (C::Weak, "peritron", (Label::Weak, Gate::Amber)),
        (C::Hypertonic, "perianal-patch", (Label::Hypertonic, Gate::Red)),
        // A probe that is zeroed at rest shows no tone.
        (C::Hypertonic, "peritron+abdomen", (Label::Inconclusive, Gate::Amber)),
        (C::TightAndWeak, "camtech", (Label::Mixed, Gate::Red)),
        (C::TightAndWeak, "oleksy-emg", (Label::Hypertonic, Gate::Red)),
        (C::NonRelaxing, "camtech+abdomen", (Label::NonRelaxing, Gate::Red)),
        (C::Dyssynergic, "anorectal+abdomen", (Label::NonRelaxing, Gate::Red)),
        (C::Dyssynergic, "camtech", (Label::WithinExpected, Gate::Green)),
        (C::BearingDown, "peritron+abdomen", (Label::UnableToContract, Gate::Red)),
        (C::Fatiguing, "camtech", (Label::WithinExpected, Gate::Green)),
        (C::PartialRelaxer, "kasper-emg", (Label::WithinExpected, Gate::Amber)),
        (C::PregnantHealthy, "oleksy-emg", (Label::InsufficientData, Gate::Amber)),
        (C::PregnantWeak, "peritron", (Label::Weak, Gate::Amber)),
        (C::PostPartumWeak, "anorectal+abdomen", (Label::Weak, Gate::Green)),
    ] {
        assert_eq!(label(condition, name), expected, "{} {name}", condition.name());
    }
}

#[test]
fn what_the_programme_does_not_ask_for_is_not_expected() {
    let draw = |condition| {
        Participant::draw(condition, Anatomy::Female, setup("oleksy-emg"), Margin::Clear, 3)
            .expect("can be measured")
    };
    let dyssynergic = draw(Condition::Dyssynergic);
    let glazer = dyssynergic.expected_in(&programme("glazer"));
    assert_eq!(glazer.coordination, Coordination::Unknown);
    assert_eq!(glazer.label, Label::WithinExpected);
    assert_eq!(dyssynergic.expected_in(&programme("push")).label, Label::NonRelaxing);
    let breathing = draw(Condition::Hypertonic).expected_in(&programme("breathing"));
    assert_eq!((breathing.tone, breathing.strength), (Tone::High, Strength::Unknown));
    assert_eq!(breathing.relaxation, Relaxation::Unknown);
    assert_eq!(breathing.label, Label::InsufficientData);
}

#[test]
fn nobody_tight_or_not_letting_go_is_expected_to_have_a_green_gate_where_it_can_be_seen() {
    for person in everybody(Margin::Clear, 20) {
        let expected = person.expected();
        let sees_tone = expected.tone != Tone::Unknown;
        if person.condition.is_tight() {
            assert_ne!(expected.gate, Gate::Green, "{}", about(&person));
            assert_eq!(sees_tone, expected.gate == Gate::Red, "{}", about(&person));
        }
        match person.condition {
            Condition::NonRelaxing | Condition::BearingDown => {
                // In the anal canal pressure shows it in part.
                let partial = expected.relaxation == Relaxation::Partial
                    && person.setup.pressure == Some(PressureFamily::Anorectal);
                assert!(
                    expected.gate == Gate::Red
                        || expected.label == Label::InsufficientData
                        || partial && expected.gate == Gate::Amber,
                    "{}",
                    about(&person)
                );
            }
            Condition::PartialRelaxer => {
                assert_eq!(expected.gate, Gate::Amber, "{}", about(&person));
            }
            _ => {}
        }
    }
}

#[test]
fn a_person_does_not_depend_on_gain_or_rate_and_one_seed_gives_one_person() {
    let draw = |setup, seed| {
        Participant::draw(Condition::Weak, Anatomy::Female, setup, Margin::Clear, seed)
            .expect("can be measured")
    };
    let one = draw(setup("oleksy-emg"), 1);
    assert_eq!(one, draw(setup("oleksy-emg"), 1));
    assert_eq!(one.emg, draw(Setup { gain: 4.0, ..one.setup }, 1).emg);
    assert_ne!(one.emg, draw(setup("oleksy-emg"), 2).emg);
    // Pinned: the same bits on every machine.
    let bits = [1_u64, 2, 3].map(|seed| {
        let emg = draw(setup("oleksy-emg"), seed).emg.expect("it has EMG");
        emg.rest_uv.to_bits() ^ emg.tonic_uv.to_bits().rotate_left(21)
    });
    assert_eq!(bits, PINNED_PEOPLE);
}

const PINNED_PEOPLE: [u64; 3] =
    [12_241_659_441_852_503_361, 7_452_269_487_802_454_041, 1_583_180_119_825_392_977];

#[test]
fn who_cannot_be_measured_is_refused() {
    let draw = |condition, anatomy, setup| {
        Participant::draw(condition, anatomy, setup, Margin::Clear, 1).map(|_| ())
    };
    let (oleksy, anal) = (setup("oleksy-emg"), setup("anorectal+abdomen"));
    assert_eq!(draw(Condition::Healthy, Anatomy::Male, oleksy), Err(Impossible::Anatomy));
    assert_eq!(draw(Condition::PregnantWeak, Anatomy::Male, anal), Err(Impossible::Condition));
    let none = Setup { emg: None, ..oleksy };
    assert_eq!(draw(Condition::Healthy, Anatomy::Female, none), Err(Impossible::Devices));
    let two = Setup { pressure: Some(PressureFamily::Anorectal), ..oleksy };
    assert_eq!(draw(Condition::Healthy, Anatomy::Female, two), Err(Impossible::Devices));
    for gain in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let setup = Setup { gain, ..oleksy };
        assert_eq!(draw(Condition::Healthy, Anatomy::Female, setup), Err(Impossible::Gain));
    }
}

#[test]
fn a_cohort_is_balanced_and_a_larger_one_begins_with_it() {
    let people = cohort(5, 1300);
    assert_eq!(people[..40], cohort(5, 40));
    assert_ne!(people[..40], cohort(6, 40));
    let count = |key: &dyn Fn(&Participant) -> String| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for person in &people {
            *counts.entry(key(person)).or_default() += 1;
        }
        counts
    };
    let conditions = count(&|person| person.condition.name().to_owned());
    assert!(conditions.values().all(|count| *count == 100), "{conditions:?}");
    // Within one deck of 39 or 18 combinations each comes as often as the next, give or take one.
    let gains = count(&|person| person.setup.gain.to_string());
    assert!(gains.values().all(|count| (380..=480).contains(count)), "{gains:?}");
    let setups = count(&|person| person.setup.name());
    assert_eq!(setups.len(), 13);
    assert!(setups.values().all(|count| *count >= 40), "{setups:?}");
    let men = people.iter().filter(|person| person.anatomy == Anatomy::Male).count();
    // Half of the nine conditions that are not of pregnancy or birth.
    assert_eq!(men, 9 * 50);
    for modality in [Modality::Emg, Modality::Pressure, Modality::Both] {
        let share = people.iter().filter(|person| person.setup.modality() == modality).count();
        assert!(share > 150, "{modality:?}: {share}");
    }
}
