//! Which repetitions count, which meet their target, and what is said of those that do not.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod support;

use levator_detect::Transition;
use levator_detect::manoeuvre::Manoeuvre;
use levator_measure::{
    How, Measure, Place, Quantity, Reading, Reason, Reasons, Schedule, Task, Trial, Validity,
};
use levator_programme::{
    Millis, Part, Phase, PhaseKind, Position, Programme, Target, TargetUnit, Window, WindowKind,
};
use levator_signal::{Quality, SampleIndex, SampleRate, SignalKind, Span, Unit};

use support::{Visit, aim, channel, emg_visit, found, phase, pressure_visit, programme};

fn trials(readings: &[Reading], task: Task) -> Vec<Trial> {
    let trial = |reading: &Reading| match reading {
        Reading::Trial(trial) if trial.task == task => Some(*trial),
        _ => None,
    };
    readings.iter().filter_map(trial).collect()
}

fn measures(readings: &[Reading]) -> Vec<Measure> {
    let measure = |reading: &Reading| match reading {
        Reading::Measure(measure) if measure.channel.channel == 0 => Some(*measure),
        _ => None,
    };
    readings.iter().filter_map(measure).collect()
}

fn one(
    readings: &[Reading],
    quantity: Quantity,
    task: Task,
    how: How,
    trial: Option<u32>,
) -> Measure {
    let key = (quantity, task, how, trial);
    let found: Vec<Measure> = measures(readings)
        .into_iter()
        .filter(|one| (one.quantity, one.task, one.how, one.trial) == key)
        .collect();
    assert_eq!(found.len(), 1, "{key:?}");
    found[0]
}

/// Pressure at 50 Hz: 20 cmH2O with a ripple at rest; rectangles of the given heights, in seconds.
fn squeezes(programme: Programme, rectangles: &[(f64, f64, f64)]) -> Visit {
    let rate = SampleRate::from_hz(50.0).expect("possible");
    let length_s = programme.length().as_secs_f64() + 10.0;
    let at = |seconds: f64| (seconds * 50.0).round() as u64;
    let mut values: Vec<f64> =
        (0..at(length_s)).map(|index| 20.0 + 0.1 * ((index * 7 % 11) as f64 - 5.0)).collect();
    for (from_s, to_s, height) in rectangles {
        let stretch = at(*from_s) as usize..(at(*to_s) as usize).min(values.len());
        values[stretch].iter_mut().for_each(|value| *value += height);
    }
    let contractions =
        rectangles.iter().map(|(from_s, to_s, _)| (found(at(*from_s), at(*to_s), rate), None));
    Visit {
        rate,
        kind: SignalKind::Pressure,
        unit: Unit::CentimetreWater,
        values: vec![values],
        channels: vec![channel(0, SignalKind::Pressure, Unit::CentimetreWater, Place::Pelvic)],
        schedule: Schedule::from_programme(&programme),
        contractions: contractions.collect(),
        programme: Some(programme),
        faults: Vec::new(),
    }
}

#[test]
fn a_hold_of_35_s_reads_35_s_and_a_window_of_20_s_would_have_said_20() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("hold", PhaseKind::Hold, 20, 30, 1),
    ]);
    let readings = squeezes(plan, &[(30.0, 65.0, 30.0)]).run(&[25]);
    let of = |quantity, how| {
        one(&readings, quantity, Task::Hold, how, Some(1)).value.expect("it was held")
    };
    assert!((of(Quantity::HoldTime, How::Plain) - 35.0).abs() < 1e-9);
    assert!((of(Quantity::HoldTime, How::Within20S) - 20.0).abs() < 1e-9);
    // The edges are smoothed over 0.25 s.
    for (how, seconds) in [
        (How::To65, 35.0),
        (How::To50, 35.0),
        (How::To65Capped10S, 10.0),
        (How::To50Capped30S, 30.0),
    ] {
        let time = of(Quantity::EnduranceTime, how);
        assert!((time - seconds).abs() < 0.2, "{how:?}: {time}");
    }
    let rest = one(&readings, Quantity::RestLevel, Task::AfterHold, How::Plain, Some(2));
    assert_eq!(rest.validity, Validity::Valid, "the second half of the rest is clean");
}

