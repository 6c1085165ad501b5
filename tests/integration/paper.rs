//! Reports as PDF and PNG, how they look, and what they say: kept in `tests/snapshots/report/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{data, levator};

/// A pixel is another one beyond this difference of one of its colours.
const OTHER: u8 = 40;

/// Pixels that may be others, of all: edges are rounded otherwise on another processor.
const MOST_OTHER: f64 = 0.002;

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("the program is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    output.stdout
}

/// Somebody of each kind, and how they are measured.
const PEOPLE: [(&str, &str); 13] = [
    ("healthy", "kasper-emg+abdomen"),
    ("weak", "camtech+abdomen"),
    ("hypertonic", "kasper-emg+abdomen"),
    ("tight-and-weak", "kasper-emg+abdomen"),
    ("non-relaxing", "kasper-emg+abdomen"),
    ("dyssynergic", "kasper-emg+abdomen"),
    ("bearing-down", "camtech+abdomen"),
    ("fatiguing", "kasper-emg+abdomen"),
    ("partial-relaxer", "kasper-emg+abdomen"),
    ("pregnant-healthy", "camtech+abdomen"),
    ("pregnant-weak", "camtech+abdomen"),
    ("post-partum-healthy", "camtech+abdomen"),
    ("post-partum-weak", "camtech+abdomen"),
];

/// What is told of a recording that is nobody's visit.
const RECORDINGS: [(&str, &str); 2] =
    [("anorectal", "manometry/anorectal_1.txt"), ("biceps", "recordings/biceps_30_fatigue.csv")];

/// Words of the command line that report on somebody.
fn of_person(folder: &Path, (condition, device): (&str, &str)) -> Vec<String> {
    let out = folder.join(condition);
    let words = ["--seed", "3", "--condition", condition, "--device", device, "--out"];
    output(levator().arg("simulate-visit").args(words).arg(&out));
    let programme = if device.starts_with("kasper") { "glazer" } else { "first-visit" };
    let name = |file: &str| out.join(file).display().to_string();
    ["report", &name("visit.csv"), "--symptoms", &name("told.toml"), "--programme", programme]
        .map(str::to_owned)
        .to_vec()
}

fn of_recording(file: &str) -> Vec<String> {
    vec!["report".to_owned(), data(file).display().to_string()]
}

fn report(words: &[String], reader: &str, more: &[&str]) -> Vec<u8> {
    let mut command = levator();
    output(command.args(words).args(["--for", reader, "--lang", "en"]).args(more))
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/report").join(name)
}

#[test]
fn reports_of_people_of_every_kind_and_of_real_recordings_say_what_they_said() {
    let folder = TempDir::new().expect("a folder for temporary files");
    let people = PEOPLE.iter().map(|one| (one.0, of_person(folder.path(), *one)));
    let recordings = RECORDINGS.iter().map(|(name, file)| (*name, of_recording(file)));
    let mut moved = Vec::new();
    for (name, words) in people.chain(recordings) {
        let mut text = String::new();
        for reader in ["person", "referrer"] {
            let said = report(&words, reader, &["--format", "text"]);
            text.push_str(&String::from_utf8(said).expect("it is text"));
            text.push_str("\n\n");
        }
        // What names the folder of this run, and the version.
        let text = text.replace(&format!("{}/", folder.path().display()), "");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let path = kept(&format!("{name}.txt"));
        if fs::read_to_string(&path).unwrap_or_default() != text {
            let new = path.with_extension("txt.new");
            fs::write(&new, text).expect("the checkout can be written");
            moved.push(new);
        }
    }
    assert!(moved.is_empty(), "moved; if that is right, move these over the old ones: {moved:#?}");
}

#[test]
fn pages_look_as_they_looked() {
    let folder = TempDir::new().expect("a folder for temporary files");
    let healthy = of_person(folder.path(), PEOPLE[0]);
    let tight = of_person(folder.path(), PEOPLE[2]);
    let anorectal = of_recording(RECORDINGS[0].1);
    let mut moved = Vec::new();
    for (name, words, reader, page) in [
        ("healthy-person", &healthy, "person", "page-1"),
        ("healthy-referrer-1", &healthy, "referrer", "page-1"),
        ("hypertonic-person", &tight, "person", "page-1"),
        ("hypertonic-referrer-2", &tight, "referrer", "page-2"),
        ("anorectal-referrer-1", &anorectal, "referrer", "page-1"),
    ] {
        let bytes = report(words, reader, &["--format", "png", "--dpi", "48", "--picture", page]);
        let path = kept(&format!("{name}.png"));
        let share = fs::read(&path).map_or(1.0, |old| others(&old, &bytes));
        if share > MOST_OTHER {
            let new = path.with_extension("png.new");
            fs::write(&new, bytes).expect("the checkout can be written");
            moved.push((new, share));
        }
    }
    assert!(moved.is_empty(), "other pixels; look at them, then move them over: {moved:#?}");
}

/// Width, height and pixels of a picture as this program packs it.
fn pixels(file: &[u8]) -> (usize, usize, Vec<u8>) {
    let number =
        |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    assert!(file.starts_with(b"\x89PNG\r\n\x1a\n") && &file[37..41] == b"IDAT");
    let (row, length) = (3 * number(16), number(33));
    let packed = &file[41..41 + length];
    let data = miniz_oxide::inflate::decompress_to_vec_zlib(packed).expect("it was packed");
    let mut pixels: Vec<u8> = Vec::new();
    for line in data.chunks_exact(row + 1) {
        assert_eq!(line[0], 2, "the difference to the line above");
        let above = pixels.len().checked_sub(row);
        for (index, byte) in line[1..].iter().enumerate() {
            pixels.push(byte.wrapping_add(above.map_or(0, |from| pixels[from + index])));
        }
    }
    (number(16), number(20), pixels)
}

