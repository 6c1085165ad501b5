//! Files of other programs, and files that are broken in every way.
#![allow(clippy::float_cmp, reason = "readers must agree to the last bit")]

mod broken;
mod interop;
mod written;

use std::fmt::Display;
use std::path::PathBuf;

use super::*;

pub(super) fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/interop")).join(name)
}

/// A made-up file, field by field; a test spoils what it is about.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) version: &'static [u8; 8],
    pub(super) reserved: &'static str,
    pub(super) record_count: String,
    pub(super) duration: &'static str,
    /// Label, dimension, physical and digital range, samples.
    pub(super) signals: Vec<(&'static str, &'static str, [&'static str; 4], usize)>,
    pub(super) records: Vec<Vec<u8>>,
}

impl Made {
    /// Two signals, 4 and 1 samples a record of half a second, counting up.
    pub(super) fn edf(record_count: usize) -> Self {
        let range = ["-100", "100", "-1000", "1000"];
        let records = (0_i16..).take(record_count).map(|record| {
            let first = record * 4;
            let codes = (first..first + 4).chain([-record]);
            codes.flat_map(i16::to_le_bytes).collect()
        });
        Self {
            version: b"0       ",
            reserved: "",
            record_count: record_count.to_string(),
            duration: "0.5",
            signals: vec![("EMG", "uV", range, 4), ("Pressure", "mmHg", range, 1)],
            records: records.collect(),
        }
    }

    /// The same as EDF+D; record `k` begins at `onsets[k]`.
    pub(super) fn discontinuous(onsets: &[&str]) -> Self {
        let mut made = Self::edf(onsets.len());
        made.reserved = "EDF+D";
        made.signals.push(("EDF Annotations", "", ["-1", "1", "-32768", "32767"], 10));
        for (record, onset) in made.records.iter_mut().zip(onsets) {
            let mut list = onset.as_bytes().to_vec();
            list.extend(b"\x14\x14\0");
            list.resize(20, 0);
            record.extend(list);
        }
        made
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut field = |text: &dyn Display, len: usize| {
            bytes.extend(format!("{text:<len$}").bytes().take(len));
        };
        field(&"", 8);
        field(&"X X X X", 80);
        field(&"Startdate X X X X", 80);
        field(&"31.01.26", 8);
        field(&"23.59.58", 8);
        field(&(256 * (self.signals.len() + 1)), 8);
        field(&self.reserved, 44);
        field(&self.record_count, 8);
        field(&self.duration, 8);
        field(&self.signals.len(), 4);
        self.signals.iter().for_each(|signal| field(&signal.0, 16));
        self.signals.iter().for_each(|_| field(&"", 80));
        self.signals.iter().for_each(|signal| field(&signal.1, 8));
        for at in 0..4 {
            self.signals.iter().for_each(|signal| field(&signal.2[at], 8));
        }
        self.signals.iter().for_each(|_| field(&"", 80));
        self.signals.iter().for_each(|signal| field(&signal.3, 8));
        self.signals.iter().for_each(|_| field(&"", 32));
        bytes[..8].copy_from_slice(self.version);
        bytes.extend(self.records.iter().flatten());
        bytes
    }
}

/// All that [`EdfFile::read`] hands on: index and code of each sample, per stream and channel, and
/// annotations.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Collected {
    pub(super) samples: Vec<Vec<(u64, f64)>>,
    pub(super) annotations: Vec<(f64, Option<f64>, String)>,
}

pub(super) fn collect<R: Read>(file: &mut EdfFile<R>, selection: &Selection) -> Collected {
    let mut collected = Collected::default();
    let channels = |stream: &Stream| usize::from(stream.info.channel_count);
    let starts: Vec<usize> = selection
        .streams
        .iter()
        .scan(0, |next, stream| {
            *next += channels(stream);
            Some(*next - channels(stream))
        })
        .collect();
    collected.samples.resize(selection.streams.iter().map(channels).sum(), Vec::new());
    file.read(selection, &mut |item| match item {
        Item::Scans(scans) => {
            let count = usize::from(scans.channel_count);
            assert!(!scans.codes.is_empty() && scans.codes.len() <= 8192);
            for (at, scan) in scans.codes.chunks(count).enumerate() {
                for (channel, code) in scan.iter().enumerate() {
                    let index = scans.first.0 + at as u64;
                    let start = starts[usize::from(scans.stream)];
                    collected.samples[start + channel].push((index, *code));
                }
            }
        }
        Item::Annotation(one) => {
            collected.annotations.push((one.onset_s, one.duration_s, one.text.into_owned()));
        }
    })
    .expect("it is all in memory");
    collected
}

/// All signals of the file.
pub(super) fn everything(header: &Header) -> EdfOptions {
    let channels = (0..header.signals.len()).map(crate::text::ChannelChoice::Index).collect();
    EdfOptions { channels, ..EdfOptions::default() }
}
