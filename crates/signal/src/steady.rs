//! The level of a stretch that does not move: the zero of an open probe, a point of a calibration.

use core::fmt;

use crate::time::SampleRate;

/// Parts a stretch is cut into.
///
/// Our choice: eight means show a slope, a step and a wave across the stretch, and each still averages
/// an eighth of the noise.
const PART_COUNT: usize = 8;

/// A level that was held, in the unit of what it was measured in (counts or the unit of a channel).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Mean of all samples.
    pub mean: f64,
    /// Standard deviation of the samples about it.
    pub spread: f64,
    /// Standard error of the mean, from the means of the eight parts: right also for noise that is
    /// slower than the samples.
    pub error: f64,
    /// Largest mean of a part less the smallest.
    pub movement: f64,
    /// Samples in the mean.
    pub sample_count: u64,
}

/// What is known of the last stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steadiness {
    /// Not enough samples yet.
    Collecting {
        /// Samples still to come.
        missing_count: u64,
    },
    /// The level moves, or its noise is larger than what is allowed to move. Go on: the stretch is the
    /// newest one.
    Moving {
        /// By how much, as [`Level::movement`].
        movement: f64,
        /// How much was allowed.
        max_movement: f64,
    },
    /// It holds still.
    Steady(Level),
}

/// Length of the stretch and what counts as holding still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyConfig {
    /// Length of the stretch in seconds.
    pub span_s: f64,
    /// How much the means of eighths of the stretch may differ, in the unit of the samples. It is
    /// for the caller to say: a hundredth of the span of the sensor is usual, the resolution that the
    /// measurement needs is better.
    pub max_movement: f64,
}

/// A stretch cannot be cut as asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SteadyError {
    /// The stretch has fewer than one sample for each of its eight parts, or no finite length.
    Span {
        /// What was asked for, in seconds.
        span_s: f64,
        /// The shortest that can be had at this rate, in seconds.
        min_span_s: f64,
    },
    /// Not a finite positive number.
    MaxMovement {
        /// What was asked for.
        max_movement: f64,
    },
}

/// Watches a signal for a stretch that holds still. Causal; one stretch ends with every eighth.
///
/// It cannot see whether the level it finds is the one that is wanted: a probe that lies still under a
/// weight is as steady as one that is open to the air. A sample that is not finite begins anew.
#[derive(Clone, Debug)]
pub struct SteadyLevel {
    part_len: u64,
    max_movement: f64,
    parts: [Part; PART_COUNT],
    /// Parts that are full, at most all.
    part_count: usize,
    /// Place of the oldest part.
    oldest: usize,
    open: Part,
    latest: Steadiness,
}

/// Mean and sum of squared deviations, updated without loss (Welford, 1962, Technometrics 4).
#[derive(Clone, Copy, Debug)]
struct Part {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Part {
    const EMPTY: Self = Self { count: 0, mean: 0.0, squares: 0.0 };

    fn add(&mut self, value: f64) {
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }
}

impl fmt::Display for SteadyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span { span_s, min_span_s } => {
                write!(f, "a stretch of {span_s} s is not within {min_span_s} s and a day")
            }
            Self::MaxMovement { max_movement } => {
                write!(f, "allowed movement of {max_movement} is not a positive number")
            }
        }
    }
}

impl core::error::Error for SteadyError {}

impl SteadyLevel {
    /// Ready for the first sample. Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`SteadyError`] for a stretch of fewer than eight samples or more than a day, and for an allowed
    /// movement that is not positive.
    pub fn new(config: SteadyConfig, rate: SampleRate) -> Result<Self, SteadyError> {
        let SteadyConfig { span_s, max_movement } = config;
        let min_span_s = PART_COUNT as f64 / rate.hz();
        if !(span_s >= min_span_s && span_s <= 86_400.0) {
            return Err(SteadyError::Span { span_s, min_span_s });
        }
        if !(max_movement > 0.0 && max_movement.is_finite()) {
            return Err(SteadyError::MaxMovement { max_movement });
        }
        let part_len = (rate.sample_count(span_s) / PART_COUNT).max(1) as u64;
        Ok(Self {
            part_len,
            max_movement,
            parts: [Part::EMPTY; PART_COUNT],
            part_count: 0,
            oldest: 0,
            open: Part::EMPTY,
            latest: Steadiness::Collecting { missing_count: part_len * PART_COUNT as u64 },
        })
    }

