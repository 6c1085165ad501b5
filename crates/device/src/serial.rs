//! A real serial port.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use serialport::{ClearBuffer, SerialPort as _};

use crate::open_error::Remedy;
use crate::{LinkError, OpenError, Port, ports};

/// Longest wait for bytes. Our choice: short enough that a mark, a stop or an answer to the device
/// waits no longer than a picture on the screen (16 ms); long enough to wake 100 times a second at
/// most while nothing arrives.
const TIMEOUT: Duration = Duration::from_millis(10);

/// How a port is opened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortSettings {
    /// Name, such as `/dev/ttyACM0`, `/dev/cu.usbmodem1101` or `COM3`. A symbolic link will do.
    pub name: String,
    /// Rate in baud. Devices behind USB of their own ignore it; behind a bridge chip it must fit.
    pub baud: u32,
    /// What to do with the control lines.
    pub dtr: DtrPolicy,
}

impl PortSettings {
    /// The port `name` at 115 200 baud with DTR raised: what our own devices expect first, and what
    /// devices with USB of their own need before they speak (`firmware-protocol/SPEC.md`, physical
    /// layer).
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), baud: 115_200, dtr: DtrPolicy::Raise }
    }
}

/// What to do with the line DTR (data terminal ready) when a port is opened.
///
/// Boards of the Arduino UNO and ESP32 families restart when it moves, and speak 0.8 to 3 s later.
/// Linux and macOS raise it on every opening for a moment, whatever is chosen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DtrPolicy {
    /// Raise it: needed by devices with USB of their own, which stay silent without.
    Raise,
    /// Lower DTR and RTS: keeps an ESP32 out of its boot loader.
    Lower,
    /// Leave it as the system sets it: raised on Linux and macOS, low on Windows.
    Leave,
}

/// A serial port, open for this program alone.
///
/// What had arrived when the cable was pulled is read before the port is reported as gone, as far as the
/// system still hands it out.
///
/// # Limits
///
/// Linux throws away what was not read when a device hangs up. A reader that waits is woken by every
/// arrival, so what came within one turn of it is at stake.
pub struct SerialPort {
    name: String,
    inner: Inner,
}

/// With its descriptor, which the library does not hand out behind its trait.
#[cfg(unix)]
type Inner = serialport::TTYPort;
#[cfg(not(unix))]
type Inner = Box<dyn serialport::SerialPort>;

impl SerialPort {
    /// Opens the port, sets its rate and discards what was waiting in it.
    ///
    /// What arrived before the rate was set is noise; it is discarded before and after. On macOS a
    /// pseudo-terminal has no rate to set, so it is left alone there.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what a person can do.
    pub fn open(settings: &PortSettings) -> Result<Self, OpenError> {
        let name = &settings.name;
        if let Some(what) = something_else(Path::new(name)) {
            return Err(OpenError::NotAPort { name: name.clone(), what });
        }
        let baud = if is_macos_pseudo_terminal(Path::new(name)) { 0 } else { settings.baud };
        let mut builder = serialport::new(name, baud).timeout(TIMEOUT);
        builder = match settings.dtr {
            DtrPolicy::Raise => builder.dtr_on_open(true),
            DtrPolicy::Lower => builder.dtr_on_open(false),
            DtrPolicy::Leave => builder.preserve_dtr_on_open(),
        };
        let mut inner = open_native(&builder).map_err(|error| open_error(name, &error))?;
        if settings.dtr == DtrPolicy::Lower {
            // Pseudo-terminals have no control lines and refuse.
            let _refused = inner.write_request_to_send(false);
        }
        let quiet = inner.clear(ClearBuffer::Input).and_then(|()| {
            if baud > 0 {
                inner.set_baud_rate(baud)?;
            }
            inner.clear(ClearBuffer::Input)
        });
        match quiet {
            Ok(()) => Ok(Self { name: name.clone(), inner }),
            Err(error) => Err(open_error(name, &error)),
        }
    }

