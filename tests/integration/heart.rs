//! What heart beats do to rest and contractions, before and after they were taken out.
//!
//! Beats are added to simulated and to real EMG of which the same is known without them. Height is
//! that of the R wave in RMS of the rest, before the band-pass.

use std::fmt::Write;

use levator_detect::{Detector, DetectorConfig, Transition};
use levator_signal::heart::LOOKAHEAD_S;
use levator_signal::preset::{self, Harmonics, Mains};
use levator_signal::{
    Cascade, HeartCleaner, HeartState, HeartSummary, Quality, SampleIndex, SampleRate, SignalKind,
};
use levator_simulate::{
    Artefacts, Levels, PlannedContraction, Repeat, Scenario, Script, SeededRng, VirtualPerson,
};

use crate::support::data;

const RATES_HZ: [f64; 6] = [200.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0];

/// Rest of the simulated person, RMS in microvolt.
const REST_UV: f64 = 2.5;

/// By then a heart is learnt, in seconds.
const LEARNT_S: f64 = 15.0;

#[derive(Clone, Copy)]
struct Beats {
    height_uv: f64,
    per_minute: f64,
    /// Length of the QRS complex, seconds.
    qrs_s: f64,
}

impl Beats {
    /// Q, R, S and T wave. The proportions are those of the project's other simulations.
    fn height(&self, time_s: f64) -> f64 {
        let wave = |middle_s: f64, width_s: f64| (-((time_s - middle_s) / width_s).powi(2)).exp();
        let k = self.qrs_s / 0.08;
        self.height_uv
            * (-0.15 * wave(-0.025 * k, 0.010 * k) + wave(0.0, 0.011 * k)
                - 0.3 * wave(0.028 * k, 0.012 * k)
                + 0.25 * wave(0.25, 0.05))
    }

    /// Adds beats at intervals that vary by 5 %, whose height varies by 10 % with breathing.
    fn add_to(&self, values: &mut [f64], rate: SampleRate, seed: u64) {
        let mut rng = SeededRng::for_part(seed, 7);
        let mut beat_s = 0.1 + 0.7 * rng.uniform();
        while beat_s < values.len() as f64 / rate.hz() {
            let breath = 1.0 + 0.1 * (core::f64::consts::TAU * 0.25 * beat_s).sin();
            let first = rate.sample_count((beat_s - 0.2).max(0.0));
            let end = rate.sample_count(beat_s + 0.5).min(values.len());
            for (index, value) in (first..).zip(&mut values[first.min(end)..end]) {
                *value += breath * self.height(index as f64 / rate.hz() - beat_s);
            }
            beat_s += 60.0 / self.per_minute * (1.0 + 0.05 * rng.gaussian());
        }
    }
}

fn person(script: Script, maximum_uv: f64, seed: u64) -> VirtualPerson {
    // 70 % of the power of the rest is flat, 30 % muscle.
    let levels =
        Levels { rest_uv: REST_UV * 0.3_f64.sqrt(), maximum_uv, ..Scenario::Healthy.levels() };
    let sensor_noise_uv = REST_UV * 0.7_f64.sqrt();
    let artefacts = Artefacts { sensor_noise_uv, ..Artefacts::CLEAN };
    VirtualPerson { script, levels, artefacts, seed }
}

fn emg(person: &VirtualPerson, rate: SampleRate, seconds: f64) -> Vec<f64> {
    let mut signal = person.signal(0, SignalKind::Emg, rate, 1);
    let mut scan = [0.0];
    let next = |_| {
        signal.next_scan(&mut scan);
        scan[0]
    };
    (0..rate.sample_count(seconds)).map(next).collect()
}

fn band(rate: SampleRate) -> Cascade {
    let band = preset::emg_wide(rate).expect("wide enough").sections;
    let notch = preset::mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate);
    Cascade::new(&band.then(&notch.expect("below half the rate").sections).expect("few sections"))
}

fn filtered(values: &[f64], rate: SampleRate) -> Vec<f64> {
    let mut values = values.to_vec();
    band(rate).process(&mut values);
    values
}

/// The cleaned signal without its delay, what was done, and when it began to be done.
fn cleaned(values: &[f64], rate: SampleRate, lookahead_s: f64) -> (Vec<f64>, HeartSummary, f64) {
    let mut cleaner = HeartCleaner::new(rate);
    cleaner.start(rate, lookahead_s).expect("a legal rate");
    let delay = cleaner.delay_samples() as usize;
    let mut output = values.to_vec();
    output.extend(std::iter::repeat_n(0.0, delay));
    let mut locked_s = f64::INFINITY;
    for (index, block) in output.chunks_mut(rate.sample_count(0.1)).enumerate() {
        cleaner.process(block);
        if cleaner.summary().state == HeartState::Locked {
            locked_s = locked_s.min(0.1 * (index + 1) as f64);
        }
    }
    output.drain(..delay);
    (output, cleaner.summary(), locked_s)
}

