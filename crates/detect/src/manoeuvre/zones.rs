//! The zones of a row of pressure sensors.

use core::fmt;
use core::ops::Range;

use super::PASSED_ON;

/// Which sensors of a row lie where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zones {
    /// The pelvic floor squeezes these.
    pub pelvic: Range<usize>,
    /// These lie deep of it and follow the abdomen.
    pub abdominal: Range<usize>,
}

/// Why no zones can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoZones {
    /// Fewer than four sensors, or rows of unequal length.
    TooFew,
    /// No part of the row rose above the rest of it: no squeeze yet, or the probe lies beside the zone.
    NoSqueeze,
    /// The zone reaches to the deepest sensor: the probe is not in far enough.
    NotDeepEnough,
}

impl fmt::Display for NoZones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooFew => "four sensors in a row are needed",
            Self::NoSqueeze => {
                "no sensor rose above its neighbours: squeeze once, or move the probe"
            }
            Self::NotDeepEnough => {
                "the squeeze reaches the deepest sensor: insert the probe further"
            }
        })
    }
}

impl core::error::Error for NoZones {}

/// A sensor belongs to the pelvic zone from this part of the highest on, and is free of it below
/// [`FREE`]. Our choice: half the height is the usual width of a peak.
const HALF: f64 = 0.5;
/// See [`HALF`].
const FREE: f64 = 0.25;

/// Finds the zones from what every sensor did in some events, squeezes or pushes in any order.
///
/// `events`: for each event the net pressure of every sensor, the outermost first, all in one unit;
/// `spread`: how much one sensor moves at rest.
///
/// What all sensors do together is the abdomen's, and is taken off first; an event in which little is left
/// is a push and shows no zone.
///
/// # Errors
///
/// [`NoZones`], with what to do.
pub fn find_zones(events: &[&[f64]], spread: f64) -> Result<Zones, NoZones> {
    let sensor_count = events.first().map_or(0, |event| event.len());
    if sensor_count < 4 || events.iter().any(|event| event.len() != sensor_count) {
        return Err(NoZones::TooFew);
    }
    let mut own: Vec<f64> = vec![0.0; sensor_count];
    for event in events {
        let mut sorted = event.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        // The second lowest: one sensor may be dead.
        let common = sorted[1];
        let hill = sorted[sensor_count - 1] - common;
        // No sensor hears the abdomen as every other does: a push makes a small hill, too.
        if hill > (3.0 * spread).max(PASSED_ON * common) {
            for (own, net) in own.iter_mut().zip(*event) {
                *own += (net - common).max(0.0);
            }
        }
    }
    let (peak, highest) = own
        .iter()
        .enumerate()
        .max_by(|one, other| one.1.total_cmp(other.1))
        .map(|(sensor, height)| (sensor, *height))
        .filter(|(_, height)| height.is_finite() && *height > 0.0)
        .ok_or(NoZones::NoSqueeze)?;
    let in_zone = |sensor: &usize| own[*sensor] >= HALF * highest;
    let start = (0..peak).rev().take_while(in_zone).last().unwrap_or(peak);
    let end = 1 + (peak..sensor_count).take_while(in_zone).last().unwrap_or(peak);
    if end - start > sensor_count * 3 / 4 {
        return Err(NoZones::NoSqueeze);
    }
    let deep = (end..sensor_count)
        .find(|sensor| own[*sensor..].iter().all(|height| *height < FREE * highest))
        .ok_or(NoZones::NotDeepEnough)?;
    Ok(Zones { pelvic: start..end, abdominal: deep..sensor_count })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Net pressure of eight sensors: a hill around `centre`, on top of what the abdomen does.
    fn event(centre: f64, squeeze: f64, push: f64) -> Vec<f64> {
        (0..8)
            .map(|sensor| {
                let distance = (f64::from(sensor) - centre) / 1.2;
                push + squeeze * (-0.5 * distance * distance).exp()
            })
            .collect()
    }

    fn zones(events: &[Vec<f64>]) -> Result<Zones, NoZones> {
        let events: Vec<&[f64]> = events.iter().map(Vec::as_slice).collect();
        find_zones(&events, 0.5)
    }

    #[test]
    fn the_hill_is_the_pelvic_floor_and_what_lies_behind_it_the_abdomen() {
        for centre in [1.0, 2.0, 3.0, 4.0] {
            let found =
                zones(&[event(centre, 30.0, 2.0), event(centre, 25.0, 0.0)]).expect("clear");
            assert!(found.pelvic.contains(&(centre as usize)), "{centre}: {found:?}");
            assert!(found.abdominal.start >= found.pelvic.end, "{centre}: {found:?}");
            assert_eq!(found.abdominal.end, 8);
        }
    }

    #[test]
    fn pushes_between_squeezes_do_not_move_the_zones() {
        let squeezes = [event(3.0, 30.0, 0.0), event(3.0, 20.0, 0.0)];
        let mut mixed = squeezes.to_vec();
        mixed.push(event(3.0, 0.0, 60.0));
        mixed.push(event(3.0, 5.0, 40.0));
        assert_eq!(zones(&mixed), zones(&squeezes));
    }

    #[test]
    fn what_shows_no_zone_is_refused_with_what_to_do() {
        assert_eq!(zones(&[event(3.0, 0.0, 50.0)]), Err(NoZones::NoSqueeze));
        assert_eq!(zones(&[event(7.0, 30.0, 0.0)]), Err(NoZones::NotDeepEnough));
        assert_eq!(zones(&[]), Err(NoZones::TooFew));
        assert_eq!(zones(&[vec![1.0; 3]]), Err(NoZones::TooFew));
        assert_eq!(zones(&[vec![1.0; 8], vec![1.0; 7]]), Err(NoZones::TooFew));
        assert!(zones(&[vec![f64::NAN; 8]]).is_err());
    }

    #[test]
    fn a_dead_sensor_does_not_hide_the_zone() {
        let mut squeeze = event(3.0, 30.0, 10.0);
        squeeze[6] = 0.0;
        let found = zones(&[squeeze]).expect("clear");
        assert!(found.pelvic.contains(&3));
    }
}
