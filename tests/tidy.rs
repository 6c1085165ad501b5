//! Rules of the repository that no compiler holds.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Which of our packages may use which, and what they may use from outside. ARCHITECTURE.md, "Code
/// map", says why. A new edge is a decision: it gets its own commit.
const ALLOWED: &[(&str, &[&str], &[&str])] = &[
    // On hosts alone: with the feature `hardware-crc`.
    ("levator-protocol", &[], &["pulp"]),
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
            "levator-catalog",
            "levator-detect",
            "levator-engine",
            "levator-measure",
            "levator-programme",
            "levator-score",
            "levator-signal",
        ],
        // PDF and PNG: deflate, a rasteriser and a font. What reads SVG, shapes text and writes PDF as
        // packages would be some fifty more.
        &["crc32fast", "miniz_oxide", "tiny-skia", "ttf-parser"],
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
    (
        "levator-store",
        &["levator-record"],
        &["age", "blake3", "etcetera", "getrandom", "rusqlite", "serde_json", "thiserror"],
    ),
    ("levator-device", &["levator-signal"], &["nix", "serialport", "thiserror"]),
    (
        "levator-simulate",
        // The descriptions by which it is what devices of others are.
        &["levator-decode", "levator-programme", "levator-protocol", "levator-signal"],
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
    (
        "levator-console",
        &[
            "levator-catalog",
            "levator-detect",
            "levator-device",
            "levator-engine",
            "levator-live",
            "levator-measure",
            "levator-programme",
            "levator-signal",
        ],
        &[
            "axum",
            "crossbeam-channel",
            "getrandom",
            "hyper",
            "hyper-util",
            "rust-embed",
            "serde_json",
            "subtle",
            "thiserror",
            "tokio",
        ],
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

/// Everything that these packages bring, whatever for, without what comes by way of `except`.
fn brought<'a>(nodes: &'a [Value], roots: &[&'a str], except: &str) -> BTreeSet<&'a str> {
    let id = |node: &'a Value| node["id"].as_str().unwrap_or_default();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<&str> = roots.to_vec();
    while let Some(one) = waiting.pop() {
        if one == except || !found.insert(one) {
            continue;
        }
        let node = nodes.iter().find(|node| id(node) == one).expect("every package has a node");
        waiting.extend(
            node["deps"].as_array().into_iter().flatten().filter_map(|d| d["pkg"].as_str()),
        );
    }
    found
}

/// Only the page in a browser needs sockets, and it needs them on loopback: `levator-console` alone may
/// bring what opens them, and nothing may bring what speaks to other computers.
#[test]
fn only_the_console_opens_sockets_and_nothing_reaches_the_network() {
    const NEVER: [&str; 9] = [
        "reqwest",
        "ureq",
        "curl",
        "openssl",
        "native-tls",
        "rustls",
        "h2",
        "hickory-resolver",
        "quinn",
    ];
    // Not `mio`: the view in the terminal waits for keys with it.
    const SOCKETS: [&str; 7] =
        ["axum", "hyper", "hyper-util", "socket2", "tokio", "tokio-tungstenite", "tungstenite"];
    let metadata = metadata();
    let name_of: BTreeMap<&str, &str> = packages(&metadata)
        .iter()
        .map(|one| {
            (one["id"].as_str().unwrap_or_default(), one["name"].as_str().unwrap_or_default())
        })
        .collect();
    for name in name_of.values() {
        assert!(!NEVER.contains(name), "{name} can reach another computer");
    }
    let nodes = metadata["resolve"]["nodes"].as_array().expect("metadata tells who uses whom");
    let ours: Vec<&str> = packages(&metadata)
        .iter()
        .filter(|one| one["source"].is_null())
        .filter_map(|one| one["id"].as_str())
        .collect();
    let console = ours.iter().find(|id| name_of[*id] == "levator-console").expect("it is there");
    for id in brought(nodes, &ours, console) {
        assert!(
            !SOCKETS.contains(&name_of[id]),
            "{} can open a socket, and comes by another way than levator-console",
            name_of[id]
        );
    }
    // The rule can fail: by way of the console they are there.
    let by_console = brought(nodes, &[console], "");
    for needed in ["axum", "hyper", "tokio", "socket2"] {
        assert!(by_console.iter().any(|id| name_of[id] == needed), "{needed} is no longer used");
    }
    // A server has no use for the half that calls others.
    for node in nodes {
        let name = name_of[node["id"].as_str().unwrap_or_default()];
        let features = node["features"].as_array().into_iter().flatten();
        let is_client = features.filter_map(Value::as_str).any(|one| one.starts_with("client"));
        assert!(!(is_client && name.starts_with("hyper")), "{name} is built as a client, too");
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
