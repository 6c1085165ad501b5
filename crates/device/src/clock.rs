//! The one place that reads the clock.

use std::time::Instant;

use levator_signal::HostTime;

/// The host's monotonic clock, counted from the moment it was started.
///
/// Copies count from the same moment, so threads can stamp on one axis. It never runs backwards and
/// does not follow changes of the wall clock. Whether it counts while the machine sleeps depends on
/// the system (on Linux and macOS it does not).
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting: now is [`HostTime::ZERO`].
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the source of every `HostTime`")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Time since the start. Cost: one reading of the system's clock, some tens of nanoseconds.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the source of every `HostTime`")]
    pub fn now(&self) -> HostTime {
        HostTime::ZERO.saturating_add(self.start.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_one_axis_and_never_run_backwards() {
        let clock = Clock::start();
        let copy = clock;
        let mut last = HostTime::ZERO;
        for _ in 0..1000 {
            for now in [clock.now(), copy.now()] {
                assert!(now >= last);
                last = now;
            }
        }
    }
}
