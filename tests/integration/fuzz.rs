//! Damaged files and bytes for every reader: the targets of `tests/fuzz`, without libFuzzer.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::PathBuf;

use levator_simulate::SeededRng;

use crate::support::{data, header};

/// Long enough for a header and some records of every format.
const LONGEST: u64 = 12_000;
/// Damaged versions of each file.
const VERSIONS: usize = 40;

/// Beginnings of real files.
fn files(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(data(folder))
        .expect("it is committed")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|end| endings.iter().any(|e| end == *e)))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| beginning(std::fs::read(path).expect("a file"))).collect()
}

fn beginning(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(LONGEST as usize);
    bytes
}

/// What a device says, in a journal.
fn journal() -> Vec<u8> {
    use levator_engine::{Command, Input};
    use levator_signal::HostTime;
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("raw.journal");
    let mut writer = levator_record::Writer::create(&path, &header()).expect("new");
    let mut at = HostTime::ZERO;
    for bytes in spoken().chunks(100) {
        at = at.saturating_add(core::time::Duration::from_millis(20));
        writer.record(&Input::Bytes { at, bytes }).expect("room");
        writer.record(&Input::Tick { at }).expect("room");
    }
    let mark = Command::Mark { text: "lying" };
    writer.record(&Input::Command { at, command: mark }).expect("room");
    writer.close(at).expect("room");
    beginning(std::fs::read(path).expect("it was written"))
}

/// What a virtual device says when it is asked and started.
fn spoken() -> Vec<u8> {
    use levator_protocol::{Direction, Encoder, Flags, Identify, Message, Start};
    use levator_simulate::{DeviceConfig, Scenario, VirtualDevice, VirtualPerson};
    let person = VirtualPerson::new(Scenario::Healthy, 1);
    let mut device = VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("legal");
    let mut encoder = Encoder::resume(Direction::HostToDevice, 0);
    let mut bytes = Vec::new();
    let mut wire = [0; levator_protocol::MAX_WIRE];
    device.advance(levator_signal::HostTime::from_secs_f64(0.1), &mut bytes);
    let flags = Flags { ack_wanted: true, retransmission: false };
    for message in [
        Message::Identify(Identify { minor: 0, max_payload: 240 }),
        Message::Start(Start { streams: 3, batch_ms: 0, keep_alive_ms: 0 }),
    ] {
        let len = encoder.encode(&message, flags, &mut wire).expect("it fits");
        device.receive(&wire[..len]);
    }
    device.advance(levator_signal::HostTime::from_secs_f64(1.5), &mut bytes);
    assert!(bytes.len() > 1000, "{} bytes: it did not start", bytes.len());
    beginning(bytes)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let with_piece = |piece: &[u8], bytes: Vec<u8>| [piece, &bytes].concat();
    match target {
        "journal" => vec![journal()],
        "edf" => files("interop", &["edf", "bdf"]),
        "xdf" => files("interop", &["xdf"]),
        "text" => {
            let mut all = files("recordings", &["csv", "txt"]);
            all.extend(files("manometry", &["txt"]));
            all
        }
        "device" => vec![with_piece(&[7], spoken())],
        "frames" | "blocks" => vec![spoken(), journal()],
        "foreign" => (0..7).map(|which| with_piece(&[which, 5], spoken())).collect(),
        "overview" => vec![overview()],
        "archive" => vec![archive(), parts()],
        other => panic!("no seeds for {other}"),
    }
}

/// A list of an overview with one piece, behind the lengths of its parts.
fn overview() -> Vec<u8> {
    let json = br#"{"version":2,"journal":{"recording":0,"bytes":0,"tail":0},"streams":[{"stream":0,
        "kind":"emg","unit":"uV","rate":{"scans":1000,"seconds":1},"labels":["EMG"],"samples":[0,32],
        "bucket_len":32}]}"#;
    let counts = 32_u32.to_le_bytes();
    let pair = [-1.5_f32, 2.5, 0.5, 0.75].map(f32::to_le_bytes).concat();
    let mut entry = vec![0, 0, 1, 0];
    entry.extend(crc32fast::hash(&counts).to_le_bytes());
    entry.extend(0_u64.to_le_bytes());
    entry.extend(8_u64.to_le_bytes());
    let crc = crc32fast::hash(&pair).to_le_bytes();
    let len = (json.len() as u16).to_le_bytes();
    [&len[..], &[1], json, &entry, &counts, &pair, &crc].concat()
}

/// What `levator visits export` writes of one visit.
fn archive() -> Vec<u8> {
    use levator_store::archive::{Seal, write};
    use levator_store::{PersonCode, Store};
    let data = tempfile::tempdir().expect("a folder for temporary files");
    let store = Store::at(data.path());
    let person = PersonCode::new("P-1").expect("a code");
    let staged = store.stage(&person, 1_795_356_191_000).expect("room");
    for (name, content) in [("visit.json", &b"{}"[..]), ("raw.journal", &journal()[..2000])] {
        staged.fill(name, &mut &content[..], &mut |_| {}).expect("room");
    }
    let visit = staged.keep().expect("room");
    let packed = write(&store, &[(person, visit)], &Seal::Open, Vec::new(), &mut |_| {});
    packed.expect("room").1
}

/// Paths and contents, each behind its length.
fn parts() -> Vec<u8> {
    let files = [("P-1/person.json", r#"{"date_shift_days":17}"#), ("P-1/monday/visit.json", "{}")];
    let each = |(path, content): (&str, &str)| {
        [&[path.len() as u8], path.as_bytes(), &[content.len() as u8], content.as_bytes()].concat()
    };
    files.into_iter().flat_map(each).collect()
}

/// One to six changes: a flip, a number at its limits, a piece doubled, moved, or cut out.
fn damage(bytes: &mut Vec<u8>, rng: &mut SeededRng) {
    let mut below = |end: usize| (rng.bits() % end.max(1) as u64) as usize;
    for _ in 0..=below(6) {
        if bytes.is_empty() {
            return;
        }
        let at = below(bytes.len());
        let len = 1 + below(40.min(bytes.len() - at));
        match below(5) {
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes[at] = [0, 0xff, 0x7f, 0x80, b'-', b',', b'9', b'\n'][below(8)],
            2 => {
                let piece = bytes[at..at + len].to_vec();
                let to = below(bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => drop(bytes.drain(at..at + len)),
            _ => bytes.truncate(at),
        }
    }
}

#[test]
fn damaged_files_and_bytes_break_no_reader() {
    let mut rng = SeededRng::new(9);
    for (name, target) in targets::TARGETS {
        for seed in seeds(name) {
            target(&seed);
            for _ in 0..VERSIONS {
                let mut bytes = seed.clone();
                damage(&mut bytes, &mut rng);
                target(&bytes);
            }
        }
    }
}
