//! What was found, as JSON. The shape is a promise: fields are added, never changed.

use std::io::Write;

use levator_decode::Lost;
use levator_detect::manoeuvre::Answer;
use levator_detect::{Contraction, Reason, Uncertainty, UnknownEdge};
use levator_engine::summary::Undetermined;
use levator_engine::{
    ChannelSummary, ClockEvent, EmgBand, Heart, ManoeuvreEvent, PressureEvent, Summary,
};
use levator_signal::quality::{Finding, Severity};
use levator_signal::{Breathing, Cough, Drift, HeartSummary, SampleRate, Unit};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::analysis::Analysis;
use crate::calibrate::date;
use crate::{answer, assess, calibrations};

/// Version of the program, as every output names it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes a document as all of ours are written.
pub(crate) fn print(out: &mut impl Write, document: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

/// The whole document. It is made while it is written: as one value, that of ten hours would take more
/// memory than all else.
pub(crate) struct Document<'a>(pub(crate) &'a [Analysis]);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("files", &Files(self.0))?;
        map.serialize_entry("tool", "levator")?;
        map.serialize_entry("version", VERSION)?;
        map.end()
    }
}

struct Files<'a>(&'a [Analysis]);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().flat_map(|analysis| {
            analysis.summary.channels.iter().map(move |channel| One { analysis, channel })
        }))
    }
}

struct One<'a> {
    analysis: &'a Analysis,
    channel: &'a ChannelSummary,
}

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = one(self.analysis, self.channel);
        let fields = value.as_object().into_iter().flatten();
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in fields {
            match key.as_str() {
                CONTRACTIONS => map.serialize_entry(key, &Contractions(self.channel))?,
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

/// By far most of a document.
const CONTRACTIONS: &str = "contractions";

struct Contractions<'a>(&'a ChannelSummary);

impl Serialize for Contractions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.contractions.iter().map(|found| contraction(found, self.0)))
    }
}

/// One channel of one file.
fn one(analysis: &Analysis, channel: &ChannelSummary) -> Value {
    let rate = channel.rate;
    let gaps = analysis.summary.gaps.iter().filter(|gap| gap.stream == channel.id.stream);
    json!({
        "file": analysis.file.display().to_string(),
        "blake3": analysis.blake3,
        "kind": channel.kind.name(),
        "channel": analysis.channel_name(channel),
        "stream": channel.id.stream,
        "channel_index": channel.id.channel,
        "rate_hz": rate.hz(),
        "calibration": calibrations::used(analysis, channel).map(|known| json!({
            "made": date(known.made_unix_s),
            "reference": number(known.reference),
            "unit": known.unit.symbol(),
            "age_days": analysis.opened_unix_ms.map(|ms| {
                calibrations::age_days(known.made_unix_s, ms / 1000)
            }),
        })),
        "clock": analysis.summary.clocks.get(&channel.id.stream).map(clock),
        "unit": channel.unit.symbol(),
        "duration_s": channel.duration_s(),
        "sample_count": channel.sample_count,
        // Written one by one, by `One`.
        CONTRACTIONS: null,
        "measures": answer::measures_of(analysis, channel),
        "trials": answer::trials_of(analysis, channel),
        "programme": answer::programme(analysis),
        "assessment": assess::of_channel(analysis, channel).as_ref().map(answer::assessment),
        "refusals": refusals(analysis, channel),
        "gaps": gaps.map(|lost| gap(lost, rate)).collect::<Vec<_>>(),
        "rest": channel.rest.map(|rest| json!({
            "level": number(rest.level),
            "spread": number(rest.spread),
            "span_s": number(rest.span_s),
        })),
        "findings": channel.findings.iter().map(|found| finding(found, rate)).collect::<Vec<_>>(),
        "coughs": channel.coughs.iter().map(|found| cough(found, rate)).collect::<Vec<_>>(),
        "drift": channel.pressure.as_ref().map(drift),
        "breathing": channel.pressure.and_then(|event| event.breathing).map(breathing),
        "heart": channel.heart.map(heart),
        "searched": channel.passed.is_none(),
        "withdrawn_count": channel.withdrawn_count,
        "faults": channel.faults,
        "settings": settings(analysis),
        "notes": analysis.notes,
        "marks": marks(&analysis.summary),
        "manoeuvres": analysis.summary.manoeuvres.iter().map(manoeuvre).collect::<Vec<_>>(),
        "digest": format!("{:016x}", analysis.digest.signal()),
    })
}

