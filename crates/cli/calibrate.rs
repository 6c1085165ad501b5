//! `levator calibrate`: what a count of a probe is worth, from nothing and one known value.

mod device;
mod level;
mod manometer;

use std::io::{BufRead, Write, stderr, stdin, stdout};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use clap::Args;
use levator_decode::StreamInfo;
use levator_device::SerialConnector;
use levator_engine::EngineConfig;
use levator_live::{LiveConfig, Session};
use levator_protocol::Calib;
use levator_signal::{ChannelId, Quality, SignalKind, Unit};
use serde_json::json;

use self::level::{Heard, Level};
use self::manometer::Manometer;
use crate::args::LinkArgs;
use crate::calibrations::{self, Device, Document, Entry};
use crate::data::DataArgs;
use crate::failure::{Attempt, Code, Failure};
use crate::foreign::{self, Choice};
use crate::stop::Stop;
use crate::visit;

/// Between two looks at what has come.
const LOOK: Duration = Duration::from_millis(20);
/// How much steadier than the step between them the two levels must be. Our choice: a scale is then right
/// within 2 %.
const LEAST_CONTRAST: f64 = 50.0;
/// A zero that moved by more since the last calibration is worth a word, in cmH2O and in µV.
///
/// Our choice: 2 cmH2O are a tenth of a weak squeeze; 50 µV, an offset, is filtered out and matters only
/// as a sign of a bad contact.
const DRIFT: [(Unit, f64); 2] = [(Unit::CentimetreWater, 2.0), (Unit::Microvolt, 50.0)];
/// A scale that changed by more is worth a word.
const SCALE_CHANGE: f64 = 0.05;
/// A scale this far from what the device says is rather a wrong reference.
const IMPLAUSIBLE: f64 = 3.0;

/// Measures nothing and one known value, and keeps with the device what a count is worth.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    #[command(flatten)]
    link: LinkArgs,
    /// Which channel, as stream and number: `0.0`. Without it, the first pressure, else the first EMG.
    #[arg(long, value_name = "STREAM.CHANNEL", value_parser = channel)]
    channel: Option<ChannelId>,
    /// The known value with its unit, such as `40cmH2O`; for EMG the height of a square wave from trough to
    /// crest, such as `100uV`. Without it, it is asked for.
    #[arg(long, value_name = "VALUE", value_parser = reference)]
    reference: Option<(f64, Unit)>,
    /// A manometer on another port, read while the known pressure is applied: a number a line, with its unit
    /// (`40.2 cmH2O`); without a unit, cmH2O.
    #[arg(long, value_name = "PORT", conflicts_with = "reference")]
    manometer: Option<String>,
    /// Speed of the manometer's port.
    #[arg(long, default_value_t = 9600, value_name = "BAUD")]
    manometer_baud: u32,
    /// Only the zero: what a count is worth stays as it was.
    #[arg(long, conflicts_with_all = ["reference", "manometer"])]
    zero: bool,
    /// How long each level is measured, in seconds.
    #[arg(long, default_value_t = 4.0, value_parser = crate::args::seconds)]
    seconds: f64,
    /// Only shows what is known of the device.
    #[arg(long)]
    show: bool,
    #[command(flatten)]
    data: DataArgs,
    /// What was found as JSON.
    #[arg(long)]
    json: bool,
}

fn channel(text: &str) -> Result<ChannelId, String> {
    let parts = text.split_once('.').and_then(|(stream, channel)| {
        Some(ChannelId { stream: stream.parse().ok()?, channel: channel.parse().ok()? })
    });
    parts.ok_or_else(|| "expected stream and channel, such as 0.0".to_owned())
}

