//! From the inputs of a recording to what lies beside it.

use std::io;
use std::path::{Path, PathBuf};

use levator_decode::{DeviceInfo, StreamInfo};
use levator_engine::{ConfigError, Engine, EngineConfig, Input, Output};
use levator_signal::HostTime;
use thiserror::Error;

use super::EVENTS;
use super::events::Events;
use super::file::{LateFile, replace};
use super::overview;
use super::signals::{self, Hints, Signals, SignalsFile};

/// Takes the inputs of a recording, in their order, and writes samples and events beside it.
///
/// It is the same engine that analyses live, fed a second time, so that it hangs on nothing but the
/// inputs: what is written live and what is made from the journal later are the same. It measures nothing:
/// no file beside the journal holds measures.
#[derive(Debug)]
pub struct Projection {
    folder: PathBuf,
    engine: Engine,
    kept: Kept,
}

#[derive(Debug)]
struct Kept {
    signals: Signals,
    events: Events,
    device: Option<DeviceInfo>,
    streams: Vec<StreamInfo>,
    /// None where the disk refuses: it can be made at any time.
    overview: Option<overview::Builder>,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// Files of samples, one for each stream that gave some.
    pub files: Vec<SignalsFile>,
    /// What happened.
    pub events: Events,
    /// The device, as it named itself last.
    pub device: Option<DeviceInfo>,
    /// Each stream, as it was described last.
    pub streams: Vec<StreamInfo>,
    /// Why the samples are not all there, if so: they are to be made again from the journal.
    pub failure: Option<String>,
    folder: PathBuf,
    open: Vec<LateFile>,
    overview: Option<overview::Built>,
}

impl Projection {
    /// Beside a journal that is being written. Files of samples appear with their first second.
    ///
    /// # Errors
    ///
    /// If the settings are none.
    pub fn live(
        folder: &Path,
        config: &EngineConfig,
        opened_unix_ms: u64,
    ) -> Result<Self, ConfigError> {
        Self::new(folder, config, Signals::new(folder, false, opened_unix_ms, Hints::default()))
    }

    /// From a journal that is read: in place of what is there, once all of it was made.
    pub(crate) fn again(
        folder: &Path,
        config: &EngineConfig,
        opened_unix_ms: u64,
        hints: Hints,
    ) -> Result<Self, ConfigError> {
        Self::new(folder, config, Signals::new(folder, true, opened_unix_ms, hints))
    }

    fn new(folder: &Path, config: &EngineConfig, signals: Signals) -> Result<Self, ConfigError> {
        let events = Events::new(config);
        let overview = overview::Builder::new(folder).ok();
        let kept = Kept { signals, events, device: None, streams: Vec::new(), overview };
        Ok(Self { folder: folder.to_owned(), engine: Engine::without_measures(config)?, kept })
    }

    /// Takes one input.
    pub fn take(&mut self, input: Input<'_>) {
        let at = input.at();
        let kept = &mut self.kept;
        self.engine.handle(input, &mut |output: Output<'_>| kept.take(&output, at));
        self.kept.signals.keep_up();
        if let Some(overview) = &mut self.kept.overview {
            overview.keep_up();
        }
    }

    /// Why no more samples are written, if so. What was written can be read.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.kept.signals.failure()
    }

    /// Writes what is left. Call [`Made::put_in_place`] then.
    #[must_use]
    pub fn close(self, at: HostTime) -> Made {
        self.finish(at).0
    }

    pub(crate) fn finish(mut self, at: HostTime) -> (Made, Option<Hints>) {
        let mut kept = self.kept;
        self.engine.finish(at, &mut |output: Output<'_>| kept.take(&output, at));
        kept.events.finish();
        let finished = kept.signals.finish();
        let (files, open) = finished.files.into_iter().unzip();
        let made = Made {
            files,
            open,
            events: kept.events,
            device: kept.device,
            streams: kept.streams,
            failure: finished.failure,
            folder: self.folder,
            overview: kept.overview.and_then(|builder| builder.finish().ok()),
        };
        (made, finished.better)
    }
}

impl Kept {
    fn take(&mut self, output: &Output<'_>, at: HostTime) {
        match output {
            Output::Device(device) => self.device = Some(*device),
            Output::Stream(info) => {
                match self.streams.iter_mut().find(|known| known.stream == info.stream) {
                    Some(known) => *known = **info,
                    None => self.streams.push(**info),
                }
            }
            _ => {}
        }
        self.signals.take(output, at);
        if let Some(overview) = &mut self.overview {
            overview.take(output);
        }
        if let Some(event) = self.events.take(output) {
            self.signals.note(event);
        }
    }
}

/// What lies beside a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Laid {
    /// Files of samples, one for each stream that gave some.
    pub files: Vec<SignalsFile>,
    /// The device, as it named itself last.
    pub device: Option<DeviceInfo>,
    /// Each stream, as it was described last.
    pub streams: Vec<StreamInfo>,
}

impl Made {
    /// Keeps the samples through a loss of power, and writes the list of events.
    ///
    /// # Errors
    ///
    /// What the system says, with the name of the file; or why the samples are not all there, and then
    /// nothing was touched that could not be made again.
    pub fn put_in_place(mut self) -> Result<Laid, ProjectionError> {
        if let Some(failure) = self.failure {
            return Err(ProjectionError::Signals(failure));
        }
        for file in &mut self.open {
            let path = file.path().to_owned();
            file.put_in_place().map_err(|source| ProjectionError::Io { path, source })?;
        }
        // Streams that a recovered journal does not have any more.
        for number in self.files.len().. {
            let path = self.folder.join(signals::name_of(number));
            if std::fs::remove_file(path).is_err() {
                break;
            }
        }
        let path = self.folder.join(EVENTS);
        let text = self.events.tsv(self.files.first().map_or(0, |file| file.base));
        replace(&path, text.as_bytes()).map_err(|source| ProjectionError::Io { path, source })?;
        if let Some(overview) = self.overview {
            // Without it, it is made when somebody asks.
            let _ = overview.put_in_place();
        }
        Ok(Laid { files: self.files, device: self.device, streams: self.streams })
    }
}

/// Why what lies beside a journal is not there.
#[derive(Debug, Error)]
pub enum ProjectionError {
    /// The settings of the recording are none.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The samples cannot be written.
    #[error("{0}")]
    Signals(String),
    /// The disk refuses.
    #[error("{} cannot be written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
