//! References: those that are built in, and what is refused of others.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use levator_catalog::references::{self, BUILT_IN};
use levator_catalog::{ReadError, clinical_basis, programmes, told};
use levator_programme::Evidence;
use levator_score::{Distribution, Modality, Symptom, matches, next};
use levator_signal::Unit;

#[test]
fn every_reference_that_is_built_in_is_right_and_named_as_its_file() {
    let mut devices = BTreeSet::new();
    for (id, text) in BUILT_IN {
        let reference = match references::parse(text) {
            Ok(reference) => reference,
            Err(refusal) => panic!("{id}.toml:{refusal}"),
        };
        assert_eq!(reference.id(), *id);
        devices.insert(reference.pack().device.clone());
    }
    assert_eq!(references::all().len(), BUILT_IN.len());
    assert!(devices.len() >= 10, "{devices:?}");
}

/// What people get without having asked was read, or follows from what was read.
#[test]
fn nothing_that_ships_is_from_memory_or_made_up() {
    for reference in references::all() {
        let pack = reference.pack();
        let norms = pack.norms.iter().map(|norm| &norm.source);
        let lines = pack.repeatability.iter().map(|line| &line.source);
        for source in norms.chain(lines).chain([&pack.source]) {
            assert!(source.evidence.may_be_default(), "{}: {}", pack.id, source.citation);
            assert!(source.citation.len() > 10, "{}: {}", pack.id, source.citation);
        }
    }
}

/// Mean and standard deviation were read; what is computed from them says that it is computed.
#[test]
fn bounds_that_are_computed_are_provisional() {
    let mut computed = 0;
    for reference in references::all() {
        for norm in &reference.pack().norms {
            if matches!(
                norm.distribution,
                Distribution::Normal { .. } | Distribution::LogNormal { .. }
            ) {
                assert!(norm.evidence() >= Evidence::Derived, "{}", reference.id());
                computed += 1;
            }
        }
    }
    assert!(computed > 15);
}

#[test]
fn the_page_of_the_clinical_basis_is_what_is_written_from_the_references() {
    let path = format!("{}/../../docs/clinical-basis.md", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let page = clinical_basis::render();
    if kept != page {
        let differs = kept.lines().zip(page.lines()).find(|(old, new)| old != new);
        panic!(
            "docs/clinical-basis.md is not what is written from the references, first at {differs:?}; \
             if that is right: cargo run -p levator-catalog --example clinical_basis > \
             docs/clinical-basis.md"
        );
    }
    for (id, _) in BUILT_IN {
        assert!(page.contains(&format!("`{id}`")), "{id} is not on the page");
    }
}

#[test]
fn every_citation_is_on_the_page() {
    let page = clinical_basis::render();
    for reference in references::all() {
        for norm in &reference.pack().norms {
            assert!(page.contains(norm.source.citation.trim_end_matches('.')));
        }
        for line in &reference.pack().repeatability {
            assert!(page.contains(line.source.citation.trim_end_matches('.')));
        }
    }
}

/// What is offered after a visit exists, and loads as much as it is thought to.
#[test]
fn programmes_that_are_offered_are_those_that_are_built_in() {
    let mut offered = String::new();
    for (id, load) in next::PROGRAMMES {
        writeln!(offered, "{id} {}", load.name()).expect("text has room");
    }
    let mut built_in = String::new();
    for (id, _) in programmes::BUILT_IN {
        let programme = programmes::built_in(id).expect("it is built in");
        writeln!(built_in, "{id} {}", programme.load().name()).expect("text has room");
    }
    assert_eq!(offered, built_in);
}

const OWN: &str = r#"format = 1
id = "mine"
name = "Our ward"
device = "our-probe"
probe = "balloon"
site = "vaginal"
modality = "pressure"
unit = "hPa"

[source]
citation = "measured here in 2024, 40 people"
evidence = "V"

[population]
text = "40 people"
age_years = [20, 60]

[requires]
births = [0, 3]

[[norm]]
quantity = "rest-level"
task = "rest-before"
percentiles = [[5, 10.5], [50, 18], [95, 31]]
citation = "table on the wall"
evidence = "V"

[[norm]]
quantity = "maximal-contraction"
task = "maximal"
how = "best-three"
cut_off = { below = 12, sensitivity = 0.8, auc = 0.9 }
citation = "table on the wall"
evidence = "V"

[[repeatability]]
quantity = "rest-level"
sem = 2.5
citation = "twenty measured twice"
evidence = "V"
"#;

#[test]
fn an_own_reference_is_read() {
    let reference = references::parse(OWN).expect("it is right");
    let pack = reference.pack();
    assert_eq!(pack.norms[0].distribution.upper(), Some(31.0));
    assert_eq!(pack.norms[0].distribution.middle(), Some(18.0));
    assert_eq!(pack.norms[1].distribution.lower(), Some(12.0));
    let mdc = pack.repeatability[0].mdc().expect("computed").at(1.0);
    assert!((mdc - 1.96 * 2.0_f64.sqrt() * 2.5).abs() < 1e-3, "{mdc}");
}

/// What is written, what it is replaced by, and what is said of it.
#[test]
fn what_is_wrong_is_refused_with_line_and_reason() {
    let cases = [
        ("format = 1", "format = 2", "1:10: format is 2, and this version reads 1"),
        ("id = \"mine\"", "id = \"Mine!\"", "2:6: id: not 1 to 64 of the letters"),
        ("unit = \"hPa\"", "unit = \"bar\"", "8:8: there is no unit \"bar\""),
        ("unit = \"hPa\"", "unit = \"uV\"", "8:8: unit: not a unit of what is measured"),
        ("site = \"vaginal\"", "site = \"oral\"", "6:8: invalid value: string \"oral\""),
        ("name = \"Our ward\"", "name = \" \"", "3:8: name: missing"),
        (
            "age_years = [20, 60]",
            "age_years = [60, 20]",
            "16:13: population.age_years: not in rising",
        ),
        ("[source]", "colour = 1\n[source]", "10:1: unknown field `colour`"),
        (
            "citation = \"measured here in 2024, 40 people\"\nevidence = \"V\"",
            "citation = \"I think\"\nevidence = \"M\"",
            "12:12: evidence: from memory (M): open the source",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]",
            "ci = [16, 20]",
            "24:6: norm 1: a confidence interval tells how well a mean is known and is no range",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]",
            "percentiles = [[2.5, 71], [97.5, 81]]",
            "norm 1: range: its width is 13 % of its middle: a range of people is wider",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]",
            "percentiles = [[5, 18], [50, 10.5], [95, 31]]",
            "24:15: norm 1: percentiles: not in rising order",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]",
            "percentiles = [[5, 10.5], [10, 18], [95, 31]]",
            "24:15: norm 1: one below 50, the median, and one above, at most",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]",
            "normal = { mean = nan, sd = 3 }",
            "24:10: norm 1: normal: not a finite number",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]",
            "normal = { mean = 20, sd = 0 }",
            "24:10: norm 1: normal: not above zero",
        ),
        (
            "percentiles = [[5, 10.5], [50, 18], [95, 31]]\n",
            "",
            "22:12: norm 1: no distribution: one of normal",
        ),
        (
            "percentiles = [[5, 10.5]",
            "typical = 3\npercentiles = [[5, 10.5]",
            "22:12: norm 1: two distributions",
        ),
        ("below = 12, ", "", "32:11: norm 2: one of below and above"),
        ("below = 12", "below = 12, above = 3", "32:11: norm 2: one of below and above"),
        ("sensitivity = 0.8", "sensitivity = 80", "32:39: norm 2: sensitivity: not a proportion"),
        ("quantity = \"maximal-contraction\"", "quantity = \"power\"", "29:12: invalid value"),
        ("sem = 2.5", "sem = -2.5", "38:7: repeatability 1: sem: not above zero"),
        ("sem = 2.5", "sem = 2.5\nsem_ratio = 0.1", "38:7: repeatability 1: absolute or relative"),
        ("sem = 2.5\n", "", "36:1: repeatability 1: sem: holds nothing to compare with"),
        (
            "device = \"our-probe\"",
            "device = \"any\"",
            "22:12: norm 1: quantity: in the unit of a device, while the reference is for any",
        ),
        (
            "quantity = \"maximal-contraction\"\ntask = \"maximal\"\nhow = \"best-three\"",
            "quantity = \"rest-level\"\ntask = \"rest-before\"",
            "29:12: norm 2: quantity: the same measure is there twice",
        ),
        ("births = [0, 3]", "births = [3, 0]", "19:10: requires.births: not in rising order"),
        ("births = [0, 3]", "states = []", "19:10: requires.states: missing"),
    ];
    for (from, to, expected) in cases {
        let text = OWN.replacen(from, to, 1);
        assert_ne!(text, OWN, "{from} is not there");
        let refusal = references::parse(&text).expect_err(to).to_string();
        assert!(refusal.contains(expected), "{to}: got {refusal}, expected {expected}");
    }
}

