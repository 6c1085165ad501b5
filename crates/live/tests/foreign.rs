//! Devices of others: simulated, recorded over a pseudo-terminal, read back.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![cfg(unix)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use levator_catalog::devices;
use levator_decode::Decoded;
use levator_decode::foreign::{Driver, Framing};
use levator_device::{PortSettings, SerialConnector};
use levator_engine::{Conversation, Digest, Engine, EngineConfig, Input, Source};
use levator_live::{LiveConfig, RecordTo, Session};
use levator_record::{Header, Item, Reader};
use levator_signal::HostTime;
use levator_simulate::foreign::{Codes, faults_for};
use levator_simulate::{
    BadCable, Burst, CableFaults, ForeignDevice, Line, LineSettings, PseudoTerminal, Scenario,
    VirtualPerson, serve,
};

/// What came through a pseudo-terminal into a recording.
struct Visit {
    codes: Vec<f64>,
    /// Where each scan stands.
    places: Vec<u64>,
    lost: u64,
    /// Frames that the device has sent.
    sent: u64,
    disturbances: Vec<&'static str>,
}

/// Measures a device that is built in for some seconds of real time, and reads the recording.
fn measure(id: &str, burst: Burst, faults: Option<CableFaults>, seconds: f64) -> Visit {
    let description = devices::built_in(id).expect("it is built in").description;
    let person = VirtualPerson::new(Scenario::Healthy, 3);
    let mut device = ForeignDevice::new(&description, &person, 230_400);
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let cable = faults.map(|faults| BadCable::new(faults_for(&description, faults), 9));
    let settings = LineSettings { speed: 1.0, burst };
    let mut line = Line::new(settings, cable).expect("a legal speed");
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let journal = folder.path().join("raw.journal");
    let (conversation, about) = (Conversation::Lead, Box::new(description.clone()));
    let source = Source::Foreign { conversation, description: about };
    let config = EngineConfig { source, ..EngineConfig::device() };
    let header = Header {
        tool: "levator tests".to_owned(),
        wire: [1, 0],
        opened_unix_ms: 0,
        device: id.to_owned(),
        port: String::new(),
        config: config.clone(),
    };
    let config = LiveConfig {
        record: Some(RecordTo { path: journal.clone(), header, beside: None }),
        seconds: Some(seconds),
        ..LiveConfig::new(config)
    };
    let over = AtomicBool::new(false);
    let live = std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let connector = SerialConnector::new(PortSettings::new(terminal.port_name()));
        let session = Session::start(connector, config, Digest::new()).expect("the port is there");
        let (_, digest) = session.wait().expect("no part breaks down");
        over.store(true, Ordering::Relaxed);
        let counts = server.join().expect("the device does not break").expect("nor its terminal");
        assert_eq!(counts.dropped, 0, "{id}: the session reads everything");
        digest
    });
    assert_eq!(analysed(&journal), live, "{id}: as live, to the bit");
    let mut driver = Driver::new(&description);
    let (mut codes, mut places, mut lost) = (Vec::new(), Vec::new(), 0);
    let mut reader = Reader::open(&journal).expect("it is a recording");
    while let Some(item) = reader.next() {
        if let Item::Input(Input::Bytes { at, bytes }) = item {
            driver.handle(at, bytes, &mut |decoded| match decoded {
                Decoded::Scans(scans) => {
                    codes.extend_from_slice(scans.codes);
                    let count = scans.codes.len() / usize::from(scans.channel_count);
                    places.extend((scans.first.0..).take(count));
                }
                Decoded::Lost(span) => lost += span.span.end.0 - span.span.start.0,
                _ => {}
            });
        }
    }
    let disturbances = device.disturbances().to_vec();
    Visit { codes, places, lost, sent: device.frame_count(), disturbances }
}

