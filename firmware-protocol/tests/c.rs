//! The C header and source in `c/` against this crate: the same bytes out of the same values, the same
//! values out of the same bytes, the same refusals, the same constants.
//!
//! The C side is compiled here with the machine's `cc`, once as it would be for a probe and once with
//! every read and write checked (address and undefined-behaviour sanitizers).

#[path = "support/compiler.rs"]
mod compiler;
#[path = "support/meaning.rs"]
mod meaning;
#[path = "support/parts.rs"]
mod parts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use compiler::{ask, compile, folder, skip};
use levator_protocol::kind::{self, KINDS};
use levator_protocol::{
    ALL, AckResult, CHECKSUM_LEN, Calib, CalibSource, Capabilities, DELIMITER, DecodeError,
    Decoder, DeviceState, Direction, Encoder, Event, Flags, HEADER_LEN, LogLevel, MAJOR,
    MAX_CHANNELS, MAX_DECODED, MAX_NAME_LEN, MAX_PAYLOAD, MAX_SAMPLE_BYTES, MAX_STREAMS, MAX_WIRE,
    MIN_DECODED, MINOR, Message, OVERHEAD, SAMPLES_OVERHEAD, SampleFormat, SampleStatus,
    StreamFlags, StreamKind, WireUnit,
};
use meaning::{Meaning, direction, vectors};
use parts::Parts;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

const SANITIZERS: &str = "-fsanitize=address,undefined";
const SOURCES: [&str; 2] = ["exchange.c", "levator_wire.c"];

/// The program of `exchange.c`, plain and checked; one test after the other builds its own.
fn programs(test: &str) -> Vec<PathBuf> {
    let plain = compile(&format!("exchange-{test}"), &SOURCES);
    let checked = [SOURCES[0], SOURCES[1], SANITIZERS, "-fno-sanitize-recover=all", "-g"];
    let checked = compile(&format!("exchange-{test}-checked"), &checked);
    plain.into_iter().chain(checked).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").expect("a string takes everything");
        text
    })
}

fn hex_or_none(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { hex(bytes) }
}

fn calib_fields(calib: &Calib) -> Vec<i128> {
    vec![
        calib.stream.into(),
        calib.channel.into(),
        calib.epoch.into(),
        calib.source.code().into(),
        calib.scale.to_bits().into(),
        calib.offset.to_bits().into(),
        calib.calibrated_at_s.into(),
        calib.reference_span.to_bits().into(),
    ]
}

