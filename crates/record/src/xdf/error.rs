//! Why an XDF file cannot be used, and what in one could not be read.

use core::fmt;
use std::io;

use thiserror::Error;

use super::MAX_STREAMS_IN_FILE;
use crate::text::TextError;

/// Why a file cannot be used. Each message says where and what to do; the caller puts the name of the
/// file in front.
#[derive(Debug, Error)]
pub enum XdfError {
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
    #[error(
        "no XDF file: it does not begin with `XDF:`; check its format (.xdfz: unpack it first)"
    )]
    NotXdf,
    /// The description of a stream misses what is needed to read its samples.
    #[error(
        "stream {stream}, described at byte {offset}: `{field}` is {found:?}, must be {bound}; record it again"
    )]
    Field {
        /// Its number in the file.
        stream: u32,
        /// Where its description begins.
        offset: u64,
        /// The XML element.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        bound: &'static str,
    },
    /// More streams than any recording has.
    #[error("more than {MAX_STREAMS_IN_FILE} streams by byte {offset}; record fewer")]
    TooManyStreams {
        /// Where the first one too many is described.
        offset: u64,
    },
    /// Only texts, or streams without a rate or without samples.
    #[error("holds no stream of numbers with a rate and samples; streams: {available}")]
    NoSignal {
        /// The streams of the file.
        available: String,
    },
    /// Show what there is.
    #[error("no channel `{wanted}`; channels by number: {available}")]
    NoSuchChannel {
        /// What was asked for.
        wanted: String,
        /// The channels of the file, `0 EMG1, 1 Pressure`.
        available: String,
    },
    /// Ask for a longer name or for a number.
    #[error("`{wanted}` fits several channels; choose one by number: {available}")]
    AmbiguousChannel {
        /// What was asked for.
        wanted: String,
        /// The channels it fits.
        available: String,
    },
    /// Ask for fewer.
    #[error("more streams than {max}: channels of one rate, kind and unit share one; choose fewer")]
    TooManyChosen {
        /// Most streams at a time.
        max: usize,
    },
}

impl XdfError {
    /// What the system said about byte `offset`.
    pub(crate) fn io(error: io::Error, offset: u64) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            _ => Self::Io { offset, source: error },
        }
    }

    /// A choice that fits nothing, in the words of channels.
    pub(crate) fn choice(error: TextError) -> Self {
        match error {
            TextError::AmbiguousChannel { wanted, available } => {
                Self::AmbiguousChannel { wanted, available }
            }
            TextError::NoSuchChannel { wanted, available } => {
                Self::NoSuchChannel { wanted, available }
            }
            other => Self::NoSuchChannel { wanted: other.to_string(), available: String::new() },
        }
    }
}

/// What could not be read, or was read otherwise than it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Deviation {
    /// Bytes that are no chunk: left out, up to the next boundary chunk or the end.
    Damaged {
        /// First of them.
        offset: u64,
        /// How many.
        byte_count: u64,
    },
    /// The file ends inside a chunk; its whole samples are read.
    Cut {
        /// Where the chunk begins.
        offset: u64,
    },
    /// Chunks of streams that were never described: left out.
    Undescribed {
        /// How many.
        chunk_count: u64,
        /// Where the first begins.
        offset: u64,
    },
    /// A stream of numbers without a rate, which is no marker stream: left out.
    NoRate {
        /// Its name.
        stream: String,
        /// Samples of it.
        sample_count: u64,
    },
    /// The rate is another than the nominal one by more than 0.5 %: the measured one counts.
    Rate {
        /// Name of the stream.
        stream: String,
        /// As its description says, in hertz.
        nominal_hz: f64,
        /// As its time stamps say, in hertz.
        effective_hz: f64,
    },
    /// The clock of a stream was set anew.
    ClockReset {
        /// Name of the stream.
        stream: String,
        /// How often.
        count: u64,
    },
    /// Stamps go back, or overlap what came before: one missing sample stands for each such place.
    Seam {
        /// Name of the stream.
        stream: String,
        /// How many.
        count: u64,
    },
    /// The last clock offset is no measurement, and samples beyond those that the end of the stream
    /// counts came with it: both are left out.
    Stray {
        /// Name of the stream.
        stream: String,
        /// Samples that are left out.
        sample_count: u64,
    },
    /// Whole numbers beyond 2^53 that a double cannot hold exactly.
    Rounded {
        /// How many.
        count: u64,
    },
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { offset, byte_count } => {
                write!(f, "{byte_count} bytes from byte {offset} on are damaged and left out")
            }
            Self::Cut { offset } => write!(f, "ends inside the chunk that begins at byte {offset}"),
            Self::Undescribed { chunk_count, offset } => write!(
                f,
                "{chunk_count} chunks of streams without a description, the first at byte {offset}"
            ),
            Self::NoRate { stream, sample_count } => {
                write!(f, "stream {stream} has {sample_count} samples but no rate: left out")
            }
            Self::Rate { stream, nominal_hz, effective_hz } => write!(
                f,
                "stream {stream} ran at {effective_hz:.3} Hz, not at {nominal_hz} Hz as it says"
            ),
            Self::ClockReset { stream, count } => {
                write!(f, "the clock of stream {stream} was set anew {count} times")
            }
            Self::Seam { stream, count } => write!(
                f,
                "time stamps of stream {stream} go back {count} times: how long those gaps are is not known"
            ),
            Self::Stray { stream, sample_count } => write!(
                f,
                "stream {stream} ends with a clock offset that is none and {sample_count} stray samples: left out"
            ),
            Self::Rounded { count } => {
                write!(f, "{count} whole numbers are too large to be kept exactly")
            }
        }
    }
}
