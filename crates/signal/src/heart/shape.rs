//! The waveform of a beat at the full rate: learnt, fitted, taken out.

use super::fraction;
use super::line::Line;
use crate::time::SampleRate;

/// What is taken out of a beat, before and after its middle, in seconds. Long enough for a QRS
/// complex of 100 ms and what a band-pass makes of it.
const BEFORE_S: f64 = 0.07;
const AFTER_S: f64 = 0.16;

/// The waveform goes to zero over these seconds at its ends.
const FADE_IN_S: f64 = 0.015;
const FADE_OUT_S: f64 = 0.05;

/// Beats are compared from the beginning to this long after the middle, in seconds.
const CORE_S: f64 = 0.07;

/// Beats, and evidence of their likeness on the coarse grid, before anything is taken out.
const LEARNT_BEATS: f64 = 4.0;
const LEARNT_EVIDENCE: f64 = 6.0;

/// Least part of the power of the first beats that they have in common.
const LEAST_COMMON_RATIO: f64 = 0.25;

/// Largest power of what they have not in common, in powers at rest.
const LARGEST_REMAINDER: f64 = 3.0;

/// Part of the power of beats that may vary from one to the next, by breathing.
const VARIATION: f64 = 0.05;

/// Largest power of what comes after the core, in powers of the core: what a band-pass lets ring.
const RINGING_RATIO: f64 = 0.05;

/// Beats after which the waveform follows with this weight.
const MEMORY_BEATS: f64 = 16.0;

/// Samples on either side that a value between samples needs.
const MARGIN: i64 = 3;

/// The waveform, and the beat that is being taken out.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    values: Box<[f64]>,
    before: usize,
    len: usize,
    core: usize,
    fade_in: usize,
    fade_out: usize,
    beat_count: f64,
    /// What the beats that were averaged had of energy.
    energy: f64,
    evidence: f64,
    /// The waveform of the present beat, at its place between the samples.
    wave: Box<[f64]>,
    present: Option<Present>,
}

/// A beat at the full rate.
#[derive(Clone, Copy, Debug)]
struct Present {
    /// Sample of the first value.
    first: i64,
    fraction: f64,
    height: f64,
    /// The first sample from which something is taken; the end of the beat if nothing is.
    from: u64,
}

impl Shape {
    pub(super) fn new(max_rate: SampleRate) -> Self {
        let max_len = max_rate.sample_count(BEFORE_S) + max_rate.sample_count(AFTER_S) + 3;
        let mut shape = Self {
            values: vec![0.0; max_len].into_boxed_slice(),
            before: 0,
            len: 0,
            core: 0,
            fade_in: 0,
            fade_out: 0,
            beat_count: 0.0,
            energy: 0.0,
            evidence: 0.0,
            wave: vec![0.0; max_len].into_boxed_slice(),
            present: None,
        };
        shape.start(max_rate);
        shape
    }

    /// Seconds of signal that must be remembered.
    pub(super) const fn span_s() -> f64 {
        BEFORE_S + AFTER_S
    }

    pub(super) fn start(&mut self, rate: SampleRate) {
        self.before = rate.sample_count(BEFORE_S);
        self.len = (self.before + rate.sample_count(AFTER_S) + 1).min(self.values.len());
        self.core = (self.before + rate.sample_count(CORE_S)).min(self.len);
        self.fade_in = rate.sample_count(FADE_IN_S);
        self.fade_out = rate.sample_count(FADE_OUT_S);
        self.forget();
    }

    pub(super) fn forget(&mut self) {
        self.values.fill(0.0);
        self.beat_count = 0.0;
        self.energy = 0.0;
        self.evidence = 0.0;
        self.present = None;
    }

    /// Notes a beat whose middle is at `sample`. Nothing is taken out of it yet.
    pub(super) fn begin(&mut self, sample: f64, height: f64) {
        let floor = sample.floor();
        let first = floor as i64 - self.before.cast_signed() as i64;
        let from = (first + self.len.cast_signed() as i64).max(0) as u64;
        self.present = Some(Present { first, fraction: sample - floor, height, from });
    }

    /// Takes the present beat out of what has not left the line: from sample `from` to before `to`.
    pub(super) fn take_out(&mut self, line: &mut Line, from: u64, to: u64) {
        let Some(present) = &mut self.present else { return };
        let weights = fraction::weights(1.0 - present.fraction);
        for (index, wave) in (0..).zip(&mut self.wave[..self.len]) {
            let value = fraction::value(&weights, index - 1, |at| {
                usize::try_from(at).ok().and_then(|at| self.values.get(at)).map_or(0.0, |v| *v)
            });
            *wave = present.height * value;
        }
        present.from = from.max(present.first.max(0) as u64);
        line.subtract(&self.wave[..self.len], present.first, present.from, to);
    }

    /// What is to be taken from `sample`, and after which sample there is nothing.
    pub(super) fn due(&self, sample: u64) -> Option<f64> {
        let present = self.present.as_ref()?;
        if sample < present.from {
            return None;
        }
        let index = usize::try_from(sample.cast_signed() - present.first).ok()?;
        self.wave[..self.len].get(index).copied()
    }

