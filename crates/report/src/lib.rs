//! What is left in the hand after a visit: pages and pictures for the person and for the referrer.
//!
//! A [`Report`] holds what an engine found and a rule answered; [`person::document`] and
//! [`referrer::document`] put it in the words of a language ([`Words`]), and [`text`] and [`html`] write
//! those down. Nothing is computed anew: every number is one of the summary or of the assessment, so what
//! stands on paper is what `analyse --json` and `assess --json` say. The same input gives the same bytes:
//! there is no clock, no file and no environment here.
//!
//! The version for the person never speaks of strengthening as open unless the gate is, and of no weakness
//! at all; every page says that it is no diagnosis.
#![forbid(unsafe_code)]

pub mod document;
pub mod html;
#[cfg(feature = "paper")]
pub mod paper;
pub mod person;
pub mod picture;
pub mod progress;
pub mod referrer;
pub mod report;
pub mod text;
pub mod trace;

mod axes;
mod bar;
mod changes;
mod tables;

pub use document::{Block, Card, Document};
pub use levator_catalog::lang::{Lang, Words};
pub use report::{Audit, Report};
pub use trace::Trace;
