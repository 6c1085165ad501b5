//! The signal check before a visit: is this channel fit to measure with?

use crate::quality::{Change, Fault, Finding, Monitor, MonitorConfig, MonitorError, Severity};
use crate::{Quality, SampleIndex, SampleRate, Span};

/// How long a signal must be clean. Our choice: every fault that can be named at all without a
/// contraction is named by then, and a breath has moved a pressure probe that is in place.
const CLEAN_S: f64 = 5.0;

/// What the check says now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing is wrong so far; so many seconds without a fault are still needed.
    Listening {
        /// Seconds until it passes, if nothing comes up.
        remaining_s: f64,
    },
    /// 5 s without a fault.
    Pass,
    /// Something is wrong at this moment: see [`SignalCheck::findings`].
    Faulty,
}

/// What was found on one channel, and since when it has been clean: the part of a [`SignalCheck`] that
/// needs no signal, for where a [`Monitor`] runs already.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checklist {
    rate: SampleRate,
    /// The newest of each fault, and whether it is still there.
    findings: [Option<(Finding, bool)>; Fault::ALL.len()],
    /// From here on nothing was wrong. `None` before the first sample.
    clean_from: Option<SampleIndex>,
    next: SampleIndex,
}

impl Checklist {
    /// Nothing heard of a channel with this rate.
    #[must_use]
    pub const fn new(rate: SampleRate) -> Self {
        Self { rate, findings: [None; Fault::ALL.len()], clean_from: None, next: SampleIndex::ZERO }
    }

    /// Samples were watched, from `first` up to, not including, `next`.
    pub fn advance(&mut self, first: SampleIndex, next: SampleIndex) {
        self.clean_from.get_or_insert(first);
        self.next = next;
    }

    /// A fault began or ended, known from sample `at` on. Behind a gap listening begins anew.
    pub fn hear(&mut self, at: SampleIndex, change: Change) {
        let (finding, is_open) = match change {
            Change::Began(finding) => (finding, true),
            Change::Ended(finding) => (finding, false),
        };
        self.findings[finding.fault as usize] = Some((finding, is_open));
        if finding.fault.severity() >= Severity::Doubtful || finding.fault == Fault::Gap {
            self.clean_from = Some(at);
        }
    }

    /// What the check says now.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.open().next().is_some() {
            return Verdict::Faulty;
        }
        let Some(clean_from) = self.clean_from else {
            return Verdict::Listening { remaining_s: CLEAN_S };
        };
        let clean_s = self.next.saturating_since(clean_from) as f64 / self.rate.hz();
        // The last sample of 5 s is there at 5 s less one sample.
        if clean_s + 0.5 / self.rate.hz() >= CLEAN_S {
            Verdict::Pass
        } else {
            Verdict::Listening { remaining_s: (CLEAN_S - clean_s).clamp(0.0, CLEAN_S) }
        }
    }

    /// What was found, the newest of each fault, in the order of [`Fault::ALL`]; and whether it is still
    /// there.
    pub fn findings(&self) -> impl Iterator<Item = (&Finding, bool)> {
        self.findings.iter().flatten().map(|(finding, is_open)| (finding, *is_open))
    }

    /// The faults that are there now and stand in the way of measuring.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings().filter_map(|(finding, is_open)| {
            (is_open && finding.fault.severity() >= Severity::Doubtful).then_some(finding)
        })
    }
}

/// Listens to one channel until it has been clean for 5 s, and says what is wrong and what to do.
///
/// It goes on as long as it is fed: press an electrode on, and the verdict turns. Notes, as a low
/// battery, are listed and stop nothing. Each fault has its [reason](Fault::reason) and its
/// [remedy](Fault::remedy).
#[derive(Clone, Debug)]
pub struct SignalCheck {
    monitor: Monitor,
    list: Option<Checklist>,
}

impl SignalCheck {
    /// Memory for rates up to `max_rate`. The only call that allocates.
    #[must_use]
    pub fn new(max_rate: SampleRate) -> Self {
        Self { monitor: Monitor::new(max_rate), list: None }
    }

