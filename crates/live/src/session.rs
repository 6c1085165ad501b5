//! A measurement under way, and what is known of it at the end.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, TrySendError, bounded};
use levator_device::{Clock, Connector, OpenError};
use levator_engine::{Conduct, ConfigError, Engine, EngineConfig, Sink};
use levator_record::visit::Laid;
use levator_record::{Header, Storage, Totals, WriteError, Writer};
use levator_signal::HostTime;
use thiserror::Error;

use crate::beside::{self, Place};
use crate::driver::{Driver, Parts, Run, Wish, panic_text};
use crate::feed::Feed;
use crate::histogram::Histogram;
use crate::playback::Axis;
use crate::recorder::{self, Desk, Progress};
use crate::view::Snapshot;
use crate::watch::Board;

/// Marks that wait to be put in order: far more than a person makes in the 10 ms this takes.
const MARK_QUEUE_LEN: usize = 64;
/// Longest text of a mark, in bytes.
pub const MAX_MARK_LEN: usize = 1024;

/// What a session is to do.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    /// Settings of the engine.
    pub engine: EngineConfig,
    /// Where to record, if at all.
    pub record: Option<RecordTo>,
    /// Seconds after which the session ends by itself, counted from its start. Negative values and
    /// values that are no number end it at once.
    pub seconds: Option<f64>,
    /// What to do when the port is not there at the start.
    pub absent: AbsentPort,
    /// Seconds that an absent port is waited for, at the start and after each loss; for ever if not
    /// given.
    pub patience_s: Option<f64>,
}

impl LiveConfig {
    /// Records nothing, ends when it is told to, needs the port at the start and waits for ever when
    /// it is lost later.
    #[must_use]
    pub fn new(engine: EngineConfig) -> Self {
        Self { engine, record: None, seconds: None, absent: AbsentPort::Refuse, patience_s: None }
    }
}

/// A recording to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordTo {
    /// File to be made. It must not exist.
    pub path: PathBuf,
    /// What is known before the first input. Its settings of the engine are replaced by those of the
    /// session.
    pub header: Header,
    /// Folder for samples and events that are written beside it, for other programs, if any.
    pub beside: Option<PathBuf>,
}

/// What to do when the port is not there at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbsentPort {
    /// Say so: a person may have mistyped its name.
    Refuse,
    /// Wait until it is plugged in. A port that is there and cannot be opened is refused all the same.
    Wait,
}