/// A number and its unit, with or without a space.
fn reference(text: &str) -> Result<(f64, Unit), String> {
    let expected =
        || "expected a number above zero and its unit, such as 40cmH2O or 100uV".to_owned();
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|(place, c)| {
            // An exponent, and no unit, begins with an e.
            let is_number = c.is_ascii_digit() || "+-.".contains(*c);
            let is_exponent = matches!(c, 'e' | 'E')
                && text[place + 1..].starts_with(|next: char| next.is_ascii_digit() || next == '-');
            !is_number && !is_exponent
        })
        .map_or(text.len(), |(place, _)| place);
    let (number, unit) = text.split_at(end);
    let value: f64 = number.parse().map_err(|_| expected())?;
    let unit = Unit::from_symbol(unit).ok_or_else(expected)?;
    if value > 0.0 && value.is_finite() { Ok((value, unit)) } else { Err(expected()) }
}

pub(crate) fn run(args: &Calibrate) -> Result<ExitCode, Failure> {
    let mut config = EngineConfig { pressure_unit: None, ..EngineConfig::device() };
    args.link.device.apply(&mut config);
    let settings = foreign::settings(&args.link);
    let connector = SerialConnector::new(settings.clone());
    let usb_serial = foreign::usb_serial(&args.link.port);
    let heard = Heard::default();
    let session = Session::start(connector, LiveConfig::new(config), heard.clone())
        .map_err(visit::start_failure)?;
    let stop = Stop::listen()?;
    let mut bench =
        Bench { args, session: &session, heard: &heard, stop: &stop, usb_serial, kept: None };
    let result = bench.calibrate();
    let kept = bench.kept.take();
    session.stop();
    let (summary, _) = session.wait().attempt(Code::Other, &args.link.port)?;
    if let Some(trouble) = visit::misunderstanding(&summary.last, &args.link.port) {
        return Err(Failure::new(Code::Device, trouble));
    }
    if let (Ok(_), Some((uid, calib))) = (&result, kept) {
        match device::keep(&settings, uid, calib) {
            Ok(()) => writeln!(stderr(), "the device keeps it, too")?,
            // Nothing is lost by it: what is kept here comes first.
            Err(error) => writeln!(stderr(), "the device itself did not keep it: {error:#}")?,
        }
    }
    result
}

struct Bench<'a> {
    args: &'a Calibrate,
    session: &'a Session<Heard>,
    heard: &'a Heard,
    stop: &'a Stop,
    usb_serial: Option<String>,
    /// What the device is to be told, and which one.
    kept: Option<([u8; 8], Calib)>,
}

