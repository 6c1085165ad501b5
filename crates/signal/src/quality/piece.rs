//! The signal in short pieces of fixed length: everything is found on sums over them.

use super::mains::Mains;
use crate::processor::Loop;

/// Sums over one piece, about its own mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Piece {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
    /// Mean square about the mean.
    pub(super) variance: f64,
}

impl Piece {
    /// `None` if a value is not finite or too large to be squared and summed.
    #[inline(always)]
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let origin = *values.first()?;
        // Lanes that are summed in a fixed order: the same bits whatever the processor can do.
        let mut min = [origin; LANES];
        let mut max = [origin; LANES];
        let mut sum = [0.0; LANES];
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                let x = chunk[lane];
                min[lane] = if x < min[lane] { x } else { min[lane] };
                max[lane] = if x > max[lane] { x } else { max[lane] };
                sum[lane] += x - origin;
            }
        }
        for (lane, &x) in rest.iter().enumerate() {
            min[lane] = if x < min[lane] { x } else { min[lane] };
            max[lane] = if x > max[lane] { x } else { max[lane] };
            sum[lane] += x - origin;
        }
        // A loop of its own: together, the compiler makes pairs of a sum and a square, and no vectors.
        let square = squares(values, origin);
        let weight = 1.0 / values.len() as f64;
        let mean = total(sum) * weight;
        let variance = total(square) * weight - mean * mean;
        let smaller = |a: f64, b: f64| if b < a { b } else { a };
        let larger = |a: f64, b: f64| if b > a { b } else { a };
        (variance.is_finite() && origin.is_finite()).then_some(Self {
            min: min.into_iter().fold(min[0], smaller),
            max: max.into_iter().fold(max[0], larger),
            mean: origin + mean,
            variance: if variance > 0.0 { variance } else { 0.0 },
        })
    }

    /// Whether all values are the same.
    pub(super) const fn is_constant(&self) -> bool {
        same(self.min, self.max)
    }

    pub(super) const fn range(&self) -> f64 {
        self.max - self.min
    }
}

/// All that is done to every sample of a piece of EMG, for [`Processor`](crate::Processor).
pub(super) struct Look<'a> {
    pub(super) values: &'a [f64],
    /// The same samples filtered, if their mean square is wanted.
    pub(super) filtered: Option<&'a [f64]>,
    pub(super) mains: &'a mut Mains,
    /// The smallest step so far, if it is to be looked for.
    pub(super) step: Option<f64>,
}

/// What comes of it.
pub(super) struct Looked {
    pub(super) piece: Option<Piece>,
    /// Mean square of what was filtered.
    pub(super) square: Option<f64>,
    /// The smallest step, if it was asked for.
    pub(super) step: Option<f64>,
}

impl Loop for Look<'_> {
    type Output = Looked;

    #[inline(always)]
    fn run(self) -> Looked {
        let Some(piece) = Piece::of(self.values) else {
            return Looked { piece: None, square: None, step: self.step };
        };
        self.mains.push(self.values, piece.mean);
        Looked {
            piece: Some(piece),
            square: self.filtered.and_then(mean_square),
            step: self.step.map(|step| smallest_step(self.values, step)),
        }
    }
}

/// Mean square of a piece that has no mean; `None` as for [`Piece::of`].
#[inline(always)]
fn mean_square(values: &[f64]) -> Option<f64> {
    // Less zero is the same to the bit.
    let mean = total(squares(values, 0.0)) / values.len() as f64;
    mean.is_finite().then_some(mean)
}

/// Sums of the squares of distances from `origin`, in lanes.
#[inline(always)]
fn squares(values: &[f64], origin: f64) -> [f64; LANES] {
    let mut square = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            let d = chunk[lane] - origin;
            square[lane] += d * d;
        }
    }
    for (lane, x) in rest.iter().enumerate() {
        square[lane] += (x - origin) * (x - origin);
    }
    square
}

const LANES: usize = 4;

/// Whether two values are the same code: to the bit, but for the sign of zero.
#[expect(clippy::float_cmp, reason = "codes repeat exactly or not at all")]
pub(super) const fn same(a: f64, b: f64) -> bool {
    a == b
}

#[inline(always)]
fn total(lanes: [f64; LANES]) -> f64 {
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}

