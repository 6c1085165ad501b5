//! A port in memory, for machines without pseudo-terminals and tests without files.

use core::fmt;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::device::VirtualDevice;
use crate::line::Line;

/// The host's end of a line to a virtual device, in the time of the machine.
///
/// Clones are handles to the same port, so that a test can reach the device while a reader waits.
/// Nothing runs in between: the device is moved on by whoever reads, writes or looks.
#[derive(Clone, Debug)]
pub struct MemoryPort {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    device: VirtualDevice,
    line: Line,
    arrived: VecDeque<u8>,
    dropped_count: u64,
    fresh: Vec<u8>,
}

impl MemoryPort {
    /// Bytes that wait for a reader before the next ones are dropped: as many as a Linux
    /// pseudo-terminal holds.
    pub const CAPACITY: usize = 20_480;

    /// A port to `device` over `line`.
    #[must_use]
    pub fn new(device: VirtualDevice, line: Line) -> Self {
        let shared = Shared {
            device,
            line,
            arrived: VecDeque::with_capacity(Self::CAPACITY),
            dropped_count: 0,
            fresh: Vec::new(),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// Waits until bytes are there, but no longer than `timeout`, and reads what fits into `buffer`;
    /// 0 if nothing came.
    ///
    /// # Errors
    ///
    /// If the device is unplugged. What had arrived before can still be read.
    pub fn read(&self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Unplugged> {
        let mut left = timeout;
        loop {
            let wait = {
                let mut shared = self.lock();
                let now = shared.advance();
                let len = buffer.len().min(shared.arrived.len());
                if len > 0 || buffer.is_empty() {
                    for (place, byte) in buffer.iter_mut().zip(shared.arrived.drain(..len)) {
                        *place = byte;
                    }
                    return Ok(len);
                }
                if !shared.device.is_plugged() {
                    return Err(Unplugged);
                }
                shared.line.real_wait(now, shared.line.next_due(&shared.device))
            };
            if left.is_zero() {
                return Ok(0);
            }
            // In short steps, because somebody else may unplug the device or make it answer.
            let step = wait.clamp(MIN_STEP, MAX_STEP).min(left);
            std::thread::sleep(step);
            left = left.saturating_sub(step);
        }
    }

    /// Sends all of `bytes` to the device.
    ///
    /// # Errors
    ///
    /// If the device is unplugged.
    pub fn write_all(&self, bytes: &[u8]) -> Result<(), Unplugged> {
        let mut shared = self.lock();
        shared.advance();
        if !shared.device.is_plugged() {
            return Err(Unplugged);
        }
        shared.device.receive(bytes);
        Ok(())
    }

    /// Lets `look` do something with the device, at the present time: unplug it, ask for its truth.
    pub fn with_device<T>(&self, look: impl FnOnce(&mut VirtualDevice) -> T) -> T {
        let mut shared = self.lock();
        shared.advance();
        look(&mut shared.device)
    }

    /// Bytes that were dropped because nobody read.
    #[must_use]
    pub fn dropped_count(&self) -> u64 {
        self.lock().dropped_count
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic elsewhere leaves a device that still works.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our choice: no busy waiting at high speed.
const MIN_STEP: Duration = Duration::from_micros(50);
/// Our choice: what a reader notices late at most.
const MAX_STEP: Duration = Duration::from_millis(5);

impl Shared {
    fn advance(&mut self) -> levator_signal::HostTime {
        let now = self.line.now(&self.device);
        self.fresh.clear();
        self.line.advance(&mut self.device, now, &mut self.fresh);
        let room = MemoryPort::CAPACITY - self.arrived.len();
        let taken = self.fresh.len().min(room);
        self.arrived.extend(&self.fresh[..taken]);
        self.dropped_count += (self.fresh.len() - taken) as u64;
        now
    }
}

/// The device is not at the line any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unplugged;

impl fmt::Display for Unplugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("virtual device is unplugged")
    }
}

impl core::error::Error for Unplugged {}

#[cfg(test)]
mod tests {
    use levator_protocol::{Decoder, Direction, Message};

    use super::*;
    use crate::device::host::{START, say};
    use crate::line::{Burst, LineSettings};
    use crate::{DeviceConfig, Scenario, VirtualPerson};

    fn port(speed: f64) -> MemoryPort {
        let person = VirtualPerson::new(Scenario::Healthy, 1);
        let device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("possible");
        let settings = LineSettings { speed, burst: Burst::UsbCdc };
        MemoryPort::new(device, Line::new(settings, None).expect("a good speed"))
    }

    #[test]
    fn a_reader_gets_the_samples_of_the_device() {
        let port = port(50.0);
        port.write_all(&say(&[START])).expect("plugged");
        let mut decoder = Decoder::new(Direction::DeviceToHost);
        let (mut scan_count, mut read_count) = (0, 0);
        while scan_count < 200 {
            let mut buffer = [0; 512];
            let len = port.read(&mut buffer, Duration::from_millis(100)).expect("plugged");
            let mut input = &buffer[..len];
            while let Some(frame) = decoder.next(&mut input) {
                if let Message::Samples(samples) = frame.expect("undamaged").message() {
                    assert_eq!(samples.index, scan_count);
                    scan_count += u32::from(samples.scan_count);
                }
            }
            read_count += 1;
            assert!(read_count < 1000, "{scan_count} scans");
        }
        assert_eq!(port.dropped_count(), 0);
        assert!(port.with_device(|device| device.scan_counts(0).sent) >= 200);
    }

    #[test]
    fn a_reader_without_bytes_waits_no_longer_than_asked() {
        let port = port(1e-3);
        let mut buffer = [0; 64];
        // HELLO comes with the first burst, which at this speed is a second away.
        assert_eq!(port.read(&mut buffer, Duration::from_millis(1)), Ok(0));
        assert_eq!(port.read(&mut [], Duration::from_secs(3600)), Ok(0));
    }

    #[test]
    fn nobody_reads_so_bytes_are_dropped_and_counted() {
        let port = port(1000.0);
        port.write_all(&say(&[START])).expect("plugged");
        // Two channels fill the port in four simulated seconds. At this speed that is four
        // milliseconds, a few thousand looks.
        let drops = (0..10_000_000).any(|_| {
            port.with_device(|_| ());
            port.dropped_count() > 0
        });
        assert!(drops);
    }

    #[test]
    fn an_unplugged_device_is_gone_for_reading_and_writing() {
        let port = port(1e-3);
        let reader = port.clone();
        port.with_device(VirtualDevice::unplug);
        assert_eq!(reader.read(&mut [0; 8], Duration::from_secs(3600)), Err(Unplugged));
        assert_eq!(reader.write_all(&[0]), Err(Unplugged));
        port.with_device(VirtualDevice::plug);
        assert_eq!(reader.write_all(&[0]), Ok(()));
    }
}
