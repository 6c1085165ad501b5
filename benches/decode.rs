//! Speed of the wire: bytes of a device to frames, and on to scans.

use std::hint::black_box;

use divan::counter::BytesCount;
use divan::{Bencher, bench};
use levator_decode::Decoder;
use levator_protocol::{self as wire, Direction};
use levator_signal::HostTime;
use levator_simulate::{
    BadCable, CableFaults, DeviceConfig, Scenario, VirtualDevice, VirtualPerson,
};

fn main() {
    divan::main();
}

/// What a probe for EMG and pressure sends in a minute: about 330 kB, 20 ms to a frame.
fn minute(faults: CableFaults) -> Vec<u8> {
    let person = VirtualPerson::new(Scenario::Healthy, 1);
    let mut device =
        VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device");
    let mut host = wire::Encoder::new(Direction::HostToDevice);
    let mut frame = [0; wire::MAX_WIRE];
    let mut cable = BadCable::new(faults, 1);
    let mut bytes = Vec::new();
    for message in [
        wire::Message::GetDesc { stream: u8::MAX },
        wire::Message::Start(wire::Start { streams: 3, batch_ms: 20, keep_alive_ms: 0 }),
    ] {
        let len = host.encode(&message, wire::Flags::default(), &mut frame).expect("it fits");
        device.receive(&frame[..len]);
    }
    for step in 0..3000 {
        let at = HostTime::from_nanos(step * 20_000_000);
        let mut sent = Vec::new();
        device.advance(at, &mut sent);
        cable.carry(at, &sent, &mut bytes);
    }
    bytes
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
