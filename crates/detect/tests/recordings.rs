//! What is found in the recordings of `tests/data/recordings`, with the settings that hold for all.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

#[path = "../examples/score/recording.rs"]
mod recording;

use std::path::{Path, PathBuf};

use levator_detect::{Reason, Transition};
use levator_signal::SampleIndex;
use recording::{Recording, Signal};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/recordings")
}

fn recordings() -> Vec<Recording> {
    recording::read_all(&folder(), &folder().join("recordings.csv")).expect("they are readable")
}

/// Onsets and offsets in samples.
fn contractions(signal: &Signal, is_emg: bool) -> Vec<(SampleIndex, Option<SampleIndex>)> {
    recording::detect(signal, is_emg)
        .expect("the presets exist at these rates")
        .iter()
        .filter_map(|t| match t {
            Transition::Contraction(contraction) => Some((contraction.onset, contraction.offset)),
            Transition::Onset { .. }
            | Transition::Withdrawn { .. }
            | Transition::Undetermined { .. } => None,
        })
        .collect()
}

/// Spans in seconds from a file of labels or ignore regions; none if there is no such file.
fn spans(file: &str) -> Vec<(f64, f64)> {
    let Ok(text) = std::fs::read_to_string(folder().join(file)) else { return Vec::new() };
    let number = |cell: Option<&str>| cell.and_then(|c| c.parse().ok()).expect("a number");
    text.lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',');
            (number(cells.next()), number(cells.next()))
        })
        .collect()
}

fn overlap(a: (f64, f64), b: (f64, f64)) -> f64 {
    a.1.min(b.1) - a.0.max(b.0)
}

#[test]
fn every_labelled_contraction_is_found_once_and_nothing_else() {
    let mut table = String::new();
    let mut faults = 0;
    for Recording { name, is_emg, signal } in recordings() {
        let labels = spans(&format!("{name}.labels.csv"));
        let ignored = spans(&format!("{name}.ignore.csv"));
        let end_s = labels.last().map_or(f64::INFINITY, |label| label.1);
        let found: Vec<(f64, f64)> = contractions(&signal, is_emg)
            .iter()
            .map(|(onset, offset)| {
                (signal.rate.time_s(*onset), offset.map_or(end_s, |at| signal.rate.time_s(at)))
            })
            .collect();
        let hits = |label: &(f64, f64)| found.iter().filter(|f| overlap(**f, *label) > 0.0).count();
        let missed = labels.iter().filter(|label| hits(label) == 0).count();
        let split = labels.iter().filter(|label| hits(label) > 1).count();
        let false_count = found
            .iter()
            .filter(|f| !labels.iter().any(|label| overlap(**f, *label) > 0.0))
            .filter(|f| !ignored.iter().any(|span| overlap(**f, *span) >= 0.5 * (f.1 - f.0)))
            .count();
        faults += missed + split + false_count;
        table.push_str(&format!(
            "{name}: {} labels, {missed} missed, {split} split, {false_count} false\n",
            labels.len()
        ));
    }
    assert_eq!(faults, 0, "\n{table}");
}

#[test]
fn gain_and_offset_change_no_contraction() {
    for Recording { name, is_emg, signal } in recordings() {
        let plain = contractions(&signal, is_emg);
        // Powers of two scale without rounding, so not a sample may move.
        for (gain, offset) in [(1.0 / 128.0, 0.0), (128.0, 0.0), (1.0, 4096.0)] {
            let mut changed = signal.clone();
            for (_, values) in &mut changed.runs {
                values.iter_mut().for_each(|x| *x = *x * gain + offset);
            }
            let found = contractions(&changed, is_emg);
            assert_eq!(found, plain, "{name}, gain {gain}, offset {offset}");
        }
    }
}

#[test]
fn a_hold_without_rest_around_it_is_not_called_a_contraction() {
    let text =
        std::fs::read_to_string(folder().join("hold_10s_knee_ID1.csv")).expect("it is there");
    let signal = recording::read(&text, "csv", "emg_VL", "2000").expect("it is readable");
    let found = recording::detect(&signal, true).expect("the presets exist at 2 kHz");
    assert!(
        matches!(found[..], [Transition::Undetermined { reason: Reason::NoContrast, .. }]),
        "{found:?}"
    );
}

