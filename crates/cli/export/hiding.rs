//! What `export --de-identify` leaves out, and by how much it moves dates.
//!
//! No text of the source is written: marks, labels, units we do not know, notes, device, port, paths. What
//! stays is what a muscle did and when in the visit. Dates move by a number of whole days that depends on
//! the key and the person alone, so that intervals between visits of one person stay as they were, and
//! nobody without the key can move them back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use levator_record::visit::{About, create_private};

use crate::failure::{Attempt, Code, Failure};

/// What the key is used for, as BLAKE3 wants it said.
const CONTEXT: &str = "levator 2026-11-26 export --de-identify: shift of dates and names of files";

/// Dates move back by 1 to this many days: about ten years. Our choice; a header of EDF begins with 1985.
const MOST_DAYS: u64 = 3650;

const DAY_MS: u64 = 86_400_000;

/// Name of the key in the folder of our data.
const KEY: &str = "deidentify.key";

/// Fewest bytes of a key.
const LEAST_KEY_LEN: usize = 16;

/// The key, and whose visits these are.
#[derive(Clone)]
pub(super) struct Hiding {
    key: [u8; 32],
    person: Option<String>,
}

impl Hiding {
    /// Reads the key in `path`, or that of this user, which is made when there is none.
    pub(super) fn new(path: Option<&Path>, person: Option<&str>) -> Result<Self, Failure> {
        let secret = match path {
            Some(path) => fs::read(path).attempt(Code::File, path.display())?,
            None => {
                let path = own_key()?;
                own_secret(&path).attempt(Code::File, path.display())?
            }
        };
        if secret.len() < LEAST_KEY_LEN {
            let text = format!("the key has {} bytes, {LEAST_KEY_LEN} are needed", secret.len());
            return Err(Failure::new(Code::Usage, anyhow!("{text}; give a longer one with --key")));
        }
        let key = blake3::derive_key(CONTEXT, &secret);
        Ok(Self { key, person: person.map(str::to_owned) })
    }

    /// The same for one visit, whose folder may say whose it is.
    pub(super) fn of(&self, visit: &Path) -> Self {
        let told = || About::read(visit).ok().and_then(|about| about.person);
        Self { key: self.key, person: self.person.clone().or_else(told) }
    }

    /// `unix_ms` on another day, at the same time of day.
    pub(super) fn moved(&self, unix_ms: u64) -> u64 {
        unix_ms.saturating_sub(self.days() * DAY_MS)
    }

    fn days(&self) -> u64 {
        let person = self.person.as_deref().unwrap_or_default();
        let hash = self.hash("person", person.as_bytes());
        let number = hash.as_bytes()[..8].try_into().map_or(0, u64::from_le_bytes);
        1 + number % MOST_DAYS
    }

    /// What stands for a hash of the source: whoever has the key can tell that it belongs to it.
    pub(super) fn tag(&self, hash: &str) -> String {
        self.hash("file", hash.as_bytes()).to_hex().to_string()
    }

    fn hash(&self, what: &str, bytes: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(what.as_bytes()).update(&[0]).update(bytes);
        hasher.finalize()
    }
}

fn own_key() -> Result<PathBuf, Failure> {
    let strategy = choose_base_strategy().attempt(Code::File, "no home folder; give --key FILE")?;
    Ok(strategy.data_dir().join("levator").join(KEY))
}

fn own_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    if let Ok(secret) = fs::read(path) {
        return Ok(secret);
    }
    let mut secret = vec![0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow!("no random numbers: {error}"))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context("its folder cannot be made")?;
    }
    let mut file = create_private(path).context("cannot be made; give --key FILE")?;
    file.write_all(&secret)?;
    file.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(key: u8, person: &str) -> Hiding {
        Hiding { key: [key; 32], person: Some(person.to_owned()) }
    }

    #[test]
    fn a_person_has_one_shift_and_others_have_others() {
        let (one, two) = (1_795_356_191_000, 1_795_356_191_000 + 17 * DAY_MS);
        let a = hiding(1, "a");
        assert_eq!(a.moved(two) - a.moved(one), 17 * DAY_MS);
        assert_eq!((one - a.moved(one)) % DAY_MS, 0);
        assert!(a.moved(one) < one);
        assert_ne!(a.moved(one), hiding(1, "b").moved(one));
        assert_ne!(a.moved(one), hiding(2, "a").moved(one));
        assert_ne!(a.tag("x"), hiding(2, "a").tag("x"));
    }
}
