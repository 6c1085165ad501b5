//! `visit.json`: who, what, when and with what.

use std::path::Path;
use std::{fs, io};

use levator_decode::{DeviceInfo, StreamInfo};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::date::utc_text;
use super::file::replace;
use super::{ABOUT, SignalsFile};
use crate::damage::Totals;
use crate::header::{Header, HeaderError};

/// Version of `visit.json` that is written, and the newest that is read.
pub const VERSION: u64 = 1;

/// What is known of a visit beside its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// How far it got.
    pub state: State,
    /// Whose visit it is: a number or a pseudonym.
    pub person: Option<String>,
    /// What a hospital would write on a file. Unknown unless somebody says it.
    pub patient: Patient,
    /// How the person lay or stood.
    pub position: Option<String>,
    /// Where the probe was.
    pub site: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// What the visit is held against, by name.
    pub reference: Option<String>,
    /// The header of the journal, once more: should its first block be lost, it is made again from this.
    pub header: Header,
    /// Filled in at the end.
    pub found: Found,
    /// How long it took from the wire to the eye, measured while it ran: it cannot be computed again.
    pub latency: Option<Value>,
    /// For a visit that was put together again after a crash or from a damaged folder.
    pub recovered: Option<Value>,
    /// For a visit that was taken in from a file of another program, which lies beside this document: its
    /// name, what it holds, and how it was read.
    pub imported: Option<Value>,
}

/// How far a visit got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It was begun and not closed: it goes on, or the program was stopped.
    Recording,
    /// It was closed as it should be.
    Closed,
    /// It was put together again.
    Recovered,
}

const STATES: [(State, &str); 3] =
    [(State::Recording, "recording"), (State::Closed, "closed"), (State::Recovered, "recovered")];

impl State {
    /// One word.
    #[must_use]
    pub fn name(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

/// The four words of EDF+ on a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patient {
    /// Number at the place of care.
    pub code: Option<String>,
    /// `F` or `M`.
    pub sex: Option<String>,
    /// Date of birth.
    pub birthdate: Option<String>,
    /// Name.
    pub name: Option<String>,
}

/// What is known at the end only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The device and its streams with their calibrations.
    pub device: Value,
    /// Files of samples.
    pub signals: Value,
    /// How much was recorded, and what could not be.
    pub recording: Value,
}

impl About {
    /// A visit that begins: nothing is known of the person.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self {
            state: State::Recording,
            person: None,
            patient: Patient::default(),
            position: None,
            site: None,
            notes: None,
            reference: None,
            header,
            found: Found::default(),
            latency: None,
            recovered: None,
            imported: None,
        }
    }

    /// Adds what is known at the end.
    pub fn finish(
        &mut self,
        device: Option<&DeviceInfo>,
        streams: &[StreamInfo],
        files: &[SignalsFile],
        totals: &Totals,
        missing_input_count: u64,
    ) {
        self.found = Found {
            device: json!({
                "described": device.map(described),
                "streams": streams.iter().map(stream).collect::<Vec<_>>(),
            }),
            signals: files.iter().map(file).collect(),
            recording: json!({
                "closed_at_s": totals.closed_at.as_secs_f64(),
                "input_count": totals.input_count,
                "device_byte_count": totals.device_byte_count,
                "missing_input_count": missing_input_count,
            }),
        };
    }

    /// The document.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let Patient { code, sex, birthdate, name } = &self.patient;
        let header = serde_json::from_str::<Value>(&self.header.to_json()).unwrap_or_default();
        let course = self.header.config.course.as_ref();
        let opened = self.header.opened_unix_ms;
        json!({
            "format": VERSION,
            "state": self.state.name(),
            "tool": self.header.tool,
            "opened_utc": (opened > 0).then(|| utc_text(opened)),
            "person": self.person,
            "patient": { "code": code, "sex": sex, "birthdate": birthdate, "name": name },
            "position": self.position,
            "site": self.site,
            "notes": self.notes,
            "reference": self.reference,
            "programme": course.map(|course| json!({
                "id": course.programme.definition().id,
                "stamp": course.programme.stamp().to_string(),
            })),
            "device": self.found.device,
            "signals": self.found.signals,
            "recording": self.found.recording,
            "latency": self.latency,
            "recovered": self.recovered,
            "imported": self.imported,
            "journal_header": header,
        })
    }

    /// Reads a document. Keys that are not known are passed over.
    ///
    /// # Errors
    ///
    /// [`AboutError`].
    pub fn from_json(json: &[u8]) -> Result<Self, AboutError> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| AboutError::Json { reason: error.to_string() })?;
        let map = value.as_object().ok_or(AboutError::Key { key: "format" })?;
        match map.get("format").and_then(Value::as_u64) {
            Some(1..=VERSION) => {}
            Some(found) => return Err(AboutError::Newer { found }),
            None => return Err(AboutError::Key { key: "format" }),
        }
        let state = map.get("state").and_then(Value::as_str);
        let state = STATES.into_iter().find(|(_, name)| Some(*name) == state);
        let patient = map.get("patient").and_then(Value::as_object).cloned().unwrap_or_default();
        let header = map.get("journal_header").ok_or(AboutError::Key { key: "journal_header" })?;
        let part = |key: &str| map.get(key).cloned().unwrap_or_default();
        let told = |key: &str| map.get(key).filter(|value| !value.is_null()).cloned();
        Ok(Self {
            state: state.ok_or(AboutError::Key { key: "state" })?.0,
            person: text(map, "person")?,
            patient: Patient {
                code: text(&patient, "code")?,
                sex: text(&patient, "sex")?,
                birthdate: text(&patient, "birthdate")?,
                name: text(&patient, "name")?,
            },
            position: text(map, "position")?,
            site: text(map, "site")?,
            notes: text(map, "notes")?,
            reference: text(map, "reference")?,
            header: Header::from_json(header.to_string().as_bytes())?,
            found: Found {
                device: part("device"),
                signals: part("signals"),
                recording: part("recording"),
            },
            latency: told("latency"),
            recovered: told("recovered"),
            imported: told("imported"),
        })
    }

    /// Reads the document of the visit in `folder`.
    ///
    /// # Errors
    ///
    /// [`AboutError`].
    pub fn read(folder: &Path) -> Result<Self, AboutError> {
        Self::from_json(&fs::read(folder.join(ABOUT))?)
    }

    /// Writes the document of the visit in `folder`, in place of what is there.
    ///
    /// # Errors
    ///
    /// What the system says; what was there before is there still.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(&self.to_value())?;
        text.push('\n');
        replace(&folder.join(ABOUT), text.as_bytes())
    }
}

