//! How long a data record is, so that every signal has a whole number of samples in it.

use levator_signal::SampleRate;

/// Millionths of a second: more digits than that a header of eight characters cannot hold.
const MICROS: u128 = 1_000_000;

/// Longest data record where a shorter one is possible. Our choice: it is what may be missing after a
/// crash.
const LONGEST_S: u128 = 60;

/// Bytes of a data record above which it is made a tenth as long. The specification asks for 61440;
/// programs read much longer ones.
const LARGE: f64 = 1e6;

/// Length of a data record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordDuration {
    micros: u64,
    samples: Vec<usize>,
    rate_error: f64,
}

impl RecordDuration {
    /// The length that suits `rates`, one for each signal: a whole number of samples of each of them
    /// and, as text of eight characters, exact where that can be. About one second; if `run_lens`, the
    /// lengths of all stretches without a gap, are known and there is one rate, one that divides them
    /// all, from a quarter of a second to ten, so that no data record needs filling up.
    ///
    /// `None` if there is no rate, or the rates have no length in common that can be written down: write
    /// such signals to files of their own.
    #[must_use]
    pub fn choose(rates: &[SampleRate], run_lens: &[u64]) -> Option<Self> {
        let first = *rates.first()?;
        // The shortest length with whole numbers of samples: a fraction of seconds.
        let (mut over, mut under) = (u128::from(first.seconds()), u128::from(first.scans()));
        for rate in &rates[1..] {
            over = least_common_multiple(over, u128::from(rate.seconds()))?;
            under = greatest_common_divisor(under, u128::from(rate.scans()));
        }
        let bytes_per_s: f64 = rates.iter().map(|rate| 3.0 * rate.hz()).sum();
        let target = if bytes_per_s > LARGE { MICROS / 10 } else { MICROS };
        let base = Base { over, under };
        let one_rate = rates.iter().all(|rate| *rate == first);
        let undivided = one_rate.then(|| base.dividing(run_lens, target)).flatten();
        let (times, micros) = undivided
            .or_else(|| base.exact(target).filter(|(_, micros)| *micros <= LONGEST_S * MICROS))
            .or_else(|| base.close())
            // Samples that lie that far apart leave no choice.
            .or_else(|| base.exact(target).filter(|(times, _)| one_rate && *times == 1))?;
        let samples = |rate: &SampleRate| {
            let count =
                times * over * u128::from(rate.scans()) / (under * u128::from(rate.seconds()));
            usize::try_from(count).ok()
        };
        let samples = rates.iter().map(samples).collect::<Option<Vec<usize>>>()?;
        let true_s = times as f64 * over as f64 / under as f64;
        let rate_error = micros as f64 / MICROS as f64 / true_s - 1.0;
        let is_exact = micros * under == times * over * MICROS;
        let micros = u64::try_from(micros).ok()?;
        Some(Self { micros, samples, rate_error: if is_exact { 0.0 } else { rate_error } })
    }

    /// In millionths of a second.
    #[must_use]
    pub fn micros(&self) -> u64 {
        self.micros
    }

    /// Samples of each signal in a data record.
    #[must_use]
    pub fn samples(&self) -> &[usize] {
        &self.samples
    }

    /// By which part the length that is written is longer than the true one; zero unless a rate has
    /// no exact one of eight characters.
    #[must_use]
    pub fn rate_error(&self) -> f64 {
        self.rate_error
    }

    /// As it stands in the header.
    pub(crate) fn text(&self) -> String {
        text(u128::from(self.micros))
    }
}

/// The shortest data record, `over / under` seconds.
struct Base {
    over: u128,
    under: u128,
}

impl Base {
    /// Multiples of it with an exact text come in steps of this many.
    fn step(&self) -> u128 {
        self.under / greatest_common_divisor(self.under, self.over * MICROS)
    }

    fn micros(&self, times: u128) -> u128 {
        times * self.over * MICROS / self.under
    }

    /// The multiple with an exact text: from half of the target to twice, one that is short to read, else
    /// the nearest.
    fn exact(&self, target: u128) -> Option<(u128, u128)> {
        let step = self.step();
        let unit = self.micros(step);
        let middle = (target / unit).max(1);
        let all = (middle.saturating_sub(500).max(1)..middle + 500).map(|count| count * step);
        all.map(|times| (times, self.micros(times))).filter(|(_, micros)| fits(*micros)).min_by_key(
            |(_, micros)| {
                let is_near = (target / 2..=2 * target).contains(micros);
                let len = if is_near { text(*micros).len() } else { 9 };
                (len, micros.abs_diff(target))
            },
        )
    }

