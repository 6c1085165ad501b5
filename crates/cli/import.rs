//! `levator import`: files of other programs, visits from elsewhere and archives, as visits in the store.

use std::fs::File;
use std::io::{Read, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_engine::{EngineConfig, Source};
use levator_record::Header;
use levator_record::text::TextOptions;
use levator_record::visit::{ABOUT, About, EVENTS, MANIFEST, Report, State, manifest, replace};
use levator_store::archive::{self, ArchiveError, Key};
use levator_store::{PersonCode, Query, Staged, Store};
use serde_json::{Value, json};

use crate::analysis;
use crate::args::{Setup, TextArgs};
use crate::bar::Progress;
use crate::data::{self, DataArgs};
use crate::export::inventory::Inventory;
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::original::{self, Original};
use crate::passphrase::KeyArgs;
use crate::visit::{AboutArgs, unix_ms};

/// What `import` is told.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files that `analyse` reads (EDF, BDF, XDF, CSV and other text), folders of visits, and archives that
    /// `levator visits export` wrote. None of them is changed.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    about: AboutArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    key: KeyArgs,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    setup: Setup,
}

/// A visit that is in the store now.
struct Taken {
    from: String,
    person: String,
    visit: String,
    was_there: bool,
    folder: PathBuf,
}

/// Takes every file in. One that cannot be read does not stop the others.
pub(crate) fn run(args: &Import) -> Result<ExitCode, Failure> {
    let store = args.data.store()?;
    let person = args.about.person.as_deref().map(data::code).transpose()?;
    let (mut taken, mut first_failure) = (Vec::new(), None);
    let mut key = None;
    for file in &args.files {
        match take(&store, file, person.as_ref(), args, &mut key) {
            Ok(visits) => {
                for visit in visits {
                    if !args.json {
                        print(&visit)?;
                    }
                    taken.push(visit);
                }
            }
            Err(failure) => {
                writeln!(stderr(), "levator: {failure}")?;
                first_failure.get_or_insert(failure.exit_code());
            }
        }
    }
    if args.json {
        let visits = taken.iter().map(|one| {
            json!({
                "from": one.from,
                "person": one.person,
                "visit": one.visit,
                "was_there": one.was_there,
                "folder": one.folder.display().to_string(),
            })
        });
        let visits: Value = visits.collect();
        let document = json!({ "tool": "levator", "version": VERSION, "visits": visits });
        let mut out = stdout().lock();
        crate::json::print(&mut out, &document)?;
    }
    Ok(first_failure.unwrap_or(ExitCode::SUCCESS))
}

fn print(taken: &Taken) -> std::io::Result<()> {
    let Taken { from, person, visit, was_there, .. } = taken;
    let how = if *was_there { "was there already" } else { "taken in" };
    writeln!(stdout(), "{person}/{visit}  {how}: {from}")
}

fn take(
    store: &Store,
    file: &Path,
    person: Option<&PersonCode>,
    args: &Import,
    key: &mut Option<Key>,
) -> Result<Vec<Taken>, Failure> {
    let name = file.display();
    if file.is_dir() {
        if !original::is_visit(file) {
            let text = "is a folder, and no visit is in it; name the files or the visits";
            return Err(Failure::new(Code::File, anyhow!("{name}: {text}")));
        }
        return folder(store, file, person).map(|taken| vec![taken]);
    }
    let mut start = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(512).read_to_end(&mut start))
        .attempt(Code::File, &name)?;
    if let Some(kind) = archive::kind(&start) {
        if person.is_some() {
            let text = "an archive says itself whose visits they are: leave --person out";
            return Err(Failure::new(Code::Usage, anyhow!("{name}: {text}")));
        }
        return unpack(store, file, kind, &args.key, key);
    }
    if start.starts_with(&levator_record::MAGIC) {
        let text = "is the journal of a visit: name its folder";
        return Err(Failure::new(Code::Usage, anyhow!("{name}: {text}")));
    }
    foreign(store, file, person, args).map(|taken| vec![taken])
}

