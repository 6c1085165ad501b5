//! Files of LabRecorder and others, against what pyxdf reads from them.

use serde_json::Value;

use super::*;

fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string(data("expected.json")).expect("it is committed");
    let all: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    all.into_iter().filter(|file| file["streams"].is_array()).collect()
}

#[test]
fn every_stream_is_what_others_read() {
    let mut count = 0;
    for wanted in expected() {
        let name = wanted["file"].as_str().expect("named");
        let mut file = XdfFile::open(&data(name)).expect("it is whole");
        assert!(!file.deviations().iter().any(|one| matches!(one, Deviation::Damaged { .. })));
        let selection = file.select(&everything(&file)).expect("each has a signal");
        let found = collect(&mut file, &selection);
        let streams = wanted["streams"].as_array().expect("a list");
        assert_eq!(file.streams().len(), streams.len(), "{name}");
        for wanted in streams {
            let id = wanted["stream_id"].as_u64().expect("a number");
            let stream = file.streams().iter().find(|stream| u64::from(stream.id) == id);
            let stream = stream.expect("it is there");
            assert_eq!(stream.name, wanted["name"]);
            assert_eq!(stream.content, wanted["type"]);
            assert_eq!(stream.channels.len(), wanted["channels"]);
            assert_eq!(Some(stream.nominal_hz), wanted["nominal_srate"].as_f64());
            assert_eq!(stream.format.name(), wanted["format"]);
            assert_eq!(stream.sample_count, wanted["n"], "{name} {}", stream.name);
            assert_eq!(stream.raw_s.map(|(first, _)| first), wanted["t_first"].as_f64());
            assert_eq!(stream.raw_s.map(|(_, last)| last), wanted["t_last"].as_f64());
            assert_eq!(stream.clock_offsets.len(), wanted["clock_offsets"]);
            let Some(first) = wanted["first"].as_array() else { continue };
            if stream.format == Format::Text {
                assert!(found.marks.iter().any(|(_, text)| first[0] == text.as_str()), "{first:?}");
            } else {
                let at = selection
                    .streams
                    .iter()
                    .position(|one| file.streams()[one.source].id == stream.id);
                let values = &found.samples[at.expect("chosen")][0].1;
                let wanted: Vec<f64> = first.iter().filter_map(Value::as_f64).collect();
                assert_eq!(*values, wanted, "{name}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// `pyxdf.load_xdf` of version 1.17.5, `jitter_break_threshold_samples=5`.
#[test]
fn times_are_those_of_pyxdf() {
    let file = XdfFile::open(&data("clock_resets.xdf")).expect("it is whole");
    let stream = &file.streams()[1];
    let segments: Vec<(u64, u64)> =
        stream.segments.iter().map(|one| (one.first, one.sample_count)).collect();
    assert_eq!(segments, [(0, 12_876), (12_876, 14_939)]);
    let hz = stream.effective_hz.expect("it has a rate");
    assert!((hz - 92.934_369_590_900_46).abs() < 1e-5, "{hz}");
    // Pieces of pyxdf's own fit end in its sixth digit.
    assert!((stream.segments[0].start_s - 810.029_791_76).abs() < 1e-4);
    let last = &stream.segments[1];
    assert!((last.end_s() - last.step_s - 1_383.184_265_95).abs() < 1e-4, "{}", last.end_s());
    assert!(
        matches!(
            file.deviations()[..],
            [Deviation::ClockReset { .. }, Deviation::ClockReset { .. }, Deviation::Rate { .. }]
        ),
        "{:?}",
        file.deviations()
    );

    let file = XdfFile::open(&data("minimal.xdf")).expect("it is whole");
    let segment = file.streams()[0].segments[0];
    assert!((segment.start_s - 5.0).abs() < 1e-9 && (segment.step_s - 0.1).abs() < 1e-9);
    let file = XdfFile::open(&data("empty_streams.xdf")).expect("it is whole");
    let segment = file.streams()[1].segments[0];
    assert!((segment.start_s - 91_725.213_925_47).abs() < 1e-6, "{segment:?}");
    assert_eq!(file.streams()[0].segments, []);
}

#[test]
fn a_gap_between_segments_keeps_its_length_and_marks_keep_their_places() {
    let mut file = XdfFile::open(&data("clock_resets.xdf")).expect("it is whole");
    let selection = file.select(&XdfOptions::default()).expect("a signal");
    let (first, second) = (file.streams()[1].segments[0], file.streams()[1].segments[1]);
    let rate = selection.streams[0].info.rate.hz();
    let found = collect(&mut file, &selection);
    let jump = found.samples[0].windows(2).find(|two| two[1].0 != two[0].0 + 1).expect("one");
    assert_eq!(jump[0].0, 12_875);
    let gap_s = (jump[1].0 - jump[0].0) as f64 / rate;
    assert!((gap_s - (second.start_s - first.end_s()) - 1.0 / rate).abs() < 1.0 / rate);
    assert_eq!(found.marks.len(), 175);
    // The 91 marks before the reset end with the samples before it.
    let end_s = jump[0].0 as f64 / rate;
    assert!(found.marks[90].0 <= end_s + 2.0 && found.marks[91].0 >= jump[1].0 as f64 / rate - 2.0);
    assert!(found.marks.windows(2).all(|two| two[0].0 <= two[1].0));
}
