//! Damages millions of frames and prints what the decoder made of them (SPEC 6.2).
//!
//! `cargo run --release -p levator-protocol --example faults -- --frames 10000000 --seed 1`

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../tests/support/faults.rs"]
mod faults;

use faults::{Fault, run};

fn main() {
    let (mut frames, mut seed) = (1_000_000, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--frames", Some(value)) => frames = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                println!("usage: faults [--frames <count>] [--seed <number>]");
                return;
            }
        }
    }
    println!(
        "{:34} {:>9} {:>9} {:>6} {:>8} {:>8} {:>8} {:>7} {:>6} {:>7}",
        "fault",
        "trials",
        "damaged",
        "wrong",
        "lost 0",
        "lost 1",
        "lost 2",
        "more",
        "extra",
        "resync"
    );
    let mut damaged = 0;
    let mut wrong = 0;
    let mut broken = 0;
    for (place, fault) in (0..).zip(Fault::ALL) {
        let outcome = run(fault, seed + place, frames / Fault::ALL.len() as u64);
        println!(
            "{:34} {:>9} {:>9} {:>6} {:>8} {:>8} {:>8} {:>7} {:>6} {:>7}",
            fault.to_string(),
            outcome.trials,
            outcome.damaged,
            outcome.wrong,
            outcome.lost[0],
            outcome.lost[1],
            outcome.lost[2],
            outcome.lost[3],
            outcome.worst_collateral,
            outcome.worst_resync
        );
        damaged += outcome.damaged;
        wrong += outcome.wrong;
        broken += outcome.disorder + outcome.unjust + outcome.unaccounted;
    }
    println!();
    println!(
        "{damaged} damaged runs of bytes, {wrong} wrong frames taken, {broken} other breaches"
    );
    println!("lost: trials that lost so many frames; extra: most frames lost beyond those hit;");
    println!("resync: most bytes from the last bad one to the next frame taken");
}
