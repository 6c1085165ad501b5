//! Where a programme comes from, and how far that was checked.

use crate::words;

/// How a number came here. Declared in the order of trust, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// Read in the source itself.
    Read,
    /// Read in another source, which reports it.
    Secondary,
    /// Derived by arithmetic from numbers that were read.
    Derived,
    /// Proposed by engineers; no published rule.
    Proposed,
    /// Remembered, and not found anywhere that could be read.
    Memory,
}

words!(Evidence {
    Read => "V",
    Secondary => "V2",
    Derived => "D",
    Proposed => "P",
    Memory => "M",
});

impl Evidence {
    /// Whether something may be what people get without having asked for it.
    #[must_use]
    pub const fn may_be_default(self) -> bool {
        match self {
            Self::Read | Self::Secondary | Self::Derived => true,
            Self::Proposed | Self::Memory => false,
        }
    }

    /// Whether a reader must be told that the source was not, or not fully, read:
    /// [`Self::remark`] then says so.
    #[must_use]
    pub const fn is_provisional(self) -> bool {
        match self {
            Self::Read | Self::Secondary => false,
            Self::Derived | Self::Proposed | Self::Memory => true,
        }
    }

    /// What to print beside whatever stands on this; nothing for what was read.
    #[must_use]
    pub const fn remark(self) -> Option<&'static str> {
        match self {
            Self::Read | Self::Secondary => None,
            Self::Derived => Some("reference: provisional (derived from published numbers)"),
            Self::Proposed => Some("reference: provisional (our choice, no published rule)"),
            Self::Memory => Some("reference: provisional (from memory, source not read)"),
        }
    }
}

/// Where a programme or a phase comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Author, year, journal or document, table or section.
    pub citation: String,
    /// How the numbers came from there to here.
    pub evidence: Evidence,
    /// What differs, what was chosen here and why; may be empty.
    pub note: String,
}

impl Source {
    /// For a programme that somebody wrote and that cites nothing.
    #[must_use]
    pub fn own() -> Self {
        Self {
            citation: "own programme, no source given".to_owned(),
            evidence: Evidence::Proposed,
            note: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_read_or_derived_may_be_a_default() {
        let defaults: Vec<&str> =
            Evidence::ALL.iter().filter(|one| one.may_be_default()).map(|one| one.name()).collect();
        assert_eq!(defaults, ["V", "V2", "D"]);
    }

    #[test]
    fn what_is_provisional_says_so() {
        for one in Evidence::ALL {
            assert_eq!(one.is_provisional(), one.remark().is_some());
            assert_eq!(Evidence::from_name(one.name()), Some(*one));
        }
        assert_eq!(Evidence::from_name("v"), None);
    }
}
