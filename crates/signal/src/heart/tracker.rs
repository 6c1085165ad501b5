//! Finds the next beat by its shape.

use super::coarse::Coarse;
use super::fraction;
use super::search::{Chain, CoarseTemplate, INTERVAL_CHANGE};
use super::{LONGEST_INTERVAL_S, SHORTEST_INTERVAL_S};

/// What is compared of a beat, before and after its middle, in seconds. Shorter behind, as all of
/// it must have been heard before the beat can be taken out.
const BEFORE_S: f64 = 0.05;
const AFTER_S: f64 = 0.025;

/// Least correlation of a beat that comes when it is due, and of one that does not.
const LEAST_DUE: f64 = 0.5;
const LEAST_ANYTIME: f64 = 0.7;

/// Part of the usual correlation that a beat must have, due or not.
const DUE_RATIO: f64 = 0.75;
const ANYTIME_RATIO: f64 = 0.85;

/// Smallest and largest height of a beat, in heights of the template.
const HEIGHTS: (f64, f64) = (0.5, 1.8);

/// A beat is due this part of an interval before and after it is expected.
const DUE_WIDTH: f64 = 0.2;

/// After so many intervals without a beat nobody knows when the next is due.
const BLIND_INTERVALS: f64 = 4.0;

/// How much earlier a beat may be like itself, in seconds: a period of 20 Hz.
const FORERUN_S: f64 = 0.05;

/// Weight of the newest beat in interval and usual correlation.
const WEIGHT: f64 = 0.2;

/// Weight of the newest beat in the regularity.
const REGULARITY_WEIGHT: f64 = 0.1;

/// Beats after which the template follows with this weight.
const MEMORY_BEATS: f64 = 16.0;

/// What is left of a beat without the template, in energies at rest and in energies of the
/// template, above which a muscle was at work under it.
const COVERED_RATIO: f64 = 4.0;
const USUAL_REMAINDER: f64 = 0.1;

/// So long before a beat a muscle that is at work under it is looked for, in seconds.
const LEAD_S: f64 = 0.15;

/// Power there that the heart itself may have, its P wave, in powers of the template.
const LEAD_RATIO: f64 = 0.05;

/// Mean energy of a comparison that beats add to the rest, in energies of the template.
const BEAT_SHARE: f64 = 0.15;

/// Mean energy since the last beat, in usual ones, above which a muscle was at work.
const BUSY_RATIO: f64 = 2.0;

/// A beat that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beat {
    /// Its middle on the coarse grid.
    pub(super) at: f64,
    /// Its height, in heights of the template.
    pub(super) height: f64,
    /// Correlation with the template.
    pub(super) correlation: f64,
    /// Whether it came when it was expected.
    pub(super) is_due: bool,
}

/// Follows the beats of one heart.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    template: CoarseTemplate,
    energy: f64,
    /// Values of the template that are compared, and how many of them lie after the middle.
    used: (usize, usize),
    after: usize,
    products: [f64; 3],
    energies: [f64; 3],
    last: f64,
    interval: f64,
    correlation: f64,
    /// When the last beat came that was not covered.
    last_sure: f64,
    /// Energies since the last beat was due, summed and counted.
    energy_sum: f64,
    energy_count: f64,
    due_at: f64,
    beat_count: f64,
    missed_count: u32,
    regularity: f64,
}

impl Tracker {
    pub(super) const fn new() -> Self {
        Self {
            template: CoarseTemplate::EMPTY,
            energy: 0.0,
            used: (0, 1),
            after: 0,
            products: [0.0; 3],
            energies: [0.0; 3],
            last: 0.0,
            interval: 1.0,
            correlation: 0.0,
            last_sure: 0.0,
            energy_sum: 0.0,
            energy_count: 0.0,
            due_at: 0.0,
            beat_count: 0.0,
            missed_count: 0,
            regularity: 1.0,
        }
    }

    /// Begins to follow what a search has found.
    pub(super) fn start(&mut self, chain: &Chain, coarse: &Coarse) {
        *self = Self::new();
        self.template = chain.mean;
        let around = chain.mean.around;
        self.after = coarse.len_of(AFTER_S).min(around);
        self.used = (around - coarse.len_of(BEFORE_S).min(around), around + self.after + 1);
        self.measure();
        self.last = chain.at as f64;
        self.last_sure = self.last;
        self.interval = chain.interval.max(1.0);
        self.correlation = 0.85;
        self.beat_count = f64::from(chain.len);
        self.due_at = self.last + self.interval;
    }

    fn measure(&mut self) {
        let used = &self.template.values()[self.used.0..self.used.1];
        self.energy = used.iter().map(|value| value * value).sum();
    }

