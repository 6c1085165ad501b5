//! The answer in plain words, line by line.

use levator_programme::{Gate, Opening};

use crate::gate::is_too_little;
use crate::{
    Assessment, Axis, Confidence, Driver, Finding, Flip, Label, Modality, Status, Trend, Urgency,
    rules,
};

/// A number with three digits that count.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = value.abs();
    let decimals = match size {
        _ if size >= 99.95 || size == 0.0 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// A label, for people.
#[must_use]
pub const fn label_text(label: Label) -> &'static str {
    match label {
        Label::Refer => "a clinician comes first",
        Label::InsufficientData => "not enough data",
        Label::UnableToContract => "unable to contract correctly",
        Label::Mixed => "tight and weak",
        Label::Hypertonic => "tight, or more active at rest than expected",
        Label::NonRelaxing => "non-relaxing",
        Label::Weak => "weak",
        Label::WithinRange => "within the expected range",
        Label::Inconclusive => "inconclusive",
    }
}

/// What a gate means, in a sentence.
#[must_use]
pub const fn gate_text(gate: Gate) -> &'static str {
    match gate {
        Gate::Green => "green: strengthening is open",
        Gate::Amber => "amber: strengthening is open with safeguards",
        Gate::Red => "red: no strengthening for now; letting go comes first",
        Gate::RedWithPain => "red: no contracting for now, because it hurts",
        Gate::Refer => "no training: a clinician comes first",
    }
}

/// What training is open, in a sentence: what its gate means, unless the visit shows too little to open
/// strengthening.
#[must_use]
pub const fn training_text(label: Label, gate: Gate) -> &'static str {
    if is_too_little(label, gate) {
        return "measure again before any strengthening";
    }
    gate_text(gate)
}

/// The answer, line by line, without colours and not wrapped.
#[must_use]
pub fn explain(assessment: &Assessment) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(format!("Answer: {}", assessment.wording));
    if let Some(urgency) = assessment.urgency {
        lines.push(
            match urgency {
                Urgency::Urgent => "  What was reported can be serious: see a doctor today.",
                Urgency::NoProbe => "  Use no probe while this lasts.",
                Urgency::Clinician | Urgency::Weighed => "  See a pelvic-health clinician first.",
            }
            .to_owned(),
        );
    }
    if assessment.see_clinician && assessment.urgency.is_none() {
        lines.push("  See a pelvic-health clinician before you train.".to_owned());
    }
    for note in &assessment.notes {
        lines.push(format!("  {note}"));
    }
    if assessment.label == Label::Refer {
        // What was reported was reported: there is nothing to be more or less sure of.
        for one in &assessment.driving {
            if let Driver::Symptom(symptom) = one.driver {
                lines.push(format!("  because {} is reported", symptom.text()));
            }
        }
    } else {
        lines.push(format!("  confidence: {}", confidence(assessment)));
    }
    lines.push(format!("Training: {}", training_text(assessment.label, assessment.gate)));
    for reason in &assessment.gate_reasons {
        lines.push(format!("  because {}", reason.text()));
    }

    lines.push("What was found".to_owned());
    for finding in assessment.findings.iter() {
        lines.push(format!("  {}", finding_line(finding)));
        if finding.is_known() {
            if let Some(reference) = &finding.reference {
                lines.push(format!("    reference: {reference}"));
            }
            let doubts: Vec<String> = finding.doubts.iter().map(|one| one.text()).collect();
            if !doubts.is_empty() {
                lines.push(format!("    in doubt because: {}", doubts.join("; ")));
            }
        }
    }
    for matching in &assessment.references {
        if let Err(mismatch) = &matching.outcome
            && mismatch.is_of_person()
        {
            lines.push(format!("  {} was not used: {}", matching.reference, mismatch.text()));
        }
    }
    if let Some(london) = &assessment.london {
        lines.push("In the words of anorectal manometry".to_owned());
        for (text, weight) in [london.tone, london.coordination].into_iter().flatten() {
            lines.push(format!("  {text} ({})", weight.name()));
        }
        if let Some(rao) = london.rao {
            lines.push(format!("  pushes: {} of Rao", rao.name()));
        }
    }
    lines.push("Contraction and rest, part by part".to_owned());
    for part in &assessment.parts {
        lines.push(format!("  {}", part.sentence));
    }
    if !assessment.changes.is_empty() {
        lines.push("Since the last visit".to_owned());
        lines.extend(changes(assessment));
    }
    if !assessment.flips.is_empty() {
        lines.push("What would change the answer or the training".to_owned());
        for flip in &assessment.flips {
            lines.push(format!("  {}", flip_line(assessment, flip)));
        }
    }
    lines.push("What to do next".to_owned());
    let suggested = assessment.offers.iter().filter(|one| one.rank.is_some());
    let before = lines.len();
    for offer in suggested {
        lines.push(format!("  {}: {}", offer.programme, offer.why));
    }
    if lines.len() == before {
        lines.push("  no programme is suggested".to_owned());
    }
    let closed = assessment.offers.iter().filter(|one| one.opening == Opening::Closed);
    let closed: Vec<&str> = closed.map(|one| one.programme).collect();
    if !closed.is_empty() {
        lines.push(format!("  closed for now: {}", closed.join(", ")));
    }
    lines.push(format!("  {}", assessment.progression.text()));
    for (observed, checks) in &assessment.failed_checks {
        for check in checks {
            let channel = observed.channel.channel;
            lines.push(format!("Data of channel {channel}: {}", check.advice()));
        }
    }
    lines.push(format!("Rule: {}", rules::RULE));
    lines.push(assessment.screening.to_owned());
    lines
}

