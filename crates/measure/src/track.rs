//! The level of one channel over the last minutes, in slots of 10 ms.

use core::iter::zip;
use core::ops::Range;

use levator_signal::{Loop, Processor, SampleIndex, SampleRate, Span};

use crate::{Reason, Reasons};

/// Shortest slot, in whole samples; at rates of 100 Hz and below a slot is a sample.
///
/// Our choice: a tenth of the shortest smoothing window, so that a level is as good as at full rate, and
/// ten minutes take a megabyte and a half.
const SLOT_S: f64 = 0.01;

/// Longest window that is measured: of a longer one, the last ten minutes. Our choice: the longest rest of
/// any programme is five.
pub(crate) const LONGEST_WINDOW_S: f64 = 600.0;

/// Ring of slots. A slot has the level at its first sample, the highest level of all its samples, and what
/// is wrong with any of them.
///
/// The axis is that of the *input*: the delay of filters and smoothing has been taken off.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    rate: SampleRate,
    slot_len: u64,
    slot_s: f64,
    /// Samples that the level is late.
    delay: u64,
    memory_s: f64,
    /// Slots that are kept.
    capacity: u64,
    levels: Box<[f64]>,
    peaks: Box<[f64]>,
    /// Sample of the slot at which it is highest.
    peaks_at: Box<[u32]>,
    reasons: Box<[Reasons]>,
    /// Oldest slot that is kept, and the one that comes next.
    oldest: u64,
    next: u64,
    /// Next sample, on the axis of the input.
    sample: u64,
    processor: Processor,
}

/// What a window is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Survey {
    /// Slots that it should have.
    pub(crate) asked: u64,
    /// Slots with a level that can be used.
    pub(crate) usable: u64,
    counts: [u64; Reason::ALL.len()],
}

impl Survey {
    /// Part of the slots of which this holds.
    pub(crate) fn share(&self, reason: Reason) -> f64 {
        self.counts[reason as usize] as f64 / self.asked.max(1) as f64
    }

    /// Whether it holds of any.
    pub(crate) fn any(&self, reason: Reason) -> bool {
        self.counts[reason as usize] > 0
    }
}

/// Room for the levels of a window.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    /// Levels that can be used.
    pub(crate) x: Vec<f64>,
    /// Their time, in seconds from the first slot of the window.
    pub(crate) t: Vec<f64>,
    /// Whatever else is needed.
    pub(crate) y: Vec<f64>,
    pub(crate) processor: Processor,
}

impl Scratch {
    pub(crate) fn new(capacity: usize) -> Self {
        let room = || Vec::with_capacity(capacity);
        Self { x: room(), t: room(), y: room(), processor: Processor::best() }
    }
}

impl Track {
    /// Room for `memory_s` seconds at rates up to `max_rate`. The only call that allocates.
    pub(crate) fn new(max_rate: SampleRate, memory_s: f64) -> Self {
        // No rate has more slots in a second than this.
        let most = (1.0 / SLOT_S).min(max_rate.hz());
        let room = (memory_s * most).ceil() as usize + 2;
        let mut track = Self {
            rate: max_rate,
            slot_len: 1,
            slot_s: 1.0,
            delay: 0,
            memory_s,
            capacity: room as u64,
            levels: vec![f64::NAN; room].into(),
            peaks: vec![f64::NAN; room].into(),
            peaks_at: vec![0; room].into(),
            reasons: vec![Reasons::NONE; room].into(),
            oldest: 0,
            next: 0,
            sample: 0,
            processor: Processor::best(),
        };
        track.start(max_rate, 0);
        track
    }

    /// Begins anew at this rate, which is no higher than the one there is room for; levels are `delay` samples
    /// late.
    pub(crate) fn start(&mut self, rate: SampleRate, delay: u64) {
        self.rate = rate;
        self.delay = delay;
        // The millionth is for rates whose hundredth is not exact.
        self.slot_len = ((rate.hz() * SLOT_S - 1e-6).ceil() as u64).max(1);
        self.slot_s = self.slot_len as f64 / rate.hz();
        // What is kept depends on the rate, not on the room.
        let capacity = (self.memory_s / self.slot_s).ceil() as usize + 2;
        self.capacity = capacity.min(self.levels.len()) as u64;
        (self.oldest, self.next, self.sample) = (0, 0, 0);
    }

