//! What holds for any input: cuts change nothing, gain scales, nonsense does no harm.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod support;

use std::collections::BTreeSet;

use levator_detect::manoeuvre::{Answer, Doubt, Manoeuvre};
use levator_detect::{Reason as Unknown, Transition, Uncertainty, UnknownEdge};
use levator_measure::{
    How, Measure, MeasureUnit, Meter, MeterError, Quantity, Reading, Schedule, Task, Validity,
};
use levator_programme::{Event, Outcome, Part, Runner, Suspension};
use levator_signal::{Block, Quality, SampleIndex, SampleRate, SignalKind, Span, Unit};

use support::{Visit, answer, channel, emg_visit, found, id, pressure_visit};

#[test]
fn cuts_of_the_input_change_no_bit_of_any_reading() {
    for visit in [emg_visit(), pressure_visit()] {
        let whole = visit.run(&[64]);
        assert!(whole.len() > 200);
        // Far more than an engine hands over at once.
        let long = [visit.rate.sample_count(25.0)];
        for lens in [&[1][..], &[7], &[3, 501, 20, 1, 99], &[1000], &long] {
            let again = visit.run(lens);
            for (one, other) in whole.iter().zip(&again) {
                assert_eq!(one, other, "blocks of {lens:?}");
            }
            assert_eq!(whole.len(), again.len(), "blocks of {lens:?}");
        }
        let mut free = visit.clone();
        free.programme = None;
        free.schedule = Schedule::free();
        let whole = free.run(&[64]);
        for lens in [&[1][..], &[3, 501, 20, 1, 99], &long] {
            assert_eq!(whole, free.run(lens), "free, blocks of {lens:?}");
        }
    }
}

fn measures(readings: &[Reading]) -> Vec<Measure> {
    let measure = |reading: &Reading| match reading {
        Reading::Measure(measure) => Some(*measure),
        Reading::Trial(_) => None,
    };
    readings.iter().filter_map(measure).collect()
}

#[test]
fn twice_the_gain_is_twice_the_level_and_the_same_ratio() {
    for visit in [emg_visit(), pressure_visit()] {
        let mut twice = visit.clone();
        twice.values.iter_mut().flatten().for_each(|value| *value *= 2.0);
        for channel in &mut twice.channels {
            channel.noise_floor = channel.noise_floor.map(|noise| 2.0 * noise);
            channel.rest_sem = channel.rest_sem.map(|sem| 2.0 * sem);
        }
        let (before, after) = (measures(&visit.run(&[64])), measures(&twice.run(&[64])));
        assert_eq!(before.len(), after.len());
        for (one, two) in before.iter().zip(&after) {
            let scale = match one.unit {
                MeasureUnit::Channel(_)
                | MeasureUnit::ChannelSeconds(_)
                | MeasureUnit::ChannelPerSecond(_) => 2.0,
                _ => 1.0,
            };
            let expected = Measure {
                value: one.value.map(|value| scale * value),
                sem: one.sem.map(|sem| scale * sem),
                ..*one
            };
            if one.quantity == Quantity::AmplitudeSlope {
                // A logarithm does not double exactly.
                let (value, other) = (expected.value.unwrap_or(0.0), two.value.unwrap_or(0.0));
                assert!((value - other).abs() <= 1e-9, "{one:?} {two:?}");
            } else {
                assert_eq!(expected, *two);
            }
        }
    }
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A sample: most of them in the recording, some nowhere.
    fn index(&mut self, len: u64) -> SampleIndex {
        SampleIndex(match self.below(12) {
            0 => u64::MAX - self.below(3),
            1 => self.next() << 30,
            2 => 0,
            _ => self.below(len),
        })
    }

    fn span(&mut self, len: u64) -> Span {
        Span { start: self.index(len), end: self.index(len) }
    }
}

