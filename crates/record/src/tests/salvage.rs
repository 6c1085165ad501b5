//! What comes back from a recording that was cut, flipped, or had pieces put in or taken out.

use std::io::{ErrorKind, Read};

use levator_signal::HostTime;

use super::support::{
    Dice, Disk, all_shown, blocks, groups, header, journal, position_count, read,
};
use crate::block::{BlockHeader, PREAMBLE_LEN};
use crate::{Damage, Item, OpenError, Reader, Reason, Writer};

/// The inputs of `groups()` without those in the data blocks `lost`, counted from 1.
fn without(lost: &[usize]) -> Vec<String> {
    let mut groups = groups();
    for block in lost {
        if let Some(group) = groups.get_mut(block.wrapping_sub(1)) {
            group.clear();
        }
    }
    all_shown(&groups)
}

fn time_of_block(journal: &[u8], block: usize) -> HostTime {
    BlockHeader::decode(&journal[blocks(journal)[block].start..]).expect("undamaged").at
}

fn last_time_before_block(block: usize) -> HostTime {
    let groups = groups();
    let last = groups.iter().take(block.saturating_sub(1)).flatten().last();
    last.map_or(HostTime::ZERO, |owned| owned.input().at())
}

#[test]
fn an_undamaged_recording_comes_back_and_says_how_it_ended() {
    let contents = read(journal().as_slice()).expect("a recording");
    assert!(contents.has_header);
    assert_eq!(contents.inputs, without(&[]));
    assert_eq!(contents.damage, []);
    let totals = contents.totals.expect("closed");
    assert_eq!((totals.input_count, totals.block_count, totals.dropped_input_count), (10, 5, 0));
    assert_eq!(totals.device_byte_count, 9 + 6 + 24);
    assert_eq!(totals.closed_at, HostTime::from_nanos(1_000_000_000));
}

#[test]
fn cut_at_every_byte_all_whole_blocks_come_back() {
    let journal = journal();
    let blocks = blocks(&journal);
    for len in 0..journal.len() {
        let result = read(&journal[..len]);
        if len < PREAMBLE_LEN {
            let error = result.expect_err("nothing in it");
            assert!(matches!(error, OpenError::Empty { len: l } if l == len as u64), "{error:?}");
            continue;
        }
        let contents = result.expect("a recording");
        let whole = blocks.iter().take_while(|block| block.end <= len).count();
        let lost: Vec<usize> = (whole.max(1)..blocks.len()).collect();
        assert_eq!(contents.inputs, without(&lost), "cut at byte {len}");
        assert_eq!(contents.has_header, whole > 0, "cut at byte {len}");
        assert_eq!(contents.totals, None, "cut at byte {len}");
        let damage = |start: usize, reason| Damage {
            bytes: start as u64..len as u64,
            block: whole as u32,
            missing_blocks: None,
            from: last_time_before_block(whole),
            to: None,
            reason,
        };
        let mut expected = vec![damage(len, Reason::NotClosed)];
        if len > blocks[whole].start {
            expected.insert(0, damage(blocks[whole].start, Reason::CutShort));
        }
        assert_eq!(contents.damage, expected, "cut at byte {len}");
    }
}

#[test]
fn any_flipped_bit_costs_its_own_block_only_and_is_located_to_it() {
    let journal = journal();
    let blocks = blocks(&journal);
    let end_block = blocks.len() - 1;
    for bit in 0..journal.len() * 8 {
        let mut damaged = journal.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let contents = read(damaged.as_slice()).expect("a recording");

        let Some(hit) = blocks.iter().position(|block| block.contains(&(bit / 8))) else {
            assert_eq!(contents.inputs, without(&[]), "bit {bit}");
            assert_eq!(contents.damage.len(), 1, "bit {bit}");
            assert_eq!(contents.damage[0].reason, Reason::FileStart, "bit {bit}");
            assert_eq!(contents.damage[0].bytes, 0..PREAMBLE_LEN as u64, "bit {bit}");
            continue;
        };
        assert_eq!(contents.inputs, without(&[hit]), "bit {bit}");
        assert_eq!(contents.has_header, hit > 0, "bit {bit}");
        assert_eq!(contents.totals.is_some(), hit != end_block, "bit {bit}");
        let is_last = hit == end_block;
        let expected = Damage {
            bytes: blocks[hit].start as u64..blocks[hit].end as u64,
            block: hit as u32,
            missing_blocks: (!is_last).then_some(1),
            from: last_time_before_block(hit),
            to: (!is_last).then(|| time_of_block(&journal, hit + 1)),
            reason: match (hit, &contents.damage[0].reason) {
                (0, _) => Reason::HeaderLost,
                // A length that grew past the end of the file cannot be told from a cut.
                (_, Reason::CutShort) if is_last => Reason::CutShort,
                _ => Reason::Damaged,
            },
        };
        assert_eq!(contents.damage[0], expected, "bit {bit}");
        let more: Vec<Reason> = contents.damage[1..].iter().map(|damage| damage.reason).collect();
        let not_closed: &[Reason] = if is_last { &[Reason::NotClosed] } else { &[] };
        assert_eq!(more, not_closed, "bit {bit}");
    }
}

