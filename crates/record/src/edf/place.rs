//! From the times of data records to sample indices.
//!
//! ```text
//!   record    |....|....|        |....|
//!   index     0    4    8        14          gap: a jump of the index
//!   overlap   begins before the last one ends, by less than a record: taken as adjacent
//!   restart   goes back further: one missing sample stands for a gap of unknown length
//! ```

/// Longest gap that is kept at its length, about 30 years. Beyond it the stamp is no time.
const MAX_GAP_S: f64 = 1e9;

/// How far, in samples, a record may lie off the end of the last one and still follow on it: times are
/// printed in some digits, and a gap is never shorter than a record of a device.
const SLACK: f64 = 1.0 + 1e-6;

/// How a data record follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    Adjacent,
    Gap,
    Overlap,
    Restart,
}

/// Where the samples of one stream go.
#[derive(Clone, Debug)]
pub(crate) struct Placer {
    rate_hz: f64,
    record_len: u64,
    /// Index of the next sample.
    next: u64,
    /// A time and its index.
    anchor: Option<(f64, f64)>,
}

impl Placer {
    /// For a stream with `record_len` samples in each data record.
    pub(crate) fn new(rate_hz: f64, record_len: usize) -> Self {
        Self { rate_hz, record_len: record_len as u64, next: 0, anchor: None }
    }

    /// Index of the first sample of the next data record, which states `onset_s`, or nothing.
    pub(crate) fn place(&mut self, onset_s: Option<f64>) -> (u64, Follows) {
        let mut follows = Follows::Adjacent;
        if let Some(onset_s) = onset_s {
            let expected = self.next as f64;
            match self.anchor {
                None => self.anchor = Some((onset_s, expected)),
                Some((time, index)) => {
                    let place = (onset_s - time) * self.rate_hz + index;
                    let ahead = place - expected;
                    if ahead > MAX_GAP_S * self.rate_hz || ahead < -(self.record_len as f64) {
                        follows = Follows::Restart;
                        self.next += 1;
                        self.anchor = Some((onset_s, self.next as f64));
                    } else if ahead > SLACK {
                        follows = Follows::Gap;
                        self.next = place.round() as u64;
                    } else if ahead < -SLACK {
                        follows = Follows::Overlap;
                    }
                }
            }
        }
        let first = self.next;
        self.next = self.next.saturating_add(self.record_len);
        (first, follows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(onsets: &[Option<f64>]) -> Vec<(u64, Follows)> {
        let mut placer = Placer::new(100.0, 100);
        onsets.iter().map(|&onset| placer.place(onset)).collect()
    }

    #[test]
    fn records_that_follow_on_one_another_have_no_gap() {
        let placed = run(&[Some(0.39), Some(1.39), Some(2.398), None, Some(4.386)]);
        assert_eq!(placed, [0, 100, 200, 300, 400].map(|first| (first, Follows::Adjacent)));
    }

    #[test]
    fn a_pause_is_a_gap_of_its_length() {
        let placed = run(&[Some(0.0), Some(1.0), Some(5.0), Some(6.0)]);
        assert_eq!(placed[2..], [(500, Follows::Gap), (600, Follows::Adjacent)]);
    }

    #[test]
    fn an_overlap_costs_no_sample_and_is_forgotten() {
        let placed = run(&[Some(0.0), Some(0.9), Some(2.0)]);
        assert_eq!(placed[1..], [(100, Follows::Overlap), (200, Follows::Adjacent)]);
    }

    #[test]
    fn a_clock_that_starts_anew_leaves_a_seam() {
        let placed = run(&[Some(50.0), Some(0.0), Some(1.0), Some(1e300)]);
        assert_eq!(
            placed[1..],
            [(101, Follows::Restart), (201, Follows::Adjacent), (302, Follows::Restart)]
        );
    }
}
