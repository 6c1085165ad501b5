//! Coughs in a pressure: it rises and falls faster than a squeeze or a strain can.

use core::fmt;

use crate::cascade::Cascade;
use crate::design::butterworth_low_pass;
use crate::time::{SampleIndex, SampleRate, Span};

/// Lowest rate in hertz: a cough is then two to four samples above half its height.
const MIN_RATE_HZ: f64 = 8.0;

/// Cut-off of the low-pass in front, in hertz, if the rate allows for it.
///
/// Our choice: a cough of 0.2 s keeps its height to a tenth, and sensor noise at 200 Hz loses nine tenths
/// of its power.
const CUTOFF_HZ: f64 = 8.0;

/// Longest width at half height, in seconds.
///
/// Our choice. In the one marked cough of a fast enough recording (`anorectal_norair.txt`, 10 Hz) it is
/// 0.27 s in the balloon and up to 0.46 s in the middle of the anal canal, where the sphincter closes as
/// well; 0.51 and 0.57 s in its two lowest sensors. The fastest voluntary contractions need 0.51 s to
/// their peak alone (Leitner, 2019, doi:10.1002/nau.23911).
const MAX_WIDTH_S: f64 = 0.5;

/// Longest rise from a tenth of the height to the peak, in seconds.
///
/// Our choice: 0.20 s (balloon) to 0.35 s (anal canal) in the same cough; a flick with the 0.51 s of
/// Leitner, 2019, in the shape of half a cosine, needs 0.40 s for it.
const MAX_RISE_S: f64 = 0.38;

/// Longest fall from the peak to three tenths of the height, in seconds. 0.24 to 0.43 s in that cough.
const MAX_FALL_S: f64 = 0.6;

/// Shortest width at half height, in seconds: what is shorter is a knock on the cable.
///
/// Our choice: less than half of the shortest width seen.
const MIN_WIDTH_S: f64 = 0.12;

/// The foot is the lowest value within this many seconds before, and at least one rise long.
const FOOT_S: f64 = 0.5;

/// Height over the usual movement within a second from which a rise is looked at.
///
/// Our choice: breathing, pulse and noise make that movement; twice of it is still one of them at times.
const NOISE_FACTOR: f64 = 4.0;

/// Least part of what the pressure moved in the last three to four seconds: less is the raggedness of a
/// strain that has just begun, before the usual movement is known again. Our choice; a second cough is
/// rarely lower than half of the first.
const MIN_PART: f64 = 0.25;

/// Seconds whose movement is remembered, and how many are needed before anything is said.
const MOVEMENT_COUNT: usize = 15;
const LEAST_MOVEMENT_COUNT: usize = 4;

/// Most samples from the foot to the end of a cough, at the rate that is kept.
const MEMORY_S: f64 = FOOT_S + MAX_RISE_S + MAX_FALL_S + 0.5;

/// Values that [`MEMORY_S`] takes at the highest rate that is kept, 128 a second.
const MAX_KEPT: usize = 256;

/// A cough, as far as pressure shows. Instants are samples of the input; the delay of the low-pass has
/// been taken off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cough {
    /// From a tenth of the height before the peak to three tenths after it.
    pub span: Span,
    /// The peak.
    pub peak_at: SampleIndex,
    /// Sample after which it was decided; not corrected for delays.
    pub decided: SampleIndex,
    /// Pressure at the peak, in the unit of the channel.
    pub peak: f64,
    /// Peak above the foot, in the unit of the channel.
    pub height: f64,
    /// From a tenth of the height to the peak, in seconds.
    pub rise_s: f64,
    /// Between the two crossings of half the height, in seconds.
    pub width_s: f64,
    /// 0 to 1: how far the nearest of the limits is (height, rise, width), as a part of the limit. Zero
    /// is just a cough. An order, not a probability.
    pub confidence: f64,
}

