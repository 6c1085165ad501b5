//! How a person does what they do: how strong, how fast, for how long.

use levator_programme::{Phase, PhaseKind, TargetUnit};

use super::{Planner, Stretch};
use crate::people::deed::{Deed, hold_ratio};
use crate::people::draw::TRANSMISSION;
use crate::people::spread::evenly;
use crate::people::{Condition, PressureFamily};
use crate::rng::SeededRng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    Flick,
    Tonic,
    Maximal,
    Endurance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strain {
    Push,
    Cough,
}

impl Planner<'_> {
    pub(super) fn deed(
        &mut self,
        kind: PhaseKind,
        phase: &Phase,
        stretch: &Stretch,
        onset_s: f64,
        to_s: f64,
        rng: &mut SeededRng,
    ) -> Deed {
        let habits = self.person.habits;
        // From trial to trial: 4 %. Our choice; two maxima then agree within 20 %.
        let today = 1.0 + 0.04 * rng.gaussian().clamp(-2.0, 2.0);
        // Our choice: nobody falls below seven eighths in one visit.
        let left = libm::pow(habits.next_trial_ratio, f64::from(self.done_count)).max(0.875);
        let share = today * left;
        match kind {
            PhaseKind::Push => self.strain(Strain::Push, stretch, onset_s, to_s),
            PhaseKind::Cough => {
                let onset_s = onset_s + evenly(0.0, 1.0, rng).min(0.3 * (to_s - onset_s));
                self.strain(Strain::Cough, stretch, onset_s, onset_s + 0.25)
            }
            PhaseKind::Flick => {
                let release_s = (onset_s + evenly(0.6, 0.8, rng)).min(to_s);
                self.done_count += 1;
                let whole = self.contraction(Force::Flick, share, stretch, onset_s, release_s);
                // Quicker up and down than a hold: let go at once.
                Deed {
                    rise_s: 0.7 * whole.rise_s,
                    pressure_rise_s: whole.pressure_rise_s.min(0.5),
                    tail_s: 0.7 * whole.tail_s,
                    ..whole
                }
            }
            _ => {
                let (force, wanted) = self.force(kind, phase);
                self.done_count += 1;
                self.contraction(force, share * wanted, stretch, onset_s, to_s)
            }
        }
    }

    /// How strong a contraction is meant to be.
    fn force(&self, kind: PhaseKind, phase: &Phase) -> (Force, f64) {
        let force = match kind {
            PhaseKind::Endurance => Force::Endurance,
            PhaseKind::Hold => Force::Tonic,
            _ => Force::Maximal,
        };
        let Some(target) = phase.target else {
            let share = if phase.cue.contains("gentle") { 0.6 } else { 1.0 };
            return (force, share);
        };
        let added = self.added(Force::Maximal);
        let emg = self.person.emg.map(|levels| levels.rest_uv);
        let share = match target.unit {
            TargetUnit::MvcRatio => Some(target.aim()),
            TargetUnit::RestRatio => emg.map(|rest| rest * (target.aim() - 1.0) / added[0]),
            TargetUnit::Microvolt => {
                emg.map(|rest| (target.aim() / self.person.setup.gain - rest) / added[0])
            }
            // Above rest, as a probe that was zeroed shows it.
            TargetUnit::CentimetreWater | TargetUnit::MillimetreMercury => {
                self.person.pressure.map(|_| target.aim() / added[2])
            }
        };
        match share.filter(|share| share.is_finite()) {
            // Nobody goes beyond the maximum, or follows a target below a tenth of it.
            Some(share) => (Force::Maximal, share.clamp(0.1, 1.0)),
            None => (force, 1.0),
        }
    }

    /// What a contraction adds to the rest before all contractions, at its mean for EMG and at its
    /// peak for pressure.
    fn added(&self, force: Force) -> [f64; 4] {
        let person = self.person;
        let emg = person.emg.map_or(0.0, |levels| {
            let level = match force {
                Force::Flick => levels.flick_uv,
                Force::Tonic => levels.tonic_uv,
                Force::Maximal => levels.maximal_uv,
                Force::Endurance => levels.endurance_uv,
            };
            level - levels.rest_uv
        });
        // The minute's hold is 43 % of a tonic one in Oleksy 2020.
        let share = if force == Force::Endurance { 0.43 } else { 1.0 };
        let pressure = person.pressure.map_or(0.0, |levels| levels.squeeze);
        let abdomen = &person.abdomen;
        [
            emg,
            share * abdomen.squeeze_ratio * (abdomen.maximum_uv - abdomen.rest_uv),
            share * pressure,
            share * abdomen.squeeze_rise,
        ]
    }

    pub(super) fn contraction(
        &self,
        force: Force,
        share: f64,
        stretch: &Stretch,
        onset_s: f64,
        release_s: f64,
    ) -> Deed {
        let person = self.person;
        let habits = &person.habits;
        let rest = self.rest_levels(stretch, onset_s);
        let lost = habits.lost_in_a_minute_ratio.clamp(0.0, 0.99);
        let decay_per_s = -libm::log(1.0 - lost) / 60.0;
        let is_flick = force == Force::Flick;
        let deed = Deed {
            onset_s,
            release_s,
            rise_s: habits.rise_s,
            pressure_rise_s: habits.pressure_rise_s,
            tail_s: habits.release_s,
            decay_per_s: if is_flick { 0.0 } else { decay_per_s },
            pressure_hold_ratio: match (person.pressure, force) {
                (Some(levels), Force::Tonic | Force::Maximal) => {
                    hold_ratio(levels.hold_s, habits.pressure_rise_s)
                }
                _ => 1.0,
            },
            added: [0.0; 4],
        };
        let mut added = self.added(force).map(|added| share * added);
        if person.condition == Condition::BearingDown {
            added[0] = person.emg.map_or(0.0, |levels| -0.08 * levels.rest_uv);
            added[2] = match person.setup.pressure {
                Some(PressureFamily::Anorectal) => 0.1 * added[3],
                _ => TRANSMISSION * added[3],
            };
            return Deed { added, decay_per_s: 0.0, pressure_hold_ratio: 1.0, ..deed };
        }
        // Levels are told above the first rest; what rest kept from the last contraction is in them.
        added[0] -= rest[0] - person.emg.map_or(0.0, |levels| levels.rest_uv);
        added[2] -= rest[2] - person.pressure.map_or(0.0, |levels| levels.rest);
        if !is_flick {
            // The level of EMG is the mean of the plateau, and it decays: begin higher.
            let (_, plateau) = deed.top_and_plateau();
            added[0] /= plateau[0].max(0.05);
        }
        Deed { added, ..deed }
    }

    fn strain(&self, strain: Strain, stretch: &Stretch, onset_s: f64, release_s: f64) -> Deed {
        let person = self.person;
        let abdomen = &person.abdomen;
        let emg_way = abdomen.maximum_uv - abdomen.rest_uv;
        let rest = self.rest_levels(stretch, onset_s);
        let (rise_s, tail_s, added) = match strain {
            Strain::Push => (
                1.0,
                0.3,
                [
                    person.emg.map_or(0.0, |levels| levels.push_uv - rest[0]),
                    abdomen.push_ratio * emg_way,
                    person.pressure.map_or(0.0, |levels| levels.push_change),
                    abdomen.push_rise,
                ],
            ),
            Strain::Cough => (
                0.12,
                0.1,
                [
                    // The pelvic floor answers a cough by itself.
                    person.emg.map_or(0.0, |levels| 0.7 * (levels.maximal_uv - levels.rest_uv)),
                    0.9 * emg_way,
                    person.pressure.map_or(0.0, |levels| levels.cough),
                    abdomen.cough_rise,
                ],
            ),
        };
        Deed {
            onset_s,
            release_s,
            rise_s,
            pressure_rise_s: rise_s,
            tail_s,
            decay_per_s: 0.0,
            pressure_hold_ratio: 1.0,
            added,
        }
    }
}
