//! Chance that gives the same bits on every run and every machine.

use core::f64::consts::TAU;

/// A seeded generator of pseudo-random numbers: fast, good enough for simulation, not for secrets.
///
/// Everything but addition, multiplication and square root comes from `libm`, so the numbers do not
/// depend on the operating system.
///
/// # Source
///
/// Blackman and Vigna 2021, "Scrambled linear pseudorandom number generators", ACM Trans. Math.
/// Softw. 47(4): xoshiro256++. The state is filled by SplitMix64 (Steele, Lea and Flood 2014), as
/// its authors advise.
#[derive(Clone, Debug)]
pub struct SeededRng {
    state: [u64; 4],
    spare_gaussian: Option<f64>,
}

impl SeededRng {
    /// A generator for `seed`. Every seed is good, zero too.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut mixer = seed;
        let state = core::array::from_fn(|_| split_mix(&mut mixer));
        Self { state, spare_gaussian: None }
    }

    /// A generator for one part of a simulation (a channel, a cable), such that adding a part
    /// leaves the numbers of all others alone.
    #[must_use]
    pub fn for_part(seed: u64, part: u64) -> Self {
        let mut mixer = part;
        Self::new(seed ^ split_mix(&mut mixer))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let c = c ^ a;
        let d = d ^ b;
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Evenly spread over 0 (included) to 1 (excluded), in steps of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Evenly spread over `low` and `high` and what lies between. `low` must not be above `high`.
    ///
    /// The bias is below 2⁻⁴⁰ for spans below 2²⁴, which no simulation can notice.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        let span = (high - low) as u128 + 1;
        low + ((u128::from(self.bits()) * span) >> 64) as usize
    }

    /// True with `probability`; never for zero, always for one.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Normally distributed, mean 0, standard deviation 1.
    ///
    /// # Source
    ///
    /// Box and Muller 1958, "A note on the generation of random normal deviates".
    pub fn gaussian(&mut self) -> f64 {
        if let Some(spare) = self.spare_gaussian.take() {
            return spare;
        }
        // One minus a number below one: the logarithm never sees zero.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = TAU * self.uniform();
        self.spare_gaussian = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_numbers_of_its_authors() {
        // First outputs of the reference implementation for the state 1, 2, 3, 4.
        let mut rng = SeededRng { state: [1, 2, 3, 4], spare_gaussian: None };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!(expected.map(|_| rng.bits()), expected);

        // First outputs of SplitMix64 for the seed 1234567.
        let mut mixer = 1_234_567;
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_: u64| split_mix(&mut mixer)), expected);
    }

    #[test]
    fn gaussian_numbers_have_their_moments() {
        let mut rng = SeededRng::new(7);
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|_| rng.gaussian()).collect();
        let moment = |power| values.iter().map(|v| v.powi(power)).sum::<f64>() / f64::from(n);
        // Five standard errors of each estimate: sqrt(1/n), sqrt(2/n), sqrt(96/n).
        assert!(moment(1).abs() < 0.016, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.023, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.155, "{}", moment(4));
    }

    #[test]
    fn whole_numbers_reach_both_ends() {
        let mut rng = SeededRng::new(0);
        let mut seen = [0_u32; 4];
        for _ in 0..1000 {
            seen[rng.between(3, 6) - 3] += 1;
        }
        assert!(seen.iter().all(|&count| (150..350).contains(&count)), "{seen:?}");
        assert_eq!(rng.between(9, 9), 9);
    }

    #[test]
    fn parts_of_a_simulation_do_not_share_their_numbers() {
        let first = SeededRng::for_part(1, 0).bits();
        assert_ne!(first, SeededRng::for_part(1, 1).bits());
        assert_ne!(first, SeededRng::for_part(2, 0).bits());
        assert_eq!(first, SeededRng::for_part(1, 0).bits());
    }
}
