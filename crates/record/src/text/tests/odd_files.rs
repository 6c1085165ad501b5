//! Files that are broken, strange, or none at all.

use std::path::Path;

use levator_signal::{SampleRate, SignalKind, Unit};

use super::{collect, open, open_with};
use crate::text::{
    ChannelChoice, Origin, Separator, SkipReason, TextError, TextFile, TextOptions, TimeUnit,
    Timing,
};

fn error(text: &str) -> String {
    open(text).expect_err("it cannot be read").to_string()
}

fn with_rate(hz: f64) -> TextOptions {
    TextOptions { rate_hz: Some(hz), ..TextOptions::default() }
}

/// `count` rows of time and value under `header`.
fn table(header: &str, count: u32, row: impl Fn(u32) -> String) -> String {
    let rows: Vec<String> = (0..count).map(row).collect();
    format!("{header}{}\n", rows.join("\n"))
}

fn wave(index: u32) -> u32 {
    index * 7919 % 101
}

#[test]
fn what_is_no_table_is_refused_with_advice() {
    assert_eq!(error(""), "the file is empty; export it again");
    let no_numbers = "no numbers in columns found; export it as CSV, one sample a line";
    assert_eq!(error("time,emg\n"), no_numbers);
    assert_eq!(error("Dear all,\nplease find attached.\n"), no_numbers);
    assert_eq!(error("\n\n\n"), no_numbers);
    assert_eq!(
        error("time,emg\n0,1\n"),
        "1 usable rows from line 2 on, at least 2 are needed; check column and export"
    );
    assert_eq!(
        error("time,emg\n0,1\n1\0,2\n"),
        "not a text table: zero byte near line 1; export it as CSV, in UTF-8"
    );
    let utf16: Vec<u8> = "0,1\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(
        open_with(&utf16, &TextOptions::default()),
        Err(TextError::Binary { line: 1 })
    ));
}

#[test]
fn what_is_no_file_is_refused_with_advice() {
    let missing = std::env::temp_dir().join("levator-text-no-such-file.csv");
    let open = |path: &Path| TextFile::open(path, &TextOptions::default());
    assert!(matches!(open(&missing), Err(TextError::NotFound)));
    assert!(matches!(open(&std::env::temp_dir()), Err(TextError::IsDirectory)));
    #[cfg(unix)]
    assert!(matches!(open(Path::new("/dev/null")), Err(TextError::NotAFile)));
}

#[test]
fn a_line_of_a_million_columns_is_refused() {
    let wide = "1,".repeat(1_000_000);
    assert!(matches!(open(&wide), Err(TextError::LineTooLong { line: 1, .. })));
    assert!(matches!(open(&"1,".repeat(3000)), Err(TextError::TooManyColumns { line: 1, .. })));
    let below = format!("0,1\n0.1,2\n{wide}\n");
    assert!(matches!(
        open_with(below.as_bytes(), &with_rate(10.0)),
        Err(TextError::LineTooLong { line: 3, .. })
    ));
}

#[test]
fn a_table_without_time_and_rate_asks_for_a_rate() {
    let text = table("", 50, |index| wave(index).to_string());
    assert_eq!(error(&text), "no time column and no sampling rate in the file; pass --rate HZ");
    let mut file = open_with(text.as_bytes(), &with_rate(47.6)).expect("a rate is given");
    assert_eq!(file.layout().rate, SampleRate::new(238, 5).expect("not zero"));
    assert_eq!(file.layout().separator, Separator::None);
    assert_eq!(collect(&mut file).len(), 50);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let text = table("t,emg\n", 50, |index| format!("0.{index:03},{}", wave(index)));
    let refused = |options: TextOptions| {
        open_with(text.as_bytes(), &options).expect_err("nonsense").to_string()
    };
    let rate = "is no possible sampling rate; pass --rate with a number from 0.01 to 1000000";
    for hz in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert_eq!(refused(with_rate(hz)), format!("{hz} Hz {rate}"));
    }
    for (scale, offset) in [(0.0, 0.0), (f64::NAN, 0.0), (1.0, f64::INFINITY)] {
        let message = refused(TextOptions { scale, offset, ..TextOptions::default() });
        assert!(message.starts_with(&format!("scale {scale} with offset {offset}")), "{message}");
    }
    let channels = |names: &[&str]| TextOptions {
        channels: names.iter().map(|name| ChannelChoice::Name((*name).to_owned())).collect(),
        ..TextOptions::default()
    };
    assert_eq!(
        refused(channels(&["force"])),
        "no column `force`; columns by number: 0 t (time), 1 emg"
    );
    assert!(refused(channels(&["emg"; 17])).starts_with("17 channels were asked for"));
}

