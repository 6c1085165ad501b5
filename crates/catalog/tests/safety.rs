//! What must hold of every visit, however odd.

use std::collections::BTreeSet;

use levator_catalog::references;
use levator_measure::{How, Measure, MeasureUnit, Quantity, Reason, Reasons, Task, Validity};
use levator_programme::{Gate, Load, Opening, Position, Stamp};
use levator_score::{
    Assessment, Axis, Earlier, Expulsion, FeltContraction, FeltRelaxation, FeltTone, Label,
    Modality, Observed, Palpation, Person, Profile, Reference, Sex, Site, Status, Symptom,
    Symptoms, Visit, assess, explain, next,
};
use levator_signal::{ChannelId, Span, Unit};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number, often an odd one.
    fn number(&mut self) -> f64 {
        match self.below(12) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -1e300,
            3 => 1e300,
            4 => 0.0,
            5 => 1e-310,
            6 => self.between(-5.0, 5.0),
            _ => self.between(0.0, 150.0),
        }
    }
}

/// A whole random visit, owned.
struct World {
    measures: Vec<Measure>,
    channels: Vec<Observed>,
    person: Person,
    symptoms: Symptoms,
    palpation: Palpation,
    lift: Option<bool>,
    expulsion: Option<Expulsion>,
    insertion: Option<f64>,
    position: Option<Position>,
    earlier: Vec<Earlier>,
}

const UNITS: [Unit; 6] = [
    Unit::Microvolt,
    Unit::Millivolt,
    Unit::CentimetreWater,
    Unit::MillimetreMercury,
    Unit::Count,
    Unit::Newton,
];

fn any_measure(random: &mut Random, channel: ChannelId) -> Measure {
    let unit = match random.below(8) {
        0 => MeasureUnit::Ratio,
        1 => MeasureUnit::Percent,
        2 => MeasureUnit::Second,
        3 => MeasureUnit::Count,
        4 => MeasureUnit::ChannelSeconds(random.of(&UNITS)),
        _ => MeasureUnit::Channel(random.of(&UNITS)),
    };
    let mut reasons = Reasons::NONE;
    while random.chance(4) {
        reasons = reasons.with(random.of(&Reason::ALL));
    }
    Measure {
        channel,
        quantity: random.of(Quantity::ALL),
        task: random.of(Task::ALL),
        how: random.of(How::ALL),
        trial: (!random.chance(2)).then(|| random.below(5) as u32),
        value: (!random.chance(8)).then(|| random.number()),
        unit,
        sem: random.chance(2).then(|| random.number()),
        count: random.of(&[0, 1, 2, 3, 5, u32::MAX]),
        span: Span::default(),
        validity: random.of(&[Validity::Valid, Validity::Doubtful, Validity::Invalid]),
        reasons,
    }
}

fn any_profile(random: &mut Random, devices: &[String]) -> Profile {
    let modality = random.of(Modality::ALL);
    let mut profile = Profile::new(modality, random.of(&UNITS));
    if !random.chance(5) {
        profile.device = Some(devices[random.below(devices.len())].clone());
    }
    profile.site = (!random.chance(5)).then(|| random.of(Site::ALL));
    if random.chance(4) {
        profile.gain = random.number();
    }
    profile
}

fn world(random: &mut Random, references: &[Reference]) -> World {
    let devices: Vec<String> = references.iter().map(|one| one.pack().device.clone()).collect();
    let channels: Vec<Observed> = (0..random.below(4))
        .map(|channel| Observed {
            channel: ChannelId { stream: 0, channel: channel as u8 },
            profile: any_profile(random, &devices),
        })
        .collect();
    let some = |random: &mut Random| -> Vec<Measure> {
        (0..random.below(60))
            .map(|_| {
                let channel = random.below(4) as u8;
                any_measure(random, ChannelId { stream: 0, channel })
            })
            .collect()
    };
    let mut symptoms = Symptoms::NONE;
    while random.chance(3) {
        symptoms = symptoms.with(random.of(Symptom::ALL));
    }
    let earlier = (0..random.below(4))
        .map(|_| Earlier {
            stamp: random.chance(2).then(|| Stamp::from_bytes([1; 32])),
            position: random.chance(2).then(|| random.of(Position::ALL)),
            channels: channels.clone(),
            measures: some(random),
        })
        .collect();
    World {
        measures: some(random),
        channels,
        person: any_person(random),
        symptoms,
        palpation: any_palpation(random),
        lift: random.of(&[None, None, Some(true), Some(false)]),
        expulsion: random.of(&[None, Some(Expulsion::Normal), Some(Expulsion::Abnormal)]),
        insertion: random.chance(3).then(|| random.number()),
        position: random.chance(2).then(|| random.of(Position::ALL)),
        earlier,
    }
}

