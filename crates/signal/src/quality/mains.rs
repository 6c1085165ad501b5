//! Power of the mains hum and its harmonics, half a second at a time.

use core::f64::consts::TAU;

use crate::SampleRate;
use crate::processor::{Loop, Processor};

/// Harmonics that are looked at, with the fundamental. Our choice: what is left above is small.
const HARMONIC_COUNT: usize = 4;

/// The frequencies, in hertz.
const FUNDAMENTALS_HZ: [f64; 2] = [50.0, 60.0];

/// A Fourier sum over half a second at 50 and 60 Hz and their harmonics, at one addition a sample.
///
/// A tenth of a second holds whole periods of both. So tenths can be laid on top of each other and
/// added before anything is multiplied. Where a tenth is no whole number of samples, as few seconds or
/// tenths as are one are laid on top of each other, or none.
#[derive(Clone, Debug)]
pub(super) struct Mains {
    fold: Box<[f64]>,
    /// Cosine and sine of 50 Hz, then of 60 Hz, `period` of each.
    waves: Box<[f64]>,
    period: usize,
    /// Samples in a half-second.
    len: usize,
    position: usize,
    rate_hz: f64,
    processor: Processor,
}

impl Mains {
    /// Memory for rates up to `max_rate`.
    pub(super) fn new(max_rate: SampleRate) -> Self {
        // A piece more than half a second: its length is a whole number of pieces.
        let max_len = max_rate.sample_count(0.5) + max_rate.sample_count(0.05) + 8;
        Self {
            fold: vec![0.0; max_len].into_boxed_slice(),
            waves: vec![0.0; 4 * max_len].into_boxed_slice(),
            period: 1,
            len: 1,
            position: 0,
            rate_hz: 1.0,
            processor: Processor::best(),
        }
    }

    /// Begins anew, with half-seconds of `len` samples.
    pub(super) fn start(&mut self, rate: SampleRate, len: usize) {
        let len = len.min(self.fold.len());
        self.period = if rate.seconds() == 1 {
            let divides = |divisor: &u64| rate.scans().is_multiple_of(*divisor);
            let divisor = [10, 5, 2].into_iter().find(divides).unwrap_or(1);
            ((rate.scans() / divisor) as usize).min(len)
        } else {
            len
        };
        self.len = len;
        self.rate_hz = rate.hz();
        for (index, hz) in FUNDAMENTALS_HZ.into_iter().enumerate() {
            let waves = &mut self.waves[2 * index * self.period..2 * (index + 1) * self.period];
            let (cosines, sines) = waves.split_at_mut(self.period);
            for (at, (cosine, sine)) in cosines.iter_mut().zip(sines).enumerate() {
                let angle = TAU * hz * at as f64 / self.rate_hz;
                (*cosine, *sine) = (libm::cos(angle), libm::sin(angle));
            }
        }
        self.clear();
    }

    pub(super) fn clear(&mut self) {
        self.fold.fill(0.0);
        self.position = 0;
    }

    /// Takes a piece, without its mean: the baseline is no hum.
    #[inline(always)]
    pub(super) fn push(&mut self, mut values: &[f64], mean: f64) {
        while !values.is_empty() {
            let room = self.period - self.position;
            let (now, later) = values.split_at(room.min(values.len()));
            for (sum, x) in self.fold[self.position..].iter_mut().zip(now) {
                *sum += x - mean;
            }
            self.position += now.len();
            if self.position == self.period {
                self.position = 0;
            }
            values = later;
        }
    }

    /// Power at 50 and at 60 Hz with harmonics, in the square of the unit, and begins the next
    /// half-second. `power` is that of everything: harmonics of next to nothing are passed over.
    pub(super) fn finish(&mut self, power: f64) -> [f64; 2] {
        let mut found = [0.0; 2];
        for (index, (found, hz)) in found.iter_mut().zip(FUNDAMENTALS_HZ).enumerate() {
            let waves = &self.waves[2 * index * self.period..2 * (index + 1) * self.period];
            let (cosines, sines) = waves.split_at(self.period);
            let fold = &self.fold[..self.period];
            for harmonic in 1..=HARMONIC_COUNT {
                // Close to half the rate a sine may be seen at its zeros only.
                if hz * harmonic as f64 >= 0.49 * self.rate_hz {
                    break;
                }
                let power_here = self.power_at(fold, cosines, sines, harmonic);
                *found += power_here;
                if *found < 0.02 * power {
                    break;
                }
            }
        }
        self.fold[..self.period].fill(0.0);
        self.position = 0;
        found
    }

