//! Filters with a name and a source, and what they became at a given sampling rate.
//!
//! Amplitudes behind different presets are different quantities: print the [`Filter`] beside every
//! number, and compare only numbers behind the same one.

use core::fmt;

use crate::design::{DesignError, butterworth_band_pass, butterworth_low_pass, notches_with_width};
use crate::sections::Sections;
use crate::time::SampleRate;

/// Highest frequency kept of surface EMG, in hertz.
const EMG_HIGH_HZ: f64 = 450.0;

/// Part of the sampling rate that a band-pass may reach.
///
/// Our choice: half the rate is impossible, and the last tenth below it is where the converter's own
/// filter falls off and where a bilinear design is bent most.
const BAND_END_RATIO: f64 = 0.45;

/// Q of the mains notch: 1.7 Hz wide at 50 Hz, 2 Hz at 60 Hz.
const MAINS_Q: f64 = 30.0;

/// Cut-off of the pressure low-pass, in hertz.
const PRESSURE_CUTOFF_HZ: f64 = 4.0;

/// Cut-off of the low-pass for resting tone, in hertz.
const TONE_CUTOFF_HZ: f64 = 1.0;

/// Part of the sampling rate that the low-passes of pressure and of tone may reach.
const PRESSURE_END_RATIO: f64 = 0.4;

/// A designed filter with the words and numbers to print beside its results.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Name of the preset, for files and the command line.
    pub name: &'static str,
    /// What it became at this sampling rate.
    pub shape: Shape,
    /// The coefficients.
    pub sections: Sections,
}

/// Kind and edges of a filter, as they were used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Butterworth band-pass.
    BandPass {
        /// Order of each slope.
        order: usize,
        /// Lower edge (gain `1/√2`), in hertz.
        low_hz: f64,
        /// Upper edge (gain `1/√2`), in hertz.
        high_hz: f64,
    },
    /// Butterworth low-pass.
    LowPass {
        /// Order of the slope.
        order: usize,
        /// Edge (gain `1/√2`), in hertz.
        cutoff_hz: f64,
    },
    /// Notches at multiples of one frequency, all of one width.
    Notches {
        /// The first, in hertz.
        first_hz: f64,
        /// How many.
        count: usize,
        /// Width (gain `1/√2`), in hertz.
        width_hz: f64,
    },
}

/// Frequency of the mains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mains {
    /// 50 Hz: Europe, Africa, most of Asia, Australia.
    Hz50,
    /// 60 Hz: North America, parts of South America and Asia.
    Hz60,
}

impl Mains {
    /// The frequency in hertz.
    #[must_use]
    pub const fn hz(self) -> f64 {
        match self {
            Self::Hz50 => 50.0,
            Self::Hz60 => 60.0,
        }
    }
}

/// Which multiples of the mains frequency are taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Harmonics {
    /// The mains frequency alone.
    FundamentalOnly,
    /// Also its multiples up to 450 Hz, where the band-passes end, and up to 0.45 of the rate.
    All,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BandPass { order, low_hz, high_hz } => {
                write!(f, "band-pass {low_hz}-{high_hz} Hz, Butterworth order {order}")
            }
            Self::LowPass { order, cutoff_hz } => {
                write!(f, "low-pass {cutoff_hz} Hz, Butterworth order {order}")
            }
            Self::Notches { first_hz, count: 1, width_hz } => {
                write!(f, "notch {first_hz} Hz, {width_hz:.2} Hz wide")
            }
            Self::Notches { first_hz, count, width_hz } => {
                let last_hz = first_hz * count as f64;
                write!(f, "{count} notches {first_hz}-{last_hz} Hz, each {width_hz:.2} Hz wide")
            }
        }
    }
}

