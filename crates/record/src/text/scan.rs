//! Passes over a file that learn its layout.

use std::fs::File;
use std::io::Seek;
use std::ops::ControlFlow;

use super::TextOptions;
use super::error::TextError;
use super::head::Head;
use super::layout::{MAX_LISTED, Note, SkipReason, Skipped};
use super::lines::Lines;
use super::number::Cell;
use super::place::{Mode, Placed, Placer};
use super::plan::{self, Figures, MAX_REFUSED, Plan, Refused};
use super::rows::{RowFormat, Verdict, annotation};

/// Rows that are looked at before the whole file is read. Our choice: some seconds of EMG.
const TRIAL_ROWS: u64 = 4000;

/// Passes after which the last findings stand. Each refuses a rate, settles the columns or goes from
/// the first rows to the whole file, so that this is never reached but by a fault of ours.
const MAX_PASSES: usize = 2 * MAX_REFUSED + 8;

/// What a regular file may have: one row off the grid in so many, one repetition, and one gap. More
/// gaps mean that the rows come in packets, and that the steps inside them are no steps of the signal.
/// Our choice: packets of a radio link or a busy computer hold 10 to 40 rows.
const ROWS_PER_OFF_GRID: u64 = 1000;
const ROWS_PER_REPETITION: u64 = 10;
const ROWS_PER_GAP: u64 = 50;

/// What one pass over a file found.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) figures: Figures,
    pub(crate) placed: Placed,
    pub(crate) skipped: Skipped,
    pub(crate) line_count: u64,
    pub(crate) row_count: u64,
    pub(crate) note_count: u64,
    pub(crate) notes: Vec<Note>,
    /// Time of the first row, as printed.
    pub(crate) first_time: Option<f64>,
}

/// Format and placer of a plan.
pub(crate) fn tools(head: &Head, plan: &Plan, options: &TextOptions) -> (RowFormat, Placer) {
    let mut format =
        RowFormat::new(head.separator, head.names.len(), plan.time_column(), &plan.channels);
    format.needs_time = plan.needs_time();
    format.is_text.clone_from(&plan.is_text);
    format.scale = options.scale;
    format.offset = options.offset;
    let placer = Placer::new(plan.mode, plan.rate.hz(), plan.unit_s(), plan.channels.len());
    (format, placer)
}

/// Reads the file until plan and findings agree: in most files its first rows and then the whole
/// once, more often where time turns out to be uneven.
pub(crate) fn learn(
    file: &mut File,
    head: &Head,
    options: &TextOptions,
) -> Result<(Plan, Scanned), TextError> {
    let mut limit = Some(TRIAL_ROWS);
    let mut figures = survey(file, head, None, limit)?;
    if figures.row_count < 2 {
        let line = head.first_row_line;
        return Err(TextError::NotEnoughRows { row_count: figures.row_count, line });
    }
    let mut refused = Refused::default();
    let mut pass = 0;
    loop {
        pass += 1;
        let time = plan::roles(head, &figures.stats, &options.channels)?.time.map(|time| time.0);
        if time.is_some() && figures.time != time {
            figures = survey(file, head, time, limit)?;
        }
        let plan = plan::decide(head, &figures, &refused, options)?;
        let scanned = scan(file, head, &plan, options, limit)?;
        if pass < MAX_PASSES {
            if !holds(&plan, &scanned) {
                refused.rates.push(plan.rate);
                figures = scanned.figures;
                continue;
            }
            let next = plan::decide(head, &scanned.figures, &refused, options);
            let agrees = next.is_ok_and(|next| next.reads_as(&plan));
            if !agrees || limit.is_some() {
                if agrees {
                    limit = None;
                    // What is uneven at its beginning is not looked at for evenness further down.
                    refused.all = !matches!(plan.mode, Mode::Regular { .. });
                }
                figures = scanned.figures;
                continue;
            }
        }
        return Ok((plan, scanned));
    }
}

/// Whether the rows lie where a regular plan puts them.
fn holds(plan: &Plan, scanned: &Scanned) -> bool {
    match plan.mode {
        Mode::Regular { .. } => {
            let placed = &scanned.placed;
            placed.off_grid_count * ROWS_PER_OFF_GRID <= scanned.row_count
                && placed.repeated.count * ROWS_PER_REPETITION <= scanned.row_count
                && placed.gap_count * ROWS_PER_GAP <= scanned.row_count
        }
        Mode::Counted { .. } | Mode::Resampled { .. } => true,
    }
}

