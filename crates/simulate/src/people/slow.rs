//! Slow variation of a level.

use crate::rng::SeededRng;

/// A wandering number, mean 0 and standard deviation 1, that forgets with a time constant.
///
/// New values come every 20 ms, with straight lines between them.
#[derive(Clone, Debug)]
pub(super) struct Slow {
    rng: SeededRng,
    keep: f64,
    fresh: f64,
    last: f64,
    next: f64,
    next_s: f64,
}

impl Slow {
    const STEP_S: f64 = 0.02;

    pub(super) fn new(mut rng: SeededRng, constant_s: f64) -> Self {
        let keep = libm::exp(-Self::STEP_S / constant_s);
        let next = rng.gaussian();
        Self { rng, keep, fresh: libm::sqrt(1.0 - keep * keep), last: next, next, next_s: 0.0 }
    }

    /// The number at a moment; time must not run backwards.
    pub(super) fn at(&mut self, time_s: f64) -> f64 {
        while self.next_s < time_s {
            self.last = self.next;
            self.next = self.keep * self.last + self.fresh * self.rng.gaussian();
            self.next_s += Self::STEP_S;
        }
        let left = ((self.next_s - time_s) / Self::STEP_S).clamp(0.0, 1.0);
        self.next + left * (self.last - self.next)
    }
}
