//! A programme that was checked, and its steps.

use crate::definition::Definition;
use crate::error::ProgrammeError;
use crate::evidence::Evidence;
use crate::stamp::Stamp;
use crate::{
    Breathing, Load, Millis, Pace, Part, Phase, PhaseKind, Safeguards, Target, WindowKind, check,
};

/// A programme that can be run: checked, expanded into steps, stamped.
#[derive(Clone, Debug, PartialEq)]
pub struct Programme {
    definition: Definition,
    steps: Vec<Step>,
    length: Millis,
    stamp: Stamp,
}

/// One thing to do: half of one repetition of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index of its phase.
    pub phase: usize,
    /// Which time the phase is gone through, from 1.
    pub round: u32,
    /// Which repetition in this round, from 1.
    pub trial: u32,
    /// Work or rest.
    pub part: Part,
    /// Its beginning, from the beginning of the programme, if nothing is interrupted.
    pub starts: Millis,
    /// Its length.
    pub duration: Millis,
    /// How much of its phase, in this round, has gone by when it begins: the pacer runs through.
    pub into_phase: Millis,
    /// Whether there is feedback.
    pub feedback: bool,
    /// Whether one of the windows of its phase lies in it.
    pub scored: bool,
    /// Rest that must come before it if it is to be done once more after a gap; zero if nothing
    /// strenuous is asked for.
    pub recovery: Millis,
}

/// What a person is shown to follow at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guide {
    /// Index of the step.
    pub step: usize,
    /// Part of the repetition.
    pub part: Part,
    /// Seconds since the step began.
    pub elapsed_s: f64,
    /// The band to be in.
    pub target: Option<Target>,
    /// The curve to follow: 0 is rest, 1 the aim of the phase's target. `None` without a curve.
    pub template_ratio: Option<f64>,
    /// The pace to breathe to.
    pub pace: Option<Pace>,
    /// Whether any of it, and the signal, may be shown.
    pub feedback: bool,
}

impl Programme {
    /// Checks a definition, fills in the windows it leaves open, and expands it: phase by phase,
    /// repetition by repetition, each followed by its rest; a run of phases as often as it says.
    ///
    /// # Errors
    ///
    /// The first fault, with phase, field and bounds.
    pub fn new(mut definition: Definition) -> Result<Self, ProgrammeError> {
        check::definition(&definition)?;
        for index in 0..definition.phases.len() {
            let rest = rest_window(&definition, index);
            let phase = &mut definition.phases[index];
            if phase.windows.is_none() {
                phase.windows = Some(phase.default_windows(rest));
            }
        }
        let steps = expand(&definition);
        let length =
            steps.last().map_or(Millis::ZERO, |last| last.starts.saturating_add(last.duration));
        let stamp = Stamp::of(&definition);
        Ok(Self { definition, steps, length, stamp })
    }

    /// What it was made of, with the windows filled in.
    #[must_use]
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Its steps, in order; at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The phase of a step.
    ///
    /// # Panics
    ///
    /// If the step is of another programme.
    #[must_use]
    pub fn phase_of(&self, step: &Step) -> &Phase {
        &self.definition.phases[step.phase]
    }

    /// Its length, if nothing is interrupted.
    #[must_use]
    pub const fn length(&self) -> Millis {
        self.length
    }

    /// What it is told apart by.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// How much it loads the muscle: what a [`Gate`](crate::Gate) looks at.
    #[must_use]
    pub const fn load(&self) -> Load {
        self.definition.load
    }

