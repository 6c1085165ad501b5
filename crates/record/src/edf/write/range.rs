//! Physical ranges in the eight characters that a header has for each of their ends.

use levator_signal::Calibration;

use crate::edf::Variant;
use crate::edf::field;

/// Characters of a number in a header.
const WIDTH: usize = 8;

/// Largest physical value of a header that is written. Our choice: far beyond every sensor, and whole
/// numbers up to it are exact.
const LARGEST: f64 = 1e15;

/// Narrowest range that is chosen. Our choice: far below every sensor.
const NARROWEST: f64 = 1e-30;

/// How much wider than the values a range in plain decimals may be before one with an exponent is
/// taken: an eighth costs a sixth of a bit. Other programs read both; people read the first.
const WIDENING: f64 = 1.125;

/// Which values the codes of a signal stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// All codes, from just below `low` to just above `high`. Where the range is about as wide on both
    /// sides of zero it is made symmetric, so that zero has a code of its own.
    Values {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Exactly these, so that codes of a converter or of another file are kept as they are.
    Codes {
        /// Values of the smallest and the largest code. Each must have a text of eight characters.
        physical: (f64, f64),
        /// Smallest and largest code.
        digital: (i32, i32),
    },
}

impl Range {
    /// The range in which each whole code from `codes.0` to `codes.1` keeps its number, if `variant` has
    /// codes for them and both ends a text of eight characters.
    #[must_use]
    pub fn of_codes(variant: Variant, calibration: Calibration, codes: (f64, f64)) -> Option<Self> {
        let (lowest, highest) = variant.code_range();
        let holds = |code: f64| {
            code.fract() == 0.0 && code >= f64::from(lowest) && code <= f64::from(highest)
        };
        let (low, high) = codes;
        if !(low < high && holds(low) && holds(high)) {
            return None;
        }
        let physical = (nearest(calibration.apply(low))?, nearest(calibration.apply(high))?);
        // A text may differ from the value by its rounding alone, not by a part of a code.
        let slack = 1e-9 * calibration.scale.abs();
        let fits = |text: f64, code: f64| (text - calibration.apply(code)).abs() <= slack;
        (fits(physical.0, low) && fits(physical.1, high) && physical.0 < physical.1)
            .then_some(Self::Codes { physical, digital: (low as i32, high as i32) })
    }

    /// The range in which each whole code from `codes.0` to `codes.1` keeps its number, whatever its ends
    /// are: where these have no text of eight characters, values are off by the rounding of the text, a
    /// millionth or less of the range. `None` if `variant` has no codes for them, or the scale is negative.
    #[must_use]
    pub fn keeping_codes(
        variant: Variant,
        calibration: Calibration,
        codes: (f64, f64),
    ) -> Option<Self> {
        let (lowest, highest) = variant.code_range();
        let holds = |code: f64| {
            code.fract() == 0.0 && code >= f64::from(lowest) && code <= f64::from(highest)
        };
        let (low, high) = codes;
        if !(low < high && holds(low) && holds(high)) {
            return None;
        }
        let physical = (nearest(calibration.apply(low))?, nearest(calibration.apply(high))?);
        let digital = (low as i32, high as i32);
        (physical.0 < physical.1).then_some(Self::Codes { physical, digital })
    }

    /// The texts of the header and the codes, or the number that has no text.
    pub(crate) fn texts(self, variant: Variant) -> Result<([String; 2], (i32, i32)), f64> {
        match self {
            Self::Codes { physical: (low, high), digital } => {
                Ok(([exact(low).ok_or(low)?, exact(high).ok_or(high)?], digital))
            }
            Self::Values { low, high } => {
                let [low, high] = around(low, high);
                let (lowest, highest) = variant.code_range();
                // With as many codes on both sides, zero is one of them.
                let symmetric = (value(&low) + value(&high)).abs() <= 0.0;
                Ok(([low, high], (if symmetric { -highest } else { lowest }, highest)))
            }
        }
    }
}

