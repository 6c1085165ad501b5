//! Overviews against what a look at every sample finds.

use std::fs;

use levator_decode::StreamInfo;
use levator_engine::{Engine, Input, Output};
use levator_signal::{Calibration, HostTime, SampleRate, SignalKind, Unit};

use super::*;
use crate::Writer;
use crate::tests::support::Dice;
use crate::visit::tests::{Folder, about_scans};
use crate::visit::{MANIFEST, manifest};

const CHANNELS: usize = 3;

fn info(rate: u64) -> StreamInfo {
    let rate = SampleRate::new(rate, 1).expect("not zero");
    let mut info = StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, CHANNELS as u8);
    info.calibrations[..CHANNELS].fill(Calibration { scale: 1.0 / 3.0, offset_counts: 7.0 });
    info
}

/// A journal of these stretches, in pieces of any length; some samples are no numbers.
fn record(folder: &Path, rate: u64, stretches: &[Range<u64>]) {
    let info = info(rate);
    let mut writer = Writer::create(&folder.join(JOURNAL), &about_scans(info)).expect("new");
    let mut dice = Dice(rate);
    for stretch in stretches {
        let mut first = stretch.start;
        while first < stretch.end {
            let count = (1 + dice.below(900) as u64).min(stretch.end - first);
            let codes: Vec<f64> = (0..count as usize * CHANNELS)
                .map(|_| match dice.below(5000) {
                    0 => f64::NAN,
                    roll => roll as f64 - 2500.0,
                })
                .collect();
            let scans = levator_decode::Scans {
                stream: 0,
                first: levator_signal::SampleIndex(first),
                channel_count: CHANNELS as u8,
                codes: &codes,
                quality: levator_signal::Quality::GOOD,
                fault_channels: 0,
            };
            first += count;
            let at = HostTime::from_secs_f64(first as f64 / rate as f64);
            writer.record(&Input::Scans { at, scans }).expect("room");
        }
    }
    writer.close(HostTime::from_secs_f64(1e6)).expect("room");
}

/// Every sample of every channel with its envelope, as the engine gives it.
fn samples(folder: &Path) -> Vec<Vec<(u64, [f64; 2])>> {
    let mut reader = Reader::open(&folder.join(JOURNAL)).expect("it is there");
    let mut engine = Engine::new(&reader.header().expect("whole").config.clone()).expect("legal");
    let mut all = vec![Vec::new(); CHANNELS];
    let mut sink = |output: Output<'_>| {
        if let Output::Block(block) = output {
            let indices = block.first.0..;
            let both =
                block.values.iter().zip(block.envelope).map(|(value, level)| [*value, *level]);
            all[usize::from(block.channel.channel)].extend(indices.zip(both));
        }
    };
    while let Some(item) = reader.next() {
        if let Item::Input(input) = item {
            engine.handle(input, &mut sink);
        }
    }
    engine.finish(HostTime::ZERO, &mut sink);
    all
}

fn brute_force(samples: &[(u64, [f64; 2])], span: Range<u64>) -> Bucket {
    let begin = samples.partition_point(|(at, _)| *at < span.start);
    let here = samples[begin..].iter().take_while(|(at, _)| *at < span.end);
    let of = |place: usize| {
        let numbers = here.clone().map(|(_, both)| both[place]).filter(|value| value.is_finite());
        let low = numbers.clone().fold(f64::INFINITY, f64::min) as f32;
        let high = numbers.fold(f64::NEG_INFINITY, f64::max) as f32;
        (low <= high).then_some((low, high))
    };
    Bucket { count: here.clone().count() as u64, extremes: of(0), envelope: of(1) }
}

#[test]
fn every_bucket_of_every_level_is_what_a_look_at_each_sample_finds() {
    // Also buckets of one sample, and gaps: within a bucket, of many chunks, and one of days.
    let far = 1 << 40;
    for (rate, stretches) in [
        (2000, vec![17..9001, 9003..60_000, 1_000_000..1_030_011, far..far + 30_000]),
        (100, vec![0..5000, 5100..9999]),
        (10, vec![3..4, 700..1300]),
    ] {
        let folder = Folder::new(&format!("overview-{rate}"));
        record(&folder.0, rate, &stretches);
        assert!(matches!(Overview::open(&folder.0), Err(OverviewError::Missing)));
        let mut overview = Overview::open_or_make(&folder.0, &mut |_| {}).expect("room");
        let samples = samples(&folder.0);
        let about = overview.streams()[0].clone();
        let end = stretches.last().expect("some").end;
        assert_eq!((about.samples.clone(), about.labels.len()), (stretches[0].start..end, 3));
        let mut dice = Dice(3);
        let mut levels = std::collections::BTreeSet::new();
        for question in 0..300 {
            let stretch = &stretches[dice.below(stretches.len())];
            let from = stretch.start.saturating_sub(dice.below(300) as u64);
            let power = dice.below(20);
            let to = from + 1 + dice.below(1 << power) as u64;
            let (from, to) = if question == 0 { (0, u64::MAX) } else { (from, to) };
            let (channel, most) = (dice.below(CHANNELS), 1 + dice.below(400));
            let view = overview.view(0, channel, from..to, most).expect("it is whole");
            levels.insert(view.bucket_len);
            let (start, end) = (from.max(about.samples.start), to.min(about.samples.end));
            if start >= end {
                assert!(view.buckets.is_empty());
                continue;
            }
            assert!(view.buckets.len() <= most || question == 0, "{} > {most}", view.buckets.len());
            assert!(view.first <= start && start < view.first + view.bucket_len);
            let after = view.first + view.bucket_len * view.buckets.len() as u64;
            assert!((after - view.bucket_len..=after).contains(&end));
            for (bucket, at) in view.buckets.iter().zip(0..) {
                let first = view.first + at * view.bucket_len;
                let wanted = brute_force(&samples[channel], first..first + view.bucket_len);
                assert_eq!(*bucket, wanted, "{from}..{to} in {most}: bucket {at}");
            }
        }
        assert!(levels.len() > 3 && levels.contains(&about.bucket_len), "{levels:?}");
    }
}

