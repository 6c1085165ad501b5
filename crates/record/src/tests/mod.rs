//! Tests of the whole way: inputs, file, damage, inputs.

mod disk;
mod foreign;
mod random;
mod salvage;
mod specification;
pub(crate) mod support;
