//! How a file that is no recording of ours was read, in words.

use std::io::{Read, Seek};

use levator_detect::manoeuvre::Role;
use levator_engine::summary::Note;
use levator_record::edf::{Annotation, Continuity, Deviation, EdfFile, Selection};
use levator_record::text::{Layout, Origin, SkipReason, TextOptions, Timing};
use levator_record::xdf::{self, XdfFile};
use levator_signal::{HostTime, SampleRate};

use crate::analysis::Skipped;

/// Annotations that are kept one by one; the rest is counted. As many as marks of a recording.
const MOST_MARKS: usize = 10_000;

/// Notes of the file that are repeated one by one; the rest is counted.
const MOST_NOTES: usize = 20;

/// The columns of a text file whose names say where they lie, as `pelvic_emg_uV` does, with their roles;
/// only those that measure the same as the first. Empty for files that say no such thing.
pub(crate) fn roles(start: &[u8]) -> Vec<(usize, Role)> {
    let text = String::from_utf8_lossy(start);
    let role = |name: &str| {
        let name = name.trim().trim_matches('"').to_lowercase().replace('_', "-");
        let found = Role::NAMES.into_iter().find(|(_, role)| {
            name.strip_prefix(role)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ' ', '(']))
        });
        found.map(|(role, _)| role)
    };
    let is_emg = |role: Role| matches!(role, Role::PelvicEmg | Role::AbdominalEmg);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let names = line.split([',', ';', '\t']);
        let roles: Vec<(usize, Role)> =
            names.enumerate().filter_map(|(at, name)| Some((at, role(name)?))).collect();
        if let Some((_, first)) = roles.first().copied() {
            return roles.into_iter().filter(|(_, one)| is_emg(*one) == is_emg(first)).collect();
        }
    }
    Vec::new()
}

/// What a person should know about how the file was read.
pub(crate) fn notes(layout: &Layout) -> Vec<String> {
    let mut notes = vec![timing(layout)];
    let kind = (layout.kind.name(), layout.kind_origin);
    if kind.1 == Origin::Guessed {
        notes.push(format!("taken for {}: nothing says what it is (--kind)", kind.0));
    }
    if layout.channels_origin == Origin::Guessed && layout.columns.len() > 1 {
        let columns: Vec<String> = layout.columns.iter().map(|column| column.title()).collect();
        notes.push(format!(
            "column {} was chosen among {} (--channel)",
            layout.channel_title(0).unwrap_or_default(),
            columns.join(", ")
        ));
    }
    if layout.bridged_count > 0 {
        notes.push(format!(
            "{} samples stand on straight lines across up to four missing ones",
            layout.bridged_count
        ));
    }
    if layout.restart_count > 0 {
        notes.push(format!(
            "its clock started anew {} times: how long those gaps are is not known",
            layout.restart_count
        ));
    }
    for note in layout.notes.iter().take(MOST_NOTES) {
        notes.push(match note.at_s {
            Some(at_s) => format!("line {}, {at_s:.3} s: {}", note.line, note.text),
            None => format!("line {}: {}", note.line, note.text),
        });
    }
    if layout.note_count > MOST_NOTES as u64 {
        notes.push(format!("{} more notes", layout.note_count - MOST_NOTES as u64));
    }
    notes
}

/// Whether one of [`notes`] only repeats a note of the file.
pub(crate) fn is_of_file(note: &str) -> bool {
    note.starts_with("line ") || note.ends_with(" more notes")
}

fn timing(layout: &Layout) -> String {
    let hz = layout.rate.hz();
    match layout.timing {
        Timing::Given => format!("{hz} Hz as given; each row is a sample"),
        Timing::Stated => format!("{hz} Hz as the file states; each row is a sample"),
        Timing::Regular => format!("{} Hz by the time column", (hz * 1e3).round() / 1e3),
        Timing::Evened => {
            format!("{hz} Hz on average: the time column is uneven, each row is a sample")
        }
        Timing::Resampled { median_hz } => format!(
            "resampled to {hz} Hz on straight lines: the time column is uneven (median \
             {median_hz:.2} Hz)"
        ),
    }
}

/// Rows that gave no sample. Markers stand among the notes.
pub(crate) fn skipped(layout: &Layout) -> Vec<Skipped> {
    layout
        .skipped
        .iter()
        .filter(|(reason, ..)| *reason != SkipReason::Marker)
        .map(|(reason, count, line)| Skipped {
            what: "rows",
            reason: format!("{}, first in line {line}", reason.name()),
            count,
        })
        .collect()
}

