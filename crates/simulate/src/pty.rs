//! A serial port that is none: a pseudo-terminal with a virtual device at its other end.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::line::{Line, Speaker};

/// A pseudo-terminal: the device's end of what a host opens like a serial port.
///
/// A host may open and close the port as often as it likes without the device noticing, as with a
/// serial port. What it cannot do is set modem lines, and the baud rate means nothing. On macOS a
/// host must ask for baud rate 0.
#[derive(Debug)]
pub struct PseudoTerminal {
    master: OwnedFd,
    /// Never used, and never closed before the master: with no open slave, reading the master is an
    /// error.
    _slave: OwnedFd,
    port_name: String,
}

impl PseudoTerminal {
    /// Makes a new pseudo-terminal in raw mode: all bytes pass as they are, nothing is echoed.
    ///
    /// # Errors
    ///
    /// If the system has none left, or does not allow it.
    pub fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let port_name = ptsname(&master, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(port_name.as_c_str(), flags, Mode::empty())?;
        let mut settings = tcgetattr(&slave)?;
        settings.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        // Or a program the caller starts would keep the port alive.
        fcntl_setfd(&master, fcntl_getfd(&master)? | FdFlags::CLOEXEC)?;
        fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
        let port_name = port_name.into_string().map_err(io::Error::other)?;
        Ok(Self { master, _slave: slave, port_name })
    }

    /// Path that a host opens.
    #[must_use]
    pub fn port_name(&self) -> &str {
        &self.port_name
    }

    /// Reads what the host has written, without waiting; 0 if there is nothing.
    ///
    /// # Errors
    ///
    /// If the system fails.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        now_or_nothing(rustix::io::read(&self.master, buffer))
    }

    /// Writes to the host as much as there is room for, without waiting; returns how much that was.
    ///
    /// # Errors
    ///
    /// If the system fails.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        now_or_nothing(rustix::io::write(&self.master, bytes))
    }

    /// Waits until the host has written something, but no longer than `timeout`; returns whether it
    /// has.
    ///
    /// # Errors
    ///
    /// If the system fails.
    pub fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let timeout = Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Unplugs the device: the host's port is gone, and with it what was not read.
    pub fn hang_up(self) {
        drop(self);
    }
}

