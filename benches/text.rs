//! Speed of reading text files, in lines.

mod support;

use std::io::Cursor;

use divan::counter::ItemsCount;
use divan::{Bencher, bench};
use levator_record::text::{TextFile, TextOptions};
use support::table;

/// Five minutes at 2 kHz: some 10 MB, which no cache holds, as in a file.
const ROWS: usize = 600_000;

fn main() {
    divan::main();
}

fn options(column_count: usize) -> TextOptions {
    TextOptions { rate_hz: (column_count == 1).then_some(2000.0), ..TextOptions::default() }
}

/// Layout and values in one pass, as `levator analyse` does it.
#[bench(args = [1, 2])]
fn read_through(bencher: Bencher<'_, '_>, column_count: usize) {
    let text = table(ROWS, column_count);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let (file, sum) = TextFile::read_through(
            Cursor::new(text.as_bytes()),
            &options(column_count),
            |_| 0.0,
            |sum, scans| *sum += scans.codes.iter().sum::<f64>(),
        )
        .expect("a table of ours");
        (file.layout().row_count, sum)
    });
}

/// The layout alone.
#[bench(args = [1, 2])]
fn layout(bencher: Bencher<'_, '_>, column_count: usize) {
    let text = table(ROWS, column_count);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let file = TextFile::from_seek(Cursor::new(text.as_bytes()), &options(column_count));
        file.expect("a table of ours").layout().row_count
    });
}

/// The values alone, of a file whose layout is known.
#[bench(args = [1, 2])]
fn values(bencher: Bencher<'_, '_>, column_count: usize) {
    let text = table(ROWS, column_count);
    let source = Cursor::new(text.as_bytes());
    let mut file = TextFile::from_seek(source, &options(column_count)).expect("a table of ours");
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut sum = 0.0;
        file.read(&mut |scans| sum += scans.codes.iter().sum::<f64>()).expect("memory");
        sum
    });
}
