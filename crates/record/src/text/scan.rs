//! Passes over a file that learn its layout.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use levator_signal::Loop;

use super::TextOptions;
use super::error::TextError;
use super::fields::Separator;
use super::head::Head;
use super::layout::{MAX_LISTED, Note, SkipReason, Skipped};
use super::lines::Lines;
use super::number::Cell;
use super::place::{Emit, Mode, Placed, Placer};
use super::plain::{PlainRows, Values};
use super::plan::{self, Figures, MAX_REFUSED, Plan, Refused};
use super::rows::{RowFormat, RowValues, Verdict, annotation};

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

/// Takes the samples of a pass over the whole file.
pub(crate) trait Receiver: Emit {
    /// A pass begins; what an earlier one gave is void.
    ///
    /// # Errors
    ///
    /// What keeps its samples from being a stream; the file is read no further.
    fn start(&mut self, head: &Head, plan: &Plan) -> Result<(), TextError>;
}

/// For whoever wants the layout alone.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Receiver for Nobody {
    fn start(&mut self, _: &Head, _: &Plan) -> Result<(), TextError> {
        Ok(())
    }
}

impl Emit for Nobody {
    fn one(&mut self, _: u64, _: &[f64]) {}

    fn run(&mut self, _: u64, _: Values<'_>, _: usize) {}
}

/// Reads the file until plan and findings agree: in most files its first rows and then the whole
/// once, more often where time turns out to be uneven. `receiver` takes the samples of the whole.
pub(crate) fn learn(
    source: &mut (impl Read + Seek),
    head: &Head,
    options: &TextOptions,
    receiver: &mut impl Receiver,
) -> Result<(Plan, Scanned), TextError> {
    let mut limit = Some(TRIAL_ROWS);
    let mut figures = survey(source, head, None, limit)?;
    if figures.row_count < 2 {
        let line = head.first_row_line;
        return Err(TextError::NotEnoughRows { row_count: figures.row_count, line });
    }
    let mut refused = Refused::default();
    let mut pass = 0;
    loop {
        pass += 1;
        let is_last = pass == MAX_PASSES;
        let time = plan::roles(head, &figures.stats, &options.channels)?.time.map(|time| time.0);
        if time.is_some() && figures.time != time {
            figures = survey(source, head, time, limit)?;
        }
        let plan = plan::decide(head, &figures, &refused, options)?;
        let scanned = if limit.is_some() && !is_last {
            scan(source, head, &plan, options, limit, &mut Nobody)?
        } else {
            receiver.start(head, &plan)?;
            scan(source, head, &plan, options, None, receiver)?
        };
        if !is_last {
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

/// Takes the lines of a table.
pub(crate) trait Visitor {
    /// How many rows of nothing but numbers [`Self::plain`] may be given at once.
    fn plain_room(&self) -> u64;

    /// Rows of nothing but numbers, the first of them in line `first`.
    fn plain(&mut self, first: u64, rows: &PlainRows) -> ControlFlow<()>;

    /// Any line.
    fn line(&mut self, number: u64, line: &[u8], row: &mut RowValues) -> ControlFlow<()>;
}

/// Shows each line of the table to `visitor`, comments and blank lines left out, until it says to
/// stop. Returns the number of the last line that was read.
pub(crate) fn for_each_line(
    source: &mut (impl Read + Seek),
    head: &Head,
    format: &RowFormat,
    visitor: &mut impl Visitor,
) -> Result<u64, TextError> {
    source.rewind()?;
    let mut lines = Lines::new(source)?;
    let mut rows = PlainRows::new(format, head.decimal_comma);
    let mut row = format.values();
    let mut last = 0;
    loop {
        while lines.next_number() >= head.first_row_line {
            let len = rows.fill(lines.ahead(), visitor.plain_room());
            if rows.len() == 0 {
                break;
            }
            let first = lines.next_number();
            lines.took(len, rows.len() as u64);
            last = lines.next_number() - 1;
            if visitor.plain(first, &rows).is_break() {
                return Ok(last);
            }
        }
        let Some((number, line)) = lines.next()? else { break };
        last = number;
        let first_letter = line.iter().find(|byte| !byte.is_ascii_whitespace());
        if number < head.first_row_line || matches!(first_letter, None | Some(b'#' | b'%')) {
            continue;
        }
        if visitor.line(number, line, &mut row).is_break() {
            break;
        }
    }
    Ok(last)
}

/// Gathers figures of all columns, and of the steps of time, over at most `limit` rows.
struct Survey<'a> {
    format: &'a RowFormat,
    limit: Option<u64>,
    figures: Figures,
}

impl Visitor for Survey<'_> {
    fn plain_room(&self) -> u64 {
        0
    }

    fn plain(&mut self, _: u64, _: &PlainRows) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn line(&mut self, _: u64, line: &[u8], row: &mut RowValues) -> ControlFlow<()> {
        let figures = &mut self.figures;
        let mut has_number = false;
        let verdict = self.format.read_all(line, row, |column, cell| {
            has_number |= matches!(cell, Cell::Number { .. });
            figures.stats[column].add(cell);
        });
        if verdict == Verdict::Section {
            return ControlFlow::Break(());
        }
        figures.add_time(row.time);
        figures.row_count += u64::from(has_number);
        if self.limit == Some(figures.row_count) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn survey(
    source: &mut (impl Read + Seek),
    head: &Head,
    time: Option<usize>,
    limit: Option<u64>,
) -> Result<Figures, TextError> {
    let format = RowFormat::new(head.separator, head.names.len(), time, &[]);
    let figures = Figures::new(head.names.len(), time);
    let mut survey = Survey { format: &format, limit, figures };
    for_each_line(source, head, &format, &mut survey)?;
    Ok(survey.figures)
}

/// Reads rows as a plan says and keeps what is worth telling.
struct Pass<'a, R> {
    format: &'a RowFormat,
    plan: &'a Plan,
    separator: Separator,
    limit: Option<u64>,
    receiver: &'a mut R,
    placer: Placer,
    figures: Figures,
    skipped: Skipped,
    notes: Notes,
    row_count: u64,
    first_time: Option<f64>,
    /// Behind the table.
    in_section: bool,
}

impl<R: Receiver> Pass<'_, R> {
    fn flow(&self) -> ControlFlow<()> {
        match self.limit == Some(self.row_count) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn note(&mut self, number: u64, time: Option<f64>, line: &[u8]) {
        let position_s = self.placer.position_s(self.plan.placing(time), self.plan.rate.hz());
        let at_s = whole_microseconds(position_s);
        self.notes.add(number, time, Some(at_s), || self.format.note_text(line));
    }
}

impl<R: Receiver> Visitor for Pass<'_, R> {
    fn plain_room(&self) -> u64 {
        if self.in_section {
            0
        } else {
            self.limit.map_or(u64::MAX, |limit| limit - self.row_count)
        }
    }

    fn plain(&mut self, first: u64, rows: &PlainRows) -> ControlFlow<()> {
        rows.processor().run(Learn { figures: &mut self.figures, rows });
        let times = rows.times().map(|(times, _)| times);
        self.first_time = self.first_time.or(times.and_then(|times| times.first().copied()));
        let placing = times.filter(|_| self.plan.places_by_time());
        self.placer.rows(placing, first, rows.values(), self.receiver);
        self.row_count += rows.len() as u64;
        self.figures.row_count += rows.len() as u64;
        self.flow()
    }

    fn line(&mut self, number: u64, line: &[u8], row: &mut RowValues) -> ControlFlow<()> {
        if self.in_section {
            let (time, text) = annotation(line, self.separator);
            let first_time = self.first_time.unwrap_or(0.0);
            let at_s =
                time.map(|time| whole_microseconds((time - first_time) * self.plan.unit_s()));
            self.notes.add(number, time, at_s, || text);
            return ControlFlow::Continue(());
        }
        let mut has_text = false;
        let stats = &mut self.figures.stats;
        let verdict = self.format.read_all(line, row, |column, cell| {
            has_text |= cell == Cell::Text && !self.format.is_text[column];
            stats[column].add(cell);
        });
        let time = row.time.map(|(time, _)| time);
        match verdict {
            Verdict::Section => {
                self.in_section = true;
                return ControlFlow::Continue(());
            }
            Verdict::Row => {
                if has_text {
                    self.note(number, time, line);
                }
                self.first_time = self.first_time.or(time);
                self.row_count += 1;
                let receiver = &mut *self.receiver;
                let time = self.plan.placing(time);
                self.placer.row(time, number, &row.values, &mut |index, values| {
                    receiver.one(index, values);
                });
            }
            Verdict::Skip(reason) => {
                self.skipped.add(reason, number);
                if reason == SkipReason::Marker {
                    self.note(number, time, line);
                } else {
                    self.placer.hole();
                }
            }
        }
        self.figures.add_time(row.time.filter(|_| verdict == Verdict::Row));
        self.figures.row_count += 1;
        self.flow()
    }
}

/// What rows of nothing but numbers say, to be compiled for a processor.
struct Learn<'a> {
    figures: &'a mut Figures,
    rows: &'a PlainRows,
}

impl Loop for Learn<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (stats, numbers) in self.figures.stats.iter_mut().zip(self.rows.columns()) {
            stats.add_numbers(numbers);
        }
        if let Some((times, decimals)) = self.rows.times() {
            self.figures.steps.add_all(times, decimals);
        }
    }
}

