//! Recorded visits played again and decoded anew, by the binary.

use std::fs;
use std::path::Path;
use std::process::Output;

use levator_engine::{Command, Digest, Engine, EngineConfig, Input, LinkChange, Output as Found};
use levator_live::{Playback, Speed};
use levator_record::{Reader, Writer};
use levator_signal::HostTime;
use levator_simulate::{DeviceConfig, Scenario, VirtualDevice, VirtualPerson};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{header, levator};

/// A visit of so many seconds: a device led by an engine, with two marks. Gives the live fingerprint.
fn visit(folder: &Path, seconds: u64) -> Digest {
    let person = VirtualPerson::new(Scenario::Flicks, 5);
    let mut device =
        VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device");
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let journal = folder.join("raw.journal");
    let mut writer = Writer::create(&journal, &header()).expect("an empty folder");
    let (mut digest, mut answers, mut sent) = (Digest::new(), Vec::new(), Vec::new());
    let mut take = |input: Input<'_>, answers: &mut Vec<u8>| {
        writer.record(&input).expect("the disk has room");
        engine.handle(input, &mut |output: Found<'_>| {
            levator_engine::Sink::emit(&mut digest, output);
            if let Found::Transmit(transmission) = output {
                answers.extend_from_slice(transmission.bytes);
            }
        });
    };
    let opened = Input::Link { at: HostTime::ZERO, change: LinkChange::Opened };
    take(opened, &mut answers);
    let mut at = HostTime::ZERO;
    for step in 1..=seconds * 50 {
        at = HostTime::from_nanos(step * 20_000_000);
        sent.clear();
        device.advance(at, &mut sent);
        device.receive(&std::mem::take(&mut answers));
        take(Input::Bytes { at, bytes: &sent }, &mut answers);
        if step == 60 || step == 100 {
            let text = if step == 60 { "lying down" } else { "" };
            take(Input::Command { at, command: Command::Mark { text } }, &mut answers);
        }
    }
    engine.finish(at, &mut digest);
    writer.close(at).expect("the disk has room");
    digest
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str], path: &Path) -> Output {
    let output = levator().args(arguments).arg(path).output().expect("the binary was built");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    output
}

#[test]
fn playing_gives_the_outputs_of_the_live_session() {
    let folder = folder();
    let live = visit(folder.path(), 6);
    let reader = Reader::open(&folder.path().join("raw.journal")).expect("it was written");
    let playback =
        Playback::start(reader, &EngineConfig::device(), Speed::MAX, Digest::new()).expect("legal");
    let handle = playback.handle();
    assert!(handle.mark("too late").is_err());
    let (played, digest) = playback.wait().expect("nothing breaks");
    assert!(played.completed);
    assert_eq!(digest, live);
    // A view sees what it would have seen live, marks at their samples.
    let last = handle.latest();
    assert_eq!(last.at, HostTime::from_nanos(6_000_000_000));
    let marks: Vec<_> =
        last.marks.iter().map(|mark| (mark.text.as_str(), mark.at.as_nanos())).collect();
    assert_eq!(marks, [("lying down", 1_200_000_000), ("", 2_000_000_000)]);
    let first = &last.marks[0];
    let at_s = first.rate.map(|rate| rate.time_s(first.index)).expect("a stream was there");
    assert!((1.0..=1.2).contains(&at_s), "{at_s}");
}

#[test]
fn what_is_played_is_what_is_analysed_and_its_marks_are_told_on_the_way() {
    let folder = folder();
    visit(folder.path(), 4);
    let analysed = run(&["analyse", "--json"], folder.path());
    let played = run(&["replay", "--json", "--plain", "--speed", "max"], folder.path());
    assert_eq!(text(&played.stdout), text(&analysed.stdout));
    fs::write(folder.path().join("result.json"), &analysed.stdout).expect("a folder of ours");

    let clock = levator_device::Clock::start();
    let played = run(&["replay", "--plain", "--speed", "8"], folder.path());
    assert!(clock.now().as_secs_f64() >= 0.5, "4 s at eight times their speed");
    let said = text(&played.stderr);
    assert!(said.contains("mark at 1.1") && said.contains("lying down"), "{said}");
    assert!(said.contains("the same as live, bit for bit"), "{said}");
    assert_eq!(text(&played.stdout), text(&run(&["analyse"], folder.path()).stdout));
}

