//! What can be chosen before a recording, checked once.

use core::fmt;
use std::borrow::Cow;

use levator_decode::StreamInfo;
use levator_decode::foreign::Description;
use levator_detect::manoeuvre::{MAX_ROLES, Role};
use levator_measure::Schedule;
use levator_signal::preset::Mains;
use levator_signal::{Calibration, ChannelId, SampleRate, Unit};

use crate::Course;

/// Settings of an [`Engine`](crate::Engine). They are written into every recording, so that its
/// analysis uses the ones it was made with.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineConfig {
    /// Where samples come from.
    pub source: Source,
    /// Band of the EMG filter.
    pub emg_band: EmgBand,
    /// Mains hum to take out of EMG, if any.
    pub mains: Option<Mains>,
    /// What becomes of the heart beat in EMG.
    pub heart: Heart,
    /// Unit that pressures are converted to, whatever the device or file gives them in. `None`, and a
    /// unit that is none of pressure, leave them as they come.
    pub pressure_unit: Option<Unit>,
    /// Where channels lie, for those that are to be judged together; at most
    /// [`MAX_ROLES`].
    pub roles: Vec<(ChannelId, Role)>,
    /// Calibrations that the host knows of, in place of what the device says of itself; at most
    /// [`Self::MOST_CALIBRATIONS`]. Of two for one channel the later one counts.
    pub calibrations: Vec<KnownCalibration>,
    /// The programme that is run, if any.
    pub course: Option<Course>,
    /// What marks in a file say was asked for, in place of a programme. Not kept in recordings, which have a
    /// programme or nothing.
    pub schedule: Option<Schedule>,
    /// Most channels that are filtered and searched for contractions, over all streams. Further
    /// channels are passed on as they come. Each takes about half a megabyte.
    pub max_channel_count: usize,
    /// Highest rate that is filtered and searched, in hertz, 10 to 20 000. Faster streams are passed
    /// on as they come.
    pub max_rate_hz: f64,
}

/// A calibration of one channel of one device, as somebody measured it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownCalibration {
    /// The device, by what it says of itself; zeros for a device that says nothing.
    pub uid: [u8; 8],
    /// The channel.
    pub channel: ChannelId,
    /// From codes of the device to `unit`.
    pub calibration: Calibration,
    /// What it measures in.
    pub unit: Unit,
    /// The known value it was measured against, in `unit`.
    pub reference: f64,
    /// When, in seconds since 1970 (UTC): the older of zero and scale.
    pub made_unix_s: u64,
}

/// Where samples come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A device that speaks our wire protocol.
    Device {
        /// Whether the engine greets the device and starts it, or only listens.
        conversation: Conversation,
    },
    /// A device of others, which does not describe itself.
    Foreign {
        /// Whether the engine starts and stops the device, or only listens.
        conversation: Conversation,
        /// What is known of it.
        description: Box<Description>,
    },
    /// Scans read from a file, described by it.
    Scans(Box<StreamInfo>),
}

/// Whether the host speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conversation {
    /// Greets the device, asks for its description, starts it, and does so again after a restart.
    Lead,
    /// Never sends a byte.
    Listen,
}

/// Band of the EMG filter, each with its source in `levator_signal::preset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EmgBand {
    /// 20 to 450 Hz, the band of general surface EMG.
    Wide,
    /// 30 to 450 Hz, against the heart beat at little loss.
    Pelvic,
    /// 100 to 450 Hz, where the heart beat is strong.
    HeartSafe,
}

/// What becomes of the heart beat in EMG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Heart {
    /// It stays in, as far as the band lets it through.
    #[default]
    Keep,
    /// It is looked for, and taken out where it is found: see `levator_signal::heart`.
    Remove,
}

impl EmgBand {
    /// All bands with their names on the command line and in files.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Wide, "wide"), (Self::Pelvic, "pelvic"), (Self::HeartSafe, "heart-safe")];
}

impl EngineConfig {
    /// Most calibrations that are known at once. Our choice: eight devices of eight channels.
    pub const MOST_CALIBRATIONS: usize = 64;

    /// For a device on a port, which is greeted and started.
    ///
    /// Our choice: 24 channels of at most 10 kHz (feature F41 asks for 24 at 2 kHz), the wide band
    /// because pelvic-floor power lies mostly below 100 Hz, 50 Hz mains, which most of the world has,
    /// and cmH2O, in which most of the published pressures of the pelvic floor stand.
    #[must_use]
    pub fn device() -> Self {
        Self {
            source: Source::Device { conversation: Conversation::Lead },
            emg_band: EmgBand::Wide,
            mains: Some(Mains::Hz50),
            heart: Heart::Keep,
            pressure_unit: Some(Unit::CentimetreWater),
            roles: Vec::new(),
            calibrations: Vec::new(),
            course: None,
            schedule: None,
            max_channel_count: 24,
            max_rate_hz: 10_000.0,
        }
    }

    /// For scans from a file, in the units of the file.
    #[must_use]
    pub fn scans(stream: StreamInfo) -> Self {
        Self {
            max_channel_count: usize::from(stream.channel_count),
            max_rate_hz: stream.rate.hz().clamp(10.0, 20_000.0),
            source: Source::Scans(Box::new(stream)),
            pressure_unit: None,
            ..Self::device()
        }
    }

    pub(crate) fn check(&self) -> Result<SampleRate, ConfigError> {
        let refuse = |field, value, bound| Err(ConfigError::of(field, value, bound));
        if !(1..=256).contains(&self.max_channel_count) {
            return refuse("max_channel_count", self.max_channel_count as f64, "1 to 256");
        }
        if self.calibrations.len() > Self::MOST_CALIBRATIONS {
            return refuse("calibrations", self.calibrations.len() as f64, "at most 64");
        }
        let is_sound = |known: &&KnownCalibration| {
            let Calibration { scale, offset_counts } = known.calibration;
            Calibration::new(scale, offset_counts).is_some()
        };
        if let Some(known) = self.calibrations.iter().find(|known| !is_sound(known)) {
            return refuse("calibrations", known.calibration.scale, "finite and not zero");
        }
        if !(10.0..=20_000.0).contains(&self.max_rate_hz) {
            return refuse("max_rate_hz", self.max_rate_hz, "10 to 20000");
        }
        if self.roles.len() > MAX_ROLES {
            return refuse("roles", self.roles.len() as f64, "at most 8");
        }
        if let Source::Foreign { description, .. } = &self.source
            && let Err(reason) = description.check()
        {
            let field = "source.description";
            return Err(ConfigError { field, value: None, bound: reason.into() });
        }
        if let Source::Scans(stream) = &self.source {
            let channels = usize::from(stream.channel_count);
            if !(1..=levator_decode::MAX_CHANNELS).contains(&channels) {
                return refuse("source.channel_count", channels as f64, "1 to 16");
            }
        }
        SampleRate::from_hz(self.max_rate_hz).ok_or(ConfigError::of(
            "max_rate_hz",
            self.max_rate_hz,
            "10 to 20000",
        ))
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigError {
    /// Name of the setting.
    pub field: &'static str,
    /// Its value, where it is one number.
    pub value: Option<f64>,
    /// What it may be; of what is no number, what is wrong with it.
    pub bound: Cow<'static, str>,
}

impl ConfigError {
    const fn of(field: &'static str, value: f64, bound: &'static str) -> Self {
        Self { field, value: Some(value), bound: Cow::Borrowed(bound) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, bound } = self;
        match value {
            Some(value) => write!(f, "{field} is {value}, but must be {bound}"),
            None => write!(f, "{field}: {bound}"),
        }
    }
}

impl core::error::Error for ConfigError {}
