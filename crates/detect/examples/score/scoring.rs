//! Scores detections against labels, with one rule for all.
//!
//! A detection and a label match if they overlap by half the shorter of the two, or if their onsets
//! lie within the tolerance; one to one, greedy by overlap. What lies for half of itself in a region
//! to be ignored is neither right nor wrong. It counts as the Python scorer of the recordings does,
//! which was run beside it.

/// Onset and offset in seconds.
pub(crate) type Span = (f64, f64);

const MIN_OVERLAP: f64 = 0.5;

/// A label or a detection; no offset is one at the end of the recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) onset_s: f64,
    pub(crate) offset_s: Option<f64>,
    /// Whether the offset is one to be compared.
    pub(crate) is_offset_known: bool,
}

/// What became of the labels and detections of one recording or of many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    pub(crate) label_count: usize,
    pub(crate) found_count: usize,
    pub(crate) false_count: usize,
    /// False ones that touch a label.
    pub(crate) fragment_count: usize,
    pub(crate) rest_s: f64,
    /// Detection less label, seconds.
    pub(crate) onset_errors_s: Vec<f64>,
    pub(crate) offset_errors_s: Vec<f64>,
    /// Which detection each label has.
    pub(crate) pairs: Vec<(usize, usize)>,
}

fn overlap(a: Span, b: Span) -> f64 {
    a.1.min(b.1) - a.0.max(b.0)
}

fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => out.push(span),
        }
    }
    out
}

pub(crate) fn score(
    labels: &[Event],
    detections: &[Event],
    ignored: &[Span],
    duration_s: f64,
    tolerance_s: f64,
) -> Score {
    let whole = |e: &Event| (e.onset_s, e.offset_s.unwrap_or(duration_s).max(e.onset_s));
    let truth: Vec<Span> = labels.iter().map(whole).collect();
    let found: Vec<Span> = detections.iter().map(whole).collect();
    let ignored = union(ignored.to_vec());
    let is_optional = |s: &Span| ignored.iter().any(|i| i.0 <= s.0 && s.1 <= i.1);
    let mut candidates = Vec::new();
    for (i, a) in truth.iter().enumerate() {
        for (j, b) in found.iter().enumerate() {
            let shared = overlap(*a, *b);
            let late = (b.0 - a.0).abs();
            let shorter = (a.1 - a.0).min(b.1 - b.0);
            if (shared > 0.0 && shared >= MIN_OVERLAP * shorter) || late <= tolerance_s + 1e-9 {
                candidates.push((-shared.max(0.0), late, i, j));
            }
        }
    }
    candidates.sort_by(|a, b| {
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)).then(a.3.cmp(&b.3))
    });
    let mut score = Score::default();
    let mut of_label = vec![None; truth.len()];
    let mut is_taken = vec![false; found.len()];
    for (.., i, j) in candidates {
        if of_label[i].is_none() && !is_taken[j] {
            of_label[i] = Some(j);
            is_taken[j] = true;
        }
    }
    for (i, label) in truth.iter().enumerate() {
        if is_optional(label) {
            continue;
        }
        score.label_count += 1;
        let Some(j) = of_label[i] else { continue };
        score.found_count += 1;
        score.pairs.push((i, j));
        score.onset_errors_s.push(found[j].0 - label.0);
        if labels[i].is_offset_known && detections[j].offset_s.is_some() {
            score.offset_errors_s.push(found[j].1 - label.1);
        }
    }
    for (j, span) in found.iter().enumerate() {
        let inside: f64 = ignored.iter().map(|i| overlap(*span, *i).max(0.0)).sum();
        let is_ignored = if span.1 > span.0 {
            inside >= MIN_OVERLAP * (span.1 - span.0)
        } else {
            ignored.iter().any(|i| (i.0..=i.1).contains(&span.0))
        };
        if is_taken[j] || is_ignored {
            continue;
        }
        score.false_count += 1;
        score.fragment_count += usize::from(truth.iter().any(|label| overlap(*span, *label) > 0.0));
    }
    let busy = union(truth.iter().chain(&ignored).filter(|s| s.0 < duration_s).copied().collect());
    let busy_s: f64 = busy.iter().map(|s| s.1.min(duration_s) - s.0.max(0.0)).sum();
    score.rest_s = (duration_s - busy_s).max(0.0);
    score
}

impl Score {
    pub(crate) fn add(&mut self, other: &Self) {
        self.label_count += other.label_count;
        self.found_count += other.found_count;
        self.false_count += other.false_count;
        self.fragment_count += other.fragment_count;
        self.rest_s += other.rest_s;
        self.onset_errors_s.extend_from_slice(&other.onset_errors_s);
        self.offset_errors_s.extend_from_slice(&other.offset_errors_s);
    }

    /// `None` without labels.
    pub(crate) fn f1(&self) -> Option<f64> {
        let missed = self.label_count - self.found_count;
        let wrong = (missed + self.false_count) as f64;
        let right = 2.0 * self.found_count as f64;
        (self.label_count > 0).then(|| right / (right + wrong))
    }

    pub(crate) fn false_per_hour(&self) -> f64 {
        3600.0 * (self.false_count - self.fragment_count) as f64 / self.rest_s.max(1e-9)
    }
}

/// The value below which a ratio of all lies, in between two of them in proportion; `NaN` of none.
pub(crate) fn percentile(values: impl Iterator<Item = f64>, ratio: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = ratio * last as f64;
    let below = place as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}
