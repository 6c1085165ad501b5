//! Speed of the journal, in bytes of the device: written, read, and searched when it is damaged.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Write};

use divan::counter::BytesCount;
use divan::{Bencher, bench};
use levator_engine::{EngineConfig, Input};
use levator_record::{Header, Item, Reader, Storage, Writer};
use levator_signal::HostTime;

fn main() {
    divan::main();
}

/// About 8 MiB of surface EMG as 16-bit codes, the way a device would send it at 2 kHz.
fn device_bytes() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recordings/mixed_4_bursts.txt");
    let text = fs::read_to_string(path).expect("the recording belongs to the repository");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let codes = samples.map(|line| line.parse::<f64>().expect("one number a line") as i16);
    let codes: Vec<u8> = codes.flat_map(i16::to_le_bytes).collect();
    codes.repeat(64)
}

fn header() -> Header {
    Header {
        tool: "bench".to_owned(),
        wire: [1, 0],
        opened_unix_ms: 0,
        device: String::new(),
        port: String::new(),
        config: EngineConfig::device(),
    }
}

/// Records `bytes` in reads of `read_len`; 4 bytes take a millisecond.
fn record<S: Storage>(storage: S, bytes: &[u8], read_len: usize) {
    let mut writer = Writer::start(storage, &header()).expect("room");
    let mut at = HostTime::ZERO;
    for (index, bytes) in bytes.chunks(read_len).enumerate() {
        at = HostTime::from_nanos((index * read_len) as u64 * 250_000);
        writer.record(&Input::Bytes { at, bytes }).expect("room");
    }
    writer.close(at).expect("room");
}

struct Memory<'a>(&'a mut Vec<u8>);

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Storage for Memory<'_> {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(len as usize);
        Ok(())
    }
}

fn journal(bytes: &[u8], read_len: usize) -> Vec<u8> {
    let mut journal = Vec::new();
    record(Memory(&mut journal), bytes, read_len);
    journal
}

/// Bytes of the device that come back.
fn read(journal: &[u8]) -> usize {
    let mut reader = Reader::from_read(journal).expect("a recording");
    let mut byte_count = 0;
    while let Some(item) = reader.next() {
        if let Item::Input(Input::Bytes { bytes, .. }) = item {
            byte_count += black_box(bytes).len();
        }
    }
    byte_count
}

#[bench(args = [16, 64, 1024, 16_384])]
fn write_to_memory(bencher: Bencher<'_, '_>, read_len: usize) {
    let bytes = device_bytes();
    let mut journal = Vec::with_capacity(4 * bytes.len());
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        journal.clear();
        record(Memory(&mut journal), black_box(&bytes), read_len);
    });
}

/// With a sync for every 750 ms of the visit: what a disk can take, compressed into no time.
#[bench(sample_count = 3, sample_size = 1)]
fn write_to_disk_with_syncs(bencher: Bencher<'_, '_>) {
    let bytes = &device_bytes()[..1 << 20];
    let path = std::env::temp_dir().join(format!("levator-bench-{}", std::process::id()));
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        record(File::create(&path).expect("a writable temporary folder"), bytes, 64);
    });
    let _ = fs::remove_file(path);
}

#[bench(args = [16, 64, 1024, 16_384])]
fn read_from_memory(bencher: Bencher<'_, '_>, read_len: usize) {
    let bytes = device_bytes();
    let journal = journal(&bytes, read_len);
    assert_eq!(read(&journal), bytes.len());
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| read(black_box(&journal)));
}

/// Every block is damaged, so that the whole file is searched for sync words.
#[bench]
fn read_damaged(bencher: Bencher<'_, '_>) {
    let bytes = device_bytes();
    let mut journal = journal(&bytes, 64);
    let mut at = 40;
    while let Some(byte) = journal.get_mut(at) {
        *byte ^= 1;
        at += 300;
    }
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| read(black_box(&journal)));
}
