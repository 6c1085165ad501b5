//! Why the store could not do what it was asked for.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::{BadName, PersonCode, VisitName};

/// Why the store could not do what it was asked for.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no folder for the data of this user.
    #[error("this user has no folder for data; name one with --data DIR")]
    NoHome,
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The file system refuses.
    #[error("{}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Codes that differ in nothing but capital letters would be one folder on some systems.
    #[error("{asked} differs from {there}, which is there, in capital letters alone: use {there}")]
    AlmostSame {
        /// The code that was asked for.
        asked: PersonCode,
        /// The one that is there.
        there: PersonCode,
    },
    /// Nothing has that name.
    #[error("{asked:?} is neither a person nor a visit of the store; `levator visits` lists them")]
    Unknown {
        /// What was asked for.
        asked: String,
    },
    /// More than one visit begins so.
    #[error("{asked:?} may be {first} or {second}; write more of the name")]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// A visit that begins so.
        first: String,
        /// Another one.
        second: String,
    },
    /// A visit of that name is there, and is another.
    #[error(
        "{person}/{visit} is in the store already and holds something else; nothing was changed"
    )]
    Differs {
        /// Whose.
        person: PersonCode,
        /// Its name.
        visit: VisitName,
    },
    /// Somebody writes to it.
    #[error("{person}/{visit} is being recorded; end that first")]
    Busy {
        /// Whose.
        person: PersonCode,
        /// Its name.
        visit: VisitName,
    },
    /// Visits are being taken in for somebody.
    #[error("visits of {person} are being taken in; wait for that, or end it")]
    Coming {
        /// Whose.
        person: PersonCode,
    },
    /// A file that no archive takes.
    #[error(
        "{} cannot go into an archive: its name has characters or a length that other systems refuse, \
         or it is larger than 8 GiB; rename it or put it elsewhere first",
        path.display()
    )]
    NotPortable {
        /// The file.
        path: PathBuf,
    },
    /// The visit holds what no visit does.
    #[error("{} is no plain file: put it elsewhere first", path.display())]
    NotPlain {
        /// A folder, a link, a device.
        path: PathBuf,
    },
    /// The secret for dates is too short.
    #[error("the key has {len} bytes, {least} are needed", least = crate::LEAST_SECRET_LEN)]
    ShortSecret {
        /// What it has.
        len: usize,
    },
    /// No randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// Names the place where the file system refused.
pub(crate) trait At<T> {
    fn at(self, path: &std::path::Path) -> Result<T, StoreError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &std::path::Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io { path: path.to_owned(), source })
    }
}
