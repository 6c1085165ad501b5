//! A value that stands still for longer than the channel's own habits explain.

use super::piece::same;
use super::track::Seen;

/// Runs of one and the same value, to the sample.
///
/// A coarse or slow converter repeats itself when all is well: a staircase at 10 Hz holds each value, a
/// resting sensor shows one code for seconds. So the limit grows with the runs that this channel has
/// shown and come out of; only a channel that has never moved is judged by a fixed time.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    limits: Limits,
    rate_hz: f64,
    value: f64,
    start: u64,
    len: u64,
    /// The longest run that ended, at present and in the stretch before.
    longest: [u64; 2],
    turn_at: u64,
    has_changed: bool,
}

/// In samples.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    never_changed: u64,
    least: u64,
    most: u64,
    /// A run teaches no more than this, so that a fault does not excuse the next.
    lesson: u64,
    factor: u64,
    memory: u64,
}

impl Repeats {
    pub(super) fn new(rate_hz: f64, is_emg: bool) -> Self {
        let samples = |seconds: f64, least: u64| ((seconds * rate_hz) as u64).max(least);
        // Our choice. EMG is noise: in 8-bit recordings at 200 Hz, the coarsest at hand, the longest run
        // at rest is 45 ms. Pressure rests on one code for up to 4 s where the sensor is in no body (hand
        // grip); in a body a breath moves it every 5 s or sooner. 12 samples are for manometry exported
        // at 2 Hz, which repeats up to 9.
        let limits = if is_emg {
            Limits {
                never_changed: samples(1.0, 40),
                least: samples(0.25, 40),
                most: samples(2.0, 80),
                lesson: samples(0.25, 10),
                factor: 8,
                memory: samples(30.0, 1),
            }
        } else {
            Limits {
                never_changed: samples(5.0, 12),
                least: samples(2.5, 12),
                most: samples(8.0, 30),
                lesson: samples(2.0, 3),
                factor: 4,
                memory: samples(60.0, 1),
            }
        };
        Self {
            limits,
            rate_hz,
            value: f64::NAN,
            start: 0,
            len: 0,
            longest: [0; 2],
            turn_at: limits.memory,
            has_changed: false,
        }
    }

    /// A gap: what repeats on its other side is a new run.
    pub(super) fn gap(&mut self) {
        self.value = f64::NAN;
        self.len = 0;
    }

    /// Takes a piece that begins at sample `first`. `is_constant`: all its values are the same.
    #[inline(always)]
    pub(super) fn push(&mut self, first: u64, values: &[f64], is_constant: bool) -> Option<Seen> {
        if !is_constant {
            self.push_moving(first, values);
            return None;
        }
        self.push_constant(first, values)
    }

    #[inline(never)]
    fn push_constant(&mut self, first: u64, values: &[f64]) -> Option<Seen> {
        let len = values.len() as u64;
        if same(values[0], self.value) {
            self.len = self.len.saturating_add(len);
        } else {
            self.change(first, values[0]);
            self.len = len;
        }
        let limit = self.limit();
        (self.len >= limit).then(|| Seen {
            start: self.start,
            end: self.start.saturating_add(self.len),
            value: self.len as f64 / self.rate_hz,
            limit: limit as f64 / self.rate_hz,
        })
    }

    /// Only the runs at both ends: those inside are shorter than a piece, and no limit is.
    #[inline(always)]
    fn push_moving(&mut self, first: u64, values: &[f64]) {
        if let [head, .., before, last] = *values
            && !same(head, self.value)
            && !same(before, last)
        {
            // No runs.
            self.change(first.saturating_add(values.len() as u64 - 1), last);
            self.len = 1;
            return;
        }
        self.push_runs(first, values);
    }

    #[inline(never)]
    fn push_runs(&mut self, first: u64, values: &[f64]) {
        let head = values.iter().take_while(|&&x| same(x, self.value)).count();
        self.len = self.len.saturating_add(head as u64);
        let last = values[values.len() - 1];
        let tail = values.iter().rev().take_while(|&&x| same(x, last)).count();
        self.change(first.saturating_add((values.len() - tail) as u64), last);
        self.len = tail as u64;
    }

    #[inline]
    fn change(&mut self, start: u64, value: f64) {
        if !self.value.is_nan() {
            self.has_changed = true;
            self.longest[0] = self.longest[0].max(self.len.min(self.limits.lesson));
        }
        if start >= self.turn_at {
            self.longest = [self.len.min(self.limits.lesson), self.longest[0]];
            self.turn_at = start.saturating_add(self.limits.memory);
        }
        self.value = value;
        self.start = start;
    }

    fn limit(&self) -> u64 {
        let Limits { never_changed, least, most, factor, .. } = self.limits;
        if !self.has_changed {
            return never_changed;
        }
        (factor * self.longest[0].max(self.longest[1])).clamp(least, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flagged(rate_hz: f64, is_emg: bool, values: &[f64], piece: usize) -> Vec<(u64, f64)> {
        let mut repeats = Repeats::new(rate_hz, is_emg);
        let mut out = Vec::new();
        for (index, part) in values.chunks_exact(piece).enumerate() {
            let is_constant = part.iter().all(|&x| same(x, part[0]));
            let first = (index * piece) as u64;
            if let Some(seen) = repeats.push(first, part, is_constant) {
                out.push((seen.end, seen.value));
            }
        }
        out
    }

    #[test]
    fn a_signal_that_never_moves_is_flat_within_five_seconds() {
        assert_eq!(flagged(10.0, false, &[3.0; 60], 1)[0], (50, 5.0));
        assert_eq!(flagged(1000.0, true, &[0.0; 2000], 20)[0], (1000, 1.0));
    }

    #[test]
    fn a_staircase_at_ten_hertz_is_not_stuck() {
        let stairs: Vec<f64> = (0..6000).map(|i| f64::from(i / 20 % 30)).collect();
        assert_eq!(flagged(200.0, false, &stairs, 5), []);
    }

    #[test]
    fn a_coarse_sensor_at_rest_teaches_what_it_does() {
        let runs = [5, 9, 22, 40, 70, 60];
        let mut values = Vec::new();
        for (index, len) in runs.into_iter().enumerate() {
            values.extend(std::iter::repeat_n(index as f64, len));
        }
        assert_eq!(flagged(10.0, false, &values, 1), []);
    }

    #[test]
    fn a_value_that_sticks_is_seen_from_where_it_began() {
        let mut values: Vec<f64> = (0..1003).map(|i| f64::from(i * 7 % 13)).collect();
        values.extend([4.5; 1000]);
        let (end, seconds) = flagged(1000.0, true, &values, 20)[0];
        // Known with the first piece that ends after 250 ms.
        assert_eq!(end, 1260);
        assert!((seconds - 0.257).abs() < 1e-12, "{seconds}");
    }
}
