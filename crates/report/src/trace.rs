//! The curves of a visit, thinned as they come by, for pictures.

use levator_engine::{Delay, Output, Sink};
use levator_signal::{Block, ChannelId, SampleRate, SignalKind, Unit};

/// Length of a bin of the level, seconds: as often as levels are measured.
const BIN_S: f64 = 0.01;
/// Bins that are kept of a channel. A visit of three hours has as many; of a longer one, bins are joined
/// two by two, so memory stays bounded.
const MOST_BINS: usize = 1 << 20;
/// Samples of EMG that are kept for spectra: half an hour at 2 kHz. What comes after has none.
const MOST_SAMPLES: usize = 3_600_000;

/// The curves of all channels.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    curves: Vec<Curve>,
}

/// The curve of one channel.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Whose it is.
    pub channel: ChannelId,
    /// What it measures.
    pub kind: SignalKind,
    /// Unit of the level.
    pub unit: Unit,
    /// Rate of the channel.
    pub rate: SampleRate,
    delay: Delay,
    /// Samples in a bin.
    bin: u64,
    sums: Vec<f32>,
    counts: Vec<u32>,
    samples: Vec<f32>,
}

impl Trace {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The curve of a channel.
    #[must_use]
    pub fn curve(&self, channel: ChannelId) -> Option<&Curve> {
        self.curves.iter().find(|curve| curve.channel == channel)
    }
}

impl Sink for Trace {
    fn emit(&mut self, output: Output<'_>) {
        match output {
            Output::Searched(searched) => {
                let known = self.curves.iter_mut().find(|one| one.channel == searched.channel);
                match known {
                    Some(curve) => {
                        curve.delay = searched.delay;
                        curve.unit = searched.unit;
                    }
                    None => self.curves.push(Curve {
                        channel: searched.channel,
                        kind: searched.kind,
                        unit: searched.unit,
                        rate: searched.rate,
                        delay: searched.delay,
                        bin: ((BIN_S * searched.rate.hz()).ceil() as u64).max(1),
                        sums: Vec::new(),
                        counts: Vec::new(),
                        samples: Vec::new(),
                    }),
                }
            }
            Output::Block(block) => {
                let known = self.curves.iter_mut().find(|one| one.channel == block.channel);
                if let Some(curve) = known {
                    curve.take(&block);
                }
            }
            _ => {}
        }
    }
}

impl Curve {
    fn take(&mut self, block: &Block<'_>) {
        let end = block.first.0.saturating_add(block.values.len() as u64);
        while end / self.bin >= MOST_BINS as u64 {
            self.join();
        }
        let bins = (end / self.bin) as usize + 1;
        if bins > self.sums.len() {
            self.sums.resize(bins, 0.0);
            self.counts.resize(bins, 0);
        }
        for (index, level) in (block.first.0..).zip(block.envelope) {
            if level.is_finite() {
                let bin = (index / self.bin) as usize;
                self.sums[bin] += *level as f32;
                self.counts[bin] += 1;
            }
        }
        if self.kind == SignalKind::Emg && end <= MOST_SAMPLES as u64 {
            // What is missing has no spectrum.
            self.samples.resize(block.first.0 as usize, f32::NAN);
            self.samples.extend(block.filtered.iter().map(|value| *value as f32));
        }
    }

    /// Twice the length of bins, half as many.
    fn join(&mut self) {
        self.bin *= 2;
        let halves = |at: usize| (2 * at, 2 * at + 1);
        let half = self.sums.len().div_ceil(2);
        for at in 0..half {
            let (one, other) = halves(at);
            self.sums[at] = self.sums[one] + self.sums.get(other).copied().unwrap_or(0.0);
            self.counts[at] = self.counts[one] + self.counts.get(other).copied().unwrap_or(0);
        }
        self.sums.truncate(half);
        self.counts.truncate(half);
    }

    /// Seconds from one level to the next.
    #[must_use]
    pub fn step_s(&self) -> f64 {
        self.bin as f64 / self.rate.hz()
    }

