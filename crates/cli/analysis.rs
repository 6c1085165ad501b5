//! One file in, what was found in it out.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use levator_engine::{ChannelSummary, Digest, Engine, EngineConfig, Input, Summary, Tee};
use levator_record::text::{TextFile, TextOptions};
use levator_record::{Header, Item, Reader};
use levator_signal::HostTime;

use crate::args::Filter;
use crate::failure::{Attempt, Code, Failure};
use crate::imported;

/// Name of the journal in the folder of a visit.
pub(crate) const JOURNAL: &str = "raw.journal";

/// What was found in one file.
#[derive(Debug)]
pub(crate) struct Analysis {
    /// The file, as it was named.
    pub(crate) file: PathBuf,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub(crate) blake3: String,
    /// What the engine found.
    pub(crate) summary: Summary,
    /// Fingerprint of all outputs.
    pub(crate) digest: Digest,
    /// Settings it was analysed with.
    pub(crate) config: EngineConfig,
    /// Names of the channels, where the file has one for each.
    pub(crate) titles: Vec<String>,
    /// What a person should know about how the file was read.
    pub(crate) notes: Vec<String>,
    /// Parts of the file that could not be used.
    pub(crate) skipped: Vec<Skipped>,
}

/// A part of a file that could not be used.
#[derive(Debug)]
pub(crate) struct Skipped {
    /// Rows or bytes.
    pub(crate) what: &'static str,
    /// Why, and where.
    pub(crate) reason: String,
    /// How many.
    pub(crate) count: u64,
}

/// Analyses a recording of ours or a text file.
pub(crate) fn analyse(
    path: &Path,
    text: &TextOptions,
    filter: &Filter,
) -> Result<Analysis, Failure> {
    let journal = path.join(JOURNAL);
    if path.is_dir() && journal.is_file() {
        recording(path, &journal, filter)
    } else if is_journal(path) {
        recording(path, path, filter)
    } else {
        text_file(path, text, filter)
    }
}

/// Whether the file begins as a recording does. What cannot be read is left to the reader to refuse.
fn is_journal(path: &Path) -> bool {
    if path.file_name().is_some_and(|name| name == JOURNAL) {
        return true;
    }
    let mut start = [0; levator_record::MAGIC.len()];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| start == levator_record::MAGIC)
}

fn recording(path: &Path, journal: &Path, filter: &Filter) -> Result<Analysis, Failure> {
    let name = path.display();
    let file = Hashing::open(journal).attempt(Code::File, &name)?;
    let mut reader = Reader::from_read(file).attempt(Code::File, &name)?;
    let mut notes = Vec::new();
    let mut config = match reader.header() {
        Some(header) => {
            notes.push(origin(header));
            header.config.clone()
        }
        None => {
            notes.push("settings of the recording are lost: analysed with the defaults".to_owned());
            EngineConfig::device()
        }
    };
    apply(filter, &mut config);
    let mut engine = Engine::new(&config).attempt(Code::File, &name)?;
    let mut sink = Tee(Summary::new(), Digest::new());
    let mut skipped = Vec::new();
    let mut last = HostTime::ZERO;
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => {
                last = input.at();
                engine.handle(input, &mut sink);
            }
            Item::Damage(damage) => skipped.push(Skipped {
                what: "recording",
                count: damage.bytes.end - damage.bytes.start,
                reason: damage.to_string(),
            }),
            Item::End(totals) if totals.dropped_input_count > 0 => notes.push(format!(
                "{} inputs could not be written while it was recorded",
                totals.dropped_input_count
            )),
            Item::End(_) => {}
        }
    }
    engine.finish(last, &mut sink);
    let blake3 = reader.into_inner().finish().attempt(Code::File, &name)?;
    let Tee(summary, digest) = sink;
    Ok(Analysis {
        file: path.to_owned(),
        blake3,
        summary,
        digest,
        config,
        titles: Vec::new(),
        notes,
        skipped,
    })
}

fn origin(header: &Header) -> String {
    let from = match (header.device.as_str(), header.port.as_str()) {
        ("", "") => "an unnamed device".to_owned(),
        (device, "") => device.to_owned(),
        (device, port) => format!("{device} on {port}"),
    };
    format!("recorded by {} from {from}", header.tool)
}

fn text_file(path: &Path, options: &TextOptions, filter: &Filter) -> Result<Analysis, Failure> {
    let name = path.display();
    let mut file = TextFile::open(path, options).attempt(Code::File, &name)?;
    let mut config = EngineConfig::scans(file.stream_info());
    apply(filter, &mut config);
    let mut engine = Engine::new(&config).attempt(Code::File, &name)?;
    let mut sink = Tee(Summary::new(), Digest::new());
    file.read(&mut |scans| {
        engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut sink);
    })
    .attempt(Code::File, &name)?;
    engine.finish(HostTime::ZERO, &mut sink);
    let blake3 = Hashing::open(path).and_then(Hashing::finish).attempt(Code::File, &name)?;
    let Tee(summary, digest) = sink;
    let layout = file.layout();
    Ok(Analysis {
        file: path.to_owned(),
        blake3,
        summary,
        digest,
        config,
        titles: (0..layout.channels.len()).filter_map(|at| layout.channel_title(at)).collect(),
        notes: imported::notes(layout),
        skipped: imported::skipped(layout),
    })
}

/// What was said on the command line outranks what stands in the file.
pub(crate) fn apply(filter: &Filter, config: &mut EngineConfig) {
    if let Some(mains) = filter.mains {
        config.mains = mains.0;
    }
    if let Some(band) = filter.band {
        config.emg_band = band;
    }
    if !filter.role.is_empty() {
        config.roles.clone_from(&filter.role);
    }
    if let Some(unit) = filter.pressure_unit {
        config.pressure_unit = unit.0;
    }
}

/// A file whose bytes are hashed as they are read.
struct Hashing {
    file: File,
    hasher: blake3::Hasher,
}

impl Hashing {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).context("cannot be opened")?;
        Ok(Self { file, hasher: blake3::Hasher::new() })
    }

    /// Hashes what was not read yet, and gives the hash of it all.
    fn finish(mut self) -> anyhow::Result<String> {
        io::copy(&mut self.file, &mut self.hasher).context("cannot be read to its end")?;
        Ok(self.hasher.finalize().to_hex().to_string())
    }
}

impl Analysis {
    /// Name of a channel: its own, or that of its stream with its number.
    pub(crate) fn channel_name(&self, channel: &ChannelSummary) -> String {
        let index = channel.id.channel;
        match (self.titles.get(usize::from(index)), channel.label.as_str(), index) {
            (Some(title), ..) => title.clone(),
            (None, "", index) => format!("{index}"),
            (None, label, 0) => label.to_owned(),
            (None, label, index) => format!("{label}[{index}]"),
        }
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        self.hasher.update(&buffer[..len]);
        Ok(len)
    }
}
