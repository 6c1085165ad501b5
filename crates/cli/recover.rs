//! `levator recover`: a killed or damaged visit, put together again in a folder of its own.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_record::text::TextOptions;
use levator_record::visit::recover::{RecoverError, Settings, damage_value};
use levator_record::visit::{self, Recovered};
use serde_json::{Value, json};

use crate::analysis;
use crate::args::Setup;
use crate::bar::Progress;
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::original::refuse_existing;

#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// The folder of the visit. Nothing in it is changed.
    #[arg(value_name = "VISIT")]
    folder: PathBuf,
    /// The new folder; it must not be there. Without it, `VISIT-recovered`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Recover) -> Result<ExitCode, Failure> {
    let (from, name) = (&args.folder, args.folder.display());
    let journal = from.join(visit::JOURNAL);
    let Ok(found) = std::fs::metadata(&journal) else {
        let error = anyhow!("{name} holds no visit: there is no raw.journal in it");
        return Err(Failure::new(Code::File, error));
    };
    let to = args.out.clone().unwrap_or_else(|| beside(from));
    refuse_existing(&to)?;
    let progress = Progress::bytes("recovering", found.len() * 2);
    let mut position = 0;
    let recovered = visit::recover(from, &to, &mut |at: u64| {
        // The old journal, then the new one from its beginning.
        progress.add(at.saturating_sub(position));
        position = at;
    });
    progress.finish();
    let recovered = recovered.map_err(|error| {
        let code = match error {
            RecoverError::Journal(_) | RecoverError::About(_) => Code::File,
            _ => Code::Recording,
        };
        Failure::new(code, anyhow::Error::new(error).context(name.to_string()))
    })?;
    let finished = finish(&to, &recovered);
    if finished.is_err() {
        // Half a recovery would look like a whole one.
        let _ = std::fs::remove_dir_all(&to);
    }
    finished?;
    let mut out = stdout().lock();
    if args.json {
        let value = to_value(from, &to, &recovered);
        crate::json::print(&mut out, &value)?;
    } else {
        print(&mut out, from, &to, &recovered)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn beside(from: &Path) -> PathBuf {
    let whole = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
    let mut name = whole.file_name().unwrap_or_default().to_owned();
    name.push("-recovered");
    from.components().next_back().map_or_else(
        || PathBuf::from(&name),
        |last| match last {
            std::path::Component::Normal(_) => from.with_file_name(&name),
            _ => whole.with_file_name(&name),
        },
    )
}

fn finish(to: &Path, recovered: &Recovered) -> Result<(), Failure> {
    let analysis = analysis::analyse(to, &TextOptions::default(), &Setup::default())?;
    crate::visit::save(to, &analysis)?;
    recovered.finish(to).attempt(Code::Recording, to.display())
}

fn print(
    out: &mut impl Write,
    from: &Path,
    to: &Path,
    recovered: &Recovered,
) -> std::io::Result<()> {
    let totals = &recovered.totals;
    writeln!(out, "{} recovered in {}", from.display(), to.display())?;
    let last_s = totals.closed_at.as_secs_f64();
    writeln!(out, "  {} inputs, the last at {last_s:.3} s", totals.input_count)?;
    for file in &recovered.laid.files {
        let samples = file.written.signals.first().map_or(0, |signal| signal.sample_count);
        let count = file.labels.len();
        writeln!(out, "  {}: {samples} samples of {count} channels", file.name)?;
    }
    if recovered.damage.is_empty() {
        writeln!(out, "  nothing was missing")?;
    }
    for damage in &recovered.damage {
        writeln!(out, "  {damage}")?;
    }
    if recovered.further_damage > 0 {
        writeln!(out, "  {} more places are damaged", recovered.further_damage)?;
    }
    match recovered.settings {
        Settings::Journal => Ok(()),
        Settings::About => writeln!(out, "  settings are those in visit.json"),
        Settings::Default => {
            writeln!(out, "  settings are lost; those of an unknown device are used")
        }
    }
}

fn to_value(from: &Path, to: &Path, recovered: &Recovered) -> Value {
    let totals = &recovered.totals;
    let files = recovered.laid.files.iter().map(|file| {
        json!({
            "file": file.name,
            "sample_count": file.written.signals.first().map_or(0, |signal| signal.sample_count),
            "channels": file.labels,
        })
    });
    json!({
        "tool": "levator",
        "version": VERSION,
        "visit": from.display().to_string(),
        "recovered": to.display().to_string(),
        "was_closed": recovered.was_closed,
        "settings_from": recovered.settings.name(),
        "input_count": totals.input_count,
        "last_at_s": totals.closed_at.as_secs_f64(),
        "signals": files.collect::<Vec<_>>(),
        "damage": recovered.damage.iter().map(damage_value).collect::<Vec<_>>(),
        "further_damage_count": recovered.further_damage,
    })
}
