//! Settings of a detector, one set for each kind of signal.

use core::fmt;

/// What the detector looks at.
///
/// Both measures are free of gain: the resting level, and for pressure the spread of the rest, are
/// the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Power of a signal without an offset (band-passed EMG), as a multiple of its power at rest.
    /// Rest is 1.
    Power,
    /// Height of a signal above its resting level (pressure), as a multiple of the spread of the
    /// rest. Rest is about 0.
    Height,
}

/// How far back the configurations of this crate set a date, seconds. Our choice. The measures rely on it: of what
/// lies longer before a contraction was announced they keep no spectra.
pub const LOOK_BACK_S: f64 = 5.0;

/// Settings of a [`Detector`](crate::Detector).
///
/// There is one set of numbers for each kind of signal, [`Self::emg`] and [`Self::pressure`]; none
/// depends on the rate, gain or length of a recording. *Level* is the measure of [`Statistic`].
/// Every number is our choice, made on the recordings and in the way that `DESIGN.md` of this crate
/// tells; the doc of a field says what moves when it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorConfig {
    /// What is looked at.
    pub statistic: Statistic,
    /// Resolution of dates, seconds, 0.001 to 0.1. A step has at least one sample.
    pub date_step_s: f64,
    /// Length of a step of the decision, seconds, from `date_step_s` to 0.1. Longer steps see
    /// weaker contractions and let more artefacts pass.
    pub step_s: f64,

    /// Signal that is heard before the first decision, seconds, 0.5 to 30. What happened in it is
    /// found afterwards.
    pub learning_s: f64,
    /// Signal that must have been heard for a decision when the signal ends while learning,
    /// seconds, 0.5 to `learning_s`.
    pub least_learning_s: f64,
    /// Length of the blocks from which rest is learnt, seconds, from `step_s` to 1.
    pub rest_block_s: f64,
    /// Length of rest that is remembered, seconds, from `learning_s` to 120. Longer follows a
    /// drifting rest more slowly.
    pub rest_window_s: f64,
    /// Quantile of the blocks that is taken as rest, 0.05 to 0.5. Below one half, so that a rest
    /// that is learnt while half the time is contraction is still rest.
    pub rest_quantile_ratio: f64,
    /// Quantile that, taken from the resting level, gives the spread of the rest; 0.01 up to
    /// `rest_quantile_ratio`. Only the lower side is used: contractions stand on the upper one.
    pub spread_quantile_ratio: f64,
    /// Rest that must be seen before an onset for it to be an onset, seconds, 0 to 5.
    pub rest_before_s: f64,
    /// Level below which the last `fall_window_s` make a new, lower resting level.
    pub fallen_level: f64,
    /// Signal that must lie low for that, seconds, above `rest_block_s`, to 10.
    pub fall_window_s: f64,

    /// Level above which evidence for a contraction grows, and below which it shrinks.
    pub onset_level: f64,
    /// Levels beyond this multiple of `onset_level` count no more than that, above 1. It keeps a
    /// strong short artefact from passing for a contraction.
    pub strong_ratio: f64,
    /// How long a strong contraction must last to be one, seconds, above 0, to 5. A weak one must
    /// last longer, as its evidence grows more slowly; one far stronger than any artefact (200
    /// times `onset_level` and more) may be shorter, down to a half.
    pub shortest_s: f64,
    /// The same for a rise to [`Self::quick_level`] with the spectrum of muscle, which a QRS complex or a
    /// motion artefact has not; seconds, above 0, to `shortest_s`. Needs groups of samples to tell:
    /// without effect below 500 Hz and for pressure.
    pub quick_s: f64,
    /// Mean level that a rise must have for that; what turns out short and weaker is withdrawn.
    pub quick_level: f64,
    /// Height below this ratio of the strongest contraction of the last minutes is none, however
    /// quiet the rest, 0 to 0.5.
    pub smallest_ratio: f64,
    /// Of a contraction whose level is below this ratio of the strongest of the last minutes, it
    /// cannot be told whether it was one, 0 to 0.1: twitches and movements that nobody asked for are
    /// that weak.
    pub doubtful_ratio: f64,
    /// Time in which the memory of that height falls to a half, seconds, above 0.
    pub memory_half_s: f64,

    /// Level below which a contraction ends.
    pub offset_level: f64,
    /// A contraction also ends below this ratio of its own level, 0 to 0.5: a muscle that lets go
    /// has no sharp end, and the tail of a strong contraction is stronger than a weak contraction.
    pub relative_ratio: f64,
    /// Silence that ends a contraction, seconds, above 0, to 5. Shorter ones are bridged.
    pub release_s: f64,
    /// Time constant of a contraction's own level, seconds, above 0, to 5.
    pub level_time_s: f64,
    /// Longest contraction, seconds, above 10. What stays up for longer is a changed rest.
    pub longest_s: f64,

    /// Time constant with which the tail after a contraction is followed, seconds, above 0, to 5.
    /// Until the signal has been at rest again, a new contraction must stand out from the tail.
    pub tail_time_s: f64,
    /// Silence after which a signal is at rest again, seconds, above 0, to 5.
    pub settle_s: f64,
    /// Time after a contraction in which the signal must come back to rest, seconds, above 0.
    /// Then the level it is at is the resting level.
    pub linger_s: f64,

    /// How far back a date may be set when a contraction grows, seconds, from `shortest_s` to 30.
    pub look_back_s: f64,
    /// Window of the envelope from which peaks are taken, seconds, above 0, to 1.
    pub envelope_s: f64,
    /// Unusable signal that is bridged, seconds, 0 to 1. Longer makes the detector blind.
    pub bridge_s: f64,
}

