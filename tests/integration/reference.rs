//! Filters and envelopes against committed SciPy numbers (`tests/data/reference/make_reference.py`).
//!
//! The tolerance of outputs is 1e-9 of the value, or 1e-9 counts where a value is near zero. Both
//! sides run other forms of the same recursion, on 12-bit counts with an offset of 2,000: rounding
//! leaves them about 1e-11 apart.

use std::collections::HashMap;
use std::path::PathBuf;

use levator_signal::{
    Cascade, MovingPercentile, RectifiedMean, Resampled, Resampler, Rms, SampleRate, Sections,
    ZeroPhase, butterworth_band_pass, butterworth_band_stop, butterworth_high_pass,
    butterworth_low_pass, notch, teager_kaiser_whole,
};

const TOLERANCE: f64 = 1e-9;

fn data(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn number(text: &str) -> f64 {
    text.trim().parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn rate(hz: f64) -> SampleRate {
    SampleRate::from_hz(hz).expect("a positive rate")
}

fn at_1_khz(kind: &str, order: f64, low_hz: f64, high_hz: f64) -> Sections {
    design(kind, order, low_hz, high_hz, 1000.0)
}

fn design(kind: &str, order_or_q: f64, low_hz: f64, high_hz: f64, rate_hz: f64) -> Sections {
    let (order, rate) = (order_or_q as usize, rate(rate_hz));
    match kind {
        "lowpass" => butterworth_low_pass(order, low_hz, rate),
        "highpass" => butterworth_high_pass(order, low_hz, rate),
        "bandpass" => butterworth_band_pass(order, low_hz, high_hz, rate),
        "bandstop" => butterworth_band_stop(order, low_hz, high_hz, rate),
        "notch" => notch(low_hz, order_or_q, rate),
        other => panic!("no filter of kind {other}"),
    }
    .unwrap_or_else(|error| panic!("{kind} {order_or_q} {low_hz} {high_hz} at {rate_hz}: {error}"))
}

fn filtered(sections: &Sections, input: &[f64]) -> Vec<f64> {
    let mut output = input.to_vec();
    Cascade::new(sections).process(&mut output);
    output
}

fn filtered_from_zero(sections: &Sections, input: &[f64]) -> Vec<f64> {
    let mut cascade = Cascade::new(sections);
    cascade.prime(0.0);
    let mut output = input.to_vec();
    cascade.process(&mut output);
    output
}

fn filtered_without_phase(sections: &Sections, input: &[f64]) -> Vec<f64> {
    let mut output = input.to_vec();
    ZeroPhase::new(sections).process(&mut output).expect("long enough");
    output
}

fn rectified(input: &[f64]) -> Vec<f64> {
    input.iter().map(|x| x.abs()).collect()
}

fn teager_kaiser(input: &[f64]) -> Vec<f64> {
    let mut output = input.to_vec();
    teager_kaiser_whole(&mut output);
    output
}

fn percentile(window: usize, ratio: f64, input: &[f64]) -> Vec<f64> {
    let mut output = input.to_vec();
    MovingPercentile::new(window, ratio).expect("valid").process(&mut output);
    output
}

fn rms(window: usize, input: &[f64]) -> Vec<f64> {
    let mut output = input.to_vec();
    Rms::new(window).process(&mut output);
    output
}

#[track_caller]
fn assert_close(what: &str, got: f64, expected: f64) {
    let error = (got - expected).abs();
    assert!(error <= TOLERANCE * expected.abs().max(1.0), "{what}: got {got}, expected {expected}");
}

#[test]
fn every_filter_has_the_response_of_scipy() {
    let text = data("reference/responses.csv");
    let mut worst: HashMap<String, f64> = HashMap::new();
    for line in text.lines().skip(1) {
        let (kind, numbers) = line.split_once(',').expect("eight columns");
        let n: Vec<f64> = numbers.split(',').map(number).collect();
        let response = design(kind, n[0], n[1], n[2], n[3]).response(n[4]);
        let error = (response.re - n[5]).hypot(response.im - n[6]);
        // In the stop band the value is small, and so must its error be.
        let relative = error / n[5].hypot(n[6]).max(1e-6);
        let name = format!("{kind} {} {} {} at {}", n[0], n[1], n[2], n[3]);
        assert!(relative.is_finite(), "{name}: {response:?}");
        let entry = worst.entry(name).or_default();
        *entry = entry.max(relative);
    }
    assert_eq!(worst.len(), 58);
    let over: Vec<_> = worst.iter().filter(|(_, error)| **error > TOLERANCE).collect();
    assert!(over.is_empty(), "{over:?}");
}

#[test]
fn expanded_polynomials_are_those_of_scipy() {
    let text = data("reference/coefficients.csv");
    assert_eq!(text.lines().count(), 59);
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let n: Vec<f64> = fields[1..5].iter().map(|field| number(field)).collect();
        let sections = design(fields[0], n[0], n[1], n[2], n[3]);
        let (mut over, mut under) = (vec![1.0], vec![1.0]);
        for c in sections.coefficients() {
            over = multiplied(&over, &[c.b0, c.b1, c.b2]);
            under = multiplied(&under, &[1.0, c.a1, c.a2]);
        }
        for (got, expected) in [(over, fields[5]), (under, fields[6])] {
            let expected: Vec<f64> = expected.split(' ').map(number).collect();
            assert_eq!(got.len(), expected.len(), "{line}");
            // Terms of either sign cancel in a coefficient: to that of their largest it is exact.
            let largest = expected.iter().fold(0.0_f64, |largest, c| largest.max(c.abs()));
            for (got, expected) in got.iter().zip(&expected) {
                assert!((got - expected).abs() <= TOLERANCE * largest, "{line}: got {got}");
            }
        }
    }
}

fn multiplied(left: &[f64], right: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; left.len() + right.len() - 1];
    for (i, x) in left.iter().enumerate() {
        for (j, y) in right.iter().enumerate() {
            product[i + j] += x * y;
        }
    }
    product
}

