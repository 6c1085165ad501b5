//! The share of the mains in the power of a signal.

use core::ops::Range;

use super::density::{Density, sum};
use crate::preset::Mains;

/// Half the width of a line, in bins: the main lobe of the Hann window.
const HALF_WIDTH_BINS: f64 = 2.0;

/// By how much the frequency of a grid may be off, as a part of it.
///
/// 200 mHz of 50 Hz: largest steady-state deviation in Continental Europe, Regulation (EU) 2017/1485,
/// Annex III, Table 1. What a poor clock of the device adds is not covered beyond that.
const GRID_TOLERANCE_RATIO: f64 = 0.2 / 50.0;

/// A line counts if what it holds beyond the floor is more than this many times the floor, in one window.
/// In a mean of `n` windows noise is less by the square root of `n`, and so is the limit.
///
/// Our choice: see the test `noise_has_no_mains`.
const LINE_OVER_FLOOR: f64 = 5.0;

/// However many windows: what the signal has at a line may differ by this much from what its neighbours
/// let expect.
///
/// Our choice: the spectrum of muscles is smooth over the 13 Hz that matter, but not flat.
const LEAST_LINE_OVER_FLOOR: f64 = 1.0;

/// With wider bins the lines of 50 and 60 Hz run into each other.
const MAX_BIN_HZ: f64 = 2.0;

/// Mains in a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MainsShare {
    /// The grid whose lines stand out of the spectrum, if one does; the stronger one if both do.
    pub mains: Option<Mains>,
    /// Power of its lines over all power of the band, 0 to 1. 0 if there is none.
    pub share_ratio: f64,
}

impl Density<'_> {
    /// How much of the power from `low_hz` on and below `high_hz` is mains, and of which grid.
    ///
    /// At 50 and 60 Hz and their multiples within the band, a *line* reaches two bins and 0.4 % of its
    /// frequency to both sides. What the signal itself has there, the *floor*, is taken to be the mean of
    /// the neighbours: as many hertz again on both sides, as far as the band goes. A line counts with its
    /// power above the floor, and only if that is more than five times the floor (in a mean of `n` windows
    /// `5/√n` times, but at least once): noise alone hardly makes a line. So mains that drowns in the
    /// signal is not seen, and [`Welch`](super::Welch) sees more than one window: with bins of 1 Hz and a
    /// flat spectrum up to 450 Hz, lines from 5 % of the power on in one window, from 1 % in 25.
    ///
    /// `None` if the band has no power, and if bins are wider than 2 Hz (windows shorter than half a
    /// second).
    #[must_use]
    pub fn mains(self, low_hz: f64, high_hz: f64) -> Option<MainsShare> {
        let power = self.band_power(low_hz, high_hz);
        if !(power > 0.0 && power.is_finite() && self.bin_hz() <= MAX_BIN_HZ) {
            return None;
        }
        let band = self.first_bin_from(low_hz)..self.first_bin_from(high_hz);
        let [at_50, at_60] =
            [Mains::Hz50, Mains::Hz60].map(|mains| (mains, self.lines(mains.hz(), &band)));
        let (mains, lines) = if at_60.1 > at_50.1 { at_60 } else { at_50 };
        // Equal if there is no line, or one that belongs to both, such as 300 Hz.
        let found = at_60.1 > at_50.1 || at_50.1 > at_60.1;
        Some(MainsShare {
            mains: found.then_some(mains),
            share_ratio: if found { (lines / power).min(1.0) } else { 0.0 },
        })
    }

    /// Power above the floor of the multiples of a frequency that stand out of it.
    fn lines(self, frequency_hz: f64, band: &Range<usize>) -> f64 {
        let clip = |low_hz: f64, high_hz: f64| {
            let start = self.first_bin_from(low_hz).clamp(band.start, band.end);
            start..self.first_bin_from(high_hz).clamp(start, band.end)
        };
        let least =
            (LINE_OVER_FLOOR / (self.window_count() as f64).sqrt()).max(LEAST_LINE_OVER_FLOOR);
        let mut power = 0.0;
        let mut line_hz = frequency_hz;
        while self.first_bin_from(line_hz) < band.end {
            let half_hz = HALF_WIDTH_BINS * self.bin_hz() + GRID_TOLERANCE_RATIO * line_hz;
            let line = clip(line_hz - half_hz, line_hz + half_hz);
            let below = clip(line_hz - 3.0 * half_hz, line_hz - half_hz);
            let above = clip(line_hz + half_hz, line_hz + 3.0 * half_hz);
            let neighbour_count = below.len() + above.len();
            if self.first_bin_from(line_hz) >= band.start && neighbour_count > 0 {
                let add = |bins: Range<usize>| sum(&self.density()[bins], |_, x| x);
                let mean = (add(below) + add(above)) / neighbour_count as f64;
                let floor = mean * line.len() as f64;
                let above_floor = add(line) - floor;
                if above_floor > least * floor {
                    power += above_floor * self.bin_hz();
                }
            }
            line_hz += frequency_hz;
        }
        power
    }
}

