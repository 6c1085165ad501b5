//! Why an EDF or BDF file cannot be written.

use std::io;

use thiserror::Error;

use crate::edf::{MAX_RECORD_LEN, MAX_SIGNALS};

/// Why a file cannot be written. Each message says what to do; the caller puts the name of the file in
/// front.
#[derive(Debug, Error)]
pub enum EdfWriteError {
    /// Nothing to write, or more than a header announces.
    #[error("{actual} signals, must be 1 to {}; choose others", MAX_SIGNALS - 1)]
    SignalCount {
        /// Signals that were asked for.
        actual: usize,
    },
    /// Signals at rates that share no data record.
    #[error("the rates have no length of a data record in common; write a file for each rate")]
    Rates,
    /// Fewer signals, or shorter data records.
    #[error(
        "a data record would take {actual} bytes, more than {MAX_RECORD_LEN}; write fewer signals"
    )]
    RecordTooLong {
        /// Its length.
        actual: usize,
    },
    /// Ask for another range.
    #[error(
        "signal {signal}: {value} takes more than the eight characters of a header; give another range"
    )]
    Range {
        /// Position of the signal.
        signal: usize,
        /// The number without a text.
        value: f64,
    },
    /// A range that scales nothing.
    #[error("signal {signal}: its range gives no scale; give one that is not empty")]
    Scale {
        /// Position of the signal.
        signal: usize,
    },
    /// An error of the caller.
    #[error("there is no signal {signal}; there are {count}")]
    NoSuchSignal {
        /// The position that was named.
        signal: usize,
        /// How many there are.
        count: usize,
    },
    /// Signals must cover the same time before a gap and at the end.
    #[error(
        "signal {signal} has {actual} samples where the others need {expected}; write the rest"
    )]
    Uneven {
        /// Position of the signal.
        signal: usize,
        /// Samples that cover the time of signal 0.
        expected: u64,
        /// Samples that were written.
        actual: u64,
    },
    /// Time does not go back.
    #[error(
        "samples go on at {onset_s} s, before those that were written end; write them in order"
    )]
    Backwards {
        /// Where they were to go on.
        onset_s: f64,
    },
    /// A time that is none, or an annotation that is too long for its place.
    #[error(
        "the annotation at {onset_s} s takes {actual} bytes of {most}; shorten it, or give \
         annotations more bytes"
    )]
    Annotation {
        /// Its time.
        onset_s: f64,
        /// Bytes of it.
        actual: usize,
        /// Bytes that a data record has for one.
        most: usize,
    },
    /// More short gaps than a data record can tell of.
    #[error(
        "more gaps in the data record at {onset_s} s than it can tell of; give annotations more bytes"
    )]
    TooManyGaps {
        /// Where it begins.
        onset_s: f64,
    },
    /// The disk, most of all.
    #[error("cannot be written from byte {offset} on: {source}")]
    Io {
        /// First byte that was not written.
        offset: u64,
        /// What the system says.
        source: io::Error,
    },
}
