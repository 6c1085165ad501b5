//! The tables of `SPEC.md` against the crate, named by clause.

#[path = "support/meaning.rs"]
mod meaning;

use levator_protocol::crc::crc32c;
use levator_protocol::kind::{self, KINDS, Kind};
use levator_protocol::message::view::{Field, HelloView};
use levator_protocol::stuffing::{stuff_in_place, unstuff_in_place};
use levator_protocol::*;
use meaning::{Meaning, vectors};

const SPEC: &str = include_str!("../SPEC.md");

/// The text of one clause, up to the next heading.
fn clause(number: &str) -> &'static str {
    let heading = format!("\n### {number} ");
    let start = SPEC.find(&heading).unwrap_or_else(|| panic!("there is no clause {number}")) + 1;
    let end = SPEC[start..].find("\n#").map_or(SPEC.len(), |end| start + end + 1);
    // The heading itself begins with the marks that end a clause.
    &SPEC[start..end]
}

/// The title of a clause.
fn title(number: &str) -> &'static str {
    let heading = clause(number).lines().next().expect("a heading");
    heading.rsplit(' ').next().expect("a title")
}

/// The rows of the first table in `text`, without head and rule.
fn table(text: &str) -> Vec<Vec<String>> {
    let mut rows = text.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.by_ref().take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The first table after a line that is just `name`.
fn named_table(number: &str, name: &str) -> Vec<Vec<String>> {
    let text = clause(number);
    let start = text.find(&format!("\n{name}\n")).unwrap_or_else(|| panic!("no table {name}"));
    table(&text[start..])
}

/// Bytes in a line of a code block that starts with `label`.
fn block_lines(text: &str, label: &str) -> Vec<Vec<u8>> {
    let label = format!("{label}  ");
    let lines = text.lines().filter_map(|line| line.strip_prefix(&label));
    lines
        .map(|line| {
            let hex = line.split_whitespace();
            hex.map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
        })
        .collect()
}

fn number(cell: &str) -> usize {
    cell.parse().unwrap_or_else(|_| panic!("{cell} is no number"))
}

#[test]
fn s1_the_title_names_the_version() {
    let title = SPEC.lines().next().unwrap();
    assert!(title.ends_with(&format!("version {MAJOR}.{MINOR}")), "{title}");
    let changes = include_str!("../CHANGELOG.md");
    assert!(changes.contains(&format!("\n## {MAJOR}.{MINOR}\n")));
}

#[test]
fn s2_2_the_frame_is_laid_out_as_the_table_says() {
    let rows = table(clause("2.2"));
    let fields: Vec<_> = rows.iter().map(|row| &row[2][..]).collect();
    assert_eq!(fields, ["version and flags", "type", "sequence", "payload", "checksum"]);
    let mut wire = [0; MAX_WIRE];
    let text = Log { level: LogLevel::Debug, text: Text::from("xyz") };
    let len = Encoder::resume(Direction::DeviceToHost, 0x1234)
        .encode(&Message::Log(text), Flags { ack_wanted: true, retransmission: true }, &mut wire)
        .unwrap();
    unstuff_in_place(&mut wire[..len - 1]).unwrap();
    let frame = &wire[1..len - 1];
    let payload = b"\x03xyz";
    let n = payload.len();
    let place = |cell: &str| match cell {
        "N" => n,
        "4+N" => 4 + n,
        number => number.parse().unwrap(),
    };
    let parts = rows.iter().map(|row| &frame[place(&row[0])..][..place(&row[1])]);
    let checksum = crc32c(&frame[..4 + n]).to_le_bytes();
    let expected = [&[0x13], &[kind::LOG], &[0x34, 0x12][..], payload, &checksum];
    assert!(parts.eq(expected), "{frame:02X?}");
}

#[test]
fn s2_3_the_check_value_is_that_of_the_crate() {
    let text = clause("2.3");
    let value = format!("0x{:X}", crc32c(b"123456789"));
    assert!(text.contains(&format!("it is {value}.")), "{value}");
}

#[test]
fn s2_4_the_example_is_right() {
    let text = clause("2.4");
    let frame = block_lines(text, "frame").remove(0);
    let stuffed = block_lines(text, "stuffed").remove(0);
    let wire = block_lines(text, "on the wire").remove(0);
    let mut buffer = [&[0], &frame[..]].concat();
    stuff_in_place(&mut buffer).unwrap();
    assert_eq!(buffer, stuffed);
    assert_eq!([&stuffed[..], &[DELIMITER]].concat(), wire);
}

#[test]
fn s2_5_checks_are_made_in_the_order_of_the_table() {
    let order: Vec<_> = table(clause("2.5")).into_iter().map(|row| row[2].clone()).collect();
    // One run of bytes for each row that fails this check and, as far as it can, all later ones.
    let framed = |first: u8, kind: u8, payload: &[u8]| {
        let mut frame = [&[first, kind, 0, 0], payload].concat();
        frame.extend_from_slice(&crc32c(&frame).to_le_bytes());
        let mut buffer = [&[0], &frame[..]].concat();
        stuff_in_place(&mut buffer).unwrap();
        buffer.push(0);
        buffer
    };
    let runs = [
        [&[0xFF; 250][..], &[0]].concat(),
        vec![0xFF, 0x01, 0],
        vec![0x03, 0xFF, 0xFF, 0],
        vec![0x09, 0x24, 0x41, 1, 1, 1, 1, 1, 1, 0],
        framed(0x24, kind::HELLO, &[]),
        framed(0x14, kind::HELLO, &[]),
        framed(0x10, kind::IDENTIFY, &[]),
        framed(0x10, kind::HELLO, &[0; 28]),
        framed(0x10, kind::HELLO, &[0; 29]),
    ];
    let refused_as = runs.map(|run| {
        let mut decoder = Decoder::new(Direction::DeviceToHost);
        match decoder.next(&mut &run[..]).expect("the run has ended") {
            Err(DecodeError::Overlong) => "overlong",
            Err(DecodeError::Structure) => "structure",
            Err(DecodeError::Short { .. }) => "short",
            Err(DecodeError::Checksum { .. }) => "checksum",
            Err(DecodeError::Major { .. }) => "major",
            Err(DecodeError::LoopBack { .. }) => "loop-back",
            Err(DecodeError::PayloadLength { .. }) => "length",
            Err(DecodeError::Field { .. }) => "field",
            Ok(frame) if frame.message().is_unknown() => "(taken, as unknown)",
            Ok(frame) => panic!("{frame:?}"),
        }
    });
    assert_eq!(order, refused_as);
}

#[test]
fn s2_6_the_limits_are_those_of_the_crate() {
    let limits: Vec<_> =
        table(clause("2.6")).iter().map(|row| (row[0].clone(), number(&row[1]))).collect();
    let expected = [
        ("HEADER_LEN", HEADER_LEN),
        ("CHECKSUM_LEN", CHECKSUM_LEN),
        ("MAX_PAYLOAD", MAX_PAYLOAD),
        ("MIN_DECODED", MIN_DECODED),
        ("MAX_DECODED", MAX_DECODED),
        ("MAX_WIRE", MAX_WIRE),
        ("OVERHEAD", OVERHEAD),
        ("SAMPLES_OVERHEAD", SAMPLES_OVERHEAD),
        ("MAX_SAMPLE_BYTES", MAX_SAMPLE_BYTES),
        ("MAX_NAME_LEN", MAX_NAME_LEN),
    ];
    assert_eq!(limits, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn s3_1_the_types_are_those_of_the_crate() {
    let rows = table(clause("3.1"));
    let sender = |kind: &Kind| match kind.direction {
        Direction::DeviceToHost => "device",
        Direction::HostToDevice => "host",
    };
    let known: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            vec![
                format!("{:02X}", kind.code),
                kind.name.to_owned(),
                sender(kind).to_owned(),
                kind.least.to_string(),
            ]
        })
        .collect();
    assert_eq!(rows, known);
}

#[test]
fn s3_1_each_side_has_its_own_numbers() {
    for kind in KINDS {
        let expected =
            if kind.code < 0x40 { Direction::DeviceToHost } else { Direction::HostToDevice };
        assert_eq!(kind.direction, expected, "{}", kind.name);
        assert!(kind.code < 0x80, "{} is a vendor's", kind.name);
    }
}

/// Compares the byte table of a clause with the fields of its view.
fn compare_layout(number_of_clause: &str, code: u8) {
    let known = KINDS.iter().find(|kind| kind.code == code).expect("a known type");
    assert_eq!(title(number_of_clause), known.name);
    let text = clause(number_of_clause);
    if known.fields.is_empty() {
        assert!(text.contains("No payload."), "{}", known.name);
        assert_eq!(known.least, 0);
        return;
    }
    let mut fields = Vec::new();
    let mut end = 0;
    for row in table(text) {
        let offset = number(&row[0]);
        assert_eq!(offset, end, "{} has a hole before {}", known.name, row[2]);
        // What has no fixed size stands last and belongs to no view.
        let Ok(size) = row[1].parse::<usize>() else {
            end = usize::MAX;
            assert_eq!(offset, known.least, "{}", known.name);
            continue;
        };
        let expected = match &row[3][..] {
            "u8" => 1,
            "u16" | "i16" => 2,
            "u32" | "i32" | "f32" => 4,
            "u64" => 8,
            "bytes" => size,
            other => panic!("{other} is no type"),
        };
        assert_eq!(size, expected, "{} {}", known.name, row[2]);
        fields.push((row[2].clone(), offset, size));
        end = offset + size;
    }
    let of_view = |field: &Field| (field.name.to_owned(), field.offset, field.len);
    assert_eq!(fields, known.fields.iter().map(of_view).collect::<Vec<_>>(), "{}", known.name);
    let fixed = fields.iter().map(|(_, _, size)| size).sum::<usize>();
    assert_eq!(fixed, known.least, "{}", known.name);
}

#[test]
fn s3_2_hello_is_laid_out_as_the_table_says() {
    compare_layout("3.2", kind::HELLO);
}

#[test]
fn s3_3_stream_desc_is_laid_out_as_the_table_says() {
    compare_layout("3.3", kind::STREAM_DESC);
}

#[test]
fn s3_4_calib_is_laid_out_as_the_table_says() {
    compare_layout("3.4", kind::CALIB);
}

#[test]
fn s3_5_samples_is_laid_out_as_the_table_says() {
    compare_layout("3.5", kind::SAMPLES);
}

#[test]
fn s3_6_event_is_laid_out_as_the_table_says() {
    compare_layout("3.6", kind::EVENT);
    assert!(clause("3.6").contains(&format!("{:02X} button", Event::BUTTON)));
}

#[test]
fn s3_7_status_is_laid_out_as_the_table_says() {
    compare_layout("3.7", kind::STATUS);
}

#[test]
fn s3_8_log_is_laid_out_as_the_table_says() {
    compare_layout("3.8", kind::LOG);
}

#[test]
fn s3_9_time_rep_is_laid_out_as_the_table_says() {
    compare_layout("3.9", kind::TIME_REP);
}

#[test]
fn s3_10_ack_is_laid_out_as_the_table_says() {
    compare_layout("3.10", kind::ACK);
}

#[test]
fn s3_11_to_s3_21_commands_are_laid_out_as_the_tables_say() {
    let commands = KINDS.iter().filter(|kind| kind.direction == Direction::HostToDevice);
    for (number, command) in (11..).zip(commands) {
        compare_layout(&format!("3.{number}"), command.code);
    }
    assert_eq!(title("3.21"), "RESET");
}

#[test]
fn s3_22_the_enumerations_are_those_of_the_crate() {
    macro_rules! compare {
        ($($name:ident)*) => {$({
            let rows = named_table("3.22", stringify!($name));
            let listed: Vec<_> =
                rows.iter().map(|row| (number(&row[0]), row[1].clone())).collect();
            let known = $name::KNOWN.iter();
            let known = known.map(|&known| (usize::from(known.code()), format!("{known:?}")));
            assert_eq!(listed, known.collect::<Vec<_>>(), stringify!($name));
        })*};
    }
    compare!(StreamKind SampleFormat WireUnit CalibSource DeviceState LogLevel AckResult);
    for (row, format) in named_table("3.22", "SampleFormat").iter().zip(SampleFormat::KNOWN) {
        assert_eq!(Some(number(&row[2])), format.width(), "{format:?}");
    }
}

#[test]
fn s3_23_the_bit_sets_are_those_of_the_crate() {
    macro_rules! compare {
        ($($name:ident)*) => {$({
            let rows = named_table("3.23", stringify!($name));
            let listed: Vec<_> =
                rows.iter().map(|row| (row[1].clone(), 1 << number(&row[0]))).collect();
            let known = $name::NAMED.iter();
            let known = known.map(|&(name, bit)| (name.to_owned(), bit.bits()));
            assert_eq!(listed, known.collect::<Vec<_>>(), stringify!($name));
        })*};
    }
    compare!(Capabilities StreamFlags SampleStatus);
}

#[test]
fn s6_3_the_overhead_is_as_promised() {
    let text = clause("6.3");
    let promised = format!(
        "{OVERHEAD} bytes a frame, {SAMPLES_OVERHEAD} bytes a SAMPLES frame, whatever the data. \
         The longest SAMPLES frame is {MAX_SAMPLE_BYTES}/{MAX_WIRE} data"
    );
    assert!(text.replace('\n', " ").contains(&promised), "{promised}");
}

#[test]
fn s6_4_the_decoder_fits_its_budget() {
    assert!(clause("6.4").contains("at most 320 bytes"));
    assert!(size_of::<Decoder>() <= 320, "{}", size_of::<Decoder>());
    assert!(size_of::<Encoder>() <= 8, "{}", size_of::<Encoder>());
}

#[test]
fn s6_5_the_highest_rates_are_those_of_the_formula() {
    let shapes = [(1, 2), (1, 3), (2, 3), (4, 3), (8, 3)];
    for row in table(clause("6.5")) {
        let baud = row[0].parse().unwrap();
        for (cell, (channels, width)) in row[1..].iter().zip(shapes) {
            let rate_hz: u32 = cell.parse().unwrap();
            let scans = MAX_SAMPLE_BYTES / usize::from(channels * width);
            let scans = u8::try_from(scans).unwrap();
            let fits = |hz: u32| fits_link(hz * 1000, scans, channels, width, baud);
            assert!(fits(rate_hz), "{baud} baud, {channels} channels: {rate_hz} is too much");
            assert!(!fits(rate_hz + 1), "{baud} baud, {channels} channels: more than {rate_hz}");
        }
    }
}

#[test]
fn s8_the_worked_bytes_are_in_the_vectors_and_belong_together() {
    let messages = vectors("messages.txt");
    let mut count = 0;
    for number in ["2.4", "8.1", "8.2", "8.3", "8.4", "8.5"] {
        let text = clause(number);
        let wires = block_lines(text, "on the wire");
        for wire in &wires {
            let vector = messages.iter().find(|vector| vector.bytes == *wire);
            let vector = vector.unwrap_or_else(|| panic!("{wire:02X?} of {number} is no vector"));
            let meaning = Meaning::read(&vector.right);
            let mut decoder = Decoder::new(meaning.direction);
            let frame = decoder.next(&mut &wire[..]).unwrap().unwrap();
            assert_eq!(frame.message(), meaning.message(), "{number} and {}", vector.place);
            assert_eq!((frame.sequence(), frame.flags()), (meaning.sequence, meaning.flags));
            count += 1;
        }
        for (frame, wire) in block_lines(text, "frame").iter().zip(&wires) {
            let mut buffer = [&[0], &frame[..]].concat();
            stuff_in_place(&mut buffer).unwrap();
            assert_eq!(buffer[..], wire[..wire.len() - 1], "{number}");
        }
    }
    assert_eq!(count, 7);
}

#[test]
fn s8_6_what_is_not_a_frame_is_not_taken() {
    let identify = block_lines(clause("8.1"), "on the wire").remove(0);
    let keepalive = block_lines(clause("8.5"), "on the wire").remove(1);
    let bytes = [&identify[..identify.len() - 1], &keepalive, &keepalive].concat();
    let mut decoder = Decoder::new(Direction::HostToDevice);
    let mut input = &bytes[..];
    let first = decoder.next(&mut input);
    assert!(matches!(first, Some(Err(DecodeError::Checksum { .. }))), "{first:?}");
    assert!(matches!(decoder.next(&mut input), Some(Ok(_))));
    assert!(decoder.next(&mut input).is_none());
    let mut decoder = Decoder::new(Direction::HostToDevice);
    assert!(decoder.next(&mut &[0, 0, 0][..]).is_none());
    assert_eq!((decoder.counters().empty, decoder.counters().refused()), (3, 0));
}

#[test]
fn s5_7_a_device_can_answer_what_it_refuses() {
    let mut wire = [0; MAX_WIRE];
    let flags = Flags { ack_wanted: true, retransmission: true };
    let mut encoder = Encoder::resume(Direction::HostToDevice, 77);
    // Turned into a START without payload.
    let len = encoder.encode(&Message::Stop, flags, &mut wire).unwrap();
    unstuff_in_place(&mut wire[..len - 1]).unwrap();
    let mut frame = wire[1..len - 5].to_vec();
    frame[1] = kind::START;
    frame.extend_from_slice(&crc32c(&frame).to_le_bytes());
    let header = Header { kind: kind::START, sequence: 77, flags };
    assert_eq!(
        Frame::check(&frame, Direction::HostToDevice),
        Err(DecodeError::PayloadLength { header, least: 6, actual: 0 })
    );
}

#[test]
fn s7_1_a_device_of_another_major_version_can_be_named() {
    let vector = vectors("refused.txt").into_iter().find(|vector| vector.right.contains("major 2"));
    let vector = vector.unwrap();
    let mut decoder = Decoder::new(Direction::DeviceToHost);
    let result = decoder.next(&mut &vector.bytes[..]);
    assert_eq!(result, Some(Err(DecodeError::Major { major: 2, kind: kind::HELLO })));
    let payload = &decoder.last_decoded()[HEADER_LEN..];
    let hello = HelloView::new(payload).unwrap();
    assert_eq!((hello.magic(), hello.model(), hello.boot_id()), (MAGIC, 1, 0xDEAD_BEEF));
}
