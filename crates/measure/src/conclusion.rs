//! What is summed up over trials, and what needs the levels of several tasks.

use levator_signal::{SampleIndex, Span};

use crate::channel::{Channel, One, Rested};
use crate::ledger::{Cell, Rule, SUMMARIES, Sink};
use crate::track::Scratch;
use crate::validity::Judgement;
use crate::{How, MeasureUnit, Quantity, Reason, Task, formulas};

/// Most that the two best maximal contractions may differ, as a ratio of the best (clinical practice).
const AGREE_RATIO: f64 = 0.2;
/// Two means differ if they are this many standard errors of a difference apart: 95 of 100, two-sided.
const DIFFER_Z: f64 = 1.96;
/// Quick contractions are counted within this (PERFECT).
const FLICKS_S: f64 = 10.0;
/// A rest is raised when it lies this many standard errors of a difference above the rest before: one-sided 95
/// and 84 of 100.
const RAISED: [(f64, How); 2] = [(1.645, How::Beyond95), (1.0, How::Beyond84)];
/// Rests that follow something.
const RESTS_AFTER: [Task; 5] =
    [Task::AfterFlick, Task::AfterHold, Task::AfterEndurance, Task::Between, Task::RestAfter];
/// Rests between, of every kind but the one after the long contraction.
const BETWEEN: [Task; 3] = [Task::AfterFlick, Task::AfterHold, Task::Between];
const CONTRACTIONS: [Task; 5] =
    [Task::Flick, Task::Hold, Task::Maximal, Task::Endurance, Task::Contraction];

/// The maximal voluntary contraction.
#[derive(Clone, Copy, Debug)]
struct Maximum {
    net: Option<f64>,
    judged: Judgement,
}

impl Channel {
    fn cell(&self, quantity: Quantity, task: Task, how: How, unit: MeasureUnit) -> Cell {
        Cell {
            quantity,
            task,
            how,
            trial: None,
            value: None,
            unit,
            sem: None,
            count: 0,
            span: Span::default(),
            judged: Judgement::GOOD,
        }
    }

    /// Sums one measure of trials up. Nothing is said if there is no trial.
    fn sum_up(
        &mut self,
        (quantity, of, how): (Quantity, How, How),
        (tasks, task): (&[Task], Task),
        rule: Rule,
        sink: Sink<'_>,
    ) -> Option<Cell> {
        let chosen = self.ledger.choose(quantity, tasks, of)?;
        let values = self.ledger.values_mut();
        let (value, sem) = rule.apply(values);
        let count = values.len() as u32;
        let (span, judged) = (chosen.span, chosen.judged);
        let cell =
            Cell { value, sem, count, span, judged, ..self.cell(quantity, task, how, chosen.unit) };
        self.ledger.put(cell, sink);
        Some(cell)
    }

    /// Sums the trials of a task up.
    ///
    /// Means over the valid trials, with `SD / sqrt n` as standard error; the best of them; the median of
    /// rests between.
    pub(crate) fn sum_up_task(&mut self, task: Task, sink: Sink<'_>) {
        match task {
            Task::RestBefore | Task::RestAfter => self.sum_up_rest(task, sink),
            Task::AfterFlick | Task::AfterHold | Task::AfterEndurance | Task::Relax => {
                for quantity in [Quantity::RestLevel, Quantity::RestInstability] {
                    let hows = (quantity, How::Plain, How::Median);
                    self.sum_up(hows, (&[task], task), Rule::Median, sink);
                }
            }
            Task::Between => {
                for quantity in [Quantity::RestLevel, Quantity::RestInstability] {
                    let hows = (quantity, How::Plain, How::Median);
                    self.sum_up(hows, (&BETWEEN, task), Rule::Median, sink);
                }
            }
            Task::Visit => {}
            Task::Flick
            | Task::Hold
            | Task::Maximal
            | Task::Endurance
            | Task::Push
            | Task::Cough
            | Task::Contraction => {
                for (quantity, of, how, rule) in SUMMARIES {
                    self.sum_up((*quantity, *of, *how), (&[task], task), *rule, sink);
                }
                if task == Task::Flick && self.is_pelvic() {
                    self.count_best_flicks(sink);
                }
            }
        }
        self.sum_up_tally(task, sink);
    }

