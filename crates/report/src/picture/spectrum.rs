//! Frequencies of EMG in the longest contraction, and how their middle moves.

use levator_measure::{How, Quantity, Task};
use levator_signal::{SignalKind, Spectrum};

use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::report::Report;
use levator_catalog::lang::Words;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 205.0;
/// Frequencies that are drawn, Hz: those of surface EMG.
const HIGHEST_HZ: f64 = 500.0;

/// Density of the plateau of the longest held contraction, with its middle; `None` without EMG that is held
/// for three seconds.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words) -> Option<Picture> {
    let curve = report.curve().filter(|curve| curve.kind == SignalKind::Emg)?;
    let spans = report.trials().filter_map(|one| report.contraction_s(one));
    let (onset, offset) =
        spans.max_by(|one, other| (one.1 - one.0).total_cmp(&(other.1 - other.0)))?;
    let (from, to) = (onset + 0.5, offset - 0.5);
    let hz = curve.rate.hz();
    let window = hz.round() as usize;
    let samples = curve.samples(from, to).filter(|samples| samples.len() >= 2 * window)?;
    let mut spectrum =
        Spectrum::padded(window, window.next_power_of_two(), window / 2, curve.rate).ok()?;
    let mut sum: Vec<f64> = Vec::new();
    let mut medians: Vec<(f64, f64)> = Vec::new();
    let (mut count, mut width) = (0.0, 0.0);
    let values: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
    spectrum.process(&values, |at, density| {
        let bins = density.density();
        sum.resize(bins.len(), 0.0);
        sum.iter_mut().zip(bins).for_each(|(sum, value)| *sum += value);
        width = density.bin_hz();
        count += 1.0;
        let at_s = (at as f64 - 0.5 * hz) / hz;
        medians.extend(density.median_hz().map(|median| (from + at_s - onset, median)));
    });
    let end = ((HIGHEST_HZ.min(hz / 2.0) / width) as usize).min(sum.len());
    let highest = sum[..end].iter().fold(0.0_f64, |most, value| most.max(*value));
    if highest <= 0.0 || medians.len() < 2 {
        return None;
    }
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let left = Frame {
        x: Scale::new(0.0, end as f64 * width, 58.0, 262.0),
        y: Scale::new(0.0, 105.0, HEIGHT - 36.0, 14.0),
    };
    left.left(&mut svg, words, words.get("picture.density"));
    let places: Vec<(f64, f64)> = sum[..end]
        .iter()
        .enumerate()
        .map(|(at, value)| (left.x.at(at as f64 * width), left.y.at(100.0 * value / highest)))
        .collect();
    let mut shape = places.clone();
    shape.extend([(left.x.at_to, left.y.at_from), (left.x.at_from, left.y.at_from)]);
    svg.shape(&shape, ink::BAND);
    svg.path(&places, ink::LINE, 1.2);
    let ticks = left.x.ticks(4);
    left.below(&mut svg, words, "Hz", &ticks);
    let middle = medians.iter().map(|(_, median)| median).sum::<f64>() / medians.len() as f64;
    let x = left.x.within(middle);
    svg.line((x, left.y.at_to), (x, left.y.at_from), ink::FOUND, 1.4, "4 2");
    svg.text(
        (x + 4.0, left.y.at_to + 10.0),
        SMALL,
        Anchor::Start,
        ink::FOUND,
        words.get("picture.median"),
    );

    let most = medians.iter().fold(0.0_f64, |most, (_, median)| most.max(*median));
    let right = Frame {
        x: Scale::new(0.0, offset - onset, 306.0, WIDTH - 10.0),
        y: Scale::new(0.0, 1.25 * most, HEIGHT - 36.0, 14.0),
    };
    let ticks = right.y.ticks(4);
    for tick in &ticks {
        let y = right.y.at(*tick);
        svg.line((right.x.at_from, y), (right.x.at_to, y), ink::GRID, 0.8, "");
        let text = super::scale::tick_text(*tick, &ticks, words);
        svg.text((right.x.at_from - 5.0, y + 3.6), SMALL, Anchor::End, ink::AXIS, &text);
    }
    for (at_s, median) in &medians {
        svg.disc((right.x.within(*at_s), right.y.within(*median)), 2.4, ink::LINE, ink::LINE);
    }
    let ticks = right.x.seconds(3);
    right.below(&mut svg, words, words.get("picture.time"), &ticks);
    let title = words.get("picture.spectrum");
    let tasks = [Task::Endurance, Task::Hold, Task::Maximal];
    let slope = tasks.iter().find_map(|task| {
        report.measure(Quantity::MedianFrequencySlope, *task, &[How::Plain, How::Mean, How::Median])
    });
    let caption = match slope.and_then(|one| one.value) {
        Some(slope) => words.fill("picture.spectrum-slope", &[("slope", &words.number(slope))]),
        None => words.get("picture.spectrum-caption").to_owned(),
    };
    Some(Picture { name: "spectrum", drawing: svg.finish(title), alt: title.to_owned(), caption })
}
