//! The golden visits, fed to a meter.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};

use levator_detect::manoeuvre::{Answer, Basis, Manoeuvre, Role};
use levator_detect::{Contraction, Transition, Uncertainty};
use levator_measure::{Meter, MeterChannel, Place, Reading, Schedule};
use levator_programme::{
    Definition, Event, Load, Millis, Phase, PhaseKind, Programme, Runner, Source, Target,
};
use levator_signal::{
    Block, ChannelId, MovingMean, Quality, Rms, SampleIndex, SampleRate, SignalKind, Span, Unit,
};

/// One visit: two channels, and what is said of them.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) rate: SampleRate,
    pub(crate) kind: SignalKind,
    pub(crate) unit: Unit,
    /// Filtered values of each channel.
    pub(crate) values: Vec<Vec<f64>>,
    pub(crate) channels: Vec<MeterChannel>,
    pub(crate) programme: Option<Programme>,
    pub(crate) schedule: Schedule,
    /// Contractions of the first channel, and what was told of them.
    pub(crate) contractions: Vec<(Contraction, Option<Manoeuvre>)>,
    /// What is wrong, by stretches.
    pub(crate) faults: Vec<(Span, Quality)>,
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

pub(crate) fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

pub(crate) fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

pub(crate) fn phase(
    id: &str,
    kind: PhaseKind,
    work_s: u64,
    rest_s: u64,
    repetitions: u32,
) -> Phase {
    Phase {
        rest: Millis::from_secs(rest_s),
        repetitions,
        ..Phase::new(id, kind, Millis::from_secs(work_s))
    }
}

pub(crate) fn programme(phases: Vec<Phase>) -> Programme {
    let definition = Definition::new("golden", "Golden visit", Source::own(), Load::Light);
    Programme::new(Definition { phases, ..definition }).expect("a programme that can be run")
}

pub(crate) fn emg_programme() -> Programme {
    programme(vec![
        phase("settle", PhaseKind::Settle, 3, 0, 1),
        phase("before", PhaseKind::Rest, 33, 0, 1),
        phase("flick", PhaseKind::Flick, 2, 2, 4),
        phase("maximal", PhaseKind::Maximal, 5, 5, 4),
        phase("hold", PhaseKind::Hold, 12, 6, 2),
        phase("endurance", PhaseKind::Endurance, 20, 6, 1),
        phase("push", PhaseKind::Push, 5, 5, 2),
        phase("cough", PhaseKind::Cough, 2, 4, 1),
        phase("after", PhaseKind::Rest, 31, 0, 1),
    ])
}

pub(crate) fn pressure_programme() -> Programme {
    programme(vec![
        phase("settle", PhaseKind::Settle, 2, 0, 1),
        phase("before", PhaseKind::Rest, 33, 0, 1),
        phase("maximal", PhaseKind::Maximal, 6, 12, 3),
        phase("hold", PhaseKind::Hold, 24, 12, 1),
        phase("cough", PhaseKind::Cough, 2, 6, 2),
        phase("push", PhaseKind::Push, 8, 6, 2),
        phase("after", PhaseKind::Rest, 31, 0, 1),
    ])
}

pub(crate) fn id(channel: u8) -> ChannelId {
    ChannelId { stream: 0, channel }
}

pub(crate) fn found(onset: u64, offset: u64, rate: SampleRate) -> Contraction {
    let within = Uncertainty::Within { seconds: 0.05 };
    let later = rate.sample_count(0.3) as u64;
    Contraction {
        onset: SampleIndex(onset),
        onset_uncertainty: within,
        offset: Some(SampleIndex(offset)),
        offset_uncertainty: within,
        decided: SampleIndex(onset + later),
        closed: SampleIndex(offset + later),
        peak_at: SampleIndex(onset),
        // Its own peak is used to tell flicks that are far weaker than others, and for nothing else.
        peak: 1.0,
        mean: 1.0,
        rest: 0.1,
        confidence: 0.9,
    }
}

