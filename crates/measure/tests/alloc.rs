//! Nothing is allocated after a meter was made, its start included.
//!
//! A process of its own: the counting allocator sees every thread, so there is one test only.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use levator_detect::Transition;
use levator_detect::manoeuvre::Manoeuvre;
use levator_measure::{Meter, Reading, Schedule};
use levator_programme::Runner;
use levator_signal::{Block, Quality, SampleIndex, SampleRate, Span};

use support::{Visit, answer, emg_visit, id, pressure_visit};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[expect(unsafe_code, reason = "the trait is unsafe; only a test that counts needs it")]
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

fn count(visit: &Visit) -> (u64, u32) {
    let envelopes = visit.envelopes();
    let room = SampleRate::from_hz(2000.0).expect("possible");
    let mut meter = Meter::with_room(visit.schedule.clone(), room, 4).expect("a possible room");
    let mut runner =
        visit.programme.clone().map(|programme| Runner::on_samples(programme, visit.rate));
    let mut readings = 0;
    let mut sink = |reading: Reading| {
        black_box(reading);
        readings += 1;
    };
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    meter.start(visit.rate, &visit.channels).expect("there is room");
    if let Some(runner) = &mut runner {
        runner.start(SampleIndex(0), |event| meter.event(&event, &mut sink));
    }
    let len = visit.values[0].len();
    let mut next = 0;
    for at in (0..len).step_by(97) {
        let to = (at + 97).min(len);
        for (place, channel) in visit.channels.iter().enumerate() {
            let block = Block {
                channel: channel.id,
                kind: channel.kind,
                unit: channel.unit,
                rate: visit.rate,
                first: SampleIndex(at as u64),
                values: &visit.values[place][at..to],
                filtered: &visit.values[place][at..to],
                envelope: &envelopes[place][at..to],
                quality: Quality::GOOD,
            };
            meter.process(&block, &mut sink);
        }
        let end = SampleIndex(to as u64);
        if let Some(runner) = &mut runner {
            runner.advance(end, |event| meter.event(&event, &mut sink));
        }
        while visit.contractions.get(next).is_some_and(|(found, _)| found.closed <= end) {
            let (found, _) = visit.contractions[next];
            let onset = Transition::Onset { at: found.onset, decided: found.decided };
            meter.contraction(id(0), &onset, &mut sink);
            meter.contraction(id(0), &Transition::Contraction(found), &mut sink);
            let span = Span { start: found.onset, end: found.closed };
            // More answers and transitions than are remembered.
            for _ in 0..100 {
                meter.manoeuvre(span, &answer(Manoeuvre::Squeeze));
            }
            next += 1;
        }
        if at % 9700 == 0 {
            meter.gap(Span { start: end, end }, &mut sink);
        }
    }
    let far = SampleIndex(len as u64 + 1_000_000);
    meter.gap(Span { start: SampleIndex(len as u64), end: far }, &mut sink);
    meter.finish(far, &mut sink);
    (ALLOCATIONS.load(Ordering::Relaxed) - before, readings)
}

#[test]
fn a_meter_allocates_nothing_after_it_was_made() {
    for visit in [emg_visit(), pressure_visit()] {
        let mut free = visit.clone();
        free.programme = None;
        free.schedule = Schedule::free();
        for (name, visit) in [("programme", visit), ("free", free)] {
            let (allocations, readings) = count(&visit);
            assert!(readings > 100, "{name}: {readings}");
            assert_eq!(allocations, 0, "{name}, {}", visit.rate);
        }
    }
}
