//! The golden visits with the contractions that the detector finds itself.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod support;

use levator_detect::{Detector, DetectorConfig, Transition};
use levator_measure::{How, Quantity, Reading, Schedule, Task, Validity};
use levator_programme::Runner;
use levator_signal::{Block, Quality, SampleIndex, SignalKind};

use support::{Visit, emg_visit, id, pressure_visit};

/// As an engine would do it: block, what the detector says of it, what the programme says.
fn run(visit: &Visit) -> Vec<Reading> {
    let settings = match visit.kind {
        SignalKind::Emg => DetectorConfig::emg(),
        _ => DetectorConfig::pressure(),
    };
    let mut detector = Detector::new(&settings, visit.rate).expect("a rate that works");
    let mut meter = visit.meter();
    let mut runner =
        visit.programme.clone().map(|programme| Runner::on_samples(programme, visit.rate));
    let mut readings = Vec::new();
    let mut sink = |reading: Reading| readings.push(reading);
    if let Some(runner) = &mut runner {
        runner.start(SampleIndex(0), |event| meter.event(&event, &mut sink));
    }
    let envelopes = visit.envelopes();
    let len = visit.values[0].len();
    let mut said: Vec<Transition> = Vec::new();
    for at in (0..len).step_by(20) {
        let to = (at + 20).min(len);
        for (place, channel) in visit.channels.iter().enumerate() {
            let filtered = &visit.values[place][at..to];
            let block = Block {
                channel: channel.id,
                kind: channel.kind,
                unit: channel.unit,
                rate: visit.rate,
                first: SampleIndex(at as u64),
                values: filtered,
                filtered,
                envelope: &envelopes[place][at..to],
                quality: Quality::GOOD,
            };
            meter.process(&block, &mut sink);
            if place == 0 {
                detector.process(block.first, filtered, Quality::GOOD, &mut |one| said.push(one));
            }
        }
        for transition in said.drain(..) {
            meter.contraction(id(0), &transition, &mut sink);
        }
        if let Some(runner) = &mut runner {
            let end = SampleIndex(to as u64);
            runner.advance(end, |event| meter.event(&event, &mut sink));
        }
    }
    let end = SampleIndex(len as u64);
    detector.finish(end, &mut |one| said.push(one));
    for transition in said.drain(..) {
        meter.contraction(id(0), &transition, &mut sink);
    }
    meter.finish(end, &mut sink);
    readings
}

#[test]
fn every_repetition_of_a_clean_visit_is_found_and_counts() {
    for (visit, tasks) in [
        (
            emg_visit(),
            &[(Task::Flick, 4), (Task::Maximal, 4), (Task::Hold, 2), (Task::Endurance, 1)][..],
        ),
        (pressure_visit(), &[(Task::Maximal, 3), (Task::Hold, 1)]),
    ] {
        let readings = run(&visit);
        for (task, count) in tasks {
            let found = readings.iter().filter(|reading| match reading {
                Reading::Trial(trial) => {
                    trial.task == *task
                        && trial.validity == Validity::Valid
                        && trial.found.is_some()
                }
                Reading::Measure(_) => false,
            });
            assert_eq!(found.count(), *count, "{task:?} of {}", visit.rate);
        }
    }
}

#[test]
fn levels_with_found_edges_are_those_with_known_edges() {
    for visit in [emg_visit(), pressure_visit()] {
        let mut known = visit.clone();
        // Nobody tells manoeuvres here.
        known.contractions.iter_mut().for_each(|(_, told)| *told = None);
        let (found, known) = (run(&visit), known.run(&[20]));
        let value = |readings: &[Reading], quantity, task, how| {
            readings.iter().find_map(|reading| match reading {
                Reading::Measure(one)
                    if (one.quantity, one.task, one.how, one.trial)
                        == (quantity, task, how, None)
                        && one.channel == id(0) =>
                {
                    one.value
                }
                _ => None,
            })
        };
        for (quantity, task, how, tolerance) in [
            (Quantity::RestLevel, Task::RestBefore, How::Plain, 0.0),
            (Quantity::RestLevel, Task::AfterHold, How::Median, 0.0),
            (Quantity::MaximalContraction, Task::Maximal, How::BestThree, 0.0),
            // A tenth of a second at each end of 11 s and of 23 s.
            (Quantity::HoldTime, Task::Hold, How::Mean, 0.5),
        ] {
            let (one, other) =
                (value(&found, quantity, task, how), value(&known, quantity, task, how));
            let (Some(one), Some(other)) = (one, other) else {
                panic!("{quantity:?} {task:?}: {one:?} {other:?}");
            };
            assert!((one - other).abs() <= tolerance, "{quantity:?} {task:?}: {one} {other}");
        }
    }
}

#[test]
fn a_free_run_finds_the_same_contractions() {
    let mut visit = pressure_visit();
    visit.programme = None;
    visit.schedule = Schedule::free();
    let readings = run(&visit);
    let found = readings.iter().filter(|reading| matches!(reading, Reading::Trial(_)));
    // Four squeezes and what the coughs look like.
    assert!((4..=6).contains(&found.count()));
}
