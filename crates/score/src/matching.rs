//! Whether a reference may be held against a recording, and of whom.

use levator_programme::Position;
use levator_signal::ChannelId;

use crate::reference::{ANY_DEVICE, Reference};
use crate::rules::{LARGEST_GAIN, LEAST_GAIN};
use crate::{Bandwidth, Detector, Doubt, Modality, Person, Profile, Sex, Site, State};

/// What does not fit. What was not told is `None` in `actual`.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// Another device, or none was named.
    Device {
        /// That of the reference.
        expected: String,
        /// That of the recording.
        actual: Option<String>,
    },
    /// Another site.
    Site {
        /// That of the reference.
        expected: Site,
        /// That of the recording.
        actual: Option<Site>,
    },
    /// Something else is measured.
    Modality {
        /// That of the reference.
        expected: Modality,
        /// That of the recording.
        actual: Modality,
    },
    /// The unit of the channel cannot be converted.
    Unit,
    /// The gain is none that a probe can have.
    Gain(f64),
    /// Another band of frequencies.
    Bandwidth {
        /// That of the reference.
        expected: Bandwidth,
        /// That of the recording.
        actual: Bandwidth,
    },
    /// EMG is rectified otherwise.
    Detector {
        /// That of the reference.
        expected: Detector,
        /// That of the recording.
        actual: Detector,
    },
    /// The table is of another sex.
    Sex {
        /// That of the reference.
        expected: Sex,
        /// That of the person.
        actual: Option<Sex>,
    },
    /// The table is of another age.
    Age {
        /// From and below, years.
        expected: (f64, f64),
        /// That of the person.
        actual: Option<f64>,
    },
    /// The table is of people who gave birth more or less often.
    Births {
        /// From and to.
        expected: (u32, u32),
        /// That of the person.
        actual: Option<u32>,
    },
    /// Pregnant, shortly after birth, or neither, does not fit.
    State {
        /// Those of the reference.
        expected: Vec<State>,
        /// That of the person.
        actual: Option<State>,
    },
    /// The table is of other weeks.
    Weeks {
        /// From and to.
        expected: (f64, f64),
        /// Those of the person.
        actual: Option<f64>,
    },
}

impl Mismatch {
    /// Whether it is a reference for such a device, and it is the person it does not fit.
    #[must_use]
    pub const fn is_of_person(&self) -> bool {
        match self {
            Self::Sex { .. }
            | Self::Age { .. }
            | Self::Births { .. }
            | Self::State { .. }
            | Self::Weeks { .. } => true,
            Self::Device { .. }
            | Self::Site { .. }
            | Self::Modality { .. }
            | Self::Unit
            | Self::Gain(_)
            | Self::Bandwidth { .. }
            | Self::Detector { .. } => false,
        }
    }

    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let told = |told: bool, text: &str| match told {
            true => format!("it is of {text}"),
            false => format!("it is of {text}, and that was not told"),
        };
        match self {
            Self::Device { expected, actual } => match actual {
                Some(actual) => format!("it is of device {expected}, not {actual}"),
                None => format!("it is of device {expected}, and no device was named"),
            },
            Self::Site { expected, actual } => told(actual.is_some(), expected.name()),
            Self::Modality { expected, .. } => told(true, expected.name()),
            Self::Unit => "the unit cannot be converted".to_owned(),
            Self::Gain(gain) => format!("the gain is {gain}"),
            Self::Bandwidth { expected, .. } => {
                told(true, &format!("{} to {} Hz", expected.from_hz, expected.to_hz))
            }
            Self::Detector { expected, .. } => told(true, expected.name()),
            Self::Sex { expected, actual } => {
                told(actual.is_some(), &format!("sex {}", expected.name()))
            }
            Self::Age { expected: (from, below), actual } => {
                told(actual.is_some(), &format!("age {from} to below {below}"))
            }
            Self::Births { expected: (from, to), actual } => {
                told(actual.is_some(), &format!("people with {from} to {to} births"))
            }
            Self::State { expected, actual } => {
                let names: Vec<&str> = expected.iter().map(|state| state.name()).collect();
                told(actual.is_some(), &format!("people who are {}", names.join(" or ")))
            }
            Self::Weeks { expected: (from, to), actual } => {
                told(actual.is_some(), &format!("week {from} to {to}"))
            }
        }
    }
}

