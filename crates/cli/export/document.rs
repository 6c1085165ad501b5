//! All of it as one JSON document.
//!
//! ```text
//! { what is said of every export, "events": [...],
//!   "streams": [ { ..., "channels": [...], "runs": [ { "first": 0, "start_s": 0, "rows": [[1.5, 2], ...] }, ... ] } ] }
//! ```
//!
//! A run has no gap; a number that is none is `null`. Rows are written as they are read.

use std::io::{BufWriter, Write};
use std::path::Path;

use levator_signal::SampleIndex;
use serde_json::{Value, json};

use super::rows::Rows;
use super::source::Source;
use super::survey::{Stream, Survey};
use crate::failure::{Attempt, Code, Failure};

pub(super) fn write(source: &Source, survey: &Survey, target: &Path) -> Result<Value, Failure> {
    let name = target.display();
    let file = super::create(target).attempt(Code::Recording, &name)?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let mut value = super::about_all(source, survey, target);
    value["format"] = "JSON".into();
    let events = survey.annotations.iter();
    let events = events.map(
        |one| json!({ "onset_s": one.onset_s, "duration_s": one.duration_s, "text": one.text }),
    );
    let mut document = value.clone();
    document["events"] = events.collect();
    let text = serde_json::to_string_pretty(&document).attempt(Code::Recording, &name)?;
    // The document stays open for the streams.
    let open = text.strip_suffix('}').unwrap_or(&text).trim_end();
    write!(out, "{open},\n  \"streams\": [").attempt(Code::Recording, &name)?;
    for (at, stream) in survey.streams.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        writeln!(out, "{comma}").attempt(Code::Recording, &name)?;
        samples(source, stream, &mut out, &name)?;
    }
    writeln!(out, "\n  ]\n}}")
        .and_then(|()| out.flush())
        .and_then(|()| out.get_ref().sync_all())
        .attempt(Code::Recording, &name)?;
    let told = survey.streams.iter().map(|stream| {
        let mut value = super::of_stream(stream);
        value["channels"] = super::channels(stream);
        value
    });
    value["streams"] = told.collect();
    Ok(value)
}

fn samples(
    source: &Source,
    stream: &Stream,
    out: &mut impl Write,
    name: &impl std::fmt::Display,
) -> Result<(), Failure> {
    let mut head = super::of_stream(stream);
    head["kind"] = stream.info.kind.name().into();
    head["channels"] = super::channels(stream);
    let head = head.to_string();
    let open = head.strip_suffix('}').unwrap_or(&head);
    let mut result = write!(out, "    {open},\"runs\":[");
    let mut rows = Rows::new(stream);
    let mut next = None;
    let mut run = |first: u64, values: &[f64], out: &mut dyn Write| -> std::io::Result<()> {
        let count = stream.channels.len();
        if next != Some(first) {
            if next.is_some() {
                write!(out, "]}},")?;
            }
            let start_s = stream.rate.time_s(SampleIndex(first));
            write!(out, "\n      {{\"first\":{first},\"start_s\":{start_s:?},\"rows\":[")?;
        }
        for (at, row) in values.chunks_exact(count).enumerate() {
            if at > 0 || next == Some(first) {
                out.write_all(b",")?;
            }
            out.write_all(b"[")?;
            for (channel, value) in row.iter().enumerate() {
                let comma = if channel > 0 { "," } else { "" };
                match value.is_finite() {
                    // The shortest text that reads back as the same number.
                    true => write!(out, "{comma}{value:?}")?,
                    false => write!(out, "{comma}null")?,
                }
            }
            out.write_all(b"]")?;
        }
        next = Some(first + (values.len() / count) as u64);
        Ok(())
    };
    source
        .read(&mut |event| {
            rows.take(&event, &mut |first, values| {
                if result.is_ok() {
                    result = run(first, values, out);
                }
            });
        })
        .attempt(Code::File, source.path().display())?;
    let end = if next.is_some() { "]}]}" } else { "]}" };
    result.and_then(|()| write!(out, "{end}")).attempt(Code::Recording, name)
}
