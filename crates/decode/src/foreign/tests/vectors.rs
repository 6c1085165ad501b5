//! The vectors of the documents, by their clauses.

use super::*;
use crate::foreign::cyton::Aside as Extra;

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|b| u8::from_str_radix(b, 16).expect("hexadecimal")).collect()
}

/// The code in each column of one frame, or nothing if it is refused.
fn frame(protocol: &impl Protocol, bytes: &[u8], columns: usize) -> Option<Vec<f64>> {
    match protocol.look(bytes) {
        Look::Frame { len, .. } => {
            assert_eq!(len, bytes.len());
            Some((0..columns).map(|column| protocol.code(bytes, column)).collect())
        }
        _ => None,
    }
}

fn close(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() <= tolerance, "{got}, not {wanted}");
}

#[test]
fn a_4_chords() {
    let board = Chords::new(6, 10);
    let zero = hex("C7 7C 00 02 00 02 00 02 00 02 00 02 00 02 00 01");
    assert_eq!(frame(&board, &zero, 6), Some(vec![512.0; 6]));
    let edges = hex("C7 7C FF 00 00 00 01 01 FF 02 00 03 FE 03 FF 01");
    let codes = frame(&board, &edges, 6).expect("a packet");
    assert_eq!(codes, [0.0, 1.0, 511.0, 512.0, 1022.0, 1023.0]);
    // Printed to four digits: 5 V, 10 bits, gain 2420.
    let scale = 5e6 / 1024.0 / 2420.0;
    close(scale, 2.01769, 5e-6);
    close((codes[5] - 512.0) * scale, 1031.0, 0.05);
    let r4 = hex("C7 7C 07 20 00 3F FF 00 00 10 00 00 01 00 02 01");
    let codes = frame(&Chords::new(6, 14), &r4, 6);
    assert_eq!(codes, Some(vec![8192.0, 16383.0, 0.0, 4096.0, 1.0, 2.0]));
    // Negative: any high byte above 03 on a board of 10 bits.
    assert_eq!(frame(&board, &r4, 6), None);
    for at in (3..15).step_by(2) {
        for high in 4..=255 {
            let mut packet = zero.clone();
            packet[at] = high;
            assert_eq!(frame(&board, &packet, 6), None);
        }
    }
}

#[test]
fn a_5_bitalino() {
    for (channels, bytes, codes) in [
        (1, "E0 06 0F", vec![440.0]),
        (2, "B5 E1 06 0F", vec![440.0, 437.0]),
        (3, "C0 7F B5 E1 06 02", vec![440.0, 437.0, 511.0]),
        (4, "F0 DF 7F B5 E1 06 03", vec![440.0, 437.0, 511.0, 511.0]),
        (5, "C0 F7 DF 7F B5 E1 06 02", vec![440.0, 437.0, 511.0, 511.0, 31.0]),
        (6, "DF F7 DF 7F B5 E1 06 06", vec![440.0, 437.0, 511.0, 511.0, 31.0, 31.0]),
        (2, "29 22 47 49", vec![456.0, 553.0]),
    ] {
        let found = frame(&Bitalino::new(channels), &hex(bytes), codes.len());
        assert_eq!(found, Some(codes), "{bytes}");
    }
    let one = Bitalino::new(1);
    // A1, then I1, I2, O1, O2.
    assert_eq!(frame(&one, &hex("EC 36 33"), 5), Some(vec![443.0, 0.0, 0.0, 1.0, 1.0]));
    assert_eq!(frame(&one, &hex("00 88 50"), 2), Some(vec![512.0, 1.0]));
    let top = frame(&one, &hex("FC 0F FB"), 1).expect("a frame");
    assert_eq!(top, [1023.0]);
    let microvolt = |code: f64| (code / 1024.0 - 0.5) * 3.3 / 1009.0 * 1e6;
    close(microvolt(top[0]), 1632.09, 0.005);
    close(microvolt(0.0), -1635.28, 0.005);
    // Negative: the checksum.
    assert_eq!(frame(&one, &hex("FC 0F FA"), 1), None);
    for (channels, bytes) in [(1, "FC 0F FB"), (4, "F0 DF 7F B5 E1 06 03")] {
        let good = hex(bytes);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(frame(&Bitalino::new(channels), &bad, 1), None, "bit {bit}");
        }
    }
}

