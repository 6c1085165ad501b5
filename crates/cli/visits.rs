//! `levator visits`: the people and visits that are kept.

mod pack;

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use levator_store::{Entry, Query, Store, Which};
use serde_json::{Value, json};

use crate::data::{self, DataArgs};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;

/// What `visits` is told. Without a word it lists them all.
#[derive(Debug, Args)]
pub(crate) struct Visits {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    data: DataArgs,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists all visits, or those of one person.
    List {
        /// Whose.
        #[arg(long, value_name = "CODE")]
        person: Option<String>,
    },
    /// Lists the people.
    People,
    /// Finds visits by words that stand in them: device, programme, position, site, notes, file, state, kind.
    Find(Find),
    /// Shows what is known of a visit.
    Show {
        /// PERSON/VISIT, or the beginning of the name of the visit.
        visit: String,
    },
    /// Prints the folder of a visit, for other commands.
    Path {
        /// PERSON/VISIT, or the beginning of the name of the visit.
        visit: String,
    },
    /// Deletes visits, or people with all their visits, and leaves nothing of them behind.
    Delete(Delete),
    /// Packs visits into one file, sealed if wanted, which `levator import` takes in again.
    Export(pack::Export),
    /// Makes a pair of keys: a file that opens archives, and the public key they are sealed for.
    Key(pack::KeyPair),
}

#[derive(Debug, Args)]
struct Find {
    /// Every one of them must stand in it.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Only those of this person.
    #[arg(long, value_name = "CODE")]
    person: Option<String>,
    /// Only those of this day or later.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    since: Option<u64>,
    /// Only those before this day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    before: Option<u64>,
}

#[derive(Debug, Args)]
struct Delete {
    /// PERSON, PERSON/VISIT, or the beginning of the name of a visit.
    #[arg(required = true, value_name = "PERSON|VISIT")]
    names: Vec<String>,
    /// Does not ask.
    #[arg(long)]
    yes: bool,
}

/// Midnight of a day here, in milliseconds since 1970.
fn day(text: &str) -> Result<u64, String> {
    let date: jiff::civil::Date = text.parse().map_err(|_| "must be a day, such as 2026-11-26")?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::system()).map_err(|error| error.to_string())?;
    u64::try_from(zoned.timestamp().as_millisecond()).map_err(|_| "is before 1970".to_owned())
}

pub(crate) fn run(args: &Visits) -> Result<ExitCode, Failure> {
    let store = args.data.store()?;
    match &args.what {
        None => list(&store, &Query::default(), args.json),
        Some(What::List { person }) => {
            let person = person.as_deref().map(data::code).transpose()?;
            list(&store, &Query { person, ..Query::default() }, args.json)
        }
        Some(What::People) => people(&store, args.json),
        Some(What::Find(find)) => {
            let query = Query {
                person: find.person.as_deref().map(data::code).transpose()?,
                words: find.words.clone(),
                since_unix_ms: find.since,
                before_unix_ms: find.before,
            };
            list(&store, &query, args.json)
        }
        Some(What::Show { visit }) => show(&store, visit, args.json),
        Some(What::Path { visit }) => path(&store, visit, args.json),
        Some(What::Delete(delete)) => self::delete(&store, delete, args.json),
        Some(What::Export(export)) => pack::export(&store, export, args.json),
        Some(What::Key(key)) => pack::key(key, args.json),
    }
}

/// Prints a document with the name and version of the program in front.
fn print_json(mut value: Value) -> Result<ExitCode, Failure> {
    value["tool"] = json!("levator");
    value["version"] = json!(VERSION);
    crate::json::print(&mut stdout().lock(), &value)?;
    Ok(ExitCode::SUCCESS)
}

