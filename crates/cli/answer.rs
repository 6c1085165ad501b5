//! Measures, repetitions and the assessment as JSON. The shape is a promise: fields are added, never
//! changed.

use levator_engine::ChannelSummary;
use levator_measure::{Measure, Reasons, Trial, Validity};
use levator_programme::{Event, Target};
use levator_score::{Assessment, Change, Driver, Finding, Limit, Size, Trend};
use levator_signal::{SampleRate, Span};
use serde_json::{Value, json};

use crate::analysis::Analysis;

/// Numbers of all channels, those of single repetitions included.
pub(crate) fn measures(analysis: &Analysis) -> Vec<Value> {
    let channels = &analysis.summary.channels;
    channels.iter().flat_map(|channel| measures_of(analysis, channel)).collect()
}

/// Numbers of one channel.
pub(crate) fn measures_of(analysis: &Analysis, channel: &ChannelSummary) -> Vec<Value> {
    let of = analysis.summary.measures.iter().filter(|one| one.channel == channel.id);
    of.map(|one| measure(one, channel.rate)).collect()
}

fn measure(one: &Measure, rate: SampleRate) -> Value {
    json!({
        "stream": one.channel.stream,
        "channel_index": one.channel.channel,
        "quantity": one.quantity.name(),
        "task": one.task.name(),
        "how": one.how.name(),
        "step": one.trial,
        "value": one.value,
        "unit": one.unit.to_string(),
        "sem": one.sem,
        "count": one.count,
        "from_s": rate.time_s(one.span.start),
        "to_s": rate.time_s(one.span.end),
        "validity": validity(one.validity),
        "reasons": reasons(one.reasons),
    })
}

const fn validity(validity: Validity) -> &'static str {
    match validity {
        Validity::Valid => "valid",
        Validity::Doubtful => "doubtful",
        Validity::Invalid => "invalid",
    }
}

fn reasons(reasons: Reasons) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.name()).collect()
}

/// Repetitions of all channels.
pub(crate) fn trials(analysis: &Analysis) -> Vec<Value> {
    let channels = &analysis.summary.channels;
    channels.iter().flat_map(|channel| trials_of(analysis, channel)).collect()
}

/// Repetitions of one channel.
pub(crate) fn trials_of(analysis: &Analysis, channel: &ChannelSummary) -> Vec<Value> {
    let of = analysis.summary.trials.iter().filter(|one| one.channel == channel.id);
    of.map(|one| trial(one, channel.rate)).collect()
}

fn trial(one: &Trial, rate: SampleRate) -> Value {
    json!({
        "stream": one.channel.stream,
        "channel_index": one.channel.channel,
        "step": one.step,
        "task": one.task.name(),
        "trial": one.trial,
        "attempt": one.attempt,
        "asked": span(one.asked, rate),
        "found": one.found.map(|found| json!({
            "onset_s": rate.time_s(found.onset),
            "offset_s": found.offset.map(|offset| rate.time_s(offset)),
            "onset_known": found.onset_known,
            "offset_known": found.offset_known,
            "confidence": found.confidence,
        })),
        "manoeuvre": one.manoeuvre.map(levator_detect::manoeuvre::Manoeuvre::name),
        "validity": validity(one.validity),
        "reasons": reasons(one.reasons),
        "level": one.level,
        "target": one.target.map(target),
        "success": one.success,
    })
}

fn target(target: Target) -> Value {
    json!({ "from": target.lower, "to": target.upper, "unit": target.unit.name() })
}

fn span(span: Span, rate: SampleRate) -> Value {
    json!({ "from_s": rate.time_s(span.start), "to_s": rate.time_s(span.end) })
}

/// The programme of a visit, and how each of its steps went; `null` without one.
pub(crate) fn programme(analysis: &Analysis) -> Value {
    let Some(course) = &analysis.config.course else { return Value::Null };
    let programme = &course.programme;
    let steps = analysis.summary.programme.iter().filter_map(|event| match event.event {
        Event::Ended { cue, at, outcome } => Some(json!({
            "step": cue.step,
            "phase": programme.definition().phases.get(cue.phase).map(|phase| phase.id.as_str()),
            "trial": cue.trial,
            "attempt": cue.attempt,
            "part": cue.part.name(),
            "from_s": event.rate.time_s(cue.starts),
            "to_s": event.rate.time_s(at),
            "outcome": outcome.name(),
        })),
        Event::Cue(_) | Event::Suspended { .. } | Event::Resumed { .. } | Event::Done { .. } => {
            None
        }
    });
    json!({
        "id": programme.definition().id,
        "name": programme.definition().name,
        "stamp": programme.stamp().to_string(),
        "steps": steps.collect::<Vec<_>>(),
    })
}

