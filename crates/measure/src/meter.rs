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
//! repetition after 4 s, and later if a contraction lasts ([`MOST_WAIT_S`] at most). Whatever was said by then
//! counts, and nothing that was said later, so that results do not depend on how the input is cut.

use levator_detect::Transition;
use levator_detect::manoeuvre::{Answer, Manoeuvre};
use levator_programme::{Cue, Event, Outcome, Part, WindowKind};
use levator_signal::{Block, ChannelId, SampleIndex, SampleRate, SignalKind, Span};

use crate::channel::{Channel, Leaned, MeterChannel, Place};
use crate::error::MeterError;
use crate::found::{Answers, span_of};
use crate::ledger::Sink;
use crate::push::Pressed;
use crate::rest::Rest;
use crate::schedule::{Origin, Schedule, StepWindow};
use crate::track::{LONGEST_WINDOW_S, Scratch};
use crate::work::{Seen, Work};
use crate::{Reading, Task, formulas};

/// After its end a rest is measured this much later, a repetition this much.
const REST_WAIT_S: f64 = 2.0;
const WORK_WAIT_S: f64 = 4.0;
/// What was told of an event is known this long after its end: a second for channels that see it later, and
/// the time between two blocks.
const ANSWER_WAIT_S: f64 = 3.0;
/// Longest that a contraction is waited for that lasts beyond its step.
const MOST_WAIT_S: f64 = 120.0;
/// Margins of rest around contractions that nobody asked for.
const FREE_MARGIN_S: f64 = 0.5;
/// Most channels.
const MOST_CHANNELS: usize = 32;
/// Contractions of a free run that go into summaries.
const MOST_FREE: usize = 512;
/// Most measures of one trial.
const MOST_MEASURES: usize = 40;
/// Room for what waits to be measured.
const MOST_PENDING: usize = 256;

/// Measures all channels of one stream.
///
/// Feed it in the order in which things become known: each block before what the detector found in it, and the
/// events of a programme up to the end of a block before the next block. A block may last half a minute. All
/// channels must be fed: what is due waits for the slowest. Readings reach the sink before a call returns. Only [`Self::new`] allocates.
///
/// It cannot fail: what cannot be computed is a measure without a value, with reasons.
#[derive(Debug)]
pub struct Meter {
    rate: SampleRate,
    schedule: Schedule,
    reference_task: Option<Task>,
    channels: Vec<Channel>,
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
    summed_up: [bool; Task::ALL.len()],
    running: Option<Cue<SampleIndex>>,
    scratch: Scratch,
    sequence: u64,
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
    /// Sizes everything by the schedule.
    ///
    /// # Errors
    ///
    /// [`MeterError`] for no channel or more than 32, one that occurs twice or is of another kind than EMG,
    /// its envelope or pressure, and a rate below 0.1 Hz or above 1 MHz.
    pub fn new(
        schedule: Schedule,
        rate: SampleRate,
        channels: &[MeterChannel],
    ) -> Result<Self, MeterError> {
        if channels.is_empty() || channels.len() > MOST_CHANNELS {
            return Err(MeterError::ChannelCount { count: channels.len(), most: MOST_CHANNELS });
        }
        if !(0.1..=1e6).contains(&rate.hz()) {
            return Err(MeterError::Rate { hz: rate.hz() });
        }
        for (place, channel) in channels.iter().enumerate() {
            if channel.kind == SignalKind::Other {
                return Err(MeterError::Kind { channel: channel.id });
            }
            if channels[..place].iter().any(|other| other.id == channel.id) {
                return Err(MeterError::Twice { channel: channel.id });
            }
        }
        let longest_s = match schedule.origin {
            Origin::Found => LONGEST_WINDOW_S,
            Origin::Programme | Origin::Dated => schedule.longest_s().min(LONGEST_WINDOW_S),
        };
        let memory_s = longest_s + MOST_WAIT_S + 60.0;
        let trials = match schedule.origin {
            Origin::Found => MOST_FREE,
            Origin::Programme | Origin::Dated => schedule.steps.len(),
        };
        let ledger_len = trials.saturating_mul(MOST_MEASURES);
        let channels: Vec<Channel> = channels
            .iter()
            .map(|settings| Channel::new(*settings, rate, memory_s, trials, ledger_len))
            .collect();
        let capacity = channels.iter().map(|one| one.track.capacity()).max().unwrap_or(0) + 8;
        let mut last_of = [None; Task::ALL.len()];
        for index in 0..schedule.steps.len() as u32 {
            for task in tasks_of(&schedule, index) {
                last_of[task as usize] = Some(index);
            }
        }
        let mut meter = Self {
            rate,
            reference_task: schedule.reference_task(),
            ran: vec![None; schedule.steps.len()],
            measured: vec![false; schedule.steps.len()],
            broken_off: None,
            pending: Vec::with_capacity(MOST_PENDING.max(schedule.steps.len())),
            schedule,
            channels,
            answers: Answers::new(),
            last_of,
            summed_up: [false; Task::ALL.len()],
            running: None,
            scratch: Scratch::new(capacity),
            sequence: 0,
            is_done: false,
            is_concluded: false,
        };
        if meter.schedule.origin == Origin::Dated {
            for index in 0..meter.schedule.steps.len() {
                if let Some(span) = meter.schedule.steps[index].span {
                    meter.queue(index, span, 1, Outcome::Complete, true);
                }
            }
        }
        Ok(meter)
    }

