//! `levator visits export` and `levator visits key`: archives, and what opens them.

use std::io::{BufWriter, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use levator_record::visit::create_private;
use levator_store::archive::{self, Recipient, Seal, new_keys};
use levator_store::{Progress as State, Store};
use serde_json::json;

use crate::bar::Progress;
use crate::data;
use crate::failure::{Attempt, Code, Failure};
use crate::import::archive_failure;
use crate::original::refuse_existing;
use crate::passphrase;

#[derive(Debug, Args)]
pub(super) struct Export {
    /// PERSON, PERSON/VISIT, or the beginning of the name of a visit.
    #[arg(required = true, value_name = "PERSON|VISIT")]
    names: Vec<String>,
    /// File to write; it must not be there. `tar` reads it, sealed `age -d` before that.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Seals it: with a passphrase, which the terminal asks for, or as is said below.
    #[arg(long)]
    encrypt: bool,
    /// Seals it with the passphrase in the first line of this file, or - for standard input.
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    passphrase_file: Option<PathBuf>,
    /// Seals it for whoever has the secret key that belongs to this one (`levator visits key`); may be given
    /// again.
    #[arg(long, value_name = "KEY", requires = "encrypt", conflicts_with = "passphrase_file")]
    recipient: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct KeyPair {
    /// File for the secret key; it must not be there. Whoever loses it cannot open what is sealed for it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn export(store: &Store, args: &Export, as_json: bool) -> Result<ExitCode, Failure> {
    let target = args.out.display();
    refuse_existing(&args.out)?;
    let entries = super::visits(store, &args.names)?;
    for entry in entries.iter().filter(|entry| entry.progress == State::Recording) {
        let name = format!("{}/{}", entry.person, entry.visit);
        writeln!(stderr(), "note: {name} was not closed: `levator recover` puts it together")?;
    }
    let seal = seal(args)?;
    let names: Vec<_> = entries.into_iter().map(|entry| (entry.person, entry.visit)).collect();
    let len = archive::size(store, &names).map_err(data::failure)?;
    let part = part_of(&args.out);
    // One that is there was left behind by a program that was stopped.
    let _ = std::fs::remove_file(&part);
    let file = create_private(&part).attempt(Code::Recording, &target)?;
    let progress = Progress::bytes("packing", len);
    let packed = archive::write(store, &names, &seal, BufWriter::new(file), &mut |bytes| {
        progress.add(bytes);
    });
    progress.finish();
    let placed = packed.map_err(|error| archive_failure(error, &target.to_string())).and_then(
        |(packed, to)| {
            let file = to.into_inner().map_err(std::io::IntoInnerError::into_error);
            file.and_then(|file| file.sync_all()).attempt(Code::Recording, &target)?;
            refuse_existing(&args.out)?;
            std::fs::rename(&part, &args.out).attempt(Code::Recording, &target)?;
            Ok(packed)
        },
    );
    if placed.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    let packed = placed?;
    if as_json {
        let visits = packed.visits.iter();
        let visits = visits.map(|(person, visit)| format!("{person}/{visit}"));
        return super::print_json(json!({
            "file": target.to_string(),
            "sealed": !matches!(seal, Seal::Open),
            "visits": visits.collect::<Vec<_>>(),
            "file_count": packed.file_count,
            "byte_count": packed.byte_count,
        }));
    }
    let count = packed.visits.len();
    let visits = if count == 1 { "visit" } else { "visits" };
    let how = if matches!(seal, Seal::Open) { "not sealed: anybody can read it" } else { "sealed" };
    writeln!(stdout(), "{target}  {count} {visits}, {} files, {how}", packed.file_count)?;
    Ok(ExitCode::SUCCESS)
}

fn seal(args: &Export) -> Result<Seal, Failure> {
    if !args.encrypt {
        return Ok(Seal::Open);
    }
    if !args.recipient.is_empty() {
        let recipients = args.recipient.iter().map(|text| text.parse::<Recipient>());
        let recipients =
            recipients.collect::<Result<_, _>>().attempt(Code::Usage, "--recipient")?;
        return Ok(Seal::Recipients(recipients));
    }
    let passphrase = match &args.passphrase_file {
        Some(path) => passphrase::from_file(path)?,
        None => passphrase::new()?,
    };
    Ok(Seal::Passphrase(passphrase))
}

pub(super) fn key(args: &KeyPair, as_json: bool) -> Result<ExitCode, Failure> {
    let name = args.out.display();
    refuse_existing(&args.out)?;
    let (secret, public) = new_keys();
    let mut file = create_private(&args.out).attempt(Code::Recording, &name)?;
    file.write_all(secret.as_bytes())
        .and_then(|()| file.sync_all())
        .attempt(Code::Recording, &name)?;
    if as_json {
        return super::print_json(json!({ "file": name.to_string(), "recipient": public }));
    }
    writeln!(stderr(), "the secret key is in {name}; archives are sealed for:")?;
    writeln!(stdout(), "{public}")?;
    Ok(ExitCode::SUCCESS)
}

/// Where the archive is while it is not whole.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}
