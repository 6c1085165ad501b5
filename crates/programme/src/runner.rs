//! Walks through a programme as time passes.
//!
//! ```text
//!          start                    last step over
//!   Idle ---------> Running ----------------------------> Done
//!    |               |    ^                                ^ ^
//!    |       suspend |    | resume                         | |
//!    |               v    |                                | |
//!    |             Suspended ------------------------------+ |   stop; or resume, and nothing is left
//!    +-------------------------------------------------------+   stop
//! ```
//!
//! Everything else changes nothing: to suspend what is not running, to start what has run.
//!
//! What becomes of a step while the signal is gone:
//!
//! | the runner is told | the step | and then |
//! |---|---|---|
//! | [`gap`](Runner::gap): time went on | ends when it would have, marked [`Outcome::Gap`] | next step |
//! | [`suspend`](Runner::suspend) in work, [`AfterGap::Repeat`] | ends at once, [`Outcome::Interrupted`] | recovery if it strains, then the same again; after three attempts the next step |
//! | ... in work, [`AfterGap::Continue`] | the same | what was left of it, unscored |
//! | ... in work, [`AfterGap::Next`] | the same | next step |
//! | ... in the rest after work | the same | the same rest in full, unscored; after three attempts the next step |
//! | ... in a recovery | the same | the same recovery in full |
//!
//! Only a step that ended as [`Outcome::Complete`] may be scored.

use levator_signal::{HostTime, SampleIndex, SampleRate};

use crate::axis::{Axis, Moment};
use crate::words;
use crate::{AfterGap, Guide, Millis, Part, Programme, Step, Window};

/// Walks through a [`Programme`] on one axis of time: [`HostTime`] or [`SampleIndex`].
///
/// It reads no clock: time passes when [`advance`](Self::advance) says so, and how it is cut changes
/// no event. Each beginning and end is exact: rounded once, to the nearest tick of the axis, counted
/// from where the programme last started, resumed or was skipped. Nothing is allocated after it was
/// made. Events reach the closure before the call returns, in order.
///
/// Moments do not go back: one that lies before what has already been told counts as no time passed.
#[derive(Clone, Debug)]
pub struct Runner<T> {
    programme: Programme,
    axis: Axis,
    state: State<T>,
}

/// One thing a person is asked to do, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cue<T> {
    /// Index of the step in [`Programme::steps`].
    pub step: usize,
    /// Index of its phase.
    pub phase: usize,
    /// Which time the phase is gone through, from 1.
    pub round: u32,
    /// Which repetition in this round, from 1.
    pub trial: u32,
    /// Which attempt at it, from 1: more than 1 after a gap.
    pub attempt: u32,
    /// Work, the rest after it, or a recovery before work is repeated.
    pub part: Part,
    /// Its beginning.
    pub starts: T,
    /// Its end, if nothing comes between; it does not belong to it.
    pub ends: T,
    /// How much of the step had been done before a gap.
    pub into: Millis,
    /// Whether there is feedback.
    pub feedback: bool,
    /// Whether it is scored if it [completes](Outcome::Complete).
    pub scored: bool,
    /// Moment, in ticks, and time since then at which it starts.
    anchor: (u64, Millis),
}

/// What happens in a programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<T> {
    /// A step begins.
    Cue(Cue<T>),
    /// A step is over.
    Ended {
        /// The step.
        cue: Cue<T>,
        /// When.
        at: T,
        /// How.
        outcome: Outcome,
    },
    /// The programme stands still.
    Suspended {
        /// Since when.
        at: T,
        /// Why.
        why: Suspension,
    },
    /// It goes on.
    Resumed {
        /// When.
        at: T,
    },
    /// It is over.
    Done {
        /// When.
        at: T,
        /// Whether it came to its end; not if it was stopped.
        completed: bool,
    },
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// In its time, and without a gap.
    Complete,
    /// In its time, but part of the signal is missing.
    Gap,
    /// By a suspension.
    Interrupted,
    /// It was skipped.
    Skipped,
    /// The programme was stopped.
    Stopped,
}

words!(Outcome {
    Complete => "complete",
    Gap => "gap",
    Interrupted => "interrupted",
    Skipped => "skipped",
    Stopped => "stopped",
});

/// Why a programme stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suspension {
    /// The signal is gone.
    Gap,
    /// The person, or who is with them, wants to.
    Person,
    /// The level between contractions stayed up: letting go comes before the next one.
    Raised,
}

