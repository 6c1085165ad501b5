//! How a command ends when it could not do its work.

use std::fmt;
use std::process::ExitCode;

/// Why, as an exit code. The list stands in the help text and in README.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Something unforeseen.
    Other = 1,
    /// What was asked for does not exist.
    Usage = 2,
    /// A file could not be read, or holds nothing that can be analysed.
    File = 3,
    /// A port could not be opened.
    Port = 4,
    /// The device could not be understood, or went away.
    Device = 5,
    /// The recording could not be written.
    Recording = 6,
    /// The signal check found a fault.
    Signal = 7,
    /// The programme is closed for this person for now.
    Closed = 8,
    /// The visit is damaged, or was not closed.
    Damaged = 9,
}

/// An error with its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(code: Code, error: impl Into<anyhow::Error>) -> Self {
        Self { code, error: error.into() }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        // A reader that closed our output has seen enough; `main` is silent about that.
        Self { code: Code::Other, error }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { code: Code::Other, error: error.into() }
    }
}

impl Failure {
    /// Whether standard output was closed by its reader, as `head` does.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

/// Gives an error its exit code and says what was attempted.
pub(crate) trait Attempt<T> {
    /// `what` is added in front, such as a file name.
    fn attempt(self, code: Code, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> Attempt<T> for Result<T, E> {
    fn attempt(self, code: Code, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure { code, error: error.into().context(what.to_string()) })
    }
}
