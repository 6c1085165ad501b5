//! Axes: from values to places, with round numbers beside them.

use super::ink;
use super::svg::{Anchor, Svg};
use levator_catalog::lang::Words;

/// A linear axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Value at `at_from`.
    pub from: f64,
    /// Value at `at_to`.
    pub to: f64,
    /// Place of `from`.
    pub at_from: f64,
    /// Place of `to`.
    pub at_to: f64,
}

impl Scale {
    /// An axis of values from `from` to `to`; one without width, or that is not finite, gets some.
    #[must_use]
    pub fn new(from: f64, to: f64, at_from: f64, at_to: f64) -> Self {
        let from = if from.is_finite() { from } else { 0.0 };
        let to = if to.is_finite() && to > from { to } else { from + 1.0 };
        Self { from, to, at_from, at_to }
    }

    /// Place of a value.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        self.at_from + (value - self.from) / (self.to - self.from) * (self.at_to - self.at_from)
    }

    /// Place of a value, held within the axis.
    #[must_use]
    pub fn within(&self, value: f64) -> f64 {
        self.at(value.clamp(self.from, self.to))
    }

    /// Round values, about `count` of them.
    #[must_use]
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        let span = self.to - self.from;
        let rough = span / count.max(1) as f64;
        let power = 10_f64.powi(rough.log10().floor() as i32);
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|times| times * power)
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(10.0 * power);
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        (first..=last).take(100).map(|at| at as f64 * step).collect()
    }

    /// The same in whole seconds or minutes.
    #[must_use]
    pub fn seconds(&self, count: usize) -> Vec<f64> {
        let rough = (self.to - self.from) / count.max(1) as f64;
        let step =
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0]
                .into_iter()
                .find(|step| *step >= rough)
                .unwrap_or(3600.0);
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        (first..=last).take(100).map(|at| at as f64 * step).collect()
    }
}

/// A round value as it is written: no more digits than its step has.
pub(crate) fn tick_text(value: f64, ticks: &[f64], words: &Words) -> String {
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0);
    let decimals = if step >= 0.999 { 0 } else { (-step.log10()).ceil().clamp(0.0, 6.0) as usize };
    let value = if value.abs() < step * 1e-6 { 0.0 } else { value };
    words.localised(&format!("{value:.decimals$}"))
}

/// A frame with two axes: numbers, faint lines, names.
pub(crate) struct Frame {
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

/// Size of numbers and names in pictures.
pub(crate) const SMALL: f64 = 10.5;

impl Frame {
    /// Draws the axis to the left, with its name.
    pub(crate) fn left(&self, svg: &mut Svg, words: &Words, name: &str) {
        let ticks = self.y.ticks(4);
        for tick in &ticks {
            let y = self.y.at(*tick);
            svg.line((self.x.at_from, y), (self.x.at_to, y), ink::GRID, 0.8, "");
            let text = tick_text(*tick, &ticks, words);
            svg.text((self.x.at_from - 5.0, y + 3.6), SMALL, Anchor::End, ink::AXIS, &text);
        }
        let middle = f64::midpoint(self.y.at_from, self.y.at_to);
        svg.upright((12.0, middle), SMALL, ink::AXIS, name);
    }

    /// Says above the frame, to the right, what a broken line is. Within it, words would hide what is drawn.
    pub(crate) fn key(&self, svg: &mut Svg, y: f64, dash: &str, text: &str) {
        let end = self.x.at_to;
        svg.line((end - 22.0, y - 3.5), (end, y - 3.5), ink::AXIS, 1.2, dash);
        svg.text((end - 26.0, y), SMALL, Anchor::End, ink::AXIS, text);
    }

    /// Draws the axis of time below, with its name.
    pub(crate) fn time(&self, svg: &mut Svg, words: &Words, name: &str) {
        let ticks = self.x.seconds(10);
        self.below(svg, words, name, &ticks);
    }

    /// Draws the axis below, with its name.
    pub(crate) fn below(&self, svg: &mut Svg, words: &Words, name: &str, ticks: &[f64]) {
        let y = self.y.at_from;
        svg.line((self.x.at_from, y), (self.x.at_to, y), ink::AXIS, 1.0, "");
        for tick in ticks {
            let x = self.x.at(*tick);
            svg.line((x, y), (x, y + 3.0), ink::AXIS, 1.0, "");
            let text = tick_text(*tick, ticks, words);
            svg.text((x, y + 14.0), SMALL, Anchor::Middle, ink::AXIS, &text);
        }
        svg.text((self.x.at_to, y + 27.0), SMALL, Anchor::End, ink::AXIS, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_lie_within() {
        let scale = Scale::new(0.0, 37.0, 0.0, 100.0);
        assert_eq!(scale.ticks(4), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(
            Scale::new(0.0, 380.0, 0.0, 1.0).seconds(10),
            [0.0, 60.0, 120.0, 180.0, 240.0, 300.0, 360.0]
        );
        let words = Words::of(crate::Lang::En);
        assert_eq!(tick_text(0.5, &[0.0, 0.5], &words), "0.5");
        assert_eq!(tick_text(-20.0, &[-20.0, 0.0], &words), "\u{2212}20");
    }

    #[test]
    fn what_has_no_width_is_drawn_all_the_same() {
        for (from, to) in [(1.0, 1.0), (f64::NAN, 2.0), (3.0, f64::INFINITY), (5.0, 1.0)] {
            let scale = Scale::new(from, to, 0.0, 100.0);
            assert!(scale.at(scale.from).is_finite() && !scale.ticks(4).is_empty());
        }
    }
}
