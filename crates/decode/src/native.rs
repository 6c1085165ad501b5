//! Our own wire protocol: messages into [`Decoded`].
//!
//! Loss is index arithmetic modulo 2³², never estimated from time (wire specification, "Loss
//! accounting"); the one exception is a restart of the device, whose index starts again at zero.

use levator_protocol::{self as wire, Direction, Message};
use levator_signal::{
    Calibration, HostTime, Quality, SampleIndex, SampleRate, SignalKind, Span, Unit,
};

use crate::decoded::{Answer, DeviceEvent, DeviceStatus, Timing};
use crate::{
    Decoded, DeviceInfo, Label, LossCause, Lost, MAX_CHANNELS, Refusal, Refused, Scans, StreamInfo,
};

/// Most streams a device may have.
pub const MAX_STREAMS: usize = wire::MAX_STREAMS as usize;

/// Most codes in one message: 226 bytes of 2-byte samples.
const MAX_CODES: usize = wire::MAX_SAMPLE_BYTES / 2;

/// Bytes of a device that speaks our wire protocol into [`Decoded`]. No heap.
#[derive(Clone, Debug)]
pub struct Decoder {
    wire: wire::Decoder,
    state: State,
}

impl Decoder {
    /// A decoder that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            wire: wire::Decoder::new(Direction::DeviceToHost),
            state: State {
                boot_id: None,
                uid: None,
                clock: None,
                sequence: None,
                streams: [None; MAX_STREAMS],
                codes: [0.0; MAX_CODES],
            },
        }
    }

    /// Takes `bytes` that arrived at `at` and pushes all that can be told from them.
    pub fn handle(&mut self, at: HostTime, bytes: &[u8], out: &mut impl FnMut(Decoded<'_>)) {
        let mut rest = bytes;
        while let Some(result) = self.wire.next(&mut rest) {
            match result {
                Ok(frame) => self.state.frame(at, &frame, out),
                Err(error) => refuse(at, Refusal::Frame(error), out),
            }
        }
    }

    /// The port was opened anew: what was half read is gone, and the device may have restarted.
    /// Descriptions and indices are kept, so that a device that went on sending shows an exact gap.
    pub fn reopen(&mut self) {
        self.wire.reset();
        self.state.sequence = None;
        // It may have wrapped meanwhile, and nobody counted.
        self.state.clock = None;
        // What is missing across a missing cable was lost on the link.
        self.state.streams.iter_mut().flatten().for_each(|stream| stream.frame_lost = true);
    }

    /// What the wire decoder has counted since the last [`Self::reopen`].
    #[must_use]
    pub fn counters(&self) -> &wire::Counters {
        self.wire.counters()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    info: StreamInfo,
    /// It was described by the device that speaks now.
    is_described: bool,
    format: wire::SampleFormat,
    position: Option<Position>,
    /// The device restarted: the next index says nothing about the last one.
    restarted: bool,
    /// Frames went missing since the last samples of this stream.
    frame_lost: bool,
}

/// Where a stream stands after its last sample.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// Our index of the next sample.
    next: SampleIndex,
    /// The device's index of the next sample, modulo 2³².
    next_raw: u32,
    /// The device's clock at the last samples, modulo 2³² µs.
    time_us: u32,
    /// Arrival of the last samples.
    heard: HostTime,
}

#[derive(Clone, Debug)]
struct State {
    boot_id: Option<u32>,
    uid: Option<[u8; 8]>,
    /// The device's clock at its newest samples, in microseconds, without the wraps.
    clock: Option<u64>,
    /// Sequence number the next frame should have.
    sequence: Option<u16>,
    streams: [Option<Stream>; MAX_STREAMS],
    codes: [f64; MAX_CODES],
}

