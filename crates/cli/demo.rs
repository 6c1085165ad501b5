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
use crate::failure::{Attempt, Code, Failure};
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, AboutArgs, Plan};
use crate::{analysis, person, simulate_visit};

/// All of it on a virtual person: live, recorded, analysed.
pub(crate) fn run(args: &Demo) -> Result<ExitCode, Failure> {
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
fn fresh_folder() -> std::io::Result<PathBuf> {
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

/// Over a pseudo-terminal, as a real probe would be read; in memory where there is none.
#[cfg(unix)]
fn on_a_line(device: VirtualDevice, plan: &mut Plan, stop: &Stop) -> Result<ExitCode, Failure> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use levator_device::{PortSettings, SerialConnector};
    use levator_simulate::{PseudoTerminal, serve};

    let Ok(terminal) = PseudoTerminal::open() else { return in_memory(device, plan, stop) };
    let mut device = device;
    let mut line = Line::new(LineSettings::real_time(), None).attempt(Code::Other, "line")?;
    plan.port = terminal.port_name().to_owned();
    let connector = SerialConnector::new(PortSettings::new(terminal.port_name()));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let code = visit::run(connector, plan, stop);
        over.store(true, Ordering::Relaxed);
        let served = server.join();
        let code = code?;
        match served {
            Ok(counts) => counts.attempt(Code::Port, "pseudo-terminal").map(|_| code),
            Err(_) => Err(anyhow::anyhow!("the virtual probe broke down").into()),
        }
    })
}

#[cfg(not(unix))]
fn on_a_line(device: VirtualDevice, plan: &mut Plan, stop: &Stop) -> Result<ExitCode, Failure> {
    in_memory(device, plan, stop)
}

fn in_memory(device: VirtualDevice, plan: &mut Plan, stop: &Stop) -> Result<ExitCode, Failure> {
    let line = Line::new(LineSettings::real_time(), None).attempt(Code::Other, "line")?;
    plan.port = InMemory::NAME.to_owned();
    visit::run(InMemory(MemoryPort::new(device, line)), plan, stop)
}

/// A virtual device without a port of the system.
#[derive(Clone)]
struct InMemory(MemoryPort);

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