    /// Slots there is room for.
    pub(crate) fn room(&self) -> usize {
        self.levels.len()
    }

    /// Seconds from one slot to the next.
    pub(crate) fn slot_s(&self) -> f64 {
        self.slot_s
    }

    /// Samples from one slot to the next.
    pub(crate) fn slot_len(&self) -> u64 {
        self.slot_len
    }

    /// Takes levels whose first one came with sample `first`.
    pub(crate) fn take(&mut self, first: SampleIndex, levels: &[f64], reasons: Reasons) {
        let early = self.delay.saturating_add(self.sample).saturating_sub(first.0);
        let Some(levels) = usize::try_from(early).ok().and_then(|early| levels.get(early..)) else {
            return;
        };
        if early == 0 {
            self.miss(first.0 - self.delay);
        }
        if levels.len() < LEAST_FOR_PROCESSOR {
            self.take_slots(levels, reasons);
        } else {
            let processor = self.processor;
            processor.run(Take { track: self, levels, reasons });
        }
    }

    /// Takes the levels that come next.
    #[inline(always)]
    fn take_slots(&mut self, mut levels: &[f64], reasons: Reasons) {
        let mut into = self.sample % self.slot_len;
        // The slot before the next one, also if there is none yet.
        let mut at = match self.place(self.next) {
            0 => self.capacity as usize - 1,
            place => place - 1,
        };
        self.sample = self.sample.saturating_add(levels.len() as u64);
        while !levels.is_empty() {
            let count = (self.slot_len - into).min(levels.len() as u64);
            let (now, later) = levels.split_at(count as usize);
            if into == 0 {
                at = if at + 1 < self.capacity as usize { at + 1 } else { 0 };
                self.begin_at(at, now[0], Reasons::NONE);
            }
            self.reasons[at] = self.reasons[at].and(reasons);
            if let Some((place, level)) = first_above(now, self.peaks[at]) {
                self.peaks[at] = level;
                self.peaks_at[at] = into as u32 + place as u32;
            }
            into = 0;
            levels = later;
        }
    }

    /// Samples up to `to`, as they come in, are missing.
    pub(crate) fn gap(&mut self, to: SampleIndex) {
        self.miss(to.0.saturating_sub(self.delay));
    }

    /// Nothing is known up to `to`, on the axis of the input.
    fn miss(&mut self, to: u64) {
        if to <= self.sample {
            return;
        }
        let until = to.div_ceil(self.slot_len);
        if until.saturating_sub(self.next) > self.capacity {
            self.next = until - self.capacity;
            self.oldest = self.next;
        }
        while self.next < until {
            self.begin(f64::NAN, Reasons::NONE.with(Reason::Gap));
        }
        self.sample = to;
    }

    fn begin(&mut self, level: f64, reasons: Reasons) {
        self.begin_at(self.place(self.next), level, reasons);
    }

    /// Begins the next slot, whose place this is.
    #[inline(always)]
    fn begin_at(&mut self, at: usize, level: f64, reasons: Reasons) {
        self.levels[at] = level;
        self.peaks[at] = level;
        self.peaks_at[at] = 0;
        self.reasons[at] = reasons;
        self.next = self.next.saturating_add(1);
        self.oldest = self.oldest.max(self.next.saturating_sub(self.capacity));
    }

    fn place(&self, slot: u64) -> usize {
        (slot % self.capacity) as usize
    }

    /// Slots whose first sample lies in the span, of the last ten minutes of it.
    ///
    /// What ends with the signal loses the last slots, whose level came no more because it is late.
    pub(crate) fn slots(&self, span: Span) -> Range<u64> {
        let longest = self.rate.sample_count(LONGEST_WINDOW_S) as u64;
        let start = span.start.0.max(span.end.0.saturating_sub(longest));
        let from = start.div_ceil(self.slot_len);
        let to = span.end.0.div_ceil(self.slot_len);
        let late = self.delay / self.slot_len + 2;
        let to = if to.saturating_sub(late) <= self.next { to.min(self.next) } else { to };
        from..to.max(from)
    }

