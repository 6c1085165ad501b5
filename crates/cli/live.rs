//! `levator live` and `levator record`

use std::path::PathBuf;
use std::process::ExitCode;

use levator_catalog::told::Told;
use levator_device::SerialConnector;
use levator_engine::EngineConfig;

use crate::analysis;
use crate::args::{LinkArgs, Live, Record, Setup, Whom};
use crate::assess::About;
use crate::failure::Failure;
use crate::foreign;
use crate::gate::{self, Opened};
use crate::page::PageArgs;
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, AboutArgs, Plan};

pub(crate) fn run_live(args: &Live) -> Result<ExitCode, Failure> {
    let face = Face::choose(args.view.plain);
    let shown = Shown { face, page: Some(args.page.clone()), json: args.json };
    run(&args.link, &args.setup, (&args.person, &args.about), args.out.clone(), args.seconds, shown)
}

pub(crate) fn run_record(args: &Record) -> Result<ExitCode, Failure> {
    let out = Some(args.out.clone());
    let shown = Shown { face: Face::Lines, page: None, json: args.json };
    run(&args.link, &args.setup, (&args.person, &args.about), out, args.seconds, shown)
}

/// How it is shown.
struct Shown {
    face: Face,
    page: Option<PageArgs>,
    json: bool,
}

fn run(
    link: &LinkArgs,
    setup: &Setup,
    (person, about): (&Whom, &AboutArgs),
    out: Option<PathBuf>,
    seconds: Option<f64>,
    shown: Shown,
) -> Result<ExitCode, Failure> {
    let mut config = EngineConfig::device();
    analysis::prepare(setup, &mut config);
    link.device.apply(&mut config);
    let Opened { guard, told } = gate::open(setup, person)?;
    if let Some(course) = &mut config.course {
        course.rest_guard = guard;
    }
    let settings = foreign::settings(link);
    let plan = Plan {
        config,
        out,
        seconds,
        patience_s: link.patience,
        face: shown.face,
        page: shown.page,
        is_virtual: false,
        title: view::title(&link.port),
        told: kept(told, person),
        about: about.clone(),
        reference: person.reference.as_ref().map(|reference| reference.id().to_owned()),
        device: link.device.name().to_owned(),
        port: link.port.clone(),
        json: shown.json,
    };
    visit::run(SerialConnector::new(settings), &plan, &Stop::listen()?)
}

/// What is kept beside the recording, so that its assessment finds it: what was told, of the visit
/// before, too, and the device of the reference if nothing else is known of the device.
fn kept(told: Option<Told>, person: &Whom) -> Option<String> {
    let is_known = told.is_some() || person.reference.is_some();
    is_known.then(|| About::new(told, person.reference.clone()).told.to_toml())
}