/// Why a session did not start. Nothing runs then.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting of the engine is out of its bounds.
    #[error(transparent)]
    Engine(#[from] ConfigError),
    /// The port could not be opened.
    #[error(transparent)]
    Port(#[from] OpenError),
    /// The recording could not be begun. To go on without one is for a person to decide.
    #[error(transparent)]
    Record(#[from] WriteError),
    /// The system has no room for another thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// A measurement under way: a port is read, everything is recorded and analysed at once.
///
/// Dropping it stops the measurement, closes the recording properly and waits for that, half a second
/// at most unless the disk is slow. [`Session::wait`] does the same and tells how it went.
#[derive(Debug)]
pub struct Session<S> {
    handle: Handle,
    port: Option<JoinHandle<Run<S>>>,
    recorder: Option<JoinHandle<Result<Totals, String>>>,
    beside: Option<JoinHandle<Result<Laid, String>>>,
    path: Option<PathBuf>,
}

impl<S: Sink + Send + 'static> Session<S> {
    /// Opens the port, begins the recording, and starts.
    ///
    /// `sink` is given every output as soon as it is known, on the thread that reads the port. It must
    /// not wait for anything: while it works nothing is read, and beyond what the system keeps (4 KiB
    /// or more, 350 ms at 115 200 baud) samples are lost. What may wait belongs behind
    /// [`Handle::latest`].
    ///
    /// # Errors
    ///
    /// [`StartError`]. If the recording cannot be begun, the port was opened and is closed again.
    pub fn start(
        connector: impl Connector + 'static,
        config: LiveConfig,
        sink: S,
    ) -> Result<Self, StartError> {
        Self::start_on(Box::new(connector), config, sink, |record| {
            Writer::<File>::create(&record.path, &record.header)
        })
    }

    pub(crate) fn start_on<T: Storage + Send + 'static>(
        mut connector: Box<dyn Connector>,
        config: LiveConfig,
        sink: S,
        begin: impl FnOnce(&RecordTo) -> Result<Writer<T>, WriteError>,
    ) -> Result<Self, StartError> {
        let LiveConfig { engine, record, seconds, absent, patience_s } = config;
        let machine = Engine::new(&engine)?;
        let port = match (connector.connect(), absent) {
            (Ok(port), _) => Some(port),
            (Err(OpenError::NotFound { .. }), AbsentPort::Wait) => None,
            (Err(error), _) => return Err(error.into()),
        };
        let clock = Clock::start();
        let (mut feed, mut thread, mut path, mut progress) = (None, None, None, None);
        let mut beside_thread = None;
        if let Some(mut record) = record {
            record.header.config = engine;
            let writer = begin(&record)?;
            let (inlet, outlet, shown) = Feed::new();
            let mut desk = Desk { outlet, progress: Arc::clone(&shown), place: None, beside: None };
            if let Some(folder) = &record.beside {
                let (next, work) = beside::new(folder, &record.header)?;
                let (spare, told) = (desk.outlet.spare.clone(), Arc::clone(&shown));
                let named = thread::Builder::new().name("levator-signals".to_owned());
                let run = move || work.run(&spare, &told);
                beside_thread = Some(named.spawn(run).map_err(StartError::Thread)?);
                desk.beside = Some(next);
            }
            desk.place = record.path.is_file().then(|| Place::of(&record.path));
            let run = move || recorder::run(writer, desk);
            let named = thread::Builder::new().name("levator-recorder".to_owned());
            thread = Some(named.spawn(run).map_err(StartError::Thread)?);
            (feed, path, progress) = (Some(inlet), Some(record.path), Some(shown));
        }
        let shared = Arc::new(Shared {
            clock: Axis::Live(clock),
            stop: AtomicBool::new(false),
            over: AtomicBool::new(false),
            board: Mutex::default(),
            latency: Histogram::new(),
            progress,
        });
        let (wish_in, wishes) = bounded(MARK_QUEUE_LEN);
        let handle = Handle { shared: Arc::clone(&shared), wishes: wish_in };
        let parts = Parts { shared, connector, port, wishes, feed, engine: machine, sink };
        let driver = Driver::new(
            parts,
            seconds.map(HostTime::from_secs_f64),
            patience_s.map(|s| HostTime::from_secs_f64(s).saturating_since(HostTime::ZERO)),
        );
        let over = Over(Arc::clone(&handle.shared));
        let port = thread::Builder::new().name("levator-port".to_owned()).spawn(move || {
            let _over = over;
            driver.run()
        });
        let port = Some(port.map_err(StartError::Thread)?);
        Ok(Self { handle, port, recorder: thread, beside: beside_thread, path })
    }

    /// Waits until the session ends, by [`Handle::stop`] or by itself, and gives back the sink.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a part of the program broke down. The recording is kept as far as it got.
    pub fn wait(mut self) -> Result<(Summary, S), Failure> {
        let port = self.port.take().map(JoinHandle::join);
        let recorder = self.recorder.take().map(JoinHandle::join);
        let beside = self.beside.take().map(JoinHandle::join);
        let beside = beside.map(|end| end.unwrap_or_else(|panic| Err(panic_text(&*panic))));
        let broke = |part, message| Failure { part, message, summary: None };
        let run = match port {
            Some(Ok(run)) => run,
            Some(Err(panic)) => return Err(broke(Part::Port, panic_text(&*panic))),
            None => unreachable!("only waiting takes the thread, and waiting takes the session"),
        };
        let (outcome, recorder_failure) = match recorder {
            None => (None, None),
            Some(Ok(outcome)) => (Some(outcome), None),
            Some(Err(panic)) => {
                let message = panic_text(&*panic);
                (Some(Err(message.clone())), Some(message))
            }
        };
        let summary = Summary {
            ended: run.ended,
            ended_at: run.at,
            recording: self.path.take().zip(outcome).map(|(path, totals)| Recorded {
                path,
                totals,
                beside,
            }),
            last: self.handle.latest(),
        };
        let failed = |part, message, summary| {
            Err(Failure { part, message, summary: Some(Box::new(summary)) })
        };
        match (run.sink, recorder_failure) {
            (Err(message), _) => failed(Part::Engine, message, summary),
            (Ok(_), Some(message)) => failed(Part::Recorder, message, summary),
            (Ok(sink), None) => Ok((summary, sink)),
        }
    }
}

impl<S> Session<S> {
    /// A handle for another thread.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// As [`Handle::mark`].
    ///
    /// # Errors
    ///
    /// As [`Handle::mark`].
    pub fn mark(&self, text: &str) -> Result<(), MarkError> {
        self.handle.mark(text)
    }

    /// As [`Handle::conduct`].
    ///
    /// # Errors
    ///
    /// As [`Handle::conduct`].
    pub fn conduct(&self, conduct: Conduct) -> Result<(), MarkError> {
        self.handle.conduct(conduct)
    }

    /// As [`Handle::stop`].
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// As [`Handle::latest`].
    #[must_use]
    pub fn latest(&self) -> Snapshot {
        self.handle.latest()
    }

    /// As [`Handle::is_over`].
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.handle.is_over()
    }
}

impl<S> Drop for Session<S> {
    fn drop(&mut self) {
        self.handle.stop();
        // What a thread says at its end is for `wait` to tell.
        drop(self.port.take().map(JoinHandle::join));
        drop(self.recorder.take().map(JoinHandle::join));
        drop(self.beside.take().map(JoinHandle::join));
    }
}

/// What any thread may do with a session while it runs.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    wishes: Sender<Wish>,
}

