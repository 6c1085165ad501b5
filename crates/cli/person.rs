//! A virtual probe on somebody who is virtual, or on a recording.

use levator_decode::StreamInfo;
use levator_detect::manoeuvre::Role;
use levator_protocol::message::{SampleFormat, StreamKind, WireUnit};
use levator_record::text::{TextFile, TextOptions};
use levator_signal::{ChannelId, SignalKind, Unit};
use levator_simulate::{
    AtEnd, DeviceConfig, Replay, Scenario, StreamConfig, VirtualDevice, VirtualPerson,
};

use crate::args::Person;
use crate::failure::{Attempt, Code, Failure};
use crate::imported;

/// Largest code of the 24-bit samples a recording is replayed with.
const LARGEST_CODE: f64 = 8_388_607.0;

/// A device, and who it is on.
pub(crate) struct Subject {
    pub(crate) device: VirtualDevice,
    /// For titles and the recording.
    pub(crate) name: String,
    /// What a person should know about it.
    pub(crate) notes: Vec<String>,
    /// Where its channels lie, as far as that is known.
    pub(crate) roles: Vec<(ChannelId, Role)>,
}

/// The device that was asked for.
pub(crate) fn subject(person: &Person, text: &TextOptions) -> Result<Subject, Failure> {
    match &person.replay {
        Some(path) => {
            let name = path.display();
            let mut file = TextFile::open(path, text).attempt(Code::File, &name)?;
            let info = file.stream_info();
            let channel_count = usize::from(info.channel_count);
            let mut channels: Vec<Vec<f64>> = vec![Vec::new(); channel_count];
            file.read(&mut |scans| {
                // A gap stays as long as it was: the device repeats the last value there.
                let missing = scans.first.0.saturating_sub(channels[0].len() as u64);
                for channel in &mut channels {
                    let last = channel.last().copied().unwrap_or(0.0);
                    channel.extend((0..missing).map(|_| last));
                }
                for scan in scans.codes.chunks_exact(channel_count) {
                    for (channel, value) in channels.iter_mut().zip(scan) {
                        channel.push(*value);
                    }
                }
            })
            .attempt(Code::File, &name)?;
            replay(channels, &file, &name.to_string())
        }
        None => {
            let Some(scenario) = Scenario::from_name(&person.scenario) else {
                let known: Vec<&str> = Scenario::ALL.iter().map(|one| one.name()).collect();
                let error = anyhow::anyhow!(
                    "no scenario is called {:?}; there are {}",
                    person.scenario,
                    known.join(", ")
                );
                return Err(Failure::new(Code::Usage, error));
            };
            let virtual_person = VirtualPerson::new(scenario, person.seed);
            let device = VirtualDevice::new(DeviceConfig::emg_probe(), virtual_person)
                .attempt(Code::Other, "virtual probe")?;
            let notes = vec![format!("{}: {}", scenario.name(), scenario.description())];
            Ok(Subject {
                device,
                name: format!("virtual person ({})", scenario.name()),
                notes,
                roles: probe_roles(),
            })
        }
    }
}

/// Where the channels of the virtual probe lie.
fn probe_roles() -> Vec<(ChannelId, Role)> {
    let id = |channel| ChannelId { stream: 0, channel };
    vec![(id(0), Role::PelvicEmg), (id(1), Role::AbdominalEmg)]
}

fn replay(channels: Vec<Vec<f64>>, file: &TextFile, name: &str) -> Result<Subject, Failure> {
    let mut subject = replayed(channels, &file.stream_info(), name, AtEnd::Hold)?;
    let mut notes = imported::notes(file.layout());
    notes.append(&mut subject.notes);
    Ok(Subject { notes, ..subject })
}

/// A device that sends these signals, and then what is said.
pub(crate) fn replayed(
    channels: Vec<Vec<f64>>,
    info: &StreamInfo,
    name: &str,
    at_end: AtEnd,
) -> Result<Subject, Failure> {
    let largest = channels.iter().flatten().fold(0.0_f64, |most, value| most.max(value.abs()));
    let (unit, factor) = wire_unit(info.unit);
    let mut notes = Vec::new();
    // Whole numbers of converter counts are sent as they are, others as the finest code that fits.
    let is_whole = channels.iter().flatten().all(|value| value.fract() == 0.0);
    let (scale, gain) = match (unit, is_whole && largest <= LARGEST_CODE) {
        (WireUnit::Counts, true) => (1.0, 1.0),
        (WireUnit::Counts, false) => {
            let gain = 10_f64.powi((LARGEST_CODE / largest.max(1e-9)).log10().floor() as i32);
            notes.push(format!("values are sent times {gain}, because codes are whole numbers"));
            (1.0, gain)
        }
        _ => ((factor * largest / LARGEST_CODE).max(f64::from(f32::MIN_POSITIVE)) as f32, factor),
    };
    let channels: Vec<Vec<f64>> = channels
        .into_iter()
        .map(|channel| channel.into_iter().map(|value| value * gain).collect())
        .collect();
    let rate_mhz = (info.rate.hz() * 1000.0).round() as u32;
    let base = StreamConfig::emg(info.channel_count, rate_mhz);
    let width = 3 * u16::from(info.channel_count);
    let stream = StreamConfig {
        kind: match info.kind {
            SignalKind::Emg => StreamKind::EmgRaw,
            SignalKind::EmgEnvelope => StreamKind::EmgEnvelope,
            SignalKind::Pressure => StreamKind::Pressure,
            SignalKind::Other => StreamKind::Other(u8::MAX),
        },
        unit,
        format: SampleFormat::I24,
        scale,
        rails: None,
        scans_per_frame: base.scans_per_frame.min(226 / width).max(1),
        label: info.label.as_str().to_owned(),
        ..base
    };
    let wire = match unit {
        WireUnit::Counts => Unit::Count,
        WireUnit::Microvolt => Unit::Microvolt,
        WireUnit::Newton => Unit::Newton,
        _ => Unit::Pascal,
    };
    let subject =
        Replay::new(channels, info.kind, wire, info.rate, at_end).attempt(Code::File, name)?;
    let config = DeviceConfig::with_streams("virtual probe", vec![stream]);
    let device = VirtualDevice::new(config, subject).attempt(Code::File, name)?;
    Ok(Subject { device, name: format!("replay of {name}"), notes, roles: Vec::new() })
}

/// The unit on the wire, and how many of it one `unit` is.
fn wire_unit(unit: Unit) -> (WireUnit, f64) {
    let known = [
        (Unit::Microvolt, WireUnit::Microvolt),
        (Unit::Pascal, WireUnit::Pascal),
        (Unit::Newton, WireUnit::Newton),
    ];
    let factors = known.iter().map(|(to, wire)| (*wire, unit.factor_to(*to)));
    let found = factors.filter_map(|(wire, factor)| Some((wire, factor?))).next();
    found.unwrap_or((WireUnit::Counts, 1.0))
}
