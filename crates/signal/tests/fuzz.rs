//! Whatever settings and samples come, no stage panics, hangs or remembers them after a reset.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use proptest::collection::vec;
use proptest::prelude::*;

use levator_signal::breathing::BreathingMonitor;
use levator_signal::cough::CoughDetector;
use levator_signal::heart::HeartCleaner;
use levator_signal::preset::{
    Harmonics, Mains, emg_heart_safe, emg_pelvic, emg_wide, mains_notch, pressure_low_pass, tone,
};
use levator_signal::{
    Bucket, Buckets, Calibration, Cascade, Decimator, DesignError, DriftEstimator,
    MovingPercentile, RectifiedMean, Resampled, Resampler, Rms, SampleIndex, SampleRate, Sections,
    SteadyConfig, SteadyLevel, TeagerKaiser, ZeroPhase, butterworth_band_pass,
    butterworth_band_stop, butterworth_high_pass, butterworth_low_pass, notch, notches,
    notches_with_width, teager_kaiser_whole,
};

/// Ordinary numbers, every bit pattern, and those that break arithmetic.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e4..1e4,
        1 => any::<f64>(),
        2 => prop::sample::select(vec![
            f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::MAX, f64::MIN,
            5e-324, -5e-324, 1e-310, f64::MIN_POSITIVE, 0.0, -0.0,
        ]),
    ]
}

fn wild_signal() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        1 => vec(wild(), 0..2),
        4 => vec(wild(), 2..400),
    ]
}

/// Samples of a stage that worked before.
fn tame_signal() -> Vec<f64> {
    (0..150_u32).map(|n| 2000.0 + 100.0 * f64::from(n * n % 37)).collect()
}

/// Rates from the least to the largest that can be said, mostly those of devices.
fn any_rate() -> impl Strategy<Value = SampleRate> {
    prop_oneof![
        4 => 10.0..20_000.0_f64,
        1 => 1e-6..1.0_f64,
        1 => 1e5..9e8_f64,
    ]
    .prop_map(|hz| SampleRate::from_hz(hz).expect("within what can be said"))
}

/// Sums up bits, all kinds of NaN being one.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).collect()
}

/// For a stage with one value out for each that goes in: steps give what blocks give, and after a reset
/// nothing is left of either.
fn check<S>(
    wild: &[f64],
    cut: usize,
    mut make: impl FnMut() -> S,
    mut step: impl FnMut(&mut S, f64) -> f64,
    mut process: impl FnMut(&mut S, &mut [f64]),
    mut reset: impl FnMut(&mut S),
) -> Result<(), TestCaseError> {
    let (mut single, mut blocks) = (make(), make());
    let stepped: Vec<f64> = wild.iter().map(|x| step(&mut single, *x)).collect();
    let mut processed = wild.to_vec();
    processed.chunks_mut(cut).for_each(|block| process(&mut blocks, block));
    process(&mut blocks, &mut []);
    prop_assert_eq!(bits(&stepped), bits(&processed));
    reset(&mut blocks);
    let (mut again, mut fresh) = (tame_signal(), tame_signal());
    process(&mut blocks, &mut again);
    process(&mut make(), &mut fresh);
    prop_assert_eq!(bits(&again), bits(&fresh));
    Ok(())
}