#[test]
fn a_time_in_whole_numbers_without_unit_is_not_guessed() {
    let text = table("time,emg\n", 100, |index| format!("{},{}", index * 4, wave(index)));
    assert_eq!(
        error(&text),
        "column `time` counts 4 by 4, but the file does not say in which unit; pass --rate HZ, or name the column time_s or time_ms"
    );
    let named = text.replace("time,", "time_ms,");
    let file = open(&named).expect("the name says milliseconds");
    assert_eq!(file.layout().rate.hz().to_bits(), 250.0_f64.to_bits());
    let stated = format!("# sampling rate: 250 Hz\n{text}");
    let file = open(&stated).expect("the rate says milliseconds");
    let time = file.layout().time.expect("a time column");
    assert_eq!((time.unit, time.unit_origin), (TimeUnit::Milliseconds, Origin::File));
    assert_eq!(file.layout().timing, Timing::Regular);
}

#[test]
fn a_time_that_stands_still_is_no_time() {
    let text = table("time,emg\n", 100, |index| format!("5,{}", wave(index)));
    assert_eq!(error(&text), "time in column `time` does not advance; pass --rate HZ");
    let stated = format!("# sampling rate: 250 Hz\n{text}");
    assert_eq!(open(&stated).expect("a rate is stated").layout().timing, Timing::Stated);
}

#[test]
fn unix_time_in_milliseconds_is_known_by_its_size() {
    let start = 1_741_897_731_000_u64;
    let text = table("timestamp,p [cmH2O]\n", 100, |index| {
        format!("{},{}", start + u64::from(index) * 20, wave(index))
    });
    let file = open(&text).expect("a table");
    let layout = file.layout();
    assert_eq!(layout.rate.hz().to_bits(), 50.0_f64.to_bits());
    let first_unix_s = layout.time.and_then(|time| time.first_unix_s).expect("it is absolute");
    assert!((first_unix_s - 1_741_897_731.0).abs() < 1e-3, "{first_unix_s}");
    assert_eq!((layout.unit, layout.unit_origin), (Unit::CentimetreWater, Origin::File));
    assert_eq!((layout.kind, layout.kind_origin), (SignalKind::Pressure, Origin::File));
}

#[test]
fn every_way_of_writing_a_table_gives_the_same_values() {
    let plain = table("time,emg\n", 60, |index| {
        format!("{}.{:02},{}.5", index / 100, index % 100, wave(index))
    });
    let mut expected = open(&plain).expect("a table");
    assert_eq!(expected.layout().rate.hz().to_bits(), 100.0_f64.to_bits());
    let expected = collect(&mut expected);
    let quoted: String = plain
        .lines()
        .map(|line| format!("\"{}\"\n", line.replace(',', "\",\"").replace('.', ",")))
        .collect();
    for (what, text) in [
        ("CR LF", plain.replace('\n', "\r\n")),
        ("CR", plain.replace('\n', "\r")),
        ("no last line end", plain.trim_end().to_owned()),
        ("byte order mark", format!("\u{feff}{plain}")),
        ("comma and space", plain.replace(',', ", ")),
        ("tab", plain.replace(',', "\t")),
        ("tab at the end", plain.replace(',', "\t").replace('\n', "\t\n")),
        ("spaces", plain.replace(',', "   ")),
        ("semicolon and decimal comma", plain.replace(',', ";").replace('.', ",")),
        ("tab and decimal comma", plain.replace(',', "\t").replace('.', ",")),
        ("quotes and decimal comma", quoted),
        ("no header", plain.replace("time,emg\n", "")),
        ("comment for a header", format!("# {plain}")),
        ("preamble", format!("Device: X\nDate: 2024-05-01\n\n{plain}")),
        ("comments between rows", plain.replace("\n0.3", "\n# three\n\n0.3")),
    ] {
        let mut file = open(&text).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(collect(&mut file), expected, "{what}");
        assert_eq!(file.layout().timing, Timing::Regular, "{what}");
        assert_eq!(file.layout().decimal_comma, what.contains("decimal"), "{what}");
    }
}