#[cfg(test)]
mod tests {
    use core::f64::consts::TAU;

    use super::*;
    use crate::spectrum::{Spectrum, Welch};
    use crate::testing::Noise;
    use crate::time::SampleRate;

    const RATE_HZ: f64 = 1000.0;

    fn rate() -> SampleRate {
        SampleRate::from_hz(RATE_HZ).expect("a positive rate")
    }

    fn noise(seed: u64, len: usize) -> Vec<f64> {
        let mut noise = Noise::new(seed);
        (0..len).map(|_| noise.gaussian()).collect()
    }

    /// Adds a sine of this power.
    fn add(samples: &mut [f64], frequency_hz: f64, power: f64) {
        for (index, x) in samples.iter_mut().enumerate() {
            let phase = 0.3 + TAU * frequency_hz * index as f64 / RATE_HZ;
            *x += (2.0 * power).sqrt() * phase.sin();
        }
    }

    fn of_mean(samples: &[f64]) -> MainsShare {
        let mut welch = Welch::new(1024, rate()).expect("valid");
        welch.process(samples);
        welch.density().expect("a window").mains(20.0, 450.0).expect("there is power")
    }

    /// What [`LINE_OVER_FLOOR`] is for.
    #[test]
    fn noise_has_no_mains() {
        let (mut window_count, mut found_count, mut shares) = (0, 0, 0.0);
        for seed in 0..50 {
            let samples = noise(seed, 10_240);
            let mut spectrum = Spectrum::new(1024, 1024, rate()).expect("valid");
            spectrum.process(&samples, |_, density| {
                let mains = density.mains(20.0, 450.0).expect("there is power");
                window_count += 1;
                found_count += usize::from(mains.mains.is_some());
                shares += mains.share_ratio;
            });
            assert_eq!(of_mean(&samples), MainsShare { mains: None, share_ratio: 0.0 });
        }
        assert_eq!(window_count, 500);
        // One window of a second in sixteen has a line by chance, with a hundredth of its power.
        assert!(found_count < 32, "{found_count} of {window_count}");
        assert!(shares / f64::from(window_count) < 1e-3, "{shares}");
    }

    #[test]
    fn mains_is_found_named_and_measured() {
        for (mains, other_hz) in [(Mains::Hz50, 60.0), (Mains::Hz60, 50.0)] {
            for off_hz in [-0.2, 0.0, 0.13] {
                // White noise of power 1 has 0.86 of it within 20 to 450 Hz.
                for line_power in [0.05, 0.2, 2.0, 100.0] {
                    let mut samples = noise(7, 30_000);
                    let line_hz = mains.hz() + off_hz;
                    add(&mut samples, line_hz, 0.7 * line_power);
                    add(&mut samples, 3.0 * line_hz, 0.3 * line_power);
                    // Beyond the band.
                    add(&mut samples, 490.0, 5.0);
                    let found = of_mean(&samples);
                    assert_eq!(found.mains, Some(mains), "{line_power} at {line_hz}");
                    let expected = line_power / (line_power + 0.86);
                    // The noise beats with the line: more than it adds to it.
                    let error = (found.share_ratio - expected).abs();
                    assert!(error < 0.01 + 0.02 * expected, "{found:?}, expected {expected}");
                    // The stronger one is named.
                    add(&mut samples, other_hz, 0.5 * line_power);
                    assert_eq!(of_mean(&samples).mains, Some(mains));
                }
            }
        }
    }

    #[test]
    fn a_line_elsewhere_is_no_mains() {
        for frequency_hz in [30.0, 44.0, 55.0, 66.0, 75.0, 215.0] {
            let mut samples = noise(3, 30_000);
            add(&mut samples, frequency_hz, 1.0);
            assert_eq!(of_mean(&samples).mains, None, "{frequency_hz} Hz");
        }
    }

    #[test]
    fn a_line_of_both_grids_names_neither() {
        let mut samples = noise(3, 30_000);
        add(&mut samples, 300.0, 1.0);
        assert_eq!(of_mean(&samples), MainsShare { mains: None, share_ratio: 0.0 });
    }

    #[test]
    fn bins_that_are_too_wide_tell_nothing() {
        let samples = noise(1, 1000);
        for (window_len, told) in [(499, false), (500, true)] {
            let mut welch = Welch::new(window_len, rate()).expect("valid");
            welch.process(&samples);
            let mains = welch.density().expect("a window").mains(20.0, 450.0);
            assert_eq!(mains.is_some(), told, "{window_len}");
        }
    }
}