    /// Those that are kept.
    fn kept(&self, slots: &Range<u64>) -> Range<u64> {
        slots.start.max(self.oldest)..slots.end.min(self.next)
    }

    /// The level of a slot, if it can be used.
    pub(crate) fn level(&self, slot: u64) -> Option<f64> {
        if !(self.oldest..self.next).contains(&slot) {
            return None;
        }
        self.level_at(self.place(slot))
    }

    #[inline(always)]
    fn level_at(&self, at: usize) -> Option<f64> {
        let usable = !self.reasons[at].intersects(Reason::UNUSABLE);
        Some(self.levels[at]).filter(|level| usable && level.is_finite())
    }

    /// Places of slots that are kept, in order: the ring may be cut once.
    fn places(&self, kept: &Range<u64>) -> [Range<usize>; 2] {
        if kept.is_empty() {
            return [0..0, 0..0];
        }
        let (from, end) = (self.place(kept.start), self.capacity as usize);
        let count = (kept.end - kept.start) as usize;
        let first = count.min(end - from);
        [from..from + first, 0..count - first]
    }

    /// Whether the whole span can be used.
    pub(crate) fn is_whole(&self, span: Span) -> bool {
        let slots = self.slots(span);
        self.survey(&slots).usable == slots.end - slots.start
    }

    pub(crate) fn survey(&self, slots: &Range<u64>) -> Survey {
        let asked = slots.end - slots.start;
        let mut survey = Survey { asked, usable: 0, counts: [0; Reason::ALL.len()] };
        let kept = self.kept(slots);
        let there = kept.end.saturating_sub(kept.start);
        for places in self.places(&kept) {
            for (level, reasons) in zip(&self.levels[places.clone()], &self.reasons[places]) {
                let mut is_usable = level.is_finite();
                if !reasons.is_empty() {
                    for reason in reasons.iter() {
                        survey.counts[reason as usize] += 1;
                    }
                    is_usable &= !reasons.intersects(Reason::UNUSABLE);
                }
                survey.usable += u64::from(is_usable);
            }
        }
        survey.counts[Reason::Gap as usize] += asked - there.min(asked);
        survey
    }

    /// Puts the usable levels of the slots into `x`, their times into `t`.
    pub(crate) fn fill(&self, slots: &Range<u64>, scratch: &mut Scratch) {
        scratch.x.clear();
        scratch.t.clear();
        self.processor.run(Fill { track: self, slots, scratch });
    }

    #[inline(always)]
    fn fill_slots(&self, slots: &Range<u64>, scratch: &mut Scratch) {
        let kept = self.kept(slots);
        // Whole numbers below 2^53, so that one more each time is what they are.
        let mut since = kept.start.saturating_sub(slots.start) as f64;
        for places in self.places(&kept) {
            let (levels, reasons) = (&self.levels[places.clone()], &self.reasons[places]);
            // Mostly all can be used, and that is soon seen.
            let are_usable = zip(levels, reasons).fold(true, |are, (level, reasons)| {
                are & (level.is_finite() & !reasons.intersects(Reason::UNUSABLE))
            });
            if are_usable {
                scratch.x.extend_from_slice(levels);
                let times = (0..levels.len() as u32).map(|at| since + f64::from(at));
                scratch.t.extend(times.map(|since| since * self.slot_s));
                since += levels.len() as f64;
                continue;
            }
            for (level, reasons) in zip(levels, reasons) {
                if level.is_finite() && !reasons.intersects(Reason::UNUSABLE) {
                    scratch.x.push(*level);
                    scratch.t.push(since * self.slot_s);
                }
                since += 1.0;
            }
        }
    }

