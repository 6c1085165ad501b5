//! The `levator` command.
fn main() {}
