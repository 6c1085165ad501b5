//! What a detector says: contractions, and the stretches of which it can say nothing.

use levator_signal::{SampleIndex, Span};

/// One change of what is known about a channel, in the order it became known.
///
/// Every instant is a sample of the *input* of the processing chain: the delay of the filters in
/// front (given to [`Detector::start`](crate::Detector::start)) and of the detector's own windows
/// has been taken off. `decided` and `closed` are not corrected: they say which sample had to
/// arrive before the statement could be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transition {
    /// A contraction is under way. Its onset may still move: earlier, when more of its rise has been
    /// seen, or later, when it proves to be much stronger than what was seen first; the final date
    /// stands in [`Contraction::onset`].
    Onset {
        /// First sample of the contraction, as far as it can be told now.
        at: SampleIndex,
        /// Sample after which this was decided.
        decided: SampleIndex,
    },
    /// What was announced as an onset was no contraction: it is taken back, nothing else follows.
    Withdrawn {
        /// What had been announced, from its onset to its end.
        span: Span,
        /// Sample after which this was decided.
        decided: SampleIndex,
    },
    /// A contraction is over, or the signal ended while it lasted.
    Contraction(Contraction),
    /// Of this stretch nothing can be said. An onset announced in it is void.
    Undetermined {
        /// The stretch.
        span: Span,
        /// Sample after which this was decided.
        decided: SampleIndex,
        /// Why.
        reason: Reason,
    },
}

/// A contraction that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contraction {
    /// First sample of the contraction.
    pub onset: SampleIndex,
    /// How well that is known.
    pub onset_uncertainty: Uncertainty,
    /// First sample after the contraction; `None` if the signal ended first.
    pub offset: Option<SampleIndex>,
    /// How well that is known.
    pub offset_uncertainty: Uncertainty,
    /// Sample after which it was certain that there is a contraction, and that it began here.
    pub decided: SampleIndex,
    /// Sample after which the offset was certain, or the end of the signal.
    pub closed: SampleIndex,
    /// Sample at which the envelope was highest.
    pub peak_at: SampleIndex,
    /// Highest value of the envelope, in the unit of the channel. EMG: root mean square over
    /// [`DetectorConfig::envelope_s`](crate::DetectorConfig::envelope_s). Pressure: mean over the
    /// same window, above the resting level.
    pub peak: f64,
    /// Level over the whole contraction, in the unit of the channel. EMG: root mean square from
    /// onset to offset. Pressure: mean from onset to offset, above the resting level.
    pub mean: f64,
    /// Resting level it was judged against, in the unit of the channel (EMG: root mean square;
    /// pressure: median).
    pub rest: f64,
    /// How clearly it stands out, 0 to 1: `1 - (threshold / level)`, where `level` is the smoothed
    /// level of the contraction and `threshold` what it had to pass, both in the detector's own
    /// measure (EMG: power over resting power; pressure: height above rest in spreads of the rest).
    /// Zero is just at the threshold, 0.5 twice above it. It is an order, not a probability.
    pub confidence: f64,
}

/// How well an onset or an offset is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Uncertainty {
    /// It lies within this many seconds, before or after, in 90 to 95 of 100 cases. Measured on
    /// simulated contractions whose edges are known; see `DESIGN.md`. What the filters in front
    /// blur is not in it.
    Within {
        /// Half of the interval, seconds.
        seconds: f64,
    },
    /// It cannot be determined; the date given is the best guess there is.
    Unknown(UnknownEdge),
}

impl Uncertainty {
    /// Half of the interval in seconds, if it is known.
    #[must_use]
    pub const fn seconds(self) -> Option<f64> {
        match self {
            Self::Within { seconds } => Some(seconds),
            Self::Unknown(_) => None,
        }
    }
}

/// Why an onset or an offset cannot be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownEdge {
    /// The signal ended before the contraction did.
    SignalEnded,
    /// Rest and contraction pass into each other: dates far apart are as likely.
    Gradual,
    /// Nothing on one side of it is known well enough: too little rest, too short a contraction, or
    /// samples missing.
    OutOfSight,
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Samples are missing.
    Gap,
    /// The samples were marked as unusable, or were not finite numbers.
    Quality,
    /// The signal fell far below the level it began with: it did not begin at rest, and what
    /// happened before has no resting level to be judged against.
    NoRestBefore,
    /// From first to last the signal stayed at one level. That may be rest, and it may be one
    /// contraction without rest around it: without contrast the two cannot be told apart.
    NoContrast,
    /// The signal ended before a resting level was learnt.
    TooShort,
    /// The level rose and stayed up for longer than a contraction can be held. The new level was
    /// learnt as rest.
    RestChanged,
    /// Something rose above rest, but far less than the contractions of the last minutes: a twitch,
    /// a movement, or a contraction much weaker than the others.
    FarWeaker,
    /// The signal jumps in a way that no muscle does.
    Implausible,
}

/// The resting level in use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rest {
    /// Level at rest, in the unit of the channel. EMG: root mean square. Pressure: median.
    pub level: f64,
    /// How much the level moves at rest, in the unit of the channel. EMG: half the distance between
    /// the 16th and the 84th percentile of the root mean square in blocks of
    /// [`DetectorConfig::rest_block_s`](crate::DetectorConfig::rest_block_s). Pressure: the same
    /// of the block means.
    pub spread: f64,
    /// Seconds of rest it was learnt from.
    pub span_s: f64,
}
