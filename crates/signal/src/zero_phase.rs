//! Filtering forwards and then backwards, for the review of a recording.

use core::fmt;

use crate::cascade::Cascade;
use crate::sections::{MAX_SECTIONS, Sections};

/// Longest extension at an end, for a filter of [`MAX_SECTIONS`] sections of order two.
const MAX_PAD: usize = 3 * (2 * MAX_SECTIONS + 1);

/// A filter run forwards and then backwards over a whole signal, so that nothing is delayed.
///
/// **For review only, never on the way of a live signal**: every value depends on all that come after
/// it, so it begins to rise before the muscle did, and a view made with it cannot be had while the
/// person contracts. What is found live and what is found here differ.
///
/// It is also another filter than the one that goes in: the gain is squared. At the edges it is 1/2
/// instead of `1/√2`, and the frequency with `1/√2` moves into the band: for a low-pass to
/// `(√2 - 1)^(1/2n)` of the cut-off with order `n`, which is 0.802 for order 2 (a 6 Hz envelope becomes
/// one of 4.81 Hz) and 0.896 for order 4. It is not compensated.
///
/// The envelope of a rectified signal can become **negative**: each pass overshoots below zero after a
/// fall, and in front of a rise as well. Clamp it before a ratio or a logarithm is taken.
///
/// Both ends are extended by [`Self::pad_len`] samples, turned about the end point (`2·x[0] - x[n]`),
/// and each pass is primed as by [`Cascade::prime`]. The first and last stretch of the result is
/// therefore partly made up, for about [`Sections::settling_samples`].
///
/// # Source
///
/// Gustafsson, 1996, IEEE Trans. Signal Processing 44:988, for the problem of the ends. Result and
/// extension are those of SciPy's `sosfiltfilt` with its default arguments.
#[derive(Clone, Debug)]
pub struct ZeroPhase {
    cascade: Cascade,
    pad_len: usize,
}

/// A signal is too short to be extended at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Samples in the signal.
    pub len: usize,
    /// Samples that are needed.
    pub min_len: usize,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signal of {} samples is shorter than {}", self.len, self.min_len)
    }
}

impl core::error::Error for TooShort {}

impl ZeroPhase {
    /// For any number of signals with the rate of `sections`. Allocates nothing.
    #[must_use]
    pub fn new(sections: &Sections) -> Self {
        let coefficients = sections.coefficients();
        // What a section of order one saves: as SciPy counts it.
        let zeros_at_origin = coefficients.iter().filter(|c| c.b2.abs() <= 0.0).count();
        let poles_at_origin = coefficients.iter().filter(|c| c.a2.abs() <= 0.0).count();
        let taps = 2 * sections.len() + 1 - zeros_at_origin.min(poles_at_origin);
        Self { cascade: Cascade::new(sections), pad_len: 3 * taps }
    }

    /// Samples added at each end while it runs.
    #[must_use]
    pub const fn pad_len(&self) -> usize {
        self.pad_len
    }

    /// The shortest signal that is accepted, in samples.
    #[must_use]
    pub const fn min_len(&self) -> usize {
        self.pad_len + 1
    }

