//! References in TOML: those of a file, and those that are built in.
//!
//! `docs/references.md` describes every key, `docs/clinical-basis.md` lists every number of those that
//! are built in.

use std::path::Path;

use levator_score::Reference;

use crate::raw_reference::{self, RawReference};
use crate::refusal::{ReadError, Refusal};

/// Largest file that is read, bytes. Our choice: a hundred times the longest that is built in.
const MAX_BYTES: u64 = 1 << 20;

macro_rules! built_in {
    ($($id:literal),+ $(,)?) => {
        &[$(($id, include_str!(concat!("../data/references/", $id, ".toml")))),+]
    };
}

/// Name and text of every reference that is built in, in the order they are listed to people.
pub const BUILT_IN: &[(&str, &str)] = built_in![
    "oleksy-2020",
    "kasper-2025",
    "white-1997",
    "fan-2024",
    "koenig-2017",
    "leitner-2019",
    "peritron",
    "peritron-repeatability",
    "reis-2024",
    "angelo-2017",
    "camtech-2017",
    "camtech-weak",
    "camtech-nulliparae",
    "camtech-pregnant",
    "camtech-post-partum",
    "anorectal-nulliparae",
    "anorectal-primiparae",
    "anorectal-korea-men-to-60",
    "anorectal-korea-men-over-60",
    "anorectal-korea-women-to-60",
    "anorectal-korea-women-over-60",
    "anorectal-hrm-women-under-50",
    "anorectal-hrm-women-from-50",
    "perez-martinez-2008",
];

/// The reference of this name that is built in.
#[must_use]
pub fn built_in(id: &str) -> Option<Reference> {
    let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id)?;
    Some(parse(text).expect("a test reads every reference that is built in"))
}

/// Every reference that is built in: hand all of them over, what does not fit is left aside.
#[must_use]
pub fn all() -> Vec<Reference> {
    BUILT_IN.iter().filter_map(|(id, _)| built_in(id)).collect()
}

/// Reads and checks a reference.
///
/// # Errors
///
/// Line, column and reason: what is no TOML, keys that are unknown or missing, words and numbers that
/// may not stand there, a confidence interval in place of a range, and whatever
/// [`Reference::new`] refuses.
pub fn parse(text: &str) -> Result<Reference, Refusal> {
    let raw: RawReference = toml::from_str(text).map_err(|error| Refusal::of_toml(text, &error))?;
    let pack =
        raw.into_pack().map_err(|fault| Refusal::at_path(text, &fault.path, &fault.reason))?;
    Reference::new(pack).map_err(|error| {
        Refusal::at_path(text, &raw_reference::path_of(&error), &error.to_string())
    })
}

/// Reads and checks the reference in a file.
///
/// # Errors
///
/// As [`parse`], with the file; and if it cannot be read, is larger than 1 MiB or no UTF-8.
pub fn read(path: &Path) -> Result<Reference, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
        return Err(io(std::io::Error::other("larger than 1 MiB, no reference is")));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    parse(&text).map_err(|refusal| ReadError::Refused { path: path.to_owned(), refusal })
}
