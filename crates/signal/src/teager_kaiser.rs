//! Teager-Kaiser energy: large where a signal is large and fast at the same time.

/// `x[n]² - x[n-1]·x[n+1]`, one value per sample, one sample late.
///
/// Out has the square of the unit of the channel. For a sine of amplitude `A` it is `A²·sin²(ω)`, `ω`
/// in radians a sample, all through the period: so a burst of EMG stands out more than in the
/// envelope, and drift hardly shows. It is not an amplitude, it can be negative (noise makes it so),
/// and white noise of variance `σ²` has the mean `σ²`. A band-pass belongs before it.
///
/// Delay: one sample. The first two values are 0, as no three samples have come yet. A sample that is
/// not finite, or so large that its square is not, spoils three values.
///
/// # Source
///
/// Kaiser, 1990, "On a simple algorithm to calculate the 'energy' of a signal", Proc. ICASSP.
#[derive(Clone, Debug, Default)]
pub struct TeagerKaiser {
    last: f64,
    before: f64,
    /// Samples that have come, as far as it matters: 0, 1 or 2.
    known_count: u8,
}

impl TeagerKaiser {
    /// Ready for its first sample. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: 0.0, before: 0.0, known_count: 0 }
    }

    /// Forgets all samples: the same as new.
    pub const fn reset(&mut self) {
        *self = Self::new();
    }

    /// Takes one sample, gives the energy at the one before it.
    pub fn step(&mut self, x: f64) -> f64 {
        let energy = if self.known_count == 2 {
            energy(self.before, self.last, x)
        } else {
            self.known_count += 1;
            0.0
        };
        (self.before, self.last) = (self.last, x);
        energy
    }

    /// Replaces each sample of a block by the energy at the one before it: the same bits as
    /// [`Self::step`].
    pub fn process(&mut self, block: &mut [f64]) {
        for x in block {
            *x = self.step(*x);
        }
    }

    /// One: what comes out belongs to the sample before.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        1.0
    }
}

/// The energy at each sample of a whole signal, in place and without delay; the first and the last
/// value are those of their neighbours.
///
/// For review of a recording, as other programs do it (NeuroKit2 copies the ends too). Fewer than
/// three samples have no energy: they become 0.
pub fn teager_kaiser_whole(signal: &mut [f64]) {
    let mut stage = TeagerKaiser::new();
    stage.process(signal);
    if signal.len() < 3 {
        return;
    }
    signal.copy_within(2.., 1);
    signal[0] = signal[1];
    // `copy_within` has left the last value in its place: it is that of its neighbour already.
}

fn energy(before: f64, at: f64, after: f64) -> f64 {
    at * at - before * after
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.3 radians a sample: 48 Hz at 1 kHz.
    fn sine(len: u32) -> Vec<f64> {
        (0..len).map(|n| 5.0 * libm::sin(0.3 * f64::from(n) + 0.7)).collect()
    }

    #[test]
    fn a_sine_has_the_same_energy_all_through_its_period() {
        let expected = (5.0 * libm::sin(0.3)).powi(2);
        let mut values = sine(200);
        TeagerKaiser::new().process(&mut values);
        assert_eq!(values[..2], [0.0, 0.0]);
        for value in &values[2..] {
            // Two products of up to 25, each rounded to 1.1e-16 of it.
            assert!((value - expected).abs() < 1e-13, "{value} is not {expected}");
        }
    }

    #[test]
    fn what_comes_out_belongs_to_the_sample_before() {
        let mut values = vec![0.0, 0.0, 0.0, 3.0, 0.0, 0.0];
        TeagerKaiser::new().process(&mut values);
        assert_eq!(values, vec![0.0, 0.0, 0.0, 0.0, 9.0, 0.0]);
    }

    #[test]
    fn the_whole_signal_is_the_stage_without_its_delay_and_with_copied_ends() {
        let input = sine(50);
        let (mut whole, mut stream) = (input.clone(), input.clone());
        teager_kaiser_whole(&mut whole);
        TeagerKaiser::new().process(&mut stream);
        assert_eq!(whole[1..49], stream[2..]);
        assert_eq!(whole[0].to_bits(), whole[1].to_bits());
        assert_eq!(whole[49].to_bits(), whole[48].to_bits());
    }

    #[test]
    fn three_samples_are_the_shortest_signal_with_an_energy() {
        for (input, expected) in [
            (vec![], vec![]),
            (vec![4.0], vec![0.0]),
            (vec![4.0, 5.0], vec![0.0; 2]),
            (vec![1.0, 5.0, 2.0], vec![23.0; 3]),
        ] {
            let mut values = input;
            teager_kaiser_whole(&mut values);
            assert_eq!(values, expected);
        }
    }

    #[test]
    fn a_block_of_any_length_has_the_bits_of_its_steps_and_reset_equals_new() {
        let input = sine(100);
        let mut single = TeagerKaiser::new();
        let expected: Vec<u64> = input.iter().map(|x| single.step(*x).to_bits()).collect();
        let mut stage = TeagerKaiser::new();
        for len in 1..=input.len() {
            stage.process(&mut [f64::NAN, 1e300, 7.0]);
            stage.reset();
            let mut values = input.clone();
            values.chunks_mut(len).for_each(|block| stage.process(block));
            let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
            assert_eq!(bits, expected, "blocks of {len}");
        }
    }

    #[test]
    fn a_bad_sample_spoils_three_values() {
        for bad in [f64::NAN, f64::INFINITY, 1e300] {
            let mut values = sine(20);
            values[10] = bad;
            TeagerKaiser::new().process(&mut values);
            for (index, value) in values.iter().enumerate() {
                let spoilt = (10..13).contains(&index);
                assert!(value.abs() < 100.0 || spoilt, "{bad}: sample {index} is {value}");
            }
        }
    }
}
