//! What all pages have in common: the newest window of every channel, what has happened, the session.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Message;
use levator_live::Handle;
use levator_measure::Quantity;
use levator_signal::{ChannelId, SampleRate};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::frame::{Run, WINDOW};
use crate::levels::Levels;
use crate::scene::Scene;
use crate::state;
use crate::tap::{Item, Piece, Queue};

/// Between two batches of points: 60 a second. More cost work on both sides and are not seen.
const BATCH: Duration = Duration::from_micros(16_667);
/// Between two states, unless something changes.
const STATE: Duration = Duration::from_millis(200);
/// Seconds of points that a page is given when it opens.
const WINDOW_S: f64 = 20.0;
/// Points of a message of the window, about: a second of the fastest.
const RUN_LEN: usize = 256;
/// Messages that wait for a page: four seconds of a busy session. Beyond that the page has fallen
/// behind, is told so, and begins anew with a window.
const BACKLOG_LEN: usize = 512;
/// Events that a page is given when it opens. Our choice: more than the longest programme has.
const EVENT_COUNT: usize = 4096;

/// Shared by the task that gathers and the tasks of the pages, all on one thread.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) queue: Arc<Queue>,
    shared: Mutex<Shared>,
    outbox: broadcast::Sender<Message>,
}

#[derive(Debug)]
struct Shared {
    scene: Value,
    levels: Levels,
    /// Where the visit is: before, in and after its session.
    stage: Option<Message>,
    session: Option<Handle>,
    channels: Vec<Channel>,
    events: VecDeque<Message>,
    dropped_event_count: u64,
    last_state: Option<Message>,
    result: Option<Message>,
    /// Events that no page was sent yet.
    news: Vec<Message>,
    /// From the stamp of a message to its handling in the page, of points and of events apart.
    latency: Latency,
    seq: u32,
}

/// How long messages took to their handling in a page, as the page has measured it on the clock of the
/// program.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    /// Messages of points, from the oldest point in each: the wait for the batch, up to 17 ms, is in it.
    pub points: Option<PageFigures>,
    /// Events: contractions, steps of the programme, repetitions, marks. They wait for no batch.
    pub events: Option<PageFigures>,
}

/// Milliseconds from the engine to a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageFigures {
    /// Messages that were measured.
    pub count: u64,
    /// Median.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl PageFigures {
    fn read(told: &Value) -> Option<Self> {
        let number = |name: &str| told[name].as_f64().filter(|value| (0.0..1e9).contains(value));
        let count = told["count"].as_u64().filter(|count| *count > 0)?;
        let (p50_ms, p99_ms, max_ms) = (number("p50")?, number("p99")?, number("max")?);
        Some(Self { count, p50_ms, p99_ms, max_ms })
    }
}

#[derive(Debug)]
struct Channel {
    id: ChannelId,
    rate: SampleRate,
    step: u32,
    /// The last seconds, oldest first.
    window: VecDeque<Run>,
    /// What the next batch holds, and the stamp of its oldest point.
    pending: Vec<(u64, Run)>,
}

impl Hub {
    pub(crate) fn new(queue: Arc<Queue>, scene: &Scene) -> Self {
        let shared = Shared {
            scene: scene.json(),
            levels: Levels::new(scene.programme.as_ref()),
            stage: None,
            session: None,
            channels: Vec::new(),
            events: VecDeque::new(),
            dropped_event_count: 0,
            last_state: None,
            result: None,
            news: Vec::new(),
            latency: Latency::default(),
            seq: 0,
        };
        let (outbox, _) = broadcast::channel(BACKLOG_LEN);
        Self { queue, shared: Mutex::new(shared), outbox }
    }

