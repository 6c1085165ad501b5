//! A visit on its way into the store: there whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use levator_record::visit::{create_private, keep_names};

use crate::error::At;
use crate::store::Guard;
use crate::{PersonCode, Store, StoreError, VisitName, place};

/// Folders of visits on their way begin so.
pub(crate) const COMING: &str = ".new-";

/// A file in such a folder, locked as long as somebody fills it. Manifests and archives leave names that
/// end so out.
const HELD: &str = ".held.part";

/// A folder that becomes a visit by [`keep`](Self::keep), and goes with all that is in it otherwise.
#[derive(Debug)]
pub struct Staged {
    store: Store,
    person: PersonCode,
    name: VisitName,
    folder: PathBuf,
    /// `None` once it was kept.
    held: Option<File>,
}

impl Staged {
    /// In the folder of a person, who is made if they are not there.
    pub(crate) fn new(
        store: &Store,
        person: &PersonCode,
        name: VisitName,
    ) -> Result<Self, StoreError> {
        let guard = store.guard()?;
        let home = store.make_person(person, &guard)?;
        let [a, b, c, d] = place::random()?;
        let folder = home.join(format!("{COMING}{a:02x}{b:02x}{c:02x}{d:02x}"));
        place::make_folder(&folder).at(&folder)?;
        let path = folder.join(HELD);
        let held = create_private(&path).at(&path)?;
        lock(&held).at(&path)?;
        let (store, person) = (store.clone(), person.clone());
        Ok(Self { store, person, name, folder, held: Some(held) })
    }

    /// Whose it will be.
    #[must_use]
    pub const fn person(&self) -> &PersonCode {
        &self.person
    }

    /// Where to put the files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies a file into it, for its owner only, and keeps it through a loss of power.
    ///
    /// # Errors
    ///
    /// What the system says; a file that is there is not overwritten.
    pub fn fill(
        &self,
        name: &str,
        from: &mut impl Read,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<()> {
        let mut file = create_private(&self.folder.join(name))?;
        let mut piece = vec![0; 64 << 10];
        loop {
            let len = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            io::Write::write_all(&mut file, &piece[..len])?;
            progress(len as u64);
        }
        file.sync_all()
    }

    /// Where it will be.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.folder.with_file_name(self.name.as_str())
    }

    /// Makes a visit of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing is in the store then.
    pub fn keep(self) -> Result<VisitName, StoreError> {
        let guard = self.store.guard()?;
        let name = self.name.clone();
        self.put(&guard)?;
        Ok(name)
    }

    /// The same for whoever has the guard.
    pub(crate) fn put(mut self, _guard: &Guard) -> Result<(), StoreError> {
        let target = self.target();
        if target.symlink_metadata().is_ok() {
            let (person, visit) = (self.person.clone(), self.name.clone());
            return Err(StoreError::Differs { person, visit });
        }
        // Whoever clears up waits for the guard, which we have.
        let held = self.held.take();
        let path = self.folder.join(HELD);
        // The names in it are kept before it has a name of its own.
        let put = fs::remove_file(&path)
            .at(&path)
            .inspect(|()| keep_names(&self.folder))
            .and_then(|()| fs::rename(&self.folder, &target).at(&target));
        if put.is_err() {
            self.held = held;
            return put;
        }
        if let Some(home) = target.parent() {
            keep_names(home);
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.held.take().is_some() {
            let _ = fs::remove_dir_all(&self.folder);
            // Whoever holds the guard may be our caller: then the next list clears up.
            if let Some(guard) = self.store.try_guard() {
                let _ = self.store.tidy_person(&self.person, &guard);
            }
        }
    }
}

/// Whether a folder of that kind was left behind by a program that is gone.
pub(crate) fn is_left_behind(folder: &Path) -> bool {
    match File::open(folder.join(HELD)) {
        Ok(held) => held.try_lock().is_ok(),
        Err(error) => place::is_gone(&error),
    }
}

/// Locks a file; where the system has no locks, nothing is locked.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    match file.lock() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other,
    }
}
