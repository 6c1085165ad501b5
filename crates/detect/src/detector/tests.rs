use levator_signal::preset::{self, Harmonics, Mains};
use levator_signal::{Cascade, Span};

use super::*;
use crate::transition::{Contraction, Uncertainty};

/// Seeded Gaussian noise, close enough: twelve uniform numbers less six.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            sum += (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        }
        sum
    }
}

/// White noise of unit standard deviation at rest, `gain` times stronger in each burst.
fn emg(rate_hz: f64, duration_s: f64, bursts: &[(f64, f64, f64)]) -> Vec<f64> {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    (0..(duration_s * rate_hz) as usize)
        .map(|i| {
            let t = i as f64 / rate_hz;
            let inside = bursts.iter().find(|(from, to, _)| (*from..*to).contains(&t));
            noise.next() * inside.map_or(1.0, |(_, _, gain)| *gain)
        })
        .collect()
}

/// Pressure with noise of 0.1 about 20, and squeezes that rise and fall within 0.4 s.
fn pressure(rate_hz: f64, duration_s: f64, squeezes: &[(f64, f64, f64)]) -> Vec<f64> {
    let mut noise = Noise(0x1234_5678_9ABC_DEF1);
    (0..(duration_s * rate_hz) as usize)
        .map(|i| {
            let t = i as f64 / rate_hz;
            let height: f64 = squeezes
                .iter()
                .map(|(from, to, height)| {
                    height * ((t - from) / 0.4).min((to - t) / 0.4).clamp(0.0, 1.0)
                })
                .sum();
            20.0 + height + 0.1 * noise.next()
        })
        .collect()
}

fn rate(hz: f64) -> SampleRate {
    SampleRate::from_hz(hz).expect("a possible rate")
}

fn detector(config: &DetectorConfig, hz: f64) -> Detector {
    Detector::new(config, rate(hz)).expect("the named settings are in range")
}

fn run_with(config: &DetectorConfig, hz: f64, values: &[f64]) -> Vec<Transition> {
    let mut out = Vec::new();
    let mut detector = detector(config, hz);
    detector.process(SampleIndex::ZERO, values, Quality::GOOD, &mut |t| out.push(t));
    detector.finish(SampleIndex(values.len() as u64), &mut |t| out.push(t));
    out
}

fn run_emg(hz: f64, values: &[f64]) -> Vec<Transition> {
    run_with(&DetectorConfig::emg(), hz, values)
}

fn run_pressure(hz: f64, values: &[f64]) -> Vec<Transition> {
    run_with(&DetectorConfig::pressure(), hz, values)
}

fn contractions(transitions: &[Transition]) -> Vec<Contraction> {
    transitions
        .iter()
        .filter_map(|t| match t {
            Transition::Contraction(contraction) => Some(*contraction),
            Transition::Onset { .. }
            | Transition::Withdrawn { .. }
            | Transition::Undetermined { .. } => None,
        })
        .collect()
}

fn reasons(transitions: &[Transition]) -> Vec<Reason> {
    transitions
        .iter()
        .filter_map(|t| match t {
            Transition::Undetermined { reason, .. } => Some(*reason),
            Transition::Onset { .. }
            | Transition::Withdrawn { .. }
            | Transition::Contraction(_) => None,
        })
        .collect()
}

/// Onset and offset in seconds.
fn times(transitions: &[Transition], hz: f64) -> Vec<(f64, f64)> {
    let seconds = |index: SampleIndex| index.0 as f64 / hz;
    contractions(transitions)
        .iter()
        .map(|c| (seconds(c.onset), c.offset.map_or(f64::INFINITY, seconds)))
        .collect()
}

fn assert_times(found: &[(f64, f64)], expected: &[(f64, f64)], tolerance_s: f64) {
    let near = |a: f64, b: f64| (a - b).abs() <= tolerance_s;
    let same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(f, e)| near(f.0, e.0) && near(f.1, e.1));
    assert!(same, "expected {expected:?}\n     got {found:?}");
}

#[test]
fn sharp_bursts_are_dated_to_a_step_at_every_rate() {
    let bursts = [(3.0, 4.0, 10.0), (6.0, 6.5, 5.0), (9.0, 15.0, 8.0)];
    let expected: Vec<(f64, f64)> = bursts.iter().map(|b| (b.0, b.1)).collect();
    for hz in [200.0, 250.0, 500.0, 1000.0, 2048.0, 4000.0] {
        let found = run_emg(hz, &emg(hz, 18.0, &bursts));
        // A decision step and a dating step: within it the first or last samples of a burst may be
        // as small as those of rest.
        assert_times(&times(&found, hz), &expected, 0.025);
    }
}