#[derive(Clone, Copy, Debug)]
enum State<T> {
    Idle,
    Running { cue: Cue<T>, gap: bool },
    Suspended { since: T, next: Option<Ahead> },
    Done,
}

/// A step that is to be done, not yet dated.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    step: usize,
    attempt: u32,
    part: Part,
    into: Millis,
    scored: bool,
}

impl Runner<HostTime> {
    /// A runner on the clock of the host.
    #[must_use]
    pub const fn on_host(programme: Programme) -> Self {
        Self { programme, axis: Axis::HOST, state: State::Idle }
    }
}

impl Runner<SampleIndex> {
    /// A runner on the samples of a stream with this rate. What is scored should come from here: its
    /// results do not depend on when samples arrived.
    #[must_use]
    pub const fn on_samples(programme: Programme, rate: SampleRate) -> Self {
        Self { programme, axis: Axis::samples(rate), state: State::Idle }
    }
}

impl<T: Moment> Runner<T> {
    /// How often a repetition is asked for at most. Our choice: a link that breaks three times in one
    /// repetition will break a fourth time, and contracting tires.
    pub const MAX_ATTEMPTS: u32 = 3;

    /// What it runs.
    #[must_use]
    pub const fn programme(&self) -> &Programme {
        &self.programme
    }

    /// The step that is running.
    #[must_use]
    pub const fn cue(&self) -> Option<&Cue<T>> {
        match &self.state {
            State::Running { cue, .. } => Some(cue),
            State::Idle | State::Suspended { .. } | State::Done => None,
        }
    }

    /// Whether it has not been started.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether it stands still.
    #[must_use]
    pub const fn is_suspended(&self) -> bool {
        matches!(self.state, State::Suspended { .. })
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Begins with the first step, if it is idle.
    pub fn start(&mut self, at: T, mut emit: impl FnMut(Event<T>)) {
        if let State::Idle = self.state {
            self.begin(Some(self.ahead(0)), (at.ticks(), Millis::ZERO), &mut emit);
        }
    }

    /// Time has passed until `to`: steps that are over end, and the next ones begin; one that begins
    /// at `to` has begun.
    pub fn advance(&mut self, to: T, mut emit: impl FnMut(Event<T>)) {
        self.pass(to, None, &mut emit);
    }

    /// The signal is missing from `from` up to `to`, and time went on all the same: every step that
    /// has a part in it is not scored. Passes time until `to`.
    ///
    /// Steps that had ended before this was told are not taken back.
    pub fn gap(&mut self, from: T, to: T, mut emit: impl FnMut(Event<T>)) {
        self.pass(from, None, &mut emit);
        if from < to {
            self.pass(to, Some(to), &mut emit);
        }
    }

    /// Stands still from `at` on, if it is running.
    pub fn suspend(&mut self, at: T, why: Suspension, mut emit: impl FnMut(Event<T>)) {
        self.pass(at, None, &mut emit);
        let State::Running { cue, .. } = self.state else { return };
        let at = at.max(cue.starts);
        emit(Event::Ended { cue, at, outcome: Outcome::Interrupted });
        emit(Event::Suspended { at, why });
        self.state = State::Suspended { since: at, next: self.interrupted(&cue, at) };
    }

    /// Goes on from `at`, if it stood still.
    pub fn resume(&mut self, at: T, mut emit: impl FnMut(Event<T>)) {
        let State::Suspended { since, next } = self.state else { return };
        let at = at.max(since);
        emit(Event::Resumed { at });
        self.begin(next, (at.ticks(), Millis::ZERO), &mut emit);
    }

    /// Leaves the running step and begins what follows it. While it stands still, what was to come
    /// next is left out.
    pub fn skip(&mut self, at: T, mut emit: impl FnMut(Event<T>)) {
        self.leave(at, &mut emit, |runner, ahead| runner.following(ahead));
    }

    /// The same, up to the next phase.
    pub fn skip_phase(&mut self, at: T, mut emit: impl FnMut(Event<T>)) {
        self.leave(at, &mut emit, |runner, ahead| {
            let steps = runner.programme.steps();
            let here = &steps[ahead.step];
            let other = |step: &Step| (step.phase, step.round) != (here.phase, here.round);
            let more = steps[ahead.step..].iter().position(other)?;
            Some(runner.ahead(ahead.step + more))
        });
    }

    /// Ends the programme.
    pub fn stop(&mut self, at: T, mut emit: impl FnMut(Event<T>)) {
        self.pass(at, None, &mut emit);
        let at = match self.state {
            State::Done => return,
            State::Idle => at,
            State::Running { cue, .. } => {
                let at = at.max(cue.starts);
                emit(Event::Ended { cue, at, outcome: Outcome::Stopped });
                at
            }
            State::Suspended { since, .. } => at.max(since),
        };
        self.state = State::Done;
        emit(Event::Done { at, completed: false });
    }

    /// As new.
    pub fn reset(&mut self) {
        self.state = State::Idle;
    }

    /// What there is to follow at `at`, which may lie ahead: as far as can be told now, that is, if
    /// nothing comes between. `None` unless it is running, before the running step and after the last.
    #[must_use]
    pub fn guide(&self, at: T) -> Option<Guide> {
        let State::Running { mut cue, .. } = self.state else { return None };
        if at < cue.starts {
            return None;
        }
        while cue.ends <= at {
            let anchor = (cue.anchor.0, self.end_of(&cue));
            cue = self.date(self.following(&cue.ahead())?, anchor);
        }
        let elapsed_s = self.axis.seconds(at.ticks() - cue.starts.ticks());
        let mut guide = self.programme.guide(cue.step, cue.into.as_secs_f64() + elapsed_s);
        if cue.part == Part::Recovery {
            guide = Guide {
                part: Part::Recovery,
                target: None,
                template_ratio: guide.template_ratio.map(|_| 0.0),
                pace: None,
                ..guide
            };
        }
        Some(guide)
    }

    /// The windows of a step, dated: each with its beginning and its end, which does not belong to it.
    /// None for a recovery, or for what goes on after a gap.
    pub fn windows(&self, cue: &Cue<T>) -> impl Iterator<Item = (Window, T, T)> + use<'_, T> {
        let (part, (anchor, offset)) = (cue.part, cue.anchor);
        let whole = cue.part != Part::Recovery && cue.into == Millis::ZERO;
        let phase = self.programme.definition().phases.get(cue.phase).filter(|_| whole);
        let windows = phase.and_then(|phase| phase.windows.as_deref()).unwrap_or_default();
        windows.iter().filter(move |window| window.part == part).map(move |window| {
            let at = |time| T::from_ticks(self.axis.after(anchor, offset.saturating_add(time)));
            (*window, at(window.from), at(window.to))
        })
    }

