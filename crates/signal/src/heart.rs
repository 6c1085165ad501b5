//! Takes the heart beat out of EMG.
//!
//! A beat repeats sample by sample, EMG does not: that is all [`HeartCleaner`] goes by. It finds
//! events that are alike and come at the pace of a heart, learns their mean, and subtracts it from
//! each further one, fitted in height and time. What does not repeat passes unchanged, to the bit.
//!
//! ```text
//! Searching --4 events alike--> Learning --4 beats, alike at the full rate--> Locked <--> Lost
//!     ^                            |        and little beside them                          |
//!     +--------- not so -----------+-------------------------- not found again -------------+
//! ```
//!
//! # Place
//!
//! Behind the band-pass and the notch, in front of envelope and detector. There the T wave, the
//! wander of the electrode and the hum are gone already, a finite waveform holds what is left of a
//! beat, and what is judged is what the detector will see. In front of the band-pass a QRS complex
//! is three times as strong (20 Hz take two thirds of its energy), so smaller ones could be found;
//! but those leave no trace behind the band-pass, and hum, steps and wander would have to be kept
//! apart from it.
//!
//! # Method
//!
//! 1. *Coarse grid.* Beats are looked for in the signal below 50 Hz at 200 to 500 Hz, at a cost
//!    that does not grow with the rate. Timing comes from a parabola through the correlation.
//! 2. *Search.* An event is a rise of power above 2.5 times that at rest (a low quantile of the
//!    last 6.4 s, as beats and contractions take part of the time). Events that correlate after a
//!    shift, and whose intervals are within 36 to 180 a minute and change by less than a quarter,
//!    make a chain. A chain is believed when the summed logarithms of `1 / (1 - correlation²)` pass
//!    a limit: a few clear events, or more unclear ones.
//! 3. *Learning.* Four beats and more are averaged at the full rate. They are those of a heart if a
//!    quarter of their power is common (flicks have nothing in common beyond chance) and if what is
//!    not common is no more than three times the rest (a flick leaves itself).
//! 4. *Tracking.* A beat is a maximum of the correlation with the template, lower where one is due.
//!    A beat before which a muscle was at work may be there by chance: it is taken out if it is
//!    due, and moves neither rate nor template. Behind a band-pass a QRS complex looks like itself
//!    a period earlier, so what fits better to a beat that is still to come is let pass.
//! 5. *Subtraction* from what has not left the delay line, and from what still comes.
//!
//! # What lost
//!
//! Not tried, as arithmetic speaks against them: gating (blanking the QRS complex, as ReSurfEMG
//! does for respiration), because holes of 0.1 s at 70 a minute meet a third of all flicks of 0.2
//! s; and a gate at the expected phase, which needs no delay, because an interval that varies by 5
//! % puts a beat anywhere within 0.1 s. Tried and lost:
//!
//! - Four like events in a row, however unlike: locked on noise at 200 Hz in three of nine minutes.
//! - Events without a rise before them: locked on the ringing of the notch after strong flicks, in
//!   half of the recordings with flicks of 20 times the rest.
//! - No look at a beat still to come: in some minutes at 200 Hz half the beats taken out 40 ms too
//!   early.
//! - Beats under a contraction that count like others: chance maxima moved the expected phase, and
//!   the heart was lost again and again in a series of holds.
//!
//! # Limits
//!
//! It needs four beats in a row at rest and four more, 6 to 9 s where nothing else happens; beats
//! before are left, and all of them where the rests are never longer than a second. Arrhythmia: an
//! irregular interval is taken out where shape and height fit, a rhythm that is irregular
//! throughout (atrial fibrillation) is not expected to be locked on, a premature beat of another
//! shape is left. A beat under a contraction several times as strong is left, and so is one that a
//! contraction half covers. Anything else that repeats sample by sample at such a pace (a
//! stimulator) is taken for a heart.
//!
//! # Source
//!
//! Subtraction of a fitted mean beat, found by correlation: Levine, Gillen, Weiser and Kwatny 1986,
//! "Description and validation of an ECG removal procedure for EMGdi power spectrum analysis", J
//! Appl Physiol 60(3). Rise of power in a window and a refractory time: Pan and Tompkins 1985, "A
//! real-time QRS detection algorithm", IEEE Trans. Biomed. Eng. 32(3). Comparison of methods:
//! Petersen, Sauer, Grasshoff and Rostalski 2020, "Removing cardiac artifacts from single-channel
//! respiratory electromyograms", IEEE Access.
//!
//! Numbers without a source are our choice, made on simulated signals and the recordings; the table
//! of `tests/snapshots/heart.txt` moves when they do.

