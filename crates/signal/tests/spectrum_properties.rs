//! What holds for the spectrum of any signal.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::f64::consts::TAU;

use levator_signal::{Density, SampleRate, Spectrum, Welch};
use proptest::prelude::*;

fn rate() -> SampleRate {
    SampleRate::from_hz(1000.0).expect("a positive rate")
}

/// The weighted mean square of a window without its mean, by the definition.
fn mean_square(samples: &[f64]) -> f64 {
    let len = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / len;
    let (mut power, mut weights) = (0.0, 0.0);
    for (index, x) in samples.iter().enumerate() {
        let weight = 0.5 - 0.5 * (TAU * index as f64 / len).cos();
        power += ((x - mean) * weight).powi(2);
        weights += weight * weight;
    }
    power / weights
}

/// Where windows ended, and the bits of everything that is read from them.
fn results(spectrum: &mut Spectrum, samples: &[f64], cuts: &[usize]) -> Vec<(usize, Vec<u64>)> {
    let mut found = Vec::new();
    let (mut start, mut cuts) = (0, cuts.iter().cycle());
    while start < samples.len() {
        let end = samples.len().min(start + cuts.next().copied().unwrap_or(usize::MAX).max(1));
        spectrum.process(&samples[start..end], |taken, density| {
            let bits = density.density().iter().copied().chain(features(density));
            found.push((start + taken, bits.map(f64::to_bits).collect()));
        });
        start = end;
    }
    found
}

fn features(density: Density<'_>) -> impl Iterator<Item = f64> {
    let mains = density.mains(20.0, 450.0);
    let peak = density.peak();
    [
        Some(density.total_power()),
        Some(density.band_power(20.0, 450.0)),
        density.median_hz(),
        density.median_interpolated_hz(),
        density.mean_hz(),
        density.edge_hz(0.95),
        peak.map(|peak| peak.frequency_hz),
        mains.map(|mains| mains.share_ratio),
    ]
    .into_iter()
    .map(|feature| feature.unwrap_or(-1.0))
}

fn any_sample() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => -1e3..1e3,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e300, -1e300, 1e154, 5e-324,
            -1e-310, 0.0, -0.0,
        ]),
    ]
}

proptest! {
    #[test]
    fn the_power_of_all_bins_is_the_mean_square(
        samples in prop::collection::vec(-1e3..1e3, 2..400),
        offset in -1e4..1e4,
    ) {
        let samples: Vec<f64> = samples.iter().map(|x| x + offset).collect();
        let mut spectrum = Spectrum::new(samples.len(), 1, rate()).expect("valid");
        let mut power = f64::NAN;
        spectrum.process(&samples, |_, density| {
            power = density.total_power();
            let bands = density.band_power(0.0, 77.7) + density.band_power(77.7, f64::INFINITY);
            assert!((bands - power).abs() <= 1e-12 * power);
        });
        let expected = mean_square(&samples);
        // Beside rounding of the sums, that of the offset: a part in 1e16 of 1e4, squared and less.
        prop_assert!((power - expected).abs() <= 1e-10 * expected + 1e-9, "{power}, {expected}");
    }

    #[test]
    fn cuts_never_matter_and_nothing_panics(
        samples in prop::collection::vec(any_sample(), 0..600),
        cuts in prop::collection::vec(1_usize..200, 1..5),
        window_len in 2_usize..130,
        hop_len in 1_usize..200,
    ) {
        let mut whole = Spectrum::new(window_len, hop_len, rate()).expect("valid");
        let expected = results(&mut whole, &samples, &[usize::MAX]);
        let mut cut = Spectrum::new(window_len, hop_len, rate()).expect("valid");
        prop_assert_eq!(&results(&mut cut, &samples, &cuts), &expected);
        prop_assert_eq!(cut.refused_count(), whole.refused_count());
        let due = (samples.len() + hop_len).saturating_sub(window_len) / hop_len;
        prop_assert_eq!(expected.len() as u64 + whole.refused_count(), due as u64);
        for (_, bits) in &expected {
            prop_assert!(bits.iter().all(|bits| f64::from_bits(*bits).is_finite()));
        }
        cut.reset();
        prop_assert_eq!(&results(&mut cut, &samples, &[usize::MAX]), &expected);
    }

    #[test]
    fn a_mean_of_windows_stays_finite_and_reset_equals_new(
        samples in prop::collection::vec(any_sample(), 0..600),
        window_len in 2_usize..130,
    ) {
        let bits = |welch: &Welch| -> Option<Vec<u64>> {
            Some(welch.density()?.density().iter().map(|x| x.to_bits()).collect())
        };
        let mut welch = Welch::new(window_len, rate()).expect("valid");
        samples.chunks(17).for_each(|block| welch.process(block));
        if let Some(density) = welch.density() {
            prop_assert!(density.density().iter().all(|x| x.is_finite()));
        }
        let mut stepped = Welch::new(window_len, rate()).expect("valid");
        stepped.process(&samples[samples.len() / 2..]);
        stepped.reset();
        samples.iter().for_each(|x| stepped.step(*x));
        prop_assert_eq!(bits(&stepped), bits(&welch));
        prop_assert_eq!(stepped.window_count(), welch.window_count());
        prop_assert_eq!(stepped.refused_count(), welch.refused_count());
    }

    #[test]
    fn limits_of_bands_may_be_anything(low_hz in any::<f64>(), high_hz in any::<f64>()) {
        let mut spectrum = Spectrum::new(1000, 1000, rate()).expect("valid");
        let samples: Vec<f64> = (0..1000).map(|k| f64::from(k * k % 101)).collect();
        spectrum.process(&samples, |_, density| {
            let power = density.band_power(low_hz, high_hz);
            assert!((0.0..=density.total_power()).contains(&power));
            if let Some(mains) = density.mains(low_hz, high_hz) {
                assert!((0.0..=1.0).contains(&mains.share_ratio));
            }
            assert_eq!(density.edge_hz(low_hz).is_some(), (0.0..=1.0).contains(&low_hz));
        });
    }

    #[test]
    fn gain_scales_power_and_moves_no_frequency(
        samples in prop::collection::vec(-1e3..1e3, 64..65),
        exponent in -40_i32..40,
    ) {
        let gain = f64::from(exponent).exp2();
        let read = |gain: f64| {
            let mut spectrum = Spectrum::new(64, 64, rate()).expect("valid");
            let samples: Vec<f64> = samples.iter().map(|x| x * gain).collect();
            let mut read = None;
            spectrum.process(&samples, |_, density| {
                read = Some((
                    density.total_power(),
                    density.median_hz(),
                    density.median_interpolated_hz(),
                    density.mean_hz(),
                ));
            });
            read.expect("one window")
        };
        let (one, scaled) = (read(1.0), read(gain));
        prop_assert_eq!((one.0 * gain * gain).to_bits(), scaled.0.to_bits());
        prop_assert_eq!((one.1, one.2, one.3), (scaled.1, scaled.2, scaled.3));
    }
}

