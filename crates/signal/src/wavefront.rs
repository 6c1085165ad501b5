//! Several sections of a cascade at once, each on another sample: the fast form of
//! [`Cascade::process`](crate::Cascade::process).
//!
//! Section `k` needs what section `k - 1` gave for the same sample, so the sections of one sample form a
//! chain. But section `k` can work on sample `t - 2k` while section 0 works on sample `t`:
//!
//! ```text
//!     section 0    0 1 2 3 4 5 6 7 8 9
//!     section 1        0 1 2 3 4 5 6 7 8 9
//!     section 2            0 1 2 3 4 5 6 7 8 9
//!                   start  |  middle   |  end
//! ```
//!
//! In the middle all sections do the same at the same time on numbers that do not depend on each other:
//! plain arrays, which the compiler turns into vectors. At the start and at the end they run one by
//! one. The operations on each number are those of the scalar form, in the same order, so the bits are
//! too.

use crate::cascade::{feed_back, feed_forward_symmetric};

/// Samples between two neighbouring sections. With one, a section would wait in each step for the step
/// before.
const APART: usize = 2;

/// Samples in one turn of the middle's loop: as many as let all that is remembered change places without
/// being moved.
const UNROLL: usize = 4;

/// Most sections in one wavefront: with more, the processor's registers do not hold them.
pub(crate) const MAX_LANES: usize = 6;

/// Samples by which the first of `sections` is ahead of the last. A block must not be shorter.
pub(crate) const fn lead(sections: usize) -> usize {
    (sections - 1) * APART
}

/// Coefficients and memory of sections that run together. Their numerators are
/// `1 + middle z⁻¹ + z⁻²`.
pub(crate) struct Lanes<const SECTIONS: usize> {
    pub(crate) middle: [f64; SECTIONS],
    pub(crate) back: [[f64; SECTIONS]; 2],
    /// The last input of each section, and the one before.
    pub(crate) input: [[f64; SECTIONS]; 2],
    /// The last output of each section, and the one before.
    pub(crate) output: [[f64; SECTIONS]; 2],
}

impl<const SECTIONS: usize> Lanes<SECTIONS> {
    /// Runs a block of at least [`lead`] samples, in place.
    pub(crate) fn process(&mut self, block: &mut [f64]) {
        let lead = lead(SECTIONS);
        for k in 0..SECTIONS - 1 {
            self.run_alone(k, &mut block[..lead - k * APART]);
        }
        let end = block.len() - (block.len() - lead) % UNROLL;
        self.run_together(&mut block[lead..end]);
        block.copy_within(lead..end, 0);
        // What is left to do lies before the samples that did not fill a turn: behind each section the
        // two values that it gave last, which the next has not taken yet.
        for k in 1..SECTIONS {
            block[end - k * APART] = self.output[1][k - 1];
            block[end - k * APART + 1] = self.output[0][k - 1];
        }
        for k in 0..SECTIONS {
            self.run_alone(k, &mut block[end - k * APART..]);
        }
    }

    /// The middle. What the last section gives belongs [`lead`] samples further to the front.
    ///
    /// Not inlined: among other code the compiler does not find the vectors.
    #[inline(never)]
    fn run_together(&mut self, block: &mut [f64]) {
        let (middle, [a1, a2]) = (self.middle, self.back);
        let [mut input, mut input_before] = self.input;
        let [mut output, mut output_before] = self.output;
        for turn in block.chunks_exact_mut(UNROLL) {
            for sample in turn {
                let mut arriving = [*sample; SECTIONS];
                arriving[1..].copy_from_slice(&output_before[..SECTIONS - 1]);
                let mut leaving = [0.0; SECTIONS];
                for k in 0..SECTIONS {
                    let forward =
                        feed_forward_symmetric(middle[k], arriving[k], input[k], input_before[k]);
                    leaving[k] = feed_back(a1[k], a2[k], forward, output[k], output_before[k]);
                }
                (input, input_before) = (arriving, input);
                (output, output_before) = (leaving, output);
                *sample = leaving[SECTIONS - 1];
            }
        }
        self.input = [input, input_before];
        self.output = [output, output_before];
    }

    fn run_alone(&mut self, k: usize, samples: &mut [f64]) {
        let [mut input, mut input_before] = [self.input[0][k], self.input[1][k]];
        let [mut output, mut output_before] = [self.output[0][k], self.output[1][k]];
        for sample in samples {
            let forward = feed_forward_symmetric(self.middle[k], *sample, input, input_before);
            let leaving =
                feed_back(self.back[0][k], self.back[1][k], forward, output, output_before);
            (input, input_before) = (*sample, input);
            (output, output_before) = (leaving, output);
            *sample = leaving;
        }
        (self.input[0][k], self.input[1][k]) = (input, input_before);
        (self.output[0][k], self.output[1][k]) = (output, output_before);
    }
}
