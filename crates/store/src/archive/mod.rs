//! Visits in one file, for a copy elsewhere: the format of `tar`, sealed in that of `age` if wanted.
//!
//! ```text
//! P-017/person.json
//! P-017/20261126-140311-5f0a3c/visit.json
//! P-017/20261126-140311-5f0a3c/raw.journal
//! ...
//! ```
//!
//! `age -d visits.tar.age | tar x` unpacks it without us. What is read back is in the store whole or not at
//! all: nothing is believed before the last byte was read and the seal was found unbroken.

mod seal;
mod tar;

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use levator_record::visit::manifest;
use thiserror::Error;

use crate::error::At;
use crate::secret::MOST_DAYS;
use crate::{PersonCode, Staged, Store, StoreError, VisitName, person, place};

pub use seal::{
    Identities, Key, Kind, LEAST_PASSPHRASE_LEN, Passphrase, Recipient, Seal, kind, new_keys,
};
pub use tar::TarError;

use seal::Sealed;
use tar::Member;

/// Why an archive could not be written or read.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is in it.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// Neither of the two formats.
    #[error("is no archive of visits")]
    NoArchive,
    /// A sealed archive as text.
    #[error("is an archive written as text: make it binary with `age -d`, or write it without -a")]
    Armoured,
    /// Sealed for a passphrase, and none was given.
    #[error("is sealed with a passphrase")]
    NeedsPassphrase,
    /// Sealed for a key, and none was given.
    #[error("is sealed for a key: name the file with it (--identity FILE)")]
    NeedsKey,
    /// It does not open.
    #[error("does not open: the passphrase or the key is wrong, or the file is damaged")]
    WrongKey,
    /// It was changed, or its end is missing.
    #[error("is damaged or cut off; nothing was taken in")]
    DamagedSeal,
    /// It would take too long to try.
    #[error("was sealed with more rounds than we try, which would take minutes")]
    TooMuchWork,
    /// No public key.
    #[error("{text:?} is no public key: those begin with age1")]
    NoRecipient {
        /// What was given.
        text: String,
    },
    /// No secret key.
    #[error("the file holds no secret key: those begin with AGE-SECRET-KEY-1")]
    NoIdentity,
    /// Too easy to guess.
    #[error("a passphrase needs at least {LEAST_PASSPHRASE_LEN} characters")]
    ShortPassphrase,
    /// The package refuses.
    #[error("cannot be sealed: {reason}")]
    Seal {
        /// What it says.
        reason: String,
    },
    /// A name that no visit has.
    #[error("holds {path:?}, which belongs to no visit; nothing was taken in")]
    Foreign {
        /// As it stands in the archive.
        path: String,
    },
    /// What moves the dates of somebody is not what we write.
    #[error("holds {person}/{file}, which does not say by how many days dates move, 1 to {MOST_DAYS}; \
             nothing was taken in", file = person::FILE)]
    Person {
        /// Whose.
        person: PersonCode,
    },
    /// No visit in it.
    #[error("holds no visit")]
    Empty,
}

/// What was packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Visits.
    pub visits: Vec<(PersonCode, VisitName)>,
    /// Files.
    pub file_count: usize,
    /// Bytes of those files.
    pub byte_count: u64,
}

/// What became of a visit of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub person: PersonCode,
    /// Its name.
    pub visit: VisitName,
    /// It was in the store already, with the same bytes.
    pub was_there: bool,
}

/// Files of a visit, and their lengths: everything in its folder but what a crash left half written, and
/// what begins with a dot, which a file browser puts there.
///
/// # Errors
///
/// [`StoreError::NotPlain`] if there is anything but files.
pub fn files_of(folder: &Path) -> Result<Vec<(String, u64)>, StoreError> {
    let mut files = Vec::new();
    for (name, kind) in place::list(folder).at(folder)? {
        let path = folder.join(&name);
        if name.ends_with(".part") || name.starts_with('.') {
            continue;
        }
        if !kind.is_file() {
            return Err(StoreError::NotPlain { path });
        }
        files.push((name, fs::metadata(&path).at(&path)?.len()));
    }
    Ok(files)
}