fn transition(chance: &mut Chance, len: u64, rate: SampleRate) -> Transition {
    let (at, decided) = (chance.index(len), chance.index(len));
    match chance.below(5) {
        0 => Transition::Onset { at, decided },
        1 => Transition::Withdrawn { span: chance.span(len), decided },
        2 => Transition::Undetermined { span: chance.span(len), decided, reason: Unknown::Quality },
        _ => {
            let onset = chance.below(len);
            let mut contraction = found(onset, onset + chance.below(2000), rate);
            if chance.one_in(4) {
                contraction.onset = at;
                contraction.closed = decided;
            }
            if chance.one_in(4) {
                contraction.offset = chance.one_in(2).then(|| chance.index(len));
                contraction.offset_uncertainty = Uncertainty::Unknown(UnknownEdge::SignalEnded);
            }
            if chance.one_in(4) {
                contraction.peak = f64::NAN;
                contraction.confidence = f64::NEG_INFINITY;
            }
            Transition::Contraction(contraction)
        }
    }
}

/// Events of a visit in which anything may happen to the programme, and which may then be told wrongly.
fn events(chance: &mut Chance, visit: &Visit, len: u64) -> Vec<(u64, Event<SampleIndex>)> {
    let Some(programme) = visit.programme.clone() else { return Vec::new() };
    let mut runner = Runner::on_samples(programme, visit.rate);
    let mut events = Vec::new();
    let mut at = chance.below(len / 8);
    let mut said: Vec<Event<SampleIndex>> = Vec::new();
    runner.start(SampleIndex(at), |event| said.push(event));
    while at < len {
        at += 1 + chance.below(len / 12);
        let now = SampleIndex(at);
        match chance.below(9) {
            0 => runner.suspend(now, Suspension::Person, |event| said.push(event)),
            1 => runner.skip(now, |event| said.push(event)),
            2 => runner.gap(SampleIndex(at.saturating_sub(50)), now, |event| said.push(event)),
            3 if chance.one_in(4) => runner.stop(now, |event| said.push(event)),
            _ => runner.advance(now, |event| said.push(event)),
        }
        if runner.is_suspended() && !chance.one_in(4) {
            runner.resume(SampleIndex(at + chance.below(500)), |event| said.push(event));
        }
        for mut event in said.drain(..) {
            if chance.one_in(12) {
                continue;
            }
            if chance.one_in(12)
                && let Event::Ended { cue, at, outcome } = &mut event
            {
                match chance.below(5) {
                    0 => cue.step = chance.next() as usize,
                    1 => cue.starts = chance.index(len),
                    2 => *at = chance.index(len),
                    3 => *outcome = [Outcome::Gap, Outcome::Skipped][chance.below(2) as usize],
                    _ => cue.part = [Part::Work, Part::Recovery][chance.below(2) as usize],
                }
            }
            for _ in 0..1 + chance.below(8) / 7 {
                events.push((at, event));
            }
        }
    }
    events
}

