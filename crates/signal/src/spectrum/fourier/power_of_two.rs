//! Transforms of a length that is a power of two.

use core::iter::zip;
use core::mem::swap;

use pulp::{Scalar, Simd, bytemuck};

use super::vector::{Number, vectors, vectors_mut};
use super::{Complex, unit};

/// Passes of radix 4, and one of radix 2 if the power is odd.
///
/// A pass takes transforms of `n` values, `len / n` of them side by side, to four times as many of a
/// quarter of the length. They never need to be put in order: each pass writes them where they belong.
#[derive(Clone, Debug)]
pub(super) struct PowerOfTwo {
    len: usize,
    /// For each pass of radix 4: exp(-2πikp/n), `k` = 1, 2, 3, `p` within a quarter.
    passes: Box<[[Complex; 3]]>,
}

impl PowerOfTwo {
    pub(super) fn new(len: usize) -> Self {
        let mut passes = Vec::new();
        let mut n = len;
        while n >= 4 {
            let turns = |k| Complex::from_fn(n / 4, |p| unit(k * p as u64, n as u64));
            passes.push([1, 2, 3].map(turns));
            n /= 4;
        }
        Self { len, passes: passes.into() }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Replaces values by their transform. What `scratch` holds does not matter.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&self, simd: S, values: &mut Complex, scratch: &mut Complex) {
        let mut side_by_side = 1;
        for turns in &self.passes {
            // Vectors that do not fit are none.
            match side_by_side {
                1 if self.len.is_multiple_of(4 * S::F64_LANES) => {
                    first_pass(simd, values, scratch, turns);
                }
                1 => first_pass(Scalar, values, scratch, turns),
                s if s == S::F64_LANES => single_pass(simd, values, scratch, turns),
                s if s < S::F64_LANES => later_pass(Scalar, values, scratch, turns, s),
                _ => later_pass(simd, values, scratch, turns, side_by_side),
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

/// Four values of one transform to one value of each of its four parts.
#[inline(always)]
fn butterfly<S: Simd>(
    simd: S,
    [a, b, c, d]: [(&S::f64s, &S::f64s); 4],
    turns: [Number<S>; 3],
) -> [Number<S>; 4] {
    let (a, b, c, d) = (number::<S>(a), number::<S>(b), number::<S>(c), number::<S>(d));
    let (even, odd) = (a.plus(c, simd), b.plus(d, simd));
    let (even_turned, odd_turned) = (a.minus(c, simd), b.minus(d, simd));
    [
        even.plus(odd, simd),
        even_turned.minus_turned(odd_turned, simd).times(turns[0], simd),
        even.minus(odd, simd).times(turns[1], simd),
        even_turned.plus_turned(odd_turned, simd).times(turns[2], simd),
    ]
}

/// The pass over one transform: its turns differ from value to value.
#[inline(always)]
fn first_pass<S: Simd>(simd: S, from: &Complex, to: &mut Complex, turns: &[Complex; 3]) {
    let lanes = S::F64_LANES;
    let from = in_step(quarters(&from.re), quarters(&from.im), |list| vectors::<S>(list).iter());
    let [first, second, third] = turns;
    let turns = in_step(
        [&first.re, &second.re, &third.re, &third.re],
        [&first.im, &second.im, &third.im, &third.im],
        |list| vectors::<S>(list).iter(),
    );
    let to = zip(to.re.chunks_exact_mut(4 * lanes), to.im.chunks_exact_mut(4 * lanes));
    for (((to_re, to_im), values), [first, second, third, _]) in zip(zip(to, from), turns) {
        let turns = [number(first), number(second), number(third)];
        let [a, b, c, d] = butterfly(simd, values, turns);
        interleave::<S>([a.re, b.re, c.re, d.re], to_re);
        interleave::<S>([a.im, b.im, c.im, d.im], to_im);
    }
}

/// First lanes, then second lanes, and so on.
#[inline(always)]
fn interleave<S: Simd>(vectors: [S::f64s; 4], to: &mut [f64]) {
    let lanes = S::F64_LANES;
    let values: &[f64] = bytemuck::cast_slice(&vectors);
    for lane in 0..lanes {
        for k in 0..4 {
            to[4 * lane + k] = values[k * lanes + lane];
        }
    }
}

/// A pass over as many transforms side by side as there are lanes: [`later_pass`], a vector each.
#[inline(always)]
fn single_pass<S: Simd>(simd: S, from: &Complex, to: &mut Complex, turns: &[Complex; 3]) {
    let from = in_step(quarters(&from.re), quarters(&from.im), |list| vectors::<S>(list).iter());
    let (to_re, _) = vectors_mut::<S>(&mut to.re).as_chunks_mut::<4>();
    let (to_im, _) = vectors_mut::<S>(&mut to.im).as_chunks_mut::<4>();
    for (((to_re, to_im), values), turns) in zip(zip(zip(to_re, to_im), from), each(turns)) {
        let [a, b, c, d] = butterfly(simd, values, splat(simd, turns));
        *to_re = [a.re, b.re, c.re, d.re];
        *to_im = [a.im, b.im, c.im, d.im];
    }
}

/// A pass over transforms side by side, a multiple of the lanes: one set of turns for a value of each.
#[inline(always)]
fn later_pass<S: Simd>(
    simd: S,
    from: &Complex,
    to: &mut Complex,
    turns: &[Complex; 3],
    side_by_side: usize,
) {
    let s = side_by_side;
    let from = in_step(quarters(&from.re), quarters(&from.im), |list| list.chunks_exact(s));
    let to = zip(to.re.chunks_exact_mut(4 * s), to.im.chunks_exact_mut(4 * s));
    for (((to_re, to_im), [a, b, c, d]), turns) in zip(zip(to, from), each(turns)) {
        let turns = splat(simd, turns);
        let re = [a.0, b.0, c.0, d.0];
        let im = [a.1, b.1, c.1, d.1];
        let from = in_step(re, im, |list| vectors::<S>(list).iter());
        let [re_a, re_b, re_c, re_d] = quarters_mut(vectors_mut::<S>(to_re));
        let [im_a, im_b, im_c, im_d] = quarters_mut(vectors_mut::<S>(to_im));
        let to = zip(zip(zip(re_a, im_a), zip(re_b, im_b)), zip(zip(re_c, im_c), zip(re_d, im_d)));
        for (((to_a, to_b), (to_c, to_d)), values) in zip(to, from) {
            let [a, b, c, d] = butterfly(simd, values, turns);
            (*to_a.0, *to_a.1) = (a.re, a.im);
            (*to_b.0, *to_b.1) = (b.re, b.im);
            (*to_c.0, *to_c.1) = (c.re, c.im);
            (*to_d.0, *to_d.1) = (d.re, d.im);
        }
    }
}

/// The three turns of each value of a quarter.
#[inline(always)]
fn each(turns: &[Complex; 3]) -> impl Iterator<Item = [(&f64, &f64); 3]> {
    let [first, second, third] = turns;
    let pairs = zip(zip(&first.re, &first.im), zip(&second.re, &second.im));
    zip(pairs, zip(&third.re, &third.im)).map(|((first, second), third)| [first, second, third])
}

#[inline(always)]
fn number<S: Simd>((re, im): (&S::f64s, &S::f64s)) -> Number<S> {
    Number { re: *re, im: *im }
}

#[inline(always)]
fn splat<S: Simd>(simd: S, turns: [(&f64, &f64); 3]) -> [Number<S>; 3] {
    let [a, b, c] = turns;
    [
        Number { re: simd.splat_f64s(*a.0), im: simd.splat_f64s(*a.1) },
        Number { re: simd.splat_f64s(*b.0), im: simd.splat_f64s(*b.1) },
        Number { re: simd.splat_f64s(*c.0), im: simd.splat_f64s(*c.1) },
    ]
}

/// The pass of radix 2 over transforms of two values.
#[inline(always)]
fn last_pass(from: &Complex, to: &mut Complex) {
    for (from, to) in [(&from.re, &mut to.re), (&from.im, &mut to.im)] {
        let half = from.len() / 2;
        let (first, second) = from.split_at(half);
        let (sum, difference) = to.split_at_mut(half);
        for (sum, (first, second)) in zip(sum, zip(first, second)) {
            *sum = first + second;
        }
        for (difference, (first, second)) in zip(difference, zip(first, second)) {
            *difference = first - second;
        }
    }
}

/// Real and imaginary parts of four lists, read in step: without the checks that indices would need.
#[inline(always)]
fn in_step<'a, I: Iterator>(
    re: [&'a [f64]; 4],
    im: [&'a [f64]; 4],
    parts: impl Fn(&'a [f64]) -> I,
) -> impl Iterator<Item = [(I::Item, I::Item); 4]> {
    let (a, b) = (zip(parts(re[0]), parts(im[0])), zip(parts(re[1]), parts(im[1])));
    let (c, d) = (zip(parts(re[2]), parts(im[2])), zip(parts(re[3]), parts(im[3])));
    zip(zip(a, b), zip(c, d)).map(|((a, b), (c, d))| [a, b, c, d])
}

#[inline(always)]
fn quarters(list: &[f64]) -> [&[f64]; 4] {
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
