//! One stream as CSV, with a JSON file beside it that says what no table can.

use std::io::{BufWriter, Write};
use std::path::Path;

use levator_signal::SampleIndex;
use serde_json::{Value, json};

use super::rows::Rows;
use super::source::Source;
use super::survey::{Stream, Survey};
use crate::failure::{Attempt, Code, Failure};

pub(super) fn write(
    source: &Source,
    survey: &Survey,
    stream: &Stream,
    target: &Path,
) -> Result<Value, Failure> {
    let name = target.display();
    let beside = target.with_extension("json");
    let mut out =
        BufWriter::with_capacity(1 << 18, super::create(target).attempt(Code::Recording, &name)?);
    let titles: Vec<String> =
        stream.channels.iter().map(|channel| column(&channel.label)).collect();
    let mut result = write!(out, "time_s");
    for (title, channel) in titles.iter().zip(&stream.channels) {
        result = result.and_then(|()| write!(out, ",{title}_{}", channel.unit.symbol()));
    }
    result = result.and_then(|()| writeln!(out));
    let mut rows = Rows::new(stream);
    let mut nan_count = 0;
    source
        .read(&mut |event| {
            rows.take(&event, &mut |first, values| {
                if result.is_ok() {
                    result = write_rows(stream, first, values, &mut out, &mut nan_count);
                }
            });
        })
        .attempt(Code::File, source.path().display())?;
    result
        .and_then(|()| out.flush())
        .and_then(|()| out.get_ref().sync_all())
        .attempt(Code::Recording, &name)?;
    let channels = titles.iter().zip(&stream.channels).map(|(title, channel)| {
        json!({
            "column": format!("{title}_{}", channel.unit.symbol()),
            "label": channel.label,
            "unit": channel.unit.symbol(),
        })
    });
    let annotations = survey.annotations.iter().take(super::MOST_LISTED).map(
        |one| json!({ "onset_s": one.onset_s, "duration_s": one.duration_s, "text": one.text }),
    );
    let mut value = super::about(source, survey, stream, target);
    value["format"] = "CSV".into();
    value["kind"] = stream.info.kind.name().into();
    value["nan_count"] = nan_count.into();
    value["channels"] = channels.collect();
    value["annotations"] = annotations.collect();
    value["sidecar"] = source.shown(&beside).into();
    let name = beside.display();
    let mut file = super::create(&beside).attempt(Code::Recording, &name)?;
    let text = serde_json::to_vec_pretty(&value).attempt(Code::Recording, &name)?;
    file.write_all(&text)
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .attempt(Code::Recording, &name)?;
    Ok(value)
}

/// A name without what ends a field or a line.
fn column(label: &str) -> String {
    let is_plain = |c: char| !matches!(c, ',' | ';' | '"') && !c.is_control() && !c.is_whitespace();
    label.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// Writes samples of which the first has this index, and counts those that are no numbers.
fn write_rows(
    stream: &Stream,
    first: u64,
    values: &[f64],
    out: &mut impl Write,
    nan_count: &mut u64,
) -> std::io::Result<()> {
    for (index, row) in (first..).zip(values.chunks_exact(stream.channels.len())) {
        // The shortest text that reads back as the same number.
        write!(out, "{}", stream.rate.time_s(SampleIndex(index)))?;
        for value in row {
            *nan_count += u64::from(value.is_nan());
            match value {
                _ if value.is_nan() => write!(out, ",nan")?,
                _ => write!(out, ",{value:?}")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
