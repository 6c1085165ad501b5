//! In which language people are spoken to.

use clap::Args;
use levator_catalog::lang::Lang;

/// The choice of a language.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct LangArgs {
    /// Language: en, de, es or fr. Without it, that of the system if it is one of them, or else English.
    #[arg(long, value_name = "CODE", value_parser = lang)]
    lang: Option<Lang>,
}

fn lang(code: &str) -> Result<Lang, String> {
    let known: Vec<&str> = Lang::ALL.iter().map(|one| one.code()).collect();
    Lang::from_code(code).ok_or_else(|| format!("there are {}", known.join(", ")))
}

impl LangArgs {
    /// The one that was asked for, or that of the system.
    #[expect(
        clippy::disallowed_methods,
        reason = "the language of a system is told by its environment, and by nothing else"
    )]
    pub(crate) fn chosen(self) -> Lang {
        self.lang.unwrap_or_else(|| of_system(|name| std::env::var(name).ok()))
    }
}

/// The first of these that is set decides, as everywhere.
fn of_system(variable: impl Fn(&str) -> Option<String>) -> Lang {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|text| !text.is_empty()));
    locale.and_then(|locale| Lang::from_locale(&locale)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_decides() {
        let of = |given: &[(&str, &str)]| {
            of_system(|name| given.iter().find(|one| one.0 == name).map(|one| one.1.to_owned()))
        };
        assert_eq!(of(&[]), Lang::En);
        assert_eq!(of(&[("LANG", "de_CH.UTF-8")]), Lang::De);
        assert_eq!(of(&[("LANG", "de_CH.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(of(&[("LANG", "de_CH.UTF-8"), ("LC_ALL", "")]), Lang::De);
        assert_eq!(of(&[("LC_MESSAGES", "fr_FR"), ("LANG", "es_ES")]), Lang::Fr);
        assert_eq!(of(&[("LANG", "pt_PT")]), Lang::En);
    }

    #[test]
    fn a_language_that_there_is_not_is_refused_with_those_that_there_are() {
        assert_eq!(lang("de"), Ok(Lang::De));
        assert_eq!(lang("pt"), Err("there are en, de, es, fr".to_owned()));
    }
}
