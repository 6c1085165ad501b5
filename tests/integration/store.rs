//! People and visits that are kept: taken in, listed, packed, deleted, by the binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Simulated, data, levator};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

/// Exit code, standard output, and standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("the binary was built");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().expect("no signal ended it");
    (code, text(&output.stdout), text(&output.stderr))
}

/// The binary with its data in a folder of the test.
fn with(store: &Path) -> Command {
    let mut command = levator();
    command.env("LEVATOR_DATA", store);
    command
}

fn json(command: &mut Command) -> Value {
    let (code, stdout, stderr) = run(command.arg("--json"));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).expect("it is JSON")
}

/// Everything below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("it is there").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).expect("it is there"))),
        }
    }
    found
}

fn people(store: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let people = store.join("people");
    let below = |path: &Path| path.strip_prefix(&people).expect("it is below").to_owned();
    files(&people).into_iter().map(|(path, bytes)| (below(&path), bytes)).collect()
}

fn is_anywhere(folder: &Path, word: &str) -> bool {
    files(folder).iter().any(|(path, bytes)| {
        path.to_string_lossy().contains(word)
            || bytes.windows(word.len()).any(|window| window == word.as_bytes())
    })
}

/// Takes files in and gives what was said of each.
fn import(store: &Path, arguments: &[&str]) -> Vec<Value> {
    let taken = json(with(store).arg("import").args(arguments));
    taken["visits"].as_array().expect("a list").clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Real and foreign files, of every format that is read.
fn foreign() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for of in ["recordings", "interop", "manometry", "neurokit"] {
        for entry in fs::read_dir(data(of)).expect("it is there") {
            let path = entry.expect("it is there").path();
            let name = path.file_name().expect("it has one").to_string_lossy().into_owned();
            let is_signal = ["csv", "txt", "edf", "bdf", "xdf"]
                .iter()
                .any(|extension| name.ends_with(extension));
            let is_list = name.contains(".labels.") || name.contains(".ignore.");
            if is_signal && !is_list && name != "recordings.csv" && !name.starts_with("LICENSE") {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

#[test]
fn a_file_that_is_taken_in_gives_what_the_file_gives() {
    let all = foreign();
    let (_, stdout, _) = run(levator().args(["analyse", "--json"]).args(&all));
    let analysed: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let analysed = analysed["files"].as_array().expect("a list");
    assert!(analysed.len() > 25, "{} files were read", analysed.len());
    let store = folder();
    let (_, stdout, stderr) = run(with(store.path()).args(["import", "--json"]).args(&all));
    let taken: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let taken = taken["visits"].as_array().expect("a list");
    let names = |list: &[Value], key: &str| -> Vec<String> {
        list.iter().map(|one| text(&one[key]).to_owned()).collect()
    };
    // A file with several channels stands there once for each.
    let mut of = names(analysed, "file");
    of.dedup();
    assert_eq!(names(taken, "from"), of, "{stderr}");

    let again = json(levator().arg("analyse").args(names(taken, "folder")));
    let again = again["files"].as_array().expect("a list");
    assert_eq!(again.len(), analysed.len());
    for (file, visit) in analysed.iter().zip(again) {
        let without_name = |value: &Value| {
            let mut value = value.clone();
            value["file"] = Value::Null;
            value
        };
        assert_eq!(without_name(visit), without_name(file), "{}", file["file"]);
        // It is in the result beside it once more, and the file is there byte for byte.
        let folder = Path::new(text(&visit["file"]));
        let read = |name: &str| -> Value {
            let bytes = fs::read(folder.join(name)).expect("it was written");
            serde_json::from_slice(&bytes).expect("it is JSON")
        };
        let kept = read("result.json");
        assert!(kept["files"].as_array().expect("a list").contains(visit), "{}", file["file"]);
        let about = read("visit.json");
        let original = folder.join(text(&about["imported"]["kept_as"]));
        let bytes = |path: &Path| fs::read(path).expect("it is there");
        assert_eq!(bytes(&original), bytes(Path::new(text(&file["file"]))));
        assert!(!about["imported"]["signals"].as_array().expect("a list").is_empty());
        assert_eq!(about["patient"]["name"], Value::Null);
    }
    for visit in taken {
        let (code, _, stderr) = run(levator().arg("verify").arg(text(&visit["folder"])));
        assert_eq!(code, 0, "{stderr}");
    }
    // Once more adds nothing.
    let (_, stdout, _) = run(with(store.path()).args(["import", "--json"]).args(&all));
    let twice: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let twice = twice["visits"].as_array().expect("a list");
    assert_eq!(twice.len(), taken.len());
    assert!(twice.iter().all(|one| one["was_there"] == true));
    let listed = json(with(store.path()).arg("visits"));
    let listed = listed["visits"].as_array().expect("a list").len();
    assert!(listed <= taken.len());
}

#[test]
fn channels_units_and_annotations_of_a_file_are_kept() {
    let store = folder();
    let file = data("interop/made_edfio_plus.bdf");
    let taken =
        import(store.path(), &["--person", "P-1", "--notes", "from elsewhere", path(&file)]);
    let shown = json(with(store.path()).args(["visits", "show", "P-1"]));
    assert_eq!(shown["notes"], "from elsewhere");
    let imported = &shown["about"]["imported"];
    assert_eq!(imported["file"], "made_edfio_plus.bdf");
    let exported = folder();
    let document = exported.path().join("all.json");
    let (code, _, stderr) = run(levator()
        .args(["export", "--to", "json", "--out", path(&document)])
        .arg(text(&taken[0]["folder"])));
    assert_eq!(code, 0, "{stderr}");
    let direct = exported.path().join("direct.json");
    let (code, ..) =
        run(levator().args(["export", "--to", "json", "--out", path(&direct)]).arg(&file));
    assert_eq!(code, 0);
    let read = |path: &Path| -> Value {
        serde_json::from_slice(&fs::read(path).expect("it was written")).expect("it is JSON")
    };
    let (one, other) = (read(&document), read(&direct));
    assert_eq!(one["streams"], other["streams"]);
    assert_eq!(one["annotations"], other["annotations"]);
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    assert_eq!(count(&imported["signals"]), count(&other["streams"]));
    let events = fs::read_to_string(Path::new(text(&taken[0]["folder"])).join("events.tsv"));
    let events = events.expect("it was written");
    assert_eq!(
        Some(events.lines().count() as u64 - 1),
        imported["annotation_count"].as_u64(),
        "{events}"
    );
    assert!(imported["annotation_count"].as_u64() > Some(0));
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn what_was_said_of_a_file_is_kept_with_it() {
    let store = folder();
    let file = data("recordings/emg_with_force_1.csv");
    let told = ["--kind", "pressure", "--unit", "cmH2O", "--channel", "1", "--mains", "60"];
    let direct = json(levator().arg("analyse").args(told).arg(&file));
    let taken = import(store.path(), &[&told[..], &["--person", "P-1", path(&file)]].concat());
    let kept = json(levator().arg("analyse").arg(text(&taken[0]["folder"])));
    let (mut direct, mut kept) = (direct["files"][0].clone(), kept["files"][0].clone());
    (direct["file"], kept["file"]) = (Value::Null, Value::Null);
    assert_eq!(kept, direct);
    // What is said now outranks it.
    let other = json(levator().args(["analyse", "--kind", "emg"]).arg(text(&taken[0]["folder"])));
    assert_eq!(other["files"][0]["kind"], "emg");
}

#[test]
fn a_folder_of_a_visit_is_taken_in_whole_or_not_at_all() {
    let (elsewhere, store) = (folder(), folder());
    let visit = elsewhere.path().join("visit");
    let demo = ["demo", "--seconds", "2", "--plain", "--no-page", "--out", path(&visit)];
    assert_eq!(run(levator().args(demo)).0, 0);
    let taken = import(store.path(), &["--person", "P-7", path(&visit)]);
    let folder = PathBuf::from(text(&taken[0]["folder"]));
    let (code, _, stderr) = run(levator().arg("verify").arg(&folder));
    assert_eq!(code, 0, "{stderr}");
    let here = files(&folder);
    // The demo puts a second visit into the folder, which is no part of this one.
    let own = files(&visit).into_iter().filter(|(path, _)| path.parent() == Some(visit.as_path()));
    for (path, bytes) in own {
        let name = path.file_name().expect("it has one");
        // The person was told now, so these two say so.
        if name != "visit.json" && name != "manifest" {
            assert_eq!(here.get(&folder.join(name)), Some(&bytes), "{}", path.display());
        }
    }
    let analysed = |folder: &Path| json(levator().arg("analyse").arg(folder))["files"][0].clone();
    assert_eq!(analysed(&folder)["digest"], analysed(&visit)["digest"]);
    let again = import(store.path(), &[path(&visit)]);
    assert_eq!((&again[0]["was_there"], text(&again[0]["person"])), (&Value::Bool(true), "P-7"));

    // Damaged, or killed: it says what to do, and nothing is taken in.
    let before = people(store.path());
    let journal = visit.join("raw.journal");
    let mut bytes = fs::read(&journal).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&journal, &bytes).expect("there is room");
    let (code, _, stderr) = run(with(store.path()).arg("import").arg(&visit));
    assert_eq!(code, 9, "{stderr}");
    assert!(stderr.contains("levator recover"), "{stderr}");
    assert_eq!(people(store.path()), before);
    for wrong in [elsewhere.path(), &journal, &elsewhere.path().join("nothing")] {
        let (code, _, stderr) = run(with(store.path()).arg("import").arg(wrong));
        assert!([2, 3].contains(&code), "{code}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    assert_eq!(people(store.path()), before);
}

#[test]
fn visits_are_listed_found_shown_and_deleted_with_nothing_left() {
    let store = folder();
    let (one, two) =
        (data("recordings/grip_5_squeezes.csv"), data("recordings/thumb_21_flicks.csv"));
    import(store.path(), &["--person", "P-1", "--notes", "a word like zanzibar", path(&one)]);
    import(store.path(), &["--person", "P-2", "--site", "thumb, left", path(&two)]);
    // Nobody needs a name, nor even a code.
    let third = data("recordings/biceps_9_bursts.csv");
    let unnamed = import(store.path(), &[path(&third)]);
    let code = text(&unnamed[0]["person"]).to_owned();
    assert!(code.starts_with("P-") && code.len() == 10, "{code}");

    let list = |arguments: &[&str]| {
        let listed = json(with(store.path()).arg("visits").args(arguments));
        listed["visits"].as_array().expect("a list").len()
    };
    assert_eq!(list(&[]), 3);
    assert_eq!(list(&["list", "--person", "P-1"]), 1);
    assert_eq!(list(&["find", "ZANZI"]), 1);
    assert_eq!(list(&["find", "thumb", "left"]), 1);
    assert_eq!(list(&["find", "thumb", "right"]), 0);
    assert_eq!(list(&["find", "--since", "2999-01-01"]), 0);
    let people = json(with(store.path()).args(["visits", "people"]));
    assert_eq!(people["people"].as_array().expect("a list").len(), 3);
    let (_, stdout, _) = run(with(store.path()).arg("visits"));
    assert!(stdout.contains("grip_5_squeezes.csv") && stdout.lines().count() == 3, "{stdout}");
    let (code_of, folder, _) = run(with(store.path()).args(["visits", "path", "P-1"]));
    assert_eq!((code_of, Path::new(folder.trim()).join("visit.json").is_file()), (0, true));

    let delete =
        |arguments: &[&str]| run(with(store.path()).args(["visits", "delete"]).args(arguments));
    let (exit, _, stderr) = delete(&["P-1"]);
    assert_eq!(exit, 2, "nobody is asked, so nothing goes");
    assert!(stderr.contains("--yes"), "{stderr}");
    assert_eq!(delete(&["--yes", "P-9"]).0, 2);
    assert_eq!(delete(&["--yes", "../P-1"]).0, 2);
    assert_eq!(delete(&["--yes", "P-1", &code]).0, 0);
    for word in ["zanzibar", "P-1", "grip_5", &code, "biceps"] {
        assert!(!is_anywhere(store.path(), word), "{word}");
    }
    assert_eq!(list(&[]), 1);
    assert_eq!(delete(&["--yes", "P-2"]).0, 0);
    let left: Vec<String> = files(store.path())
        .keys()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    assert_eq!(left, ["deidentify.key", "index.sqlite", "lock"]);
    assert_eq!(fs::read_dir(store.path().join("people")).expect("it is there").count(), 0);
}

#[test]
fn a_sealed_archive_comes_back_byte_for_byte_and_a_wrong_passphrase_gives_nothing() {
    let (from, to, desk) = (folder(), folder(), folder());
    let file = data("recordings/grip_5_squeezes.csv");
    import(from.path(), &["--person", "P-secret", "--notes", "zanzibar", path(&file)]);
    let word = |name: &str, text: &str| {
        let path = desk.path().join(name);
        fs::write(&path, format!("{text}\n")).expect("there is room");
        path
    };
    let (right, wrong) = (word("right", "correct horse battery"), word("wrong", "correct horse"));
    let archive = desk.path().join("visits.tar.age");
    let export = |more: &[&str]| {
        let arguments = ["visits", "export", "P-secret", "--out", path(&archive), "--encrypt"];
        run(with(from.path()).args(arguments).args(more))
    };
    let short = word("short", "1234567");
    assert_eq!(export(&["--passphrase-file", path(&short)]).0, 2);
    assert_eq!(export(&["--recipient", "age1nonsense"]).0, 2);
    assert_eq!(export(&[]).0, 2, "nobody is here to be asked");
    assert!(!archive.exists());
    let (code, _, stderr) = export(&["--passphrase-file", path(&right)]);
    assert_eq!(code, 0, "{stderr}");
    for secret in ["zanzibar", "P-secret", "grip_5", "raw", "original"] {
        let bytes = fs::read(&archive).expect("it was written");
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert_eq!(export(&["--passphrase-file", path(&right)]).0, 6, "nothing is overwritten");

    let take = |file: &Path, passphrase: &Path| {
        let arguments = ["import", "--passphrase-file", path(passphrase), path(file)];
        run(with(to.path()).args(arguments))
    };
    let (code, _, stderr) = take(&archive, &wrong);
    assert_eq!((code, stderr.lines().count()), (3, 1), "{stderr}");
    let bytes = fs::read(&archive).expect("it was written");
    let cut = desk.path().join("cut.tar.age");
    for len in [bytes.len() - 1, bytes.len() / 2, 200, 22] {
        fs::write(&cut, &bytes[..len]).expect("there is room");
        let (code, _, stderr) = take(&cut, &right);
        assert_eq!((code, stderr.lines().count()), (3, 1), "cut to {len}: {stderr}");
    }
    assert_eq!(people(to.path()).len(), 0);
    let (code, _, stderr) = take(&archive, &right);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(people(to.path()), people(from.path()));

    // For a key.
    let key = desk.path().join("key");
    let (code, public, _) = run(levator().args(["visits", "key", "--out", path(&key)]));
    assert_eq!(code, 0);
    let archive = desk.path().join("for-key.tar.age");
    let arguments = ["visits", "export", "P-secret", "--out", path(&archive), "--encrypt"];
    let (code, ..) = run(with(from.path()).args(arguments).args(["--recipient", public.trim()]));
    assert_eq!(code, 0);
    let third = folder();
    assert_eq!(run(with(third.path()).arg("import").arg(&archive)).0, 2);
    let arguments = ["import", "--identity", path(&key), path(&archive)];
    assert_eq!(run(with(third.path()).args(arguments)).0, 0);
    assert_eq!(people(third.path()), people(from.path()));
}

#[test]
fn many_programs_at_once_lose_nothing() {
    let store = folder();
    let names = ["grip_5_squeezes.csv", "grip_8_squeezes.csv", "thumb_21_flicks.csv"];
    let files = names.map(|name| data("recordings").join(name));
    let people = ["P-1", "P-2"];
    let jobs: Vec<Child> = people
        .iter()
        .flat_map(|person| files.iter().map(move |file| (person, file)))
        .map(|(person, file)| {
            with(store.path())
                .args(["import", "--person", person])
                .arg(file)
                .stdout(Stdio::null())
                .spawn()
                .expect("the binary was built")
        })
        .collect();
    for _ in 0..5 {
        assert_eq!(run(with(store.path()).arg("visits")).0, 0);
    }
    let count = jobs.len();
    for mut job in jobs {
        assert!(job.wait().expect("it is ours").success());
    }
    let listed = json(with(store.path()).arg("visits"));
    assert_eq!(listed["visits"].as_array().expect("a list").len(), count);
}

#[test]
fn dates_of_a_person_move_by_one_offset_that_the_store_keeps() {
    let (from, store, out) = (folder(), folder(), folder());
    const DAY_MS: u64 = 86_400_000;
    let opened = 1_795_356_191_250;
    for (at, day) in [0, 17].into_iter().enumerate() {
        crate::exchange::closed_visit(&from.path().join(at.to_string()), opened + day * DAY_MS);
    }
    let visits = [from.path().join("0"), from.path().join("1")];
    let taken = import(store.path(), &[path(&visits[0]), path(&visits[1])]);
    assert!(taken.iter().all(|one| one["person"] == "P-0815"), "{taken:?}");
    let person = store.path().join("people/P-0815/person.json");
    let person: Value =
        serde_json::from_slice(&fs::read(person).expect("it was written")).expect("it is JSON");
    let days = person["date_shift_days"].as_u64().expect("a number");
    // Whatever becomes of the key, and also for a copy that lies elsewhere.
    fs::write(store.path().join("deidentify.key"), [9; 32]).expect("there is room");
    let kept: Vec<&str> = taken.iter().map(|one| text(&one["folder"])).collect();
    for to in ["edf", "bdf", "csv", "xdf", "json", "bids"] {
        // Also where the journal was named, not its folder.
        let journal = visits[0].join("raw.journal");
        let sources = [kept[0], kept[1], path(&visits[0]), path(&journal)];
        for (at, source) in sources.into_iter().enumerate() {
            let target = out.path().join(format!("{to}-{at}"));
            fs::create_dir(&target).expect("there is room");
            let arguments = ["export", "--de-identify", "--to", to, "--out", path(&target), source];
            let told = json(with(store.path()).args(arguments));
            let start = told["files"][0]["start_utc_unix_ms"].as_u64().expect("it is known");
            let since = if at == 1 { 17 * DAY_MS } else { 0 };
            // The first sample came within the seconds after the start.
            let moved = (opened + since + 10_000).abs_diff(start + days * DAY_MS);
            assert!(moved <= 10_000, "{to} {at}: off by {moved} ms");
        }
    }
    let written = files(out.path());
    assert!(written.len() >= 24);
    for (file, bytes) in &written {
        let name = file.strip_prefix(out.path()).expect("inside").display().to_string();
        assert_eq!(crate::exchange::secrets_in(name.as_bytes()), [""; 0], "{name}");
        assert_eq!(crate::exchange::secrets_in(bytes), [""; 0], "{name}");
    }
    // Sealed, nothing of it can be read either.
    let key = out.path().join("key");
    let (_, public, _) = run(levator().args(["visits", "key", "--out", path(&key)]));
    let archive = out.path().join("all.tar.age");
    let arguments = ["visits", "export", "P-0815", "--encrypt", "--out", path(&archive)];
    let sealed = run(with(store.path()).args(arguments).args(["--recipient", public.trim()]));
    assert_eq!(sealed.0, 0, "{}", sealed.2);
    let bytes = fs::read(&archive).expect("it was written");
    assert_eq!(crate::exchange::secrets_in(&bytes), [""; 0]);
}

#[test]
fn a_visit_that_is_recorded_for_a_person_is_among_theirs() {
    let store = folder();
    let probe = Simulated::start(&[]);
    let record = |arguments: &[&str]| {
        let port = ["--port", &probe.port, "--seconds", "2"];
        run(with(store.path()).args(arguments).args(port))
    };
    let (code, _, stderr) = record(&["record", "--person", "P-1", "--position", "lying"]);
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = record(&["live", "--plain", "--no-page", "--person", "P-1"]);
    assert_eq!(code, 0, "{stderr}");
    let listed = json(with(store.path()).args(["visits", "list", "--person", "P-1"]));
    let visits = listed["visits"].as_array().expect("a list");
    assert_eq!(visits.len(), 2);
    for visit in visits {
        assert_eq!(visit["state"], "closed");
        let (code, _, stderr) = run(levator().arg("verify").arg(text(&visit["folder"])));
        assert_eq!(code, 0, "{stderr}");
        let replay = ["replay", "--plain", "--speed", "max"];
        let (code, _, stderr) = run(levator().args(replay).arg(text(&visit["folder"])));
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("the same as live, bit for bit"), "{stderr}");
    }
    assert_eq!(visits[0]["position"], "lying");
    // Neither a folder nor a person; a person who cannot be one; a port that is none.
    assert_eq!(record(&["record"]).0, 2);
    assert_eq!(record(&["record", "--person", "../x"]).0, 2);
    let missing = ["record", "--port", "/dev/nothing", "--person", "P-2"];
    assert_eq!(run(with(store.path()).args(missing)).0, 4);
    assert!(!store.path().join("people/P-2").exists(), "of whom nothing was recorded");
}

#[test]
fn a_folder_that_vanishes_is_loud_and_the_visit_goes_on() {
    let store = folder();
    let probe = Simulated::start(&[]);
    let recorder = with(store.path())
        .args(["record", "--person", "P-1", "--seconds", "5", "--port", &probe.port])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built");
    let people = store.path().join("people");
    let journal = || files(&people).into_keys().find(|path| path.ends_with("raw.journal"));
    for _ in 0..200 {
        if journal().is_some_and(|path| path.with_file_name("signals.bdf").exists()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(journal().is_some(), "nothing was recorded");
    fs::remove_dir_all(&people).expect("it is ours");
    let output = recorder.wait_with_output().expect("it is ours");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(stderr.contains("NOT RECORDED"), "{stderr}");
    // It went on to its end: a line a second.
    let lines = stderr.lines().filter(|line| line.contains("streaming")).count();
    assert!(lines >= 4, "{stderr}");
    assert_eq!(run(with(store.path()).arg("visits")).0, 0);
}

#[test]
fn what_opened_one_archive_opens_the_next() {
    let (from, to, desk) = (folder(), folder(), folder());
    let word = desk.path().join("word");
    fs::write(&word, "correct horse battery\n").expect("there is room");
    let mut archives = Vec::new();
    let file = data("recordings/grip_5_squeezes.csv");
    for person in ["P-1", "P-2"] {
        import(from.path(), &["--person", person, path(&file)]);
        let archive = desk.path().join(format!("{person}.tar.age"));
        let arguments = ["visits", "export", person, "--out", path(&archive), "--encrypt"];
        let packed =
            run(with(from.path()).args(arguments).args(["--passphrase-file", path(&word)]));
        assert_eq!(packed.0, 0, "{}", packed.2);
        archives.push(archive);
    }
    // Standard input has it once.
    let stdin = fs::File::open(&word).expect("it was written");
    let mut command = with(to.path());
    command.args(["import", "--passphrase-file", "-"]).args(&archives).stdin(stdin);
    let (code, told, stderr) = run(&mut command);
    assert_eq!((code, told.lines().count()), (0, 2), "{stderr}");
    assert_eq!(people(to.path()), people(from.path()));
    // A visit that was taken in cannot be played, and it is said what can be done.
    let visit = json(with(to.path()).args(["visits", "path", "P-1"]));
    let (code, _, stderr) = run(levator().args(["replay", text(&visit["folder"])]));
    assert_eq!(code, 3);
    assert!(stderr.contains("`levator analyse "), "{stderr}");
}

#[cfg(unix)]
#[test]
fn folders_and_tables_of_ours_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let from = folder();
    let visit = from.path().join("visit");
    crate::exchange::closed_visit(&visit, 1_795_356_191_250);
    let mode = |path: &Path| {
        let found = fs::metadata(path).expect("it was made");
        format!("{:o}", found.permissions().mode() & 0o777)
    };
    let (recovered, decoded) = (from.path().join("recovered"), from.path().join("new/decoded"));
    for (command, out) in [("recover", &recovered), ("re-decode", &decoded)] {
        let (code, _, stderr) = run(levator().args([command, path(&visit), "--out", path(out)]));
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(mode(out), "700", "{command}");
        for file in files(out).into_keys() {
            assert_eq!(mode(&file), "600", "{}", file.display());
        }
    }
    let table = from.path().join("table.csv");
    let (code, _, stderr) = run(levator().args(["analyse", path(&visit), "--out", path(&table)]));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(mode(&table), "600");
    // What is there is left alone, and what could not be done leaves nothing.
    let (code, _, _) = run(levator().args(["re-decode", path(&visit), "--out", path(&decoded)]));
    assert_eq!(code, 6);
    let told = visit.join("told.toml");
    let _ = fs::remove_file(&told);
    fs::write(&told, [0xff]).expect("there is room");
    let out = from.path().join("half");
    let (code, _, stderr) = run(levator().args(["re-decode", path(&visit), "--out", path(&out)]));
    assert!(code != 0 && !out.exists(), "{code} {stderr}");
    // A damaged journal is decoded as far as it goes, and said to be damaged.
    fs::remove_file(&told).expect("it is there");
    let journal = visit.join("raw.journal");
    let mut bytes = fs::read(&journal).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&journal, bytes).expect("there is room");
    let (code, _, stderr) = run(levator().args(["re-decode", path(&visit), "--out", path(&out)]));
    assert_eq!(code, 9, "{stderr}");
    assert!(out.join("manifest").is_file());
}

#[test]
fn a_virtual_device_of_others_is_on_no_recording() {
    let file = data("recordings/grip_5_squeezes.csv");
    let arguments = ["simulate", "--device", "bitalino", "--replay", path(&file)];
    for more in [&["--seconds", "1"][..], &["--seconds", "1", "--scenario", "nobody"]] {
        let (code, stdout, stderr) = run(levator().args(arguments).args(more));
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    }
}
