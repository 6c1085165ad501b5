//! The scorer of this crate counts as the one in Python does that came with the labels.
//!
//! Detections made up at random around the labels of all recordings, with what the other scorer made of
//! them: `tests/data/scorer`, written by its `make.py`.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

#[path = "../examples/score/labels.rs"]
mod labels;
#[path = "../examples/score/scoring.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod scoring;

use std::path::Path;

use scoring::{Event, percentile, score};

fn rows(file: &str) -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/scorer");
    let text = std::fs::read_to_string(folder.join(file)).expect("it is there");
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

#[test]
fn both_scorers_say_the_same_of_random_detections() {
    let cases = rows("cases.csv");
    let expected = rows("expected.csv");
    assert_eq!(expected.len(), 6 * 12, "six rounds of all labelled recordings");
    for row in expected {
        let (trial, name) = (&row[0], row[1].as_str());
        let found: Vec<Event> = cases
            .iter()
            .filter(|case| &case[0] == trial && case[1] == name)
            .map(|case| Event {
                onset_s: number(&case[2]).expect("a number"),
                offset_s: number(&case[3]),
                is_offset_known: true,
            })
            .collect();
        let (duration_s, tolerance_s) = labels::limits(name);
        let score =
            score(&labels::labels(name), &found, &labels::ignored(name), duration_s, tolerance_s);
        let counts =
            [score.label_count, score.found_count, score.false_count, score.fragment_count];
        assert_eq!(counts.map(|count| count.to_string()), row[2..6], "{name}, round {trial}");
        let bias = |errors: &[f64]| percentile(errors.iter().copied(), 0.5);
        let most = |errors: &[f64]| percentile(errors.iter().map(|e| e.abs()), 0.95);
        let times = [
            score.rest_s,
            1e3 * bias(&score.onset_errors_s),
            1e3 * most(&score.onset_errors_s),
            1e3 * bias(&score.offset_errors_s),
            1e3 * most(&score.offset_errors_s),
        ];
        for (time, cell) in times.into_iter().zip(&row[6..]) {
            // Rounded to a tenth of a millisecond there, and to a hundredth for the percentiles.
            let same = number(cell).map_or(time.is_nan(), |other| (time - other).abs() <= 0.06);
            assert!(same, "{name}, round {trial}: {times:?} and not {:?}", &row[6..]);
        }
    }
}
