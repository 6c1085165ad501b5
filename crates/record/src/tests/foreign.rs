//! Files that are something else, or more than one recording.

use levator_engine::Heart;

use super::support::{
    Owned, all_shown, blocks, groups, header, journal, journal_of, other_header, read,
};
use crate::block::{self, BlockHeader, FORMAT_VERSION, HEADER_LEN, PREAMBLE_LEN, SYNC, seal};
use crate::{OpenError, Reader, Reason};

#[test]
fn two_recordings_in_one_file_are_never_mixed() {
    let first = journal();
    let mine = blocks(&first);
    let second = journal_of(&other_header(), &groups()[..2]);
    // Closed, cut between blocks, cut inside a block.
    for cut in [first.len(), mine[4].start, mine[4].start + 33] {
        let file = [&first[..cut], &second].concat();
        let contents = read(file.as_slice()).expect("a recording");
        let whole = if cut == first.len() { 5 } else { 3 };
        assert_eq!(contents.inputs, all_shown(&groups()[..whole]));
        let Reason::AnotherRecording { at } = contents.damage[0].reason else {
            panic!("{:?}", contents.damage);
        };
        assert_eq!(at, (cut + PREAMBLE_LEN) as u64);

        // Read from the place that was named, the other one comes back.
        let contents = read(&file[at as usize..]).expect("a recording");
        assert_eq!(contents.inputs, all_shown(&groups()[..2]));
        assert!(contents.has_header && contents.totals.is_some());
        // It lacks only its file start, which stands before that place.
        assert_eq!(contents.damage.len(), 1);
        assert_eq!(contents.damage[0].reason, Reason::FileStart);
        assert_eq!(contents.damage[0].bytes, 0..0);
    }
}

#[test]
fn a_recording_pasted_twice_is_read_once() {
    let journal = journal();
    let contents = read([journal.clone(), journal.clone()].concat().as_slice()).expect("ok");
    assert_eq!(contents.inputs, all_shown(&groups()));
    assert_eq!(contents.damage.len(), 1);
    assert_eq!(contents.damage[0].reason, Reason::OutOfOrder);
    assert_eq!(contents.damage[0].bytes.start, journal.len() as u64);
}

#[test]
fn blocks_that_changed_places_keep_their_order() {
    let journal = journal();
    let b = blocks(&journal);
    let order = [0, 1, 3, 2, 4, 5, 6];
    let mut file = journal[..PREAMBLE_LEN].to_vec();
    for index in order {
        file.extend_from_slice(&journal[b[index].clone()]);
    }
    let contents = read(file.as_slice()).expect("a recording");
    let mut groups = groups();
    groups[1].clear();
    assert_eq!(contents.inputs, all_shown(&groups));
    let reasons: Vec<Reason> = contents.damage.iter().map(|damage| damage.reason).collect();
    assert_eq!(reasons, [Reason::Missing, Reason::OutOfOrder]);
}