fn confidence(assessment: &Assessment) -> String {
    let mut text = assessment.confidence.name().to_owned();
    let mut why: Vec<String> = Vec::new();
    for one in &assessment.driving {
        let Driver::Axis(axis) = one.driver else { continue };
        for doubt in &assessment.finding(axis).doubts {
            let doubt = doubt.text();
            if !why.contains(&doubt) {
                why.push(doubt);
            }
        }
    }
    if assessment.confidence < Confidence::High && !why.is_empty() {
        text.push_str("; ");
        text.push_str(&why.join("; "));
    }
    text
}

fn status_text(finding: &Finding) -> &'static str {
    match (finding.axis, finding.status) {
        (_, Status::Unknown) => "cannot be told",
        (Axis::Relaxation, Status::Normal) => "complete",
        (_, Status::Partial) => "partial",
        (_, Status::Incomplete) => "incomplete",
        (Axis::Coordination, Status::Normal) => "lets go",
        (Axis::Coordination, Status::High) => match finding.modality {
            // A rise of EMG, or of pressure by Rao's types I and II, which `notes` name.
            Some(Modality::Emg) => "tightens",
            _ => "does not let go enough",
        },
        (_, Status::Normal) => "as expected",
        (_, Status::Borderline) => "near the bound",
        (_, Status::Low) => "low",
        (Axis::Tone, Status::High) => "raised",
        (Axis::Instability, Status::High) => "restless",
        (_, Status::High) => "high",
    }
}

fn finding_line(finding: &Finding) -> String {
    let mut text = format!("{}: {}", finding.axis.text(), status_text(finding));
    if finding.felt {
        text.push_str(", as felt by a clinician");
    }
    if let (Status::Unknown, Some(why)) = (finding.status, finding.unknown) {
        text.push_str(&format!(" ({})", why.text()));
    }
    if let Some(value) = finding.value {
        text.push_str(&format!("; {}{}", number(value), finding.unit.symbol()));
        if let Some((from, to)) = finding.interval() {
            text.push_str(&format!(" ({} to {})", number(from), number(to)));
        }
        if let Some(lower) = finding.lower {
            text.push_str(&format!(", low below {}", number(lower)));
        }
        if let Some(upper) = finding.upper {
            text.push_str(&format!(", bound {}", number(upper)));
        }
    }
    text
}

fn changes(assessment: &Assessment) -> impl Iterator<Item = String> + '_ {
    assessment.changes.iter().map(|change| {
        let trend = match change.trend {
            Trend::Improved => "better",
            Trend::Worse => "not as good",
            Trend::Changed => "other",
            Trend::NotDetectable => "no change that can be told from chance",
            Trend::NotComparable(why) => {
                return format!(
                    "  {} ({}, {}): not comparable, {}",
                    change.quantity.name(),
                    change.task.name(),
                    change.how.name(),
                    why.text()
                );
            }
        };
        format!(
            "  {} ({}, {}): {} to {}, {trend}",
            change.quantity.name(),
            change.task.name(),
            change.how.name(),
            change.then.map_or_else(|| "-".to_owned(), number),
            number(change.now)
        )
    })
}

fn flip_line(assessment: &Assessment, flip: &Flip) -> String {
    let cause = match flip.driver {
        Driver::Axis(axis) => {
            let finding = assessment.finding(axis);
            let to = flip.to.map_or("otherwise", |to| {
                let mut other = Finding::unknown(axis, crate::Unknown::NoMeasure);
                other.status = to;
                status_text(&other)
            });
            // Beyond the value already, and standing elsewhere for another reason: it says nothing.
            let upward = matches!(flip.to, Some(Status::High | Status::Incomplete));
            let at = flip.at.filter(|at| !(upward && finding.value.is_some_and(|one| one >= *at)));
            let at = at.map_or_else(String::new, |at| {
                let below = !upward && finding.value.is_some_and(|value| value > at);
                let side = if below { "below" } else { "from" };
                format!(" ({side} {}{})", number(at), finding.unit.symbol())
            });
            format!("{} {to}{at}", axis.text())
        }
        Driver::Symptom(symptom) => format!("without {}", symptom.text()),
        Driver::Verification => "contractions known to be squeezes".to_owned(),
        Driver::Data(check) => format!("if {} were met", check.name()),
    };
    let then = match flip.label == assessment.label {
        true => String::new(),
        false => format!(" {};", label_text(flip.label)),
    };
    format!("{cause}:{then} {}", training_text(flip.label, flip.gate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        let of = [0.0, 0.2, 2.5, 12.56, 163.4, -73.96, 0.0123].map(number);
        assert_eq!(of, ["0", "0.200", "2.50", "12.6", "163", "-74.0", "0.012"]);
        assert_eq!(number(f64::NAN), "-");
    }
}