    /// One rest of those before (or after) all exertion: the first that is valid, or else the first that has a
    /// level.
    fn sum_up_rest(&mut self, task: Task, sink: Sink<'_>) {
        let (mut valid, mut any) = (None, None);
        for entry in self.ledger.of(Quantity::RestLevel, &[task], How::Plain) {
            if entry.value.is_some() {
                any = any.or(entry.trial);
                if entry.validity == crate::Validity::Valid {
                    valid = valid.or(entry.trial);
                }
            }
        }
        let Some(trial) = valid.or(any) else {
            let hows = (Quantity::RestLevel, How::Plain, How::Plain);
            self.sum_up(hows, (&[task], task), Rule::Median, sink);
            return;
        };
        for place in 0..self.ledger.len() {
            let Some(entry) = self.ledger.entry(place) else { continue };
            if entry.task == task && entry.trial == Some(trial) {
                let judged = Judgement { validity: entry.validity, reasons: entry.reasons };
                let cell = Cell {
                    value: entry.value,
                    sem: entry.sem,
                    count: 1,
                    span: entry.span,
                    judged,
                    ..self.cell(entry.quantity, task, How::Plain, entry.unit)
                };
                self.ledger.put(cell, sink);
            }
        }
    }

    fn sum_up_tally(&mut self, task: Task, sink: Sink<'_>) {
        let tally = *self.tally(task);
        let Some(span) = tally.span else { return };
        for (quantity, value, count) in [
            (Quantity::ValidTrialCount, tally.valid, tally.begun),
            (Quantity::SuccessCount, tally.met, tally.aimed),
        ] {
            if quantity == Quantity::SuccessCount && count == 0 {
                continue;
            }
            let cell = self.cell(quantity, task, How::Plain, MeasureUnit::Count);
            self.ledger.put(Cell { value: Some(f64::from(value)), count, span, ..cell }, sink);
        }
    }

    /// `F10`: the most valid quick contractions whose onsets lie within 10 s.
    fn count_best_flicks(&mut self, sink: Sink<'_>) {
        let Some(span) = self.tally(Task::Flick).span else { return };
        let within = self.samples(FLICKS_S);
        let onsets = &self.flick_onsets;
        let (mut best, mut from) = (0, 0);
        for (to, onset) in onsets.iter().enumerate() {
            while onset.saturating_since(onsets[from]) >= within {
                from += 1;
            }
            best = best.max(to + 1 - from);
        }
        let count = onsets.len() as u32;
        let cell = self.cell(Quantity::FlickCount, Task::Flick, How::Plain, MeasureUnit::Count);
        self.ledger.put(Cell { value: Some(best as f64), count, span, ..cell }, sink);
    }

    /// What needs the levels of several tasks. Called once, after all tasks were summed up.
    pub(crate) fn conclude(
        &mut self,
        reference_task: Option<Task>,
        abdomen_largest: Option<f64>,
        scratch: &mut Scratch,
        sink: Sink<'_>,
    ) {
        self.tell_noise(sink);
        if !self.is_pelvic() {
            return;
        }
        let maximum = self.tell_maximum(reference_task, sink);
        self.tell_normalised(maximum, sink);
        self.tell_rates(maximum, sink);
        self.tell_relaxation(maximum, sink);
        self.tell_push_index(reference_task, sink);
        self.tell_accessory(abdomen_largest, sink);
        self.tell_manoeuvres(sink);
        scratch.x.clear();
    }

