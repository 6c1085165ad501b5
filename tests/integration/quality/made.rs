//! Made signals: people with and without faults in the apparatus.

use std::f64::consts::TAU;

use levator_signal::{Fault, SampleRate, butterworth_band_pass};
use levator_simulate::SeededRng;

use super::{Cascade, Case, MonitorConfig, Rails, SignalKind};

const EMG_HZ: [f64; 5] = [200.0, 500.0, 1000.0, 2000.0, 4000.0];
const PRESSURE_HZ: [f64; 5] = [10.0, 20.0, 50.0, 100.0, 200.0];

/// From here on there is a fault, in seconds.
const FAULT_S: f64 = 12.0;
const LEN_S: f64 = 24.0;

/// RMS at rest in microvolt.
const REST_UV: f64 = 2.5;

/// Contractions as start, end, height, and time to rise and to fall, all in seconds.
type Course = [(f64, f64, f64, f64)];

fn height(course: &Course, t: f64) -> f64 {
    course
        .iter()
        .map(|&(start, end, height, ramp)| {
            height * ((t - start) / ramp).min((end - t) / ramp).clamp(0.0, 1.0)
        })
        .fold(0.0, f64::max)
}

fn count(rate_hz: f64, seconds: f64) -> usize {
    (rate_hz * seconds) as usize
}

fn rate(hz: f64) -> SampleRate {
    SampleRate::from_hz(hz).expect("positive")
}

/// Noise in the band of muscles, modulated by the course (in microvolt RMS above rest), about an offset,
/// with a little white noise of the amplifier, rounded to its steps.
fn emg(rate_hz: f64, seconds: f64, seed: u64, course: &Course) -> Vec<f64> {
    let mut rng = SeededRng::new(seed);
    let high_hz = 350.0_f64.min(0.42 * rate_hz);
    let band = butterworth_band_pass(2, 25.0, high_hz, rate(rate_hz)).expect("legal");
    let mut cascade = Cascade::new(&band);
    // White noise of RMS 1 keeps this much of its power in the band.
    let gain = (0.5 * rate_hz / (high_hz - 25.0)).sqrt();
    let mut noise: Vec<f64> = (0..count(rate_hz, seconds)).map(|_| gain * rng.gaussian()).collect();
    cascade.process(&mut noise);
    let value = |(index, x): (usize, &f64)| {
        let t = index as f64 / rate_hz;
        let muscle = x * (REST_UV + height(course, t)) + 0.4 * rng.gaussian();
        ((150.0 + 5.0 * (TAU * 0.1 * t).sin() + muscle) / 0.05).round() * 0.05
    };
    noise.iter().enumerate().map(value).collect()
}

/// Rest, breath and contractions (in cmH2O), with the noise of the sensor.
fn pressure(rate_hz: f64, seconds: f64, seed: u64, course: &Course) -> Vec<f64> {
    let mut rng = SeededRng::new(seed);
    (0..count(rate_hz, seconds))
        .map(|index| {
            let t = index as f64 / rate_hz;
            let breath = 1.2 * (TAU * 0.25 * t).sin();
            let x = 22.0 + breath + height(course, t) + 0.15 * rng.gaussian();
            (x / 0.01).round() * 0.01
        })
        .collect()
}

fn case(name: String, kind: SignalKind, rate_hz: f64, values: Vec<f64>) -> Case {
    let config = MonitorConfig { kind, rate: rate(rate_hz), rails: None, noise_limit: None };
    Case { name, config, values, gaps: Vec::new(), fault: None, within_s: 5.0 }
}

const STRONG: &Course = &[(6.0, 9.0, 60.0, 0.2), (12.0, 16.0, 250.0, 0.1), (19.0, 21.0, 20.0, 0.4)];
const LONG: &Course = &[(6.0, 66.0, 60.0, 0.3)];
const FROM_THE_FIRST: &Course = &[(-1.0, 30.0, 100.0, 0.1)];
const FLICKS: &Course = &[
    (6.0, 6.15, 50.0, 0.03),
    (7.0, 7.2, 80.0, 0.03),
    (8.0, 8.3, 30.0, 0.05),
    (9.0, 9.15, 60.0, 0.03),
    (10.0, 10.2, 100.0, 0.03),
    (11.0, 11.25, 100.0, 0.03),
    (12.0, 12.2, 60.0, 0.03),
];
const SQUEEZES: &Course = &[
    (6.0, 9.0, 20.0, 0.4),
    (12.0, 16.0, 80.0, 0.3),
    (19.0, 21.0, 5.0, 0.5),
    (25.0, 28.0, 40.0, 0.3),
];
const LONG_SQUEEZE: &Course = &[(6.0, 66.0, 50.0, 0.4)];
const QUICK_SQUEEZES: &Course = &[
    (6.0, 6.5, 40.0, 0.2),
    (7.5, 8.0, 60.0, 0.2),
    (9.0, 9.4, 30.0, 0.15),
    (10.5, 11.0, 80.0, 0.2),
];

