//! What really happened in a visit.

use levator_programme::PhaseKind;

/// What a person did when they were asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// That.
    AsAsked,
    /// That, but late.
    Late,
    /// Something else.
    Instead(PhaseKind),
    /// Nothing.
    Skipped,
    /// The visit was over before.
    NotReached,
    /// Nobody had asked.
    Unasked,
}

/// Level of one channel in one trial, in the unit of the channel, gain included. EMG levels are root
/// mean squares with the noise of the electrode in them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrialLevels {
    /// Before it: the level that rest has at that point of the visit.
    pub rest: f64,
    /// At its top.
    pub peak: f64,
    /// Mean from full level to release; the top, for what has no plateau.
    pub plateau: f64,
}

/// One contraction, push or cough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialTruth {
    /// Index of the step of the programme in which it began, or should have.
    pub step: usize,
    /// Index of its phase.
    pub phase: usize,
    /// Which time the phase is gone through, from 1.
    pub round: u32,
    /// Which repetition, from 1.
    pub trial: u32,
    /// What was asked for.
    pub asked: PhaseKind,
    /// What was done.
    pub done: Done,
    /// First activity, in seconds from the beginning of the visit. Not a number for what was not done;
    /// so are the three that follow.
    pub onset_s: f64,
    /// Full level of EMG.
    pub full_s: f64,
    /// Begin of letting go.
    pub release_s: f64,
    /// Where all but a twentieth of it is gone: three time constants after release.
    pub offset_s: f64,
    /// Levels of each channel, in the order of a scan; unused places are zero.
    pub levels: [TrialLevels; 4],
}

/// A stretch in which nothing was asked for, or rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestTruth {
    /// Index of the step.
    pub step: usize,
    /// Its beginning, in seconds from the beginning of the visit.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
    /// Level of each channel, in the order of a scan: at three quarters of the stretch, which for what
    /// fades is the median of its second half.
    pub levels: [f64; 4],
}

/// Everything that is known about a visit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisitTruth {
    /// Contractions, pushes and coughs, in the order of the programme.
    pub trials: Vec<TrialTruth>,
    /// Rests.
    pub rests: Vec<RestTruth>,
    /// When the electrode had no contact: from, to, in seconds.
    pub lead_off_s: Vec<(f64, f64)>,
    /// When the person moved, in seconds.
    pub motion_s: Vec<f64>,
}

impl VisitTruth {
    /// What was done, in order of time: everything but what was skipped or not reached.
    pub fn done(&self) -> impl Iterator<Item = &TrialTruth> {
        self.trials.iter().filter(|trial| !matches!(trial.done, Done::Skipped | Done::NotReached))
    }
}

/// Something to note at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Seconds from the beginning of the visit.
    pub at_s: f64,
    /// What: phase, repetition, and `rest` for the rest after it.
    pub text: String,
}
