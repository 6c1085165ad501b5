//! The `levator` command: see `levator help`.
//!
//! Results go to standard output, everything else to standard error; exit codes are [`failure::Code`].

mod analyse;
mod analysis;
mod answer;
mod args;
mod assess;
mod bar;
mod batch;
mod calibrate;
mod calibrations;
mod check;
mod data;
mod demo;
mod desk;
mod devices;
mod doctor;
mod export;
mod failure;
mod foreign;
mod gate;
mod import;
mod imported;
mod json;
mod language;
mod latency;
mod live;
mod manometry;
mod original;
mod overview;
mod page;
mod passphrase;
mod person;
mod programmes;
mod progress;
mod recover;
mod redecode;
mod references;
mod replay;
mod report;
mod simulate;
mod simulate_visit;
mod stop;
mod table;
mod verify;
mod view;
mod visit;
mod visits;
mod written;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.command) {
        Ok(code) => code,
        // `levator analyse … | head` is no error.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to be told if standard error is gone as well.
            let _ = writeln!(std::io::stderr(), "levator: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(args) => demo::run(args),
        Command::Check(args) => check::run(args),
        Command::Live(args) => live::run_live(args),
        Command::Record(args) => live::run_record(args),
        Command::Analyse(args) => analyse::run(args),
        Command::Assess(args) => assess::run(args),
        Command::Report(args) => report::run(args),
        Command::Progress(args) => progress::run(args),
        Command::Export(args) => export::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Recover(args) => recover::run(args),
        Command::Replay(args) => replay::run(args),
        Command::ReDecode(args) => redecode::run(args),
        Command::Overview(args) => overview::run(args),
        Command::Visits(args) => visits::run(args),
        Command::Import(args) => import::run(args),
        Command::References(args) => references::run(args),
        Command::Programmes(args) => programmes::run(args),
        Command::CheckProgramme(args) => programmes::check(args),
        Command::Calibrate(args) => calibrate::run(args),
        Command::Devices(args) => devices::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::SimulateVisit(args) => simulate_visit::run(args),
    }
}