/// Feeds a mangled visit and checks every reading.
fn mangle(seed: u64, visit: &Visit) -> Vec<Reading> {
    let mut chance = Chance(seed);
    let full = visit.values[0].len() as u64;
    // Most visits end early.
    let len = 1 + chance.below(full);
    let mut visit = visit.clone();
    if chance.one_in(3) {
        visit.programme = None;
        visit.schedule = Schedule::free();
    }
    if chance.one_in(6) {
        let steps = visit.schedule.steps().to_vec();
        let dated = steps.into_iter().map(|mut step| {
            step.span = Some(chance.span(full));
            step.after = step.after.map(|after| after + chance.below(3) as u32);
            step
        });
        visit.schedule = Schedule::dated(dated.collect());
    }
    let envelopes = visit.envelopes();
    let mut events = events(&mut chance, &visit, len);
    events.reverse();
    let mut readings = Vec::new();
    let mut sink = |reading: Reading| readings.push(reading);
    let mut meter = visit.meter();
    let mut at = 0;
    while at < len {
        let longest = if chance.one_in(5) { 4000 } else { 300 };
        let to = (at + 1 + chance.below(longest)).min(len);
        let range = at as usize..to as usize;
        let quality = match chance.below(10) {
            0 => Quality::LEAD_OFF,
            1 => Quality::SATURATED_LOW,
            2 => Quality::from_bits(chance.next() as u32),
            _ => Quality::GOOD,
        };
        for (place, settings) in visit.channels.iter().enumerate() {
            if chance.one_in(40) {
                continue;
            }
            let mut filtered = visit.values[place][range.clone()].to_vec();
            let mut envelope = envelopes[place][range.clone()].to_vec();
            if chance.one_in(10) {
                let odd =
                    [f64::NAN, f64::INFINITY, -1e300, 1e300, 0.0, 5e-324][chance.below(6) as usize];
                let from = chance.below(envelope.len() as u64) as usize;
                envelope[from..].fill(odd);
                filtered[from..].fill(odd);
            }
            let first = if chance.one_in(60) { chance.index(full) } else { SampleIndex(at) };
            let block = Block {
                channel: if chance.one_in(60) { id(9) } else { settings.id },
                kind: if chance.one_in(60) { SignalKind::Other } else { settings.kind },
                unit: if chance.one_in(60) { Unit::Volt } else { settings.unit },
                rate: visit.rate,
                first,
                values: &filtered,
                filtered: &filtered,
                envelope: &envelope,
                quality,
            };
            meter.process(&block, &mut sink);
        }
        while events.last().is_some_and(|(when, _)| *when <= to) {
            let Some((_, event)) = events.pop() else { break };
            meter.event(&event, &mut sink);
        }
        for _ in 0..chance.below(4) / 2 {
            let transition = transition(&mut chance, len, visit.rate);
            meter.contraction(id(chance.below(3) as u8), &transition, &mut sink);
        }
        if chance.one_in(8) {
            let told = match chance.below(4) {
                0 => Answer::CannotTell(Doubt::OneChannel),
                1 => answer(Manoeuvre::Push),
                2 => answer(Manoeuvre::Both),
                _ => answer(Manoeuvre::Squeeze),
            };
            meter.manoeuvre(chance.span(len), &told);
        }
        if chance.one_in(40) {
            let end = SampleIndex(to + chance.below(600));
            meter.gap(Span { start: SampleIndex(to), end }, &mut sink);
        }
        at = to;
    }
    meter.finish(SampleIndex(len), &mut sink);
    meter.finish(SampleIndex(0), &mut sink);
    readings
}

#[test]
fn a_thousand_mangled_visits_give_a_partial_report_each() {
    let visits = [emg_visit(), pressure_visit()];
    let (mut with_levels, mut with_trials, mut invalid) = (0, 0, 0);
    for seed in 0..1000 {
        let readings = mangle(seed, &visits[seed as usize % 2]);
        let mut summaries = BTreeSet::new();
        let (mut levels, mut trials) = (0, 0);
        for reading in &readings {
            match reading {
                Reading::Measure(measure) => {
                    assert_eq!(
                        measure.value.is_none(),
                        measure.value.is_none() && measure.validity == Validity::Invalid,
                        "seed {seed}: {measure:?}"
                    );
                    assert!(measure.value.is_none_or(f64::is_finite), "seed {seed}: {measure:?}");
                    let sem = measure.sem.is_none_or(|sem| sem.is_finite() && sem >= 0.0);
                    assert!(sem, "seed {seed}: {measure:?}");
                    let told = measure.validity == Validity::Valid || !measure.reasons.is_empty();
                    assert!(told, "seed {seed}: {measure:?}");
                    invalid += u32::from(measure.value.is_none());
                    levels += u32::from(
                        measure.quantity == Quantity::RestLevel && measure.value.is_some(),
                    );
                    if measure.trial.is_none() {
                        let key = (measure.channel, measure.quantity, measure.task, measure.how);
                        assert!(summaries.insert(key), "seed {seed}: twice {measure:?}");
                    }
                }
                Reading::Trial(trial) => {
                    trials += 1;
                    assert!(trial.level.is_none_or(f64::is_finite), "seed {seed}: {trial:?}");
                    if trial.success.is_some() {
                        assert_eq!(trial.validity, Validity::Valid);
                    }
                }
            }
        }
        with_levels += u32::from(levels > 0);
        with_trials += u32::from(trials > 0);
    }
    // The test is worth nothing if nothing comes out.
    assert!(with_levels > 700, "{with_levels}");
    assert!(with_trials > 600, "{with_trials}");
    assert!(invalid > 1000, "{invalid}");
}