#[test]
fn every_output_sample_is_that_of_scipy() {
    let text = data("reference/outputs.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(number).collect()).collect();
    let column = |index: usize| -> Vec<f64> { rows.iter().map(|row| row[index]).collect() };
    let input = column(0);
    let high = at_1_khz("highpass", 4.0, 20.0, 0.0);
    let band = filtered(&at_1_khz("bandpass", 4.0, 20.0, 450.0), &input);
    for (index, name) in names.iter().enumerate().skip(1) {
        let got = match *name {
            "highpass4_20" => filtered(&high, &input),
            "highpass4_20_from_zero" => filtered_from_zero(&high, &input),
            "bandpass4_20_450" => band.clone(),
            "bandpass3_20_450" => filtered(&at_1_khz("bandpass", 3.0, 20.0, 450.0), &input),
            "bandpass8_20_450" => filtered(&at_1_khz("bandpass", 8.0, 20.0, 450.0), &input),
            "bandstop2_48_52" => filtered(&at_1_khz("bandstop", 2.0, 48.0, 52.0), &input),
            "notch_50_q30" => filtered(&at_1_khz("notch", 30.0, 50.0, 0.0), &input),
            "lowpass2_6" => filtered(&at_1_khz("lowpass", 2.0, 6.0, 0.0), &input),
            "rms_50" => rms(50, &band),
            "rectified_mean_50" => {
                let mut output = band.clone();
                RectifiedMean::new(50).process(&mut output);
                output
            }
            "lowpass4_0.05" => filtered(&at_1_khz("lowpass", 4.0, 0.05, 0.0), &input),
            "highpass2_0.05" => filtered(&at_1_khz("highpass", 2.0, 0.05, 0.0), &input),
            "highpass4_0.05" => filtered(&at_1_khz("highpass", 4.0, 0.05, 0.0), &input),
            "decimated_lowpass8_25" => filtered(&at_1_khz("lowpass", 8.0, 25.0, 0.0), &input),
            "teager_kaiser" => teager_kaiser(&band),
            "median_31" => percentile(31, 0.5, &input),
            "percentile10_100" => percentile(100, 0.1, &rectified(&band)),
            "zero_phase_bandpass4_20_450" => {
                filtered_without_phase(&at_1_khz("bandpass", 4.0, 20.0, 450.0), &input)
            }
            "zero_phase_bandpass3_20_450" => {
                filtered_without_phase(&at_1_khz("bandpass", 3.0, 20.0, 450.0), &input)
            }
            "zero_phase_bandstop2_48_52" => {
                filtered_without_phase(&at_1_khz("bandstop", 2.0, 48.0, 52.0), &input)
            }
            "zero_phase_highpass3_10" => {
                filtered_without_phase(&at_1_khz("highpass", 3.0, 10.0, 0.0), &input)
            }
            "zero_phase_lowpass2_6" => {
                filtered_without_phase(&at_1_khz("lowpass", 2.0, 6.0, 0.0), &input)
            }
            "zero_phase_lowpass5_40" => {
                filtered_without_phase(&at_1_khz("lowpass", 5.0, 40.0, 0.0), &input)
            }
            "zero_phase_notch_50_q30" => {
                filtered_without_phase(&at_1_khz("notch", 30.0, 50.0, 0.0), &input)
            }
            other => panic!("no stage for column {other}"),
        };
        assert_eq!(got.len(), 500);
        for (n, (got, expected)) in got.iter().zip(column(index)).enumerate() {
            assert_close(&format!("{name}[{n}]"), *got, expected);
        }
    }
}

fn recording() -> Vec<f64> {
    let text = data("recordings/mixed_4_bursts.txt");
    text.lines().filter(|line| !line.starts_with('#')).map(number).collect()
}

#[test]
fn a_real_recording_gives_the_numbers_of_scipy() {
    let input = recording();
    assert_eq!(input.len(), 63_880);
    let high = at_1_khz("highpass", 4.0, 20.0, 0.0);
    let band = filtered(&at_1_khz("bandpass", 4.0, 20.0, 450.0), &input);
    let both_ways = filtered_without_phase(&at_1_khz("bandpass", 4.0, 20.0, 450.0), &input);
    let reference = data("reference/recording.csv");
    assert_eq!(reference.lines().count(), 13);
    for line in reference.lines().skip(1) {
        let (stage, numbers) = line.split_once(',').expect("nine columns");
        let expected: Vec<f64> = numbers.split(',').map(number).collect();
        let got = match stage {
            "highpass4_20_from_zero" => filtered_from_zero(&high, &input),
            "highpass4_20" => filtered(&high, &input),
            "bandpass4_20_450" => band.clone(),
            "notch_50_q30" => filtered(&at_1_khz("notch", 30.0, 50.0, 0.0), &input),
            "abs_lowpass2_6" => filtered(&at_1_khz("lowpass", 2.0, 6.0, 0.0), &rectified(&band)),
            "zero_phase_bandpass4_20_450" => both_ways.clone(),
            "zero_phase_abs_lowpass2_6" => {
                let envelope = at_1_khz("lowpass", 2.0, 6.0, 0.0);
                filtered_without_phase(&envelope, &rectified(&both_ways))
            }
            "teager_kaiser" => teager_kaiser(&band),
            "percentile10_2000_of_rms_100" => percentile(2000, 0.1, &rms(100, &band)),
            "rms_50" => rms(50, &band),
            "rms_100" => rms(100, &band),
            "rms_250" => rms(250, &band),
            other => panic!("no stage {other}"),
        };
        for (value, index) in expected.iter().zip([0, 1, 1600, 16_000, 26_000, 63_879]) {
            assert_close(&format!("{stage}[{index}]"), got[index], *value);
        }
        let square_sum: f64 = got.iter().map(|y| y * y).sum();
        let total_rms = (square_sum / got.len() as f64).sqrt();
        assert_close(&format!("RMS of {stage}"), total_rms, expected[6]);
        let sum_of_absolutes: f64 = got.iter().map(|y| y.abs()).sum();
        assert_close(&format!("sum of {stage}"), sum_of_absolutes, expected[7]);
    }
}

#[test]
fn uneven_recordings_are_put_on_the_axis_where_numpy_puts_them() {
    let reference = data("reference/resampled.csv");
    // Differences of their times above 0.5 s, counted by NumPy: none and 11.
    for (name, gap_count) in [("grip_8_squeezes.csv", 0), ("grip_sensor_fault.csv", 11)] {
        let rows = reference.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(','));
        let expected: Vec<(u64, f64)> = rows
            .map(|row| row.split_once(',').expect("three columns"))
            .map(|(index, value)| (number(index) as u64, number(value)))
            .collect();
        assert!(expected.len() > 400, "{name}");
        let mut stage = Resampler::new(rate(50.0), 0.5).expect("valid");
        let (mut got, mut gaps) = (Vec::new(), Vec::new());
        for line in data(&format!("recordings/{name}")).lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            if fields[1].is_empty() {
                continue;
            }
            stage.step(number(fields[0]), number(fields[1]), |resampled| match resampled {
                Resampled::Sample { index, value } => got.push((index.0, value)),
                Resampled::Gap { missing, .. } => gaps.push(missing),
                Resampled::Dropped(reason) => panic!("{name}: {reason:?} {line}"),
            });
        }
        assert_eq!(gaps.len(), gap_count, "{name}: {gaps:?}");
        assert_eq!(got.len(), expected.len(), "{name}");
        for ((index, value), (expected_index, expected)) in got.iter().zip(&expected) {
            assert_eq!(index, expected_index, "{name}");
            assert_close(&format!("{name}[{index}]"), *value, *expected);
        }
        for gap in gaps {
            let missing = gap.start.0..gap.end.0;
            assert!(!expected.iter().any(|(index, _)| missing.contains(index)), "{gap:?}");
        }
    }
}