/// What a person should know about how an EDF or BDF file was read. Nothing of what it says about the
/// person who was measured.
pub(crate) fn edf_notes<R: Read>(
    file: &EdfFile<R>,
    selection: &Selection,
    text: &TextOptions,
) -> Vec<String> {
    let header = file.header();
    let plus = if header.continuity == Continuity::Plain { "" } else { "+" };
    let mut notes = vec![format!(
        "{}{plus}, {} data records of {} s",
        header.variant,
        file.record_count(),
        header.record_duration_s
    )];
    for stream in &selection.streams {
        let label = stream.info.label.as_str();
        if stream.kind_origin == Origin::Guessed {
            let kind = stream.info.kind.name();
            notes.push(format!("{label} taken for {kind}: nothing says what it is (--kind)"));
        }
        let dimension = &header.signals[stream.signals[0]].dimension;
        if stream.unit_origin == Origin::Guessed && !dimension.is_empty() {
            notes.push(format!("{label} is in {dimension:?}, a unit we do not know (--unit)"));
        }
    }
    if selection.origin == Origin::Guessed && header.signals.len() > 1 {
        let titles: Vec<String> =
            (0..header.signals.len()).map(|position| header.signal_title(position)).collect();
        notes.push(format!(
            "signal {} was chosen among {} (--channel)",
            header.signal_title(selection.streams[0].signals[0]),
            titles.join(", ")
        ));
    }
    let plain = TextOptions::default();
    if (text.rate_hz, text.scale, text.offset) != (plain.rate_hz, plain.scale, plain.offset) {
        notes.push("--rate, --scale and --offset do not apply: the file states its own".to_owned());
    }
    let is_note = |deviation: &Deviation| !matches!(deviation, Deviation::RecordCut { .. });
    notes.extend(file.deviations().iter().filter(|all| is_note(all)).map(Deviation::to_string));
    notes
}

/// The part of a data record at the end.
pub(crate) fn edf_skipped<R: Read>(file: &EdfFile<R>) -> Vec<Skipped> {
    let cut = file.deviations().into_iter().find_map(|deviation| match deviation {
        Deviation::RecordCut { byte_count } => Some(byte_count),
        _ => None,
    });
    let reason = "the file ends inside a data record".to_owned();
    cut.map(|count| Skipped { what: "recording", reason, count }).into_iter().collect()
}

/// What a person should know about how an XDF file was read.
pub(crate) fn xdf_notes<R: Read + Seek>(
    file: &XdfFile<R>,
    selection: &xdf::Selection,
    text: &TextOptions,
) -> Vec<String> {
    let streams = file.streams();
    let mut notes = vec![format!("XDF, {} streams", streams.len())];
    for stream in &selection.streams {
        let label = stream.info.label.as_str();
        if stream.kind_origin == Origin::Guessed {
            let kind = stream.info.kind.name();
            notes.push(format!("{label} taken for {kind}: nothing says what it is (--kind)"));
        }
        let unit = &streams[stream.source].channels[stream.channels[0]].unit;
        if stream.unit_origin == Origin::Guessed && !unit.is_empty() {
            notes.push(format!("{label} is in {unit:?}, a unit we do not know (--unit)"));
        }
    }
    let signals = streams.iter().filter(|stream| stream.is_signal());
    let titles: Vec<String> = signals
        .flat_map(|stream| (0..stream.channels.len()).map(|at| stream.channel_title(at)))
        .collect();
    if selection.origin == Origin::Guessed && titles.len() > 1 {
        notes.push(format!(
            "channel {} was chosen among {} (--channel)",
            selection.streams[0].titles[0],
            titles.join(", ")
        ));
    }
    let plain = TextOptions::default();
    if (text.rate_hz, text.scale, text.offset) != (plain.rate_hz, plain.scale, plain.offset) {
        notes.push("--rate, --scale and --offset do not apply: the file states its own".to_owned());
    }
    let is_note = |deviation: &xdf::Deviation| !is_lost(deviation);
    notes.extend(file.deviations().iter().filter(|one| is_note(one)).map(ToString::to_string));
    notes
}

fn is_lost(deviation: &xdf::Deviation) -> bool {
    matches!(deviation, xdf::Deviation::Damaged { .. })
}

/// The parts of an XDF file that could not be read.
pub(crate) fn xdf_skipped<R: Read + Seek>(file: &XdfFile<R>) -> Vec<Skipped> {
    let lost = file.deviations().into_iter().filter_map(|deviation| match deviation {
        xdf::Deviation::Damaged { offset, byte_count } => Some((offset, byte_count)),
        _ => None,
    });
    lost.map(|(offset, count)| Skipped {
        what: "recording",
        reason: format!("damaged from byte {offset} on, up to the next boundary chunk"),
        count,
    })
    .collect()
}

/// The annotations of a file as marks, bound to samples of its first stream.
#[derive(Debug)]
pub(crate) struct Marks {
    rate: SampleRate,
    list: Vec<Note>,
    count: usize,
}

impl Marks {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self { rate, list: Vec::new(), count: 0 }
    }

    pub(crate) fn take(&mut self, annotation: &Annotation<'_>) {
        self.count += 1;
        if self.list.len() < MOST_MARKS {
            // One before the first sample is bound to that.
            let onset_s = annotation.onset_s.max(0.0);
            self.list.push(Note {
                at: HostTime::from_secs_f64(onset_s),
                index: self.rate.index_at(onset_s),
                text: annotation.text.clone().into_owned(),
            });
        }
    }

    /// In the order of their times; a file may have them in any.
    pub(crate) fn finish(mut self, notes: &mut Vec<String>) -> Vec<Note> {
        if self.count > self.list.len() {
            notes.push(format!("{} more annotations", self.count - self.list.len()));
        }
        self.list.sort_by_key(|note| note.index);
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_say_where_they_lie_have_roles() {
        let header =
            b"# made\ntime_s,pelvic_emg_uV,abdominal-emg (uV),pelvic_pressure_cmH2O\n0,1,2,3\n";
        assert_eq!(roles(header), [(1, Role::PelvicEmg), (2, Role::AbdominalEmg)]);
        assert_eq!(roles(b"t_s,emg,force\n"), []);
        assert_eq!(roles(b"t_s,pelvic_emgx\n"), []);
        assert_eq!(roles(&[0xff, 0xfe]), []);
    }
}