#[test]
fn a_rest_with_a_contraction_in_it_says_so_and_its_median_is_not_fooled() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 40, 0, 1),
        phase("hold", PhaseKind::Hold, 5, 5, 1),
    ]);
    let readings = squeezes(plan, &[(25.0, 35.0, 50.0), (40.2, 45.0, 40.0)]).run(&[25]);
    let rest = one(&readings, Quantity::RestLevel, Task::RestBefore, How::Plain, None);
    assert_eq!(rest.validity, Validity::Doubtful);
    assert!(rest.reasons.has(Reason::ContractionInRest));
    let level = rest.value.expect("there is a level");
    assert!((level - 20.0).abs() < 0.3, "{level}");
}

#[test]
fn successes_are_those_that_a_hand_would_count() {
    // Peaks of 20, 32, 26, 41, 29.9 and 30 above a rest of 20, asked for: at least 30 above zero of the
    // probe in all, that is 10 above rest, at most 48.
    let heights = [20.0, 32.0, 26.0, 41.0, 5.0, 7.0];
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("maximal", PhaseKind::Maximal, 4, 6, 6),
    ]);
    let rectangles: Vec<(f64, f64, f64)> = heights
        .iter()
        .enumerate()
        .map(|(index, height)| (30.2 + 10.0 * index as f64, 33.5 + 10.0 * index as f64, *height))
        .collect();
    let mut visit = squeezes(plan, &rectangles);
    let band = |lower, upper, unit| Target { lower: Some(lower), upper, unit };
    aim(&mut visit, PhaseKind::Maximal, band(30.0, Some(48.0), TargetUnit::CentimetreWater));
    let readings = visit.run(&[25]);
    let met: Vec<_> = trials(&readings, Task::Maximal).iter().map(|trial| trial.success).collect();
    // Levels 40, 52, 46, 61, 25, 27, with rest in them.
    let hand = [true, false, true, false, false, false].map(Some);
    assert_eq!(met, hand);
    let count = one(&readings, Quantity::SuccessCount, Task::Maximal, How::Plain, None);
    assert_eq!((count.value, count.count), (Some(2.0), 6));
    let valid = one(&readings, Quantity::ValidTrialCount, Task::Maximal, How::Plain, None);
    assert_eq!((valid.value, valid.count), (Some(6.0), 6));

    // The same in mmHg: 30 to 48 cmH2O are 22.07 to 35.31 mmHg.
    aim(&mut visit, PhaseKind::Maximal, band(22.1, Some(35.3), TargetUnit::MillimetreMercury));
    let readings = visit.run(&[25]);
    let met: Vec<_> = trials(&readings, Task::Maximal).iter().map(|trial| trial.success).collect();
    assert_eq!(met, hand);
}

#[test]
fn a_target_in_percent_of_the_maximum_waits_until_there_is_one() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("first", PhaseKind::Hold, 6, 6, 1),
        phase("maximal", PhaseKind::Maximal, 4, 6, 3),
        phase("half", PhaseKind::Hold, 6, 6, 2),
    ]);
    let mut visit = squeezes(
        plan,
        &[
            (30.2, 35.8, 10.0),
            (42.2, 45.8, 40.0),
            (52.2, 55.8, 40.0),
            (62.2, 65.8, 40.0),
            (72.0, 78.0, 20.0),
            (84.0, 90.0, 32.0),
        ],
    );
    let half = Target { lower: Some(0.45), upper: Some(0.55), unit: TargetUnit::MvcRatio };
    aim(&mut visit, PhaseKind::Hold, half);
    let readings = visit.run(&[25]);
    let met: Vec<_> = trials(&readings, Task::Hold).iter().map(|trial| trial.success).collect();
    assert_eq!(met, [None, Some(true), Some(false)]);
    // Of a pressure, whose zero is where the probe was zeroed, a multiple of rest means nothing.
    let twice = Target { lower: Some(2.0), upper: None, unit: TargetUnit::RestRatio };
    aim(&mut visit, PhaseKind::Hold, twice);
    let readings = visit.run(&[25]);
    assert!(trials(&readings, Task::Hold).iter().all(|trial| trial.target.is_none()));
    // Of EMG it does.
    let mut visit = emg_visit();
    aim(&mut visit, PhaseKind::Hold, twice);
    let readings = visit.run(&[25]);
    let met: Vec<_> = trials(&readings, Task::Hold).iter().map(|trial| trial.success).collect();
    assert_eq!(met, [Some(true), Some(true)]);
}

