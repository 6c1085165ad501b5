//! The store as its users see it.

mod archive;
mod store;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use levator_engine::{EngineConfig, Input};
use levator_record::visit::{About, JOURNAL, State, manifest};
use levator_record::{Header, Writer};
use levator_signal::HostTime;

use crate::{Entry, PersonCode, Query, Store, VisitName};

/// 2026-11-22, 14:03:11 UTC.
pub(super) const OPENED: u64 = 1_795_356_191_000;

pub(super) fn code(text: &str) -> PersonCode {
    PersonCode::new(text).expect("a good code")
}

#[expect(clippy::disallowed_methods, reason = "what is deleted is compared with the age of files")]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// Every visit of the store.
pub(super) fn all(store: &Store) -> Vec<Entry> {
    store.find(&Query::default()).expect("it can be read")
}

/// Puts a whole visit into a folder: nothing was measured in it.
pub(super) fn fill(folder: &Path, notes: &str, opened_unix_ms: u64, state: State) {
    let header = Header {
        tool: "levator tests".to_owned(),
        wire: [1, 0],
        opened_unix_ms,
        device: "native".to_owned(),
        port: "/dev/ttyACM0".to_owned(),
        config: EngineConfig::device(),
    };
    let mut writer = Writer::create(&folder.join(JOURNAL), &header).expect("a new file");
    for second in 0..20 {
        let (at, bytes) = (HostTime::from_secs_f64(f64::from(second)), [second as u8; 200]);
        writer.record(&Input::Bytes { at, bytes: &bytes }).expect("the disk has room");
    }
    writer.close(HostTime::from_secs_f64(20.0)).expect("the disk has room");
    let notes = Some(notes.to_owned());
    let about = About { state, notes, position: Some("lying".to_owned()), ..About::new(header) };
    about.write(folder).expect("the disk has room");
    if state == State::Closed {
        manifest::write(folder).expect("the disk has room");
    }
}

/// Takes a visit in.
pub(super) fn add(store: &Store, person: &str, notes: &str, opened_unix_ms: u64) -> VisitName {
    let staged = store.stage(&code(person), opened_unix_ms).expect("there is room");
    fill(staged.folder(), notes, opened_unix_ms, State::Closed);
    staged.keep().expect("there is room")
}

/// All files below a folder, with what is in them.
pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("it is there") {
            let path = entry.expect("it is there").path();
            match path.is_dir() {
                true => open.push(path),
                false => drop(found.insert(path.clone(), fs::read(&path).expect("it is there"))),
            }
        }
    }
    found
}

/// Whether bytes stand in a file or in a name below a folder.
pub(super) fn is_anywhere(folder: &Path, text: &str) -> bool {
    files(folder).iter().any(|(path, bytes)| {
        path.to_string_lossy().contains(text)
            || bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
