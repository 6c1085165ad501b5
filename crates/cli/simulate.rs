//! `levator simulate`

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::args::{Person, TextArgs, seconds};
use crate::failure::Failure;
use crate::foreign::{self, Choice};

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Which device to be: native, one of docs/devices.md, or a file that describes one.
    #[arg(long, value_name = "NAME|FILE", default_value = "native", value_parser = foreign::choice)]
    pub(crate) device: Choice,
    /// Sends this layout of lines, counted from 0, where a device of others has several.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) layout: usize,
    /// Speed of the line in bits a second; bytes leave no faster. [default: that of the device]
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(50..=4_000_000))]
    pub(crate) baud: Option<u32>,
    /// How bytes reach the host: every millisecond as by USB, or by the 62 and every 16 ms as by an FTDI
    /// bridge.
    #[arg(long, value_enum, default_value_t = Bridge::Cdc)]
    pub(crate) bridge: Bridge,
    /// What the cable does to them: flip, burst, drop, insert, stuck, duplicate, reorder, splice, merge,
    /// text, stall, silence, wrong-baud or rough, which is several.
    #[arg(long, value_name = "NAME", value_parser = fault)]
    pub(crate) fault: Option<String>,
    /// About how many bytes lie between two faults.
    #[arg(long, value_name = "BYTES", default_value_t = 2000, requires = "fault")]
    pub(crate) every: u32,
    #[command(flatten)]
    pub(crate) person: Person,
    /// Ends after so many seconds. Without it, Ctrl-C ends it.
    #[arg(long, value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
    /// Prints the port and the true contractions as JSON lines.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// What stands between the device and the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bridge {
    /// USB of its own.
    Cdc,
    /// A bridge chip by FTDI, with the latency timer it comes with.
    Ftdi,
}

fn fault(name: &str) -> Result<String, String> {
    use levator_simulate::CableFaults;

    match CableFaults::named(name, 1.0) {
        Some(_) => Ok(name.to_owned()),
        None => Err(format!("known are {}", CableFaults::NAMES.join(", "))),
    }
}

/// Offers a device on a pseudo-terminal until it is told to stop.
#[cfg(unix)]
pub(crate) fn run(args: &Simulate) -> Result<ExitCode, Failure> {
    pty::run(args)
}

#[cfg(unix)]
mod pty {
    use std::io::{Write, stderr, stdout};
    use std::process::ExitCode;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use anyhow::anyhow;
    use levator_decode::foreign::Framing;
    use levator_simulate::foreign::faults_for;
    use levator_simulate::{
        BadCable, Burst, CableFaults, ForeignDevice, Line, LineSettings, PseudoTerminal, Scenario,
        ServeCounts, Speaker, TrueContraction, VirtualPerson, serve,
    };
    use serde_json::json;

    use super::{Bridge, Choice, Simulate};
    use crate::failure::{Attempt, Code, Failure};
    use crate::person;
    use crate::stop::Stop;

    pub(super) fn run(args: &Simulate) -> Result<ExitCode, Failure> {
        let Choice::Foreign(device) = &args.device else { return native(args) };
        if args.person.replay.is_some() {
            let error =
                anyhow!("--replay is for the native device; others are on a virtual person");
            return Err(Failure::new(Code::Usage, error));
        }
        let Some(scenario) = Scenario::from_name(&args.person.scenario) else {
            // Which says what scenarios there are.
            return person::subject(&args.person, &args.text.options()).map(|_| ExitCode::SUCCESS);
        };
        let description = &device.description;
        let layouts = match &description.framing {
            Framing::Text(shape) => shape.layouts.len(),
            _ => 1,
        };
        if args.layout >= layouts {
            let error = anyhow!("{} has {layouts} layouts, counted from 0", device.id);
            return Err(Failure::new(Code::Usage, error));
        }
        let virtual_person = VirtualPerson::new(scenario, args.person.seed);
        let baud = args.baud.unwrap_or(device.baud);
        let mut speaker =
            ForeignDevice::with_layout(description, &virtual_person, baud, args.layout);
        let cable = cable(args).map(|faults| faults_for(description, faults));
        let note = format!("{}: {}", scenario.name(), scenario.description());
        let name = format!("{} on a virtual person ({})", description.name, scenario.name());
        let how = format!(" --device {}", device.id);
        let offer = Offer { name: &name, notes: &[note], how: &how, cable };
        offer.make(args, &mut speaker, |speaker| {
            let until_s = speaker.now().as_secs_f64();
            virtual_person.truth(description.rate, until_s).contractions
        })
    }

