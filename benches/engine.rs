//! Speed of the whole engine, from input to outputs.

mod support;

use std::hint::black_box;
use std::path::Path;

use divan::counter::ItemsCount;
use divan::{Bencher, bench};
use levator_decode::{Scans, StreamInfo};
use levator_engine::{Engine, EngineConfig, Input, LinkChange, Output};
use levator_record::{Header, Item, Reader, Writer};
use levator_signal::{HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit};
use levator_simulate::{DeviceConfig, Scenario, StreamConfig, VirtualDevice, VirtualPerson};
use support::recording;

fn main() {
    divan::main();
}

fn scans(first: u64, channel_count: u8, codes: &[f64]) -> Input<'_> {
    let scans = Scans {
        stream: 0,
        first: SampleIndex(first),
        channel_count,
        codes,
        quality: Quality::GOOD,
        fault_channels: 0,
    };
    Input::Scans { at: HostTime::ZERO, scans }
}

fn engine(hz: u64, channel_count: u8) -> Engine {
    let rate = SampleRate::new(hz, 1).expect("not zero");
    let info = StreamInfo::of_values(SignalKind::Emg, Unit::Count, rate, channel_count);
    Engine::new(&EngineConfig::scans(info)).expect("legal")
}

/// An hour of one channel at 2 kHz, as a file is analysed: filter, notch, envelope, detection.
#[bench(sample_count = 7, sample_size = 1)]
fn one_hour_of_one_channel_at_2_khz(bencher: Bencher) {
    let values = recording();
    let hour = 3600 * 2000;
    bencher.counter(ItemsCount::new(hour)).bench_local(|| {
        let mut engine = engine(2000, 1);
        let mut outputs = 0_u64;
        let mut sink = |_: Output<'_>| outputs += 1;
        let mut first = 0;
        for block in black_box(&values).chunks(1024).cycle() {
            if first >= hour {
                break;
            }
            engine.handle(scans(first as u64, 1, block), &mut sink);
            first += block.len();
        }
        engine.finish(HostTime::ZERO, &mut sink);
        outputs
    });
}

/// One live update: 10 ms of eight channels at 1 kHz.
#[bench]
fn a_live_update_of_8_channels_and_10_ms(bencher: Bencher) {
    let values = recording();
    let mut engine = engine(1000, 8);
    let mut first = 0;
    let mut outputs = 0_u64;
    bencher.counter(ItemsCount::new(80_usize)).bench_local(|| {
        let start = first as usize % (values.len() - 80);
        engine.handle(scans(first, 8, black_box(&values[start..start + 80])), &mut |_: Output<
            '_,
        >| {
            outputs += 1;
        });
        first += 10;
        outputs
    });
}

/// A minute of a device, bytes and all: EMG on two channels at 1 kHz, pressure at 100 Hz.
#[bench(sample_count = 20, sample_size = 1)]
fn a_minute_of_a_device(bencher: Bencher) {
    let mut streams = vec![StreamConfig::emg(2, 1_000_000), StreamConfig::pressure(1, 100_000)];
    streams[0].label = "EMG".to_owned();
    let config = DeviceConfig::with_streams("probe", streams);
    let person = VirtualPerson::new(Scenario::Healthy, 1);
    let mut device = VirtualDevice::new(config, person).expect("a legal device");
    let mut leader = Engine::new(&EngineConfig::device()).expect("legal");
    let mut answers = Vec::new();
    let mut pieces = Vec::new();
    let opened = Input::Link { at: HostTime::ZERO, change: LinkChange::Opened };
    leader.handle(opened, &mut |output: Output<'_>| collect(output, &mut answers));
    for step in 1..=3000 {
        let at = HostTime::from_nanos(step * 20_000_000);
        let mut bytes = Vec::new();
        device.advance(at, &mut bytes);
        device.receive(&std::mem::take(&mut answers));
        leader.handle(Input::Bytes { at, bytes: &bytes }, &mut |output: Output<'_>| {
            collect(output, &mut answers);
        });
        pieces.push((at, bytes));
    }
    bencher
        .counter(ItemsCount::new(60_usize * (2 * 1000 + 100)))
        .with_inputs(|| Engine::new(&EngineConfig::device()).expect("legal"))
        .bench_local_values(|mut engine| {
            let mut outputs = 0_u64;
            let mut sink = |_: Output<'_>| outputs += 1;
            engine.handle(opened, &mut sink);
            for (at, bytes) in black_box(&pieces) {
                engine.handle(Input::Bytes { at: *at, bytes }, &mut sink);
            }
            outputs
        });
}

/// An hour of one channel at 2 kHz from a recording of ours: file, decoding and all of the engine.
#[bench(sample_count = 5, sample_size = 1)]
fn one_hour_from_a_recording(bencher: Bencher) {
    let folder = std::env::temp_dir().join(format!("levator-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let path = folder.join("raw.journal");
    record_an_hour(&path);
    bencher.counter(ItemsCount::new(3600 * 2000_usize)).bench_local(|| {
        let mut reader = Reader::open(&path).expect("it was written");
        let config = reader.header().expect("it is whole").config.clone();
        let mut engine = Engine::new(&config).expect("legal");
        let mut outputs = 0_u64;
        let mut sink = |_: Output<'_>| outputs += 1;
        while let Some(item) = reader.next() {
            if let Item::Input(input) = item {
                engine.handle(input, &mut sink);
            }
        }
        engine.finish(HostTime::ZERO, &mut sink);
        outputs
    });
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

fn record_an_hour(path: &Path) {
    let config = DeviceConfig::with_streams("probe", vec![StreamConfig::emg(1, 2_000_000)]);
    let person = VirtualPerson::new(Scenario::Healthy, 1);
    let mut device = VirtualDevice::new(config, person).expect("a legal device");
    let header = Header {
        tool: "bench".to_owned(),
        wire: [1, 0],
        opened_unix_ms: 0,
        device: String::new(),
        port: String::new(),
        config: EngineConfig::device(),
    };
    let mut writer = Writer::create(path, &header).expect("the folder is new");
    let mut leader = Engine::new(&EngineConfig::device()).expect("legal");
    let mut answers = Vec::new();
    let mut bytes = Vec::new();
    let mut feed = |input: Input<'_>, answers: &mut Vec<u8>| {
        writer.record(&input).expect("there is room");
        leader.handle(input, &mut |output: Output<'_>| collect(output, answers));
    };
    feed(Input::Link { at: HostTime::ZERO, change: LinkChange::Opened }, &mut answers);
    for step in 1..=3600 * 50 {
        let at = HostTime::from_nanos(step * 20_000_000);
        bytes.clear();
        device.advance(at, &mut bytes);
        device.receive(&std::mem::take(&mut answers));
        feed(Input::Bytes { at, bytes: &bytes }, &mut answers);
    }
    writer.close(HostTime::from_secs_f64(3600.0)).expect("there is room");
}

fn collect(output: Output<'_>, answers: &mut Vec<u8>) {
    if let Output::Transmit(transmission) = output {
        answers.extend_from_slice(transmission.bytes);
    }
}