#[test]
fn names_in_latin_1_are_read() {
    let mut bytes = b"Zeit [s];EMG [\xb5V]\n".to_vec();
    bytes.extend(table("", 30, |index| format!("0,{index:02};{}", wave(index))).bytes());
    let file = open_with(&bytes, &TextOptions::default()).expect("a table");
    assert_eq!(file.layout().columns[1].name, "EMG [µV]");
    assert_eq!(file.layout().unit, Unit::Microvolt);
}

#[test]
fn rows_without_value_are_counted_by_reason_and_line() {
    let mut rows: Vec<String> =
        (0..40).map(|index| format!("0.{index:02},{},", wave(index))).collect();
    rows[5] = "0.05,,".to_owned();
    rows[9] = "0.09,nan,".to_owned();
    rows[12] = "0.12,oops,".to_owned();
    rows[15] = "0.15".to_owned();
    rows[18] = ",4,".to_owned();
    rows[21] = "0.21,,press".to_owned();
    rows[24] = "0.24,7,cough".to_owned();
    rows[27] = "0.27,8,,,9".to_owned();
    let mut file = open(&format!("t_s,emg,note\n{}\n", rows.join("\n"))).expect("a table");
    let layout = file.layout().clone();
    let skipped: Vec<_> = layout.skipped.iter().collect();
    assert_eq!(
        skipped,
        [
            (SkipReason::Blank, 1, 7),
            (SkipReason::Marker, 1, 23),
            (SkipReason::Text, 1, 14),
            (SkipReason::NotFinite, 1, 11),
            (SkipReason::Short, 1, 17),
            (SkipReason::NoTime, 1, 20),
        ]
    );
    assert_eq!((layout.sample_count, layout.bridged_count, layout.gap_count), (40, 6, 0));
    let notes: Vec<_> =
        layout.notes.iter().map(|note| (note.line, note.at_s, note.text.as_str())).collect();
    assert_eq!(notes, [(23, Some(0.21), "press"), (26, Some(0.24), "cough")]);
    assert_eq!(collect(&mut file).len(), 40);
}

#[test]
fn a_signal_whose_rows_are_counted_keeps_its_place_over_blank_values() {
    let mut rows: Vec<String> = (0..40).map(|index| format!("{},0", wave(index))).collect();
    rows[5] = ",0".to_owned();
    for row in &mut rows[20..30] {
        *row = ",0".to_owned();
    }
    let text = rows.join("\n");
    let mut file = open_with(text.as_bytes(), &with_rate(10.0)).expect("a table");
    let layout = file.layout();
    assert_eq!((layout.sample_count, layout.bridged_count), (40, 1));
    assert_eq!((layout.gap_count, layout.missing_count, layout.gaps[0].first.0), (1, 10, 20));
    assert_eq!(collect(&mut file).last(), Some(&(39, vec![f64::from(wave(39))])));
}

#[test]
fn gaps_and_wrong_stamps_do_not_shift_what_follows() {
    let mut rows: Vec<String> =
        (0..600).map(|index| format!("{:.3},{}", f64::from(index) * 0.005, wave(index))).collect();
    rows[100] = "0.000,1".to_owned();
    rows[200] = "99999.0,1".to_owned();
    rows[300] = rows[299].clone();
    rows.drain(400..500);
    let mut file = open(&format!("time,emg\n{}\n", rows.join("\n"))).expect("a table");
    let layout = file.layout();
    assert_eq!((layout.rate.hz().to_bits(), layout.timing), (200.0_f64.to_bits(), Timing::Regular));
    assert_eq!((layout.sample_count, layout.gap_count, layout.missing_count), (600, 1, 100));
    assert_eq!((layout.gaps[0].first.0, layout.gaps[0].line), (400, 402));
    assert_eq!((layout.skipped.count(SkipReason::Backwards), layout.restart_count), (2, 0));
    assert_eq!((layout.skipped.count(SkipReason::Repeated), layout.bridged_count), (1, 3));
    assert_eq!(collect(&mut file).last(), Some(&(599, vec![f64::from(wave(599))])));
}

#[test]
fn two_recordings_in_one_file_are_kept_apart() {
    let part = table("", 300, |index| format!("{:.2},{}", f64::from(index) * 0.01, wave(index)));
    let mut file = open(&format!("time,p\n{part}time,p\n{part}")).expect("a table");
    let layout = file.layout();
    assert_eq!((layout.row_count, layout.restart_count, layout.gap_count), (600, 1, 1));
    assert_eq!((layout.sample_count, layout.missing_count), (601, 1));
    assert_eq!(layout.skipped.count(SkipReason::Text), 1);
    assert_eq!(collect(&mut file)[300], (301, vec![0.0]));
}