#[test]
fn junk_before_and_after_is_passed_over_and_named() {
    let journal = journal();
    let junk: Vec<u8> =
        (0..70_000_u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    let file = [&junk[..], &journal, &junk].concat();
    let contents = read(file.as_slice()).expect("a recording");
    assert_eq!(contents.inputs, all_shown(&groups()));
    assert!(contents.has_header && contents.totals.is_some());
    let reasons: Vec<Reason> = contents.damage.iter().map(|damage| damage.reason).collect();
    assert_eq!(reasons, [Reason::FileStart, Reason::AfterEnd]);
    let end = (junk.len() + journal.len()) as u64;
    assert_eq!(contents.damage[1].bytes, end..file.len() as u64);
}

#[test]
fn a_device_that_sends_a_journal_cannot_smuggle_in_inputs() {
    let inner = journal_of(&other_header(), &groups());
    let outer = vec![vec![Owned::Bytes(1, inner)], groups().remove(0)];
    let journal = journal_of(&header(), &outer);
    let mut damaged = journal.clone();
    // The block that carries the inner one no longer proves itself, so it is searched.
    damaged[blocks(&journal)[1].end - 1] ^= 1;
    let contents = read(damaged.as_slice()).expect("a recording");
    assert_eq!(contents.inputs, all_shown(&outer[1..]));
    assert_eq!(contents.damage.len(), 1, "{:?}", contents.damage);
    assert_eq!(contents.damage[0].missing_blocks, Some(1));
}

#[test]
fn a_file_that_is_no_recording_is_told_apart() {
    let open = |bytes: &[u8]| Reader::from_read(bytes).map(|_| ()).expect_err("no recording");
    assert!(matches!(open(b""), OpenError::Empty { len: 0 }));
    assert!(matches!(open(&block::MAGIC[..3]), OpenError::Empty { len: 3 }));
    assert!(matches!(open(b"x"), OpenError::NotARecording));
    assert!(matches!(open(b"time,emg\n0.0,1.5\n0.1,1.6\n"), OpenError::NotARecording));
    assert!(matches!(open(&[0; 100_000]), OpenError::NotARecording));
    assert!(matches!(open(&SYNC.repeat(5)), OpenError::NotARecording));
    // A search has an end.
    assert!(matches!(open(&vec![0xec; 6 << 20]), OpenError::NotARecording));
    let here = std::path::Path::new(".");
    assert!(matches!(Reader::open(here), Err(OpenError::Directory)));
    let nowhere = std::path::Path::new("no/such/file");
    assert!(matches!(Reader::open(nowhere), Err(OpenError::Io(_))));
}

/// The worked example of version 1, as its writer wrote it.
const VERSION_1: &[u8] = include_bytes!("version_1.journal");

#[test]
fn a_recording_of_version_1_is_read_as_it_was_meant() {
    let reader = Reader::from_read(VERSION_1).expect("an older version");
    let header = reader.header().expect("whole");
    assert_eq!((header.config.heart, header.config.pressure_unit), (Heart::Keep, None));
    assert_eq!((header.device.as_str(), header.config.max_channel_count), ("probe", 24));
    let contents = read(VERSION_1).expect("an older version");
    assert_eq!((contents.inputs.len(), contents.damage.len()), (6, 0));
    // Its version does not hide damage.
    for index in 0..VERSION_1.len() {
        let mut damaged = VERSION_1.to_vec();
        damaged[index] ^= 0x10;
        if let Ok(contents) = read(damaged.as_slice()) {
            assert!(contents.inputs.len() == 6 || !contents.damage.is_empty(), "byte {index}");
        }
    }
}

#[test]
fn a_newer_version_is_refused_with_advice() {
    let mut file = journal();
    file[8..10].copy_from_slice(&(FORMAT_VERSION + 1).to_le_bytes());
    let crc = crc32fast::hash(&file[..12]);
    file[12..16].copy_from_slice(&crc.to_le_bytes());
    let error = Reader::from_read(file.as_slice()).map(|_| ()).expect_err("newer");
    assert_eq!(error.to_string(), "format 6 is newer than this program reads (5): update levator");

    // Also when only its blocks can tell.
    let mut block = vec![0; HEADER_LEN];
    seal(&mut block, BlockHeader { format: FORMAT_VERSION + 1, ..some_block(2, 0) });
    let error = Reader::from_read(block.as_slice()).map(|_| ()).expect_err("newer");
    assert!(matches!(error, OpenError::Newer { found: 6 }), "{error:?}");
}

fn some_block(kind: u8, sequence: u32) -> BlockHeader {
    BlockHeader {
        format: FORMAT_VERSION,
        kind,
        sequence,
        recording: crc32fast::hash(header().to_json().as_bytes()),
        at: levator_signal::HostTime::ZERO,
        payload_len: 0,
    }
}

/// A journal whose only data block has this type and payload.
fn with_block(kind: u8, payload: &[u8]) -> Vec<u8> {
    let journal = journal_of(&header(), &groups()[..1]);
    let b = blocks(&journal);
    let mut block = vec![0; HEADER_LEN];
    block.extend_from_slice(payload);
    seal(&mut block, some_block(kind, 1));
    [&journal[..b[1].start], &block, &journal[b[2].start..]].concat()
}

#[test]
fn blocks_and_entries_from_0x80_on_may_be_skipped() {
    let contents = read(with_block(0x80, b"an index").as_slice()).expect("a recording");
    assert_eq!((contents.inputs.len(), contents.damage.len()), (0, 0));

    let entry = |kind: u8, body: &[u8]| {
        [&[kind][..], &[0; 8], &(body.len() as u32).to_le_bytes(), body].concat()
    };
    let payload = [entry(0xff, b"a remark"), entry(3, b"")].concat();
    let contents = read(with_block(2, &payload).as_slice()).expect("a recording");
    assert_eq!((contents.inputs.len(), contents.damage.len()), (1, 0));
}

#[test]
fn what_is_unknown_is_named_and_the_rest_is_read() {
    let entry = |kind: u8, body: &[u8]| {
        [&[kind][..], &[0; 8], &(body.len() as u32).to_le_bytes(), body].concat()
    };
    let tick = entry(3, b"");
    let not_utf8 = entry(6, &[0xff]);
    let bodies: [Vec<u8>; 8] = [
        entry(7, b"?"),
        entry(0, b""),
        not_utf8,
        entry(4, &[9]),
        entry(4, b""),
        entry(3, b"tick tock"),
        entry(2, &[0; 15]),
        entry(2, &[0; 23]),
    ];
    for unknown in bodies {
        let payload = [&tick[..], &unknown, &tick].concat();
        let file = with_block(2, &payload);
        let contents = read(file.as_slice()).expect("a recording");
        assert_eq!(contents.inputs.len(), 2, "{unknown:?}");
        assert_eq!(contents.damage.len(), 1, "{unknown:?}");
        let damage = &contents.damage[0];
        assert_eq!((damage.reason, damage.block), (Reason::Unknown, 1), "{unknown:?}");
        let bytes = damage.bytes.start as usize..damage.bytes.end as usize;
        assert_eq!(file[bytes], unknown);
    }
    // Without a length there is no next entry.
    for rest in [&tick[..12], &[1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1]] {
        let contents = read(with_block(2, &[&tick[..], rest].concat()).as_slice()).expect("ok");
        assert_eq!((contents.inputs.len(), contents.damage.len()), (1, 1));
    }
    let contents = read(with_block(9, b"").as_slice()).expect("a recording");
    assert_eq!(contents.damage.len(), 1);
    assert_eq!(contents.damage[0].reason, Reason::Unknown);
}

#[test]
fn a_header_of_another_kind_leaves_the_inputs_readable() {
    let journal = journal();
    let b = blocks(&journal);
    let json = String::from_utf8(journal[b[0].start + HEADER_LEN..b[0].end - 4].to_vec());
    let json = json.expect("JSON").replace("\"wide\"", "\"vast\"");
    let mut block = vec![0; HEADER_LEN];
    block.extend_from_slice(json.as_bytes());
    seal(&mut block, some_block(1, 0));
    let file = [&journal[..PREAMBLE_LEN], &block, &journal[b[1].start..]].concat();
    let contents = read(file.as_slice()).expect("a recording");
    assert!(!contents.has_header);
    assert_eq!(contents.inputs, all_shown(&groups()));
    assert_eq!(
        contents.damage[0].to_string(),
        "header cannot be understood: config.emg_band is not a known name"
    );
}
