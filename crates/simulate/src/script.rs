//! What the virtual person does and when: the truth a simulation is judged by.

use core::fmt;

use levator_signal::{SampleIndex, SampleRate, Span};

/// One contraction, planned to the microsecond.
///
/// ```text
/// level            _____________
///                 /             \      linear ramps: rise and release have one exact slope,
///                /               \     `level_ratio / rise_s` and `level_ratio / fall_s`
/// rest     _____/                 \_____
///              onset  hold      release  offset
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedContraction {
    /// Seconds from the start of the script (or of the cycle) to the first activity above rest.
    pub onset_s: f64,
    /// Seconds from onset to full level.
    pub rise_s: f64,
    /// Seconds at full level.
    pub hold_s: f64,
    /// Seconds from the end of the hold back to rest.
    pub fall_s: f64,
    /// Level as a proportion of the maximum voluntary contraction.
    pub level_ratio: f64,
    /// Proportion of the level that is lost, evenly, during the hold: fatigue. 0 is a steady hold.
    pub sag_ratio: f64,
}

impl PlannedContraction {
    /// Seconds from the start of the script (or of the cycle) to the return to rest.
    #[must_use]
    pub fn offset_s(&self) -> f64 {
        self.onset_s + self.rise_s + self.hold_s + self.fall_s
    }

    fn course(&self, start_s: f64) -> Course {
        let onset_s = start_s + self.onset_s;
        let hold_from_s = onset_s + self.rise_s;
        let release_s = hold_from_s + self.hold_s;
        Course { onset_s, hold_from_s, release_s, offset_s: release_s + self.fall_s }
    }

    /// Activation at `time_s` if the cycle began at `start_s`, 0 outside the contraction.
    fn activation(&self, start_s: f64, time_s: f64) -> f64 {
        let course = self.course(start_s);
        let shape = if time_s < course.onset_s || time_s >= course.offset_s {
            0.0
        } else if time_s < course.hold_from_s {
            (time_s - course.onset_s) / self.rise_s
        } else if time_s < course.release_s {
            1.0 - self.sag_ratio * (time_s - course.hold_from_s) / self.hold_s
        } else {
            (1.0 - self.sag_ratio) * (course.offset_s - time_s) / self.fall_s
        };
        self.level_ratio * shape
    }
}

/// The instants of a contraction. Activation and truth both come from here: computed in two ways,
/// they would differ in the last bit and truth in a sample.
struct Course {
    onset_s: f64,
    hold_from_s: f64,
    release_s: f64,
    offset_s: f64,
}

/// What happens when the last contraction of a script is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repeat {
    /// Rest for ever.
    Never,
    /// Start again every so many seconds.
    EverySeconds(f64),
}

/// A timeline of contractions.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    contractions: Vec<PlannedContraction>,
    repeat: Repeat,
}

impl Script {
    /// A script of `contractions`, in order of time.
    ///
    /// # Errors
    ///
    /// If a time is negative or not finite, a contraction has no duration, a proportion is outside
    /// 0 to 1, contractions overlap, or the last one does not end before the script repeats.
    pub fn new(contractions: Vec<PlannedContraction>, repeat: Repeat) -> Result<Self, ScriptError> {
        let mut free_from_s = 0.0;
        for (index, planned) in contractions.iter().enumerate() {
            let times = [planned.onset_s, planned.rise_s, planned.hold_s, planned.fall_s];
            let ratios = [planned.level_ratio, planned.sag_ratio];
            if times.iter().any(|time| !(time.is_finite() && *time >= 0.0))
                || planned.rise_s + planned.hold_s + planned.fall_s <= 0.0
                || ratios.iter().any(|ratio| !(0.0..=1.0).contains(ratio))
            {
                return Err(ScriptError::Impossible { index });
            }
            if planned.onset_s < free_from_s {
                return Err(ScriptError::Overlap { index });
            }
            free_from_s = planned.offset_s();
        }
        match repeat {
            Repeat::EverySeconds(cycle_s) if !(cycle_s > 0.0 && cycle_s >= free_from_s) => {
                Err(ScriptError::Cycle { cycle_s, needed_s: free_from_s })
            }
            Repeat::Never | Repeat::EverySeconds(_) => Ok(Self { contractions, repeat }),
        }
    }