    /// What it works with.
    #[must_use]
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Takes a block of one channel. Blocks of channels it does not know are passed over, samples that do not
    /// follow the last ones are a gap.
    pub fn process(&mut self, block: &Block<'_>, mut sink: impl FnMut(Reading)) {
        self.settle_until(self.now(), &mut sink);
        if let Some(channel) = self.place(block.channel) {
            self.channels[channel].process(block);
        }
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
        self.settle_until(self.now(), &mut sink);
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
        if self.is_done && self.pending.is_empty() {
            self.conclude(sink);
        }
    }

    fn settle_first(&mut self, sink: Sink<'_>) {
        if let Some(first) = self.first() {
            let pending = self.pending.swap_remove(first);
            self.settle(&pending, sink);
        }
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
        let lasts = |channel: &Channel| {
            channel.is_pelvic() && channel.log.lasts(pending.asked, pending.due)
        };
        (waits && self.channels.iter().any(lasts))
            .then(|| pending.due.saturating_add(self.samples(1.0)))
    }

    fn settle(&mut self, pending: &Pending, sink: Sink<'_>) {
        if let Some(place) = pending.channel {
            self.settle_free(place, pending, sink);
            return;
        }
        let index = pending.step as usize;
        let Some(step) = self.schedule.steps.get(index).filter(|_| !self.measured[index]) else {
            return;
        };
        let after = step.after;
        match pending.outcome {
            // The rest after a repetition is nothing without it.
            Outcome::Interrupted if step.exertion().is_none() && step.part == Part::Work => {
                self.broken_off = Some(*pending);
                return;
            }
            Outcome::Interrupted => {}
            _ => self.measured[index] = pending.scored,
        }
        let after_task = self.task_after(after);
        for window in 0..step.windows.len() {
            let step = &self.schedule.steps[pending.step as usize];
            let rest = step.windows[window];
            let Some(task) = step.rest_task(rest.kind, after_task) else { continue };
            self.settle_rest(pending, rest, task, sink);
            if is_post_endurance(pending.step, after, after_task, task) {
                let from_s = 0.5 * (rest.from_s + rest.to_s);
                let second_half = StepWindow { from_s, ..rest };
                self.settle_rest(pending, second_half, Task::AfterEndurance, sink);
            }
        }
        self.settle_recovery(pending, after, after_task, sink);
        let step = &self.schedule.steps[pending.step as usize];
        if let Some(task) = step.exertion().filter(|_| !step.windows.is_empty()) {
            self.settle_work(pending, task, sink);
        }
        if pending.outcome != Outcome::Interrupted {
            for task in Task::ALL.iter().copied() {
                if self.last_of[task as usize] == Some(pending.step) {
                    self.sum_up(task, sink);
                }
            }
        }
    }

    fn task_after(&self, after: Option<u32>) -> Option<Task> {
        self.schedule.steps.get(after? as usize)?.exertion()
    }

    fn settle_rest(&mut self, pending: &Pending, window: StepWindow, task: Task, sink: Sink<'_>) {
        let whole = pending.outcome == Outcome::Complete || pending.outcome == Outcome::Gap;
        // What was cut short is measured as far as it went if it stands alone; a rest between says nothing
        // then.
        let stands_alone = matches!(task, Task::RestBefore | Task::RestAfter | Task::Relax);
        if !(pending.scored && (whole || stands_alone)) {
            return;
        }
        let mut span = self.within(pending.asked.start, window);
        if !whole {
            span.end = span.end.min(pending.asked.end);
            if span.end <= span.start {
                return;
            }
        }
        let (step, outcome, due) = (pending.step, pending.outcome, pending.due);
        for channel in &mut self.channels {
            let rest = Rest { task, step, span, outcome, due };
            channel.measure_rest(&rest, &mut self.scratch, sink);
        }
    }

