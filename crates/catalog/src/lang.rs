//! Words of reports and of the page in several languages.
//!
//! Each language is one file in `data/lang/`: tables of `key = "text"`, the same keys in all of them (a
//! test). What stands in braces is filled in, and every language fills in the same. The table `[said]` is
//! another kind: its keys are sentences of the rule, the measures and the programmes in English, as the
//! crates say them, with braces for what varies; English needs none.
//!
//! ```
//! use levator_catalog::lang::{Lang, Words};
//!
//! let words = Words::of(Lang::from_locale("de_AT.UTF-8").expect("there is German"));
//! assert_eq!(words.fill("visit.minutes", &[("minutes", &words.localised("4.5"))]), "4,5 min");
//! assert_eq!(words.said("pain is reported"), "angegeben: Schmerzen");
//! ```

use std::collections::BTreeMap;

use levator_score::number;

use self::pattern::Pattern;

mod pattern;
#[cfg(test)]
mod tests;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// No language: every text of the catalogues in marks, so that a test sees what does not come from
    /// them. Not in [`Self::ALL`].
    Marked,
}

/// What stands around a text in [`Lang::Marked`].
pub const MARKS: (char, char) = ('\u{27e6}', '\u{27e7}');

impl Lang {
    /// All that people read.
    pub const ALL: [Self; 4] = [Self::En, Self::De, Self::Es, Self::Fr];

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::Marked => "qps",
        }
    }

    /// Its name, in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
            Self::Es => "Espa\u{f1}ol",
            Self::Fr => "Fran\u{e7}ais",
            Self::Marked => "marked",
        }
    }

    /// The language with this [`Self::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Marked]).find(|one| one.code() == code)
    }

    /// The language of a locale, like `de_AT.UTF-8`; `None` for one that there is not, `C` among them.
    #[must_use]
    pub fn from_locale(locale: &str) -> Option<Self> {
        let code = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|one| one.code().eq_ignore_ascii_case(code))
    }

    const fn file(self) -> &'static str {
        match self {
            Self::En | Self::Marked => include_str!("../data/lang/en.toml"),
            Self::De => include_str!("../data/lang/de.toml"),
            Self::Es => include_str!("../data/lang/es.toml"),
            Self::Fr => include_str!("../data/lang/fr.toml"),
        }
    }

    /// Spaces that must not break, as the language sets them.
    fn set(self, text: &str) -> String {
        let mut text = text.replace(" %", "\u{a0}%");
        if self == Self::Fr {
            for sign in [":", ";", "?", "!", "\u{bb}"] {
                text = text.replace(&format!(" {sign}"), &format!("\u{a0}{sign}"));
            }
            text = text.replace("\u{ab} ", "\u{ab}\u{a0}");
        }
        text
    }
}

/// The words of a language.
#[derive(Clone, Debug)]
pub struct Words {
    /// The language.
    pub lang: Lang,
    /// Texts, by `table.key`.
    words: BTreeMap<String, String>,
    /// Sentences of the rule and of the measures, by what they are in English.
    said: BTreeMap<String, String>,
    /// The same for those in which something varies, the longest first.
    patterns: Vec<Pattern>,
}

/// Where a sentence that is put together comes apart.
const SEAMS: [&str; 4] = ["; ", ": ", ", with ", ", and "];

impl Words {
    /// The words of a language; what it has no words for is English, which a test rules out.
    ///
    /// # Panics
    ///
    /// Never: the catalogues are built in and tested.
    #[must_use]
    pub fn of(lang: Lang) -> Self {
        let mut all =
            Self { lang, words: BTreeMap::new(), said: BTreeMap::new(), patterns: Vec::new() };
        all.take(Lang::En);
        match lang {
            Lang::En => {}
            // What is said has the same sentences in all of them.
            Lang::Marked => {
                all.take(Lang::De);
                all.take(Lang::En);
                all.said = all.said.keys().map(|key| (key.clone(), key.clone())).collect();
                all.patterns.iter_mut().for_each(Pattern::say_itself);
                all.words
                    .values_mut()
                    .chain(all.said.values_mut())
                    .for_each(|text| *text = marked(text));
                all.patterns.iter_mut().for_each(|one| one.text = marked(&one.text));
            }
            lang => all.take(lang),
        }
        all.patterns.sort_by_key(|one| (std::cmp::Reverse(one.len()), one.key.clone()));
        all
    }

