//! One repetition that was asked for, and what came of it.

use levator_detect::manoeuvre::Manoeuvre;
use levator_programme::Target;
use levator_signal::{ChannelId, SampleIndex, Span};

use crate::{Measure, Reasons, Task, Validity};

/// What a [`Meter`](crate::Meter) says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A number.
    Measure(Measure),
    /// What came of a repetition; the numbers of it have come before.
    Trial(Trial),
}

/// One repetition on one channel of the pelvic floor; or a rest, if there is something to aim at in it, which
/// counts if its level is valid.
///
/// It counts if it is [`Validity::Valid`]. In order of what is looked at: it must have run to its end
/// without a gap ([`Reason::Interrupted`](crate::Reason::Interrupted), [`Gap`](crate::Reason::Gap)), the
/// channel must have been usable in all but a twentieth of it ([`Blind`](crate::Reason::Blind),
/// [`Settling`](crate::Reason::Settling)), the detector must have found a contraction in it
/// ([`NoContraction`](crate::Reason::NoContraction)) that was not bearing down
/// ([`BearingDown`](crate::Reason::BearingDown)), and of quick contractions it must have been one
/// ([`FlickRules`](levator_detect::flicks::FlickRules)). Otherwise it is invalid. It is doubtful if the
/// channel reached the end of its range, if more than a tenth of it had motion, mains or heart beats, or if
/// the abdomen pressed as well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Channel it was looked for on.
    pub channel: ChannelId,
    /// Index of the step in the schedule; in a free run, which contraction, from 0.
    pub step: u32,
    /// What was asked for.
    pub task: Task,
    /// Which repetition, from 1.
    pub trial: u32,
    /// Which attempt at it, from 1.
    pub attempt: u32,
    /// When it was asked for.
    pub asked: Span,
    /// The contraction that was found.
    pub found: Option<Found>,
    /// What several channels say it was, where they can tell.
    pub manoeuvre: Option<Manoeuvre>,
    /// Whether it counts.
    pub validity: Validity,
    /// Why not, or what else is to be known.
    pub reasons: Reasons,
    /// The level that is held against the target, as measured (with rest in it), in the unit of the channel:
    /// the peak of quick and maximal contractions, pushes and coughs; the mean of the plateau, or of the
    /// whole where there is none, of others; the median of a rest.
    pub level: Option<f64>,
    /// The target in the unit of the channel, if there is one and what it refers to is known by now.
    pub target: Option<Target>,
    /// Whether a valid trial met its target; `None` without a target or a level, and for a trial that does
    /// not count.
    pub success: Option<bool>,
}

/// What the detector found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// First sample of the contraction.
    pub onset: SampleIndex,
    /// First sample after it; `None` if the signal ended first.
    pub offset: Option<SampleIndex>,
    /// Whether the onset is known within bounds.
    pub onset_known: bool,
    /// The same of the offset.
    pub offset_known: bool,
    /// How clearly it stands out, 0 to 1.
    pub confidence: f64,
}