#[test]
fn an_onset_is_dated_before_it_is_decided_and_announced_first() {
    let found = run_emg(1000.0, &emg(1000.0, 8.0, &[(3.0, 5.0, 6.0)]));
    let [Transition::Onset { at, decided }, Transition::Contraction(contraction)] = found[..]
    else {
        panic!("expected an onset and a contraction, got {found:?}");
    };
    assert_eq!((at, decided), (contraction.onset, contraction.decided));
    assert!(at < decided && decided < contraction.closed, "{contraction:?}");
    assert!(contraction.offset.expect("it ended") < contraction.closed, "{contraction:?}");
    // A strong contraction is certain after 0.2 s and one step.
    assert!(decided.0 - at.0 <= 240, "{contraction:?}");
}

#[test]
fn a_burst_within_the_first_second_is_found_afterwards() {
    let found = run_emg(1000.0, &emg(1000.0, 5.0, &[(0.6, 1.6, 10.0)]));
    assert_times(&times(&found, 1000.0), &[(0.6, 1.6)], 0.02);
    let decided = contractions(&found)[0].decided;
    // The learning time is a whole number of blocks, and may be a little shorter.
    assert!(decided.0 >= 950, "nothing can be decided before a second was heard: {decided:?}");
}

#[test]
fn levels_are_those_of_the_signal() {
    let found = run_emg(1000.0, &emg(1000.0, 12.0, &[(5.0, 9.0, 10.0)]));
    let [contraction] = contractions(&found)[..] else { panic!("{found:?}") };
    // 10 %: the root mean square of 4 s of noise is good to 2 %, the resting level is a low
    // quantile, and the dates may take in a step of rest.
    assert!((contraction.mean / 10.0 - 1.0).abs() < 0.1, "{contraction:?}");
    assert!((contraction.rest - 1.0).abs() < 0.1, "{contraction:?}");
    assert!(contraction.peak > contraction.mean, "{contraction:?}");
    // The level is 100, the threshold 1.9.
    assert!((contraction.confidence - 0.98).abs() < 0.01, "{contraction:?}");
}

#[test]
fn gain_moves_no_date() {
    for gain in [0.01, 0.125, 64.0, 100.0] {
        let values = emg(1000.0, 20.0, &[(3.0, 4.0, 2.0), (6.0, 6.3, 5.0), (9.0, 15.0, 1.6)]);
        let scaled: Vec<f64> = values.iter().map(|x| x * gain).collect();
        let (plain, found) = (run_emg(1000.0, &values), run_emg(1000.0, &scaled));
        assert!(!contractions(&plain).is_empty());
        assert_eq!(times(&found, 1000.0), times(&plain, 1000.0), "EMG times {gain}");

        let values = pressure(50.0, 40.0, &[(10.0, 12.0, 3.0), (20.0, 24.0, 30.0)]);
        let scaled: Vec<f64> = values.iter().map(|x| x * gain).collect();
        let (plain, found) = (run_pressure(50.0, &values), run_pressure(50.0, &scaled));
        assert_eq!(contractions(&plain).len(), 2);
        assert_eq!(times(&found, 50.0), times(&plain, 50.0), "pressure times {gain}");
    }
}

#[test]
fn an_offset_moves_no_date_of_a_pressure() {
    let values = pressure(50.0, 40.0, &[(10.0, 12.0, 3.0), (20.0, 24.0, 30.0)]);
    let plain = run_pressure(50.0, &values);
    for offset in [-1000.0, 1000.0] {
        let moved: Vec<f64> = values.iter().map(|x| x + offset).collect();
        assert_eq!(times(&run_pressure(50.0, &moved), 50.0), times(&plain, 50.0), "{offset}");
    }
}

