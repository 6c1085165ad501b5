//! A visit put together again, in a folder of its own: the one that was found stays as it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use levator_engine::EngineConfig;
use levator_signal::HostTime;
use serde_json::{Value, json};
use thiserror::Error;

use super::about::{About, AboutError, State};
use super::check::MOST_LISTED;
use super::file::put_new;
use super::{JOURNAL, Laid, RebuildError, TOLD, manifest, rebuild};
use crate::damage::{Damage, Totals};
use crate::header::Header;
use crate::{Item, OpenError, Reader, Reason, WriteError, Writer};

/// What came of it.
#[derive(Debug)]
pub struct Recovered {
    /// What the new journal holds.
    pub totals: Totals,
    /// What the old one lacks, in the order of the file.
    pub damage: Vec<Damage>,
    /// Damage beyond what is listed.
    pub further_damage: u64,
    /// Whether the old one was closed.
    pub was_closed: bool,
    /// Where the settings are from.
    pub settings: Settings,
    /// What lies beside the new one.
    pub laid: Laid,
    /// The new description, not written yet: [`Recovered::finish`] does.
    about: About,
}

/// Where the settings of a recovered visit are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settings {
    /// The journal itself.
    Journal,
    /// `visit.json`: the first block of the journal is lost.
    About,
    /// Neither is left: those of a device that is asked what it is.
    Default,
}

/// Writes all that can be read of the visit in `from` into the new folder `to`: journal, samples, and events.
/// `progress` is told the bytes of a journal that were read, the old one first.
///
/// # Errors
///
/// [`RecoverError`]; nothing is left in `to` then.
pub fn recover(
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Recovered, RecoverError> {
    let reader = Reader::open(&from.join(JOURNAL))?;
    let about = match About::read(from) {
        Ok(about) => Some(about),
        // Of a newer one something would be lost without a word.
        Err(error @ AboutError::Newer { .. }) => return Err(error.into()),
        Err(_) => None,
    };
    create_dir(to).map_err(|source| RecoverError::Folder { path: to.to_owned(), source })?;
    write(reader, about, from, to, progress).inspect_err(|_| drop(fs::remove_dir_all(to)))
}

fn write(
    mut reader: Reader<fs::File>,
    about: Option<About>,
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Recovered, RecoverError> {
    let (header, settings) = settings(&reader, about.as_ref());
    let mut writer = Writer::create(&to.join(JOURNAL), &header)?;
    let mut last = HostTime::ZERO;
    let (mut damage, mut further_damage, mut totals) = (Vec::new(), 0, None);
    loop {
        progress(reader.position());
        match reader.next() {
            Some(Item::Input(input)) => {
                last = last.max(input.at());
                writer.record(&input)?;
            }
            Some(Item::Damage(found)) => {
                // The hole stays a hole: its blocks keep their numbers, and nobody has them.
                let header_too = u32::from(found.block == 0);
                writer.leave_out(
                    found.missing_blocks.unwrap_or(0).saturating_sub(header_too),
                    last,
                )?;
                match damage.len() < MOST_LISTED {
                    true => damage.push(found),
                    false => further_damage += 1,
                }
            }
            Some(Item::End(found)) => totals = Some(found),
            None => break,
        }
    }
    let closed_at = totals.map_or(last, |totals| totals.closed_at);
    let written = writer.close(closed_at)?;
    copy(&from.join(TOLD), &to.join(TOLD))
        .map_err(|source| RecoverError::Folder { path: to.join(TOLD), source })?;
    let laid = rebuild(to, progress)?;
    let mut about = about.unwrap_or_else(|| About::new(header.clone()));
    let was = about.state;
    about.header = header;
    let dropped = totals.map_or(0, |totals| totals.dropped_input_count);
    about.finish(laid.device.as_ref(), &laid.streams, &laid.files, &written, dropped);
    let hash = manifest::hash(&from.join(JOURNAL), &mut |_| {})
        .map_err(|source| RecoverError::Folder { path: from.join(JOURNAL), source })?;
    about.recovered = Some(json!({
        "tool": format!("levator {}", env!("CARGO_PKG_VERSION")),
        "was_closed": totals.is_some() && was == State::Closed,
        "journal_blake3": hash,
        "settings_from": settings.name(),
        "damage": damage.iter().map(damage_value).collect::<Vec<_>>(),
        "further_damage_count": further_damage,
    }));
    about.state = State::Recovered;
    let was_closed = totals.is_some();
    Ok(Recovered { totals: written, damage, further_damage, was_closed, settings, laid, about })
}

impl Recovered {
    /// Writes the description, and the hashes of all that is in the folder.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn finish(&self, to: &Path) -> io::Result<()> {
        self.about.write(to)?;
        manifest::write(to)
    }
}

impl Settings {
    /// A word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::About => "visit.json",
            Self::Default => "default",
        }
    }
}

/// The header of the journal, or what stands for it.
fn settings(reader: &Reader<fs::File>, about: Option<&About>) -> (Header, Settings) {
    if let Some(header) = reader.header() {
        return (header.clone(), Settings::Journal);
    }
    // The number of the recording proves that it is the very header.
    let is_ours = |header: &&Header| {
        reader
            .recording()
            .is_none_or(|number| number == crc32fast::hash(header.to_json().as_bytes()))
    };
    match about.map(|about| &about.header).filter(is_ours) {
        Some(header) => (header.clone(), Settings::About),
        None => {
            let header = Header {
                tool: format!("levator {}", env!("CARGO_PKG_VERSION")),
                wire: [0, 0],
                opened_unix_ms: 0,
                device: String::new(),
                port: String::new(),
                config: EngineConfig::device(),
            };
            (header, Settings::Default)
        }
    }
}

/// One place that is damaged, as it stands in files and reports.
#[must_use]
pub fn damage_value(damage: &Damage) -> Value {
    let is_told = damage.missing_blocks.is_some_and(|count| count > 0) || damage.to.is_some();
    json!({
        "what": damage.to_string(),
        "block": damage.block,
        "missing_blocks": damage.missing_blocks,
        "bytes": [damage.bytes.start, damage.bytes.end],
        "from_s": damage.from.as_secs_f64(),
        "to_s": damage.to.filter(|_| is_told).map(HostTime::as_secs_f64),
        "not_closed": damage.reason == Reason::NotClosed,
    })
}

/// A new folder, for its owner only.
fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let content = match fs::read(from) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    put_new(to, &content)
}

/// Why a visit could not be put together again.
#[derive(Debug, Error)]
pub enum RecoverError {
    /// The journal cannot be opened: nothing can be made of the visit.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// Its description is of a newer program.
    #[error("visit.json {0}")]
    About(#[from] AboutError),
    /// The new folder.
    #[error("{}", path.display())]
    Folder {
        /// Its name.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The new journal.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What lies beside it.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
}
