//! Programmes in TOML: those of a file, and those that are built in.
//!
//! `docs/programmes.md` describes every key.

use std::path::Path;

use levator_programme::{Definition, Programme};

use crate::raw::{self, RawProgramme};
use crate::refusal::{ReadError, Refusal};

/// Largest file that is read, bytes. Our choice: a hundred times the longest that is built in.
const MAX_BYTES: u64 = 1 << 20;

macro_rules! built_in {
    ($($id:literal),+ $(,)?) => {
        &[$(($id, include_str!(concat!("../data/programmes/", $id, ".toml")))),+]
    };
}

/// Name and text of every programme that is built in, in the order they are listed to people.
pub const BUILT_IN: &[(&str, &str)] = built_in![
    "first-visit",
    "glazer",
    "glazer-10s",
    "perry",
    "ten-ten-ten",
    "perfect",
    "push",
    "iapwg",
    "iapwg-short",
    "breathing",
    "contract-long-relax",
    "release-practice",
    "down-training",
    "strengthening-lying",
    "strengthening-sitting",
    "strengthening-standing",
    "strengthening-long",
    "positions",
    "free-run",
];

/// Where a programme comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It asks and judges as this one that is built in.
    BuiltIn(&'static str),
    /// It has the name of this one that is built in, and asks or judges something else.
    Modified(&'static str),
    /// It is somebody's own.
    Own,
}

/// The programme of this name that is built in.
#[must_use]
pub fn built_in(id: &str) -> Option<Programme> {
    let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id)?;
    Some(parse(text).expect("a test reads every programme that is built in"))
}

/// Compares a programme with those that are built in, by its stamp.
#[must_use]
pub fn origin(programme: &Programme) -> Origin {
    let stamp = programme.stamp();
    let same = |id: &str| built_in(id).is_some_and(|one| one.stamp() == stamp);
    if let Some((id, _)) = BUILT_IN.iter().find(|(id, _)| same(id)) {
        return Origin::BuiltIn(id);
    }
    let named = BUILT_IN.iter().find(|(id, _)| *id == programme.definition().id);
    named.map_or(Origin::Own, |(id, _)| Origin::Modified(id))
}

/// Reads and checks a programme.
///
/// # Errors
///
/// Line, column and reason: what is no TOML, keys that are unknown or missing, words and numbers that
/// may not stand there, and whatever [`Programme::new`] refuses.
pub fn parse(text: &str) -> Result<Programme, Refusal> {
    let raw: RawProgramme = toml::from_str(text).map_err(|error| Refusal::of_toml(text, &error))?;
    let definition = raw
        .into_definition()
        .map_err(|fault| Refusal::at_path(text, &fault.path, &fault.reason))?;
    Programme::new(definition)
        .map_err(|error| Refusal::at_path(text, &raw::path_of(&error), &error.to_string()))
}

/// Reads and checks the programme in a file.
///
/// # Errors
///
/// As [`parse`], with the file; and if it cannot be read, is larger than 1 MiB or no UTF-8.
pub fn read(path: &Path) -> Result<Programme, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
        return Err(io(std::io::Error::other("larger than 1 MiB, no programme is")));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    parse(&text).map_err(|refusal| ReadError::Refused { path: path.to_owned(), refusal })
}

/// The text of a file with this programme: [`parse`] gives it back, with the same stamp.
///
/// Limits of ratios keep six decimals of a percent.
#[must_use]
pub fn to_toml(definition: &Definition) -> String {
    toml::to_string(&RawProgramme::of(definition)).expect("these types have a form in TOML")
}
