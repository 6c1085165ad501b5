//! A real recording in the place of a person.

use core::fmt;

use levator_signal::{SampleIndex, SampleRate, SignalKind, Unit};

/// What happens at the end of a replayed recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtEnd {
    /// Begin again. The seam is a jump of the signal.
    Loop,
    /// Keep sending the last scan, as a device does whose sensor froze.
    Hold,
    /// Go on with so many of the last scans, over and over; with more than there are, with all.
    Tail(u64),
}

/// Samples that somebody recorded, given again one scan after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    channels: Vec<Vec<f64>>,
    kind: SignalKind,
    unit: Unit,
    rate: SampleRate,
    at_end: AtEnd,
    next: SampleIndex,
}

impl Replay {
    /// A replay of `channels`, each a run of samples in `unit` at `rate`.
    ///
    /// [`Unit::Count`] says that the values are codes of the converter: a device sends them
    /// unchanged, whatever its calibration.
    ///
    /// # Errors
    ///
    /// If there is no channel or no sample, more than 16 channels, or channels of different length.
    pub fn new(
        channels: Vec<Vec<f64>>,
        kind: SignalKind,
        unit: Unit,
        rate: SampleRate,
        at_end: AtEnd,
    ) -> Result<Self, ReplayError> {
        let scan_count = channels.first().map_or(0, Vec::len);
        if scan_count == 0 {
            return Err(ReplayError::Empty);
        }
        if channels.len() > 16 {
            return Err(ReplayError::TooManyChannels { count: channels.len() });
        }
        if let Some(channel) = channels.iter().position(|samples| samples.len() != scan_count) {
            return Err(ReplayError::Ragged {
                channel,
                expected: scan_count,
                actual: channels[channel].len(),
            });
        }
        Ok(Self { channels, kind, unit, rate, at_end, next: SampleIndex::ZERO })
    }

    /// Number of channels, 1 to 16.
    #[must_use]
    pub fn channel_count(&self) -> u8 {
        self.channels.len() as u8
    }

    /// Number of scans before the end.
    #[must_use]
    pub fn scan_count(&self) -> usize {
        self.channels[0].len()
    }

    /// What was measured.
    #[must_use]
    pub fn kind(&self) -> SignalKind {
        self.kind
    }

    /// Unit of the values.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Rate of each channel.
    #[must_use]
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Index of the scan that [`Self::next_scan`] will give, counted on over the end.
    #[must_use]
    pub fn next_index(&self) -> SampleIndex {
        self.next
    }

    /// Goes on with the scan at `index`, counted on over the end.
    pub fn skip_to(&mut self, index: SampleIndex) {
        self.next = index;
    }

    /// Whether every scan was given at least once.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.next.0 >= self.scan_count() as u64
    }

    /// Writes the next scan: one value per channel, in [`Self::unit`].
    ///
    /// Places in `scan` beyond the channels stay as they are.
    pub fn next_scan(&mut self, scan: &mut [f64]) {
        let scan_count = self.scan_count() as u64;
        let index = match self.at_end {
            AtEnd::Loop => self.next.0 % scan_count,
            AtEnd::Hold => self.next.0.min(scan_count - 1),
            AtEnd::Tail(_) if self.next.0 < scan_count => self.next.0,
            AtEnd::Tail(tail) => {
                let tail = tail.clamp(1, scan_count);
                scan_count - tail + (self.next.0 - scan_count) % tail
            }
        } as usize;
        self.next = self.next.saturating_add(1);
        for (value, samples) in scan.iter_mut().zip(&self.channels) {
            *value = samples[index];
        }
    }
}

/// A recording that cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// No channel, or no sample in the first.
    Empty,
    /// More channels than a stream may have.
    TooManyChannels {
        /// Channels that were given.
        count: usize,
    },
    /// A channel is longer or shorter than the first.
    Ragged {
        /// Which one.
        channel: usize,
        /// Samples of the first channel.
        expected: usize,
        /// Samples of this one.
        actual: usize,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("recording has no samples"),
            Self::TooManyChannels { count } => {
                write!(f, "recording has {count} channels, a stream has at most 16")
            }
            Self::Ragged { channel, expected, actual } => {
                write!(f, "channel {channel} has {actual} samples, the first has {expected}")
            }
        }
    }
}

impl core::error::Error for ReplayError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(channels: Vec<Vec<f64>>, at_end: AtEnd) -> Result<Replay, ReplayError> {
        let rate = SampleRate::from_hz(100.0).expect("not zero");
        Replay::new(channels, SignalKind::Emg, Unit::Microvolt, rate, at_end)
    }

    fn scans(mut replay: Replay, count: usize) -> Vec<[f64; 2]> {
        let mut scan = [0.0; 2];
        (0..count)
            .map(|_| {
                replay.next_scan(&mut scan);
                scan
            })
            .collect()
    }

    #[test]
    fn a_recording_loops_or_holds_its_last_scan() {
        let channels = vec![vec![1.0, 2.0], vec![3.0, 4.0]];
        let looped = replay(channels.clone(), AtEnd::Loop).expect("two channels");
        assert_eq!(scans(looped, 3), [[1.0, 3.0], [2.0, 4.0], [1.0, 3.0]]);
        let held = replay(channels, AtEnd::Hold).expect("two channels");
        assert_eq!(scans(held, 4), [[1.0, 3.0], [2.0, 4.0], [2.0, 4.0], [2.0, 4.0]]);
        let channels = vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]];
        for (tail, expected) in [
            (2, [1.0, 2.0, 3.0, 2.0, 3.0, 2.0]),
            (0, [1.0, 2.0, 3.0, 3.0, 3.0, 3.0]),
            (9, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]),
        ] {
            let rests = replay(channels.clone(), AtEnd::Tail(tail)).expect("two channels");
            assert_eq!(
                scans(rests, 6).iter().map(|scan| scan[0]).collect::<Vec<_>>(),
                expected,
                "{tail}"
            );
        }
    }

    #[test]
    fn the_end_is_known() {
        let mut once = replay(vec![vec![1.0, 2.0]], AtEnd::Hold).expect("one channel");
        assert!(!once.is_over());
        once.next_scan(&mut [0.0]);
        assert!(!once.is_over());
        once.next_scan(&mut [0.0]);
        assert!(once.is_over());
    }

    #[test]
    fn a_recording_without_shape_is_refused() {
        assert_eq!(replay(vec![], AtEnd::Loop), Err(ReplayError::Empty));
        assert_eq!(replay(vec![vec![]], AtEnd::Loop), Err(ReplayError::Empty));
        assert_eq!(
            replay(vec![vec![1.0]; 17], AtEnd::Loop),
            Err(ReplayError::TooManyChannels { count: 17 })
        );
        assert_eq!(
            replay(vec![vec![1.0, 2.0], vec![1.0]], AtEnd::Loop),
            Err(ReplayError::Ragged { channel: 1, expected: 2, actual: 1 })
        );
    }
}
