//! Devices of others in TOML: those of a file, and those that are built in.
//!
//! `docs/devices.md` lists those that are built in and describes every key.

use std::path::Path;

use levator_decode::foreign::{
    Channel, Column, Description, Framing, Layout, MAX_COLUMNS, Say, TextShape,
};
use levator_signal::{Calibration, SampleRate, SignalKind, Unit};
use serde::Deserialize;

use crate::refusal::{Key, ReadError, Refusal};

/// Largest file that is read, bytes. Our choice: a hundred times the longest that is built in.
const MAX_BYTES: u64 = 1 << 20;

macro_rules! built_in {
    ($($id:literal),+ $(,)?) => {
        &[$(($id, include_str!(concat!("../data/devices/", $id, ".toml")))),+]
    };
}

/// Name and text of every device that is built in, in the order they are listed to people.
pub const BUILT_IN: &[(&str, &str)] = built_in![
    "text",
    "text-pressure",
    "nogasm",
    "edge-o-matic",
    "mprls",
    "bioamp-envelope",
    "chords-uno",
    "chords-uno-r4",
    "bitalino",
    "bitalino-simulated",
    "cyton",
    "firmata",
    "spikershield",
    "flexvolt",
];

/// What is done with the line DTR when the port is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dtr {
    /// Raised.
    Raise,
    /// Lowered, RTS too.
    Lower,
    /// Left as the system sets it.
    Leave,
}

