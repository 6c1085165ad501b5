//! Median frequency of EMG in windows of 1 s.

use std::collections::VecDeque;

use levator_signal::spectrum::MAX_WINDOW_LEN;
use levator_signal::{SampleIndex, SampleRate, Span, Spectrum};

use crate::track::{LONGEST_WINDOW_S, Scratch, Track};

/// Window of a spectrum. Clinical practice for median frequencies of contractions.
const WINDOW_S: f64 = 1.0;
/// From one window to the next. Our choice: half, as Welch has it.
const HOP_S: f64 = 0.5;

/// Shortest window in samples with a median frequency worth the name.
const LEAST_WINDOW_LEN: usize = 16;

/// Median frequencies with the sample after the window each belongs to.
///
/// Windows are padded with zeros to the next power of two: that is fast, and one transform serves many rates.
#[derive(Clone, Debug)]
pub(crate) struct Frequencies {
    /// One for each power of two.
    spectra: Vec<Spectrum>,
    /// The one in use, where the channel has frequencies.
    active: Option<usize>,
    rate: SampleRate,
    /// Samples that the filtered signal is late.
    delay: u64,
    next: SampleIndex,
    found: VecDeque<(SampleIndex, f64)>,
}

impl Frequencies {
    /// Room for rates up to `max_rate`. The only call that allocates.
    pub(crate) fn new(max_rate: SampleRate) -> Self {
        let longest = max_rate.sample_count(WINDOW_S).min(MAX_WINDOW_LEN).next_power_of_two();
        let lens = (LEAST_WINDOW_LEN.ilog2()..=longest.ilog2()).map(|power| 1_usize << power);
        let spectrum = |len: usize| Spectrum::padded(len / 2, len, len / 2, max_rate).ok();
        Self {
            spectra: lens.filter_map(spectrum).collect(),
            active: None,
            rate: max_rate,
            delay: 0,
            next: SampleIndex::ZERO,
            found: VecDeque::with_capacity((LONGEST_WINDOW_S / HOP_S) as usize + 16),
        }
    }

    /// Begins anew at this rate, or does nothing from now on. There is nothing either at rates at which a
    /// second has too few samples or more than there is room for.
    pub(crate) fn start(&mut self, rate: Option<SampleRate>, delay: u64) {
        self.found.clear();
        self.next = SampleIndex::ZERO;
        self.delay = delay;
        self.active = None;
        let Some(rate) = rate else { return };
        self.rate = rate;
        let (window_len, hop_len) = (rate.sample_count(WINDOW_S), rate.sample_count(HOP_S));
        if window_len < LEAST_WINDOW_LEN {
            return;
        }
        let long_enough = |spectrum: &Spectrum| spectrum.transform_len() >= window_len;
        let place = self.spectra.iter().position(long_enough);
        self.active =
            place.filter(|place| self.spectra[*place].start(window_len, hop_len, rate).is_ok());
    }

    /// Whether the channel has frequencies.
    pub(crate) const fn is_on(&self) -> bool {
        self.active.is_some()
    }

    pub(crate) fn take(&mut self, first: SampleIndex, filtered: &[f64]) {
        let Some(spectrum) = self.active.map(|place| &mut self.spectra[place]) else { return };
        if first != self.next {
            spectrum.reset();
        }
        self.next = first.saturating_add(filtered.len() as u64);
        let (found, delay) = (&mut self.found, self.delay);
        spectrum.process(filtered, |count, density| {
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
        let Some(spectrum) = self.active.map(|place| &self.spectra[place]) else { return };
        let window_len = spectrum.window_len() as u64;
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
