//! The runner: exact in time, every cue once, and the rules for gaps.

use levator_programme::{
    AfterGap, Breath, Breathing, Cue, Definition, Event, Load, Millis, Moment, Outcome, Part,
    Phase, PhaseKind, Programme, Repeat, Runner, Source, Suspension, Target, TargetUnit, Template,
};
use levator_signal::{HostTime, SampleIndex, SampleRate};
use proptest::prelude::*;

fn programme(phases: Vec<Phase>) -> Programme {
    let definition = Definition::new("test", "Test", Source::own(), Load::Strengthening);
    Programme::new(Definition { phases, ..definition }).expect("a legal programme")
}

/// Rest 10 s, 3 x (hold 5 s, rest 8 s), breathe 20 s.
fn visit() -> Programme {
    let hold = Phase {
        rest: Millis::from_secs(8),
        repetitions: 3,
        ..Phase::new("hold", PhaseKind::Hold, Millis::from_secs(5))
    };
    let breathe = Phase {
        breathing: Some(Breathing::SIX_PER_MINUTE),
        ..Phase::new("breathe", PhaseKind::Breathe, Millis::from_secs(20))
    };
    programme(vec![Phase::new("rest", PhaseKind::Rest, Millis::from_secs(10)), hold, breathe])
}

fn s(seconds: f64) -> HostTime {
    HostTime::from_secs_f64(seconds)
}

/// Events as text, times in seconds.
fn tell(event: &Event<HostTime>) -> String {
    let name = |cue: &Cue<HostTime>| {
        format!("{}.{}.{} {}", cue.phase, cue.trial, cue.attempt, cue.part.name())
    };
    let at = |at: HostTime| at.as_nanos() as f64 / 1e9;
    match event {
        Event::Cue(cue) => {
            let scored = if cue.scored { "" } else { " unscored" };
            format!("{} {}..{}{scored}", name(cue), at(cue.starts), at(cue.ends))
        }
        Event::Ended { cue, at: end, outcome } => {
            format!("  {} {outcome:?} {}", name(cue), at(*end))
        }
        Event::Suspended { at: since, why } => format!("suspended {} {why:?}", at(*since)),
        Event::Resumed { at: from } => format!("resumed {}", at(*from)),
        Event::Done { at: end, completed } => format!("done {} {completed}", at(*end)),
    }
}

fn told(script: impl Fn(&mut Runner<HostTime>, &mut dyn FnMut(Event<HostTime>))) -> Vec<String> {
    let mut runner = Runner::on_host(visit());
    let mut events = Vec::new();
    script(&mut runner, &mut |event| events.push(tell(&event)));
    events
}

#[test]
fn an_undisturbed_visit_is_this() {
    let events = told(|runner, emit| {
        runner.start(s(100.0), &mut *emit);
        runner.advance(s(1000.0), emit);
    });
    assert_eq!(
        events,
        [
            "0.1.1 work 100..110",
            "  0.1.1 work Complete 110",
            "1.1.1 work 110..115",
            "  1.1.1 work Complete 115",
            "1.1.1 rest 115..123",
            "  1.1.1 rest Complete 123",
            "1.2.1 work 123..128",
            "  1.2.1 work Complete 128",
            "1.2.1 rest 128..136",
            "  1.2.1 rest Complete 136",
            "1.3.1 work 136..141",
            "  1.3.1 work Complete 141",
            "1.3.1 rest 141..149",
            "  1.3.1 rest Complete 149",
            "2.1.1 work 149..169",
            "  2.1.1 work Complete 169",
            "done 169 true",
        ]
    );
}

#[test]
fn a_gap_that_time_went_through_marks_all_it_touches() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.gap(s(14.0), s(23.0), &mut *emit);
        runner.advance(s(29.0), emit);
    });
    assert_eq!(
        events[3..],
        [
            "  1.1.1 work Gap 15",
            "1.1.1 rest 15..23",
            // The gap ends where the next hold begins, which is whole.
            "  1.1.1 rest Gap 23",
            "1.2.1 work 23..28",
            "  1.2.1 work Complete 28",
            "1.2.1 rest 28..36",
        ]
    );
}

