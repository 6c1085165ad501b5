//! The parts of a programme.

use crate::words;
use crate::{Breathing, Millis, Source, Target, Template};

/// What a person does in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhaseKind {
    /// Run-in: getting used to the probe. Never judged.
    Settle,
    /// Rest, which is measured.
    Rest,
    /// Quick contractions, let go at once.
    Flick,
    /// Contractions that are held.
    Hold,
    /// As strong as possible: what other levels are compared with.
    Maximal,
    /// One long contraction below the maximum.
    Endurance,
    /// Bearing down.
    Push,
    /// A cough.
    Cough,
    /// Letting go.
    Relax,
    /// Breathing, as a rule to a pace.
    Breathe,
    /// Whatever the person likes.
    Free,
    /// Changing position, drinking, talking. Never judged.
    Pause,
}

words!(PhaseKind {
    Settle => "settle",
    Rest => "rest",
    Flick => "flick",
    Hold => "hold",
    Maximal => "maximal",
    Endurance => "endurance",
    Push => "push",
    Cough => "cough",
    Relax => "relax",
    Breathe => "breathe",
    Free => "free",
    Pause => "pause",
});

impl PhaseKind {
    /// Whether the person is asked to contract.
    #[must_use]
    pub const fn is_contraction(self) -> bool {
        match self {
            Self::Flick | Self::Hold | Self::Maximal | Self::Endurance => true,
            Self::Settle
            | Self::Rest
            | Self::Push
            | Self::Cough
            | Self::Relax
            | Self::Breathe
            | Self::Free
            | Self::Pause => false,
        }
    }

    /// Whether the person is asked to do something that needs recovery: contract, push, cough.
    #[must_use]
    pub const fn is_exertion(self) -> bool {
        self.is_contraction() || matches!(self, Self::Push | Self::Cough)
    }

    /// What happens to a repetition that was interrupted, unless the phase says otherwise: what is
    /// measured is done again, what is only done goes on.
    #[must_use]
    pub const fn after_gap(self) -> AfterGap {
        match self {
            Self::Rest
            | Self::Flick
            | Self::Hold
            | Self::Maximal
            | Self::Endurance
            | Self::Push
            | Self::Cough => AfterGap::Repeat,
            Self::Settle | Self::Relax | Self::Breathe | Self::Free | Self::Pause => {
                AfterGap::Continue
            }
        }
    }

    /// The key of the cue, unless the phase says otherwise.
    #[must_use]
    pub const fn cue(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Rest => "rest.feel",
            Self::Flick => "contract.flick",
            Self::Hold => "contract.hold",
            Self::Maximal => "contract.maximal",
            Self::Endurance => "contract.endurance",
            Self::Push => "push",
            Self::Cough => "cough",
            Self::Relax => "relax",
            Self::Breathe => "breathe",
            Self::Free => "free",
            Self::Pause => "pause",
        }
    }
}

/// How the person lies, sits or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// On the back, hips and knees bent.
    Lying,
    /// On the left side, hips and knees bent, as for anorectal manometry.
    LeftLateral,
    /// Sitting.
    Sitting,
    /// Kneeling.
    Kneeling,
    /// Standing.
    Standing,
}

words!(Position {
    Lying => "lying",
    LeftLateral => "left-lateral",
    Sitting => "sitting",
    Kneeling => "kneeling",
    Standing => "standing",
});

/// Half of a repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What the phase is about: the contraction, the push, the minute of rest.
    Work,
    /// The rest after it.
    Rest,
    /// A rest that is in no programme: before something strenuous is repeated after a gap.
    Recovery,
}

words!(Part { Work => "work", Rest => "rest", Recovery => "recovery" });

/// What happens to a repetition during which the signal was lost long enough to suspend the runner.
///
/// In no case is it scored. The rest after a repetition is always given again in full, unscored:
/// it no longer follows what it was the rest after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AfterGap {
    /// It is asked for again, from its beginning, up to
    /// [`Runner::MAX_ATTEMPTS`](crate::Runner::MAX_ATTEMPTS) times in all; something strenuous after
    /// a recovery as long as the rest that belongs to it.
    Repeat,
    /// It goes on with what was left of it.
    Continue,
    /// It is over; what follows it comes next.
    Next,
}

words!(AfterGap { Repeat => "repeat", Continue => "continue", Next => "next" });

/// In which repetitions the person sees and hears what they do.
///
/// Constant feedback helps while it lasts and may be missed afterwards; repetitions without it are
/// scored like all others and shown later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Feedback {
    /// In all.
    #[default]
    Always,
    /// In none.
    Never,
    /// In all but these, counted from 1, each once, ascending.
    Except(Vec<u32>),
}

impl Feedback {
    /// Whether there is feedback in this repetition, counted from 1.
    #[must_use]
    pub fn is_on(&self, trial: u32) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Except(without) => !without.contains(&trial),
        }
    }
}

/// What a window is measured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowKind {
    /// Rest before the first exertion.
    RestBefore,
    /// Rest between repetitions.
    RestBetween,
    /// Rest after exertions.
    RestAfter,
    /// A contraction, whole.
    Contraction,
    /// The steady part of a contraction, without its rise and fall.
    Plateau,
    /// Bearing down.
    Push,
    /// A cough.
    Cough,
    /// Letting go, with or without a pace to breathe to.
    Relaxation,
}

words!(WindowKind {
    RestBefore => "rest-before",
    RestBetween => "rest-between",
    RestAfter => "rest-after",
    Contraction => "contraction",
    Plateau => "plateau",
    Push => "push",
    Cough => "cough",
    Relaxation => "relaxation",
});