#[test]
fn a_rest_with_a_target_is_a_trial() {
    let mut visit = emg_visit();
    // Of the golden visit's rests after flicks some lie above the rest before, some below.
    let lower = Some(1.0);
    aim(&mut visit, PhaseKind::Flick, Target { lower, upper: None, unit: TargetUnit::RestRatio });
    let readings = visit.run(&[25]);
    let before = one(&readings, Quantity::RestLevel, Task::RestBefore, How::Plain, None).value;
    let rests = trials(&readings, Task::AfterFlick);
    let hand: Vec<_> = rests
        .iter()
        .map(|rest| {
            let step = Some(rest.step);
            let own = one(&readings, Quantity::RestLevel, Task::AfterFlick, How::Plain, step);
            assert_eq!(own.value, rest.level);
            Some(own.value <= before)
        })
        .collect();
    assert_eq!(rests.iter().map(|rest| rest.success).collect::<Vec<_>>(), hand);
    let met = hand.iter().filter(|met| **met == Some(true)).count();
    let count = one(&readings, Quantity::SuccessCount, Task::AfterFlick, How::Plain, None);
    assert_eq!((count.value, count.count), (Some(met as f64), 4));
    assert!(0 < met && met < 4, "{met}");
}

#[test]
fn what_the_detector_did_not_find_does_not_count_but_its_level_can_be_seen() {
    let mut visit = pressure_visit();
    visit.contractions.clear();
    let readings = visit.run(&[25]);
    for trial in trials(&readings, Task::Maximal) {
        // It rises all the same.
        assert_eq!(trial.validity, Validity::Doubtful);
        assert!(trial.reasons.has(Reason::NoContraction));
    }
    let best = one(&readings, Quantity::MaximalContraction, Task::Maximal, How::Best, None);
    assert_eq!(best.validity, Validity::Doubtful);
    assert!(best.value.is_some_and(|value| value > 20.0), "{best:?}");
    let valid = one(&readings, Quantity::ValidTrialCount, Task::Maximal, How::Plain, None);
    assert_eq!((valid.value, valid.count), (Some(0.0), 3));
}

#[test]
fn bearing_down_never_counts_and_straining_is_doubtful() {
    let mut visit = pressure_visit();
    visit.contractions[0].1 = Some(Manoeuvre::Push);
    visit.contractions[1].1 = Some(Manoeuvre::Both);
    visit.contractions[2].1 = Some(Manoeuvre::Squeeze);
    let readings = visit.run(&[25]);
    let found: Vec<_> =
        trials(&readings, Task::Maximal).iter().map(|trial| trial.validity).collect();
    assert_eq!(found, [Validity::Invalid, Validity::Doubtful, Validity::Valid]);
    let count = |quantity| one(&readings, quantity, Task::Contraction, How::Plain, None);
    let downs = count(Quantity::BearingDownCount);
    assert_eq!((downs.value, downs.count), (Some(1.0), 3));
    assert_eq!(count(Quantity::SqueezeCount).value, Some(1.0));
    // One valid trial is no maximum to rely upon.
    let best = one(&readings, Quantity::MaximalContraction, Task::Maximal, How::BestThree, None);
    assert!(best.reasons.has(Reason::TooFewTrials) && best.validity == Validity::Doubtful);
}