    fn gone(&self, reason: &str) -> LinkError {
        LinkError::Gone { name: self.name.clone(), reason: reason.to_owned() }
    }
}

impl std::fmt::Debug for SerialPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SerialPort").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Port for SerialPort {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LinkError> {
        match self.inner.read(buffer) {
            // Ready to read and yet nothing there is how some systems report the end of the line.
            Ok(0) if !buffer.is_empty() => Err(self.gone("end of file")),
            Ok(byte_count) => Ok(byte_count),
            Err(error) if passes(error.kind()) => Ok(0),
            Err(error) => match rest(&self.inner, buffer) {
                0 => Err(self.gone(&error.to_string())),
                byte_count => Ok(byte_count),
            },
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let mut taken = 0;
        while taken < bytes.len() {
            match self.inner.write(&bytes[taken..]) {
                Ok(byte_count) if byte_count > 0 => taken += byte_count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if !passes(error.kind()) => return Err(self.gone(&error.to_string())),
                Ok(_) | Err(_) => {
                    let (name, len) = (self.name.clone(), bytes.len());
                    return Err(LinkError::NotTaken { name, taken, len });
                }
            }
        }
        Ok(())
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn set_baud(&mut self, baud: u32) -> Result<(), LinkError> {
        if is_macos_pseudo_terminal(Path::new(&self.name)) {
            return Ok(());
        }
        let answer = self.inner.set_baud_rate(baud);
        answer.map_err(|error| speed_error(&self.name, baud, &error))
    }
}

/// Why a speed was refused: systems call one that they do not know an invalid argument.
fn speed_error(name: &str, baud: u32, error: &serialport::Error) -> LinkError {
    let (name, reason) = (name.to_owned(), error.to_string());
    match error.kind {
        serialport::ErrorKind::InvalidInput
        | serialport::ErrorKind::Io(ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            LinkError::NoSuchSpeed { name, baud, reason }
        }
        _ => LinkError::Gone { name, reason },
    }
}

/// Opens the port so that no write waits for a device that takes nothing.
///
/// The library waits until there is room for a byte and then hands over all of them. As it opens
/// ports, the system would keep the thread until the last byte is taken: for ever, if nobody reads.
#[cfg(unix)]
fn open_native(builder: &serialport::SerialPortBuilder) -> serialport::Result<Inner> {
    use std::os::fd::AsRawFd;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    let port = builder.clone().open_native()?;
    fcntl(port.as_raw_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(port)
}

/// What had come before a hang-up: the library reports the hang-up first, and asks no more.
#[cfg(unix)]
fn rest(port: &impl std::os::fd::AsRawFd, buffer: &mut [u8]) -> usize {
    nix::unistd::read(port.as_raw_fd(), buffer).unwrap_or(0)
}

#[cfg(not(unix))]
fn rest(_port: &Inner, _buffer: &mut [u8]) -> usize {
    0
}

/// Opens the port. Its writes end at the time-out.
#[cfg(not(unix))]
fn open_native(builder: &serialport::SerialPortBuilder) -> serialport::Result<Inner> {
    builder.clone().open()
}

/// Errors that say "not now"; every other one means that the port is gone.
fn passes(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// What `path` is, if it exists and is plainly no port. Opening a directory or a file as a port gives
/// errors that help nobody, and opening a named pipe may wait for ever.
fn something_else(path: &Path) -> Option<&'static str> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_dir() {
        return Some("a folder");
    }
    if kind.is_file() {
        return Some("a file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if !kind.is_char_device() {
            return Some("another kind of file");
        }
    }
    None
}

/// Whether setting a rate must be left out: on macOS it fails on pseudo-terminals, `/dev/ttys` and a
/// number.
fn is_macos_pseudo_terminal(path: &Path) -> bool {
    cfg!(target_os = "macos")
        && std::fs::canonicalize(path)
            .is_ok_and(|path| path.to_str().is_some_and(|name| name.starts_with("/dev/ttys")))
}

