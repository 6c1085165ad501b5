//! The normal distribution.

use core::f64::consts::SQRT_2;

/// The 95th percentile of the standard normal distribution.
pub const Z95: f64 = 1.644_853_626_951_472_2;

/// The 97.5th percentile of the standard normal distribution.
pub const Z975: f64 = 1.959_963_984_540_054;

/// Distribution function of the standard normal distribution; NaN gives NaN.
#[must_use]
pub fn phi(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// Probability that the true value lies above `bound`, when `value` was measured with the standard
/// error `sigma`; `None` if that is not a positive finite number or anything is not finite.
#[must_use]
pub fn p_above(value: f64, bound: f64, sigma: f64) -> Option<f64> {
    let z = (value - bound) / sigma;
    (sigma > 0.0 && sigma.is_finite() && z.is_finite()).then(|| phi(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_values_of_the_tables() {
        // Abramowitz and Stegun, table 26.1, ten digits.
        for (z, p) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_1),
            (-1.0, 0.158_655_253_9),
            (2.0, 0.977_249_868_1),
            (-3.0, 0.001_349_898_0),
        ] {
            assert!((phi(z) - p).abs() < 1e-10, "{z}: {}", phi(z));
        }
        assert!((phi(Z95) - 0.95).abs() < 1e-15);
        assert!((phi(Z975) - 0.975).abs() < 1e-15);
    }

    #[test]
    fn without_an_error_there_is_no_probability() {
        assert_eq!(p_above(3.0, 2.0, 0.0), None);
        assert_eq!(p_above(3.0, 2.0, f64::NAN), None);
        assert_eq!(p_above(f64::INFINITY, 2.0, 1.0), None);
        assert_eq!(p_above(2.0, 2.0, 1.0), Some(0.5));
    }
}
