use std::fs;
use std::path::Path;

use super::{OPENED, add, all, code, files, is_anywhere};
use crate::archive::{
    self, ArchiveError, Identities, Key, Kind, Passphrase, Recipient, Seal, kind, new_keys,
};
use crate::{PersonCode, Store, StoreError, VisitName};

fn data() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

fn visits(store: &Store) -> Vec<(PersonCode, VisitName)> {
    all(store).into_iter().map(|entry| (entry.person, entry.visit)).collect()
}

fn packed(store: &Store, seal: &Seal) -> Vec<u8> {
    let (_, bytes) = archive::write(store, &visits(store), seal, Vec::new(), &mut |_| {})
        .expect("memory takes it");
    bytes
}

fn taken(store: &Store, bytes: &[u8], key: &Key) -> Result<usize, ArchiveError> {
    archive::read(store, bytes, key, &mut |_| {}).map(|taken| taken.len())
}

/// Every file below `people`, by its path from there.
fn people(root: &Path) -> Vec<(String, Vec<u8>)> {
    let people = root.join("people");
    let named = files(&people).into_iter().map(|(path, bytes)| {
        let path = path.strip_prefix(&people).expect("it is below").to_owned();
        (path.display().to_string(), bytes)
    });
    named.collect()
}

fn keys() -> (Key, Seal) {
    let (text, public) = new_keys();
    let recipient: Recipient = public.parse().expect("we made it");
    (Key::Identities(Identities::new(text)), Seal::Recipients(vec![recipient]))
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn two_people() -> (tempfile::TempDir, Store) {
    let data = data();
    let store = Store::at(data.path());
    add(&store, "P-1", "one", OPENED);
    add(&store, "P-1", "two", OPENED + 86_400_000);
    add(&store, "P-2", "three, a word like zanzibar", OPENED);
    (data, store)
}

#[test]
fn what_was_packed_comes_back_byte_for_byte() {
    let (from, store) = two_people();
    let (key, sealed) = keys();
    for (seal, key, is) in [(Seal::Open, Key::None, Kind::Open), (sealed, key, Kind::Key)] {
        let bytes = packed(&store, &seal);
        assert_eq!(kind(&bytes[..512]), Some(is));
        let is_open = bytes.windows(8).any(|window| window == b"zanzibar");
        assert_eq!(is_open, is == Kind::Open, "sealed, nothing can be read");
        let to = data();
        let other = Store::at(to.path());
        assert_eq!(taken(&other, &bytes, &key).expect("it is whole"), 3);
        assert_eq!(people(to.path()), people(from.path()));
        // Once more changes nothing.
        let again = archive::read(&other, &bytes[..], &key, &mut |_| {}).expect("it is whole");
        assert!(again.iter().all(|one| one.was_there));
        assert_eq!(people(to.path()), people(from.path()));
    }
}

#[test]
fn a_passphrase_opens_it_and_no_other() {
    let (from, store) = two_people();
    let right = passphrase("correct horse battery");
    assert!(matches!(
        archive::write(
            &store,
            &visits(&store),
            &Seal::Passphrase(passphrase("1234567")),
            Vec::new(),
            &mut |_| {}
        ),
        Err(ArchiveError::ShortPassphrase)
    ));
    let bytes = packed(&store, &Seal::Passphrase(right.clone()));
    assert_eq!(kind(&bytes), Some(Kind::Passphrase));
    let to = data();
    let other = Store::at(to.path());
    let (some_key, _) = keys();
    let wrong = taken(&other, &bytes, &Key::Passphrase(passphrase("correct horse batterz")));
    assert!(matches!(wrong, Err(ArchiveError::WrongKey)), "{wrong:?}");
    let none = taken(&other, &bytes, &Key::None);
    assert!(matches!(none, Err(ArchiveError::NeedsPassphrase)), "{none:?}");
    let key = taken(&other, &bytes, &some_key);
    assert!(matches!(key, Err(ArchiveError::NeedsPassphrase)), "{key:?}");
    assert_eq!(fs::read_dir(to.path()).expect("it is there").count(), 0, "nothing was made");
    assert_eq!(taken(&other, &bytes, &Key::Passphrase(right)).expect("it is right"), 3);
    assert_eq!(people(to.path()), people(from.path()));
}

#[test]
fn no_other_key_opens_it() {
    let (_from, store) = two_people();
    let ((right, seal), (wrong, _)) = (keys(), keys());
    let bytes = packed(&store, &seal);
    let to = data();
    let other = Store::at(to.path());
    let found = taken(&other, &bytes, &wrong);
    assert!(matches!(found, Err(ArchiveError::WrongKey)), "{found:?}");
    let found = taken(&other, &bytes, &Key::Passphrase(passphrase("correct horse battery")));
    assert!(matches!(found, Err(ArchiveError::NeedsKey)), "{found:?}");
    let none = Key::Identities(Identities::new("no key\n".to_owned()));
    assert!(matches!(taken(&other, &bytes, &none), Err(ArchiveError::NoIdentity)));
    assert!("age1nonsense".parse::<Recipient>().is_err());
    assert!(taken(&other, &bytes, &right).is_ok());
    // Two may open what was sealed for both.
    let (text, public) = new_keys();
    let Seal::Recipients(mut both) = seal else { panic!("it was made for a key") };
    both.push(public.parse().expect("we made it"));
    let bytes = packed(&store, &Seal::Recipients(both));
    for key in [right, Key::Identities(Identities::new(text))] {
        assert_eq!(taken(&other, &bytes, &key).expect("it is right"), 3);
    }
}

#[test]
fn a_cut_or_changed_archive_is_refused_and_leaves_nothing() {
    let data_from = data();
    let store = Store::at(data_from.path());
    add(&store, "P-1", "one", OPENED);
    let (key, seal) = keys();
    let bytes = packed(&store, &seal);
    let to = data();
    let other = Store::at(to.path());
    let refuse = |bytes: &[u8], what: &str| {
        let found = taken(&other, bytes, &key);
        assert!(found.is_err(), "{what}");
        assert!(people_is_empty(to.path()), "{what}: {:?}", files(to.path()).keys());
    };
    for len in (0..bytes.len()).step_by(97).chain(bytes.len() - 40..bytes.len()) {
        refuse(&bytes[..len], &format!("cut to {len}"));
    }
    for at in (0..bytes.len()).step_by(211) {
        let mut other = bytes.clone();
        other[at] ^= 1;
        refuse(&other, &format!("byte {at}"));
    }
    let mut longer = bytes.clone();
    longer.push(0);
    refuse(&longer, "one byte more");
    // Without a seal a cut is seen all the same.
    let open = packed(&store, &Seal::Open);
    for len in (0..open.len()).step_by(511) {
        assert!(taken(&other, &open[..len], &Key::None).is_err(), "cut to {len}");
        assert!(people_is_empty(to.path()), "cut to {len}");
    }
    assert_eq!(taken(&other, &bytes, &key).expect("it is whole"), 1);
}

fn people_is_empty(root: &Path) -> bool {
    fs::read_dir(root.join("people")).map_or(true, |mut people| people.next().is_none())
}

#[test]
fn a_visit_that_is_there_and_differs_stays_and_nothing_else_comes() {
    let (_from, store) = two_people();
    let bytes = packed(&store, &Seal::Open);
    let to = data();
    let other = Store::at(to.path());
    taken(&other, &bytes, &Key::None).expect("it is whole");
    let (person, visit) = visits(&other).remove(1);
    let journal = other.folder(&person, &visit).join("raw.journal");
    let mut changed = fs::read(&journal).expect("it is there");
    changed[99] ^= 1;
    fs::write(&journal, &changed).expect("there is room");
    let (first, name) = visits(&other).remove(0);
    other.delete_visit(&first, &name, super::now()).expect("it is there");
    let before = people(to.path());
    let found = taken(&other, &bytes, &Key::None);
    assert!(matches!(found, Err(ArchiveError::Store(StoreError::Differs { .. }))), "{found:?}");
    all(&other);
    assert_eq!(people(to.path()), before);
}

#[test]
fn no_archive_writes_anywhere_else() {
    let to = data();
    let root = to.path().join("a/b/store");
    let store = Store::at(&root);
    // As `tar` would write it, with a path of an attacker's choice.
    let archive = |path: &str| {
        let mut block = [0_u8; 512];
        block[..path.len()].copy_from_slice(path.as_bytes());
        block[124..136].copy_from_slice(b"00000000004\0");
        block[148..156].copy_from_slice(b"        ");
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut bytes = block.to_vec();
        bytes.extend_from_slice(b"evil");
        bytes.resize(512 * 4, 0);
        bytes
    };
    let good = archive("P-1/monday/visit.json");
    assert!(taken(&store, &good, &Key::None).is_ok());
    for path in [
        "../P-1/monday/visit.json",
        "P-1/../../x",
        "P-1/monday/../x",
        "P-1/monday/..",
        "/tmp/x/y",
        "P-1/monday/a/b",
        "P-1//x",
        "P-1/monday/",
        "P-1/monday/.held",
        "P-1/monday/c:x",
        "P-1/monday/a\\b",
        "P-1/.new-0/x",
        "people/P-1",
        "x",
        "",
    ] {
        let found = taken(&store, &archive(path), &Key::None);
        assert!(
            matches!(found, Err(ArchiveError::Foreign { .. } | ArchiveError::Tar(_))),
            "{path}: {found:?}"
        );
    }
    assert_eq!(files(to.path()).keys().filter(|path| !path.starts_with(&root)).count(), 0);
    assert_eq!(all(&store).len(), 1);
    assert!(matches!(taken(&store, &[0; 2048], &Key::None), Err(ArchiveError::NoArchive)));
    assert!(matches!(taken(&store, b"", &Key::None), Err(ArchiveError::NoArchive)));
    assert!(is_anywhere(&root, "evil"));
}

#[test]
fn a_person_who_is_new_keeps_the_shift_of_the_archive() {
    let (from, store) = two_people();
    let shift = store.shift_days(&code("P-1"));
    let bytes = packed(&store, &Seal::Open);
    let to = data();
    let other = Store::at(to.path());
    taken(&other, &bytes, &Key::None).expect("it is whole");
    assert_eq!(other.shift_days(&code("P-1")), shift);
    // Who is known here keeps the one of here.
    let third = data();
    let known = Store::at(third.path());
    add(&known, "P-1", "", OPENED + 77);
    let own = known.shift_days(&code("P-1"));
    taken(&known, &bytes, &Key::None).expect("it is whole");
    assert_eq!(known.shift_days(&code("P-1")), own);
    assert_ne!(own, shift);
    drop(from);
}

#[test]
fn what_no_import_takes_is_left_out_or_refused_before_a_byte_is_written() {
    let (_from, store) = two_people();
    let (person, visit) = visits(&store).remove(0);
    let folder = store.folder(&person, &visit);
    // A file browser put it there, and nobody misses it.
    fs::write(folder.join(".DS_Store"), "seen").expect("there is room");
    let bytes = packed(&store, &Seal::Open);
    assert!(!bytes.windows(9).any(|window| window == b".DS_Store"));
    let to = data();
    assert_eq!(taken(&Store::at(to.path()), &bytes, &Key::None).expect("it is whole"), 3);

    let refused = |what: &str| {
        let mut written = Vec::new();
        let found = archive::write(&store, &visits(&store), &Seal::Open, &mut written, &mut |_| {});
        let Err(ArchiveError::Store(error @ StoreError::NotPortable { .. })) = found else {
            panic!("{what}: it was packed")
        };
        assert!(written.is_empty(), "{what}");
        error.to_string()
    };
    let long = "x".repeat(101);
    for name in ["a:b.txt", "a\\b", "a\nb", &long] {
        fs::write(folder.join(name), "1").expect("there is room");
        assert!(refused(name).contains(name), "{name}");
        fs::remove_file(folder.join(name)).expect("it is there");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let odd = folder.join(std::ffi::OsStr::from_bytes(b"n\xff"));
        fs::write(&odd, "1").expect("there is room");
        refused("no UTF-8");
        fs::remove_file(&odd).expect("it is there");
    }
    assert_eq!(packed(&store, &Seal::Open), bytes);
}

#[test]
fn a_shift_of_dates_that_hides_nothing_is_refused() {
    let (_from, store) = two_people();
    let path = store.root().join("people/P-1/person.json");
    let whole = fs::read_to_string(&path).expect("it was written");
    let days = store.shift_days(&code("P-1")).expect("they are known");
    let to = data();
    let other = Store::at(to.path());
    let with = |value: &str| whole.replace(&format!(": {days}"), &format!(": {value}"));
    for text in [with("0"), with("3651"), with("-5"), with("\"7\""), with("null"), "{".to_owned()] {
        fs::write(&path, &text).expect("there is room");
        assert_eq!(store.shift_days(&code("P-1")), None, "{text}");
        let found = taken(&other, &packed(&store, &Seal::Open), &Key::None);
        assert!(matches!(found, Err(ArchiveError::Person { .. })), "{text}: {found:?}");
        assert!(people_is_empty(to.path()), "{text}");
    }
    // Nothing else that stands in it comes in.
    fs::write(&path, with("3650").replace('{', "{\"name\": \"zanzibar\",")).expect("room");
    taken(&other, &packed(&store, &Seal::Open), &Key::None).expect("it is legal");
    assert_eq!(other.shift_days(&code("P-1")), Some(3650));
    let person = fs::read_to_string(to.path().join("people/P-1/person.json")).expect("written");
    assert!(!person.contains("zanzibar"), "{person}");
}

#[test]
fn a_visit_that_cannot_be_put_in_takes_those_before_it_out_again() {
    let (_from, store) = two_people();
    let bytes = packed(&store, &Seal::Open);
    let size = archive::size(&store, &visits(&store)).expect("they are there");
    let to = data();
    let other = Store::at(to.path());
    // The last byte was read: somebody takes the folder of P-2 away, whose turn comes after P-1.
    let mut read = 0;
    let found = archive::read(&other, &bytes[..], &Key::None, &mut |len| {
        read += len;
        if read == size {
            let home = to.path().join("people/P-2");
            for entry in fs::read_dir(&home).expect("it is there") {
                let path = entry.expect("it is there").path();
                if path.is_dir() {
                    fs::remove_dir_all(path).expect("it is there");
                }
            }
        }
    });
    assert!(matches!(found, Err(ArchiveError::Store(StoreError::Io { .. }))), "{found:?}");
    assert!(people_is_empty(to.path()), "{:?}", files(to.path()).keys());
    assert_eq!(taken(&other, &bytes, &Key::None).expect("it is whole"), 3);
}
