//! A person: what is drawn, from what, and what stays the same from visit to visit.

use levator_programme::Programme;

use super::bounds::PressureSem;
use super::norms;
use super::spread::evenly;
use super::{
    Anatomy, Bounds, Condition, Conduct, Disturbance, Expected, Impossible, Margin, Setup, Visit,
    draw,
};
use crate::rng::SeededRng;

/// Levels of the EMG of the pelvic floor as a device of gain 1 reads them, noise of the electrode
/// included: root mean squares, in microvolt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmgLevels {
    /// Rest before the first contraction.
    pub rest_uv: f64,
    /// Rest between contractions over rest before, in the second half of each gap.
    pub between_ratio: f64,
    /// Rest after all contractions over rest before.
    pub after_ratio: f64,
    /// Top of a flick.
    pub flick_uv: f64,
    /// Mean of a hold of 10 s, as strong as possible.
    pub tonic_uv: f64,
    /// Mean of a short contraction, as strong as possible.
    pub maximal_uv: f64,
    /// Mean of a minute's hold.
    pub endurance_uv: f64,
    /// Level while pushing.
    pub push_uv: f64,
    /// White noise of electrode and amplifier; part of all levels.
    pub noise_uv: f64,
    /// Slow variation of the level at rest, standard deviation over mean, beyond what chance makes of
    /// a finite stretch of EMG.
    pub rest_variation_ratio: f64,
    /// The same of what a contraction adds.
    pub hold_variation_ratio: f64,
}

impl EmgLevels {
    /// Push above rest over maximal contraction above rest.
    #[must_use]
    pub fn push_ratio(&self) -> f64 {
        (self.push_uv - self.rest_uv) / (self.maximal_uv - self.rest_uv)
    }
}

/// Levels of the pressure of the pelvic floor, in the unit of the channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PressureLevels {
    /// Rest before the first contraction.
    pub rest: f64,
    /// How much higher rest is between contractions, in the second half of each gap.
    pub between_rise: f64,
    /// How much higher rest is after all contractions.
    pub after_rise: f64,
    /// Peak of a maximal contraction above rest.
    pub squeeze: f64,
    /// Area under 10 s of a maximal contraction above rest, over its peak, in seconds.
    pub hold_s: f64,
    /// Change while pushing, as the sensor reads it.
    pub push_change: f64,
    /// Rise in a cough.
    pub cough: f64,
    /// White noise of the sensor.
    pub noise: f64,
    /// Slow variation of a hold, standard deviation over mean.
    pub hold_variation_ratio: f64,
}

impl PressureLevels {
    /// Area under 10 s of a maximal contraction above rest, in the unit times seconds.
    #[must_use]
    pub fn endurance(&self) -> f64 {
        self.squeeze * self.hold_s
    }
}

/// What the abdomen does. All of it proposed: plausible sizes, no norms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AbdomenLevels {
    /// EMG at rest, in microvolt.
    pub rest_uv: f64,
    /// Largest EMG, in microvolt.
    pub maximum_uv: f64,
    /// EMG while squeezing, as a proportion of the way from rest to the maximum.
    pub squeeze_ratio: f64,
    /// The same while pushing.
    pub push_ratio: f64,
    /// Pressure at rest, in the unit of the channel.
    pub rest: f64,
    /// Rise while squeezing.
    pub squeeze_rise: f64,
    /// Rise while pushing.
    pub push_rise: f64,
    /// Rise in a cough.
    pub cough_rise: f64,
}

/// How a person moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// Seconds from onset to the full level of EMG.
    pub rise_s: f64,
    /// The same of pressure.
    pub pressure_rise_s: f64,
    /// Time constant of letting go, in seconds.
    pub release_s: f64,
    /// Proportion of what a contraction adds that is lost in a minute.
    pub lost_in_a_minute_ratio: f64,
    /// What is left of the strength from one repetition to the next.
    pub next_trial_ratio: f64,
    /// Whether incomplete relaxation fades within each gap; if not, it stays.
    pub residual_fades: bool,
    /// Breaths a second, where the programme sets no pace.
    pub breathing_hz: f64,
    /// Beats a second.
    pub heart_hz: f64,
}

