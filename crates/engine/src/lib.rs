//! The one state machine that joins decoding, filtering and detection: Input in, Output out.
#![forbid(unsafe_code)]
