//! A level that is seen at rests and moves between them, under many hypotheses at once.

/// Noise of a rest, as a multiple of what its own spread says: breathing and slow waves of the muscle
/// are slower than the blocks the spread is taken over.
const NOISE_FACTORS: [f64; 3] = [1.0, 2.5, 6.0];

/// How much the level wanders in the square root of a minute, in noises of a rest.
const WANDERS: [f64; 6] = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0];

/// What becomes of the slope: how much it changes in the square root of a minute, in noises of a rest
/// for a minute, and the minutes in which it dies down to a third. The last three are probes that take
/// on the warmth of the body; without them such a curve is taken for a wandering line, whose beginning
/// is then looked for in the wrong place.
const SLOPES: [(f64, f64); 6] = [
    (0.0, f64::INFINITY),
    (0.3, f64::INFINITY),
    (3.0, f64::INFINITY),
    (0.0, 12.0),
    (0.0, 6.0),
    (0.0, 3.0),
];

const HYPOTHESIS_COUNT: usize = NOISE_FACTORS.len() * WANDERS.len() * SLOPES.len();

/// Standard deviation of the slope before anything is known, in noises of a rest for a minute.
const SLOPE_PRIOR: f64 = 30.0;

/// A level that wanders is not seen at one instant but as its mean over a rest: variance of the one about
/// the other, in wanders of a minute. A twelfth of the third of a minute that a rest lasts at most.
const WITHIN_REST: f64 = 1.0 / 36.0;

/// Level, slope and first level under all hypotheses, each weighed by how well it foretold the rests.
///
/// The hypotheses are local linear trends: the level wanders at random and has a slope, which wanders
/// too. Without wandering that is a straight line; with some, a probe that warms. Mean and variance are
/// those of the mixture.
///
/// # Source
///
/// Durbin and Koopman, 2012, Time Series Analysis by State Space Methods, chapter 3.2 (local linear
/// trend) and 4.3 (Kalman filter); mixture of filters: Magill, 1965, IEEE Trans. Autom. Control 10.
/// The grids are our choice: in powers of three, wide enough that their ends are hardly weighed.
#[derive(Clone, Debug)]
pub(super) struct Model {
    filters: [Filter; HYPOTHESIS_COUNT],
    /// Square of the noise of a rest: mean over the rests so far.
    noise_square: f64,
    rest_count: u32,
    /// Time of the last rest, in minutes.
    at_min: f64,
}

/// State and covariance under one hypothesis. Places: 0 level, 1 slope, 2 first level.
#[derive(Clone, Copy, Debug)]
struct Filter {
    state: [f64; 3],
    p00: f64,
    p01: f64,
    p02: f64,
    p11: f64,
    p12: f64,
    p22: f64,
    log_weight: f64,
}

impl Filter {
    const EMPTY: Self = Self {
        state: [0.0; 3],
        p00: 0.0,
        p01: 0.0,
        p02: 0.0,
        p11: 0.0,
        p12: 0.0,
        p22: 0.0,
        log_weight: 0.0,
    };

    /// After `minutes`; `scale` is the square of the noise of a rest.
    fn predicted(mut self, minutes: f64, hypothesis: &Hypothesis, scale: f64) -> Self {
        let dt = minutes;
        let wander = hypothesis.wander * hypothesis.wander * scale;
        let change = hypothesis.slope_change * hypothesis.slope_change * scale;
        // What is left of the slope, and for how long at its full height it acts.
        let (left, acts) = if hypothesis.settling_min.is_finite() {
            let left = libm::exp(-dt / hypothesis.settling_min);
            (left, hypothesis.settling_min * (1.0 - left))
        } else {
            (1.0, dt)
        };
        self.state[0] += acts * self.state[1];
        self.state[1] *= left;
        self.p00 +=
            acts * (2.0 * self.p01 + acts * self.p11) + dt * wander + dt * dt * dt / 3.0 * change;
        self.p01 = left * (self.p01 + acts * self.p11) + dt * dt / 2.0 * change;
        self.p02 += acts * self.p12;
        self.p11 = left * left * self.p11 + dt * change;
        self.p12 *= left;
        self
    }

