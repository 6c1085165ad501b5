//! How much a programme loads the muscle, and what a gate lets through.
//!
//! A muscle that is already too tight must not be loaded; a few contractions to measure it, or to
//! practise letting go, do no harm. The gate itself is decided elsewhere, from measures; here stands
//! what a programme asks for, so that both can be joined.

use crate::words;

/// How much a programme loads the muscle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Load {
    /// No contraction, cough or push is asked for.
    None,
    /// A few contractions, to measure or to practise letting go.
    Light,
    /// Training for strength or endurance.
    Strengthening,
}

words!(Load { None => "none", Light => "light", Strengthening => "strengthening" });

/// What was found about the person, as far as it decides what they may be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Tone not raised, relaxation complete, contraction measured.
    Green,
    /// Tone unknown or perhaps raised, or relaxation only partial.
    Amber,
    /// Tone raised, relaxation incomplete, or coordination paradoxical.
    Red,
    /// As red, and contracting hurts.
    RedWithPain,
    /// A sign was reported for which a clinician comes first.
    Refer,
}

words!(Gate {
    Green => "green",
    Amber => "amber",
    Red => "red",
    RedWithPain => "red-with-pain",
    Refer => "refer",
});

/// Whether a programme may be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opening {
    /// Without restriction.
    Open,
    /// With what [`Safeguards`] lists.
    WithSafeguards,
    /// Not at all.
    Closed,
}

words!(Opening { Open => "open", WithSafeguards => "with-safeguards", Closed => "closed" });

impl Load {
    /// Whether a programme with this load may be offered.
    ///
    /// # Source
    ///
    /// Our choice, no published rule: strengthening is closed at red and open with safeguards at
    /// amber. A few contractions and guided contracting and letting go stay open, because three
    /// maximal contractions lowered resting pressure in women with provoked vestibulodynia and
    /// without (Næss and Bø 2018, 10.1007/s00192-018-3599-1), and contract-relax training lowered
    /// resting EMG (Glazer 1995, J Reprod Med 40:283); they close where contracting hurts.
    #[must_use]
    pub const fn opening(self, gate: Gate) -> Opening {
        match (self, gate) {
            (_, Gate::Refer)
            | (Self::Light, Gate::RedWithPain)
            | (Self::Strengthening, Gate::Red | Gate::RedWithPain) => Opening::Closed,
            (Self::Strengthening, Gate::Amber) => Opening::WithSafeguards,
            (Self::None, Gate::Green | Gate::Amber | Gate::Red | Gate::RedWithPain)
            | (Self::Light, Gate::Green | Gate::Amber | Gate::Red)
            | (Self::Strengthening, Gate::Green) => Opening::Open,
        }
    }
}

/// What a strengthening programme needs at an amber gate, as far as the programme alone shows it.
///
/// The rest is the engine's: to measure the level of each rest, and to stop the set when it stays up
/// in two rests running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Safeguards {
    /// Relaxation or paced breathing comes before the first contraction.
    pub relaxes_first: bool,
    /// After each contraction there is a rest at least twice as long.
    pub rests_twice_the_hold: bool,
    /// The level of each of these rests is measured.
    pub measures_each_rest: bool,
}

impl Safeguards {
    /// Whether nothing is missing.
    #[must_use]
    pub const fn are_met(self) -> bool {
        self.relaxes_first && self.rests_twice_the_hold && self.measures_each_rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_closes_what_it_should() {
        let row = |load: Load| {
            Gate::ALL.iter().map(move |gate| match load.opening(*gate) {
                Opening::Open => 'o',
                Opening::WithSafeguards => 's',
                Opening::Closed => '-',
            })
        };
        // Green, amber, red, red with pain, refer.
        assert_eq!(row(Load::None).collect::<String>(), "oooo-");
        assert_eq!(row(Load::Light).collect::<String>(), "ooo--");
        assert_eq!(row(Load::Strengthening).collect::<String>(), "os---");
    }
}