#[test]
fn chunking_changes_nothing() {
    let values = emg(500.0, 20.0, &[(0.7, 1.5, 5.0), (4.0, 6.0, 3.0), (9.0, 9.4, 20.0)]);
    let whole = run_emg(500.0, &values);
    assert!(!contractions(&whole).is_empty());
    for chunk in [1, 2, 3, 7, 64, 1000] {
        let mut out = Vec::new();
        let mut detector = detector(&DetectorConfig::emg(), 500.0);
        for (i, part) in values.chunks(chunk).enumerate() {
            let first = SampleIndex((i * chunk) as u64);
            detector.process(first, part, Quality::GOOD, &mut |t| out.push(t));
        }
        detector.finish(SampleIndex(values.len() as u64), &mut |t| out.push(t));
        assert_eq!(out, whole, "chunks of {chunk}");
    }
}

#[test]
fn a_started_detector_is_as_good_as_new() {
    let values = emg(500.0, 12.0, &[(4.0, 6.0, 3.0)]);
    let mut detector = detector(&DetectorConfig::emg(), 4000.0);
    detector.process(
        SampleIndex(7),
        &emg(500.0, 9.0, &[(3.0, 9.0, 9.0)]),
        Quality::GOOD,
        &mut drop,
    );
    detector.start(rate(500.0), 0.0).expect("below the highest rate");
    let mut out = Vec::new();
    detector.process(SampleIndex::ZERO, &values, Quality::GOOD, &mut |t| out.push(t));
    detector.finish(SampleIndex(values.len() as u64), &mut |t| out.push(t));
    assert_eq!(out, run_emg(500.0, &values));
}

#[test]
fn the_delay_of_the_filters_is_taken_off_the_dates_alone() {
    let values = emg(1000.0, 8.0, &[(3.0, 5.0, 6.0)]);
    let plain = contractions(&run_emg(1000.0, &values))[0];
    let mut detector = detector(&DetectorConfig::emg(), 1000.0);
    detector.start(rate(1000.0), 12.4).expect("in range");
    let mut out = Vec::new();
    detector.process(SampleIndex::ZERO, &values, Quality::GOOD, &mut |t| out.push(t));
    let found = contractions(&out)[0];
    assert_eq!(found.onset.0 + 12, plain.onset.0);
    assert_eq!(found.peak_at.0 + 12, plain.peak_at.0);
    assert_eq!((found.decided, found.closed), (plain.decided, plain.closed));
}

#[test]
fn silence_stays_silent() {
    for value in [0.0, 1.0, -2048.0] {
        let values = vec![value; 30_000];
        assert_eq!(contractions(&run_pressure(100.0, &values)), []);
        assert_eq!(reasons(&run_pressure(100.0, &values)), [Reason::NoContrast]);
    }
    assert_eq!(reasons(&run_emg(1000.0, &[0.0; 30_000])), [Reason::NoContrast]);
}

#[test]
fn a_burst_out_of_perfect_silence_is_found() {
    let mut values = vec![0.0; 8000];
    values[3000..5000].copy_from_slice(&emg(1000.0, 2.0, &[]));
    assert_times(&times(&run_emg(1000.0, &values), 1000.0), &[(3.0, 5.0)], 0.01);
}

#[test]
fn ten_minutes_of_rest_hold_no_contraction() {
    for hz in [200.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0] {
        for gain in [0.01, 100.0] {
            let mut values = emg(hz, 600.0, &[]);
            values.iter_mut().for_each(|x| *x *= gain);
            let found = run_emg(hz, &values);
            assert_eq!(found.len(), 1, "{hz} Hz: {found:?}");
            assert_eq!(reasons(&found), [Reason::NoContrast]);
        }
    }
    let found = run_pressure(50.0, &pressure(50.0, 600.0, &[]));
    assert_eq!(contractions(&found), []);
}

#[test]
fn a_hold_of_a_minute_stays_one_contraction() {
    let found = run_emg(500.0, &emg(500.0, 80.0, &[(10.0, 70.0, 2.5)]));
    assert_times(&times(&found, 500.0), &[(10.0, 70.0)], 0.1);
    let found = run_pressure(50.0, &pressure(50.0, 80.0, &[(10.0, 70.0, 8.0)]));
    assert_times(&times(&found, 50.0), &[(10.0, 70.0)], 0.3);
}

#[test]
fn rest_in_front_moves_dates_by_its_length_only() {
    let bursts = [(3.0, 4.0, 10.0), (6.0, 8.0, 3.0)];
    let later: Vec<(f64, f64, f64)> =
        bursts.iter().map(|(from, to, gain)| (from + 60.0, to + 60.0, *gain)).collect();
    let expected: Vec<(f64, f64)> = later.iter().map(|b| (b.0, b.1)).collect();
    let found = run_emg(1000.0, &emg(1000.0, 70.0, &later));
    assert_times(&times(&found, 1000.0), &expected, 0.02);
}

