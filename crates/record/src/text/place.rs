//! From rows with times to samples with indices.
//!
//! ```text
//!   rows      |.|.|.|.|.| . . |.|.|.|            |.|.|.|
//!   regular   0 1 2 3 4 5 b b 8 9 ..    gap      (its length rounded to whole samples)
//!   restart   time goes back or on by more than a day: one sample is left out as a seam
//! ```
//!
//! Up to [`MAX_BRIDGED_STEPS`] steps are bridged by a straight line (`b`); more is a gap, and nothing
//! is made up in it. A row that jumps is held back until the next one: if that goes on from the row
//! before, the jump was one wrong stamp and its row is left out.

use levator_signal::{Loop, Processor};

use super::layout::{Gap, MAX_LISTED};
use super::plain::Values;

/// Steps that are bridged at most, so up to four missing samples. Our choice: too short for any
/// detector to see in an EMG, and below 0.4 s in the slowest grip-force logs we know.
pub(crate) const MAX_BRIDGED_STEPS: u64 = 5;

/// Longest gap that is kept at its length. Beyond it, the stamp tells of another day, not of a pause.
const MAX_GAP_S: f64 = 86_400.0;

/// Indices from the last sample before a seam to the first after it: the shortest step that is a gap.
const SEAM_STEPS: u64 = 2;

/// How far, in steps, a row may miss a tick by rounding and still be on it.
const TICK_SLACK: f64 = 1e-6;

/// Rows that are taken one by one where not all of a run are the next sample.
const STRETCH: usize = 16;

/// How a row becomes a sample. Times and steps are in the unit of the time column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// Each row is the next sample. Steps beyond `gap_after` are gaps, where it is given.
    Counted { gap_after: Option<f64> },
    /// The time of a row, rounded to a whole step, is its index. A row further from it than
    /// `tolerance` steps speaks against the rate.
    Regular { tolerance: f64 },
    /// Straight lines between rows, read at the ticks of the rate.
    Resampled { gap_after: f64 },
}

/// What became of the rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placed {
    /// Samples from the first to the last, those in gaps included.
    pub(crate) sample_count: u64,
    /// Samples that were put on a straight line between two rows.
    pub(crate) bridged_count: u64,
    /// Samples in gaps.
    pub(crate) missing_count: u64,
    pub(crate) gap_count: u64,
    /// Up to [`MAX_LISTED`] of them.
    pub(crate) gaps: Vec<Gap>,
    /// Times the clock started anew.
    pub(crate) restart_count: u64,
    /// Rows whose time lies off the grid.
    pub(crate) off_grid_count: u64,
    pub(crate) repeated: Tally,
    pub(crate) backwards: Tally,
    pub(crate) isolated: Tally,
}

/// A count, and the line where it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first_line: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }
}

/// Takes samples, in order.
pub(crate) trait Emit {
    /// One sample.
    fn one(&mut self, index: u64, values: &[f64]);

    /// The rows of `values` from `start` on, the first of them as sample `index`.
    fn run(&mut self, index: u64, values: Values<'_>, start: usize);
}

/// A row that was accepted.
#[derive(Clone, Debug)]
struct Row {
    time: f64,
    line: u64,
    values: Box<[f64]>,
}

impl Row {
    fn set(&mut self, time: f64, line: u64, values: &[f64]) {
        self.time = time;
        self.line = line;
        copy(values, &mut self.values);
    }
}

/// Turns rows into samples; allocates in `new` only, but for the bounded list of gaps.
#[derive(Clone, Debug)]
pub(crate) struct Placer {
    mode: Mode,
    /// Samples in one unit of the time column.
    rate: f64,
    /// Longest usual step, and longest gap, in units of the time column.
    gap_after: f64,
    max_gap: f64,
    /// A time and its place, in samples, which need not be whole.
    anchor: (f64, f64),
    previous: Row,
    has_previous: bool,
    suspect: Row,
    has_suspect: bool,
    /// Last sample that was handed on, and its values.
    last: Option<u64>,
    last_values: Box<[f64]>,
    scratch: Box<[f64]>,
    row_scratch: Box<[f64]>,
    /// Rows without a value since the last one with.
    holes: u64,
    /// Next tick of the grid, in `Resampled`.
    next_tick: u64,
    used_ticks: bool,
    /// Line of the first row after the last gap.
    segment_line: u64,
    placed: Placed,
    processor: Processor,
}

/// How a row follows the one before.
enum Follows {
    Usual,
    Repeated,
    Backwards,
    Jump,
}

/// Whether steps are no jumps.
#[derive(Clone, Copy)]
struct Usual<'a> {
    times: &'a [f64],
    gap_after: f64,
}

