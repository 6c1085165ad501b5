//! Work of the hot stages for a counter of instructions: `counts STAGE ROUNDS`.
//!
//! Time differs from machine to machine and from minute to minute; the number of instructions does
//! not. `tests/counts.sh` runs this under callgrind with two numbers of rounds, so that the
//! difference is the work alone, and compares it with `tests/snapshots/instructions.txt`. Without
//! arguments it lists the stages, one a line, with the items of a round and what they are.

#[path = "support/minute.rs"]
mod minute;
mod support;

use std::hint::black_box;
use std::io::{Cursor, Write, stdout};

use levator_decode::{Scans, StreamInfo};
use levator_detect::{Contraction, Detector, DetectorConfig, Transition, Uncertainty};
use levator_engine::{Digest, Engine, EngineConfig, Input, Output};
use levator_measure::{Meter, MeterChannel, Place, Schedule};
use levator_protocol::{self as wire, Direction};
use levator_record::text::{TextFile, TextOptions};
use levator_signal::{
    Bank, Block, Cascade, ChannelId, HostTime, Monitor, MonitorConfig, Quality, Rms, SampleIndex,
    SampleRate, Sections, SignalKind, Unit, preset,
};
use levator_simulate::CableFaults;
use minute::minute;
use support::{recording, table};

/// Samples of a channel in a round: a whole number of every block below.
const LEN: usize = 20_480;

/// Bytes of a device in a round.
const BYTES: usize = 64 * 1024;

/// A stage: its name, the items of a round and what they are, and the work of so many rounds.
type Stage = (&'static str, usize, &'static str, fn(usize) -> u64);

const STAGES: &[Stage] = &[
    ("frames", BYTES, "byte", frames),
    ("filter-5-sections", LEN, "sample", |rounds| filter(rounds, 1024)),
    ("filter-5-sections-blocks-of-20", LEN, "sample", |rounds| filter(rounds, 20)),
    ("bank-5-sections-blocks-of-10", LEN, "sample", bank),
    ("rms-200", LEN, "sample", rms),
    ("detect-emg-1-khz", LEN, "sample", |rounds| detect(rounds, &DetectorConfig::emg(), 1000)),
    ("detect-emg-2-khz", LEN, "sample", |rounds| detect(rounds, &DetectorConfig::emg(), 2000)),
    ("detect-pressure-100-hz", LEN, "sample", |rounds| {
        detect(rounds, &DetectorConfig::pressure(), 100)
    }),
    ("monitor-emg-2-khz", LEN, "sample", |rounds| monitor(rounds, 1, 2000, 512)),
    ("monitor-8-channels-10-ms", LEN, "sample", |rounds| monitor(rounds, 8, 1000, 10)),
    ("meter-emg-1-khz", LEN, "sample", meter),
    ("engine-1-channel-2-khz", LEN, "sample", |rounds| engine(rounds, 1, 2000, 512)),
    ("engine-8-channels-10-ms", LEN, "sample", |rounds| engine(rounds, 8, 1000, 10)),
    ("engine-16-channels-2-khz", LEN, "sample", |rounds| engine(rounds, 16, 2000, 512)),
    ("digest", LEN, "sample", digest),
    ("text-2-columns", LEN, "line", |rounds| text(rounds, 2)),
    ("text-1-column", LEN, "line", |rounds| text(rounds, 1)),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [name, rounds] => {
            let stage = STAGES.iter().find(|stage| stage.0 == name).expect("a stage of the list");
            black_box((stage.3)(rounds.parse().expect("a number of rounds")));
        }
        _ => {
            for (name, items, unit, _) in STAGES {
                writeln!(stdout(), "{name} {items} {unit}").expect("a reader");
            }
        }
    }
}

fn rate(hz: u64) -> SampleRate {
    SampleRate::new(hz, 1).expect("not zero")
}

fn signal() -> Vec<f64> {
    recording()[1024..1024 + LEN].to_vec()
}

