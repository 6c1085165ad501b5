//! The discrete Fourier transform of real samples, with the same bits on every processor.
//!
//! Own code instead of a library, for one reason: libraries take the sines of their tables from the
//! platform, and those differ in the last bit between processors with and without a fused
//! multiply-add, and between systems. Here they come from `libm`. Sums have a fixed order and nothing
//! is fused; compilers may only use vectors where that changes no bit.
//!
//! # Source
//!
//! Self-sorting transform of radix 4: Cooley and Tukey 1965 in the form of Stockham (Cochran et al. 1967,
//! "What is the fast Fourier transform?", Proc. IEEE 55). Lengths that are no power of two: Bluestein
//! 1970, "A linear filtering approach to the computation of discrete Fourier transform", IEEE Trans.
//! Audio Electroacoust. 18. Real samples as half as many complex ones: Cooley, Lewis and Welch 1970, "The
//! fast Fourier transform algorithm: programming considerations", J. Sound Vib. 12.

use core::array::from_fn;
use core::f64::consts::{FRAC_1_SQRT_2, TAU};
use core::mem::swap;
use core::ops::{Add, Mul, Sub};

const WIDTH: usize = 4;

/// Complex numbers as two lists: vectors of the processor then hold parts of one kind.
#[derive(Clone, Debug)]
struct Complex {
    re: Box<[f64]>,
    im: Box<[f64]>,
}

impl Complex {
    fn zeros(len: usize) -> Self {
        Self { re: vec![0.0; len].into(), im: vec![0.0; len].into() }
    }

    fn from_fn(len: usize, number: impl Fn(usize) -> (f64, f64)) -> Self {
        let (re, im): (Vec<_>, Vec<_>) = (0..len).map(number).unzip();
        Self { re: re.into(), im: im.into() }
    }
}

/// Squared magnitudes of the transform of real samples.
#[derive(Clone, Debug)]
pub(super) struct RealTransform {
    len: usize,
    transform: Transform,
    /// exp(-2πik/len) for the first quarter of the circle; empty if `len` is odd.
    turns: Complex,
    values: Complex,
    scratch: Complex,
}

impl RealTransform {
    /// For `len` samples, at least one.
    pub(super) fn new(len: usize) -> Self {
        let even = len.is_multiple_of(2);
        let complex_len = if even { len / 2 } else { len };
        let transform = Transform::new(complex_len);
        let turn_count = if even { complex_len / 2 + 1 } else { 0 };
        let work_len = transform.work_len();
        Self {
            len,
            transform,
            turns: Complex::from_fn(turn_count, |k| unit(k as u64, len as u64)),
            values: Complex::zeros(work_len),
            scratch: Complex::zeros(work_len),
        }
    }

    /// Squared magnitudes of the transform of `(samples - offset) * weights`, times `scale`: `len / 2 + 1`
    /// of them.
    pub(super) fn power(
        &mut self,
        samples: &[f64],
        offset: f64,
        weights: &[f64],
        scale: f64,
        power: &mut [f64],
    ) {
        let Self { len, transform, turns, values, scratch } = self;
        let (samples, weights) = (&samples[..*len], &weights[..*len]);
        let power = &mut power[..*len / 2 + 1];
        if *len % 2 == 1 {
            for ((re, x), weight) in values.re.iter_mut().zip(samples).zip(weights) {
                *re = (x - offset) * weight;
            }
            values.im[..*len].fill(0.0);
            transform.run(values, scratch);
            for ((power, re), im) in power.iter_mut().zip(&values.re).zip(&values.im) {
                *power = (re * re + im * im) * scale;
            }
            return;
        }
        let half = *len / 2;
        let parts = values.re[..half].iter_mut().zip(&mut values.im[..half]);
        let (pairs, _) = samples.as_chunks::<2>();
        let (weights, _) = weights.as_chunks::<2>();
        for (((re, im), pair), weight) in parts.zip(pairs).zip(weights) {
            *re = (pair[0] - offset) * weight[0];
            *im = (pair[1] - offset) * weight[1];
        }
        transform.run(values, scratch);
        split_power(values, turns, scale, power);
    }
}

