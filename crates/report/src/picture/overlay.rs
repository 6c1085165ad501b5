//! All repetitions of one kind over each other, aligned where they begin.

use levator_measure::Validity;

use super::overview::{level_name, runs};
use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::report::Report;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;
const COLUMNS: usize = 220;

/// The repetitions that count, their mean, and one standard deviation to either side; `None` for fewer than
/// two.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words) -> Option<Picture> {
    let curve = report.curve()?;
    let task = report.representative()?.task;
    let spans: Vec<(f64, f64)> = report
        .trials()
        .filter(|one| one.task == task && one.validity != Validity::Invalid)
        .filter_map(|one| report.contraction_s(one))
        .collect();
    if spans.len() < 2 {
        return None;
    }
    let longest = spans.iter().fold(0.0_f64, |most, (from, to)| most.max(to - from));
    // What runs together with the next is shown as long as it was asked for, and a little longer.
    let asked = report.trials().filter(|one| one.task == task).map(|one| report.seconds(one.asked));
    let asked = asked.fold(0.0_f64, |most, (from, to)| most.max(to - from));
    let longest = longest.min(1.3 * asked + 1.0);
    let before = (0.2 * longest).clamp(0.5, 3.0);
    let (from, to) = (-before, longest + before);
    let at_s = |column: usize| from + (column as f64 + 0.5) / COLUMNS as f64 * (to - from);
    let levels: Vec<Vec<Option<f64>>> = spans
        .iter()
        .map(|(onset, _)| (0..COLUMNS).map(|at| curve.level_at(onset + at_s(at))).collect())
        .collect();
    let bands: Vec<Option<(f64, f64)>> = (0..COLUMNS).map(|at| mean_and_sd(&levels, at)).collect();
    let all = || levels.iter().flatten().flatten();
    let highest = all().fold(0.0_f64, |most, level| most.max(*level));
    let lowest = all().fold(0.0_f64, |least, level| least.min(*level));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = Frame {
        x: Scale::new(from, to, 58.0, WIDTH - 10.0),
        y: Scale::new(lowest * 1.05, highest * 1.1, HEIGHT - 36.0, 22.0),
    };
    frame.left(&mut svg, words, &level_name(curve.kind, curve.unit.symbol(), words));
    let place = |at: usize, level: f64| (frame.x.at(at_s(at)), frame.y.within(level));
    for run in runs(&bands) {
        let edge = |side: f64| {
            let bands = &bands;
            run.clone().filter_map(move |at| bands[at].map(|(mean, sd)| (at, mean + side * sd)))
        };
        let upper = edge(1.0).map(|(at, level)| place(at, level));
        let mut lower: Vec<(f64, f64)> = edge(-1.0).map(|(at, level)| place(at, level)).collect();
        lower.reverse();
        let shape: Vec<(f64, f64)> = upper.chain(lower).collect();
        svg.shape(&shape, ink::BAND);
    }
    for levels in &levels {
        for run in runs(levels) {
            let places: Vec<(f64, f64)> =
                run.filter_map(|at| levels[at].map(|level| place(at, level))).collect();
            svg.path(&places, ink::FAINT, 0.7);
        }
    }
    for run in runs(&bands) {
        let places: Vec<(f64, f64)> =
            run.filter_map(|at| bands[at].map(|(mean, _)| place(at, mean))).collect();
        svg.path(&places, ink::LINE, 2.4);
    }
    let onset = frame.x.at(0.0);
    svg.line((onset, frame.y.at_to), (onset, frame.y.at_from), ink::FOUND, 1.2, "4 2");
    svg.text(
        (onset, frame.y.at_to - 5.0),
        SMALL,
        Anchor::Middle,
        ink::FOUND,
        words.get("picture.onset"),
    );
    frame.time(&mut svg, words, words.get("picture.time-from-onset"));
    let title = words.get("picture.overlay");
    let key = format!("task.{}", task.name());
    let caption = words.fill(
        "picture.overlay-caption",
        &[("task", words.get(&key)), ("count", &spans.len().to_string())],
    );
    Some(Picture { name: "overlay", drawing: svg.finish(title), alt: title.to_owned(), caption })
}

/// Of a column, over the repetitions that have it; `None` for fewer than two.
fn mean_and_sd(levels: &[Vec<Option<f64>>], at: usize) -> Option<(f64, f64)> {
    let all: Vec<f64> = levels.iter().filter_map(|one| one[at]).collect();
    let count = all.len() as f64;
    if count < 2.0 {
        return None;
    }
    let mean = all.iter().sum::<f64>() / count;
    let squares: f64 = all.iter().map(|level| (level - mean).powi(2)).sum();
    Some((mean, (squares / (count - 1.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_of_those_that_are_there() {
        let levels = [vec![Some(1.0), None], vec![Some(3.0), Some(2.0)]];
        assert_eq!(mean_and_sd(&levels, 0), Some((2.0, 2.0_f64.sqrt())));
        assert_eq!(mean_and_sd(&levels, 1), None);
    }
}
