//! `levator live` and `levator record`

use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use levator_catalog::told::Told;
use levator_device::SerialConnector;
use levator_engine::EngineConfig;

use crate::analysis;
use crate::args::{LinkArgs, Live, Record, Setup, Whom};
use crate::assess::About;
use crate::calibrations;
use crate::data::{self, DataArgs};
use crate::desk::{self, Common};
use crate::failure::{Code, Failure};
use crate::foreign;
use crate::gate::{self, Opened};
use crate::page::PageArgs;
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, AboutArgs, Plan};

pub(crate) fn run_live(args: &Live) -> Result<ExitCode, Failure> {
    let face = Face::choose(args.view.plain);
    let shown = Shown { face, page: Some(args.page.clone()), json: args.json };
    let place = (args.out.clone(), &args.data);
    match args.link.named() {
        Some(link) => {
            run(&link, &args.setup, (&args.person, &args.about), place, args.seconds, shown)
        }
        None => desk::run(&waiting(args)?),
    }
}

/// Without a port the page opens, and what belongs to one visit is chosen there.
fn waiting(args: &Live) -> Result<Common, Failure> {
    let usage = |what: &str| Failure::new(Code::Usage, anyhow!("{what}"));
    if args.page.no_page {
        return Err(usage(
            "which port? --port PORT (`levator devices` lists them), or without --no-page, to choose \
             it on the page",
        ));
    }
    let (person, about) = (&args.person, &args.about);
    let of_one = [
        ("--symptoms", person.symptoms.is_some()),
        ("--after", person.after.is_some()),
        ("--reference", person.reference.is_some()),
        ("--person", about.person.is_some()),
        ("--position", about.position.is_some()),
        ("--site", about.site.is_some()),
        ("--notes", about.notes.is_some()),
    ];
    if let Some((name, _)) = of_one.iter().find(|(_, is_given)| *is_given) {
        return Err(usage(&format!(
            "{name} is of one visit: add --port PORT (`levator devices` lists them), or choose it on \
             the page"
        )));
    }
    Ok(Common {
        page: args.page.clone(),
        data: args.data.clone(),
        out: args.out.clone(),
        setup: args.setup.clone(),
        seconds: args.seconds,
        patience_s: args.link.patience,
        any_rate: args.link.any_rate,
        json: args.json,
        is_virtual: false,
    })
}

pub(crate) fn run_record(args: &Record) -> Result<ExitCode, Failure> {
    let place = (args.out.clone(), &args.data);
    let shown = Shown { face: Face::Lines, page: None, json: args.json };
    run(&args.link, &args.setup, (&args.person, &args.about), place, args.seconds, shown)
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
    (out, data): (Option<PathBuf>, &DataArgs),
    seconds: Option<f64>,
    shown: Shown,
) -> Result<ExitCode, Failure> {
    let mut config = EngineConfig::device();
    analysis::prepare(setup, &mut config);
    link.device.apply(&mut config);
    let serial = foreign::usb_serial(&link.port);
    calibrations::apply(data, &link.device, serial.as_deref(), &mut config)?;
    let Opened { guard, told } = gate::open(setup, person)?;
    if let Some(course) = &mut config.course {
        course.rest_guard = guard;
    }
    let settings = foreign::settings(link);
    let stop = Stop::listen()?;
    let kept_of = match (&out, &about.person) {
        (None, Some(person)) => Some((data.store()?, data::code(person)?)),
        _ => None,
    };
    let in_store = match &kept_of {
        Some((store, person)) => {
            Some(store.begin(person, visit::unix_ms()).map_err(data::failure)?)
        }
        None => None,
    };
    let plan = Plan {
        config,
        out: in_store.or(out),
        seconds,
        patience_s: link.patience,
        any_rate: link.any_rate,
        face: shown.face,
        page: shown.page,
        is_virtual: false,
        title: view::title(&link.port),
        told: kept(told, person, link.device.profile()),
        about: about.clone(),
        reference: person.reference.as_ref().map(|reference| reference.id().to_owned()),
        device: link.device.name().to_owned(),
        port: link.port.clone(),
        json: shown.json,
    };
    let ended = visit::run(SerialConnector::new(settings), &plan, &stop);
    if let Some((store, person)) = kept_of {
        // Somebody new of whom nothing was recorded is nobody.
        let forgotten = store.forget_if_empty(&person).map_err(data::failure);
        // What became of the visit outranks what became of an empty folder.
        match (&ended, forgotten) {
            (Ok(_), forgotten) => forgotten?,
            (Err(_), Ok(())) => {}
            (Err(_), Err(failure)) => writeln!(stderr(), "levator: {failure}")?,
        }
    }
    ended
}

/// What is kept beside the recording, so that its assessment finds it: what was told, of the visit
/// before, too; and if nothing else is known of the device, that of the reference, or the name that its
/// description says it has among references.
fn kept(told: Option<Told>, person: &Whom, profile: Option<&str>) -> Option<String> {
    let is_known = told.is_some() || person.reference.is_some() || profile.is_some();
    is_known.then(|| {
        let mut told = About::new(told, person.reference.clone()).told;
        if told.setup.device.is_none() {
            told.setup.device = profile.map(str::to_owned);
        }
        told.to_toml()
    })
}
