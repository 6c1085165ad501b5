//! What lies between a device and a port: bursts, a bad cable, and the passage of real time.

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use levator_signal::HostTime;

use crate::cable::{BadCable, CableCounts};
use crate::device::VirtualDevice;

/// What can be at the far end of a line: something that sends in its own time and hears what is said.
pub trait Speaker {
    /// The time it has been moved to.
    fn now(&self) -> HostTime;
    /// When it next has something to do.
    fn next_due(&self) -> HostTime;
    /// Moves it on to `until` and appends what it sends to `out`.
    fn advance(&mut self, until: HostTime, out: &mut Vec<u8>);
    /// Bytes of the host arrive.
    fn receive(&mut self, bytes: &[u8]);
}

impl Speaker for VirtualDevice {
    fn now(&self) -> HostTime {
        Self::now(self)
    }

    fn next_due(&self) -> HostTime {
        Self::next_due(self)
    }

    fn advance(&mut self, until: HostTime, out: &mut Vec<u8>) {
        Self::advance(self, until, out);
    }

    fn receive(&mut self, bytes: &[u8]) {
        Self::receive(self, bytes);
    }
}

/// How bytes are handed to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Burst {
    /// As soon as they are sent.
    Immediate,
    /// Every millisecond, as full-speed USB does.
    UsbCdc,
    /// Whenever 62 bytes are together, and what is left every 16 ms, as FTDI bridges do with the
    /// latency timer they come with.
    Ftdi,
}

impl Burst {
    /// Payload of a 64-byte USB packet behind the two status bytes of an FTDI bridge.
    const FTDI_PACKET_LEN: usize = 62;

    fn interval_ns(self) -> u64 {
        match self {
            Self::Immediate => 1,
            Self::UsbCdc => 1_000_000,
            Self::Ftdi => 16_000_000,
        }
    }
}

/// How a device is connected and how fast its time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineSettings {
    /// Simulated seconds in a real one: 1 is real time. More than 0, at most 1000.
    pub speed: f64,
    /// How bytes are handed to the host.
    pub burst: Burst,
}

impl LineSettings {
    /// Real time over USB.
    #[must_use]
    pub const fn real_time() -> Self {
        Self { speed: 1.0, burst: Burst::UsbCdc }
    }
}

/// A connection to a device: hands its bytes over in bursts, through a cable, paced by the clock of
/// the machine.
///
/// Simulated time counts on from where the device is; it passes `speed` times as fast as real time,
/// or slower where the machine cannot keep up.
/// The cable damages what the device sends. What the host sends arrives as it is.
#[derive(Debug)]
pub struct Line {
    settings: LineSettings,
    cable: Option<BadCable>,
    /// Through the cable, but not handed over.
    waiting: Vec<u8>,
    fresh: Vec<u8>,
    last_burst: u64,
    clock: Option<Clock>,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    real_start: Instant,
    simulated_start: HostTime,
    /// Simulated time that was left out.
    skipped: Duration,
    last: HostTime,
}

impl Line {
    /// A line with these settings; without a cable nothing is damaged.
    ///
    /// # Errors
    ///
    /// If the speed is out of range.
    pub fn new(settings: LineSettings, cable: Option<BadCable>) -> Result<Self, SpeedError> {
        let LineSettings { speed, .. } = settings;
        if !(speed > 0.0 && speed <= 1000.0) {
            return Err(SpeedError { speed });
        }
        Ok(Self {
            settings,
            cable,
            waiting: Vec::new(),
            fresh: Vec::new(),
            last_burst: 0,
            clock: None,
        })
    }

    /// What the cable did so far, if there is one.
    #[must_use]
    pub fn cable_counts(&self) -> Option<CableCounts> {
        self.cable.as_ref().map(BadCable::counts)
    }

    /// Appends to `out` what `device` has sent until `now` and the line hands over. Reads no clock:
    /// this is the whole behaviour of the line, for tests without real time.
    pub fn advance(&mut self, device: &mut impl Speaker, now: HostTime, out: &mut Vec<u8>) {
        let interval_ns = self.settings.burst.interval_ns();
        let burst = now.as_nanos() / interval_ns;
        if burst > self.last_burst {
            self.last_burst = burst;
            // Only what was sent until the burst is in it.
            self.pull(device, HostTime::from_nanos(burst * interval_ns));
            out.append(&mut self.waiting);
        }
        self.pull(device, now);
        if self.settings.burst == Burst::Ftdi {
            let packets_len = self.waiting.len() - self.waiting.len() % Burst::FTDI_PACKET_LEN;
            out.extend(self.waiting.drain(..packets_len));
        }
    }

    /// Moves `device` on to `now` without handing anything over, so that what the host says arrives
    /// at the right time.
    pub fn advance_to(&mut self, device: &mut impl Speaker, now: HostTime) {
        self.pull(device, now);
    }

    /// When [`Self::advance`] next has something to do.
    #[must_use]
    pub fn next_due(&self, device: &impl Speaker) -> HostTime {
        let stall = self.cable.as_ref().and_then(BadCable::stalled_until);
        let sent = stall.map_or(device.next_due(), |until| until.min(device.next_due()));
        let handed_over = if self.waiting.is_empty() { sent } else { HostTime::ZERO };
        let interval_ns = self.settings.burst.interval_ns();
        let next_burst = self.last_burst.saturating_add(1);
        let burst = handed_over.as_nanos().div_ceil(interval_ns).max(next_burst);
        let burst = HostTime::from_nanos(burst.saturating_mul(interval_ns));
        match self.settings.burst {
            Burst::Immediate | Burst::UsbCdc => burst,
            // What is sent may fill a packet.
            Burst::Ftdi => burst.min(sent),
        }
    }