    /// The least trusted evidence among the programme and its phases.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let of_phases = self.definition.phases.iter().filter_map(|phase| phase.source.as_ref());
        of_phases.map(|source| source.evidence).fold(self.definition.source.evidence, Evidence::max)
    }

    /// Which safeguards it has for an amber gate.
    #[must_use]
    pub fn safeguards(&self) -> Safeguards {
        let phases = &self.definition.phases;
        let mut contractions = phases.iter().filter(|phase| phase.kind.is_contraction());
        let before = phases.iter().take_while(|phase| !phase.kind.is_contraction());
        let measured =
            |phase: &Phase| {
                phase.windows.iter().flatten().any(|window| {
                    window.part == Part::Rest && window.kind == WindowKind::RestBetween
                })
            };
        Safeguards {
            relaxes_first: before
                .into_iter()
                .any(|phase| matches!(phase.kind, PhaseKind::Relax | PhaseKind::Breathe)),
            rests_twice_the_hold: contractions
                .clone()
                .all(|phase| phase.rest.0 >= 2 * phase.duration.0),
            measures_each_rest: contractions.all(measured),
        }
    }

    /// The same with another pace in every phase that has one. It has another stamp.
    ///
    /// # Errors
    ///
    /// If the pace is not one that can be breathed.
    pub fn with_breathing(&self, breathing: Breathing) -> Result<Self, ProgrammeError> {
        let mut definition = self.definition.clone();
        for phase in &mut definition.phases {
            phase.breathing = phase.breathing.map(|_| breathing);
        }
        Self::new(definition)
    }

    /// What is shown `elapsed_s` after a step began.
    ///
    /// # Panics
    ///
    /// If the programme has no such step.
    #[must_use]
    pub fn guide(&self, step: usize, elapsed_s: f64) -> Guide {
        let at = &self.steps[step];
        let phase = self.phase_of(at);
        let (target, template_ratio) = match at.part {
            Part::Work => (phase.target, phase.template.ratio_at(elapsed_s, phase.duration)),
            Part::Rest | Part::Recovery => {
                (phase.rest_target, phase.template.ratio_at(0.0, phase.duration).map(|_| 0.0))
            }
        };
        let into_phase_s = at.into_phase.as_secs_f64() + elapsed_s;
        Guide {
            step,
            part: at.part,
            elapsed_s,
            target,
            template_ratio,
            pace: phase.breathing.map(|breathing| breathing.at(into_phase_s)),
            feedback: at.feedback,
        }
    }
}

/// What a phase of rest is measured for: it comes before all exertion, after some, or, in a run that
/// is repeated, between.
fn rest_window(definition: &Definition, index: usize) -> WindowKind {
    let strains = |phases: &[Phase]| phases.iter().any(|phase| phase.kind.is_exertion());
    let run = definition.repeats.iter().find(|run| (run.first..=run.last).contains(&index));
    if run.is_some_and(|run| strains(&definition.phases[run.first..=run.last])) {
        return WindowKind::RestBetween;
    }
    match strains(&definition.phases[..index]) {
        true => WindowKind::RestAfter,
        false => WindowKind::RestBefore,
    }
}

fn expand(definition: &Definition) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut starts = Millis::ZERO;
    let mut phase = 0;
    while phase < definition.phases.len() {
        let repeat = definition.repeats.iter().find(|repeat| repeat.first == phase);
        let (last, times) = repeat.map_or((phase, 1), |repeat| (repeat.last, repeat.times));
        for round in 1..=times {
            for index in phase..=last {
                one_phase(&mut steps, &mut starts, definition, index, round);
            }
        }
        phase = last + 1;
    }
    recoveries(definition, &mut steps);
    steps
}

fn one_phase(
    steps: &mut Vec<Step>,
    starts: &mut Millis,
    definition: &Definition,
    index: usize,
    round: u32,
) {
    let phase = &definition.phases[index];
    let began = *starts;
    for trial in 1..=phase.repetitions {
        for (part, duration) in [(Part::Work, phase.duration), (Part::Rest, phase.rest)] {
            if duration == Millis::ZERO {
                continue;
            }
            steps.push(Step {
                phase: index,
                round,
                trial,
                part,
                starts: *starts,
                duration,
                into_phase: starts.saturating_sub(began),
                feedback: phase.feedback.is_on(trial),
                scored: phase.windows.iter().flatten().any(|window| window.part == part),
                recovery: Millis::ZERO,
            });
            *starts = starts.saturating_add(duration);
        }
    }
}

/// What strains is done again only after the rest that follows it, or, where none does, the one that
/// comes before it.
fn recoveries(definition: &Definition, steps: &mut [Step]) {
    let is_rest = |step: &Step| {
        let kind = definition.phases[step.phase].kind;
        step.part == Part::Rest || matches!(kind, PhaseKind::Rest | PhaseKind::Relax)
    };
    let length = |step: Option<&Step>| step.filter(|step| is_rest(step)).map(|step| step.duration);
    for index in 0..steps.len() {
        let step = &steps[index];
        let strains = definition.phases[step.phase].kind.is_exertion();
        if step.part == Part::Work && strains {
            let after = length(steps.get(index + 1));
            let before = index.checked_sub(1).and_then(|before| length(steps.get(before)));
            steps[index].recovery = after.or(before).unwrap_or(Millis::ZERO);
        }
    }
}