    /// Nobody panics while holding it; if somebody did, what it holds would still be shown.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attach(&self, session: Handle, scene: &Scene) {
        let mut shared = self.shared();
        shared.levels = Levels::new(scene.programme.as_ref());
        shared.session = Some(session);
        // Pages forget what came before a scene: they are told it once.
        let scene = scene.json();
        if shared.scene != scene {
            shared.scene = scene;
            let _ = self.outbox.send(text(&shared.scene));
        }
    }

    /// Forgets the session before, and tells all pages what the next one will be. Nobody feeds the tap
    /// meanwhile.
    pub(crate) fn renew(&self, scene: &Scene) {
        let mut shared = self.shared();
        while self.queue.take().is_some() {}
        self.queue.take_dropped();
        shared.scene = scene.json();
        shared.levels = Levels::new(scene.programme.as_ref());
        shared.session = None;
        shared.channels.clear();
        shared.events.clear();
        shared.news.clear();
        shared.dropped_event_count = 0;
        shared.last_state = None;
        shared.result = None;
        shared.latency = Latency::default();
        let _ = self.outbox.send(text(&shared.scene));
    }

    /// Tells all pages, and those that open later, where the visit is.
    pub(crate) fn set_stage(&self, stage: Value) {
        let mut stage = stage;
        stage["type"] = "stage".into();
        let message = text(&stage);
        self.shared().stage = Some(message.clone());
        let _ = self.outbox.send(message);
    }

    /// Tells all pages, and those that open later, how it ended.
    pub(crate) fn conclude(&self, result: Value) {
        let mut shared = self.shared();
        let mut result = result;
        result["type"] = "result".into();
        let message = text(&result);
        shared.result = Some(message.clone());
        let _ = self.outbox.send(message);
    }

    /// What a page measured from the stamp of a message to its handling.
    pub(crate) fn hear_latency(&self, told: &Value) {
        let mut shared = self.shared();
        let Latency { points, events } = &mut shared.latency;
        for (kept, name) in [(points, "points"), (events, "events")] {
            let told = PageFigures::read(&told[name]);
            // Of several pages, and of one before and after it was reloaded, the one that heard most.
            if let Some(told) = told.filter(|told| kept.is_none_or(|kept| told.count >= kept.count))
            {
                *kept = Some(told);
            }
        }
    }

    pub(crate) fn latency(&self) -> Latency {
        self.shared().latency
    }

    pub(crate) fn session(&self) -> Option<Handle> {
        self.shared().session.clone()
    }

    /// All that a page needs to begin with, and where what comes after it is to be had. Nothing is
    /// missing between the two, and nothing is in both.
    pub(crate) fn subscribe(&self) -> (Vec<Message>, broadcast::Receiver<Message>) {
        let mut shared = self.shared();
        let receiver = self.outbox.subscribe();
        let now_us = self.queue.now_us();
        // What waits for the next batch belongs to the window, too.
        self.send_points(&mut shared);
        let mut messages = vec![text(&shared.scene)];
        messages.extend(shared.stage.clone());
        messages.extend(shared.last_state.clone());
        if shared.dropped_event_count > 0 {
            let count = shared.dropped_event_count;
            messages.push(text(&json!({ "type": "forgotten", "events": count })));
        }
        messages.extend(shared.events.iter().cloned());
        let seq = shared.seq;
        for run in shared.channels.iter().flat_map(|channel| channel.window.iter()) {
            messages.push(Message::Binary(run.bytes(seq, now_us, WINDOW).into()));
        }
        messages.extend(shared.result.clone());
        messages.push(text(&json!({ "type": "ready", "seq": seq })));
        // What was sent just now is in the window.
        (messages, receiver.resubscribe())
    }

    /// Gathers for ever.
    pub(crate) async fn run(&self) {
        let mut batch_at = Instant::now();
        let mut state_at = Instant::now();
        loop {
            // One deadline: the batch if there is something for it, the state in any case.
            let waits = self.shared().channels.iter().any(|channel| !channel.pending.is_empty());
            let due = if waits { batch_at.min(state_at) } else { state_at };
            tokio::select! {
                () = self.queue.news.notified() => {}
                () = sleep_until(due) => {}
            }
            let now = Instant::now();
            let is_news = {
                let mut shared = self.shared();
                let is_news = self.drain(&mut shared);
                // What happened is told at once; the points before it come first.
                if (now >= batch_at || is_news) && self.send_points(&mut shared) {
                    batch_at = now + BATCH;
                }
                for message in std::mem::take(&mut shared.news) {
                    let _ = self.outbox.send(message);
                }
                is_news
            };
            if is_news || now >= state_at {
                // Pages are sent what is on its way before a state is put together, which takes longer.
                yield_now().await;
                self.send_state(&mut self.shared());
                state_at = now + STATE;
            }
        }
    }

    /// Takes everything from the queue; whether anything but points was there.
    fn drain(&self, shared: &mut Shared) -> bool {
        let mut is_news = false;
        while let Some((stamp_us, item)) = self.queue.take() {
            match item {
                Item::Points(piece) => shared.points(stamp_us, &piece),
                other => {
                    is_news = true;
                    shared.event(stamp_us, &other);
                }
            }
        }
        let dropped = self.queue.take_dropped();
        if dropped > 0 {
            let _ = self.outbox.send(text(&json!({ "type": "gap", "items": dropped })));
        }
        is_news
    }

    fn send_points(&self, shared: &mut Shared) -> bool {
        let mut is_any = false;
        for channel in &mut shared.channels {
            for (stamp_us, run) in channel.pending.drain(..) {
                is_any = true;
                shared.seq = shared.seq.wrapping_add(1);
                let bytes = run.bytes(shared.seq, stamp_us, 0);
                let _ = self.outbox.send(Message::Binary(bytes.into()));
                keep(&mut channel.window, run);
            }
            let newest = channel.window.back().map_or(0, Run::end);
            let oldest = newest.saturating_sub(channel.rate.sample_count(WINDOW_S) as u64);
            while channel.window.front().is_some_and(|run| run.end() < oldest) {
                channel.window.pop_front();
            }
        }
        is_any
    }

    fn send_state(&self, shared: &mut Shared) {
        let Some(session) = &shared.session else { return };
        let mut value = state::snapshot(&session.latest());
        value["over"] = session.is_over().into();
        let message = text(&value);
        shared.last_state = Some(message.clone());
        let _ = self.outbox.send(message);
    }
}