/// How fast a stream really was, and the clock of its device beside that of the host.
fn clock(event: &ClockEvent) -> Value {
    json!({
        "declared_hz": event.declared.hz(),
        "real_hz": number(event.real_hz),
        "pace": event.pace.name(),
        "drift_ppm": event.drift_ppm.map(number),
        "late_s": number(event.late_s),
    })
}

fn contraction(found: &Contraction, channel: &ChannelSummary) -> Value {
    let rate = channel.rate;
    json!({
        "onset_s": rate.time_s(found.onset),
        "offset_s": found.offset.map(|offset| rate.time_s(offset)),
        "onset_within_s": found.onset_uncertainty.seconds(),
        "offset_within_s": found.offset_uncertainty.seconds(),
        "onset_unknown": unknown(found.onset_uncertainty),
        "offset_unknown": unknown(found.offset_uncertainty),
        "peak_s": rate.time_s(found.peak_at),
        "peak": number(found.peak),
        "mean": number(found.mean),
        "rest": number(found.rest),
        "confidence": number(found.confidence),
        "decided_s": rate.time_s(found.decided),
        "closed_s": rate.time_s(found.closed),
        "like_cough": channel.is_like_cough(found),
    })
}

/// Why an edge cannot be determined.
fn unknown(uncertainty: Uncertainty) -> Option<&'static str> {
    match uncertainty {
        Uncertainty::Within { .. } => None,
        Uncertainty::Unknown(UnknownEdge::SignalEnded) => Some("the signal ended"),
        Uncertainty::Unknown(UnknownEdge::Gradual) => Some("too gradual"),
        Uncertainty::Unknown(UnknownEdge::OutOfSight) => Some("too little signal beside it"),
    }
}

fn refusals(analysis: &Analysis, channel: &ChannelSummary) -> Vec<Value> {
    let signal = channel.undetermined.iter().map(|stretch| undetermined(stretch, channel.rate));
    let unsearched =
        channel.passed.map(|reason| json!({ "what": "signal", "reason": reason.name() }));
    let frames = analysis
        .summary
        .refusals
        .iter()
        .map(|(reason, count)| json!({ "what": "frames", "reason": reason, "count": count }));
    let skipped = analysis
        .skipped
        .iter()
        .map(|part| json!({ "what": part.what, "reason": part.reason, "count": part.count }));
    signal.chain(unsearched).chain(frames).chain(skipped).collect()
}

fn undetermined(stretch: &Undetermined, rate: SampleRate) -> Value {
    json!({
        "what": "signal",
        "reason": reason(stretch.reason),
        "from_s": rate.time_s(stretch.span.start),
        "to_s": rate.time_s(stretch.span.end),
        "decided_s": rate.time_s(stretch.decided),
    })
}

/// Why nothing can be said, in words.
pub(crate) const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Gap => "samples are missing",
        Reason::Quality => "samples are unusable",
        Reason::NoRestBefore => "no rest before it",
        Reason::NoContrast => "one level throughout: rest or contraction",
        Reason::TooShort => "too short to learn the resting level",
        Reason::RestChanged => "the resting level changed",
        Reason::FarWeaker => "far weaker than the contractions before it",
        Reason::Implausible => "jumps that no muscle makes",
    }
}

/// Notes are bound to samples of the first stream.
fn marks(summary: &Summary) -> Vec<Value> {
    let Some(first) = summary.channels.first() else { return Vec::new() };
    let marks = summary.marks.iter();
    marks.map(|mark| json!({ "at_s": first.rate.time_s(mark.index), "text": mark.text })).collect()
}

