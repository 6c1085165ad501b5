//! Arrivals as links of several kinds make them; the truth is known here and nowhere else.

use levator_signal::{SignalKind, Unit};

use super::*;

/// A device of `declared` Hz whose samples come every `1 / real` s of its own clock, which runs `ppm` too
/// fast; `delay` gives the delay of a frame that is sent at a host time.
struct Link {
    declared: f64,
    real: f64,
    ppm: f64,
    has_clock: bool,
    per_frame: u64,
}

impl Link {
    /// Events of `seconds`, and for each the true host time of the sample it speaks of.
    fn run(&self, seconds: f64, mut delay: impl FnMut(f64) -> f64) -> Vec<(ClockEvent, f64)> {
        let mut clocks = Clocks::new();
        let mut info = StreamInfo::of_values(
            SignalKind::Pressure,
            Unit::Pascal,
            SampleRate::from_millihertz((self.declared * 1e3).round() as u32).expect("not zero"),
            1,
        );
        info.stream = 0;
        clocks.describe(&info);
        let pace = 1.0 + self.ppm * 1e-6;
        let host_s = |index: u64| index as f64 / self.real / pace;
        let codes = vec![0.0; self.per_frame as usize];
        let (mut found, mut arrival, mut first) = (Vec::new(), 0.0_f64, 0);
        while host_s(first) < seconds {
            let sent = host_s(first + self.per_frame);
            // A line keeps the order.
            arrival = arrival.max(sent + delay(sent));
            if self.has_clock {
                let device_us = (first as f64 / self.real * 1e6).round() as u64;
                let (at, index) = (HostTime::from_secs_f64(arrival), SampleIndex(first));
                clocks.timing(Timing { at, stream: 0, index, device_us, is_anew: false });
            }
            let scans = Scans {
                stream: 0,
                first: SampleIndex(first),
                channel_count: 1,
                codes: &codes,
                quality: levator_signal::Quality::GOOD,
                fault_channels: 0,
            };
            clocks.scans(HostTime::from_secs_f64(arrival), &scans, &mut |output: Output<'_>| {
                if let Output::Clock(event) = output {
                    found.push((event, host_s(event.end.0)));
                }
            });
            first += self.per_frame;
        }
        found
    }
}

/// Even numbers from 0 to 1, the same on every run.
fn chance() -> impl FnMut() -> f64 {
    let mut state = 12_345_u64;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1_u32 << 24)
    }
}

const EMG: Link = Link { declared: 1000.0, real: 1000.0, ppm: 0.0, has_clock: true, per_frame: 20 };

#[test]
fn bursts_of_sixteen_milliseconds_leave_some_milliseconds_and_no_step_back() {
    let mut chance = chance();
    // Frames every 20 ms and turns every 16 ms meet in the same way again and again, so that even the least
    // delay is no constant: it runs through 4 ms and jumps back, at 200 ppm every 20 s, at 100 ppm every
    // 40 s. The latter looks like another drift for longer than half of what is remembered.
    for (ppm, after_s, most_s, most_ppm) in [
        (0.0, 30.0, 0.002, 20.0),
        (-200.0, 40.0, 0.002, 20.0),
        (200.0, 40.0, 0.002, 20.0),
        (-100.0, 30.0, 0.006, 110.0),
        (100.0, 30.0, 0.006, 110.0),
    ] {
        // A bridge with a timer of 16 ms, and 5 ms of the host either way.
        let bursts = |sent: f64| {
            let turn = 0.016 * (sent / 0.016).ceil() - sent;
            turn + 0.005 + 0.005 * (2.0 * chance() - 1.0)
        };
        let events = Link { ppm, ..EMG }.run(120.0, bursts);
        let settled: Vec<_> = events.iter().filter(|(_, truth)| *truth >= after_s - 0.1).collect();
        assert!(settled.len() >= 8);
        // The least delay is a constant that only a round trip could tell.
        let bias = |(event, truth): &&(ClockEvent, f64)| event.end_at.as_secs_f64() - truth;
        let biases: Vec<f64> = settled.iter().map(bias).collect();
        let (least, most) =
            biases.iter().fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(*x), b.max(*x)));
        assert!(most - least < most_s, "{ppm} ppm: {biases:?}");
        assert!(settled.windows(2).all(|pair| pair[0].0.end_at < pair[1].0.end_at));
        let (last, _) = settled[settled.len() - 1];
        let drift = last.drift_ppm.expect("it has a clock");
        assert!((drift - ppm).abs() < most_ppm, "{ppm} ppm, found {drift}");
        assert_eq!(last.pace, Pace::AsDeclared);
    }
}

#[test]
fn stalls_do_not_bend_the_line() {
    let mut chance = chance();
    let mut until = 0.0;
    let stalls = |sent: f64| {
        if chance() < 0.01 {
            until = sent + 0.15;
        }
        f64::max(until - sent, 0.0) + 0.001 * chance()
    };
    let events = Link { ppm: 50.0, ..EMG }.run(100.0, stalls);
    let (last, _) = events[events.len() - 1];
    assert!((last.drift_ppm.expect("it has a clock") - 50.0).abs() < 5.0, "{last:?}");
    assert!(last.late_s > 0.1 && last.late_s < 0.16, "{}", last.late_s);
}

#[test]
fn a_drift_beyond_any_crystal_is_clamped() {
    let events = Link { ppm: 900.0, ..EMG }.run(40.0, |_| 0.001);
    let (last, _) = events[events.len() - 1];
    assert_eq!(last.drift_ppm, Some(200.0));
}

#[test]
fn a_rate_that_is_not_what_was_declared_is_found_by_stamps_and_without() {
    for has_clock in [true, false] {
        let mut chance = chance();
        let link = Link { declared: 50.0, real: 47.6, ppm: 0.0, has_clock, per_frame: 1 };
        let events = link.run(60.0, |_| 0.016 * chance());
        assert!(!events.is_empty());
        for (event, _) in events {
            assert_eq!(event.pace, Pace::Off, "{event:?}");
            assert!((event.real_hz / 47.6 - 1.0).abs() < 0.002, "{event:?}");
        }
    }
    let slow = Link { declared: 50.0, real: 40.0, ppm: 0.0, has_clock: true, per_frame: 1 };
    assert_eq!(slow.run(11.0, |_| 0.001)[0].0.pace, Pace::Wrong);
}

#[test]
fn ten_seconds_are_needed_and_a_restart_begins_anew() {
    assert!(EMG.run(9.5, |_| 0.001).is_empty());
    let mut clocks = Clocks::new();
    let rate = SampleRate::from_millihertz(1_000_000).expect("not zero");
    clocks.describe(&StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, 1));
    let mut events = 0;
    for second in 0..30_u64 {
        let codes = vec![0.0; 1000];
        let scans = Scans {
            stream: 0,
            first: SampleIndex(second * 1000),
            channel_count: 1,
            codes: &codes,
            quality: levator_signal::Quality::GOOD,
            fault_channels: 0,
        };
        let at = HostTime::from_secs_f64(second as f64);
        let device_us = second * 1_000_000;
        // Restarted after 8 s, and again after 16.
        let is_anew = second % 8 == 0 && second <= 16;
        clocks.timing(Timing { at, stream: 0, index: scans.first, device_us, is_anew });
        clocks.scans(at, &scans, &mut |output: Output<'_>| {
            events += u64::from(matches!(output, Output::Clock(_)));
            assert!(second >= 26, "told after {second} s");
        });
    }
    assert_eq!(events, 1);
}
