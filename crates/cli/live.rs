//! `levator live` and `levator record`

use std::path::PathBuf;
use std::process::ExitCode;

use levator_device::{PortSettings, SerialConnector};
use levator_engine::EngineConfig;

use crate::analysis;
use crate::args::{LinkArgs, Live, Record, Setup, Whom};
use crate::failure::{Attempt, Code, Failure};
use crate::gate;
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, Plan};

pub(crate) fn run_live(args: &Live) -> Result<ExitCode, Failure> {
    let face = Face::choose(args.view.plain);
    run(&args.link, &args.setup, &args.person, args.out.clone(), args.seconds, face, args.json)
}

pub(crate) fn run_record(args: &Record) -> Result<ExitCode, Failure> {
    let out = Some(args.out.clone());
    run(&args.link, &args.setup, &args.person, out, args.seconds, Face::Lines, args.json)
}

fn run(
    link: &LinkArgs,
    setup: &Setup,
    person: &Whom,
    out: Option<PathBuf>,
    seconds: Option<f64>,
    face: Face,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut config = EngineConfig::device();
    analysis::prepare(setup, &mut config);
    let guard = gate::open(setup, person)?;
    if let Some(course) = &mut config.course {
        course.rest_guard = guard;
    }
    let settings = PortSettings { baud: link.baud, ..PortSettings::new(link.port.clone()) };
    let plan = Plan {
        config,
        out,
        seconds,
        patience_s: link.patience,
        face,
        title: view::title(&link.port),
        told: told(person)?,
        device: link.device.name().to_owned(),
        port: link.port.clone(),
        json,
    };
    visit::run(SerialConnector::new(settings), &plan, &Stop::listen()?)
}

/// What is kept beside the recording, so that its assessment finds it: what was told, and the device of
/// the reference if nothing else is known of the device.
fn told(person: &Whom) -> Result<Option<String>, Failure> {
    // What was told of the visit before holds until something else is told.
    let kept = person.after.as_ref().map(|visit| visit.join(analysis::TOLD));
    let path = person.symptoms.clone().or(kept.filter(|path| path.is_file()));
    let text = match &path {
        Some(path) => Some(std::fs::read_to_string(path).attempt(Code::File, path.display())?),
        None => None,
    };
    let Some(reference) = &person.reference else { return Ok(text) };
    let text = text.unwrap_or_else(|| "format = 1\n".to_owned());
    if text.contains("[device]") {
        return Ok(Some(text));
    }
    let pack = reference.pack();
    let (device, site) = (&pack.device, pack.site.name());
    Ok(Some(format!("{text}\n[device]\nname = {device:?}\nsite = \"{site}\"\n")))
}
