//! After `Engine::new` there is no allocation until `finish` has returned (invariant 2).
//!
//! A process of its own: the counting allocator sees every thread.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use levator_detect::manoeuvre::Role;
use levator_engine::{
    Begins, Command, Course, Engine, EngineConfig, Heart, Input, LinkChange, Output, RestGuard,
};
use levator_programme::Millis;
use levator_signal::{ChannelId, HostTime};
use levator_simulate::{DeviceConfig, Scenario, VirtualDevice, VirtualPerson};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[expect(unsafe_code, reason = "the trait is unsafe; this is the one exception of the project")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A visit of `seconds` on a device, as inputs: with a conversation, damage, a gap and a restart.
fn visit(seconds: u64) -> Vec<(HostTime, Vec<u8>)> {
    let person = VirtualPerson::new(Scenario::Healthy, 3);
    let mut device =
        VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device");
    let mut engine = Engine::new(&EngineConfig {
        roles: roles(),
        heart: Heart::Remove,
        ..EngineConfig::device()
    })
    .expect("legal");
    let opened = Input::Link { at: HostTime::ZERO, change: LinkChange::Opened };
    let mut answers = Vec::new();
    let listen = |output: Output<'_>, answers: &mut Vec<u8>| {
        if let Output::Transmit(transmission) = output {
            answers.extend_from_slice(transmission.bytes);
        }
    };
    engine.handle(opened, &mut |output: Output<'_>| listen(output, &mut answers));
    let mut inputs = Vec::new();
    for step in 1..=seconds * 50 {
        let at = HostTime::from_nanos(step * 20_000_000);
        let mut bytes = Vec::new();
        device.advance(at, &mut bytes);
        device.receive(&std::mem::take(&mut answers));
        match step {
            // Damage, a lost chunk, a restart.
            400 => bytes.iter_mut().step_by(30).for_each(|byte| *byte ^= 0x20),
            600 => bytes.clear(),
            800 => device.reset(77),
            _ => {}
        }
        let input = Input::Bytes { at, bytes: &bytes };
        engine.handle(input, &mut |output: Output<'_>| listen(output, &mut answers));
        inputs.push((at, bytes));
    }
    inputs
}

#[test]
fn a_visit_allocates_nothing() {
    let inputs = visit(30);
    let programme = levator_catalog::programmes::built_in("ten-ten-ten").expect("built in");
    let course = Some(Course {
        programme,
        begins: Begins::WithSignal(Millis::ZERO),
        rest_guard: Some(RestGuard::amber()),
    });
    let config =
        EngineConfig { roles: roles(), heart: Heart::Remove, course, ..EngineConfig::device() };
    let mut engine = Engine::new(&config).expect("legal");
    let mut counts = [0_u64; 5];
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    {
        let mut sink = |output: Output<'_>| match output {
            Output::Block(_) => counts[0] += 1,
            Output::Contraction(_) => counts[1] += 1,
            Output::Lost(_) => counts[2] += 1,
            Output::Refused(_) => counts[3] += 1,
            Output::Programme(_) => counts[4] += 1,
            _ => {}
        };
        let at = HostTime::ZERO;
        engine.handle(Input::Link { at, change: LinkChange::Opened }, &mut sink);
        for (at, bytes) in &inputs {
            engine.handle(Input::Bytes { at: *at, bytes }, &mut sink);
            engine.handle(Input::Tick { at: *at }, &mut sink);
        }
        let at = inputs.last().expect("not empty").0;
        engine.handle(Input::Command { at, command: Command::Mark { text: "cough" } }, &mut sink);
        engine.handle(Input::Command { at, command: Command::Stop }, &mut sink);
        engine.handle(Input::Link { at, change: LinkChange::Closed }, &mut sink);
        engine.finish(at, &mut sink);
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let [blocks, contractions, losses, refusals, steps] = counts;
    assert!(blocks > 1000, "{blocks} blocks");
    assert!(contractions > 0, "no contraction: the detector was not reached");
    assert!(losses > 0, "no loss: gaps were not reached");
    assert!(steps > 0, "no step: the programme was not reached");
    assert!(refusals > 0, "no refusal: damage was not reached");
    assert_eq!(allocations, 0);
}

/// Both channels of the EMG stream, so that they are judged together.
fn roles() -> Vec<(ChannelId, Role)> {
    let id = |channel| ChannelId { stream: 0, channel };
    vec![(id(0), Role::PelvicEmg), (id(1), Role::AbdominalEmg)]
}
