//! Median and other percentiles of a moving window.

use core::fmt;

use crate::interpolate::between;

/// Longest window, in samples: 14 minutes at 20 kHz.
///
/// Our choice: room for every baseline we can think of in 400 MB; what is longer is a mistake in the
/// settings.
pub const MAX_PERCENTILE_WINDOW: usize = 1 << 24;

/// Percentile of the last `window` samples, one value per sample.
///
/// Out has the unit of the channel. A low percentile (0.1, say) of an envelope or of a pressure over a
/// time that is longer than any contraction follows the resting level and not the contractions; 0.5 is
/// the moving median, which removes spikes that fill less than half the window.
///
/// Definition: of `m` sorted values, counted from 0, the one at position `ratio · (m - 1)`, by a
/// straight line between two neighbours. The first `window - 1` values are computed over what has
/// arrived.
///
/// Delay: half the window for the median of a rise. There is no one delay for other percentiles: a low
/// one follows a fall early and a rise late.
///
/// A sample that is not finite (NaN, an infinity) takes up its place in the window and is otherwise
/// ignored; if the window holds nothing else, the result is NaN. A gap is a [`Self::reset`].
///
/// Cost: a handful of comparisons for each doubling of the window, in the worst case too.
///
/// # Source
///
/// NumPy's `percentile` with its default method `linear`; Hyndman and Fan, 1996, The American
/// Statistician 50:361, definition 7. Two heaps with a window: Härdle and Steiger, 1995, Applied
/// Statistics 44:258.
#[derive(Clone, Debug)]
pub struct MovingPercentile {
    ratio: f64,
    window: usize,
    /// The window as a ring: the sample at `oldest` leaves next. NaN where nothing has come yet, and
    /// for what was not finite.
    values: Box<[f64]>,
    oldest: usize,
    /// Where the value of each place of the ring stands in its heap.
    positions: Box<[Position]>,
    /// The lower values, the largest on top. With [`Self::upper`] it shares the finite values.
    lower: Heap,
    /// The upper values, the smallest on top.
    upper: Heap,
}

/// Why there is no such percentile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PercentileError {
    /// The ratio is not within 0 to 1.
    Ratio {
        /// The ratio that was given.
        ratio: f64,
    },
    /// The window is empty or longer than there is memory for.
    Window {
        /// The window that was asked for, in samples.
        window: usize,
        /// The longest that can be had, in samples.
        max_window: usize,
    },
}

impl fmt::Display for PercentileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ratio { ratio } => write!(f, "percentile {ratio} is not within 0 to 1"),
            Self::Window { window, max_window } => {
                write!(f, "window of {window} samples is not within 1 to {max_window}")
            }
        }
    }
}

impl core::error::Error for PercentileError {}

impl MovingPercentile {
    /// Memory for windows up to `max_window` samples, and a window of that length. The only call that
    /// allocates: 24 bytes a sample.
    ///
    /// `ratio` is 0 for the minimum, 0.5 for the median, 1 for the maximum.
    ///
    /// # Errors
    ///
    /// [`PercentileError`]: a ratio outside 0 to 1, a window outside 1 to [`MAX_PERCENTILE_WINDOW`].
    pub fn new(max_window: usize, ratio: f64) -> Result<Self, PercentileError> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(PercentileError::Ratio { ratio });
        }
        if max_window == 0 || max_window > MAX_PERCENTILE_WINDOW {
            return Err(PercentileError::Window {
                window: max_window,
                max_window: MAX_PERCENTILE_WINDOW,
            });
        }
        Ok(Self {
            ratio,
            window: max_window,
            values: vec![f64::NAN; max_window].into_boxed_slice(),
            oldest: 0,
            positions: vec![Position::Nowhere; max_window].into_boxed_slice(),
            lower: Heap::new(Side::Lower, max_window),
            upper: Heap::new(Side::Upper, max_window),
        })
    }

    /// Begins anew with this window, in samples.
    ///
    /// # Errors
    ///
    /// [`PercentileError::Window`] for 0 and for more than there is memory for; nothing is changed then.
    pub fn start(&mut self, window: usize) -> Result<(), PercentileError> {
        if window == 0 || window > self.values.len() {
            return Err(PercentileError::Window { window, max_window: self.values.len() });
        }
        self.window = window;
        self.reset();
        Ok(())
    }

    /// Forgets all samples; the window stays.
    pub fn reset(&mut self) {
        self.values.fill(f64::NAN);
        self.positions.fill(Position::Nowhere);
        self.oldest = 0;
        self.lower.len = 0;
        self.upper.len = 0;
    }

    /// Takes one sample, gives the percentile up to and including it.
    pub fn step(&mut self, x: f64) -> f64 {
        let place = self.oldest;
        self.oldest = if place + 1 == self.window { 0 } else { place + 1 };
        match self.positions[place] {
            Position::Nowhere => {}
            Position::In(Side::Lower, at) => {
                self.lower.remove(at, &self.values, &mut self.positions);
            }
            Position::In(Side::Upper, at) => {
                self.upper.remove(at, &self.values, &mut self.positions);
            }
        }
        self.positions[place] = Position::Nowhere;
        self.values[place] = x;
        if x.is_finite() {
            // An empty lower heap is filled below.
            let heap = match self.upper.top(&self.values) {
                Some(least) if x >= least => &mut self.upper,
                _ => &mut self.lower,
            };
            heap.insert(place, &self.values, &mut self.positions);
        }
        self.value()
    }

    /// Replaces each sample of a block by the percentile: the same bits as [`Self::step`].
    pub fn process(&mut self, block: &mut [f64]) {
        for x in block {
            *x = self.step(*x);
        }
    }

    /// Moves values from heap to heap until the percentile lies between their tops.
    fn value(&mut self) -> f64 {
        let count = self.lower.len + self.upper.len;
        if count == 0 {
            return f64::NAN;
        }
        let position = self.ratio * (count - 1) as f64;
        // `ratio` is at most one, so this is at most `count - 1`.
        let below = position as usize;
        // One sample came and one went, so there are at most three moves.
        while self.lower.len < below + 1 {
            let place = self.upper.remove(0, &self.values, &mut self.positions);
            self.lower.insert(place, &self.values, &mut self.positions);
        }
        while self.lower.len > below + 1 {
            let place = self.lower.remove(0, &self.values, &mut self.positions);
            self.upper.insert(place, &self.values, &mut self.positions);
        }
        let from = self.lower.top(&self.values).unwrap_or(f64::NAN);
        match self.upper.top(&self.values) {
            Some(to) => between(from, to, position - below as f64),
            None => from,
        }
    }

    /// Samples in the window.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.window
    }

    /// Which percentile, as a ratio of 0 to 1.
    #[must_use]
    pub const fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Half the window: the delay of the median where the signal only rises or only falls.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        (self.window - 1) as f64 / 2.0
    }
}

