//! Speed of the wire: bytes of a device to frames, and on to scans.

#[path = "support/minute.rs"]
mod minute;

use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, bench};
use levator_catalog::devices;
use levator_decode::Decoder;
use levator_decode::foreign::Driver;
use levator_protocol::{self as wire, Direction};
use levator_signal::HostTime;
use levator_simulate::{CableFaults, ForeignDevice, Scenario, Speaker, VirtualPerson};
use minute::minute;

fn main() {
    divan::main();
}

/// Frames alone: stuffing, checksum, fields.
#[bench(args = [64, 4096])]
fn frames(bencher: Bencher, chunk: usize) {
    let bytes = minute(CableFaults::NONE);
    bencher.counter(BytesCount::new(bytes.len())).bench(|| {
        let mut decoder = wire::Decoder::new(Direction::DeviceToHost);
        let mut frames = 0_u64;
        for chunk in black_box(&bytes).chunks(chunk) {
            let mut rest = chunk;
            while let Some(result) = decoder.next(&mut rest) {
                frames += u64::from(result.is_ok());
            }
        }
        frames
    });
}

/// Frames to scans with their loss accounting.
#[bench(args = [64, 4096])]
fn scans(bencher: Bencher, chunk: usize) {
    scan_count(bencher, &minute(CableFaults::NONE), chunk);
}

/// The same after a cable that damages several frames a second.
#[bench]
fn scans_of_a_bad_cable(bencher: Bencher) {
    scan_count(bencher, &minute(CableFaults::ROUGH), 4096);
}

fn scan_count(bencher: Bencher, bytes: &[u8], chunk: usize) {
    bencher.counter(BytesCount::new(bytes.len())).bench(|| {
        let mut decoder = Decoder::new();
        let mut scans = 0;
        for chunk in black_box(bytes).chunks(chunk) {
            decoder.handle(HostTime::ZERO, chunk, &mut |decoded| {
                if let levator_decode::Decoded::Scans(found) = decoded {
                    scans += found.scan_count();
                }
            });
        }
        scans
    });
}

/// Packets of a Cyton to scans of eight channels, and of other devices beside it, in memory.
#[bench(args = ["cyton", "chords-uno", "bitalino", "nogasm"])]
fn devices_of_others(bencher: Bencher, id: &str) {
    let device = devices::built_in(id).expect("it is built in");
    let person = VirtualPerson::new(Scenario::Healthy, 1);
    let mut sender = ForeignDevice::new(&device.description, &person, 10_000_000);
    let start: &[u8] = match id {
        "cyton" => b"b",
        "chords-uno" => b"START\n",
        "bitalino" => &[0x05],
        _ => b"",
    };
    sender.receive(start);
    let mut bytes = Vec::new();
    sender.advance(HostTime::from_secs_f64(100.0), &mut bytes);
    let frames = sender.frame_count();
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::new(bytes.len())).bench(|| {
        let mut driver = Driver::new(&device.description);
        let mut scans = 0;
        for chunk in black_box(&bytes).chunks(4096) {
            driver.handle(HostTime::ZERO, chunk, &mut |decoded| {
                if let levator_decode::Decoded::Scans(found) = decoded {
                    scans += found.scan_count();
                }
            });
        }
        scans
    });
}
