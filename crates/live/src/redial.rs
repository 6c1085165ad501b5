//! When to try a lost port again, and when a failure is worth a word.

use std::time::Duration;

use levator_device::OpenError;
use levator_signal::HostTime;

/// Before the first attempts: a loose plug is back at once. Then twice as long each time, up to
/// [`INTERVAL`].
const SHORTEST: Duration = Duration::from_millis(60);
/// Between two attempts.
///
/// # Source
///
/// Practice of serial hosts: systems take up to a second to name a plugged device, and listing ports
/// more often costs time on every system.
const INTERVAL: Duration = Duration::from_millis(500);
/// When a port has been away for this long, nobody stands there with the plug in the hand.
const LONG: Duration = Duration::from_secs(60);
/// Between two attempts then. Our choice.
const LATE_INTERVAL: Duration = Duration::from_secs(2);

/// For this long after a port has come back, the system may still be handing it over: permissions and
/// services are late. Only then is a refusal worth a word.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// Attempts to open a port that is not there. Told the time, never asks for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redial {
    /// When the port was lost, or first missed.
    since: HostTime,
    due: HostTime,
    wait: Duration,
    /// When the port was first seen again, while it refuses.
    arrived: Option<HostTime>,
}

impl Redial {
    /// The port was lost at `at`.
    pub(crate) fn new(at: HostTime) -> Self {
        Self { since: at, due: at.saturating_add(SHORTEST), wait: SHORTEST, arrived: None }
    }

    pub(crate) fn since(&self) -> HostTime {
        self.since
    }

    /// When the next attempt is to be made.
    pub(crate) fn due(&self) -> HostTime {
        self.due
    }

    /// An attempt failed at `at`. Whether the person should be told why: not while the port is merely
    /// absent, which the state of the link says already, and not in the first seconds after it came.
    pub(crate) fn failed(&mut self, at: HostTime, error: &OpenError) -> Worth {
        self.wait = if at.saturating_since(self.since) >= LONG {
            LATE_INTERVAL
        } else {
            (self.wait * 2).min(INTERVAL)
        };
        self.due = at.saturating_add(self.wait);
        if matches!(error, OpenError::NotFound { .. }) {
            self.arrived = None;
            return Worth::Nothing;
        }
        let arrived = *self.arrived.get_or_insert(at);
        if error.may_pass() && at.saturating_since(arrived) < GRACE {
            return Worth::Nothing;
        }
        Worth::Telling
    }
}

/// What a failed attempt is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It may pass by itself.
    Nothing,
    /// A person has to do something.
    Telling,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> HostTime {
        HostTime::from_nanos(millis * 1_000_000)
    }

    fn busy() -> OpenError {
        OpenError::Busy { name: "port".to_owned() }
    }

    fn absent() -> OpenError {
        OpenError::NotFound { name: "port".to_owned(), existing: Vec::new() }
    }

    #[test]
    fn attempts_are_frequent_at_first_and_rare_after_a_minute() {
        let mut redial = Redial::new(at(1000));
        let mut waits = Vec::new();
        let mut now = at(1000);
        for _ in 0..130 {
            waits.push(redial.due().saturating_since(now).as_millis());
            now = redial.due();
            redial.failed(now, &absent());
        }
        assert_eq!(waits[..6], [60, 120, 240, 480, 500, 500]);
        let late: Vec<_> = waits.iter().skip_while(|wait| **wait < 2000).collect();
        assert_eq!(late.len(), 130 - waits.iter().filter(|wait| **wait < 2000).count());
        assert!(late.len() > 5 && late.iter().all(|wait| **wait == 2000), "{waits:?}");
        assert_eq!(redial.since(), at(1000));
    }

    #[test]
    fn a_port_that_refuses_is_told_only_after_three_seconds() {
        let mut redial = Redial::new(at(0));
        assert_eq!(redial.failed(at(500), &absent()), Worth::Nothing);
        assert_eq!(redial.failed(at(1000), &busy()), Worth::Nothing);
        assert_eq!(redial.failed(at(3999), &busy()), Worth::Nothing);
        assert_eq!(redial.failed(at(4000), &busy()), Worth::Telling);
        assert_eq!(redial.failed(at(4500), &busy()), Worth::Telling);
    }

    #[test]
    fn the_three_seconds_begin_anew_when_the_port_leaves() {
        let mut redial = Redial::new(at(0));
        redial.failed(at(500), &busy());
        redial.failed(at(4000), &absent());
        assert_eq!(redial.failed(at(4500), &busy()), Worth::Nothing);
    }

    #[test]
    fn what_will_not_pass_is_told_at_once() {
        let mut redial = Redial::new(at(0));
        let error = OpenError::NotAPort { name: "port".to_owned(), what: "a file" };
        assert_eq!(redial.failed(at(500), &error), Worth::Telling);
    }
}
