//! `person.json`: the one thing that is kept of a person beside their visits.

use std::fs;
use std::path::Path;

use levator_record::visit::replace;
use serde_json::{Value, json};

use crate::{PersonCode, Secret, StoreError, error::At};

/// Name of the file in the folder of a person.
pub(crate) const FILE: &str = "person.json";

/// Version of it.
const VERSION: u64 = 1;

/// By how many days dates of a person move back; `None` if it is not known.
pub(crate) fn shift_days(folder: &Path) -> Option<u64> {
    let text = fs::read(folder.join(FILE)).ok()?;
    let value: Value = serde_json::from_slice(&text).ok()?;
    value["date_shift_days"].as_u64()
}

/// Writes it for a person who is new.
pub(crate) fn write(folder: &Path, code: &PersonCode, secret: &Secret) -> Result<(), StoreError> {
    let value = json!({
        "format": VERSION,
        "code": code.as_str(),
        "date_shift_days": secret.days(code.as_str()),
    });
    let path = folder.join(FILE);
    let mut text = format!("{value:#}");
    text.push('\n');
    replace(&path, text.as_bytes()).at(&path)
}
