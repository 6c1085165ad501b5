use levator_catalog::devices::{self, BUILT_IN};
use levator_decode::Decoded;
use levator_decode::foreign::{Channel, Driver, Script};
use levator_signal::{Calibration, SampleRate, SignalKind, Unit};

use super::*;
use crate::line::{Burst, Line, LineSettings};
use crate::scenario::Scenario;

fn hex(text: &str) -> Vec<u8> {
    let byte = |byte| u8::from_str_radix(byte, 16).expect("hexadecimal");
    text.split_whitespace().map(byte).collect()
}

fn described(framing: Framing) -> Description {
    Description {
        name: "test".into(),
        framing,
        rate: SampleRate::from_hz(100.0).expect("a rate"),
        channels: vec![Channel {
            column: 0,
            label: "one".into(),
            kind: SignalKind::Other,
            unit: Unit::Count,
            calibration: Calibration::IDENTITY,
            range: None,
            rails: None,
        }],
        start: Vec::new(),
        stop: Vec::new(),
        boot_wait_s: 0.0,
        text: String::new(),
    }
}

fn built_in(id: &str) -> Description {
    devices::built_in(id).unwrap_or_else(|| panic!("{id} is built in")).description
}

/// The documented vectors, written by the encoders.
#[test]
fn frames_are_those_of_the_documents() {
    let encode = |wire: &Wire, number, columns: &[f64]| {
        let mut out = Vec::new();
        wire.encode(number, columns, &mut out);
        out
    };
    let tables = [440.0, 437.0, 511.0, 511.0, 31.0, 31.0];
    for (channels, frame) in [
        (1, "E0 06 0F"),
        (2, "B5 E1 06 0F"),
        (3, "C0 7F B5 E1 06 02"),
        (4, "F0 DF 7F B5 E1 06 03"),
        (5, "C0 F7 DF 7F B5 E1 06 02"),
        (6, "DF F7 DF 7F B5 E1 06 06"),
    ] {
        let mut wire = Wire::new(&described(Framing::Bitalino { channels }), 0);
        assert_eq!(encode(&wire, 0, &tables), hex(frame), "{channels}");
        wire.is_simulated = true;
        if channels == 1 {
            assert_eq!(encode(&wire, 3, &[443.0]), hex("EC 36 33"));
            wire.is_simulated = false;
            assert_eq!(encode(&wire, 15, &[1023.0]), hex("FC 0F FB"));
        } else if channels == 2 {
            assert_eq!(encode(&wire, 4, &[456.0, 553.0]), hex("29 22 47 49"));
        }
    }
    let chords = Wire::new(&described(Framing::Chords { channels: 6, bits: 10 }), 0);
    let frame = hex("C7 7C FF 00 00 00 01 01 FF 02 00 03 FE 03 FF 01");
    assert_eq!(encode(&chords, 255, &[0.0, 1.0, 511.0, 512.0, 1022.0, 1023.0]), frame);
    let cyton = Wire::new(&described(Framing::Cyton), 0);
    let counts =
        [1.0, -1.0, 8_388_607.0, -8_388_608.0, 44739.0, 0.0, -44739.0, 100.0, 0.0, 0.0, 8000.0];
    let frame = hex(
        "A0 2A 00 00 01 FF FF FF 7F FF FF 80 00 00 00 AE C3 00 00 00 FF 51 3D 00 00 64 00 00 00 00 1F 40 C0",
    );
    assert_eq!(encode(&cyton, 0x2A, &counts), frame);
    let mut firmata = Wire::new(&described(Framing::Firmata { inputs: vec![0, 1], bits: 10 }), 0);
    firmata.reported = 3;
    assert_eq!(encode(&firmata, 0, &[512.0, 1023.0]), hex("E0 00 04 E1 7F 07"));
    let shield = Wire::new(&described(Framing::BackyardBrains { channels: 2, bits: 10 }), 0);
    assert_eq!(encode(&shield, 0, &[300.0, 700.0]), hex("82 2C 05 3C"));
    let mut two = described(Framing::FlexVolt);
    two.channels.push(Channel { column: 1, ..two.channels[0].clone() });
    assert_eq!(encode(&Wire::new(&two, 0), 0, &[515.0, 510.0]), hex("49 80 7F E0"));
    let line = |id: &str, layout, value: f64| {
        let wire = Wire::new(&built_in(id), layout);
        String::from_utf8(encode(&wire, 0, &[value])).expect("text")
    };
    assert_eq!(line("nogasm", 0, 1523.0), "0,1523,0\r\n");
    assert_eq!(line("edge-o-matic", 0, 1029.0), "1029,0,0,0,0\r\n");
    assert_eq!(line("edge-o-matic", 4, 1028.0), "1028,0,0,0,0,S,0,0,0,0\r\n");
    assert_eq!(line("mprls", 0, 1013.25), "Pressure (hPa): 1013.25\r\n");
}