/// Whether all files of a visit can be taken in again elsewhere.
fn check_portable(folder: &Path) -> Result<(), StoreError> {
    for (name, _) in place::list_all(folder).at(folder)? {
        if name.to_str().is_none() {
            return Err(StoreError::NotPortable { path: folder.join(name) });
        }
    }
    for (name, len) in files_of(folder)? {
        if !is_plain(&name) || len > tar::LONGEST {
            return Err(StoreError::NotPortable { path: folder.join(name) });
        }
    }
    Ok(())
}

/// Bytes of the files of these visits.
///
/// # Errors
///
/// [`StoreError`].
pub fn size(store: &Store, visits: &[(PersonCode, VisitName)]) -> Result<u64, StoreError> {
    let mut sum = 0;
    for (person, visit) in visits {
        let files = files_of(&store.folder(person, visit))?;
        sum += files.iter().map(|(_, len)| len).sum::<u64>();
    }
    Ok(sum)
}

/// Packs visits into `to`. `progress` is told bytes of their files.
///
/// # Errors
///
/// [`ArchiveError`]; what was written by then is of no use. Nothing is written if a visit holds a file that
/// no import would take: [`StoreError::NotPortable`].
pub fn write<W: Write>(
    store: &Store,
    visits: &[(PersonCode, VisitName)],
    seal: &Seal,
    to: W,
    progress: &mut dyn FnMut(u64),
) -> Result<(Packed, W), ArchiveError> {
    for (person, visit) in visits {
        check_portable(&store.folder(person, visit))?;
    }
    let mut packed = Packed { visits: visits.to_vec(), file_count: 0, byte_count: 0 };
    let mut archive = tar::Writer::new(Sealed::new(to, seal)?);
    let mut put = |path: String, from: &Path| -> Result<(), ArchiveError> {
        let mut file = File::open(from).at(from)?;
        let found = file.metadata().at(from)?;
        let written = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let written_unix_s = written.map_or(0, |since| since.as_secs());
        let member = Member { path, len: found.len(), written_unix_s };
        archive.put(&member, &mut file, progress)?;
        packed.file_count += 1;
        packed.byte_count += found.len();
        Ok(())
    };
    let mut people = BTreeSet::new();
    for (person, visit) in visits {
        let folder = store.folder(person, visit);
        let about = folder.with_file_name(person::FILE);
        if people.insert(person) && about.is_file() {
            put(format!("{person}/{}", person::FILE), &about)?;
        }
        let files = files_of(&folder)?;
        if files.is_empty() {
            let asked = format!("{person}/{visit}");
            return Err(StoreError::Unknown { asked }.into());
        }
        for (name, _) in files {
            put(format!("{person}/{visit}/{name}"), &folder.join(&name))?;
        }
    }
    Ok((packed, archive.finish()?.finish()?))
}

/// Takes the visits of an archive into the store, all or none. `progress` is told bytes of their files.
///
/// # Errors
///
/// [`ArchiveError`]; the store is as it was then.
pub fn read(
    store: &Store,
    from: impl Read,
    key: &Key,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Taken>, ArchiveError> {
    let opened = seal::opened(from, key)?;
    let (coming, people) = unpack(store, opened, progress).map_err(|error| match error {
        // What the seal says of a piece that was changed, and of an end that is missing.
        ArchiveError::Io(error) | ArchiveError::Tar(TarError::Io(error))
            if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
        {
            ArchiveError::DamagedSeal
        }
        other => other,
    })?;
    keep(store, coming, &people)
}

/// Visits on their way, by their names.
type Coming = BTreeMap<(PersonCode, VisitName), Staged>;

/// By how many days the dates of people move.
type People = BTreeMap<PersonCode, u64>;

/// The first half: everything is read to its end.
fn unpack(
    store: &Store,
    from: impl Read,
    progress: &mut dyn FnMut(u64),
) -> Result<(Coming, People), ArchiveError> {
    let mut archive = tar::Reader::new(from);
    let mut coming = Coming::new();
    let mut people = People::new();
    while let Some(member) = archive.next()? {
        match parts(&member.path)? {
            (person, None) => {
                /// Longer than any that we write.
                const MOST: u64 = 64 << 10;
                let mut text = Vec::new();
                (&mut archive).take(MOST).read_to_end(&mut text)?;
                let days = person::days_of(&text);
                let days = days.ok_or_else(|| ArchiveError::Person { person: person.clone() })?;
                people.insert(person, days);
            }
            (person, Some((visit, name))) => {
                let key = (person, visit);
                let staged = match coming.entry(key) {
                    Slot::Occupied(entry) => entry.into_mut(),
                    Slot::Vacant(entry) => {
                        let (person, visit) = entry.key();
                        let staged = Staged::new(store, person, visit.clone())?;
                        entry.insert(staged)
                    }
                };
                staged.fill(&name, &mut archive, progress)?;
            }
        }
    }
    if coming.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok((coming, people))
}

/// Person, and visit and name of a file, of a path in an archive.
fn parts(path: &str) -> Result<(PersonCode, Option<(VisitName, String)>), ArchiveError> {
    let foreign = || ArchiveError::Foreign { path: path.to_owned() };
    let parts: Vec<&str> = path.split('/').collect();
    let person = |text| PersonCode::new(text).map_err(|_| foreign());
    match parts.as_slice() {
        [code, person::FILE] => Ok((person(code)?, None)),
        [code, visit, name] if is_plain(name) => {
            let visit = VisitName::new(visit).map_err(|_| foreign())?;
            Ok((person(code)?, Some((visit, (*name).to_owned()))))
        }
        _ => Err(foreign()),
    }
}

/// Whether a name is that of a file in this very folder, on any system.
fn is_plain(name: &str) -> bool {
    let is_odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':');
    !name.is_empty() && !name.starts_with('.') && !name.contains(is_odd) && name.len() <= 100
}

