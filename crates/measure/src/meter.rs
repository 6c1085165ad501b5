//! Puts blocks, cues and contractions together into measures.
//!
//! ```text
//!   process ----> tracks of levels ---------------+
//!   contraction, manoeuvre -> what was found -----+--> due --> rest, contraction, push, cough --> measures,
//!   event, schedule, contraction -> what is due --+              |                                trials
//!                                                                +--> last of its task --> summaries
//!   finish, Done ----------------------------------------------------> conclusion
//! ```
//!
//! What is due is measured some seconds after its end, when the detector has spoken of it: a rest after 2 s, a
//! repetition after 4 s, and up to two minutes later if a contraction lasts. Whatever was said by then
//! counts, and nothing that was said later, so that results do not depend on how the input is cut.

mod settle;

use levator_detect::manoeuvre::Answer;
use levator_detect::{LOOK_BACK_S, Transition};
use levator_programme::{Cue, Event, Outcome, Part, WindowKind};
use levator_signal::{Block, ChannelId, SampleIndex, SampleRate, SignalKind, Span};

use crate::channel::{Channel, MeterChannel, Room};
use crate::error::MeterError;
use crate::found::{Answers, overlap, span_of};
use crate::ledger::Sink;
use crate::schedule::{Origin, Schedule, StepWindow};
use crate::track::{LONGEST_WINDOW_S, Scratch};
use crate::{Reading, Task};

/// After its end a rest is measured this much later, a repetition this much.
const REST_WAIT_S: f64 = 2.0;
const WORK_WAIT_S: f64 = 4.0;
/// What was told of an event is known this long after its end: a second for channels that see it later, and
/// the time between two blocks.
const ANSWER_WAIT_S: f64 = 3.0;
/// Longest that a contraction is waited for that lasts beyond its step.
const MOST_WAIT_S: f64 = 120.0;
/// Rates there can be room for.
const LEAST_RATE_HZ: f64 = 0.1;
const MOST_RATE_HZ: f64 = 1e6;
/// Most channels.
const MOST_CHANNELS: usize = 32;
/// Contractions of a free run that go into summaries.
const MOST_FREE: usize = 256;
/// Most measures of one trial.
const MOST_MEASURES: usize = 40;
/// Room for what waits to be measured.
const MOST_PENDING: usize = 256;
/// When nothing is due.
const NEVER: SampleIndex = SampleIndex(u64::MAX);

/// Measures all channels of one stream.
///
/// Feed it in the order in which things become known: each block before what the detector found in it, and the
/// events of a programme up to the end of a block before the next block. A block may last half a minute. An
/// onset must be told within 8 s, or a long contraction may lack median frequencies. All channels must be fed:
/// what is due waits for the slowest. Readings reach the sink before a call returns. Only [`Self::new`] and
/// [`Self::with_room`] allocate.
///
/// It cannot fail: what cannot be computed is a measure without a value, with reasons.
#[derive(Debug)]
pub struct Meter {
    max_rate: SampleRate,
    rate: SampleRate,
    schedule: Schedule,
    reference_task: Option<Task>,
    channels: Vec<Channel>,
    /// Room for more.
    idle: Vec<Channel>,
    answers: Answers,
    pending: Vec<Pending>,
    /// Steps that have run, by index: their last complete span.
    ran: Vec<Option<Span>>,
    /// Those that were measured: once is enough.
    measured: Vec<bool>,
    /// The last rest that was broken off, in case it is not done again.
    broken_off: Option<Pending>,
    /// The last step of each task: with it the task is over.
    last_of: [Option<u32>; Task::ALL.len()],
    is_over: [bool; Task::ALL.len()],
    summed_up: [bool; Task::ALL.len()],
    running: Option<Cue<SampleIndex>>,
    scratch: Scratch,
    sequence: u64,
    /// When the first of what waits is due; the end of the axis if nothing does.
    earliest: SampleIndex,
    is_done: bool,
    is_concluded: bool,
}

/// Something that is over and waits to be measured.
#[derive(Clone, Copy, Debug)]
struct Pending {
    /// Index of the step, or of the contraction in a free run.
    step: u32,
    /// The channel of a contraction that nobody asked for.
    channel: Option<usize>,
    asked: Span,
    attempt: u32,
    outcome: Outcome,
    scored: bool,
    due: SampleIndex,
    limit: SampleIndex,
    sequence: u64,
}