/// Bytes that arrive at the host in bursts, the conversation included, in simulated time.
fn converse(
    description: &Description,
    seconds: f64,
    burst: Burst,
) -> (Vec<f64>, u64, ForeignDevice) {
    let person = VirtualPerson::new(Scenario::Healthy, 3);
    let baud = 230_400;
    let mut device = ForeignDevice::new(description, &person, baud);
    let mut line = Line::new(LineSettings { speed: 1.0, burst }, None).expect("real time");
    let (mut driver, mut script) = (Driver::new(description), Script::new(description));
    script.opened(HostTime::ZERO);
    let (mut codes, mut lost) = (Vec::new(), 0);
    let mut ms = 0.0;
    while ms < seconds * 1000.0 {
        ms += 1.0;
        let now = HostTime::from_secs_f64(ms / 1000.0);
        let mut out = Vec::new();
        line.advance(&mut device, now, &mut out);
        driver.handle(now, &out, &mut |decoded| match decoded {
            Decoded::Scans(scans) => {
                script.heard_samples();
                codes.extend_from_slice(scans.codes);
            }
            Decoded::Lost(span) => lost += span.span.end.0 - span.span.start.0,
            _ => {}
        });
        script.poll(now, |words| device.receive(words));
    }
    (codes, lost, device)
}

#[test]
fn every_device_that_is_built_in_is_started_and_read_sample_for_sample() {
    for (id, _) in BUILT_IN {
        for burst in [Burst::UsbCdc, Burst::Ftdi, Burst::Immediate] {
            let description = built_in(id);
            let seconds = if description.rate.hz() < 5.0 { 12.0 } else { 6.0 };
            let (codes, lost, device) = converse(&description, seconds, burst);
            let mut twin = Codes::new(&description, &VirtualPerson::new(Scenario::Healthy, 3));
            if matches!(description.framing, Framing::Text(_)) {
                // The first line may be half a line.
                twin.next_channels();
            }
            assert!(device.frame_count() >= 6 && !codes.is_empty(), "{id} {burst:?}");
            let mut expected: Vec<f64> = Vec::new();
            while expected.len() < codes.len() {
                expected.extend(twin.next_channels());
            }
            assert!(codes == expected, "{id} {burst:?}");
            assert_eq!(lost, 0, "{id} {burst:?}");
            // All but what is on the line, and what may wait for the next bytes in a bridge or a driver.
            let behind = device.frame_count() - twin.number();
            assert!(
                behind as f64 <= 4.0 + 0.02 * description.rate.hz(),
                "{id} {burst:?}: {behind}"
            );
            assert_eq!(device.disturbances(), [""; 0], "{id}");
        }
    }
}

#[test]
fn bytes_leave_no_faster_than_the_line_lets_them() {
    let description = built_in("cyton");
    let person = VirtualPerson::new(Scenario::Healthy, 3);
    // 33 bytes at 250 Hz need 82 500 baud: a slower line makes the firmware wait, and loses nothing.
    let mut device = ForeignDevice::new(&description, &person, 57_600);
    device.receive(b"b");
    let mut out = Vec::new();
    device.advance(HostTime::from_secs_f64(10.0), &mut out);
    assert!((57_000..=57_600).contains(&out.len()), "{}", out.len());
    let mut driver = Driver::new(&description);
    let mut count = 0;
    driver.handle(HostTime::from_secs_f64(10.0), &out, &mut |decoded| match decoded {
        Decoded::Scans(scans) => count += scans.codes.len() / 8,
        Decoded::Lost(_) | Decoded::Refused(_) => panic!("nothing is lost"),
        _ => {}
    });
    assert_eq!(count, out.len() / 33);
}

