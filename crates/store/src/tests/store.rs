use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use levator_record::visit::{About, State};

use super::{OPENED, add, all, code, files, fill, is_anywhere, now};
use crate::{PersonCode, Progress, Query, Store, StoreError, Which};

fn data() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

#[test]
fn visits_are_listed_in_their_order_and_found_by_their_words() {
    let data = data();
    let root = data.path().join("not/there/yet");
    let store = Store::at(&root);
    assert!(all(&store).is_empty());
    assert!(!root.exists(), "whoever only looks makes nothing");
    let late = add(&store, "P-2", "Second Visit, sore", OPENED + 86_400_000);
    let early = add(&store, "P-2", "first visit", OPENED);
    add(&store, "P-1", "", OPENED + 5000);
    let names: Vec<String> =
        all(&store).iter().map(|entry| format!("{}/{}", entry.person, entry.visit)).collect();
    assert_eq!(names[1..], [format!("P-2/{early}"), format!("P-2/{late}")]);
    let people = store.people().expect("it can be read");
    assert_eq!((people[0].visit_count, people[1].visit_count), (1, 2));
    assert_eq!(people[1].opened_unix_ms, Some((OPENED, OPENED + 86_400_000)));

    let find = |query: Query| store.find(&query).expect("it can be read").len();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(find(Query { words: words(&["SORE"]), ..Query::default() }), 1);
    assert_eq!(find(Query { words: words(&["visit", "lying"]), ..Query::default() }), 2);
    assert_eq!(find(Query { words: words(&["sore", "first"]), ..Query::default() }), 0);
    assert_eq!(find(Query { person: Some(code("P-1")), ..Query::default() }), 1);
    assert_eq!(find(Query { since_unix_ms: Some(OPENED + 1), ..Query::default() }), 2);
    assert_eq!(find(Query { before_unix_ms: Some(OPENED + 1), ..Query::default() }), 1);

    assert_eq!(store.resolve("P-2").expect("a person"), Which::Person(code("P-2")));
    for name in [early.to_string(), format!("P-2/{early}"), format!("P-2/{early}/")] {
        let Ok(Which::Visit(entry)) = store.resolve(&name) else { panic!("{name}") };
        assert_eq!(entry.notes.as_deref(), Some("first visit"));
    }
    assert!(matches!(store.resolve("2026"), Err(StoreError::Ambiguous { .. })));
    for wrong in ["", "P-9", "P-9/", "P-1/1999", "../P-1", "P-1/..", "/etc/passwd"] {
        assert!(matches!(store.resolve(wrong), Err(StoreError::Unknown { .. })), "{wrong}");
    }
}

#[test]
fn codes_that_are_almost_the_same_are_one_person() {
    let data = data();
    let store = Store::at(data.path());
    add(&store, "anna", "", OPENED);
    assert!(matches!(store.stage(&code("Anna"), OPENED), Err(StoreError::AlmostSame { .. })));
    let new = store.new_code().expect("there is chance");
    assert_eq!(PersonCode::new(new.as_str()), Ok(new.clone()));
    assert_ne!(store.new_code().expect("there is chance"), new);
}

