//! Spectra against numbers from SciPy (`tests/data/reference/make_spectrum_reference.py`).
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use levator_signal::{Density, SampleRate, Spectrum, Welch};

/// Rows of a table, without the first.
fn table(name: &str) -> Vec<Vec<String>> {
    let path = format!("{}/../../tests/data/reference/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

fn rate() -> SampleRate {
    SampleRate::from_hz(1000.0).expect("a positive rate")
}

/// A burst of surface EMG, band-passed 20-450 Hz with zero phase.
fn input() -> Vec<f64> {
    table("spectrum_input.csv").iter().map(|row| number(&row[0])).collect()
}

fn welch(window_len: usize, input: &[f64]) -> Welch {
    let mut welch = Welch::new(window_len, rate()).expect("valid");
    welch.process(input);
    welch
}

/// 1e-9: what the project promises; sums of up to 1,256 terms leave less than 1e-12.
fn assert_close(value: f64, expected: f64, what: &str) {
    let error = (value - expected).abs();
    assert!(error <= 1e-9 * expected.abs(), "{what}: {value}, expected {expected}");
}

fn assert_features(density: Density<'_>, expected: &[String], what: &str) {
    let values = [
        Some(density.total_power()),
        density.mean_hz(),
        density.median_hz(),
        density.median_interpolated_hz(),
        density.edge_hz(0.95),
        Some(density.band_power(20.0, 60.0)),
        Some(density.band_power(60.0, 250.0)),
        density.peak().map(|peak| peak.frequency_hz),
        density.peak().map(|peak| peak.density),
    ];
    assert_eq!(values.len(), expected.len());
    for (column, (value, expected)) in values.iter().zip(expected).enumerate() {
        let value = value.expect("there is power");
        assert_close(value, number(expected), &format!("{what}, column {column}"));
    }
}

#[test]
fn densities_are_those_of_scipy() {
    let input = input();
    let rows = table("spectrum_density.csv");
    for rows in rows.chunk_by(|a, b| a[0] == b[0]) {
        let window_len = rows[0][0].parse().expect("a whole number");
        let welch = welch(window_len, &input);
        let density = welch.density().expect("a window");
        assert_eq!(density.density().len(), rows.len());
        let largest = density.peak().expect("there is power").density;
        for (bin, row) in rows.iter().enumerate() {
            let what = format!("window {window_len}, bin {bin}");
            assert!((density.frequency_hz(bin) - number(&row[1])).abs() < 1e-9, "{what}");
            let (value, expected) = (density.density()[bin], number(&row[2]));
            // Both programs round amplitudes to a part in some 1e15 of the largest.
            let limit = 1e-9 * expected + 2e-15 * (expected * largest).sqrt();
            assert!((value - expected).abs() <= limit, "{what}: {value}, expected {expected}");
        }
    }
}

#[test]
fn features_are_those_of_numpy() {
    let input = input();
    let rows = table("spectrum_features.csv");
    let (averaged, sliding): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row[0] == "welch");
    assert_eq!((averaged.len(), sliding.len()), (5, 16));
    for row in averaged {
        let welch = welch(row[1].parse().expect("a whole number"), &input);
        assert_features(welch.density().expect("a window"), &row[3..], &row[1]);
    }
    let mut expected = sliding.iter();
    let mut spectrum = Spectrum::new(256, 64, rate()).expect("valid");
    spectrum.process(&input, |end, density| {
        let row = expected.next().expect("a row for each window");
        assert_eq!(end.to_string(), row[2]);
        assert_features(density, &row[3..], &format!("window that ends at {end}"));
    });
    assert!(expected.next().is_none(), "a window is missing");
}

/// What published programs make of the same burst, to the digits that were kept.
#[test]
fn the_burst_has_its_known_frequencies() {
    let welch = welch(1024, &input());
    let density = welch.density().expect("a window");
    let mean_hz = density.mean_hz().expect("there is power");
    assert!((mean_hz - 103.710_700_4).abs() < 5e-8, "{mean_hz}");
    assert_close(density.median_hz().expect("there is power"), 90.820_312_5, "median");
    assert!((density.total_power() - 16_090.889_23).abs() < 5e-6, "{}", density.total_power());
}
