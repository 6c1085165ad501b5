use levator_signal::{Calibration, Quality, SampleRate, SignalKind, Unit};
use proptest::prelude::*;

use super::*;
use crate::LossCause;

mod faults;
mod vectors;

/// What a driver said, in owned form.
#[derive(Clone, Debug, Default, PartialEq)]
struct Heard {
    /// Stream, index and codes of every scan.
    scans: Vec<(u8, u64, Vec<f64>)>,
    qualities: Vec<Quality>,
    lost: Vec<(u64, u64, LossCause)>,
    refused: Vec<&'static str>,
    logs: Vec<String>,
    /// Scans are compared as text, because one that is no number equals nothing.
    device: Option<String>,
}

impl Heard {
    fn take(&mut self, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::Scans(scans) => {
                let count = usize::from(scans.channel_count);
                for (at, codes) in scans.codes.chunks(count).enumerate() {
                    self.scans.push((scans.stream, scans.first.0 + at as u64, codes.to_vec()));
                    self.qualities.push(scans.quality);
                }
            }
            Decoded::Lost(lost) if lost.stream == 0 => {
                self.lost.push((lost.span.start.0, lost.span.end.0, lost.cause));
            }
            Decoded::Refused(refused) => self.refused.push(refused.reason.name()),
            Decoded::Log(text) => self.logs.push((*text).to_owned()),
            Decoded::Device(device) => self.device = Some(device.name.as_str().to_owned()),
            _ => {}
        }
    }

    fn codes(&self) -> Vec<Vec<f64>> {
        self.scans.iter().map(|(_, _, codes)| codes.clone()).collect()
    }
}

fn channel(column: u8, range: Option<(f64, f64)>) -> Channel {
    Channel {
        column,
        label: format!("channel {column}"),
        kind: SignalKind::Emg,
        unit: Unit::Count,
        calibration: Calibration::IDENTITY,
        range,
        rails: None,
    }
}

fn description(framing: Framing, columns: u8, hz: f64) -> Description {
    let description = Description {
        name: "test".into(),
        framing,
        rate: SampleRate::from_hz(hz).expect("a rate"),
        channels: (0..columns).map(|column| channel(column, None)).collect(),
        start: Vec::new(),
        stop: Vec::new(),
        boot_wait_s: 0.0,
        text: String::new(),
    };
    assert_eq!(description.check(), Ok(()));
    description
}

fn text(layouts: &[(usize, &[Column])], channels: u8, range: Option<(f64, f64)>) -> Description {
    let layouts = layouts
        .iter()
        .map(|(fields, columns)| Layout {
            name: String::new(),
            fields: *fields,
            columns: columns.to_vec(),
            words: Vec::new(),
        })
        .collect();
    let mut description = Description {
        channels: (0..channels).map(|column| channel(column, range)).collect(),
        framing: Framing::Text(TextShape { layouts }),
        ..description(Framing::Cyton, 1, 50.0)
    };
    description.rate = SampleRate::from_hz(50.0).expect("a rate");
    assert_eq!(description.check(), Ok(()));
    description
}

/// Hears bytes that all come at one moment.
fn hear(description: &Description, bytes: &[u8]) -> Heard {
    hear_in(description, bytes, bytes.len().max(1))
}

fn hear_in(description: &Description, bytes: &[u8], chunk: usize) -> Heard {
    let mut driver = Driver::new(description);
    let mut heard = Heard::default();
    let at = HostTime::from_secs_f64(1.0);
    for chunk in bytes.chunks(chunk) {
        driver.handle(at, chunk, &mut |decoded| heard.take(&decoded));
    }
    heard
}

/// Every device under test, with an encoder of its frames. The codes say which frame it is.
struct Device {
    name: &'static str,
    description: Description,
    encode: fn(u64) -> Vec<u8>,
    codes: fn(u64) -> Vec<f64>,
}