mod coarse;
mod floor;
mod fraction;
mod line;
mod search;
mod shape;
mod tracker;

use core::fmt;

use crate::time::SampleRate;
use coarse::{Coarse, Completed};
use floor::Floor;
use line::Line;
use search::{Chain, Search};
use shape::Shape;
use tracker::{Beat, Tracker};

/// Intervals between the beats of a heart, in seconds: 180 to 36 a minute.
const SHORTEST_INTERVAL_S: f64 = 0.333;
const LONGEST_INTERVAL_S: f64 = 1.65;

/// Delay that [`HeartCleaner::new`] begins with, in seconds.
///
/// Our choice: from 75 ms on nearly all of a QRS complex is still in the line when it is
/// recognised. With 50 ms a third of the excess at rest is left, with 25 ms three quarters; without
/// a delay only what follows the QRS complex can be taken out, which is next to nothing.
pub const LOOKAHEAD_S: f64 = 0.08;

/// Longest delay.
const MAX_LOOKAHEAD_S: f64 = 0.1;

/// Lowest rate.
const LEAST_HZ: f64 = 200.0;

/// Samples that go through the line at once while nothing is being taken out, in seconds.
const STRIDE_S: f64 = 0.05;

/// Beats in a row that are missed while the muscle is at rest, until the heart is lost.
const MISSED_BEATS: u32 = 6;

/// Least part of the last beats that came when they were due.
const LEAST_REGULARITY: f64 = 0.6;

/// Intervals in which the next beat to learn from must come: a contraction may lie between.
const LEARNING_INTERVALS: f64 = 12.0;

/// Intervals in which a lost heart must be found again.
const LOST_INTERVALS: f64 = 20.0;

/// Beats in a row, due after one that was not, with which a lost heart is found.
const FOUND_BEATS: u32 = 2;

/// Time constant of the ratio of powers, in blocks of 0.1 s.
const RATIO_BLOCKS: f64 = 80.0;

/// What is known of the heart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeartState {
    /// Nothing that repeats like a heart: the signal passes unchanged.
    Searching,
    /// Something repeats: its shape is being learnt, the signal passes unchanged.
    Learning,
    /// Beats are taken out.
    Locked,
    /// The beats are no longer seen where they should be: the signal passes unchanged.
    Lost,
}

/// What was found and done since the last [`HeartCleaner::reset`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeartSummary {
    /// What is known of the heart now.
    pub state: HeartState,
    /// Beats per minute, while locked.
    pub rate_per_minute: Option<f64>,
    /// Power of what was taken out over that of the signal before, over the last 8 s or so.
    pub power_ratio: f64,
    /// Beats that were taken out.
    pub beat_count: u64,
    /// Samples from which something was taken.
    pub touched_count: u64,
    /// Samples that came.
    pub sample_count: u64,
}

impl HeartSummary {
    /// Part of the samples from which something was taken.
    #[must_use]
    pub fn touched_ratio(&self) -> f64 {
        if self.sample_count == 0 {
            return 0.0;
        }
        self.touched_count as f64 / self.sample_count as f64
    }
}

/// A heart cannot be looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeartError {
    /// The rate is below 200 Hz, or above the one there is memory for.
    Rate {
        /// The rate that was asked for.
        rate_hz: f64,
        /// The lowest and the highest possible.
        bounds_hz: (f64, f64),
    },
    /// The delay is not within 0 to 0.1 s.
    Lookahead {
        /// The delay that was asked for.
        lookahead_s: f64,
    },
}

impl fmt::Display for HeartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Rate { rate_hz, bounds_hz: (low, high) } => {
                write!(f, "rate of {rate_hz} Hz is not within {low} to {high} Hz")
            }
            Self::Lookahead { lookahead_s } => {
                write!(f, "lookahead of {lookahead_s} s is not within 0 to {MAX_LOOKAHEAD_S} s")
            }
        }
    }
}

impl core::error::Error for HeartError {}

/// Takes the heart beat out of band-passed EMG (20 or 30 Hz and up), 200 Hz and more.
///
/// In and out have the unit of the channel; gain changes nothing. What leaves is what came
/// [`Self::delay_samples`] before, less the beat. The first samples to leave repeat the first that
/// came. To get the last ones, feed as many of any value. A gap is a [`Self::reset`], after which
/// the heart must be learnt again.
///
/// Results do not depend on how samples are cut into blocks. Values that are not finite pass
/// through, are taken for zero when a beat is looked for, and are never learnt.
#[derive(Clone, Debug)]
pub struct HeartCleaner {
    max_rate: SampleRate,
    line: Line,
    stride: usize,
    coarse: Coarse,
    rest: Floor,
    search: Search,
    tracker: Tracker,
    shape: Shape,
    state: HeartState,
    beat: Option<Beat>,
    found_count: u32,
    total_power: f64,
    taken_power: f64,
    block_taken: f64,
    beat_count: u64,
    touched_count: u64,
}

