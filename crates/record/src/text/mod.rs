//! Signals from text files: CSV and its kin, as amplifiers, loggers and manometers export them.
//!
//! [`TextFile::open`] reads the file once or a few times to learn its [`Layout`]; [`TextFile::read`]
//! then hands on its samples in blocks. Memory does not grow with the file. Nothing is guessed
//! silently: the layout says what was given, what the file states and what is only likely, which rows
//! gave no sample and why, and where samples are missing.
//!
//! ```
//! use levator_record::text::{TextFile, TextOptions};
//!
//! # let path = std::env::temp_dir().join(format!("levator-text-doc-{}.csv", std::process::id()));
//! std::fs::write(&path, "t_s,force_N\n0.00,1.5\n0.02,2.5\n0.04,3.5\n")?;
//! let mut file = TextFile::open(&path, &TextOptions::default())?;
//! assert_eq!(file.layout().rate.hz(), 50.0);
//! assert_eq!(file.stream_info().label.as_str(), "force_N");
//!
//! let mut values = Vec::new();
//! file.read(&mut |scans| values.extend_from_slice(scans.codes))?;
//! assert_eq!(values, [1.5, 2.5, 3.5]);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is understood
//!
//! - One row a line; tab, semicolon, comma or spaces between fields, or one number a line; fields in
//!   quotes; LF, CR LF or CR; a byte order mark; names in UTF-8 or Latin-1. A decimal comma, unless the
//!   comma separates and the field has no quotes.
//! - Comments after `#` or `%`, a preamble, a line of names, a line of units below it. The rate is
//!   taken from them as OpenSignals, BioSPPy and OpenBCI write it.
//! - A time column: by name (`time`, `t_s`, `Timestamp (ms)`, `ZEIT:` and so on), or the first column
//!   if it rises in every row and has fractions. Seconds, unless the name or the size of the numbers
//!   says otherwise.
//! - `Annotations:` and such behind the table, and rows with a text in place of a value: both become
//!   [`Note`]s.
//!
//! # Time
//!
//! Steps that are equal, but for the last printed digit and a tenth of a step, give an exact rate. A
//! slower signal with uneven steps is read on straight lines between its rows at a round rate near
//! the median one; a fast one (100 Hz or more) or one with coarse stamps keeps its rows as they are, at
//! the mean rate. Up to four missing samples are bridged by a straight line. Longer ones are a gap, a
//! jump of the sample index, in which nothing is made up. The rule is the same for a sensor that
//! reports late: more than five median steps without a row is a gap. Where the rows themselves are
//! counted, stamps count only for jumps of more than a second.
//!
//! # Limits
//!
//! Times of day (`12:30:01`) are not read; such files need a rate. No thousands separators, no UTF-16,
//! no fields with line breaks, no lines above 256 KiB, no more than [`MAX_COLUMNS`] columns.

pub mod anorectal;
mod error;
mod layout;

mod fields;
mod lines;
mod number;
mod stops;

mod head;
mod hints;
pub(crate) mod names;

pub(crate) mod columns;
mod place;
mod plain;
mod plan;
mod rows;
mod scan;
mod steps;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;

use levator_decode::{Label, Scans, StreamInfo};
use levator_signal::{Quality, SampleIndex, SignalKind, Unit};

use head::Head;
use place::{Emit, Placer};
use plain::{PlainRows, Values};
use plan::Plan;
use rows::{RowFormat, RowValues, Verdict};
use scan::{Receiver, Visitor};

pub use columns::{Column, Role};
pub use error::{TextError, open_file};
pub use fields::Separator;
pub use head::MAX_COLUMNS;
pub use layout::{Gap, Layout, MAX_LISTED, Note, Origin, SkipReason, Skipped, TimeColumn, Timing};
pub use names::TimeUnit;

/// Most scans in a block that [`TextFile::read`] hands on.
pub const MAX_BLOCK_SCANS: usize = 1024;

