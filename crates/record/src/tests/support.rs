//! Inputs that own their data, journals in memory, a disk that misbehaves.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::rc::Rc;

use levator_decode::Scans;
use levator_engine::{Command, Conduct, EngineConfig, Input, LinkChange};
use levator_signal::{HostTime, Quality, SampleIndex};

use crate::block::{BlockHeader, PREAMBLE_LEN};
use crate::{Damage, Header, Item, OpenError, Reader, Storage, Totals, Writer};

pub(crate) fn header() -> Header {
    Header {
        tool: "levator 0.1.0".to_owned(),
        wire: [1, 0],
        opened_unix_ms: 1_795_356_191_000,
        device: "probe".to_owned(),
        port: "/dev/ttyACM0".to_owned(),
        config: EngineConfig::device(),
    }
}

pub(crate) fn other_header() -> Header {
    Header { device: "another probe".to_owned(), ..header() }
}

#[derive(Clone, Debug)]
pub(crate) enum Owned {
    Bytes(u64, Vec<u8>),
    Scans { at: u64, bytes: [u8; 2], words: [u16; 2], first: u64, codes: Vec<f64> },
    Tick(u64),
    Link(u64, LinkChange),
    Stop(u64),
    Mark(u64, String),
    Conduct(u64, Conduct),
}

impl Owned {
    pub(crate) fn input(&self) -> Input<'_> {
        let time = HostTime::from_nanos;
        match self {
            Self::Bytes(at, bytes) => Input::Bytes { at: time(*at), bytes },
            Self::Scans { at, bytes, words, first, codes } => {
                let scans = Scans {
                    stream: bytes[0],
                    first: SampleIndex(*first),
                    channel_count: bytes[1],
                    codes,
                    quality: Quality::from_reported_bits(words[0]),
                    fault_channels: words[1],
                };
                Input::Scans { at: time(*at), scans }
            }
            Self::Tick(at) => Input::Tick { at: time(*at) },
            Self::Link(at, change) => Input::Link { at: time(*at), change: *change },
            Self::Stop(at) => Input::Command { at: time(*at), command: Command::Stop },
            Self::Conduct(at, conduct) => {
                Input::Command { at: time(*at), command: Command::Conduct(*conduct) }
            }
            Self::Mark(at, text) => {
                Input::Command { at: time(*at), command: Command::Mark { text } }
            }
        }
    }
}

/// An input as text, with every bit of its numbers: `Debug` takes one NaN for another.
pub(crate) fn shown(input: &Input<'_>) -> String {
    match input {
        Input::Scans { scans, .. } => {
            let bits: Vec<u64> = scans.codes.iter().map(|code| code.to_bits()).collect();
            format!("{input:?} {bits:?} {}", scans.quality.bits())
        }
        _ => format!("{input:?}"),
    }
}

/// Five blocks of a few inputs, one tenth of a second apart.
pub(crate) fn groups() -> Vec<Vec<Owned>> {
    let at = |tenths: u64| tenths * 100_000_000;
    vec![
        vec![Owned::Link(at(1), LinkChange::Opened), Owned::Bytes(at(2), b"boot log\n".to_vec())],
        vec![
            Owned::Bytes(at(3), vec![0, 3, 1, 2, 3, 0]),
            Owned::Tick(at(4)),
            Owned::Bytes(at(5), crate::block::SYNC.repeat(6)),
        ],
        vec![Owned::Scans {
            at: at(6),
            bytes: [3, 2],
            words: [4, 1],
            first: 1 << 40,
            codes: vec![1.5, -0.0, 1e-300, 4095.0],
        }],
        vec![Owned::Mark(at(7), "Beckenboden, »lying« \u{1f9d8}".to_owned()), Owned::Stop(at(8))],
        vec![Owned::Link(at(9), LinkChange::Lost), Owned::Link(at(10), LinkChange::Closed)],
    ]
}

pub(crate) fn all_shown(groups: &[Vec<Owned>]) -> Vec<String> {
    groups.iter().flatten().map(|owned| shown(&owned.input())).collect()
}

