//! Words for the keys of cues.

use std::collections::BTreeMap;
use std::sync::OnceLock;

const ENGLISH: &str = include_str!("../data/cues/en.toml");

/// The English words for a cue, neutral and kind; `None` for a key nobody has given words to.
#[must_use]
pub fn english(key: &str) -> Option<&'static str> {
    all().get(key).map(String::as_str)
}

/// Every key that has words, in order.
pub fn keys() -> impl Iterator<Item = &'static str> {
    all().keys().map(String::as_str)
}

fn all() -> &'static BTreeMap<String, String> {
    static WORDS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    WORDS.get_or_init(|| toml::from_str(ENGLISH).expect("a test reads this file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cue_has_words() {
        assert!(keys().count() > 10);
        for key in keys() {
            let words = english(key).expect("it is in the list");
            assert!(words.ends_with('.') && !words.contains("fail"), "{key}: {words}");
        }
        assert_eq!(english("contract"), None);
    }
}
