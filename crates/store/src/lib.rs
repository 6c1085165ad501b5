//! People and their visits, as plain folders that any program can read, copy and delete.
//!
//! ```text
//! DATA/                          the data folder of a user, or another one       place
//!   people/
//!     P-017/                     a person: a code, no name                       name, person
//!       person.json              by how many days their dates are moved
//!       20261126-140311-5f0a3c/  a visit, as docs/recording-format.md says       Store
//!   index.sqlite                 made from the folders; may be deleted           index
//!   deidentify.key               what dates are moved by, for new people         Secret
//!   lock                         empty: one process changes the store at a time
//! ```
//!
//! The folders are the truth. The index is a copy of what their descriptions say, checked against them
//! whenever it is used; a folder that came, changed or went by other hands is seen. Folders are for their
//! owner only (0700), files too (0600). [`archive`] packs visits into one file, sealed if wanted, in the
//! formats of `tar` and `age`. `docs/store.md` describes it all.

#![forbid(unsafe_code)]

mod error;
mod name;
mod place;

mod entry;
mod person;
mod secret;

mod index;
mod staged;
mod store;

pub mod archive;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Progress};
pub use error::StoreError;
pub use name::{BadName, PersonCode, VisitName};
pub use place::{data_folder, make_folder};
pub use secret::{LEAST_SECRET_LEN, Secret};
pub use staged::Staged;
pub use store::{Person, Query, Store, Which};
