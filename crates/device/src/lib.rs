//! Opens a port and turns reads into inputs stamped with host time.
#![forbid(unsafe_code)]
