//! When a fault began and whether it has ended.

use super::fault::{Fault, Finding};
use super::monitor::Change;
use crate::{SampleIndex, Span};

/// A fault that is seen now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Where what is seen begins.
    pub(super) start: u64,
    /// One past where it ends.
    pub(super) end: u64,
    pub(super) value: f64,
    pub(super) limit: f64,
}

/// One fault through time. It stays open until it was not seen for `hold` samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    fault: Fault,
    open: Option<Finding>,
    /// Nothing before this is covered again.
    covered: u64,
}

impl Track {
    pub(super) const fn new(fault: Fault) -> Self {
        Self { fault, open: None, covered: 0 }
    }

    pub(super) const fn open(&self) -> Option<&Finding> {
        self.open.as_ref()
    }

    /// Takes what is seen with everything before `at` known.
    #[inline]
    pub(super) fn update(&mut self, seen: Option<Seen>, at: u64, hold: u64) -> Option<Change> {
        match (seen, &mut self.open) {
            (None, None) => None,
            (None, Some(finding)) => {
                let is_over = at.saturating_sub(finding.span.end.0) >= hold;
                if is_over { self.close() } else { None }
            }
            (Some(seen), Some(finding)) => {
                finding.span.end = finding.span.end.max(SampleIndex(seen.end));
                let beyond = |value: f64, limit: f64| (value - limit).abs();
                if beyond(seen.value, seen.limit) > beyond(finding.value, finding.limit) {
                    finding.value = seen.value;
                    finding.limit = seen.limit;
                }
                None
            }
            (Some(seen), None) => {
                let start = seen.start.max(self.covered);
                let finding = Finding {
                    fault: self.fault,
                    value: seen.value,
                    limit: seen.limit,
                    span: Span { start: SampleIndex(start), end: SampleIndex(seen.end.max(start)) },
                    known_at: SampleIndex(at),
                };
                self.open = Some(finding);
                Some(Change::Began(finding))
            }
        }
    }

    pub(super) fn close(&mut self) -> Option<Change> {
        let finding = self.open.take()?;
        self.covered = finding.span.end.0;
        Some(Change::Ended(finding))
    }
}
