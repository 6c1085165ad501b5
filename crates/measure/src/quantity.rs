//! What is measured, of which task, and by which definition.

use core::fmt;

use levator_programme::words;

/// What is measured. The formulas are in the [documentation of the crate](crate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Level at rest: median of the envelope (`R0`, `Rb`, `R1`, by task).
    RestLevel,
    /// Variability at rest: 100 SD/mean over bins of 1 s (`CV_R`).
    RestVariability,
    /// Instability at rest: SD of the envelope (`SD_R`).
    RestInstability,
    /// Level between or after, over the level before (`RR`).
    RelaxationRatio,
    /// Level between or after, less the level before (`dR`).
    RelaxationResidual,
    /// The same over the maximal contraction (`RF`).
    RelaxationResidualRatio,
    /// Number of rests between whose residual exceeds a multiple of the SEM (see [`How`]); `count` is the
    /// number of rests looked at.
    RaisedRestCount,
    /// Highest value of the envelope above rest (`Pk`).
    Peak,
    /// Maximal voluntary contraction (`MVC`).
    MaximalContraction,
    /// Mean of the envelope above rest over the contraction window (`Mc`).
    ContractionMean,
    /// A level over the maximal contraction (`%MVC`).
    NormalisedLevel,
    /// 100 SD/mean in the plateau (`CV_H`).
    HoldVariability,
    /// Area above rest (`E10`).
    EnduranceArea,
    /// How long the level stays above 65 % or 50 % of the maximum (`T35`, `T50`).
    EnduranceTime,
    /// How long a contraction was held, from onset to offset, whatever was asked for.
    HoldTime,
    /// End of a long contraction over its start: mean of the last over the mean of the first tenth.
    EnduranceRatio,
    /// Slope of the logarithm of the envelope (`kA`).
    AmplitudeSlope,
    /// Median frequency (`MDF`).
    MedianFrequency,
    /// Slope of the median frequency in windows of 1 s (`kMDF`).
    MedianFrequencySlope,
    /// From the cue to the onset.
    ReactionTime,
    /// From the onset to the peak (`t_pk`).
    TimeToPeak,
    /// Slope from onset to peak, or of the first 200 ms (`sR`).
    RiseRate,
    /// Slope from peak to offset, or of the first 200 ms of release; negative (`sF`).
    ReleaseRate,
    /// From the cue to let go to the return into the band of rest (`t_rec`).
    RecoveryLatency,
    /// Steepest rise of pressure (`G`).
    Gradient,
    /// Valid quick contractions within 10 s (`F10`).
    FlickCount,
    /// Correlation of the abdomen with the pelvic floor in a contraction (`SI`).
    CouplingCorrelation,
    /// Net level of the abdomen over its largest, in a contraction (`SI`).
    AccessoryRatio,
    /// Contractions that were bearing down (`BD`); `count` is how many were looked at.
    BearingDownCount,
    /// Contractions that were told to be a squeeze; `count` is how many were looked at.
    SqueezeCount,
    /// 100 (push - rest)/(squeeze - rest) (`AI`).
    PushIndex,
    /// 100 (rest - lowest)/rest during a push (`%Rel`).
    PushRelaxation,
    /// Rise over the level before the push, in percent of it.
    PushRise,
    /// Rise of the abdomen (rectum) during a push (`dRect`).
    PushForce,
    /// Abdomen less anal residual during a push.
    RectoanalGradient,
    /// Largest rise over rest that is sustained (`Sq5` and its like).
    SqueezeIncrement,
    /// Largest pressure of a squeeze, with rest in it.
    SqueezeTotal,
    /// How long the level stays above half of the largest increment (`T_50`).
    SqueezeDuration,
    /// Rise in a cough.
    CoughIncrement,
    /// Noise of the device and what the muscle did at its quietest, as RMS.
    NoiseFloor,
    /// Trials that were valid; `count` is how many were asked for.
    ValidTrialCount,
    /// Valid trials that met their target; `count` is how many had one that could be resolved.
    SuccessCount,
}

words!(Quantity {
    RestLevel => "rest-level",
    RestVariability => "rest-variability",
    RestInstability => "rest-instability",
    RelaxationRatio => "relaxation-ratio",
    RelaxationResidual => "relaxation-residual",
    RelaxationResidualRatio => "relaxation-residual-ratio",
    RaisedRestCount => "raised-rest-count",
    Peak => "peak",
    MaximalContraction => "maximal-contraction",
    ContractionMean => "contraction-mean",
    NormalisedLevel => "normalised-level",
    HoldVariability => "hold-variability",
    EnduranceArea => "endurance-area",
    EnduranceTime => "endurance-time",
    HoldTime => "hold-time",
    EnduranceRatio => "endurance-ratio",
    AmplitudeSlope => "amplitude-slope",
    MedianFrequency => "median-frequency",
    MedianFrequencySlope => "median-frequency-slope",
    ReactionTime => "reaction-time",
    TimeToPeak => "time-to-peak",
    RiseRate => "rise-rate",
    ReleaseRate => "release-rate",
    RecoveryLatency => "recovery-latency",
    Gradient => "gradient",
    FlickCount => "flick-count",
    CouplingCorrelation => "coupling-correlation",
    AccessoryRatio => "accessory-ratio",
    BearingDownCount => "bearing-down-count",
    SqueezeCount => "squeeze-count",
    PushIndex => "push-index",
    PushRelaxation => "push-relaxation",
    PushRise => "push-rise",
    PushForce => "push-force",
    RectoanalGradient => "rectoanal-gradient",
    SqueezeIncrement => "squeeze-increment",
    SqueezeTotal => "squeeze-total",
    SqueezeDuration => "squeeze-duration",
    CoughIncrement => "cough-increment",
    NoiseFloor => "noise-floor",
    ValidTrialCount => "valid-trial-count",
    SuccessCount => "success-count",
});

