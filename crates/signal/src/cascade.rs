//! Runs a chain of second-order sections, sample by sample or block by block.
//!
//! The work is in `wavefront`, which is compiled for several kinds of processors; all give the same
//! bits.

#[cfg(target_arch = "x86_64")]
use pulp::NullaryFnOnce;

use crate::lanes::Tier;
use crate::sections::{MAX_SECTIONS, Sections};
#[cfg(target_arch = "x86_64")]
use crate::wavefront::Wavefront;
use crate::wavefront::{Group, MAX_LANES};

/// Samples between two looks for values too small to matter.
pub(crate) const FLUSH_INTERVAL: u64 = 1024;

/// Below this a remembered value is set to zero.
///
/// Our choice: far below any quantity we measure, far above where arithmetic gets slow (1e-308).
pub(crate) const NEGLIGIBLE: f64 = 1e-200;

/// On processors with the shortest vectors.
const MAX_GROUPS: usize = MAX_SECTIONS.div_ceil(Tier::LEAST_SECTIONS);

/// A filter with its memory: one channel, causal, in the unit of its input.
///
/// The first sample after [`Self::new`] or [`Self::reset`] primes the memory as if it had been the
/// input for ever: an offset causes no transient. A constant input gives 0 from the first sample on in
/// a high-pass or band-pass, and itself times the gain in a low-pass.
///
/// Delay: [`Self::delay_samples`]. Samples must be finite; one that is not stays in the memory, so
/// that all that follow are not finite either, until [`Self::reset`].
///
/// Results depend on the samples alone, not on how they are cut into blocks nor on the processor: every
/// value is computed by the same operations in the same order, always fused.
#[derive(Clone, Debug)]
pub struct Cascade {
    /// Product of all `b0`: applied once, before the first section, so that a section has `b0 = 1`.
    gain: f64,
    groups: [Group; MAX_GROUPS],
    primed: bool,
    sample_count: u64,
    settling_samples: usize,
    delay_samples: f64,
    /// What the processor can do, found out once.
    tier: Tier,
}

impl Cascade {
    /// The filter, ready for its first sample. Allocates nothing.
    #[must_use]
    pub fn new(sections: &Sections) -> Self {
        Self::for_tier(sections, Tier::best())
    }

    fn for_tier(sections: &Sections, tier: Tier) -> Self {
        let coefficients = sections.coefficients();
        let mut groups = [Group::EMPTY; MAX_GROUPS];
        for (group, part) in groups.iter_mut().zip(coefficients.chunks(tier.sections())) {
            group.len = part.len();
            for (k, c) in part.iter().rev().enumerate() {
                group.middle[k] = c.b1 / c.b0;
                group.far[k] = c.b2 / c.b0;
                group.back[k] = -c.a1;
                group.back_far[k] = -c.a2;
            }
            group.symmetric = part.iter().all(|c| c.b0.to_bits() == c.b2.to_bits());
        }
        Self {
            gain: coefficients.iter().map(|c| c.b0).product(),
            groups,
            primed: false,
            sample_count: 0,
            settling_samples: sections.settling_samples(),
            delay_samples: sections.delay_samples(),
            tier,
        }
    }

    /// Forgets all samples: the same as new.
    pub fn reset(&mut self) {
        for group in &mut self.groups {
            group.last = [0.0; MAX_LANES + 1];
            group.before = [0.0; MAX_LANES + 1];
        }
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
        for group in &mut self.groups {
            group.last[group.len] = value;
            for k in (0..group.len).rev() {
                value *= (1.0 + group.middle[k] + group.far[k])
                    / (1.0 - group.back[k] - group.back_far[k]);
                group.last[k] = value;
            }
            group.before = group.last;
        }
    }

    /// Filters one sample.
    pub fn step(&mut self, x: f64) -> f64 {
        let mut block = [x];
        self.process(&mut block);
        block[0]
    }

    /// Filters a block in place: the same bits as [`Self::step`] for each of its samples, many times
    /// faster.
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
        let (gain, groups) = (self.gain, &mut self.groups);
        match self.tier {
            Tier::Plain => {
                part.iter_mut().for_each(|x| *x *= gain);
                groups.iter_mut().for_each(|group| group.run(part));
            }
            #[cfg(target_arch = "x86_64")]
            Tier::V3(lanes) => lanes.vectorize(Run { lanes, gain, groups, part }),
            #[cfg(target_arch = "x86_64")]
            Tier::V4(lanes) => lanes.vectorize(Run { lanes, gain, groups, part }),
        }
    }

    /// After the input went silent, memories decay for ever, and arithmetic below 1e-308 is a hundred
    /// times slower on many processors. Zeroing what is negligible bounds that to one interval; the
    /// interval is counted from the first sample, so that it falls the same however blocks are cut.
    fn flush(&mut self) {
        for group in &mut self.groups {
            for value in group.last.iter_mut().chain(&mut group.before) {
                if value.abs() < NEGLIGIBLE {
                    *value = 0.0;
                }
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

/// A block without a flush in it, to be compiled for a processor.
#[cfg(target_arch = "x86_64")]
struct Run<'a, L> {
    lanes: L,
    gain: f64,
    groups: &'a mut [Group; MAX_GROUPS],
    part: &'a mut [f64],
}

#[cfg(target_arch = "x86_64")]
impl<L: Wavefront> NullaryFnOnce for Run<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut gain = self.gain;
        let (first, others) = self.groups.split_at_mut(1);
        for group in first.iter_mut().chain(others.iter_mut().filter(|group| group.len > 0)) {
            self.lanes.run(group, core::mem::replace(&mut gain, 1.0), self.part);
        }
    }
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

    /// What every form must give: sample by sample, without vectors.
    fn stepped(sections: &Sections, input: &[f64]) -> Vec<f64> {
        let mut cascade = Cascade::for_tier(sections, Tier::Plain);
        input.iter().map(|x| cascade.step(*x)).collect()
    }

    #[test]
    fn a_block_of_any_length_has_the_bits_of_its_steps_on_every_processor() {
        let input = noise(400);
        for (section_count, order) in (0..=MAX_SECTIONS).flat_map(|count| [(count, 1), (count, 2)])
        {
            let sections = chain(section_count, order);
            let expected = bits(&stepped(&sections, &input));
            for (tier, block_len) in Tier::all()
                .into_iter()
                .flat_map(|tier| (1..=input.len()).map(move |len| (tier, len)))
            {
                let mut cascade = Cascade::for_tier(&sections, tier);
                let mut output = input.clone();
                for block in output.chunks_mut(block_len) {
                    cascade.process(block);
                }
                assert!(
                    bits(&output) == expected,
                    "{section_count} sections, order {order}, blocks of {block_len}, {tier:?}"
                );
            }
        }
    }

    #[test]
    fn steps_and_blocks_can_be_mixed_across_a_flush() {
        let input = noise(5000);
        let chains = [(1, 2), (5, 1), (5, 2), (9, 2), (MAX_SECTIONS, 2)];
        for (tier, (section_count, order)) in
            Tier::all().into_iter().flat_map(|tier| chains.map(|chain| (tier, chain)))
        {
            let sections = chain(section_count, order);
            let expected = bits(&stepped(&sections, &input));
            let mut cascade = Cascade::for_tier(&sections, tier);
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
            assert!(bits(&output) == expected, "{section_count} sections, order {order}, {tier:?}");
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
        for group in &cascade.groups {
            let mut values = group.last[..=group.len].iter().chain(&group.before[..=group.len]);
            assert!(values.all(|value| value.abs() <= 0.0), "{group:?}");
        }
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
