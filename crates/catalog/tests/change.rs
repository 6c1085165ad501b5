//! Change between visits, on simulated people who are measured twice.

use levator_catalog::references;
use levator_measure::{How, Measure, MeasureUnit, Quantity, Reasons, Task, Validity};
use levator_programme::{Position, Stamp};
use levator_score::{
    Earlier, Modality, NotComparable, Observed, Person, Profile, Progression, Reference, Site,
    Size, Trend, Visit, assess,
};
use levator_signal::{ChannelId, Span, Unit};

const CHANNEL: ChannelId = ChannelId { stream: 0, channel: 0 };

/// Normal random numbers: SplitMix64 and Box-Muller.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (a, b) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

fn measure(quantity: Quantity, task: Task, how: How, value: f64, unit: Unit) -> Measure {
    Measure {
        channel: CHANNEL,
        quantity,
        task,
        how,
        trial: None,
        value: Some(value),
        unit: MeasureUnit::Channel(unit),
        sem: None,
        count: 3,
        span: Span::default(),
        validity: Validity::Valid,
        reasons: Reasons::NONE,
    }
}

fn channel(device: &str, modality: Modality, unit: Unit) -> Vec<Observed> {
    let profile = Profile::new(modality, unit).like(device, Site::Vaginal);
    vec![Observed { channel: CHANNEL, profile }]
}

fn stamp(byte: u8) -> Option<Stamp> {
    Some(Stamp::from_bytes([byte; 32]))
}

struct Setup {
    references: Vec<Reference>,
    channels: Vec<Observed>,
    quantity: Quantity,
    task: Task,
    how: How,
    unit: Unit,
}

impl Setup {
    fn pressure() -> Self {
        Self {
            references: references::all(),
            channels: channel("camtech", Modality::Pressure, Unit::CentimetreWater),
            quantity: Quantity::MaximalContraction,
            task: Task::Maximal,
            how: How::BestThree,
            unit: Unit::CentimetreWater,
        }
    }

    fn emg() -> Self {
        Self {
            references: references::all(),
            channels: channel("kasper-2025", Modality::Emg, Unit::Microvolt),
            quantity: Quantity::ContractionMean,
            task: Task::Hold,
            how: How::Mean,
            unit: Unit::Microvolt,
        }
    }

    fn measures(&self, value: f64) -> Vec<Measure> {
        vec![measure(self.quantity, self.task, self.how, value, self.unit)]
    }

    fn trend(&self, then: f64, now: f64) -> Trend {
        let earlier = [Earlier {
            stamp: stamp(1),
            position: None,
            channels: self.channels.clone(),
            measures: self.measures(then),
        }];
        let now = self.measures(now);
        let person = Person { pregnant: Some(false), ..Person::default() };
        let visit = Visit::new(&now, &self.channels, &person, &self.references);
        let got = assess(&Visit { stamp: stamp(1), earlier: &earlier, ..visit });
        assert_eq!(got.changes.len(), 1);
        got.changes[0].trend
    }

    fn error_and_detectable(&self, id: &str) -> (Size, Size) {
        let reference = self.references.iter().find(|one| one.id() == id).expect("built in");
        let line = reference.repeatability(self.quantity, self.task).expect("it has one");
        (line.sem().expect("known"), line.mdc().expect("known"))
    }

    /// How many of 2,000 people whose true values are these come out better.
    fn improved(&self, then: f64, now: f64, sem: Size, seed: u64) -> usize {
        let mut random = Random(seed);
        (0..2000)
            .filter(|_| {
                let mut measured = |value: f64| match sem {
                    Size::Absolute(sem) => value + sem * random.normal(),
                    Size::Relative(ratio) => value * (ratio * random.normal()).exp(),
                };
                let (then, now) = (measured(then), measured(now));
                self.trend(then, now) == Trend::Improved
            })
            .count()
    }
}