fn devices() -> Vec<Device> {
    vec![
        Device {
            name: "cyton",
            description: description(Framing::Cyton, 8, 250.0),
            encode: |frame| {
                let mut packet = vec![0xA0, frame as u8];
                for channel in 0..8 {
                    let code = (frame as i32 & 0xFFFF) * if channel % 2 == 0 { 1 } else { -1 };
                    packet.extend_from_slice(&code.to_be_bytes()[1..]);
                }
                packet.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0xC0]);
                packet
            },
            codes: |frame| {
                let code = (frame & 0xFFFF) as f64;
                (0..8).map(|channel| if channel % 2 == 0 { code } else { 0.0 - code }).collect()
            },
        },
        Device {
            name: "chords",
            description: description(Framing::Chords { channels: 6, bits: 10 }, 6, 250.0),
            encode: |frame| {
                let mut packet = vec![0xC7, 0x7C, frame as u8];
                for channel in 0..6 {
                    let code = (frame >> (5 * (channel % 2))) as u16 & 0x3FF;
                    packet.extend_from_slice(&code.to_be_bytes());
                }
                packet.push(1);
                packet
            },
            codes: |frame| {
                (0..6).map(|channel| (frame >> (5 * (channel % 2)) & 0x3FF) as f64).collect()
            },
        },
        Device {
            name: "bitalino",
            description: description(Framing::Bitalino { channels: 4 }, 4, 100.0),
            encode: |frame| {
                let code = |channel: u64| frame >> (5 * (channel % 2)) & 0x3FF;
                let [a, b, c, d] = [code(0), code(1), code(2), code(3)];
                let mut bytes = vec![
                    ((d & 0xF) << 4) as u8,
                    ((c & 3) << 6 | d >> 4) as u8,
                    (c >> 2) as u8,
                    b as u8,
                    ((a & 0x3F) << 2 | b >> 8) as u8,
                    (a >> 6) as u8,
                    ((frame & 0xF) << 4) as u8,
                ];
                let crc = crc4(&bytes);
                bytes[6] |= crc;
                bytes
            },
            codes: |frame| {
                (0..4).map(|channel| (frame >> (5 * (channel % 2)) & 0x3FF) as f64).collect()
            },
        },
        Device {
            name: "firmata",
            description: description(Framing::Firmata { inputs: vec![0, 1], bits: 10 }, 2, 50.0),
            encode: |frame| {
                let code = |shift: u32| (frame >> shift & 0x3FF) as u16;
                let [a, b] = [code(0), code(5)];
                vec![0xE0, (a & 0x7F) as u8, (a >> 7) as u8, 0xE1, (b & 0x7F) as u8, (b >> 7) as u8]
            },
            codes: |frame| vec![(frame & 0x3FF) as f64, (frame >> 5 & 0x3FF) as f64],
        },
        Device {
            name: "backyard brains",
            description: description(Framing::BackyardBrains { channels: 2, bits: 10 }, 2, 5000.0),
            encode: |frame| {
                let code = |shift: u32| (frame >> shift & 0x3FF) as u16;
                let [a, b] = [code(0), code(5)];
                vec![(a >> 7) as u8 | 0x80, (a & 0x7F) as u8, (b >> 7) as u8, (b & 0x7F) as u8]
            },
            codes: |frame| vec![(frame & 0x3FF) as f64, (frame >> 5 & 0x3FF) as f64],
        },
        Device {
            name: "flexvolt",
            description: description(Framing::FlexVolt, 2, 1000.0),
            encode: |frame| {
                let code = |shift: u32| (frame >> shift & 0x3FF) as u16;
                let [a, b] = [code(0), code(5)];
                let rest = (a & 3) << 6 | (b & 3) << 4;
                vec![b'I', (a >> 2) as u8, (b >> 2) as u8, rest as u8]
            },
            codes: |frame| vec![(frame & 0x3FF) as f64, (frame >> 5 & 0x3FF) as f64],
        },
        Device {
            name: "text",
            description: text(
                &[(3, &[Column::Place(1), Column::Place(2)])],
                2,
                Some((0.0, 4095.0)),
            ),
            encode: |frame| {
                format!("{}.00,{},{}\r\n", frame % 7, frame & 0xFFF, frame >> 6 & 0xFFF)
                    .into_bytes()
            },
            codes: |frame| vec![(frame & 0xFFF) as f64, (frame >> 6 & 0xFFF) as f64],
        },
    ]
}

