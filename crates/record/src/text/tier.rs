//! Work on many numbers, compiled for more than one processor.
//!
//! All give the same: nothing here rounds otherwise, as products and sums are never fused.

#[cfg(target_arch = "x86_64")]
use pulp::{NullaryFnOnce, x86::V3};

/// What the processor can do, found out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tier {
    /// AVX2 and what comes with it.
    #[cfg(target_arch = "x86_64")]
    v3: Option<V3>,
}

/// Work that is compiled for each tier. What it calls must be inlined.
pub(crate) trait Kernel {
    type Output;
    fn run(self) -> Self::Output;
}

impl Tier {
    pub(crate) fn best() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            v3: V3::try_new(),
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn v3(self) -> Option<V3> {
        self.v3
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = self.v3 {
            return v3.vectorize(Run(kernel));
        }
        kernel.run()
    }
}

#[cfg(target_arch = "x86_64")]
struct Run<K>(K);

#[cfg(target_arch = "x86_64")]
impl<K: Kernel> NullaryFnOnce for Run<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run()
    }
}