#[test]
fn a_6_cyton() {
    let first = hex(
        "A0 2A 00 00 01 FF FF FF 7F FF FF 80 00 00 00 AE C3 00 00 00 FF 51 3D 00 00 64 00 00 00 00 1F 40 C0",
    );
    let codes = frame(&Cyton, &first, 8).expect("a packet");
    let expected = [1.0, -1.0, 8_388_607.0, -8_388_608.0, 44_739.0, 0.0, -44_739.0, 100.0];
    assert_eq!(codes, expected);
    let scale = 4.5e6 / 24.0 / f64::from((1 << 23) - 1);
    close(scale, 0.022_351_7, 5e-8);
    close(codes[4] * scale, 999.995, 0.0005);
    close(codes[3] * scale, -187_500.02, 0.005);
    assert_eq!(Cyton.code(&first, 10).to_bits(), 8000.0_f64.to_bits());
    let packet = first.first_chunk::<PACKET_LEN>().expect("33 bytes");
    assert_eq!(aside(packet), Some(Extra::Acceleration([0, 0, 8000])));
    let mut timed = hex("A0 2B");
    timed.extend([0; 24]);
    timed.extend(hex("00 00 00 00 03 E8 C4"));
    assert_eq!(frame(&Cyton, &timed, 8), Some(vec![0.0; 8]));
    let packet = timed.first_chunk::<PACKET_LEN>().expect("33 bytes");
    assert_eq!(aside(packet), Some(Extra::Time { ms: 1000, was_set: false }));
    for stop in [0xBF, 0xC7] {
        let mut bad = first.clone();
        bad[32] = stop;
        assert_eq!(frame(&Cyton, &bad, 8), None);
    }
}

#[test]
fn a_7_backyard_brains() {
    let shield = BackyardBrains::new(1, 10);
    for (bytes, code) in [("84 00", 512.0), ("87 7F", 1023.0), ("80 00", 0.0)] {
        assert_eq!(frame(&shield, &hex(bytes), 1), Some(vec![code]));
    }
    let two = BackyardBrains::new(2, 10);
    assert_eq!(frame(&two, &hex("82 2C 05 3C"), 2), Some(vec![300.0, 700.0]));
    let box14 = BackyardBrains::new(1, 14);
    for (bytes, code) in [("C0 00", 8192.0), ("FF 7F", 16383.0)] {
        assert_eq!(frame(&box14, &hex(bytes), 1), Some(vec![code]));
        assert_eq!(frame(&shield, &hex(bytes), 1), None);
    }
    let said = hex("FF FF 01 01 80 FF 48 57 54 3A 4D 55 53 43 4C 45 53 53 3B FF FF 01 01 81 FF");
    assert_eq!(message(&said), Some((&b"HWT:MUSCLESS;"[..], said.len())));
    // In the stream it costs nothing, also behind a byte that looks like its beginning.
    let samples = hex("84 00 84 01 84 02");
    let stream = [&samples[..], &said, &samples, &[0xFF], &said, &samples].concat();
    let heard =
        hear(&description(Framing::BackyardBrains { channels: 1, bits: 10 }, 1, 1e4), &stream);
    let expected: Vec<f64> = [512.0, 513.0, 514.0].repeat(3);
    assert_eq!(heard.codes().concat(), expected);
}

#[test]
fn a_8_flexvolt() {
    assert_eq!(frame(&FlexVolt, &hex("49 80 7F E0"), 2), Some(vec![515.0, 510.0]));
    let scale = 1355.01 / 512.0;
    close(scale, 2.6465, 5e-5);
    close((515.0 - 512.0) * scale, 7.94, 0.005);
    close((510.0 - 512.0) * scale, -5.29, 0.005);
    let codes = frame(&FlexVolt, &hex("43 C8"), 1).expect("a frame");
    close((codes[0] - 512.0) * scale, 762.19, 0.005);
    // Negative: no letter of a frame, and bits where no channel is.
    assert_eq!(frame(&FlexVolt, &hex("47 80 7F E0"), 2), None);
    assert_eq!(frame(&FlexVolt, &hex("49 80 7F E1"), 2), None);
    // The battery in between costs nothing.
    let stream = hex("49 80 7F E0 74 99 49 80 7F E0 49 80 7F E0");
    assert_eq!(hear(&description(Framing::FlexVolt, 2, 1e3), &stream).scans.len(), 3);
}

