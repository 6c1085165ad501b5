//! What is fuzzed: every way by which bytes of others come in. `tests/fuzz.sh` feeds these functions with what
//! libFuzzer thinks of; `tests/integration/fuzz.rs` with damaged files, in every run of the tests.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use levator_decode::foreign::{Channel, Column, Description, Driver, Framing, Layout, TextShape};
use levator_decode::{Decoded, Decoder};
use levator_protocol::crc::crc32c;
use levator_protocol::{Direction, Encoder, Frame, MAX_DECODED, MAX_WIRE};
use levator_record::edf::{EdfFile, EdfOptions};
use levator_record::text::{ChannelChoice, TextFile, TextOptions};
use levator_record::visit::Overview;
use levator_record::xdf::{XdfFile, XdfOptions};
use levator_record::{Item, Reader};
use levator_signal::{Calibration, HostTime, SampleRate, SignalKind, Unit};
use levator_store::archive::Key;
use levator_store::{Query, Store};

/// What takes any bytes and panics where something is wrong.
pub(crate) type Target = fn(&[u8]);

/// Each by its name.
pub(crate) const TARGETS: [(&str, Target); 10] = [
    ("journal", journal),
    ("blocks", blocks),
    ("edf", edf),
    ("xdf", xdf),
    ("text", text),
    ("device", device),
    ("frames", frames),
    ("foreign", foreign),
    ("overview", overview),
    ("archive", archive),
];

/// A journal: it ends, and how it is read makes no difference.
fn journal(data: &[u8]) {
    let at_once = journal_items(data, usize::MAX);
    assert_eq!(journal_items(data, 7), at_once);
}

/// A journal of whole blocks with any content: of each, one byte for its type, one for its length.
fn blocks(data: &[u8]) {
    const SYNC: [u8; 4] = [0xec, b'L', b'V', 0xb7];
    let version = levator_record::FORMAT_VERSION.to_le_bytes();
    let mut file = levator_record::MAGIC.to_vec();
    file.extend(version);
    file.extend([0, 0]);
    file.extend(crc32fast::hash(&file).to_le_bytes());
    let (mut rest, mut recording) = (data, 0);
    for number in 0_u32.. {
        let Some((&[kind, len], after)) = rest.split_first_chunk::<2>() else { break };
        // The header is long and comes first.
        let len = if number == 0 { usize::from(len) * 8 } else { usize::from(len) };
        let (payload, after) = after.split_at(len.min(after.len()));
        rest = after;
        if number == 0 {
            recording = crc32fast::hash(payload);
        }
        let mut block = SYNC.to_vec();
        block.extend(version);
        block.extend([kind, 0]);
        block.extend(number.to_le_bytes());
        block.extend(recording.to_le_bytes());
        block.extend(u64::from(number).to_le_bytes());
        block.extend((payload.len() as u32).to_le_bytes());
        block.extend(crc32fast::hash(&block).to_le_bytes());
        block.extend(payload);
        block.extend(crc32fast::hash(&block).to_le_bytes());
        file.extend(block);
    }
    journal(&file);
}

fn journal_items(data: &[u8], piece: usize) -> Option<Vec<String>> {
    let mut reader = Reader::from_read(Pieces { data, piece }).ok()?;
    let mut items = Vec::new();
    if let Some(header) = reader.header() {
        items.push(format!("{header:?}"));
    }
    while let Some(item) = reader.next() {
        items.push(match &item {
            Item::Damage(damage) => damage.to_string(),
            other => format!("{other:?}"),
        });
        assert!(items.len() <= data.len() + 4, "it does not end");
    }
    Some(items)
}

/// EDF and BDF, record by record and as streams.
fn edf(data: &[u8]) {
    let Ok(mut file) = EdfFile::from_read(data) else { return };
    let mut values = Vec::new();
    let mut count = 0;
    while let Ok(Some(record)) = file.read_record() {
        count += 1;
        // A header of a few bytes may promise records of mebibytes; samples are those of the file.
        if record.index < 16 {
            let annotations = record.annotations().count();
            assert!(annotations <= data.len());
            values.clear();
            record.values_into(0, &mut values);
            assert!(values.len() <= data.len());
        }
    }
    let mut again = EdfFile::from_read(data).expect("it was read before");
    let signals = again.header().signals.iter().enumerate();
    let channels = signals.filter(|(_, signal)| signal.rate.is_some());
    let channels = channels.map(|(place, _)| ChannelChoice::Index(place)).take(64).collect();
    let options = EdfOptions { channels, ..EdfOptions::default() };
    let Ok(selection) = again.header().select(&options) else { return };
    let mut codes = 0;
    let read = again.read(&selection, &mut |item| {
        if let levator_record::edf::Item::Scans(scans) = item {
            codes += scans.codes.len();
        }
    });
    assert!(read.is_ok() && codes <= data.len());
    assert_eq!(again.record_count(), count);
    for deviation in again.deviations() {
        assert!(!deviation.to_string().is_empty());
    }
}

