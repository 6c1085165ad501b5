//! Properties of the monitor as a whole; `tests/integration/quality.rs` shows it at work.

use super::*;
use crate::testing::Noise;
use crate::{SampleIndex, SampleRate, SignalKind, Span};

fn config(kind: SignalKind, hz: f64) -> MonitorConfig {
    let rate = SampleRate::from_hz(hz).expect("positive");
    MonitorConfig { kind, rate, rails: None, noise_limit: Some(3.0) }
}

/// A signal with something of everything.
fn faulty(hz: f64, seconds: f64) -> Vec<f64> {
    let mut noise = Noise::new(5);
    (0..(hz * seconds) as usize)
        .map(|index| {
            let t = index as f64 / hz;
            let x = 2.0 * noise.gaussian();
            match t {
                4.0..6.0 => x + 30.0 * (core::f64::consts::TAU * 50.0 * t).sin(),
                8.0..10.0 => 3.0,
                12.0..14.0 => x + 100.0,
                14.5..14.51 => 900.0,
                16.0..17.0 if index % 400 == 0 => f64::NAN,
                18.0..20.0 => (40.0 * x).clamp(-50.0, 50.0),
                _ => x,
            }
        })
        .collect()
}

/// All notices, and for each sample whether it was said to be good.
fn run(
    config: &MonitorConfig,
    values: &[f64],
    mut cut: impl FnMut() -> usize,
) -> (Vec<Notice>, u32) {
    let mut monitor = Monitor::new(config.rate);
    monitor.start(config).expect("a legal channel");
    feed(&mut monitor, values, &mut cut)
}

fn feed(
    monitor: &mut Monitor,
    values: &[f64],
    cut: &mut impl FnMut() -> usize,
) -> (Vec<Notice>, u32) {
    let mut notices = Vec::new();
    let mut out = |notice| notices.push(notice);
    let (mut from, mut bits) = (0, 0);
    while from < values.len() {
        // What is reported changes at the same samples however the blocks are cut, and once samples are
        // missing.
        let border = [700, 1500, 2000, values.len()].into_iter().find(|border| *border > from);
        let to = (from + cut()).min(border.unwrap_or(values.len())).min(values.len());
        let known = if (700..1500).contains(&from) { Quality::LOW_BATTERY } else { Quality::GOOD };
        let at = if from >= 2000 { from + 333 } else { from };
        let part = &values[from..to];
        bits |= monitor.process(SampleIndex(at as u64), part, part, known, &mut out).bits();
        from = to;
    }
    monitor.finish(&mut out);
    (notices, bits)
}

fn text(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(|notice| format!("{notice:?}")).collect()
}

const CHANNELS: [(SignalKind, f64); 5] = [
    (SignalKind::Emg, 1000.0),
    (SignalKind::Emg, 999.5),
    (SignalKind::Emg, 200.0),
    (SignalKind::Pressure, 100.0),
    (SignalKind::EmgEnvelope, 10.0),
];

#[test]
fn cuts_change_nothing() {
    for (kind, hz) in CHANNELS {
        let config = config(kind, hz);
        let values = faulty(hz, 24.0);
        let (whole, bits) = run(&config, &values, || usize::MAX / 2);
        assert!(hz < 100.0 || whole.len() > 4, "{kind:?} {hz}: {whole:?}");
        let mut noise = Noise::new(9);
        for most in [1.0, 7.0, 100.0, 3000.0] {
            let (cut, cut_bits) = run(&config, &values, || 1 + (most * noise.uniform()) as usize);
            assert_eq!(text(&cut), text(&whole), "{kind:?} {hz} {most}");
            assert_eq!(cut_bits, bits, "{kind:?} {hz} {most}");
        }
    }
}

#[test]
fn reset_equals_new() {
    for (kind, hz) in CHANNELS {
        let config = config(kind, hz);
        let values = faulty(hz, 24.0);
        let mut monitor = Monitor::new(SampleRate::from_hz(2000.0).expect("positive"));
        monitor.start(&config).expect("a legal channel");
        let (first, _) = feed(&mut monitor, &values, &mut || 64);
        monitor.reset();
        let (second, _) = feed(&mut monitor, &values, &mut || 64);
        assert_eq!(text(&first), text(&second));
        assert_eq!(text(&first), text(&run(&config, &values, || 64).0));
    }
}