/// The fields of a message in the order of the specification, and what follows them.
fn fields<'a>(message: &Message<'a>) -> (Vec<i128>, &'a [u8]) {
    match *message {
        Message::Hello(m) => {
            let [a, b, c] = m.firmware;
            let numbers = vec![
                m.minor.into(),
                m.max_payload.into(),
                m.model.into(),
                m.boot_id.into(),
                u64::from_le_bytes(m.uid).into(),
                a.into(),
                b.into(),
                c.into(),
                m.stream_count.into(),
                m.capabilities.bits().into(),
            ];
            (numbers, m.name.as_bytes())
        }
        Message::StreamDesc(m) => {
            let numbers = vec![
                m.stream.into(),
                m.epoch.into(),
                m.kind.code().into(),
                m.format.code().into(),
                m.channels.into(),
                m.unit.code().into(),
                m.flags.bits().into(),
                m.rate_mhz.into(),
                m.max_scans.into(),
                m.filter_delay_us.into(),
                m.adc_min.into(),
                m.adc_max.into(),
            ];
            (numbers, m.label.as_bytes())
        }
        Message::Calib(calib) => (calib_fields(&calib), &[]),
        Message::Samples(m) => {
            let numbers = vec![
                m.stream.into(),
                m.epoch.into(),
                m.status.bits().into(),
                m.index.into(),
                m.time_us.into(),
                m.scan_count.into(),
                m.fault_channels.into(),
            ];
            (numbers, m.data)
        }
        Message::Event(m) => {
            let numbers = [m.index, m.time_us, m.code.into(), m.stream.into()].map(i128::from);
            ([&numbers[..], &[m.value.into()]].concat(), &[])
        }
        Message::Status(m) => {
            let numbers = vec![
                m.uptime_us.into(),
                m.boot_id.into(),
                m.state.code().into(),
                m.battery_percent.unwrap_or(0xFF).into(),
                m.battery_mv.into(),
                m.temperature_centi_c.unwrap_or(i16::MIN).into(),
                m.rx_crc_errors.into(),
                m.rx_overruns.into(),
                m.tx_dropped.into(),
                m.faults.into(),
            ];
            (numbers, &[])
        }
        Message::Log(m) => (vec![m.level.code().into()], m.text.as_bytes()),
        Message::TimeRep(m) => (vec![m.t1.into(), m.t2_us.into(), m.t3_us.into()], &[]),
        Message::Ack(m) => (vec![m.kind.into(), m.sequence.into(), m.result.code().into()], m.data),
        Message::Identify(m) => (vec![m.minor.into(), m.max_payload.into()], &[]),
        Message::GetDesc { stream } => (vec![stream.into()], &[]),
        Message::Start(m) => {
            (vec![m.streams.into(), m.batch_ms.into(), m.keep_alive_ms.into()], &[])
        }
        Message::SetRate { stream, rate_mhz } => (vec![stream.into(), rate_mhz.into()], &[]),
        Message::Zero { stream, channel, duration_ms } => {
            (vec![stream.into(), channel.into(), duration_ms.into()], &[])
        }
        Message::SetCal { calib, persist } => {
            ([calib_fields(&calib), vec![persist.into()]].concat(), &[])
        }
        Message::TimeReq { t1 } => (vec![t1.into()], &[]),
        Message::SelfTest { stream, on } => (vec![stream.into(), on.into()], &[]),
        Message::Stop | Message::KeepAlive | Message::Reset => (Vec::new(), &[]),
        Message::Unknown { payload, .. } => (Vec::new(), payload),
    }
}

fn flag_bits(flags: Flags) -> u8 {
    u8::from(flags.ack_wanted) | u8::from(flags.retransmission) << 1
}

/// `type sequence flags fields... tail`, as both sides write it.
fn line(message: &Message<'_>, sequence: u16, flags: Flags) -> String {
    let (numbers, tail) = fields(message);
    let mut words = vec![message.kind().to_string(), sequence.to_string()];
    words.push(flag_bits(flags).to_string());
    words.extend(numbers.iter().map(i128::to_string));
    words.push(hex_or_none(tail));
    words.join(" ")
}

/// What is asked of the C encoder. One that knows the type sets no flags, as no device has any to
/// set; with flags, or for types it does not know, the frame is made from the payload.
fn encoding(message: &Message<'_>, sequence: u16, flags: Flags, payload: &[u8]) -> String {
    if message.is_unknown() || flag_bits(flags) != 0 {
        let (kind, flags) = (message.kind(), flag_bits(flags));
        format!("U {kind} {sequence} {flags} {}", hex_or_none(payload))
    } else {
        format!("E {}", line(message, sequence, flags))
    }
}

fn payload_of(wire: &[u8], wanted: Direction) -> Vec<u8> {
    let mut decoder = Decoder::new(wanted);
    decoder.next(&mut &wire[..]).expect("whole").expect("undamaged").payload().to_vec()
}

/// What this crate makes of bytes on their way to a device, in the words of `exchange.c`.
fn outcomes(bytes: &[u8]) -> String {
    let mut decoder = Decoder::new(Direction::HostToDevice);
    let mut input = bytes;
    let mut parts = Vec::new();
    while let Some(result) = decoder.next(&mut input) {
        parts.push(match result {
            Ok(frame) => line(&frame.message(), frame.sequence(), frame.flags()),
            Err(DecodeError::Overlong) => "overlong".to_owned(),
            Err(DecodeError::Structure) => "structure".to_owned(),
            Err(DecodeError::Short { actual }) => format!("short {actual}"),
            Err(DecodeError::Checksum { .. }) => "checksum".to_owned(),
            Err(DecodeError::Major { major, kind }) => format!("major {major} {kind}"),
            Err(DecodeError::LoopBack { header }) => format!("loop-back {}", header.kind),
            Err(DecodeError::PayloadLength { header, least, actual }) => {
                format!("length {} {least} {actual}", header.kind)
            }
            Err(DecodeError::Field { header, offset }) => format!("field {} {offset}", header.kind),
        });
    }
    parts.join("; ")
}

