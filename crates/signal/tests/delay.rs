//! The delay that is printed is the delay that is measured.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::f64::consts::PI;

use levator_signal::preset::{
    Filter, Harmonics, Mains, emg_heart_safe, emg_pelvic, emg_wide, mains_notch, pressure_low_pass,
    tone,
};
use levator_signal::{
    Cascade, Decimator, RectifiedMean, Rms, SampleRate, Sections, TeagerKaiser,
    butterworth_low_pass,
};

fn rate(hz: f64) -> SampleRate {
    SampleRate::from_hz(hz).expect("a positive rate")
}

/// Where the middle of `weights` is, in samples.
fn centroid(weights: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut moment) = (0.0, 0.0);
    for (n, weight) in weights.enumerate() {
        sum += weight;
        moment += n as f64 * weight;
    }
    moment / sum
}

/// How much later than it went in a burst at `frequency_hz` comes out, in samples: from the centroids
/// of its energy. Its envelope is a Gaussian of `width` samples (standard deviation).
///
/// Sine and cosine run through the same filter one after the other, and the sum of their squares is
/// the envelope squared, without the ripple of a rectified wave.
fn measured(sections: &Sections, frequency_hz: f64, width: f64) -> f64 {
    let len = (16.0 * width) as usize + sections.settling_samples();
    let middle = 6.0 * width;
    let angle = 2.0 * PI * frequency_hz / sections.rate().hz();
    let mut energy_in = vec![0.0; len];
    let mut energy_out = vec![0.0; len];
    for phase in [0.0, PI / 2.0] {
        let burst = |n: usize| {
            let time = n as f64 - middle;
            (-0.5 * (time / width).powi(2)).exp() * (angle * time + phase).cos()
        };
        let mut signal: Vec<f64> = (0..len).map(burst).collect();
        energy_in.iter_mut().zip(&signal).for_each(|(energy, x)| *energy += x * x);
        let mut cascade = Cascade::new(sections);
        cascade.prime(0.0);
        cascade.process(&mut signal);
        energy_out.iter_mut().zip(&signal).for_each(|(energy, y)| *energy += y * y);
    }
    centroid(energy_out.into_iter()) - centroid(energy_in.into_iter())
}

/// For a filter that passes a constant: the centroid of its answer to an impulse is the group delay at
/// zero, exactly.
fn measured_at_zero(sections: &Sections) -> f64 {
    let len = 4 * sections.settling_samples() + 10;
    let mut cascade = Cascade::new(sections);
    cascade.prime(0.0);
    let mut answer = vec![0.0; len];
    answer[0] = 1.0;
    cascade.process(&mut answer);
    centroid(answer.into_iter())
}

#[test]
fn a_burst_in_the_middle_of_the_band_is_as_late_as_the_preset_says() {
    let mut filters: Vec<Filter> = Vec::new();
    for rate_hz in [200.0, 250.0, 500.0, 1000.0, 2048.0, 20_000.0] {
        let presets =
            [emg_wide(rate(rate_hz)), emg_pelvic(rate(rate_hz)), emg_heart_safe(rate(rate_hz))];
        filters.extend(presets.into_iter().flatten());
    }
    assert_eq!(filters.len(), 16);
    for filter in filters {
        let sections = filter.sections;
        let hz = sections.rate().hz();
        // 0.2 s: a band of 1 Hz, in which the delay hardly changes.
        let got = measured(&sections, sections.centre_hz(), 0.2 * hz);
        let printed = Cascade::new(&sections).delay_samples();
        // What it changes in that band; a hundredth of a millisecond at least.
        let tolerance = 0.002 * printed + 1e-5 * hz;
        assert!((got - printed).abs() < tolerance, "{filter} at {hz}: {got}, not {printed}");
    }
}