#[test]
fn what_is_written_live_is_what_is_made_later() {
    let folder = Folder::new("overview-live");
    record(&folder.0, 1000, &[5..3000, 3500..20_000]);
    crate::visit::rebuild(&folder.0, &mut |_| {}).expect("room");
    let beside = fs::read(folder.0.join(OVERVIEW)).expect("it was made with the samples");
    Overview::make(&folder.0, &mut |_| {}).expect("room");
    assert!(fs::read(folder.0.join(OVERVIEW)).expect("it was made") == beside);
}

/// The file as it was written before it had envelopes: its chunks are shorter, its version is another.
#[test]
fn one_of_an_older_program_is_made_again() {
    let folder = Folder::new("overview-older");
    record(&folder.0, 1000, std::slice::from_ref(&(0..3000)));
    Overview::make(&folder.0, &mut |_| {}).expect("room");
    let path = folder.0.join(OVERVIEW);
    let whole = fs::read(&path).expect("it is there");
    let text = b"\"version\":2";
    let place = whole.windows(text.len()).position(|window| window == text).expect("its version");
    let mut older = whole.clone();
    older[place + text.len() - 1] = b'1';
    // The list says how long it is, and has its checksum at the end.
    let end = older.len() - 12;
    let number = |at: usize| u32::from_le_bytes(older[at..at + 4].try_into().expect("four bytes"));
    let index_len = number(end) as usize + 24 * number(end + 4) as usize;
    let crc = crc32fast::hash(&older[end - index_len..end + 8]);
    older[end + 8..].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, &older).expect("room");
    assert!(matches!(Overview::open(&folder.0), Err(OverviewError::Damaged { .. })));
    let mut again = Overview::open_or_make(&folder.0, &mut |_| {}).expect("room");
    assert!(again.view(0, 0, 0..3000, 9).expect("whole").buckets[0].envelope.is_some());
    assert!(fs::read(&path).expect("it was made") == whole);
}

#[test]
fn a_damaged_one_and_that_of_another_journal_are_made_again() {
    let folder = Folder::new("overview-again");
    record(&folder.0, 1000, std::slice::from_ref(&(0..20_000)));
    Overview::make(&folder.0, &mut |_| {}).expect("room");
    let path = folder.0.join(OVERVIEW);
    let whole = fs::read(&path).expect("it is there");
    let look = || -> Result<(), OverviewError> {
        let mut overview = Overview::open(&folder.0)?;
        for most in [1, 30, 300, 3000] {
            for channel in 0..CHANNELS {
                overview.view(0, channel, 0..u64::MAX, most)?;
            }
        }
        Ok(())
    };
    look().expect("it is whole");
    let mut dice = Dice(1);
    for at in (0..whole.len()).step_by(97).chain(whole.len() - 500..whole.len()) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << dice.below(8);
        fs::write(&path, &damaged).expect("room");
        // Some bytes belong to levels that were not asked for.
        let fates = look();
        assert!(
            fates.is_ok() || matches!(fates, Err(OverviewError::Damaged { .. })),
            "byte {at}: {fates:?}"
        );
        assert!(at < whole.len() - 500 || fates.is_err(), "byte {at} of the list");
        fs::write(&path, &whole[..at]).expect("room");
        assert!(matches!(look(), Err(OverviewError::Damaged { .. })), "cut at {at}");
    }
    Overview::open_or_make(&folder.0, &mut |_| {}).expect("room");
    assert!(fs::read(&path).expect("it is there") == whole);

    // The journal has grown since, or is another one.
    fs::remove_file(folder.0.join(JOURNAL)).expect("it is there");
    record(&folder.0, 1000, std::slice::from_ref(&(0..20_050)));
    assert!(matches!(look(), Err(OverviewError::Stale)));
    let mut overview = Overview::open_or_make(&folder.0, &mut |_| {}).expect("room");
    assert_eq!(overview.streams()[0].samples, 0..20_050);
    let wrong = overview.view(0, CHANNELS, 0..1, 1);
    assert!(matches!(wrong, Err(OverviewError::NoSuchChannel)));
}

