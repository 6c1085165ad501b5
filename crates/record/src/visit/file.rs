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
use std::sync::atomic::{AtomicU64, Ordering};

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

/// Puts a new file with `content` at `path`, and keeps it through a loss of power: after a crash it is there
/// whole or not at all.
///
/// # Errors
///
/// What the system says; a file of that name is never overwritten, whoever puts it there at the same time.
pub fn put_new(path: &Path, content: &[u8]) -> io::Result<()> {
    // Of others who put it at the same time, each has a part of its own.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.part", std::process::id()));
    let part = path.with_file_name(name);
    // A program with our number that crashed left it behind.
    let _ = fs::remove_file(&part);
    let mut file = create_private(&part)?;
    let put =
        file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| link_new(&part, path));
    let _ = fs::remove_file(&part);
    put.inspect(|()| keep_name(path))
}

/// Makes the name of a file survive a loss of power.
pub(crate) fn keep_name(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    keep_names(folder.unwrap_or(Path::new(".")));
}

/// Makes the names in a folder survive a loss of power. Not every system can; the data is safe all the
/// same, under names that a file system check finds.
pub fn keep_names(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
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
    /// Where the next byte goes, and how long it is.
    at: u64,
    len: u64,
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
        Self::at(path, Place::Memory(Cursor::default()))
    }

    /// It is there when [`put_in_place`](Self::put_in_place) was called.
    pub(crate) fn again(path: &Path) -> io::Result<Self> {
        let part = part_of(path);
        let _ = fs::remove_file(&part);
        let place = Place::Part(create_private(&part)?);
        Ok(Self::at(path, place))
    }

    fn at(path: &Path, place: Place) -> Self {
        Self { path: path.to_owned(), place, at: 0, len: 0, is_ahead: false }
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
                // There is no part any more that would have to go.
                if let Place::Part(file) =
                    std::mem::replace(&mut self.place, Place::Memory(Cursor::default()))
                {
                    self.place = Place::File(file);
                }
                Ok(())
            }
        }
    }
}

/// What is not whole does not stay.
impl Drop for LateFile {
    fn drop(&mut self) {
        if let Place::Part(_) = self.place {
            let _ = fs::remove_file(part_of(&self.path));
        }
    }
}

impl Write for LateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Memory(memory) => memory.write(bytes),
            Place::Part(file) => file.write(bytes),
            Place::File(file) => {
                let len = file.write(bytes)?;
                self.at += len as u64;
                // What is written over is kept with what is appended next.
                if self.at > self.len {
                    self.len = self.at;
                    self.is_ahead = true;
                }
                Ok(len)
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
            .and_then(|()| link_new(&part, &self.path))
            .and_then(|()| file.seek(SeekFrom::Start(memory.position())));
        let _ = fs::remove_file(&part);
        self.len = memory.get_ref().len() as u64;
        self.at = put?;
        keep_name(&self.path);
        self.place = Place::File(file);
        Ok(())
    }
}

/// Gives a file its name unless that is taken. Where the file system has no links, somebody could put a file
/// there between look and rename, which in our folders nobody does.
fn link_new(part: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(part, path).or_else(|_| rename_new(part, path))
}

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
                self.at = file.seek(to)?;
                Ok(self.at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::tests::Folder;

    #[test]
    fn of_all_who_put_a_new_file_one_does_and_what_is_there_is_whole() {
        let folder = Folder::new("put-new");
        let path = folder.0.join("key");
        let all: Vec<io::Result<()>> = std::thread::scope(|scope| {
            let path = &path;
            let put = |byte: u8| scope.spawn(move || put_new(path, &[byte; 4096]));
            let writers: Vec<_> = (0..8).map(put).collect();
            writers.into_iter().map(|one| one.join().expect("it ends")).collect()
        });
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
        let is_late = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        assert!(all.iter().filter_map(|one| one.as_ref().err()).all(is_late), "{all:?}");
        let content = fs::read(&path).expect("it is there");
        assert!(content.len() == 4096 && content.iter().all(|byte| *byte == content[0]));
        assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 1, "no part is left");
    }

    #[test]
    fn a_file_that_was_not_finished_goes_and_a_live_one_stays() {
        let folder = Folder::new("late-file");
        let path = folder.0.join("signals.bdf");
        let mut again = LateFile::again(&path).expect("there is room");
        again.write_all(b"half").expect("there is room");
        drop(again);
        assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 0);
        let mut again = LateFile::again(&path).expect("there is room");
        again.write_all(b"whole").expect("there is room");
        again.put_in_place().expect("there is room");
        drop(again);
        assert_eq!(fs::read(&path).expect("it is there"), b"whole");
        fs::remove_file(&path).expect("it is there");
        let mut live = LateFile::live(&path);
        live.write_all(b"0head").and_then(|()| live.flush()).expect("there is room");
        // What is written over needs no sync of its own, what is appended does.
        live.write_all(b"one").expect("there is room");
        assert!(live.is_ahead);
        live.seek(SeekFrom::Start(0)).expect("it is a file");
        assert!(!live.is_ahead);
        live.write_all(b"1").expect("there is room");
        assert!(!live.is_ahead);
        live.seek(SeekFrom::Start(8)).expect("it is a file");
        live.write_all(b"two").expect("there is room");
        assert!(live.is_ahead);
        drop(live);
        assert_eq!(fs::read(&path).expect("it is there"), b"1headonetwo");
    }
}
