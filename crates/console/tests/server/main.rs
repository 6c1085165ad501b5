//! The server as whoever means harm meets it: over sockets, byte by byte.

#![expect(clippy::disallowed_methods, reason = "how long others wait is what is tested")]

mod desk;
mod limits;
mod safety;
mod wire;