#[test]
fn a_rate_between_whole_numbers_is_found() {
    for (step_s, decimals, hz) in [(1.0 / 999.5, 6, 999.5), (1.0 / 1111.0, 4, 1111.0)] {
        let text = table("t,emg\n", 9000, |index| {
            format!("{:.decimals$},{}", f64::from(index) * step_s, wave(index))
        });
        let mut file = open(&text).expect("a table");
        assert_eq!(file.layout().timing, Timing::Regular, "{hz}");
        // What the printed digits leave open, over nine thousand rows.
        assert!((file.layout().rate.hz() - hz).abs() < 1e-3 * hz, "{}", file.layout().rate);
        assert_eq!(collect(&mut file).len(), 9000);
    }
}

#[test]
fn uneven_stamps_of_a_fast_signal_leave_its_rows_as_they_are() {
    // A computer that reads packets of ten rows every 10 ms and stamps each row as it comes.
    let text = table("unix,emg\n", 6000, |index| {
        let stamp = f64::from(index / 10) * 0.01 + f64::from(index % 10) * 0.000_05;
        format!("{:.5},{}", 1_741_897_731.0 + stamp, wave(index))
    });
    let mut file = open(&text).expect("a table");
    assert_eq!(file.layout().timing, Timing::Evened);
    // The time that the last of 600 packets stands for is not in the file.
    assert!((file.layout().rate.hz() - 1000.0).abs() < 1000.0 / 600.0, "{}", file.layout().rate);
    let scans = collect(&mut file);
    assert_eq!(scans.len(), 6000);
    assert_eq!(scans[4321], (4321, vec![f64::from(wave(4321))]));

    // The same with a stated rate, and a pause of two seconds.
    let text = table("# Sample Rate = 1000 Hz\ntimestamp,emg\n", 6000, |index| {
        let pause = if index < 3000 { 0.0 } else { 2.0 };
        let stamp = f64::from(index / 10) * 0.01 + f64::from(index % 10) * 0.000_05 + pause;
        format!("{:.5},{}", 1_741_897_731.0 + stamp, wave(index))
    });
    let layout = open(&text).expect("a table").layout().clone();
    assert_eq!((layout.timing, layout.rate.hz().to_bits()), (Timing::Stated, 1000.0_f64.to_bits()));
    assert_eq!((layout.gap_count, layout.gaps[0].first.0), (1, 3000));
    // 2 s and the 9.55 ms to the next packet, less the step itself.
    assert_eq!(layout.gaps[0].sample_count, 2009);
}

#[test]
fn stamps_in_whole_seconds_do_not_hide_a_fast_signal() {
    let text = table("unix_time,emg\n", 5000, |index| {
        format!("{},{}", 1_741_897_731 + index / 250, wave(index))
    });
    let mut file = open(&text).expect("a table");
    assert_eq!(file.layout().timing, Timing::Evened);
    // The first and the last second are cut at unknown places.
    assert!((file.layout().rate.hz() - 250.0).abs() < 15.0, "{}", file.layout().rate);
    assert_eq!(collect(&mut file).len(), 5000);
}

#[test]
fn time_that_turns_uneven_late_is_noticed() {
    let jitter = |index: u32| if index < 5000 { 0 } else { index * 7919 % 40 };
    let text = table("time_ms,p\n", 6000, |index| {
        format!("{},{}", index * 100 + jitter(index), wave(index))
    });
    let mut file = open(&text).expect("a table");
    let Timing::Resampled { median_hz } = file.layout().timing else {
        panic!("{:?}", file.layout().timing);
    };
    assert!((median_hz - 10.0).abs() < 0.1, "{median_hz}");
    collect(&mut file);
}