#[test]
fn short_gaps_are_merged_before_short_events_are_dropped() {
    // Either piece alone is too short to be a contraction.
    let piece = run_emg(1000.0, &emg(1000.0, 6.0, &[(3.0, 3.07, 9.0)]));
    assert_eq!(contractions(&piece), []);
    let both = run_emg(1000.0, &emg(1000.0, 6.0, &[(3.0, 3.07, 9.0), (3.1, 3.17, 9.0)]));
    assert_times(&times(&both, 1000.0), &[(3.0, 3.17)], 0.02);
}

#[test]
fn a_lapse_shorter_than_the_release_does_not_split_a_contraction() {
    let found = run_emg(1000.0, &emg(1000.0, 9.0, &[(3.0, 4.5, 9.0), (4.55, 6.0, 9.0)]));
    assert_times(&times(&found, 1000.0), &[(3.0, 6.0)], 0.02);
}

#[test]
fn cardiac_spikes_are_no_contractions_and_hide_none() {
    let mut bursts: Vec<(f64, f64, f64)> = (0..24)
        .map(|beat| (f64::from(beat) * 0.85 + 0.3, f64::from(beat) * 0.85 + 0.38, 8.0))
        .collect();
    assert_eq!(contractions(&run_emg(1000.0, &emg(1000.0, 20.0, &bursts))), []);
    bursts.push((10.0, 12.0, 3.0));
    let found = run_emg(1000.0, &emg(1000.0, 20.0, &bursts));
    // A spike that follows within the release (0.2 s at rest) moves an end past itself.
    assert_times(&times(&found, 1000.0), &[(10.0, 12.0)], 0.5);
}

#[test]
fn the_tail_of_a_contraction_is_not_another_one() {
    // Let go to a twelfth, which is far above rest, and come back slowly.
    let found =
        run_emg(1000.0, &emg(1000.0, 12.0, &[(3.0, 5.0, 50.0), (5.0, 6.5, 4.0), (6.5, 8.0, 2.0)]));
    assert_times(&times(&found, 1000.0), &[(3.0, 5.0)], 0.05);
}

#[test]
fn weak_activity_before_a_strong_contraction_is_no_part_of_it() {
    let found = run_emg(1000.0, &emg(1000.0, 10.0, &[(3.0, 5.0, 2.5), (5.0, 5.4, 80.0)]));
    assert_times(&times(&found, 1000.0), &[(5.0, 5.4)], 0.03);
    let Some(Transition::Onset { at, .. }) = found.first() else { panic!("{found:?}") };
    assert!(at.0 < 3100, "it was announced when the weak activity began: {at:?}");
}

#[test]
fn one_artefact_does_not_end_a_weak_contraction() {
    let mut values = emg(1000.0, 10.0, &[(3.0, 7.0, 3.0)]);
    for value in &mut values[5000..5020] {
        *value = 300.0;
    }
    assert_times(&times(&run_emg(1000.0, &values), 1000.0), &[(3.0, 7.0)], 0.05);
}

#[test]
fn a_signal_that_begins_in_a_contraction_is_not_judged_until_rest_is_seen() {
    let found = run_emg(1000.0, &emg(1000.0, 14.0, &[(0.0, 5.0, 10.0), (9.0, 11.0, 10.0)]));
    assert_eq!(reasons(&found), [Reason::NoRestBefore]);
    assert_times(&times(&found, 1000.0), &[(9.0, 11.0)], 0.02);
    // Rest came soon enough to be learnt, but the onset was not seen.
    let found = run_emg(1000.0, &emg(1000.0, 14.0, &[(0.0, 0.5, 10.0), (9.0, 11.0, 10.0)]));
    assert_eq!(reasons(&found), [Reason::NoRestBefore]);
    assert_times(&times(&found, 1000.0), &[(9.0, 11.0)], 0.02);
}

#[test]
fn one_level_from_first_to_last_cannot_be_told_from_rest() {
    let values = emg(1000.0, 10.0, &[(0.0, 10.0, 40.0)]);
    let found = run_emg(1000.0, &values);
    let [Transition::Undetermined { span, reason: Reason::NoContrast, .. }] = found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(span, Span { start: SampleIndex::ZERO, end: SampleIndex(10_000) });
}