impl Meter {
    /// A meter for these channels at this rate: [`Self::with_room`] and [`Self::start`].
    ///
    /// # Errors
    ///
    /// As these two.
    pub fn new(
        schedule: Schedule,
        rate: SampleRate,
        channels: &[MeterChannel],
    ) -> Result<Self, MeterError> {
        let mut meter = Self::with_room(schedule, rate, channels.len())?;
        meter.start(rate, channels)?;
        Ok(meter)
    }

    /// Room for a schedule with so many channels, at rates up to this one: the only call that allocates. It
    /// measures nothing until [`Self::start`].
    ///
    /// A channel takes 24 bytes for each 10 ms of three minutes and the longest step (of a free run: ten
    /// minutes), 3 kilobytes for each step (256 in a free run), and 240 bytes for each hertz: 1 megabyte for a
    /// visit of 30 steps at 1 kHz, 3 in a free run.
    ///
    /// # Errors
    ///
    /// [`MeterError`] for no channel or more than 32, and a rate below 0.1 Hz or above 1 MHz.
    pub fn with_room(
        schedule: Schedule,
        max_rate: SampleRate,
        max_channel_count: usize,
    ) -> Result<Self, MeterError> {
        if !(1..=MOST_CHANNELS).contains(&max_channel_count) {
            return Err(MeterError::ChannelCount { count: max_channel_count, most: MOST_CHANNELS });
        }
        if !(LEAST_RATE_HZ..=MOST_RATE_HZ).contains(&max_rate.hz()) {
            return Err(MeterError::Rate { hz: max_rate.hz(), most_hz: MOST_RATE_HZ });
        }
        let (longest_s, trial_count) = match schedule.origin {
            Origin::Found => (LONGEST_WINDOW_S, MOST_FREE),
            Origin::Programme | Origin::Dated => {
                (schedule.longest_s().min(LONGEST_WINDOW_S), schedule.steps.len())
            }
        };
        let room = Room {
            max_rate,
            memory_s: longest_s + MOST_WAIT_S + 60.0,
            trial_count,
            ledger_len: trial_count.saturating_mul(MOST_MEASURES),
        };
        let idle: Vec<Channel> =
            (0..max_channel_count).map(|_| Channel::new(&room, schedule.elsewhere())).collect();
        let most = idle.iter().map(|one| one.track.room()).max().unwrap_or(0) + 8;
        let mut last_of = [None; Task::ALL.len()];
        for index in 0..schedule.steps.len() as u32 {
            for task in tasks_of(&schedule, index) {
                last_of[task as usize] = Some(index);
            }
        }
        Ok(Self {
            max_rate,
            rate: max_rate,
            reference_task: schedule.reference_task(),
            ran: vec![None; schedule.steps.len()],
            measured: vec![false; schedule.steps.len()],
            broken_off: None,
            pending: Vec::with_capacity(MOST_PENDING.max(schedule.steps.len())),
            schedule,
            channels: Vec::with_capacity(max_channel_count),
            idle,
            answers: Answers::new(),
            last_of,
            is_over: [false; Task::ALL.len()],
            summed_up: [false; Task::ALL.len()],
            running: None,
            scratch: Scratch::new(most),
            sequence: 0,
            earliest: NEVER,
            is_done: false,
            is_concluded: false,
        })
    }

