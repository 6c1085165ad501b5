//! Why a text file cannot be used, and what to do about it.

use std::io;
use std::path::Path;

use thiserror::Error;

use super::lines::{LineError, MAX_LINE_LEN};

/// Why a text file cannot be used. Each message says what to do; the caller puts the name of the file
/// in front.
#[derive(Debug, Error)]
pub enum TextError {
    /// Check the name.
    #[error("no such file; check its name")]
    NotFound,
    /// Give the person the right to read it.
    #[error("no permission to read it; change its permissions or copy it")]
    PermissionDenied,
    /// Name a file inside.
    #[error("this is a folder; name the file in it")]
    IsDirectory,
    /// A pipe or a device cannot be read twice.
    #[error(
        "this is not an ordinary file and cannot be read twice; save its content to a file first"
    )]
    NotAFile,
    /// The file has no lines.
    #[error("the file is empty; export it again")]
    Empty,
    /// A zero byte: another format, or text in UTF-16.
    #[error("not a text table: zero byte near line {line}; export it as CSV, in UTF-8")]
    Binary {
        /// Line in or after which it stands.
        line: u64,
    },
    /// No line looks like a row of a table.
    #[error("no numbers in columns found; export it as CSV, one sample a line")]
    NoNumbers,
    /// There is a table, but fewer than two of its rows have a value.
    #[error(
        "{row_count} usable rows from line {line} on, at least 2 are needed; check column and export"
    )]
    NotEnoughRows {
        /// Rows with a value.
        row_count: u64,
        /// First line of the table.
        line: u64,
    },
    /// A line longer than any table has.
    #[error("line {line} is longer than {max} bytes; export it with one sample a line")]
    LineTooLong {
        /// Its number.
        line: u64,
        /// Longest line that is read, in bytes.
        max: usize,
    },
    /// More columns than any device has.
    #[error("line {line} has {actual} columns, more than {max}; export it with one sample a line")]
    TooManyColumns {
        /// First line of the table.
        line: u64,
        /// Columns found.
        actual: usize,
        /// Most columns that are read.
        max: usize,
    },
    /// Neither a time column nor a stated rate.
    #[error("no time column and no sampling rate in the file; pass --rate HZ")]
    NoRate,
    /// Whole numbers without a unit: seconds, milliseconds or a count.
    #[error(
        "column `{column}` counts {step} by {step}, but the file does not say in which unit; pass --rate HZ, or name the column time_s or time_ms"
    )]
    TimeUnclear {
        /// Name or number of the time column.
        column: String,
        /// Usual step from row to row.
        step: f64,
    },
    /// The time column does not advance.
    #[error("time in column `{column}` does not advance; pass --rate HZ")]
    TimeStandsStill {
        /// Name or number of the time column.
        column: String,
    },
    /// A rate that no channel can have.
    #[error("{hz} Hz is no possible sampling rate; pass --rate with a number from 0.01 to 1000000")]
    RateInvalid {
        /// Rate that was asked for or that the file states, in hertz.
        hz: f64,
    },
    /// Scale or offset loses the signal.
    #[error(
        "scale {scale} with offset {offset} does not give values; both must be finite, the scale not 0"
    )]
    ScaleInvalid {
        /// Scale that was asked for.
        scale: f64,
        /// Offset that was asked for.
        offset: f64,
    },
    /// Show what there is.
    #[error("no column `{wanted}`; columns by number: {available}")]
    NoSuchChannel {
        /// What was asked for.
        wanted: String,
        /// The columns of the file, `0 time, 1 emg`.
        available: String,
    },
    /// Ask for a longer name or for a number.
    #[error("`{wanted}` fits several columns; choose one by number: {available}")]
    AmbiguousChannel {
        /// What was asked for.
        wanted: String,
        /// The columns it fits, `1 emg_VL, 2 emg_BF`.
        available: String,
    },
    /// A column of texts or without values.
    #[error("column `{column}` holds no numbers; choose another: {available}")]
    NotNumeric {
        /// Its name or number.
        column: String,
        /// The columns of the file.
        available: String,
    },
    /// Only time, counters and texts are left.
    #[error("no column looks like a signal; choose one with --channel: {available}")]
    NoSignal {
        /// The columns of the file.
        available: String,
    },
    /// Ask for fewer.
    #[error("{actual} channels were asked for; at most {max} can be read at once")]
    TooManyChannels {
        /// Channels that were asked for.
        actual: usize,
        /// Most channels of a stream.
        max: usize,
    },
    /// One stream has one kind.
    #[error(
        "`{first}` and `{second}` measure different things; read them one at a time or pass --kind"
    )]
    MixedKinds {
        /// Name or number of the first channel.
        first: String,
        /// Name or number of the one that differs.
        second: String,
    },
    /// The system could not read on.
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for TextError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            _ => Self::Io(error),
        }
    }
}

impl From<LineError> for TextError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Io(error) => error.into(),
            LineError::TooLong(line) => Self::LineTooLong { line, max: MAX_LINE_LEN },
            LineError::Zero(line) => Self::Binary { line },
        }
    }
}

/// Opens `path` if it is a file that can be read more than once, for [`TextFile::from_seek`] and
/// [`TextFile::read_through`].
///
/// # Errors
///
/// If it is none, or cannot be opened.
///
/// [`TextFile::from_seek`]: super::TextFile::from_seek
/// [`TextFile::read_through`]: super::TextFile::read_through
pub fn open_file(path: &Path) -> Result<std::fs::File, TextError> {
    // Asked before opening: opening a pipe waits until somebody writes.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(TextError::IsDirectory);
    }
    if !metadata.is_file() {
        return Err(TextError::NotAFile);
    }
    Ok(std::fs::File::open(path)?)
}
