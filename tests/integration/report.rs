//! Reports: what stands on them is what was measured, and they can be made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use levator_catalog::lang::{Lang, Words};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{data, levator};

fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("the program is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A virtual visit: its signals and what is told of it.
fn visit(folder: &Path, condition: &str) -> (PathBuf, PathBuf) {
    let out = folder.join(condition);
    let words = ["simulate-visit", "--seed", "3", "--condition", condition, "--out"];
    let (code, _, stderr) = run(levator().args(words).arg(&out));
    assert_eq!(code, 0, "{stderr}");
    (out.join("visit.csv"), out.join("told.toml"))
}

fn report(signals: &Path, told: &Path, more: &[&str]) -> String {
    let mut command = levator();
    command.arg("report").arg(signals).arg("--symptoms").arg(told);
    let (code, stdout, stderr) = run(command.args(["--programme", "glazer"]).args(more));
    assert_eq!(code, 0, "{stderr}");
    stdout
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

/// References that a browser would follow; the name of the SVG format is none.
fn references(html: &str) -> Vec<&str> {
    let text = html.split("http://www.w3.org/2000/svg");
    let signs =
        ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "data:"];
    text.flat_map(|part| signs.iter().copied().filter(move |sign| part.contains(sign))).collect()
}

#[test]
fn a_report_says_what_assess_says_and_is_made_again_from_what_it_names() {
    let folder = folder();
    let (signals, told) = visit(folder.path(), "hypertonic");
    let mut assess = levator();
    assess.arg("assess").arg(&signals).arg("--symptoms").arg(&told);
    let (code, found, stderr) = run(assess.args(["--programme", "glazer", "--json"]));
    assert_eq!(code, 0, "{stderr}");
    let found: Value = serde_json::from_str(&found).expect("it is JSON");
    let json = report(&signals, &told, &["--for", "referrer", "--format", "json"]);
    let made: Value = serde_json::from_str(&json).expect("it is JSON");
    for part in ["assessment", "measures", "trials", "programme"] {
        assert_eq!(made[part], found[part], "{part}");
    }
    // And what `analyse --json` says, channel after channel.
    let mut analyse = levator();
    analyse.arg("analyse").arg(&signals).args(["--programme", "glazer", "--json"]);
    let analysed: Value = serde_json::from_str(&run(&mut analyse).1).expect("it is JSON");
    for part in ["measures", "trials"] {
        let files = analysed["files"].as_array().expect("a list").iter();
        let all: Vec<&Value> = files.filter_map(|one| one[part].as_array()).flatten().collect();
        assert!(!all.is_empty(), "{part}");
        assert_eq!(
            all,
            made[part].as_array().expect("a list").iter().collect::<Vec<_>>(),
            "{part}"
        );
    }
    let audit = &made["audit"];
    assert_eq!(audit["digest"], analysed["files"][0]["digest"]);
    assert_eq!(audit["blake3"], found["blake3"]);
    let bytes = fs::read(&signals).expect("it was written");
    assert_eq!(audit["blake3"], blake3::hash(&bytes).to_hex().as_str());
    assert_eq!(audit["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(audit["others"]["told.toml"].as_str().map(str::len), Some(64));

    // In another place, with nothing but what the report says of itself.
    let elsewhere = self::folder();
    for path in [&signals, &told] {
        let name = path.file_name().expect("a file");
        fs::copy(path, elsewhere.path().join(name)).expect("the folder can be written");
    }
    let words: Vec<&str> =
        audit["arguments"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let (code, again, stderr) = run(levator().args(words).current_dir(elsewhere.path()));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(again, json);

    // Every number that is printed of the axes is one of the answer's.
    let text = made["text"].as_str().expect("text");
    for finding in made["assessment"]["findings"].as_array().expect("a list") {
        if let Some(value) = finding["value"].as_f64() {
            let number = levator_score::number(value).replace('-', "\u{2212}");
            assert!(text.contains(&number), "{number} of {}\n{text}", finding["axis"]);
        }
    }
}

#[test]
fn the_page_stands_alone_and_every_page_says_what_it_is_not() {
    let folder = folder();
    let (signals, told) = visit(folder.path(), "tight-and-weak");
    for (reader, pages) in [("person", 1), ("referrer", 2)] {
        let html = report(&signals, &told, &["--for", reader, "--format", "html"]);
        assert_eq!(references(&html), [""; 0], "{reader}");
        assert_eq!(html.matches("<section class=\"page").count(), pages, "{reader}");
        assert_eq!(html.matches(levator_score::SCREENING).count(), pages, "{reader}");
        assert_eq!(html.matches("<footer>").count(), pages, "{reader}");
        assert!(html.contains("@page { size: A4") && html.contains("<svg "), "{reader}");
    }
    let html = report(&signals, &told, &["--format", "html"]);
    let words = html.replace(levator_score::SCREENING, "").to_lowercase();
    for word in ["weak", "failed", "\u{b5}v", "uv ", "microvolt", "cmh"] {
        assert!(!words.contains(word), "{word}");
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = folder();
    let file = data("recordings/emg_with_force_1.csv");
    let out = folder.path().join("page.html");
    let write = |name: &str| {
        run(levator().arg("report").arg(&file).arg("--out").arg(folder.path().join(name)))
    };
    assert_eq!(write("page.html").0, 0);
    assert!(fs::read_to_string(&out).expect("it was written").starts_with("<!DOCTYPE html>"));
    let (code, _, stderr) = write("page.html");
    assert_eq!(code, 6, "nothing is overwritten: {stderr}");
    let (code, _, stderr) = write("page.doc");
    assert!(code == 2 && stderr.contains("--format"), "{stderr}");
    let picture = ["--format", "svg", "--picture", "cat"];
    let (code, _, stderr) = run(levator().arg("report").arg(&file).args(picture));
    assert!(code == 2 && stderr.contains("overview"), "{stderr}");
    let (code, _, stderr) = run(levator().args(["report", "nothing.csv"]));
    assert_eq!(code, 3, "{stderr}");
}

#[test]
fn many_files_make_one_table_and_bad_ones_are_named_at_the_end() {
    let folder = folder();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("it is new");
    for name in ["emg_with_force_1.csv", "mixed_4_bursts.txt"] {
        fs::copy(data("recordings").join(name), inner.join(name)).expect("it can be copied");
    }
    fs::write(folder.path().join("empty.csv"), "").expect("it can be written");
    let edf = fs::read(data("interop/made_edfio.edf")).expect("it is there");
    fs::write(folder.path().join("cut.edf"), &edf[..200]).expect("it can be written");
    let out = folder.path().join("table.csv");
    let batch = || run(levator().arg("analyse").arg(folder.path()).arg("--out").arg(&out));
    let (code, stdout, stderr) = batch();
    assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
    assert!(stderr.contains("2 of 4 files are in"), "{stderr}");
    assert!(stderr.contains("empty.csv: ") && stderr.contains("cut.edf: "), "{stderr}");
    let table = fs::read_to_string(&out).expect("it was written");
    let (columns, rows) = table.split_once('\n').expect("a head");
    let place = |name: &str| columns.split(',').position(|one| one == name).expect("a column");
    for line in rows.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), columns.split(',').count(), "{line}");
        let (code, json, _) = run(levator().args(["analyse", "--json", cells[place("file")]]));
        let found: Value = serde_json::from_str(&json).expect("it is JSON");
        let one = &found["files"][0];
        assert_eq!((code, one["digest"].as_str()), (0, Some(cells[place("digest")])));
        assert_eq!(one["blake3"], cells[place("blake3")]);
        let count = one["contractions"].as_array().map(Vec::len);
        assert_eq!(cells[place("contractions")].parse().ok(), count);
        let rest = cells[place("rest_level")].parse::<f64>().ok();
        assert_eq!(one["rest"]["level"].as_f64(), rest);
    }
    assert_eq!(rows.lines().count(), 2);
    assert_eq!(batch().0, 6, "nothing is overwritten");
}

#[test]
fn visits_that_can_be_compared_are_joined_and_others_kept_apart() {
    let folder = folder();
    let make = |name: &str, more: &[&str]| {
        let words = ["simulate-visit", "--seed", "3", "--condition", "weak", "--out"];
        let (code, _, stderr) = run(levator().args(words).arg(folder.path().join(name)).args(more));
        assert_eq!(code, 0, "{stderr}");
    };
    make("1", &["--visit", "0"]);
    make("2", &["--visit", "1"]);
    make("3", &["--visit", "2", "--gain", "2"]);
    fs::write(folder.path().join("broken.csv"), "").expect("it can be written");
    let progress = |more: &[&str]| {
        run(levator().arg("progress").arg(folder.path()).args(["--programme", "glazer"]).args(more))
    };
    let (code, stdout, stderr) = progress(&["--json"]);
    assert!(code == 3 && stderr.contains("broken.csv: "), "{stderr}");
    let found: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let series = found["series"].as_array().expect("a list");
    let counts: Vec<_> = series.iter().map(|one| one["files"].as_array().map(Vec::len)).collect();
    assert_eq!(counts, [Some(2), Some(1)], "another gain is another profile");
    let measures = series[0]["measures"].as_array().expect("a list");
    assert!(measures.len() >= 3, "{measures:?}");
    for row in measures {
        let values = row["values"].as_array().expect("a list");
        let change = &row["since_first"];
        assert_eq!(values.len(), 2);
        assert_eq!(change["then"], values[0], "{row}");
        // Two visits of somebody who has not changed.
        let trend = change["trend"].as_str().expect("a word");
        assert!(["not-detectable", "not-comparable"].contains(&trend), "{row}");
    }
    let file = series[0]["files"][1].as_str().expect("a name");
    let told = folder.path().join("2/told.toml");
    let mut assess = levator();
    assess.arg("assess").arg(file).args(["--programme", "glazer", "--json", "--earlier"]);
    assess.arg(series[0]["files"][0].as_str().expect("a name")).arg("--symptoms").arg(told);
    let answer: Value = serde_json::from_str(&run(&mut assess).1).expect("it is JSON");
    assert_eq!(answer["assessment"], series[0]["assessment"]);
    let (_, stdout, _) = progress(&[]);
    // Lines are broken where the page ends.
    let text = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("2 series that cannot be compared"), "{stdout}");
    assert!(text.contains(levator_score::SCREENING), "{stdout}");
}

/// Two visits of somebody weak, and a third that ends after a quarter of a minute.
fn visits_that_end_in_too_little(folder: &Path) {
    for (name, visit) in [("1", "0"), ("2", "1"), ("3", "2")] {
        let words = ["simulate-visit", "--seed", "3", "--condition", "weak", "--visit", visit];
        let (code, _, stderr) = run(levator().args(words).arg("--out").arg(folder.join(name)));
        assert_eq!(code, 0, "{stderr}");
    }
    let last = folder.join("3/visit.csv");
    let text = fs::read_to_string(&last).expect("it was written");
    let second = |line: &str| line.split(',').next().and_then(|cell| cell.parse::<f64>().ok());
    let kept = text.lines().filter(|line| second(line).is_none_or(|at| at < 15.0));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    fs::write(&last, kept).expect("it can be written");
}

#[test]
fn too_little_data_never_reads_as_an_open_gate() {
    let folder = folder();
    visits_that_end_in_too_little(folder.path());
    let last = folder.path().join("3/visit.csv");
    let told = folder.path().join("3/told.toml");
    let progress = |more: &[&str]| {
        let mut command = levator();
        command.arg("progress").arg(folder.path()).args(["--programme", "glazer"]).args(more);
        let (code, stdout, stderr) = run(&mut command);
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    let found: Value = serde_json::from_str(&progress(&["--json"])).expect("it is JSON");
    assert_eq!(found["series"].as_array().map(Vec::len), Some(1));
    let answer = &found["series"][0]["assessment"];
    assert_eq!(answer["label"], "insufficient-data");
    // What is missing closes nothing by itself, so the gate is no more than amber.
    assert_eq!(
        (answer["gate"].as_str(), answer["strengthening"].as_str()),
        (Some("amber"), Some("closed"))
    );
    for offer in answer["offers"].as_array().expect("a list") {
        let is_strong =
            offer["programme"].as_str().is_some_and(|id| id.starts_with("strengthening"));
        assert!(!is_strong || offer["opening"] == "closed" && offer["rank"].is_null(), "{offer}");
    }
    // Earlier values are still told, and that nothing can be said of a change.
    let measures = found["series"][0]["measures"].as_array().expect("a list");
    assert!(measures.iter().any(|one| one["values"][0].is_f64() && one["values"][2].is_null()));

    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for lang in Lang::ALL {
        let words = Words::of(lang);
        let again = flat(&words.said("measure again before any strengthening"));
        assert!(lang == Lang::En || again != "measure again before any strengthening");
        let open: Vec<String> =
            ["green: strengthening is open", "amber: strengthening is open with safeguards"]
                .iter()
                .map(|gate| flat(&words.said(gate)))
                .collect();
        let mut pages = Vec::new();
        for format in ["text", "html"] {
            let more = ["--lang", lang.code(), "--format", format];
            pages.push(flat(&progress(&more)));
            pages.push(flat(&report(&last, &told, &[&more[..], &["--for", "referrer"]].concat())));
            let person = flat(&report(&last, &told, &more));
            assert!(person.contains(&flat(words.get("person.training-measure-again"))), "{person}");
            pages.push(person);
        }
        for (place, page) in pages.iter().enumerate() {
            assert!(open.iter().all(|one| !page.contains(one)), "{lang:?}, {place}: {page}");
            let is_for_the_person = place % 3 == 2;
            assert!(is_for_the_person || page.contains(&again), "{lang:?}, {place}: {page}");
        }
        assert!(pages[0].contains(&flat(words.get("progress.cannot-tell"))), "{}", pages[0]);
    }
    let assess = |more: &[&str]| {
        let mut command = levator();
        command.arg("assess").arg(&last).arg("--symptoms").arg(&told);
        flat(&run(command.args(["--programme", "glazer"]).args(more)).1)
    };
    let said = assess(&[]);
    assert!(said.contains("Training: measure again before any strengthening"), "{said}");
    assert!(said.contains("closed for now: strengthening-lying"), "{said}");
    // What would change the answer may open it; what is said of this visit does not.
    let (now, _) = said.split_once("What would change").unwrap_or((&said, ""));
    assert!(!now.contains("strengthening is open"), "{said}");
}

#[test]
fn what_is_kept_of_a_person_is_followed_by_their_code() {
    let folder = folder();
    let store = folder.path().join("data");
    for (name, visit) in [("1", "0"), ("2", "1")] {
        let out = folder.path().join(name);
        let words = ["simulate-visit", "--seed", "3", "--condition", "weak", "--visit", visit];
        let (code, _, stderr) = run(levator().args(words).arg("--out").arg(&out));
        assert_eq!(code, 0, "{stderr}");
        let mut import = levator();
        import.arg("import").arg(out.join("visit.csv")).args(["--person", "P-017"]);
        let (code, _, stderr) =
            run(import.args(["--programme", "glazer"]).arg("--data").arg(&store));
        assert_eq!(code, 0, "{stderr}");
    }
    let progress = |names: &[&str]| {
        let mut command = levator();
        command.arg("progress").args(names).arg("--json").arg("--data").arg(&store);
        run(command.current_dir(folder.path()))
    };
    let (code, stdout, stderr) = progress(&["P-017"]);
    assert_eq!(code, 0, "{stderr}");
    let found: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let files = found["series"][0]["files"].as_array().expect("a list");
    assert_eq!((found["series"].as_array().map(Vec::len), files.len()), (Some(1), 2), "{found}");
    // Codes alone: where the store lies says nothing of a visit.
    for file in files {
        assert!(file.as_str().is_some_and(|name| name.starts_with("P-017/20")), "{file}");
    }
    // One of them by its name, and each once however often it is named.
    let one = files[0].as_str().expect("a name");
    let (code, stdout, stderr) = progress(&[one, "P-017"]);
    assert_eq!(code, 0, "{stderr}");
    let again: Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!(again["series"], found["series"]);
    // A folder that is there is read as a folder.
    fs::create_dir(folder.path().join("P-017")).expect("it is new");
    let (code, _, stderr) = progress(&["P-017"]);
    assert!(code == 3 && stderr.contains("a folder without a file to analyse"), "{stderr}");
    let (code, _, stderr) = progress(&["P-018"]);
    assert!(code == 3 && stderr.contains("levator visits"), "{stderr}");
}

/// Visits of somebody who grows stronger, lying, with what is told of them.
fn visits_of_somebody_who_grows_stronger(folder: &Path) {
    for (visit, condition) in [("1", "weak"), ("2", "healthy"), ("3", "healthy")] {
        let mut simulate = levator();
        simulate.args(["simulate-visit", "--seed", "3", "--condition", condition]);
        simulate.args(["--device", "camtech+abdomen", "--visit", visit, "--out"]);
        let (code, _, stderr) = run(simulate.arg(folder.join(visit)));
        assert_eq!(code, 0, "{stderr}");
        tell(&folder.join(visit), "position = \"lying\"");
    }
}

/// Tells something more of a visit.
fn tell(visit: &Path, line: &str) {
    let path = visit.join("told.toml");
    let text = fs::read_to_string(&path).expect("it was written");
    let text = text.replacen("format = 1", &format!("format = 1\n{line}"), 1);
    fs::write(path, text).expect("it can be written");
}

#[test]
fn a_change_is_named_beyond_the_detectable_one_and_the_gate_closes_what_would_come_next() {
    let folder = folder();
    visits_of_somebody_who_grows_stronger(folder.path());
    let progress = |format: &str| {
        let mut command = levator();
        command.arg("progress").arg(folder.path()).args(["--programme", "first-visit"]);
        let (code, stdout, stderr) = run(command.args(["--lang", "en", "--format", format]));
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    let json = || -> Value { serde_json::from_str(&progress("json")).expect("it is JSON") };
    let text = || progress("text").split_whitespace().collect::<Vec<_>>().join(" ");
    let found = json();
    let series = &found["series"];
    assert_eq!(series.as_array().map(Vec::len), Some(1), "{found}");
    let mut named = 0;
    for row in series[0]["measures"].as_array().expect("a list") {
        let change = &row["since_first"];
        let trend = change["trend"].as_str().expect("a word");
        let number = |key: &str| change[key].as_f64();
        let (Some(then), Some(now)) = (number("then"), number("now")) else { continue };
        let is_beyond = match &change["detectable"] {
            Value::Null => false,
            limit => match limit["difference"].as_f64() {
                Some(difference) => (now - then).abs() > difference,
                None => (now / then).ln().abs() > limit["ratio"].as_f64().expect("a ratio").ln(),
            },
        };
        let is_named = ["improved", "worse", "changed"].contains(&trend);
        assert_eq!(is_named, is_beyond && trend != "not-comparable", "{row}");
        named += usize::from(is_named);
    }
    assert!(named > 0, "{found}");
    // Stronger than at first, at two visits: the next position.
    let offered = |found: &Value| -> Vec<String> {
        let offers = found["series"][0]["assessment"]["offers"].as_array().expect("a list");
        let ranked = offers.iter().filter(|one| one["rank"].is_u64());
        ranked.map(|one| one["programme"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(offered(&found)[0], "strengthening-sitting");
    let said = text();
    assert!(said.contains("maximal contraction: better"), "{said}");
    assert!(said.contains("go on sitting") && said.contains("strengthening-sitting"), "{said}");

    // Contracting hurts now: what has grown is still said, and nothing follows from it.
    tell(&folder.path().join("3"), "symptoms = [\"pain-on-contraction\"]");
    let found = json();
    assert_eq!(found["series"][0]["assessment"]["gate"], "red-with-pain");
    assert!(offered(&found).iter().all(|id| !id.starts_with("strengthening")), "{found}");
    let said = text();
    assert!(said.contains("maximal contraction: better"), "{said}");
    assert!(said.contains("no contracting for now, because it hurts"), "{said}");
    assert!(!said.contains("go on sitting"), "{said}");

    // In another position it is another series.
    let path = folder.path().join("2/told.toml");
    let other = fs::read_to_string(&path).expect("it is there").replace("lying", "sitting");
    fs::write(path, other).expect("it can be written");
    let found = json();
    let counts = found["series"].as_array().expect("a list").iter();
    let counts: Vec<_> = counts.map(|one| one["files"].as_array().map(Vec::len)).collect();
    assert_eq!(counts, [Some(2), Some(1)]);
    assert!(text().contains("2 series that cannot be compared"));
}

#[test]
fn a_visit_that_was_taken_in_has_the_report_of_its_file() {
    let folder = folder();
    let store = folder.path().join("data");
    let file = data("manometry/anorectal_1.txt");
    let mut import = levator();
    import.args(["import", "--person", "P-1", "--json"]).arg(&file).arg("--data").arg(&store);
    let (code, stdout, stderr) = run(&mut import);
    assert_eq!(code, 0, "{stderr}");
    let taken: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let visit = PathBuf::from(taken["visits"][0]["folder"].as_str().expect("a folder"));
    let made = |visit: &Path| -> Value {
        let mut report = levator();
        report.arg("report").arg(visit).args(["--for", "referrer", "--format", "json"]);
        let (code, stdout, stderr) = run(&mut report);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).expect("it is JSON")
    };
    let (kept, own) = (made(&visit), made(&file));
    let pictures = own["pictures"].as_array().expect("a list");
    assert!(pictures.contains(&Value::from("colour")), "{pictures:?}");
    for part in ["pictures", "assessment", "measures", "trials"] {
        assert_eq!(kept[part], own[part], "{part}");
    }
    assert_eq!(kept["audit"]["blake3"], own["audit"]["blake3"]);
}
