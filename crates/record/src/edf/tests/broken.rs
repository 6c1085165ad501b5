//! Broken files: whatever happened to one, its whole data records come back, and nothing panics.

use proptest::prelude::*;

use super::*;

fn open(bytes: &[u8]) -> Result<EdfFile<&[u8]>, EdfError> {
    EdfFile::from_read(bytes)
}

/// Reads everything there is, both ways.
fn exhaust(bytes: &[u8]) -> Option<(u64, Collected)> {
    let mut file = open(bytes).ok()?;
    let mut scratch = Vec::new();
    while let Some(record) = file.read_record().expect("it is all in memory") {
        for position in 0..file_signals(&record) {
            scratch.clear();
            record.values_into(position, &mut scratch);
        }
        record.annotations().for_each(drop);
    }
    let mut again = open(bytes).ok()?;
    let count = file.record_count();
    let with_samples = again
        .header()
        .signals
        .iter()
        .enumerate()
        .filter(|(_, signal)| signal.samples_per_record > 0 && signal.rate.is_some())
        .map(|(position, _)| crate::text::ChannelChoice::Index(position))
        .collect();
    let options = EdfOptions { channels: with_samples, ..EdfOptions::default() };
    let selection = again.header().select(&options).ok()?;
    let found = collect(&mut again, &selection);
    assert_eq!(again.record_count(), count);
    for deviation in again.deviations() {
        assert!(!deviation.to_string().is_empty());
    }
    Some((count, found))
}

fn file_signals(record: &Record<'_>) -> usize {
    record.header.signals.len()
}

#[test]
fn a_file_cut_anywhere_gives_all_its_whole_records() {
    for made in [Made::edf(5), Made::discontinuous(&["+0", "+0.5", "+3", "+3.5"])] {
        let bytes = made.bytes();
        let header_len = 256 * (made.signals.len() + 1);
        let (_, whole) = exhaust(&bytes).expect("it is whole");
        for len in 0..bytes.len() {
            let cut = &bytes[..len];
            if len < header_len {
                let expected = if len < 256 { 256 } else { header_len };
                match open(cut) {
                    Err(EdfError::NotEdf { .. }) => assert!(len < 8, "{len}"),
                    Err(EdfError::HeaderCut { expected: found, actual }) => {
                        assert_eq!((found, actual), (expected, len));
                    }
                    other => panic!("{len}: {other:?}"),
                }
                continue;
            }
            let record_len = made.records[0].len();
            let (count, found) = exhaust(cut).expect("the header is whole");
            assert_eq!(count, ((len - header_len) / record_len) as u64);
            for (found, whole) in found.samples.iter().zip(&whole.samples) {
                assert_eq!(found[..], whole[..found.len()]);
            }
            let mut file = open(cut).expect("the header is whole");
            while file.read_record().expect("in memory").is_some() {}
            let stated = made.records.len() as u64;
            let mut wanted = vec![Deviation::RecordCount { stated, found: count }];
            if (len - header_len) % record_len > 0 {
                let byte_count = ((len - header_len) % record_len) as u64;
                wanted.push(Deviation::RecordCut { byte_count });
            }
            assert_eq!(file.deviations(), wanted);
        }
    }
}

/// A hundred thousand places: `LEVATOR_POSITIONS=100000 cargo test --release -p levator-record long`.
#[test]
fn a_long_file_cut_and_flipped_anywhere_lacks_that_record_alone() {
    use crate::edf::write::{EdfWriter, Range, SignalSpec, WriteSettings};
    use crate::tests::support::{Dice, position_count};
    use levator_signal::SampleRate;
    use std::io::Cursor;
    let mut dice = Dice(2);
    let rate = SampleRate::new(1000, 1).expect("not zero");
    let range = Range::Values { low: -1.0, high: 1.0 };
    let signals = vec![SignalSpec::new("a", "uV", rate, range); 2];
    let settings = WriteSettings::new(Variant::Bdf, signals);
    let mut writer = EdfWriter::create(Cursor::new(Vec::new()), &settings).expect("ours");
    for signal in 0..2 {
        let value = |_| dice.below(2001) as f64 / 1000.0 - 1.0;
        let values: Vec<f64> = (0..200_000).map(value).collect();
        writer.write(signal, &values).expect("memory");
    }
    let (header_len, record_len) = (writer.header().header_len, writer.header().record_len);
    let bytes = writer.finish().expect("memory").0.into_inner();
    // Of each data record, a checksum of its values and texts.
    let read = |bytes: &[u8]| {
        let mut file = open(bytes).expect("its header is whole");
        let (mut values, mut sums) = (Vec::new(), Vec::new());
        while let Some(record) = file.read_record().expect("memory") {
            values.clear();
            record.values_into(0, &mut values);
            record.values_into(1, &mut values);
            let mut sum = values.iter().fold(0_u64, |sum, v| sum.rotate_left(7) ^ v.to_bits());
            record.annotations().for_each(|one| sum ^= format!("{one:?}").len() as u64);
            sums.push(sum);
        }
        sums
    };
    let whole = read(&bytes);
    assert_eq!(whole.len(), 200);
    for _ in 0..position_count(150) {
        let at = header_len + dice.below(bytes.len() - header_len);
        let hit = (at - header_len) / record_len;
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << dice.below(8);
        let found = read(&damaged);
        assert_eq!((&found[..hit], &found[hit + 1..]), (&whole[..hit], &whole[hit + 1..]), "{at}");
        assert_eq!(read(&bytes[..at]), whole[..hit], "cut at {at}");
    }
}

