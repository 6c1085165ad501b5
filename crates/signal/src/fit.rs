//! A calibration from codes that were measured at known values.

use core::fmt;

use crate::calibration::Calibration;
use crate::steady::Level;
use crate::unit::Unit;

/// A known value and the codes that were measured while it was held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// What was applied, in the unit of the channel.
    pub reference: f64,
    /// What the converter said, in counts.
    pub codes: Level,
}

/// How codes follow what is measured, as far as the construction of the sensor tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Polarity {
    /// Codes rise with the value.
    Rising,
    /// Codes fall as the value rises.
    Falling,
    /// Not known: either is accepted.
    Either,
}

/// A calibration, and what it stands on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationFit {
    /// Scale and offset.
    pub calibration: Calibration,
    /// Unit of the calibrated values.
    pub unit: Unit,
    /// Points it was made from.
    pub point_count: usize,
    /// Samples in all points.
    pub sample_count: u64,
    /// Largest standard deviation of the samples of a point, in counts.
    pub spread_counts: f64,
    /// Standard error of the scale over the scale, from the errors of the points. A fault of the
    /// reference itself is not in it.
    pub scale_error_ratio: f64,
    /// Largest distance of a point from the line, in the unit of the channel; zero for two points. It
    /// shows a sensor that is not linear.
    pub residual: f64,
    /// Lowest and highest reference: outside of them the line is a guess.
    pub reference_range: (f64, f64),
}

/// The points make no calibration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CalibrationError {
    /// A line needs two points.
    TooFewPoints {
        /// Points that were given.
        point_count: usize,
    },
    /// A value or a code is not a finite number, or is so large that its products are not.
    NotFinite,
    /// All references are the same: apply another value.
    EqualReferences {
        /// The only reference.
        reference: f64,
    },
    /// The codes do not differ by more than their noise: is the probe connected, and was another value
    /// applied?
    EqualCodes {
        /// How far apart the codes of the extreme references are, in counts.
        difference_counts: f64,
        /// Three standard errors of that difference, in counts.
        error_counts: f64,
    },
    /// The codes move against the known [`Polarity`]: references swapped, or leads.
    WrongSign {
        /// The scale that the points give, in the unit of the channel for a count.
        scale: f64,
    },
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewPoints { point_count } => {
                write!(f, "{point_count} points are too few for a line")
            }
            Self::NotFinite => f.write_str("a value or a code is not a finite number"),
            Self::EqualReferences { reference } => {
                write!(f, "all references are {reference}")
            }
            Self::EqualCodes { difference_counts, error_counts } => write!(
                f,
                "codes are {difference_counts} counts apart, with an error of {error_counts} counts"
            ),
            Self::WrongSign { scale } => {
                write!(f, "scale of {scale} has the sign that this sensor cannot have")
            }
        }
    }
}

impl core::error::Error for CalibrationError {}

/// The line through two points.
///
/// # Errors
///
/// [`CalibrationError`], as for [`fit`].
pub fn two_point(
    one: Point,
    other: Point,
    polarity: Polarity,
    unit: Unit,
) -> Result<CalibrationFit, CalibrationError> {
    fit(&[one, other], polarity, unit)
}