/// From here on, a signal without name or unit is taken for EMG, in hertz. Our choice: manometers and
/// force sensors report at 100 Hz or less, EMG amplifiers at 200 Hz or more.
pub(crate) const EMG_FROM_HZ: f64 = 150.0;

/// A column that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChannelChoice {
    /// By name, its case and its end left open if that is unique: `Force`, `force`, `fo`. Text that is
    /// no name but a number counts as [`Self::Index`].
    Name(String),
    /// By position among all columns of the file, counted from zero.
    Index(usize),
}

/// What the caller knows better than the file.
#[derive(Clone, Debug, PartialEq)]
pub struct TextOptions {
    /// Samples in a second, 0.01 to 1 000 000. Each row is then the next sample; a time column gives
    /// only the start. `None`: as the file tells.
    pub rate_hz: Option<f64>,
    /// Columns to read, at most 16. Empty: the first that is a signal.
    pub channels: Vec<ChannelChoice>,
    /// What they measure. `None`: by name or unit, else by rate.
    pub kind: Option<SignalKind>,
    /// Unit of the values after `scale` and `offset`. `None`: by name if the scale is 1, else
    /// [`Unit::Count`].
    pub unit: Option<Unit>,
    /// `value = (number in the file + offset) * scale`; finite and not zero.
    pub scale: f64,
    /// See `scale`; finite, in the unit of the file.
    pub offset: f64,
}

impl Default for TextOptions {
    /// Everything as the file tells, numbers as they stand.
    fn default() -> Self {
        Self {
            rate_hz: None,
            channels: Vec::new(),
            kind: None,
            unit: None,
            scale: 1.0,
            offset: 0.0,
        }
    }
}

/// A text file whose layout is known.
#[derive(Debug)]
pub struct TextFile<R = File> {
    source: R,
    head: Head,
    plan: Plan,
    options: TextOptions,
    layout: Layout,
}

impl TextFile {
    /// Learns the layout of the file at `path`.
    ///
    /// # Errors
    ///
    /// Whatever keeps a signal from being read; [`TextError`] says what to do.
    pub fn open(path: &Path, options: &TextOptions) -> Result<Self, TextError> {
        Self::from_seek(open_file(path)?, options)
    }
}

impl<R: Read + Seek> TextFile<R> {
    /// Learns the layout of `source`, which is read from its beginning, more than once.
    ///
    /// # Errors
    ///
    /// As [`TextFile::open`].
    pub fn from_seek(source: R, options: &TextOptions) -> Result<Self, TextError> {
        Self::learn(source, options, &mut scan::Nobody)
    }

