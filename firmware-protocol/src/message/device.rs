//! What a device tells: identity, streams, calibration, state, answers (SPEC 3.2 to 3.10).

use super::codes::{
    AckResult, CalibSource, Capabilities, DeviceState, LogLevel, SampleFormat, StreamFlags,
    StreamKind, WireUnit,
};
use super::samples::MAX_SAMPLE_BYTES;
use super::text::Text;
use super::view::{
    AckView, CalibView, EventView, HelloView, LogView, StatusView, StreamDescView, TimeRepView,
};
use super::{Fault, MAX_CHANNELS, MAX_STREAM, MAX_STREAMS, NO_STREAM, expect_magic};
use crate::frame::MAGIC;

/// Longest name in HELLO, in bytes.
pub const MAX_NAME_LEN: usize = 32;
/// STATUS: the charge of the battery is not known.
const BATTERY_UNKNOWN: u8 = 0xFF;
/// STATUS: the temperature is not known.
const TEMPERATURE_UNKNOWN: i16 = i16::MIN;

/// Who the device is. Sent after boot and in answer to IDENTIFY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Minor version of the messages the device speaks.
    pub minor: u8,
    /// Longest payload the device accepts; at least 21, so that every command fits.
    pub max_payload: u8,
    /// Model, given out by the maker.
    pub model: u16,
    /// Another number after every boot: tells a reset from a wrap of the counters.
    pub boot_id: u32,
    /// Number of this one piece of hardware; finds its calibration again.
    pub uid: [u8; 8],
    /// Version of the firmware: major, minor, patch.
    pub firmware: [u8; 3],
    /// Streams the device has, 0 to 8.
    pub stream_count: u8,
    /// What the device can do.
    pub capabilities: Capabilities,
    /// Name for people, at most 32 bytes.
    pub name: Text<'a>,
}

impl<'a> Hello<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, Fault> {
        let least = HelloView::LEAST;
        let view = HelloView::new(payload).ok_or(Fault::Length { least })?;
        expect_magic(view.magic())?;
        if view.stream_count() > MAX_STREAMS {
            return Err(Fault::Field { offset: 23 });
        }
        if usize::from(view.name_len()) > MAX_NAME_LEN {
            return Err(Fault::Field { offset: 28 });
        }
        Ok(Self {
            minor: view.minor(),
            max_payload: view.max_payload(),
            model: view.model(),
            boot_id: view.boot_id(),
            uid: view.uid(),
            firmware: view.firmware(),
            stream_count: view.stream_count(),
            capabilities: Capabilities::from_bits(view.capabilities()),
            name: tail(payload, least, view.name_len())?,
        })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.stream_count > MAX_STREAMS {
            return Err(23);
        }
        if self.name.len() > MAX_NAME_LEN { Err(28) } else { Ok(()) }
    }

    pub(super) fn payload_len(&self) -> usize {
        HelloView::LEAST + self.name.len()
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        let (fixed, name) = payload.split_at_mut(HelloView::LEAST);
        name.copy_from_slice(self.name.as_bytes());
        if let Some(mut view) = HelloView::new(fixed) {
            view.set_magic(MAGIC);
            view.set_minor(self.minor);
            view.set_max_payload(self.max_payload);
            view.set_model(self.model);
            view.set_boot_id(self.boot_id);
            view.set_uid(self.uid);
            view.set_firmware(self.firmware);
            view.set_stream_count(self.stream_count);
            view.set_capabilities(self.capabilities.bits());
            view.set_name_len(self.name.len() as u8);
        }
    }
}

/// What a stream carries. Sent in answer to GET_DESC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamDesc<'a> {
    /// Number of the stream, 0 to 7.
    pub stream: u8,
    /// Changes with every change of this description or of the calibration.
    pub epoch: u8,
    /// What is measured.
    pub kind: StreamKind,
    /// How a sample is written.
    pub format: SampleFormat,
    /// Channels, 1 to 16.
    pub channels: u8,
    /// Unit after calibration.
    pub unit: WireUnit,
    /// What has been done to the values.
    pub flags: StreamFlags,
    /// Samples of each channel per 1000 seconds (millihertz), not zero.
    pub rate_mhz: u32,
    /// Most samples of each channel in one SAMPLES frame, not zero.
    pub max_scans: u16,
    /// Delay of the device's own filters, in microseconds.
    pub filter_delay_us: u32,
    /// Smallest code the converter gives; a code there is saturated.
    pub adc_min: i32,
    /// Largest code the converter gives; equal to `adc_min` if there are no limits.
    pub adc_max: i32,
    /// Name for people, at most 211 bytes.
    pub label: Text<'a>,
}

