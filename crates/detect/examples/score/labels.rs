//! The labels of the recordings in `tests/data/recordings`.

use std::path::{Path, PathBuf};

use crate::scoring::{Event, Span};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/recordings")
}

/// Contractions of a recording; none if there is no file of them.
pub(crate) fn labels(name: &str) -> Vec<Event> {
    events(&format!("{name}.labels.csv"))
}

/// Regions in which nothing is required and nothing is wrong.
pub(crate) fn ignored(name: &str) -> Vec<Span> {
    let regions = events(&format!("{name}.ignore.csv"));
    regions.iter().filter_map(|e| Some((e.onset_s, e.offset_s?))).collect()
}

fn events(file: &str) -> Vec<Event> {
    let Ok(text) = std::fs::read_to_string(folder().join(file)) else { return Vec::new() };
    text.lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',');
            let mut number = || cells.next().and_then(|c| c.parse().ok());
            Event {
                onset_s: number().expect("a number"),
                offset_s: number(),
                is_offset_known: !line.contains("end of file"),
            }
        })
        .collect()
}

/// Length and onset tolerance of a recording, from the table.
pub(crate) fn limits(name: &str) -> (f64, f64) {
    let table = std::fs::read_to_string(folder().join("recordings.csv")).expect("it is there");
    let line = table.lines().find(|line| line.split(',').next() == Some(name)).expect("listed");
    let mut cells = line.rsplit(',');
    let mut number = || cells.next().and_then(|c| c.trim().parse().ok()).expect("a number");
    let tolerance_s = number();
    (number(), tolerance_s)
}
