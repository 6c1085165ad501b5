//! `levator export`: what was read or recorded, for other programs.
//!
//! Every file is read twice: first for what a header must say before the first sample (ranges, lengths of
//! the stretches without a gap, annotations), then for the samples. Memory stays flat.

mod edf;
mod source;
mod survey;
mod table;

use std::fs::{File, OpenOptions};
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use levator_record::edf::Variant;
use levator_record::edf::write::Gaps;
use serde_json::{Value, json};

use crate::args::{Export, ExportFormat};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use source::Source;
use survey::{Stream, Survey};

/// Gaps and annotations that are listed one by one; the rest is counted.
const MOST_LISTED: usize = 10_000;

/// Exports every file. One that cannot be read or written does not stop the others.
pub(crate) fn run(args: &Export) -> Result<ExitCode, Failure> {
    let mut done = Vec::new();
    let mut first_failure = None;
    for file in &args.files {
        match export(file, args) {
            Ok(values) => {
                for value in &values {
                    if !args.json {
                        print(&mut stdout().lock(), value)?;
                    }
                }
                done.extend(values);
            }
            Err(failure) => {
                writeln!(stderr(), "levator: {failure}")?;
                first_failure.get_or_insert(failure.exit_code());
            }
        }
    }
    if args.json {
        let mut out = stdout().lock();
        let document = json!({ "tool": "levator", "version": VERSION, "files": done });
        serde_json::to_writer_pretty(&mut out, &document).map_err(std::io::Error::from)?;
        writeln!(out)?;
    }
    Ok(first_failure.unwrap_or(ExitCode::SUCCESS))
}

/// Writes one file for each stream of `path`, and tells of each.
fn export(path: &Path, args: &Export) -> Result<Vec<Value>, Failure> {
    let name = path.display();
    let source = Source::open(path, &args.text.options())?;
    let survey = Survey::of(&source).attempt(Code::File, &name)?;
    if survey.streams.is_empty() {
        return Err(Failure::new(Code::File, anyhow!("{name}: holds no sample")));
    }
    let targets = targets(&source, args, survey.streams.len());
    for target in &targets {
        for file in written_to(target, args.to) {
            if file.symlink_metadata().is_ok() {
                let text = format!("{} is there already; name another with --out", file.display());
                return Err(Failure::new(Code::Recording, anyhow!("{name}: {text}")));
            }
        }
    }
    let gaps = if args.fill_gaps { Gaps::Filled } else { Gaps::Discontinuous };
    let mut values = Vec::with_capacity(targets.len());
    for (stream, target) in survey.streams.iter().zip(&targets) {
        let written = match args.to {
            ExportFormat::Edf => edf::write(&source, &survey, stream, Variant::Edf, gaps, target),
            ExportFormat::Bdf => edf::write(&source, &survey, stream, Variant::Bdf, gaps, target),
            ExportFormat::Csv => table::write(&source, &survey, stream, target),
        };
        match written {
            Ok(value) => values.push(value),
            Err(failure) => {
                // They were not there before, and half a file is worse than none.
                for file in written_to(target, args.to) {
                    let _ = std::fs::remove_file(file);
                }
                return Err(failure);
            }
        }
    }
    Ok(values)
}

/// The files that are written for one target.
fn written_to(target: &Path, format: ExportFormat) -> Vec<PathBuf> {
    match format {
        ExportFormat::Edf | ExportFormat::Bdf => vec![target.to_owned()],
        ExportFormat::Csv => vec![target.to_owned(), target.with_extension("json")],
    }
}

/// Where each stream goes; several have their numbers in their names.
fn targets(source: &Source, args: &Export, count: usize) -> Vec<PathBuf> {
    let extension = match args.to {
        ExportFormat::Edf => "edf",
        ExportFormat::Bdf => "bdf",
        ExportFormat::Csv => "csv",
    };
    let beside = source.path().with_extension("");
    let name = beside.file_name().map_or("export".into(), |name| name.to_owned());
    let base = match &args.out {
        Some(out) if out.is_dir() => out.join(name),
        Some(out) if args.files.len() == 1 && count == 1 => return vec![out.clone()],
        Some(out) => out.with_extension(""),
        None => beside,
    };
    let with = |suffix: String| {
        let mut name = base.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    match count {
        1 => vec![with(format!(".{extension}"))],
        _ => (0..count).map(|at| with(format!("-{at}.{extension}"))).collect(),
    }
}

/// A file that was not there, for its owner only.
fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).context("cannot be created")
}

/// What is said of a file whatever its format.
fn about(source: &Source, survey: &Survey, stream: &Stream, target: &Path) -> Value {
    let rate = stream.rate;
    let gaps = stream.gaps().take(MOST_LISTED).map(|(from, to)| {
        json!({
            "from_s": rate.time_s(from),
            "to_s": rate.time_s(to),
            "sample_count": to.saturating_since(from),
        })
    });
    json!({
        "file": target.display().to_string(),
        "source": source.path().display().to_string(),
        "source_blake3": survey.blake3,
        "tool": "levator",
        "version": VERSION,
        "stream": stream.number,
        "rate_hz": rate.hz(),
        "rate": { "scans": rate.scans(), "seconds": rate.seconds() },
        "sample_count": stream.sample_count(),
        "duration_s": rate.time_s(stream.end()),
        "gap_count": stream.gaps().count(),
        "gaps": gaps.collect::<Vec<_>>(),
        "annotation_count": survey.annotations.len(),
        "annotations_shortened": survey.shortened_count,
        "notes": survey.notes,
        "settings": survey.settings,
        "start_utc_unix_ms": survey.start_unix_ms,
    })
}

fn print(out: &mut impl Write, value: &Value) -> std::io::Result<()> {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let count = |key: &str| value[key].as_u64().unwrap_or_default();
    writeln!(out, "{}  {}", text("file"), text("format"))?;
    writeln!(
        out,
        "  {} samples of {} channels at {} Hz, {} s",
        count("sample_count"),
        value["channels"].as_array().map_or(0, Vec::len),
        value["rate_hz"],
        value["duration_s"]
    )?;
    writeln!(out, "  {} gaps, {} annotations", count("gap_count"), count("annotation_count"))?;
    for channel in value["channels"].as_array().into_iter().flatten() {
        let label = channel["label"].as_str().unwrap_or_default();
        let unit = channel["unit"].as_str().unwrap_or_default();
        write!(out, "  {label}: ")?;
        match channel["worst_quantisation_error"].as_f64() {
            Some(error) => write!(out, "off by at most {error:.3e} {unit}")?,
            None => write!(out, "every digit kept, in {unit}")?,
        }
        for (key, what) in [("clamped_count", "out of range"), ("nan_count", "no numbers")] {
            match channel[key].as_u64() {
                Some(count) if count > 0 => write!(out, ", {count} samples {what}")?,
                _ => {}
            }
        }
        writeln!(out)?;
    }
    if let Some(held_s) = value["filled_s"].as_f64().filter(|held_s| *held_s > 0.0) {
        writeln!(out, "  {held_s} s filled with the last value and annotated as such")?;
    }
    for note in value["notes"].as_array().into_iter().flatten() {
        writeln!(out, "  note: {}", note.as_str().unwrap_or_default())?;
    }
    Ok(())
}