/// No detector at this rate, or with this least height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CoughError {
    /// A cough falls between two samples.
    RateTooLow {
        /// The rate that was asked for, in hertz.
        rate_hz: f64,
        /// The lowest there can be, in hertz.
        min_rate_hz: f64,
    },
    /// The rate is above 20 kHz, where the low-pass cannot be designed.
    RateTooHigh {
        /// The rate that was asked for, in hertz.
        rate_hz: f64,
    },
    /// Negative or not finite.
    MinHeight {
        /// What was asked for.
        min_height: f64,
    },
}

impl fmt::Display for CoughError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateTooLow { rate_hz, min_rate_hz } => {
                write!(f, "coughs need {min_rate_hz} Hz and more, not {rate_hz} Hz")
            }
            Self::RateTooHigh { rate_hz } => write!(f, "no low-pass at {rate_hz} Hz"),
            Self::MinHeight { min_height } => {
                write!(f, "least height of {min_height} is negative or no number")
            }
        }
    }
}

impl core::error::Error for CoughError {}

/// Finds coughs in one pressure channel. Causal: decides when the fall has reached three tenths of the
/// height, which is 0.2 to 0.6 s after the peak.
///
/// In: pressure in the unit of the channel, *not* low-passed below 8 Hz. A transient is a cough if it
/// rises within 0.38 s, is 0.12 to 0.5 s wide at half its height, and falls to three tenths within 0.6 s;
/// and if it is four times as high as what the pressure usually moves within a second, and a quarter of
/// what it has just moved. Strain, push
/// and contraction rise as fast at most as the slowest cough, and stay. The shortest flicks come close:
/// one that rises in 0.4 s and is let go at once looks like a cough. If there is a second channel in
/// rectum or bladder, require the cough in both.
///
/// A cough on top of a contraction is found as long as it stands clear of it. A cough that sets off a
/// lasting contraction does not fall, and is none here.
///
/// Samples that are not finite, and gaps, are a [`Self::reset`], after which it learns for 4 s again.
#[derive(Clone, Debug)]
pub struct CoughDetector {
    filter: Option<Cascade>,
    delay_samples: f64,
    min_height: f64,
    /// Samples that make one kept value.
    step_len: u64,
    kept_hz: f64,
    next: u64,
    /// Ring of kept values; the newest has number `kept_count - 1`.
    memory: [f64; MAX_KEPT],
    memory_len: u64,
    kept_count: u64,
    second: Range,
    /// The three seconds before it.
    seconds: [Range; 3],
    movements: [f64; MOVEMENT_COUNT],
    movement_count: u64,
    /// Median of the movements.
    movement: f64,
    state: State,
}

/// ```text
///           height reached               fell to 0.3        judged: cough or not
/// Waiting ------------------> Rising ----------------------------------------> Waiting
///    ^                          | peak too long ago                              |
///    +--------------------------+------------------------------------------------+
/// ```
#[derive(Clone, Copy, Debug)]
enum State {
    Waiting,
    Rising { foot: f64, peak: f64, peak_number: u64 },
}

#[derive(Clone, Copy, Debug)]
struct Range {
    low: f64,
    high: f64,
    count: u64,
}

impl Range {
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, count: 0 };
}

