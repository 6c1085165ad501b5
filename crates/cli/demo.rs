//! `levator demo`

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use levator_catalog::programmes;
use levator_device::{Connector, LinkError, OpenError, Port};
use levator_engine::EngineConfig;
use levator_record::text::TextOptions;
use levator_simulate::people::{Anatomy, Condition, Margin, Participant, Setup};
use levator_simulate::{Line, LineSettings, MemoryPort, VirtualDevice};

use crate::args::{Demo, Setup as AnalysisSetup};
use crate::assess::{self, About};
use crate::desk::{self, Common};
use crate::failure::{Attempt, Code, Failure};
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, AboutArgs, Plan};
use crate::{analysis, person, simulate_visit};

/// All of it on a virtual person: live, recorded, analysed.
pub(crate) fn run(args: &Demo) -> Result<ExitCode, Failure> {
    if args.wait {
        return wait(args);
    }
    let subject = person::subject(&args.person, &TextOptions::default())?;
    for note in &subject.notes {
        writeln!(stderr(), "{note}")?;
    }
    let out = match &args.out {
        Some(folder) => folder.clone(),
        None => fresh_folder().attempt(Code::Recording, "folder for the recording")?,
    };
    let mut plan = Plan {
        config: EngineConfig { roles: subject.roles.clone(), ..EngineConfig::device() },
        out: Some(out),
        seconds: Some(args.seconds),
        patience_s: 10.0,
        any_rate: false,
        face: Face::choose(args.view.plain),
        page: Some(args.page.clone()),
        is_virtual: true,
        told: None,
        about: AboutArgs::default(),
        reference: None,
        title: view::title(&subject.name),
        device: subject.name,
        port: String::new(),
        json: args.json,
    };
    let stop = Stop::listen()?;
    let code = on_a_line(subject.device, &mut plan, &stop)?;
    if !args.json {
        if args.person.replay.is_none()
            && let Some(folder) = &plan.out
        {
            whole_visit(&args.person.scenario, args.person.seed, &folder.join("whole-visit"))?;
        }
        writeln!(
            stderr(),
            "your own probe: `levator devices`, then `levator live --port PORT`; a file: `levator \
             analyse FILE`"
        )?;
    }
    Ok(code)
}

/// The page, on which somebody virtual is measured as often as wanted.
fn wait(args: &Demo) -> Result<ExitCode, Failure> {
    let out = match &args.out {
        Some(folder) => folder.clone(),
        None => fresh_folder().attempt(Code::Recording, "folder for the recordings")?,
    };
    desk::run(&Common {
        page: args.page.clone(),
        data: args.data.clone(),
        out: Some(out),
        setup: AnalysisSetup::default(),
        seconds: None,
        patience_s: 10.0,
        any_rate: false,
        json: args.json,
        is_virtual: true,
    })
}

/// What it is all for: five minutes of a programme, lived through by a virtual person in no time, and
/// the answer.
fn whole_visit(scenario: &str, seed: u64, folder: &Path) -> Result<(), Failure> {
    let condition = match scenario {
        "weak" => Condition::Weak,
        "tight" => Condition::Hypertonic,
        _ => Condition::Healthy,
    };
    let setup = Setup::usual()
        .into_iter()
        .find(|setup| setup.name() == "kasper-emg+abdomen")
        .ok_or_else(|| anyhow!("the virtual people have no such device"))?;
    let person = Participant::draw(condition, Anatomy::Female, setup, Margin::Clear, seed)
        .attempt(Code::Other, "virtual person")?;
    let programme = programmes::built_in("glazer").ok_or_else(|| anyhow!("glazer is built in"))?;
    let (signals, about) = simulate_visit::put(&person, 0, &programme, folder)?;
    let told = levator_catalog::told::read(&about).attempt(Code::File, about.display())?;
    let arguments = AnalysisSetup { programme: Some(programme), ..AnalysisSetup::default() };
    let analysis = analysis::analyse(&signals, &TextOptions::default(), &arguments)?;
    let (assessment, _) = assess::judge(&analysis, &About::new(Some(told), None), &[]);
    let mut out = stderr().lock();
    writeln!(out)?;
    writeln!(
        out,
        "A whole visit (programme glazer) of a virtual person who is {}, judged:",
        condition.name()
    )?;
    assess::tell(&mut out, &assessment)?;
    writeln!(
        out,
        "again, with every number: levator assess {} --symptoms {} --programme glazer \
                   --measures",
        signals.display(),
        about.display()
    )?;
    writeln!(out)?;
    Ok(())
}

