//! What is wrong with a port, a device or its signal, each by name and with what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use levator_catalog::devices;
use levator_device::{Connector, OpenError, SerialConnector, holders, meddlers};
use levator_engine::{Output, Sink};
use levator_live::identify::{Found, identify};
use levator_live::{ChannelView, Snapshot};
use levator_signal::{Block, ChannelId, HostTime, SampleIndex, SignalKind};
use serde_json::{Value, json};

use crate::args::LinkArgs;
use crate::foreign::{self, Choice};

/// A real rate this far from the nominal one is told, and at this one times are wrong. Our choice, after
/// what is reported of devices: 47.6 Hz called 50, 62.5 called 60.
const RATE_NOTE: f64 = 0.005;
const RATE_FAULT: f64 = 0.1;
/// Shorter than this nothing can be said of a rate, seconds.
const RATE_AFTER_S: f64 = 3.0;
/// By how much bursts and this program blur the time of a sample, seconds.
const BLUR_S: f64 = 0.025;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) name: &'static str,
    pub(crate) what: String,
    /// What to do.
    pub(crate) remedy: String,
    /// Measuring may go on in spite of it.
    pub(crate) is_note: bool,
}

impl Trouble {
    fn new(name: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, what: what.into(), remedy: remedy.into(), is_note: false }
    }

    fn note(name: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { is_note: true, ..Self::new(name, what, remedy) }
    }

    pub(crate) fn json(&self) -> Value {
        let Self { name, what, remedy, is_note } = self;
        json!({ "name": name, "what": what, "do": remedy, "note": is_note })
    }
}

/// What can be known before the port is opened: services that disturb it, and programs that share it.
pub(crate) fn before(port: &str) -> Vec<Trouble> {
    let services = meddlers().into_iter().map(|one| {
        let what = format!("{} runs: {}", one.program.name, one.what);
        Trouble::note("service", what, one.remedy)
    });
    let shared = names_of_holders(port).map(|names| {
        let what = format!("{names} has the port open too: each byte goes to one of you only");
        Trouble::new("shared", what, "close that program")
    });
    services.chain(shared).collect()
}