pub(crate) fn finding(found: &Finding, rate: SampleRate) -> Value {
    json!({
        "fault": found.fault.name(),
        "severity": severity(found.fault.severity()),
        "from_s": rate.time_s(found.span.start),
        "to_s": rate.time_s(found.span.end),
        "known_s": rate.time_s(found.known_at),
        "value": number(found.value),
        "limit": number(found.limit),
        "reason": found.fault.reason(),
        "remedy": found.fault.remedy(),
    })
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Doubtful => "doubtful",
        Severity::Blinding => "blinding",
    }
}

fn cough(found: &Cough, rate: SampleRate) -> Value {
    json!({
        "from_s": rate.time_s(found.span.start),
        "to_s": rate.time_s(found.span.end),
        "peak_s": rate.time_s(found.peak_at),
        "peak": number(found.peak),
        "height": number(found.height),
        "confidence": number(found.confidence),
        "decided_s": rate.time_s(found.decided),
    })
}

fn drift(event: &PressureEvent) -> Value {
    match event.drift {
        Drift::Known(known) => json!({
            "change": number(known.change),
            "bound_95": number(known.bound),
            "slope_per_min": number(known.slope_per_min),
            "slope_bound_95_per_min": number(known.slope_bound_per_min),
            "rest_count": known.rest_count,
            "jump_count": known.jump_count,
            "note": "of the level at rest: sensor and resting tone together",
        }),
        Drift::Unknown(why) => json!({ "change": null, "reason": why.to_string() }),
    }
}

fn breathing(seen: Breathing) -> Value {
    match seen {
        Breathing::Present { rate_per_min, amplitude, regularity } => json!({
            "present": true,
            "rate_per_min": number(rate_per_min),
            "amplitude": number(amplitude),
            "regularity": number(regularity),
        }),
        Breathing::Absent { regularity } => {
            json!({ "present": false, "regularity": number(regularity) })
        }
        Breathing::Unknown { rest_s, needed_s } => json!({
            "present": null,
            "reason": format!("{rest_s:.0} s of rest, {needed_s:.0} s needed"),
        }),
    }
}

fn heart(summary: Option<HeartSummary>) -> Value {
    let Some(summary) = summary else {
        return json!({ "removed": false, "reason": "rate too low to look for heart beats" });
    };
    json!({
        "removed": summary.beat_count > 0,
        "beat_count": summary.beat_count,
        "rate_per_minute": summary.rate_per_minute.map(number),
        "touched_ratio": number(summary.touched_ratio()),
        "power_ratio": number(summary.power_ratio),
    })
}

fn manoeuvre(event: &ManoeuvreEvent) -> Value {
    let mut value = json!({ "from_s": event.start_s, "to_s": event.end_s });
    match event.answer {
        Answer::Told { manoeuvre, basis, pelvic, abdominal } => {
            value["manoeuvre"] = manoeuvre.name().into();
            value["evidence"] = json!({
                "channels": [basis.pelvic.name(), basis.other.name()],
                "scaled_by_earlier_events": basis.normalised,
                "pelvic": number(pelvic),
                "abdominal": number(abdominal),
            });
        }
        Answer::CannotTell(doubt) => {
            value["manoeuvre"] = Value::Null;
            value["reason"] = doubt.name().into();
        }
    }
    value
}

fn gap(lost: &Lost, rate: SampleRate) -> Value {
    json!({
        "from_s": rate.time_s(lost.span.start),
        "to_s": rate.time_s(lost.span.end),
        "sample_count": lost.span.sample_count(),
        "cause": lost.cause.name(),
    })
}

pub(crate) fn settings(analysis: &Analysis) -> Value {
    let config = &analysis.config;
    let band = EmgBand::NAMES.into_iter().find(|(band, _)| *band == config.emg_band);
    json!({
        "emg_band": band.map(|(_, name)| name),
        "mains_hz": config.mains.map(levator_signal::preset::Mains::hz),
        "remove_heart": config.heart == Heart::Remove,
        "pressure_unit": config.pressure_unit.map(Unit::symbol),
    })
}

/// JSON has no word for numbers that are none.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