pub(super) fn clean() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, hz) in (1..).zip(EMG_HZ) {
        let named = |what: &str| format!("emg {hz} Hz, {what}");
        let add = |what: &str, seconds: f64, course: &Course| {
            case(named(what), SignalKind::Emg, hz, emg(hz, seconds, seed, course))
        };
        cases.push(add("rest", 60.0, &[]));
        cases.push(add("strong", 24.0, STRONG));
        cases.push(add("60 s hold", 80.0, LONG));
        cases.push(add("begins in a hold", 50.0, FROM_THE_FIRST));
        cases.push(add("flicks", 16.0, FLICKS));
    }
    for (seed, hz) in (101..).zip(PRESSURE_HZ) {
        let named = |what: &str| format!("pressure {hz} Hz, {what}");
        let add = |what: &str, seconds: f64, course: &Course| {
            case(named(what), SignalKind::Pressure, hz, pressure(hz, seconds, seed, course))
        };
        cases.push(add("rest", 60.0, &[]));
        cases.push(add("squeezes", 32.0, SQUEEZES));
        cases.push(add("60 s hold", 80.0, LONG_SQUEEZE));
        cases.push(add("flicks", 16.0, QUICK_SQUEEZES));
        let mut stairs = add("staircase of 0.5 every 100 ms", 32.0, SQUEEZES);
        let held = count(hz, 0.1).max(1);
        for index in 0..stairs.values.len() {
            let at = stairs.values[index - index % held];
            stairs.values[index] = (at / 0.5).round() * 0.5;
        }
        cases.push(stairs);
    }
    cases
}

/// Changes a signal from [`FAULT_S`] on: time since then, value, chance.
type Inject = fn(f64, f64, &mut SeededRng) -> f64;

const MAINS_50: &[Fault] = &[Fault::Mains50];
const MAINS_60: &[Fault] = &[Fault::Mains60];
const OFF: &[Fault] = &[Fault::ElectrodeOff, Fault::Flat];
/// The baseline jumps as well.
const SILENT: &[Fault] = &[Fault::ElectrodeOff, Fault::BaselineStep];
const STUCK: &[Fault] = &[Fault::Flat];
const STEP: &[Fault] = &[Fault::BaselineStep];
const SPIKE: &[Fault] = &[Fault::Spike];
const MOTION: &[Fault] = &[Fault::Motion];
const CLIPPED: &[Fault] = &[Fault::SaturatedLow, Fault::SaturatedHigh];

/// A short pulse at each of some instants.
fn pulses(t: f64, every_s: f64, len_s: f64) -> f64 {
    f64::from(u8::from((t - 1.0).rem_euclid(every_s) < len_s && t >= 1.0))
}

const EMG_FAULTS: [(&str, Inject, &[Fault]); 10] = [
    ("hum 50 Hz, 3 x rest", |t, x, _| x + 10.6 * (TAU * 50.0 * t).sin(), MAINS_50),
    ("hum 60 Hz, 3 x rest", |t, x, _| x + 10.6 * (TAU * 60.1 * t).sin(), MAINS_60),
    ("hum 50 Hz, 1 x rest", |t, x, _| x + 3.5 * (TAU * 49.9 * t + 1.0).sin(), MAINS_50),
    ("electrode off, hum", |t, x, _| x + 400.0 * (TAU * 50.0 * t).sin(), OFF),
    ("electrode off, silence", |_, _, rng| 40.0 + 0.2 * rng.gaussian(), SILENT),
    ("electrode off, at the rail", |t, x, _| (x + 4e4 * t).min(3000.0), OFF),
    ("step of 100 uV", |t, x, _| x + if t > 1.0 { 100.0 } else { 0.0 }, STEP),
    ("spikes of 300 uV", |t, x, _| x + 300.0 * pulses(t, 2.0, 0.006), SPIKE),
    ("swings of 80 uV at 2 Hz", |t, x, _| x + 80.0 * (TAU * 2.0 * t).sin(), MOTION),
    (
        "clipped, rails not known",
        |t, x, _| 150.0 + ((x - 150.0) * (1.0 + 80.0 * t.min(1.0))).clamp(-300.0, 300.0),
        CLIPPED,
    ),
];

const PRESSURE_FAULTS: [(&str, Inject, &[Fault]); 3] = [
    ("spikes of 40", |t, x, _| x + 40.0 * pulses(t, 2.0, 0.004), SPIKE),
    ("step of 15", |t, x, _| x + if t > 1.0 { 15.0 } else { 0.0 }, STEP),
    (
        "erratic",
        |_, x, rng| if rng.happens(0.5) { x } else { 3000.0 * (rng.uniform() - 0.5) },
        &[Fault::Erratic, Fault::Spike],
    ),
];