/// Outcome of holding a reference against a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// The channel it was held against.
    pub channel: ChannelId,
    /// The reference.
    pub reference: String,
    /// Its name, for people.
    pub name: String,
    /// What speaks against it without forbidding it, or what does not fit.
    pub outcome: Result<Vec<Doubt>, Mismatch>,
}

/// Holds a reference against a recording. Names of devices are compared without regard to case.
///
/// # Errors
///
/// The first thing that does not fit, of the device first, then of the person.
pub fn matches(
    reference: &Reference,
    profile: &Profile,
    person: &Person,
    position: Option<Position>,
) -> Result<Vec<Doubt>, Mismatch> {
    device(reference, profile)?;
    of_person(reference, person)?;
    Ok(doubts(reference, profile, person, position))
}

fn device(reference: &Reference, profile: &Profile) -> Result<(), Mismatch> {
    let pack = reference.pack();
    if profile.modality != pack.modality {
        let (expected, actual) = (pack.modality, profile.modality);
        return Err(Mismatch::Modality { expected, actual });
    }
    if profile.site != Some(pack.site) {
        return Err(Mismatch::Site { expected: pack.site, actual: profile.site });
    }
    let same = profile.device.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(&pack.device));
    if pack.device != ANY_DEVICE {
        if !same {
            let (expected, actual) = (pack.device.clone(), profile.device.clone());
            return Err(Mismatch::Device { expected, actual });
        }
        if profile.unit.factor_to(pack.unit).is_none() {
            return Err(Mismatch::Unit);
        }
    }
    if !(LEAST_GAIN..=LARGEST_GAIN).contains(&profile.gain) {
        return Err(Mismatch::Gain(profile.gain));
    }
    match (pack.bandwidth, profile.bandwidth) {
        (Some(expected), Some(actual)) if expected != actual => {
            return Err(Mismatch::Bandwidth { expected, actual });
        }
        _ => {}
    }
    match (pack.detector, profile.detector) {
        (Some(expected), Some(actual)) if expected != actual => {
            Err(Mismatch::Detector { expected, actual })
        }
        _ => Ok(()),
    }
}

fn of_person(reference: &Reference, person: &Person) -> Result<(), Mismatch> {
    let requires = &reference.pack().requires;
    let state = person.state();
    let passes = match state {
        Some(state) => requires.states.contains(&state),
        None => !requires.state_told && requires.states.contains(&State::NotPregnant),
    };
    if !passes {
        return Err(Mismatch::State { expected: requires.states.clone(), actual: state });
    }
    if let Some(expected) = requires.sex
        && person.sex != Some(expected)
    {
        return Err(Mismatch::Sex { expected, actual: person.sex });
    }
    if let Some(expected) = requires.age_years
        && !person.age_years.is_some_and(|age| (expected.0..expected.1).contains(&age))
    {
        return Err(Mismatch::Age { expected, actual: person.age_years });
    }
    if let Some(expected) = requires.births
        && !person.births.is_some_and(|births| (expected.0..=expected.1).contains(&births))
    {
        return Err(Mismatch::Births { expected, actual: person.births });
    }
    if let Some(expected) = requires.weeks
        && !person.weeks().is_some_and(|weeks| (expected.0..=expected.1).contains(&weeks))
    {
        return Err(Mismatch::Weeks { expected, actual: person.weeks() });
    }
    Ok(())
}

fn doubts(
    reference: &Reference,
    profile: &Profile,
    person: &Person,
    position: Option<Position>,
) -> Vec<Doubt> {
    let pack = reference.pack();
    let mut doubts = Vec::new();
    let emg = pack.modality == Modality::Emg && pack.device != ANY_DEVICE;
    if emg && (pack.bandwidth.is_none() || profile.bandwidth.is_none()) {
        doubts.push(Doubt::BandwidthUnknown);
    }
    let people = &pack.population;
    if let Some(age) = people.age_years
        && !person.age_years.is_some_and(|given| (age.0..=age.1).contains(&given))
    {
        doubts.push(Doubt::AgeOutside { given: person.age_years.is_some() });
    }
    if let Some(births) = people.births
        && !person.births.is_some_and(|given| (births.0..=births.1).contains(&given))
    {
        doubts.push(Doubt::BirthsOutside { given: person.births.is_some() });
    }
    if let (Some(theirs), Some(ours)) = (people.position, position)
        && theirs != ours
    {
        doubts.push(Doubt::PositionDiffers);
    }
    if person.state().is_none() && pack.device != ANY_DEVICE && person.sex != Some(Sex::Male) {
        doubts.push(Doubt::StateNotGiven);
    }
    doubts
}
