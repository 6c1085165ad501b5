//! `levator export`, by the files it writes.

use std::fs;
use std::path::Path;

use levator_decode::{Scans, StreamInfo};
use levator_engine::{Command, EngineConfig, Input};
use levator_record::edf::{Continuity, EdfFile, EdfOptions, Item};
use levator_record::text::{ChannelChoice, TextFile, TextOptions};
use levator_record::{Header, Writer};
use levator_signal::{Calibration, HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit};
use serde_json::Value;

use crate::support::{data, header, levator};

/// Exit code, the JSON, and what stands on standard error.
fn export(arguments: &[&str], path: &Path) -> (i32, Value, String) {
    let output = levator().args(["export", "--json"]).args(arguments).arg(path).output();
    let output = output.expect("the binary was built");
    let document: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let stderr = String::from_utf8(output.stderr).expect("output is UTF-8");
    (output.status.code().expect("no signal ended it"), document, stderr)
}

/// Two channels of a converter of 12 bits at 200 Hz, 3.7 s, then 3 s nothing, then 2 s; two marks.
fn recording(folder: &Path) -> Vec<Sample> {
    let rate = SampleRate::new(200, 1).expect("not zero");
    let mut info = StreamInfo::of_values(SignalKind::Pressure, Unit::CentimetreWater, rate, 2);
    info.rails = Some((0.0, 4095.0));
    info.calibrations[..2].fill(Calibration { scale: 0.05, offset_counts: 400.0 });
    let config = EngineConfig::scans(info);
    let header = Header { opened_unix_ms: 1_795_356_191_250, config, ..header() };
    let mut writer = Writer::create(&folder.join("raw.journal"), &header).expect("a new file");
    let mut samples = Vec::new();
    for (first, count) in [(0, 740), (1340, 400)] {
        let codes: Vec<f64> = (first..first + count)
            .flat_map(|at| [f64::from(at * 7 % 4096), f64::from(at * 11 % 3000)])
            .collect();
        let at = HostTime::from_secs_f64(f64::from(first + count) / 200.0);
        let scans = Scans {
            stream: 0,
            first: SampleIndex(first as u64),
            channel_count: 2,
            codes: &codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        };
        writer.record(&Input::Scans { at, scans }).expect("the disk has room");
        let text = if first == 0 { "dr\u{fc}cken \u{6536}\u{7f29}" } else { "end" };
        writer.record(&Input::Command { at, command: Command::Mark { text } }).expect("room");
        samples.extend(codes.as_chunks::<2>().0.iter().enumerate().map(|(at, codes)| {
            (first as u64 + at as u64, codes.map(|code| (code - 400.0) * 0.05))
        }));
    }
    writer.close(HostTime::from_secs_f64(9.0)).expect("room");
    samples
}

/// Index and values of both channels.
type Sample = (u64, [f64; 2]);

fn read_edf(path: &Path) -> (Vec<Sample>, Vec<(f64, String)>, EdfFile) {
    let mut file = EdfFile::open(path).expect("an EDF file");
    let channels = vec![ChannelChoice::Index(0), ChannelChoice::Index(1)];
    let selection = file.header().select(&EdfOptions { channels, ..EdfOptions::default() });
    let selection = selection.expect("it has two");
    let calibrations = selection.streams[0].info.calibrations;
    let (mut samples, mut annotations) = (Vec::new(), Vec::new());
    file.read(&selection, &mut |item| match item {
        Item::Scans(scans) => {
            for (at, scan) in scans.codes.as_chunks::<2>().0.iter().enumerate() {
                let values = [0, 1].map(|channel| calibrations[channel].apply(scan[channel]));
                samples.push((scans.first.0 + at as u64, values));
            }
        }
        Item::Annotation(one) => annotations.push((one.onset_s, one.text.into_owned())),
    })
    .expect("it can be read");
    (samples, annotations, file)
}

