//! Pressure of the pelvic floor.

use super::{OF_PRESSURE, Who};
use crate::people::bounds::{PressureSem, Room, pressure_step};
use crate::people::norms::{self, PressureNorm};
use crate::people::participant::PressureLevels;
use crate::people::spread::{Spread, evenly};
use crate::people::{Anatomy, Bounds, Condition, Margin, PressureFamily, Setup, Stage};
use crate::rng::SeededRng;

/// Lower bound of rest in the anal canal: the lower ends of the women's ranges, the men's 5th percentile.
fn anorectal_low(condition: Condition, anatomy: Anatomy, rest: &Spread) -> f64 {
    match (anatomy, condition.stage()) {
        (Anatomy::Female, Stage::PostPartum) => 27.0,
        (Anatomy::Female, Stage::Usual | Stage::Pregnant) => 29.0,
        (Anatomy::Male, _) => rest.p5(),
    }
}

impl Who {
    pub(super) fn pressure(
        &self,
        family: PressureFamily,
        setup: &Setup,
        rng: &mut SeededRng,
    ) -> PressureLevels {
        let sem = PressureSem::of(family);
        let norm = match family {
            PressureFamily::Peritron => norms::peritron(self.condition),
            PressureFamily::Camtech => norms::camtech(self.condition, self.is_published()),
            PressureFamily::Anorectal => {
                norms::anorectal(self.condition, self.anatomy, self.age_years)
            }
        };
        let bounds = Bounds::of(
            &Setup { pressure: Some(family), ..*setup },
            self.condition,
            self.anatomy,
            self.age_years,
        );
        let (rest, squeeze) = match family {
            PressureFamily::Anorectal => self.anal_canal(&norm, &bounds, sem, rng),
            PressureFamily::Peritron | PressureFamily::Camtech => {
                self.vagina(family, &norm, &bounds, sem, rng)
            }
        };
        let between_rise = self.pressure_release(rng);
        let noise = 0.1 * setup.cmh2o();
        PressureLevels {
            rest,
            between_rise,
            after_rise: 0.5 * between_rise,
            squeeze,
            hold_s: norm.hold_s.draw_within(4.0, 8.8, rng),
            push_change: 0.0,
            cough: 0.0,
            noise,
            hold_variation_ratio: evenly(0.01, 0.03, rng),
        }
    }

    /// Rest, and squeeze above it.
    fn vagina(
        &self,
        family: PressureFamily,
        norm: &PressureNorm,
        bounds: &Bounds,
        sem: PressureSem,
        rng: &mut SeededRng,
    ) -> (f64, f64) {
        let rest_room = match (bounds.rest_pressure, self.condition.is_tight()) {
            (None, _) => Room::ALL,
            (Some(bound), true) => {
                Room::above(self.margin, self.rest_is_near(), pressure_step(bound, sem.rest))
            }
            (Some(bound), false) => {
                Room::below(self.margin, self.rest_is_near(), pressure_step(bound, sem.rest))
            }
        };
        let least = if family == PressureFamily::Peritron { f64::NEG_INFINITY } else { 3.0 };
        let rest_room = Room { low: rest_room.low.max(least), ..rest_room };
        let rest = norm.rest.draw_within(rest_room.low, rest_room.high, rng);

        // Where a reference gives no bound, the usual one is as good for drawing, but for the Camtech
        // in pregnancy and after birth, whose groups are drawn as published.
        let bound = match family {
            PressureFamily::Peritron => {
                Some(bounds.squeeze_pressure.unwrap_or(norms::PERITRON_PEAK))
            }
            PressureFamily::Camtech | PressureFamily::Anorectal => bounds.squeeze_pressure,
        };
        let near = matches!(self.condition, Condition::Weak);
        let room = match (bound, self.condition.is_weak()) {
            (None, _) => Room::ALL,
            (Some(bound), true) => {
                Room::below(self.margin, near, pressure_step(bound, sem.squeeze))
            }
            (Some(bound), false) => {
                Room::above(self.margin, near, pressure_step(bound, sem.squeeze))
            }
        };
        // A contraction that can be seen: 5 cmH2O, the least of 28 healthy women (Bø 1990).
        let room = Room { low: room.low.max(5.0), ..room };
        (rest, self.with_strength(norm.squeeze, OF_PRESSURE, room, rng))
    }

    /// Rest, and squeeze above it; the reference counts the level itself.
    fn anal_canal(
        &self,
        norm: &PressureNorm,
        bounds: &Bounds,
        sem: PressureSem,
        rng: &mut SeededRng,
    ) -> (f64, f64) {
        let (rest_bound, squeeze_bound) =
            (bounds.rest_pressure.unwrap_or(90.0), bounds.squeeze_pressure.unwrap_or(50.0));
        let rest_step = pressure_step(rest_bound, sem.rest);
        let squeeze_step = pressure_step(squeeze_bound, sem.squeeze);
        let near = self.rest_is_near();
        if self.condition.is_tight() {
            let room = Room::above(self.margin, near, rest_step);
            let rest = Spread::normal(1.25 * rest_bound, 0.08 * rest_bound)
                .draw_within(room.low, room.high, rng);
            let added = match self.condition.is_weak() {
                true => Spread::normal(12.0, 2.0).draw_within(8.0, 16.0, rng),
                false => Spread::log_normal(50.0, 15.0).draw_within(25.0, 120.0, rng),
            };
            return (rest, added);
        }
        if self.condition.is_weak() {
            let room = Room::below(self.margin, self.condition == Condition::Weak, squeeze_step);
            let level =
                Spread::normal(squeeze_bound - 12.0, 1.0).draw_within(room.low, room.high, rng);
            // With so weak a squeeze there is no room for a usual rest below it.
            let rest = norm.rest.draw_within(10.0, level - 8.0, rng).max(level - 14.0);
            return (rest, level - rest);
        }
        let room = Room::below(self.margin, near, rest_step);
        let room = match self.is_published() {
            true => room,
            // The reference has a lower bound, too.
            false => {
                let low = anorectal_low(self.condition, self.anatomy, &norm.rest);
                Room { low: low + Bounds::CLEAR_SEMS * sem.rest, ..room }
            }
        };
        let rest = norm.rest.draw_within(room.low, room.high, rng);
        let room = Room::above(self.margin, false, squeeze_step);
        let room = match self.is_published() {
            true => Room { low: rest + 1.0, ..room },
            false => Room { low: room.low.max(rest + 25.0), ..room },
        };
        (rest, self.with_strength(norm.squeeze, OF_PRESSURE, room, rng) - rest)
    }

    /// How much higher pressure stays between contractions.
    fn pressure_release(&self, rng: &mut SeededRng) -> f64 {
        let partial = Bounds::PARTIAL_SEMS * PressureSem::RELAXATION;
        let incomplete = 1.645 * partial;
        let near = self.margin == Margin::Borderline;
        match self.condition {
            Condition::NonRelaxing if near => evenly(incomplete, incomplete + 1.5, rng),
            Condition::NonRelaxing => Spread::normal(13.0, 2.0).draw_within(
                incomplete + PressureSem::RELAXATION,
                20.0,
                rng,
            ),
            Condition::PartialRelaxer if near => evenly(partial, partial + 0.5, rng),
            Condition::PartialRelaxer => Spread::normal(5.8, 0.3).draw_within(5.2, 6.4, rng),
            Condition::Hypertonic | Condition::TightAndWeak => {
                Spread::normal(1.5, 0.5).draw_within(0.0, 3.0, rng)
            }
            _ => Spread::normal(0.3, 0.5).draw_within(-1.0, 1.5, rng),
        }
    }
}
