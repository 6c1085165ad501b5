//! Values between samples.

/// Weights of the samples at -2 to 3 for the value at `fraction`, 0 to 1: the polynomial of fifth
/// order through them (Lagrange).
pub(super) fn weights(fraction: f64) -> [f64; 6] {
    core::array::from_fn(|i| {
        let own = i as f64 - 2.0;
        let mut weight = 1.0;
        for j in 0..6 {
            if i != j {
                let other = f64::from(j as u8) - 2.0;
                weight *= (fraction - other) / (own - other);
            }
        }
        weight
    })
}

/// The value at `index` plus the fraction that `weights` are for; what is beyond the values is
/// zero.
pub(super) fn value(weights: &[f64; 6], index: i64, at: impl Fn(i64) -> f64) -> f64 {
    (index - 2..).zip(weights).map(|(place, weight)| weight * at(place)).sum()
}
