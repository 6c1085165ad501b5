//! Why a data file is refused, and where.

use core::ops::Range;
use std::path::PathBuf;

use thiserror::Error;
use toml::de::{DeTable, DeValue};

/// What is wrong with the text of a data file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}:{column}: {reason}")]
pub struct Refusal {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

/// A data file cannot be used.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It cannot be read: look at the path.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It can be read and is wrong: look at the line.
    #[error("{}:{refusal}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Where and why.
        refusal: Refusal,
    },
}

/// A step on the way to a value in a TOML document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Name(&'static str),
    Index(usize),
}

impl Refusal {
    pub(crate) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        Self::at_byte(text, at, error.message())
    }

    /// For a value that TOML has taken: `path` leads to it, or as near as there is something.
    pub(crate) fn at_path(text: &str, path: &[Key], reason: &str) -> Self {
        Self::at_byte(text, locate(text, path).start, reason)
    }

    pub(crate) fn at_byte(text: &str, byte: usize, reason: &str) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[begin..].chars().count() + 1,
            // What TOML says of itself may have several lines.
            reason: reason.trim_end().replace('\n', ", "),
        }
    }
}

fn locate(text: &str, path: &[Key]) -> Range<usize> {
    let Ok(document) = DeTable::parse(text) else { return 0..0 };
    let mut found = 0..0;
    let mut table = Some(document.get_ref());
    let mut value: Option<&DeValue<'_>> = None;
    for key in path {
        let next = match (key, table, value) {
            (Key::Name(name), Some(table), _) => table.get(*name),
            (Key::Index(index), _, Some(DeValue::Array(array))) => array.get(*index),
            (Key::Name(_) | Key::Index(_), ..) => None,
        };
        let Some(next) = next else { break };
        found = next.span();
        value = Some(next.get_ref());
        table = next.get_ref().as_table();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
a = 1
[[phase]]
id = \"ä\"
[[phase]]
id = \"b\"
target = { from = 1,  to = 2 }
";

    #[test]
    fn a_path_leads_to_its_line_or_as_near_as_there_is_something() {
        let at = |path: &[Key]| {
            let found = Refusal::at_path(TEXT, path, "odd");
            (found.line, found.column)
        };
        use Key::{Index, Name};
        assert_eq!(at(&[Name("a")]), (1, 5));
        assert_eq!(at(&[Name("phase"), Index(1), Name("id")]), (5, 6));
        assert_eq!(at(&[Name("phase"), Index(1), Name("target"), Name("to")]), (6, 28));
        assert_eq!(at(&[Name("phase"), Index(1), Name("missing")]), (4, 1));
        assert_eq!(at(&[Name("missing")]), (1, 1));
    }

    #[test]
    fn columns_are_characters() {
        let byte = TEXT.find("ä\"").expect("it is there") + "ä".len();
        let found = Refusal::at_byte(TEXT, byte, "odd");
        assert_eq!((found.line, found.column), (3, 8));
        assert_eq!(found.to_string(), "3:8: odd");
    }
}