    /// The highest level of all samples, and where; the first of several.
    pub(crate) fn highest(&self, slots: &Range<u64>) -> Option<(f64, SampleIndex)> {
        let mut best: Option<(f64, u64, usize)> = None;
        let kept = self.kept(slots);
        let mut slot = kept.start;
        for places in self.places(&kept) {
            for at in places {
                let peak = self.peaks[at];
                let is_higher = peak.is_finite() && best.is_none_or(|(highest, ..)| peak > highest);
                if is_higher && self.level_at(at).is_some() {
                    best = Some((peak, slot, at));
                }
                slot += 1;
            }
        }
        best.map(|(peak, slot, at)| {
            let sample = slot.saturating_mul(self.slot_len) + u64::from(self.peaks_at[at]);
            (peak, SampleIndex(sample))
        })
    }

    /// First sample of a slot.
    pub(crate) fn sample_of(&self, slot: u64) -> SampleIndex {
        SampleIndex(slot.saturating_mul(self.slot_len))
    }

    /// Means over bins of a second from `start` on, into `y`. A bin counts if it is whole within the slots
    /// and half of it can be used.
    pub(crate) fn bins(&self, span: Span, y: &mut Vec<f64>) {
        y.clear();
        let slots = self.slots(span);
        let first = self.sample_of(slots.start);
        let since = |slot: u64| self.sample_of(slot).saturating_since(first);
        let (seconds, scans) = (u128::from(self.rate.seconds()), u128::from(self.rate.scans()));
        // First sample of the bin after that of a sample.
        let next_bin = |since: u64| {
            let bin = u128::from(since) * seconds / scans;
            u64::try_from(((bin + 1) * scans).div_ceil(seconds)).unwrap_or(u64::MAX)
        };
        let (mut sum, mut count, mut asked) = (0.0, 0_u64, 0_u64);
        let kept = self.kept(&slots);
        let (mut slot, mut limit) = (kept.start, next_bin(since(kept.start)));
        for at in self.places(&kept).into_iter().flatten() {
            if let Some(level) = self.level_at(at) {
                sum += level;
                count += 1;
            }
            asked += 1;
            slot += 1;
            if since(slot) >= limit {
                if count > 0 && 2 * count >= asked {
                    y.push(sum / count as f64);
                }
                (sum, count, asked) = (0.0, 0, 0);
                limit = next_bin(since(slot));
            }
        }
    }
}

/// [`Track::fill_slots`], for a processor.
struct Fill<'a> {
    track: &'a Track,
    slots: &'a Range<u64>,
    scratch: &'a mut Scratch,
}

impl Loop for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.track.fill_slots(self.slots, self.scratch);
    }
}

/// Levels at once from which on it pays to have them taken by code for the processor.
const LEAST_FOR_PROCESSOR: usize = 64;

/// [`Track::take_slots`], for a processor.
struct Take<'a> {
    track: &'a mut Track,
    levels: &'a [f64],
    reasons: Reasons,
}

impl Loop for Take<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.track.take_slots(self.levels, self.reasons);
    }
}

