//! The steps of a time column: their usual length, and the rates they may stem from.

use levator_signal::SampleRate;

/// Bins of an octave, and the octaves from 2⁻⁴⁰ on: steps from a picosecond to 35 000 years.
const BINS_PER_OCTAVE: u64 = 8;
const BIN_COUNT: usize = 640;
/// The bits of 2⁻⁴⁰ without the part that is not binned.
const FIRST_BIN: u64 = (1023 - 40) * BINS_PER_OCTAVE;
/// Exponent and the three leading digits of the fraction stay: eight bins an octave.
const BIN_SHIFT: u32 = 49;

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    count: u64,
    sum: f64,
}

/// Counts steps in bins an eighth of an octave wide, so any number of rows takes the same memory.
#[derive(Clone, Debug)]
pub(crate) struct StepStats {
    bins: Box<[Bin]>,
    /// Steps of any kind.
    pub(crate) count: u64,
    /// Steps of zero length.
    pub(crate) zero_count: u64,
    shortest: f64,
    longest: f64,
    decimals: u8,
    last_time: f64,
}

impl StepStats {
    pub(crate) fn new() -> Self {
        Self {
            bins: vec![Bin::default(); BIN_COUNT].into_boxed_slice(),
            count: 0,
            zero_count: 0,
            shortest: f64::INFINITY,
            longest: 0.0,
            decimals: 0,
            last_time: f64::NAN,
        }
    }

    /// Takes the time of the next row as it is printed, with its digits after the point.
    pub(crate) fn add(&mut self, time: f64, decimals: u8) {
        let step = time - self.last_time;
        self.last_time = time;
        self.decimals = self.decimals.max(decimals);
        if step.is_nan() {
            return;
        }
        self.count += 1;
        if step > 0.0 {
            let bin = &mut self.bins[bin_of(step)];
            bin.count += 1;
            bin.sum += step;
            self.shortest = self.shortest.min(step);
            self.longest = self.longest.max(step);
        } else if step == 0.0 {
            self.zero_count += 1;
        }
    }

    /// Takes the times of consecutive rows: the same as [`Self::add`] one by one. Where all steps fall
    /// into one bin, as in most files, nothing is looked at but the shortest and the longest; elsewhere
    /// the bin of a step stays at hand while steps fall into it.
    #[inline(always)]
    pub(crate) fn add_all(&mut self, times: &[f64], decimals: &[u8]) {
        let (Some((&first, rest)), Some(&first_decimals)) = (times.split_first(), decimals.first())
        else {
            return;
        };
        self.add(first, first_decimals);
        self.decimals = decimals.iter().fold(self.decimals, |most, &one| most.max(one));
        // As whole numbers, positive doubles have the same order, and the others are below.
        let (mut low, mut high) = (i64::MAX, 0);
        for (time, before) in rest.iter().zip(times) {
            let bits = (time - before).to_bits().cast_signed();
            low = if bits < low { bits } else { low };
            high = if bits > high { bits } else { high };
        }
        let [low, high] = [low, high].map(|bits| f64::from_bits(bits.cast_unsigned()));
        if low > 0.0 && bin_of(low) == bin_of(high) {
            let bin = &mut self.bins[bin_of(low)];
            bin.count += rest.len() as u64;
            let mut sum = bin.sum;
            rest.iter().zip(times).for_each(|(time, before)| sum += time - before);
            bin.sum = sum;
            (self.shortest, self.longest) = (self.shortest.min(low), self.longest.max(high));
        } else {
            self.add_uneven(rest, times);
        }
        self.count += rest.len() as u64;
        self.last_time = rest.last().copied().unwrap_or(first);
    }

    /// The steps to `rest` from the times before them.
    #[inline(never)]
    fn add_uneven(&mut self, rest: &[f64], times: &[f64]) {
        let (mut shortest, mut longest) = (self.shortest, self.longest);
        let mut index = BIN_COUNT;
        let mut bin = Bin::default();
        for (time, before) in rest.iter().zip(times) {
            let step = time - before;
            if step > 0.0 {
                let wanted = bin_of(step);
                if wanted != index {
                    if let Some(old) = self.bins.get_mut(index) {
                        *old = bin;
                    }
                    (index, bin) = (wanted, self.bins[wanted]);
                }
                bin.count += 1;
                bin.sum += step;
                shortest = if step < shortest { step } else { shortest };
                longest = if step > longest { step } else { longest };
            } else if step == 0.0 {
                self.zero_count += 1;
            }
        }
        if let Some(old) = self.bins.get_mut(index) {
            *old = bin;
        }
        (self.shortest, self.longest) = (shortest, longest);
    }

    /// The latest time that was added.
    pub(crate) fn last_time(&self) -> f64 {
        self.last_time
    }

