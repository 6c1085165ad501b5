//! A delay line that can be written to.

use crate::time::SampleRate;

/// The last samples, in the order they came.
#[derive(Clone, Debug)]
pub(super) struct Line {
    values: Box<[f64]>,
    delay: usize,
    count: u64,
    /// Where the next sample is written, and where the next is read.
    write: usize,
    read: usize,
}

impl Line {
    /// A line that remembers at least `span_s` seconds.
    pub(super) fn new(max_rate: SampleRate, span_s: f64) -> Self {
        let len = max_rate.sample_count(span_s).max(1);
        Self { values: vec![0.0; len].into_boxed_slice(), delay: 0, count: 0, write: 0, read: 0 }
    }

    pub(super) fn start(&mut self, delay: usize) {
        self.delay = delay.min(self.values.len() - 1);
        self.reset();
    }

    pub(super) fn reset(&mut self) {
        self.values.fill(0.0);
        self.count = 0;
        self.write = self.delay;
        self.read = 0;
    }

    pub(super) const fn delay(&self) -> usize {
        self.delay
    }

    /// Samples so far.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Takes the samples, and puts those from [`Self::delay`] before in their place.
    pub(super) fn exchange(&mut self, block: &mut [f64]) {
        let Some(&first) = block.first() else { return };
        if self.count == 0 {
            self.values[..self.delay].fill(first);
        }
        self.count += block.len() as u64;
        // Never more at once than lie between reading and writing.
        let most = (self.values.len() - self.delay).max(1);
        for part in block.chunks_mut(most) {
            let mut rest = part;
            while !rest.is_empty() {
                let room = self.values.len() - self.write.max(self.read);
                let len = rest.len().min(room);
                let (now, later) = rest.split_at_mut(len);
                self.values[self.write..self.write + len].copy_from_slice(now);
                now.copy_from_slice(&self.values[self.read..self.read + len]);
                self.write =
                    if self.write + len == self.values.len() { 0 } else { self.write + len };
                self.read = if self.read + len == self.values.len() { 0 } else { self.read + len };
                rest = later;
            }
        }
    }

    /// The place of a sample that is remembered.
    fn place(&self, index: u64) -> Option<usize> {
        let back = self.count.checked_sub(index)?;
        let len = self.values.len() as u64;
        if back == 0 || back > len {
            return None;
        }
        let place = self.write as u64 + len - back;
        Some((if place >= len { place - len } else { place }) as usize)
    }

    /// The sample at `index`; zero if it is forgotten or not yet there.
    pub(super) fn at(&self, index: i64) -> f64 {
        let place = u64::try_from(index).ok().and_then(|index| self.place(index));
        place.map_or(0.0, |place| self.values[place])
    }

    /// Subtracts the part of `wave`, which begins at sample `first`, from `from` to before `to`.
    pub(super) fn subtract(&mut self, wave: &[f64], first: i64, from: u64, to: u64) {
        for (index, value) in (first..).zip(wave) {
            let Ok(index) = u64::try_from(index) else { continue };
            if (from..to).contains(&index)
                && let Some(place) = self.place(index)
            {
                self.values[place] -= value;
            }
        }
    }
}