fn unpack(
    store: &Store,
    file: &Path,
    kind: archive::Kind,
    args: &KeyArgs,
    known: &mut Option<Key>,
) -> Result<Vec<Taken>, Failure> {
    let name = file.display();
    let read = |key: &Key| {
        let opened = File::open(file)?;
        let len = opened.metadata().map_or(0, |found| found.len());
        let progress = Progress::bytes("taking in", len);
        let taken = archive::read(store, opened, key, &mut |bytes| progress.add(bytes));
        progress.finish();
        taken
    };
    // What opened the archive before this one is tried first: they were packed together.
    let before = known.as_ref().filter(|_| kind == archive::Kind::Passphrase);
    let taken = match before.map(&read) {
        Some(taken) if args.is_named() || !matches!(taken, Err(ArchiveError::WrongKey)) => taken,
        _ => {
            let key = args.key(kind)?;
            let taken = read(&key);
            if kind == archive::Kind::Passphrase {
                *known = Some(key);
            }
            taken
        }
    };
    let taken = taken.map_err(|error| archive_failure(error, &name.to_string()))?;
    let taken = taken.into_iter().map(|one| Taken {
        from: name.to_string(),
        folder: store.folder(&one.person, &one.visit),
        person: one.person.to_string(),
        visit: one.visit.to_string(),
        was_there: one.was_there,
    });
    Ok(taken.collect())
}

/// What an archive refuses, with the code that fits.
pub(crate) fn archive_failure(error: ArchiveError, name: &str) -> Failure {
    let code = match &error {
        ArchiveError::Store(_) => Code::Recording,
        ArchiveError::NeedsPassphrase
        | ArchiveError::NeedsKey
        | ArchiveError::NoRecipient { .. }
        | ArchiveError::NoIdentity
        | ArchiveError::ShortPassphrase => Code::Usage,
        _ => Code::File,
    };
    Failure::new(code, anyhow::Error::new(error).context(name.to_owned()))
}

/// A visit that is in the store already: of the same bytes, and of the same person if one was named.
fn known(
    store: &Store,
    blake3: &str,
    person: Option<&PersonCode>,
    from: &Path,
) -> Result<Option<Taken>, Failure> {
    let query = Query { person: person.cloned(), ..Query::default() };
    let all = store.find(&query).map_err(data::failure)?;
    let found = all.into_iter().find(|entry| entry.blake3.as_deref() == Some(blake3));
    Ok(found.map(|entry| Taken {
        from: from.display().to_string(),
        folder: store.folder(&entry.person, &entry.visit),
        person: entry.person.to_string(),
        visit: entry.visit.to_string(),
        was_there: true,
    }))
}

/// A visit of ours that lies elsewhere.
fn folder(store: &Store, from: &Path, person: Option<&PersonCode>) -> Result<Taken, Failure> {
    let name = from.display();
    let (files, others) = sorted(from).attempt(Code::File, &name)?;
    let len = files.iter().filter_map(|file| std::fs::metadata(from.join(file)).ok());
    let len = len.map(|found| found.len()).sum::<u64>();
    let progress = Progress::bytes("taking in", len * 3);
    check(from, &progress)?;
    let about = About::read(from).attempt(Code::File, from.join(ABOUT).display())?;
    let source = original::file_of(from);
    let blake3 = manifest::hash(&source, &mut |_| {}).attempt(Code::File, &name)?;
    if let Some(known) = known(store, &blake3, person, from)? {
        progress.finish();
        return Ok(known);
    }
    let told = about.person.as_deref().and_then(|code| PersonCode::new(code).ok());
    let code = whose(store, person.cloned().or(told))?;
    let opened = Some(about.header.opened_unix_ms).filter(|ms| *ms > 0);
    let staged = store.stage(&code, opened.unwrap_or_else(unix_ms)).map_err(data::failure)?;
    let is_renamed = about.person.as_deref() != Some(code.as_str());
    for file in &files {
        if is_renamed && (file == ABOUT || file == MANIFEST) {
            continue;
        }
        let path = from.join(file);
        let mut opened = File::open(&path).attempt(Code::File, path.display())?;
        let filled = staged.fill(file, &mut opened, &mut |bytes| progress.add(bytes));
        filled.attempt(Code::Recording, staged.folder().join(file).display())?;
    }
    if is_renamed {
        rename(from, &staged, &code)?;
    }
    progress.finish();
    for other in others {
        writeln!(stderr(), "note: {name}/{other} is no plain file and stays where it is")?;
    }
    keep(store, staged, from)
}

/// The files of a visit, without what a crash left half written; and what is no file of it.
fn sorted(from: &Path) -> std::io::Result<(Vec<String>, Vec<String>)> {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type()?.is_file() {
            true if name.ends_with(".part") => {}
            true => files.push(name),
            false => others.push(name),
        }
    }
    files.sort();
    Ok((files, others))
}

/// Whether a visit is as it was when it was closed.
fn check(from: &Path, progress: &Progress) -> Result<(), Failure> {
    let (is_whole, is_closed) = match Original::of(from) {
        Some(_) => (crate::verify::is_as_written(from, progress)?, true),
        None => {
            let report = Report::of(from, &mut |bytes| progress.add(bytes));
            (report.is_whole(), report.is_closed())
        }
    };
    if is_whole {
        return Ok(());
    }
    let name = from.display();
    let what = if is_closed { "is damaged" } else { "was not closed" };
    let text =
        "`levator verify` says where, `levator recover` saves what can be read into a new folder";
    Err(Failure::new(Code::Damaged, anyhow!("{name} {what}: {text}")))
}