#[test]
fn every_finding_that_began_ends_and_those_of_one_fault_do_not_overlap() {
    for (kind, hz) in CHANNELS {
        let (notices, _) = run(&config(kind, hz), &faulty(hz, 24.0), || 50);
        let mut covered = [0; Fault::ALL.len()];
        let mut open = [false; Fault::ALL.len()];
        let mut before = 0;
        for Notice { at, change, .. } in notices {
            assert!(at.0 >= before);
            before = at.0;
            match change {
                Change::Began(finding) => {
                    assert!(!core::mem::replace(&mut open[finding.fault as usize], true));
                    assert_eq!(finding.known_at, at);
                    assert!(finding.span.start <= at);
                }
                Change::Ended(finding) => {
                    assert!(core::mem::replace(&mut open[finding.fault as usize], false));
                    assert!(finding.span.start.0 >= covered[finding.fault as usize]);
                    assert!(finding.span.start <= finding.span.end && finding.span.end <= at);
                    covered[finding.fault as usize] = finding.span.end.0;
                }
            }
        }
        assert_eq!(open, [false; Fault::ALL.len()]);
    }
}

#[test]
fn odd_input_is_survived() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 5e-324, -0.0, 1e150];
    for (kind, hz) in CHANNELS {
        let config = config(kind, hz);
        let mut monitor = Monitor::new(config.rate);
        let mut out = |_| {};
        // Before a start nothing is judged.
        assert!(monitor.process(SampleIndex(0), &odd, &odd, Quality::GOOD, &mut out).is_good());
        monitor.start(&config).expect("a legal channel");
        for first in [0, 8, u64::MAX - 100, 3] {
            for _ in 0..200 {
                monitor.process(SampleIndex(first), &odd, &odd[1..], Quality::STALE, &mut out);
                monitor.process(SampleIndex(first), &[], &[], Quality::GOOD, &mut out);
            }
        }
        monitor.gap(Span { start: SampleIndex(9), end: SampleIndex(2) }, &mut out);
        monitor.heart(f64::NAN, &mut out);
        monitor.finish(&mut out);
    }
}

#[test]
fn channels_that_cannot_be_watched_are_refused() {
    let mut monitor = Monitor::new(SampleRate::from_hz(1000.0).expect("positive"));
    let refused = |kind, hz| {
        Monitor::new(SampleRate::from_hz(1000.0).expect("positive")).start(&config(kind, hz))
    };
    assert_eq!(refused(SignalKind::Other, 100.0), Err(MonitorError::NotJudged));
    assert_eq!(refused(SignalKind::Emg, 50.0), Err(MonitorError::RateTooLow));
    assert_eq!(refused(SignalKind::Pressure, 2000.0), Err(MonitorError::RateTooHigh));
    assert_eq!(monitor.start(&config(SignalKind::Pressure, 0.5)), Ok(()));
}

#[test]
fn what_the_device_reports_is_found_where_it_was_reported() {
    let config = config(SignalKind::Pressure, 50.0);
    let mut monitor = Monitor::new(config.rate);
    monitor.start(&config).expect("a legal channel");
    let mut found = Vec::new();
    let mut out = |notice: Notice| {
        if let Change::Ended(finding) = notice.change {
            found.push((finding.fault, finding.span.start.0, finding.span.end.0));
        }
    };
    for (first, known) in [(0, Quality::GOOD), (4, Quality::LEAD_OFF), (8, Quality::GOOD)] {
        let values = [1.0, 2.0, 1.5, 2.5];
        let quality = monitor.process(SampleIndex(first), &values, &values, known, &mut out);
        assert_eq!(quality, known);
    }
    assert_eq!(found, [(Fault::LeadOffReported, 4, 8)]);
}

#[test]
fn a_gap_is_a_finding_and_marks_what_follows() {
    let config = config(SignalKind::Pressure, 50.0);
    let mut monitor = Monitor::new(config.rate);
    monitor.start(&config).expect("a legal channel");
    let mut spans = Vec::new();
    let mut out = |notice: Notice| {
        if let Change::Ended(finding) = notice.change {
            spans.push((finding.fault, finding.span));
        }
    };
    let values = [1.0, 2.0, 1.5, 2.5];
    monitor.process(SampleIndex(0), &values, &values, Quality::GOOD, &mut out);
    let after = monitor.process(SampleIndex(10), &values, &values, Quality::GOOD, &mut out);
    assert!(after.intersects(Quality::GAP));
    let later = monitor.process(SampleIndex(14), &values, &values, Quality::GOOD, &mut out);
    assert!(later.is_good());
    assert_eq!(spans, [(Fault::Gap, Span { start: SampleIndex(4), end: SampleIndex(10) })]);
}

#[test]
fn a_heart_that_covers_much_is_a_finding_until_it_does_not() {
    let config = config(SignalKind::Emg, 1000.0);
    let mut monitor = Monitor::new(config.rate);
    monitor.start(&config).expect("a legal channel");
    monitor.heart(0.4, &mut |_| {});
    assert_eq!(monitor.quality(), Quality::HEART);
    assert!(monitor.open().any(|finding| finding.fault == Fault::Heart));
    monitor.heart(0.1, &mut |_| {});
    assert!(monitor.quality().is_good());
}