/// When each input of a long recording came and what it holds, block by block.
type Long = Vec<Vec<(u64, u32)>>;

/// Forty blocks of 32 KiB.
fn long() -> (Vec<u8>, Long) {
    let disk = Disk::default();
    let mut writer = Writer::start(disk.clone(), &header()).expect("room");
    let mut dice = Dice(5);
    for number in 1..13_000 {
        let bytes: Vec<u8> = (0..60 + dice.below(60)).map(|_| dice.roll() as u8).collect();
        let at = HostTime::from_nanos(number * 1_000_000);
        writer.record(&levator_engine::Input::Bytes { at, bytes: &bytes }).expect("room");
    }
    writer.close(HostTime::from_nanos(13_000_000_000)).expect("room");
    let file = disk.bytes();
    let blocks = blocks(&file);
    let end_of_block = |at: u64| blocks.iter().position(|block| block.end as u64 > at);
    let mut all: Long = vec![Vec::new(); blocks.len()];
    let mut reader = Reader::from_read(&file[..]).expect("ours");
    while let Some(item) = reader.next() {
        if let Item::Input(input) = item {
            let one = digest(&input);
            let block = end_of_block(reader.position()).expect("in a block");
            all[block].push(one);
        }
    }
    assert!(all.len() > 40 && all.iter().map(Vec::len).sum::<usize>() == 12_999);
    (file, all)
}

fn digest(input: &levator_engine::Input<'_>) -> (u64, u32) {
    let levator_engine::Input::Bytes { at, bytes } = input else { panic!("none was recorded") };
    (at.as_nanos(), crc32fast::hash(bytes))
}

/// All damage, if the inputs are those of the blocks that are `kept`.
fn read_long(file: &[u8], all: &Long, kept: impl Fn(usize) -> bool) -> Vec<Damage> {
    let kept = all.iter().enumerate().filter(|(block, _)| kept(*block));
    let mut wanted = kept.flat_map(|(_, inputs)| inputs);
    let mut reader = Reader::from_read(file).expect("a recording");
    let mut damage = Vec::new();
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => assert_eq!(Some(&digest(&input)), wanted.next()),
            Item::Damage(found) => damage.push(found),
            Item::End(_) => {}
        }
    }
    assert_eq!(wanted.next(), None);
    damage
}

/// A hundred thousand places: `LEVATOR_POSITIONS=100000 cargo test --release -p levator-record long`.
#[test]
fn a_long_recording_cut_and_flipped_anywhere_lacks_that_block_alone() {
    let (file, all) = long();
    let blocks = blocks(&file);
    let mut dice = Dice(6);
    for _ in 0..position_count(150) {
        let at = PREAMBLE_LEN + dice.below(file.len() - PREAMBLE_LEN);
        let hit = blocks.iter().position(|block| block.contains(&at)).expect("in a block");
        let mut damaged = file.clone();
        damaged[at] ^= 1 << dice.below(8);
        let found = read_long(&damaged, &all, |block| block != hit);
        let place = blocks[hit].start as u64..blocks[hit].end as u64;
        assert_eq!((found[0].bytes.clone(), found[0].block), (place, hit as u32), "byte {at}");
        assert!(found.len() == 1 || hit == blocks.len() - 1, "byte {at}: {found:?}");

        let found = read_long(&file[..at], &all, |block| blocks[block].end <= at);
        let start = blocks[hit].start as u64;
        let named = found.iter().filter(|damage| damage.reason == Reason::CutShort);
        let named: Vec<u64> = named.map(|damage| damage.bytes.start).collect();
        let wanted: &[u64] = if at as u64 > start { &[start] } else { &[] };
        assert_eq!(named, wanted, "cut at {at}");
    }
}

