//! A visit looked at again: any stretch of it at once, contractions as they were found and as somebody
//! changed them.

use std::sync::PoisonError;

use levator_detect::Contraction;
use levator_engine::ChannelSummary;
use levator_record::visit::overview::{Bucket, OverviewStream, View};
use levator_record::visit::{JOURNAL, Overview};
use levator_signal::{SampleIndex, SignalKind};
use serde_json::{Value, json};

use super::Front;
use super::edits::{self, Edits, What};
use super::kept::Seen;
use crate::failure::{Attempt, Code, Failure};
use crate::{assess, visit};

/// Pieces of each channel in one answer, at most: as many as a wide screen has columns.
const MOST_PIECES: u64 = 2000;
/// Channels in one answer. Our choice.
const MOST_CHANNELS: usize = 8;

impl Front {
    /// Smallest and largest values of a stretch and of its envelope, in so many pieces.
    pub(super) fn overview(&self, question: &Value) -> Result<Value, Failure> {
        let kept = self.named(question)?;
        let pieces = question["pieces"].as_u64().unwrap_or(800).clamp(1, MOST_PIECES) as usize;
        let bound = |key: &str| question[key].as_f64().filter(|s| s.is_finite() && *s >= 0.0);
        let (from_s, to_s) = (bound("from_s").unwrap_or(0.0), bound("to_s"));
        if !kept.folder.join(JOURNAL).is_file() {
            return Ok(levels(&self.seen(kept)?, from_s, to_s, pieces));
        }
        let name = kept.folder.display();
        let mut file =
            Overview::open_or_make(&kept.folder, &mut |_| {}).attempt(Code::File, &name)?;
        let mut channels = Vec::new();
        for stream in 0..file.streams().len() {
            let about = file.streams()[stream].clone();
            let from = about.rate.index_at(from_s).0;
            let to = to_s.map_or(u64::MAX, |to_s| about.rate.index_at(to_s).0);
            for channel in 0..about.labels.len() {
                if channels.len() < MOST_CHANNELS {
                    let view = file.view(stream, channel, from..to, pieces);
                    channels.push(piece(&about, channel, &view.attempt(Code::File, &name)?));
                }
            }
        }
        Ok(json!({ "visit": kept.id, "of": "signal", "channels": channels }))
    }

    /// What was found, with what was changed in it.
    pub(super) fn contractions(&self, question: &Value) -> Result<Value, Failure> {
        let seen = self.seen(self.named(question)?)?;
        let edits = Edits::read(&seen.folder)?;
        Ok(found(&seen, &edits))
    }

    /// Changes something, beside the recording, and gives what holds then.
    pub(super) fn edit(&self, question: &Value) -> Result<Value, Failure> {
        let seen = self.seen(self.named(question)?)?;
        let what = edits::wanted(question)?;
        // Of two pages that change something at once, neither writes over what the other did.
        let _one = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let edits = Edits::read(&seen.folder)?.add(&seen.folder, what, visit::unix_ms())?;
        Ok(found(&seen, &edits))
    }
}

fn piece(about: &OverviewStream, channel: usize, view: &View) -> Value {
    let time_s = |index: u64| about.rate.time_s(SampleIndex(index));
    let short = |value: f32| (f64::from(value) * 1e4).round() / 1e4;
    let side = |of: &dyn Fn(&Bucket) -> Option<f32>| -> Vec<Option<f64>> {
        view.buckets.iter().map(|one| of(one).map(short)).collect()
    };
    json!({
        "stream": about.stream,
        "channel": channel,
        "label": about.labels[channel],
        "kind": about.kind.name(),
        "unit": about.unit.symbol(),
        "begins_s": time_s(about.samples.start),
        "ends_s": time_s(about.samples.end),
        "from_s": time_s(view.first),
        "piece_s": time_s(view.bucket_len),
        "low": side(&|one| one.extremes?.0.into()),
        "high": side(&|one| one.extremes?.1.into()),
        "level_low": side(&|one| one.envelope?.0.into()),
        "level_high": side(&|one| one.envelope?.1.into()),
    })
}

