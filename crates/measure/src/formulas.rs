//! The arithmetic: each takes plain numbers, sums from the first to the last, and gives only what is finite.

/// Arithmetic mean.
pub(crate) fn mean(x: &[f64]) -> Option<f64> {
    finite(x.iter().sum::<f64>() / x.len() as f64)
}

/// Standard deviation of a sample: the sum of squares about the mean over `n - 1`. Needs two values.
pub(crate) fn sd(x: &[f64]) -> Option<f64> {
    if x.len() < 2 {
        return None;
    }
    sd_about(x, mean(x)?)
}

/// [`sd`] of values whose mean is known.
pub(crate) fn sd_about(x: &[f64], mean: f64) -> Option<f64> {
    if x.len() < 2 {
        return None;
    }
    let squares: f64 = x.iter().map(|x| (x - mean) * (x - mean)).sum();
    finite((squares / (x.len() - 1) as f64).sqrt())
}

/// The middle value, or the mean of the two in the middle. Puts the values into another order.
pub(crate) fn median(x: &mut [f64]) -> Option<f64> {
    let (half, is_odd) = (x.len() / 2, x.len() % 2 == 1);
    if x.is_empty() {
        return None;
    }
    let (before, upper, _) = x.select_nth_unstable_by(half, f64::total_cmp);
    let upper = *upper;
    if is_odd {
        return finite(upper);
    }
    let lower = before.iter().copied().max_by(f64::total_cmp)?;
    finite(0.5 * lower + 0.5 * upper)
}

/// Slope of the straight line through `(t, x)` by least squares. Needs three points.
pub(crate) fn slope(t: &[f64], x: &[f64]) -> Option<f64> {
    if x.len() < 3 || t.len() != x.len() {
        return None;
    }
    // Two sums at once: each waits for itself alone.
    let (sum_t, sum_x) = sums(t.iter().zip(x).map(|(t, x)| (*t, *x)));
    let count = x.len() as f64;
    let (mean_t, mean_x) = (finite(sum_t / count)?, finite(sum_x / count)?);
    let pairs = t.iter().zip(x).map(|(t, x)| (t - mean_t, x - mean_x));
    let (both, alone) = sums(pairs.map(|(t, x)| (t * x, t * t)));
    finite(both / alone)
}

/// Two sums, each from the first to the last.
fn sums(pairs: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    // As the library's sums begin, so that a sum of negative zeros keeps its sign.
    pairs.fold((-0.0, -0.0), |(one, other), (x, y)| (one + x, other + y))
}

/// Correlation after Pearson. Needs three pairs; `None` if one of the two does not vary.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 3 || y.len() != x.len() {
        return None;
    }
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let pairs = || x.iter().zip(y).map(|(x, y)| (x - mean_x, y - mean_y));
    let (xx, yy) = sums(pairs().map(|(x, y)| (x * x, y * y)));
    let xy: f64 = pairs().map(|(x, y)| x * y).sum();
    // Rounding may lead a little beyond one.
    finite(xy / (xx.sqrt() * yy.sqrt())).map(|r| r.clamp(-1.0, 1.0))
}

/// Standard error of the level of a stretch, from its means over bins of 1 s:
/// `SD / sqrt(n (1 - r) / (1 + r))`, where `r` is the correlation of each bin with the next one
/// (`sum (b_i - m)(b_{i+1} - m) / sum (b_i - m)²`), kept within 0 and 0.95: what drifts slowly has fewer
/// independent bins than it has bins. Needs five bins.
///
/// # Source
///
/// Bayley and Hammersley 1946, "The effective number of independent observations in an autocorrelated time
/// series", J. R. Stat. Soc. Suppl. 8:184, for a first-order process.
pub(crate) fn standard_error(bins: &[f64]) -> Option<f64> {
    if bins.len() < 5 {
        return None;
    }
    let mean = mean(bins)?;
    let sd = sd_about(bins, mean)?;
    let squares: f64 = bins.iter().map(|bin| (bin - mean) * (bin - mean)).sum();
    if squares <= 0.0 {
        return Some(0.0);
    }
    let next: f64 = bins.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let r = (next / squares).clamp(0.0, 0.95);
    finite(sd / (bins.len() as f64 * (1.0 - r) / (1.0 + r)).sqrt())
}

/// What is finite.
pub(crate) fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_give_what_can_be_worked_out_by_hand() {
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(sd(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
        assert_eq!(median(&mut [5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&mut [5.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(slope(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]), Some(2.0));
        let r = correlation(&[0.0, 1.0, 2.0], &[4.0, 2.0, 0.0]).expect("both vary");
        assert!((r + 1.0).abs() < 1e-15);
        assert_eq!(standard_error(&[2.0; 9]), Some(0.0));
    }

    #[test]
    fn nothing_comes_of_nothing_and_of_what_is_not_finite() {
        assert_eq!(mean(&[]), None);
        assert_eq!(sd(&[1.0]), None);
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [f64::NAN]), None);
        assert_eq!(mean(&[1e308, 1e308]), None);
        assert_eq!(slope(&[1.0; 3], &[1.0, 2.0, 3.0]), None);
        assert_eq!(correlation(&[1.0; 3], &[1.0, 2.0, 3.0]), None);
        assert_eq!(standard_error(&[1e300, -1e300, 1e300, -1e300, 0.0]), None);
    }

    #[test]
    fn what_drifts_is_known_less_well_than_what_flickers() {
        let flicker: Vec<f64> = (0..20).map(|bin| f64::from(bin * 7 % 5)).collect();
        let mut drift = flicker.clone();
        drift.sort_by(f64::total_cmp);
        let (flicker, drift) = (standard_error(&flicker), standard_error(&drift));
        assert!(drift > flicker.map(|error| 2.0 * error), "{drift:?} {flicker:?}");
    }
}