#[test]
fn too_little_signal_is_said_to_be_too_little() {
    assert_eq!(reasons(&run_emg(1000.0, &emg(1000.0, 0.7, &[]))), [Reason::TooShort]);
    assert_eq!(reasons(&run_pressure(50.0, &pressure(50.0, 1.5, &[]))), [Reason::TooShort]);
    assert_eq!(run_emg(1000.0, &[]), []);
}

#[test]
fn a_short_pressure_recording_is_judged_with_the_rest_it_has() {
    let found = run_pressure(50.0, &pressure(50.0, 4.5, &[(2.0, 3.2, 20.0)]));
    assert_times(&times(&found, 50.0), &[(2.0, 3.2)], 0.15);
}

#[test]
fn a_contraction_that_the_end_cuts_has_no_offset() {
    let found = run_emg(1000.0, &emg(1000.0, 6.0, &[(4.0, 6.0, 6.0)]));
    let [contraction] = contractions(&found)[..] else { panic!("{found:?}") };
    assert_eq!((contraction.offset, contraction.closed), (None, SampleIndex(6000)));
}

#[test]
fn a_lasting_step_of_the_rest_becomes_the_rest() {
    let found = run_emg(
        250.0,
        &emg(250.0, 180.0, &[(10.0, 140.0, 3.0), (160.0, 163.0, 12.0), (140.0, 180.0, 3.0)]),
    );
    assert_eq!(reasons(&found), [Reason::RestChanged]);
    assert_times(&times(&found, 250.0), &[(160.0, 163.0)], 0.05);
}

#[test]
fn a_rest_that_sinks_is_followed() {
    let found = run_emg(
        500.0,
        &emg(
            500.0,
            60.0,
            &[(0.0, 20.0, 6.0), (30.0, 32.0, 3.0), (5.0, 7.0, 60.0), (40.0, 42.0, 3.0)],
        ),
    );
    let expected = [(30.0, 32.0), (40.0, 42.0)];
    assert_times(&times(&found, 500.0), &expected, 0.05);
}

#[test]
fn a_gap_in_a_hold_leaves_it_undetermined_on_both_sides() {
    let values = emg(1000.0, 20.0, &[(3.0, 8.0, 5.0), (12.0, 14.0, 5.0)]);
    let mut out = Vec::new();
    let mut detector = detector(&DetectorConfig::emg(), 1000.0);
    detector.process(SampleIndex::ZERO, &values[..5000], Quality::GOOD, &mut |t| out.push(t));
    // The jump of the index says that samples are missing.
    detector.process(SampleIndex(6000), &values[6000..], Quality::GOOD, &mut |t| out.push(t));
    detector.finish(SampleIndex(20_000), &mut |t| out.push(t));
    assert_eq!(reasons(&out), [Reason::Gap, Reason::Gap]);
    assert_times(&times(&out, 1000.0), &[(12.0, 14.0)], 0.02);
    let spans: Vec<Span> = out
        .iter()
        .filter_map(|t| match t {
            Transition::Undetermined { span, .. } => Some(*span),
            Transition::Onset { .. }
            | Transition::Withdrawn { .. }
            | Transition::Contraction(_) => None,
        })
        .collect();
    assert_eq!((spans[0].end, spans[1].start), (SampleIndex(6000), SampleIndex(6000)));
}

#[test]
fn a_gap_at_rest_costs_nothing() {
    let values = emg(1000.0, 12.0, &[(8.0, 10.0, 5.0)]);
    let mut out = Vec::new();
    let mut detector = detector(&DetectorConfig::emg(), 1000.0);
    detector.process(SampleIndex::ZERO, &values[..5000], Quality::GOOD, &mut |t| out.push(t));
    detector.gap(SampleIndex(5000), SampleIndex(6500), &mut |t| out.push(t));
    detector.process(SampleIndex(6500), &values[6500..], Quality::GOOD, &mut |t| out.push(t));
    detector.finish(SampleIndex(12_000), &mut |t| out.push(t));
    assert_eq!(reasons(&out), []);
    assert_times(&times(&out, 1000.0), &[(8.0, 10.0)], 0.02);
}

