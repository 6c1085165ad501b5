//! Runs a chain of second-order sections, sample by sample or block by block.

use core::array::from_fn;

use crate::sections::{MAX_SECTIONS, Sections};
use crate::wavefront::{Lanes, MAX_LANES};

/// Samples between two looks for values too small to matter.
const FLUSH_INTERVAL: u64 = 1024;

/// Shorter blocks are run sample by sample: with them the wavefront has hardly a middle.
const LEAST_FOR_LANES: usize = 24;

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
    /// Product of all `b0`: applied once, before the first section, so that a section has `b0 = 1`.
    gain: f64,
    sections: [Monic; MAX_SECTIONS],
    len: usize,
    /// Whether every numerator reads the same from behind, as all of even order do.
    symmetric: bool,
    /// The last value that went into section `k`, and the one before. What section `k` gave is what
    /// section `k + 1` got. Two arrays, as a processor cannot read a pair just after its halves were
    /// written.
    last: [f64; MAX_SECTIONS + 1],
    before: [f64; MAX_SECTIONS + 1],
    primed: bool,
    sample_count: u64,
    settling_samples: usize,
    delay_samples: f64,
}

/// A section with `b0 = 1`.
#[derive(Clone, Copy, Debug)]
struct Monic {
    /// `b1 / b0`
    middle: f64,
    /// `b2 / b0`
    far: f64,
    a1: f64,
    a2: f64,
}

