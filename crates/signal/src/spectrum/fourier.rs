//! The discrete Fourier transform of real samples, with the same bits on every processor.
//!
//! Own code instead of `rustfft`, against which it is tested, for one reason: libraries take the sines of their tables from the
//! platform, and those differ in the last bit between processors with and without a fused
//! multiply-add, and between systems. Here they come from `libm`. Sums have a fixed order and nothing
//! is fused, whichever vectors a processor has.
//!
//! # Source
//!
//! Self-sorting transform of radix 4: Cooley and Tukey 1965 in the form of Stockham (Cochran et al. 1967,
//! "What is the fast Fourier transform?", Proc. IEEE 55). Lengths that are no power of two: Bluestein
//! 1970, "A linear filtering approach to the computation of discrete Fourier transform", IEEE Trans.
//! Audio Electroacoust. 18. Real samples as half as many complex ones: Cooley, Lewis and Welch 1970, "The
//! fast Fourier transform algorithm: programming considerations", J. Sound Vib. 12.

mod bluestein;
mod power_of_two;
mod vector;

use core::f64::consts::{FRAC_1_SQRT_2, TAU};
use core::iter::zip;
use core::ops::Range;

use pulp::{Scalar, Simd, WithSimd};

use bluestein::Bluestein;
use power_of_two::PowerOfTwo;
use vector::{Number, reversed, vectors, vectors_mut};

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

/// What is to be transformed: `(samples - offset) * weights`, and the squared magnitudes times `scale`.
#[derive(Debug)]
pub(super) struct Task<'a> {
    /// As many as the transform takes, or fewer: zeros stand behind them.
    pub samples: &'a [f64],
    pub offset: f64,
    /// Zero where there are no samples.
    pub weights: &'a [f64],
    pub scale: f64,
    /// Half as many as samples, rounded down, and one more.
    pub power: &'a mut [f64],
}

struct Run<'a>(&'a mut RealTransform, Task<'a>);

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(simd, self.1);
    }
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

    /// Does a task, with the vectors that this processor has.
    pub(super) fn power(&mut self, task: Task<'_>) {
        vector::best(Run(self, task));
    }

    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, task: Task<'_>) {
        let Self { len, transform, turns, values, scratch } = self;
        let Task { samples, offset, weights, scale, power } = task;
        let samples = &samples[..samples.len().min(*len)];
        let weights = &weights[..*len];
        let power = &mut power[..*len / 2 + 1];
        // What a zero becomes that stands behind the samples, to its sign.
        let behind = (0.0 - offset) * 0.0;
        if *len % 2 == 1 {
            for (re, (x, weight)) in zip(&mut values.re, zip(samples, weights)) {
                *re = (x - offset) * weight;
            }
            values.re[samples.len()..*len].fill(behind);
            values.im[..*len].fill(0.0);
            transform.run(simd, values, scratch);
            for (power, (re, im)) in zip(power, zip(&values.re, &values.im)) {
                *power = (re * re + im * im) * scale;
            }
            return;
        }
        let half = *len / 2;
        let (re, im) = (&mut values.re[..half], &mut values.im[..half]);
        let (pairs, last) = samples.as_chunks::<2>();
        for ((re, im), (pair, weight)) in
            zip(zip(&mut *re, &mut *im), zip(pairs, weights.as_chunks::<2>().0))
        {
            *re = (pair[0] - offset) * weight[0];
            *im = (pair[1] - offset) * weight[1];
        }
        re[pairs.len()..].fill(behind);
        im[pairs.len()..].fill(behind);
        if let [last] = last {
            re[pairs.len()] = (last - offset) * weights[samples.len() - 1];
        }
        transform.run(simd, values, scratch);
        split_power(simd, values, turns, scale, power);
    }
}

