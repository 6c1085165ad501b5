//! Cut and damaged files.

use super::write::{StreamSpec, XdfWriter};
use super::*;

/// A boundary chunk after every fifth block, marks, and a footer.
fn whole() -> Vec<u8> {
    made(12, 2000)
}

fn made(blocks: u32, len: u32) -> Vec<u8> {
    let mut writer = XdfWriter::create(Vec::new()).expect("memory");
    let spec = StreamSpec::signal("s", "EMG", 1000.0, &[("a", "uV")]);
    let stream = writer.stream(&spec).expect("memory");
    let marks = writer.stream(&StreamSpec::marks("marks")).expect("memory");
    for block in 0..blocks {
        let values: Vec<f64> = (0..len).map(|at| f64::from(block * len + at)).collect();
        writer.samples(stream, Some(f64::from(block) * 2.0), &values).expect("memory");
        writer.mark(marks, f64::from(block) * 2.0, "m").expect("memory");
        if block % 5 == 4 {
            writer.boundary().expect("memory");
        }
    }
    writer.finish().expect("memory")
}

fn read(bytes: &[u8]) -> Option<(usize, Vec<Deviation>)> {
    let mut file = open(bytes).ok()?;
    let selection = file.select(&XdfOptions::default()).ok()?;
    let found = collect(&mut file, &selection);
    Some((found.samples[0].len(), file.deviations()))
}

#[test]
fn a_file_cut_anywhere_gives_every_whole_sample() {
    let bytes = whole();
    // A sample takes 9 bytes, the first of a chunk 17.
    let mut last = 0;
    for end in (0..bytes.len()).step_by(9001).chain(bytes.len() - 60..=bytes.len()) {
        let count = read(&bytes[..end]).map_or(0, |(count, _)| count);
        assert!(count >= last, "{end}");
        assert!(count * 9 + 6000 > end, "{count} samples of {end} bytes");
        last = count;
    }
    assert_eq!(last, 24_000);
}

#[test]
fn after_damage_it_goes_on_at_the_next_boundary() {
    let bytes = whole();
    let boundary = chunk::BOUNDARY;
    let first = bytes.windows(16).position(|window| window == boundary).expect("there is one");
    // The length of a chunk half way before the boundary.
    let start = first / 2;
    let chunk = (start..).find(|&at| bytes[at..at + 5] == [4, 0x63, 0x46, 0, 0]).expect("there");
    let mut damaged = bytes.clone();
    damaged[chunk] = 77;
    let (count, deviations) = read(&damaged).expect("it is read");
    assert_eq!(deviations.len(), 1, "{deviations:?}");
    assert_eq!(
        deviations[0],
        Deviation::Damaged { offset: chunk as u64, byte_count: (first + 16 - chunk) as u64 }
    );
    let lost = (first - chunk) / 18_000 + 1;
    assert!(24_000 - count <= lost * 2000 && count < 24_000, "{count}");
    // An impossible flag inside a chunk costs the rest of that chunk only.
    let mut damaged = bytes;
    damaged[chunk + 5 + 6 + 5 + 17] = 3;
    let (count, deviations) = read(&damaged).expect("it is read");
    assert_eq!(count, 24_000 - 1999, "{deviations:?}");
}

#[test]
fn no_flipped_byte_stops_it() {
    let bytes = made(6, 5);
    let len = bytes.len();
    let mut damaged = bytes;
    let mut read_count = 0;
    for at in 0..len {
        for flip in [0x01, 0x80, 0xff] {
            damaged[at] ^= flip;
            // Whatever is in the first bytes of a chunk, others come back.
            read_count += usize::from(read(&damaged).is_some_and(|(count, _)| count > 0));
            damaged[at] ^= flip;
        }
    }
    // Only descriptions are needed to read anything at all.
    assert!(read_count > 2 * len, "{read_count} of {}", 3 * len);
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    let message = |bytes: &[u8]| open(bytes).expect_err("refused").to_string();
    assert!(message(b"").starts_with("no XDF file"));
    assert!(message(b"EDF:abc").starts_with("no XDF file"));
    let header = |fields: &str| {
        let xml = format!("<info>{fields}</info>");
        let mut bytes = b"XDF:".to_vec();
        bytes.extend_from_slice(&[1, (xml.len() + 6) as u8, 2, 0, 7, 0, 0, 0]);
        bytes.extend_from_slice(xml.as_bytes());
        bytes
    };
    let text = header("<channel_count>0</channel_count>");
    assert_eq!(
        message(&text),
        "stream 7, described at byte 4: `channel_count` is \"0\", must be a whole number from 1 to \
         4096; record it again"
    );
    let text = header("<channel_count>1</channel_count><channel_format>int9</channel_format>");
    assert!(message(&text).contains("`channel_format` is \"int9\""));
    let file = open(b"XDF:").expect("an empty file");
    let error = file.select(&XdfOptions::default()).expect_err("nothing").to_string();
    assert_eq!(error, "holds no stream of numbers with a rate and samples; streams: none");
}
