//! What goes to other programs: XDF, JSON, BIDS, and all of it without who was measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use levator_decode::{Label, Scans, StreamInfo};
use levator_engine::{Command, EngineConfig, Input};
use levator_record::edf::EdfFile;
use levator_record::visit::{About, Patient, State, manifest, rebuild};
use levator_record::xdf::{Item, XdfFile, XdfOptions, write};
use levator_record::{Header, Writer};
use levator_signal::{HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit};
use serde_json::Value;

use crate::support::{header, levator};

/// What must not leave: as UTF-8 and as UTF-16 of both byte orders.
const SECRETS: [&str; 8] = [
    "Mustermann",
    "1969-06-30",
    "SN4711",
    "ttyGEHEIM",
    "Schmerzen",
    "Kellerstr",
    "links-von",
    "P-0815",
];

fn export(arguments: &[&str]) -> (i32, Value, String) {
    let output = levator().args(["export", "--json"]).args(arguments).output();
    let output = output.expect("the binary was built");
    let document = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let stderr = String::from_utf8(output.stderr).expect("output is UTF-8");
    (output.status.code().expect("no signal ended it"), document, stderr)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// 2 s of two channels at 200 Hz, 3 s nothing, 1 s; every field of text has something in it.
fn visit(folder: &Path, opened_unix_ms: u64) {
    fs::create_dir_all(folder).expect("a new folder");
    let rate = SampleRate::new(200, 1).expect("not zero");
    let mut info = StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, 2);
    info.label = Label::new("links-von P-0815");
    let header = Header {
        opened_unix_ms,
        device: "probe SN4711".to_owned(),
        port: "/dev/ttyGEHEIM".to_owned(),
        config: EngineConfig::scans(info),
        ..header()
    };
    let patient = Patient {
        code: Some("P-0815".to_owned()),
        sex: Some("F".to_owned()),
        birthdate: Some("1969-06-30".to_owned()),
        name: Some("Mustermann".to_owned()),
    };
    let about = About {
        person: Some("P-0815".to_owned()),
        patient,
        position: Some("Kellerstr".to_owned()),
        site: Some("Kellerstr".to_owned()),
        notes: Some("Schmerzen".to_owned()),
        ..About::new(header.clone())
    };
    about.write(folder).expect("room");
    let mut writer = Writer::create(&folder.join("raw.journal"), &header).expect("a new file");
    for (first, count) in [(0_u32, 400), (1000, 200)] {
        let codes: Vec<f64> =
            (first..first + count).flat_map(|at| [f64::from(at) * 0.1, -f64::from(at)]).collect();
        let at = HostTime::from_secs_f64(f64::from(first + count) / 200.0);
        let scans = Scans {
            stream: 0,
            first: SampleIndex(u64::from(first)),
            channel_count: 2,
            codes: &codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        };
        writer.record(&Input::Scans { at, scans }).expect("room");
        let text = "cue: Frau Mustermann hat Schmerzen";
        writer.record(&Input::Command { at, command: Command::Mark { text } }).expect("room");
    }
    writer.close(HostTime::from_secs_f64(9.0)).expect("room");
}

/// The same, closed as a recorder closes it.
pub(crate) fn closed_visit(folder: &Path, opened_unix_ms: u64) {
    visit(folder, opened_unix_ms);
    let about = About::read(folder).expect("it was written");
    let laid = rebuild(folder, &mut |_| {}).expect("room");
    let about = About { state: State::Closed, ..about };
    about.write(folder).expect("room");
    assert!(!laid.files.is_empty());
    manifest::write(folder).expect("room");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}

pub(crate) fn secrets_in(bytes: &[u8]) -> Vec<&'static str> {
    let lower: Vec<u8> = bytes.to_ascii_lowercase();
    let has = |wanted: &[u8]| {
        lower.windows(wanted.len()).any(|window| window == wanted.to_ascii_lowercase())
    };
    let found = SECRETS.into_iter().filter(|secret| {
        let wide = |of: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        has(secret.as_bytes()) || has(&wide(u16::to_le_bytes)) || has(&wide(u16::to_be_bytes))
    });
    found.collect()
}

