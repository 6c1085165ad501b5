//! Events and the state of a session as JSON. PROTOCOL.md, "From the program".

use levator_detect::Transition;
use levator_detect::manoeuvre::Answer;
use levator_engine::{ContractionEvent, FindingEvent, ManoeuvreEvent, ProgrammeEvent};
use levator_live::{ChannelView, ProgrammeState, Snapshot};
use levator_measure::{Measure, Trial, Validity};
use levator_programme::{Cue, Event, Part, Suspension};
use levator_signal::quality::Change;
use levator_signal::{SampleIndex, SampleRate};
use serde_json::{Value, json};

pub(crate) fn snapshot(snapshot: &Snapshot) -> Value {
    let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1e3;
    json!({
        "type": "state",
        "at_s": snapshot.at.as_secs_f64(),
        "link": snapshot.link.name(),
        "age_ms": snapshot.newest_sample_age().map(ms),
        "port": snapshot.port_name,
        "port_trouble": snapshot.port_trouble,
        "battery_percent": snapshot.battery_percent,
        "engine_failure": snapshot.engine_failure,
        "recording": snapshot.recording.as_ref().map(|recording| json!({
            "bytes": recording.written_byte_count,
            "missing": recording.missing_input_count,
            "broken": recording.is_broken,
            "refused": recording.is_refused,
            "refusal": recording.last_refusal.as_ref().map(|(_, text)| text),
        })),
        "counts": {
            "lost": snapshot.counts.lost_scan_count,
            "refused": snapshot.counts.refusal_count,
            "marks": snapshot.counts.mark_count,
            "lost_ports": snapshot.counts.lost_port_count,
        },
        "latency_ms": {
            "reads": snapshot.latency.read_count,
            "p50": ms(snapshot.latency.p50),
            "p99": ms(snapshot.latency.p99),
            "max": ms(snapshot.latency.max),
        },
        "programme": snapshot.programme.map(|view| json!({
            "state": programme_state(view.state),
            "cue": cue(&view.cue, view.rate),
            "remaining_s": view.remaining_s(),
        })),
        "channels": snapshot.channels.iter().map(channel).collect::<Vec<_>>(),
    })
}

fn programme_state(state: ProgrammeState) -> &'static str {
    match state {
        ProgrammeState::Running => "running",
        ProgrammeState::Suspended(why) => suspension(why),
        ProgrammeState::Done(true) => "done",
        ProgrammeState::Done(false) => "stopped",
    }
}

const fn suspension(why: Suspension) -> &'static str {
    match why {
        Suspension::Gap => "paused-gap",
        Suspension::Person => "paused-person",
        Suspension::Raised => "paused-raised",
    }
}

fn channel(channel: &ChannelView) -> Value {
    json!({
        "stream": channel.channel.stream,
        "channel": channel.channel.channel,
        "label": channel.label.as_str(),
        "kind": channel.kind.name(),
        "unit": channel.unit.symbol(),
        "rate_hz": channel.rate.hz(),
        "passed": channel.passed.map(|reason| reason.name()),
        "delay_ms": channel.delay.map(|delay| json!({
            "device": 1e3 * delay.device_s,
            "filter": 1e3 * delay.filter_s,
            "envelope": 1e3 * delay.envelope_s,
        })),
        "next": channel.next.0,
        "level": channel.level,
        "good": channel.quality.is_good(),
        "quality": channel.quality.names().collect::<Vec<_>>(),
        "findings": channel.check.open().map(|finding| json!({
            "fault": finding.fault.name(),
            "reason": finding.fault.reason(),
            "remedy": finding.fault.remedy(),
        })).collect::<Vec<_>>(),
        "contracted_since_s": channel.contracted_since.map(|at| channel.rate.time_s(at)),
        "contractions": channel.contraction_count,
    })
}

pub(crate) fn cue(cue: &Cue<SampleIndex>, rate: SampleRate) -> Value {
    json!({
        "step": cue.step,
        "phase": cue.phase,
        "round": cue.round,
        "trial": cue.trial,
        "attempt": cue.attempt,
        "part": match cue.part {
            Part::Work => "work",
            Part::Rest => "rest",
            Part::Recovery => "recovery",
        },
        "starts_s": rate.time_s(cue.starts),
        "ends_s": rate.time_s(cue.ends),
        "into_s": cue.into.as_secs_f64(),
        "feedback": cue.feedback,
        "scored": cue.scored,
    })
}

