//! The threshold of an exercise: how high the next contraction is asked to be.
//!
//! It has nothing to do with finding contractions; it only decides what counts as a success in
//! training, so that the person succeeds as often as the exercise wants.
//!
//! # The law
//!
//! A weighted staircase (Kaernbach 1991) on the logarithm of the threshold. After a success it is
//! raised by `step * (1 - target)`, after a miss lowered by `step * target`:
//!
//! ```text
//! ln threshold += step (hit - target)        hit is 1 or 0
//! ```
//!
//! It stands still, on average, where the person succeeds with the rate `target`. The step begins
//! large and shrinks as `1 / n` (Robbins and Monro 1951) down to a floor, so that it settles within
//! some trials and still follows a person who tires or grows stronger. What it moves by in one trial
//! and how far it may move at all are bounded.
//!
//! Beside its sign the size of a trial is used for the first few: the threshold is set to the
//! quantile `1 - target` of the peaks seen, which is where it must come to. With few trials this is
//! where most of the convergence comes from.
//!
//! # Source
//!
//! C. Kaernbach, Simple adaptive testing with the weighted up-down method, Perception &
//! Psychophysics 49 (1991) 227-229. H. Robbins and S. Monro, A stochastic approximation method, Ann.
//! Math. Statist. 22 (1951) 400-407. The numbers are our choice.

use crate::config::ConfigError;

/// Trials whose peaks are remembered.
const REMEMBERED: usize = 10;

/// How the threshold adapts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdLaw {
    /// Ratio of trials that shall succeed, 0.5 to 0.95.
    pub target_ratio: f64,
    /// Step of the staircase, as natural logarithm, once it has settled, above 0 to 0.5.
    pub step: f64,
    /// Lowest threshold, in the unit of the peaks, above 0.
    pub lowest: f64,
    /// Highest threshold, above `lowest`.
    pub highest: f64,
    /// Most that one trial may change the threshold, as a ratio, above 1 to 2.
    pub most_change_ratio: f64,
}

impl ThresholdLaw {
    /// Four of five trials succeed, between a tenth of and one and a half times the best contraction
    /// (`mvc`, above rest).
    #[must_use]
    pub fn training(mvc: f64) -> Self {
        Self {
            target_ratio: 0.8,
            step: 0.08,
            lowest: 0.1 * mvc,
            highest: 1.5 * mvc,
            most_change_ratio: 1.25,
        }
    }

    fn check(&self, start: f64) -> Result<(), ConfigError> {
        let tiny = f64::MIN_POSITIVE;
        for (field, value, low, high) in [
            ("target_ratio", self.target_ratio, 0.5, 0.95),
            ("step", self.step, 1e-6, 0.5),
            ("lowest", self.lowest, tiny, f64::MAX),
            ("highest", self.highest, self.lowest, f64::MAX),
            ("most_change_ratio", self.most_change_ratio, 1.000_001, 2.0),
            ("start", start, tiny, f64::MAX),
        ] {
            if value.is_nan() || value < low {
                return Err(ConfigError { field, value, bound: low });
            }
            if value > high {
                return Err(ConfigError { field, value, bound: high });
            }
        }
        Ok(())
    }
}

/// A threshold that adapts to a person.
#[derive(Clone, Debug)]
pub struct AdaptiveThreshold {
    law: ThresholdLaw,
    start: f64,
    threshold: f64,
    trial_count: u32,
    hit_count: u32,
    /// The last peaks, in a ring.
    peaks: [f64; REMEMBERED],
}

impl AdaptiveThreshold {
    /// Begins at `start`, kept within the bounds of the law.
    ///
    /// # Errors
    ///
    /// If a setting is out of its range.
    pub fn new(law: ThresholdLaw, start: f64) -> Result<Self, ConfigError> {
        law.check(start)?;
        let start = start.clamp(law.lowest, law.highest);
        Ok(Self {
            law,
            start,
            threshold: start,
            trial_count: 0,
            hit_count: 0,
            peaks: [0.0; REMEMBERED],
        })
    }

    /// Forgets all trials.
    pub fn reset(&mut self) {
        self.threshold = self.start;
        self.trial_count = 0;
        self.hit_count = 0;
    }

    /// The height that the next contraction is asked to reach, above rest.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Trials so far, and how many of them succeeded.
    #[must_use]
    pub const fn counts(&self) -> (u32, u32) {
        (self.trial_count, self.hit_count)
    }

    /// Takes the peak of a trial, above rest; 0 if no contraction was found. True if it succeeded.
    /// A trial that cannot be judged (a gap, a fault) is not to be given at all; a peak that is no
    /// number changes nothing.
    pub fn take(&mut self, peak: f64) -> bool {
        if peak.is_nan() {
            return false;
        }
        // No threshold is higher: what lies beyond is all the same.
        let peak = peak.clamp(0.0, self.law.highest);
        let is_hit = peak >= self.threshold;
        self.peaks[self.trial_count as usize % REMEMBERED] = peak;
        self.trial_count = self.trial_count.saturating_add(1);
        self.hit_count += u32::from(is_hit);
        let hit = f64::from(u8::from(is_hit));
        let stairs = self.threshold * libm::exp(self.law.step * (hit - self.law.target_ratio));
        let wanted = match self.quantile() {
            Some(quantile) => libm::sqrt(stairs * quantile),
            None => stairs,
        };
        let most = self.law.most_change_ratio;
        self.threshold = wanted
            .clamp(self.threshold / most, self.threshold * most)
            .clamp(self.law.lowest, self.law.highest);
        is_hit
    }

