//! What was asked for, in the one form that a [`Meter`](crate::Meter) works with.

use levator_programme::{Part, PhaseKind, Position, Programme, Target, WindowKind};
use levator_signal::Span;

use crate::Task;

/// What is to be measured: the steps of a programme, stretches with labels, or nothing but what the detector
/// finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub(crate) origin: Origin,
    pub(crate) steps: Vec<Step>,
}

/// Where the spans of the steps come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the events of a [`Runner`](levator_programme::Runner).
    Programme,
    /// They are known beforehand.
    Dated,
    /// Each contraction that is found is a trial; what lies between is rest.
    Found,
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What the person does.
    pub kind: PhaseKind,
    /// Work, or the rest after it.
    pub part: Part,
    /// Which group of repetitions it belongs to: flicks of one group are counted together.
    pub group: (u32, u32),
    /// Which repetition, from 1.
    pub trial: u32,
    /// Length that is asked for, in seconds.
    pub duration_s: f64,
    /// What is judged, in seconds from the beginning of the step.
    pub windows: Vec<StepWindow>,
    /// Where the level before it is read; `None` takes the last rest before it that was measured.
    pub base: Option<StepWindow>,
    /// What to aim at.
    pub target: Option<Target>,
    /// Where it lies, if that is known beforehand.
    pub span: Option<Span>,
    /// Index of the exertion that a rest follows.
    pub after: Option<u32>,
    /// How the person lies, sits or stands, where it is said.
    pub position: Option<Position>,
}

/// A stretch of a step, in seconds from its beginning. It may begin before the step does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepWindow {
    /// What it is measured for.
    pub kind: WindowKind,
    /// Its beginning.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

impl Schedule {
    /// Nothing is asked for: contractions that the detector finds are the trials, and what lies between
    /// them is rest.
    #[must_use]
    pub const fn free() -> Self {
        Self { origin: Origin::Found, steps: Vec::new() }
    }

    /// The steps of a programme. One in which nothing is judged (a free run) is [`Self::free`].
    #[must_use]
    pub fn from_programme(programme: &Programme) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(programme.steps().len());
        let (mut after, mut position) = (None, None);
        for (index, planned) in programme.steps().iter().enumerate() {
            let phase = programme.phase_of(planned);
            position = phase.position.or(position);
            let windows = phase.windows.iter().flatten();
            let windows = windows.filter(|window| window.part == planned.part);
            let windows = windows.map(|window| StepWindow {
                kind: window.kind,
                from_s: window.from.as_secs_f64(),
                to_s: window.to.as_secs_f64(),
            });
            let is_work = planned.part == Part::Work;
            let exerts = is_work && phase.kind.is_exertion();
            steps.push(Step {
                kind: phase.kind,
                part: planned.part,
                group: (planned.phase as u32, planned.round),
                trial: planned.trial,
                duration_s: planned.duration.as_secs_f64(),
                windows: windows.collect(),
                base: None,
                target: if is_work { phase.target } else { phase.rest_target },
                span: None,
                after: if exerts { None } else { after },
                position,
            });
            if exerts {
                after = Some(index as u32);
            }
        }
        if steps.iter().all(|step| step.windows.is_empty()) {
            return Self::free();
        }
        Self { origin: Origin::Programme, steps }
    }

    /// Steps whose spans are known; those without a span are left out.
    #[must_use]
    pub fn dated(steps: Vec<Step>) -> Self {
        let steps = steps.into_iter().filter(|step| step.span.is_some()).collect();
        Self { origin: Origin::Dated, steps }
    }

    /// Where the spans of its steps come from.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Its steps, in order. None in a free run.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whose peaks are the maximal voluntary contraction: of contractions that were asked for as maximal,
    /// or else of the holds, or else of the quick ones; in a free run of all.
    #[must_use]
    pub fn reference_task(&self) -> Option<Task> {
        if self.origin == Origin::Found {
            return Some(Task::Contraction);
        }
        [Task::Maximal, Task::Hold, Task::Flick]
            .into_iter()
            .find(|task| self.steps.iter().any(|step| step.exertion() == Some(*task)))
    }

    /// Which steps are in another position than the first one in which anything is judged: levels at rest and
    /// in contractions are others there, and are not summed up with the rest.
    pub(crate) fn elsewhere(&self) -> Box<[bool]> {
        let first = self.steps.iter().find(|step| !step.windows.is_empty());
        let home = first.and_then(|step| step.position);
        self.steps.iter().map(|step| step.position != home).collect()
    }

    /// Longest step, in seconds.
    pub(crate) fn longest_s(&self) -> f64 {
        self.steps.iter().map(|step| step.duration_s).fold(0.0, f64::max)
    }
}

impl Step {
    /// The task of an exertion that is asked for in this step; `None` for rests, pauses, free running.
    #[must_use]
    pub const fn exertion(&self) -> Option<Task> {
        match (self.part, self.kind) {
            (Part::Work, PhaseKind::Flick) => Some(Task::Flick),
            (Part::Work, PhaseKind::Hold) => Some(Task::Hold),
            (Part::Work, PhaseKind::Maximal) => Some(Task::Maximal),
            (Part::Work, PhaseKind::Endurance) => Some(Task::Endurance),
            (Part::Work, PhaseKind::Push) => Some(Task::Push),
            (Part::Work, PhaseKind::Cough) => Some(Task::Cough),
            _ => None,
        }
    }

    /// Whether it is a rest: the one after a repetition, or a phase of its own.
    pub(crate) const fn is_rest(&self) -> bool {
        matches!((self.part, self.kind), (Part::Rest, _) | (Part::Work, PhaseKind::Rest))
    }

    /// The task of a window of rest, of relaxing, or none for another window. `after` is the exertion that
    /// this step follows.
    pub(crate) const fn rest_task(&self, window: WindowKind, after: Option<Task>) -> Option<Task> {
        match window {
            WindowKind::RestBefore => Some(Task::RestBefore),
            WindowKind::RestAfter => Some(Task::RestAfter),
            WindowKind::Relaxation => Some(Task::Relax),
            WindowKind::RestBetween => Some(match after {
                Some(Task::Flick) => Task::AfterFlick,
                Some(Task::Hold | Task::Maximal) => Task::AfterHold,
                Some(Task::Endurance) => Task::AfterEndurance,
                _ => Task::Between,
            }),
            WindowKind::Contraction
            | WindowKind::Plateau
            | WindowKind::Push
            | WindowKind::Cough => None,
        }
    }

    /// The first window of this kind.
    pub(crate) fn window(&self, kind: WindowKind) -> Option<StepWindow> {
        self.windows.iter().copied().find(|window| window.kind == kind)
    }
}
