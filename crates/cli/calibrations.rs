//! Calibrations of probes, kept by device: a file for each, for its owner only.

use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use levator_engine::{ChannelSummary, EngineConfig, KnownCalibration};
use levator_record::visit::replace;
use levator_signal::{Calibration, ChannelId, Unit};
use levator_store::make_folder;
use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::data::DataArgs;
use crate::failure::{Attempt, Code, Failure};
use crate::foreign::Choice;

/// Calibrations of a channel that are kept; the newest is the one that counts.
const MOST_KEPT: usize = 100;
/// After this long, a calibration is worth a word. Our choice: bridge sensors of this price drift by some
/// per cent in a month.
pub(crate) const STALE_DAYS: u64 = 30;
const DAY_S: u64 = 86_400;

/// Stands for the number of a device that has none, and a chip without one.
const ANY: &str = "any";

/// Where they are.
fn folder(data: &DataArgs) -> Result<PathBuf, Failure> {
    Ok(data.root()?.join("calibrations"))
}

/// A device as far as calibrations go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    /// `native`, or the description of a device of others.
    pub(crate) kind: String,
    /// What it says it is, or, for a device that says nothing, the serial number of its USB chip.
    pub(crate) id: String,
    /// Its name, for people.
    pub(crate) name: String,
}

/// All that is known of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    format: u32,
    pub(crate) device: Device,
    /// Oldest first.
    pub(crate) calibrations: Vec<Entry>,
}

/// One calibration of one channel: `value = (code - offset_counts) * scale`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) stream: u8,
    pub(crate) channel: u8,
    pub(crate) unit: String,
    pub(crate) scale: f64,
    pub(crate) offset_counts: f64,
    /// The known value, in the unit.
    pub(crate) reference: f64,
    /// Against what: `hand`, `manometer`, `step`.
    pub(crate) against: String,
    /// Seconds since 1970 when the scale was found.
    pub(crate) scaled_unix_s: u64,
    /// Seconds since 1970 when the zero was found.
    pub(crate) zeroed_unix_s: u64,
}

impl Entry {
    pub(crate) fn is_of(&self, id: ChannelId) -> bool {
        (self.stream, self.channel) == (id.stream, id.channel)
    }

    /// As the engine takes it.
    fn known(&self, uid: [u8; 8]) -> Option<KnownCalibration> {
        Some(KnownCalibration {
            uid,
            channel: ChannelId { stream: self.stream, channel: self.channel },
            calibration: Calibration::new(self.scale, self.offset_counts)?,
            unit: Unit::from_symbol(&self.unit)?,
            reference: self.reference,
            made_unix_s: self.zeroed_unix_s.min(self.scaled_unix_s),
        })
    }
}

impl Document {
    pub(crate) fn new(device: Device) -> Self {
        Self { format: 1, device, calibrations: Vec::new() }
    }

    /// The one that counts.
    pub(crate) fn newest(&self, id: ChannelId) -> Option<&Entry> {
        self.calibrations.iter().rev().find(|entry| entry.is_of(id))
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        // Of this channel alone: another one may have been calibrated long ago, and only then.
        let id = ChannelId { stream: entry.stream, channel: entry.channel };
        let count = self.calibrations.iter().filter(|known| known.is_of(id)).count();
        let mut excess = (count + 1).saturating_sub(MOST_KEPT);
        self.calibrations.retain(|known| {
            let goes = excess > 0 && known.is_of(id);
            excess -= usize::from(goes);
            !goes
        });
        self.calibrations.push(entry);
    }

    fn known(&self, uid: [u8; 8]) -> impl Iterator<Item = KnownCalibration> {
        let newest = self.calibrations.iter().enumerate().filter(|(place, entry)| {
            self.calibrations[place + 1..]
                .iter()
                .all(|later| (later.stream, later.channel) != (entry.stream, entry.channel))
        });
        newest.filter_map(move |(_, entry)| entry.known(uid))
    }
}

