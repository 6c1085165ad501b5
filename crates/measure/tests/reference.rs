//! Every measure against an independent implementation: `reference/make_reference.py`.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod support;

use std::collections::BTreeMap;

use levator_measure::{
    Marker, MarkerRules, Measure, Meter, MeterChannel, Place, Quantity, Reading, Schedule, Trial,
    Validity,
};
use levator_signal::{Block, Quality, SampleIndex, SampleRate, SignalKind, Unit};

use support::{Visit, channel, data, emg_visit, folder, found, id, pressure_visit, read};

/// Values agree to this, of their size: what the task asks for. Round-off alone is below 1e-9.
const RELATIVE: f64 = 1e-6;

type Key = (u8, String, String, String, Option<u32>);

fn expected(case: &str) -> BTreeMap<Key, (f64, Option<f64>, u32)> {
    let text = read(&folder().join("expected.csv"));
    let mut rows = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[0] != case {
            continue;
        }
        let number = |cell: &str| cell.parse::<f64>().expect("a number");
        let key = (
            cells[1].parse().expect("a channel"),
            cells[2].to_owned(),
            cells[3].to_owned(),
            cells[4].to_owned(),
            (!cells[5].is_empty()).then(|| cells[5].parse().expect("a step")),
        );
        let sem = (!cells[7].is_empty()).then(|| number(cells[7]));
        rows.insert(key, (number(cells[6]), sem, cells[8].parse().expect("a count")));
    }
    assert!(!rows.is_empty(), "no rows for {case}");
    rows
}

fn key(measure: &Measure) -> Key {
    (
        measure.channel.channel,
        measure.quantity.name().to_owned(),
        measure.task.name().to_owned(),
        measure.how.name().to_owned(),
        measure.trial,
    )
}

fn measures(readings: &[Reading]) -> Vec<Measure> {
    let measure = |reading: &Reading| match reading {
        Reading::Measure(measure) => Some(*measure),
        Reading::Trial(_) => None,
    };
    readings.iter().filter_map(measure).collect()
}

fn trials(readings: &[Reading]) -> Vec<Trial> {
    let trial = |reading: &Reading| match reading {
        Reading::Trial(trial) => Some(*trial),
        Reading::Measure(_) => None,
    };
    readings.iter().filter_map(trial).collect()
}

/// Every measure with a value is expected, every expected one is there, and they are equal.
fn compare(case: &str, readings: &[Reading]) {
    let expected = expected(case);
    let mut got = BTreeMap::new();
    for measure in measures(readings).iter().filter(|measure| measure.value.is_some()) {
        let twice = got.insert(key(measure), *measure);
        assert!(twice.is_none(), "{case}: twice {measure:?}");
    }
    let mut wrong = Vec::new();
    let close = |one: f64, other: f64| {
        (one - other).abs() <= RELATIVE * one.abs().max(other.abs()).max(1e-9)
    };
    for (key, (value, sem, count)) in &expected {
        match got.get(key) {
            None => wrong.push(format!("missing {key:?}: {value}")),
            Some(measure) => {
                let has = measure.value.unwrap_or(f64::NAN);
                if !close(has, *value) {
                    wrong.push(format!("{key:?}: {has}, expected {value}"));
                }
                let same = match (measure.sem, sem) {
                    (Some(one), Some(other)) => close(one, *other),
                    (None, None) => true,
                    _ => false,
                };
                if !same {
                    wrong.push(format!("{key:?}: error {:?}, expected {sem:?}", measure.sem));
                }
                if measure.count != *count {
                    wrong.push(format!("{key:?}: count {}, expected {count}", measure.count));
                }
            }
        }
    }
    for (key, measure) in &got {
        if !expected.contains_key(key) {
            wrong.push(format!("not expected {key:?}: {:?}", measure.value));
        }
    }
    assert!(wrong.is_empty(), "{case}, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_visit_with_emg_is_as_the_reference_has_it() {
    compare("emg", &emg_visit().run(&[64]));
}

#[test]
fn a_visit_with_pressure_is_as_the_reference_has_it() {
    compare("pressure", &pressure_visit().run(&[10]));
}

/// The two golden visits have between them every quantity there is, but those that need what they do not have.
#[test]
fn no_quantity_is_without_a_reference() {
    let mut missing: Vec<&str> = Quantity::ALL.iter().map(|quantity| quantity.name()).collect();
    for case in ["emg", "pressure"] {
        let rows = expected(case);
        missing.retain(|name| !rows.keys().any(|key| key.1 == *name));
    }
    // Successes need targets: `trials.rs` counts them by hand.
    assert_eq!(missing, ["success-count"]);
}

fn biceps() -> Visit {
    let rate = SampleRate::from_hz(1000.0).expect("possible");
    let text = read(&data().join("recordings/biceps_30_fatigue.csv"));
    let codes: Vec<f64> =
        text.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok()).collect();
    let mut sorted = codes.clone();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let middle =
        if sorted.len() % 2 == 1 { sorted[half] } else { 0.5 * (sorted[half - 1] + sorted[half]) };
    let labels = read(&data().join("recordings/biceps_30_fatigue.labels.csv"));
    let contractions = labels.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',').map(|cell| cell.parse::<f64>());
        let (onset, offset) = (cells.next()?.ok()?, cells.next()?.ok()?);
        Some((found((onset * 1e3).round() as u64, (offset * 1e3).round() as u64, rate), None))
    });
    Visit {
        rate,
        kind: SignalKind::Emg,
        unit: Unit::Microvolt,
        values: vec![codes.iter().map(|code| (code - middle) / 4096.0 * 3000.0).collect()],
        channels: vec![channel(0, SignalKind::Emg, Unit::Microvolt, Place::Pelvic)],
        programme: None,
        schedule: Schedule::free(),
        contractions: contractions.collect(),
        faults: Vec::new(),
    }
}

