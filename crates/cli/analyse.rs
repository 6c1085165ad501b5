//! `levator analyse`

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use crate::args::Analyse;
use crate::failure::Failure;
use crate::{analysis, batch, json, table};

/// Analyses every file. One that cannot be read does not stop the others.
pub(crate) fn run(args: &Analyse) -> Result<ExitCode, Failure> {
    let options = args.text.options();
    let mut analyses = Vec::new();
    let mut first_failure = None;
    let files = batch::expanded(&args.files)?;
    if let Some(out) = &args.out {
        return batch::run(&files, out, &options, &args.setup);
    }
    for file in &files {
        match analysis::analyse(file, &options, &args.setup) {
            Ok(analysis) => {
                if !args.json {
                    table::print(&mut stdout().lock(), &analysis)?;
                }
                analyses.push(analysis);
            }
            Err(failure) => {
                writeln!(stderr(), "levator: {failure}")?;
                first_failure.get_or_insert(failure.exit_code());
            }
        }
    }
    if args.json {
        let mut out = stdout().lock();
        json::print(&mut out, &json::Document(&analyses))?;
    }
    Ok(first_failure.unwrap_or(ExitCode::SUCCESS))
}
