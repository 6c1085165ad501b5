//! A virtual person goes through a programme, and the engine measures it.

use levator_catalog::programmes;
use levator_decode::{Scans, StreamInfo};
use levator_engine::{Begins, Course, Engine, EngineConfig, Input, Summary};
use levator_programme::{Millis, Programme};
use levator_signal::{HostTime, Quality, SampleIndex, SampleRate, SignalKind};
use levator_simulate::people::{
    Abdomen, ChannelPlace, Condition, Modality, Participant, PressureFamily, Setup, Visit,
};

use super::profile::{channel_of, roles};
use super::wire;

/// Scans that are rendered at a time.
pub(super) const CHUNK: usize = 250;

/// What becomes of a chunk of scans before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is measured.
    Kept,
    /// It is missing.
    Lost,
    /// It and everything after it is missing.
    Stopped,
}

/// The programmes of the cohort.
pub(super) struct Programmes {
    glazer: Programme,
    first_visit: Programme,
    anorectal: Programme,
}

impl Programmes {
    pub(super) fn new() -> Self {
        let built_in = |id: &str| programmes::built_in(id).expect("it is built in");
        Self {
            glazer: built_in("glazer"),
            first_visit: built_in("first-visit"),
            anorectal: built_in("iapwg"),
        }
    }

    /// The one that suits: manometry in the anal canal, the Glazer protocol for EMG alone (but for those
    /// whose pattern is in the push, which that has not), else the guided first visit.
    pub(super) fn of(&self, person: &Participant) -> &Programme {
        let setup = &person.setup;
        match (setup.modality(), setup.abdomen) {
            _ if setup.pressure == Some(PressureFamily::Anorectal) => &self.anorectal,
            (Modality::Emg, Abdomen::None) if person.condition != Condition::Dyssynergic => {
                &self.glazer
            }
            _ => &self.first_visit,
        }
    }
}

/// The same person at rates that are quick to compute: levels do not depend on them.
pub(super) fn quick(mut person: Participant) -> Participant {
    let hz = if person.setup.emg.is_some() { 250 } else { 50 };
    person.setup.rate = SampleRate::new(hz, 1).expect("not zero");
    person
}

/// The settings of an engine for a visit with this setup.
pub(super) fn config(setup: &Setup, programme: &Programme) -> EngineConfig {
    let course = Some(Course {
        programme: programme.clone(),
        begins: Begins::WithSignal(Millis::ZERO),
        rest_guard: None,
    });
    let base = match setup.modality() {
        Modality::Both => wire::config(setup),
        Modality::Emg | Modality::Pressure => EngineConfig::scans(scans_info(setup)),
    };
    EngineConfig { roles: roles(setup), course, ..base }
}

fn scans_info(setup: &Setup) -> StreamInfo {
    let is_emg = setup.emg.is_some();
    let kind = if is_emg { SignalKind::Emg } else { SignalKind::Pressure };
    let place = if is_emg { ChannelPlace::PelvicEmg } else { ChannelPlace::PelvicPressure };
    let count = setup.channels().count() as u8;
    StreamInfo::of_values(kind, setup.unit(place), setup.rate, count)
}

/// What the engine measures in a visit.
pub(super) fn lived(visit: &Visit, programme: &Programme) -> Summary {
    let config = config(&visit.person().setup, programme);
    lived_with(visit, &config, |_, _| Fate::Kept)
}

/// The same with other settings, and with scans that are tampered with: `tamper` gets the index of the
/// first scan of a chunk, and the chunk, channel after channel.
pub(super) fn lived_with(
    visit: &Visit,
    config: &EngineConfig,
    mut tamper: impl FnMut(u64, &mut [Vec<f64>]) -> Fate,
) -> Summary {
    let mut engine = Engine::new(config).expect("legal settings");
    let mut summary = Summary::new();
    let setup = &visit.person().setup;
    let places: Vec<ChannelPlace> = visit.channels().collect();
    let mut wire = (setup.modality() == Modality::Both).then(|| wire::Sender::new(setup));
    if let Some(wire) = &mut wire {
        wire.describe(|at, bytes| engine.handle(Input::Bytes { at, bytes }, &mut summary));
    }
    let mut signal = visit.signal();
    let mut chunk: Vec<Vec<f64>> = vec![Vec::with_capacity(CHUNK); places.len()];
    let mut codes = Vec::with_capacity(CHUNK * places.len());
    loop {
        let first = signal.next_index();
        let mut scan = [0.0; 4];
        chunk.iter_mut().for_each(Vec::clear);
        while chunk[0].len() < CHUNK && signal.next_scan(&mut scan) {
            for (values, value) in chunk.iter_mut().zip(scan) {
                values.push(value);
            }
        }
        if chunk[0].is_empty() {
            break;
        }
        match tamper(first.0, &mut chunk) {
            Fate::Kept => {}
            Fate::Lost => continue,
            Fate::Stopped => break,
        }
        if let Some(wire) = &mut wire {
            wire.send(first, &places, &chunk, |at, bytes| {
                engine.handle(Input::Bytes { at, bytes }, &mut summary);
            });
            continue;
        }
        codes.clear();
        for at in 0..chunk[0].len() {
            codes.extend(chunk.iter().map(|values| values[at]));
        }
        let scans = Scans {
            stream: 0,
            first: SampleIndex(first.0),
            channel_count: places.len() as u8,
            codes: &codes,
            quality: Quality::GOOD,
            fault_channels: 0,
        };
        engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut summary);
    }
    engine.finish(HostTime::from_secs_f64(1e4), &mut summary);
    debug_assert!(places.iter().all(|place| channel_of(setup, *place).is_some()));
    summary
}

/// Does something for each of many, on as many processors as there are, at most eight; in order.
pub(super) fn for_each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(8));
    let share = all.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = all
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(&work).collect::<Vec<R>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("it does not panic")).collect()
    })
}