    /// The level at a moment of the muscle, in seconds from the first sample: delays are taken off. `None`
    /// where samples are missing.
    #[must_use]
    pub fn level_at(&self, at_s: f64) -> Option<f64> {
        let late = at_s + self.delay.filter_s + self.delay.envelope_s;
        if late < 0.0 {
            return None;
        }
        self.level((late / self.step_s()) as usize)
    }

    fn level(&self, bin: usize) -> Option<f64> {
        let count = *self.counts.get(bin)?;
        (count > 0).then(|| f64::from(self.sums[bin]) / f64::from(count))
    }

    /// Lowest and highest level of each of `columns` equal parts of a stretch; `None` where there is none.
    #[must_use]
    pub fn extremes(&self, from_s: f64, to_s: f64, columns: usize) -> Vec<Option<(f64, f64)>> {
        let width = (to_s - from_s) / columns as f64;
        let step = self.step_s();
        (0..columns)
            .map(|column| {
                let from = from_s + column as f64 * width;
                let count = ((width / step).round() as usize).max(1);
                let levels = (0..count).filter_map(|at| self.level_at(from + at as f64 * step));
                levels.fold(None, |range: Option<(f64, f64)>, level| match range {
                    Some((low, high)) => Some((low.min(level), high.max(level))),
                    None => Some((level, level)),
                })
            })
            .collect()
    }

    /// Filtered samples of EMG in a stretch of the muscle's time, if all of them are there.
    #[must_use]
    pub fn samples(&self, from_s: f64, to_s: f64) -> Option<&[f32]> {
        let index = |at_s: f64| {
            let index = (at_s + self.delay.filter_s) * self.rate.hz();
            (index >= 0.0).then_some(index as usize)
        };
        let samples = self.samples.get(index(from_s)?..index(to_s)?)?;
        samples.iter().all(|sample| sample.is_finite()).then_some(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levator_engine::Searched;
    use levator_signal::{Quality, SampleIndex};

    const ID: ChannelId = ChannelId { stream: 0, channel: 0 };

    fn trace(hz: u64) -> Trace {
        let mut trace = Trace::new();
        trace.emit(Output::Searched(Searched {
            channel: ID,
            kind: SignalKind::Emg,
            unit: Unit::Microvolt,
            rate: SampleRate::new(hz, 1).expect("not zero"),
            delay: Delay { device_s: 0.0, filter_s: 0.0, envelope_s: 0.0 },
        }));
        trace
    }

    fn put(trace: &mut Trace, first: u64, values: &[f64]) {
        let curve = trace.curve(ID).expect("it was named");
        let block = Block {
            channel: ID,
            kind: curve.kind,
            unit: curve.unit,
            rate: curve.rate,
            first: SampleIndex(first),
            values,
            filtered: values,
            envelope: values,
            quality: Quality::GOOD,
        };
        trace.emit(Output::Block(block));
    }

    #[test]
    fn what_is_missing_has_no_level() {
        let mut trace = trace(100);
        put(&mut trace, 0, &[1.0; 100]);
        put(&mut trace, 200, &[3.0; 100]);
        let curve = trace.curve(ID).expect("it was put there");
        assert_eq!(curve.level_at(0.5), Some(1.0));
        assert_eq!(curve.level_at(1.5), None);
        assert_eq!(curve.level_at(2.5), Some(3.0));
        assert_eq!(curve.level_at(-0.5), None);
        assert_eq!(curve.extremes(0.0, 3.0, 3), [Some((1.0, 1.0)), None, Some((3.0, 3.0))]);
        assert!(curve.samples(0.5, 1.5).is_none());
        assert_eq!(curve.samples(0.0, 1.0).map(<[f32]>::len), Some(100));
    }

    #[test]
    fn memory_stays_bounded_and_levels_stay_where_they_are() {
        let mut trace = trace(100);
        put(&mut trace, 0, &[1.0; 100]);
        put(&mut trace, 5 * MOST_BINS as u64, &[2.0; 100]);
        let curve = trace.curve(ID).expect("it was put there");
        assert!(curve.sums.len() <= MOST_BINS);
        assert_eq!(curve.level_at(0.3), Some(1.0));
        assert_eq!(curve.level_at(5.0 * MOST_BINS as f64 / 100.0 + 0.5), Some(2.0));
    }
}