/// Surface EMG, wide: 20 Hz to 450 Hz, or to 0.45 of the rate if that is less (225 Hz at 500 Hz,
/// 112.5 Hz at 250 Hz, 90 Hz at 200 Hz). Butterworth order 4, four sections.
///
/// # Errors
///
/// [`DesignError::BandTooNarrow`] below 89 Hz.
///
/// # Source
///
/// Edges: SENIAM (high-pass 10-20 Hz, low-pass near 500 Hz); order and edges as LibEMG's filters for
/// 1 kHz and more. The upper edge at lower rates is our choice: most power of the pelvic floor lies
/// below 100 Hz, so a narrower band still shows contractions, though with smaller amplitude.
pub fn emg_wide(rate: SampleRate) -> Result<Filter, DesignError> {
    emg("emg-wide", 20.0, rate)
}

/// Surface EMG of the pelvic floor: as [`emg_wide`], from 30 Hz.
///
/// # Errors
///
/// [`DesignError::BandTooNarrow`] below 134 Hz.
///
/// # Source
///
/// "Wide" biofeedback band of 30-500 Hz: Vickers and Davila. 30 Hz, Butterworth order 4, as best
/// compromise against the heart in trunk muscles: Drake and Callaghan, 2006, J Electromyogr Kinesiol.
pub fn emg_pelvic(rate: SampleRate) -> Result<Filter, DesignError> {
    emg("emg-pelvic", 30.0, rate)
}

/// Surface EMG where the heart covers the muscle: as [`emg_wide`], from 100 Hz.
///
/// It takes most of the muscle with it (the pelvic floor has most of its power below 100 Hz), so it
/// shows when a contraction was, and not how strong.
///
/// # Errors
///
/// [`DesignError::BandTooNarrow`] below 445 Hz.
///
/// # Source
///
/// The "narrow" band of clinical devices (100-400 Hz in the manuals of J&J) and the high-pass of
/// BioSPPy and NeuroKit2 (Butterworth order 4, 100 Hz).
pub fn emg_heart_safe(rate: SampleRate) -> Result<Filter, DesignError> {
    emg("emg-heart-safe", 100.0, rate)
}

fn emg(name: &'static str, low_hz: f64, rate: SampleRate) -> Result<Filter, DesignError> {
    let high_hz = EMG_HIGH_HZ.min(BAND_END_RATIO * rate.hz());
    if high_hz < 2.0 * low_hz {
        return Err(DesignError::BandTooNarrow { low_hz, high_hz });
    }
    let order = 4;
    let sections = butterworth_band_pass(order, low_hz, high_hz, rate)?;
    Ok(Filter { name, shape: Shape::BandPass { order, low_hz, high_hz }, sections })
}

/// Takes out the mains and, if asked for, its multiples.
///
/// All notches are as wide as the first, a thirtieth of the mains frequency. Our choice: with one Q
/// for all, nine of them would take a sixth of the EMG; and the mains strays little (its standard
/// frequency range in continental Europe is ±0.05 Hz: Regulation (EU) 2017/1485, annex III), so that
/// even its ninth multiple stays within the width. A transient takes 0.9 s (50 Hz) to settle.
///
/// # Errors
///
/// [`DesignError::ReachesNyquist`] if even the mains frequency is above 0.45 of the rate: there it
/// cannot be told from the edge of what was sampled. Leave the notch out and say so.
pub fn mains_notch(
    mains: Mains,
    harmonics: Harmonics,
    rate: SampleRate,
) -> Result<Filter, DesignError> {
    let first_hz = mains.hz();
    let end_hz = EMG_HIGH_HZ.min(BAND_END_RATIO * rate.hz());
    if first_hz > end_hz {
        return Err(DesignError::ReachesNyquist {
            cutoff_hz: first_hz,
            nyquist_hz: rate.hz() / 2.0,
        });
    }
    let count = match harmonics {
        Harmonics::FundamentalOnly => 1,
        Harmonics::All => (end_hz / first_hz) as usize,
    };
    let width_hz = first_hz / MAINS_Q;
    let sections = notches_with_width(first_hz, width_hz, count, rate)?;
    let name = match mains {
        Mains::Hz50 => "mains-50",
        Mains::Hz60 => "mains-60",
    };
    Ok(Filter { name, shape: Shape::Notches { first_hz, count, width_hz }, sections })
}

