//! Curves to follow.

use crate::Millis;

/// The curve a person follows during one repetition, as a ratio: 0 is their rest, 1 is the
/// [`aim`](crate::Target::aim) of the target. Below 0 is letting go beyond rest.
///
/// Times are counted from the beginning of the repetition. In the rest after it the curve is at 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Template {
    /// No curve: the band of the target is all there is.
    #[default]
    None,
    /// Straight up, a plateau at 1, and straight down to 0 at the end of the repetition.
    Trapezoid {
        /// Length of the way up.
        rise: Millis,
        /// Length of the way down.
        fall: Millis,
    },
    /// Straight lines through these points, level before the first and after the last.
    Points(Vec<Point>),
}

/// A point of a [`Template`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Time from the beginning of the repetition.
    pub at: Millis,
    /// Level, -1 to 2.
    pub ratio: f64,
}

impl Template {
    /// Level `elapsed_s` after the beginning of a repetition of length `duration`; `None` without a
    /// curve. Times outside of the repetition count as its beginning and end.
    #[must_use]
    pub fn ratio_at(&self, elapsed_s: f64, duration: Millis) -> Option<f64> {
        let at = (elapsed_s * 1000.0).clamp(0.0, duration.0 as f64);
        match self {
            Self::None => None,
            Self::Trapezoid { rise, fall } => {
                let up = if rise.0 == 0 { 1.0 } else { at / rise.0 as f64 };
                let left = duration.0 as f64 - at;
                let down = if fall.0 == 0 { 1.0 } else { left / fall.0 as f64 };
                Some(up.min(down).min(1.0))
            }
            Self::Points(points) => {
                let next = points.partition_point(|point| point.at.0 as f64 <= at);
                let (before, after) = (points.get(next.wrapping_sub(1)), points.get(next));
                match (before, after) {
                    (Some(a), Some(b)) => {
                        let share = (at - a.at.0 as f64) / (b.at.0 - a.at.0) as f64;
                        Some(a.ratio + share * (b.ratio - a.ratio))
                    }
                    (Some(only), None) | (None, Some(only)) => Some(only.ratio),
                    (None, None) => None,
                }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "halves and quarters are exact")]
mod tests {
    use super::*;

    fn at(template: &Template, seconds: f64) -> f64 {
        template.ratio_at(seconds, Millis::from_secs(10)).expect("there is a curve")
    }

    #[test]
    fn a_trapezoid_rises_holds_and_falls() {
        let template =
            Template::Trapezoid { rise: Millis::from_secs(2), fall: Millis::from_secs(4) };
        let levels = [0.0, 1.0, 2.0, 5.0, 6.0, 8.0, 10.0, 99.0].map(|s| at(&template, s));
        assert_eq!(levels, [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0]);
        let square = Template::Trapezoid { rise: Millis::ZERO, fall: Millis::ZERO };
        assert_eq!([0.0, 5.0, 10.0].map(|s| at(&square, s)), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn points_are_joined_by_straight_lines() {
        let point = |s: u64, ratio| Point { at: Millis::from_secs(s), ratio };
        let template = Template::Points(vec![point(2, 0.0), point(4, 1.0), point(8, -0.5)]);
        let levels = [-3.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 9.0].map(|s| at(&template, s));
        assert_eq!(levels, [0.0, 0.0, 0.0, 0.5, 1.0, 0.25, -0.5, -0.5]);
    }

    #[test]
    fn two_points_at_one_moment_make_an_edge() {
        let point = |s: u64, ratio| Point { at: Millis::from_secs(s), ratio };
        let template = Template::Points(vec![point(0, 0.0), point(5, 0.0), point(5, 1.0)]);
        assert_eq!([4.999, 5.0, 6.0].map(|s| at(&template, s)), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn no_curve_has_no_level_and_odd_times_do_no_harm() {
        assert_eq!(Template::None.ratio_at(1.0, Millis::from_secs(2)), None);
        assert_eq!(Template::Points(Vec::new()).ratio_at(1.0, Millis::from_secs(2)), None);
        let template = Template::Trapezoid { rise: Millis(1), fall: Millis(1) };
        assert!(template.ratio_at(f64::NAN, Millis(2)).is_some());
    }
}
