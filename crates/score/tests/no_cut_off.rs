//! No cut-off in microvolt, cmH2O or mmHg stands in the code: such numbers belong to a reference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the code says, without comments, text and tests; numbers and names stay.
fn code(source: &str) -> String {
    // Tests come last in a file.
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut code = String::new();
    for line in source.lines() {
        let mut in_text = false;
        let mut escaped = false;
        let mut before = ' ';
        for letter in line.chars() {
            if !in_text && letter == '/' && before == '/' {
                code.pop();
                break;
            }
            if letter == '"' && !escaped {
                in_text = !in_text;
            }
            escaped = letter == '\\' && !escaped;
            if !in_text && letter != '"' {
                code.push(letter);
            }
            before = letter;
        }
        code.push('\n');
    }
    code
}

/// Numbers with a decimal point.
fn floats(code: &str) -> Vec<String> {
    let letters: Vec<char> = code.chars().collect();
    let mut found = Vec::new();
    let mut index = 0;
    while index < letters.len() {
        let starts = letters[index].is_ascii_digit()
            && (index == 0
                || !(letters[index - 1].is_alphanumeric() || "_.".contains(letters[index - 1])));
        if !starts {
            index += 1;
            continue;
        }
        let mut end = index;
        while end < letters.len()
            && (letters[end].is_ascii_alphanumeric() || "._".contains(letters[end]))
        {
            end += 1;
        }
        let token: String = letters[index..end].iter().collect();
        // A range (0..3) and an integer are no floats; 1e9 is one.
        let exponent = token.contains('e') && !token.starts_with("0x");
        if !token.contains("..") && (token.contains('.') || exponent) {
            found.push(token);
        }
        index = end;
    }
    found
}

/// Words by which a unit of a device is named in code.
fn names_a_unit(line: &str) -> bool {
    let line = line.to_lowercase();
    ["_uv", "microvolt", "mmhg", "millimetremercury", "cmh2o", "centimetrewater"]
        .iter()
        .any(|word| line.contains(word))
}

/// Lines that name such a unit and hold a number other than 0 and 1.
fn cut_offs(source: &str) -> Vec<String> {
    let code = code(source);
    let is_one = |token: &String| {
        let number = token.trim_end_matches("_f64").trim_end_matches("f64");
        !["0", "0.0", "1", "1.0"].contains(&number)
    };
    code.lines()
        .filter(|line| names_a_unit(line) && floats(line).iter().any(is_one))
        .map(str::to_owned)
        .collect()
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the crate is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs")
            // Files that hold nothing but tests.
            && path.file_stem().is_some_and(|name| name != "tests")
        {
            into.push(path);
        }
    }
}

fn sources_of(package: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
    let mut found = Vec::new();
    sources(&folder, &mut found);
    found.sort();
    assert!(found.len() > 2, "{package} has sources");
    found
}

#[test]
fn the_search_finds_what_it_should() {
    assert_eq!(cut_offs("const LIMIT_UV: f64 = 2.0;").len(), 1);
    assert_eq!(cut_offs("if rest_cmh2o > 24.5 { }").len(), 1);
    assert_eq!(cut_offs("Unit::Microvolt => value > 4e0,").len(), 1);
    for harmless in [
        "// rest above 2.0 uV (White 1997), Unit::Microvolt",
        "let text = \"4.0 mmHg\";",
        "let zero_uv = 0.0;",
        "const RATIO: f64 = 1.35;",
        "fn one() {}\n#[cfg(test)]\nmod tests { const LIMIT_UV: f64 = 2.0; }",
        "Unit::Microvolt => (Quantity::Voltage, 1, 1_000_000),",
    ] {
        assert!(cut_offs(harmless).is_empty(), "{harmless}");
    }
    assert_eq!(floats("a[0..3] + 1.35 - x1.2 * 1e-3 + 7 + 0x1e"), ["1.35", "1e"]);
}

#[test]
fn no_line_of_score_measure_or_engine_has_a_number_beside_such_a_unit() {
    for package in ["score", "measure", "engine"] {
        for path in sources_of(package) {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let found = cut_offs(&text);
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        }
    }
}

/// A cut-off could hide under a name without a unit. So every number with a point in this crate is in
/// this list, with what it is.
#[test]
fn every_number_of_this_crate_is_known() {
    let known: BTreeSet<&str> = [
        "0.0",
        "0.5",
        "1.0",
        "2.0", // halves, signs, at least two
        "50.0",
        "100.0",
        "10.0", // the median, percent, spans of a search
        "1.644_853_626_951_472_2",
        "1.959_963_984_540_054", // percentiles of the normal distribution
        "0.25",                  // narrowest range of people, of its middle
        "99.95",
        "9.995",
        "0.9995", // digits that are printed
    ]
    .into_iter()
    .collect();
    for path in sources_of("score") {
        // Its numbers are a list with sources, and on the page of the clinical basis.
        if path.ends_with("rules.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for number in floats(&code(&text)) {
            assert!(
                known.contains(number.as_str()),
                "{}: {number} is in no list; a cut-off belongs to a reference, a number of the rule to rules.rs",
                path.display()
            );
        }
    }
}

/// The numbers of the rule are proportions, ratios and counts; their units say so.
#[test]
fn no_number_of_the_rule_is_in_the_unit_of_a_device() {
    assert!(levator_score::rules::ALL.len() > 10);
    for rule in levator_score::rules::ALL {
        let unit = rule.unit.to_lowercase();
        for word in ["uv", "µv", "mmhg", "cmh2o", "volt", "pa"] {
            let named = unit.split([' ', '/', '(', ')']).any(|part| part == word);
            assert!(!named, "{} is in {}", rule.what, rule.unit);
        }
    }
}