/// Texts of the narrowest range that holds all from `low` to `high`.
fn around(low: f64, high: f64) -> [String; 2] {
    let (mut low, mut high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
    // Also where one of them is no number.
    if !matches!(low.partial_cmp(&high), Some(core::cmp::Ordering::Less)) {
        let only = if low.total_cmp(&high).is_eq() && !low.is_nan() { low } else { 0.0 };
        // A thousandth wide, so that a constant keeps its digits.
        let width = if only.abs() > 0.0 { 1e-3 * only.abs() } else { 1.0 };
        (low, high) = (only, only + width);
    }
    if high - low < NARROWEST {
        high = low + NARROWEST;
    }
    if low < 0.0 && high > 0.0 && (-low).max(high) <= 2.0 * (-low).min(high) {
        high = high.max(-low);
        low = -high;
    }
    let ends = |text: fn(f64, bool) -> Option<String>| Some([text(low, false)?, text(high, true)?]);
    let width = |texts: &[String; 2]| value(&texts[1]) - value(&texts[0]);
    let plain = ends(plain);
    if let Some(texts) = &plain
        && width(texts) <= WIDENING * (high - low)
    {
        return texts.clone();
    }
    let all = [plain, ends(with_exponent)].into_iter().flatten();
    all.filter(|texts| width(texts) > 0.0)
        .min_by(|one, other| width(one).total_cmp(&width(other)))
        .unwrap_or_else(|| ["-1e15".to_owned(), "1e15".to_owned()])
}

fn value(text: &str) -> f64 {
    field::decimal(text.as_bytes()).map_or(f64::NAN, |number| number.value)
}

/// The shortest text that is the very number, if it fits.
fn exact(number: f64) -> Option<String> {
    let is_same = |text: &String| {
        text.len() <= WIDTH && number.is_finite() && value(text).to_bits() == number.to_bits()
    };
    // A negative zero is a zero.
    let number = number + 0.0;
    [format!("{number}"), format!("{number:e}")].into_iter().find(is_same)
}

/// The number of eight characters that is nearest to `number`.
fn nearest(number: f64) -> Option<f64> {
    let all = [plain(number, false), plain(number, true)].into_iter().flatten();
    let all = all.map(|text| value(&text));
    all.min_by(|one, other| (one - number).abs().total_cmp(&(other - number).abs()))
}

/// The nearest text in plain decimals that is not above (or below) `number`.
fn plain(number: f64, up: bool) -> Option<String> {
    if let Some(text) = exact(number).filter(|text| !text.contains('e')) {
        return Some(text);
    }
    (0..=6).rev().find_map(|decimals| {
        let step = 10_f64.powi(-decimals);
        let text = |number: f64| format!("{number:.*}", decimals as usize);
        let found = towards(number, step, up, text)?;
        let short = match found.contains('.') {
            true => found.trim_end_matches('0').trim_end_matches('.'),
            false => &found,
        };
        let short = if short == "-0" { "0" } else { short };
        (short.len() <= WIDTH).then(|| short.to_owned())
    })
}

/// The same with an exponent.
fn with_exponent(number: f64, up: bool) -> Option<String> {
    if let Some(text) = exact(number) {
        return Some(text);
    }
    (0..=4).rev().find_map(|decimals| {
        let text = |number: f64| format!("{number:.*e}", decimals as usize);
        let step = 10_f64.powi(number.abs().log10().floor() as i32 - decimals);
        towards(number, step, up, text).filter(|text| text.len() <= WIDTH)
    })
}

/// `text` of `number`, or of its neighbour one step on, whichever lies on the right side.
fn towards(number: f64, step: f64, up: bool, text: impl Fn(f64) -> String) -> Option<String> {
    let lies_right = |text: &String| {
        let found = value(text);
        if up { found >= number } else { found <= number }
    };
    let aside = if up { number + step } else { number - step };
    [text(number), text(aside)].into_iter().find(lies_right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_readable_where_they_can_be() {
        for (low, high, texts) in [
            (-100.0, 100.0, ["-100", "100"]),
            (-61.3, 99.123_456_789, ["-99.1235", "99.12346"]),
            (0.0, 80.25, ["0", "80.25"]),
            (-3.0, 80.0, ["-3", "80"]),
            (-1e-6, 1e-6, ["-1e-6", "0.000001"]),
            (0.0, 0.0, ["0", "1"]),
            (5.5, 5.5, ["5.5", "5.5055"]),
            (f64::NAN, 3.0, ["0", "1"]),
            (f64::NEG_INFINITY, f64::INFINITY, ["-1e15", "1e15"]),
            (1e6, 1e6 + 1e-6, ["1000000", "1000001"]),
        ] {
            assert_eq!(around(low, high), texts, "{low} to {high}");
        }
    }

    #[test]
    fn a_range_of_codes_keeps_codes_or_is_none() {
        let calibration = Calibration { scale: 0.1, offset_counts: 2048.0 };
        let range = Range::of_codes(Variant::Edf, calibration, (0.0, 4095.0));
        let physical = (-204.8, 204.7);
        assert_eq!(range, Some(Range::Codes { physical, digital: (0, 4095) }));
        assert_eq!(Range::of_codes(Variant::Edf, calibration, (0.0, 70_000.0)), None);
        assert_eq!(Range::of_codes(Variant::Edf, calibration, (0.5, 4095.0)), None);
        let odd = Calibration { scale: 0.012_345_678_9, offset_counts: 0.0 };
        assert_eq!(Range::of_codes(Variant::Bdf, odd, (0.0, 4095.0)), None);
    }

    proptest! {
        #[test]
        fn texts_fit_and_hold_all_values(
            middle in -1e6_f64..1e6,
            exponent in -12.0_f64..12.0,
        ) {
            let half = 10_f64.powf(exponent);
            for (low, high) in [(middle - half, middle + half), (-half, half), (-0.1 * half, half)] {
                let [first, last] = around(low, high);
                prop_assert!(first.len() <= WIDTH && last.len() <= WIDTH, "{first} {last}");
                prop_assert!(value(&first) <= low && value(&last) >= high, "{first} {last}");
                // What eight characters cannot tell apart from the middle is the only excuse.
                let coarse = (middle.abs() * 1e-3).max(1.4 * (high - low));
                prop_assert!(value(&last) - value(&first) <= 2.0 * coarse, "{first} {last}");
            }
        }
    }
}
