//! One stream as EDF+ or BDF+.

use std::path::Path;

use levator_record::edf::Variant;
use levator_record::edf::write::{
    EdfWriteError, EdfWriter, Gaps, Range, RecordDuration, SignalSpec, WriteSettings,
};
use levator_signal::SampleIndex;
use serde_json::{Value, json};

use super::source::{Event, Kind, Source};
use super::survey::{Channel, Stream, Survey};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;

/// Bytes of an annotation beside its text: onset, duration, ends.
const AROUND_TEXT: usize = 48;

/// Bytes that tell of one gap inside a data record.
const GAP_BYTES: usize = 80;

pub(super) fn write(
    source: &Source,
    survey: &Survey,
    stream: &Stream,
    variant: Variant,
    gaps: Gaps,
    target: &Path,
) -> Result<Value, Failure> {
    let rates = vec![stream.rate; stream.channels.len()];
    let lens: Vec<u64> = stream.runs.iter().map(|(_, len)| *len).collect();
    let duration = RecordDuration::choose(&rates, &lens);
    let rate_error = duration.as_ref().map_or(0.0, RecordDuration::rate_error);
    let signals = stream.channels.iter().enumerate();
    let signals = signals.map(|(at, channel)| spec(source, stream, at, channel, variant)).collect();
    let (start, start_ms) = survey.start(source);
    let settings = WriteSettings {
        equipment: format!("levator_{VERSION}"),
        start,
        start_ms,
        annotation_bytes: annotation_bytes(survey, stream, duration.as_ref()),
        duration,
        gaps,
        ..WriteSettings::new(variant, signals)
    };
    let name = target.display();
    let file = super::create(target).attempt(Code::Recording, &name)?;
    let mut writer = EdfWriter::create(file, &settings).attempt(Code::Recording, &name)?;
    // The file begins with its first sample, whatever the number of that.
    let base = stream.runs.first().map_or(0, |(first, _)| *first);
    let base_s = stream.rate.time_s(SampleIndex(base));
    let mut result = Ok(());
    for one in &survey.annotations {
        let onset_s = one.onset_s - base_s;
        result = result.and_then(|()| writer.annotate(onset_s, one.duration_s, &one.text));
    }
    let mut next = base;
    let mut converted = Vec::new();
    let mut take = |writer: &mut EdfWriter<_>, event: Event<'_>| -> Result<(), EdfWriteError> {
        let Event::Values { channel, unit, first, values, .. } = event else { return Ok(()) };
        let Some((at, factor)) = stream.place(channel, unit) else { return Ok(()) };
        if at == 0 {
            if first.0 != next {
                writer.go_on_at(stream.rate.time_s(first.saturating_sub(base)))?;
            }
            next = first.0 + values.len() as u64;
        }
        if factor.to_bits() == 1.0_f64.to_bits() {
            return writer.write(at, values);
        }
        converted.clear();
        converted.extend(values.iter().map(|value| value * factor));
        writer.write(at, &converted)
    };
    source
        .read(&mut |event| {
            if result.is_ok() {
                result = take(&mut writer, event);
            }
        })
        .attempt(Code::File, source.path().display())?;
    result.attempt(Code::Recording, &name)?;
    let header = writer.header().clone();
    let (file, written) = writer.finish().attempt(Code::Recording, &name)?;
    file.sync_all().attempt(Code::Recording, &name)?;
    let channels = stream.channels.iter().zip(&header.signals).zip(&written.signals);
    let channels = channels.map(|((channel, signal), written)| {
        json!({
            "label": signal.label,
            "unit": signal.dimension,
            "physical": [signal.physical.0, signal.physical.1],
            "digital": [signal.digital.0, signal.digital.1],
            "step": written.step,
            "worst_quantisation_error": written.worst_error,
            "clamped_count": written.clamped_count,
            "nan_count": written.nan_count,
            "low": finite(channel.low),
            "high": finite(channel.high),
        })
    });
    let mut value = super::about(source, survey, stream, target);
    let letter = if written.is_discontinuous { 'D' } else { 'C' };
    value["format"] = format!("{variant}+{letter}").into();
    value["record_count"] = written.record_count.into();
    value["record_duration_s"] = header.record_duration_s.into();
    value["filled_s"] = written.held_s.into();
    value["rate_error_ratio"] = rate_error.into();
    value["channels"] = channels.collect();
    Ok(value)
}

fn finite(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn spec(
    source: &Source,
    stream: &Stream,
    at: usize,
    channel: &Channel,
    variant: Variant,
) -> SignalSpec {
    let values = Range::Values { low: channel.low, high: channel.high };
    let info = &stream.info;
    // Codes that fit are kept as they are; then nothing is lost at all.
    let codes = info.rails.filter(|_| info.unit == channel.unit).and_then(|rails| {
        let calibration = *info.calibrations.get(at)?;
        let (one, other) = (calibration.apply(rails.0), calibration.apply(rails.1));
        let holds = one.min(other) <= channel.low && one.max(other) >= channel.high;
        holds.then(|| Range::of_codes(variant, calibration, rails)).flatten()
    });
    let mut spec = SignalSpec::new(
        &channel.label,
        channel.unit.symbol(),
        stream.rate,
        codes.unwrap_or(values),
    );
    if let Kind::Edf { header, options, .. } = source.kind()
        && let Ok(selection) = header.select(options)
        && let Some(found) = selection.streams.get(usize::from(stream.number))
        && let Some(&position) = found.signals.get(at)
    {
        let signal = &header.signals[position];
        if source.hiding.is_none() {
            spec.transducer.clone_from(&signal.transducer);
            spec.prefilter.clone_from(&signal.prefilter);
            if options.unit.is_none() {
                spec.dimension.clone_from(&signal.dimension);
            }
        }
        let (lowest, highest) = variant.code_range();
        let (low, high) = signal.digital;
        if lowest <= low && low < high && high <= highest && signal.physical.0 < signal.physical.1 {
            let calibration = signal.calibration;
            let holds = calibration.apply(f64::from(low)) <= channel.low
                && calibration.apply(f64::from(high)) >= channel.high;
            if holds {
                spec.range = Range::Codes { physical: signal.physical, digital: signal.digital };
            }
        }
    }
    spec
}

/// Bytes that a data record needs, so that every annotation finds a place before the samples end.
fn annotation_bytes(survey: &Survey, stream: &Stream, duration: Option<&RecordDuration>) -> usize {
    let Some(duration) = duration else { return 0 };
    let per_record = duration.samples().first().copied().unwrap_or(1).max(1) as u64;
    let len = |text: &str| text.len() + AROUND_TEXT;
    let all: usize = survey.annotations.iter().map(|one| len(&one.text)).sum();
    let longest = survey.annotations.iter().map(|one| len(&one.text)).max().unwrap_or(0);
    let record_count = (stream.sample_count() / per_record).max(1);
    // Gaps that begin within one data record of each other may all lie in one.
    let gaps: Vec<u64> = stream.gaps().map(|(from, _)| from.0).collect();
    let mut most_gaps = 0;
    let mut start = 0;
    for (at, from) in gaps.iter().enumerate() {
        while from - gaps[start] > per_record {
            start += 1;
        }
        most_gaps = most_gaps.max(at + 1 - start);
    }
    let share = usize::try_from(all as u64 / record_count).unwrap_or(usize::MAX);
    (share + longest + GAP_BYTES * (2 * most_gaps + 2)).min(1 << 16)
}