/// Which of the two heaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Lower,
    Upper,
}

/// Where the value of one place of the ring is.
#[derive(Clone, Copy, Debug)]
enum Position {
    /// In no heap: nothing has come, or it is not finite.
    Nowhere,
    /// At this position of that heap.
    In(Side, u32),
}

/// A binary heap of places in the ring, which tells each place where it stands: so the oldest sample
/// is found without a search.
#[derive(Clone, Debug)]
struct Heap {
    side: Side,
    places: Box<[u32]>,
    len: usize,
}

impl Heap {
    fn new(side: Side, capacity: usize) -> Self {
        Self { side, places: vec![0; capacity].into_boxed_slice(), len: 0 }
    }

    fn top(&self, values: &[f64]) -> Option<f64> {
        (self.len > 0).then(|| values[self.places[0] as usize])
    }

    /// Whether a value belongs above another one. All are finite here.
    fn is_above(&self, value: f64, other: f64) -> bool {
        match self.side {
            Side::Lower => value > other,
            Side::Upper => value < other,
        }
    }

    fn insert(&mut self, place: usize, values: &[f64], positions: &mut [Position]) {
        self.len += 1;
        self.rise(self.len - 1, place as u32, values, positions);
    }

    /// Takes out what stands at position `at` and gives its place in the ring.
    fn remove(&mut self, at: u32, values: &[f64], positions: &mut [Position]) -> usize {
        let at = at as usize;
        let removed = self.places[at] as usize;
        self.len -= 1;
        if at < self.len {
            let moved = self.places[self.len];
            let at = self.sink(at, moved, values, positions);
            self.rise(at, moved, values, positions);
        }
        removed
    }

    /// Puts `place` at position `at` or, as long as it belongs above its parent, higher.
    fn rise(&mut self, mut at: usize, place: u32, values: &[f64], positions: &mut [Position]) {
        let value = values[place as usize];
        while at > 0 {
            let parent = (at - 1) / 2;
            let other = self.places[parent];
            if !self.is_above(value, values[other as usize]) {
                break;
            }
            self.put(at, other, positions);
            at = parent;
        }
        self.put(at, place, positions);
    }

    /// Makes room for `place` at or below position `at` and gives the position.
    fn sink(
        &mut self,
        mut at: usize,
        place: u32,
        values: &[f64],
        positions: &mut [Position],
    ) -> usize {
        let value = values[place as usize];
        loop {
            let left = 2 * at + 1;
            if left >= self.len {
                return at;
            }
            let right = left + 1;
            let child = |position: usize| values[self.places[position] as usize];
            let above = if right < self.len && self.is_above(child(right), child(left)) {
                right
            } else {
                left
            };
            if !self.is_above(child(above), value) {
                return at;
            }
            self.put(at, self.places[above], positions);
            at = above;
        }
    }