#[test]
fn a_gap_that_ends_where_it_begins_is_none() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.gap(s(5.0), s(5.0), &mut *emit);
        runner.gap(s(7.0), s(6.0), &mut *emit);
        runner.advance(s(10.0), emit);
    });
    assert_eq!(events[1], "  0.1.1 work Complete 10");
}

#[test]
fn a_contraction_that_was_interrupted_is_repeated_after_a_recovery() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.suspend(s(12.0), Suspension::Gap, &mut *emit);
        runner.advance(s(50.0), &mut *emit);
        runner.resume(s(60.0), &mut *emit);
        runner.advance(s(76.0), emit);
    });
    assert_eq!(
        events[2..],
        [
            "1.1.1 work 10..15",
            "  1.1.1 work Interrupted 12",
            "suspended 12 Gap",
            "resumed 60",
            // As long as the rest that belongs to the hold.
            "1.1.2 recovery 60..68 unscored",
            "  1.1.2 recovery Complete 68",
            "1.1.2 work 68..73",
            "  1.1.2 work Complete 73",
            "1.1.1 rest 73..81",
        ]
    );
}

#[test]
fn after_three_attempts_it_goes_on() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        for attempt in 0..3 {
            let at = 11.0 + 100.0 * f64::from(attempt);
            runner.advance(s(at), &mut *emit);
            runner.suspend(s(at), Suspension::Gap, &mut *emit);
            runner.resume(s(at + 91.0), &mut *emit);
        }
    });
    let last: Vec<&String> = events.iter().rev().take(4).rev().collect();
    assert_eq!(
        last,
        ["  1.1.3 work Interrupted 211", "suspended 211 Gap", "resumed 302", "1.1.1 rest 302..310",]
    );
}

#[test]
fn a_rest_after_a_contraction_is_given_again_and_not_scored() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.suspend(s(20.0), Suspension::Person, &mut *emit);
        runner.resume(s(30.0), &mut *emit);
        runner.advance(s(38.0), emit);
    });
    assert_eq!(
        events[5..],
        [
            "  1.1.1 rest Interrupted 20",
            "suspended 20 Person",
            "resumed 30",
            "1.1.2 rest 30..38 unscored",
            "  1.1.2 rest Complete 38",
            "1.2.1 work 38..43",
        ]
    );
}

#[test]
fn breathing_goes_on_where_it_was() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.suspend(s(54.0), Suspension::Gap, &mut *emit);
        runner.resume(s(60.0), &mut *emit);
        assert_eq!(
            runner.guide(s(60.0)).and_then(|guide| guide.pace).map(|p| p.breath),
            Some(Breath::Exhale)
        );
        runner.advance(s(99.0), emit);
    });
    let last: Vec<&String> = events.iter().rev().take(3).rev().collect();
    assert_eq!(last, ["2.1.2 work 60..75 unscored", "  2.1.2 work Complete 75", "done 75 true"]);
}

#[test]
fn a_recovery_that_was_interrupted_is_given_again() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.suspend(s(12.0), Suspension::Gap, &mut *emit);
        runner.resume(s(20.0), &mut *emit);
        runner.suspend(s(24.0), Suspension::Gap, &mut *emit);
        runner.resume(s(30.0), &mut *emit);
        runner.advance(s(38.0), emit);
    });
    let last: Vec<&String> = events.iter().rev().take(3).rev().collect();
    assert_eq!(
        last,
        ["1.1.2 recovery 30..38 unscored", "  1.1.2 recovery Complete 38", "1.1.2 work 38..43",]
    );
}

#[test]
fn a_phase_may_say_that_nothing_is_repeated() {
    let hold = Phase {
        rest: Millis::from_secs(8),
        after_gap: AfterGap::Next,
        ..Phase::new("hold", PhaseKind::Endurance, Millis::from_secs(60))
    };
    let mut runner = Runner::on_host(programme(vec![hold]));
    let mut events = Vec::new();
    let mut emit = |event: Event<HostTime>| events.push(tell(&event));
    runner.start(s(0.0), &mut emit);
    runner.suspend(s(59.0), Suspension::Gap, &mut emit);
    runner.resume(s(70.0), &mut emit);
    assert_eq!(events.last().map(String::as_str), Some("0.1.1 rest 70..78"));
}