impl State {
    fn frame(&mut self, at: HostTime, frame: &wire::Frame<'_>, out: &mut impl FnMut(Decoded<'_>)) {
        let sequence = frame.sequence();
        if self.sequence.is_some_and(|expected| expected != sequence) {
            self.streams.iter_mut().flatten().for_each(|stream| stream.frame_lost = true);
        }
        self.sequence = Some(sequence.wrapping_add(1));
        match frame.message() {
            Message::Hello(hello) => self.hello(at, &hello, out),
            Message::StreamDesc(description) => self.describe(at, &description, out),
            Message::Calib(calib) => self.calibrate(at, &calib, out),
            Message::Samples(samples) => self.samples(at, &samples, out),
            Message::Status(status) => {
                self.heard_boot(status.boot_id);
                out(Decoded::Status(DeviceStatus {
                    at,
                    uptime_us: status.uptime_us,
                    boot_id: status.boot_id,
                    streaming: status.state == wire::DeviceState::Streaming,
                    battery_percent: status.battery_percent,
                    dropped_frame_count: status.tx_dropped,
                    damaged_frame_count: status.rx_crc_errors,
                }));
            }
            Message::Event(event) => {
                let index = self
                    .stream(event.stream)
                    .and_then(|s| s.position)
                    .map_or(SampleIndex(u64::from(event.index)), |p| unwrap_index(p, event.index));
                out(Decoded::Event(DeviceEvent {
                    at,
                    stream: event.stream,
                    index,
                    code: event.code,
                    value: event.value,
                }));
            }
            Message::Log(log) => out(Decoded::Log(log.text.as_str().unwrap_or("(not UTF-8)"))),
            Message::Ack(ack) => {
                out(Decoded::Answer(Answer { at, kind: ack.kind, result: ack.result.code() }));
            }
            _ => {}
        }
    }

    fn stream(&mut self, number: u8) -> Option<&mut Stream> {
        self.streams.get_mut(usize::from(number))?.as_mut()
    }

    fn heard_boot(&mut self, boot_id: u32) {
        if self.boot_id.is_some_and(|known| known != boot_id) {
            self.restarted();
        }
        self.boot_id = Some(boot_id);
    }

    /// Another device speaks at this port: its start numbers may be equal by chance, its epochs are, and
    /// neither its indices nor its calibrations have to do with those of the one before.
    fn heard_uid(&mut self, uid: [u8; 8]) {
        if self.uid.is_some_and(|known| known != uid) {
            self.restarted();
            self.streams.iter_mut().flatten().for_each(|stream| stream.is_described = false);
        }
        self.uid = Some(uid);
    }

    fn restarted(&mut self) {
        self.streams.iter_mut().flatten().for_each(|stream| stream.restarted = true);
        self.clock = None;
    }

    /// The device's clock at `samples`, without the wraps, and whether it began anew.
    fn clock(&mut self, samples: &wire::Samples<'_>) -> (u64, bool) {
        let is_jump = samples.status.contains(wire::SampleStatus::CLOCK_DISCONTINUITY);
        let (now_us, is_anew) = match self.clock.filter(|_| !is_jump) {
            None => (u64::from(samples.time_us), true),
            // Streams take turns: one may be somewhat behind the other.
            Some(newest_us) => {
                let ahead = samples.time_us.wrapping_sub(newest_us as u32).cast_signed();
                (newest_us.saturating_add_signed(i64::from(ahead)), false)
            }
        };
        self.clock = Some(if is_anew { now_us } else { self.clock.unwrap_or(0).max(now_us) });
        (now_us, is_anew)
    }

    fn hello(&mut self, at: HostTime, hello: &wire::Hello<'_>, out: &mut impl FnMut(Decoded<'_>)) {
        self.heard_uid(hello.uid);
        self.heard_boot(hello.boot_id);
        out(Decoded::Device(DeviceInfo {
            at,
            name: Label::new(hello.name.as_str().unwrap_or("")),
            model: hello.model,
            uid: hello.uid,
            boot_id: hello.boot_id,
            firmware: hello.firmware,
            wire_minor: hello.minor,
            stream_count: hello.stream_count,
            capabilities: hello.capabilities.bits(),
        }));
    }

    fn describe(
        &mut self,
        at: HostTime,
        description: &wire::StreamDesc<'_>,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        let Some(slot) = self.streams.get_mut(usize::from(description.stream)) else {
            return refuse(at, Refusal::TooManyStreams, out);
        };
        let channels = usize::from(description.channels);
        let rate = SampleRate::from_millihertz(description.rate_mhz);
        let (Some(rate), 1..=MAX_CHANNELS, Some(_)) = (rate, channels, description.format.width())
        else {
            return refuse(at, Refusal::Description, out);
        };
        let kind = kind(description.kind);
        if slot.is_some_and(|known| {
            known.position.is_some()
                && (known.info.kind, known.info.rate, known.info.channel_count)
                    != (kind, rate, description.channels)
        }) {
            return refuse(at, Refusal::Changed, out);
        }
        let known =
            slot.filter(|known| known.is_described && known.info.epoch == description.epoch);
        let info = StreamInfo {
            stream: description.stream,
            epoch: description.epoch,
            kind,
            unit: unit(description.unit),
            rate,
            channel_count: description.channels,
            rails: (description.adc_min < description.adc_max)
                .then(|| (f64::from(description.adc_min), f64::from(description.adc_max))),
            device_delay_s: f64::from(description.filter_delay_us) * 1e-6,
            // A description that is heard again in the same epoch does not undo its calibration.
            calibrations: known
                .map_or([Calibration::IDENTITY; MAX_CHANNELS], |known| known.info.calibrations),
            label: Label::new(description.label.as_str().unwrap_or("")),
        };
        let new = Stream {
            info,
            is_described: true,
            format: description.format,
            position: slot.and_then(|known| known.position),
            restarted: slot.is_some_and(|known| known.restarted),
            frame_lost: slot.is_some_and(|known| known.frame_lost),
        };
        *slot = Some(new);
        out(Decoded::Stream(&info));
    }

    fn calibrate(&mut self, at: HostTime, calib: &wire::Calib, out: &mut impl FnMut(Decoded<'_>)) {
        let calibration = Calibration::new(f64::from(calib.scale), f64::from(calib.offset));
        let Some(stream) = self.stream(calib.stream) else {
            return refuse(at, Refusal::NotDescribed, out);
        };
        let fits = stream.is_described
            && calib.epoch == stream.info.epoch
            && calib.channel < stream.info.channel_count;
        match calibration {
            Some(calibration) if fits => {
                stream.info.calibrations[usize::from(calib.channel)] = calibration;
                out(Decoded::Stream(&stream.info));
            }
            _ => refuse(at, Refusal::Description, out),
        }
    }

    fn samples(
        &mut self,
        at: HostTime,
        samples: &wire::Samples<'_>,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        let Some(stream) =
            self.streams.get_mut(usize::from(samples.stream)).and_then(Option::as_mut)
        else {
            return refuse(at, Refusal::NotDescribed, out);
        };
        if samples.epoch != stream.info.epoch || !stream.is_described {
            return refuse(at, Refusal::NotDescribed, out);
        }
        let channels = stream.info.channel_count;
        let Some(codes) = samples.codes(stream.format, channels) else {
            return refuse(at, Refusal::Mismatch, out);
        };
        let scan_count = u32::from(samples.scan_count);
        let frame_lost = core::mem::take(&mut stream.frame_lost);
        let mut is_restart = false;
        let first = match stream.place(at, samples, scan_count) {
            Place::Next(first) => first,
            Place::After { first, missing, restarted } => {
                is_restart = restarted;
                let cause = match (restarted, frame_lost) {
                    (true, _) => LossCause::Restart,
                    (false, true) => LossCause::Link,
                    (false, false) => LossCause::Device,
                };
                let stream = samples.stream;
                out(Decoded::Lost(Lost {
                    stream,
                    span: Span { start: first.saturating_sub(missing), end: first },
                    cause,
                }));
                first
            }
            Place::Before => return refuse(at, Refusal::Repeated, out),
        };
        stream.position = Some(Position {
            next: first.saturating_add(u64::from(scan_count)),
            next_raw: samples.index.wrapping_add(scan_count),
            time_us: samples.time_us,
            heard: at,
        });
        let (device_us, is_jump) = self.clock(samples);
        out(Decoded::Timing(Timing {
            at,
            stream: samples.stream,
            index: first,
            device_us,
            is_anew: is_jump || is_restart,
        }));
        let mut quality = quality(samples.status);
        let mut len = 0;
        for (place, code) in self.codes.iter_mut().zip(codes) {
            // Only a float stream can say this.
            if code.is_finite() {
                *place = code;
            } else {
                *place = f64::NAN;
                quality |= Quality::NOT_FINITE;
            }
            len += 1;
        }
        let all = u16::MAX >> (16 - u16::from(channels.min(16)));
        out(Decoded::Scans(Scans {
            stream: samples.stream,
            first,
            channel_count: channels,
            codes: &self.codes[..len],
            quality,
            fault_channels: match samples.fault_channels {
                0 => all,
                mask => u16::from(mask),
            },
        }));
    }
}