    fn put(&mut self, at: usize, place: u32, positions: &mut [Position]) {
        self.places[at] = place;
        positions[place as usize] = Position::In(self.side, at as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values with many that are equal, in a slow wave.
    fn signal(len: usize) -> Vec<f64> {
        let mut state = 11_u64;
        (0..len)
            .map(|index| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = (state >> 40) % 50;
                noise as f64 + 30.0 * libm::sin(index as f64 / 40.0).round()
            })
            .collect()
    }

    /// The definition: sort the window, interpolate.
    fn sorted(window: &[f64], ratio: f64) -> f64 {
        let mut finite: Vec<f64> = window.iter().copied().filter(|x| x.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        let Some(last) = finite.len().checked_sub(1) else { return f64::NAN };
        let position = ratio * last as f64;
        let below = position as usize;
        let (from, to) = (finite[below], finite[(below + 1).min(last)]);
        from + (to - from) * (position - below as f64)
    }

    #[track_caller]
    fn assert_is_sorted(input: &[f64], window: usize, ratio: f64) {
        let mut stage = MovingPercentile::new(window, ratio).expect("valid");
        for (index, x) in input.iter().enumerate() {
            let got = stage.step(*x);
            let expected = sorted(&input[(index + 1).saturating_sub(window)..=index], ratio);
            // Two ways to round one line between two values below 100.
            let close = (got - expected).abs() < 1e-13 || got.is_nan() && expected.is_nan();
            assert!(close, "window {window}, {ratio}, sample {index}: {got} is not {expected}");
        }
    }

    #[test]
    fn every_value_is_that_of_the_sorted_window() {
        let input = signal(600);
        for window in [1, 2, 3, 7, 50, 599, 1000] {
            for ratio in [0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 1.0] {
                assert_is_sorted(&input, window, ratio);
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_left_out_while_it_is_in_the_window() {
        let mut input = signal(300);
        for (index, x) in input.iter_mut().enumerate() {
            match index % 7 {
                0 => *x = f64::NAN,
                3 => *x = f64::INFINITY,
                5 => *x = f64::NEG_INFINITY,
                _ => {}
            }
        }
        input[100..140].fill(f64::NAN);
        for window in [1, 4, 20, 50] {
            for ratio in [0.0, 0.3, 0.5, 1.0] {
                assert_is_sorted(&input, window, ratio);
            }
        }
    }

    #[test]
    fn a_low_percentile_follows_the_rest_and_not_the_contractions() {
        let input: Vec<f64> = (0..3000).map(|n| if n % 1000 < 700 { 5.0 } else { 60.0 }).collect();
        let mut baseline = MovingPercentile::new(1000, 0.1).expect("valid");
        let mut output = input;
        baseline.process(&mut output);
        assert!(output.iter().all(|y| (y - 5.0).abs() <= 0.0));
    }

    #[test]
    fn the_median_removes_a_spike_and_keeps_a_step() {
        let mut values = vec![1.0, 1.0, 9e9, 1.0, 1.0, 4.0, 4.0, 4.0];
        MovingPercentile::new(3, 0.5).expect("valid").process(&mut values);
        assert_eq!(values, vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4.0, 4.0]);
    }

    #[test]
    fn a_block_of_any_length_has_the_bits_of_its_steps_and_reset_equals_new() {
        let input = signal(200);
        let mut single = MovingPercentile::new(30, 0.2).expect("valid");
        let expected: Vec<u64> = input.iter().map(|x| single.step(*x).to_bits()).collect();
        let mut stage = MovingPercentile::new(30, 0.2).expect("valid");
        for len in [1, 2, 29, 30, 31, 200] {
            stage.process(&mut signal(47));
            stage.reset();
            let mut values = input.clone();
            values.chunks_mut(len).for_each(|block| stage.process(block));
            let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
            assert_eq!(bits, expected, "blocks of {len}");
        }
    }

    #[test]
    fn a_shorter_window_in_the_same_memory_is_a_window_of_that_length() {
        let mut stage = MovingPercentile::new(100, 0.5).expect("valid");
        stage.process(&mut signal(150));
        stage.start(9).expect("it fits");
        assert_eq!(stage.window(), 9);
        assert!((stage.delay_samples() - 4.0).abs() <= 0.0);
        let (mut again, mut fresh) = (signal(90), signal(90));
        stage.process(&mut again);
        MovingPercentile::new(9, 0.5).expect("valid").process(&mut fresh);
        assert_eq!(again, fresh);
    }

    #[test]
    fn impossible_settings_are_refused_with_their_numbers() {
        let refused = |window, ratio| MovingPercentile::new(window, ratio).err();
        for ratio in [-0.1, 1.1, f64::INFINITY] {
            assert_eq!(refused(10, ratio), Some(PercentileError::Ratio { ratio }));
        }
        assert!(matches!(refused(10, f64::NAN), Some(PercentileError::Ratio { .. })));
        let max_window = MAX_PERCENTILE_WINDOW;
        for window in [0, max_window + 1, usize::MAX] {
            let error = PercentileError::Window { window, max_window };
            assert_eq!(refused(window, 0.5), Some(error));
        }
        let mut stage = MovingPercentile::new(5, 0.5).expect("valid");
        let error = PercentileError::Window { window: 6, max_window: 5 };
        assert_eq!(stage.start(6), Err(error));
        assert_eq!(stage.window(), 5);
    }
}
