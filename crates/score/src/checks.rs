//! What must hold of the data before anything is said.

use levator_measure::{Measure, Quantity, Reason, Task};

use crate::axes::is_invalid;
use crate::reading::usable;
use crate::rules::SETTLED_S;
use crate::{Modality, Observed, Verified, Visit};
use levator_programme::words;

/// Something that must hold of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// At least 30 s of rest before the first exertion, clean.
    Rest,
    /// Rest begins at least 30 s after insertion.
    Insertion,
    /// At least two maximal contractions, which agree within a fifth.
    Maximal,
    /// No end of range, no sensor that is off, no hum.
    Signal,
    /// Noise at most a quarter of the level at rest, EMG.
    Noise,
}

words!(Check {
    Rest => "rest",
    Insertion => "insertion",
    Maximal => "maximal",
    Signal => "signal",
    Noise => "noise",
});

impl Check {
    /// What to do when it does not hold.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Rest => "at least 30 s of quiet rest before the first contraction are needed",
            Self::Insertion => "wait at least 30 s after inserting the probe before rest is judged",
            Self::Maximal => {
                "at least two maximal contractions that agree within a fifth are needed"
            }
            Self::Signal => "the sensor was off, at the end of its range or drowned in hum",
            Self::Noise => "noise is too near the level at rest: check electrodes and cable",
        }
    }
}

/// What does not hold on one channel.
pub(crate) fn of_channel(
    observed: &Observed,
    measures: &[Measure],
    visit: &Visit<'_>,
    verified: Verified,
) -> Vec<Check> {
    let mut failed = Vec::new();
    let of = |quantity: Quantity, task: Task| {
        measures.iter().filter(move |one| {
            one.channel == observed.channel
                && one.trial.is_none()
                && (one.quantity, one.task) == (quantity, task)
        })
    };
    let rest = || of(Quantity::RestLevel, Task::RestBefore);
    let clean = rest().any(|one| usable(one).is_some() && !one.reasons.has(Reason::TooShort));
    let mut fail = |check: Check, holds: bool| {
        if !holds && !failed.contains(&check) {
            failed.push(check);
        }
    };
    fail(Check::Rest, clean || visit.palpation.tone.is_some());
    let settled = visit.insertion_to_rest_s.is_none_or(|seconds| seconds >= SETTLED_S);
    fail(Check::Insertion, settled);
    let could_contract = !matches!(verified, Verified::BearingDown | Verified::Absent);
    if could_contract && visit.palpation.contraction.is_none() {
        // A doubtful one counts: what speaks against it is said where it is used.
        let peaks = || {
            measures.iter().filter(|one| {
                one.channel == observed.channel
                    && one.trial.is_some()
                    && (one.quantity, one.task) == (Quantity::Peak, Task::Maximal)
            })
        };
        let few = match peaks().next() {
            Some(_) => peaks().filter(|one| usable(one).is_some()).count() < 2,
            None => of(Quantity::ValidTrialCount, Task::Maximal)
                .any(|one| usable(one).is_some_and(|valid| valid < 2.0)),
        };
        let apart = of(Quantity::MaximalContraction, Task::Maximal).any(|one| {
            one.reasons.has(Reason::TooFewTrials) && one.count < 2
                || one.reasons.has(Reason::TrialsDisagree)
        });
        fail(Check::Maximal, !few && !apart);
    }
    let broken = |one: &Measure| {
        [Reason::Saturated, Reason::Blind, Reason::Mains]
            .into_iter()
            .any(|reason| one.reasons.has(reason))
    };
    let heights = || {
        [Task::Maximal, Task::Hold].into_iter().flat_map(|task| {
            of(Quantity::MaximalContraction, task).chain(of(Quantity::ContractionMean, task))
        })
    };
    fail(Check::Signal, !rest().chain(heights()).any(broken));
    if observed.profile.modality == Modality::Emg {
        let noisy = rest().any(|one| one.reasons.has(Reason::NoiseFloor));
        fail(Check::Noise, !noisy);
    }
    failed
}

/// Whether nothing of a channel can be used.
pub(crate) fn is_empty(observed: &Observed, measures: &[Measure]) -> bool {
    !measures.iter().any(|one| one.channel == observed.channel && !is_invalid(one))
}