#[test]
fn every_device_is_decoded_sample_for_sample() {
    for device in devices() {
        let frames: Vec<Vec<u8>> = (0..1000).map(device.encode).collect();
        let heard = hear(&device.description, &frames.concat());
        // Of text the first line after opening may be half a line.
        let skipped = u64::from(device.name == "text");
        let expected: Vec<Vec<f64>> = (skipped..1000).map(device.codes).collect();
        assert!(heard.codes() == expected, "{}", device.name);
        assert_eq!((heard.lost.len(), heard.refused.len()), (0, 0), "{}", device.name);
        assert_eq!(heard.device.as_deref(), Some("test"));
    }
}

#[test]
fn nothing_is_said_before_the_lock() {
    for device in devices() {
        let lock = if device.name == "bitalino" { 4 } else { 3 };
        let skipped = u64::from(device.name == "text");
        let frames: Vec<u8> = (0..lock - 1 + skipped).flat_map(device.encode).collect();
        assert_eq!(hear(&device.description, &frames), Heard::default(), "{}", device.name);
        let frames: Vec<u8> = (0..lock + skipped).flat_map(device.encode).collect();
        let heard = hear(&device.description, &frames);
        assert_eq!(heard.scans.len() as u64, lock, "{}", device.name);
    }
}

#[test]
fn a_stream_of_one_byte_is_no_device() {
    for device in devices() {
        for byte in 0..=255 {
            let heard = hear(&device.description, &[byte; 3000]);
            // FlexVolt has no counter, and its letters may be data.
            if device.name != "flexvolt" {
                assert!(heard.scans.is_empty(), "{} {byte:02x}", device.name);
            }
        }
    }
}

#[test]
fn a_port_that_is_opened_anew_leaves_a_gap_by_the_clock() {
    for device in devices() {
        let mut driver = Driver::new(&device.description);
        let mut heard = Heard::default();
        let rate = device.description.rate.hz();
        let at = |frame: u64| HostTime::from_secs_f64(1.0 + frame as f64 / rate);
        for frame in 0..100 {
            driver.handle(at(frame), &(device.encode)(frame), &mut |d| heard.take(&d));
        }
        driver.reopen();
        let said = heard.lost.len();
        for frame in 1000..1100 {
            driver.handle(at(frame), &(device.encode)(frame), &mut |d| heard.take(&d));
        }
        let (start, end, cause) = heard.lost[said];
        assert_eq!(cause, LossCause::Restart, "{}", device.name);
        let shift = u64::from(device.name == "text");
        assert!(end - start >= 899 && end - start <= 905, "{} {}", device.name, end - start);
        assert_eq!(start, 100 - shift, "{}", device.name);
    }
}

#[test]
fn a_pause_without_loss_is_no_gap() {
    for device in devices() {
        let mut driver = Driver::new(&device.description);
        let mut heard = Heard::default();
        let rate = device.description.rate.hz();
        for frame in 0..1000_u64 {
            // 600 ms in which the host did not look, then all at once.
            let mut at_s = 1.0 + frame as f64 / rate;
            if (1.5..2.1).contains(&at_s) {
                at_s = 2.1;
            }
            let at = HostTime::from_secs_f64(at_s);
            driver.handle(at, &(device.encode)(frame), &mut |d| heard.take(&d));
        }
        assert_eq!(heard.lost, [], "{}", device.name);
    }
}