    /// The median of the steps that advance, to within its bin. `None` if none advances.
    pub(crate) fn median(&self) -> Option<f64> {
        let total: u64 = self.bins.iter().map(|bin| bin.count).sum();
        let mut seen = 0;
        let bin = self.bins.iter().find(|bin| {
            seen += bin.count;
            bin.count > 0 && seen * 2 >= total
        })?;
        Some(bin.sum / bin.count as f64)
    }

    /// Mean of the steps within half of the median, with their number.
    fn usual(&self) -> Option<(f64, u64)> {
        let median = self.median()?;
        let near = |bin: &&Bin| {
            let mean = bin.sum / bin.count as f64;
            mean > 0.5 * median && mean < 1.5 * median
        };
        let (sum, count) = self
            .bins
            .iter()
            .filter(|bin| bin.count > 0)
            .filter(near)
            .fold((0.0, 0), |(sum, count), bin| (sum + bin.sum, count + bin.count));
        (count > 0).then(|| (sum / count as f64, count))
    }

    /// Mean of all steps up to `longest`, those of zero length included.
    pub(crate) fn mean_up_to(&self, longest: f64) -> Option<f64> {
        let (sum, count) = self
            .bins
            .iter()
            .filter(|bin| bin.count > 0 && bin.sum / bin.count as f64 <= longest)
            .fold((0.0, self.zero_count), |(sum, count), bin| (sum + bin.sum, count + bin.count));
        (sum > 0.0).then(|| sum / count as f64)
    }

    /// The smallest difference that the printed digits can show, and the doubles can hold.
    pub(crate) fn resolution(&self) -> f64 {
        let printed = 10.0_f64.powi(-i32::from(self.decimals));
        let held = self.last_time.abs() * 2.0 * f64::EPSILON;
        if held.is_finite() { printed.max(held) } else { printed }
    }

    /// Rates that explain the steps, best first; `unit_s` is the length of the column's unit.
    ///
    /// The mean step is known to the resolution divided by the number of steps. Among the rates within
    /// that, a step that is a whole number of the last printed digit comes first if all steps are
    /// equal (0.17 s is 100/17 Hz); then whole hertz (0.33, 0.67, 1.00 s is 3 Hz), such steps
    /// otherwise, hertz to one, two or three digits, and at last the mean step itself.
    pub(crate) fn candidates(&self, unit_s: f64) -> Vec<SampleRate> {
        let Some((mean, count)) = self.usual() else { return Vec::new() };
        let resolution = self.resolution();
        let unusual_count = self.count - count.min(self.count);
        let error = resolution * (1.0 + unusual_count as f64) / count as f64 + mean * 1e-9;
        let error = error.min(resolution);
        let all_equal = self.longest - self.shortest < 1e-3 * mean;

        let hz = 1.0 / (mean * unit_s);
        let fits = |rate: &SampleRate| (1.0 / (rate.hz() * unit_s) - mean).abs() <= error;
        let in_digits =
            |scale: u64| SampleRate::new((hz * scale as f64).round() as u64, scale).filter(fits);
        let whole_step = self.whole_step(mean, unit_s).filter(fits);
        let mut rates = Vec::new();
        if all_equal {
            rates.extend(whole_step);
        }
        rates.extend(in_digits(1));
        rates.extend(whole_step);
        rates.extend([10, 100, 1000].into_iter().find_map(in_digits));
        rates.extend(SampleRate::from_hz(hz));
        let mut seen = Vec::new();
        rates.retain(|rate| {
            let new = !seen.contains(rate);
            seen.push(*rate);
            new
        });
        rates
    }

    /// One step as a whole number of the last printed digit.
    fn whole_step(&self, mean: f64, unit_s: f64) -> Option<SampleRate> {
        let digits = 10_u64.checked_pow(u32::from(self.decimals))?;
        let step = (mean * digits as f64).round() as u64;
        if unit_s >= 1.0 {
            return SampleRate::new(digits, step.checked_mul(unit_s.round() as u64)?);
        }
        SampleRate::new(digits.checked_mul((1.0 / unit_s).round() as u64)?, step)
    }
}

fn bin_of(step: f64) -> usize {
    let bin = (step.to_bits() >> BIN_SHIFT).saturating_sub(FIRST_BIN) as usize;
    bin.min(BIN_COUNT - 1)
}

