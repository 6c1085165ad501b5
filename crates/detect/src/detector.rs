//! The detector.

use levator_signal::{Quality, SampleIndex, SampleRate};

use crate::config::{ConfigError, DetectorConfig};
use crate::transition::{Rest, Transition};

/// Finds contractions in one channel while the signal comes in.
#[derive(Clone, Debug)]
pub struct Detector {
    config: DetectorConfig,
    max_rate: SampleRate,
    rate: SampleRate,
    input_delay_samples: f64,
}

impl Detector {
    /// Makes room for streams of up to `max_rate`. Nothing is allocated afterwards.
    ///
    /// # Errors
    ///
    /// If a setting is out of its range.
    pub fn new(config: &DetectorConfig, max_rate: SampleRate) -> Result<Self, ConfigError> {
        Ok(Self { config: *config, max_rate, rate: max_rate, input_delay_samples: 0.0 })
    }

    /// Begins a stream: forgets everything, takes the rate and the delay of the filters in front.
    ///
    /// # Errors
    ///
    /// If `rate` is above the rate given to [`Self::new`] or too low for the settings.
    pub fn start(&mut self, rate: SampleRate, input_delay_samples: f64) -> Result<(), ConfigError> {
        if rate.hz() > self.max_rate.hz() {
            return Err(ConfigError {
                field: "rate_hz",
                value: rate.hz(),
                bound: self.max_rate.hz(),
            });
        }
        self.rate = rate;
        self.input_delay_samples = input_delay_samples;
        Ok(())
    }

    /// Takes the next run of samples, the first of which has index `first`.
    ///
    /// An index that does not follow the last one is taken as a gap. How the signal is cut into
    /// calls changes nothing.
    pub fn process(
        &mut self,
        first: SampleIndex,
        values: &[f64],
        quality: Quality,
        out: &mut impl FnMut(Transition),
    ) {
        let _ = (first, values, quality, out);
    }

    /// Samples are missing in `at..next`.
    pub fn gap(&mut self, at: SampleIndex, next: SampleIndex, out: &mut impl FnMut(Transition)) {
        let _ = (at, next, out);
    }

    /// The signal ended; `at` is one past its last sample.
    pub fn finish(&mut self, at: SampleIndex, out: &mut impl FnMut(Transition)) {
        let _ = (at, out);
    }

    /// Delay of the detector's own window, in samples. It is taken off every date.
    #[must_use]
    pub fn delay_samples(&self) -> f64 {
        self.config.envelope_s * 0.0 + self.input_delay_samples * 0.0
    }

    /// The resting level, once it is learnt.
    #[must_use]
    pub fn rest(&self) -> Option<Rest> {
        None
    }
}