#[test]
fn it_is_not_in_the_manifest_so_it_may_be_deleted() {
    let folder = Folder::new("overview-deleted");
    record(&folder.0, 1000, std::slice::from_ref(&(0..2000)));
    Overview::make(&folder.0, &mut |_| {}).expect("room");
    manifest::write(&folder.0).expect("room");
    fs::remove_file(folder.0.join(OVERVIEW)).expect("it is there");
    let fates = manifest::check(&folder.0, &mut |_| {}).expect("readable").expect("there");
    let names: Vec<&str> = fates.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [JOURNAL]);
    assert!(folder.0.join(MANIFEST).exists());
}

#[test]
fn memory_does_not_grow_with_the_visit() {
    let folder = Folder::new("overview-flat");
    let mut builder = Builder::new(&folder.0).expect("room");
    let info = info(2000);
    builder.take(&Output::Stream(&info));
    let values = vec![1.0; 20_000];
    for minute in 0..600 {
        for channel in 0..CHANNELS as u8 {
            let block = levator_signal::Block {
                channel: levator_signal::ChannelId { stream: 0, channel },
                kind: info.kind,
                unit: info.unit,
                rate: info.rate,
                first: levator_signal::SampleIndex(minute * 20_000),
                values: &values,
                filtered: &[],
                envelope: &[],
                quality: levator_signal::Quality::GOOD,
            };
            builder.take(&Output::Block(block));
        }
        builder.keep_up();
        assert!(builder.open_chunk_count() <= LEVEL_COUNT as usize * 2, "minute {minute}");
    }
}

#[test]
fn what_was_not_finished_leaves_nothing() {
    let folder = Folder::new("overview-part");
    let part = folder.0.join("overview.part");
    let builder = Builder::new(&folder.0).expect("room");
    assert!(part.is_file());
    drop(builder);
    assert!(!part.exists());
    // Without a journal there is nothing to bind it to.
    let built = Builder::new(&folder.0).expect("room").finish().expect("room");
    assert!(built.put_in_place().is_err());
    assert!(!part.exists());
    record(&folder.0, 1000, std::slice::from_ref(&(0..2000)));
    let built = Builder::new(&folder.0).expect("room").finish().expect("room");
    built.put_in_place().expect("room");
    assert!(!part.exists() && folder.0.join(OVERVIEW).is_file());
}

#[test]
fn a_file_that_claims_too_much_is_damaged_and_takes_no_memory() {
    let claim = |samples: Range<u64>, bucket_len, entries: &[Entry]| {
        let stream = OverviewStream {
            stream: 0,
            kind: SignalKind::Emg,
            unit: Unit::Microvolt,
            rate: SampleRate::new(1, 1).expect("not zero"),
            labels: vec!["EMG".to_owned()],
            samples,
            bucket_len,
        };
        let identity = Identity { recording: 0, len: 0, tail: 0 };
        let mut bytes = format::MAGIC.to_vec();
        let (chunk, _) = format::encode_chunk(&[1], &[&[[0.0, 1.0, 0.5, 0.75]]]);
        bytes.extend(chunk);
        bytes.extend(format::encode_index(identity, &[stream], entries));
        Overview::from_seek(io::Cursor::new(bytes))
    };
    let crc = format::encode_chunk(&[1], &[&[[0.0, 1.0, 0.5, 0.75]]]).1;
    let entry = |first, offset, bucket_count| Entry {
        stream: 0,
        level: 0,
        bucket_count,
        first,
        offset,
        crc,
    };
    let mut whole = claim(0..1, 1, &[entry(0, 8, 1)]).expect("as it is written");
    assert_eq!(whole.view(0, 0, 0..9, 4).expect("whole").buckets.len(), 1);
    let mut long = claim(0..u64::MAX, 1, &[]).expect("a list");
    assert!(matches!(long.view(0, 0, 0..u64::MAX, 100), Err(OverviewError::Damaged { .. })));
    assert!(long.view(0, 0, 0..100, 100).is_ok());
    let late = u64::MAX - 2..u64::MAX;
    let mut late = claim(late, 1, &[entry(u64::MAX - 1, 8, 1)]).expect("a list");
    assert_eq!(late.view(0, 0, 0..u64::MAX, 9).expect("short").buckets.len(), 2);
    for odd in [entry(0, u64::MAX, 1), entry(0, 9, 1), entry(0, 8, 256), entry(0, 8, u16::MAX)] {
        assert!(matches!(claim(0..1, 1, &[odd]), Err(OverviewError::Damaged { .. })), "{odd:?}");
    }
}
