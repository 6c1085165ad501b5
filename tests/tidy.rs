//! Rules of the repository that no compiler holds.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Which of our packages may use which, and what they may use from outside. ARCHITECTURE.md, "Code
/// map", says why. A new edge is a decision: it gets its own commit.
const ALLOWED: &[(&str, &[&str], &[&str])] = &[
    ("levator-protocol", &[], &[]),
    ("levator-signal", &[], &["biquad", "libm", "pulp"]),
    ("levator-decode", &["levator-protocol", "levator-signal"], &[]),
    ("levator-detect", &["levator-signal"], &["libm"]),
    ("levator-programme", &["levator-signal"], &["blake3"]),
    ("levator-measure", &["levator-detect", "levator-programme", "levator-signal"], &["libm"]),
    ("levator-score", &["levator-measure", "levator-programme", "levator-signal"], &["libm"]),
    (
        "levator-engine",
        &[
            "levator-decode",
            "levator-detect",
            "levator-measure",
            "levator-programme",
            "levator-signal",
        ],
        &[],
    ),
    (
        "levator-report",
        &[
            "levator-detect",
            "levator-engine",
            "levator-measure",
            "levator-programme",
            "levator-score",
            "levator-signal",
        ],
        &["toml"],
    ),
    (
        "levator-record",
        &[
            "levator-catalog",
            "levator-decode",
            "levator-detect",
            "levator-engine",
            "levator-programme",
            "levator-signal",
        ],
        &["blake3", "crc32fast", "memchr", "pulp", "serde_json", "thiserror"],
    ),
    ("levator-device", &["levator-signal"], &["nix", "serialport", "thiserror"]),
    (
        "levator-simulate",
        &["levator-programme", "levator-protocol", "levator-signal"],
        &["libm", "rustix"],
    ),
    (
        "levator-catalog",
        &[
            "levator-decode",
            "levator-measure",
            "levator-programme",
            "levator-score",
            "levator-signal",
        ],
        &["serde", "thiserror", "toml"],
    ),
    (
        "levator-live",
        &[
            "levator-decode",
            "levator-detect",
            "levator-device",
            "levator-engine",
            "levator-programme",
            "levator-record",
            "levator-signal",
        ],
        &["crossbeam-channel", "thiserror"],
    ),
];

fn metadata() -> Value {
    let run = |more: &[&str]| {
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--locked"])
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs these tests, so it is there")
    };
    // Packages of other systems are not here yet on a fresh machine.
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

fn packages(metadata: &Value) -> &Vec<Value> {
    metadata["packages"].as_array().expect("metadata lists packages")
}

/// Name of each workspace package and its ordinary dependencies.
fn edges(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    packages(metadata)
        .iter()
        .filter(|package| package["source"].is_null())
        .map(|package| {
            let used = package["dependencies"].as_array().expect("a list");
            let used = used
                .iter()
                .filter(|edge| edge["kind"].is_null())
                .map(|edge| edge["name"].as_str().unwrap_or_default().to_owned())
                .collect();
            (package["name"].as_str().unwrap_or_default().to_owned(), used)
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let edges = edges(&metadata());
    for (name, used) in &edges {
        if name == "levator" {
            continue;
        }
        let Some((_, ours, outside)) = ALLOWED.iter().find(|(package, ..)| package == name) else {
            panic!("{name} is not in the dependency table of this test");
        };
        for dependency in used {
            assert!(
                ours.contains(&dependency.as_str()) || outside.contains(&dependency.as_str()),
                "{name} uses {dependency}, which the dependency table does not allow"
            );
        }
    }
    assert_eq!(edges.len(), ALLOWED.len() + 1, "the table names a package that does not exist");
}

#[test]
fn every_licence_is_one_we_accept() {
    const ACCEPTED: [&str; 12] = [
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Unicode-3.0",
        "Unlicense",
        "Zlib",
        "CC0-1.0",
        "BSL-1.0",
        "MPL-2.0",
    ];
    for package in packages(&metadata()) {
        let licence = package["license"].as_str().unwrap_or("");
        // "A OR B" is ours to choose from; "A AND B" must be accepted whole. Old manifests write "/".
        let acceptable = licence.replace('/', " OR ").split(" OR ").any(|choice| {
            choice
                .trim_matches(['(', ')', ' '])
                .split(" AND ")
                .all(|part| ACCEPTED.contains(&part.trim_matches(['(', ')', ' '])))
        });
        assert!(acceptable, "{} has the licence {licence:?}", package["name"]);
    }
}

#[test]
fn nothing_can_reach_the_network() {
    const BANNED: [&str; 8] =
        ["reqwest", "hyper", "ureq", "curl", "tokio", "openssl", "rustls", "socket2"];
    for package in packages(&metadata()) {
        let name = package["name"].as_str().unwrap_or_default();
        assert!(!BANNED.contains(&name), "{name} can open a socket");
    }
}

fn tracked_files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the repository is a git checkout");
    String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn libraries_hold_no_unsafe_code_and_say_so() {
    for (name, ..) in ALLOWED {
        let folder = match *name {
            "levator-protocol" => "firmware-protocol".to_owned(),
            other => format!("crates/{}", other.trim_start_matches("levator-")),
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("src/lib.rs");
        let text = std::fs::read_to_string(&path).expect("every package has a library");
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{} may hold unsafe code",
            path.display()
        );
    }
}

#[test]
fn no_machine_and_no_stray_file_is_in_the_repository() {
    const TOP: [&str; 16] = [
        ".cargo",
        ".ci",
        ".github",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "clippy.toml",
        "crates",
        "deny.toml",
        "rustfmt.toml",
        "tests",
    ];
    const FOLDERS: [&str; 3] = ["benches", "docs", "firmware-protocol"];
    for file in tracked_files() {
        let top = file.split('/').next().unwrap_or_default();
        assert!(TOP.contains(&top) || FOLDERS.contains(&top), "{file} has no place at the top");
        let Ok(text) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file))
        else {
            continue;
        };
        if file.ends_with(".csv") || file == "Cargo.lock" || file == "tests/tidy.rs" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for path in ["/home/", "/root/", "../shared"] {
                assert!(!line.contains(path), "{file}:{} names {path}", number + 1);
            }
        }
    }
}

#[test]
fn no_test_is_ignored_and_no_work_is_left_as_a_stub() {
    let stub = ["todo", "!("].concat();
    let unimplemented = ["unimplemented", "!("].concat();
    let ignored = ["#[ig", "nore"].concat();
    for file in tracked_files().iter().filter(|file| file.ends_with(".rs")) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for word in [&stub, &unimplemented, &ignored] {
            assert!(!text.contains(word.as_str()), "{file} contains {word}");
        }
    }
}
