//! A folder as a disk may hold it after the power failed: what was synced, and of the rest any part.
//!
//! The model: a sector of 512 bytes is written whole or not at all. Of what was not synced, each sector is
//! there or not, in any order, and the length of the file is any that it had since. Names are kept when
//! the folder was synced; after that, any number of the changes of names that followed, in their order.

use std::collections::BTreeMap;
use std::path::Path;

use levator_simulate::SeededRng;

const SECTOR: usize = 512;

/// What a program did, in its order, as `shim.c` wrote it down.
pub(super) struct Deed {
    pub(super) at_ns: u64,
    pub(super) what: What,
}

pub(super) enum What {
    Opened { fd: u64, name: String, is_new: bool },
    Wrote { fd: u64, offset: usize, bytes: Vec<u8> },
    Cut { fd: u64, len: usize },
    Synced { fd: u64 },
    Renamed { from: String, to: String },
    Linked { from: String, to: String },
    Removed { name: String },
}

/// Reads the log of a program; names are those below `folder`, and the folder itself is "".
pub(super) fn deeds(log: &[u8], folder: &Path) -> Vec<Deed> {
    let mut rest = log;
    let mut all = Vec::new();
    let name = |bytes: &[u8]| {
        let path = Path::new(std::str::from_utf8(bytes).expect("names of ours")).to_owned();
        path.strip_prefix(folder).expect("below it").to_str().expect("plain").to_owned()
    };
    // A program that was killed may leave a part of one.
    while let Some((head, after)) = rest.split_first_chunk::<64>() {
        let mut numbers = [0; 8];
        for (number, bytes) in numbers.iter_mut().zip(head.as_chunks::<8>().0) {
            *number = u64::from_ne_bytes(*bytes);
        }
        let [kind, at_ns, fd, offset, flags, one_len, two_len, _] = numbers;
        let (one_len, two_len) = (one_len as usize, two_len as usize);
        let Some(one) = after.get(..one_len) else { break };
        let Some(two) = after.get(one_len..one_len + two_len) else { break };
        rest = &after[one_len + two_len..];
        let offset = offset as usize;
        let create = u64::from(rustix::fs::OFlags::CREATE.bits());
        let what = match kind {
            1 => What::Opened { fd, name: name(one), is_new: flags & create != 0 },
            2 => What::Wrote { fd, offset, bytes: one.to_vec() },
            3 => What::Cut { fd, len: offset },
            4 => What::Synced { fd },
            5 => What::Renamed { from: name(one), to: name(two) },
            6 => What::Linked { from: name(one), to: name(two) },
            7 => What::Removed { name: name(one) },
            other => panic!("a deed of kind {other}"),
        };
        all.push(Deed { at_ns, what });
    }
    all
}

#[derive(Default)]
struct Content {
    kept: Vec<u8>,
    /// Not synced yet: where, and what.
    later: Vec<(usize, Later)>,
}

enum Later {
    Bytes(Vec<u8>),
    Cut,
}

enum Name {
    Put(String, usize),
    Moved(String, String, usize),
    Gone(String),
}

/// The folder before the power failed.
#[derive(Default)]
pub(super) struct Disk {
    files: Vec<Content>,
    /// The file of each descriptor; the folder itself is none.
    open: BTreeMap<u64, Option<usize>>,
    now: BTreeMap<String, usize>,
    kept: BTreeMap<String, usize>,
    later: Vec<Name>,
}

impl Disk {
    pub(super) fn take(&mut self, what: &What) {
        match what {
            What::Opened { fd, name, .. } if name.is_empty() => {
                self.open.insert(*fd, None);
            }
            What::Opened { fd, name, is_new } => {
                let known = self.now.get(name).copied();
                let file = known.unwrap_or_else(|| {
                    self.files.push(Content::default());
                    self.files.len() - 1
                });
                self.open.insert(*fd, Some(file));
                if known.is_none() && *is_new {
                    self.put(name, file);
                }
            }
            What::Wrote { fd, offset, bytes } => {
                self.file(*fd).later.push((*offset, Later::Bytes(bytes.clone())));
            }
            What::Cut { fd, len } => self.file(*fd).later.push((*len, Later::Cut)),
            What::Synced { fd } if self.open[fd].is_none() => {
                self.kept = self.now.clone();
                self.later.clear();
            }
            What::Synced { fd } => {
                let file = self.file(*fd);
                let all = file.later.len();
                file.kept = file.after(all);
                file.later.clear();
            }
            What::Renamed { from, to } => {
                let file = self.now.remove(from).expect("it was there");
                self.now.insert(to.clone(), file);
                self.later.push(Name::Moved(from.clone(), to.clone(), file));
            }
            What::Linked { from, to } => self.put(to, self.now[from]),
            What::Removed { name } => {
                self.now.remove(name);
                self.later.push(Name::Gone(name.clone()));
            }
        }
    }

    fn file(&mut self, fd: u64) -> &mut Content {
        &mut self.files[self.open[&fd].expect("a file, not the folder")]
    }

    fn put(&mut self, name: &str, file: usize) {
        self.now.insert(name.to_owned(), file);
        self.later.push(Name::Put(name.to_owned(), file));
    }

    /// The folder after the power failed.
    pub(super) fn after_power_cut(&self, rng: &mut SeededRng) -> BTreeMap<String, Vec<u8>> {
        let mut below = |end: usize| (rng.bits() % end.max(1) as u64) as usize;
        let mut names = self.kept.clone();
        for change in &self.later[..below(self.later.len() + 1)] {
            match change {
                Name::Put(name, file) => drop(names.insert(name.clone(), *file)),
                Name::Gone(name) => drop(names.remove(name)),
                Name::Moved(from, to, file) => {
                    names.remove(from);
                    names.insert(to.clone(), *file);
                }
            }
        }
        // All of it lost, all of it there, or any of it.
        let mode = below(4);
        let mut content = |file: usize| match mode {
            0 => self.files[file].kept.clone(),
            1 => self.files[file].after(self.files[file].later.len()),
            _ => self.files[file].torn(&mut below),
        };
        names.into_iter().map(|(name, file)| (name, content(file))).collect()
    }
}

impl Content {
    /// After the first `count` changes that were not synced.
    fn after(&self, count: usize) -> Vec<u8> {
        let mut bytes = self.kept.clone();
        for (at, later) in &self.later[..count] {
            match later {
                Later::Cut => bytes.resize(*at, 0),
                Later::Bytes(more) => {
                    bytes.resize(bytes.len().max(at + more.len()), 0);
                    bytes[*at..at + more.len()].copy_from_slice(more);
                }
            }
        }
        bytes
    }

    fn torn(&self, below: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        let states: Vec<Vec<u8>> = (0..=self.later.len()).map(|count| self.after(count)).collect();
        let mut bytes = vec![0; states[below(states.len())].len()];
        for (at, sector) in bytes.chunks_mut(SECTOR).enumerate() {
            // A sector that did not exist yet is zeros.
            let from = states[below(states.len())].get(at * SECTOR..).unwrap_or_default();
            let len = from.len().min(sector.len());
            sector[..len].copy_from_slice(&from[..len]);
        }
        bytes
    }
}