fn names_of_holders(port: &str) -> Option<String> {
    let names: Vec<String> =
        holders(port).iter().map(|one| format!("{} (process {})", one.name, one.pid)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Why the port cannot be opened.
pub(crate) fn of_port(error: &OpenError) -> Trouble {
    let what = error.to_string();
    let (what, remedy) =
        what.split_once("; ").map_or((what.as_str(), ""), |(what, rest)| (what, rest));
    match error {
        OpenError::Busy { name } => {
            let by =
                names_of_holders(name).unwrap_or_else(|| "a program of another user".to_owned());
            Trouble::new("busy", format!("port {name} is in use by {by}"), "close it and try again")
        }
        OpenError::PermissionDenied { .. } => Trouble::new("permission", what, remedy),
        OpenError::NotFound { .. } => {
            Trouble::new("no-port", what, format!("{remedy}: choose one of these, or plug it in"))
        }
        OpenError::NotAPort { .. } => {
            Trouble::new("no-port", what, "`levator devices` lists the ports")
        }
        OpenError::Io { .. } => Trouble::new(
            "port",
            what,
            "unplug the device, plug it in again, and try another speed (--baud)",
        ),
    }
}

/// Why a device was not understood: it is opened again, and listened to.
pub(crate) fn of_silence(last: &Snapshot, link: &LinkArgs) -> Trouble {
    let port = &link.port;
    if last.counts.byte_count == 0 {
        let what = format!("the device on {port} says nothing");
        let remedy = format!(
            "is it switched on, and is this its port? `levator devices --port {port}` asks who is there"
        );
        return Trouble::new("silence", what, remedy);
    }
    let bytes = last.counts.byte_count;
    let found = listen(link);
    let guess = found.as_ref().and_then(|found| Some((found.guesses.first()?, found.baud)));
    let named = link.device.name();
    match guess {
        Some((guess, baud)) if guess.id == named => {
            let what = format!("{bytes} bytes came and fit at {baud} baud only");
            Trouble::new("wrong-speed", what, format!("add --baud {baud}"))
        }
        Some((guess, baud)) => {
            let what =
                format!("{bytes} bytes came that are not those of {named}, but of {}", guess.id);
            let remedy = format!(
                "add --device {} --baud {baud} ({}: {})",
                guess.id,
                guess.certainty.name(),
                guess.why
            );
            Trouble::new("other-device", what, remedy)
        }
        None => {
            let what = format!("{bytes} bytes came, and they fit no device that is known");
            let remedy = "the speed of the line is wrong (--baud; usual are 9600, 57600, 115200, 230400), \
                          the cable is bad, or the device has to be described (docs/devices.md)";
            Trouble::new("wrong-speed", what, remedy)
        }
    }
}

/// Every description that is built in, by its name.
pub(crate) fn known() -> Vec<(String, levator_decode::foreign::Description)> {
    let known = devices::BUILT_IN.iter().filter_map(|(id, _)| devices::built_in(id));
    // What it plays back is told from what it measures by no frame.
    let known = known.filter(|device| device.id != "bitalino-simulated");
    known.map(|device| (device.id, device.description)).collect()
}

fn listen(link: &LinkArgs) -> Option<Found> {
    let settings = foreign::settings(link);
    let mut port = SerialConnector::new(settings.clone()).connect().ok()?;
    let mut known = known();
    if let Choice::Foreign(device) = &link.device
        && known.iter().all(|(id, _)| *id != device.id)
    {
        known.push((device.id.clone(), device.description.clone()));
    }
    identify(port.as_mut(), settings.baud, known, false).ok()
}

/// Measures what channels are like, while they are checked.
#[derive(Debug)]
pub(crate) struct Gauge {
    mains_hz: f64,
    channels: BTreeMap<ChannelId, Measured>,
}

/// What one channel is like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// Smallest difference between two samples that is none.
    pub(crate) step: Option<f64>,
    /// Spread of the quietest second: of the filtered signal for EMG.
    pub(crate) noise: Option<f64>,
    /// Amplitude of the mains in the quietest second.
    pub(crate) mains: Option<f64>,
    last: Option<f64>,
    second: Second,
}

/// A second that is not over.
#[derive(Clone, Debug, Default)]
struct Second {
    count: f64,
    sum: f64,
    squares: f64,
    wave: [f64; 2],
}

impl Gauge {
    pub(crate) fn new(mains_hz: f64) -> Self {
        Self { mains_hz, channels: BTreeMap::new() }
    }

    pub(crate) fn of(&self, channel: ChannelId) -> Measured {
        self.channels.get(&channel).cloned().unwrap_or_default()
    }
}

impl Sink for Gauge {
    fn emit(&mut self, output: Output<'_>) {
        if let Output::Block(block) = output {
            let channel = self.channels.entry(block.channel).or_default();
            channel.take(&block, self.mains_hz);
        }
    }
}

impl Measured {
    fn take(&mut self, block: &Block<'_>, mains_hz: f64) {
        let rate = block.rate.hz();
        let turn = core::f64::consts::TAU * mains_hz / rate;
        for (at, value) in block.values.iter().copied().enumerate().filter(|(_, v)| v.is_finite()) {
            self.low = Some(self.low.map_or(value, |low| low.min(value)));
            self.high = Some(self.high.map_or(value, |high| high.max(value)));
            let difference = self.last.map_or(0.0, |last| (value - last).abs());
            if difference > 0.0 {
                self.step = Some(self.step.map_or(difference, |step| step.min(difference)));
            }
            self.last = Some(value);
            let seen = if block.kind == SignalKind::Emg { block.filtered[at] } else { value };
            let phase = turn * (block.first.0 + at as u64) as f64;
            let second = &mut self.second;
            second.count += 1.0;
            second.sum += seen;
            second.squares += seen * seen;
            second.wave[0] += value * phase.cos();
            second.wave[1] += value * phase.sin();
            if second.count >= rate {
                self.end_second(2.0 * mains_hz < rate);
            }
        }
    }

    fn end_second(&mut self, has_mains: bool) {
        let Second { count, sum, squares, wave } = core::mem::take(&mut self.second);
        let least = |old: Option<f64>, new: f64| Some(old.map_or(new, |old| old.min(new)));
        self.noise = least(self.noise, (squares / count - (sum / count).powi(2)).max(0.0).sqrt());
        if has_mains {
            self.mains = least(self.mains, 2.0 * wave[0].hypot(wave[1]) / count);
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "low": self.low, "high": self.high, "smallest_step": self.step, "noise": self.noise,
            "mains": self.mains,
        })
    }

    pub(crate) fn words(&self, unit: &str) -> String {
        let number =
            |value: Option<f64>| value.map_or("?".to_owned(), |value| format!("{value:.3}"));
        format!(
            "{} to {} {unit}, smallest step {}, noise {}, mains {}",
            number(self.low),
            number(self.high),
            number(self.step),
            number(self.noise),
            number(self.mains)
        )
    }

    /// Steps so coarse that the noise does not reach from one to the next.
    pub(crate) fn coarse(&self, name: &str, unit: &str) -> Option<Trouble> {
        let (step, noise) = (self.step?, self.noise?);
        (step > 2.0 * noise).then(|| {
            Trouble::note(
                "coarse",
                format!("{name}: the smallest step is {step:.3} {unit}, the noise {noise:.3}"),
                "what is weaker than a step cannot be seen: raise the gain of the amplifier, if it has one",
            )
        })
    }
}