#[test]
fn a_tiring_biceps_is_as_the_reference_has_it_and_slows_from_73_to_58_hz() {
    let readings = biceps().run(&[512]);
    compare("biceps", &readings);
    let hertz: Vec<f64> = measures(&readings)
        .iter()
        .filter(|one| one.quantity == Quantity::MedianFrequency && one.trial.is_some())
        .filter_map(|one| one.value)
        .collect();
    assert_eq!(hertz.len(), 30);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (mean(&hertz[..5]), mean(&hertz[25..]));
    // The recording's description: 73 Hz in the first five, 58 Hz in the last five, of whole contractions.
    // Without their rise and fall it is a little more.
    assert!((first - 73.0).abs() < 3.0, "first five: {first} Hz");
    assert!((last - 58.0).abs() < 3.0, "last five: {last} Hz");
    assert_eq!(trials(&readings).len(), 30);
}

/// Highest of the anal sensors, times, and marks.
fn anorectal(name: &str) -> (Vec<f64>, Vec<f64>, Vec<(f64, String)>) {
    let (mut times, mut levels, mut marks, mut is_mark) = (vec![], vec![], vec![], false);
    for line in read(&data().join("manometry").join(name)).lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        is_mark |= line.starts_with("Annotations");
        let number = |cell: &str| cell.trim().parse::<f64>();
        if is_mark {
            // Not every mark is separated by a tab.
            let mark = line.trim().split_once(char::is_whitespace);
            let mark = mark.and_then(|(time, text)| Some((number(time).ok()?, text)));
            marks.extend(mark.map(|(time, text)| (time, text.trim().to_owned())));
        } else if !is_mark && cells.len() >= 13 {
            let row: Vec<f64> = cells[..13].iter().filter_map(|cell| number(cell).ok()).collect();
            times.push(row[0]);
            levels.push(row[3..].iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
    }
    (times, levels, marks)
}

fn read_anorectal(name: &str) -> (Vec<Reading>, levator_measure::Missing) {
    let (times, levels, marks) = anorectal(name);
    let hz = (times.len() - 1) as f64 / (times[times.len() - 1] - times[0]);
    let rate = SampleRate::from_hz(hz).expect("a rate");
    let markers: Vec<Marker<'_>> =
        marks.iter().map(|(at_s, text)| Marker { at_s: at_s - times[0], text }).collect();
    let end = SampleIndex(levels.len() as u64);
    let (schedule, missing) =
        Schedule::from_markers(&markers, &MarkerRules::anorectal(), rate, end);
    // As the table has it: nothing is smoothed.
    let settings = MeterChannel {
        window_s: 0.0,
        ..channel(0, SignalKind::Pressure, Unit::MillimetreMercury, Place::Pelvic)
    };
    let mut meter = Meter::new(schedule, rate, &[settings]).expect("settings that work");
    let mut readings = Vec::new();
    for (place, part) in levels.chunks(50).enumerate() {
        let block = Block {
            channel: id(0),
            kind: SignalKind::Pressure,
            unit: Unit::MillimetreMercury,
            rate,
            first: SampleIndex(place as u64 * 50),
            values: part,
            filtered: part,
            envelope: part,
            quality: Quality::GOOD,
        };
        meter.process(&block, |reading| readings.push(reading));
    }
    meter.finish(end, |reading| readings.push(reading));
    (readings, missing)
}

fn value(readings: &[Reading], quantity: Quantity, task: &str, trial: Option<u32>) -> f64 {
    let measures = measures(readings);
    let one = measures
        .iter()
        .find(|one| one.quantity == quantity && one.task.name() == task && one.trial == trial);
    one.and_then(|one| one.value).unwrap_or(f64::NAN)
}

/// Base and peak as the table beside the recordings prints them, to two digits: rest; base and peak of the
/// first squeeze, the second, the long one; of the cough.
#[test]
fn anorectal_recordings_are_read_by_their_marks_as_the_table_has_it() {
    type Row = (&'static str, f64, &'static [(f64, f64)]);
    let table: [Row; 3] = [
        (
            "anorectal_1.txt",
            38.22,
            &[(39.93, 46.83), (35.92, 50.67), (39.03, 57.63), (26.04, 54.84)],
        ),
        (
            "anorectal_norair.txt",
            126.03,
            &[(130.12, 269.69), (123.00, 384.97), (90.28, 403.69), (121.38, 244.91)],
        ),
        (
            "anorectal_nointerpolation.txt",
            47.33,
            &[(47.02, 226.88), (70.90, 233.18), (50.72, 231.69)],
        ),
    ];
    for (name, rest, squeezes) in table {
        let (readings, _) = read_anorectal(name);
        compare(name, &readings);
        let level = value(&readings, Quantity::RestLevel, "rest-before", Some(0));
        assert!((level - rest).abs() < 0.006, "{name}: rest {level}");
        for (place, (base, peak)) in squeezes.iter().enumerate() {
            let trial = Some(place as u32 + 1);
            let (task, quantity) = match place {
                0 | 1 => ("maximal", Quantity::SqueezeIncrement),
                2 => ("endurance", Quantity::SqueezeIncrement),
                _ => ("cough", Quantity::CoughIncrement),
            };
            let increment = value(&readings, quantity, task, trial);
            assert!((increment - (peak - base)).abs() < 0.011, "{name} {task}: {increment}");
        }
    }
}

#[test]
fn recordings_with_faults_give_what_they_can_and_tell_what_is_missing() {
    let (readings, missing) = read_anorectal("bad_testnomarkers.txt");
    assert_eq!(missing.phases.len(), 6);
    assert!(measures(&readings).iter().all(|one| one.value.is_none()));
    for name in ["bad_testmissingmarkers.txt", "bad_testshort.txt"] {
        let (_, missing) = read_anorectal(name);
        assert!(!missing.phases.is_empty() || !missing.outside.is_empty(), "{name}");
    }
    let (readings, _) = read_anorectal("bad_testdeactivatedchannels.txt");
    assert!(measures(&readings).iter().any(|one| one.value.is_some()));
}

#[test]
fn a_rest_of_ten_seconds_is_doubtful() {
    let (readings, _) = read_anorectal("anorectal_1.txt");
    let rest = measures(&readings)
        .into_iter()
        .find(|one| one.quantity == Quantity::RestLevel)
        .expect("there is a rest");
    assert_eq!(rest.validity, Validity::Doubtful, "{rest:?}");
}