/// A design that was accepted can be run and asked; one that was not says why.
fn check_design(
    design: Result<Sections, DesignError>,
    frequency_hz: f64,
) -> Result<(), TestCaseError> {
    match design {
        Ok(sections) => {
            let response = sections.response(frequency_hz);
            prop_assert!(response.magnitude().is_finite() || !frequency_hz.is_finite());
            prop_assert!(sections.delay_samples().is_finite());
            let mut values = tame_signal();
            Cascade::new(&sections).process(&mut values);
            prop_assert!(values.iter().all(|y| y.is_finite()), "{:?}", sections);
        }
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_design_is_made_or_refused(
        rate in any_rate(),
        order in prop_oneof![0_usize..12, any::<usize>()],
        low in wild(),
        high in wild(),
        part in 0.0..0.6_f64,
        count in prop_oneof![0_usize..20, any::<usize>()],
    ) {
        let inside = part * rate.hz();
        for (low_hz, high_hz) in [(low, high), (inside, high), (inside, 1.1 * inside), (low, inside)] {
            let frequency_hz = inside.min(0.5 * rate.hz());
            check_design(butterworth_low_pass(order, low_hz, rate), frequency_hz)?;
            check_design(butterworth_high_pass(order, low_hz, rate), frequency_hz)?;
            check_design(butterworth_band_pass(order, low_hz, high_hz, rate), frequency_hz)?;
            check_design(butterworth_band_stop(order, low_hz, high_hz, rate), frequency_hz)?;
            check_design(notch(low_hz, high_hz, rate), frequency_hz)?;
            check_design(notches(low_hz, high_hz, count, rate), frequency_hz)?;
            check_design(notches_with_width(low_hz, high_hz, count, rate), frequency_hz)?;
        }
        for preset in [emg_wide, emg_pelvic, emg_heart_safe, pressure_low_pass, tone] {
            check_design(preset(rate).map(|filter| filter.sections), inside)?;
        }
        for mains in [Mains::Hz50, Mains::Hz60] {
            for harmonics in [Harmonics::FundamentalOnly, Harmonics::All] {
                let filter = mains_notch(mains, harmonics, rate);
                check_design(filter.map(|filter| filter.sections), inside)?;
            }
        }
    }

    #[test]
    fn any_sample_passes_a_filter(wild in wild_signal(), cut in 1_usize..400, order in 1_usize..9) {
        let rate = SampleRate::from_hz(1000.0).expect("a positive rate");
        let band = butterworth_band_pass(order, 20.0, 450.0, rate).expect("valid");
        let low = butterworth_low_pass(order, 0.1, rate).expect("valid");
        for sections in [band, low, band.then(&low).expect("there is room"), Sections::identity(rate)] {
            check(
                &wild,
                cut,
                || Cascade::new(&sections),
                Cascade::step,
                Cascade::process,
                Cascade::reset,
            )?;
            let mut both_ways = ZeroPhase::new(&sections);
            let mut values = wild.clone();
            let accepted = both_ways.process(&mut values).is_ok();
            prop_assert_eq!(accepted, wild.len() >= both_ways.min_len());
            let (mut again, mut fresh) = (tame_signal(), tame_signal());
            prop_assert!(both_ways.process(&mut again).is_ok());
            prop_assert!(ZeroPhase::new(&sections).process(&mut fresh).is_ok());
            prop_assert_eq!(bits(&again), bits(&fresh));
        }
    }

    #[test]
    fn any_sample_passes_an_envelope(wild in wild_signal(), cut in 1_usize..400, window in 0_usize..500) {
        check(&wild, cut, || Rms::new(window), Rms::step, Rms::process, Rms::reset)?;
        check(
            &wild,
            cut,
            || RectifiedMean::new(window),
            RectifiedMean::step,
            RectifiedMean::process,
            RectifiedMean::reset,
        )?;
        check(
            &wild,
            cut,
            TeagerKaiser::new,
            TeagerKaiser::step,
            TeagerKaiser::process,
            TeagerKaiser::reset,
        )?;
        teager_kaiser_whole(&mut wild.clone());
    }

    #[test]
    fn any_sample_passes_a_percentile(
        wild in wild_signal(),
        cut in 1_usize..400,
        window in prop_oneof![0_usize..300, (1_usize << 30)..usize::MAX],
        ratio in prop_oneof![3 => 0.0..=1.0_f64, 1 => wild()],
    ) {
        let valid = (1..300).contains(&window) && (0.0..=1.0).contains(&ratio);
        prop_assert_eq!(MovingPercentile::new(window, ratio).is_ok(), valid);
        if valid {
            check(
                &wild,
                cut,
                || MovingPercentile::new(window, ratio).expect("just made"),
                MovingPercentile::step,
                MovingPercentile::process,
                MovingPercentile::reset,
            )?;
            // What comes out is in the window, or between two that are.
            let finite = wild.iter().copied().filter(|x| x.is_finite());
            let least = finite.clone().fold(f64::INFINITY, f64::min);
            let most = finite.fold(f64::NEG_INFINITY, f64::max);
            let mut stage = MovingPercentile::new(window, ratio).expect("just made");
            for x in &wild {
                let y = stage.step(*x);
                prop_assert!(y.is_nan() || (least..=most).contains(&y), "{} from {}", y, x);
            }
        }
    }

    #[test]
    fn any_sample_falls_into_a_bucket(
        wild in wild_signal(),
        cut in 1_usize..400,
        rate in any_rate(),
        bucket_rate in any_rate(),
        factor in prop_oneof![0_u64..50, any::<u64>()],
    ) {
        if let Ok(mut stage) = Buckets::new(rate, bucket_rate) {
            let mut buckets: Vec<Bucket> = Vec::new();
            wild.chunks(cut).for_each(|block| stage.process(block, |bucket| buckets.push(bucket)));
            buckets.extend(stage.finish());
            let (mut sample_count, mut valid_count) = (0, 0);
            for bucket in &buckets {
                prop_assert_eq!(bucket.first, sample_count);
                sample_count += bucket.sample_count;
                valid_count += bucket.valid_count;
                let ordered = bucket.min <= bucket.mean && bucket.mean <= bucket.max;
                prop_assert_eq!(ordered, bucket.valid_count > 0, "{:?}", bucket);
            }
            prop_assert_eq!(sample_count, wild.len() as u64);
            prop_assert_eq!(valid_count, wild.iter().filter(|x| x.is_finite()).count() as u64);
        }
        if let Ok(mut stage) = Decimator::new(rate, factor) {
            let mut kept_count = 0;
            for block in wild.clone().chunks_mut(cut) {
                kept_count += stage.process(block).len() as u64;
            }
            prop_assert_eq!(kept_count, (wild.len() as u64).div_ceil(factor));
        }
    }

    #[test]
    fn any_time_is_placed_or_refused(
        values in wild_signal(),
        times in wild_signal(),
        steps in vec(-0.1..2.0_f64, 0..100),
        rate in any_rate(),
        max_gap_s in prop_oneof![3 => 1e-6..10.0_f64, 1 => wild()],
    ) {
        // As many values as a test has time for.
        if let Ok(mut stage) = Resampler::new(rate, max_gap_s) && max_gap_s * rate.hz() < 1e4 {
            let mut next = 0;
            let mut dropped_count = 0;
            let mut broken = false;
            let walk = steps.iter().scan(1.7e9, |time_s, step| {
                *time_s += step;
                Some(*time_s)
            });
            let samples: Vec<(f64, f64)> =
                walk.chain(times).zip(values.iter().copied().cycle()).collect();
            stage.process(samples.iter().copied(), |resampled| match resampled {
                Resampled::Sample { index, value } => {
                    broken |= index.0 != next || !value.is_finite();
                    next = index.0 + 1;
                }
                Resampled::Gap { missing, .. } => {
                    broken |= missing.start.0 != next || missing.end.0 < next;
                    next = missing.end.0;
                }
                Resampled::Dropped(_) => dropped_count += 1,
            });
            prop_assert!(!broken, "an index twice, or left out without a gap, or a wild value");
            let counts = stage.dropped();
            let sum = counts.not_later_count + counts.not_finite_count + counts.out_of_range_count;
            prop_assert_eq!(sum, dropped_count);
        }
    }

    #[test]
    fn any_sample_passes_what_watches_a_level(
        wild in wild_signal(),
        cut in 1_usize..400,
        setting in wild(),
        other in wild(),
        rate in any_rate(),
        at in any::<u64>(),
    ) {
        for config in [
            SteadyConfig { span_s: setting, max_movement: other },
            SteadyConfig { span_s: 20.0 / rate.hz(), max_movement: 1.0 },
        ] {
            if let Ok(mut steady) = SteadyLevel::new(config, rate) {
                wild.chunks(cut).for_each(|block| { steady.process(block); });
            }
        }
        let mut drift = DriftEstimator::new(rate);
        drift.begin_activity(SampleIndex(at));
        wild.chunks(cut).for_each(|block| { drift.process(block); });
        drift.end_activity(SampleIndex(at / 2));
        drift.skip(at % 1_000_000);
        wild.chunks(cut).for_each(|block| { drift.process(block); });
        if let Ok(mut breathing) = BreathingMonitor::new(rate) {
            wild.chunks(cut).for_each(|block| { breathing.process(block); });
        }
        for min_height in [setting, 1.0] {
            if let Ok(mut cough) = CoughDetector::new(rate, min_height) {
                wild.chunks(cut).for_each(|block| cough.process(block, &mut |_| {}));
                cough.skip(at);
                wild.chunks(cut).for_each(|block| cough.process(block, &mut |_| {}));
            }
        }
        if let Some(calibration) = Calibration::new(setting, other) {
            wild.iter().for_each(|code| {
 let _ = calibration.apply(*code); });
        }
    }

    #[test]
    fn any_time_on_the_axis_is_converted(seconds in wild(), index in any::<u64>(), rate in any_rate()) {
        prop_assert!(rate.time_s(SampleIndex(index)).is_finite());
        let _ = rate.index_at(seconds);
        prop_assert!(rate.sample_count(seconds) >= 1);
        let _ = SampleRate::from_hz(seconds);
    }
}

proptest! {
    // Each of these makes a second of memory and a search.
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_sample_passes_the_heart_cleaner(
        wild in wild_signal(),
        cut in 1_usize..400,
        rate_hz in 1.0..4000.0_f64,
        lookahead_s in prop_oneof![3 => 0.0..0.5_f64, 1 => wild()],
    ) {
        let rate = SampleRate::from_hz(rate_hz).expect("a positive rate");
        let make = || {
            let mut cleaner = HeartCleaner::new(rate);
            let _ = cleaner.start(rate, lookahead_s);
            cleaner
        };
        check(
            &wild,
            cut,
            make,
            HeartCleaner::step,
            HeartCleaner::process,
            HeartCleaner::reset,
        )?;
    }
}
