//! How a recording was made, and of whom; as given, never guessed.

use levator_signal::{ChannelId, Unit};

use levator_programme::words;

/// Where the probe lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// In the vagina.
    Vaginal,
    /// In the anal canal.
    Anal,
    /// On the skin beside the anus.
    Perianal,
}

words!(Site { Vaginal => "vaginal", Anal => "anal", Perianal => "perianal" });

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modality {
    /// Surface EMG.
    Emg,
    /// Pressure.
    Pressure,
    /// Force, by a dynamometer.
    Force,
}

words!(Modality { Emg => "emg", Pressure => "pressure", Force => "force" });

impl Modality {
    /// Whether a unit is one of it.
    #[must_use]
    pub fn has_unit(self, unit: Unit) -> bool {
        let base = match self {
            Self::Emg => Unit::Microvolt,
            Self::Pressure => Unit::Pascal,
            Self::Force => Unit::Newton,
        };
        unit.factor_to(base).is_some()
    }

    /// Whether it feels tension, and not only electrical activity.
    #[must_use]
    pub const fn is_mechanical(self) -> bool {
        matches!(self, Self::Pressure | Self::Force)
    }
}

/// How EMG is rectified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detector {
    /// Root mean square.
    Rms,
    /// Average rectified value.
    Arv,
}

words!(Detector { Rms => "rms", Arv => "arv" });

/// A band of frequencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bandwidth {
    /// Lower corner.
    pub from_hz: f64,
    /// Upper corner.
    pub to_hz: f64,
}

/// How a channel was measured. Numbers may be compared only between equal profiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The device, or the one this reads like up to `gain`; compared with that of a reference.
    pub device: Option<String>,
    /// The probe.
    pub probe: Option<String>,
    /// Where it lies.
    pub site: Option<Site>,
    /// What is measured.
    pub modality: Modality,
    /// Band of the EMG.
    pub bandwidth: Option<Bandwidth>,
    /// How EMG is rectified.
    pub detector: Option<Detector>,
    /// Unit of the channel.
    pub unit: Unit,
    /// What this reads where `device` reads one; values are divided by it. 1 for the device itself.
    /// One that is not finite and above zero matches no reference.
    pub gain: f64,
}

impl Profile {
    /// A profile of which only this is known.
    #[must_use]
    pub const fn new(modality: Modality, unit: Unit) -> Self {
        Self {
            device: None,
            probe: None,
            site: None,
            modality,
            bandwidth: None,
            detector: None,
            unit,
            gain: 1.0,
        }
    }

    /// The same, read like this device, at this site.
    #[must_use]
    pub fn like(mut self, device: &str, site: Site) -> Self {
        self.device = Some(device.to_owned());
        self.site = Some(site);
        self
    }
}

/// A channel that looks at the pelvic floor, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The channel.
    pub channel: ChannelId,
    /// How it was measured.
    pub profile: Profile,
}

/// Which of the tables that are split by sex is to be used; as chosen, and nothing else follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Tables of women.
    Female,
    /// Tables of men.
    Male,
}

words!(Sex { Female => "female", Male => "male" });

/// With child, shortly after, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Neither.
    NotPregnant,
    /// Pregnant.
    Pregnant,
    /// Less than twelve months after a birth.
    PostPartum,
}

words!(State {
    NotPregnant => "not-pregnant",
    Pregnant => "pregnant",
    PostPartum => "post-partum",
});

/// What is told of the person. What is `None` was not told, and is not inferred.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Person {
    /// Which tables to use.
    pub sex: Option<Sex>,
    /// Age, years.
    pub age_years: Option<f64>,
    /// How often the person has given birth.
    pub births: Option<u32>,
    /// Whether pregnant.
    pub pregnant: Option<bool>,
    /// Week of pregnancy.
    pub pregnancy_week: Option<f64>,
    /// Weeks since the last birth.
    pub weeks_post_partum: Option<f64>,
    /// Weeks since surgery of the pelvis.
    pub weeks_after_surgery: Option<f64>,
}

impl Person {
    /// With child, shortly after, or neither; `None` if it was not told.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        if self.pregnant == Some(true) {
            return Some(State::Pregnant);
        }
        match self.weeks_post_partum {
            Some(weeks) if weeks < crate::rules::POST_PARTUM_WEEKS => Some(State::PostPartum),
            Some(weeks) if weeks.is_finite() => Some(State::NotPregnant),
            Some(_) | None => self.pregnant.map(|_| State::NotPregnant),
        }
    }

    /// Weeks that belong to [`Self::state`]: of pregnancy, or since birth.
    #[must_use]
    pub fn weeks(&self) -> Option<f64> {
        match self.state()? {
            State::Pregnant => self.pregnancy_week,
            State::PostPartum => self.weeks_post_partum,
            State::NotPregnant => None,
        }
    }
}