#[test]
fn a_recording_comes_back_with_its_gap_its_marks_and_its_codes() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let wanted = recording(folder.path());
    for (to, more) in [("edf", None), ("bdf", None), ("edf", Some("--fill-gaps"))] {
        let out = folder.path().join(format!("out{}.{to}", more.is_some()));
        let out_text = out.to_str().expect("UTF-8");
        let arguments: Vec<&str> =
            ["--to", to, "--out", out_text].into_iter().chain(more).collect();
        let (code, told, stderr) = export(&arguments, folder.path());
        assert_eq!((code, stderr.as_str()), (0, ""));
        let told = &told["files"][0];
        assert_eq!((&told["sample_count"], &told["gap_count"]), (&1140.into(), &1.into()));
        assert_eq!(told["gaps"][0]["from_s"], 3.7);
        assert_eq!(told["gaps"][0]["to_s"], 6.7);
        assert_eq!(told["annotation_count"], 2);
        // Codes of the converter are kept, whatever the format.
        assert_eq!(told["channels"][0]["physical"], serde_json::json!([-20.0, 184.75]));
        let (samples, annotations, file) = read_edf(&out);
        assert_eq!(samples.len(), wanted.len());
        for (found, wanted) in samples.iter().zip(&wanted) {
            assert_eq!(found.0, wanted.0);
            for channel in 0..2 {
                assert!(
                    (found.1[channel] - wanted.1[channel]).abs() < 1e-9,
                    "{found:?} {wanted:?}"
                );
            }
        }
        let mark = |onset_s: f64, text: &str| (onset_s, text.to_owned());
        let marks = [mark(3.695, "dr\u{fc}cken \u{6536}\u{7f29}"), mark(8.695, "end")];
        for (found, wanted) in annotations.iter().zip(&marks) {
            assert!((found.0 - wanted.0).abs() < 1e-6 && found.1 == wanted.1, "{found:?}");
        }
        assert_eq!(annotations.len(), 2);
        let header = file.header();
        let is_filled = more.is_some();
        let continuity = [Continuity::Discontinuous, Continuity::Continuous];
        assert_eq!(header.continuity, continuity[usize::from(is_filled)]);
        assert_eq!(header.patient, "X X X X");
        let start = header.start.expect("the recording knows it");
        assert_eq!((start.year, start.month, start.day, start.hour), (2026, 11, 22, 14));
        assert_eq!(file.deviations(), []);
    }
}

#[test]
fn a_table_keeps_every_digit_and_has_its_settings_beside_it() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let wanted = recording(folder.path());
    let out = folder.path().join("out.csv");
    let arguments = ["--to", "csv", "--out", out.to_str().expect("UTF-8")];
    let (code, told, _) = export(&arguments, folder.path());
    assert_eq!(code, 0);
    let beside = fs::read_to_string(out.with_extension("json")).expect("it was written");
    let beside: Value = serde_json::from_str(&beside).expect("it is JSON");
    assert_eq!(beside, told["files"][0]);
    assert_eq!(beside["rate"], serde_json::json!({ "scans": 200, "seconds": 1 }));
    assert_eq!(beside["gaps"][0]["sample_count"], 600);
    assert_eq!(beside["annotations"][1]["text"], "end");
    let journal = fs::read(folder.path().join("raw.journal")).expect("it is there");
    assert_eq!(beside["source_blake3"], blake3::hash(&journal).to_hex().to_string());
    let channels = vec![ChannelChoice::Index(1), ChannelChoice::Index(2)];
    let options = TextOptions { channels, ..TextOptions::default() };
    let mut file = TextFile::open(&out, &options).expect("a table");
    assert_eq!(file.layout().unit, Unit::CentimetreWater);
    let mut found = Vec::new();
    file.read(&mut |scans| {
        for (at, scan) in scans.codes.as_chunks::<2>().0.iter().enumerate() {
            found.push((scans.first.0 + at as u64, [scan[0], scan[1]]));
        }
    })
    .expect("it can be read");
    let wanted: Vec<_> = wanted.iter().map(|one| (one.0, one.1)).collect();
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(
            (found.0, found.1.map(f64::to_bits)),
            (wanted.0, wanted.1.map(f64::to_bits)),
            "{found:?} {wanted:?}"
        );
    }
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written_stays() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let source = data("recordings/biceps_9_bursts.csv");
    let out = folder.path().join("out.csv");
    fs::write(out.with_extension("json"), "mine").expect("the folder can be written");
    let arguments = ["--to", "csv", "--out", out.to_str().expect("UTF-8")];
    let (code, told, stderr) = export(&arguments, &source);
    assert_eq!((code, told["files"].as_array().map(Vec::len)), (6, Some(0)));
    assert!(stderr.contains("out.json is there already; name another with --out"), "{stderr}");
    assert!(!out.exists());
    assert_eq!(fs::read(out.with_extension("json")).expect("it is there"), b"mine");
    let nowhere = folder.path().join("no/such/folder.edf");
    let (code, ..) = export(&["--to", "edf", "--out", nowhere.to_str().expect("UTF-8")], &source);
    assert_eq!(code, 6);
    let (code, ..) = export(&["--to", "edf"], &folder.path().join("missing.edf"));
    assert_eq!(code, 3);
}

#[test]
fn signals_at_several_rates_go_to_a_file_each() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let arguments = ["--to", "bdf", "--out", folder.path().to_str().expect("UTF-8")];
    let source = data("interop/made_edfio_plus_d.edf");
    let (code, told, _) = export(&arguments, &source);
    assert_eq!(code, 0);
    let files = told["files"].as_array().expect("a list");
    assert_eq!(files.len(), 3);
    for (at, told) in files.iter().enumerate() {
        let path = folder.path().join(format!("made_edfio_plus_d-{at}.bdf"));
        assert_eq!(told["file"], path.display().to_string());
        assert_eq!((&told["gap_count"], &told["annotation_count"]), (&2.into(), &3.into()));
        let channel = &told["channels"][0];
        assert_eq!(channel["worst_quantisation_error"], 0.0, "its codes are kept");
        assert_eq!(EdfFile::open(&path).expect("a BDF file").header().patient, "X X X X");
    }
}