/// The number of a device in hexadecimal digits.
pub(crate) fn hex(uid: [u8; 8]) -> String {
    uid.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn uid_of(text: &str) -> Option<[u8; 8]> {
    let mut uid = [0; 8];
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in uid.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(uid)
}

/// A name for a file that holds for every text a device may say of itself.
fn file_name(device: &Device) -> String {
    let plain = |c: char| match c {
        'a'..='z' | '0'..='9' | '-' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        _ => '_',
    };
    let text: String =
        format!("{}-{}", device.kind, device.id).chars().map(plain).take(80).collect();
    format!("{text}.json")
}

/// What is known of `device`, and where it is kept.
pub(crate) fn find(data: &DataArgs, device: &Device) -> Result<(PathBuf, Document), Failure> {
    let path = folder(data)?.join(file_name(device));
    match fs::read(&path) {
        Ok(bytes) => Ok((path.clone(), parse(&path, &bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok((path, Document::new(device.clone())))
        }
        Err(error) => Err(error).attempt(Code::File, path.display()),
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Document, Failure> {
    let document: Document = serde_json::from_slice(bytes)
        .with_context(|| {
            format!(
                "{} is no file of calibrations; move it away and calibrate anew",
                path.display()
            )
        })
        .map_err(|error| Failure::new(Code::File, error))?;
    let is_sound = |entry: &Entry| entry.known([0; 8]).is_some();
    if document.format != 1 || !document.calibrations.iter().all(is_sound) {
        let error = anyhow!(
            "{} is of a later version, or holds numbers that calibrate nothing; move it away and \
             calibrate anew",
            path.display()
        );
        return Err(Failure::new(Code::File, error));
    }
    Ok(document)
}

/// Keeps it.
pub(crate) fn save(path: &Path, document: &Document) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        make_folder(folder).attempt(Code::Recording, folder.display())?;
    }
    let mut text = serde_json::to_vec_pretty(document).map_err(std::io::Error::from)?;
    text.push(b'\n');
    replace(path, &text).attempt(Code::Recording, path.display())
}

/// Gives the engine what is known of the devices that may be on the port.
///
/// A native device says only later who it is, so all of them are taken; a device of others never says
/// it, so it is known by its description and the serial number of its chip.
pub(crate) fn apply(
    data: &DataArgs,
    choice: &Choice,
    usb_serial: Option<&str>,
    config: &mut EngineConfig,
) -> Result<(), Failure> {
    // Without a home folder nothing was kept in one.
    let Ok(folder) = folder(data) else { return Ok(()) };
    let mut paths = match fs::read_dir(&folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .attempt(Code::File, folder.display())?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).attempt(Code::File, folder.display()),
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    for path in paths {
        let bytes = fs::read(&path).attempt(Code::File, path.display())?;
        let document = parse(&path, &bytes)?;
        let uid = match choice {
            Choice::Native if document.device.kind == "native" => {
                let is_unnumbered = document.device.id == usb_serial.unwrap_or(ANY);
                uid_of(&document.device.id)
                    .filter(|uid| *uid != [0; 8])
                    .or(is_unnumbered.then_some([0; 8]))
            }
            Choice::Foreign(device) => {
                let of_other = foreign_device(&device.id, usb_serial, "");
                let is_it =
                    (&document.device.kind, &document.device.id) == (&of_other.kind, &of_other.id);
                is_it.then_some([0; 8])
            }
            Choice::Native => None,
        };
        if let Some(uid) = uid {
            config.calibrations.extend(document.known(uid));
        }
    }
    let most = EngineConfig::MOST_CALIBRATIONS;
    if let Some(excess) = config.calibrations.len().checked_sub(most).filter(|excess| *excess > 0) {
        // The newest are of the probes that are in use.
        config.calibrations.sort_by_key(|known| std::cmp::Reverse(known.made_unix_s));
        config.calibrations.truncate(most);
        writeln!(
            stderr(),
            "note: of the calibrations in {}, the oldest {excess} are not used: {most} channels are \
             known at once. Move those of probes that are gone away",
            folder.display()
        )?;
    }
    Ok(())
}

/// A device that does not say who it is.
pub(crate) fn foreign_device(description: &str, usb_serial: Option<&str>, name: &str) -> Device {
    Device {
        kind: description.to_owned(),
        id: usb_serial.unwrap_or(ANY).to_owned(),
        name: name.to_owned(),
    }
}

/// A device of our own wire. A number of zeros is none: all that were given none have it.
pub(crate) fn native_device(uid: [u8; 8], usb_serial: Option<&str>, name: &str) -> Device {
    match uid {
        [0, 0, 0, 0, 0, 0, 0, 0] => foreign_device("native", usb_serial, name),
        uid => Device { kind: "native".to_owned(), id: hex(uid), name: name.to_owned() },
    }
}

/// The calibration that the values of `channel` were made with, if it was one of ours.
pub(crate) fn used<'a>(
    analysis: &'a Analysis,
    channel: &ChannelSummary,
) -> Option<&'a KnownCalibration> {
    let uid = analysis.summary.device?.uid;
    let known = analysis.config.calibrations.iter().rev();
    known.into_iter().find(|known| known.uid == uid && known.channel == channel.id)
}

/// Those that are old enough to be worth a word, each with its days.
pub(crate) fn stale(
    calibrations: &[KnownCalibration],
    now_unix_s: u64,
) -> Vec<(KnownCalibration, u64)> {
    let aged = calibrations.iter().map(|known| (*known, age_days(known.made_unix_s, now_unix_s)));
    aged.filter(|(_, days)| *days > STALE_DAYS).collect()
}

/// Days since.
pub(crate) fn age_days(made_unix_s: u64, now_unix_s: u64) -> u64 {
    now_unix_s.saturating_sub(made_unix_s) / DAY_S
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        let id = hex([1, 2, 3, 4, 5, 6, 7, 0xAB]);
        Device { kind: "native".to_owned(), id, name: "probe".to_owned() }
    }

    fn entry(channel: u8, scale: f64) -> Entry {
        Entry {
            stream: 0,
            channel,
            unit: "cmH2O".to_owned(),
            scale,
            offset_counts: 12.5,
            reference: 40.0,
            against: "hand".to_owned(),
            scaled_unix_s: 1_790_000_000,
            zeroed_unix_s: 1_790_000_100,
        }
    }

    #[test]
    fn many_calibrations_of_a_channel_take_none_of_another_away() {
        let mut document = Document::new(device());
        document.add(entry(1, 0.25));
        for number in 0..MOST_KEPT + 20 {
            document.add(entry(0, 1.0 + number as f64));
        }
        assert_eq!(document.calibrations.len(), MOST_KEPT + 1);
        let id = |channel| ChannelId { stream: 0, channel };
        let newest = |channel| document.newest(id(channel)).map(|entry| entry.scale as u32);
        assert_eq!((newest(0), newest(1)), (Some(MOST_KEPT as u32 + 20), Some(0)));
        let oldest = document.calibrations.iter().find(|entry| entry.is_of(id(0)));
        assert_eq!(oldest.map(|entry| entry.scale as u32), Some(21));
    }

    #[test]
    fn what_is_kept_comes_back_for_its_owner_only_and_the_newest_counts() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let data = DataArgs { data: Some(folder.path().join("mine")) };
        let (path, mut document) = find(&data, &device()).expect("nothing is known");
        assert!(document.calibrations.is_empty());
        for one in [entry(0, 0.5), entry(1, 0.25), entry(0, 0.75)] {
            document.add(one);
        }
        save(&path, &document).expect("there is room");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode =
                |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().expect("in a folder")), 0o700);
        }
        let (_, again) = find(&data, &device()).expect("it was kept");
        assert_eq!(again, document);
        let mut config = EngineConfig::device();
        apply(&data, &Choice::Native, None, &mut config).expect("it can be read");
        let scales: Vec<f64> =
            config.calibrations.iter().map(|one| one.calibration.scale).collect();
        assert_eq!(scales, [0.25, 0.75]);
        assert_eq!(config.calibrations[0].uid, [1, 2, 3, 4, 5, 6, 7, 0xAB]);
        assert_eq!(config.calibrations[0].made_unix_s, 1_790_000_000);
    }

    #[test]
    fn probes_without_a_number_are_told_apart_by_their_chip() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let data = DataArgs { data: Some(folder.path().to_owned()) };
        for (serial, scale) in [(Some("A7"), 0.5), (None, 0.25)] {
            let device = native_device([0; 8], serial, "probe");
            let (path, mut document) = find(&data, &device).expect("nothing is known");
            document.add(entry(0, scale));
            save(&path, &document).expect("there is room");
        }
        for (serial, expected) in [(Some("A7"), &[0.5][..]), (Some("B2"), &[]), (None, &[0.25])] {
            let mut config = EngineConfig::device();
            apply(&data, &Choice::Native, serial, &mut config).expect("it can be read");
            let scales: Vec<f64> =
                config.calibrations.iter().map(|one| one.calibration.scale).collect();
            assert_eq!(scales, expected, "{serial:?}");
            assert!(config.calibrations.iter().all(|one| one.uid == [0; 8]));
        }
    }

    #[test]
    fn a_damaged_file_is_named_and_nothing_is_calibrated_by_it() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let data = DataArgs { data: Some(folder.path().to_owned()) };
        let (path, mut document) = find(&data, &device()).expect("nothing is known");
        document.add(Entry { scale: 0.0, ..entry(0, 1.0) });
        save(&path, &document).expect("there is room");
        for text in [fs::read(&path).expect("there"), b"{".to_vec(), b"{\"format\":2}".to_vec()] {
            fs::write(&path, text).expect("there is room");
            let mut config = EngineConfig::device();
            let refused = apply(&data, &Choice::Native, None, &mut config).expect_err("damaged");
            assert!(refused.to_string().contains("calibrate anew"), "{refused}");
            assert!(config.calibrations.is_empty());
        }
    }

    #[test]
    fn numbers_of_devices_are_read_back_and_nothing_else_is() {
        let uid = [0, 1, 0x7F, 0x80, 0xFF, 5, 6, 7];
        assert_eq!(uid_of(&hex(uid)), Some(uid));
        for text in ["", "00", "zz010203040506ff", "0001020304050607a", "äääääääö"] {
            assert_eq!(uid_of(text), None, "{text}");
        }
    }
}
