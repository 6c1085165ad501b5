//! Speed of contraction detection alone, on filtered recordings.

mod support;

use std::hint::black_box;

use divan::counter::ItemsCount;
use divan::{Bencher, bench};
use levator_detect::{Detector, DetectorConfig};
use levator_signal::{Cascade, Quality, SampleIndex, SampleRate, preset};
use support::recording;

fn main() {
    divan::main();
}

fn bench(bencher: Bencher, config: &DetectorConfig, values: &[f64], rate: SampleRate) {
    let mut detector = Detector::new(config, rate).expect("defaults are legal");
    bencher.counter(ItemsCount::new(values.len())).bench_local(|| {
        detector.start(rate, 0.0).expect("the rate is legal");
        let mut events = 0;
        let mut first = SampleIndex::ZERO;
        for block in black_box(values).chunks(256) {
            detector.process(first, block, Quality::GOOD, &mut |_| events += 1);
            first = first.saturating_add(block.len() as u64);
        }
        events
    });
}

/// 64 s of EMG at 1 kHz, also taken as if it had come at 2 kHz.
#[bench(args = [1000, 2000])]
fn emg(bencher: Bencher, hz: u64) {
    let rate = SampleRate::new(hz, 1).expect("not zero");
    let mut values = recording();
    let band = preset::emg_wide(rate).expect("a legal rate");
    Cascade::new(&band.sections).process(&mut values);
    bench(bencher, &DetectorConfig::emg(), &values, rate);
}

/// The envelope of the same recording as if it were a pressure at 100 Hz.
#[bench]
fn pressure(bencher: Bencher) {
    let rate = SampleRate::new(100, 1).expect("not zero");
    let mut values: Vec<f64> = recording().iter().map(|value| (value - 2040.0).abs()).collect();
    let low_pass = preset::pressure_low_pass(rate).expect("a legal rate");
    Cascade::new(&low_pass.sections).process(&mut values);
    bench(bencher, &DetectorConfig::pressure(), &values, rate);
}
