//! What is known before the first input: who records, what, when, and with which settings.

use core::fmt;

use levator_engine::EngineConfig;
use serde_json::{Value, json};

use crate::block::FORMAT_VERSION;
use crate::settings;

/// The first block of a recording. Host time zero is the moment `opened_unix_ms`.
///
/// It holds nothing about the person: whom the recording belongs to is for the caller to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Name and version of the program that records, as in `levator 0.1.0`.
    pub tool: String,
    /// Major and minor version of the wire the program speaks; nought for an imported file.
    pub wire: [u8; 2],
    /// When the recording was opened: milliseconds since 1970-01-01 00:00 UTC, as the host's wall
    /// clock had it. Zero if that is not to be known.
    pub opened_unix_ms: u64,
    /// What a person calls the device; may be empty.
    pub device: String,
    /// Port or file the inputs come from; may be empty.
    pub port: String,
    /// Settings the recording was made with. An analysis uses them again.
    pub config: EngineConfig,
}

impl Header {
    /// The payload of the header block. Keys stand in alphabetical order here, so that the bytes are
    /// the same whether or not the JSON library sorts them.
    pub(crate) fn to_json(&self) -> String {
        let Self { tool, wire: [major, minor], opened_unix_ms, device, port, config } = self;
        json!({
            "config": settings::to_value(config),
            "device": device,
            "format": FORMAT_VERSION,
            "opened_unix_ms": opened_unix_ms,
            "port": port,
            "tool": tool,
            "wire": { "major": major, "minor": minor },
        })
        .to_string()
    }

    pub(crate) fn from_json(json: &[u8]) -> Result<Self, HeaderError> {
        let value = serde_json::from_slice(json).or(refuse("header", "JSON"))?;
        let [format, tool, wire, opened, device, port, config] = object(
            &value,
            "header",
            ["format", "tool", "wire", "opened_unix_ms", "device", "port", "config"],
        )?;
        let format = integer::<u16>(format, "format")?;
        if !(1..=FORMAT_VERSION).contains(&format) {
            return refuse("format", "the version of the file");
        }
        let [major, minor] = object(wire, "wire", ["major", "minor"])?;
        Ok(Self {
            tool: text(tool, "tool")?.to_owned(),
            wire: [integer(major, "wire.major")?, integer(minor, "wire.minor")?],
            opened_unix_ms: integer(opened, "opened_unix_ms")?,
            device: text(device, "device")?.to_owned(),
            port: text(port, "port")?.to_owned(),
            config: settings::from_value(config, format)?,
        })
    }
}

/// A header that is undamaged and cannot be understood: another program wrote it, or it was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderError {
    /// Which field.
    pub field: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not {}", self.field, self.expected)
    }
}

impl core::error::Error for HeaderError {}

pub(crate) fn refuse<T>(field: &'static str, expected: &'static str) -> Result<T, HeaderError> {
    Err(HeaderError { field, expected })
}

/// The values of exactly these keys. A key we do not know may be a setting we would fail to honour,
/// so it is refused like one that is missing.
pub(crate) fn object<'a, const N: usize>(
    value: &'a Value,
    field: &'static str,
    keys: [&str; N],
) -> Result<[&'a Value; N], HeaderError> {
    const EXPECTED: &str = "an object with the keys of this version";
    let Some(map) = value.as_object().filter(|map| map.len() == N) else {
        return refuse(field, EXPECTED);
    };
    let mut values = [&Value::Null; N];
    for (slot, key) in values.iter_mut().zip(keys) {
        let Some(found) = map.get(key) else { return refuse(field, EXPECTED) };
        *slot = found;
    }
    Ok(values)
}

pub(crate) fn text<'a>(value: &'a Value, field: &'static str) -> Result<&'a str, HeaderError> {
    value.as_str().map_or(refuse(field, "a text"), Ok)
}

pub(crate) fn integer<T: TryFrom<u64>>(
    value: &Value,
    field: &'static str,
) -> Result<T, HeaderError> {
    match value.as_u64().map(T::try_from) {
        Some(Ok(number)) => Ok(number),
        _ => refuse(field, "a whole number in range"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support;

    #[test]
    fn a_header_comes_back_as_it_was() {
        let header = Header {
            tool: "levator \"0.1\"\n".to_owned(),
            wire: [1, 255],
            opened_unix_ms: u64::MAX,
            device: "Sonde 3 für Übungen".to_owned(),
            port: "\\\\.\\COM7".to_owned(),
            config: EngineConfig::device(),
        };
        assert_eq!(Header::from_json(header.to_json().as_bytes()), Ok(header));
    }

    #[test]
    fn a_missing_or_unknown_key_is_refused_by_name() {
        let json = support::header().to_json();
        let with = |from: &str, to: &str| {
            assert!(json.contains(from), "{json}");
            Header::from_json(json.replacen(from, to, 1).as_bytes()).expect_err("changed").field
        };
        assert_eq!(with("\"tool\"", "\"tolo\""), "header");
        assert_eq!(with("\"minor\"", "\"patch\""), "wire");
        assert_eq!(with("\"mains\"", "\"notch\""), "config");
        assert_eq!(with("{\"config\"", "{\"more\":1,\"config\""), "header");
        assert_eq!(with("\"major\":1", "\"major\":-1"), "wire.major");
        assert_eq!(with("\"major\":1", "\"major\":256"), "wire.major");
        assert_eq!(with("\"format\":5", "\"format\":6"), "format");
        assert_eq!(with("\"format\":5", "\"format\":1"), "config");
        assert_eq!(with("}", ""), "header");
    }
}
