//! `levator re-decode`: the raw bytes of an old journal through today's decoder, into a new visit.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_record::text::TextOptions;
use levator_record::visit::{self, About, RESULT, State, replace};
use levator_record::{Header, Item, Reader, Totals, Writer};
use levator_signal::HostTime;
use levator_store::make_folder;
use serde_json::{Value, json};

use crate::analysis::{self, JOURNAL, TOLD};
use crate::args::Setup;
use crate::failure::{Attempt, Code, Failure};
use crate::json::{self as document, VERSION};
use crate::original::journal_of;
use crate::replay::Kept;

/// What `re-decode` is told.
#[derive(Debug, Args)]
pub(crate) struct ReDecode {
    /// The visit: its folder, or its `raw.journal`, of this version or an older one.
    pub(crate) visit: PathBuf,
    /// Folder for the new visit; it must not be there, or be empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) setup: Setup,
}

/// Copies every input into a journal of today's version, analyses that, and says what has changed.
pub(crate) fn run(args: &ReDecode) -> Result<ExitCode, Failure> {
    let journal = journal_of(&args.visit);
    let name = args.visit.display();
    let reader = Reader::open(&journal).attempt(Code::File, &name)?;
    let was_there = args.out.symlink_metadata().is_ok();
    let is_empty = || std::fs::read_dir(&args.out).is_ok_and(|mut inside| inside.next().is_none());
    if was_there && !is_empty() {
        let out = args.out.display();
        let error = anyhow!("{out} is there already, and not empty; name another with --out");
        return Err(Failure::new(Code::Recording, error));
    }
    make_folder(&args.out).attempt(Code::Recording, args.out.display())?;
    let made = make(args, &journal, reader);
    if made.is_err() {
        // Half a visit would look like a whole one. All that is in the folder is ours.
        let _ = std::fs::remove_dir_all(&args.out);
        if was_there {
            let _ = make_folder(&args.out);
        }
    }
    let (copied, now) = made?;
    let before = Kept::beside(&journal);
    let differences = before.as_ref().map(|kept| differences(&kept.document, &now));
    tell(args, &copied, before.as_ref(), differences.as_deref())
}

/// Fills the new folder, and gives what was found.
fn make(args: &ReDecode, journal: &Path, reader: Reader) -> Result<(Copied, Value), Failure> {
    let copied = copy(reader, args)?;
    let told = journal.with_file_name(TOLD);
    if told.is_file() {
        let text = std::fs::read(&told).attempt(Code::File, told.display())?;
        replace(&args.out.join(TOLD), &text).attempt(Code::Recording, args.out.display())?;
    }
    let found = analysis::analyse(&args.out, &TextOptions::default(), &Setup::default())?;
    let now = serde_json::to_value(document::Document(std::slice::from_ref(&found)))
        .map_err(std::io::Error::from)?;
    let mut text = serde_json::to_vec_pretty(&now).map_err(std::io::Error::from)?;
    text.push(b'\n');
    replace(&args.out.join(RESULT), &text).attempt(Code::Recording, args.out.display())?;
    lay_beside(args, journal, &copied)?;
    Ok((copied, now))
}

struct Copied {
    header: Header,
    totals: Totals,
    input_count: u64,
    damage: Vec<String>,
}

fn copy(mut reader: Reader, args: &ReDecode) -> Result<Copied, Failure> {
    let (mut config, _) = analysis::recorded_settings(reader.header());
    analysis::prepare(&args.setup, &mut config);
    let header = match reader.header() {
        Some(old) => Header { config, ..old.clone() },
        None => Header {
            tool: format!("levator {VERSION}"),
            wire: [levator_protocol::MAJOR, levator_protocol::MINOR],
            opened_unix_ms: 0,
            device: String::new(),
            port: String::new(),
            config,
        },
    };
    let target = args.out.join(JOURNAL);
    let name = target.display();
    let mut writer = Writer::create(&target, &header).attempt(Code::Recording, &name)?;
    let (mut input_count, mut damage) = (0, Vec::new());
    let (mut last, mut closed_at) = (HostTime::ZERO, None);
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => {
                last = input.at();
                input_count += 1;
                writer.record(&input).attempt(Code::Recording, &name)?;
            }
            Item::Damage(missing) => damage.push(missing.to_string()),
            Item::End(totals) => closed_at = Some(totals.closed_at),
        }
    }
    let closed = writer.close(closed_at.unwrap_or(last));
    let totals = closed.attempt(Code::Recording, &name)?;
    Ok(Copied { header, totals, input_count, damage })
}