impl Shared {
    fn points(&mut self, stamp_us: u64, piece: &Piece) {
        let known =
            |one: &Channel| (one.id, one.rate, one.step) == (piece.channel, piece.rate, piece.step);
        let at = self.channels.iter().position(known).unwrap_or_else(|| {
            self.channels.retain(|one| one.id != piece.channel);
            self.channels.push(Channel {
                id: piece.channel,
                rate: piece.rate,
                step: piece.step,
                window: VecDeque::new(),
                pending: Vec::new(),
            });
            self.channels.len() - 1
        });
        let pending = &mut self.channels[at].pending;
        match pending.last_mut() {
            Some((_, run)) if run.end() == piece.first => run.points.extend(piece.points()),
            _ => pending.push((
                stamp_us,
                Run {
                    stream: piece.channel.stream,
                    channel: piece.channel.channel,
                    first: piece.first,
                    step: piece.step,
                    points: piece.points().to_vec(),
                },
            )),
        }
    }

    fn event(&mut self, stamp_us: u64, item: &Item) {
        let rate =
            |stream| self.channels.iter().find(|one| one.id.stream == stream).map(|one| one.rate);
        let value = match item {
            Item::Points(_) | Item::Changed => return,
            Item::Contraction(event) => state::contraction(event),
            Item::Programme(event) => state::programme(event),
            Item::Trial(trial) => state::trial(trial, rate(trial.channel.stream)),
            Item::Measure(measure) => {
                if let Some(levels) = self.levels.take(measure) {
                    self.tell(stamp_us, levels);
                }
                if measure.quantity == Quantity::Peak {
                    return;
                }
                state::measure(measure)
            }
            Item::Finding(event) => state::finding(event),
            Item::Manoeuvre(event) => state::manoeuvre(event),
            Item::Mark(index) => {
                let at = self.channels.first().map(|one| one.rate.time_s(*index));
                json!({ "type": "mark", "at_s": at })
            }
        };
        self.tell(stamp_us, value);
    }

    /// Tells all pages, and those that open later.
    fn tell(&mut self, stamp_us: u64, mut value: Value) {
        value["stamp_us"] = stamp_us.into();
        let message = text(&value);
        if self.events.len() == EVENT_COUNT {
            self.events.pop_front();
            self.dropped_event_count += 1;
        }
        self.events.push_back(message.clone());
        self.news.push(message);
    }
}

/// Adds to a window what was sent: to the message before, where that has room.
fn keep(window: &mut VecDeque<Run>, run: Run) {
    match window.back_mut() {
        Some(last)
            if last.end() == run.first && last.points.len() + run.points.len() <= RUN_LEN =>
        {
            last.points.extend(run.points);
        }
        _ => window.push_back(run),
    }
}

pub(crate) fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Point;
    use crate::scene::Mode;

    #[test]
    fn what_pages_measured_is_kept_apart_and_belongs_to_one_visit() {
        let scene = Scene {
            title: String::new(),
            mode: Mode::Guided,
            programme: None,
            roles: Vec::new(),
            waits: false,
            is_recorded: false,
            is_virtual: true,
            seconds: None,
        };
        let hub = Hub::new(Arc::new(Queue::new()), &scene);
        let told = |count: u64| json!({ "count": count, "p50": 1.5, "p99": 4.0, "max": 9.0 });
        let counts = || {
            let Latency { points, events } = hub.latency();
            [points, events].map(|figures| figures.map(|figures| figures.count))
        };
        hub.hear_latency(&json!({ "points": told(100), "events": null }));
        assert_eq!(counts(), [Some(100), None]);
        // A page that was just opened knows less.
        hub.hear_latency(&json!({ "points": told(7), "events": told(3) }));
        assert_eq!(counts(), [Some(100), Some(3)]);
        let odd = json!({ "count": 900, "p50": -1.0, "p99": "long", "max": null });
        hub.hear_latency(&json!({ "points": odd, "events": told(0), "more": 1 }));
        assert_eq!(counts(), [Some(100), Some(3)]);
        assert_eq!(hub.latency().points.map(|points| points.p99_ms), Some(4.0));
        hub.renew(&scene);
        assert_eq!(counts(), [None, None]);
    }

    #[test]
    fn a_window_is_a_few_messages_and_keeps_its_holes() {
        let run = |first: u64, count: usize| Run {
            stream: 0,
            channel: 0,
            first,
            step: 2,
            points: (0..count).map(|n| Point::NONE.with(n as f32, n as f32)).collect(),
        };
        let mut window = VecDeque::new();
        // 20 s of batches of 3 points, sixty a second, and one sample pair missing.
        for batch in 0..1200_u64 {
            keep(&mut window, run(6 * batch + if batch < 600 { 0 } else { 2 }, 3));
        }
        assert!(window.len() <= 2 * (1800_usize.div_ceil(RUN_LEN - 3)), "{} runs", window.len());
        assert_eq!(window.iter().map(|run| run.points.len()).sum::<usize>(), 3600);
        let holes = window.iter().zip(window.iter().skip(1));
        assert_eq!(holes.filter(|(one, next)| one.end() != next.first).count(), 1);
    }
}