    fn update(&mut self, level: f64, noise_square: f64) {
        let surprise = level - self.state[0];
        let variance = self.p00 + noise_square;
        let gain = [self.p00 / variance, self.p01 / variance, self.p02 / variance];
        for (state, gain) in self.state.iter_mut().zip(gain) {
            *state += gain * surprise;
        }
        self.p22 -= gain[2] * self.p02;
        self.p12 -= gain[1] * self.p02;
        self.p11 -= gain[1] * self.p01;
        self.p02 -= gain[0] * self.p02;
        self.p01 -= gain[0] * self.p01;
        self.p00 -= gain[0] * self.p00;
        self.log_weight -= 0.5 * (libm::log(variance) + surprise * surprise / variance);
    }
}

/// Mean and standard deviation of a mixture.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// What is foretold for an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forecast {
    /// Level less the first level.
    pub(super) change: Moments,
    /// Slope for a minute.
    pub(super) slope: Moments,
    /// What a rest would be measured as.
    pub(super) rest: Moments,
}

impl Model {
    pub(super) const fn new() -> Self {
        Self {
            filters: [Filter::EMPTY; HYPOTHESIS_COUNT],
            noise_square: 0.0,
            rest_count: 0,
            at_min: 0.0,
        }
    }

    pub(super) const fn rest_count(&self) -> u32 {
        self.rest_count
    }

    pub(super) const fn at_min(&self) -> f64 {
        self.at_min
    }

    /// Takes a rest: its level and the standard error of it, at an instant not before the last one.
    pub(super) fn take(&mut self, at_min: f64, level: f64, error: f64) {
        // A level of few equal codes has no spread; a billionth of it keeps the arithmetic defined.
        let square = error * error + (1e-9 * level) * (1e-9 * level) + 1e-200;
        let weight = 1.0 / f64::from(self.rest_count.min(19) + 1);
        self.noise_square += weight * (square - self.noise_square);
        let minutes = (at_min - self.at_min).max(0.0);
        let rest_square = 0.5 * (square + self.noise_square);
        let scale = self.noise_square;
        for (filter, hypothesis) in self.filters.iter_mut().zip(hypotheses()) {
            let noise_square = hypothesis.noise_square(rest_square, scale);
            if self.rest_count == 0 {
                *filter = Filter {
                    state: [level, 0.0, level],
                    p00: noise_square,
                    p02: noise_square,
                    p22: noise_square,
                    p11: SLOPE_PRIOR * SLOPE_PRIOR * rest_square,
                    ..Filter::EMPTY
                };
            } else {
                *filter = filter.predicted(minutes, &hypothesis, scale);
                filter.update(level, noise_square);
            }
        }
        self.at_min = at_min;
        self.rest_count = self.rest_count.saturating_add(1);
    }

    /// The level has jumped by about `height`: where it is now is open, what it began with is not.
    pub(super) fn jump(&mut self, height: f64) {
        for filter in &mut self.filters {
            filter.p00 += height * height;
        }
    }

    /// What is foretold for an instant not before the last rest.
    pub(super) fn forecast(&self, at_min: f64) -> Forecast {
        let minutes = (at_min - self.at_min).max(0.0);
        let highest =
            self.filters.iter().map(|filter| filter.log_weight).fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        let (mut change, mut slope, mut rest) = (Sums::ZERO, Sums::ZERO, Sums::ZERO);
        // Means are taken about one of them, so that squares of a large offset cannot cancel.
        let middle = self.filters[0].state;
        let scale = self.noise_square;
        for (filter, hypothesis) in self.filters.iter().zip(hypotheses()) {
            let weight = libm::exp(filter.log_weight - highest);
            if weight < 1e-9 {
                continue;
            }
            total += weight;
            let then = filter.predicted(minutes, &hypothesis, scale);
            let [level, slope_then, first] = then.state;
            change.add(weight, level - first, then.p00 - 2.0 * then.p02 + then.p22);
            slope.add(weight, slope_then, then.p11);
            rest.add(weight, level - middle[0], then.p00 + hypothesis.noise_square(scale, scale));
        }
        let mut rest = rest.moments(total);
        rest.mean += middle[0];
        Forecast { change: change.moments(total), slope: slope.moments(total), rest }
    }
}