impl DetectorConfig {
    /// For surface EMG, band-passed (20 to 450 Hz or what the rate allows), 200 to 4000 Hz.
    ///
    /// An onset is announced 0.14 s (20 dB), 0.19 s (8 dB) or 0.34 s (3 dB) after it happened, in the
    /// median of simulated ones.
    #[must_use]
    pub const fn emg() -> Self {
        Self {
            statistic: Statistic::Power,
            date_step_s: 0.005,
            // About six independent values of a band-passed EMG; 10 ms loses weak contractions to
            // the cap, 30 ms lets cardiac and motion artefacts pass.
            step_s: 0.02,
            learning_s: 1.0,
            least_learning_s: 1.0,
            rest_block_s: 0.1,
            rest_window_s: 15.0,
            // The low third, as ReSurfEMG (33rd percentile over 7.5 s).
            rest_quantile_ratio: 0.33,
            spread_quantile_ratio: 0.05,
            rest_before_s: 0.25,
            fallen_level: 0.5,
            fall_window_s: 1.0,
            // 2.8 dB. Midway between rest and a contraction with a signal-to-noise ratio of 3 dB,
            // whose level is 3.
            onset_level: 1.9,
            strong_ratio: 1.9,
            // Between a QRS complex (80 to 100 ms, with filter ringing) or a cable knock (up to
            // 180 ms) and a thumb flick (250 ms and more above rest).
            shortest_s: 0.2,
            // Half of it.
            quick_s: 0.1,
            // 6 dB. The rest of a real recording stirs for 0.3 s at 5 dB.
            quick_level: 4.0,
            smallest_ratio: 0.0,
            // An eighth in amplitude: twitches that nobody asked for have up to a ninth.
            doubtful_ratio: 0.0156,
            memory_half_s: 60.0,
            offset_level: 1.7,
            // -16 dB of power, a sixth in amplitude.
            relative_ratio: 0.025,
            release_s: 0.08,
            level_time_s: 0.3,
            // Twice the longest hold of the Glazer protocol (60 s).
            longest_s: 120.0,
            tail_time_s: 0.4,
            settle_s: 0.1,
            linger_s: 20.0,
            look_back_s: LOOK_BACK_S,
            envelope_s: 0.1,
            bridge_s: 0.1,
        }
    }

    /// For pressure, or a force in its place, as sampled or low-passed, 8 to 200 Hz.
    ///
    /// An onset is announced 0.57 s after it happened, in the median of simulated ones.
    #[must_use]
    pub const fn pressure() -> Self {
        Self {
            statistic: Statistic::Height,
            date_step_s: 0.02,
            step_s: 0.02,
            // A breath and a half, so that breathing is learnt as rest.
            learning_s: 6.0,
            least_learning_s: 2.0,
            rest_block_s: 0.2,
            rest_window_s: 15.0,
            rest_quantile_ratio: 0.3,
            spread_quantile_ratio: 0.05,
            rest_before_s: 0.25,
            fallen_level: -6.0,
            fall_window_s: 2.0,
            // The crest of a breath lies 4 spreads above the resting level (a sine: 1.59 of 0.40
            // amplitudes), 7 standard deviations of noise lie at 6.
            onset_level: 6.0,
            strong_ratio: 2.0,
            // Between a cough (up to 0.4 s at its foot) and a quick squeeze (0.5 s and more).
            shortest_s: 0.4,
            quick_s: 0.4,
            quick_level: 6.0,
            smallest_ratio: 0.05,
            doubtful_ratio: 0.0,
            memory_half_s: 60.0,
            offset_level: 4.5,
            relative_ratio: 0.2,
            release_s: 0.15,
            level_time_s: 0.3,
            longest_s: 120.0,
            tail_time_s: 0.4,
            settle_s: 0.2,
            // Short, as the resting pressure itself shifts from contraction to contraction.
            linger_s: 3.0,
            look_back_s: LOOK_BACK_S,
            envelope_s: 0.1,
            bridge_s: 0.25,
        }
    }

