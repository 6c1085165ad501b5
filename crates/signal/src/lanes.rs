//! Several numbers at once, on processors that can: which vectors there are, and what to do with them.
//!
//! A kernel is written once, for [`Lanes`], and compiled for each [`Tier`]; which one runs is found out
//! when a stage is made. Each operation does to each lane what `f64` does, so all tiers give the same
//! bits. What the compiler must know of a processor, and what is `unsafe` in that, is in the crate
//! `pulp`.
//!
//! There are no vectors of our own for other processors than x86-64. There the plain forms run, which on
//! 64-bit ARM is no library call either: fused operations belong to it.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::{__m128d, __m256d, __m512d};
use core::array::from_fn;

#[cfg(target_arch = "x86_64")]
use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::bytemuck::cast;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

/// Numbers in a row: as many as the widest vector holds.
pub(crate) const WIDTH: usize = 8;

/// What a processor can do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tier {
    /// One by one.
    Plain,
    /// AVX2 and FMA: four at once.
    #[cfg(target_arch = "x86_64")]
    V3(V3),
    /// AVX-512: eight at once.
    #[cfg(target_arch = "x86_64")]
    V4(V4),
}

impl Tier {
    /// Least of [`Self::sections`] of any tier.
    pub(crate) const LEAST_SECTIONS: usize = 5;

    /// Most sections of a filter that run side by side.
    pub(crate) const fn sections(self) -> usize {
        match self {
            Self::Plain => WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::V3(_) => Self::LEAST_SECTIONS,
            #[cfg(target_arch = "x86_64")]
            Self::V4(_) => WIDTH,
        }
    }

    /// The best there is. Asks the processor at the first call only.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(v4) = V4::try_new() {
                return Self::V4(v4);
            }
            if let Some(v3) = V3::try_new() {
                return Self::V3(v3);
            }
        }
        Self::Plain
    }

    /// Runs `kernel` as compiled for vectors of four, or without where there are none.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Plain => kernel.run(Plain),
            #[cfg(target_arch = "x86_64")]
            Self::V3(v3) => v3.vectorize(Compiled(v3, kernel)),
            #[cfg(target_arch = "x86_64")]
            Self::V4(v4) => (*v4).vectorize(Compiled(*v4, kernel)),
        }
    }

    /// All that this machine has.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "there is one"))]
        let mut tiers = vec![Self::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            tiers.extend(V3::try_new().map(Self::V3));
            tiers.extend(V4::try_new().map(Self::V4));
        }
        tiers
    }
}

/// Plain loops, of which the compiler makes vectors where there are any, but for what it does not see.
/// What they call must be inlined.
pub(crate) trait Kernel {
    type Output;
    fn run(self, by: impl RunningSum) -> Self::Output;
}

pub(crate) trait RunningSum: Copy {
    /// Each value with those before it, summed from the first on. No value is a negative zero.
    fn running_sum(self, values: [f64; 4]) -> [f64; 4];
}

impl RunningSum for Plain {
    #[inline(always)]
    fn running_sum(self, [one, two, three, four]: [f64; 4]) -> [f64; 4] {
        let two = one + two;
        let three = two + three;
        [one, two, three, three + four]
    }
}

#[cfg(target_arch = "x86_64")]
impl RunningSum for V3 {
    /// One sum at a time, but in place: adding zero changes none of the others.
    #[inline(always)]
    fn running_sum(self, values: [f64; 4]) -> [f64; 4] {
        let zero = self.avx._mm256_setzero_pd();
        let sums = cast(values);
        let left = self.avx._mm256_movedup_pd(sums);
        let sums = self.add(sums, self.avx._mm256_blend_pd::<0b0010>(zero, left));
        let left = self.avx2._mm256_permute4x64_pd::<0b01_01_01_01>(sums);
        let sums = self.add(sums, self.avx._mm256_blend_pd::<0b0100>(zero, left));
        let left = self.avx._mm256_movedup_pd(sums);
        cast(self.add(sums, self.avx._mm256_blend_pd::<0b1000>(zero, left)))
    }
}

#[cfg(target_arch = "x86_64")]
struct Compiled<K>(V3, K);

#[cfg(target_arch = "x86_64")]
impl<K: Kernel> NullaryFnOnce for Compiled<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.1.run(self.0)
    }
}

/// Vectors of some numbers, up to [`WIDTH`].
///
/// Everything here must be inlined into code that is compiled for the processor.
pub(crate) trait Lanes: Copy {
    /// Numbers in a vector.
    const COUNT: usize;
    type Row: Copy;
    /// Some of the lanes.
    type Mask: Copy;

