//! Every text file of the test data, as strangers' programs wrote it.

use levator_signal::{SampleRate, SignalKind, Unit};

use super::{collect, repository_file};
use crate::text::{
    ChannelChoice, Layout, Origin, Role, Separator, SkipReason, TextError, TextFile, TextOptions,
    Timing,
};

fn open(folder: &str, name: &str, options: &TextOptions) -> TextFile {
    TextFile::open(&repository_file(folder, name), options)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn recording(name: &str) -> TextFile {
    open("recordings", name, &TextOptions::default())
}

fn manometry(name: &str) -> TextFile {
    open("manometry", name, &TextOptions::default())
}

fn rate(scans: u64, seconds: u64) -> SampleRate {
    SampleRate::new(scans, seconds).expect("not zero")
}

fn channel(layout: &Layout) -> String {
    layout.channel_title(0).expect("at least one channel")
}

/// Values of the only channel.
fn values(file: &mut TextFile) -> Vec<f64> {
    collect(file).into_iter().map(|(_, scan)| scan[0]).collect()
}

#[test]
fn amplifier_files_have_their_rate_rows_and_channel() {
    let stated = Timing::Stated;
    for (name, hz, rows, wanted, timing) in [
        ("biceps_9_bursts.csv", 1000, 28_519, "adc", Timing::Regular),
        ("biceps_30_fatigue.csv", 1000, 126_900, "adc", Timing::Regular),
        ("thumb_21_flicks.csv", 1000, 87_600, "adc", Timing::Regular),
        ("emg_with_force_1.csv", 1000, 5_000, "emg", Timing::Regular),
        ("hold_10s_knee_ID1.csv", 2000, 20_001, "emg_VL", Timing::Regular),
        ("weak_2_contractions.txt", 1000, 100_000, "EMG", stated),
        ("mixed_4_bursts.txt", 1000, 63_880, "EMG", stated),
    ] {
        let mut file = recording(name);
        let layout = file.layout().clone();
        assert_eq!(layout.rate, rate(hz, 1), "{name}");
        assert_eq!(layout.timing, timing, "{name}");
        assert_eq!((layout.row_count, layout.sample_count), (rows, rows), "{name}");
        assert_eq!((layout.gap_count, layout.bridged_count, layout.skipped.total()), (0, 0, 0));
        assert_eq!(channel(&layout), wanted, "{name}");
        assert_eq!((layout.kind, layout.kind_origin), (SignalKind::Emg, Origin::File), "{name}");
        assert_eq!((layout.unit, layout.unit_origin), (Unit::Count, Origin::Guessed), "{name}");
        assert_eq!(collect(&mut file).len() as u64, rows, "{name}");
    }
}

#[test]
fn values_are_shifted_and_scaled_as_asked() {
    let options = TextOptions {
        unit: Some(Unit::Microvolt),
        scale: 0.045_776_367_187_5,
        offset: -32_768.0,
        ..TextOptions::default()
    };
    let mut file = open("recordings", "biceps_9_bursts.csv", &options);
    let info = file.stream_info();
    assert_eq!((info.unit, info.label.as_str(), info.channel_count), (Unit::Microvolt, "adc", 1));
    let values = values(&mut file);
    // First and last line of the file: 32718 and 33082.
    let expected = [(32_718.0 - 32_768.0) * options.scale, (33_082.0 - 32_768.0) * options.scale];
    assert_eq!([values[0], values[28_518]].map(f64::to_bits), expected.map(f64::to_bits));
}

#[test]
fn force_beside_emg_is_read_by_its_name_but_not_together_with_it() {
    let named = |names: &[&str]| TextOptions {
        channels: names.iter().map(|name| ChannelChoice::Name((*name).to_owned())).collect(),
        ..TextOptions::default()
    };
    let force = open("recordings", "emg_with_force_1.csv", &named(&["fo"]));
    assert_eq!(
        (channel(force.layout()), force.layout().kind),
        ("force".into(), SignalKind::Pressure)
    );

    let path = repository_file("recordings", "emg_with_force_1.csv");
    let error = TextFile::open(&path, &named(&["emg", "force"])).expect_err("two kinds");
    assert!(matches!(error, TextError::MixedKinds { .. }), "{error}");

    let mut muscles = open("recordings", "hold_10s_knee_ID1.csv", &named(&["emg_ta", "1"]));
    assert_eq!(muscles.stream_info().label.as_str(), "emg_TA, emg_VL");
    let scans = collect(&mut muscles);
    assert_eq!(
        scans[0].1.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
        [-19.293_f64, -88.937].map(f64::to_bits)
    );
}

#[test]
fn tables_without_time_need_a_rate() {
    for (name, rows, column) in [
        ("fist_myo_10000-1.txt", 12_058, 7),
        ("fist_myo_10000-2.txt", 12_090, 7),
        ("fist_myo_54321-1.txt", 11_976, 0),
        ("rest_myo_10000-1.txt", 12_104, 7),
    ] {
        let path = repository_file("recordings", name);
        let error = TextFile::open(&path, &TextOptions::default()).expect_err("no rate");
        assert!(matches!(error, TextError::NoRate), "{name}: {error}");

        let options = TextOptions {
            rate_hz: Some(200.0),
            channels: vec![ChannelChoice::Index(column)],
            ..TextOptions::default()
        };
        let mut file = open("recordings", name, &options);
        let layout = file.layout();
        assert_eq!((layout.rate, layout.timing), (rate(200, 1), Timing::Given));
        assert_eq!((layout.row_count, layout.channels.clone()), (rows, vec![column]), "{name}");
        assert_eq!((layout.kind, layout.kind_origin), (SignalKind::Emg, Origin::Guessed));
        assert_eq!(channel(layout), format!("column {column}"));
        let roles: Vec<Role> = layout.columns.iter().map(|column| column.role).collect();
        let cue = if name.starts_with("rest") { Role::Constant } else { Role::Cue };
        assert_eq!(roles, [[Role::Signal; 8].as_slice(), &[cue]].concat(), "{name}");
        assert_eq!(collect(&mut file).len() as u64, rows, "{name}");
    }
}

#[test]
fn uneven_force_logs_are_resampled_and_their_triggers_kept() {
    for (name, rows, triggers, duration_s, first_trigger_s, median_hz) in [
        ("grip_8_squeezes.csv", 168, 9, 13.542, 0.341_364, 12.486),
        ("grip_5_squeezes.csv", 117, 7, 9.041, 0.081_217, 12.506),
        ("grip_step_hold_25s.csv", 577, 0, 50.400, 0.0, 12.499),
    ] {
        let mut file = recording(name);
        let layout = file.layout().clone();
        assert_eq!(layout.rate, rate(25, 2), "{name}");
        let Timing::Resampled { median_hz: found } = layout.timing else {
            panic!("{name}: {:?}", layout.timing);
        };
        assert!((found - median_hz).abs() < 1e-3, "{name}: {found}");
        assert_eq!((layout.kind, channel(&layout)), (SignalKind::Pressure, "force".to_owned()));
        assert_eq!((layout.row_count, layout.gap_count), (rows, 0), "{name}");
        assert_eq!(layout.skipped.count(SkipReason::Marker), triggers, "{name}");
        assert_eq!((layout.skipped.total(), layout.note_count), (triggers, triggers), "{name}");
        // The last tick lies less than a step before the last row.
        let step_s = 0.08;
        assert!((layout.duration_s() - step_s - duration_s).abs() < step_s, "{name}");
        let time = layout.time.expect("a time column");
        assert!(time.first_unix_s.is_some_and(|first_s| first_s > 1.7e9), "{name}");
        if let Some(note) = layout.notes.first() {
            assert_eq!(note.text, "TRIG");
            let at_s = note.at_s.expect("it has a time");
            assert!((at_s - first_trigger_s).abs() < 2e-6, "{name}: {at_s}");
        }
        // Straight lines stay within the values of the file.
        let values = values(&mut file);
        assert!(values.iter().all(|value| (-2.0..=130.0).contains(value)), "{name}");
    }
}

#[test]
fn a_faulty_sensor_leaves_gaps_in_which_nothing_is_made_up() {
    let mut file = recording("grip_sensor_fault.csv");
    let layout = file.layout().clone();
    assert_eq!((layout.row_count, layout.rate), (103, rate(25, 2)));
    // Eleven jumps exceed five median steps of 0.08 s. Where a row between two of them meets no tick of
    // the grid, their gaps are one. The spans were worked out from the file by hand.
    let gaps: Vec<(u64, u64)> =
        layout.gaps.iter().map(|gap| (gap.first.0, gap.sample_count)).collect();
    let expected = [(1, 25), (27, 11), (55, 7), (64, 22), (124, 7), (142, 15), (158, 8), (212, 90)];
    assert_eq!(gaps, expected);
    assert_eq!((layout.gap_count, layout.missing_count, layout.sample_count), (8, 185, 306));
    assert_eq!(layout.gaps[7].line, 103);
    assert_eq!(layout.skipped.count(SkipReason::Isolated), 3);
    let scans = collect(&mut file);
    for (first, count) in gaps {
        assert!(scans.iter().all(|scan| scan.0 < first || scan.0 >= first + count));
    }
}

#[test]
fn manometry_exports_have_their_rate_sensors_and_annotations() {
    for (name, step, rows, first_s, notes) in [
        ("anorectal_1.txt", (50, 27), 679, 0.0, 17),
        ("anorectal_norair.txt", (10, 1), 2108, 34.5, 11),
        ("anorectal_nointerpolation.txt", (100, 17), 1640, 44.78, 10),
        ("bad_testshort.txt", (100, 17), 20, 44.78, 10),
        ("bad_testnomarkers.txt", (100, 17), 1640, 44.78, 0),
        ("bad_testmissingmarkers.txt", (100, 17), 1640, 44.78, 3),
        ("bad_testdeactivatedchannels.txt", (50, 27), 723, 0.0, 19),
    ] {
        let mut file = manometry(name);
        let layout = file.layout().clone();
        assert_eq!(layout.separator, Separator::Tab, "{name}");
        assert_eq!((layout.rate, layout.timing), (rate(step.0, step.1), Timing::Regular), "{name}");
        assert_eq!((layout.row_count, layout.sample_count), (rows, rows), "{name}");
        assert_eq!((layout.gap_count, layout.skipped.total()), (0, 0), "{name}");
        assert_eq!((layout.kind, layout.kind_origin), (SignalKind::Pressure, Origin::Guessed));
        let names: Vec<&str> = layout.columns[1..].iter().map(|column| &*column.name).collect();
        assert_eq!(names, ["B2", "B1", "10", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
        assert_eq!(channel(&layout), "B2", "{name}");
        let time = layout.time.expect("a time column");
        assert_eq!(time.first_s.to_bits(), f64::to_bits(first_s), "{name}");
        assert_eq!(time.first_unix_s, None, "{name}");
        assert_eq!(layout.note_count, notes, "{name}");
        assert_eq!(collect(&mut file).len() as u64, rows, "{name}");
    }
}

#[test]
fn annotations_keep_their_time_in_the_file_and_from_its_first_sample() {
    let found = |name: &str, text: &str| {
        let file = manometry(name);
        let note = file.layout().notes.iter().find(|note| note.text == text).cloned();
        note.map(|note| (note.file_time, note.at_s))
    };
    assert_eq!(found("anorectal_1.txt", "# Rest"), Some((Some(40.91), Some(40.91))));
    assert_eq!(found("anorectal_1.txt", "husten"), Some((Some(111.04), Some(111.04))));
    let late = "anorectal_nointerpolation.txt";
    assert_eq!(found(late, "# Squeeze 1"), Some((Some(67.38), Some(22.6))));
    // What did not happen, and sensors that were off, carry a negative time.
    assert_eq!(found("anorectal_norair.txt", "# RAIR"), Some((Some(-1.0), Some(-35.5))));
    assert_eq!(found("bad_testdeactivatedchannels.txt", "# 6"), Some((Some(-2.0), Some(-2.0))));
}

/// The pressures that the manometry README pins: p is the maximum over the anal sensors, the base its
/// median from 8 to 2 s before the mark, the peak its maximum from 1 s before to 10 s after.
#[test]
fn squeeze_pressures_come_out_as_pinned() {
    for (name, mark, base, peak, peak_at_s) in [
        ("anorectal_1.txt", "# Squeeze 1", 39.93, 46.83, 54.00),
        ("anorectal_1.txt", "# Squeeze 2", 35.92, 50.67, 73.98),
        ("anorectal_norair.txt", "# Squeeze 1", 130.12, 269.69, 54.60),
        ("anorectal_norair.txt", "# Squeeze 2", 123.00, 384.97, 66.50),
        ("anorectal_nointerpolation.txt", "# Squeeze 1", 47.02, 226.88, 69.77),
        ("anorectal_nointerpolation.txt", "# Long Squeeze", 50.72, 231.69, 91.87),
    ] {
        let options = TextOptions {
            channels: (3..=12).map(ChannelChoice::Index).collect(),
            ..TextOptions::default()
        };
        let mut file = open("manometry", name, &options);
        let layout = file.layout().clone();
        let first_s = layout.time.expect("a time column").first_s;
        let notes = &layout.notes;
        let mark_s = notes.iter().find(|note| note.text == mark).and_then(|note| note.at_s);
        let mark_s = mark_s.expect("the mark is there");
        let pressure: Vec<(f64, f64)> = collect(&mut file)
            .into_iter()
            .map(|(index, scan)| {
                let time_s = index as f64 / layout.rate.hz();
                (time_s - mark_s, scan.into_iter().fold(f64::NEG_INFINITY, f64::max))
            })
            .collect();
        let mut before: Vec<f64> = pressure
            .iter()
            .filter(|(at_s, _)| (-8.0 - 1e-9..=-2.0 + 1e-9).contains(at_s))
            .map(|(_, value)| *value)
            .collect();
        before.sort_by(f64::total_cmp);
        let median = 0.5 * (before[(before.len() - 1) / 2] + before[before.len() / 2]);
        let (top_s, top) =
            pressure.iter().filter(|(at_s, _)| (-1.0 - 1e-9..=10.0 + 1e-9).contains(at_s)).fold(
                (0.0, f64::NEG_INFINITY),
                |best, &(at_s, value)| {
                    if value > best.1 { (at_s, value) } else { best }
                },
            );
        // The table has two digits after the point.
        assert!((median - base).abs() < 0.006, "{name} {mark}: base {median}, expected {base}");
        assert!((top - peak).abs() < 1e-9, "{name} {mark}: peak {top}, expected {peak}");
        let top_at_s = top_s + mark_s + first_s;
        assert!((top_at_s - peak_at_s).abs() < 0.006, "{name} {mark}: at {top_at_s}");
    }
}
