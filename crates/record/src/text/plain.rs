//! Rows of nothing but numbers, many at a time.
//!
//! Such rows are nearly all of a file. They are read from the bytes themselves, without a search for
//! the ends of lines and fields, into one array a column, so that what follows works on arrays. Any
//! other line ends the run, and is read by [`RowFormat::read_all`](super::rows::RowFormat::read_all),
//! which would find the same in these rows.

#[cfg(target_arch = "x86_64")]
use levator_signal::Loop;
use levator_signal::Processor;
#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

use super::number::{self, Digits, Marks, Window};
use super::rows::RowFormat;
use super::stops::{Look, Plain, Stops};

/// Most rows, and most numbers, of a run. Our choice: 64 KiB of numbers stay in the second cache.
const MAX_ROWS: usize = 256;
const MAX_NUMBERS: usize = 8192;

/// Consecutive rows of nothing but numbers.
#[derive(Clone, Debug)]
pub(crate) struct PlainRows {
    marks: Marks,
    /// Other scales than one may make a value infinite: such a row is not plain.
    scale: f64,
    offset: f64,
    is_scaled: bool,
    /// Column of each channel, and of the time.
    channels: Vec<usize>,
    time: Option<usize>,
    is_usable: bool,
    column_count: usize,
    capacity: usize,
    len: usize,
    processor: Processor,
    stops: Stops,
    /// Column after column, each with room for `capacity` rows.
    cells: Vec<f64>,
    decimals: Vec<u8>,
    /// Channel after channel.
    values: Vec<f64>,
}

impl PlainRows {
    pub(crate) fn new(format: &RowFormat, decimal_comma: bool) -> Self {
        let separator = format.separator.byte();
        let point = if decimal_comma && separator != b',' { b',' } else { b'.' };
        let column_count = format.is_text.len();
        let capacity = (MAX_NUMBERS / column_count.max(1)).clamp(1, MAX_ROWS);
        let channels = format.channel_columns();
        Self {
            marks: Marks { separator, point },
            scale: format.scale,
            offset: format.offset,
            is_scaled: format.scale.to_bits() != 1.0_f64.to_bits() || format.offset != 0.0,
            time: format.time,
            // A row without time has no place; without channels, there is nothing to read.
            is_usable: !channels.is_empty() && (!format.needs_time || format.time.is_some()),
            values: vec![0.0; channels.len() * capacity],
            channels,
            column_count,
            capacity,
            len: 0,
            processor: Processor::best(),
            stops: Stops::default(),
            cells: vec![0.0; column_count * capacity],
            decimals: vec![0; column_count * capacity],
        }
    }

    /// Reads rows from the start of `bytes`, at most `max_count`, up to the first line that is not
    /// plain or that ends near the end of `bytes`. Returns their length.
    pub(crate) fn fill(&mut self, bytes: &[u8], max_count: u64) -> usize {
        self.len = 0;
        if !self.is_usable {
            return 0;
        }
        let max_count = usize::try_from(max_count).unwrap_or(usize::MAX).min(self.capacity);
        let at = self.read(bytes, max_count);
        for (values, &column) in self.values.chunks_exact_mut(self.capacity).zip(&self.channels) {
            let cells = &self.cells[column * self.capacity..][..self.len];
            for (value, cell) in values.iter_mut().zip(cells) {
                *value = (cell + self.offset) * self.scale;
            }
        }
        at
    }

