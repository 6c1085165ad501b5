//! One file in, what was found in it out.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Context;
use levator_catalog::told::Told;
use levator_decode::{Scans, StreamInfo};
use levator_detect::manoeuvre::Role;
use levator_engine::{
    Begins, ChannelSummary, ConfigError, Course, Digest, Engine, EngineConfig, Heart, Input,
    Output, Sink, Summary,
};
use levator_programme::Millis;
use levator_record::edf::{self, EdfFile, EdfOptions};
use levator_record::text::{ChannelChoice, TextFile, TextOptions};
pub(crate) use levator_record::visit::{JOURNAL, TOLD};
use levator_record::xdf::{self, XdfFile, XdfOptions};
use levator_record::{Damage, Header, Item, Reader, Totals};
use levator_report::Trace;
use levator_signal::{ChannelId, HostTime, SignalKind};

use crate::args::{Filter, Setup};
use crate::failure::{Attempt, Code, Failure};
use crate::original::Original;
use crate::{imported, manometry};

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
    /// Curves, where they were asked for.
    pub(crate) trace: Option<Trace>,
    /// When it was recorded, where the file says so: milliseconds of the clock of the computer.
    pub(crate) opened_unix_ms: Option<u64>,
    /// What is told beside the signals, where that lies in the folder of the visit.
    pub(crate) told: Option<Told>,
    /// Settings it was analysed with.
    pub(crate) config: EngineConfig,
    /// Names of the channels of each stream, where the file has one for each.
    pub(crate) titles: Vec<Vec<String>>,
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

/// Analyses a recording of ours, an EDF, BDF or XDF file, or a text file.
pub(crate) fn analyse(path: &Path, text: &TextOptions, setup: &Setup) -> Result<Analysis, Failure> {
    let journal = path.join(JOURNAL);
    if path.is_dir() && journal.is_file() {
        return recording(path, &journal, setup);
    }
    if path.is_dir()
        && let Some(original) = Original::of(path)
    {
        return taken_in(path, &original, text, setup);
    }
    if path.file_name().is_some_and(|name| name == JOURNAL) {
        return recording(path, path, setup);
    }
    let start = start_of(path);
    if let Some(sensors) = manometry::sensors(&start).filter(|_| text.channels.is_empty()) {
        return manometry::analyse(path, &sensors, text, setup);
    }
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    if start.starts_with(&levator_record::MAGIC) {
        recording(path, path, setup)
    } else if edf::is_edf(&start)
        || extension.as_ref().is_some_and(|name| *name == "edf" || *name == "bdf")
    {
        edf_file(path, text, setup)
    } else if xdf::is_xdf(&start) || extension.is_some_and(|name| name == "xdf") {
        xdf_file(path, text, setup)
    } else {
        match imported::roles(&start).as_slice() {
            roles
                if !roles.is_empty()
                    && text.channels.is_empty()
                    && setup.filter.role.is_empty() =>
            {
                let (text, setup) = with_roles(roles, text, setup);
                text_file(path, &text, &setup)
            }
            _ => text_file(path, text, setup),
        }
    }
}

/// A visit that was taken in from a file of another program gives what that file gives.
fn taken_in(
    path: &Path,
    original: &Original,
    text: &TextOptions,
    setup: &Setup,
) -> Result<Analysis, Failure> {
    let mut found = analyse(&original.file, &original.text(text), &original.setup(setup))?;
    found.file = path.to_owned();
    let opened = original.about.header.opened_unix_ms;
    found.opened_unix_ms = found.opened_unix_ms.or(Some(opened).filter(|ms| *ms > 0));
    found.told = told_beside(&original.file)?.or(found.told);
    Ok(found)
}

/// The columns whose names say where they lie, and their roles.
fn with_roles(roles: &[(usize, Role)], text: &TextOptions, setup: &Setup) -> (TextOptions, Setup) {
    let channels = roles.iter().map(|(at, _)| ChannelChoice::Index(*at)).collect();
    let is_emg = matches!(roles[0].1, Role::PelvicEmg | Role::AbdominalEmg);
    let kind = if is_emg { SignalKind::Emg } else { SignalKind::Pressure };
    let text = TextOptions { channels, kind: text.kind.or(Some(kind)), ..text.clone() };
    let mut setup = setup.clone();
    let roles = (0..).zip(roles);
    setup.filter.role =
        roles.map(|(channel, (_, role))| (ChannelId { stream: 0, channel }, *role)).collect();
    (text, setup)
}

