//! The pass marks under damage (SPEC 6.1, 6.2 and 4): 100,000 damaged frames, the same on every run.
//! `examples/faults.rs` does the same with as many as one likes.

#[path = "support/faults.rs"]
mod faults;

use faults::{Fault, Outcome, Random, run};
use levator_protocol::MAX_WIRE;

/// Every kind of fault gets its share of 100,000.
const DAMAGED: u64 = 100_000 / Fault::ALL.len() as u64;

/// What holds for every fault.
fn check(fault: Fault) -> Outcome {
    let outcome = run(fault, 20_250_101, DAMAGED);
    assert!(outcome.damaged >= DAMAGED, "{fault}: only {} runs were damaged", outcome.damaged);
    assert_eq!(outcome.wrong, 0, "{fault}: frames taken that were not sent");
    assert_eq!(outcome.disorder, 0, "{fault}: frames taken in another order");
    assert_eq!(outcome.unjust, 0, "{fault}: frames lost that the fault had not reached");
    assert_eq!(outcome.unaccounted, 0, "{fault}: what is missing is reported wrongly");
    assert!(outcome.worst_resync <= MAX_WIRE, "{fault}: {} bytes", outcome.worst_resync);
    assert!(outcome.worst_collateral <= 1, "{fault}: {} more", outcome.worst_collateral);
    outcome
}

/// What holds if the fault is shorter than the shortest frame.
fn check_short(fault: Fault) {
    let outcome = check(fault);
    assert_eq!(outcome.lost[3], 0, "{fault}: more than two frames lost");
}

#[test]
fn flipped_bits_cost_at_most_two_frames() {
    for count in 1..=4 {
        check_short(Fault::Flips(count));
    }
}

#[test]
fn bursts_cost_at_most_two_frames() {
    check_short(Fault::Burst(2, 16));
    check_short(Fault::Burst(17, 64));
}

#[test]
fn a_few_missing_bytes_cost_at_most_two_frames() {
    check_short(Fault::Drop(1, 1));
    check_short(Fault::Drop(2, 8));
}

#[test]
fn bytes_too_much_cost_at_most_two_frames() {
    check_short(Fault::Insert(1, 1));
    check_short(Fault::Insert(1, 64));
}

#[test]
fn many_missing_bytes_cost_one_frame_beyond_those_they_belonged_to() {
    check(Fault::Drop(9, 500));
}

#[test]
fn a_line_that_stands_still_costs_what_it_covers() {
    check(Fault::Stuck(0x00));
    check(Fault::Stuck(0xFF));
}

#[test]
fn repeated_and_swapped_chunks_give_no_frame_that_was_not_sent() {
    check(Fault::Duplicate);
    check(Fault::Reorder);
}

#[test]
fn heads_and_tails_of_frames_do_not_make_one() {
    check(Fault::Splice);
    check_short(Fault::Merge);
}

#[test]
fn text_between_frames_costs_at_most_the_next_one() {
    let outcome = check(Fault::Text);
    assert_eq!((outcome.lost[2], outcome.lost[3]), (0, 0));
}

#[test]
fn a_wrong_speed_gives_no_frame() {
    check(Fault::WrongSpeed);
}

#[test]
fn a_half_frame_before_reopening_costs_only_itself() {
    let outcome = check(Fault::Reopened);
    assert_eq!((outcome.lost[2], outcome.lost[3]), (0, 0));
}

#[test]
fn the_generator_gives_its_published_numbers() {
    let mut random = Random(1_234_567);
    let first = [random.next(), random.next(), random.next()];
    // As listed for this seed at Rosetta Code, Pseudo-random numbers/Splitmix64.
    assert_eq!(
        first,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}