/// How much the levels of one person differ between visits though nothing has changed: standard
/// errors of repetition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repetition {
    /// Of EMG at rest, as a ratio.
    pub rest_ratio: f64,
    /// Of EMG of contractions, as a ratio.
    pub contraction_ratio: f64,
    /// Of pressure, if there is any.
    pub pressure: Option<PressureSem>,
}

/// Somebody with a label, drawn from published distributions.
///
/// Public to be read. A change of a field by hand is not seen by the label.
#[derive(Clone, Debug, PartialEq)]
pub struct Participant {
    /// The label.
    pub condition: Condition,
    /// Which anatomy.
    pub anatomy: Anatomy,
    /// What they are measured with.
    pub setup: Setup,
    /// How far from the bounds they were drawn.
    pub margin: Margin,
    /// What they were drawn with.
    pub seed: u64,
    /// Age in years.
    pub age_years: f64,
    /// EMG, if the setup has it.
    pub emg: Option<EmgLevels>,
    /// Pressure, if the setup has it.
    pub pressure: Option<PressureLevels>,
    /// The abdomen.
    pub abdomen: AbdomenLevels,
    /// How they move.
    pub habits: Habits,
    /// How much they vary between visits.
    pub repetition: Repetition,
    /// The bounds of the references that go with the setup, at gain 1.
    pub bounds: Bounds,
}

impl Participant {
    /// Draws a person. The same arguments give the same person, to the bit, on every machine; the
    /// gain and the rate of the setup change nothing about them.
    ///
    /// # Errors
    ///
    /// If nobody like that can be measured so.
    pub fn draw(
        condition: Condition,
        anatomy: Anatomy,
        setup: Setup,
        margin: Margin,
        seed: u64,
    ) -> Result<Self, Impossible> {
        setup.check(condition, anatomy)?;
        Ok(draw::participant(condition, anatomy, setup, margin, seed))
    }

    /// What a watcher sees: whether squeezing lifts the probe inwards.
    #[must_use]
    pub const fn lifts(&self) -> bool {
        !matches!(self.condition, Condition::BearingDown)
    }

    /// What should be found, as far as the setup lets it be told.
    #[must_use]
    pub fn expected(&self) -> Expected {
        Expected::of(self)
    }

    /// Somebody whose contractions add `factor` times as much to the level at rest, and who is the
    /// same person otherwise: seed, noise and visits. The label stays, whether or not it is still
    /// true.
    #[must_use]
    pub fn strength_changed_by(&self, factor: f64) -> Self {
        let mut other = self.clone();
        if let Some(emg) = &mut other.emg {
            let rest = emg.rest_uv;
            for level in
                [&mut emg.flick_uv, &mut emg.tonic_uv, &mut emg.maximal_uv, &mut emg.endurance_uv]
            {
                *level = rest + factor * (*level - rest);
            }
        }
        if let Some(pressure) = &mut other.pressure {
            pressure.squeeze *= factor;
        }
        other
    }

    /// Somebody whose levels of contraction, rest included, are `factor` times as high in EMG, and
    /// whose contractions add `factor` times as much in pressure: what a change in the measures that
    /// repeatability is published for is.
    #[must_use]
    pub fn changed_by(&self, factor: f64) -> Self {
        let mut other = self.clone();
        if let Some(emg) = &mut other.emg {
            emg.flick_uv *= factor;
            emg.tonic_uv *= factor;
            emg.maximal_uv *= factor;
            emg.endurance_uv *= factor;
        }
        if let Some(pressure) = &mut other.pressure {
            pressure.squeeze *= factor;
        }
        other
    }

    /// Somebody whose EMG at rest is `factor` times as high and whose pressure at rest is `factor`
    /// times as high; contractions reach the same EMG and add the same pressure.
    #[must_use]
    pub fn rest_changed_by(&self, factor: f64) -> Self {
        let mut other = self.clone();
        if let Some(emg) = &mut other.emg {
            emg.rest_uv *= factor;
        }
        if let Some(pressure) = &mut other.pressure {
            pressure.rest *= factor;
        }
        other
    }

