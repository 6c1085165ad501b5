//! Rows of nothing but numbers, many at a time.
//!
//! Such rows are nearly all of a file. They are read from the bytes themselves, without a search for
//! the ends of lines and fields, into one array a column, so that what follows works on arrays. Any
//! other line ends the run, and is read by [`RowFormat::read_all`](super::rows::RowFormat::read_all),
//! which would find the same in these rows.

use super::number::{self, Decimal};
use super::rows::RowFormat;

/// Most rows, and most numbers, of a run. Our choice: 64 KiB of numbers stay in the second cache.
const MAX_ROWS: usize = 256;
const MAX_NUMBERS: usize = 8192;

/// Consecutive rows of nothing but numbers.
#[derive(Clone, Debug)]
pub(crate) struct PlainRows {
    separator: u8,
    point: u8,
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
    /// Column after column, each with room for `capacity` rows: as they stand in the file, sign and
    /// decimals in one byte, and as doubles. Dividing while reading would hold up the search for the
    /// next field.
    mantissas: Vec<u64>,
    shapes: Vec<u8>,
    cells: Vec<f64>,
    decimals: Vec<u8>,
    /// Channel after channel.
    values: Vec<f64>,
}

impl PlainRows {
    pub(crate) fn new(format: &RowFormat) -> Self {
        let separator = format.separator.byte();
        let column_count = format.is_text.len();
        let capacity = (MAX_NUMBERS / column_count.max(1)).clamp(1, MAX_ROWS);
        let channels = format.channel_columns();
        Self {
            separator,
            point: if separator == b',' { b'.' } else { b',' },
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
            mantissas: vec![0; column_count * capacity],
            shapes: vec![0; column_count * capacity],
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
        let at = self.read_rows(bytes, max_count);
        for column in 0..self.column_count {
            let range = column * self.capacity..column * self.capacity + self.len;
            let cells = self.cells[range.clone()].iter_mut().zip(&mut self.decimals[range.clone()]);
            let numbers = self.mantissas[range.clone()].iter().zip(&self.shapes[range]);
            for ((cell, decimals), (&mantissa, &shape)) in cells.zip(numbers) {
                let number = decimal(mantissa, shape);
                (*cell, *decimals) = (number.value(), number.decimals as u8);
            }
        }
        for (values, &column) in self.values.chunks_exact_mut(self.capacity).zip(&self.channels) {
            let cells = &self.cells[column * self.capacity..][..self.len];
            for (value, cell) in values.iter_mut().zip(cells) {
                *value = (cell + self.offset) * self.scale;
            }
        }
        at
    }

    /// Reads at most `max_count` rows and counts them. Returns their length.
    #[inline(always)]
    fn read_rows(&mut self, bytes: &[u8], max_count: usize) -> usize {
        // What the loop needs of `self` is held outside of it.
        let Self { separator, point, column_count, capacity, .. } = *self;
        let (mantissas, shapes) = (&mut self.mantissas[..], &mut self.shapes[..]);
        let mut start = 0;
        'rows: while self.len < max_count {
            let mut at = start;
            let mut byte = separator;
            let mut place = self.len;
            for _ in 0..column_count {
                if byte != separator {
                    break 'rows;
                }
                let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
                    break 'rows;
                };
                let (number, end);
                if let Some((short, len)) = number::short_prefix(window, point) {
                    (number, end, byte) = (short, at + len, window[len]);
                } else if let Some(long) = long_number(bytes, at, separator) {
                    (number, end, byte) = long;
                } else {
                    break 'rows;
                }
                let (Some(mantissa), Some(shape)) =
                    (mantissas.get_mut(place), shapes.get_mut(place))
                else {
                    break 'rows;
                };
                *mantissa = number.mantissa;
                *shape = number.decimals as u8 | (number.negative << 7) as u8;
                place += capacity;
                at = end + 1;
            }
            if byte == b'\r' {
                byte = bytes.get(at).copied().unwrap_or(0);
                at += 1;
            }
            if byte != b'\n' {
                break;
            }
            if self.is_scaled {
                let value = |&column: &usize| {
                    let place = column * capacity + self.len;
                    decimal(mantissas[place], shapes[place]).value()
                };
                let mut values = self.channels.iter().map(value);
                if !values.all(|value| ((value + self.offset) * self.scale).is_finite()) {
                    break;
                }
            }
            start = at;
            self.len += 1;
        }
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

#[inline(always)]
fn decimal(mantissa: u64, shape: u8) -> Decimal {
    let (decimals, negative) = (usize::from(shape & 0x7f), u64::from(shape >> 7));
    Decimal { mantissa, decimals, negative }
}

/// A plain number of many digits or with spaces before it, from `at` on: also where it ends, and what
/// follows it.
#[cold]
fn long_number(bytes: &[u8], at: usize, separator: u8) -> Option<(Decimal, usize, u8)> {
    let (number, len) = number::decimal_prefix(&bytes[at..], separator)?;
    Some((number, at + len, *bytes.get(at + len)?))
}