impl Loop for Usual<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let pairs = self.times.iter().skip(1).zip(self.times);
        pairs.fold(true, |all, (time, before)| all & ((time - before).abs() <= self.gap_after))
    }
}

/// Whether the times behind the first are those of the samples behind `last`, and how many of them are
/// further than the tolerance from their tick.
struct OnGrid<'a> {
    usual: Usual<'a>,
    anchor: (f64, f64),
    rate: f64,
    last: f64,
    tolerance: f64,
}

impl Loop for OnGrid<'_> {
    type Output = Option<u64>;

    #[inline(always)]
    fn run(self) -> Option<u64> {
        let (mut all, mut off_count) = (true, 0);
        for (time, index) in self.usual.times.iter().skip(1).zip(1_i32..) {
            let index = self.last + f64::from(index);
            let place = (time - self.anchor.0) * self.rate + self.anchor.1;
            let rounded = place + 0.5;
            all &= (rounded >= index) & (rounded < index + 1.0);
            off_count += u64::from((place - index).abs() > self.tolerance);
        }
        (all & self.usual.run()).then_some(off_count)
    }
}

impl Placer {
    /// For `channel_count` values a row at `rate_hz`, with a time column in units of `unit_s` seconds.
    pub(crate) fn new(mode: Mode, rate_hz: f64, unit_s: f64, channel_count: usize) -> Self {
        let rate = rate_hz * unit_s;
        let gap_after = match mode {
            Mode::Counted { gap_after } => gap_after.unwrap_or(f64::INFINITY),
            Mode::Regular { .. } => (MAX_BRIDGED_STEPS as f64 + 0.5) / rate,
            Mode::Resampled { gap_after } => gap_after,
        };
        let values = || vec![f64::NAN; channel_count].into_boxed_slice();
        let row = || Row { time: f64::NAN, line: 0, values: values() };
        Self {
            mode,
            rate,
            gap_after,
            max_gap: MAX_GAP_S / unit_s,
            anchor: (0.0, 0.0),
            previous: row(),
            has_previous: false,
            suspect: row(),
            has_suspect: false,
            last: None,
            last_values: values(),
            scratch: values(),
            row_scratch: values(),
            holes: 0,
            next_tick: 0,
            used_ticks: true,
            segment_line: 0,
            placed: Placed::default(),
            processor: Processor::best(),
        }
    }

    /// Takes the next row; `time` is `None` where there is no time column, or no time in this row and
    /// rows are counted. Samples go to `emit` with their index, in order.
    pub(crate) fn row(
        &mut self,
        time: Option<f64>,
        line: u64,
        values: &[f64],
        emit: &mut impl FnMut(u64, &[f64]),
    ) {
        let Some(time) = time else {
            self.settle_suspect(f64::NAN, emit);
            let index = self.last.map_or(0, |last| last + 1 + self.holes);
            return self.hand_on(index, line, values, true, emit);
        };
        if self.has_suspect {
            self.settle_suspect(time, emit);
        }
        if !self.has_previous {
            self.anchor = (time, 0.0);
            return self.accept(time, line, values, 0.0, emit);
        }
        match self.follows(time) {
            Follows::Usual => {
                let place = self.place(time);
                self.accept(time, line, values, place, emit);
            }
            Follows::Repeated => self.placed.repeated.add(line),
            Follows::Backwards => self.placed.backwards.add(line),
            Follows::Jump => {
                self.suspect.set(time, line, values);
                self.has_suspect = true;
            }
        }
    }