    /// Begins anew with these channels at this rate. Allocates nothing. Results do not depend on how much room
    /// there is.
    ///
    /// # Errors
    ///
    /// [`MeterError`] for no channel or more than there is room for, one that occurs twice or is of another kind
    /// than EMG, its envelope or pressure, and a rate below 0.1 Hz or above what there is room for. Nothing is
    /// changed then.
    pub fn start(&mut self, rate: SampleRate, channels: &[MeterChannel]) -> Result<(), MeterError> {
        let most = self.idle.len() + self.channels.len();
        if !(1..=most).contains(&channels.len()) {
            return Err(MeterError::ChannelCount { count: channels.len(), most });
        }
        if !(LEAST_RATE_HZ..=self.max_rate.hz()).contains(&rate.hz()) {
            return Err(MeterError::Rate { hz: rate.hz(), most_hz: self.max_rate.hz() });
        }
        for (place, channel) in channels.iter().enumerate() {
            if channel.kind == SignalKind::Other {
                return Err(MeterError::Kind { channel: channel.id });
            }
            if channels[..place].iter().any(|other| other.id == channel.id) {
                return Err(MeterError::Twice { channel: channel.id });
            }
        }
        self.rate = rate;
        self.idle.append(&mut self.channels);
        for settings in channels {
            let Some(mut channel) = self.idle.pop() else { break };
            channel.start(*settings, rate);
            self.channels.push(channel);
        }
        self.answers.reset();
        self.pending.clear();
        self.earliest = NEVER;
        self.ran.fill(None);
        self.measured.fill(false);
        self.is_over.fill(false);
        self.summed_up.fill(false);
        (self.broken_off, self.running) = (None, None);
        (self.is_done, self.is_concluded, self.sequence) = (false, false, 0);
        if self.schedule.origin == Origin::Dated {
            for index in 0..self.schedule.steps.len() {
                if let Some(span) = self.schedule.steps[index].span {
                    self.queue(index, span, 1, Outcome::Complete, true);
                }
            }
        }
        Ok(())
    }

    /// What it works with.
    #[must_use]
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Takes a block of one channel. Blocks of channels it does not know are passed over, samples that do not
    /// follow the last ones are a gap.
    pub fn process(&mut self, block: &Block<'_>, mut sink: impl FnMut(Reading)) {
        self.settle_due(&mut sink);
        let Some(place) = self.place(block.channel) else { return };
        let Self { channels, pending, running, schedule, rate, .. } = self;
        channels[place].process(block, |log, window| {
            // Frequencies are told of plateaus only.
            if schedule.origin == Origin::Found {
                // The plateau lies in the contraction.
                let is_in = |one: &Pending| {
                    one.channel == Some(place)
                        && one.asked.start <= window.start
                        && window.end <= one.asked.end
                };
                let back = rate.sample_count(LOOK_BACK_S) as u64;
                return log.may_reach(window.end, back) || pending.iter().any(is_in);
            }
            let plateau = |step: usize, start: SampleIndex| {
                let window = schedule.steps.get(step)?.window(WindowKind::Plateau)?;
                Some(within(*rate, start, window))
            };
            let is_now =
                running.as_ref().is_some_and(|cue| plateau(cue.step, cue.starts).is_some());
            let is_in = |one: &Pending| {
                plateau(one.step as usize, one.asked.start).is_some_and(|span| meet(span, window))
            };
            is_now || pending.iter().any(is_in)
        });
    }

    /// Takes what the runner of the programme says. Without a programme, nothing happens.
    pub fn event(&mut self, event: &Event<SampleIndex>, mut sink: impl FnMut(Reading)) {
        if self.schedule.origin != Origin::Programme {
            return;
        }
        match *event {
            Event::Cue(cue) => self.running = Some(cue),
            Event::Ended { cue, at, outcome } => {
                self.running = None;
                self.end(&cue, at, outcome, &mut sink);
            }
            Event::Suspended { .. } | Event::Resumed { .. } => {}
            Event::Done { .. } => self.is_done = true,
        }
    }

    fn end(&mut self, cue: &Cue<SampleIndex>, at: SampleIndex, outcome: Outcome, sink: Sink<'_>) {
        if cue.step >= self.schedule.steps.len() || cue.part == Part::Recovery {
            return;
        }
        if self.pending.len() == self.pending.capacity() {
            // Thousands of steps without a sample between them: what waits longest is measured as it is.
            self.settle_first(sink);
        }
        let asked = Span { start: cue.starts, end: at.max(cue.starts) };
        self.queue(cue.step, asked, cue.attempt, outcome, cue.scored);
    }

    /// Takes what the detector of a channel says.
    pub fn contraction(
        &mut self,
        channel: ChannelId,
        transition: &Transition,
        mut sink: impl FnMut(Reading),
    ) {
        let Some(place) = self.place(channel) else { return };
        self.channels[place].log.hear(transition);
        let Transition::Contraction(found) = transition else { return };
        if self.schedule.origin != Origin::Found || !self.channels[place].is_pelvic() {
            return;
        }
        if self.pending.len() == self.pending.capacity() {
            self.settle_first(&mut sink);
        }
        let step = self.channels[place].free_count;
        self.channels[place].free_count = step.saturating_add(1);
        let asked = span_of(found);
        let due = found.closed.max(asked.end).saturating_add(self.samples(WORK_WAIT_S));
        self.push(Pending {
            step,
            channel: Some(place),
            asked,
            attempt: 1,
            outcome: Outcome::Complete,
            scored: true,
            due,
            limit: due,
            sequence: 0,
        });
    }

