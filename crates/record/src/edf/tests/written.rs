//! What is written comes back, through our own reader; other readers are asked by `tests/interop.sh`.

use std::io::{Cursor, Seek, SeekFrom, Write};

use levator_signal::SampleRate;
use proptest::prelude::*;

use super::*;
use crate::edf::write::*;

fn rate(scans: u64, seconds: u64) -> SampleRate {
    SampleRate::new(scans, seconds).expect("not zero")
}

fn settings(variant: Variant, rates: &[SampleRate], low: f64, high: f64) -> WriteSettings {
    let range = Range::Values { low, high };
    let signal = |(at, rate): (usize, &SampleRate)| {
        SignalSpec::new(&format!("EMG {at}"), "uV", *rate, range)
    };
    WriteSettings::new(variant, rates.iter().enumerate().map(signal).collect())
}

fn writer(settings: &WriteSettings) -> EdfWriter<Cursor<Vec<u8>>> {
    EdfWriter::create(Cursor::new(Vec::new()), settings).expect("settings that are right")
}

fn bytes(writer: EdfWriter<Cursor<Vec<u8>>>) -> (Vec<u8>, Written) {
    let (file, written) = writer.finish().expect("memory takes it all");
    (file.into_inner(), written)
}

type Back = (Vec<Vec<(u64, f64)>>, Vec<(f64, Option<f64>, String)>, Header);

/// Indices and values of each signal, and annotations.
fn read(bytes: &[u8]) -> Back {
    let mut file = EdfFile::from_read(bytes).expect("a header");
    let header = file.header().clone();
    let mut samples = Vec::new();
    let mut annotations = Vec::new();
    for position in 0..header.signals.len() {
        let mut file = EdfFile::from_read(bytes).expect("a header");
        let channels = vec![crate::text::ChannelChoice::Index(position)];
        let selection = header.select(&EdfOptions { channels, ..EdfOptions::default() });
        let collected = collect(&mut file, &selection.expect("it is there"));
        let calibration = header.signals[position].calibration;
        let apply = |(index, code): &(u64, f64)| (*index, calibration.apply(*code));
        samples.push(collected.samples[0].iter().map(apply).collect());
        annotations = collected.annotations;
    }
    while file.read_record().expect("memory").is_some() {}
    assert_eq!(file.deviations(), [], "a file of ours has none");
    (samples, annotations, header)
}

