//! The stamp: what moves it, what does not, and vectors that hold across builds.

use levator_programme::stamp::canonical;
use levator_programme::{
    AfterGap, Breathing, Definition, Evidence, Feedback, Load, Millis, Part, Phase, PhaseKind,
    Point, Position, Programme, Repeat, Source, Stamp, Target, TargetUnit, Template, Window,
    WindowKind,
};

/// One of everything.
fn rich() -> Definition {
    let flick = Phase {
        rest: Millis::from_secs(2),
        repetitions: 3,
        position: Some(Position::Lying),
        target: Some(Target { lower: Some(0.5), upper: Some(0.65), unit: TargetUnit::MvcRatio }),
        rest_target: Some(Target { lower: None, upper: Some(1.15), unit: TargetUnit::RestRatio }),
        template: Template::Points(vec![
            Point { at: Millis::ZERO, ratio: 0.0 },
            Point { at: Millis(500), ratio: 1.0 },
        ]),
        feedback: Feedback::Except(vec![1, 3]),
        ..Phase::new("flick", PhaseKind::Flick, Millis::from_secs(2))
    };
    let breathe = Phase {
        breathing: Some(Breathing::SIX_PER_MINUTE),
        say: Some("Let the belly be soft".to_owned()),
        ..Phase::new("breathe", PhaseKind::Breathe, Millis::from_secs(60))
    };
    Definition {
        phases: vec![Phase::new("before", PhaseKind::Rest, Millis::from_secs(60)), flick, breathe],
        repeats: vec![Repeat { first: 1, last: 2, times: 2 }],
        ..Definition::new("rich", "One of everything", Source::own(), Load::Light)
    }
}

fn stamp(definition: Definition) -> Stamp {
    Programme::new(definition).expect("a legal programme").stamp()
}

#[test]
fn the_canonical_form_is_this_text() {
    let programme = Programme::new(rich()).expect("a legal programme");
    let expected = "\
levator-programme 1
load light
phase before rest
cue rest.feel rest.between
time 1 60000 0
window rest-before work 0 60000
after-gap repeat
phase flick flick
cue contract.flick rest.between
position lying
time 3 2000 2000
target 3fe0000000000000 3fe4cccccccccccd %MVC
rest-target - 3ff2666666666666 %rest
point 0 0000000000000000
point 500 3ff0000000000000
feedback-off 1
feedback-off 3
window contraction work 0 2000
window rest-between rest 1000 2000
after-gap repeat
phase breathe breathe
cue breathe rest.between
say Let the belly be soft
time 1 60000 0
breathing 4000 0 6000 0
window relaxation work 0 60000
after-gap continue
repeat 1 2 2
";
    assert_eq!(canonical(programme.definition()), expected);
}

#[test]
fn stamps_are_the_same_in_every_build() {
    let least = Definition {
        phases: vec![Phase::new("rest", PhaseKind::Rest, Millis::from_secs(1))],
        ..Definition::new("least", "Least", Source::own(), Load::None)
    };
    // Made by stamp.py, which shares no code with this crate.
    assert_eq!(
        stamp(least).to_string(),
        "cb306615c25c8acb71c132b8fc7408099991d8211d53292bcf0ecbc0c389e0d5"
    );
    assert_eq!(
        stamp(rich()).to_string(),
        "819bcbd67d9c16201f03cd8959e8c1700e5eeec3e21a4dad4c533c0e8cdfb691"
    );
}

#[test]
fn names_and_citations_do_not_move_it() {
    let mut other = rich();
    other.id = "copy".to_owned();
    other.name = "A copy".to_owned();
    other.version = 7;
    other.next = Some("more".to_owned());
    other.source.citation = "somebody".to_owned();
    other.source.evidence = Evidence::Memory;
    other.phases[1].source = Some(Source::own());
    assert_eq!(stamp(other), stamp(rich()));
}

#[test]
fn saying_what_is_the_default_does_not_move_it() {
    let spelt_out = Programme::new(rich()).expect("a legal programme").definition().clone();
    assert!(spelt_out.phases.iter().all(|phase| phase.windows.is_some()));
    assert_eq!(stamp(spelt_out), stamp(rich()));
    let mut zero = rich();
    zero.phases[1].template = Template::Points(vec![
        Point { at: Millis::ZERO, ratio: -0.0 },
        Point { at: Millis(500), ratio: 1.0 },
    ]);
    assert_eq!(stamp(zero), stamp(rich()));
}

#[test]
fn everything_that_is_asked_or_judged_moves_it() {
    type Change = fn(&mut Definition);
    let changes: &[(&str, Change)] = &[
        ("1 s more", |d| d.phases[0].duration = Millis::from_secs(61)),
        ("1 ms less rest", |d| d.phases[1].rest = Millis(1_999)),
        ("repetitions", |d| d.phases[1].repetitions = 4),
        ("times", |d| d.repeats[0].times = 3),
        ("no repeat", |d| d.repeats.clear()),
        ("load", |d| d.load = Load::Strengthening),
        ("phase name", |d| d.phases[0].id = "prior".to_owned()),
        ("kind", |d| d.phases[1].kind = PhaseKind::Hold),
        ("cue", |d| d.phases[1].cue = "contract".to_owned()),
        ("rest cue", |d| d.phases[1].rest_cue = "rest".to_owned()),
        ("words", |d| d.phases[2].say = None),
        ("position", |d| d.phases[1].position = Some(Position::Standing)),
        ("no position", |d| d.phases[1].position = None),
        ("target", |d| {
            d.phases[1].target =
                Some(Target { lower: Some(0.5), upper: None, unit: TargetUnit::MvcRatio });
        }),
        ("target's unit", |d| {
            d.phases[1].target =
                Some(Target { lower: Some(0.5), upper: Some(0.65), unit: TargetUnit::Microvolt });
        }),
        ("rest target", |d| d.phases[1].rest_target = None),
        ("template", |d| {
            d.phases[1].template = Template::Trapezoid { rise: Millis(500), fall: Millis::ZERO };
        }),
        ("pace", |d| d.phases[2].breathing = Breathing::per_minute(5.0)),
        ("feedback", |d| d.phases[1].feedback = Feedback::Except(vec![2])),
        ("no feedback", |d| d.phases[1].feedback = Feedback::Never),
        ("windows", |d| d.phases[0].windows = Some(Vec::new())),
        ("window", |d| {
            d.phases[0].windows = Some(vec![Window {
                kind: WindowKind::RestBefore,
                part: Part::Work,
                from: Millis::from_secs(30),
                to: Millis::from_secs(60),
            }]);
        }),
        ("after a gap", |d| d.phases[1].after_gap = AfterGap::Next),
        ("order", |d| {
            d.repeats.clear();
            d.phases.swap(1, 2);
        }),
    ];
    let mut stamps = vec![stamp(rich())];
    for (what, change) in changes {
        let mut changed = rich();
        change(&mut changed);
        let stamp = stamp(changed);
        assert!(!stamps.contains(&stamp), "{what} does not move the stamp");
        stamps.push(stamp);
    }
}

#[test]
fn a_stamp_comes_back_from_its_text() {
    let stamp = stamp(rich());
    assert_eq!(stamp.to_string().parse(), Ok(stamp));
    assert_eq!(stamp.short(), &stamp.to_string()[..8]);
    assert_eq!(Stamp::from_bytes(*stamp.as_bytes()), stamp);
    let upper = stamp.to_string().to_uppercase();
    for bad in ["", "00", &upper, &"é".repeat(32), &"g".repeat(64)] {
        assert!(bad.parse::<Stamp>().is_err(), "{bad}");
    }
}
