//! The store itself.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use levator_record::visit::{JOURNAL, keep_names};

use crate::error::At;
use crate::staged::{self, COMING, Staged};
use crate::{Entry, PersonCode, Progress, Secret, StoreError, VisitName, index, person, place};

/// Folder of the people in the data folder.
const PEOPLE: &str = "people";

/// Locked while the store changes.
const LOCK: &str = "lock";

/// Folders of visits that are being deleted begin so.
const GOING: &str = ".gone-";

/// A journal that was written to so recently is still being written: a recorder does so every 250 ms.
const FRESH: Duration = Duration::from_secs(5);

/// People and visits in a data folder. Nothing is made before it is needed.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// Somebody with visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What they are called.
    pub code: PersonCode,
    /// How many visits they have.
    pub visit_count: usize,
    /// When the first and the last one were opened, where that is known.
    pub opened_unix_ms: Option<(u64, u64)>,
}

/// Which visits are wanted; all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Of this person.
    pub person: Option<PersonCode>,
    /// Each of these stands somewhere in it.
    pub words: Vec<String>,
    /// Opened at this time or later.
    pub since_unix_ms: Option<u64>,
    /// Opened before this time.
    pub before_unix_ms: Option<u64>,
}

/// What a text names.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    /// Somebody, with all their visits.
    Person(PersonCode),
    /// One visit.
    Visit(Box<Entry>),
}

