//! What a virtual device is: its identity, its streams, its clock.

use core::fmt;

use levator_protocol::{
    EncodeError, MAX_SAMPLE_BYTES, MAX_STREAMS, SampleFormat, StreamFlags, StreamKind, WireUnit,
};
use levator_signal::{SampleRate, SignalKind, Unit};

/// A device as its maker and its age made it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceConfig {
    /// Name for people, at most 32 bytes of UTF-8.
    pub name: String,
    /// Model number of the maker.
    pub model: u16,
    /// Version of the firmware: major, minor, patch.
    pub firmware: [u8; 3],
    /// Identity of this piece of hardware.
    pub uid: [u8; 8],
    /// Number of the first start.
    pub boot_id: u32,
    /// Streams, at most eight.
    pub streams: Vec<StreamConfig>,
    /// How much too fast the device's crystal runs, in parts per million, within ±10 000.
    pub clock_ppm: f64,
    /// Charge of the battery in percent, if it has one.
    pub battery_percent: Option<u8>,
    /// Index of the first sample after START. Zero on a real device; near 2³² to test the wrap.
    pub first_index: u32,
    /// Device clock at boot, in microseconds. Zero on a real device; near 2³² to test the wrap.
    pub boot_time_us: u64,
    /// Sequence number of the first frame. Zero on a real device; near 2¹⁶ to test the wrap.
    pub first_sequence: u16,
}

/// One stream of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamConfig {
    /// What is measured.
    pub kind: StreamKind,
    /// Unit after calibration. With [`WireUnit::Counts`] no calibration is sent.
    pub unit: WireUnit,
    /// How a sample is written.
    pub format: SampleFormat,
    /// Number of channels, 1 to 16.
    pub channel_count: u8,
    /// Samples of each channel per 1000 seconds (millihertz), not zero.
    pub rate_mhz: u32,
    /// What it says its rate is, where that is not so.
    pub declared_rate_mhz: Option<u32>,
    /// Samples of each channel in one frame, unless the host asks for less.
    pub scans_per_frame: u16,
    /// Units per count: `value = (code - offset) * scale`. Not zero.
    pub scale: f32,
    /// Code at the value zero, in counts.
    pub offset: f32,
    /// Smallest and largest code of the converter; values beyond are clamped and flagged as
    /// saturated. `None`: only the format limits the codes.
    pub rails: Option<(i32, i32)>,
    /// What the device did to the values.
    pub flags: StreamFlags,
    /// Delay of the device's own filters, in microseconds. It is declared, not carried out.
    pub filter_delay_us: u32,
    /// Name for people, at most 211 bytes of UTF-8.
    pub label: String,
}

impl DeviceConfig {
    /// A device with these streams, a perfect clock and counters that begin at zero.
    #[must_use]
    pub fn with_streams(name: &str, streams: Vec<StreamConfig>) -> Self {
        Self {
            name: name.to_owned(),
            model: 1,
            firmware: [0, 1, 0],
            uid: *b"virtual1",
            boot_id: 0x0001_0001,
            streams,
            clock_ppm: 0.0,
            battery_percent: None,
            first_index: 0,
            boot_time_us: 0,
            first_sequence: 0,
        }
    }

    /// A surface-EMG probe: pelvic floor and abdomen at 1 kHz.
    #[must_use]
    pub fn emg_probe() -> Self {
        Self::with_streams("virtual EMG probe", vec![StreamConfig::emg(2, 1_000_000)])
    }

    /// A pressure probe: one balloon at 100 Hz.
    #[must_use]
    pub fn pressure_probe() -> Self {
        Self::with_streams("virtual pressure probe", vec![StreamConfig::pressure(1, 100_000)])
    }

    /// A probe for both: EMG in stream 0, pressure in stream 1.
    #[must_use]
    pub fn combined_probe() -> Self {
        let streams = vec![StreamConfig::emg(2, 1_000_000), StreamConfig::pressure(1, 100_000)];
        Self::with_streams("virtual probe", streams)
    }
}

