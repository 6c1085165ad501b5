//! How well contractions are found and dated, as a table that shows what a change moved.
//!
//! All labelled recordings of `tests/data/recordings` and half of the simulated grid, with the two
//! sets of settings that hold for everything.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

#[path = "../examples/score/labels.rs"]
mod labels;
#[path = "../examples/score/recording.rs"]
mod recording;
#[path = "../examples/score/scoring.rs"]
mod scoring;
#[path = "../examples/score/simulated.rs"]
mod simulated;

use std::path::Path;

use levator_detect::Transition;
use levator_signal::{SampleIndex, SampleRate};
use recording::{Recording, Signal};
use scoring::{Event, Score, percentile};

/// What was said about one or many recordings, scored.
#[derive(Default)]
struct Row {
    score: Score,
    f1: Vec<f64>,
    refused: usize,
    withdrawn: usize,
    delays_s: Vec<f64>,
    /// Labels within the stated interval, and labels with a stated interval; onsets, offsets.
    covered: [(usize, usize); 2],
    unknown: usize,
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.score.add(&other.score);
        self.f1.extend_from_slice(&other.f1);
        self.refused += other.refused;
        self.withdrawn += other.withdrawn;
        self.delays_s.extend_from_slice(&other.delays_s);
        for (mine, others) in self.covered.iter_mut().zip(&other.covered) {
            mine.0 += others.0;
            mine.1 += others.1;
        }
        self.unknown += other.unknown;
    }

    fn macro_f1(&self) -> f64 {
        self.f1.iter().sum::<f64>() / self.f1.len() as f64
    }

    /// Bias, median of the sizes, 95th percentile of the sizes; milliseconds, to 5: the last bits of a
    /// filter must not turn a table over.
    fn times(errors_s: &[f64]) -> String {
        if errors_s.is_empty() {
            return format!("{:>15}", "-");
        }
        let size = || errors_s.iter().map(|e| e.abs());
        let [bias, middle, most] = [
            percentile(errors_s.iter().copied(), 0.5),
            percentile(size(), 0.5),
            percentile(size(), 0.95),
        ]
        .map(|s| (200.0 * s).round() as i64 * 5);
        format!("{bias:>5}{middle:>5}{most:>5}")
    }

    fn line(&self, name: &str) -> String {
        let score = &self.score;
        let percent = |(covered, of): (usize, usize)| match of {
            0 => "-".to_owned(),
            of => format!("{}", (100 * covered + of / 2) / of),
        };
        let delay = match self.delays_s.as_slice() {
            [] => "-".to_owned(),
            delays => {
                let middle = percentile(delays.iter().copied(), 0.5);
                format!("{}", (200.0 * middle).round() as i64 * 5)
            }
        };
        let f1 = if self.f1.is_empty() { "-".into() } else { format!("{:.2}", self.macro_f1()) };
        format!(
            "{name:<24}{:>5}{:>6}{:>7}{:>6} {}  {} {:>8.1}{:>8}{:>10}{:>6}{:>5}{:>5}{:>8}{:>6}\n",
            score.label_count,
            score.found_count,
            score.label_count - score.found_count,
            score.false_count,
            Self::times(&score.onset_errors_s),
            Self::times(&score.offset_errors_s),
            score.false_per_hour(),
            self.refused,
            self.withdrawn,
            delay,
            percent(self.covered[0]),
            percent(self.covered[1]),
            self.unknown,
            f1,
        )
    }
}

const HEAD: &str = "\
recording or group          n found missed false    onset, ms        offset, ms    false/h refused \
withdrawn delay  on% off%  unknown  F1
                                               bias  med  p95   bias  med  p95
";

