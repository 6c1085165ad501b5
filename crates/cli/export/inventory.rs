//! All that a file of another program holds, in short.

use std::fmt::Write;
use std::path::Path;

use anyhow::anyhow;
use levator_record::text::{ChannelChoice, Role, TextFile, TextOptions};
use serde_json::{Value, json};

use super::source::Source;
use super::survey::{Annotation, Survey};
use super::{channels, of_stream};
use crate::failure::{Attempt, Code, Failure};

/// What is in a file: every signal, not only those that are judged.
pub(crate) struct Inventory {
    /// Each group of signals with one rate, with kind, unit, and names.
    pub(crate) signals: Value,
    /// Texts with times, in their order.
    pub(crate) annotations: Vec<(f64, Option<f64>, String)>,
    /// What a person should know about how it was read.
    pub(crate) notes: Vec<String>,
    /// When the first sample came, where the file says so.
    pub(crate) start_unix_ms: Option<u64>,
    /// From the first sample to the last one.
    pub(crate) duration_s: f64,
    /// Which format it is.
    pub(crate) read_as: Value,
}

impl Inventory {
    /// Reads a file to its end. Columns of a table that measure different things cannot be read at once; they
    /// are read one after the other then.
    pub(crate) fn of(file: &Path, text: &TextOptions) -> Result<Self, Failure> {
        let all = Self::at_once(file, text);
        if all.is_ok() || !text.channels.is_empty() {
            return all;
        }
        let Ok(table) = TextFile::open(file, text) else { return all };
        let columns = table.layout().columns.iter();
        let columns = columns.filter(|column| column.role == Role::Signal);
        let each = columns.map(|column| {
            let channels = vec![ChannelChoice::Index(column.index)];
            Self::at_once(file, &TextOptions { channels, ..text.clone() })
        });
        let mut each = each.filter_map(Result::ok);
        let Some(mut first) = each.next() else { return all };
        for other in each {
            if let (Value::Array(signals), Value::Array(more)) = (&mut first.signals, other.signals)
            {
                signals.extend(more);
            }
            first.duration_s = first.duration_s.max(other.duration_s);
            first.notes.extend(other.notes);
        }
        Ok(first)
    }

    fn at_once(file: &Path, text: &TextOptions) -> Result<Self, Failure> {
        let name = file.display();
        let source = Source::open(file, text)?;
        let survey = Survey::of(&source).attempt(Code::File, &name)?;
        if survey.streams.is_empty() {
            return Err(Failure::new(Code::File, anyhow!("{name}: holds no sample")));
        }
        let signals = survey.streams.iter().map(|stream| {
            let mut value = of_stream(stream);
            value["kind"] = json!(stream.info.kind.name());
            value["channels"] = channels(stream);
            value
        });
        let ends = survey.streams.iter().map(|stream| stream.rate.time_s(stream.end()));
        let start = survey.start_unix_ms.or_else(|| survey.stated_start_ms(&source));
        let annotations = survey.annotations.into_iter();
        Ok(Self {
            signals: signals.collect(),
            duration_s: ends.fold(0.0, f64::max),
            start_unix_ms: start.filter(|ms| *ms > 0),
            read_as: survey.settings["read_as"].clone(),
            annotations: annotations
                .map(|Annotation { onset_s, duration_s, text }| (onset_s, duration_s, text))
                .collect(),
            notes: survey.notes,
        })
    }

    /// The annotations as `events.tsv` of a visit has them.
    pub(crate) fn events(&self) -> String {
        let mut text = "onset\tduration\ttrial_type\tsample\tvalue\tchannel\n".to_owned();
        for (onset_s, duration_s, value) in &self.annotations {
            let duration = duration_s.map_or("n/a".to_owned(), |s| format!("{s:.6}"));
            let plain = |c: char| if c.is_control() { ' ' } else { c };
            let value: String = value.chars().map(plain).collect();
            let value = if value.trim().is_empty() { "n/a" } else { value.as_str() };
            // A text takes whatever is written to it.
            let _ = writeln!(text, "{onset_s:.6}\t{duration}\tmark\tn/a\t{value}\tn/a");
        }
        text
    }
}