#[test]
fn any_byte_of_the_header_may_be_any_other() {
    let made = Made::discontinuous(&["+0", "+0.5", "+3"]);
    let bytes = made.bytes();
    for at in 0..256 * (made.signals.len() + 1) {
        for other in [0, b' ', b'-', b'0', b'9', b'.', b',', b'e', 0x7f, 0xb5, 0xff] {
            let mut spoilt = bytes.clone();
            spoilt[at] = other;
            exhaust(&spoilt);
            for bit in 0..8 {
                spoilt[at] = bytes[at] ^ 1 << bit;
                exhaust(&spoilt);
            }
        }
    }
}

#[test]
fn the_number_of_records_is_that_of_the_file() {
    for (stated, deviation) in [
        ("-1", Deviation::RecordCountOpen),
        ("2", Deviation::RecordCount { stated: 2, found: 3 }),
        ("9", Deviation::RecordCount { stated: 9, found: 3 }),
    ] {
        let made = Made { record_count: stated.to_owned(), ..Made::edf(3) };
        let bytes = made.bytes();
        let mut file = open(&bytes).expect("it can be read");
        let selection = file.header().select(&everything(file.header())).expect("two signals");
        let found = collect(&mut file, &selection);
        let codes: Vec<f64> = found.samples[0].iter().map(|(_, code)| *code).collect();
        assert_eq!(codes, (0..12).map(f64::from).collect::<Vec<_>>());
        assert_eq!(found.samples[1], [(0, 0.0), (1, -1.0), (2, -2.0)]);
        assert_eq!(file.deviations(), [deviation]);
    }
}

#[test]
fn a_field_that_hides_the_samples_is_refused_with_its_place() {
    let message = |spoil: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Made::edf(2).bytes();
        spoil(&mut bytes);
        open(&bytes).expect_err("it is spoilt").to_string()
    };
    let put = |at: usize, text: &'static str| {
        move |bytes: &mut Vec<u8>| bytes[at..at + text.len()].copy_from_slice(text.as_bytes())
    };
    assert_eq!(
        message(&put(0, "RIFF\u{1}...")),
        "neither EDF nor BDF: its first eight bytes are \"RIFF....\"; check its format"
    );
    assert_eq!(
        message(&put(252, "x   ")),
        "header field `number of signals` at byte 252 is \"x\", must be 0 to 2048; export it again"
    );
    assert_eq!(
        message(&put(252, "9999")),
        "9999 signals by the field at byte 252, more than 2048; export fewer"
    );
    assert_eq!(
        message(&put(184, "511")),
        "header field `number of bytes in header` at byte 184 is \"511\", must be 256 for each \
         signal and 256 more; export it again"
    );
    assert_eq!(
        message(&put(244, "-1 ")),
        "header field `duration of a data record` at byte 244 is \"-1\", must be a number of \
         seconds; export it again"
    );
    assert_eq!(
        message(&put(256 + 432 + 8, "x")),
        "header field `number of samples in a data record` at byte 696 is \"x\", must be 0 or \
         more; export it again"
    );
    assert_eq!(
        message(&put(256 + 432 + 8, "99999999")),
        "a data record takes 200000006 bytes, more than 15728640; export with shorter records"
    );
}

#[test]
fn what_others_write_wrongly_is_read_and_told() {
    let mut made = Made::edf(1);
    made.duration = "0,5";
    made.signals[0].2 = ["-100", "100", "1000", "-1000"];
    made.signals[1].2 = ["0", "0", "-1000", "1000"];
    let mut bytes = made.bytes();
    bytes[256] = 0xb5;
    bytes[168..176].copy_from_slice(b"31-01-26");
    bytes[176..184].copy_from_slice(b"no time ");
    let file = open(&bytes).expect("it can be read");
    let header = file.header();
    assert_eq!(header.signals[0].label, "\u{b5}MG");
    assert_eq!(header.signals[0].calibration.apply(500.0), -50.0);
    assert_eq!(header.signals[0].rate.map(|rate| rate.hz()), Some(8.0));
    assert_eq!(header.signals[1].calibration.apply(7.0), 7.0);
    assert_eq!((header.signals[1].unit, header.start), (None, None));
    let text: Vec<String> = file.deviations().iter().map(Deviation::to_string).collect();
    assert_eq!(
        text,
        [
            "header field `startdate and starttime` at byte 168 is \"31-01-26no time\": passed over",
            "the number at byte 244 has a comma for its point",
            "signal 0 has its digital minimum above its maximum",
            "signal 1 has no usable ranges: its values are codes",
        ]
    );
}

