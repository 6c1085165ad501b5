//! A table: what every driver makes of a million frames with each fault of a cable.
//!
//! `cargo run --release -p levator-simulate --example foreign_faults [FRAMES]`

use std::io::{Write, stdout};

use levator_catalog::devices;
use levator_simulate::CableFaults;
use levator_simulate::foreign::trial;

fn main() -> std::io::Result<()> {
    let frames = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let mut out = stdout();
    writeln!(
        out,
        "device, fault, sent, faults, right, wrong, reported, unaccounted, slowest lock"
    )?;
    for (id, _) in devices::BUILT_IN {
        let Some(device) = devices::built_in(id) else { continue };
        for name in CableFaults::NAMES {
            let Some(faults) = CableFaults::named(name, 3000.0) else { continue };
            let found = trial(&device.description, faults, frames, 1);
            let (sent, faults, right, wrong) = (found.sent, found.faults, found.right, found.wrong);
            let (reported, missing, lock) =
                (found.reported, found.unaccounted(), found.slowest_lock);
            writeln!(
                out,
                "{id}, {name}, {sent}, {faults}, {right}, {wrong}, {reported}, {missing}, {lock}"
            )?;
            out.flush()?;
        }
    }
    Ok(())
}