#[test]
fn a_faulty_sensor_is_refused() {
    let recordings = recordings();
    let fault = recordings.iter().find(|r| r.name == "grip_sensor_fault").expect("it is listed");
    let found = recording::detect(&fault.signal, false).expect("the presets exist");
    assert!(!found.is_empty());
    assert!(found.iter().all(|t| matches!(t, Transition::Undetermined { .. })), "{found:?}");
}

#[test]
fn one_wild_sample_changes_no_contraction() {
    let recordings = recordings();
    let bursts = recordings.iter().find(|r| r.name == "biceps_9_bursts").expect("it is listed");
    let plain = contractions(&bursts.signal, true);
    // A millivolt and a kilovolt, at 3.2 s, in the rest after the first burst.
    for wild in [1e3, 1e4, 1e9] {
        let mut signal = bursts.signal.clone();
        signal.runs[0].1[3200] = wild;
        let found = contractions(&signal, true);
        // The notch rings with a kilovolt for 4 s: what lies under it cannot be found.
        let hidden_until = if wild > 1e6 { SampleIndex(7200) } else { SampleIndex::ZERO };
        let heard: Vec<_> =
            plain.iter().filter(|one| one.0.0 < 3200 || one.0 > hidden_until).collect();
        assert_eq!(found.len(), heard.len(), "{wild}: {found:?}");
        for (one, other) in found.iter().zip(heard) {
            // What is learnt of the rest is a little different for a while; the rises are slow.
            assert!(one.0.0.abs_diff(other.0.0) <= 60, "{wild}: {one:?} was {other:?}");
        }
    }
}

/// Contractions of a signal without its first `cut` samples, or with so many more in front, on the
/// samples of the whole.
fn moved(name: &str, signal: &Signal, is_emg: bool, by: i64) -> Vec<(i64, Option<i64>)> {
    let ignored = spans(&format!("{name}.ignore.csv"));
    let back = |at: SampleIndex| at.0.cast_signed() - by;
    contractions(signal, is_emg)
        .into_iter()
        .map(|(onset, offset)| (back(onset), offset.map(back)))
        .filter(|(onset, _)| {
            // What nobody could judge may come and go.
            let onset_s = *onset as f64 / signal.rate.hz();
            !ignored.iter().any(|span| (span.0 - 0.1..=span.1).contains(&onset_s))
        })
        .collect()
}

#[test]
fn the_first_milliseconds_decide_nothing() {
    let mut moved_count = 0;
    let mut table = String::new();
    for Recording { name, is_emg, signal } in recordings() {
        if !is_emg {
            continue;
        }
        let plain = moved(&name, &signal, is_emg, 0);
        for part in 1..=12 {
            // Up to 80 ms, in steps that are no multiple of any of ours.
            let cut = (0.0067 * f64::from(part) * signal.rate.hz()).round() as usize;
            let mut less = signal.clone();
            less.runs[0].1.drain(..cut);
            let found = moved(&name, &less, is_emg, -(cut.cast_signed() as i64));
            if found.len() != plain.len() {
                moved_count += 1;
                table += &format!("{name}, {cut} samples: {found:?}\n  not {plain:?}\n");
            }
        }
    }
    // One movement after a fist, at 200 Hz, lies just at the threshold.
    assert!(moved_count <= 2, "\n{table}");
}

#[test]
fn a_minute_of_rest_in_front_changes_no_contraction() {
    let mut table = String::new();
    for Recording { name, is_emg, signal } in recordings() {
        let labels = spans(&format!("{name}.labels.csv"));
        let Some(first) = labels.first() else { continue };
        // The rest before the first contraction, to and fro: no edge where it is joined.
        let len = ((first.0 - 0.5) * signal.rate.hz()) as usize;
        if !is_emg || first.0 < 1.5 {
            continue;
        }
        let rest = &signal.runs[0].1[..len];
        let total = (60.0 * signal.rate.hz()) as usize;
        let mut longer = signal.clone();
        let front = (0..total).rev().map(|i| {
            let (turn, place) = (i / len, i % len);
            if turn % 2 == 0 { rest[place] } else { rest[len - 1 - place] }
        });
        longer.runs[0].1.splice(0..0, front);
        let plain = moved(&name, &signal, is_emg, 0);
        let mut found = moved(&name, &longer, is_emg, total.cast_signed() as i64);
        // A movement before the first contraction is repeated, too.
        found.retain(|one| one.0 >= 0);
        if found.len() != plain.len() {
            table += &format!("{name}: {found:?}\n  not {plain:?}\n");
        }
    }
    assert!(table.is_empty(), "\n{table}");
}
