//! One number, with everything that belongs to it.

use levator_signal::{ChannelId, Span};

use crate::{How, MeasureUnit, Quantity, Reasons, Task, Validity};

/// One number about rests or contractions.
///
/// `quantity`, `task` and `how` say together what it is; of each channel there is at most one summary
/// (`trial` is `None`) with the same three, and one for each trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Channel it was taken on.
    pub channel: ChannelId,
    /// What was measured.
    pub quantity: Quantity,
    /// What the person was doing.
    pub task: Task,
    /// By which definition.
    pub how: How,
    /// Index of the step in the programme, for a measure of one trial; `None` for a summary.
    pub trial: Option<u32>,
    /// The number; `None` where there is none (then it is [`Validity::Invalid`]). Always finite.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: MeasureUnit,
    /// Standard error of measurement within this visit, in the same unit, where it can be told.
    pub sem: Option<f64>,
    /// How many trials, gaps or windows it is taken over.
    pub count: u32,
    /// Samples it was taken from: from the first to the last of them.
    pub span: Span,
    /// Whether it stands.
    pub validity: Validity,
    /// Why not. A valid measure may have reasons, too: they are to be known, and do not speak against it
    /// (what was not verified by a second channel, what is known to repeat poorly).
    pub reasons: Reasons,
}
