//! Median frequency of EMG in windows of 1 s.

use std::collections::VecDeque;

use levator_signal::spectrum::{Density, MAX_WINDOW_LEN};
use levator_signal::{SampleIndex, SampleRate, Span, Spectrum};

use crate::track::{LONGEST_WINDOW_S, Scratch, Track};

/// Window of a spectrum. Clinical practice for median frequencies of contractions.
const WINDOW_S: f64 = 1.0;
/// From one window to the next. Our choice: half, as Welch has it.
const HOP_S: f64 = 0.5;

/// Shortest window in samples with a median frequency worth the name.
const LEAST_WINDOW_LEN: usize = 16;

/// Samples that are kept. Our choice: most contractions are over and measured by then.
const MEMORY_S: f64 = 12.0;

/// A contraction is known to lie in a window this long after the beginning of the window: a detector looks
/// back for 5 s.
const KNOWN_AFTER_S: f64 = 8.0;

/// Median frequencies with the sample after the window each belongs to.
///
/// Few windows are ever asked for: those in the plateau of a contraction. So a spectrum is computed when it is
/// asked for, or when the samples of its window go and it still may be.
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
    /// The newest samples of this run, in a ring: those of a gap are in none.
    samples: Box<[f64]>,
    /// Samples of the ring that are in use at this rate.
    ring_len: usize,
    /// Where the next one goes.
    at: usize,
    window_len: u64,
    hop_len: usize,
    /// Samples after which what was said of a window is known.
    known_after: u64,
    /// Samples of this run, and with how many the next window is full.
    run_len: u64,
    full_at: u64,
    /// All windows that are full, and how many of the last ones are still in the ring.
    windows: VecDeque<Window>,
    held_count: usize,
    /// Samples of this run with which the first of those loses its own.
    lost_at: u64,
}

/// One window.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Its first sample, counted from the first of its run.
    start: u64,
    /// One past its last, on the axis of the input.
    end: SampleIndex,
    median: Median,
}

/// What is known of the median frequency of a window.
#[derive(Clone, Copy, Debug)]
enum Median {
    /// It can be computed.
    Waits,
    /// It was, in hertz.
    At(f64),
    /// There is none, or it is not needed.
    None,
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
            samples: vec![0.0; max_rate.sample_count(MEMORY_S).min(12 * MAX_WINDOW_LEN)].into(),
            ring_len: 1,
            at: 0,
            window_len: 1,
            hop_len: 1,
            known_after: 0,
            run_len: 0,
            full_at: 0,
            windows: VecDeque::with_capacity((LONGEST_WINDOW_S / HOP_S) as usize + 16),
            held_count: 0,
            lost_at: u64::MAX,
        }
    }

    /// Begins anew at this rate, or does nothing from now on. There is nothing either at rates at which a
    /// second has too few samples or more than there is room for.
    pub(crate) fn start(&mut self, rate: Option<SampleRate>, delay: u64) {
        self.windows.clear();
        (self.held_count, self.lost_at) = (0, u64::MAX);
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
        self.ring_len = rate.sample_count(MEMORY_S).min(self.samples.len());
        (self.window_len, self.hop_len) = (window_len as u64, hop_len);
        self.known_after = rate.sample_count(KNOWN_AFTER_S) as u64;
        self.begin();
    }

    /// Begins a run.
    fn begin(&mut self) {
        (self.run_len, self.full_at, self.at) = (0, self.window_len, 0);
    }

    /// Whether the channel has frequencies.
    pub(crate) const fn is_on(&self) -> bool {
        self.active.is_some()
    }

    /// Takes samples. `is_wanted` says of a window some seconds old whether it may be asked for.
    pub(crate) fn take(
        &mut self,
        first: SampleIndex,
        filtered: &[f64],
        is_wanted: impl Fn(Span) -> bool,
    ) {
        if self.active.is_none() {
            return;
        }
        if first != self.next {
            // What was before is in the ring no longer, or soon.
            while self.held_count > 0 {
                self.let_go(|_| true);
            }
            self.begin();
        }
        self.next = first.saturating_add(filtered.len() as u64);
        let known_to = self.run_len.saturating_sub(self.known_after);
        let mut end = first;
        let mut rest = filtered;
        while !rest.is_empty() {
            // Up to the end of the ring, and less than a window.
            let count = rest.len().min(self.hop_len).min(self.ring_len - self.at);
            let (part, later) = rest.split_at(count);
            rest = later;
            end = end.saturating_add(count as u64);
            let run_len = self.run_len.saturating_add(count as u64);
            while run_len > self.lost_at {
                // What was said of it may not have come yet, where much comes at once.
                let known = |window: &Window| window.start <= known_to;
                let window_len = self.window_len;
                self.let_go(|window| !known(window) || is_wanted(window.span(window_len)));
            }
            self.samples[self.at..self.at + count].copy_from_slice(part);
            self.at = if self.at + count == self.ring_len { 0 } else { self.at + count };
            self.run_len = run_len;
            while self.run_len >= self.full_at {
                let late = self.delay.saturating_add(self.run_len - self.full_at);
                self.add(Window {
                    start: self.full_at - self.window_len,
                    end: end.saturating_sub(late),
                    median: Median::Waits,
                });
                self.full_at = self.full_at.saturating_add(self.hop_len as u64);
            }
        }
    }

    fn add(&mut self, window: Window) {
        if self.windows.len() == self.windows.capacity() {
            self.windows.pop_front();
        }
        if self.held_count == 0 {
            self.lost_at = window.start.saturating_add(self.ring_len as u64);
        }
        self.windows.push_back(window);
        self.held_count += 1;
    }

    /// Forgets the samples of the first window that is held, when it was computed if it must be.
    fn let_go(&mut self, must: impl Fn(&Window) -> bool) {
        let place = self.windows.len() - self.held_count;
        if let Median::Waits = self.windows[place].median {
            let median = if must(&self.windows[place]) { self.median(place) } else { Median::None };
            self.windows[place].median = median;
        }
        self.held_count -= 1;
        self.lost_at = self
            .windows
            .get(place + 1)
            .map_or(u64::MAX, |window| window.start.saturating_add(self.ring_len as u64));
    }

    /// The median frequency of a window that is held.
    fn median(&mut self, place: usize) -> Median {
        let Some(spectrum) = self.active.map(|active| &mut self.spectra[active]) else {
            return Median::None;
        };
        let ring = &self.samples[..self.ring_len];
        let start = (self.windows[place].start % self.ring_len as u64) as usize;
        let of = |density: Density<'_>| density.median_interpolated_hz().map(Median::At);
        let window_len = spectrum.window_len();
        if let Some(window) = ring.get(start..start + window_len) {
            return spectrum.of(window).and_then(of).unwrap_or(Median::None);
        }
        // The ring is cut within it.
        let (behind, before) = (&ring[start..], &ring[..window_len - (ring.len() - start)]);
        let mut found = Median::None;
        spectrum.reset();
        for part in [behind, before] {
            spectrum.process(part, |_, density| found = of(density).unwrap_or(Median::None));
        }
        found
    }

    /// Puts the median frequencies of the windows that lie in the span, and whose levels can all be used,
    /// into `x`, and the middle of each, in seconds from the beginning of the span, into `t`.
    pub(crate) fn fill(&mut self, span: Span, track: &Track, scratch: &mut Scratch) {
        scratch.x.clear();
        scratch.t.clear();
        if self.active.is_none() {
            return;
        }
        let window_len = self.window_len;
        for place in 0..self.windows.len() {
            let Window { end, .. } = self.windows[place];
            let window = self.windows[place].span(window_len);
            let inside = window.start >= span.start && window.end <= span.end;
            if !(inside && end.0 >= window_len && track.is_whole(window)) {
                continue;
            }
            if let Median::Waits = self.windows[place].median {
                self.windows[place].median = self.median(place);
            }
            if let Median::At(hz) = self.windows[place].median {
                let since = window.start.saturating_since(span.start) as f64;
                scratch.x.push(hz);
                scratch.t.push((since + window_len as f64 / 2.0) / self.rate.hz());
            }
        }
    }
}