    /// Learns the layout of `source` and hands on its samples in the same pass, as [`Self::read`] would:
    /// nearly twice as fast as one after the other.
    ///
    /// How it is read is decided by its first rows. `start` makes what takes the samples of the stream
    /// they show. If the rest shows something else, `start` is called again and the file read anew;
    /// what was handed on before is void.
    ///
    /// ```
    /// # use std::io::Cursor;
    /// use levator_record::text::{TextFile, TextOptions};
    ///
    /// let text = Cursor::new("t_s,force_N\n0.00,1.5\n0.02,2.5\n0.04,3.5\n");
    /// let (file, values) = TextFile::read_through(
    ///     text,
    ///     &TextOptions::default(),
    ///     |info| { assert_eq!(info.rate.hz(), 50.0); Vec::new() },
    ///     |values, scans| values.extend_from_slice(scans.codes),
    /// )?;
    /// assert_eq!(values, [1.5, 2.5, 3.5]);
    /// assert_eq!(file.layout().row_count, 3);
    /// # Ok::<(), levator_record::text::TextError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`TextFile::open`].
    pub fn read_through<T>(
        source: R,
        options: &TextOptions,
        start: impl FnMut(&StreamInfo) -> T,
        take: impl FnMut(&mut T, Scans<'_>),
    ) -> Result<(Self, T), TextError> {
        let mut through =
            Through { options, start, take, taker: None, block: BlockBuilder::new(1) };
        let file = Self::learn(source, options, &mut through)?;
        through.flush();
        match through.taker {
            Some(taker) => Ok((file, taker)),
            None => {
                // Nothing is learnt without a pass over the whole.
                Err(TextError::NotEnoughRows { row_count: 0, line: file.head.first_row_line })
            }
        }
    }

    fn learn(
        mut source: R,
        options: &TextOptions,
        receiver: &mut impl Receiver,
    ) -> Result<Self, TextError> {
        let TextOptions { scale, offset, .. } = *options;
        if !scale.is_finite() || scale == 0.0 || !offset.is_finite() {
            return Err(TextError::ScaleInvalid { scale, offset });
        }
        source.rewind()?;
        let head = head::learn(&mut source)?;
        let (plan, scanned) = scan::learn(&mut source, &head, options, receiver)?;
        if scanned.placed.sample_count < 2 {
            let row_count = scanned.row_count;
            return Err(TextError::NotEnoughRows { row_count, line: head.first_row_line });
        }
        let layout = describe(&head, &plan, scanned, options)?;
        Ok(Self { source, head, plan, options: options.clone(), layout })
    }

    /// What was learnt.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Gives the source back.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// The stream its samples form: finished values, labelled with the names of the columns.
    #[must_use]
    pub fn stream_info(&self) -> StreamInfo {
        stream_info(&self.head, &self.plan, self.layout.kind, self.layout.unit)
    }

    /// Hands on all samples, in blocks of at most [`MAX_BLOCK_SCANS`] scans. Indices count from the
    /// first sample; a gap is a jump of [`Scans::first`]. A channel without value beside one with is
    /// `NAN`. Can be called again.
    ///
    /// # Errors
    ///
    /// If the file can no longer be read.
    pub fn read(&mut self, sink: &mut impl FnMut(Scans<'_>)) -> Result<(), TextError> {
        let plan = &self.plan;
        let (format, placer) = scan::tools(&self.head, plan, &self.options);
        let block = BlockBuilder::new(plan.channels.len());
        let mut rows = Rows { format: &format, plan, placer, block, sink };
        scan::for_each_line(&mut self.source, &self.head, &format, &mut rows)?;
        let Rows { mut placer, mut block, sink, .. } = rows;
        placer.finish(&mut |index, values| block.add(index, values, sink));
        block.flush(sink);
        Ok(())
    }
}

/// Hands on the samples of a file whose layout is known.
struct Rows<'a, S> {
    format: &'a RowFormat,
    plan: &'a Plan,
    placer: Placer,
    block: BlockBuilder,
    sink: &'a mut S,
}

impl<S: FnMut(Scans<'_>)> Visitor for Rows<'_, S> {
    fn plain_room(&self) -> u64 {
        u64::MAX
    }

    fn plain(&mut self, first: u64, rows: &PlainRows) -> ControlFlow<()> {
        let times = rows.times().map(|(times, _)| times).filter(|_| self.plan.places_by_time());
        let mut out = Blocks { block: &mut self.block, sink: self.sink };
        self.placer.rows(times, first, rows.values(), &mut out);
        ControlFlow::Continue(())
    }

    fn line(&mut self, number: u64, line: &[u8], row: &mut RowValues) -> ControlFlow<()> {
        match self.format.read(line, row) {
            Verdict::Row => {
                let time = self.plan.placing(row.time.map(|(time, _)| time));
                let Self { placer, block, sink, .. } = self;
                placer.row(time, number, &row.values, &mut |index, values| {
                    block.add(index, values, sink);
                });
            }
            Verdict::Skip(SkipReason::Marker) => {}
            Verdict::Skip(_) => self.placer.hole(),
            Verdict::Section => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }
}

/// Hands on samples while the layout is still being learnt.
struct Through<'a, T, A, B> {
    options: &'a TextOptions,
    start: A,
    take: B,
    taker: Option<T>,
    block: BlockBuilder,
}

impl<T, A, B: FnMut(&mut T, Scans<'_>)> Through<'_, T, A, B> {
    fn flush(&mut self) {
        if let Some(taker) = &mut self.taker {
            self.block.flush(&mut |scans| (self.take)(taker, scans));
        }
    }
}

impl<T, A: FnMut(&StreamInfo) -> T, B: FnMut(&mut T, Scans<'_>)> Receiver for Through<'_, T, A, B> {
    fn start(&mut self, head: &Head, plan: &Plan) -> Result<(), TextError> {
        let (unit, _) = unit(head, plan, self.options);
        let (kind, _) = kind(head, plan, self.options)?;
        self.taker = Some((self.start)(&stream_info(head, plan, kind, unit)));
        self.block = BlockBuilder::new(plan.channels.len());
        Ok(())
    }
}

impl<T, A, B: FnMut(&mut T, Scans<'_>)> Emit for Through<'_, T, A, B> {
    fn one(&mut self, index: u64, values: &[f64]) {
        if let Some(taker) = &mut self.taker {
            self.block.add(index, values, &mut |scans| (self.take)(taker, scans));
        }
    }

    fn run(&mut self, index: u64, values: Values<'_>, start: usize) {
        if let Some(taker) = &mut self.taker {
            self.block.add_run(index, values, start, &mut |scans| (self.take)(taker, scans));
        }
    }
}

fn stream_info(head: &Head, plan: &Plan, kind: SignalKind, unit: Unit) -> StreamInfo {
    let mut info = StreamInfo::of_values(kind, unit, plan.rate, plan.channels.len() as u8);
    let titles: Vec<String> =
        plan.channels.iter().map(|&column| columns::title(column, &head.names[column])).collect();
    info.label = Label::new(&titles.join(", "));
    info
}

/// Blocks and who takes them.
struct Blocks<'a, S> {
    block: &'a mut BlockBuilder,
    sink: &'a mut S,
}

impl<S: FnMut(Scans<'_>)> Emit for Blocks<'_, S> {
    fn one(&mut self, index: u64, values: &[f64]) {
        self.block.add(index, values, self.sink);
    }

    fn run(&mut self, index: u64, values: Values<'_>, start: usize) {
        self.block.add_run(index, values, start, self.sink);
    }
}

/// Gathers consecutive scans.
struct BlockBuilder {
    channel_count: usize,
    first: u64,
    codes: Vec<f64>,
}

impl BlockBuilder {
    fn new(channel_count: usize) -> Self {
        let codes = Vec::with_capacity(MAX_BLOCK_SCANS * channel_count);
        Self { channel_count, first: 0, codes }
    }

    /// Makes room for a scan at `index`, and says for how many.
    fn make_room(&mut self, index: u64, sink: &mut impl FnMut(Scans<'_>)) -> usize {
        let next = self.first + (self.codes.len() / self.channel_count) as u64;
        if index != next || self.codes.len() == MAX_BLOCK_SCANS * self.channel_count {
            self.flush(sink);
            self.first = index;
        }
        MAX_BLOCK_SCANS - self.codes.len() / self.channel_count
    }

    fn add(&mut self, index: u64, values: &[f64], sink: &mut impl FnMut(Scans<'_>)) {
        self.make_room(index, sink);
        self.codes.extend_from_slice(values);
    }

    /// The rows of `values` from `start` on, the first of them at `index`.
    fn add_run(
        &mut self,
        mut index: u64,
        values: Values<'_>,
        mut start: usize,
        sink: &mut impl FnMut(Scans<'_>),
    ) {
        while start < values.len() {
            let end = (start + self.make_room(index, sink)).min(values.len());
            if self.channel_count == 1 {
                values.channels().for_each(|values| self.codes.extend(&values[start..end]));
            } else {
                let first = self.codes.len();
                self.codes.resize(first + (end - start) * self.channel_count, 0.0);
                for (channel, values) in values.channels().enumerate() {
                    let places = self.codes[first + channel..].iter_mut();
                    let places = places.step_by(self.channel_count);
                    places.zip(&values[start..end]).for_each(|(place, value)| *place = *value);
                }
            }
            index += (end - start) as u64;
            start = end;
        }
    }

    fn flush(&mut self, sink: &mut impl FnMut(Scans<'_>)) {
        if self.codes.is_empty() {
            return;
        }
        sink(Scans {
            stream: 0,
            first: SampleIndex(self.first),
            channel_count: self.channel_count as u8,
            codes: &self.codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        });
        self.codes.clear();
    }
}

/// Joins what head, plan and scan found.
fn describe(
    head: &Head,
    plan: &Plan,
    scanned: scan::Scanned,
    options: &TextOptions,
) -> Result<Layout, TextError> {
    let columns = plan::roles(head, &scanned.figures.stats, &options.channels)?.columns;
    let (unit, unit_origin) = unit(head, plan, options);
    let (kind, kind_origin) = kind(head, plan, options)?;
    let time = plan.time.map(|(column, unit, unit_origin)| {
        let first_s = scanned.first_time.unwrap_or(0.0) * unit.seconds();
        // 1e8 s after 1970 is 1973; no clock that starts with the recording gets there.
        let first_unix_s = Some(first_s).filter(|first_s| *first_s >= 1e8);
        TimeColumn { column, unit, unit_origin, first_s, first_unix_s }
    });
    let placed = scanned.placed;
    Ok(Layout {
        separator: head.separator,
        decimal_comma: head.decimal_comma,
        header_line: head.header_line,
        first_row_line: head.first_row_line,
        columns,
        time: time.filter(|_| scanned.first_time.is_some()),
        rate: plan.rate,
        timing: plan.timing,
        channels: plan.channels.clone(),
        channels_origin: plan.channels_origin,
        kind,
        kind_origin,
        unit,
        unit_origin,
        line_count: scanned.line_count,
        row_count: scanned.row_count,
        sample_count: placed.sample_count,
        skipped: scanned.skipped,
        bridged_count: placed.bridged_count,
        gap_count: placed.gap_count,
        missing_count: placed.missing_count,
        gaps: placed.gaps,
        restart_count: placed.restart_count,
        note_count: scanned.note_count,
        notes: scanned.notes,
    })
}

fn unit(head: &Head, plan: &Plan, options: &TextOptions) -> (Unit, Origin) {
    if let Some(unit) = options.unit {
        return (unit, Origin::Given);
    }
    // Another scale makes another unit, which only the caller knows.
    let is_raw = options.scale.to_bits() == 1.0_f64.to_bits();
    let mut units = plan.channels.iter().map(|&column| names::meaning(&head.names[column]).unit);
    let first = units.next().flatten();
    match first.filter(|first| is_raw && units.all(|unit| unit == Some(*first))) {
        Some(unit) => (unit, Origin::File),
        None => (Unit::Count, Origin::Guessed),
    }
}

fn kind(
    head: &Head,
    plan: &Plan,
    options: &TextOptions,
) -> Result<(SignalKind, Origin), TextError> {
    if let Some(kind) = options.kind {
        return Ok((kind, Origin::Given));
    }
    let of = |column: usize| {
        let named = names::meaning(&head.names[column]).kind;
        named.or_else(|| names::meaning(&head.sensors[column]).kind)
    };
    let mut found: Option<(usize, SignalKind)> = None;
    for &column in &plan.channels {
        match (found, of(column)) {
            (Some((first, kind)), Some(other)) if kind != other => {
                return Err(TextError::MixedKinds {
                    first: columns::title(first, &head.names[first]),
                    second: columns::title(column, &head.names[column]),
                });
            }
            (None, Some(kind)) => found = Some((column, kind)),
            _ => {}
        }
    }
    if let Some((_, kind)) = found {
        return Ok((kind, Origin::File));
    }
    let by_unit = options.unit.and_then(names::kind_of_unit);
    let by_rate =
        if plan.rate.hz() >= EMG_FROM_HZ { SignalKind::Emg } else { SignalKind::Pressure };
    Ok((by_unit.unwrap_or(by_rate), Origin::Guessed))
}