/// The same of a visit that was taken in from another program: the level that was found in it.
fn levels(seen: &Seen, from_s: f64, to_s: Option<f64>, pieces: usize) -> Value {
    let searched = seen.analysis.summary.channels.iter().filter(|one| one.passed.is_none());
    let channels = searched.take(MOST_CHANNELS).filter_map(|one| {
        let curve = seen.analysis.trace.as_ref()?.curve(one.id)?;
        let end = one.rate.time_s(one.end);
        let to_s = to_s.unwrap_or(end).min(end).max(from_s + 0.01);
        let all = curve.extremes(from_s, to_s, pieces);
        Some(json!({
            "stream": one.id.stream,
            "channel": one.id.channel,
            "label": seen.analysis.channel_name(one),
            "kind": one.kind.name(),
            "unit": one.unit.symbol(),
            "begins_s": 0.0,
            "ends_s": end,
            "from_s": from_s,
            "piece_s": (to_s - from_s) / pieces as f64,
            "low": all.iter().map(|one| one.map(|(low, _)| low)).collect::<Vec<_>>(),
            "high": all.iter().map(|one| one.map(|(_, high)| high)).collect::<Vec<_>>(),
        }))
    });
    json!({ "visit": seen.id, "of": "level", "channels": channels.collect::<Vec<_>>() })
}

/// Every channel with its contractions, and the numbers that follow from those that count.
fn found(seen: &Seen, edits: &Edits) -> Value {
    let analysis = &seen.analysis;
    let about = assess::About::new(analysis.told.clone(), None);
    let main = assess::reported(analysis, &about);
    let searched = analysis.summary.channels.iter().filter(|one| one.passed.is_none());
    let channels = searched.map(|one| {
        let mut told = channel(seen, one, edits);
        told["main"] = (main == Some(one.id)).into();
        told
    });
    let notes = edits.edits.iter().filter_map(|edit| match &edit.what {
        What::Note { at_s, text } => {
            Some(json!({ "at_s": at_s, "text": text, "made_unix_ms": edit.made_unix_ms }))
        }
        _ => None,
    });
    let marks = analysis.summary.marks.iter().filter_map(|mark| {
        let rate = analysis.summary.channels.first()?.rate;
        Some(json!({ "at_s": rate.time_s(mark.index), "text": mark.text }))
    });
    json!({
        "visit": seen.id,
        "channels": channels.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "marks": marks.collect::<Vec<_>>(),
        "edits": edits.edits.len(),
    })
}

fn channel(seen: &Seen, one: &ChannelSummary, edits: &Edits) -> Value {
    let time_s = |at: SampleIndex| one.rate.time_s(at);
    let end_s = time_s(one.end);
    let entry = |found: &Contraction, counts: bool| {
        json!({
            "onset": found.onset.0,
            "from_s": time_s(found.onset),
            "to_s": found.offset.map_or(end_s, time_s),
            "ended": found.offset.is_some(),
            "peak": found.peak,
            "mean": found.mean,
            "confidence": found.confidence,
            "counts": counts,
        })
    };
    let mut all: Vec<Value> = one
        .contractions
        .iter()
        .map(|found| entry(found, edits.counts(one.id, found.onset.0)))
        .collect();
    let curve = seen.analysis.trace.as_ref().and_then(|trace| trace.curve(one.id));
    // Peaks of pressure are above rest, those of EMG are not.
    let rest = match one.kind {
        SignalKind::Pressure => one.rest.map_or(0.0, |rest| rest.level),
        SignalKind::Emg | SignalKind::EmgEnvelope | SignalKind::Other => 0.0,
    };
    for added in edits.added().into_iter().filter(|added| added.channel == one.id) {
        let range = curve.and_then(|curve| {
            let columns =
                (((added.to_s - added.from_s) / curve.step_s()) as usize).clamp(1, 100_000);
            let all = curve.extremes(added.from_s, added.to_s, columns);
            all.into_iter().flatten().map(|(_, high)| high).reduce(f64::max)
        });
        all.push(json!({
            "added": added.number,
            "from_s": added.from_s,
            "to_s": added.to_s,
            "ended": true,
            "peak": range.map(|high| high - rest),
            "counts": true,
        }));
    }
    let start = |one: &Value| one["from_s"].as_f64().unwrap_or(0.0);
    all.sort_by(|one, other| start(one).total_cmp(&start(other)));
    let counted = || all.iter().filter(|one| one["counts"] == true);
    let mean = |of: &dyn Fn(&Value) -> Option<f64>| {
        let values: Vec<f64> = counted().filter_map(of).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let length = |one: &Value| {
        (one["ended"] == true)
            .then(|| Some(one["to_s"].as_f64()? - one["from_s"].as_f64()?))
            .flatten()
    };
    json!({
        "stream": one.id.stream,
        "channel": one.id.channel,
        "label": seen.analysis.channel_name(one),
        "kind": one.kind.name(),
        "unit": one.unit.symbol(),
        "count": counted().count(),
        "found": one.contractions.len(),
        "held_s": mean(&length),
        "longest_s": counted().filter_map(length).reduce(f64::max),
        "peak": mean(&|one: &Value| one["peak"].as_f64()),
        "contractions": all,
    })
}
