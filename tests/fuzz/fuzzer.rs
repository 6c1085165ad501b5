//! All targets in one program, so that it links once: `LEVATOR_FUZZ_TARGET` says which.
#![no_main]

mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("LEVATOR_FUZZ_TARGET").unwrap_or_default();
    let known = targets::TARGETS.iter().find(|(target, _)| *target == name);
    known.unwrap_or_else(|| panic!("LEVATOR_FUZZ_TARGET is {name:?}, no target")).1
}

fuzz_target!(|data: &[u8]| TARGET.get_or_init(chosen)(data));