/// Powers of a real transform from the half as long complex one of its even and odd samples.
///
/// With `Z` the complex transform, `h` its length and `W = exp(-πik/h)`, bins `k` and `h - k` are
/// `E + T` and the conjugate of `E - T`, where `2E = Z[k] + Z*[h-k]`, `2T = -iW (Z[k] - Z*[h-k])`.
fn split_power(z: &Complex, turns: &Complex, scale: f64, power: &mut [f64]) {
    let half = power.len() - 1;
    let (re, im) = (z.re[0], z.im[0]);
    power[0] = (re + im) * (re + im) * scale;
    power[half] = (re - im) * (re - im) * scale;
    if half.is_multiple_of(2) {
        let (re, im) = (z.re[half / 2], z.im[half / 2]);
        power[half / 2] = (re * re + im * im) * scale;
    }
    let pair_count = (half - 1) / 2;
    let in_groups = pair_count / WIDTH * WIDTH;
    split_pairs::<WIDTH>(z, turns, scale, power, 1, in_groups);
    split_pairs::<1>(z, turns, scale, power, 1 + in_groups, pair_count - in_groups);
}

/// The bins from `first` on, `count` of them, a multiple of `N`, and their mirror images.
#[inline(always)]
fn split_pairs<const N: usize>(
    z: &Complex,
    turns: &Complex,
    scale: f64,
    power: &mut [f64],
    first: usize,
    count: usize,
) {
    // Twice E and T make four times the power.
    let scale = Lanes([0.25 * scale; N]);
    let half = power.len() - 1;
    let low = first..first + count;
    let high = half + 1 - low.end..half + 1 - low.start;
    let re =
        groups::<N>(&z.re[low.clone()]).iter().zip(groups::<N>(&z.re[high.clone()]).iter().rev());
    let im =
        groups::<N>(&z.im[low.clone()]).iter().zip(groups::<N>(&z.im[high.clone()]).iter().rev());
    let turns = groups::<N>(&turns.re[low.clone()]).iter().zip(groups::<N>(&turns.im[low.clone()]));
    let (low_power, high_power) = power.split_at_mut(high.start);
    let (low_power, _) = low_power[low].as_chunks_mut::<N>();
    let (high_power, _) = high_power[..count].as_chunks_mut::<N>();
    let power = low_power.iter_mut().zip(high_power.iter_mut().rev());
    for (((power, re), im), turn) in power.zip(re).zip(im).zip(turns) {
        let (low_re, high_re) = (Lanes(*re.0), Lanes(*re.1).reversed());
        let (low_im, high_im) = (Lanes(*im.0), Lanes(*im.1).reversed());
        let (turn_re, turn_im) = (Lanes(*turn.0), Lanes(*turn.1));
        let (even_re, even_im) = (low_re + high_re, low_im - high_im);
        let (odd_re, odd_im) = (low_re - high_re, low_im + high_im);
        let turned_re = turn_im * odd_re + turn_re * odd_im;
        let turned_im = turn_im * odd_im - turn_re * odd_re;
        let (plus_re, plus_im) = (even_re + turned_re, even_im + turned_im);
        let (minus_re, minus_im) = (even_re - turned_re, even_im - turned_im);
        *power.0 = ((plus_re * plus_re + plus_im * plus_im) * scale).0;
        *power.1 = ((minus_re * minus_re + minus_im * minus_im) * scale).reversed().0;
    }
}

/// The transform of complex numbers, of any length.
#[derive(Clone, Debug)]
enum Transform {
    PowerOfTwo(PowerOfTwo),
    Any(Bluestein),
}

impl Transform {
    fn new(len: usize) -> Self {
        if len.is_power_of_two() {
            Self::PowerOfTwo(PowerOfTwo::new(len))
        } else {
            Self::Any(Bluestein::new(len))
        }
    }