#[test]
fn a_result_that_is_not_that_of_the_journal_is_not_passed_over() {
    let folder = folder();
    visit(folder.path(), 3);
    let analysed = text(&run(&["analyse", "--json"], folder.path()).stdout);
    let kept = folder.path().join("result.json");
    let digest = serde_json::from_str::<Value>(&analysed).expect("JSON")["files"][0]["digest"]
        .as_str()
        .expect("a text")
        .to_owned();
    fs::write(&kept, analysed.replace(&digest, "0123456789abcdef")).expect("a folder of ours");
    let replay = ["replay", "--plain", "--speed", "max"];
    let output = levator().args(replay).arg(folder.path()).output().expect("it was built");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("differs from result.json"));
    for wrong in ["0", "-1", "nan", "fast", "1e9"] {
        let output = levator().args(["replay", "--speed"]).arg(wrong).arg(".").output();
        assert_eq!(output.expect("it was built").status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn an_old_journal_is_decoded_anew_into_a_whole_visit() {
    let folder = folder();
    visit(folder.path(), 4);
    let before = run(&["analyse", "--json"], folder.path()).stdout;
    fs::write(folder.path().join("result.json"), &before).expect("a folder of ours");
    let new = folder.path().join("new");
    let out = new.display().to_string();
    let told = run(&["re-decode", "--json", "--out", &out], folder.path());
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(told["differences"], Value::Array(Vec::new()));
    assert_eq!(told["damage"], Value::Array(Vec::new()));
    for name in
        ["raw.journal", "visit.json", "signals.bdf", "events.tsv", "result.json", "manifest"]
    {
        assert!(new.join(name).is_file(), "{name}");
    }
    // Nothing was lost on the way, not even a bit of the journal.
    let journal = |folder: &Path| fs::read(folder.join("raw.journal")).expect("it was written");
    assert_eq!(journal(&new), journal(folder.path()));
    // A folder that holds a visit is left alone.
    let again = levator().args(["re-decode", "--out", &out]).arg(folder.path()).output();
    assert_eq!(again.expect("it was built").status.code(), Some(6));
}

#[test]
fn other_settings_are_told_as_differences() {
    let folder = folder();
    visit(folder.path(), 4);
    let before = run(&["analyse", "--json"], folder.path()).stdout;
    fs::write(folder.path().join("result.json"), &before).expect("a folder of ours");
    let out = folder.path().join("new").display().to_string();
    let told = run(&["re-decode", "--mains", "60", "--out", &out], folder.path());
    let told = text(&told.stdout);
    assert!(told.contains("found otherwise in"), "{told}");
    assert!(told.contains("settings"), "{told}");
}

#[test]
fn a_journal_of_version_1_becomes_a_visit_of_today() {
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/record/src/tests/version_1.journal");
    let folder = folder();
    let out = folder.path().join("new");
    let written = run(&["re-decode", "--out", &out.display().to_string()], Path::new(old));
    assert!(text(&written.stdout).starts_with("6 inputs decoded anew"));
    let header = |path: &Path| Reader::open(path).expect("a journal").header().cloned();
    let (before, after) = (header(Path::new(old)), header(&out.join("raw.journal")));
    assert!(before.is_some() && before == after, "{before:?} {after:?}");
    let start = fs::read(out.join("raw.journal")).expect("it was written");
    assert_eq!(start[8..10], levator_record::FORMAT_VERSION.to_le_bytes());
}