/// The first bytes of a file, which tell its format. What cannot be read is left to the reader to
/// refuse.
pub(crate) fn start_of(path: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    if path.is_file() {
        // A part is as good as nothing: neither is a format that we know.
        let _ = File::open(path).and_then(|file| file.take(256).read_to_end(&mut start));
    }
    start
}

/// Whether a file is a journal, by its first bytes.
pub(crate) fn is_recording(path: &Path) -> bool {
    start_of(path).starts_with(&levator_record::MAGIC)
}

fn recording(path: &Path, journal: &Path, setup: &Setup) -> Result<Analysis, Failure> {
    let name = path.display();
    let file = Hashing::open(journal).attempt(Code::File, &name)?;
    let mut reader = Reader::from_read(file).attempt(Code::File, &name)?;
    let (mut config, mut notes) = recorded_settings(reader.header());
    prepare(setup, &mut config);
    let told = told_beside(journal)?;
    let reader_opened = reader.header().map(|header| header.opened_unix_ms);
    let mut engine = Engine::new(&config).attempt(Code::File, &name)?;
    let mut sink = Kept::new(&config, setup.keeps_trace);
    let mut skipped = Vec::new();
    let mut last = HostTime::ZERO;
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => {
                last = input.at();
                engine.handle(input, &mut sink);
            }
            Item::Damage(damage) => skipped.push(self::skipped(&damage)),
            Item::End(totals) => notes.extend(dropped(&totals)),
        }
    }
    engine.finish(last, &mut sink);
    let blake3 = reader.into_inner().finish().attempt(Code::File, &name)?;
    let Kept { summary, digest, trace } = sink;
    Ok(Analysis {
        file: path.to_owned(),
        opened_unix_ms: reader_opened,
        trace,
        blake3,
        summary,
        digest,
        told,
        config,
        titles: Vec::new(),
        notes,
        skipped,
    })
}

/// Settings a recording was made with, and what is to be said of them.
pub(crate) fn recorded_settings(header: Option<&Header>) -> (EngineConfig, Vec<String>) {
    match header {
        Some(header) => (header.config.clone(), vec![origin(header)]),
        None => {
            let lost = "settings of the recording are lost: analysed with the defaults";
            (EngineConfig::device(), vec![lost.to_owned()])
        }
    }
}

/// What is told of a visit beside its journal.
pub(crate) fn told_beside(journal: &Path) -> Result<Option<Told>, Failure> {
    let beside = journal.with_file_name(TOLD);
    if !beside.is_file() {
        return Ok(None);
    }
    levator_catalog::told::read(&beside).map(Some).attempt(Code::File, beside.display())
}

/// A part of a recording that is missing.
pub(crate) fn skipped(damage: &Damage) -> Skipped {
    let count = damage.bytes.end - damage.bytes.start;
    Skipped { what: "recording", count, reason: damage.to_string() }
}

/// What is to be said of a recording that the disk refused a part of.
pub(crate) fn dropped(totals: &Totals) -> Option<String> {
    let count = totals.dropped_input_count;
    (count > 0).then(|| format!("{count} inputs could not be written while it was recorded"))
}

fn origin(header: &Header) -> String {
    let from = match (header.device.as_str(), header.port.as_str()) {
        ("", "") => "an unnamed device".to_owned(),
        (device, "") => device.to_owned(),
        (device, port) => format!("{device} on {port}"),
    };
    format!("recorded by {} from {from}", header.tool)
}

fn text_file(path: &Path, options: &TextOptions, setup: &Setup) -> Result<Analysis, Failure> {
    let name = path.display();
    let source = Hashing::new(levator_record::text::open_file(path).attempt(Code::File, &name)?);
    let (file, search) = TextFile::read_through(
        source,
        options,
        |info| Search::new(&[*info], setup),
        |search, scans| {
            if let Ok(search) = search {
                search.take(scans);
            }
        },
    )
    .attempt(Code::File, &name)?;
    let Found { kept, config } = search.attempt(Code::File, &name)?.finish();
    let layout = file.layout();
    let titles = (0..layout.channels.len()).filter_map(|at| layout.channel_title(at)).collect();
    let notes = imported::notes(layout);
    let skipped = imported::skipped(layout);
    let blake3 = file.into_inner().finish().attempt(Code::File, &name)?;
    let file = path.to_owned();
    let Kept { summary, digest, trace } = kept;
    Ok(Analysis {
        file,
        blake3,
        opened_unix_ms: None,
        trace,
        summary,
        digest,
        told: None,
        config,
        titles: vec![titles],
        notes,
        skipped,
    })
}

