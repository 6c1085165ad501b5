//! The bounds that define labels, and how far from them people are drawn.

use super::norms::{self, Group};
use super::{Anatomy, Condition, EmgFamily, Margin, PressureFamily, Setup, Stage};

/// The bounds of one person's references, before any gain. `None` where there is none.
///
/// # Source
///
/// EMG: 95th and 5th percentiles of Oleksy 2020 and Kasper-Jędrzejewska 2025, log-normal; of the
/// controls of Pérez-Martínez 2008, normal (all derived). Camtech: 95th percentile of the controls of
/// Næss and Bø 2015 for nulliparae who are not pregnant; strength by the Peritron's cut-off times 0.54
/// (derived, not validated). Peritron: Barbosa-Silva, and Reis 2024 in pregnancy. Anal canal: as in the
/// crate's table of people.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// EMG at rest is high above this, in microvolt.
    pub rest_uv: Option<f64>,
    /// The mean of a tonic contraction is low below this, in microvolt, rest included.
    pub tonic_uv: Option<f64>,
    /// A flick is low below this, in microvolt, rest included.
    pub flick_uv: Option<f64>,
    /// Pressure at rest is high above this, in the unit of the channel.
    pub rest_pressure: Option<f64>,
    /// A maximal contraction is low below this, in the unit of the channel: above rest in the vagina,
    /// rest included in the anal canal.
    pub squeeze_pressure: Option<f64>,
}

impl Bounds {
    /// How many standard errors of repetition a [`Margin::Clear`] person lies beyond a bound. Our
    /// choice: one visit then says the same in 39 of 40 people.
    pub const CLEAR_SEMS: f64 = 2.0;
    /// Within how many a [`Margin::Borderline`] person does.
    pub const NEAR_SEMS: f64 = 1.0;
    /// Standard error of repetition of EMG that margins are made of: the middle of the published ones.
    pub const EMG_SEM_RATIO: f64 = 0.116;
    /// Rest between over rest before: complete up to this, partial up to [`Self::INCOMPLETE_RATIO`]
    /// (proposed, from the medians of Kasper-Jędrzejewska 2025: 1.03, 1.21, 1.35).
    pub const COMPLETE_RATIO: f64 = 1.15;
    /// Above this, relaxation is incomplete.
    pub const INCOMPLETE_RATIO: f64 = 1.35;
    /// Rest between less rest before, in standard errors: partial above the square root of two,
    /// incomplete above 1.645 times that (proposed).
    pub const PARTIAL_SEMS: f64 = core::f64::consts::SQRT_2;
    /// Push above rest over squeeze above rest: paradoxical above this (needle electrodes, 194 patients
    /// and 16 controls).
    pub const PARADOXICAL_RATIO: f64 = 0.5;
    /// Level of an anal probe in a push over the level before it: paradoxical above this (van Reijn-Baggen
    /// 2023, a rise by half).
    pub const ANAL_PUSH_RATIO: f64 = 1.5;

    /// The bounds of a person with this setup.
    #[must_use]
    pub fn of(setup: &Setup, condition: Condition, anatomy: Anatomy, age_years: f64) -> Self {
        let mut bounds = Self::default();
        let usual = condition.stage() == Stage::Usual;
        match setup.emg {
            Some(family @ (EmgFamily::Oleksy | EmgFamily::Kasper)) if usual => {
                let norm = norms::emg(family, Group::Healthy);
                bounds.rest_uv = Some(norm.rest.p95());
                bounds.tonic_uv = Some(norm.tonic.p5());
                bounds.flick_uv = Some(norm.flick.p5());
            }
            Some(EmgFamily::PerianalPatch) => bounds.rest_uv = Some(norms::perianal_rest_bound()),
            Some(EmgFamily::Oleksy | EmgFamily::Kasper | EmgFamily::AnalProbe) | None => {}
        }
        match setup.pressure {
            Some(PressureFamily::Peritron) => {
                bounds.squeeze_pressure = match condition.stage() {
                    Stage::Usual => Some(norms::PERITRON_PEAK),
                    Stage::Pregnant => Some(norms::PERITRON_PEAK_PREGNANT),
                    Stage::PostPartum => None,
                };
            }
            Some(PressureFamily::Camtech) if usual => {
                bounds.rest_pressure = Some(norms::camtech(Condition::Healthy, true).rest.p95());
                bounds.squeeze_pressure = Some(norms::PERITRON_PEAK * norms::CAMTECH_PER_PERITRON);
            }
            Some(PressureFamily::Anorectal) => {
                let (rest, squeeze) = norms::anorectal_bounds(condition, anatomy, age_years);
                bounds.rest_pressure = Some(rest);
                bounds.squeeze_pressure = Some(squeeze);
            }
            Some(PressureFamily::Camtech) | None => {}
        }
        bounds
    }
}