    /// Nothing but rest.
    #[must_use]
    pub fn rest() -> Self {
        Self { contractions: Vec::new(), repeat: Repeat::Never }
    }

    /// How strongly the muscle is activated at `time_s`: 0 at rest, 1 at the maximum.
    #[must_use]
    pub fn activation(&self, time_s: f64) -> f64 {
        let start_s = match self.repeat {
            Repeat::Never => 0.0,
            Repeat::EverySeconds(cycle_s) => libm::floor(time_s / cycle_s) * cycle_s,
        };
        // They do not overlap, so at most one is above zero.
        self.contractions
            .iter()
            .map(|planned| planned.activation(start_s, time_s))
            .fold(0.0, f64::max)
    }

    /// All contractions that begin before `until_s`, with the samples that hold them at `rate`.
    /// None if `until_s` is not finite.
    #[must_use]
    pub fn truth(&self, rate: SampleRate, until_s: f64) -> Truth {
        let mut contractions = Vec::new();
        let until_s = if until_s.is_finite() { until_s } else { 0.0 };
        'cycles: for cycle in 0_u32.. {
            let start_s = match self.repeat {
                Repeat::Never => 0.0,
                Repeat::EverySeconds(cycle_s) => f64::from(cycle) * cycle_s,
            };
            for planned in &self.contractions {
                let contraction = TrueContraction::new(planned, start_s, rate);
                if contraction.onset_s >= until_s {
                    break 'cycles;
                }
                contractions.push(contraction);
            }
            if self.contractions.is_empty() || self.repeat == Repeat::Never {
                break;
            }
        }
        Truth { rate, contractions }
    }
}

/// One contraction that was really made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueContraction {
    /// From the first sample at or after the onset to the first at or after the offset.
    pub span: Span,
    /// Seconds from the first sample to the first activity above rest.
    pub onset_s: f64,
    /// Seconds from the first sample to full level.
    pub hold_from_s: f64,
    /// Seconds from the first sample to the beginning of the release.
    pub release_s: f64,
    /// Seconds from the first sample to the return to rest.
    pub offset_s: f64,
    /// Level as a proportion of the maximum voluntary contraction.
    pub level_ratio: f64,
}

impl TrueContraction {
    fn new(planned: &PlannedContraction, start_s: f64, rate: SampleRate) -> Self {
        let Course { onset_s, hold_from_s, release_s, offset_s } = planned.course(start_s);
        Self {
            span: Span { start: first_at(rate, onset_s), end: first_at(rate, offset_s) },
            onset_s,
            hold_from_s,
            release_s,
            offset_s,
            level_ratio: planned.level_ratio,
        }
    }
}

/// First sample taken at or after `time_s`.
fn first_at(rate: SampleRate, time_s: f64) -> SampleIndex {
    let mut index = rate.index_at(time_s).saturating_sub(1);
    while rate.time_s(index) < time_s {
        index = index.saturating_add(1);
    }
    index
}

/// Everything a detector should have found.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Rate of the samples that the spans count.
    pub rate: SampleRate,
    /// The contractions in order of time.
    pub contractions: Vec<TrueContraction>,
}

/// A script that no person could follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScriptError {
    /// A time or a proportion of a contraction is out of range.
    Impossible {
        /// Position of the contraction in the list.
        index: usize,
    },
    /// A contraction begins before the one before it has ended.
    Overlap {
        /// Position of the later contraction in the list.
        index: usize,
    },
    /// The script repeats before it is over.
    Cycle {
        /// Seconds after which it repeats.
        cycle_s: f64,
        /// Seconds it needs.
        needed_s: f64,
    },
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Impossible { index } => {
                write!(f, "contraction {index} has a time or proportion out of range")
            }
            Self::Overlap { index } => {
                write!(f, "contraction {index} begins before the one before it ends")
            }
            Self::Cycle { cycle_s, needed_s } => {
                write!(f, "script repeats after {cycle_s} s but needs {needed_s} s")
            }
        }
    }
}

