//! Why a programme is refused.

use core::fmt;

use crate::{Load, Millis};

/// A programme cannot be run as it is described.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgrammeError {
    /// Which part of it.
    pub place: Place,
    /// Which field of that part, as it is called in [`Definition`](crate::Definition),
    /// [`Phase`](crate::Phase) and below; `template.points` for a field of a field.
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
}

/// A part of a programme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The programme as a whole.
    Programme,
    /// A phase.
    Phase {
        /// Its index, from 0.
        index: usize,
        /// What it calls itself.
        id: String,
    },
    /// A run of phases that is repeated.
    Repeat {
        /// Its index, from 0.
        index: usize,
    },
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A number is not within its bounds.
    OutOfRange {
        /// The number.
        value: f64,
        /// Smallest that is possible.
        from: f64,
        /// Largest that is possible.
        to: f64,
    },
    /// A length of time is not within its bounds.
    Length {
        /// The length.
        value: Millis,
        /// Shortest that is possible.
        from: Millis,
        /// Longest that is possible.
        to: Millis,
    },
    /// A name is empty, longer than 64 bytes, or has other characters than it may.
    Name(String),
    /// A text is empty, longer than 500 bytes, or has control characters.
    Text,
    /// Another phase has the same name.
    Taken(String),
    /// A number does not come after the one before it.
    Order,
    /// Lower and upper limit are missing, or the lower is not below the upper.
    Limits,
    /// A curve without a target that says how high it goes.
    NoTarget,
    /// Something that needs a rest after the repetition, where there is none.
    NoRest,
    /// A window in the recovery after a gap, which is never judged.
    Recovery,
    /// There is a run that begins before the one before it has ended, or that ends before it begins.
    Runs,
    /// More is asked for than the load admits.
    Load {
        /// Load that is stated.
        stated: Load,
        /// Load that the phases come to.
        least: Load,
    },
}

impl fmt::Display for ProgrammeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Programme => {}
            Place::Phase { index, id } => write!(f, "phase {} ({id}): ", index + 1)?,
            Place::Repeat { index } => write!(f, "repeat {}: ", index + 1)?,
        }
        write!(f, "{} {}", self.field, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { value, from, to } => {
                write!(f, "is {value}, not within {from} to {to}")
            }
            Self::Length { value, from, to } => write!(f, "is {value}, not within {from} to {to}"),
            Self::Name(found) => {
                write!(f, "is {found:?}, not 1 to 64 of the letters a to z, digits and hyphens")
            }
            Self::Text => write!(f, "is empty, longer than 500 bytes, or has control characters"),
            Self::Taken(id) => write!(f, "is {id:?}, as for an earlier phase"),
            Self::Order => write!(f, "are not in ascending order"),
            Self::Limits => write!(f, "needs a lower limit below its upper limit, or only one"),
            Self::NoTarget => write!(f, "needs a target that says how high it goes"),
            Self::NoRest => write!(f, "needs a rest after the repetition, and there is none"),
            Self::Recovery => write!(f, "cannot lie in a recovery"),
            Self::Runs => write!(f, "is not a run of phases after the runs before it"),
            Self::Load { stated, least } => {
                write!(f, "is {:?}, but the phases come to {:?}", stated.name(), least.name())
            }
        }
    }
}

impl core::error::Error for ProgrammeError {}