/// What several channels say comes a second and more after the end of an event.
#[test]
fn what_is_told_of_a_contraction_that_ended_late_is_waited_for() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("maximal", PhaseKind::Maximal, 4, 10, 2),
    ]);
    let mut visit = squeezes(plan, &[(30.5, 36.5, 30.0), (44.5, 48.0, 30.0)]);
    visit.contractions[0].1 = Some(Manoeuvre::Push);
    let found = trials(&visit.run(&[25]), Task::Maximal);
    assert_eq!(found[0].manoeuvre, Some(Manoeuvre::Push));
    assert_eq!(found[1].manoeuvre, None);
}

#[test]
fn a_contraction_that_lasts_through_the_rest_is_summed_up_all_the_same() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("hold", PhaseKind::Hold, 6, 4, 2),
        phase("after", PhaseKind::Rest, 60, 0, 1),
    ]);
    let readings = squeezes(plan, &[(30.5, 35.5, 30.0), (40.5, 80.5, 30.0)]).run(&[25]);
    let held = one(&readings, Quantity::HoldTime, Task::Hold, How::Best, None);
    assert_eq!((held.value, held.count), (Some(40.0), 2));
    let valid = one(&readings, Quantity::ValidTrialCount, Task::Hold, How::Plain, None);
    assert_eq!(valid.value, Some(2.0));
}

/// Rest while standing is higher than while lying; that is no failure to relax.
#[test]
fn positions_are_not_mixed() {
    let position = |position, phase: Phase| Phase { position: Some(position), ..phase };
    let before = |id| Phase {
        windows: Some(vec![Window {
            kind: WindowKind::RestBefore,
            part: Part::Work,
            from: Millis::ZERO,
            to: Millis::from_secs(30),
        }]),
        ..phase(id, PhaseKind::Rest, 30, 0, 1)
    };
    let plan = programme(vec![
        position(Position::Lying, before("rest-lying")),
        phase("lying", PhaseKind::Maximal, 5, 15, 2),
        position(Position::Standing, phase("to-standing", PhaseKind::Pause, 10, 0, 1)),
        before("rest-standing"),
        phase("standing", PhaseKind::Maximal, 5, 15, 2),
    ]);
    let squeezed =
        [(30.5, 34.5, 30.0), (50.5, 54.5, 28.0), (110.5, 114.5, 20.0), (130.5, 134.5, 20.0)];
    let mut visit = squeezes(plan, &squeezed);
    visit.values[0][70 * 50..].iter_mut().for_each(|value| *value += 25.0);
    let readings = visit.run(&[25]);
    let residual = one(&readings, Quantity::RelaxationResidual, Task::AfterHold, How::Plain, None);
    assert!(residual.value.is_some_and(|value| value.abs() < 0.1), "{residual:?}");
    assert_eq!(residual.count, 2);
    let best = one(&readings, Quantity::MaximalContraction, Task::Maximal, How::BestThree, None);
    assert_eq!((best.count, best.validity), (2, Validity::Valid));
    // Repetitions while standing are told, over the rest while standing.
    let peak = one(&readings, Quantity::Peak, Task::Maximal, How::Plain, Some(7));
    assert!(peak.value.is_some_and(|value| (value - 20.0).abs() < 1.0), "{peak:?}");
    let recovery = one(&readings, Quantity::RecoveryLatency, Task::Maximal, How::Plain, Some(7));
    assert!(recovery.value.is_some_and(|value| value < 1.0), "{recovery:?}");
}

#[test]
fn the_abdomen_needs_no_contraction_of_its_own() {
    let readings = emg_visit().run(&[25]);
    let abdomen = readings.iter().filter_map(|reading| match reading {
        Reading::Measure(one) if one.channel == support::id(1) => Some(one),
        _ => None,
    });
    let peaks: Vec<_> = abdomen.filter(|one| one.quantity == Quantity::Peak).collect();
    assert!(peaks.len() > 10);
    assert!(peaks.iter().all(|one| one.validity == Validity::Valid), "{peaks:?}");
}

