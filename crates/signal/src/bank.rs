//! One filter for eight channels at once.

use core::array::from_fn;

#[cfg(target_arch = "x86_64")]
use pulp::NullaryFnOnce;

use crate::cascade::{FLUSH_INTERVAL, NEGLIGIBLE};
use crate::lanes::{Lanes, Plain, Tier, WIDTH};
use crate::sections::{MAX_SECTIONS, Sections};

/// Sections in one pass over a block: their memory is all in registers.
const MAX_LEN: usize = 5;

const MAX_GROUPS: usize = MAX_SECTIONS.div_ceil(MAX_LEN);

/// The same filter with a memory for each of [`Self::CHANNELS`] channels, side by side in vectors.
///
/// Each channel gets the bits that a [`Cascade`](crate::Cascade) of its own would give, and no channel
/// knows of another: each is primed, reset and spoilt by values that are not finite alone. What one
/// vector does is enough for eight channels, so blocks may be as short as they like. More channels are
/// more banks; with fewer, what the others hold does not matter.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Product of all `b0`.
    gain: f64,
    groups: [Group; MAX_GROUPS],
    group_count: usize,
    primed: [bool; WIDTH],
    sample_counts: [u64; WIDTH],
    settling_samples: usize,
    delay_samples: f64,
    tier: Tier,
}

/// Neighbouring sections with `b0 = 1`, in the order they are run.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// `b1 / b0`, `b2 / b0`, `-a1` and `-a2` of each section.
    coefficients: [[f64; 4]; MAX_LEN],
    len: usize,
    /// Whether all `b2 / b0` are one.
    symmetric: bool,
    /// The last value that went into the group, then what each section gave last.
    last: [[f64; WIDTH]; MAX_LEN + 1],
    /// The values before those.
    before: [[f64; WIDTH]; MAX_LEN + 1],
}

impl Bank {
    /// Channels of a bank.
    pub const CHANNELS: usize = WIDTH;

    /// The filter, ready for the first scan. Allocates nothing.
    #[must_use]
    pub fn new(sections: &Sections) -> Self {
        Self::for_tier(sections, Tier::best())
    }

    fn for_tier(sections: &Sections, tier: Tier) -> Self {
        let coefficients = sections.coefficients();
        let mut groups = [Group::EMPTY; MAX_GROUPS];
        for (group, part) in groups.iter_mut().zip(coefficients.chunks(MAX_LEN)) {
            group.len = part.len();
            for (section, c) in group.coefficients.iter_mut().zip(part) {
                *section = [c.b1 / c.b0, c.b2 / c.b0, -c.a1, -c.a2];
            }
            group.symmetric = part.iter().all(|c| c.b0.to_bits() == c.b2.to_bits());
        }
        Self {
            gain: coefficients.iter().map(|c| c.b0).product(),
            groups,
            group_count: coefficients.len().div_ceil(MAX_LEN).max(1),
            primed: [false; WIDTH],
            sample_counts: [0; WIDTH],
            settling_samples: sections.settling_samples(),
            delay_samples: sections.delay_samples(),
            tier,
        }
    }

    /// Forgets all samples of all channels: the same as new.
    pub fn reset(&mut self) {
        for channel in 0..Self::CHANNELS {
            self.reset_channel(channel);
        }
    }

    /// Forgets all samples of one channel, which is primed by its next one.
    ///
    /// # Panics
    ///
    /// If there is no such channel.
    pub fn reset_channel(&mut self, channel: usize) {
        for row in self.groups.iter_mut().flat_map(Group::memory) {
            row[channel] = 0.0;
        }
        self.primed[channel] = false;
        self.sample_counts[channel] = 0;
    }

    /// Sets the memory of one channel to what it would be after a constant input `x0` for ever.
    ///
    /// # Panics
    ///
    /// If there is no such channel.
    pub fn prime_channel(&mut self, channel: usize, x0: f64) {
        self.primed[channel] = true;
        self.sample_counts[channel] = 0;
        let mut value = x0 * self.gain;
        for group in &mut self.groups {
            group.last[0][channel] = value;
            group.before[0][channel] = value;
            for (k, [middle, far, back, back_far]) in
                group.coefficients[..group.len].iter().enumerate()
            {
                value *= (1.0 + middle + far) / (1.0 - back - back_far);
                group.last[k + 1][channel] = value;
                group.before[k + 1][channel] = value;
            }
        }
    }

