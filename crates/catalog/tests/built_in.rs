//! The programmes that are built in.

use std::fmt::Write as _;

use levator_catalog::cues;
use levator_catalog::programmes::{self, BUILT_IN, Origin};
use levator_programme::{
    Definition, Event, Evidence, Load, Millis, Outcome, Part, PhaseKind, Programme, Runner,
};
use levator_signal::HostTime;

fn all() -> Vec<Programme> {
    BUILT_IN
        .iter()
        .map(|(id, text)| match programmes::parse(text) {
            Ok(programme) => programme,
            Err(refusal) => panic!("{id}.toml:{refusal}"),
        })
        .collect()
}

/// Name, stamp, phases with their times; whoever changes one second sees it here.
#[test]
fn every_programme_is_this() {
    let mut table = String::new();
    for programme in all() {
        let definition = programme.definition();
        let remark = programme.evidence().remark().unwrap_or("read in its source");
        writeln!(
            table,
            "{}, version {}, {}, {}, {remark}\n  {}",
            definition.id,
            definition.version,
            definition.load.name(),
            programme.length(),
            programme.stamp(),
        )
        .expect("text has room");
        for phase in &definition.phases {
            let starts = programme
                .steps()
                .iter()
                .find(|step| definition.phases[step.phase].id == phase.id)
                .map_or(Millis::ZERO, |step| step.starts);
            let evidence = phase.source.as_ref().unwrap_or(&definition.source).evidence;
            write!(
                table,
                "  {:>6}  {:<14} {:<10} {:>2} x {} + {}  [{}]",
                starts.as_secs_f64(),
                phase.id,
                phase.kind.name(),
                phase.repetitions,
                phase.duration.as_secs_f64(),
                phase.rest.as_secs_f64(),
                evidence.name(),
            )
            .expect("text has room");
            for window in phase.windows.iter().flatten() {
                write!(
                    table,
                    "  {} {}..{}",
                    window.kind.name(),
                    window.from.as_secs_f64(),
                    window.to.as_secs_f64()
                )
                .expect("text has room");
            }
            table.push('\n');
        }
    }
    let path = format!("{}/../../tests/snapshots/programmes.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        panic!(
            "programmes moved; were:\n{kept}\nare now:\n{table}\nif that is right, move {new} over it"
        );
    }
}

/// The stamps are also in the snapshot; these are the ones that may not move by a slip of a hand
/// that moves a snapshot: recordings hold them.
#[test]
fn stamps_are_pinned() {
    let pinned = include_str!("stamps.txt");
    let stamps: String = all()
        .iter()
        .map(|programme| format!("{} {}\n", programme.stamp(), programme.definition().id))
        .collect();
    assert_eq!(stamps, pinned);
}

#[test]
fn each_has_its_own_name_and_stamp() {
    let programmes = all();
    for (index, (one, (id, _))) in programmes.iter().zip(BUILT_IN).enumerate() {
        assert_eq!(one.definition().id, *id);
        assert_eq!(programmes::origin(one), Origin::BuiltIn(id));
        for other in &programmes[..index] {
            assert_ne!(one.stamp(), other.stamp(), "{id} and {}", other.definition().id);
        }
    }
}

#[test]
fn each_comes_back_from_its_own_text() {
    for programme in all() {
        let text = programmes::to_toml(programme.definition());
        match programmes::parse(&text) {
            Ok(back) => {
                assert_eq!(back, programme);
                assert_eq!(programmes::to_toml(back.definition()), text);
            }
            Err(refusal) => panic!("{refusal} in:\n{text}"),
        }
    }
}

#[test]
fn each_names_its_source_and_what_was_chosen_here() {
    for programme in all() {
        let definition = programme.definition();
        let sources = definition.phases.iter().filter_map(|phase| phase.source.as_ref());
        for source in sources.chain([&definition.source]) {
            assert!(!source.citation.trim().is_empty());
        }
        let source = &definition.source;
        assert!(
            !source.evidence.is_provisional() || !source.note.is_empty(),
            "{} is provisional and does not say what of it",
            definition.id
        );
    }
}

/// What was remembered, or proposed, is never what people get without having asked for it.
#[test]
fn only_what_was_read_or_derived_may_be_a_default() {
    let defaults: Vec<String> = all()
        .iter()
        .filter(|one| one.evidence().may_be_default())
        .map(|one| one.definition().id.clone())
        .collect();
    assert_eq!(defaults, ["glazer"]);
    let remembered: Vec<String> = all()
        .iter()
        .filter(|one| one.evidence() == Evidence::Memory)
        .map(|one| one.definition().id.clone())
        .collect();
    for id in ["perry", "ten-ten-ten", "perfect", "iapwg", "iapwg-short", "glazer-10s"] {
        assert!(remembered.iter().any(|one| one == id), "{id} is from memory");
    }
}

#[test]
fn strengthening_is_what_loads_and_has_its_safeguards() {
    let mut loads = Vec::new();
    for programme in all() {
        if programme.load() == Load::Strengthening {
            let safeguards = programme.safeguards();
            assert!(safeguards.are_met(), "{}: {safeguards:?}", programme.definition().id);
            loads.push(programme.definition().id.clone());
        }
    }
    assert_eq!(
        loads,
        [
            "strengthening-lying",
            "strengthening-sitting",
            "strengthening-standing",
            "strengthening-long"
        ]
    );
}

