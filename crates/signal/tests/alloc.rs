//! No stage allocates after it was made.
//!
//! A process of its own: the counting allocator sees every thread, so there is one test only.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use levator_signal::breathing::BreathingMonitor;
use levator_signal::cough::CoughDetector;
use levator_signal::heart::HeartCleaner;
use levator_signal::preset::{Harmonics, Mains, emg_wide, mains_notch};
use levator_signal::{
    Buckets, Cascade, Decimator, DriftEstimator, MovingPercentile, RectifiedMean, Resampler, Rms,
    SampleRate, SteadyConfig, SteadyLevel, TeagerKaiser, ZeroPhase, butterworth_band_stop,
    butterworth_low_pass, notches, teager_kaiser_whole,
};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[expect(unsafe_code, reason = "the trait is unsafe; only a test that counts needs it")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations while `run` works on a copy of the signal: in blocks, with what comes between them.
#[track_caller]
fn assert_none(stage: &str, signal: &[f64], mut run: impl FnMut(&mut [f64])) {
    let mut copy = signal.to_vec();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for block in copy.chunks_mut(700) {
        run(block);
    }
    black_box(&copy);
    let count = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(count, 0, "{stage}");
}

/// A minute at 1 kHz: noise with bursts, an offset, some values that are not finite at the end.
fn signal() -> Vec<f64> {
    let mut state = 3_u64;
    let mut values: Vec<f64> = (0..60_000)
        .map(|n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (state >> 40) as f64 / 8_388_608.0 - 1.0;
            2040.0 + noise * if n % 8000 < 3000 { 400.0 } else { 5.0 }
        })
        .collect();
    values[50_000..50_010].copy_from_slice(&[
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        -1e300,
        5e-324,
        0.0,
        -0.0,
        f64::MAX,
        f64::MIN,
    ]);
    values
}

#[test]
fn no_stage_allocates_after_it_was_made() {
    let signal = signal();
    let rate = SampleRate::from_hz(1000.0).expect("a positive rate");
    let slow = SampleRate::from_hz(60.0).expect("a positive rate");

    assert_none("design", &signal, |_| {
        let band = emg_wide(rate).expect("valid").sections;
        let mains = mains_notch(Mains::Hz50, Harmonics::All, rate).expect("valid").sections;
        black_box(band.then(&mains).expect("there is room").response(50.0));
        black_box(butterworth_band_stop(8, 48.0, 52.0, rate).is_ok());
        black_box(notches(50.0, 30.0, 40, rate).is_err());
        black_box(Cascade::new(&band));
        black_box(ZeroPhase::new(&band));
        black_box(Decimator::new(rate, 10).is_ok());
        black_box(Buckets::new(rate, slow).is_ok());
        black_box(Resampler::new(rate, 0.5).is_ok());
    });

    let sections = emg_wide(rate).expect("valid").sections;
    let mut cascade = Cascade::new(&sections);
    assert_none("cascade", &signal, |block| {
        cascade.process(block);
        black_box(cascade.step(1.0));
        cascade.reset();
    });
    let mut zero_phase = ZeroPhase::new(&butterworth_low_pass(2, 6.0, rate).expect("valid"));
    assert_none("zero phase", &signal, |block| {
        black_box(zero_phase.process(block).is_ok());
        black_box(zero_phase.process(&mut block[..2]).is_err());
    });
    let mut rms = Rms::new(250);
    assert_none("RMS", &signal, |block| {
        rms.process(block);
        black_box(rms.start(100).is_ok());
    });
    let mut mean = RectifiedMean::new(250);
    assert_none("rectified mean", &signal, |block| {
        mean.process(block);
        mean.reset();
    });
    let mut teager_kaiser = TeagerKaiser::new();
    assert_none("Teager-Kaiser", &signal, |block| {
        teager_kaiser.process(block);
        teager_kaiser_whole(block);
    });
    let mut percentile = MovingPercentile::new(3000, 0.1).expect("valid");
    assert_none("percentile", &signal, |block| percentile.process(block));
    assert_none("percentile, begun anew", &signal, |block| {
        percentile.process(block);
        black_box(percentile.start(100).is_ok());
        percentile.reset();
    });
    let mut buckets = Buckets::new(rate, slow).expect("valid");
    assert_none("buckets", &signal, |block| {
        buckets.process(block, |bucket| {
            black_box(bucket);
        });
        black_box(buckets.finish());
    });
    let mut decimator = Decimator::new(rate, 10).expect("valid");
    assert_none("decimator", &signal, |block| {
        black_box(decimator.process(block));
        decimator.reset();
    });
    let mut resampler = Resampler::new(rate, 0.5).expect("valid");
    let mut time_s = 1.7e9;
    assert_none("resampler", &signal, |block| {
        let samples = block.iter().map(|value| {
            // Now and then back, now and then a gap.
            time_s += (value * 0.01).clamp(-1.0, 1.0);
            (time_s, *value)
        });
        resampler.process(samples, |resampled| {
            black_box(resampled);
        });
        black_box(resampler.dropped());
    });
    let config = SteadyConfig { span_s: 1.0, max_movement: 30.0 };
    let mut steady = SteadyLevel::new(config, rate).expect("valid");
    assert_none("steady level", &signal, |block| {
        black_box(steady.process(block));
    });
    let mut drift = DriftEstimator::new(rate);
    assert_none("drift", &signal, |block| {
        black_box(drift.process(block));
        drift.skip(3);
    });
    let mut heart = HeartCleaner::new(rate);
    assert_none("heart", &signal, |block| {
        heart.process(block);
        black_box(heart.summary());
    });
    let mut breathing = BreathingMonitor::new(rate).expect("fast enough");
    assert_none("breathing", &signal, |block| {
        black_box(breathing.process(block));
    });
    let mut cough = CoughDetector::new(rate, 100.0).expect("fast enough");
    let mut cough_count = 0_u64;
    assert_none("cough", &signal, |block| {
        cough.process(block, &mut |_| cough_count += 1);
        cough.skip(3);
    });
}