    /// Noise of the device where it was measured; else the quietest second of rest, which is an upper bound.
    fn tell_noise(&mut self, sink: Sink<'_>) {
        if self.settings.kind != levator_signal::SignalKind::Emg {
            return;
        }
        let cell = self.cell(Quantity::NoiseFloor, Task::Visit, How::Plain, self.unit());
        let cell = match (self.settings.noise_floor, self.quietest) {
            (Some(noise), _) => Cell { value: Some(noise), count: 1, ..cell },
            (None, Some((level, span))) => {
                let judged = Judgement::GOOD.doubt(Reason::NoiseFloorUnknown);
                Cell { value: Some(level), count: 1, span, judged, ..cell }
            }
            (None, None) => return,
        };
        self.ledger.put(cell, sink);
    }

    /// `MVC`: mean of the best three peaks, the best, and the mean of the first three, of the valid trials of
    /// the reference task. Doubtful with fewer than two, and if they disagree.
    fn tell_maximum(&mut self, reference_task: Option<Task>, sink: Sink<'_>) -> Maximum {
        let none = Maximum { net: None, judged: Judgement::GOOD.reject(Reason::NoReference) };
        let Some(task) = reference_task else { return none };
        let apart = self.disagree(task);
        let Some(chosen) = self.ledger.choose(Quantity::Peak, &[task], How::Plain) else {
            return none;
        };
        let values = self.ledger.values_mut();
        let first = &values[..values.len().min(3)];
        let (first_mean, first_sem) = (formulas::mean(first), error_of_mean(first));
        let first_count = first.len() as u32;
        let all_sd = formulas::sd(values);
        let all_count = values.len() as u32;
        values.sort_unstable_by(|one, other| other.total_cmp(one));
        let best = &values[..values.len().min(3)];
        let (best_mean, best_sem) = (formulas::mean(best), error_of_mean(best));
        let best_count = best.len() as u32;
        let highest = best.first().copied();
        let judged = chosen
            .judged
            .doubt_if(all_count < 2, Reason::TooFewTrials)
            .doubt_if(apart, Reason::TrialsDisagree);
        let few = |count| if count < 3 { judged.note(Reason::TooFewTrials) } else { judged };
        let cell = self.cell(Quantity::MaximalContraction, task, How::Best, chosen.unit);
        let cell = Cell { span: chosen.span, ..cell };
        for (how, value, sem, count, judged) in [
            (How::BestThree, best_mean, best_sem, best_count, few(best_count)),
            (How::Best, highest, all_sd, all_count, judged),
            (How::FirstThree, first_mean, first_sem, first_count, few(first_count)),
        ] {
            self.ledger.put(Cell { how, value, sem, count, judged, ..cell }, sink);
        }
        let net = best_mean.filter(|mean| *mean > 0.0);
        Maximum { net, judged: judged.reject_if(net.is_none(), Reason::NoReference) }
    }

    /// Whether the best two trials of a task differ by more than a fifth of the best, and by more than the
    /// unrest at rest explains. Of pressure it is their peaks; of EMG, whose highest sample is a matter of
    /// chance, their means. All are held against the rest before all exertion: that somebody does not let go
    /// in between makes no other effort.
    fn disagree(&self, task: Task) -> bool {
        let (mut best, mut second) = (None::<(f64, Span)>, None);
        for (_, effort, span) in self.efforts.iter().filter(|(of, ..)| *of == task) {
            if best.is_none_or(|(highest, _)| *effort > highest) {
                second = best.replace((*effort, *span));
            } else if second.is_none_or(|(next, _)| *effort > next) {
                second = Some((*effort, *span));
            }
        }
        let (Some((best, window)), Some((second, _))) = (best, second) else { return false };
        let chance = if self.is_emg() { self.chance(window) } else { None };
        let chance = DIFFER_Z * core::f64::consts::SQRT_2 * chance.unwrap_or(0.0);
        best - second > (AGREE_RATIO * best.abs()).max(chance)
    }

