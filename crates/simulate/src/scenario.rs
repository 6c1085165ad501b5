//! Persons worth simulating, each by name.

use crate::script::{PlannedContraction, Repeat, Script};

/// A kind of person doing a kind of exercise.
///
/// None of them is a diagnosis, and none is an average of people: they are signals with known truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// Strong, steady, complete release.
    Healthy,
    /// Contractions barely above rest.
    Weak,
    /// Raised rest, slow release.
    Tight,
    /// Quick squeezes in groups of five.
    Flicks,
    /// One minute of submaximal holding that tires.
    LongHold,
    /// No contraction at all.
    Rest,
    /// As healthy, measured badly.
    Noisy,
}

/// Amplitudes of a person's signals. EMG amplitudes are root mean squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// EMG at rest, in microvolt.
    pub rest_uv: f64,
    /// EMG at the maximum voluntary contraction, in microvolt, at least `rest_uv`.
    pub maximum_uv: f64,
    /// EMG of the accessory channel (lower abdomen) at rest, in microvolt.
    pub accessory_rest_uv: f64,
    /// EMG of the accessory channel while the pelvic floor is at its maximum, in microvolt.
    pub accessory_maximum_uv: f64,
    /// Pressure at rest, in cmH2O.
    pub rest_cmh2o: f64,
    /// Rise of pressure at the maximum voluntary contraction, in cmH2O.
    pub squeeze_cmh2o: f64,
}

/// What is measured besides the muscle. Zero takes an artefact out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Artefacts {
    /// White noise of electrode and amplifier, root mean square, in microvolt.
    pub sensor_noise_uv: f64,
    /// Mains hum, amplitude in microvolt; a third harmonic of a quarter of it comes along.
    pub mains_uv: f64,
    /// Frequency of the mains, in hertz.
    pub mains_hz: f64,
    /// Slow wander of the electrode's baseline, amplitude in microvolt.
    pub drift_uv: f64,
    /// Height of the heart beat in the EMG, in microvolt.
    pub heart_uv: f64,
    /// Mean rate of the heart, in beats per second.
    pub heart_hz: f64,
    /// White noise of the pressure sensor, root mean square, in cmH2O.
    pub sensor_noise_cmh2o: f64,
    /// Ripple of breathing in the pressure, amplitude in cmH2O.
    pub breathing_cmh2o: f64,
    /// Rate of breathing, in breaths per second.
    pub breathing_hz: f64,
    /// Slow drift of the pressure (a warming balloon), amplitude in cmH2O.
    pub drift_cmh2o: f64,
}

impl Artefacts {
    /// A good measurement.
    ///
    /// Our choice: 0.5 µV of sensor noise, the floor above which resting EMG can no longer be
    /// graded; 1 cmH2O of breathing at 15 breaths a minute.
    pub const CLEAN: Self = Self {
        sensor_noise_uv: 0.5,
        mains_uv: 0.0,
        mains_hz: 50.0,
        drift_uv: 0.0,
        heart_uv: 0.0,
        heart_hz: 1.2,
        sensor_noise_cmh2o: 0.1,
        breathing_cmh2o: 1.0,
        breathing_hz: 0.25,
        drift_cmh2o: 0.0,
    };

    /// A bad measurement: every artefact at once.
    ///
    /// Our choice: mains as strong as the rest is weak, a wandering baseline larger than the signal,
    /// heart beats as high as the maximum contraction's RMS.
    pub const BAD: Self = Self {
        sensor_noise_uv: 1.5,
        mains_uv: 15.0,
        drift_uv: 80.0,
        heart_uv: 40.0,
        sensor_noise_cmh2o: 0.5,
        breathing_cmh2o: 2.5,
        drift_cmh2o: 3.0,
        ..Self::CLEAN
    };
}