    /// Takes consecutive rows, the first of them in line `line`. `times` is empty where rows have no
    /// time. If each is the next sample, which is what [`Self::row`] would find, nothing is looked at
    /// twice and they go to `emit` at once; else one by one.
    pub(crate) fn rows(
        &mut self,
        times: Option<&[f64]>,
        line: u64,
        values: Values<'_>,
        emit: &mut impl Emit,
    ) {
        let mut start = 0;
        let off_grid_count = loop {
            // The first row settles what came before it.
            let next = (start > 0).then(|| self.are_next(times, start, values.len())).flatten();
            match next {
                Some(off_grid_count) => break off_grid_count,
                None if start == values.len() => return,
                None => {}
            }
            // A fault ends a stretch: what is left is looked at anew after some rows.
            let end = (start + STRETCH).min(values.len());
            let end = if start == 0 { 1 } else { end };
            let mut row = core::mem::take(&mut self.row_scratch);
            for index in start..end {
                values.row(index, &mut row);
                let time = times.map(|times| times[index]);
                self.row(time, line + index as u64, &row, &mut |at, values| emit.one(at, values));
            }
            self.row_scratch = row;
            start = end;
        };
        let Some(last) = self.last.filter(|_| start < values.len()) else { return };
        emit.run(last + 1, values, start);
        let count = (values.len() - start) as u64;
        self.placed.off_grid_count += off_grid_count;
        self.last = Some(last + count);
        values.row(values.len() - 1, &mut self.last_values);
        if let Some(times) = times {
            self.previous.time = times[values.len() - 1];
            self.previous.line = line + values.len() as u64 - 1;
            self.previous.values.copy_from_slice(&self.last_values);
        }
    }

    /// How many rows from `start` on lie off the grid, if each follows as the next sample on the one
    /// before.
    fn are_next(&self, times: Option<&[f64]>, start: usize, end: usize) -> Option<u64> {
        let last = self.last.filter(|_| !self.has_suspect && self.holes == 0)?;
        let Some(times) = times else { return Some(0) };
        if !self.has_previous || self.previous.time.to_bits() != times[start - 1].to_bits() {
            return None;
        }
        let times = &times[start - 1..end];
        let usual = Usual { times, gap_after: self.gap_after };
        match self.mode {
            Mode::Resampled { .. } => None,
            Mode::Counted { .. } => self.processor.run(usual).then_some(0),
            // Beyond this, a half is no longer there to be added.
            Mode::Regular { .. } if last >= 1 << 51 => None,
            Mode::Regular { tolerance } => {
                let (anchor, rate, last) = (self.anchor, self.rate, last as f64);
                self.processor.run(OnGrid { usual, anchor, rate, last, tolerance })
            }
        }
    }

    /// A row without a value: where rows are counted, it takes its place all the same.
    pub(crate) fn hole(&mut self) {
        if self.last.is_some() {
            self.holes += 1;
        }
    }

    /// Ends the table.
    pub(crate) fn finish(&mut self, emit: &mut impl FnMut(u64, &[f64])) -> Placed {
        self.settle_suspect(f64::NAN, emit);
        self.note_isolated();
        let mut placed = core::mem::take(&mut self.placed);
        placed.sample_count = self.last.map_or(0, |last| last + 1);
        placed
    }

    /// Seconds from the first sample to `time`, or to the next sample where rows have no time.
    pub(crate) fn position_s(&self, time: Option<f64>, rate_hz: f64) -> f64 {
        let next = self.last.map_or(0.0, |last| (last + 1) as f64);
        let place = match (time, self.mode) {
            (Some(time), Mode::Regular { .. } | Mode::Resampled { .. }) if self.has_previous => {
                self.place(time)
            }
            _ => next,
        };
        place / rate_hz
    }

    fn place(&self, time: f64) -> f64 {
        (time - self.anchor.0) * self.rate + self.anchor.1
    }

    fn follows(&self, time: f64) -> Follows {
        let step = time - self.previous.time;
        if step > self.gap_after || step < -self.gap_after || step.is_nan() {
            return Follows::Jump;
        }
        match self.mode {
            // Stamps of a busy host tremble; the order of the rows is what counts.
            Mode::Counted { .. } => Follows::Usual,
            Mode::Regular { .. } => {
                let index = Some(nearest(self.place(time)));
                if index > self.last {
                    Follows::Usual
                } else if step < 0.0 && index < self.last {
                    Follows::Backwards
                } else {
                    Follows::Repeated
                }
            }
            Mode::Resampled { .. } if step > 0.0 => Follows::Usual,
            Mode::Resampled { .. } if step < 0.0 => Follows::Backwards,
            Mode::Resampled { .. } => Follows::Repeated,
        }
    }

    /// Believes the row that was held back, unless the next one, at `time`, goes on from the row
    /// before it. Without a next row only a jump forwards is believed.
    fn settle_suspect(&mut self, time: f64, emit: &mut impl FnMut(u64, &[f64])) {
        if !self.has_suspect {
            return;
        }
        self.has_suspect = false;
        let forwards = |from: f64| if time > from { time - from } else { f64::INFINITY };
        let jumped_back = self.suspect.time < self.previous.time;
        let wrong = if time.is_nan() {
            jumped_back
        } else {
            forwards(self.previous.time) < forwards(self.suspect.time)
        };
        if wrong {
            self.placed.backwards.add(self.suspect.line);
            if matches!(self.mode, Mode::Counted { .. }) {
                self.hole();
            }
            return;
        }
        self.jump(emit);
    }