    /// The quantile of the remembered peaks that the target asks for, from four on.
    fn quantile(&self) -> Option<f64> {
        let count = (self.trial_count as usize).min(REMEMBERED);
        if count < 4 {
            return None;
        }
        let mut sorted = self.peaks;
        let sorted = &mut sorted[..count];
        sorted.sort_unstable_by(f64::total_cmp);
        // Of `count` values `q (count + 1)` lie below the quantile `q` of what comes next.
        let place = ((1.0 - self.law.target_ratio) * (count as f64 + 1.0) - 1.0).max(0.0);
        let below = (place as usize).min(count - 1);
        let above = (below + 1).min(count - 1);
        let part = place - below as f64;
        let quantile = sorted[below] + part * (sorted[above] - sorted[below]);
        Some(quantile.max(self.law.lowest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn uniform(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }

        fn gaussian(&mut self) -> f64 {
            (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
        }
    }

    /// People whose peaks are log-normal about a strength, varying by 10 to 25 %.
    fn people(count: u64) -> impl Iterator<Item = (Random, f64, f64)> {
        (1..=count).map(|seed| {
            let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for _ in 0..5 {
                random.uniform();
            }
            let strength = 5.0 + 75.0 * random.uniform();
            let variation = 0.1 + 0.15 * random.uniform();
            (random, strength, variation)
        })
    }

    #[test]
    fn people_come_to_the_asked_success_rate_within_twenty_trials() {
        for target_ratio in [0.7, 0.8, 0.9] {
            let (mut hits, mut trials) = (0.0, 0.0);
            for (mut random, strength, variation) in people(300) {
                let law = ThresholdLaw { target_ratio, ..ThresholdLaw::training(strength) };
                // The start is off by up to a half.
                let start = strength * (0.5 + random.uniform());
                let mut threshold = AdaptiveThreshold::new(law, start).expect("legal");
                for trial in 0..40 {
                    let peak = strength * libm::exp(variation * random.gaussian());
                    let is_hit = threshold.take(peak);
                    if trial >= 20 {
                        trials += 1.0;
                        hits += f64::from(u8::from(is_hit));
                    }
                }
            }
            let ratio: f64 = hits / trials;
            assert!((ratio - target_ratio).abs() <= 0.05, "{target_ratio}: {ratio}");
        }
    }

    #[test]
    fn a_person_who_tires_is_followed_and_the_bounds_hold() {
        let (mut hits, mut trials) = (0.0, 0.0);
        for (mut random, strength, variation) in people(200) {
            let law = ThresholdLaw::training(strength);
            let mut threshold = AdaptiveThreshold::new(law, 0.8 * strength).expect("legal");
            for trial in 0..80 {
                // Half the strength is gone after 80 trials.
                let now = strength * (1.0 - 0.5 * f64::from(trial) / 80.0);
                let before = threshold.threshold();
                let is_hit = threshold.take(now * libm::exp(variation * random.gaussian()));
                let after = threshold.threshold();
                assert!(after >= law.lowest && after <= law.highest);
                let ratio = after / before;
                // 1e-12: round-off of a product.
                let most = law.most_change_ratio + 1e-12;
                assert!(ratio <= most && 1.0 / ratio <= most, "{before} to {after}");
                if trial >= 20 {
                    trials += 1.0;
                    hits += f64::from(u8::from(is_hit));
                }
            }
        }
        let ratio: f64 = hits / trials;
        // Between the asked rate and 0.1 below it: it comes after the person.
        assert!((ratio - 0.8).abs() <= 0.1, "{ratio}");
    }

    #[test]
    fn nothing_and_nonsense_leave_it_within_its_bounds() {
        let law = ThresholdLaw::training(20.0);
        let mut threshold = AdaptiveThreshold::new(law, 20.0).expect("legal");
        for peak in [f64::NAN, f64::NEG_INFINITY, 0.0, f64::INFINITY, 0.0, -3.0, 1e300, 0.0] {
            threshold.take(peak);
            let now = threshold.threshold();
            assert!((law.lowest..=law.highest).contains(&now), "{peak}: {now}");
        }
        (0..100).for_each(|_| assert!(!threshold.take(0.0)));
        assert_eq!(threshold.threshold().to_bits(), law.lowest.to_bits());
        threshold.reset();
        assert_eq!((threshold.threshold(), threshold.counts()), (20.0, (0, 0)));
    }

    #[test]
    fn gain_changes_no_success() {
        for (mut random, strength, variation) in people(20) {
            let make = |gain: f64| {
                AdaptiveThreshold::new(ThresholdLaw::training(gain * strength), gain * strength)
                    .expect("legal")
            };
            let (mut plain, mut scaled) = (make(1.0), make(64.0));
            for _ in 0..30 {
                let peak = strength * libm::exp(variation * random.gaussian());
                assert_eq!(plain.take(peak), scaled.take(64.0 * peak));
            }
        }
    }

    #[test]
    fn a_law_out_of_range_is_refused() {
        let law = ThresholdLaw { target_ratio: 1.0, ..ThresholdLaw::training(20.0) };
        assert_eq!(AdaptiveThreshold::new(law, 20.0).expect_err("no").field, "target_ratio");
        assert!(AdaptiveThreshold::new(ThresholdLaw::training(0.0), 20.0).is_err());
        assert!(AdaptiveThreshold::new(ThresholdLaw::training(20.0), f64::NAN).is_err());
    }
}