    /// The recovery from the contraction that this rest follows at once.
    fn settle_recovery(
        &mut self,
        pending: &Pending,
        after: Option<u32>,
        task: Option<Task>,
        sink: Sink<'_>,
    ) {
        let is_rest = self.schedule.steps[pending.step as usize].part == Part::Rest;
        let (Some(after), Some(task)) = (after, task.filter(|task| is_rest && is_held(*task)))
        else {
            return;
        };
        let follows = after.checked_add(1) == Some(pending.step) && pending.attempt == 1;
        let usable = pending.scored && pending.outcome == Outcome::Complete;
        let Some(asked) = self.ran[after as usize].filter(|_| follows && usable) else { return };
        if asked.end.saturating_add(self.samples(0.1)) < pending.asked.start {
            return;
        }
        for channel in self.channels.iter_mut().filter(|channel| channel.is_pelvic()) {
            channel.measure_recovery((task, after), asked, pending.asked, pending.due, sink);
        }
    }

    fn within(&self, start: SampleIndex, window: StepWindow) -> Span {
        let at = |seconds: f64| {
            let samples = (seconds.abs() * self.rate.hz()).round() as u64;
            if seconds < 0.0 {
                start.saturating_sub(samples)
            } else {
                start.saturating_add(samples)
            }
        };
        Span { start: at(window.from_s), end: at(window.to_s) }
    }

    fn settle_work(&mut self, pending: &Pending, task: Task, sink: Sink<'_>) {
        let step = &self.schedule.steps[pending.step as usize];
        let kind = match task {
            Task::Push => WindowKind::Push,
            Task::Cough => WindowKind::Cough,
            _ => WindowKind::Contraction,
        };
        let dated = |window: Option<StepWindow>| {
            window.map(|window| self.within(pending.asked.start, window))
        };
        let work = Work {
            task,
            step: pending.step,
            group: step.group,
            trial: step.trial,
            attempt: pending.attempt,
            duration_s: step.duration_s,
            asked: pending.asked,
            window: dated(step.window(kind)).unwrap_or(pending.asked),
            plateau: dated(step.window(WindowKind::Plateau)),
            base: dated(step.base),
            target: step.target,
            outcome: pending.outcome,
            scored: pending.scored,
            is_free: false,
            due: pending.due,
        };
        // The abdomen first: the pelvic floor is held against it.
        let mut pressed = None;
        for pelvic in [false, true] {
            for place in 0..self.channels.len() {
                if self.channels[place].is_pelvic() == pelvic {
                    self.measure_work(place, &work, &mut pressed, sink);
                }
            }
        }
    }

    fn measure_work(
        &mut self,
        place: usize,
        work: &Work,
        pressed: &mut Option<(usize, Pressed)>,
        sink: Sink<'_>,
    ) {
        let channel = &mut self.channels[place];
        let searched = match work.task {
            Task::Push | Task::Cough => None,
            _ => channel.log.best(work.asked, work.due),
        };
        let event = searched.as_ref().map_or(work.asked, span_of);
        let known = work.due.saturating_sub((self.rate.hz() * ANSWER_WAIT_S) as u64);
        let manoeuvre = self.answers.of(event, known);
        let seen = channel.look(work, manoeuvre, searched, &mut self.scratch);
        let is_measured = work.outcome == Outcome::Complete && work.scored;
        let mut level = None;
        if is_measured {
            match work.task {
                Task::Push => {
                    let abdomen = pressed.filter(|(abdomen, _)| {
                        let (here, there) =
                            (&self.channels[place].settings, &self.channels[*abdomen].settings);
                        here.unit == there.unit && here.kind == there.kind
                    });
                    let abdomen = abdomen.map(|(_, pressed)| pressed);
                    let channel = &mut self.channels[place];
                    let (highest, press) =
                        channel.measure_push(work, &seen, abdomen, &mut self.scratch, sink);
                    level = highest;
                    if channel.settings.place == Place::Abdominal && pressed.is_none() {
                        *pressed = Some((place, press));
                    }
                }
                Task::Cough => level = channel.measure_cough(work, &seen, sink),
                _ => {
                    let coupled = self.couple(place, work, &seen);
                    let channel = &mut self.channels[place];
                    level =
                        channel.measure_contraction(work, &seen, coupled, &mut self.scratch, sink);
                }
            }
            let peak =
                self.channels[place].track.highest(&self.channels[place].track.slots(work.window));
            let net = peak.map(|(peak, _)| peak).zip(seen.base).map(|(peak, base)| peak - base);
            self.channels[place].enlarge(net);
        }
        let channel = &mut self.channels[place];
        if !channel.is_pelvic() {
            return;
        }
        if is_measured && !matches!(work.task, Task::Push | Task::Cough) && manoeuvre.is_some() {
            channel.told += 1;
            channel.squeezes += u32::from(manoeuvre == Some(Manoeuvre::Squeeze));
            channel.bearing_downs += u32::from(manoeuvre == Some(Manoeuvre::Push));
        }
        channel.conclude_trial(work, &seen, level, self.reference_task, sink);
    }

