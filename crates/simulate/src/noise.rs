//! What signals of muscles and hearts are made of.

use core::f64::consts::PI;

use levator_signal::SampleRate;

use crate::rng::SeededRng;

/// Gaussian noise with the spectrum of surface EMG, root mean square 1.
///
/// The spectrum is that of `s / ((s + low) (s + high)^2)`: one high-pass and two low-pass sections of
/// first order.
///
/// # Source
///
/// Shape: Shwedyk, Balasubramanian and Scott 1977, "A nonstationary model for the electromyogram",
/// IEEE Trans. Biomed. Eng. 24. Corners: our choice, such that nine tenths of the power lie between
/// 20 and 200 Hz and most of it below 100 Hz, where pelvic-floor EMG has it (Vickers and Davila).
#[derive(Clone, Debug)]
pub(crate) struct EmgNoise {
    rng: SeededRng,
    shaper: Shaper,
    gain: f64,
}

impl EmgNoise {
    const LOW_HZ: f64 = 35.0;
    const HIGH_HZ: f64 = 90.0;
    /// A tired muscle has all of it this much lower: our choice, about the fall of the median
    /// frequency of a biceps in a long hold.
    const TIRED: f64 = 0.7;

    pub(crate) fn new(rng: SeededRng, rate: SampleRate) -> Self {
        Self::with_corners(rng, rate, Self::LOW_HZ, Self::HIGH_HZ)
    }

    /// That of a tired muscle.
    pub(crate) fn slower(rng: SeededRng, rate: SampleRate) -> Self {
        Self::with_corners(rng, rate, Self::TIRED * Self::LOW_HZ, Self::TIRED * Self::HIGH_HZ)
    }

    fn with_corners(rng: SeededRng, rate: SampleRate, low_hz: f64, high_hz: f64) -> Self {
        let hz = rate.hz();
        // At rates too low for the spectrum, what fits of it.
        let shaper = Shaper::new(low_hz.min(0.1 * hz) / hz, high_hz.min(0.4 * hz) / hz);
        // A quarter of a second: 50 time constants of the slowest section.
        let settled = rate.sample_count(0.25).max(100);
        let mut probe = shaper.clone();
        let energy: f64 = (0..settled)
            .map(|index| probe.step(if index == 0 { 1.0 } else { 0.0 }))
            .map(|response| response * response)
            .sum();
        let mut noise = Self { rng, shaper, gain: 1.0 / libm::sqrt(energy) };
        for _ in 0..settled {
            noise.shaped();
        }
        noise
    }

    pub(crate) fn shaped(&mut self) -> f64 {
        self.gain * self.shaper.step(self.rng.gaussian())
    }

    pub(crate) fn white(&mut self) -> f64 {
        self.rng.gaussian()
    }
}

#[derive(Clone, Debug)]
struct Shaper {
    high_pass: FirstOrder,
    low_passes: [FirstOrder; 2],
}

impl Shaper {
    /// Corners as proportions of the sampling rate, below one half.
    fn new(low_corner: f64, high_corner: f64) -> Self {
        let (low, high) = (libm::tan(PI * low_corner), libm::tan(PI * high_corner));
        let high_pass = FirstOrder::new(1.0 / (1.0 + low), -1.0, low);
        let low_pass = FirstOrder::new(high / (1.0 + high), 1.0, high);
        Self { high_pass, low_passes: [low_pass.clone(), low_pass] }
    }

    fn step(&mut self, input: f64) -> f64 {
        let [first, second] = &mut self.low_passes;
        second.step(first.step(self.high_pass.step(input)))
    }
}

/// `y = gain * (x + sign * x') + pole * y'`, a first-order section by the bilinear transform.
#[derive(Clone, Debug)]
struct FirstOrder {
    gain: f64,
    sign: f64,
    pole: f64,
    last_input: f64,
    last_output: f64,
}

impl FirstOrder {
    fn new(gain: f64, sign: f64, warped_corner: f64) -> Self {
        let pole = (1.0 - warped_corner) / (1.0 + warped_corner);
        Self { gain, sign, pole, last_input: 0.0, last_output: 0.0 }
    }

    fn step(&mut self, input: f64) -> f64 {
        let output =
            self.gain * (input + self.sign * self.last_input) + self.pole * self.last_output;
        self.last_input = input;
        self.last_output = output;
        output
    }
}

/// Heart beats: an R wave of 40 ms and a shallow S wave, at intervals that vary by 5 %.
#[derive(Clone, Debug)]
pub(crate) struct Heart {
    rng: SeededRng,
    mean_interval_s: f64,
    beat_s: f64,
}

impl Heart {
    /// A heart that beats at `rate_hz`, at most ten times a second; zero or less is no heart.
    pub(crate) fn new(rng: SeededRng, rate_hz: f64) -> Self {
        let mean_interval_s = if rate_hz > 0.0 { 1.0 / rate_hz.min(10.0) } else { f64::INFINITY };
        Self { rng, mean_interval_s, beat_s: 0.5 * mean_interval_s }
    }

    /// Height at `time_s`, 1 at the top of the R wave. Time must not run backwards.
    pub(crate) fn height(&mut self, time_s: f64) -> f64 {
        /// Standard deviation of either wave.
        const WIDTH_S: f64 = 0.010;
        /// After this much of a beat nothing is left of it.
        const OVER_S: f64 = 0.1;
        while time_s > self.beat_s + OVER_S {
            self.beat_s += self.mean_interval_s * (1.0 + 0.05 * self.rng.gaussian());
        }
        let wave = |centre_s: f64| {
            let distance = (time_s - centre_s) / WIDTH_S;
            if libm::fabs(distance) > 8.0 { 0.0 } else { libm::exp(-0.5 * distance * distance) }
        };
        wave(self.beat_s) - 0.3 * wave(self.beat_s + 0.03)
    }
}
