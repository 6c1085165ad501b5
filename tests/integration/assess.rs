//! From a file to an answer: `assess`, `simulate-visit`, `programmes`, `references`, and the gate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{data, levator};

fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("the program is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

/// A virtual visit: its signals and what is told of it.
fn visit(folder: &Path, words: &[&str]) -> (PathBuf, PathBuf) {
    let out = folder.join(words.join("-"));
    let (code, _, stderr) = run(levator().arg("simulate-visit").args(words).arg("--out").arg(&out));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.starts_with("levator assess "), "{stderr}");
    (out.join("visit.csv"), out.join("told.toml"))
}

fn assess(signals: &Path, more: &[&str]) -> Value {
    let (code, stdout, stderr) = run(levator().arg("assess").arg(signals).args(more).arg("--json"));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).expect("it is JSON")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("plain letters")
}

#[test]
fn virtual_people_get_the_answer_they_were_made_for_at_every_gain() {
    let folder = folder();
    for (condition, label, gate) in [
        ("healthy", "within-range", "green"),
        ("hypertonic", "hypertonic", "red"),
        ("partial-relaxer", "within-range", "amber"),
    ] {
        for gain in ["0.25", "1", "4"] {
            let words = ["--condition", condition, "--seed", "3", "--gain", gain];
            let (signals, told) = visit(folder.path(), &words);
            let found = assess(&signals, &["--symptoms", text(&told), "--programme", "glazer"]);
            let answer = &found["assessment"];
            assert_eq!(answer["label"], label, "{condition}, gain {gain}: {}", answer["wording"]);
            assert_eq!(answer["gate"], gate, "{condition}, gain {gain}");
            assert!(answer["screening"].as_str().is_some_and(|text| text.contains("diagnosis")));
            assert!(found["measures"].as_array().is_some_and(|list| list.len() > 100));
            let trials = found["trials"].as_array().expect("a list");
            assert_eq!(trials.iter().filter(|one| one["task"] != "rest-before").count() % 11, 0);
            assert_eq!(found["programme"]["id"], "glazer");
        }
    }
}

#[test]
fn what_is_told_outranks_what_is_measured() {
    let folder = folder();
    let (signals, told) = visit(folder.path(), &["--seed", "5"]);
    let whole = fs::read_to_string(&told).expect("it was written");
    let with = |line: &str| {
        let path = folder.path().join("other.toml");
        fs::write(&path, whole.replace("format = 1\n", &format!("format = 1\n{line}\n")))
            .expect("the folder can be written");
        let more = ["--symptoms", text(&path), "--programme", "glazer"];
        assess(&signals, &more)["assessment"].clone()
    };
    assert_eq!(with("")["gate"], "green");
    let urgent = with("symptoms = [\"saddle-numbness\"]");
    assert_eq!((&urgent["label"], &urgent["gate"]), (&"refer".into(), &"refer".into()));
    assert_eq!(urgent["urgency"], "urgent");
    let leaking = with("symptoms = [\"leakage\"]");
    assert_eq!(leaking["label"], "inconclusive");
    assert_ne!(leaking["gate"], "red");
    let painful = with("symptoms = [\"pain-on-contraction\"]");
    assert_eq!(painful["gate"], "red-with-pain");
}

#[test]
fn without_a_matching_reference_tone_is_unknown_and_nothing_is_guessed() {
    let folder = folder();
    let (signals, _) = visit(folder.path(), &["--condition", "hypertonic", "--seed", "2"]);
    let found = assess(&signals, &["--programme", "glazer"]);
    let findings = found["assessment"]["findings"].as_array().expect("a list");
    let tone = findings.iter().find(|one| one["axis"] == "tone").expect("an axis");
    assert_eq!(tone["status"], "unknown");
    assert_ne!(found["assessment"]["gate"], "green");
    let notes = found["notes"].to_string();
    assert!(notes.contains("nothing is told of the device"), "{notes}");
    // One reference for it, named on the command line, is enough.
    let found = assess(&signals, &["--programme", "glazer", "--reference", "kasper-2025"]);
    assert_eq!(found["assessment"]["gate"], "red", "{}", found["assessment"]["wording"]);
}

#[test]
fn anorectal_recordings_are_read_with_their_marks_and_their_missing_marks_told() {
    let told = |name: &str| {
        let (code, stdout, stderr) =
            run(levator().args(["assess", "--measures"]).arg(data(&format!("manometry/{name}"))));
        assert_eq!(code, 0, "{name}: {stderr}");
        stdout
    };
    let whole = told("anorectal_norair.txt");
    assert!(whole.contains("the largest of 10 sensors of the anal canal"), "{whole}");
    assert!(whole.contains("126 mmHg"), "the table of the data has a rest of 126.03");
    assert!(whole.contains("7 of 7 repetitions count"), "{whole}");
    let missing = told("bad_testmissingmarkers.txt");
    for mark in ["# rest", "# squeeze 2", "# push 1"] {
        assert!(missing.contains(&format!("there is no mark {mark}")), "{missing}");
    }
    assert!(told("bad_testnomarkers.txt").contains("no marks found"));
    let off = told("bad_testdeactivatedchannels.txt");
    assert!(off.contains("sensors that were switched off: 6, B1"), "{off}");
    // A rest with a squeeze in it fools no median, and is told.
    let dirty = told("anorectal_nointerpolation.txt");
    assert!(dirty.contains("47.3"), "{dirty}");
    assert!(dirty.contains("contraction-in-rest"), "{dirty}");
    assert!(told("bad_testshort.txt").contains("Answer: "));
}