#[test]
fn the_level_before_is_not_read_from_a_rest_with_a_contraction_in_it() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("maximal", PhaseKind::Maximal, 4, 10, 2),
    ]);
    // Somebody squeezes through all of the second half of the rest.
    let squeezed = [(30.5, 33.5, 30.0), (36.0, 43.5, 15.0), (44.5, 47.5, 30.0)];
    let readings = squeezes(plan, &squeezed).run(&[25]);
    let peak = one(&readings, Quantity::Peak, Task::Maximal, How::Plain, Some(3));
    assert!(peak.value.is_some_and(|value| (value - 30.0).abs() < 1.0), "{peak:?}");
}

#[test]
fn maximal_contractions_that_differ_by_more_than_a_fifth_are_doubtful() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("maximal", PhaseKind::Maximal, 4, 6, 2),
    ]);
    for (second, validity) in [(33.0, Validity::Valid), (31.0, Validity::Doubtful)] {
        let rectangles = [(30.2, 33.5, 40.0), (40.2, 43.5, second)];
        let readings = squeezes(plan.clone(), &rectangles).run(&[25]);
        let best =
            one(&readings, Quantity::MaximalContraction, Task::Maximal, How::BestThree, None);
        assert_eq!(best.validity, validity, "{second}: {best:?}");
        assert_eq!(best.reasons.has(Reason::TrialsDisagree), validity == Validity::Doubtful);
    }
}

#[test]
fn quick_contractions_count_if_they_are_quick_and_let_go() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 30, 0, 1),
        phase("flick", PhaseKind::Flick, 2, 3, 5),
    ]);
    let mut visit = squeezes(
        plan,
        &[
            (30.2, 31.2, 30.0),
            // Too long for a flick.
            (35.1, 39.0, 30.0),
            (40.2, 41.2, 30.0),
            // Asked for twice, done once.
            (50.2, 51.0, 30.0),
        ],
    );
    // Far weaker than the others, as the detector has it.
    visit.contractions[2].0.peak = 0.2;
    let readings = visit.run(&[25]);
    let reasons: Vec<_> = trials(&readings, Task::Flick)
        .iter()
        .map(|trial| {
            let reasons = trial.reasons.iter().filter(|one| *one != Reason::Unverified);
            (trial.validity, reasons.collect::<Vec<_>>())
        })
        .collect();
    let invalid = |reason| (Validity::Invalid, vec![reason]);
    assert_eq!(
        reasons,
        [
            (Validity::Valid, vec![]),
            invalid(Reason::TooLong),
            invalid(Reason::FarWeaker),
            invalid(Reason::NoContraction),
            (Validity::Valid, vec![]),
        ]
    );
    let flicks = one(&readings, Quantity::FlickCount, Task::Flick, How::Plain, None);
    assert_eq!((flicks.value, flicks.count), (Some(1.0), 2));
}

/// Each fault that is put into one repetition turns that one, and no other; a clean visit turns none.
#[test]
fn faults_turn_the_repetition_they_are_in_and_no_other() {
    // The hold: the fourth contraction that is asked for, 24 s from 89 s on.
    let in_hold = Span { start: SampleIndex(50 * 95), end: SampleIndex(50 * 100) };
    for (fault, validity, reason) in [
        (Quality::LEAD_OFF, Validity::Invalid, Reason::Blind),
        (Quality::SENSOR_FAULT, Validity::Invalid, Reason::Blind),
        (Quality::STALE, Validity::Invalid, Reason::Blind),
        (Quality::TEST_SIGNAL, Validity::Invalid, Reason::Blind),
        (Quality::OVERRUN, Validity::Invalid, Reason::Gap),
        (Quality::SETTLING, Validity::Invalid, Reason::Settling),
        (Quality::SATURATED_HIGH, Validity::Doubtful, Reason::Saturated),
        (Quality::LOW_BATTERY, Validity::Valid, Reason::Drift),
    ] {
        let mut visit = pressure_visit();
        let clean = measures(&visit.run(&[25]));
        visit.faults = vec![(in_hold, fault)];
        let readings = visit.run(&[25]);
        assert_eq!(clean.len(), measures(&readings).len());
        for (before, after) in clean.iter().zip(&measures(&readings)) {
            assert_eq!(
                (before.quantity, before.task, before.how, before.trial),
                (after.quantity, after.task, after.how, after.trial)
            );
            let touched = after.task == Task::Hold && after.quantity != Quantity::RecoveryLatency;
            if !touched || fault == Quality::LOW_BATTERY {
                assert_eq!(before, after, "{fault:?}");
            } else if after.quantity != Quantity::ValidTrialCount {
                assert!(after.validity >= validity, "{fault:?}: {after:?}");
                assert!(after.reasons.has(reason), "{fault:?}: {after:?}");
            }
        }
    }
}