fn row(
    signal: &Signal,
    is_emg: bool,
    labels: &[Event],
    ignored: &[(f64, f64)],
    duration_s: f64,
    tolerance_s: f64,
) -> Row {
    let rate = signal.rate;
    let mut row = Row::default();
    let mut found = Vec::new();
    let (mut detections, mut announced) = (Vec::new(), None);
    for transition in recording::detect(signal, is_emg).expect("the presets exist at these rates") {
        match transition {
            Transition::Onset { decided, .. } => announced = Some(decided),
            Transition::Withdrawn { .. } => row.withdrawn += 1,
            Transition::Undetermined { .. } => row.refused += 1,
            Transition::Contraction(one) => {
                detections.push(Event {
                    onset_s: rate.time_s(one.onset),
                    offset_s: one.offset.map(|at| rate.time_s(at)),
                    is_offset_known: true,
                });
                found.push((one, announced.take().unwrap_or(one.decided)));
            }
        }
    }
    row.score = scoring::score(labels, &detections, ignored, duration_s, tolerance_s);
    row.f1.extend(row.score.f1());
    for (i, j) in &row.score.pairs {
        let (label, (one, announced)) = (&labels[*i], &found[*j]);
        row.delays_s.push(rate.time_s(*announced) - label.onset_s);
        match one.onset_uncertainty.seconds() {
            Some(within) => {
                row.covered[0].1 += 1;
                let error = (rate.time_s(one.onset) - label.onset_s).abs();
                row.covered[0].0 += usize::from(error <= within);
            }
            None => row.unknown += 1,
        }
        let Some((at, truth)) = one.offset.zip(label.offset_s) else { continue };
        if !label.is_offset_known {
            continue;
        }
        match one.offset_uncertainty.seconds() {
            Some(within) => {
                row.covered[1].1 += 1;
                row.covered[1].0 += usize::from((rate.time_s(at) - truth).abs() <= within);
            }
            None => row.unknown += 1,
        }
    }
    row
}

fn real() -> Vec<(String, Row)> {
    let folder = labels::folder();
    recording::read_all(&folder, &folder.join("recordings.csv"))
        .expect("they are readable")
        .iter()
        .map(|Recording { name, is_emg, signal }| {
            let (labels, ignored) = (labels::labels(name), labels::ignored(name));
            let (duration_s, tolerance_s) = labels::limits(name);
            (name.clone(), row(signal, *is_emg, &labels, &ignored, duration_s, tolerance_s))
        })
        .collect()
}

#[test]
fn accuracy_is_as_tabled() {
    let mut table = String::from(HEAD);
    let mut all = Row::default();
    for (name, row) in real() {
        table += &row.line(&name);
        all.add(&row);
        // What the detector is for: no recording below 0.90, nothing found where nothing is.
        assert!(row.f1.iter().all(|f1| *f1 >= 0.9), "{}", row.line(&name));
        assert!(row.score.label_count > 0 || row.score.false_count == 0, "{}", row.line(&name));
        if name == "thumb_21_flicks" {
            assert_eq!(row.score.found_count, 21);
            let errors = row.score.onset_errors_s.iter().map(|e| e.abs());
            assert!(percentile(errors, 0.5) <= 0.02, "{}", row.line(&name));
        }
    }
    assert!(all.macro_f1() >= 0.97, "{}", all.line("all recordings"));
    table += &all.line("all recordings");
    table.push('\n');
    let mut groups: Vec<(String, Row)> = Vec::new();
    let mut sharp = Row::default();
    for one in simulated::grid(101, 2) {
        let duration_s = one.values.len() as f64 / one.rate.hz();
        let signal = Signal { rate: one.rate, runs: vec![(SampleIndex::ZERO, one.values)] };
        let tolerance_s = if one.is_emg { 0.1 } else { 0.3 };
        let row = row(&signal, one.is_emg, &one.labels, &[], duration_s, tolerance_s);
        let is_strong = ["08db", "12db", "20db"].iter().any(|db| one.name.contains(db));
        if is_strong && one.name.ends_with("step_none") {
            sharp.add(&row);
        }
        match groups.iter_mut().find(|group| group.0 == one.group) {
            Some(group) => group.1.add(&row),
            None => groups.push((one.group, row)),
        }
    }
    for (name, row) in &groups {
        table += &row.line(name);
    }
    table += &sharp.line("EMG >= 8 dB sharp alone");
    // The limits of Bonato 1998.
    let errors = &sharp.score.onset_errors_s;
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let squared = errors.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>();
    let sd = (squared / errors.len() as f64).sqrt();
    assert!(mean.abs() <= 0.01 && sd <= 0.015, "mean {mean}, SD {sd}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/accuracy.txt");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = path.with_extension("txt.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        panic!("was:\n{kept}\nis now:\n{table}\nif that is right, move {} over it", new.display());
    }
}

/// A slow and a fast rate, at which noise has few and many independent values.
#[test]
fn simulated_rest_holds_no_contraction() {
    for (seed, hz) in [(1, 1000), (2, 2000)] {
        let rate = SampleRate::new(hz, 1).expect("not zero");
        let values = simulated::rest(seed, rate, 300.0);
        let signal = Signal { rate, runs: vec![(SampleIndex::ZERO, values)] };
        let row = row(&signal, true, &[], &[], 300.0, 0.1);
        assert_eq!(row.score.false_count, 0, "{hz} Hz");
    }
}
