use std::collections::BTreeSet;

use super::*;

const OTHERS: [Lang; 3] = [Lang::De, Lang::Es, Lang::Fr];

fn table(lang: Lang) -> toml::Table {
    lang.file().parse().expect("it is TOML")
}

/// Every text of a catalogue by its table and key.
fn texts(lang: Lang) -> Vec<(String, String, String)> {
    let table = table(lang);
    let all = table.iter().flat_map(|(group, entries)| {
        let entries = entries.as_table().unwrap_or_else(|| panic!("{group} is no table"));
        entries.iter().map(move |(key, text)| {
            let text = text.as_str().unwrap_or_else(|| panic!("{group}.{key} is no text"));
            (group.clone(), key.clone(), text.to_owned())
        })
    });
    all.collect()
}

/// Names in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect()
}

#[test]
fn every_language_has_the_same_keys() {
    let keys = |lang: Lang| -> BTreeSet<String> {
        let all = texts(lang).into_iter().filter(|(group, ..)| group != "said");
        all.map(|(group, key, _)| format!("{group}.{key}")).collect()
    };
    let said = |lang: Lang| -> BTreeSet<String> {
        texts(lang).into_iter().filter(|one| one.0 == "said").map(|one| one.1).collect()
    };
    let (english, german) = (keys(Lang::En), said(Lang::De));
    assert!(english.len() > 250 && german.len() > 200 && said(Lang::En).is_empty());
    for lang in OTHERS {
        let own = keys(lang);
        let missing: Vec<_> = english.symmetric_difference(&own).collect();
        assert!(missing.is_empty(), "{}: not in both: {missing:?}", lang.code());
        let own = said(lang);
        let missing: Vec<_> = german.symmetric_difference(&own).collect();
        assert!(missing.is_empty(), "{}: not in both: {missing:?}", lang.code());
    }
}

#[test]
fn every_language_fills_in_the_same() {
    let words = Words::of(Lang::En);
    for lang in OTHERS {
        for (group, key, text) in texts(lang) {
            let original = match group.as_str() {
                "said" => key.clone(),
                _ => words.get(&format!("{group}.{key}")).to_owned(),
            };
            let code = lang.code();
            assert_eq!(placeholders(&text), placeholders(&original), "{code}: {group}.{key}");
            assert!(!text.trim().is_empty(), "{code}: {group}.{key}");
            assert!(group == "seam" || text.trim() == text, "{code}: {group}.{key}");
            let ends = |text: &str| text.ends_with('.');
            assert_eq!(ends(&text), ends(&original), "{code}: {group}.{key}: {text}");
        }
    }
}

/// Words that are nobody's but English.
#[test]
fn nothing_was_left_in_english() {
    const ENGLISH: [&str; 11] =
        ["the", "of", "and", "is", "with", "not", "rest", "your", "level", "by", "squeeze"];
    for lang in OTHERS {
        for (group, key, text) in texts(lang) {
            let found = text
                .split(|sign: char| !sign.is_alphabetic())
                .find(|word| ENGLISH.contains(&word.to_lowercase().as_str()));
            // "Rest" is German, too: what is left over.
            let found = found.filter(|word| lang != Lang::De || *word != "Rest");
            assert_eq!(found, None, "{}: {group}.{key}: {text}", lang.code());
        }
    }
}

#[test]
fn nobody_is_called_weak_and_nothing_fails_in_any_language() {
    const HARSH: [(Lang, &[&str]); 4] = [
        (Lang::En, &["weak", "fail", "poor", "\u{b5}v"]),
        (Lang::De, &["schwach", "schw\u{e4}ch", "versag", "fehlgeschlagen", "schlecht", "\u{b5}v"]),
        (Lang::Es, &["d\u{e9}bil", "fracas", "fall\u{f3}", "mala", "\u{b5}v"]),
        (Lang::Fr, &["faible", "\u{e9}chec", "\u{e9}chou", "mauvais", "\u{b5}v"]),
    ];
    for (lang, harsh) in HARSH {
        for (group, key, text) in texts(lang) {
            let is_for_the_person = ["person", "card", "programme"].contains(&group.as_str());
            let found = harsh.iter().find(|word| text.to_lowercase().contains(**word));
            assert!(!is_for_the_person || found.is_none(), "{group}.{key}: {text}");
        }
    }
}