#[test]
fn times_of_records_that_cannot_be_are_told() {
    let run = |made: &Made| {
        let bytes = made.bytes();
        let mut file = open(&bytes).expect("it can be read");
        let selection = file.header().select(&everything(file.header())).expect("two signals");
        let found = collect(&mut file, &selection);
        let firsts: Vec<u64> =
            found.samples[0].iter().step_by(4).map(|(index, _)| *index).collect();
        (firsts, file.deviations())
    };
    let made = Made::discontinuous(&["+10", "x", "+10.9", "+0", "+0.5"]);
    assert_eq!(
        run(&made),
        (
            vec![0, 4, 8, 13, 17],
            vec![
                Deviation::Annotations { count: 1 },
                Deviation::Untimed { count: 1 },
                Deviation::Restarted { count: 1 },
            ]
        )
    );
    let made = Made::discontinuous(&["+0", "+0.1", "+1"]);
    assert_eq!(run(&made), (vec![0, 4, 8], vec![Deviation::Overlapping { count: 1 }]));
    let made = Made { reserved: "EDF+C", ..Made::discontinuous(&["+0", "+9"]) };
    assert_eq!(run(&made), (vec![0, 4], vec![Deviation::Apart { count: 1 }]));
}

#[test]
fn records_longer_than_the_buffer_and_of_single_samples_are_read() {
    for (samples, records) in [(200_000, 3), (1, 300_000)] {
        let mut made = Made::edf(0);
        made.signals.truncate(1);
        made.signals[0].3 = samples;
        made.records = (0..records)
            .map(|record| {
                let code = move |at: usize| ((record * samples + at) % 65_536) as u16;
                (0..samples).flat_map(|at| code(at).to_le_bytes()).collect()
            })
            .collect();
        made.record_count = records.to_string();
        let bytes = made.bytes();
        let mut file = open(&bytes).expect("it can be read");
        let selection = file.header().select(&EdfOptions::default()).expect("one signal");
        let found = collect(&mut file, &selection);
        let code = |at: usize| f64::from(((at % 65_536) as u16).cast_signed());
        assert_eq!(found.samples[0].len(), samples * records);
        assert!(
            found.samples[0]
                .iter()
                .zip(0..)
                .all(|(&(index, found), at)| { index == at as u64 && found == code(at) })
        );
        assert_eq!(file.deviations(), []);
    }
}

#[test]
fn samples_without_a_rate_are_refused_but_annotations_are_read() {
    let made = Made { duration: "0", ..Made::discontinuous(&["+0"]) };
    let bytes = made.bytes();
    let file = open(&bytes).expect("it can be read");
    let error = file.header().select(&EdfOptions::default()).expect_err("no rate");
    assert!(matches!(error, EdfError::NoRate), "{error}");
}

#[test]
fn records_without_a_byte_end_at_once() {
    let range = ["-1", "1", "-32768", "32767"];
    for label in ["EDF Annotations", "EMG"] {
        let signals = vec![(label, "", range, 0)];
        let mut bytes = Made { signals, records: Vec::new(), ..Made::edf(3) }.bytes();
        for _ in 0..2 {
            let mut file = open(&bytes).expect("it can be read");
            assert!(file.read_record().expect("nothing to read").is_none(), "{label}");
            assert_eq!(file.record_count(), 0);
            let error = file.header().select(&EdfOptions::default()).expect_err("no signal");
            assert!(matches!(error, EdfError::NoSignal), "{error}");
            bytes.extend([7; 5]);
        }
    }
}

/// Pieces that headers are made of, and what breaks them.
fn header_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "", "0", "1", "-1", "2", "512", "768", "1e3", "0.1", "x", ",", "EDF+D",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..1500)) {
        exhaust(&bytes);
        if let Some(start) = bytes.get_mut(..8) {
            start.copy_from_slice(b"\xffBIOSEMI");
        }
        exhaust(&bytes);
    }

    #[test]
    fn any_fields_are_read_or_refused(
        spoilt in prop::collection::vec((0_usize..1024, header_text()), 0..4),
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = Made::discontinuous(&["+0", "+1", "+2"]).bytes();
        bytes.extend(tail);
        for (at, text) in spoilt {
            let field = at / 8 * 8;
            let text = format!("{text:<8}");
            bytes[field..field + 8].copy_from_slice(&text.as_bytes()[..8]);
        }
        exhaust(&bytes);
    }

    #[test]
    fn any_annotations_are_read_or_counted(list in prop::collection::vec(
        prop::sample::select(vec![0_u8, 0, 20, 20, 20, 21, b'+', b'-', b'1', b'.', b'a', 0xc3]), 20,
    )) {
        let mut made = Made::discontinuous(&["+0", "+1"]);
        let len = made.records[1].len();
        made.records[1][len - 20..].copy_from_slice(&list);
        let (count, found) = exhaust(&made.bytes()).expect("the header is whole");
        prop_assert_eq!((count, found.samples[0].len()), (2, 8));
    }
}