/// XDF: streams, then samples.
fn xdf(data: &[u8]) {
    let mut file = match XdfFile::from_seek(Cursor::new(data)) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let signals = file.streams().iter().filter(|stream| stream.is_signal());
    let count = signals.map(|stream| stream.channels.len()).sum::<usize>().min(64);
    let channels = (0..count).map(ChannelChoice::Index).collect();
    let Ok(selection) = file.select(&XdfOptions { channels, ..XdfOptions::default() }) else {
        return;
    };
    let mut values = 0;
    let read = file.read(&selection, &mut |item| {
        if let levator_record::xdf::Item::Scans(scans) = item {
            values += scans.codes.len();
        }
    });
    assert!(read.is_ok());
    // Each takes a byte at least; an even axis may repeat none.
    assert!(values <= data.len() * 64, "{values} values of {} bytes", data.len());
    for deviation in file.deviations() {
        assert!(!deviation.to_string().is_empty());
    }
}

/// Tables: what one pass gives is what two passes give.
fn text(data: &[u8]) {
    let options = TextOptions { rate_hz: Some(1000.0), ..TextOptions::default() };
    for options in [TextOptions::default(), options] {
        let sum = |digest: &mut (u64, u64), scans: &levator_decode::Scans<'_>| {
            for code in scans.codes {
                digest.0 = digest.0.rotate_left(5) ^ code.to_bits();
            }
            digest.1 += scans.codes.len() as u64;
        };
        let two = TextFile::from_seek(Cursor::new(data), &options).map(|mut file| {
            let mut digest = (0, 0);
            file.read(&mut |scans| sum(&mut digest, &scans)).expect("it is in memory");
            (file.layout().row_count, digest)
        });
        let start = |_: &levator_decode::StreamInfo| (0, 0);
        let one = TextFile::read_through(Cursor::new(data), &options, start, |digest, scans| {
            sum(digest, &scans);
        });
        let one = one.map(|(file, digest)| (file.layout().row_count, digest));
        match (one, two) {
            (Ok(one), Ok(two)) => assert_eq!(one, two),
            (Err(one), Err(two)) => assert_eq!(one.to_string(), two.to_string()),
            (one, two) => panic!("one pass {one:?}, two passes {two:?}"),
        }
    }
}

/// Bytes of our own wire; the first says how long the pieces are.
fn device(data: &[u8]) {
    let Some((&piece, bytes)) = data.split_first() else { return };
    assert_eq!(device_items(bytes, usize::from(piece).max(1)), device_items(bytes, usize::MAX));
}

/// Frames with a good checksum and any content; the first byte of each says how long it is.
fn frames(data: &[u8]) {
    let mut stream = Vec::new();
    let mut rest = data;
    while let Some((&len, after)) = rest.split_first() {
        let (content, after) = after.split_at(usize::from(len).min(after.len()));
        rest = after;
        let mut decoded = content[..content.len().min(MAX_DECODED - 4)].to_vec();
        decoded.extend_from_slice(&crc32c(&decoded).to_le_bytes());
        let Ok(frame) = Frame::check(&decoded, Direction::DeviceToHost) else { continue };
        let mut wire = [0; MAX_WIRE];
        let mut encoder = Encoder::resume(Direction::DeviceToHost, frame.sequence());
        let len = encoder.encode(&frame.message(), frame.flags(), &mut wire);
        stream.extend_from_slice(&wire[..len.expect("what is taken can be sent")]);
    }
    assert_eq!(device_items(&stream, 5), device_items(&stream, usize::MAX));
}

fn device_items(bytes: &[u8], piece: usize) -> Vec<String> {
    let mut decoder = Decoder::new();
    let mut items = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.handle(HostTime::ZERO, piece, &mut |decoded: Decoded<'_>| {
            items.push(format!("{decoded:?}"));
        });
    }
    items
}