    /// How long the lists that it works on are: the transform itself or more.
    fn work_len(&self) -> usize {
        match self {
            Self::PowerOfTwo(transform) => transform.len,
            Self::Any(transform) => transform.convolution.len,
        }
    }

    /// Replaces the first values by their transform. What `scratch` holds does not matter.
    fn run(&self, values: &mut Complex, scratch: &mut Complex) {
        match self {
            Self::PowerOfTwo(transform) => transform.run(values, scratch),
            Self::Any(transform) => transform.run(values, scratch),
        }
    }
}

/// A length that is a power of two: passes of radix 4, and one of radix 2 if the power is odd.
///
/// A pass takes transforms of `n` values, `len / n` of them side by side, to four times as many of a
/// quarter of the length. They never need to be put in order: each pass writes them where they belong.
#[derive(Clone, Debug)]
struct PowerOfTwo {
    len: usize,
    /// For each pass with four or more values in a quarter: exp(-2πikp/n), `k` = 1, 2, 3.
    passes: Box<[[Complex; 3]]>,
}

impl PowerOfTwo {
    fn new(len: usize) -> Self {
        let mut passes = Vec::new();
        let mut n = len;
        while n >= 4 {
            passes
                .push([1, 2, 3].map(|k| Complex::from_fn(n / 4, |p| unit(k * p as u64, n as u64))));
            n /= 4;
        }
        Self { len, passes: passes.into() }
    }

    fn run(&self, values: &mut Complex, scratch: &mut Complex) {
        let mut side_by_side = 1;
        for turns in &self.passes {
            match side_by_side {
                1 if self.len < 16 => first_pass::<1>(values, scratch, turns),
                1 => first_pass::<4>(values, scratch, turns),
                4 => later_pass::<4>(values, scratch, turns, side_by_side),
                _ => later_pass::<WIDTH>(values, scratch, turns, side_by_side),
            }
            swap(values, scratch);
            side_by_side *= 4;
        }
        if side_by_side < self.len {
            last_pass(values, scratch);
            swap(values, scratch);
        }
    }
}

/// Values that are computed side by side: the compiler makes vectors of them.
#[derive(Clone, Copy)]
struct Lanes<const N: usize>([f64; N]);

impl<const N: usize> Lanes<N> {
    #[inline(always)]
    fn reversed(self) -> Self {
        Self(from_fn(|lane| self.0[N - 1 - lane]))
    }

    #[inline(always)]
    fn with(self, other: Self, compute: impl Fn(f64, f64) -> f64) -> Self {
        Self(from_fn(|lane| compute(self.0[lane], other.0[lane])))
    }
}

impl<const N: usize> Add for Lanes<N> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }
}

impl<const N: usize> Sub for Lanes<N> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }
}

impl<const N: usize> Mul for Lanes<N> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }
}

/// Four values of one transform to one value of each of its four parts, and these turned.
#[inline(always)]
fn butterfly<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>>(
    re: [T; 4],
    im: [T; 4],
    turns: [(T, T); 3],
) -> ([T; 4], [T; 4]) {
    let times = |re: T, im: T, turn: (T, T)| (re * turn.0 - im * turn.1, re * turn.1 + im * turn.0);
    let (sum_re, sum_im) = (re[0] + re[2], im[0] + im[2]);
    let (difference_re, difference_im) = (re[0] - re[2], im[0] - im[2]);
    let (other_re, other_im) = (re[1] + re[3], im[1] + im[3]);
    // Times i: (-im, re).
    let (turned_re, turned_im) = (im[3] - im[1], re[1] - re[3]);
    let first = times(difference_re - turned_re, difference_im - turned_im, turns[0]);
    let second = times(sum_re - other_re, sum_im - other_im, turns[1]);
    let third = times(difference_re + turned_re, difference_im + turned_im, turns[2]);
    (
        [sum_re + other_re, first.0, second.0, third.0],
        [sum_im + other_im, first.1, second.1, third.1],
    )
}