#[test]
fn garbage_put_in_anywhere_costs_at_most_the_block_it_splits() {
    let journal = journal();
    let blocks = blocks(&journal);
    let sync = crate::block::SYNC;
    let start_of_block = &journal[blocks[2].start..blocks[2].start + 40];
    for garbage in [&[0; 100][..], &sync, &sync[..2], &[0xec; 7], start_of_block] {
        for at in PREAMBLE_LEN..=journal.len() {
            let file = [&journal[..at], garbage, &journal[at..]].concat();
            let contents = read(file.as_slice()).expect("a recording");
            // A sync word put in after a sync word leaves the block whole, so look for its bytes.
            let is_split = |block: &usize| {
                let block = &journal[blocks[*block].clone()];
                !file.windows(block.len()).any(|bytes| bytes == block)
            };
            let near = blocks.iter().position(|block| block.start < at && at < block.end);
            let split = near.filter(is_split);
            let lost: Vec<usize> = split.into_iter().collect();
            assert_eq!(contents.inputs, without(&lost), "{} bytes at {at}", garbage.len());
            assert_eq!(contents.has_header, split != Some(0));
            let damage = &contents.damage[0];
            let place = damage.bytes.start..=damage.bytes.end;
            assert!(place.contains(&(at as u64)), "{} bytes at {at}", garbage.len());
            assert!(contents.damage.len() <= 2, "{} bytes at {at}", garbage.len());
        }
    }
}

#[test]
fn blocks_that_are_gone_are_missed_with_the_times_around_them() {
    let journal = journal();
    let blocks = blocks(&journal);
    for first in 1..blocks.len() - 1 {
        for last in first..blocks.len() - 1 {
            let file = [&journal[..blocks[first].start], &journal[blocks[last].end..]].concat();
            let contents = read(file.as_slice()).expect("a recording");
            assert_eq!(contents.inputs, without(&(first..=last).collect::<Vec<_>>()));
            let expected = Damage {
                bytes: blocks[first].start as u64..blocks[first].start as u64,
                block: first as u32,
                missing_blocks: Some((last - first + 1) as u32),
                from: last_time_before_block(first),
                to: Some(time_of_block(&journal, last + 1)),
                reason: Reason::Missing,
            };
            assert_eq!(contents.damage, [expected]);
        }
    }
}

#[test]
fn a_stretch_of_zeros_costs_the_blocks_it_touches() {
    let journal = journal();
    let blocks = blocks(&journal);
    for start in PREAMBLE_LEN..journal.len() - 1 {
        for len in [1, 50, 300] {
            let hole = start..(start + len).min(journal.len());
            let mut file = journal.clone();
            file[hole.clone()].fill(0);
            let touched =
                |block: &usize| file[blocks[*block].clone()] != journal[blocks[*block].clone()];
            let lost: Vec<usize> = (0..blocks.len()).filter(touched).collect();
            let contents = read(file.as_slice()).expect("a recording");
            assert_eq!(contents.inputs, without(&lost), "zeros in {hole:?}");
        }
    }
}

#[test]
fn zeros_after_a_crash_are_no_obstacle() {
    // Some file systems lengthen a file before its data is on the disk.
    let journal = journal();
    let blocks = blocks(&journal);
    let cut = blocks[3].start + 20;
    let mut file = journal[..cut].to_vec();
    file.resize(cut + 5000, 0);
    let contents = read(file.as_slice()).expect("a recording");
    assert_eq!(contents.inputs, without(&[3, 4, 5]));
    let reasons: Vec<Reason> = contents.damage.iter().map(|damage| damage.reason).collect();
    assert_eq!(reasons, [Reason::Damaged, Reason::NotClosed]);
    assert_eq!(contents.damage[0].bytes, blocks[3].start as u64..file.len() as u64);
}

#[test]
fn a_cut_after_garbage_is_called_damage() {
    let journal = journal();
    let start = blocks(&journal)[3].start;
    let file = [&journal[..start], &[0; 50], &journal[start..start + 40]].concat();
    let contents = read(file.as_slice()).expect("a recording");
    let reasons: Vec<Reason> = contents.damage.iter().map(|damage| damage.reason).collect();
    assert_eq!(reasons, [Reason::Damaged, Reason::NotClosed]);
}

#[test]
fn a_sector_that_cannot_be_read_ends_the_reading_and_is_named() {
    struct BadSector<'a>(&'a [u8]);
    impl Read for BadSector<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() { Err(ErrorKind::InvalidData.into()) } else { self.0.read(out) }
        }
    }
    let journal = journal();
    let cut = blocks(&journal)[3].start + 5;
    let contents = read(BadSector(&journal[..cut])).expect("a recording");
    assert_eq!(contents.inputs, without(&[3, 4, 5]));
    let last = contents.damage.last().expect("damage");
    assert_eq!(last.reason, Reason::Io(ErrorKind::InvalidData));
    assert_eq!(last.bytes, cut as u64..cut as u64);

    let error = read(BadSector(&journal[..7])).expect_err("not even a file start");
    assert!(matches!(error, OpenError::Io(_)), "{error:?}");
}