fn columns(name: &str, scale: f64) -> Vec<Vec<f64>> {
    let text = read(&folder().join(name));
    let rows = text.lines().skip(1).map(|line| {
        let (one, other) = line.split_once(',').expect("two columns");
        [one, other].map(|code| code.parse::<f64>().expect("a code") * scale)
    });
    let rows: Vec<[f64; 2]> = rows.collect();
    (0..2).map(|column| rows.iter().map(|row| row[column]).collect()).collect()
}

fn told(case: &str, rate: SampleRate) -> Vec<(Contraction, Option<Manoeuvre>)> {
    let text = read(&folder().join("contractions.csv"));
    let lines = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let of_case = lines.filter(|cells| cells[0] == case);
    let number = |cell: &str| cell.parse().expect("a sample");
    of_case
        .map(|cells| {
            let manoeuvre = match cells[4] {
                "squeeze" => Some(Manoeuvre::Squeeze),
                "push" => Some(Manoeuvre::Push),
                _ => None,
            };
            (found(number(cells[2]), number(cells[3]), rate), manoeuvre)
        })
        .collect()
}

pub(crate) fn channel(channel: u8, kind: SignalKind, unit: Unit, place: Place) -> MeterChannel {
    MeterChannel {
        id: id(channel),
        kind,
        unit,
        place,
        filter_delay_s: 0.0,
        window_s: match kind {
            SignalKind::Emg => MeterChannel::EMG_WINDOW_S,
            _ => MeterChannel::PRESSURE_WINDOW_S,
        },
        noise_floor: None,
        rest_sem: None,
    }
}

pub(crate) fn emg_visit() -> Visit {
    let rate = SampleRate::from_hz(200.0).expect("possible");
    let (kind, unit) = (SignalKind::Emg, Unit::Microvolt);
    let pelvic = channel(0, kind, unit, Place::Pelvic);
    let programme = emg_programme();
    Visit {
        rate,
        kind,
        unit,
        values: columns("emg.csv", 0.1),
        channels: vec![
            MeterChannel { noise_floor: Some(0.7), rest_sem: Some(0.2), ..pelvic },
            channel(1, kind, unit, Place::Abdominal),
        ],
        schedule: Schedule::from_programme(&programme),
        programme: Some(programme),
        contractions: told("emg", rate),
        faults: Vec::new(),
    }
}

pub(crate) fn pressure_visit() -> Visit {
    let rate = SampleRate::from_hz(50.0).expect("possible");
    let (kind, unit) = (SignalKind::Pressure, Unit::CentimetreWater);
    let pelvic = channel(0, kind, unit, Place::Pelvic);
    let programme = pressure_programme();
    Visit {
        rate,
        kind,
        unit,
        values: columns("pressure.csv", 0.01),
        channels: vec![
            MeterChannel { rest_sem: Some(0.4), ..pelvic },
            channel(1, kind, unit, Place::Abdominal),
        ],
        schedule: Schedule::from_programme(&programme),
        programme: Some(programme),
        contractions: told("pressure", rate),
        faults: Vec::new(),
    }
}

/// Puts a target on every step of one kind; the stamp does not matter here.
pub(crate) fn aim(visit: &mut Visit, kind: PhaseKind, target: Target) {
    let programme = visit.programme.as_ref().expect("it has one");
    let mut definition = programme.definition().clone();
    for phase in definition.phases.iter_mut().filter(|phase| phase.kind == kind) {
        phase.target = Some(target);
        // In the rest after it: no more than that.
        phase.rest_target = Some(Target { lower: None, upper: target.lower, ..target });
    }
    let programme = Programme::new(definition).expect("a target that can be had");
    visit.schedule = Schedule::from_programme(&programme);
    visit.programme = Some(programme);
}

pub(crate) fn answer(manoeuvre: Manoeuvre) -> Answer {
    Answer::Told {
        manoeuvre,
        basis: Basis { pelvic: Role::PelvicEmg, other: Role::AbdominalEmg, normalised: false },
        pelvic: 1.0,
        abdominal: 0.1,
    }
}

impl Visit {
    pub(crate) fn meter(&self) -> Meter {
        Meter::new(self.schedule.clone(), self.rate, &self.channels).expect("settings that work")
    }

