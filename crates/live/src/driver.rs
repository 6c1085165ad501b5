//! The port thread: the one place where inputs are put in order.
//!
//! ```text
//!          +-----------+ mark, stop            +-> recorder thread (batches, see `feed`)
//! person ->|           |                       |
//!          | one order | -> Input ------------>+
//! port  -->|           |                       |
//! clock -->|           |                       +-> Engine -> sink, views, answers to the device
//!          +-----------+
//! ```
//!
//! Everything that happens passes through [`Driver::take`], which gives the same input to the recorder
//! and to the engine, in this order. That is why a recording gives the same outputs again, bit for
//! bit.
//!
//! # Why the engine runs on this thread
//!
//! Handing bytes to another thread costs more than everything the engine does with them. Measured on
//! a pseudo-terminal with 32 bytes every millisecond (two shared cores, Linux, medians of three runs
//! of 3000 packets, from the write to the decision): a bare read 39 us, an engine on the thread that
//! reads 42 us, an engine on a thread of its own 70 us; with every input also sent to the recorder by
//! itself instead of in batches, 50 and 96 us. While the engine works the system keeps what arrives:
//! 4 KiB or more, 350 ms at 115 200 baud, where a block takes the engine microseconds. A sink that
//! blocks for longer than that loses data; it is told so where it is handed in.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use levator_device::{Connector, LinkError, Port};
use levator_engine::{
    Command, Conduct, Engine, Input, LinkChange, LinkState, Output, SILENT_S, Sink,
};
use levator_signal::HostTime;

use crate::feed::Feed;
use crate::redial::{Redial, Worth};
use crate::session::{Ended, Shared};
use crate::watch::Watch;

/// Most bytes of one read: what Linux keeps for a port.
const READ_LEN: usize = 4096;
/// After this long without another input, a tick tells the engine that time passed.
///
/// Our choice: 20 ticks a second follow the supervision of the link (500 ms at the least) closely
/// enough, and an hour of silence is less than a megabyte of recording.
const TICK_AFTER: Duration = Duration::from_millis(50);
/// After the device was told to stop, its last words are over when nothing came for this long.
///
/// Our choice: five batches of samples of the longest kind (20 ms).
const LAST_WORDS_SILENCE: Duration = Duration::from_millis(100);
/// A device that does not stop is listened to for this long: one repetition of the command (300 ms,
/// wire specification) and its answer.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Room for what the engine says to the device at one input, a dozen of its longest messages.
const OUTBOX_LEN: usize = 4096;

/// What a person asks for while a session runs.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    Mark(String),
    Conduct(Conduct),
}

/// All that the port thread owns.
pub(crate) struct Driver<S> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connector: Box<dyn Connector>,
    pub(crate) port: Option<Box<dyn Port>>,
    pub(crate) wishes: Receiver<Wish>,
    pub(crate) feed: Option<Feed>,
    pub(crate) deadline: Option<HostTime>,
    /// How long an absent port is waited for; for ever if not given.
    pub(crate) patience: Option<Duration>,
    /// `None` once it broke down.
    machine: Option<Machine<S>>,
    machine_failure: Option<String>,
    watch: Watch,
    /// What the engine wants to say, until it has done its work.
    outbox: Vec<u8>,
    sent_count: u64,
    redial: Redial,
    /// A write found the port gone. What had come before is still to be read.
    is_hung_up: bool,
    last_input_at: HostTime,
    /// The sample after which the programme was told that no more come.
    silent_since: Option<HostTime>,
}

struct Machine<S> {
    engine: Engine,
    sink: S,
}

/// How the port thread ended.
pub(crate) struct Run<S> {
    pub(crate) ended: Ended,
    pub(crate) at: HostTime,
    /// The sink, or what the engine or the sink said when it broke down.
    pub(crate) sink: Result<S, String>,
}

/// What a driver is made of, beside its settings.
pub(crate) struct Parts<S> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connector: Box<dyn Connector>,
    pub(crate) port: Option<Box<dyn Port>>,
    pub(crate) wishes: Receiver<Wish>,
    pub(crate) feed: Option<Feed>,
    pub(crate) engine: Engine,
    pub(crate) sink: S,
}

impl<S: Sink> Driver<S> {
    pub(crate) fn new(
        parts: Parts<S>,
        deadline: Option<HostTime>,
        patience: Option<Duration>,
    ) -> Self {
        let Parts { shared, connector, port, wishes, feed, engine, sink } = parts;
        let now = shared.clock.now();
        Self {
            shared,
            connector,
            port,
            wishes,
            feed,
            deadline,
            patience,
            machine: Some(Machine { engine, sink }),
            machine_failure: None,
            watch: Watch::default(),
            outbox: Vec::with_capacity(OUTBOX_LEN),
            sent_count: 0,
            redial: Redial::new(now),
            is_hung_up: false,
            last_input_at: now,
            silent_since: None,
        }
    }

