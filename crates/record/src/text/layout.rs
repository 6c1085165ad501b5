//! What was learnt about a file, for the person and for the report.

use levator_signal::{SampleIndex, SampleRate, SignalKind, Unit};

use super::columns::Column;
use super::fields::Separator;
use super::names::TimeUnit;
use super::place::Tally;

/// Most notes and most gaps that are listed; all are counted. Our choice: more than a person reads,
/// and little memory.
pub const MAX_LISTED: usize = 1000;

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The caller.
    Given,
    /// The file: a header, a name, a comment.
    File,
    /// Nobody; it is the likeliest.
    Guessed,
}

impl Origin {
    /// A word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::File => "from the file",
            Self::Guessed => "guessed",
        }
    }
}

/// How rows became samples at a constant rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timing {
    /// Each row is the next sample; the caller gave the rate. A time column gives only the start.
    Given,
    /// Each row is the next sample; the file states the rate. Jumps of a time column are gaps.
    Stated,
    /// The time column is regular, and each row is the sample at its time.
    Regular,
    /// The stamps are too uneven or too coarse for so fast a signal: each row is the next sample, at
    /// the mean rate between gaps.
    Evened,
    /// The time column is uneven and slow: values between two rows are on a straight line.
    Resampled {
        /// One over the median step of the file, in hertz.
        median_hz: f64,
    },
}

/// The time column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeColumn {
    /// Its index among the columns.
    pub column: usize,
    /// Its unit.
    pub unit: TimeUnit,
    /// Whether the file says the unit, or it was taken as the likeliest.
    pub unit_origin: Origin,
    /// Time of the first sample as the file counts, in seconds.
    pub first_s: f64,
    /// The same as seconds since 1970-01-01 00:00 UTC, if the column counts from there.
    pub first_unix_s: Option<f64>,
}

/// Why a row gave no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// No value in the column.
    Blank,
    /// A text in another column and no value: kept as a note.
    Marker,
    /// A text where the value belongs.
    Text,
    /// `nan`, `inf`, or a number too large.
    NotFinite,
    /// The row ends before the column.
    Short,
    /// The row has no time.
    NoTime,
    /// Its time was there already.
    Repeated,
    /// Its time lies before that of an earlier row.
    Backwards,
    /// It stands alone between two gaps.
    Isolated,
}

impl SkipReason {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Blank,
        Self::Marker,
        Self::Text,
        Self::NotFinite,
        Self::Short,
        Self::NoTime,
        Self::Repeated,
        Self::Backwards,
        Self::Isolated,
    ];

    /// A few words for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "no value",
            Self::Marker => "marker",
            Self::Text => "text in place of a value",
            Self::NotFinite => "not a finite number",
            Self::Short => "too few columns",
            Self::NoTime => "no time",
            Self::Repeated => "repeated time",
            Self::Backwards => "time running backwards",
            Self::Isolated => "alone between two gaps",
        }
    }
}

/// Rows that gave no sample, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    tallies: [Tally; SkipReason::ALL.len()],
}

impl Skipped {
    pub(crate) fn add(&mut self, reason: SkipReason, line: u64) {
        self.tallies[reason as usize].add(line);
    }

    pub(crate) fn set(&mut self, reason: SkipReason, tally: Tally) {
        self.tallies[reason as usize] = tally;
    }

    /// Rows left out for `reason`.
    #[must_use]
    pub fn count(&self, reason: SkipReason) -> u64 {
        self.tallies[reason as usize].count
    }

    /// Rows left out for any reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.count).sum()
    }

    /// Each reason that occurred, how often, and the line where it first did.
    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, u64, u64)> + '_ {
        SkipReason::ALL
            .into_iter()
            .zip(&self.tallies)
            .filter(|(_, tally)| tally.count > 0)
            .map(|(reason, tally)| (reason, tally.count, tally.first_line))
    }
}

/// A text of the file that belongs to a time: a marker between the rows, or a line of the annotations
/// behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Its line.
    pub line: u64,
    /// Time as the file prints it, in the unit of the time column.
    pub file_time: Option<f64>,
    /// Seconds from the first sample; negative where a program writes -1 for "did not happen".
    pub at_s: Option<f64>,
    /// The text as it stands, at most 200 letters.
    pub text: String,
}

/// A run of samples that the file lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Line of the first row after it.
    pub line: u64,
    /// First missing sample.
    pub first: SampleIndex,
    /// Missing samples.
    pub sample_count: u64,
}

/// Everything that was learnt about a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// What stands between the fields.
    pub separator: Separator,
    /// Whether numbers have a comma for a point.
    pub decimal_comma: bool,
    /// Line of the names, if there is one.
    pub header_line: Option<u64>,
    /// First line of the table.
    pub first_row_line: u64,
    /// All columns, in order.
    pub columns: Vec<Column>,
    /// The time column, if there is one.
    pub time: Option<TimeColumn>,
    /// Samples of each channel in a second.
    pub rate: SampleRate,
    /// How rows became samples.
    pub timing: Timing,
    /// Indices of the columns that are read, in the order of the channels.
    pub channels: Vec<usize>,
    /// Whether the caller chose them.
    pub channels_origin: Origin,
    /// What they measure.
    pub kind: SignalKind,
    /// Who said so.
    pub kind_origin: Origin,
    /// Unit of the values that are handed on.
    pub unit: Unit,
    /// Who said so.
    pub unit_origin: Origin,
    /// Lines of the file.
    pub line_count: u64,
    /// Rows with a value.
    pub row_count: u64,
    /// Samples from first to last, those in gaps included.
    pub sample_count: u64,
    /// Rows that gave no sample.
    pub skipped: Skipped,
    /// Samples that stand on a straight line across at most four missing ones.
    pub bridged_count: u64,
    /// Gaps.
    pub gap_count: u64,
    /// Samples in gaps.
    pub missing_count: u64,
    /// The first [`MAX_LISTED`] gaps.
    pub gaps: Vec<Gap>,
    /// Times the clock of the file started anew or jumped by more than a day. The length of such a gap
    /// is unknown; one missing sample stands for it.
    pub restart_count: u64,
    /// Notes.
    pub note_count: u64,
    /// The first [`MAX_LISTED`] notes.
    pub notes: Vec<Note>,
}

impl Layout {
    /// Seconds from the first to the last sample, and one step.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.rate.time_s(SampleIndex(self.sample_count))
    }

    /// Name of channel `channel`, counted from zero, or `column 3`.
    #[must_use]
    pub fn channel_title(&self, channel: usize) -> Option<String> {
        Some(self.columns.get(*self.channels.get(channel)?)?.title())
    }
}
