//! What rest is: a low quantile of short blocks, and how far they spread below it.

use crate::config::{DetectorConfig, Statistic};
use crate::transition::Rest;

/// Below this amplitude, in whatever unit, a value is taken for round-off: a tenth of a nanovolt if
/// the unit is the volt, and far less than any converter resolves in the others.
const ROUND_OFF: f64 = 1e-10;

/// A resting level this far below the largest value in the window is taken for silence (90 dB of
/// power, or nine digits of a pressure): what then shows are tails of filters and round-off.
const SILENCE_RATIO: f64 = 1e-9;

/// Time in which the largest value counts half. Our choice: 6 dB a second, slower than the tail of
/// any of our filters (48 dB a second for the notch) falls into silence.
const LARGEST_HALF_S: f64 = 0.5;

/// Blocks from which the variation within a block is taken. Our choice: 5 s of EMG, enough for a
/// tenth of its size.
const VARIATION_COUNT: f64 = 50.0;

/// Degrees of freedom of a step are never taken for more than this: steady hum has no variation, and
/// no certainty either.
const MOST_DOF: f64 = 60.0;

/// Blocks of rest, in order of time and in order of size.
#[derive(Clone, Debug)]
pub(crate) struct RestModel {
    statistic: Statistic,
    rest_quantile_ratio: f64,
    spread_quantile_ratio: f64,
    fallen_level: f64,
    onset_level: f64,
    block_s: f64,
    steps_per_block: usize,
    learning_block_count: usize,
    /// Blocks in a ring.
    ring: Vec<f64>,
    capacity: usize,
    len: usize,
    next: usize,
    /// The same, sorted.
    sorted: Vec<f64>,
    /// The last blocks of whatever kind, in a ring.
    recent: Vec<f64>,
    recent_capacity: usize,
    recent_count: usize,
    scratch: Vec<f64>,
    /// The block in hand: sum of its steps, of their squares, of their plain and of their fast values.
    sums: [f64; 4],
    filled: usize,
    accepted: bool,
    /// Squared coefficient of variation of the steps within a block at rest.
    variation: f64,
    /// Number of blocks it was taken from, up to [`VARIATION_COUNT`].
    variation_count: f64,
    /// Plain power of a block at rest as a multiple of its judged power.
    plain_ratio: f64,
    /// Power of the fast part of a block at rest as a multiple of its judged power.
    fast_ratio: f64,
    fast_count: f64,
    learnt: Option<Scale>,
    /// Largest block, to tell silence.
    largest: f64,
    /// What a block leaves of it.
    largest_decay: f64,
}

/// Unit in which a signal is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Value at rest (power, or height in the channel's unit).
    pub(crate) rest: f64,
    /// What counts as one level.
    pub(crate) unit: f64,
    /// Whether the signal at rest was so much weaker than at other times that it was no more than
    /// round-off and the tails of filters.
    pub(crate) is_silent: bool,
}

/// What became of an attempt to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learning {
    /// Not enough blocks.
    TooFew,
    /// Nothing but silence so far.
    Silent,
    /// There is a resting level.
    Learnt,
}

/// What a step that ends a block made of the resting level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Followed {
    /// It may have moved a little.
    Block,
    /// It fell to that of the last blocks.
    Fallen,
}

impl RestModel {
    pub(crate) fn new(config: &DetectorConfig, max_steps_per_s: f64) -> Self {
        // A block is a whole number of steps, and steps a whole number of samples: both may come out
        // shorter than asked for, by less than a half.
        let blocks = |seconds: f64| (2.0 * seconds / config.rest_block_s).ceil() as usize + 2;
        let capacity = blocks(config.rest_window_s.max(config.learning_s))
            .min((config.rest_window_s.max(config.learning_s) * max_steps_per_s) as usize + 2);
        let recent = blocks(config.fall_window_s);
        Self {
            statistic: config.statistic,
            rest_quantile_ratio: config.rest_quantile_ratio,
            spread_quantile_ratio: config.spread_quantile_ratio,
            fallen_level: config.fallen_level,
            onset_level: config.onset_level,
            block_s: config.rest_block_s,
            steps_per_block: 1,
            learning_block_count: 1,
            ring: vec![0.0; capacity],
            capacity,
            len: 0,
            next: 0,
            sorted: Vec::with_capacity(capacity),
            recent: vec![0.0; recent],
            recent_capacity: recent,
            recent_count: 0,
            scratch: Vec::with_capacity(recent),
            sums: [0.0; 4],
            filled: 0,
            accepted: true,
            variation: 0.0,
            variation_count: 0.0,
            plain_ratio: 1.0,
            fast_ratio: 1.0,
            fast_count: 0.0,
            learnt: None,
            largest: 0.0,
            largest_decay: 1.0,
        }
    }

