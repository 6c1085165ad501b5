//! Many files at once: a line for each channel of each, and what could not be read at the end.

use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use levator_engine::ChannelSummary;
use levator_record::text::TextOptions;
use levator_record::visit::create_private;
use rayon::prelude::*;

use crate::analysis::{self, Analysis};
use crate::args::Setup;
use crate::assess;
use crate::failure::{Attempt, Code, Failure};
use crate::original::is_visit;

/// Files in a folder that are looked at, by their names.
const EXTENSIONS: [&str; 7] = ["csv", "tsv", "txt", "edf", "bdf", "xdf", "journal"];

/// Folders within folders that are looked into. Our choice: a study has fewer, and a circle has an end.
const MOST_DEPTH: usize = 16;

/// Lines that wait to be written. Our choice: a disk may be slow for a moment.
const MOST_WAITING: usize = 64;

/// Columns of the table.
const HEAD: &str = "file,blake3,channel,kind,unit,rate_hz,duration_s,contractions,mean_length_s,\
mean_peak,rest_level,rest_spread,lost_samples,faults,label,gate,digest,strengthening";

/// What is meant by the names that were given: a folder that is no recording stands for all in it, in the
/// order of their names.
pub(crate) fn expanded(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in given {
        if path.is_dir() && !is_visit(path) {
            let before = all.len();
            look_into(path, 0, &mut all).attempt(Code::File, path.display())?;
            if all.len() == before {
                let text =
                    format!("a folder without a file to analyse ({})", EXTENSIONS.join(", "));
                let error = anyhow::anyhow!("{}: {text}", path.display());
                return Err(Failure::new(Code::File, error));
            }
        } else {
            all.push(path.clone());
        }
    }
    Ok(all)
}

fn look_into(folder: &Path, depth: usize, all: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    for path in entries {
        if path.is_dir() && is_visit(&path) {
            all.push(path);
        } else if path.is_dir() {
            if depth < MOST_DEPTH {
                look_into(&path, depth + 1, all)?;
            }
        } else {
            let extension = path.extension().map(|one| one.to_string_lossy().to_lowercase());
            if extension.is_some_and(|one| EXTENSIONS.contains(&one.as_str())) {
                all.push(path);
            }
        }
    }
    Ok(())
}

/// Analyses all files on all cores and writes the table as it grows, in the order of the files. Each is
/// forgotten when its lines are made, and lines when they are written, so memory does not grow with their
/// number.
pub(crate) fn run(
    files: &[PathBuf],
    out: &Path,
    text: &TextOptions,
    setup: &Setup,
) -> Result<ExitCode, Failure> {
    // Before an hour's work: a table that is there is not overwritten.
    let mut table = create_private(out).attempt(Code::Recording, out.display())?;
    writeln!(table, "{HEAD}").attempt(Code::Recording, out.display())?;
    let bar = bar(files.len() as u64);
    let (sender, receiver) = sync_channel(MOST_WAITING);
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| written(receiver, &mut table));
        // One after the other to whoever is free, so that lines come about in order.
        let files = files.iter().enumerate().par_bridge();
        // Only a full disk ends the writer early, and that is said below: the rest is not analysed for nothing.
        let _ = files.try_for_each_with(sender, |sender, (place, file)| {
            let lines = analysis::analyse(file, text, setup).map(|analysis| lines(&analysis));
            bar.inc(1);
            sender.send((place, lines)).map_err(drop)
        });
        writer.join().expect("the writer does not panic")
    });
    bar.finish_and_clear();
    let bad = written.attempt(Code::Recording, out.display())?;
    let done = files.len() - bad.len();
    writeln!(stderr(), "{done} of {} files are in {}", files.len(), out.display())?;
    let mut first = None;
    for failure in bad {
        writeln!(stderr(), "levator: {failure}")?;
        first.get_or_insert(failure.exit_code());
    }
    Ok(first.unwrap_or(ExitCode::SUCCESS))
}

/// Writes lines in the order of their files, each as soon as all before it are there; says which files
/// were bad.
fn written(
    lines: Receiver<(usize, Result<String, Failure>)>,
    table: &mut std::fs::File,
) -> std::io::Result<Vec<Failure>> {
    let (mut early, mut next, mut bad) = (BTreeMap::new(), 0, Vec::new());
    for (place, one) in lines {
        early.insert(place, one);
        while let Some(one) = early.remove(&next) {
            next += 1;
            match one {
                Ok(lines) => table.write_all(lines.as_bytes())?,
                Err(failure) => bad.push(failure),
            }
        }
    }
    Ok(bad)
}

/// On a terminal alone: a file that takes what is said should hold words.
fn bar(count: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn lines(analysis: &Analysis) -> String {
    let channels = analysis.summary.channels.iter();
    channels.map(|channel| line(analysis, channel)).collect()
}

fn line(analysis: &Analysis, channel: &ChannelSummary) -> String {
    let found = &channel.contractions;
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (mut sum, mut count) = (0.0, 0.0);
        values.for_each(|value| {
            sum += value;
            count += 1.0;
        });
        if count > 0.0 { number(sum / count) } else { String::new() }
    };
    let second = |at| channel.rate.time_s(at);
    let mut lengths = found.iter().filter_map(|one| Some(second(one.offset?) - second(one.onset)));
    let mut faults: Vec<&str> = channel.findings.iter().map(|one| one.fault.name()).collect();
    faults.sort_unstable();
    faults.dedup();
    let answer = assess::of_channel(analysis, channel);
    let label = answer.as_ref().map_or("", |one| one.label.name());
    let gate = answer.as_ref().map_or("", |one| one.gate.name());
    let strengthening = answer.as_ref().map_or("", |one| one.strengthening().name());
    let cells = [
        quoted(&analysis.file.display().to_string()),
        analysis.blake3.clone(),
        quoted(&analysis.channel_name(channel)),
        channel.kind.name().to_owned(),
        channel.unit.symbol().to_owned(),
        number(channel.rate.hz()),
        number(channel.duration_s()),
        if channel.passed.is_none() { found.len().to_string() } else { String::new() },
        mean(&mut lengths),
        mean(&mut found.iter().map(|one| one.peak)),
        channel.rest.map_or_else(String::new, |rest| number(rest.level)),
        channel.rest.map_or_else(String::new, |rest| number(rest.spread)),
        analysis.summary.lost_count(channel.id.stream).to_string(),
        quoted(&faults.join("; ")),
        label.to_owned(),
        gate.to_owned(),
        format!("{:016x}", analysis.digest.signal()),
        strengthening.to_owned(),
    ];
    cells.join(",") + "\n"
}

/// Every digit, as in the JSON; nothing for what is no number.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// A cell that may hold a separator.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