    /// Runs until the session ends.
    pub(crate) fn run(mut self) -> Run<S> {
        let mut buffer = vec![0; READ_LEN];
        let mut now = self.shared.clock.now();
        if let Some(port) = self.port.take() {
            self.open(now, port);
        }
        let ended = loop {
            self.tell_hole();
            while let Ok(wish) = self.wishes.try_recv() {
                self.fulfil(&wish);
            }
            if let Some(ended) = self.is_over(now) {
                break ended;
            }
            now = if self.port.is_some() { self.listen(&mut buffer) } else { self.wait() };
            self.pass_time(now);
            self.tell_silence(now);
        };
        self.end(ended, &mut buffer)
    }

    fn is_over(&self, now: HostTime) -> Option<Ended> {
        if self.shared.is_stopped() {
            return Some(Ended::Stopped);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Some(Ended::TimeLimit);
        }
        if self.machine.is_none() && self.feed.is_none() {
            // Nobody is left to do anything with what comes.
            return Some(Ended::EngineFailed);
        }
        let waited = now.saturating_since(self.redial.since());
        let gave_up = self.port.is_none() && self.patience.is_some_and(|limit| waited >= limit);
        gave_up.then_some(Ended::GaveUp)
    }

    /// Waits for bytes, for as long as the port does, and takes them.
    fn listen(&mut self, buffer: &mut [u8]) -> HostTime {
        let Some(port) = &mut self.port else { return self.shared.clock.now() };
        let read = port.read(buffer);
        let at = self.shared.clock.now();
        match read {
            Ok(0) if self.is_hung_up => self.lose(at),
            Ok(0) => {}
            Ok(byte_count) => self.take(Input::Bytes { at, bytes: &buffer[..byte_count] }),
            Err(_) => self.lose(at),
        }
        at
    }

    /// Waits until there is something to do without a port, and tries to open it when that is due.
    fn wait(&mut self) -> HostTime {
        let now = self.shared.clock.now();
        let tick_due = self.last_input_at.saturating_add(TICK_AFTER);
        let due = tick_due.min(self.redial.due()).min(self.deadline.unwrap_or(tick_due));
        if let Ok(wish) = self.wishes.recv_timeout(due.saturating_since(now)) {
            self.fulfil(&wish);
        }
        let now = self.shared.clock.now();
        if now >= self.redial.due() { self.dial() } else { now }
    }

    fn dial(&mut self) -> HostTime {
        let opened = self.connector.connect();
        // Opening may have taken its time.
        let at = self.shared.clock.now();
        match opened {
            Ok(port) => self.open(at, port),
            Err(error) => {
                let trouble = match self.redial.failed(at, &error) {
                    Worth::Nothing => None,
                    Worth::Telling => Some(error.to_string()),
                };
                self.shared.board().port_trouble = trouble;
            }
        }
        at
    }

    fn open(&mut self, at: HostTime, port: Box<dyn Port>) {
        let name = port.name().to_owned();
        self.port = Some(port);
        {
            let mut board = self.shared.board();
            board.port_name = Some(name);
            board.port_trouble = None;
        }
        self.take(Input::Link { at, change: LinkChange::Opened });
    }

    /// The port is gone. It is closed at once: a handle that stays open would make the system give
    /// the device another name when it comes back.
    fn lose(&mut self, at: HostTime) {
        self.port = None;
        self.is_hung_up = false;
        self.shared.board().port_name = None;
        self.redial = Redial::new(at);
        self.watch.figures.counts.lost_port_count += 1;
        self.take(Input::Link { at, change: LinkChange::Lost });
    }

    fn fulfil(&mut self, wish: &Wish) {
        match wish {
            Wish::Mark(text) => self.mark(text),
            Wish::Conduct(conduct) => {
                let at = self.shared.clock.now();
                self.take(Input::Command { at, command: Command::Conduct(*conduct) });
            }
        }
    }

    fn mark(&mut self, text: &str) {
        let at = self.shared.clock.now();
        self.take(Input::Command { at, command: Command::Mark { text } });
    }

    /// Says in the recording itself that inputs are missing in it, as soon as there is room for that.
    fn tell_hole(&mut self) {
        if let Some(count) = self.feed.as_mut().and_then(Feed::take_hole) {
            self.mark(&format!("{count} inputs before this were not recorded"));
        }
    }

    /// Tells the engine that time passed, and hands the recorder what is due.
    fn pass_time(&mut self, now: HostTime) {
        if now.saturating_since(self.last_input_at) >= TICK_AFTER {
            self.take(Input::Tick { at: now });
        } else if let Some(feed) = &mut self.feed {
            feed.poll(now);
        }
    }