impl HeartCleaner {
    /// Memory for rates up to `max_rate`, begun at that rate with [`LOOKAHEAD_S`]. The only call
    /// that allocates.
    #[must_use]
    pub fn new(max_rate: SampleRate) -> Self {
        let span_s = MAX_LOOKAHEAD_S + Shape::span_s() + 2.0 * STRIDE_S + 0.1;
        let mut cleaner = Self {
            max_rate,
            line: Line::new(max_rate, span_s),
            stride: 1,
            coarse: Coarse::new(max_rate),
            rest: Floor::new(1),
            search: Search::new(),
            tracker: Tracker::new(),
            shape: Shape::new(max_rate),
            state: HeartState::Searching,
            beat: None,
            found_count: 0,
            total_power: 0.0,
            taken_power: 0.0,
            block_taken: 0.0,
            beat_count: 0,
            touched_count: 0,
        };
        // Below the lowest rate nothing is ever found, and the delay holds all the same.
        cleaner.set(max_rate, LOOKAHEAD_S);
        cleaner
    }

    /// Begins anew at `rate`, with a delay of `lookahead_s` seconds.
    ///
    /// # Errors
    ///
    /// [`HeartError`]; nothing is changed then.
    pub fn start(&mut self, rate: SampleRate, lookahead_s: f64) -> Result<(), HeartError> {
        if rate.hz() < LEAST_HZ || rate.hz() > self.max_rate.hz() {
            let bounds_hz = (LEAST_HZ, self.max_rate.hz());
            return Err(HeartError::Rate { rate_hz: rate.hz(), bounds_hz });
        }
        if !(0.0..=MAX_LOOKAHEAD_S).contains(&lookahead_s) {
            return Err(HeartError::Lookahead { lookahead_s });
        }
        self.set(rate, lookahead_s);
        Ok(())
    }

    fn set(&mut self, rate: SampleRate, lookahead_s: f64) {
        self.line.start((lookahead_s * rate.hz()).round() as usize);
        self.stride = rate.sample_count(STRIDE_S).max(1);
        self.rest = Floor::new(rate.sample_count(0.1));
        // Only rates far below the lowest have no such filter.
        let _ = self.coarse.start(rate);
        self.search.start(&self.coarse);
        self.shape.start(rate);
        self.reset();
    }

    /// Forgets all samples and the heart: the same as just started.
    pub fn reset(&mut self) {
        self.line.reset();
        self.coarse.reset();
        self.rest.reset();
        self.search.start(&self.coarse);
        self.tracker = Tracker::new();
        self.shape.forget();
        self.state = HeartState::Searching;
        self.beat = None;
        self.found_count = 0;
        self.total_power = 0.0;
        self.taken_power = 0.0;
        self.block_taken = 0.0;
        self.beat_count = 0;
        self.touched_count = 0;
    }

    /// Takes one sample, gives the one from [`Self::delay_samples`] before.
    pub fn step(&mut self, x: f64) -> f64 {
        let mut block = [x];
        self.process(&mut block);
        block[0]
    }

    /// Replaces a block by the one from [`Self::delay_samples`] before: the same bits as
    /// [`Self::step`].
    pub fn process(&mut self, block: &mut [f64]) {
        let mut rest = block;
        while !rest.is_empty() {
            // Nothing can be taken out within one stride of a search.
            let is_idle = self.state == HeartState::Searching && !self.shape.is_busy();
            let most = if is_idle { self.stride } else { self.coarse.room() };
            let (part, later) = rest.split_at_mut(rest.len().min(most));
            rest = later;
            self.run(part);
        }
    }

    fn run(&mut self, part: &mut [f64]) {
        let mut count = self.line.count();
        let mut rest: &[f64] = part;
        let mut completed = None;
        loop {
            let (now, later) = rest.split_at(rest.len().min(self.coarse.room()));
            count += now.len() as u64;
            rest = later;
            completed = self.coarse.take(now).map(|value| (value, count)).or(completed);
            if rest.is_empty() {
                break;
            }
            if let Some((value, count)) = completed.take() {
                self.hear(value, count);
            }
        }
        if self.shape.is_busy() {
            for (index, x) in (self.line.count()..).zip(part.iter_mut()) {
                if let Some(taken) = self.shape.due(index) {
                    *x -= taken;
                }
            }
        }
        self.line.exchange(part);
        // After the exchange, so that what is decided acts on the same samples however blocks are
        // cut.
        if let Some((value, count)) = completed {
            self.hear(value, count);
        }
    }

