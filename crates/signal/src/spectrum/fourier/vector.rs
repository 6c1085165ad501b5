//! Which vectors a processor has. All that is asked of them does to each number what `f64` does, and
//! nothing is fused: every one gives the same bits.

use pulp::{Simd, WithSimd};

/// Runs `work` with the vectors that suit it best.
///
/// Those of eight numbers are left out: the first two passes of a transform work on fours.
pub(super) fn best<W: WithSimd>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V3::try_new() {
            return Simd::vectorize(simd, work);
        }
        Simd::vectorize(pulp::Scalar128b, work)
    }
    #[cfg(not(target_arch = "x86_64"))]
    pulp::Arch::new().dispatch(work)
}

/// The numbers of a list as vectors; what is left over at its end is left out.
#[inline(always)]
pub(super) fn vectors<S: Simd>(list: &[f64]) -> &[S::f64s] {
    S::as_simd_f64s(list).0
}

/// As [`vectors`].
#[inline(always)]
pub(super) fn vectors_mut<S: Simd>(list: &mut [f64]) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(list).0
}

/// A complex number in each lane.
#[derive(Clone, Copy)]
pub(super) struct Number<S: Simd> {
    pub re: S::f64s,
    pub im: S::f64s,
}

impl<S: Simd> Number<S> {
    #[inline(always)]
    pub(super) fn plus(self, other: Self, simd: S) -> Self {
        Self { re: simd.add_f64s(self.re, other.re), im: simd.add_f64s(self.im, other.im) }
    }

    #[inline(always)]
    pub(super) fn minus(self, other: Self, simd: S) -> Self {
        Self { re: simd.sub_f64s(self.re, other.re), im: simd.sub_f64s(self.im, other.im) }
    }

    #[inline(always)]
    pub(super) fn times(self, other: Self, simd: S) -> Self {
        let products = |a, b| simd.mul_f64s(a, b);
        Self {
            re: simd.sub_f64s(products(self.re, other.re), products(self.im, other.im)),
            im: simd.add_f64s(products(self.re, other.im), products(self.im, other.re)),
        }
    }

    /// Self minus `i` times the other.
    #[inline(always)]
    pub(super) fn minus_turned(self, other: Self, simd: S) -> Self {
        Self { re: simd.add_f64s(self.re, other.im), im: simd.sub_f64s(self.im, other.re) }
    }

    /// Self plus `i` times the other.
    #[inline(always)]
    pub(super) fn plus_turned(self, other: Self, simd: S) -> Self {
        Self { re: simd.sub_f64s(self.re, other.im), im: simd.add_f64s(self.im, other.re) }
    }

    #[inline(always)]
    pub(super) fn square(self, simd: S) -> S::f64s {
        simd.add_f64s(simd.mul_f64s(self.re, self.re), simd.mul_f64s(self.im, self.im))
    }

    /// The lanes in the opposite order.
    #[inline(always)]
    pub(super) fn reversed(self) -> Self {
        Self { re: reversed::<S>(self.re), im: reversed::<S>(self.im) }
    }
}

#[inline(always)]
pub(super) fn reversed<S: Simd>(mut vector: S::f64s) -> S::f64s {
    pulp::bytemuck::cast_slice_mut::<_, f64>(core::slice::from_mut(&mut vector)).reverse();
    vector
}