impl<'a> StreamDesc<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, Fault> {
        let least = StreamDescView::LEAST;
        let view = StreamDescView::new(payload).ok_or(Fault::Length { least })?;
        let description = Self {
            stream: view.stream(),
            epoch: view.epoch(),
            kind: StreamKind::from_code(view.kind()),
            format: SampleFormat::from_code(view.format()),
            channels: view.channels(),
            unit: WireUnit::from_code(view.unit()),
            flags: StreamFlags::from_bits(view.flags()),
            rate_mhz: view.rate_mhz(),
            max_scans: view.max_scans(),
            filter_delay_us: view.filter_delay_us(),
            adc_min: view.adc_min(),
            adc_max: view.adc_max(),
            label: tail(payload, least, view.label_len())?,
        };
        description.check().map(|()| description).map_err(|offset| Fault::Field { offset })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.stream > MAX_STREAM {
            return Err(0);
        }
        if !self.kind.survives() {
            return Err(2);
        }
        if !self.format.survives() {
            return Err(3);
        }
        if self.channels == 0 || self.channels > MAX_CHANNELS {
            return Err(4);
        }
        if !self.unit.survives() {
            return Err(5);
        }
        if self.rate_mhz == 0 {
            return Err(8);
        }
        // A format of a later version may be as narrow as one byte.
        let width = self.format.width().unwrap_or(1);
        let most = MAX_SAMPLE_BYTES / (usize::from(self.channels) * width);
        if self.max_scans == 0 || usize::from(self.max_scans) > most {
            return Err(12);
        }
        if self.adc_min > self.adc_max { Err(20) } else { Ok(()) }
    }

    pub(super) fn payload_len(&self) -> usize {
        StreamDescView::LEAST + self.label.len()
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        let (fixed, label) = payload.split_at_mut(StreamDescView::LEAST);
        label.copy_from_slice(self.label.as_bytes());
        if let Some(mut view) = StreamDescView::new(fixed) {
            view.set_stream(self.stream);
            view.set_epoch(self.epoch);
            view.set_kind(self.kind.code());
            view.set_format(self.format.code());
            view.set_channels(self.channels);
            view.set_unit(self.unit.code());
            view.set_flags(self.flags.bits());
            view.set_rate_mhz(self.rate_mhz);
            view.set_max_scans(self.max_scans);
            view.set_reserved(0);
            view.set_filter_delay_us(self.filter_delay_us);
            view.set_adc_min(self.adc_min);
            view.set_adc_max(self.adc_max);
            view.set_label_len(self.label.len() as u8);
        }
    }
}

/// How the codes of one channel become values: `(code - offset) * scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calib {
    /// Number of the stream, 0 to 7.
    pub stream: u8,
    /// Number of the channel, 0 to 15.
    pub channel: u8,
    /// Epoch this calibration belongs to.
    pub epoch: u8,
    /// Where it comes from.
    pub source: CalibSource,
    /// Units of the stream per count; finite, not zero.
    pub scale: f32,
    /// Code at the value zero; finite.
    pub offset: f32,
    /// When it was measured, in seconds since 1970; zero if not known.
    pub calibrated_at_s: u32,
    /// Difference between the two known values it was measured with, in units of the stream; zero
    /// if not known, never negative.
    pub reference_span: f32,
}

