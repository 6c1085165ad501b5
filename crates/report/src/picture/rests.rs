//! The level of every rest: before, between and after.

use levator_measure::{Measure, Quantity, Task, Validity};

use super::overview::level_name;
use super::scale::Frame;
use super::svg::Svg;
use super::{Picture, Scale, ink};
use crate::report::Report;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;

/// A point for each rest, where it lies in the visit; `None` for fewer than two.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words) -> Option<Picture> {
    let found = report.found()?;
    let is_rest = |one: &&Measure| {
        let is_of = one.channel == report.channel && one.quantity == Quantity::RestLevel;
        is_of && one.value.is_some() && one.validity != Validity::Invalid
    };
    let of = || report.summary.measures.iter().filter(is_rest);
    let rests: Vec<&Measure> = of().filter(|one| one.trial.is_some()).collect();
    if rests.len() < 2 {
        return None;
    }
    let before = of().find(|one| one.task == Task::RestBefore && one.trial.is_none());
    let value = |one: &Measure| one.value.unwrap_or(0.0);
    let error = |one: &Measure| one.sem.unwrap_or(0.0);
    let highest = rests.iter().fold(0.0_f64, |most, one| most.max(value(one) + error(one)));
    let lowest = rests.iter().fold(0.0_f64, |least, one| least.min(value(one) - error(one)));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = Frame {
        x: Scale::new(0.0, report.duration_s(), 58.0, WIDTH - 10.0),
        y: Scale::new(lowest * 1.1, highest * 1.15, HEIGHT - 36.0, 22.0),
    };
    for phase in report.phases() {
        if let Some(fill) = super::overview::ground(phase.kind, phase.part) {
            let (from, to) = (frame.x.within(phase.from_s), frame.x.within(phase.to_s));
            svg.rect((from, frame.y.at_to), (to, frame.y.at_from), fill);
        }
    }
    frame.left(&mut svg, words, &level_name(found.kind, found.unit.symbol(), words));
    if let Some(before) = before {
        let y = frame.y.within(value(before));
        svg.line((frame.x.at_from, y), (frame.x.at_to, y), ink::AXIS, 1.2, "5 3");
        frame.key(&mut svg, frame.y.at_to - 6.0, "5 3", words.get("task.rest-before"));
    }
    for one in &rests {
        let (from, to) = report.seconds(one.span);
        let x = frame.x.within(f64::midpoint(from, to));
        let y = |level: f64| frame.y.within(level);
        let (low, high) = (value(one) - error(one), value(one) + error(one));
        svg.line((x, y(low)), (x, y(high)), ink::LINE, 1.2, "");
        let fill = if one.validity == Validity::Valid { ink::LINE } else { "#ffffff" };
        svg.disc((x, y(value(one))), 3.6, fill, ink::LINE);
    }
    frame.time(&mut svg, words, words.get("picture.time"));
    let title = words.get("picture.rests");
    Some(Picture {
        name: "rests",
        drawing: svg.finish(title),
        alt: title.to_owned(),
        caption: words.get("picture.rests-caption").to_owned(),
    })
}