    /// Takes what several channels say of one event.
    pub fn manoeuvre(&mut self, span: Span, answer: &Answer) {
        self.answers.hear(span, *answer);
    }

    /// Samples of the whole stream are missing.
    pub fn gap(&mut self, span: Span, mut sink: impl FnMut(Reading)) {
        self.settle_due(&mut sink);
        for channel in &mut self.channels {
            channel.gap(span.end);
        }
    }

    /// Nothing more comes; the signal ended before `at`. Measures whatever is not measured yet and concludes.
    pub fn finish(&mut self, at: SampleIndex, mut sink: impl FnMut(Reading)) {
        let sink: Sink<'_> = &mut sink;
        if let Some(cue) = self.running.take() {
            self.end(&cue, at.min(cue.ends), Outcome::Stopped, sink);
        }
        self.settle_until(SampleIndex(u64::MAX), sink);
        if let Some(rest) = self.broken_off.take().filter(|_| !self.is_concluded) {
            self.settle(&Pending { outcome: Outcome::Stopped, ..rest }, sink);
        }
        if self.schedule.origin == Origin::Found && !self.is_concluded {
            for place in 0..self.channels.len() {
                self.last_free_rest(place, at, sink);
            }
        }
        self.conclude(sink);
    }

    fn place(&self, id: ChannelId) -> Option<usize> {
        self.channels.iter().position(|channel| channel.settings.id == id)
    }

    /// Up to where all channels are known.
    fn now(&self) -> SampleIndex {
        self.channels.iter().map(|channel| channel.next).min().unwrap_or_default()
    }

    fn samples(&self, seconds: f64) -> u64 {
        self.rate.sample_count(seconds) as u64
    }

    fn queue(&mut self, index: usize, asked: Span, attempt: u32, outcome: Outcome, scored: bool) {
        let step = &self.schedule.steps[index];
        let wait_s = if step.exertion().is_some() { WORK_WAIT_S } else { REST_WAIT_S };
        // A window may reach beyond its step.
        let last_s = step.windows.iter().map(|window| window.to_s).fold(0.0, f64::max);
        let end = asked.end.max(asked.start.saturating_add(self.samples(last_s)));
        let due = match outcome {
            Outcome::Complete => end,
            Outcome::Gap | Outcome::Interrupted | Outcome::Skipped | Outcome::Stopped => asked.end,
        };
        let due = due.saturating_add(self.samples(wait_s));
        if outcome == Outcome::Complete {
            self.ran[index] = Some(asked);
        }
        self.push(Pending {
            step: index as u32,
            channel: None,
            asked,
            attempt,
            outcome,
            scored,
            due,
            limit: due.saturating_add(self.samples(MOST_WAIT_S)),
            sequence: 0,
        });
    }

    fn push(&mut self, pending: Pending) {
        if self.is_concluded || self.pending.len() == self.pending.capacity() {
            return;
        }
        self.pending.push(Pending { sequence: self.sequence, ..pending });
        self.sequence += 1;
        self.earliest = self.earliest.min(pending.due);
    }

    /// Measures what is due.
    fn settle_due(&mut self, sink: Sink<'_>) {
        let ends = self.is_done && self.pending.is_empty();
        // No channel but the slowest counts, so any tells whether that is worth looking for.
        let may_be = self.channels.first().is_some_and(|one| one.next >= self.earliest);
        if ends || may_be {
            self.settle_until(self.now(), sink);
        }
    }

    /// Measures what is due when every channel is known up to `now`.
    fn settle_until(&mut self, now: SampleIndex, sink: Sink<'_>) {
        while let Some(first) = self.first().filter(|first| self.pending[*first].due <= now) {
            if let Some(later) = self.lasts(&self.pending[first]) {
                self.pending[first].due = later;
                continue;
            }
            let pending = self.pending.swap_remove(first);
            self.settle(&pending, sink);
        }
        self.find_earliest();
        if self.is_done && self.pending.is_empty() {
            self.conclude(sink);
        }
    }

