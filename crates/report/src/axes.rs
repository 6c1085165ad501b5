//! The axes of the rule, each with its interval and what it is held against.

use levator_score::{Axis, Finding, Status};

use crate::document::Block;
use crate::picture::overview::unit_text;
use crate::report::Report;
use levator_catalog::lang::Words;

/// One row an axis.
pub(crate) fn table(report: &Report<'_>, words: &Words) -> Block {
    let findings = || report.assessment.findings.iter();
    let rows = findings().map(|finding| row(finding, words)).collect();
    let head = [
        "axes.axis",
        "axes.found",
        "axes.value",
        "axes.interval",
        "axes.expected",
        "axes.reference",
    ];
    let mut notes = Vec::new();
    for finding in findings().filter(|one| one.is_known() && !one.doubts.is_empty()) {
        let doubts: Vec<String> =
            finding.doubts.iter().map(|one| words.said(&one.text())).collect();
        notes.push(words.named(&words.said(finding.axis.text()), &words.list(&doubts)));
    }
    Block::Table { head: head.iter().map(|key| words.get(key).to_owned()).collect(), rows, notes }
}

fn row(finding: &Finding, words: &Words) -> Vec<String> {
    let unit = unit_text(&finding.unit.symbol());
    let dash = || "\u{2013}".to_owned();
    let value = finding.value.map_or_else(dash, |value| format!("{}{unit}", words.number(value)));
    let interval = finding.interval().map_or_else(dash, |(from, to)| {
        words.fill("axes.range", &[("from", &words.number(from)), ("to", &words.number(to))])
    });
    let expected = match (finding.lower, finding.upper) {
        (Some(lower), Some(upper)) => words
            .fill("axes.range", &[("from", &words.number(lower)), ("to", &words.number(upper))]),
        (Some(lower), None) => format!("\u{2265} {}", words.number(lower)),
        (None, Some(upper)) => format!("\u{2264} {}", words.number(upper)),
        (None, None) => dash(),
    };
    let mut found = words.get(status_key(finding)).to_owned();
    if let (Status::Unknown, Some(why)) = (finding.status, finding.unknown) {
        found = words.said(why.text());
    }
    if finding.felt {
        found = format!("{found} ({})", words.get("status.felt"));
    }
    vec![
        words.said(finding.axis.text()),
        found,
        value,
        interval,
        expected,
        finding.reference.clone().unwrap_or_else(dash),
    ]
}

/// How a status of an axis is called.
pub(crate) const fn status_key(finding: &Finding) -> &'static str {
    match (finding.axis, finding.status) {
        (_, Status::Unknown) => "status.unknown",
        (Axis::Relaxation, Status::Normal) => "status.complete",
        (_, Status::Partial) => "status.partial",
        (_, Status::Incomplete) => "status.incomplete",
        (Axis::Coordination, Status::Normal) => "status.lets-go",
        (Axis::Coordination, Status::High) => "status.does-not-let-go",
        (_, Status::Normal) => "status.normal",
        (_, Status::Borderline) => "status.borderline",
        (_, Status::Low) => "status.low",
        (Axis::Tone, Status::High) => "status.raised",
        (Axis::Instability, Status::High) => "status.restless",
        (_, Status::High) => "status.high",
    }
}