/// A closed journal with one data block for each group.
pub(crate) fn journal_of(header: &Header, groups: &[Vec<Owned>]) -> Vec<u8> {
    let disk = Disk::default();
    let mut writer = Writer::start(disk.clone(), header).expect("room");
    let mut at = HostTime::ZERO;
    for group in groups {
        for owned in group {
            writer.record(&owned.input()).expect("room");
            at = at.max(owned.input().at());
        }
        writer.flush(at).expect("room");
    }
    writer.close(at).expect("room");
    disk.bytes()
}

pub(crate) fn journal() -> Vec<u8> {
    journal_of(&header(), &groups())
}

/// Where the blocks of an undamaged journal are: header, data, end.
pub(crate) fn blocks(journal: &[u8]) -> Vec<Range<usize>> {
    let mut start = PREAMBLE_LEN;
    let mut blocks = Vec::new();
    while start < journal.len() {
        let end = start + BlockHeader::decode(&journal[start..]).expect("undamaged").block_len();
        blocks.push(start..end);
        start = end;
    }
    blocks
}

/// Everything a reader says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) has_header: bool,
    pub(crate) inputs: Vec<String>,
    pub(crate) damage: Vec<Damage>,
    pub(crate) totals: Option<Totals>,
}

pub(crate) fn read(source: impl Read) -> Result<Contents, OpenError> {
    let mut reader = Reader::from_read(source)?;
    let mut contents = Contents {
        has_header: reader.header().is_some(),
        inputs: Vec::new(),
        damage: Vec::new(),
        totals: None,
    };
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => contents.inputs.push(shown(&input)),
            Item::Damage(damage) => {
                assert!(!damage.to_string().is_empty());
                contents.damage.push(damage);
            }
            Item::End(totals) => assert_eq!(contents.totals.replace(totals), None, "two ends"),
        }
    }
    assert!(reader.next().is_none(), "a reader at its end stays there");
    Ok(contents)
}

/// Xorshift64*: chance for tests, the same in every run.
///
/// # Source
///
/// Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators, scrambled".
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk(Rc<RefCell<DiskState>>);

#[derive(Debug)]
pub(crate) struct DiskState {
    pub(crate) bytes: Vec<u8>,
    /// What a loss of power leaves for sure.
    pub(crate) durable_len: usize,
    pub(crate) sync_count: usize,
    pub(crate) write_count: usize,
    pub(crate) capacity: usize,
    /// Most bytes a write takes.
    pub(crate) write_len: usize,
    /// The write that will be refused, counted from 1.
    pub(crate) refused_write: usize,
    pub(crate) can_truncate: bool,
    pub(crate) can_sync: bool,
}

impl Default for Disk {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(DiskState {
            bytes: Vec::new(),
            durable_len: 0,
            sync_count: 0,
            write_count: 0,
            capacity: usize::MAX,
            write_len: usize::MAX,
            refused_write: 0,
            can_truncate: true,
            can_sync: true,
        })))
    }
}

impl Disk {
    pub(crate) fn with(change: impl FnOnce(&mut DiskState)) -> Self {
        let disk = Self::default();
        disk.change(change);
        disk
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut DiskState) -> T) -> T {
        change(&mut self.0.borrow_mut())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().bytes.clone()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.change(|disk| {
            let room = disk.capacity.saturating_sub(disk.bytes.len());
            let len = bytes.len().min(disk.write_len).min(room);
            disk.write_count += 1;
            if len == 0 || disk.write_count == disk.refused_write {
                return Err(ErrorKind::StorageFull.into());
            }
            disk.bytes.extend_from_slice(&bytes[..len]);
            Ok(len)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Storage for Disk {
    fn sync(&mut self) -> io::Result<()> {
        self.change(|disk| {
            if !disk.can_sync {
                return Err(ErrorKind::Other.into());
            }
            disk.durable_len = disk.bytes.len();
            disk.sync_count += 1;
            Ok(())
        })
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.change(|disk| {
            if !disk.can_truncate {
                return Err(ErrorKind::Other.into());
            }
            assert!(len <= disk.bytes.len() as u64, "truncated to more than there is");
            disk.bytes.truncate(len as usize);
            Ok(())
        })
    }
}

/// How many places of a long file are looked at: `usual`, or as many as `LEVATOR_POSITIONS` says.
#[expect(clippy::disallowed_methods, reason = "a test may be asked to look longer")]
pub(crate) fn position_count(usual: usize) -> usize {
    let asked = std::env::var("LEVATOR_POSITIONS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}