fn edf_file(path: &Path, text: &TextOptions, setup: &Setup) -> Result<Analysis, Failure> {
    let name = path.display();
    let source = Hashing::open(path).attempt(Code::File, &name)?;
    let mut file = EdfFile::from_read(source).attempt(Code::File, &name)?;
    let options = EdfOptions { channels: text.channels.clone(), kind: text.kind, unit: text.unit };
    let selection = file.header().select(&options).attempt(Code::File, &name)?;
    let streams: Vec<StreamInfo> = selection.streams.iter().map(|stream| stream.info).collect();
    let mut search = Search::new(&streams, setup).attempt(Code::File, &name)?;
    let mut marks = imported::Marks::new(streams[0].rate);
    file.read(&selection, &mut |item| match item {
        edf::Item::Scans(scans) => search.take(scans),
        edf::Item::Annotation(annotation) => marks.take(&annotation),
    })
    .attempt(Code::File, &name)?;
    let Found { kept, config } = search.finish();
    let Kept { mut summary, digest, trace } = kept;
    let title = |&position: &usize| file.header().signal_title(position);
    let titles =
        selection.streams.iter().map(|stream| stream.signals.iter().map(title).collect()).collect();
    let mut notes = imported::edf_notes(&file, &selection, text);
    summary.marks = marks.finish(&mut notes);
    let skipped = imported::edf_skipped(&file);
    let blake3 = file.into_inner().finish().attempt(Code::File, &name)?;
    let file = path.to_owned();
    Ok(Analysis {
        file,
        blake3,
        opened_unix_ms: None,
        trace,
        summary,
        digest,
        told: None,
        config,
        titles,
        notes,
        skipped,
    })
}

/// What is kept of the outputs of an engine.
pub(crate) struct Kept {
    pub(crate) summary: Summary,
    pub(crate) digest: Digest,
    /// Curves, if pictures are to be drawn.
    pub(crate) trace: Option<Trace>,
}

impl Kept {
    pub(crate) fn new(config: &EngineConfig, keeps_trace: bool) -> Self {
        let trace = keeps_trace.then(Trace::new);
        Self { summary: summary(config), digest: Digest::new(), trace }
    }
}

impl Sink for Kept {
    fn emit(&mut self, output: Output<'_>) {
        self.summary.emit(output);
        self.digest.emit(output);
        if let Some(trace) = &mut self.trace {
            trace.emit(output);
        }
    }
}

fn xdf_file(path: &Path, text: &TextOptions, setup: &Setup) -> Result<Analysis, Failure> {
    let name = path.display();
    let source = Hashing::open(path).attempt(Code::File, &name)?;
    let mut file = XdfFile::from_seek(source).attempt(Code::File, &name)?;
    let options = XdfOptions { channels: text.channels.clone(), kind: text.kind, unit: text.unit };
    let selection = file.select(&options).attempt(Code::File, &name)?;
    let streams: Vec<StreamInfo> = selection.streams.iter().map(|stream| stream.info).collect();
    let mut search = Search::new(&streams, setup).attempt(Code::File, &name)?;
    let mut marks = imported::Marks::new(streams[0].rate);
    file.read(&selection, &mut |item| match item {
        xdf::Item::Scans(scans) => search.take(scans),
        xdf::Item::Annotation(mark) => marks.take(&mark),
    })
    .attempt(Code::File, &name)?;
    let Found { kept, config } = search.finish();
    let Kept { mut summary, digest, trace } = kept;
    let titles = selection.streams.iter().map(|stream| stream.titles.clone()).collect();
    let mut notes = imported::xdf_notes(&file, &selection, text);
    summary.marks = marks.finish(&mut notes);
    let skipped = imported::xdf_skipped(&file);
    let blake3 = file.into_inner().finish().attempt(Code::File, &name)?;
    let file = path.to_owned();
    Ok(Analysis {
        file,
        blake3,
        opened_unix_ms: None,
        trace,
        summary,
        digest,
        told: None,
        config,
        titles,
        notes,
        skipped,
    })
}

/// What keeps what was found. Without a schedule, what was measured of each contraction is not kept.
pub(crate) fn summary(config: &EngineConfig) -> Summary {
    let is_asked = config.course.is_some() || config.schedule.is_some();
    Summary { forgets_trials: !is_asked, ..Summary::new() }
}