impl Scenario {
    /// Every scenario, for help texts and tests.
    pub const ALL: [Self; 7] = [
        Self::Healthy,
        Self::Weak,
        Self::Tight,
        Self::Flicks,
        Self::LongHold,
        Self::Rest,
        Self::Noisy,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Weak => "weak",
            Self::Tight => "tight",
            Self::Flicks => "flicks",
            Self::LongHold => "long-hold",
            Self::Rest => "rest",
            Self::Noisy => "noisy",
        }
    }

    /// The scenario with this [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// What happens, in one line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Healthy => "five strong holds of 5 s with full release, 10 s of rest between",
            Self::Weak => "five weak, gradual holds of 2 to 4 s, barely above rest",
            Self::Tight => "raised rest, five holds of 5 s, each released over 2.5 s",
            Self::Flicks => "five quick squeezes, 4 s apart, then 10 s of rest",
            Self::LongHold => "one hold of 60 s at 45 % of the maximum that loses a fifth",
            Self::Rest => "no contraction at all",
            Self::Noisy => "as healthy, with mains hum, drift and heart beats",
        }
    }

    /// The timeline. The first contraction comes after at least 3 s of rest, for a detector to learn
    /// from, and the timeline repeats for ever.
    ///
    /// # Source
    ///
    /// Timing of holds, flicks and the long hold: the Glazer protocol as in Oleksy 2021 (10 s rest
    /// between tonic contractions, flicks of 2 s with 2 s between, 60 s of endurance at about 43 %
    /// of the tonic mean). Ramps: Leitner 2019 (183 %MVC/s up, 121 down in continent women, 74 down
    /// with stress incontinence). Holds of 5 instead of 10 s are our choice, for shorter tests.
    #[must_use]
    pub fn script(self) -> Script {
        let (contractions, cycle_s) = match self {
            Self::Healthy | Self::Noisy => (
                hold_series(15.0, [1.0, 0.92, 0.97, 0.88, 0.94], |level| PlannedContraction {
                    onset_s: 0.0,
                    rise_s: level / 1.83,
                    hold_s: 4.0,
                    fall_s: level / 1.21,
                    level_ratio: level,
                    sag_ratio: 0.05,
                }),
                75.0,
            ),
            Self::Weak => (
                hold_series(14.0, [0.9, 0.75, 0.8, 0.6, 0.7], |level| PlannedContraction {
                    onset_s: 0.0,
                    rise_s: 1.0,
                    hold_s: 4.0 * level - 0.4,
                    fall_s: 1.2,
                    level_ratio: level,
                    sag_ratio: 0.2,
                }),
                70.0,
            ),
            Self::Tight => (
                hold_series(17.0, [0.9, 0.85, 0.9, 0.8, 0.85], |level| PlannedContraction {
                    onset_s: 0.0,
                    rise_s: 0.8,
                    hold_s: 4.0,
                    fall_s: 2.5,
                    level_ratio: level,
                    sag_ratio: 0.1,
                }),
                85.0,
            ),
            Self::Flicks => (
                hold_series(4.0, [1.0, 0.95, 0.98, 0.9, 0.93], |level| PlannedContraction {
                    onset_s: 0.0,
                    rise_s: 0.3,
                    hold_s: 0.2,
                    fall_s: 0.5,
                    level_ratio: level,
                    sag_ratio: 0.0,
                }),
                30.0,
            ),
            Self::LongHold => (
                hold_series(0.0, [0.45], |level| PlannedContraction {
                    onset_s: 0.0,
                    rise_s: 0.5,
                    hold_s: 60.0,
                    fall_s: 0.6,
                    level_ratio: level,
                    sag_ratio: 0.2,
                }),
                80.0,
            ),
            Self::Rest => return Script::rest(),
        };
        Script::new(contractions, Repeat::EverySeconds(cycle_s))
            .expect("a test builds every scenario")
    }

    /// Amplitudes of the person.
    ///
    /// # Source
    ///
    /// EMG: healthy rest between Kasper-Jędrzejewska 2025 (2.4 µV) and Oleksy 2020 (6.3 µV, tonic
    /// 37 µV, phasic 50 µV); raised rest: 95th percentile of Oleksy 2020 (12.6 µV); weak: its 5th
    /// percentile of the tonic phase (10.7 µV). Pressure: squeeze of 5 to 40 cmH2O in healthy women
    /// (Bø 1990), resting pressures of 17 to 41 cmH2O (Næss and Bø 2015; Bø 2011). Accessory channel:
    /// our choice, low and nearly stable.
    #[must_use]
    pub const fn levels(self) -> Levels {
        let healthy = Levels {
            rest_uv: 4.0,
            maximum_uv: 45.0,
            accessory_rest_uv: 3.0,
            accessory_maximum_uv: 6.0,
            rest_cmh2o: 30.0,
            squeeze_cmh2o: 32.0,
        };
        match self {
            Self::Healthy | Self::Flicks | Self::LongHold | Self::Rest | Self::Noisy => healthy,
            Self::Weak => Levels {
                rest_uv: 3.0,
                maximum_uv: 11.0,
                accessory_maximum_uv: 9.0,
                rest_cmh2o: 22.0,
                squeeze_cmh2o: 10.0,
                ..healthy
            },
            Self::Tight => Levels {
                rest_uv: 12.5,
                maximum_uv: 36.0,
                rest_cmh2o: 40.0,
                squeeze_cmh2o: 14.0,
                ..healthy
            },
        }
    }

    /// What is measured besides the muscle.
    #[must_use]
    pub const fn artefacts(self) -> Artefacts {
        match self {
            Self::Noisy => Artefacts::BAD,
            Self::Healthy
            | Self::Weak
            | Self::Tight
            | Self::Flicks
            | Self::LongHold
            | Self::Rest => Artefacts::CLEAN,
        }
    }
}

/// One contraction per level, onsets `spacing_s` apart, the first after `LEAD_S`.
fn hold_series<const N: usize>(
    spacing_s: f64,
    levels: [f64; N],
    shape: impl Fn(f64) -> PlannedContraction,
) -> Vec<PlannedContraction> {
    /// Our choice: three seconds of rest to learn from, and two to spare for a filter to settle.
    const LEAD_S: f64 = 5.0;
    let mut onset_s = LEAD_S;
    levels
        .into_iter()
        .map(|level| {
            let planned = PlannedContraction { onset_s, ..shape(level) };
            onset_s += spacing_s;
            planned
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use levator_signal::SampleRate;

    use super::*;

    #[test]
    fn every_scenario_has_a_name_that_leads_back_to_it() {
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::from_name(scenario.name()), Some(scenario));
            assert!(!scenario.description().is_empty());
        }
        assert_eq!(Scenario::from_name("giraffe"), None);
    }

    #[test]
    fn every_scenario_begins_with_three_seconds_of_rest_and_repeats() {
        let rate = SampleRate::from_hz(1000.0).expect("not zero");
        for scenario in Scenario::ALL {
            let truth = scenario.script().truth(rate, 600.0);
            let onsets: Vec<f64> = truth.contractions.iter().map(|c| c.onset_s).collect();
            assert!(onsets.iter().all(|onset_s| *onset_s >= 3.0), "{scenario:?}");
            let repeats = onsets.last().is_some_and(|last_s| *last_s > 500.0);
            assert_eq!(repeats, scenario != Scenario::Rest, "{scenario:?}");
        }
    }

    #[test]
    fn contractions_rise_above_rest() {
        for scenario in Scenario::ALL {
            let levels = scenario.levels();
            assert!(levels.maximum_uv > levels.rest_uv, "{scenario:?}");
            assert!(levels.squeeze_cmh2o > 0.0, "{scenario:?}");
        }
    }
}