/// Devices of others; the first byte says which, the second how long the pieces are.
fn foreign(data: &[u8]) {
    let Some((&[which, piece], bytes)) = data.split_first_chunk::<2>() else { return };
    let place = |place| Column::Place(place);
    let layout = |fields, columns: &[Column]| Layout {
        name: String::new(),
        fields,
        columns: columns.to_vec(),
        words: Vec::new(),
    };
    let (framing, channels, hz) = match which % 7 {
        0 => (Framing::Cyton, 8, 250.0),
        1 => (Framing::Chords { channels: 6, bits: 14 }, 6, 500.0),
        2 => (Framing::Bitalino { channels: 6 }, 6, 1000.0),
        3 => (Framing::Firmata { inputs: vec![0, 3], bits: 10 }, 2, 50.0),
        4 => (Framing::BackyardBrains { channels: 2, bits: 14 }, 2, 5000.0),
        5 => (Framing::FlexVolt, 2, 1000.0),
        _ => {
            let layouts = vec![layout(1, &[place(0)]), layout(3, &[place(1), place(2)])];
            (Framing::Text(TextShape { layouts }), 2, 50.0)
        }
    };
    let channel = |column| Channel {
        column,
        label: String::new(),
        kind: SignalKind::Emg,
        unit: Unit::Count,
        calibration: Calibration::IDENTITY,
        range: None,
        rails: None,
    };
    let description = Description {
        name: String::new(),
        framing,
        rate: SampleRate::from_hz(hz).expect("a rate"),
        channels: (0..channels).map(channel).collect(),
        start: Vec::new(),
        stop: Vec::new(),
        boot_wait_s: 0.0,
        text: String::new(),
    };
    let items = |piece: usize| {
        let mut driver = Driver::new(&description);
        let mut items = Vec::new();
        for piece in bytes.chunks(piece) {
            driver.handle(HostTime::from_secs_f64(1.0), piece, &mut |decoded: Decoded<'_>| {
                if let Decoded::Scans(scans) = decoded {
                    let codes = scans.codes.chunks(usize::from(scans.channel_count));
                    for (at, codes) in codes.enumerate() {
                        items.push(format!("{} {codes:?}", scans.first.0 + at as u64));
                    }
                }
            });
        }
        items
    };
    assert_eq!(items(usize::from(piece).max(1)), items(usize::MAX));
}

/// An overview, as it is, and with a list whose checksum is right: the first two bytes say how long its
/// description is, the third how many pieces it lists, and what is left are the pieces.
fn overview(data: &[u8]) {
    extremes(data);
    let Some((&[low, high, count], rest)) = data.split_first_chunk::<3>() else { return };
    let (json, rest) = rest.split_at(usize::from(u16::from_le_bytes([low, high])).min(rest.len()));
    let (list, pieces) = rest.split_at((24 * usize::from(count)).min(rest.len() / 24 * 24));
    let mut file = b"\x89LVO\r\n\x1a\n".to_vec();
    file.extend_from_slice(pieces);
    let mut index = [json, list].concat();
    index.extend((json.len() as u32).to_le_bytes());
    index.extend((list.len() as u32 / 24).to_le_bytes());
    index.extend(crc32fast::hash(&index).to_le_bytes());
    file.extend(index);
    extremes(&file);
}

fn extremes(data: &[u8]) {
    let mut file = match Overview::from_seek(Cursor::new(data)) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for stream in 0..file.streams().len().min(3) + 1 {
        for channel in 0..2 {
            for span in [0..u64::MAX, 5..6, u64::MAX - 9..u64::MAX] {
                for most in [0, 1, 400] {
                    let Ok(view) = file.view(stream, channel, span.clone(), most) else { continue };
                    assert!(view.buckets.len() <= 1 << 18 && view.bucket_len > 0);
                    assert!(view.first <= span.end);
                }
            }
        }
    }
}

/// An archive, as it is, and with headers that are right: of each file, a byte for the length of its path,
/// the path, and a byte for its own length. All of it comes in, in the folders of people, or nothing.
fn archive(data: &[u8]) {
    take_in(data);
    let mut bytes = Vec::new();
    let mut rest = data;
    // Each file is kept through a loss of power, which takes its time.
    for _ in 0..6 {
        let Some((&len, after)) = rest.split_first() else { break };
        let (path, after) = after.split_at(usize::from(len % 100).min(after.len()));
        let Some((&len, after)) = after.split_first() else { break };
        let (content, after) = after.split_at(usize::from(len).min(after.len()));
        rest = after;
        let mut block = [0; 512];
        block[..path.len()].copy_from_slice(path);
        block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        block[148..156].copy_from_slice(b"        ");
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(block);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    take_in(&bytes);
}

fn take_in(data: &[u8]) {
    // In memory, where that is a folder.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(place).expect("a folder for temporary files");
    let store = Store::at(&folder.path().join("a/b"));
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.expect("it can be read").path()).collect()
    };
    let people = store.root().join("people");
    let mut progress = |_| {};
    match levator_store::archive::read(&store, data, &Key::None, &mut progress) {
        Ok(taken) => {
            assert!(!taken.is_empty());
            for one in taken {
                let visit = store.folder(&one.person, &one.visit);
                assert!(visit.starts_with(&people) && !inside(&visit).is_empty());
            }
            let names = store.find(&Query::default()).expect("it can be read");
            assert!(!names.is_empty());
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(inside(&people).is_empty(), "{error}: {:?}", inside(&people));
        }
    }
    assert!(inside(folder.path()).len() <= 1 && inside(&folder.path().join("a")).len() <= 1);
}

/// Gives at most so many bytes at once.
struct Pieces<'a> {
    data: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = self.piece.min(out.len());
        self.data.read(&mut out[..len])
    }
}
