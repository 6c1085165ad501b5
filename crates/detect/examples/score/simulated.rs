//! Recordings whose contractions are known to the sample, from a seed.
//!
//! The same recipe as the Python simulator whose seeds are not here: Gaussian EMG with the spectrum
//! `f^2 / ((f^2 + 60^2) (f^2 + 120^2)^2)` (Stulen and De Luca 1981) at a given ratio to a rest of
//! 2.5 uV that is flat for 70 % and EMG for 30 %; bursts of 0.2 to 10 s with sharp, 0.1 s and 0.4 s
//! rises; hum, heart beats, motion and clipping added; squeezes with half-cosine rises and falls,
//! with drift, coughs, breathing and stairs. Only the noise is shaped by filters, not by a transform.

use levator_signal::design::{butterworth_high_pass, butterworth_low_pass};
use levator_signal::{Cascade, SampleRate};

use crate::scoring::Event;

pub(crate) struct Simulated {
    pub(crate) name: String,
    pub(crate) is_emg: bool,
    pub(crate) group: String,
    pub(crate) rate: SampleRate,
    pub(crate) values: Vec<f64>,
    pub(crate) labels: Vec<Event>,
}

const REST_UV: f64 = 2.5;

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut random =
            Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (index << 32) ^ 0x5DEE_CE66);
        for _ in 0..8 {
            random.bits();
        }
        random
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn log_uniform(&mut self, (low, high): (f64, f64)) -> f64 {
        libm::exp(self.uniform(libm::log(low), libm::log(high)))
    }

    fn sign(&mut self) -> f64 {
        if self.bits() & 1 == 0 { -1.0 } else { 1.0 }
    }

    /// Box and Muller 1958.
    pub(crate) fn gaussian(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }
}

fn noise(random: &mut Random, len: usize) -> Vec<f64> {
    (0..len).map(|_| random.gaussian()).collect()
}

fn normalised(mut values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let power = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64;
    let scale = 1.0 / libm::sqrt(power.max(1e-300));
    values.iter_mut().for_each(|x| *x = (*x - mean) * scale);
    values
}

/// Unit noise with the spectrum of surface EMG: a high-pass of first order at 60 Hz and two low-passes
/// of first order at 120 Hz.
fn emg_noise(random: &mut Random, len: usize, rate: SampleRate) -> Vec<f64> {
    let mut values = noise(random, len);
    let pole = |hz: f64| libm::tan(core::f64::consts::PI * hz / rate.hz());
    let (high, low) = (pole(60.0), pole(120.0));
    let (mut h_in, mut h_out) = (0.0, 0.0);
    let mut lows = [(0.0, 0.0); 2];
    for x in &mut values {
        h_out = (*x - h_in + (1.0 - high) * h_out) / (1.0 + high);
        h_in = *x;
        let mut y = h_out;
        for (last_in, last_out) in &mut lows {
            let out = (low * (y + *last_in) + (1.0 - low) * *last_out) / (1.0 + low);
            (*last_in, *last_out) = (y, out);
            y = out;
        }
        *x = y;
    }
    normalised(values)
}

/// Unit noise that is flat from 20 to 450 Hz.
fn flat_noise(random: &mut Random, len: usize, rate: SampleRate) -> Vec<f64> {
    let mut values = noise(random, len);
    let low = butterworth_high_pass(6, 20.0, rate).expect("a legal edge");
    let high = butterworth_low_pass(6, 450.0, rate).expect("a legal edge");
    Cascade::new(&low.then(&high).expect("room")).process(&mut values);
    normalised(values)
}

/// Unit wander below a frequency: one pole, twice.
fn slow(random: &mut Random, len: usize, rate: SampleRate, hz: f64) -> Vec<f64> {
    let keep = libm::exp(-core::f64::consts::TAU * hz / rate.hz());
    let mut values = noise(random, len);
    let (mut a, mut b) = (0.0, 0.0);
    for x in &mut values {
        a = keep * a + (1.0 - keep) * *x;
        b = keep * b + (1.0 - keep) * a;
        *x = b;
    }
    normalised(values)
}

fn spans(
    random: &mut Random,
    count: usize,
    first: (f64, f64),
    length: (f64, f64),
    gap: (f64, f64),
) -> (Vec<(f64, f64)>, f64) {
    let mut at = random.log_uniform(first);
    let mut spans = Vec::new();
    for _ in 0..count {
        let end = at + random.log_uniform(length);
        spans.push((at, end));
        at = end + random.log_uniform(gap);
    }
    (spans, at)
}

fn label(onset: usize, offset: usize, rate: SampleRate) -> Event {
    Event {
        onset_s: onset as f64 / rate.hz(),
        offset_s: Some(offset as f64 / rate.hz()),
        is_offset_known: true,
    }
}

