//! `levator overview`, held against the samples of the visit.

use serde_json::Value;

use crate::support::levator;

fn asked(arguments: &[&str]) -> Value {
    let done = levator().args(arguments).output().expect("the binary was built");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

#[test]
fn extremes_are_those_of_the_exported_samples_also_when_the_file_was_deleted() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let visit = folder.path().join("visit");
    let name = visit.to_str().expect("plain");
    let mut demo = levator();
    demo.args(["demo", "--seconds", "4", "--plain", "--no-open", "--out", name]);
    assert!(demo.output().expect("the binary was built").status.success());
    let csv = folder.path().join("all.csv");
    let csv = csv.to_str().expect("plain");
    asked(&["export", name, "--to", "csv", "--out", csv, "--json"]);
    let table = std::fs::read_to_string(csv).expect("it was made");
    let rows: Vec<Vec<f64>> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').map_while(|field| field.parse().ok()).collect())
        .collect();

    let overview = visit.join("overview");
    let beside = std::fs::read(&overview).expect("it is written with the samples");
    let question = ["overview", name, "--from", "1", "--to", "3.5", "--pieces", "7", "--json"];
    let answer = asked(&question);
    let stream = &answer["streams"][0];
    let start_s = stream["from_s"].as_f64().expect("a time");
    for (channel, about) in stream["channels"].as_array().expect("a list").iter().enumerate() {
        let (from_s, piece_s) = (about["from_s"].as_f64(), about["piece_s"].as_f64());
        let (from_s, piece_s) = (from_s.expect("a time"), piece_s.expect("a time"));
        let pieces = about["pieces"].as_array().expect("a list");
        assert!((3..=7).contains(&pieces.len()), "{about}");
        for (at, piece) in pieces.iter().enumerate() {
            let begin = from_s + at as f64 * piece_s - start_s;
            let within = |row: &&Vec<f64>| (begin - 1e-9..begin + piece_s - 1e-9).contains(&row[0]);
            let values = rows.iter().filter(within).map(|row| row[1 + channel]);
            let low = values.clone().fold(f64::INFINITY, f64::min) as f32;
            let high = values.fold(f64::NEG_INFINITY, f64::max) as f32;
            assert_eq!(piece["low"].as_f64().map(|low| low as f32), Some(low), "piece {at}");
            assert_eq!(piece["high"].as_f64().map(|high| high as f32), Some(high), "piece {at}");
            let level = |key: &str| piece[key].as_f64().expect("an envelope");
            assert!(level("envelope_low") <= level("envelope_high"), "{piece}");
        }
    }
    std::fs::remove_file(&overview).expect("it is there");
    let verified = levator().args(["verify", name]).output().expect("the binary was built");
    assert!(verified.status.success(), "it may be deleted");
    assert_eq!(asked(&question), answer);
    assert!(std::fs::read(&overview).expect("it was made again") == beside);
}