    /// The first setting out of its range, if there is one.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let max_level = 1e6;
        let max_s = 3600.0;
        let ranges = [
            ("date_step_s", self.date_step_s, 0.001, 0.1),
            ("step_s", self.step_s, self.date_step_s, 0.1),
            ("learning_s", self.learning_s, 0.5, 30.0),
            ("least_learning_s", self.least_learning_s, 0.5, self.learning_s),
            ("rest_block_s", self.rest_block_s, self.step_s, 1.0),
            ("rest_window_s", self.rest_window_s, self.learning_s, 120.0),
            ("rest_quantile_ratio", self.rest_quantile_ratio, 0.05, 0.5),
            ("spread_quantile_ratio", self.spread_quantile_ratio, 0.01, self.rest_quantile_ratio),
            ("rest_before_s", self.rest_before_s, 0.0, 5.0),
            ("fallen_level", self.fallen_level, -max_level, 1.0),
            ("fall_window_s", self.fall_window_s, self.rest_block_s, 10.0),
            ("onset_level", self.onset_level, self.offset_level, max_level),
            ("strong_ratio", self.strong_ratio, 1.1, 100.0),
            ("shortest_s", self.shortest_s, 0.01, 5.0),
            ("quick_s", self.quick_s, 0.01, self.shortest_s),
            ("quick_level", self.quick_level, 1.0, max_level),
            ("smallest_ratio", self.smallest_ratio, 0.0, 0.5),
            ("doubtful_ratio", self.doubtful_ratio, 0.0, 0.1),
            ("memory_half_s", self.memory_half_s, 1.0, max_s),
            ("offset_level", self.offset_level, 1.0, max_level),
            ("relative_ratio", self.relative_ratio, 0.0, 0.5),
            ("release_s", self.release_s, 0.01, 5.0),
            ("level_time_s", self.level_time_s, self.step_s, 5.0),
            ("longest_s", self.longest_s, 10.0, max_s),
            ("tail_time_s", self.tail_time_s, self.step_s, 5.0),
            ("settle_s", self.settle_s, 0.01, 5.0),
            ("linger_s", self.linger_s, 0.1, max_s),
            ("look_back_s", self.look_back_s, self.shortest_s, 30.0),
            ("envelope_s", self.envelope_s, self.date_step_s, 1.0),
            ("bridge_s", self.bridge_s, 0.0, 1.0),
        ];
        for (field, value, low, high) in ranges {
            if value.is_nan() || value < low {
                return Err(ConfigError { field, value, bound: low });
            }
            if value > high {
                return Err(ConfigError { field, value, bound: high });
            }
        }
        Ok(())
    }
}

/// A setting that cannot be used: show it to whoever made the setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigError {
    /// Name of the setting.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// The bound it breaks.
    pub bound: f64,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, beyond its bound {}", self.field, self.value, self.bound)
    }
}

impl core::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_settings_are_in_range() {
        assert_eq!(DetectorConfig::emg().check(), Ok(()));
        assert_eq!(DetectorConfig::pressure().check(), Ok(()));
    }

    #[test]
    fn a_setting_out_of_range_is_named_with_its_bound() {
        let config = DetectorConfig { release_s: 9.0, ..DetectorConfig::emg() };
        let error = config.check().expect_err("9 s is too long");
        assert_eq!(error, ConfigError { field: "release_s", value: 9.0, bound: 5.0 });
        assert_eq!(error.to_string(), "release_s is 9, beyond its bound 5");
    }

    #[test]
    fn a_setting_that_is_no_number_is_refused() {
        let config = DetectorConfig { shortest_s: f64::NAN, ..DetectorConfig::emg() };
        assert_eq!(config.check().expect_err("not a number").field, "shortest_s");
    }
}