/// Pressure and force: low-pass at 4 Hz, or at 0.4 of the rate if that is less (3.2 Hz at 8 Hz).
/// Butterworth order 2, one section. It keeps the offset: resting tone is part of the measurement.
///
/// Delay at zero frequency: 56 ms at 200 Hz, 49 ms at 20 Hz, 23 ms at 10 Hz, 29 ms at 8 Hz. At 10 Hz
/// and below little is left to be smoothed, and what is left rings for 11 samples.
///
/// # Source
///
/// Our choice. The fastest voluntary contractions of the pelvic floor need about 0.51 s to their peak
/// (Leitner, 2019, doi:10.1002/nau.23911), which leaves next to no power above 2 Hz; a cough is faster
/// and is rounded. A rise of that duration is overshot by 0.6 % (1.4 % at 8 Hz), a sudden step by 4 %
/// (19 % at 8 Hz): a weight put on a sensor is not a contraction, and its first peak is not to be
/// believed.
///
/// # Errors
///
/// None for rates from 1 Hz to 20 kHz; beyond, what [`butterworth_low_pass`] says.
pub fn pressure_low_pass(rate: SampleRate) -> Result<Filter, DesignError> {
    low_pass("pressure", PRESSURE_CUTOFF_HZ, rate)
}

/// Pressure at rest: low-pass at 1 Hz, or at 0.4 of the rate if that is less (below 2.5 Hz).
/// Butterworth order 2, one section. It keeps the offset, which is the resting tone.
///
/// For the mean of a trace at rest and for nothing else: a contraction comes out late and rounded, and
/// a rise of 0.51 s is overshot by 3 %. Breathing (0.1 to 0.5 Hz) passes; take the mean over whole
/// breaths.
///
/// Delay at zero frequency: 225 ms at 100 Hz and more, 223 ms at 20 Hz, 218 ms at 10 Hz.
///
/// # Source
///
/// Resting pressure as the mean of a trace without what is faster than 1 Hz is proposed for sensors
/// with one channel; no standard says it. Order 2 is our choice, as for [`pressure_low_pass`].
///
/// # Errors
///
/// None for rates from 1 Hz to 20 kHz; beyond, what [`butterworth_low_pass`] says.
pub fn tone(rate: SampleRate) -> Result<Filter, DesignError> {
    low_pass("tone", TONE_CUTOFF_HZ, rate)
}

