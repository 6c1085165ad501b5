//! Draws people.
//!
//! Levels that a label is defined by are drawn again until they lie where the margin wants them;
//! everything else is drawn once. Quantities of one person go together: strong people have strong
//! flicks.

mod emg;
mod pressure;

use super::bounds::Room;
use super::participant::{AbdomenLevels, Habits, Participant, PressureLevels, Repetition};
use super::spread::{Spread, evenly};
use super::{Anatomy, Bounds, Condition, EmgFamily, Margin, PressureFamily, Setup, Stage};
use crate::rng::SeededRng;

/// Correlation of the logarithms of flick, tonic and endurance within one person. Our choice.
const OF_CONTRACTIONS: f64 = 0.9;
/// Correlation of rest with contractions. Our choice.
const OF_REST: f64 = 0.2;
/// Correlation of pressure with what strength contractions of EMG have in common, so that it has the
/// published one with each of them.
///
/// # Source
///
/// Pereira 2014, 80 nulliparae, Peritron and EMG: 0.63.
const OF_PRESSURE: f64 = 0.63 / OF_CONTRACTIONS;

pub(super) fn participant(
    condition: Condition,
    anatomy: Anatomy,
    setup: Setup,
    margin: Margin,
    seed: u64,
) -> Participant {
    // Own numbers for each part, so that a channel more leaves the others as they were.
    let part = |number: u64| SeededRng::for_part(seed, (1 << 41) ^ number);
    let mut rng = part(0);
    let age_years = match (anatomy, condition.stage()) {
        (Anatomy::Female, Stage::Usual) => evenly(20.0, 50.0, &mut rng),
        (Anatomy::Female, Stage::Pregnant | Stage::PostPartum) => evenly(20.0, 40.0, &mut rng),
        (Anatomy::Male, _) => evenly(25.0, 75.0, &mut rng),
    };
    let strength = rng.gaussian();
    let who = Who { condition, anatomy, age_years, margin, strength };
    let emg = setup.emg.map(|family| who.emg(family, &mut part(1)));
    let pressure = setup.pressure.map(|family| who.pressure(family, &setup, &mut part(2)));
    let (abdomen, push_floor) = who.abdomen(&setup, &mut part(3));
    let pressure =
        pressure.map(|levels| who.with_abdomen(levels, &setup, &abdomen, push_floor, &mut part(4)));
    Participant {
        condition,
        anatomy,
        setup,
        margin,
        seed,
        age_years,
        emg,
        pressure,
        abdomen,
        habits: who.habits(&mut part(5)),
        repetition: Repetition::draw(&setup, &mut part(6)),
        bounds: Bounds::of(&setup, condition, anatomy, age_years),
    }
}

struct Who {
    condition: Condition,
    anatomy: Anatomy,
    age_years: f64,
    margin: Margin,
    /// How strong among their kind, in standard deviations.
    strength: f64,
}

impl Who {
    /// A value of a spread that goes with the person's strength and lies in the room.
    fn with_strength(&self, spread: Spread, share: f64, room: Room, rng: &mut SeededRng) -> f64 {
        let own = libm::sqrt(1.0 - share * share);
        for _ in 0..100 {
            let value = spread.at(share * self.strength + own * rng.gaussian());
            if room.holds(value) {
                return value;
            }
        }
        spread.draw_within(room.low, room.high, rng)
    }

    fn is_published(&self) -> bool {
        self.margin == Margin::AsPublished
    }

    /// Whether the borderline is this person's, if they are a borderline person: of the quantity that
    /// defines the label.
    fn rest_is_near(&self) -> bool {
        matches!(
            self.condition,
            Condition::Healthy | Condition::Hypertonic | Condition::TightAndWeak
        )
    }

    /// Push above rest over squeeze above rest.
    fn push_ratio(&self, rng: &mut SeededRng) -> f64 {
        let bound = Bounds::PARADOXICAL_RATIO;
        match (self.condition, self.margin) {
            (Condition::Dyssynergic, Margin::Borderline) => evenly(bound, 1.2 * bound, rng),
            (Condition::Dyssynergic, Margin::Clear | Margin::AsPublished) => evenly(0.7, 1.1, rng),
            // Controls had up to 0.45.
            _ => Spread::normal(0.0, 0.08).draw_within(-0.12, 0.2, rng),
        }
    }

