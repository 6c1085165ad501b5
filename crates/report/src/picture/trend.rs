//! A measure over visits, on the ground of what chance alone may do.

use levator_score::{Limit, Size, Trend};

use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::progress::Followed;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;

/// Names of the pictures, in the order of what is followed.
const NAMES: [&str; 4] = ["trend-1", "trend-2", "trend-3", "trend-4"];

/// A point for each visit and, around the first, the band in which a change cannot be told from chance;
/// `None` for fewer than two values.
#[must_use]
pub fn picture(place: usize, measure: &Followed, words: &Words) -> Option<Picture> {
    let points: Vec<(usize, f64)> = measure
        .values
        .iter()
        .enumerate()
        .filter_map(|(at, value)| Some((at + 1, (*value)?)))
        .collect();
    if points.len() < 2 {
        return None;
    }
    let band = band(measure, points[0].1);
    let values =
        || points.iter().map(|one| one.1).chain(band.into_iter().flat_map(|(a, b)| [a, b]));
    let (lowest, highest) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let count = measure.values.len() as f64;
    let frame = Frame {
        x: Scale::new(0.5, count + 0.5, 58.0, WIDTH - 10.0),
        y: Scale::new(lowest * 1.1, highest * 1.15, HEIGHT - 36.0, 22.0),
    };
    if let Some((low, high)) = band {
        let (low, high) = (frame.y.within(low), frame.y.within(high));
        svg.rect((frame.x.at_from, low), (frame.x.at_to, high), ink::BAND);
    }
    let unit = measure.printed_unit();
    let axis = match unit.as_str() {
        "" => words.get("picture.level").to_owned(),
        unit => unit.to_owned(),
    };
    frame.left(&mut svg, words, &axis);
    let places: Vec<(f64, f64)> =
        points.iter().map(|(at, value)| (frame.x.at(*at as f64), frame.y.within(*value))).collect();
    svg.path(&places, ink::LINE, 1.4);
    let is_named = measure.change.as_ref().is_some_and(|change| {
        matches!(change.trend, Trend::Improved | Trend::Worse | Trend::Changed)
    });
    for (index, (point, (_, value))) in places.iter().zip(&points).enumerate() {
        let is_last = index + 1 == places.len();
        let fill = if is_last && is_named { ink::FOUND } else { ink::LINE };
        svg.disc(*point, 4.0, fill, "#ffffff");
        if index == 0 || is_last {
            let above = (point.0, point.1 - 8.0);
            svg.bold(above, SMALL, Anchor::Middle, ink::TEXT, &words.number(*value));
        }
    }
    let ticks = frame.x.ticks(10);
    let ticks: Vec<f64> =
        ticks.into_iter().filter(|tick| tick.fract() == 0.0 && *tick >= 1.0).collect();
    frame.below(&mut svg, words, words.get("progress.visit"), &ticks);
    let title = measure.name(words);
    Some(Picture {
        name: NAMES.get(place).copied().unwrap_or("trend"),
        drawing: svg.finish(&title),
        alt: title.clone(),
        caption: words.named(&title, &caption(measure, band, words)),
    })
}

/// From where to where nothing can be told from chance.
fn band(measure: &Followed, first: f64) -> Option<(f64, f64)> {
    let change = measure.change.as_ref()?;
    match change.mdc? {
        Size::Absolute(size) => Some((first - size, first + size)),
        Size::Relative(ratio) => Some((first * (-ratio).exp(), first * ratio.exp())),
    }
}

fn caption(measure: &Followed, band: Option<(f64, f64)>, words: &Words) -> String {
    let limit = measure.change.as_ref().and_then(|change| change.limit.as_ref());
    match (band, limit) {
        (Some(_), Some(Limit::Reference(id))) => words.fill("progress.band", &[("reference", id)]),
        (Some(_), _) => words.get("progress.band-visits").to_owned(),
        (None, _) => words.get("progress.no-band").to_owned(),
    }
}
