//! Faults in real and made signals: each is found by its name within 5 s, and nothing else is.
//!
//! The table in `tests/snapshots/quality.txt` shows what is found in every signal. If it moved and that
//! is right, move the new one over it.

mod made;

use std::fmt::Write;

use levator_record::text::{ChannelChoice, TextFile, TextOptions};
use levator_signal::preset;
use levator_signal::quality::{Change, Rails, Severity};
use levator_signal::{
    Cascade, Fault, Finding, Monitor, MonitorConfig, Quality, SampleIndex, SampleRate, SignalCheck,
    SignalKind, Verdict,
};

use crate::support::data;

/// A signal with what is wrong in it, as far as that was done on purpose.
pub(crate) struct Case {
    name: String,
    config: MonitorConfig,
    values: Vec<f64>,
    /// Samples that are missing before the one of this index.
    gaps: Vec<(usize, u64)>,
    /// From which sample on the fault is there, and by which names it may go. None: it is clean.
    fault: Option<(usize, &'static [Fault])>,
    /// Within how many seconds it must be named.
    within_s: f64,
}

/// What a monitor says of a signal.
struct Watched {
    findings: Vec<Finding>,
    /// Samples with a flag of a fault that is worse than a note, and all.
    flagged: u64,
    count: u64,
}

fn filter(kind: SignalKind, rate: SampleRate) -> Cascade {
    let filter = match kind {
        SignalKind::Emg => preset::emg_pelvic(rate),
        _ => preset::pressure_low_pass(rate),
    };
    Cascade::new(&filter.expect("the rate is legal").sections)
}

/// Feeds a case in blocks of odd lengths.
fn watch(case: &Case) -> Watched {
    let mut monitor = Monitor::new(case.config.rate);
    monitor.start(&case.config).expect("a legal channel");
    let mut cascade = filter(case.config.kind, case.config.rate);
    let mut findings: Vec<Finding> = Vec::new();
    let mut changes = Vec::new();
    let (mut at, mut index, mut flagged) = (0_u64, 0, 0);
    let mut gaps = case.gaps.iter().peekable();
    let bad = Fault::ALL
        .into_iter()
        .filter(|fault| fault.severity() >= Severity::Doubtful)
        .fold(Quality::GOOD, |all, fault| all | fault.flag());
    let mut quality = Quality::GOOD;
    while index < case.values.len() {
        if let Some((_, missing)) = gaps.next_if(|(gap, _)| *gap == index) {
            at += missing;
            cascade.reset();
        }
        let next_gap = gaps.peek().map_or(usize::MAX, |(gap, _)| *gap);
        let end = (index + 37).min(case.values.len()).min(next_gap);
        let values = &case.values[index..end];
        let mut filtered = values.to_vec();
        cascade.process(&mut filtered);
        monitor.process(SampleIndex(at), values, &filtered, Quality::GOOD, &mut |notice| {
            changes.push((notice.at.0, notice.quality));
            if let Change::Ended(finding) = notice.change {
                findings.push(finding);
            }
        });
        for sample in at..at + values.len() as u64 {
            while changes.first().is_some_and(|(from, _)| *from <= sample) {
                quality = changes.remove(0).1;
            }
            flagged += u64::from(quality.intersects(bad));
        }
        at += values.len() as u64;
        index = end;
    }
    findings.extend(monitor.open().copied());
    findings.sort_by_key(|finding| (finding.known_at, finding.fault));
    Watched { findings, flagged, count: case.values.len() as u64 }
}

/// The faults of a severity, in the order in which they were known, each once, with its first instant in
/// seconds, its worst value, and how often it was found.
fn summary(watched: &Watched, rate: SampleRate, since_s: f64) -> String {
    let mut faults: Vec<Fault> = Vec::new();
    let mut text = String::new();
    for finding in &watched.findings {
        if faults.contains(&finding.fault) {
            continue;
        }
        faults.push(finding.fault);
        let same = watched.findings.iter().filter(|other| other.fault == finding.fault);
        let worst = same.clone().map(|one| one.value.abs()).fold(0.0, f64::max);
        let known_s = rate.time_s(finding.known_at) - since_s;
        let separator = if text.is_empty() { "" } else { "; " };
        let note = if finding.fault.severity() == Severity::Note { " (note)" } else { "" };
        write!(
            text,
            "{separator}{}{note} {known_s:.2} s, {worst:.3}, x{}",
            finding.fault,
            same.count()
        )
        .expect("text has room");
    }
    if text.is_empty() { "-".to_owned() } else { text }
}

/// One line of the table, and whether it is as it must be.
fn judge(case: &Case, table: &mut String) -> Option<String> {
    let watched = watch(case);
    let rate = case.config.rate;
    let percent = 100.0 * watched.flagged as f64 / watched.count as f64;
    let mut wrong = None;
    let since_s = case.fault.map_or(0.0, |(from, _)| from as f64 / rate.hz());
    if let Some((_, allowed)) = case.fault {
        let real = watched.findings.iter().filter(|one| one.fault.severity() >= Severity::Doubtful);
        let in_time = real.clone().any(|finding| {
            let known_s = rate.time_s(finding.known_at) - since_s;
            allowed.contains(&finding.fault) && (0.0..=case.within_s).contains(&known_s)
        });
        let other = real.clone().find(|finding| !allowed.contains(&finding.fault));
        if !in_time {
            wrong = Some(format!("{}: not found within {} s", case.name, case.within_s));
        } else if let Some(other) = other {
            wrong = Some(format!("{}: {} is not there", case.name, other.fault));
        }
    } else if percent >= 1.0 {
        wrong = Some(format!("{}: {percent:.2} % falsely flagged", case.name));
    }
    let found = summary(&watched, rate, since_s);
    writeln!(
        table,
        "{:<44} {:>7.1} s {percent:>6.2} %  {found}",
        case.name,
        watched.count as f64 / rate.hz()
    )
    .expect("text has room");
    wrong
}

/// File, channel, rate that the file does not tell, kind, the faults it is known for.
type Row = (&'static str, Option<&'static str>, Option<f64>, SignalKind, &'static [Fault]);

const CLIPPED: &[Fault] = &[Fault::SaturatedLow, Fault::SaturatedHigh];
/// Thirty-eight samples at the ends of 12 bits, and twitches of 60 ms between contractions.
const RAILS_AND_TWITCHES: &[Fault] = &[Fault::SaturatedLow, Fault::SaturatedHigh, Fault::Spike];
const BROKEN: &[Fault] = &[Fault::Erratic, Fault::SaturatedHigh, Fault::SaturatedLow, Fault::Spike];
const FROZEN: &[Fault] = &[Fault::Flat, Fault::BaselineStep];

const RECORDINGS: [Row; 18] = [
    ("biceps_9_bursts.csv", None, None, SignalKind::Emg, &[]),
    ("biceps_30_fatigue.csv", None, None, SignalKind::Emg, RAILS_AND_TWITCHES),
    ("thumb_21_flicks.csv", None, None, SignalKind::Emg, &[]),
    ("emg_with_force_1.csv", Some("emg"), None, SignalKind::Emg, &[]),
    ("weak_2_contractions.txt", None, None, SignalKind::Emg, &[]),
    ("mixed_4_bursts.txt", None, None, SignalKind::Emg, &[]),
    ("hold_10s_knee_ID1.csv", Some("emg_VL"), None, SignalKind::Emg, &[]),
    ("hold_10s_knee_ID1.csv", Some("emg_BF"), None, SignalKind::Emg, &[]),
    ("hold_10s_knee_ID1.csv", Some("emg_TA"), None, SignalKind::Emg, &[]),
    ("hold_10s_knee_ID1.csv", Some("emg_LG"), None, SignalKind::Emg, &[]),
    ("fist_myo_10000-1.txt", Some("7"), Some(200.0), SignalKind::Emg, &[]),
    ("fist_myo_10000-2.txt", Some("7"), Some(200.0), SignalKind::Emg, CLIPPED),
    ("fist_myo_54321-1.txt", Some("0"), Some(200.0), SignalKind::Emg, CLIPPED),
    ("rest_myo_10000-1.txt", Some("7"), Some(200.0), SignalKind::Emg, &[]),
    ("grip_8_squeezes.csv", None, None, SignalKind::Pressure, &[]),
    ("grip_5_squeezes.csv", None, None, SignalKind::Pressure, &[]),
    ("grip_step_hold_25s.csv", None, None, SignalKind::Pressure, &[]),
    ("grip_sensor_fault.csv", None, None, SignalKind::Pressure, BROKEN),
];

/// File, sensors, the faults it is known for.
type Manometry = (&'static str, &'static [&'static str], &'static [Fault]);

const SENSORS: &[&str] = &["B2", "B1", "10", "9", "8", "7", "6", "5", "4", "3", "2", "1"];

const MANOMETRY: [Manometry; 7] = [
    ("anorectal_1.txt", SENSORS, &[]),
    ("anorectal_norair.txt", SENSORS, &[]),
    ("anorectal_nointerpolation.txt", SENSORS, &[]),
    ("bad_testshort.txt", SENSORS, &[]),
    ("bad_testnomarkers.txt", SENSORS, &[]),
    ("bad_testmissingmarkers.txt", SENSORS, &[]),
    // Its last 23 s are one and the same row.
    ("bad_testdeactivatedchannels.txt", SENSORS, FROZEN),
];

fn recording(
    file: &str,
    channel: Option<&str>,
    rate_hz: Option<f64>,
    kind: SignalKind,
    faults: &'static [Fault],
) -> Case {
    let options = TextOptions {
        channels: channel.map(|name| ChannelChoice::Name(name.to_owned())).into_iter().collect(),
        rate_hz,
        kind: Some(kind),
        ..TextOptions::default()
    };
    let mut text = TextFile::open(&data(file), &options).expect("it is a table");
    let info = text.stream_info();
    let mut values: Vec<f64> = Vec::new();
    let mut gaps = Vec::new();
    let mut next = None;
    text.read(&mut |scans| {
        if let Some(next) = next.filter(|next| *next != scans.first.0) {
            gaps.push((values.len(), scans.first.0 - next));
        }
        next = Some(scans.first.0 + scans.codes.len() as u64);
        values.extend(scans.codes.iter().map(|code| info.calibrations[0].apply(*code)));
    })
    .expect("it can be read");
    let stem = file.rsplit('/').next().expect("a name").split('.').next().expect("a stem");
    let name = channel.map_or(stem.to_owned(), |channel| format!("{stem} {channel}"));
    let config = MonitorConfig { kind, rate: info.rate, rails: None, noise_limit: None };
    let first_fault = match stem {
        // The second time that the lower end is reached: one sample could be anything.
        "biceps_30_fatigue" => 30_870,
        "fist_myo_10000-2" => (25.2 * 200.0) as usize,
        "fist_myo_54321-1" => (5.4 * 200.0) as usize,
        "bad_testdeactivatedchannels" => values.len().saturating_sub(42),
        _ => 0,
    };
    let fault = (!faults.is_empty()).then_some((first_fault, faults));
    let within_s = match stem {
        // Two thirds of its first 12 s are missing.
        "grip_sensor_fault" => 12.0,
        // At 2 Hz a value that repeats nine times is nothing special: a dozen are needed.
        "bad_testdeactivatedchannels" => 7.0,
        _ => 5.0,
    };
    Case { name, config, values, gaps, fault, within_s }
}

fn cases() -> Vec<(&'static str, Vec<Case>)> {
    let mut real: Vec<Case> = RECORDINGS
        .into_iter()
        .map(|(file, channel, rate_hz, kind, faults)| {
            recording(&format!("recordings/{file}"), channel, rate_hz, kind, faults)
        })
        .collect();
    for (file, sensors, faults) in MANOMETRY {
        for sensor in sensors {
            let file = format!("manometry/{file}");
            real.push(recording(&file, Some(sensor), None, SignalKind::Pressure, faults));
        }
    }
    vec![
        ("real", real),
        ("made, clean", made::clean()),
        ("made, with one fault (times since it began)", made::faulty()),
    ]
}

#[test]
fn each_fault_is_named_within_five_seconds_and_clean_signals_are_left_alone() {
    let mut table = String::from(
        "signal                                        length  flagged  fault: known after, worst value, how often\n",
    );
    let mut wrong = Vec::new();
    for (title, cases) in cases() {
        writeln!(table, "\n{title}").expect("text has room");
        for case in cases {
            wrong.extend(judge(&case, &mut table));
        }
    }
    let path = format!("{}/tests/snapshots/quality.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        assert_eq!(wrong, Vec::<String>::new());
        panic!("what is found moved; if that is right, move {new} over {path}");
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What the check before a visit says of the first seconds from where a fault began.
fn verdict(case: &Case, from: usize, seconds: f64) -> (Verdict, Vec<Fault>) {
    let mut check = SignalCheck::new(case.config.rate);
    check.start(&case.config).expect("a legal channel");
    let mut cascade = filter(case.config.kind, case.config.rate);
    let count = case.config.rate.sample_count(seconds);
    let values = &case.values[from..(from + count).min(case.values.len())];
    let mut filtered = values.to_vec();
    cascade.process(&mut filtered);
    let verdict = check.process(SampleIndex::ZERO, values, &filtered, Quality::GOOD);
    (verdict, check.findings().map(|(finding, _)| finding.fault).collect())
}

#[test]
fn the_check_before_a_visit_passes_clean_signals_after_five_seconds() {
    for case in made::clean() {
        let (early, _) = verdict(&case, 0, 4.0);
        assert!(matches!(early, Verdict::Listening { .. }), "{}: {early:?}", case.name);
        let (late, faults) = verdict(&case, 0, 5.2);
        assert_eq!(late, Verdict::Pass, "{}: {faults:?}", case.name);
    }
}

#[test]
fn the_check_before_a_visit_names_the_fault_within_five_seconds() {
    for case in made::checked() {
        let (_, expected) = case.fault.expect("each has one");
        let (verdict, faults) = verdict(&case, 0, 5.0);
        assert!(!matches!(verdict, Verdict::Pass), "{}", case.name);
        assert!(faults.iter().any(|fault| expected.contains(fault)), "{}: {faults:?}", case.name);
    }
}