/// Where samples belong on our axis.
enum Place {
    Next(SampleIndex),
    After { first: SampleIndex, missing: u64, restarted: bool },
    Before,
}

impl Stream {
    fn place(&mut self, at: HostTime, samples: &wire::Samples<'_>, scan_count: u32) -> Place {
        let Some(position) = self.position else {
            self.restarted = false;
            return Place::Next(SampleIndex::ZERO);
        };
        let is_ahead = |now: u32, then: u32| now.wrapping_sub(then) < 1 << 31;
        // An index that went back while the device's clock went on: it was started anew. If both went
        // back, the frame came twice.
        let is_started_anew = !is_ahead(samples.index, position.next_raw)
            && samples.time_us != position.time_us
            && is_ahead(samples.time_us, position.time_us);
        if core::mem::take(&mut self.restarted) || is_started_anew {
            // Samples of this frame were taken before it arrived, so they are not missing.
            let silent_s = at.saturating_since(position.heard).as_secs_f64();
            let elapsed = (silent_s * self.info.rate.hz()).round() as u64;
            let missing = elapsed.saturating_sub(u64::from(scan_count));
            let first = position.next.saturating_add(missing);
            return Place::After { first, missing, restarted: true };
        }
        match samples.index.wrapping_sub(position.next_raw) {
            0 => Place::Next(position.next),
            ahead if ahead < 1 << 31 => {
                let missing = u64::from(ahead);
                let first = position.next.saturating_add(missing);
                Place::After { first, missing, restarted: false }
            }
            _ => Place::Before,
        }
    }
}

