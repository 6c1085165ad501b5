//! Another gain of the device, with a profile that says so, changes no verdict.

use levator_score::Reference;
use levator_simulate::people::{Participant, cohort};

use super::living::{Programmes, for_each, lived, quick};
use super::profile::assessed;

/// Answers of people with EMG at a gain and at its double, where they differ.
pub(super) fn differences(seed: u64, count: usize, references: &[Reference]) -> Vec<String> {
    let programmes = Programmes::new();
    let with_emg = |person: &Participant| person.setup.emg.is_some();
    let people: Vec<Participant> =
        cohort(seed, 3 * count).into_iter().filter(with_emg).take(count).map(quick).collect();
    let all = for_each(&people, |person| {
        let programme = programmes.of(person);
        let mut double = person.clone();
        double.setup.gain *= 2.0;
        let [one, other] = [person, &double].map(|person| {
            let summary = lived(&person.visit(0, programme), programme);
            let assessment = assessed(person, programme, &summary, references, &[]);
            let statuses = assessment.findings.0.clone().map(|finding| finding.status);
            (assessment.label, assessment.gate, statuses)
        });
        (one != other).then(|| format!("{}: {one:?}, {other:?}", person.setup.name()))
    });
    all.into_iter().flatten().collect()
}