impl CoughDetector {
    /// Ready for the sample with index 0. `min_height` is the least height above the foot, in the unit of
    /// the channel: the resolution of the probe, or what matters to the user; 0 leaves it to the noise.
    /// Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`CoughError`] below 8 Hz and above 20 kHz, and for a height that is negative or not finite.
    pub fn new(rate: SampleRate, min_height: f64) -> Result<Self, CoughError> {
        let rate_hz = rate.hz();
        if rate_hz < MIN_RATE_HZ {
            return Err(CoughError::RateTooLow { rate_hz, min_rate_hz: MIN_RATE_HZ });
        }
        if !(min_height >= 0.0 && min_height.is_finite()) {
            return Err(CoughError::MinHeight { min_height });
        }
        // At 32 Hz the cut-off is at half of what was sampled; below there is nothing to be gained.
        let filter = if rate_hz >= 4.0 * CUTOFF_HZ {
            let sections = butterworth_low_pass(2, CUTOFF_HZ, rate)
                .map_err(|_| CoughError::RateTooHigh { rate_hz })?;
            Some(Cascade::new(&sections))
        } else {
            None
        };
        // Behind the low-pass 64 to 128 values a second lose nothing.
        let step_len = ((rate_hz / (8.0 * CUTOFF_HZ)) as u64).max(1);
        let kept_hz = rate_hz / step_len as f64;
        Ok(Self {
            delay_samples: filter.as_ref().map_or(0.0, Cascade::delay_samples),
            filter,
            min_height,
            step_len,
            kept_hz,
            next: 0,
            memory: [0.0; MAX_KEPT],
            memory_len: ((MEMORY_S * kept_hz) as u64 + 2).min(MAX_KEPT as u64),
            kept_count: 0,
            second: Range::EMPTY,
            seconds: [Range::EMPTY; 3],
            movements: [0.0; MOVEMENT_COUNT],
            movement_count: 0,
            movement: 0.0,
            state: State::Waiting,
        })
    }

    /// Forgets everything: the same as new.
    pub fn reset(&mut self) {
        self.next = 0;
        self.forget();
    }

    /// Samples are missing: indices go on, everything else begins anew.
    pub fn skip(&mut self, missing_count: u64) {
        self.next = self.next.saturating_add(missing_count);
        self.forget();
    }

