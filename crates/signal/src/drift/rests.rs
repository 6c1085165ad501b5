//! Which part of a stretch of pressure is rest.

/// A second of signal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// How manieth of the signal.
    pub(super) number: u64,
    pub(super) mean: f64,
    /// Whether it is known to be something else than rest.
    pub(super) active: bool,
}

impl Moment {
    pub(super) const EMPTY: Self = Self { number: 0, mean: 0.0, active: false };
}

/// A rest: when, how high, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RestLevel {
    /// Mean of the numbers of its moments.
    pub(super) number: f64,
    pub(super) level: f64,
    /// Standard error of the level, as if moments were independent.
    pub(super) error: f64,
}

/// Fewest moments that make a rest.
///
/// Our choice: four seconds, about one breath at rest.
pub(super) const LEAST_COUNT: usize = 4;

/// The level at which the lower part of the moments lies most densely, with all moments around it.
///
/// Contractions are above rest, so the search begins below: of all runs of sorted moments that hold
/// three tenths of them and begin in the lowest quarter, the shortest is the core. It then grows: what
/// is within three standard deviations of the mean of those taken is taken as well, until nothing
/// changes. So a wave of breathing is taken whole, while a contraction stays behind the emptiness of
/// its rising slope, and single low values (a release below rest, a push) do not pull.
///
/// Our choice, all three numbers; `tests/snapshots/drift.txt` shows what they give. Sorts `moments`.
pub(super) fn find(moments: &mut [Moment]) -> Option<RestLevel> {
    let count = moments.len();
    if count < LEAST_COUNT {
        return None;
    }
    moments.sort_unstable_by(|a, b| a.mean.total_cmp(&b.mean).then(a.number.cmp(&b.number)));
    let core = (count * 3).div_ceil(10).max(3);
    let start = (0..=count / 4).filter(|start| start + core <= count).min_by(|a, b| {
        let width = |start: usize| moments[start + core - 1].mean - moments[start].mean;
        width(*a).total_cmp(&width(*b))
    })?;
    let (mut start, mut end) = (start, start + core);
    for _ in 0..count {
        let (mean, deviation) = moments_of(&moments[start..end]);
        let near = |moment: &Moment| (moment.mean - mean).abs() <= 3.0 * deviation;
        let below = moments[..start].iter().rev().take_while(|moment| near(moment)).count();
        let above = moments[end..].iter().take_while(|moment| near(moment)).count();
        if below + above == 0 {
            break;
        }
        (start, end) = (start - below, end + above);
    }
    let taken = &moments[start..end];
    if taken.len() < LEAST_COUNT {
        return None;
    }
    let (level, deviation) = moments_of(taken);
    let len = taken.len() as f64;
    let first = taken.iter().map(|moment| moment.number).min()?;
    let later: f64 = taken.iter().map(|moment| (moment.number - first) as f64).sum();
    let number = first as f64 + later / len;
    let rest = RestLevel { number, level, error: deviation / len.sqrt() };
    (level.is_finite() && rest.error.is_finite()).then_some(rest)
}

/// Mean and standard deviation, about the first so that a large offset does not cancel.
fn moments_of(moments: &[Moment]) -> (f64, f64) {
    let len = moments.len() as f64;
    let origin = moments[0].mean;
    let mean = moments.iter().map(|moment| moment.mean - origin).sum::<f64>() / len;
    let squares: f64 = moments.iter().map(|moment| (moment.mean - origin - mean).powi(2)).sum();
    (origin + mean, (squares / (len - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;

    fn found(means: impl IntoIterator<Item = f64>) -> Option<RestLevel> {
        let mut moments: Vec<Moment> =
            (0..).zip(means).map(|(number, mean)| Moment { number, mean, active: false }).collect();
        find(&mut moments)
    }

    #[test]
    fn half_a_window_of_squeezing_leaves_the_rest() {
        let mut noise = Noise::new(1);
        for high in 0..=12 {
            let rest = found((0..20).map(|n| {
                let squeeze = if n < high { 30.0 + 3.0 * noise.uniform() } else { 0.0 };
                10.0 + 0.5 * noise.gaussian() + squeeze
            }))
            .expect("eight seconds are enough");
            assert!((rest.level - 10.0).abs() < 0.6, "{high} s of squeezing: {rest:?}");
        }
    }

    #[test]
    fn a_wave_of_breathing_is_taken_whole() {
        let rest = found((0..20).map(|n| 2.0 * libm::sin(f64::from(n) * 1.5))).expect("enough");
        assert!(rest.level.abs() < 0.3, "{rest:?}");
        assert!((rest.number - 9.5).abs() < 1.0, "{rest:?}");
    }

    #[test]
    fn single_low_values_do_not_pull() {
        let mut noise = Noise::new(4);
        let rest =
            found([-20.0, -15.0].into_iter().chain((0..18).map(|_| 5.0 + 0.3 * noise.gaussian())));
        assert!((rest.expect("enough").level - 5.0).abs() < 0.4, "{rest:?}");
    }

    #[test]
    fn too_little_and_too_wild_is_no_rest() {
        assert_eq!(found([1.0; 3]), None);
        assert_eq!(found([1.0; 4]).map(|rest| rest.level), Some(1.0));
        assert_eq!(found([f64::MAX, -f64::MAX, f64::MAX, -f64::MAX, 1.0]), None);
    }
}