#[test]
fn skipping_leads_to_the_next_step_or_phase() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.skip(s(3.0), &mut *emit);
        runner.skip_phase(s(4.5), &mut *emit);
        runner.skip_phase(s(5.0), emit);
    });
    assert_eq!(
        events,
        [
            "0.1.1 work 0..10",
            "  0.1.1 work Skipped 3",
            "1.1.1 work 3..8",
            "  1.1.1 work Skipped 4.5",
            "2.1.1 work 4.5..24.5",
            "  2.1.1 work Skipped 5",
            "done 5 true",
        ]
    );
}

#[test]
fn while_it_stands_still_what_was_to_come_can_be_left_out() {
    let events = told(|runner, emit| {
        runner.start(s(0.0), &mut *emit);
        runner.suspend(s(12.0), Suspension::Person, &mut *emit);
        runner.skip_phase(s(13.0), &mut *emit);
        runner.resume(s(20.0), emit);
    });
    assert_eq!(events.last().map(String::as_str), Some("2.1.1 work 20..40"));
}

/// Every call in every state, also the impossible ones.
#[test]
fn every_transition() {
    type Call = fn(&mut Runner<HostTime>, &mut dyn FnMut(Event<HostTime>));
    let states: [(&str, Call); 4] = [
        ("idle", |_, _| ()),
        ("running", |runner, emit| runner.start(s(0.0), emit)),
        ("suspended", |runner, emit| {
            runner.start(s(0.0), &mut *emit);
            runner.suspend(s(1.0), Suspension::Gap, emit);
        }),
        ("done", |runner, emit| runner.stop(s(0.0), emit)),
    ];
    let calls: [(&str, Call); 9] = [
        ("start", |runner, emit| runner.start(s(5.0), emit)),
        ("advance", |runner, emit| runner.advance(s(5.0), emit)),
        ("gap", |runner, emit| runner.gap(s(4.0), s(5.0), emit)),
        ("suspend", |runner, emit| runner.suspend(s(5.0), Suspension::Gap, emit)),
        ("resume", |runner, emit| runner.resume(s(5.0), emit)),
        ("skip", |runner, emit| runner.skip(s(5.0), emit)),
        ("skip_phase", |runner, emit| runner.skip_phase(s(5.0), emit)),
        ("stop", |runner, emit| runner.stop(s(5.0), emit)),
        ("reset", |runner, _| runner.reset()),
    ];
    let name = |runner: &Runner<HostTime>| match () {
        () if runner.is_idle() => "idle",
        () if runner.is_suspended() => "suspended",
        () if runner.is_done() => "done",
        () => "running",
    };
    let mut table = String::new();
    for (state, enter) in states {
        for (call, make) in calls {
            let mut runner = Runner::on_host(visit());
            enter(&mut runner, &mut |_| ());
            assert_eq!(name(&runner), state);
            let mut events = 0;
            make(&mut runner, &mut |_| events += 1);
            assert_eq!(runner.cue().is_some(), name(&runner) == "running");
            table += &format!("{state} {call} {} {events}\n", name(&runner));
        }
    }
    assert_eq!(
        table,
        "\
idle start running 1
idle advance idle 0
idle gap idle 0
idle suspend idle 0
idle resume idle 0
idle skip idle 0
idle skip_phase idle 0
idle stop done 1
idle reset idle 0
running start running 0
running advance running 0
running gap running 0
running suspend suspended 2
running resume running 0
running skip running 2
running skip_phase running 2
running stop done 2
running reset idle 0
suspended start suspended 0
suspended advance suspended 0
suspended gap suspended 0
suspended suspend suspended 0
suspended resume running 2
suspended skip suspended 0
suspended skip_phase suspended 0
suspended stop done 1
suspended reset idle 0
done start done 0
done advance done 0
done gap done 0
done suspend done 0
done resume done 0
done skip done 0
done skip_phase done 0
done stop done 0
done reset idle 0
"
    );
}