/// The first of the highest levels, if it is above this one, and where it is.
#[inline(always)]
fn first_above(levels: &[f64], level: f64) -> Option<(usize, f64)> {
    const LANES: usize = 4;
    // A level that is not a number is above none, and none is above it.
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let (fours, _) = levels.as_chunks::<LANES>();
    // All but the last few side by side, as none of them need wait for another.
    let fours = &fours[..fours.len().saturating_sub(1)];
    let (mut before, late) = (level, LANES * fours.len());
    if !fours.is_empty() {
        let mut lanes = [level; LANES];
        for four in fours {
            for lane in 0..LANES {
                lanes[lane] = larger(lanes[lane], four[lane]);
            }
        }
        before = larger(larger(lanes[0], lanes[1]), larger(lanes[2], lanes[3]));
    }
    let (mut highest, mut at) = (before, usize::MAX);
    for (place, &x) in (late..).zip(&levels[late..]) {
        let is_above = x > highest;
        highest = if is_above { x } else { highest };
        at = if is_above { place } else { at };
    }
    if at != usize::MAX {
        return Some((at, highest));
    }
    // An envelope mostly rises or falls all the time, so that the first place or the last few are it.
    if before > level {
        let at = levels.iter().position(|x| *x >= before)?;
        return Some((at, levels[at]));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_highest_is_found_wherever_it_stands() {
        for len in 1..23_usize {
            for (one, other) in (0..len).flat_map(|one| (one..len).map(move |other| (one, other))) {
                let mut levels = vec![1.0; len];
                levels[one] = 3.0;
                levels[other] = 3.0;
                assert_eq!(first_above(&levels, 2.0), Some((one, 3.0)), "{len}, {one}, {other}");
                assert_eq!(first_above(&levels, 3.0), None);
                assert_eq!(first_above(&levels, f64::NAN), None);
                levels[other] = f64::NAN;
                let left = (one != other).then_some((one, 3.0));
                assert_eq!(first_above(&levels, 2.0), left, "{len}, {one}, {other}");
            }
        }
    }

    fn track(hz: f64, delay: u64, memory_s: f64) -> Track {
        let rate = SampleRate::from_hz(hz).expect("possible");
        let mut track = Track::new(rate, memory_s);
        track.start(rate, delay);
        track
    }

    fn span(start: u64, end: u64) -> Span {
        Span { start: SampleIndex(start), end: SampleIndex(end) }
    }

    #[test]
    fn delay_is_taken_off_and_the_highest_sample_is_found_between_slots() {
        let mut track = track(1000.0, 50, 10.0);
        let mut levels = vec![1.0; 2000];
        levels[1000 + 50 + 7] = 9.0;
        for (index, part) in levels.chunks(333).enumerate() {
            track.take(SampleIndex(index as u64 * 333), part, Reasons::NONE);
        }
        let slots = track.slots(span(900, 1100));
        assert_eq!(track.highest(&slots), Some((9.0, SampleIndex(1007))));
        assert_eq!(track.sample, 1950);
    }

    #[test]
    fn a_slot_is_ten_milliseconds_or_the_next_whole_sample() {
        for (hz, slot_len) in
            [(50.0, 1), (100.0, 1), (101.0, 2), (700.0, 7), (1000.0, 10), (1024.0, 11)]
        {
            assert_eq!(track(hz, 0, 1.0).slot_len, slot_len, "{hz} Hz");
        }
    }

    #[test]
    fn a_gap_is_missing_and_the_axis_does_not_shift() {
        let mut track = track(100.0, 0, 10.0);
        track.take(SampleIndex(0), &[1.0; 100], Reasons::NONE);
        track.gap(SampleIndex(150));
        track.take(SampleIndex(150), &[2.0; 50], Reasons::NONE);
        let survey = track.survey(&track.slots(span(0, 200)));
        assert_eq!((survey.asked, survey.usable), (200, 150));
        assert!((survey.share(Reason::Gap) - 0.25).abs() <= 0.0);
        assert_eq!(track.level(160), Some(2.0));
        assert_eq!(track.level(120), None);
    }

    #[test]
    fn indices_at_the_end_of_the_axis_do_no_harm() {
        let mut track = track(1000.0, 50, 1.0);
        track.take(SampleIndex(u64::MAX - 3), &[1.0; 10], Reasons::NONE);
        track.take(SampleIndex(0), &[1.0; 10], Reasons::NONE);
        track.gap(SampleIndex(u64::MAX));
        let slots = track.slots(span(0, u64::MAX));
        let survey = track.survey(&slots);
        assert!(survey.usable <= 3);
        assert_eq!(track.highest(&track.slots(span(5, 2))), None);
    }

    #[test]
    fn whole_seconds_are_bins_and_half_empty_ones_are_left_out() {
        let mut track = track(10.0, 0, 100.0);
        track.take(SampleIndex(0), &[1.0; 10], Reasons::NONE);
        track.gap(SampleIndex(17));
        track.take(SampleIndex(17), &[2.0; 3], Reasons::NONE);
        track.take(SampleIndex(20), &[3.0; 15], Reasons::NONE);
        let mut bins = Vec::with_capacity(10);
        track.bins(span(0, 35), &mut bins);
        assert_eq!(bins, [1.0, 3.0]);
    }
}
