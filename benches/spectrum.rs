//! Speed of the sliding spectrum, in samples, on a recording.

mod support;

use std::hint::black_box;

use divan::counter::ItemsCount;
use divan::{Bencher, bench};
use levator_signal::{Density, SampleRate, Spectrum};
use support::recording;

fn main() {
    divan::main();
}

/// Slides over the recording in blocks of 1,024 and reads one number from each density.
fn measure(bencher: Bencher<'_, '_>, window_len: usize, read: fn(Density<'_>) -> Option<f64>) {
    let rate = SampleRate::from_hz(1000.0).expect("a positive rate");
    let input = recording();
    let mut spectrum = Spectrum::new(window_len, window_len / 4, rate).expect("valid");
    bencher.counter(ItemsCount::new(input.len())).bench_local(|| {
        for block in input.chunks(1024) {
            spectrum.process(black_box(block), |_, density| {
                black_box(read(density));
            });
        }
    });
}

#[bench(args = [256, 512, 1000, 1024, 2000, 2048, 4096])]
fn median(bencher: Bencher<'_, '_>, window_len: usize) {
    measure(bencher, window_len, |density| density.median_hz());
}

#[bench(args = [1024])]
fn mean(bencher: Bencher<'_, '_>, window_len: usize) {
    measure(bencher, window_len, |density| density.mean_hz());
}

#[bench(args = [1024])]
fn mains(bencher: Bencher<'_, '_>, window_len: usize) {
    measure(bencher, window_len, |density| {
        density.mains(20.0, 450.0).map(|mains| mains.share_ratio)
    });
}
