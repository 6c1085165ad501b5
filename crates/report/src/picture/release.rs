//! How contractions are let go: what is left of each after the cue.

use levator_measure::{Task, Trial, Validity};
use levator_signal::Span;

use super::overview::runs;
use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::report::Report;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;
const COLUMNS: usize = 200;
/// Shown before and after the end of what was asked for, seconds.
const BEFORE_S: f64 = 1.5;
const AFTER_S: f64 = 5.0;
/// What was let go longer than this before the cue shows nothing of it. Our choice.
const EARLY_S: f64 = 1.0;

/// A line for each held contraction, in percent of its own height above the rest before; `None` where none
/// was held.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words) -> Option<Picture> {
    let curve = report.curve()?;
    let found = report.found()?;
    let held = [Task::Hold, Task::Maximal, Task::Endurance];
    let of = |task: Task| {
        report.trials().filter(move |one| one.task == task && one.validity != Validity::Invalid)
    };
    let is_held = |trial: &&Trial| {
        let end = report.contraction_s(trial).map(|(_, end)| end);
        end.is_some_and(|end| end >= report.seconds(trial.asked).1 - EARLY_S)
    };
    let task = held.into_iter().find(|task| of(*task).any(|trial| is_held(&trial)))?;
    let lines: Vec<Vec<Option<f64>>> = of(task)
        .filter(is_held)
        .filter_map(|trial| {
            let onset = trial.found?.onset;
            let contraction = found.contractions.iter().find(|one| one.onset == onset)?;
            let (from, end) = report.seconds(Span { start: onset, end: trial.asked.end });
            let height =
                curve.extremes(from, end, 1).first().copied().flatten()?.1 - contraction.rest;
            (height > 0.0 && end > from).then(|| {
                let at_s =
                    |at: usize| end - BEFORE_S + at as f64 / COLUMNS as f64 * (BEFORE_S + AFTER_S);
                let left = |level: f64| 100.0 * (level - contraction.rest) / height;
                (0..=COLUMNS).map(|at| curve.level_at(at_s(at)).map(left)).collect()
            })
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = Frame {
        x: Scale::new(-BEFORE_S, AFTER_S, 58.0, WIDTH - 10.0),
        y: Scale::new(-15.0, 115.0, HEIGHT - 36.0, 22.0),
    };
    svg.rect((frame.x.at_from, frame.y.at_to), (frame.x.at(0.0), frame.y.at_from), ink::WORK);
    svg.rect((frame.x.at(0.0), frame.y.at_to), (frame.x.at_to, frame.y.at_from), ink::REST);
    frame.left(&mut svg, words, words.get("picture.left-over"));
    let zero = frame.y.at(0.0);
    svg.line((frame.x.at_from, zero), (frame.x.at_to, zero), ink::AXIS, 1.0, "2 3");
    for line in &lines {
        for run in runs(line) {
            let places: Vec<(f64, f64)> = run
                .filter_map(|at| {
                    let at_s = -BEFORE_S + at as f64 / COLUMNS as f64 * (BEFORE_S + AFTER_S);
                    line[at].map(|left| (frame.x.at(at_s), frame.y.within(left)))
                })
                .collect();
            svg.path(&places, ink::LINE, 1.1);
        }
    }
    let cue = frame.x.at(0.0);
    svg.line((cue, frame.y.at_to), (cue, frame.y.at_from), ink::FOUND, 1.2, "4 2");
    let place = (cue, frame.y.at_to - 5.0);
    svg.text(place, SMALL, Anchor::Middle, ink::FOUND, words.get("picture.let-go"));
    let ticks = frame.x.seconds(7);
    frame.below(&mut svg, words, words.get("picture.time-from-cue"), &ticks);
    let title = words.get("picture.release");
    let key = format!("task.{}", task.name());
    let caption = words.fill(
        "picture.release-caption",
        &[("task", words.get(&key)), ("count", &lines.len().to_string())],
    );
    Some(Picture { name: "release", drawing: svg.finish(title), alt: title.to_owned(), caption })
}