    /// The abdomen, and how the pelvic floor goes along in a push, as a proportion of its squeeze.
    fn abdomen(&self, setup: &Setup, rng: &mut SeededRng) -> (AbdomenLevels, f64) {
        let scale_uv = match setup.emg {
            None | Some(EmgFamily::Oleksy) => 1.0,
            Some(EmgFamily::Kasper) => 0.4,
            Some(EmgFamily::AnalProbe) => 0.5,
            Some(EmgFamily::PerianalPatch) => 0.04,
        };
        let unit = setup.cmh2o();
        let bears_down = self.condition == Condition::BearingDown;
        let levels = AbdomenLevels {
            rest_uv: scale_uv * evenly(2.0, 3.5, rng),
            maximum_uv: scale_uv * evenly(30.0, 55.0, rng),
            squeeze_ratio: match bears_down {
                true => evenly(0.6, 0.9, rng),
                false => evenly(0.02, 0.10, rng),
            },
            push_ratio: evenly(0.55, 0.95, rng),
            rest: unit * evenly(7.0, 14.0, rng),
            squeeze_rise: unit
                * match bears_down {
                    true => evenly(28.0, 45.0, rng),
                    false => evenly(0.5, 3.0, rng),
                },
            // At least 40 mmHg is an adequate push (Rao 2008): 54 cmH2O.
            push_rise: unit * evenly(60.0, 95.0, rng),
            cough_rise: unit * evenly(70.0, 120.0, rng),
        };
        (levels, self.push_ratio(rng))
    }

    /// The pelvic floor's pressure in pushes and coughs, which depends on the abdomen.
    fn with_abdomen(
        &self,
        levels: PressureLevels,
        setup: &Setup,
        abdomen: &AbdomenLevels,
        push_floor: f64,
        rng: &mut SeededRng,
    ) -> PressureLevels {
        let dyssynergic = self.condition == Condition::Dyssynergic;
        let push_change = match setup.pressure {
            // The anal canal opens by more than a fifth, or closes (Rao 2008).
            Some(PressureFamily::Anorectal) => match (dyssynergic, self.margin) {
                (true, Margin::Borderline) => -evenly(0.15, 0.2, rng) * levels.rest,
                (true, Margin::Clear | Margin::AsPublished) => evenly(0.15, 0.4, rng) * levels.rest,
                (false, _) => -evenly(0.28, 0.5, rng) * levels.rest,
            },
            _ => TRANSMISSION * abdomen.push_rise + push_floor * levels.squeeze,
        };
        let cough = TRANSMISSION * abdomen.cough_rise + 0.5 * levels.squeeze;
        PressureLevels { push_change, cough, ..levels }
    }

    fn habits(&self, rng: &mut SeededRng) -> Habits {
        // Time to peak 0.51 s; release 121 %MVC/s in continent women, 74 with stress incontinence
        // (Leitner 2019): all but a twentieth within three time constants.
        let release_s = match self.condition {
            Condition::PartialRelaxer => evenly(0.35, 0.5, rng),
            Condition::NonRelaxing | Condition::Hypertonic | Condition::TightAndWeak => {
                evenly(0.5, 0.9, rng)
            }
            _ => evenly(0.2, 0.3, rng),
        };
        Habits {
            rise_s: Spread::normal(0.45, 0.08).draw_within(0.25, 0.7, rng),
            pressure_rise_s: Spread::normal(1.0, 0.2).draw_within(0.5, 1.6, rng),
            release_s,
            lost_in_a_minute_ratio: match (self.condition, self.margin) {
                (Condition::Fatiguing, Margin::Borderline) => evenly(0.5, 0.55, rng),
                (Condition::Fatiguing, Margin::Clear | Margin::AsPublished) => {
                    evenly(0.62, 0.8, rng)
                }
                _ => evenly(0.05, 0.25, rng),
            },
            // 35 % lost over ten maximal contractions of 20 s (sphincter, 2024).
            next_trial_ratio: match self.condition {
                Condition::Fatiguing => evenly(0.955, 0.975, rng),
                _ => evenly(0.997, 1.0, rng),
            },
            residual_fades: rng.happens(0.5),
            breathing_hz: evenly(0.2, 0.3, rng),
            heart_hz: evenly(1.0, 1.4, rng),
        }
    }
}

/// What of the abdomen's pressure arrives in the vagina. Our choice.
pub(super) const TRANSMISSION: f64 = 0.8;