    /// Filters one scan: a value of each channel.
    pub fn step(&mut self, scan: [f64; WIDTH]) -> [f64; WIDTH] {
        let mut block = [scan];
        self.process(&mut block);
        block[0]
    }

    /// Filters a block of scans in place: the same bits as [`Self::step`].
    pub fn process(&mut self, scans: &mut [[f64; WIDTH]]) {
        let Some(&first) = scans.first() else { return };
        for (channel, x0) in first.into_iter().enumerate() {
            if !self.primed[channel] {
                self.prime_channel(channel, x0);
            }
        }
        let mut rest = scans;
        while !rest.is_empty() {
            // Channels that were reset apart are flushed apart.
            let newest = self.sample_counts.map(|count| count % FLUSH_INTERVAL);
            let until_flush = FLUSH_INTERVAL - newest.into_iter().fold(0, u64::max);
            let (part, later) = rest.split_at_mut(rest.len().min(until_flush as usize));
            self.run(part);
            for channel in 0..Self::CHANNELS {
                self.sample_counts[channel] += part.len() as u64;
                if self.sample_counts[channel].is_multiple_of(FLUSH_INTERVAL) {
                    self.flush(channel);
                }
            }
            rest = later;
        }
    }

    fn run(&mut self, scans: &mut [[f64; WIDTH]]) {
        let (gain, groups) = (self.gain, &mut self.groups[..self.group_count]);
        match self.tier {
            Tier::Plain => run(Plain, gain, groups, scans),
            #[cfg(target_arch = "x86_64")]
            Tier::V3(lanes) => lanes.vectorize(Run { lanes, gain, groups, scans }),
            #[cfg(target_arch = "x86_64")]
            Tier::V4(lanes) => lanes.vectorize(Run { lanes, gain, groups, scans }),
        }
    }

    fn flush(&mut self, channel: usize) {
        for row in self.groups.iter_mut().flat_map(Group::memory) {
            if row[channel].abs() < NEGLIGIBLE {
                row[channel] = 0.0;
            }
        }
    }

    /// Samples until the slowest part of a transient is below 1 % of its first value.
    #[must_use]
    pub const fn settling_samples(&self) -> usize {
        self.settling_samples
    }

    /// Whether [`Self::settling_samples`] have passed since the first sample of a channel.
    ///
    /// # Panics
    ///
    /// If there is no such channel.
    #[must_use]
    pub const fn is_settled(&self, channel: usize) -> bool {
        self.sample_counts[channel] >= self.settling_samples as u64
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
    groups: &'a mut [Group],
    scans: &'a mut [[f64; WIDTH]],
}

#[cfg(target_arch = "x86_64")]
impl<L: Lanes> NullaryFnOnce for Run<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        run(self.lanes, self.gain, self.groups, self.scans);
    }
}

#[inline(always)]
fn run<L: Lanes>(lanes: L, mut gain: f64, groups: &mut [Group], scans: &mut [[f64; WIDTH]]) {
    for group in groups {
        for first in (0..WIDTH).step_by(L::COUNT) {
            if group.symmetric {
                group.run::<L, true>(lanes, first, gain, scans);
            } else {
                group.run::<L, false>(lanes, first, gain, scans);
            }
        }
        gain = 1.0;
    }
}

impl Group {
    const EMPTY: Self = Self {
        coefficients: [[0.0; 4]; MAX_LEN],
        len: 0,
        symmetric: true,
        last: [[0.0; WIDTH]; MAX_LEN + 1],
        before: [[0.0; WIDTH]; MAX_LEN + 1],
    };

    fn memory(&mut self) -> impl Iterator<Item = &mut [f64; WIDTH]> {
        self.last.iter_mut().chain(&mut self.before)
    }