    /// Forgets what was learnt.
    pub(crate) fn forget(&mut self) {
        self.learnt = None;
        self.largest = 0.0;
        self.variation = 0.0;
        self.variation_count = 0.0;
        self.plain_ratio = 1.0;
        self.fast_ratio = 1.0;
        self.fast_count = 0.0;
        self.clear();
        self.interrupt();
    }

    /// Forgets everything; steps are `step_s` long from now on.
    pub(crate) fn start(&mut self, config: &DetectorConfig, step_s: f64) {
        let count = |whole: f64, part: f64| ((whole / part).round() as usize).max(1);
        self.steps_per_block = count(config.rest_block_s, step_s);
        self.block_s = self.steps_per_block as f64 * step_s;
        self.largest_decay = libm::exp2(-self.block_s / LARGEST_HALF_S);
        self.learning_block_count = count(config.learning_s, self.block_s).max(3);
        self.capacity = count(config.rest_window_s, self.block_s)
            .max(self.learning_block_count)
            .min(self.ring.len());
        self.learning_block_count = self.learning_block_count.min(self.capacity);
        self.recent_capacity =
            count(config.fall_window_s, self.block_s).max(3).min(self.recent.len());
        self.forget();
    }

    /// The largest values were a spike and its ringing: they say nothing about the size of the signal.
    pub(crate) fn forget_largest(&mut self) {
        self.largest = self.quantile(0.84);
    }

    /// Samples are missing: no block reaches across. What was learnt stays.
    pub(crate) fn interrupt(&mut self) {
        self.recent_count = 0;
        self.drop_block();
    }

    /// Throws away the block in hand.
    fn drop_block(&mut self) {
        self.sums = [0.0; 4];
        self.filled = 0;
        self.accepted = true;
    }

    fn clear(&mut self) {
        self.len = 0;
        self.next = 0;
        self.sorted.clear();
    }

    pub(crate) fn scale(&self) -> Option<Scale> {
        self.learnt
    }

    pub(crate) fn rest(&self) -> Option<Rest> {
        let scale = self.learnt?;
        let amplitude = |value: f64| match self.statistic {
            Statistic::Power => (value * self.plain_ratio).max(0.0).sqrt(),
            Statistic::Height => value,
        };
        Some(Rest {
            level: amplitude(scale.rest),
            spread: 0.5 * (amplitude(self.quantile(0.84)) - amplitude(self.quantile(0.16))),
            span_s: self.len as f64 * self.block_s,
        })
    }

    /// Seconds of signal that were learnt from so far.
    pub(crate) fn span_s(&self) -> f64 {
        self.len as f64 * self.block_s
    }

    /// Independent values in a step at rest, as its variation from step to step shows them; for a
    /// power, whose mean square of `n` such values varies by `2 / n`.
    pub(crate) fn degrees_of_freedom(&self) -> f64 {
        if self.variation > 0.0 { (2.0 / self.variation).clamp(0.5, MOST_DOF) } else { MOST_DOF }
    }

    /// Power at rest that changes from one group of samples to the next, as a ratio of the judged one.
    pub(crate) fn fast_ratio(&self) -> f64 {
        self.fast_ratio
    }

    /// Whether the fast part of the next step is to be known: while learning, and in one block of four.
    #[inline]
    pub(crate) fn wants_fast(&self) -> bool {
        self.recent_count & 3 == 0
    }

    /// Takes one step while learning. True at the end of a block.
    pub(crate) fn learn_step(&mut self, value: f64, plain: f64, fast: f64) -> bool {
        if value.is_nan() {
            self.drop_block();
            return false;
        }
        self.add(value, plain, fast);
        if self.filled < self.steps_per_block {
            return false;
        }
        let block = self.take_block(true);
        self.largest = self.largest.max(block.abs());
        self.push(block);
        true
    }

