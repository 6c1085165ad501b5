//! The bytes our devices speak: specification, encoder, resynchronising decoder; no_std, no heap.
#![forbid(unsafe_code)]