fn list(store: &Store, query: &Query, as_json: bool) -> Result<ExitCode, Failure> {
    let found = store.find(query).map_err(data::failure)?;
    if as_json {
        let visits = found.iter().map(|entry| to_value(store, entry));
        return print_json(json!({
            "data": store.root().display().to_string(),
            "visits": visits.collect::<Vec<_>>(),
        }));
    }
    let mut out = stdout().lock();
    let name = |entry: &Entry| format!("{}/{}", entry.person, entry.visit);
    let width = found.iter().map(|entry| name(entry).len()).max().unwrap_or(0);
    for entry in &found {
        let (opened, lasted) = (opened(entry.opened_unix_ms), lasted(entry.duration_s));
        let state = entry.progress.name();
        write!(out, "{:width$}  {opened:16}  {lasted:>8}  {state:10}", name(entry))?;
        let source = entry.source.as_ref().or(entry.device.as_ref());
        let words = [source, entry.programme.as_ref(), entry.position.as_ref()];
        let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
        let notes = entry.notes.as_deref().or(entry.trouble.as_deref()).unwrap_or_default();
        let notes: String = notes.lines().next().unwrap_or_default().chars().take(40).collect();
        writeln!(out, "{}", format!("  {}  {notes}", words.join(", ")).trim_end())?;
    }
    if found.is_empty() {
        writeln!(stderr(), "no visit in {}", store.root().display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn to_value(store: &Store, entry: &Entry) -> Value {
    let mut value = entry.to_value();
    value["folder"] = json!(store.folder(&entry.person, &entry.visit).display().to_string());
    value
}

/// Date and time here.
fn opened(unix_ms: Option<u64>) -> String {
    let time = unix_ms.and_then(|ms| i64::try_from(ms).ok());
    let time = time.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(String::new, |time| {
        time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    })
}

fn lasted(seconds: Option<f64>) -> String {
    seconds.map_or_else(String::new, |s| format!("{s:.1} s"))
}

fn people(store: &Store, as_json: bool) -> Result<ExitCode, Failure> {
    let people = store.people().map_err(data::failure)?;
    if as_json {
        let people = people.iter().map(|person| {
            json!({
                "person": person.code.as_str(),
                "visit_count": person.visit_count,
                "first_unix_ms": person.opened_unix_ms.map(|(first, _)| first),
                "last_unix_ms": person.opened_unix_ms.map(|(_, last)| last),
            })
        });
        return print_json(json!({ "people": people.collect::<Vec<_>>() }));
    }
    let mut out = stdout().lock();
    let width = people.iter().map(|person| person.code.as_str().len()).max().unwrap_or(0);
    for person in &people {
        let count = person.visit_count;
        let last = opened(person.opened_unix_ms.map(|(_, last)| last));
        let visits = if count == 1 { "visit" } else { "visits" };
        let code = person.code.as_str();
        writeln!(out, "{}", format!("{code:width$}  {count} {visits}  {last}").trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The one visit that a text names.
fn one(store: &Store, text: &str) -> Result<Entry, Failure> {
    match store.resolve(text).map_err(data::failure)? {
        Which::Visit(entry) => Ok(*entry),
        Which::Person(person) => {
            let query = Query { person: Some(person), ..Query::default() };
            let mut visits = store.find(&query).map_err(data::failure)?;
            match visits.len() {
                1 => Ok(visits.remove(0)),
                count => {
                    let error = anyhow!("{text} has {count} visits: say which, as {text}/VISIT");
                    Err(Failure::new(Code::Usage, error))
                }
            }
        }
    }
}

fn show(store: &Store, text: &str, as_json: bool) -> Result<ExitCode, Failure> {
    let entry = one(store, text)?;
    let folder = store.folder(&entry.person, &entry.visit);
    let files = levator_store::archive::files_of(&folder).map_err(data::failure)?;
    if as_json {
        let about = std::fs::read(folder.join(levator_record::visit::ABOUT)).ok();
        let about = about.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        let mut value = to_value(store, &entry);
        value["files"] =
            files.iter().map(|(name, len)| json!({ "file": name, "byte_count": len })).collect();
        value["about"] = about.unwrap_or_default();
        return print_json(value);
    }
    let mut out = stdout().lock();
    writeln!(out, "{}/{}  {}", entry.person, entry.visit, entry.progress.name())?;
    let rows = [
        ("opened", Some(opened(entry.opened_unix_ms))),
        ("lasted", Some(lasted(entry.duration_s))),
        ("device", entry.device.clone()),
        ("taken from", entry.source.clone()),
        ("signals", Some(entry.kinds.join(", "))),
        ("programme", entry.programme.clone()),
        ("position", entry.position.clone()),
        ("site", entry.site.clone()),
        ("notes", entry.notes.clone()),
        ("trouble", entry.trouble.clone()),
        ("folder", Some(folder.display().to_string())),
    ];
    for (what, text) in rows {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            writeln!(out, "  {what:10}  {}", text.replace('\n', "\n              "))?;
        }
    }
    for (name, len) in files {
        writeln!(out, "  {name:16}  {len} bytes")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn path(store: &Store, text: &str, as_json: bool) -> Result<ExitCode, Failure> {
    let entry = one(store, text)?;
    let folder = store.folder(&entry.person, &entry.visit);
    if as_json {
        return print_json(json!({ "folder": folder.display().to_string() }));
    }
    writeln!(stdout(), "{}", folder.display())?;
    Ok(ExitCode::SUCCESS)
}

fn delete(store: &Store, args: &Delete, as_json: bool) -> Result<ExitCode, Failure> {
    let named: Vec<Which> = args
        .names
        .iter()
        .map(|name| store.resolve(name).map_err(data::failure))
        .collect::<Result<_, _>>()?;
    if !args.yes && !is_agreed(store, &named)? {
        return Err(Failure::new(Code::Usage, anyhow!("nothing was deleted")));
    }
    let mut deleted = Vec::new();
    for which in &named {
        match which {
            Which::Person(person) => {
                let count = store.delete_person(person, now()).map_err(data::failure)?;
                deleted.push((person.to_string(), count));
            }
            Which::Visit(entry) => {
                let gone = store.delete_visit(&entry.person, &entry.visit, now());
                gone.map_err(data::failure)?;
                deleted.push((format!("{}/{}", entry.person, entry.visit), 1));
            }
        }
    }
    if as_json {
        let deleted = deleted.iter();
        let deleted = deleted.map(|(name, count)| json!({ "name": name, "visit_count": count }));
        return print_json(json!({ "deleted": deleted.collect::<Vec<_>>() }));
    }
    for (name, count) in deleted {
        writeln!(stdout(), "deleted {name}{}", if count == 1 { "" } else { ", all visits" })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn is_agreed(store: &Store, named: &[Which]) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        let error = anyhow!("nobody is here to be asked: --yes deletes without asking");
        return Err(Failure::new(Code::Usage, error));
    }
    for which in named {
        match which {
            Which::Person(person) => {
                let query = Query { person: Some(person.clone()), ..Query::default() };
                let count = store.find(&query).map_err(data::failure)?.len();
                writeln!(stderr(), "  {person} with {count} visits")?;
            }
            Which::Visit(entry) => writeln!(stderr(), "  {}/{}", entry.person, entry.visit)?,
        }
    }
    write!(stderr(), "delete for good? [y/N] ")?;
    stderr().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).attempt(Code::Other, "terminal")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// The folders of visits that names stand for, each once, in their order.
fn visits(store: &Store, names: &[String]) -> Result<Vec<Entry>, Failure> {
    let mut all: Vec<Entry> = Vec::new();
    for name in names {
        let found = match store.resolve(name).map_err(data::failure)? {
            Which::Visit(entry) => vec![*entry],
            Which::Person(person) => {
                let query = Query { person: Some(person), ..Query::default() };
                store.find(&query).map_err(data::failure)?
            }
        };
        for entry in found {
            if !all.iter().any(|one| (&one.person, &one.visit) == (&entry.person, &entry.visit)) {
                all.push(entry);
            }
        }
    }
    Ok(all)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether somebody still writes is told by the age of files"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
