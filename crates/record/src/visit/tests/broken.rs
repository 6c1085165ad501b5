//! Visits that were cut, flipped, and put together again.

use std::fs;
use std::path::Path;

use levator_engine::EngineConfig;

use super::{Folder, expected, info, read, record};
use crate::edf::EdfFile;
use crate::tests::support::Dice;
use crate::visit::check::{CompareError, Compared, hold};
use crate::visit::recover::{RecoverError, Settings};
use crate::visit::{
    ABOUT, About, EVENTS, JOURNAL, MANIFEST, Report, SIGNALS, manifest, rebuild, recover,
};
use crate::{Header, Reader, Reason};

/// A closed visit of 350 samples in two data records, with a short gap in the first of them.
fn closed(folder: &Path) {
    let spans = [0..150, 155..355];
    record(folder, &spans);
    rebuild(folder, &mut |_| {}).expect("room");
    let reader = Reader::open(&folder.join(JOURNAL)).expect("ours");
    let mut about = About::new(reader.header().expect("whole").clone());
    about.state = crate::visit::State::Closed;
    about.write(folder).expect("room");
    manifest::write(folder).expect("room");
}

fn report(folder: &Path) -> Report {
    Report::of(folder, &mut |_| {})
}

#[test]
fn a_closed_visit_is_whole() {
    let folder = Folder::new("whole");
    closed(&folder.0);
    let report = report(&folder.0);
    assert!(report.is_whole() && report.is_closed(), "{report:?}");
    let compared = report.signals[0].outcome.as_ref().expect("it fits");
    assert_eq!((compared.same_count, &compared.notes[..]), (350, &[][..]));
}

/// Held against the journal in memory.
fn held(bdf: &[u8], journal: &[u8]) -> Result<Compared, CompareError> {
    let file = EdfFile::from_read(bdf)?;
    hold(file, Reader::from_read(journal)?, 0, &mut |_| {})
}

#[test]
fn samples_cut_at_every_byte_are_those_of_the_journal_up_to_there() {
    let folder = Folder::new("cut");
    closed(&folder.0);
    let bdf = fs::read(folder.0.join(SIGNALS)).expect("it is there");
    let journal = fs::read(folder.0.join(JOURNAL)).expect("it is there");
    let header = EdfFile::from_read(&bdf[..]).expect("ours").header().clone();
    for len in 0..bdf.len() {
        let outcome = held(&bdf[..len], &journal);
        if len < header.header_len {
            assert!(matches!(outcome, Err(CompareError::Edf(_))), "{len}: {outcome:?}");
            continue;
        }
        let compared = outcome.expect("a header is enough");
        let records = (len - header.header_len) / header.record_len;
        // Five samples of the first data record are filled up, and the end of the second.
        let kept = [0, 195, 350][records];
        assert_eq!(compared.same_count, kept, "cut at {len}");
        assert_eq!((compared.wrong_count, compared.not_yet_count), (0, 350 - kept));
    }
}

#[test]
fn a_flipped_byte_of_the_samples_is_located_to_its_data_record() {
    let folder = Folder::new("flip");
    closed(&folder.0);
    let bdf = fs::read(folder.0.join(SIGNALS)).expect("it is there");
    let journal = fs::read(folder.0.join(JOURNAL)).expect("it is there");
    let header = EdfFile::from_read(&bdf[..]).expect("ours").header().clone();
    let (start, len) = (header.header_len, header.record_len);
    let sample_bytes = 2 * 200 * 3;
    let mut dice = Dice(7);
    for at in 0..bdf.len() {
        let mut damaged = bdf.clone();
        damaged[at] ^= 1 << dice.below(8);
        let outcome = held(&damaged, &journal);
        let Some((record, within)) = at.checked_sub(start).map(|at| (at / len, at % len)) else {
            continue;
        };
        let compared = outcome.expect("the header is whole");
        let sample = within % 600 / 3;
        let is_filled = if record == 0 { (150..155).contains(&sample) } else { sample >= 155 };
        if within >= sample_bytes {
            // Times and annotations. What is filled up may come to be taken for samples or the other way round.
            assert!(compared.wrong_count <= 200, "byte {at}: {compared:?}");
        } else if is_filled {
            assert_eq!(compared.wrong_count, 0, "byte {at}");
        } else {
            assert_eq!(compared.wrong_count, 1, "byte {at}");
            let wrong = compared.wrong[0];
            let record_s = wrong.from_s.floor() as usize;
            assert_eq!(record_s, record, "byte {at}: {wrong:?}");
        }
        assert!(compared.same_count >= 150, "byte {at}: all else is there");
    }
}