    /// Whether rest can be told from the blocks so far; `at_end` of the signal fewer will do.
    pub(crate) fn learn(&mut self, at_end: bool) -> Learning {
        if self.len < 3 || (!at_end && self.len < self.learning_block_count) {
            return Learning::TooFew;
        }
        let range = self.sorted[self.len - 1] - self.sorted[0];
        let silent = match self.statistic {
            Statistic::Power => self.largest <= ROUND_OFF * ROUND_OFF,
            Statistic::Height => range <= (SILENCE_RATIO * self.largest).max(ROUND_OFF),
        };
        if silent {
            return Learning::Silent;
        }
        let scale = self.measure();
        self.learnt = Some(scale);
        // A contraction that was learnt along with the rest is no rest.
        self.keep_up_to(scale.value(self.statistic, self.onset_level));
        Learning::Learnt
    }

    /// Forgets the blocks above `highest`.
    fn keep_up_to(&mut self, highest: f64) {
        self.sorted.clear();
        for age in (1..=self.len).rev() {
            let block = self.ring[(self.next + self.capacity - age) % self.capacity];
            if block <= highest {
                self.sorted.push(block);
            }
        }
        self.len = self.sorted.len();
        self.next = self.len % self.capacity;
        self.ring[..self.len].copy_from_slice(&self.sorted);
        self.sorted.sort_unstable_by(f64::total_cmp);
    }

    /// Height of the largest block above the smallest.
    pub(crate) fn range(&self) -> f64 {
        match (self.sorted.first(), self.sorted.last()) {
            (Some(low), Some(high)) => high - low,
            _ => 0.0,
        }
    }

    /// Takes one step after learning; `at_rest` says whether it may belong to rest. At the end of a
    /// block the scale is brought up to date.
    #[inline]
    pub(crate) fn follow(
        &mut self,
        value: f64,
        plain: f64,
        fast: f64,
        at_rest: bool,
    ) -> Option<Followed> {
        self.accepted &= at_rest;
        self.add(value, plain, fast);
        (self.filled >= self.steps_per_block).then(|| self.follow_block())
    }

    fn follow_block(&mut self) -> Followed {
        let accepted = self.accepted;
        let block = self.take_block(accepted);
        let slot = self.recent_count % self.recent_capacity;
        let before = self.recent[(slot + self.recent_capacity - 1) % self.recent_capacity];
        self.recent[slot] = block;
        self.recent_count += 1;
        // One wild sample is not the size of the signal: what is lasts for two blocks.
        let faded = self.largest * self.largest_decay;
        self.largest = faded.max(block.abs().min(before.abs()));
        if accepted {
            self.push(block);
        }
        let has_fallen = self.has_fallen(block);
        if has_fallen {
            self.move_to_recent();
        } else if accepted {
            self.learnt = Some(self.measure());
        }
        if has_fallen { Followed::Fallen } else { Followed::Block }
    }

    /// Whether the last block, and the low quantile of the last blocks, are far below rest.
    fn has_fallen(&self, block: f64) -> bool {
        let Some(scale) = self.learnt.filter(|_| self.recent_count >= self.recent_capacity) else {
            return false;
        };
        let highest = scale.value(self.statistic, self.fallen_level);
        if block >= highest {
            return false;
        }
        let recent = &self.recent[..self.recent_capacity];
        let low_count = recent.iter().filter(|block| **block < highest).count();
        low_count > quantile_place(self.rest_quantile_ratio, self.recent_capacity)
    }

    /// Makes the level of the last blocks the resting level. The spread stays in proportion for
    /// power and as it is for height.
    pub(crate) fn move_to_recent(&mut self) {
        let (Some(scale), Some(recent)) =
            (self.learnt, self.recent_level(self.rest_quantile_ratio))
        else {
            return;
        };
        let statistic = self.statistic;
        let moved = |block: f64| match statistic {
            Statistic::Power => block * (recent / scale.rest),
            Statistic::Height => block + (recent - scale.rest),
        };
        self.ring[..].iter_mut().for_each(|block| *block = moved(*block));
        self.sorted.iter_mut().for_each(|block| *block = moved(*block));
        self.learnt = Some(self.measure());
    }

