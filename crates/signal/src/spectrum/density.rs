//! What can be read from a power spectral density.

use crate::time::SampleRate;

/// Bins whose power is added up at once when a part of the power is looked for.
const CHUNK_LEN: usize = 32;

/// One-sided power spectral density in unit²/Hz, if samples have the unit `unit`.
///
/// Bin `k` stands for the frequency `k` times [`Self::bin_hz`]. The sum of all bins times that width is
/// the mean square of the weighted samples ([`Self::total_power`]).
///
/// Where there is no power, or none that can be told, there is no frequency either: `None`.
#[derive(Clone, Copy, Debug)]
pub struct Density<'a> {
    density: &'a [f64],
    window_len: usize,
    rate: SampleRate,
    window_count: u64,
    /// Of all bins, in the order in which [`Self::bin_reaching`] adds.
    sum: f64,
}

/// The highest bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Frequency of the bin.
    pub frequency_hz: f64,
    /// Its density in unit²/Hz.
    pub density: f64,
}

impl<'a> Density<'a> {
    /// `density` has `window_len / 2 + 1` bins and is the mean of `window_count` windows.
    pub(super) fn new(
        density: &'a [f64],
        window_len: usize,
        rate: SampleRate,
        window_count: u64,
    ) -> Self {
        let sum = density.chunks(CHUNK_LEN).map(|chunk| sum(chunk, |_, x| x)).sum();
        Self { density, window_len, rate, window_count, sum }
    }

    /// The bins, from zero frequency to half the rate, in unit²/Hz.
    #[must_use]
    pub const fn density(self) -> &'a [f64] {
        self.density
    }

    /// Of how many windows it is the mean.
    #[must_use]
    pub const fn window_count(self) -> u64 {
        self.window_count
    }

    /// From one bin to the next, in Hz.
    #[must_use]
    pub fn bin_hz(self) -> f64 {
        self.rate.hz() / self.window_len as f64
    }

    /// Frequency of a bin.
    #[must_use]
    pub fn frequency_hz(self, bin: usize) -> f64 {
        bin as f64 * self.bin_hz()
    }

    /// Power of all bins, in unit²: the mean square of the samples without their mean, each weighted.
    #[must_use]
    pub fn total_power(self) -> f64 {
        self.sum * self.bin_hz()
    }

    /// Power of the bins from `low_hz` on and below `high_hz`, in unit².
    ///
    /// Bands that meet add up to what covers them. To have the bin at half the rate too, give a `high_hz`
    /// above it; infinity will do. Zero if the band is empty or a limit is not a number.
    #[must_use]
    pub fn band_power(self, low_hz: f64, high_hz: f64) -> f64 {
        if low_hz < high_hz {
            let bins = self.first_bin_from(low_hz)..self.first_bin_from(high_hz);
            sum(&self.density[bins], |_, x| x) * self.bin_hz()
        } else {
            0.0
        }
    }

    /// Frequency of the first bin at which half the power is reached, its own included.
    ///
    /// The definition to compare with other programs. It moves in steps of a bin; for slopes there is
    /// [`Self::median_interpolated_hz`].
    #[must_use]
    pub fn median_hz(self) -> Option<f64> {
        self.edge_hz(0.5)
    }

    /// Frequency below which half the power lies, if that of a bin is spread evenly over its width.
    ///
    /// Bins reach half a [`Self::bin_hz`] to both sides, but not below zero nor above half the rate.
    #[must_use]
    pub fn median_interpolated_hz(self) -> Option<f64> {
        let (bin, before) = self.bin_reaching(0.5)?;
        let low = (bin as f64 - 0.5).max(0.0);
        let high = (bin as f64 + 0.5).min(self.window_len as f64 / 2.0);
        let part = (0.5 * self.sum - before) / self.density[bin];
        Some((low + (high - low) * part.clamp(0.0, 1.0)) * self.bin_hz())
    }

    /// Spectral edge: frequency of the first bin at which this part (0 to 1) of the power is reached.
    #[must_use]
    pub fn edge_hz(self, power_ratio: f64) -> Option<f64> {
        self.bin_reaching(power_ratio).map(|(bin, _)| self.frequency_hz(bin))
    }

    /// Mean of the frequencies, each weighted with its power.
    #[must_use]
    pub fn mean_hz(self) -> Option<f64> {
        let mean = sum(self.density, |bin, x| bin as f64 * x) / self.sum * self.bin_hz();
        mean.is_finite().then_some(mean)
    }

    /// The highest bin above zero frequency; the lower one of two.
    #[must_use]
    pub fn peak(self) -> Option<Peak> {
        let mut best = (0, 0.0);
        for (bin, density) in self.density.iter().enumerate().skip(1) {
            if *density > best.1 {
                best = (bin, *density);
            }
        }
        let (bin, density) = best;
        (bin > 0).then(|| Peak { frequency_hz: self.frequency_hz(bin), density })
    }

    /// The first bin whose frequency is not below `hz`; one past the last if there is none.
    pub(super) fn first_bin_from(self, hz: f64) -> usize {
        let count = self.density.len();
        // The quotient may be off by its rounding.
        let mut bin = ((hz / self.bin_hz()).ceil() as usize).min(count);
        while bin > 0 && self.frequency_hz(bin - 1) >= hz {
            bin -= 1;
        }
        while bin < count && self.frequency_hz(bin) < hz {
            bin += 1;
        }
        bin
    }

    /// The first bin with which the sum of densities reaches a part of all, and the sum before it.
    fn bin_reaching(self, part: f64) -> Option<(usize, f64)> {
        let all = self.sum;
        if !(all > 0.0 && all.is_finite() && (0.0..=1.0).contains(&part)) {
            return None;
        }
        let wanted = part * all;
        let (mut before, mut start) = (0.0, 0);
        for chunk in self.density.chunks(CHUNK_LEN) {
            let with = before + sum(chunk, |_, x| x);
            if with >= wanted {
                break;
            }
            before = with;
            start += chunk.len();
        }
        for (bin, density) in self.density.iter().enumerate().skip(start) {
            let with = before + density;
            if with >= wanted {
                return Some((bin, before));
            }
            before = with;
        }
        // Added one by one, they may miss the sum of the whole by its rounding.
        let last = self.density.iter().rposition(|density| *density > 0.0)?;
        Some((last, before - self.density[last]))
    }
}

/// Sum of `term(index, value)`: eight sums side by side, so that additions need not wait for each other,
/// and always in the same order.
pub(super) fn sum(values: &[f64], term: impl Fn(usize, f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    let (groups, rest) = values.as_chunks::<8>();
    for (group_index, group) in groups.iter().enumerate() {
        for (lane, (sum, value)) in sums.iter_mut().zip(group).enumerate() {
            *sum += term(8 * group_index + lane, *value);
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    let mut sum = ((a + e) + (c + g)) + ((b + f) + (d + h));
    for (lane, value) in rest.iter().enumerate() {
        sum += term(8 * groups.len() + lane, *value);
    }
    sum
}
