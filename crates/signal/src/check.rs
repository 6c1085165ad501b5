//! The signal check before a visit: is this channel fit to measure with?

use crate::quality::{
    Change, Fault, Finding, Monitor, MonitorConfig, MonitorError, Notice, Severity,
};
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

/// Listens to one channel until it has been clean for 5 s, and says what is wrong and what to do.
///
/// It goes on as long as it is fed: press an electrode on, and the verdict turns. Notes, as a low
/// battery, are listed and stop nothing. Each fault has its [reason](Fault::reason) and its
/// [remedy](Fault::remedy).
#[derive(Clone, Debug)]
pub struct SignalCheck {
    monitor: Monitor,
    rate: Option<SampleRate>,
    /// The newest of each fault, and whether it is still there.
    findings: [Option<(Finding, bool)>; Fault::ALL.len()],
    /// From here on nothing was wrong.
    clean_from: u64,
    next: u64,
    has_begun: bool,
}

impl SignalCheck {
    /// Memory for rates up to `max_rate`. The only call that allocates.
    #[must_use]
    pub fn new(max_rate: SampleRate) -> Self {
        Self {
            monitor: Monitor::new(max_rate),
            rate: None,
            findings: [None; Fault::ALL.len()],
            clean_from: 0,
            next: 0,
            has_begun: false,
        }
    }

    /// Begins anew with this channel.
    ///
    /// # Errors
    ///
    /// As [`Monitor::start`].
    pub fn start(&mut self, config: &MonitorConfig) -> Result<(), MonitorError> {
        self.rate = None;
        self.monitor.start(config)?;
        self.rate = Some(config.rate);
        self.forget();
        Ok(())
    }

    /// Forgets all samples; the channel stays.
    pub fn reset(&mut self) {
        self.monitor.reset();
        self.forget();
    }

    fn forget(&mut self) {
        self.findings = [None; Fault::ALL.len()];
        self.clean_from = 0;
        self.next = 0;
        self.has_begun = false;
    }

    /// Takes a block as [`Monitor::process`] does, and gives the verdict after it.
    pub fn process(
        &mut self,
        first: SampleIndex,
        values: &[f64],
        filtered: &[f64],
        known: Quality,
    ) -> Verdict {
        if !values.is_empty() {
            if !self.has_begun {
                self.has_begun = true;
                self.clean_from = first.0;
            }
            let Self { monitor, findings, clean_from, .. } = self;
            monitor.process(first, values, filtered, known, &mut |notice| {
                take(&notice, findings, clean_from);
            });
            self.next = first.saturating_add(values.len() as u64).0;
        }
        self.verdict()
    }

    /// Samples are missing in `span`: listening begins anew behind it.
    pub fn gap(&mut self, span: Span) -> Verdict {
        let Self { monitor, findings, clean_from, .. } = self;
        monitor.gap(span, &mut |notice| take(&notice, findings, clean_from));
        self.clean_from = self.clean_from.max(span.end.0);
        self.next = span.end.0;
        self.verdict()
    }

    /// What the check says now.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let faulty = |(finding, is_open): &(Finding, bool)| {
            *is_open && finding.fault.severity() >= Severity::Doubtful
        };
        if self.findings.iter().flatten().any(faulty) {
            return Verdict::Faulty;
        }
        let Some(rate) = self.rate else { return Verdict::Listening { remaining_s: CLEAN_S } };
        let clean_s = self.next.saturating_sub(self.clean_from) as f64 / rate.hz();
        // The last sample of 5 s is there at 5 s less one sample.
        if self.has_begun && clean_s + 0.5 / rate.hz() >= CLEAN_S {
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

fn take(
    notice: &Notice,
    findings: &mut [Option<(Finding, bool)>; Fault::ALL.len()],
    clean_from: &mut u64,
) {
    let (finding, is_open) = match notice.change {
        Change::Began(finding) => (finding, true),
        Change::Ended(finding) => (finding, false),
    };
    findings[finding.fault as usize] = Some((finding, is_open));
    if finding.fault.severity() >= Severity::Doubtful {
        *clean_from = notice.at.0;
    }
}