#[test]
fn numbers_that_are_none_blind_the_detector_for_a_while() {
    let mut values = emg(1000.0, 14.0, &[(3.0, 6.0, 5.0), (9.0, 11.0, 5.0)]);
    for (i, value) in values[4000..4400].iter_mut().enumerate() {
        *value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX][i % 4];
    }
    let found = run_emg(1000.0, &values);
    assert_eq!(reasons(&found), [Reason::Quality, Reason::Quality]);
    assert_times(&times(&found, 1000.0), &[(9.0, 11.0)], 0.02);
    // Seconds of them from the start, or nothing else, are no reason to panic either.
    values[..3000].fill(f64::NAN);
    run_emg(1000.0, &values);
    assert_eq!(contractions(&run_emg(1000.0, &[f64::NAN; 5000])), []);
}

#[test]
fn a_few_unusable_samples_are_bridged() {
    let mut values = emg(1000.0, 9.0, &[(3.0, 6.0, 5.0)]);
    values[4000..4050].fill(f64::NAN);
    assert_times(&times(&run_emg(1000.0, &values), 1000.0), &[(3.0, 6.0)], 0.03);
}

#[test]
fn samples_under_a_blinding_fault_are_not_looked_at() {
    let mut values = emg(1000.0, 12.0, &[(8.0, 9.0, 5.0)]);
    values[4000..5000].fill(500.0);
    let mut out = Vec::new();
    let mut detector = detector(&DetectorConfig::emg(), 1000.0);
    let parts =
        [(0..4000, Quality::GOOD), (4000..5000, Quality::LEAD_OFF), (5000..12_000, Quality::GOOD)];
    for (part, quality) in parts {
        let first = SampleIndex(part.start as u64);
        detector.process(first, &values[part], quality, &mut |t| out.push(t));
    }
    detector.finish(SampleIndex(12_000), &mut |t| out.push(t));
    assert_eq!(reasons(&out), []);
    assert_times(&times(&out, 1000.0), &[(8.0, 9.0)], 0.02);
}

#[test]
fn squeezes_are_found_at_every_rate() {
    let squeezes = [(8.0, 10.0, 6.0), (14.0, 15.2, 25.0), (20.0, 28.0, 60.0)];
    let expected: Vec<(f64, f64)> = squeezes.iter().map(|s| (s.0, s.1)).collect();
    for hz in [8.0, 12.5, 50.0, 100.0, 200.0] {
        let found = run_pressure(hz, &pressure(hz, 34.0, &squeezes));
        // At 8 Hz, two samples.
        assert_times(&times(&found, hz), &expected, 0.25);
    }
}

#[test]
fn breathing_and_drift_are_rest() {
    let mut values = pressure(50.0, 120.0, &[(30.0, 33.0, 12.0), (80.0, 83.0, 12.0)]);
    for (i, value) in values.iter_mut().enumerate() {
        let t = i as f64 / 50.0;
        // A breath of 4 s, as a parabola up and one down; 3 a minute of drift.
        let phase = (t / 2.0).fract();
        let up = if ((t / 2.0) as u64).is_multiple_of(2) { 1.0 } else { -1.0 };
        *value += up * 6.0 * phase * (1.0 - phase) + 0.05 * t;
    }
    let found = run_pressure(50.0, &values);
    // 0.4 s: the breath moves the foot of a squeeze.
    assert_times(&times(&found, 50.0), &[(30.0, 33.0), (80.0, 83.0)], 0.4);
}

#[test]
fn a_cough_is_no_squeeze() {
    let mut values = pressure(50.0, 40.0, &[(20.0, 23.0, 15.0)]);
    for at in [10.0, 28.0, 33.0] {
        for i in 0..18 {
            let t = f64::from(i) / 50.0;
            let first = (at * 50.0) as usize;
            values[first + i as usize] += 100.0 * (t / 0.1).min((0.36 - t) / 0.26).clamp(0.0, 1.0);
        }
    }
    assert_times(&times(&run_pressure(50.0, &values), 50.0), &[(20.0, 23.0)], 0.2);
}

#[test]
fn a_rise_beside_a_dip_as_deep_is_not_believed() {
    let mut values = pressure(50.0, 30.0, &[(15.0, 17.0, 20.0)]);
    for value in &mut values[720..745] {
        *value -= 20.0;
    }
    let found = run_pressure(50.0, &values);
    assert_eq!(contractions(&found), []);
    assert_eq!(reasons(&found), [Reason::Implausible]);
}