/// What BioSPPy's `emg` made of the same recording: Butterworth order 4, high-pass 100 Hz, by SciPy's
/// `filtfilt` on one polynomial, which extends the ends by as many samples.
#[test]
fn biosppy_filters_the_recording_the_same_way() {
    let got = filtered_without_phase(&at_1_khz("highpass", 4.0, 100.0, 0.0), &recording());
    let beginning =
        [0.013875541116, -10.915786379319, -7.842691901410, 5.704316772078, -3.015151940958];
    let later = [-0.49493221179, 15.878593212023, -9.214666061117];
    for (got, expected) in got.iter().zip(&beginning).chain(got[20_000..].iter().zip(&later)) {
        assert_close("value", *got, *expected);
    }
    let square_sum: f64 = got.iter().map(|y| y * y).sum();
    assert_close("RMS", (square_sum / got.len() as f64).sqrt(), 15.803_997_201_689_423);
    let largest = got.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
    assert_close("maximum", largest, 486.107_071_967_779_8);
    let rest = &got[3000..14_000];
    let mean = rest.iter().sum::<f64>() / 11_000.0;
    let variance = rest.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 10_999.0;
    assert_close("variance at rest", variance, 92.113_001_374_257_55);
}

#[test]
fn a_constant_start_gives_no_transient() {
    let input = vec![2040.0; 3000];
    let band = filtered(&at_1_khz("bandpass", 4.0, 20.0, 450.0), &input);
    assert!(band.iter().all(|y| y.abs() <= 0.0), "{:?}", &band[..4]);
    let low = filtered(&at_1_khz("lowpass", 2.0, 6.0, 0.0), &input);
    // 2040 times one rounding, held by a recursion that magnifies roundings 1 / (1 + a1 + a2) times.
    assert!(low.iter().all(|y| (y - 2040.0).abs() < 2040.0 * 1e-12), "{:?}", &low[..4]);
}