#[cfg(unix)]
#[test]
fn everything_is_for_its_owner_only_and_links_lead_nowhere() {
    use std::os::unix::fs::PermissionsExt;
    let data = data();
    let root = data.path().join("store");
    let store = Store::at(&root);
    add(&store, "P-1", "", OPENED);
    let name = store.begin(&code("P-2"), OPENED).expect("there is room");
    assert!(name.starts_with(root.join("people/P-2")) && !name.exists());
    all(&store);
    let mode = |path: &std::path::Path| {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    for path in files(&root).keys() {
        assert_eq!(mode(path), 0o600, "{}", path.display());
        let mut folder = path.parent().expect("it has one");
        while folder.starts_with(&root) {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
            folder = folder.parent().expect("it has one");
        }
    }
    // A link to a folder elsewhere is no person, and nothing is written through it.
    let elsewhere = data.path().join("elsewhere");
    fs::create_dir_all(elsewhere.join("visit")).expect("there is room");
    std::os::unix::fs::symlink(&elsewhere, root.join("people/P-3")).expect("there is room");
    assert_eq!(all(&store).len(), 1);
    assert!(matches!(store.stage(&code("P-3"), OPENED), Err(StoreError::NotPlain { .. })));
    assert!(store.delete_person(&code("P-3"), now()).is_err());
    assert!(elsewhere.join("visit").is_dir());
}

#[test]
fn what_is_deleted_leaves_nothing_behind() {
    let data = data();
    let store = Store::at(data.path());
    let first = add(&store, "P-secret", "a word like zanzibar", OPENED);
    let second = add(&store, "P-secret", "another like quagmire", OPENED + 1000);
    add(&store, "P-other", "stays", OPENED);
    assert_eq!(all(&store).len(), 3);
    assert!(is_anywhere(data.path(), "zanzibar"));

    store.delete_visit(&code("P-secret"), &first, now()).expect("it is there");
    assert!(!is_anywhere(data.path(), "zanzibar") && is_anywhere(data.path(), "quagmire"));
    assert!(matches!(
        store.delete_visit(&code("P-secret"), &first, now()),
        Err(StoreError::Unknown { .. })
    ));
    // With the last visit goes the person.
    store.delete_visit(&code("P-secret"), &second, now()).expect("it is there");
    for word in ["quagmire", "P-secret", first.as_str(), second.as_str()] {
        assert!(!is_anywhere(data.path(), word), "{word}");
    }
    assert!(!data.path().join("people/P-secret").exists());
    // What somebody put beside their visits goes too, also when it is all that is left.
    fs::write(data.path().join("people/P-other/xylophone.csv"), "1,2").expect("there is room");
    let stays = all(&store).remove(0).visit;
    store.delete_visit(&code("P-other"), &stays, now()).expect("it is there");
    assert_eq!(store.resolve("P-other").expect("there is a file"), Which::Person(code("P-other")));
    assert_eq!(store.delete_person(&code("P-other"), now()).expect("it is there"), 0);
    let left: Vec<_> = files(data.path()).into_keys().collect();
    let names: Vec<_> = left.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["deidentify.key", "index.sqlite", "lock"]);
    assert!(matches!(
        store.delete_person(&code("P-other"), now()),
        Err(StoreError::Unknown { .. })
    ));
}

#[test]
fn a_visit_under_way_is_not_deleted() {
    let data = data();
    let store = Store::at(data.path());
    let folder = store.begin(&code("P-1"), OPENED).expect("there is room");
    fs::create_dir(&folder).expect("there is room");
    fill(&folder, "", OPENED, State::Recording);
    let entry = &all(&store)[0];
    assert_eq!(entry.progress, Progress::Recording);
    let busy = store.delete_visit(&entry.person, &entry.visit, now());
    assert!(matches!(busy, Err(StoreError::Busy { .. })), "{busy:?}");
    assert!(matches!(store.delete_person(&entry.person, now()), Err(StoreError::Busy { .. })));
    // Its recorder was killed a while ago.
    let later = now() + std::time::Duration::from_secs(60);
    store.delete_visit(&entry.person, &entry.visit, later).expect("nobody writes to it");
    assert!(all(&store).is_empty());
}

#[test]
fn folders_that_come_change_and_go_are_seen() {
    let data = data();
    let store = Store::at(data.path());
    let visit = add(&store, "P-1", "before", OPENED);
    add(&store, "P-2", "", OPENED);
    all(&store);
    let folder = store.folder(&code("P-1"), &visit);
    let about = About::read(&folder).expect("it was written");
    let about = About { notes: Some("after, and longer".to_owned()), ..about };
    about.write(&folder).expect("there is room");
    assert_eq!(all(&store)[0].notes.as_deref(), Some("after, and longer"));

    fs::write(folder.join("visit.json"), "{").expect("there is room");
    let entry = all(&store).remove(0);
    assert_eq!(entry.progress, Progress::Unreadable);
    assert!(entry.trouble.is_some_and(|text| text.contains("no JSON")));
    fs::remove_file(folder.join("visit.json")).expect("it is there");
    let entry = all(&store).remove(0);
    assert_eq!(entry.trouble.as_deref(), Some("visit.json is not there"));

    // Copied by hand, under a name of one's own; and a whole person gone.
    let copy = data.path().join("people/P-7/monday");
    fs::create_dir_all(&copy).expect("there is room");
    fill(&copy, "by hand", OPENED, State::Closed);
    fs::remove_dir_all(data.path().join("people/P-2")).expect("it is there");
    let names: Vec<String> = all(&store).iter().map(|one| one.person.to_string()).collect();
    assert_eq!(names, ["P-1", "P-7"]);
    fs::remove_dir_all(data.path().join("people")).expect("it is there");
    assert!(all(&store).is_empty());
    assert!(!is_anywhere(data.path(), "by hand"), "no index of what is gone");
}