/// Simulated, recorded over a pseudo-terminal, read back: the samples are those that were sent.
fn comes_through(id: &str, burst: Burst) {
    let description = devices::built_in(id).expect("it is built in").description;
    let seconds = description.boot_wait_s + if description.rate.hz() < 5.0 { 6.0 } else { 1.5 };
    let visit = measure(id, burst, None, seconds);
    let channels = description.channels.len();
    let mut twin = Codes::new(&description, &VirtualPerson::new(Scenario::Healthy, 3));
    // A device that streams by itself was not heard from its beginning.
    let streams_alone =
        matches!(description.framing, Framing::Text(_) | Framing::BackyardBrains { .. });
    let sent: Vec<Vec<f64>> = (0..visit.sent).map(|_| twin.next_channels()).collect();
    let received: Vec<&[f64]> = visit.codes.chunks(channels).collect();
    assert!(received.len() >= 4, "{id}: {} of {} frames", received.len(), visit.sent);
    let fits = |from: usize| {
        sent.len() >= from + received.len()
            && received.iter().zip(&sent[from..]).all(|(got, sent)| *got == sent)
    };
    let last = if streams_alone { sent.len() - received.len() } else { 0 };
    assert!((0..=last).any(fits), "{id}: {} frames are not those sent", received.len());
    assert_eq!(visit.lost, 0, "{id}");
    assert_eq!(visit.disturbances, [""; 0], "{id}");
}

macro_rules! comes_through {
    ($($name:ident: $id:literal, $burst:ident;)+) => {$(
        #[test]
        fn $name() {
            comes_through($id, Burst::$burst);
        }
    )+};
}

comes_through! {
    text_comes_through: "text", UsbCdc;
    text_pressure_comes_through: "text-pressure", Ftdi;
    nogasm_comes_through: "nogasm", UsbCdc;
    edge_o_matic_comes_through: "edge-o-matic", Ftdi;
    mprls_comes_through: "mprls", UsbCdc;
    bioamp_envelope_comes_through: "bioamp-envelope", Ftdi;
    chords_uno_comes_through: "chords-uno", UsbCdc;
    chords_uno_r4_comes_through: "chords-uno-r4", UsbCdc;
    bitalino_comes_through: "bitalino", Ftdi;
    bitalino_simulated_comes_through: "bitalino-simulated", UsbCdc;
    cyton_comes_through: "cyton", Ftdi;
    firmata_comes_through: "firmata", UsbCdc;
    spikershield_comes_through: "spikershield", UsbCdc;
    flexvolt_comes_through: "flexvolt", Ftdi;
}

#[test]
fn over_a_bad_cable_what_is_received_and_what_is_missing_is_what_was_sent() {
    std::thread::scope(|scope| {
        for id in ["chords-uno-r4", "cyton"] {
            scope.spawn(move || {
                let visit = measure(id, Burst::Ftdi, Some(CableFaults::ROUGH), 6.0);
                let description = devices::built_in(id).expect("it is built in").description;
                assert!(visit.lost > 0, "{id}: the cable did nothing");
                let last = visit.places.last().expect("something was received");
                assert_eq!(visit.places.len() as u64 + visit.lost, last + 1, "{id}");
                // And the last ones stand where they were sent, but for those that a flipped bit changed.
                let person = VirtualPerson::new(Scenario::Healthy, 3);
                let mut twin = Codes::new(&description, &person);
                let sent: Vec<Vec<f64>> = (0..visit.sent).map(|_| twin.next_channels()).collect();
                let scans = visit.codes.chunks(description.channels.len()).zip(&visit.places);
                let newest: Vec<(&[f64], &u64)> = scans.rev().take(50).collect();
                let fits = |base: u64| {
                    let is_sent = |(codes, place): &&(&[f64], &u64)| {
                        sent.get((base + **place) as usize).is_some_and(|sent| sent == codes)
                    };
                    newest.iter().filter(is_sent).count() >= 40
                };
                // Frames before the first lock are not missed.
                assert!(
                    (0..200).any(fits),
                    "{id}: {} frames, {} lost",
                    visit.places.len(),
                    visit.lost
                );
            });
        }
    });
}

/// The same settings on the same bytes.
fn analysed(journal: &Path) -> Digest {
    let mut reader = Reader::open(journal).expect("it is a recording");
    let config = reader.header().expect("its header is whole").config.clone();
    let mut engine = Engine::new(&config).expect("settings that worked before");
    let (mut digest, mut last) = (Digest::new(), HostTime::ZERO);
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => {
                last = input.at();
                engine.handle(input, &mut digest);
            }
            Item::Damage(damage) => panic!("{damage}"),
            Item::End(_) => {}
        }
    }
    engine.finish(last, &mut digest);
    digest
}