/// The pass over one transform: its turns differ from value to value.
#[inline(always)]
fn first_pass<const N: usize>(from: &Complex, to: &mut Complex, turns: &[Complex; 3]) {
    let re = zip(quarters(groups::<N>(&from.re)).map(<[_]>::iter));
    let im = zip(quarters(groups::<N>(&from.im)).map(<[_]>::iter));
    let [first, second, third] =
        turns.each_ref().map(|turns| groups::<N>(&turns.re).iter().zip(groups::<N>(&turns.im)));
    let to_re = to.re.as_chunks_mut::<4>().0.as_chunks_mut::<N>().0;
    let to_im = to.im.as_chunks_mut::<4>().0.as_chunks_mut::<N>().0;
    let turns = first.zip(second).zip(third);
    for ((((to_re, to_im), re), im), turns) in
        to_re.iter_mut().zip(to_im).zip(re).zip(im).zip(turns)
    {
        let ((first, second), third) = turns;
        let turns = [first, second, third].map(|(re, im)| (Lanes(*re), Lanes(*im)));
        let (re, im) = butterfly(re.map(|x| Lanes(*x)), im.map(|x| Lanes(*x)), turns);
        *to_re = from_fn(|lane| re.map(|part| part.0[lane]));
        *to_im = from_fn(|lane| im.map(|part| part.0[lane]));
    }
}

/// A pass over transforms side by side, a multiple of `N`: one set of turns for a value of each.
#[inline(always)]
fn later_pass<const N: usize>(
    from: &Complex,
    to: &mut Complex,
    turns: &[Complex; 3],
    side_by_side: usize,
) {
    let count = side_by_side / N;
    let re = zip(quarters(groups::<N>(&from.re)).map(|list| list.chunks_exact(count)));
    let im = zip(quarters(groups::<N>(&from.im)).map(|list| list.chunks_exact(count)));
    let to_re = to.re.as_chunks_mut::<N>().0.chunks_exact_mut(4 * count);
    let to_im = to.im.as_chunks_mut::<N>().0.chunks_exact_mut(4 * count);
    let [first, second, third] = turns.each_ref().map(|turns| turns.re.iter().zip(&turns.im));
    let turns = first.zip(second).zip(third);
    for ((((to_re, to_im), re), im), turns) in to_re.zip(to_im).zip(re).zip(im).zip(turns) {
        let ((first, second), third) = turns;
        let turns = [first, second, third].map(|(re, im)| (Lanes([*re; N]), Lanes([*im; N])));
        let re = zip(re.map(<[_]>::iter));
        let im = zip(im.map(<[_]>::iter));
        let to_re = zip(quarters_mut(to_re).map(<[_]>::iter_mut));
        let to_im = zip(quarters_mut(to_im).map(<[_]>::iter_mut));
        for (((re, im), to_re), to_im) in re.zip(im).zip(to_re).zip(to_im) {
            let (re, im) = butterfly(re.map(|x| Lanes(*x)), im.map(|x| Lanes(*x)), turns);
            let [a, b, c, d] = to_re;
            (*a, *b, *c, *d) = (re[0].0, re[1].0, re[2].0, re[3].0);
            let [a, b, c, d] = to_im;
            (*a, *b, *c, *d) = (im[0].0, im[1].0, im[2].0, im[3].0);
        }
    }
}

/// Four lists read in step: without the checks that indices would need.
#[inline(always)]
fn zip<I: Iterator>(lists: [I; 4]) -> impl Iterator<Item = [I::Item; 4]> {
    let [a, b, c, d] = lists;
    a.zip(b).zip(c.zip(d)).map(|((a, b), (c, d))| [a, b, c, d])
}

#[inline(always)]
fn groups<const N: usize>(list: &[f64]) -> &[[f64; N]] {
    list.as_chunks().0
}

#[inline(always)]
fn quarters<T>(list: &[T]) -> [&[T]; 4] {
    let (front, back) = list.split_at(list.len() / 2);
    let (first, second) = front.split_at(front.len() / 2);
    let (third, fourth) = back.split_at(back.len() / 2);
    [first, second, third, fourth]
}

