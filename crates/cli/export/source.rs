//! Whatever levator reads, as one row of events.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use levator_catalog::programmes;
use levator_decode::{Label, Scans, StreamInfo};
use levator_engine::{Engine, EngineConfig, Input, Output};
use levator_programme::{Event as Step, Outcome};
use levator_record::edf::{self, EdfFile, EdfOptions, Header as EdfHeader, is_edf};
use levator_record::text::{ChannelChoice, Role, TextFile, TextOptions};
use levator_record::xdf::{self, XdfFile, XdfOptions, is_xdf};
use levator_record::{Item, Reader};
use levator_signal::{ChannelId, HostTime, SampleIndex, SampleRate, Unit};

use super::hiding::Hiding;
use crate::analysis::{self, JOURNAL};
use crate::failure::{Attempt, Code, Failure};
use crate::imported;
use crate::original::Original;

/// What a file holds, in its order.
pub(super) enum Event<'a> {
    /// A stream was described.
    Stream(&'a StreamInfo),
    /// Samples of one channel, calibrated, as they came.
    Values {
        channel: ChannelId,
        unit: Unit,
        rate: SampleRate,
        first: SampleIndex,
        values: &'a [f64],
        /// When they came, where that is known.
        at: Option<HostTime>,
    },
    /// A text, in seconds from the first sample; ours if no person wrote it.
    Annotation { onset_s: f64, duration_s: Option<f64>, text: &'a str, is_ours: bool },
    /// What a person should know about how the file was read.
    Note(String),
}

/// A file that can be read again and again.
pub(super) struct Source {
    path: PathBuf,
    /// The file that holds it all: the journal of a recording.
    pub(super) file: PathBuf,
    kind: Kind,
    /// What is left out, and by how much dates move.
    pub(super) hiding: Option<Hiding>,
}

pub(super) enum Kind {
    Recording { config: Box<EngineConfig>, opened_unix_ms: Option<u64> },
    Edf { options: EdfOptions, header: Box<EdfHeader>, text: TextOptions },
    Xdf { options: XdfOptions, text: TextOptions },
    Text(TextOptions),
}

impl Source {
    /// Finds out what `path` is.
    pub(super) fn open(path: &Path, text: &TextOptions) -> Result<Self, Failure> {
        let name = path.display();
        if let Some(original) = Original::of(path).filter(|_| path.is_dir()) {
            // All signals are exported unless some are named now.
            let options = TextOptions { channels: text.channels.clone(), ..original.text(text) };
            let source = Self::open(&original.file, &options)?;
            return Ok(Self { path: path.to_owned(), ..source });
        }
        let file = match path.is_dir() && path.join(JOURNAL).is_file() {
            true => path.join(JOURNAL),
            false => path.to_owned(),
        };
        let start = analysis::start_of(&file);
        let is_journal = start.starts_with(&levator_record::MAGIC)
            || file.file_name().is_some_and(|name| name == JOURNAL);
        let kind = if is_journal {
            let reader = Reader::open(&file).attempt(Code::File, &name)?;
            let opened = reader.header().map(|header| header.opened_unix_ms).filter(|ms| *ms > 0);
            Kind::Recording { config: Box::new(reader.config()), opened_unix_ms: opened }
        } else if is_edf(&start) {
            let read = EdfFile::open(&file).attempt(Code::File, &name)?;
            let header = read.header().clone();
            let mut options =
                EdfOptions { channels: text.channels.clone(), kind: text.kind, unit: text.unit };
            if options.channels.is_empty() {
                let all = header.signals.iter().enumerate();
                let all = all.filter(|(_, signal)| signal.samples_per_record > 0);
                options.channels = all.map(|(at, _)| ChannelChoice::Index(at)).collect();
            }
            Kind::Edf { options, header: Box::new(header), text: text.clone() }
        } else if is_xdf(&start) {
            let read = XdfFile::open(&file).attempt(Code::File, &name)?;
            let mut options =
                XdfOptions { channels: text.channels.clone(), kind: text.kind, unit: text.unit };
            if options.channels.is_empty() {
                let signals = read.streams().iter().filter(|stream| stream.is_signal());
                let count: usize = signals.map(|stream| stream.channels.len()).sum();
                options.channels = (0..count).map(ChannelChoice::Index).collect();
            }
            Kind::Xdf { options, text: text.clone() }
        } else {
            let mut options = text.clone();
            if options.channels.is_empty() {
                let read = TextFile::open(&file, &options).attempt(Code::File, &name)?;
                let signals = read.layout().columns.iter();
                let signals = signals.filter(|column| column.role == Role::Signal);
                options.channels =
                    signals.map(|column| ChannelChoice::Index(column.index)).collect();
            }
            Kind::Text(options)
        };
        Ok(Self { path: path.to_owned(), file, kind, hiding: None })
    }

    /// The file, as it was named.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How it is read.
    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// How `target` is named in what is written.
    pub(super) fn shown(&self, target: &Path) -> String {
        match (&self.hiding, target.file_name()) {
            (Some(_), Some(name)) => name.to_string_lossy().into_owned(),
            _ => target.display().to_string(),
        }
    }

    /// Reads it from its beginning, and gives the names of the channels of each stream that has some.
    pub(super) fn read(
        &self,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<BTreeMap<u8, Vec<String>>> {
        if self.hiding.is_none() {
            return self.read_open(sink);
        }
        self.read_open(&mut |event| match event {
            Event::Stream(info) => {
                sink(Event::Stream(&StreamInfo { label: Label::EMPTY, ..*info }));
            }
            Event::Annotation { onset_s, duration_s, is_ours: false, .. } => {
                sink(Event::Annotation { onset_s, duration_s, text: "mark", is_ours: true });
            }
            // Notes name columns and what stands in the file.
            Event::Note(_) => {}
            event @ (Event::Values { .. } | Event::Annotation { .. }) => sink(event),
        })?;
        Ok(BTreeMap::new())
    }

    fn read_open(
        &self,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<BTreeMap<u8, Vec<String>>> {
        match &self.kind {
            Kind::Recording { config, .. } => {
                self.recording(config, sink)?;
                Ok(BTreeMap::new())
            }
            Kind::Edf { options, header, text } => self.edf(options, header, text, sink),
            Kind::Xdf { options, text } => self.xdf(options, text, sink),
            Kind::Text(options) => self.text(options, sink),
        }
    }

    fn xdf(
        &self,
        options: &XdfOptions,
        text: &TextOptions,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<BTreeMap<u8, Vec<String>>> {
        let mut file = XdfFile::open(&self.file)?;
        let selection = file.select(options)?;
        let infos: Vec<StreamInfo> = selection.streams.iter().map(|stream| stream.info).collect();
        for info in &infos {
            sink(Event::Stream(info));
        }
        let mut column = Vec::new();
        file.read(&selection, &mut |item| match item {
            xdf::Item::Scans(scans) => {
                if let Some(info) = infos.get(usize::from(scans.stream)) {
                    columns(info, scans, &mut column, sink);
                }
            }
            xdf::Item::Annotation(mark) => {
                sink(Event::Annotation {
                    onset_s: mark.onset_s,
                    duration_s: None,
                    text: &mark.text,
                    is_ours: false,
                });
            }
        })?;
        for note in imported::xdf_notes(&file, &selection, text) {
            sink(Event::Note(note));
        }
        for skipped in imported::xdf_skipped(&file) {
            sink(Event::Note(format!("{} bytes left out: {}", skipped.count, skipped.reason)));
        }
        let titles = selection.streams.iter();
        Ok(titles.map(|stream| (stream.info.stream, stream.titles.clone())).collect())
    }

    fn recording(
        &self,
        config: &EngineConfig,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<()> {
        let mut reader = Reader::open(&self.file)?;
        let mut engine = Engine::without_measures(config)?;
        let mut last = HostTime::ZERO;
        let mut first_rate = None;
        let mut damaged_bytes = 0;
        let is_ours = is_built_in(config);
        // The step under way, in case the recording ends before it does.
        let mut open = None;
        let phase = |at: usize| {
            let course = config.course.as_ref();
            let phase = course.and_then(|course| course.programme.definition().phases.get(at));
            phase.map_or("step", |phase| phase.id.as_str())
        };
        let mut translate = |output: Output<'_>, at: HostTime| match output {
            Output::Stream(info) => sink(Event::Stream(info)),
            Output::Block(block) => {
                first_rate.get_or_insert(block.rate);
                sink(Event::Values {
                    channel: block.channel,
                    unit: block.unit,
                    rate: block.rate,
                    first: block.first,
                    values: block.values,
                    at: Some(at),
                });
            }
            Output::Mark(mark) => {
                let onset_s = first_rate.map_or(0.0, |rate| rate.time_s(mark.index));
                let text = if mark.text.is_empty() { "mark" } else { mark.text };
                sink(Event::Annotation { onset_s, duration_s: None, text, is_ours: false });
            }
            Output::Programme(programme) => {
                let time_s = |index| programme.rate.time_s(index);
                match programme.event {
                    Step::Cue(cue) => {
                        let text = format!("cue: {} {}", phase(cue.phase), cue.part.name());
                        open = Some((time_s(cue.starts), text));
                    }
                    Step::Ended { cue, at, outcome } => {
                        open = None;
                        let ending = match outcome {
                            Outcome::Complete => String::new(),
                            other => format!(" ({})", other.name()),
                        };
                        let (phase, part) = (phase(cue.phase), cue.part.name());
                        let text = format!("cue: {phase} {part} {}{ending}", cue.trial);
                        let onset_s = time_s(cue.starts);
                        let duration_s = Some((time_s(at) - onset_s).max(0.0));
                        sink(Event::Annotation { onset_s, duration_s, text: &text, is_ours });
                    }
                    Step::Suspended { .. } | Step::Resumed { .. } | Step::Done { .. } => {}
                }
            }
            _ => {}
        };
        while let Some(item) = reader.next() {
            match item {
                Item::Input(input) => {
                    last = input.at();
                    let is_import = matches!(input, Input::Scans { .. });
                    let at = if is_import { HostTime::ZERO } else { last };
                    engine.handle(input, &mut |output: Output<'_>| translate(output, at));
                }
                Item::Damage(damage) => damaged_bytes += damage.bytes.end - damage.bytes.start,
                Item::End(_) => {}
            }
        }
        engine.finish(last, &mut |output: Output<'_>| translate(output, last));
        if let Some((onset_s, text)) = open {
            sink(Event::Annotation { onset_s, duration_s: None, text: &text, is_ours });
        }
        if damaged_bytes > 0 {
            let text = format!("{damaged_bytes} bytes of the recording are damaged and left out");
            sink(Event::Note(text));
        }
        Ok(())
    }

    fn edf(
        &self,
        options: &EdfOptions,
        header: &EdfHeader,
        text: &TextOptions,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<BTreeMap<u8, Vec<String>>> {
        let mut file = EdfFile::open(&self.file)?;
        let selection = header.select(options)?;
        let infos: Vec<StreamInfo> = selection.streams.iter().map(|stream| stream.info).collect();
        for info in &infos {
            sink(Event::Stream(info));
        }
        let mut column = Vec::new();
        file.read(&selection, &mut |item| match item {
            edf::Item::Scans(scans) => {
                if let Some(info) = infos.get(usize::from(scans.stream)) {
                    columns(info, scans, &mut column, sink);
                }
            }
            edf::Item::Annotation(one) => {
                let (onset_s, duration_s) = (one.onset_s, one.duration_s);
                sink(Event::Annotation { onset_s, duration_s, text: &one.text, is_ours: false });
            }
        })?;
        for note in imported::edf_notes(&file, &selection, text) {
            sink(Event::Note(note));
        }
        for skipped in imported::edf_skipped(&file) {
            sink(Event::Note(format!("{} bytes left out: {}", skipped.count, skipped.reason)));
        }
        let titles = selection.streams.iter().map(|stream| {
            let titles = stream.signals.iter().map(|&at| header.signal_title(at)).collect();
            (stream.info.stream, titles)
        });
        Ok(titles.collect())
    }

    fn text(
        &self,
        options: &TextOptions,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<BTreeMap<u8, Vec<String>>> {
        let mut file = TextFile::open(&self.file, options)?;
        let info = file.stream_info();
        sink(Event::Stream(&info));
        let mut column = Vec::new();
        file.read(&mut |scans| columns(&info, scans, &mut column, sink))?;
        let layout = file.layout();
        for note in &layout.notes {
            if let Some(onset_s) = note.at_s {
                sink(Event::Annotation {
                    onset_s,
                    duration_s: None,
                    text: &note.text,
                    is_ours: false,
                });
            }
        }
        let listed = layout.notes.iter().filter(|note| note.at_s.is_some()).count() as u64;
        if layout.note_count > listed {
            let count = layout.note_count - listed;
            sink(Event::Note(format!("{count} notes of the file have no time or are too many")));
        }
        for note in imported::notes(layout).into_iter().filter(|note| !imported::is_of_file(note)) {
            sink(Event::Note(note));
        }
        for skipped in imported::skipped(layout) {
            let (what, count) = (skipped.what, skipped.count);
            sink(Event::Note(format!("{count} {what} left out: {}", skipped.reason)));
        }
        let titles =
            (0..layout.channels.len()).map(|at| layout.channel_title(at).unwrap_or_default());
        Ok(BTreeMap::from([(info.stream, titles.collect())]))
    }
}

/// Whether the programme of a recording is one of ours, so that no person chose its words.
pub(super) fn is_built_in(config: &EngineConfig) -> bool {
    let Some(course) = &config.course else { return false };
    let id = course.programme.definition().id.as_str();
    programmes::built_in(id).is_some_and(|known| known == course.programme)
}

/// Scans, channel by channel, calibrated.
fn columns(
    info: &StreamInfo,
    scans: Scans<'_>,
    column: &mut Vec<f64>,
    sink: &mut dyn FnMut(Event<'_>),
) {
    let count = usize::from(scans.channel_count).max(1);
    for channel in 0..count {
        let calibration = info.calibrations[channel];
        column.clear();
        column.extend(
            scans.codes.iter().skip(channel).step_by(count).map(|code| calibration.apply(*code)),
        );
        sink(Event::Values {
            channel: ChannelId { stream: scans.stream, channel: channel as u8 },
            unit: info.unit,
            rate: info.rate,
            first: scans.first,
            values: column,
            at: None,
        });
    }
}