#[test]
fn xdf_and_json_keep_every_digit_the_gap_and_the_marks() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let source = folder.path().join("visit");
    visit(&source, 1_795_356_191_250);
    let out = folder.path().join("out.xdf");
    let (code, told, stderr) = export(&["--to", "xdf", "--out", text(&out), text(&source)]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(told["files"][0]["streams"][0]["gap_count"], 1);
    let mut file = XdfFile::open(&out).expect("our own");
    let selection = file.select(&XdfOptions::default()).expect("a signal");
    let (mut samples, mut marks) = (Vec::new(), Vec::new());
    file.read(&selection, &mut |item| match item {
        Item::Scans(scans) => {
            samples.extend((scans.first.0..).zip(scans.codes.iter().copied()));
        }
        Item::Annotation(mark) => marks.push(mark.onset_s),
    })
    .expect("it can be read");
    let wanted: Vec<(u64, f64)> =
        (0..400_u32).chain(1000..1200).map(|at| (u64::from(at), f64::from(at) * 0.1)).collect();
    assert_eq!(samples, wanted);
    assert_eq!(marks.len(), 2);
    assert!((marks[0] - 1.995).abs() < 1e-6 && (marks[1] - 5.995).abs() < 1e-6, "{marks:?}");

    let out = folder.path().join("out.json");
    let (code, _, stderr) = export(&["--to", "json", "--out", text(&out), text(&source)]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let document: Value =
        serde_json::from_slice(&fs::read(&out).expect("written")).expect("it is JSON");
    let runs = document["streams"][0]["runs"].as_array().expect("a list");
    let starts: Vec<&Value> = runs.iter().map(|run| &run["start_s"]).collect();
    assert_eq!(starts, [&Value::from(0.0), &Value::from(5.0)]);
    let rows: Vec<&Value> =
        runs.iter().flat_map(|run| run["rows"].as_array().expect("rows")).collect();
    assert_eq!(rows.len(), 600);
    for (row, (index, value)) in rows.iter().zip(&wanted) {
        assert_eq!(row[0].as_f64(), Some(*value));
        assert_eq!(row[1].as_f64(), Some(-(*index as f64)));
    }
    assert_eq!(document["events"][0]["text"], "cue: Frau Mustermann hat Schmerzen");
    assert_eq!(document["source_blake3"].as_str().map(str::len), Some(64));
    assert_eq!(document["streams"][0]["channels"][0]["unit"], "uV");
}

#[test]
fn a_bids_folder_has_what_the_standard_asks_for_and_grows() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let source = folder.path().join("visit");
    visit(&source, 1_795_356_191_250);
    let out = folder.path().join("bids");
    let run = |subject: &str| {
        export(&[
            "--to",
            "bids",
            "--out",
            text(&out),
            "--subject",
            subject,
            "--session",
            "1",
            text(&source),
        ])
    };
    for subject in ["A1", "B2"] {
        let (code, _, stderr) = run(subject);
        assert_eq!((code, stderr.as_str()), (0, ""));
    }
    let (code, _, stderr) = run("A1");
    assert_eq!(code, 6);
    assert!(stderr.contains("is there already"), "{stderr}");
    let participants = fs::read_to_string(out.join("participants.tsv")).expect("written");
    assert_eq!(participants, "participant_id\nsub-A1\nsub-B2\n");
    let stem = out.join("sub-A1/ses-1/emg/sub-A1_ses-1_task-rest");
    let read = |end: &str| fs::read_to_string(format!("{}{end}", stem.display())).expect("written");
    let channels = read("_channels.tsv");
    assert!(channels.starts_with("name\ttype\tunits\t"), "{channels}");
    assert_eq!(channels.matches("\tEMG\tuV\t200\n").count(), 2, "{channels}");
    assert!(read("_events.tsv").starts_with("onset\tduration\ttrial_type\n1.995\tn/a\tcue: Frau"));
    let sidecar: Value = serde_json::from_str(&read("_emg.json")).expect("JSON");
    assert_eq!(sidecar["RecordingType"], "discontinuous");
    let bdf = EdfFile::open(&PathBuf::from(format!("{}_emg.bdf", stem.display()))).expect("BDF");
    assert_eq!(bdf.header().signals.len(), 2);
    let (code, _, stderr) = export(&["--to", "bids", text(&source)]);
    assert_eq!(code, 2, "{stderr}");
}

