//! A recorded visit, played again as if it happened now.
//!
//! ```text
//!             due yet?                        +-> sink
//! Reader -> input --> wait, in slices --> Engine
//!                        ^                    +-> views
//!                   Pace: (at - first) / speed
//! ```
//!
//! The inputs are those of the recording, with the host times they had, so the outputs are those of the
//! live session, bit for bit, however fast it is played: speed only says when an input is due.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use levator_device::Clock;
use levator_engine::{Engine, EngineConfig, Output, Sink};
use levator_record::{Damage, Item, Reader, Totals};
use levator_signal::HostTime;

use crate::driver::panic_text;
use crate::session::{Failure, Handle, Over, Part, Shared, StartError};
use crate::watch::Watch;

/// Longest wait without a look at whether somebody asked to stop, and without time moving on in views.
const SLICE: Duration = Duration::from_millis(20);
/// What is due within this time is played at once: a shorter sleep costs more than it waits.
const EARLY: Duration = Duration::from_millis(1);

/// How fast a visit is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(Option<f64>);

impl Speed {
    /// As it was.
    pub const REAL: Self = Self(Some(1.0));
    /// As fast as the machine can.
    pub const MAX: Self = Self(None);

    /// So many times as fast as it was; `None` unless that is a number from 0.001 to 100 000.
    #[must_use]
    pub fn times(factor: f64) -> Option<Self> {
        (0.001..=1e5).contains(&factor).then_some(Self(Some(factor)))
    }
}

/// When what happened is due, counted from the beginning of playing.
///
/// Every date is computed from the first one, so waits that come out long do not add up.
#[derive(Debug)]
struct Pace {
    factor: Option<f64>,
    first: Option<HostTime>,
}

impl Pace {
    fn new(Speed(factor): Speed) -> Self {
        Self { factor, first: None }
    }

    /// When what happened `at` is due. The first thing is due at once.
    fn due(&mut self, at: HostTime) -> HostTime {
        let first = *self.first.get_or_insert(at);
        let Some(factor) = self.factor else { return HostTime::ZERO };
        HostTime::from_secs_f64(at.saturating_since(first).as_secs_f64() / factor)
    }

    /// What time it was in the visit when playing has lasted until `now`.
    fn visited(&self, now: HostTime) -> HostTime {
        let first = self.first.unwrap_or(HostTime::ZERO);
        let factor = self.factor.unwrap_or(0.0);
        let passed = HostTime::from_secs_f64(now.as_secs_f64() * factor);
        first.saturating_add(passed.saturating_since(HostTime::ZERO))
    }
}

/// What time it is, and waiting. A test has one of its own.
trait Timer {
    fn now(&self) -> HostTime;
    fn wait(&mut self, how_long: Duration);
}

impl Timer for Clock {
    fn now(&self) -> HostTime {
        Self::now(self)
    }

    fn wait(&mut self, how_long: Duration) {
        thread::sleep(how_long);
    }
}

/// The time axis of a session.
#[derive(Debug)]
pub(crate) enum Axis {
    /// It is now.
    Live(Clock),
    /// It is when the visit has been played to, in nanoseconds.
    Played(AtomicU64),
}

impl Axis {
    pub(crate) fn now(&self) -> HostTime {
        match self {
            Self::Live(clock) => clock.now(),
            Self::Played(nanos) => HostTime::from_nanos(nanos.load(Ordering::Relaxed)),
        }
    }

    fn set(&self, to: HostTime) {
        if let Self::Played(nanos) = self {
            nanos.store(to.as_nanos(), Ordering::Relaxed);
        }
    }
}

/// How playing went.
#[derive(Clone, Debug)]
pub struct Played {
    /// Whether it came to the end of the recording; otherwise somebody stopped it.
    pub completed: bool,
    /// Host time of the visit at the end.
    pub ended_at: HostTime,
    /// How long playing took.
    pub took: Duration,
    /// What is missing in the recording.
    pub damage: Vec<Damage>,
    /// What the recording says of itself at its end, if it was closed.
    pub totals: Option<Totals>,
}

/// A recorded visit that is being played. Dropping it stops it.
#[derive(Debug)]
pub struct Playback<S> {
    handle: Handle,
    thread: Option<JoinHandle<Result<(Played, S), String>>>,
}

