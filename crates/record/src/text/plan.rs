//! How the rows of a file are to be read: decided from the figures of its columns.

use levator_signal::SampleRate;

use super::columns::{self, Column, ColumnStats};
use super::error::TextError;
use super::head::Head;
use super::layout::{Origin, Timing};
use super::names::TimeUnit;
use super::place::{MAX_BRIDGED_STEPS, Mode};
use super::steps::{StepStats, round_rate};
use super::{ChannelChoice, TextOptions};

/// Rates that are believed. Our choice: slower than any manometer, faster than any amplifier.
const MIN_HZ: f64 = 0.01;
const MAX_HZ: f64 = 1e6;

/// From here on, uneven stamps are put down to the computer that wrote them: no EMG amplifier samples
/// unevenly, and straight lines between wrong times would bend its spectrum. Below, sensors that
/// report when they please are common. Our choice; the lowest EMG rate in use is 200 Hz.
const FAST_HZ: f64 = 100.0;

/// Shortest jump that is a gap where rows are counted, in seconds. Packets of a radio link arrive in
/// bunches up to some 0.3 s apart. Our choice.
const COUNTED_GAP_S: f64 = 1.0;

/// How far a row of a regular file may lie off its tick, in steps, besides the rounding of its
/// printed time. Our choice: small against any window of the analysis.
const REGULAR_JITTER: f64 = 0.1;

/// Rates of a time column that are tried before it counts as uneven.
pub(crate) const MAX_REFUSED: usize = 6;

/// How rows are read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) time: Option<(usize, TimeUnit, Origin)>,
    pub(crate) channels: Vec<usize>,
    pub(crate) channels_origin: Origin,
    pub(crate) rate: SampleRate,
    pub(crate) timing: Timing,
    pub(crate) mode: Mode,
    pub(crate) is_text: Vec<bool>,
}

impl Plan {
    /// Length of the unit of the time column, in seconds.
    pub(crate) fn unit_s(&self) -> f64 {
        self.time.map_or(1.0, |(_, unit, _)| unit.seconds())
    }

    /// The time column.
    pub(crate) fn time_column(&self) -> Option<usize> {
        self.time.map(|(column, ..)| column)
    }

    /// Whether rows are placed by their time, where they have one.
    pub(crate) fn places_by_time(&self) -> bool {
        self.timing != Timing::Given
    }

    /// The time of a row, if rows are placed by it.
    pub(crate) fn placing(&self, time: Option<f64>) -> Option<f64> {
        time.filter(|_| self.places_by_time())
    }

    /// Whether rows are read alike. Another regular rate does not matter to rows that lie on the grid
    /// of this one.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        let both_regular = self.timing == Timing::Regular && other.timing == Timing::Regular;
        self.time == other.time
            && self.channels == other.channels
            && self.is_text == other.is_text
            && (both_regular || (self.rate == other.rate && self.mode == other.mode))
    }

    /// Whether a row without time has no place.
    pub(crate) fn needs_time(&self) -> bool {
        !matches!(self.mode, Mode::Counted { .. })
    }
}

/// What the rows seen so far say.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    /// Of each column.
    pub(crate) stats: Vec<ColumnStats>,
    /// The time column, and its steps from row to row.
    pub(crate) time: Option<usize>,
    pub(crate) steps: StepStats,
    /// Lines with a number.
    pub(crate) row_count: u64,
}

impl Figures {
    pub(crate) fn new(column_count: usize, time: Option<usize>) -> Self {
        let stats = vec![ColumnStats::default(); column_count];
        Self { stats, time, steps: StepStats::new(), row_count: 0 }
    }

    pub(crate) fn add_time(&mut self, time: Option<(f64, u8)>) {
        if let Some((time, decimals)) = time {
            self.steps.add(time, decimals);
        }
    }
}

/// Rates that the time column contradicts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused {
    pub(crate) rates: Vec<SampleRate>,
    /// No rate needs to be tried any more.
    pub(crate) all: bool,
}

/// Where time and channels are.
pub(crate) struct Roles {
    pub(crate) columns: Vec<Column>,
    pub(crate) time: Option<(usize, Option<TimeUnit>)>,
    pub(crate) channels: Vec<usize>,
    pub(crate) channels_origin: Origin,
}

/// Finds time and channels among the columns.
pub(crate) fn roles(
    head: &Head,
    stats: &[ColumnStats],
    choices: &[ChannelChoice],
) -> Result<Roles, TextError> {
    let time = columns::time_column(&head.names, stats);
    let columns = columns::describe(&head.names, stats, time.map(|(column, _)| column));
    let (channels, channels_origin) = columns::choose(&columns, choices)?;
    Ok(Roles { columns, time, channels, channels_origin })
}

