//! A spectrum allocates when it is made and never after.
//!
//! Counted are those of the thread that asks: the harness has one of its own, which allocates when it likes.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use levator_signal::{SampleRate, Spectrum, Welch};

struct Counting;

thread_local! {
    // Without a destructor and known beforehand: it needs no allocation itself.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

#[expect(unsafe_code, reason = "the trait is unsafe; a test that counts is the one exception")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the promises of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn spectra_allocate_nothing_after_they_were_made() {
    let rate = SampleRate::from_hz(1000.0).expect("a positive rate");
    let mut samples: Vec<f64> = (0..10_000_u32).map(|k| f64::from(k * k % 1009)).collect();
    samples[5000] = f64::NAN;
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert_eq!(ALLOCATIONS.get() - before, 1, "it counts");
    for window_len in [1024, 1000, 999] {
        let mut spectrum = Spectrum::new(window_len, 250, rate).expect("valid");
        let mut welch = Welch::new(window_len, rate).expect("valid");
        let mut window_count = 0;
        let before = ALLOCATIONS.get();
        for block in samples.chunks(333) {
            spectrum.process(block, |_, density| {
                let read = [
                    density.median_hz(),
                    density.median_interpolated_hz(),
                    density.mean_hz(),
                    density.peak().map(|peak| peak.frequency_hz),
                    density.mains(20.0, 450.0).map(|mains| mains.share_ratio),
                ];
                window_count += usize::from(read.iter().all(Option::is_some));
            });
            welch.process(block);
        }
        for x in &samples[..2000] {
            window_count += usize::from(spectrum.step(*x).is_some());
            welch.step(*x);
        }
        welch.gap();
        spectrum.reset();
        welch.reset();
        let allocations = ALLOCATIONS.get() - before;
        assert!(window_count > 30, "{window_count} windows: nothing was reached");
        assert_eq!(allocations, 0, "window {window_len}");
    }
}