    fn take(&mut self, lang: Lang) {
        let table: toml::Table = lang.file().parse().expect("the catalogues are tested");
        for (group, value) in table {
            let entries = value.as_table().into_iter().flatten();
            for (key, text) in entries.filter_map(|(key, text)| Some((key, text.as_str()?))) {
                let text = lang.set(text);
                match (group.as_str(), key.contains('{')) {
                    ("said", false) => drop(self.said.insert(key.clone(), text)),
                    ("said", true) => self.patterns.push(Pattern::new(key, text)),
                    _ => drop(self.words.insert(format!("{group}.{key}"), text)),
                }
            }
        }
    }

    /// The words with this key; the key itself where there are none, which a test rules out for keys in
    /// use.
    #[must_use]
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(key).map_or(key, String::as_str)
    }

    /// The words with this key, or nothing: for keys that are put together.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&str> {
        self.words.get(key).map(String::as_str)
    }

    /// All words of a table, with their keys in it: what a page needs at once.
    pub fn table<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.words.iter().filter_map(move |(key, text)| {
            let key = key.strip_prefix(name)?.strip_prefix('.')?;
            Some((key, text.as_str()))
        })
    }

    /// All texts but those of `[said]`, in no order that means anything.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.words.values().map(String::as_str)
    }

    /// All sentences of `[said]`: in English, and in this language.
    pub fn sentences(&self) -> impl Iterator<Item = (&str, &str)> {
        let whole = self.said.iter().map(|(key, text)| (key.as_str(), text.as_str()));
        whole.chain(self.patterns.iter().map(|one| (one.key.as_str(), one.text.as_str())))
    }

    /// The same as [`Self::get`], with what stands in braces filled in.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.get(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// A sentence of the rule, the measures or the signal, which is given in English. One that was put
    /// together is taken apart; what no catalogue has stays as it is.
    #[must_use]
    pub fn said(&self, english: &str) -> String {
        if self.lang == Lang::En {
            return english.to_owned();
        }
        self.translated(english).unwrap_or_else(|| english.to_owned())
    }

    fn translated(&self, english: &str) -> Option<String> {
        if let Some(text) = self.said.get(english) {
            return Some(text.clone());
        }
        if is_number(english) {
            return Some(self.localised(english));
        }
        // A list comes apart before its sentences are looked at.
        let is_list = english.contains("; ");
        if let Some(text) = self.patterned(english).filter(|_| !is_list) {
            return Some(text);
        }
        if let Some((before, inner)) = bracketed(english) {
            return Some(format!("{} ({})", self.said(before), self.said(inner)));
        }
        let (before, seam, after) = SEAMS.into_iter().find_map(|seam| {
            english.split_once(seam).map(|(before, after)| (before, seam, after))
        })?;
        let joint = match seam {
            "; " => self.get("seam.semicolon"),
            ": " => self.get("seam.colon"),
            ", with " => self.get("seam.with"),
            _ => self.get("seam.and"),
        };
        Some(format!("{}{joint}{}", self.said(before), self.said(after)))
    }

    fn patterned(&self, english: &str) -> Option<String> {
        self.patterns.iter().find_map(|one| {
            let values = one.values(english)?;
            let mut text = one.text.clone();
            for (name, value) in values {
                text = text.replace(&format!("{{{name}}}"), &self.said(value));
            }
            Some(text)
        })
    }

    /// Sentences after each other, as a list in one line.
    #[must_use]
    pub fn list(&self, sentences: &[String]) -> String {
        sentences.join(self.get("seam.semicolon"))
    }

    /// What is named, and what is said of it.
    #[must_use]
    pub fn named(&self, name: &str, text: &str) -> String {
        format!("{name}{}{text}", self.get("seam.colon"))
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
            Lang::En | Lang::Marked => text,
            Lang::De | Lang::Es | Lang::Fr => text.replace('.', ","),
        }
    }
}

/// What stands before brackets at the end, and in them.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(')')?.rsplit_once(" (")
}

fn is_number(text: &str) -> bool {
    text.starts_with(|sign: char| sign.is_ascii_digit() || sign == '-')
        && text.parse::<f64>().is_ok()
}

/// Every stretch of a text in marks; what is filled in stays outside of them.
fn marked(text: &str) -> String {
    let (open, close) = MARKS;
    let mut out = String::from(open);
    for sign in text.chars() {
        match sign {
            '{' => out.extend([close, sign]),
            '}' => out.extend([sign, open]),
            _ => out.push(sign),
        }
    }
    out.push(close);
    out
}
