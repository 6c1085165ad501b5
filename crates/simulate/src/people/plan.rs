//! From a programme to what a person does, step by step.

mod doing;

use levator_programme::{Part, Phase, PhaseKind, Programme, Step};

use self::doing::Force;
use super::deed::Deed;
use super::spread::evenly;
use super::truth::{Done, Mark, RestTruth, TrialLevels, TrialTruth, VisitTruth};
use super::{Conduct, Participant};
use crate::rng::SeededRng;

/// A step of the programme, or a part of one, as this person goes through it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) from_s: f64,
    pub(super) to_s: f64,
    pub(super) base: Base,
    /// Breaths a second that are asked for.
    pub(super) paced_hz: Option<f64>,
    pub(super) deed: Option<Deed>,
}

/// Where rest is in a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Base {
    /// EMG over the rest before all contractions.
    emg_ratio: f64,
    /// How much higher pressure is.
    pressure_rise: f64,
    /// How fast both go back, in e-folds over the stretch; they are as said at three quarters of it.
    fade: f64,
    /// Guarding after insertion, which wears off.
    guards: bool,
}

impl Base {
    /// EMG over rest, and rise of pressure.
    pub(super) fn at(&self, stretch: &Stretch, time_s: f64) -> (f64, f64) {
        let length_s = stretch.to_s - stretch.from_s;
        let share = ((time_s - stretch.from_s) / length_s).clamp(0.0, 1.0);
        let left = match self.fade > 0.0 {
            true => libm::exp(-self.fade * (share - 0.75)),
            false => 1.0,
        };
        let guard = match self.guards {
            true => 0.3 * libm::exp((stretch.from_s - time_s) / 15.0),
            false => 0.0,
        };
        (1.0 + guard + (self.emg_ratio - 1.0) * left, self.pressure_rise * left)
    }
}

/// A visit, planned.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) stretches: Vec<Stretch>,
    pub(super) truth: VisitTruth,
    pub(super) marks: Vec<Mark>,
    pub(super) end_s: f64,
}

pub(super) struct Planner<'a> {
    person: &'a Participant,
    conduct: &'a Conduct,
    seed: u64,
    plan: Plan,
    /// Contractions so far: each leaves a little less for the next.
    done_count: u32,
}

impl<'a> Planner<'a> {
    pub(super) fn plan(
        person: &'a Participant,
        conduct: &'a Conduct,
        seed: u64,
        programme: &Programme,
    ) -> Plan {
        let until = if conduct.until_ratio.is_finite() { conduct.until_ratio } else { 1.0 };
        let end_s = programme.length().as_secs_f64() * until.clamp(0.0, 1.0);
        let plan =
            Plan { stretches: Vec::new(), truth: VisitTruth::default(), marks: Vec::new(), end_s };
        let mut planner = Self { person, conduct, seed, plan, done_count: 0 };
        let steps = programme.steps();
        let is_exertion = |step: &Step| {
            let kind = programme.phase_of(step).kind;
            step.part == Part::Work && (kind.is_exertion() || kind == PhaseKind::Free)
        };
        let first = steps.iter().position(is_exertion).unwrap_or(steps.len());
        let last = steps.iter().rposition(is_exertion).unwrap_or(0);
        for (index, step) in steps.iter().enumerate() {
            let rest = match index {
                _ if index <= first => When::Before,
                _ if index <= last || step.part == Part::Rest => When::Between,
                _ => When::After,
            };
            planner.step(index, step, programme.phase_of(step), rest);
        }
        planner.plan
    }

    fn step(&mut self, index: usize, step: &Step, phase: &Phase, rest: When) {
        let mut rng = SeededRng::for_part(self.seed, (1 << 42) ^ index as u64);
        let from_s = step.starts.as_secs_f64();
        let to_s = from_s + step.duration.as_secs_f64();
        if from_s < self.plan.end_s {
            let part = if step.part == Part::Rest { " rest" } else { "" };
            let text = format!("{} {}{part}", phase.id, step.trial);
            self.plan.marks.push(Mark { at_s: from_s, text });
        }
        let paced_hz = phase.breathing.map(|pace| pace.rate_per_minute() / 60.0);
        let works = step.part == Part::Work;
        let stretch = |base, deed| Stretch { from_s, to_s, base, paced_hz, deed };
        match phase.kind {
            kind if works && kind.is_exertion() => {
                let base = self.base(rest, false, &mut rng);
                let stretch = stretch(base, None);
                let deed = self.exertion(index, step, phase, &stretch, &mut rng);
                self.push(Stretch { deed, ..stretch });
            }
            PhaseKind::Free if works => {
                let whole = stretch(self.base(rest, false, &mut rng), None);
                self.free(index, step, &whole, &mut rng);
            }
            kind => {
                let mut base = self.base(rest, !works, &mut rng);
                base.guards = kind == PhaseKind::Settle;
                let stretch = stretch(base, None);
                self.rest(index, &stretch);
                let deed = self.unasked(index, step, phase, &stretch, &mut rng);
                self.push(Stretch { deed, ..stretch });
            }
        }
    }