#[test]
fn a_flipped_byte_of_a_closed_visit_is_found_in_its_file() {
    let folder = Folder::new("files");
    closed(&folder.0);
    let mut dice = Dice(11);
    for name in [SIGNALS, JOURNAL, EVENTS, ABOUT, MANIFEST] {
        let path = folder.0.join(name);
        let bytes = fs::read(&path).expect("it is there");
        for _ in 0..20 {
            let mut damaged = bytes.clone();
            damaged[dice.below(bytes.len())] ^= 1 << dice.below(8);
            fs::write(&path, &damaged).expect("room");
            let report = report(&folder.0);
            assert!(!report.is_whole(), "{name}: {report:?}");
        }
        fs::write(&path, &bytes).expect("room");
    }
    assert!(report(&folder.0).is_whole());
}

/// Bytes of the folder that must not change.
fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("it is there")
        .map(|entry| entry.expect("it is there"))
        .map(|entry| {
            let name = entry.file_name().into_string().expect("plain");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_visit_cut_anywhere_is_put_together_again_with_all_its_whole_blocks() {
    let folder = Folder::new("recover");
    closed(&folder.0);
    fs::remove_file(folder.0.join(MANIFEST)).expect("it is there");
    let journal = fs::read(folder.0.join(JOURNAL)).expect("it is there");
    let to = folder.0.with_extension("again");
    for len in (100..journal.len()).step_by(journal.len() / 40) {
        fs::write(folder.0.join(JOURNAL), &journal[..len]).expect("room");
        let before = all(&folder.0);
        let kept = crate::tests::support::read(&journal[..len]).expect("a recording");
        let _ = fs::remove_dir_all(&to);
        let recovered = recover(&folder.0, &to, &mut |_| {}).expect("room");
        recovered.finish(&to).expect("room");
        assert_eq!(all(&folder.0), before, "the visit itself was changed");
        assert_eq!(recovered.totals.input_count, kept.inputs.len() as u64, "cut at {len}");
        let again = crate::tests::support::read(fs::File::open(to.join(JOURNAL)).expect("made"));
        let again = again.expect("a recording");
        assert_eq!(again.inputs, kept.inputs, "cut at {len}");
        assert_eq!(again.damage, [], "cut at {len}");
        let report = report(&to);
        assert!(report.is_whole(), "cut at {len}: {report:?}");
    }
    let _ = fs::remove_dir_all(&to);
}

#[test]
fn a_hole_stays_a_hole_and_a_lost_header_comes_from_the_description() {
    let folder = Folder::new("hole");
    record(&folder.0, &[0..500, 500..1000]);
    // Blocks of a quarter of a second: a file with a few of them.
    let journal = fs::read(folder.0.join(JOURNAL)).expect("it is there");
    let blocks = crate::tests::support::blocks(&journal);
    assert!(blocks.len() > 6, "{}", blocks.len());
    let header = Reader::from_read(&journal[..]).expect("ours").header().expect("whole").clone();
    About::new(header.clone()).write(&folder.0).expect("room");
    let mut damaged = journal.clone();
    damaged[blocks[0].start + 50] ^= 1;
    damaged[blocks[3].start + 50] ^= 1;
    fs::write(folder.0.join(JOURNAL), &damaged).expect("room");
    let to = folder.0.with_extension("again");
    let _ = fs::remove_dir_all(&to);
    let recovered = recover(&folder.0, &to, &mut |_| {}).expect("room");
    recovered.finish(&to).expect("room");
    assert_eq!(recovered.settings, Settings::About);
    let contents = crate::tests::support::read(fs::File::open(to.join(JOURNAL)).expect("made"));
    let contents = contents.expect("a recording");
    let reasons: Vec<Reason> = contents.damage.iter().map(|damage| damage.reason).collect();
    assert_eq!(reasons, [Reason::Missing]);
    let again = Reader::open(&to.join(JOURNAL)).expect("ours");
    assert_eq!(again.header(), Some(&header));
    // The samples say where they are missing, too.
    let (samples, _, _) = read(&to.join(SIGNALS));
    let kept: Vec<u64> = samples.iter().map(|(at, _)| *at).collect();
    let all = expected(&[0..500, 500..1000], 0);
    assert!(samples.iter().all(|one| all[one.0 as usize] == *one));
    assert!(kept.len() < 1000 && kept.windows(2).any(|two| two[1] > two[0] + 1));
    assert!(report(&to).is_whole(), "a hole that was told of is no damage");

    // Of a description of another recording, nothing is believed.
    let other =
        Header { device: "another".to_owned(), config: EngineConfig::scans(info()), ..header };
    About::new(other).write(&folder.0).expect("room");
    let _ = fs::remove_dir_all(&to);
    let recovered = recover(&folder.0, &to, &mut |_| {}).expect("room");
    assert_eq!(recovered.settings, Settings::Default);

    fs::write(folder.0.join(ABOUT), "{\"format\": 99}").expect("room");
    let _ = fs::remove_dir_all(&to);
    let error = recover(&folder.0, &to, &mut |_| {}).expect_err("newer");
    assert!(matches!(error, RecoverError::About(_)));
    assert!(!to.exists(), "half a recovery was left");
}