#[test]
fn noise_is_seldom_called_better_and_twice_the_detectable_change_is_found() {
    for (name, setup, id, base) in [
        ("pressure", Setup::pressure(), "camtech-2017", 25.0),
        ("EMG", Setup::emg(), "koenig-2017", 20.0),
    ] {
        let (sem, mdc) = setup.error_and_detectable(id);
        let false_alarms = setup.improved(base, base, sem, 1);
        assert!(false_alarms < 100, "{name}: {false_alarms} of 2000 by chance");
        assert!(
            false_alarms > 10,
            "{name}: {false_alarms} of 2000: the limit is not that of chance"
        );
        let changed = match mdc {
            Size::Absolute(size) => base + 2.0 * size,
            Size::Relative(ratio) => base * (2.0 * ratio).exp(),
        };
        let found = setup.improved(base, changed, sem, 2);
        assert!(found >= 1600, "{name}: {found} of 2000 were found");
    }
}

#[test]
fn visits_are_compared_only_with_the_same_programme_and_profile() {
    let setup = Setup::pressure();
    let now = setup.measures(60.0);
    let person = Person { pregnant: Some(false), ..Person::default() };
    let first = Earlier {
        stamp: stamp(1),
        position: None,
        channels: setup.channels.clone(),
        measures: setup.measures(20.0),
    };
    let trend = |change: &dyn Fn(&mut Earlier)| {
        let mut earlier = [first.clone()];
        change(&mut earlier[0]);
        let visit = Visit::new(&now, &setup.channels, &person, &setup.references);
        let got = assess(&Visit { stamp: stamp(1), earlier: &earlier, ..visit });
        got.changes[0].trend
    };
    let not = Trend::NotComparable;
    assert_eq!(trend(&|_| ()), Trend::Improved);
    assert_eq!(trend(&|one| one.stamp = stamp(2)), not(NotComparable::OtherProgramme));
    assert_eq!(trend(&|one| one.stamp = None), not(NotComparable::OtherProgramme));
    let gain = |one: &mut Earlier| one.channels[0].profile.gain = 1.1;
    assert_eq!(trend(&gain), not(NotComparable::OtherProfile));
    let probe = |one: &mut Earlier| one.channels[0].profile.probe = Some("another".to_owned());
    assert_eq!(trend(&probe), not(NotComparable::OtherProfile));
    assert_eq!(trend(&|one| one.measures.clear()), not(NotComparable::NotMeasuredThen));
    let doubtful = |one: &mut Earlier| {
        one.measures[0].validity = Validity::Doubtful;
        one.measures[0].reasons = Reasons::NONE.with(levator_measure::Reason::Motion);
    };
    assert_eq!(trend(&doubtful), not(NotComparable::NotValid));
}

#[test]
fn the_next_position_comes_when_strength_has_grown_twice() {
    let setup = Setup::pressure();
    let person = Person { pregnant: Some(false), ..Person::default() };
    let of = |before: &[f64], now: f64, position: Position| {
        let earlier: Vec<Earlier> = before
            .iter()
            .map(|value| Earlier {
                stamp: stamp(1),
                position: Some(position),
                channels: setup.channels.clone(),
                measures: all(&setup, *value),
            })
            .collect();
        let now = all(&setup, now);
        let visit = Visit::new(&now, &setup.channels, &person, &setup.references);
        assess(&Visit {
            stamp: stamp(1),
            position: Some(position),
            lift: Some(true),
            earlier: &earlier,
            ..visit
        })
        .progression
    };
    // The detectable change is 7.6 cmH2O.
    assert_eq!(of(&[22.0, 31.0], 32.0, Position::Lying), Progression::GoOn(Position::Sitting));
    assert_eq!(of(&[22.0, 31.0], 32.0, Position::Sitting), Progression::GoOn(Position::Standing));
    assert_eq!(of(&[22.0, 31.0], 32.0, Position::Standing), Progression::Last);
    assert_eq!(of(&[22.0, 27.0], 32.0, Position::Lying), Progression::NotYet);
    assert_eq!(of(&[22.0, 31.0], 27.0, Position::Lying), Progression::NotYet);
    assert_eq!(of(&[22.0], 40.0, Position::Lying), Progression::CannotTell);
    assert_eq!(of(&[], 40.0, Position::Lying), Progression::CannotTell);
}

fn all(setup: &Setup, strength: f64) -> Vec<Measure> {
    let mut all = setup.measures(strength);
    all.push(measure(Quantity::RestLevel, Task::RestBefore, How::Plain, 15.0, setup.unit));
    all.push(measure(Quantity::RestLevel, Task::AfterHold, How::Median, 15.2, setup.unit));
    all
}