/// The answer, with everything it rests on.
pub(crate) fn assessment(one: &Assessment) -> Value {
    let driving = one.driving.iter().map(|driving| {
        let inputs = driving.inputs.iter().map(|input| {
            json!({
                "stream": input.channel.stream,
                "channel_index": input.channel.channel,
                "quantity": input.quantity.name(),
                "task": input.task.name(),
                "how": input.how.name(),
            })
        });
        json!({ "driver": driver(driving.driver), "inputs": inputs.collect::<Vec<_>>() })
    });
    let flips = one.flips.iter().map(|flip| {
        json!({
            "driver": driver(flip.driver),
            "to": flip.to.map(|to| to.name()),
            "at": flip.at,
            "label": flip.label.name(),
            "gate": flip.gate.name(),
        })
    });
    let checks = one.failed_checks.iter().flat_map(|(observed, checks)| {
        checks.iter().map(|check| {
            json!({
                "channel_index": observed.channel.channel,
                "check": check.name(),
                "advice": check.advice(),
            })
        })
    });
    let references = one.references.iter().map(|matching| {
        json!({
            "channel_index": matching.channel.channel,
            "reference": matching.reference,
            "name": matching.name,
            "fits": matching.outcome.is_ok(),
            "why_not": matching.outcome.as_ref().err().map(|mismatch| mismatch.text()),
        })
    });
    let parts = one.parts.iter().map(|part| {
        json!({
            "aspect": part.aspect.name(),
            "grade": part.grade.name(),
            "value": part.value,
            "sentence": part.sentence,
        })
    });
    let changes = one.changes.iter().map(change);
    let offers = one.offers.iter().map(|offer| {
        json!({
            "programme": offer.programme,
            "opening": offer.opening.name(),
            "rank": offer.rank,
            "why": offer.why,
        })
    });
    json!({
        "rule": one.rule,
        "label": one.label.name(),
        "wording": one.wording,
        "notes": one.notes,
        "conflicts": one.conflicts.iter().map(|conflict| conflict.text()).collect::<Vec<_>>(),
        "confidence": one.confidence.name(),
        "gate": one.gate.name(),
        "strengthening": one.strengthening().name(),
        "gate_reasons": one.gate_reasons.iter().map(|reason| reason.text()).collect::<Vec<_>>(),
        "findings": one.findings.iter().map(finding).collect::<Vec<_>>(),
        "driving": driving.collect::<Vec<_>>(),
        "flips": flips.collect::<Vec<_>>(),
        "failed_checks": checks.collect::<Vec<_>>(),
        "references": references.collect::<Vec<_>>(),
        "london": one.london.as_ref().map(|london| json!({
            "tone": london.tone.map(|(text, weight)| json!([text, weight.name()])),
            "coordination": london.coordination.map(|(text, weight)| json!([text, weight.name()])),
            "rao": london.rao.map(|rao| rao.name()),
        })),
        "parts": parts.collect::<Vec<_>>(),
        "changes": changes.collect::<Vec<_>>(),
        "progression": one.progression.text(),
        "offers": offers.collect::<Vec<_>>(),
        "see_clinician": one.see_clinician,
        "urgency": one.urgency.map(|urgency| urgency.name()),
        "explanation": levator_score::explain(one),
        "screening": one.screening,
    })
}

/// A measure at two visits.
pub(crate) fn change(change: &Change) -> Value {
    let (trend, why) = match change.trend {
        Trend::Improved => ("improved", None),
        Trend::Worse => ("worse", None),
        Trend::Changed => ("changed", None),
        Trend::NotDetectable => ("not-detectable", None),
        Trend::NotComparable(why) => ("not-comparable", Some(why.text())),
    };
    json!({
        "channel_index": change.channel.channel,
        "quantity": change.quantity.name(),
        "task": change.task.name(),
        "how": change.how.name(),
        "then": change.then,
        "now": change.now,
        "trend": trend,
        "why": why,
        "detectable": change.mdc.map(|size| match size {
            Size::Absolute(size) => json!({ "difference": size }),
            Size::Relative(log) => json!({ "ratio": log.exp() }),
        }),
        "detectable_by": change.limit.as_ref().map(|limit| match limit {
            Limit::Reference(id) => id.as_str(),
            Limit::Visits => "visits",
        }),
    })
}

fn driver(driver: Driver) -> String {
    match driver {
        Driver::Axis(axis) => axis.name().to_owned(),
        Driver::Symptom(symptom) => symptom.name().to_owned(),
        Driver::Verification => "verification".to_owned(),
        Driver::Data(check) => format!("data: {}", check.name()),
    }
}

fn finding(one: &Finding) -> Value {
    json!({
        "axis": one.axis.name(),
        "status": one.status.name(),
        "why_unknown": one.unknown.map(|why| why.text()),
        "value": one.value,
        "unit": one.unit.symbol().trim(),
        "interval": one.interval().map(|(from, to)| [from, to]),
        "lower": one.lower,
        "upper": one.upper,
        "p_low": one.p_low,
        "p_high": one.p_high,
        "felt": one.felt,
        "reference": one.reference,
        "citation": one.citation,
        "evidence": one.evidence.map(levator_programme::Evidence::name),
        "remark": one.evidence.and_then(levator_programme::Evidence::remark),
        "doubts": one.doubts.iter().map(|doubt| doubt.text()).collect::<Vec<_>>(),
        "confidence": one.confidence.name(),
    })
}
