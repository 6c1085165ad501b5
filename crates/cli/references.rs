//! `levator references`: what a visit can be held against.

use std::io::{Write, stdout};
use std::process::ExitCode;

use levator_catalog::{clinical_basis, references};

use crate::args::References;
use crate::failure::Failure;

pub(crate) fn run(args: &References) -> Result<ExitCode, Failure> {
    let mut out = stdout().lock();
    if let Some(reference) = &args.reference {
        write!(out, "{}", clinical_basis::of_reference(reference))?;
        return Ok(ExitCode::SUCCESS);
    }
    for reference in references::all() {
        let pack = reference.pack();
        writeln!(out, "{:<30} {}", pack.id, pack.name)?;
    }
    writeln!(out)?;
    writeln!(out, "one of them, with its numbers and sources: levator references NAME")?;
    Ok(ExitCode::SUCCESS)
}