fn now_or_nothing(result: Result<usize, Errno>) -> io::Result<usize> {
    match result {
        Ok(len) => Ok(len),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// What [`serve`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServeCounts {
    /// Bytes the host can read or has read.
    pub sent: u64,
    /// Bytes for which there was no room, because the host did not read.
    pub dropped: u64,
    /// Bytes that came from the host.
    pub received: u64,
}

/// Runs `device` at the pseudo-terminal in the time of the machine, until `stop` is set.
///
/// When the host does not read and the terminal is full (about 20 kB on Linux), bytes are dropped
/// and counted, as a real device without flow control does. Between bytes the thread sleeps; it looks
/// at `stop` at least 20 times a second.
///
/// # Errors
///
/// If the system fails.
pub fn serve(
    device: &mut impl Speaker,
    terminal: &PseudoTerminal,
    line: &mut Line,
    stop: &AtomicBool,
) -> io::Result<ServeCounts> {
    /// Our choice: nobody notices how long a program takes to stop below this.
    const STOP_LATENCY: Duration = Duration::from_millis(50);
    let mut counts = ServeCounts::default();
    let mut out = Vec::new();
    let mut buffer = [0; 1024];
    while !stop.load(Ordering::Relaxed) {
        let now = line.now(device);
        out.clear();
        line.advance(device, now, &mut out);
        let taken = if out.is_empty() { 0 } else { terminal.write(&out)? };
        counts.sent += taken as u64;
        counts.dropped += (out.len() - taken) as u64;

        let now = line.now(device);
        let wait = line.real_wait(now, line.next_due(device)).min(STOP_LATENCY);
        if terminal.wait(wait)? {
            let now = line.now(device);
            line.advance_to(device, now);
            let len = terminal.read(&mut buffer)?;
            counts.received += len as u64;
            device.receive(&buffer[..len]);
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write};

    use levator_protocol::{Decoder, Direction, Message};

    use super::*;
    use crate::device::host::{IDENTIFY, START, say};
    use crate::line::{Burst, LineSettings};
    use crate::{DeviceConfig, Scenario, VirtualDevice, VirtualPerson};

    /// Long enough for any machine, short enough for a test that hangs.
    const PATIENCE: Duration = Duration::from_secs(10);

    fn port(terminal: &PseudoTerminal) -> File {
        OpenOptions::new().read(true).write(true).open(terminal.port_name()).expect("just made")
    }

    #[test]
    fn bytes_travel_both_ways_unchanged() {
        let terminal = PseudoTerminal::open().expect("a pseudo-terminal");
        let mut port = port(&terminal);
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(terminal.write(&all).expect("room"), 256);
        let mut read = [0; 256];
        port.read_exact(&mut read).expect("256 bytes are there");
        assert_eq!(read[..], all);

        port.write_all(&all).expect("room");
        let mut read = Vec::new();
        let mut buffer = [0; 100];
        while read.len() < 256 {
            assert!(terminal.wait(PATIENCE).expect("no failure"), "only {}", read.len());
            let len = terminal.read(&mut buffer).expect("no failure");
            read.extend_from_slice(&buffer[..len]);
        }
        assert_eq!(read, all);
        assert_eq!(terminal.read(&mut buffer).expect("no failure"), 0);
    }

    #[test]
    fn a_host_may_come_and_go() {
        let terminal = PseudoTerminal::open().expect("a pseudo-terminal");
        drop(port(&terminal));
        assert!(!terminal.wait(Duration::ZERO).expect("no failure"));
        assert_eq!(terminal.read(&mut [0; 8]).expect("no failure"), 0);
        port(&terminal).write_all(b"again").expect("room");
        assert!(terminal.wait(PATIENCE).expect("no failure"));
    }

    #[test]
    fn a_host_that_does_not_read_fills_the_terminal_and_the_rest_is_not_taken() {
        let terminal = PseudoTerminal::open().expect("a pseudo-terminal");
        let bytes = [7; 4096];
        let taken: usize = (0..100).map(|_| terminal.write(&bytes).expect("no failure")).sum();
        assert!(taken < 100 * bytes.len(), "{taken}");
    }

    #[test]
    fn the_port_is_gone_after_hanging_up() {
        let terminal = PseudoTerminal::open().expect("a pseudo-terminal");
        let mut port = port(&terminal);
        terminal.hang_up();
        assert!(!matches!(port.read(&mut [0; 8]), Ok(1..)));
        assert!(port.write_all(b"hello?").is_err());
    }

    #[test]
    fn a_device_is_served_until_told_to_stop() {
        let terminal = PseudoTerminal::open().expect("a pseudo-terminal");
        let person = VirtualPerson::new(Scenario::Healthy, 1);
        let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("possible");
        let settings = LineSettings { speed: 20.0, burst: Burst::UsbCdc };
        let mut line = Line::new(settings, None).expect("a good speed");
        let stop = AtomicBool::new(false);
        let mut port = port(&terminal);
        std::thread::scope(|scope| {
            let served = scope.spawn(|| serve(&mut device, &terminal, &mut line, &stop));
            port.write_all(&say(&[IDENTIFY, START])).expect("room");
            let (mut hello_count, mut scan_count, mut read_count) = (0, 0, 0);
            let mut decoder = Decoder::new(Direction::DeviceToHost);
            // Every read brings something, and the device's status alone ends a wait.
            while hello_count < 2 || scan_count < 200 {
                let mut buffer = [0; 512];
                let len = port.read(&mut buffer).expect("the device sends");
                let mut input = &buffer[..len];
                while let Some(frame) = decoder.next(&mut input) {
                    match frame.expect("nothing is dropped").message() {
                        Message::Hello(_) => hello_count += 1,
                        Message::Samples(samples) => scan_count += samples.scan_count,
                        _ => {}
                    }
                }
                read_count += 1;
                assert!(read_count < 1000, "{hello_count} hellos and {scan_count} scans");
            }
            stop.store(true, Ordering::Relaxed);
            let counts = served.join().expect("no panic").expect("no failure");
            assert_eq!(counts.received, say(&[IDENTIFY, START]).len() as u64);
            assert!(counts.sent > 1000);
        });
        assert!(device.is_streaming());
    }
}
