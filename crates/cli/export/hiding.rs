//! What `export --de-identify` leaves out, and by how much it moves dates.
//!
//! No text of the source is written: marks, labels, units we do not know, notes, device, port, paths. What
//! stays is what a muscle did and when in the visit. Dates move by a number of whole days that depends on
//! the key and the person alone, so that intervals between visits of one person stay as they were, and
//! nobody without the key can move them back.

use std::fs;
use std::path::Path;

use levator_record::visit::About;
use levator_store::{PersonCode, Secret, Store};

use crate::data;
use crate::failure::{Attempt, Code, Failure};
use crate::original;

const DAY_MS: u64 = 86_400_000;

/// The key, and whose visits these are.
#[derive(Clone)]
pub(super) struct Hiding {
    secret: Secret,
    /// Where people are known by how much their dates move; not asked if a key was named.
    store: Option<Store>,
    person: Option<String>,
}

impl Hiding {
    /// Takes the key in `path`, or that of the store, which is made when there is none.
    pub(super) fn new(
        path: Option<&Path>,
        store: Store,
        person: Option<&str>,
    ) -> Result<Self, Failure> {
        let person = person.map(str::to_owned);
        match path {
            Some(path) => {
                let bytes = fs::read(path).attempt(Code::File, path.display())?;
                let secret = Secret::from_bytes(&bytes).map_err(data::failure)?;
                Ok(Self { secret, store: None, person })
            }
            None => {
                let secret = Secret::of_folder(store.root()).map_err(data::failure)?;
                Ok(Self { secret, store: Some(store), person })
            }
        }
    }

    /// The same for one visit, whose folder may say whose it is, also where a file in it was named.
    pub(super) fn of(&self, visit: &Path) -> Self {
        let folder = original::visit_of(visit);
        let told = || About::read(&folder?).ok().and_then(|about| about.person);
        Self { person: self.person.clone().or_else(told), ..self.clone() }
    }

    /// `unix_ms` on another day, at the same time of day.
    pub(super) fn moved(&self, unix_ms: u64) -> u64 {
        unix_ms.saturating_sub(self.days() * DAY_MS)
    }

    /// That which the store keeps for the person, wherever the visit lies.
    fn days(&self) -> u64 {
        let person = self.person.as_deref().unwrap_or_default();
        let known = PersonCode::new(person)
            .ok()
            .and_then(|code| self.store.as_ref().and_then(|store| store.shift_days(&code)));
        known.unwrap_or_else(|| self.secret.days(person))
    }

    /// What stands for a hash of the source: whoever has the key can tell that it belongs to it.
    pub(super) fn tag(&self, hash: &str) -> String {
        self.secret.tag(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(key: u8, person: &str) -> Hiding {
        let secret = Secret::from_bytes(&[key; 32]).expect("long enough");
        Hiding { secret, store: None, person: Some(person.to_owned()) }
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