/// Why a `visit.json` is not understood.
#[derive(Debug, Error)]
pub enum AboutError {
    /// It cannot be read.
    #[error("cannot be read")]
    Io(#[from] io::Error),
    /// No JSON.
    #[error("is no JSON: {reason}")]
    Json {
        /// What is wrong with it.
        reason: String,
    },
    /// A newer program wrote it.
    #[error("has format {found}, newer than this program reads ({VERSION}): update levator")]
    Newer {
        /// Its version.
        found: u64,
    },
    /// A key is missing or is not what it should be.
    #[error("has no {key} that is understood")]
    Key {
        /// Which.
        key: &'static str,
    },
    /// The header of the journal is not understood.
    #[error("journal_header: {0}")]
    Header(#[from] HeaderError),
}

fn text(map: &Map<String, Value>, key: &'static str) -> Result<Option<String>, AboutError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(AboutError::Key { key }),
    }
}

fn described(device: &DeviceInfo) -> Value {
    let DeviceInfo { name, model, uid, firmware: [major, minor, patch], .. } = device;
    let uid: String = uid.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "name": name.as_str(),
        "model": model,
        "serial": uid,
        "firmware": format!("{major}.{minor}.{patch}"),
    })
}

fn stream(info: &StreamInfo) -> Value {
    let count = usize::from(info.channel_count).min(info.calibrations.len());
    let calibrations = info.calibrations[..count].iter();
    let calibrations = calibrations.map(|calibration| {
        json!({ "unit_per_count": calibration.scale, "zero_count": calibration.offset_counts })
    });
    json!({
        "stream": info.stream,
        "label": info.label.as_str(),
        "kind": info.kind.name(),
        "unit": info.unit.symbol(),
        "rate": { "scans": info.rate.scans(), "seconds": info.rate.seconds() },
        "rails": info.rails.map(|(low, high)| [low, high]),
        "device_delay_s": info.device_delay_s,
        "calibrations": calibrations.collect::<Vec<_>>(),
    })
}

fn file(file: &SignalsFile) -> Value {
    let written = &file.written;
    let channels = file.labels.iter().zip(&file.is_raw).zip(&written.signals);
    let channels = channels.map(|((label, is_raw), signal)| {
        json!({
            "label": label,
            "codes_of_device": is_raw,
            "clamped_count": signal.clamped_count,
            "nan_count": signal.nan_count,
        })
    });
    json!({
        "file": file.name,
        "stream": file.info.stream,
        "first_index": file.base,
        "sample_count": written.signals.first().map_or(0, |signal| signal.sample_count),
        "gap_count": written.gap_count,
        "filled_s": written.held_s,
        "continuous": !written.is_discontinuous,
        "channels": channels.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support;

    #[test]
    fn a_document_comes_back_as_it_was() {
        let mut about = About {
            person: Some("P-017".to_owned()),
            position: Some("lying".to_owned()),
            notes: Some("two\nlines, \"quoted\"".to_owned()),
            latency: Some(json!({ "delay": [] })),
            ..About::new(support::header())
        };
        about.finish(None, &[], &[], &Totals::default(), 3);
        let text = about.to_value().to_string();
        assert_eq!(About::from_json(text.as_bytes()).expect("ours"), about);
    }

    #[test]
    fn nothing_is_known_of_a_person_unless_it_is_said() {
        let value = About::new(support::header()).to_value();
        assert_eq!(value["person"], Value::Null);
        for key in ["code", "sex", "birthdate", "name"] {
            assert_eq!(value["patient"][key], Value::Null, "{key}");
        }
    }

    #[test]
    fn newer_and_broken_documents_are_refused_and_new_keys_are_not() {
        let value = About::new(support::header()).to_value();
        let with = |key: &str, new: Value| {
            let mut value = value.clone();
            value[key] = new;
            About::from_json(value.to_string().as_bytes())
        };
        assert!(matches!(with("format", json!(2)), Err(AboutError::Newer { found: 2 })));
        assert!(matches!(with("state", json!("odd")), Err(AboutError::Key { key: "state" })));
        assert!(matches!(with("notes", json!(7)), Err(AboutError::Key { key: "notes" })));
        assert!(matches!(with("journal_header", json!({})), Err(AboutError::Header(_))));
        assert!(with("colour", json!("green")).is_ok());
        assert!(matches!(About::from_json(b"{"), Err(AboutError::Json { .. })));
        assert!(matches!(About::from_json(b"[]"), Err(AboutError::Key { .. })));
    }
}
