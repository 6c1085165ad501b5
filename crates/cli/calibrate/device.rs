//! Keeping a calibration in the device itself, where it can: every other host has it then.

use std::time::Duration;

use anyhow::{Result, bail};
use levator_decode::{DeviceInfo, StreamInfo};
use levator_device::{Clock, LinkError, Port, PortSettings, SerialPort};
use levator_protocol::{
    AckResult, Calib, CalibSource, Capabilities, Decoder, Direction, Encoder, Flags, Identify,
    MAX_PAYLOAD, MAX_WIRE, MINOR, Message, kind,
};
use levator_signal::{Calibration, Unit};

use crate::calibrations::Entry;

/// Boards that restart when a port is opened speak 0.8 to 3 s later (wire specification, sequence of a
/// session).
const GREETING: Duration = Duration::from_secs(5);
const GREETING_INTERVAL: Duration = Duration::from_millis(250);
/// Between a command and its repetition, and how often it is said. Wire specification.
const RETRY_INTERVAL: Duration = Duration::from_millis(300);
const SAID: u8 = 4;

/// Whether the device says that it keeps calibrations, and what it would be told. A stream in counts has no
/// unit to tell a scale in.
pub(super) fn calib(device: &DeviceInfo, info: &StreamInfo, entry: &Entry) -> Option<Calib> {
    if device.capabilities & Capabilities::STORED_CALIBRATION.bits() == 0 {
        return None;
    }
    let unit = Unit::from_symbol(&entry.unit)?;
    let known = Calibration::new(entry.scale, entry.offset_counts)?.converted(unit, info.unit)?;
    let (scale, offset) = (known.scale as f32, known.offset_counts as f32);
    (scale.is_normal() && offset.is_finite()).then_some(Calib {
        stream: entry.stream,
        channel: entry.channel,
        // Has no meaning here.
        epoch: 0,
        source: CalibSource::User,
        scale,
        offset,
        calibrated_at_s: u32::try_from(entry.scaled_unix_s.min(entry.zeroed_unix_s)).unwrap_or(0),
        reference_span: unit.convert(entry.reference, info.unit)?.abs() as f32,
    })
}

/// Opens the port once more and has the device keep `calib`, also over a reset.
pub(super) fn keep(settings: &PortSettings, uid: [u8; 8], calib: Calib) -> Result<()> {
    let mut talk = Talk {
        port: Box::new(SerialPort::open(settings)?),
        clock: Clock::start(),
        encoder: Encoder::new(Direction::HostToDevice),
        decoder: Decoder::new(Direction::DeviceToHost),
    };
    let identify = Message::Identify(Identify { minor: MINOR, max_payload: MAX_PAYLOAD as u8 });
    let rounds = GREETING.as_millis() / GREETING_INTERVAL.as_millis();
    let mut heard = None;
    for _ in 0..rounds {
        talk.say(&identify, Flags::default())?;
        heard = talk.listen(GREETING_INTERVAL, |message| match message {
            Message::Hello(hello) => Some(hello.uid),
            _ => None,
        })?;
        if heard.is_some() {
            break;
        }
    }
    match heard {
        None => bail!("it does not answer"),
        Some(heard) if heard != uid => bail!("another device answers"),
        Some(_) => {}
    }
    for said in 0..SAID {
        let flags = Flags { ack_wanted: true, retransmission: said > 0 };
        talk.say(&Message::SetCal { calib, persist: true }, flags)?;
        let answer = talk.listen(RETRY_INTERVAL, |message| match message {
            Message::Ack(ack) if ack.kind == kind::SET_CAL => Some(ack.result),
            _ => None,
        })?;
        match answer {
            Some(AckResult::Ok) => return Ok(()),
            Some(AckResult::Busy) | None => {}
            Some(other) => bail!("it refuses ({other:?})"),
        }
    }
    bail!("it does not answer")
}

/// A conversation of a few words.
struct Talk {
    port: Box<dyn Port>,
    clock: Clock,
    encoder: Encoder,
    decoder: Decoder,
}

impl Talk {
    fn say(&mut self, message: &Message<'_>, flags: Flags) -> Result<()> {
        let mut wire = [0; MAX_WIRE];
        let len = self.encoder.encode(message, flags, &mut wire)?;
        match self.port.write_all(&wire[..len]) {
            // It is said again.
            Err(LinkError::NotTaken { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Listens for so long, or until `find` has found what it looks for.
    fn listen<T>(
        &mut self,
        time: Duration,
        find: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Option<T>> {
        let end = self.clock.now().saturating_add(time);
        while self.clock.now() < end {
            let mut buffer = [0; 1024];
            let len = self.port.read(&mut buffer)?;
            let mut rest = &buffer[..len];
            while let Some(frame) = self.decoder.next(&mut rest) {
                if let Some(found) = frame.ok().and_then(|frame| find(&frame.message())) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }
}