    fn settle_first(&mut self, sink: Sink<'_>) {
        if let Some(first) = self.first() {
            let pending = self.pending.swap_remove(first);
            self.settle(&pending, sink);
        }
        self.find_earliest();
    }

    fn find_earliest(&mut self) {
        self.earliest = self.pending.iter().map(|one| one.due).min().unwrap_or(NEVER);
    }

    fn first(&self) -> Option<usize> {
        let order = |place: &usize| {
            let one = &self.pending[*place];
            (one.due, one.channel, one.step, one.sequence)
        };
        (0..self.pending.len()).min_by_key(order)
    }

    /// When to look again at a repetition whose contraction still lasts.
    fn lasts(&self, pending: &Pending) -> Option<SampleIndex> {
        let step = self.schedule.steps.get(pending.step as usize)?;
        let waits = pending.channel.is_none()
            && pending.outcome == Outcome::Complete
            && matches!(step.exertion(), Some(task) if !matches!(task, Task::Push | Task::Cough))
            && pending.due < pending.limit;
        if !waits {
            return None;
        }
        let pelvic = || self.channels.iter().filter(|channel| channel.is_pelvic());
        if pelvic().any(|channel| channel.log.lasts(pending.asked, pending.due)) {
            return Some(pending.due.saturating_add(self.samples(1.0)));
        }
        // What is told of it comes after its end.
        let found = pelvic().filter_map(|channel| channel.log.best(pending.asked, pending.due));
        let ends = found.map(|found| span_of(&found).end).max()?;
        let told = ends.saturating_add(self.samples(ANSWER_WAIT_S));
        (told > pending.due && ends <= pending.due).then_some(told)
    }

    fn sum_up(&mut self, task: Task, sink: Sink<'_>) {
        if core::mem::replace(&mut self.summed_up[task as usize], true) {
            return;
        }
        for channel in &mut self.channels {
            channel.sum_up_task(task, sink);
        }
    }

    fn conclude(&mut self, sink: Sink<'_>) {
        if core::mem::replace(&mut self.is_concluded, true) {
            return;
        }
        for task in Task::ALL.iter().copied() {
            self.sum_up(task, sink);
        }
        let largest = self.companion().and_then(|other| self.channels[other].largest);
        for channel in &mut self.channels {
            channel.conclude(self.reference_task, largest, &mut self.scratch, sink);
        }
    }
}

/// A window of a step that began at `start`.
fn within(rate: SampleRate, start: SampleIndex, window: StepWindow) -> Span {
    let at = |seconds: f64| {
        let samples = (seconds.abs() * rate.hz()).round() as u64;
        if seconds < 0.0 { start.saturating_sub(samples) } else { start.saturating_add(samples) }
    };
    Span { start: at(window.from_s), end: at(window.to_s) }
}

/// Whether they share a sample.
fn meet(one: Span, other: Span) -> bool {
    overlap(one, other) > 0
}

/// The tasks that a step adds to. Rests between are summed up at the end: any step may add one. A rest adds the
/// recovery from the hold before it.
fn tasks_of(schedule: &Schedule, index: u32) -> impl Iterator<Item = Task> {
    let step = &schedule.steps[index as usize];
    let after = step.after;
    let exerted = after.and_then(|after| schedule.steps.get(after as usize)?.exertion());
    let held = exerted.filter(|task| is_held(*task) && step.is_rest());
    let rests = step.windows.iter().filter_map(move |window| step.rest_task(window.kind, exerted));
    let rests = rests.flat_map(move |task| {
        let also = is_post_endurance(index, after, exerted, task).then_some(Task::AfterEndurance);
        [Some(task), also].into_iter().flatten()
    });
    rests.chain(step.exertion()).chain(held).filter(|task| *task != Task::Between)
}

/// Whether a rest after all exertion follows the long contraction at once: then its second half is the rest
/// after that, too (the Glazer protocol has no other; Kasper-Jędrzejewska 2025 reports it).
fn is_post_endurance(step: u32, after: Option<u32>, exerted: Option<Task>, task: Task) -> bool {
    let follows = after.and_then(|after| after.checked_add(1)) == Some(step);
    follows && exerted == Some(Task::Endurance) && task == Task::RestAfter
}

const fn is_held(task: Task) -> bool {
    matches!(task, Task::Hold | Task::Maximal | Task::Endurance)
}