impl Calib {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let least = CalibView::LEAST;
        let view = CalibView::new(payload).ok_or(Fault::Length { least })?;
        let calibration = Self {
            stream: view.stream(),
            channel: view.channel(),
            epoch: view.epoch(),
            source: CalibSource::from_code(view.source()),
            scale: view.scale(),
            offset: view.offset(),
            calibrated_at_s: view.calibrated_at_s(),
            reference_span: view.reference_span(),
        };
        calibration.check().map(|()| calibration).map_err(|offset| Fault::Field { offset })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.stream > MAX_STREAM {
            return Err(0);
        }
        if self.channel >= MAX_CHANNELS {
            return Err(1);
        }
        if !self.source.survives() {
            return Err(3);
        }
        // A subnormal is finite, but a number so small is a fault and not a sensitivity.
        if !self.scale.is_normal() {
            return Err(4);
        }
        if !self.offset.is_finite() {
            return Err(8);
        }
        if self.reference_span.is_finite() && self.reference_span >= 0.0 { Ok(()) } else { Err(16) }
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        if let Some(mut view) = CalibView::new(payload) {
            view.set_stream(self.stream);
            view.set_channel(self.channel);
            view.set_epoch(self.epoch);
            view.set_source(self.source.code());
            view.set_scale(self.scale);
            view.set_offset(self.offset);
            view.set_calibrated_at_s(self.calibrated_at_s);
            view.set_reference_span(self.reference_span);
        }
    }
}

/// Something happened at one instant, for example a button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Index of the sample nearest to the event, in the stream named; zero without stream.
    pub index: u32,
    /// Device clock at the event, in microseconds; wraps after 71.6 minutes.
    pub time_us: u32,
    /// What happened; see [`Event::BUTTON`].
    pub code: u8,
    /// Number of the stream, 0 to 7, or FFh if it concerns none.
    pub stream: u8,
    /// More about it; by code.
    pub value: i16,
}

impl Event {
    /// The button: value 1 pressed, 0 released.
    pub const BUTTON: u8 = 1;

    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let least = EventView::LEAST;
        let view = EventView::new(payload).ok_or(Fault::Length { least })?;
        let event = Self {
            index: view.index(),
            time_us: view.time_us(),
            code: view.code(),
            stream: view.stream(),
            value: view.value(),
        };
        event.check().map(|()| event).map_err(|offset| Fault::Field { offset })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.stream <= MAX_STREAM || self.stream == NO_STREAM { Ok(()) } else { Err(9) }
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        if let Some(mut view) = EventView::new(payload) {
            view.set_index(self.index);
            view.set_time_us(self.time_us);
            view.set_code(self.code);
            view.set_stream(self.stream);
            view.set_value(self.value);
        }
    }
}

/// Sign of life, once a second, whatever the device is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Device clock since boot, in microseconds.
    pub uptime_us: u64,
    /// The number HELLO gave.
    pub boot_id: u32,
    /// What the device is doing.
    pub state: DeviceState,
    /// Charge of the battery in percent, 0 to 100, if known.
    pub battery_percent: Option<u8>,
    /// Voltage of the battery in millivolts; zero without battery.
    pub battery_mv: u16,
    /// Temperature in hundredths of a degree Celsius, if known; above -327.68.
    pub temperature_centi_c: Option<i16>,
    /// Frames the device refused for their checksum; wraps.
    pub rx_crc_errors: u16,
    /// Bytes the device's receiver lost; wraps.
    pub rx_overruns: u16,
    /// Frames the device made but could not send; wraps.
    pub tx_dropped: u16,
    /// Faults at this moment, one bit each, given out by the maker; zero if all is well.
    pub faults: u32,
}

impl Status {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let least = StatusView::LEAST;
        let view = StatusView::new(payload).ok_or(Fault::Length { least })?;
        let percent = view.battery_percent();
        let temperature = view.temperature_centi_c();
        let status = Self {
            uptime_us: view.uptime_us(),
            boot_id: view.boot_id(),
            state: DeviceState::from_code(view.state()),
            battery_percent: (percent != BATTERY_UNKNOWN).then_some(percent),
            battery_mv: view.battery_mv(),
            temperature_centi_c: (temperature != TEMPERATURE_UNKNOWN).then_some(temperature),
            rx_crc_errors: view.rx_crc_errors(),
            rx_overruns: view.rx_overruns(),
            tx_dropped: view.tx_dropped(),
            faults: view.faults(),
        };
        status.check().map(|()| status).map_err(|offset| Fault::Field { offset })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if !self.state.survives() {
            return Err(12);
        }
        if self.battery_percent.is_some_and(|percent| percent > 100) {
            return Err(13);
        }
        if self.temperature_centi_c == Some(TEMPERATURE_UNKNOWN) { Err(16) } else { Ok(()) }
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        if let Some(mut view) = StatusView::new(payload) {
            view.set_uptime_us(self.uptime_us);
            view.set_boot_id(self.boot_id);
            view.set_state(self.state.code());
            view.set_battery_percent(self.battery_percent.unwrap_or(BATTERY_UNKNOWN));
            view.set_battery_mv(self.battery_mv);
            view.set_temperature_centi_c(self.temperature_centi_c.unwrap_or(TEMPERATURE_UNKNOWN));
            view.set_rx_crc_errors(self.rx_crc_errors);
            view.set_rx_overruns(self.rx_overruns);
            view.set_tx_dropped(self.tx_dropped);
            view.set_faults(self.faults);
        }
    }
}

