//! What is due, measured.

use levator_detect::manoeuvre::Manoeuvre;
use levator_programme::{Outcome, Part, WindowKind};
use levator_signal::{SampleIndex, Span};

use super::{ANSWER_WAIT_S, Meter, Pending, is_held, is_post_endurance, within};
use crate::channel::{Channel, Leaned, Place};
use crate::found::span_of;
use crate::ledger::Sink;
use crate::push::Pressed;
use crate::rest::Rest;
use crate::schedule::{Step, StepWindow};
use crate::work::{Seen, Work};
use crate::{Task, formulas};

/// Margins of rest around contractions that nobody asked for.
const FREE_MARGIN_S: f64 = 0.5;

impl Meter {
    pub(super) fn settle(&mut self, pending: &Pending, sink: Sink<'_>) {
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
                self.is_over[task as usize] |= self.last_of[task as usize] == Some(pending.step);
            }
        }
        // A repetition may still be waited for when the rest after it is over.
        for task in Task::ALL.iter().copied() {
            let waits = |one: &Pending| {
                let step = self.schedule.steps.get(one.step as usize);
                step.and_then(Step::exertion) == Some(task)
            };
            if self.is_over[task as usize] && !self.pending.iter().any(waits) {
                self.sum_up(task, sink);
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
        let planned = &self.schedule.steps[step as usize];
        let since = match planned.after {
            Some(_) => pending.asked.start,
            None => SampleIndex::ZERO,
        };
        let work = Work {
            task,
            step,
            group: planned.group,
            trial: planned.trial,
            attempt: pending.attempt,
            duration_s: planned.duration_s,
            asked: pending.asked,
            window: span,
            plateau: None,
            base: None,
            target: planned.target,
            outcome,
            scored: pending.scored,
            is_free: false,
            due,
        };
        for channel in &mut self.channels {
            let rest = Rest { task, step, span, outcome, since, due };
            let rested = channel.measure_rest(&rest, &mut self.scratch, sink);
            // A rest with something to aim at is a trial, too; one that is read twice, once.
            let again = window.kind == WindowKind::RestAfter && task != Task::RestAfter;
            if work.target.is_some() && channel.is_pelvic() && !again {
                let seen = Seen {
                    found: None,
                    manoeuvre: None,
                    judged: rested.judged,
                    base: None,
                    base_span: None,
                };
                channel.conclude_trial(&work, &seen, rested.level, self.reference_task, sink);
            }
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
        let is_rest = self.schedule.steps[pending.step as usize].is_rest();
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
        within(self.rate, start, window)
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
        let known = work.due.saturating_sub(self.rate.sample_count(ANSWER_WAIT_S) as u64);
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
    pub(super) fn companion(&self) -> Option<usize> {
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
            let (outcome, since) = (Outcome::Complete, SampleIndex::ZERO);
            let rest = Rest { task, step, span, outcome, since, due };
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
    pub(super) fn last_free_rest(&mut self, place: usize, at: SampleIndex, sink: Sink<'_>) {
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
            let (outcome, since) = (Outcome::Complete, SampleIndex::ZERO);
            let rest = Rest { task, step, span, outcome, since, due };
            channel.measure_rest(&rest, &mut self.scratch, sink);
        }
    }
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
