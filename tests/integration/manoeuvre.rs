//! Squeezes and pushes of real people, told apart by their rectal and anal pressure.

use levator_detect::manoeuvre::{Answer, Follower, Manoeuvre, Role, Zones, find_zones, tell};
use levator_signal::{SampleIndex, SampleRate, Span};

use crate::support::data;

/// Sensors of a row from the outermost to the deepest: ten of the anal canal, two of the rectal balloon.
const SENSORS: usize = 12;

struct Manometry {
    rate: SampleRate,
    first_s: f64,
    /// Sensor by sensor.
    pressure: Vec<Vec<f64>>,
    marks: Vec<(f64, String)>,
}

fn manometry(name: &str) -> Manometry {
    let bytes = std::fs::read(data(&format!("manometry/{name}"))).expect("it is ours");
    let text = String::from_utf8_lossy(&bytes);
    let (mut times, mut pressure, mut marks) = (Vec::new(), vec![Vec::new(); SENSORS], Vec::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        let Ok(time_s) = fields[0].parse::<f64>() else { continue };
        if fields.len() == SENSORS + 1 {
            times.push(time_s);
            // B2, B1, 10 to 1: deepest first.
            for (sensor, field) in pressure.iter_mut().rev().zip(&fields[1..]) {
                sensor.push(field.parse().expect("a pressure"));
            }
        } else {
            marks.push((time_s, fields[1].to_owned()));
        }
    }
    let step_s = (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64;
    let rate = SampleRate::from_hz(1.0 / step_s).expect("positive");
    Manometry { rate, first_s: times[0], pressure, marks }
}

impl Manometry {
    /// Times of the marks that begin with `name`.
    fn marked(&self, names: &[&str]) -> Vec<f64> {
        let named = self.marks.iter().filter(|(_, mark)| names.iter().any(|n| mark.starts_with(n)));
        named.map(|(time_s, _)| *time_s).collect()
    }

    /// From 1 to 5 s after a mark: what was asked for is under way.
    fn span(&self, mark_s: f64) -> Span {
        let at = |time_s: f64| self.rate.index_at(time_s - self.first_s);
        Span { start: at(mark_s + 1.0), end: at(mark_s + 5.0) }
    }

    fn follower(&self, role: Role, sensors: core::ops::Range<usize>) -> Follower {
        let mut follower = Follower::new(role);
        follower.start(self.rate, SampleIndex::ZERO);
        let len = sensors.len() as f64;
        let mean =
            |at: usize| self.pressure[sensors.clone()].iter().map(|s| s[at]).sum::<f64>() / len;
        let values: Vec<f64> = (0..self.pressure[0].len()).map(mean).collect();
        // The memory is 100 s, and the marks lie up to 200 s apart: all before a mark is fed, then asked.
        follower.process(&values, true);
        follower
    }

    /// The zones, from what every sensor did in the squeezes.
    fn zones(&self) -> Zones {
        let events: Vec<Vec<f64>> = self
            .marked(&["# Squeeze", "# Long Squeeze"])
            .into_iter()
            .map(|mark_s| (0..SENSORS).map(|sensor| self.net(sensor, mark_s)).collect())
            .collect();
        let events: Vec<&[f64]> = events.iter().map(Vec::as_slice).collect();
        find_zones(&events, 1.0).expect("they squeezed")
    }

    fn net(&self, sensor: usize, mark_s: f64) -> f64 {
        let mut follower = Follower::new(Role::PelvicPressure);
        follower.start(self.rate, SampleIndex::ZERO);
        let span = self.span(mark_s);
        follower.process(&self.pressure[sensor][..span.end.0 as usize], true);
        follower.change(span).expect("there is rest before").net()
    }

    fn told(&self, mark_s: f64, zones: &Zones) -> Option<Manoeuvre> {
        let span = self.span(mark_s);
        let cut = Self {
            pressure: self.pressure.iter().map(|s| s[..span.end.0 as usize].to_vec()).collect(),
            marks: Vec::new(),
            ..*self
        };
        let pelvic = cut.follower(Role::PelvicPressure, zones.pelvic.clone());
        let rectal = cut.follower(Role::AbdominalPressure, SENSORS - 2..SENSORS);
        let changes = [pelvic.change(span)?, rectal.change(span)?];
        match tell(&changes) {
            Answer::Told { manoeuvre, .. } => Some(manoeuvre),
            Answer::CannotTell(_) => None,
        }
    }
}

#[test]
fn real_squeezes_and_pushes_are_told_apart() {
    let (mut squeezes, mut pushes, mut count) = (0, 0, 0);
    for name in ["anorectal_norair.txt", "anorectal_nointerpolation.txt"] {
        let visit = manometry(name);
        let zones = visit.zones();
        // The balloon lies deep of everything that squeezes.
        assert!(zones.pelvic.end <= SENSORS - 2, "{name}: {zones:?}");
        for mark_s in visit.marked(&["# Squeeze", "# Long Squeeze"]) {
            count += 1;
            let told = visit.told(mark_s, &zones);
            assert!(matches!(told, Some(Manoeuvre::Squeeze)), "{name}, {mark_s} s: {told:?}");
            squeezes += 1;
        }
        for mark_s in visit.marked(&["# Push"]) {
            count += 1;
            let told = visit.told(mark_s, &zones);
            assert!(matches!(told, Some(Manoeuvre::Push)), "{name}, {mark_s} s: {told:?}");
            pushes += 1;
        }
    }
    assert_eq!((squeezes, pushes, count), (6, 5, 11));
}
