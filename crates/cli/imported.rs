//! How a text file was read, in words.

use levator_record::text::{Layout, Origin, SkipReason, Timing};

use crate::analysis::Skipped;

/// Notes of the file that are repeated one by one; the rest is counted.
const MOST_NOTES: usize = 20;

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

fn timing(layout: &Layout) -> String {
    let hz = layout.rate.hz();
    match layout.timing {
        Timing::Given => format!("{hz} Hz as given; each row is a sample"),
        Timing::Stated => format!("{hz} Hz as the file states; each row is a sample"),
        Timing::Regular => format!("{hz} Hz by the time column"),
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
