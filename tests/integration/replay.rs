//! Live equals recorded equals analysed, however the bytes were cut.

use levator_engine::{Command, Digest, Engine, EngineConfig, Input, LinkChange, Output};
use levator_record::{Item, Reader, Writer};
use levator_signal::HostTime;
use levator_simulate::{
    BadCable, CableFaults, DeviceConfig, Scenario, VirtualDevice, VirtualPerson,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::header;

/// What a device sends in `seconds`, led by an engine, in pieces of 20 ms with their arrival.
fn conversation(seconds: u64, cable: Option<BadCable>, seed: u64) -> Vec<(HostTime, Vec<u8>)> {
    let person = VirtualPerson::new(Scenario::Flicks, seed);
    let mut device =
        VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device");
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let mut cable = cable;
    let mut answers = Vec::new();
    let opened = Input::Link { at: HostTime::ZERO, change: LinkChange::Opened };
    engine.handle(opened, &mut |output: Output<'_>| collect(output, &mut answers));
    let mut pieces = Vec::new();
    for step in 1..=seconds * 50 {
        let at = HostTime::from_nanos(step * 20_000_000);
        let mut sent = Vec::new();
        device.advance(at, &mut sent);
        device.receive(&std::mem::take(&mut answers));
        let mut arrived = Vec::new();
        match &mut cable {
            Some(cable) => cable.carry(at, &sent, &mut arrived),
            None => arrived = sent,
        }
        let input = Input::Bytes { at, bytes: &arrived };
        engine.handle(input, &mut |output: Output<'_>| collect(output, &mut answers));
        pieces.push((at, arrived));
    }
    pieces
}

fn collect(output: Output<'_>, answers: &mut Vec<u8>) {
    if let Output::Transmit(transmission) = output {
        answers.extend_from_slice(transmission.bytes);
    }
}

fn digest<'a>(pieces: impl IntoIterator<Item = (HostTime, &'a [u8])>) -> Digest {
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let mut digest = Digest::new();
    let opened = Input::Link { at: HostTime::ZERO, change: LinkChange::Opened };
    engine.handle(opened, &mut digest);
    let mut last = HostTime::ZERO;
    for (at, bytes) in pieces {
        last = at;
        engine.handle(Input::Bytes { at, bytes }, &mut digest);
    }
    engine.finish(last, &mut digest);
    digest
}

fn whole(pieces: &[(HostTime, Vec<u8>)]) -> Digest {
    digest(pieces.iter().map(|(at, bytes)| (*at, bytes.as_slice())))
}

/// The same bytes at the same times, each piece cut further.
fn cut<'a>(
    pieces: &'a [(HostTime, Vec<u8>)],
    lens: &'a [usize],
) -> impl Iterator<Item = (HostTime, &'a [u8])> {
    let mut lens = lens.iter().cycle();
    pieces.iter().flat_map(move |(at, bytes)| {
        let mut rest = bytes.as_slice();
        // An empty piece tells the time, so it stays.
        let mut parts = if rest.is_empty() { vec![(*at, rest)] } else { Vec::new() };
        while !rest.is_empty() {
            let len = lens.next().map_or(rest.len(), |len| (*len).clamp(1, rest.len()));
            let (part, tail) = rest.split_at(len);
            parts.push((*at, part));
            rest = tail;
        }
        parts
    })
}

fn cables() -> impl Strategy<Value = Option<CableFaults>> {
    prop_oneof![Just(None), Just(Some(CableFaults::ROUGH))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn how_bytes_are_cut_changes_nothing(
        faults in cables(),
        seed in 0_u64..1000,
        lens in vec(1_usize..400, 1..40),
    ) {
        let cable = faults.map(|faults| BadCable::new(faults, seed));
        let pieces = conversation(3, cable, seed);
        let expected = whole(&pieces);
        prop_assert!(expected.output_count() > 100);
        prop_assert_eq!(digest(cut(&pieces, &lens)).all(), expected.all());
        // All in one piece arrives at another time: the signal is the same all the same.
        let all: Vec<u8> = pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let at_once = digest(all.chunks(lens[0]).map(|bytes| (HostTime::ZERO, bytes)));
        prop_assert_eq!(at_once.signal(), expected.signal());
    }

    #[test]
    fn what_is_recorded_is_analysed_to_the_same_bits(
        faults in cables(),
        seed in 0_u64..1000,
        note in "\\PC{0,20}",
    ) {
        let cable = faults.map(|faults| BadCable::new(faults, seed));
        let pieces = conversation(3, cable, seed);
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let path = folder.path().join("raw.journal");
        let mut writer = Writer::create(&path, &header()).expect("an empty folder");
        let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
        let mut live = Digest::new();
        let mut last = HostTime::ZERO;
        let mut feed = |input: Input<'_>| {
            writer.record(&input).expect("the disk has room");
            engine.handle(input, &mut live);
        };
        feed(Input::Link { at: last, change: LinkChange::Opened });
        for (index, (at, bytes)) in pieces.iter().enumerate() {
            last = *at;
            feed(Input::Bytes { at: *at, bytes });
            feed(Input::Tick { at: *at });
            if index == 60 {
                feed(Input::Command { at: *at, command: Command::Mark { text: &note } });
            }
        }
        feed(Input::Command { at: last, command: Command::Stop });
        feed(Input::Link { at: last, change: LinkChange::Closed });
        engine.finish(last, &mut live);
        writer.close(last).expect("the disk has room");
        let (_, again) = crate::support::analysed(&path);
        prop_assert_eq!(again, live);
    }
}

#[test]
fn a_recording_without_any_input_is_analysed_to_nothing() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("raw.journal");
    let writer = Writer::create(&path, &header()).expect("an empty folder");
    writer.close(HostTime::ZERO).expect("the disk has room");
    let mut reader = Reader::open(&path).expect("it is a recording");
    assert!(matches!(reader.next(), Some(Item::End(_))));
    let (summary, _) = crate::support::analysed(&path);
    assert!(summary.channels.is_empty());
}