#[test]
fn what_the_makers_devices_do_when_spoken_to_is_done() {
    let person = VirtualPerson::new(Scenario::Healthy, 3);
    let say = |device: &mut ForeignDevice, words: &[u8]| {
        device.receive(words);
        let mut out = Vec::new();
        let now = device.now();
        device.advance(HostTime::from_secs_f64(now.as_secs_f64() + 0.02), &mut out);
        out
    };
    let new = |id: &str| ForeignDevice::new(&built_in(id), &person, 115_200);
    let mut chords = new("chords-uno");
    assert_eq!(say(&mut chords, b"WHORU\n"), b"UNO-R3\r\n");
    say(&mut chords, b"START\n");
    assert!(chords.is_streaming());
    // Any byte stops it.
    say(&mut chords, b"?");
    assert!(!chords.is_streaming());

    let mut bitalino = new("bitalino");
    assert_eq!(say(&mut bitalino, &[0x07]), b"BITalino_v5.2\n");
    // `WHORU` is what another device is asked: the threshold of the battery, and a start.
    say(&mut bitalino, b"WHORU");
    assert!(bitalino.is_streaming());
    assert_eq!(bitalino.disturbances(), ["battery threshold"]);
    say(&mut bitalino, &[0xFF, 0xB7]);
    assert_eq!(bitalino.disturbances(), ["battery threshold", "outputs"]);

    let mut cyton = new("cyton");
    assert!(say(&mut cyton, b"v").ends_with(b"$$$"));
    let mut firmata = new("firmata");
    assert_eq!(say(&mut firmata, &[0xF9]), [0xF9, 2, 8]);
    say(&mut firmata, &[0xF4, 14, 2, 0xC0, 1]);
    assert!(firmata.is_streaming());
    say(&mut firmata, &[0xFF]);
    assert!(!firmata.is_streaming());
    assert_eq!(firmata.disturbances(), ["reset"]);
    assert!(say(&mut new("spikershield"), b"b:;\n").windows(3).any(|part| part == b"HWT"));
    assert_eq!(say(&mut new("flexvolt"), b"XA1"), b"XxAa1b");
}

fn shortest_frame(description: &Description) -> u64 {
    match &description.framing {
        Framing::Text(_) => 4,
        Framing::BackyardBrains { channels, .. } => 2 * u64::from(*channels),
        Framing::Firmata { inputs, .. } => 3 * inputs.len() as u64,
        _ => 3,
    }
}

/// In small; `cargo run -p levator-simulate --example foreign_faults` does it with a million frames each.
#[test]
fn of_every_fault_every_frame_is_accounted_for_where_frames_are_counted() {
    for (id, _) in BUILT_IN {
        let description = built_in(id);
        for name in CableFaults::NAMES {
            let faults = CableFaults::named(name, 3000.0).expect("it is named");
            let frames = 6000.max((2.0 * description.rate.hz()) as u64);
            let trial = trial(&description, faults, frames, 77);
            let what = format!("{id} {name}: {trial:?}");
            let received = trial.right + trial.wrong;
            // Four bits cannot tell a chunk that came twice, or late, from the next turn.
            let is_folded = id.starts_with("bitalino") && matches!(name, "duplicate" | "rough");
            if description.has_counter() && !is_folded {
                assert_eq!(trial.unaccounted(), 0, "{what}");
                assert!(
                    name == "wrong-baud" || trial.right + trial.faults * 1200 >= 5000,
                    "{what}"
                );
            } else {
                // What was lost without a trace, or put in and looks like a frame, nobody can count; a
                // silence of more than a second shows. The longest other loss takes 500 bytes.
                let silence = if name == "silence" { description.rate.hz() as u64 } else { 0 };
                let most = 500 / shortest_frame(&description) + 6 + silence;
                assert!(trial.unaccounted().unsigned_abs() <= trial.faults * most, "{what}");
                assert!(received + trial.faults * 6 * most >= trial.sent, "{what}");
            }
            // Three frames, or four, and the one that the damage still touched. A turn of the four bits of a
            // BITalino that comes twice goes unseen until it is a quarter of one too early; then what is sent
            // is waited for.
            let turn = if is_folded { 16 / 4 + 2 } else { 0 };
            assert!(trial.slowest_lock <= 4 + 1 + turn, "{what}");
        }
    }
}