    /// Goes on from the row that was held back, after a gap or a seam.
    fn jump(&mut self, emit: &mut impl FnMut(u64, &[f64])) {
        self.note_isolated();
        let step = self.suspect.time - self.previous.time;
        let before = self.place(self.previous.time);
        let last = self.last.unwrap_or(0);
        let restarted = !(step > 0.0 && step <= self.max_gap);
        self.placed.restart_count += u64::from(restarted);
        let place = match self.mode {
            Mode::Resampled { .. } if restarted => (before - TICK_SLACK).ceil() + SEAM_STEPS as f64,
            _ if restarted => (last + SEAM_STEPS) as f64,
            // The device may have slept for any part of a step: the grid starts anew.
            Mode::Counted { .. } => last as f64 + (step * self.rate).round().max(2.0),
            Mode::Regular { .. } => self.place(self.suspect.time).round().max(last as f64 + 2.0),
            Mode::Resampled { .. } => self.place(self.suspect.time),
        };
        self.anchor = (self.suspect.time, place);
        self.holes = 0;
        let suspect = core::mem::replace(
            &mut self.suspect,
            Row { time: f64::NAN, line: 0, values: Box::default() },
        );
        match self.mode {
            Mode::Counted { .. } | Mode::Regular { .. } => {
                self.hand_on(place as u64, suspect.line, &suspect.values, false, emit);
            }
            Mode::Resampled { .. } => {
                self.start_segment(place, suspect.line, &suspect.values, emit);
            }
        }
        // The two rows change places, so nothing is allocated.
        self.suspect = core::mem::replace(&mut self.previous, suspect);
    }

    fn accept(
        &mut self,
        time: f64,
        line: u64,
        values: &[f64],
        place: f64,
        emit: &mut impl FnMut(u64, &[f64]),
    ) {
        match self.mode {
            Mode::Counted { .. } => {
                let index = self.last.map_or(0, |last| last + 1 + self.holes);
                self.hand_on(index, line, values, true, emit);
            }
            Mode::Regular { tolerance } => {
                let index = nearest(place);
                self.placed.off_grid_count += u64::from((place - index as f64).abs() > tolerance);
                self.hand_on(index, line, values, true, emit);
            }
            Mode::Resampled { .. } if self.has_previous => {
                self.interpolate(time, values, emit);
            }
            Mode::Resampled { .. } => self.start_segment(place, line, values, emit),
        }
        self.previous.set(time, line, values);
        self.has_previous = true;
    }

    /// Starts at a row: it is a sample itself only if it lies on a tick.
    fn start_segment(
        &mut self,
        place: f64,
        line: u64,
        values: &[f64],
        emit: &mut impl FnMut(u64, &[f64]),
    ) {
        self.segment_line = line;
        self.next_tick = (place - TICK_SLACK).ceil() as u64;
        self.used_ticks = self.next_tick as f64 <= place + TICK_SLACK;
        if self.used_ticks {
            self.hand_on(self.next_tick, line, values, false, emit);
            self.next_tick += 1;
        }
    }

    /// A row between two gaps that met no tick of the grid.
    fn note_isolated(&mut self) {
        if matches!(self.mode, Mode::Resampled { .. }) && !self.used_ticks && self.has_previous {
            self.placed.isolated.add(self.previous.line);
        }
    }

    /// Hands on the ticks up to `time`, on a straight line from the row before.
    fn interpolate(&mut self, time: f64, values: &[f64], emit: &mut impl FnMut(u64, &[f64])) {
        let from = self.place(self.previous.time);
        let to = self.place(time);
        let mut scratch = core::mem::take(&mut self.scratch);
        while self.next_tick as f64 <= to + TICK_SLACK {
            // A row on a tick, but for rounding, is handed on as it is.
            let tick = self.next_tick as f64;
            let ratio = if tick >= to - TICK_SLACK {
                1.0
            } else if tick <= from + TICK_SLACK {
                0.0
            } else {
                (tick - from) / (to - from)
            };
            between(&self.previous.values, values, ratio, &mut scratch);
            self.hand_on(self.next_tick, self.segment_line, &scratch, false, emit);
            self.next_tick += 1;
            self.used_ticks = true;
        }
        self.scratch = scratch;
    }