#[test]
fn an_index_that_is_gone_or_damaged_anywhere_is_made_again() {
    let data = data();
    let store = Store::at(data.path());
    for number in 0..12 {
        let notes = format!("visit number {number} of many");
        add(&store, &format!("P-{}", number % 3), &notes, OPENED + number * 1000);
    }
    let truth = all(&store);
    assert_eq!(truth.len(), 12);
    let index = data.path().join("index.sqlite");
    let whole = fs::read(&index).expect("it was made");
    fs::remove_file(&index).expect("it is there");
    assert_eq!(all(&store), truth);
    assert!(index.is_file());
    // A prime step meets every kind of place in the pages.
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        fs::write(&index, &damaged).expect("there is room");
        assert_eq!(all(&store), truth, "byte {at}");
    }
    for len in [0, 1, 100, 4095, 4096, whole.len() / 2, whole.len() - 1] {
        fs::write(&index, &whole[..len]).expect("there is room");
        assert_eq!(all(&store), truth, "cut to {len}");
    }
    for other in [&b"no database at all, and long enough to be taken for one"[..], &[0; 9000]] {
        fs::write(&index, other).expect("there is room");
        assert_eq!(all(&store), truth);
    }
    // One of another version, and a folder in its place.
    let other = rusqlite::Connection::open(&index).expect("it was made");
    other.pragma_update(None, "user_version", 99).expect("it can be written");
    drop(other);
    assert_eq!(all(&store), truth);
    fs::remove_file(&index).expect("it is there");
    fs::create_dir(&index).expect("there is room");
    assert_eq!(all(&store), truth);
}

#[test]
fn a_visit_on_its_way_is_none_and_goes_if_it_is_not_kept() {
    let data = data();
    let store = Store::at(data.path());
    let staged = store.stage(&code("P-1"), OPENED).expect("there is room");
    fill(staged.folder(), "on its way", OPENED, State::Closed);
    assert!(all(&store).is_empty());
    assert!(staged.folder().is_dir(), "whoever looks does not clear up what is in use");
    drop(staged);
    assert!(!is_anywhere(data.path(), "on its way") && !is_anywhere(data.path(), "P-1"));
    // What a killed program left: nobody holds it any more.
    let left = data.path().join("people/P-2/.new-00000000");
    fs::create_dir_all(&left).expect("there is room");
    fill(&left, "left behind", OPENED, State::Closed);
    fs::write(left.join(".held.part"), "").expect("there is room");
    let half = data.path().join("people/P-3/.gone-00000000");
    fs::create_dir_all(&half).expect("there is room");
    fill(&half, "half gone", OPENED, State::Closed);
    assert!(all(&store).is_empty());
    assert!(!is_anywhere(data.path(), "left behind") && !is_anywhere(data.path(), "half gone"));
    assert!(!data.path().join("people/P-2").exists() && !data.path().join("people/P-3").exists());
}

#[test]
fn many_at_once_lose_nothing() {
    let data = data();
    /// Also when a writer breaks down: those who look would do so for ever.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = Over(&is_over);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let root = data.path();
                scope.spawn(move || {
                    let store = Store::at(root);
                    for number in 0..6 {
                        let person = format!("P-{}", number % 2);
                        let name =
                            add(&store, &person, "", OPENED + writer * 100_000 + number * 1000);
                        if number % 3 == 2 {
                            let gone = store.delete_visit(&code(&person), &name, now());
                            gone.expect("it was just made");
                        }
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let store = Store::at(data.path());
                while !is_over.load(Ordering::Relaxed) {
                    for entry in all(&store) {
                        assert!(
                            matches!(entry.progress, Progress::Closed | Progress::Unreadable),
                            "{entry:?}"
                        );
                    }
                }
            });
        }
        for writer in writers {
            writer.join().expect("no writer breaks down");
        }
        drop(over);
    });
    assert_eq!(all(&Store::at(data.path())).len(), 4 * 4);
}

#[test]
fn a_person_keeps_one_shift_whatever_becomes_of_the_key() {
    let data = data();
    let store = Store::at(data.path());
    assert_eq!(store.shift_days(&code("P-1")), None);
    add(&store, "P-1", "", OPENED);
    let shift = store.shift_days(&code("P-1")).expect("they are known");
    let secret = crate::Secret::of_folder(data.path()).expect("it was made");
    assert_eq!(shift, secret.days("P-1"));
    fs::remove_file(data.path().join("deidentify.key")).expect("it is there");
    add(&store, "P-1", "", OPENED + 1);
    add(&store, "P-2", "", OPENED + 1);
    assert_eq!(store.shift_days(&code("P-1")), Some(shift));
}