    /// Adds a step to the block in hand.
    #[inline]
    fn add(&mut self, value: f64, plain: f64, fast: f64) {
        self.sums = [
            self.sums[0] + value,
            self.sums[1] + value * value,
            self.sums[2] + plain,
            self.sums[3] + fast,
        ];
        self.filled += 1;
    }

    /// The mean of the block in hand, which is full; the next one begins.
    fn take_block(&mut self, at_rest: bool) -> f64 {
        let count = self.filled as f64;
        let block = self.sums[0] / count;
        if at_rest && self.statistic == Statistic::Power {
            self.learn_variation(count, block);
        }
        self.drop_block();
        block
    }

    /// How much the steps of a block at rest vary, and what the judged power is in plain power.
    fn learn_variation(&mut self, count: f64, block: f64) {
        if block <= 0.0 {
            return;
        }
        self.variation_count = (self.variation_count + 1.0).min(VARIATION_COUNT);
        let plain_ratio = self.sums[2] / (count * block);
        self.plain_ratio += (plain_ratio - self.plain_ratio) / self.variation_count;
        // Not a number: it was not asked for in every step.
        if self.sums[3] > 0.0 {
            let fast_ratio = self.sums[3] / (count * block);
            self.fast_count = (self.fast_count + 1.0).min(VARIATION_COUNT);
            self.fast_ratio += (fast_ratio - self.fast_ratio) / self.fast_count;
        }
        if count < 2.0 {
            return;
        }
        let squared = (self.sums[1] / count - block * block) * (count / (count - 1.0));
        // One artefact must not look like a rest of few degrees of freedom.
        let variation = (squared / (block * block)).clamp(0.0, 2.0);
        self.variation += (variation - self.variation) / self.variation_count;
    }

    /// Remembers a block, forgets the oldest if there is no room.
    fn push(&mut self, block: f64) {
        let place = self.sorted.partition_point(|x| *x < block);
        if self.len == self.capacity {
            let oldest = self.ring[self.next];
            let gone = self.sorted.partition_point(|x| *x < oldest);
            let gone = gone.min(self.len - 1);
            if gone < place {
                self.sorted.copy_within(gone + 1..place, gone);
                self.sorted[place - 1] = block;
            } else {
                self.sorted.copy_within(place..gone, place + 1);
                self.sorted[place] = block;
            }
        } else {
            self.sorted.insert(place, block);
            self.len += 1;
        }
        self.ring[self.next] = block;
        self.next = if self.next + 1 == self.capacity { 0 } else { self.next + 1 };
    }

    fn quantile(&self, ratio: f64) -> f64 {
        match self.sorted.len() {
            0 => 0.0,
            len => self.sorted[quantile_place(ratio, len)],
        }
    }

    fn recent_level(&mut self, ratio: f64) -> Option<f64> {
        if self.recent_count < self.recent_capacity {
            return None;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.recent[..self.recent_capacity]);
        self.scratch.sort_unstable_by(f64::total_cmp);
        Some(self.scratch[quantile_place(ratio, self.recent_capacity)])
    }

    fn measure(&self) -> Scale {
        let rest = self.quantile(self.rest_quantile_ratio);
        match self.statistic {
            Statistic::Power => {
                let floor = (SILENCE_RATIO * self.largest).max(ROUND_OFF * ROUND_OFF);
                let unit = rest.max(floor);
                Scale { rest: unit, unit, is_silent: rest <= floor }
            }
            Statistic::Height => {
                let spread = rest - self.quantile(self.spread_quantile_ratio);
                let floor = (SILENCE_RATIO * self.largest).max(ROUND_OFF);
                Scale { rest, unit: spread.max(floor), is_silent: spread <= floor }
            }
        }
    }
}

/// Place of a quantile in so many sorted values: the nearest.
fn quantile_place(ratio: f64, len: usize) -> usize {
    (ratio * (len - 1) as f64 + 0.5) as usize
}

impl Scale {
    /// The value that has a level.
    pub(crate) fn value(self, statistic: Statistic, level: f64) -> f64 {
        match statistic {
            Statistic::Power => level * self.unit,
            Statistic::Height => self.rest + level * self.unit,
        }
    }