#[test]
fn a_burst_at_any_frequency_is_as_late_as_the_group_delay() {
    let band = emg_wide(rate(1000.0)).expect("valid").sections;
    let mains = mains_notch(Mains::Hz50, Harmonics::All, rate(1000.0)).expect("valid").sections;
    let joined = band.then(&mains).expect("there is room");
    for frequency_hz in [25.0, 40.0, 75.0, 130.0, 225.0, 380.0] {
        let got = measured(&joined, frequency_hz, 600.0);
        let printed = joined.group_delay_samples(frequency_hz);
        // Over a band of 0.3 Hz the delay near an edge changes by a few thousandths.
        assert!((got - printed).abs() < 0.01, "{frequency_hz} Hz: {got}, not {printed}");
    }
}

#[test]
fn low_passes_are_as_late_as_they_say() {
    for rate_hz in [10.0, 47.6, 200.0, 1000.0, 20_000.0] {
        for filter in [pressure_low_pass(rate(rate_hz)), tone(rate(rate_hz))] {
            let filter = filter.expect("valid");
            let got = measured_at_zero(&filter.sections);
            let printed = Cascade::new(&filter.sections).delay_samples();
            // What is cut off after four times the settling time is below 1e-8, and late.
            assert!((got - printed).abs() < 1e-6 * printed, "{filter}: {got}, not {printed}");
        }
    }
}

/// Delays of causal envelopes as other programs have them, worked out once by SciPy's `group_delay`.
#[test]
fn causal_envelopes_cost_what_is_known_of_them() {
    for (order, cutoff_hz, known_ms) in [(2, 6.0, 37.5), (2, 8.0, 28.1), (4, 6.0, 69.3)] {
        let sections = butterworth_low_pass(order, cutoff_hz, rate(1000.0)).expect("valid");
        let got = measured_at_zero(&sections);
        // Known to a tenth of a millisecond.
        assert!((got - known_ms).abs() < 0.05, "order {order}, {cutoff_hz} Hz: {got} ms");
        assert!((sections.delay_samples() - known_ms).abs() < 0.05);
    }
}

/// The delay between a symmetric swell of a signal and what a stage makes of it.
fn delay_of(amplitude: impl Fn(f64) -> f64, mut stage: impl FnMut(f64) -> f64) -> f64 {
    let swell = |n: usize| (-0.5 * ((n as f64 - 1000.0) / 120.0).powi(2)).exp();
    let carrier = |n: usize| if n.is_multiple_of(2) { 1.0 } else { -1.0 };
    let out: Vec<f64> = (0..2001).map(|n| amplitude(stage(swell(n) * carrier(n)))).collect();
    centroid(out.into_iter()) - 1000.0
}

#[test]
fn envelopes_energy_and_decimation_are_as_late_as_they_say() {
    for window in [1, 50, 101] {
        // The mean of squares is linear in the squares, so its centroid moves by half the window.
        let mut rms = Rms::new(window);
        let got = delay_of(|y| y * y, |x| rms.step(x));
        assert!((got - rms.delay_samples()).abs() < 1e-9, "RMS over {window}: {got}");
        let mut mean = RectifiedMean::new(window);
        let got = delay_of(|y| y, |x| mean.step(x));
        assert!((got - mean.delay_samples()).abs() < 1e-9, "mean over {window}: {got}");
    }
    // A sine of 0.9 radians a sample, whose energy is its squared amplitude.
    let mut teager = TeagerKaiser::new();
    let mut angle = 0.0_f64;
    let got = delay_of(
        |y| y,
        |x| {
            angle += 0.9;
            teager.step(x.abs() * angle.cos())
        },
    );
    assert!((got - teager.delay_samples()).abs() < 1e-3, "Teager-Kaiser: {got}");
    let mut decimator = Decimator::new(rate(1000.0), 10).expect("valid");
    let swell = |n: i32| (-0.5 * ((f64::from(n) - 1500.0) / 120.0).powi(2)).exp();
    let out: Vec<f64> = (0..4000).filter_map(|n| decimator.step(swell(n))).collect();
    let got = 10.0 * centroid(out.into_iter()) - 1500.0;
    assert!((got - decimator.delay_samples()).abs() < 1e-3, "decimator: {got}");
}