/// Standard errors of repetition of a pressure device: rest and squeeze, in the unit of its channel,
/// and of the hold as a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PressureSem {
    /// Of the level at rest.
    pub rest: f64,
    /// Of a maximal contraction.
    pub squeeze: f64,
    /// Of the area under 10 s of a maximal contraction, in the unit times seconds.
    pub endurance: f64,
}

impl PressureSem {
    /// Those of a device.
    ///
    /// # Source
    ///
    /// Camtech: Tennfjord 2017, minimal detectable change over 2.77. Peritron: the same over 0.54
    /// (derived); zeroed at each visit, so rest hardly varies (our choice). Anal canal: 5 mmHg (our
    /// choice; the same person varies by up to 26 mmHg at rest).
    #[must_use]
    pub const fn of(family: PressureFamily) -> Self {
        let [rest, squeeze, endurance] = norms::CAMTECH_SEM;
        let factor = norms::CAMTECH_PER_PERITRON;
        match family {
            PressureFamily::Camtech => Self { rest, squeeze, endurance },
            PressureFamily::Peritron => {
                Self { rest: 0.5, squeeze: squeeze / factor, endurance: endurance / factor }
            }
            PressureFamily::Anorectal => Self { rest: 5.0, squeeze: 5.0, endurance: 40.0 },
        }
    }

    /// That of the difference rule for relaxation, which knows one device only: Camtech's rest.
    pub(crate) const RELAXATION: f64 = norms::CAMTECH_SEM[0];
}

/// Where a value may lie that is on one side of a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Room {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Room {
    pub(crate) const ALL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// Above a bound; `step(n)` is the bound moved up by `n` standard errors.
    pub(crate) fn above(margin: Margin, is_near: bool, step: impl Fn(f64) -> f64) -> Self {
        match (margin, is_near) {
            (Margin::AsPublished, _) => Self::ALL,
            (Margin::Borderline, true) => Self { low: step(0.0), high: step(Bounds::NEAR_SEMS) },
            (Margin::Clear | Margin::Borderline, _) => {
                Self { low: step(Bounds::CLEAR_SEMS), ..Self::ALL }
            }
        }
    }

    /// Below a bound.
    pub(crate) fn below(margin: Margin, is_near: bool, step: impl Fn(f64) -> f64) -> Self {
        match (margin, is_near) {
            (Margin::AsPublished, _) => Self::ALL,
            (Margin::Borderline, true) => Self { low: step(-Bounds::NEAR_SEMS), high: step(0.0) },
            (Margin::Clear | Margin::Borderline, _) => {
                Self { high: step(-Bounds::CLEAR_SEMS), ..Self::ALL }
            }
        }
    }

    pub(crate) fn holds(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }
}

/// A bound in microvolt, moved by standard errors, which are ratios.
pub(crate) fn emg_step(bound: f64) -> impl Fn(f64) -> f64 {
    move |sems| bound * libm::exp(sems * Bounds::EMG_SEM_RATIO)
}

/// A bound in units of pressure, moved by standard errors.
pub(crate) fn pressure_step(bound: f64, sem: f64) -> impl Fn(f64) -> f64 {
    move |sems| bound + sems * sem
}