    /// One more coarse value: all that can change a state.
    fn hear(&mut self, completed: Completed, count: u64) {
        if let Some(power) = self.rest.take(completed.squares, self.coarse.factor()) {
            let block_len = self.rest.block_len() as f64;
            self.total_power += (power - self.total_power) / RATIO_BLOCKS;
            self.taken_power += (self.block_taken / block_len - self.taken_power) / RATIO_BLOCKS;
            self.block_taken = 0.0;
        }
        if self.shape.is_complete(count) {
            self.beat_is_over();
        }
        self.search.rest(completed.value);
        match self.state {
            HeartState::Searching => {
                if let Some(chain) = self.search.step(completed.value, &self.coarse) {
                    self.learn_from(&chain);
                }
            }
            HeartState::Learning => {
                if let Some(beat) = self.tracker.step(&self.coarse, self.search.rest_power())
                    && beat.is_due
                {
                    self.begin(&beat);
                }
                let since = self.tracker.since(&self.coarse) / self.tracker.interval();
                if since > LEARNING_INTERVALS || self.tracker.regularity() < LEAST_REGULARITY {
                    self.give_up();
                }
            }
            HeartState::Locked => {
                if let Some(beat) = self.tracker.step(&self.coarse, self.search.rest_power()) {
                    self.begin(&beat);
                    let from = count.saturating_sub(self.line.delay() as u64);
                    self.shape.take_out(&mut self.line, from, count);
                    self.beat_count += 1;
                }
                let is_irregular = self.tracker.regularity() < LEAST_REGULARITY;
                if self.tracker.missed_count() >= MISSED_BEATS || is_irregular {
                    self.state = HeartState::Lost;
                    self.found_count = 0;
                    self.search.forget();
                }
            }
            HeartState::Lost => {
                if let Some(beat) = self.tracker.step(&self.coarse, self.search.rest_power()) {
                    self.found_count = if beat.is_due { self.found_count + 1 } else { 0 };
                    if self.found_count >= FOUND_BEATS
                        && self.tracker.regularity() > LEAST_REGULARITY
                    {
                        self.state = HeartState::Locked;
                    }
                }
                if let Some(chain) = self.search.step(completed.value, &self.coarse) {
                    self.learn_from(&chain);
                } else if self.tracker.since(&self.coarse)
                    > LOST_INTERVALS * self.tracker.interval()
                {
                    self.give_up();
                }
            }
        }
    }

    fn begin(&mut self, beat: &Beat) {
        self.beat = Some(*beat);
        self.shape.begin(self.coarse.sample_at(beat.at), beat.height);
    }

    fn learn_from(&mut self, chain: &Chain) {
        self.tracker.start(chain, &self.coarse);
        self.shape.forget();
        self.state = HeartState::Learning;
    }

    fn give_up(&mut self) {
        self.shape.forget();
        self.search.forget();
        self.state = HeartState::Searching;
    }

    fn beat_is_over(&mut self) {
        let Some(beat) = self.beat.take() else { return };
        match self.state {
            HeartState::Learning => {
                let evidence = search::evidence(beat.correlation);
                match self.shape.collect(&self.line, self.rest.power(), evidence) {
                    Some(true) => self.state = HeartState::Locked,
                    Some(false) => self.give_up(),
                    None => {}
                }
            }
            HeartState::Locked | HeartState::Lost => {
                let (energy, len) = self.shape.taken();
                self.block_taken += energy;
                self.touched_count += len;
                if self.shape.follow(&self.line, self.rest.power()) {
                    self.tracker.learn(&beat, &self.coarse);
                }
            }
            HeartState::Searching => self.shape.forget(),
        }
    }

    /// What was found and done so far.
    #[must_use]
    pub fn summary(&self) -> HeartSummary {
        let is_locked = self.state == HeartState::Locked;
        let interval_s = self.tracker.interval() / self.coarse.hz();
        let power_ratio =
            if self.total_power > 0.0 { self.taken_power / self.total_power } else { 0.0 };
        HeartSummary {
            state: self.state,
            rate_per_minute: is_locked.then_some(60.0 / interval_s),
            power_ratio: power_ratio.clamp(0.0, 1.0),
            beat_count: self.beat_count,
            touched_count: self.touched_count,
            sample_count: self.line.count(),
        }
    }

    /// How many samples later a sample leaves than it came.
    #[must_use]
    pub fn delay_samples(&self) -> f64 {
        self.line.delay() as f64
    }
}

#[cfg(test)]
mod tests;