/// Messages by chance, always the same ones.
fn chance(count: usize) -> Vec<Parts> {
    let mut runner = TestRunner::deterministic();
    let strategy = parts::parts();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("no filter").current()).collect()
}

fn compare(programs: &[PathBuf], asked: &[(String, String, String)]) {
    let lines: Vec<_> = asked.iter().map(|(_, line, _)| line.clone()).collect();
    for program in programs {
        for ((place, line, expected), actual) in asked.iter().zip(ask(program, &lines)) {
            assert_eq!(actual, *expected, "{place}: {line}");
        }
    }
}

#[test]
fn frames_of_a_device_are_made_byte_for_byte() {
    let mut asked = Vec::new();
    for vector in vectors("messages.txt") {
        let meaning = Meaning::read(&vector.right);
        if meaning.direction == Direction::DeviceToHost {
            let payload = payload_of(&vector.bytes, meaning.direction);
            let line = encoding(&meaning.message(), meaning.sequence, meaning.flags, &payload);
            asked.push((vector.place, line, hex(&vector.bytes)));
        }
    }
    let count = asked.len();
    assert!(count > 30, "{count}");
    for parts in chance(4000) {
        if parts.direction() == Direction::DeviceToHost {
            let wire = parts.wire();
            let payload = payload_of(&wire, Direction::DeviceToHost);
            let line = encoding(&parts.message(), parts.sequence, parts.flags, &payload);
            asked.push(("chance".to_owned(), line, hex(&wire)));
            // Once more without flags, for the encoder that knows the type.
            let mut bare = [0; MAX_WIRE];
            let len = Encoder::resume(Direction::DeviceToHost, parts.sequence)
                .encode(&parts.message(), Flags::default(), &mut bare)
                .expect("it was in range with flags");
            let line = format!("E {}", line_of(&parts));
            asked.push(("chance".to_owned(), line, hex(&bare[..len])));
        }
    }
    assert!(asked.len() > count + 2000);
    compare(&programs("frames"), &asked);
}

fn line_of(parts: &Parts) -> String {
    line(&parts.message(), parts.sequence, Flags::default())
}