/// A stretch of each repetition that is judged: from `from` up to, not including, `to`, counted
/// from the beginning of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// What it is measured for.
    pub kind: WindowKind,
    /// Part of the repetition it lies in: work or rest.
    pub part: Part,
    /// Its beginning.
    pub from: Millis,
    /// Its end.
    pub to: Millis,
}

/// Repetitions of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Name within the programme: small letters, digits and hyphens.
    pub id: String,
    /// What is done.
    pub kind: PhaseKind,
    /// Key of the words that say what to do: small letters, digits, hyphens and dots.
    pub cue: String,
    /// The same for the rest after each repetition.
    pub rest_cue: String,
    /// Words of one's own in place of those of the key.
    pub say: Option<String>,
    /// Position; `None` leaves the person as they are.
    pub position: Option<Position>,
    /// Length of one repetition, without its rest: 0.1 s to 2 h.
    pub duration: Millis,
    /// Length of the rest after each repetition, also the last: 0 (none), or 0.1 s to 2 h.
    pub rest: Millis,
    /// Number of repetitions, 1 to 200.
    pub repetitions: u32,
    /// What to aim at.
    pub target: Option<Target>,
    /// What to aim at in the rest after each repetition.
    pub rest_target: Option<Target>,
    /// The curve to follow; a curve needs a target.
    pub template: Template,
    /// The pace to breathe to.
    pub breathing: Option<Breathing>,
    /// In which repetitions there is feedback.
    pub feedback: Feedback,
    /// What is judged. `None` means [the windows of the kind](Self::default_windows), which
    /// [`Programme::new`](crate::Programme::new) fills in; an empty list means nothing.
    pub windows: Option<Vec<Window>>,
    /// What happens after a gap.
    pub after_gap: AfterGap,
    /// Where its numbers come from, if not from where the programme does.
    pub source: Option<Source>,
}

/// Cut off both ends of a contraction to get its plateau: clinical practice for a hold of 10 s.
const PLATEAU_MARGIN: Millis = Millis::from_secs(1);
/// Shortest contraction with a plateau. Our choice: half of it is left.
const SHORTEST_WITH_PLATEAU: Millis = Millis::from_secs(4);

impl Phase {
    /// One repetition without a rest, with everything else as the kind has it.
    #[must_use]
    pub fn new(id: &str, kind: PhaseKind, duration: Millis) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            cue: kind.cue().to_owned(),
            rest_cue: "rest.between".to_owned(),
            say: None,
            position: None,
            duration,
            rest: Millis::ZERO,
            repetitions: 1,
            target: None,
            rest_target: None,
            template: Template::None,
            breathing: None,
            feedback: Feedback::Always,
            windows: None,
            after_gap: kind.after_gap(),
            source: None,
        }
    }

    /// What is judged when nothing else is said.
    ///
    /// Contractions, pushes and coughs: the whole, of contractions of 4 s and more also the plateau
    /// without the first and the last second, and the second half of the rest after them. Rest: the
    /// whole, for what `rest` says, which depends on the phases around it. Relaxing and breathing: the
    /// whole. Settling, pauses and free running: nothing.
    #[must_use]
    pub fn default_windows(&self, rest: WindowKind) -> Vec<Window> {
        let whole = |kind| Window { kind, part: Part::Work, from: Millis::ZERO, to: self.duration };
        let mut windows = match self.kind {
            PhaseKind::Settle | PhaseKind::Free | PhaseKind::Pause => return Vec::new(),
            PhaseKind::Rest => vec![whole(rest)],
            PhaseKind::Relax | PhaseKind::Breathe => vec![whole(WindowKind::Relaxation)],
            PhaseKind::Push => vec![whole(WindowKind::Push)],
            PhaseKind::Cough => vec![whole(WindowKind::Cough)],
            PhaseKind::Flick | PhaseKind::Hold | PhaseKind::Maximal | PhaseKind::Endurance => {
                vec![whole(WindowKind::Contraction)]
            }
        };
        if self.kind.is_contraction() && self.duration >= SHORTEST_WITH_PLATEAU {
            windows.push(Window {
                kind: WindowKind::Plateau,
                part: Part::Work,
                from: PLATEAU_MARGIN,
                to: self.duration.saturating_sub(PLATEAU_MARGIN),
            });
        }
        if self.kind.is_exertion() && self.rest > Millis::ZERO {
            windows.push(Window {
                kind: WindowKind::RestBetween,
                part: Part::Rest,
                from: Millis(self.rest.0 / 2),
                to: self.rest,
            });
        }
        windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_judged_whole_in_its_plateau_and_in_the_rest_after_it() {
        let hold = Phase {
            rest: Millis::from_secs(10),
            ..Phase::new("tonic", PhaseKind::Hold, Millis::from_secs(10))
        };
        let windows: Vec<(&str, u64, u64)> = hold
            .default_windows(WindowKind::RestBefore)
            .iter()
            .map(|one| (one.kind.name(), one.from.0, one.to.0))
            .collect();
        assert_eq!(
            windows,
            [
                ("contraction", 0, 10_000),
                ("plateau", 1_000, 9_000),
                ("rest-between", 5_000, 10_000)
            ]
        );
    }

    #[test]
    fn settling_and_pauses_are_not_judged() {
        for kind in [PhaseKind::Settle, PhaseKind::Pause, PhaseKind::Free] {
            let phase = Phase::new("one", kind, Millis::from_secs(60));
            assert!(phase.default_windows(WindowKind::RestBefore).is_empty());
        }
    }

    #[test]
    fn feedback_is_left_out_where_it_should_be() {
        let fading = Feedback::Except(vec![2, 4]);
        let on: Vec<bool> = (1..=5).map(|trial| fading.is_on(trial)).collect();
        assert_eq!(on, [true, false, true, false, true]);
        assert!(Feedback::Always.is_on(7) && !Feedback::Never.is_on(7));
    }
}