/// The line through two or more points, by least squares over the codes: references are taken as
/// exact, and all points weigh the same.
///
/// Codes of a common offset lose nothing: all sums are taken about the mean. Order of the points does
/// not matter but for round-off. The zero of the result is where the line says; for each session it is
/// set again with [`Calibration::zeroed`].
///
/// # Errors
///
/// [`CalibrationError`]: fewer than two points, equal references, codes that differ by less than three
/// standard errors (our choice: a scale known to worse than a third is none), a scale of the wrong
/// sign, numbers that are not finite.
pub fn fit(
    points: &[Point],
    polarity: Polarity,
    unit: Unit,
) -> Result<CalibrationFit, CalibrationError> {
    let point_count = points.len();
    let (Some(first), true) = (points.first(), point_count >= 2) else {
        return Err(CalibrationError::TooFewPoints { point_count });
    };
    let numbers = |p: &Point| [p.reference, p.codes.mean, p.codes.error, p.codes.spread];
    if !points.iter().flat_map(numbers).all(f64::is_finite) {
        return Err(CalibrationError::NotFinite);
    }
    let (mut lowest, mut highest) = (first, first);
    for point in points {
        if point.reference < lowest.reference {
            lowest = point;
        }
        if point.reference > highest.reference {
            highest = point;
        }
    }
    if lowest.reference >= highest.reference {
        return Err(CalibrationError::EqualReferences { reference: lowest.reference });
    }
    let difference_counts = (highest.codes.mean - lowest.codes.mean).abs();
    let error_counts = 3.0 * libm::hypot(lowest.codes.error, highest.codes.error);
    if difference_counts <= error_counts {
        return Err(CalibrationError::EqualCodes { difference_counts, error_counts });
    }

    let count = point_count as f64;
    let middle = points.iter().map(|p| p.reference / count).sum::<f64>();
    let middle_code = points.iter().map(|p| p.codes.mean / count).sum::<f64>();
    let squares: f64 = points.iter().map(|p| (p.reference - middle).powi(2)).sum();
    let products: f64 =
        points.iter().map(|p| (p.reference - middle) * (p.codes.mean - middle_code)).sum();
    // Counts for one unit; its inverse is the scale.
    let sensitivity = products / squares;
    let calibration = Calibration::new(1.0 / sensitivity, middle_code - middle * sensitivity)
        .filter(|_| squares.is_finite() && sensitivity.is_finite())
        .ok_or(CalibrationError::NotFinite)?;
    let scale = calibration.scale;
    match polarity {
        Polarity::Rising if scale < 0.0 => return Err(CalibrationError::WrongSign { scale }),
        Polarity::Falling if scale > 0.0 => return Err(CalibrationError::WrongSign { scale }),
        Polarity::Rising | Polarity::Falling | Polarity::Either => {}
    }
    let variance: f64 =
        points.iter().map(|p| ((p.reference - middle) / squares * p.codes.error).powi(2)).sum();
    let far = |p: &Point| (calibration.apply(p.codes.mean) - p.reference).abs();
    Ok(CalibrationFit {
        calibration,
        unit,
        point_count,
        sample_count: points.iter().map(|p| p.codes.sample_count).sum(),
        spread_counts: points.iter().map(|p| p.codes.spread).fold(0.0, f64::max),
        scale_error_ratio: variance.sqrt() / sensitivity.abs(),
        residual: if point_count == 2 { 0.0 } else { points.iter().map(far).fold(0.0, f64::max) },
        reference_range: (lowest.reference, highest.reference),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::{Steadiness, SteadyConfig, SteadyLevel};
    use crate::testing::Noise;
    use crate::time::SampleRate;

    fn level(mean: f64, error: f64) -> Level {
        Level { mean, spread: 4.0 * error, error, movement: 0.0, sample_count: 200 }
    }

    fn point(reference: f64, code: f64) -> Point {
        Point { reference, codes: level(code, 0.0) }
    }

    /// Codes of a sensor of 14 bits with 3 counts of noise, 5 s at 100 Hz.
    fn measured(noise: &mut Noise, truth: &Calibration, reference: f64) -> Point {
        let rate = SampleRate::from_hz(100.0).expect("positive");
        let config = SteadyConfig { span_s: 5.0, max_movement: 5.0 };
        let mut watch = SteadyLevel::new(config, rate).expect("long enough");
        let exact = reference / truth.scale + truth.offset_counts;
        for _ in 0..500 {
            watch.step((exact + 3.0 * noise.gaussian()).round());
        }
        let Steadiness::Steady(codes) = watch.latest() else { panic!("it holds still") };
        Point { reference, codes }
    }

    #[test]
    fn two_points_are_recovered_to_a_thousandth_under_noise() {
        let (mut largest, mut covered_count) = (0.0_f64, 0);
        for seed in 0..200 {
            let mut noise = Noise::new(seed);
            let scale = if seed % 2 == 0 { 0.0125 } else { -0.0125 };
            let truth = Calibration::new(scale, 1638.0 + 20.0 * noise.gaussian()).expect("finite");
            let (low, high) =
                (measured(&mut noise, &truth, 0.0), measured(&mut noise, &truth, 40.0));
            let found =
                two_point(low, high, Polarity::Either, Unit::CentimetreWater).expect("a line");
            let error = (found.calibration.scale / truth.scale - 1.0).abs();
            largest = largest.max(error);
            covered_count += u32::from(error < 3.0 * found.scale_error_ratio);
            // A thousandth of the span, in the unit of the channel.
            assert!(found.calibration.apply(truth.offset_counts).abs() < 0.04);
            // Eight parts of 62 samples each.
            assert_eq!((found.sample_count, found.point_count), (992, 2));
        }
        assert!(largest < 1e-3, "{largest}");
        // Three standard errors, each known from eight parts only: Student's t, 7 degrees, 98 %.
        assert!(covered_count >= 192, "{covered_count} of 200");
    }

    #[test]
    fn a_line_through_many_points_is_found_whatever_their_order() {
        let truth = Calibration::new(-0.05, 8000.5).expect("finite");
        let mut points: Vec<Point> = [0.0, 10.0, -5.0, 40.0, 25.0]
            .into_iter()
            .map(|value| point(value, value / truth.scale + truth.offset_counts))
            .collect();
        for _ in 0..2 {
            let found = fit(&points, Polarity::Falling, Unit::Hectopascal).expect("a line");
            assert!((found.calibration.scale / truth.scale - 1.0).abs() < 1e-13);
            assert!((found.calibration.offset_counts / truth.offset_counts - 1.0).abs() < 1e-13);
            assert!(found.residual < 1e-10, "{}", found.residual);
            assert_eq!(found.reference_range, (-5.0, 40.0));
            points.reverse();
        }
        points[3].codes.mean += 100.0;
        let bent = fit(&points, Polarity::Falling, Unit::Hectopascal).expect("a line");
        assert!(bent.residual > 1.0, "{}", bent.residual);
    }

    /// NumPy 2.4: `np.polyfit([0, 10, 20, 35], [101.5, 298, 503, 799.25], 1)`.
    #[test]
    fn least_squares_agree_with_numpy() {
        let points = [(0.0, 101.5), (10.0, 298.0), (20.0, 503.0), (35.0, 799.25)]
            .map(|(reference, code)| point(reference, code));
        let found = fit(&points, Polarity::Rising, Unit::Pascal).expect("a line").calibration;
        assert!((1.0 / found.scale / 19.978_037_383_177_57 - 1.0).abs() < 1e-13);
        assert!((found.offset_counts / 100.794_392_523_364_56 - 1.0).abs() < 1e-13);
    }

    #[test]
    fn what_makes_no_line_is_refused() {
        let unit = Unit::CentimetreWater;
        let refused = |one, other, polarity| two_point(one, other, polarity, unit).err();
        let (low, high) = (point(0.0, 500.0), point(40.0, 900.0));
        assert_eq!(
            refused(low, point(0.0, 900.0), Polarity::Either),
            Some(CalibrationError::EqualReferences { reference: 0.0 })
        );
        assert!(matches!(
            refused(low, point(40.0, 500.0), Polarity::Either),
            Some(CalibrationError::EqualCodes { .. })
        ));
        let noisy = Point { reference: 40.0, codes: level(505.0, 2.0) };
        assert!(matches!(
            refused(low, noisy, Polarity::Either),
            Some(CalibrationError::EqualCodes { error_counts, .. }) if (error_counts - 6.0).abs() < 1e-12
        ));
        assert_eq!(
            refused(low, high, Polarity::Falling),
            Some(CalibrationError::WrongSign { scale: 0.1 })
        );
        assert!(refused(low, high, Polarity::Rising).is_none());
        assert!(matches!(
            refused(low, point(40.0, 100.0), Polarity::Rising),
            Some(CalibrationError::WrongSign { .. })
        ));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(
                refused(low, point(bad, 900.0), Polarity::Either),
                Some(CalibrationError::NotFinite)
            );
            assert_eq!(
                refused(point(0.0, bad), high, Polarity::Either),
                Some(CalibrationError::NotFinite)
            );
        }
        assert_eq!(
            fit(&[low], Polarity::Either, unit).err(),
            Some(CalibrationError::TooFewPoints { point_count: 1 })
        );
    }

    #[test]
    fn no_finite_points_panic() {
        let values = [0.0, 1.0, -1e300, 1e300, 5e-324, f64::MAX, f64::MIN];
        for a in values {
            for b in values {
                for c in values {
                    for d in values {
                        if let Ok(found) =
                            two_point(point(a, b), point(c, d), Polarity::Either, Unit::Volt)
                        {
                            assert!(found.calibration.scale.is_finite());
                            assert!(found.calibration.scale != 0.0);
                            assert!(found.calibration.offset_counts.is_finite());
                        }
                    }
                }
            }
        }
    }
}