    fn native(args: &Simulate) -> Result<ExitCode, Failure> {
        let subject = person::subject(&args.person, &args.text.options())?;
        let mut device = subject.device;
        // Another number after every start, as SPEC.md asks of a device: by it a host knows that the indices
        // begin anew, also when the same virtual probe is plugged in again.
        device.reset(std::process::id());
        let offer =
            Offer { name: &subject.name, notes: &subject.notes, how: "", cable: cable(args) };
        offer.make(args, &mut device, |device| {
            device.truth(0).map(|truth| truth.contractions).unwrap_or_default()
        })
    }

    fn cable(args: &Simulate) -> Option<CableFaults> {
        CableFaults::named(args.fault.as_deref()?, f64::from(args.every))
    }

    struct Offer<'a> {
        name: &'a str,
        notes: &'a [String],
        /// What a host has to be told beside the port.
        how: &'a str,
        cable: Option<CableFaults>,
    }

    impl Offer<'_> {
        fn make<D: Speaker + Send>(
            &self,
            args: &Simulate,
            device: &mut D,
            truth: impl FnOnce(&D) -> Vec<TrueContraction>,
        ) -> Result<ExitCode, Failure> {
            let terminal = PseudoTerminal::open().attempt(Code::Port, "pseudo-terminal")?;
            let burst = match args.bridge {
                Bridge::Cdc => Burst::UsbCdc,
                Bridge::Ftdi => Burst::Ftdi,
            };
            let cable = self.cable.map(|faults| BadCable::new(faults, args.person.seed));
            let settings = LineSettings { burst, ..LineSettings::real_time() };
            let mut line = Line::new(settings, cable).attempt(Code::Other, "line")?;
            let port = terminal.port_name().to_owned();
            let mut out = stdout();
            if args.json {
                writeln!(out, "{}", json!({ "port": port, "person": self.name }))?;
            } else {
                writeln!(out, "{port}")?;
                for note in self.notes {
                    writeln!(stderr(), "{note}")?;
                }
                writeln!(stderr(), "{}: try `levator live --port {port}{}`", self.name, self.how)?;
            }
            out.flush()?;
            let stop = Stop::listen()?;
            let counts = until_told(args.seconds, device, &terminal, &mut line, &stop)
                .attempt(Code::Port, &port)?;
            if args.json {
                for one in truth(device) {
                    let (onset_s, offset_s) = (one.onset_s, one.offset_s);
                    writeln!(out, "{}", json!({ "onset_s": onset_s, "offset_s": offset_s }))?;
                }
            }
            if let Some(counts) = line.cable_counts().filter(|counts| counts.fault_count() > 0) {
                writeln!(stderr(), "the cable made {} faults", counts.fault_count())?;
            }
            if counts.dropped > 0 {
                writeln!(
                    stderr(),
                    "{} bytes were dropped because nobody read them",
                    counts.dropped
                )?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }

    fn until_told<D: Speaker + Send>(
        seconds: Option<f64>,
        device: &mut D,
        terminal: &PseudoTerminal,
        line: &mut Line,
        stop: &Stop,
    ) -> std::io::Result<ServeCounts> {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            if let Some(seconds) = seconds {
                let over = &over;
                scope.spawn(move || {
                    let step = Duration::from_millis(50);
                    let mut left = Duration::from_secs_f64(seconds);
                    while left > Duration::ZERO && !stop.is_asked() && !over.load(Ordering::Relaxed)
                    {
                        std::thread::sleep(left.min(step));
                        left = left.saturating_sub(step);
                    }
                    stop.ask();
                });
            }
            let counts = serve(device, terminal, line, stop.flag());
            over.store(true, Ordering::Relaxed);
            counts
        })
    }
}

/// Without pseudo-terminals there is no port to offer.
#[cfg(not(unix))]
pub(crate) fn run(_args: &Simulate) -> Result<ExitCode, Failure> {
    let error = anyhow::anyhow!(
        "this system has no pseudo-terminals to offer a virtual probe on; `levator demo` does \
         without one"
    );
    Err(Failure::new(crate::failure::Code::Port, error))
}