/// How many pixels are others, of all; all of them, if the sizes differ.
fn others(old: &[u8], new: &[u8]) -> f64 {
    let (old, new) = (pixels(old), pixels(new));
    if (old.0, old.1) != (new.0, new.1) {
        return 1.0;
    }
    let pairs = old.2.chunks_exact(3).zip(new.2.chunks_exact(3));
    let is_other = |(one, other): &(&[u8], &[u8])| {
        one.iter().zip(*other).any(|(one, other)| one.abs_diff(*other) > OTHER)
    };
    pairs.filter(is_other).count() as f64 / (old.0 * old.1) as f64
}

#[test]
fn a_pdf_is_the_same_bytes_each_time_and_has_the_pages_of_the_report() {
    let folder = TempDir::new().expect("a folder for temporary files");
    let words = of_person(folder.path(), PEOPLE[3]);
    for lang in ["en", "de", "es", "fr"] {
        for (reader, pages) in [("person", 1), ("referrer", 2)] {
            let make = || {
                let more = ["--for", reader, "--lang", lang, "--format", "pdf"];
                output(levator().args(&words).args(more))
            };
            let (one, again) = (make(), make());
            assert!(one == again, "{lang}: other bytes for the {reader}");
            assert!(one.starts_with(b"%PDF-1.7\n") && one.ends_with(b"%%EOF\n"));
            let text = String::from_utf8_lossy(&one);
            assert_eq!(text.matches("/Type/Page/").count(), pages, "{lang}: {reader}");
            assert!(text.contains(&format!("/Lang({lang})")), "{lang}: {reader}");
            for word in ["/URI", "/JavaScript", "/Date", "/Launch", "/CreationDate"] {
                assert!(!text.contains(word), "{lang}: {reader}: {word}");
            }
        }
    }
}

#[test]
fn what_the_page_says_of_itself_makes_it_again() {
    let folder = TempDir::new().expect("a folder for temporary files");
    let words = of_person(folder.path(), PEOPLE[2]);
    let elsewhere = TempDir::new().expect("a folder for temporary files");
    for file in ["visit.csv", "told.toml"] {
        let from = folder.path().join(PEOPLE[2].0).join(file);
        fs::copy(from, elsewhere.path().join(file)).expect("the folder can be written");
    }
    let more = ["--for", "referrer", "--lang", "de", "--format", "html"];
    let page = output(levator().args(&words).args(more));
    let text = String::from_utf8(page.clone()).expect("it is text");
    let (_, command) = text.split_once("<dt>Befehl</dt><dd>levator ").expect("the command");
    let (command, _) = command.split_once("</dd>").expect("its end");
    let again = output(levator().args(command.split(' ')).current_dir(elsewhere.path()));
    assert!(again == page, "{command}: another page");
    // And it names the hashes of what it was made of.
    for file in ["visit.csv", "told.toml"] {
        let bytes = fs::read(elsewhere.path().join(file)).expect("it was copied");
        assert!(text.contains(blake3::hash(&bytes).to_hex().as_str()), "{file}");
    }
}

#[test]
fn progress_has_a_picture_for_each_measure_and_a_page_for_each_series() {
    let folder = TempDir::new().expect("a folder for temporary files");
    for (name, visit, gain) in [("1", "0", "1"), ("2", "1", "1"), ("3", "2", "1"), ("4", "3", "2")]
    {
        let words =
            ["--seed", "3", "--condition", "weak", "--visit", visit, "--gain", gain, "--out"];
        output(levator().arg("simulate-visit").args(words).arg(folder.path().join(name)));
    }
    let progress = |more: &[&str]| {
        let mut command = levator();
        command.arg("progress").arg(folder.path()).args(["--programme", "glazer"]);
        String::from_utf8(output(command.args(more))).expect("it is text")
    };
    let html = progress(&["--format", "html", "--lang", "fr"]);
    assert_eq!(html.matches("<section class=\"page").count(), 2, "one series, and one alone");
    let screening = "Ce n\u{2019}est pas un diagnostic.";
    assert_eq!(html.matches(screening).count(), 2);
    let json: serde_json::Value = serde_json::from_str(&progress(&["--json"])).expect("it is JSON");
    let measures = json["series"][0]["measures"].as_array().expect("a list");
    assert_eq!(html.matches("<figure class=\"trend-").count(), measures.len());
    // What is printed are the numbers of the JSON.
    let text = progress(&["--format", "text", "--lang", "en"]);
    for row in measures {
        for value in row["values"].as_array().expect("a list") {
            let value = levator_score::number(value.as_f64().expect("a number"));
            assert!(text.contains(&value.replace('-', "\u{2212}")), "{value}\n{text}");
        }
    }
    assert!(progress(&["--format", "svg", "--picture", "trend-1"]).starts_with("<svg "));
    let marked = progress(&["--format", "text", "--lang", "qps"]);
    let foreign = crate::support::foreign_words(&marked);
    let is_file = |word: &String| word.contains("visit.csv");
    assert!(foreign.iter().all(is_file), "{foreign:?}");
}