    /// Whether a beat was noted all of which has come, with what learning needs, before `count`.
    pub(super) fn is_complete(&self, count: u64) -> bool {
        self.present.is_some_and(|p| {
            p.first + self.len.cast_signed() as i64 + MARGIN <= count.cast_signed()
        })
    }

    /// The present beat as it was, before anything was taken out, at the places of the waveform.
    fn heard(&self, present: &Present, line: &Line, weights: &[f64; 6], index: usize) -> f64 {
        fraction::value(weights, present.first + index.cast_signed() as i64, |at| {
            let taken = u64::try_from(at).ok().and_then(|at| self.due(at)).unwrap_or(0.0);
            line.at(at) + taken
        })
    }

    /// Adds the present beat to the mean of the first. Once they are enough, whether they are beats
    /// of a heart: alike beyond chance, and little beside what they have in common.
    pub(super) fn collect(&mut self, line: &Line, rest_power: f64, evidence: f64) -> Option<bool> {
        let present = self.present?;
        self.present = None;
        let weights = fraction::weights(present.fraction);
        for index in 0..self.len {
            self.wave[index] =
                fraction::value(&weights, present.first + index.cast_signed() as i64, |at| {
                    line.at(at)
                });
        }
        let power = |values: &[f64]| {
            values.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64
        };
        let (core, tail) = self.wave[..self.len].split_at(self.core);
        let (core_power, tail_power) = (power(core), power(tail));
        // A contraction that begins or ends there would be learnt.
        let bound = LARGEST_REMAINDER * rest_power + RINGING_RATIO * core_power;
        if !(tail_power <= bound && core_power.is_finite()) {
            return None;
        }
        self.beat_count += 1.0;
        self.evidence += evidence;
        self.energy += core_power * self.core as f64;
        for (value, heard) in self.values.iter_mut().zip(&self.wave[..self.len]) {
            *value += (heard - *value) / self.beat_count;
        }
        if self.beat_count < LEARNT_BEATS || self.evidence < LEARNT_EVIDENCE {
            return None;
        }
        let n = self.beat_count;
        let mean = self.energy / n;
        let of_mean: f64 = self.values[..self.core].iter().map(|value| value * value).sum();
        // The energy of the mean of n is that in common and an nth of the remainder.
        let common = (n * of_mean - mean) / (n - 1.0);
        let remainder = (mean - common) / self.core as f64;
        let bound = LARGEST_REMAINDER * rest_power + VARIATION * mean / self.core as f64;
        let is_heart =
            common >= LEAST_COMMON_RATIO * mean && remainder <= bound && mean.is_finite();
        if is_heart {
            self.fade();
        }
        Some(is_heart)
    }

    /// Draws the waveform towards the present beat, unless a muscle was at work under it.
    pub(super) fn follow(&mut self, line: &Line, rest_power: f64) -> bool {
        let Some(present) = self.present else { return false };
        let remainder: f64 = (0..self.len.cast_signed() as i64)
            .map(|index| line.at(present.first + index) + self.untaken(&present, index))
            .map(|value| value * value)
            .sum();
        let wave: f64 = self.wave[..self.len].iter().map(|value| value * value).sum();
        let bound = LARGEST_REMAINDER * rest_power * self.len as f64 + VARIATION * wave;
        let is_quiet = remainder <= bound;
        if is_quiet {
            self.beat_count = (self.beat_count + 1.0).min(MEMORY_BEATS);
            let weights = fraction::weights(present.fraction);
            for index in 0..self.len {
                let heard = self.heard(&present, line, &weights, index);
                self.values[index] += (heard - self.values[index]) / self.beat_count;
            }
            self.fade();
        }
        self.present = None;
        is_quiet
    }

    /// What would have to be taken from value `index` of the beat, had it not left the line before.
    fn untaken(&self, present: &Present, index: i64) -> f64 {
        if (present.first + index) as u64 >= present.from {
            0.0
        } else {
            -self.wave[index as usize]
        }
    }

    fn fade(&mut self) {
        let values = &mut self.values[..self.len];
        for (index, value) in values.iter_mut().take(self.fade_in).enumerate() {
            *value *= (index as f64 + 0.5) / self.fade_in as f64;
        }
        for (index, value) in values.iter_mut().rev().take(self.fade_out).enumerate() {
            *value *= (index as f64 + 0.5) / self.fade_out as f64;
        }
    }

    /// Energy of the present beat from sample `from` on.
    pub(super) fn taken(&self) -> (f64, u64) {
        let Some(present) = &self.present else { return (0.0, 0) };
        let skipped = (present.from.cast_signed() - present.first)
            .clamp(0, self.len.cast_signed() as i64) as usize;
        let energy = self.wave[skipped..self.len].iter().map(|value| value * value).sum();
        (energy, (self.len - skipped) as u64)
    }

    /// Whether a beat is noted.
    pub(super) const fn is_busy(&self) -> bool {
        self.present.is_some()
    }
}
