//! Why an EDF or BDF file cannot be used, and where one deviates from the specification.

use core::fmt;
use std::io;

use thiserror::Error;

use super::header::MAX_SIGNALS;
use super::{MAX_RECORD_LEN, Variant};
use crate::text::TextError;

/// Why a file cannot be used. Each message says where and what to do; the caller puts the name of the
/// file in front.
#[derive(Debug, Error)]
pub enum EdfError {
    /// Check the name.
    #[error("no such file; check its name")]
    NotFound,
    /// Give the person the right to read it.
    #[error("no permission to read it; change its permissions or copy it")]
    PermissionDenied,
    /// Name a file inside.
    #[error("this is a folder; name the file in it")]
    IsDirectory,
    /// The system could not read on.
    #[error("cannot be read from byte {offset} on: {source}")]
    Io {
        /// First byte that could not be read.
        offset: u64,
        /// What the system says.
        source: io::Error,
    },
    /// Another format.
    #[error("neither EDF nor BDF: its first eight bytes are {found:?}; check its format")]
    NotEdf {
        /// The first bytes, those that cannot be printed as dots.
        found: String,
    },
    /// The file is shorter than its header.
    #[error("the header takes {expected} bytes, but the file ends at byte {actual}; copy it again")]
    HeaderCut {
        /// Bytes of the header, as far as they are known.
        expected: usize,
        /// Bytes of the file.
        actual: usize,
    },
    /// A field without which no sample can be found.
    #[error(
        "header field `{field}` at byte {offset} is {found:?}, must be {bound}; export it again"
    )]
    Field {
        /// Its name in the specification.
        field: &'static str,
        /// Where it begins.
        offset: usize,
        /// What it says.
        found: String,
        /// What it may say.
        bound: &'static str,
    },
    /// More signals than any device has.
    #[error("{actual} signals by the field at byte 252, more than {MAX_SIGNALS}; export fewer")]
    TooManySignals {
        /// Signals the header announces.
        actual: u64,
    },
    /// A data record that does not fit into memory that stays small.
    #[error(
        "a data record takes {actual} bytes, more than {MAX_RECORD_LEN}; export with shorter records"
    )]
    RecordTooLong {
        /// Its length by the header.
        actual: u64,
    },
    /// Only annotations.
    #[error("holds annotations but no signal; name the file with the signals")]
    NoSignal,
    /// Samples without a rate.
    #[error(
        "data records last 0 s by the field at byte 244, so no signal has a rate; export it again"
    )]
    NoRate,
    /// Show what there is.
    #[error("no signal `{wanted}`; signals by number: {available}")]
    NoSuchSignal {
        /// What was asked for.
        wanted: String,
        /// The signals of the file, `0 EMG1, 1 Pressure`.
        available: String,
    },
    /// Ask for a longer name or for a number.
    #[error("`{wanted}` fits several signals; choose one by number: {available}")]
    AmbiguousSignal {
        /// What was asked for.
        wanted: String,
        /// The signals it fits.
        available: String,
    },
    /// Ask for fewer.
    #[error("more streams than {max}: signals of one rate, kind and unit share one; choose fewer")]
    TooManyStreams {
        /// Most streams at a time.
        max: usize,
    },
}

impl EdfError {
    /// What the system said about byte `offset`.
    pub(crate) fn io(error: io::Error, offset: u64) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            _ => Self::Io { offset, source: error },
        }
    }

    /// A choice that fits nothing, in the words of signals.
    pub(crate) fn choice(error: TextError) -> Self {
        match error {
            TextError::AmbiguousChannel { wanted, available } => {
                Self::AmbiguousSignal { wanted, available }
            }
            TextError::NoSuchChannel { wanted, available } => {
                Self::NoSuchSignal { wanted, available }
            }
            other => Self::NoSuchSignal { wanted: other.to_string(), available: String::new() },
        }
    }
}

/// Where a file is not as the specification wants it, but can be read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// The number of data records is unknown, as while a file is written: all whole ones are read.
    RecordCountOpen,
    /// Another number of whole data records was found than the header states; all are read.
    RecordCount {
        /// By the header.
        stated: u64,
        /// In the file.
        found: u64,
    },
    /// The file ends inside a data record, which is left out.
    RecordCut {
        /// Bytes of it that there are.
        byte_count: u64,
    },
    /// A field says something else than the specification allows; it is passed over.
    Field {
        /// Its name in the specification.
        field: &'static str,
        /// Where it begins.
        offset: usize,
        /// What it says.
        found: String,
    },
    /// A number with a comma for its point.
    DecimalComma {
        /// Where its field begins.
        offset: usize,
    },
    /// No scale can be computed from the ranges: values are codes.
    Uncalibrated {
        /// Position of the signal.
        signal: usize,
    },
    /// The digital minimum is above the maximum: read as the formula has it.
    DigitalReversed {
        /// Position of the signal.
        signal: usize,
    },
    /// Annotations that cannot be read.
    Annotations {
        /// How many.
        count: u64,
    },
    /// Data records without their time, in a file where they may have gaps: taken as adjacent.
    Untimed {
        /// How many.
        count: u64,
    },
    /// Data records that begin before the last one ends: taken as adjacent.
    Overlapping {
        /// How many.
        count: u64,
    },
    /// Data records whose time goes back by more than a record, or on by more than 30 years: how long
    /// the gap is is not known, one missing sample stands for it.
    Restarted {
        /// How many.
        count: u64,
    },
    /// Data records that are apart by their times in a file that calls itself continuous: taken as
    /// adjacent, as it says.
    Apart {
        /// How many.
        count: u64,
    },
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordCountOpen => {
                f.write_str("the number of data records is open, as while a file is written")
            }
            Self::RecordCount { stated, found } => {
                write!(f, "{found} whole data records where the header states {stated}")
            }
            Self::RecordCut { byte_count } => {
                write!(f, "ends inside a data record: its {byte_count} bytes are left out")
            }
            Self::Field { field, offset, found } => {
                write!(f, "header field `{field}` at byte {offset} is {found:?}: passed over")
            }
            Self::DecimalComma { offset } => {
                write!(f, "the number at byte {offset} has a comma for its point")
            }
            Self::Uncalibrated { signal } => {
                write!(f, "signal {signal} has no usable ranges: its values are codes")
            }
            Self::DigitalReversed { signal } => {
                write!(f, "signal {signal} has its digital minimum above its maximum")
            }
            Self::Annotations { count } => write!(f, "{count} annotations cannot be read"),
            Self::Untimed { count } => {
                write!(f, "{count} data records without a time: taken as adjacent")
            }
            Self::Overlapping { count } => {
                write!(f, "{count} data records begin before the last one ends: taken as adjacent")
            }
            Self::Restarted { count } => write!(
                f,
                "its clock started anew {count} times: how long those gaps are is not known"
            ),
            Self::Apart { count } => write!(
                f,
                "{count} data records are apart by their times, but the file calls itself continuous"
            ),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edf => "EDF",
            Self::Bdf => "BDF",
        })
    }
}
