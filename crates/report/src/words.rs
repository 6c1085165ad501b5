//! Words of the reports in several languages, from catalogues.

use std::collections::BTreeMap;

use levator_score::number;

/// A language of the reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::En];

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
        }
    }

    /// The language with this [`Self::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    const fn catalogue(self) -> &'static str {
        match self {
            Self::En => include_str!("../lang/en.toml"),
        }
    }
}

/// What a catalogue holds.
#[derive(Clone, Debug)]
pub struct Words {
    /// The language.
    pub lang: Lang,
    /// Sentences of the reports, by key.
    words: BTreeMap<String, String>,
    /// Sentences of the rule and of the measures, by what they are in English.
    said: BTreeMap<String, String>,
}

/// Where a sentence that is put together comes apart, and what stands there in place of it.
const SEAMS: [&str; 5] = ["; ", ": ", ", with ", ", and ", " ("];

impl Words {
    /// The words of a language.
    ///
    /// # Panics
    ///
    /// Never: the catalogues are built in and tested.
    #[must_use]
    pub fn of(lang: Lang) -> Self {
        let table: toml::Table = lang.catalogue().parse().expect("the catalogues are tested");
        let (mut words, mut said) = (BTreeMap::new(), BTreeMap::new());
        for (group, value) in table {
            let entries = value.as_table().into_iter().flatten();
            for (key, text) in entries.filter_map(|(key, text)| Some((key, text.as_str()?))) {
                match group.as_str() {
                    "said" => said.insert(key.clone(), text.to_owned()),
                    _ => words.insert(format!("{group}.{key}"), text.to_owned()),
                };
            }
        }
        Self { lang, words, said }
    }

    /// The words with this key; the key itself where there are none, which a test rules out for keys in
    /// use.
    #[must_use]
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(key).map_or(key, String::as_str)
    }

    /// Whether there are words with this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.words.contains_key(key)
    }

    /// The words with a key that does not live as long as they do; nothing where there are none.
    pub(crate) fn get_owned(&self, key: &str) -> &str {
        self.words.get(key).map_or("", String::as_str)
    }

    /// The same, with what stands in braces filled in.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.get(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// A sentence of the rule, the measures or the signal. One that was put together is taken apart; what
    /// no catalogue has stays in English.
    #[must_use]
    pub fn said(&self, english: &str) -> String {
        if self.lang == Lang::En {
            return english.to_owned();
        }
        if let Some(text) = self.said.get(english) {
            return text.clone();
        }
        for seam in SEAMS {
            if let Some((before, after)) = english.split_once(seam) {
                let (close, after) = match (seam, after.strip_suffix(')')) {
                    (" (", Some(inner)) => (")", inner),
                    _ => ("", after),
                };
                let joint = match seam {
                    ", with " | ", and " => {
                        self.get(if seam == ", with " { "seam.with" } else { "seam.and" })
                    }
                    other => other,
                };
                return format!("{}{joint}{}{close}", self.said(before), self.said(after));
            }
        }
        english.to_owned()
    }

    /// A number with three digits that count, as it is written in the language.
    #[must_use]
    pub fn number(&self, value: f64) -> String {
        self.localised(&number(value))
    }

    /// A number that was written already, with the decimal sign of the language and a true minus.
    #[must_use]
    pub fn localised(&self, text: &str) -> String {
        let text = text.replace('-', "\u{2212}");
        match self.lang {
            Lang::En => text,
        }
    }

    /// Every key, for tests.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        self.words.keys().map(String::as_str).collect()
    }

    /// Every English sentence that has words here, for tests.
    #[must_use]
    pub fn sentences(&self) -> Vec<&str> {
        self.said.keys().map(String::as_str).collect()
    }
}