    /// The factor for [`Self::changed_by`] that is `count` times the minimal detectable change of
    /// this person's contractions: 1.96·√2 standard errors of repetition, of EMG if it is measured,
    /// else of pressure.
    #[must_use]
    pub fn detectable_factor(&self, count: f64) -> f64 {
        let detectable = 1.96 * core::f64::consts::SQRT_2 * count;
        match (self.pressure, self.repetition.pressure, self.emg) {
            (_, _, Some(_)) => libm::exp(detectable * self.repetition.contraction_ratio),
            (Some(levels), Some(sem), None) => 1.0 + detectable * sem.squeeze / levels.squeeze,
            _ => 1.0,
        }
    }

    /// The person as they are on one visit: visit 0 is as drawn, every other one is off by errors of
    /// repetition, each visit by its own.
    ///
    /// # Source
    ///
    /// EMG: each person has standard errors between the published 7.5 and 15.7 % (Koenig 2017), one
    /// for rest and one for contractions; errors are log-normal. Camtech: Tennfjord 2017. Ratios of
    /// rest between to rest before vary by 2 % (our choice: within a visit the electrode stays).
    #[must_use]
    pub fn on_visit(&self, number: u64) -> Self {
        let mut other = self.clone();
        if number == 0 {
            return other;
        }
        let mut rng = SeededRng::for_part(self.seed, (1 << 40) ^ number);
        let [rest, contraction, ratio, pressure_rest, squeeze, hold] =
            core::array::from_fn(|_| rng.gaussian());
        if let Some(emg) = &mut other.emg {
            let by = |z: f64, sem: f64| libm::exp(z * sem);
            let contraction = by(contraction, self.repetition.contraction_ratio);
            emg.rest_uv = (emg.rest_uv * by(rest, self.repetition.rest_ratio)).max(emg.noise_uv);
            emg.flick_uv *= contraction;
            emg.tonic_uv *= contraction;
            emg.maximal_uv *= contraction;
            emg.endurance_uv *= contraction;
            emg.between_ratio *= by(ratio, 0.02);
            // A push is as far from rest as before.
            let push = self.emg.map_or(0.0, |drawn| drawn.push_ratio());
            emg.push_uv = emg.rest_uv + push * (emg.maximal_uv - emg.rest_uv);
        }
        if let (Some(pressure), Some(sem)) = (&mut other.pressure, self.repetition.pressure) {
            let endurance = pressure.endurance();
            pressure.rest += sem.rest * pressure_rest;
            pressure.squeeze = (pressure.squeeze + sem.squeeze * squeeze).max(1.0);
            // What the error of strength leaves of the error of endurance.
            let of_strength = sem.squeeze * pressure.hold_s;
            let own =
                libm::sqrt((sem.endurance * sem.endurance - of_strength * of_strength).max(0.0));
            let endurance = endurance + of_strength * squeeze + own * hold;
            pressure.hold_s = (endurance / pressure.squeeze).clamp(2.5, 9.5);
        }
        other
    }

    /// What should be found with this programme: what nobody asks for cannot be told.
    #[must_use]
    pub fn expected_in(&self, programme: &Programme) -> Expected {
        Expected::within(self, programme)
    }

    /// One visit: this person, [as on that day](Self::on_visit), going through a programme as asked,
    /// measured well.
    #[must_use]
    pub fn visit(&self, number: u64, programme: &Programme) -> Visit {
        self.visit_with(number, programme, &Conduct::AS_ASKED, &Disturbance::NONE)
    }

    /// One visit with mistakes and artefacts. Both are drawn from the seed and the number of the
    /// visit.
    #[must_use]
    pub fn visit_with(
        &self,
        number: u64,
        programme: &Programme,
        conduct: &Conduct,
        disturbance: &Disturbance,
    ) -> Visit {
        Visit::new(&self.on_visit(number), number, programme, conduct, disturbance)
    }
}

impl Repetition {
    pub(super) fn draw(setup: &Setup, rng: &mut SeededRng) -> Self {
        let (low, high) = norms::EMG_SEM_RATIO;
        Self {
            rest_ratio: evenly(low, high, rng),
            contraction_ratio: evenly(low, high, rng),
            pressure: setup.pressure.map(PressureSem::of),
        }
    }
}