fn low_pass(name: &'static str, highest_hz: f64, rate: SampleRate) -> Result<Filter, DesignError> {
    let order = 2;
    let cutoff_hz = highest_hz.min(PRESSURE_END_RATIO * rate.hz());
    let sections = butterworth_low_pass(order, cutoff_hz, rate)?;
    Ok(Filter { name, shape: Shape::LowPass { order, cutoff_hz }, sections })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cascade::Cascade;

    fn rate(hz: f64) -> SampleRate {
        SampleRate::from_hz(hz).expect("a positive rate")
    }

    #[test]
    fn the_upper_edge_follows_the_rate_and_is_printed() {
        for (rate_hz, expected) in [
            (200.0, "emg-wide: band-pass 20-90 Hz, Butterworth order 4"),
            (250.0, "emg-wide: band-pass 20-112.5 Hz, Butterworth order 4"),
            (500.0, "emg-wide: band-pass 20-225 Hz, Butterworth order 4"),
            (1000.0, "emg-wide: band-pass 20-450 Hz, Butterworth order 4"),
            (2048.0, "emg-wide: band-pass 20-450 Hz, Butterworth order 4"),
            (20_000.0, "emg-wide: band-pass 20-450 Hz, Butterworth order 4"),
        ] {
            let filter = emg_wide(rate(rate_hz)).expect("wide enough");
            assert_eq!(filter.to_string(), expected);
            let half = core::f64::consts::FRAC_1_SQRT_2;
            for edge_hz in [filter.sections.low_hz(), filter.sections.high_hz()] {
                let gain = filter.sections.response(edge_hz).magnitude();
                assert!((gain - half).abs() < 1e-11, "{edge_hz} Hz at {rate_hz} Hz: {gain}");
            }
        }
    }

    #[test]
    fn at_250_and_500_hz_the_presets_are_what_their_words_say() {
        let heart_safe = emg_heart_safe(rate(500.0)).expect("wide enough");
        assert_eq!(
            heart_safe.to_string(),
            "emg-heart-safe: band-pass 100-225 Hz, Butterworth order 4"
        );
        assert_eq!(
            emg_heart_safe(rate(250.0)).err(),
            Some(DesignError::BandTooNarrow { low_hz: 100.0, high_hz: 112.5 })
        );
        for (rate_hz, words) in [
            (250.0, "emg-pelvic: band-pass 30-112.5 Hz, Butterworth order 4"),
            (500.0, "emg-pelvic: band-pass 30-225 Hz, Butterworth order 4"),
            (1000.0, "emg-pelvic: band-pass 30-450 Hz, Butterworth order 4"),
        ] {
            assert_eq!(emg_pelvic(rate(rate_hz)).expect("wide enough").to_string(), words);
        }
        for rate_hz in [250.0, 500.0] {
            let words = pressure_low_pass(rate(rate_hz)).expect("valid").to_string();
            assert_eq!(words, "pressure: low-pass 4 Hz, Butterworth order 2");
            let words = tone(rate(rate_hz)).expect("valid").to_string();
            assert_eq!(words, "tone: low-pass 1 Hz, Butterworth order 2");
        }
    }

    #[test]
    fn tone_is_there_at_every_legal_rate_and_as_late_as_stated() {
        for rate_hz in [1.0, 10.0, 20.0, 47.6, 200.0, 1000.0, 20_000.0] {
            let filter = tone(rate(rate_hz)).expect("valid");
            assert!((filter.sections.dc_gain() - 1.0).abs() < 1e-15, "{rate_hz} Hz");
            let gain = filter.sections.response(filter.sections.high_hz()).magnitude();
            // Coefficients are rounded to 1e-16, and at 20 kHz an edge at 1 Hz is the square of 1.6e-4.
            let error = (gain - core::f64::consts::FRAC_1_SQRT_2).abs();
            assert!(error < 1e-10, "{rate_hz} Hz: {gain}");
        }
        for (rate_hz, stated_ms) in
            [(10.0, 218.0), (20.0, 223.0), (100.0, 225.0), (20_000.0, 225.0)]
        {
            let delay_samples = tone(rate(rate_hz)).expect("valid").sections.delay_samples();
            let delay_ms = delay_samples / rate_hz * 1000.0;
            // Half a millisecond is the rounding of the stated number.
            assert!((delay_ms - stated_ms).abs() < 0.5, "{rate_hz} Hz: {delay_ms} ms");
        }
        let mut cascade = Cascade::new(&tone(rate(200.0)).expect("valid").sections);
        cascade.prime(0.0);
        let rise = |n: u32| (f64::from(n) / 200.0 / 0.51).min(1.0);
        let level = |n: u32| 0.5 - 0.5 * libm::cos(core::f64::consts::PI * rise(n));
        let peak = (0..600).map(|n| cascade.step(level(n))).fold(0.0, f64::max);
        assert!((1.025..1.035).contains(&peak), "{peak}");
    }

    #[test]
    fn a_band_of_less_than_an_octave_is_refused() {
        for (preset, refused_hz, accepted_hz) in [
            (emg_wide as fn(SampleRate) -> Result<Filter, DesignError>, 88.0, 89.0),
            (emg_pelvic, 133.0, 134.0),
            (emg_heart_safe, 444.0, 445.0),
        ] {
            let refusal = preset(rate(refused_hz)).err();
            assert!(matches!(refusal, Some(DesignError::BandTooNarrow { .. })), "{refusal:?}");
            assert!(preset(rate(accepted_hz)).is_ok(), "{accepted_hz} Hz");
        }
    }

    #[test]
    fn notches_hit_the_multiples_and_spare_the_rest() {
        let one =
            mains_notch(Mains::Hz60, Harmonics::FundamentalOnly, rate(1000.0)).expect("valid");
        assert_eq!(one.to_string(), "mains-60: notch 60 Hz, 2.00 Hz wide");
        let all = mains_notch(Mains::Hz50, Harmonics::All, rate(1000.0)).expect("valid");
        assert_eq!(all.to_string(), "mains-50: 9 notches 50-450 Hz, each 1.67 Hz wide");
        assert_eq!(all.sections.len(), 9);
        for multiple in 1..=9 {
            let centre_hz = 50.0 * f64::from(multiple);
            assert!(all.sections.response(centre_hz).magnitude() < 1e-10, "{centre_hz} Hz");
            let between = all.sections.response(centre_hz + 25.0).magnitude();
            // Each neighbour, 25 Hz away, takes half of (0.83 / 25)², so the pair a thousandth.
            assert!((0.998..1.0).contains(&between), "{} Hz: {between}", centre_hz + 25.0);
        }
        assert_eq!(
            mains_notch(Mains::Hz60, Harmonics::All, rate(250.0)).expect("valid").sections.len(),
            1
        );
        assert!(mains_notch(Mains::Hz50, Harmonics::All, rate(20_000.0)).is_ok());
    }

    #[test]
    fn a_notch_above_the_sampled_band_is_refused() {
        assert_eq!(
            mains_notch(Mains::Hz50, Harmonics::All, rate(100.0)).err(),
            Some(DesignError::ReachesNyquist { cutoff_hz: 50.0, nyquist_hz: 50.0 })
        );
    }

    #[test]
    fn band_pass_and_all_notches_fit_one_cascade() {
        let band = emg_pelvic(rate(2000.0)).expect("valid").sections;
        let mains = mains_notch(Mains::Hz50, Harmonics::All, rate(2000.0)).expect("valid").sections;
        assert_eq!(band.then(&mains).expect("at most 16").len(), 13);
    }

    #[test]
    fn the_stated_transients_hold() {
        let mains = mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate(1000.0));
        let settling_s = mains.expect("valid").sections.settling_samples() as f64 / 1000.0;
        assert!((0.85..0.92).contains(&settling_s), "{settling_s} s");
        for (rate_hz, cutoff_hz, delay_ms) in
            [(200.0, 4.0, 56.0), (20.0, 4.0, 49.0), (10.0, 4.0, 23.0), (8.0, 3.2, 29.0)]
        {
            let filter = pressure_low_pass(rate(rate_hz)).expect("valid");
            assert_eq!(filter.shape, Shape::LowPass { order: 2, cutoff_hz });
            let got_ms = filter.sections.delay_samples() / rate_hz * 1000.0;
            // Half a millisecond is the rounding of the stated number.
            assert!((got_ms - delay_ms).abs() < 0.5, "{rate_hz} Hz: {got_ms} ms");
        }
    }

    /// Highest value after a rise from 0 to 1 in the shape of half a cosine.
    fn peak_after_rise(rate_hz: f64, rise_s: f64) -> f64 {
        let mut cascade = Cascade::new(&pressure_low_pass(rate(rate_hz)).expect("valid").sections);
        cascade.prime(0.0);
        let part = |n: u32| (f64::from(n) / rate_hz / rise_s).min(1.0);
        let level = |part: f64| 0.5 - 0.5 * libm::cos(core::f64::consts::PI * part);
        (0..600).map(|n| cascade.step(level(part(n)))).fold(0.0, f64::max)
    }

    #[test]
    fn pressure_overshoots_a_step_but_hardly_a_contraction() {
        for (rate_hz, step, contraction) in [(200.0, 1.043, 1.006), (8.0, 1.187, 1.014)] {
            assert!((peak_after_rise(rate_hz, 1e-6) - step).abs() < 0.001, "{rate_hz} Hz");
            assert!(peak_after_rise(rate_hz, 0.51) < contraction + 0.0005, "{rate_hz} Hz");
        }
    }

    #[test]
    fn pressure_keeps_the_resting_tone() {
        for rate_hz in [1.0, 8.0, 200.0, 20_000.0] {
            let sections = pressure_low_pass(rate(rate_hz)).expect("valid").sections;
            assert!((sections.dc_gain() - 1.0).abs() < 1e-15, "{rate_hz} Hz");
        }
    }
}
