//! Loops over many numbers, compiled for more than one processor.

#[cfg(target_arch = "x86_64")]
use pulp::{NullaryFnOnce, x86::V3};

/// What the processor can do, found out once.
///
/// A plain loop is compiled for the oldest processor of its kind, whose vectors hold two numbers. Handed
/// to [`Self::run`], it is also compiled for one with AVX2, whose vectors hold four. The bits are the
/// same: the compiler neither reorders nor fuses floating-point operations.
#[derive(Clone, Copy, Debug)]
pub struct Processor {
    #[cfg(target_arch = "x86_64")]
    v3: Option<V3>,
}

/// A loop for [`Processor::run`]. It must be inlined, as must what it calls.
pub trait Loop {
    /// What comes of it.
    type Output;

    /// Runs the loop.
    fn run(self) -> Self::Output;
}

impl Processor {
    /// The one at hand. Asks it at the first call only.
    #[must_use]
    pub fn best() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            v3: V3::try_new(),
        }
    }

    /// Runs a loop in the form that suits the processor.
    pub fn run<L: Loop>(self, work: L) -> L::Output {
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = self.v3 {
            return v3.vectorize(Compiled(work));
        }
        work.run()
    }
}

#[cfg(target_arch = "x86_64")]
struct Compiled<L>(L);

#[cfg(target_arch = "x86_64")]
impl<L: Loop> NullaryFnOnce for Compiled<L> {
    type Output = L::Output;

    #[inline(always)]
    fn call(self) -> L::Output {
        self.0.run()
    }
}
