//! The whole table of the virtual cohort, which takes minutes; the test has a part of it.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]
#![allow(missing_docs, reason = "an example has no readers of its documentation")]

mod accuracy;
mod artefacts;
mod change;
mod gain;
mod living;
mod mangled;
mod profile;
mod wire;

use levator_catalog::references;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut count, mut seed) = (1300, 101);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--count" => count = number(),
            "--seed" => seed = number(),
            other => panic!("unknown argument {other}"),
        }
    }
    let references = references::all();
    let all = accuracy::judged(seed, count as usize, &references);
    print!("{}", accuracy::table(&all));
    println!("\n{}", change::table(&change::changes(seed, 200, &references)));
    println!("{}", mangled::table(&mangled::answers(seed, 1000, &references)));
    println!("{}", artefacts::table(&artefacts::said(seed, 60, &references)));
    let differences = gain::differences(seed, 200, &references);
    println!("verdicts that differ at twice the gain: {} of 200", differences.len());
}