#[test]
fn a_clean_visit_raises_no_doubt() {
    // What is always doubtful by definition is not counted: nothing told what two of the contractions were,
    // and smoothing over 0.25 s hides the first 0.2 s.
    for mut visit in [emg_visit(), pressure_visit()] {
        for (_, manoeuvre) in &mut visit.contractions {
            *manoeuvre = Some(Manoeuvre::Squeeze);
        }
        let by_definition = Reasons::NONE
            .with(Reason::Smoothing)
            .with(Reason::NotDefined)
            .with(Reason::TooBrief)
            .with(Reason::NoiseFloorUnknown);
        let readings = measures(&visit.run(&[25]));
        let flagged: Vec<&Measure> = readings
            .iter()
            .filter(|one| one.validity != Validity::Valid)
            .filter(|one| !one.reasons.iter().any(|reason| by_definition.has(reason)))
            .collect();
        // F24: below one in a hundred.
        assert!(100 * flagged.len() < readings.len(), "{flagged:#?}");
    }
}

#[test]
fn a_gap_in_a_repetition_is_not_scored_and_the_others_are() {
    let visit = pressure_visit();
    let mut meter = visit.meter();
    let mut readings = Vec::new();
    // The runner is not told; the samples alone say that they are missing.
    let mut cut = visit.clone();
    cut.faults = vec![(
        Span { start: SampleIndex(50 * 95), end: SampleIndex(50 * 96) },
        Quality::CLOCK_JUMP,
    )];
    cut.feed(&mut meter, &[25], &mut |reading| readings.push(reading));
    let hold = trials(&readings, Task::Hold);
    assert_eq!((hold.len(), hold[0].validity), (1, Validity::Invalid));
    assert!(hold[0].reasons.has(Reason::Gap));
    assert!(trials(&readings, Task::Maximal).iter().all(|one| one.validity == Validity::Valid));
}

#[test]
fn a_visit_that_is_stopped_gives_what_it_has() {
    let mut visit = pressure_visit();
    // In the middle of the second contraction.
    let end = 50 * 55;
    for values in &mut visit.values {
        values.truncate(end);
    }
    visit.contractions.truncate(1);
    let readings = visit.run(&[25]);
    let maximal = trials(&readings, Task::Maximal);
    assert_eq!(maximal.len(), 2);
    assert_eq!(maximal[0].validity, Validity::Valid);
    assert!(maximal[1].reasons.has(Reason::Interrupted));
    let rest = one(&readings, Quantity::RestLevel, Task::RestBefore, How::Plain, None);
    assert_eq!(rest.validity, Validity::Valid);
    let best = one(&readings, Quantity::MaximalContraction, Task::Maximal, How::Best, None);
    assert!(best.value.is_some() && best.reasons.has(Reason::TooFewTrials));

    // In the middle of the rest: what there is of it, doubtful.
    let mut visit = pressure_visit();
    for values in &mut visit.values {
        values.truncate(50 * 20);
    }
    visit.contractions.clear();
    let readings = visit.run(&[25]);
    let rest = one(&readings, Quantity::RestLevel, Task::RestBefore, How::Plain, None);
    assert_eq!(rest.validity, Validity::Doubtful);
    assert!(rest.reasons.has(Reason::Interrupted) && rest.reasons.has(Reason::TooShort));
    assert!(rest.value.is_some());
}