    fn power_at(&self, fold: &[f64], cosines: &[f64], sines: &[f64], harmonic: usize) -> f64 {
        let (re, im) = self.processor.run(Correlate { fold, cosines, sines, harmonic });
        let re = (re[0] + re[1]) + (re[2] + re[3]);
        let im = (im[0] + im[1]) + (im[2] + im[3]);
        let scale = 1.0 / self.len as f64;
        2.0 * (re * scale * re * scale + im * scale * im * scale)
    }
}

const LANES: usize = 4;

/// Sums of products with a harmonic of a wave, in lanes.
struct Correlate<'a> {
    fold: &'a [f64],
    cosines: &'a [f64],
    sines: &'a [f64],
    harmonic: usize,
}

impl Loop for Correlate<'_> {
    type Output = ([f64; LANES], [f64; LANES]);

    #[inline(always)]
    fn run(self) -> Self::Output {
        match self.harmonic {
            1 => self.sums::<1>(),
            2 => self.sums::<2>(),
            3 => self.sums::<3>(),
            _ => self.sums::<HARMONIC_COUNT>(),
        }
    }
}

impl Correlate<'_> {
    #[inline(always)]
    fn sums<const HARMONIC: usize>(&self) -> ([f64; LANES], [f64; LANES]) {
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        let mut add = |lane: usize, x: f64, c: f64, s: f64| {
            let (mut cosine, mut sine) = (c, s);
            for _ in 1..HARMONIC {
                (cosine, sine) = (cosine * c - sine * s, sine * c + cosine * s);
            }
            re[lane] += x * cosine;
            im[lane] += x * sine;
        };
        let (fold, fold_rest) = self.fold.as_chunks::<LANES>();
        let (cosines, cosines_rest) = self.cosines.as_chunks::<LANES>();
        let (sines, sines_rest) = self.sines.as_chunks::<LANES>();
        for ((fold, cosines), sines) in fold.iter().zip(cosines).zip(sines) {
            for lane in 0..LANES {
                add(lane, fold[lane], cosines[lane], sines[lane]);
            }
        }
        let rest = fold_rest.iter().zip(cosines_rest).zip(sines_rest);
        for (lane, ((fold, cosine), sine)) in rest.enumerate() {
            add(lane, *fold, *cosine, *sine);
        }
        (re, im)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(rate_hz: f64, hum: impl Fn(f64) -> f64) -> [f64; 2] {
        let rate = SampleRate::from_hz(rate_hz).expect("positive");
        let piece = ((rate_hz / 50.0).round() as usize).max(4);
        let count = (0.5 * rate_hz / piece as f64).round() as usize;
        let mut mains = Mains::new(rate);
        mains.start(rate, piece * count);
        let values: Vec<f64> = (0..piece * count).map(|i| hum(i as f64 / rate_hz)).collect();
        for part in values.chunks_exact(piece) {
            mains.push(part, 0.0);
        }
        mains.finish(1.0)
    }

    #[test]
    fn a_sine_has_half_its_square_at_any_rate() {
        for rate_hz in [200.0, 250.0, 500.0, 1000.0, 1024.0, 1200.0, 2000.0, 2048.0, 4000.0, 999.5]
        {
            let [at_50, at_60] = powers(rate_hz, |t| 3.0 * (TAU * 50.0 * t + 0.4).sin());
            // 2 %: half a second is not a whole number of periods at the odd rates.
            assert!((at_50 - 4.5).abs() < 0.09, "{rate_hz}: {at_50}");
            assert!(at_60 < 0.09, "{rate_hz}: {at_60}");
            let [at_50, at_60] = powers(rate_hz, |t| 3.0 * (TAU * 60.0 * t + 0.4).sin());
            assert!((at_60 - 4.5).abs() < 0.09, "{rate_hz}: {at_60}");
            assert!(at_50 < 0.09, "{rate_hz}: {at_50}");
        }
    }

    #[test]
    fn harmonics_count() {
        let hum = |t: f64| (TAU * 50.0 * t).sin() + 0.5 * (TAU * 150.0 * t).sin();
        let [at_50, _] = powers(1000.0, hum);
        assert!((at_50 - 0.625).abs() < 1e-9, "{at_50}");
    }
}
