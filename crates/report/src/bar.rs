//! A bar that shows where a value lies with respect to what is expected.

use levator_score::{Axis, Finding};

use crate::picture::{Scale, Svg, ink};
use levator_catalog::lang::Words;

/// The bar of a finding, without numbers; `None` without a bound.
#[must_use]
pub(crate) fn of(finding: &Finding, words: &Words) -> Option<Svg> {
    let value = finding.value?;
    let (lower, upper) = (finding.lower, finding.upper);
    let farthest = [Some(value), lower, upper, finding.interval().map(|range| range.1)];
    let end = 1.15 * farthest.into_iter().flatten().fold(0.0_f64, f64::max);
    if end <= 0.0 || lower.is_none() && upper.is_none() {
        return None;
    }
    let mut svg = Svg::new(200.0, 30.0);
    let x = Scale::new(0.0, end, 4.0, 196.0);
    svg.rect((4.0, 9.0), (196.0, 21.0), ink::GRID);
    let (from, to) = match finding.axis {
        Axis::Strength | Axis::Endurance => (lower.unwrap_or(0.0), end),
        _ => (lower.unwrap_or(0.0), upper.unwrap_or(end)),
    };
    svg.rect((x.within(from), 9.0), (x.within(to), 21.0), ink::REGION);
    for bound in [lower, upper].into_iter().flatten() {
        svg.line((x.within(bound), 6.0), (x.within(bound), 24.0), ink::REGION_EDGE, 1.4, "");
    }
    if let Some((low, high)) = finding.interval() {
        svg.line((x.within(low), 15.0), (x.within(high), 15.0), ink::LINE, 2.2, "");
    }
    svg.disc((x.within(value), 15.0), 4.6, ink::LINE, "#ffffff");
    Some(svg.finish(words.get("card.bar")))
}
