//! Rows of eight pressure sensors, made by simulated people: which sensors lie in the zone of the pelvic
//! floor and which in the abdomen, from what was recorded.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use levator_detect::manoeuvre::{Follower, NoZones, Role, Zones, find_zones};
use levator_signal::{SampleIndex, SampleRate, Span};

#[path = "../examples/score/scoring.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod scoring;
#[path = "../examples/score/simulated.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod simulated;

use simulated::Random;

const SENSORS: usize = 8;
const HZ: u64 = 50;

/// A probe in place: where the floor squeezes it, and how every sensor hears the abdomen.
struct Person {
    /// Sensor at the middle of the zone, counted from the outermost, and its width in sensors.
    centre: f64,
    width: f64,
    squeeze: f64,
    push: f64,
    breath: f64,
    gain: [f64; SENSORS],
    dead: Option<usize>,
}

impl Person {
    fn new(random: &mut Random) -> Self {
        Self {
            centre: random.uniform(1.0, 4.0),
            width: random.uniform(0.7, 1.3),
            squeeze: random.uniform(8.0, 60.0),
            push: random.uniform(10.0, 60.0),
            breath: random.uniform(0.2, 1.5),
            gain: std::array::from_fn(|_| random.uniform(0.9, 1.1)),
            dead: (random.unit() < 0.2).then(|| random.uniform(0.0, 7.99) as usize),
        }
    }

    /// How much of a squeeze a sensor takes.
    fn share(&self, sensor: usize) -> f64 {
        let distance = (sensor as f64 - self.centre) / self.width;
        libm::exp(-0.5 * distance * distance)
    }
}

/// What is done from 8 s on, every 10 s for 4 s: parts of the person's squeeze and push.
const EVENTS: [(f64, f64); 6] =
    [(1.0, 0.05), (0.0, 1.0), (0.9, 0.1), (0.1, 0.8), (0.8, 0.0), (0.7, 0.5)];

/// Net pressure of every sensor in every event, as followers see it, and the spread of the rest.
fn recorded(person: &Person, events: &[(f64, f64)], random: &mut Random) -> (Vec<Vec<f64>>, f64) {
    let rate = SampleRate::new(HZ, 1).expect("not zero");
    let len = (HZ as usize) * (12 + 10 * events.len());
    let mut spread = 0.0;
    let mut nets = vec![vec![0.0; SENSORS]; events.len()];
    for sensor in 0..SENSORS {
        let mut follower = Follower::new(Role::PelvicPressure);
        follower.start(rate, SampleIndex::ZERO);
        let values: Vec<f64> = (0..len)
            .map(|i| {
                if person.dead == Some(sensor) {
                    return 0.0;
                }
                let time_s = i as f64 / HZ as f64;
                let abdomen = person.breath * libm::sin(1.5 * time_s);
                let done = events.iter().enumerate().fold(abdomen, |sum, (k, (squeeze, push))| {
                    let start_s = 8.0 + 10.0 * k as f64;
                    let edge_s = (time_s - start_s).min(start_s + 4.0 - time_s);
                    let own = squeeze * person.squeeze * person.share(sensor);
                    sum + (own + push * person.push) * (edge_s / 0.4).clamp(0.0, 1.0)
                });
                25.0 + person.gain[sensor] * done + 0.15 * random.gaussian()
            })
            .collect();
        follower.process(&values, true);
        for (k, event) in nets.iter_mut().enumerate() {
            let start = HZ * (8 + 10 * k as u64);
            let span = Span { start: SampleIndex(start), end: SampleIndex(start + 4 * HZ) };
            let change = follower.change(span).expect("there is rest before it");
            event[sensor] = change.during - change.before;
            spread = change.spread.max(spread);
        }
    }
    (nets, spread)
}

fn zones(person: &Person, events: &[(f64, f64)], random: &mut Random) -> Result<Zones, NoZones> {
    let (nets, spread) = recorded(person, events, random);
    let nets: Vec<&[f64]> = nets.iter().map(Vec::as_slice).collect();
    find_zones(&nets, spread)
}

#[test]
fn the_zones_of_eight_sensors_are_found_whatever_lies_between_the_squeezes() {
    let mut random = Random::new(1, 0);
    let (mut found, mut refused) = (0, 0);
    for _ in 0..200 {
        let person = Person::new(&mut random);
        match zones(&person, &EVENTS, &mut random) {
            Ok(Zones { pelvic, abdominal }) => {
                found += 1;
                // The highest sensor that lives is within, and what it holds takes part.
                let lives = |sensor: &usize| person.dead != Some(*sensor);
                let highest = (0..SENSORS)
                    .filter(lives)
                    .max_by(|a, b| person.share(*a).total_cmp(&person.share(*b)))
                    .expect("seven at least");
                assert!(pelvic.contains(&highest), "{pelvic:?} without {highest}");
                let takes_part = |sensor| person.share(sensor) >= 0.3;
                assert!(pelvic.clone().filter(lives).all(takes_part), "{pelvic:?}");
                // What is called the abdomen does not.
                assert_eq!(abdominal.end, SENSORS);
                let is_free = |sensor| person.share(sensor) < 0.4;
                assert!(abdominal.clone().filter(lives).all(is_free), "{abdominal:?}");
            }
            Err(_) => refused += 1,
        }
    }
    assert!(found >= 190, "{found} found, {refused} refused");
}

#[test]
fn pushes_alone_and_a_probe_that_is_not_in_far_enough_are_refused() {
    let mut random = Random::new(2, 0);
    for _ in 0..50 {
        let person = Person { dead: None, ..Person::new(&mut random) };
        let pushes = [(0.0, 1.0), (0.0, 0.7), (0.02, 0.9)];
        let told = zones(&person, &pushes, &mut random);
        assert_eq!(told, Err(NoZones::NoSqueeze), "push {}", person.push);
        let shallow = Person { centre: 7.0, ..person };
        assert_eq!(zones(&shallow, &EVENTS, &mut random), Err(NoZones::NotDeepEnough));
    }
}