impl<S: Sink + Send + 'static> Playback<S> {
    /// Plays `reader` with these settings: those of its header give what was seen live.
    ///
    /// Views see it through [`Playback::handle`] as they see a live session, on the time axis of the
    /// visit. Marks cannot be added: the visit is over, and [`Handle::mark`] says so. Memory does not
    /// grow with the length of the recording, beyond what the sink keeps.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the settings are out of their bounds or there is no room for a thread.
    pub fn start<R: Read + Send + 'static>(
        reader: Reader<R>,
        config: &EngineConfig,
        speed: Speed,
        sink: S,
    ) -> Result<Self, StartError> {
        let engine = Engine::new(config)?;
        let (handle, shared) = Handle::of_playback();
        let run = move || {
            let _over = Over(Arc::clone(&shared));
            let mut player = Player { shared, engine, sink, watch: Watch::default() };
            let play = || player.play(reader, Pace::new(speed), &mut Clock::start());
            let played = catch_unwind(AssertUnwindSafe(play));
            played.map(|played| (played, player.sink)).map_err(|panic| panic_text(&*panic))
        };
        let thread = thread::Builder::new().name("levator-playback".to_owned()).spawn(run);
        Ok(Self { handle, thread: Some(thread.map_err(StartError::Thread)?) })
    }

    /// Waits until it ends, by [`Handle::stop`] or because the recording does, and gives back the sink.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the engine or the sink broke down.
    pub fn wait(mut self) -> Result<(Played, S), Failure> {
        let broke = |message| Failure { part: Part::Engine, message, summary: None };
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome.map_err(broke),
            Some(Err(panic)) => Err(broke(panic_text(&*panic))),
            None => unreachable!("only waiting takes the thread, and waiting takes the playback"),
        }
    }
}

impl<S> Playback<S> {
    /// What views look through, and what stops it.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl<S> Drop for Playback<S> {
    fn drop(&mut self) {
        self.handle.stop();
        drop(self.thread.take().map(JoinHandle::join));
    }
}

struct Player<S> {
    shared: Arc<Shared>,
    engine: Engine,
    sink: S,
    watch: Watch,
}

impl<S: Sink> Player<S> {
    fn play<R: Read>(
        &mut self,
        mut reader: Reader<R>,
        mut pace: Pace,
        timer: &mut impl Timer,
    ) -> Played {
        let (mut damage, mut totals) = (Vec::new(), None);
        let mut last = HostTime::ZERO;
        let mut completed = true;
        while let Some(item) = reader.next() {
            match item {
                Item::Input(input) => {
                    let at = input.at();
                    if !self.pass_time(at, &mut pace, timer) {
                        completed = false;
                        break;
                    }
                    last = at;
                    self.work(at, |engine, sink| engine.handle(input, sink));
                    self.watch.publish(&self.shared.board);
                }
                Item::Damage(found) => damage.push(found),
                Item::End(end) => {
                    totals = Some(end);
                    if !self.pass_time(end.closed_at, &mut pace, timer) {
                        completed = false;
                        break;
                    }
                    last = end.closed_at;
                }
            }
        }
        self.work(last, |engine, sink| engine.finish(last, sink));
        self.watch.update(&mut self.shared.board());
        Played {
            completed,
            ended_at: last,
            took: timer.now().saturating_since(HostTime::ZERO),
            damage,
            totals,
        }
    }

    /// Waits until what happened `at` is due; `false` if somebody stopped it meanwhile.
    fn pass_time(&self, at: HostTime, pace: &mut Pace, timer: &mut impl Timer) -> bool {
        let due = pace.due(at);
        loop {
            if self.shared.is_stopped() {
                return false;
            }
            let now = timer.now();
            let left = due.saturating_since(now);
            if left < EARLY {
                self.shared.clock.set(at);
                return true;
            }
            self.shared.clock.set(pace.visited(now).min(at));
            timer.wait(left.min(SLICE));
        }
    }

    fn work(&mut self, at: HostTime, step: impl FnOnce(&mut Engine, &mut Outputs<'_, S>)) {
        self.watch.begin(at);
        step(&mut self.engine, &mut Outputs { sink: &mut self.sink, watch: &mut self.watch });
    }
}

/// The caller's sink first, then the views. There is no device to talk to.
struct Outputs<'a, S> {
    sink: &'a mut S,
    watch: &'a mut Watch,
}

