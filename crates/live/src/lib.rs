//! Threads and channels: reader, recorder, engine, view, with measured latency.
#![forbid(unsafe_code)]