    /// The simulated time. It starts to pass at the first call.
    #[expect(clippy::disallowed_methods, reason = "a virtual device in real time needs the clock")]
    pub(crate) fn now(&mut self, device: &impl Speaker) -> HostTime {
        /// Our choice. At high speed a machine that cannot keep up would otherwise have ever more to
        /// catch up with; at real time nothing but a suspended machine is so late.
        const MOST_AT_ONCE: Duration = Duration::from_secs(10);
        let clock = self.clock.get_or_insert_with(|| Clock {
            real_start: Instant::now(),
            simulated_start: device.now(),
            skipped: Duration::ZERO,
            last: device.now(),
        });
        let passed = clock.real_start.elapsed().mul_f64(self.settings.speed);
        let now = clock.simulated_start.saturating_add(passed.saturating_sub(clock.skipped));
        let late = now.saturating_since(clock.last).saturating_sub(MOST_AT_ONCE);
        clock.skipped += late;
        clock.last = HostTime::from_nanos(now.as_nanos() - late.as_nanos() as u64);
        clock.last
    }

    /// Real time from `now` until `then`.
    pub(crate) fn real_wait(&self, now: HostTime, then: HostTime) -> Duration {
        let wait_s = then.saturating_since(now).as_secs_f64() / self.settings.speed;
        // Longer than anybody sleeps, shorter than a duration can hold.
        Duration::from_secs_f64(wait_s.min(1e6))
    }

    fn pull(&mut self, device: &mut impl Speaker, until: HostTime) {
        self.fresh.clear();
        device.advance(until, &mut self.fresh);
        match &mut self.cable {
            Some(cable) => cable.carry(until, &self.fresh, &mut self.waiting),
            None => self.waiting.append(&mut self.fresh),
        }
    }
}

/// A speed at which no time passes, or too much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeedError {
    /// Simulated seconds in a real one.
    pub speed: f64,
}

impl fmt::Display for SpeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "speed is {}, but must be above 0 and at most 1000", self.speed)
    }
}

impl core::error::Error for SpeedError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cable::CableFaults;
    use crate::device::host::{START, say};
    use crate::{DeviceConfig, Scenario, VirtualPerson};

    fn device() -> VirtualDevice {
        let person = VirtualPerson::new(Scenario::Healthy, 1);
        let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("possible");
        device.receive(&say(&[START]));
        device
    }

    fn line(burst: Burst) -> Line {
        Line::new(LineSettings { speed: 1.0, burst }, None).expect("a good speed")
    }

    fn ms(milliseconds: f64) -> HostTime {
        HostTime::from_secs_f64(milliseconds / 1000.0)
    }

    /// Milliseconds and length of everything that is handed over when asked at every due time.
    fn bursts(burst: Burst) -> Vec<(u64, usize)> {
        let (mut device, mut line) = (device(), line(burst));
        let mut found = Vec::new();
        loop {
            let due = line.next_due(&device);
            if due > ms(65.0) {
                return found;
            }
            let mut out = Vec::new();
            line.advance(&mut device, due, &mut out);
            if !out.is_empty() {
                found.push((due.as_nanos() / 1_000_000, out.len()));
            }
        }
    }

    #[test]
    fn bytes_come_in_the_bursts_of_the_bridge() {
        // HELLO and ACK are 71 bytes long, a frame of 20 scans of 2 channels 104.
        assert_eq!(bursts(Burst::UsbCdc), [(1, 71), (19, 104), (39, 104), (59, 104)]);
        let expected =
            [(0, 62), (16, 9), (19, 62), (32, 42), (39, 62), (48, 42), (59, 62), (64, 42)];
        assert_eq!(bursts(Burst::Ftdi), expected);
    }

    #[test]
    fn bursts_change_when_bytes_come_and_not_which() {
        let all = |burst, steps: u32| {
            let (mut device, mut line) = (device(), line(burst));
            let mut out = Vec::new();
            for step in 1..=steps {
                line.advance(&mut device, ms(960.0 * f64::from(step) / f64::from(steps)), &mut out);
            }
            out
        };
        let expected = all(Burst::Immediate, 1);
        assert!(all(Burst::UsbCdc, 97) == expected);
        assert!(all(Burst::Ftdi, 500) == expected);
    }

    #[test]
    fn a_stall_is_waited_for() {
        let stall_duration = Duration::from_millis(5);
        let faults = CableFaults { stall: 1.0, stall_duration, ..CableFaults::NONE };
        let settings = LineSettings::real_time();
        let mut line = Line::new(settings, Some(BadCable::new(faults, 1))).expect("real time");
        let mut device = device();
        let mut out = Vec::new();
        line.advance(&mut device, ms(1.0), &mut out);
        assert!(out.is_empty());
        assert_eq!(line.next_due(&device), ms(6.0));
        line.advance(&mut device, ms(6.0), &mut out);
        assert!(!out.is_empty());
    }

    #[test]
    fn a_speed_without_sense_is_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            let settings = LineSettings { speed, burst: Burst::UsbCdc };
            assert!(Line::new(settings, None).is_err(), "{speed}");
        }
    }
}
