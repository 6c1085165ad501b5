//! What must not matter: gain, offset, how the signal is cut into calls, and how long the rest before it
//! was. Random cases, of signals made from seeds.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

#[path = "../examples/score/recording.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod recording;
#[path = "../examples/score/scoring.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod scoring;
#[path = "../examples/score/simulated.rs"]
#[allow(dead_code, reason = "other users need the rest of it")]
mod simulated;

use levator_detect::{Contraction, Detector, DetectorConfig, Transition};
use levator_signal::preset::{self, Harmonics, Mains};
use levator_signal::{Cascade, Quality, SampleIndex, SampleRate};
use recording::Signal;
use simulated::{Random, Simulated};

/// Every eleventh recording of a grid: all rates, ratios, rises and things added come up.
fn recordings() -> impl Iterator<Item = Simulated> {
    simulated::grid(71, 11)
}

fn signal(rate: SampleRate, values: Vec<f64>) -> Signal {
    Signal { rate, runs: vec![(SampleIndex::ZERO, values)] }
}

fn said(rate: SampleRate, values: Vec<f64>, is_emg: bool) -> Vec<Transition> {
    recording::detect(&signal(rate, values), is_emg).expect("the presets exist at these rates")
}

fn contractions(said: &[Transition]) -> Vec<Contraction> {
    said.iter()
        .filter_map(|t| if let Transition::Contraction(c) = t { Some(*c) } else { None })
        .collect()
}

/// What is said, without what has a unit.
fn dates(said: &[Transition]) -> Vec<(u8, SampleIndex, SampleIndex, Option<SampleIndex>)> {
    said.iter()
        .map(|t| match t {
            Transition::Onset { at, decided } => (0, *at, *decided, None),
            Transition::Withdrawn { span, decided } => (1, span.start, *decided, Some(span.end)),
            Transition::Contraction(c) => (2, c.onset, c.closed, c.offset),
            Transition::Undetermined { span, decided, .. } => {
                (3, span.start, *decided, Some(span.end))
            }
        })
        .collect()
}

#[test]
fn gains_of_a_hundredth_to_a_hundred_and_offsets_move_nothing() {
    let mut random = Random::new(72, 0);
    let mut count = 0;
    for Simulated { name, is_emg, rate, values, .. } in recordings() {
        let plain = dates(&said(rate, values.clone(), is_emg));
        for _ in 0..3 {
            let gain = libm::pow(10.0, random.uniform(-2.0, 2.0));
            let offset = random.uniform(-1e4, 1e4);
            let moved = values.iter().map(|x| gain * (x + offset)).collect();
            assert_eq!(dates(&said(rate, moved, is_emg)), plain, "{name}: {gain} * (x + {offset})");
        }
        count += plain.len();
    }
    assert!(count > 200, "there is something to move: {count}");
}

#[test]
fn cuts_at_any_sample_move_nothing() {
    let mut random = Random::new(73, 0);
    for Simulated { name, is_emg, rate, mut values, .. } in recordings() {
        let (config, sections) = if is_emg {
            let band = preset::emg_wide(rate).expect("legal").sections;
            let notch = preset::mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate);
            let both = band.then(&notch.expect("legal").sections).expect("room");
            (DetectorConfig::emg(), both)
        } else {
            (DetectorConfig::pressure(), preset::pressure_low_pass(rate).expect("legal").sections)
        };
        Cascade::new(&sections).process(&mut values);
        let mut run = |longest: f64| {
            let mut detector = Detector::new(&config, rate).expect("legal");
            let (mut found, mut at) = (Vec::new(), 0);
            while at < values.len() {
                let len = libm::pow(longest, random.unit()) as usize;
                let end = (at + len.max(1)).min(values.len());
                let first = SampleIndex(at as u64);
                detector.process(first, &values[at..end], Quality::GOOD, &mut |t| found.push(t));
                at = end;
            }
            detector.finish(SampleIndex(at as u64), &mut |t| found.push(t));
            found
        };
        let whole = run(1e9);
        for longest in [1.0, 40.0, 3000.0] {
            assert_eq!(run(longest), whole, "{name}: calls of up to {longest} samples");
        }
    }
}

/// The level of the rest is known a little better after a minute, so that what lies at the threshold may
/// fall to its other side. Dates stay within what was stated.
#[test]
fn a_minute_of_rest_in_front_moves_no_contraction() {
    let (mut count, mut other) = (0, 0);
    for (index, one) in simulated::grid(74, 5).enumerate() {
        // Of EMG with nothing added: its rest can be made for any length.
        if !one.is_emg || !one.name.ends_with("none") || one.name.contains("03db") {
            continue;
        }
        let Simulated { name, rate, values, .. } = one;
        let quiet = (2.5 * rate.hz()) as usize;
        let offset = values[..quiet].iter().sum::<f64>() / quiet as f64;
        let values: Vec<f64> = values.iter().map(|x| x - offset).collect();
        let plain = contractions(&said(rate, values.clone(), true));
        let mut longer = simulated::rest(75 + index as u64, rate, 60.0);
        let front = longer.len() as u64;
        longer.extend(values);
        let moved = contractions(&said(rate, longer, true));
        assert!(moved.iter().all(|one| one.onset.0 >= front), "{name}: found in rest");
        count += plain.len();
        for one in &plain {
            let same = moved.iter().find(|other| {
                let onset = other.onset.0 - front;
                onset.abs_diff(one.onset.0) as f64 <= 0.3 * rate.hz()
            });
            match same {
                Some(same) => {
                    let by = (same.onset.0 - front).abs_diff(one.onset.0) as f64 / rate.hz();
                    let within = one.onset_uncertainty.seconds().unwrap_or(0.5);
                    assert!(by <= within, "{name}: {by} s, known within {within} s");
                }
                None => other += 1,
            }
        }
        other += moved.len().saturating_sub(plain.len());
    }
    // Three of 174: of 0.15 to 0.2 s, at 5 and 8 dB.
    assert!(count >= 120 && 50 * other <= count + 50, "{other} of {count} came or went");
}
