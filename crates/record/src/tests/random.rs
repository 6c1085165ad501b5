//! Properties over inputs, cuts and bytes that nobody chose.

use std::io::{self, ErrorKind, Read};

use levator_engine::{Conduct, LinkChange};
use proptest::prelude::*;

use super::support::{Dice, Disk, Owned, groups, header, journal, read, shown};
use crate::block::{MAX_PAYLOAD_LEN, SYNC};
use crate::{Reader, Writer};

fn any_input() -> impl Strategy<Value = Owned> {
    let change =
        prop_oneof![Just(LinkChange::Opened), Just(LinkChange::Lost), Just(LinkChange::Closed)];
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let codes = prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..40);
    let text = prop::collection::vec(any::<char>(), 0..30).prop_map(String::from_iter);
    prop_oneof![
        (any::<u64>(), bytes).prop_map(|(at, bytes)| Owned::Bytes(at, bytes)),
        (any::<u64>(), any::<[u8; 2]>(), any::<[u16; 2]>(), any::<u64>(), codes).prop_map(
            |(at, bytes, words, first, codes)| Owned::Scans { at, bytes, words, first, codes }
        ),
        any::<u64>().prop_map(Owned::Tick),
        (any::<u64>(), change).prop_map(|(at, change)| Owned::Link(at, change)),
        any::<u64>().prop_map(Owned::Stop),
        (any::<u64>(), text).prop_map(|(at, text)| Owned::Mark(at, text)),
        (any::<u64>(), 0..Conduct::ALL.len())
            .prop_map(|(at, place)| Owned::Conduct(at, Conduct::ALL[place])),
    ]
}

/// Gives at most `len` bytes at once, and is interrupted every other time.
struct Slow<'a> {
    bytes: &'a [u8],
    len: usize,
    interrupts: bool,
}

impl<'a> Slow<'a> {
    fn new(bytes: &'a [u8], len: usize) -> Self {
        Self { bytes, len, interrupts: false }
    }
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupts = !self.interrupts;
        if self.interrupts {
            return Err(ErrorKind::Interrupted.into());
        }
        let len = self.len.min(out.len());
        self.bytes.read(&mut out[..len])
    }
}

proptest! {
    #[test]
    fn whatever_was_recorded_comes_back(
        inputs in prop::collection::vec(any_input(), 0..60),
        write_len in 1_usize..5000,
        read_len in 1_usize..5000,
    ) {
        let disk = Disk::with(|disk| disk.write_len = write_len);
        let mut writer = Writer::start(disk.clone(), &header()).expect("room");
        for owned in &inputs {
            writer.record(&owned.input()).expect("room");
        }
        let totals = writer.close(levator_signal::HostTime::ZERO).expect("room");
        let contents = read(Slow::new(&disk.bytes(), read_len)).expect("a recording");
        let expected: Vec<String> = inputs.iter().map(|owned| shown(&owned.input())).collect();
        prop_assert_eq!(contents.inputs, expected);
        prop_assert_eq!(contents.damage, []);
        prop_assert_eq!(contents.totals, Some(totals));
    }
}

#[test]
fn a_reader_fed_byte_by_byte_says_the_same() {
    let journal = journal();
    let mut damaged = journal.clone();
    for at in [30, 500, 700] {
        damaged[at] ^= 0x10;
    }
    let cut = journal.len() - 20;
    for file in [&journal[..], &damaged, &damaged[..cut], &damaged[20..]] {
        let at_once = read(file).expect("a recording");
        for len in [1, 2, 3, 31, 33] {
            assert_eq!(read(Slow::new(file, len)).expect("a recording"), at_once);
        }
    }
}

#[test]
fn the_largest_input_fits_and_one_byte_more_is_refused() {
    let disk = Disk::default();
    let mut writer = Writer::start(disk.clone(), &header()).expect("room");
    let small = Owned::Bytes(1, vec![7; 1000]);
    let largest = Owned::Bytes(2, vec![9; MAX_PAYLOAD_LEN - 13]);
    let larger = Owned::Bytes(3, vec![9; MAX_PAYLOAD_LEN - 12]);
    writer.record(&small.input()).expect("room");
    writer.record(&largest.input()).expect("it fits");
    let error = writer.record(&larger.input()).expect_err("too long");
    assert_eq!(error.to_string(), "1048564 bytes at once, but a block holds 1048563");
    writer.close(levator_signal::HostTime::ZERO).expect("room");
    let contents = read(disk.bytes().as_slice()).expect("a recording");
    let expected: Vec<String> = [small, largest].iter().map(|o| shown(&o.input())).collect();
    assert_eq!(contents.inputs, expected);
    assert_eq!(contents.damage, []);
}

#[test]
fn nothing_that_bytes_can_say_stops_a_reader() {
    let journal = journal();
    let known: Vec<String> = groups().iter().flatten().map(|o| shown(&o.input())).collect();
    let mut dice = Dice(0x1e7a_7012);
    let mut file = Vec::new();
    for round in 0..100_000 {
        file.clear();
        for _ in 0..dice.below(4) {
            match dice.below(5) {
                0 => file.extend((0..dice.below(60)).map(|_| dice.roll() as u8)),
                1 => file.extend_from_slice(&SYNC),
                2 => file.extend(std::iter::repeat_n(0, dice.below(40))),
                _ => {
                    let start = dice.below(journal.len());
                    let len = dice.below((journal.len() - start).min(400));
                    file.extend_from_slice(&journal[start..start + len]);
                }
            }
        }
        if !file.is_empty() && dice.below(2) == 0 {
            let at = dice.below(file.len());
            file[at] = dice.roll() as u8;
        }
        let Ok(mut reader) = Reader::from_read(file.as_slice()) else { continue };
        let mut items = 0;
        while let Some(item) = reader.next() {
            items += 1;
            assert!(items <= file.len() + 4, "round {round} does not end");
            if let crate::Item::Input(input) = item {
                assert!(known.contains(&shown(&input)), "round {round} made up {input:?}");
            }
        }
    }
}
