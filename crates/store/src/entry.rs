//! What a list shows of a visit.

use std::path::Path;

use levator_record::visit::about::AboutError;
use levator_record::visit::{About, JOURNAL, MANIFEST, State};
use serde_json::{Value, json};

use crate::{PersonCode, VisitName, place};

/// How far a visit got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Begun and not closed: it goes on, or the program was stopped.
    Recording,
    /// Closed as it should be.
    Closed,
    /// Put together again.
    Recovered,
    /// Taken in from a file of another program.
    Imported,
    /// Its description cannot be read.
    Unreadable,
}

const NAMES: [(Progress, &str); 5] = [
    (Progress::Recording, "recording"),
    (Progress::Closed, "closed"),
    (Progress::Recovered, "recovered"),
    (Progress::Imported, "imported"),
    (Progress::Unreadable, "unreadable"),
];

impl Progress {
    /// One word.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| name)
    }
}

/// What a list shows of a visit: what its `visit.json` says, in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Whose it is.
    pub person: PersonCode,
    /// Name of its folder.
    pub visit: VisitName,
    /// How far it got.
    pub progress: Progress,
    /// When it was opened, where that is known.
    pub opened_unix_ms: Option<u64>,
    /// How long it lasted, where that is known.
    pub duration_s: Option<f64>,
    /// What was measured with.
    pub device: Option<String>,
    /// What the person was asked to do.
    pub programme: Option<String>,
    /// How the person lay or stood.
    pub position: Option<String>,
    /// Where the probe was.
    pub site: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Kinds of signals.
    pub kinds: Vec<String>,
    /// The file it was taken from, by its name.
    pub source: Option<String>,
    /// BLAKE3 of the journal, or of the file it was taken from; `None` while it is not closed.
    pub blake3: Option<String>,
    /// Why its description cannot be read.
    pub trouble: Option<String>,
}

impl Entry {
    /// Looks into the folder of a visit.
    pub(crate) fn of(person: &PersonCode, visit: &VisitName, folder: &Path) -> Self {
        let mut entry = Self {
            person: person.clone(),
            visit: visit.clone(),
            progress: Progress::Unreadable,
            opened_unix_ms: None,
            duration_s: None,
            device: None,
            programme: None,
            position: None,
            site: None,
            notes: None,
            kinds: Vec::new(),
            source: None,
            blake3: None,
            trouble: None,
        };
        match About::read(folder) {
            Ok(about) => {
                entry.take(about);
                let original = entry.blake3.take();
                entry.blake3 = original.or_else(|| journal_hash(folder));
            }
            Err(AboutError::Io(error)) if place::is_gone(&error) => {
                entry.trouble = Some("visit.json is not there".to_owned());
            }
            Err(error) => entry.trouble = Some(format!("visit.json {error}")),
        }
        entry
    }

    fn take(&mut self, about: About) {
        let found = &about.found;
        self.progress = match (about.state, &about.imported) {
            (_, Some(_)) => Progress::Imported,
            (State::Recording, None) => Progress::Recording,
            (State::Closed, None) => Progress::Closed,
            (State::Recovered, None) => Progress::Recovered,
        };
        self.opened_unix_ms = Some(about.header.opened_unix_ms).filter(|ms| *ms > 0);
        let word =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.device = word(&found.device["described"]["name"])
            .or_else(|| Some(about.header.device.clone()).filter(|name| !name.is_empty()));
        self.programme = about
            .header
            .config
            .course
            .as_ref()
            .map(|course| course.programme.definition().id.clone());
        self.duration_s = found.recording["closed_at_s"].as_f64();
        let mut kinds: Vec<String> = found.device["streams"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|stream| word(&stream["kind"]))
            .collect();
        if let Some(imported) = &about.imported {
            self.source = word(&imported["file"]);
            self.blake3 = word(&imported["blake3"]);
            self.duration_s = imported["duration_s"].as_f64();
            let signals = imported["signals"].as_array();
            kinds = signals.into_iter().flatten().filter_map(|one| word(&one["kind"])).collect();
        }
        kinds.sort();
        kinds.dedup();
        self.kinds = kinds;
        (self.position, self.site, self.notes) = (about.position, about.site, about.notes);
    }

    /// Whether a text stands in one of its words, capital letters or not.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let words = [
            Some(self.person.as_str()),
            Some(self.visit.as_str()),
            Some(self.progress.name()),
            self.device.as_deref(),
            self.programme.as_deref(),
            self.position.as_deref(),
            self.site.as_deref(),
            self.notes.as_deref(),
            self.source.as_deref(),
        ];
        let kinds = self.kinds.iter().map(String::as_str);
        words.into_iter().flatten().chain(kinds).any(|word| word.to_lowercase().contains(&text))
    }

    /// As JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "person": self.person.as_str(),
            "visit": self.visit.as_str(),
            "state": self.progress.name(),
            "opened_unix_ms": self.opened_unix_ms,
            "duration_s": self.duration_s,
            "device": self.device,
            "programme": self.programme,
            "position": self.position,
            "site": self.site,
            "notes": self.notes,
            "kinds": self.kinds,
            "source": self.source,
            "blake3": self.blake3,
            "trouble": self.trouble,
        })
    }

    /// The reverse; `None` if that is none.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let word = |key: &str| value[key].as_str().map(str::to_owned);
        let state = value["state"].as_str()?;
        let kinds = value["kinds"].as_array()?.iter();
        Some(Self {
            person: PersonCode::new(value["person"].as_str()?).ok()?,
            visit: VisitName::new(value["visit"].as_str()?).ok()?,
            progress: NAMES.iter().find(|(_, name)| *name == state)?.0,
            opened_unix_ms: value["opened_unix_ms"].as_u64(),
            duration_s: value["duration_s"].as_f64(),
            device: word("device"),
            programme: word("programme"),
            position: word("position"),
            site: word("site"),
            notes: word("notes"),
            kinds: kinds.filter_map(|kind| kind.as_str().map(str::to_owned)).collect(),
            source: word("source"),
            blake3: word("blake3"),
            trouble: word("trouble"),
        })
    }
}

/// The hash of the journal, as the manifest has it.
fn journal_hash(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(MANIFEST)).ok()?;
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.into_iter().find(|(_, name)| *name == JOURNAL).map(|(hash, _)| hash.to_owned())
}
