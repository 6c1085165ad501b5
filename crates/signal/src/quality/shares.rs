//! How much of a span lies under which fault.

use super::fault::{Fault, Finding, Severity};
use crate::{Quality, Span};

/// Samples of a span under each fault, summed up from findings.
///
/// A measure makes one for the span it was taken over, shows it every [`Finding`] of its channel, ended
/// or still open, and asks how much of its samples each fault covers: also those that were known to be
/// bad only later. The order of the findings does not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultShares {
    span: Span,
    covered: [u64; Fault::COUNT],
}

impl FaultShares {
    /// Nothing known against `span`.
    #[must_use]
    pub const fn new(span: Span) -> Self {
        Self { span, covered: [0; Fault::COUNT] }
    }

    /// Takes a finding that has ended. Findings of one fault do not overlap, as a
    /// [`Monitor`](super::Monitor) makes them.
    pub fn add(&mut self, finding: &Finding) {
        self.cover(finding.fault, finding.span);
    }

    /// Takes a finding that has not ended: it reaches to the end of the span.
    pub fn add_open(&mut self, finding: &Finding) {
        let end = finding.span.end.max(self.span.end);
        self.cover(finding.fault, Span { start: finding.span.start, end });
    }

    fn cover(&mut self, fault: Fault, span: Span) {
        let start = span.start.max(self.span.start);
        let end = span.end.min(self.span.end);
        self.covered[fault as usize] += Span { start, end }.sample_count();
    }

    /// Share of the samples under this fault, 0 to 1. 0 for an empty span.
    #[must_use]
    pub fn ratio(&self, fault: Fault) -> f64 {
        match self.span.sample_count() {
            0 => 0.0,
            count => self.covered[fault as usize].min(count) as f64 / count as f64,
        }
    }

    /// The fault of at least this severity that covers most, with its share; the first in
    /// [`Fault::ALL`] if several do. `None` if there is none.
    #[must_use]
    pub fn worst(&self, severity: Severity) -> Option<(Fault, f64)> {
        let mut worst: Option<(Fault, f64)> = None;
        for fault in Fault::ALL.into_iter().filter(|fault| fault.severity() >= severity) {
            let ratio = self.ratio(fault);
            if ratio > worst.map_or(0.0, |(_, most)| most) {
                worst = Some((fault, ratio));
            }
        }
        worst
    }

    /// The flags of all faults that cover any of it.
    #[must_use]
    pub fn quality(&self) -> Quality {
        Fault::ALL
            .into_iter()
            .filter(|&fault| self.covered[fault as usize] > 0)
            .fold(Quality::GOOD, |quality, fault| quality | fault.flag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SampleIndex;

    fn span(start: u64, end: u64) -> Span {
        Span { start: SampleIndex(start), end: SampleIndex(end) }
    }

    fn finding(fault: Fault, start: u64, end: u64) -> Finding {
        Finding {
            fault,
            value: 1.0,
            limit: 1.0,
            span: span(start, end),
            known_at: SampleIndex(end),
        }
    }

    #[test]
    fn only_what_lies_in_the_span_counts() {
        let mut shares = FaultShares::new(span(100, 200));
        shares.add(&finding(Fault::Motion, 0, 110));
        shares.add(&finding(Fault::Motion, 150, 160));
        shares.add(&finding(Fault::Motion, 200, 300));
        shares.add_open(&finding(Fault::Flat, 195, 196));
        assert!((shares.ratio(Fault::Motion) - 0.2).abs() < 1e-15);
        assert!((shares.ratio(Fault::Flat) - 0.05).abs() < 1e-15);
        assert_eq!(shares.worst(Severity::Doubtful), Some((Fault::Motion, 0.2)));
        assert_eq!(shares.worst(Severity::Blinding), Some((Fault::Flat, 0.05)));
        assert_eq!(shares.quality(), Quality::MOTION | Quality::FLAT);
    }

    #[test]
    fn an_empty_span_has_no_faults() {
        let mut shares = FaultShares::new(span(5, 5));
        shares.add(&finding(Fault::Motion, 0, 110));
        assert!(shares.ratio(Fault::Motion) <= 0.0);
        assert_eq!(shares.worst(Severity::Note), None);
    }
}
