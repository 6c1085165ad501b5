//! Runs the detector over labelled recordings and writes what it found, one JSON file each, in the
//! form that the scorer reads.
//!
//! ```sh
//! cargo run --release -p levator-detect --example score -- FOLDER RECORDINGS.csv OUT
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use levator_detect::{Detector, DetectorConfig, Transition};
use levator_signal::preset::{self, Harmonics, Mains};
use levator_signal::{Cascade, Quality, SampleIndex, SampleRate};

/// Values at a regular rate, in runs between gaps.
struct Signal {
    rate: SampleRate,
    runs: Vec<(SampleIndex, Vec<f64>)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, table, out] = arguments.as_slice() else {
        return Err("usage: score FOLDER RECORDINGS.csv OUT".into());
    };
    std::fs::create_dir_all(out)?;
    let table = std::fs::read_to_string(table)?;
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    for line in lines.filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name: &str| {
            head.iter().position(|h| *h == name).and_then(|i| cells.get(i)).copied().unwrap_or("")
        };
        let text = std::fs::read_to_string(Path::new(folder).join(cell("file")))?;
        let mut signal = read(&text, cell("reader"), cell("column"), cell("fs"))?;
        let (scale, shift): (f64, f64) = (cell("scale").parse()?, cell("shift").parse()?);
        for (_, values) in &mut signal.runs {
            values.iter_mut().for_each(|x| *x = (*x + shift) * scale);
        }
        let found = detect(signal, cell("kind") == "emg")?;
        std::fs::write(Path::new(out).join(format!("{}.json", cell("name"))), found.0)?;
        println!("{}: {}", cell("name"), found.1);
    }
    Ok(())
}

/// Reads one recording; the layouts are those of the table.
fn read(text: &str, reader: &str, column: &str, fs: &str) -> Result<Signal, Box<dyn Error>> {
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pick = |line: &str, index: usize| line.split(',').nth(index).map(str::to_owned);
    let values: Vec<f64> = match reader {
        "csv" => {
            let head = lines.next().ok_or("no header")?;
            let index = head.split(',').position(|h| h == column).ok_or("no such column")?;
            lines.filter_map(|l| pick(l, index)?.parse().ok()).collect()
        }
        "lines" => lines.filter_map(|l| l.trim().parse().ok()).collect(),
        "myo" => {
            let index = column.parse()?;
            lines.filter_map(|l| pick(l, index)?.trim().parse().ok()).collect()
        }
        "grip" => return Ok(resample(lines.skip(1))),
        other => return Err(format!("unknown reader {other}").into()),
    };
    let rate = SampleRate::from_hz(fs.parse()?).ok_or("impossible rate")?;
    Ok(Signal { rate, runs: vec![(SampleIndex::ZERO, values)] })
}

/// Straight lines between irregular points, at the median interval; more than three intervals
/// without a point are a gap.
fn resample<'a>(lines: impl Iterator<Item = &'a str>) -> Signal {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut first = None;
    for line in lines {
        let mut cells = line.split(',');
        let time: Option<f64> = cells.next().and_then(|c| c.parse().ok());
        let value: Option<f64> = cells.next().and_then(|c| c.parse().ok());
        let Some(time) = time else { continue };
        let start = *first.get_or_insert(time);
        if let Some(value) = value {
            points.push((time - start, value));
        }
    }
    let mut steps: Vec<f64> = points.windows(2).map(|w| w[1].0 - w[0].0).collect();
    steps.sort_unstable_by(f64::total_cmp);
    let step_s = steps[steps.len() / 2];
    let mut runs: Vec<(SampleIndex, Vec<f64>)> = Vec::new();
    let mut index = 0u64;
    for pair in points.windows(2) {
        let [(t0, x0), (t1, x1)] = [pair[0], pair[1]];
        let is_gap = t1 - t0 > 3.0 * step_s;
        while (index as f64) * step_s < t1 {
            let t = index as f64 * step_s;
            if !is_gap {
                let x = x0 + (x1 - x0) * (t - t0) / (t1 - t0);
                match runs.last_mut() {
                    Some((start, values)) if start.0 + values.len() as u64 == index => {
                        values.push(x);
                    }
                    _ => runs.push((SampleIndex(index), vec![x])),
                }
            }
            index += 1;
        }
    }
    let rate = SampleRate::from_hz(1.0 / step_s).expect("the interval is positive");
    Signal { rate, runs }
}

/// The detections as JSON, and a line for the reader.
fn detect(signal: Signal, is_emg: bool) -> Result<(String, String), Box<dyn Error>> {
    let rate = signal.rate;
    let (config, sections) = if is_emg {
        let band = preset::emg_wide(rate)?.sections;
        let notch = preset::mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate)?;
        (DetectorConfig::emg(), band.then(&notch.sections)?)
    } else {
        (DetectorConfig::pressure(), preset::pressure_low_pass(rate)?.sections)
    };
    let mut cascade = Cascade::new(&sections);
    let mut detector = Detector::new(&config, rate)?;
    detector.start(rate, cascade.delay_samples())?;
    let mut found = Vec::new();
    let mut other = Vec::new();
    let mut keep = |transition: Transition| match transition {
        Transition::Contraction(contraction) => found.push(contraction),
        Transition::Undetermined { span, reason, .. } => {
            other.push(format!(
                "{reason:?} {:.2}-{:.2} s",
                rate.time_s(span.start),
                rate.time_s(span.end)
            ));
        }
        Transition::Withdrawn { span, .. } => {
            other.push(format!("Withdrawn {:.2} s", rate.time_s(span.start)));
        }
        Transition::Onset { .. } => {}
    };
    let mut due = SampleIndex::ZERO;
    for (first, mut values) in signal.runs {
        if first > due {
            cascade.reset();
            detector.gap(due, first, &mut keep);
        }
        cascade.process(&mut values);
        detector.process(first, &values, Quality::GOOD, &mut keep);
        due = first.saturating_add(values.len() as u64);
    }
    detector.finish(due, &mut keep);

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
    Ok((json, format!("{} found; {}", found.len(), other.join(", "))))
}
