//! Filters with a name and a source, and what they became at a given sampling rate.
//!
//! Amplitudes behind different presets are different quantities: print the [`Filter`] beside every
//! number, and compare only numbers behind the same one.

use core::fmt;

use crate::design::{DesignError, butterworth_band_pass, butterworth_low_pass, notch_with_width};
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

/// Part of the sampling rate that the pressure low-pass may reach.
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
    let mut sections = Sections::identity(rate);
    for multiple in 1..=count {
        let centre_hz = first_hz * multiple as f64;
        sections = sections.then(&notch_with_width(centre_hz, width_hz, rate)?)?;
    }
    let name = match mains {
        Mains::Hz50 => "mains-50",
        Mains::Hz60 => "mains-60",
    };
    Ok(Filter { name, shape: Shape::Notches { first_hz, count, width_hz }, sections })
}

/// Pressure and force: low-pass at 4 Hz, or at 0.4 of the rate if that is less (3.2 Hz at 8 Hz).
/// Butterworth order 2, one section. Delay at rest: 56 ms (4 Hz), 70 ms (3.2 Hz).
///
/// It keeps the offset: resting tone is part of the measurement.
///
/// # Source
///
/// Our choice. The fastest voluntary contractions of the pelvic floor need about 0.51 s to their peak
/// (Leitner, 2019, doi:10.1002/nau.23911), which has next to no power above 2 Hz; a cough is faster and
/// is rounded. Order 2 overshoots a sudden step by 4 %, but a rise of 0.5 s by less than 0.1 %.
///
/// # Errors
///
/// None for rates from 1 Hz to 20 kHz; beyond, what [`butterworth_low_pass`] says.
pub fn pressure_low_pass(rate: SampleRate) -> Result<Filter, DesignError> {
    let order = 2;
    let cutoff_hz = PRESSURE_CUTOFF_HZ.min(PRESSURE_END_RATIO * rate.hz());
    let sections = butterworth_low_pass(order, cutoff_hz, rate)?;
    Ok(Filter { name: "pressure", shape: Shape::LowPass { order, cutoff_hz }, sections })
}