impl Bench<'_> {
    fn calibrate(&mut self) -> Result<ExitCode, Failure> {
        let Some((id, info, device)) = self.choose()? else {
            // The session tells why the device was not understood.
            return Ok(ExitCode::SUCCESS);
        };
        let (path, mut document) = calibrations::find(&self.args.data, &device)?;
        if self.args.show {
            return self.show(&document);
        }
        let before = document.newest(id).cloned();
        let is_emg = info.kind == SignalKind::Emg;
        self.say(if is_emg {
            "Join the electrodes with each other, nobody on them. Then press Enter."
        } else {
            "Open the probe to the air, the end of its tube at the height of the sensor. Then press Enter."
        })?;
        self.enter()?;
        let zero = self.level(&info, None)?.0;
        let entry = if self.args.zero {
            let Some(before) = before.clone() else {
                let error =
                    anyhow!("nothing is known of this channel yet: calibrate without --zero");
                return Err(Failure::new(Code::Usage, error));
            };
            Entry { offset_counts: zero.mean, zeroed_unix_s: unix_s(), ..before }
        } else {
            self.scale(&info, id, &zero, is_emg)?
        };
        document.add(entry.clone());
        calibrations::save(&path, &document)?;
        if let (Choice::Native, Some(heard)) =
            (&self.args.link.device, self.heard.with(|state| state.device))
        {
            self.kept = device::calib(&heard, &info, &entry).map(|calib| (heard.uid, calib));
        }
        self.report(&entry, before.as_ref(), &info, &path)
    }

    /// The channel that is calibrated, once it is described.
    fn choose(&self) -> Result<Option<(ChannelId, StreamInfo, Device)>, Failure> {
        loop {
            let snapshot = self.session.latest();
            if self.stop.is_asked() || self.session.is_over() {
                return Err(stopped());
            }
            let (device, streams) = self.heard.with(|state| (state.device, state.streams.clone()));
            let all =
                device.is_some_and(|device| streams.len() >= usize::from(device.stream_count));
            if let (Some(device), true) = (device, all && snapshot.newest_sample_age().is_some()) {
                let (id, info) = self.pick(&streams)?;
                self.heard.with(|state| state.chosen = Some(id));
                let name = device.name.as_str().to_owned();
                let device = match &self.args.link.device {
                    Choice::Native => {
                        calibrations::native_device(device.uid, self.usb_serial.as_deref(), &name)
                    }
                    Choice::Foreign(other) => {
                        calibrations::foreign_device(&other.id, self.usb_serial.as_deref(), &name)
                    }
                };
                return Ok(Some((id, info, device)));
            }
            if snapshot.at.as_secs_f64() > self.args.link.patience {
                return if snapshot.channels.is_empty() {
                    Ok(None)
                } else {
                    Err(Failure::new(Code::Device, anyhow!("the device sends no samples")))
                };
            }
            std::thread::sleep(LOOK);
        }
    }

    fn pick(&self, streams: &[StreamInfo]) -> Result<(ChannelId, StreamInfo), Failure> {
        let of_kind = |kind| streams.iter().find(|info| info.kind == kind);
        let (id, info) = match self.args.channel {
            Some(id) => (id, streams.iter().find(|info| info.stream == id.stream)),
            None => {
                let info = of_kind(SignalKind::Pressure).or_else(|| of_kind(SignalKind::Emg));
                (ChannelId { stream: info.map_or(0, |info| info.stream), channel: 0 }, info)
            }
        };
        match info.filter(|info| id.channel < info.channel_count) {
            Some(info) if matches!(info.kind, SignalKind::Pressure | SignalKind::Emg) => {
                Ok((id, *info))
            }
            Some(_) => {
                let error =
                    anyhow!("channel {}.{} is no pressure and no raw EMG", id.stream, id.channel);
                Err(Failure::new(Code::Usage, error))
            }
            None => {
                let error = anyhow!("the device has no channel to calibrate there (--channel)");
                Err(Failure::new(Code::Usage, error))
            }
        }
    }

    /// What a count is worth, from a known value.
    fn scale(
        &self,
        info: &StreamInfo,
        id: ChannelId,
        zero: &Level,
        is_emg: bool,
    ) -> Result<Entry, Failure> {
        let manometer = match &self.args.manometer {
            Some(port) => Some(Manometer::open(port, self.args.manometer_baud)?),
            None => None,
        };
        self.say(if is_emg {
            "Apply a square wave of known height, 5 to 50 Hz. Then press Enter."
        } else {
            "Apply the known pressure and hold it: a column of water, a manometer. Then press Enter."
        })?;
        self.enter()?;
        let (level, measured) = self.level(info, manometer)?;
        let (value, unit) = match (measured, self.args.reference) {
            (Some(measured), _) | (None, Some(measured)) => measured,
            (None, None) => {
                self.say("How much is it? A number and its unit, such as 40 cmH2O:")?;
                reference(&self.enter()?)
                    .map_err(|message| Failure::new(Code::Usage, anyhow!("{message}")))?
            }
        };
        let (wanted, step, movement) = if is_emg {
            (Unit::Microvolt, level.step, 0.0)
        } else {
            (Unit::CentimetreWater, level.mean - zero.mean, level.movement.max(zero.movement))
        };
        let Some(known) = unit.convert(value, wanted) else {
            let error =
                anyhow!("{unit} is no unit of this channel; it takes {wanted} and the like");
            return Err(Failure::new(Code::Usage, error));
        };
        if step == 0.0 || step.abs() < LEAST_CONTRAST * movement {
            let error = anyhow!(
                "the two levels are {:.1} counts apart and moved by {movement:.1} while they were \
                 measured: hold the pressure steadily, and take a larger one",
                step.abs()
            );
            return Err(Failure::new(Code::Signal, error));
        }
        Ok(Entry {
            stream: id.stream,
            channel: id.channel,
            unit: wanted.symbol().to_owned(),
            scale: known / step,
            // An amplifier for EMG rests somewhere; a square wave has its middle there.
            offset_counts: zero.mean,
            reference: known,
            against: match (is_emg, &self.args.manometer) {
                (true, _) => "step",
                (false, Some(_)) => "manometer",
                (false, None) => "hand",
            }
            .to_owned(),
            scaled_unix_s: unix_s(),
            zeroed_unix_s: unix_s(),
        })
    }

    /// Measures a level, and what a manometer says meanwhile.
    fn level(
        &self,
        info: &StreamInfo,
        mut manometer: Option<Manometer>,
    ) -> Result<(Level, Option<(f64, Unit)>), Failure> {
        let wanted = (self.args.seconds * info.rate.hz()).ceil().max(16.0) as usize;
        self.heard.with(|state| {
            (state.quality, state.gap_count) = (Quality::GOOD, 0);
            state.codes.clear();
            state.codes.reserve(2 * wanted);
        });
        if let Some(manometer) = &mut manometer {
            manometer.forget()?;
        }
        let began = self.session.handle().now();
        loop {
            match &mut manometer {
                // It waits by itself.
                Some(manometer) => manometer.listen()?,
                None => std::thread::sleep(LOOK),
            }
            let have = self.heard.with(|state| state.codes.len());
            if have >= wanted {
                break;
            }
            if self.stop.is_asked() || self.session.is_over() {
                return Err(stopped());
            }
            let waited = self.session.handle().now().saturating_since(began).as_secs_f64();
            if waited > 3.0 * self.args.seconds + 5.0 {
                let error = anyhow!("samples stopped coming: {have} of {wanted}; is the cable in?");
                return Err(Failure::new(Code::Device, error));
            }
        }
        let (codes, quality, gaps) = self
            .heard
            .with(|state| (state.codes[..wanted].to_vec(), state.quality, state.gap_count));
        let faults = Quality::SATURATED_LOW | Quality::SATURATED_HIGH | Quality::SENSOR_FAULT;
        if quality.intersects(faults | Quality::STALE | Quality::TEST_SIGNAL) || gaps > 0 {
            let names: Vec<_> = quality.names().collect();
            let error = anyhow!(
                "the signal cannot be calibrated by: {}; a smaller pressure? a loose wire?",
                if gaps > 0 { "samples are missing".to_owned() } else { names.join(", ") }
            );
            return Err(Failure::new(Code::Signal, error));
        }
        let measured = manometer.map(Manometer::mean).transpose()?;
        Ok((Level::of(&codes), measured))
    }

    fn show(&self, document: &Document) -> Result<ExitCode, Failure> {
        let mut out = stdout().lock();
        if self.args.json {
            crate::json::print(&mut out, document)?;
            return Ok(ExitCode::SUCCESS);
        }
        let device = &document.device;
        writeln!(out, "{} {} ({})", device.kind, device.id, device.name)?;
        for entry in &document.calibrations {
            writeln!(
                out,
                "  {}  channel {}.{}: {:e} {} a count, zero at {:.1}, against {} {} ({})",
                date(entry.scaled_unix_s),
                entry.stream,
                entry.channel,
                entry.scale,
                entry.unit,
                entry.offset_counts,
                entry.reference,
                entry.unit,
                entry.against
            )?;
        }
        if document.calibrations.is_empty() {
            writeln!(out, "  nothing is known; the device's own calibration counts")?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn report(
        &self,
        entry: &Entry,
        before: Option<&Entry>,
        info: &StreamInfo,
        path: &std::path::Path,
    ) -> Result<ExitCode, Failure> {
        let unit = Unit::from_symbol(&entry.unit).unwrap_or(Unit::Count);
        let nominal = info.calibrations[usize::from(entry.channel)].converted(info.unit, unit);
        let nominal_ratio = nominal.map(|nominal| entry.scale / nominal.scale);
        let zero_drift =
            before.map(|before| (entry.offset_counts - before.offset_counts) * entry.scale);
        let scale_change = before.map(|before| entry.scale / before.scale - 1.0);
        let mut warnings = Vec::new();
        let limit =
            DRIFT.iter().find(|(of, _)| *of == unit).map_or(f64::INFINITY, |(_, limit)| *limit);
        if let (Some(before), Some(drift)) = (before, zero_drift)
            && drift.abs() > limit
        {
            warnings.push(format!(
                "the zero has drifted by {drift:+.2} {unit} since {}: take it anew before each visit \
                 (--zero)",
                date(before.zeroed_unix_s)
            ));
        }
        if let (Some(before), Some(change)) = (before, scale_change)
            && change.abs() > SCALE_CHANGE
        {
            warnings.push(format!(
                "a count is worth {:+.1} % since {}: was the reference right, is the sensor aging?",
                change * 100.0,
                date(before.scaled_unix_s)
            ));
        }
        if nominal_ratio.is_some_and(|ratio| !(1.0 / IMPLAUSIBLE..IMPLAUSIBLE).contains(&ratio)) {
            warnings.push(
                "that is far from what the device says of itself: is the known value right?"
                    .to_owned(),
            );
        }
        for warning in &warnings {
            writeln!(stderr(), "{warning}")?;
        }
        let mut out = stdout().lock();
        if self.args.json {
            let document = json!({
                "calibration": entry,
                "device_says": nominal.map(|nominal| nominal.scale),
                "scale_change": scale_change,
                "zero_drift": zero_drift,
                "warnings": warnings,
                "file": path.display().to_string(),
            });
            crate::json::print(&mut out, &document)?;
        } else {
            writeln!(
                out,
                "channel {}.{}: one count is {:e} {unit}, zero at {:.1} counts",
                entry.stream, entry.channel, entry.scale, entry.offset_counts
            )?;
            if let Some(ratio) = nominal_ratio {
                writeln!(out, "the device itself says {:+.1} %", (1.0 / ratio - 1.0) * 100.0)?;
            }
            writeln!(out, "kept in {}", path.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn say(&self, words: &str) -> Result<(), Failure> {
        Ok(writeln!(stderr(), "{words}")?)
    }

    /// A line from the person.
    fn enter(&self) -> Result<String, Failure> {
        let mut line = String::new();
        if stdin().lock().read_line(&mut line)? == 0 || self.stop.is_asked() {
            let error =
                anyhow!("nothing was calibrated: standard input ended before Enter was pressed");
            return Err(Failure::new(Code::Usage, error));
        }
        Ok(line)
    }
}

fn stopped() -> Failure {
    Failure::new(Code::Device, anyhow!("stopped; nothing was calibrated"))
}

#[expect(clippy::disallowed_methods, reason = "the date of a calibration is for people")]
pub(crate) fn unix_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A day, in UTC.
pub(crate) fn date(unix_s: u64) -> String {
    let moment = i64::try_from(unix_s).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
    moment.map_or("?".to_owned(), |moment| moment.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_numbers_with_units() {
        for (text, value, unit) in [
            ("40cmH2O", 40.0, Unit::CentimetreWater),
            (" 3.9 kPa ", 3.9, Unit::Kilopascal),
            ("1e2uV", 100.0, Unit::Microvolt),
            ("0.1 mV", 0.1, Unit::Millivolt),
        ] {
            assert_eq!(reference(text), Ok((value, unit)), "{text}");
        }
        for text in ["", "40", "cmH2O", "-3 kPa", "0 kPa", "1 furlong", "nan kPa", "4.4.4 kPa"] {
            assert!(reference(text).is_err(), "{text}");
        }
    }

    #[test]
    fn channels_are_named_by_stream_and_number() {
        assert_eq!(channel("1.2"), Ok(ChannelId { stream: 1, channel: 2 }));
        assert!(channel("1").is_err() && channel("a.b").is_err());
    }
}
