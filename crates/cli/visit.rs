//! One visit: a port is read, shown, recorded, and at the end summed up.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use clap::Args;
use levator_device::Connector;
use levator_engine::{Begins, Digest, EngineConfig, LinkState, Tee};
use levator_live::{Ended, LiveConfig, RecordTo, Recorded, Session, Snapshot, Summary};
use levator_record::text::TextOptions;
use levator_record::visit::{self as folder, About, RESULT, State, put_new, replace};
use levator_record::{Header, Totals};
use levator_store::make_folder;

use crate::analysis::{self, Analysis, JOURNAL};
use crate::args::Setup;
use crate::calibrations;
use crate::doctor;
use crate::failure::{Attempt, Code, Failure};
use crate::page::{Page, PageArgs};
use crate::stop::Stop;
use crate::view::{self, Face, Scene};
use crate::{json, latency, table};

/// A device whose port was lost and whose newest sample is older than this at the end is away.
const AWAY_AFTER: Duration = Duration::from_secs(2);

/// What a visit is to be.
pub(crate) struct Plan {
    pub(crate) config: EngineConfig,
    pub(crate) out: Option<PathBuf>,
    pub(crate) seconds: Option<f64>,
    /// A device that was not understood for so many seconds is given up.
    pub(crate) patience_s: f64,
    /// A stream whose rate is off by more than 10 % is measured all the same.
    pub(crate) any_rate: bool,
    pub(crate) face: Face,
    /// The page beside it; `None` for a recording that nobody watches.
    pub(crate) page: Option<PageArgs>,
    /// Whether the person is a virtual one.
    pub(crate) is_virtual: bool,
    /// What is told beside the signals: the text of a file that is put beside the recording.
    pub(crate) told: Option<String>,
    /// Who is measured, for the title.
    pub(crate) title: String,
    /// What is written down of the visit.
    pub(crate) about: AboutArgs,
    /// What it is held against, by name.
    pub(crate) reference: Option<String>,
    /// For the header of the recording.
    pub(crate) device: String,
    pub(crate) port: String,
    pub(crate) json: bool,
}

/// What is written down of a visit, in `visit.json`.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Kept with the recording")]
pub(crate) struct AboutArgs {
    /// Whose visit it is: a number or a pseudonym, no name. Without --out it is kept among the visits of that
    /// person (`levator visits`).
    #[arg(long, value_name = "CODE")]
    pub(crate) person: Option<String>,
    /// How the person lies, sits or stands.
    #[arg(long, value_name = "TEXT")]
    pub(crate) position: Option<String>,
    /// Where the probe is.
    #[arg(long, value_name = "TEXT")]
    pub(crate) site: Option<String>,
    /// Whatever else is to be known.
    #[arg(long, value_name = "TEXT")]
    pub(crate) notes: Option<String>,
}

/// Runs the visit and prints what was found.
pub(crate) fn run(
    connector: impl Connector + 'static,
    plan: &Plan,
    stop: &Stop,
) -> Result<ExitCode, Failure> {
    let without = PageArgs { no_page: true, ..PageArgs::default() };
    let page_args = plan.page.as_ref().unwrap_or(&without);
    let mut page = Page::start(page_args, scene(plan))?;
    match conduct(connector, plan, stop, &mut page) {
        Ok(summary) => {
            page.linger(stop)?;
            conclusion(&summary, plan)
        }
        Err(failure) => {
            page.leave();
            Err(failure)
        }
    }
}

/// The same with a page that may be there already, and stays. Once the visit has begun, the page is told
/// what came of it, also if that is an error.
pub(crate) fn conduct(
    connector: impl Connector + 'static,
    plan: &Plan,
    stop: &Stop,
    page: &mut Page,
) -> Result<Summary, Failure> {
    let is_new = plan.out.as_ref().map(|folder| !folder.exists());
    let journal = match &plan.out {
        Some(folder) => Some(prepare(folder)?),
        None => None,
    };
    let header = Header {
        tool: format!("levator {}", json::VERSION),
        wire: [levator_protocol::MAJOR, levator_protocol::MINOR],
        opened_unix_ms: unix_ms(),
        device: plan.device.clone(),
        port: plan.port.clone(),
        config: plan.config.clone(),
    };
    let mut about = about(plan, &header);
    let beside = plan.out.clone();
    let record = journal.as_ref().map(|path| RecordTo { path: path.clone(), header, beside });
    let config =
        LiveConfig { record, seconds: plan.seconds, ..LiveConfig::new(plan.config.clone()) };
    page.renew(scene(plan));
    let sink = Tee(Tee(analysis::summary(&plan.config), Digest::new()), page.tap());
    let session = Session::start(connector, config, sink).map_err(|error| {
        // A folder that stayed empty would look like a visit. One with anything in it stays.
        if let (Some(folder), Some(true)) = (&plan.out, is_new) {
            let _ = std::fs::remove_dir(folder);
        }
        start_failure(error)
    })?;
    // Only now: a folder that holds a recording was refused.
    if let Some(folder) = &plan.out {
        about.write(folder).attempt(Code::Recording, folder.join(folder::ABOUT).display())?;
        if let Some(told) = &plan.told {
            let beside = folder.join(analysis::TOLD);
            put_new(&beside, told.as_bytes()).attempt(Code::Recording, beside.display())?;
        }
    }
    page.attach(session.handle(), plan.page.as_ref(), plan.face);
    let programme = plan.config.course.as_ref().map(|course| &course.programme);
    let address = page.address();
    let stale = calibrations::stale(&plan.config.calibrations, unix_ms() / 1000);
    let scene = Scene {
        title: &plan.title,
        programme,
        patience_s: plan.patience_s,
        any_rate: plan.any_rate,
        is_played: false,
        stale: &stale,
        page: address.as_deref(),
    };
    let shown = view::show(&session.handle(), page.face(plan.face), &scene, stop);
    session.stop();
    let waited = session.wait().attempt(Code::Other, &plan.port);
    let (summary, Tee(Tee(found, digest), _)) = match waited {
        Ok(waited) => waited,
        Err(failure) => {
            page.conclude(broken(plan.out.as_deref(), &failure));
            return Err(failure);
        }
    };
    let kept = shown
        .attempt(Code::Other, "terminal")
        .and_then(|()| tell(&summary, (found, digest), plan, &mut about, page));
    page.conclude(result(&summary, plan.out.as_deref(), &kept));
    kept.map(|()| summary)
}

