//! Pressure over sensor and time, of an array of sensors.

use super::scale::{Frame, SMALL, tick_text};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::picture::overview::unit_text;
use crate::report::PhaseSpan;
use levator_catalog::lang::Words;

/// Pressures of an array, in equal steps of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Names of the sensors, as they are drawn from top to bottom.
    pub sensors: Vec<String>,
    /// Seconds from one column to the next.
    pub step_s: f64,
    /// Unit of the values.
    pub unit: String,
    /// Columns of one value for each sensor; not a number where it is missing.
    pub columns: Vec<Vec<f32>>,
}

const WIDTH: f64 = 720.0;
const ROW: f64 = 15.0;
/// Columns that are drawn at the most, each the mean of what lies in it.
const MOST_COLUMNS: usize = 360;
/// Steps of the colours: finer is not told apart.
const STEPS: usize = 24;

/// From dark to light, so that a copy in greys keeps the order: blue, green, yellow.
const COLOURS: [(f64, [f64; 3]); 5] = [
    (0.0, [20.0, 24.0, 70.0]),
    (0.25, [34.0, 88.0, 140.0]),
    (0.5, [45.0, 150.0, 130.0]),
    (0.75, [150.0, 205.0, 80.0]),
    (1.0, [253.0, 240.0, 120.0]),
];

/// The colour of a share of the range, 0 to 1.
fn colour(share: f64) -> String {
    let share = share.clamp(0.0, 1.0);
    let after = COLOURS.iter().position(|(at, _)| *at >= share).unwrap_or(COLOURS.len() - 1);
    let (low, one) = COLOURS[after.saturating_sub(1)];
    let (high, two) = COLOURS[after];
    let part = if high > low { (share - low) / (high - low) } else { 0.0 };
    let mix = |at: usize| (one[at] + part * (two[at] - one[at])).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2))
}

/// The map of a visit, with what was asked for above it; `None` for an empty array.
#[must_use]
pub fn picture(grid: &Grid, phases: &[PhaseSpan], words: &Words) -> Option<Picture> {
    let rows = grid.sensors.len();
    if rows == 0 {
        return None;
    }
    let finite = grid.columns.iter().flatten().copied().filter(|value| value.is_finite());
    let mut finite: Vec<f32> = finite.collect();
    finite.sort_unstable_by(f32::total_cmp);
    // A balloon that is blown up would leave no colours for the anal canal.
    let highest = *finite.get((finite.len().saturating_sub(1)) * 98 / 100)?;
    // Below zero is drift of a sensor, and no pressure that is looked for.
    let range = Scale::new(0.0, f64::from(highest.max(1.0)), 0.0, 1.0);
    let end_s = grid.columns.len() as f64 * grid.step_s;
    let (top, base) = (24.0, 24.0 + rows as f64 * ROW);
    let mut svg = Svg::new(WIDTH, base + 36.0);
    let frame = Frame {
        x: Scale::new(0.0, end_s, 58.0, WIDTH - 62.0),
        y: Scale::new(0.0, rows as f64, base, top),
    };
    let per = grid.columns.len().div_ceil(MOST_COLUMNS);
    let columns: Vec<&[Vec<f32>]> = grid.columns.chunks(per).collect();
    for (row, name) in grid.sensors.iter().enumerate() {
        let y = top + row as f64 * ROW;
        svg.text((53.0, y + 11.0), SMALL, Anchor::End, ink::AXIS, name);
        let step = |column: &[Vec<f32>]| -> Option<usize> {
            let of = column.iter().filter_map(|one| one.get(row)).filter(|value| value.is_finite());
            let (sum, count) =
                of.fold((0.0, 0.0), |(sum, count), one| (sum + f64::from(*one), count + 1.0));
            (count > 0.0).then(|| (range.within(sum / count) * STEPS as f64).round() as usize)
        };
        let steps: Vec<Option<usize>> = columns.iter().map(|column| step(column)).collect();
        let mut from = 0;
        for at in 1..=steps.len() {
            if at < steps.len() && steps[at] == steps[from] {
                continue;
            }
            if let Some(step) = steps[from] {
                let x = |column: usize| frame.x.within((column * per) as f64 * grid.step_s);
                // A hair wider, so that no ground shines through between two.
                let corner = (x(at) + 0.3, y + ROW + 0.3);
                svg.rect((x(from), y), corner, &colour(step as f64 / STEPS as f64));
            }
            from = at;
        }
    }
    names(&mut svg, &frame, phases, words);
    frame.time(&mut svg, words, words.get("picture.time"));
    legend(&mut svg, &range, (top, base), &grid.unit, words);
    let middle = f64::midpoint(top, base);
    svg.upright((12.0, middle), SMALL, ink::AXIS, words.get("picture.sensor"));
    let title = words.get("picture.colour");
    Some(Picture {
        name: "colour",
        drawing: svg.finish(title),
        alt: title.to_owned(),
        caption: words.get("picture.colour-caption").to_owned(),
    })
}

