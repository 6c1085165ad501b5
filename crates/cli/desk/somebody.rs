//! Virtual people for the page: each on a probe that can show what they are like.

use anyhow::anyhow;
use levator_catalog::programmes;
use levator_catalog::told::{self, Told};
use levator_decode::StreamInfo;
use levator_detect::manoeuvre::Role;
use levator_programme::Programme;
use levator_record::text::TextOptions;
use levator_signal::{ChannelId, SignalKind};
use levator_simulate::AtEnd;
use levator_simulate::people::{
    Anatomy, ChannelPlace, Condition, Margin, Modality, Participant, Setup,
};

use crate::args::Person;
use crate::failure::{Attempt, Code, Failure};
use crate::person::{self, Subject};
use crate::simulate_visit;

/// So long somebody rests before it begins anew, in seconds. Our choice: longer than the slow waves of a
/// level at rest, and within the rest that it is taken from.
const RESTING_S: f64 = 50.0;

/// Who rests while their signal is checked, on the probe of the visit that follows.
pub(super) fn resting(
    condition: Condition,
    programme: Option<&Programme>,
) -> Result<Subject, Failure> {
    if programme.is_none() {
        return anybody("rest");
    }
    let who = participant(condition)?;
    subject(&who, rest_of(&who)?, AtEnd::Loop)
}

/// Who lives through a programme, and then rests; without one they do as they like.
pub(super) fn lived(
    condition: Condition,
    programme: Option<&Programme>,
) -> Result<Subject, Failure> {
    let Some(programme) = programme else {
        return anybody(match condition.name() {
            "weak" => "weak",
            "hypertonic" | "tight-and-weak" | "non-relaxing" => "tight",
            _ => "healthy",
        });
    };
    let who = participant(condition)?;
    let mut channels = signals(&who, programme, u64::MAX);
    let rest = rest_of(&who)?;
    let tail = rest.first().map_or(0, Vec::len) as u64;
    for (channel, more) in channels.iter_mut().zip(rest) {
        channel.extend(more);
    }
    subject(&who, channels, AtEnd::Tail(tail))
}

/// What they would write down.
pub(super) fn told(condition: Condition) -> Option<Told> {
    told::parse(&simulate_visit::told(&participant(condition).ok()?)).ok()
}

/// The probe on which it can be seen. Where a reference of EMG counts rest in, nobody who is tight can
/// be found weak, too: that takes pressure.
fn participant(condition: Condition) -> Result<Participant, Failure> {
    let name = match condition {
        Condition::TightAndWeak => "camtech+abdomen",
        _ => "kasper-emg+abdomen",
    };
    let setup = Setup::usual()
        .into_iter()
        .find(|setup| setup.name() == name)
        .ok_or_else(|| anyhow!("the virtual people have no such device"))?;
    Participant::draw(condition, Anatomy::Female, setup, Margin::Clear, 1)
        .attempt(Code::Other, "virtual person")
}

/// Somebody on a probe of ours, of whom nothing is asked.
fn anybody(scenario: &str) -> Result<Subject, Failure> {
    let person = Person { scenario: scenario.to_owned(), seed: 1, replay: None };
    person::subject(&person, &TextOptions::default())
}

/// What a probe sends while somebody goes through a programme, so many scans of it at most.
fn signals(who: &Participant, programme: &Programme, most: u64) -> Vec<Vec<f64>> {
    let visit = who.visit(0, programme);
    let (mut signal, mut scan) = (visit.signal(), [0.0; 4]);
    let mut channels = vec![Vec::new(); who.setup.channels().count()];
    while signal.next_index().0 < most && signal.next_scan(&mut scan) {
        for (channel, value) in channels.iter_mut().zip(scan) {
            channel.push(value);
        }
    }
    channels
}

/// The same while they rest.
fn rest_of(who: &Participant) -> Result<Vec<Vec<f64>>, Failure> {
    let quiet = programmes::built_in("breathing").ok_or_else(|| anyhow!("it is built in"))?;
    Ok(signals(who, &quiet, who.setup.rate.index_at(RESTING_S).0))
}

/// Somebody's probe, which sends this.
fn subject(who: &Participant, channels: Vec<Vec<f64>>, at_end: AtEnd) -> Result<Subject, Failure> {
    let places: Vec<ChannelPlace> = who.setup.channels().collect();
    let kind = match who.setup.modality() {
        Modality::Pressure => SignalKind::Pressure,
        // One stream has one kind; no probe of the page has both.
        Modality::Emg | Modality::Both => SignalKind::Emg,
    };
    let unit = who.setup.unit(places[0]);
    let info = StreamInfo::of_values(kind, unit, who.setup.rate, places.len() as u8);
    let name = who.condition.name();
    let mut subject = person::replayed(channels, &info, name, at_end)?;
    subject.name = format!("virtual person ({name})");
    subject.roles =
        (0..).zip(&places).map(|(channel, place)| (id(channel), role(*place))).collect();
    Ok(subject)
}

const fn id(channel: u8) -> ChannelId {
    ChannelId { stream: 0, channel }
}

const fn role(place: ChannelPlace) -> Role {
    match place {
        ChannelPlace::PelvicEmg => Role::PelvicEmg,
        ChannelPlace::AbdominalEmg => Role::AbdominalEmg,
        ChannelPlace::PelvicPressure => Role::PelvicPressure,
        ChannelPlace::AbdominalPressure => Role::AbdominalPressure,
    }
}

#[cfg(test)]
mod tests {
    use levator_simulate::people::{Expected, Label};

    use super::*;

    /// Of whom the page says they are tight and weak, it must be possible to find that.
    #[test]
    fn everybody_has_a_probe_on_which_it_can_be_seen_what_they_are_like() {
        let visit = programmes::built_in("first-visit").expect("it is built in");
        for (condition, label) in [
            (Condition::Healthy, Label::WithinExpected),
            (Condition::Weak, Label::Weak),
            (Condition::Hypertonic, Label::Hypertonic),
            (Condition::TightAndWeak, Label::Mixed),
            (Condition::NonRelaxing, Label::NonRelaxing),
            (Condition::Dyssynergic, Label::NonRelaxing),
            (Condition::BearingDown, Label::UnableToContract),
        ] {
            let who = participant(condition).expect("it goes with the device");
            let Expected { label: found, .. } = who.expected_in(&visit);
            assert_eq!(found, label, "{}", condition.name());
        }
        for condition in Condition::ALL {
            let told = told(condition).expect("it can be told");
            let rests = resting(condition, Some(&visit)).expect("a device");
            let lives = lived(condition, Some(&visit)).expect("a device");
            assert!(told.setup.device.is_some() && rests.roles == lives.roles);
            let stream = |one: &Subject| {
                let stream = &one.device.config().streams[0];
                (stream.kind, stream.unit, stream.channel_count, stream.rate_mhz)
            };
            assert_eq!(stream(&rests), stream(&lives));
        }
    }
}
