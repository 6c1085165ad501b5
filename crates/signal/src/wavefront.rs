//! Sections of a cascade side by side, each on another sample: the fast form of
//! [`Cascade::process`](crate::Cascade::process).
//!
//! Section `k` needs what section `k - 1` gave for the same sample, so the sections of one sample form a
//! chain. But section `k` can work on sample `t - 5k` while section 0 works on sample `t`:
//!
//! ```text
//!     section 0    0 1 2 3 4 5 6 7 8 9 . . .
//!     section 1              0 1 2 3 4 5 6 7 8 9 . . .
//!     section 2                        0 1 2 3 4 5 6 7 8 9
//!                   start             |       |  end
//! ```
//!
//! All sections then do the same at the same time on numbers that do not depend on each other: one
//! section to a lane of a vector. The operations on each number are those of [`Group::run`], in the
//! same order, so the bits are too. A section's memory is put into its lane when it begins and taken
//! out when it ends; what a lane computes before and after that is not looked at.
//!
//! # Why every product is fused with a sum
//!
//! A sample waits for the one before it, and that is the time it takes. Of the operations of a section
//! only the last waits for the last output: a product and a sum, seven or eight cycles apart, four fused.
//! Nothing else is in the way, as there are five steps for what leaves one lane to get to the next.
//! Where a processor cannot fuse, a library does it: much slower, the same bits.

use core::array::from_fn;
use core::cell::Cell;

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

#[cfg(target_arch = "x86_64")]
use crate::lanes::FourAndOne;
use crate::lanes::Lanes;

/// Samples between two neighbouring sections, and steps in one turn of the loop.
const APART: usize = 5;

/// Most sections in one group.
pub(crate) const MAX_LANES: usize = 8;

/// Up to [`MAX_LANES`] neighbouring sections with `b0 = 1`, and their memory.
///
/// The last section comes first: what leaves is in the first lane of a vector, where reading it costs
/// nothing.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// `b1 / b0`
    pub(crate) middle: [f64; MAX_LANES],
    /// `b2 / b0`
    pub(crate) far: [f64; MAX_LANES],
    /// `-a1`
    pub(crate) back: [f64; MAX_LANES],
    /// `-a2`
    pub(crate) back_far: [f64; MAX_LANES],
    pub(crate) len: usize,
    /// Whether `far` is one throughout, as in all sections of even order: a product less.
    pub(crate) symmetric: bool,
    /// The last output of each section. What a section gave is what the next one got, so its right
    /// neighbour is its last input; behind the first section stands what came into the group.
    pub(crate) last: [f64; MAX_LANES + 1],
    /// The values before those.
    pub(crate) before: [f64; MAX_LANES + 1],
}

impl Group {
    pub(crate) const EMPTY: Self = Self {
        middle: [0.0; MAX_LANES],
        far: [0.0; MAX_LANES],
        back: [0.0; MAX_LANES],
        back_far: [0.0; MAX_LANES],
        len: 0,
        symmetric: true,
        last: [0.0; MAX_LANES + 1],
        before: [0.0; MAX_LANES + 1],
    };

    /// Runs a block in place, one sample after the other: what every other form must equal.
    #[inline(always)]
    pub(crate) fn run(&mut self, block: &mut [f64]) {
        if self.symmetric {
            self.run_in_turn::<true>(block);
        } else {
            self.run_in_turn::<false>(block);
        }
    }

    #[inline(always)]
    fn run_in_turn<const SYMMETRIC: bool>(&mut self, block: &mut [f64]) {
        match self.len {
            0 => {}
            1 => self.run_sections::<1, SYMMETRIC>(block),
            2 => self.run_sections::<2, SYMMETRIC>(block),
            3 => self.run_sections::<3, SYMMETRIC>(block),
            4 => self.run_sections::<4, SYMMETRIC>(block),
            5 => self.run_sections::<5, SYMMETRIC>(block),
            6 => self.run_sections::<6, SYMMETRIC>(block),
            7 => self.run_sections::<7, SYMMETRIC>(block),
            _ => self.run_sections::<8, SYMMETRIC>(block),
        }
    }