impl Cascade {
    /// The filter, ready for its first sample. Allocates nothing.
    #[must_use]
    pub fn new(sections: &Sections) -> Self {
        let coefficients = sections.coefficients();
        let unused = Monic { middle: 0.0, far: 0.0, a1: 0.0, a2: 0.0 };
        let mut cascade = Self {
            gain: coefficients.iter().map(|c| c.b0).product(),
            sections: [unused; MAX_SECTIONS],
            len: sections.len(),
            symmetric: coefficients.iter().all(|c| c.b0.to_bits() == c.b2.to_bits()),
            last: [0.0; MAX_SECTIONS + 1],
            before: [0.0; MAX_SECTIONS + 1],
            primed: false,
            sample_count: 0,
            settling_samples: sections.settling_samples(),
            delay_samples: sections.delay_samples(),
        };
        for (section, c) in cascade.sections.iter_mut().zip(coefficients) {
            *section = Monic { middle: c.b1 / c.b0, far: c.b2 / c.b0, a1: c.a1, a2: c.a2 };
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
        let mut value = x0 * self.gain;
        self.last[0] = value;
        for (s, last) in self.sections[..self.len].iter().zip(&mut self.last[1..]) {
            value *= (1.0 + s.middle + s.far) / (1.0 + s.a1 + s.a2);
            *last = value;
        }
        self.before = self.last;
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

    /// Filters a block in place: the same bits as [`Self::step`] for each of its samples, faster for
    /// blocks of two dozen samples and more. Filters with a section of order one gain nothing.
    pub fn process(&mut self, block: &mut [f64]) {
        let Some(&first) = block.first() else { return };
        if !self.primed {
            self.prime(first);
        }
        let mut rest = block;
        while !rest.is_empty() {
            let until_flush = FLUSH_INTERVAL - self.sample_count % FLUSH_INTERVAL;
            let (part, later) = rest.split_at_mut(rest.len().min(until_flush as usize));
            self.run(part);
            self.sample_count += part.len() as u64;
            if self.sample_count.is_multiple_of(FLUSH_INTERVAL) {
                self.flush();
            }
            rest = later;
        }
    }

    fn run(&mut self, part: &mut [f64]) {
        if !self.symmetric || part.len() < LEAST_FOR_LANES {
            for x in part {
                *x = self.advance(*x);
            }
            return;
        }
        for x in part.iter_mut() {
            *x *= self.gain;
        }
        // What one group gave is what the next one got, so each must see the memory from before.
        let memory = (self.last, self.before);
        let group_count = self.len.div_ceil(MAX_LANES);
        let mut start = 0;
        for group in 0..group_count {
            let end = self.len * (group + 1) / group_count;
            match end - start {
                1 => self.run_lanes::<1>(start, memory, part),
                2 => self.run_lanes::<2>(start, memory, part),
                3 => self.run_lanes::<3>(start, memory, part),
                4 => self.run_lanes::<4>(start, memory, part),
                5 => self.run_lanes::<5>(start, memory, part),
                _ => self.run_lanes::<6>(start, memory, part),
            }
            start = end;
        }
    }

    fn run_lanes<const SECTIONS: usize>(
        &mut self,
        start: usize,
        (last, before): ([f64; MAX_SECTIONS + 1], [f64; MAX_SECTIONS + 1]),
        part: &mut [f64],
    ) {
        let (sections, last, before) = (&self.sections[start..], &last[start..], &before[start..]);
        let mut group = Lanes::<SECTIONS> {
            middle: from_fn(|k| sections[k].middle),
            back: [from_fn(|k| sections[k].a1), from_fn(|k| sections[k].a2)],
            input: [from_fn(|k| last[k]), from_fn(|k| before[k])],
            output: [from_fn(|k| last[k + 1]), from_fn(|k| before[k + 1])],
        };
        group.process(part);
        for k in 0..SECTIONS {
            (self.last[start + k], self.before[start + k]) = (group.input[0][k], group.input[1][k]);
        }
        let end = start + SECTIONS;
        self.last[end] = group.output[0][SECTIONS - 1];
        self.before[end] = group.output[1][SECTIONS - 1];
    }

    fn advance(&mut self, x: f64) -> f64 {
        let mut value = x * self.gain;
        let (mut last, mut before) = (self.last[0], self.before[0]);
        (self.last[0], self.before[0]) = (value, last);
        let outputs = self.last[1..].iter_mut().zip(&mut self.before[1..]);
        for (s, (output, output_before)) in self.sections[..self.len].iter().zip(outputs) {
            let forward = feed_forward(s.middle, s.far, value, last, before);
            (last, before) = (*output, *output_before);
            value = feed_back(s.a1, s.a2, forward, last, before);
            (*output, *output_before) = (value, last);
        }
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

/// First half of a section, direct form 1: what comes from its input, the newest value and the two
/// before it.
///
/// The newest value enters last, as it is the one that is waited for. For a high-pass the sum is exactly
/// zero on a constant input, before the small output meets the large offset.
#[inline(always)]
fn feed_forward(middle: f64, far: f64, newest: f64, last: f64, before: f64) -> f64 {
    (middle * last + far * before) + newest
}

/// [`feed_forward`] where `far` is one, and its product is no rounding to be kept.
#[inline(always)]
pub(crate) fn feed_forward_symmetric(middle: f64, newest: f64, last: f64, before: f64) -> f64 {
    (middle * last + before) + newest
}

/// Second half of a section: what comes from its last two outputs. The last one enters last, as the
/// next sample waits for it.
#[inline(always)]
pub(crate) fn feed_back(a1: f64, a2: f64, forward: f64, last: f64, before: f64) -> f64 {
    (forward - a2 * before) - a1 * last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{
        butterworth_band_pass, butterworth_high_pass, butterworth_low_pass, notch,
    };
    use crate::sections::section_dc_gain;
    use crate::time::SampleRate;

    fn rate() -> SampleRate {
        SampleRate::from_hz(1000.0).expect("a positive rate")
    }

    fn emg() -> Sections {
        let band = butterworth_band_pass(4, 20.0, 450.0, rate()).expect("valid");
        band.then(&notch(50.0, 30.0, rate()).expect("valid")).expect("five sections")
    }

    /// `count` sections of several kinds; with `order` 1 some are not symmetric.
    fn chain(count: usize, order: usize) -> Sections {
        let mut sections = Sections::identity(rate());
        for index in 0..count {
            let next = match index % 3 {
                0 => notch(50.0 + index as f64, 30.0, rate()),
                1 => butterworth_high_pass(order, 2.0 + index as f64, rate()),
                _ => butterworth_low_pass(2, 400.0 - index as f64, rate()),
            };
            sections = sections.then(&next.expect("valid")).expect("there is room");
        }
        sections
    }

    /// An offset and noise, from a generator written out here so that it is the same for ever.
    fn noise(count: usize) -> Vec<f64> {
        let mut state = 1_u64;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            2040.0 + 100.0 * ((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5)
        };
        (0..count).map(next).collect()
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    fn stepped(sections: &Sections, input: &[f64]) -> Vec<f64> {
        let mut cascade = Cascade::new(sections);
        input.iter().map(|x| cascade.step(*x)).collect()
    }

    #[test]
    fn a_block_of_any_length_has_the_bits_of_its_steps() {
        let input = noise(400);
        for (section_count, order) in (0..=MAX_SECTIONS).flat_map(|count| [(count, 1), (count, 2)])
        {
            let sections = chain(section_count, order);
            let expected = bits(&stepped(&sections, &input));
            for block_len in 1..=input.len() {
                let mut cascade = Cascade::new(&sections);
                let mut output = input.clone();
                for block in output.chunks_mut(block_len) {
                    cascade.process(block);
                }
                assert!(
                    bits(&output) == expected,
                    "{section_count} sections, order {order}, blocks of {block_len}"
                );
            }
        }
    }

    #[test]
    fn steps_and_blocks_can_be_mixed_across_a_flush() {
        let input = noise(5000);
        for (section_count, order) in [(1, 2), (5, 1), (5, 2), (9, 2), (MAX_SECTIONS, 2)] {
            let sections = chain(section_count, order);
            let expected = bits(&stepped(&sections, &input));
            let mut cascade = Cascade::new(&sections);
            let mut output = input.clone();
            let mut rest = output.as_mut_slice();
            for len in [0, 1, 700, 33, 2, 1500, 1024, 1, 1739] {
                let (part, later) = rest.split_at_mut(len);
                if len < 3 {
                    part.iter_mut().for_each(|x| *x = cascade.step(*x));
                } else {
                    cascade.process(part);
                }
                rest = later;
            }
            assert!(rest.is_empty());
            assert!(bits(&output) == expected, "{section_count} sections, order {order}");
        }
    }

    #[test]
    fn the_recursion_is_that_of_the_definition() {
        let sections = chain(4, 1);
        let input = noise(300);
        let mut expected = input.clone();
        for c in sections.coefficients() {
            let x = expected.clone();
            let gain = section_dc_gain(c);
            for n in 0..x.len() {
                let x_at = |back: usize| if n < back { x[0] } else { x[n - back] };
                let y_at =
                    |y: &[f64], back: usize| if n < back { gain * x[0] } else { y[n - back] };
                expected[n] = c.b0 * x[n] + c.b1 * x_at(1) + c.b2 * x_at(2)
                    - c.a1 * y_at(&expected, 1)
                    - c.a2 * y_at(&expected, 2);
            }
        }
        for (got, expected) in stepped(&sections, &input).iter().zip(&expected) {
            // The same sums in another order, of values up to 2,000, in a slow recursion.
            assert!((got - expected).abs() < 1e-9, "got {got}, expected {expected}");
        }
    }

    #[test]
    fn a_constant_input_causes_no_transient() {
        for x0 in [2040.0, -1e-3, 8_388_607.0] {
            let input = vec![x0; 2500];
            assert!(stepped(&emg(), &input).iter().all(|y| y.abs() <= 0.0));
            for order in 1..=8 {
                let high = butterworth_high_pass(order, 20.0, rate()).expect("valid");
                assert!(stepped(&high, &input).iter().all(|y| y.abs() <= 0.0), "order {order}");
                let low = butterworth_low_pass(order, 4.0, rate()).expect("valid");
                let off = |y: &f64| (y / x0 - 1.0).abs();
                let error = stepped(&low, &input).iter().map(off).fold(0.0, f64::max);
                assert!(error < 1e-9, "order {order}: {error:e}");
            }
        }
    }

    #[test]
    fn it_can_be_primed_with_another_value_than_the_first() {
        let high = butterworth_high_pass(2, 20.0, rate()).expect("valid");
        let mut cascade = Cascade::new(&high);
        cascade.prime(10.0);
        let expected = 5.0 * high.coefficients()[0].b0;
        assert!((cascade.step(15.0) - expected).abs() < 1e-14);
    }

    #[test]
    fn reset_equals_new() {
        let input = noise(500);
        let mut cascade = Cascade::new(&emg());
        cascade.process(&mut noise(1234));
        cascade.reset();
        let mut output = input.clone();
        cascade.process(&mut output);
        assert!(bits(&output) == bits(&stepped(&emg(), &input)));
    }

    #[test]
    fn reset_recovers_from_values_that_are_not_finite() {
        let input = noise(500);
        for bad in [f64::NAN, f64::INFINITY, f64::MAX] {
            let mut cascade = Cascade::new(&emg());
            cascade.process(&mut [1.0, bad, 2.0]);
            cascade.process(&mut vec![bad; 100]);
            cascade.reset();
            let mut output = input.clone();
            cascade.process(&mut output);
            assert!(bits(&output) == bits(&stepped(&emg(), &input)));
        }
    }

    #[test]
    fn silence_becomes_exactly_zero() {
        let mut cascade = Cascade::new(&emg());
        cascade.process(&mut noise(1000));
        // The slowest pole loses one digit in 440 samples: 200 digits and one flush.
        for _ in 0..100 {
            cascade.process(&mut [0.0; 1000]);
        }
        let mut values = cascade.last.iter().chain(&cascade.before);
        assert!(values.all(|value| value.abs() <= 0.0), "{:?}", cascade.last);
        assert!(cascade.step(0.0).abs() <= 0.0);
    }

    #[test]
    fn gain_scales() {
        let input = noise(2000);
        let doubled: Vec<f64> = input.iter().map(|x| 2.0 * x).collect();
        let expected: Vec<f64> = stepped(&emg(), &input).iter().map(|y| 2.0 * y).collect();
        assert!(bits(&stepped(&emg(), &doubled)) == bits(&expected));
    }

    #[test]
    fn settling_is_counted_from_the_first_sample() {
        let mut cascade = Cascade::new(&emg());
        assert_eq!(cascade.settling_samples(), emg().settling_samples());
        assert!(cascade.settling_samples() > 800, "{}", cascade.settling_samples());
        cascade.process(&mut vec![1.0; cascade.settling_samples() - 1]);
        assert!(!cascade.is_settled());
        cascade.step(1.0);
        assert!(cascade.is_settled());
        cascade.reset();
        assert!(!cascade.is_settled());
    }
}