impl StreamConfig {
    /// Raw EMG as 16-bit codes of 0.1 µV, ±3.3 mV, with 20 ms in a frame.
    ///
    /// Our choice: the resting muscle is 40 counts, so quantisation adds nothing, and a drifting
    /// electrode still fits. Two channels at 1 kHz take 45 % of a 115200 baud line.
    #[must_use]
    pub fn emg(channel_count: u8, rate_mhz: u32) -> Self {
        Self {
            kind: StreamKind::EmgRaw,
            unit: WireUnit::Microvolt,
            format: SampleFormat::I16,
            channel_count,
            rate_mhz,
            declared_rate_mhz: None,
            scans_per_frame: scans_in_20_ms(rate_mhz, channel_count, SampleFormat::I16),
            scale: 0.1,
            offset: 0.0,
            rails: SampleFormat::I16.range(),
            flags: StreamFlags::NONE,
            filter_delay_us: 0,
            label: "EMG".to_owned(),
        }
    }

    /// Pressure as 24-bit codes of 0.01 Pa, with 20 ms in a frame.
    ///
    /// Our choice: zero lies at code 120 000, as on a bridge sensor out of the box, so that a host
    /// which forgets the offset is found out.
    #[must_use]
    pub fn pressure(channel_count: u8, rate_mhz: u32) -> Self {
        Self {
            kind: StreamKind::Pressure,
            unit: WireUnit::Pascal,
            format: SampleFormat::I24,
            scans_per_frame: scans_in_20_ms(rate_mhz, channel_count, SampleFormat::I24),
            scale: 0.01,
            offset: 120_000.0,
            rails: SampleFormat::I24.range(),
            flags: StreamFlags::GAUGE,
            label: "pressure".to_owned(),
            ..Self::emg(channel_count, rate_mhz)
        }
    }

    /// Number of samples of each channel that one frame can hold.
    #[must_use]
    pub fn max_scans_per_frame(&self) -> u16 {
        max_scans(self.channel_count, self.format)
    }

    /// Rate of each channel, `None` if it is zero.
    #[must_use]
    pub fn rate(&self) -> Option<SampleRate> {
        SampleRate::from_millihertz(self.rate_mhz)
    }

    /// What a person gives to this stream.
    pub(crate) fn signal_kind(&self) -> SignalKind {
        match self.kind {
            StreamKind::EmgRaw => SignalKind::Emg,
            StreamKind::EmgEnvelope => SignalKind::EmgEnvelope,
            StreamKind::Pressure | StreamKind::Force => SignalKind::Pressure,
            StreamKind::Temperature
            | StreamKind::Acceleration
            | StreamKind::Battery
            | StreamKind::Other(_) => SignalKind::Other,
        }
    }

    /// Smallest and largest code that can be sent, `None` if the format is unknown or too narrow.
    pub(crate) fn code_range(&self) -> Option<(i32, i32)> {
        let (least, most) = self.format.range()?;
        let (low, high) = self.rails.unwrap_or((least, most));
        (least <= low && low < high && high <= most).then_some((low, high))
    }
}

fn max_scans(channel_count: u8, format: SampleFormat) -> u16 {
    let scan_len = usize::from(channel_count) * format.width().unwrap_or(4);
    (MAX_SAMPLE_BYTES / scan_len.max(1)) as u16
}

fn scans_in_20_ms(rate_mhz: u32, channel_count: u8, format: SampleFormat) -> u16 {
    let most = u32::from(max_scans(channel_count, format));
    (rate_mhz / 50_000).clamp(1, most.max(1)) as u16
}

/// Factor from `unit` to `wire`, `None` if they are not units of the same quantity.
///
/// # Source
///
/// Conventional centimetre of water 98.0665 Pa, conventional millimetre of mercury 133.322387415 Pa,
/// standard gravity 9.80665 m/s² (BIPM 2019, SI brochure; NIST SP 811, appendix B).
pub(crate) fn unit_factor(unit: Unit, wire: WireUnit) -> Option<f64> {
    let factor = match (unit, wire) {
        (Unit::Pascal, WireUnit::Pascal)
        | (Unit::Microvolt, WireUnit::Microvolt)
        | (Unit::Volt, WireUnit::Volt)
        | (Unit::Newton, WireUnit::Newton)
        | (Unit::Celsius, WireUnit::Celsius)
        | (Unit::Gravity, WireUnit::Gravity)
        // Without calibration the wire does not say what a count is, so it may be anything.
        | (_, WireUnit::Counts) => 1.0,
        (Unit::CentimetreWater, WireUnit::Pascal) => 98.066_5,
        (Unit::MillimetreMercury, WireUnit::Pascal) => 133.322_387_415,
        (Unit::Hectopascal, WireUnit::Pascal) => 100.0,
        (Unit::Kilopascal, WireUnit::Pascal) => 1000.0,
        (Unit::Millivolt, WireUnit::Microvolt) => 1e3,
        (Unit::Volt, WireUnit::Microvolt) => 1e6,
        (Unit::Millivolt, WireUnit::Volt) => 1e-3,
        (Unit::Microvolt, WireUnit::Volt) => 1e-6,
        (Unit::KilogramForce, WireUnit::Newton) => 9.806_65,
        _ => return None,
    };
    Some(factor)
}