fn frames(rounds: usize) -> u64 {
    let mut bytes = minute(CableFaults::NONE);
    bytes.truncate(BYTES);
    let mut decoder = wire::Decoder::new(Direction::DeviceToHost);
    let mut found = 0;
    for _ in 0..rounds {
        let mut rest = black_box(&bytes[..]);
        while let Some(result) = decoder.next(&mut rest) {
            found += u64::from(result.is_ok());
        }
    }
    found
}

fn sections() -> Sections {
    let band = preset::emg_wide(rate(2000)).expect("legal").sections;
    let hum =
        preset::mains_notch(preset::Mains::Hz50, preset::Harmonics::FundamentalOnly, rate(2000));
    band.then(&hum.expect("legal").sections).expect("five")
}

fn filter(rounds: usize, block_len: usize) -> u64 {
    let signal = signal();
    let mut cascade = Cascade::new(&sections());
    let mut block = vec![0.0; block_len];
    for _ in 0..rounds {
        for part in signal.chunks_exact(block_len) {
            block.copy_from_slice(part);
            cascade.process(black_box(&mut block));
        }
    }
    block[0].to_bits()
}

fn bank(rounds: usize) -> u64 {
    let signal = signal();
    let (scans, _) = signal.as_chunks::<{ Bank::CHANNELS }>();
    let mut bank = Bank::new(&sections());
    let mut block = [[0.0; Bank::CHANNELS]; 10];
    for _ in 0..rounds {
        for part in scans.chunks_exact(block.len()) {
            block.copy_from_slice(part);
            bank.process(black_box(&mut block));
        }
    }
    block[0][0].to_bits()
}

fn rms(rounds: usize) -> u64 {
    let signal = signal();
    let mut rms = Rms::new(200);
    let mut block = vec![0.0; 512];
    for _ in 0..rounds {
        for part in signal.chunks_exact(512) {
            block.copy_from_slice(part);
            rms.process(black_box(&mut block));
        }
    }
    block[0].to_bits()
}

fn detect(rounds: usize, config: &DetectorConfig, hz: u64) -> u64 {
    let rate = rate(hz);
    let mut signal = signal();
    let band = preset::emg_wide(SampleRate::new(1000, 1).expect("not zero")).expect("legal");
    Cascade::new(&band.sections).process(&mut signal);
    let mut detector = Detector::new(config, rate).expect("defaults are legal");
    detector.start(rate, 0.0).expect("a legal rate");
    let (mut first, mut events) = (SampleIndex::ZERO, 0);
    for _ in 0..rounds {
        for part in black_box(&signal).chunks_exact(512) {
            detector.process(first, part, Quality::GOOD, &mut |_| events += 1);
            first = first.saturating_add(512);
        }
    }
    events
}

/// Blocks of `block_len` for each channel in turn, [`LEN`] samples over all of them a round.
fn monitor(rounds: usize, channel_count: usize, hz: u64, block_len: usize) -> u64 {
    let rate = rate(hz);
    let signal = signal();
    let mut filtered = signal.clone();
    Cascade::new(&sections()).process(&mut filtered);
    let config = MonitorConfig { kind: SignalKind::Emg, rate, rails: None, noise_limit: None };
    let mut monitors = vec![Monitor::new(rate); channel_count];
    for monitor in &mut monitors {
        monitor.start(&config).expect("a legal channel");
    }
    let (mut first, mut notices) = (SampleIndex::ZERO, 0);
    let part = LEN / channel_count;
    for _ in 0..rounds {
        let blocks = black_box(&signal)[..part].chunks_exact(block_len);
        for (block, filtered) in blocks.zip(filtered[..part].chunks_exact(block_len)) {
            for monitor in &mut monitors {
                monitor.process(first, block, filtered, Quality::GOOD, &mut |_| notices += 1);
            }
            first = first.saturating_add(block_len as u64);
        }
    }
    notices
}