#[test]
fn a_strengthening_programme_opens_only_after_a_visit_that_allows_it() {
    let folder = folder();
    let gate = |more: &[&str]| {
        run(levator()
            .args(["live", "--port", "/dev/none", "--programme", "strengthening-lying"])
            .args(more))
    };
    let (code, _, stderr) = gate(&[]);
    assert_eq!(code, 8, "{stderr}");
    assert!(stderr.contains("--programme first-visit"), "{stderr}");
    let (signals, told) = visit(folder.path(), &["--condition", "hypertonic", "--seed", "3"]);
    let after = ["--after", text(&signals), "--symptoms", text(&told)];
    let (code, _, stderr) = gate(&after);
    assert_eq!(code, 8, "{stderr}");
    assert!(stderr.contains("closed for now"), "{stderr}");
    // A programme of one's own does not open by the name of a light one.
    let (_, toml, _) = run(levator().args(["programmes", "glazer-10s", "--toml"]));
    let own = folder.path().join("own.toml");
    fs::write(&own, toml.replacen("\"light\"", "\"strengthening\"", 1)).expect("written");
    let (code, _, stderr) =
        run(levator().args(["live", "--port", "/dev/none", "--programme", text(&own)]).args(after));
    assert_eq!(code, 8, "{stderr}");
    // What is reported closes by itself what it should, and a probe is kept out of a wound.
    for (symptom, programme, expected) in [
        ("pain-on-contraction", Some("first-visit"), 8),
        ("pain-on-contraction", Some("breathing"), 4),
        ("chronic-pelvic-pain", Some("first-visit"), 8),
        ("chronic-pelvic-pain", None, 4),
        ("infection", Some("breathing"), 8),
        ("infection", None, 8),
    ] {
        let told = folder.path().join("told-symptom.toml");
        fs::write(&told, format!("format = 1\nsymptoms = [\"{symptom}\"]\n")).expect("written");
        let mut command = levator();
        command.args(["live", "--port", "/dev/none", "--symptoms", text(&told)]);
        command.args(programme.iter().flat_map(|id| ["--programme", id]));
        let (code, _, stderr) = run(&mut command);
        assert_eq!(code, expected, "{symptom}, {programme:?}: {stderr}");
    }
    // Relaxation is open to everybody.
    let (code, _, stderr) =
        run(levator().args(["live", "--port", "/dev/none", "--programme", "breathing"]));
    assert_eq!(code, 4, "{stderr}");
}

#[test]
fn programmes_are_listed_shown_written_and_checked() {
    let folder = folder();
    let (code, stdout, _) = run(levator().arg("programmes"));
    assert_eq!(code, 0);
    for id in ["first-visit", "glazer-10s", "iapwg-short", "strengthening-lying"] {
        assert!(stdout.contains(id), "{stdout}");
    }
    let (code, toml, _) = run(levator().args(["programmes", "perry", "--toml"]));
    assert_eq!(code, 0);
    let path = folder.path().join("mine.toml");
    fs::write(&path, &toml).expect("the folder can be written");
    let (code, stdout, stderr) = run(levator().arg("check-programme").arg(&path));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("built in as perry"), "{stdout}");
    fs::write(&path, toml.replacen("duration_s = ", "duration_s = 1", 1)).expect("written");
    let (_, stdout, _) = run(levator().arg("check-programme").arg(&path));
    assert!(stdout.contains("modified: perry"), "{stdout}");
    fs::write(&path, toml.replacen("duration_s", "duration", 1)).expect("written");
    let (code, _, stderr) = run(levator().arg("check-programme").arg(&path));
    assert_eq!(code, 3);
    assert!(stderr.contains("mine.toml:"), "{stderr}");
    let (code, _, stderr) = run(levator().args(["analyse", "x", "--programme", "dance"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("first-visit"), "{stderr}");
}

#[test]
fn references_are_listed_and_shown_with_their_sources() {
    let (code, stdout, _) = run(levator().arg("references"));
    assert_eq!(code, 0);
    assert!(stdout.contains("oleksy-2020") && stdout.contains("peritron"), "{stdout}");
    let (code, stdout, _) = run(levator().args(["references", "kasper-2025"]));
    assert_eq!(code, 0);
    assert!(stdout.contains("Med Sci Monit"), "{stdout}");
}

#[test]
fn earlier_visits_are_compared_by_the_detectable_change() {
    let folder = folder();
    let (first, told) = visit(folder.path(), &["--seed", "9"]);
    let (second, _) = visit(folder.path(), &["--seed", "9", "--visit", "1"]);
    let found = assess(
        &second,
        &["--symptoms", text(&told), "--programme", "glazer", "--earlier", text(&first)],
    );
    let changes = found["assessment"]["changes"].as_array().expect("a list");
    assert!(!changes.is_empty());
    // The same person, measured twice: nothing is called better.
    let better = changes.iter().filter(|one| one["trend"] == "improved").count();
    assert!(better * 10 <= changes.len(), "{better} of {}", changes.len());
}