/// A device that cannot be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DeviceError {
    /// The wire has no room for so many streams.
    TooManyStreams {
        /// Streams that were given.
        count: usize,
    },
    /// The crystal is off by more than 10 000 ppm, or not a number.
    Clock {
        /// Its error in parts per million.
        clock_ppm: f64,
    },
    /// The wire cannot say this about the device or one of its streams.
    Wire(EncodeError),
    /// The rails of a stream do not fit its sample format, or the format is unknown.
    Rails {
        /// Number of the stream.
        stream: usize,
    },
    /// The subject does not give values in the unit of a stream.
    Unit {
        /// Number of the stream.
        stream: usize,
        /// Unit of the values.
        unit: Unit,
    },
    /// A replayed recording needs exactly one stream, with its rate and number of channels.
    Replay,
}

impl DeviceError {
    pub(crate) fn check_streams(config: &DeviceConfig) -> Result<(), Self> {
        let count = config.streams.len();
        if count > usize::from(MAX_STREAMS) {
            return Err(Self::TooManyStreams { count });
        }
        let clock_ppm = config.clock_ppm;
        if !(-10_000.0..=10_000.0).contains(&clock_ppm) {
            return Err(Self::Clock { clock_ppm });
        }
        match config.streams.iter().position(|stream| stream.code_range().is_none()) {
            Some(stream) => Err(Self::Rails { stream }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyStreams { count } => {
                write!(f, "device has {count} streams, the wire allows {MAX_STREAMS}")
            }
            Self::Clock { clock_ppm } => {
                write!(f, "clock is off by {clock_ppm} ppm, at most 10000 are possible")
            }
            Self::Wire(error) => write!(f, "description does not fit the wire: {error}"),
            Self::Rails { stream } => {
                write!(f, "rails of stream {stream} do not fit its sample format")
            }
            Self::Unit { stream, unit } => {
                write!(f, "stream {stream} cannot carry values in {unit}")
            }
            Self::Replay => f.write_str(
                "a replayed recording needs one stream with its rate and number of channels",
            ),
        }
    }
}

impl core::error::Error for DeviceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_named_streams_fit_the_wire() {
        for channel_count in 1..=16 {
            for rate_mhz in [1, 47_600, 100_000, 1_000_000, 4_000_000] {
                for stream in [
                    StreamConfig::emg(channel_count, rate_mhz),
                    StreamConfig::pressure(channel_count, rate_mhz),
                ] {
                    let scans = stream.scans_per_frame;
                    assert!((1..=stream.max_scans_per_frame()).contains(&scans), "{stream:?}");
                }
            }
        }
        assert_eq!(StreamConfig::emg(2, 1_000_000).scans_per_frame, 20);
        assert_eq!(StreamConfig::pressure(1, 100_000).scans_per_frame, 2);
    }

    #[test]
    fn units_of_one_quantity_convert_and_others_do_not() {
        assert_eq!(unit_factor(Unit::CentimetreWater, WireUnit::Pascal), Some(98.066_5));
        assert_eq!(unit_factor(Unit::Millivolt, WireUnit::Microvolt), Some(1e3));
        assert_eq!(unit_factor(Unit::Microvolt, WireUnit::Pascal), None);
        assert_eq!(unit_factor(Unit::Count, WireUnit::Microvolt), None);
    }

    #[test]
    fn rails_must_lie_in_the_format() {
        let rails = |rails| StreamConfig { rails, ..StreamConfig::emg(1, 1_000_000) }.code_range();
        assert_eq!(rails(None), Some((-32_768, 32_767)));
        assert_eq!(rails(Some((-2048, 2047))), Some((-2048, 2047)));
        assert_eq!(rails(Some((0, 65_535))), None);
        assert_eq!(rails(Some((5, 5))), None);
    }
}