/// Everything else that belongs into the folder of a visit. What was known of the old one stays.
fn lay_beside(args: &ReDecode, journal: &Path, copied: &Copied) -> Result<(), Failure> {
    let name = args.out.display();
    let laid = visit::rebuild(&args.out, &mut |_| {}).attempt(Code::Recording, &name)?;
    let known = journal.parent().and_then(|folder| About::read(folder).ok());
    let header = copied.header.clone();
    let mut about = match known {
        Some(about) => About { header, state: State::Closed, ..about },
        None => About { state: State::Closed, ..About::new(header) },
    };
    about.finish(laid.device.as_ref(), &laid.streams, &laid.files, &copied.totals, 0);
    about.write(&args.out).attempt(Code::Recording, &name)?;
    visit::manifest::write(&args.out).attempt(Code::Recording, &name)
}

/// Where two results differ, as paths into the JSON with both values. What names a file or a version
/// is left out: it has to differ.
fn differences(before: &Value, now: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(&before["files"], &now["files"], &mut String::new(), &mut found);
    found
}

fn walk(before: &Value, now: &Value, path: &mut String, found: &mut Vec<String>) {
    const EXPECTED: [&str; 3] = ["file", "blake3", "digest"];
    let len = path.len();
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
            for key in keys.filter(|key| !EXPECTED.contains(&key.as_str())) {
                path.push('.');
                path.push_str(key);
                let null = &Value::Null;
                walk(old.get(key).unwrap_or(null), new.get(key).unwrap_or(null), path, found);
                path.truncate(len);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                path.push_str(&format!("[{at}]"));
                walk(old, new, path, found);
                path.truncate(len);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            found.push(format!("{path}: {} then, {} now", old.len(), new.len()));
        }
        (old, new) if old != new => found.push(format!("{path}: {old} then, {new} now")),
        _ => {}
    }
}

fn tell(
    args: &ReDecode,
    copied: &Copied,
    before: Option<&Kept>,
    differences: Option<&[String]>,
) -> Result<ExitCode, Failure> {
    let damaged = match copied.damage.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(Code::Damaged as u8),
    };
    if args.json {
        let value = json!({
            "tool": "levator",
            "version": VERSION,
            "visit": args.visit.display().to_string(),
            "out": args.out.display().to_string(),
            "input_count": copied.input_count,
            "damage": copied.damage,
            "before": before.map(|kept| json!({ "version": kept.version, "digest": kept.digest })),
            "differences": differences,
        });
        let mut out = stdout().lock();
        document::print(&mut out, &value)?;
        return Ok(damaged);
    }
    for damage in &copied.damage {
        writeln!(stderr(), "levator: {}: {damage}", args.visit.display())?;
    }
    let mut out = stdout().lock();
    writeln!(out, "{} inputs decoded anew into {}", copied.input_count, args.out.display())?;
    match (before, differences) {
        (None, _) | (_, None) => writeln!(out, "no earlier result to compare with")?,
        (Some(kept), Some([])) => {
            writeln!(out, "the same results as levator {} found", kept.version)?;
        }
        (Some(kept), Some(all)) => {
            writeln!(out, "levator {} found otherwise in {} places:", kept.version, all.len())?;
            for difference in all {
                writeln!(out, "  {difference}")?;
            }
        }
    }
    Ok(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_their_place() {
        let old = json!({ "files": [{ "digest": "1", "rest": { "level": 3.0 }, "list": [1, 2], "gone": 1 }] });
        let new = json!({ "files": [{ "digest": "2", "rest": { "level": 3.5 }, "list": [1], "new": true }] });
        let mut found = differences(&old, &new);
        found.sort();
        let expected = [
            "[0].gone: 1 then, null now",
            "[0].list: 2 then, 1 now",
            "[0].new: null then, true now",
            "[0].rest.level: 3.0 then, 3.5 now",
        ];
        assert_eq!(found, expected);
        assert!(differences(&old, &old).is_empty());
    }
}