    /// Forgets all samples: the same as new. Also after a gap.
    pub fn reset(&mut self) {
        self.part_count = 0;
        self.oldest = 0;
        self.open = Part::EMPTY;
        self.latest = Steadiness::Collecting { missing_count: self.part_len * PART_COUNT as u64 };
    }

    /// Takes one sample; says what is known up to and including it.
    pub fn step(&mut self, value: f64) -> Steadiness {
        if !value.is_finite() {
            self.reset();
            return self.latest;
        }
        self.open.add(value);
        if self.open.count == self.part_len {
            let place = (self.oldest + self.part_count) % PART_COUNT;
            self.parts[place] = self.open;
            self.open = Part::EMPTY;
            if self.part_count < PART_COUNT {
                self.part_count += 1;
            } else {
                self.oldest = (self.oldest + 1) % PART_COUNT;
            }
            if self.part_count == PART_COUNT {
                self.latest = self.judge();
            }
        }
        if let Steadiness::Collecting { missing_count } = &mut self.latest {
            let missing_parts = (PART_COUNT - self.part_count) as u64;
            *missing_count = missing_parts * self.part_len - self.open.count;
        }
        self.latest
    }

    /// Takes a block; says what is known after it: the same as [`Self::step`] for each sample.
    pub fn process(&mut self, block: &[f64]) -> Steadiness {
        for &value in block {
            self.step(value);
        }
        self.latest
    }

    /// What is known now.
    #[must_use]
    pub const fn latest(&self) -> Steadiness {
        self.latest
    }