/// Onsets and offsets, in seconds.
fn contractions(filtered: &[f64], rate: SampleRate) -> Vec<(f64, f64)> {
    let mut detector = Detector::new(&DetectorConfig::emg(), rate).expect("legal settings");
    detector.start(rate, band(rate).delay_samples()).expect("a legal delay");
    let mut found = Vec::new();
    let mut keep = |transition| {
        if let Transition::Contraction(one) = transition {
            let offset_s = one.offset.map_or(f64::INFINITY, |at| rate.time_s(at));
            found.push((rate.time_s(one.onset), offset_s));
        }
    };
    detector.process(SampleIndex::ZERO, filtered, Quality::GOOD, &mut keep);
    detector.finish(SampleIndex(filtered.len() as u64), &mut keep);
    found
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

/// The value below which a `part` of the sizes lies.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let last = sizes.len().saturating_sub(1);
    sizes.get((part * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
}

/// How far the contractions from [`LEARNT_S`] on moved, and which were lost or made.
#[derive(Default)]
struct Moves {
    onset_ms: Vec<f64>,
    offset_ms: Vec<f64>,
    missed: usize,
    extra: usize,
}

impl Moves {
    fn add(&mut self, plain: &[(f64, f64)], found: &[(f64, f64)]) {
        let meet = |a: &(f64, f64), b: &(f64, f64)| a.0.max(b.0) < a.1.min(b.1);
        for one in plain.iter().filter(|one| one.0 >= LEARNT_S) {
            let near = found.iter().filter(|other| meet(one, other));
            let distance = |other: &&(f64, f64)| (other.0 - one.0).abs();
            match near.min_by(|a, b| distance(a).total_cmp(&distance(b))) {
                Some(other) => {
                    self.onset_ms.push(1000.0 * (other.0 - one.0));
                    if one.1.is_finite() && other.1.is_finite() {
                        self.offset_ms.push(1000.0 * (other.1 - one.1));
                    }
                }
                None => self.missed += 1,
            }
        }
        let extra = found.iter().filter(|one| one.0 >= LEARNT_S);
        self.extra += extra.filter(|one| !plain.iter().any(|other| meet(one, other))).count();
    }

    fn line(&self) -> String {
        let onset = |part| quantile(&self.onset_ms, part);
        let offset = |part| quantile(&self.offset_ms, part);
        format!(
            "{:>4.0} {:>4.0} {:>4.0}   {:>4.0} {:>4.0}   {:>3} {:>3}",
            onset(0.5),
            onset(0.9),
            onset(0.95),
            offset(0.5),
            offset(0.9),
            self.missed,
            self.extra
        )
    }
}

fn rate(hz: f64) -> SampleRate {
    SampleRate::from_hz(hz).expect("a positive rate")
}

fn write(table: &mut String, line: &str) {
    writeln!(table, "{}", line.trim_end()).expect("text has room");
}

/// Error of the RMS at rest, in percent of that without a heart.
fn rest(table: &mut String) {
    write(table, "rest: 60, 80, 100 a minute, QRS of 60, 80, 100 ms; from 15 to 50 s");
    write(
        table,
        "rate  height  error % before (median, largest)  after  locked of 9, after s  touched",
    );
    for hz in RATES_HZ {
        for height in [1.0, 3.0, 6.0, 10.0] {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            let (mut locked, mut touched) = (Vec::new(), Vec::new());
            for (index, per_minute) in [60.0, 80.0, 100.0].into_iter().enumerate() {
                for qrs_s in [0.06, 0.08, 0.1] {
                    let seed = 1000 * index as u64 + (qrs_s * 1000.0) as u64 + height as u64;
                    let mut values = emg(&person(Script::rest(), 20.0, seed), rate(hz), 50.0);
                    let plain = filtered(&values, rate(hz));
                    let beats = Beats { height_uv: height * REST_UV, per_minute, qrs_s };
                    beats.add_to(&mut values, rate(hz), seed);
                    let hearty = filtered(&values, rate(hz));
                    let (clean, summary, locked_s) = cleaned(&hearty, rate(hz), LOOKAHEAD_S);
                    let from = rate(hz).sample_count(LEARNT_S);
                    let error = |x: &[f64]| 100.0 * (rms(&x[from..]) / rms(&plain[from..]) - 1.0);
                    before.push(error(&hearty));
                    after.push(error(&clean));
                    touched.push(summary.touched_ratio());
                    if locked_s.is_finite() {
                        locked.push(locked_s);
                    }
                }
            }
            assert!(quantile(&after, 1.0) < 10.0, "{hz} Hz, height {height}: {after:?}");
            write(
                table,
                &format!(
                    "{hz:>4}  {height:>4}   {:>5.1} {:>5.1}   {:>5.1} {:>5.1}   {} {:>5.1}   {:.2}",
                    quantile(&before, 0.5),
                    quantile(&before, 1.0),
                    quantile(&after, 0.5),
                    quantile(&after, 1.0),
                    locked.len(),
                    quantile(&locked, 0.5),
                    quantile(&touched, 0.5),
                ),
            );
        }
    }
}

fn series(hold_s: f64, rise_s: f64, seed: u64) -> Script {
    let mut rng = SeededRng::for_part(seed, 9);
    let mut onset_s = 14.0;
    let mut planned = Vec::new();
    while onset_s < 66.0 {
        planned.push(PlannedContraction {
            onset_s,
            rise_s,
            hold_s,
            fall_s: rise_s,
            level_ratio: 1.0,
            sag_ratio: 0.0,
        });
        onset_s += hold_s + 2.0 * rise_s + 1.2 + 1.5 * rng.uniform();
    }
    Script::new(planned, Repeat::Never).expect("they do not overlap")
}

/// How far onsets and offsets move against the same signal without a heart.
fn simulated_contractions(table: &mut String) {
    write(
        table,
        "contractions: onset moved by ms (median, 90 %, 95 %), offset (median, 90 %), missed, extra",
    );
    write(table, "rate  kind   height  before                                after");
    let kinds = [("flick", 0.2, 0.0, 8.0), ("hold", 2.0, 0.1, 8.0), ("weak", 2.0, 0.1, 3.0)];
    for hz in RATES_HZ {
        for (kind, hold_s, rise_s, maximum) in kinds {
            for height in [6.0, 10.0] {
                let (mut before, mut after) = (Moves::default(), Moves::default());
                for (seed, per_minute) in (1..).zip([60.0, 70.0, 80.0, 100.0]) {
                    let script = series(hold_s, rise_s, seed);
                    let person = person(script, maximum * REST_UV, seed);
                    let mut values = emg(&person, rate(hz), 72.0);
                    let plain = contractions(&filtered(&values, rate(hz)), rate(hz));
                    let qrs_s = [0.06, 0.08, 0.1][seed as usize % 3];
                    let beats = Beats { height_uv: height * REST_UV, per_minute, qrs_s };
                    beats.add_to(&mut values, rate(hz), seed);
                    let hearty = filtered(&values, rate(hz));
                    let (clean, ..) = cleaned(&hearty, rate(hz), LOOKAHEAD_S);
                    before.add(&plain, &contractions(&hearty, rate(hz)));
                    after.add(&plain, &contractions(&clean, rate(hz)));
                }
                assert!(
                    after.extra <= before.extra,
                    "{hz} Hz, {kind}, height {height}: from beats"
                );
                // The foot of a weak rise is a mean over many that are as likely, and moves with what is
                // left of the beats; its stated interval is 0.1 s.
                let most_ms = if kind == "weak" { 30.0 } else { 10.0 };
                let moved_ms = quantile(&after.onset_ms, 0.5);
                assert!(moved_ms < most_ms, "{hz} Hz, {kind}, {height}: {moved_ms}");
                let (before, after) = (before.line(), after.line());
                write(table, &format!("{hz:>4}  {kind:<5}  {height:>4}   {before}   {after}"));
            }
        }
    }
}

/// What less delay costs.
fn lookaheads(table: &mut String) {
    write(table, "lookahead at 1000 Hz, height 10, 70 a minute: error % of the rest");
    let mut values = emg(&person(Script::rest(), 20.0, 3), rate(1000.0), 50.0);
    let plain = filtered(&values, rate(1000.0));
    let beats = Beats { height_uv: 10.0 * REST_UV, per_minute: 70.0, qrs_s: 0.08 };
    beats.add_to(&mut values, rate(1000.0), 3);
    let hearty = filtered(&values, rate(1000.0));
    for lookahead_s in [0.0, 0.025, 0.05, 0.075, LOOKAHEAD_S, 0.1] {
        let (clean, ..) = cleaned(&hearty, rate(1000.0), lookahead_s);
        let error = |x: &[f64]| 100.0 * (rms(&x[15_000..]) / rms(&plain[15_000..]) - 1.0);
        let (before, after) = (error(&hearty), error(&clean));
        write(table, &format!("{:>4.0} ms   {before:>5.1}   {after:>5.1}", 1000.0 * lookahead_s));
    }
}

/// Flicks at the pace of a heart.
fn flicks_without_a_heart(table: &mut String) {
    write(
        table,
        "no heart: flicks of 0.12 to 0.3 s every 0.6 to 1.2 s; touched of 100 (recordings, samples)",
    );
    for hz in RATES_HZ {
        let mut line = format!("{hz:>4} ");
        for height in [2.0, 4.0, 8.0, 20.0] {
            let (mut touched, mut sum) = (0, 0.0);
            for (seed, length_s) in (0..).zip([0.12, 0.16, 0.2, 0.25, 0.3]) {
                for every_s in [0.6, 0.75, 1.0, 1.2] {
                    let flick = PlannedContraction {
                        onset_s: 0.1,
                        rise_s: 0.03,
                        hold_s: length_s - 0.06,
                        fall_s: 0.03,
                        level_ratio: 1.0,
                        sag_ratio: 0.0,
                    };
                    let script = Script::new(vec![flick], Repeat::EverySeconds(every_s));
                    let person =
                        person(script.expect("they do not overlap"), height * REST_UV, seed);
                    let values = filtered(&emg(&person, rate(hz), 60.0), rate(hz));
                    let (_, summary, _) = cleaned(&values, rate(hz), LOOKAHEAD_S);
                    touched += usize::from(summary.touched_count > 0);
                    sum += summary.touched_ratio();
                }
            }
            let share = 100.0 * sum / 20.0;
            assert!(share < 1.0, "{hz} Hz, {height} times the rest: {share} %");
            write!(line, "  x{height:<2} {:>3} {share:>4.2}", 5 * touched).expect("text has room");
        }
        write(table, &line);
    }
}

/// The values of a recording in a column of its text.
fn recording(file: &str, column: usize) -> Vec<f64> {
    let text = std::fs::read_to_string(data(&format!("recordings/{file}"))).expect("it is there");
    let value = |line: &str| line.split(',').nth(column)?.trim().parse().ok();
    text.lines().filter(|line| !line.starts_with('#')).filter_map(value).collect()
}

/// Real EMG, as it is and with beats.
fn recordings(table: &mut String) {
    write(
        table,
        "recordings: touched as they are; with beats of 8 times the rest as contractions above",
    );
    for (file, column, hz) in [
        ("biceps_9_bursts.csv", 1, 1000.0),
        ("biceps_30_fatigue.csv", 1, 1000.0),
        ("thumb_21_flicks.csv", 1, 1000.0),
        ("weak_2_contractions.txt", 0, 1000.0),
        ("mixed_4_bursts.txt", 0, 1000.0),
        ("fist_myo_10000-1.txt", 7, 200.0),
        ("fist_myo_10000-2.txt", 7, 200.0),
        ("fist_myo_54321-1.txt", 0, 200.0),
        ("rest_myo_10000-1.txt", 7, 200.0),
    ] {
        let rate = rate(hz);
        let values = recording(file, column);
        let plain = filtered(&values, rate);
        let (_, summary, _) = cleaned(&plain, rate, LOOKAHEAD_S);
        assert!(summary.touched_ratio() < 0.01, "{file}: {summary:?}");
        // The low fifth of the RMS of tenths of a second.
        let blocks: Vec<f64> = plain.chunks(rate.sample_count(0.1)).map(rms).collect();
        let height_uv = 8.0 * quantile(&blocks, 0.2);
        let (mut before, mut after, mut locked) = (Moves::default(), Moves::default(), 0);
        for (seed, per_minute) in (1..).zip([60.0, 75.0, 95.0]) {
            let mut values = values.clone();
            Beats { height_uv, per_minute, qrs_s: 0.08 }.add_to(&mut values, rate, seed);
            let hearty = filtered(&values, rate);
            let (clean, _, locked_s) = cleaned(&hearty, rate, LOOKAHEAD_S);
            locked += usize::from(locked_s.is_finite());
            let plain = contractions(&plain, rate);
            before.add(&plain, &contractions(&hearty, rate));
            after.add(&plain, &contractions(&clean, rate));
        }
        let name = file.split('.').next().expect("a name has a stem");
        let touched = summary.touched_count;
        let (before, after) = (before.line(), after.line());
        write(table, &format!("{name:<20} {touched}   locked {locked} of 3   {before}   {after}"));
    }
}

#[test]
fn what_is_left_of_a_heart_is_as_tabled() {
    let mut table = String::new();
    rest(&mut table);
    table.push('\n');
    simulated_contractions(&mut table);
    table.push('\n');
    lookaheads(&mut table);
    table.push('\n');
    flicks_without_a_heart(&mut table);
    table.push('\n');
    recordings(&mut table);
    let path = format!("{}/tests/snapshots/heart.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        panic!(
            "what is left moved; was:\n{kept}\nis now:\n{table}\nif that is right, move {new} over it"
        );
    }
}
