//! Visits that were taken in from files of other programs: the file lies in the folder as it was, and
//! `visit.json` says how to read it. So such a visit gives what the file gives.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use levator_engine::{Begins, Course, Heart};
use levator_record::text::{ChannelChoice, TextOptions};
use levator_record::visit::About;
use levator_signal::{SignalKind, Unit};
use serde_json::{Value, json};

use crate::analysis::JOURNAL;
use crate::args::{MainsChoice, PressureUnit, Setup};
use crate::failure::{Code, Failure};

/// What the file is called in the folder, before its extension.
pub(crate) const ORIGINAL: &str = "original";

/// Longest extension that is kept.
const LONGEST_EXTENSION: usize = 8;

/// A file in the folder of a visit.
pub(crate) struct Original {
    pub(crate) file: PathBuf,
    pub(crate) about: About,
}

impl Original {
    /// That of the visit in `folder`, if it is one that was taken in.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        if folder.join(JOURNAL).is_file() {
            return None;
        }
        let about = About::read(folder).ok()?;
        let name = about.imported.as_ref()?["kept_as"].as_str()?;
        // Nothing but what we wrote: a name with a path in it would lead elsewhere.
        let is_ours = name.split('.').next() == Some(ORIGINAL) && !name.contains(['/', '\\']);
        let file = folder.join(name);
        (is_ours && file.is_file()).then_some(Self { file, about })
    }

    /// How it was read; what is said now outranks that.
    pub(crate) fn text(&self, now: &TextOptions) -> TextOptions {
        let read = &self.about.imported.as_ref().map_or(&Value::Null, |imported| &imported["read"]);
        let number = |key: &str, without: f64| read[key].as_f64().unwrap_or(without);
        let word = |key: &str| read[key].as_str();
        let plain = TextOptions::default();
        let channels = read["channels"].as_array().into_iter().flatten();
        let channels: Vec<ChannelChoice> = channels
            .filter_map(|name| Some(ChannelChoice::Name(name.as_str()?.to_owned())))
            .collect();
        let or = |now: f64, plain: f64, key: &str| {
            if now.to_bits() == plain.to_bits() { number(key, plain) } else { now }
        };
        TextOptions {
            rate_hz: now.rate_hz.or(read["rate_hz"].as_f64()),
            channels: if now.channels.is_empty() { channels } else { now.channels.clone() },
            kind: now.kind.or(word("kind").and_then(SignalKind::from_name)),
            unit: now.unit.or(word("unit").and_then(Unit::from_symbol)),
            scale: or(now.scale, plain.scale, "scale"),
            offset: or(now.offset, plain.offset, "offset"),
        }
    }

    /// How it was prepared, and what the person was asked to do; what is said now outranks that.
    pub(crate) fn setup(&self, now: &Setup) -> Setup {
        let config = &self.about.header.config;
        let mut setup = now.clone();
        let filter = &mut setup.filter;
        filter.mains = filter.mains.or(Some(MainsChoice(config.mains)));
        filter.band = filter.band.or(Some(config.emg_band));
        filter.remove_heart |= config.heart == Heart::Remove;
        filter.pressure_unit = filter.pressure_unit.or(Some(PressureUnit(config.pressure_unit)));
        if filter.role.is_empty() {
            filter.role.clone_from(&config.roles);
        }
        if let (None, Some(Course { programme, begins, .. })) = (&setup.programme, &config.course) {
            setup.programme = Some(programme.clone());
            if let Begins::WithSignal(after) = begins {
                setup.begins = after.0 as f64 / 1e3;
            }
        }
        setup
    }
}

/// What `visit.json` says of how a file was read.
pub(crate) fn read_value(text: &TextOptions) -> Value {
    let names = text.channels.iter().map(|choice| match choice {
        ChannelChoice::Name(name) => name.clone(),
        ChannelChoice::Index(at) => at.to_string(),
    });
    json!({
        "rate_hz": text.rate_hz,
        "channels": names.collect::<Vec<_>>(),
        "kind": text.kind.map(SignalKind::name),
        "unit": text.unit.map(Unit::symbol),
        "scale": text.scale,
        "offset": text.offset,
    })
}

/// The name a file gets: its extension, where that is a plain one, tells other programs what it is.
pub(crate) fn name_for(file: &Path) -> String {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let is_plain = |text: &&str| {
        text.len() <= LONGEST_EXTENSION && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match extension.filter(is_plain) {
        Some(extension) => format!("{ORIGINAL}.{}", extension.to_ascii_lowercase()),
        None => ORIGINAL.to_owned(),
    }
}

/// Whether a folder is a visit, recorded or taken in.
pub(crate) fn is_visit(folder: &Path) -> bool {
    folder.join(JOURNAL).is_file() || Original::of(folder).is_some()
}

/// The folder of the visit that `path` is, or that it is the file of which holds it all.
pub(crate) fn visit_of(path: &Path) -> Option<PathBuf> {
    let folder = match path.is_dir() {
        true => path.to_owned(),
        false => {
            let beside = path.parent()?;
            let beside = if beside.as_os_str().is_empty() { Path::new(".") } else { beside };
            let name = path.file_name()?;
            let is_it = file_of(beside).file_name() == Some(name);
            is_it.then(|| beside.to_owned())?
        }
    };
    is_visit(&folder).then_some(folder)
}

/// The journal of the visit that was named, by its folder or by its journal.
pub(crate) fn journal_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(JOURNAL) } else { path.to_owned() }
}

/// Refuses what would be written over.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        let error = anyhow!("{} is there already; name another with --out", path.display());
        return Err(Failure::new(Code::Recording, error));
    }
    Ok(())
}

/// The file that holds it all: the journal of a visit, the original of one that was taken in, or the file
/// itself.
pub(crate) fn file_of(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    Original::of(path).map_or_else(|| path.join(JOURNAL), |original| original.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_get_plain_names() {
        let name = |file: &str| name_for(Path::new(file));
        assert_eq!(name("/a/Mrs Miller.EDF"), "original.edf");
        assert_eq!(name("x.tar.gz"), "original.gz");
        assert_eq!(name("x"), "original");
        assert_eq!(name("x.a/b"), "original");
        assert_eq!(name("x.miller-1970"), "original");
        assert_eq!(name("x.toolongforus"), "original");
    }
}
