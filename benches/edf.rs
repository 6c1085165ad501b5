//! Speed of writing EDF and BDF, in bytes of the doubles that go in.

use std::io::{Seek, SeekFrom, Write};

use divan::counter::BytesCount;
use divan::{Bencher, bench};
use levator_record::edf::Variant;
use levator_record::edf::write::{EdfWriter, Range, SignalSpec, WriteSettings};
use levator_signal::SampleRate;

/// Eight signals of a minute at 2 kHz: 7.7 MB, more than caches hold.
const SIGNALS: usize = 8;
const SAMPLES: usize = 120_000;

fn main() {
    divan::main();
}

/// Takes everything and keeps nothing: the disk is not what is measured.
struct Nowhere(u64);

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += divan::black_box(bytes).len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
        Ok(self.0)
    }
}

#[bench(args = [Variant::Edf, Variant::Bdf])]
fn write(bencher: Bencher<'_, '_>, variant: Variant) {
    let rate = SampleRate::new(2000, 1).expect("not zero");
    let range = Range::Values { low: -500.0, high: 500.0 };
    let signal = |at| SignalSpec::new(&format!("EMG {at}"), "uV", rate, range);
    let settings = WriteSettings::new(variant, (0..SIGNALS).map(signal).collect());
    let values: Vec<Vec<f64>> = (0..SIGNALS)
        .map(|signal| {
            (0..SAMPLES).map(|at| ((at * (signal + 7)) as f64 * 0.01).sin() * 480.0).collect()
        })
        .collect();
    bencher.counter(BytesCount::new(SIGNALS * SAMPLES * 8)).bench_local(|| {
        let mut writer = EdfWriter::create(Nowhere(0), &settings).expect("settings of ours");
        for from in (0..SAMPLES).step_by(2000) {
            for (signal, values) in values.iter().enumerate() {
                writer.write(signal, &values[from..from + 2000]).expect("it goes nowhere");
            }
        }
        writer.finish().expect("it goes nowhere").1.record_count
    });
}
