//! Distributions that are drawn from.

use crate::rng::SeededRng;

/// Standard normal quantile of 95 %.
pub(crate) const Z95: f64 = 1.644_853_626_951_472_7;
/// Standard normal quantile of 97.5 %: half of a 95 % range.
const Z975: f64 = 1.959_963_984_540_054;

/// A mean and a standard deviation, and the shape between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Shape.
    pub shape: Shape,
}

/// Shape of a [`Spread`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Normal.
    Normal,
    /// The logarithm is normal: for what cannot be negative and whose spread is large. Published
    /// means and standard deviations of EMG are those of a log-normal quantity (Oleksy 2020: a normal
    /// one would have a negative 5th percentile).
    LogNormal,
}

impl Spread {
    /// Normal.
    #[must_use]
    pub const fn normal(mean: f64, sd: f64) -> Self {
        Self { mean, sd, shape: Shape::Normal }
    }

    /// Log-normal, with the mean and the standard deviation of the quantity itself.
    #[must_use]
    pub const fn log_normal(mean: f64, sd: f64) -> Self {
        Self { mean, sd, shape: Shape::LogNormal }
    }

    /// Log-normal, from the range in which the middle 95 % lie.
    #[must_use]
    pub fn from_range(low: f64, high: f64) -> Self {
        let middle = 0.5 * (libm::log(low) + libm::log(high));
        let sigma = (libm::log(high) - libm::log(low)) / (2.0 * Z975);
        let mean = libm::exp(middle + 0.5 * sigma * sigma);
        Self::log_normal(mean, mean * libm::sqrt(libm::exp(sigma * sigma) - 1.0))
    }

    /// The same, everything multiplied.
    #[must_use]
    pub const fn times(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, sd: self.sd * factor, shape: self.shape }
    }

    /// Mean and standard deviation of the logarithm, if it is log-normal.
    fn logarithm(self) -> (f64, f64) {
        let ratio = self.sd / self.mean;
        let variance = libm::log(1.0 + ratio * ratio);
        (libm::log(self.mean) - 0.5 * variance, libm::sqrt(variance))
    }

    /// The value that lies `z` standard deviations from the middle.
    #[must_use]
    pub fn at(self, z: f64) -> f64 {
        match self.shape {
            Shape::Normal => self.mean + z * self.sd,
            Shape::LogNormal => {
                let (middle, sigma) = self.logarithm();
                libm::exp(middle + z * sigma)
            }
        }
    }

    /// 5th percentile.
    #[must_use]
    pub fn p5(self) -> f64 {
        self.at(-Z95)
    }

    /// 95th percentile.
    #[must_use]
    pub fn p95(self) -> f64 {
        self.at(Z95)
    }

    /// A value from it.
    pub(crate) fn draw(self, rng: &mut SeededRng) -> f64 {
        self.at(rng.gaussian())
    }

    /// A value from the part of it between two limits: again until one fits. Where hardly anything of
    /// it lies between them, evenly from there, or from within a tenth of the only limit.
    pub(crate) fn draw_within(self, low: f64, high: f64, rng: &mut SeededRng) -> f64 {
        for _ in 0..200 {
            let value = self.draw(rng);
            if value >= low && value <= high {
                return value;
            }
        }
        let share = rng.uniform();
        match (low.is_finite(), high.is_finite()) {
            (true, true) => low + share * (high - low),
            (true, false) => low + 0.1 * share * libm::fabs(low),
            (false, _) => high - 0.1 * share * libm::fabs(high),
        }
    }
}

/// Evenly between two limits.
pub(crate) fn evenly(low: f64, high: f64, rng: &mut SeededRng) -> f64 {
    low + (high - low) * rng.uniform()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_normal_has_the_mean_and_deviation_it_was_given() {
        let spread = Spread::log_normal(37.05, 25.99);
        let mut rng = SeededRng::new(1);
        let n = 200_000;
        let values: Vec<f64> = (0..n).map(|_| spread.draw(&mut rng)).collect();
        let mean = values.iter().sum::<f64>() / f64::from(n);
        let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n)).sqrt();
        // Four standard errors: 0.23 of the mean; the deviation of so skew a quantity is worse.
        assert!((mean - 37.05).abs() < 0.24, "{mean}");
        assert!((sd - 25.99).abs() < 0.8, "{sd}");
    }

    #[test]
    fn percentiles_are_those_derived_from_the_papers() {
        // Oleksy 2020, pre-baseline rest 6.26 ± 3.33: P5 / P95 by hand 2.4 / 12.6.
        let rest = Spread::log_normal(6.26, 3.33);
        assert!((rest.p5() - 2.4).abs() < 0.05 && (rest.p95() - 12.6).abs() < 0.05);
        // Næss and Bø 2015, controls 17.3 ± 4.4: P95 24.5.
        assert!((Spread::normal(17.3, 4.4).p95() - 24.5).abs() < 0.05);
    }

    #[test]
    fn a_range_gives_itself_back() {
        let spread = Spread::from_range(29.0, 90.0);
        assert!((spread.at(-Z975) - 29.0).abs() < 1e-9 && (spread.at(Z975) - 90.0).abs() < 1e-9);
    }

    #[test]
    fn what_must_lie_between_limits_does() {
        let mut rng = SeededRng::new(3);
        let spread = Spread::normal(0.0, 1.0);
        for (low, high) in [(1.0, 2.0), (9.0, 9.5), (9.0, f64::INFINITY), (f64::NEG_INFINITY, -9.0)]
        {
            for _ in 0..50 {
                let value = spread.draw_within(low, high, &mut rng);
                assert!(value >= low && value <= high, "{low} {value} {high}");
            }
        }
    }
}
