//! Everything that is known of one visit.

use levator_measure::Measure;
use levator_programme::{Position, Stamp};

use crate::{Expulsion, Observed, Palpation, Person, Reference, Symptoms};

/// Everything that is known of one visit; what is `None` was not told.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// What was measured, of all channels.
    pub measures: &'a [Measure],
    /// The channels that look at the pelvic floor, and how each was measured. Measures of others
    /// count for what they say about pushes and bearing down.
    pub channels: &'a [Observed],
    /// Of whom.
    pub person: &'a Person,
    /// What the person reports.
    pub symptoms: Symptoms,
    /// What a clinician felt.
    pub palpation: Palpation,
    /// Whether somebody saw the probe or the perineum move inward (`true`) or outward.
    pub lift: Option<bool>,
    /// Outcome of a test with a balloon.
    pub expulsion: Option<Expulsion>,
    /// Seconds between insertion of the probe and the rest that is judged.
    pub insertion_to_rest_s: Option<f64>,
    /// The programme.
    pub stamp: Option<Stamp>,
    /// How the person lay or stood.
    pub position: Option<Position>,
    /// What to hold the measures against; those that do not fit are left aside.
    pub references: &'a [Reference],
    /// Earlier visits, the oldest first.
    pub earlier: &'a [Earlier],
}

impl<'a> Visit<'a> {
    /// A first visit of a person who reports nothing.
    #[must_use]
    pub const fn new(
        measures: &'a [Measure],
        channels: &'a [Observed],
        person: &'a Person,
        references: &'a [Reference],
    ) -> Self {
        Self {
            measures,
            channels,
            person,
            symptoms: Symptoms::NONE,
            palpation: Palpation { tone: None, contraction: None, relaxation: None },
            lift: None,
            expulsion: None,
            insertion_to_rest_s: None,
            stamp: None,
            position: None,
            references,
            earlier: &[],
        }
    }
}

/// An earlier visit of the same person.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// The programme.
    pub stamp: Option<Stamp>,
    /// How the person lay or stood.
    pub position: Option<Position>,
    /// The channels.
    pub channels: Vec<Observed>,
    /// What was measured.
    pub measures: Vec<Measure>,
}