    /// `%MVC` = 100 level/MVC: of the peak of quick and maximal contractions, of the mean of others.
    fn tell_normalised(&mut self, maximum: Maximum, sink: Sink<'_>) {
        for place in 0..self.ledger.len() {
            let Some(entry) = self.ledger.entry(place) else { continue };
            let level = match entry.task {
                Task::Flick | Task::Maximal => Quantity::Peak,
                _ => Quantity::ContractionMean,
            };
            let is_it = entry.quantity == level && entry.how == How::Plain;
            let (true, Some(step)) = (is_it && CONTRACTIONS.contains(&entry.task), entry.trial)
            else {
                continue;
            };
            let judged = Judgement { validity: entry.validity, reasons: entry.reasons };
            let one = One {
                quantity: Quantity::NormalisedLevel,
                how: How::Plain,
                task: entry.task,
                step,
                value: entry.value.zip(maximum.net).map(|(level, net)| 100.0 * level / net),
                unit: MeasureUnit::Percent,
                sem: None,
                span: entry.span,
                judged: judged.and(maximum.judged),
            };
            self.put(one, sink);
        }
        for task in CONTRACTIONS {
            let hows = (Quantity::NormalisedLevel, How::Plain, How::Mean);
            self.sum_up(hows, (&[task], task), Rule::Mean, sink);
        }
    }

    /// `sR`, `sF` in percent of the maximal contraction a second: means over the trials.
    fn tell_rates(&mut self, maximum: Maximum, sink: Sink<'_>) {
        for task in CONTRACTIONS {
            for quantity in [Quantity::RiseRate, Quantity::ReleaseRate] {
                for how in [How::Whole, How::Early] {
                    let Some(chosen) = self.ledger.choose(quantity, &[task], how) else { continue };
                    let values = self.ledger.values();
                    let count = values.len() as u32;
                    let scale = |value: Option<f64>| {
                        value.zip(maximum.net).map(|(value, net)| 100.0 * value / net)
                    };
                    let cell = Cell {
                        value: scale(formulas::mean(values)),
                        sem: scale(error_of_mean(values)),
                        count,
                        span: chosen.span,
                        judged: chosen.judged.and(maximum.judged),
                        ..self.cell(quantity, task, how, MeasureUnit::PercentMvcPerSecond)
                    };
                    self.ledger.put(cell, sink);
                }
            }
        }
    }

