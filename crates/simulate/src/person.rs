//! A person made of noise: signals whose every contraction is known to the sample.

use core::f64::consts::TAU;

use levator_signal::{SampleIndex, SampleRate, SignalKind};

use crate::noise::{EmgNoise, Heart};
use crate::rng::SeededRng;
use crate::scenario::{Artefacts, Levels, Scenario};
use crate::script::{Script, Truth};

/// Somebody who follows a script.
///
/// EMG is Gaussian noise with the spectrum of surface EMG, whose amplitude goes linearly from rest
/// to maximum with the activation of the script. Pressure goes linearly from rest to squeeze, without
/// the electromechanical delay of a real muscle, so that one truth holds for both.
///
/// What it does not do: cough, strain, move the probe, or feel anything.
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualPerson {
    /// What is done and when.
    pub script: Script,
    /// How strong the signals are.
    pub levels: Levels,
    /// What is measured besides.
    pub artefacts: Artefacts,
    /// Chooses the noise, nothing else.
    pub seed: u64,
}

impl VirtualPerson {
    /// The person of a scenario.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            script: scenario.script(),
            levels: scenario.levels(),
            artefacts: scenario.artefacts(),
            seed,
        }
    }

    /// The signal of one stream with `channel_count` channels at `rate`.
    ///
    /// `stream` only chooses the noise: two streams of one person do what the script says at the
    /// same time, with independent noise.
    #[must_use]
    pub fn signal(
        &self,
        stream: u8,
        kind: SignalKind,
        rate: SampleRate,
        channel_count: u8,
    ) -> PersonSignal {
        let stream_part = u64::from(stream) << 16;
        let channels = (0..channel_count).map(|channel| {
            let noise = SeededRng::for_part(self.seed, stream_part | u64::from(channel));
            EmgNoise::new(noise, rate)
        });
        PersonSignal {
            person: self.clone(),
            kind,
            rate,
            next: SampleIndex::ZERO,
            channels: channels.collect(),
            heart: Heart::new(SeededRng::for_part(self.seed, 1 << 32), self.artefacts.heart_hz),
        }
    }

    /// All contractions that begin in the first `until_s` seconds of a signal at `rate`.
    #[must_use]
    pub fn truth(&self, rate: SampleRate, until_s: f64) -> Truth {
        self.script.truth(rate, until_s)
    }
}

/// The samples of one stream of a [`VirtualPerson`], one scan after the other.
///
/// Channel 0 is the pelvic floor, channel 1 the accessory channel (lower abdomen), further channels
/// carry sensor noise and artefacts only.
#[derive(Clone, Debug)]
pub struct PersonSignal {
    person: VirtualPerson,
    kind: SignalKind,
    rate: SampleRate,
    next: SampleIndex,
    channels: Vec<EmgNoise>,
    heart: Heart,
}

impl PersonSignal {
    /// Index of the scan that [`Self::next_scan`] will give.
    #[must_use]
    pub fn next_index(&self) -> SampleIndex {
        self.next
    }

    /// Goes on with the scan at `index`: what lies between was lived through, but not measured.
    pub fn skip_to(&mut self, index: SampleIndex) {
        self.next = index;
    }

    /// Writes the next scan: one value per channel, in microvolt for EMG and its envelope, in cmH2O
    /// for pressure, zero for anything else.
    ///
    /// Places in `scan` beyond the channels stay as they are.
    pub fn next_scan(&mut self, scan: &mut [f64]) {
        let time_s = self.rate.time_s(self.next);
        self.next = self.next.saturating_add(1);
        let activation = self.person.script.activation(time_s);
        let artefacts = self.person.artefacts;
        let heart_uv = artefacts.heart_uv * self.heart.height(time_s);

        for (channel, (value, noise)) in scan.iter_mut().zip(&mut self.channels).enumerate() {
            *value = match self.kind {
                SignalKind::Emg => {
                    let muscle_uv = amplitude_uv(&self.person.levels, channel, activation);
                    muscle_uv * noise.shaped()
                        + artefacts.sensor_noise_uv * noise.white()
                        + hum_uv(&artefacts, time_s)
                        + wander(artefacts.drift_uv, time_s)
                        + heart_uv
                }
                SignalKind::EmgEnvelope => {
                    // Our choice: 6 % of ripple, what an RMS window of about 0.7 s leaves at 100 Hz
                    // of bandwidth.
                    let muscle_uv = amplitude_uv(&self.person.levels, channel, activation);
                    let ripple = 1.0 + 0.06 * noise.white();
                    libm::hypot(muscle_uv * ripple, artefacts.sensor_noise_uv)
                }
                SignalKind::Pressure => {
                    let muscle = pressure_cmh2o(&self.person.levels, channel, activation);
                    let breath = libm::sin(TAU * artefacts.breathing_hz * time_s);
                    muscle
                        + artefacts.breathing_cmh2o * breath
                        + wander(artefacts.drift_cmh2o, time_s)
                        + artefacts.sensor_noise_cmh2o * noise.white()
                }
                SignalKind::Other => 0.0,
            };
        }
    }
}