    /// The level of a value: power over resting power, or height above rest in spreads.
    pub(crate) fn level(self, statistic: Statistic, value: f64) -> f64 {
        match statistic {
            Statistic::Power => value / self.unit,
            Statistic::Height => (value - self.rest) / self.unit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(config: &DetectorConfig) -> RestModel {
        let mut model = RestModel::new(config, 100.0);
        // Blocks of one step, so that a test can name them.
        let config = DetectorConfig { rest_block_s: 0.1, ..*config };
        model.start(&config, 0.1);
        model
    }

    fn learnt(config: &DetectorConfig, blocks: impl IntoIterator<Item = f64>) -> RestModel {
        let mut model = model(config);
        for block in blocks {
            model.learn_step(block, block, 0.0);
        }
        assert_eq!(model.learn(true), Learning::Learnt);
        model
    }

    #[test]
    fn rest_is_the_low_third_and_not_the_contraction_learnt_with_it() {
        let model = learnt(&DetectorConfig::emg(), [1.0, 1.1, 90.0, 80.0, 0.9, 95.0, 1.0]);
        let scale = model.scale().expect("learnt");
        assert_eq!((scale.rest, scale.unit), (1.0, 1.0));
        assert_eq!(model.len, 4, "what stood above the threshold is forgotten");
    }

    #[test]
    fn the_spread_of_a_pressure_is_taken_below_its_rest() {
        let blocks = (0..60).map(|i| if i % 2 == 0 { 20.0 } else { 20.0 + 0.1 * f64::from(i) });
        let scale = learnt(&DetectorConfig::pressure(), blocks).scale().expect("learnt");
        assert_eq!(scale.rest.to_bits(), 20.0f64.to_bits());
        // Nothing lies below: the unit is silence, nine digits below the largest value.
        assert!(scale.unit < 1e-6, "{scale:?}");
    }

    #[test]
    fn silence_and_too_little_are_not_learnt() {
        let mut model = model(&DetectorConfig::emg());
        assert_eq!(model.learn(true), Learning::TooFew);
        for _ in 0..20 {
            model.learn_step(0.0, 0.0, 0.0);
        }
        assert_eq!(model.learn(false), Learning::Silent);
        assert_eq!(model.scale(), None);
    }

    #[test]
    fn the_oldest_block_is_forgotten_and_order_is_kept() {
        let mut model = learnt(&DetectorConfig::emg(), [1.0; 10]);
        for i in 0..400 {
            model.follow(
                1.0 + 0.001 * f64::from(i * 7 % 13),
                1.0 + 0.001 * f64::from(i * 7 % 13),
                0.0,
                true,
            );
        }
        assert_eq!(model.len, model.capacity);
        assert!(model.sorted.is_sorted());
        let mut ring = model.ring[..model.capacity].to_vec();
        ring.sort_unstable_by(f64::total_cmp);
        assert_eq!(ring, model.sorted);
    }

    #[test]
    fn what_is_not_rest_moves_nothing() {
        let mut model = learnt(&DetectorConfig::emg(), [1.0; 10]);
        for _ in 0..100 {
            assert_ne!(model.follow(50.0, 50.0, 0.0, false), Some(Followed::Fallen));
        }
        assert_eq!(model.scale(), Some(Scale { rest: 1.0, unit: 1.0, is_silent: false }));
    }

    #[test]
    fn a_fall_is_followed_as_soon_as_its_window_is_full() {
        let mut model = learnt(&DetectorConfig::emg(), [4.0; 100]);
        let fell =
            (0..20).position(|_| model.follow(1.0, 1.0, 0.0, true) == Some(Followed::Fallen));
        assert_eq!(fell, Some(9), "the window is ten blocks");
        assert_eq!(model.scale(), Some(Scale { rest: 1.0, unit: 1.0, is_silent: false }));
    }

    #[test]
    fn a_pressure_that_is_moved_keeps_its_spread() {
        let blocks = (0..60).map(|i| 20.0 + 0.1 * f64::from(i % 10));
        let mut model = learnt(&DetectorConfig::pressure(), blocks);
        let before = model.scale().expect("learnt");
        for _ in 0..30 {
            model.follow(30.0, 30.0, 0.0, false);
        }
        model.move_to_recent();
        let after = model.scale().expect("learnt");
        // 1e-9: round-off of one addition to each of 60 blocks.
        assert!((after.rest - 30.0).abs() < 1e-9, "{after:?}");
        assert!((after.unit - before.unit).abs() < 1e-9, "{after:?}");
    }
}