#[test]
fn a_silence_is_a_gap_of_its_length_and_a_stall_of_the_host_is_none() {
    for device in devices() {
        for (silent_s, is_stall) in [(3.0, false), (50.0, false), (1.5, true), (3.0, true)] {
            let mut driver = Driver::new(&device.description);
            let mut heard = Heard::default();
            let rate = device.description.rate.hz();
            let silent = (silent_s * rate) as u64;
            let at = |frame: u64| HostTime::from_secs_f64(1.0 + frame as f64 / rate);
            let mut held = Vec::new();
            for frame in 0..1000 + silent {
                if (500..500 + silent).contains(&frame) {
                    if is_stall {
                        held.extend((device.encode)(frame));
                    }
                    continue;
                }
                let mut bytes = core::mem::take(&mut held);
                bytes.extend((device.encode)(frame));
                driver.handle(at(frame), &bytes, &mut |d| heard.take(&d));
            }
            let lost: u64 = heard.lost.iter().map(|(start, end, _)| end - start).sum();
            let expected = if is_stall { 0 } else { silent };
            let what = format!("{} {silent_s} {is_stall}", device.name);
            // By the clock alone, to a few frames.
            let slack = if device.description.has_counter() { 0 } else { expected.min(3) };
            assert!(lost.abs_diff(expected) <= slack, "{what}: {lost} of {expected}");
        }
    }
}

#[test]
fn lines_that_lost_the_ends_between_them_are_counted_by_their_fields_or_their_labels() {
    let three = text(&[(3, &[Column::Place(1)])], 1, Some((0.0, 4095.0)));
    let labelled = text(&[(0, &[Column::Label("p (hPa)".into())])], 1, Some((0.0, 4095.0)));
    for (description, line, lost) in [
        (&three, "0,10,00,11,0", 2),
        (&three, "0,10,00,11,00,12,0", 3),
        (&three, "0,10", 1),
        (&three, "0,10,0,0", 1),
        (&labelled, "p (hPa): 10p (hPa): 11", 2),
        (&labelled, "p (hPa): 10#", 1),
        // A message that speaks of it is none of its lines.
        (&labelled, "sensor of p (hPa) is ready", 0),
    ] {
        let good = |number: u64| {
            if core::ptr::eq(description, &three) {
                format!("0,{number},0\r\n")
            } else {
                format!("p (hPa): {number}\r\n")
            }
        };
        let before: String = (0..10).map(good).collect();
        let behind: String = (20..30).map(good).collect();
        let heard = hear(description, format!("{before}{line}\r\n{behind}").as_bytes());
        let missing: u64 = heard.lost.iter().map(|(start, end, _)| end - start).sum();
        assert_eq!(missing, lost, "{line}");
        // All but the first, which may be half a line.
        assert_eq!(heard.scans.len(), 19, "{line}");
    }
}

/// A stall of the host, read in pieces of `piece` bytes 50 us apart, as a port hands out what waited.
fn read_in_pieces(device: &Device, stalled_s: f64, piece: usize) -> Heard {
    let mut driver = Driver::new(&device.description);
    let mut heard = Heard::default();
    let rate = device.description.rate.hz();
    let time = |frame: u64| 1.0 + frame as f64 / rate;
    let stalled = (stalled_s * rate) as u64;
    let before = (3.0 * rate) as u64;
    for frame in 0..before {
        let at = HostTime::from_secs_f64(time(frame));
        driver.handle(at, &(device.encode)(frame), &mut |d| heard.take(&d));
    }
    let waited: Vec<u8> = (before..before + stalled).flat_map(device.encode).collect();
    let mut at = time(before + stalled);
    for bytes in waited.chunks(piece) {
        driver.handle(HostTime::from_secs_f64(at), bytes, &mut |d| heard.take(&d));
        at += 5e-5;
    }
    for frame in before + stalled..before + stalled + (3.0 * rate) as u64 {
        let at = HostTime::from_secs_f64(at.max(time(frame)));
        driver.handle(at, &(device.encode)(frame), &mut |d| heard.take(&d));
    }
    driver.finish(&mut |d| heard.take(&d));
    heard
}

#[test]
fn a_stall_that_is_read_in_pieces_is_no_gap() {
    for device in devices() {
        for stalled_s in [1.5, 4.0] {
            let whole = read_in_pieces(&device, stalled_s, usize::MAX);
            assert_eq!(whole.lost, [], "{} {stalled_s} s", device.name);
            for piece in [4096, 1024, 255] {
                let cut = read_in_pieces(&device, stalled_s, piece);
                let what = format!("{} {stalled_s} s in {piece} bytes", device.name);
                assert_eq!(cut.lost, [], "{what}");
                assert!(cut.scans == whole.scans, "{what}");
            }
        }
    }
}