#[test]
fn a_rate_above_the_promised_one_is_refused() {
    let mut detector = detector(&DetectorConfig::emg(), 1000.0);
    let error = detector.start(rate(2000.0), 0.0).expect_err("no room for it");
    assert_eq!((error.field, error.value, error.bound), ("rate_hz", 2000.0, 1000.0));
    for delay in [-1.0, f64::NAN, 1e9] {
        assert!(detector.start(rate(500.0), delay).is_err(), "{delay}");
    }
}

#[test]
fn rest_is_what_was_learnt() {
    let mut detector = detector(&DetectorConfig::emg(), 1000.0);
    assert_eq!(detector.rest(), None);
    detector.process(SampleIndex::ZERO, &emg(1000.0, 30.0, &[]), Quality::GOOD, &mut drop);
    let rest = detector.rest().expect("30 s were heard");
    // The low third of means over 0.1 s of white noise lies 3 % below its level.
    assert!((rest.level - 0.97).abs() < 0.03, "{rest:?}");
    // 30 independent sums of three samples: 13 % of the level.
    assert!((rest.spread - 0.13).abs() < 0.03, "{rest:?}");
    assert!((rest.span_s - 15.0).abs() < 0.2, "{rest:?}");
}

#[test]
fn a_dead_line_before_the_signal_is_not_its_rest() {
    let mut values = vec![0.0; 10_000];
    values.extend(emg(1000.0, 60.0, &[(30.0, 33.0, 2.5), (40.0, 42.0, 2.5)]));
    let found = run_emg(1000.0, &values);
    // The noise was announced as an onset, and that is taken back once it does not end.
    assert!(found.iter().any(|t| matches!(t, Transition::Withdrawn { .. })), "{found:?}");
    assert_times(&times(&found, 1000.0), &[(40.0, 43.0), (50.0, 52.0)], 0.05);
}

#[test]
fn a_very_strong_flick_may_be_shorter_at_any_rate() {
    let weak = run_emg(200.0, &emg(200.0, 6.0, &[(3.0, 3.15, 9.0)]));
    assert_eq!(contractions(&weak), []);
    let strong = run_emg(200.0, &emg(200.0, 6.0, &[(3.0, 3.15, 200.0)]));
    assert_times(&times(&strong, 200.0), &[(3.0, 3.15)], 0.03);
}

#[test]
fn what_is_as_fast_as_muscle_may_be_short_and_what_is_slow_may_not() {
    for hz in [1000.0, 2000.0, 4000.0] {
        let fast = run_emg(hz, &emg(hz, 6.0, &[(3.0, 3.13, 5.0)]));
        assert_times(&times(&fast, hz), &[(3.0, 3.13)], 0.04);
        // As strong for as long: three waves of 25 Hz.
        let mut slow = emg(hz, 6.0, &[]);
        for (i, value) in slow[(3.0 * hz) as usize..(3.13 * hz) as usize].iter_mut().enumerate() {
            *value += 7.0 * libm::sin(core::f64::consts::TAU * 25.0 * i as f64 / hz);
        }
        assert_eq!(contractions(&run_emg(hz, &slow)), [], "{hz} Hz");
    }
}

#[test]
fn what_begins_strong_and_ends_soon_and_weak_is_taken_back() {
    let found = run_emg(1000.0, &emg(1000.0, 6.0, &[(3.0, 3.12, 2.3), (3.12, 3.3, 1.5)]));
    assert_eq!(contractions(&found), []);
    assert!(
        matches!(found[..], [Transition::Onset { .. }, Transition::Withdrawn { .. }]),
        "{found:?}"
    );
}

