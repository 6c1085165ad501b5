//! Channels come one after the other, in blocks of their own, and rows need all of them.

use super::source::Event;
use super::survey::Stream;

/// Gathers the samples of one stream.
pub(super) struct Rows<'a> {
    pub(super) stream: &'a Stream,
    /// Index of the first sample that waits.
    first: u64,
    columns: Vec<Vec<f64>>,
    flat: Vec<f64>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(stream: &'a Stream) -> Self {
        let columns = vec![Vec::new(); stream.channels.len()];
        Self { stream, first: 0, columns, flat: Vec::new() }
    }

    /// Hands on the samples that are complete: the index of the first, and all channels of each.
    pub(super) fn take(&mut self, event: &Event<'_>, sink: &mut impl FnMut(u64, &[f64])) {
        let Event::Values { channel, unit, first, values, .. } = event else { return };
        let Some((at, factor)) = self.stream.place(*channel, *unit) else { return };
        if at == 0 && self.columns[0].is_empty() {
            self.first = first.0;
        }
        self.columns[at].extend(values.iter().map(|value| value * factor));
        let count = self.columns.iter().map(Vec::len).min().unwrap_or(0);
        if count == 0 {
            return;
        }
        self.flat.clear();
        for row in 0..count {
            self.flat.extend(self.columns.iter().map(|column| column[row]));
        }
        sink(self.first, &self.flat);
        self.first += count as u64;
        for column in &mut self.columns {
            column.drain(..count);
        }
    }
}