/// The first number of a message out of its range, or the text too long: refused by both sides.
#[test]
fn what_a_receiver_would_refuse_is_not_made() {
    let mut asked = Vec::new();
    let mut refused = 0;
    for parts in chance(3000) {
        let [a, b, c, d, e, ..] = parts.numbers;
        let message = match (parts.message(), parts.which) {
            (Message::Hello(mut m), _) => {
                m.stream_count = (a % 12) as u8;
                Message::Hello(m)
            }
            (Message::StreamDesc(mut m), _) => {
                match a % 6 {
                    0 => m.stream = b as u8,
                    1 => m.channels = (b % 20) as u8,
                    2 => m.max_scans = (b % 300) as u16,
                    3 => m.rate_mhz = (b % 2) as u32,
                    _ => (m.adc_min, m.adc_max) = (c as i32, d as i32),
                }
                Message::StreamDesc(m)
            }
            (Message::Calib(mut m), _) => {
                match a % 5 {
                    0 => m.stream = b as u8 % 16,
                    1 => m.channel = b as u8 % 32,
                    2 => m.scale = f32::from_bits(odd_float(b)),
                    3 => m.offset = f32::from_bits(odd_float(c)),
                    _ => m.reference_span = f32::from_bits(odd_float(d)),
                }
                Message::Calib(m)
            }
            (Message::Samples(mut m), _) => {
                m.stream = (a % 10) as u8;
                m.scan_count = (b % 5) as u16;
                Message::Samples(m)
            }
            (Message::Event(m), _) => Message::Event(Event { stream: (a % 12) as u8, ..m }),
            (Message::Status(mut m), _) => {
                m.battery_percent = Some((e % 255) as u8);
                Message::Status(m)
            }
            (Message::TimeRep(mut m), _) => {
                (m.t2_us, m.t3_us) = (a, b);
                Message::TimeRep(m)
            }
            _ => continue,
        };
        let mut wire = [0; MAX_WIRE];
        let made = Encoder::resume(Direction::DeviceToHost, parts.sequence).encode(
            &message,
            Flags::default(),
            &mut wire,
        );
        let expected = match made {
            Ok(len) => hex(&wire[..len]),
            Err(_) => {
                refused += 1;
                "refused".to_owned()
            }
        };
        let line = line(&message, parts.sequence, Flags::default());
        asked.push(("chance".to_owned(), format!("E {line}"), expected));
    }
    assert!(refused > 200, "{refused} of {}", asked.len());
    // Texts and data that are too long by one.
    let long = |kind: u8, numbers: &str, len: usize| {
        (format!("{len} bytes"), format!("E {kind} 7 0 {numbers} {}", "41".repeat(len)))
    };
    for (place, line) in [
        long(kind::HELLO, "0 240 1 2 3 1 2 3 1 0", 33),
        long(kind::STREAM_DESC, "0 1 1 1 1 1 0 1 1 0 0 0", 212),
        long(kind::SAMPLES, "0 1 0 0 0 1 0", 227),
        long(kind::LOG, "0", 240),
        long(kind::ACK, "1 1 0", 237),
    ] {
        asked.push((place, line, "refused".to_owned()));
    }
    asked.push((
        "241 bytes".to_owned(),
        format!("U 128 7 0 {}", "41".repeat(241)),
        "refused".to_owned(),
    ));
    compare(&programs("ranges"), &asked);
}

/// Bits of a float that is as likely odd as usual.
fn odd_float(number: u64) -> u32 {
    const ODD: [u32; 10] = [
        0,
        0x8000_0000,
        1,
        0x007F_FFFF,
        0x0080_0000,
        0x7F7F_FFFF,
        0x7F80_0000,
        0xFF80_0000,
        0x7FC0_0000,
        0xBF80_0000,
    ];
    ODD[(number % 10) as usize]
}

#[test]
fn commands_and_refusals_come_out_as_from_the_crate() {
    let mut asked = Vec::new();
    let mut ask_for = |place: String, bytes: &[u8]| {
        asked.push((place, format!("D {}", hex_or_none(bytes)), outcomes(bytes)));
    };
    for name in ["messages.txt", "tolerated.txt", "refused.txt", "streams.txt"] {
        for vector in vectors(name) {
            let side = vector.right.split(' ').next().unwrap_or_default();
            if direction(side) == Direction::HostToDevice {
                ask_for(vector.place, &vector.bytes);
            } else {
                // What the device itself sent, come back.
                ask_for(format!("{} echoed", vector.place), &vector.bytes);
            }
        }
    }
    for parts in chance(4000) {
        ask_for("chance".to_owned(), &parts.wire());
    }
    compare(&programs("commands"), &asked);
    let taken = asked.iter().filter(|(place, _, outcome)| {
        place == "chance"
            && outcome.split(' ').next().is_some_and(|word| word.parse::<u8>().is_ok())
    });
    assert!(taken.count() > 1500);
}

