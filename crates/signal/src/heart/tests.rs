use super::*;
use crate::cascade::Cascade;
use crate::preset;

fn rate(hz: f64) -> SampleRate {
    SampleRate::from_hz(hz).expect("a positive rate")
}

/// Even noise between -1 and 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 40) as f64 / 8_388_608.0 - 1.0
    }

    /// Nearly Gaussian, of unit variance.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| 0.5 * self.next()).sum()
    }
}

/// Behind the band-pass: noise of unit variance before it, with beats of this height every 0.8 s or
/// so.
fn emg(rate: SampleRate, seconds: f64, height: f64) -> Vec<f64> {
    let mut noise = Noise(5);
    let mut values: Vec<f64> = (0..rate.sample_count(seconds)).map(|_| noise.normal()).collect();
    let mut beat_s = 0.4;
    while beat_s < seconds {
        for (index, value) in values.iter_mut().enumerate() {
            let distance = (index as f64 / rate.hz() - beat_s) / 0.011;
            *value += height * libm::exp(-distance * distance);
        }
        beat_s += 0.8 * (1.0 + 0.05 * noise.next());
    }
    Cascade::new(&preset::emg_wide(rate).expect("wide enough").sections).process(&mut values);
    values
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn blocks_of_any_length_give_the_bits_of_single_steps() {
    for hz in [200.0, 1000.0, 2048.0] {
        let input = emg(rate(hz), 14.0, 12.0);
        let mut single = HeartCleaner::new(rate(hz));
        let expected: Vec<f64> = input.iter().map(|x| single.step(*x)).collect();
        assert!(single.summary().beat_count > 4, "{:?}", single.summary());
        for len in [2, 3, 7, 64, 511, 5000] {
            let mut blocks = HeartCleaner::new(rate(hz));
            let mut values = input.clone();
            values.chunks_mut(len).for_each(|block| blocks.process(block));
            assert!(bits(&values) == bits(&expected), "{hz} Hz, blocks of {len}");
            assert_eq!(blocks.summary(), single.summary(), "{hz} Hz, blocks of {len}");
        }
    }
}

#[test]
fn reset_equals_new() {
    let input = emg(rate(1000.0), 12.0, 12.0);
    let mut used = HeartCleaner::new(rate(1000.0));
    used.process(&mut input.clone());
    used.process(&mut [f64::NAN, 1e300, f64::INFINITY]);
    assert_eq!(used.summary().state, HeartState::Locked);
    used.reset();
    let mut fresh = HeartCleaner::new(rate(1000.0));
    assert_eq!(used.summary(), fresh.summary());
    let (mut again, mut first) = (input.clone(), input);
    used.process(&mut again);
    fresh.process(&mut first);
    assert!(bits(&again) == bits(&first));
    assert_eq!(used.summary(), fresh.summary());
}

#[test]
fn start_equals_new_at_that_rate() {
    let input = emg(rate(500.0), 12.0, 12.0);
    let mut started = HeartCleaner::new(rate(4000.0));
    started.process(&mut emg(rate(4000.0), 8.0, 12.0));
    started.start(rate(500.0), LOOKAHEAD_S).expect("it fits");
    let mut fresh = HeartCleaner::new(rate(500.0));
    let (mut again, mut first) = (input.clone(), input);
    started.process(&mut again);
    fresh.process(&mut first);
    assert!(bits(&again) == bits(&first));
    assert_eq!(started.summary(), fresh.summary());
}

#[test]
fn without_a_heart_the_signal_is_only_late() {
    for hz in [200.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0] {
        let input = emg(rate(hz), 40.0, 0.0);
        let mut cleaner = HeartCleaner::new(rate(hz));
        let delay = cleaner.delay_samples() as usize;
        assert_eq!(delay, rate(hz).sample_count(LOOKAHEAD_S));
        let mut output = input.clone();
        cleaner.process(&mut output);
        assert!(bits(&output[delay..]) == bits(&input[..input.len() - delay]), "{hz} Hz");
        assert!(output[..delay].iter().all(|y| y.to_bits() == input[0].to_bits()));
        assert_eq!(cleaner.summary().touched_count, 0);
    }
}

#[test]
fn beats_are_taken_out_and_the_noise_under_them_is_left() {
    for hz in [200.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0] {
        let plain = emg(rate(hz), 30.0, 0.0);
        let mut cleaned = emg(rate(hz), 30.0, 10.0);
        let mut cleaner = HeartCleaner::new(rate(hz));
        let delay = cleaner.delay_samples() as usize;
        let before = rms(&cleaned) / rms(&plain);
        cleaner.process(&mut cleaned);
        let from = rate(hz).sample_count(12.0);
        let (cleaned, plain) = (&cleaned[from + delay..], &plain[from..plain.len() - delay]);
        let error: Vec<f64> = cleaned.iter().zip(plain).map(|(a, b)| a - b).collect();
        let summary = cleaner.summary();
        assert!(before > 1.1, "{hz} Hz: {before}");
        assert!((rms(cleaned) / rms(plain) - 1.0).abs() < 0.02, "{hz} Hz");
        // The mean of 16 beats holds a sixteenth of the noise, for a quarter of the time: an
        // eighth.
        assert!(rms(&error) < 0.3 * rms(plain), "{hz} Hz: {}", rms(&error) / rms(plain));
        assert_eq!(summary.state, HeartState::Locked);
        let rate_per_minute = summary.rate_per_minute.expect("it is locked");
        assert!((70.0..80.0).contains(&rate_per_minute), "{hz} Hz: {rate_per_minute}");
        assert!(summary.power_ratio > 0.1 && summary.power_ratio < 0.9, "{summary:?}");
        assert!((0.15..0.35).contains(&summary.touched_ratio()), "{summary:?}");
    }
}

#[test]
fn gain_scales() {
    let input = emg(rate(1000.0), 15.0, 10.0);
    let mut doubled: Vec<f64> = input.iter().map(|x| 1024.0 * x).collect();
    HeartCleaner::new(rate(1000.0)).process(&mut doubled);
    let mut expected = input;
    HeartCleaner::new(rate(1000.0)).process(&mut expected);
    expected.iter_mut().for_each(|y| *y *= 1024.0);
    assert!(bits(&doubled) == bits(&expected));
}

#[test]
fn beats_without_any_noise_are_found() {
    let mut values = vec![0.0; 20_000];
    for beat in (400..19_900).step_by(830) {
        for (index, value) in values[beat - 60..beat + 60].iter_mut().enumerate() {
            let distance = (index as f64 - 60.0) / 11.0;
            *value = (1.0 - 2.0 * distance * distance) * libm::exp(-distance * distance);
        }
    }
    let mut cleaner = HeartCleaner::new(rate(1000.0));
    let mut cleaned = values.clone();
    cleaner.process(&mut cleaned);
    assert_eq!(cleaner.summary().state, HeartState::Locked);
    assert!(rms(&cleaned[12_000..]) < 0.05 * rms(&values[12_000..]));
}

#[test]
fn a_heart_that_stops_is_lost_and_found_again() {
    let mut values = emg(rate(500.0), 20.0, 12.0);
    let quiet = emg(rate(500.0), 8.0, 0.0);
    let again = emg(rate(500.0), 14.0, 12.0);
    values.extend(quiet);
    let quiet_end = values.len();
    values.extend(again);
    let mut cleaner = HeartCleaner::new(rate(500.0));
    let mut states = Vec::new();
    for block in values.chunks_mut(50) {
        cleaner.process(block);
        if states.last() != Some(&cleaner.summary().state) {
            states.push(cleaner.summary().state);
        }
    }
    use HeartState::{Learning, Locked, Lost, Searching};
    assert_eq!(states, [Searching, Learning, Locked, Lost, Locked], "quiet until {quiet_end}");
}

#[test]
fn what_is_not_finite_passes_and_is_never_learnt() {
    let input = emg(rate(1000.0), 30.0, 12.0);
    let mut odd = input.clone();
    for (index, value) in [f64::NAN, f64::INFINITY, -1e300, 1e200, f64::NEG_INFINITY, 1e-310]
        .into_iter()
        .cycle()
        .take(80)
        .enumerate()
    {
        odd[137 + 211 * index] = value;
    }
    let mut cleaner = HeartCleaner::new(rate(1000.0));
    let delay = cleaner.delay_samples() as usize;
    let mut output = odd.clone();
    cleaner.process(&mut output);
    for (y, x) in output[delay..].iter().zip(&odd) {
        assert!(y.is_finite() || !x.is_finite());
    }
    // From 17 s on the signal is in order, and so must be what is made of it.
    assert_eq!(cleaner.summary().state, HeartState::Locked);
    let cleaned = rms(&output[26_000..]);
    assert!(cleaned < rms(&emg(rate(1000.0), 30.0, 0.0)) * 1.05, "{cleaned}");
}

#[test]
fn no_input_panics() {
    let extremes = [0.0, -0.0, 1e-310, 1e30, -1e60, 1e300, f64::MAX, f64::NAN, f64::INFINITY];
    let mut noise = Noise(11);
    let mut cleaner = HeartCleaner::new(rate(5000.0));
    for round in 0..60 {
        let hz = 200.0 + 2400.0 * (noise.next() + 1.0);
        let lookahead_s = 0.05 * (noise.next() + 1.0);
        cleaner.start(rate(hz), lookahead_s).expect("within the bounds");
        let period = 1 + (noise.next().abs() * hz) as usize;
        let mut block: Vec<f64> = (0..8000)
            .map(|index| {
                let value = noise.next();
                if round % 3 > 0 && index % period < 20 {
                    extremes[(index + round) % extremes.len()] * value.signum()
                } else {
                    value * if index % period < 40 { 30.0 } else { 1.0 }
                }
            })
            .collect();
        let len = 1 + (noise.next().abs() * 900.0) as usize;
        block.chunks_mut(len).for_each(|part| cleaner.process(part));
        cleaner.process(&mut []);
        let summary = cleaner.summary();
        assert!((0.0..=1.0).contains(&summary.power_ratio), "{summary:?}");
        assert!((0.0..=1.0).contains(&summary.touched_ratio()), "{summary:?}");
        assert_eq!(summary.sample_count, 8000);
    }
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut cleaner = HeartCleaner::new(rate(1000.0));
    let bounds_hz = (200.0, 1000.0);
    for rate_hz in [199.0, 1001.0] {
        let refusal = cleaner.start(rate(rate_hz), 0.05);
        assert_eq!(refusal, Err(HeartError::Rate { rate_hz, bounds_hz }));
    }
    for lookahead_s in [-0.01, 0.11] {
        let refusal = cleaner.start(rate(500.0), lookahead_s);
        assert_eq!(refusal, Err(HeartError::Lookahead { lookahead_s }));
    }
    assert!(cleaner.start(rate(500.0), f64::NAN).is_err());
    assert!((cleaner.delay_samples() - 80.0).abs() <= 0.0);
    cleaner.start(rate(500.0), 0.0).expect("within the bounds");
    assert!(cleaner.delay_samples().abs() <= 0.0);
}

#[test]
fn memory_for_a_rate_below_the_lowest_only_delays() {
    let mut cleaner = HeartCleaner::new(rate(10.0));
    let values: Vec<f64> = (0..500).map(|index| cleaner.step(f64::from(index))).collect();
    let delay = cleaner.delay_samples();
    assert!((values[499] - (499.0 - delay)).abs() <= 0.0);
}

#[test]
fn a_value_between_samples_lies_on_the_polynomial_through_them() {
    let quintic = |x: f64| 1.0 + x * (2.0 - x * (0.5 + x * (0.25 - x * (0.125 + 0.0625 * x))));
    for fraction in [0.0, 0.1, 0.5, 0.9, 1.0] {
        let weights = fraction::weights(fraction);
        let value = fraction::value(&weights, 3, |at| quintic(at as f64));
        // 1e-11: rounding of values up to 500.
        assert!((value - quintic(3.0 + fraction)).abs() < 1e-11, "{fraction}");
    }
}

#[test]
fn the_coarse_grid_says_when_something_was() {
    for hz in [200.0, 500.0, 1000.0, 4000.0] {
        let mut coarse = Coarse::new(rate(hz));
        coarse.start(rate(hz)).expect("a legal filter");
        let centre = 0.5 * hz;
        let pulse: Vec<f64> = (0..hz as usize)
            .map(|index| {
                let distance = (index as f64 - centre) / hz;
                libm::exp(-(distance / 0.03).powi(2)) * libm::cos(190.0 * distance)
            })
            .collect();
        let mut rest = &pulse[..];
        while !rest.is_empty() {
            let (part, later) = rest.split_at(coarse.room().min(rest.len()));
            coarse.take(part);
            rest = later;
        }
        let top = (0..coarse.count().cast_signed())
            .max_by(|a, b| coarse.at(*a).total_cmp(&coarse.at(*b)))
            .expect("not empty");
        let error_s = (coarse.sample_at(top as f64) - centre) / hz;
        // Half a coarse sample, and what the delay of the low-pass varies over the pulse.
        assert!(error_s.abs() < 0.0035, "{hz} Hz: {error_s} s");
    }
}