/// What was asked for, as a bar above with its name where there is room.
fn names(svg: &mut Svg, frame: &Frame, phases: &[PhaseSpan], words: &Words) {
    for phase in phases {
        let Some(fill) = super::overview::ground(phase.kind, phase.part) else { continue };
        let (from, to) = (frame.x.within(phase.from_s), frame.x.within(phase.to_s));
        svg.rect((from, 18.0), (to, 22.0), if fill == ink::REST { ink::FAINT } else { ink::FOUND });
        let key = format!("phase.{}", phase.kind.name());
        let name = words.get(&key);
        if to - from > 4.6 * name.chars().count() as f64 {
            svg.text((f64::midpoint(from, to), 14.0), 9.0, Anchor::Middle, ink::TEXT, name);
        }
    }
}

fn legend(svg: &mut Svg, range: &Scale, (top, base): (f64, f64), unit: &str, words: &Words) {
    let (x, to_x) = (WIDTH - 50.0, WIDTH - 40.0);
    let height = (base - top) / STEPS as f64;
    for step in 0..STEPS {
        let y = base - step as f64 * height;
        svg.rect((x, y), (to_x, y - height - 0.3), &colour(step as f64 / (STEPS - 1) as f64));
    }
    let ticks = range.ticks(4);
    for tick in &ticks {
        let y = base - range.at(*tick) * (base - top);
        svg.text(
            (to_x + 4.0, y + 3.6),
            SMALL,
            Anchor::Start,
            ink::AXIS,
            &tick_text(*tick, &ticks, words),
        );
    }
    svg.text((WIDTH - 2.0, top - 8.0), SMALL, Anchor::End, ink::AXIS, &unit_text(unit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_pressure_is_lighter_in_greys_too() {
        let grey = |share: f64| {
            let text = colour(share);
            let part = |at: usize| {
                f64::from(u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"))
            };
            0.299 * part(1) + 0.587 * part(3) + 0.114 * part(5)
        };
        let greys: Vec<f64> = (0..=20).map(|at| grey(f64::from(at) / 20.0)).collect();
        assert!(greys.windows(2).all(|pair| pair[0] < pair[1]), "{greys:?}");
    }

    #[test]
    fn what_is_missing_is_not_drawn() {
        let words = Words::of(crate::Lang::En);
        let grid = |columns: Vec<Vec<f32>>| Grid {
            sensors: vec!["1".to_owned(), "2".to_owned()],
            step_s: 1.0,
            unit: "mmHg".to_owned(),
            columns,
        };
        assert!(picture(&grid(Vec::new()), &[], &words).is_none());
        assert!(picture(&grid(vec![vec![f32::NAN; 2]; 3]), &[], &words).is_none());
        let count = |columns| {
            let svg =
                picture(&grid(columns), &[], &words).expect("it has values").drawing.element();
            svg.matches("<rect").count()
        };
        let legend = STEPS;
        assert_eq!(count(vec![vec![5.0, 50.0]; 3]), legend + 2);
        assert_eq!(count(vec![vec![5.0, f32::NAN]; 3]), legend + 1);
    }
}