/// Keeps and prints what was found. Fine if all of it is kept and the recording gives the same again.
fn tell(
    summary: &Summary,
    (found, digest): (levator_engine::Summary, Digest),
    plan: &Plan,
    about: &mut About,
    page: &Page,
) -> Result<(), Failure> {
    if let Some(trouble) = misunderstanding(&summary.last, &plan.port) {
        // The recording, if any, is kept: it may tell a developer what was said.
        return Err(Failure::new(Code::Device, trouble));
    }
    latency::tell(&mut stderr(), &summary.last, &page.latency())?;
    about.latency = Some(latency::to_value(&summary.last, &page.latency()));
    let (Some(folder), Some(recorded)) = (&plan.out, &summary.recording) else {
        let live = Analysis {
            file: PathBuf::from(&plan.port),
            blake3: String::new(),
            summary: found,
            digest,
            trace: None,
            opened_unix_ms: None,
            told: None,
            config: plan.config.clone(),
            titles: Vec::new(),
            notes: vec!["seen live, not recorded".to_owned()],
            skipped: Vec::new(),
        };
        return print(&live, plan.json);
    };
    let missing = missing(summary);
    let totals = match &recorded.totals {
        Ok(totals) => totals,
        Err(message) => {
            let error = anyhow!("{message}").context("the recording could not be closed");
            return Err(Failure::new(Code::Recording, error));
        }
    };
    let offline = read_back(folder)?;
    let agrees = offline.digest == digest;
    // Whoever reads what is printed may go away; the visit is closed then.
    save(folder, &offline)?;
    finish(folder, about, recorded, totals, missing)?;
    print(&offline, plan.json)?;
    writeln!(stderr(), "recorded in {}", folder.display())?;
    if missing > 0 {
        let error = anyhow!("{missing} inputs are not in the recording: the disk refused them");
        return Err(Failure::new(Code::Recording, error));
    }
    if !agrees {
        let error =
            anyhow!("the recording, analysed, differs from what was seen live; please report this");
        return Err(Failure::new(Code::Other, error));
    }
    writeln!(stderr(), "analysed from the file: the same as live, bit for bit")?;
    Ok(())
}

/// Inputs that are not in the recording.
fn missing(summary: &Summary) -> u64 {
    summary.last.recording.as_ref().map_or(0, |state| state.missing_input_count)
}