    /// Looks whether the value before the newest completed a beat; `rest_power` is that of the
    /// coarse signal.
    pub(super) fn step(&mut self, coarse: &Coarse, rest_power: f64) -> Option<Beat> {
        let template = &self.template.values()[self.used.0..self.used.1];
        let len = template.len() as f64;
        let first = coarse.count().cast_signed() - template.len().cast_signed() as i64;
        let (product, energy) = coarse.product(first, template);
        self.products = [self.products[1], self.products[2], product];
        self.energies = [self.energies[1], self.energies[2], energy];
        self.energy_sum += energy;
        self.energy_count += 1.0;
        let [before, top, after] = self.products;
        let middle = (coarse.count().cast_signed() - 2 - self.after.cast_signed() as i64) as f64;
        if middle > self.due_at + 0.5 * self.interval {
            self.miss(rest_power * len);
        }
        if top <= 0.0 || top < before || top <= after {
            return None;
        }
        let scale = (self.energy * self.energies[1]).sqrt();
        // Not a number if there is no template.
        let (correlation, height) = (top / scale, top / self.energy);
        let bend = before - 2.0 * top + after;
        let shift = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
        let at = middle + shift.clamp(-0.5, 0.5);
        let since = at - self.last;
        if since < (SHORTEST_INTERVAL_S * coarse.hz()).max(0.5 * self.interval) {
            return None;
        }
        let is_due = at - self.last_sure < BLIND_INTERVALS * self.interval
            && (at - self.due_at).abs() <= DUE_WIDTH * self.interval;
        let remainder = self.energies[1] * (1.0 - correlation * correlation);
        let is_buried = remainder > COVERED_RATIO * rest_power * len
            && remainder > USUAL_REMAINDER * self.energy;
        let lead = coarse.len_of(LEAD_S);
        let lead_from = middle as i64 - (coarse.len_of(BEFORE_S) + lead).cast_signed() as i64;
        let lead_power = coarse.energy(lead_from, lead) / lead as f64;
        let is_covered = is_buried
            || (lead_power > COVERED_RATIO * rest_power
                && lead_power > LEAD_RATIO * self.energy / len);
        let least = if is_due {
            LEAST_DUE.max(DUE_RATIO * self.correlation)
        } else {
            LEAST_ANYTIME.max(ANYTIME_RATIO * self.correlation)
        };
        let is_alike = correlation >= least && (HEIGHTS.0..=HEIGHTS.1).contains(&height);
        if !is_alike || (is_covered && !is_due) || self.is_forerunner(middle as i64, coarse) {
            return None;
        }
        if is_covered {
            // Chance may have put it where it is: when the next is due does not hang on it.
            self.last = self.due_at;
        } else {
            let interval = at - self.last;
            let due = f64::from(u8::from(is_due));
            self.regularity += REGULARITY_WEIGHT * (due - self.regularity);
            if interval <= LONGEST_INTERVAL_S * coarse.hz()
                && (interval - self.interval).abs() <= INTERVAL_CHANGE * self.interval
            {
                self.interval += WEIGHT * (interval - self.interval);
            }
            self.correlation += WEIGHT * (correlation - self.correlation);
            self.last = at;
            self.last_sure = at;
            self.missed_count = 0;
        }
        self.due_at = self.last + self.interval;
        self.energy_sum = 0.0;
        self.energy_count = 0.0;
        Some(Beat { at, height, correlation, is_due: is_due && !is_covered })
    }

    /// A beat was due and did not come; at rest a window of the comparison has `rest_energy`.
    fn miss(&mut self, rest_energy: f64) {
        // A beat under a contraction is not missed.
        let usual = rest_energy + BEAT_SHARE * self.energy;
        if self.energy_sum <= BUSY_RATIO * usual * self.energy_count {
            self.missed_count += 1;
        }
        self.energy_sum = 0.0;
        self.energy_count = 0.0;
        self.last = self.due_at;
        self.due_at += self.interval;
    }

    /// Whether what has been heard fits better to the beginning of a beat that comes a little
    /// later.
    ///
    /// Behind a band-pass a QRS complex is a short oscillation, and is like itself a period
    /// earlier.
    fn is_forerunner(&self, middle: i64, coarse: &Coarse) -> bool {
        let explained = |later: usize| {
            let end = self.used.1 - later;
            let begin = self.used.0.saturating_sub(later);
            let part = &self.template.values()[begin..end];
            let first = middle + (later + begin).cast_signed() as i64
                - self.template.around.cast_signed() as i64;
            let (product, _) = coarse.product(first, part);
            let energy: f64 = part.iter().map(|value| value * value).sum();
            let height = product / energy;
            if (HEIGHTS.0..=HEIGHTS.1).contains(&height) { product * height } else { 0.0 }
        };
        let own = explained(0);
        let latest = coarse.len_of(FORERUN_S).min(self.used.1 - 1);
        (1..=latest).any(|later| explained(later) > own)
    }

    /// Draws the template towards a beat, all of which must have been heard.
    pub(super) fn learn(&mut self, beat: &Beat, coarse: &Coarse) {
        self.beat_count = (self.beat_count + 1.0).min(MEMORY_BEATS);
        let floor = beat.at.floor();
        let weights = fraction::weights(beat.at - floor);
        let first = floor as i64 - self.template.around.cast_signed() as i64;
        for (place, value) in (first..).zip(self.template.values_mut()) {
            let heard = fraction::value(&weights, place, |at| coarse.at(at));
            *value += (heard - *value) / self.beat_count;
        }
        self.measure();
    }

    /// Beats in a row that should have been seen and were not.
    pub(super) const fn missed_count(&self) -> u32 {
        self.missed_count
    }

    /// Part of the last beats that came when they were due.
    pub(super) const fn regularity(&self) -> f64 {
        self.regularity
    }

    /// Coarse samples since the last beat that was sure.
    pub(super) fn since(&self, coarse: &Coarse) -> f64 {
        coarse.count() as f64 - self.last_sure
    }

    /// From beat to beat, in coarse samples.
    pub(super) const fn interval(&self) -> f64 {
        self.interval
    }
}