#[inline(always)]
fn quarters_mut<T>(list: &mut [T]) -> [&mut [T]; 4] {
    let (front, back) = list.split_at_mut(list.len() / 2);
    let (first, second) = front.split_at_mut(front.len() / 2);
    let (third, fourth) = back.split_at_mut(back.len() / 2);
    [first, second, third, fourth]
}

/// The pass of radix 2 over transforms of two values.
fn last_pass(from: &Complex, to: &mut Complex) {
    for (from, to) in [(&from.re, &mut to.re), (&from.im, &mut to.im)] {
        let half = from.len() / 2;
        let (first, second) = from.split_at(half);
        let (sum, difference) = to.split_at_mut(half);
        for (sum, (first, second)) in sum.iter_mut().zip(first.iter().zip(second)) {
            *sum = first + second;
        }
        for (difference, (first, second)) in difference.iter_mut().zip(first.iter().zip(second)) {
            *difference = first - second;
        }
    }
}

/// Any length: the transform as a convolution with a chirp, done by longer transforms.
#[derive(Clone, Debug)]
struct Bluestein {
    len: usize,
    convolution: PowerOfTwo,
    /// exp(-πik²/len).
    chirp: Complex,
    /// Transform of the conjugate chirp, both ways from zero, over the length of the convolution.
    kernel: Complex,
}

impl Bluestein {
    fn new(len: usize) -> Self {
        let convolution = PowerOfTwo::new((2 * len - 1).next_power_of_two());
        let chirp = Complex::from_fn(len, |k| {
            let circle = 2 * len as u64;
            unit((k as u64 * k as u64) % circle, circle)
        });
        let scale = 1.0 / convolution.len as f64;
        let mut kernel =
            Complex::from_fn(convolution.len, |index| match index.min(convolution.len - index) {
                k if k < len => (chirp.re[k] * scale, -chirp.im[k] * scale),
                _ => (0.0, 0.0),
            });
        convolution.run(&mut kernel, &mut Complex::zeros(convolution.len));
        Self { len, convolution, chirp, kernel }
    }

    fn run(&self, values: &mut Complex, scratch: &mut Complex) {
        multiply(values, &self.chirp, self.len);
        values.re[self.len..].fill(0.0);
        values.im[self.len..].fill(0.0);
        self.convolution.run(values, scratch);
        multiply(values, &self.kernel, self.convolution.len);
        // With real and imaginary parts exchanged, it is the inverse.
        swap(&mut values.re, &mut values.im);
        self.convolution.run(values, scratch);
        swap(&mut values.re, &mut values.im);
        multiply(values, &self.chirp, self.len);
    }
}

/// The product of two complex numbers.
#[inline(always)]
fn times(re: f64, im: f64, turn: (f64, f64)) -> (f64, f64) {
    (re * turn.0 - im * turn.1, re * turn.1 + im * turn.0)
}

/// The first `len` values times those of `factors`.
fn multiply(values: &mut Complex, factors: &Complex, len: usize) {
    let values = values.re[..len].iter_mut().zip(&mut values.im[..len]);
    let factors = factors.re[..len].iter().zip(&factors.im[..len]);
    for ((re, im), (factor_re, factor_im)) in values.zip(factors) {
        (*re, *im) = times(*re, *im, (*factor_re, *factor_im));
    }
}