    /// Hands on one sample, after bridging or noting what is missing before it.
    fn hand_on(
        &mut self,
        index: u64,
        line: u64,
        values: &[f64],
        may_bridge: bool,
        emit: &mut impl FnMut(u64, &[f64]),
    ) {
        if let Some(last) = self.last {
            let steps = index.saturating_sub(last);
            if steps == 0 {
                return;
            }
            if steps > 1 && may_bridge && steps <= MAX_BRIDGED_STEPS {
                let mut scratch = core::mem::take(&mut self.scratch);
                for step in 1..steps {
                    let ratio = step as f64 / steps as f64;
                    between(&self.last_values, values, ratio, &mut scratch);
                    emit(last + step, &scratch);
                }
                self.scratch = scratch;
                self.placed.bridged_count += steps - 1;
            } else if steps > 1 {
                self.placed.gap_count += 1;
                self.placed.missing_count += steps - 1;
                if self.placed.gaps.len() < MAX_LISTED {
                    self.placed.gaps.push(Gap {
                        line,
                        first: levator_signal::SampleIndex(last + 1),
                        sample_count: steps - 1,
                    });
                }
            }
        }
        emit(index, values);
        self.last = Some(index);
        copy(values, &mut self.last_values);
        self.holes = 0;
    }
}

/// The nearest whole number; zero for negative ones. Half-way cases are off any grid, so their side
/// does not matter, and `round` is a call into the library on older processors.
fn nearest(place: f64) -> u64 {
    (place + 0.5) as u64
}

/// A call into the library would take longer than copying the usual one value.
#[inline(always)]
fn copy(from: &[f64], to: &mut [f64]) {
    if let ([from], [to]) = (from, &mut *to) {
        *to = *from;
    } else {
        to.copy_from_slice(from);
    }
}

