//! Runs the detector over labelled recordings and writes what it found, one JSON file each, in the
//! form that the scorer reads.
//!
//! ```sh
//! cargo run --release -p levator-detect --example score -- FOLDER RECORDINGS.csv OUT
//! cargo run --release -p levator-detect --example score -- simulated SEED OUT
//! ```
//!
//! The second form makes the simulated grid of that seed and writes labels, the table of recordings and
//! what was found, so that another scorer can be run beside ours, whose counts are printed.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod recording;
mod scoring;
mod simulated;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use levator_detect::{Contraction, Transition, Uncertainty};
use levator_signal::{SampleIndex, SampleRate};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, table, out] = arguments.as_slice() else {
        return Err("usage: score FOLDER RECORDINGS.csv OUT".into());
    };
    std::fs::create_dir_all(out)?;
    if folder == "simulated" {
        return run_simulated(table.parse()?, Path::new(out));
    }
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

fn run_simulated(seed: u64, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = String::from("name,labels,duration_s,onset_tol_s\n");
    let mut all = scoring::Score::default();
    for one in simulated::grid(seed, 1) {
        let simulated::Simulated { name, is_emg, group, rate, values, labels } = one;
        let duration_s = values.len() as f64 / rate.hz();
        let tolerance_s = if is_emg { 0.1 } else { 0.3 };
        let signal = recording::Signal { rate, runs: vec![(SampleIndex::ZERO, values)] };
        let found: Vec<Contraction> = recording::detect(&signal, is_emg)?
            .into_iter()
            .filter_map(|t| if let Transition::Contraction(c) = t { Some(c) } else { None })
            .collect();
        let event = |c: &Contraction| scoring::Event {
            onset_s: rate.time_s(c.onset),
            offset_s: c.offset.map(|at| rate.time_s(at)),
            is_offset_known: true,
        };
        let events: Vec<scoring::Event> = found.iter().map(event).collect();
        let score = scoring::score(&labels, &events, &[], duration_s, tolerance_s);
        let mut text = String::from("onset_s,offset_s,note\n");
        for label in &labels {
            writeln!(text, "{:.5},{:.5},", label.onset_s, label.offset_s.unwrap_or(duration_s))?;
        }
        std::fs::write(out.join(format!("{name}.labels.csv")), text)?;
        std::fs::write(out.join(format!("{name}.json")), json(&found, rate)?)?;
        writeln!(table, "{name},{name}.labels.csv,{duration_s:.5},{tolerance_s}")?;
        println!(
            "{group} {name} {} {} {} {} {:.4}",
            score.label_count,
            score.found_count,
            score.false_count,
            score.fragment_count,
            scoring::percentile(score.onset_errors_s.iter().copied(), 0.5)
        );
        all.add(&score);
    }
    println!("{} {} {}", all.label_count, all.found_count, all.false_count);
    println!("F1 {:?}, {:.1} false an hour of rest", all.f1(), all.false_per_hour());
    std::fs::write(out.join("recordings.csv"), table)?;
    for hz in [1000, 2000, 4000] {
        let rate = SampleRate::new(hz, 1).ok_or("not zero")?;
        let runs = vec![(SampleIndex::ZERO, simulated::rest(seed, rate, 600.0))];
        let said = recording::detect(&recording::Signal { rate, runs }, true)?;
        let found = said.iter().filter(|t| matches!(t, Transition::Contraction(_))).count();
        println!("10 min of rest at {hz} Hz: {found} found");
    }
    Ok(())
}

fn within(uncertainty: Uncertainty) -> String {
    uncertainty.seconds().map_or("null".to_owned(), |seconds| format!("{seconds:.4}"))
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
             \"confidence\": {:.3}, \"onset_within_s\": {}, \"offset_within_s\": {}}}",
            time(c.onset),
            time(c.decided),
            time(c.closed),
            c.peak,
            c.mean,
            c.rest,
            c.confidence,
            within(c.onset_uncertainty),
            within(c.offset_uncertainty)
        )?;
    }
    json.push_str("\n]\n");
    Ok(json)
}