#[test]
fn what_came_after_a_silence_stands_behind_the_gap_also_at_the_end() {
    for device in devices().iter().filter(|device| !device.description.has_counter()) {
        let rate = device.description.rate.hz();
        let (mut driver, mut heard) = (Driver::new(&device.description), Heard::default());
        let silent = (3.0 * rate) as u64;
        let shift = u64::from(device.name == "text");
        let at = |frame: u64| HostTime::from_secs_f64(1.0 + frame as f64 / rate);
        for frame in (0..500).chain(500 + silent..502 + silent) {
            driver.handle(at(frame), &(device.encode)(frame), &mut |d| heard.take(&d));
        }
        let (start, end, _) = heard.lost[0];
        assert_eq!(start, 500 - shift, "{}", device.name);
        assert!(
            (end - start).abs_diff(silent) <= 2,
            "{}: {} of {silent}",
            device.name,
            end - start
        );
        let behind: Vec<&Vec<f64>> =
            heard.scans.iter().filter(|scan| scan.1 >= end).map(|scan| &scan.2).collect();
        let expected = [500, 501].map(|frame| (device.codes)(frame + silent));
        assert_eq!(behind, expected.iter().collect::<Vec<_>>(), "{}", device.name);
        // A last read that was never followed by another is still handed on.
        let before = heard.scans.len();
        let frame = 502 + 2 * silent;
        driver.handle(at(frame), &(device.encode)(frame), &mut |d| heard.take(&d));
        driver.finish(&mut |d| heard.take(&d));
        assert_eq!(heard.scans.len(), before + 1, "{}", device.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn how_bytes_are_cut_changes_nothing(
        seed in any::<u64>(), chunk in 1_usize..700, which in 0_usize..7,
    ) {
        let device = &devices()[which];
        let mut bytes: Vec<u8> = (0..400).flat_map(device.encode).collect();
        let mut chance = faults::Chance(seed | 1);
        for _ in 0..6 {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] ^= 1 << chance.below(8),
                1 => drop(bytes.drain(at..(at + chance.below(40)).min(bytes.len()))),
                _ => bytes.insert(at, chance.below(256) as u8),
            }
        }
        let [whole, cut, single] = [bytes.len(), chunk, 1]
            .map(|chunk| format!("{:?}", hear_in(&device.description, &bytes, chunk)));
        prop_assert_eq!(&whole, &cut);
        prop_assert_eq!(&whole, &single);
    }

    #[test]
    fn how_the_bytes_of_one_moment_are_cut_changes_no_gap(
        seed in any::<u64>(), chunk in 1_usize..700, which in 0_usize..7,
    ) {
        let device = &devices()[which];
        let rate = device.description.rate.hz();
        let hear = |chunk: usize| {
            let mut chance = faults::Chance(seed | 1);
            let (mut driver, mut heard) = (Driver::new(&device.description), Heard::default());
            let (mut frame, mut at_s) = (0, 1.0);
            for _ in 0..60 {
                // A stall, a silence, a loss, or only a burst.
                let count = 1 + chance.below(40) as u64;
                at_s += count as f64 / rate;
                match chance.below(12) {
                    0 => at_s += 2.5,
                    1 => frame += (2.5 * rate) as u64,
                    2 => (at_s, frame) = (at_s + 2.5, frame + (2.5 * rate) as u64),
                    _ => {}
                }
                let bytes: Vec<u8> = (frame..frame + count).flat_map(device.encode).collect();
                frame += count;
                for bytes in bytes.chunks(chunk) {
                    let at = HostTime::from_secs_f64(at_s);
                    driver.handle(at, bytes, &mut |d| heard.take(&d));
                }
            }
            driver.finish(&mut |d| heard.take(&d));
            format!("{heard:?}")
        };
        prop_assert_eq!(hear(usize::MAX), hear(chunk));
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..4000), chunk in 1_usize..300) {
        for device in devices() {
            let heard = hear_in(&device.description, &bytes, chunk);
            prop_assert!(heard.scans.iter().all(|(_, _, codes)| !codes.is_empty()));
        }
    }
}
