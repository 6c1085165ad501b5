//! A visit on one channel or two, put together measure by measure.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use levator_catalog::references;
use levator_measure::{How, Measure, MeasureUnit, Quantity, Reason, Reasons, Task, Validity};
use levator_score::{
    Assessment, Earlier, Modality, Observed, Palpation, Person, Profile, Reference, Site, Symptoms,
    Visit, assess,
};
use levator_signal::{ChannelId, Span, Unit};

pub const CHANNEL: ChannelId = ChannelId { stream: 0, channel: 0 };

/// A visit, with all that a test may change.
#[derive(Clone)]
pub struct Case {
    pub measures: Vec<Measure>,
    pub channels: Vec<Observed>,
    pub person: Person,
    pub symptoms: Symptoms,
    pub lift: Option<bool>,
    pub palpation: Palpation,
    pub earlier: Vec<Earlier>,
    pub references: Vec<Reference>,
    /// Channel that the next measures are of.
    last: ChannelId,
}

impl Case {
    pub fn new(device: &str, site: Site, modality: Modality, unit: Unit) -> Self {
        let profile = Profile::new(modality, unit).like(device, site);
        Self {
            measures: Vec::new(),
            channels: vec![Observed { channel: CHANNEL, profile }],
            person: Person { pregnant: Some(false), ..Person::default() },
            symptoms: Symptoms::NONE,
            lift: None,
            palpation: Palpation::default(),
            earlier: Vec::new(),
            references: references::all(),
            last: CHANNEL,
        }
    }

    pub fn emg(device: &str) -> Self {
        Self::new(device, Site::Vaginal, Modality::Emg, Unit::Microvolt)
    }

    /// One more channel, of which the next measures are.
    pub fn and(mut self, device: &str, site: Site, modality: Modality, unit: Unit) -> Self {
        self.last = ChannelId { stream: 0, channel: self.channels.len() as u8 };
        let profile = Profile::new(modality, unit).like(device, site);
        self.channels.push(Observed { channel: self.last, profile });
        self
    }

    /// The measure that was put in last is doubtful for this.
    pub fn doubtful(self, reason: Reason) -> Self {
        self.also(|measure| {
            measure.validity = Validity::Doubtful;
            measure.reasons = measure.reasons.with(reason);
        })
    }

    fn unit(&self) -> MeasureUnit {
        let of = self.channels.iter().find(|one| one.channel == self.last);
        MeasureUnit::Channel(of.map_or(Unit::Count, |one| one.profile.unit))
    }

    pub fn with(mut self, quantity: Quantity, task: Task, how: How, value: f64) -> Self {
        let unit = match quantity {
            Quantity::PushIndex | Quantity::PushRelaxation | Quantity::PushRise => {
                MeasureUnit::Percent
            }
            Quantity::RestVariability | Quantity::HoldVariability => MeasureUnit::Percent,
            Quantity::BearingDownCount | Quantity::SqueezeCount => MeasureUnit::Count,
            Quantity::EnduranceRatio | Quantity::RelaxationRatio => MeasureUnit::Ratio,
            Quantity::RiseRate | Quantity::ReleaseRate => MeasureUnit::PercentMvcPerSecond,
            _ => self.unit(),
        };
        self.measures.push(Measure {
            channel: self.last,
            quantity,
            task,
            how,
            trial: None,
            value: Some(value),
            unit,
            sem: None,
            count: 5,
            span: Span::default(),
            validity: Validity::Valid,
            reasons: Reasons::NONE,
        });
        self
    }

    /// Changes the measure that was put in last.
    pub fn also(mut self, change: impl FnOnce(&mut Measure)) -> Self {
        change(self.measures.last_mut().expect("there is one"));
        self
    }

    pub fn rest(self, before: f64, between: f64) -> Self {
        self.with(Quantity::RestLevel, Task::RestBefore, How::Plain, before).with(
            Quantity::RestLevel,
            Task::AfterHold,
            How::Median,
            between,
        )
    }

    /// A tonic level as published, with the level at rest in it: measures are heights above rest.
    pub fn tonic(self, level: f64, rest: f64) -> Self {
        self.with(Quantity::ContractionMean, Task::Hold, How::Mean, level - rest)
    }

    pub fn assess(&self) -> Assessment {
        assess(&Visit {
            symptoms: self.symptoms,
            lift: self.lift,
            palpation: self.palpation,
            earlier: &self.earlier,
            ..Visit::new(&self.measures, &self.channels, &self.person, &self.references)
        })
    }
}