/// Writes the description with another person in it; everything else in it stays, known to us or not.
fn rename(from: &Path, staged: &Staged, code: &PersonCode) -> Result<(), Failure> {
    let path = from.join(ABOUT);
    let text = std::fs::read(&path).attempt(Code::File, path.display())?;
    let mut value: Value = serde_json::from_slice(&text).attempt(Code::File, path.display())?;
    value["person"] = json!(code.as_str());
    let folder = staged.folder();
    replace(&folder.join(ABOUT), format!("{value:#}\n").as_bytes())
        .and_then(|()| manifest::write(folder))
        .attempt(Code::Recording, folder.display())
}

/// A file of another program.
fn foreign(
    store: &Store,
    file: &Path,
    person: Option<&PersonCode>,
    args: &Import,
) -> Result<Taken, Failure> {
    let name = file.display();
    let options = args.text.options();
    let len = std::fs::metadata(file).map_or(0, |found| found.len());
    let progress = Progress::bytes("taking in", len);
    let mut found = analysis::analyse(file, &options, &args.setup)?;
    if let Some(known) = known(store, &found.blake3, person, file)? {
        return Ok(known);
    }
    let inventory = Inventory::of(file, &TextOptions { channels: Vec::new(), ..options.clone() })?;
    let code = whose(store, person.cloned())?;
    let opened = inventory.start_unix_ms;
    let staged = store.stage(&code, opened.unwrap_or_else(unix_ms)).map_err(data::failure)?;
    let folder = staged.folder();
    let kept_as = original::name_for(file);
    let mut opened_file = File::open(file).attempt(Code::File, &name)?;
    staged
        .fill(&kept_as, &mut opened_file, &mut |bytes| progress.add(bytes))
        .attempt(Code::Recording, folder.join(&kept_as).display())?;
    progress.finish();
    let copied = manifest::hash(&folder.join(&kept_as), &mut |_| {});
    if copied.attempt(Code::Recording, folder.display())? != found.blake3 {
        let text = "changed while it was taken in; try again";
        return Err(Failure::new(Code::File, anyhow!("{name}: {text}")));
    }
    found.file = staged.target();
    let about = About {
        state: State::Closed,
        person: Some(code.to_string()),
        position: args.about.position.clone(),
        site: args.about.site.clone(),
        notes: args.about.notes.clone(),
        imported: Some(json!({
            "file": file.file_name().map(|name| name.to_string_lossy()),
            "kept_as": kept_as,
            "blake3": found.blake3,
            "taken_in_unix_ms": unix_ms(),
            "read": original::read_value(&options),
            "read_as": inventory.read_as,
            "duration_s": inventory.duration_s,
            "signals": inventory.signals,
            "annotation_count": inventory.annotations.len(),
            "notes": inventory.notes,
        })),
        ..About::new(header(&found.config, &args.setup, opened.unwrap_or(0)))
    };
    crate::visit::save(folder, &found)?;
    about
        .write(folder)
        .and_then(|()| replace(&folder.join(EVENTS), inventory.events().as_bytes()))
        .and_then(|()| manifest::write(folder))
        .attempt(Code::Recording, folder.display())?;
    keep(store, staged, file)
}

/// With what was said of how to read it, so that it is read the same way again.
fn header(found: &EngineConfig, setup: &Setup, opened_unix_ms: u64) -> Header {
    let mut config = match &found.source {
        Source::Scans(info) => EngineConfig::scans(**info),
        Source::Device { .. } | Source::Foreign { .. } => EngineConfig::device(),
    };
    analysis::prepare(setup, &mut config);
    Header {
        tool: format!("levator {VERSION}"),
        wire: [0, 0],
        opened_unix_ms,
        device: String::new(),
        port: String::new(),
        config,
    }
}

/// The person who was named, or a new one.
fn whose(store: &Store, named: Option<PersonCode>) -> Result<PersonCode, Failure> {
    named.map_or_else(|| store.new_code().map_err(data::failure), Ok)
}

fn keep(store: &Store, staged: Staged, from: &Path) -> Result<Taken, Failure> {
    let person = staged.person().clone();
    let visit = staged.keep().map_err(data::failure)?;
    Ok(Taken {
        from: from.display().to_string(),
        folder: store.folder(&person, &visit),
        person: person.to_string(),
        visit: visit.to_string(),
        was_there: false,
    })
}
