//! `person.json`: the one thing that is kept of a person beside their visits.

use std::fs;
use std::path::Path;

use levator_record::visit::replace;
use serde_json::{Value, json};

use crate::secret::MOST_DAYS;
use crate::{PersonCode, StoreError, error::At};

/// Name of the file in the folder of a person.
pub(crate) const FILE: &str = "person.json";

/// Version of it.
const VERSION: u64 = 1;

/// By how many days dates of a person move back; `None` if it is not known.
pub(crate) fn shift_days(folder: &Path) -> Option<u64> {
    days_of(&fs::read(folder.join(FILE)).ok()?)
}

/// The number of days in the text of such a file; `None` if there is none by which dates can move. One that
/// moves them by nothing would hide nothing.
pub(crate) fn days_of(text: &[u8]) -> Option<u64> {
    let value: Value = serde_json::from_slice(text).ok()?;
    value["date_shift_days"].as_u64().filter(|days| (1..=MOST_DAYS).contains(days))
}

/// Writes it, in place of what is there.
pub(crate) fn write(folder: &Path, code: &PersonCode, days: u64) -> Result<(), StoreError> {
    let value = json!({
        "format": VERSION,
        "code": code.as_str(),
        "date_shift_days": days,
    });
    let path = folder.join(FILE);
    let mut text = format!("{value:#}");
    text.push('\n');
    replace(&path, text.as_bytes()).at(&path)
}