    /// Filters a whole signal in place. Allocates nothing. A value that is not finite spoils all.
    ///
    /// # Errors
    ///
    /// [`TooShort`] if there are fewer than [`Self::min_len`] samples; nothing is changed then.
    pub fn process(&mut self, signal: &mut [f64]) -> Result<(), TooShort> {
        let (len, pad_len) = (signal.len(), self.pad_len);
        if len <= pad_len {
            return Err(TooShort { len, min_len: self.min_len() });
        }
        let (mut before, mut after) = ([0.0; MAX_PAD], [0.0; MAX_PAD]);
        let (before, after) = (&mut before[..pad_len], &mut after[..pad_len]);
        let (first, last) = (signal[0], signal[len - 1]);
        for (index, x) in before.iter_mut().enumerate() {
            *x = 2.0 * first - signal[pad_len - index];
        }
        for (index, x) in after.iter_mut().enumerate() {
            *x = 2.0 * last - signal[len - 2 - index];
        }
        self.cascade.reset();
        self.cascade.process(before);
        self.cascade.process(signal);
        self.cascade.process(after);
        // Primed by its first sample, which is the last one of the extension.
        self.cascade.reset();
        after.reverse();
        self.cascade.process(after);
        signal.reverse();
        self.cascade.process(signal);
        signal.reverse();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{
        butterworth_band_pass, butterworth_band_stop, butterworth_high_pass, butterworth_low_pass,
        notch,
    };
    use crate::time::SampleRate;

    fn rate() -> SampleRate {
        SampleRate::from_hz(1000.0).expect("a positive rate")
    }

    fn low_pass() -> Sections {
        butterworth_low_pass(2, 6.0, rate()).expect("valid")
    }

    /// A rise, a plateau and a fall, the same from behind.
    fn bump() -> Vec<f64> {
        let rise = |n: i32| f64::from((700 - (n - 1000).abs()).clamp(0, 400));
        (0..2001).map(rise).collect()
    }

    #[test]
    fn what_is_symmetric_stays_symmetric() {
        let silence = vec![0.0; 1000];
        let mut values = [silence.clone(), bump(), silence].concat();
        ZeroPhase::new(&low_pass()).process(&mut values).expect("long enough");
        // 1,100 samples from the ends, where the two passes meet different pasts, nothing of that is
        // left: the poles have the radius 0.974.
        for index in 1100..=2000 {
            let (value, mirrored) = (values[index], values[4000 - index]);
            // Roundings of 400, made larger by a slow recursion (700 times, see `b0`).
            assert!((value - mirrored).abs() < 1e-9, "sample {index}: {value}, {mirrored}");
        }
    }

    #[test]
    fn the_gain_is_squared_and_the_cut_off_moves_as_stated() {
        let sections = low_pass();
        let warped = |hz: f64| libm::tan(core::f64::consts::PI * hz / 1000.0);
        for (order, stated) in [(2_u32, 0.802), (4, 0.896)] {
            let factor = libm::pow(core::f64::consts::SQRT_2 - 1.0, 0.5 / f64::from(order));
            assert!((factor - stated).abs() < 0.0005, "order {order}: {factor}");
        }
        let moved_hz = libm::atan(0.802_243 * warped(6.0)) * 1000.0 / core::f64::consts::PI;
        let gain = sections.response(moved_hz).magnitude().powi(2);
        assert!((gain - core::f64::consts::FRAC_1_SQRT_2).abs() < 1e-6, "{moved_hz} Hz: {gain}");
        // And that is what comes out, in the middle of a long sine.
        let sine = |n: u32| libm::sin(2.0 * core::f64::consts::PI * moved_hz * f64::from(n) / 1e3);
        let mut values: Vec<f64> = (0..20_000).map(sine).collect();
        ZeroPhase::new(&sections).process(&mut values).expect("long enough");
        for n in 9000..11_000 {
            // 1e-6: the digits of the factor above.
            assert!((values[n as usize] - gain * sine(n)).abs() < 2e-6, "sample {n}");
        }
    }

    #[test]
    fn an_envelope_goes_below_zero_at_a_burst() {
        let mut values = bump();
        values.iter_mut().for_each(|x| *x = if *x > 0.0 { 400.0 } else { 0.0 });
        ZeroPhase::new(&low_pass()).process(&mut values).expect("long enough");
        assert!(values[..300].iter().any(|x| *x < -4.0), "nothing in front of the rise");
        assert!(values[1700..].iter().any(|x| *x < -4.0), "nothing after the fall");
    }

    #[test]
    fn the_extension_is_as_long_as_that_of_scipy() {
        for (sections, expected) in [
            (butterworth_low_pass(2, 6.0, rate()), 9),
            (butterworth_low_pass(1, 6.0, rate()), 6),
            (butterworth_low_pass(5, 6.0, rate()), 18),
            (butterworth_high_pass(3, 6.0, rate()), 12),
            (butterworth_band_pass(4, 20.0, 450.0, rate()), 27),
            (butterworth_band_pass(3, 20.0, 450.0, rate()), 21),
            (butterworth_band_stop(1, 48.0, 52.0, rate()), 9),
            (notch(50.0, 30.0, rate()), 9),
        ] {
            let sections = sections.expect("valid");
            assert_eq!(ZeroPhase::new(&sections).pad_len(), expected, "{sections:?}");
        }
        assert_eq!(ZeroPhase::new(&Sections::identity(rate())).pad_len(), 3);
    }

    #[test]
    fn a_short_signal_is_refused_with_the_number_needed_and_not_changed() {
        let mut stage = ZeroPhase::new(&low_pass());
        for len in [0, 1, 9] {
            let mut values = vec![3.0; len];
            assert_eq!(stage.process(&mut values), Err(TooShort { len, min_len: 10 }));
            assert_eq!(values, vec![3.0; len]);
        }
        assert_eq!(stage.process(&mut [3.0; 10]), Ok(()));
    }

    #[test]
    fn the_longest_filter_fits_and_a_constant_stays() {
        let eight = butterworth_band_stop(8, 48.0, 52.0, rate()).expect("valid");
        let sixteen = eight.then(&eight).expect("exactly full");
        let mut stage = ZeroPhase::new(&sixteen);
        assert_eq!(stage.pad_len(), MAX_PAD);
        let mut values = vec![2040.0; MAX_PAD + 1];
        stage.process(&mut values).expect("long enough");
        // Two passes of sixteen sections that ring for a second each.
        assert!(values.iter().all(|x| (x - 2040.0).abs() < 1e-6), "{values:?}");
    }

    #[test]
    fn a_signal_leaves_nothing_behind_for_the_next() {
        let mut used = ZeroPhase::new(&low_pass());
        used.process(&mut [f64::NAN; 50]).expect("long enough");
        let (mut again, mut fresh) = (bump(), bump());
        used.process(&mut again).expect("long enough");
        ZeroPhase::new(&low_pass()).process(&mut fresh).expect("long enough");
        assert_eq!(again, fresh);
    }
}