/// The smallest step between neighbours that is none, as a guess at the converter's.
#[inline(always)]
fn smallest_step(values: &[f64], known: f64) -> f64 {
    let step = |one: f64, other: f64| {
        let d = (other - one).abs();
        if d > 0.0 { d } else { f64::INFINITY }
    };
    let smaller = |a: f64, b: f64| if b < a { b } else { a };
    let after = values.get(1..).unwrap_or_default();
    let (ones, rest) = values[..after.len()].as_chunks::<LANES>();
    let (others, rest_after) = after.as_chunks::<LANES>();
    let mut least = [known; LANES];
    for (one, other) in ones.iter().zip(others) {
        for lane in 0..LANES {
            least[lane] = smaller(least[lane], step(one[lane], other[lane]));
        }
    }
    for (lane, (one, other)) in rest.iter().zip(rest_after).enumerate() {
        least[lane] = smaller(least[lane], step(*one, *other));
    }
    least.into_iter().fold(known, smaller)
}

/// The converter's step of a level.
///
/// A level that was put on an even axis lies between two codes for a sample each time it moves, so the
/// smallest difference says nothing of the converter. Where values repeat, only those that do are codes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelStep {
    last: f64,
    /// The newest value that came twice in a row.
    held: f64,
    smallest: f64,
    smallest_held: f64,
    count: u64,
    held_count: u64,
}

impl LevelStep {
    pub(super) const fn new() -> Self {
        Self {
            last: f64::NAN,
            held: f64::NAN,
            smallest: f64::INFINITY,
            smallest_held: f64::INFINITY,
            count: 0,
            held_count: 0,
        }
    }

    pub(super) const fn gap(&mut self) {
        self.last = f64::NAN;
    }

    pub(super) fn push(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        if same(value, self.last) {
            self.held_count += 1;
            let d = (value - self.held).abs();
            if d > 0.0 && d < self.smallest_held {
                self.smallest_held = d;
            }
            self.held = value;
        } else {
            let d = (value - self.last).abs();
            if d < self.smallest {
                self.smallest = d;
            }
        }
        self.last = value;
    }

    /// Infinite as long as nothing is known.
    pub(super) fn step(&self) -> f64 {
        if 4 * self.held_count >= self.count {
            return self.smallest_held;
        }
        self.smallest
    }
}

/// The newest of a series, `ago(0)` being the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring<T, const N: usize> {
    items: [T; N],
    count: usize,
}

impl<T: Copy + Default, const N: usize> Ring<T, N> {
    pub(super) fn new() -> Self {
        const { assert!(N.is_power_of_two()) };
        Self { items: [T::default(); N], count: 0 }
    }

    #[inline]
    pub(super) const fn push(&mut self, item: T) {
        self.items[self.count & (N - 1)] = item;
        self.count += 1;
    }

    pub(super) const fn clear(&mut self) {
        self.count = 0;
    }

    /// How many there are, at most `N`.
    pub(super) const fn len(&self) -> usize {
        if self.count < N { self.count } else { N }
    }

    #[inline]
    pub(super) const fn ago(&self, age: usize) -> &T {
        &self.items[self.count.wrapping_sub(1 + age) & (N - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_has_the_sums_of_the_definition_far_from_zero() {
        let values: Vec<f64> = (0..41).map(|i| 1e6 + f64::from(i * i % 17)).collect();
        let piece = Piece::of(&values).expect("finite");
        let mean = values.iter().sum::<f64>() / 41.0;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 41.0;
        // 1e6 has 1e-10 of round-off, summed over 41 values.
        assert!((piece.mean - mean).abs() < 1e-8, "{piece:?}");
        assert!((piece.variance - variance).abs() < 1e-8, "{piece:?} {variance}");
        assert_eq!((piece.min, piece.max), (1e6, 1e6 + 16.0));
    }

    #[test]
    fn a_piece_of_odd_values_is_none() {
        for odd in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Piece::of(&[1.0, odd, 2.0]), None);
            assert_eq!(Piece::of(&[odd, 1.0, 2.0]), None);
        }
        assert_eq!(Piece::of(&[]), None);
    }

    #[test]
    fn the_smallest_step_passes_over_repeats() {
        assert!(same(smallest_step(&[1.0, 1.0, 4.0, 2.0], f64::INFINITY), 2.0));
        assert!(same(smallest_step(&[1.0; 9], 7.0), 7.0));
        for place in 0..12 {
            let mut values: Vec<f64> = (0..13).map(|i| 10.0 * f64::from(i)).collect();
            values[place + 1] = values[place] + 0.5;
            assert!(same(smallest_step(&values, f64::INFINITY), 0.5), "{place}");
        }
    }
}