/// A folder nobody has used.
pub(crate) fn fresh_folder() -> std::io::Result<PathBuf> {
    let base = std::env::temp_dir();
    for number in 1..10_000 {
        let folder = base.join(format!("levator-demo-{number}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other("10000 demo recordings are there already; use --out, or delete some"))
}

fn on_a_line(device: VirtualDevice, plan: &mut Plan, stop: &Stop) -> Result<ExitCode, Failure> {
    at_a_port(device, |connector, port| {
        port.clone_into(&mut plan.port);
        visit::run(connector, plan, stop)
    })
}

/// Runs what reads a port with a virtual device on it: over a pseudo-terminal, as a real probe would be
/// read; in memory where there is none.
#[cfg(unix)]
pub(crate) fn at_a_port<T>(
    device: VirtualDevice,
    run: impl FnOnce(VirtualConnector, &str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use levator_device::{PortSettings, SerialConnector};
    use levator_simulate::{PseudoTerminal, serve};

    let Ok(terminal) = PseudoTerminal::open() else { return in_memory(device, run) };
    let mut device = device;
    let mut line = Line::new(LineSettings::real_time(), None).attempt(Code::Other, "line")?;
    let connector = SerialConnector::new(PortSettings::new(terminal.port_name()));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let ended = run(VirtualConnector::Line(connector), terminal.port_name());
        over.store(true, Ordering::Relaxed);
        let served = server.join();
        let ended = ended?;
        match served {
            Ok(counts) => counts.attempt(Code::Port, "pseudo-terminal").map(|_| ended),
            Err(_) => Err(anyhow::anyhow!("the virtual probe broke down").into()),
        }
    })
}

/// Runs what reads a port with a virtual device on it.
#[cfg(not(unix))]
pub(crate) fn at_a_port<T>(
    device: VirtualDevice,
    run: impl FnOnce(VirtualConnector, &str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    in_memory(device, run)
}

fn in_memory<T>(
    device: VirtualDevice,
    run: impl FnOnce(VirtualConnector, &str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let line = Line::new(LineSettings::real_time(), None).attempt(Code::Other, "line")?;
    run(VirtualConnector::Memory(InMemory(MemoryPort::new(device, line))), InMemory::NAME)
}

/// How a virtual device is read.
pub(crate) enum VirtualConnector {
    /// As a real one, over a pseudo-terminal.
    #[cfg(unix)]
    Line(levator_device::SerialConnector),
    /// Without a port of the system.
    Memory(InMemory),
}

impl Connector for VirtualConnector {
    fn connect(&mut self) -> Result<Box<dyn Port>, OpenError> {
        match self {
            #[cfg(unix)]
            Self::Line(connector) => connector.connect(),
            Self::Memory(port) => port.connect(),
        }
    }
}

/// A virtual device without a port of the system.
#[derive(Clone)]
pub(crate) struct InMemory(MemoryPort);

impl InMemory {
    const NAME: &'static str = "memory";

    fn gone(error: impl std::fmt::Display) -> LinkError {
        LinkError::Gone { name: Self::NAME.to_owned(), reason: error.to_string() }
    }
}

impl Connector for InMemory {
    fn connect(&mut self) -> Result<Box<dyn Port>, OpenError> {
        Ok(Box::new(self.clone()))
    }
}

impl Port for InMemory {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LinkError> {
        self.0.read(buffer, Duration::from_millis(10)).map_err(Self::gone)
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.0.write_all(bytes).map_err(Self::gone)
    }

    fn name(&self) -> &str {
        Self::NAME
    }
}