/// The second half: everything was read and found whole.
fn keep(store: &Store, coming: Coming, people: &People) -> Result<Vec<Taken>, ArchiveError> {
    let guard = store.guard()?;
    let mut taken = Vec::new();
    for ((person, visit), staged) in &coming {
        let there = store.folder(person, visit);
        let was_there = there.symlink_metadata().is_ok();
        if was_there && !is_same(&there, staged.folder())? {
            drop(guard);
            let (person, visit) = (person.clone(), visit.clone());
            return Err(StoreError::Differs { person, visit }.into());
        }
        taken.push(Taken { person: person.clone(), visit: visit.clone(), was_there });
    }
    // What the dates of people moved by, in case it does not come to an end.
    let mut before = Vec::new();
    let mut move_dates = || -> Result<(), StoreError> {
        for (code, days) in people {
            // Somebody who has visits here keeps their dates as they are moved here.
            if store.visits_of(code)?.is_empty()
                && let Some((_, staged)) = coming.iter().find(|((person, _), _)| person == code)
                && let Some(home) = staged.folder().parent()
            {
                before.push((code, home.to_owned(), person::shift_days(home)));
                person::write(home, code, *days)?;
            }
        }
        Ok(())
    };
    let mut failed = move_dates().err();
    let mut left = Vec::new();
    let mut put = Vec::new();
    let was_there: Vec<bool> = taken.iter().map(|one| one.was_there).collect();
    for ((key, staged), was_there) in coming.into_iter().zip(was_there) {
        if was_there || failed.is_some() {
            left.push(staged);
            continue;
        }
        match staged.put(&guard) {
            Ok(()) => put.push(key),
            Err(error) => failed = Some(error),
        }
    }
    if failed.is_some() {
        // All or none. What cannot be taken away stays a visit, whole.
        for (person, visit) in &put {
            let _ = store.take_away(person, visit);
        }
        for (code, home, days) in before {
            if let Some(days) = days {
                let _ = person::write(&home, code, days);
            }
        }
        for one in &taken {
            let _ = store.tidy_person(&one.person, &guard);
        }
    }
    // They take the guard themselves when they go.
    drop(guard);
    drop(left);
    failed.map_or(Ok(taken), |error| Err(error.into()))
}

/// Whether two folders hold the same files.
fn is_same(there: &Path, coming: &Path) -> Result<bool, StoreError> {
    let files = files_of(there)?;
    if files != files_of(coming)? {
        return Ok(false);
    }
    for (name, _) in files {
        let hash = |path: PathBuf| manifest::hash(&path, &mut |_| {}).at(&path);
        if hash(there.join(&name))? != hash(coming.join(&name))? {
            return Ok(false);
        }
    }
    Ok(true)
}
