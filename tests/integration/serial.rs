//! End to end through a pseudo-terminal: a device, a port, a live session, a recording, its analysis.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use levator_device::{PortSettings, SerialConnector};
use levator_engine::{Digest, EngineConfig, Summary, Tee};
use levator_live::{LiveConfig, RecordTo, Session};
use levator_record::text::{TextFile, TextOptions};
use levator_signal::Unit;
use levator_simulate::{
    AtEnd, BadCable, Burst, CableFaults, DeviceConfig, Line, LineSettings, PseudoTerminal, Replay,
    Scenario, StreamConfig, VirtualDevice, VirtualPerson, serve,
};
use tempfile::TempDir;

use crate::support::{analysed, analysed_text, data, found, header, labels};

struct Visit {
    live: Summary,
    digest: Digest,
    journal: PathBuf,
    device: VirtualDevice,
    _folder: TempDir,
}

/// Measures `device` for `seconds` of its own time, which passes `speed` times as fast as ours.
fn measure(
    mut device: VirtualDevice,
    seconds: f64,
    speed: f64,
    burst: Burst,
    cable: Option<BadCable>,
) -> Visit {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let journal = folder.path().join("raw.journal");
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let mut line = Line::new(LineSettings { speed, burst }, cable).expect("a legal speed");
    let config = LiveConfig {
        record: Some(RecordTo { path: journal.clone(), header: header(), beside: None }),
        seconds: Some(seconds / speed),
        ..LiveConfig::new(EngineConfig::device())
    };
    let over = AtomicBool::new(false);
    let (_, Tee(live, digest)) = std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let connector = SerialConnector::new(PortSettings::new(terminal.port_name()));
        let session = Session::start(connector, config, Tee(Summary::new(), Digest::new()))
            .expect("the port is there");
        let ended = session.wait().expect("no part breaks down");
        over.store(true, Ordering::Relaxed);
        let counts = server.join().expect("the device does not break").expect("nor its terminal");
        assert_eq!(counts.dropped, 0, "the session reads everything");
        ended
    });
    Visit { live, digest, journal, device, _folder: folder }
}

fn virtual_person(seed: u64) -> VirtualDevice {
    let person = VirtualPerson::new(Scenario::Healthy, seed);
    VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device")
}

#[test]
fn a_clean_visit_is_analysed_to_the_same_bits_and_finds_what_was_done() {
    let visit = measure(virtual_person(11), 30.0, 10.0, Burst::UsbCdc, None);
    let (offline, digest) = analysed(&visit.journal);
    assert_eq!(digest, visit.digest);
    assert!(offline.gaps.is_empty(), "{:?}", offline.gaps);
    assert!(offline.refusals.is_empty(), "{:?}", offline.refusals);
    // Truth counts from the first sample of the stream, as our indices do.
    let channel = visit.live.principal().expect("EMG was searched");
    let truth = visit.device.truth(0).expect("a virtual person knows what it did");
    let made: Vec<f64> = truth
        .contractions
        .iter()
        .filter(|one| one.span.end < channel.end)
        .map(|one| one.onset_s)
        .collect();
    let onsets: Vec<f64> = found(&visit.live).iter().map(|(onset, _)| *onset).collect();
    assert!(made.len() >= 2);
    for (made, onset) in made.iter().zip(&onsets) {
        assert!((made - onset).abs() < 0.15, "made {made}, found {onset}");
    }
    assert!(onsets.len() >= made.len(), "made {made:?}, found {onsets:?}");
}

#[test]
fn a_visit_over_a_bad_cable_is_analysed_to_the_same_bits() {
    let cable = BadCable::new(CableFaults::ROUGH, 5);
    let visit = measure(virtual_person(12), 20.0, 10.0, Burst::Ftdi, Some(cable));
    let (offline, digest) = analysed(&visit.journal);
    assert_eq!(digest, visit.digest);
    assert!(!offline.refusals.is_empty(), "the cable did nothing");
    assert!(!offline.gaps.is_empty(), "the cable did nothing");
    // Every sample is there or named as missing.
    for channel in &offline.channels {
        let missing = offline.lost_count(channel.id.stream);
        assert_eq!(channel.sample_count + missing, channel.end.0, "{:?}", channel.id);
    }
}

/// A recording on the virtual device, as codes of its converter.
fn replayed(name: &str, gain: f64) -> (VirtualDevice, f64) {
    let path = data(&format!("recordings/{name}"));
    let mut file = TextFile::open(&path, &TextOptions::default()).expect("it is a table");
    let info = file.stream_info();
    let mut values: Vec<f64> = Vec::new();
    file.read(&mut |scans| values.extend(scans.codes.iter().map(|value| (value * gain).round())))
        .expect("it can be read");
    let seconds = values.len() as f64 / info.rate.hz();
    let rate_mhz = (info.rate.hz() * 1000.0).round() as u32;
    let base = match info.kind {
        levator_signal::SignalKind::Pressure => StreamConfig::pressure(1, rate_mhz),
        _ => StreamConfig::emg(1, rate_mhz),
    };
    let stream = StreamConfig {
        unit: levator_protocol::WireUnit::Counts,
        format: levator_protocol::SampleFormat::I24,
        scale: 1.0,
        offset: 0.0,
        rails: None,
        ..base
    };
    let replay =
        Replay::new(vec![values], info.kind, Unit::Count, info.rate, AtEnd::Hold).expect("samples");
    let config = DeviceConfig::with_streams("replay", vec![stream]);
    (VirtualDevice::new(config, replay).expect("a legal device"), seconds)
}

#[test]
fn nine_bursts_of_a_real_recording_are_nine_live_and_offline() {
    let (device, seconds) = replayed("biceps_9_bursts.csv", 1.0);
    let visit = measure(device, seconds, 8.0, Burst::UsbCdc, None);
    let (offline, digest) = analysed(&visit.journal);
    assert_eq!(digest, visit.digest);
    let labels = labels("biceps_9_bursts");
    for (name, summary) in [("live", &visit.live), ("offline", &offline)] {
        let found = found(summary);
        assert_eq!(found.len(), 9, "{name}: {found:?}");
        for (label, found) in labels.iter().zip(&found) {
            // These contractions rise and fall gradually, so edges are matters of opinion.
            let shared = found.1.min(label.1) - found.0.max(label.0);
            let shorter = (found.1 - found.0).min(label.1 - label.0);
            assert!(shared > 0.8 * shorter, "{name}: label {label:?}, found {found:?}");
        }
    }
    let text = data("recordings/biceps_9_bursts.csv");
    assert_eq!(found(&analysed_text(&text, &TextOptions::default())).len(), 9);
}

#[test]
fn grip_squeezes_of_a_real_recording_are_found_live_and_offline() {
    let (device, seconds) = replayed("grip_8_squeezes.csv", 1000.0);
    let visit = measure(device, seconds, 4.0, Burst::Immediate, None);
    let (offline, digest) = analysed(&visit.journal);
    assert_eq!(digest, visit.digest);
    assert_eq!(found(&visit.live).len(), 8, "{:?}", found(&visit.live));
    assert_eq!(found(&offline).len(), 8);
    let text = data("recordings/grip_8_squeezes.csv");
    assert_eq!(found(&analysed_text(&text, &TextOptions::default())).len(), 8);
}