/// Cut off anywhere, without any other mischief: what is known by then is the same as in the whole visit.
#[test]
fn a_visit_that_ends_early_has_said_the_same_until_then() {
    for visit in [emg_visit(), pressure_visit()] {
        let whole = visit.run(&[50]);
        let full = visit.values[0].len();
        for part in 1..20 {
            let mut cut = visit.clone();
            let len = full * part / 20;
            cut.values.iter_mut().for_each(|values| values.truncate(len));
            let end = SampleIndex(len as u64);
            cut.contractions.retain(|(contraction, _)| contraction.closed <= end);
            let readings = cut.run(&[50]);
            let alike = readings.iter().zip(&whole).take_while(|(one, other)| one == other).count();
            // Of what ended ten seconds before the end, all has been said, alike.
            let early = end.saturating_sub(10 * visit.rate.sample_count(1.0) as u64);
            let done = whole.iter().take_while(|reading| match reading {
                Reading::Measure(measure) => measure.span.end <= early && measure.trial.is_some(),
                Reading::Trial(trial) => trial.asked.end <= early,
            });
            assert!(alike >= done.count(), "part {part}");
        }
    }
}

#[test]
fn a_start_equals_new_whatever_the_room_and_whatever_was_before() {
    let room = SampleRate::from_hz(2048.0).expect("possible");
    for (visit, other) in [(emg_visit(), pressure_visit()), (pressure_visit(), emg_visit())] {
        let expected = visit.run(&[50]);
        let mut meter = Meter::with_room(visit.schedule.clone(), room, 5).expect("possible");
        // Another stream first, under this schedule.
        meter.start(other.rate, &other.channels).expect("there is room");
        let mut before = other.clone();
        before.schedule = visit.schedule.clone();
        before.programme = visit.programme.clone();
        before.feed(&mut meter, &[50], &mut |_| {});
        meter.start(visit.rate, &visit.channels).expect("there is room");
        let mut readings = Vec::new();
        visit.feed(&mut meter, &[50], &mut |reading| readings.push(reading));
        assert_eq!(readings, expected);
        let fast = SampleRate::from_hz(4000.0).expect("possible");
        let refused = meter.start(fast, &visit.channels);
        assert_eq!(refused, Err(MeterError::Rate { hz: 4000.0, most_hz: 2048.0 }));
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let rate = SampleRate::from_hz(1000.0).expect("possible");
    let pelvic = channel(0, SignalKind::Emg, Unit::Microvolt, levator_measure::Place::Pelvic);
    let none = Meter::new(Schedule::free(), rate, &[]).map(|_| ());
    assert_eq!(none, Err(MeterError::ChannelCount { count: 0, most: 32 }));
    let twice = Meter::new(Schedule::free(), rate, &[pelvic, pelvic]).map(|_| ());
    assert_eq!(twice, Err(MeterError::Twice { channel: id(0) }));
    let slow = SampleRate::from_hz(0.01).expect("possible");
    let slow = Meter::new(Schedule::free(), slow, &[pelvic]).map(|_| ());
    assert_eq!(slow, Err(MeterError::Rate { hz: 0.01, most_hz: 1e6 }));
    let mut other = pelvic;
    other.kind = SignalKind::Other;
    let other = Meter::new(Schedule::free(), rate, &[other]).map(|_| ());
    assert_eq!(other, Err(MeterError::Kind { channel: id(0) }));
}

#[test]
fn a_rest_that_is_longer_than_the_memory_is_read_from_its_last_ten_minutes() {
    let rate = SampleRate::from_hz(10.0).expect("possible");
    // Nearly seven minutes at 1, then ten at 3.
    let mut values = vec![1.0; 7 * 600 - 5];
    values.resize(17 * 600, 3.0);
    let visit = Visit {
        rate,
        kind: SignalKind::Pressure,
        unit: Unit::CentimetreWater,
        values: vec![values],
        channels: vec![channel(
            0,
            SignalKind::Pressure,
            Unit::CentimetreWater,
            levator_measure::Place::Pelvic,
        )],
        programme: None,
        schedule: Schedule::free(),
        contractions: Vec::new(),
        faults: Vec::new(),
    };
    let readings = measures(&visit.run(&[100]));
    let sd = readings.iter().find(|one| {
        one.quantity == Quantity::RestInstability
            && one.task == Task::RestBefore
            && one.how == How::Plain
    });
    assert_eq!(sd.and_then(|one| one.value), Some(0.0));
}
