//! What proves that a page was opened by whoever started the program.

use std::fmt::Write as _;
use std::io;

use subtle::ConstantTimeEq;

/// 256 bits of chance, written as 64 hexadecimal digits.
///
/// It stands in the fragment of the address, which a browser never sends, and comes back in the first
/// message. Its `Debug` form shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let mut text = String::with_capacity(64);
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Takes as long for a token that is nearly right as for one that is all wrong.
    pub(crate) fn is(&self, told: &str) -> bool {
        self.0.as_bytes().ct_eq(told.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_and_only_the_same_one_is_accepted() {
        let (one, other) = (Token::new().expect("chance"), Token::new().expect("chance"));
        assert_eq!(one.text().len(), 64);
        assert!(one.is(one.text()) && !one.is(other.text()));
        for wrong in ["", &one.text()[1..], &one.text().to_uppercase(), "é"] {
            assert!(!one.is(wrong) || wrong == one.text(), "{wrong:?}");
        }
        assert_eq!(format!("{one:?}"), "Token(..)");
    }
}
