//! Speed of the filter stages, in samples, on a recording.

mod support;

use std::hint::black_box;

use biquad::{Biquad, DirectForm2Transposed};
use divan::counter::ItemsCount;
use divan::{Bencher, bench};
use levator_signal::{Bank, Cascade, Rms, SampleRate, Sections, butterworth_band_pass, notch};
use support::recording;

fn main() {
    divan::main();
}

/// Band-pass 20-450 Hz of up to four sections; the fifth is the notch at 50 Hz, more are its multiples.
fn sections(count: usize) -> Sections {
    let rate = SampleRate::from_hz(2000.0).expect("a positive rate");
    let mut sections = butterworth_band_pass(count.min(4), 20.0, 450.0, rate).expect("valid");
    for multiple in 1..=count.saturating_sub(4) {
        let mains = notch(50.0 * multiple as f64, 30.0, rate).expect("valid");
        sections = sections.then(&mains).expect("at most 16");
    }
    sections
}

/// Runs `work` over a copy of the recording, cut into blocks.
fn measure(bencher: Bencher<'_, '_>, block_len: usize, mut work: impl FnMut(&mut [f64])) {
    let input = recording();
    let mut buffer = vec![0.0; block_len];
    bencher.counter(ItemsCount::new(input.len())).bench_local(|| {
        for block in input.chunks(block_len) {
            let buffer = &mut buffer[..block.len()];
            buffer.copy_from_slice(block);
            work(black_box(buffer));
        }
    });
}

#[bench(args = [2, 4, 5, 8, 13])]
fn cascade_step(bencher: Bencher<'_, '_>, section_count: usize) {
    let mut cascade = Cascade::new(&sections(section_count));
    measure(bencher, 1024, |block| block.iter_mut().for_each(|x| *x = cascade.step(*x)));
}

#[bench(args = [2, 4, 5, 8, 13])]
fn cascade_process(bencher: Bencher<'_, '_>, section_count: usize) {
    let mut cascade = Cascade::new(&sections(section_count));
    measure(bencher, 1024, |block| cascade.process(block));
}

#[bench(args = [10, 16, 20, 32, 40, 64, 128, 256, 4096])]
fn cascade_process_5_sections_by_block(bencher: Bencher<'_, '_>, block_len: usize) {
    let mut cascade = Cascade::new(&sections(5));
    measure(bencher, block_len, |block| cascade.process(block));
}

/// The crate `biquad`, as it is meant to be used: every section in turn for each sample.
#[bench(args = [2, 4, 5, 8, 13])]
fn biquad_crate(bencher: Bencher<'_, '_>, section_count: usize) {
    let designed = sections(section_count);
    let mut filters: Vec<_> =
        designed.coefficients().iter().map(|c| DirectForm2Transposed::<f64>::new(*c)).collect();
    measure(bencher, 1024, |block| {
        for x in block {
            *x = filters.iter_mut().fold(*x, |value, filter| filter.run(value));
        }
    });
}

/// Eight channels at once; items are samples of all channels.
#[bench(args = [1, 10, 40, 512])]
fn bank_of_8_channels_5_sections_by_block(bencher: Bencher<'_, '_>, block_len: usize) {
    let mut bank = Bank::new(&sections(5));
    measure_banks(bencher, block_len, std::slice::from_mut(&mut bank));
}

/// As many banks as the channels need, blocks of 64 scans.
#[bench(args = [16, 64])]
fn banks_5_sections_by_channels(bencher: Bencher<'_, '_>, channel_count: usize) {
    let mut banks = vec![Bank::new(&sections(5)); channel_count / Bank::CHANNELS];
    measure_banks(bencher, 64, &mut banks);
}

/// Runs banks over the recording, which is dealt out to the channels of one bank.
fn measure_banks(bencher: Bencher<'_, '_>, block_len: usize, banks: &mut [Bank]) {
    let input = recording();
    let (scans, _) = input.as_chunks::<{ Bank::CHANNELS }>();
    let mut buffer = vec![[0.0; Bank::CHANNELS]; block_len];
    let sample_count = scans.len() * Bank::CHANNELS * banks.len();
    bencher.counter(ItemsCount::new(sample_count)).bench_local(|| {
        for block in scans.chunks(block_len) {
            for bank in &mut *banks {
                let buffer = &mut buffer[..block.len()];
                buffer.copy_from_slice(block);
                bank.process(black_box(buffer));
            }
        }
    });
}

/// What copying the input adds to each line here.
#[bench]
fn copy_alone(bencher: Bencher<'_, '_>) {
    measure(bencher, 1024, |_| {});
}

#[bench(args = [50, 200])]
fn rms_step(bencher: Bencher<'_, '_>, window: usize) {
    let mut rms = Rms::new(window);
    measure(bencher, 1024, |block| block.iter_mut().for_each(|x| *x = rms.step(*x)));
}

#[bench(args = [50, 200])]
fn rms_process(bencher: Bencher<'_, '_>, window: usize) {
    let mut rms = Rms::new(window);
    measure(bencher, 1024, |block| rms.process(block));
}