    /// The first numbers of `from`, which has enough.
    fn load(self, from: &[f64]) -> Self::Row;
    /// Into the first places of `to`, which has enough.
    fn store(self, row: Self::Row, to: &mut [f64]);
    fn splat(self, x: f64) -> Self::Row;
    fn add(self, a: Self::Row, b: Self::Row) -> Self::Row;
    fn mul(self, a: Self::Row, b: Self::Row) -> Self::Row;
    /// `a b + c`, rounded once.
    fn mul_add(self, a: Self::Row, b: Self::Row, c: Self::Row) -> Self::Row;
    fn first(self, row: Self::Row) -> f64;
    #[inline(always)]
    fn get(self, row: Self::Row, lane: usize) -> f64 {
        let mut values = [0.0; WIDTH];
        self.store(row, &mut values);
        values[lane]
    }
    /// That lane alone.
    fn lane(self, lane: usize) -> Self::Mask;
    /// `yes` in the lanes of `mask`, elsewhere `no`.
    fn select(self, mask: Self::Mask, yes: Self::Row, no: Self::Row) -> Self::Row;
    /// Each lane gets what its right neighbour holds, the lane of `mask` gets `x`.
    fn enter(self, mask: Self::Mask, x: f64, row: Self::Row) -> Self::Row;
}

