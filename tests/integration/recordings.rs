//! Every recording of the repository, analysed with one set of defaults.

use std::fmt::Write;

use levator_record::text::{ChannelChoice, TextOptions};
use levator_signal::SignalKind;

use crate::support::{analysed_text, data, found, labels};

/// File, channel, rate that the file does not tell, kind, onset tolerance in seconds.
type Row = (&'static str, Option<&'static str>, Option<f64>, SignalKind, f64);

const RECORDINGS: [Row; 14] = [
    ("biceps_9_bursts.csv", None, None, SignalKind::Emg, 0.1),
    ("biceps_30_fatigue.csv", None, None, SignalKind::Emg, 0.1),
    ("thumb_21_flicks.csv", None, None, SignalKind::Emg, 0.1),
    ("emg_with_force_1.csv", Some("emg"), None, SignalKind::Emg, 0.1),
    ("weak_2_contractions.txt", None, None, SignalKind::Emg, 1.0),
    ("mixed_4_bursts.txt", None, None, SignalKind::Emg, 0.05),
    ("fist_myo_10000-1.txt", Some("7"), Some(200.0), SignalKind::Emg, 0.1),
    ("fist_myo_10000-2.txt", Some("7"), Some(200.0), SignalKind::Emg, 0.1),
    ("fist_myo_54321-1.txt", Some("0"), Some(200.0), SignalKind::Emg, 0.1),
    ("rest_myo_10000-1.txt", Some("7"), Some(200.0), SignalKind::Emg, 0.1),
    ("grip_8_squeezes.csv", None, None, SignalKind::Pressure, 0.1),
    ("grip_5_squeezes.csv", None, None, SignalKind::Pressure, 0.1),
    ("grip_step_hold_25s.csv", None, None, SignalKind::Pressure, 0.1),
    ("grip_sensor_fault.csv", None, None, SignalKind::Pressure, 0.1),
];

/// A table of what is found: a change of it shows what the detector's change moved.
#[test]
fn what_is_found_in_real_recordings_is_as_tabled() {
    let mut table = String::from(
        "recording                  labels  found  onset error ms (median, largest)\n",
    );
    for (name, channel, rate_hz, kind, tolerance_s) in RECORDINGS {
        let options = TextOptions {
            channels: channel
                .map(|name| ChannelChoice::Name(name.to_owned()))
                .into_iter()
                .collect(),
            rate_hz,
            kind: Some(kind),
            ..TextOptions::default()
        };
        let found = found(&analysed_text(&data(&format!("recordings/{name}")), &options));
        let stem = name.split('.').next().expect("a name has a stem");
        let has_labels = data(&format!("recordings/{stem}.labels.csv")).exists();
        let labels = if has_labels { labels(stem) } else { Vec::new() };
        let mut errors: Vec<f64> = labels
            .iter()
            .filter_map(|label| {
                let near = found.iter().filter(|one| {
                    let shared = one.1.min(label.1) - one.0.max(label.0);
                    let shorter = (one.1 - one.0).min(label.1 - label.0);
                    shared >= 0.5 * shorter || (one.0 - label.0).abs() <= tolerance_s
                });
                near.map(|one| 1000.0 * (one.0 - label.0).abs()).min_by(f64::total_cmp)
            })
            .collect();
        errors.sort_by(f64::total_cmp);
        let error = match errors.as_slice() {
            [] => "-".to_owned(),
            errors => format!("{:.0}, {:.0}", errors[errors.len() / 2], errors[errors.len() - 1]),
        };
        writeln!(table, "{stem:<26} {:>6} {:>6}  {error}", labels.len(), found.len())
            .expect("text has room");
    }
    let path = format!("{}/tests/snapshots/recordings.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        panic!(
            "what is found moved; was:\n{kept}\nis now:\n{table}\nif that is right, move {new} over it"
        );
    }
}