#[test]
fn time_that_goes_back_is_no_time() {
    let events = told(|runner, emit| {
        runner.start(s(100.0), &mut *emit);
        runner.advance(s(1.0), &mut *emit);
        runner.suspend(s(2.0), Suspension::Gap, &mut *emit);
        runner.resume(s(3.0), &mut *emit);
        runner.skip(s(4.0), &mut *emit);
        runner.stop(s(5.0), emit);
    });
    assert_eq!(
        events,
        [
            "0.1.1 work 100..110",
            "  0.1.1 work Interrupted 100",
            "suspended 100 Gap",
            "resumed 100",
            "0.1.2 work 100..110",
            "  0.1.2 work Skipped 100",
            "1.1.1 work 100..105",
            "  1.1.1 work Stopped 100",
            "done 100 false",
        ]
    );
}

#[test]
fn the_guide_looks_ahead() {
    let hold = Phase {
        rest: Millis::from_secs(4),
        repetitions: 2,
        target: Some(Target { lower: Some(0.5), upper: Some(0.7), unit: TargetUnit::MvcRatio }),
        template: Template::Trapezoid { rise: Millis::from_secs(2), fall: Millis::from_secs(2) },
        ..Phase::new("hold", PhaseKind::Hold, Millis::from_secs(6))
    };
    let mut runner = Runner::on_host(programme(vec![hold]));
    assert_eq!(runner.guide(s(0.0)), None);
    runner.start(s(10.0), |_| ());
    let ratio = |at: f64| runner.guide(s(at)).and_then(|guide| guide.template_ratio);
    assert_eq!(ratio(9.0), None);
    let ahead = [10.0, 11.0, 12.0, 15.0, 16.0, 19.0, 21.0, 29.9].map(ratio);
    assert_eq!(
        ahead,
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.0, 0.5, 0.0].map(Some),
        "rise, plateau, fall, rest, and the second repetition"
    );
    assert_eq!(ratio(30.0), None, "nothing comes after the end");
    let rest = runner.guide(s(17.0)).expect("it is running");
    assert_eq!((rest.part, rest.target, rest.elapsed_s), (Part::Rest, None, 1.0));
}

#[test]
fn the_pacer_runs_through_repetitions() {
    let hold = Phase {
        rest: Millis::from_secs(4),
        repetitions: 5,
        breathing: Some(Breathing::SIX_PER_MINUTE),
        ..Phase::new("hold", PhaseKind::Hold, Millis::from_secs(3))
    };
    let mut runner = Runner::on_host(programme(vec![hold]));
    runner.start(s(0.0), |_| ());
    for at in 0..35 {
        let guide = runner.guide(s(f64::from(at) + 0.5)).expect("it is running");
        let alone = Breathing::SIX_PER_MINUTE.at(f64::from(at) + 0.5);
        assert_eq!(guide.pace, Some(alone), "at {at}.5 s");
    }
}

#[test]
fn windows_are_dated_to_the_sample() {
    let rate = SampleRate::from_hz(47.6).expect("a legal rate");
    let mut runner = Runner::on_samples(visit(), rate);
    let mut windows = Vec::new();
    let dated = Runner::on_samples(visit(), rate);
    let mut emit = |event: Event<SampleIndex>| {
        if let Event::Ended { cue, outcome: Outcome::Complete, .. } = event {
            windows.extend(dated.windows(&cue).map(|(one, a, b)| (one.kind.name(), a.0, b.0)));
        }
    };
    runner.start(SampleIndex(7), &mut emit);
    runner.advance(SampleIndex(7 + 24 * 48), &mut emit);
    let at = |seconds: f64| 7 + rate.index_at(seconds).0;
    assert_eq!(
        windows,
        [
            ("rest-before", at(0.0), at(10.0)),
            ("contraction", at(10.0), at(15.0)),
            ("plateau", at(11.0), at(14.0)),
            ("rest-between", at(19.0), at(23.0)),
        ]
    );
}

