//! Every number of the rule that is no property of a device: proportions, ratios, counts.
//!
//! What is in microvolt, cmH2O or mmHg stands in a reference and nowhere else.

use levator_programme::Evidence;

/// Version of the rule. It moves when any verdict may.
pub const RULE: &str = "levator rule 1: five axes, nine labels, not validated";

/// A number of the rule, for the page that lists them all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// What it decides.
    pub what: &'static str,
    /// The number.
    pub value: f64,
    /// Its unit, for people.
    pub unit: &'static str,
    /// How it came here.
    pub evidence: Evidence,
    /// From where.
    pub citation: &'static str,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $value:literal $unit:literal, $what:literal, $evidence:ident, $citation:literal;)+) => {
        $($(#[$doc])* pub const $name: f64 = $value;)+

        /// All of them.
        pub const ALL: &[Rule] = &[$(Rule {
            what: $what,
            value: $name,
            unit: $unit,
            evidence: Evidence::$evidence,
            citation: $citation,
        }),+];
    };
}

rules! {
    /// Probability from which a status stands.
    CERTAIN = 0.8 "probability", "a status other than normal stands from this probability that the true value is beyond the bound", Proposed, "our choice";
    /// Probability from which a value is borderline, and tone closes strengthening.
    LIKELY = 0.5 "probability", "borderline from this probability; strengthening is closed when raised tone is as probable as this", Proposed, "our choice";
    /// Probability of raised tone from which strengthening needs safeguards.
    POSSIBLE = 0.2 "probability", "strengthening needs safeguards when raised tone is as probable as this", Proposed, "our choice";
    /// Largest ratio of rest between to rest before of a complete relaxation, EMG.
    COMPLETE_RATIO = 1.15 "rest between / rest before", "EMG: relaxation is complete up to this", Proposed, "between the group medians 1.03 (healthy) and 1.21 (incontinent) derived from Kasper-Jędrzejewska et al. 2025, tables 2 and 3";
    /// Largest such ratio of a partial relaxation.
    PARTIAL_RATIO = 1.35 "rest between / rest before", "EMG: relaxation is partial up to this and incomplete beyond", Proposed, "group median 1.35 (dyssynergia) derived from Kasper-Jędrzejewska et al. 2025, tables 2 and 3";
    /// Multiple of sqrt(2) SEM beyond which a rest of pressure is raised.
    RAISED_Z = 1.645 "sqrt(2) SEM", "pressure: a rest between is raised by more than this", Proposed, "95 % one-sided bound of a difference of two readings";
    /// Share of rests that must be raised.
    RAISED_SHARE = 0.6 "of the rests", "pressure: this share of at least three rests must be raised", Proposed, "our choice: three of five";
    /// Share of trials that shows a pattern.
    PATTERN_SHARE = 0.66 "of the trials", "bearing down and pushing: at least two trials and this share of them show a pattern", Proposed, "our choice: two of three";
    /// Push index beyond which the push is paradoxical, percent.
    PUSH_INDEX = 50.0 "%", "EMG: push index beyond which a push is paradoxical; found with wire and needle electrodes, not checked for surface probes", Read, "47 of 194 patients and 0 of 16 controls beyond it; 10.1007/s003840050152 (n = 171)";
    /// Rise of anal EMG over the level before a push beyond which it is paradoxical, percent.
    PUSH_RISE = 50.0 "%", "anal EMG: sustained rise over baseline in a push beyond which it is paradoxical", Read, "van Reijn-Baggen 2023, thesis, ISBN 978-94-6483-203-7";
    /// End of a long contraction over its start below which endurance is low.
    ENDURANCE_RATIO = 0.5 "end / start", "EMG: endurance is low below this", Proposed, "our choice";
    /// Contraction that is not above this many standard deviations of rest is not found.
    FOUND_SD = 3.0 "SD of rest", "a contraction that does not rise above rest by this was not found", Proposed, "our choice";
    /// Shortest time from insertion to the rest that is judged, seconds.
    SETTLED_S = 30.0 "s", "time after insertion that is left out", Proposed, "our choice: guarding after insertion";
    /// Weeks after birth below which own tables are needed.
    POST_PARTUM_WEEKS = 52.0 "weeks", "after birth only tables made after birth are used for this long", Proposed, "our choice: twelve months";
    /// Smallest gain that is believed.
    LEAST_GAIN = 0.001 "times", "smallest gain of a device that is believed; below it any reading could be made to fit", Proposed, "our choice";
    /// Largest gain that is believed.
    LARGEST_GAIN = 1000.0 "times", "largest gain of a device that is believed", Proposed, "our choice";
    /// Weeks after birth or surgery in which a clinician is asked first.
    ASK_FIRST_WEEKS = 12.0 "weeks", "after birth or surgery a clinician is asked first for this long", Proposed, "our choice; instructions for measuring alone are not published";
}
