//! What a programme is, before it was checked.

use crate::{Load, Phase, Source};

/// Description of a programme: what a file holds and what [`Programme::new`](crate::Programme::new)
/// checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Name in files and on the command line: small letters, digits and hyphens.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Counts up when the author changes it; 1 or more. Says nothing about contents: the
    /// [`Stamp`](crate::Stamp) does.
    pub version: u32,
    /// Where it comes from.
    pub source: Source,
    /// How much it loads the muscle. What the phases ask for may not be more than is said here.
    pub load: Load,
    /// The programme that comes next when the person has got better by more than can be chance.
    pub next: Option<String>,
    /// The phases, in order; 1 to 100.
    pub phases: Vec<Phase>,
    /// Runs of phases that are gone through more than once, in order and apart from each other.
    pub repeats: Vec<Repeat>,
}

/// A run of phases that is gone through more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Repeat {
    /// Index of the first phase.
    pub first: usize,
    /// Index of the last phase.
    pub last: usize,
    /// How often in all, 2 to 100.
    pub times: u32,
}

impl Definition {
    /// A programme without phases yet, version 1.
    #[must_use]
    pub fn new(id: &str, name: &str, source: Source, load: Load) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            version: 1,
            source,
            load,
            next: None,
            phases: Vec::new(),
            repeats: Vec::new(),
        }
    }
}
