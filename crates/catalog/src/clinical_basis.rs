//! The page on which a clinician can check each number against its source: `docs/clinical-basis.md`.
//!
//! It is written from the references that are built in and from the numbers of the rule, and a test
//! compares it with the committed page, so it cannot drift.

use std::fmt::Write as _;

use levator_programme::Evidence;
use levator_score::{
    ANY_DEVICE, Distribution, Norm, Pack, Reference, Repeatability, SCREENING, Side, Size, number,
    rules,
};

use crate::references;

const HEAD: &str = "\
# Clinical basis

Every number that decides something, with its source. This page is written from the references in
`crates/catalog/data/references/` and the rule in `crates/score/src/rules.rs`; do not edit it
(`cargo run -p levator-catalog --example clinical_basis > docs/clinical-basis.md`).

**The rule is not validated.** No published rule tells a tight from a weak pelvic floor. What is read
here of levels holds for one device and one probe each: a reference is used only for the device,
site and people it names, and where none fits, tone is unknown.

";

const TAGS: &str = "\
How far a number was checked:

| tag | meaning |
|---|---|
| V | read in the source |
| V2 | read in another source, which reports it |
| D | derived by arithmetic from numbers that were read; shown as *reference: provisional* |
| P | our choice, no published rule; shown as *reference: provisional* |

Numbers from memory are not used. A confidence interval of a mean is no range of people and is refused.
A bound marked *p* is the 5th or 95th percentile of the distribution beside it, and so derived.

";

/// The whole page, in Markdown.
#[must_use]
pub fn render() -> String {
    let mut page = String::from(HEAD);
    writeln!(page, "> {SCREENING}\n").expect("text has room");
    page.push_str(TAGS);
    rule(&mut page);
    page.push_str("## References\n\n");
    for reference in references::all() {
        one(&mut page, &reference);
    }
    page
}

fn rule(page: &mut String) {
    writeln!(
        page,
        "## The rule\n\n{}. These numbers hold for every device: proportions, ratios, counts.\n",
        rules::RULE
    )
    .expect("text has room");
    page.push_str("| number | unit | decides | tag | source |\n|---|---|---|---|---|\n");
    for rule in rules::ALL {
        writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            rule.value,
            rule.unit,
            rule.what,
            rule.evidence.name(),
            rule.citation
        )
        .expect("text has room");
    }
    page.push('\n');
}

/// One reference: its numbers, each with its source, as in the page.
#[must_use]
pub fn of_reference(reference: &Reference) -> String {
    let mut page = String::new();
    one(&mut page, reference);
    page
}

