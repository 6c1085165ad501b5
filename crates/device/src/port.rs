//! What a reader needs of a port, real or made up.

use thiserror::Error;

/// A byte stream to and from a device. One thread owns it.
///
/// Tests and simulators implement it in memory; [`SerialPort`](crate::SerialPort) over a real port.
pub trait Port: Send {
    /// Waits until bytes are there, but only for the time-out of the port (5 to 10 ms), and reads what
    /// there is. `Ok(0)` means that nothing came.
    ///
    /// An implementation must wait: its caller reads again at once, and would spin otherwise.
    ///
    /// # Errors
    ///
    /// [`LinkError::Gone`] when the port can no longer be used.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LinkError>;

    /// Writes all of `bytes`.
    ///
    /// # Errors
    ///
    /// [`LinkError::Gone`] when the port can no longer be used, [`LinkError::NotTaken`] when the device
    /// took no more bytes for the time-out of the port.
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError>;

    /// The name it was opened with, for messages.
    fn name(&self) -> &str;

    /// Changes the speed of the line; nothing happens where there is none.
    ///
    /// # Errors
    ///
    /// [`LinkError::NoSuchSpeed`] when the port does not know it and stays as it was, [`LinkError::Gone`]
    /// when it can no longer be used.
    fn set_baud(&mut self, _baud: u32) -> Result<(), LinkError> {
        Ok(())
    }
}

/// Why a port that was open failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// The device was unplugged or lost power. Drop the port at once (a handle that stays open makes
    /// Linux give the next plug another name), then try to connect again.
    #[error("port {name} is gone: {reason}")]
    Gone {
        /// Name of the port.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// The device takes no bytes at the moment. What was not taken is lost, the port stays usable;
    /// send again later.
    #[error("port {name} took {taken} of {len} bytes")]
    NotTaken {
        /// Name of the port.
        name: String,
        /// Bytes that were taken.
        taken: usize,
        /// Bytes that were offered.
        len: usize,
    },
    /// The port, or its driver, does not know this speed. It stays usable.
    #[error("port {name} cannot be set to {baud} baud: {reason}")]
    NoSuchSpeed {
        /// Name of the port.
        name: String,
        /// The speed, in bits a second.
        baud: u32,
        /// What the system said.
        reason: String,
    },
}