#[test]
fn garbage_in_any_order_never_panics_and_dates_stay_in_order() {
    let mut noise = Noise(42);
    for config in [DetectorConfig::emg(), DetectorConfig::pressure()] {
        for hz in [8.0, 47.6, 333.0, 4000.0] {
            let mut detector = detector(&config, hz);
            let mut at = 0;
            let mut out = Vec::new();
            for call in 0..400 {
                let bits = noise.next().to_bits();
                let values: Vec<f64> = (0..(bits % 700))
                    .map(|i| match bits >> 60 & 3 {
                        0 => f64::from_bits(noise.next().to_bits().rotate_left(i as u32)),
                        1 => noise.next() * 1e3,
                        _ => noise.next(),
                    })
                    .collect();
                let first = match call % 7 {
                    0 => at + bits % 5000,
                    1 => at.saturating_sub(bits % 50),
                    _ => at,
                };
                let quality = if call % 11 == 0 { Quality::LEAD_OFF } else { Quality::GOOD };
                detector.process(SampleIndex(first), &values, quality, &mut |t| out.push(t));
                at = at.max(first + values.len() as u64);
            }
            detector.finish(SampleIndex(at), &mut |t| out.push(t));
            for c in contractions(&out) {
                assert!(c.onset <= c.offset.unwrap_or(c.closed), "{c:?}");
                assert!(c.onset < c.decided && c.decided <= c.closed, "{c:?}");
                assert!(c.peak_at >= c.onset && (0.0..=1.0).contains(&c.confidence), "{c:?}");
            }
            let found = contractions(&out);
            for pair in found.windows(2) {
                assert!(pair[0].offset.is_some_and(|end| end <= pair[1].onset), "{pair:?}");
            }
        }
    }
}

/// What the filters of an EMG leave of the values.
fn band_passed(hz: f64, values: &[f64]) -> Vec<f64> {
    let band = preset::emg_wide(rate(hz)).expect("a possible rate").sections;
    let notch = preset::mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate(hz))
        .expect("a possible rate");
    let mut values = values.to_vec();
    Cascade::new(&band.then(&notch.sections).expect("room for both")).process(&mut values);
    values
}

#[test]
fn a_wild_sample_and_the_ringing_of_the_filters_are_no_contraction() {
    for hz in [200.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0] {
        for wild in [1e2, 1e3, 1e4, 1e6, 1e9] {
            let mut values = emg(hz, 20.0, &[(15.0, 16.0, 5.0)]);
            values[(5.0 * hz) as usize] += wild;
            let found = run_emg(hz, &band_passed(hz, &values));
            let times = times(&found, hz);
            let [(onset, offset)] = times[..] else { panic!("{hz} Hz, {wild}: {found:?}") };
            // The filters are not taken off here, and ring at the end.
            assert!((onset - 15.0).abs() < 0.1 && (offset - 16.0).abs() < 0.2, "{hz}: {times:?}");
        }
    }
}

#[test]
fn rest_at_a_rate_with_few_independent_values_holds_no_contraction() {
    for hz in [200.0, 250.0] {
        let found = run_emg(hz, &band_passed(hz, &emg(hz, 600.0, &[])));
        assert_eq!(reasons(&found), [Reason::NoContrast], "{hz} Hz: {found:?}");
        assert_eq!(contractions(&found), []);
    }
}

#[test]
fn what_is_far_weaker_than_the_last_contractions_is_undetermined() {
    let found = run_emg(1000.0, &emg(1000.0, 20.0, &[(3.0, 6.0, 60.0), (12.0, 14.0, 3.0)]));
    assert_times(&times(&found, 1000.0), &[(3.0, 6.0)], 0.1);
    assert_eq!(reasons(&found), [Reason::FarWeaker]);
    // Without the strong one it is a contraction.
    let found = run_emg(1000.0, &emg(1000.0, 20.0, &[(12.0, 14.0, 3.0)]));
    assert_times(&times(&found, 1000.0), &[(12.0, 14.0)], 0.05);
}

#[test]
fn a_sharp_strong_edge_is_known_better_than_a_weak_one() {
    let within = |gain: f64| {
        let found = run_emg(1000.0, &emg(1000.0, 14.0, &[(6.0, 10.0, gain)]));
        let [contraction] = contractions(&found)[..] else { panic!("{found:?}") };
        let known = |u: Uncertainty| u.seconds().unwrap_or(f64::INFINITY);
        (known(contraction.onset_uncertainty), known(contraction.offset_uncertainty))
    };
    let (strong, weak) = (within(10.0), within(1.6));
    assert!(strong.0 < 0.05 && strong.0 < weak.0 && strong.1 < weak.1, "{strong:?} {weak:?}");
}

#[test]
fn an_offset_that_was_not_seen_is_unknown() {
    let found = run_emg(1000.0, &emg(1000.0, 8.0, &[(5.0, 8.0, 5.0)]));
    let [contraction] = contractions(&found)[..] else { panic!("{found:?}") };
    assert_eq!(
        contraction.offset_uncertainty,
        Uncertainty::Unknown(crate::transition::UnknownEdge::SignalEnded)
    );
}
