//! Samples that fill up a data record and are none.

use std::ops::Range;

use super::Record;
use super::annotations::HELD;

/// Where they are in one data record, as it says itself, in seconds from its beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    spans: Vec<(f64, f64)>,
}

impl Held {
    /// Looks for them in `record`, which begins at `onset_s`.
    pub(crate) fn look(&mut self, record: &Record<'_>, onset_s: Option<f64>) {
        self.spans.clear();
        let Some(onset_s) = onset_s else { return };
        for annotation in record.annotations().flatten() {
            if annotation.text == HELD {
                let start_s = annotation.onset_s - onset_s;
                self.spans.push((start_s, start_s + annotation.duration_s.unwrap_or(0.0)));
            }
        }
        self.spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    }

    /// Hands on the other samples of a signal that has `len` in a data record of `duration_s`.
    pub(crate) fn kept(&self, len: usize, duration_s: f64, mut sink: impl FnMut(Range<usize>)) {
        let place = |seconds: f64| ((seconds / duration_s * len as f64).round() as usize).min(len);
        let mut from = 0;
        for (start_s, end_s) in &self.spans {
            let start = place(*start_s);
            if start > from {
                sink(from..start);
            }
            from = from.max(place(*end_s));
        }
        if from < len {
            sink(from..len);
        }
    }
}