/// Files of other kinds with something in every field of text.
fn others(folder: &Path) -> Vec<PathBuf> {
    let csv = folder.join("Mustermann.csv");
    let mut table = "# Mustermann SN4711\ntime_s,links-von_uV,marker\n".to_owned();
    for at in 0..400 {
        let note = if at == 200 { "Schmerzen" } else { "" };
        table.push_str(&format!("{},{},{note}\n", f64::from(at) / 200.0, f64::from(at).sin()));
    }
    fs::write(&csv, table).expect("room");
    let xdf = folder.join("Mustermann.xdf");
    let mut writer = write::XdfWriter::create(Vec::new()).expect("memory");
    let spec = write::StreamSpec::signal("SN4711", "EMG", 100.0, &[("links-von", "Kellerstr")]);
    let stream = writer.stream(&spec).expect("memory");
    writer.samples(stream, Some(1.0), &[0.5; 300]).expect("memory");
    let marks = writer.stream(&write::StreamSpec::marks("Mustermann")).expect("memory");
    writer.mark(marks, 2.0, "Schmerzen").expect("memory");
    fs::write(&xdf, writer.finish().expect("memory")).expect("room");
    // EDF by hand, as no writer of ours puts a name into it.
    let field = |text: &str, len: usize| format!("{text:len$}").into_bytes();
    let mut bytes: Vec<u8> = [
        ("0", 8),
        ("P-0815 F 30-JUN-1969 Mustermann", 80),
        ("Startdate 24-JAN-2020 X Kellerstr SN4711", 80),
        ("24.01.20", 8),
        ("04.05.56", 8),
        ("512", 8),
        ("", 44),
        ("4", 8),
        ("1", 8),
        ("1", 4),
        ("links-von", 16),
        ("SN4711", 80),
        ("Keller", 8),
        ("-100", 8),
        ("100", 8),
        ("-1000", 8),
        ("1000", 8),
        ("Schmerzen", 80),
        ("100", 8),
        ("", 32),
    ]
    .into_iter()
    .flat_map(|(text, len)| field(text, len))
    .collect();
    bytes.extend((0..400_i16).flat_map(i16::to_le_bytes));
    let edf = folder.join("Mustermann.edf");
    fs::write(&edf, bytes).expect("room");
    vec![csv, xdf, edf]
}

#[test]
fn nothing_that_names_a_person_leaves_and_intervals_between_visits_stay() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let key = folder.path().join("key");
    fs::write(&key, [7; 32]).expect("room");
    let home = folder.path().join("Mustermann");
    const DAY_MS: u64 = 86_400_000;
    let opened = 1_795_356_191_250;
    let mut sources = vec![home.join("one"), home.join("two")];
    visit(&sources[0], opened);
    visit(&sources[1], opened + 17 * DAY_MS);
    sources.extend(others(&home));
    let sources: Vec<&str> = sources.iter().map(|path| text(path)).collect();
    let mut starts: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for to in ["edf", "bdf", "csv", "xdf", "json", "bids"] {
        let out = folder.path().join(format!("out-{to}"));
        fs::create_dir(&out).expect("a new folder");
        for (at, source) in sources.iter().enumerate() {
            let session = format!("{at}");
            let plain = ["--to", to, "--out", text(&out), "--session", &session];
            let hidden = ["--de-identify", "--key", text(&key), source];
            let (code, told, stderr) = export(&[&plain[..], &hidden].concat());
            assert_eq!((code, stderr.as_str()), (0, ""), "{to} {source}");
            if at < 2 {
                let start = told["files"][0]["start_utc_unix_ms"].as_u64().expect("it is known");
                starts.entry(to).or_default().push(start);
            }
        }
        let written = files(&out);
        assert!(written.len() >= sources.len(), "{to}: {written:?}");
        for file in &written {
            let name = file.strip_prefix(&out).expect("inside").display().to_string();
            assert_eq!(secrets_in(name.as_bytes()), [""; 0], "{name}");
            let bytes = fs::read(file).expect("written");
            assert!(!bytes.is_empty(), "{name}");
            assert_eq!(secrets_in(&bytes), [""; 0], "{name}");
        }
    }
    for (to, starts) in &starts {
        assert_eq!(starts[1] - starts[0], 17 * DAY_MS, "{to}");
        let back = opened - starts[0];
        assert!(back > DAY_MS / 2 && back < 3651 * DAY_MS, "{back}");
    }
    let first: Vec<u64> = starts.values().map(|starts| starts[0]).collect();
    assert!(first.windows(2).all(|two| two[0] == two[1]), "{first:?}");
    // The search does find what is there: the plain export holds it.
    let out = folder.path().join("plain.json");
    let (code, ..) = export(&["--to", "json", "--out", text(&out), sources[0]]);
    assert_eq!(code, 0);
    assert!(!secrets_in(&fs::read(&out).expect("written")).is_empty());
    let wide: Vec<u8> = "xMustermann".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(secrets_in(&wide), ["Mustermann"]);
}
