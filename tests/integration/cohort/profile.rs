//! How a virtual person was measured, and what is told of them, in the words of the rule.

use levator_detect::manoeuvre::Role;
use levator_engine::Summary;
use levator_programme::Programme;
use levator_score::{
    Assessment, Earlier, Observed, Person, Profile, Reference, Sex, Site, Visit, assess,
};
use levator_signal::ChannelId;
use levator_simulate::people::{
    Anatomy, ChannelPlace, EmgFamily, Lift, Modality, Participant, PressureFamily, Setup, Stage,
};

/// Where a place is measured. EMG and pressure together are two streams of a device.
pub(super) fn channel_of(setup: &Setup, place: ChannelPlace) -> Option<ChannelId> {
    let both = setup.modality() == Modality::Both;
    let stream = u8::from(both && !place.is_emg());
    let of_stream = setup.channels().filter(|one| !both || one.is_emg() == place.is_emg());
    let channel = of_stream.into_iter().position(|one| one == place)? as u8;
    Some(ChannelId { stream, channel })
}

/// The roles of all channels.
pub(super) fn roles(setup: &Setup) -> Vec<(ChannelId, Role)> {
    let role = |place: ChannelPlace| match place {
        ChannelPlace::PelvicEmg => Role::PelvicEmg,
        ChannelPlace::AbdominalEmg => Role::AbdominalEmg,
        ChannelPlace::PelvicPressure => Role::PelvicPressure,
        ChannelPlace::AbdominalPressure => Role::AbdominalPressure,
    };
    setup.channels().filter_map(|place| Some((channel_of(setup, place)?, role(place)))).collect()
}

/// The channels of the pelvic floor, each as it was measured.
pub(super) fn observed(person: &Participant) -> Vec<Observed> {
    let setup = &person.setup;
    let mut all = Vec::new();
    let site = match setup.site() {
        Some(levator_simulate::people::Site::Vaginal) => Site::Vaginal,
        Some(levator_simulate::people::Site::Anal) => Site::Anal,
        Some(levator_simulate::people::Site::Perianal) | None => Site::Perianal,
    };
    let profile = |place: ChannelPlace, device: Option<&str>, modality| {
        let base = Profile::new(modality, setup.unit(place));
        match device {
            Some(device) => base.like(device, site),
            None => Profile { site: Some(site), ..base },
        }
    };
    if let Some(family) = setup.emg {
        let place = ChannelPlace::PelvicEmg;
        let device = match family {
            EmgFamily::Oleksy => Some("oleksy-2020"),
            EmgFamily::Kasper => Some("kasper-2025"),
            EmgFamily::PerianalPatch => Some("perez-martinez-2008"),
            EmgFamily::AnalProbe => None,
        };
        let channel = channel_of(setup, place).expect("it is there");
        let profile = profile(place, device, levator_score::Modality::Emg);
        all.push(Observed { channel, profile: Profile { gain: setup.gain, ..profile } });
    }
    if let Some(family) = setup.pressure {
        let place = ChannelPlace::PelvicPressure;
        let device = match (family, person.anatomy) {
            (PressureFamily::Peritron, _) => "peritron",
            (PressureFamily::Camtech, _) => "camtech",
            (PressureFamily::Anorectal, Anatomy::Female) => "anorectal-pull-through",
            (PressureFamily::Anorectal, Anatomy::Male) => "anorectal-korea",
        };
        let channel = channel_of(setup, place).expect("it is there");
        let profile = profile(place, Some(device), levator_score::Modality::Pressure);
        all.push(Observed { channel, profile });
    }
    all
}

/// What is told of a person.
pub(super) fn told(person: &Participant) -> Person {
    let base = Person { age_years: Some(person.age_years), ..Person::default() };
    match (person.anatomy, person.condition.stage()) {
        (Anatomy::Male, _) => Person { sex: Some(Sex::Male), ..base },
        (Anatomy::Female, Stage::Usual) => {
            Person { sex: Some(Sex::Female), births: Some(0), pregnant: Some(false), ..base }
        }
        (Anatomy::Female, Stage::Pregnant) => Person {
            sex: Some(Sex::Female),
            births: Some(0),
            pregnant: Some(true),
            pregnancy_week: Some(32.0),
            ..base
        },
        (Anatomy::Female, Stage::PostPartum) => Person {
            sex: Some(Sex::Female),
            births: Some(1),
            pregnant: Some(false),
            weeks_post_partum: Some(9.0),
            ..base
        },
    }
}

/// The answer to a visit of somebody who reports nothing and was not touched.
pub(super) fn assessed(
    person: &Participant,
    programme: &Programme,
    summary: &Summary,
    references: &[Reference],
    earlier: &[Earlier],
) -> Assessment {
    let (channels, told) = (observed(person), told(person));
    let lift = (person.setup.lift == Lift::Watched).then(|| person.lifts());
    assess(&Visit {
        lift,
        insertion_to_rest_s: Some(60.0),
        stamp: Some(programme.stamp()),
        earlier,
        ..Visit::new(&summary.measures, &channels, &told, references)
    })
}
