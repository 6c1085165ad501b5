//! Time stamps without their jitter: a line through each stretch without a break.

/// A step of more than so many seconds, and so many samples, is a break.
///
/// Our choice. pyxdf breaks at 1 s *and* 500 samples, which hides a pause of 49 s in a pressure channel
/// at 10 Hz. Deliveries in bursts stay below a second; a device that skipped fewer than six samples cannot
/// be told from a late stamp.
const BREAK_S: f64 = 1.0;
const BREAK_SAMPLES: f64 = 5.0;

/// The same for a stream that says it may leave samples out: there, stamps are all there is.
const DROP_SAMPLES: f64 = 1.5;

/// Most segments of a stream; from there on, all is one. Damage alone makes so many.
const MOST_SEGMENTS: usize = 1 << 16;

/// A stretch of samples without a break.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Number of its first sample, counted over all samples of the stream.
    pub first: u64,
    /// How many.
    pub sample_count: u64,
    /// Time of the first sample, in seconds of the recording computer's clock.
    pub start_s: f64,
    /// From one sample to the next, in seconds.
    pub step_s: f64,
}

impl Segment {
    /// When the sample after the last one would come.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.start_s + self.sample_count as f64 * self.step_s
    }
}

/// Learns the segments of a stream from its time stamps.
#[derive(Clone, Debug)]
pub(crate) struct Segments {
    nominal_step_s: f64,
    break_s: f64,
    last_s: f64,
    count: u64,
    line: Line,
    done: Vec<Segment>,
}

/// A running line of least squares through times by number, both from the first of them.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    first: u64,
    first_s: f64,
    count: f64,
    mean_s: f64,
    /// Sum of (number - mean number) * (time - mean time).
    both: f64,
}

impl Line {
    fn new(first: u64, first_s: f64) -> Self {
        Self { first, first_s, count: 1.0, mean_s: 0.0, both: 0.0 }
    }

    fn take(&mut self, time_s: f64) {
        let time = time_s - self.first_s;
        // Numbers are 0, 1, 2, ...: their mean before this one is (count - 1) / 2.
        let number = self.count - 0.5 * (self.count - 1.0);
        self.count += 1.0;
        self.both += number * (time - self.mean_s) * (self.count - 1.0) / self.count;
        self.mean_s += (time - self.mean_s) / self.count;
    }

    fn segment(&self, nominal_step_s: f64) -> Segment {
        let spread = self.count * (self.count * self.count - 1.0) / 12.0;
        let fitted = self.both / spread;
        let is_line = self.count > 1.0 && fitted.is_finite() && fitted > 0.0;
        let step_s = if is_line { fitted } else { nominal_step_s };
        let start_s = self.first_s + self.mean_s - step_s * 0.5 * (self.count - 1.0);
        Segment { first: self.first, sample_count: self.count as u64, start_s, step_s }
    }
}

impl Segments {
    pub(crate) fn new(nominal_hz: f64, can_drop_samples: bool) -> Self {
        let step = 1.0 / nominal_hz;
        let break_s = match can_drop_samples {
            true => DROP_SAMPLES * step,
            false => BREAK_S.max(BREAK_SAMPLES * step),
        };
        Self {
            nominal_step_s: step,
            break_s,
            last_s: 0.0,
            count: 0,
            line: Line::default(),
            done: Vec::new(),
        }
    }

    /// Takes the corrected stamp of the next sample. One that is no number follows the last one.
    pub(crate) fn take(&mut self, time_s: f64) {
        let time_s = if time_s.is_finite() { time_s } else { self.last_s + self.nominal_step_s };
        if self.count == 0 {
            self.line = Line::new(0, time_s);
        } else if (time_s - self.last_s).abs() > self.break_s && self.done.len() < MOST_SEGMENTS {
            self.done.push(self.line.segment(self.nominal_step_s));
            self.line = Line::new(self.count, time_s);
        } else {
            self.line.take(time_s);
        }
        self.count += 1;
        self.last_s = time_s;
    }

    pub(crate) fn finish(mut self) -> Vec<Segment> {
        if self.count > 0 {
            self.done.push(self.line.segment(self.nominal_step_s));
        }
        self.done
    }
}

/// Samples a second over all segments with more than one sample.
pub(crate) fn effective_hz(segments: &[Segment]) -> Option<f64> {
    let long = segments.iter().filter(|segment| segment.sample_count > 1);
    let (mut steps, mut seconds) = (0.0, 0.0);
    for segment in long {
        steps += (segment.sample_count - 1) as f64;
        seconds += (segment.sample_count - 1) as f64 * segment.step_s;
    }
    (steps > 0.0 && seconds > 0.0).then(|| steps / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(times: impl Iterator<Item = f64>, hz: f64) -> Vec<Segment> {
        let mut segments = Segments::new(hz, false);
        times.for_each(|time| segments.take(time));
        segments.finish()
    }

    #[test]
    fn jitter_leaves_a_line_and_a_pause_is_a_break() {
        let jitter = |at: u32| f64::from(at * 7919 % 100) * 1e-4 - 4.95e-3;
        let times = (0..1000).map(|at| f64::from(at) * 0.01 + jitter(at));
        let after = (0..500).map(|at| 13.0 + f64::from(at) * 0.01 + jitter(at));
        let found = learn(times.chain(after), 100.0);
        assert_eq!(
            found.iter().map(|one| (one.first, one.sample_count)).collect::<Vec<_>>(),
            [(0, 1000), (1000, 500)]
        );
        for (segment, start) in found.iter().zip([0.0, 13.0]) {
            assert!((segment.start_s - start).abs() < 1e-3, "{segment:?}");
            assert!((segment.step_s - 0.01).abs() < 1e-5, "{segment:?}");
        }
    }

    #[test]
    fn the_running_line_is_that_of_all_stamps_at_once() {
        let times: Vec<f64> =
            (0..97).map(|at| 1e6 + f64::from(at) * 0.1 + f64::from(at * at % 13) * 1e-3).collect();
        let found = learn(times.iter().copied(), 10.0)[0];
        let mean = 48.0;
        let mean_s = times.iter().map(|time| time - 1e6).sum::<f64>() / 97.0;
        let (mut both, mut spread) = (0.0, 0.0);
        for (at, time) in times.iter().enumerate() {
            both += (at as f64 - mean) * (time - 1e6 - mean_s);
            spread += (at as f64 - mean) * (at as f64 - mean);
        }
        assert!((found.step_s - both / spread).abs() < 1e-12);
        assert!((found.start_s - 1e6 - (mean_s - mean * both / spread)).abs() < 1e-8);
    }

    #[test]
    fn a_pause_of_three_seconds_at_10_hz_is_no_jitter() {
        let times = (0..100).map(|at| f64::from(at) * 0.1 + if at < 50 { 0.0 } else { 3.0 });
        assert_eq!(learn(times, 10.0).len(), 2);
    }

    #[test]
    fn odd_stamps_give_segments_all_the_same() {
        let found = learn([f64::NAN, f64::INFINITY, 0.0, -1e300, 1e300].into_iter(), 10.0);
        assert_eq!(found.iter().map(|one| one.sample_count).sum::<u64>(), 5);
        assert!(found.iter().all(|one| one.step_s > 0.0));
        assert_eq!(learn([].into_iter(), 10.0), []);
    }
}