impl Window {
    fn span(&self, len: u64) -> Span {
        Span { start: self.end.saturating_sub(len), end: self.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reasons;

    const LEN: usize = 40_000;

    fn signal() -> Vec<f64> {
        let mut state = 3_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5
        };
        (0..LEN).map(|_| next()).collect()
    }

    /// Feeds 40 s with a gap of a second, and asks for spans on the way.
    fn found(block_len: usize, wanted: Span, asked: &[(u64, Span)]) -> Vec<(f64, f64)> {
        let rate = SampleRate::new(1000, 1).expect("not zero");
        let mut frequencies = Frequencies::new(rate);
        frequencies.start(Some(rate), 7);
        let mut track = Track::new(rate, 120.0);
        track.take(SampleIndex(0), &vec![1.0; 2 * LEN], Reasons::NONE);
        let mut scratch = Scratch::new(1000);
        let mut found = Vec::new();
        let mut at = 0;
        for part in signal().chunks(block_len) {
            let shift = if at >= 20_000 { 1000 } else { 0 };
            let first = SampleIndex(at + shift);
            frequencies
                .take(first, part, |window| window.start < wanted.end && window.end > wanted.start);
            for (_, span) in
                asked.iter().filter(|(when, _)| (at..at + part.len() as u64).contains(when))
            {
                frequencies.fill(*span, &track, &mut scratch);
                found.extend(scratch.t.iter().copied().zip(scratch.x.iter().copied()));
            }
            at += part.len() as u64;
        }
        found
    }

    fn span(start: u64, end: u64) -> Span {
        Span { start: SampleIndex(start), end: SampleIndex(end) }
    }

    #[test]
    fn windows_are_the_same_when_they_were_wanted_or_are_still_held() {
        let asked = [(14_999, span(4000, 12_000)), (35_999, span(2000, 36_000))];
        let all = found(500, span(0, u64::MAX), &asked);
        assert!(all.len() > 60, "{}", all.len());
        for block_len in [10, 100, 1000, 20_000] {
            assert_eq!(found(block_len, span(0, u64::MAX), &asked), all, "{block_len}");
        }
        // What nobody wanted is computed as long as it is held.
        let held = [(35_999, span(27_000, 36_000))];
        let kept = found(500, span(0, u64::MAX), &held);
        assert!(kept.len() > 10);
        assert_eq!(found(10, span(0, 0), &held), kept);
        assert!(found(10, span(0, 0), &[(35_999, span(2000, 8000))]).is_empty());
    }
}
