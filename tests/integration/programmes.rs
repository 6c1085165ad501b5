//! Programmes run by the engine: dates, gaps, commands, replay.

use levator_catalog::programmes::{BUILT_IN, built_in};
use levator_decode::{Scans, StreamInfo};
use levator_engine::{
    Begins, Command, Conduct, Course, Digest, Engine, EngineConfig, Input, Output, RestGuard, Sink,
};
use levator_programme::{Event, Millis, Outcome, Part, Programme, Suspension};
use levator_signal::{HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit};

const RATE_HZ: f64 = 100.0;

/// A pressure that rests, searched with a programme.
struct Visit {
    engine: Engine,
    events: Vec<Event<SampleIndex>>,
    digest: Digest,
}

impl Visit {
    fn new(programme: &Programme, begins: Begins) -> Self {
        let rate = SampleRate::from_hz(RATE_HZ).expect("positive");
        let info = StreamInfo::of_values(SignalKind::Pressure, Unit::CentimetreWater, rate, 1);
        let course = Some(Course { programme: programme.clone(), begins, rest_guard: None });
        let config = EngineConfig { course, ..EngineConfig::scans(info) };
        let engine = Engine::new(&config).expect("legal");
        Self { engine, events: Vec::new(), digest: Digest::new() }
    }

    fn feed(&mut self, input: Input<'_>) {
        let Self { engine, events, digest } = self;
        let mut sink = |output: Output<'_>| {
            digest.emit(output);
            if let Output::Programme(event) = output {
                events.push(event.event);
            }
        };
        engine.handle(input, &mut sink);
    }

    /// Samples from `first_s` to `last_s`, `len` at a time.
    fn measure(&mut self, first_s: f64, last_s: f64, len: usize) {
        let index = |seconds: f64| (seconds * RATE_HZ).round() as u64;
        let codes: Vec<f64> =
            (index(first_s)..index(last_s)).map(|at| 20.0 + (at % 7) as f64 * 0.1).collect();
        let mut first = SampleIndex(index(first_s));
        for codes in codes.chunks(len) {
            let scans = Scans {
                stream: 0,
                first,
                channel_count: 1,
                codes,
                quality: Quality::GOOD,
                fault_channels: 0,
            };
            self.feed(Input::Scans { at: HostTime::ZERO, scans });
            first = first.saturating_add(codes.len() as u64);
        }
    }

    fn conduct(&mut self, conduct: Conduct) {
        self.feed(Input::Command { at: HostTime::ZERO, command: Command::Conduct(conduct) });
    }

    fn finish(mut self) -> (Vec<Event<SampleIndex>>, Digest) {
        let Self { engine, events, digest } = &mut self;
        let mut sink = |output: Output<'_>| {
            digest.emit(output);
            if let Output::Programme(event) = output {
                events.push(event.event);
            }
        };
        engine.finish(HostTime::ZERO, &mut sink);
        (self.events, self.digest)
    }
}

fn programme(id: &str) -> Programme {
    built_in(id).expect("it is built in")
}

#[test]
fn every_step_of_every_programme_comes_at_its_sample() {
    for (id, _) in BUILT_IN {
        let programme = programme(id);
        let mut visit = Visit::new(&programme, Begins::WithSignal(Millis(2500)));
        visit.measure(0.0, programme.length().as_secs_f64() + 5.0, 1000);
        let (events, _) = visit.finish();
        let cues: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Cue(cue) => Some(cue),
                _ => None,
            })
            .collect();
        assert_eq!(cues.len(), programme.steps().len(), "{id}");
        for (cue, step) in cues.iter().zip(programme.steps()) {
            let expected_s = 2.5 + step.starts.as_secs_f64();
            let starts_s = cue.starts.0 as f64 / RATE_HZ;
            // Half a sample of rounding.
            assert!((starts_s - expected_s).abs() <= 0.5 / RATE_HZ + 1e-9, "{id}: {cue:?}");
        }
        assert!(matches!(events.last(), Some(Event::Done { completed: true, .. })), "{id}");
    }
}

#[test]
fn cuts_change_no_cue_and_a_replay_has_the_same_digest() {
    let programme = programme("glazer");
    let run = |len: usize| {
        let mut visit = Visit::new(&programme, Begins::WithSignal(Millis::ZERO));
        visit.measure(0.0, 100.0, len);
        visit.measure(106.0, 200.0, len);
        visit.finish()
    };
    let (events, digest) = run(500);
    assert_eq!(run(500).1, digest);
    for len in [1, 17, 100] {
        assert_eq!(run(len).0, events, "{len}");
    }
}

