//! `levator verify`: whether a visit is as it was written.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_record::visit::check::{CompareError, Compared, Journal};
use levator_record::visit::manifest::Fate;
use levator_record::visit::recover::damage_value;
use levator_record::visit::{self, Report};
use serde_json::{Value, json};

use crate::analysis;
use crate::bar::Progress;
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::original::Original;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The folder of the visit. Nothing in it is changed.
    #[arg(value_name = "VISIT")]
    folder: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Verify) -> Result<ExitCode, Failure> {
    let folder = &args.folder;
    let journal = folder.join(visit::JOURNAL);
    if let Some(original) = Original::of(folder) {
        return taken_in(args, &original);
    }
    if !journal.is_file() {
        let error = anyhow!("{} holds no visit: there is no raw.journal in it", folder.display());
        return Err(Failure::new(Code::File, error));
    }
    let progress = Progress::bytes("verifying", total(folder, &journal));
    let report = Report::of(folder, &mut |bytes| progress.add(bytes));
    progress.finish();
    let mut out = stdout().lock();
    if args.json {
        crate::json::print(&mut out, &to_value(folder, &report))?;
    } else {
        print(&mut out, folder, &report)?;
    }
    if report.is_whole() {
        return Ok(ExitCode::SUCCESS);
    }
    let what = if report.is_closed() { "is damaged" } else { "was not closed" };
    let folder = folder.display();
    let error = anyhow!("{folder} {what}: `levator recover {folder}` saves all that can be read");
    Err(Failure::new(Code::Damaged, error))
}

/// A visit that was taken in from a file of another program: each file against the manifest.
fn taken_in(args: &Verify, original: &Original) -> Result<ExitCode, Failure> {
    let (folder, name) = (&args.folder, args.folder.display());
    let fates = visit::manifest::check(folder, &mut |_| {}).attempt(Code::Damaged, &name)?;
    let fates = fates.unwrap_or_default();
    let is_whole = is_whole(&fates);
    let mut out = stdout().lock();
    if args.json {
        let files = fates.iter().map(|(name, fate)| (name.clone(), json!(fate.name())));
        let value = json!({
            "tool": "levator",
            "version": VERSION,
            "visit": name.to_string(),
            "whole": is_whole,
            "closed": true,
            "imported": original.about.imported,
            "manifest": { "error": null, "files": files.collect::<serde_json::Map<_, _>>() },
        });
        crate::json::print(&mut out, &value)?;
    } else {
        writeln!(out, "{name}")?;
        for (file, fate) in &fates {
            writeln!(out, "  {file}: {}", fate.name())?;
        }
    }
    match is_whole {
        true => Ok(ExitCode::SUCCESS),
        false => Err(Failure::new(Code::Damaged, anyhow!("{name} is damaged: take it in again"))),
    }
}

fn is_whole(fates: &[(String, Fate)]) -> bool {
    !fates.is_empty() && fates.iter().all(|(_, fate)| *fate == Fate::Same)
}

/// Whether the files of a visit that was taken in are as they were.
pub(crate) fn is_as_written(folder: &Path, progress: &Progress) -> Result<bool, Failure> {
    let fates = visit::manifest::check(folder, &mut |bytes| progress.add(bytes));
    Ok(is_whole(&fates.attempt(Code::Damaged, folder.display())?.unwrap_or_default()))
}

/// Bytes that will be read.
fn total(folder: &Path, journal: &Path) -> u64 {
    let len = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let all = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let all: u64 = all.map(|entry| len(&entry.path())).sum();
    let has_manifest = folder.join(visit::MANIFEST).is_file();
    if has_manifest { all + 2 * len(journal) } else { 2 * len(journal) }
}

