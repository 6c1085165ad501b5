//! Rest against strength: where the person lies, how sure that is, and where people are expected.

use levator_score::{Axis, Finding};

use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::picture::overview::unit_text;
use crate::report::Report;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;

/// The plane; `None` unless both were measured and at least one has a bound.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words) -> Option<Picture> {
    let tone = report.assessment.finding(Axis::Tone);
    let strength = report.assessment.finding(Axis::Strength);
    let (x_value, y_value) = (tone.value?, strength.value?);
    tone.upper.or(tone.lower).or(strength.lower)?;
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = Frame {
        x: Scale::new(0.0, farthest(tone), 62.0, WIDTH - 12.0),
        y: Scale::new(0.0, farthest(strength), HEIGHT - 36.0, 14.0),
    };
    let (from, to) = (tone.lower.unwrap_or(0.0), tone.upper.unwrap_or(frame.x.to));
    let least = strength.lower.unwrap_or(0.0);
    let most = strength.upper.unwrap_or(frame.y.to);
    let corner = (frame.x.within(from), frame.y.within(most));
    let other = (frame.x.within(to), frame.y.within(least));
    svg.rect(corner, other, ink::REGION);
    frame.left(&mut svg, words, &name(strength, words));
    for (bound, is_upright) in
        [(tone.lower, true), (tone.upper, true), (strength.lower, false), (strength.upper, false)]
    {
        let Some(bound) = bound else { continue };
        let (one, two) = if is_upright {
            let x = frame.x.within(bound);
            ((x, frame.y.at_from), (x, frame.y.at_to))
        } else {
            let y = frame.y.within(bound);
            ((frame.x.at_from, y), (frame.x.at_to, y))
        };
        svg.line(one, two, ink::REGION_EDGE, 1.2, "5 3");
    }
    let middle = f64::midpoint(corner.0, other.0);
    svg.text(
        (middle, corner.1 + 13.0),
        SMALL,
        Anchor::Middle,
        "#3d6b4b",
        words.get("picture.expected"),
    );
    let (x, y) = (frame.x.within(x_value), frame.y.within(y_value));
    if let Some((low, high)) = tone.interval() {
        svg.line((frame.x.within(low), y), (frame.x.within(high), y), ink::LINE, 2.0, "");
    }
    if let Some((low, high)) = strength.interval() {
        svg.line((x, frame.y.within(low)), (x, frame.y.within(high)), ink::LINE, 2.0, "");
    }
    svg.disc((x, y), 5.5, ink::FOUND, ink::LINE);
    let ticks = frame.x.ticks(6);
    frame.below(&mut svg, words, &name(tone, words), &ticks);
    let title = words.get("picture.plane");
    Some(Picture {
        name: "plane",
        drawing: svg.finish(title),
        alt: title.to_owned(),
        caption: words.get("picture.plane-caption").to_owned(),
    })
}

/// End of an axis on which value, interval and bounds have room.
fn farthest(finding: &Finding) -> f64 {
    let all =
        [finding.value, finding.lower, finding.upper, finding.interval().map(|range| range.1)];
    1.2 * all.into_iter().flatten().fold(0.0_f64, f64::max)
}

fn name(finding: &Finding, words: &Words) -> String {
    let unit = unit_text(finding.unit.symbol().trim());
    let axis = words.said(finding.axis.text());
    if unit.is_empty() { axis } else { format!("{axis} ({unit})") }
}