/// A point on the straight lines from `from` to `to`.
fn between(from: &[f64], to: &[f64], ratio: f64, out: &mut [f64]) {
    for ((out, from), to) in out.iter_mut().zip(from).zip(to) {
        // Exact at both ends, also where the difference would overflow.
        *out = from * (1.0 - ratio) + to * ratio;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places rows of one value at `rate_hz`, times in seconds.
    fn run(mode: Mode, rate_hz: f64, rows: &[(f64, f64)]) -> (Vec<(u64, f64)>, Placed) {
        let mut placer = Placer::new(mode, rate_hz, 1.0, 1);
        let mut samples = Vec::new();
        let mut emit = |index: u64, values: &[f64]| samples.push((index, values[0]));
        for (line, &(time, value)) in rows.iter().enumerate() {
            placer.row(Some(time), line as u64 + 1, &[value], &mut emit);
        }
        let placed = placer.finish(&mut emit);
        (samples, placed)
    }

    fn indices(samples: &[(u64, f64)]) -> Vec<u64> {
        samples.iter().map(|sample| sample.0).collect()
    }

    const REGULAR: Mode = Mode::Regular { tolerance: 0.1 };
    const RESAMPLED: Mode = Mode::Resampled { gap_after: 0.4 };

    #[test]
    fn regular_rows_keep_their_values() {
        let (samples, placed) = run(REGULAR, 10.0, &[(5.0, 1.0), (5.1, 2.0), (5.2, 3.0)]);
        assert_eq!(samples, [(0, 1.0), (1, 2.0), (2, 3.0)]);
        assert_eq!((placed.sample_count, placed.off_grid_count), (3, 0));
    }

    #[test]
    fn a_few_missing_rows_are_bridged_and_counted() {
        let (samples, placed) = run(REGULAR, 10.0, &[(0.0, 1.0), (0.4, 5.0), (0.5, 6.0)]);
        assert_eq!(samples, [(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0), (4, 5.0), (5, 6.0)]);
        assert_eq!((placed.bridged_count, placed.gap_count), (3, 0));
    }

    #[test]
    fn a_gap_keeps_its_length_and_nothing_is_made_up_in_it() {
        let (samples, placed) =
            run(REGULAR, 10.0, &[(0.0, 1.0), (0.1, 2.0), (3.03, 9.0), (3.13, 9.0)]);
        assert_eq!(indices(&samples), [0, 1, 30, 31]);
        assert_eq!(placed.missing_count, 28);
        assert_eq!(placed.gaps[0].first.0, 2);
        assert_eq!(placed.gaps[0].line, 3);
        // The grid starts anew after the gap.
        assert_eq!(placed.off_grid_count, 0);
    }

    #[test]
    fn repeated_and_late_rows_are_left_out_and_counted() {
        let rows = [(0.0, 1.0), (0.1, 2.0), (0.1, 7.0), (0.0, 8.0), (0.2, 3.0)];
        for mode in [REGULAR, RESAMPLED] {
            let (samples, placed) = run(mode, 10.0, &rows);
            assert_eq!(samples, [(0, 1.0), (1, 2.0), (2, 3.0)]);
            assert_eq!(placed.repeated, Tally { count: 1, first_line: 3 });
            assert_eq!(placed.backwards, Tally { count: 1, first_line: 4 });
        }
    }

    #[test]
    fn one_wrong_stamp_does_not_move_time() {
        for wrong in [0.0, 900.0, -1e9, 1e300] {
            for mode in [REGULAR, RESAMPLED, Mode::Counted { gap_after: Some(1.0) }] {
                let rows = [(50.0, 1.0), (50.1, 1.0), (wrong, 1.0), (50.3, 1.0), (50.4, 1.0)];
                let (samples, placed) = run(mode, 10.0, &rows);
                assert_eq!(indices(&samples), [0, 1, 2, 3, 4], "{wrong} {mode:?}");
                assert_eq!((placed.gap_count, placed.restart_count), (0, 0));
                assert_eq!(placed.backwards.first_line, 3);
            }
        }
    }

    #[test]
    fn a_clock_that_starts_anew_leaves_a_seam() {
        let rows = [(50.0, 1.0), (50.1, 2.0), (0.0, 3.0), (0.1, 4.0)];
        for mode in [REGULAR, RESAMPLED, Mode::Counted { gap_after: Some(1.0) }] {
            let (samples, placed) = run(mode, 10.0, &rows);
            assert_eq!(samples, [(0, 1.0), (1, 2.0), (3, 3.0), (4, 4.0)], "{mode:?}");
            assert_eq!((placed.restart_count, placed.gap_count, placed.missing_count), (1, 1, 1));
        }
    }

    #[test]
    fn another_day_is_a_seam_and_not_a_gap_of_years() {
        let (samples, placed) =
            run(REGULAR, 10.0, &[(0.0, 1.0), (0.1, 1.0), (1e9, 1.0), (1e9 + 0.1, 1.0)]);
        assert_eq!(indices(&samples), [0, 1, 3, 4]);
        assert_eq!(placed.restart_count, 1);
    }

    #[test]
    fn irregular_rows_are_read_at_the_ticks() {
        let rows = [(0.0, 0.0), (0.15, 1.5), (0.2, 2.0), (0.35, 3.5)];
        let (samples, placed) = run(RESAMPLED, 10.0, &rows);
        assert_eq!(indices(&samples), [0, 1, 2, 3]);
        for (index, value) in samples {
            // A straight line stays one but for the rounding of two products.
            assert!((value - index as f64).abs() < 1e-12, "{index} {value}");
        }
        assert_eq!(placed.gap_count, 0);
    }

    #[test]
    fn resampling_stops_before_a_gap_and_starts_after_it() {
        let rows = [(0.0, 0.0), (0.15, 1.5), (1.05, 5.0), (1.25, 5.0), (9.03, 1.0)];
        let (samples, placed) = run(RESAMPLED, 10.0, &rows);
        assert_eq!(indices(&samples), [0, 1, 11, 12]);
        assert_eq!((placed.gap_count, placed.missing_count), (1, 9));
        assert_eq!(placed.isolated, Tally { count: 1, first_line: 5 });
    }

    #[test]
    fn counted_rows_take_each_their_place() {
        let mut placer = Placer::new(Mode::Counted { gap_after: None }, 100.0, 1.0, 1);
        let mut samples = Vec::new();
        let mut emit = |index: u64, values: &[f64]| samples.push((index, values[0]));
        placer.hole();
        placer.row(None, 1, &[1.0], &mut emit);
        placer.hole();
        placer.row(None, 3, &[3.0], &mut emit);
        for _ in 0..9 {
            placer.hole();
        }
        placer.row(None, 13, &[4.0], &mut emit);
        let placed = placer.finish(&mut emit);
        assert_eq!(samples, [(0, 1.0), (1, 2.0), (2, 3.0), (12, 4.0)]);
        assert_eq!((placed.bridged_count, placed.missing_count), (1, 9));
    }
}
