//! Everything that can happen while a person is measured.

use levator_decode::Scans;
use levator_signal::HostTime;

use crate::Conduct;

/// One thing that happened, with the host time it happened at. A recording is a list of these.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes arrived. How they are cut changes no signal result.
    Bytes {
        /// When the read returned.
        at: HostTime,
        /// What it returned.
        bytes: &'a [u8],
    },
    /// Scans of an imported file, in place of bytes.
    Scans {
        /// Host time of the first scan, as far as the file tells.
        at: HostTime,
        /// The scans; their first index counts from the start of the file.
        scans: Scans<'a>,
    },
    /// Time passed and nothing arrived.
    Tick {
        /// Now.
        at: HostTime,
    },
    /// The cable was plugged or pulled.
    Link {
        /// When it was noticed.
        at: HostTime,
        /// What changed.
        change: LinkChange,
    },
    /// The person or the program asked for something.
    Command {
        /// When.
        at: HostTime,
        /// What.
        command: Command<'a>,
    },
}

impl Input<'_> {
    /// The host time it happened at.
    #[must_use]
    pub const fn at(&self) -> HostTime {
        match *self {
            Self::Bytes { at, .. }
            | Self::Scans { at, .. }
            | Self::Tick { at }
            | Self::Link { at, .. }
            | Self::Command { at, .. } => at,
        }
    }
}

/// What became of the cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkChange {
    /// The port was opened; the device may have restarted.
    Opened,
    /// The port is gone: pulled, or the device lost power.
    Lost,
    /// We closed the port.
    Closed,
}

/// A wish of the person or the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Tells the device to stop streaming, before the port is closed.
    Stop,
    /// Conducts the programme, if there is one.
    Conduct(Conduct),
    /// Binds a note to this moment.
    Mark {
        /// The note; may be empty.
        text: &'a str,
    },
}
