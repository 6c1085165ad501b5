//! The list of hashes that is written last, when a visit is closed.
//!
//! A line for each file: BLAKE3 in hexadecimal, two spaces, the name, so that `b3sum --check manifest`
//! reads it too. It tells a flipped bit from a file as it was; it does not tell who changed it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::file::replace;
use super::{MANIFEST, OVERVIEW};

/// What became of one file since the manifest was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// As it was.
    Same,
    /// Other bytes.
    Changed,
    /// Gone.
    Missing,
    /// It is in the folder and not in the manifest.
    Added,
}

/// Hashes every file of the folder, in the order of their names, and writes the list.
///
/// # Errors
///
/// What the system says.
pub fn write(folder: &Path) -> io::Result<()> {
    let mut text = String::new();
    for name in names(folder)? {
        let hash = hash(&folder.join(&name), &mut |_| {})?;
        text += &format!("{hash}  {name}\n");
    }
    replace(&folder.join(MANIFEST), text.as_bytes())
}

/// Compares every file of the folder with the list, in the order of their names. `progress` is told
/// each piece that was hashed. `None` if there is no list: the visit was not closed.
///
/// # Errors
///
/// What the system says, or that the list is none.
pub fn check(
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Option<Vec<(String, Fate)>>> {
    let text = match fs::read(folder.join(MANIFEST)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut fates = Vec::new();
    // A damaged list must not look like files that were never there.
    for line in String::from_utf8_lossy(&text).lines() {
        let Some((expected, name)) = line.split_once("  ").filter(|(_, name)| is_plain(name))
        else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {line:?}")));
        };
        let path = folder.join(name);
        let fate = match path.is_file() {
            false => Fate::Missing,
            true if hash(&path, progress)? == expected => Fate::Same,
            true => Fate::Changed,
        };
        fates.push((name.to_owned(), fate));
    }
    for name in names(folder)? {
        if !fates.iter().any(|(known, _)| *known == name) {
            fates.push((name, Fate::Added));
        }
    }
    fates.sort();
    Ok(Some(fates))
}

impl PartialOrd for Fate {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fate {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

impl Fate {
    /// One word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Added => "added",
        }
    }
}

/// A name in this folder, and no way out of it.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\']) && name != ".." && name != "."
}

/// Files of the folder but the list itself, what may be deleted, and what a crash left half written.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_listed = ![MANIFEST, OVERVIEW].contains(&name.as_str()) && !name.ends_with(".part");
        if entry.file_type()?.is_file() && is_listed {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// BLAKE3 of a file, in hexadecimal.
///
/// # Errors
///
/// What the system says.
pub fn hash(path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let len = match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..len]);
        progress(len as u64);
    }
}