    fn push(&mut self, stretch: Stretch) {
        if stretch.from_s < self.plan.end_s {
            self.plan.stretches.push(stretch);
        }
    }

    /// Each rest is a little different: 2 % of EMG, a quarter of a cmH2O. Our choice.
    fn base(&self, rest: When, is_gap: bool, rng: &mut SeededRng) -> Base {
        let (by_ratio, by_rise) = (1.0 + 0.02 * rng.gaussian(), 0.25 * rng.gaussian());
        let person = self.person;
        let (ratio, rise) = match rest {
            When::Before => (1.0, 0.0),
            When::Between => (
                person.emg.map_or(1.0, |levels| levels.between_ratio),
                person.pressure.map_or(0.0, |levels| levels.between_rise),
            ),
            When::After => (
                person.emg.map_or(1.0, |levels| levels.after_ratio),
                person.pressure.map_or(0.0, |levels| levels.after_rise),
            ),
        };
        let fades = is_gap && person.habits.residual_fades;
        // The first rest is what levels are told by, and is exact.
        let (ratio, rise) = match rest {
            When::Before => (ratio, rise),
            When::Between | When::After => (ratio * by_ratio, rise + by_rise),
        };
        Base {
            emg_ratio: ratio,
            pressure_rise: rise,
            fade: if fades { 0.5 } else { 0.0 },
            guards: false,
        }
    }

    fn rest(&mut self, step: usize, stretch: &Stretch) {
        if stretch.from_s >= self.plan.end_s {
            return;
        }
        let at_s = stretch.from_s + 0.75 * (stretch.to_s - stretch.from_s);
        let levels = self.rest_levels(stretch, at_s);
        self.plan.truth.rests.push(RestTruth {
            step,
            from_s: stretch.from_s,
            to_s: stretch.to_s.min(self.plan.end_s),
            levels: self.in_scan_order(levels),
        });
    }

    /// Levels at rest by place, without gain.
    fn rest_levels(&self, stretch: &Stretch, at_s: f64) -> [f64; 4] {
        let (ratio, rise) = stretch.base.at(stretch, at_s);
        let person = self.person;
        [
            person.emg.map_or(0.0, |levels| levels.rest_uv * ratio),
            person.abdomen.rest_uv,
            person.pressure.map_or(0.0, |levels| levels.rest + rise),
            person.abdomen.rest,
        ]
    }

    /// Places become channels, and EMG gets the gain.
    fn in_scan_order(&self, levels: [f64; 4]) -> [f64; 4] {
        let mut scan = [0.0; 4];
        for (value, place) in scan.iter_mut().zip(self.person.setup.channels()) {
            let gain = if place.is_emg() { self.person.setup.gain } else { 1.0 };
            *value = gain * levels[place.index()];
        }
        scan
    }