/// exp(-2πi part/circle), `part` not above `circle`.
///
/// Sines are taken below an eighth of the circle only, so that what is symmetric is so to the last bit
/// and quarters are exact.
fn unit(part: u64, circle: u64) -> (f64, f64) {
    let (quarter, rest) = (4 * part / circle, 4 * part % circle);
    // `rest / circle` of a quarter.
    let (cosine, sine) = if 2 * rest == circle {
        (FRAC_1_SQRT_2, FRAC_1_SQRT_2)
    } else if 2 * rest < circle {
        let angle = TAU * (rest as f64 / (4.0 * circle as f64));
        (libm::cos(angle), libm::sin(angle))
    } else {
        let angle = TAU * ((circle - rest) as f64 / (4.0 * circle as f64));
        (libm::sin(angle), libm::cos(angle))
    };
    match quarter % 4 {
        0 => (cosine, -sine),
        1 => (-sine, -cosine),
        2 => (-cosine, sine),
        _ => (sine, cosine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f64> {
        let mut state = 99_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5
        };
        (0..len).map(|_| next()).collect()
    }

    /// By the definition, one bin after the other.
    fn slow_power(samples: &[f64]) -> Vec<f64> {
        let len = samples.len() as u64;
        (0..=len / 2)
            .map(|bin| {
                let (mut re, mut im) = (0.0, 0.0);
                for (index, x) in samples.iter().enumerate() {
                    let turn = unit(bin * index as u64 % len, len);
                    re += x * turn.0;
                    im += x * turn.1;
                }
                re * re + im * im
            })
            .collect()
    }

    #[test]
    fn every_length_gives_what_the_definition_gives() {
        let lengths = (1..=140).chain([250, 255, 256, 257, 500, 509, 512, 1000, 1024, 2048, 2058]);
        for len in lengths {
            let samples = noise(len);
            let mut power = vec![f64::NAN; len / 2 + 1];
            RealTransform::new(len).power(&samples, 0.0, &vec![1.0; len], 1.0, &mut power);
            let energy: f64 = samples.iter().map(|x| x * x).sum();
            for (bin, (power, expected)) in power.iter().zip(slow_power(&samples)).enumerate() {
                // The rounding of some thousand terms, against the largest that a bin could be.
                let limit = 1e-14 * (energy * len as f64).sqrt() * (1.0 + expected.sqrt());
                assert!((power - expected).abs() < limit, "{len}: bin {bin}: {power}, {expected}");
            }
        }
    }

    #[test]
    fn offset_weights_and_scale_are_applied() {
        for len in [64, 65, 66] {
            let (samples, weights) = (noise(len), noise(len));
            let prepared: Vec<f64> =
                samples.iter().zip(&weights).map(|(x, weight)| (x - 3.0) * weight).collect();
            let mut power = vec![0.0; len / 2 + 1];
            RealTransform::new(len).power(&samples, 3.0, &weights, 0.125, &mut power);
            for (power, expected) in power.iter().zip(slow_power(&prepared)) {
                assert!((power - 0.125 * expected).abs() < 1e-12 * (1.0 + expected), "{len}");
            }
        }
    }

    #[test]
    fn quarters_of_the_circle_are_exact_and_eighths_symmetric() {
        let bits = |turn: (f64, f64)| (turn.0 + 0.0, turn.1 + 0.0);
        for circle in [4, 8, 12, 1000, 4096] {
            assert_eq!(bits(unit(0, circle)), (1.0, 0.0));
            assert_eq!(bits(unit(circle / 4, circle)), (0.0, -1.0));
            assert_eq!(bits(unit(circle / 2, circle)), (-1.0, 0.0));
            for part in 0..circle {
                let (turn, mirrored) = (unit(part, circle), unit(circle - part, circle));
                assert_eq!(bits(turn), bits((mirrored.0, -mirrored.1)), "{part} of {circle}");
                let expected = -TAU * part as f64 / circle as f64;
                assert!((turn.0 - libm::cos(expected)).abs() < 1e-15);
                assert!((turn.1 - libm::sin(expected)).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn a_second_transform_has_nothing_of_the_first() {
        for len in [512, 500, 501] {
            let (first, second) = (noise(len), vec![1.0; len]);
            let weights = vec![1.0; len];
            let (mut used, mut fresh) = (RealTransform::new(len), RealTransform::new(len));
            let (mut again, mut alone) = (vec![0.0; len / 2 + 1], vec![0.0; len / 2 + 1]);
            used.power(&first, 0.0, &weights, 1.0, &mut again);
            used.power(&[f64::NAN; 512][..len], 0.0, &weights, 1.0, &mut again);
            used.power(&second, 0.0, &weights, 1.0, &mut again);
            fresh.power(&second, 0.0, &weights, 1.0, &mut alone);
            assert_eq!(again, alone, "{len}");
        }
    }
}