    /// Levels after against the level before, `R0`:
    ///
    /// - `RR` = `Rb / R0`, of EMG; also with both corrected for the noise floor `n`, `sqrt(max(0, x² - n²))`
    /// - `dR` = `Rb - R0`
    /// - `RF` = `dR / MVC`
    /// - rests with `Rb - R0 > z sqrt 2 SEM`, where the reference gives a SEM
    ///
    /// Standard errors by propagation, `Rb` and `R0` taken as independent.
    fn tell_relaxation(&mut self, maximum: Maximum, sink: Sink<'_>) {
        let before = self.rest_before;
        for task in RESTS_AFTER {
            let tasks: &[Task] = if task == Task::Between { &BETWEEN } else { &[task] };
            let Some(chosen) = self.ledger.choose(Quantity::RestLevel, tasks, How::Plain) else {
                continue;
            };
            let own = match task {
                // The one that was summed up.
                Task::RestAfter => self
                    .ledger
                    .of(Quantity::RestLevel, tasks, How::Plain)
                    .find(|entry| entry.validity <= chosen.judged.validity)
                    .and_then(|entry| entry.sem),
                _ => None,
            };
            let count = self.ledger.values().len() as u32;
            let raised = |z: f64| {
                let (sem, before) =
                    self.settings.rest_sem.zip(before.and_then(|rest| rest.level))?;
                let limit = before + z * core::f64::consts::SQRT_2 * sem;
                Some(self.ledger.values().iter().filter(|level| **level > limit).count() as f64)
            };
            let raised = RAISED.map(|(z, how)| (how, raised(z)));
            let (level, sem) = match task {
                Task::RestAfter => (self.ledger.values().first().copied(), own),
                _ => Rule::Median.apply(self.ledger.values_mut()),
            };
            let judged = match before {
                Some(before) => chosen.judged.and(before.judged),
                None => chosen.judged.reject(Reason::NoReference),
            };
            let cell = Cell {
                count,
                span: chosen.span,
                judged,
                ..self.cell(Quantity::RelaxationRatio, task, How::Plain, MeasureUnit::Ratio)
            };
            self.tell_ratio(cell, (level, sem), before, sink);

            let levels = level.zip(before.and_then(|rest| rest.level));
            let residual = levels.map(|(after, before)| after - before);
            let error = sem.zip(before.and_then(|rest| rest.sem));
            let error = error.map(|(after, before)| (after * after + before * before).sqrt());
            let unit = self.unit();
            let quantity = Quantity::RelaxationResidual;
            self.ledger.put(Cell { quantity, value: residual, sem: error, unit, ..cell }, sink);
            let over = |value: Option<f64>| value.zip(maximum.net).map(|(value, net)| value / net);
            let quantity = Quantity::RelaxationResidualRatio;
            let (value, sem) = (over(residual), over(error));
            let judged = judged.and(maximum.judged);
            self.ledger.put(Cell { quantity, value, sem, judged, ..cell }, sink);
            for (how, value) in raised.into_iter().filter(|_| self.settings.rest_sem.is_some()) {
                let (quantity, unit) = (Quantity::RaisedRestCount, MeasureUnit::Count);
                self.ledger.put(Cell { quantity, how, value, unit, ..cell }, sink);
            }
        }
    }

    fn tell_ratio(
        &mut self,
        cell: Cell,
        (level, sem): (Option<f64>, Option<f64>),
        before: Option<Rested>,
        sink: Sink<'_>,
    ) {
        if !self.is_emg() {
            // The zero of a pressure is where the probe was zeroed.
            let judged = cell.judged.reject(Reason::NotDefined);
            self.ledger.put(Cell { judged, ..cell }, sink);
            return;
        }
        let noise = self.settings.noise_floor;
        for (how, noise) in [(How::Plain, Some(0.0)), (How::NoiseCorrected, noise)] {
            let corrected = |level: f64| noise.map(|n| (level * level - n * n).max(0.0).sqrt());
            let after = level.and_then(corrected);
            let first = before.and_then(|rest| rest.level).and_then(corrected).filter(|x| *x > 0.0);
            let value = after.zip(first).map(|(after, first)| after / first);
            // d corrected / d level = level / corrected
            let relative = |level: Option<f64>, corrected: Option<f64>, sem: Option<f64>| {
                let (level, corrected) = level.zip(corrected).filter(|(_, x)| *x > 0.0)?;
                sem.map(|sem| sem * level / (corrected * corrected))
            };
            let of_after = relative(level, after, sem);
            let of_first = relative(
                before.and_then(|rest| rest.level),
                first,
                before.and_then(|rest| rest.sem),
            );
            let sem = of_after
                .zip(of_first)
                .zip(value)
                .map(|((after, first), value)| value * (after * after + first * first).sqrt());
            let judged = cell
                .judged
                .reject_if(noise.is_none(), Reason::NoiseFloorUnknown)
                .reject_if(noise.is_some() && first.is_none(), Reason::NoReference);
            self.ledger.put(Cell { how, value, sem, judged, ..cell }, sink);
        }
    }