fn any_person(random: &mut Random) -> Person {
    Person {
        sex: random.of(&[None, Some(Sex::Female), Some(Sex::Male)]),
        age_years: random.chance(2).then(|| random.number()),
        births: random.of(&[None, Some(0), Some(1), Some(u32::MAX)]),
        pregnant: random.of(&[None, Some(false), Some(false), Some(true)]),
        pregnancy_week: random.chance(4).then(|| random.number()),
        weeks_post_partum: random.chance(6).then(|| random.number()),
        weeks_after_surgery: random.chance(6).then(|| random.number()),
    }
}

fn any_palpation(random: &mut Random) -> Palpation {
    let mut rare = |one_in: usize| random.chance(one_in);
    let (tone, contraction, relaxation) = (rare(8), rare(8), rare(8));
    Palpation {
        tone: tone.then(|| random.of(FeltTone::ALL)),
        contraction: contraction.then(|| random.of(FeltContraction::ALL)),
        relaxation: relaxation.then(|| random.of(FeltRelaxation::ALL)),
    }
}

impl World {
    fn assess(&self, references: &[Reference]) -> Assessment {
        assess(&Visit {
            symptoms: self.symptoms,
            palpation: self.palpation,
            lift: self.lift,
            expulsion: self.expulsion,
            insertion_to_rest_s: self.insertion,
            position: self.position,
            stamp: Some(Stamp::from_bytes([1; 32])),
            earlier: &self.earlier,
            ..Visit::new(&self.measures, &self.channels, &self.person, references)
        })
    }
}

fn is_strengthening_open(assessment: &Assessment) -> bool {
    assessment.offers.iter().any(|offer| {
        let load = next::PROGRAMMES.iter().find(|(id, _)| *id == offer.programme);
        load.is_some_and(|(_, load)| *load == Load::Strengthening) && offer.opening == Opening::Open
    })
}

#[test]
fn no_visit_is_too_odd() {
    let references = references::all();
    let mut random = Random(1);
    let mut labels = BTreeSet::new();
    for _ in 0..20_000 {
        let world = world(&mut random, &references);
        let got = world.assess(&references);
        labels.insert(got.label);
        for finding in got.findings.iter() {
            for number in [finding.value, finding.sigma, finding.p_low, finding.p_high] {
                assert!(number.is_none_or(f64::is_finite), "{finding:?}");
            }
            for p in [finding.p_low, finding.p_high].into_iter().flatten() {
                assert!((0.0..=1.0).contains(&p), "{finding:?}");
            }
        }
        assert!(explain(&got).len() > 10);
        // What the gate says and what is offered are one thing.
        assert!(!is_strengthening_open(&got) || got.gate == Gate::Green);
        for offer in &got.offers {
            assert!(offer.rank.is_none() || offer.opening != Opening::Closed);
        }
        // The same once more, to the last bit that is printed.
        assert_eq!(explain(&got), explain(&world.assess(&references)));
    }
    assert!(labels.len() >= 6, "the search went to {labels:?}");
}

fn measure(quantity: Quantity, task: Task, value: f64, unit: Unit) -> Measure {
    Measure {
        channel: ChannelId { stream: 0, channel: 0 },
        quantity,
        task,
        how: How::Plain,
        trial: None,
        value: Some(value),
        unit: MeasureUnit::Channel(unit),
        sem: None,
        count: 5,
        span: Span::default(),
        validity: Validity::Valid,
        reasons: Reasons::NONE,
    }
}

