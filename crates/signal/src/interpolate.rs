//! The straight line between two values.

/// The value at `part` (0 to 1) of the way from `from` to `to`.
///
/// Exact at 0 and where both are equal. Halves, so that it stays finite wherever both values are.
pub(crate) fn between(from: f64, to: f64, part: f64) -> f64 {
    let half = (0.5 * to - 0.5 * from) * part;
    (from + half) + half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_exact_where_there_is_nothing_to_interpolate() {
        for value in [0.0, -3.3, 1e300, 5e-324] {
            for part in [0.0, 0.1, 0.7, 1.0] {
                assert_eq!(between(value, value, part).to_bits(), value.to_bits());
            }
            assert_eq!(between(value, 17.0, 0.0).to_bits(), value.to_bits());
        }
        assert_eq!(between(1.0, 4.0, 1.0).to_bits(), 4.0_f64.to_bits());
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        for part in [0.0, 0.3, 0.999_999, 1.0] {
            assert!(between(-f64::MAX, f64::MAX, part).is_finite());
        }
    }
}
