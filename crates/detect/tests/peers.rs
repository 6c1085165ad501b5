//! Signals on which other detectors were compared, and what they said.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

#[path = "../examples/score/recording.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod recording;

use std::path::Path;

use levator_detect::{Contraction, Transition};

/// Contractions in a file of `tests/data`.
fn contractions(file: &str, reader: &str, column: &str) -> Vec<Contraction> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    let text = std::fs::read_to_string(folder.join(file)).expect("it is there");
    let signal = recording::read(&text, reader, column, "1000").expect("it is readable");
    let said = recording::detect(&signal, true).expect("the presets exist at 1 kHz");
    said.into_iter()
        .filter_map(|t| if let Transition::Contraction(c) = t { Some(c) } else { None })
        .collect()
}

/// The largest distances of onsets and of offsets from where they should be, in samples.
fn farthest(found: &[Contraction], expected: &[(u64, u64)]) -> (u64, u64) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    found.iter().zip(expected).fold((0, 0), |(onsets, offsets), (one, (onset, offset))| {
        let end = one.offset.expect("it is over").0;
        (onsets.max(one.onset.0.abs_diff(*onset)), offsets.max(end.abs_diff(*offset)))
    })
}

/// Where `find_onsets`, `hodges_bui` and `lidierth` of BioSPPy 2.2.4 agree within 5 samples on this
/// recording; they look at the whole of it, and were given their settings.
#[test]
fn four_bursts_are_where_three_other_detectors_agree() {
    let found = contractions("recordings/mixed_4_bursts.txt", "lines", "");
    let agreed = [(1519, 1790), (15_578, 16_898), (25_687, 25_811), (26_483, 26_595)];
    let (onsets, offsets) = farthest(&found, &agreed);
    assert!(onsets <= 50, "{onsets} samples: {found:?}");
    // The first one trails off: an eye labels its end 30 ms after their agreement, and ours is later.
    assert!(offsets <= 75, "{offsets} samples: {found:?}");
}

/// Its own methods are 5 to 60 samples off; see `tests/data/neurokit/README.md`.
#[test]
fn square_bursts_of_a_simulator_are_dated_to_fifteen_samples() {
    let found = contractions("neurokit/emg_simulated.csv", "csv", "emg");
    let truth = [(1750, 2750), (4500, 5500), (7250, 8250)];
    let (onsets, offsets) = farthest(&found, &truth);
    assert!(onsets <= 15 && offsets <= 15, "{onsets} and {offsets} samples: {found:?}");
}
