//! One repetition, enlarged.

use super::overview::{level_name, runs, unit_text};
use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::report::Report;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;

/// The representative repetition with onset, peak and offset; `None` where none was found.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words) -> Option<Picture> {
    let trial = report.representative()?;
    let curve = report.curve()?;
    let found = report.found()?;
    let (onset, offset) = report.contraction_s(trial)?;
    let (asked_from, asked_to) = report.seconds(trial.asked);
    let before = (0.25 * (offset - onset)).clamp(1.0, 4.0);
    let (from, to) =
        ((onset.min(asked_from) - before).max(0.0), offset.max(asked_to) + 1.5 * before);
    let columns = 380;
    let levels: Vec<Option<f64>> = (0..columns)
        .map(|at| curve.level_at(from + (f64::from(at) + 0.5) / f64::from(columns) * (to - from)))
        .collect();
    let highest = levels.iter().flatten().fold(0.0_f64, |most, level| most.max(*level));
    let lowest = levels.iter().flatten().fold(0.0_f64, |least, level| least.min(*level));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = Frame {
        x: Scale::new(from, to, 58.0, WIDTH - 10.0),
        y: Scale::new(lowest * 1.05, highest * 1.15, HEIGHT - 36.0, 32.0),
    };
    let (top, base) = (frame.y.at_to, frame.y.at_from);
    svg.rect((frame.x.within(asked_from), top), (frame.x.within(asked_to), base), ink::WORK);
    frame.left(&mut svg, words, &level_name(curve.kind, curve.unit.symbol(), words));
    let place = |at: usize, level: f64| {
        let at_s = from + (at as f64 + 0.5) / levels.len() as f64 * (to - from);
        (frame.x.at(at_s), frame.y.at(level))
    };
    for run in runs(&levels) {
        let places: Vec<(f64, f64)> =
            run.filter_map(|at| levels[at].map(|level| place(at, level))).collect();
        svg.path(&places, ink::LINE, 1.8);
    }
    for (at_s, key) in [(onset, "picture.onset"), (offset, "picture.offset")] {
        let x = frame.x.within(at_s);
        svg.line((x, top), (x, base), ink::FOUND, 1.2, "4 2");
        svg.text((x, top - 4.0), SMALL, Anchor::Middle, ink::FOUND, words.get(key));
    }
    let contraction =
        found.contractions.iter().find(|one| Some(one.onset) == trial.found.map(|of| of.onset));
    if let Some(one) = contraction {
        let rest_y = frame.y.within(one.rest);
        svg.line((frame.x.at_from, rest_y), (frame.x.at_to, rest_y), ink::AXIS, 1.0, "2 3");
        let text = format!(
            "{} {} {}",
            words.get("picture.rest"),
            words.number(one.rest),
            unit_text(curve.unit.symbol())
        );
        frame.key(&mut svg, 10.0, "2 3", &text);
    }
    frame.time(&mut svg, words, words.get("picture.time"));
    let title = words.get("picture.repetition");
    let task = format!("task.{}", trial.task.name());
    let caption = words.fill(
        "picture.repetition-caption",
        &[("task", words.get(&task)), ("trial", &trial.trial.to_string())],
    );
    Some(Picture { name: "repetition", drawing: svg.finish(title), alt: title.to_owned(), caption })
}
