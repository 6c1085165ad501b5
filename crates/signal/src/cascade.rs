//! Runs a chain of second-order sections, sample by sample or block by block.

use crate::sections::{MAX_SECTIONS, Sections, section_dc_gain};

/// Samples between two looks for values too small to matter.
const FLUSH_INTERVAL: u64 = 1024;

/// Below this a remembered value is set to zero.
///
/// Our choice: far below any quantity we measure, far above where arithmetic gets slow (1e-308).
const NEGLIGIBLE: f64 = 1e-200;

/// A filter with its memory: one channel, causal, in the unit of its input.
///
/// The first sample after [`Self::new`] or [`Self::reset`] primes the memory as if it had been the
/// input for ever: an offset causes no transient. A constant input gives 0 from the first sample on in
/// a high-pass or band-pass, and itself times the gain in a low-pass.
///
/// Delay: [`Self::delay_samples`]. Samples must be finite; one that is not stays in the memory, so
/// that all that follow are not finite either, until [`Self::reset`].
///
/// Results depend on the samples alone, not on how they are cut into blocks: every value is computed by
/// the same operations in the same order, never fused.
#[derive(Clone, Debug)]
pub struct Cascade {
    feed: [[f64; MAX_SECTIONS]; 3],
    back: [[f64; MAX_SECTIONS]; 2],
    dc_gain: [f64; MAX_SECTIONS],
    len: usize,
    /// `last[k]` and `before[k]` are the last value and the one before it that went into section `k`;
    /// what section `k` gave is what section `k + 1` got.
    last: [f64; MAX_SECTIONS + 1],
    before: [f64; MAX_SECTIONS + 1],
    primed: bool,
    sample_count: u64,
    settling_samples: usize,
    delay_samples: f64,
}

impl Cascade {
    /// The filter, ready for its first sample. Allocates nothing.
    #[must_use]
    pub fn new(sections: &Sections) -> Self {
        let mut cascade = Self {
            feed: [[0.0; MAX_SECTIONS]; 3],
            back: [[0.0; MAX_SECTIONS]; 2],
            dc_gain: [0.0; MAX_SECTIONS],
            len: sections.len(),
            last: [0.0; MAX_SECTIONS + 1],
            before: [0.0; MAX_SECTIONS + 1],
            primed: false,
            sample_count: 0,
            settling_samples: sections.settling_samples(),
            delay_samples: sections.delay_samples(),
        };
        for (index, section) in sections.coefficients().iter().enumerate() {
            cascade.feed[0][index] = section.b0;
            cascade.feed[1][index] = section.b1;
            cascade.feed[2][index] = section.b2;
            cascade.back[0][index] = section.a1;
            cascade.back[1][index] = section.a2;
            cascade.dc_gain[index] = section_dc_gain(section);
        }
        cascade
    }

    /// Forgets all samples: the same as new.
    pub fn reset(&mut self) {
        self.last = [0.0; MAX_SECTIONS + 1];
        self.before = [0.0; MAX_SECTIONS + 1];
        self.primed = false;
        self.sample_count = 0;
    }

    /// Sets the memory to what it would be after a constant input `x0` for ever.
    ///
    /// Done by itself before the first sample; by hand if a better guess than that sample is known.
    pub fn prime(&mut self, x0: f64) {
        self.primed = true;
        self.sample_count = 0;
        let mut value = x0;
        self.last[0] = value;
        self.before[0] = value;
        for k in 0..self.len {
            value *= self.dc_gain[k];
            self.last[k + 1] = value;
            self.before[k + 1] = value;
        }
    }

    /// Filters one sample.
    pub fn step(&mut self, x: f64) -> f64 {
        if !self.primed {
            self.prime(x);
        }
        let y = self.advance(x);
        self.sample_count += 1;
        if self.sample_count.is_multiple_of(FLUSH_INTERVAL) {
            self.flush();
        }
        y
    }

    /// Filters a block in place: the same bits as [`Self::step`] for each of its samples.
    pub fn process(&mut self, block: &mut [f64]) {
        for x in block {
            *x = self.step(*x);
        }
    }

    fn advance(&mut self, x: f64) -> f64 {
        let mut value = x;
        for k in 0..self.len {
            let output = section(
                [self.feed[0][k], self.feed[1][k], self.feed[2][k]],
                [self.back[0][k], self.back[1][k]],
                [value, self.last[k], self.before[k]],
                [self.last[k + 1], self.before[k + 1]],
            );
            self.before[k] = self.last[k];
            self.last[k] = value;
            value = output;
        }
        self.before[self.len] = self.last[self.len];
        self.last[self.len] = value;
        value
    }

    /// After the input went silent, memories decay for ever, and arithmetic below 1e-308 is a hundred
    /// times slower on many processors. Zeroing what is negligible bounds that to one interval; the
    /// interval is counted from the first sample, so that it falls the same however blocks are cut.
    fn flush(&mut self) {
        for value in self.last.iter_mut().chain(&mut self.before) {
            if value.abs() < NEGLIGIBLE {
                *value = 0.0;
            }
        }
    }

    /// Samples until the slowest part of a transient is below 1 % of its first value.
    #[must_use]
    pub const fn settling_samples(&self) -> usize {
        self.settling_samples
    }

    /// Whether [`Self::settling_samples`] have passed since the first sample.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.sample_count >= self.settling_samples as u64
    }

    /// Group delay at the centre of the band, in samples; see [`Sections::centre_hz`].
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.delay_samples
    }
}

/// One section, direct form 1: `input` and `output` hold the newest value first.
///
/// The feed-forward part is summed first: for a high-pass it cancels to exactly zero on a constant
/// input, before the small output meets the large offset. The newest output enters last, as it is the
/// value the next sample waits for.
#[inline(always)]
fn section(feed: [f64; 3], back: [f64; 2], input: [f64; 3], output: [f64; 2]) -> f64 {
    ((feed[1] * input[1] + feed[2] * input[2] + feed[0] * input[0]) - back[1] * output[1])
        - back[0] * output[0]
}