impl<S: Sink> Sink for Outputs<'_, S> {
    fn emit(&mut self, output: Output<'_>) {
        self.sink.emit(output);
        self.watch.emit(output);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use levator_engine::{Command, Digest, Input};
    use levator_record::Writer;

    use super::*;
    use crate::tests::support::{FakeDisk, header};

    /// Time passes only by waiting, and every wait takes longer than it was asked for.
    struct Manual {
        now: Cell<HostTime>,
        late: Duration,
        wait_count: u64,
    }

    impl Timer for Manual {
        fn now(&self) -> HostTime {
            self.now.get()
        }

        fn wait(&mut self, how_long: Duration) {
            self.now.set(self.now.get().saturating_add(how_long + self.late));
            self.wait_count += 1;
        }
    }

    /// A minute with a mark every 10 ms; the first thing happens after 1.5 s.
    fn minute() -> Vec<u8> {
        let disk = FakeDisk::default();
        let mut writer = Writer::start(disk.clone(), &header()).expect("room");
        for step in 0..=6000_u64 {
            let at = HostTime::from_nanos(1_500_000_000 + step * 10_000_000);
            let text = if step % 100 == 0 { "mark" } else { "" };
            writer.record(&Input::Command { at, command: Command::Mark { text } }).expect("room");
        }
        writer.close(HostTime::from_nanos(61_500_000_000)).expect("room");
        disk.bytes.lock().expect("nobody panics").clone()
    }

    fn play(speed: Speed, stop_after: Option<u64>) -> (Played, Digest, Manual, Arc<Shared>) {
        let bytes = minute();
        let reader = Reader::from_read(std::io::Cursor::new(bytes)).expect("a recording");
        let (handle, shared) = Handle::of_playback();
        let engine = Engine::new(&EngineConfig::device()).expect("legal");
        let mut count = 0;
        let mut digest = Digest::new();
        let sink = |output: Output<'_>| {
            digest.emit(output);
            count += u64::from(matches!(output, Output::Mark(_)));
            if stop_after == Some(count) {
                handle.stop();
            }
        };
        let mut player =
            Player { shared: Arc::clone(&shared), engine, sink, watch: Watch::default() };
        let late = Duration::from_micros(700);
        let mut timer = Manual { now: Cell::new(HostTime::ZERO), late, wait_count: 0 };
        let played = player.play(reader, Pace::new(speed), &mut timer);
        drop(player);
        (played, digest, timer, shared)
    }

    #[test]
    fn a_minute_at_ten_times_its_speed_lasts_six_seconds_within_one_per_cent() {
        for (factor, lasts_s) in [(1.0, 60.0), (10.0, 6.0), (0.5, 120.0), (250.0, 0.24)] {
            let (played, ..) = play(Speed::times(factor).expect("in bounds"), None);
            let took_s = played.took.as_secs_f64();
            assert!((took_s - lasts_s).abs() <= 0.01 * lasts_s, "{factor} times: {took_s} s");
            assert!(played.completed && played.damage.is_empty());
        }
    }

    #[test]
    fn as_fast_as_possible_waits_for_nothing() {
        let (played, _, timer, _) = play(Speed::MAX, None);
        assert_eq!((played.took, timer.wait_count), (Duration::ZERO, 0));
    }

    #[test]
    fn speed_changes_no_output() {
        let (_, real, ..) = play(Speed::REAL, None);
        let (_, fast, ..) = play(Speed::MAX, None);
        assert_eq!(real, fast);
        assert!(real.output_count() > 6000);
    }

    #[test]
    fn views_are_on_the_axis_of_the_visit() {
        let (played, _, _, shared) = play(Speed::MAX, None);
        assert_eq!(played.ended_at, HostTime::from_nanos(61_500_000_000));
        assert_eq!(shared.clock.now(), played.ended_at);
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let (played, _, _, shared) = play(Speed::REAL, Some(1001));
        assert!(!played.completed);
        assert_eq!(played.ended_at, HostTime::from_nanos(11_500_000_000));
        assert_eq!(shared.clock.now(), played.ended_at);
    }

    #[test]
    fn a_speed_is_a_number_that_can_be_waited_for() {
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e6] {
            assert_eq!(Speed::times(wrong), None, "{wrong}");
        }
        assert_eq!(Speed::times(1.0), Some(Speed::REAL));
    }
}