/// Shows each line of the table to `visit`, comments and blank lines left out, until it says to stop.
/// Returns the number of the last line that was read.
pub(crate) fn for_each_line(
    file: &mut File,
    head: &Head,
    mut visit: impl FnMut(u64, &[u8]) -> ControlFlow<()>,
) -> Result<u64, TextError> {
    file.rewind()?;
    let mut lines = Lines::new(file)?;
    let mut last = 0;
    while let Some((number, line)) = lines.next()? {
        last = number;
        let first_letter = line.iter().find(|byte| !byte.is_ascii_whitespace());
        if number < head.first_row_line || matches!(first_letter, None | Some(b'#' | b'%')) {
            continue;
        }
        if visit(number, line).is_break() {
            break;
        }
    }
    Ok(last)
}

/// Figures of all columns, and of the steps of `time`, over at most `limit` rows.
fn survey(
    file: &mut File,
    head: &Head,
    time: Option<usize>,
    limit: Option<u64>,
) -> Result<Figures, TextError> {
    let format = RowFormat::new(head.separator, head.names.len(), time, &[]);
    let mut row = format.values();
    let mut figures = Figures::new(head.names.len(), time);
    for_each_line(file, head, |_, line| {
        let mut has_number = false;
        let verdict = format.read_all(line, &mut row, |column, cell| {
            has_number |= matches!(cell, Cell::Number { .. });
            figures.stats[column].add(cell);
        });
        if verdict == Verdict::Section {
            return ControlFlow::Break(());
        }
        figures.add_time(row.time);
        figures.row_count += u64::from(has_number);
        if limit == Some(figures.row_count) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(figures)
}

/// Reads at most `limit` rows as `plan` says and keeps what is worth telling.
fn scan(
    file: &mut File,
    head: &Head,
    plan: &Plan,
    options: &TextOptions,
    limit: Option<u64>,
) -> Result<Scanned, TextError> {
    let (format, mut placer) = tools(head, plan, options);
    let rate_hz = plan.rate.hz();
    let mut row = format.values();
    let mut figures = Figures::new(head.names.len(), format.time);
    let mut skipped = Skipped::default();
    let mut notes = Notes::default();
    let mut row_count = 0;
    let mut first_time = None;
    let mut in_section = false;
    let line_count = for_each_line(file, head, |number, line| {
        if in_section {
            let (time, text) = annotation(line, head.separator);
            let at_s = time.map(|time| (time - first_time.unwrap_or(0.0)) * plan.unit_s());
            let at_s = at_s.map(whole_microseconds);
            notes.add(number, time, at_s, || text);
            return ControlFlow::Continue(());
        }
        let mut has_text = false;
        let verdict = format.read_all(line, &mut row, |column, cell| {
            has_text |= cell == Cell::Text && !format.is_text[column];
            figures.stats[column].add(cell);
        });
        let time = row.time.map(|(time, _)| time);
        match verdict {
            Verdict::Section => {
                in_section = true;
                return ControlFlow::Continue(());
            }
            Verdict::Row => {
                if has_text {
                    let at_s = whole_microseconds(placer.position_s(plan.placing(time), rate_hz));
                    notes.add(number, time, Some(at_s), || format.note_text(line));
                }
                first_time = first_time.or(time);
                row_count += 1;
                placer.row(plan.placing(time), number, &row.values, &mut |_, _| ());
            }
            Verdict::Skip(reason) => {
                skipped.add(reason, number);
                if reason == SkipReason::Marker {
                    let at_s = whole_microseconds(placer.position_s(plan.placing(time), rate_hz));
                    notes.add(number, time, Some(at_s), || format.note_text(line));
                } else {
                    placer.hole();
                }
            }
        }
        figures.add_time(row.time.filter(|_| verdict == Verdict::Row));
        figures.row_count += 1;
        if limit == Some(row_count) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let placed = placer.finish(&mut |_, _| ());
    skipped.set(SkipReason::Repeated, placed.repeated);
    skipped.set(SkipReason::Backwards, placed.backwards);
    skipped.set(SkipReason::Isolated, placed.isolated);
    Ok(Scanned {
        figures,
        placed,
        skipped,
        line_count,
        row_count,
        note_count: notes.count,
        notes: notes.list,
        first_time,
    })
}

/// Without the rounding errors of a difference, which nobody wants to read.
fn whole_microseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// The first notes, and how many there are.
#[derive(Debug, Default)]
struct Notes {
    count: u64,
    list: Vec<Note>,
}

impl Notes {
    fn add(
        &mut self,
        line: u64,
        file_time: Option<f64>,
        at_s: Option<f64>,
        text: impl FnOnce() -> String,
    ) {
        self.count += 1;
        if self.list.len() < MAX_LISTED {
            self.list.push(Note { line, file_time, at_s, text: text() });
        }
    }
}