/// The plan that fits the figures best; `refused` are rates that the time column contradicts.
pub(crate) fn decide(
    head: &Head,
    figures: &Figures,
    refused: &Refused,
    options: &TextOptions,
) -> Result<Plan, TextError> {
    let roles = roles(head, &figures.stats, &options.channels)?;
    let stated_hz = head.rate_hz.filter(|hz| (MIN_HZ..=MAX_HZ).contains(hz));
    let median = figures.steps.median();
    let time = roles.time.and_then(|(column, named)| {
        let (unit, origin) = time_unit(named, figures.steps.last_time(), median?, stated_hz)?;
        Some((column, unit, origin))
    });
    let (rate, timing, mode) = if let Some(hz) = options.rate_hz {
        (checked_rate(hz)?, Timing::Given, Mode::Counted { gap_after: None })
    } else if let Some((_, unit, _)) = time {
        by_time(&figures.steps, unit.seconds(), stated_hz, refused)?
    } else if let Some(hz) = stated_hz {
        (checked_rate(hz)?, Timing::Stated, Mode::Counted { gap_after: None })
    } else {
        return Err(no_rate(head, figures, &roles));
    };
    Ok(Plan {
        time,
        channels: roles.channels,
        channels_origin: roles.channels_origin,
        rate,
        timing,
        mode,
        is_text: figures.stats.iter().map(ColumnStats::is_text).collect(),
    })
}

fn no_rate(head: &Head, figures: &Figures, roles: &Roles) -> TextError {
    let title = |column: usize| roles.columns.get(column).map_or_else(String::new, Column::title);
    if let (Some((column, _)), Some(step)) = (roles.time, figures.steps.median()) {
        return TextError::TimeUnclear { column: title(column), step };
    }
    match columns::standing_time(&head.names, &figures.stats) {
        Some(column) => TextError::TimeStandsStill { column: title(column) },
        None => TextError::NoRate,
    }
}

fn checked_rate(hz: f64) -> Result<SampleRate, TextError> {
    Some(hz)
        .filter(|hz| (MIN_HZ..=MAX_HZ).contains(hz))
        .and_then(SampleRate::from_hz)
        .ok_or(TextError::RateInvalid { hz })
}

/// Unit of the time column: by its name, by its size if it counts from 1970, by the stated rate, and
/// else seconds if it has steps below one. Without any of these it is unclear.
fn time_unit(
    named: Option<TimeUnit>,
    size: f64,
    median: f64,
    stated_hz: Option<f64>,
) -> Option<(TimeUnit, Origin)> {
    let by_size = match size {
        // 1e8 s after 1970 is 1973, 1e11 s is the year 5138.
        size if size < 1e8 => None,
        size if size < 1e11 => Some(TimeUnit::Seconds),
        size if size < 1e14 => Some(TimeUnit::Milliseconds),
        size if size < 1e17 => Some(TimeUnit::Microseconds),
        _ => Some(TimeUnit::Nanoseconds),
    };
    if let Some(unit) = named
        // `time (s)` of 1.7e12 would be the year 55 800.
        && !(unit == TimeUnit::Seconds && by_size.is_some_and(|sized| sized != unit))
    {
        return Some((unit, Origin::File));
    }
    if let Some(hz) = stated_hz {
        let by_rate = [
            TimeUnit::Seconds,
            TimeUnit::Milliseconds,
            TimeUnit::Microseconds,
            TimeUnit::Nanoseconds,
        ]
        .into_iter()
        .find(|unit| (median * unit.seconds() * hz - 1.0).abs() < 0.2);
        if let Some(unit) = by_rate {
            return Some((unit, Origin::File));
        }
    }
    if let Some(unit) = by_size
        && (unit != TimeUnit::Seconds || median < 1e5)
    {
        return Some((unit, Origin::File));
    }
    (median < 1.0).then_some((TimeUnit::Seconds, Origin::Guessed))
}

/// Rate and mode from the steps of the time column.
fn by_time(
    steps: &StepStats,
    unit_s: f64,
    stated_hz: Option<f64>,
    refused: &Refused,
) -> Result<(SampleRate, Timing, Mode), TextError> {
    // More than one step in ten without advance: the stamps are coarser than the rows.
    let is_coarse = steps.zero_count * 10 > steps.count;
    let is_uneven = is_coarse || refused.all || refused.rates.len() >= MAX_REFUSED;
    let mut candidates = steps.candidates(unit_s).into_iter();
    let regular = candidates.find(|rate| !is_uneven && !refused.rates.contains(rate));
    if let Some(rate) = regular {
        checked_rate(rate.hz())?;
        let rounding = 0.5 * steps.resolution() * rate.hz() * unit_s;
        let tolerance = (REGULAR_JITTER + rounding).min(0.45);
        return Ok((rate, Timing::Regular, Mode::Regular { tolerance }));
    }
    let median = steps.median().unwrap_or(1.0);
    let counted_gap =
        (COUNTED_GAP_S / unit_s).max(MAX_BRIDGED_STEPS as f64 * median) + steps.resolution();
    let counted = Mode::Counted { gap_after: Some(counted_gap) };
    if let Some(hz) = stated_hz {
        return Ok((checked_rate(hz)?, Timing::Stated, counted));
    }
    let mean_hz = 1.0 / (steps.mean_up_to(counted_gap).unwrap_or(median) * unit_s);
    if is_coarse || mean_hz >= FAST_HZ {
        // A thousandth of a hertz is far below what such stamps can tell.
        let rate = checked_rate((mean_hz * 1e3).round() * 1e-3)?;
        return Ok((rate, Timing::Evened, counted));
    }
    let median_hz = 1.0 / (median * unit_s);
    checked_rate(median_hz)?;
    let rate = round_rate(median_hz).ok_or(TextError::RateInvalid { hz: median_hz })?;
    let mode = Mode::Resampled { gap_after: MAX_BRIDGED_STEPS as f64 * median };
    Ok((rate, Timing::Resampled { median_hz }, mode))
}