/// The real rate of each channel, by when its samples came.
#[derive(Debug, Default)]
pub(crate) struct Rates(BTreeMap<ChannelId, [(HostTime, SampleIndex); 2]>);

impl Rates {
    pub(crate) fn look(&mut self, snapshot: &Snapshot) {
        for view in &snapshot.channels {
            let Some(age) = view.newest_sample_age else { continue };
            let came = HostTime::from_nanos(
                snapshot.at.as_nanos().saturating_sub(age.min(Duration::MAX).as_nanos() as u64),
            );
            let now = (came, view.next);
            let entry = self.0.entry(view.channel).or_insert([now; 2]);
            entry[1] = now;
        }
    }

    /// Samples a second, and over how many seconds that was found.
    pub(crate) fn of(&self, channel: ChannelId) -> Option<(f64, f64)> {
        let [(from, first), (to, last)] = self.0.get(&channel)?;
        let seconds = to.saturating_since(*from).as_secs_f64();
        (seconds >= RATE_AFTER_S).then(|| ((last.0 - first.0) as f64 / seconds, seconds))
    }

    pub(crate) fn trouble(&self, view: &ChannelView, name: &str) -> Option<Trouble> {
        let (rate, seconds) = self.of(view.channel)?;
        let nominal = view.rate.hz();
        let off = rate / nominal - 1.0;
        if off.abs() <= RATE_NOTE + BLUR_S / seconds + 1.0 / (nominal * seconds) {
            return None;
        }
        let what = format!(
            "{name}: {rate:.1} samples a second came, {nominal} are declared ({:+.1} %)",
            off * 100.0
        );
        let remedy = format!(
            "times and durations are off by as much: write rate_hz = {rate:.1} into the description of the \
             device, or find what slows it down (too slow a line, printing in the sketch)"
        );
        let is_note = off.abs() <= RATE_FAULT;
        Some(Trouble { name: "rate", what, remedy, is_note })
    }
}

#[cfg(test)]
mod tests {
    use levator_signal::{Quality, SampleRate, Unit};

    use super::*;

    /// Ten seconds of a hum of this height, in steps.
    fn measured(step: f64, hum: f64) -> Measured {
        let rate = SampleRate::from_hz(1000.0).expect("a rate");
        let wave =
            |at: usize| (hum * (core::f64::consts::TAU * 0.05 * at as f64).sin() / step).round();
        let values: Vec<f64> = (0..10_000).map(|at| wave(at) * step).collect();
        let mut gauge = Gauge::new(50.0);
        for (number, values) in values.chunks(20).enumerate() {
            gauge.emit(Output::Block(Block {
                channel: ChannelId::default(),
                kind: SignalKind::Emg,
                unit: Unit::Microvolt,
                rate,
                first: SampleIndex(20 * number as u64),
                values,
                filtered: values,
                envelope: values,
                quality: Quality::GOOD,
            }));
        }
        gauge.of(ChannelId::default())
    }

    #[test]
    fn step_range_noise_and_mains_are_those_of_the_signal() {
        let found = measured(0.5, 10.0);
        assert_eq!((found.low, found.high, found.step), (Some(-10.0), Some(10.0), Some(0.5)));
        let close = |found: Option<f64>, right: f64| (found.expect("measured") - right).abs() < 0.2;
        assert!(close(found.mains, 10.0) && close(found.noise, 10.0 / 2_f64.sqrt()), "{found:?}");
        assert_eq!(found.coarse("x", "uV"), None);
        // Nothing but single steps up and down.
        let coarse = measured(8.0, 4.05).coarse("x", "uV").expect("it is");
        assert!(coarse.is_note && coarse.what.contains("8.000"), "{coarse:?}");
        assert_eq!(measured(8.0, 0.0).coarse("x", "uV"), None);
    }
}