/// Proof that no other process changes the store.
#[derive(Debug)]
pub(crate) struct Guard(#[expect(dead_code, reason = "its lock ends with it")] File);

impl Store {
    /// In this data folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The data folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of a visit.
    #[must_use]
    pub fn folder(&self, person: &PersonCode, visit: &VisitName) -> PathBuf {
        self.home(person).join(visit.as_str())
    }

    fn home(&self, person: &PersonCode) -> PathBuf {
        self.root.join(PEOPLE).join(person.as_str())
    }

    /// The visits that are wanted, by person, and in the order they were opened.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn find(&self, query: &Query) -> Result<Vec<Entry>, StoreError> {
        let mut found = self.entries()?;
        found.retain(|entry| {
            let opened = entry.opened_unix_ms;
            query.person.as_ref().is_none_or(|person| entry.person == *person)
                && query.words.iter().all(|word| entry.has(word))
                && query.since_unix_ms.is_none_or(|since| opened.is_some_and(|ms| ms >= since))
                && query.before_unix_ms.is_none_or(|before| opened.is_some_and(|ms| ms < before))
        });
        found.sort_by(|one, other| {
            let key = |entry: &Entry| (entry.person.clone(), entry.opened_unix_ms);
            key(one).cmp(&key(other)).then_with(|| one.visit.cmp(&other.visit))
        });
        Ok(found)
    }

    /// Everybody who has visits.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn people(&self) -> Result<Vec<Person>, StoreError> {
        let mut all: Vec<Person> = Vec::new();
        for entry in self.find(&Query::default())? {
            let same = all.last_mut().filter(|person| person.code == entry.person);
            let (opened, code) = (entry.opened_unix_ms, entry.person);
            match same {
                Some(person) => {
                    person.visit_count += 1;
                    person.opened_unix_ms = match (person.opened_unix_ms, opened) {
                        (Some((first, last)), Some(ms)) => Some((first.min(ms), last.max(ms))),
                        (known, ms) => known.or(ms.map(|ms| (ms, ms))),
                    };
                }
                None => {
                    let opened_unix_ms = opened.map(|ms| (ms, ms));
                    all.push(Person { code, visit_count: 1, opened_unix_ms });
                }
            }
        }
        Ok(all)
    }

    /// What a text names: a person, `PERSON/VISIT`, or the beginning of the name of a visit that no other
    /// has.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unknown`] and [`StoreError::Ambiguous`].
    pub fn resolve(&self, text: &str) -> Result<Which, StoreError> {
        let entries = self.find(&Query::default())?;
        let unknown = || StoreError::Unknown { asked: text.to_owned() };
        let text = text.trim_end_matches('/');
        // Also somebody of whom nothing but strange files is left.
        if let Some(person) = self.codes()?.into_iter().find(|code| code.as_str() == text) {
            return Ok(Which::Person(person));
        }
        let (person, visit) = match text.split_once('/') {
            Some((person, visit)) => (Some(person), visit),
            None => (None, text),
        };
        if visit.is_empty() {
            return Err(unknown());
        }
        let mut fitting: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| {
                person.is_none_or(|person| entry.person.as_str() == person)
                    && entry.visit.as_str().starts_with(visit)
            })
            .collect();
        // A whole name outranks the beginning of another one.
        let is_whole = |entry: &Entry| entry.visit.as_str() == visit;
        if fitting.iter().any(is_whole) {
            fitting.retain(is_whole);
        }
        let full = |entry: &Entry| format!("{}/{}", entry.person, entry.visit);
        if let [first, second, ..] = &fitting[..] {
            let (first, second) = (full(first), full(second));
            return Err(StoreError::Ambiguous { asked: text.to_owned(), first, second });
        }
        fitting.pop().map(|entry| Which::Visit(Box::new(entry))).ok_or_else(unknown)
    }

    /// A code that nobody has, for somebody without one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Random`].
    pub fn new_code(&self) -> Result<PersonCode, StoreError> {
        loop {
            let [a, b, c, d] = place::random()?;
            let code = PersonCode::new(&format!("P-{a:02x}{b:02x}{c:02x}{d:02x}"))?;
            if self.home(&code).symlink_metadata().is_err() {
                return Ok(code);
            }
        }
    }

    /// Where a visit that begins now is to be recorded. The folder of the person is there then, that of
    /// the visit is not.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn begin(&self, person: &PersonCode, now_unix_ms: u64) -> Result<PathBuf, StoreError> {
        let guard = self.guard()?;
        self.make_person(person, &guard)?;
        let visit = VisitName::of_time(now_unix_ms, place::random()?);
        Ok(self.folder(person, &visit))
    }

    /// A folder that becomes a visit when it is whole, named after when it was opened.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn stage(&self, person: &PersonCode, opened_unix_ms: u64) -> Result<Staged, StoreError> {
        Staged::new(self, person, VisitName::of_time(opened_unix_ms, place::random()?))
    }

    /// By how many days the dates of somebody move back when they are de-identified; `None` for somebody
    /// the store does not know.
    #[must_use]
    pub fn shift_days(&self, person: &PersonCode) -> Option<u64> {
        person::shift_days(&self.home(person))
    }

    /// Deletes a visit, and the person with it if it was their last one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] while it is being recorded; [`StoreError::Unknown`] if it is not there.
    pub fn delete_visit(
        &self,
        person: &PersonCode,
        visit: &VisitName,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let guard = self.guard()?;
        self.remove(person, visit, now)?;
        self.tidy_person(person, &guard)?;
        self.refresh(&guard).map(drop)
    }

    /// Deletes somebody with all their visits, and gives how many those were.
    ///
    /// # Errors
    ///
    /// As [`delete_visit`](Self::delete_visit); nothing is deleted while one is being recorded.
    pub fn delete_person(&self, person: &PersonCode, now: SystemTime) -> Result<usize, StoreError> {
        let guard = self.guard()?;
        if !self.codes()?.contains(person) {
            return Err(StoreError::Unknown { asked: person.to_string() });
        }
        let visits = self.visits_of(person)?;
        for visit in &visits {
            self.check_idle(person, visit, now)?;
        }
        let home = self.home(person);
        for (name, _) in place::list(&home).at(&home)? {
            if name.starts_with(COMING) && !staged::is_left_behind(&home.join(name)) {
                return Err(StoreError::Coming { person: person.clone() });
            }
        }
        for visit in &visits {
            self.remove(person, visit, now)?;
        }
        // What else was put there is of nobody else.
        fs::remove_dir_all(&home).at(&home)?;
        self.refresh(&guard)?;
        Ok(visits.len())
    }

    /// Removes the folder of somebody without visits. For whoever made it and recorded nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn forget_if_empty(&self, person: &PersonCode) -> Result<(), StoreError> {
        let guard = self.guard()?;
        self.tidy_person(person, &guard)
    }

    fn check_idle(
        &self,
        person: &PersonCode,
        visit: &VisitName,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let folder = self.folder(person, visit);
        // Of one that has just begun, the description is not there yet.
        let progress = Entry::of(person, visit, &folder).progress;
        let is_open = matches!(progress, Progress::Recording | Progress::Unreadable);
        let written = fs::metadata(folder.join(JOURNAL)).and_then(|found| found.modified());
        let is_fresh = written.is_ok_and(|at| now.duration_since(at).unwrap_or_default() < FRESH);
        match is_open && is_fresh {
            true => Err(StoreError::Busy { person: person.clone(), visit: visit.clone() }),
            false => Ok(()),
        }
    }

    fn remove(
        &self,
        person: &PersonCode,
        visit: &VisitName,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        self.check_idle(person, visit, now)?;
        if !self.visits_of(person)?.contains(visit) {
            return Err(StoreError::Unknown { asked: format!("{person}/{visit}") });
        }
        self.take_away(person, visit)
    }

    /// The same of one that is there, and that nobody writes to.
    pub(crate) fn take_away(
        &self,
        person: &PersonCode,
        visit: &VisitName,
    ) -> Result<(), StoreError> {
        let folder = self.folder(person, visit);
        let [a, b, c, d] = place::random()?;
        let going = self.home(person).join(format!("{GOING}{a:02x}{b:02x}{c:02x}{d:02x}"));
        // From here on it is no visit any more, also if we are stopped half-way.
        fs::rename(&folder, &going).at(&folder)?;
        fs::remove_dir_all(&going).at(&going)?;
        keep_names(&self.home(person));
        Ok(())
    }

    /// All visits, by the names of their folders.
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        // Whoever only looks makes nothing.
        let people = self.root.join(PEOPLE);
        if !people.is_dir() {
            index::remove(&self.root.join(index::FILE));
            return Ok(Vec::new());
        }
        let guard = match self.guard() {
            Ok(guard) => guard,
            // A store that may only be read needs no lock.
            Err(StoreError::Io { source, .. })
                if matches!(
                    source.kind(),
                    std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                return index::entries(&self.root, &self.there()?);
            }
            Err(error) => return Err(error),
        };
        self.refresh(&guard)
    }

    fn refresh(&self, guard: &Guard) -> Result<Vec<Entry>, StoreError> {
        self.clear_up(guard)?;
        index::entries(&self.root, &self.there()?)
    }

    /// The folders of visits that are there.
    fn there(&self) -> Result<BTreeMap<(PersonCode, VisitName), PathBuf>, StoreError> {
        let mut there = BTreeMap::new();
        for person in self.codes()? {
            for visit in self.visits_of(&person)? {
                let folder = self.folder(&person, &visit);
                there.insert((person.clone(), visit), folder);
            }
        }
        Ok(there)
    }

    fn codes(&self) -> Result<Vec<PersonCode>, StoreError> {
        let people = self.root.join(PEOPLE);
        let folders = place::list(&people).at(&people)?.into_iter();
        let folders = folders.filter(|(_, kind)| kind.is_dir());
        Ok(folders.filter_map(|(name, _)| PersonCode::new(&name).ok()).collect())
    }

    pub(crate) fn visits_of(&self, person: &PersonCode) -> Result<Vec<VisitName>, StoreError> {
        let home = self.home(person);
        // A link leads out of the store, and what is there is not ours to list or delete.
        if !home.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            return Ok(Vec::new());
        }
        let folders = place::list(&home).at(&home)?.into_iter();
        let folders = folders.filter(|(_, kind)| kind.is_dir());
        Ok(folders.filter_map(|(name, _)| VisitName::new(&name).ok()).collect())
    }

    /// Waits until no other process changes the store.
    pub(crate) fn guard(&self) -> Result<Guard, StoreError> {
        let file = self.lock_file()?;
        staged::lock(&file).at(&self.root.join(LOCK))?;
        Ok(Guard(file))
    }

    /// The same without waiting.
    pub(crate) fn try_guard(&self) -> Option<Guard> {
        let file = self.lock_file().ok()?;
        file.try_lock().is_ok().then_some(Guard(file))
    }

    fn lock_file(&self) -> Result<File, StoreError> {
        place::make_folder(&self.root).at(&self.root)?;
        let path = self.root.join(LOCK);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).at(&path)
    }

    /// The folder of a person, made if it is not there.
    pub(crate) fn make_person(
        &self,
        code: &PersonCode,
        _guard: &Guard,
    ) -> Result<PathBuf, StoreError> {
        let home = self.home(code);
        // A link would lead out of the store.
        let there = home.symlink_metadata();
        if there.as_ref().is_ok_and(|found| !found.is_dir()) {
            return Err(StoreError::NotPlain { path: home });
        }
        if there.is_err() {
            let like = |there: &PersonCode| there.as_str().eq_ignore_ascii_case(code.as_str());
            if let Some(there) = self.codes()?.into_iter().find(like) {
                return Err(StoreError::AlmostSame { asked: code.clone(), there });
            }
            place::make_folder(&home).at(&home)?;
            let people = self.root.join(PEOPLE);
            place::close_to_others(&people).at(&people)?;
            keep_names(&people);
            keep_names(&self.root);
        }
        if !home.join(person::FILE).is_file() {
            let secret = Secret::of_folder(&self.root)?;
            person::write(&home, code, secret.days(code.as_str()))?;
        }
        Ok(home)
    }

    /// Takes the folder of a person away who has no visit, and none on its way.
    pub(crate) fn tidy_person(&self, code: &PersonCode, _guard: &Guard) -> Result<(), StoreError> {
        let home = self.home(code);
        let is_there = home.symlink_metadata().is_ok_and(|found| found.is_dir());
        // A name that is no UTF-8 is somebody's too.
        let inside = place::list_all(&home).at(&home)?;
        if inside.iter().any(|(name, _)| name != person::FILE) || !is_there {
            return Ok(());
        }
        let file = home.join(person::FILE);
        if let Err(error) = fs::remove_file(&file)
            && !place::is_gone(&error)
        {
            return Err(StoreError::Io { path: file, source: error });
        }
        fs::remove_dir(&home).at(&home)
    }

    /// Takes away what programs left behind that were stopped half-way.
    fn clear_up(&self, guard: &Guard) -> Result<(), StoreError> {
        for person in self.codes()? {
            let home = self.home(&person);
            for (name, kind) in place::list(&home).at(&home)? {
                let path = home.join(&name);
                let is_left = kind.is_dir()
                    && (name.starts_with(GOING)
                        || (name.starts_with(COMING) && staged::is_left_behind(&path)));
                if is_left {
                    // It may have to be tried again another time, which is no reason to refuse a list.
                    let _ = fs::remove_dir_all(&path);
                }
            }
            self.tidy_person(&person, guard)?;
        }
        Ok(())
    }
}