#[test]
fn the_widths_in_circulation_that_are_intervals_of_a_mean_are_refused() {
    for (from, to) in [(71, 81), (89, 96), (186, 224), (245, 287)] {
        let range = format!("percentiles = [[2.5, {from}], [97.5, {to}]]");
        let text = OWN.replace("percentiles = [[5, 10.5], [50, 18], [95, 31]]", &range);
        let refusal = references::parse(&text).expect_err("too narrow for people").to_string();
        assert!(refusal.contains("confidence interval"), "{refusal}");
    }
}

/// The examples in the documentation are right.
#[test]
fn the_documentation_shows_files_that_are_read() {
    let text = include_str!("../../../docs/references.md");
    let example = |kind: &str| {
        let begin = format!("```toml {kind}\n");
        let (_, rest) = text.split_once(begin.as_str()).expect("it is there");
        rest.split("```").next().expect("it ends").to_owned()
    };
    let reference = references::parse(&example("reference")).expect("it is right");
    assert_eq!(reference.pack().norms.len(), 2);
    let told = told::parse(&example("told")).expect("it is right");
    assert!(told.symptoms.has(Symptom::Leakage));
    let profile = told.setup.profile(Modality::Pressure, Unit::CentimetreWater);
    assert_eq!(matches(&reference, &profile, &told.person, told.position), Ok(Vec::new()));
    for symptom in Symptom::ALL {
        assert!(text.contains(&format!("`{}`", symptom.name())), "{} is missing", symptom.name());
    }
}

#[test]
fn a_file_is_refused_with_its_name() {
    let folder = std::env::temp_dir().join(format!("levator-references-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let path = folder.join("own.toml");
    std::fs::write(&path, OWN).expect("it can be written");
    assert_eq!(references::read(&path).expect("it is right").id(), "mine");
    std::fs::write(&path, OWN.replace("sem = 2.5", "sem = 0")).expect("it can be written");
    let refused = references::read(&path);
    assert!(matches!(refused, Err(ReadError::Refused { .. })));
    let text = refused.expect_err("it is wrong").to_string();
    assert!(text.ends_with("own.toml:38:7: repeatability 1: sem: not above zero"), "{text}");
    let missing = references::read(&folder.join("nothing.toml"));
    assert!(matches!(missing, Err(ReadError::Io { .. })));
    std::fs::remove_dir_all(&folder).expect("it is ours");
}