    /// Ends and begins steps until `to`; those that begin before `gap_until` have a gap.
    fn pass(&mut self, to: T, gap_until: Option<T>, emit: &mut impl FnMut(Event<T>)) {
        while let State::Running { cue, gap } = &mut self.state {
            *gap |= gap_until.is_some_and(|until| cue.starts < until);
            if cue.ends > to {
                return;
            }
            let outcome = if *gap { Outcome::Gap } else { Outcome::Complete };
            let cue = *cue;
            emit(Event::Ended { cue, at: cue.ends, outcome });
            let anchor = (cue.anchor.0, self.end_of(&cue));
            self.begin(self.following(&cue.ahead()), anchor, emit);
        }
    }

    fn leave(
        &mut self,
        at: T,
        emit: &mut impl FnMut(Event<T>),
        following: impl Fn(&Self, &Ahead) -> Option<Ahead>,
    ) {
        self.pass(at, None, emit);
        match self.state {
            State::Running { cue, .. } => {
                let at = at.max(cue.starts);
                emit(Event::Ended { cue, at, outcome: Outcome::Skipped });
                self.begin(following(self, &cue.ahead()), (at.ticks(), Millis::ZERO), emit);
            }
            State::Suspended { since, next: Some(ahead) } => {
                self.state = State::Suspended { since, next: following(self, &ahead) };
            }
            State::Idle | State::Suspended { next: None, .. } | State::Done => {}
        }
    }

    /// Begins a step, or ends the programme if there is none.
    fn begin(
        &mut self,
        ahead: Option<Ahead>,
        anchor: (u64, Millis),
        emit: &mut impl FnMut(Event<T>),
    ) {
        match ahead {
            Some(ahead) => {
                let cue = self.date(ahead, anchor);
                self.state = State::Running { cue, gap: false };
                emit(Event::Cue(cue));
            }
            None => {
                self.state = State::Done;
                let at = T::from_ticks(self.axis.after(anchor.0, anchor.1));
                emit(Event::Done { at, completed: true });
            }
        }
    }

