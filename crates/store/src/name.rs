//! Names that become folders: no way out of the store, on any system.

use core::fmt;

use thiserror::Error;

/// Longest code of a person and name of a visit, so that paths in an archive stay short.
const LONGEST: usize = 48;

/// What a name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Person,
    Visit,
}

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{text:?} cannot be {what}: up to 48 letters a to z, digits, and - _ . between them, such as {example}"
)]
pub struct BadName {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// A name as a folder has it: letters, digits, `-`, `_` and `.`, beginning and ending with a letter or a
/// digit, and none of the names that some systems keep for devices.
fn check(text: &str, what: What) -> Result<String, BadName> {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends_well = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let stem = text.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port =
        |name: &str| stem.strip_prefix(name).is_some_and(|rest| rest.len() == 1 && rest != "0");
    let is_good = bytes.len() <= LONGEST
        && bytes.iter().all(|byte| is_plain(*byte))
        && ends_well(bytes.first())
        && ends_well(bytes.last())
        && !DEVICES.contains(&stem.as_str())
        && !is_port("com")
        && !is_port("lpt");
    match (is_good, what) {
        (true, _) => Ok(text.to_owned()),
        (false, What::Person) => {
            Err(BadName { text: text.to_owned(), what: "a person's code", example: "P-017" })
        }
        (false, What::Visit) => Err(BadName {
            text: text.to_owned(),
            what: "the name of a visit",
            example: "20261126-140311-5f0a3c",
        }),
    }
}

macro_rules! name {
    ($name:ident, $what:expr, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks a text.
            ///
            /// # Errors
            ///
            /// [`BadName`], which says what is allowed.
            pub fn new(text: &str) -> Result<Self, BadName> {
                check(text, $what).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    PersonCode,
    What::Person,
    "What a person is called in the store: a number or a pseudonym, no name."
);
name!(VisitName, What::Visit, "Name of the folder of a visit.");

impl VisitName {
    /// The usual name: when it was opened, and a few digits that tell visits of one second apart.
    #[must_use]
    pub fn of_time(unix_ms: u64, random: [u8; 3]) -> Self {
        let t = levator_record::visit::utc(unix_ms / 1000);
        let [a, b, c] = random;
        Self(format!(
            "{:04}{:02}{:02}-{:02}{:02}{:02}-{a:02x}{b:02x}{c:02x}",
            t.year.min(9999),
            t.month,
            t.day,
            t.hour,
            t.minute,
            t.second
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_on_every_system() {
        for good in
            ["P-017", "a", "7", "anna_2", "a.b", "COM10", "context", "x".repeat(48).as_str()]
        {
            assert_eq!(PersonCode::new(good).map(|code| code.to_string()), Ok(good.to_owned()));
        }
        let bad = [
            "", ".", "..", "../x", "a/b", "a\\b", "/etc", "C:", "a b", "-rf", "a-", ".hidden",
            "a.", "ä", "a\0b", "a\nb", "CON", "nul.txt", "com1", "LPT9.x", "~", "*", "a:b",
        ];
        for text in bad.into_iter().chain(["x".repeat(49).as_str()]) {
            assert!(PersonCode::new(text).is_err(), "{text:?}");
            assert!(VisitName::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_visit_is_named_after_its_time() {
        let name = VisitName::of_time(1_795_356_191_250, [0x5f, 0x0a, 0x3c]);
        assert_eq!(name.as_str(), "20261122-140311-5f0a3c");
        assert_eq!(VisitName::new(name.as_str()), Ok(name));
        assert!(VisitName::new(VisitName::of_time(u64::MAX, [0; 3]).as_str()).is_ok());
    }
}
