//! What a person is measured with.

use levator_signal::{SampleRate, Unit};

use super::{Anatomy, Condition, Stage};

/// Where the electrode or the probe lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// In the vagina.
    Vaginal,
    /// In the anal canal.
    Anal,
    /// On the skin beside the anus.
    Perianal,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modality {
    /// Surface EMG.
    Emg,
    /// Pressure.
    Pressure,
    /// Both at once.
    Both,
}

/// EMG devices whose published statistics the people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EmgFamily {
    /// Vaginal probe, levels as in Oleksy 2020.
    Oleksy,
    /// Vaginal probe, levels as in Kasper-Jędrzejewska 2025.
    Kasper,
    /// Patch electrode beside the anus, levels as in Pérez-Martínez 2008. Men.
    PerianalPatch,
    /// Anal probe, for which no levels are published: half of Oleksy's, our choice.
    AnalProbe,
}

impl EmgFamily {
    /// Where it lies.
    #[must_use]
    pub const fn site(self) -> Site {
        match self {
            Self::Oleksy | Self::Kasper => Site::Vaginal,
            Self::PerianalPatch => Site::Perianal,
            Self::AnalProbe => Site::Anal,
        }
    }

    /// A word for files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Oleksy => "oleksy-emg",
            Self::Kasper => "kasper-emg",
            Self::PerianalPatch => "perianal-patch",
            Self::AnalProbe => "anal-emg",
        }
    }
}

/// Pressure devices whose published statistics the people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PressureFamily {
    /// Vaginal, in cmH2O, zeroed at rest: it shows no resting tone.
    Peritron,
    /// Vaginal, in cmH2O above the atmosphere.
    Camtech,
    /// Conventional anorectal manometry, in mmHg above the atmosphere.
    Anorectal,
}

impl PressureFamily {
    /// Where it lies.
    #[must_use]
    pub const fn site(self) -> Site {
        match self {
            Self::Peritron | Self::Camtech => Site::Vaginal,
            Self::Anorectal => Site::Anal,
        }
    }

    /// Unit of its channels.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Peritron | Self::Camtech => Unit::CentimetreWater,
            Self::Anorectal => Unit::MillimetreMercury,
        }
    }

    /// A word for files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peritron => "peritron",
            Self::Camtech => "camtech",
            Self::Anorectal => "anorectal",
        }
    }
}

/// Which of the abdomen's channels there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Abdomen {
    /// None.
    None,
    /// EMG of the lower abdomen.
    Emg,
    /// Pressure in the rectum.
    Pressure,
    /// Both.
    Both,
}

impl Abdomen {
    /// Whether there is EMG.
    #[must_use]
    pub const fn has_emg(self) -> bool {
        matches!(self, Self::Emg | Self::Both)
    }

    /// Whether there is pressure.
    #[must_use]
    pub const fn has_pressure(self) -> bool {
        matches!(self, Self::Pressure | Self::Both)
    }
}

/// Whether somebody watched that a squeeze lifted the probe inwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lift {
    /// Yes: [`Participant::lifts`](super::Participant::lifts) says what they saw.
    Watched,
    /// No.
    NotWatched,
}

/// Where a channel lies. The names are those of the engine's roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelPlace {
    /// EMG of the pelvic floor.
    PelvicEmg,
    /// EMG of the lower abdomen.
    AbdominalEmg,
    /// Pressure in the zone of the pelvic floor.
    PelvicPressure,
    /// Pressure of the abdomen.
    AbdominalPressure,
}

impl ChannelPlace {
    /// All, in the order in which a scan has them.
    pub const ALL: [Self; 4] =
        [Self::PelvicEmg, Self::AbdominalEmg, Self::PelvicPressure, Self::AbdominalPressure];

    /// The name of the role: `pelvic-emg` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PelvicEmg => "pelvic-emg",
            Self::AbdominalEmg => "abdominal-emg",
            Self::PelvicPressure => "pelvic-pressure",
            Self::AbdominalPressure => "abdominal-pressure",
        }
    }

    /// Whether it is EMG.
    #[must_use]
    pub const fn is_emg(self) -> bool {
        matches!(self, Self::PelvicEmg | Self::AbdominalEmg)
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::PelvicEmg => 0,
            Self::AbdominalEmg => 1,
            Self::PelvicPressure => 2,
            Self::AbdominalPressure => 3,
        }
    }
}

/// What a person is measured with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// The EMG device, if any.
    pub emg: Option<EmgFamily>,
    /// The pressure device, if any.
    pub pressure: Option<PressureFamily>,
    /// The channels of the abdomen.
    pub abdomen: Abdomen,
    /// Whether the lift was watched.
    pub lift: Lift,
    /// What the device makes of a microvolt: 1 is as published. The matching reference profile is
    /// multiplied by the same factor. Pressure is not touched. Above 0.
    pub gain: f64,
    /// Scans a second, of all channels alike.
    pub rate: SampleRate,
}

/// Why a person cannot be measured with a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Impossible {
    /// There is neither EMG nor pressure of the pelvic floor, or the two lie at different sites.
    Devices,
    /// The gain is not above zero, or not finite.
    Gain,
    /// The site does not go with the anatomy, or the device was only ever used on the other.
    Anatomy,
    /// The condition does not go with the anatomy.
    Condition,
}

impl core::fmt::Display for Impossible {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Devices => "no device of the pelvic floor, or two at different sites",
            Self::Gain => "gain is not a finite number above zero",
            Self::Anatomy => "device does not go with the anatomy",
            Self::Condition => "condition does not go with the anatomy",
        })
    }
}