/// Turns the errors of the serial library into ours.
fn open_error(name: &str, error: &serialport::Error) -> OpenError {
    let name = name.to_owned();
    let not_found = |name| OpenError::NotFound {
        name,
        existing: ports().into_iter().map(|port| port.name).collect(),
    };
    match error.kind {
        serialport::ErrorKind::Io(ErrorKind::NotFound) => not_found(name),
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => {
            let remedy = Remedy::of(Path::new(&name));
            OpenError::PermissionDenied { name, remedy }
        }
        // On unix "no device" is how the library words a lock that another program holds. On Windows
        // it stands for a missing port too.
        serialport::ErrorKind::NoDevice => {
            if cfg!(unix) || ports().iter().any(|port| port.name == name) {
                OpenError::Busy { name }
            } else {
                not_found(name)
            }
        }
        _ => match error.description.as_str() {
            // The library hands on only the text of these system errors, with its own wording.
            "Not a typewriter" => OpenError::NotAPort { name, what: "a device of another kind" },
            // The device file is there, the device behind it is not, or not yet.
            "No such device or address" | "No such device" => not_found(name),
            reason => OpenError::Io { name, reason: reason.to_owned() },
        },
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::OwnedFd;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// A pseudo-terminal: the test holds the end of the device, and knows the name of the port.
    fn device() -> (OwnedFd, PortSettings) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        (master, PortSettings::new(name.into_string().expect("ASCII")))
    }

    /// Reads until `len` bytes came; a silence ends it.
    fn read_exactly(port: &mut SerialPort, len: usize) -> Vec<u8> {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        while bytes.len() < len {
            match port.read(&mut buffer).expect("the port is open") {
                0 => break,
                byte_count => bytes.extend_from_slice(&buffer[..byte_count]),
            }
        }
        bytes
    }

    #[test]
    fn every_byte_value_passes_unchanged_in_both_directions() {
        let (device, settings) = device();
        let mut port = SerialPort::open(&settings).expect("free");
        let bytes: Vec<u8> = (0..=255).collect();
        rustix::io::write(&device, &bytes).expect("there is room");
        assert_eq!(read_exactly(&mut port, bytes.len()), bytes);

        port.write_all(&bytes).expect("there is room");
        let mut buffer = [0; 512];
        let byte_count = rustix::io::read(&device, &mut buffer).expect("bytes are waiting");
        assert_eq!(&buffer[..byte_count], bytes);
    }

    #[test]
    fn silence_is_no_error() {
        let (_device, settings) = device();
        let mut port = SerialPort::open(&settings).expect("free");
        assert_eq!(port.read(&mut [0; 16]), Ok(0));
        assert_eq!(port.name(), settings.name);
    }

    #[test]
    fn bytes_from_before_the_opening_are_discarded() {
        let (device, settings) = device();
        // Keeps the line alive, so that the early bytes wait for a reader.
        let _holder = std::fs::File::open(&settings.name).expect("it exists");
        rustix::io::write(&device, b"noise\n").expect("there is room");
        let mut port = SerialPort::open(&settings).expect("free");
        rustix::io::write(&device, b"signal").expect("there is room");
        assert_eq!(read_exactly(&mut port, 6), b"signal");
    }

    #[test]
    fn a_speed_that_is_not_known_leaves_the_port_usable() {
        let (_device, settings) = device();
        let mut port = SerialPort::open(&settings).expect("free");
        port.set_baud(230_400).expect("a pseudo-terminal takes every usual speed");
        assert_eq!(port.read(&mut [0; 16]), Ok(0));
        let told = |kind| {
            speed_error("port", 222_222, &serialport::Error { kind, description: "why".to_owned() })
        };
        use serialport::ErrorKind as Kind;
        for kind in [Kind::InvalidInput, Kind::Io(ErrorKind::InvalidInput)] {
            assert!(matches!(told(kind), LinkError::NoSuchSpeed { baud: 222_222, .. }), "{kind:?}");
        }
        for kind in [Kind::NoDevice, Kind::Io(ErrorKind::BrokenPipe)] {
            assert!(matches!(told(kind), LinkError::Gone { .. }), "{kind:?}");
        }
    }

    #[test]
    fn a_second_opening_is_told_that_the_port_is_busy() {
        let (_device, settings) = device();
        let _first = SerialPort::open(&settings).expect("free");
        let error = SerialPort::open(&settings).expect_err("the first one holds it");
        assert_eq!(error, OpenError::Busy { name: settings.name });
    }

    #[test]
    fn a_port_is_free_again_once_it_was_dropped() {
        let (_device, settings) = device();
        drop(SerialPort::open(&settings).expect("free"));
        SerialPort::open(&settings).expect("free again");
    }

    #[test]
    fn every_policy_for_the_control_lines_opens_a_pseudo_terminal() {
        let (_device, settings) = device();
        for dtr in [DtrPolicy::Raise, DtrPolicy::Lower, DtrPolicy::Leave] {
            SerialPort::open(&PortSettings { dtr, ..settings.clone() }).expect("free");
        }
    }

    #[test]
    fn a_missing_port_is_not_found() {
        let error = SerialPort::open(&PortSettings::new("/dev/no-such-port")).expect_err("absent");
        assert!(matches!(&error, OpenError::NotFound { name, .. } if name == "/dev/no-such-port"));
    }

    #[test]
    fn what_is_no_port_is_named() {
        let program = std::env::current_exe().expect("tests are run from a file");
        let file = program.to_str().expect("UTF-8");
        let cases =
            [(file, "a file"), ("/", "a folder"), ("/dev/null", "a device of another kind")];
        for (name, what) in cases {
            let error = SerialPort::open(&PortSettings::new(name)).expect_err("no port");
            assert_eq!(error, OpenError::NotAPort { name: name.to_owned(), what });
        }
    }

    #[test]
    fn a_hang_up_means_that_the_port_is_gone() {
        let (device, settings) = device();
        let mut port = SerialPort::open(&settings).expect("free");
        drop(device);
        let read = port.read(&mut [0; 16]);
        assert!(matches!(&read, Err(LinkError::Gone { name, .. }) if *name == settings.name));
        assert!(matches!(port.write_all(b"hello"), Err(LinkError::Gone { .. })));
    }

    #[test]
    fn what_came_before_a_hang_up_is_read_where_the_system_still_has_it() {
        // The other way round, because the host's end of a pseudo-terminal is emptied by Linux.
        let (device, settings) = device();
        let host = std::fs::OpenOptions::new().read(true).write(true).open(&settings.name);
        let mut host = host.expect("free");
        let mut raw = rustix::termios::tcgetattr(&host).expect("it is a terminal");
        raw.make_raw();
        rustix::termios::tcsetattr(&host, rustix::termios::OptionalActions::Now, &raw)
            .expect("it is a terminal");
        host.write_all(b"last words").expect("there is room");
        drop(host);
        let mut buffer = [0; 64];
        assert_eq!(rest(&device, &mut buffer), 10);
        assert_eq!(&buffer[..10], b"last words");
        assert_eq!(rest(&device, &mut buffer), 0, "and then the port is gone");
    }

    #[test]
    fn a_device_that_takes_nothing_does_not_hold_the_writer() {
        let (_device, settings) = device();
        let mut port = SerialPort::open(&settings).expect("free");
        // More than any system keeps for a pseudo-terminal that nobody reads.
        let len = 4 << 20;
        match port.write_all(&vec![0; len]) {
            Err(LinkError::NotTaken { taken, len: offered, .. }) => {
                assert!(taken < len);
                assert_eq!(offered, len);
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
        assert_eq!(port.read(&mut [0; 16]), Ok(0), "the port stays usable");
    }
}