/// No vector that we know of. The compiler may find some.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Lanes for Plain {
    const COUNT: usize = WIDTH;
    type Row = [f64; WIDTH];
    type Mask = usize;

    #[inline(always)]
    fn load(self, from: &[f64]) -> Self::Row {
        array(from)
    }

    #[inline(always)]
    fn store(self, row: Self::Row, to: &mut [f64]) {
        to[..WIDTH].copy_from_slice(&row);
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self::Row {
        [x; WIDTH]
    }

    #[inline(always)]
    fn add(self, a: Self::Row, b: Self::Row) -> Self::Row {
        from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn mul(self, a: Self::Row, b: Self::Row) -> Self::Row {
        from_fn(|lane| a[lane] * b[lane])
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Row, b: Self::Row, c: Self::Row) -> Self::Row {
        from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }

    #[inline(always)]
    fn first(self, row: Self::Row) -> f64 {
        row[0]
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> usize {
        lane
    }

    #[inline(always)]
    fn select(self, mask: usize, yes: Self::Row, no: Self::Row) -> Self::Row {
        from_fn(|lane| if lane == mask { yes[lane] } else { no[lane] })
    }

    #[inline(always)]
    fn enter(self, mask: usize, x: f64, row: Self::Row) -> Self::Row {
        from_fn(|lane| if lane == mask { x } else { row[(lane + 1) % WIDTH] })
    }
}

/// A vector of eight.
#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    const COUNT: usize = 8;
    type Row = __m512d;
    type Mask = u8;

    #[inline(always)]
    fn load(self, from: &[f64]) -> __m512d {
        cast(array::<8>(from))
    }

    #[inline(always)]
    fn store(self, row: __m512d, to: &mut [f64]) {
        to[..8].copy_from_slice(&cast::<_, [f64; 8]>(row));
    }

    #[inline(always)]
    fn splat(self, x: f64) -> __m512d {
        self.avx512f._mm512_set1_pd(x)
    }

    #[inline(always)]
    fn add(self, a: __m512d, b: __m512d) -> __m512d {
        self.avx512f._mm512_add_pd(a, b)
    }

    #[inline(always)]
    fn mul(self, a: __m512d, b: __m512d) -> __m512d {
        self.avx512f._mm512_mul_pd(a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        self.avx512f._mm512_fmadd_pd(a, b, c)
    }

    #[inline(always)]
    fn first(self, row: __m512d) -> f64 {
        self.sse2._mm_cvtsd_f64(self.avx512f._mm512_castpd512_pd128(row))
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> u8 {
        1 << lane
    }

    #[inline(always)]
    fn select(self, mask: u8, yes: __m512d, no: __m512d) -> __m512d {
        self.avx512f._mm512_mask_blend_pd(mask, no, yes)
    }

    #[inline(always)]
    fn enter(self, mask: u8, x: f64, row: __m512d) -> __m512d {
        let row = self.avx512f._mm512_castpd_si512(row);
        let shifted = self.avx512f._mm512_alignr_epi64::<1>(row, row);
        self.select(mask, self.splat(x), self.avx512f._mm512_castsi512_pd(shifted))
    }
}

/// A vector of four.
#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    const COUNT: usize = 4;
    type Row = __m256d;
    type Mask = __m256d;

    #[inline(always)]
    fn load(self, from: &[f64]) -> __m256d {
        cast(array::<4>(from))
    }

    #[inline(always)]
    fn store(self, row: __m256d, to: &mut [f64]) {
        to[..4].copy_from_slice(&cast::<_, [f64; 4]>(row));
    }

    #[inline(always)]
    fn splat(self, x: f64) -> __m256d {
        self.avx._mm256_set1_pd(x)
    }

    #[inline(always)]
    fn add(self, a: __m256d, b: __m256d) -> __m256d {
        self.avx._mm256_add_pd(a, b)
    }

    #[inline(always)]
    fn mul(self, a: __m256d, b: __m256d) -> __m256d {
        self.avx._mm256_mul_pd(a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        self.fma._mm256_fmadd_pd(a, b, c)
    }

    #[inline(always)]
    fn first(self, row: __m256d) -> f64 {
        self.sse2._mm_cvtsd_f64(self.avx._mm256_castpd256_pd128(row))
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> __m256d {
        // Signs decide. From a table: a vector whose parts were just written is waited for.
        const SIGNS: [[f64; 4]; WIDTH] = {
            let mut signs = [[0.0; 4]; WIDTH];
            let mut lane = 0;
            while lane < 4 {
                signs[lane][lane] = -1.0;
                lane += 1;
            }
            signs
        };
        cast(SIGNS[lane])
    }

    #[inline(always)]
    fn select(self, mask: __m256d, yes: __m256d, no: __m256d) -> __m256d {
        self.avx._mm256_blendv_pd(no, yes, mask)
    }

    #[inline(always)]
    fn enter(self, mask: __m256d, x: f64, row: __m256d) -> __m256d {
        let shifted = self.avx2._mm256_permute4x64_pd::<0b00_11_10_01>(row);
        self.select(mask, self.splat(x), shifted)
    }
}

/// A vector of four and one more: the standard filter has five sections.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct FourAndOne(pub(crate) V3);

#[cfg(target_arch = "x86_64")]
impl Lanes for FourAndOne {
    const COUNT: usize = 5;
    /// Of the pair only the first counts; a number by itself is put into vectors by the compiler in
    /// ways that make the next step wait.
    type Row = (__m256d, __m128d);
    type Mask = (__m256d, bool);

    #[inline(always)]
    fn load(self, from: &[f64]) -> Self::Row {
        (self.0.load(from), self.0.sse2._mm_set1_pd(from[4]))
    }

    #[inline(always)]
    fn store(self, row: Self::Row, to: &mut [f64]) {
        self.0.store(row.0, to);
        to[4] = self.0.sse2._mm_cvtsd_f64(row.1);
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self::Row {
        (self.0.splat(x), self.0.sse2._mm_set1_pd(x))
    }

    #[inline(always)]
    fn add(self, a: Self::Row, b: Self::Row) -> Self::Row {
        (self.0.add(a.0, b.0), self.0.sse2._mm_add_pd(a.1, b.1))
    }

    #[inline(always)]
    fn mul(self, a: Self::Row, b: Self::Row) -> Self::Row {
        (self.0.mul(a.0, b.0), self.0.sse2._mm_mul_pd(a.1, b.1))
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Row, b: Self::Row, c: Self::Row) -> Self::Row {
        (self.0.mul_add(a.0, b.0, c.0), self.0.fma._mm_fmadd_pd(a.1, b.1, c.1))
    }

    #[inline(always)]
    fn first(self, row: Self::Row) -> f64 {
        self.0.first(row.0)
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> Self::Mask {
        (self.0.lane(lane), lane == 4)
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, yes: Self::Row, no: Self::Row) -> Self::Row {
        (self.0.select(mask.0, yes.0, no.0), if mask.1 { yes.1 } else { no.1 })
    }

    /// The mask is that of the fifth lane.
    #[inline(always)]
    fn enter(self, _: Self::Mask, x: f64, row: Self::Row) -> Self::Row {
        let shifted = self.0.avx2._mm256_permute4x64_pd::<0b00_11_10_01>(row.0);
        let fifth = self.0.avx2._mm256_broadcastsd_pd(row.1);
        (self.0.avx._mm256_blend_pd::<0b1000>(shifted, fifth), self.0.sse2._mm_set1_pd(x))
    }
}

#[inline(always)]
fn array<const N: usize>(from: &[f64]) -> [f64; N] {
    from_fn(|lane| from[..N][lane])
}