/// The search in a file that is no recording of ours: one engine a stream, as a file has one stream
/// in most cases, and what they find in one place.
pub(crate) struct Search {
    engines: Vec<Engine>,
    sink: Kept,
    config: EngineConfig,
}

/// What [`Search`] found.
pub(crate) struct Found {
    pub(crate) kept: Kept,
    /// Of the first stream.
    pub(crate) config: EngineConfig,
}

impl Search {
    /// Streams are numbered as they stand.
    fn new(streams: &[StreamInfo], setup: &Setup) -> Result<Self, ConfigError> {
        // A programme is run once, on the first stream that can be judged.
        let judged = streams.iter().position(|info| info.kind != SignalKind::Other);
        let configs: Vec<EngineConfig> = streams
            .iter()
            .enumerate()
            .map(|(at, info)| {
                let mut config = EngineConfig::scans(*info);
                prepare(setup, &mut config);
                config.course = config.course.filter(|_| judged == Some(at));
                config
            })
            .collect();
        let engines = configs.iter().map(Engine::new).collect::<Result<_, _>>()?;
        let config = configs.into_iter().next().unwrap_or_else(EngineConfig::device);
        Ok(Self { engines, sink: Kept::new(&config, setup.keeps_trace), config })
    }

    fn take(&mut self, scans: Scans<'_>) {
        if let Some(engine) = self.engines.get_mut(usize::from(scans.stream)) {
            engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut self.sink);
        }
    }

    fn finish(mut self) -> Found {
        for engine in &mut self.engines {
            engine.finish(HostTime::ZERO, &mut self.sink);
        }
        Found { kept: self.sink, config: self.config }
    }
}

/// What was said on the command line outranks what stands in the file.
pub(crate) fn prepare(setup: &Setup, config: &mut EngineConfig) {
    apply(&setup.filter, config);
    if let Some(programme) = &setup.programme {
        let begins = Begins::WithSignal(Millis((setup.begins * 1e3).round() as u64));
        config.course = Some(Course { programme: programme.clone(), begins, rest_guard: None });
    }
}

/// The same for how signals are prepared alone.
pub(crate) fn apply(filter: &Filter, config: &mut EngineConfig) {
    if let Some(mains) = filter.mains {
        config.mains = mains.0;
    }
    if let Some(band) = filter.band {
        config.emg_band = band;
    }
    if filter.remove_heart {
        config.heart = Heart::Remove;
    }
    if !filter.role.is_empty() {
        config.roles.clone_from(&filter.role);
    }
    if let Some(unit) = filter.pressure_unit {
        config.pressure_unit = unit.0;
    }
}

/// A file whose bytes are hashed as they are read, each once, in their order.
struct Hashing {
    file: File,
    hasher: blake3::Hasher,
    /// Where the file is, and up to where it was hashed.
    position: u64,
    hashed: u64,
}

impl Hashing {
    fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self::new(File::open(path).context("cannot be opened")?))
    }

    /// `file` is at its beginning.
    fn new(file: File) -> Self {
        Self { file, hasher: blake3::Hasher::new(), position: 0, hashed: 0 }
    }

    /// Hashes what was not read yet, and gives the hash of it all.
    fn finish(mut self) -> anyhow::Result<String> {
        if self.position != self.hashed {
            self.file.seek(SeekFrom::Start(self.hashed)).context("cannot be read again")?;
        }
        io::copy(&mut self.file, &mut self.hasher).context("cannot be read to its end")?;
        Ok(self.hasher.finalize().to_hex().to_string())
    }
}

impl Analysis {
    /// Name of a channel: its own, or that of its stream with its number.
    pub(crate) fn channel_name(&self, channel: &ChannelSummary) -> String {
        let index = channel.id.channel;
        let titles = self.titles.get(usize::from(channel.id.stream));
        match (
            titles.and_then(|titles| titles.get(usize::from(index))),
            channel.label.as_str(),
            index,
        ) {
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
        // What lies before was hashed already; behind a place that was skipped, nothing is.
        if let Ok(known) = usize::try_from(self.hashed.wrapping_sub(self.position))
            && known < len
        {
            self.hasher.update(&buffer[known..len]);
            self.hashed = self.position + len as u64;
        }
        self.position += len as u64;
        Ok(len)
    }
}

impl Seek for Hashing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}