/// Our index of the device's sample `index`, which lies within 2³¹ of the newest.
fn unwrap_index(position: Position, index: u32) -> SampleIndex {
    let ahead = index.wrapping_sub(position.next_raw);
    if ahead < 1 << 31 {
        position.next.saturating_add(u64::from(ahead))
    } else {
        position.next.saturating_sub(u64::from(ahead.wrapping_neg()))
    }
}

fn refuse(at: HostTime, reason: Refusal, out: &mut impl FnMut(Decoded<'_>)) {
    out(Decoded::Refused(Refused { at, reason }));
}

fn kind(kind: wire::StreamKind) -> SignalKind {
    match kind {
        wire::StreamKind::EmgRaw => SignalKind::Emg,
        wire::StreamKind::EmgEnvelope => SignalKind::EmgEnvelope,
        wire::StreamKind::Pressure | wire::StreamKind::Force => SignalKind::Pressure,
        _ => SignalKind::Other,
    }
}

fn unit(unit: wire::WireUnit) -> Unit {
    match unit {
        wire::WireUnit::Pascal => Unit::Pascal,
        wire::WireUnit::Microvolt => Unit::Microvolt,
        wire::WireUnit::Celsius => Unit::Celsius,
        wire::WireUnit::Gravity => Unit::Gravity,
        wire::WireUnit::Newton => Unit::Newton,
        wire::WireUnit::Volt => Unit::Volt,
        _ => Unit::Count,
    }
}

fn quality(status: wire::SampleStatus) -> Quality {
    let pairs = [
        (wire::SampleStatus::SATURATED_LOW, Quality::SATURATED_LOW),
        (wire::SampleStatus::SATURATED_HIGH, Quality::SATURATED_HIGH),
        (wire::SampleStatus::LEAD_OFF, Quality::LEAD_OFF),
        (wire::SampleStatus::SENSOR_FAULT, Quality::SENSOR_FAULT),
        (wire::SampleStatus::STALE, Quality::STALE),
        (wire::SampleStatus::OVERRUN, Quality::OVERRUN),
        (wire::SampleStatus::CLOCK_DISCONTINUITY, Quality::CLOCK_JUMP),
        (wire::SampleStatus::TEST_SIGNAL, Quality::TEST_SIGNAL),
        (wire::SampleStatus::WARMING_UP, Quality::WARMING),
        (wire::SampleStatus::LOW_BATTERY, Quality::LOW_BATTERY),
    ];
    let set = pairs.into_iter().filter(|(bit, _)| status.contains(*bit));
    set.fold(Quality::GOOD, |quality, (_, fault)| quality | fault)
}

#[cfg(test)]
mod tests;