fn one(page: &mut String, reference: &Reference) {
    let pack = reference.pack();
    writeln!(page, "### {}\n", pack.name).expect("text has room");
    writeln!(page, "`{}`. {}", pack.id, sentence(&pack.source.citation)).expect("text has room");
    writeln!(
        page,
        "[{}] {} {}, {}, {}; measured: {}.{}\n",
        pack.source.evidence.name(),
        match pack.device.as_str() {
            ANY_DEVICE => "Any device".to_owned(),
            device => format!("Device `{device}`"),
        },
        pack.probe,
        pack.site.name(),
        pack.unit,
        pack.population.text,
        used_for(pack),
    )
    .expect("text has room");
    if !pack.source.note.is_empty() {
        writeln!(page, "{}\n", pack.source.note).expect("text has room");
    }
    if !pack.norms.is_empty() {
        page.push_str(
            "| measure | task | definition | values | low below | high above | tag | source |\n",
        );
        page.push_str("|---|---|---|---|---|---|---|---|\n");
        for norm in &pack.norms {
            norm_row(page, norm);
        }
        page.push('\n');
    }
    if !pack.repeatability.is_empty() {
        page.push_str("| measure | task | standard error | detectable change | tag | source |\n");
        page.push_str("|---|---|---|---|---|---|\n");
        for line in &pack.repeatability {
            repeatability_row(page, line);
        }
        page.push('\n');
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

fn used_for(pack: &Pack) -> String {
    let requires = &pack.requires;
    let mut parts: Vec<String> = Vec::new();
    if let Some(sex) = requires.sex {
        parts.push(format!("sex {}", sex.name()));
    }
    if let Some((from, to)) = requires.age_years {
        parts.push(format!("age {from} to below {to}"));
    }
    if let Some((from, to)) = requires.births {
        parts.push(if from == to {
            format!("births {from}")
        } else {
            format!("births {from} to {to}")
        });
    }
    let states: Vec<&str> = requires.states.iter().map(|state| state.name()).collect();
    parts.push(states.join(" or "));
    if let Some((from, to)) = requires.weeks {
        parts.push(format!("week {from} to {to}"));
    }
    format!(" Used for: {}.", parts.join(", "))
}

fn norm_row(page: &mut String, norm: &Norm) {
    let derived = norm.distribution.is_derived();
    let bound = |value: Option<f64>| match value {
        Some(value) if derived => format!("{} *p*", number(value)),
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    };
    let tag = match derived && norm.source.evidence < Evidence::Derived {
        true => format!("{}, bounds {}", norm.source.evidence.name(), norm.evidence().name()),
        false => norm.source.evidence.name().to_owned(),
    };
    let rest = if norm.includes_rest { ", rest included" } else { "" };
    writeln!(
        page,
        "| {} | {} | {}{rest} | {} | {} | {} | {tag} | {} |",
        norm.quantity.name(),
        norm.task.name(),
        norm.how.name(),
        values(&norm.distribution),
        bound(norm.distribution.lower()),
        bound(norm.distribution.upper()),
        source(&norm.source.citation, &norm.source.note),
    )
    .expect("text has room");
}

fn source(citation: &str, note: &str) -> String {
    match note.is_empty() {
        true => citation.to_owned(),
        false => format!("{} {note}", sentence(citation)),
    }
}

fn values(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Normal { mean, sd } => format!("{mean} ± {sd}, normal"),
        Distribution::LogNormal { mean, sd } => format!("{mean} ± {sd}, log-normal"),
        Distribution::Percentiles { lower, median, upper } => {
            let mut parts: Vec<String> = Vec::new();
            let mut add = |percent: f64, value: f64| parts.push(format!("P{percent} {value}"));
            if let Some(one) = lower {
                add(one.percent, one.value);
            }
            if let Some(value) = median {
                add(50.0, *value);
            }
            if let Some(one) = upper {
                add(one.percent, one.value);
            }
            parts.join(", ")
        }
        Distribution::CutOff { side, value, sensitivity, specificity, auc } => {
            let side = match side {
                Side::Below => "below",
                Side::Above => "above",
            };
            let mut text = format!("cut-off {side} {value}");
            for (name, share) in
                [("sensitivity", sensitivity), ("specificity", specificity), ("AUC", auc)]
            {
                if let Some(share) = share {
                    write!(text, ", {name} {share}").expect("text has room");
                }
            }
            text
        }
        Distribution::Bands(bands) => {
            let limit = |limit: Option<f64>| limit.map_or_else(String::new, |one| one.to_string());
            let band = |band: &levator_score::Band| {
                format!("{} {}..{}", band.name, limit(band.from), limit(band.to))
            };
            bands.iter().map(band).collect::<Vec<_>>().join(", ")
        }
        Distribution::Typical { value } => format!("{value}, middle of the group; grades nothing"),
    }
}

fn repeatability_row(page: &mut String, line: &Repeatability) {
    let size = |size: Option<Size>, published: bool| {
        let text = match size {
            None => return "-".to_owned(),
            Some(Size::Absolute(size)) => number(size),
            Some(Size::Relative(ratio)) => format!("{} %", number(100.0 * ratio)),
        };
        if published { text } else { format!("{text} *computed*") }
    };
    writeln!(
        page,
        "| {} | {} | {} | {} | {} | {} |",
        line.quantity.name(),
        line.task.map_or("all", |task| task.name()),
        size(line.sem(), line.sem.is_some()),
        size(line.mdc(), line.mdc.is_some()),
        line.source.evidence.name(),
        source(&line.source.citation, &line.source.note),
    )
    .expect("text has room");
}
