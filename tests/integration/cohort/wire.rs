//! EMG and pressure of one visit as the bytes of one device with two streams.

use levator_engine::{Conversation, EngineConfig, Source};
use levator_protocol::{
    Calib, CalibSource, Capabilities, Direction, Encoder, Flags, Hello, MAX_WIRE, Message,
    SampleFormat, SampleStatus, Samples, StreamDesc, StreamFlags, StreamKind, WireUnit,
};
use levator_signal::{HostTime, SampleIndex, Unit};
use levator_simulate::people::{ChannelPlace, Setup};

/// Scans of a frame: two channels of four bytes each have room.
const SCANS: usize = 25;

/// The settings of an engine that listens to such a device.
pub(super) fn config(setup: &Setup) -> EngineConfig {
    EngineConfig {
        source: Source::Device { conversation: Conversation::Listen },
        pressure_unit: Some(setup.unit(ChannelPlace::PelvicPressure)),
        max_channel_count: 4,
        max_rate_hz: setup.rate.hz(),
        ..EngineConfig::device()
    }
}

/// The device.
pub(super) struct Sender {
    encoder: Encoder,
    setup: Setup,
    frame: [u8; MAX_WIRE],
}

impl Sender {
    pub(super) fn new(setup: &Setup) -> Self {
        let encoder = Encoder::new(Direction::DeviceToHost);
        Self { encoder, setup: *setup, frame: [0; MAX_WIRE] }
    }

    fn put(&mut self, at: HostTime, message: &Message<'_>, take: &mut impl FnMut(HostTime, &[u8])) {
        let encoded = self.encoder.encode(message, Flags::default(), &mut self.frame);
        take(at, &self.frame[..encoded.expect("it can be sent")]);
    }

    fn count(&self, is_emg: bool) -> u8 {
        self.setup.channels().filter(|place| place.is_emg() == is_emg).count() as u8
    }

    /// Who it is, and what its streams are.
    pub(super) fn describe(&mut self, mut take: impl FnMut(HostTime, &[u8])) {
        let at = HostTime::ZERO;
        let hello = Hello {
            minor: levator_protocol::MINOR,
            max_payload: 250,
            model: 1,
            boot_id: 7,
            uid: *b"virtual!",
            firmware: [1, 0, 0],
            stream_count: 2,
            capabilities: Capabilities::NONE,
            name: "virtual".into(),
        };
        self.put(at, &Message::Hello(hello), &mut take);
        for (stream, is_emg) in [(0, true), (1, false)] {
            let channels = self.count(is_emg);
            let description = StreamDesc {
                stream,
                epoch: 0,
                kind: if is_emg { StreamKind::EmgRaw } else { StreamKind::Pressure },
                format: SampleFormat::F32,
                channels,
                unit: if is_emg { WireUnit::Microvolt } else { WireUnit::Pascal },
                flags: StreamFlags::NONE,
                rate_mhz: (1000.0 * self.setup.rate.hz()) as u32,
                max_scans: SCANS as u16,
                filter_delay_us: 0,
                adc_min: 0,
                adc_max: 0,
                label: "".into(),
            };
            self.put(at, &Message::StreamDesc(description), &mut take);
            for channel in 0..channels {
                let calibration = Calib {
                    stream,
                    channel,
                    epoch: 0,
                    source: CalibSource::Nominal,
                    scale: 1.0,
                    offset: 0.0,
                    calibrated_at_s: 0,
                    reference_span: 0.0,
                };
                self.put(at, &Message::Calib(calibration), &mut take);
            }
        }
    }

    /// Scans, channel after channel, in the order of `places`.
    pub(super) fn send(
        &mut self,
        first: SampleIndex,
        places: &[ChannelPlace],
        chunk: &[Vec<f64>],
        mut take: impl FnMut(HostTime, &[u8]),
    ) {
        let rate = self.setup.rate;
        let mut from = 0;
        while from < chunk[0].len() {
            let to = (from + SCANS).min(chunk[0].len());
            let index = first.0 + from as u64;
            let time_s = rate.time_s(SampleIndex(index));
            let at = HostTime::from_secs_f64(rate.time_s(SampleIndex(first.0 + to as u64)));
            for (stream, is_emg) in [(0, true), (1, false)] {
                let mut data = Vec::new();
                for scan in from..to {
                    for (place, values) in places.iter().zip(chunk) {
                        if place.is_emg() == is_emg {
                            let factor = match is_emg {
                                true => 1.0,
                                false => pascal(self.setup.unit(*place)),
                            };
                            data.extend(((values[scan] * factor) as f32).to_le_bytes());
                        }
                    }
                }
                let samples = Samples {
                    stream,
                    epoch: 0,
                    status: SampleStatus::NONE,
                    index: index as u32,
                    time_us: (1e6 * time_s) as u64 as u32,
                    scan_count: (to - from) as u16,
                    fault_channels: 0,
                    data: &data,
                };
                self.put(at, &Message::Samples(samples), &mut take);
            }
            from = to;
        }
    }
}

fn pascal(unit: Unit) -> f64 {
    unit.factor_to(Unit::Pascal).expect("it is a pressure")
}