fn emg(
    random: &mut Random,
    rate: SampleRate,
    snr_db: f64,
    ramp_s: f64,
    added: &str,
) -> (Vec<f64>, Vec<Event>) {
    let hz = rate.hz();
    let count = 5 + (6.0 * random.unit()) as usize;
    let (bursts, end_s) = spans(random, count, (3.0, 6.0), (0.2, 10.0), (0.8, 6.0));
    let len = (end_s * hz) as usize;
    let mut envelope = vec![0.0; len];
    let mut labels = Vec::new();
    for (start_s, stop_s) in bursts {
        let (start, stop) = ((start_s * hz) as usize, (stop_s * hz) as usize);
        let ramp = ((ramp_s * hz) as usize).min((stop - start) / 2);
        for (k, value) in envelope[start..stop].iter_mut().enumerate() {
            let edge = k.min(stop - start - 1 - k);
            *value = ((edge + 1) as f64 / (ramp + 1) as f64).min(1.0);
        }
        labels.push(label(start, stop, rate));
    }
    let burst_uv = REST_UV * libm::pow(10.0, snr_db / 20.0);
    let plateau_uv = libm::hypot(REST_UV, burst_uv);
    let flat = flat_noise(random, len, rate);
    let tone = emg_noise(random, len, rate);
    let muscle = emg_noise(random, len, rate);
    let mut values: Vec<f64> = (0..len)
        .map(|i| {
            REST_UV * (0.7f64.sqrt() * flat[i] + 0.3f64.sqrt() * tone[i])
                + burst_uv * envelope[i] * muscle[i]
        })
        .collect();
    match added {
        "hum" => {
            let wander = slow(random, len, rate, 0.5);
            let turns = 50.0 + random.uniform(-0.05, 0.05);
            let start = random.uniform(0.0, core::f64::consts::TAU);
            for (i, value) in values.iter_mut().enumerate() {
                let phase = core::f64::consts::TAU * turns * i as f64 / hz + start;
                let shape = libm::sin(phase) + 0.3 * libm::sin(3.0 * phase + 1.0);
                *value += 3.0 * REST_UV * 2f64.sqrt() * (1.0 + 0.1 * wander[i]) * shape;
            }
        }
        "ecg" => {
            let mut beat = random.uniform(0.1, 0.8);
            while beat < end_s {
                let from = ((beat - 0.2).max(0.0) * hz) as usize;
                for (i, value) in values.iter_mut().enumerate().skip(from).take((0.4 * hz) as usize)
                {
                    let d = i as f64 / hz - beat;
                    for (size, middle, width) in
                        [(-0.15, -0.025, 0.010), (1.0, 0.0, 0.011), (-0.3, 0.028, 0.012)]
                    {
                        let x: f64 = (d - middle) / width;
                        *value += 8.0 * REST_UV * size * libm::exp(-x * x);
                    }
                }
                beat += 60.0 / 70.0 * (1.0 + 0.05 * random.gaussian());
            }
        }
        "motion" => {
            let wander = slow(random, len, rate, 0.1);
            values.iter_mut().zip(&wander).for_each(|(value, x)| *value += 100.0 * x);
            for _ in 0..6 {
                let at = random.uniform(1.0, end_s - 1.0);
                let size = random.sign() * random.uniform(20.0, 100.0);
                let (rise, decay) = (random.uniform(0.005, 0.04), random.uniform(0.2, 1.0));
                for (i, value) in values.iter_mut().enumerate().skip((at * hz) as usize) {
                    let d = (i as f64 / hz - at).max(0.0);
                    *value += size * (1.0 - libm::exp(-d / rise)) * libm::exp(-d / decay);
                }
            }
        }
        "clip" => {
            let (low, high) = (-1.2 * plateau_uv, 1.8 * plateau_uv);
            values.iter_mut().for_each(|x| *x = x.clamp(low, high));
        }
        _ => {}
    }
    if added != "clip" {
        let offset = random.uniform(-300.0, 300.0);
        values.iter_mut().for_each(|x| *x += offset);
    }
    (values, labels)
}

fn half_cosine(u: f64) -> f64 {
    0.5 - 0.5 * libm::cos(core::f64::consts::PI * u.clamp(0.0, 1.0))
}