/// What the person was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Rest before the first exertion.
    RestBefore,
    /// Rest between quick contractions.
    AfterFlick,
    /// Rest between held contractions (also maximal ones).
    AfterHold,
    /// Rest between exertions of any kind; the summary leaves out what follows the long contraction.
    Between,
    /// The rest that follows the long contraction, its second half.
    AfterEndurance,
    /// Rest after all exertions.
    RestAfter,
    /// Quick contractions.
    Flick,
    /// Held contractions.
    Hold,
    /// Maximal contractions.
    Maximal,
    /// The long contraction.
    Endurance,
    /// Bearing down.
    Push,
    /// Coughing.
    Cough,
    /// Letting go, breathing.
    Relax,
    /// Contractions of any kind, asked for or not.
    Contraction,
    /// The whole visit.
    Visit,
}

words!(Task {
    RestBefore => "rest-before",
    AfterFlick => "after-flick",
    AfterHold => "after-hold",
    Between => "between",
    AfterEndurance => "after-endurance",
    RestAfter => "rest-after",
    Flick => "flick",
    Hold => "hold",
    Maximal => "maximal",
    Endurance => "endurance",
    Push => "push",
    Cough => "cough",
    Relax => "relax",
    Contraction => "contraction",
    Visit => "visit",
});

/// By which definition, where the literature has several; they stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// One trial, or the only definition there is.
    Plain,
    /// Median over the trials.
    Median,
    /// Mean over the valid trials.
    Mean,
    /// The best of the valid trials.
    Best,
    /// Mean of the best three.
    BestThree,
    /// Mean of the first three.
    FirstThree,
    /// Averaged over 5 s.
    Over5S,
    /// Averaged over 10 s (also Perry's integrated average).
    Over10S,
    /// Averaged over 15 s.
    Over15S,
    /// Averaged over 20 s.
    Over20S,
    /// Over the first 200 ms.
    Early,
    /// By regression from the first to the last sample of it.
    Whole,
    /// Falls by 35 % (PERFECT), at most 10 s.
    To65Capped10S,
    /// Falls by 35 %, as long as it lasts.
    To65,
    /// Falls by half, at most 30 s.
    To50Capped30S,
    /// Falls by half, as long as it lasts.
    To50,
    /// As a window of 20 s would have it.
    Within20S,
    /// Beyond 1.645 sqrt(2) SEM.
    Beyond95,
    /// Beyond sqrt(2) SEM.
    Beyond84,
    /// Corrected for the noise floor, in power.
    NoiseCorrected,
}

words!(How {
    Plain => "plain",
    Median => "median",
    Mean => "mean",
    Best => "best",
    BestThree => "best-three",
    FirstThree => "first-three",
    Over5S => "over-5-s",
    Over10S => "over-10-s",
    Over15S => "over-15-s",
    Over20S => "over-20-s",
    Early => "early",
    Whole => "whole",
    To65Capped10S => "to-65-capped-10-s",
    To65 => "to-65",
    To50Capped30S => "to-50-capped-30-s",
    To50 => "to-50",
    Within20S => "within-20-s",
    Beyond95 => "beyond-95",
    Beyond84 => "beyond-84",
    NoiseCorrected => "noise-corrected",
});

/// Unit of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeasureUnit {
    /// That of the channel.
    Channel(levator_signal::Unit),
    /// That of the channel, times seconds.
    ChannelSeconds(levator_signal::Unit),
    /// That of the channel, a second.
    ChannelPerSecond(levator_signal::Unit),
    /// A proportion.
    Ratio,
    /// Percent.
    Percent,
    /// Percent of the maximal contraction, a second.
    PercentMvcPerSecond,
    /// Percent a second.
    PercentPerSecond,
    /// Seconds.
    Second,
    /// Hertz.
    Hertz,
    /// Hertz a second.
    HertzPerSecond,
    /// How many.
    Count,
}

impl fmt::Display for MeasureUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(unit) => write!(f, "{unit}"),
            Self::ChannelSeconds(unit) => write!(f, "{unit} s"),
            Self::ChannelPerSecond(unit) => write!(f, "{unit}/s"),
            Self::Ratio => f.write_str("ratio"),
            Self::Percent => f.write_str("%"),
            Self::PercentMvcPerSecond => f.write_str("%MVC/s"),
            Self::PercentPerSecond => f.write_str("%/s"),
            Self::Second => f.write_str("s"),
            Self::Hertz => f.write_str("Hz"),
            Self::HertzPerSecond => f.write_str("Hz/s"),
            Self::Count => f.write_str("count"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_and_none_occurs_twice() {
        for quantity in Quantity::ALL {
            assert_eq!(Quantity::from_name(quantity.name()), Some(*quantity));
        }
        for task in Task::ALL {
            assert_eq!(Task::from_name(task.name()), Some(*task));
        }
        for how in How::ALL {
            assert_eq!(How::from_name(how.name()), Some(*how));
        }
        // `ALL` is also used by place.
        assert!(Task::ALL.iter().enumerate().all(|(place, task)| *task as usize == place));
        assert_eq!(Quantity::from_name("strength"), None);
    }

    #[test]
    fn units_read_as_people_write_them() {
        let unit = levator_signal::Unit::CentimetreWater;
        assert_eq!(MeasureUnit::ChannelSeconds(unit).to_string(), "cmH2O s");
        assert_eq!(MeasureUnit::ChannelPerSecond(unit).to_string(), "cmH2O/s");
        assert_eq!(MeasureUnit::PercentMvcPerSecond.to_string(), "%MVC/s");
    }
}
