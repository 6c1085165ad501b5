//! References: who was measured, how, and what was found.

use levator_measure::{How, Quantity, Task};
use levator_programme::{Evidence, Position, Source};
use levator_signal::Unit;

use crate::check;
use crate::normal::Z975;
use crate::{Bandwidth, Detector, Distribution, Modality, PackError, Sex, Site, State};

/// The device of a reference that holds for any device: it may hold relative numbers only.
pub const ANY_DEVICE: &str = "any";

/// What stands in a reference, unchecked. [`Reference::new`] checks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// What it is called in files and on the command line: small letters, digits, hyphens.
    pub id: String,
    /// What it is called for people.
    pub name: String,
    /// The device its numbers hold for, as in [`Profile`](crate::Profile); [`ANY_DEVICE`] for any.
    pub device: String,
    /// The probe, for people.
    pub probe: String,
    /// Where it lay.
    pub site: Site,
    /// What was measured.
    pub modality: Modality,
    /// Band of the EMG, where it is known.
    pub bandwidth: Option<Bandwidth>,
    /// How EMG was rectified, where it is known.
    pub detector: Option<Detector>,
    /// Unit of what has the unit of the channel.
    pub unit: Unit,
    /// Who was measured.
    pub population: Population,
    /// Of whom it may be used at all.
    pub requires: Requires,
    /// How values are spread.
    pub norms: Vec<Norm>,
    /// How well values repeat.
    pub repeatability: Vec<Repeatability>,
    /// A published rule that goes with these norms.
    pub legacy_rule: bool,
    /// Where it comes from.
    pub source: Source,
}

/// Who was measured. A person outside is told so; the reference is used all the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// In words, with how many there were.
    pub text: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in years, from and to.
    pub age_years: Option<(f64, f64)>,
    /// How often they had given birth, from and to.
    pub births: Option<(u32, u32)>,
    /// How they lay or stood.
    pub position: Option<Position>,
}

/// Of whom a reference may be used. What is asked for here must have been told, and fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Requires {
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in years, from and below.
    pub age_years: Option<(f64, f64)>,
    /// How often the person has given birth, from and to.
    pub births: Option<(u32, u32)>,
    /// With child, shortly after, or neither: one of these. A person of whom nothing was told
    /// passes as not pregnant, unless `state_told`.
    pub states: Vec<State>,
    /// Whether the state must have been told.
    pub state_told: bool,
    /// Weeks of pregnancy or since birth, from and to.
    pub weeks: Option<(f64, f64)>,
}

impl Requires {
    /// Nothing but that the person is not pregnant and has not given birth within a year.
    #[must_use]
    pub fn not_pregnant() -> Self {
        Self {
            sex: None,
            age_years: None,
            births: None,
            states: vec![State::NotPregnant],
            state_told: false,
            weeks: None,
        }
    }

    /// How much is asked for: a reference that asks for more is nearer to the person.
    #[must_use]
    pub fn count(&self) -> usize {
        [
            self.sex.is_some(),
            self.age_years.is_some(),
            self.births.is_some(),
            self.state_told || !self.states.contains(&State::NotPregnant),
            self.weeks.is_some(),
        ]
        .into_iter()
        .filter(|asked| *asked)
        .count()
    }
}

/// How the values of one measure are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// What was measured.
    pub quantity: Quantity,
    /// What the people were doing.
    pub task: Task,
    /// By which definition.
    pub how: How,
    /// Whether the level at rest is in it. Measures are heights above rest, so it is added before
    /// they are compared.
    pub includes_rest: bool,
    /// How values are spread.
    pub distribution: Distribution,
    /// Where it comes from.
    pub source: Source,
}

impl Norm {
    /// How the bounds came here: arithmetic on a mean and a standard deviation is no reading.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        match self.distribution.is_derived() {
            true => self.source.evidence.max(Evidence::Derived),
            false => self.source.evidence,
        }
    }
}

/// An error or a change, of the measure itself or relative to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// In the unit of the measure.
    Absolute(f64),
    /// As a proportion of the measure; changes are compared by the logarithm of their ratio.
    Relative(f64),
}

impl Size {
    /// In the unit of the measure, at this value.
    #[must_use]
    pub fn at(self, value: f64) -> f64 {
        match self {
            Self::Absolute(size) => size,
            Self::Relative(ratio) => ratio * value.abs(),
        }
    }

    /// The same, times a factor.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        match self {
            Self::Absolute(size) => Self::Absolute(size * factor),
            Self::Relative(ratio) => Self::Relative(ratio * factor),
        }
    }

    pub(crate) const fn number(self) -> f64 {
        match self {
            Self::Absolute(size) | Self::Relative(size) => size,
        }
    }
}

/// How well a measure repeats between days.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeatability {
    /// What was measured.
    pub quantity: Quantity,
    /// Of which task; `None` for all.
    pub task: Option<Task>,
    /// Standard error of measurement.
    pub sem: Option<Size>,
    /// Smallest change that can be detected, 95 %.
    pub mdc: Option<Size>,
    /// Where it comes from.
    pub source: Source,
}

/// `1.96 sqrt(2)`: a difference of two readings, 95 % two-sided, in standard errors of one.
#[must_use]
pub fn mdc_factor() -> f64 {
    Z975 * core::f64::consts::SQRT_2
}

impl Repeatability {
    /// Standard error: as published, else the detectable change over `1.96 sqrt(2)`.
    #[must_use]
    pub fn sem(&self) -> Option<Size> {
        self.sem.or_else(|| self.mdc.map(|mdc| mdc.times(1.0 / mdc_factor())))
    }

    /// Detectable change: as published, else the standard error times `1.96 sqrt(2)`.
    #[must_use]
    pub fn mdc(&self) -> Option<Size> {
        self.mdc.or_else(|| self.sem.map(|sem| sem.times(mdc_factor())))
    }
}

/// A reference that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pack: Pack,
}

impl Reference {
    /// Checks a pack.
    ///
    /// # Errors
    ///
    /// The first fault: ids and citations that are missing, numbers that are not finite, not in
    /// order or no proportion, evidence from memory, absolute numbers for any device, and ranges so
    /// narrow that they can only be those of a mean.
    pub fn new(pack: Pack) -> Result<Self, PackError> {
        check::pack(&pack)?;
        Ok(Self { pack })
    }

    /// What stands in it.
    #[must_use]
    pub const fn pack(&self) -> &Pack {
        &self.pack
    }

    /// What it is called in files.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.pack.id
    }

    /// Repeatability of a measure: that of its task if there is one, else that of all tasks.
    #[must_use]
    pub fn repeatability(&self, quantity: Quantity, task: Task) -> Option<&Repeatability> {
        let all = || self.pack.repeatability.iter().filter(|one| one.quantity == quantity);
        all().find(|one| one.task == Some(task)).or_else(|| all().find(|one| one.task.is_none()))
    }
}