impl Handle {
    /// For a visit that is played again: nobody takes wishes.
    pub(crate) fn of_playback() -> (Self, Arc<Shared>) {
        let shared = Arc::new(Shared {
            clock: Axis::Played(AtomicU64::new(0)),
            stop: AtomicBool::new(false),
            over: AtomicBool::new(false),
            board: Mutex::default(),
            latency: Histogram::new(),
            progress: None,
        });
        let (wishes, _) = bounded(0);
        (Self { shared: Arc::clone(&shared), wishes }, shared)
    }

    /// Binds a note to the newest sample. It is put in order within 10 ms while the port is open, and
    /// recorded. Text beyond [`MAX_MARK_LEN`] bytes is cut off.
    ///
    /// # Errors
    ///
    /// [`MarkError`]; the note is then not in the recording.
    pub fn mark(&self, text: &str) -> Result<(), MarkError> {
        if self.is_over() {
            return Err(MarkError::Over);
        }
        let text = &text[..text.floor_char_boundary(MAX_MARK_LEN)];
        self.wish(Wish::Mark(text.to_owned()))
    }

    /// Starts, stops or moves on the programme of the session, in order with marks and as soon. Without a
    /// programme nothing happens, and that is recorded too.
    ///
    /// # Errors
    ///
    /// [`MarkError`]; it is then not in the recording.
    pub fn conduct(&self, conduct: Conduct) -> Result<(), MarkError> {
        if self.is_over() {
            return Err(MarkError::Over);
        }
        self.wish(Wish::Conduct(conduct))
    }

    fn wish(&self, wish: Wish) -> Result<(), MarkError> {
        self.wishes.try_send(wish).map_err(|error| match error {
            TrySendError::Full(_) => MarkError::TooMany,
            TrySendError::Disconnected(_) => MarkError::Over,
        })
    }

    /// Ends the session: the device is told to stop, its last words are heard, the recording is
    /// closed. Returns at once; never fails. May be called from a handler of signals' thread, again
    /// and again.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::Acquire)
    }

    /// The newest state. Never waits for the measurement, never delays it.
    #[must_use]
    pub fn latest(&self) -> Snapshot {
        let shared = &self.shared;
        let board = shared.board();
        let at = shared.clock.now();
        let (figures, channels) = (board.figures, board.channels(at));
        let marks = board.marks();
        let (port_name, port_trouble) = (board.port_name.clone(), board.port_trouble.clone());
        let engine_failure = board.engine_failure.clone();
        drop(board);
        Snapshot {
            at,
            link: figures.link,
            link_since: figures.link_since,
            port_name,
            port_trouble,
            device: figures.device,
            battery_percent: figures.battery_percent,
            channels,
            marks,
            counts: figures.counts,
            latency: shared.latency.figures(),
            recording: shared.progress.as_deref().map(Progress::state),
            engine_failure,
            programme: figures.programme,
        }
    }

    /// Now, on the axis of the session.
    #[must_use]
    pub fn now(&self) -> HostTime {
        self.shared.clock.now()
    }
}

/// Why a mark was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MarkError {
    /// The session has ended.
    #[error("the session has ended")]
    Over,
    /// More marks at once than are plausible.
    #[error("too many marks at once")]
    TooMany,
}

/// Between the port thread and everybody else.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Axis,
    pub(crate) board: Mutex<Board>,
    pub(crate) latency: Histogram,
    pub(crate) progress: Option<Arc<Progress>>,
    stop: AtomicBool,
    over: AtomicBool,
}

impl Shared {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Nobody panics while holding the board; if somebody did, what it holds would still be shown.
    pub(crate) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the session is over, however the port thread ends.
pub(crate) struct Over(pub(crate) Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Somebody called [`Handle::stop`].
    Stopped,
    /// [`LiveConfig::seconds`] were over.
    TimeLimit,
    /// The port was away for [`LiveConfig::patience_s`].
    GaveUp,
    /// The engine broke down and nothing was recorded that would be worth going on for.
    EngineFailed,
}

/// How a session went.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Why it ended.
    pub ended: Ended,
    /// When it ended, from its start; the recording was closed at this host time.
    pub ended_at: HostTime,
    /// The recording; `None` if nothing was recorded.
    pub recording: Option<Recorded>,
    /// The state at the end, with counts, latencies and what is missing from the recording.
    pub last: Snapshot,
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its file.
    pub path: PathBuf,
    /// What it holds, or why it could not be closed; what was written before can still be read.
    pub totals: Result<Totals, String>,
    /// What lies beside it, or why that is to be made again from it; `None` if it was not asked for.
    pub beside: Option<Result<Laid, String>>,
}

/// A part of the program broke down: a fault of ours, to be reported.
#[derive(Debug, Error)]
#[error("{part} broke down: {message}")]
pub struct Failure {
    /// Which part.
    pub part: Part,
    /// What it said.
    pub message: String,
    /// What is known of the session all the same.
    pub summary: Option<Box<Summary>>,
}

/// A part of the program that can break down by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The thread that reads the port. The recording lacks its end, and up to a second.
    Port,
    /// The engine or the sink. The recording is complete.
    Engine,
    /// The recorder. What it had written before can be read; the session went on without it.
    Recorder,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Port => "the reader of the port",
            Self::Engine => "the engine",
            Self::Recorder => "the recorder",
        })
    }
}