/// How a visit ends that was kept as it should be.
fn conclusion(summary: &Summary, plan: &Plan) -> Result<ExitCode, Failure> {
    if !plan.any_rate && view::is_another_rate(&summary.last) {
        let words = view::pace(&summary.last).unwrap_or_default();
        let error = anyhow!("{words}. Mend the device, or measure all the same with --any-rate");
        return Err(Failure::new(Code::Device, error));
    }
    let is_away = summary.last.counts.lost_port_count > 0
        && summary.last.newest_sample_age().is_none_or(|age| age > AWAY_AFTER);
    if summary.ended == Ended::GaveUp || is_away {
        let error = anyhow!("the device on {} went away and did not come back", plan.port);
        return Err(Failure::new(Code::Device, error));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is known before the first sample.
fn about(plan: &Plan, header: &Header) -> About {
    let AboutArgs { person, position, site, notes } = plan.about.clone();
    let reference = plan.reference.clone();
    About { person, position, site, notes, reference, ..About::new(header.clone()) }
}

/// Writes what lies beside the journal, and last the hashes of it all.
fn finish(
    folder: &Path,
    about: &mut About,
    recorded: &Recorded,
    totals: &Totals,
    missing: u64,
) -> Result<(), Failure> {
    let name = folder.display();
    let laid = match &recorded.beside {
        Some(Ok(laid)) => laid.clone(),
        Some(Err(_)) | None => {
            writeln!(stderr(), "signals.bdf and events.tsv are made from the journal")?;
            folder::rebuild(folder, &mut |_| {}).attempt(Code::Recording, &name)?
        }
    };
    about.state = State::Closed;
    about.finish(laid.device.as_ref(), &laid.streams, &laid.files, totals, missing);
    about.write(folder).attempt(Code::Recording, &name)?;
    folder::manifest::write(folder).attempt(Code::Recording, &name)
}

/// What the page is told before the first sample.
fn scene(plan: &Plan) -> levator_console::Scene {
    let course = plan.config.course.as_ref();
    levator_console::Scene {
        title: plan.device.clone(),
        mode: levator_console::Mode::Guided,
        programme: course.map(|course| course.programme.clone()),
        roles: plan.config.roles.clone(),
        waits: course.is_some_and(|course| course.begins == Begins::OnCommand),
        is_recorded: plan.out.is_some(),
        is_virtual: plan.is_virtual,
        seconds: plan.seconds,
    }
}

/// What the page is told at the end. A recording is spoken of only if it is there, and praised only if it
/// was read back and found to be the same.
fn result(
    summary: &Summary,
    folder: Option<&Path>,
    kept: &Result<(), Failure>,
) -> serde_json::Value {
    let folder = folder.filter(|folder| folder.join(JOURNAL).is_file());
    let is_recorded = summary.recording.is_some() && folder.is_some();
    serde_json::json!({
        "ended": match summary.ended {
            Ended::Stopped => "stopped",
            Ended::TimeLimit => "time-limit",
            Ended::GaveUp => "gave-up",
            Ended::EngineFailed => "engine-failed",
        },
        "ended_s": summary.ended_at.as_secs_f64(),
        "folder": folder.map(|folder| folder.display().to_string()),
        "verified": is_recorded && kept.is_ok(),
        "missing": missing(summary),
        "trouble": kept.as_ref().err().map(ToString::to_string),
    })
}

/// The same where a part of the program broke down.
fn broken(folder: Option<&Path>, failure: &Failure) -> serde_json::Value {
    let folder = folder.filter(|folder| folder.join(JOURNAL).is_file());
    serde_json::json!({
        "ended": "engine-failed",
        "ended_s": 0.0,
        "folder": folder.map(|folder| folder.display().to_string()),
        "verified": false,
        "missing": 0,
        "trouble": failure.to_string(),
    })
}

/// Makes the folder and names the journal in it.
fn prepare(folder: &Path) -> Result<PathBuf, Failure> {
    make_folder(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
        .map_err(|error| Failure::new(Code::Recording, error))?;
    Ok(folder.join(JOURNAL))
}

#[expect(clippy::disallowed_methods, reason = "the date of a visit is for people, not for signals")]
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

pub(crate) fn start_failure(error: levator_live::StartError) -> Failure {
    let code = match error {
        // Who is at the port, and what to do, as `levator check` says it.
        levator_live::StartError::Port(error) => {
            let trouble = doctor::of_port(&error);
            return Failure::new(Code::Port, anyhow!("{}; {}", trouble.what, trouble.remedy));
        }
        levator_live::StartError::Record(_) => Code::Recording,
        levator_live::StartError::Engine(_) | levator_live::StartError::Thread(_) => Code::Other,
    };
    Failure::new(code, error)
}

/// Why nothing came of it, if the device was never understood.
pub(crate) fn misunderstanding(last: &Snapshot, port: &str) -> Option<anyhow::Error> {
    if last.device.is_some() || !last.channels.is_empty() {
        return None;
    }
    Some(match (last.counts.byte_count, last.link) {
        (0, _) => anyhow!(
            "the device on {port} says nothing: is it switched on, and is this its port? \
             `levator devices` lists the ports"
        ),
        (bytes, LinkState::Connected | LinkState::Streaming | LinkState::Stalled) => anyhow!(
            "the device on {port} sent {bytes} bytes but never described itself: its firmware \
             does not follow firmware-protocol/SPEC.md"
        ),
        (bytes, _) => anyhow!(
            "{bytes} bytes came from {port}, none of them in the protocol of this device: is the \
             speed right (--baud), and is this the right device?"
        ),
    })
}

fn read_back(folder: &Path) -> Result<Analysis, Failure> {
    analysis::analyse(folder, &TextOptions::default(), &Setup::default())
}

/// Prints what was found, as JSON or as a table.
pub(crate) fn print(analysis: &Analysis, as_json: bool) -> Result<(), Failure> {
    let mut out = stdout().lock();
    if as_json {
        let document = json::Document(std::slice::from_ref(analysis));
        json::print(&mut out, &document)?;
    } else {
        table::print(&mut out, analysis)?;
    }
    Ok(())
}

/// Puts what was found into the folder of a visit.
pub(crate) fn save(folder: &Path, analysis: &Analysis) -> Result<(), Failure> {
    let document = json::Document(std::slice::from_ref(analysis));
    let mut text = serde_json::to_vec_pretty(&document).map_err(std::io::Error::from)?;
    text.push(b'\n');
    let path = folder.join(RESULT);
    replace(&path, &text).attempt(Code::Recording, path.display())
}