    fn date(&self, ahead: Ahead, anchor: (u64, Millis)) -> Cue<T> {
        let step = &self.programme.steps()[ahead.step];
        let at = |offset| T::from_ticks(self.axis.after(anchor.0, offset));
        let mut cue = Cue {
            step: ahead.step,
            phase: step.phase,
            round: step.round,
            trial: step.trial,
            attempt: ahead.attempt,
            part: ahead.part,
            starts: at(anchor.1),
            ends: at(anchor.1),
            into: ahead.into,
            feedback: step.feedback,
            scored: ahead.scored,
            anchor,
        };
        cue.ends = at(self.end_of(&cue));
        cue
    }

    /// Time from the anchor of a step to its end.
    fn end_of(&self, cue: &Cue<T>) -> Millis {
        let step = &self.programme.steps()[cue.step];
        let length = match cue.part {
            Part::Work | Part::Rest => step.duration.saturating_sub(cue.into),
            Part::Recovery => step.recovery,
        };
        cue.anchor.1.saturating_add(length)
    }

    /// A step of the programme, for the first time.
    fn ahead(&self, step: usize) -> Ahead {
        let Step { part, scored, .. } = self.programme.steps()[step];
        Ahead { step, attempt: 1, part, into: Millis::ZERO, scored }
    }

    /// What comes after this.
    fn following(&self, ahead: &Ahead) -> Option<Ahead> {
        match ahead.part {
            Part::Recovery => Some(Ahead { attempt: ahead.attempt, ..self.ahead(ahead.step) }),
            Part::Work | Part::Rest => {
                let next = ahead.step + 1;
                (next < self.programme.steps().len()).then(|| self.ahead(next))
            }
        }
    }

    /// What comes after this was interrupted at `at`.
    fn interrupted(&self, cue: &Cue<T>, at: T) -> Option<Ahead> {
        let step = &self.programme.steps()[cue.step];
        let again = Ahead { attempt: cue.attempt.saturating_add(1), ..cue.ahead() };
        let next = self.following(&cue.ahead());
        let repeat = match cue.part {
            Part::Recovery => return Some(cue.ahead()),
            Part::Rest => Ahead { scored: false, ..again },
            Part::Work => match self.programme.phase_of(step).after_gap {
                AfterGap::Next => return next,
                AfterGap::Continue => {
                    let done = self.axis.whole_millis(at.ticks() - cue.starts.ticks());
                    let into = cue.into.saturating_add(done);
                    let left = into < step.duration;
                    return if left { Some(Ahead { into, scored: false, ..again }) } else { next };
                }
                AfterGap::Repeat => match step.recovery {
                    Millis::ZERO => again,
                    _ => Ahead { part: Part::Recovery, scored: false, ..again },
                },
            },
        };
        if cue.attempt < Self::MAX_ATTEMPTS { Some(repeat) } else { next }
    }
}

impl Event<SampleIndex> {
    /// The same on the samples of another stream, which began at the same moment.
    #[must_use]
    pub fn on(&self, from: SampleRate, to: SampleRate) -> Self {
        let at = |index: SampleIndex| to.index_at(from.time_s(index));
        let cue = |cue: &Cue<SampleIndex>| Cue {
            starts: at(cue.starts),
            ends: at(cue.ends),
            anchor: (at(SampleIndex(cue.anchor.0)).0, cue.anchor.1),
            ..*cue
        };
        match self {
            Self::Cue(begun) => Self::Cue(cue(begun)),
            Self::Ended { cue: ended, at: end, outcome } => {
                Self::Ended { cue: cue(ended), at: at(*end), outcome: *outcome }
            }
            Self::Suspended { at: since, why } => Self::Suspended { at: at(*since), why: *why },
            Self::Resumed { at: since } => Self::Resumed { at: at(*since) },
            Self::Done { at: end, completed } => Self::Done { at: at(*end), completed: *completed },
        }
    }
}

impl<T> Cue<T> {
    const fn ahead(&self) -> Ahead {
        Ahead {
            step: self.step,
            attempt: self.attempt,
            part: self.part,
            into: self.into,
            scored: self.scored,
        }
    }
}