#[test]
fn what_comes_next_exists_and_ends() {
    for programme in all() {
        let mut next = programme.definition().next.clone();
        let mut steps = 0;
        while let Some(id) = next {
            let following = programmes::built_in(&id);
            next = following.expect("what comes next is built in").definition().next.clone();
            steps += 1;
            assert!(steps < BUILT_IN.len(), "a circle");
        }
    }
}

/// F14: phase times within 10 ms of the definition; here they are exact.
#[test]
fn each_runs_to_its_end_on_time() {
    for programme in all() {
        let mut runner = Runner::on_host(programme.clone());
        let mut steps = 0;
        let mut done = None;
        let start = HostTime::from_nanos(123_456_789);
        let mut emit = |event: Event<HostTime>| match event {
            Event::Ended { cue, at, outcome } => {
                let step = &programme.steps()[steps];
                let (from, to) = (step.starts.0, step.starts.0 + step.duration.0);
                assert_eq!(cue.starts.as_nanos(), start.as_nanos() + from * 1_000_000);
                assert_eq!(at.as_nanos(), start.as_nanos() + to * 1_000_000);
                assert_eq!(outcome, Outcome::Complete);
                steps += 1;
            }
            Event::Done { at, completed } => done = Some((at, completed)),
            Event::Cue(_) | Event::Suspended { .. } | Event::Resumed { .. } => (),
        };
        runner.start(start, &mut emit);
        // A tick of 16 ms, as a screen has it.
        for tick in 0..=programme.length().0 / 16 + 1 {
            let at = HostTime::from_nanos(start.as_nanos() + tick * 16_000_000);
            runner.advance(at, &mut emit);
        }
        assert_eq!(steps, programme.steps().len());
        let (at, completed) = done.expect("it ended");
        assert!(completed);
        assert_eq!(at.saturating_since(start).as_millis(), u128::from(programme.length().0));
    }
}

/// Facts of the sources, typed in here once more.
#[test]
fn the_facts_of_the_sources_are_in_the_files() {
    let facts = |id: &str| {
        let programme = programmes::built_in(id).expect("it is built in");
        programme
            .definition()
            .phases
            .iter()
            .map(|one| (one.kind, one.repetitions, one.duration.0 / 1000, one.rest.0 / 1000))
            .collect::<Vec<_>>()
    };
    let glazer = |rest| {
        vec![
            (PhaseKind::Rest, 1, 60, 0),
            (PhaseKind::Flick, 5, 2, rest),
            (PhaseKind::Hold, 5, 10, 10),
            (PhaseKind::Endurance, 1, 60, 0),
            (PhaseKind::Rest, 1, 60, 0),
        ]
    };
    assert_eq!(facts("glazer"), glazer(2));
    assert_eq!(facts("glazer-10s"), glazer(10));
    assert_eq!(
        facts("iapwg"),
        [
            (PhaseKind::Settle, 1, 180, 0),
            (PhaseKind::Rest, 1, 60, 0),
            (PhaseKind::Maximal, 3, 5, 30),
            (PhaseKind::Hold, 1, 30, 60),
            (PhaseKind::Cough, 2, 5, 30),
            (PhaseKind::Push, 3, 15, 30),
        ]
    );
    assert_eq!(facts("iapwg-short")[1], (PhaseKind::Rest, 1, 30, 0));
    assert_eq!(facts("iapwg-short")[2], (PhaseKind::Maximal, 2, 5, 20));
    for (id, (_, repetitions, hold, rest)) in
        ["strengthening-lying", "strengthening-long"].map(|id| (id, facts(id)[2]))
    {
        assert!((8..=12).contains(&repetitions) && (6..=8).contains(&hold), "{id}");
        assert!(rest >= 2 * hold, "{id}");
        assert!((3..=4).contains(&facts(id)[3].1), "{id}");
    }
}

/// Five rests between contractions are what judging relaxation asks for.
#[test]
fn the_first_visit_begins_with_rest_and_gives_enough_to_judge() {
    let visit = programmes::built_in("first-visit").expect("it is built in");
    let kinds: Vec<PhaseKind> = visit.definition().phases.iter().map(|one| one.kind).collect();
    assert_eq!(kinds[..2], [PhaseKind::Settle, PhaseKind::Rest]);
    let contracts = |step: &&levator_programme::Step| visit.phase_of(step).kind.is_contraction();
    let steps = visit.steps().iter().filter(contracts);
    assert!(steps.filter(|step| step.part == Part::Rest && step.scored).count() >= 5);
    assert_eq!(visit.load(), Load::Light);
}

#[test]
fn each_cue_has_words() {
    for programme in all() {
        for phase in &programme.definition().phases {
            assert!(cues::english(&phase.cue).is_some(), "{}", phase.cue);
            assert!(cues::english(&phase.rest_cue).is_some(), "{}", phase.rest_cue);
        }
    }
}

#[test]
fn one_second_more_is_modified() {
    let glazer = programmes::built_in("glazer").expect("it is built in");
    let mut definition: Definition = glazer.definition().clone();
    definition.phases[0].duration = Millis::from_secs(61);
    definition.phases[0].windows = None;
    let longer = Programme::new(definition.clone()).expect("a legal programme");
    assert_eq!(programmes::origin(&longer), Origin::Modified("glazer"));
    definition.id = "mine".to_owned();
    let own = Programme::new(definition).expect("a legal programme");
    assert_eq!(programmes::origin(&own), Origin::Own);
    let mut copy = glazer.definition().clone();
    copy.id = "copy".to_owned();
    let copy = Programme::new(copy).expect("a legal programme");
    assert_eq!(programmes::origin(&copy), Origin::BuiltIn("glazer"));
}