#[test]
fn a_sine_has_half_the_square_of_its_amplitude() {
    let mut spectrum = Spectrum::new(1000, 1000, rate()).expect("valid");
    let samples: Vec<f64> =
        (0..1000).map(|k| 300.0 + 3.0 * (TAU * 100.0 * f64::from(k) / 1000.0).sin()).collect();
    let mut count = 0;
    spectrum.process(&samples, |_, density| {
        count += 1;
        assert!((density.band_power(95.0, 105.0) - 4.5).abs() < 1e-9);
        assert!((density.total_power() - 4.5).abs() < 1e-9);
        assert_eq!(density.peak().map(|peak| peak.frequency_hz), Some(100.0));
        assert_eq!(density.median_hz(), Some(100.0));
        let interpolated_hz = density.median_interpolated_hz().expect("there is power");
        assert!((interpolated_hz - 100.0).abs() < 1e-6, "{interpolated_hz}");
    });
    assert_eq!(count, 1);
}

#[test]
fn silence_has_power_zero_and_no_frequency() {
    for level in [0.0, 7.25] {
        let mut spectrum = Spectrum::new(1024, 1024, rate()).expect("valid");
        let mut count = 0;
        spectrum.process(&[level; 1024], |_, density| {
            count += 1;
            assert!(density.total_power() <= 0.0);
            assert_eq!(density.median_hz(), None);
            assert_eq!(density.median_interpolated_hz(), None);
            assert_eq!(density.mean_hz(), None);
            assert_eq!(density.peak(), None);
            assert_eq!(density.mains(20.0, 450.0), None);
        });
        assert_eq!(count, 1);
    }
}

#[test]
fn a_gap_keeps_the_mean_and_spans_no_window() {
    let samples: Vec<f64> = (0..300_u32).map(|k| f64::from(k * k % 101)).collect();
    let mut gapped = Welch::new(100, rate()).expect("valid");
    gapped.process(&samples[..199]);
    assert_eq!(gapped.window_count(), 2);
    gapped.gap();
    gapped.process(&samples[200..299]);
    assert_eq!(gapped.window_count(), 2);
    gapped.process(&samples[299..]);
    assert_eq!(gapped.window_count(), 3);
}
