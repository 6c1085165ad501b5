//! Words of the page: what only the page says, in `web/words/`, and what it shares with the reports.

use levator_catalog::cues;
use levator_catalog::lang::{Lang, Words};
use serde_json::{Map, Value};

use crate::assets;

/// Tables of the catalogue that the page uses, too: names of programmes, tasks and parts of a visit, and
/// what a person is told.
const SHARED: [&str; 4] = ["programme", "task", "person", "trend"];

/// All words of a language as JSON; `None` for a language that there is not.
pub(crate) fn of(code: &str) -> Option<Vec<u8>> {
    let lang = Lang::ALL.into_iter().find(|one| one.code() == code)?;
    let mut all = own(lang)?;
    let words = Words::of(lang);
    for table in SHARED {
        for (key, text) in words.table(table) {
            all.insert(format!("{table}.{key}"), text.into());
        }
    }
    if lang == Lang::En {
        // What people are told to do stands in English where the programmes are.
        let cues = cues::keys().filter_map(|key| Some((key, cues::english(key)?)));
        all.extend(cues.map(|(key, text)| (format!("cue.{key}"), text.into())));
    }
    Some(Value::Object(all).to_string().into_bytes())
}

fn own(lang: Lang) -> Option<Map<String, Value>> {
    let (bytes, _) = assets::find(&format!("words/{}.json", lang.code()))?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names in braces.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect()
    }

    /// All that the page says in a language, without what it shares with the reports.
    fn said(lang: Lang) -> Map<String, Value> {
        let mut words = own(lang).unwrap_or_else(|| panic!("{}: no JSON", lang.code()));
        if lang == Lang::En {
            assert!(words.keys().all(|key| !key.starts_with("cue.")), "they are in the catalogue");
            for key in cues::keys() {
                words.insert(format!("cue.{key}"), cues::english(key).into());
            }
        }
        words
    }

    #[test]
    fn every_language_has_the_same_words_and_fills_in_the_same() {
        let english = said(Lang::En);
        assert!(english.len() > 300, "{} words", english.len());
        for lang in Lang::ALL {
            let code = lang.code();
            let words = said(lang);
            let keys: BTreeSet<&String> = words.keys().collect();
            let known: BTreeSet<&String> = english.keys().collect();
            let missing: Vec<_> = known.symmetric_difference(&keys).collect();
            assert!(missing.is_empty(), "{code}: not in both: {missing:?}");
            for (key, text) in &words {
                let text = text.as_str().unwrap_or_else(|| panic!("{code}: {key} is no text"));
                let original = english[key].as_str().expect("text");
                assert_eq!(placeholders(text), placeholders(original), "{code}: {key}");
                assert!(!text.is_empty() && text.trim() == text, "{code}: {key}");
                let ends = |text: &str| text.ends_with(['.', '?', '…']);
                assert_eq!(ends(text), ends(original), "{code}: {key}: {text}");
            }
        }
    }

    #[test]
    fn nothing_stands_in_the_page_that_the_catalogue_says_already() {
        let english = own(Lang::En).expect("there is English");
        let words = Words::of(Lang::En);
        for table in SHARED {
            for (key, text) in words.table(table) {
                let key = format!("{table}.{key}");
                assert!(!english.contains_key(&key), "{key} is in both");
                // A sentence, not a word that happens to be the same.
                let twin = english.iter().find(|(_, own)| text.contains(' ') && *own == text);
                assert!(twin.is_none(), "{twin:?} is {key} of the catalogue");
            }
        }
    }

    #[test]
    fn what_is_served_has_both_and_no_other_file_is_served() {
        let german: Value = serde_json::from_slice(&of("de").expect("German")).expect("JSON");
        assert_eq!(german["programme.free-run"], Words::of(Lang::De).get("programme.free-run"));
        assert!(german["act.stop"].is_string());
        for code in ["", "qps", "pt", "../words/en", "en.json"] {
            assert!(of(code).is_none(), "{code}");
        }
    }
}