#[test]
fn a_run_of_phases_is_gone_through_as_often_as_it_says() {
    let phase = |id: &str, repetitions| Phase {
        repetitions,
        ..Phase::new(id, PhaseKind::Flick, Millis::from_secs(1))
    };
    let definition = Definition {
        phases: vec![phase("a", 1), phase("b", 2), phase("c", 1), phase("d", 1)],
        repeats: vec![Repeat { first: 1, last: 2, times: 2 }],
        ..Definition::new("test", "Test", Source::own(), Load::Light)
    };
    let programme = Programme::new(definition).expect("a legal programme");
    let steps: Vec<String> = programme
        .steps()
        .iter()
        .map(|one| format!("{}{}{}", programme.phase_of(one).id, one.round, one.trial))
        .collect();
    assert_eq!(steps, ["a11", "b11", "b12", "c11", "b21", "b22", "c21", "d11"]);
}

fn any_phase(index: usize) -> impl Strategy<Value = Phase> {
    let kinds = prop::sample::select(PhaseKind::ALL);
    let after = prop::sample::select(AfterGap::ALL);
    (kinds, 100_u64..30_000, prop_oneof![Just(0), 100_u64..20_000], 1_u32..5, after).prop_map(
        move |(kind, duration, rest, repetitions, after_gap)| Phase {
            rest: Millis(rest),
            repetitions,
            after_gap,
            ..Phase::new(&format!("p{index}"), kind, Millis(duration))
        },
    )
}

fn any_programme() -> impl Strategy<Value = Programme> {
    (any_phase(0), any_phase(1), any_phase(2), any_phase(3), 0_usize..4, 2_u32..4).prop_map(
        |(a, b, c, d, first, times)| {
            let definition = Definition {
                phases: vec![a, b, c, d],
                repeats: vec![Repeat { first, last: 3.min(first + 1), times }],
                ..Definition::new("any", "Any", Source::own(), Load::Strengthening)
            };
            Programme::new(definition).expect("a legal programme")
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Gap(u64),
    Suspend,
    Resume,
    Skip,
    SkipPhase,
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1_u64..20_000).prop_map(Act::Gap),
        Just(Act::Suspend),
        Just(Act::Resume),
        Just(Act::Resume),
        Just(Act::Skip),
        Just(Act::SkipPhase),
    ]
}

