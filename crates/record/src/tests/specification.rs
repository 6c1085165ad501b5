//! `docs/recording-format.md` and the code say the same.

use levator_engine::{Conduct, LinkChange};
use levator_signal::{Quality, Unit};
use serde_json::Value;

use super::support::{Owned, header, journal_of};
use crate::block::{MAX_PAYLOAD_LEN, preamble};
use crate::writer::{BLOCK_LEN, SYNC_AFTER, WRITE_AFTER};

const SPECIFICATION: &str = include_str!("../../../../docs/recording-format.md");

/// The bytes of all `hex` fences, and the text of the `json` fence without its white space.
fn worked_example() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut fences = SPECIFICATION.split("\n```");
    while let Some((kind, body)) = fences.find_map(|fence| {
        let (kind, body) = fence.split_once('\n')?;
        (kind == "hex" || kind == "json").then_some((kind, body))
    }) {
        if kind == "json" {
            let value: Value = serde_json::from_str(body).expect("the example is JSON");
            bytes.extend_from_slice(value.to_string().as_bytes());
            continue;
        }
        for line in body.lines() {
            // Bytes, two spaces, what they mean.
            let hex = line.split("  ").next().unwrap_or("");
            bytes.extend(hex.split_whitespace().map(|byte| {
                u8::from_str_radix(byte, 16).unwrap_or_else(|_| panic!("{line:?} is not hex"))
            }));
        }
    }
    bytes
}

#[test]
fn s10_the_worked_example_is_what_is_written() {
    let visit = vec![
        Owned::Link(500_000_000, LinkChange::Opened),
        Owned::Bytes(501_000_000, vec![0, 3, 0x11, 0x22, 0]),
        Owned::Scans {
            at: 502_000_000,
            bytes: [0, 2],
            words: [Quality::LEAD_OFF.reported_bits(), 1],
            first: 1000,
            codes: vec![1.5, -2.0],
        },
        Owned::Tick(600_000_000),
        Owned::Mark(700_000_000, "ä".to_owned()),
        Owned::Conduct(720_000_000, Conduct::Start),
        Owned::Stop(800_000_000),
    ];
    let show = |bytes: &[u8]| {
        let lines = bytes.chunks(16).map(|line| format!("{line:02x?} {}", line.escape_ascii()));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(show(&worked_example()), show(&journal_of(&header(), &[visit])));
}

#[test]
fn s1_the_constants_are_those_of_the_code() {
    let row = |name: &str| {
        let start = format!("| {name} | ");
        let row = SPECIFICATION.lines().find_map(|line| line.strip_prefix(&start));
        row.and_then(|row| row.split(" |").next()).expect("the table has this row")
    };
    assert_eq!(row("largest payload"), format!("{MAX_PAYLOAD_LEN} bytes"));
    assert_eq!(row("payload at which a data block is written"), format!("{BLOCK_LEN} bytes"));
    let written_ms = format!("{} ms", WRITE_AFTER.as_millis());
    assert_eq!(row("age at which a data block is written"), written_ms);
    let synced_ms = format!("{} ms", SYNC_AFTER.as_millis());
    assert_eq!(row("age at which the disk is told to keep it"), synced_ms);
}

#[test]
fn s2_the_file_start_is_spelt_out() {
    let start = preamble();
    let magic = start[..8].iter().map(|byte| format!("{byte:02X}"));
    let row = format!("| 0 | 8 | `{}` |", magic.collect::<Vec<_>>().join(" "));
    assert!(SPECIFICATION.contains(&row), "{row}");
}

#[test]
fn s4_every_unit_is_listed() {
    for unit in Unit::ALL {
        assert!(SPECIFICATION.contains(&format!("`\"{}\"`", unit.symbol())), "{unit}");
    }
}

#[test]
fn s5_every_fault_is_listed_with_its_bit() {
    let text = SPECIFICATION.replace('\n', " ");
    for bit in 0..16 {
        for name in Quality::from_reported_bits(1 << bit).names() {
            assert!(text.contains(&format!("{bit} {name}")), "{bit} {name}");
        }
    }
}
