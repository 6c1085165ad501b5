//! The recording: a crash-proof log of inputs, and reading it back.
#![forbid(unsafe_code)]