#[test]
fn an_onset_that_was_taken_back_is_no_contraction() {
    let visit = pressure_visit();
    let mut meter = visit.meter();
    let mut none = visit.clone();
    none.contractions.clear();
    let mut readings = Vec::new();
    let (at, decided) = (SampleIndex(1800), SampleIndex(1815));
    meter.contraction(support::id(0), &Transition::Onset { at, decided }, |_| {});
    let withdrawn = Transition::Withdrawn {
        span: Span { start: at, end: SampleIndex(1850) },
        decided: SampleIndex(1860),
    };
    meter.contraction(support::id(0), &withdrawn, |_| {});
    none.feed(&mut meter, &[25], &mut |reading| readings.push(reading));
    assert!(trials(&readings, Task::Maximal).iter().all(|trial| trial.found.is_none()));
}

#[test]
fn a_free_run_takes_what_is_found_and_reads_the_rest_between() {
    let plan = programme(vec![phase("free", PhaseKind::Free, 90, 0, 1)]);
    let visit = squeezes(plan, &[(35.0, 40.0, 30.0), (50.0, 55.0, 20.0), (65.0, 70.0, 26.0)]);
    assert_eq!(visit.schedule, Schedule::free());
    let readings = visit.run(&[25]);
    let free = trials(&readings, Task::Contraction);
    assert_eq!(free.iter().map(|trial| trial.step).collect::<Vec<_>>(), [0, 1, 2]);
    let rest = one(&readings, Quantity::RestLevel, Task::RestBefore, How::Plain, None);
    assert_eq!(rest.validity, Validity::Valid, "{rest:?}");
    assert!(rest.span.end < SampleIndex(35 * 50), "{rest:?}");
    let best = one(&readings, Quantity::MaximalContraction, Task::Contraction, How::Best, None);
    assert!(best.value.is_some_and(|value| (value - 30.0).abs() < 1.0), "{best:?}");
    let between = one(&readings, Quantity::RestLevel, Task::Between, How::Median, None);
    assert_eq!(between.count, 2);
    assert!(measures(&readings).iter().any(|one| one.task == Task::RestAfter));
}

/// The Glazer protocol ends with a long contraction and a minute of rest: that is the rest after all, its second
/// half the rest after the long contraction, and the time until it is back at rest is the recovery.
#[test]
fn the_rest_at_the_end_of_a_glazer_visit_is_read_in_both_ways() {
    let plan = programme(vec![
        phase("before", PhaseKind::Rest, 60, 0, 1),
        phase("flick", PhaseKind::Flick, 2, 2, 2),
        phase("tonic", PhaseKind::Hold, 10, 10, 2),
        phase("endurance", PhaseKind::Endurance, 60, 0, 1),
        phase("after", PhaseKind::Rest, 60, 0, 1),
    ]);
    let mut visit = squeezes(
        plan,
        &[
            (60.3, 61.3, 30.0),
            (64.3, 65.3, 30.0),
            (68.3, 78.3, 40.0),
            (88.3, 98.3, 40.0),
            (108.3, 169.3, 20.0),
        ],
    );
    // For ten seconds it stays a little above rest.
    visit.values[0][169 * 50..179 * 50].iter_mut().for_each(|value| *value += 3.0);
    let readings = visit.run(&[25]);
    let level =
        |task, how| one(&readings, Quantity::RestLevel, task, how, None).value.expect("known");
    assert!((level(Task::RestAfter, How::Plain) - 20.0).abs() < 0.2);
    assert!((level(Task::AfterEndurance, How::Median) - 20.0).abs() < 0.2);
    let recovery = one(&readings, Quantity::RecoveryLatency, Task::Endurance, How::Plain, Some(9));
    assert!(recovery.value.is_some_and(|value| (value - 11.0).abs() < 0.3), "{recovery:?}");
    let between = one(&readings, Quantity::RestLevel, Task::Between, How::Median, None);
    assert_eq!(between.count, 4);
    // No maximal contraction is asked for: holds are the reference.
    let best = one(&readings, Quantity::MaximalContraction, Task::Hold, How::BestThree, None);
    assert_eq!((best.count, best.validity), (2, Validity::Valid));
    let long = one(&readings, Quantity::NormalisedLevel, Task::Endurance, How::Mean, None);
    assert!(long.value.is_some_and(|value| (value - 50.0).abs() < 1.0), "{long:?}");
}