#[test]
fn a_long_gap_interrupts_and_repeats_and_a_short_one_spoils_one_trial() {
    let programme = programme("ten-ten-ten");
    let mut visit = Visit::new(&programme, Begins::WithSignal(Millis::ZERO));
    let first_hold = programme
        .steps()
        .iter()
        .find(|step| programme.phase_of(step).kind.is_contraction())
        .expect("it holds");
    let at_s = first_hold.starts.as_secs_f64();
    visit.measure(0.0, at_s + 4.0, 50);
    // 0.5 s are missing.
    visit.measure(at_s + 4.5, at_s + 24.0, 50);
    // 5 s are missing, in the second hold.
    visit.measure(at_s + 29.0, at_s + 60.0, 50);
    let (events, _) = visit.finish();
    let outcomes: Vec<Outcome> = events
        .iter()
        .filter_map(|event| match event {
            Event::Ended { cue, outcome, .. } if cue.phase == first_hold.phase => Some(*outcome),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes[0], Outcome::Gap);
    assert_eq!(outcomes[2], Outcome::Interrupted);
    let at = |seconds: f64| SampleIndex((seconds * RATE_HZ).round() as u64);
    let suspended = Event::Suspended { at: at(at_s + 24.0), why: Suspension::Gap };
    assert!(events.contains(&suspended), "{events:?}");
    assert!(events.contains(&Event::Resumed { at: at(at_s + 29.0) }), "{events:?}");
}

#[test]
fn a_silence_is_told_before_its_gap_is_known_and_changes_no_date() {
    let programme = programme("ten-ten-ten");
    let run = |is_told: bool, missing_s: f64| {
        let mut visit = Visit::new(&programme, Begins::WithSignal(Millis::ZERO));
        visit.measure(0.0, 75.0, 50);
        let before = visit.events.len();
        if is_told {
            visit.conduct(Conduct::Silence);
            let why = Suspension::Gap;
            let at = SampleIndex(7500);
            assert_eq!(visit.events.last(), Some(&Event::Suspended { at, why }), "told at once");
            visit.conduct(Conduct::Silence);
            assert_eq!(visit.events.len(), before + 2, "and once");
        }
        visit.measure(75.0 + missing_s, 150.0, 50);
        visit.finish()
    };
    let (events, _) = run(true, 5.0);
    let (untold, _) = run(false, 5.0);
    assert_eq!(events, untold, "who was not told finds out from the samples");
    // Samples that were held back and come all the same: it stood still, and goes on where it stood.
    let (events, _) = run(true, 0.0);
    let stood: Vec<_> = events
        .iter()
        .filter(|event| matches!(event, Event::Suspended { .. } | Event::Resumed { .. }))
        .copied()
        .collect();
    let at = SampleIndex(7500);
    let why = Suspension::Gap;
    assert_eq!(stood, [Event::Suspended { at, why }, Event::Resumed { at }]);
}

#[test]
fn what_is_asked_for_in_a_silence_comes_when_there_are_samples_again() {
    let programme = programme("ten-ten-ten");
    let at = SampleIndex(7500);
    let silent = |begins, asked: &[Conduct]| {
        let mut visit = Visit::new(&programme, begins);
        visit.measure(0.0, 75.0, 50);
        visit.conduct(Conduct::Silence);
        for conduct in asked {
            visit.conduct(*conduct);
        }
        let told = visit.events.clone();
        visit.measure(80.0, 90.0, 50);
        let resumed = visit.events[told.len()..].iter().any(|one| matches!(one, Event::Cue(_)));
        (told, resumed)
    };
    let running = Begins::WithSignal(Millis::ZERO);
    // Somebody pauses: it does not go on by itself.
    let (told, goes_on) = silent(running, &[Conduct::Suspend]);
    assert_eq!(told.last(), Some(&Event::Suspended { at, why: Suspension::Person }));
    assert!(!goes_on);
    // And thinks better of it.
    let (told, goes_on) = silent(running, &[Conduct::Suspend, Conduct::Resume, Conduct::Resume]);
    assert_eq!(told.last(), Some(&Event::Suspended { at, why: Suspension::Gap }));
    assert!(goes_on);
    // A programme that waits for its start begins with the samples, not before; one that is stopped is over.
    let (told, begins) = silent(Begins::OnCommand, &[Conduct::Start, Conduct::Start]);
    assert_eq!((told.len(), begins), (0, true));
    let (told, goes_on) = silent(running, &[Conduct::Stop]);
    assert_eq!(told.last(), Some(&Event::Done { at, completed: false }));
    assert!(!goes_on);
    // One that was paused before stays so.
    let mut visit = Visit::new(&programme, running);
    visit.measure(0.0, 75.0, 50);
    for conduct in [Conduct::Suspend, Conduct::Silence] {
        visit.conduct(conduct);
    }
    let count = visit.events.len();
    visit.measure(80.0, 90.0, 50);
    assert_eq!(visit.events.len(), count, "{:?}", visit.events);
    visit.conduct(Conduct::Resume);
    assert!(matches!(visit.events[count], Event::Resumed { at: SampleIndex(9000) }));
}

#[test]
fn a_person_starts_pauses_goes_on_and_stops() {
    let programme = programme("breathing");
    let mut visit = Visit::new(&programme, Begins::OnCommand);
    visit.measure(0.0, 10.0, 100);
    assert!(visit.events.is_empty());
    visit.conduct(Conduct::Start);
    visit.measure(10.0, 20.0, 100);
    visit.conduct(Conduct::Suspend);
    visit.measure(20.0, 30.0, 100);
    visit.conduct(Conduct::Resume);
    visit.measure(30.0, 40.0, 100);
    visit.conduct(Conduct::SkipPhase);
    visit.conduct(Conduct::Stop);
    let (events, _) = visit.finish();
    assert!(matches!(events[0], Event::Cue(cue) if cue.starts == SampleIndex(1000)));
    let suspended = Event::Suspended { at: SampleIndex(2000), why: Suspension::Person };
    assert!(events.contains(&suspended), "{events:?}");
    assert!(events.contains(&Event::Resumed { at: SampleIndex(3000) }), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Done { completed: false, .. })));
}

