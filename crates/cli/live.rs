//! `levator live` and `levator record`

use std::path::PathBuf;
use std::process::ExitCode;

use levator_device::{PortSettings, SerialConnector};
use levator_engine::EngineConfig;

use crate::analysis;
use crate::args::{LinkArgs, Live, Record, Setup};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, Plan};

pub(crate) fn run_live(args: &Live) -> Result<ExitCode, Failure> {
    let face = Face::choose(args.view.plain);
    run(&args.link, &args.setup, args.out.clone(), args.seconds, face, args.json)
}

pub(crate) fn run_record(args: &Record) -> Result<ExitCode, Failure> {
    let out = Some(args.out.clone());
    run(&args.link, &args.setup, out, args.seconds, Face::Lines, args.json)
}

fn run(
    link: &LinkArgs,
    setup: &Setup,
    out: Option<PathBuf>,
    seconds: Option<f64>,
    face: Face,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut config = EngineConfig::device();
    analysis::prepare(setup, &mut config);
    let settings = PortSettings { baud: link.baud, ..PortSettings::new(link.port.clone()) };
    let plan = Plan {
        config,
        out,
        seconds,
        patience_s: link.patience,
        face,
        title: view::title(&link.port),
        device: link.device.name().to_owned(),
        port: link.port.clone(),
        json,
    };
    visit::run(SerialConnector::new(settings), &plan, &Stop::listen()?)
}