fn print(out: &mut impl Write, folder: &Path, report: &Report) -> std::io::Result<()> {
    writeln!(out, "{}", folder.display())?;
    match &report.about {
        None => writeln!(out, "  visit.json: is not there")?,
        Some(Err(error)) => writeln!(out, "  visit.json: {:#}", anyhow!("{error}"))?,
        Some(Ok(_)) => writeln!(out, "  visit.json: understood")?,
    }
    match &report.journal {
        Err(error) => writeln!(out, "  raw.journal: {error}")?,
        Ok(journal) => print_journal(out, journal)?,
    }
    for file in &report.signals {
        match &file.outcome {
            Err(error) => writeln!(out, "  {}: {error}", file.name)?,
            Ok(compared) => print_compared(out, &file.name, compared)?,
        }
    }
    match &report.manifest {
        None => writeln!(out, "  manifest: is not there, so the visit was not closed")?,
        Some(Err(error)) => writeln!(out, "  manifest: cannot be used: {error}")?,
        Some(Ok(fates)) => {
            let same = fates.iter().filter(|(_, fate)| *fate == Fate::Same).count();
            writeln!(out, "  manifest: {same} files as they were")?;
            for (name, fate) in fates.iter().filter(|(_, fate)| *fate != Fate::Same) {
                writeln!(out, "    {name}: {}", fate.name())?;
            }
        }
    }
    Ok(())
}

fn print_journal(out: &mut impl Write, journal: &Journal) -> std::io::Result<()> {
    let (count, last_s) = (journal.input_count, journal.last_at.as_secs_f64());
    writeln!(out, "  raw.journal: {count} inputs, the last at {last_s:.3} s")?;
    for damage in &journal.damage {
        writeln!(out, "    {damage}")?;
    }
    if journal.further_damage > 0 {
        writeln!(out, "    {} more places are damaged", journal.further_damage)?;
    }
    match journal.totals.as_ref().and_then(analysis::dropped) {
        Some(dropped) => writeln!(out, "    {dropped}"),
        None => Ok(()),
    }
}

fn print_compared(out: &mut impl Write, name: &str, compared: &Compared) -> std::io::Result<()> {
    writeln!(out, "  {name}: {} samples as in the journal", compared.same_count)?;
    if compared.wrong_count > 0 {
        writeln!(out, "    {} samples are others", compared.wrong_count)?;
        for wrong in &compared.wrong {
            writeln!(out, "    from {:.3} s to {:.3} s", wrong.from_s, wrong.to_s)?;
        }
    }
    if compared.not_yet_count > 0 {
        writeln!(out, "    the last {:.3} s of the journal are not in it", compared.not_yet_s)?;
    }
    for note in &compared.notes {
        writeln!(out, "    note: {note}")?;
    }
    Ok(())
}

fn to_value(folder: &Path, report: &Report) -> Value {
    let error_or = |error: Option<String>| error.map_or(Value::Null, Value::String);
    let about_error = match &report.about {
        None => Some("is not there".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(_)) => None,
    };
    let journal = match &report.journal {
        Err(error) => json!({ "error": error.to_string() }),
        Ok(journal) => json!({
            "error": null,
            "input_count": journal.input_count,
            "last_at_s": journal.last_at.as_secs_f64(),
            "closed": journal.totals.is_some(),
            "dropped_input_count": journal.totals.map(|totals| totals.dropped_input_count),
            "damage": journal.damage.iter().map(damage_value).collect::<Vec<_>>(),
            "further_damage_count": journal.further_damage,
        }),
    };
    let signals = report.signals.iter().map(|file| match &file.outcome {
        Err(error) => {
            let is_missing = matches!(error, CompareError::Missing);
            json!({ "file": file.name, "error": error.to_string(), "missing": is_missing })
        }
        Ok(compared) => json!({
            "file": file.name,
            "error": null,
            "same_count": compared.same_count,
            "wrong_count": compared.wrong_count,
            "wrong": compared.wrong.iter().map(|wrong| {
                json!({ "from_s": wrong.from_s, "to_s": wrong.to_s })
            }).collect::<Vec<_>>(),
            "not_yet_count": compared.not_yet_count,
            "not_yet_s": compared.not_yet_s,
            "notes": compared.notes,
        }),
    });
    let manifest = match &report.manifest {
        None => Value::Null,
        Some(Err(error)) => json!({ "error": error.to_string() }),
        Some(Ok(fates)) => {
            let fates = fates.iter().map(|(name, fate)| (name.clone(), json!(fate.name())));
            json!({ "error": null, "files": fates.collect::<serde_json::Map<_, _>>() })
        }
    };
    json!({
        "tool": "levator",
        "version": VERSION,
        "visit": folder.display().to_string(),
        "whole": report.is_whole(),
        "closed": report.is_closed(),
        "visit_json_error": error_or(about_error),
        "journal": journal,
        "signals": signals.collect::<Vec<_>>(),
        "manifest": manifest,
    })
}
