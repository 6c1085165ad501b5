//! What cannot be run is refused, with the place and the bounds.

use levator_programme::{
    Breathing, Definition, Feedback, Load, Millis, Part, Phase, PhaseKind, Point, Programme,
    Repeat, Source, Target, TargetUnit, Template, Window, WindowKind,
};

fn legal() -> Definition {
    let hold = Phase {
        rest: Millis::from_secs(10),
        repetitions: 3,
        target: Some(Target { lower: Some(0.5), upper: None, unit: TargetUnit::MvcRatio }),
        ..Phase::new("hold", PhaseKind::Hold, Millis::from_secs(5))
    };
    Definition {
        phases: vec![Phase::new("rest", PhaseKind::Rest, Millis::from_secs(30)), hold],
        ..Definition::new("own", "Own", Source::own(), Load::Light)
    }
}

/// The message for a legal programme with one change.
fn refusal(change: impl Fn(&mut Definition)) -> String {
    let mut definition = legal();
    change(&mut definition);
    match Programme::new(definition) {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_legal_is_taken() {
    assert_eq!(refusal(|_| ()), "taken");
}

#[test]
fn numbers_out_of_bounds_are_named_with_their_bounds() {
    assert_eq!(
        refusal(|d| d.phases[1].repetitions = 0),
        "phase 2 (hold): repetitions is 0, not within 1 to 200"
    );
    assert_eq!(
        refusal(|d| d.phases[1].duration = Millis(99)),
        "phase 2 (hold): duration is 0.099 s, not within 0.1 s to 7200 s"
    );
    assert_eq!(
        refusal(|d| d.phases[1].rest = Millis(1)),
        "phase 2 (hold): rest is 0.001 s, not within 0.1 s to 7200 s"
    );
    assert_eq!(refusal(|d| d.version = 0), "version is 0, not within 1 to 4294967295");
    assert_eq!(refusal(|d| d.phases.clear()), "phases is 0, not within 1 to 100");
    assert_eq!(
        refusal(|d| {
            d.load = Load::Strengthening;
            d.phases[1].repetitions = 200;
            d.repeats = vec![Repeat { first: 1, last: 1, times: 100 }];
        }),
        "steps is 40001, not within 1 to 4096"
    );
    assert_eq!(
        refusal(|d| {
            for id in ["b", "c"] {
                let longest = Phase::new(id, PhaseKind::Free, Millis::from_secs(7200));
                d.phases.push(longest);
            }
        }),
        "length is 14475 s, not within 0.1 s to 14400 s"
    );
}

#[test]
fn names_and_texts_are_plain() {
    assert_eq!(
        refusal(|d| d.phases[0].id = "Rest".to_owned()),
        "phase 1 (Rest): id is \"Rest\", not 1 to 64 of the letters a to z, digits and hyphens"
    );
    assert!(refusal(|d| d.id = String::new()).starts_with("id is \"\""));
    assert!(refusal(|d| d.next = Some("a b".to_owned())).starts_with("next is \"a b\""));
    assert!(refusal(|d| d.name = " ".to_owned()).starts_with("name is empty"));
    assert!(
        refusal(|d| d.phases[0].say = Some("a\nb".to_owned())).contains("say is empty, longer")
    );
    assert_eq!(
        refusal(|d| d.phases[1].id = "rest".to_owned()),
        "phase 2 (rest): id is \"rest\", as for an earlier phase"
    );
}

#[test]
fn targets_and_curves_make_sense() {
    let target = |lower, upper, unit| Some(Target { lower, upper, unit });
    assert_eq!(
        refusal(|d| d.phases[1].target = target(Some(0.6), Some(0.5), TargetUnit::MvcRatio)),
        "phase 2 (hold): target needs a lower limit below its upper limit, or only one"
    );
    assert_eq!(
        refusal(|d| d.phases[1].target = target(Some(60.0), None, TargetUnit::MvcRatio)),
        "phase 2 (hold): target is 60, not within 0 to 2"
    );
    assert!(
        refusal(|d| d.phases[1].target = target(None, None, TargetUnit::Microvolt))
            .contains("needs a lower limit")
    );
    assert!(
        refusal(|d| d.phases[1].target = target(Some(f64::NAN), None, TargetUnit::Microvolt))
            .contains("is NaN, not within")
    );
    assert!(
        refusal(|d| {
            d.phases[0].rest_target = target(Some(1.0), None, TargetUnit::RestRatio);
        })
        .contains("rest_target needs a rest")
    );
    let ramps = |rise, fall| Template::Trapezoid { rise: Millis(rise), fall: Millis(fall) };
    assert_eq!(
        refusal(|d| d.phases[1].template = ramps(3000, 2001)),
        "phase 2 (hold): template is 5.001 s, not within 0 s to 5 s"
    );
    assert_eq!(
        refusal(|d| d.phases[0].template = ramps(1000, 1000)),
        "phase 1 (rest): template needs a target that says how high it goes"
    );
    let points = |points: &[(u64, f64)]| {
        let point = |&(at, ratio): &(u64, f64)| Point { at: Millis(at), ratio };
        Template::Points(points.iter().map(point).collect())
    };
    assert!(
        refusal(|d| d.phases[1].template = points(&[(2000, 0.0), (1000, 1.0)]))
            .contains("not in ascending order")
    );
    assert!(
        refusal(|d| d.phases[1].template = points(&[(0, 0.0), (1000, 2.5)]))
            .contains("is 2.5, not within -1 to 2")
    );
    assert!(
        refusal(|d| d.phases[1].template = points(&[(0, 0.0), (5001, 1.0)])).contains("is 5.001 s")
    );
}

#[test]
fn windows_lie_in_their_part() {
    let window = |part, from, to| {
        let kind = WindowKind::Contraction;
        Some(vec![Window { kind, part, from: Millis(from), to: Millis(to) }])
    };
    assert_eq!(
        refusal(|d| d.phases[1].windows = window(Part::Work, 0, 5001)),
        "phase 2 (hold): windows is 5.001 s, not within 0.1 s to 5 s"
    );
    assert!(
        refusal(|d| d.phases[1].windows = window(Part::Work, 4000, 4000))
            .contains("is 4 s, not within 0 s to 3.9 s")
    );
    assert!(
        refusal(|d| d.phases[0].windows = window(Part::Rest, 0, 5000))
            .contains("needs a rest after the repetition")
    );
    assert!(
        refusal(|d| d.phases[0].windows = window(Part::Recovery, 0, 5000))
            .contains("cannot lie in a recovery")
    );
    assert!(
        refusal(|d| {
            d.phases[0].kind = PhaseKind::Settle;
            d.phases[0].windows = window(Part::Work, 0, 5000);
        })
        .contains("windows is 1, not within 0 to 0")
    );
}

#[test]
fn runs_are_in_order_and_apart() {
    let run = |first, last, times| Repeat { first, last, times };
    for runs in [
        vec![run(1, 0, 2)],
        vec![run(0, 2, 2)],
        vec![run(0, 1, 2), run(1, 1, 2)],
        vec![run(1, 1, 2), run(0, 0, 2)],
    ] {
        let message = refusal(|d| d.repeats = runs.clone());
        assert!(message.contains("is not a run of phases after"), "{message}");
    }
    assert_eq!(
        refusal(|d| d.repeats = vec![run(1, 1, 1)]),
        "repeat 1: times is 1, not within 2 to 100"
    );
    assert_eq!(refusal(|d| d.repeats = vec![run(0, 0, 2), run(1, 1, 2)]), "taken");
}

#[test]
fn trials_without_feedback_exist_and_are_in_order() {
    let refusal = |trials: &[u32]| {
        refusal(|d| {
            d.phases[1].feedback = Feedback::Except(trials.to_vec());
        })
    };
    assert_eq!(refusal(&[1, 3]), "taken");
    assert!(refusal(&[4]).contains("feedback is 4, not within 1 to 3"));
    assert!(refusal(&[3, 1]).contains("not in ascending order"));
    assert!(refusal(&[2, 2]).contains("not in ascending order"));
    assert!(refusal(&[]).contains("not in ascending order"));
}

#[test]
fn a_pace_can_be_breathed() {
    let pace = |inhale, exhale| {
        let none = Millis::ZERO;
        let pace = Breathing {
            inhale: Millis(inhale),
            hold_full: none,
            exhale: Millis(exhale),
            hold_empty: none,
        };
        refusal(|d| d.phases[0].breathing = Some(pace))
    };
    assert_eq!(pace(4000, 6000), "taken");
    assert!(pace(0, 6000).contains("breathing is 0 s, not within 0.5 s"));
    assert!(pace(500, 500).contains("breathing is 1 s, not within 2 s to 30 s"));
    assert!(pace(u64::MAX, u64::MAX).contains("not within 2 s to 30 s"));
}

#[test]
fn a_programme_cannot_pass_for_lighter_than_it_is() {
    assert_eq!(
        refusal(|d| d.load = Load::None),
        "load is \"none\", but the phases come to \"light\""
    );
    let eleven = |d: &mut Definition| d.phases[1].repetitions = 11;
    assert_eq!(refusal(eleven), "load is \"light\", but the phases come to \"strengthening\"");
    assert_eq!(
        refusal(|d| {
            eleven(d);
            d.load = Load::Strengthening;
        }),
        "taken"
    );
    // The same eleven, spread over rounds.
    assert!(
        refusal(|d| {
            d.phases[1].repetitions = 3;
            d.repeats = vec![Repeat { first: 1, last: 1, times: 4 }];
        })
        .contains("come to \"strengthening\"")
    );
    // Many kinds of ten.
    assert!(
        refusal(|d| {
            for id in ["b", "c", "d"] {
                let ten = Phase { id: id.to_owned(), repetitions: 10, ..d.phases[1].clone() };
                d.phases.push(ten);
            }
        })
        .contains("come to \"strengthening\"")
    );
}