    /// Begins anew with this channel.
    ///
    /// # Errors
    ///
    /// As [`Monitor::start`].
    pub fn start(&mut self, config: &MonitorConfig) -> Result<(), MonitorError> {
        self.list = None;
        self.monitor.start(config)?;
        self.list = Some(Checklist::new(config.rate));
        Ok(())
    }

    /// Forgets all samples; the channel stays.
    pub fn reset(&mut self) {
        self.monitor.reset();
        self.list = self.list.map(|list| Checklist::new(list.rate));
    }

    /// Takes a block as [`Monitor::process`] does, and gives the verdict after it.
    pub fn process(
        &mut self,
        first: SampleIndex,
        values: &[f64],
        filtered: &[f64],
        known: Quality,
    ) -> Verdict {
        let Self { monitor, list: Some(list) } = self else { return self.verdict() };
        if !values.is_empty() {
            list.advance(first, first.saturating_add(values.len() as u64));
            monitor.process(first, values, filtered, known, &mut |notice| {
                list.hear(notice.at, notice.change);
            });
        }
        self.verdict()
    }

    /// Samples are missing in `span`: listening begins anew behind it.
    pub fn gap(&mut self, span: Span) -> Verdict {
        if let Self { monitor, list: Some(list) } = self {
            monitor.gap(span, &mut |notice| list.hear(notice.at, notice.change));
            list.advance(span.end, span.end);
        }
        self.verdict()
    }

    /// What the check says now.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let nothing = Verdict::Listening { remaining_s: CLEAN_S };
        self.list.as_ref().map_or(nothing, Checklist::verdict)
    }

    /// As [`Checklist::findings`].
    pub fn findings(&self) -> impl Iterator<Item = (&Finding, bool)> {
        self.list.iter().flat_map(Checklist::findings)
    }

    /// As [`Monitor::noise_floor`].
    #[must_use]
    pub fn noise_floor(&self) -> Option<f64> {
        self.monitor.noise_floor()
    }

    /// Zero: nothing is passed on.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(fault: Fault, from: u64, to: u64) -> Finding {
        Finding {
            fault,
            value: 2.0,
            limit: 1.0,
            span: Span { start: SampleIndex(from), end: SampleIndex(to) },
            known_at: SampleIndex(from),
        }
    }

    #[test]
    fn a_channel_passes_five_seconds_after_its_last_fault() {
        let mut list = Checklist::new(SampleRate::from_hz(100.0).expect("positive"));
        assert_eq!(list.verdict(), Verdict::Listening { remaining_s: 5.0 });
        list.advance(SampleIndex(1000), SampleIndex(1499));
        assert!(matches!(list.verdict(), Verdict::Listening { .. }));
        list.hear(SampleIndex(1499), Change::Began(finding(Fault::Mains50, 1400, 1499)));
        list.advance(SampleIndex(1499), SampleIndex(2500));
        assert_eq!(list.verdict(), Verdict::Faulty);
        list.hear(SampleIndex(2500), Change::Ended(finding(Fault::Mains50, 1400, 2500)));
        list.advance(SampleIndex(2500), SampleIndex(2999));
        assert!(matches!(list.verdict(), Verdict::Listening { .. }));
        list.advance(SampleIndex(2999), SampleIndex(3000));
        assert_eq!(list.verdict(), Verdict::Pass);
        assert_eq!(list.findings().count(), 1);
    }

    #[test]
    fn a_note_stops_nothing_and_a_gap_begins_anew() {
        let mut list = Checklist::new(SampleRate::from_hz(100.0).expect("positive"));
        list.advance(SampleIndex(0), SampleIndex(600));
        list.hear(SampleIndex(600), Change::Began(finding(Fault::ConverterStep, 0, 600)));
        assert_eq!(list.verdict(), Verdict::Pass);
        list.hear(SampleIndex(900), Change::Ended(finding(Fault::Gap, 600, 900)));
        list.advance(SampleIndex(900), SampleIndex(950));
        assert_eq!(list.verdict(), Verdict::Listening { remaining_s: 4.5 });
    }
}