/// The roundest number within 1 % of `hz`: a multiple of 1, 2.5, 2 or 5 and a power of ten.
///
/// The grid of a resampled signal is ours to choose, and a round rate is easier to check.
pub(crate) fn round_rate(hz: f64) -> Option<SampleRate> {
    let exponent = (0..16).find(|exponent| hz < 10.0_f64.powi(exponent - 6)).unwrap_or(16) - 6;
    for digit in 0..4 {
        for multiple in [10.0, 5.0, 2.5, 2.0] {
            let unit = multiple * 10.0_f64.powi(exponent - 1 - digit);
            let rounded = (hz / unit).round() * unit;
            if rounded > 0.0 && (rounded - hz).abs() <= 0.01 * hz {
                return SampleRate::from_hz(rounded);
            }
        }
    }
    SampleRate::from_hz(hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(times: impl IntoIterator<Item = f64>, decimals: usize) -> StepStats {
        let mut stats = StepStats::new();
        for time in times {
            let printed = format!("{time:.decimals$}");
            stats.add(printed.parse().expect("a number"), decimals as u8);
        }
        stats
    }

    fn best(count: u32, step: f64, decimals: usize) -> SampleRate {
        steps((0..count).map(|index| f64::from(index) * step), decimals).candidates(1.0)[0]
    }

    fn rate(scans: u64, seconds: u64) -> SampleRate {
        SampleRate::new(scans, seconds).expect("not zero")
    }

    #[test]
    fn the_exact_rate_is_found_behind_rounded_times() {
        assert_eq!(best(5000, 0.001, 3), rate(1000, 1));
        assert_eq!(best(20001, 0.0005, 4), rate(2000, 1));
        assert_eq!(best(679, 0.54, 2), rate(50, 27));
        assert_eq!(best(20, 0.17, 2), rate(100, 17));
        assert_eq!(best(2108, 0.1, 2), rate(10, 1));
        assert_eq!(best(1000, 1.0 / 30.0, 4), rate(30, 1));
        assert_eq!(best(1000, 1.0 / 128.0, 3), rate(128, 1));
        assert_eq!(best(10_000, 1.0 / 47.6, 3), rate(238, 5));
    }

    #[test]
    fn milliseconds_and_minutes_give_the_same_rates() {
        let stats = steps((0..1000).map(|index| f64::from(index) * 4.0), 0);
        assert_eq!(stats.candidates(1e-3)[0], rate(250, 1));
        let stats = steps((0..1000).map(|index| f64::from(index) * 0.25), 2);
        assert_eq!(stats.candidates(60.0)[0], rate(1, 15));
    }

    #[test]
    fn unix_time_does_not_hide_the_rate() {
        let stats = steps((0..1000).map(|index| 1_741_897_731.3 + f64::from(index) * 0.02), 6);
        assert_eq!(stats.candidates(1.0)[0], rate(50, 1));
    }

    #[test]
    fn rare_jumps_do_not_move_median_or_rate() {
        let mut times: Vec<f64> = (0..500).map(|index| f64::from(index) * 0.08).collect();
        times.extend((0..500).map(|index| 100.0 + f64::from(index) * 0.08));
        let stats = steps(times, 2);
        let median = stats.median().expect("steps");
        assert!((median - 0.08).abs() < 1e-9, "{median}");
        assert_eq!(stats.candidates(1.0)[0], rate(25, 2));
    }

    #[test]
    fn steps_of_any_size_are_counted_without_panic() {
        let stats = steps([0.0, 1e-300, 1e300, -1e300, 1e300], 0);
        assert!(stats.median().is_some());
        let mut stats = StepStats::new();
        for time in [f64::MIN, f64::MAX, f64::MIN_POSITIVE, 0.0, 5e-324] {
            stats.add(time, 255);
        }
        stats.candidates(1e-9);
        assert!(StepStats::new().candidates(1.0).is_empty());
    }

    #[test]
    fn many_times_count_as_one_by_one() {
        let times = [0.0, 0.1, 0.2, 0.2, 0.1, 7.0, 7.1, 7.2, 1e300, -1e300, 0.0, 0.001];
        let decimals = [1, 1, 2, 1, 1, 0, 1, 1, 0, 0, 0, 3];
        for split in 0..times.len() {
            let (mut single, mut many) = (StepStats::new(), StepStats::new());
            for (&time, &decimals) in times.iter().zip(&decimals) {
                single.add(time, decimals);
            }
            many.add_all(&times[..split], &decimals[..split]);
            many.add_all(&times[split..], &decimals[split..]);
            assert_eq!(format!("{single:?}"), format!("{many:?}"));
        }
    }

    #[test]
    fn a_grid_gets_a_round_rate() {
        for (hz, expected) in [
            (12.4415, (25, 2)),
            (12.4243, (25, 2)),
            (99.3, (100, 1)),
            (9.97, (10, 1)),
            (47.6, (95, 2)),
            (1.8518, (37, 20)),
            (0.1, (1, 10)),
        ] {
            let rounded = round_rate(hz).expect("positive");
            assert_eq!((rounded.scans(), rounded.seconds()), expected, "{hz} gave {rounded}");
        }
        assert_eq!(round_rate(0.0), None);
        assert_eq!(round_rate(f64::NAN), None);
    }
}
