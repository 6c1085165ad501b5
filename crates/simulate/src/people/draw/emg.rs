//! EMG of the pelvic floor.

use super::{OF_CONTRACTIONS, OF_REST, Who};
use crate::people::bounds::{Room, emg_step};
use crate::people::norms::{self, EmgNorm, Group};
use crate::people::participant::EmgLevels;
use crate::people::spread::{Spread, evenly};
use crate::people::{Bounds, Condition, EmgFamily, Margin};
use crate::rng::SeededRng;

/// What of the levels belongs together.
struct Levels {
    rest_uv: f64,
    tonic_uv: f64,
    flick_uv: f64,
    endurance_uv: f64,
}

/// The device's statistics, and the bounds that people are drawn by. Where a reference gives none, that
/// of the healthy is as good for drawing.
struct Device {
    family: EmgFamily,
    norm: EmgNorm,
    rest_bound: f64,
    tonic_bound: f64,
    flick_bound: f64,
}

impl Device {
    fn new(family: EmgFamily, condition: Condition) -> Self {
        let healthy = norms::emg(family, Group::Healthy);
        let rest_bound = match family {
            EmgFamily::PerianalPatch => norms::perianal_rest_bound(),
            EmgFamily::Oleksy | EmgFamily::Kasper | EmgFamily::AnalProbe => healthy.rest.p95(),
        };
        Self {
            family,
            norm: norms::emg(family, Group::of(condition)),
            rest_bound,
            tonic_bound: healthy.tonic.p5(),
            flick_bound: healthy.flick.p5(),
        }
    }

    /// Flick over tonic.
    fn flick_ratio(&self) -> f64 {
        self.norm.flick.mean / self.norm.tonic.mean
    }
}

impl Who {
    pub(super) fn emg(&self, family: EmgFamily, rng: &mut SeededRng) -> EmgLevels {
        let device = Device::new(family, self.condition);
        let norm = &device.norm;
        let (tight, weak) = (self.condition.is_tight(), self.condition.is_weak());
        let Levels { rest_uv, tonic_uv, flick_uv, endurance_uv } = match (tight, weak) {
            (true, _) => self.tight_emg(&device, rng),
            (false, true) => self.weak_emg(&device, rng),
            (false, false) => self.usual_emg(&device, rng),
        };
        let maximal_uv = 1.05 * tonic_uv;
        let (between_ratio, after_ratio) = self.emg_release(norm, rng);
        let push_uv = rest_uv + self.push_ratio(rng) * (maximal_uv - rest_uv);
        // Of an anal probe, a push is judged by its rise over the level before, too.
        let push_uv = match (family, self.condition) {
            (EmgFamily::AnalProbe, condition) if condition != Condition::Dyssynergic => {
                push_uv.min(emg_step(Bounds::ANAL_PUSH_RATIO)(-Bounds::CLEAR_SEMS) * rest_uv)
            }
            _ => push_uv,
        };
        let (rest_variation, hold_variation) = match (tight, weak) {
            // Restless, but not so much that little on top of it is lost in it.
            (true, true) => (0.1, 0.12),
            (true, false) => (0.15, 0.12),
            (false, true) => (0.06, 0.12),
            (false, false) => (0.06, 0.07),
        };
        let vary = |mean: f64, rng: &mut SeededRng| {
            Spread::log_normal(mean, 0.25 * mean).draw_within(0.5 * mean, 2.0 * mean, rng)
        };
        EmgLevels {
            rest_uv,
            between_ratio,
            after_ratio,
            flick_uv,
            tonic_uv,
            maximal_uv,
            endurance_uv,
            push_uv: push_uv.max(0.5 * rest_uv).max(norm.noise),
            noise_uv: norm.noise,
            rest_variation_ratio: vary(rest_variation, rng),
            hold_variation_ratio: vary(hold_variation, rng),
        }
    }

    /// A bound that is cleared from above or, with -1, from below; none for people as published.
    fn cleared(&self, bound: f64, side: f64) -> f64 {
        match self.is_published() {
            true => f64::NEG_INFINITY,
            false => emg_step(bound)(side * Bounds::CLEAR_SEMS),
        }
    }

    /// \[P\]: the middle of those who are above the bound, but for the patch.
    fn tight_emg(&self, device: &Device, rng: &mut SeededRng) -> Levels {
        let bound = device.rest_bound;
        let weak = self.condition.is_weak();
        let spread = match (device.family, weak) {
            (EmgFamily::PerianalPatch, _) => norms::PERIANAL_PAIN_REST,
            (_, true) => Spread::log_normal(1.45 * bound, 0.12 * bound),
            (_, false) => Spread::log_normal(1.7 * bound, 0.25 * bound),
        };
        let room = Room::above(self.margin, self.rest_is_near(), emg_step(bound));
        let rest_uv = spread.draw_within(room.low, room.high, rng);
        let (added, flick_added) = match weak {
            // Little on top of rest, but as much as can be seen.
            true => {
                let most = self.cleared(device.tonic_bound, -1.0).max(0.35 * rest_uv);
                let added = (evenly(0.42, 0.58, rng) * rest_uv).min(most);
                (added, 1.05 * added)
            }
            false => {
                let least = self.cleared(device.tonic_bound, 1.0).max(0.8 * rest_uv);
                let spread = Spread::log_normal(1.1 * rest_uv, 0.25 * rest_uv);
                let added = spread.draw_within(least, 4.0 * rest_uv + least, rng);
                let flick_added = device.flick_ratio().max(1.05) * added;
                (added, flick_added.max(self.cleared(device.flick_bound, 1.0)))
            }
        };
        Levels {
            rest_uv,
            tonic_uv: rest_uv + added,
            flick_uv: rest_uv + flick_added,
            endurance_uv: rest_uv + evenly(0.45, 0.65, rng) * added,
        }
    }