/// A wave with noise in it, from `low` to `high`.
fn wave(count: usize, low: f64, high: f64) -> Vec<f64> {
    let mut state = 1_u64;
    (0..count)
        .map(|at| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (state >> 40) as f64 / f64::from(1 << 24);
            let turn = 0.5 + 0.4 * (at as f64 * 0.05).sin() + 0.1 * noise;
            low + (high - low) * turn.clamp(0.0, 1.0)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn values_come_back_within_half_a_code(
        millihertz in 10_000_u32..4_000_000,
        exponent in -6.0_f64..6.0,
        shift in -2.0_f64..2.0,
        count in 1_usize..9000,
        is_bdf: bool,
        is_known: bool,
        pieces in prop::collection::vec(1_usize..3000, 1..5),
    ) {
        let rate = SampleRate::from_millihertz(millihertz).expect("not zero");
        let half = 10_f64.powf(exponent);
        let (low, high) = ((shift - 1.0) * half, (shift + 1.0) * half);
        let variant = if is_bdf { Variant::Bdf } else { Variant::Edf };
        let mut settings = settings(variant, &[rate, rate], low, high);
        let lens = if is_known { vec![count as u64] } else { Vec::new() };
        settings.duration = RecordDuration::choose(&[rate, rate], &lens);
        let mut writer = writer(&settings);
        let values = [wave(count, low, high), wave(count, high, low)];
        let mut done = 0;
        for piece in pieces.iter().cycle() {
            let until = (done + piece).min(count);
            writer.write(0, &values[0][done..until]).expect("memory");
            writer.write(1, &values[1][done..until]).expect("memory");
            done = until;
            if done == count { break }
        }
        let (bytes, written) = bytes(writer);
        let (samples, annotations, header) = read(&bytes);
        prop_assert_eq!(annotations, []);
        prop_assert_eq!(header.continuity, Continuity::Continuous);
        prop_assert_eq!(header.record_count, Some(written.record_count));
        for (signal, values) in values.iter().enumerate() {
            // Rounding of the sums that lead to a code and back, with the size of what they hold.
            let (step, slack) = (header.signals[signal].calibration.scale, 8.0 * f64::EPSILON
                * (shift.abs() + 2.0) * half);
            prop_assert_eq!(samples[signal].len(), count);
            for (at, (index, value)) in samples[signal].iter().enumerate() {
                prop_assert_eq!(*index, at as u64);
                let error = (value - values[at]).abs();
                prop_assert!(error <= 0.5 * step + slack, "{} for {}", value, values[at]);
                prop_assert!(error <= written.signals[signal].worst_error);
            }
            prop_assert_eq!(written.signals[signal].clamped_count, 0);
            let found = header.signals[signal].rate.expect("it has one").hz();
            prop_assert!((found / rate.hz() - 1.0).abs() < 1e-7, "{} Hz", found);
        }
    }

    #[test]
    fn gaps_come_back_where_they_were(
        scans in 10_u64..4000,
        runs in prop::collection::vec((1_u64..3000, 1_u64..9000), 1..6),
        is_filled: bool,
    ) {
        let mut settings = settings(Variant::Edf, &[rate(scans, 1)], 0.0, 1.0);
        settings.annotation_bytes = 2000;
        if is_filled {
            settings.gaps = Gaps::Filled;
        }
        let mut writer = writer(&settings);
        let mut wanted = Vec::new();
        let mut next = 0;
        for (len, gap) in &runs {
            writer.go_on_at(next as f64 / scans as f64).expect("it is later");
            writer.write(0, &vec![0.5; *len as usize]).expect("memory");
            wanted.extend(next..next + len);
            next += len + gap;
        }
        let (bytes, written) = bytes(writer);
        let (samples, annotations, _) = read(&bytes);
        prop_assert_eq!(annotations, []);
        prop_assert!(!(is_filled && written.is_discontinuous));
        let found: Vec<u64> = samples[0].iter().map(|(index, _)| *index).collect();
        prop_assert_eq!(found, wanted);
        prop_assert_eq!(written.gap_count, runs.len() as u64 - 1);
    }
}

#[test]
fn twelve_seconds_and_a_bit_come_back_as_that() {
    for (duration, held_s) in
        [(RecordDuration::choose(&[rate(1000, 1)], &[12_370]), 0.0), (None, 0.63)]
    {
        let mut settings = settings(Variant::Edf, &[rate(1000, 1)], -100.0, 100.0);
        settings.duration = duration;
        let mut writer = writer(&settings);
        writer.write(0, &wave(12_370, -100.0, 100.0)).expect("memory");
        let (bytes, written) = bytes(writer);
        assert_eq!(written.held_s, held_s);
        assert_eq!(read(&bytes).0[0].len(), 12_370);
        let text = String::from_utf8_lossy(&bytes);
        let said = format!("+12.37\u{15}0.63\u{14}{HELD}\u{14}");
        assert_eq!(text.contains(&said), held_s > 0.0, "other programs are told too");
    }
}

#[test]
fn a_gap_of_three_seconds_is_one_and_the_file_says_so() {
    for variant in [Variant::Edf, Variant::Bdf] {
        let settings = settings(variant, &[rate(1000, 1), rate(100, 1)], -1.0, 1.0);
        let mut writer = writer(&settings);
        for (from_s, value) in [(0.0, 0.25), (5.5, -0.25)] {
            writer.go_on_at(from_s).expect("it is later");
            writer.write(0, &[value; 2500]).expect("memory");
            writer.write(1, &[value; 250]).expect("memory");
        }
        let (bytes, written) = bytes(writer);
        assert_eq!((written.gap_count, written.is_discontinuous), (1, true));
        let (samples, _, header) = read(&bytes);
        assert_eq!(header.continuity, Continuity::Discontinuous);
        for (signal, scale) in [(0, 10), (1, 1)] {
            let at = &samples[signal];
            assert_eq!(at.len(), 500 * scale);
            assert_eq!(at[250 * scale - 1].0, 250 * scale as u64 - 1);
            assert_eq!(at[250 * scale].0, 550 * scale as u64);
        }
    }
}

#[test]
fn annotations_come_back_in_any_script() {
    let mut settings = settings(Variant::Bdf, &[rate(100, 1)], -1.0, 1.0);
    settings.start_ms = 345;
    let mut writer = writer(&settings);
    let all = [
        (0.0, None, "Begin".to_owned()),
        (1.25, Some(2.5), "Anspannen \u{e4}\u{df}, \u{6536}\u{7f29} \u{1f600}".to_owned()),
        (2.000_000_1, Some(0.0), "exact to the tick".to_owned()),
        (-0.5, None, "before".to_owned()),
    ];
    for (onset_s, duration_s, text) in &all {
        writer.annotate(*onset_s, *duration_s, text).expect("they fit");
    }
    writer.annotate(3.0, None, "a\u{14}b\u{15}c\0d").expect("it fits");
    assert!(matches!(
        writer.annotate(f64::NAN, None, "never"),
        Err(EdfWriteError::Annotation { .. })
    ));
    assert!(matches!(
        writer.annotate(0.0, None, &"x".repeat(400)),
        Err(EdfWriteError::Annotation { .. })
    ));
    // More than the five data records have places for.
    for at in 0..40 {
        writer
            .annotate(f64::from(at) * 0.1, None, &format!("{at} {}", "y".repeat(50)))
            .expect("fits");
    }
    writer.write(0, &wave(500, -1.0, 1.0)).expect("memory");
    let (bytes, written) = bytes(writer);
    let (samples, found, _) = read(&bytes);
    assert_eq!(samples[0].len(), 500);
    assert_eq!((found.len(), written.annotation_count), (45, 45));
    for (found, wanted) in found.iter().zip(&all) {
        assert!((found.0 - wanted.0).abs() < 1e-9, "{found:?}");
        assert_eq!((found.1, &found.2), (wanted.1, &wanted.2));
    }
    assert_eq!(found[4].2, "a b c d");
}

#[test]
fn an_open_file_is_read_to_its_last_whole_record() {
    let settings = settings(Variant::Edf, &[rate(100, 1)], -1.0, 1.0);
    let mut writer = writer(&settings);
    let mut file = Cursor::new(Vec::new());
    {
        let mut open = EdfWriter::create(&mut file, &settings).expect("memory");
        open.write(0, &[0.5; 60_000]).expect("memory");
    }
    let mut read = EdfFile::from_read(&file.get_ref()[..]).expect("a header");
    assert_eq!(read.header().record_count, None);
    while read.read_record().expect("memory").is_some() {}
    // 500 bytes each, written in pieces of a quarter of a mebibyte.
    assert_eq!(read.record_count(), 525);
    assert!(read.deviations().contains(&Deviation::RecordCountOpen));

    writer.write(0, &[0.5; 250]).expect("memory");
    writer.checkpoint().expect("memory");
    writer.write(0, &[0.5; 150]).expect("memory");
    let (bytes, _) = bytes(writer);
    assert_eq!(EdfFile::from_read(&bytes[..]).expect("a header").header().record_count, Some(4));
}

/// Remembers how much of a file there was when its count was written.
#[derive(Default)]
struct Watched {
    file: Cursor<Vec<u8>>,
    counted: Vec<(String, usize)>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.position() == 236 {
            let text = String::from_utf8_lossy(bytes).trim().to_owned();
            self.counted.push((text, self.file.get_ref().len()));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn records_are_there_before_they_are_counted() {
    let settings = settings(Variant::Edf, &[rate(100, 1)], -1.0, 1.0);
    let mut writer = EdfWriter::create(Watched::default(), &settings).expect("memory");
    let (header_len, record_len) = (writer.header().header_len, writer.header().record_len);
    for _ in 0..5 {
        writer.write(0, &[0.1; 130]).expect("memory");
        writer.checkpoint().expect("memory");
    }
    let (watched, _) = writer.finish().expect("memory");
    assert_eq!(watched.counted.len(), 6);
    for (count, len) in &watched.counted {
        let count: usize = count.parse().expect("a number");
        assert_eq!(*len, header_len + count * record_len);
    }
}

#[test]
fn a_file_cut_anywhere_gives_its_whole_records() {
    let mut settings = settings(Variant::Bdf, &[rate(20, 1)], -1.0, 1.0);
    settings.annotation_bytes = 180;
    let mut writer = writer(&settings);
    writer.annotate(0.5, None, "mark").expect("it fits");
    writer.write(0, &wave(50, -1.0, 1.0)).expect("memory");
    writer.go_on_at(7.0).expect("it is later");
    writer.write(0, &wave(30, -1.0, 1.0)).expect("memory");
    let header = writer.header().clone();
    let (bytes, _) = bytes(writer);
    let (whole, ..) = read(&bytes);
    for len in 0..bytes.len() {
        let Ok(mut file) = EdfFile::from_read(&bytes[..len]) else {
            assert!(len < header.header_len, "{len}");
            continue;
        };
        let selection = file.header().select(&EdfOptions::default()).expect("it has one");
        let found = collect(&mut file, &selection);
        let records = (len - header.header_len) / header.record_len;
        assert_eq!(file.record_count(), records as u64);
        // The third data record holds ten samples, the fifth as many.
        let count = [0, 20, 40, 50, 70, 80][records];
        let indices = |all: &[(u64, f64)]| all.iter().map(|one| one.0).collect::<Vec<_>>();
        assert_eq!(indices(&found.samples[0]), indices(&whole[0][..count]), "{len}");
    }
}

#[test]
fn odd_values_and_wrong_orders_harm_nothing() {
    let settings = settings(Variant::Edf, &[rate(100, 1), rate(100, 1)], -1.0, 1.0);
    let mut writer = writer(&settings);
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::MIN_POSITIVE];
    writer.write(0, &odd).expect("memory");
    assert!(matches!(writer.write(2, &odd), Err(EdfWriteError::NoSuchSignal { .. })));
    assert!(matches!(
        writer.go_on_at(9.0),
        Err(EdfWriteError::Uneven { signal: 1, expected: 6, actual: 0 })
    ));
    writer.write(1, &[0.0; 6]).expect("memory");
    assert!(matches!(writer.go_on_at(0.02), Err(EdfWriteError::Backwards { .. })));
    assert!(matches!(writer.go_on_at(f64::NAN), Err(EdfWriteError::Backwards { .. })));
    let (bytes, written) = bytes(writer);
    assert_eq!((written.signals[0].nan_count, written.signals[0].clamped_count), (1, 4));
    let (samples, ..) = read(&bytes);
    let values: Vec<f64> = samples[0].iter().map(|one| one.1).collect();
    assert_eq!(values, [-1.0, 1.0, -1.0, 1.0, -1.0, 0.0]);
}

#[test]
fn the_header_names_nobody_and_is_ascii() {
    let start = StartTime { year: 2026, month: 11, day: 22, hour: 14, minute: 3, second: 11 };
    let mut settings = settings(Variant::Edf, &[rate(100, 1)], -1.0, 1.0);
    settings.start = Some(start);
    settings.equipment = "levator 0.1.0".to_owned();
    settings.signals[0].dimension = "\u{b5}V".to_owned();
    settings.signals[0].label = "Becken \u{e4} mit einem langen Namen".to_owned();
    let mut writer = writer(&settings);
    writer.write(0, &[0.0; 100]).expect("memory");
    let (bytes, _) = bytes(writer);
    let header = read(&bytes).2;
    assert!(bytes[..header.header_len].is_ascii());
    assert_eq!(header.patient, "X X X X");
    assert_eq!(header.recording, "Startdate 22-NOV-2026 X X levator_0.1.0");
    assert_eq!(header.start, Some(start));
    assert_eq!(header.signals[0].dimension, "uV");
    assert_eq!(header.signals[0].label, "Becken _ mit ein");
}

#[test]
fn codes_of_a_converter_are_kept() {
    let calibration = levator_signal::Calibration { scale: 0.1, offset_counts: 2048.0 };
    let range = Range::of_codes(Variant::Edf, calibration, (0.0, 4095.0)).expect("it fits");
    let signal = SignalSpec::new("Pressure", "cmH2O", rate(50, 1), range);
    let mut writer = writer(&WriteSettings::new(Variant::Edf, vec![signal]));
    let codes: Vec<f64> = (0..4096).map(f64::from).collect();
    let values: Vec<f64> = codes.iter().map(|code| calibration.apply(*code)).collect();
    writer.write(0, &values).expect("memory");
    let (bytes, written) = bytes(writer);
    assert!(written.signals[0].worst_error < 1e-12, "{}", written.signals[0].worst_error);
    let mut file = EdfFile::from_read(&bytes[..]).expect("a header");
    let selection = file.header().select(&EdfOptions::default()).expect("it has one");
    let found: Vec<f64> =
        collect(&mut file, &selection).samples[0].iter().map(|one| one.1).collect();
    assert_eq!(found, codes);
}

#[test]
fn settings_that_make_no_file_say_what_to_do() {
    let create = |settings: &WriteSettings| {
        let made = EdfWriter::create(Cursor::new(Vec::new()), settings);
        made.expect_err("it cannot be").to_string()
    };
    let none = settings(Variant::Edf, &[], 0.0, 1.0);
    assert_eq!(create(&none), "0 signals, must be 1 to 2047; choose others");
    let rates = [rate(1_000_003, 1000), rate(999_983, 1009)];
    assert!(create(&settings(Variant::Edf, &rates, 0.0, 1.0)).contains("a file for each rate"));
    let mut long = settings(Variant::Edf, &[rate(100, 1)], 0.0, 1.0);
    let codes = |physical, digital| Range::Codes { physical, digital };
    long.signals[0].range = codes((0.123_456_789, 1.0), (0, 1));
    assert!(create(&long).contains("eight characters"));
    for range in [codes((1.0, 1.0), (0, 1)), codes((0.0, 1.0), (5, 5)), codes((0.0, 1.0), (5, 1))] {
        long.signals[0].range = range;
        assert!(create(&long).contains("no scale"), "{range:?}");
    }
}