#[derive(Clone, Copy)]
struct Sums {
    mean: f64,
    square: f64,
}

impl Sums {
    const ZERO: Self = Self { mean: 0.0, square: 0.0 };

    fn add(&mut self, weight: f64, mean: f64, variance: f64) {
        self.mean += weight * mean;
        self.square += weight * (variance.max(0.0) + mean * mean);
    }

    fn moments(self, total: f64) -> Moments {
        let mean = self.mean / total;
        Moments { mean, deviation: (self.square / total - mean * mean).max(0.0).sqrt() }
    }
}

/// One of the ways in which the level may move.
#[derive(Clone, Copy, Debug)]
struct Hypothesis {
    noise_factor: f64,
    wander: f64,
    slope_change: f64,
    settling_min: f64,
}

impl Hypothesis {
    /// Variance of a measured rest, for a `rest_square` of its own and a `scale` of all.
    fn noise_square(&self, rest_square: f64, scale: f64) -> f64 {
        self.noise_factor * self.noise_factor * rest_square
            + WITHIN_REST * self.wander * self.wander * scale
    }
}

fn hypotheses() -> impl Iterator<Item = Hypothesis> {
    NOISE_FACTORS.into_iter().flat_map(|noise_factor| {
        WANDERS.into_iter().flat_map(move |wander| {
            SLOPES.into_iter().map(move |(slope_change, settling_min)| Hypothesis {
                noise_factor,
                wander,
                slope_change,
                settling_min,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;

    fn run(levels: impl Iterator<Item = (f64, f64)>, error: f64) -> Model {
        let mut model = Model::new();
        for (at_min, level) in levels {
            model.take(at_min, level, error);
        }
        model
    }

    #[test]
    fn a_straight_line_is_followed_and_its_slope_known() {
        let mut noise = Noise::new(1);
        let model = run(
            (0..40).map(|n| {
                let at_min = f64::from(n) * 0.5;
                (at_min, 50.0 + 1.3 * at_min + 0.2 * noise.gaussian())
            }),
            0.2,
        );
        let forecast = model.forecast(19.5);
        assert!((forecast.change.mean - 1.3 * 19.5).abs() < 0.4, "{forecast:?}");
        assert!((forecast.slope.mean - 1.3).abs() < 0.3, "{forecast:?}");
        assert!(forecast.change.deviation < 0.3, "{forecast:?}");
    }

    #[test]
    fn the_further_from_a_rest_the_less_is_known() {
        let mut noise = Noise::new(2);
        let model = run((0..20).map(|n| (f64::from(n) * 0.5, noise.gaussian())), 1.0);
        let deviations = [9.5, 10.0, 12.0, 20.0].map(|at| model.forecast(at).change.deviation);
        assert!(deviations.is_sorted(), "{deviations:?}");
    }

    #[test]
    fn scale_and_offset_of_the_channel_change_nothing_else() {
        let levels = |scale: f64, offset: f64| {
            let mut noise = Noise::new(3);
            run(
                (0..30).map(move |n| {
                    let at_min = f64::from(n) / 3.0;
                    (at_min, offset + scale * (0.8 * at_min + 0.3 * noise.gaussian()))
                }),
                0.3 * scale,
            )
        };
        let one = levels(1.0, 0.0).forecast(11.0);
        let other = levels(1000.0, 1e5).forecast(11.0);
        // The offset costs five of sixteen digits, and a billionth of it counts as noise.
        for (a, b) in [(one.change, other.change), (one.slope, other.slope)] {
            assert!((1000.0 * a.mean / b.mean - 1.0).abs() < 1e-6, "{a:?} {b:?}");
            assert!((1000.0 * a.deviation / b.deviation - 1.0).abs() < 1e-6, "{a:?} {b:?}");
        }
    }

    #[test]
    fn rests_without_any_spread_do_no_harm() {
        let forecast = run((0..30).map(|n| (f64::from(n), 7.0)), 0.0).forecast(31.0);
        assert!(forecast.change.mean.abs() < 1e-6, "{forecast:?}");
        assert!(forecast.change.deviation.is_finite());
    }
}