#[test]
fn a_10_firmata() {
    let board = Firmata::new(&[0], 10);
    assert_eq!(frame(&board, &hex("E0 00 04"), 1), Some(vec![512.0]));
    assert_eq!(frame(&Firmata::new(&[1], 10), &hex("E1 7F 07"), 1), Some(vec![1023.0]));
    // Negative: another input, a status byte inside, more than 10 bits.
    for bad in ["E1 7F 07", "E0 80 04", "E0 00 84", "E0 00 08"] {
        assert_eq!(frame(&board, &hex(bad), 1), None, "{bad}");
    }
    let mut description = description(Framing::Firmata { inputs: vec![0], bits: 10 }, 1, 100.0);
    assert_eq!(Say::FirmataInterval.words(&description).as_slice(), hex("F0 7A 0A 00 F7"));
    description.framing = Framing::Firmata { inputs: vec![3], bits: 10 };
    assert_eq!(Say::FirmataReport.words(&description).as_slice(), hex("C3 01"));
}

#[test]
fn a_5_and_a_6_commands() {
    let six = description(Framing::Bitalino { channels: 6 }, 6, 1000.0);
    let one = description(Framing::Bitalino { channels: 1 }, 1, 100.0);
    let words = |say: Say, description: &Description| say.words(description).as_slice().to_vec();
    assert_eq!(words(Say::BitalinoLive, &six), [0xFD]);
    assert_eq!(words(Say::BitalinoLive, &one), [0x05]);
    assert_eq!(words(Say::BitalinoSimulated, &six), [0xFE]);
    assert_eq!(words(Say::BitalinoRate, &six), [0xC3]);
    assert_eq!(words(Say::BitalinoRate, &one), [0x83]);
    assert_eq!(words(Say::BitalinoStop, &one), [0xFF]);
    // What belongs to another device says nothing.
    assert_eq!(words(Say::CytonStart, &six), []);
}

/// The bytes that switch an output, a motor or a pump of one of these devices, as far as they are known.
#[test]
fn nothing_can_be_said_that_moves_an_actuator() {
    for (say, name) in Say::NAMES {
        for device in devices() {
            let words = say.words(&device.description);
            let bytes = words.as_slice();
            let is_bitalino = matches!(device.description.framing, Framing::Bitalino { .. });
            // B3 with outputs, A3 before a duty cycle.
            let moves = is_bitalino && bytes.iter().any(|b| b & 0xF3 == 0xB3 || *b == 0xA3);
            assert!(!moves, "{name}");
            let is_text = matches!(device.description.framing, Framing::Text(_));
            assert!(!is_text || bytes.is_empty(), "{name}");
            let is_firmata = matches!(device.description.framing, Framing::Firmata { .. });
            // Digital writes, pin values, any mode but analog.
            let writes = bytes.iter().any(|b| (0x90..=0x9F).contains(b) || *b == 0xF5)
                || bytes.chunks(3).any(|part| part[0] == 0xF4 && part[2] != 2);
            assert!(!(is_firmata && writes), "{name}");
        }
    }
}

fn codes_of_lines(description: &Description, lines: &str) -> Vec<Vec<f64>> {
    hear(description, format!("rest of a line\n{lines}").as_bytes()).codes()
}