/// RMS of the muscle under a channel.
fn amplitude_uv(levels: &Levels, channel: usize, activation: f64) -> f64 {
    let (rest_uv, maximum_uv) = match channel {
        0 => (levels.rest_uv, levels.maximum_uv),
        1 => (levels.accessory_rest_uv, levels.accessory_maximum_uv),
        _ => (0.0, 0.0),
    };
    rest_uv + activation * (maximum_uv - rest_uv)
}

/// Pressure under a channel: the pelvic floor in channel 0, the abdomen, which does not squeeze,
/// in the others.
fn pressure_cmh2o(levels: &Levels, channel: usize, activation: f64) -> f64 {
    match channel {
        0 => levels.rest_cmh2o + activation * levels.squeeze_cmh2o,
        _ => 0.5 * levels.rest_cmh2o,
    }
}

fn hum_uv(artefacts: &Artefacts, time_s: f64) -> f64 {
    if artefacts.mains_uv <= 0.0 {
        return 0.0;
    }
    let phase = TAU * artefacts.mains_hz * time_s;
    artefacts.mains_uv * (libm::sin(phase) + 0.25 * libm::sin(3.0 * phase))
}

/// Slow wander between plus and minus `amplitude`: two waves without a common period.
fn wander(amplitude: f64, time_s: f64) -> f64 {
    if amplitude <= 0.0 {
        return 0.0;
    }
    amplitude * (0.7 * libm::sin(TAU * 0.05 * time_s) + 0.3 * libm::sin(TAU * 0.31 * time_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> SampleRate {
        SampleRate::from_hz(1000.0).expect("not zero")
    }

    fn samples(person: &VirtualPerson, kind: SignalKind, channel: usize, count: usize) -> Vec<f64> {
        let mut signal = person.signal(0, kind, rate(), 2);
        let mut scan = [0.0; 2];
        (0..count)
            .map(|_| {
                signal.next_scan(&mut scan);
                scan[channel]
            })
            .collect()
    }

    fn rms(values: &[f64]) -> f64 {
        (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn emg_is_as_strong_as_the_script_says() {
        for scenario in [Scenario::Healthy, Scenario::Weak, Scenario::Tight] {
            let person = VirtualPerson::new(scenario, 3);
            let values = samples(&person, SignalKind::Emg, 0, 60_000);
            let noise_uv = person.artefacts.sensor_noise_uv;
            for contraction in person.truth(rate(), 50.0).contractions {
                let at = |s: f64| rate().index_at(s).0 as usize;
                let held = at(contraction.hold_from_s)..at(contraction.release_s);
                let middle_s = (contraction.hold_from_s + contraction.release_s) / 2.0;
                let activation = person.script.activation(middle_s);
                let levels = person.levels;
                let muscle = levels.rest_uv + activation * (levels.maximum_uv - levels.rest_uv);
                let ratio = rms(&values[held]) / muscle.hypot(noise_uv);
                // Four standard errors of an RMS over 2 s at 100 Hz of bandwidth: 4 / (2 sqrt(200)).
                assert!((ratio - 1.0).abs() < 0.14, "{scenario:?} {contraction:?}: {ratio}");
            }
            let resting = rms(&values[..4_900]) / person.levels.rest_uv.hypot(noise_uv);
            assert!((resting - 1.0).abs() < 0.1, "{scenario:?} at rest: {resting}");
        }
    }

    #[test]
    fn nothing_happens_outside_the_true_spans() {
        let levels = Levels { rest_uv: 0.0, ..Scenario::Flicks.levels() };
        let artefacts = Artefacts { sensor_noise_uv: 0.0, ..Artefacts::CLEAN };
        let person = VirtualPerson { levels, artefacts, ..VirtualPerson::new(Scenario::Flicks, 1) };
        let values = samples(&person, SignalKind::Emg, 0, 30_000);
        let truth = person.truth(rate(), 30.0);
        for (index, value) in values.iter().enumerate() {
            let index = SampleIndex(index as u64);
            let inside =
                truth.contractions.iter().any(|c| (c.span.start..c.span.end).contains(&index));
            assert!(inside || *value == 0.0, "sample {index:?} is {value}");
        }
    }

    #[test]
    fn emg_has_the_spectrum_of_surface_emg() {
        let artefacts = Artefacts { sensor_noise_uv: 0.0, ..Artefacts::CLEAN };
        let person = VirtualPerson { artefacts, ..VirtualPerson::new(Scenario::Rest, 5) };
        let values = samples(&person, SignalKind::Emg, 0, 8_000);
        // Power below a frequency, by plain discrete Fourier sums over 1 s pieces (1 Hz bins).
        let mut power = vec![0.0; 500];
        for piece in values.chunks_exact(1000) {
            for (bin, sum) in power.iter_mut().enumerate() {
                let step = TAU * bin as f64 / 1000.0;
                let (mut re, mut im) = (0.0, 0.0);
                for (index, value) in piece.iter().enumerate() {
                    re += value * (step * index as f64).cos();
                    im += value * (step * index as f64).sin();
                }
                *sum += re * re + im * im;
            }
        }
        let total: f64 = power.iter().sum();
        let share = |low: usize, high: usize| power[low..high].iter().sum::<f64>() / total;
        assert!(share(20, 200) > 0.85, "20 to 200 Hz: {}", share(20, 200));
        assert!(share(0, 100) > 0.55, "below 100 Hz: {}", share(0, 100));
        assert!(share(0, 10) < 0.03, "below 10 Hz: {}", share(0, 10));
    }

    #[test]
    fn pressure_goes_from_rest_to_squeeze() {
        let person = VirtualPerson::new(Scenario::Healthy, 9);
        let values = samples(&person, SignalKind::Pressure, 0, 12_000);
        // One whole breath of 4 s each, so the ripple averages out. The first hold sags by 2.5 % on
        // average, 0.8 cmH2O.
        let first = person.truth(rate(), 12.0).contractions[0];
        let held = rate().index_at(first.hold_from_s).0 as usize;
        let squeeze = mean(&values[held..held + 4_000]) - mean(&values[..4_000]);
        assert!((squeeze - 32.0 * 0.975).abs() < 0.05, "{squeeze}");
        assert!((mean(&values[..4_000]) - 30.0).abs() < 0.05);
    }

    #[test]
    fn the_accessory_channel_is_nearly_quiet() {
        let person = VirtualPerson::new(Scenario::Healthy, 3);
        let values = samples(&person, SignalKind::Emg, 1, 10_000);
        assert!(rms(&values[6_000..9_000]) < 8.0);
    }

    #[test]
    fn artefacts_are_there_when_asked_for() {
        let noisy = VirtualPerson::new(Scenario::Noisy, 4);
        let clean = VirtualPerson { artefacts: Artefacts::CLEAN, ..noisy.clone() };
        let noisy = samples(&noisy, SignalKind::Emg, 0, 5_000);
        let clean = samples(&clean, SignalKind::Emg, 0, 5_000);
        assert!(rms(&noisy) > 8.0 * rms(&clean));
        // Five heart beats at 72 a minute: the difference has tops of 40 µV above hum and drift.
        let mut heart = Heart::new(SeededRng::new(1), 1.2);
        let heights: Vec<f64> = (0..5_000).map(|i| heart.height(f64::from(i) / 1000.0)).collect();
        let tops = heights.windows(3).filter(|w| w[1] > 0.9 && w[0] < w[1] && w[1] >= w[2]);
        assert!((5..=7).contains(&tops.count()));
    }

    #[test]
    fn one_seed_gives_one_signal_and_streams_differ_only_in_noise() {
        let person = VirtualPerson::new(Scenario::Healthy, 11);
        let first = samples(&person, SignalKind::Emg, 0, 100);
        assert_eq!(first, samples(&person, SignalKind::Emg, 0, 100));
        let other = VirtualPerson::new(Scenario::Healthy, 12);
        assert_ne!(first, samples(&other, SignalKind::Emg, 0, 100));
        let mut second_stream = person.signal(1, SignalKind::Emg, rate(), 1);
        let mut scan = [0.0];
        second_stream.next_scan(&mut scan);
        assert_ne!(first[0].to_bits(), scan[0].to_bits());
    }
}