/// Runs a script of acts at times (ticks), with time cut by `cuts` in between.
fn run<T: Moment>(
    mut runner: Runner<T>,
    acts: &[(u64, Act)],
    cuts: &[u64],
    end: u64,
) -> Vec<Event<T>> {
    let mut events = Vec::new();
    let mut emit = |event| events.push(event);
    let mut cuts = cuts.iter().copied().peekable();
    runner.start(T::from_ticks(3), &mut emit);
    let mut now = 3;
    for &(at, act) in acts {
        while let Some(cut) = cuts.next_if(|cut| *cut < at) {
            // Cuts in what the acts have passed already are no time.
            runner.advance(T::from_ticks(cut), &mut emit);
        }
        let at = T::from_ticks(at);
        match act {
            Act::Gap(length) => {
                let to = at.ticks() + length;
                runner.gap(at, T::from_ticks(to), &mut emit);
                now = now.max(to);
            }
            Act::Suspend => runner.suspend(at, Suspension::Gap, &mut emit),
            Act::Resume => runner.resume(at, &mut emit),
            Act::Skip => runner.skip(at, &mut emit),
            Act::SkipPhase => runner.skip_phase(at, &mut emit),
        }
    }
    for cut in cuts {
        runner.advance(T::from_ticks(cut), &mut emit);
    }
    runner.advance(T::from_ticks(end.max(now)), &mut emit);
    events
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Undisturbed, every step is cued once, in order, without a hole, each within half a sample of
    /// where it should be, and the lengths add up.
    #[test]
    fn lengths_add_up(programme in any_programme(), millihertz in 8_000_u32..4_000_000) {
        let sum: u64 = programme.steps().iter().map(|step| step.duration.0).sum();
        prop_assert_eq!(programme.length(), Millis(sum));
        let rate = SampleRate::from_millihertz(millihertz).expect("not zero");
        let mut cues = Vec::new();
        let mut done = None;
        let mut runner = Runner::on_samples(programme.clone(), rate);
        let mut emit = |event: Event<SampleIndex>| match event {
            Event::Cue(cue) => cues.push(cue),
            Event::Done { at, completed } => done = Some((at, completed)),
            _ => (),
        };
        runner.start(SampleIndex(11), &mut emit);
        runner.advance(SampleIndex(u64::MAX), &mut emit);
        prop_assert_eq!(cues.len(), programme.steps().len());
        for (index, (cue, step)) in cues.iter().zip(programme.steps()).enumerate() {
            prop_assert_eq!(cue.step, index);
            let should = 11.0 + step.starts.as_secs_f64() * rate.hz();
            prop_assert!((cue.starts.0 as f64 - should).abs() <= 0.5 + 1e-6);
            let end = cues.get(index + 1).map_or(done.expect("it ended").0, |next| next.starts);
            prop_assert_eq!(cue.ends, end);
        }
        prop_assert!(done.is_some_and(|(_, completed)| completed));
    }

    /// However time is cut, the events are the same, whatever happens to the signal.
    #[test]
    fn cutting_time_changes_nothing(
        programme in any_programme(),
        acts in prop::collection::vec((0_u64..150_000, any_act()), 0..12),
        cuts in prop::collection::vec(0_u64..300_000, 0..200),
    ) {
        let mut acts = acts;
        acts.sort_by_key(|(at, _)| *at);
        // An act in the middle of a gap would happen before what is known already.
        let mut known = 0;
        acts.retain(|&(at, act)| {
            let fits = at >= known;
            if let (true, Act::Gap(length)) = (fits, act) {
                known = at + length;
            }
            fits
        });
        let in_gap = |cut: u64| acts.iter().any(|&(at, act)| {
            matches!(act, Act::Gap(length) if (at..at + length).contains(&cut))
        });
        let mut cuts = cuts;
        cuts.retain(|cut| !in_gap(*cut));
        cuts.sort_unstable();
        // 1 kHz: a tick is a millisecond, so that acts fall on boundaries, too.
        let rate = SampleRate::new(1000, 1).expect("not zero");
        let runner = Runner::on_samples(programme, rate);
        let whole = run(runner.clone(), &acts, &[], 400_000);
        let cut = run(runner, &acts, &cuts, 400_000);
        prop_assert_eq!(&whole, &cut);

        // What ends has begun, once; nothing is scored that was touched.
        let mut open = None;
        for event in &whole {
            match event {
                Event::Cue(cue) => {
                    prop_assert!(open.is_none());
                    open = Some(*cue);
                }
                Event::Ended { cue, at, .. } => {
                    prop_assert_eq!(open.take(), Some(*cue));
                    prop_assert!(*at >= cue.starts && *at <= cue.ends);
                }
                Event::Done { .. } => prop_assert!(open.is_none()),
                Event::Suspended { .. } | Event::Resumed { .. } => prop_assert!(open.is_none()),
            }
        }
        for &(at, act) in &acts {
            let Act::Gap(length) = act else { continue };
            for event in &whole {
                if let Event::Ended { cue, outcome: Outcome::Complete, at: end } = event {
                    prop_assert!(end.0 <= at || cue.starts.0 >= at + length);
                }
            }
        }
    }

    /// The two axes agree to half a sample.
    #[test]
    fn both_axes_agree(
        programme in any_programme(),
        acts in prop::collection::vec((0_u64..150_000, any_act()), 0..12),
    ) {
        let mut acts = acts;
        acts.sort_by_key(|(at, _)| *at);
        let rate = SampleRate::new(1_000_000_000, 1).expect("not zero");
        let scaled: Vec<(u64, Act)> = acts
            .iter()
            .map(|&(at, act)| (at * 1_000_000, match act {
                Act::Gap(length) => Act::Gap(length * 1_000_000),
                other => other,
            }))
            .collect();
        let host = run(Runner::on_host(programme.clone()), &scaled, &[], 400_000_000_000);
        let samples = run(Runner::on_samples(programme, rate), &scaled, &[], 400_000_000_000);
        prop_assert_eq!(format!("{host:?}").replace("HostTime", "SampleIndex"), format!("{samples:?}"));
    }
}