/// Reads at most `limit` rows as `plan` says; `receiver` takes their samples.
fn scan(
    source: &mut (impl Read + Seek),
    head: &Head,
    plan: &Plan,
    options: &TextOptions,
    limit: Option<u64>,
    receiver: &mut impl Receiver,
) -> Result<Scanned, TextError> {
    let (format, placer) = tools(head, plan, options);
    let mut pass = Pass {
        format: &format,
        plan,
        separator: head.separator,
        limit,
        receiver,
        placer,
        figures: Figures::new(head.names.len(), format.time),
        skipped: Skipped::default(),
        notes: Notes::default(),
        row_count: 0,
        first_time: None,
        in_section: false,
    };
    let line_count = for_each_line(source, head, &format, &mut pass)?;
    let Pass { receiver, mut placer, mut skipped, .. } = pass;
    let placed = placer.finish(&mut |index, values| receiver.one(index, values));
    skipped.set(SkipReason::Repeated, placed.repeated);
    skipped.set(SkipReason::Backwards, placed.backwards);
    skipped.set(SkipReason::Isolated, placed.isolated);
    Ok(Scanned {
        figures: pass.figures,
        placed,
        skipped,
        line_count,
        row_count: pass.row_count,
        note_count: pass.notes.count,
        notes: pass.notes.list,
        first_time: pass.first_time,
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
