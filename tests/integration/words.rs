//! Languages: everything that a report says comes from a catalogue, its pictures as well.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{data, foreign_words, levator};

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the program is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// What people read of a page: its text, and what stands for a picture; not how it can be made again,
/// which is written as it is typed.
fn read(html: &str) -> String {
    let mut text = String::new();
    let body = html.split_once("<body>").expect("it has a body").1;
    let body: String = body
        .split("<dl class=\"lines\">")
        .enumerate()
        .map(|(part, text)| if part == 0 { text } else { text.split_once("</dl>").expect("").1 })
        .collect();
    for part in body.split('<') {
        let (tag, after) = part.split_once('>').unwrap_or((part, ""));
        for name in ["aria-label=\"", "alt=\"", "title=\""] {
            let value = tag.split_once(name).and_then(|(_, rest)| rest.split_once('"'));
            text.push_str(value.map_or("", |one| one.0));
            text.push(' ');
        }
        text.push_str(after);
        text.push(' ');
    }
    text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
}

/// Words that a page says in no language; names of its file and its channels are none.
fn foreign(file: &Path, more: &[&str], names: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for reader in ["person", "referrer"] {
        let mut command = levator();
        command
            .arg("report")
            .arg(file)
            .args(["--lang", "qps", "--format", "html", "--for", reader]);
        let words = foreign_words(&read(&output(command.args(more))));
        all.extend(words.into_iter().filter(|word| {
            let is_hash = word.len() >= 10 && word.chars().all(|sign| sign.is_ascii_hexdigit());
            !is_hash && !names.contains(&word.as_str())
        }));
    }
    all
}

#[test]
fn every_word_of_a_page_comes_from_a_catalogue() {
    let folder = TempDir::new().expect("a folder for temporary files");
    for (condition, device) in [
        ("healthy", "kasper-emg+abdomen"),
        ("weak", "camtech+abdomen"),
        ("bearing-down", "peritron"),
        ("non-relaxing", "kasper-emg+abdomen"),
    ] {
        let out = folder.path().join(condition);
        let words = ["simulate-visit", "--seed", "3", "--condition", condition, "--device", device];
        output(levator().args(words).arg("--out").arg(&out));
        let told = out.join("told.toml");
        let mut text = std::fs::read_to_string(&told).expect("it was written");
        text.insert_str(
            text.find("\n[").expect("it has tables"),
            "\nsymptoms = [\"leakage\"]\nposition = \"sitting\"",
        );
        std::fs::write(&told, text).expect("it can be written");
        let told = told.to_str().expect("a name");
        let programme = if device.starts_with("kasper") { "glazer" } else { "first-visit" };
        let more = ["--symptoms", told, "--programme", programme];
        let names =
            ["visit.csv", "camtech", "pelvic_emg_uV", "pelvic_pressure_cmH2O", "abdominal_emg_uV"];
        let found = foreign(&out.join("visit.csv"), &more, &names);
        assert!(found.is_empty(), "{condition}: {found:?}");
    }
    for (file, names) in [
        ("manometry/anorectal_1.txt", &["anorectal_1.txt", "anal", "canal", "B1", "B2"][..]),
        ("recordings/biceps_30_fatigue.csv", &["biceps_30_fatigue.csv", "adc"]),
    ] {
        let found = foreign(&data(file), &[], names);
        assert!(found.is_empty(), "{file}: {found:?}");
    }
}

#[test]
fn the_language_is_that_of_the_system_unless_another_is_asked_for() {
    let title = |locale: &str, more: &[&str]| {
        let mut command = levator();
        command.arg("report").arg(data("recordings/emg_with_force_1.csv")).args(more);
        command.env_remove("LC_ALL").env_remove("LC_MESSAGES").env("LANG", locale);
        output(&mut command).lines().next().expect("a title").to_owned()
    };
    assert_eq!(title("de_DE.UTF-8", &[]), "Ihre Messung");
    assert_eq!(title("es_ES.UTF-8", &[]), "Su medici\u{f3}n");
    assert_eq!(title("C", &[]), "Your visit");
    assert_eq!(title("de_DE.UTF-8", &["--lang", "fr"]), "Votre mesure");
    let mut command = levator();
    command.arg("report").arg(data("recordings/emg_with_force_1.csv")).args(["--lang", "pt"]);
    let refused = command.output().expect("the program is there");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there are en, de, es, fr"));
}
