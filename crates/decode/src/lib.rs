//! Bytes of any described device into timed scans, with every loss and refusal counted.
#![forbid(unsafe_code)]