    /// The envelope that an engine would send: RMS of EMG, of others the filtered values.
    pub(crate) fn envelopes(&self) -> Vec<Vec<f64>> {
        let of = |(values, channel): (&Vec<f64>, &MeterChannel)| {
            let mut envelope = values.clone();
            if channel.kind == SignalKind::Emg {
                Rms::new(self.rate.sample_count(channel.window_s)).process(&mut envelope);
            }
            envelope
        };
        self.values.iter().zip(&self.channels).map(of).collect()
    }

    /// Everything from the beginning to the end, in blocks of these lengths, taken in turn; blocks are cut
    /// where faults begin and end.
    pub(crate) fn run(&self, block_lens: &[usize]) -> Vec<Reading> {
        let mut meter = self.meter();
        let mut readings = Vec::new();
        self.feed(&mut meter, block_lens, &mut |reading| readings.push(reading));
        readings
    }

    pub(crate) fn feed(
        &self,
        meter: &mut Meter,
        block_lens: &[usize],
        sink: &mut dyn FnMut(Reading),
    ) {
        let envelopes = self.envelopes();
        let len = self.values[0].len();
        let mut runner =
            self.programme.clone().map(|programme| Runner::on_samples(programme, self.rate));
        if let Some(runner) = &mut runner {
            runner.start(SampleIndex(0), |event| meter.event(&event, &mut *sink));
        }
        let mut transitions = self.transitions();
        transitions.reverse();
        let (mut at, mut turn) = (0, 0);
        while at < len {
            let mut to = (at + block_lens[turn % block_lens.len()]).min(len);
            turn += 1;
            let mut quality = Quality::GOOD;
            for (span, fault) in &self.faults {
                for edge in [span.start.0 as usize, span.end.0 as usize] {
                    if edge > at && edge < to {
                        to = edge;
                    }
                }
                if span.start.0 as usize <= at && at < span.end.0 as usize {
                    quality |= *fault;
                }
            }
            for (place, channel) in self.channels.iter().enumerate() {
                let block = Block {
                    channel: channel.id,
                    kind: channel.kind,
                    unit: channel.unit,
                    rate: self.rate,
                    first: SampleIndex(at as u64),
                    values: &self.values[place][at..to],
                    filtered: &self.values[place][at..to],
                    envelope: &envelopes[place][at..to],
                    quality,
                };
                meter.process(&block, &mut *sink);
            }
            let end = SampleIndex(to as u64);
            if let Some(runner) = &mut runner {
                runner.advance(end, |event: Event<SampleIndex>| meter.event(&event, &mut *sink));
            }
            while transitions.last().is_some_and(|(when, ..)| *when <= end) {
                let Some((_, transition, manoeuvre)) = transitions.pop() else { break };
                meter.contraction(id(0), &transition, &mut *sink);
                if let (Transition::Contraction(found), Some(manoeuvre)) = (transition, manoeuvre) {
                    let end = found.offset.unwrap_or(found.closed);
                    let span = Span { start: found.onset, end };
                    meter.manoeuvre(span, &answer(manoeuvre));
                }
            }
            at = to;
        }
        meter.finish(SampleIndex(len as u64), sink);
    }

    /// Onsets and contractions in the order in which a detector would say them.
    fn transitions(&self) -> Vec<(SampleIndex, Transition, Option<Manoeuvre>)> {
        let mut all = Vec::new();
        for (found, manoeuvre) in &self.contractions {
            let onset = Transition::Onset { at: found.onset, decided: found.decided };
            all.push((found.decided, onset, None));
            all.push((found.closed, Transition::Contraction(*found), *manoeuvre));
        }
        all.sort_by_key(|(when, ..)| *when);
        all
    }
}

/// Mean over the window, as the meter smooths pressure: for tests that look at levels.
pub(crate) fn smooth(values: &[f64], window: usize) -> Vec<f64> {
    let mut smoothed = values.to_vec();
    MovingMean::new(window).process(&mut smoothed);
    smoothed
}