/// A device with its site and unit, a resting level from which tone is raised, and one to which it is
/// clearly not; the person it is for.
type Device = (&'static str, Site, Modality, Unit, f64, f64);

const DEVICES: [Device; 6] = [
    ("oleksy-2020", Site::Vaginal, Modality::Emg, Unit::Microvolt, 12.57, 9.0),
    ("kasper-2025", Site::Vaginal, Modality::Emg, Unit::Microvolt, 4.5, 3.5),
    ("glazer-1997", Site::Vaginal, Modality::Emg, Unit::Microvolt, 2.01, 1.5),
    ("fan-2024", Site::Vaginal, Modality::Emg, Unit::Microvolt, 4.01, 3.0),
    ("camtech", Site::Vaginal, Modality::Pressure, Unit::CentimetreWater, 24.6, 18.0),
    ("anorectal-pull-through", Site::Anal, Modality::Pressure, Unit::MillimetreMercury, 90.1, 60.0),
];

fn tight_world(random: &mut Random, references: &[Reference], extra: usize) -> (World, Device) {
    let mut world = world(random, references);
    let device = random.of(&DEVICES);
    let (name, site, modality, unit, bound, _) = device;
    let channel = ChannelId { stream: 0, channel: 0 };
    let profile = Profile::new(modality, unit).like(name, site);
    world.channels.retain(|one| one.channel != channel);
    world.channels.insert(0, Observed { channel, profile });
    world.person.births = Some(0);
    world.person.pregnant = Some(false);
    world.person.weeks_post_partum = None;
    world.measures.retain(|one| {
        !(one.channel == channel && one.quantity == Quantity::RestLevel && one.trial.is_none())
    });
    if extra == 0 {
        world.measures.retain(|one| one.channel != channel);
    }
    let level = bound * random.between(1.0, 4.0);
    world.measures.push(measure(Quantity::RestLevel, Task::RestBefore, level, unit));
    let after = level * random.between(0.7, 1.5);
    world.measures.push(measure(Quantity::RestLevel, Task::AfterHold, after, unit));
    let quantity = random.of(&[Quantity::ContractionMean, Quantity::MaximalContraction]);
    let task = random.of(&[Task::Hold, Task::Maximal]);
    world.measures.push(measure(quantity, task, random.between(0.0, 150.0), unit));
    if random.chance(2) {
        let last = world.measures.len() - 3;
        world.measures[last].sem = Some(random.between(0.01, 0.3) * level);
    }
    (world, device)
}

/// Tone measured above the bound: whatever else was measured, felt or reported, strengthening is not
/// simply open.
#[test]
fn a_tight_floor_never_gets_a_green_gate() {
    let references = references::all();
    let mut random = Random(2);
    let mut red = 0;
    for round in 0..20_000 {
        let (world, device) = tight_world(&mut random, &references, round % 3);
        let got = world.assess(&references);
        assert_ne!(got.gate, Gate::Green, "{device:?}: {}", explain(&got).join("\n"));
        assert!(!is_strengthening_open(&got));
        let tone = got.finding(Axis::Tone);
        if tone.status == Status::High && !tone.conflict {
            assert!(got.gate >= Gate::Red, "{}", explain(&got).join("\n"));
            assert_ne!(got.label, Label::Weak);
            assert_ne!(got.label, Label::WithinRange);
            red += 1;
        }
    }
    assert!(red > 5_000, "{red} were seen to be tight");
}

/// Relaxation only partial, tone clearly not raised, no pain, no push: amber at most.
#[test]
fn a_partial_relaxer_is_never_red() {
    let references = references::all();
    let mut random = Random(3);
    let mut labels = BTreeSet::new();
    for _ in 0..20_000 {
        let (name, site, modality, unit, _, calm) = DEVICES[random.below(4)];
        let rest = calm * random.between(0.2, 1.0);
        let ratio = random.between(1.151, 1.349);
        let channel = ChannelId { stream: 0, channel: 0 };
        let channels =
            [Observed { channel, profile: Profile::new(modality, unit).like(name, site) }];
        let mut measures = vec![
            measure(Quantity::RestLevel, Task::RestBefore, rest, unit),
            measure(Quantity::RestLevel, Task::AfterHold, ratio * rest, unit),
            measure(Quantity::ContractionMean, Task::Hold, random.between(0.0, 60.0), unit),
        ];
        if random.chance(2) {
            measures[0].sem = Some(rest * random.between(0.01, 0.2));
            measures[1].sem = Some(rest * random.between(0.01, 0.2));
        }
        let mut symptoms = Symptoms::NONE;
        for symptom in [Symptom::Leakage, Symptom::ObstructedVoiding, Symptom::ObstructedDefecation]
        {
            if random.chance(2) {
                symptoms = symptoms.with(symptom);
            }
        }
        let person = Person { pregnant: Some(false), ..Person::default() };
        let visit = Visit::new(&measures, &channels, &person, &references);
        let got = assess(&Visit { symptoms, ..visit });
        assert_eq!(got.finding(Axis::Relaxation).status, Status::Partial);
        assert_eq!(got.gate, Gate::Amber, "{}", explain(&got).join("\n"));
        labels.insert(got.label);
    }
    assert!(labels.contains(&Label::Weak) && labels.contains(&Label::WithinRange), "{labels:?}");
}

/// Each label and each gate is reached by somebody.
#[test]
fn every_label_and_every_gate_is_reached() {
    let references = references::all();
    let mut random = Random(4);
    let mut labels = BTreeSet::new();
    let mut gates = BTreeSet::new();
    for _ in 0..4_000 {
        let (mut world, (.., bound, calm)) = tight_world(&mut random, &references, 0);
        let first = world.channels[0].clone();
        world.channels = vec![first];
        world.palpation = Palpation::default();
        world.insertion = None;
        if random.chance(2) {
            let level = calm.min(bound) * random.between(0.5, 0.9);
            let last = world.measures.len();
            world.measures[last - 3].value = Some(level);
            world.measures[last - 2].value = Some(level * random.between(0.95, 1.5));
        }
        if random.chance(2) {
            world.symptoms = Symptoms::NONE;
        }
        let got = world.assess(&references);
        labels.insert(got.label);
        gates.insert(got.gate);
    }
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), Label::ALL);
    assert_eq!(gates.into_iter().collect::<Vec<_>>(), Gate::ALL);
}