    /// The same among those whose samples divide all runs: `times` counts samples, as there is one
    /// rate.
    fn dividing(&self, run_lens: &[u64], target: u128) -> Option<(u128, u128)> {
        let common =
            run_lens.iter().fold(0, |all, len| greatest_common_divisor(all, u128::from(*len)));
        let step = self.step();
        let most = 10 * target / self.micros(step).max(1);
        let all = (1..=most.min(1_000_000)).map(|count| count * step);
        all.filter(|times| common > 0 && common % times == 0)
            .map(|times| (times, self.micros(times)))
            .filter(|(_, micros)| fits(*micros) && 4 * micros >= target)
            .min_by(|one, other| {
                let far = |micros: u128| (micros as f64 / target as f64).ln().abs();
                far(one.1).total_cmp(&far(other.1))
            })
    }

    /// The multiple from a quarter of a second to ten whose text is nearest to it.
    fn close(&self) -> Option<(u128, u128)> {
        let times = |micros: u128| micros * self.under / (self.over * MICROS);
        let first = times(MICROS / 4).max(1);
        let last = times(10 * MICROS - 1).min(first + 100_000);
        let all = (first..=last).map(|times| {
            let exact = times as f64 * self.over as f64 * MICROS as f64 / self.under as f64;
            (times, exact.round() as u128, (exact.round() / exact - 1.0).abs())
        });
        let all = all.filter(|(_, micros, _)| fits(*micros));
        all.min_by(|one, other| one.2.total_cmp(&other.2)).map(|(times, micros, _)| (times, micros))
    }
}

fn fits(micros: u128) -> bool {
    micros > 0 && text(micros).len() <= 8
}

fn text(micros: u128) -> String {
    let text = format!("{}.{:06}", micros / MICROS, micros % MICROS);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn greatest_common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

fn least_common_multiple(one: u128, other: u128) -> Option<u128> {
    // Far below the point where products of later steps overflow.
    (one / greatest_common_divisor(one, other)).checked_mul(other).filter(|all| *all < 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(scans: u64, seconds: u64) -> SampleRate {
        SampleRate::new(scans, seconds).expect("not zero")
    }

    fn chosen(rates: &[(u64, u64)], runs: &[u64]) -> (String, Vec<usize>) {
        let rates: Vec<SampleRate> = rates.iter().map(|one| rate(one.0, one.1)).collect();
        let found = RecordDuration::choose(&rates, runs).expect("there is one");
        assert!(found.rate_error().abs() < 1e-7, "{found:?}");
        (found.text(), found.samples)
    }

    #[test]
    fn a_record_lasts_about_a_second_and_holds_whole_samples() {
        assert_eq!(chosen(&[(1000, 1)], &[]), ("1".into(), vec![1000]));
        assert_eq!(chosen(&[(2000, 1), (100, 1)], &[]), ("1".into(), vec![2000, 100]));
        // 47.6 Hz and 2048 in three seconds.
        assert_eq!(chosen(&[(238, 5)], &[]).1.len(), 1);
        assert_eq!(chosen(&[(2048, 3)], &[]), ("1.5".into(), vec![1024]));
        assert_eq!(chosen(&[(2048, 3), (500, 1)], &[]), ("1.5".into(), vec![1024, 750]));
        assert_eq!(chosen(&[(1, 7)], &[]), ("7".into(), vec![1]));
        assert_eq!(chosen(&[(100, 3)], &[]), ("0.9".into(), vec![30]));
    }

    #[test]
    fn runs_that_are_known_are_divided_without_a_rest() {
        // 12.37 s at 1000 Hz.
        assert_eq!(chosen(&[(1000, 1)], &[12_370]), ("1.237".into(), vec![1237]));
        assert_eq!(chosen(&[(1000, 1)], &[9000, 6000]), ("1".into(), vec![1000]));
        // A prime number of samples has no divisor.
        assert_eq!(chosen(&[(1000, 1)], &[12_373]), ("1".into(), vec![1000]));
    }

    #[test]
    fn a_rate_without_an_exact_text_is_as_near_as_eight_characters_allow() {
        let found = RecordDuration::choose(&[rate(1_000_003, 1000)], &[]).expect("there is one");
        assert!(found.rate_error() != 0.0 && found.rate_error().abs() < 1e-7, "{found:?}");
        assert!(found.micros() < 10_000_000);
    }

    #[test]
    fn rates_without_a_common_length_are_refused() {
        let rates = [rate(1_000_003, 1000), rate(999_983, 1009)];
        assert_eq!(RecordDuration::choose(&rates, &[]), None);
        assert_eq!(RecordDuration::choose(&[], &[]), None);
    }

    #[test]
    fn no_rate_from_10_to_4000_hz_is_left_without() {
        for millihertz in (10_000..4_000_000).step_by(1237) {
            let rate = SampleRate::from_millihertz(millihertz).expect("not zero");
            let found = RecordDuration::choose(&[rate], &[]).expect("there is one");
            assert!(found.text().len() <= 8 && found.rate_error().abs() < 1e-7, "{rate} {found:?}");
        }
    }
}
