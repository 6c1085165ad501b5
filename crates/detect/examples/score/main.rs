//! Runs the detector over labelled recordings and writes what it found, one JSON file each, in the
//! form that the scorer reads.
//!
//! ```sh
//! cargo run --release -p levator-detect --example score -- FOLDER RECORDINGS.csv OUT
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod recording;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use levator_detect::{Contraction, Transition};
use levator_signal::SampleRate;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, table, out] = arguments.as_slice() else {
        return Err("usage: score FOLDER RECORDINGS.csv OUT".into());
    };
    std::fs::create_dir_all(out)?;
    for recording in recording::read_all(Path::new(folder), Path::new(table))? {
        let rate = recording.signal.rate;
        let mut found = Vec::new();
        let mut other = Vec::new();
        for transition in recording::detect(&recording.signal, recording.is_emg)? {
            match transition {
                Transition::Contraction(contraction) => found.push(contraction),
                Transition::Undetermined { span, reason, .. } => {
                    let (from_s, to_s) = (rate.time_s(span.start), rate.time_s(span.end));
                    other.push(format!("{reason:?} {from_s:.2}-{to_s:.2} s"));
                }
                Transition::Withdrawn { span, .. } => {
                    other.push(format!("withdrawn at {:.2} s", rate.time_s(span.start)));
                }
                Transition::Onset { .. } => {}
            }
        }
        let path = Path::new(out).join(format!("{}.json", recording.name));
        std::fs::write(path, json(&found, rate)?)?;
        println!("{}: {} found; {}", recording.name, found.len(), other.join(", "));
    }
    Ok(())
}

fn json(found: &[Contraction], rate: SampleRate) -> Result<String, std::fmt::Error> {
    let mut json = String::from("[");
    for (i, c) in found.iter().enumerate() {
        let time = |index| rate.time_s(index);
        let offset = c.offset.map_or("null".to_owned(), |at| format!("{:.4}", time(at)));
        let comma = if i == 0 { "" } else { "," };
        write!(
            json,
            "{comma}\n{{\"onset_s\": {:.4}, \"offset_s\": {offset}, \"decided_s\": {:.4}, \
             \"closed_s\": {:.4}, \"peak\": {:.6}, \"mean\": {:.6}, \"rest\": {:.6}, \
             \"confidence\": {:.3}}}",
            time(c.onset),
            time(c.decided),
            time(c.closed),
            c.peak,
            c.mean,
            c.rest,
            c.confidence
        )?;
    }
    json.push_str("\n]\n");
    Ok(json)
}
