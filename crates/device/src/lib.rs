//! Finds, opens and reads serial ports, and reads the one clock that stamps what happens.
//!
//! [`SerialPort`] is a [`Port`]: reads wait a few milliseconds at most, and "nothing came" is no
//! error. [`SerialConnector`] is a [`Connector`]: it opens the port a person named, and finds the
//! same device again after its cable was pulled. [`ports`] lists what is plugged in.
//!
//! ```no_run
//! use levator_device::{Clock, Port, PortSettings, SerialPort};
//!
//! let clock = Clock::start();
//! let mut port = SerialPort::open(&PortSettings::new("/dev/ttyACM0"))?;
//! let mut buffer = [0; 4096];
//! let byte_count = port.read(&mut buffer)?;
//! println!("{byte_count} bytes at {:.3} s", clock.now().as_secs_f64());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! - One thread owns a port. Nothing here starts a thread.
//! - Nothing is sent that the caller did not ask for: no transmitted byte is harmless to every
//!   device, and some boards restart when a control line moves (see [`DtrPolicy`]).
//! - On Linux two background services disturb serial devices: ModemManager may write modem commands
//!   into a new port, and brltty may take CH340, CP210x and FTDI chips away right after they are
//!   plugged. Both are settled in the settings of the system, not here.
#![forbid(unsafe_code)]

pub mod clock;
pub mod connect;
pub mod hint;
pub mod list;
pub mod open_error;
pub mod port;
pub mod programs;
pub mod serial;

pub use clock::Clock;
pub use connect::{Connector, SerialConnector, identity};
pub use list::{PortInfo, PortKind, UsbInfo, ports};
pub use open_error::OpenError;
pub use port::{LinkError, Port};
pub use programs::{Meddler, Program, holders, meddlers};
pub use serial::{DtrPolicy, PortSettings, SerialPort};