    fn forget(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.reset();
        }
        self.kept_count = 0;
        self.second = Range::EMPTY;
        self.seconds = [Range::EMPTY; 3];
        self.movement_count = 0;
        self.movement = 0.0;
        self.state = State::Waiting;
    }

    /// Takes one sample; a cough if one was just decided.
    pub fn step(&mut self, value: f64) -> Option<Cough> {
        if !value.is_finite() {
            self.skip(1);
            return None;
        }
        let filtered = self.filter.as_mut().map_or(value, |filter| filter.step(value));
        self.next = self.next.saturating_add(1);
        if !self.next.is_multiple_of(self.step_len) {
            return None;
        }
        // A huge value has filled the filter.
        if !filtered.is_finite() {
            self.forget();
            return None;
        }
        self.memory[(self.kept_count % self.memory_len) as usize] = filtered;
        self.kept_count += 1;
        self.learn(filtered);
        self.advance(filtered)
    }

    /// Takes a block and hands on the coughs decided in it: the same as [`Self::step`] for each sample.
    pub fn process(&mut self, block: &[f64], out: &mut impl FnMut(Cough)) {
        for &value in block {
            if let Some(cough) = self.step(value) {
                out(cough);
            }
        }
    }

    /// Delay of the low-pass in front; taken off the instants of a [`Cough`].
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        self.delay_samples
    }

    /// Whether it has learnt how much the pressure moves by itself: from 4 s on.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.movement_count >= LEAST_MOVEMENT_COUNT as u64
    }

    /// Least height in use, in the unit of the channel.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.min_height.max(NOISE_FACTOR * self.movement)
    }

    /// How much the pressure moves within a second: median over the last 15 s, so that squeezes and
    /// coughs in less than half of them do not count.
    fn learn(&mut self, value: f64) {
        let second = &mut self.second;
        second.low = second.low.min(value);
        second.high = second.high.max(value);
        second.count += 1;
        if second.count < (self.kept_hz as u64).max(1) {
            return;
        }
        let place = (self.movement_count % MOVEMENT_COUNT as u64) as usize;
        self.movements[place] = second.high - second.low;
        self.seconds = [self.seconds[1], self.seconds[2], *second];
        self.second = Range::EMPTY;
        self.movement_count += 1;
        let count = self.movement_count.min(MOVEMENT_COUNT as u64) as usize;
        let mut sorted = self.movements;
        let sorted = &mut sorted[..count];
        sorted.sort_unstable_by(f64::total_cmp);
        self.movement = sorted[count / 2];
    }

    fn advance(&mut self, value: f64) -> Option<Cough> {
        let number = self.kept_count - 1;
        match self.state {
            State::Waiting => {
                let foot = self.foot();
                if self.is_ready() && value - foot > self.threshold() {
                    self.state = State::Rising { foot, peak: value, peak_number: number };
                }
                None
            }
            State::Rising { foot, peak, .. } if value > peak => {
                self.state = State::Rising { foot, peak: value, peak_number: number };
                None
            }
            State::Rising { foot, peak, peak_number } => {
                let fallen = value <= foot + 0.3 * (peak - foot);
                let late = (number - peak_number) as f64 > MAX_FALL_S * self.kept_hz;
                if !fallen && !late {
                    return None;
                }
                self.state = State::Waiting;
                if fallen { self.judge(peak, peak_number, number) } else { None }
            }
        }
    }

    /// Lowest value of the last half second.
    fn foot(&self) -> f64 {
        let count = ((FOOT_S * self.kept_hz) as u64).min(self.kept_count);
        (self.kept_count - count..self.kept_count).map(|n| self.kept(n)).fold(f64::MAX, f64::min)
    }

    fn kept(&self, number: u64) -> f64 {
        self.memory[(number % self.memory_len) as usize]
    }

    fn judge(&self, peak: f64, peak_number: u64, end: u64) -> Option<Cough> {
        // The foot of a slow rise lies further back than that of the fast part of it.
        let before = (FOOT_S * self.kept_hz) as u64;
        let oldest = self.kept_count.saturating_sub(self.memory_len);
        let first = peak_number.saturating_sub(before).max(oldest);
        let foot = (first..=peak_number).map(|n| self.kept(n)).fold(f64::MAX, f64::min);
        let height = peak - foot;
        let recent = self.seconds.iter().chain([&self.second]);
        let (low, high) = recent
            .fold((peak, peak), |(low, high), second| (low.min(second.low), high.max(second.high)));
        let threshold = self.threshold().max(MIN_PART * (high - low));
        if height <= threshold {
            return None;
        }
        let rise_from = self.crossing_before(foot + 0.1 * height, peak_number, first)?;
        let half_up = self.crossing_before(foot + 0.5 * height, peak_number, first)?;
        let half_down = self.crossing_after(foot + 0.5 * height, peak_number, end)?;
        let rise_s = (peak_number as f64 - rise_from) / self.kept_hz;
        let width_s = (half_down - half_up) / self.kept_hz;
        let above = half_down as u64 - half_up as u64;
        let is_cough = rise_s <= MAX_RISE_S
            && (MIN_WIDTH_S..=MAX_WIDTH_S).contains(&width_s)
            // One sample alone is no wave.
            && above >= 2;
        if !is_cough {
            return None;
        }
        let margins =
            [1.0 - threshold / height, 1.0 - rise_s / MAX_RISE_S, 1.0 - width_s / MAX_WIDTH_S];
        Some(Cough {
            span: Span { start: self.index(rise_from), end: self.index(end as f64) },
            peak_at: self.index(peak_number as f64),
            decided: SampleIndex(self.next - 1),
            peak,
            height,
            rise_s,
            width_s,
            confidence: margins.into_iter().fold(1.0, f64::min),
        })
    }

    /// Where the values last rose through `level` before the peak: a number with its fraction.
    fn crossing_before(&self, level: f64, peak_number: u64, first: u64) -> Option<f64> {
        (first..peak_number).rev().find_map(|n| {
            let (low, high) = (self.kept(n), self.kept(n + 1));
            (low <= level && high > level).then(|| n as f64 + (level - low) / (high - low))
        })
    }

    /// Where they first fell through it after the peak.
    fn crossing_after(&self, level: f64, peak_number: u64, end: u64) -> Option<f64> {
        (peak_number..end).find_map(|n| {
            let (high, low) = (self.kept(n), self.kept(n + 1));
            (high > level && low <= level).then(|| n as f64 + (high - level) / (high - low))
        })
    }

    /// Sample of the input that a number of the kept values stands for.
    fn index(&self, number: f64) -> SampleIndex {
        let back = (self.kept_count - 1) as f64 - number;
        let back = back * self.step_len as f64 + self.delay_samples;
        SampleIndex((self.next - 1).saturating_sub(libm::round(back) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Noise;
    use core::f64::consts::{PI, TAU};

    const RATES_HZ: [f64; 6] = [10.0, 20.0, 50.0, 100.0, 200.0, 1000.0];

    fn detector(rate_hz: f64) -> CoughDetector {
        CoughDetector::new(SampleRate::from_hz(rate_hz).expect("positive"), 0.0).expect("in range")
    }

    /// A minute of rest with breathing, pulse and noise, plus `shape(seconds since 20 s)`.
    fn pressure(rate_hz: f64, seed: u64, shape: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut noise = Noise::new(seed);
        (0..(60.0 * rate_hz) as usize)
            .map(|n| {
                let time_s = n as f64 / rate_hz;
                30.0 + 1.5 * libm::sin(TAU * 0.25 * time_s)
                    + 0.5 * libm::sin(TAU * 1.2 * time_s)
                    + 0.3 * noise.gaussian()
                    + shape(time_s - 20.0)
            })
            .collect()
    }

    /// Half a cosine up, level, half a cosine down.
    fn wave(since_s: f64, height: f64, rise_s: f64, hold_s: f64, fall_s: f64) -> f64 {
        let edge = |part: f64| 0.5 - 0.5 * libm::cos(PI * part.clamp(0.0, 1.0));
        height * (edge(since_s / rise_s) - edge((since_s - rise_s - hold_s) / fall_s))
    }

    fn found(rate_hz: f64, samples: &[f64]) -> Vec<Cough> {
        let mut coughs = Vec::new();
        detector(rate_hz).process(samples, &mut |cough| coughs.push(cough));
        coughs
    }

    #[test]
    fn coughs_are_found_and_measured() {
        for rate_hz in RATES_HZ {
            for (seed, (rise_s, fall_s)) in
                [(0.2, 0.35), (0.3, 0.45), (0.35, 0.5)].into_iter().enumerate()
            {
                let cough = |t: f64| wave(t, 60.0, rise_s, 0.0, fall_s);
                let coughs = found(rate_hz, &pressure(rate_hz, seed as u64, cough));
                let [one] = coughs[..] else { panic!("{rate_hz} Hz, {rise_s} s: {coughs:?}") };
                let case = format!("{rate_hz} Hz, {rise_s} s: {one:?}");
                let peak_s = one.peak_at.0 as f64 / rate_hz;
                // One sample, and the roundness of the low-pass.
                let tolerance_s = 1.0 / rate_hz + 0.02;
                assert!((peak_s - 20.0 - rise_s).abs() < tolerance_s, "{case}");
                let width_s = 0.5 * (rise_s + fall_s);
                assert!((one.width_s - width_s).abs() < tolerance_s + 0.04, "{case}");
                assert!((48.0..64.0).contains(&one.height), "{case}");
                assert!(one.confidence > 0.0 && one.decided >= one.span.end, "{case}");
            }
        }
    }

    #[test]
    fn slow_rises_and_knocks_are_no_coughs() {
        for rate_hz in RATES_HZ {
            for (seed, shape) in [
                // Flick, hold, strain, slow strain: rise, level, fall.
                (0.51, 0.2, 0.5),
                (0.6, 0.0, 0.6),
                (0.5, 10.0, 0.5),
                (0.3, 5.0, 0.3),
                (1.5, 8.0, 1.0),
            ]
            .into_iter()
            .enumerate()
            {
                let (rise_s, hold_s, fall_s) = shape;
                let slow = |t: f64| wave(t, 60.0, rise_s, hold_s, fall_s);
                let coughs = found(rate_hz, &pressure(rate_hz, seed as u64, slow));
                assert!(coughs.is_empty(), "{rate_hz} Hz, {shape:?}: {coughs:?}");
            }
            let mut knocked = pressure(rate_hz, 9, |_| 0.0);
            knocked[(20.0 * rate_hz) as usize] += 80.0;
            assert!(found(rate_hz, &knocked).is_empty(), "{rate_hz} Hz");
        }
    }

    #[test]
    fn ragged_straining_is_no_cough() {
        for seed in 0..50 {
            let mut noise = Noise::new(seed);
            let mut tremor = 0.0;
            let mut samples = pressure(20.0, seed, |t| wave(t, 50.0, 1.0, 12.0, 1.0));
            for x in &mut samples[400..680] {
                tremor += -0.1 * tremor + 1.5 * noise.gaussian();
                *x += tremor;
            }
            let coughs = found(20.0, &samples);
            assert!(coughs.is_empty(), "{seed}: {coughs:?}");
        }
    }

    #[test]
    fn a_rest_is_free_of_coughs() {
        let count: usize =
            (0..100).map(|seed| found(50.0, &pressure(50.0, seed, |_| 0.0)).len()).sum();
        assert_eq!(count, 0, "in 100 minutes");
    }

    #[test]
    fn two_coughs_in_a_row_and_one_on_a_hold_are_found() {
        let shape = |t: f64| {
            wave(t, 50.0, 0.2, 0.0, 0.3)
                + wave(t - 1.0, 40.0, 0.2, 0.0, 0.3)
                + wave(t - 10.0, 30.0, 0.8, 10.0, 0.8)
                + wave(t - 15.0, 50.0, 0.2, 0.0, 0.3)
        };
        let coughs = found(50.0, &pressure(50.0, 1, shape));
        let at_s: Vec<f64> = coughs.iter().map(|c| c.peak_at.0 as f64 / 50.0).collect();
        assert_eq!(at_s.len(), 3, "{at_s:?}");
        for (at_s, expected_s) in at_s.iter().zip([20.2, 21.2, 35.2]) {
            assert!((at_s - expected_s).abs() < 0.05, "{at_s} s");
        }
    }

    #[test]
    fn blocks_steps_and_a_reset_give_the_same() {
        let samples = pressure(100.0, 2, |t| wave(t, 50.0, 0.25, 0.0, 0.3));
        let whole = found(100.0, &samples);
        assert_eq!(whole.len(), 1);
        let mut cut = detector(100.0);
        for _ in 0..2 {
            let mut coughs = Vec::new();
            for part in samples.chunks(31) {
                cut.process(part, &mut |cough| coughs.push(cough));
            }
            assert_eq!(coughs, whole);
            cut.reset();
        }
    }

    #[test]
    fn a_gap_begins_anew_and_keeps_the_count() {
        let samples = pressure(100.0, 3, |t| wave(t, 50.0, 0.25, 0.0, 0.3));
        let mut detector = detector(100.0);
        assert_eq!(detector.step(f64::NAN), None);
        detector.skip(499);
        let mut coughs = Vec::new();
        detector.process(&samples, &mut |cough| coughs.push(cough));
        let whole = found(100.0, &samples);
        assert_eq!(coughs.len(), 1);
        assert!(coughs[0].peak_at.0.abs_diff(whole[0].peak_at.0 + 500) <= 1);
    }

    #[test]
    fn no_input_panics_and_what_cannot_be_is_refused() {
        let rate = |hz: f64| SampleRate::from_hz(hz).expect("positive");
        assert!(matches!(CoughDetector::new(rate(7.9), 0.0), Err(CoughError::RateTooLow { .. })));
        for min_height in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                CoughDetector::new(rate(20.0), min_height),
                Err(CoughError::MinHeight { .. })
            ));
        }
        for rate_hz in [8.0, 31.9, 32.0, 20_000.0] {
            for wild in [f64::NAN, f64::INFINITY, 1e300, f64::MAX, 5e-324, 0.0] {
                let mut detector = detector(rate_hz);
                for n in 0..5_000_u32 {
                    detector.step(if n % 11 < 2 { wild } else { f64::from(n % 3) - wild });
                }
                detector.skip(u64::MAX);
                detector.step(1.0);
            }
        }
    }
}