    #[inline(always)]
    fn run<L: Lanes, const SYMMETRIC: bool>(
        &mut self,
        lanes: L,
        first: usize,
        gain: f64,
        scans: &mut [[f64; WIDTH]],
    ) {
        match self.len {
            0 => self.run_sections::<L, 0, SYMMETRIC>(lanes, first, gain, scans),
            1 => self.run_sections::<L, 1, SYMMETRIC>(lanes, first, gain, scans),
            2 => self.run_sections::<L, 2, SYMMETRIC>(lanes, first, gain, scans),
            3 => self.run_sections::<L, 3, SYMMETRIC>(lanes, first, gain, scans),
            4 => self.run_sections::<L, 4, SYMMETRIC>(lanes, first, gain, scans),
            _ => self.run_sections::<L, 5, SYMMETRIC>(lanes, first, gain, scans),
        }
    }

    /// The operations of [`Cascade`](crate::Cascade), in its order, on channels from `first` on.
    #[inline(always)]
    fn run_sections<L: Lanes, const LEN: usize, const SYMMETRIC: bool>(
        &mut self,
        lanes: L,
        first: usize,
        gain: f64,
        scans: &mut [[f64; WIDTH]],
    ) {
        let gain = lanes.splat(gain);
        let splats: [[L::Row; 4]; LEN] =
            from_fn(|k| from_fn(|c| lanes.splat(self.coefficients[k][c])));
        let mut last: [L::Row; LEN] = from_fn(|k| lanes.load(&self.last[k + 1][first..]));
        let mut before: [L::Row; LEN] = from_fn(|k| lanes.load(&self.before[k + 1][first..]));
        let mut input = lanes.load(&self.last[0][first..]);
        let mut input_before = lanes.load(&self.before[0][first..]);
        for scan in scans {
            let scan = &mut scan[first..first + L::COUNT];
            let mut value = lanes.mul(lanes.load(scan), gain);
            let (mut early, mut earlier) = (input, input_before);
            (input, input_before) = (value, input);
            for k in 0..LEN {
                let [middle, far, back, back_far] = splats[k];
                let far = if SYMMETRIC { earlier } else { lanes.mul(far, earlier) };
                let forward = lanes.add(lanes.mul_add(middle, early, far), value);
                let known = lanes.mul_add(back_far, before[k], forward);
                value = lanes.mul_add(back, last[k], known);
                (early, earlier) = (last[k], before[k]);
                (last[k], before[k]) = (value, early);
            }
            lanes.store(value, scan);
        }
        lanes.store(input, &mut self.last[0][first..]);
        lanes.store(input_before, &mut self.before[0][first..]);
        for k in 0..LEN {
            lanes.store(last[k], &mut self.last[k + 1][first..]);
            lanes.store(before[k], &mut self.before[k + 1][first..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cascade::Cascade;
    use crate::design::{
        butterworth_band_pass, butterworth_high_pass, butterworth_low_pass, notch,
    };
    use crate::time::SampleRate;

    fn rate() -> SampleRate {
        SampleRate::from_hz(1000.0).expect("a positive rate")
    }

    fn filters() -> Vec<Sections> {
        let band = butterworth_band_pass(4, 20.0, 450.0, rate()).expect("valid");
        let mains = notch(50.0, 30.0, rate()).expect("valid");
        let odd = butterworth_high_pass(7, 10.0, rate()).expect("valid");
        let low = butterworth_low_pass(2, 5.0, rate()).expect("valid");
        let standard = band.then(&mains).expect("five sections");
        let long = standard.then(&standard).and_then(|ten| ten.then(&standard)).expect("fifteen");
        vec![Sections::identity(rate()), low, mains, band, standard, odd, long]
    }

    /// Scans of eight channels of noise with an offset, from a generator written out here.
    fn scans(count: usize) -> Vec<[f64; WIDTH]> {
        let mut state = 5_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            700.0 + 100.0 * ((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5)
        };
        (0..count).map(|_| from_fn(|_| next())).collect()
    }

    fn bits(scans: &[[f64; WIDTH]]) -> Vec<[u64; WIDTH]> {
        scans.iter().map(|scan| scan.map(f64::to_bits)).collect()
    }

    /// A cascade for each channel.
    fn one_by_one(sections: &Sections, input: &[[f64; WIDTH]]) -> Vec<[f64; WIDTH]> {
        let mut cascades: [Cascade; WIDTH] = from_fn(|_| Cascade::new(sections));
        let step = |scan: &[f64; WIDTH]| from_fn(|channel| cascades[channel].step(scan[channel]));
        input.iter().map(step).collect()
    }

    #[test]
    fn every_channel_has_the_bits_of_its_own_cascade_on_every_processor() {
        let input = scans(2500);
        for sections in filters() {
            let expected = bits(&one_by_one(&sections, &input));
            for (tier, len) in Tier::all()
                .into_iter()
                .flat_map(|tier| [1, 2, 3, 10, 64, 1000, 2500].map(|len| (tier, len)))
            {
                let mut bank = Bank::for_tier(&sections, tier);
                let mut output = input.clone();
                output.chunks_mut(len).for_each(|block| bank.process(block));
                assert!(
                    bits(&output) == expected,
                    "{} sections, blocks of {len}, {tier:?}",
                    sections.len()
                );
            }
        }
    }

    #[test]
    fn a_channel_is_reset_without_the_others() {
        let input = scans(4000);
        let sections = filters()[4];
        for tier in Tier::all() {
            let mut bank = Bank::for_tier(&sections, tier);
            let mut cascades: [Cascade; WIDTH] = from_fn(|_| Cascade::new(&sections));
            for (index, block) in input.chunks(37).enumerate() {
                if index % 5 == 3 {
                    bank.reset_channel(index % WIDTH);
                    cascades[index % WIDTH].reset();
                }
                let mut output = block.to_vec();
                bank.process(&mut output);
                for (scan, output) in block.iter().zip(&output) {
                    let expected: [f64; WIDTH] =
                        from_fn(|channel| cascades[channel].step(scan[channel]));
                    assert_eq!(bits(&[*output]), bits(&[expected]), "block {index}, {tier:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_in_its_channel() {
        let input = scans(300);
        let sections = filters()[4];
        for (tier, bad) in Tier::all()
            .into_iter()
            .flat_map(|tier| [f64::NAN, f64::INFINITY, f64::MAX].map(|bad| (tier, bad)))
        {
            let mut spoilt = input.clone();
            spoilt[100][3] = bad;
            let mut bank = Bank::for_tier(&sections, tier);
            bank.process(&mut spoilt);
            let expected = one_by_one(&sections, &input);
            for (got, expected) in spoilt.iter().zip(&expected) {
                for channel in (0..WIDTH).filter(|channel| *channel != 3) {
                    assert_eq!(got[channel].to_bits(), expected[channel].to_bits(), "{tier:?}");
                }
            }
            bank.reset_channel(3);
            let mut again = input.clone();
            bank.process(&mut again);
            for (got, expected) in again.iter().zip(&expected) {
                assert_eq!(got[3].to_bits(), expected[3].to_bits(), "{tier:?}, after {bad}");
            }
        }
    }

    #[test]
    fn reset_equals_new() {
        let input = scans(500);
        let mut bank = Bank::new(&filters()[4]);
        bank.process(&mut scans(1234));
        bank.reset();
        let mut output = input.clone();
        bank.process(&mut output);
        assert!(bits(&output) == bits(&one_by_one(&filters()[4], &input)));
    }

    #[test]
    fn a_channel_can_be_primed_with_another_value_than_its_first() {
        let sections = filters()[4];
        let (mut bank, mut cascade) = (Bank::new(&sections), Cascade::new(&sections));
        bank.prime_channel(2, 650.0);
        cascade.prime(650.0);
        for scan in scans(50) {
            assert_eq!(bank.step(scan)[2].to_bits(), cascade.step(scan[2]).to_bits());
        }
    }

    #[test]
    fn silence_becomes_exactly_zero() {
        let mut bank = Bank::new(&filters()[4]);
        bank.process(&mut scans(1000));
        for _ in 0..100 {
            bank.process(&mut [[0.0; WIDTH]; 1000]);
        }
        let mut values = bank.groups.iter_mut().flat_map(Group::memory).flatten();
        assert!(values.all(|value| value.abs() <= 0.0));
    }
}