/// A line for the log. Devices print nothing outside frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log<'a> {
    /// How grave it is.
    pub level: LogLevel,
    /// The line, at most 239 bytes.
    pub text: Text<'a>,
}

impl<'a> Log<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, Fault> {
        let least = LogView::LEAST;
        let view = LogView::new(payload).ok_or(Fault::Length { least })?;
        let level = LogLevel::from_code(view.level());
        Ok(Self { level, text: Text::from_bytes(&payload[least..]) })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.level.survives() { Ok(()) } else { Err(0) }
    }

    pub(super) fn payload_len(&self) -> usize {
        LogView::LEAST + self.text.len()
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        let (fixed, text) = payload.split_at_mut(LogView::LEAST);
        text.copy_from_slice(self.text.as_bytes());
        if let Some(mut view) = LogView::new(fixed) {
            view.set_level(self.level.code());
        }
    }
}

/// Answer to TIME_REQ. The host adds its own clock at arrival as the fourth time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRep {
    /// What TIME_REQ brought, unchanged.
    pub t1: u64,
    /// Device clock when the request had arrived, in microseconds since boot.
    pub t2_us: u64,
    /// Device clock when the answer was handed to the link, in microseconds since boot; not before
    /// `t2_us`.
    pub t3_us: u64,
}

impl TimeRep {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let least = TimeRepView::LEAST;
        let view = TimeRepView::new(payload).ok_or(Fault::Length { least })?;
        let reply = Self { t1: view.t1(), t2_us: view.t2_us(), t3_us: view.t3_us() };
        reply.check().map(|()| reply).map_err(|offset| Fault::Field { offset })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.t3_us < self.t2_us { Err(16) } else { Ok(()) }
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        if let Some(mut view) = TimeRepView::new(payload) {
            view.set_t1(self.t1);
            view.set_t2_us(self.t2_us);
            view.set_t3_us(self.t3_us);
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack<'a> {
    /// Type of the frame that is answered.
    pub kind: u8,
    /// Sequence of the frame that is answered.
    pub sequence: u16,
    /// How it ended.
    pub result: AckResult,
    /// More about it, by command; at most 236 bytes.
    pub data: &'a [u8],
}

impl<'a> Ack<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, Fault> {
        let least = AckView::LEAST;
        let view = AckView::new(payload).ok_or(Fault::Length { least })?;
        Ok(Self {
            kind: view.kind(),
            sequence: view.sequence(),
            result: AckResult::from_code(view.result()),
            data: &payload[least..],
        })
    }

    pub(super) fn check(&self) -> Result<(), usize> {
        if self.result.survives() { Ok(()) } else { Err(3) }
    }

    pub(super) fn payload_len(&self) -> usize {
        AckView::LEAST + self.data.len()
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        let (fixed, data) = payload.split_at_mut(AckView::LEAST);
        data.copy_from_slice(self.data);
        if let Some(mut view) = AckView::new(fixed) {
            view.set_kind(self.kind);
            view.set_sequence(self.sequence);
            view.set_result(self.result.code());
        }
    }
}

/// Text of `len` bytes behind the fixed fields. What stands behind it belongs to a later minor version.
fn tail(payload: &[u8], start: usize, len: u8) -> Result<Text<'_>, Fault> {
    let least = start + usize::from(len);
    payload.get(start..least).map(Text::from_bytes).ok_or(Fault::Length { least })
}
