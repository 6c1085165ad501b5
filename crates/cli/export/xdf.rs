//! All streams as one XDF file.

use std::io::BufWriter;
use std::path::Path;

use levator_record::xdf::write::{StreamId, StreamSpec, XdfWriter};
use levator_signal::{SampleIndex, SignalKind};
use serde_json::{Value, json};

use super::rows::Rows;
use super::source::Source;
use super::survey::{Stream, Survey};
use crate::failure::{Attempt, Code, Failure};

pub(super) fn write(source: &Source, survey: &Survey, target: &Path) -> Result<Value, Failure> {
    let name = target.display();
    let file = super::create(target).attempt(Code::Recording, &name)?;
    let mut writer = XdfWriter::create(BufWriter::with_capacity(1 << 18, file))
        .attempt(Code::Recording, &name)?;
    let mut result: std::io::Result<()> = Ok(());
    let mut tracks: Vec<(StreamId, Rows<'_>)> = Vec::with_capacity(survey.streams.len());
    for stream in &survey.streams {
        let id = writer.stream(&spec(stream)).attempt(Code::Recording, &name)?;
        tracks.push((id, Rows::new(stream)));
    }
    let marks = StreamSpec::marks("annotations");
    let marks = writer.stream(&marks).attempt(Code::Recording, &name)?;
    for one in &survey.annotations {
        writer.mark(marks, one.onset_s, &one.text).attempt(Code::Recording, &name)?;
    }
    source
        .read(&mut |event| {
            for (id, rows) in &mut tracks {
                let rate = rows.stream.rate;
                rows.take(&event, &mut |first, values| {
                    if result.is_ok() {
                        let at_s = rate.time_s(SampleIndex(first));
                        result = writer.samples(*id, Some(at_s), values);
                    }
                });
            }
        })
        .attempt(Code::File, source.path().display())?;
    result.attempt(Code::Recording, &name)?;
    let out = writer.finish().attempt(Code::Recording, &name)?;
    out.get_ref().sync_all().attempt(Code::Recording, &name)?;
    let mut value = super::about_all(source, survey, target);
    value["format"] = "XDF".into();
    value["streams"] = survey.streams.iter().map(|stream| told(source, survey, stream)).collect();
    Ok(value)
}

fn told(source: &Source, survey: &Survey, stream: &Stream) -> Value {
    let mut value = super::of_stream(stream);
    value["channels"] = super::channels(stream);
    value["start_utc_unix_ms"] = json!(survey.start_ms(source));
    value
}

fn spec(stream: &Stream) -> StreamSpec {
    let content = match stream.info.kind {
        SignalKind::Emg => "EMG",
        SignalKind::EmgEnvelope => "EMG envelope",
        SignalKind::Pressure => "Pressure",
        SignalKind::Other => "Signal",
    };
    let channels: Vec<(&str, &str)> = stream
        .channels
        .iter()
        .map(|channel| (channel.label.as_str(), channel.unit.symbol()))
        .collect();
    let name = format!("{content} {}", stream.number);
    StreamSpec::signal(&name, content, stream.rate.hz(), &channels)
}