#[test]
fn a_3_text_lines() {
    use Column::{Label, Place};
    let label = |text: &str| Label(text.to_owned());
    let plain = |columns: &[Column]| text(&[(0, columns)], columns.len() as u8, None);
    let pair = plain(&[label("p"), label("emg")]);
    let found = codes_of_lines(&pair, &"p:12.5,emg:340\n".repeat(3));
    assert_eq!(found, vec![vec![12.5, 340.0]; 3]);
    let found = codes_of_lines(&pair, &"p=12.5 emg=340\r\n".repeat(3));
    assert_eq!(found, vec![vec![12.5, 340.0]; 3]);
    let found = codes_of_lines(&pair, &("p,emg\n".to_owned() + &"12.5;340\n".repeat(3)));
    assert_eq!(found, vec![vec![12.5, 340.0]; 3]);
    let three = plain(&[Place(0), Place(1), Place(2)]);
    let found = codes_of_lines(&three, &"1,2,3,\r\n".repeat(3));
    assert_eq!(found, vec![vec![1.0, 2.0, 3.0]; 3]);
    let hectopascal = plain(&[label("Pressure (hPa)")]);
    let both = "Pressure (hPa): 1013.25\nPressure (PSI): 14.7\n".repeat(3);
    assert_eq!(codes_of_lines(&hectopascal, &both), vec![vec![1013.25]; 3]);
    let one = plain(&[Place(0)]);
    assert_eq!(codes_of_lines(&one, &"512\r\n".repeat(3)), vec![vec![512.0]; 3]);
    assert_eq!(codes_of_lines(&one, &"-1.5e2 mmHg\n".repeat(3)), vec![vec![-150.0]; 3]);
    // No line end, and then the port closes.
    assert_eq!(codes_of_lines(&one, "51\n52\n53"), Vec::<Vec<f64>>::new());
    for fault in ["nan", "inf", "ovf", "-inf", "NAN"] {
        let lines = format!("1\n2\n{fault}\n3\n");
        let heard = hear(&one, format!("x\n{lines}").as_bytes());
        assert_eq!(heard.scans.len(), 4, "{fault}");
        assert!(heard.scans[2].2[0].is_nan());
        assert_eq!(heard.qualities[2], Quality::NOT_FINITE);
        assert!(heard.qualities[3].is_good() && heard.qualities[1].is_good());
    }
    // Another number of fields than the locked one: refused, and counted.
    let heard = hear(&one, b"x\n1\n2\n3\n4,5\n6\n7\n8\n");
    assert_eq!((heard.scans.len(), heard.refused.len()), (6, 1));
    assert_eq!(heard.lost, [(3, 4, LossCause::Estimated)]);
    // Longer than a line may be.
    let long = format!("x\n1\n2\n3\n{}\n4\n5\n6\n", "7".repeat(5000));
    assert_eq!(hear(&one, long.as_bytes()).lost.len(), 1);
}

/// The layout of Nogasm as the built-in description has it.
fn nogasm() -> Description {
    let pressure = |place| vec![Column::Place(place)];
    text(&[(3, &pressure(1)), (4, &pressure(2))], 1, Some((0.0, 4095.0)))
}

#[test]
fn a_2_nogasm() {
    let line = hex("30 2E 30 30 2C 31 35 32 33 2C 31 34 39 30 0D 0A");
    let stream = [b"x\n", &line[..], &line, &line].concat();
    assert_eq!(hear(&nogasm(), &stream).codes(), vec![vec![1523.0]; 3]);
    let found = codes_of_lines(&nogasm(), &"-450.00,4095,2100\r\n".repeat(3));
    assert_eq!(found, vec![vec![4095.0]; 3]);
    let found = codes_of_lines(&nogasm(), &"12345,-450.00,4095,2100\r\n".repeat(3));
    assert_eq!(found, vec![vec![4095.0]; 3]);
    let heard = hear(&nogasm(), "speed settings\r\n".repeat(20).as_bytes());
    assert_eq!((heard.scans.len(), heard.logs.len()), (0, 19));
    // Beyond the converter.
    assert_eq!(codes_of_lines(&nogasm(), &"0.00,4096,2100\r\n".repeat(9)).len(), 0);
}

#[test]
fn a_1_edge_o_matic() {
    let first = |fields| (fields, &[Column::Place(0)][..]);
    let mut description =
        text(&[first(5), first(7), first(6), first(4), first(10)], 1, Some((0.0, 4095.0)));
    let Framing::Text(shape) = &mut description.framing else { unreachable!("it is text") };
    shape.layouts[4].words = vec![(5, vec!["R".into(), "S".into()])];
    let oldest = hex("31 30 32 39 2C 31 30 32 38 2C 31 30 2C 32 35 35 2C 36 30 30 0D 0A");
    let stream = [b"x\n", &oldest[..], &oldest, &oldest].concat();
    assert_eq!(hear(&description, &stream).codes(), vec![vec![1029.0]; 3]);
    let newest = "1028,10,0,600,1,S,980,420,0,0\r\n";
    assert_eq!(codes_of_lines(&description, &newest.repeat(3)), vec![vec![1028.0]; 3]);
    // The console and its log between samples cost nothing.
    let noisy =
        format!("{newest}eom:/sd> \r\nI (123456) wifi: state: run -> init (0)\r\n").repeat(5);
    let heard = hear(&description, format!("x\n{noisy}").as_bytes());
    assert_eq!((heard.scans.len(), heard.lost.len(), heard.refused.len()), (5, 0, 0));
    let log = "eom:/sd> \r\nE (5) sd: 1,2,3,4\r\n".repeat(20);
    assert_eq!(hear(&description, log.as_bytes()).scans.len(), 0);
}
