//! Files that nobody else may read, and that are there whole or not at all.
//!
//! # A loss of power
//!
//! A disk keeps what was not synced in any order, or not at all. So a file gets its name only when its
//! content is kept, the name is kept then, and of a file that grows what was appended is kept before
//! anything in front of it is written over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Makes a new file that only its owner may read.
///
/// # Errors
///
/// What the system says; a file of that name is never overwritten.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Puts a file with `content` at `path`, in place of what is there: after a crash there is the old
/// file or the new one, never a part.
///
/// # Errors
///
/// What the system says; the old file is still there then.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = part_of(path);
    // One that is there was left behind by a crash.
    let _ = fs::remove_file(&part);
    let mut file = create_private(&part)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&part, path))
        .inspect(|()| keep_name(path))
        .inspect_err(|_| drop(fs::remove_file(&part)))
}

/// Puts a new file with `content` at `path`, and keeps it through a loss of power.
///
/// # Errors
///
/// What the system says; a file of that name is never overwritten.
pub fn put_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(content).and_then(|()| file.sync_all()).inspect(|()| keep_name(path))
}

/// Makes the name of a file survive a loss of power. Not every system can; the data is safe all the
/// same, under a name that a file system check finds.
pub(crate) fn keep_name(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

/// Where the file for `path` is while it is not whole.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// A file that gets its name late: one that is made anew when it is whole, one that is written live
/// with its first [`flush`](Write::flush), when it holds what programs need to open it.
#[derive(Debug)]
pub(crate) struct LateFile {
    path: PathBuf,
    place: Place,
    /// Whether what was appended since the last sync is to be kept before it goes on elsewhere.
    is_ahead: bool,
}

#[derive(Debug)]
enum Place {
    /// Not on the disk yet.
    Memory(Cursor<Vec<u8>>),
    /// Under another name.
    Part(File),
    /// Where it belongs.
    File(File),
}

impl LateFile {
    /// It is there from the first flush on.
    pub(crate) fn live(path: &Path) -> Self {
        Self { path: path.to_owned(), place: Place::Memory(Cursor::default()), is_ahead: false }
    }

    /// It is there when [`put_in_place`](Self::put_in_place) was called.
    pub(crate) fn again(path: &Path) -> io::Result<Self> {
        let part = part_of(path);
        let _ = fs::remove_file(&part);
        let place = Place::Part(create_private(&part)?);
        Ok(Self { path: path.to_owned(), place, is_ahead: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps it through a loss of power, and gives it its name.
    pub(crate) fn put_in_place(&mut self) -> io::Result<()> {
        self.flush()?;
        match &mut self.place {
            Place::Memory(_) => Ok(()),
            Place::File(file) => file.sync_all(),
            Place::Part(file) => {
                file.sync_all()?;
                fs::rename(part_of(&self.path), &self.path)?;
                keep_name(&self.path);
                Ok(())
            }
        }
    }
}

impl Write for LateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Memory(memory) => memory.write(bytes),
            Place::Part(file) => file.write(bytes),
            Place::File(file) => {
                self.is_ahead = true;
                file.write(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Place::Memory(memory) = &mut self.place else { return Ok(()) };
        let part = part_of(&self.path);
        let mut file = create_private(&part)?;
        let put = file
            .write_all(memory.get_ref())
            .and_then(|()| file.sync_all())
            // A file of that name is not ours to replace.
            .and_then(|()| {
                fs::hard_link(&part, &self.path).or_else(|_| rename_new(&part, &self.path))
            })
            .and_then(|()| file.seek(SeekFrom::Start(memory.position())));
        let _ = fs::remove_file(&part);
        put?;
        keep_name(&self.path);
        self.place = Place::File(file);
        Ok(())
    }
}

/// For file systems without links: between look and rename somebody could put a file there, which in
/// the folder of a visit nobody does.
fn rename_new(part: &Path, path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, path),
    }
}

impl Seek for LateFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.place {
            Place::Memory(memory) => memory.seek(to),
            Place::Part(file) => file.seek(to),
            Place::File(file) => {
                // Data records before their count; the count is kept with those that come next.
                if std::mem::take(&mut self.is_ahead) {
                    file.sync_data()?;
                }
                file.seek(to)
            }
        }
    }
}