#[test]
fn known_formats_are_read_as_their_programs_mean_them() {
    let opensignals = table(
        "# OpenSignals Text File Format. Version 1\n# {\"00:07\": {\"sensor\": [\"RAW\", \"EMG\"], \"column\": [\"nSeq\", \"I1\", \"A1\", \"A2\"], \"sampling rate\": 1000, \"resolution\": [16]}}\n# EndOfHeader\n",
        300,
        |index| format!("{}\t0\t{}\t{}\t", index % 16, wave(index), wave(index + 50)),
    );
    let mut file = open(&opensignals).expect("OpenSignals");
    let layout = file.layout();
    let columns: Vec<String> = layout.columns.iter().map(ToString::to_string).collect();
    assert_eq!(columns, ["0 nSeq (counter)", "1 I1 (constant)", "2 A1", "3 A2", "4 (empty)"]);
    assert_eq!((layout.rate.hz().to_bits(), layout.timing), (1000.0_f64.to_bits(), Timing::Stated));
    assert_eq!(layout.channels, [2]);
    assert_eq!(collect(&mut file).len(), 300);

    let openbci = table(
        "%OpenBCI Raw EXG Data\n%Number of channels = 8\n%Sample Rate = 250 Hz\n%Board = Cyton\nSample Index, EXG Channel 0, EXG Channel 1, Timestamp, Timestamp (Formatted)\n",
        600,
        |index| {
            let burst = f64::from(index / 25) * 0.1 + f64::from(index % 25) * 0.000_01;
            let at = 1_700_000_000.0 + burst;
            format!("{}, {}.5, 7.0, {at:.6}, 2023-11-14 22:13:20.000", index % 256, wave(index))
        },
    );
    let mut file = open(&openbci).expect("OpenBCI");
    let layout = file.layout();
    assert_eq!((layout.rate.hz().to_bits(), layout.timing), (250.0_f64.to_bits(), Timing::Stated));
    assert_eq!(layout.channel_title(0).as_deref(), Some("EXG Channel 0"));
    assert_eq!((layout.kind, layout.note_count, layout.gap_count), (SignalKind::Emg, 0, 0));
    assert_eq!(collect(&mut file).len(), 600);
}

#[test]
fn what_was_guessed_is_called_a_guess() {
    let text = table("time_s,a,b_N\n", 100, |index| {
        format!("{:.3},{},1.5", f64::from(index) * 0.005, wave(index))
    });
    let layout = open(&text).expect("a table").layout().clone();
    assert_eq!((layout.kind, layout.kind_origin), (SignalKind::Emg, Origin::Guessed));
    assert_eq!(layout.channels_origin, Origin::Guessed);
    let slow = text.replace("time_s", "time_min");
    let layout = open(&slow).expect("a table").layout().clone();
    assert_eq!((layout.kind, layout.kind_origin), (SignalKind::Pressure, Origin::Guessed));
    let options = TextOptions {
        kind: Some(SignalKind::EmgEnvelope),
        unit: Some(Unit::Microvolt),
        ..TextOptions::default()
    };
    let layout = open_with(text.as_bytes(), &options).expect("a table").layout().clone();
    assert_eq!((layout.kind, layout.kind_origin), (SignalKind::EmgEnvelope, Origin::Given));
    assert_eq!((layout.unit, layout.unit_origin), (Unit::Microvolt, Origin::Given));
}

#[test]
fn a_scale_without_unit_makes_a_number_without_unit() {
    let text = table("t_s,force_N\n", 20, |index| format!("0.{index:02},{}", wave(index)));
    assert_eq!(open(&text).expect("a table").layout().unit, Unit::Newton);
    let options = TextOptions { scale: 0.5, ..TextOptions::default() };
    let layout = open_with(text.as_bytes(), &options).expect("a table").layout().clone();
    assert_eq!((layout.unit, layout.kind), (Unit::Count, SignalKind::Pressure));
}

#[test]
fn a_given_rate_takes_the_place_of_time_but_for_the_start() {
    let text = table("t_s,p\n", 100, |index| format!("{}.5,{}", 40 + index * 7, wave(index)));
    let text = format!("{text}Annotations:\n41.5,cough\n");
    let layout = open_with(text.as_bytes(), &with_rate(10.0)).expect("a table").layout().clone();
    assert_eq!((layout.sample_count, layout.gap_count, layout.timing), (100, 0, Timing::Given));
    assert_eq!(layout.time.map(|time| time.first_s.to_bits()), Some(40.5_f64.to_bits()));
    assert_eq!(layout.notes[0].at_s, Some(1.0));
}

#[test]
fn notes_and_gaps_are_listed_up_to_a_limit_and_counted_beyond() {
    let text = table("t_s,p,note\n", 3000, |index| {
        let note = if index % 2 == 0 { "x" } else { "" };
        format!("{},{},{note}", index * 10 + index % 2, wave(index))
    });
    let layout = open(&text).expect("a table").layout().clone();
    assert_eq!((layout.note_count, layout.notes.len()), (1500, 1000));
}