#[test]
fn a_start_before_the_signal_is_remembered_and_a_stop_is_final() {
    let programme = programme("breathing");
    let mut visit = Visit::new(&programme, Begins::OnCommand);
    visit.conduct(Conduct::Start);
    visit.measure(0.0, 2.0, 100);
    assert!(matches!(visit.events[0], Event::Cue(cue) if cue.starts == SampleIndex(0)));
    let mut visit = Visit::new(&programme, Begins::WithSignal(Millis::ZERO));
    visit.conduct(Conduct::Stop);
    visit.measure(0.0, 2.0, 100);
    assert!(visit.events.is_empty());
}

/// A smoothed EMG that follows a strengthening programme: 2 at rest, 10 in contractions, and `between` in
/// the rests after them. When it was suspended because of that, in seconds.
fn suspended_s(between: f64, rest_guard: Option<RestGuard>) -> Option<f64> {
    let programme = programme("strengthening-lying");
    let rate = SampleRate::from_hz(RATE_HZ).expect("positive");
    let info = StreamInfo::of_values(SignalKind::EmgEnvelope, Unit::Microvolt, rate, 1);
    let course = Course {
        programme: programme.clone(),
        begins: Begins::WithSignal(Millis::ZERO),
        rest_guard,
    };
    let config = EngineConfig { course: Some(course), ..EngineConfig::scans(info) };
    let mut engine = Engine::new(&config).expect("legal");
    let first_hold =
        programme.steps().iter().position(|step| programme.phase_of(step).kind.is_contraction());
    let first_hold = first_hold.expect("it trains");
    let mut found = None;
    let mut sink = |output: Output<'_>| {
        if let Output::Programme(event) = output
            && let Event::Suspended { at, why: Suspension::Raised } = event.event
        {
            found.get_or_insert(rate.time_s(at));
        }
    };
    for (index, step) in programme.steps().iter().enumerate() {
        let phase = programme.phase_of(step);
        let level = match step.part {
            Part::Work if phase.kind.is_contraction() => 10.0,
            _ if index > first_hold => between,
            _ => 2.0,
        };
        let first = rate.index_at(step.starts.as_secs_f64());
        let count = rate.sample_count(step.duration.as_secs_f64());
        let codes: Vec<f64> =
            (0..count).map(|at| level + 0.05 * ((at * 7 % 11) as f64 - 5.0) / 5.0).collect();
        let scans = Scans {
            stream: 0,
            first,
            channel_count: 1,
            codes: &codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        };
        for (part, codes) in codes.chunks(50).enumerate() {
            let first = first.saturating_add(50 * part as u64);
            let scans = Scans { first, codes, ..scans };
            engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut sink);
        }
    }
    engine.finish(HostTime::ZERO, &mut sink);
    found
}

#[test]
fn a_set_stands_still_when_two_rests_running_stay_up() {
    let amber = Some(RestGuard::amber());
    // 30 s of rest, 60 s of breathing, then holds of 6 s with 12 s of rest: the second rest ends at 126 s,
    // and a rest is spoken of 2 s later.
    let raised_s = suspended_s(3.5, amber).expect("the level stays up");
    assert!((126.0..130.0).contains(&raised_s), "{raised_s}");
    assert_eq!(suspended_s(2.1, amber), None, "who lets go is not stopped");
    assert_eq!(suspended_s(2.6, amber), None, "1.3 times is partial, not too much");
    assert_eq!(suspended_s(3.5, None), None, "a green gate has no guard");
}