    fn exertion(
        &mut self,
        index: usize,
        step: &Step,
        phase: &Phase,
        stretch: &Stretch,
        rng: &mut SeededRng,
    ) -> Option<Deed> {
        let conduct = self.conduct;
        let (skips, instead, late) = (
            rng.happens(conduct.skipped_ratio),
            rng.happens(conduct.instead_ratio),
            rng.happens(conduct.late_ratio),
        );
        let other = match phase.kind {
            PhaseKind::Push => PhaseKind::Maximal,
            _ => PhaseKind::Push,
        };
        let (kind, done) = match (skips, instead, late) {
            (true, _, _) => (phase.kind, Done::Skipped),
            (false, true, _) => (other, Done::Instead(other)),
            (false, false, true) => (phase.kind, Done::Late),
            (false, false, false) => (phase.kind, Done::AsAsked),
        };
        let length_s = stretch.to_s - stretch.from_s;
        let late_s = match done {
            Done::Late => evenly(1.5, 3.0, rng).min(0.5 * length_s),
            _ => 0.0,
        };
        let [reaction_s, release_s] = [evenly(0.2, 0.6, rng), evenly(0.2, 0.6, rng)];
        // Even a step of a tenth of a second is begun in its time.
        let onset_s = stretch.from_s + late_s + reaction_s.min(0.8 * length_s);
        let asked_to_s = stretch.to_s + release_s;
        let deed = self.deed(kind, phase, stretch, onset_s, asked_to_s, rng);
        let reached = onset_s < self.plan.end_s;
        let done = if reached { done } else { Done::NotReached };
        let is_done = !matches!(done, Done::Skipped | Done::NotReached);
        self.trial(index, step, phase.kind, done, stretch, is_done.then_some(&deed));
        is_done.then_some(deed)
    }

    fn trial(
        &mut self,
        index: usize,
        step: &Step,
        asked: PhaseKind,
        done: Done,
        stretch: &Stretch,
        deed: Option<&Deed>,
    ) {
        let mut truth = TrialTruth {
            step: index,
            phase: step.phase,
            round: step.round,
            trial: step.trial,
            asked,
            done,
            onset_s: f64::NAN,
            full_s: f64::NAN,
            release_s: f64::NAN,
            offset_s: f64::NAN,
            levels: [TrialLevels::default(); 4],
        };
        if let Some(deed) = deed {
            truth.onset_s = deed.onset_s;
            truth.full_s = deed.full_s();
            truth.release_s = deed.release_s;
            truth.offset_s = deed.offset_s();
            let rest = self.rest_levels(stretch, deed.onset_s);
            let (top, plateau) = deed.top_and_plateau();
            let with = |share: [f64; 4]| {
                core::array::from_fn(|place| rest[place] + share[place] * deed.added[place])
            };
            let (peak, plateau) =
                (self.in_scan_order(with(top)), self.in_scan_order(with(plateau)));
            let rest = self.in_scan_order(rest);
            truth.levels = core::array::from_fn(|channel| TrialLevels {
                rest: rest[channel],
                peak: peak[channel],
                plateau: plateau[channel],
            });
        }
        self.plan.truth.trials.push(truth);
    }

    /// Whatever the person likes: a contraction of 3 s now and then.
    fn free(&mut self, index: usize, step: &Step, whole: &Stretch, rng: &mut SeededRng) {
        let mut from_s = whole.from_s;
        while from_s < whole.to_s {
            let to_s = (from_s + evenly(12.0, 20.0, rng)).min(whole.to_s);
            let stretch = Stretch { from_s, to_s, ..whole.clone() };
            let onset_s = from_s + 5.0;
            let deed = (to_s - from_s > 11.0 && onset_s < self.plan.end_s).then(|| {
                let share = evenly(0.5, 1.0, rng);
                self.contraction(Force::Maximal, share, &stretch, onset_s, onset_s + 3.0)
            });
            if let Some(deed) = &deed {
                self.trial(index, step, PhaseKind::Free, Done::Unasked, &stretch, Some(deed));
            }
            self.push(Stretch { deed, ..stretch });
            from_s = to_s;
        }
    }

    fn unasked(
        &mut self,
        index: usize,
        step: &Step,
        phase: &Phase,
        stretch: &Stretch,
        rng: &mut SeededRng,
    ) -> Option<Deed> {
        let length_s = stretch.to_s - stretch.from_s;
        let chance = self.conduct.unasked_per_minute * length_s / 60.0;
        // Drawn in any case, so that the next numbers do not depend on it.
        let (happens, share, place) = (rng.happens(chance), evenly(0.3, 0.8, rng), rng.uniform());
        let onset_s = stretch.from_s + (0.2 + 0.4 * place) * length_s;
        if !happens || length_s < 6.0 || onset_s >= self.plan.end_s {
            return None;
        }
        let deed = self.contraction(Force::Maximal, share, stretch, onset_s, onset_s + 1.5);
        self.trial(index, step, phase.kind, Done::Unasked, stretch, Some(&deed));
        Some(deed)
    }
}

/// Where a stretch lies among the contractions of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Before,
    Between,
    After,
}