/// A free run: a contraction of 2 s in 5 s.
fn meter(rounds: usize) -> u64 {
    const BLOCK_LEN: usize = 512;
    let rate = rate(1000);
    let mut filtered = signal();
    Cascade::new(&preset::emg_wide(rate).expect("legal").sections).process(&mut filtered);
    let mut envelope = filtered.clone();
    Rms::new(100).process(&mut envelope);
    let id = ChannelId { stream: 0, channel: 0 };
    let channel = MeterChannel {
        id,
        kind: SignalKind::Emg,
        unit: Unit::Count,
        place: Place::Pelvic,
        filter_delay_s: 0.0,
        window_s: MeterChannel::EMG_WINDOW_S,
        noise_floor: None,
        rest_sem: None,
    };
    let mut meter = Meter::new(Schedule::free(), rate, &[channel]).expect("legal");
    let (mut first, mut readings) = (SampleIndex::ZERO, 0);
    let mut next_onset = SampleIndex(2000);
    for _ in 0..rounds {
        let blocks = black_box(&filtered).chunks_exact(BLOCK_LEN);
        for (filtered, envelope) in blocks.zip(envelope.chunks_exact(BLOCK_LEN)) {
            let block = Block {
                channel: id,
                kind: SignalKind::Emg,
                unit: Unit::Count,
                rate,
                first,
                values: filtered,
                filtered,
                envelope,
                quality: Quality::GOOD,
            };
            meter.process(&block, |_| readings += 1);
            first = first.saturating_add(BLOCK_LEN as u64);
            let closed = next_onset.saturating_add(2500);
            if closed <= first {
                let found = contraction(next_onset, closed);
                let decided = next_onset.saturating_add(200);
                let onset = Transition::Onset { at: next_onset, decided };
                meter.contraction(id, &onset, |_| readings += 1);
                meter.contraction(id, &Transition::Contraction(found), |_| readings += 1);
                next_onset = next_onset.saturating_add(5000);
            }
        }
    }
    readings
}

fn contraction(onset: SampleIndex, closed: SampleIndex) -> Contraction {
    Contraction {
        onset,
        offset: Some(onset.saturating_add(2000)),
        onset_uncertainty: Uncertainty::Within { seconds: 0.05 },
        offset_uncertainty: Uncertainty::Within { seconds: 0.05 },
        decided: onset.saturating_add(200),
        closed,
        peak_at: onset.saturating_add(1000),
        peak: 10.0,
        mean: 5.0,
        rest: 1.0,
        confidence: 1.0,
    }
}

/// `scan_count` scans a call, [`LEN`] samples over all channels a round.
fn engine(rounds: usize, channel_count: u8, hz: u64, scan_count: usize) -> u64 {
    let signal = signal();
    let info = StreamInfo::of_values(SignalKind::Emg, Unit::Count, rate(hz), channel_count);
    let mut engine = Engine::new(&EngineConfig::scans(info)).expect("legal");
    let (mut first, mut outputs) = (0, 0);
    for _ in 0..rounds {
        for codes in black_box(&signal).chunks_exact(scan_count * usize::from(channel_count)) {
            engine.handle(scans(first, channel_count, codes), &mut |_: Output<'_>| outputs += 1);
            first += scan_count as u64;
        }
    }
    outputs
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

/// What the digest of the outputs adds to the engine: the same with it in place of a counter.
fn digest(rounds: usize) -> u64 {
    let signal = signal();
    let info = StreamInfo::of_values(SignalKind::Other, Unit::Count, rate(2000), 1);
    let mut engine = Engine::new(&EngineConfig::scans(info)).expect("legal");
    let mut digest = Digest::new();
    let mut first = 0;
    for _ in 0..rounds {
        for codes in black_box(&signal).chunks_exact(512) {
            engine.handle(scans(first, 1, codes), &mut digest);
            first += 512;
        }
    }
    digest.all()
}

/// Values of a table whose layout is known.
fn text(rounds: usize, column_count: usize) -> u64 {
    let options =
        TextOptions { rate_hz: (column_count == 1).then_some(2000.0), ..Default::default() };
    let source = Cursor::new(table(LEN, column_count));
    let mut file = TextFile::from_seek(source, &options).expect("a table of ours");
    let mut sum = 0;
    for _ in 0..rounds {
        file.read(&mut |scans| sum += black_box(scans.codes).len() as u64).expect("memory");
    }
    sum
}
