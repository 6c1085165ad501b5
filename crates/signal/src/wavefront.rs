//! Several sections of a cascade at once, each on another part of the block: the fast form of
//! [`Cascade::process`](crate::Cascade::process).
//!
//! Section `k` needs what section `k - 1` gave for the same sample, so the sections of one sample form a
//! chain. But while section 0 works on one run of four samples, section 1 can work on the run before,
//! section 2 on the one before that:
//!
//! ```text
//!     section 0    0 1 2 3 4 5 6 7 8 9
//!     section 1      0 1 2 3 4 5 6 7 8 9
//!     section 2        0 1 2 3 4 5 6 7 8 9      (runs of four samples)
//!                  start |  middle  |  end
//! ```
//!
//! In the middle all sections do the same at the same time on numbers that do not depend on each other:
//! plain arrays, which the compiler turns into vectors. At the start and at the end they run one by
//! one. The operations on each number are those of the scalar form, in the same order, so the bits are
//! too.

use crate::cascade::{feed_back, feed_forward_symmetric};

/// Samples in a run: between what two neighbouring sections work on. Measured: 2 leaves no time for a
/// value to get to the next section, 8 does not fit the registers.
const RUN: usize = 4;

/// Most sections in one wavefront.
pub(crate) const MAX_LANES: usize = 8;

/// Samples by which the first of `sections` is ahead of the last. A block must not be shorter.
pub(crate) const fn lead(sections: usize) -> usize {
    (sections - 1) * RUN
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
            self.run_alone(k, &mut block[..lead - k * RUN]);
        }
        // Now the front of the block holds, one run after the other, what each section gave last.
        let mut waiting = [[0.0; RUN]; SECTIONS];
        for (k, run) in waiting.iter_mut().enumerate().skip(1) {
            run.copy_from_slice(&block[lead - k * RUN..][..RUN]);
        }
        let end = block.len() - (block.len() - lead) % RUN;
        self.run_together(&mut waiting, &mut block[lead..end]);
        block.copy_within(lead..end, 0);
        // And now its end is laid out again as the front was, with the samples left over behind it.
        for (k, run) in waiting.iter().enumerate().skip(1) {
            block[end - k * RUN..][..RUN].copy_from_slice(run);
        }
        for k in 0..SECTIONS {
            self.run_alone(k, &mut block[end - k * RUN..]);
        }
    }

    /// The middle. What the last section gives belongs [`lead`] samples further to the front.
    fn run_together(&mut self, waiting: &mut [[f64; RUN]; SECTIONS], block: &mut [f64]) {
        let (middle, back) = (self.middle, self.back);
        let [mut input, mut input_before] = self.input;
        let [mut output, mut output_before] = self.output;
        for run in block.chunks_exact_mut(RUN) {
            for n in 0..RUN {
                let arriving: [f64; SECTIONS] =
                    core::array::from_fn(|k| if k == 0 { run[n] } else { waiting[k][n] });
                for k in 0..SECTIONS {
                    let forward =
                        feed_forward_symmetric(middle[k], arriving[k], input[k], input_before[k]);
                    let leaving =
                        feed_back(back[0][k], back[1][k], forward, output[k], output_before[k]);
                    (input[k], input_before[k]) = (arriving[k], input[k]);
                    (output[k], output_before[k]) = (leaving, output[k]);
                    if k + 1 < SECTIONS {
                        waiting[k + 1][n] = leaving;
                    } else {
                        run[n] = leaving;
                    }
                }
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