impl core::error::Error for ScriptError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(onset_s: f64) -> PlannedContraction {
        PlannedContraction {
            onset_s,
            rise_s: 0.5,
            hold_s: 2.0,
            fall_s: 1.0,
            level_ratio: 0.8,
            sag_ratio: 0.0,
        }
    }

    fn rate() -> SampleRate {
        SampleRate::from_hz(1000.0).expect("not zero")
    }

    #[test]
    fn activation_follows_the_ramps() {
        let script = Script::new(vec![planned(3.0)], Repeat::Never).expect("possible");
        for (time_s, expected) in [(2.9, 0.0), (3.25, 0.4), (4.0, 0.8), (6.0, 0.4), (6.5, 0.0)] {
            let activation = script.activation(time_s);
            // Round-off of a few subtractions of numbers below ten.
            assert!((activation - expected).abs() < 1e-12, "{time_s}: {activation}");
        }
    }

    #[test]
    fn a_sagging_hold_loses_its_share() {
        let sagging = PlannedContraction { sag_ratio: 0.25, ..planned(0.0) };
        assert!((sagging.activation(0.0, 0.5 + 1.0) - 0.8 * 0.875).abs() < 1e-12);
        assert!((sagging.activation(0.0, 0.5 + 2.0 - 1e-12) - 0.8 * 0.75).abs() < 1e-11);
    }

    #[test]
    fn truth_names_exactly_the_samples_with_activation() {
        let contractions = vec![planned(3.000_4), planned(8.1)];
        let script = Script::new(contractions, Repeat::EverySeconds(12.7)).expect("possible");
        let truth = script.truth(rate(), 60.0);
        assert_eq!(truth.contractions.len(), 10);
        for index in 0..60_000 {
            let index = SampleIndex(index);
            let inside = truth.contractions.iter().any(|c| {
                // Activation is zero on the very sample of the onset if it falls on one.
                (c.span.start..c.span.end).contains(&index) && rate().time_s(index) > c.onset_s
            });
            let active = script.activation(rate().time_s(index)) > 0.0;
            assert_eq!(active, inside, "sample {index:?}");
        }
    }

    #[test]
    fn an_impossible_script_is_refused() {
        let refused = |list: Vec<_>, repeat| Script::new(list, repeat).expect_err("impossible");
        let negative = PlannedContraction { rise_s: -1.0, ..planned(3.0) };
        assert_eq!(refused(vec![negative], Repeat::Never), ScriptError::Impossible { index: 0 });
        let too_strong = PlannedContraction { level_ratio: f64::NAN, ..planned(3.0) };
        assert_eq!(refused(vec![too_strong], Repeat::Never), ScriptError::Impossible { index: 0 });
        assert_eq!(
            refused(vec![planned(3.0), planned(5.0)], Repeat::Never),
            ScriptError::Overlap { index: 1 }
        );
        assert!(matches!(
            refused(vec![planned(3.0)], Repeat::EverySeconds(6.0)),
            ScriptError::Cycle { .. }
        ));
        assert!(matches!(
            refused(Vec::new(), Repeat::EverySeconds(f64::NAN)),
            ScriptError::Cycle { .. }
        ));
    }

    #[test]
    fn a_script_without_contractions_stays_at_rest() {
        let script = Script::new(Vec::new(), Repeat::EverySeconds(5.0)).expect("possible");
        assert!(script.truth(rate(), 100.0).contractions.is_empty());
        assert_eq!(Script::rest().activation(3.0).to_bits(), 0.0_f64.to_bits());
    }
}