    /// Each section in direct form 1. What comes from its input is summed first: in a high-pass that is
    /// exactly zero on a constant input, before the small output meets the large offset. Then the
    /// newest values come last, as they are the ones that are waited for.
    ///
    /// With the number of sections known, their memories need not be written at each sample.
    #[inline(always)]
    fn run_sections<const LEN: usize, const SYMMETRIC: bool>(&mut self, block: &mut [f64]) {
        let mut last: [f64; LEN] = from_fn(|k| self.last[k]);
        let mut before: [f64; LEN] = from_fn(|k| self.before[k]);
        let (mut input, mut input_before) = (self.last[LEN], self.before[LEN]);
        for x in block {
            let mut value = *x;
            let (mut early, mut earlier) = (input, input_before);
            (input, input_before) = (value, input);
            for k in (0..LEN).rev() {
                let far = if SYMMETRIC { earlier } else { self.far[k] * earlier };
                let forward = self.middle[k].mul_add(early, far) + value;
                value = self.back[k].mul_add(last[k], self.back_far[k].mul_add(before[k], forward));
                (early, earlier) = (last[k], before[k]);
                (last[k], before[k]) = (value, early);
            }
            *x = value;
        }
        self.last[..LEN].copy_from_slice(&last);
        self.before[..LEN].copy_from_slice(&before);
        (self.last[LEN], self.before[LEN]) = (input, input_before);
    }

    /// Runs a block in place, each sample times `gain`: the bits of [`Self::run`] on the products. There
    /// must be a lane for each section.
    #[inline(always)]
    pub(crate) fn run_lanes<L: Lanes>(&mut self, lanes: L, gain: f64, block: &mut [f64]) {
        if block.len() < (self.len - 1) * APART {
            block.iter_mut().for_each(|x| *x *= gain);
            self.run(block);
        } else if self.symmetric {
            self.run_wavefront::<L, true>(lanes, gain, block);
        } else {
            self.run_wavefront::<L, false>(lanes, gain, block);
        }
    }

    #[inline(always)]
    fn run_wavefront<L: Lanes, const SYMMETRIC: bool>(
        &mut self,
        lanes: L,
        gain: f64,
        block: &mut [f64],
    ) {
        let len = self.len;
        let lead = (len - 1) * APART;
        let kernel = Kernel {
            lanes,
            gain,
            middle: lanes.load(&self.middle),
            far: lanes.load(&self.far),
            back: lanes.load(&self.back),
            back_far: lanes.load(&self.back_far),
            entry: lanes.lane(len - 1),
        };
        let initial = Front {
            input: lanes.load(&self.last[1..]),
            input_before: lanes.load(&self.before[1..]),
            last: lanes.load(&self.last),
            before: lanes.load(&self.before),
            third: lanes.splat(0.0),
            fourth: lanes.splat(0.0),
            fifth: lanes.splat(0.0),
        };
        let mut front = initial;
        for (turn, k) in block[..lead].chunks_exact(APART).zip(1..) {
            for x in turn {
                front = kernel.step::<SYMMETRIC>(front, *x * gain);
            }
            let lane = lanes.lane(len - 1 - k);
            front.input = lanes.select(lane, initial.input, front.input);
            front.input_before = lanes.select(lane, initial.input_before, front.input_before);
            front.last = lanes.select(lane, initial.last, front.last);
            front.before = lanes.select(lane, initial.before, front.before);
        }
        front = kernel.run::<SYMMETRIC>(front, lead, block);
        let (input, input_before) =
            (lanes.get(front.input, len - 1), lanes.get(front.input_before, len - 1));
        let (mut last, mut before) = (front.last, front.before);
        let end = block.len() - lead;
        for (turn, k) in block[end..].chunks_exact_mut(APART).zip(1..) {
            for x in turn {
                front = kernel.step::<SYMMETRIC>(front, 0.0);
                *x = lanes.first(front.last);
            }
            let lane = lanes.lane(len - 1 - k);
            last = lanes.select(lane, front.last, last);
            before = lanes.select(lane, front.before, before);
        }
        lanes.store(last, &mut self.last);
        lanes.store(before, &mut self.before);
        (self.last[len], self.before[len]) = (input, input_before);
    }
}

