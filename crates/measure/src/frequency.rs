//! Median frequency of EMG in windows of 1 s.

use std::collections::VecDeque;

use levator_signal::spectrum::MAX_WINDOW_LEN;
use levator_signal::{SampleIndex, SampleRate, Span, Spectrum};

use crate::track::{LONGEST_WINDOW_S, Scratch, Track};

/// Window of a spectrum. Clinical practice for median frequencies of contractions.
const WINDOW_S: f64 = 1.0;
/// From one window to the next. Our choice: half, as Welch has it.
const HOP_S: f64 = 0.5;

/// Median frequencies with the sample after the window each belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Frequencies {
    spectrum: Spectrum,
    rate: SampleRate,
    /// Samples that the filtered signal is late.
    delay: u64,
    next: SampleIndex,
    found: VecDeque<(SampleIndex, f64)>,
}

impl Frequencies {
    /// `None` at rates with which there is no window of a second.
    pub(crate) fn new(rate: SampleRate, delay: u64) -> Option<Self> {
        let (window_len, hop_len) = (rate.sample_count(WINDOW_S), rate.sample_count(HOP_S));
        if !(16..=MAX_WINDOW_LEN).contains(&window_len) {
            return None;
        }
        let spectrum = Spectrum::new(window_len, hop_len, rate).ok()?;
        let most = (LONGEST_WINDOW_S / HOP_S) as usize + 16;
        let found = VecDeque::with_capacity(most);
        Some(Self { spectrum, rate, delay, next: SampleIndex::ZERO, found })
    }

    pub(crate) fn take(&mut self, first: SampleIndex, filtered: &[f64]) {
        if first != self.next {
            self.spectrum.reset();
        }
        self.next = first.saturating_add(filtered.len() as u64);
        let (found, delay) = (&mut self.found, self.delay);
        self.spectrum.process(filtered, |count, density| {
            let Some(hz) = density.median_interpolated_hz() else { return };
            if found.len() == found.capacity() {
                found.pop_front();
            }
            found.push_back((first.saturating_add(count as u64).saturating_sub(delay), hz));
        });
    }

    /// Puts the median frequencies of the windows that lie in the span, and whose levels can all be used,
    /// into `x`, and the middle of each, in seconds from the beginning of the span, into `t`.
    pub(crate) fn fill(&self, span: Span, track: &Track, scratch: &mut Scratch) {
        scratch.x.clear();
        scratch.t.clear();
        let window_len = self.spectrum.window_len() as u64;
        for (end, hz) in &self.found {
            let window = Span { start: end.saturating_sub(window_len), end: *end };
            let inside = window.start >= span.start && window.end <= span.end;
            if inside && end.0 >= window_len && track.is_whole(window) {
                let since = window.start.saturating_since(span.start) as f64;
                scratch.x.push(*hz);
                scratch.t.push((since + window_len as f64 / 2.0) / self.rate.hz());
            }
        }
    }
}