/// Powers of a real transform from the half as long complex one of its even and odd samples.
///
/// With `Z` the complex transform, `h` its length and `W = exp(-πik/h)`, bins `k` and `h - k` are
/// `E + T` and the conjugate of `E - T`, where `2E = Z[k] + Z*[h-k]`, `2T = -iW (Z[k] - Z*[h-k])`.
#[inline(always)]
fn split_power<S: Simd>(simd: S, z: &Complex, turns: &Complex, scale: f64, power: &mut [f64]) {
    let half = power.len() - 1;
    let (re, im) = (z.re[0], z.im[0]);
    power[0] = (re + im) * (re + im) * scale;
    power[half] = (re - im) * (re - im) * scale;
    if half.is_multiple_of(2) {
        let (re, im) = (z.re[half / 2], z.im[half / 2]);
        power[half / 2] = (re * re + im * im) * scale;
    }
    let pair_count = (half - 1) / 2;
    let in_vectors = pair_count / S::F64_LANES * S::F64_LANES;
    split_pairs(simd, z, turns, scale, power, 1..1 + in_vectors);
    split_pairs(Scalar, z, turns, scale, power, 1 + in_vectors..1 + pair_count);
}

/// The bins `low`, a multiple of the lanes, and their mirror images.
#[inline(always)]
fn split_pairs<S: Simd>(
    simd: S,
    z: &Complex,
    turns: &Complex,
    scale: f64,
    power: &mut [f64],
    low: Range<usize>,
) {
    // Twice E and T make four times the power.
    let scale = simd.splat_f64s(0.25 * scale);
    let half = power.len() - 1;
    let high = half + 1 - low.end..half + 1 - low.start;
    let low_z = zip(vectors::<S>(&z.re[low.clone()]), vectors::<S>(&z.im[low.clone()]));
    let high_z = zip(vectors::<S>(&z.re[high.clone()]), vectors::<S>(&z.im[high.clone()])).rev();
    let turns = zip(vectors::<S>(&turns.re[low.clone()]), vectors::<S>(&turns.im[low.clone()]));
    let (low_power, high_power) = power.split_at_mut(high.start);
    let low_power = vectors_mut::<S>(&mut low_power[low]);
    let high_power = vectors_mut::<S>(&mut high_power[..high.len()]).iter_mut().rev();
    for (power, ((low, high), turn)) in
        zip(zip(low_power, high_power), zip(zip(low_z, high_z), turns))
    {
        let low = Number::<S> { re: *low.0, im: *low.1 };
        let high = Number::<S> { re: *high.0, im: *high.1 }.reversed();
        let turn = Number::<S> { re: *turn.0, im: *turn.1 };
        let even =
            Number::<S> { re: simd.add_f64s(low.re, high.re), im: simd.sub_f64s(low.im, high.im) };
        let odd =
            Number::<S> { re: simd.sub_f64s(low.re, high.re), im: simd.add_f64s(low.im, high.im) }
                .times(turn, simd);
        *power.0 = simd.mul_f64s(even.minus_turned(odd, simd).square(simd), scale);
        *power.1 = reversed::<S>(simd.mul_f64s(even.plus_turned(odd, simd).square(simd), scale));
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
    const fn work_len(&self) -> usize {
        match self {
            Self::PowerOfTwo(transform) => transform.len(),
            Self::Any(transform) => transform.work_len(),
        }
    }

    /// Replaces the first values by their transform. What `scratch` holds does not matter.
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, values: &mut Complex, scratch: &mut Complex) {
        match self {
            Self::PowerOfTwo(transform) => transform.run(simd, values, scratch),
            Self::Any(transform) => transform.run(simd, values, scratch),
        }
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

    fn task<'a>(samples: &'a [f64], weights: &'a [f64], power: &'a mut [f64]) -> Task<'a> {
        Task { samples, offset: 0.0, weights, scale: 1.0, power }
    }

    fn power_of(
        transform: &mut RealTransform,
        samples: &[f64],
        weights: &[f64],
        power: &mut [f64],
    ) {
        transform.power(task(samples, weights, power));
    }

    /// Bits of the power by one kind of vector.
    fn bits<S: Simd>(simd: S, samples: &[f64]) -> Vec<u64> {
        let weights = noise(samples.len());
        let mut power = vec![0.0; samples.len() / 2 + 1];
        let mut transform = RealTransform::new(samples.len());
        Simd::vectorize(simd, Run(&mut transform, task(samples, &weights, &mut power)));
        power.iter().map(|power| power.to_bits()).collect()
    }

    #[test]
    fn all_vectors_give_the_same_bits() {
        for len in (1..=40).chain([64, 100, 127, 128, 255, 256, 1000, 1024, 2048]) {
            let samples: Vec<f64> = noise(len).iter().map(|x| x * 1e3).collect();
            let expected = bits(Scalar, &samples);
            assert_eq!(bits(pulp::Scalar128b, &samples), expected, "two at once, {len}");
            assert_eq!(bits(pulp::Scalar256b, &samples), expected, "four at once, {len}");
            assert_eq!(bits(pulp::Scalar512b, &samples), expected, "eight at once, {len}");
            #[cfg(target_arch = "x86_64")]
            if let Some(v3) = pulp::x86::V3::try_new() {
                assert_eq!(bits(v3, &samples), expected, "AVX2, {len}");
            }
            let weights = noise(len);
            let mut power = vec![0.0; len / 2 + 1];
            power_of(&mut RealTransform::new(len), &samples, &weights, &mut power);
            let best: Vec<u64> = power.iter().map(|power| power.to_bits()).collect();
            assert_eq!(best, expected, "the best, {len}");
        }
    }

    #[test]
    fn every_length_gives_what_the_definition_gives() {
        let lengths = (1..=140).chain([250, 255, 256, 257, 500, 509, 512, 1000, 1024, 2048, 2058]);
        for len in lengths {
            let samples = noise(len);
            let mut power = vec![f64::NAN; len / 2 + 1];
            power_of(&mut RealTransform::new(len), &samples, &vec![1.0; len], &mut power);
            let energy: f64 = samples.iter().map(|x| x * x).sum();
            for (bin, (power, expected)) in power.iter().zip(slow_power(&samples)).enumerate() {
                // The rounding of some thousand terms, against the largest that a bin could be.
                let limit = 1e-14 * (energy * len as f64).sqrt() * (1.0 + expected.sqrt());
                assert!((power - expected).abs() < limit, "{len}: bin {bin}: {power}, {expected}");
            }
        }
    }

    /// An implementation that is not ours, on its plain path.
    #[test]
    fn every_length_gives_what_rustfft_gives() {
        let mut planner = rustfft::FftPlannerScalar::<f64>::new();
        for len in (1..=260).chain([500, 512, 1000, 1024, 1250, 2000, 2048, 4096, 10_007]) {
            let samples = noise(len);
            let mut theirs: Vec<_> =
                samples.iter().map(|x| rustfft::num_complex::Complex::new(*x, 0.0)).collect();
            planner.plan_fft_forward(len).process(&mut theirs);
            let mut ours = vec![0.0; len / 2 + 1];
            RealTransform::new(len).power(task(&samples, &vec![1.0; len], &mut ours));
            let total: f64 = theirs.iter().map(|bin| bin.norm_sqr()).sum();
            for (bin, (ours, theirs)) in zip(&ours, &theirs).enumerate() {
                let error = (ours - theirs.norm_sqr()).abs();
                assert!(error <= 1e-12 * total, "bin {bin} of {len}: {error} of {total}");
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
            RealTransform::new(len).power(Task {
                samples: &samples,
                offset: 3.0,
                weights: &weights,
                scale: 0.125,
                power: &mut power,
            });
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
            power_of(&mut used, &first, &weights, &mut again);
            power_of(&mut used, &[f64::NAN; 512][..len], &weights, &mut again);
            power_of(&mut used, &second, &weights, &mut again);
            power_of(&mut fresh, &second, &weights, &mut alone);
            assert_eq!(again, alone, "{len}");
        }
    }
}