    fn read(&mut self, bytes: &[u8], max_count: usize) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(by) = V3::try_new() {
            return self.processor.run(Read { rows: self, by, bytes, max_count });
        }
        self.read_rows(Plain, bytes, max_count)
    }

    /// What the processor can do.
    pub(crate) fn processor(&self) -> Processor {
        self.processor
    }

    /// Reads at most `max_count` rows and counts them. Returns their length.
    #[inline(always)]
    fn read_rows(&mut self, by: impl Look + Digits, bytes: &[u8], max_count: usize) -> usize {
        // With the number of columns known, nothing in the loop waits for memory.
        match self.column_count {
            1 => self.read_columns::<1>(by, bytes, max_count),
            2 => self.read_columns::<2>(by, bytes, max_count),
            _ => self.read_columns::<0>(by, bytes, max_count),
        }
    }

    /// Of `COUNT` columns, or of any number for zero.
    #[inline(always)]
    fn read_columns<const COUNT: usize>(
        &mut self,
        by: impl Look + Digits,
        bytes: &[u8],
        max_count: usize,
    ) -> usize {
        // What the loop needs of `self` is held outside of it.
        let Self { marks, capacity, .. } = *self;
        let column_count = if COUNT > 0 { COUNT } else { self.column_count };
        let (cells, decimals) = (&mut self.cells[..], &mut self.decimals[..]);
        let stops = &mut self.stops;
        stops.restart();
        let mut start = 0;
        let mut len = 0;
        'rows: while len < max_count {
            let mut byte = marks.separator;
            let mut place = len;
            let mut base = start;
            let Some(mut window) = window_at(by, bytes, base, stops, marks) else { break };
            for _ in 0..column_count {
                if byte != marks.separator {
                    break 'rows;
                }
                if window.is_used_up() {
                    base += window.at;
                    let Some(next) = window_at(by, bytes, base, stops, marks) else { break 'rows };
                    window = next;
                }
                let (value, count);
                if let Some(short) = window.take_short(by, marks) {
                    (value, count, byte) = (short.value, short.decimals, short.after);
                } else if let Some((number, end)) =
                    number::long(bytes, base + window.at, marks.separator)
                {
                    (value, count) = (number.value(), number.decimals);
                    let Some(&after) = bytes.get(end) else { break 'rows };
                    byte = after;
                    base = end + 1;
                    let Some(next) = window_at(by, bytes, base, stops, marks) else { break 'rows };
                    window = next;
                } else {
                    break 'rows;
                }
                let (Some(cell), Some(decimals)) = (cells.get_mut(place), decimals.get_mut(place))
                else {
                    break 'rows;
                };
                (*cell, *decimals) = (value, count as u8);
                place += capacity;
            }
            if byte == b'\r' {
                byte = window.byte(window.at);
                window.at += 1;
            }
            if byte != b'\n' {
                break;
            }
            if self.is_scaled {
                let value = |&column: &usize| cells[column * capacity + len];
                let mut values = self.channels.iter().map(value);
                if !values.all(|value| ((value + self.offset) * self.scale).is_finite()) {
                    break;
                }
            }
            start = base + window.at;
            len += 1;
        }
        self.len = len;
        start
    }

    /// Rows of the run.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The numbers of each column.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &[f64]> {
        self.cells.chunks_exact(self.capacity).map(|cells| &cells[..self.len])
    }

    /// The values of channel after channel; rows of a channel follow on one another, with
    /// [`Self::stride`] from one channel to the next.
    pub(crate) fn values(&self) -> Values<'_> {
        Values { all: &self.values, stride: self.capacity, len: self.len }
    }

    /// Times and their digits after the point, if there is a time column.
    pub(crate) fn times(&self) -> Option<(&[f64], &[u8])> {
        let start = self.time? * self.capacity;
        Some((&self.cells[start..][..self.len], &self.decimals[start..][..self.len]))
    }
}

/// Values of some rows, channel after channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    all: &'a [f64],
    stride: usize,
    len: usize,
}

impl<'a> Values<'a> {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The values of each channel.
    pub(crate) fn channels(self) -> impl Iterator<Item = &'a [f64]> {
        self.all.chunks_exact(self.stride).map(move |values| &values[..self.len])
    }

    /// Copies row `index` to `row`.
    pub(crate) fn row(&self, index: usize, row: &mut [f64]) {
        for (value, values) in row.iter_mut().zip(self.all.chunks_exact(self.stride)) {
            *value = values[index];
        }
    }
}

/// The bytes from `start` on.
#[inline(always)]
fn window_at<'a>(
    by: impl Look,
    bytes: &'a [u8],
    start: usize,
    stops: &mut Stops,
    marks: Marks,
) -> Option<Window<'a>> {
    let stops = stops.from(by, bytes, start, marks.separator)?;
    Some(Window { bytes: bytes.get(start..)?.first_chunk()?, at: 0, stops })
}

/// Reading rows, to be compiled for a processor.
#[cfg(target_arch = "x86_64")]
struct Read<'a, B> {
    rows: &'a mut PlainRows,
    by: B,
    bytes: &'a [u8],
    max_count: usize,
}

#[cfg(target_arch = "x86_64")]
impl<B: Look + Digits> Loop for Read<'_, B> {
    type Output = usize;

    #[inline(always)]
    fn run(self) -> usize {
        self.rows.read_rows(self.by, self.bytes, self.max_count)
    }
}