fn injected(mut case: Case, inject: Inject, faults: &'static [Fault]) -> Case {
    let hz = case.config.rate.hz();
    let from = count(hz, FAULT_S);
    let mut rng = SeededRng::new(77);
    for (index, value) in case.values.iter_mut().enumerate().skip(from) {
        *value = inject((index - from) as f64 / hz, *value, &mut rng);
    }
    case.fault = Some((from, faults));
    case
}

/// The last value before the fault, for good.
fn stuck(mut case: Case) -> Case {
    let from = count(case.config.rate.hz(), FAULT_S);
    let value = case.values[from - 1];
    case.values[from..].fill(value);
    case.fault = Some((from, STUCK));
    case
}

/// A pulse is as long as one sample, at least.
fn one_sample_spikes(mut case: Case, size: f64) -> Case {
    let hz = case.config.rate.hz();
    let from = count(hz, FAULT_S);
    for seconds in [1.0, 3.0, 5.0, 8.0] {
        case.values[from + count(hz, seconds)] += size;
    }
    case.fault = Some((from, SPIKE));
    case
}

pub(super) fn faulty() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, hz) in (201..).zip(EMG_HZ) {
        let make = |what: &str| {
            let course: &Course = &[(6.0, 9.0, 40.0, 0.2)];
            let values = emg(hz, LEN_S, seed, course);
            case(format!("emg {hz} Hz, {what}"), SignalKind::Emg, hz, values)
        };
        for (what, inject, faults) in EMG_FAULTS {
            if what.starts_with("spikes") {
                cases.push(one_sample_spikes(make(what), 300.0));
            } else {
                cases.push(injected(make(what), inject, faults));
            }
        }
        cases.push(stuck(make("stuck")));
        let mut rails = make("known rails reached");
        rails.values.iter_mut().for_each(|x| *x = x.clamp(100.1, 199.9));
        let loud = |t: f64, x: f64, _: &mut SeededRng| {
            (150.0 + 20.0 * t.min(1.0) * (x - 150.0)).clamp(100.0, 200.0)
        };
        let mut rails = injected(rails, loud, CLIPPED);
        rails.config.rails = Some(Rails { low: 100.0, high: 200.0 });
        cases.push(rails);
        let mut noise = injected(
            make("noise of 4 x rest"),
            |_, x, rng| x + 10.0 * rng.gaussian(),
            &[Fault::NoiseFloor],
        );
        noise.config.noise_limit = Some(4.0);
        // A floor is the lowest so far, so it has to be there from the beginning.
        noise.values.drain(..count(hz, FAULT_S));
        noise.fault = Some((0, &[Fault::NoiseFloor]));
        cases.push(noise);
    }
    for (seed, hz) in (301..).zip(PRESSURE_HZ) {
        let make = |what: &str| {
            let values = pressure(hz, LEN_S, seed, &[(5.0, 8.0, 30.0, 0.4)]);
            case(format!("pressure {hz} Hz, {what}"), SignalKind::Pressure, hz, values)
        };
        for (what, inject, faults) in PRESSURE_FAULTS {
            // Below 40 Hz a person can rise within a sample.
            if what.starts_with("step") && hz < 40.0 {
                continue;
            }
            if what.starts_with("spikes") {
                cases.push(one_sample_spikes(make(what), 40.0));
            } else {
                cases.push(injected(make(what), inject, faults));
            }
        }
        cases.push(stuck(make("stuck")));
        let mut rails = injected(
            make("known rails reached"),
            |t, x, _| (x + 50.0 * t.min(1.0)).min(60.0),
            CLIPPED,
        );
        rails.config.rails = Some(Rails { low: 0.0, high: 60.0 });
        rails.fault = Some((count(hz, FAULT_S), &[Fault::SaturatedHigh, Fault::Flat]));
        cases.push(rails);
    }
    cases
}

/// Signals that are faulty from the first sample: what a check before a visit meets.
pub(super) fn checked() -> Vec<Case> {
    let mut cases = faulty();
    // Without a past, silence is no fall, and fast jumps may be noise.
    cases.retain(|case| {
        let is_fast = case.config.rate.hz() >= 50.0;
        let has_no_past = case.name.ends_with("silence");
        !(has_no_past || is_fast && case.name.ends_with("erratic"))
    });
    for case in &mut cases {
        let (from, faults) = case.fault.expect("each has one");
        // What happens once must happen within the 5 s.
        case.values.drain(..from);
        case.fault = Some((0, faults));
    }
    cases
}