#[test]
fn a_whole_name_outranks_the_beginning_of_another() {
    let data = data();
    let store = Store::at(data.path());
    for (person, visit) in [("P-1", "monday-2"), ("P-2", "monday"), ("P-3", "monday-3")] {
        let folder = store.folder(&code(person), &crate::VisitName::new(visit).expect("a name"));
        fs::create_dir_all(&folder).expect("there is room");
        fill(&folder, person, OPENED, State::Closed);
    }
    let Ok(Which::Visit(entry)) = store.resolve("monday") else { panic!("it is a name") };
    assert_eq!(entry.person, code("P-2"));
    assert!(matches!(store.resolve("monday-"), Err(StoreError::Ambiguous { .. })));
    let again = store.folder(&code("P-1"), &crate::VisitName::new("monday").expect("a name"));
    fs::create_dir(&again).expect("there is room");
    fill(&again, "", OPENED, State::Closed);
    let Err(StoreError::Ambiguous { first, second, .. }) = store.resolve("monday") else {
        panic!("two have it")
    };
    assert_eq!([first, second], ["P-1/monday", "P-2/monday"]);
}

#[test]
fn a_manifest_that_comes_or_changes_is_seen() {
    let data = data();
    let store = Store::at(data.path());
    let visit = add(&store, "P-1", "", OPENED);
    let manifest = store.folder(&code("P-1"), &visit).join("manifest");
    let text = fs::read(&manifest).expect("it was written");
    let hash = all(&store).remove(0).blake3.expect("the manifest has it");
    fs::remove_file(&manifest).expect("it is there");
    assert_eq!(all(&store).remove(0).blake3, None);
    fs::write(&manifest, &text).expect("there is room");
    assert_eq!(all(&store).remove(0).blake3, Some(hash));
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_keeps_the_folder_of_a_person() {
    use std::os::unix::ffi::OsStrExt;
    let data = data();
    let store = Store::at(data.path());
    let visit = add(&store, "P-1", "", OPENED);
    let home = data.path().join("people/P-1");
    let odd = home.join(std::ffi::OsStr::from_bytes(b"scan\xff.pdf"));
    fs::write(&odd, "1").expect("there is room");
    let shift = store.shift_days(&code("P-1"));
    store.delete_visit(&code("P-1"), &visit, now()).expect("it is there");
    assert!(all(&store).is_empty());
    assert!(odd.is_file());
    assert_eq!(store.shift_days(&code("P-1")), shift);
    store.delete_person(&code("P-1"), now()).expect("they are there");
    assert!(!home.exists());
}

#[test]
fn a_person_whose_visit_begins_or_comes_in_is_not_deleted() {
    let data = data();
    let store = Store::at(data.path());
    add(&store, "P-1", "", OPENED);
    // The journal is there, its description is not yet.
    let folder = store.begin(&code("P-1"), OPENED).expect("there is room");
    fs::create_dir(&folder).expect("there is room");
    fill(&folder, "", OPENED, State::Recording);
    fs::remove_file(folder.join("visit.json")).expect("it is there");
    let before = files(data.path());
    let busy = store.delete_person(&code("P-1"), now());
    assert!(matches!(busy, Err(StoreError::Busy { .. })), "{busy:?}");
    assert_eq!(files(data.path()), before, "nothing was deleted");
    let later = now() + std::time::Duration::from_secs(60);
    let staged = store.stage(&code("P-1"), OPENED + 1).expect("there is room");
    let coming = store.delete_person(&code("P-1"), later);
    assert!(matches!(coming, Err(StoreError::Coming { .. })), "{coming:?}");
    drop(staged);
    assert_eq!(store.delete_person(&code("P-1"), later).expect("nobody writes"), 2);
}

#[test]
fn whoever_needs_the_key_first_makes_the_one_that_all_have() {
    let data = data();
    let tags: Vec<String> = thread::scope(|scope| {
        let one = || scope.spawn(|| crate::Secret::of_folder(data.path()).expect("room").tag("x"));
        let all: Vec<_> = (0..8).map(|_| one()).collect();
        all.into_iter().map(|one| one.join().expect("it ends")).collect()
    });
    assert!(tags.iter().all(|tag| *tag == tags[0]));
    let names: Vec<_> = files(data.path()).into_keys().collect();
    assert_eq!(names, [data.path().join("deidentify.key")]);
}
