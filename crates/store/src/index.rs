//! The index: what the descriptions of visits say, in one file, so that a list need not read them all.
//!
//! It is a copy and never believed: every row carries when and how long the description and the manifest
//! were that it was made from, and a hash of itself. What does not fit is made again from the folder; an index that SQLite
//! refuses, or of another version, is deleted and made again; one that cannot be written is made in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use levator_record::visit::{ABOUT, MANIFEST, create_private};
use rusqlite::{Connection, params};

use crate::{Entry, PersonCode, StoreError, VisitName};

/// Name of the file in the data folder.
pub(crate) const FILE: &str = "index.sqlite";

/// Version of the tables; one of another is made again.
const VERSION: i64 = 1;

/// What SQLite lays beside its file.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A visit by the names of its two folders.
type Key = (PersonCode, VisitName);

/// Brings the index of `root` up to date with the visits that are there, and gives what it holds.
pub(crate) fn entries(
    root: &Path,
    there: &BTreeMap<Key, PathBuf>,
) -> Result<Vec<Entry>, StoreError> {
    let path = root.join(FILE);
    for _ in 0..2 {
        if let Ok(found) = open(&path).and_then(|mut index| fresh(&mut index, there)) {
            return Ok(found);
        }
        remove(&path);
    }
    // A full or read-only disk: the list can be had all the same.
    let mut memory = Connection::open_in_memory().and_then(prepared).map_err(|error| {
        StoreError::Io { path: path.clone(), source: std::io::Error::other(error) }
    })?;
    fresh(&mut memory, there)
        .map_err(|error| StoreError::Io { path, source: std::io::Error::other(error) })
}

/// Deletes it with all that belongs to it.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    for suffix in BESIDE {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        let _ = fs::remove_file(PathBuf::from(beside));
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // SQLite would make one that everybody may read; what it lays beside it has the rights of this one.
    let _ = create_private(path);
    prepared(Connection::open(path)?)
}

fn prepared(index: Connection) -> rusqlite::Result<Connection> {
    index.busy_timeout(core::time::Duration::from_secs(10))?;
    // What is deleted is overwritten, and nothing is laid beside the file for longer than a change lasts.
    index.pragma_update(None, "secure_delete", "ON")?;
    index.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    index.pragma_update(None, "temp_store", "MEMORY")?;
    let version: i64 = index.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        let table_count: i64 =
            index.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if table_count > 0 {
            return Err(rusqlite::Error::InvalidQuery);
        }
        index.execute_batch(
            "CREATE TABLE visits (
                person TEXT NOT NULL,
                visit TEXT NOT NULL,
                stamp TEXT NOT NULL,
                entry TEXT NOT NULL,
                hash BLOB NOT NULL,
                PRIMARY KEY (person, visit)
            ) WITHOUT ROWID",
        )?;
        index.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(index)
}

/// Makes rows again that do not fit their folders, and gives them all in the order of their names.
fn fresh(index: &mut Connection, there: &BTreeMap<Key, PathBuf>) -> rusqlite::Result<Vec<Entry>> {
    let change = index.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut known = BTreeMap::new();
    let mut foreign = Vec::new();
    {
        let mut rows = change.prepare("SELECT person, visit, stamp, entry, hash FROM visits")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let text = |at: usize| row.get::<_, String>(at);
            let (person, visit, stamp, entry) = (text(0)?, text(1)?, text(2)?, text(3)?);
            let is_whole = row.get::<_, Vec<u8>>(4)? == hash(&person, &visit, &stamp, &entry);
            match Some(entry).filter(|_| is_whole).and_then(|entry| read(&person, &visit, &entry)) {
                Some(entry) if there.contains_key(&(entry.person.clone(), entry.visit.clone())) => {
                    known.insert((entry.person.clone(), entry.visit.clone()), (stamp, entry));
                }
                _ => foreign.push((person, visit)),
            }
        }
    }
    for (person, visit) in foreign {
        change.execute(
            "DELETE FROM visits WHERE person = ?1 AND visit = ?2",
            params![person, visit],
        )?;
    }
    let mut entries = Vec::with_capacity(there.len());
    for (key, folder) in there {
        let stamp = [ABOUT, MANIFEST].map(|name| stamp(&folder.join(name))).join(" ");
        if let Some((_, entry)) = known.remove(key).filter(|(known, _)| *known == stamp) {
            entries.push(entry);
            continue;
        }
        let entry = Entry::of(&key.0, &key.1, folder);
        let (person, visit, text) = (key.0.as_str(), key.1.as_str(), entry.to_value().to_string());
        change.execute(
            "INSERT OR REPLACE INTO visits VALUES (?1, ?2, ?3, ?4, ?5)",
            params![person, visit, stamp, text, hash(person, visit, &stamp, &text)],
        )?;
        entries.push(entry);
    }
    change.commit()?;
    Ok(entries)
}

fn read(person: &str, visit: &str, entry: &str) -> Option<Entry> {
    let entry = Entry::from_value(&serde_json::from_str(entry).ok()?)?;
    (entry.person.as_str() == person && entry.visit.as_str() == visit).then_some(entry)
}

/// When a file was written and how long it is; nothing if it is not there.
fn stamp(path: &Path) -> String {
    let Ok(found) = fs::metadata(path) else { return String::new() };
    let written = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:09} {}", since.as_secs(), since.subsec_nanos(), found.len())
}

fn hash(person: &str, visit: &str, stamp: &str, entry: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    for part in [person, visit, stamp, entry] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.finalize().as_bytes()[..16].to_vec()
}
