//! Time, units, blocks of scans, and the filters and envelopes that act on them.
#![forbid(unsafe_code)]