fn pressure(
    random: &mut Random,
    rate: SampleRate,
    size: (f64, f64),
    added: &str,
) -> (Vec<f64>, Vec<Event>) {
    let hz = rate.hz();
    let has = |what: &str| added == what || added == "all";
    let count = 9 + (4.0 * random.unit()) as usize;
    let (squeezes, end_s) = spans(random, count, (8.0, 12.0), (1.2, 10.0), (3.0, 10.0));
    let len = (end_s * hz) as usize;
    let mut values = vec![random.uniform(10.0, 40.0); len];
    let mut labels = Vec::new();
    for (start_s, stop_s) in &squeezes {
        let (start, stop) = ((start_s * hz) as usize, (stop_s * hz) as usize);
        let room_s = stop_s - start_s;
        let rise = (random.uniform(0.3, 1.0).min(0.4 * room_s) * hz).floor();
        let fall = (random.uniform(0.4, 1.5).min(0.5 * room_s) * hz).floor();
        let sag = random.uniform(0.0, 0.25) * (room_s / 5.0).min(1.0);
        let height = random.uniform(size.0, size.1);
        let tremor = slow(random, stop - start, rate, 4.0);
        for (k, value) in values[start..stop].iter_mut().enumerate() {
            let back = (stop - start - k) as f64;
            let course = 1.0 - sag * k as f64 / (stop - start) as f64;
            let edges =
                half_cosine((k + 1) as f64 / (rise + 1.0)) * half_cosine(back / (fall + 1.0));
            *value += height * course * edges * (1.0 + 0.02 * tremor[k]);
        }
        labels.push(label(start, stop, rate));
    }
    if has("drift") {
        // 13 mmHg in ten minutes.
        let slope = random.sign() * 13.0 * 1.359_51 / 600.0;
        values.iter_mut().enumerate().for_each(|(i, x)| *x += slope * i as f64 / hz);
    }
    if has("breath") {
        let (turns, depth) = (random.uniform(0.2, 0.3), random.uniform(0.8, 2.0));
        for (i, value) in values.iter_mut().enumerate() {
            *value += depth * libm::sin(core::f64::consts::TAU * turns * i as f64 / hz);
        }
    }
    if has("cough") {
        let mut free_from = 0.5;
        for (start_s, stop_s) in &squeezes {
            let (low, high) = (free_from + 1.0, start_s - 1.5);
            if high > low {
                let at = (random.uniform(low, high) * hz) as usize;
                let up = random.uniform(0.06, 0.12) * hz;
                let down = random.uniform(0.12, 0.30) * hz;
                let height = random.uniform(30.0, 120.0);
                for k in 0..(up + down) as usize {
                    let k_real = k as f64;
                    let shape = half_cosine((k_real + 1.0) / (up + 1.0))
                        * half_cosine((up + down - k_real) / (down + 1.0));
                    values[at + k] += height * shape;
                }
            }
            free_from = *stop_s;
        }
    }
    values.iter_mut().for_each(|x| *x += 0.15 * random.gaussian());
    if has("stairs") {
        let hold = ((0.08 * hz).round() as usize).max(1);
        for part in values.chunks_mut(hold) {
            let value = (part[0] / 0.5).round() * 0.5;
            part.fill(value);
        }
    }
    (values, labels)
}

/// The grid: 150 EMG and 36 pressure recordings a seed; `every` takes one of so many.
pub(crate) fn grid(seed: u64, every: usize) -> impl Iterator<Item = Simulated> {
    let emg_keys = [1000u64, 2000].into_iter().flat_map(|hz| {
        [3.0, 5.0, 8.0, 12.0, 20.0].into_iter().flat_map(move |snr_db| {
            [("step", 0.0), ("ramp100", 0.1), ("ramp400", 0.4)].into_iter().flat_map(move |ramp| {
                ["none", "hum", "ecg", "motion", "clip"]
                    .into_iter()
                    .map(move |added| (hz, snr_db, ramp, added))
            })
        })
    });
    let emg = emg_keys.enumerate().map(move |(index, (hz, snr_db, (shape, ramp_s), added))| {
        (index, move || {
            let rate = SampleRate::new(hz, 1).expect("not zero");
            let mut random = Random::new(seed, index as u64);
            let (values, labels) = emg(&mut random, rate, snr_db, ramp_s, added);
            let name = format!("emg_{hz}hz_{snr_db:02}db_{shape}_{added}");
            let group = format!("EMG {snr_db:>2} dB");
            Simulated { name, is_emg: true, group, rate, values, labels }
        })
    });
    let sizes = [("weak", (5.0, 10.0)), ("moderate", (12.0, 35.0)), ("strong", (40.0, 80.0))];
    let pressure_keys = [50u64, 100].into_iter().flat_map(move |hz| {
        sizes.into_iter().flat_map(move |size| {
            ["none", "drift", "cough", "breath", "stairs", "all"]
                .into_iter()
                .map(move |added| (hz, size, added))
        })
    });
    let pressure = pressure_keys.enumerate().map(move |(index, (hz, (word, size), added))| {
        (150 + index, move || {
            let rate = SampleRate::new(hz, 1).expect("not zero");
            let mut random = Random::new(seed, 150 + index as u64);
            let (values, labels) = pressure(&mut random, rate, size, added);
            let name = format!("pressure_{hz:03}hz_{word}_{added}");
            let group = format!("pressure {word}");
            Simulated { name, is_emg: false, group, rate, values, labels }
        })
    });
    let chosen = move |index: &usize| index.is_multiple_of(every);
    let emg = emg.filter(move |(index, _)| chosen(index)).map(|(_, make)| make());
    emg.chain(pressure.filter(move |(index, _)| chosen(index)).map(|(_, make)| make()))
}

/// Rest alone.
pub(crate) fn rest(seed: u64, rate: SampleRate, duration_s: f64) -> Vec<f64> {
    let mut random = Random::new(seed, 1000);
    let len = (duration_s * rate.hz()) as usize;
    let flat = flat_noise(&mut random, len, rate);
    let tone = emg_noise(&mut random, len, rate);
    flat.iter().zip(&tone).map(|(f, t)| REST_UV * (0.7f64.sqrt() * f + 0.3f64.sqrt() * t)).collect()
}