#[test]
fn every_axis_answer_and_doubt_has_words() {
    use levator_score::Label;
    use levator_score::explain::training_text;
    use levator_score::{Axis, Check, Symptom, doubt};

    let mut all: Vec<String> = vec![levator_score::SCREENING.to_owned()];
    all.extend(Axis::ALL.iter().map(|one| one.text().to_owned()));
    all.extend(Symptom::ALL.iter().map(|one| one.text().to_owned()));
    all.extend(Check::ALL.iter().map(|one| one.advice().to_owned()));
    for label in [Label::InsufficientData, Label::WithinRange] {
        let gates = levator_programme::Gate::ALL.iter();
        all.extend(gates.map(|gate| training_text(label, *gate).to_owned()));
    }
    all.extend(levator_measure::Reason::ALL.iter().map(|one| doubt::reason_text(*one).to_owned()));
    all.extend(
        levator_programme::Evidence::ALL.iter().filter_map(|one| Some(one.remark()?.to_owned())),
    );
    all.extend(levator_programme::Position::ALL.iter().map(|one| one.name().to_owned()));
    all.extend(levator_score::Site::ALL.iter().map(|one| one.name().to_owned()));
    all.extend(levator_measure::How::ALL.iter().map(|one| one.name().to_owned()));
    all.extend(levator_measure::Task::ALL.iter().map(|one| one.name().to_owned()));
    all.extend(levator_signal::quality::Fault::ALL.iter().map(|one| one.name().to_owned()));
    let words = Words::of(Lang::Marked);
    for text in all {
        assert!(words.said(&text).starts_with(MARKS.0), "no words for: {text}");
    }
}

#[test]
fn what_was_put_together_comes_apart() {
    let words = Words::of(Lang::De);
    let said = |text: &str| words.said(text);
    assert_eq!(said("pain on contracting is reported"), "angegeben: Schmerzen beim Anspannen");
    assert_eq!(
        said(
            "to grow stronger (with safeguards: relax first, rest twice as long as you hold, and \
              stop the set when rest stays up twice running)"
        ),
        "um kräftiger zu werden (mit Vorsicht: erst entspannen, doppelt so lange ruhen wie halten, \
         und die Reihe beenden, wenn die Ruhe zweimal nacheinander erhöht bleibt)"
    );
    assert_eq!(
        said("mixed, tight and weak: hypertonic pattern, and a weak contraction"),
        "gemischt, verspannt und schwach: hypertones Muster, und schwache Anspannung"
    );
    assert_eq!(
        said(
            "inconclusive: strength is near the bound; leakage is reported, and a normal reading \
              does not exclude weakness"
        ),
        "nicht eindeutig: die Kraft liegt nahe der Grenze; ungewollter Verlust ist angegeben, und \
         ein unauffälliger Wert schließt Schwäche nicht aus"
    );
    assert_eq!(
        said("12.3 cmH2O is called very weak by Angelo 2017"),
        "12,3 cmH2O heißt bei Angelo 2017 sehr schwach"
    );
    assert_eq!(said("what nobody has said"), "what nobody has said");
    assert_eq!(Words::of(Lang::En).said("pain is reported"), "pain is reported");
    let french = Words::of(Lang::Fr);
    assert_eq!(french.said("pain is reported"), "signalé\u{a0}: douleur");
    assert_eq!(french.get("card.percent"), "{value}\u{a0}%");
}

#[test]
fn marks_show_what_comes_from_a_catalogue() {
    let words = Words::of(Lang::Marked);
    assert_eq!(words.get("person.title"), "⟦Your visit⟧");
    assert_eq!(words.fill("axes.range", &[("from", "1"), ("to", "2")]), "⟦⟧1⟦ to ⟧2⟦⟧");
    assert_eq!(words.said("pain is reported"), "⟦⟧⟦pain⟧⟦ is reported⟧");
    assert_eq!(words.said("what nobody has said"), "what nobody has said");
}

#[test]
fn a_language_is_found_by_its_code_and_by_a_locale() {
    for lang in Lang::ALL {
        assert_eq!(Lang::from_code(lang.code()), Some(lang));
        assert_eq!(Lang::from_locale(&format!("{}_XX.UTF-8", lang.code())), Some(lang));
    }
    assert_eq!(Lang::from_code("xx"), None);
    assert_eq!(Lang::from_locale("C.UTF-8"), None);
    assert_eq!(Lang::from_locale(""), None);
    assert_eq!(Lang::from_locale("qps"), None);
    assert_eq!(Lang::from_locale("fr"), Some(Lang::Fr));
}

#[test]
fn numbers_have_the_sign_of_the_language() {
    for (lang, text) in [(Lang::En, "\u{2212}1.50"), (Lang::De, "\u{2212}1,50")] {
        assert_eq!(Words::of(lang).number(-1.5), text);
    }
    assert_eq!(Words::of(Lang::Es).table("seam").count(), 4);
}