    /// \[P\]: no means of weak people are published for these devices.
    fn weak_emg(&self, device: &Device, rng: &mut SeededRng) -> Levels {
        let bound = device.tonic_bound;
        let room = Room::below(self.margin, true, emg_step(bound));
        let tonic_uv =
            Spread::log_normal(0.7 * bound, 0.08 * bound).draw_within(room.low, room.high, rng);
        // Seen above rest, and quiet at rest.
        let quiet = emg_step(device.rest_bound)(-Bounds::CLEAR_SEMS);
        let rest_uv = (tonic_uv / Spread::log_normal(2.2, 0.2).draw_within(1.8, 3.0, rng))
            .min(evenly(0.6, 1.0, rng) * quiet)
            .max(4.0 * device.norm.noise);
        let room = Room::below(self.margin, true, emg_step(device.flick_bound));
        let flick_ratio =
            device.flick_ratio() * Spread::normal(1.0, 0.05).draw_within(0.9, 1.1, rng);
        Levels {
            rest_uv,
            tonic_uv,
            flick_uv: (flick_ratio * tonic_uv).min(room.high),
            endurance_uv: rest_uv + evenly(0.45, 0.65, rng) * (tonic_uv - rest_uv),
        }
    }

    fn usual_emg(&self, device: &Device, rng: &mut SeededRng) -> Levels {
        let norm = &device.norm;
        let room = Room::below(self.margin, self.rest_is_near(), emg_step(device.rest_bound));
        let room = Room { low: room.low.max(4.0 * norm.noise), ..room };
        let rest_uv = self.with_strength(norm.rest, OF_REST, room, rng);
        // Clear of the bound, whether rest is counted in or not, and seen above rest.
        let room = |bound: f64| match self.is_published() {
            true => Room::ALL,
            false => {
                Room { low: (rest_uv + self.cleared(bound, 1.0)).max(1.6 * rest_uv), ..Room::ALL }
            }
        };
        let tonic_uv =
            self.with_strength(norm.tonic, OF_CONTRACTIONS, room(device.tonic_bound), rng);
        let flick_uv =
            self.with_strength(norm.flick, OF_CONTRACTIONS, room(device.flick_bound), rng);
        let room = match self.is_published() {
            true => Room::ALL,
            false => Room { low: 1.5 * rest_uv, high: 1.1 * tonic_uv },
        };
        let endurance_uv = self.with_strength(norm.endurance, OF_CONTRACTIONS, room, rng);
        Levels { rest_uv, tonic_uv, flick_uv, endurance_uv }
    }

    /// Rest between and after contractions over rest before them.
    fn emg_release(&self, norm: &EmgNorm, rng: &mut SeededRng) -> (f64, f64) {
        let (partial, incomplete) = (Bounds::COMPLETE_RATIO, Bounds::INCOMPLETE_RATIO);
        let near = self.margin == Margin::Borderline;
        let between = match self.condition {
            _ if self.is_published() && !self.condition.is_tight() => {
                return (norm.between_ratio.draw(rng), norm.after_ratio.draw(rng));
            }
            Condition::NonRelaxing if near => evenly(incomplete, 1.07 * incomplete, rng),
            Condition::NonRelaxing => {
                Spread::log_normal(1.75, 0.15).draw_within(1.15 * incomplete, 2.5, rng)
            }
            Condition::PartialRelaxer if near => evenly(partial, 1.02 * partial, rng),
            Condition::PartialRelaxer => {
                Spread::normal(1.23, 0.03).draw_within(1.035 * partial, incomplete / 1.035, rng)
            }
            // Complete, so that tone alone makes the label.
            Condition::Hypertonic | Condition::TightAndWeak => {
                Spread::normal(1.06, 0.03).draw_within(1.0, partial / 1.05, rng)
            }
            Condition::Healthy
            | Condition::Weak
            | Condition::Dyssynergic
            | Condition::BearingDown
            | Condition::Fatiguing
            | Condition::PregnantHealthy
            | Condition::PregnantWeak
            | Condition::PostPartumHealthy
            | Condition::PostPartumWeak => {
                Spread::normal(2.46 / 2.40, 0.03).draw_within(0.95, partial / 1.05, rng)
            }
        };
        let after = match self.condition {
            Condition::NonRelaxing => 1.0 + 0.6 * (between - 1.0),
            Condition::PartialRelaxer => evenly(1.05, 1.15, rng),
            Condition::Hypertonic | Condition::TightAndWeak => evenly(1.0, 1.1, rng),
            _ => norm.after_ratio.draw_within(0.8, partial / 1.02, rng).min(partial),
        };
        (between, after)
    }
}