/// The vectors of a processor, and which of them suits how many sections.
pub(crate) trait Wavefront: Copy {
    /// Runs a block in place, each sample times `gain`.
    fn run(self, group: &mut Group, gain: f64, block: &mut [f64]);
}

#[cfg(target_arch = "x86_64")]
impl Wavefront for V3 {
    #[inline(always)]
    fn run(self, group: &mut Group, gain: f64, block: &mut [f64]) {
        match group.len {
            0 => block.iter_mut().for_each(|x| *x *= gain),
            1..=4 => group.run_lanes(self, gain, block),
            _ => group.run_lanes(FourAndOne(self), gain, block),
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Wavefront for V4 {
    /// Half a vector is faster than a whole one, whose operations take two turns each on some
    /// processors.
    #[inline(always)]
    fn run(self, group: &mut Group, gain: f64, block: &mut [f64]) {
        match group.len {
            0..=5 => Wavefront::run(*self, group, gain, block),
            _ => group.run_lanes(self, gain, block),
        }
    }
}

/// What the lanes remember.
#[derive(Clone, Copy)]
struct Front<L: Lanes> {
    input: L::Row,
    input_before: L::Row,
    /// The last five outputs. The next section takes the fifth.
    last: L::Row,
    before: L::Row,
    third: L::Row,
    fourth: L::Row,
    fifth: L::Row,
}

struct Kernel<L: Lanes> {
    lanes: L,
    /// Of the whole filter, in its first group: done here, it costs no pass over the block.
    gain: f64,
    middle: L::Row,
    far: L::Row,
    back: L::Row,
    back_far: L::Row,
    /// The lane of the first section.
    entry: L::Mask,
}

impl<L: Lanes> Kernel<L> {
    /// The middle, where every step takes a sample and gives the one `lead` places before it.
    #[inline(always)]
    fn run<const SYMMETRIC: bool>(
        &self,
        mut front: Front<L>,
        lead: usize,
        block: &mut [f64],
    ) -> Front<L> {
        let middle_len = block.len() - lead;
        let cells = Cell::from_mut(block).as_slice_of_cells();
        let mut from = cells[lead..].chunks_exact(APART);
        let mut to = cells[..middle_len].chunks_exact(APART);
        for (from, to) in from.by_ref().zip(to.by_ref()) {
            for j in 0..APART {
                front = self.step::<SYMMETRIC>(front, from[j].get() * self.gain);
                to[j].set(self.lanes.first(front.last));
            }
        }
        for (from, to) in from.remainder().iter().zip(to.remainder()) {
            front = self.step::<SYMMETRIC>(front, from.get() * self.gain);
            to.set(self.lanes.first(front.last));
        }
        front
    }

    /// All sections, each on its own sample, in the order of [`Group::run_sections`].
    #[inline(always)]
    fn step<const SYMMETRIC: bool>(&self, front: Front<L>, x: f64) -> Front<L> {
        let lanes = self.lanes;
        let newest = lanes.enter(self.entry, x, front.fifth);
        let far =
            if SYMMETRIC { front.input_before } else { lanes.mul(self.far, front.input_before) };
        let forward = lanes.add(lanes.mul_add(self.middle, front.input, far), newest);
        let known = lanes.mul_add(self.back_far, front.before, forward);
        Front {
            input: newest,
            input_before: front.input,
            last: lanes.mul_add(self.back, front.last, known),
            before: front.last,
            third: front.before,
            fourth: front.third,
            fifth: front.fourth,
        }
    }
}