#[test]
fn bytes_by_chance_and_damaged_commands_are_refused_alike() {
    let mut asked = Vec::new();
    let messages = chance(3000);
    for (number, group) in (0_usize..).zip(messages.chunks(3)) {
        let mut bytes: Vec<u8> = group.iter().flat_map(Parts::wire).collect();
        let [a, b, c, d, ..] = group[0].numbers.map(|number| number as usize);
        let at = a % bytes.len();
        match number % 6 {
            0 => bytes[at] ^= 1 << (b % 8),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, c as u8),
            3 => {
                let part = &mut bytes[at..];
                part.rotate_left(b % 7 % part.len());
            }
            4 => bytes.truncate(at),
            // No frames at all, or almost none.
            _ => bytes = group.iter().flat_map(|parts| parts.bytes.clone()).collect(),
        }
        bytes.push(0);
        // Valid checksums over any payload, so that what comes after the checksum is reached.
        let mut encoder = Encoder::resume(Direction::HostToDevice, d as u16);
        let kind = 0x40 + (b % 16) as u8;
        let short = &group[0].bytes[..group[0].bytes.len().min(c % 24)];
        bytes.extend(forged(&mut encoder, kind, short));
        asked.push(("chance".to_owned(), format!("D {}", hex(&bytes)), outcomes(&bytes)));
    }
    let seen: String = asked.iter().map(|(_, _, outcome)| format!("{outcome}; ")).collect();
    for refusal in ["overlong", "structure", "short", "checksum", "loop-back", "length", "field"] {
        assert!(seen.contains(refusal), "{refusal} does not occur");
    }
    compare(&programs("damage"), &asked);
}

/// A frame of a known type with any payload: made as an unknown type, then renamed.
fn forged(encoder: &mut Encoder, kind: u8, payload: &[u8]) -> Vec<u8> {
    use levator_protocol::crc::crc32c;
    use levator_protocol::stuffing::{stuff_in_place, unstuff_in_place};
    let mut wire = [0; MAX_WIRE];
    let message = Message::Unknown { kind: 0x80, payload };
    let len = encoder.encode(&message, Flags::default(), &mut wire).expect("it is short");
    let run = &mut wire[..len - 1];
    unstuff_in_place(run).expect("well stuffed");
    run[2] = kind;
    let checksum = crc32c(&run[1..len - 1 - CHECKSUM_LEN]).to_le_bytes();
    run[len - 1 - CHECKSUM_LEN..].copy_from_slice(&checksum);
    stuff_in_place(run).expect("it was");
    wire[..len].to_vec()
}

#[test]
fn a_decoder_with_little_memory_takes_every_command_and_refuses_what_is_longer() {
    let small = [SOURCES[0], SOURCES[1], SANITIZERS, "-fno-sanitize-recover=all"];
    let small = [&small[..], &["-DLEV_RX_PAYLOAD=21"]].concat();
    let Some(program) = compile("exchange-small", &small) else { return };
    let mut asked = Vec::new();
    for parts in chance(2000) {
        if parts.direction() == Direction::HostToDevice {
            let wire = parts.wire();
            let fits = wire.len() <= 21 + OVERHEAD;
            let expected = if fits { outcomes(&wire) } else { "overlong".to_owned() };
            assert!(fits || parts.message().is_unknown(), "{}", parts.message().kind());
            asked.push(("chance".to_owned(), format!("D {}", hex(&wire)), expected));
        }
    }
    compare(&[program], &asked);
}

#[test]
fn checksums_agree() {
    let asked: Vec<_> = vectors("checksums.txt")
        .into_iter()
        .map(|vector| (vector.place, format!("C {}", hex_or_none(&vector.bytes)), vector.right))
        .collect();
    compare(&programs("checksums"), &asked);
}