    /// Half the stretch: how much older than the newest sample its middle is.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        (self.part_len * PART_COUNT as u64 - 1) as f64 / 2.0
    }

    fn judge(&self) -> Steadiness {
        let parts = PART_COUNT as f64;
        // Each mean is divided first, so that no sum leaves the range of numbers.
        let mean: f64 = self.parts.iter().map(|part| part.mean / parts).sum();
        let between: f64 = self.parts.iter().map(|part| (part.mean - mean).powi(2)).sum();
        let within: f64 = self.parts.iter().map(|part| part.squares).sum();
        let least = self.parts.iter().map(|part| part.mean).fold(f64::INFINITY, f64::min);
        let most = self.parts.iter().map(|part| part.mean).fold(f64::NEG_INFINITY, f64::max);
        let movement = most - least;
        // Not `>`: numbers so large that their squares overflow are not steady either.
        if !(movement <= self.max_movement && within.is_finite()) {
            return Steadiness::Moving { movement, max_movement: self.max_movement };
        }
        let sample_count = self.part_len * PART_COUNT as u64;
        let spread = ((within + between * self.part_len as f64) / (sample_count - 1) as f64).sqrt();
        let error = (between / (parts - 1.0) / parts).sqrt();
        Steadiness::Steady(Level { mean, spread, error, movement, sample_count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;

    const CONFIG: SteadyConfig = SteadyConfig { span_s: 2.0, max_movement: 1.0 };

    fn watch(samples: impl IntoIterator<Item = f64>) -> Steadiness {
        let rate = SampleRate::from_hz(40.0).expect("positive");
        let mut watch = SteadyLevel::new(CONFIG, rate).expect("long enough");
        samples.into_iter().for_each(|x| {
            watch.step(x);
        });
        watch.latest()
    }

    #[test]
    fn a_still_level_is_its_mean() {
        let mut noise = Noise::new(3);
        let samples: Vec<f64> = (0..80).map(|_| -7.0 + 0.5 * noise.gaussian()).collect();
        let Steadiness::Steady(level) = watch(samples.iter().copied()) else {
            panic!("it holds still")
        };
        let mean = samples.iter().sum::<f64>() / 80.0;
        let squares: f64 = samples.iter().map(|x| (x - mean).powi(2)).sum();
        // Round-off over 80 terms near 7.
        assert!((level.mean - mean).abs() < 1e-13);
        assert!((level.spread - (squares / 79.0).sqrt()).abs() < 1e-13);
        assert_eq!(level.sample_count, 80);
        // 0.5 / √80 = 0.056, from eight means known to about a quarter.
        assert!((0.02..0.11).contains(&level.error), "{}", level.error);
    }

    #[test]
    fn a_level_that_moves_is_refused_and_says_by_how_much() {
        // 2 units in 2 s: from the middle of the first eighth to that of the last 7/8 of it.
        let Steadiness::Moving { movement, .. } = watch((0..80).map(|n| f64::from(n) / 40.0))
        else {
            panic!("it moves")
        };
        assert!((movement - 1.75).abs() < 1e-12, "{movement}");
        let step = (0..80).map(|n| if n < 79 { 0.0 } else { 11.0 });
        assert!(matches!(watch(step), Steadiness::Moving { .. }));
    }

    #[test]
    fn what_held_still_before_does_not_count_once_it_moves() {
        let mut samples = vec![5.0; 80];
        assert!(matches!(watch(samples.iter().copied()), Steadiness::Steady(_)));
        samples.extend([9.0; 10]);
        assert!(matches!(watch(samples.iter().copied()), Steadiness::Moving { .. }));
        samples.extend([9.0; 70]);
        assert!(
            matches!(watch(samples.iter().copied()), Steadiness::Steady(l) if l.spread.abs() < 1e-12 && (l.mean - 9.0).abs() < 1e-12)
        );
    }

    #[test]
    fn it_counts_down_and_begins_anew_after_what_is_no_number() {
        assert_eq!(watch([1.0; 30]), Steadiness::Collecting { missing_count: 50 });
        let broken = [1.0; 79].into_iter().chain([f64::NAN]).chain([1.0; 10]);
        assert_eq!(watch(broken), Steadiness::Collecting { missing_count: 70 });
        for extreme in [f64::INFINITY, 1e300, 5e-324] {
            watch((0..200).map(|n| if n % 3 == 0 { extreme } else { -extreme }));
        }
    }

    #[test]
    fn blocks_and_reset_give_the_same() {
        let mut noise = Noise::new(5);
        let samples: Vec<f64> = (0..300).map(|_| noise.gaussian()).collect();
        let rate = SampleRate::from_hz(40.0).expect("positive");
        let config = SteadyConfig { span_s: 1.0, max_movement: 3.0 };
        let mut steps = SteadyLevel::new(config, rate).expect("long enough");
        let mut blocks = steps.clone();
        for part in samples.chunks(7) {
            let last = part.iter().map(|x| steps.step(*x)).last();
            assert_eq!(Some(blocks.process(part)), last);
        }
        let before = blocks.latest();
        blocks.reset();
        assert_eq!(blocks.process(&samples), before);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let rate = SampleRate::from_hz(40.0).expect("positive");
        for span_s in [0.0, 0.19, -1.0, f64::NAN, f64::INFINITY] {
            let refusal = SteadyLevel::new(SteadyConfig { span_s, max_movement: 1.0 }, rate);
            assert!(matches!(refusal, Err(SteadyError::Span { .. })), "{span_s}");
        }
        for max_movement in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let refusal = SteadyLevel::new(SteadyConfig { span_s: 1.0, max_movement }, rate);
            assert!(matches!(refusal, Err(SteadyError::MaxMovement { .. })), "{max_movement}");
        }
    }
}