    /// What the first channel of the abdomen did in a contraction of a channel of the pelvic floor: correlation
    /// of the two levels over the window, and the abdomen's net mean, kept until its largest is known. `None`
    /// if there is no such channel, or no question.
    fn couple(&mut self, place: usize, work: &Work, seen: &Seen) -> Option<Option<f64>> {
        if !self.channels[place].is_pelvic() {
            return None;
        }
        let other = self.companion()?;
        let scratch = &mut self.scratch;
        let (pelvic, abdomen) = (&self.channels[place], &self.channels[other]);
        let slots = pelvic.track.slots(work.window);
        scratch.x.clear();
        scratch.y.clear();
        for slot in slots.clone() {
            if let (Some(x), Some(y)) = (pelvic.track.level(slot), abdomen.track.level(slot)) {
                scratch.x.push(x);
                scratch.y.push(y);
            }
        }
        let correlation = formulas::correlation(&scratch.x, &scratch.y);
        let mean = formulas::mean(&scratch.y);
        let peak = abdomen.track.highest(&slots).map(|(level, _)| level);
        let base = seen.base_span.and_then(|span| abdomen.level_over(span, scratch));
        let less = |level: Option<f64>| level.zip(base).map(|(level, base)| level - base);
        let (step, task, span, judged) = (work.step, work.task, work.window, seen.judged);
        self.channels[other].enlarge(less(peak));
        let leans = &mut self.channels[place].leans;
        if leans.len() < leans.capacity() {
            leans.push(Leaned { step, task, net: less(mean), span, judged });
        }
        Some(correlation)
    }

    /// The channel whose activity should be low in a squeeze.
    fn companion(&self) -> Option<usize> {
        let at = |place| self.channels.iter().position(|one| one.settings.place == place);
        at(Place::Abdominal).or_else(|| at(Place::Accessory))
    }

    /// A contraction that nobody asked for, and the rest before it.
    fn settle_free(&mut self, place: usize, pending: &Pending, sink: Sink<'_>) {
        let onset = pending.asked.start;
        let margin = self.samples(FREE_MARGIN_S);
        let channel = &mut self.channels[place];
        let (task, start) = match channel.free_end {
            // The second half of what lies between.
            Some(end) => (Task::Between, SampleIndex(end.0 / 2 + onset.0 / 2)),
            None => (Task::RestBefore, SampleIndex::ZERO),
        };
        let span = Span { start, end: onset.saturating_sub(margin) };
        let (step, due) = (pending.step, pending.due);
        if span.sample_count() >= margin {
            let rest = Rest { task, step, span, outcome: Outcome::Complete, due };
            channel.measure_rest(&rest, &mut self.scratch, sink);
        }
        channel.free_end = Some(channel.free_end.unwrap_or_default().max(pending.asked.end));
        let length = pending.asked.sample_count();
        let work = Work {
            task: Task::Contraction,
            step,
            group: (0, 1),
            trial: step.saturating_add(1),
            attempt: 1,
            duration_s: self.rate.time_s(SampleIndex(length)),
            asked: pending.asked,
            window: pending.asked,
            plateau: None,
            base: None,
            target: None,
            outcome: Outcome::Complete,
            scored: true,
            is_free: true,
            due,
        };
        self.measure_work(place, &work, &mut None, sink);
    }

    /// The rest after the last contraction of a free run, or the whole if there was none.
    fn last_free_rest(&mut self, place: usize, at: SampleIndex, sink: Sink<'_>) {
        let due = SampleIndex(u64::MAX);
        let channel = &mut self.channels[place];
        if !channel.is_pelvic() {
            return;
        }
        let end = at.min(channel.next);
        let (task, start) = match channel.free_end {
            Some(last) => (Task::RestAfter, SampleIndex(last.0 / 2 + end.0.max(last.0) / 2)),
            None => (Task::RestBefore, SampleIndex::ZERO),
        };
        let (step, span) = (channel.free_count, Span { start, end });
        if span.sample_count() > 0 {
            let rest = Rest { task, step, span, outcome: Outcome::Complete, due };
            channel.measure_rest(&rest, &mut self.scratch, sink);
        }
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

impl Channel {
    fn enlarge(&mut self, net: Option<f64>) {
        let larger = net.and_then(formulas::finite);
        self.largest = match (self.largest, larger) {
            (Some(largest), Some(net)) => Some(largest.max(net)),
            (one, other) => one.or(other),
        };
    }
}