pub(crate) fn programme(event: &ProgrammeEvent) -> Value {
    let rate = event.rate;
    match &event.event {
        Event::Cue(new) => {
            json!({ "type": "cue", "stream": event.stream, "cue": cue(new, rate) })
        }
        Event::Ended { cue: old, at, outcome } => json!({
            "type": "ended",
            "cue": cue(old, rate),
            "at_s": rate.time_s(*at),
            "outcome": outcome.name(),
        }),
        Event::Suspended { at, why } => {
            json!({ "type": "suspended", "at_s": rate.time_s(*at), "why": suspension(*why) })
        }
        Event::Resumed { at } => json!({ "type": "resumed", "at_s": rate.time_s(*at) }),
        Event::Done { at, completed } => {
            json!({ "type": "done", "at_s": rate.time_s(*at), "completed": completed })
        }
    }
}

pub(crate) fn contraction(event: &ContractionEvent) -> Value {
    let rate = event.rate;
    let s = |index: SampleIndex| rate.time_s(index);
    let mut value = match &event.transition {
        Transition::Onset { at, decided } => {
            json!({ "what": "onset", "onset_s": s(*at), "decided_s": s(*decided) })
        }
        Transition::Withdrawn { span, decided } => {
            json!({ "what": "withdrawn", "onset_s": s(span.start), "decided_s": s(*decided) })
        }
        Transition::Undetermined { span, decided, .. } => {
            json!({ "what": "undetermined", "onset_s": s(span.start), "decided_s": s(*decided) })
        }
        Transition::Contraction(found) => json!({
            "what": "contraction",
            "onset_s": s(found.onset),
            "offset_s": found.offset.map(s),
            "decided_s": s(found.decided),
            "closed_s": s(found.closed),
            "peak_s": s(found.peak_at),
            "peak": found.peak,
            "mean": found.mean,
            "rest": found.rest,
            "confidence": found.confidence,
        }),
    };
    value["type"] = "contraction".into();
    value["stream"] = event.channel.stream.into();
    value["channel"] = event.channel.channel.into();
    value
}

/// `rate` is that of the stream of the trial.
pub(crate) fn trial(trial: &Trial, rate: Option<SampleRate>) -> Value {
    let s = |index: SampleIndex| rate.map(|rate| rate.time_s(index));
    json!({
        "type": "trial",
        "stream": trial.channel.stream,
        "channel": trial.channel.channel,
        "step": trial.step,
        "task": trial.task.name(),
        "trial": trial.trial,
        "attempt": trial.attempt,
        "asked_s": [s(trial.asked.start), s(trial.asked.end)],
        "onset_s": trial.found.and_then(|found| s(found.onset)),
        "offset_s": trial.found.and_then(|found| found.offset).and_then(s),
        "manoeuvre": trial.manoeuvre.map(|manoeuvre| manoeuvre.name()),
        "validity": validity(trial.validity),
        "reasons": trial.reasons.iter().map(|reason| reason.name()).collect::<Vec<_>>(),
        "level": trial.level,
        "target": trial.target.as_ref().map(crate::scene::target),
        "success": trial.success,
    })
}

pub(crate) fn finding(event: &FindingEvent) -> Value {
    let (what, finding) = match &event.change {
        Change::Began(finding) => ("began", finding),
        Change::Ended(finding) => ("ended", finding),
    };
    json!({
        "type": "finding",
        "what": what,
        "stream": event.channel.stream,
        "channel": event.channel.channel,
        "fault": finding.fault.name(),
        "remedy": finding.fault.remedy(),
        "at_s": event.rate.time_s(event.at),
    })
}

pub(crate) fn manoeuvre(event: &ManoeuvreEvent) -> Value {
    json!({
        "type": "manoeuvre",
        "start_s": event.start_s,
        "end_s": event.end_s,
        "what": match event.answer {
            Answer::Told { manoeuvre, .. } => manoeuvre.name(),
            Answer::CannotTell(_) => "cannot-tell",
        },
        "doubt": match event.answer {
            Answer::Told { .. } => None,
            Answer::CannotTell(doubt) => Some(doubt.name()),
        },
    })
}

pub(crate) fn measure(measure: &Measure) -> Value {
    json!({
        "type": "measure",
        "stream": measure.channel.stream,
        "channel": measure.channel.channel,
        "quantity": measure.quantity.name(),
        "task": measure.task.name(),
        "how": measure.how.name(),
        "step": measure.trial,
        "value": measure.value,
        "validity": validity(measure.validity),
    })
}

const fn validity(validity: Validity) -> &'static str {
    match validity {
        Validity::Valid => "valid",
        Validity::Doubtful => "doubtful",
        Validity::Invalid => "invalid",
    }
}
