//! What dates and hashes of de-identified files hang on.

use std::fs;
use std::io;
use std::path::Path;

use levator_record::visit::put_new;

use crate::error::At;
use crate::{StoreError, place};

/// Name of the file in the data folder.
pub(crate) const FILE: &str = "deidentify.key";

/// Fewest bytes of a secret.
pub const LEAST_SECRET_LEN: usize = 16;

/// What the secret is used for, as BLAKE3 wants it said.
const CONTEXT: &str = "levator 2026-11-26 export --de-identify: shift of dates and names of files";

/// Dates move back by 1 to this many days: about ten years. Our choice; a header of EDF begins with 1985.
pub(crate) const MOST_DAYS: u64 = 3650;

/// Without it nobody can move dates back, or tell which file a de-identified one was made from.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// From bytes that nobody else has.
    ///
    /// # Errors
    ///
    /// [`StoreError::ShortSecret`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.len() {
            len if len < LEAST_SECRET_LEN => Err(StoreError::ShortSecret { len }),
            _ => Ok(Self(blake3::derive_key(CONTEXT, bytes))),
        }
    }

    /// That of the data folder `root`, which is made when there is none.
    ///
    /// # Errors
    ///
    /// What the system says, or that the one that is there is none.
    pub fn of_folder(root: &Path) -> Result<Self, StoreError> {
        let path = root.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => return Self::from_bytes(&bytes),
            Err(error) if place::is_gone(&error) => {}
            Err(source) => return Err(StoreError::Io { path, source }),
        }
        place::make_folder(root).at(root)?;
        let bytes: [u8; 32] = place::random()?;
        match put_new(&path, &bytes) {
            Ok(()) => Self::from_bytes(&bytes),
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::from_bytes(&fs::read(&path).at(&path)?)
            }
            Err(source) => Err(StoreError::Io { path, source }),
        }
    }

    /// By how many days the dates of this person move back.
    #[must_use]
    pub fn days(&self, person: &str) -> u64 {
        let hash = self.hash("person", person.as_bytes());
        let number = hash.as_bytes()[..8].try_into().map_or(0, u64::from_le_bytes);
        1 + number % MOST_DAYS
    }

    /// What stands for a hash: whoever has the secret can tell that they belong together.
    #[must_use]
    pub fn tag(&self, hash: &str) -> String {
        self.hash("file", hash.as_bytes()).to_hex().to_string()
    }

    fn hash(&self, what: &str, bytes: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(what.as_bytes()).update(&[0]).update(bytes);
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_shift_and_others_have_others() {
        let secret = |byte: u8| Secret::from_bytes(&[byte; 32]).expect("long enough");
        assert_eq!(secret(1).days("a"), secret(1).days("a"));
        assert_ne!(secret(1).days("a"), secret(1).days("b"));
        assert_ne!(secret(1).days("a"), secret(2).days("a"));
        assert_ne!(secret(1).tag("x"), secret(2).tag("x"));
        let all: Vec<u64> = (0..500).map(|person| secret(3).days(&person.to_string())).collect();
        assert!(all.iter().all(|days| (1..=MOST_DAYS).contains(days)));
        assert!(all.iter().any(|days| *days < 700) && all.iter().any(|days| *days > 2900));
        assert!(matches!(Secret::from_bytes(&[1; 15]), Err(StoreError::ShortSecret { len: 15 })));
        assert_eq!(format!("{:?}", secret(7)), "Secret(..)");
    }
}
