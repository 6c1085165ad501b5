//! Where a recording is written to.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// A place that keeps bytes: a file, or in tests a disk that is full or loses power.
pub trait Storage: Write {
    /// Returns when everything written so far will survive a loss of power.
    ///
    /// # Errors
    ///
    /// What the system says. What was written since the last success may be lost.
    fn sync(&mut self) -> io::Result<()>;

    /// Forgets everything after the first `len` bytes; the next write goes there.
    ///
    /// # Errors
    ///
    /// What the system says. The bytes may still be there.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

impl Storage for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)?;
        self.seek(SeekFrom::Start(len)).map(|_| ())
    }
}