/// A visit that lost any of its measures is told about all the same, and never becomes greener in
/// tone than it was: what is missing is unknown, not normal.
#[test]
fn a_visit_with_holes_is_partial_and_not_better() {
    let references = references::all();
    let mut random = Random(5);
    for _ in 0..1_000 {
        let (mut world, _) = tight_world(&mut random, &references, 0);
        world.palpation = Palpation::default();
        let keep = random.below(world.measures.len() + 1);
        for index in (1..world.measures.len()).rev() {
            world.measures.swap(index, random.below(index + 1));
        }
        world.measures.truncate(keep);
        let got = world.assess(&references);
        assert_ne!(got.gate, Gate::Green);
        assert!(!got.notes.is_empty() || got.label != Label::InsufficientData);
        assert_eq!(got.findings.0.len(), Axis::ALL.len());
    }
}

#[test]
fn what_is_reported_closes_what_it_should() {
    let references = references::all();
    let channel = ChannelId { stream: 0, channel: 0 };
    let profile = Profile::new(Modality::Emg, Unit::Microvolt).like("kasper-2025", Site::Vaginal);
    let channels = [Observed { channel, profile }];
    let measures = [
        measure(Quantity::RestLevel, Task::RestBefore, 2.4, Unit::Microvolt),
        measure(Quantity::RestLevel, Task::AfterHold, 2.4, Unit::Microvolt),
        measure(Quantity::ContractionMean, Task::Hold, 5.0, Unit::Microvolt),
    ];
    let person = Person { pregnant: Some(false), ..Person::default() };
    let visit = Visit::new(&measures, &channels, &person, &references);
    let of = |symptom: Symptom| {
        let got = assess(&Visit { symptoms: Symptoms::NONE.with(symptom), ..visit });
        (got.label, got.gate)
    };
    assert_eq!(assess(&visit).gate, Gate::Green);
    for symptom in Symptom::ALL {
        let expected = match symptom {
            Symptom::PainOnContraction => (Label::Inconclusive, Gate::RedWithPain),
            Symptom::Pain | Symptom::Dyspareunia => (Label::Inconclusive, Gate::Red),
            Symptom::ObstructedVoiding | Symptom::ObstructedDefecation => {
                (Label::Inconclusive, Gate::Amber)
            }
            Symptom::Leakage => (Label::Inconclusive, Gate::Green),
            _ => (Label::Refer, Gate::Refer),
        };
        assert_eq!(of(*symptom), expected, "{symptom:?}");
        let got = assess(&Visit { symptoms: Symptoms::NONE.with(*symptom), ..visit });
        let see = !matches!(
            symptom,
            Symptom::Leakage | Symptom::ObstructedVoiding | Symptom::ObstructedDefecation
        );
        assert_eq!(got.see_clinician, see, "{symptom:?}");
        assert_eq!(
            explain(&got).iter().any(|line| line.contains("See a pelvic")
                || line.contains("doctor today")
                || line.contains("no probe")),
            see
        );
    }
    let early = Visit { insertion_to_rest_s: Some(10.0), ..visit };
    assert_eq!(assess(&early).label, Label::InsufficientData);
    let recent = Person { weeks_after_surgery: Some(8.0), ..person };
    assert_eq!(assess(&Visit { person: &recent, ..visit }).gate, Gate::Amber);
}