#[test]
fn steps_know_what_they_are() {
    let visit = pressure_visit();
    let kinds: Vec<_> = visit.schedule.steps().iter().map(|step| (step.kind, step.part)).collect();
    assert_eq!(kinds[2], (PhaseKind::Maximal, Part::Work));
    assert_eq!(visit.schedule.steps()[2].exertion(), Some(Task::Maximal));
    assert_eq!(visit.schedule.steps()[3].after, Some(2));
}

#[test]
fn what_does_not_rise_above_rest_is_no_contraction() {
    let mut visit = pressure_visit();
    visit.contractions.clear();
    // Twenty seconds of the rest before, over and over.
    let rest = visit.values[0][400..1400].to_vec();
    for (value, again) in visit.values[0].iter_mut().zip(rest.iter().cycle()) {
        *value = *again;
    }
    let readings = visit.run(&[25]);
    for trial in trials(&readings, Task::Maximal) {
        assert_eq!(trial.validity, Validity::Invalid, "{trial:?}");
        assert!(trial.reasons.has(Reason::NoContraction));
    }
}

#[test]
fn a_rest_in_which_the_contraction_before_goes_on_is_what_was_asked_for() {
    let mut visit = pressure_visit();
    let (first, _) = &mut visit.contractions[0];
    let later = first.offset.expect("it ends").saturating_add(600);
    (first.offset, first.closed) = (Some(later), later);
    let readings = visit.run(&[25]);
    let rests: Vec<_> = measures(&readings)
        .into_iter()
        .filter(|one| one.quantity == Quantity::RestLevel && one.task == Task::AfterHold)
        .filter(|one| one.trial.is_some())
        .collect();
    assert!(rests[0].reasons.has(Reason::NotReleased), "{:?}", rests[0]);
    assert!(!rests[0].reasons.has(Reason::ContractionInRest));
    assert_eq!(rests[0].validity, Validity::Valid);
    // The next contraction is held against a rest that was one.
    let before = one(&readings, Quantity::RestLevel, Task::RestBefore, How::Plain, None);
    let peaks = |quantity| {
        one(&readings, quantity, Task::Maximal, How::Plain, rests[0].trial.map(|step| step + 1))
    };
    let (net, total) = (peaks(Quantity::Peak).value, peaks(Quantity::SqueezeTotal).value);
    let base = total.zip(net).map(|(total, net)| total - net);
    assert!(base.zip(before.value).is_some_and(|(base, before)| (base - before).abs() < 1e-9));
}

#[test]
fn efforts_of_one_who_does_not_let_go_agree() {
    let mut visit = pressure_visit();
    let disagree = |visit: &Visit| {
        let readings = visit.run(&[25]);
        let best = one(&readings, Quantity::MaximalContraction, Task::Maximal, How::Best, None);
        best.reasons.has(Reason::TrialsDisagree)
    };
    assert!(!disagree(&visit));
    // A third of the second and third contraction is missing.
    for contraction in [1, 2] {
        let (found, _) = visit.contractions[contraction];
        let (start, end) = (found.onset.0 as usize, found.offset.expect("it ends").0 as usize);
        let base = visit.values[0][start - 5];
        for value in &mut visit.values[0][start..end] {
            *value = base + 0.6 * (*value - base);
        }
    }
    assert!(disagree(&visit));
}
