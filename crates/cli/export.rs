//! `levator export`: what was read or recorded, for other programs.
//!
//! Every file is read twice: first for what a header must say before the first sample (ranges, lengths of
//! the stretches without a gap, annotations), then for the samples. Memory stays flat.

mod bids;
mod document;
mod edf;
mod hiding;
pub(crate) mod inventory;
mod rows;
mod source;
mod survey;
mod table;
mod xdf;

use std::fs::File;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use levator_record::edf::Variant;
use levator_record::edf::write::Gaps;
use levator_record::visit::create_private;
use serde_json::{Value, json};

use crate::args::{Export, ExportFormat};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::original::refuse_existing;
use bids::Names;
use hiding::Hiding;
use source::Source;
use survey::{Stream, Survey};

pub(crate) use bids::BidsArgs;

/// Gaps and annotations that are listed one by one; the rest is counted.
const MOST_LISTED: usize = 10_000;

/// Exports every file. One that cannot be read or written does not stop the others.
pub(crate) fn run(args: &Export) -> Result<ExitCode, Failure> {
    let mut done = Vec::new();
    let mut first_failure = None;
    let hiding = match args.de_identify {
        true => Some(Hiding::new(args.key.as_deref(), args.data.store()?, args.person.as_deref())?),
        false => None,
    };
    for file in &args.files {
        match export(file, args, hiding.as_ref()) {
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
        crate::json::print(&mut out, &document)?;
    }
    Ok(first_failure.unwrap_or(ExitCode::SUCCESS))
}

/// Writes one file for each stream of `path`, and tells of each.
fn export(path: &Path, args: &Export, hiding: Option<&Hiding>) -> Result<Vec<Value>, Failure> {
    let name = path.display();
    let mut source = Source::open(path, &args.text.options())?;
    source.hiding = hiding.map(|hiding| hiding.of(path));
    let survey = Survey::of(&source).attempt(Code::File, &name)?;
    if survey.streams.is_empty() {
        return Err(Failure::new(Code::File, anyhow!("{name}: holds no sample")));
    }
    let gaps = if args.fill_gaps { Gaps::Filled } else { Gaps::Discontinuous };
    if args.to == ExportFormat::Bids {
        let names = Names::new(&source, &survey, &args.bids, bids::root(args.out.as_deref())?);
        return all_or_none(&names.files(), || bids::write(&source, &survey, &names, gaps));
    }
    let targets = targets(&source, &survey, args);
    let files: Vec<PathBuf> =
        targets.iter().flat_map(|target| written_to(target, args.to)).collect();
    all_or_none(&files, || {
        let each = |variant: Variant| {
            let pairs = survey.streams.iter().zip(&targets);
            pairs
                .map(|(stream, to)| edf::write(&source, &survey, stream, variant, gaps, to))
                .collect()
        };
        match args.to {
            ExportFormat::Edf => each(Variant::Edf),
            ExportFormat::Bdf => each(Variant::Bdf),
            ExportFormat::Xdf => Ok(vec![xdf::write(&source, &survey, &targets[0])?]),
            ExportFormat::Json => Ok(vec![document::write(&source, &survey, &targets[0])?]),
            ExportFormat::Csv | ExportFormat::Bids => {
                let pairs = survey.streams.iter().zip(&targets);
                pairs.map(|(stream, to)| table::write(&source, &survey, stream, to)).collect()
            }
        }
    })
}

/// Runs `write` if none of `files` is there, and takes them away if it fails.
fn all_or_none(
    files: &[PathBuf],
    write: impl FnOnce() -> Result<Vec<Value>, Failure>,
) -> Result<Vec<Value>, Failure> {
    files.iter().try_for_each(|file| refuse_existing(file))?;
    let written = write();
    if written.is_err() {
        // They were not there before, and half a file is worse than none.
        for file in files {
            let _ = std::fs::remove_file(file);
        }
    }
    written
}

/// The files that are written for one target.
fn written_to(target: &Path, format: ExportFormat) -> Vec<PathBuf> {
    match format {
        ExportFormat::Edf
        | ExportFormat::Bdf
        | ExportFormat::Xdf
        | ExportFormat::Json
        | ExportFormat::Bids => vec![target.to_owned()],
        ExportFormat::Csv => vec![target.to_owned(), target.with_extension("json")],
    }
}

/// Where each stream goes; several have their numbers in their names.
fn targets(source: &Source, survey: &Survey, args: &Export) -> Vec<PathBuf> {
    let count = match args.to {
        ExportFormat::Xdf | ExportFormat::Json => 1,
        ExportFormat::Edf | ExportFormat::Bdf | ExportFormat::Csv | ExportFormat::Bids => {
            survey.streams.len()
        }
    };
    let extension = match args.to {
        ExportFormat::Xdf => "xdf",
        ExportFormat::Json => "json",
        ExportFormat::Bids => "",
        ExportFormat::Edf => "edf",
        ExportFormat::Bdf => "bdf",
        ExportFormat::Csv => "csv",
    };
    let beside = match &source.hiding {
        // A name of a file may be that of a person.
        Some(hiding) => {
            let tag = hiding.tag(&survey.blake3);
            source.path().with_file_name(format!("visit-{}", &tag[..12]))
        }
        None => source.path().with_extension(""),
    };
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
    create_private(path).context("cannot be created")
}

/// What is said of a file whatever its format.
fn about(source: &Source, survey: &Survey, stream: &Stream, target: &Path) -> Value {
    let mut value = about_all(source, survey, target);
    if let (Value::Object(all), Value::Object(more)) = (&mut value, of_stream(stream)) {
        all.extend(more);
    }
    value
}

/// What is said of a file with all streams.
fn about_all(source: &Source, survey: &Survey, target: &Path) -> Value {
    let (hash, from) = match &source.hiding {
        Some(hiding) => (hiding.tag(&survey.blake3), None),
        None => (survey.blake3.clone(), Some(source.path().display().to_string())),
    };
    json!({
        "file": source.shown(target),
        "source": from,
        "de_identified": source.hiding.is_some(),
        "source_blake3": source.hiding.is_none().then_some(&hash),
        "source_tag": source.hiding.is_some().then_some(&hash),
        "tool": "levator",
        "version": VERSION,
        "annotation_count": survey.annotations.len(),
        "annotations_shortened": survey.shortened_count,
        "notes": survey.notes,
        "settings": survey.settings,
        "start_utc_unix_ms": survey.start_ms(source),
    })
}

/// What is said of a stream.
fn of_stream(stream: &Stream) -> Value {
    let rate = stream.rate;
    let gaps = stream.gaps().take(MOST_LISTED).map(|(from, to)| {
        json!({
            "from_s": rate.time_s(from),
            "to_s": rate.time_s(to),
            "sample_count": to.saturating_since(from),
        })
    });
    json!({
        "stream": stream.number,
        "rate_hz": rate.hz(),
        "rate": { "scans": rate.scans(), "seconds": rate.seconds() },
        "sample_count": stream.sample_count(),
        "duration_s": rate.time_s(stream.end()),
        "gap_count": stream.gaps().count(),
        "gaps": gaps.collect::<Vec<_>>(),
    })
}

/// Names and units of the channels of a stream.
fn channels(stream: &Stream) -> Value {
    let channels = stream.channels.iter();
    channels
        .map(|channel| json!({ "label": channel.label, "unit": channel.unit.symbol() }))
        .collect()
}

fn print(out: &mut impl Write, value: &Value) -> std::io::Result<()> {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    writeln!(out, "{}  {}", text("file"), text("format"))?;
    match value["streams"].as_array() {
        Some(streams) => streams.iter().try_for_each(|stream| print_stream(out, stream))?,
        None => print_stream(out, value)?,
    }
    writeln!(out, "  {} annotations", value["annotation_count"])?;
    if let Some(held_s) = value["filled_s"].as_f64().filter(|held_s| *held_s > 0.0) {
        writeln!(out, "  {held_s} s filled with the last value and annotated as such")?;
    }
    for note in value["notes"].as_array().into_iter().flatten() {
        writeln!(out, "  note: {}", note.as_str().unwrap_or_default())?;
    }
    Ok(())
}

fn print_stream(out: &mut impl Write, value: &Value) -> std::io::Result<()> {
    let count = |key: &str| value[key].as_u64().unwrap_or_default();
    writeln!(
        out,
        "  {} samples of {} channels at {} Hz, {} s, {} gaps",
        count("sample_count"),
        value["channels"].as_array().map_or(0, Vec::len),
        value["rate_hz"],
        value["duration_s"],
        count("gap_count")
    )?;
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
    Ok(())
}