impl core::error::Error for Impossible {}

impl Setup {
    /// The three gains that a verdict must not depend on. Our choice: powers of two, so that signals
    /// at two gains have the same digits.
    pub const GAINS: [f64; 3] = [0.25, 1.0, 4.0];

    /// The setups of a [`cohort`](super::cohort()), at gain 1: 1000 scans a second with EMG, 100
    /// without.
    #[must_use]
    pub fn usual() -> [Self; 13] {
        let fast = SampleRate::new(1000, 1).expect("not zero");
        let slow = SampleRate::new(100, 1).expect("not zero");
        let emg = |family, abdomen| Self {
            emg: Some(family),
            pressure: None,
            abdomen,
            lift: Lift::NotWatched,
            gain: 1.0,
            rate: fast,
        };
        let pressure = |family, abdomen, lift| Self {
            emg: None,
            pressure: Some(family),
            abdomen,
            lift,
            gain: 1.0,
            rate: slow,
        };
        let with_emg = |setup: Self, family| Self { emg: Some(family), rate: fast, ..setup };
        let rectal = |family| pressure(family, Abdomen::Pressure, Lift::NotWatched);
        [
            emg(EmgFamily::Oleksy, Abdomen::None),
            emg(EmgFamily::Oleksy, Abdomen::Emg),
            emg(EmgFamily::Kasper, Abdomen::None),
            emg(EmgFamily::Kasper, Abdomen::Emg),
            emg(EmgFamily::PerianalPatch, Abdomen::None),
            emg(EmgFamily::PerianalPatch, Abdomen::Emg),
            pressure(PressureFamily::Peritron, Abdomen::None, Lift::Watched),
            rectal(PressureFamily::Peritron),
            pressure(PressureFamily::Camtech, Abdomen::None, Lift::Watched),
            rectal(PressureFamily::Camtech),
            rectal(PressureFamily::Anorectal),
            with_emg(
                pressure(PressureFamily::Camtech, Abdomen::Both, Lift::Watched),
                EmgFamily::Oleksy,
            ),
            with_emg(
                pressure(PressureFamily::Anorectal, Abdomen::Both, Lift::NotWatched),
                EmgFamily::AnalProbe,
            ),
        ]
    }

    /// What is measured.
    ///
    /// A setup without a device, with which nobody can be measured, counts as EMG.
    #[must_use]
    pub const fn modality(&self) -> Modality {
        match (self.emg, self.pressure) {
            (Some(_), Some(_)) => Modality::Both,
            (None, Some(_)) => Modality::Pressure,
            (_, None) => Modality::Emg,
        }
    }

    /// Where it lies; `None` without a device.
    #[must_use]
    pub fn site(&self) -> Option<Site> {
        self.emg.map(EmgFamily::site).or(self.pressure.map(PressureFamily::site))
    }

    /// Its channels, in the order in which a scan has them.
    pub fn channels(&self) -> impl Iterator<Item = ChannelPlace> + use<> {
        let present = [
            self.emg.is_some(),
            self.abdomen.has_emg(),
            self.pressure.is_some(),
            self.abdomen.has_pressure(),
        ];
        ChannelPlace::ALL.into_iter().zip(present).filter_map(|(place, here)| here.then_some(place))
    }

    /// Unit of a channel. The abdomen's pressure is in cmH2O, unless the pelvic floor's is not.
    #[must_use]
    pub fn unit(&self, place: ChannelPlace) -> Unit {
        match place {
            ChannelPlace::PelvicEmg | ChannelPlace::AbdominalEmg => Unit::Microvolt,
            ChannelPlace::PelvicPressure | ChannelPlace::AbdominalPressure => {
                self.pressure.map_or(Unit::CentimetreWater, PressureFamily::unit)
            }
        }
    }

    /// What the setup's own value of a cmH2O is: 1, or what that is in mmHg.
    pub(crate) fn cmh2o(&self) -> f64 {
        let unit = self.unit(ChannelPlace::PelvicPressure);
        Unit::CentimetreWater.factor_to(unit).expect("both are pressures")
    }

    /// A short name: `camtech+oleksy-emg+abdomen`.
    #[must_use]
    pub fn name(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.pressure.map(PressureFamily::name));
        parts.extend(self.emg.map(EmgFamily::name));
        if self.abdomen != Abdomen::None {
            parts.push("abdomen");
        }
        parts.join("+")
    }

    /// Whether this person can be measured with it.
    ///
    /// # Errors
    ///
    /// The first reason why not.
    pub fn check(&self, condition: Condition, anatomy: Anatomy) -> Result<(), Impossible> {
        let sites = (self.emg.map(EmgFamily::site), self.pressure.map(PressureFamily::site));
        let site = match sites {
            (Some(one), Some(other)) if one != other => return Err(Impossible::Devices),
            (None, None) => return Err(Impossible::Devices),
            (Some(site), _) | (None, Some(site)) => site,
        };
        if !(self.gain.is_finite() && self.gain > 0.0) {
            return Err(Impossible::Gain);
        }
        match (site, anatomy) {
            (Site::Vaginal, Anatomy::Male) | (Site::Perianal, Anatomy::Female) => {
                return Err(Impossible::Anatomy);
            }
            (Site::Vaginal | Site::Anal, Anatomy::Female)
            | (Site::Anal | Site::Perianal, Anatomy::Male) => {}
        }
        match anatomy == Anatomy::Male && condition.stage() != Stage::Usual {
            true => Err(Impossible::Condition),
            false => Ok(()),
        }
    }
}
