//! A virtual person, a virtual device and a bad cable, all seeded.
#![forbid(unsafe_code)]