/// What a clinician felt counts before what was measured, and the contradiction is kept.
#[test]
fn palpation_overrides_and_is_recorded() {
    let references = references::all();
    let channel = ChannelId { stream: 0, channel: 0 };
    let profile = Profile::new(Modality::Emg, Unit::Microvolt).like("kasper-2025", Site::Vaginal);
    let channels = [Observed { channel, profile }];
    let of = |rest: f64, palpation: Palpation| {
        let measures = [
            measure(Quantity::RestLevel, Task::RestBefore, rest, Unit::Microvolt),
            measure(Quantity::RestLevel, Task::AfterHold, rest, Unit::Microvolt),
            measure(Quantity::ContractionMean, Task::Hold, 5.0, Unit::Microvolt),
        ];
        let person = Person { pregnant: Some(false), ..Person::default() };
        let visit = Visit::new(&measures, &channels, &person, &references);
        assess(&Visit { palpation, ..visit })
    };
    let felt = |tone: FeltTone| Palpation { tone: Some(tone), ..Palpation::default() };
    let tight = of(2.4, felt(FeltTone::Increased));
    assert_eq!((tight.label, tight.gate), (Label::Hypertonic, Gate::Red));
    assert_eq!(tight.wording, "hypertonic pattern");
    let calm = of(9.0, felt(FeltTone::Normal));
    assert_eq!(calm.label, Label::WithinRange);
    assert_eq!(calm.gate, Gate::Amber, "the measured level still keeps the gate from green");
    assert!(calm.finding(Axis::Tone).felt);
    let absent = Palpation { contraction: Some(FeltContraction::Absent), ..Palpation::default() };
    assert_eq!(of(2.4, absent).label, Label::UnableToContract);
    let weak = Palpation { contraction: Some(FeltContraction::Weak), ..Palpation::default() };
    assert_eq!(of(2.4, weak).wording, "weak contraction, underactive");
    let stuck = Palpation { relaxation: Some(FeltRelaxation::Absent), ..Palpation::default() };
    assert_eq!(of(2.4, stuck).label, Label::NonRelaxing);
}