    /// `AI` = 100 (push - R0)/(squeeze - R0), means of the envelope over the windows: of each push, and of
    /// all. The squeeze is the mean over the trials of the reference task, each less the level before it.
    fn tell_push_index(&mut self, reference_task: Option<Task>, sink: Sink<'_>) {
        if self.pushes.is_empty() {
            return;
        }
        let chosen = reference_task
            .and_then(|task| self.ledger.choose(Quantity::ContractionMean, &[task], How::Plain));
        let squeeze =
            chosen.and_then(|_| formulas::mean(self.ledger.values())).filter(|net| *net > 0.0);
        let squeeze_judged = chosen.map_or(Judgement::GOOD, |chosen| chosen.judged);
        let before = self.rest_before;
        for place in 0..self.pushes.len() {
            let push = self.pushes[place];
            let net =
                push.level.zip(before.and_then(|rest| rest.level)).map(|(push, rest)| push - rest);
            let rest_judged = before.map_or(Judgement::GOOD, |rest| rest.judged);
            let judged = push.judged.and(squeeze_judged).and(rest_judged);
            let one = One {
                quantity: Quantity::PushIndex,
                how: How::Plain,
                task: Task::Push,
                step: push.step,
                value: net.zip(squeeze).map(|(net, squeeze)| 100.0 * net / squeeze),
                unit: MeasureUnit::Percent,
                sem: None,
                span: push.span,
                judged: judged.reject_if(
                    net.is_none() || squeeze.is_none() || self.ledger.is_elsewhere(push.step),
                    Reason::NoReference,
                ),
            };
            self.put(one, sink);
        }
        let hows = (Quantity::PushIndex, How::Plain, How::Mean);
        self.sum_up(hows, (&[Task::Push], Task::Push), Rule::Mean, sink);
    }

    /// Net level of the abdomen in a contraction, over its largest net level in any trial (push and cough
    /// included): of each contraction, and mean over them.
    fn tell_accessory(&mut self, largest: Option<f64>, sink: Sink<'_>) {
        let largest = largest.filter(|largest| *largest > 0.0);
        for place in 0..self.leans.len() {
            let lean = self.leans[place];
            let one = One {
                quantity: Quantity::AccessoryRatio,
                how: How::Plain,
                task: lean.task,
                step: lean.step,
                value: lean.net.zip(largest).map(|(net, largest)| net / largest),
                unit: MeasureUnit::Ratio,
                sem: None,
                span: lean.span,
                judged: lean
                    .judged
                    .reject_if(lean.net.is_none() || largest.is_none(), Reason::NoReference),
            };
            self.put(one, sink);
        }
        for task in CONTRACTIONS {
            let hows = (Quantity::AccessoryRatio, How::Plain, How::Mean);
            self.sum_up(hows, (&[task], task), Rule::Mean, sink);
        }
    }

    /// Contractions that were bearing down, and that were a squeeze, of those of which several channels could
    /// tell ([`tell`](levator_detect::manoeuvre::tell) has the rule).
    fn tell_manoeuvres(&mut self, sink: Sink<'_>) {
        let tallies = CONTRACTIONS.map(|task| *self.tally(task));
        let spans = || tallies.iter().filter_map(|tally| tally.span);
        let (Some(start), Some(end)) =
            (spans().map(|span| span.start).min(), spans().map(|span| span.end).max())
        else {
            return;
        };
        let span = Span { start: start.max(SampleIndex::ZERO), end };
        let judged = Judgement::GOOD.reject_if(self.told == 0, Reason::Unverified);
        for (quantity, value) in [
            (Quantity::BearingDownCount, self.bearing_downs),
            (Quantity::SqueezeCount, self.squeezes),
        ] {
            let value = (self.told > 0).then_some(f64::from(value));
            let cell = self.cell(quantity, Task::Contraction, How::Plain, MeasureUnit::Count);
            self.ledger.put(Cell { value, count: self.told, span, judged, ..cell }, sink);
        }
    }
}

fn error_of_mean(values: &[f64]) -> Option<f64> {
    formulas::sd(values).map(|sd| sd / (values.len() as f64).sqrt())
}
