//! What comes from the channel that is calibrated, and the levels in it.

use std::sync::{Arc, Mutex, PoisonError};

use levator_decode::{DeviceInfo, StreamInfo};
use levator_engine::{Output, Sink};
use levator_signal::{ChannelId, Quality};

/// What came from the device.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) device: Option<DeviceInfo>,
    pub(super) streams: Vec<StreamInfo>,
    /// Codes of this channel are kept.
    pub(super) chosen: Option<ChannelId>,
    pub(super) codes: Vec<f64>,
    pub(super) quality: Quality,
    pub(super) gap_count: u64,
}

impl Heard {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for Heard {
    fn emit(&mut self, output: Output<'_>) {
        self.with(|state| match output {
            Output::Device(device) => state.device = Some(device),
            Output::Stream(info) => {
                state.streams.retain(|known| known.stream != info.stream);
                state.streams.push(*info);
                state.streams.sort_by_key(|info| info.stream);
            }
            Output::Lost(_) => state.gap_count += 1,
            Output::Block(block) if state.chosen == Some(block.channel) => {
                let info = state.streams.iter().find(|info| info.stream == block.channel.stream);
                let Some(info) = info else { return };
                let by = info.calibrations[usize::from(block.channel.channel)];
                let codes = block.values.iter().map(|value| value / by.scale + by.offset_counts);
                state.codes.extend(codes);
                state.quality |= block.quality;
            }
            _ => {}
        });
    }
}

/// Codes of one level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) mean: f64,
    /// Largest difference between the means of its eighths.
    pub(super) movement: f64,
    /// Distance of the two levels of a square wave.
    pub(super) step: f64,
}

impl Level {
    pub(super) fn of(codes: &[f64]) -> Self {
        let mean_of = |codes: &[f64]| codes.iter().sum::<f64>() / codes.len().max(1) as f64;
        let mean = mean_of(codes);
        let parts = codes.chunks(codes.len().div_ceil(8)).map(mean_of);
        let (least, most) = parts
            .fold((f64::MAX, f64::MIN), |(least, most), part| (least.min(part), most.max(part)));
        // Medians of what lies above and below the middle: overshoot and edges do not matter.
        let median = |mut side: Vec<f64>| {
            side.sort_by(f64::total_cmp);
            side.get(side.len() / 2).copied().unwrap_or(mean)
        };
        let (low, high): (Vec<f64>, Vec<f64>) = codes.iter().partition(|code| **code < mean);
        Self { mean, movement: most - least, step: median(high) - median(low) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_wave_is_as_high_as_it_is_from_crest_to_trough() {
        let wave: Vec<f64> = (0..1000)
            .map(|n| 512.0 + if n / 25 % 2 == 0 { 10.0 } else { -10.0 } + f64::from(n % 3))
            .collect();
        let level = Level::of(&wave);
        assert!((level.step - 20.0).abs() < 1.01, "{level:?}");
        let flat = Level::of(&[3.0; 64]);
        assert_eq!((flat.mean, flat.movement, flat.step), (3.0, 0.0, 0.0));
    }
}