    /// Tells a programme that its samples have stopped, once for each time. The engine reads no clock, so it
    /// is told, and what it was told is in the recording: a replay stands still where the visit did.
    ///
    /// A device whose messages are so long that a second between them is usual is not silent: the link says
    /// then that it streams.
    fn tell_silence(&mut self, now: HostTime) {
        let Some(Machine { engine, .. }) = &self.machine else { return };
        let Some(stream) = engine.conducted_stream() else { return };
        let Some(newest_at) = self.watch.newest_sample_at(stream) else { return };
        let silence = now.saturating_since(newest_at).as_secs_f64();
        if silence >= SILENT_S
            && engine.link() != LinkState::Streaming
            && self.silent_since != Some(newest_at)
        {
            self.silent_since = Some(newest_at);
            let command = Command::Conduct(Conduct::Silence);
            self.take(Input::Command { at: now, command });
        }
    }

    /// Gives one input to the recorder and to the engine, then says what the engine wants said.
    fn take(&mut self, input: Input<'_>) {
        let at = input.at();
        if let Some(feed) = &mut self.feed {
            feed.push(&input);
        }
        self.last_input_at = at;
        self.watch.figures.counts.input_count += 1;
        if let Input::Bytes { bytes, .. } = input {
            self.watch.figures.counts.byte_count += bytes.len() as u64;
        }
        self.work(at, |engine, sink| engine.handle(input, sink));
        self.watch.publish(&self.shared.board);
        if matches!(input, Input::Bytes { .. }) {
            self.shared.latency.count(self.shared.clock.now().saturating_since(at));
        }
        self.send();
    }

    /// Runs the engine. If it or the sink breaks down, a fault of the program, the recording goes on:
    /// what was measured can still be analysed once the fault is repaired.
    fn work(&mut self, at: HostTime, step: impl FnOnce(&mut Engine, &mut Fan<'_, S>)) {
        let Some(Machine { engine, sink }) = &mut self.machine else { return };
        self.watch.begin(at);
        let mut fan = Fan { sink, watch: &mut self.watch, outbox: &mut self.outbox };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| step(engine, &mut fan))) {
            let message = panic_text(&*panic);
            self.shared.board().engine_failure = Some(message.clone());
            self.machine_failure = Some(message);
            self.machine = None;
            self.outbox.clear();
        }
    }

    fn send(&mut self) {
        if self.outbox.is_empty() {
            return;
        }
        let sent = self.port.as_mut().map(|port| port.write_all(&self.outbox));
        self.outbox.clear();
        match sent {
            Some(Ok(())) => self.sent_count += 1,
            Some(Err(LinkError::NotTaken { .. })) | None => {
                self.watch.figures.counts.unsent_count += 1;
            }
            Some(Err(_)) => {
                self.watch.figures.counts.unsent_count += 1;
                self.is_hung_up = true;
            }
        }
    }

    /// Tells the device to stop, hears it out, closes everything.
    fn end(mut self, ended: Ended, buffer: &mut [u8]) -> Run<S> {
        let stopped_at = self.shared.clock.now();
        let sent_before = self.sent_count;
        self.take(Input::Command { at: stopped_at, command: Command::Stop });
        if self.sent_count > sent_before {
            self.hear_out(stopped_at, buffer);
        }
        if self.port.take().is_some() {
            let at = self.shared.clock.now();
            self.shared.board().port_name = None;
            self.take(Input::Link { at, change: LinkChange::Closed });
        }
        let at = self.shared.clock.now();
        self.work(at, |engine, sink| engine.finish(at, sink));
        // Nothing comes after this, so it waits for a view that is looking.
        self.watch.update(&mut self.shared.board());
        if let Some(feed) = self.feed.take() {
            feed.close(at);
        }
        let failure = self.machine_failure.unwrap_or_default();
        Run { ended, at, sink: self.machine.map(|machine| machine.sink).ok_or(failure) }
    }

    fn hear_out(&mut self, stopped_at: HostTime, buffer: &mut [u8]) {
        let (mut now, mut heard_at) = (stopped_at, stopped_at);
        while self.port.is_some()
            && now.saturating_since(stopped_at) < LAST_WORDS
            && now.saturating_since(heard_at) < LAST_WORDS_SILENCE
        {
            let byte_count = self.watch.figures.counts.byte_count;
            now = self.listen(buffer);
            if self.watch.figures.counts.byte_count > byte_count {
                heard_at = now;
            }
            self.pass_time(now);
        }
    }
}

/// Where outputs go: the caller's sink first, it waits for them.
struct Fan<'a, S> {
    sink: &'a mut S,
    watch: &'a mut Watch,
    outbox: &'a mut Vec<u8>,
}

impl<S: Sink> Sink for Fan<'_, S> {
    fn emit(&mut self, output: Output<'_>) {
        self.sink.emit(output);
        self.watch.emit(output);
        if let Output::Transmit(transmission) = output {
            self.outbox.extend_from_slice(transmission.bytes);
        }
    }
}

/// The message of a panic, which is text in all but exotic cases.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(no message)").to_owned()
}
