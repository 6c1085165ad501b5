//! When a contraction begins and ends, how sure that is, or that it cannot be told.
#![forbid(unsafe_code)]