#[test]
fn the_object_needs_nothing_but_four_functions_of_string_h() {
    let Some(object) = compile("levator_wire.o", &["-ffreestanding", "-c", "levator_wire.c"])
    else {
        return;
    };
    let output = match Command::new("nm").arg("-u").arg(&object).output() {
        Ok(output) => output,
        Err(error) => {
            skip(&format!("nm: {error}"));
            return;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let needed: Vec<_> = text.split_whitespace().filter(|word| *word != "U").collect();
    assert!(output.status.success());
    for name in needed {
        let allowed = ["memcpy", "memmove", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_"];
        assert!(
            allowed.contains(&name.trim_start_matches("__").trim_end_matches("_chk")),
            "{name}"
        );
    }
}

#[test]
fn the_header_compiles_alone_and_as_cpp() {
    let alone = ["-fsyntax-only", "-x", "c", "levator_wire.h"];
    if compile("unused", &alone).is_none() {
        return;
    }
    // Arduino sketches are C++. Not every machine with cc has that half of it.
    let cpp = Command::new("c++")
        .current_dir(folder())
        .args(["-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++"])
        .arg("levator_wire.h")
        .output();
    match cpp {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) => skip(&format!("c++: {error}")),
    }
}

/// `#define LEV_NAME number` of the header.
fn defines() -> BTreeMap<String, u64> {
    let header = std::fs::read_to_string(folder().join("levator_wire.h")).expect("it is here");
    let mut defines = BTreeMap::new();
    for line in header.lines() {
        let mut words = line.split_whitespace();
        if words.next() != Some("#define") {
            continue;
        }
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        let number = match value.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => value.parse(),
        };
        if let (Some(name), Ok(number)) = (name.strip_prefix("LEV_"), number) {
            assert_eq!(defines.insert(name.to_owned(), number), None, "{name}");
        }
    }
    defines
}

/// `EmgRaw` to `EMG_RAW`.
fn upper(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

/// Every constant of the header has the value of the crate, and every one of the crate is there.
#[test]
fn constants_are_those_of_the_crate() {
    let mut expected = BTreeMap::new();
    let mut expect = |name: String, number: u64| {
        assert_eq!(expected.insert(name.clone(), number), None, "{name}");
    };
    for (name, number) in [
        ("MAJOR", MAJOR.into()),
        ("MINOR", MINOR.into()),
        ("DELIMITER", DELIMITER.into()),
        ("HEADER_LEN", HEADER_LEN as u64),
        ("CHECKSUM_LEN", CHECKSUM_LEN as u64),
        ("MAX_PAYLOAD", MAX_PAYLOAD as u64),
        ("MIN_DECODED", MIN_DECODED as u64),
        ("MAX_DECODED", MAX_DECODED as u64),
        ("MAX_WIRE", MAX_WIRE as u64),
        ("OVERHEAD", OVERHEAD as u64),
        ("SAMPLES_OVERHEAD", SAMPLES_OVERHEAD as u64),
        ("MAX_SAMPLE_BYTES", MAX_SAMPLE_BYTES as u64),
        ("MAX_NAME_LEN", MAX_NAME_LEN as u64),
        ("MAX_STREAMS", MAX_STREAMS.into()),
        ("MAX_CHANNELS", MAX_CHANNELS.into()),
        ("ALL", ALL.into()),
        ("ACK_WANTED", flag_bits(Flags { ack_wanted: true, retransmission: false }).into()),
        ("RETRANSMISSION", flag_bits(Flags { ack_wanted: false, retransmission: true }).into()),
        ("EVENT_BUTTON", Event::BUTTON.into()),
        ("BATTERY_UNKNOWN", 255),
        // Code byte and header.
        ("PAYLOAD_AT", 1 + HEADER_LEN as u64),
    ] {
        expect(name.to_owned(), number);
    }
    for kind in KINDS {
        expect(kind.name.to_owned(), kind.code.into());
        expect(format!("{}_LEAST", kind.name), kind.least as u64);
    }
    macro_rules! codes {
        ($($prefix:literal $name:ident)*) => {$(
            for known in $name::KNOWN {
                expect(format!("{}{}", $prefix, upper(&format!("{known:?}"))), known.code().into());
            }
        )*};
    }
    codes!("KIND_" StreamKind "FORMAT_" SampleFormat "UNIT_" WireUnit "SOURCE_" CalibSource
        "STATE_" DeviceState "LEVEL_" LogLevel "RESULT_" AckResult);
    macro_rules! bits {
        ($($prefix:literal $name:ident)*) => {$(
            for (bit, set) in $name::NAMED {
                expect(format!("{}{bit}", $prefix), set.bits().into());
            }
        )*};
    }
    bits!("CAP_" Capabilities "STREAM_" StreamFlags "STATUS_" SampleStatus);
    assert_eq!(defines(), expected);
    let header = std::fs::read_to_string(folder().join("levator_wire.h")).expect("it is here");
    let magic = std::str::from_utf8(&levator_protocol::MAGIC).expect("ASCII");
    assert!(header.contains(&format!("#define LEV_MAGIC \"{magic}\"")));
    assert!(header.contains(&format!("version {MAJOR}.{MINOR}")));
}
