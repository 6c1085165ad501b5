//! docs/recording-format.md and the code say the same.