/// A device of others: how it is connected, and what it sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Short name for the command line.
    pub id: String,
    /// What it is, in a sentence or two.
    pub about: String,
    /// Where the facts come from.
    pub source: String,
    /// Speed of the port.
    pub baud: u32,
    /// What is done with DTR.
    pub dtr: Dtr,
    /// Name of the device among references; empty where none fits.
    pub profile: String,
    /// Stream, channel and role of the channels that have one.
    pub roles: Vec<(u8, u8, String)>,
    /// What the decoder needs.
    pub description: Description,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDevice {
    id: String,
    name: String,
    about: String,
    source: String,
    rate_hz: f64,
    #[serde(default)]
    start: Vec<String>,
    #[serde(default)]
    stop: Vec<String>,
    #[serde(default)]
    profile: String,
    line: RawLine,
    framing: RawFraming,
    #[serde(default)]
    layout: Vec<RawLayout>,
    channel: Vec<RawChannel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    baud: u32,
    dtr: Dtr,
    #[serde(default)]
    boot_wait_s: f64,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum RawFraming {
    Text,
    Chords { channels: u8, bits: u8 },
    Bitalino { channels: u8 },
    Cyton,
    Firmata { inputs: Vec<u8>, bits: u8 },
    BackyardBrains { channels: u8, bits: u8 },
    Flexvolt,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLayout {
    #[serde(default)]
    name: String,
    #[serde(default)]
    fields: usize,
    columns: Vec<RawColumn>,
    #[serde(default)]
    words: Vec<RawWords>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    column: usize,
    one_of: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawColumn {
    Place(usize),
    Label(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChannel {
    #[serde(default)]
    column: u8,
    label: String,
    kind: String,
    unit: String,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    offset: f64,
    range: Option<(f64, f64)>,
    rails: Option<(f64, f64)>,
    role: Option<String>,
}

const fn one() -> f64 {
    1.0
}

/// Names of roles that a channel may have.
const ROLES: [&str; 4] = ["pelvic-emg", "abdominal-emg", "pelvic-pressure", "abdominal-pressure"];

/// The device of this name that is built in.
#[must_use]
pub fn built_in(id: &str) -> Option<Device> {
    let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id)?;
    Some(parse(text).expect("a test reads every device that is built in"))
}

/// Reads and checks a device.
///
/// # Errors
///
/// Line, column and reason: what is no TOML, keys that are unknown or missing, words and numbers that
/// may not stand there, and whatever [`Description::check`] refuses.
pub fn parse(text: &str) -> Result<Device, Refusal> {
    let raw: RawDevice = toml::from_str(text).map_err(|error| Refusal::of_toml(text, &error))?;
    raw.into_device(text).map_err(|(path, reason)| Refusal::at_path(text, &path, &reason))
}

/// Reads and checks the device in a file.
///
/// # Errors
///
/// As [`parse`], with the file; and if it cannot be read, is larger than 1 MiB or no UTF-8.
pub fn read(path: &Path) -> Result<Device, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
        return Err(io(std::io::Error::other("larger than 1 MiB, no device is")));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    parse(&text).map_err(|refusal| ReadError::Refused { path: path.to_owned(), refusal })
}

type Fault = (Vec<Key>, String);

impl RawDevice {
    fn into_device(self, text: &str) -> Result<Device, Fault> {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || self.id.len() > 40 || !self.id.chars().all(is_word) {
            let reason = "must be 1 to 40 small letters, digits and hyphens".to_owned();
            return Err((vec![Key::Name("id")], reason));
        }
        if self.name.trim().is_empty() || self.name.contains(char::is_control) {
            return Err((vec![Key::Name("name")], "must be one line of text".to_owned()));
        }
        let rate = SampleRate::from_hz(self.rate_hz)
            .filter(|_| (0.1..=20_000.0).contains(&self.rate_hz))
            .ok_or_else(|| (vec![Key::Name("rate_hz")], "must be 0.1 to 20000".to_owned()))?;
        if !(50..=4_000_000).contains(&self.line.baud) {
            let path = vec![Key::Name("line"), Key::Name("baud")];
            return Err((path, "must be 50 to 4000000".into()));
        }
        let mut channels = Vec::new();
        for (at, channel) in self.channel.iter().enumerate() {
            channels.push(channel.check(at)?);
        }
        let framing = self.framing.into_framing(self.layout)?;
        check_columns(&framing, &channels)?;
        let description = Description {
            name: self.name,
            framing,
            rate,
            channels,
            start: say("start", &self.start)?,
            stop: say("stop", &self.stop)?,
            boot_wait_s: self.line.boot_wait_s,
            text: text.to_owned(),
        };
        let count = description.frame_columns();
        if !matches!(description.framing, Framing::Text(_))
            && let Some(at) =
                description.channels.iter().position(|one| usize::from(one.column) >= count)
        {
            let column = description.channels[at].column;
            let path = vec![Key::Name("channel"), Key::Index(at), Key::Name("column")];
            return Err((path, format!("column {column} does not exist: a frame has {count}")));
        }
        if !(0.0..=30.0).contains(&description.boot_wait_s) {
            let path = vec![Key::Name("line"), Key::Name("boot_wait_s")];
            return Err((path, "must be 0 to 30 s".to_owned()));
        }
        description.check().map_err(|reason| (vec![Key::Name("framing")], reason))?;
        for (key, list) in [("start", &description.start), ("stop", &description.stop)] {
            if list.iter().any(|one| one.words(&description).as_slice().is_empty()) {
                let reason = "belongs to another framing".to_owned();
                return Err((vec![Key::Name(key)], reason));
            }
        }
        let roles = roles(&description, &self.channel);
        Ok(Device {
            id: self.id,
            about: self.about,
            source: self.source,
            baud: self.line.baud,
            dtr: self.line.dtr,
            profile: self.profile,
            roles,
            description,
        })
    }
}

/// What [`Description::check`] refuses of columns and layouts, with the place in the file where it stands.
fn check_columns(framing: &Framing, channels: &[Channel]) -> Result<(), Fault> {
    let Framing::Text(shape) = framing else { return Ok(()) };
    for (at, layout) in shape.layouts.iter().enumerate() {
        let path = |key| vec![Key::Name("layout"), Key::Index(at), Key::Name(key)];
        if layout.columns.len() != channels.len() {
            let (have, need) = (layout.columns.len(), channels.len());
            let reason =
                format!("a layout has one column for each of the {need} channels, not {have}");
            return Err((path("columns"), reason));
        }
        if layout.fields > MAX_COLUMNS {
            return Err((path("fields"), format!("a line has at most {MAX_COLUMNS} fields")));
        }
        let limit = if layout.fields == 0 { MAX_COLUMNS } else { layout.fields };
        let behind =
            |place: &usize| format!("column {place} lies behind the last of {limit} fields");
        for (number, column) in layout.columns.iter().enumerate() {
            if let Column::Place(place) = column
                && *place >= limit
            {
                let path = [path("columns"), vec![Key::Index(number)]].concat();
                return Err((path, behind(place)));
            }
        }
        for (number, (place, _)) in layout.words.iter().enumerate() {
            if *place >= limit {
                let path = [path("words"), vec![Key::Index(number), Key::Name("column")]].concat();
                return Err((path, behind(place)));
            }
        }
    }
    Ok(())
}

/// Where each channel with a role ended up among the streams.
fn roles(description: &Description, channels: &[RawChannel]) -> Vec<(u8, u8, String)> {
    let places = description
        .streams()
        .into_iter()
        .flat_map(|info| (0..info.channel_count).map(move |channel| (info.stream, channel)));
    let role = |((stream, channel), raw): ((u8, u8), &RawChannel)| {
        raw.role.clone().map(|role| (stream, channel, role))
    };
    places.zip(channels).filter_map(role).collect()
}

fn say(key: &'static str, names: &[String]) -> Result<Vec<Say>, Fault> {
    let find = |(at, name): (usize, &String)| {
        let found = Say::NAMES.iter().find(|(_, known)| known == name);
        found.map(|(say, _)| *say).ok_or_else(|| {
            let known: Vec<&str> = Say::NAMES.iter().map(|(_, name)| *name).collect();
            let path = vec![Key::Name(key), Key::Index(at)];
            (path, format!("{name:?} cannot be said; known are {}", known.join(", ")))
        })
    };
    names.iter().enumerate().map(find).collect()
}

impl RawFraming {
    fn into_framing(self, layouts: Vec<RawLayout>) -> Result<Framing, Fault> {
        if !matches!(self, Self::Text) && !layouts.is_empty() {
            return Err((vec![Key::Name("layout")], "only text has layouts".into()));
        }
        Ok(match self {
            Self::Text => {
                let layouts = layouts.into_iter().map(RawLayout::into_layout).collect();
                Framing::Text(TextShape { layouts })
            }
            Self::Chords { channels, bits } => Framing::Chords { channels, bits },
            Self::Bitalino { channels } => Framing::Bitalino { channels },
            Self::Cyton => Framing::Cyton,
            Self::Firmata { inputs, bits } => Framing::Firmata { inputs, bits },
            Self::BackyardBrains { channels, bits } => Framing::BackyardBrains { channels, bits },
            Self::Flexvolt => Framing::FlexVolt,
        })
    }
}

impl RawLayout {
    fn into_layout(self) -> Layout {
        let column = |column| match column {
            RawColumn::Place(place) => Column::Place(place),
            RawColumn::Label(label) => Column::Label(label),
        };
        Layout {
            name: self.name,
            fields: self.fields,
            columns: self.columns.into_iter().map(column).collect(),
            words: self.words.into_iter().map(|one| (one.column, one.one_of)).collect(),
        }
    }
}

impl RawChannel {
    fn check(&self, at: usize) -> Result<Channel, Fault> {
        let fault = |key, reason: String| {
            (vec![Key::Name("channel"), Key::Index(at), Key::Name(key)], reason)
        };
        let kind = SignalKind::from_name(&self.kind)
            .ok_or_else(|| fault("kind", "must be emg, emg-envelope, pressure or other".into()))?;
        let unit = Unit::from_symbol(&self.unit).ok_or_else(|| {
            let known: Vec<&str> = Unit::ALL.iter().map(|unit| unit.symbol()).collect();
            fault("unit", format!("must be one of {}", known.join(", ")))
        })?;
        let calibration = Calibration::new(self.scale, self.offset)
            .ok_or_else(|| fault("scale", "must be a finite number and not 0".into()))?;
        for (key, pair) in [("range", self.range), ("rails", self.rails)] {
            if pair.is_some_and(|(low, high)| !(low.is_finite() && high.is_finite() && low < high))
            {
                return Err(fault(key, "must be a lower and a higher number".into()));
            }
        }
        if let Some(role) = &self.role
            && !ROLES.contains(&role.as_str())
        {
            return Err(fault("role", format!("must be one of {}", ROLES.join(", "))));
        }
        let Self { column, range, rails, .. } = *self;
        Ok(Channel { column, label: self.label.clone(), kind, unit, calibration, range, rails })
    }
}

/// The page `docs/devices.md`.
#[must_use]
pub fn render() -> String {
    use core::fmt::Write;
    let mut page = String::from(include_str!("../data/devices/page.md"));
    for (id, text) in BUILT_IN {
        let Ok(device) = parse(text) else { continue };
        let description = &device.description;
        // Writing to a text cannot fail.
        let _ = write!(page, "\n## {}: `--device {id}`\n\n{}\n\n", description.name, device.about);
        let _ =
            writeln!(page, "- Line: {} baud, nominal {} Hz.", device.baud, description.rate.hz());
        let counter = if description.has_counter() {
            "Frames are counted, so every loss is."
        } else {
            "Nothing is counted, so losses are estimated by time and by lines or frames that were damaged."
        };
        let _ = writeln!(page, "- Protection: {}. {counter}", description.integrity().words());
        let said: Vec<&str> = Say::NAMES
            .iter()
            .filter(|(say, _)| description.start.contains(say) || description.stop.contains(say))
            .map(|(_, name)| *name)
            .collect();
        let said = if said.is_empty() { "nothing".to_owned() } else { said.join(", ") };
        let _ = writeln!(page, "- Said to it: {said}.");
        let _ = writeln!(page, "- Source: {}", device.source);
        let _ = writeln!(page, "\n| channel | kind | one count is | zero at |\n|---|---|---|---|");
        for channel in &description.channels {
            let Calibration { scale, offset_counts } = channel.calibration;
            let _ = writeln!(
                page,
                "| {} | {} | {scale} {} | {offset_counts} |",
                channel.label,
                channel.kind.name(),
                channel.unit
            );
        }
    }
    page
}
